//! Random numbers that are the same on every machine: splitmix64, in whole numbers only. Never seeded by anything but its caller.

/// A stream of numbers. Two streams of one seed have nothing to do with each other, so that what is drawn in one place does not
/// move what is drawn in another.
#[derive(Debug, Clone)]
pub struct Seed(u64);

/// The odd number nearest to 2^64 divided by the golden ratio: what splitmix64 counts by.
pub(super) const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Seed {
    /// The stream number `stream` of `seed`.
    pub fn of(seed: u64, stream: u64) -> Self {
        // Mixed once more: seeds and streams are small numbers in a row, and their sums would meet.
        Seed(mix(mix(seed.wrapping_add(STEP)) ^ stream.wrapping_mul(STEP)))
    }

    /// The next number, any of 2^64.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// The next number below `bound`; 0 where the bound is 0. Off from even by less than `bound` in 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.draw()) * u128::from(bound);
        u64::try_from(wide >> 64).expect("the upper half of a product of two u64")
    }
}

/// The finishing step of splitmix64: neighbouring numbers come out far apart.
#[inline]
pub(super) fn mix(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The reference implementation's first numbers from state 1234567 (Vigna, splitmix64.c).
    #[test]
    fn is_splitmix64() {
        let mut seed = Seed(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| seed.draw()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn streams_do_not_meet() {
        let mut seen = BTreeSet::new();
        for seed in 0..50 {
            for stream in 0..50 {
                let mut numbers = Seed::of(seed, stream);
                assert!(seen.insert(numbers.draw()), "{seed} {stream}");
                assert!(seen.insert(numbers.draw()), "{seed} {stream}");
            }
        }
    }

    #[test]
    fn every_number_below_comes_as_often() {
        let mut seed = Seed::of(7, 0);
        let mut counts = [0u32; 10];
        for _ in 0..100_000 {
            counts[usize::try_from(seed.below(10)).unwrap()] += 1;
        }
        assert!(
            counts.iter().all(|count| (9_600..10_400).contains(count)),
            "{counts:?}"
        );
        assert_eq!(seed.below(0), 0);
    }
}
