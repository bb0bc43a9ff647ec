//! Simulates a reimage of every node from what was read, for a plan and again before it is carried out.

use super::eligibility::obstacles;
use super::foreseen::Foreseen;
use super::step::Seconds;
use crate::capacity::growth::Books;
use crate::model::{Cluster, Inventory, IpNet};
use crate::population::Population;
use crate::simulate::{Engine, Operation, Outcome, Policy, Setting, futures};

/// What is foreseen of one reimage.
#[derive(Debug, Clone, PartialEq)]
pub struct Foresight {
    pub foreseen: Foreseen,
    /// Of the futures that complete; `None`: none does, or none was played.
    pub seconds: Option<Seconds>,
    /// Which way the simulation errs, in sentences.
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
    let (ended, log) = Engine::new(&setting).record();
    let outcome = Outcome::of(&setting, ended, log);
    let played = (chance.futures > 0).then(|| futures(&setting, chance.seed, chance.futures));
    Some(Foresight {
        foreseen: Foreseen::of(&setting, &outcome, played.as_ref()),
        seconds: played.as_ref().and_then(Foreseen::seconds),
        not_checked: setting.not_checked.clone(),
    })
}

/// Obstacles that stand in the way even with the steps of a plan: a network policy engine that a step removes is none.
pub fn blockers(
    inventory: &Inventory,
    cluster: &Cluster,
    pod_cidr: &IpNet,
    policy_is_handled: bool,
) -> Vec<String> {
    obstacles(inventory, cluster, Some(pod_cidr))
        .blockers()
        .filter(|obstacle| !(policy_is_handled && obstacle.rule.id == crate::rule::MIG_3.id))
        .map(|obstacle| {
            format!(
                "{} ({}): {}",
                obstacle.evidence, obstacle.rule.id, obstacle.remedy
            )
        })
        .collect()
}
