//! What stands in the way of carrying a plan out now: drift, obstacles, the clock, what is left of the window. Judged over one look and
//! the journal; asks nobody.

use super::Carrier;
use crate::execute::actuator::Observed;
use crate::execute::journal::{Status, StepState};
use crate::execute::run::Judge;
use crate::finding::Severity;
use crate::migrate::build::{as_at_the_move, together};
use crate::migrate::fingerprint::{Drift, drift, facts};
use crate::migrate::foresee::{Foresights, blockers, sentence};
use crate::migrate::settings;
use crate::migrate::window::{Answer, Gate, Question};
use crate::migrate::{Action, Obstacle, Plan, Step};
use crate::model::{Inventory, ResourceId};
use crate::rule;
use jiff::Timestamp;

impl Carrier<'_> {
    /// Everything that stands in the way of beginning or going on now, and what is worth saying of the rest.
    pub(super) fn refusals(
        &self,
        observed: &Observed,
        status: &Status,
        begun: Timestamp,
        now: Timestamp,
    ) -> (Vec<String>, Vec<String>) {
        let mut refusals = Vec::new();
        let mut notes = Vec::new();
        let current = status.current();
        // What AKS is at already is watched, whatever the clock says.
        if self.is_under_way(status) || self.args.deed.abort {
            return (refusals, notes);
        }
        refusals.extend(other_cluster(observed));
        let left: Vec<Step> = current
            .map(|position| self.plan.steps[position..].to_vec())
            .unwrap_or_default();
        let altered: Vec<String> = self
            .plan
            .steps
            .iter()
            .filter(|step| !matches!(status.step(&step.id), StepState::Pending))
            .flat_map(|step| step.action.alters())
            .collect();
        let was_taken = |step: &&Step| {
            status.failed.contains(&step.id)
                || matches!(
                    status.step(&step.id),
                    StepState::Done | StepState::Running { .. }
                )
        };
        let mut reimages = self.plan.steps.iter().filter(|step| step.reimages);
        let has_reimaged = reimages.any(|step| was_taken(&step));
        let mut steps = self.plan.steps.iter();
        let has_moved = steps.any(|step| {
            matches!(step.action, Action::MoveToOverlay { .. })
                && (was_taken(&step) || matches!(status.step(&step.id), StepState::Held))
        });
        let now_facts = facts(&observed.inventory, observed.cluster());
        for drift in drift(&self.plan.facts, &now_facts, &altered) {
            let told = drifted(&drift);
            // Half moved, there is nothing left to plan anew; and what releases a stuck node is a change to budgets and pools.
            if has_moved || has_reimaged && drift.is_release() {
                notes.push(format!("{told}: going on all the same"));
            } else if drift.is_judged_live() {
                notes.push(format!("{told}: judged as it is now"));
            } else if drift.is_unread() {
                refusals.push(format!("{told}: try again when it can be read"));
            } else {
                refusals.push(format!("{told}: {}", again(self.plan, status)));
            }
        }
        if !left.iter().any(|step| step.reimages) {
            return (refusals, notes);
        }
        let then = as_at_the_move(&observed.inventory, observed.index, &left);
        let cluster = then.cluster(observed.index);
        let moves = left
            .iter()
            .any(|step| matches!(step.action, Action::MoveToOverlay { .. }));
        // What a failed attempt of the move itself leaves is no obstacle to going on.
        if moves && !has_moved {
            let blockers = blockers(&then, cluster, &self.plan.pod_cidr);
            // A failed write before it leaves the cluster or a pool Failed or Canceled, which its own step asks about.
            let mut writes = self.plan.steps.iter().filter(|step| step.write.is_some());
            let has_left = writes.any(|step| status.failed.contains(&step.id));
            let is_left = |obstacle: &Obstacle| has_left && obstacle.rule == &rule::MIG_14;
            let blockers = blockers.iter().filter(|obstacle| !is_left(obstacle));
            refusals.extend(blockers.map(sentence));
        }
        let expected = self.expected_now(&then, observed, &left);
        if expected.is_none() {
            notes.push(
                "how long it takes could not be simulated on what is now: too few futures complete"
                    .to_string(),
            );
        }
        let question = Question {
            p50_seconds: expected.map(|expected| expected.0),
            p90_seconds: expected.map(|expected| expected.1),
            begun,
            ..Question::of(observed.cluster(), self.window.as_ref(), now)
        };
        let answers = question.answers();
        let is_shut =
            |answer: &Answer| answer.gate == Gate::Clock && answer.severity == Severity::Blocker;
        // Where no window is open, nothing can fit into it: that is one thing in the way.
        let is_shut = answers.iter().any(is_shut);
        let answers = answers.into_iter();
        for answer in answers.filter(|answer| !(is_shut && answer.gate == Gate::Overrun)) {
            let sentence = if answer.remedy.is_empty() {
                format!("{} ({})", answer.evidence, answer.rule.id)
            } else {
                format!(
                    "{} ({}). {}",
                    answer.evidence, answer.rule.id, answer.remedy
                )
            };
            let is_accepted = answer.gate == Gate::Overrun && self.args.accept_overrun;
            match answer.severity {
                Severity::Blocker if !is_accepted => refusals.push(sentence),
                _ => notes.push(sentence),
            }
        }
        (refusals, notes)
    }

    /// Median and p90 of what is left, simulated on what is now.
    fn expected_now(
        &self,
        then: &Inventory,
        observed: &Observed,
        left: &[Step],
    ) -> Option<(u32, u32)> {
        let cluster = then.cluster(observed.index);
        let policy = self.simulation.play.timing().ok()?;
        let pods = cluster
            .kubernetes
            .as_deref()
            .map_or(0, |state| state.pods.len());
        let chance = self.simulation.play.chance(pods);
        let mut left = left.to_vec();
        let foresights = Foresights::of(then, observed.index, &left, &policy, chance);
        for step in left.iter_mut().filter(|step| step.reimages) {
            let foresight = foresights.of_step(step)?;
            foresight.foreseen.median?;
            step.expected = foresight.seconds;
        }
        together(&left).map(|sum| (sum.p50, sum.p90))
    }
}

/// What to do about drift. A plan that changed something already would be followed by one that does not know what to put back.
fn again(plan: &Plan, status: &Status) -> String {
    let left: Vec<String> = plan
        .steps
        .iter()
        .filter(|step| !status.step(&step.id).is_over())
        .filter_map(|step| match &step.action {
            Action::EnableNetworkPolicy { policy } => {
                Some(format!("--network-policy-after {policy}"))
            }
            Action::EnableCilium { .. } => Some("--network-policy-after cilium".to_string()),
            Action::RestoreUpgradeSettings { pool, to, .. } => Some(format!(
                "pool {pool} put back to {} by hand",
                settings::words(to)
            )),
            _ => None,
        })
        .collect();
    if status.wrote && !left.is_empty() {
        format!(
            "put it back as it was; a new plan would not know what this one is to end with: {}",
            left.join(", ")
        )
    } else {
        "make the plan again".to_string()
    }
}

/// A fact that is not what it was, in words.
fn drifted(drift: &Drift) -> String {
    let value = |value: &Option<String>, none: &str| match value.as_deref() {
        None => none.to_string(),
        Some("") => "empty".to_string(),
        Some(value) => value.to_string(),
    };
    format!(
        "{} was {} when the plan was made, and is {}",
        drift.fact,
        value(&drift.planned, "not there"),
        value(&drift.now, "gone")
    )
}

/// The objects must be those of the cluster that is written to: a context may lead anywhere. Machines of AKS say which resource group
/// they are in; the first that is in another one, in a sentence.
pub(super) fn other_cluster(observed: &Observed) -> Option<String> {
    let cluster = observed.cluster();
    let group = cluster.node_resource_group.as_deref()?;
    let state = cluster.kubernetes.as_deref()?;
    state.nodes.iter().find_map(|node| {
        let id = ResourceId::new(node.provider_id.as_deref()?.trim_start_matches("azure://"));
        let other = id.resource_group()?;
        (!other.eq_ignore_ascii_case(group)).then(|| {
            format!(
                "the API server is another cluster's: node {} is in resource group {other}, and machines of {} are in {group}",
                node.name, cluster.name
            )
        })
    })
}

/// What is asked before every write that drains nodes, on what is seen then.
pub(super) struct Judgement<'c, 'a> {
    pub(super) carrier: &'c Carrier<'a>,
    /// Of the first look.
    pub(super) refusals: Vec<String>,
}

impl Judge for Judgement<'_, '_> {
    fn before_the_run(&self) -> Vec<String> {
        self.refusals.clone()
    }

    fn before_a_write(&self, observed: &Observed, status: &Status, now: Timestamp) -> Vec<String> {
        let begun = status.first_write.unwrap_or(now);
        self.carrier.refusals(observed, status, begun, now).0
    }
}
