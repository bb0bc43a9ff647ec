//! One row a subnet, a pod CIDR and a pool: sums and verdicts. Words are made elsewhere.

use super::assess::{Levels, PodCidrRow, PoolRow, SubnetRow, Verdict};
use super::cost::{self, pool_cost};
use super::failure::{Growing, pod_cidr_failure, subnet_failure};
use super::growth::{Books, User, growth_limits, in_vnet, more_nodes, nodes_of};
use super::limits;
use super::shares::Share;
use super::surge::{nodes_with_surge, surge_nodes};
use crate::model::{Cluster, ClusterIndex, Inventory, NodePool, SubnetIndex, cidr};

/// What the pools of a subnet want of it.
#[derive(Debug, Clone, Default)]
pub(super) struct SubnetDemand {
    pub demand: Levels<u64>,
    pub counted: Levels<u64>,
    pub planned: Levels<u64>,
    /// Of all pools, the most that one's surge holds.
    pub largest_surge: u64,
    /// What pools may hold: usable less foreign.
    pub available: u64,
    /// What running nodes leave of it.
    pub room: u64,
    /// Some pool's part could not be computed, or may be larger.
    pub unknown: bool,
}

impl SubnetDemand {
    pub fn of(books: &Books, index: SubnetIndex, users: &[User]) -> Self {
        let occupancy = books.occupancy(index);
        let mut sums = SubnetDemand {
            available: books.available(index),
            ..SubnetDemand::default()
        };
        let mut running = 0u64;
        for user in users {
            let pool = user.pool;
            // A ceiling that is not known is at least what it was read as.
            sums.unknown |= !ceiling_known(pool);
            let Some(each) = user.each(index) else {
                sums.unknown = true;
                continue;
            };
            sums.demand.add(each.held, pool);
            sums.counted.add(each.counted, pool);
            sums.planned.add(each.planned, pool);
            running = running.saturating_add(user.running().saturating_mul(each.held));
            let surge = surge_nodes(pool, pool.ceiling()).saturating_mul(each.held);
            sums.largest_surge = sums.largest_surge.max(surge);
        }
        if occupancy.measured {
            // What nodes hold is known better than by their first batch; new nodes come on top with theirs.
            let own = occupancy.used;
            let own_and_new = |model: u64| own.saturating_add(model.saturating_sub(running));
            sums.demand = Levels {
                now: own_and_new(sums.demand.now),
                ceiling: own_and_new(sums.demand.ceiling),
                ceiling_with_surge: own_and_new(sums.demand.ceiling_with_surge),
            };
            running = own;
        }
        sums.room = sums.available.saturating_sub(running);
        sums
    }

    /// A pool on its way to its ceiling; one of which nothing is known goes nowhere.
    pub fn growing(&self, user: &User, index: SubnetIndex) -> Growing {
        let each = user.each(index).map_or(0, |each| each.held);
        let nodes = user.running();
        Growing {
            nodes,
            ceiling: if each == 0 {
                nodes
            } else {
                user.pool.ceiling()
            },
            each,
        }
    }

    fn verdict(&self, users: &[User], index: SubnetIndex) -> Verdict {
        if users.is_empty() {
            Verdict::Unused
        } else if self.demand.ceiling > self.available {
            let one_fits = users
                .iter()
                .map(|user| self.growing(user, index))
                .any(|pool| pool.ceiling > pool.nodes && pool.each <= self.room);
            if one_fits {
                Verdict::CeilingShort
            } else {
                Verdict::Full
            }
        } else if self.demand.ceiling_with_surge > self.available {
            Verdict::SurgeShort
        } else if self.unknown {
            Verdict::Unknown
        } else {
            Verdict::Ok
        }
    }
}

pub(super) fn ceiling_known(pool: &NodePool) -> bool {
    ["node_count", "max_count", "auto_scaling_enabled"]
        .iter()
        .all(|field| pool.knows(field))
}

/// What is wanted of a VNet's 65,536 addresses, as that limit counts them (SUB-2).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct VnetDemand {
    pub pools: Levels<u64>,
    /// What others hold in all of its subnets.
    pub foreign: u64,
}

impl VnetDemand {
    /// What is left of the limit; none of its own where no pool is.
    pub fn headroom(&self) -> Levels<i64> {
        let available = limits::VNET_ADDRESSES.saturating_sub(self.foreign);
        self.pools.headroom(available)
    }
}

/// For each VNet.
pub(super) fn vnet_demands(books: &Books) -> Vec<VnetDemand> {
    let inventory = books.inventory;
    let mut demands = vec![VnetDemand::default(); inventory.vnets.len()];
    for index in inventory.subnet_indices() {
        let demand = &mut demands[inventory.subnet(index).vnet.get()];
        demand.foreign = demand
            .foreign
            .saturating_add(books.occupancy(index).foreign);
        if books.users(index).is_empty() {
            continue;
        }
        let users: Vec<User> = books.pools(index).collect();
        let held = SubnetDemand::of(books, index, &users).demand;
        let blocks = |nodes: fn(&NodePool) -> u64| {
            users
                .iter()
                .filter(|user| pool_cost(user.cluster, user.pool).is_some())
                .fold(0u64, |sum, user| {
                    sum.saturating_add(user.in_blocks(index, nodes(user.pool)))
                })
        };
        let add = |sum: u64, held: u64, blocks: u64| sum.saturating_add(in_vnet(held, blocks));
        let sum = demand.pools;
        demand.pools = Levels {
            now: add(sum.now, held.now, blocks(|pool| pool.count)),
            ceiling: add(sum.ceiling, held.ceiling, blocks(NodePool::ceiling)),
            ceiling_with_surge: add(
                sum.ceiling_with_surge,
                held.ceiling_with_surge,
                blocks(|pool| nodes_with_surge(pool, pool.ceiling())),
            ),
        };
    }
    demands
}

/// What the VNet leaves to a subnet of pools: in static blocks 16 addresses are one of the VNet's.
fn left_by_vnet(books: &Books, vnet: &VnetDemand, index: SubnetIndex) -> Levels<i64> {
    let each = if books.has_blocks(index) { 16 } else { 1 };
    let left = vnet.headroom();
    Levels {
        now: left.now.saturating_mul(each),
        ceiling: left.ceiling.saturating_mul(each),
        ceiling_with_surge: left.ceiling_with_surge.saturating_mul(each),
    }
}

pub(super) fn subnet_row(books: &Books, index: SubnetIndex, vnet: &VnetDemand) -> SubnetRow {
    let users: Vec<User> = books.pools(index).collect();
    let sums = SubnetDemand::of(books, index, &users);
    let occupancy = books.occupancy(index);
    let in_subnet = match sums.verdict(&users, index) {
        // Somebody's nodes are there all the same.
        Verdict::Unused if !books.strangers(index).is_empty() => Verdict::Unknown,
        verdict => verdict,
    };
    let mut headroom = sums.demand.headroom(sums.available);
    let mut verdict = in_subnet;
    if sums.demand.ceiling_with_surge > 0 {
        let left = left_by_vnet(books, vnet, index);
        verdict = verdict.max(match (left.ceiling < 0, left.ceiling_with_surge < 0) {
            (true, _) => Verdict::VnetShort,
            (false, true) => Verdict::SurgeShort,
            (false, false) => verdict,
        });
        headroom = Levels {
            now: headroom.now.min(left.now),
            ceiling: headroom.ceiling.min(left.ceiling),
            ceiling_with_surge: headroom.ceiling_with_surge.min(left.ceiling_with_surge),
        };
    }
    SubnetRow {
        index,
        usable: books.inventory.subnet(index).usable(),
        foreign: occupancy.foreign,
        used: occupancy.used,
        basis: occupancy.basis,
        headroom,
        demand: sums.demand,
        counted: sums.counted,
        planned: sums.planned,
        largest_surge: sums.largest_surge,
        verdict,
        in_subnet,
        first_failure: if in_subnet >= Verdict::SurgeShort {
            subnet_failure(books, index, &users, &sums)
        } else {
            None
        },
    }
}

/// Pools of which it is known how many nodes they have.
pub(super) fn known_pools(cluster: &Cluster) -> impl Iterator<Item = &NodePool> {
    cluster.pools.iter().filter(|pool| is_known(pool))
}

/// The parts of all pools that draw from a cluster's pod CIDR, in their order; those whose nodes are not known have none.
pub fn pod_cidr_shares(inventory: &Inventory, index: ClusterIndex) -> Vec<Share> {
    let cluster = inventory.cluster(index);
    let pools = cluster.pools.iter().enumerate();
    pools
        .filter(|(_, pool)| is_known(pool))
        .map(|(position, pool)| {
            let mut demand = Levels::default();
            demand.add(cost::POD_CIDR_PER_NODE, pool);
            Share {
                cluster: index,
                position,
                demand,
            }
        })
        .collect()
}

fn is_known(pool: &NodePool) -> bool {
    pool.knows("node_count")
}

pub(super) fn pod_cidr_row(inventory: &Inventory, index: ClusterIndex) -> Option<PodCidrRow> {
    let cluster = inventory.cluster(index);
    let mode = cluster.mode()?;
    if !mode.has_pod_cidr() {
        return None;
    }
    let range = *cluster.network.pod_cidr_v4()?;
    let addresses = cidr::size(&range);
    let mut demand = Levels::default();
    let mut largest_surge = 0;
    for pool in known_pools(cluster) {
        demand.add(cost::POD_CIDR_PER_NODE, pool);
        let surge = surge_nodes(pool, pool.ceiling()).saturating_mul(cost::POD_CIDR_PER_NODE);
        largest_surge = surge.max(largest_surge);
    }
    let verdict = if demand.ceiling > addresses {
        if demand.now.saturating_add(cost::POD_CIDR_PER_NODE) > addresses {
            Verdict::Full
        } else {
            Verdict::CeilingShort
        }
    } else if demand.ceiling_with_surge > addresses {
        Verdict::SurgeShort
    } else if cluster.pools.iter().all(ceiling_known) {
        Verdict::Ok
    } else {
        Verdict::Unknown
    };
    Some(PodCidrRow {
        cluster: index,
        cidr: range,
        addresses,
        nodes: addresses / cost::POD_CIDR_PER_NODE,
        headroom: demand.headroom(addresses),
        demand,
        largest_surge,
        verdict,
        first_failure: if verdict >= Verdict::SurgeShort {
            pod_cidr_failure(cluster, index, mode, &range)
        } else {
            None
        },
    })
}

pub(super) fn pool_row(books: &Books, index: ClusterIndex, position: usize) -> PoolRow {
    let cluster = books.inventory.cluster(index);
    let pool = &cluster.pools[position];
    let limits = growth_limits(books, cluster, position);
    let more = more_nodes(&limits);
    let largest_step = more.map(|more| match pool.autoscaler {
        Some(autoscaler) => more.min(autoscaler.max_count.saturating_sub(pool.count)),
        None => more.min(admitted_step(books, index, pool)),
    });
    PoolRow {
        cluster: index,
        position,
        mode: cluster.network_mode(pool),
        cost: pool_cost(cluster, pool),
        surge: pool
            .knows("node_count")
            .then(|| surge_nodes(pool, pool.count)),
        more_nodes: more,
        limits,
        largest_step,
    }
}

/// Most nodes a request may add to a pool without an autoscaler: AKS compares all pools, the autoscaled ones at their ceiling.
fn admitted_step(books: &Books, index: ClusterIndex, pool: &NodePool) -> u64 {
    let cluster = books.inventory.cluster(index);
    let Some(own) = pool_cost(cluster, pool) else {
        return 0;
    };
    let mut step = u64::MAX;
    for subnet in [pool.subnet, pool.pod_subnet].into_iter().flatten() {
        let counted = nodes_of(&cluster.pools, |pool| {
            pool_cost(cluster, pool).map_or(0, |cost| {
                let each = cost.in_subnet(pool, subnet).counted;
                each.saturating_mul(pool.counted_nodes())
            })
        });
        let each = own.in_subnet(pool, subnet).counted.max(1);
        let room = books.available_to(index, subnet).saturating_sub(counted);
        step = step.min(room / each);
    }
    if let (Some(each), Some(range)) = (own.pod_cidr, cluster.network.pod_cidr_v4()) {
        let counted = nodes_of(&cluster.pools, NodePool::counted_nodes);
        step = step.min((cidr::size(range) / each).saturating_sub(counted));
    }
    step
}
