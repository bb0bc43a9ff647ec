//! What turning one knob by one unit frees in a node subnet or a pod CIDR, and how far it must be turned, alone, for the ceiling and its
//! surge to fit. Advice only; whether a knob can be turned at all (an in-use subnet cannot grow, SUB-3) is said beside it.

use super::assess::{PodCidrRow, SubnetRow};
use super::cost::{POD_CIDR_PER_NODE, node_cost, pool_cost};
use super::free::pod_growth;
use super::growth::{Books, User};
use super::limits;
use super::rows::known_pools;
use super::surge::{nodes_with_surge, surge_nodes};
use crate::model::{
    Cluster, ClusterIndex, IntOrPercent, Inventory, NetworkMode, NodePool, PoolMode, cidr,
};
use crate::rule::{self, Rule};
use std::collections::BTreeMap;

/// A thing somebody may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnobKind {
    /// The autoscaler's ceiling of a pool.
    MaxCount,
    /// `max_pods` of a pool that replaces this one: it is immutable in a pool (MP-2).
    MaxPods,
    /// `max_surge` of a pool.
    MaxSurge,
    /// A larger subnet: a new one, with new pools in it (SUB-3).
    Prefix,
    /// The cluster's move to Azure CNI Overlay.
    Overlay,
    /// A larger pod CIDR around the present one, in place (EXP-1).
    PodCidr,
}

impl KnobKind {
    pub fn key(self) -> &'static str {
        match self {
            KnobKind::MaxCount => "max_count",
            KnobKind::MaxPods => "max_pods",
            KnobKind::MaxSurge => "max_surge",
            KnobKind::Prefix => "prefix",
            KnobKind::Overlay => "overlay",
            KnobKind::PodCidr => "pod_cidr",
        }
    }
}

/// One knob.
#[derive(Debug, Clone, PartialEq)]
pub struct Knob {
    pub kind: KnobKind,
    /// `cluster/pool`, or the cluster, or nothing for the subnet itself.
    pub of: Option<String>,
    /// The setting today.
    pub now: String,
    /// Addresses that one unit frees at the ceiling with surge; for a prefix and a pod CIDR, what one bit adds; for Overlay, everything.
    pub frees: u64,
    /// The setting at which ceiling and surge fit, everything else unchanged. `None`: this knob alone is not enough.
    pub enough: Option<String>,
    pub note: &'static str,
    pub rules: Vec<&'static Rule>,
}

/// One pool as the knobs see it.
#[derive(Debug, Clone, Copy)]
pub struct Turning<'a> {
    pub cluster: &'a Cluster,
    pub pool: &'a NodePool,
    /// Addresses this pool may take: what is available less what all others want at ceiling with surge.
    pub room: u64,
}

/// What one unit of each knob frees in this subnet. Asked row by row: a fleet's table needs few of them.
pub fn subnet_knobs(books: &Books, row: &SubnetRow) -> Vec<Knob> {
    let users: Vec<User> = books.pools(row.index).collect();
    // Beyond what the VNet lets them hold no subnet helps (SUB-2).
    let available = row.allowed();
    let subnet = books.inventory.subnet(row.index);
    let mut knobs: Vec<Knob> = Vec::new();
    let mut overlay: BTreeMap<ClusterIndex, u64> = BTreeMap::new();
    for user in &users {
        let (cluster, pool) = (user.cluster, user.pool);
        let Some(cost) = pool_cost(cluster, pool) else {
            continue;
        };
        if pool.subnet != Some(row.index) || !pool.knows("node_count") {
            continue;
        }
        let nodes = nodes_with_surge(pool, pool.ceiling());
        let own = nodes.saturating_mul(cost.node_subnet.held);
        let room = available.saturating_sub(row.demand.ceiling_with_surge.saturating_sub(own));
        knobs.extend(pool_knobs(Turning {
            cluster,
            pool,
            room,
        }));
        if user.mode() == Some(NetworkMode::NodeSubnet) {
            let frees = overlay.entry(user.index).or_default();
            *frees = frees.saturating_add(own - nodes);
        }
    }
    for (cluster, frees) in overlay {
        let left = row.demand.ceiling_with_surge.saturating_sub(frees);
        knobs.push(Knob {
            kind: KnobKind::Overlay,
            of: Some(books.inventory.cluster(cluster).label().to_string()),
            now: "node subnet".to_string(),
            frees,
            enough: (left <= available).then(|| "the move alone".to_string()),
            note: "one-way; pods leave the VNet's addresses",
            rules: vec![&rule::MIG_20, &rule::OVL_1],
        });
    }
    if !users.is_empty()
        && !row.is_bound_by_vnet()
        && let Some(prefix) = subnet.ipv4().next()
    {
        knobs.extend(prefix_knob(
            prefix.prefix_len(),
            row.foreign,
            row.demand.ceiling_with_surge,
            row.planned.ceiling_with_surge,
        ));
    }
    knobs
}

/// The knobs of one pool, in the order a person would try them.
pub fn pool_knobs(turning: Turning) -> Vec<Knob> {
    let Turning {
        cluster,
        pool,
        room,
    } = turning;
    let (Some(mode), Some(cost)) = (cluster.network_mode(pool), pool_cost(cluster, pool)) else {
        return Vec::new();
    };
    let held = cost.node_subnet.held;
    let ceiling = pool.ceiling();
    let mut knobs: Vec<Knob> = max_count_knob(turning, held).into_iter().collect();
    if mode == NetworkMode::NodeSubnet {
        let nodes = nodes_with_surge(pool, ceiling);
        let fits = |max_pods: u64| {
            let cost = node_cost(mode, pool.os_type, max_pods as u32);
            nodes.saturating_mul(cost.node_subnet.held) <= room
        };
        let most = largest(u64::from(pool.max_pods), fits);
        knobs.push(Knob {
            kind: KnobKind::MaxPods,
            of: Some(name(turning)),
            now: pool.max_pods.to_string(),
            frees: nodes,
            enough: most
                .filter(|most| *most >= u64::from(*limits::MAX_PODS.start()))
                .map(|most| most.to_string()),
            note: "of a pool that replaces this one: max_pods cannot be changed in place",
            rules: vec![&rule::MP_2, &rule::CLS_3],
        });
    }
    knobs.extend(max_surge_knob(turning, held));
    knobs
}

/// What one unit of each knob frees in a pod CIDR.
pub fn pod_cidr_knobs(inventory: &Inventory, row: &PodCidrRow) -> Vec<Knob> {
    let cluster = inventory.cluster(row.cluster);
    let mut knobs = Vec::new();
    for pool in known_pools(cluster) {
        let nodes = nodes_with_surge(pool, pool.ceiling());
        let own = nodes.saturating_mul(POD_CIDR_PER_NODE);
        let others = row.demand.ceiling_with_surge.saturating_sub(own);
        let turning = Turning {
            cluster,
            pool,
            room: row.addresses.saturating_sub(others),
        };
        knobs.extend(max_count_knob(turning, POD_CIDR_PER_NODE));
        knobs.extend(max_surge_knob(turning, POD_CIDR_PER_NODE));
    }
    if let Some(growth) = pod_growth(inventory, row.cluster, row.demand.ceiling_with_surge) {
        knobs.push(Knob {
            kind: KnobKind::PodCidr,
            of: Some(cluster.label().to_string()),
            now: growth.now.to_string(),
            frees: row.addresses,
            enough: growth.enough.map(|range| range.to_string()),
            note: match (growth.has_windows, growth.enough) {
                (true, _) => "with Windows nodes it does not grow in place",
                (false, Some(_)) => "in place and never back, by az aks update --pod-cidr",
                (false, None) => "no range around it that is free is large enough",
            },
            rules: vec![&rule::EXP_1],
        });
    }
    knobs
}

/// `cluster/pool`
fn name(turning: Turning) -> String {
    format!("{}/{}", turning.cluster.label(), turning.pool.name)
}

/// `each`: addresses that a node takes of the range; so below.
fn max_count_knob(turning: Turning, each: u64) -> Option<Knob> {
    let Turning { pool, room, .. } = turning;
    let autoscaler = pool.autoscaler?;
    let fits = |max: u64| nodes_with_surge(pool, max).saturating_mul(each) <= room;
    let most = largest(autoscaler.max_count, fits);
    Some(Knob {
        kind: KnobKind::MaxCount,
        of: Some(name(turning)),
        now: autoscaler.max_count.to_string(),
        frees: each,
        enough: most
            // Below the nodes there are nothing is freed until somebody takes them away.
            .filter(|most| *most >= autoscaler.min_count.max(pool.count).max(1))
            .map(|most| most.to_string()),
        note: "fewer nodes at the ceiling",
        rules: vec![&rule::ISS_2],
    })
}

fn max_surge_knob(turning: Turning, each: u64) -> Option<Knob> {
    let Turning { pool, room, .. } = turning;
    let ceiling = pool.ceiling();
    let surge = surge_nodes(pool, ceiling);
    if surge == 0 {
        return None;
    }
    let most = room
        .checked_sub(ceiling.saturating_mul(each))
        .map(|left| (left / each).min(surge));
    Some(Knob {
        kind: KnobKind::MaxSurge,
        of: Some(name(turning)),
        now: match pool.upgrade.max_surge {
            Some(IntOrPercent::Percent(percent)) => format!("{percent}% = {surge}"),
            Some(IntOrPercent::Int(_)) => surge.to_string(),
            None => format!("10% (default) = {surge}"),
        },
        frees: each,
        enough: most.and_then(|most| match (most, pool.mode) {
            // No surge at all takes max_unavailable, which System pools may not have (UPG-7).
            (0, PoolMode::System) => None,
            (0, _) => Some(NO_SURGE.to_string()),
            (most, _) => Some(most.to_string()),
        }),
        note: "only while an upgrade runs",
        rules: vec![&rule::UPG_2, &rule::UPG_7],
    })
}

/// The value of `max_surge` that upgrades a user pool without a surge node, and what it takes (UPG-7).
pub const NO_SURGE: &str = "0, with max_unavailable 1";

/// The knobs of the subnet: a larger prefix by what nodes hold, and what the documentation's formula would plan.
pub fn prefix_knob(length: u8, foreign: u64, held: u64, planned: u64) -> Option<Knob> {
    let enough = cidr::smallest_subnet_for(foreign.saturating_add(held))?;
    let by_plan = cidr::smallest_subnet_for(foreign.saturating_add(planned))?;
    let enough = if enough == by_plan {
        format!("/{enough}")
    } else {
        format!("/{enough}; /{by_plan} by the documented formula")
    };
    Some(Knob {
        kind: KnobKind::Prefix,
        of: None,
        now: format!("/{length}"),
        frees: 1u64 << (32 - u32::from(length.clamp(1, 32))),
        enough: Some(enough),
        note: "a new subnet with new pools in it: a subnet in use cannot be resized",
        rules: vec![&rule::SUB_3, &rule::CLS_1],
    })
}

/// The largest value from 0 to `most` that fits, where fitting ends somewhere and never starts again.
fn largest(most: u64, fits: impl Fn(u64) -> bool) -> Option<u64> {
    if !fits(0) {
        return None;
    }
    let (mut yes, mut no) = (0, most.saturating_add(1));
    while no - yes > 1 {
        let middle = yes + (no - yes) / 2;
        if fits(middle) {
            yes = middle
        } else {
            no = middle
        }
    }
    Some(yes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn largest_agrees_with_trying_every_value(most in 0u64..200, bound in 0u64..250) {
            let naive = (0..=most).rfind(|value| *value <= bound);
            prop_assert_eq!(largest(most, |value| value <= bound), naive);
        }
    }
}
