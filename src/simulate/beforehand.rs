//! What can be said of an operation's drains before anything moves. Plays nothing.

use super::{Operation, Setting};
use crate::disruption::drain::DrainOptions;
use crate::disruption::verdicts::{Drain, StaticVerdict};
use crate::finding::Severity;
use crate::population::NodeId;

/// Verdicts on all nodes that the operation drains, the worst first, and what nobody knows of them, in sentences.
pub fn beforehand(setting: &Setting) -> (Vec<StaticVerdict>, Vec<String>) {
    let aks = DrainOptions::aks();
    let options = match &setting.operation {
        Operation::Drain(drain) => &drain.options,
        _ => &aks,
    };
    let mut nodes: Vec<NodeId> = setting
        .groups
        .iter()
        .flat_map(|group| group.nodes.iter().copied())
        .collect();
    nodes.sort_unstable();
    let drain = Drain {
        population: setting.population,
        budgets: &setting.budgets,
        nodes: &nodes,
        options,
        now: setting.now,
    };
    let mut verdicts = drain.verdicts(&setting.places, &setting.first.occupancy);
    let surges = |node: &NodeId| {
        let mut groups = setting.groups.iter();
        groups.any(|group| group.surge > 0 && group.nodes.contains(node))
    };
    for verdict in &mut verdicts {
        // The new node that such a pod wants is the surge node, which is there before the drain (UPG-3).
        let has_one = verdict.finding.code == "no-other-node"
            && verdict.finding.message.contains("a new node of")
            && verdict.nodes.iter().all(surges);
        if has_one {
            verdict.finding.severity = Severity::Info;
            verdict.remedy = "The surge nodes are such nodes.".to_string();
        }
    }
    (verdicts, drain.not_checked())
}
