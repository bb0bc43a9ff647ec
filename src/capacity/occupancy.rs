//! Who holds addresses in a subnet now: AKS nodes, cluster by cluster, and everything else (*foreign*: load balancers, private
//! endpoints, virtual machines, clusters that were not read).

use super::cost::pool_cost;
use crate::model::{
    Cluster, ClusterIndex, HolderKind, Inventory, IpNet, NetworkMode, NodePool, PoolKind, Subnet,
    SubnetIndex,
};
use std::collections::BTreeMap;
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
    /// `by_cluster` is what live usages say and not what nodes hold at first: a dynamic pod subnet, where nothing but pods of
    /// AKS may live (SUB-5).
    pub measured: bool,
}

impl Occupancy {
    /// Addresses held by anything but this cluster's nodes: what the service takes off the subnet before it compares (ISS-4).
    pub fn foreign_to(&self, cluster: ClusterIndex) -> u64 {
        let others = self
            .by_cluster
            .iter()
            .filter(|(other, _)| *other != cluster);
        sum(others).saturating_add(self.foreign)
    }
}

fn sum<'a>(by_cluster: impl IntoIterator<Item = &'a (ClusterIndex, u64)>) -> u64 {
    by_cluster
        .into_iter()
        .fold(0, |sum, (_, held)| sum.saturating_add(*held))
}

/// Nodes of a pool that run, and so hold addresses: none where nobody knows how many there are.
pub fn running(cluster: &Cluster, pool: &NodePool) -> u64 {
    if cluster.is_stopped() || !pool.knows("node_count") {
        0
    } else {
        pool.running()
    }
}

/// Who holds what in a subnet that the pools `users` use. `near`: clusters of the same VNet whose Kubernetes objects were read; an
/// internal load balancer may sit in any of its subnets.
pub fn occupancy(
    inventory: &Inventory,
    index: SubnetIndex,
    users: &[(ClusterIndex, usize)],
    near: &[ClusterIndex],
) -> Occupancy {
    let subnet = inventory.subnet(index);
    let mut by_cluster: Vec<(ClusterIndex, u64)> = Vec::new();
    // As the service counts them: a dynamic node's sixteen, without the address that is only inferred (DYN-3).
    let mut at_least = 0u64;
    for &(cluster_index, position) in users {
        let cluster = inventory.cluster(cluster_index);
        let pool = &cluster.pools[position];
        let (held, counted) = pool_cost(cluster, pool).map_or((0, 0), |cost| {
            let each = cost.in_subnet(pool, index);
            let nodes = running(cluster, pool);
            (
                nodes.saturating_mul(each.held),
                nodes.saturating_mul(each.counted),
            )
        });
        at_least = at_least.saturating_add(counted);
        match by_cluster.last_mut() {
            Some((last, sum)) if *last == cluster_index => *sum = sum.saturating_add(held),
            _ => by_cluster.push((cluster_index, held)),
        }
    }
    let measured = measure(inventory, index, users, &mut by_cluster);
    let held = sum(&by_cluster);
    let (used, basis) = match (subnet.used, measured, subnet.foreign) {
        (Some(used), _, _) => (used, Basis::Usages),
        (None, Some(total), _) => (total, Basis::IpConfigurations),
        (None, None, Some(foreign)) => (held.saturating_add(foreign), Basis::Declared),
        (None, None, None) => (
            held.saturating_add(counted_foreign(inventory, index, users, near)),
            Basis::Counted,
        ),
    };
    // Nothing else may live in a delegated pod subnet (SUB-5): what the first batches do not explain are the later ones. Static
    // blocks have no later ones, so there it is a cluster that was not read.
    let grows_by_batches = users.iter().all(|&(cluster, position)| {
        let cluster = inventory.cluster(cluster);
        let pool = &cluster.pools[position];
        cluster.network_mode(pool) == Some(NetworkMode::PodSubnetDynamic)
            && pool.pod_subnet == Some(index)
            && pool.subnet != Some(index)
    });
    if grows_by_batches && basis == Basis::Usages && used >= at_least && held > 0 {
        share_out(used, held, &mut by_cluster);
        return Occupancy {
            used,
            foreign: 0,
            by_cluster,
            basis,
            unexplained: 0,
            measured: true,
        };
    }
    Occupancy {
        used,
        foreign: used.saturating_sub(held),
        unexplained: held.saturating_sub(used),
        by_cluster,
        basis,
        measured: false,
    }
}

/// Shares `used` out in proportion to the `held` that the clusters' first batches add up to, the remainder to the last that
/// holds any.
fn share_out(used: u64, held: u64, by_cluster: &mut [(ClusterIndex, u64)]) {
    let mut left = used;
    let last = by_cluster.iter().rposition(|(_, share)| *share > 0);
    for (position, (_, share)) in by_cluster.iter_mut().enumerate() {
        let part = u128::from(used) * u128::from(*share) / u128::from(held.max(1));
        *share = match u64::try_from(part) {
            Ok(part) if Some(position) != last => part.min(left),
            _ => left,
        };
        left -= *share;
    }
}

/// In a dual-stack subnet every node has two configurations, and nothing says which is which.
pub fn has_ipv6(subnet: &Subnet) -> bool {
    subnet
        .prefixes
        .iter()
        .any(|prefix| matches!(prefix, IpNet::V6(_)))
}

/// Replaces what the model says of each cluster by what `ipConfigurations` show, where they show its scale sets and it has no
/// other machines here. Returns the total, if the subnet lists its configurations at all.
fn measure(
    inventory: &Inventory,
    index: SubnetIndex,
    users: &[(ClusterIndex, usize)],
    by_cluster: &mut [(ClusterIndex, u64)],
) -> Option<u64> {
    let subnet = inventory.subnet(index);
    let holders = subnet.holders.as_ref()?;
    if has_ipv6(subnet) {
        return None;
    }
    for (cluster_index, held) in by_cluster.iter_mut() {
        let cluster = inventory.cluster(*cluster_index);
        let Some(group) = &cluster.node_resource_group else {
            continue;
        };
        let only_scale_sets = users
            .iter()
            .filter(|(user, _)| user == cluster_index)
            .all(|(_, position)| cluster.pools[*position].kind == PoolKind::ScaleSet);
        let shown = holders
            .iter()
            .filter(|holder| holder.kind == HolderKind::ScaleSet)
            .filter(|holder| {
                holder
                    .resource_group
                    .as_ref()
                    .is_some_and(|known| known.eq_ignore_ascii_case(group))
            })
            .fold(0u64, |sum, holder| sum.saturating_add(holder.addresses));
        if shown > 0 && only_scale_sets {
            *held = shown;
        }
    }
    let total = holders
        .iter()
        .fold(0u64, |sum, holder| sum.saturating_add(holder.addresses));
    // A subnet that lists nothing although nodes should be there was printed by something that leaves the list out.
    (total > 0 || sum(by_cluster.iter()) == 0).then_some(total)
}

/// Something that is no node of the clusters that use a subnet, and the addresses it holds there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignHolder<'a> {
    pub kind: HolderKind,
    pub name: &'a str,
    /// Sorted. Empty where only their number is known.
    pub addresses: Vec<IpAddr>,
    /// Addresses, 1 or more.
    pub count: u64,
}

/// Names of what is foreign in a subnet that the pools `users` use, as far as they are known, in order of kind and name. The
/// number of foreign addresses is [`Occupancy::foreign`], which may be more than these hold.
pub fn foreign_holders<'a>(
    inventory: &'a Inventory,
    index: SubnetIndex,
    users: &[(ClusterIndex, usize)],
) -> Vec<ForeignHolder<'a>> {
    let subnet = inventory.subnet(index);
    let is_node = |kind: HolderKind, group: Option<&str>| {
        let machine = matches!(kind, HolderKind::ScaleSet | HolderKind::NetworkInterface);
        machine
            && users.iter().any(|(cluster, _)| {
                let own = inventory.cluster(*cluster).node_resource_group.as_deref();
                own.zip(group)
                    .is_some_and(|(own, group)| own.eq_ignore_ascii_case(group))
            })
    };
    let mut by_holder: BTreeMap<(HolderKind, String), ForeignHolder> = BTreeMap::new();
    for held in &subnet.addresses {
        if is_node(held.kind, held.holder.resource_group()) {
            continue;
        }
        let holder = by_holder
            .entry((held.kind, held.holder.key()))
            .or_insert_with(|| ForeignHolder {
                kind: held.kind,
                name: held.holder.name(),
                addresses: Vec::new(),
                count: 0,
            });
        holder.addresses.push(held.address);
        holder.count += 1;
    }
    let mut all: Vec<ForeignHolder> = by_holder.into_values().collect();
    // Interfaces and load balancers are told twice, the other time without their addresses.
    let told = |kind: HolderKind| {
        !subnet.addresses.is_empty()
            && matches!(
                kind,
                HolderKind::NetworkInterface | HolderKind::LoadBalancer
            )
    };
    let listed = subnet.holders.iter().flatten();
    all.extend(
        listed
            .filter(|holder| !told(holder.kind))
            .filter(|holder| !is_node(holder.kind, holder.resource_group.as_deref()))
            .map(|holder| ForeignHolder {
                kind: holder.kind,
                name: &holder.name,
                addresses: Vec::new(),
                count: holder.addresses,
            }),
    );
    all.sort();
    all
}

/// Foreign addresses as far as clusters, services and endpoints that were read tell.
fn counted_foreign(
    inventory: &Inventory,
    index: SubnetIndex,
    users: &[(ClusterIndex, usize)],
    near: &[ClusterIndex],
) -> u64 {
    let subnet = inventory.subnet(index);
    let mut foreign = subnet.private_endpoints;
    let mut clusters: Vec<ClusterIndex> = users.iter().map(|(cluster, _)| *cluster).collect();
    clusters.extend(near);
    clusters.sort_unstable();
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
            foreign = foreign.saturating_add(1);
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
        foreign = foreign.saturating_add(frontends.len() as u64);
        foreign = state
            .services
            .iter()
            .filter(|service| match &service.internal_subnet {
                Some(name) => name.eq_ignore_ascii_case(&subnet.name),
                None => first_pool_here,
            })
            .fold(foreign, |sum, service| {
                sum.saturating_add(service.private_link_addresses)
            });
    }
    foreign
}
