//! Terraform plans (`terraform show -json PLAN`): the *before* of every resource becomes what is, the *after* what will be. A
//! state (`terraform show -json`) is both at once. Never guesses what is only known after apply: a reference is followed through
//! the plan's configuration where that is certain, and said to be unknown where not.
//!
//! document → `document` (which resources are on which side; `change`, `state`) → `identity` (ids and names, also of what is
//! not made yet) → `lower` (`network`, `route`, `cluster` with its `network_profile`, `pool`) → facts. `follow` walks through the
//! `configuration`. `steps` keeps what the two sides do not show: what is replaced, deleted or rotated, and why.

mod address;
mod block;
mod change;
mod cluster;
mod configuration;
mod document;
mod follow;
mod identity;
mod lower;
mod mask;
mod network;
mod network_profile;
mod pick;
mod pool;
pub mod root;
mod route;
mod side;
mod state;
mod steps;
#[cfg(test)]
mod tests;
mod walk;

use super::SourceError;
use super::facts::{Facts, Origin};
use crate::model::PlanStep;
use configuration::Configuration;
use serde_json::value::RawValue;
use side::{Instance, Side};
use std::sync::Arc;
pub use steps::drop_deleted_pools;

/// The two sides of a plan.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub before: Facts,
    pub after: Facts,
    /// What happens to clusters and pools that are there: updates, replacements, deletions, rotations.
    pub steps: Vec<PlanStep>,
    /// Where the code of each module call comes from, by the names of the calls that lead to it.
    pub module_sources: root::ModuleSources,
}

/// What a document says, before it is lowered.
#[derive(Default)]
struct Sides {
    before: Vec<Instance>,
    after: Vec<Instance>,
    steps: Vec<steps::Announced>,
    configuration: Configuration,
    not_checked: (Vec<String>, Vec<String>),
}

impl Sides {
    fn tell_after(&mut self, sentence: String) {
        self.not_checked.1.push(sentence);
    }

    fn tell_both(&mut self, sentence: String) {
        self.not_checked.0.push(sentence.clone());
        self.not_checked.1.push(sentence);
    }
}

/// Reads a plan or a state.
///
/// # Errors
/// When `format_version` is missing or of an unknown major, or a value has the wrong shape.
pub fn read(
    file: &Arc<str>,
    document: &RawValue,
    format_version: Option<&str>,
) -> Result<Plan, SourceError> {
    let origin = Origin::new(file, "");
    match format_version {
        None => {
            return Err(origin.error(
                "format_version",
                "missing, though this looks like a Terraform plan or state; give the output of `terraform show -json PLAN`",
            ));
        }
        Some(version) if version.split('.').next() != Some("1") => {
            return Err(origin.error(
                "format_version",
                format!(
                    "format_version {} is not read by this version; expected 1.x",
                    version.chars().take(20).collect::<String>()
                ),
            ));
        }
        Some(_) => {}
    }
    let sides = document::split(document, &origin)?;
    let (before, after) = (Side::new(sides.before), Side::new(sides.after));
    let subscription = identity::subscription(&[&before, &after]);
    let mut plan = Plan::default();
    let before = lower::Lowering::new(&before, &sides.configuration, subscription.as_deref());
    let owned_before = before.owned();
    plan.before = before.lower(&owned_before, false)?;
    let after = lower::Lowering::new(&after, &sides.configuration, subscription.as_deref());
    let mut owned = after.owned();
    owned.extend(owned_before);
    plan.after = after.lower(&owned, true)?;
    plan.steps = steps::resolve(sides.steps, &before, &after)?;
    plan.module_sources = sides.configuration.sources;
    plan.before.not_checked.extend(sides.not_checked.0);
    plan.after.not_checked.extend(sides.not_checked.1);
    Ok(plan)
}
