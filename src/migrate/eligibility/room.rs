//! Room for the move: blocks of the pod CIDR, limits of pools and clusters, and the addresses that surge nodes of all pools take
//! from the node subnets at the same time (MIG-21), reckoned hopefully and cautiously (MIG-22).

use super::Eligibility;
use crate::capacity::cost::{POD_CIDR_PER_NODE, node_cost, pool_cost};
use crate::capacity::free::nodes_at_ceiling;
use crate::capacity::limits;
use crate::capacity::occupancy::{Basis, occupancy};
use crate::capacity::surge::surge_nodes;
use crate::finding::{counted, grouped};
use crate::model::{
    Cluster, ClusterIndex, Inventory, IpNet, NetworkMode, PoolMode, SubnetIndex, cidr,
};
use crate::rule;

pub(super) fn pod_cidr_size(cluster: &Cluster, range: &IpNet, found: &mut Eligibility) {
    let nodes = nodes_at_ceiling(cluster);
    let blocks = cidr::size(range) / POD_CIDR_PER_NODE;
    if matches!(range, IpNet::V4(_)) && nodes > blocks {
        found.blocks(
            &rule::MIG_11,
            format!(
                "pod CIDR {range} has {} blocks of 256 addresses; the pools want {} at ceiling and surge",
                grouped(blocks),
                grouped(nodes)
            ),
            "choose a larger one: aksplan cidr suggest --for pod",
        );
    }
}

/// Nodes that run, with the surge of all pools at once, against what a pool and a cluster may have (UPG-5).
pub(super) fn node_limits(cluster: &Cluster, found: &mut Eligibility) {
    let mut all = 0u64;
    for pool in &cluster.pools {
        let nodes = pool.count.saturating_add(surge_nodes(pool, pool.count));
        all = all.saturating_add(nodes);
        if nodes > limits::POOL_NODES {
            found.blocks(
                &rule::UPG_5,
                format!(
                    "pool {} has {} nodes with surge; a pool has at most {}",
                    pool.name,
                    grouped(nodes),
                    grouped(limits::POOL_NODES)
                ),
                "lower max_surge, or the number of nodes",
            );
        }
    }
    let running: u64 = cluster.pools.iter().map(|pool| pool.count).sum();
    if running >= limits::CLUSTER_NODES {
        found.blocks(
            &rule::UPG_5,
            format!(
                "{} nodes: at {} AKS blocks every operation of this kind",
                grouped(running),
                grouped(limits::CLUSTER_NODES)
            ),
            "go below 3,000 nodes for the move, as AKS advises for upgrades",
        );
    } else if all > limits::CLUSTER_NODES {
        found.blocks(
            &rule::UPG_5,
            format!(
                "{} nodes with the surge of all pools; a cluster has at most {}",
                grouped(all),
                grouped(limits::CLUSTER_NODES)
            ),
            "lower max_surge, or the number of nodes",
        );
    } else if cluster.mode() == Some(NetworkMode::Kubenet) && all > limits::KUBENET_NODES {
        // Overlay nodes need no route; whether AKS still counts them while the cluster leaves kubenet is not documented.
        found.warns(
            &rule::KBN_1,
            format!(
                "{} nodes with the surge of all pools: whether kubenet's limit of {} holds until the move is over is not \
                 documented",
                grouped(all),
                grouped(limits::KUBENET_NODES)
            ),
            "lower max_surge for the move until nodes and surge stay within the limit",
        );
    }
}

/// Addresses that the surge nodes of the move take from one node subnet, all pools at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SurgePeak {
    pub subnet: SubnetIndex,
    /// Addresses that nobody holds before the move.
    pub free: u64,
    /// Each surge node takes one address, as Overlay nodes do: the hopeful reading of MIG-22.
    pub hopeful: u64,
    /// Each takes what a node holds now: the cautious reading.
    pub cautious: u64,
    /// The cautious reading with max_surge 0 on user pools and 1 on system pools, which cannot do without (UPG-7).
    pub escape: u64,
    /// `free` comes from the VNet's own usages or its list of addresses, not from what was read of its users.
    pub measured: bool,
}

/// The peak in every node subnet of the cluster, in order of the inventory.
pub fn surge_peaks(inventory: &Inventory, cluster: &Cluster) -> Vec<SurgePeak> {
    let mut subnets: Vec<SubnetIndex> = cluster
        .pools
        .iter()
        .filter_map(|pool| pool.subnet)
        .collect();
    subnets.sort_unstable();
    subnets.dedup();
    subnets
        .into_iter()
        .map(|subnet| surge_peak(inventory, cluster, subnet))
        .collect()
}

fn surge_peak(inventory: &Inventory, cluster: &Cluster, index: SubnetIndex) -> SurgePeak {
    let (mut hopeful, mut cautious, mut escape) = (0u64, 0u64, 0u64);
    for pool in cluster
        .pools
        .iter()
        .filter(|pool| pool.subnet == Some(index))
    {
        let surge = surge_nodes(pool, pool.running());
        let new = node_cost(NetworkMode::Overlay, pool.os_type, pool.max_pods)
            .node_subnet
            .held;
        let old = pool_cost(cluster, pool).map_or(new, |cost| cost.node_subnet.held);
        hopeful = hopeful.saturating_add(surge.saturating_mul(new));
        cautious = cautious.saturating_add(surge.saturating_mul(old));
        if pool.mode == PoolMode::System {
            escape = escape.saturating_add(surge.min(1).saturating_mul(old));
        }
    }
    let held = occupancy(
        inventory,
        index,
        &users(inventory, index),
        &near(inventory, index),
    );
    SurgePeak {
        subnet: index,
        free: inventory.subnet(index).usable().saturating_sub(held.used),
        hopeful,
        cautious,
        escape,
        measured: held.basis != Basis::Counted,
    }
}

/// Pools of any cluster in the subnet.
fn users(inventory: &Inventory, subnet: SubnetIndex) -> Vec<(ClusterIndex, usize)> {
    let mut users = Vec::new();
    for index in inventory.cluster_indices() {
        for (position, pool) in inventory.cluster(index).pools.iter().enumerate() {
            if pool.subnet == Some(subnet) || pool.pod_subnet == Some(subnet) {
                users.push((index, position));
            }
        }
    }
    users
}

/// Clusters of the subnet's VNet whose objects were read: their load balancers may sit in it.
fn near(inventory: &Inventory, subnet: SubnetIndex) -> Vec<ClusterIndex> {
    let home = inventory.subnet(subnet).vnet;
    inventory
        .cluster_indices()
        .filter(|index| inventory.cluster(*index).kubernetes.is_some())
        .filter(|index| {
            inventory
                .vnets_of_cluster(inventory.cluster(*index))
                .contains(&home)
        })
        .collect()
}

/// `1 is`, `12 are`.
fn are(number: u64) -> String {
    counted(number, "is", "are")
}

/// What helps where surge nodes may find no addresses: fewer of them only where that is enough, for system pools cannot do without (UPG-7).
/// `escape` is [`SurgePeak::escape`].
pub fn surge_escape(free: u64, escape: u64) -> String {
    if escape <= free {
        format!(
            "for the move set max_surge 0 with max_unavailable 1 on user pools and max_surge 1 on system pools, which takes \
             {} at most",
            grouped(escape)
        )
    } else {
        format!(
            "free addresses first: even max_surge 0 on user pools and 1 on system pools may take {}",
            grouped(escape)
        )
    }
}

pub(super) fn peaks(inventory: &Inventory, cluster: &Cluster, found: &mut Eligibility) {
    for peak in surge_peaks(inventory, cluster) {
        let name = inventory.subnet_label(peak.subnet);
        let escape = surge_escape(peak.free, peak.escape);
        if peak.hopeful > peak.free {
            found.blocks(
                &rule::MIG_21,
                format!(
                    "{name}: surge nodes of all pools together take at least {}, and {} free",
                    counted(peak.hopeful, "address", "addresses"),
                    are(peak.free)
                ),
                escape,
            );
        } else if peak.cautious > peak.free {
            found.warns(
                &rule::MIG_22,
                format!(
                    "{name}: surge nodes of all pools together take {} if they are Overlay nodes from the start and {} \
                     if they still hold their pods' addresses, which is not documented; {} free",
                    counted(peak.hopeful, "address", "addresses"),
                    grouped(peak.cautious),
                    are(peak.free)
                ),
                escape,
            );
        }
        if !peak.measured && !inventory.subnet(peak.subnet).assumed {
            found.unknown(format!(
                "no live usages were read for {name}: addresses held by anything but what was read are missed (NET-1)"
            ));
        }
    }
}
