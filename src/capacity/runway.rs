//! How long what there is lasts if pools go on growing: weeks until the first range, or the first limit, takes no further node. Whole
//! nodes at a steady pace, against the limits that `growth` knows; spikes, events and answers of AKS are the simulation's.

use super::growth::{Books, Draw, LimitKind, Store, draws, nodes_of};
use crate::model::{ClusterIndex, Inventory, IpNet, NetworkMode};
use std::collections::BTreeMap;

/// How fast pools of one cluster grow: nodes a week, by position in the cluster. Zero or more.
pub type Pace = [f64];

pub const WEEKS_A_YEAR: f64 = 52.18;
/// More than sums and quotients of paces are wrong by, and no time that anybody asks for.
const ROUNDING: f64 = 1e-6;

/// What ends the growth first, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Runway {
    /// From now on until the last node that has room is there, and the next one has none; 0: the next node has no room already.
    pub weeks: f64,
    /// Nodes that come until then, of all pools.
    pub nodes: u64,
    pub limit: LimitKind,
    /// What ends it, in words: `subnet v/s`, `nodes of pool apps (MP-3)`.
    pub ends_with: String,
}

/// How soon somebody has to act. Ordered from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Three years or more: longer than a budget is planned.
    None,
    /// Less than three years: in the next plan.
    Plan,
    /// Less than a year: networks are not changed faster than that.
    Now,
}

impl Runway {
    pub fn years(&self) -> f64 {
        self.weeks / WEEKS_A_YEAR
    }

    /// Weeks and tenths of years, down: nobody runs out later than it was said. What is a whole number but for the last bits is whole.
    pub fn whole_weeks(&self) -> u64 {
        // A pace above zero and at most 5,000 nodes: far below 2^53 but for paces that nobody has, which saturate.
        (self.weeks + ROUNDING).floor() as u64
    }

    pub fn tenths_of_years(&self) -> f64 {
        (self.years() * 10.0 + ROUNDING).floor() / 10.0
    }

    pub fn urgency(&self) -> Urgency {
        match self.years() {
            years if years < 1.0 => Urgency::Now,
            years if years < 3.0 => Urgency::Plan,
            _ => Urgency::None,
        }
    }
}

/// Whether the cluster can grow less after a change than before it.
pub fn is_shorter(before: Option<&Runway>, after: Option<&Runway>) -> bool {
    before
        .zip(after)
        .is_some_and(|(before, after)| after.nodes < before.nodes)
}

/// Of the cluster as these books have it. Ceilings of autoscalers are left aside: a person raises them, and nobody raises a subnet.
/// `None`: nothing grows, or of a pool that grows nothing is known. Pools that grow at once take turns in the order of the cluster.
pub fn runway(books: &Books, index: ClusterIndex, pace: &Pace) -> Option<Runway> {
    let cluster = books.inventory.cluster(index);
    struct Grows {
        mode: NetworkMode,
        a_week: f64,
        nodes: u64,
        draws: Vec<Draw>,
    }
    let mut rooms: BTreeMap<Store, u64> = BTreeMap::new();
    let mut pools: Vec<Grows> = Vec::new();
    for (position, a_week) in pace.iter().copied().enumerate().take(cluster.pools.len()) {
        if a_week <= 0.0 {
            continue;
        }
        let draws = draws(books, cluster, position);
        if draws.is_empty() {
            return None;
        }
        let mode = cluster.network_mode(&cluster.pools[position])?;
        rooms.extend(draws.iter().map(|draw| (draw.store, draw.room)));
        pools.push(Grows {
            mode,
            a_week,
            nodes: 0,
            draws,
        });
    }
    let (mut weeks, mut nodes) = (0.0, 0);
    loop {
        let due = |pool: &Grows| (pool.nodes + 1) as f64 / pool.a_week;
        let next = pools.iter_mut().min_by(|a, b| due(a).total_cmp(&due(b)))?;
        let short = next
            .draws
            .iter()
            .filter(|draw| rooms[&draw.store] < draw.each)
            .min_by_key(|draw| draw.kind);
        if let Some(draw) = short {
            return Some(Runway {
                weeks,
                nodes,
                limit: draw.kind,
                ends_with: words(books, index, draw, next.mode),
            });
        }
        for draw in &next.draws {
            if let Some(room) = rooms.get_mut(&draw.store) {
                *room -= draw.each;
            }
        }
        weeks = due(next);
        next.nodes += 1;
        nodes += 1;
    }
}

fn words(books: &Books, index: ClusterIndex, draw: &Draw, mode: NetworkMode) -> String {
    let cluster = books.inventory.cluster(index);
    let numbered = |what: String| match draw.kind.rules(mode).first() {
        Some(rule) => format!("{what} ({})", rule.id),
        None => what,
    };
    match draw.store {
        Store::Subnet(subnet) => format!("subnet {}", books.inventory.subnet_name(subnet)),
        Store::Vnet(vnet) => numbered(format!("VNet {}", books.inventory.vnet(vnet).name)),
        Store::Blocks => match cluster.network.pod_cidr_v4() {
            Some(range) => format!("pod CIDR {range}"),
            None => "the pod CIDR".to_string(),
        },
        Store::Pool(position) => {
            numbered(format!("nodes of pool {}", cluster.pools[position].name))
        }
        Store::Nodes => numbered(format!("nodes of cluster {}", cluster.name)),
    }
}

/// An estate after one cluster's move to Overlay with this pod CIDR: its books are [`Books::with_changed`].
pub fn after_the_move(inventory: &Inventory, index: ClusterIndex, pod_cidr: IpNet) -> Inventory {
    let mut after = inventory.clone();
    after.clusters[index.get()] = inventory.cluster(index).on_overlay(pod_cidr);
    after
}

/// The same as [`runway`], after the move with this pod CIDR.
pub fn runway_after(
    books: &Books,
    index: ClusterIndex,
    pace: &Pace,
    pod_cidr: IpNet,
) -> Option<Runway> {
    let after = after_the_move(books.inventory, index, pod_cidr);
    runway(&books.with_changed(&after, index), index, pace)
}

/// A pace of so many nodes a week in all, shared out as nodes are now: the growth of which nobody said anything else. A
/// cluster without nodes grows in its first pool.
pub fn evenly(books: &Books, index: ClusterIndex, a_week: f64) -> Vec<f64> {
    let pools = &books.inventory.cluster(index).pools;
    let nodes = nodes_of(pools, |pool| pool.count);
    pools
        .iter()
        .enumerate()
        .map(|(position, pool)| match (nodes, position) {
            (0, 0) => a_week,
            (0, _) => 0.0,
            _ => a_week * (pool.count as f64 / nodes as f64),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::{Scope, assess};
    use crate::model::parse_cidr;
    use proptest::prelude::*;

    /// Five nodes of 29 addresses in a /24 of 251.
    fn estate() -> Inventory {
        let text = "apiVersion: aksplan/v1\nname: t\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/16]\n    subnets:\n      \
                    - { name: s, cidr: 10.0.0.0/24, foreign: 6 }\nclusters:\n  - name: c\n    network_plugin: azure\n    pools:\n      \
                    - { name: a, count: 2, max_pods: 30, subnet: v/s }\n      - { name: b, count: 3, max_pods: 30, subnet: v/s }\n";
        crate::source::read_document("scenario", text.as_bytes())
            .and_then(crate::source::Found::assemble)
            .unwrap_or_else(|error| panic!("{error}"))
            .current
    }

    fn read(text: &str) -> Inventory {
        crate::source::read_document("scenario", text.as_bytes())
            .and_then(crate::source::Found::assemble)
            .unwrap_or_else(|error| panic!("{error}"))
            .current
    }

    #[test]
    fn weeks_are_whole_nodes_by_pace() {
        let inventory = estate();
        let books = Books::of(&inventory);
        let cluster = ClusterIndex::new(0);
        // 251 - 6 - 5 × 29 = 100 left: three nodes of 29, and 13 addresses that are none.
        let now = runway(&books, cluster, &[0.25, 0.25]).unwrap();
        assert_eq!((now.weeks, now.nodes), (8.0, 3), "{now:?}");
        assert_eq!(
            (now.limit, now.ends_with.as_str()),
            (LimitKind::Subnet, "subnet v/s")
        );
        // A /21 has eight blocks, five of them taken.
        let after = |pace: &[f64], range: &str| {
            let range = parse_cidr(range).unwrap();
            runway_after(&books, cluster, pace, range).unwrap()
        };
        let small = after(&[0.25, 0.0], "192.168.0.0/21");
        assert_eq!((small.weeks, small.limit), (12.0, LimitKind::PodCidr));
        // Of a large range the subnet ends it: 251 - 6 - 5 nodes.
        let large = after(&[0.5, 0.5], "10.128.0.0/12");
        assert_eq!(
            (large.weeks, large.nodes, large.limit),
            (240.0, 240, LimitKind::Subnet)
        );
    }

    /// 590 × 109 + 29 of the VNet's 65,536 are taken: 41 nodes of 29 more, however large the subnet is.
    #[test]
    fn a_vnet_ends_before_its_subnets() {
        let inventory = read(
            "apiVersion: aksplan/v1\nname: vl\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/14]\n    subnets: [{ name: s, \
             cidr: 10.0.0.0/15 }]\nclusters:\n  - name: c\n    network_plugin: azure\n    pools:\n      - { name: a, count: 590, \
             max_pods: 110, subnet: v/s }\n      - { name: b, count: 1, max_pods: 30, subnet: v/s }\n",
        );
        let books = Books::of(&inventory);
        let now = runway(&books, ClusterIndex::new(0), &[0.0, 1.0]).unwrap();
        assert_eq!(
            (now.nodes, now.limit, now.ends_with.as_str()),
            (41, LimitKind::VnetAddresses, "VNet v (SUB-2)")
        );
        assert_eq!(now.urgency(), Urgency::Now);
    }

    /// What a neighbour holds stays held after the move, and so does what is foreign.
    #[test]
    fn after_a_move_others_hold_what_they_held() {
        let mut inventory = estate();
        let mut other = inventory.clusters[0].clone();
        other.name = "d".to_string();
        other.pools.truncate(1);
        inventory.clusters.push(other);
        let books = Books::of(&inventory);
        let range = parse_cidr("10.128.0.0/12").unwrap();
        let after = runway_after(&books, ClusterIndex::new(0), &[1.0, 0.0], range).unwrap();
        // 251 - 6 - 2 × 29 of the neighbour - 5 nodes.
        assert_eq!(after.nodes, 182);
    }

    /// The second pool has no pod subnet: its nodes hold what nodes in a node subnet hold.
    #[test]
    fn each_pool_grows_in_its_own_mode() {
        let inventory = read(
            "apiVersion: aksplan/v1\nname: mixed\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/16]\n    subnets: [{ name: \
             s, cidr: 10.0.0.0/24 }, { name: pods, cidr: 10.0.4.0/22 }]\nclusters:\n  - name: c\n    network_plugin: azure\n    pools:\n      \
             - { name: a, count: 3, max_pods: 30, subnet: v/s, pod_subnet: v/pods }\n      - { name: b, count: 3, max_pods: 30, subnet: \
             v/s }\n",
        );
        let books = Books::of(&inventory);
        // 251 - 3 - 3 × 29 = 161: five of 29.
        let now = runway(&books, ClusterIndex::new(0), &[0.0, 1.0]).unwrap();
        assert_eq!((now.nodes, now.limit), (5, LimitKind::Subnet));
    }

    proptest! {
        /// One pool that grows has as many nodes more as `capacity` says fit, and they come one by one.
        #[test]
        fn a_runway_is_what_fits_by_the_pace(
            length in 20u8..27, foreign in 0u64..40, counts in (0u64..4, 0u64..4), max_pods in 10u32..60, grows in 0usize..2,
            a_week in 0.05f64..5.0, plugin in 0usize..3,
        ) {
            let network = [
                "network_plugin: azure", "network_plugin: azure\n    network_plugin_mode: overlay\n    pod_cidr: 192.168.0.0/20",
                "network_plugin: kubenet\n    pod_cidr: 192.168.0.0/20",
            ][plugin];
            let inventory = read(&format!(
                "apiVersion: aksplan/v1\nname: t\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/16]\n    subnets: [{{ name: \
                 s, cidr: 10.0.0.0/{length}, foreign: {foreign} }}]\nclusters:\n  - name: c\n    {network}\n    pools:\n      - {{ name: a, \
                 count: {}, max_pods: {max_pods}, subnet: v/s }}\n      - {{ name: b, count: {}, max_pods: 30, subnet: v/s }}\n",
                counts.0, counts.1,
            ));
            let books = Books::of(&inventory);
            let index = ClusterIndex::new(0);
            let rows = assess(&inventory, &Scope::default()).pools;
            let fits = rows.iter().find(|row| row.position == grows).unwrap();
            let mut pace = [0.0, 0.0];
            pace[grows] = a_week;
            let lasts = runway(&books, index, &pace).unwrap();
            prop_assert_eq!(Some(lasts.nodes), fits.more_nodes);
            prop_assert!((lasts.weeks - lasts.nodes as f64 / a_week).abs() < 1e-6);
            let first = fits.limits.iter().find(|limit| limit.kind != LimitKind::MaxCount).unwrap();
            prop_assert_eq!(lasts.limit, first.kind);
        }

        /// A /24 of 29 addresses a node, filled by hand: node by node in the order of time.
        #[test]
        fn pools_that_grow_together_share_what_there_is(a in 1u32..9, b in 1u32..9, foreign in 0u64..150) {
            let text = format!(
                "apiVersion: aksplan/v1\nname: t\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/16]\n    subnets: [{{ name: s, \
                 cidr: 10.0.0.0/24, foreign: {foreign} }}]\nclusters:\n  - name: c\n    network_plugin: azure\n    pools:\n      - {{ name: a, \
                 count: 1, max_pods: 30, subnet: v/s }}\n      - {{ name: b, count: 1, max_pods: 50, subnet: v/s }}\n"
            );
            let inventory = read(&text);
            let (mut room, mut weeks, mut nodes) = (251 - foreign - 29 - 49, 0.0, 0);
            // Twelfths of a week would not be exact; every arrival in a long time, sorted, is.
            let mut arrivals: Vec<(f64, u64)> = (1..100).flat_map(|k| [(f64::from(k) / f64::from(a), 29), (f64::from(k) / f64::from(b), 49)]).collect();
            arrivals.sort_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
            for (when, each) in arrivals {
                let Some(left) = room.checked_sub(each) else { break };
                (room, weeks, nodes) = (left, when, nodes + 1);
            }
            let lasts = runway(&Books::of(&inventory), ClusterIndex::new(0), &[f64::from(a), f64::from(b)]).unwrap();
            prop_assert_eq!((lasts.weeks, lasts.nodes), (weeks, nodes));
        }
    }

    #[test]
    fn what_does_not_grow_does_not_end() {
        let inventory = estate();
        let books = Books::of(&inventory);
        assert_eq!(runway(&books, ClusterIndex::new(0), &[0.0, 0.0]), None);
        assert_eq!(evenly(&books, ClusterIndex::new(0), 1.0), [0.4, 0.6]);
    }
}
