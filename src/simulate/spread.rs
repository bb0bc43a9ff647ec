//! How long things take: a median and a 90th percentile, and the table of 256 quantiles they make. Tables hold whole seconds, so
//! that a future is the same on every machine. Never draws anything itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long something takes, in seconds: half of all cases at most `median`, nine in ten at most `p90`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written")]
pub struct Spread {
    pub median: u32,
    pub p90: u32,
}

/// As written, before it is known to make sense.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    median: u32,
    p90: u32,
}

impl TryFrom<Written> for Spread {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        Spread::new(written.median, written.p90)
            .ok_or_else(|| format!("p90 {} is below the median {}", written.p90, written.median))
    }
}

/// Quantiles 0.5/256, 1.5/256, … 255.5/256 of the standard normal distribution, in thousandths: the shape of a lognormal spread.
/// Positive half; the other one mirrors it.
const NORMAL: [u16; 128] = [
    5, 15, 24, 34, 44, 54, 64, 74, 83, 93, 103, 113, 123, 133, 142, 152, 162, 172, 182, 192, 202,
    212, 222, 232, 242, 252, 262, 273, 283, 293, 303, 313, 324, 334, 345, 355, 365, 376, 386, 397,
    408, 418, 429, 440, 451, 461, 472, 483, 494, 505, 517, 528, 539, 550, 562, 573, 585, 597, 608,
    620, 632, 644, 656, 668, 681, 693, 706, 718, 731, 744, 757, 770, 783, 796, 810, 824, 837, 851,
    866, 880, 894, 909, 924, 939, 954, 970, 986, 1002, 1018, 1035, 1052, 1069, 1086, 1104, 1122,
    1141, 1160, 1179, 1199, 1219, 1240, 1262, 1284, 1306, 1330, 1354, 1379, 1405, 1431, 1459, 1488,
    1518, 1550, 1584, 1619, 1656, 1696, 1739, 1785, 1836, 1891, 1953, 2024, 2107, 2207, 2335, 2521,
    2886,
];
/// The 90th percentile of the standard normal distribution, in thousandths.
const NORMAL_P90: f64 = 1282.0;

/// 256 equally likely durations, sorted, in seconds.
pub type Quantiles = [u32; 256];

/// Position of the median in [`Quantiles`].
pub const MEDIAN: u8 = 128;

impl Spread {
    /// `None` when `p90` is below `median`.
    pub const fn new(median: u32, p90: u32) -> Option<Self> {
        if p90 < median {
            None
        } else {
            Some(Spread { median, p90 })
        }
    }

    /// Always the same.
    pub const fn exactly(seconds: u32) -> Self {
        Spread {
            median: seconds,
            p90: seconds,
        }
    }

    /// A lognormal distribution with this median and 90th percentile: what takes long sometimes takes very long. Cut at ten times
    /// the 90th percentile. Errs towards too short for things that hang.
    pub fn quantiles(self) -> Quantiles {
        let median = f64::from(self.median.max(1));
        let ratio = f64::from(self.p90.max(1)) / median;
        let most = self.p90.saturating_mul(10);
        let mut table = [self.median; 256];
        if self.p90 == self.median {
            return table;
        }
        for (position, seconds) in table.iter_mut().enumerate() {
            let deviation = match position.checked_sub(128) {
                Some(above) => f64::from(NORMAL[above]),
                None => -f64::from(NORMAL[127 - position]),
            };
            let value = median * ratio.powf(deviation / NORMAL_P90);
            *seconds = (value.round() as u32).min(most);
        }
        // The median is what it says, whatever rounding made of it.
        table[usize::from(MEDIAN)] = self.median.max(1);
        table
    }

    /// Of durations that were seen: their median and 90th percentile. `None` of fewer than `least`.
    pub fn seen(durations: &mut [u32], least: usize) -> Option<Self> {
        if durations.len() < least.max(1) {
            return None;
        }
        durations.sort_unstable();
        let median = durations[durations.len() / 2];
        let p90 = durations[(durations.len() * 9 / 10).min(durations.len() - 1)];
        Spread::new(median, p90.max(median))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tables_hit_median_and_p90() {
        let table = Spread::new(100, 300).unwrap().quantiles();
        assert_eq!(table[usize::from(MEDIAN)], 100);
        // 230.5 / 256 is just above 0.9.
        assert!((290..=315).contains(&table[230]), "{}", table[230]);
        assert_eq!(Spread::exactly(7).quantiles(), [7; 256]);
        assert_eq!(Spread::new(5, 4), None);
    }

    #[test]
    fn of_what_was_seen() {
        assert_eq!(Spread::seen(&mut [1, 2], 3), None);
        let mut ten: Vec<u32> = (1..=10).rev().collect();
        assert_eq!(Spread::seen(&mut ten, 3), Spread::new(6, 10));
    }

    proptest! {
        #[test]
        fn tables_are_sorted(median in 0u32..5_000, more in 0u32..5_000) {
            let table = Spread::new(median, median + more).unwrap().quantiles();
            prop_assert!(table.is_sorted());
        }
    }
}
