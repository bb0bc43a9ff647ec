//! How large the pod CIDR of a move should be: for the nodes that there may be, and so that the move never shortens the cluster's life.
//! Looks at no range and chooses none.

use super::nodes_at_ceiling;
use crate::capacity::growth::{Books, nodes_of};
use crate::capacity::limits;
use crate::capacity::runway::{Pace, Paces, WEEKS_A_YEAR, evenly, runway, runway_after};
use crate::finding::grouped;
use crate::model::{ClusterIndex, NetworkMode, NodePool, parse_cidr};

/// Nodes a pod CIDR is to have blocks for, and why so many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizing {
    /// Surge included.
    pub nodes: u64,
    /// The rule that asks for the most.
    pub rule: String,
}

/// How long somebody who says how fast a cluster grows wants its range to last.
const YEARS: f64 = 5.0;

/// Nodes that AKS's default pod CIDR, 10.244.0.0/16, has blocks for (OVL-1).
const DEFAULT_NODES: u64 = 256;

/// The most that one of these asks for: twice the ceiling with surge; five years of the growth that was said, with surge, as far as its
/// node subnets let it grow; as many nodes as the cluster could grow to without the move, so that it lasts no shorter afterwards. Never
/// more than a cluster may have (MP-3).
pub fn pod_sizing(books: &Books, index: ClusterIndex, paces: Option<&Paces>) -> Sizing {
    let cluster = books.inventory.cluster(index);
    if cluster.pools.is_empty() {
        // Every cluster has a pool: none was read, and nothing tells how many nodes there are.
        return Sizing {
            nodes: DEFAULT_NODES,
            rule: "no pool of it was read: as many as AKS's default, a /16, has blocks for"
                .to_string(),
        };
    }
    let at_ceiling = nodes_at_ceiling(cluster);
    let now = nodes_of(&cluster.pools, |pool| pool.count);
    let surge = at_ceiling.saturating_sub(nodes_of(&cluster.pools, |pool| pool.ceiling()));
    let mut best = Sizing {
        nodes: at_ceiling.saturating_mul(2),
        rule: format!("twice the {} of ceiling and surge", grouped(at_ceiling)),
    };
    let mut asks = |nodes: u64, rule: String| {
        if nodes > best.nodes {
            best = Sizing { nodes, rule };
        }
    };
    let said = paces.and_then(|paces| Some((paces, paces.said(index)?)));
    if let Some((paces, said)) = said {
        let grown = coming(&cluster.pools, said);
        // Of a range that is no bound, everything else is.
        let no_bound = parse_cidr("10.0.0.0/8").expect("a literal prefix");
        let most = runway_after(books, index, paces, no_bound).map_or(grown, |lasts| lasts.nodes);
        if grown > 0 {
            asks(
                now.saturating_add(grown.min(most)).saturating_add(surge),
                "five years of the growth that was said, and surge".to_string(),
            );
        }
    }
    let even = Paces::of(index, evenly(books, index, 1.0));
    for paces in [paces, Some(&even)].into_iter().flatten() {
        if let Some(lasts) = runway(books, index, paces) {
            asks(
                now.saturating_add(lasts.nodes),
                "as many as fit without the move, so that it lasts no shorter".to_string(),
            );
        }
    }
    best.nodes = best
        .nodes
        .min(limits::cluster_nodes(NetworkMode::Overlay))
        .max(at_ceiling);
    best
}

/// Nodes that come in these years, a started one as a whole.
fn coming(pools: &[NodePool], said: &[Pace]) -> u64 {
    let more = pools.iter().zip(said).map(|(pool, pace)| {
        let at_first = pool.count as f64;
        let (mut wanted, mut left) = (at_first, YEARS * WEEKS_A_YEAR);
        while left > 0.0 {
            wanted += pace.adds(wanted) * left.min(1.0);
            left -= 1.0;
        }
        wanted - at_first
    });
    // More than 2^64 are as many as that: a cluster may have far fewer.
    more.sum::<f64>().ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::cost::POD_CIDR_PER_NODE;
    use crate::capacity::free::{Purpose, Wanted, suggest};
    use crate::model::{Inventory, cidr};
    use proptest::prelude::*;

    fn estate(length: u8, counts: (u64, u64), ceiling: u64, max_pods: u32) -> Inventory {
        let text = format!(
            "apiVersion: aksplan/v1\nname: t\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/16]\n    subnets: [{{ name: s, \
             cidr: 10.0.0.0/{length} }}]\nclusters:\n  - name: c\n    network_plugin: azure\n    pools:\n      - {{ name: a, count: {}, \
             min_count: 0, max_count: {}, max_pods: {max_pods}, subnet: v/s }}\n      - {{ name: b, count: {}, max_pods: 30, subnet: v/s }}\n",
            counts.0,
            counts.0.max(ceiling),
            counts.1,
        );
        crate::source::read_document("scenario", text.as_bytes())
            .and_then(crate::source::Found::assemble)
            .unwrap_or_else(|error| panic!("{error}"))
            .current
    }

    #[test]
    fn the_rule_that_asks_for_the_most_is_named() {
        let check = |inventory: &Inventory, paces: Option<&Paces>, nodes: u64, rule: &str| {
            let sizing = pod_sizing(&Books::of(inventory), ClusterIndex::new(0), paces);
            assert_eq!(sizing.nodes, nodes, "{sizing:?}");
            assert!(sizing.rule.starts_with(rule), "{sizing:?}");
        };
        // A full /24: 8 nodes, one of them may come and one surges for each pool: (5 + 4 + 1 + 1) × 2.
        let full = estate(24, (4, 4), 5, 30);
        check(&full, None, 22, "twice the 11");
        // Half a node a week for 260.9 weeks.
        let said = |a: Pace| Paces::of(ClusterIndex::new(0), vec![a, Pace::default()]);
        check(
            &full,
            Some(&said(Pace::steady(0.5))),
            8 + 131 + 2,
            "five years",
        );
        // Four nodes are six hundred times as many by then: the node subnet lets 251 - 8 of them come.
        let doubling = Pace {
            nodes: 0.0,
            percent: 2.5,
        };
        check(&full, Some(&said(doubling)), 8 + 243 + 2, "five years");
        // 1,019 addresses: (1,019 - 8 × 29) / 29 more.
        check(&estate(22, (4, 4), 5, 30), None, 8 + 27, "as many as fit");
    }

    /// All private space but 100.127.240.0/20 is somebody's.
    fn nearly_all_taken() -> Inventory {
        let mut inventory = estate(24, (4, 4), 5, 30);
        let taken = [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/11",
            "100.96.0.0/12",
            "100.112.0.0/13",
            "100.120.0.0/14",
            "100.124.0.0/15",
            "100.126.0.0/16",
            "100.127.0.0/17",
            "100.127.128.0/18",
            "100.127.192.0/19",
            "100.127.224.0/20",
        ];
        inventory.reserved = taken
            .iter()
            .map(|cidr| crate::model::ReservedRange {
                cidr: crate::model::parse_cidr(cidr).unwrap(),
                owner: "others".to_string(),
            })
            .collect();
        inventory
    }

    #[test]
    fn what_is_free_may_be_less_than_what_is_wanted_and_never_less_than_the_ceiling() {
        let wanted = Wanted::of(Purpose::Pod, Some(ClusterIndex::new(0)));
        let check = |inventory: &Inventory, range: Option<&str>, basis: &str, clear_of: &str| {
            let found = suggest(inventory, &wanted).unwrap();
            let first = found.ranges.first().map(|range| range.cidr.to_string());
            assert_eq!(first.as_deref(), range, "{found:?}");
            assert!(found.basis.contains(basis), "{found:?}");
            assert!(found.clear_of.starts_with(clear_of), "{found:?}");
        };
        // 22 nodes want a /19; the ceiling's 11 are content with a /20.
        let mut inventory = nearly_all_taken();
        let range = Some("100.127.240.0/20");
        check(
            &inventory,
            range,
            "no /19 is free, a /20 is the largest",
            "every VNet",
        );
        // A network that the cluster does not reach is avoided as long as anything else is free.
        let mut far = inventory.vnets[0].clone();
        far.name = "far".to_string();
        far.address_space = vec![crate::model::parse_cidr("100.127.240.0/20").unwrap()];
        inventory.vnets.push(far);
        check(
            &inventory,
            range,
            "no /19",
            "the VNets that the cluster reaches",
        );
        // Less than the ceiling takes is no offer.
        let half = crate::model::parse_cidr("100.127.240.0/21").unwrap();
        inventory.reserved[0].cidr = half;
        inventory.reserved.push(crate::model::ReservedRange {
            cidr: crate::model::parse_cidr("10.0.0.0/8").unwrap(),
            owner: "others".to_string(),
        });
        check(&inventory, None, "twice the 11", "");
    }

    proptest! {
        /// Of whatever size the estate is: what is chosen takes the ceiling with surge, and lasts as long as the cluster does now.
        #[test]
        fn a_chosen_range_never_shortens_a_life(
            length in 18u8..27, a in 0u64..8, b in 1u64..8, ceiling in 0u64..20, max_pods in 10u32..110, said in prop::option::of((0.0f64..3.0, 0.0f64..3.0)),
        ) {
            let inventory = estate(length, (a, b), ceiling, max_pods);
            let (books, index) = (Books::of(&inventory), ClusterIndex::new(0));
            let said = said.map(|(a, b)| Paces::of(index, vec![Pace { nodes: a, percent: b }, Pace::steady(b)]));
            let paces = said.as_ref();
            let found = suggest(&inventory, &Wanted { paces, ..Wanted::of(Purpose::Pod, Some(index)) }).unwrap();
            let range = found.ranges[0].cidr;
            let blocks = cidr::size(&range) / POD_CIDR_PER_NODE;
            prop_assert!(blocks >= nodes_at_ceiling(inventory.cluster(index)) * 2);
            prop_assert!(!cidr::overlap(&range, &inventory.vnets[0].address_space[0]));
            for paces in [said, Some(Paces::of(index, evenly(&books, index, 1.0)))].into_iter().flatten() {
                let now = runway(&books, index, &paces);
                let after = runway_after(&books, index, &paces, range);
                prop_assert!(after.map(|lasts| lasts.nodes) >= now.map(|lasts| lasts.nodes), "{range}: {:?}", found.basis);
            }
        }
    }
}
