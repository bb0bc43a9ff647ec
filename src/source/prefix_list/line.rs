//! What one line of a prefix list may be, and what to say of any other.

use super::dotted::v4;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::Ipv6Addr;

/// A good line. Both are `None` for a blank one.
pub(super) struct Line<'a> {
    pub net: Option<IpNet>,
    /// Never empty.
    pub comment: Option<&'a [u8]>,
}

/// A bad line.
#[derive(Debug)]
pub(super) struct Fault {
    /// 1-based, in characters.
    pub column: u64,
    pub problem: String,
}

/// Reads a line, given without its line feed.
///
/// # Errors
/// Anything that is not one prefix, a comment, both or neither.
pub(super) fn read(line: &[u8]) -> Result<Line<'_>, Fault> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // A file with the line ends of old Macs is one long line: were its first line a comment, all of it would be one.
    if let Some(at) = line.iter().position(|b| *b == b'\r') {
        return Err(fault(
            line,
            at,
            "a carriage return within a line; expected lines to end in LF or CRLF".into(),
        ));
    }
    let (text, comment) = match line.iter().position(|b| matches!(b, b'#' | b';')) {
        Some(at) => (
            &line[..at],
            Some(line[at + 1..].trim_ascii()).filter(|c| !c.is_empty()),
        ),
        None => (line, None),
    };
    let token = text.trim_ascii();
    if token.is_empty() {
        return Ok(Line { net: None, comment });
    }
    let start = text.len() - text.trim_ascii_start().len();
    let net = net(token).map_err(|(offset, problem)| fault(line, start + offset, problem))?;
    Ok(Line {
        net: Some(net),
        comment,
    })
}

fn fault(line: &[u8], at: usize, problem: String) -> Fault {
    let before = String::from_utf8_lossy(&line[..at]).chars().count();
    Fault {
        column: before as u64 + 1,
        problem,
    }
}

/// A number of one to three digits without leading zeros and how many digits it has. A fourth digit is left for the caller
/// to stumble over.
fn decimal(bytes: &[u8]) -> Option<(u32, usize)> {
    let digit = |at: usize| {
        bytes
            .get(at)
            .map(|b| u32::from(b.wrapping_sub(b'0')))
            .filter(|d| *d <= 9)
    };
    let first = digit(0)?;
    let Some(second) = digit(1) else {
        return Some((first, 1));
    };
    if first == 0 {
        return None;
    }
    match digit(2) {
        Some(third) => Some((first * 100 + second * 10 + third, 3)),
        None => Some((first * 10 + second, 2)),
    }
}

/// The prefix that a token without blanks around it is, or what is wrong with it and at which of its bytes.
fn net(token: &[u8]) -> Result<IpNet, (usize, String)> {
    if let Some((address, length, used)) = v4(token)
        && used == token.len()
    {
        return Ok(Ipv4Net::new_assert(address.into(), length).into());
    }
    if let Some(blank) = token.iter().position(u8::is_ascii_whitespace) {
        let second = token[blank..].trim_ascii_start();
        let problem = format!(
            "{} after the prefix; expected one prefix a line, then at most a comment",
            quote(second)
        );
        return Err((token.len() - second.len(), problem));
    }
    let (address, length) = match token.iter().position(|b| *b == b'/') {
        Some(slash) => (&token[..slash], Some((slash + 1, &token[slash + 1..]))),
        None => (token, None),
    };
    if address.contains(&b':') {
        v6(token, address, length)
    } else {
        Err(why_not_v4(token, address, length))
    }
}

/// The text after the slash and where it starts.
type Length<'a> = Option<(usize, &'a [u8])>;

fn v6(token: &[u8], address: &[u8], length: Length<'_>) -> Result<IpNet, (usize, String)> {
    let parsed = std::str::from_utf8(address)
        .ok()
        .and_then(|text| text.parse::<Ipv6Addr>().ok());
    let address = parsed.ok_or_else(|| malformed(token))?;
    let length = length.map_or(Ok(128), |length| prefix_length(length, 128))?;
    let net = Ipv6Net::new_assert(address, length);
    if net.addr() != net.network() {
        return Err((0, has_host_bits(token, net.trunc().into())));
    }
    Ok(net.into())
}

/// Only for tokens that [`v4`] has refused.
fn why_not_v4(token: &[u8], address: &[u8], length: Length<'_>) -> (usize, String) {
    let mut value: u32 = 0;
    let mut at = 0;
    let octets = address.split(|b| *b == b'.');
    if octets.clone().count() != 4 {
        return malformed(token);
    }
    for octet in octets {
        if octet.is_empty() || !octet.iter().all(u8::is_ascii_digit) {
            return malformed(token);
        }
        if octet.len() > 1 && octet[0] == b'0' {
            let problem = format!(
                "{} in {} has leading zeros, which some programs read as octal; expected decimal numbers without them",
                quote(octet),
                quote(token)
            );
            return (at, problem);
        }
        match decimal(octet).filter(|(value, digits)| *value <= 255 && *digits == octet.len()) {
            Some((octet, _)) => value = value << 8 | octet,
            None => {
                let problem = format!(
                    "{} in {} is not a byte; expected 0 to 255",
                    quote(octet),
                    quote(token)
                );
                return (at, problem);
            }
        }
        at += octet.len() + 1;
    }
    match length.map_or(Ok(32), |length| prefix_length(length, 32)) {
        Err(wrong_length) => wrong_length,
        Ok(length) => {
            let network = Ipv4Net::new_assert(value.into(), length).trunc();
            (0, has_host_bits(token, network.into()))
        }
    }
}

fn prefix_length((start, text): (usize, &[u8]), longest: u8) -> Result<u8, (usize, String)> {
    decimal(text)
        .filter(|(value, digits)| *digits == text.len() && *value <= longest.into())
        .map(|(value, _)| value as u8)
        .ok_or_else(|| {
            (
                start,
                format!(
                    "prefix length {}; expected 0 to {longest} without leading zeros",
                    quote(text)
                ),
            )
        })
}

fn malformed(token: &[u8]) -> (usize, String) {
    let problem = format!(
        "{} is not a CIDR; expected an address and a prefix length, as in 10.240.0.0/22, or one address",
        quote(token)
    );
    (0, problem)
}

fn has_host_bits(token: &[u8], network: IpNet) -> String {
    format!(
        "{} has host bits set; expected the prefix {network}, or the address alone",
        quote(token)
    )
}

/// What was read, so that a terminal shows it and does not obey it, and no more of it than helps.
fn quote(token: &[u8]) -> String {
    const LONGEST: usize = 60;
    let mut quoted = String::from("`");
    let mut length = 0;
    for chunk in token.utf8_chunks() {
        let valid = chunk.valid().chars().map(|c| match c {
            '\'' | '"' => c.to_string(),
            _ => c.escape_debug().to_string(),
        });
        let invalid = chunk.invalid().iter().map(|b| format!("\\x{b:02x}"));
        for shown in valid.chain(invalid) {
            length += shown.chars().count();
            if length > LONGEST {
                return quoted + "…`";
            }
            quoted += &shown;
        }
    }
    quoted + "`"
}
