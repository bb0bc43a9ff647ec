//! IPv4 prefixes in dotted notation, without a branch that depends on how many digits a number has: that is what a
//! processor cannot foresee, and with five numbers a line it would guess wrong about twice a line.

use crate::capacity::prefix_set::host_bits_v4;

/// More than the longest prefix and the four bytes that are looked at where its length may start.
const WINDOW: usize = 24;

/// The prefix at the start of `bytes` as (address, length, bytes used), or nothing when it is not a perfect one: four
/// decimal numbers up to 255, then no slash or one and a number up to 32, no leading zeros, no host bits. What follows is
/// the caller's business.
#[inline]
pub(super) fn v4(bytes: &[u8]) -> Option<(u32, u8, usize)> {
    if let Some(window) = bytes.first_chunk() {
        return v4_in(window);
    }
    let mut padded = [0; WINDOW];
    padded[..bytes.len()].copy_from_slice(bytes);
    v4_in(&padded)
}

#[inline(always)]
fn v4_in(window: &[u8; WINDOW]) -> Option<(u32, u8, usize)> {
    // An address has at most 15 bytes, so the byte that ends it is among the first 16.
    let mut ends = non_digits(u128::from_le_bytes(*window.first_chunk()?));
    let mut next_end = || {
        let end = ends.trailing_zeros() as usize / 8;
        ends &= ends.wrapping_sub(1);
        end
    };
    let [first, second, third, address_end] = [next_end(), next_end(), next_end(), next_end()];
    let octets = [
        decimal(four_bytes(window, 0), first),
        decimal(
            four_bytes(window, first + 1),
            second.wrapping_sub(first + 1),
        ),
        decimal(
            four_bytes(window, second + 1),
            third.wrapping_sub(second + 1),
        ),
        decimal(
            four_bytes(window, third + 1),
            address_end.wrapping_sub(third + 1),
        ),
    ];
    let dotted = (window[first] == b'.') & (window[second] == b'.') & (window[third] == b'.');
    let mut good = dotted;
    let mut address = 0;
    for (value, well_formed) in octets {
        good &= well_formed & (value <= 255);
        address = address << 8 | value;
    }
    if !good {
        return None;
    }
    if window[address_end] != b'/' {
        return Some((address, 32, address_end));
    }
    let text = four_bytes(window, address_end + 1);
    let digits = non_digits(text.into()).trailing_zeros() as usize / 8;
    let (length, well_formed) = decimal(text, digits);
    if !well_formed || length > 32 || address & host_bits_v4(length as u8) != 0 {
        return None;
    }
    Some((address, length as u8, address_end + 1 + digits))
}

#[inline(always)]
fn four_bytes(window: &[u8; WINDOW], at: usize) -> u32 {
    let at = at.min(WINDOW - 4);
    u32::from_le_bytes([window[at], window[at + 1], window[at + 2], window[at + 3]])
}

/// The value of the first `digits` bytes of `text`, which are known to be digits, and whether there are one to three of
/// them and the first is no needless zero.
#[inline(always)]
fn decimal(text: u32, digits: usize) -> (u32, bool) {
    /// The smallest value with that many digits; what has none, or four, is never good.
    const SMALLEST: [u32; 32] = {
        let mut smallest = [u32::MAX; 32];
        (smallest[1], smallest[2], smallest[3]) = (0, 10, 100);
        smallest
    };
    // The last digit moves into the top byte; what follows it falls out.
    let aligned = text.wrapping_shl(8 * (4 - digits as u32 % 4));
    let value = 100 * (aligned >> 8 & 0xf) + 10 * (aligned >> 16 & 0xf) + (aligned >> 24 & 0xf);
    (value, value >= SMALLEST[digits % 32])
}

/// The lowest bit that is set in a byte's eight is its highest, and it is set when the byte is not a decimal digit.
#[inline(always)]
fn non_digits(text: u128) -> u128 {
    const EVERY: u128 = u128::MAX / 0xff;
    let digits = text ^ (EVERY * b'0' as u128); // now 0 to 9 for a digit, more for all else
    let above_nine = ((digits & (EVERY * 0x7f)) + EVERY * (0x80 - 10)) | digits;
    above_nine & (EVERY * 0x80)
}
