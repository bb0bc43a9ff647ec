//! What was predicted beside what was observed: durations, ends of nodes, budgets in the order in which they held evictions back, pods that
//! waited. Observed is what the journal noted, no more; what nobody counted is said.

use super::runs::Runs;
use super::{Evidence, list, stamp};
use crate::execute::journal::Event;
use crate::finding::{counted, grouped};
use crate::migrate::Step;
use crate::migrate::foreseen::{Foreseen, TightBudget};
use crate::migrate::pace::{LONG_PENDING, Seen};
use crate::report::document::{Block, Cell, Document, Table, Tone};
use crate::report::simulation::{at_most, span};
use jiff::Timestamp;

pub(super) fn told(evidence: &Evidence, runs: &Runs, document: &mut Document) {
    let steps: Vec<&Step> = evidence
        .plan
        .steps
        .iter()
        .filter(|step| step.reimages)
        .collect();
    if steps.is_empty() {
        return;
    }
    document.heading("Predicted and observed");
    durations(evidence, runs, &steps, document);
    for step in steps {
        let seen: Vec<(Timestamp, Seen)> = of_step(evidence, step);
        if step.foreseen.is_none() && seen.is_empty() {
            continue;
        }
        document.part(format!("Step {}", step.id));
        let foreseen = step.foreseen.as_deref();
        if foreseen.is_none() {
            document.paragraph("It was not simulated.");
        }
        nodes(runs, step, &seen, document);
        budgets(foreseen, &seen, document);
        counts(foreseen, &seen, document);
    }
}

fn durations(evidence: &Evidence, runs: &Runs, steps: &[&Step], document: &mut Document) {
    let mut table = Table::new(&[
        "STEP",
        "#PREDICTED P50",
        "#P90",
        "#P99",
        "#AT MEDIAN DURATIONS",
        "#OBSERVED",
    ]);
    for step in steps {
        let predicted = |seconds: Option<u32>| Cell::from(seconds.map_or("-".to_string(), at_most));
        let median = step.foreseen.as_ref().and_then(|foreseen| foreseen.median);
        table.rows.push(vec![
            step.id.as_str().into(),
            predicted(step.expected.map(|expected| expected.p50)),
            predicted(step.expected.map(|expected| expected.p90)),
            predicted(step.expected.map(|expected| expected.p99)),
            predicted(median),
            observed(evidence, runs, step).into(),
        ]);
    }
    document.blocks.push(Block::Table(table));
    document.paragraph(
        "Observed: from when the write was begun until everything that it brings about was seen to hold, so a little longer than AKS took.",
    );
}

fn observed(evidence: &Evidence, runs: &Runs, step: &Step) -> String {
    let mut text = match runs.took(evidence.status, &step.id) {
        Some((seconds, true)) => format!("at most {}", at_most(seconds)),
        Some((seconds, false)) => span(seconds),
        None => "not over".to_string(),
    };
    let ended = evidence
        .status
        .times
        .get(&step.id)
        .and_then(|(_, ended)| *ended);
    if let (Some((first, attempts)), Some(ended)) = (runs.first_begun(&step.id), ended)
        && attempts > 1
    {
        let seconds = (ended.as_second() - first.as_second()).max(0);
        text.push_str(&format!(
            " in the last of {attempts} attempts, {} from the first",
            span(u32::try_from(seconds).unwrap_or(u32::MAX))
        ));
    }
    text
}

/// What was noticed while the step was under way.
fn of_step(evidence: &Evidence, step: &Step) -> Vec<(Timestamp, Seen)> {
    evidence
        .records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Noticed {
                step: Some(of),
                what,
            } if *of == step.id => Some((record.at, Seen::of_words(what)?)),
            _ => None,
        })
        .collect()
}

fn nodes(runs: &Runs, step: &Step, seen: &[(Timestamp, Seen)], document: &mut Document) {
    let began = runs.first_begun(&step.id).map(|(first, _)| first);
    // A node is done once: what a later attempt sees of it again is no second end.
    let done = |name: &str| {
        seen.iter().find_map(|(at, seen)| match seen {
            Seen::Done { node } if node == name => Some(*at),
            _ => None,
        })
    };
    let mut table = Table::new(&["NODE", "POOL", "#FORESEEN END", "#OBSERVED END", "AT"]);
    let mut row = |name: &str, pool: &str, ended: Option<u32>| {
        let at = done(name);
        let after = at.zip(began).map(|(at, began)| {
            let seconds = (at.as_second() - began.as_second()).max(0);
            u32::try_from(seconds).unwrap_or(u32::MAX)
        });
        let before = at.is_some_and(|at| runs.unwatched_before(at).is_some());
        table.rows.push(vec![
            name.into(),
            pool.into(),
            ended.map_or_else(|| "-".to_string(), span).into(),
            after
                .map_or_else(
                    || "not seen".to_string(),
                    |after| match before {
                        true => format!("at most {}", at_most(after)),
                        false => span(after),
                    },
                )
                .into(),
            at.map_or_else(
                || "-".to_string(),
                |at| format!("{}{}", stamp(at), if before { ", or before" } else { "" }),
            )
            .into(),
        ]);
    };
    let known = step.foreseen.as_ref();
    for node in known.iter().flat_map(|foreseen| &foreseen.nodes) {
        row(&node.name, &node.pool, node.ended);
    }
    for (_, seen) in seen {
        if let Seen::Done { node } = seen {
            let is_foreseen =
                known.is_some_and(|known| known.nodes.iter().any(|n| n.name == *node));
            if !is_foreseen {
                row(node, "not foreseen", None);
            }
        }
    }
    if !table.rows.is_empty() {
        document.paragraph("Nodes, from when the write was first begun:");
        document.blocks.push(Block::Table(table));
    }
}

/// In order, side by side.
fn budgets(foreseen: Option<&Foreseen>, seen: &[(Timestamp, Seen)], document: &mut Document) {
    let mut held: Vec<(String, Timestamp, u64)> = Vec::new();
    for (at, seen) in seen {
        let Seen::HeldBack { budgets, .. } = seen else {
            continue;
        };
        for budget in budgets {
            match held.iter_mut().find(|(name, ..)| name == budget) {
                Some((_, _, pods)) => *pods += 1,
                None => held.push((budget.clone(), *at, 1)),
            }
        }
    }
    let mut predicted: Vec<&TightBudget> = foreseen
        .iter()
        .flat_map(|foreseen| &foreseen.budgets)
        .collect();
    // Those of one second by name, as those of one look are.
    predicted.sort_by(|a, b| (a.first_refusal, &a.name).cmp(&(b.first_refusal, &b.name)));
    if predicted.is_empty() && held.is_empty() {
        document.paragraph("Budgets that hold evictions back: none foreseen, none seen.");
        return;
    }
    let mut table = Table::new(&[
        "#ORDER",
        "FORESEEN",
        "#FIRST REFUSAL AFTER",
        "SEEN",
        "FIRST AT",
        "#TIMES",
    ]);
    for position in 0..predicted.len().max(held.len()) {
        let (name, after) = predicted.get(position).map_or_else(
            || ("-".to_string(), "-".to_string()),
            |budget| (budget.name.clone(), span(budget.first_refusal)),
        );
        let (seen, at, times) = held.get(position).map_or_else(
            || ("-".to_string(), "-".to_string(), "-".to_string()),
            |(name, at, pods)| (name.clone(), stamp(*at), pods.to_string()),
        );
        table.rows.push(vec![
            (position + 1).to_string().into(),
            name.into(),
            after.into(),
            seen.into(),
            at.into(),
            times.into(),
        ]);
    }
    document.paragraph("Budgets that hold evictions back, in the order of their first refusal (a look sees what lasts longer than the time between two looks; of one look, by name):");
    document.blocks.push(Block::Table(table));
    let was_seen = |budget: &&&TightBudget| held.iter().any(|(name, ..)| *name == budget.name);
    let both = predicted.iter().filter(was_seen).count() as u64;
    let unseen = predicted.len() as u64 - both;
    document.paragraph(format!(
        "{} foreseen and seen; {} foreseen and not seen; {} seen and not foreseen.",
        counted(both, "budget was", "budgets were"),
        grouped(unseen),
        grouped(held.len() as u64 - both)
    ));
}

fn counts(foreseen: Option<&Foreseen>, seen: &[(Timestamp, Seen)], document: &mut Document) {
    let mut items = Vec::new();
    if let Some(foreseen) = foreseen {
        items.push(format!(
            "evictions: {} foreseen; nobody counts those that happen",
            foreseen.evictions
        ));
        items.push(if foreseen.down.is_empty() {
            "workloads without any ready pod for a while: none foreseen".to_string()
        } else {
            let names: Vec<String> = foreseen
                .down
                .iter()
                .map(|down| format!("{} for {}", down.name, span(down.seconds)))
                .collect();
            format!(
                "workloads without any ready pod for a while, foreseen: {}",
                names.join(", ")
            )
        });
    }
    let mut waited: Vec<&str> = Vec::new();
    for (_, seen) in seen {
        if let Seen::Waits { pod } = seen
            && !waited.contains(&pod.as_str())
        {
            waited.push(pod);
        }
    }
    /// More are counted.
    const SHOWN: usize = 20;
    items.push(match waited.len() {
        0 => format!(
            "pods that waited for a node for {} or longer: none seen",
            span(LONG_PENDING)
        ),
        number => {
            let more = number.saturating_sub(SHOWN);
            format!(
                "{} for a node for {} or longer: {}{}",
                counted(number as u64, "pod waited", "pods waited"),
                span(LONG_PENDING),
                waited[..number.min(SHOWN)].join(", "),
                if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                }
            )
        }
    });
    list(items, Tone::Dim, document);
}
