//! Verdicts on single pods: where kubectl's filters stop the drain, and what is gone for good when the pod is.

use super::{Found, View, finding, pod_names, pods_word, where_on};
use crate::disruption::drain::Refusal;
use crate::finding::Severity;
use crate::model::workload::{NodeSelectorTerm, PersistentVolume};
use crate::population::{ControllerKind, PodId, ShapeId, WorkloadId};
use crate::rule;
use std::collections::{BTreeMap, HashMap};

pub(super) fn judge(view: &View, found: &mut Found) {
    refused(view, found);
    unmanaged(view, found);
    orphans(view, found);
    local_data(view, found);
    local_volumes(view, found);
}

/// What kubectl prints and stops at, in its words.
fn refused(view: &View, found: &mut Found) {
    let population = view.drain.population;
    let mut groups: BTreeMap<(Refusal, Option<WorkloadId>), Vec<PodId>> = BTreeMap::new();
    for &(pod, why) in &view.refused {
        // One flag lets all DaemonSets pass; the others are told for each workload.
        let workload = match why {
            Refusal::DaemonSet => None,
            _ => population.pods[pod.at()].workload,
        };
        groups.entry((why, workload)).or_default().push(pod);
    }
    for ((why, _), pods) in groups {
        let (code, remedy) = match why {
            Refusal::DaemonSet => (
                "daemon-set-pods",
                "Drain with --ignore-daemonsets: their DaemonSets keep them where they are.",
            ),
            Refusal::OrphanOfDaemonSet => (
                "orphan-of-daemon-set",
                "Delete these pods, or drain with --force: nothing makes them anew.",
            ),
            Refusal::LocalStorage => (
                "local-data",
                "Save what their emptyDir volumes hold, then drain with --delete-emptydir-data.",
            ),
            Refusal::Unmanaged => (
                "unmanaged-pod",
                "Put these pods under a controller, or drain with --force and lose them.",
            ),
        };
        let message = format!(
            "the drain of {} stops before it evicts anything: {}",
            where_on(population, &pods),
            why.message(population, &pods[..pods.len().min(super::NAMES_SHOWN)])
        );
        let more = match pods.len().saturating_sub(super::NAMES_SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let found_it = finding(Severity::Blocker, code, message + &more, &[&rule::DRN_1]);
        found.push(found_it, pods, None, remedy);
    }
}

/// Nobody makes them anew.
fn unmanaged(view: &View, found: &mut Found) {
    let population = view.drain.population;
    let mut by_namespace: BTreeMap<&str, Vec<PodId>> = BTreeMap::new();
    for &pod in view.moved_of_nobody() {
        if !population.pods[pod.at()].phase.is_finished() {
            let namespace = population.pod(pod).namespace.as_str();
            by_namespace.entry(namespace).or_default().push(pod);
        }
    }
    for pods in by_namespace.into_values() {
        let is_one = pods.len() == 1;
        let message = format!(
            "{} on {} without a controller: evicted, {} lost for good ({})",
            pods_word(pods.len()),
            where_on(population, &pods),
            if is_one { "it is" } else { "they are" },
            pod_names(population, &pods)
        );
        let found_it = finding(
            Severity::Warning,
            "unmanaged-pod",
            message,
            &[&rule::DRN_1, &rule::DRN_2],
        );
        found.push(
            found_it,
            pods,
            None,
            match is_one {
                true => "Put this pod under a controller, or make it again by hand afterwards.",
                false => {
                    "Put these pods under a controller, or make them again by hand afterwards."
                }
            },
        );
    }
}

/// Pods of a DaemonSet that does not exist.
fn orphans(view: &View, found: &mut Found) {
    let population = view.drain.population;
    for (position, workload) in population.workloads.iter().enumerate() {
        if workload.kind != "DaemonSet" {
            continue;
        }
        let pods: Vec<PodId> = view
            .moved_of(WorkloadId::new(position))
            .iter()
            .copied()
            .filter(|pod| {
                let facts = population.pods[pod.at()];
                facts.controller == ControllerKind::DaemonSet && !facts.phase.is_finished()
            })
            .collect();
        if pods.is_empty() {
            continue;
        }
        let message = format!(
            "{} of DaemonSet {}, which does not exist: evicted, {} lost for good",
            pods_word(pods.len()),
            workload.label(),
            if pods.len() == 1 { "it is" } else { "they are" }
        );
        let found_it = finding(
            Severity::Warning,
            "orphan-of-daemon-set",
            message,
            &[&rule::DRN_1],
        );
        found.push(
            found_it,
            pods,
            None,
            "Make the DaemonSet again before the drain, or let them go.",
        );
    }
}

/// What an `emptyDir` holds goes with its pod. Most hold nothing that matters, which nobody can see from outside.
fn local_data(view: &View, found: &mut Found) {
    let population = view.drain.population;
    let nobody = std::iter::once((
        "pods without a controller".to_string(),
        view.moved_of_nobody(),
    ));
    let groups = population
        .workloads
        .iter()
        .enumerate()
        .map(|(position, workload)| (workload.label(), view.moved_of(WorkloadId::new(position))))
        .chain(nobody);
    for (name, moved) in groups {
        let pods: Vec<PodId> = moved
            .iter()
            .copied()
            .filter(|pod| {
                let facts = population.pods[pod.at()];
                facts.local_storage && !facts.phase.is_finished()
            })
            .collect();
        if pods.is_empty() {
            continue;
        }
        let message = format!(
            "{name}: what the emptyDir volumes of {} hold is lost",
            pods_word(pods.len())
        );
        let found_it = finding(
            Severity::Info,
            "local-data",
            message,
            &[&rule::DRN_1, &rule::DRN_2],
        );
        found.push(
            found_it,
            pods,
            None,
            "Save it if it is more than a cache or scratch space.",
        );
    }
}

/// Volumes that live on one node: the data does not move with the pod, and a reimaged node has lost it.
fn local_volumes(view: &View, found: &mut Found) {
    let population = view.drain.population;
    let state = population.state;
    let volumes: HashMap<&str, &PersistentVolume> = state
        .persistent_volumes
        .iter()
        .filter(|volume| is_of_one_node(volume))
        .map(|volume| (volume.name.as_str(), volume))
        .collect();
    if volumes.is_empty() {
        return;
    }
    let claims: HashMap<(&str, &str), &str> = state
        .persistent_volume_claims
        .iter()
        .filter_map(|claim| {
            let volume = volumes.get(claim.volume.as_deref()?)?;
            Some((
                (claim.namespace.as_str(), claim.name.as_str()),
                volume.name.as_str(),
            ))
        })
        .collect();
    let of_shape: Vec<bool> = population
        .shapes
        .iter()
        .map(|shape| {
            shape
                .claims
                .iter()
                .any(|claim| claims.contains_key(&(shape.namespace, claim.as_str())))
        })
        .collect();
    let is_local = |shape: ShapeId| of_shape[shape.at()];
    for (position, workload) in population.workloads.iter().enumerate() {
        let pods: Vec<PodId> = view
            .moved_of(WorkloadId::new(position))
            .iter()
            .copied()
            .filter(|pod| is_local(population.pods[pod.at()].shape))
            .collect();
        if pods.is_empty() {
            continue;
        }
        let message = format!(
            "{}: {} with a volume on the node's own disk ({}): it runs nowhere else, and what it holds is lost when the node is \
             reimaged",
            workload.label(),
            pods_word(pods.len()),
            pod_names(population, &pods)
        );
        let found_it = finding(Severity::Warning, "local-volume", message, &[&rule::UPG_3]);
        found.push(
            found_it,
            pods,
            None,
            "Move the data to a volume that other nodes reach, or let the application copy it first.",
        );
    }
}

/// `local` and `hostPath` volumes, and whatever else only one node reaches.
fn is_of_one_node(volume: &PersistentVolume) -> bool {
    let by_driver = matches!(
        volume.driver.as_deref(),
        Some("local" | "hostPath" | "localdisk.csi.acstor.io")
    );
    let names_host = |term: &NodeSelectorTerm| {
        term.match_expressions.iter().any(|one| {
            one.key == "kubernetes.io/hostname" && one.operator == "In" && one.values.len() == 1
        })
    };
    by_driver || (!volume.node_affinity.is_empty() && volume.node_affinity.iter().all(names_host))
}
