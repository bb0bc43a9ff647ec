//! Simulates a reimage of every node from what was read, for a plan and again before it is carried out.

use super::eligibility::{Obstacle, obstacles};
use super::foreseen::Foreseen;
use super::step::{Action, Seconds, Step};
use crate::capacity::growth::Books;
use crate::disruption::verdicts::StaticVerdict;
use crate::model::{Cluster, Inventory, IpNet};
use crate::population::Population;
use crate::simulate::{Engine, Operation, Outcome, Policy, Setting, Undone, beforehand, futures};

/// What is foreseen of one reimage.
#[derive(Debug, Clone, PartialEq)]
pub struct Foresight {
    pub foreseen: Foreseen,
    /// `None`: more than one future in a hundred does not complete, or none was played.
    pub seconds: Option<Seconds>,
    /// What the run at median durations leaves undone; `None`: it completes.
    pub undone: Option<Undone>,
    /// What drains do whatever their order is.
    pub beforehand: Vec<StaticVerdict>,
    /// Which way the simulation errs, and what nothing is said about, in sentences.
    pub not_checked: Vec<String>,
}

/// Chance of the futures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chance {
    pub seed: u64,
    pub futures: u32,
}

/// Plays the reimage of all nodes, with a pod CIDR the move itself; `None`: nodes or pods were not read.
pub fn foresee(
    inventory: &Inventory,
    cluster: &Cluster,
    pod_cidr: Option<IpNet>,
    policy: &Policy,
    chance: Chance,
) -> Option<Foresight> {
    let state = cluster
        .kubernetes
        .as_deref()
        .filter(|state| !state.nodes.is_empty() && state.has_kind("Pod"))?;
    let population = Population::of(cluster, state);
    let books = Books::of(inventory);
    let setting = Setting::of(
        &population,
        Some(&books),
        Operation::Move { pod_cidr },
        policy,
        inventory.observed_at,
    );
    let (verdicts, unread) = beforehand(&setting);
    let (ended, log) = Engine::new(&setting).record();
    let outcome = Outcome::of(&setting, ended, log);
    let played = (chance.futures > 0).then(|| futures(&setting, chance.seed, chance.futures));
    Some(Foresight {
        foreseen: Foreseen::of(&setting, &outcome, played.as_ref()),
        undone: outcome
            .ended
            .seconds
            .is_none()
            .then(|| Undone::of(&setting, &outcome)),
        seconds: played
            .as_ref()
            // Percentiles of those that complete say nothing of all where one in a hundred does not.
            .filter(|played| u64::from(played.completed) * 100 >= u64::from(played.count) * 99)
            .and_then(|played| played.seconds)
            .map(Seconds::from),
        not_checked: setting.not_checked.iter().cloned().chain(unread).collect(),
        beforehand: verdicts,
    })
}

/// What is foreseen of the steps of a plan that reimage every node: the move, and the others, which are alike.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Foresights {
    pub moved: Option<Foresight>,
    plain: Option<Foresight>,
}

impl Foresights {
    /// Plays no more than these steps need.
    pub fn of(
        inventory: &Inventory,
        cluster: &Cluster,
        steps: &[Step],
        policy: &Policy,
        chance: Chance,
    ) -> Self {
        let play = |pod_cidr| foresee(inventory, cluster, pod_cidr, policy, chance);
        let mut foresights = Foresights::default();
        for step in steps.iter().filter(|step| step.reimages) {
            match step.action {
                Action::MoveToOverlay { pod_cidr, .. } => foresights.moved = play(Some(pod_cidr)),
                _ if foresights.plain.is_none() => foresights.plain = play(None),
                _ => {}
            }
        }
        foresights
    }

    /// Of one of them.
    pub fn of_step(&self, step: &Step) -> Option<&Foresight> {
        match step.action {
            Action::MoveToOverlay { .. } => self.moved.as_ref(),
            _ => self.plain.as_ref(),
        }
    }
}

/// Obstacles that make the move impossible.
pub fn blockers(inventory: &Inventory, cluster: &Cluster, pod_cidr: &IpNet) -> Vec<Obstacle> {
    let found = obstacles(inventory, cluster, Some(pod_cidr));
    found.blockers().cloned().collect()
}

/// An obstacle as one sentence, with its rule and remedy.
pub fn sentence(obstacle: &Obstacle) -> String {
    format!(
        "{} ({}): {}",
        obstacle.evidence, obstacle.rule.id, obstacle.remedy
    )
}
