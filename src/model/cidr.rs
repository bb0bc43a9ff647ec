//! IP prefixes and ranges: parsing that refuses what Azure would refuse, the size of a subnet, and sets of addresses.
//! Never decides whether two ranges *may* meet; that is `capacity::overlap`.

pub use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::IpAddr;

/// Why a text is not a prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    #[error("`{0}` is not a CIDR; expected an address and a prefix length, as in 10.240.0.0/22")]
    Malformed(String),
    #[error("`{given}` has host bits set; the prefix is {network}")]
    HostBits { given: String, network: IpNet },
}

/// Parses `address/length`, IPv4 or IPv6. A bare address is a host prefix (/32, /128).
///
/// # Errors
/// [`CidrError::Malformed`] for anything else, [`CidrError::HostBits`] when bits below the prefix length are set: Azure
/// refuses those, and guessing which of the two was meant would move a subnet.
pub fn parse_cidr(text: &str) -> Result<IpNet, CidrError> {
    let text = text.trim();
    // Not ipnet's own parser: it takes 010.0.0.0/8 for 10.0.0.0/8, where others read octal.
    let parsed = match text.split_once('/') {
        None => text.parse::<IpAddr>().ok().map(IpNet::from),
        Some((address, length)) => {
            let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
            match (address.parse::<IpAddr>(), length.parse::<u8>()) {
                (Ok(address), Ok(length)) if digits => IpNet::new(address, length).ok(),
                _ => None,
            }
        }
    };
    let Some(net) = parsed else {
        return Err(CidrError::Malformed(clip(text)));
    };
    if net.addr() != net.network() {
        return Err(CidrError::HostBits {
            given: clip(text),
            network: net.trunc(),
        });
    }
    Ok(net)
}

/// Error messages quote what was read; a megabyte of it helps nobody.
fn clip(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return text.to_string();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

/// Addresses that Azure keeps in every IPv4 subnet: network, gateway, two for DNS, broadcast (SUB-1).
pub const AZURE_RESERVED: u64 = 5;

/// Number of addresses in a prefix, saturating at `u64::MAX` (an IPv6 /64 holds 2^64).
pub fn size(net: &IpNet) -> u64 {
    let host_bits = u32::from(net.max_prefix_len() - net.prefix_len());
    1u64.checked_shl(host_bits).unwrap_or(u64::MAX)
}

/// Addresses of a subnet prefix that something can hold: all but Azure's five (SUB-1). A /24 has 251.
pub fn usable(net: &IpNet) -> u64 {
    size(net).saturating_sub(AZURE_RESERVED)
}

/// The longest (smallest) IPv4 prefix with at least `addresses` addresses in all, or `None` above 2^32.
pub fn smallest_prefix_of_size(addresses: u64) -> Option<u8> {
    (0..=32u8)
        .rev()
        .find(|&length| 1u64 << (32 - length) >= addresses)
}

/// The longest (smallest) IPv4 prefix an Azure subnet may have, /29 at the least, that leaves `addresses` usable ones (SUB-1).
pub fn smallest_subnet_for(addresses: u64) -> Option<u8> {
    smallest_prefix_of_size(addresses.checked_add(AZURE_RESERVED)?).map(|length| length.min(29))
}

/// First and last address of a prefix as numbers, IPv4 mapped to its own 32 bits. Only compare within one family.
fn bounds(net: &IpNet) -> (u128, u128) {
    match net {
        IpNet::V4(net) => (
            u128::from(u32::from(net.network())),
            u128::from(u32::from(net.broadcast())),
        ),
        IpNet::V6(net) => (u128::from(net.network()), u128::from(net.broadcast())),
    }
}

/// Whether two prefixes share an address. Prefixes nest or are apart; they never cross.
pub fn overlap(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}

/// A set of IPv4 addresses as sorted, disjoint, inclusive ranges. Answers what is free of a space, in n log n.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RangeSet {
    /// Sorted by start; neighbours neither overlap nor touch.
    ranges: Vec<(u32, u32)>,
}

impl RangeSet {
    /// The IPv4 addresses of some prefixes; IPv6 prefixes are passed over.
    pub fn from_prefixes<'a>(prefixes: impl IntoIterator<Item = &'a IpNet>) -> Self {
        let mut ranges: Vec<(u32, u32)> = prefixes
            .into_iter()
            .filter(|net| matches!(net, IpNet::V4(_)))
            .map(|net| {
                let (first, last) = bounds(net);
                (first as u32, last as u32)
            })
            .collect();
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(open) if u64::from(first) <= u64::from(open.1) + 1 => {
                    open.1 = open.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        RangeSet { ranges: merged }
    }

    /// Number of addresses in the set.
    pub fn len(&self) -> u64 {
        self.ranges
            .iter()
            .map(|(first, last)| u64::from(last - first) + 1)
            .sum()
    }

    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether the set and a prefix share an address.
    pub fn meets(&self, net: &Ipv4Net) -> bool {
        let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
        let after = self.ranges.partition_point(|range| range.1 < first);
        self.ranges.get(after).is_some_and(|range| range.0 <= last)
    }

    /// Every prefix of length `length` inside `space` that shares no address with this set, lowest first.
    pub fn free_prefixes<'a>(
        &'a self,
        space: &Ipv4Net,
        length: u8,
    ) -> impl Iterator<Item = Ipv4Net> + 'a {
        let step = 1u64 << (32 - length.min(32));
        let last = u64::from(u32::from(space.broadcast()));
        let mut at = u64::from(u32::from(space.network()));
        if length < space.prefix_len() || length > 32 {
            at = last + 1;
        }
        std::iter::from_fn(move || {
            while at <= last {
                let first = at as u32;
                let end = (at + step - 1) as u32;
                let after = self.ranges.partition_point(|range| range.1 < first);
                match self.ranges.get(after) {
                    Some(taken) if taken.0 <= end => {
                        // Jump over what is taken to the next aligned start.
                        at = (u64::from(taken.1) + 1).next_multiple_of(step);
                    }
                    _ => {
                        at += step;
                        return Ipv4Net::new(first.into(), length).ok();
                    }
                }
            }
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn net(text: &str) -> IpNet {
        parse_cidr(text).unwrap()
    }

    #[test]
    fn refuses_host_bits_and_says_the_prefix() {
        let error = parse_cidr("10.0.0.5/16").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`10.0.0.5/16` has host bits set; the prefix is 10.0.0.0/16"
        );
        for bad in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.0/-1",
            "fd00::/129",
            "x",
            "010.0.0.0/8",
        ] {
            assert!(parse_cidr(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_cidr(" 10.0.0.7 ").unwrap(), net("10.0.0.7/32"));
    }

    /// Published sizes: a /24 has 251 usable addresses, a /29 three, a /22 1,019, a /26 59.
    #[test]
    fn usable_addresses() {
        for (cidr, want) in [
            ("10.0.0.0/24", 251),
            ("10.0.0.0/29", 3),
            ("10.0.0.0/22", 1019),
            ("10.0.0.0/26", 59),
            ("10.0.0.0/32", 0),
        ] {
            assert_eq!(usable(&net(cidr)), want, "{cidr}");
        }
        assert_eq!(size(&net("0.0.0.0/0")), 1 << 32);
        assert_eq!(size(&net("fd00::/64")), u64::MAX);
    }

    #[test]
    fn smallest_prefixes() {
        assert_eq!(smallest_subnet_for(1019), Some(22));
        assert_eq!(smallest_subnet_for(1020), Some(21));
        assert_eq!(smallest_subnet_for(1), Some(29));
        assert_eq!(smallest_prefix_of_size(256), Some(24));
        assert_eq!(smallest_prefix_of_size(257), Some(23));
        assert_eq!(smallest_prefix_of_size(1 << 33), None);
    }

    #[test]
    fn free_prefixes_jump_over_what_is_taken() {
        let taken = RangeSet::from_prefixes(&[net("10.0.0.0/25"), net("10.0.1.128/25")]);
        let IpNet::V4(space) = net("10.0.0.0/22") else {
            unreachable!()
        };
        let free: Vec<String> = taken
            .free_prefixes(&space, 24)
            .map(|net| net.to_string())
            .collect();
        assert_eq!(free, ["10.0.2.0/24", "10.0.3.0/24"]);
        assert_eq!(taken.free_prefixes(&space, 21).count(), 0);
        let IpNet::V4(all) = net("0.0.0.0/0") else {
            unreachable!()
        };
        assert_eq!(RangeSet::default().free_prefixes(&all, 1).count(), 2);
    }

    proptest! {
        /// Against the naive oracle: mark every address of 10.0.0.0/24 one by one.
        #[test]
        fn free_prefixes_are_exactly_the_unmarked_ones(
            prefixes in prop::collection::vec((0u32..256, 24u8..=32), 0..12),
            length in 24u8..=32,
        ) {
            let base = u32::from_be_bytes([10, 0, 0, 0]);
            let mut marked = [false; 256];
            let nets: Vec<IpNet> = prefixes.iter().map(|&(offset, length)| {
                IpNet::from(Ipv4Net::new((base + offset).into(), length).unwrap()).trunc()
            }).collect();
            for net in &nets {
                let (first, last) = bounds(net);
                for address in first..=last { marked[(address as u32 - base) as usize] = true; }
            }
            let set = RangeSet::from_prefixes(&nets);
            prop_assert_eq!(set.len(), marked.iter().filter(|m| **m).count() as u64);
            let step = 1usize << (32 - length);
            let want: Vec<u32> = (0..256).step_by(step)
                .filter(|&start| !marked[start..start + step].iter().any(|m| *m))
                .map(|start| base + start as u32).collect();
            let space = Ipv4Net::new(base.into(), 24).unwrap();
            let got: Vec<u32> = set.free_prefixes(&space, length).map(|n| u32::from(n.network())).collect();
            prop_assert_eq!(&got, &want);
            for start in want {
                prop_assert!(!set.meets(&Ipv4Net::new(start.into(), length).unwrap()));
            }
        }

        #[test]
        fn overlap_is_symmetric(a in any::<u32>(), b in any::<u32>(), la in 0u8..=32, lb in 0u8..=32) {
            let a = IpNet::from(Ipv4Net::new(a.into(), la).unwrap()).trunc();
            let b = IpNet::from(Ipv4Net::new(b.into(), lb).unwrap()).trunc();
            prop_assert_eq!(overlap(&a, &b), overlap(&b, &a));
            let (fa, xa) = bounds(&a);
            let (fb, xb) = bounds(&b);
            prop_assert_eq!(overlap(&a, &b), fa.max(fb) <= xa.min(xb));
        }
    }
}
