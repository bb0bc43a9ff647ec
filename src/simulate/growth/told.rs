//! A failure in the service's words. The wording is [`crate::capacity::answer`]'s; which of its answers it is, is decided here, as
//! `predict` decides it for the same state: `tests/growth.rs` holds the two against each other.

use super::state::State;
use super::watch::{Failure, Kind};
use super::world::{Ask, Place, World};
use crate::capacity::answer::{
    self, Answer, Certainty, CheckedRange, autoscaler_subnet_is_full, insufficient_subnet_size,
    node_without_pod_addresses, nodes_without_pod_cidr, pods_without_addresses, subnet_is_full,
};
use crate::capacity::assess::{admission_rules, certainty_of};
use crate::capacity::cost::POD_CIDR_PER_NODE;
use crate::model::{Inventory, IpNet, NetworkMode, NodePool, SubnetIndex};
use crate::rule::{self, Rule};

/// What AKS, or the network behind it, answers. Asked while the state is still that of the failure.
pub(super) fn answer(
    inventory: &Inventory,
    world: &World,
    state: &State,
    failure: &Failure,
) -> Answer {
    match world.ranges[failure.range].place {
        Place::Subnet(subnet) if failure.kind == Kind::Admission => {
            admission(inventory, world, state, failure, subnet)
        }
        Place::Subnet(subnet) => at_run_time(inventory, world, state, failure, subnet),
        Place::PodCidr(_, range) => pod_cidr(world, state, failure, &range),
    }
}

/// The pools of the cluster that draw from the range, those of the request among them, in their order.
fn users<'a>(
    world: &'a World,
    state: &'a State,
    failure: &'a Failure,
) -> impl Iterator<Item = &'a NodePool> {
    let states = if failure.kind == Kind::Step {
        &state.pools
    } else {
        &state.trial
    };
    let phase = after(world, state, failure);
    let pools = world.sites[failure.site].pools.iter().copied();
    pools
        .filter(move |pool| states[*pool].exists)
        .map(|pool| &world.pools[pool])
        .filter(move |pool| {
            let takes = &pool.takes[phase];
            takes.iter().any(|take| take.range == failure.range)
        })
        .map(|pool| &pool.pool)
}

fn phase(state: &State, failure: &Failure) -> usize {
    state.sites[failure.site].phase
}

fn mode_of(
    inventory: &Inventory,
    world: &World,
    phase: usize,
    site: usize,
    pool: &NodePool,
) -> Option<NetworkMode> {
    let site = &world.sites[site];
    if phase == 1 {
        return site.mode[1];
    }
    inventory.cluster(site.index).network_mode(pool)
}

fn admission(
    inventory: &Inventory,
    world: &World,
    state: &State,
    failure: &Failure,
    index: SubnetIndex,
) -> Answer {
    let subnet = inventory.subnet(index);
    let phase = after(world, state, failure);
    let mut certainty = Certainty::Documented;
    let mut mode = NetworkMode::NodeSubnet;
    let mut range = CheckedRange::NodeSubnet;
    for pool in users(world, state, failure) {
        if let Some(known) = mode_of(inventory, world, phase, failure.site, pool) {
            mode = known;
            certainty = certainty.max(certainty_of(known, pool.os_type));
        }
        if pool.pod_subnet == Some(index) {
            range = CheckedRange::PodSubnet;
        }
    }
    let mut rules = admission_rules(mode);
    if failure.tipped_by_surge {
        certainty = Certainty::Inferred;
        rules.push(&rule::ISS_5);
    }
    insufficient_subnet_size(
        range,
        &subnet.name,
        &subnet.cidr_text(),
        failure.wanted,
        failure.free,
        certainty,
        &rules,
    )
}

/// 1 where the request that is judged is the move, or the cluster has moved.
fn after(world: &World, state: &State, failure: &Failure) -> usize {
    let asks = failure.event.map(|event| &world.requests[event].asks);
    let moves = asks.is_some_and(|asks| asks.contains(&Ask::Move));
    phase(state, failure).max(usize::from(moves))
}

fn at_run_time(
    inventory: &Inventory,
    world: &World,
    state: &State,
    failure: &Failure,
    index: SubnetIndex,
) -> Answer {
    let subnet = inventory.subnet(index);
    let (name, cidr) = (subnet.name.as_str(), subnet.cidr_text());
    let (wanted, free) = (failure.wanted, failure.free);
    let phase = phase(state, failure);
    let subject = failure.pool.map(|pool| &world.pools[pool].pool);
    let is_pods = |pool: &&NodePool| pool.pod_subnet == Some(index);
    // Without room in the pod subnet the machines come all the same, and their pods or they themselves do not.
    let pods = match subject {
        Some(pool) => Some(pool).filter(is_pods),
        None => users(world, state, failure).filter(is_pods).last(),
    };
    let pod_mode = pods.and_then(|pool| mode_of(inventory, world, phase, failure.site, pool));
    match (pod_mode, failure.kind) {
        (Some(NetworkMode::PodSubnetStaticBlock), _) => {
            node_without_pod_addresses(name, &cidr, wanted, free)
        }
        (Some(_), _) => pods_without_addresses(name, &cidr, wanted, free),
        (None, Kind::Step) => {
            let full = subnet_is_full(name, &cidr, wanted, free, Certainty::Observed, &[]);
            autoscaler_subnet_is_full(subject.map_or("", |pool| &pool.name), failure.to, full)
        }
        (None, kind) => {
            let rules: &[&'static Rule] = match kind {
                Kind::Move => &[&rule::MIG_21, &rule::MIG_22],
                _ => &[&rule::UPG_4],
            };
            subnet_is_full(name, &cidr, wanted, free, Certainty::Inferred, rules)
        }
    }
}

fn pod_cidr(world: &World, state: &State, failure: &Failure, range: &IpNet) -> Answer {
    let phase = after(world, state, failure);
    let mode = world.sites[failure.site].mode[phase].unwrap_or(NetworkMode::Overlay);
    if failure.kind == Kind::Admission {
        return answer::pod_cidr_answer(mode, range, failure.wanted, !failure.tipped_by_surge);
    }
    let held = state.used[failure.range].saturating_add(failure.wanted);
    nodes_without_pod_cidr(mode, range, held / POD_CIDR_PER_NODE)
}
