//! How long things take: a median and a 90th percentile, and the table of 256 quantiles they make. Tables hold whole seconds, so
//! that a future is the same on every machine. Never draws anything itself.

use super::normal::{Z90, exp, ln, quantile};
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
        let growth = ln(f64::from(self.p90.max(1)) / median) / Z90;
        let most = self.p90.saturating_mul(10);
        let mut table = [self.median; 256];
        if self.p90 == self.median {
            return table;
        }
        for (position, seconds) in table.iter_mut().enumerate() {
            let deviation = quantile((position as f64 + 0.5) / 256.0);
            let value = median * exp(growth * deviation);
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
