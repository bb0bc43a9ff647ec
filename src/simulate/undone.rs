//! What a run left undone, and what held it: who tells it chooses the words. Judges nothing.

use super::outcome::NodeEnd;
use super::{Outcome, Setting};
use crate::finding::counted;
use crate::population::NodeId;

/// Of a run that does not complete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// A pool that never began, and its surge nodes that did not fit.
    pub surge: Option<(String, u32)>,
    /// Nodes that stay undrained.
    pub blocked: Vec<NodeId>,
    /// The budgets they waited for, `namespace/name`, sorted.
    pub budgets: Vec<String>,
    /// Nodes that `kubectl drain` refuses.
    pub refused: Vec<NodeId>,
    /// Nodes whose drain failed for good.
    pub failed: Vec<NodeId>,
    /// Reimaged nodes that no addresses are left for.
    pub without_addresses: Vec<NodeId>,
    /// Nodes that nobody came to.
    pub unreached: usize,
}

impl Undone {
    pub fn of(setting: &Setting, outcome: &Outcome) -> Self {
        let with = |ends: &[NodeEnd]| -> Vec<NodeId> {
            let nodes = outcome.nodes.iter();
            nodes
                .filter(|node| ends.contains(&node.end))
                .map(|node| node.node)
                .collect()
        };
        let pools = outcome.groups.iter().zip(&setting.groups);
        let surge = pools
            .filter(|(group, _)| group.failed && group.rolling.is_none())
            .find_map(|(group, setting)| Some((setting.name.clone(), group.surge_refused?)));
        let blocked = with(&[NodeEnd::Stuck, NodeEnd::TimedOut, NodeEnd::Quarantined]);
        let mut budgets: Vec<String> = outcome
            .nodes
            .iter()
            .filter(|node| blocked.contains(&node.node))
            .filter_map(|node| node.waited_for?.budget)
            .map(|budget| setting.population.budget_name(budget))
            .collect();
        budgets.sort();
        budgets.dedup();
        Undone {
            surge,
            blocked,
            budgets,
            refused: with(&[NodeEnd::Refused]),
            failed: with(&[NodeEnd::Failed]),
            without_addresses: with(&[NodeEnd::NoAddresses]),
            unreached: with(&[NodeEnd::NotReached]).len(),
        }
    }

    /// `the 2 surge nodes of pool system do not fit`: nothing of that pool begins.
    pub fn surge_words(&self) -> Option<String> {
        let (pool, nodes) = self.surge.as_ref()?;
        Some(format!(
            "the {} of pool {pool} do not fit",
            counted(u64::from(*nodes), "surge node", "surge nodes")
        ))
    }
}
