//! What can be said of a drain before anything moves, all at once: what can never go, what is lost, what is down meanwhile. Plays
//! nothing: what a budget has left in the course of a drain is the simulation's to find.
//!
//! `verdicts/` `budgets`: what budgets refuse · `pods`: what filters refuse and what is lost · `workloads`: downtime and grace ·
//! `prospects`: where they go.

mod budgets;
mod pods;
mod prospects;
mod workloads;

use super::budgets::Budgets;
use super::drain::{DrainOptions, Treatment, treatment};
use crate::finding::{Finding, Severity, counted, grouped};
use crate::placement::{Occupancy, Places};
use crate::population::{BudgetId, NodeId, PodId, Population, WorkloadId};
use crate::rule::Rule;
use jiff::Timestamp;
use std::cmp::Reverse;
use std::ops::Range;

/// A drain that somebody thinks of.
#[derive(Debug, Clone, Copy)]
pub struct Drain<'a> {
    pub population: &'a Population<'a>,
    pub budgets: &'a Budgets,
    /// Nodes to be drained, in any order.
    pub nodes: &'a [NodeId],
    pub options: &'a DrainOptions,
    /// When the cluster was observed.
    pub now: Option<Timestamp>,
}

/// Something that is so whatever the order of evictions is.
#[derive(Debug, Clone, PartialEq)]
pub struct StaticVerdict {
    /// `Blocker`: the drain cannot end without somebody acting, or pods are certain to be lost. `Warning`: something is lost or down, or
    /// may not end. `Info`: good to know.
    pub finding: Finding,
    /// Pods it is about, in order: those that would be evicted, and of `pending-fits-nowhere` those that wait for a node.
    pub pods: Vec<PodId>,
    /// Nodes they are on, in order.
    pub nodes: Vec<NodeId>,
    pub budget: Option<BudgetId>,
    /// What to do about it; a whole sentence.
    pub remedy: String,
}

/// Codes of all verdicts: by them a list of findings tells what is about drains.
pub const CODES: [&str; 21] = [
    "budget-below-desired",
    "budget-fails-safe",
    "budget-matches-nothing",
    "budget-never-allows",
    "budget-refused-beforehand",
    "budget-status-differs",
    "daemon-set-does-not-tolerate",
    "daemon-set-pods",
    "fits-nowhere",
    "grace-exceeds-drain-timeout",
    "grace-long",
    "local-data",
    "local-volume",
    "no-other-node",
    "orphan-of-daemon-set",
    "pending-fits-nowhere",
    "pod-under-two-budgets",
    "replicas-on-one-node",
    "replicas-without-budget",
    "single-replica-without-budget",
    "unmanaged-pod",
];

impl StaticVerdict {
    /// What was found and what to do about it, as one finding.
    pub fn told(&self) -> Finding {
        let mut finding = self.finding.clone();
        if !self.remedy.is_empty() {
            finding.message = format!("{}. {}", finding.message.trim_end_matches('.'), self.remedy);
        }
        finding
    }
}

impl Drain<'_> {
    /// Everything that can be said, the worst first; of one workload or one budget in one verdict, however many pods it has.
    /// `occupancy`: what is on the nodes when the drain begins.
    pub fn verdicts(&self, places: &Places, occupancy: &Occupancy) -> Vec<StaticVerdict> {
        let view = View::of(self);
        let mut found = Found {
            drain: self,
            verdicts: Vec::new(),
        };
        budgets::judge(&view, &mut found);
        pods::judge(&view, &mut found);
        workloads::judge(&view, &mut found);
        prospects::judge(&view, places, occupancy, &mut found);
        let mut verdicts = found.verdicts;
        verdicts.sort_by(|one, other| {
            let key =
                |verdict: &StaticVerdict| (Reverse(verdict.finding.severity), verdict.finding.code);
            key(one)
                .cmp(&key(other))
                .then_with(|| one.finding.message.cmp(&other.finding.message))
        });
        verdicts
    }

    /// What nothing is said about, because it was not read.
    pub fn not_checked(&self) -> Vec<String> {
        let state = self.population.state;
        let unread = |kind: &str| {
            !state.has_kind(kind) && !state.absent_kinds.iter().any(|absent| absent == kind)
        };
        let mut sentences = Vec::new();
        for (kinds, what) in [
            (
                &["PodDisruptionBudget"][..],
                "disruption budgets were not read: nothing is said of what they refuse",
            ),
            (
                &["PersistentVolume", "PersistentVolumeClaim"],
                "volumes and claims were not both read: nothing is said of data on the nodes' own disks",
            ),
            (
                &["Deployment", "ReplicaSet", "StatefulSet"],
                "Deployments, ReplicaSets and StatefulSets were not all read: single replicas among them are not named",
            ),
        ] {
            if kinds.iter().any(|kind| unread(kind)) {
                sentences.push(what.to_string());
            }
        }
        sentences
    }

    /// Whether AKS drains, and so looks at budgets before it starts (PDB-5).
    fn is_by_aks(&self) -> bool {
        self.options.timeout == super::drain::DrainTimeout::OfPool
    }
}

/// The pods the drain is about, put in order once.
struct View<'a> {
    drain: &'a Drain<'a>,
    /// Evicted or deleted, by workload; the range of each workload in `ranges`, those of nobody last.
    moved: Vec<PodId>,
    ranges: Vec<Range<usize>>,
    /// The drain stops at them.
    refused: Vec<(PodId, super::drain::Refusal)>,
    /// Of each workload, pods of the whole cluster that have not finished and are not departing.
    live: Vec<u32>,
}

impl<'a> View<'a> {
    fn of(drain: &'a Drain<'a>) -> Self {
        let population = drain.population;
        let mut in_scope = vec![false; population.nodes.len()];
        for node in drain.nodes {
            // Nodes that a simulation makes hold nothing yet.
            if let Some(place) = in_scope.get_mut(node.at()) {
                *place = true;
            }
        }
        let nobody = population.workloads.len();
        let workload_of = |pod: PodId| {
            population.pods[pod.at()]
                .workload
                .map_or(nobody, WorkloadId::at)
        };
        let mut counts = vec![0usize; nobody + 1];
        let mut live = vec![0u32; nobody + 1];
        let mut unsorted = Vec::new();
        let mut refused = Vec::new();
        for id in population.pod_ids() {
            let pod = population.pods[id.at()];
            if !pod.phase.is_finished() && !pod.deleting {
                live[workload_of(id)] += 1;
            }
            if !pod.node.is_some_and(|node| in_scope[node.at()]) {
                continue;
            }
            match treatment(population, id, drain.options, drain.now) {
                Treatment::Evict | Treatment::Delete => {
                    counts[workload_of(id)] += 1;
                    unsorted.push(id);
                }
                Treatment::Refuse(why) => refused.push((id, why)),
                Treatment::Skip(_) => {}
            }
        }
        let mut ranges = Vec::with_capacity(nobody + 1);
        let mut end = 0;
        for count in counts {
            ranges.push(end..end + count);
            end += count;
        }
        let mut next: Vec<usize> = ranges.iter().map(|range| range.start).collect();
        let mut moved = unsorted.clone();
        for id in unsorted {
            let workload = workload_of(id);
            moved[next[workload]] = id;
            next[workload] += 1;
        }
        View {
            drain,
            moved,
            ranges,
            refused,
            live,
        }
    }

    /// Pods of one workload that go, in order.
    fn moved_of(&self, workload: WorkloadId) -> &[PodId] {
        &self.moved[self.ranges[workload.at()].clone()]
    }

    /// Pods of nobody that go, in order.
    fn moved_of_nobody(&self) -> &[PodId] {
        self.ranges
            .last()
            .map_or(&[], |range| &self.moved[range.clone()])
    }
}

/// Verdicts as they are found.
struct Found<'a> {
    drain: &'a Drain<'a>,
    verdicts: Vec<StaticVerdict>,
}

impl Found<'_> {
    fn push(
        &mut self,
        finding: Finding,
        mut pods: Vec<PodId>,
        budget: Option<BudgetId>,
        remedy: impl Into<String>,
    ) {
        debug_assert!(CODES.contains(&finding.code), "{}", finding.code);
        let cause =
            budget.map(|budget| format!("budget {}", self.drain.population.budget_name(budget)));
        let finding = finding.because_of(cause);
        pods.sort_unstable();
        let nodes = nodes_of(self.drain.population, &pods);
        self.verdicts.push(StaticVerdict {
            finding,
            pods,
            nodes,
            budget,
            remedy: remedy.into(),
        });
    }
}

fn finding(
    severity: Severity,
    code: &'static str,
    message: String,
    rules: &[&'static Rule],
) -> Finding {
    Finding::new(severity, code, message, rules)
}

/// In order, each once.
fn nodes_of(population: &Population, pods: &[PodId]) -> Vec<NodeId> {
    let mut nodes: Vec<NodeId> = pods
        .iter()
        .filter_map(|pod| population.pods[pod.at()].node)
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

/// Names shown before `and … more`.
const NAMES_SHOWN: usize = 3;

/// `shop/a, shop/b, shop/c and 4 more`.
fn few(names: impl ExactSizeIterator<Item = String>) -> String {
    let total = names.len();
    let shown: Vec<String> = names.take(NAMES_SHOWN).collect();
    let left = total - shown.len();
    let shown = shown.join(", ");
    if left == 0 {
        shown
    } else {
        format!("{shown} and {} more", grouped(left as u64))
    }
}

fn pod_names(population: &Population, pods: &[PodId]) -> String {
    few(pods.iter().map(|pod| population.pod_name(*pod)))
}

/// `node aks-apps-1`, or `12 nodes of pools apps, web`.
fn where_on(population: &Population, pods: &[PodId]) -> String {
    let nodes = nodes_of(population, pods);
    if let [one] = nodes.as_slice() {
        return format!("node {}", population.node(*one).name);
    }
    let mut pools: Vec<_> = nodes
        .iter()
        .filter_map(|node| population.nodes[node.at()].pool)
        .collect();
    pools.sort_unstable();
    pools.dedup();
    let number = counted(nodes.len() as u64, "node", "nodes");
    if pools.is_empty() {
        return number;
    }
    let word = if pools.len() == 1 { "pool" } else { "pools" };
    let names = few(pools
        .iter()
        .map(|pool| population.pools[pool.at()].name.clone()));
    format!("{number} of {word} {names}")
}

/// `1 pod`, `2,834 pods`.
fn pods_word(count: usize) -> String {
    counted(count as u64, "pod", "pods")
}
