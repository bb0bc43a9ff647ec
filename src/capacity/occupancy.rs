//! Who holds addresses in a subnet now: AKS nodes, cluster by cluster, and everything else (*foreign*: load balancers, private
//! endpoints, virtual machines, clusters that were not read).

use super::cost::pool_cost;
use crate::model::{Cluster, ClusterIndex, HolderKind, Inventory, NodePool, Subnet, SubnetIndex};
use std::net::IpAddr;

/// Where the number of held addresses comes from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The VNet's usages (NET-1): the whole truth at one instant.
    Usages,
    /// The subnet's `ipConfigurations`, one an address.
    IpConfigurations,
    /// A scenario states it.
    Declared,
    /// Added up from clusters, services and private endpoints that were read; anything else is missed.
    Counted,
}

impl Basis {
    pub fn word(self) -> &'static str {
        match self {
            Basis::Usages => "live usages",
            Basis::IpConfigurations => "ipConfigurations",
            Basis::Declared => "declared",
            Basis::Counted => "counted from what was read",
        }
    }
}

/// Who holds what in one subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupancy {
    /// Addresses held by anything.
    pub used: u64,
    /// Addresses held by something that is no node of a cluster that was read.
    pub foreign: u64,
    /// Addresses held by each cluster's nodes and pods.
    pub by_cluster: Vec<(ClusterIndex, u64)>,
    pub basis: Basis,
    /// Addresses by which live usages fall short of what the clusters' nodes should hold; 0 when they agree.
    pub unexplained: u64,
}

impl Occupancy {
    /// Addresses held by anything but this cluster's nodes: what the service takes off the subnet before it compares (ISS-4).
    pub fn foreign_to(&self, cluster: ClusterIndex) -> u64 {
        let others: u64 = self
            .by_cluster
            .iter()
            .filter(|(other, _)| *other != cluster)
            .map(|(_, held)| held)
            .sum();
        self.foreign + others
    }
}

/// Addresses that one pool's nodes hold in a subnet when `nodes` of them run.
fn held_in(cluster: &Cluster, pool: &NodePool, subnet: SubnetIndex, nodes: u64) -> u64 {
    let Some(cost) = pool_cost(cluster, pool) else {
        return 0;
    };
    let mut each = 0;
    if pool.subnet == Some(subnet) {
        each += cost.node_subnet.held;
    }
    if pool.pod_subnet == Some(subnet) {
        each += cost.pod_subnet.map_or(0, |cost| cost.held);
    }
    nodes.saturating_mul(each)
}

/// Who holds what in a subnet that the pools `users` use.
pub fn occupancy(
    inventory: &Inventory,
    index: SubnetIndex,
    users: &[(ClusterIndex, usize)],
) -> Occupancy {
    let subnet = inventory.subnet(index);
    let mut by_cluster: Vec<(ClusterIndex, u64)> = Vec::new();
    for &(cluster_index, position) in users {
        let cluster = inventory.cluster(cluster_index);
        let pool = &cluster.pools[position];
        let nodes = if cluster.is_stopped() {
            0
        } else {
            pool.running()
        };
        let held = held_in(cluster, pool, index, nodes);
        match by_cluster.last_mut() {
            Some((last, sum)) if *last == cluster_index => *sum += held,
            _ => by_cluster.push((cluster_index, held)),
        }
    }
    let measured = measure(inventory, subnet, &mut by_cluster);
    let held: u64 = by_cluster.iter().map(|(_, held)| held).sum();
    let is_pod_subnet = users.iter().any(|&(cluster, position)| {
        inventory.cluster(cluster).pools[position].pod_subnet == Some(index)
    });
    let (used, basis) = match (subnet.used, measured, subnet.foreign) {
        (Some(used), _, _) => (used, Basis::Usages),
        (None, Some(total), _) => (total, Basis::IpConfigurations),
        (None, None, Some(foreign)) => (held + foreign, Basis::Declared),
        (None, None, None) => (
            held + counted_foreign(inventory, index, users),
            Basis::Counted,
        ),
    };
    if is_pod_subnet && basis == Basis::Usages && used > held && held > 0 {
        // Nothing else may live in a delegated pod subnet (SUB-5): what the first batches do not explain are the later ones.
        // Shared out in proportion, the remainder to the last cluster.
        let mut left = used;
        let last = by_cluster.len() - 1;
        for (position, (_, share)) in by_cluster.iter_mut().enumerate() {
            *share = if position == last {
                left
            } else {
                used * *share / held
            };
            left -= *share;
        }
        return Occupancy {
            used,
            foreign: 0,
            by_cluster,
            basis,
            unexplained: 0,
        };
    }
    Occupancy {
        used,
        foreign: used.saturating_sub(held),
        unexplained: held.saturating_sub(used),
        by_cluster,
        basis,
    }
}

/// Replaces what the model says of each cluster by what `ipConfigurations` show, where they show its scale sets. Returns the
/// total, if the subnet lists its configurations at all.
fn measure(
    inventory: &Inventory,
    subnet: &Subnet,
    by_cluster: &mut [(ClusterIndex, u64)],
) -> Option<u64> {
    let holders = subnet.holders.as_ref()?;
    for (cluster, held) in by_cluster.iter_mut() {
        let Some(group) = &inventory.cluster(*cluster).node_resource_group else {
            continue;
        };
        let shown: u64 = holders
            .iter()
            .filter(|holder| holder.kind == HolderKind::ScaleSet)
            .filter(|holder| {
                holder
                    .resource_group
                    .as_ref()
                    .is_some_and(|known| known.eq_ignore_ascii_case(group))
            })
            .map(|holder| holder.addresses)
            .sum();
        if shown > 0 {
            *held = shown;
        }
    }
    let total = holders.iter().map(|holder| holder.addresses).sum();
    // A subnet that lists nothing although nodes should be there was printed by something that leaves the list out.
    let expected: u64 = by_cluster.iter().map(|(_, held)| held).sum();
    (total > 0 || expected == 0).then_some(total)
}

/// Foreign addresses as far as clusters, services and endpoints that were read tell.
fn counted_foreign(
    inventory: &Inventory,
    index: SubnetIndex,
    users: &[(ClusterIndex, usize)],
) -> u64 {
    let subnet = inventory.subnet(index);
    let mut foreign = subnet.private_endpoints;
    let mut clusters: Vec<ClusterIndex> = users.iter().map(|(cluster, _)| *cluster).collect();
    clusters.dedup();
    for cluster in clusters.into_iter().map(|index| inventory.cluster(index)) {
        let first_pool_here = cluster
            .pools
            .first()
            .is_some_and(|pool| pool.subnet == Some(index));
        // The API server's private endpoint sits in the subnet of the first pool. One that the subnet itself lists is that one.
        if cluster.private_cluster
            && !cluster.api_server_vnet_integration
            && first_pool_here
            && subnet.private_endpoints == 0
        {
            foreign += 1;
        }
        let Some(state) = &cluster.kubernetes else {
            continue;
        };
        let mut frontends: Vec<IpAddr> = state
            .services
            .iter()
            .filter(|service| service.internal_load_balancer)
            .flat_map(|service| service.load_balancer_ips.iter().copied())
            .filter(|address| {
                subnet
                    .prefixes
                    .iter()
                    .any(|prefix| prefix.contains(address))
            })
            .collect();
        frontends.sort_unstable();
        frontends.dedup();
        foreign += frontends.len() as u64;
        foreign += state
            .services
            .iter()
            .filter(|service| match &service.internal_subnet {
                Some(name) => name.eq_ignore_ascii_case(&subnet.name),
                None => first_pool_here,
            })
            .map(|service| service.private_link_addresses)
            .sum::<u64>();
    }
    foreign
}
