//! What the simulation foresees of a step that reimages every node, in the form a plan keeps: times of pools and nodes, addresses
//! over time, budgets that hold evictions back. Seconds count from the start of the step, at median durations. Simulates nothing.

use super::step::Seconds;
use crate::population::{BudgetId, NodeId, PoolId};
use crate::simulate::outcome::NodeOutcome;
use crate::simulate::{Futures, Outcome, Setting};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of one reimage of all nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Foreseen {
    /// Where the chance of the futures begins.
    pub seed: u64,
    pub futures: u32,
    /// Those in which every pool ended without failure.
    pub completed: u32,
    /// At median durations; `None`: it does not end.
    pub median: Option<u32>,
    pub evictions: u32,
    pub pools: Vec<ForeseenPool>,
    pub nodes: Vec<ForeseenNode>,
    /// Nodes that are made for the time of the step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surge: Vec<SurgeNode>,
    pub ranges: Vec<ForeseenRange>,
    /// In the order in which they first refuse.
    pub budgets: Vec<TightBudget>,
    /// Workloads that have no ready pod for a while, longest first.
    pub down: Vec<DownWorkload>,
}

/// A workload that nobody answers for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DownWorkload {
    /// `Kind namespace/name`
    pub name: String,
    pub ready_before: u32,
    /// Seconds without any ready pod.
    pub seconds: u32,
    /// The run ends with it down.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub until_end: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeseenPool {
    pub name: String,
    pub nodes: u32,
    pub surge: u32,
    pub began: Option<u32>,
    pub ended: Option<u32>,
    /// When it ends, over the futures in which it does.
    pub ends: Option<Seconds>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeseenNode {
    pub name: String,
    pub pool: String,
    /// From 1 on.
    pub batch: u32,
    pub drain_begins: Option<u32>,
    pub drained: Option<u32>,
    pub ended: Option<u32>,
    /// `done`, `timed_out`, `stuck`, …
    pub end: String,
    pub evictions: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<WaitsFor>,
}

/// A node that is made for the time of the step; its name is not known before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SurgeNode {
    pub pool: String,
    /// From 1 on in its pool.
    pub number: u32,
    /// Asked for.
    pub began: Option<u32>,
    /// It is gone again; `None`: it stays.
    pub ended: Option<u32>,
}

/// The pod a drain waits for last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitsFor {
    /// `namespace/name`
    pub pod: String,
    /// `namespace/name`; `None`: it only takes its time to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<String>,
    pub since: u32,
    pub until: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeseenRange {
    pub name: String,
    pub cidr: String,
    /// Addresses that can be held in all.
    pub capacity: u64,
    /// Whether what is held at the start was counted by Azure.
    pub measured: bool,
    pub over_time: Vec<HeldAt>,
}

/// Addresses held from a second on, between two bounds (MIG-22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldAt {
    pub at: u32,
    pub least: u32,
    pub most: u32,
}

/// A budget that refuses evictions for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TightBudget {
    /// `namespace/name`
    pub name: String,
    pub first_refusal: u32,
    /// Evictions that it refused at least once: a pod that moves twice may be held twice.
    pub evictions: u32,
    /// Seconds of its longest hold, from the first refusal in one drain of one node to the eviction; `None`: one never ends.
    pub longest: Option<u32>,
}

impl Foreseen {
    /// Of a recorded run and its futures.
    pub fn of(setting: &Setting, outcome: &Outcome, futures: Option<&Futures>) -> Self {
        let population = setting.population;
        let pools = setting
            .groups
            .iter()
            .zip(&outcome.groups)
            .enumerate()
            .map(|(position, (group, ended))| ForeseenPool {
                name: group.name.clone(),
                nodes: group.nodes.len() as u32,
                surge: ended.surge,
                began: ended.began,
                ended: ended.ended.filter(|_| !ended.failed),
                ends: futures
                    .and_then(|futures| futures.groups.get(position).copied().flatten())
                    .map(Seconds::from),
            })
            .collect();
        let is_real = |node: NodeId| node.at() < population.nodes.len();
        let nodes = outcome
            .nodes
            .iter()
            .filter(|node| is_real(node.node))
            .map(|node| foreseen_node(setting, node))
            .collect();
        let ranges = setting
            .ranges
            .iter()
            .zip(&outcome.ranges)
            .map(|(range, held)| ForeseenRange {
                name: range.name.clone(),
                cidr: range.cidr.clone(),
                capacity: range.capacity,
                measured: range.measured,
                over_time: held
                    .over_time
                    .iter()
                    .map(|held| HeldAt {
                        at: held.at,
                        least: held.least,
                        most: held.most,
                    })
                    .collect(),
            })
            .collect();
        Foreseen {
            seed: futures.map_or(0, |futures| futures.seed),
            futures: futures.map_or(0, |futures| futures.count),
            completed: futures.map_or(0, |futures| futures.completed),
            median: outcome.ended.seconds,
            evictions: outcome.ended.evictions,
            pools,
            nodes,
            surge: surge(setting, outcome),
            ranges,
            budgets: tight_budgets(setting, outcome),
            down: down(setting, outcome),
        }
    }
}

impl From<crate::simulate::Percentiles> for Seconds {
    fn from(percentiles: crate::simulate::Percentiles) -> Self {
        Seconds {
            p50: percentiles.p50,
            p90: percentiles.p90,
            p99: percentiles.p99,
        }
    }
}

fn foreseen_node(setting: &Setting, node: &NodeOutcome) -> ForeseenNode {
    let population = setting.population;
    let facts = &population.nodes[node.node.at()];
    let pool: Option<PoolId> = facts.pool;
    ForeseenNode {
        name: population.node(node.node).name.clone(),
        pool: pool.map_or_else(String::new, |pool| population.pools[pool.at()].name.clone()),
        batch: node.batch,
        drain_begins: node.began,
        drained: node.drained,
        ended: node.ended,
        end: node.end.key().to_string(),
        evictions: node.evicted,
        waits_for: node.waited_for.map(|wait| WaitsFor {
            pod: population.pod_name(wait.pod),
            budget: wait.budget.map(|budget| population.budget_name(budget)),
            since: wait.since,
            until: wait.until,
        }),
    }
}

fn surge(setting: &Setting, outcome: &Outcome) -> Vec<SurgeNode> {
    let mut found = Vec::new();
    for (group, ended) in setting.groups.iter().zip(&outcome.groups) {
        // Fewer may have been had than were asked for (UPG-6).
        for number in 0..ended.surge {
            let id = NodeId(group.first_surge + number);
            let node = outcome.nodes.iter().find(|node| node.node == id);
            found.push(SurgeNode {
                pool: group.name.clone(),
                number: number + 1,
                began: node.and_then(|node| node.began),
                ended: node.and_then(|node| node.ended),
            });
        }
    }
    found
}

fn down(setting: &Setting, outcome: &Outcome) -> Vec<DownWorkload> {
    let mut down: Vec<DownWorkload> = outcome
        .workloads
        .iter()
        .filter(|workload| workload.down > 0)
        .map(|workload| DownWorkload {
            name: setting.population.workloads[workload.workload.at()].label(),
            ready_before: workload.ready_before,
            seconds: workload.down,
            until_end: workload.until_end && workload.ready_after == 0,
        })
        .collect();
    down.sort_by(|a, b| b.seconds.cmp(&a.seconds).then_with(|| a.name.cmp(&b.name)));
    down
}

/// Who refused first, how many evictions, and how long the longest of them was held.
fn tight_budgets(setting: &Setting, outcome: &Outcome) -> Vec<TightBudget> {
    let mut order: Vec<BudgetId> = Vec::new();
    let mut of: BTreeMap<BudgetId, TightBudget> = BTreeMap::new();
    for hold in &outcome.holds {
        let budget = of.entry(hold.budget).or_insert_with(|| {
            order.push(hold.budget);
            TightBudget {
                name: setting.population.budget_name(hold.budget),
                first_refusal: hold.since,
                evictions: 0,
                longest: Some(0),
            }
        });
        budget.evictions += 1;
        budget.longest = budget
            .longest
            .filter(|_| hold.let_go)
            .map(|longest| longest.max(hold.seconds()));
    }
    order
        .into_iter()
        .filter_map(|budget| of.remove(&budget))
        .collect()
}
