//! The steps of a plan: a table for the reviewer, then each with what it changes, what must hold before and after, and what to do where
//! it fails. Says what the plan says; adds only the command that would do the same.

use super::{Runbook, command, seconds_words, unmarked};
use crate::finding::grouped;
use crate::migrate::condition::Condition;
use crate::migrate::plan::Plan;
use crate::migrate::step::{Action, Resource, Step};
use crate::report::document::{Block, Cell, Document, Table, Tone};
use crate::report::simulation::{at_most, span};
use serde_json::Value;

pub(super) fn overview(plan: &Plan, document: &mut Document) {
    let mut table = Table::new(&["#step", "what", "every node", "#p50", "#p90"]);
    for (position, step) in plan.steps.iter().enumerate() {
        let time = |pick: fn(&crate::migrate::step::Seconds) -> u32| {
            step.expected.as_ref().map_or_else(
                || Cell::toned("-", Tone::Dim),
                |seconds| at_most(pick(seconds)).into(),
            )
        };
        table.rows.push(vec![
            Cell::from((position + 1).to_string()),
            Cell::from(step.action.words()),
            if step.reimages {
                Cell::toned("reimaged", Tone::Warning)
            } else {
                Cell::toned("-", Tone::Dim)
            },
            time(|seconds| seconds.p50),
            time(|seconds| seconds.p90),
        ]);
    }
    document.table("Steps", table);
}

pub(super) fn each(of: Runbook, is_sound: bool, document: &mut Document) {
    let plan = of.plan;
    document.heading("Step by step");
    for (position, step) in plan.steps.iter().enumerate() {
        document.part(format!("{}. {}", position + 1, step.action.words()));
        one(plan, step, is_sound, document);
    }
}

fn one(plan: &Plan, step: &Step, is_sound: bool, document: &mut Document) {
    let mut items: Vec<(Cell, String)> = Vec::new();
    let mut item = |mark: &str, text: String| items.push((Cell::from(mark), text));
    match &step.write {
        None => item("changes", "nothing: it only reads".to_string()),
        Some(write) => {
            let resource = match &write.resource {
                Resource::Cluster => format!("cluster {}", plan.target.name),
                Resource::AgentPool(pool) => format!("pool {pool}"),
            };
            for change in &write.changes {
                let path = change.path.trim_start_matches('/').replace('/', ".");
                item(
                    "changes",
                    format!("{resource}: {path} becomes {}", value(&change.value)),
                );
            }
        }
    }
    for (mark, conditions) in [
        ("before", &step.before),
        ("before another attempt", &step.before_again),
        ("after", &step.after),
    ] {
        if !conditions.is_empty() {
            item(mark, words(conditions));
        }
    }
    item(
        "takes",
        match (&step.expected, step.write.is_some()) {
            (Some(seconds), _) => seconds_words(seconds),
            (None, true) => match &step.foreseen {
                None if !step.reimages => "some minutes: no node is touched".to_string(),
                None => "not simulated".to_string(),
                Some(foreseen) => format!(
                    "not known: {} of {} futures complete",
                    grouped(foreseen.completed.into()),
                    grouped(foreseen.futures.into())
                ),
            },
            (None, false) => "seconds".to_string(),
        },
    );
    item("watch", watch(step));
    let table = if step.reimages && is_sound {
        " The table of failures says what to look for."
    } else {
        ""
    };
    item(
        "if it fails",
        format!("{}{table}", unmarked(&step.on_failure)),
    );
    document.blocks.push(Block::List(items));
    if step.write.is_some() && is_sound {
        match command(plan, &step.action) {
            Some(line) => {
                document.talk("The same by hand:");
                document.code("sh", line);
            }
            None => document.toned(
                "There is no az command for it here: a setting is to be unset, or a name cannot be printed safely.",
                Tone::Dim,
            ),
        }
    }
}

fn words(conditions: &[Condition]) -> String {
    let words: Vec<String> = conditions.iter().map(Condition::words).collect();
    words.join("; ")
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "unset".to_string(),
        Value::String(text) => text.clone(),
        Value::Array(elements) => elements
            .iter()
            .map(self::value)
            .collect::<Vec<String>>()
            .join(", "),
        other => other.to_string(),
    }
}

/// What tells that it goes well or badly.
fn watch(step: &Step) -> String {
    let blocked = step
        .foreseen
        .as_ref()
        .and_then(|foreseen| foreseen.budgets.first())
        .map_or_else(String::new, |budget| {
            format!(
                "; budget {} is expected to hold a drain back first, {} after it begins",
                budget.name,
                span(budget.first_refusal)
            )
        });
    match &step.action {
        Action::Check => "every line says that it holds".to_string(),
        Action::Verify { .. } => {
            "every line says that it holds; addresses may come back some minutes later".to_string()
        }
        Action::SetUpgradeSettings { .. } | Action::RestoreUpgradeSettings { .. } => {
            "the pool's provisioning state: Updating, then Succeeded; no node is touched"
                .to_string()
        }
        Action::RemoveNetworkPolicy { .. }
        | Action::EnableCilium { .. }
        | Action::EnableNetworkPolicy { .. } => format!(
            "events Surge, Drain and Upgrade of the nodes, pods that are pending, evictions that are refused{blocked}"
        ),
        Action::MoveToOverlay { .. } => format!(
            "events Surge, Drain and Upgrade of the nodes, their overlay label, pods that are pending, evictions that are refused, \
             the addresses that are left in the node subnets{blocked}"
        ),
    }
}
