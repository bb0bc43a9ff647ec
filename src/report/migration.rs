//! The runbook of a migration plan: for a reviewer who has five minutes, and for the person who carries it out at night. Everything in it
//! is read off the plan; nothing is simulated, judged or decided here, and no clock is asked.
//!
//! `shell` (quoting) · `commands` (the same with az) · `dependents` (who breaks afterwards) · `steps` · `foreseen` (timeline, addresses, budgets) · `closing` (how to abort, what
//! remains, code, facts).

mod closing;
mod commands;
mod dependents;
mod foreseen;
mod shell;
mod steps;
#[cfg(test)]
mod tests;

pub use closing::by_hand;
pub use commands::command;
pub use shell::{command_line, shell_quote};

use super::document::{Cell, Document, Table, Tone};
use super::simulation::span;
use crate::finding::counted;
use crate::migrate::plan::{Plan, Told};
use crate::migrate::step::Seconds;
use crate::migrate::verify::verify;

/// The rule about what stops working after the move: findings that cite it are about others than the cluster.
const ENDS_DIRECT_TRAFFIC: &str = "MIG-25";

/// What a runbook is of.
#[derive(Debug, Clone, Copy)]
pub struct Runbook<'a> {
    pub plan: &'a Plan,
    /// What the plan's file is called, for commands.
    pub file: &'a str,
}

/// The runbook of a plan.
pub fn runbook(of: Runbook) -> Document {
    let Runbook { plan, file } = of;
    let mut document = Document::new(format!(
        "{}: runbook of the move to Azure CNI Overlay",
        plan.target.name
    ));
    verdict(plan, &mut document);
    target(plan, &mut document);
    findings(plan, &mut document);
    steps::overview(plan, &mut document);
    how_to_run(file, &mut document);
    steps::each(plan, &mut document);
    foreseen::sections(plan, &mut document);
    closing::abort(plan, file, &mut document);
    closing::afterwards(plan, &mut document);
    closing::code(plan, &mut document);
    closing::facts(plan, &mut document);
    document.not_checked(&plan.not_checked);
    document
}

fn seconds_words(seconds: &Seconds) -> String {
    format!(
        "{} (p50), {} (p90), {} (p99)",
        span(seconds.p50),
        span(seconds.p90),
        span(seconds.p99)
    )
}

/// What a person reads first, and the one thing that nobody can take back.
fn verdict(plan: &Plan, document: &mut Document) {
    let wrong = verify(plan);
    let warnings = plan
        .findings
        .iter()
        .filter(|told| told.severity == "warning")
        .count() as u64;
    let takes = plan
        .expected
        .as_ref()
        .map_or_else(|| "how long is not known".to_string(), seconds_words);
    let size = format!(
        "{}, {}, {takes}; {}",
        counted(plan.steps.len() as u64, "step", "steps"),
        counted(
            plan.reimages() as u64,
            "reimage of every node",
            "reimages of every node"
        ),
        counted(warnings, "warning", "warnings")
    );
    if wrong.is_empty() {
        document.toned(
            format!("The plan verifies: {size}"),
            if warnings > 0 || plan.expected.is_none() {
                Tone::Warning
            } else {
                Tone::Good
            },
        );
    } else {
        document.toned(
            format!("The plan must not be carried out as it is. It is of {size}"),
            Tone::Bad,
        );
        document.blocks.push(super::document::Block::List(
            wrong
                .into_iter()
                .map(|sentence| (Cell::toned("wrong", Tone::Bad), sentence))
                .collect(),
        ));
    }
    document.toned(
        "One-way: the move cannot be undone. Every node of every pool is reimaged at once, and from then on nobody outside of the \
         cluster reaches a pod by its address (MIG-20, MIG-25).",
        Tone::Warning,
    );
}

fn target(plan: &Plan, document: &mut Document) {
    let target = &plan.target;
    let mut table = Table::new(&["what", "value"]);
    let mut row = |what: &str, value: Option<String>| {
        let cell = value.map_or_else(|| Cell::toned("not known", Tone::Dim), Cell::from);
        table.rows.push(vec![Cell::from(what), cell]);
    };
    row("cluster", Some(target.name.clone()));
    row("resource group", target.resource_group.clone());
    row("subscription", target.subscription.clone());
    row("tenant", target.tenant.clone());
    row("id", target.id.clone());
    row("pod CIDR", Some(plan.pod_cidr.to_string()));
    if let Some(superset) = plan.pod_cidr_superset {
        row(
            "keep free, for the pod CIDR to grow into (EXP-1)",
            Some(superset.to_string()),
        );
    }
    row("takes", plan.expected.as_ref().map(seconds_words));
    row("facts read at", plan.observed_at.clone());
    row("made by", Some(plan.made_by.clone()));
    row("digest of the plan", Some(plan.digest.clone()));
    row("fingerprint of its facts", Some(plan.fingerprint.clone()));
    document.table("Target", table);
}

fn findings(plan: &Plan, document: &mut Document) {
    let (others, own): (Vec<&Told>, Vec<&Told>) = plan.findings.iter().partition(|told| {
        told.rules.iter().any(|rule| rule == ENDS_DIRECT_TRAFFIC) && told.code != "one-way"
    });
    document.heading("What stands in the way, and what to know");
    list(
        &own,
        "Nothing was found. What was not looked at is said at the end.",
        document,
    );
    document.heading("Who breaks afterwards");
    if !others.is_empty() {
        list(&others, "", document);
    }
    dependents::section(&plan.breaks, document);
}

fn list(told: &[&Told], nothing: &str, document: &mut Document) {
    if told.is_empty() {
        document.toned(nothing, Tone::Dim);
        return;
    }
    let rank = |told: &Told| match told.severity.as_str() {
        "blocker" => 0,
        "warning" => 1,
        _ => 2,
    };
    let mut sorted = told.to_vec();
    sorted.sort_by_key(|told| rank(told));
    let items = sorted.into_iter().map(|told| {
        let tone = match rank(told) {
            0 => Tone::Bad,
            1 => Tone::Warning,
            _ => Tone::Dim,
        };
        let rules = if told.rules.is_empty() {
            String::new()
        } else {
            format!(" [{}]", told.rules.join(", "))
        };
        (
            Cell::toned(told.severity.clone(), tone),
            format!("{} ({}){rules}", told.message, told.code),
        )
    });
    document
        .blocks
        .push(super::document::Block::List(items.collect()));
}

fn how_to_run(file: &str, document: &mut Document) {
    document.heading("How to carry it out");
    let with = |flags: &[&'static str]| {
        let mut arguments: Vec<(&'static str, Option<&str>)> =
            flags.iter().map(|flag| (*flag, None)).collect();
        arguments.push(("--plan", Some(file)));
        command_line(&["aksplan", "migrate"], &arguments)
    };
    let lines = [
        (
            "look once more, with reads only",
            with(&["--execute", "--dry-run"]),
        ),
        ("carry it out", with(&["--execute"])),
        ("how it stands", with(&["--status"])),
        ("go on after a stop or a crash", with(&["--resume"])),
    ];
    code_lines(&lines, document);
    document.paragraph(
        "It begins only inside the window that is given with --window (22:00-04:00, or 4h from now), or in the cluster's own maintenance \
         configuration: a cluster without one needs --window on each of these. It stops and says why where facts are \
         not those below. Where a budget holds a node back it waits, stops or aborts as --on-blocked says; it never deletes a pod and \
         never edits a budget. Ctrl-C once stops after the write that is under way. A run that was killed resumes without repeating a write \
         whose effect holds.",
    );
}

/// Commands, each below a word on what it is for; what cannot be quoted is said to be.
fn code_lines(lines: &[(&str, Option<String>)], document: &mut Document) {
    let text: String = lines
        .iter()
        .map(|(what, line)| match line {
            Some(line) => format!("# {what}\n{line}\n"),
            None => format!("# {what}: not printed, for a name in it holds control characters\n"),
        })
        .collect();
    document.code("sh", text);
}

/// Sentences that carry code marks for other readers.
fn unmarked(text: &str) -> String {
    text.replace('`', "")
}
