//! What would make it go better, each tried by simulating it: another surge, another order, one replica more for the window, one more
//! disruption allowed. Proposes nothing that it has not run, and changes nothing.

use super::engine::Engine;
use super::outcome::{NodeEnd, Outcome, PodEnd};
use super::policy::Policy;
use super::setting::{Operation, Setting};
use crate::capacity::growth::Books;
use crate::model::workload::{KubernetesState, Pod};
use crate::model::{Cluster, IntOrPercent, PoolMode};
use crate::population::{BudgetId, PodId, PoolId, Population, WorkloadId};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A change somebody could make before the operation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// `max_surge` of a pool.
    Surge { pool: String, to: IntOrPercentText },
    /// `max_surge` 0 and this `max_unavailable`: no extra addresses (UPG-7).
    InPlace { pool: String, max_unavailable: u64 },
    /// Pools in this order.
    Order { pools: Vec<String> },
    /// All nodes of a drain at the same time, or one after the other.
    Together { together: bool },
    /// Replicas of a workload while the operation runs.
    Replicas {
        namespace: String,
        kind: String,
        name: String,
        from: u64,
        to: u64,
    },
    /// `max_unavailable` of a budget.
    MaxUnavailable {
        namespace: String,
        name: String,
        to: u64,
    },
}

/// `33%`, or `2`: as it is written in the setting.
pub type IntOrPercentText = String;

/// What a simulated change comes to, at median durations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    pub change: Change,
    pub before: Tally,
    pub after: Tally,
    /// Another reimage of the same plan, which does not complete, does with it.
    pub releases: bool,
}

/// One side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// `None`: it does not complete.
    pub seconds: Option<u32>,
    /// Nodes that are not done.
    pub stuck: u32,
    /// Workloads that fall to no ready pod.
    pub down: u32,
    /// Replacements that have no node at the end.
    pub unplaced: u32,
    /// Most addresses held over all subnets, at most (MIG-22).
    pub peak: u64,
    /// Ranges that are too small for the most they may have to hold.
    pub over: u32,
}

/// Everything a trial is made from.
pub struct Trial<'a> {
    pub cluster: &'a Cluster,
    pub state: &'a KubernetesState,
    pub books: Option<&'a Books<'a>>,
    pub operation: &'a Operation,
    pub policy: &'a Policy,
    pub now: Option<Timestamp>,
}

/// Budgets and workloads that are looked at: those that held it back longest.
const MOST_CULPRITS: usize = 4;
/// A gain of fewer seconds is not worth a change; also less than one part in twenty.
const LEAST_GAIN: u32 = 60;

/// Tries what looks promising and returns what helps, the best first.
pub fn advise(trial: &Trial, setting: &Setting, outcome: &Outcome) -> Vec<Advice> {
    let before = result(setting, outcome);
    let mut advice: Vec<Advice> = candidates(trial, setting, outcome)
        .into_iter()
        .filter_map(|change| {
            let after = trial.run(&change)?;
            helps(&before, &after).then_some(Advice {
                change,
                before,
                after,
                releases: false,
            })
        })
        .collect();
    advice.sort_by(|a, b| {
        let order = |advice: &Advice| {
            (
                advice.after.stuck,
                advice.after.seconds.unwrap_or(u32::MAX),
                advice.after.down,
            )
        };
        order(a)
            .cmp(&order(b))
            .then_with(|| a.change.cmp(&b.change))
    });
    advice
}

/// Better in one way, and worse in none: what is quicker and takes a service down is no advice.
fn helps(before: &Tally, after: &Tally) -> bool {
    let worse = after.stuck > before.stuck
        || after.down > before.down
        || after.unplaced > before.unplaced
        || after.over > before.over;
    if worse {
        return false;
    }
    match (before.seconds, after.seconds) {
        (None, Some(_)) => true,
        (Some(_), None) => false,
        (None, None) => after.stuck < before.stuck,
        (Some(before_seconds), Some(after_seconds)) => {
            let gain = before_seconds.saturating_sub(after_seconds);
            let quicker = gain >= LEAST_GAIN && gain >= before_seconds / 20;
            let safer = after.down < before.down && after_seconds <= before_seconds + LEAST_GAIN;
            let fits = after.over < before.over;
            quicker || safer || fits
        }
    }
}

fn result(setting: &Setting, outcome: &Outcome) -> Tally {
    let undone = outcome
        .nodes
        .iter()
        .filter(|node| !matches!(node.end, NodeEnd::Done | NodeEnd::Removed | NodeEnd::Added));
    Tally {
        seconds: outcome.ended.seconds,
        stuck: undone.count() as u32,
        down: outcome
            .workloads
            .iter()
            .filter(|workload| workload.lowest == 0 && workload.ready_before > 0)
            .count() as u32,
        unplaced: outcome.ended.unplaced,
        over: outcome
            .ended
            .peaks
            .iter()
            .zip(&setting.ranges)
            .filter(|((_, most), range)| *most > range.capacity)
            .count() as u32,
        peak: outcome
            .ended
            .peaks
            .iter()
            .zip(&setting.ranges)
            .filter(|(_, range)| matches!(range.kind, super::setting::RangeKind::Subnet(_)))
            .map(|((_, most), _)| *most)
            .sum(),
    }
}

/// What might help, in a fixed order.
fn candidates(trial: &Trial, setting: &Setting, outcome: &Outcome) -> Vec<Change> {
    let mut changes = Vec::new();
    surges(trial, setting, outcome, &mut changes);
    orders(trial, setting, &mut changes);
    let (budgets, workloads) = culprits(setting, outcome);
    for budget in budgets {
        let facts = setting.budgets.facts(budget);
        let object = &trial.state.disruption_budgets[budget.at()];
        // As many as it allows when everything is healthy, and one more.
        let allows = i64::try_from(facts.matching)
            .unwrap_or(i64::MAX)
            .saturating_sub(facts.desired_healthy)
            .max(0);
        changes.push(Change::MaxUnavailable {
            namespace: object.namespace.clone(),
            name: object.name.clone(),
            to: allows as u64 + 1,
        });
    }
    for workload in workloads {
        let facts = &setting.population.workloads[workload.at()];
        let replicas = setting.population.desired(workload);
        let scales = matches!(facts.kind, "Deployment" | "ReplicaSet" | "StatefulSet");
        if let (true, Some(replicas)) = (scales, replicas) {
            changes.push(Change::Replicas {
                namespace: facts.namespace.to_string(),
                kind: facts.kind.to_string(),
                name: facts.name.to_string(),
                from: replicas,
                to: replicas + replicas.clamp(1, 2),
            });
        }
    }
    changes
}

fn surges(trial: &Trial, setting: &Setting, outcome: &Outcome, changes: &mut Vec<Change>) {
    // Where all pools go at once, only the one that ends last makes it shorter.
    let last = outcome
        .groups
        .iter()
        .map(|group| group.ended)
        .max()
        .flatten();
    for (position, group) in setting.groups.iter().enumerate() {
        let told = outcome.groups[position];
        if let (Some(pool), Some(surge)) = (group.pool, surge_that_fits(setting, outcome, position))
        {
            let pool = setting.population.pools[pool.at()].name.clone();
            changes.push(match surge {
                0 => Change::InPlace {
                    pool,
                    max_unavailable: 1,
                },
                surge => Change::Surge {
                    pool,
                    to: surge.to_string(),
                },
            });
        }
        if setting.together && !told.failed && told.ended != last {
            continue;
        }
        let Some(pool) = group.pool.filter(|_| group.reimages && !group.spot) else {
            continue;
        };
        let name = &setting.population.pools[pool.at()].name;
        let Some(settings) = trial.cluster.pool(name) else {
            continue;
        };
        let nodes = group.nodes.len() as u64;
        if outcome.groups[position].surge_refused.is_some() {
            if group.surge > 1 {
                changes.push(Change::Surge {
                    pool: name.clone(),
                    to: "1".to_string(),
                });
            }
            if settings.mode != PoolMode::System {
                changes.push(Change::InPlace {
                    pool: name.clone(),
                    max_unavailable: 1,
                });
            }
            continue;
        }
        for percent in [33, 50] {
            if IntOrPercent::Percent(percent).of(nodes) > u64::from(group.surge) {
                changes.push(Change::Surge {
                    pool: name.clone(),
                    to: format!("{percent}%"),
                });
            }
        }
    }
}

/// Where a range may have to hold more than it can: as many fewer surge nodes of this group as that takes.
fn surge_that_fits(setting: &Setting, outcome: &Outcome, position: usize) -> Option<u32> {
    let group = &setting.groups[position];
    let pool = group.pool.filter(|_| group.surge > 0)?;
    let fewer = setting.costs[pool.at()]
        .iter()
        .filter_map(|cost| {
            let range = usize::from(cost.range);
            let over = outcome.ended.peaks[range]
                .1
                .checked_sub(setting.ranges[range].capacity)?;
            let each = u64::from(cost.old.max(cost.new)).max(1);
            (over > 0).then(|| over.div_ceil(each))
        })
        .max()?;
    let fewer = u32::try_from(fewer).unwrap_or(u32::MAX);
    Some(group.surge.saturating_sub(fewer))
}

fn orders(trial: &Trial, setting: &Setting, changes: &mut Vec<Change>) {
    match trial.operation {
        Operation::Upgrade { pools } if pools.len() > 1 => {
            let name = |pool: &PoolId| setting.population.pools[pool.at()].name.clone();
            changes.push(Change::Order {
                pools: pools.iter().rev().map(name).collect(),
            });
        }
        Operation::Drain(drain) if drain.nodes.len() > 1 => changes.push(Change::Together {
            together: !drain.together,
        }),
        _ => {}
    }
}

/// Budgets that refused longest, and workloads that went down or whose pods waited longest.
fn culprits(setting: &Setting, outcome: &Outcome) -> (Vec<BudgetId>, Vec<WorkloadId>) {
    let mut budgets: BTreeMap<BudgetId, u64> = BTreeMap::new();
    let mut workloads: BTreeMap<WorkloadId, u64> = BTreeMap::new();
    for pod in &outcome.pods {
        // One that is never let go comes before any that only waits.
        let never = pod.end == PodEnd::Blocked;
        let waited = u64::from(pod.waited) + if never { u64::from(u32::MAX) } else { 0 };
        let Some(budget) = pod.budget.filter(|_| waited > 0) else {
            continue;
        };
        *budgets.entry(budget).or_default() += waited;
        if let Some(workload) = setting.population.pods[pod.pod.at()].workload {
            *workloads.entry(workload).or_default() += waited;
        }
    }
    for workload in &outcome.workloads {
        if workload.lowest == 0 && workload.ready_before > 0 {
            *workloads.entry(workload.workload).or_default() += u64::from(workload.down);
        }
    }
    (longest(budgets), longest(workloads))
}

fn longest<T: Ord + Copy>(waits: BTreeMap<T, u64>) -> Vec<T> {
    let mut waits: Vec<(T, u64)> = waits.into_iter().collect();
    waits.sort_by_key(|(who, waited)| (std::cmp::Reverse(*waited), *who));
    waits.truncate(MOST_CULPRITS);
    waits.into_iter().map(|(who, _)| who).collect()
}

impl Trial<'_> {
    /// The same operation after the change; `None`: the change cannot be made here.
    pub fn run(&self, change: &Change) -> Option<Tally> {
        let mut cluster = self.cluster.without_objects();
        let mut operation = self.operation.clone();
        let mut changed: Option<KubernetesState> = None;
        match change {
            Change::Surge { pool, to } => {
                let settings = pool_of(&mut cluster, pool)?;
                settings.upgrade.max_surge = IntOrPercent::from_word(to);
            }
            Change::InPlace {
                pool,
                max_unavailable,
            } => {
                let settings = pool_of(&mut cluster, pool)?;
                settings.upgrade.max_surge = Some(IntOrPercent::Int(0));
                settings.upgrade.max_unavailable = Some(IntOrPercent::Int(*max_unavailable));
            }
            Change::Order { .. } => {
                let Operation::Upgrade { pools } = &mut operation else {
                    return None;
                };
                pools.reverse();
            }
            Change::Together { together } => {
                let Operation::Drain(drain) = &mut operation else {
                    return None;
                };
                drain.together = *together;
            }
            Change::MaxUnavailable {
                namespace,
                name,
                to,
            } => {
                let state = changed.insert(self.state.clone());
                let budget = state
                    .disruption_budgets
                    .iter_mut()
                    .find(|budget| budget.namespace == *namespace && budget.name == *name)?;
                budget.min_available = None;
                budget.max_unavailable = Some(IntOrPercent::Int(*to));
            }
            Change::Replicas {
                namespace,
                kind,
                name,
                from,
                to,
            } => {
                let state = changed.insert(self.state.clone());
                add_replicas(&cluster, state, (namespace, kind, name), *from, *to)?;
            }
        }
        let state = changed.as_ref().unwrap_or(self.state);
        let population = Population::of(&cluster, state);
        let setting = Setting::of(&population, self.books, operation, self.policy, self.now);
        let (ended, log) = Engine::new(&setting).record();
        Some(result(&setting, &Outcome::of(&setting, ended, log)))
    }
}

fn pool_of<'a>(cluster: &'a mut Cluster, name: &str) -> Option<&'a mut crate::model::NodePool> {
    cluster
        .pools
        .iter_mut()
        .find(|pool| pool.name.eq_ignore_ascii_case(name))
}

/// More pods of a workload, Ready where the scheduler would have put them; `None` when they fit nowhere.
fn add_replicas(
    cluster: &Cluster,
    state: &mut KubernetesState,
    (namespace, kind, name): (&str, &str, &str),
    from: u64,
    to: u64,
) -> Option<()> {
    let mut more: Vec<Pod> = Vec::new();
    {
        let population = Population::of(cluster, state);
        let places = crate::placement::Places::of(&population, &[]);
        let mut occupancy = crate::placement::Occupancy::of(&places, &population);
        let workload = population.workloads.iter().position(|workload| {
            workload.namespace == namespace && workload.kind == kind && workload.name == name
        })?;
        let (pattern, shape) = population
            .pods
            .iter()
            .enumerate()
            .find(|(_, pod)| {
                pod.workload == Some(WorkloadId::new(workload)) && pod.ready && pod.node.is_some()
            })
            .map(|(position, pod)| (PodId::new(position), pod.shape))?;
        for number in from..to {
            let node = occupancy.choose(&places, shape)?;
            occupancy.bind(&places, shape, node);
            let pattern = population.pod(pattern);
            let pod = Pod {
                name: match kind {
                    "StatefulSet" => format!("{name}-{number}"),
                    _ => format!("{name}-{number}-more"),
                },
                uid: None,
                node_name: Some(population.node(node).name.clone()),
                labels: Arc::clone(&pattern.labels),
                // A StatefulSet's new pod gets volumes of its own.
                claims: match kind {
                    "StatefulSet" => Vec::new(),
                    _ => pattern.claims.clone(),
                },
                ..pattern.clone()
            };
            more.push(pod);
        }
    }
    for workload in &mut state.workloads {
        let is_it =
            workload.namespace == namespace && workload.kind == kind && workload.name == name;
        let is_below = workload.namespace == namespace
            && workload
                .owner
                .as_ref()
                .is_some_and(|owner| owner.kind == kind && owner.name == name)
            && workload.replicas == Some(from);
        if is_it || is_below {
            workload.replicas = Some(to);
            workload.desired = Some(to);
        }
    }
    state.pods.extend(more);
    Some(())
}
