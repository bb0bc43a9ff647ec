//! The same cluster under every network mode: what its nodes would take from the node subnet, which pod range it would need,
//! and the largest cluster that fits. What blocks the move is not decided here.

use super::cost::{POD_CIDR_PER_NODE, dynamic_held, node_cost};
use super::growth::Books;
use super::limits;
use super::rows::ceiling_known;
use super::surge::surge_nodes;
use crate::model::{ClusterIndex, IpNet, NetworkMode, OsType, SubnetIndex, cidr};
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
    /// Whether in each node subnet its own pools fit at the ceiling with surge: room in one is no help to another.
    pub fits: bool,
    /// Whether subnet, node count and ceiling of every pool were read: where not, all numbers are of what was.
    pub known: bool,
    /// Addresses of the pod range at the ceiling with surge; `None` where pods need no range of their own.
    pub pod_addresses: Option<u64>,
    /// If every node ran `max_pods` pods: only in a dynamic pod subnet does that change anything.
    pub pod_addresses_loaded: Option<u64>,
    /// The smallest prefix for it; a pod subnet loses Azure's five.
    pub pod_prefix: Option<u8>,
    /// Most nodes the node subnets can hold in this mode, all like the dearest, without surge.
    pub largest: u64,
    /// What bounds it: `subnet`, `pod_cidr` (of the mode the cluster is in, and of its move), `vnet` (SUB-2) or the mode's own limit, `mode`.
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

fn row(books: &Books, index: ClusterIndex, mode: NetworkMode, pod_cidr: Option<&IpNet>) -> ModeRow {
    let inventory = books.inventory;
    let cluster = inventory.cluster(index);
    // Demand at the ceiling with surge, of each node subnet; pools whose subnet is not known have nothing to fit into.
    let mut demand: BTreeMap<Option<SubnetIndex>, u64> = BTreeMap::new();
    let room =
        |subnet: Option<SubnetIndex>| subnet.map_or(0, |subnet| books.available_to(index, subnet));
    let (mut now, mut ceiling, mut with_surge, mut planned) = (0u64, 0u64, 0u64, 0u64);
    let (mut nodes, mut pod_held, mut pod_loaded) = (0u64, 0u64, 0u64);
    let (mut dearest, mut dearest_flat) = (1, 1);
    for pool in &cluster.pools {
        let cost = node_cost(mode, pool.os_type, pool.max_pods);
        let top = pool.ceiling();
        let all = top + surge_nodes(pool, top);
        now += pool.count * cost.node_subnet.held;
        ceiling += top * cost.node_subnet.held;
        with_surge += all * cost.node_subnet.held;
        *demand.entry(pool.subnet).or_default() += all * cost.node_subnet.held;
        planned += all * cost.node_subnet.planned;
        nodes += all;
        dearest = dearest.max(cost.node_subnet.held);
        let in_pod_subnet = cost.pod_subnet.map_or(0, |cost| cost.held);
        dearest_flat = dearest_flat.max(cost.node_subnet.held + in_pod_subnet);
        if let Some(cost) = cost.pod_subnet {
            pod_held += all * cost.held;
            pod_loaded += all * dynamic_held(u64::from(pool.max_pods));
        }
    }
    let pod_addresses = match mode {
        NetworkMode::Kubenet | NetworkMode::Overlay => Some(nodes * POD_CIDR_PER_NODE),
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
    let available = demand.keys().map(|subnet| room(*subnet)).sum();
    let current = cluster.mode() == Some(mode);
    // A node lies in one subnet: what is left over in each does not add up.
    let by_subnet = demand.keys().map(|subnet| room(*subnet) / dearest).sum();
    let mut bounds: Vec<(u64, &'static str)> = vec![(by_subnet, "subnet")];
    let own = cluster.network.pod_cidr_v4();
    let range = match (current, mode) {
        (true, _) => own.filter(|_| mode.has_pod_cidr()),
        (false, NetworkMode::Overlay) => pod_cidr,
        (false, _) => None,
    };
    if let Some(range) = range {
        bounds.push((cidr::size(range) / POD_CIDR_PER_NODE, "pod_cidr"));
    }
    // A static block is one configuration, however many addresses it maps (SUB-2). What others hold elsewhere in the VNet is
    // not taken off: that errs towards too many.
    if mode != NetworkMode::PodSubnetStaticBlock {
        let foreign: u64 = demand
            .keys()
            .flatten()
            .map(|subnet| books.occupancy(*subnet).foreign_to(index))
            .sum();
        let left = limits::VNET_ADDRESSES.saturating_sub(foreign);
        bounds.push((left / dearest_flat, "vnet"));
    }
    bounds.push((limits::cluster_nodes(mode), "mode"));
    let (largest, largest_by) = bounds
        .into_iter()
        .min_by_key(|(nodes, _)| *nodes)
        .expect("the mode is always there");
    let windows = cluster
        .pools
        .iter()
        .filter(|pool| pool.os_type == OsType::Windows);
    ModeRow {
        mode,
        current,
        now,
        ceiling,
        ceiling_with_surge: with_surge,
        planned,
        available,
        fits: demand
            .iter()
            .all(|(subnet, wanted)| *wanted <= room(*subnet)),
        // Every cluster has a pool: where there is none, none was read.
        known: !cluster.pools.is_empty()
            && cluster
                .pools
                .iter()
                .all(|pool| pool.subnet.is_some() && ceiling_known(pool))
            && demand
                .keys()
                .flatten()
                .all(|subnet| is_known(books, *subnet)),
        pod_addresses,
        pod_addresses_loaded: loaded,
        pod_prefix,
        largest,
        largest_by,
        impossible: match mode {
            NetworkMode::Kubenet => windows.map(|pool| pool.name.clone()).collect(),
            _ => Vec::new(),
        },
    }
}
