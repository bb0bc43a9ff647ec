//! Durations that the snapshot itself shows: how long pods of each workload and nodes of each pool took to become Ready. Never
//! guesses: a workload that shows too few gets the default, and that is said.

use super::policy::{NODE_CREATE, POD_START, Policy};
use super::spread::Spread;
use crate::population::{PodFacts, Population};
use jiff::Timestamp;

/// Fewer show too little of a workload or a pool.
const LEAST_PODS: usize = 2;
const LEAST_NODES: usize = 2;
/// Longer is no start: it flapped since, and its condition tells of that.
const LONGEST_POD_START: i64 = 30 * 60;
const LONGEST_NODE_CREATE: i64 = 30 * 60;

/// Where a duration comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Seen in the snapshot.
    Seen,
    /// Written in the policy.
    Policy,
    /// A documented default, or an assumption where no document says anything.
    Default,
}

impl Origin {
    pub fn key(self) -> &'static str {
        match self {
            Origin::Seen => "seen",
            Origin::Policy => "policy",
            Origin::Default => "default",
        }
    }
}

/// A duration, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duration {
    pub spread: Spread,
    pub origin: Origin,
    /// Number of objects that showed it.
    pub seen: u32,
}

impl Duration {
    /// What the policy says, else the default.
    pub fn chosen(written: Option<Spread>, default: Spread) -> Self {
        Duration {
            spread: written.unwrap_or(default),
            origin: if written.is_some() {
                Origin::Policy
            } else {
                Origin::Default
            },
            seen: 0,
        }
    }

    fn or_seen(written: Option<Spread>, default: Spread, seen: &mut [u32], least: usize) -> Self {
        let count = u32::try_from(seen.len()).unwrap_or(u32::MAX);
        match (written, Spread::seen(seen, least)) {
            (None, Some(spread)) => Duration {
                spread,
                origin: Origin::Seen,
                seen: count,
            },
            _ => Duration::chosen(written, default),
        }
    }
}

/// Bound → Ready, by workload.
pub fn pod_starts(population: &Population, policy: &Policy) -> Vec<Duration> {
    let mut seen: Vec<Vec<u32>> = vec![Vec::new(); population.workloads.len()];
    for (facts, pod) in population.pods.iter().zip(&population.state.pods) {
        let &PodFacts {
            workload: Some(workload),
            ready: true,
            ..
        } = facts
        else {
            continue;
        };
        let bound = pod.scheduled_at.or(pod.created_at);
        if let Some(seconds) = between(bound, pod.ready_changed_at, LONGEST_POD_START) {
            seen[workload.at()].push(seconds);
        }
    }
    seen.iter_mut()
        .map(|seen| Duration::or_seen(policy.pod_start, POD_START, seen, LEAST_PODS))
        .collect()
}

/// Created → Ready, by pool. A node's creation is when it registered: the virtual machine was asked for a minute or so before,
/// so this errs towards too short.
pub fn node_creates(population: &Population, policy: &Policy) -> Vec<Duration> {
    population
        .pools
        .iter()
        .map(|pool| {
            let mut seen: Vec<u32> = pool
                .nodes
                .iter()
                .map(|node| population.node(*node))
                .filter(|node| node.ready)
                .filter_map(|node| {
                    between(node.created_at, node.ready_changed_at, LONGEST_NODE_CREATE)
                })
                .map(|seconds| seconds.saturating_add(NODE_BOOT_SECONDS))
                .collect();
            Duration::or_seen(policy.node_create, NODE_CREATE, &mut seen, LEAST_NODES)
        })
        .collect()
}

/// From asking for a virtual machine until its kubelet registers the node: not visible in the cluster. Assumed.
const NODE_BOOT_SECONDS: u32 = 60;

fn between(from: Option<Timestamp>, to: Option<Timestamp>, longest: i64) -> Option<u32> {
    let seconds = to?.as_second().checked_sub(from?.as_second())?;
    // 0 is a clock's granularity, and a pod that was Ready before it was bound is another pod's instant.
    (0..=longest)
        .contains(&seconds)
        .then(|| u32::try_from(seconds.max(1)).ok())
        .flatten()
}
