//! What the disruption controller makes of each budget, as far as it stays the same while nodes are drained: how many healthy pods
//! it wants, and of which shapes. Counts no healthy pod: that is the [`Ledger`](super::Ledger)'s.
//!
//! Two simplifications. Scales stay what they are: an autoscaler that reacts to the drain is not followed (errs to refusing where it
//! would add pods). A controller without any pod left for a moment still counts, where the real controller forgets it until its
//! next pod appears (errs to refusing: it wants as many healthy pods as before).

use super::scale::{Controllers, Found};
use crate::model::IntOrPercent;
use crate::model::workload::DisruptionBudget;
use crate::population::selector::{Meaning, judge};
use crate::population::{BudgetId, PodId, Population, SelectorIndex, ShapeId};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;

/// The controller's `DeletionTimeout` (EV-6).
const DISRUPTED_FOR: SignedDuration = SignedDuration::from_mins(2);
/// `MaxDisruptedPodSize` of the eviction API (EV-5).
pub const MOST_DISRUPTED: usize = 2000;

/// Constants of all budgets of one cluster.
#[derive(Debug, Clone)]
pub struct Budgets {
    pub(super) terms: Vec<Terms>,
    /// Of each shape: [`UNGUARDED`], [`SEVERAL`], or the one budget.
    pub(super) guards: Vec<u32>,
    /// Of each shape, where its budgets start in `of_shapes`; one more at the end.
    starts: Vec<u32>,
    of_shapes: Vec<BudgetId>,
    facts: Vec<BudgetFacts>,
    disrupted: Vec<(PodId, BudgetId)>,
}

/// No budget matches.
pub(super) const UNGUARDED: u32 = u32::MAX;
/// More than one does.
pub(super) const SEVERAL: u32 = u32::MAX - 1;

/// What an eviction asks of a budget; small, because it is read in the hottest loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terms {
    pub desired: i64,
    /// Pods are expected and the controller can do its arithmetic: otherwise nothing is ever allowed.
    pub counts: bool,
    /// The controller fails: the status stays what it was, whatever pods do.
    pub frozen: bool,
    /// `unhealthyPodEvictionPolicy: AlwaysAllow` (EV-4).
    pub always_allow: bool,
    /// What the API server refuses before it looks at the number (EV-5).
    pub held: Held,
}

/// What keeps a budget from being asked at all at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    No,
    /// `observedGeneration` is behind: until the controller looks again.
    Stale,
    /// `disruptionsAllowed` is below zero: until the controller looks again.
    Negative,
    /// More than 2,000 pods are under way and not seen to be deleted: until the two minutes are over, which is not followed (errs
    /// to refusing).
    TooMany,
}

/// What is known of one budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetFacts {
    /// Healthy pods it wants.
    pub desired_healthy: i64,
    /// Pods the controller expects: with 0 nothing is ever allowed (PDB-3).
    pub expected_pods: i64,
    /// Pods in its namespace that its selector means, finished and departing ones among them.
    pub matching: u64,
    /// Those of them that nobody controls.
    pub unmanaged: u64,
    pub basis: Basis,
    /// `observedGeneration` is behind `generation` (EV-5).
    pub stale: bool,
}

/// What `desired_healthy` and `expected_pods` were made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The scale of the pods' controllers (PDB-1, and PDB-2 of a percentage).
    Scale,
    /// The number of matching pods (PDB-2 of a number).
    Pods,
    /// The status that was read: the objects that have the scale were not, or not all.
    Status { unread: String },
    /// Neither `minAvailable` nor `maxUnavailable` is set: nothing is expected, so nothing is allowed.
    NeitherIsSet,
    /// The controller cannot do the arithmetic and allows nothing (PDB-4).
    FailSafe(FailSafe),
}

/// Why the controller fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailSafe {
    /// A pod's controller is of a kind without a scale.
    NoScale { pod: PodId, kind: String },
    /// A pod's controller does not exist, or one of another identity has its name.
    Missing { pod: PodId },
    /// A pod's controller is of a kind that was not read, and the status that was read does not tell either: unknown, and taken as
    /// a failure (errs to refusing).
    Unread { pod: PodId, kind: String },
    /// The selector is no selector (EV-3).
    Selector,
}

impl FailSafe {
    /// What the controller writes into the condition `DisruptionAllowed`, or would; of what is not known here, that.
    pub fn says(&self, population: &Population) -> String {
        match self {
            FailSafe::NoScale { kind, .. } => {
                format!(
                    "{} does not implement the scale subresource",
                    resource(kind)
                )
            }
            FailSafe::Missing { pod } => {
                format!(
                    "found no controllers for pod {:?}",
                    population.pod(*pod).name
                )
            }
            FailSafe::Unread { kind, .. } => {
                format!("the scale of the pods' controller is not known: no {kind} was read")
            }
            FailSafe::Selector => "the selector is not valid".to_string(),
        }
    }
}

fn resource(kind: &str) -> String {
    match kind {
        "DaemonSet" => "daemonsets.apps".to_string(),
        "Job" => "jobs.batch".to_string(),
        "Node" => "nodes".to_string(),
        other => other.to_string(),
    }
}

impl Budgets {
    /// With every entry of `status.disruptedPods` standing: no time is known (errs to refusing).
    pub fn of(population: &Population) -> Self {
        Budgets::at(population, None)
    }

    /// `now`: when the cluster was observed; entries of `status.disruptedPods` that are two minutes old by then count no more.
    pub fn at(population: &Population, now: Option<Timestamp>) -> Self {
        let all = &population.state.disruption_budgets;
        let index = SelectorIndex::of(all.iter().enumerate().filter_map(|(position, budget)| {
            let selector = budget.selector.as_ref()?;
            Some((budget.namespace.as_str(), selector, BudgetId::new(position)))
        }));
        let mut starts = Vec::with_capacity(population.shapes.len() + 1);
        let mut of_shapes = Vec::new();
        let mut guards = Vec::with_capacity(population.shapes.len());
        for shape in &population.shapes {
            starts.push(position(of_shapes.len()));
            let found = index.of_labels(shape.namespace, &shape.labels);
            guards.push(match found.as_slice() {
                [] => UNGUARDED,
                [one] => one.0,
                _ => SEVERAL,
            });
            of_shapes.extend(found);
        }
        starts.push(position(of_shapes.len()));
        let mut budgets = Budgets {
            terms: Vec::new(),
            guards,
            starts,
            of_shapes,
            facts: Vec::new(),
            disrupted: Vec::new(),
        };
        let sums = budgets.sum(population, now);
        for (budget, sum) in all.iter().zip(sums) {
            let standing = sum.disrupted;
            let facts = judge_budget(budget, sum);
            let frozen = matches!(facts.basis, Basis::FailSafe(_));
            budgets.terms.push(Terms {
                desired: facts.desired_healthy,
                counts: facts.expected_pods > 0 && !frozen,
                frozen,
                always_allow: budget.unhealthy_pod_eviction_policy.as_deref()
                    == Some("AlwaysAllow"),
                held: if facts.stale {
                    Held::Stale
                } else if budget
                    .disruptions_allowed
                    .is_some_and(|allowed| allowed < 0)
                {
                    Held::Negative
                } else if standing > MOST_DISRUPTED {
                    Held::TooMany
                } else {
                    Held::No
                },
            });
            budgets.facts.push(facts);
        }
        budgets
    }

    pub fn len(&self) -> usize {
        self.facts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    pub fn ids(&self) -> impl Iterator<Item = BudgetId> + use<> {
        (0..self.facts.len()).map(BudgetId::new)
    }

    /// Budgets that mean pods of this shape, in order.
    #[inline]
    pub fn of_shape(&self, shape: ShapeId) -> &[BudgetId] {
        let from = self.starts[shape.at()] as usize;
        let to = self.starts[shape.at() + 1] as usize;
        &self.of_shapes[from..to]
    }

    pub fn facts(&self, budget: BudgetId) -> &BudgetFacts {
        &self.facts[budget.at()]
    }

    /// Pods whose eviction was granted before and does not show yet: they do not count as healthy for that budget (EV-6). In order
    /// of pods. A simulation that evicts one of them once more lowers the budget a second time, which the API server does only
    /// until its controller looks again (errs to refusing).
    pub fn disrupted(&self) -> &[(PodId, BudgetId)] {
        &self.disrupted
    }

    /// One pass over the pods.
    fn sum(&mut self, population: &Population, now: Option<Timestamp>) -> Vec<Sum> {
        let all = &population.state.disruption_budgets;
        let mut sums: Vec<Sum> = vec![Sum::default(); all.len()];
        let mut controllers = Controllers::new(population.state);
        let mut counted: HashSet<(BudgetId, usize)> = HashSet::new();
        let mut before: Option<(BudgetId, usize)> = None;
        for id in population.pod_ids() {
            let facts = population.pods[id.at()];
            if self.guards[facts.shape.at()] == UNGUARDED {
                continue;
            }
            let pod = population.pod(id);
            let found = pod
                .owner
                .as_ref()
                .map(|owner| controllers.of(&pod.namespace, owner));
            for &budget in self.of_shape(facts.shape) {
                let sum = &mut sums[budget.at()];
                sum.matching += 1;
                match found {
                    None => sum.unmanaged += 1,
                    Some(Found::Scale {
                        controller,
                        replicas,
                    }) => {
                        let this = (budget, controller);
                        // Pods of one workload stand side by side.
                        if before != Some(this) && counted.insert(this) {
                            sum.scale = sum.scale.saturating_add_unsigned(replicas);
                        }
                        before = Some(this);
                    }
                    Some(Found::NoScale { kind }) => sum.fail(FailSafe::NoScale {
                        pod: id,
                        kind: kind.to_string(),
                    }),
                    Some(Found::Missing) => sum.fail(FailSafe::Missing { pod: id }),
                    Some(Found::Unread { kind }) => {
                        sum.unread.get_or_insert_with(|| (id, kind.to_string()));
                    }
                }
            }
            if facts.deleting {
                continue;
            }
            let range =
                self.starts[facts.shape.at()] as usize..self.starts[facts.shape.at() + 1] as usize;
            for &budget in &self.of_shapes[range] {
                let Some(since) = all[budget.at()].disrupted_pods.get(&pod.name) else {
                    continue;
                };
                // In this order the controller keeps the entry at the very end of the two minutes and counts the pod again.
                let age = now.map(|now| now.duration_since(*since));
                if age.is_none_or(|age| age <= DISRUPTED_FOR) {
                    sums[budget.at()].disrupted += 1;
                }
                if age.is_none_or(|age| age < DISRUPTED_FOR) {
                    self.disrupted.push((id, budget));
                }
            }
        }
        for (budget, sum) in all.iter().zip(&mut sums) {
            let is_invalid = budget.selector.as_ref().is_some_and(|selector| {
                // Whether a selector is valid does not depend on the labels.
                judge(selector, &Default::default()) == Meaning::Invalid
            });
            if is_invalid {
                sum.invalid = true;
            }
        }
        sums
    }
}

fn position(at: usize) -> u32 {
    u32::try_from(at).expect("shapes × budgets of one pod stay below 2^32: input is bounded")
}

/// What one pass over the pods adds up for a budget.
#[derive(Debug, Clone, Default)]
struct Sum {
    matching: u64,
    unmanaged: u64,
    /// Of distinct controllers.
    scale: i64,
    failed: Option<FailSafe>,
    unread: Option<(PodId, String)>,
    invalid: bool,
    /// Entries of `disruptedPods` that the controller keeps.
    disrupted: usize,
}

impl Sum {
    /// The first pod that fails is the one the controller reports; which of several comes first there is not certain.
    fn fail(&mut self, why: FailSafe) {
        self.failed.get_or_insert(why);
    }
}

/// The arithmetic of PDB-1 to PDB-4. `maxUnavailable` goes first, as in the controller; the API server accepts only one of the two.
fn judge_budget(budget: &DisruptionBudget, sum: Sum) -> BudgetFacts {
    let as_number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let share = |of: IntOrPercent| as_number(of.of(u64::try_from(sum.scale).unwrap_or(0)));
    let by_scale = |desired: i64| {
        if let Some(why) = sum.failed.clone() {
            return failed(budget, why);
        }
        let Some((pod, kind)) = sum.unread.clone() else {
            return (desired, sum.scale, Basis::Scale);
        };
        // The controller fills in `expectedPods` only when it found every scale.
        match (budget.desired_healthy, budget.expected_pods) {
            (Some(desired), Some(expected)) if expected > 0 => {
                (desired, expected, Basis::Status { unread: kind })
            }
            _ => failed(budget, FailSafe::Unread { pod, kind }),
        }
    };
    let (desired_healthy, expected_pods, basis) = if sum.invalid {
        failed(budget, FailSafe::Selector)
    } else if let Some(most) = budget.max_unavailable {
        by_scale((sum.scale - share(most)).max(0))
    } else {
        match budget.min_available {
            Some(IntOrPercent::Int(least)) => {
                (as_number(least), as_number(sum.matching), Basis::Pods)
            }
            Some(percent) => by_scale(share(percent)),
            None => (0, 0, Basis::NeitherIsSet),
        }
    };
    // The API server leaves out an `observedGeneration` of 0, and writes the other numbers even then.
    let observed = budget
        .observed_generation
        .or(budget.disruptions_allowed.map(|_| 0));
    BudgetFacts {
        desired_healthy,
        expected_pods,
        matching: sum.matching,
        unmanaged: sum.unmanaged,
        basis,
        stale: matches!((observed, budget.generation), (Some(seen), Some(now)) if seen < now),
    }
}

/// A controller that fails leaves the numbers of the status as they were, and sets only what is allowed, to 0.
fn failed(budget: &DisruptionBudget, why: FailSafe) -> (i64, i64, Basis) {
    (
        budget.desired_healthy.unwrap_or(0),
        budget.expected_pods.unwrap_or(0),
        Basis::FailSafe(why),
    )
}
