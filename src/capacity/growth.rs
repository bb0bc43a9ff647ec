//! How far pools can grow: the books of an estate (who uses which subnet, who holds what), and for each pool every limit on
//! its way, so that the one that binds first can be named.

use super::answer::pod_cidr_rules;
use super::cost::{POD_SUBNET_BATCH, PerNode, cost_rules, pool_cost};
use super::limits;
use super::occupancy::{self, Occupancy, occupancy};
use super::strangers;
use crate::model::{
    Cluster, ClusterIndex, Holder, Inventory, NetworkMode, NodePool, SubnetIndex, VnetIndex, cidr,
};
use crate::rule::{self, Rule};
use std::collections::HashSet;

/// The books: computed once, asked often.
#[derive(Debug)]
pub struct Books<'a> {
    pub inventory: &'a Inventory,
    /// For each subnet, the pools that use it.
    users: Vec<Vec<(ClusterIndex, usize)>>,
    occupancy: Vec<Occupancy>,
    /// Addresses held in each VNet, as its limit counts them.
    vnet_used: Vec<u64>,
    /// Node resource groups of the clusters that were read.
    node_groups: HashSet<String>,
}

/// A pool that draws from a subnet.
#[derive(Debug, Clone, Copy)]
pub struct User<'a> {
    pub index: ClusterIndex,
    pub cluster: &'a Cluster,
    pub pool: &'a NodePool,
}

impl User<'_> {
    /// What one node takes from a subnet; `None` when the network mode, `max_pods` or the number of nodes is not known.
    pub fn each(&self, subnet: SubnetIndex) -> Option<PerNode> {
        let cost = pool_cost(self.cluster, self.pool)?;
        self.pool
            .knows("node_count")
            .then(|| cost.in_subnet(self.pool, subnet))
    }

    pub fn mode(&self) -> Option<NetworkMode> {
        self.cluster.network_mode(self.pool)
    }

    /// Nodes that hold addresses now.
    pub fn running(&self) -> u64 {
        occupancy::running(self.cluster, self.pool)
    }

    /// Addresses of a pod subnet that `nodes` hold in static blocks.
    pub fn in_blocks(&self, subnet: SubnetIndex, nodes: u64) -> u64 {
        let is_static = self.mode() == Some(NetworkMode::PodSubnetStaticBlock)
            && self.pool.pod_subnet == Some(subnet);
        let each = pool_cost(self.cluster, self.pool)
            .filter(|_| is_static)
            .and_then(|cost| cost.pod_subnet)
            .map_or(0, |cost| cost.held);
        nodes.saturating_mul(each)
    }
}

/// Addresses as a VNet's limit counts them: of those in static blocks, one a block (SUB-2).
pub fn in_vnet(addresses: u64, in_blocks: u64) -> u64 {
    let in_blocks = in_blocks.min(addresses);
    addresses - in_blocks + in_blocks.div_ceil(POD_SUBNET_BATCH)
}

impl<'a> Books<'a> {
    pub fn of(inventory: &'a Inventory) -> Self {
        let mut users = vec![Vec::new(); inventory.subnets.len()];
        for (subnet, pools) in inventory.pools_by_subnet() {
            users[subnet.get()] = pools;
        }
        let mut near: Vec<Vec<ClusterIndex>> = vec![Vec::new(); inventory.vnets.len()];
        for index in inventory.cluster_indices() {
            let cluster = inventory.cluster(index);
            if cluster.kubernetes.is_some() {
                for vnet in inventory.vnets_of_cluster(cluster) {
                    near[vnet.get()].push(index);
                }
            }
        }
        let occupancy: Vec<Occupancy> = inventory
            .subnet_indices()
            .map(|index| {
                let near = &near[inventory.subnet(index).vnet.get()];
                occupancy(inventory, index, &users[index.get()], near)
            })
            .collect();
        let mut books = Books {
            inventory,
            users,
            occupancy,
            vnet_used: Vec::new(),
            node_groups: strangers::node_groups(inventory),
        };
        books.vnet_used = books.used_by_vnet();
        books
    }

    /// The books of `after`, which is the same estate with one cluster changed in what its nodes take: who holds what else stays as it is,
    /// whatever counted it. `after` must have the same subnets, clusters and pools.
    pub fn with_changed<'b>(&self, after: &'b Inventory, changed: ClusterIndex) -> Books<'b> {
        let mut books = Books {
            inventory: after,
            users: self.users.clone(),
            occupancy: self.occupancy.clone(),
            vnet_used: Vec::new(),
            node_groups: self.node_groups.clone(),
        };
        for subnet in after.subnets_of_cluster(after.cluster(changed)) {
            let pools = books.pools(subnet).filter(|user| user.index == changed);
            let held = pools.fold(0u64, |sum, user| {
                let each = user.each(subnet).map_or(0, |each| each.held);
                sum.saturating_add(user.running().saturating_mul(each))
            });
            let occupancy = &mut books.occupancy[subnet.get()];
            let others = occupancy.foreign_to(changed);
            for (_, own) in occupancy
                .by_cluster
                .iter_mut()
                .filter(|(of, _)| *of == changed)
            {
                *own = held;
            }
            occupancy.used = others.saturating_add(held);
        }
        books.vnet_used = books.used_by_vnet();
        books
    }

    fn used_by_vnet(&self) -> Vec<u64> {
        let inventory = self.inventory;
        let mut vnet_used = vec![0u64; inventory.vnets.len()];
        for index in inventory.subnet_indices() {
            let in_blocks = self.pools(index).fold(0, |sum: u64, user| {
                sum.saturating_add(user.in_blocks(index, user.running()))
            });
            let used = &mut vnet_used[inventory.subnet(index).vnet.get()];
            *used = used.saturating_add(in_vnet(self.occupancy(index).used, in_blocks));
        }
        vnet_used
    }

    /// Scale sets in a subnet of clusters that were not read.
    pub fn strangers(&self, subnet: SubnetIndex) -> Vec<&'a Holder> {
        strangers::strangers(self.inventory, &self.node_groups, subnet)
    }

    /// The pools that use a subnet, cluster by cluster.
    pub fn users(&self, subnet: SubnetIndex) -> &[(ClusterIndex, usize)] {
        &self.users[subnet.get()]
    }

    /// The same, followed.
    pub fn pools(&self, subnet: SubnetIndex) -> impl Iterator<Item = User<'a>> + use<'a, '_> {
        self.users(subnet).iter().map(|&(index, position)| {
            let cluster = self.inventory.cluster(index);
            User {
                index,
                cluster,
                pool: &cluster.pools[position],
            }
        })
    }

    pub fn occupancy(&self, subnet: SubnetIndex) -> &Occupancy {
        &self.occupancy[subnet.get()]
    }

    /// Whether pods draw static blocks from a subnet.
    pub fn has_blocks(&self, subnet: SubnetIndex) -> bool {
        self.pools(subnet).any(|user| user.in_blocks(subnet, 1) > 0)
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

    /// Addresses that nodes of AKS may hold: usable less foreign.
    pub fn available(&self, subnet: SubnetIndex) -> u64 {
        let usable = self.inventory.subnet(subnet).usable();
        usable.saturating_sub(self.occupancy(subnet).foreign)
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

    /// What the limit rests on, in this mode.
    pub fn rules(self, mode: NetworkMode) -> Vec<&'static Rule> {
        match self {
            LimitKind::MaxCount => vec![&rule::ISS_2],
            LimitKind::Subnet => {
                let mut rules: Vec<&'static Rule> = vec![&rule::SUB_1];
                // Of the modes with a pod subnet, the cost is about that one.
                if !matches!(
                    mode,
                    NetworkMode::PodSubnetDynamic | NetworkMode::PodSubnetStaticBlock
                ) {
                    rules.extend(cost_rules(mode));
                }
                rules
            }
            LimitKind::PodSubnet => {
                let mut rules: Vec<&'static Rule> = vec![&rule::SUB_1];
                rules.extend(cost_rules(mode));
                rules
            }
            LimitKind::PodCidr => pod_cidr_rules(mode),
            LimitKind::VnetAddresses => vec![&rule::SUB_2],
            LimitKind::ClusterNodes if mode == NetworkMode::Kubenet => vec![&rule::KBN_1],
            LimitKind::PoolNodes | LimitKind::ClusterNodes => vec![&rule::MP_3],
        }
    }
}

/// One limit, and how many more nodes it lets the pool have while every other pool stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub kind: LimitKind,
    pub more_nodes: u64,
}

/// What nodes draw from: the same for all pools that draw from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Store {
    Subnet(SubnetIndex),
    Vnet(VnetIndex),
    /// Blocks of the cluster's pod CIDR.
    Blocks,
    /// Nodes of a pool, by position.
    Pool(usize),
    /// Nodes of the cluster.
    Nodes,
}

/// What one more node of a pool takes from a store, and what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    pub kind: LimitKind,
    pub store: Store,
    pub room: u64,
    /// 1 or more.
    pub each: u64,
}

/// Whether the input says how many nodes there are in every pool that shares a range with this one.
fn counts_known(books: &Books, cluster: &Cluster, pool: &NodePool) -> bool {
    let known = |pool: &NodePool| pool.knows("node_count");
    let mut subnets = [pool.subnet, pool.pod_subnet].into_iter().flatten();
    cluster.pools.iter().all(known)
        && subnets.all(|subnet| books.pools(subnet).all(|user| known(user.pool)))
}

/// Every limit on a pool's way, the first that binds in front. Empty when the network mode is not known, or the subnet, or how many
/// nodes there are.
pub fn growth_limits(books: &Books, cluster: &Cluster, position: usize) -> Vec<Limit> {
    let draws = draws(books, cluster, position).into_iter();
    let mut limits: Vec<Limit> = draws
        .map(|draw| Limit {
            kind: draw.kind,
            more_nodes: draw.room / draw.each,
        })
        .collect();
    let pool = &cluster.pools[position];
    if let Some(autoscaler) = pool.autoscaler.filter(|_| !limits.is_empty()) {
        limits.push(Limit {
            kind: LimitKind::MaxCount,
            more_nodes: autoscaler.max_count.saturating_sub(pool.count),
        });
    }
    limits.sort_by_key(|limit| (limit.more_nodes, limit.kind));
    limits
}

/// What one more node of a pool takes, and from where: all of [`growth_limits`] but the autoscaler's ceiling, which a person raises. Empty
/// where those are.
pub fn draws(books: &Books, cluster: &Cluster, position: usize) -> Vec<Draw> {
    let pool = &cluster.pools[position];
    let (Some(mode), Some(cost)) = (cluster.network_mode(pool), pool_cost(cluster, pool)) else {
        return Vec::new();
    };
    // Nothing is known of a subnet that was not read, or is known only after apply: no number would be true.
    let Some(subnet) = pool.subnet.filter(|_| counts_known(books, cluster, pool)) else {
        return Vec::new();
    };
    let mut draws = Vec::new();
    let mut draw = |kind, store, room, each| {
        draws.push(Draw {
            kind,
            store,
            room,
            each,
        });
    };
    draw(
        LimitKind::Subnet,
        Store::Subnet(subnet),
        books.free(subnet),
        cost.in_subnet(pool, subnet).held,
    );
    draw(
        LimitKind::VnetAddresses,
        Store::Vnet(books.inventory.subnet(subnet).vnet),
        books.vnet_free(subnet),
        cost.in_vnet(mode),
    );
    if let (Some(pods), Some(cost)) = (pool.pod_subnet, cost.pod_subnet)
        && pods != subnet
    {
        let room = books.free(pods);
        draw(LimitKind::PodSubnet, Store::Subnet(pods), room, cost.held);
    }
    let cluster_nodes = nodes_of(&cluster.pools, |pool| pool.count);
    if let (Some(each), Some(range)) = (cost.pod_cidr, cluster.network.pod_cidr_v4()) {
        let blocks = cidr::size(range) / each;
        let room = blocks.saturating_sub(cluster_nodes);
        draw(LimitKind::PodCidr, Store::Blocks, room, 1);
    }
    let room = limits::POOL_NODES.saturating_sub(pool.count);
    draw(LimitKind::PoolNodes, Store::Pool(position), room, 1);
    let room = limits::cluster_nodes(mode).saturating_sub(cluster_nodes);
    draw(LimitKind::ClusterNodes, Store::Nodes, room, 1);
    draws
}

/// Nodes of all pools.
pub fn nodes_of(pools: &[NodePool], nodes: impl Fn(&NodePool) -> u64) -> u64 {
    pools
        .iter()
        .fold(0, |sum, pool| sum.saturating_add(nodes(pool)))
}

/// How many more nodes fit whatever the autoscaler's ceiling says.
pub fn more_nodes(limits: &[Limit]) -> Option<u64> {
    limits
        .iter()
        .find(|limit| limit.kind != LimitKind::MaxCount)
        .map(|limit| limit.more_nodes)
}
