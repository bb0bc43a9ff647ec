//! What fails first when pools grow: which pool, at how many nodes, and what is answered then.

use super::answer::{self, Certainty, CheckedRange};
use super::assess::FirstFailure;
use super::cost::{POD_CIDR_PER_NODE, cost_rules};
use super::growth::{Books, User, nodes_of};
use super::rows::SubnetDemand;
use super::surge::surge_nodes;
use crate::model::{
    Cluster, ClusterIndex, IpNet, NetworkMode, NodePool, OsType, SubnetIndex, cidr,
};
use crate::rule::{self, Rule};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A pool on its way from the nodes it has to its ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Growing {
    pub nodes: u64,
    pub ceiling: u64,
    /// What one node takes from the range.
    pub each: u64,
}

impl Growing {
    fn wants(self) -> u64 {
        self.ceiling
            .saturating_sub(self.nodes)
            .saturating_mul(self.each)
    }
}

/// The pool that fails, by its position in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failing {
    pub position: usize,
    /// The first node count that does not fit: more than it has, at most its ceiling.
    pub nodes: u64,
    /// What is left of the room when that node is asked for.
    pub left: u64,
    /// Only with all others at their ceilings; else with all others as they are.
    pub others_at_ceiling: bool,
}

/// Which pool fails first in `room` free addresses: the one with the fewest nodes to go, all others staying as they are; if each
/// alone can reach its ceiling, the one that wants most, with all others at theirs. `None` when all reach their ceilings together.
pub(super) fn first_to_fail(pools: &[Growing], room: u64) -> Option<Failing> {
    let growing = || {
        pools
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, pool)| pool.wants() > 0)
    };
    let wanted = growing().fold(0u64, |sum, (_, pool)| sum.saturating_add(pool.wants()));
    if wanted <= room {
        return None;
    }
    let alone = growing()
        .map(|(position, pool)| (position, pool, room / pool.each))
        .filter(|(_, pool, more)| *more < pool.ceiling - pool.nodes)
        // Ties: the one that wants to grow the most.
        .min_by_key(|(_, pool, more)| (*more, Reverse(pool.ceiling - pool.nodes)))
        .map(|(position, pool, more)| Failing {
            position,
            nodes: pool.nodes + more + 1,
            left: room % pool.each,
            others_at_ceiling: false,
        });
    alone.or_else(|| {
        let (position, pool) = growing().max_by_key(|(_, pool)| pool.wants())?;
        let left = room.saturating_sub(wanted - pool.wants());
        Some(Failing {
            position,
            nodes: pool.nodes.saturating_add(left / pool.each + 1),
            left: left % pool.each,
            others_at_ceiling: true,
        })
    })
}

/// Surge that does not fit at the ceiling.
struct Surge {
    /// The pool with the most of it.
    position: usize,
    wanted: u64,
    /// That pool's alone is too much; else only all of them together.
    alone: bool,
}

fn surge_to_fail(surges: &[u64], room: u64) -> Option<Surge> {
    let (position, most) = surges.iter().enumerate().max_by_key(|(_, surge)| **surge)?;
    let all = surges
        .iter()
        .fold(0u64, |sum, surge| sum.saturating_add(*surge));
    let alone = *most > room;
    (all > room).then_some(Surge {
        position,
        wanted: if alone { *most } else { all },
        alone,
    })
}

/// What fails first in a subnet, by ceiling or, where the ceilings fit, by surge.
pub(super) fn subnet_failure(
    books: &Books,
    index: SubnetIndex,
    users: &[User],
    sums: &SubnetDemand,
) -> Option<FirstFailure> {
    let over_ceiling = sums.demand.ceiling > sums.available;
    let held = |user: &User| user.each(index).map_or(0, |each| each.held);
    let growing: Vec<Growing> = users.iter().map(|user| sums.growing(user, index)).collect();
    let mut others_at_ceiling = false;
    // `wanted` addresses at once, `left` there.
    let (position, nodes, new_surge, wanted, left, alone) = if over_ceiling {
        let failing = first_to_fail(&growing, sums.room)?;
        others_at_ceiling = failing.others_at_ceiling;
        let wanted = growing[failing.position].each;
        (
            failing.position,
            failing.nodes,
            0,
            wanted,
            failing.left,
            false,
        )
    } else {
        let surges: Vec<u64> = users
            .iter()
            .map(|user| surge_nodes(user.pool, user.pool.ceiling()).saturating_mul(held(user)))
            .collect();
        let left = sums.available - sums.demand.ceiling;
        let surge = surge_to_fail(&surges, left)?;
        let pool = users[surge.position].pool;
        let surges = surge_nodes(pool, pool.ceiling());
        let nodes = pool.ceiling().saturating_add(surges);
        (
            surge.position,
            nodes,
            surges,
            surge.wanted,
            left,
            surge.alone,
        )
    };
    let user = &users[position];
    let mode = user.mode()?;
    let subnet = books.inventory.subnet(index);
    let cidr = subnet.cidr_text();
    let is_pod_subnet = user.pool.pod_subnet == Some(index);
    let runtime = || {
        // A pod subnet runs dry as a whole, whoever asks last.
        let (wanted_here, left_here) = if over_ceiling {
            (sums.demand.ceiling, sums.available)
        } else {
            (wanted, left)
        };
        let mut answer = match mode {
            NetworkMode::PodSubnetStaticBlock if is_pod_subnet => {
                answer::node_without_pod_addresses(&subnet.name, &cidr, wanted_here, left_here)
            }
            NetworkMode::PodSubnetDynamic if is_pod_subnet => {
                answer::pods_without_addresses(&subnet.name, &cidr, wanted_here, left_here)
            }
            _ => {
                let rules: &[&'static Rule] = match (over_ceiling, alone) {
                    (true, _) => &[],
                    (false, true) => &[&rule::UPG_4],
                    (false, false) => &[&rule::UPG_4, &rule::MIG_20],
                };
                let certainty = Certainty::Documented;
                let full =
                    answer::subnet_is_full(&subnet.name, &cidr, wanted, left, certainty, rules);
                if over_ceiling && user.pool.autoscaler.is_some() {
                    answer::autoscaler_subnet_is_full(&user.pool.name, nodes, full)
                } else {
                    full
                }
            }
        };
        if !over_ceiling {
            answer.certainty = Certainty::Inferred;
        }
        answer
    };
    // The service takes off what other clusters hold now, and adds up this cluster's pools only; an upgrade surges pool by pool.
    let mut by_cluster: BTreeMap<ClusterIndex, u64> = BTreeMap::new();
    for user in users {
        let own = by_cluster.entry(user.index).or_default();
        *own = own.saturating_add(counted_by(user, index, user.pool.counted_nodes()));
    }
    let surge_of = |user: &User| {
        counted_by(
            user,
            index,
            surge_nodes(user.pool, user.pool.counted_nodes()),
        )
    };
    let mut own = by_cluster[&user.index];
    if alone {
        let surges = users.iter().filter(|other| other.index == user.index);
        own = own.saturating_add(surges.map(surge_of).max().unwrap_or(0));
    }
    let checked_against = books.available_to(user.index, index);
    let is_refused = |user: &&User| {
        let surge = surge_of(user);
        surge > 0
            && by_cluster[&user.index].saturating_add(surge) > books.available_to(user.index, index)
    };
    let refused = match alone {
        true => users
            .iter()
            .filter(is_refused)
            .map(|user| (user.index, user.pool.name.clone()))
            .collect(),
        false => Vec::new(),
    };
    let (answer, runtime) = if own > checked_against {
        let mut rules = admission_rules(mode);
        if !over_ceiling {
            rules.push(&rule::ISS_5);
        }
        let admission = answer::insufficient_subnet_size(
            if is_pod_subnet {
                CheckedRange::PodSubnet
            } else {
                CheckedRange::NodeSubnet
            },
            &subnet.name,
            &cidr,
            own,
            checked_against,
            if over_ceiling {
                certainty_of(mode, user.pool.os_type)
            } else {
                Certainty::Inferred
            },
            &rules,
        );
        let by_autoscaler = over_ceiling && user.pool.autoscaler.is_some();
        (admission, by_autoscaler.then(runtime))
    } else {
        (runtime(), None)
    };
    Some(FirstFailure {
        cluster: user.index,
        pool: user.pool.name.clone(),
        nodes,
        surge: new_surge,
        together: !over_ceiling && !alone,
        others_at_ceiling,
        autoscaled: user.pool.autoscaler.is_some(),
        refused,
        answer,
        runtime,
    })
}

/// What the service adds up in a subnet for so many nodes of a pool.
fn counted_by(user: &User, index: SubnetIndex, nodes: u64) -> u64 {
    let each = user.each(index).map_or(0, |each| each.counted);
    nodes.saturating_mul(each)
}

/// What fails first in a pod CIDR of `range`, by ceiling or, where the ceilings fit, by surge.
pub(super) fn pod_cidr_failure(
    cluster: &Cluster,
    index: ClusterIndex,
    mode: NetworkMode,
    range: &IpNet,
) -> Option<FirstFailure> {
    let known = || super::rows::known_pools(cluster);
    let blocks = cidr::size(range) / POD_CIDR_PER_NODE;
    let at = |nodes: fn(&NodePool) -> u64| {
        known().fold(0u64, |sum, pool| sum.saturating_add(nodes(pool)))
    };
    let ceiling = at(|pool| pool.ceiling());
    let growing: Vec<Growing> = known()
        .map(|pool| Growing {
            nodes: pool.count,
            ceiling: pool.ceiling(),
            each: 1,
        })
        .collect();
    let over_ceiling = ceiling > blocks;
    let mut others_at_ceiling = false;
    let (position, nodes, surge, wanted, alone) = if over_ceiling {
        let failing = first_to_fail(&growing, blocks.saturating_sub(at(|pool| pool.count)))?;
        others_at_ceiling = failing.others_at_ceiling;
        (failing.position, failing.nodes, 0, ceiling, false)
    } else {
        let surges: Vec<u64> = known()
            .map(|pool| surge_nodes(pool, pool.ceiling()))
            .collect();
        let surge = surge_to_fail(&surges, blocks - ceiling)?;
        let new = surges[surge.position];
        let nodes = growing[surge.position].ceiling + new;
        let wanted = ceiling + surge.wanted;
        (surge.position, nodes, new, wanted, surge.alone)
    };
    let pool = known().nth(position)?;
    let mut answer = answer::pod_cidr_answer(
        mode,
        range,
        wanted.saturating_mul(POD_CIDR_PER_NODE),
        over_ceiling,
    );
    let asks_nobody = over_ceiling && pool.autoscaler.is_some();
    let mut runtime = asks_nobody.then(|| {
        let others = at(|pool| pool.count).saturating_sub(pool.count);
        let there = others.saturating_add(nodes).max(blocks.saturating_add(1));
        answer::nodes_without_pod_cidr(mode, range, there)
    });
    // What the service adds up: nodes beyond max_count are there, but not counted (ISS-2).
    let counted = nodes_of(&cluster.pools, |pool| pool.counted_nodes());
    if over_ceiling
        && counted <= blocks
        && let Some(runtime) = runtime.take()
    {
        answer = runtime;
    }
    let is_refused = |pool: &&NodePool| {
        let surge = surge_nodes(pool, pool.counted_nodes());
        surge > 0 && counted.saturating_add(surge) > blocks
    };
    let refused = match alone {
        true => known()
            .filter(is_refused)
            .map(|pool| (index, pool.name.clone()))
            .collect(),
        false => Vec::new(),
    };
    Some(FirstFailure {
        cluster: index,
        pool: pool.name.clone(),
        nodes,
        surge,
        together: !over_ceiling && !alone,
        others_at_ceiling,
        autoscaled: pool.autoscaler.is_some(),
        refused,
        answer,
        runtime,
    })
}

/// How sure the number is that the service adds up for this mode.
pub fn certainty_of(mode: NetworkMode, os: OsType) -> Certainty {
    match (mode, os) {
        (NetworkMode::NodeSubnet, OsType::Windows) => Certainty::Inferred,
        // ISS-2 is documented for Overlay, but what is compared with what rests on refusals that were seen (ISS-3, ISS-4).
        (NetworkMode::NodeSubnet, OsType::Linux)
        | (
            NetworkMode::PodSubnetDynamic
            | NetworkMode::PodSubnetStaticBlock
            | NetworkMode::Kubenet
            | NetworkMode::Overlay,
            _,
        ) => Certainty::Observed,
        (NetworkMode::Byo, _) => Certainty::Inferred,
    }
}

/// The rules behind an admission check of this mode.
pub fn admission_rules(mode: NetworkMode) -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> =
        vec![&rule::ISS_1, &rule::ISS_2, &rule::ISS_3, &rule::ISS_4];
    rules.extend(cost_rules(mode));
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pool(nodes: u64, ceiling: u64, each: u64) -> Growing {
        Growing {
            nodes,
            ceiling,
            each,
        }
    }

    #[test]
    fn only_pools_that_grow_fail() {
        // The fixed pool is the largest by far; the other grows from 2 to 5 and finds room for one more.
        let failing = first_to_fail(&[pool(20, 20, 29), pool(2, 5, 29)], 40).unwrap();
        assert_eq!((failing.position, failing.nodes, failing.left), (1, 4, 11));
        assert_eq!(first_to_fail(&[pool(20, 20, 29)], 0), None);
        // Each alone fits, both do not: the one that wants more, the other at its ceiling.
        let failing = first_to_fail(&[pool(0, 5, 1), pool(0, 7, 1)], 8).unwrap();
        assert_eq!((failing.position, failing.nodes), (1, 4));
    }

    proptest! {
        #[test]
        fn a_failing_pool_is_between_its_nodes_and_its_ceiling(
            pools in prop::collection::vec((0u64..30, 0u64..30, 1u64..40), 0..5), room in 0u64..900,
        ) {
            let pools: Vec<Growing> = pools.into_iter().map(|(nodes, more, each)| pool(nodes, nodes + more, each)).collect();
            let wanted: u64 = pools.iter().map(|pool| (pool.ceiling - pool.nodes) * pool.each).sum();
            match first_to_fail(&pools, room) {
                None => prop_assert!(wanted <= room),
                Some(failing) => {
                    let pool = pools[failing.position];
                    prop_assert!(wanted > room);
                    prop_assert!(pool.nodes < failing.nodes && failing.nodes <= pool.ceiling);
                    prop_assert!(failing.left < pool.each);
                    // Alone as every table counts; with the others at their ceilings only where none fails alone.
                    let alone = |pool: &Growing| room / pool.each;
                    let fails_alone = |pool: &Growing| alone(pool) < pool.ceiling - pool.nodes;
                    prop_assert_eq!(failing.others_at_ceiling, !pools.iter().any(fails_alone));
                    if !failing.others_at_ceiling {
                        prop_assert_eq!(failing.nodes, pool.nodes + alone(&pool) + 1);
                    }
                }
            }
        }
    }
}
