//! How long what there is lasts if pools go on growing: weeks until the first range, or the first limit, takes no further node. Whole
//! nodes at their paces, against the limits that `growth` knows; spikes, events and answers of AKS are the simulation's.

use super::growth::{Books, Draw, LimitKind, Store, draws, nodes_of};
use crate::model::{ClusterIndex, Inventory, IpNet, NetworkMode};
use std::collections::{BTreeMap, BTreeSet};

/// How fast a pool grows: what a week adds. Both may be 0 and none is less.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pace {
    pub nodes: f64,
    /// Of the nodes that are wanted by then: it compounds.
    pub percent: f64,
}

/// How pools of an estate grow, as far as somebody says it: by cluster, and by position of the pool in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Paces(BTreeMap<ClusterIndex, Vec<Pace>>);

pub const WEEKS_A_YEAR: f64 = 52.18;
/// More than sums and quotients of paces are wrong by, and no time that anybody asks for.
const ROUNDING: f64 = 1e-6;
/// A thousand years: what has not come by then does not come.
const MOST_WEEKS: f64 = 52_180.0;

impl Pace {
    pub fn steady(nodes: f64) -> Self {
        Pace {
            nodes,
            percent: 0.0,
        }
    }

    /// Nodes that the next week adds to so many.
    pub fn adds(&self, nodes: f64) -> f64 {
        self.nodes + nodes * self.percent / 100.0
    }
}

impl Paces {
    pub fn of(index: ClusterIndex, pools: Vec<Pace>) -> Self {
        Paces(BTreeMap::from([(index, pools)]))
    }

    pub fn insert(&mut self, index: ClusterIndex, pools: Vec<Pace>) {
        self.0.insert(index, pools);
    }

    /// What is said of a cluster's pools; `None`: nobody says.
    pub fn said(&self, index: ClusterIndex) -> Option<&[Pace]> {
        self.0.get(&index).map(Vec::as_slice)
    }

    /// Whether it is said of another cluster that it grows.
    pub fn others_say(&self, index: ClusterIndex) -> bool {
        let mut others = self.0.iter().filter(|(other, _)| **other != index);
        others.any(|(_, pools)| pools.iter().any(|pace| *pace != Pace::default()))
    }

    /// The same, but for one cluster.
    pub fn with(&self, index: ClusterIndex, pools: Vec<Pace>) -> Self {
        let mut paces = self.clone();
        paces.insert(index, pools);
        paces
    }
}

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

/// A pool on its way: when its next node comes.
struct Grows {
    cluster: ClusterIndex,
    mode: NetworkMode,
    pace: Pace,
    /// Nodes now.
    at_first: f64,
    /// Nodes that have come since.
    nodes: u64,
    /// Weeks that are over, and the nodes wanted then, fractions of them included. Not kept of a steady pace.
    wanted: (f64, f64),
    /// When the next one comes, in weeks from now.
    due: f64,
    draws: Vec<Draw>,
}

impl Grows {
    /// `None`: it does not grow, or nothing is known of what its nodes take.
    fn of(books: &Books, index: ClusterIndex, position: usize, pace: Pace) -> Option<Self> {
        let cluster = books.inventory.cluster(index);
        let pool = cluster.pools.get(position)?;
        let draws = draws(books, cluster, position);
        let at_first = pool.count as f64;
        if pace.adds(at_first) <= 0.0 || draws.is_empty() {
            return None;
        }
        let mut grows = Grows {
            cluster: index,
            mode: cluster.network_mode(pool)?,
            pace,
            at_first,
            nodes: 0,
            wanted: (0.0, at_first),
            due: 0.0,
            draws,
        };
        grows.look_ahead();
        Some(grows)
    }

    /// Says when the next node comes: evenly within a week, the percentage being of what is wanted when the week begins.
    fn look_ahead(&mut self) {
        let more = (self.nodes + 1) as f64;
        if self.pace.percent <= 0.0 {
            self.due = more / self.pace.nodes;
            return;
        }
        loop {
            let (week, wanted) = self.wanted;
            let adds = self.pace.adds(wanted);
            let due = week + (self.at_first + more - wanted) / adds;
            if due <= week + 1.0 {
                self.due = due;
                return;
            }
            if week >= MOST_WEEKS {
                self.due = f64::INFINITY;
                return;
            }
            self.wanted = (week + 1.0, wanted + adds);
        }
    }

    /// Whose store it is: two clusters have two pod CIDRs.
    fn key(&self, store: Store) -> (Option<ClusterIndex>, Store) {
        match store {
            Store::Subnet(_) | Store::Vnet(_) => (None, store),
            Store::Blocks | Store::Pool(_) | Store::Nodes => (Some(self.cluster), store),
        }
    }

    fn keys(&self) -> impl Iterator<Item = (Option<ClusterIndex>, Store)> {
        self.draws.iter().map(|draw| self.key(draw.store))
    }
}

/// Of the cluster as these books have it. Ceilings of autoscalers are left aside: a person raises them, and nobody raises a subnet.
/// Other clusters that draw from the same ranges grow along as far as their paces are said, until one of their own nodes has no room;
/// the others stay as they are. `None`: nothing of it grows, or of a pool that grows nothing is known. Pools that grow at once take
/// turns, those of the cluster first, in its order.
pub fn runway(books: &Books, index: ClusterIndex, paces: &Paces) -> Option<Runway> {
    let cluster = books.inventory.cluster(index);
    let mut pools: Vec<Grows> = Vec::new();
    for (position, pace) in paces.said(index)?.iter().enumerate() {
        let grows = Grows::of(books, index, position, *pace);
        let pool = cluster.pools.get(position);
        if grows.is_none() && pool.is_some_and(|pool| pace.adds(pool.count as f64) > 0.0) {
            return None;
        }
        pools.extend(grows);
    }
    let ours: BTreeSet<_> = pools.iter().flat_map(Grows::keys).collect();
    // Where nothing is known of a neighbour in the same range, nothing is known of that range, and nothing is said above.
    for (other, said) in paces.0.iter().filter(|(other, _)| **other != index) {
        let said = said.iter().enumerate();
        let grows = said.filter_map(|(position, pace)| Grows::of(books, *other, position, *pace));
        pools.extend(grows.filter(|grows| grows.keys().any(|key| ours.contains(&key))));
    }
    let mut rooms: BTreeMap<(Option<ClusterIndex>, Store), u64> = BTreeMap::new();
    for grows in &pools {
        let of_it = grows.draws.iter();
        rooms.extend(of_it.map(|draw| (grows.key(draw.store), draw.room)));
    }
    let (mut weeks, mut nodes) = (0.0, 0);
    loop {
        let next = pools.iter().enumerate();
        let (at, _) = next.min_by(|(_, a), (_, b)| a.due.total_cmp(&b.due))?;
        let next = &mut pools[at];
        if next.due.is_infinite() {
            return None;
        }
        let is_ours = next.cluster == index;
        let short = next
            .draws
            .iter()
            .filter(|draw| rooms[&next.key(draw.store)] < draw.each)
            .min_by_key(|draw| draw.kind);
        match short {
            Some(draw) if is_ours => {
                return Some(Runway {
                    weeks,
                    nodes,
                    limit: draw.kind,
                    ends_with: words(books, index, draw, next.mode),
                });
            }
            Some(_) => {
                pools.remove(at);
                continue;
            }
            None => {}
        }
        for draw in &next.draws {
            if let Some(room) = rooms.get_mut(&next.key(draw.store)) {
                *room -= draw.each;
            }
        }
        if is_ours {
            weeks = next.due;
            nodes += 1;
        }
        next.nodes += 1;
        next.look_ahead();
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
    paces: &Paces,
    pod_cidr: IpNet,
) -> Option<Runway> {
    let after = after_the_move(books.inventory, index, pod_cidr);
    runway(&books.with_changed(&after, index), index, paces)
}

/// So many nodes a week in all, shared out as nodes are now: the growth of which nobody said anything else. A cluster without nodes
/// grows in its first pool.
pub fn evenly(books: &Books, index: ClusterIndex, a_week: f64) -> Vec<Pace> {
    let pools = &books.inventory.cluster(index).pools;
    let nodes = nodes_of(pools, |pool| pool.count);
    let shares = pools.iter().enumerate().map(|(position, pool)| {
        Pace::steady(match (nodes, position) {
            (0, 0) => a_week,
            (0, _) => 0.0,
            _ => a_week * (pool.count as f64 / nodes as f64),
        })
    });
    shares.collect()
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

    /// Of the first cluster, nodes a week.
    fn steady(pools: &[f64]) -> Paces {
        let pools = pools.iter().copied().map(Pace::steady);
        Paces::of(ClusterIndex::new(0), pools.collect())
    }

    #[test]
    fn weeks_are_whole_nodes_by_pace() {
        let inventory = estate();
        let books = Books::of(&inventory);
        let cluster = ClusterIndex::new(0);
        // 251 - 6 - 5 × 29 = 100 left: three nodes of 29, and 13 addresses that are none.
        let now = runway(&books, cluster, &steady(&[0.25, 0.25])).unwrap();
        assert_eq!((now.weeks, now.nodes), (8.0, 3), "{now:?}");
        assert_eq!(
            (now.limit, now.ends_with.as_str()),
            (LimitKind::Subnet, "subnet v/s")
        );
        // A /21 has eight blocks, five of them taken.
        let after = |pace: &[f64], range: &str| {
            let range = parse_cidr(range).unwrap();
            runway_after(&books, cluster, &steady(pace), range).unwrap()
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
        let now = runway(&books, ClusterIndex::new(0), &steady(&[0.0, 1.0])).unwrap();
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
        let after =
            runway_after(&books, ClusterIndex::new(0), &steady(&[1.0, 0.0]), range).unwrap();
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
        let now = runway(&books, ClusterIndex::new(0), &steady(&[0.0, 1.0])).unwrap();
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
            let lasts = runway(&books, index, &steady(&pace)).unwrap();
            prop_assert_eq!(Some(lasts.nodes), fits.more_nodes);
            prop_assert!((lasts.weeks - lasts.nodes as f64 / a_week).abs() < 1e-6);
            let first = fits.limits.iter().find(|limit| limit.kind != LimitKind::MaxCount).unwrap();
            prop_assert_eq!(lasts.limit, first.kind);
        }

        /// Arrivals of both clusters in the order of time, the one that is asked about first: against a list that is made beforehand.
        #[test]
        fn neighbours_that_grow_take_their_part(
            a in 1u32..9, b in 0u32..9, counts in (1u64..3, 1u64..3), max_pods in (10u32..40, 10u32..40), percent in 0u32..60,
        ) {
            let inventory = neighbours(counts, max_pods);
            let each = (u64::from(max_pods.0) - 1, u64::from(max_pods.1) - 1);
            let books = Books::of(&inventory);
            let mut room = 251 - counts.0 * each.0 - counts.1 * each.1;
            let mut arrivals: Vec<(f64, u8)> = (1..300).map(|k| (f64::from(k) / f64::from(a), 0)).collect();
            let (mut level, mut come) = (counts.1 as f64, 0u64);
            for week in 0..60 {
                let adds = f64::from(b) + level * f64::from(percent) / 100.0;
                while adds > 0.0 && counts.1 as f64 + (come + 1) as f64 <= level + adds && come < 400 {
                    come += 1;
                    arrivals.push((f64::from(week) + (counts.1 as f64 + come as f64 - level) / adds, 1));
                }
                level += adds;
            }
            arrivals.sort_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
            // Two that come in one instant are a matter of the last bit.
            let apart = arrivals.windows(2).all(|two| (two[1].0 - two[0].0).abs() > 1e-9 || two[0].1 == two[1].1);
            prop_assume!(apart);
            let (mut weeks, mut nodes, mut is_full) = (0.0, 0, false);
            for (when, whose) in arrivals {
                match (whose, is_full) {
                    (0, _) if room < each.0 => break,
                    (0, _) => (room, weeks, nodes) = (room - each.0, when, nodes + 1),
                    (_, true) => {}
                    _ if room < each.1 => is_full = true,
                    _ => room -= each.1,
                }
            }
            let mut paces = steady(&[f64::from(a)]);
            paces.insert(ClusterIndex::new(1), vec![Pace { nodes: f64::from(b), percent: f64::from(percent) }]);
            let lasts = runway(&books, ClusterIndex::new(0), &paces).unwrap();
            prop_assert_eq!(lasts.nodes, nodes);
            prop_assert!((lasts.weeks - weeks).abs() < 1e-6, "{:?} {}", lasts, weeks);
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
            let lasts = runway(&Books::of(&inventory), ClusterIndex::new(0), &steady(&[f64::from(a), f64::from(b)])).unwrap();
            prop_assert_eq!((lasts.weeks, lasts.nodes), (weeks, nodes));
        }
    }

    /// Two clusters in a /24: what both are said to grow by ends it for both, and a neighbour that is full stands still.
    fn neighbours(counts: (u64, u64), max_pods: (u32, u32)) -> Inventory {
        read(&format!(
            "apiVersion: aksplan/v1\nname: t\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/16]\n    subnets: [{{ name: s, \
             cidr: 10.0.0.0/24 }}]\nclusters:\n  - name: c\n    network_plugin: azure\n    pools: [{{ name: a, count: {}, max_pods: {}, \
             subnet: v/s }}]\n  - name: d\n    network_plugin: azure\n    pools: [{{ name: b, count: {}, max_pods: {}, subnet: v/s }}]\n",
            counts.0, max_pods.0, counts.1, max_pods.1,
        ))
    }

    #[test]
    fn what_is_in_percent_compounds() {
        let inventory = neighbours((2, 0), (30, 30));
        // 251 - 58 = 193: six of 29. 2, 3, 4.5, 6.75, 10.125 nodes at half as many again each week: the eighth comes in the fourth.
        let pace = Pace {
            nodes: 0.0,
            percent: 50.0,
        };
        let paces = Paces::of(ClusterIndex::new(0), vec![pace]);
        let lasts = runway(&Books::of(&inventory), ClusterIndex::new(0), &paces).unwrap();
        assert_eq!(lasts.nodes, 6);
        assert!(
            (lasts.weeks - (3.0 + 1.25 / 3.375)).abs() < 1e-9,
            "{lasts:?}"
        );
        // Nothing of nothing is nothing.
        let none = Paces::of(ClusterIndex::new(1), vec![pace]);
        assert_eq!(
            runway(&Books::of(&inventory), ClusterIndex::new(1), &none),
            None
        );
    }

    #[test]
    fn a_neighbour_that_is_full_stands_still() {
        // 251 - 29 - 2 × 99 = 24 left: neither a node of 99 fits nor one of 29.
        let inventory = neighbours((1, 2), (30, 100));
        let mut paces = steady(&[1.0]);
        paces.insert(ClusterIndex::new(1), vec![Pace::steady(5.0)]);
        let lasts = |inventory: &Inventory| {
            runway(&Books::of(inventory), ClusterIndex::new(0), &paces).unwrap()
        };
        assert_eq!(lasts(&inventory).nodes, 0);
        // 251 - 2 × 9 - 2 × 99 = 35 left: three of 9, while the other wants 99 in vain.
        let smaller = neighbours((2, 2), (10, 100));
        assert_eq!(lasts(&smaller).nodes, 3);
    }

    #[test]
    fn what_does_not_grow_does_not_end() {
        let inventory = estate();
        let books = Books::of(&inventory);
        assert_eq!(
            runway(&books, ClusterIndex::new(0), &steady(&[0.0, 0.0])),
            None
        );
        assert_eq!(
            evenly(&books, ClusterIndex::new(0), 1.0),
            [Pace::steady(0.4), Pace::steady(0.6)]
        );
    }
}
