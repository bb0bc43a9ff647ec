//! Kubernetes quantities: `250m`, `1.5Gi`, `2e3`. Exact, and rounded up, as the scheduler does; never a float.

use crate::model::workload::Resources;
use crate::source::SourceError;
use crate::source::facts::Origin;
use crate::source::wire::Word;
use std::collections::BTreeMap;

/// A quantity times `scale`, a fraction rounded up; what does not fit 64 bits becomes the largest number, and what is negative 0.
/// `None` when it is no quantity.
pub fn scaled(word: &str, scale: u128) -> Option<u64> {
    let word = word.trim();
    let (negative, word) = match word.as_bytes().first()? {
        b'-' => (true, &word[1..]),
        b'+' => (false, &word[1..]),
        _ => (false, word),
    };
    let end = word
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(word.len());
    let (number, suffix) = word.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    // Digits beyond what a quantity can hold (10^-9) do not count, but for rounding up.
    let (fraction, beyond) = fraction.split_at(fraction.len().min(9));
    let mut mantissa: u128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        mantissa = mantissa
            .saturating_mul(10)
            .saturating_add(u128::from(digit - b'0'));
    }
    let mut tens = -i32::try_from(fraction.len()).ok()?;
    if beyond.bytes().any(|digit| digit != b'0') {
        mantissa = mantissa.saturating_add(1);
    }
    let twos: u32 = match suffix {
        "" => 0,
        "n" | "u" | "m" | "k" | "M" | "G" | "T" | "P" | "E" => {
            tens += match suffix {
                "n" => -9,
                "u" => -6,
                "m" => -3,
                "k" => 3,
                "M" => 6,
                "G" => 9,
                "T" => 12,
                "P" => 15,
                _ => 18,
            };
            0
        }
        "Ki" => 10,
        "Mi" => 20,
        "Gi" => 30,
        "Ti" => 40,
        "Pi" => 50,
        "Ei" => 60,
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?;
            tens = tens.checked_add(exponent.parse::<i16>().ok()?.into())?;
            0
        }
    };
    if negative {
        return Some(0);
    }
    let power = |exponent: i32| 10u128.checked_pow(exponent.unsigned_abs());
    let amount = mantissa.saturating_mul(scale).saturating_mul(1 << twos);
    let amount = match (power(tens), tens >= 0) {
        (Some(power), true) => amount.saturating_mul(power),
        (None, true) if amount == 0 => 0,
        (None, true) => u128::MAX,
        (Some(power), false) => amount.div_ceil(power),
        (None, false) => u128::from(amount > 0),
    };
    Some(u64::try_from(amount).unwrap_or(u64::MAX))
}

/// Amounts by name.
///
/// # Errors
/// When one is no quantity.
pub fn resources(
    amounts: BTreeMap<String, Word>,
    origin: &Origin,
    path: &str,
) -> Result<Resources, SourceError> {
    let mut found = Resources::default();
    for (name, Word(word)) in amounts {
        let amount = scaled(&word, if name == "cpu" { 1000 } else { 1 }).ok_or_else(|| {
            origin.error(
                &format!("{path}.{name}"),
                format!("`{word}` is no quantity; expected one like 250m, 2 or 1.5Gi"),
            )
        })?;
        match name.as_str() {
            "cpu" => found.cpu_millis = amount,
            "memory" => found.memory = amount,
            _ => {
                found.other.insert(name, amount);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::scaled;

    #[test]
    fn quantities_are_exact_and_round_up() {
        for (word, scale, expected) in [
            ("1", 1000, Some(1000)),
            ("250m", 1000, Some(250)),
            ("0.1", 1000, Some(100)),
            ("1n", 1000, Some(1)),
            ("100u", 1, Some(1)),
            ("1.5Gi", 1, Some(1_610_612_736)),
            ("2e3", 1, Some(2000)),
            ("2E", 1, Some(2_000_000_000_000_000_000)),
            ("1E2", 1, Some(100)),
            ("12e-1", 1, Some(2)),
            ("64Mi", 1, Some(67_108_864)),
            ("3k", 1, Some(3000)),
            (".5", 1000, Some(500)),
            ("5.", 1, Some(5)),
            ("0.0000000001", 1, Some(1)),
            ("16Ei", 1, Some(u64::MAX)),
            (
                "99999999999999999999999999999999999999999999",
                1,
                Some(u64::MAX),
            ),
            ("1e999", 1, Some(u64::MAX)),
            ("0e999", 1, Some(0)),
            ("1e-999", 1, Some(1)),
            ("-1", 1, Some(0)),
            ("", 1, None),
            (".", 1, None),
            ("1.2.3", 1, None),
            ("1 Gi", 1, None),
            ("Gi", 1, None),
            ("1ki", 1, None),
            ("1e99999999", 1, None),
        ] {
            assert_eq!(scaled(word, scale), expected, "{word} × {scale}");
        }
    }
}
