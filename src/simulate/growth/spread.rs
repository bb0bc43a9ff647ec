//! Amounts that are not known exactly: a median and a 90th percentile, and the table of quantiles that futures draw from. Never
//! draws itself; and uses no function of floating point that two machines may round differently.

use crate::simulate::normal::{Z90, exp, ln, quantile as normal_quantile};
use std::fmt;

/// Amounts are kept in millionths: of a node, or of a percent.
pub const MILLION: u64 = 1_000_000;
/// No pool and no growth is larger: a million of nodes or of percent.
const MOST: u64 = 1_000_000 * MILLION;
/// Draws of a table: a power of two.
const QUANTILES: usize = 1 << QUANTILE_BITS;
const QUANTILE_BITS: u32 = 10;

/// An amount and how far it may be off, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    median: u64,
    p90: u64,
}

/// Why two numbers are no spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpreadError {
    #[error("expected a number from 0 to 1,000,000")]
    OutOfRange,
    #[error(
        "p90 is less than the median: nine of ten weeks must stay below it, and half of them above the median"
    )]
    Crossed,
}

impl Spread {
    /// `p90`: the amount that is exceeded one time in ten; without it the amount is always the median.
    ///
    /// # Errors
    /// When a number is negative, not finite or above a million, or `p90` lies below the median.
    pub fn new(median: f64, p90: Option<f64>) -> Result<Self, SpreadError> {
        let spread = Spread {
            median: millionths(median)?,
            p90: millionths(p90.unwrap_or(median))?,
        };
        if spread.p90 < spread.median {
            return Err(SpreadError::Crossed);
        }
        Ok(spread)
    }

    /// Millionths.
    pub fn median(self) -> u64 {
        self.median
    }

    /// Whether every draw is the median.
    pub fn is_certain(self) -> bool {
        self.median == self.p90
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to lie between 0 and 10^12, and rounded"
)]
fn millionths(amount: f64) -> Result<u64, SpreadError> {
    let scaled = (amount * MILLION as f64).round();
    if (0.0..=MOST as f64).contains(&scaled) {
        Ok(scaled as u64)
    } else {
        Err(SpreadError::OutOfRange)
    }
}

/// The quantiles of a spread at the middle of each of 1,024 equal parts. Log-normal, as amounts of demand are: never negative,
/// and far above the median more often than far below. Around a median of 0: normal, cut off at 0. What is rarer than one in
/// 2,048 is as large as that: the farthest tail is too short.
#[derive(Clone, PartialEq, Eq)]
pub struct Quantiles(Box<[u64]>);

impl fmt::Debug for Quantiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quantiles({}..={})", self.0[0], self.0[QUANTILES - 1])
    }
}

impl Quantiles {
    pub fn of(spread: Spread) -> Self {
        let (median, p90) = (spread.median as f64, spread.p90 as f64);
        let amount = |position: usize| {
            if spread.is_certain() {
                return spread.median;
            }
            let z = normal_quantile((position as f64 + 0.5) / QUANTILES as f64);
            let amount = if spread.median == 0 {
                p90 * z.max(0.0) / Z90
            } else {
                median * exp(ln(p90 / median) * z / Z90)
            };
            millionths(amount.min(MOST as f64) / MILLION as f64).expect("between 0 and the most")
        };
        Quantiles((0..QUANTILES).map(amount).collect())
    }

    /// The amount, in millionths, that a random number stands for.
    pub fn at(&self, random: u64) -> u64 {
        let position = usize::try_from(random >> (u64::BITS - QUANTILE_BITS));
        self.0[position.expect("ten bits")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tenth of the draws lies above p90, half above the median; the amounts never fall.
    #[test]
    fn tables_hold_what_was_asked_for() {
        for (median, p90) in [
            (0.5, 1.2),
            (4.0, 9.0),
            (0.0, 3.0),
            (2.0, 2.0),
            (100.0, 101.0),
        ] {
            let spread = Spread::new(median, Some(p90)).unwrap();
            let table = Quantiles::of(spread);
            assert!(table.0.is_sorted(), "{median} {p90}");
            let above = |limit: u64| table.0.iter().filter(|amount| **amount > limit).count();
            if spread.is_certain() {
                assert_eq!(above(spread.median), 0);
            } else {
                assert_eq!(above(spread.p90), 102, "{median} {p90}: a tenth of 1,024");
                assert_eq!(above(spread.median), 512, "{median} {p90}");
            }
        }
    }

    #[test]
    fn what_is_no_spread() {
        use SpreadError::{Crossed, OutOfRange};
        for (median, p90, problem) in [
            (2.0, Some(1.0), Crossed),
            (-1.0, None, OutOfRange),
            (f64::NAN, None, OutOfRange),
            (1.0, Some(f64::INFINITY), OutOfRange),
            (1e9, None, OutOfRange),
        ] {
            assert_eq!(Spread::new(median, p90), Err(problem), "{median} {p90:?}");
        }
    }
}
