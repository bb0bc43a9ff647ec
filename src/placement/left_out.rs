//! What of the scheduler is not done here, or guessed, in whole sentences that say which way each errs.

use super::host::Hosts;
use crate::population::{Phase, Population};

/// What holds for every cluster.
const ALWAYS: &[&str] = &[
    "Placement scores nothing but free share (least allocated, in 64 steps): real pods may go to other nodes that take them too, so where a pod lands is one possibility; whether any node takes it does not depend on this until room is scarce.",
    "Placement leaves out preemption: a pod of high priority that finds no room waits here and would drive others out in the cluster; errs towards waiting.",
    "Placement leaves out preferences (preferred affinity, ScheduleAnyway, PreferNoSchedule, image locality): they keep no pod from a node; only which node it gets may differ.",
    "Placement leaves out ReadWriteOncePod claims, dynamic resource allocation and storage capacity: errs towards fitting.",
    "Placement reads what a volume can reach from its node affinity and not from zone labels of the volume: errs towards fitting for volumes older than CSI.",
    "Placement counts claims that are not bound yet towards no attach limit and binds them to no zone: errs towards fitting.",
    "Placement keeps the volumes of a pod for its replacement; a generic ephemeral volume would be made anew wherever the replacement goes: errs towards refusing.",
    "Placement lets no pod onto a node that is not ready; the scheduler lets those that tolerate it: errs towards waiting.",
    "New nodes are taken to be like the first ready node of their pool that is not cordoned, with its daemon set and static pods, in the zones of the pool's nodes in turn: which zone Azure takes is not known in advance, so zonal constraints may go either way.",
];

pub(super) fn left_out(population: &Population, hosts: &Hosts) -> Vec<String> {
    let mut all: Vec<String> = ALWAYS.iter().map(ToString::to_string).collect();
    let state = population.state;
    let shapes = || population.shapes.iter();
    let placements = || shapes().filter_map(|shape| shape.placement);
    let unread = [
        (
            "PersistentVolumeClaim",
            shapes().any(|shape| !shape.claims.is_empty()),
        ),
        (
            "PersistentVolume",
            shapes().any(|shape| !shape.claims.is_empty()),
        ),
        ("CSINode", shapes().any(|shape| !shape.claims.is_empty())),
    ];
    for (kind, needed) in unread {
        if needed && !state.has_kind(kind) {
            all.push(format!(
                "{kind} objects were not read in full: placement takes what is missing to be no constraint; errs towards fitting."
            ));
        }
    }
    let asks_labels = placements().any(|placement| {
        let terms = placement.pod_affinity.iter();
        terms
            .chain(&placement.pod_anti_affinity)
            .filter_map(|term| term.namespace_selector.as_ref())
            .any(|selector| *selector != Default::default())
    });
    if asks_labels && !state.has_kind("Namespace") {
        all.push("Namespaces were not read in full: a namespaceSelector of pod affinity or anti-affinity means only those whose name it asks for; may err either way.".to_string());
    }
    let others: usize = {
        let mut names: Vec<&str> = placements()
            .filter_map(|placement| placement.scheduler.as_deref())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    };
    if others > 0 {
        all.push(format!(
            "{} ask for another scheduler than default-scheduler: they are placed as if by that one; may err either way.",
            if others == 1 {
                "Pods of this cluster".to_string()
            } else {
                format!("Pods of this cluster, of {others} schedulers,")
            }
        ));
    }
    let untold = state
        .nodes
        .iter()
        .filter(|node| node.allocatable.is_empty())
        .count();
    if untold > 0 {
        all.push(format!(
            "{untold} node(s) tell nothing of what they have to give: only max_pods of their pool limits what they take; errs towards fitting."
        ));
    }
    let elsewhere = state
        .pods
        .iter()
        .zip(&population.pods)
        .filter(|(pod, facts)| {
            pod.node_name.is_some()
                && facts.node.is_none()
                && !matches!(facts.phase, Phase::Succeeded | Phase::Failed)
        })
        .count();
    if elsewhere > 0 {
        all.push(format!(
            "{elsewhere} pod(s) are bound to nodes that were not read: they count nowhere; errs towards fitting."
        ));
    }
    for pool in &hosts.without_pattern {
        all.push(format!(
            "Pool {} has no node that was read: nothing is known of what its new nodes are like, and they take no pod; errs towards waiting.",
            population.pools[pool.at()].name
        ));
    }
    all
}
