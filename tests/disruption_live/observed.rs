//! What happened, with nothing in it that another run of the same case would show differently but the names of pods.

use super::case::Expect;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A budget as its status shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetSeen {
    pub allowed: u32,
    pub healthy: u32,
    pub desired: u32,
    pub expected: u32,
    /// Why its condition says that it could not be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// Its status is older than its specification.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
}

impl BudgetSeen {
    pub fn of(budget: &Value) -> BudgetSeen {
        let status = &budget["status"];
        let count = |name: &str| status[name].as_u64().unwrap_or(0) as u32;
        let condition = super::rest::condition(budget, "DisruptionAllowed");
        let failed = condition.filter(|one| one["reason"] == "SyncFailed");
        let text = |one: &Value| one["message"].as_str().unwrap_or_default().to_string();
        // What could not be computed shows the numbers of the last time it could: which that was is luck.
        let computed = |name: &str| if failed.is_none() { count(name) } else { 0 };
        BudgetSeen {
            allowed: count("disruptionsAllowed"),
            healthy: computed("currentHealthy"),
            desired: computed("desiredHealthy"),
            expected: computed("expectedPods"),
            failed: failed.map(text),
            stale: status["observedGeneration"].as_u64().unwrap_or(0)
                < budget["metadata"]["generation"].as_u64().unwrap_or(0),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeFate {
    /// All that was to go is gone.
    Drained,
    /// A pod is left, and nothing happens any more.
    Stuck,
    /// A filter refused it, and nothing was evicted.
    Refused,
    /// The drain ended before its turn.
    NotReached,
}

/// What a request for eviction was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    Evicted,
    /// 404: somebody else was faster.
    Gone,
    /// 429.
    Refused {
        budget: String,
        /// The server's words on why.
        cause: String,
    },
    /// Another code, final for kubectl.
    Failed {
        code: u16,
        message: String,
    },
    /// Evicted, and yet it never goes.
    Remains,
}

impl Verdict {
    pub fn of(status: u16, body: &Value) -> Verdict {
        let message = body["message"].as_str().unwrap_or_default().to_string();
        let causes = body["details"]["causes"].as_array();
        let cause =
            causes.and_then(|all| all.iter().find(|one| one["reason"] == "DisruptionBudget"));
        match (status, cause) {
            (201, _) => Verdict::Evicted,
            (404, _) => Verdict::Gone,
            (429, Some(cause)) => {
                let cause = cause["message"].as_str().unwrap_or_default().to_string();
                let name = cause.strip_prefix("The disruption budget ");
                let name = name.and_then(|rest| rest.split(' ').next());
                Verdict::Refused {
                    budget: name.unwrap_or_default().to_string(),
                    cause,
                }
            }
            (code, _) => Verdict::Failed { code, message },
        }
    }

    /// One after the other count as one: how often somebody asks is not what is compared.
    fn repeats(&self, other: &Verdict) -> bool {
        match (self, other) {
            (Verdict::Refused { budget: one, .. }, Verdict::Refused { budget: two, .. }) => {
                one == two
            }
            _ => self == other,
        }
    }
}

/// A pod that was asked to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodSeen {
    pub pod: String,
    pub workload: String,
    pub node: String,
    pub verdicts: Vec<Verdict>,
}

impl PodSeen {
    pub fn is_gone(&self) -> bool {
        matches!(self.verdicts.last(), Some(Verdict::Evicted | Verdict::Gone))
    }

    /// `429 api > evicted`. What a budget had and needed changes while there is movement; of a pod that stays it is final, if it
    /// was computed at all.
    fn line(&self, budgets: &BTreeMap<String, BudgetSeen>) -> String {
        let mut kept: Vec<&Verdict> = Vec::new();
        for verdict in &self.verdicts {
            if kept.last().is_some_and(|last| last.repeats(verdict)) {
                kept.pop();
            }
            kept.push(verdict);
        }
        let failed = |name: &String| budgets.get(name).is_some_and(|seen| seen.failed.is_some());
        let last = kept.len().saturating_sub(1);
        let words = kept
            .iter()
            .enumerate()
            .map(|(position, verdict)| match verdict {
                Verdict::Evicted => "evicted".to_string(),
                Verdict::Gone => "404".to_string(),
                Verdict::Remains => "remains".to_string(),
                Verdict::Refused { budget, cause }
                    if position == last && (!failed(budget) || cause.contains("processed")) =>
                {
                    format!("429 {cause}")
                }
                Verdict::Refused { budget, .. } => format!("429 {budget}"),
                Verdict::Failed { code, message } => format!("{code} {message}"),
            });
        words.collect::<Vec<_>>().join(" > ")
    }
}

/// By workload, and then by something, how many.
pub type Counts = BTreeMap<String, BTreeMap<String, usize>>;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Before the drain.
    pub budgets: BTreeMap<String, BudgetSeen>,
    pub nodes: BTreeMap<String, NodeFate>,
    /// By node and name.
    pub pods: Vec<PodSeen>,
    pub landed: Counts,
    pub pending: BTreeMap<String, usize>,
    pub refused: BTreeMap<String, Vec<String>>,
    /// Seen every fifth of a second, so that what lasts less may be missed.
    pub most_pods: BTreeMap<String, usize>,
    pub fewest_ready: BTreeMap<String, usize>,
}

impl Observed {
    pub fn verdicts(&self) -> Counts {
        let mut counts = Counts::new();
        for pod in &self.pods {
            let lines = counts.entry(pod.workload.clone()).or_default();
            *lines.entry(pod.line(&self.budgets)).or_default() += 1;
        }
        counts
    }

    /// Each way in which it is not what was expected.
    pub fn differences(&self, expect: &Expect) -> Vec<String> {
        let mut found = Vec::new();
        let known = |(name, seen): (&String, &BudgetSeen)| {
            let luck = expect.budgets.get(name) == Some(&None);
            (name.clone(), (!luck).then(|| seen.clone()))
        };
        let budgets = self.budgets.iter().map(known).collect();
        differ(&mut found, "budgets", &expect.budgets, &budgets);
        if let Some(expected) = &expect.nodes {
            differ(&mut found, "nodes", expected, &self.nodes);
        }
        differ(&mut found, "verdicts", &expect.verdicts, &self.verdicts());
        differ(&mut found, "landed", &expect.landed, &self.landed);
        differ(&mut found, "pending", &expect.pending, &self.pending);
        differ(&mut found, "refused", &expect.refused, &self.refused);
        if let Some(expected) = &expect.most_pods {
            differ(&mut found, "most_pods", expected, &self.most_pods);
        }
        if let Some(expected) = &expect.fewest_ready {
            differ(&mut found, "fewest_ready", expected, &self.fewest_ready);
        }
        found
    }
}

fn differ<T: Serialize + PartialEq>(
    found: &mut Vec<String>,
    what: &str,
    expected: &T,
    observed: &T,
) {
    if expected != observed {
        let text = |value: &T| serde_json::to_string(value).expect("plain data");
        found.push(format!(
            "{what}: expected {}\n      observed {}",
            text(expected),
            text(observed)
        ));
    }
}
