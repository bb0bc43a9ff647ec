//! What AKS answers to an operation: at admission, when the request is checked and refused whole, and at run time, when it was
//! taken and nodes or pods fail. Pure; the wording is [`crate::capacity::answer`]'s.
//!
//! [`difference`] says what changes between two states of a cluster; `admission` and `runtime` judge the state after;
//! [`predict`] puts both together.

mod admission;
pub mod difference;
mod profile;
mod replacement;
mod runtime;
mod scene;
mod words;

pub use difference::{changes_between, describe};
pub use replacement::{predict_deletion, predict_planned};
pub use scene::{Estate, Wish};

use crate::capacity::answer::{Answer, SUBNET_IS_FULL, Stage};
use crate::finding::{Finding, Severity};
use crate::model::{Change, Subject};
use scene::Scene;

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Accepted,
    /// Rules and facts do not decide it.
    Unknown,
    AcceptedThenFails,
    Rejected,
}

impl Outcome {
    pub fn key(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Unknown => "unknown",
            Outcome::AcceptedThenFails => "accepted_then_fails",
            Outcome::Rejected => "rejected",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Unknown => "unknown",
            Outcome::AcceptedThenFails => "accepted, then fails",
            Outcome::Rejected => "rejected",
        }
    }

    pub fn severity(self) -> Severity {
        match self {
            Outcome::Accepted => Severity::Info,
            Outcome::Unknown => Severity::Warning,
            Outcome::AcceptedThenFails | Outcome::Rejected => Severity::Blocker,
        }
    }
}

/// What one pool adds to one range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemandRow {
    pub pool: String,
    /// Nodes that are counted, surge included.
    pub nodes: u64,
    pub per_node: u64,
    pub addresses: u64,
    /// Subnet name, or `networkProfile.podCIDR`.
    pub subnet: String,
    /// Where the numbers come from.
    pub basis: String,
}

/// What AKS answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// `add_nodepool`, `upgrade`, …
    pub kind: &'static str,
    pub cluster: String,
    /// What is asked for is about: the operation of a scenario, the one pool that changes, or else the cluster. Errors are
    /// about it as well; each finding says for itself.
    pub subject: Subject,
    /// Each change in words.
    pub changes: Vec<String>,
    pub outcome: Outcome,
    /// What is answered; the first is the one most likely shown, for AKS stops at one.
    pub errors: Vec<Answer>,
    pub demand: Vec<DemandRow>,
    /// What is not answered by AKS but worth knowing.
    pub findings: Vec<Finding>,
    /// Why the outcome is not known, where it is not, and else what only that would have decided: clauses.
    pub open: Vec<String>,
    pub not_checked: Vec<String>,
}

impl Prediction {
    /// The worst of outcome and findings, for `--fail-on`.
    pub fn worst(&self) -> Severity {
        let findings = self.findings.iter().map(|finding| finding.severity);
        findings
            .chain([self.outcome.severity()])
            .max()
            .unwrap_or(Severity::Info)
    }
}

/// What a stage found.
#[derive(Debug, Default)]
struct Judgement {
    errors: Vec<Answer>,
    /// Refusals of ranges that the request leaves to AKS: less sure than those of ranges it names, so they come last.
    by_default: Vec<Answer>,
    demand: Vec<DemandRow>,
    findings: Vec<Finding>,
    not_checked: Vec<String>,
    /// What is needed and not known, so that silence does not mean acceptance.
    open: Vec<String>,
}

impl Judgement {
    /// Something needed is not known, and was not checked for that reason.
    fn not_known(&mut self, what: String) {
        self.open.push(what.clone());
        self.not_checked.push(what);
    }
}

/// Predicts the answer.
pub fn predict(wish: &Wish) -> Prediction {
    predict_in(&Estate::of(wish.before, wish.after), wish)
}

/// The same, where many wishes share the two states: what is looked up in them is made once.
pub fn predict_in(estate: &Estate, wish: &Wish) -> Prediction {
    let scene = Scene::of(estate, wish);
    let mut judgement = Judgement::default();
    if !scene.autoscaler_only() {
        profile::judge(&scene, &mut judgement);
        admission::judge(&scene, &mut judgement);
        judgement.errors.append(&mut judgement.by_default);
    }
    let rejected = !judgement.errors.is_empty();
    if !rejected {
        runtime::judge(&scene, &mut judgement);
    }
    always_unknown(&scene, &mut judgement);
    let fails = judgement
        .errors
        .iter()
        .any(|error| error.stage == Stage::Runtime);
    // The autoscaler's step is refused by the network or by its own bounds, whole; what fails behind a node's interface fails afterwards.
    let refused = scene.autoscaler_only()
        && judgement
            .errors
            .iter()
            .any(|error| [SUBNET_IS_FULL, runtime::ABOVE_MAX_COUNT].contains(&error.code));
    let outcome = if rejected || refused {
        Outcome::Rejected
    } else if !judgement.open.is_empty() {
        Outcome::Unknown
    } else if fails {
        Outcome::AcceptedThenFails
    } else {
        Outcome::Accepted
    };
    let mut not_checked = judgement.not_checked;
    not_checked.extend(scene.not_checked());
    not_checked.sort();
    not_checked.dedup();
    let cluster = Subject::Cluster(scene.after.label().to_string());
    let findings = judgement.findings.into_iter();
    Prediction {
        kind: scene.kind(),
        cluster: scene.after.label().to_string(),
        subject: subject_of(scene.after.label(), &wish.changes),
        changes: wish.changes.iter().map(describe).collect(),
        outcome,
        errors: judgement.errors,
        demand: judgement.demand,
        findings: findings.map(|finding| finding.within(&cluster)).collect(),
        open: judgement.open,
        not_checked,
    }
}

/// The one pool that all changes are about, or the cluster.
fn subject_of(cluster: &str, changes: &[Change]) -> Subject {
    let mut pools = changes.iter().map(|change| match change {
        Change::AddPool(pool) => Some(pool.name.as_str()),
        Change::Scale { pool, .. } | Change::SetMaxCount { pool, .. } => Some(pool.as_str()),
        Change::Upgrade { pool } => pool.as_deref(),
        _ => None,
    });
    match pools.next().flatten() {
        Some(first) if pools.all(|pool| pool == Some(first)) => Subject::pool(cluster, first),
        _ => Subject::Cluster(cluster.to_string()),
    }
}

/// What no file can tell.
fn always_unknown(scene: &Scene, judgement: &mut Judgement) {
    let mut say = |sentence: &str| judgement.not_checked.push(sentence.to_string());
    if scene.makes_nodes() {
        say("vCPU quota, machine sizes and zone capacity of the region");
    }
    if scene.reimages() {
        say("whether pods can be drained: budgets are checked for max_unavailable 0 only");
        if !scene.has_budgets() {
            say(
                "disruption budgets: none were read; add the output of `kubectl get pdb -A -o json`",
            );
        }
    }
}
