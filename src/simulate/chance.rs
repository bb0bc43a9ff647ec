//! Chance that can be repeated: what is drawn depends on the seed, the future and what it is drawn for, never on the order of
//! drawing. One more pod somewhere does not change the fate of the others.

use super::seed::{STEP, mix};

/// Where the draws of one future come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chance {
    /// Everything takes its median.
    Median,
    Drawn(u64),
}

impl Chance {
    /// Of the `future`-th future of a seed.
    pub fn of(seed: u64, future: u64) -> Self {
        Chance::Drawn(step(seed ^ step(future)))
    }

    /// Position in a table of quantiles. `what`: the kind of draw; `who` and `time`: whose, and its how many-th.
    #[inline]
    pub fn draw(self, what: u8, who: u32, time: u16) -> u8 {
        match self {
            Chance::Median => super::spread::MEDIAN,
            Chance::Drawn(future) => {
                let key = u64::from(who) | u64::from(time) << 32 | u64::from(what) << 48;
                (step(future ^ key) >> 56) as u8
            }
        }
    }
}

/// One step of splitmix64, used as a hash.
#[inline]
fn step(value: u64) -> u64 {
    mix(value.wrapping_add(STEP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_even_and_repeat() {
        let chance = Chance::of(7, 3);
        let mut counts = [0u32; 256];
        for who in 0..25_600 {
            assert_eq!(chance.draw(1, who, 0), Chance::of(7, 3).draw(1, who, 0));
            counts[usize::from(chance.draw(1, who, 0))] += 1;
        }
        // 100 each, give or take five standard deviations.
        assert!(counts.iter().all(|count| (50..=150).contains(count)));
        assert_ne!(
            (0..8).map(|who| chance.draw(1, who, 0)).collect::<Vec<_>>(),
            (0..8)
                .map(|who| Chance::of(7, 4).draw(1, who, 0))
                .collect::<Vec<_>>()
        );
    }

    /// The first outputs of the reference implementation from state 0.
    #[test]
    fn it_is_splitmix() {
        assert_eq!(step(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(step(0x9e37_79b9_7f4a_7c15), 0x6e78_9e6a_a1b9_65f4);
    }
}
