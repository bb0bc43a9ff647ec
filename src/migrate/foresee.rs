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
    /// `None`: more than one future in a hundred does not complete, or none was played.
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
        seconds: played
            .as_ref()
            // Percentiles of those that complete say nothing of all where one in a hundred does not.
            .filter(|played| u64::from(played.completed) * 100 >= u64::from(played.count) * 99)
            .and_then(Foreseen::seconds),
        not_checked: setting.not_checked.clone(),
    })
}

/// Obstacles that stand in the way of the move, each with its rule and remedy.
pub fn blockers(inventory: &Inventory, cluster: &Cluster, pod_cidr: &IpNet) -> Vec<String> {
    obstacles(inventory, cluster, Some(pod_cidr))
        .blockers()
        .map(|obstacle| {
            format!(
                "{} ({}): {}",
                obstacle.evidence, obstacle.rule.id, obstacle.remedy
            )
        })
        .collect()
}
