//! The set against oracles that know nothing of sorting: they enumerate addresses or compare everything with everything.

use super::*;
use ipnet::{Ipv4Net, Ipv6Net};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Prefixes within the 256 addresses from `base` on, in a family whose addresses have `bits` bits.
fn within_256(base: u128, bits: u8) -> impl Strategy<Value = Vec<IpNet>> {
    let shape = prop_oneof![1 => 0..=8u8, 3 => 5..=8u8];
    let net = (any::<u8>(), shape).prop_map(move |(host, length)| {
        let address = base | u128::from(host) >> (8 - length) << (8 - length);
        net(address, bits - 8 + length, bits)
    });
    prop::collection::vec(net, 0..40)
}

fn net(address: u128, length: u8, bits: u8) -> IpNet {
    match bits {
        32 => Ipv4Net::new(u32::try_from(address).unwrap().into(), length)
            .unwrap()
            .into(),
        _ => Ipv6Net::new(address.into(), length).unwrap().into(),
    }
}

/// At both ends of IPv4, in the middle, and at the top of IPv6: sums that overflow do so at the ends.
fn small_lists() -> impl Strategy<Value = Vec<IpNet>> {
    prop_oneof![
        within_256(0, 32),
        within_256(0x0a00_0100, 32),
        within_256(0xffff_ff00, 32),
        within_256(u128::MAX - 0xff, 128),
        (within_256(0x0a00_0000, 32), within_256(0x0a00_0000, 128))
            .prop_map(|(v4, v6)| [v6, v4].concat()),
    ]
}

/// Prefixes of every length, many of them nested, from nearly anywhere.
fn wide_lists() -> impl Strategy<Value = Vec<IpNet>> {
    let v4 = (any::<[bool; 4]>(), any::<u8>(), 0..=32u8).prop_map(|(bits, low, length)| {
        let high = bits
            .iter()
            .fold(0u32, |bits, bit| bits << 7 | u32::from(*bit));
        Ipv4Net::new((high << 4 ^ u32::from(low)).into(), length)
            .unwrap()
            .trunc()
            .into()
    });
    let v6 = (any::<[bool; 4]>(), 0..=128u8).prop_map(|(bits, length)| {
        let address = bits
            .iter()
            .fold(0u128, |bits, bit| bits << 31 | u128::from(*bit));
        Ipv6Net::new((address << 3).into(), length)
            .unwrap()
            .trunc()
            .into()
    });
    prop::collection::vec(prop_oneof![v4, v6], 0..60)
}

fn listed(nets: &[IpNet]) -> PrefixList {
    let mut list = PrefixList::default();
    nets.iter().for_each(|net| list.push(*net, ()));
    list
}

fn merged(nets: &[IpNet]) -> Vec<IpNet> {
    listed(nets).sorted().merge().iter().collect()
}

/// The addresses of small lists, family and number.
fn addresses(nets: &[IpNet]) -> BTreeSet<(bool, u128)> {
    let of_one = |net: &IpNet| match net {
        IpNet::V4(net) => net.network().to_bits().into()..=net.broadcast().to_bits().into(),
        IpNet::V6(net) => net.network().to_bits()..=net.broadcast().to_bits(),
    };
    nets.iter()
        .flat_map(|net| of_one(net).map(|address| (net.addr().is_ipv6(), address)))
        .collect()
}

fn share_an_address(a: &IpNet, b: &IpNet) -> bool {
    a.contains(&b.network()) || b.contains(&a.network())
}

/// The pairs by comparing each entry with each: (container, contained) as the sort has them, with their indices.
fn pairs_by_hand(nets: &[IpNet]) -> Vec<((IpNet, usize), (IpNet, usize))> {
    let order = |(net, index): &(IpNet, usize)| {
        (
            net.addr().is_ipv6(),
            net.network(),
            net.prefix_len(),
            *index,
        )
    };
    let mut pairs = Vec::new();
    for (i, a) in nets.iter().enumerate() {
        for (j, b) in nets.iter().enumerate().skip(i + 1) {
            if share_an_address(a, b) {
                let mut pair = [(*a, i), (*b, j)];
                pair.sort_by_key(order);
                pairs.push((pair[0], pair[1]));
            }
        }
    }
    pairs.sort_by_key(|(a, b)| (order(a), order(b)));
    pairs
}

proptest! {
    #[test]
    fn merging_keeps_exactly_the_addresses(nets in small_lists()) {
        prop_assert_eq!(addresses(&merged(&nets)), addresses(&nets));
    }

    #[test]
    fn nothing_in_a_merged_list_can_be_joined(nets in prop_oneof![small_lists(), wide_lists()]) {
        let merged = merged(&nets);
        for (i, a) in merged.iter().enumerate() {
            for b in &merged[i + 1..] {
                prop_assert!(!share_an_address(a, b), "{} and {} overlap", a, b);
                let siblings = a.supernet().is_some() && a.supernet() == b.supernet();
                prop_assert!(!siblings, "{} and {} are halves of one prefix", a, b);
            }
        }
        prop_assert!(nets.iter().all(|net| merged.iter().any(|m| m.contains(net))));
        prop_assert!(merged.len() <= nets.len());
    }

    #[test]
    fn merging_agrees_with_ipnet(nets in wide_lists()) {
        prop_assert_eq!(merged(&nets), IpNet::aggregate(&nets));
    }

    #[test]
    fn merging_twice_or_in_another_order_changes_nothing(nets in wide_lists()) {
        let once = merged(&nets);
        prop_assert_eq!(&merged(&once), &once);
        let backwards: Vec<IpNet> = nets.iter().rev().copied().collect();
        prop_assert_eq!(merged(&backwards), once);
    }

    #[test]
    fn pairs_are_those_of_comparing_all_with_all(nets in prop_oneof![small_lists(), wide_lists()]) {
        let mut list = PrefixList::default();
        nets.iter().enumerate().for_each(|(index, net)| list.push(*net, index));
        let sorted = list.sorted();
        let mut pairs = Vec::new();
        let walked: Result<(), ()> = sorted.overlapping_pairs(|a, b| {
            pairs.push((a, b));
            Ok(())
        });
        prop_assert_eq!(walked, Ok(()));
        prop_assert_eq!(sorted.count_overlaps(), pairs.len() as u128);
        prop_assert_eq!(pairs, pairs_by_hand(&nets));
    }

    #[test]
    fn text_is_that_of_the_standard_library(nets in wide_lists(), groups in any::<[u16; 8]>(), zeros in any::<u8>()) {
        let sparse: [u16; 8] = std::array::from_fn(|i| if zeros >> i & 1 == 1 { 0 } else { groups[i] >> (groups[i] % 16) });
        let v6 = Ipv6Net::from(std::net::Ipv6Addr::from(sparse));
        let mapped = Ipv6Net::from(std::net::Ipv4Addr::from(u32::from(groups[0])).to_ipv6_mapped());
        for net in nets.into_iter().chain([v6.into(), mapped.into()]) {
            let mut text = Vec::new();
            text::push_prefix(net, &mut text);
            let alone = net.prefix_len() == net.max_prefix_len();
            let expected = if alone { net.addr().to_string() } else { net.to_string() };
            prop_assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }
}

#[test]
fn the_whole_of_a_family_and_its_ends() {
    let check = |given: &[&str], expected: &[&str]| {
        let nets: Vec<IpNet> = given.iter().map(|text| text.parse().unwrap()).collect();
        let expected: Vec<IpNet> = expected.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(merged(&nets), expected);
    };
    check(&[], &[]);
    // The two lists on which we differ from iprange 1.0.4: its last address plus one is 0.0.0.0. It says
    // 127.255.255.255 and 128.0.0.0 for the first, 0.0.0.0/0 for the second.
    check(&["128.0.0.0/1", "0.0.0.0/1"], &["0.0.0.0/0"]);
    check(
        &["255.255.255.255/32", "0.0.0.0/32"],
        &["0.0.0.0/32", "255.255.255.255/32"],
    );
    check(&["8000::/1", "::/1", "::/0"], &["::/0"]);
    check(
        &["255.255.255.255/32", "255.255.255.254/32"],
        &["255.255.255.254/31"],
    );
    check(
        &["10.0.1.0/24", "10.0.2.0/24"],
        &["10.0.1.0/24", "10.0.2.0/24"],
    ); // neighbours, but of different halves
    check(
        &["10.0.0.0/25", "10.0.1.0/24", "10.0.0.128/25"],
        &["10.0.0.0/23"],
    );
    check(&["::/128", "0.0.0.0/32"], &["0.0.0.0/32", "::/128"]);
}

#[test]
fn a_prefix_listed_often_overlaps_with_itself() {
    let nets = vec!["10.0.0.0/8".parse().unwrap(); 20_000];
    assert_eq!(listed(&nets).sorted().count_overlaps(), 20_000 * 19_999 / 2);
}

#[test]
fn the_first_error_of_a_visit_ends_the_walk() {
    let nets = vec!["::/0".parse().unwrap(); 100];
    let mut seen = 0;
    let walked = listed(&nets).sorted().overlapping_pairs(|_, _| {
        seen += 1;
        if seen == 3 { Err("enough") } else { Ok(()) }
    });
    assert_eq!((walked, seen), (Err("enough"), 3));
}
