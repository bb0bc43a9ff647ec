//! The eviction API's questions, answers and words (`pkg/registry/core/pod/storage/eviction.go`). Judges nothing: the
//! [`Ledger`] does.

use super::Ledger;
use super::budgets::Budgets;
use crate::population::{BudgetId, Phase, PodFacts, Population, ShapeId};

/// A pod as the eviction API sees it at the moment it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub shape: ShapeId,
    pub phase: Phase,
    /// Its condition `Ready`.
    pub ready: bool,
    /// Has a `deletionTimestamp`.
    pub deleting: bool,
}

impl From<PodFacts> for Asked {
    /// As observed.
    fn from(pod: PodFacts) -> Self {
        Asked {
            shape: pod.shape,
            phase: pod.phase,
            ready: pod.ready,
            deleting: pod.deleting,
        }
    }
}

/// What becomes of an eviction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Evicted, and no budget is the smaller for it: none matches, none is asked (EV-1), or the pod is not ready and its budget
    /// lets such a pod go (EV-4).
    Unguarded,
    /// Evicted; the budget has one healthy pod less.
    Granted(BudgetId),
    /// Not evicted.
    Refused { budget: BudgetId, why: Refused },
    /// Not evicted: more than one budget matches (EV-2). kubectl does not ask again.
    SeveralBudgets,
}

/// Why a budget refuses (EV-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refused {
    /// 429: no disruption is left.
    NoneLeft,
    /// 429: the controller has not looked at the newest budget yet.
    Processing,
    /// 403: `disruptionsAllowed` is below zero.
    Negative,
    /// 403: more than 2,000 pods under way.
    TooManyDisrupted,
}

impl Verdict {
    /// Whether the pod is on its way out.
    #[inline]
    pub fn is_evicted(self) -> bool {
        matches!(self, Verdict::Unguarded | Verdict::Granted(_))
    }

    /// Whether kubectl asks again after a while: of refusals it does that for 429 only.
    #[inline]
    pub fn is_retried(self) -> bool {
        matches!(
            self,
            Verdict::Refused {
                why: Refused::NoneLeft | Refused::Processing,
                ..
            }
        )
    }

    /// The status code.
    pub fn code(self) -> u16 {
        match self {
            Verdict::Unguarded | Verdict::Granted(_) => 201,
            Verdict::SeveralBudgets => 500,
            Verdict::Refused { why, .. } => match why {
                Refused::NoneLeft | Refused::Processing => 429,
                Refused::Negative | Refused::TooManyDisrupted => 403,
            },
        }
    }

    /// Seconds of a `Retry-After` header, where there is one: with no disruption left the server says 0, which sends none.
    pub fn retry_after_seconds(self) -> Option<u32> {
        match self {
            Verdict::Refused {
                why: Refused::Processing,
                ..
            } => Some(10),
            _ => None,
        }
    }

    /// What the API server says; empty when it evicts.
    pub fn message(self, population: &Population) -> String {
        match self {
            Verdict::Unguarded | Verdict::Granted(_) => String::new(),
            Verdict::SeveralBudgets => "This pod has more than one PodDisruptionBudget, which the \
                                        eviction subresource does not support."
                .to_string(),
            Verdict::Refused { budget, why } => {
                let name = &population.state.disruption_budgets[budget.at()].name;
                let forbidden = |because: &str| {
                    format!("poddisruptionbudget.policy {name:?} is forbidden: {because}")
                };
                match why {
                    Refused::NoneLeft | Refused::Processing => {
                        "Cannot evict pod as it would violate the pod's disruption budget."
                            .to_string()
                    }
                    Refused::Negative => forbidden("pdb disruptions allowed is negative"),
                    Refused::TooManyDisrupted => forbidden(
                        "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
                    ),
                }
            }
        }
    }

    /// The cause in the details of a 429; `ledger` as it was when the pod was refused.
    pub fn cause(
        self,
        population: &Population,
        budgets: &Budgets,
        ledger: &Ledger,
    ) -> Option<String> {
        let Verdict::Refused { budget, why } = self else {
            return None;
        };
        let name = &population.state.disruption_budgets[budget.at()].name;
        match why {
            Refused::NoneLeft => Some(format!(
                "The disruption budget {name} needs {} healthy pods and has {} currently",
                budgets.facts(budget).desired_healthy,
                ledger.healthy(budget)
            )),
            Refused::Processing => Some(format!(
                "The disruption budget {name} is still being processed by the server."
            )),
            Refused::Negative | Refused::TooManyDisrupted => None,
        }
    }
}
