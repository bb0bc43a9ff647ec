//! How far pools can grow: the books of an estate (who uses which subnet, who holds what), and for each pool every limit on
//! its way, so that the one that binds first can be named.

use super::cost::{NodeCost, pool_cost};
use super::limits;
use super::occupancy::{Occupancy, occupancy};
use crate::model::{Cluster, ClusterIndex, Inventory, NetworkMode, NodePool, SubnetIndex, cidr};

/// The books: computed once, asked often.
#[derive(Debug)]
pub struct Books<'a> {
    pub inventory: &'a Inventory,
    /// For each subnet, the pools that use it.
    users: Vec<Vec<(ClusterIndex, usize)>>,
    occupancy: Vec<Occupancy>,
    /// Addresses held in each VNet.
    vnet_used: Vec<u64>,
}

impl<'a> Books<'a> {
    pub fn of(inventory: &'a Inventory) -> Self {
        let mut users = vec![Vec::new(); inventory.subnets.len()];
        for (subnet, pools) in inventory.pools_by_subnet() {
            users[subnet.get()] = pools;
        }
        let occupancy: Vec<Occupancy> = inventory
            .subnet_indices()
            .map(|index| occupancy(inventory, index, &users[index.get()]))
            .collect();
        let mut vnet_used = vec![0; inventory.vnets.len()];
        for (subnet, occupancy) in inventory.subnets.iter().zip(&occupancy) {
            vnet_used[subnet.vnet.get()] += occupancy.used;
        }
        Books {
            inventory,
            users,
            occupancy,
            vnet_used,
        }
    }

    /// The pools that use a subnet, cluster by cluster.
    pub fn users(&self, subnet: SubnetIndex) -> &[(ClusterIndex, usize)] {
        &self.users[subnet.get()]
    }

    pub fn occupancy(&self, subnet: SubnetIndex) -> &Occupancy {
        &self.occupancy[subnet.get()]
    }

    /// Addresses nobody holds.
    pub fn free(&self, subnet: SubnetIndex) -> u64 {
        let usable = self.inventory.subnet(subnet).usable();
        usable.saturating_sub(self.occupancy(subnet).used)
    }

    /// Addresses that may still be configured in the subnet's VNet (SUB-2).
    fn vnet_free(&self, subnet: SubnetIndex) -> u64 {
        let vnet = self.inventory.subnet(subnet).vnet;
        limits::VNET_ADDRESSES.saturating_sub(self.vnet_used[vnet.get()])
    }

    /// Addresses the service compares a cluster's demand with: what can be held, less what others hold (ISS-4).
    pub fn available_to(&self, cluster: ClusterIndex, subnet: SubnetIndex) -> u64 {
        let usable = self.inventory.subnet(subnet).usable();
        usable.saturating_sub(self.occupancy(subnet).foreign_to(cluster))
    }
}

/// What stops a pool from growing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitKind {
    /// The autoscaler's own ceiling.
    MaxCount,
    Subnet,
    PodSubnet,
    PodCidr,
    /// 65,536 addresses of a VNet.
    VnetAddresses,
    /// 1,000 nodes of a pool.
    PoolNodes,
    /// 5,000 nodes of a cluster, 400 of a kubenet cluster.
    ClusterNodes,
}

impl LimitKind {
    pub fn key(self) -> &'static str {
        match self {
            LimitKind::MaxCount => "max_count",
            LimitKind::Subnet => "subnet",
            LimitKind::PodSubnet => "pod_subnet",
            LimitKind::PodCidr => "pod_cidr",
            LimitKind::VnetAddresses => "vnet_addresses",
            LimitKind::PoolNodes => "pool_nodes",
            LimitKind::ClusterNodes => "cluster_nodes",
        }
    }
}

/// One limit, and how many more nodes it lets the pool have while every other pool stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub kind: LimitKind,
    pub more_nodes: u64,
}

/// Every limit on a pool's way, the first that binds in front. Empty when the network mode is not known.
pub fn growth_limits(books: &Books, cluster: &Cluster, pool: &NodePool) -> Vec<Limit> {
    let (Some(mode), Some(cost)) = (cluster.network_mode(pool), pool_cost(cluster, pool)) else {
        return Vec::new();
    };
    let mut limits = Vec::new();
    let mut limit = |kind, more_nodes| limits.push(Limit { kind, more_nodes });
    if let Some(autoscaler) = pool.autoscaler {
        limit(
            LimitKind::MaxCount,
            autoscaler.max_count.saturating_sub(pool.count),
        );
    }
    if let Some(subnet) = pool.subnet {
        limit(
            LimitKind::Subnet,
            books.free(subnet) / cost.node_subnet.held,
        );
        if mode != NetworkMode::PodSubnetStaticBlock {
            // A static block is one configuration, however many addresses it maps (SUB-2).
            let each = flat_addresses(&cost);
            limit(LimitKind::VnetAddresses, books.vnet_free(subnet) / each);
        }
    }
    if let (Some(subnet), Some(cost)) = (pool.pod_subnet, cost.pod_subnet) {
        limit(LimitKind::PodSubnet, books.free(subnet) / cost.held);
    }
    let cluster_nodes: u64 = cluster.pools.iter().map(|pool| pool.count).sum();
    if let (Some(each), Some(range)) = (cost.pod_cidr, cluster.network.pod_cidr_v4()) {
        let blocks = cidr::size(range) / each;
        limit(LimitKind::PodCidr, blocks.saturating_sub(cluster_nodes));
    }
    limit(
        LimitKind::PoolNodes,
        limits::POOL_NODES.saturating_sub(pool.count),
    );
    limit(
        LimitKind::ClusterNodes,
        limits::cluster_nodes(mode).saturating_sub(cluster_nodes),
    );
    limits.sort_by_key(|limit| (limit.more_nodes, limit.kind));
    limits
}

/// Addresses of the VNet that one node configures.
fn flat_addresses(cost: &NodeCost) -> u64 {
    cost.node_subnet.held + cost.pod_subnet.map_or(0, |cost| cost.held)
}

/// How many more nodes fit whatever the autoscaler's ceiling says.
pub fn more_nodes(limits: &[Limit]) -> Option<u64> {
    limits
        .iter()
        .find(|limit| limit.kind != LimitKind::MaxCount)
        .map(|limit| limit.more_nodes)
}
