//! What a run that did not complete leaves behind, in sentences that a person at night understands. Reads what was observed; advises
//! nothing that the plan does not.

use super::actuator::Observed;
use crate::finding::counted;
use crate::migrate::Plan;
use crate::migrate::condition::is_labelled_overlay;
use crate::model::KubernetesState;
use crate::model::workload::Node;
use crate::population::pool_label;
use std::collections::BTreeSet;

/// Names of the nodes that the plan's reimages were simulated with; empty: none were.
fn known(plan: &Plan) -> BTreeSet<&str> {
    let foreseen = plan.steps.iter().find_map(|step| step.foreseen.as_deref());
    let nodes = foreseen.iter().flat_map(|foreseen| &foreseen.nodes);
    nodes.map(|node| node.name.as_str()).collect()
}

/// Nodes of pools that are there for the time of the operation. By name where the plan knows the nodes; else those beyond the pools'
/// counts, which do not have them in it. Errs towards too many where an autoscaler added some since.
pub fn surge_nodes(plan: &Plan, observed: &Observed) -> u64 {
    let Some(kubernetes) = observed.cluster().kubernetes.as_deref() else {
        return 0;
    };
    let known = known(plan);
    if !known.is_empty() {
        let nodes = kubernetes.nodes.iter();
        return nodes.filter(|node| is_surge(node, &known)).count() as u64;
    }
    let pools = observed.cluster().pools.iter();
    pools
        .map(|pool| nodes_of(kubernetes, &pool.name).saturating_sub(pool.running()))
        .sum()
}

fn is_surge(node: &Node, known: &BTreeSet<&str>) -> bool {
    pool_label(node).is_some() && !known.is_empty() && !known.contains(node.name.as_str())
}

fn nodes_of(kubernetes: &KubernetesState, pool: &str) -> u64 {
    let nodes = kubernetes.nodes.iter();
    nodes
        .filter(|node| pool_label(node).is_some_and(|label| label.eq_ignore_ascii_case(pool)))
        .count() as u64
}

/// One sentence a thing.
pub fn sentences(observed: &Observed, plan: &Plan) -> Vec<String> {
    let cluster = observed.cluster();
    let mut sentences = Vec::new();
    let state = cluster.provisioning_state.as_deref().unwrap_or("not known");
    let mode = cluster
        .mode()
        .map_or_else(|| "not known".to_string(), |mode| mode.to_string());
    sentences.push(format!(
        "The cluster's provisioning state is {state}; its network profile says {mode}."
    ));
    let Some(kubernetes) = cluster.kubernetes.as_deref() else {
        sentences.push("Its nodes were not read.".to_string());
        return sentences;
    };
    let known = known(plan);
    let mut on_overlay = 0;
    let mut before = 0;
    let mut cordoned = Vec::new();
    let mut not_ready = Vec::new();
    for node in &kubernetes.nodes {
        if is_surge(node, &known) {
            continue;
        }
        if is_labelled_overlay(node) {
            on_overlay += 1;
        } else {
            before += 1;
        }
        if !node.ready {
            not_ready.push(node.name.as_str());
        } else if node.unschedulable {
            cordoned.push(node.name.as_str());
        }
    }
    // A node that is being reimaged may be away altogether.
    let all = (on_overlay + before).max(known.len() as u64);
    let away = all - on_overlay - before;
    let surge = surge_nodes(plan, observed);
    sentences.push(format!(
        "{on_overlay} of {} on Overlay, {before} as before{}{}.",
        counted(all, "node is", "nodes are"),
        match away {
            0 => String::new(),
            away => format!(", {away} away"),
        },
        match (surge, known.is_empty()) {
            (0, _) => String::new(),
            (surge, false) => format!(
                "; {} beside them",
                counted(surge, "surge node", "surge nodes")
            ),
            (surge, true) => format!(
                "; {} among them",
                counted(surge, "surge node", "surge nodes")
            ),
        }
    ));
    for (nodes, what) in [(cordoned, "cordoned"), (not_ready, "not Ready")] {
        if !nodes.is_empty() {
            sentences.push(format!("{}: {}.", capital(what), nodes.join(", ")));
        }
    }
    let waiting = kubernetes
        .pods
        .iter()
        .filter(|pod| pod.node_name.is_none() && pod.phase.as_deref() == Some("Pending"))
        .count() as u64;
    if waiting > 0 {
        sentences.push(format!(
            "{} for a node.",
            counted(waiting, "pod waits", "pods wait")
        ));
    }
    sentences
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}
