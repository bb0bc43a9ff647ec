//! The same cluster under every network mode: what its nodes would take from the node subnet, which pod range it would need,
//! and the largest cluster that fits. What blocks the move is not decided here.

use super::cost::{POD_CIDR_PER_NODE, dynamic_held, node_cost};
use super::growth::Books;
use super::limits;
use super::rows::ceiling_known;
use super::surge::surge_nodes;
use crate::model::{ClusterIndex, IpNet, NetworkMode, NodePool, OsType, SubnetIndex, cidr};
use std::collections::BTreeMap;

/// A cluster under one mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeRow {
    pub mode: NetworkMode,
    /// The mode the cluster is in.
    pub current: bool,
    /// Node-subnet addresses: nodes now, at the ceiling, and with all surge at once, as nodes hold them.
    pub now: u64,
    pub ceiling: u64,
    pub ceiling_with_surge: u64,
    /// By the documented formula, at the ceiling with surge.
    pub planned: u64,
    /// Usable addresses of all node subnets less foreign ones.
    pub available: u64,
    /// Whether all nodes and all surge at once fit: in each node subnet its own pools (room in one is no help to another), in the VNet, in
    /// the pod subnets and the pod CIDR of the mode the cluster is in, in the pod CIDR of its move, in the mode's number of nodes; and
    /// whether there is nothing [`impossible`](Self::impossible).
    pub fits: bool,
    /// What they do not fit into first: as [`largest_by`](Self::largest_by).
    pub misfit: Option<&'static str>,
    /// Whether subnet, node count and ceiling of every pool were read: where not, all numbers are of what was.
    pub known: bool,
    /// Addresses of the pod range at the ceiling with surge; `None` where pods need no range of their own.
    pub pod_addresses: Option<u64>,
    /// If every node ran `max_pods` pods: only in a dynamic pod subnet does that change anything.
    pub pod_addresses_loaded: Option<u64>,
    /// The smallest prefix for it; a pod subnet loses Azure's five.
    pub pod_prefix: Option<u8>,
    /// Most nodes of a cluster like this one, without surge: those that are there, and as many more, all like the dearest of their subnet.
    /// Where not all that are there would fit, as many like the dearest as do.
    pub largest: u64,
    /// What bounds it: `subnet`, `pod_subnet` (of the mode the cluster is in), `pod_cidr` (of the mode the cluster is in, and of its move),
    /// `vnet` (SUB-2) or the mode's own limit, `mode`.
    pub largest_by: &'static str,
    /// Pools that this mode cannot have: Windows under kubenet.
    pub impossible: Vec<String>,
}

/// Whether what others take from a subnet is known: a pool of a mode that aksplan does not know takes some of it.
fn is_known(books: &Books, subnet: SubnetIndex) -> bool {
    books.pools(subnet).all(|user| user.each(subnet).is_some())
}

impl ModeRow {
    /// Whether the ceilings fit into what is available in all node subnets together.
    pub fn ceiling_fits(&self) -> bool {
        self.ceiling <= self.available
    }

    /// What bounds the largest cluster, in words.
    pub fn bound(&self) -> &'static str {
        match self.largest_by {
            "subnet" => "the node subnets",
            "pod_subnet" => "the pod subnets",
            "pod_cidr" => "the pod CIDR",
            "vnet" => "the VNet's 65,536 addresses (SUB-2)",
            _ => "the mode's number of nodes",
        }
    }
}

/// A cluster under all six modes. `pod_cidr`: that of its move to Overlay, where one is planned.
pub fn compare(books: &Books, index: ClusterIndex, pod_cidr: Option<&IpNet>) -> Vec<ModeRow> {
    let cluster = books.inventory.cluster(index);
    // kubenet's own is kept where none is named.
    let kept = cluster.network.pod_cidr_v4();
    let kept = kept.filter(|_| cluster.mode() == Some(NetworkMode::Kubenet));
    let pod_cidr = pod_cidr.or(kept);
    NetworkMode::ALL
        .iter()
        .map(|mode| row(books, index, *mode, pod_cidr))
        .collect()
}

/// What pools take from one range.
#[derive(Debug, Default, Clone, Copy)]
struct Part {
    nodes: u64,
    /// Of the nodes that are there.
    now: u64,
    /// At the ceilings with all surge.
    wanted: u64,
    /// One node of the dearest pool that may have nodes.
    dearest: u64,
}

impl Part {
    fn add(&mut self, pool: &NodePool, each: u64) {
        let top = pool.ceiling();
        self.nodes += pool.count;
        self.now += pool.count * each;
        self.wanted += (top + surge_nodes(pool, top)) * each;
        if top > 0 {
            self.dearest = self.dearest.max(each);
        }
    }

    /// As many nodes as there may be in so much room. Where no pool may have a node, no room makes one.
    fn most(&self, room: u64) -> u64 {
        let of = |room: u64| room.checked_div(self.dearest).unwrap_or(0);
        match room.checked_sub(self.now) {
            Some(left) => self.nodes + of(left),
            None => of(room),
        }
    }
}

/// Parts of which each has room of its own.
struct Bound {
    by: &'static str,
    parts: Vec<(Part, u64)>,
}

impl Bound {
    fn most(&self) -> u64 {
        let most = self.parts.iter().map(|(part, room)| part.most(*room));
        most.fold(0, u64::saturating_add)
    }

    fn holds(&self) -> bool {
        self.parts.iter().all(|(part, room)| part.wanted <= *room)
    }
}

fn row(books: &Books, index: ClusterIndex, mode: NetworkMode, pod_cidr: Option<&IpNet>) -> ModeRow {
    let cluster = books.inventory.cluster(index);
    let current = cluster.mode() == Some(mode);
    let (mut now, mut ceiling, mut with_surge, mut planned) = (0u64, 0u64, 0u64, 0u64);
    let (mut pod_held, mut pod_loaded) = (0u64, 0u64);
    // Of pools whose subnet is not known nothing is known.
    let mut in_subnets: BTreeMap<Option<SubnetIndex>, Part> = BTreeMap::new();
    let mut in_pod_subnets: BTreeMap<Option<SubnetIndex>, Part> = BTreeMap::new();
    let (mut in_vnet, mut blocks) = (Part::default(), Part::default());
    for pool in &cluster.pools {
        let cost = node_cost(mode, pool.os_type, pool.max_pods);
        let each = cost.node_subnet.held;
        let in_pod_subnet = cost.pod_subnet.map_or(0, |cost| cost.held);
        let top = pool.ceiling();
        let all = top + surge_nodes(pool, top);
        now += pool.count * each;
        ceiling += top * each;
        with_surge += all * each;
        planned += all * cost.node_subnet.planned;
        pod_held += all * in_pod_subnet;
        if cost.pod_subnet.is_some() {
            pod_loaded += all * dynamic_held(u64::from(pool.max_pods));
        }
        // Pods may draw from the subnet of their nodes.
        let is_one = current && pool.pod_subnet.is_some() && pool.pod_subnet == pool.subnet;
        let there = if is_one { each + in_pod_subnet } else { each };
        in_subnets.entry(pool.subnet).or_default().add(pool, there);
        if current && in_pod_subnet > 0 && !is_one {
            let part = in_pod_subnets.entry(pool.pod_subnet).or_default();
            part.add(pool, in_pod_subnet);
        }
        in_vnet.add(pool, each + in_pod_subnet);
        blocks.add(pool, 1);
    }
    let room =
        |subnet: Option<SubnetIndex>| subnet.map_or(0, |subnet| books.available_to(index, subnet));
    let with_room = |parts: &BTreeMap<Option<SubnetIndex>, Part>| {
        let known = parts.iter().filter(|(subnet, _)| subnet.is_some());
        known.map(|(subnet, part)| (*part, room(*subnet))).collect()
    };
    let mut bounds = vec![Bound {
        by: "subnet",
        parts: with_room(&in_subnets),
    }];
    // A pool of the cluster that has none is in another mode than the cluster, and not bound by one.
    if !in_pod_subnets.is_empty() && !in_pod_subnets.contains_key(&None) {
        bounds.push(Bound {
            by: "pod_subnet",
            parts: with_room(&in_pod_subnets),
        });
    }
    let range = match (current, mode) {
        (true, _) => cluster
            .network
            .pod_cidr_v4()
            .filter(|_| mode.has_pod_cidr()),
        (false, NetworkMode::Overlay) => pod_cidr,
        (false, _) => None,
    };
    if let Some(range) = range {
        bounds.push(Bound {
            by: "pod_cidr",
            parts: vec![(blocks, cidr::size(range) / POD_CIDR_PER_NODE)],
        });
    }
    // A static block is one configuration, however many addresses it maps (SUB-2). What others hold elsewhere in the VNet is
    // not taken off: that errs towards too many.
    if mode != NetworkMode::PodSubnetStaticBlock {
        let foreign: u64 = in_subnets
            .keys()
            .flatten()
            .map(|subnet| books.occupancy(*subnet).foreign_to(index))
            .sum();
        bounds.push(Bound {
            by: "vnet",
            parts: vec![(in_vnet, limits::VNET_ADDRESSES.saturating_sub(foreign))],
        });
    }
    bounds.push(Bound {
        by: "mode",
        parts: vec![(blocks, limits::cluster_nodes(mode))],
    });
    let (largest, largest_by) = bounds
        .iter()
        .map(|bound| (bound.most(), bound.by))
        .min_by_key(|(nodes, _)| *nodes)
        .expect("the mode is always there");
    let misfit = bounds.iter().find(|bound| !bound.holds());
    let misfit = misfit.map(|bound| bound.by);
    let windows = cluster
        .pools
        .iter()
        .filter(|pool| pool.os_type == OsType::Windows);
    let impossible: Vec<String> = match mode {
        NetworkMode::Kubenet => windows.map(|pool| pool.name.clone()).collect(),
        _ => Vec::new(),
    };
    let pod_addresses = match mode {
        NetworkMode::Kubenet | NetworkMode::Overlay => Some(blocks.wanted * POD_CIDR_PER_NODE),
        NetworkMode::PodSubnetDynamic | NetworkMode::PodSubnetStaticBlock => Some(pod_held),
        NetworkMode::NodeSubnet | NetworkMode::Byo => None,
    };
    let loaded = (mode == NetworkMode::PodSubnetDynamic).then_some(pod_loaded);
    let pod_prefix = pod_addresses.and_then(|addresses| {
        if mode.has_pod_cidr() {
            cidr::smallest_prefix_of_size(addresses)
        } else {
            cidr::smallest_subnet_for(loaded.unwrap_or(addresses))
        }
    });
    let subnets = || in_subnets.keys().flatten();
    ModeRow {
        mode,
        current,
        now,
        ceiling,
        ceiling_with_surge: with_surge,
        planned,
        available: subnets().map(|subnet| room(Some(*subnet))).sum(),
        fits: misfit.is_none() && impossible.is_empty(),
        misfit,
        // Every cluster has a pool: where there is none, none was read.
        known: !cluster.pools.is_empty()
            && cluster
                .pools
                .iter()
                .all(|pool| pool.subnet.is_some() && ceiling_known(pool))
            && subnets().all(|subnet| is_known(books, *subnet)),
        pod_addresses,
        pod_addresses_loaded: loaded,
        pod_prefix,
        largest,
        largest_by,
        impossible,
    }
}
