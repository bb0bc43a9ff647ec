//! Addresses moved so that every relation between them stays: two that share their first *n* bits share exactly those
//! afterwards. So prefixes keep their length, and what contained, met or was apart still does; every capacity number is the same.
//!
//! Each bit is flipped or not, by the key and by the bits in front of it: a tree turned at its forks. Ranges to which AKS, Azure
//! or the RFCs give a meaning stay where they are, and addresses stay inside or outside of them: private ones are private
//! afterwards. Not a cipher: who knows some addresses of the estate learns how their neighbours moved.

use super::names::Mac;
use crate::model::IpNet;
use hmac::Mac as _;
use ipnet::{Ipv4Net, Ipv6Net};
use std::collections::HashMap;
use std::net::IpAddr;

/// Bits of IPv4 addresses are those of an IPv6 address whose rest is empty.
struct Range {
    is_v4: bool,
    bits: u128,
    length: u8,
    /// Nothing inside moves; else what is inside moves inside.
    is_fixed: bool,
}

/// Stay as they are: platform ranges (CID-1), the default service and pod CIDRs and the managed VNet's range (CID-5), the wire
/// server, loopback, multicast, AKS's own dual-stack defaults.
const FIXED: [&str; 11] = [
    "169.254.0.0/16",
    "192.0.2.0/24",
    "172.30.0.0/15",
    "10.0.0.0/16",
    "10.244.0.0/16",
    "10.224.0.0/12",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "224.0.0.0/3",
    "fd12:3456:789a::/48",
    "fe80::/10",
];
/// Addresses move inside of them, and into them nothing does (RFC 1918, 6598, 4193, 4291).
const BOUNDS: [&str; 7] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
    "fd00::/8",
    "ff00::/8",
];

pub(super) struct Addresses {
    mac: Mac,
    ranges: Vec<Range>,
    /// Which forks turn, of the 255 that eight bits have; by family, whole bytes in front, and those bytes.
    forks: HashMap<(bool, u8, u128), [u8; 32]>,
}

impl Addresses {
    pub fn new(key: &[u8]) -> Self {
        let fixed = FIXED.iter().map(|text| (text, true));
        let bounds = BOUNDS.iter().map(|text| (text, false));
        let ranges = fixed
            .chain(bounds)
            .map(|(text, is_fixed)| {
                let net: IpNet = text.parse().expect("a literal prefix");
                Range {
                    is_v4: net.addr().is_ipv4(),
                    bits: bits(net.addr()),
                    length: net.prefix_len(),
                    is_fixed,
                }
            })
            .collect();
        Addresses {
            mac: super::names::mac(key),
            ranges,
            forks: HashMap::new(),
        }
    }

    pub fn address(&mut self, address: IpAddr) -> IpAddr {
        let moved = self.moved(address);
        match address {
            IpAddr::V4(_) => IpAddr::V4(((moved >> 96) as u32).into()),
            IpAddr::V6(_) => IpAddr::V6(moved.into()),
        }
    }

    pub fn net(&mut self, net: IpNet) -> IpNet {
        // The bits behind the length are turned as well, and then cut off.
        match (net, self.address(net.network())) {
            (IpNet::V4(net), IpAddr::V4(moved)) => {
                Ipv4Net::new_assert(moved, net.prefix_len()).trunc().into()
            }
            (IpNet::V6(net), IpAddr::V6(moved)) => {
                Ipv6Net::new_assert(moved, net.prefix_len()).trunc().into()
            }
            _ => net,
        }
    }

    fn moved(&mut self, address: IpAddr) -> u128 {
        let is_v4 = address.is_ipv4();
        let old = bits(address);
        let mut new = old;
        for byte in 0..if is_v4 { 4u8 } else { 16 } {
            let before = first(old, byte * 8);
            let mac = &self.mac;
            let forks = *self.forks.entry((is_v4, byte, before)).or_insert_with(|| {
                let mut mac = mac.clone();
                mac.update(if is_v4 { b"address/4/" } else { b"address/6/" });
                mac.update(&[byte]);
                mac.update(&before.to_be_bytes());
                mac.finalize().into_bytes().into()
            });
            let path = (old >> (120 - u32::from(byte) * 8)) as u8;
            for bit in 0..8u8 {
                let depth = byte * 8 + bit;
                let fork = (1usize << bit) | (usize::from(path) >> (8 - bit));
                let turns = forks[fork / 8] >> (fork % 8) & 1 == 1;
                if turns && !self.is_held(is_v4, old, depth) {
                    new ^= 1 << (127 - u32::from(depth));
                }
            }
        }
        new
    }

    /// Whether the fork behind the first `depth` bits must not turn.
    fn is_held(&self, is_v4: bool, old: u128, depth: u8) -> bool {
        self.ranges.iter().any(|range| {
            let is_above = depth < range.length;
            let compared = depth.min(range.length);
            range.is_v4 == is_v4
                && (is_above || range.is_fixed)
                && first(old, compared) == first(range.bits, compared)
        })
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    }
}

/// The first `length` bits, the others zero.
fn first(bits: u128, length: u8) -> u128 {
    match length {
        0 => 0,
        length => bits & (u128::MAX << (128 - u32::from(length))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Near each other more often than not: strangers have no relation that could break.
    fn net() -> impl Strategy<Value = IpNet> {
        let bases = vec![0x0A00_0000u32, 0xAC10_0000, 0xC0A8_0000, 0xA9FE_0000, 0];
        let v4 = (
            prop::sample::select(bases),
            any::<u32>(),
            0u32..24,
            0u8..=32,
        )
            .prop_map(|(base, random, shift, length)| {
                let address = if base == 0 {
                    random
                } else {
                    base | (random >> 8 >> (shift / 2))
                };
                IpNet::V4(Ipv4Net::new_assert(address.into(), length).trunc())
            });
        let v6 = (any::<u128>(), 0u8..=128, any::<bool>()).prop_map(|(random, length, local)| {
            let address = if local {
                (0xFD << 120) | (random >> 100)
            } else {
                random
            };
            IpNet::V6(Ipv6Net::new_assert(address.into(), length).trunc())
        });
        prop_oneof![4 => v4, 1 => v6]
    }

    proptest! {
        #[test]
        fn who_contains_whom_stays(a in net(), b in net(), key: [u8; 16]) {
            let mut addresses = Addresses::new(&key);
            let (x, y) = (addresses.net(a), addresses.net(b));
            prop_assert_eq!(x.prefix_len(), a.prefix_len());
            prop_assert_eq!(a.contains(&b), x.contains(&y));
            prop_assert_eq!(b.contains(&a), y.contains(&x));
            prop_assert_eq!(a == b, x == y);
            let fixed = FIXED.iter().map(|text| (text, true));
            for (text, is_fixed) in fixed.chain(BOUNDS.iter().map(|text| (text, false))) {
                let range: IpNet = text.parse().unwrap();
                prop_assert_eq!(addresses.net(range), range);
                prop_assert_eq!(range.contains(&a), range.contains(&x));
                prop_assert_eq!(a.contains(&range), x.contains(&range));
                prop_assert!(!is_fixed || !range.contains(&a) || x == a, "{} moved to {}", a, x);
            }
        }

        #[test]
        fn addresses_stay_in_their_prefixes(a in net(), random: u128, key: [u8; 16]) {
            let mut addresses = Addresses::new(&key);
            let inside: IpAddr = match a {
                IpNet::V4(net) => {
                    IpAddr::V4((u32::from(net.network()) | random as u32 & u32::from(net.hostmask())).into())
                }
                IpNet::V6(net) => {
                    IpAddr::V6((u128::from(net.network()) | random & u128::from(net.hostmask())).into())
                }
            };
            prop_assert!(addresses.net(a).contains(&addresses.address(inside)));
        }
    }

    #[test]
    fn most_ranges_move_and_by_the_key() {
        let mut addresses = Addresses::new(b"a key of the test");
        let mut others = Addresses::new(b"another key of the test");
        let nets: Vec<IpNet> = (1..100)
            .map(|third| format!("10.61.{third}.0/24").parse().unwrap())
            .collect();
        let moved = nets.iter().filter(|net| addresses.net(**net) != **net);
        assert!(moved.count() > 80);
        let apart = nets
            .iter()
            .filter(|net| addresses.net(**net) != others.net(**net));
        assert!(apart.count() > 80);
    }
}
