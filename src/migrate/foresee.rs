//! Simulates a reimage of every node from what was read, for a plan and again before it is carried out.

use super::eligibility::{Obstacle, obstacles};
use super::foreseen::Foreseen;
use super::plan::Plan;
use super::step::{Action, Seconds, Step};
use crate::capacity::growth::Books;
use crate::capacity::runway::after_the_move;
use crate::disruption::verdicts::StaticVerdict;
use crate::finding::counted;
use crate::model::{Cluster, ClusterIndex, Inventory, IpNet};
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
fn foresee(
    books: &Books,
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
    let setting = Setting::of(
        &population,
        Some(books),
        Operation::Move { pod_cidr },
        policy,
        books.inventory.observed_at,
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

/// What is foreseen of the steps of a plan that reimage every node: the move, those before it and those after it. Those on one side are
/// alike.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Foresights {
    pub moved: Option<Foresight>,
    before: Option<Foresight>,
    after: Option<Foresight>,
    /// Ids of the steps after the move.
    later: Vec<String>,
}

impl Foresights {
    /// Plays no more than these steps need. A step before the move finds nodes that hold what they hold now, one after it nodes of Overlay:
    /// there its surge costs one address a node (OVL-1), and not all of its pods' (CLS-3).
    pub fn of(
        inventory: &Inventory,
        index: ClusterIndex,
        steps: &[Step],
        policy: &Policy,
        chance: Chance,
    ) -> Self {
        Foresights::played(inventory, index, steps, policy, chance, true)
    }

    fn played(
        inventory: &Inventory,
        index: ClusterIndex,
        steps: &[Step],
        policy: &Policy,
        chance: Chance,
        plays_move: bool,
    ) -> Self {
        if !plays_move && !steps.iter().any(Step::is_plain_reimage) {
            return Foresights::default();
        }
        let books = Books::of(inventory);
        let cluster = inventory.cluster(index);
        let play = |pod_cidr| foresee(&books, cluster, pod_cidr, policy, chance);
        let mut foresights = Foresights::default();
        let mut moved_to = None;
        for step in steps.iter().filter(|step| step.reimages) {
            match (&step.action, moved_to) {
                (Action::MoveToOverlay { pod_cidr, .. }, _) => {
                    foresights.moved = plays_move.then(|| play(Some(*pod_cidr))).flatten();
                    moved_to = Some(*pod_cidr);
                }
                (_, None) if foresights.before.is_none() => foresights.before = play(None),
                (_, None) => {}
                (_, Some(pod_cidr)) => {
                    foresights.later.push(step.id.clone());
                    if foresights.after.is_none() {
                        let mut then = after_the_move(inventory, index, pod_cidr);
                        // What runs there runs there still: it is what is drained.
                        then.clusters[index.get()]
                            .kubernetes
                            .clone_from(&cluster.kubernetes);
                        let books = books.with_changed(&then, index);
                        foresights.after =
                            foresee(&books, then.cluster(index), None, policy, chance);
                    }
                }
            }
        }
        foresights
    }

    /// Of one of them.
    pub fn of_step(&self, step: &Step) -> Option<&Foresight> {
        match step.action {
            Action::MoveToOverlay { .. } => self.moved.as_ref(),
            _ if self.later.contains(&step.id) => self.after.as_ref(),
            _ => self.before.as_ref(),
        }
    }
}

/// A reimage of every node beside the one of the move itself: each drains all pods once more (MIG-26).
#[derive(Debug, Clone, PartialEq)]
pub struct Reimage {
    /// Id of its step.
    pub step: String,
    pub is_before: bool,
    pub foreseen: Foreseen,
    /// `None`: more than one future in a hundred does not complete, or none was played.
    pub seconds: Option<Seconds>,
    /// `None`: it completes.
    pub undone: Option<Undone>,
}

impl Reimage {
    /// Those of steps, played on the inventory as it is when the move begins; none where nodes or pods were not read.
    pub fn all(
        at_the_move: &Inventory,
        index: ClusterIndex,
        steps: &[Step],
        policy: &Policy,
        chance: Chance,
    ) -> Vec<Reimage> {
        let foresights = Foresights::played(at_the_move, index, steps, policy, chance, false);
        let plain = steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.is_plain_reimage());
        let found = plain.filter_map(|(at, step)| {
            let foresight = foresights.of_step(step)?;
            Some(Reimage {
                step: step.id.clone(),
                is_before: steps[at..].iter().any(Step::is_move),
                foreseen: foresight.foreseen.clone(),
                seconds: foresight.seconds,
                undone: foresight.undone.clone(),
            })
        });
        found.collect()
    }

    /// The same, as a plan has them: there is none over one that does not complete.
    pub fn of_plan(plan: &Plan) -> Vec<Reimage> {
        let steps = plan.steps.iter().enumerate();
        let plain = steps.filter(|(_, step)| step.is_plain_reimage());
        let found = plain.filter_map(|(at, step)| {
            Some(Reimage {
                step: step.id.clone(),
                is_before: plan.steps[at..].iter().any(Step::is_move),
                foreseen: step.foreseen.as_deref()?.clone(),
                seconds: step.expected,
                undone: None,
            })
        });
        found.collect()
    }

    /// What it is called in a sentence: `step 4-enable-cilium`.
    pub fn called(&self) -> String {
        format!("step {}", self.step)
    }

    /// Where it ends before its end, unless `said` names every budget that holds it.
    pub fn halted(&self, said: &[String]) -> Option<String> {
        halted(
            &format!("the simulated reimage of {}", self.called()),
            self.undone.as_ref()?,
            said,
        )
    }
}

/// Where a simulated reimage ends before its end, unless `said` names every budget that holds it.
pub fn halted(what: &str, undone: &Undone, said: &[String]) -> Option<String> {
    let named = |budget: &String| format!("budget {budget} ");
    let is_said = |budget: &String| {
        said.iter()
            .any(|sentence| sentence.contains(&named(budget)))
    };
    if !undone.budgets.is_empty() && undone.budgets.iter().all(is_said) {
        return None;
    }
    let why = match (undone.surge_words(), undone.budgets.as_slice()) {
        (Some(words), _) => words,
        (None, []) => format!(
            "{} left as they were",
            counted(left(undone) as u64, "node is", "nodes are")
        ),
        (None, [one]) => format!("budget {one} never lets its pods go"),
        (None, several) => format!("budgets {} never let their pods go", several.join(", ")),
    };
    Some(format!("{what} does not complete: {why}"))
}

/// Nodes that are not done.
fn left(undone: &Undone) -> usize {
    undone.blocked.len()
        + undone.refused.len()
        + undone.failed.len()
        + undone.without_addresses.len()
        + undone.unreached
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
