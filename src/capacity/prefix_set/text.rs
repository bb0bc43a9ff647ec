//! Prefixes as text, a million at a time: digits are looked up, not computed, and nothing goes through `fmt`.
//! A single address is written bare, without its /32 or /128, as Debian's `iprange` writes it.

use ipnet::IpNet;

/// Appends `net`, for example `10.0.0.0/8`, `10.1.2.3` or `2001:db8::/32` (RFC 5952, like the standard library).
pub fn push_prefix(net: IpNet, out: &mut Vec<u8>) {
    match net {
        IpNet::V4(net) => push_v4(net.addr().to_bits(), net.prefix_len(), out),
        IpNet::V6(net) => push_v6(net.addr().to_bits(), net.prefix_len(), out),
    }
}

/// Every number a byte can be, in decimal, with how many of the three places it takes.
const DECIMALS: [([u8; 3], u8); 256] = decimals();

const fn decimals() -> [([u8; 3], u8); 256] {
    let mut table = [([0; 3], 0); 256];
    let mut n = 0;
    while n < 256 {
        let (hundreds, tens, ones) = (n / 100, n / 10 % 10, n % 10);
        let [h, t, o] = [b'0' + hundreds as u8, b'0' + tens as u8, b'0' + ones as u8];
        table[n] = match (hundreds, tens) {
            (0, 0) => ([o, 0, 0], 1),
            (0, _) => ([t, o, 0], 2),
            _ => ([h, t, o], 3),
        };
        n += 1;
    }
    table
}

fn push_v4(address: u32, length: u8, out: &mut Vec<u8>) {
    const LONGEST: usize = "255.255.255.255/32".len();
    let mut line = [0; LONGEST + 4];
    let mut end = 0;
    for octet in address.to_be_bytes() {
        end = put_decimal(octet, &mut line, end);
        line[end] = b'.';
        end += 1;
    }
    if length < 32 {
        line[end - 1] = b'/';
        end = put_decimal(length, &mut line, end) + 1;
    }
    out.extend_from_slice(&line[..end - 1]);
}

/// Always writes three bytes, of which those past the returned end do not count: a copy of fixed size is one move.
fn put_decimal(n: u8, line: &mut [u8], at: usize) -> usize {
    let (text, length) = DECIMALS[usize::from(n)];
    line[at..at + 3].copy_from_slice(&text);
    at + usize::from(length)
}

/// Appends a decimal number.
pub fn push_number(n: u128, out: &mut Vec<u8>) {
    if n >= 10 {
        push_number(n / 10, out);
    }
    out.push(b'0' + (n % 10) as u8);
}

fn push_v6(address: u128, length: u8, out: &mut Vec<u8>) {
    if address >> 32 == 0xffff {
        out.extend_from_slice(b"::ffff:");
        push_v4(address as u32, 32, out);
    } else {
        push_groups(address, out);
    }
    if length < 128 {
        out.push(b'/');
        push_number(length.into(), out);
    }
}

/// The eight groups in hexadecimal, the longest run of two or more zero groups (the first of equals) as `::`.
fn push_groups(address: u128, out: &mut Vec<u8>) {
    let groups: [u16; 8] = std::array::from_fn(|i| (address >> (112 - 16 * i)) as u16);
    let (run_start, run_length) = longest_zero_run(&groups);
    let mut index = 0;
    while index < groups.len() {
        if run_length >= 2 && index == run_start {
            out.extend_from_slice(b"::");
            index += run_length;
            continue;
        }
        if index > 0 && index != run_start + run_length {
            out.push(b':');
        }
        push_hexadecimal(groups[index], out);
        index += 1;
    }
}

fn longest_zero_run(groups: &[u16; 8]) -> (usize, usize) {
    let mut longest = (0, 0);
    let mut current = 0;
    for (index, group) in groups.iter().enumerate() {
        current = if *group == 0 { current + 1 } else { 0 };
        if current > longest.1 {
            longest = (index + 1 - current, current);
        }
    }
    if longest.1 < 2 {
        (groups.len(), 0)
    } else {
        longest
    }
}

fn push_hexadecimal(group: u16, out: &mut Vec<u8>) {
    let places = (16 - group.leading_zeros()).div_ceil(4).max(1);
    for place in (0..places).rev() {
        out.push(b"0123456789abcdef"[usize::from(group >> (4 * place) & 0xf)]);
    }
}
