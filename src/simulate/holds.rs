//! How long budgets held evictions back, hold by hold: a pod that moves twice may be held twice, and the two are never one. Read off the
//! log and nothing else; says nothing of why.

use super::log::{Happening, What};
use super::setting::Setting;
use crate::population::{BudgetId, NodeId, PodId};
use std::collections::BTreeMap;

/// A budget refuses an eviction, from the first refusal in one drain of one node on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    pub pod: PodId,
    pub budget: BudgetId,
    pub since: u32,
    /// The eviction, or the end of the pod without one; where there is neither, when its drain gave up or the run ended.
    pub until: u32,
    /// The pod went.
    pub let_go: bool,
}

impl Hold {
    pub fn seconds(&self) -> u32 {
        self.until - self.since
    }
}

/// Every hold of a run, in the order in which they begin.
pub(super) fn holds(setting: &Setting, log: &[Happening]) -> Vec<Hold> {
    let pods = &setting.population.pods;
    let mut node_of: Vec<Option<NodeId>> = pods.iter().map(|pod| pod.node).collect();
    let mut holds: Vec<Hold> = Vec::new();
    let mut open: BTreeMap<PodId, usize> = BTreeMap::new();
    for Happening { at, what } in log.iter().copied() {
        let mut end = |position: usize, let_go: bool| {
            holds[position].until = at;
            holds[position].let_go = let_go;
        };
        match what {
            What::Refused(pod, budget) => {
                open.entry(pod).or_insert_with(|| {
                    holds.push(Hold {
                        pod,
                        budget,
                        since: at,
                        until: at,
                        let_go: false,
                    });
                    holds.len() - 1
                });
            }
            What::Evicted(pod, _)
            | What::EvictedFreely(pod)
            | What::Deleted(pod)
            | What::Departed(pod, _) => {
                node_of[pod.at()] = None;
                if let Some(position) = open.remove(&pod) {
                    end(position, true);
                }
            }
            What::Placed(pod, node) => node_of[pod.at()] = Some(node),
            What::DrainTimedOut(node) | What::DrainFailed(node) => open.retain(|pod, position| {
                let is_on_it = node_of[pod.at()] == Some(node);
                if is_on_it {
                    end(*position, false);
                }
                !is_on_it
            }),
            _ => {}
        }
    }
    let last = log.last().map_or(0, |happening| happening.at);
    for position in open.into_values() {
        holds[position].until = last;
    }
    holds
}
