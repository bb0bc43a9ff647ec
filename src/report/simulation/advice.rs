//! Advice in words: what to change, and what it brought when it was tried. Proposes nothing of its own.

use super::Simulation;
use super::words::{at_most, listed};
use crate::finding::counted;
use crate::report::document::{Cell, Tone};
use crate::simulate::advice::{Advice, Change, Tally};

/// What to change, as an order.
pub fn words(change: &Change) -> String {
    match change {
        Change::Surge { pool, to } => format!("set max_surge of pool {pool} to {to}"),
        Change::InPlace {
            pool,
            max_unavailable,
        } => format!(
            "set max_surge of pool {pool} to 0 and max_unavailable to {max_unavailable}: no extra addresses"
        ),
        Change::Order { pools } => {
            format!("upgrade the pools in this order: {}", listed(pools, 12))
        }
        Change::Together { together: true } => "drain all the nodes at the same time".to_string(),
        Change::Together { together: false } => "drain one node after the other".to_string(),
        Change::Replicas {
            namespace,
            kind,
            name,
            from,
            to,
        } => format!("raise {kind} {namespace}/{name} from {from} to {to} replicas while it runs"),
        Change::MaxUnavailable {
            namespace,
            name,
            to,
        } => format!("set max_unavailable of budget {namespace}/{name} to {to} while it runs"),
    }
}

/// `completes in 1 h 2 min instead of 1 h 52 min`.
fn gain(before: &Tally, after: &Tally) -> String {
    let mut words = match (before.seconds, after.seconds) {
        (None, Some(seconds)) => format!("completes, in {}", at_most(seconds)),
        (Some(before), Some(after)) if at_most(before) == at_most(after) => {
            format!("still {}", at_most(after))
        }
        (Some(before), Some(after)) => format!("{} instead of {}", at_most(after), at_most(before)),
        (_, None) => format!(
            "{} left undone instead of {}",
            counted(u64::from(after.stuck), "node", "nodes"),
            before.stuck
        ),
    };
    if after.down < before.down {
        words.push_str(&format!(
            ", {} without a Ready pod instead of {}",
            counted(u64::from(after.down), "workload", "workloads"),
            before.down
        ));
    }
    if after.peak != before.peak {
        words.push_str(&format!(
            ", a peak of {} addresses instead of {}",
            crate::finding::grouped(after.peak),
            crate::finding::grouped(before.peak)
        ));
    }
    words
}

/// One line of the list.
pub fn item(simulation: &Simulation, advice: &Advice) -> (Cell, String) {
    let mut order = words(&advice.change);
    if let Some(first) = order.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    (
        Cell::toned("-", Tone::Good),
        format!(
            "{order}: {}{}{}",
            match simulation.others.is_empty() {
                true => "",
                false => "the move itself ",
            },
            gain(&advice.before, &advice.after),
            match advice.releases {
                true => "; the reimage before it, which does not complete, completes then",
                false => "",
            }
        ),
    )
}
