//! Verdicts on workloads: what is down meanwhile though nothing refuses, what takes longer to end than a drain may last, and where
//! DaemonSets do not follow.

use super::{Found, View, finding, pods_word, where_on};
use crate::finding::{Severity, counted};
use crate::model::workload::Taint;
use crate::population::{NodeId, PodId, PoolId, WorkloadFacts, WorkloadId};
use crate::rule;
use std::collections::BTreeMap;

pub(super) fn judge(view: &View, found: &mut Found) {
    for (position, workload) in view.drain.population.workloads.iter().enumerate() {
        let id = WorkloadId::new(position);
        downtime(view, id, workload, found);
        grace(view, Some(workload), view.moved_of(id), found);
    }
    grace(view, None, view.moved_of_nobody(), found);
    daemon_sets(view, found);
}

/// Workloads that no budget holds together: one replica, or all on one node, or all at once.
fn downtime(view: &View, id: WorkloadId, workload: &WorkloadFacts, found: &mut Found) {
    let population = view.drain.population;
    // Jobs are not there to be reachable; a DaemonSet's pods are not evicted.
    if matches!(workload.kind, "Job" | "DaemonSet" | "Node") {
        return;
    }
    let pods: Vec<PodId> = view
        .moved_of(id)
        .iter()
        .copied()
        .filter(|pod| {
            let facts = population.pods[pod.at()];
            facts.ready && !facts.deleting && view.drain.budgets.of_shape(facts.shape).is_empty()
        })
        .collect();
    // Somebody else's pods, on other nodes, stay.
    if pods.is_empty() || pods.len() < view.live[id.at()] as usize {
        return;
    }
    let name = workload.label();
    let on = where_on(population, &pods);
    let new_one = if workload.kind == "StatefulSet" {
        "its replacement is made only when it is gone"
    } else {
        "its replacement needs its time to be ready"
    };
    let wanted = population.desired(id);
    let (severity, code, message, remedy) = if pods.len() == 1
        && wanted.is_none_or(|wanted| wanted <= 1)
    {
        (
            Severity::Warning,
            "single-replica-without-budget",
            format!(
                "{name} has 1 replica, on {on}, and no budget: nothing blocks, but it is down while it moves ({new_one})"
            ),
            format!(
                "Run 2 replicas of {name} for the time of the drain, with a budget of maxUnavailable 1."
            ),
        )
    } else if on_one_node(view, &pods) {
        (
            Severity::Warning,
            "replicas-on-one-node",
            format!(
                "{name} has {} on {on}, and no budget: nothing blocks, but it is down meanwhile",
                match pods.len() {
                    1 => "its only pod".to_string(),
                    more => format!("all its {}", pods_word(more)),
                }
            ),
            format!("Spread {name} over nodes, or give it a budget of maxUnavailable 1."),
        )
    } else {
        (
            Severity::Info,
            "replicas-without-budget",
            format!(
                "{name} has all its {} on {on}, and no budget: where these nodes are drained together, all may go at once",
                pods_word(pods.len())
            ),
            format!("Give {name} a budget of maxUnavailable 1 or 25%."),
        )
    };
    found.push(
        finding(severity, code, message, &[&rule::PDB_5, &rule::UPG_3]),
        pods,
        None,
        remedy,
    );
}

fn on_one_node(view: &View, pods: &[PodId]) -> bool {
    let node_of = |pod: &PodId| view.drain.population.pods[pod.at()].node;
    pods.iter().all(|pod| node_of(pod) == node_of(&pods[0]))
}

/// Time to end, against the time a node's drain may take (UPG-8). A pod may end sooner than its grace: this errs to warning.
fn grace(view: &View, workload: Option<&WorkloadFacts>, pods: &[PodId], found: &mut Found) {
    let population = view.drain.population;
    let options = view.drain.options;
    let timeout_of = |pod: &PodId| {
        let pool = population.pods[pod.at()]
            .node
            .and_then(|node| population.nodes[node.at()].pool);
        let minutes = pool
            .and_then(|pool| population.pools[pool.at()].position)
            .and_then(|position| {
                population.cluster.pools[position]
                    .upgrade
                    .drain_timeout_minutes
            });
        options.timeout_seconds(minutes)
    };
    let mut beyond: Vec<PodId> = Vec::new();
    let mut large: Vec<PodId> = Vec::new();
    let mut longest = 0;
    let mut shortest = u64::MAX;
    for pod in pods {
        let facts = population.pods[pod.at()];
        let Some(timeout) = timeout_of(pod).filter(|_| !facts.phase.is_finished()) else {
            continue;
        };
        let seconds = u64::from(options.grace_seconds(&facts));
        if seconds * 2 < timeout {
            continue;
        }
        longest = longest.max(seconds);
        shortest = shortest.min(timeout);
        if seconds >= timeout {
            beyond.push(*pod);
        } else {
            large.push(*pod);
        }
    }
    let name = workload.map_or(
        "pods without a controller".to_string(),
        WorkloadFacts::label,
    );
    let limit = duration(shortest);
    if !beyond.is_empty() {
        let message = format!(
            "{name}: {} may take {} to end, and a drain of {} ends after {limit} at the latest",
            pods_word(beyond.len()),
            duration(longest),
            where_on(population, &beyond),
        );
        let found_it = finding(
            Severity::Warning,
            "grace-exceeds-drain-timeout",
            message,
            &[&rule::UPG_8],
        );
        let remedy = format!(
            "Raise the drain timeout above {}, or shorten terminationGracePeriodSeconds.",
            duration(longest)
        );
        found.push(found_it, beyond, None, remedy);
    } else if !large.is_empty() {
        let message = format!(
            "{name}: {} may take {} to end, more than half of the {limit} that a drain of {} may last",
            pods_word(large.len()),
            duration(longest),
            where_on(population, &large),
        );
        let found_it = finding(Severity::Info, "grace-long", message, &[&rule::UPG_8]);
        found.push(
            found_it,
            large,
            None,
            "Raise the drain timeout: a pod that waits for a budget starts its grace late.",
        );
    }
}

/// `90 s`, `30 min`.
fn duration(seconds: u64) -> String {
    if seconds >= 120 && seconds.is_multiple_of(60) {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

/// Pools whose nodes a DaemonSet is kept from by taints alone. It may be meant so.
fn daemon_sets(view: &View, found: &mut Found) {
    let population = view.drain.population;
    let mut nodes: Vec<NodeId> = view.drain.nodes.to_vec();
    nodes.retain(|node| node.at() < population.nodes.len());
    nodes.sort_unstable();
    let mut tainted: BTreeMap<PoolId, Vec<&Taint>> = BTreeMap::new();
    for node in nodes {
        let Some(pool) = population.nodes[node.at()].pool else {
            continue;
        };
        // Nodes of a pool have their pool's taints; what a single node has besides, it has for a while.
        tainted.entry(pool).or_insert_with(|| {
            population
                .node(node)
                .taints
                .iter()
                .filter(|taint| lasts(taint))
                .collect()
        });
    }
    tainted.retain(|_, taints| !taints.is_empty());
    if tainted.is_empty() {
        return;
    }
    // One pod stands for all: they are of one template.
    let mut one_of: Vec<Option<PodId>> = vec![None; population.workloads.len()];
    for pod in population.pod_ids() {
        if let Some(workload) = population.pods[pod.at()].workload
            && population.workloads[workload.at()].kind == "DaemonSet"
        {
            one_of[workload.at()].get_or_insert(pod);
        }
    }
    for (position, pod) in one_of.into_iter().enumerate() {
        let Some(pod) = pod else { continue };
        let placement = population.shape_of(pod).placement;
        let wants_certain_nodes = placement.is_some_and(|placement| {
            !placement.node_selector.is_empty()
                || placement
                    .node_affinity
                    .iter()
                    .any(|term| !term.match_expressions.is_empty())
        });
        if wants_certain_nodes {
            continue;
        }
        let tolerations = placement.map_or(&[][..], |placement| &placement.tolerations);
        let kept_from: Vec<String> = tainted
            .iter()
            .filter_map(|(pool, taints)| {
                let taint = taints.iter().find(|taint| {
                    !tolerations.iter().any(|toleration| {
                        toleration.tolerates(
                            &taint.key,
                            taint.value.as_deref().unwrap_or_default(),
                            &taint.effect,
                        )
                    })
                })?;
                let value = taint.value.as_deref().filter(|value| !value.is_empty());
                let value = value.map_or(String::new(), |value| format!("={value}"));
                Some(format!(
                    "{} ({}{value}:{})",
                    population.pools[pool.at()].name,
                    taint.key,
                    taint.effect
                ))
            })
            .collect();
        if kept_from.is_empty() {
            continue;
        }
        let message = format!(
            "DaemonSet {} does not tolerate the taints of {}: {}",
            population.workloads[position].label(),
            counted(kept_from.len() as u64, "pool", "pools"),
            super::few(kept_from.into_iter())
        );
        let found_it = finding(
            Severity::Info,
            "daemon-set-does-not-tolerate",
            message,
            &[&rule::DRN_1],
        );
        found.push(
            found_it,
            Vec::new(),
            None,
            "If it belongs on every node, add the toleration before new nodes come up.",
        );
    }
}

/// Of the pool, not of a node's bad moment.
fn lasts(taint: &Taint) -> bool {
    matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute")
        && !taint.key.starts_with("node.kubernetes.io/")
        && !taint.key.starts_with("node.cloudprovider.kubernetes.io/")
        && !taint.key.starts_with("ToBeDeleted")
}
