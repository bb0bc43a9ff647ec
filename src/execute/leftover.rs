//! What a run that did not complete leaves behind, in sentences that a person at night understands. Reads what was observed; advises
//! nothing that the plan does not.

use super::actuator::Observed;
use crate::finding::counted;
use crate::migrate::condition::is_labelled_overlay;

/// One sentence a thing.
pub fn sentences(observed: &Observed) -> Vec<String> {
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
    let mut on_overlay = 0;
    let mut before = 0;
    let mut cordoned = Vec::new();
    let mut not_ready = Vec::new();
    for node in &kubernetes.nodes {
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
    sentences.push(format!(
        "{} on Overlay, {} as before.",
        counted(on_overlay, "node is", "nodes are"),
        before
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
