//! The runbook of a migration plan: for a reviewer who has five minutes, and for the person who carries it out at night. Everything in it
//! is read off the plan; nothing is simulated, judged or decided here, and no clock is asked.
//!
//! First what is decided by, then what is done at night, then what it rests on: `dependents` (who breaks afterwards) · `when` (windows) ·
//! `checks` (go or no-go) · `failures` (what to do if) · `steps` · `closing` (how to abort, what remains, code, facts) · `foreseen`
//! (timeline, addresses, budgets) · `rights`; for all of them `pools` (what the plan says of them), `commands` (the same with az) and
//! `shell` (quoting).

mod checks;
mod closing;
mod commands;
mod dependents;
mod failures;
pub(super) mod foreseen;
mod pools;
mod rights;
mod steps;
#[cfg(test)]
mod tests;
mod when;

pub use crate::shell::{command_line, shell_quote};
pub use closing::by_hand;
pub use commands::command;

use super::document::{Block, Cell, Document, Table, Tone};
use super::simulation::{at_most, span};
use crate::finding::counted;
use crate::migrate::drains::is_of_drains;
use crate::migrate::plan::{Plan, PlanFinding};
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
    /// The `--window` it was made with, for commands.
    pub window: Option<&'a str>,
}

impl Runbook<'_> {
    /// `aksplan migrate` with these flags and the plan; `timed`: it begins only in a window. `None`: the name cannot be printed.
    fn aksplan(&self, flags: &[&'static str], timed: bool) -> Option<String> {
        let mut arguments: Vec<(&'static str, Option<&str>)> =
            flags.iter().map(|flag| (*flag, None)).collect();
        arguments.push(("--plan", Some(self.file)));
        if timed {
            match self.window {
                Some(window) => arguments.push(("--window", Some(window))),
                None if self.has_window() => {}
                // No window at all: aksplan refuses the word, and says how one is written.
                None => arguments.push(("--window", Some("WINDOW"))),
            }
        }
        command_line(&["aksplan", "migrate"], &arguments)
    }

    /// `aksplan capacity` of the cluster as it is: addresses that are free in its subnets.
    fn capacity(&self) -> Option<String> {
        let target = &self.plan.target;
        let named = target.named();
        let mut arguments = vec![("--cluster", Some(named.as_str()))];
        if let Some(subscription) = &target.subscription {
            arguments.push(("--subscription", Some(subscription)));
        }
        command_line(&["aksplan", "capacity"], &arguments)
    }

    /// Whether the cluster has a maintenance configuration in which the plan may be carried out.
    fn has_window(&self) -> bool {
        let permits = |next: &crate::migrate::window::Next| next.permits;
        let ahead = self.plan.ahead.as_ref();
        ahead.is_some_and(|ahead| ahead.openings.iter().any(permits))
    }
}

/// The runbook of a plan. Of one that must not be carried out it has no commands to do so.
pub fn runbook(of: Runbook) -> Document {
    let plan = of.plan;
    let mut document = Document::new(format!(
        "{}: runbook of the move to Azure CNI Overlay",
        plan.target.name
    ));
    let wrong = verify(plan);
    let is_sound = wrong.is_empty();
    verdict(plan, wrong, &mut document);
    target(plan, &mut document);
    findings(plan, &mut document);
    if is_sound {
        when::section(of, &mut document);
    }
    steps::overview(plan, &mut document);
    if is_sound {
        checks::section(of, &mut document);
        how_to_run(of, &mut document);
        failures::section(of, &mut document);
        closing::abort(of, &mut document);
    }
    steps::each(of, is_sound, &mut document);
    closing::afterwards(plan, &mut document);
    closing::code(plan, &mut document);
    foreseen::sections(plan, &mut document);
    if is_sound {
        rights::section(of, &mut document);
    }
    closing::facts(plan, &mut document);
    dependents::queries(&plan.breaks, &mut document);
    document.not_checked(&plan.not_checked);
    document
}

/// What a review shows of a plan, each under a title of its own: how it is carried out, the way back, the code, the facts.
pub struct Parts {
    pub runbook: Document,
    pub way_back: Document,
    pub code: Document,
    pub facts: Document,
}

/// The same as [`runbook`], in the parts that a review asks for.
pub fn parts(of: Runbook) -> Parts {
    let plan = of.plan;
    let wrong = verify(plan);
    let is_sound = wrong.is_empty();
    let mut runbook = Document::new("Runbook");
    if !is_sound {
        runbook.toned(
            format!(
                "For reading only, it cannot be carried out: {}",
                wrong.join("; ")
            ),
            Tone::Warning,
        );
    }
    steps::overview(plan, &mut runbook);
    if is_sound {
        checks::section(of, &mut runbook);
        how_to_run(of, &mut runbook);
        failures::section(of, &mut runbook);
    }
    steps::each(of, is_sound, &mut runbook);
    closing::afterwards(plan, &mut runbook);
    if is_sound {
        rights::section(of, &mut runbook);
    }
    let mut way_back = Document::new("Way back");
    closing::abort(of, &mut way_back);
    let mut code = Document::new("Infrastructure as code");
    closing::code(plan, &mut code);
    let mut facts = Document::new("Facts");
    closing::facts(plan, &mut facts);
    for part in [&mut way_back, &mut code, &mut facts] {
        without_heading(part);
    }
    Parts {
        runbook,
        way_back,
        code,
        facts,
    }
}

/// The windows that come, as the plan says them.
pub fn openings(of: Runbook) -> Document {
    let mut when = Document::new("Next openings");
    when::section(of, &mut when);
    without_heading(&mut when);
    when
}

/// Its title says what the heading would.
fn without_heading(part: &mut Document) {
    if matches!(part.blocks.first(), Some(Block::Heading { .. })) {
        part.blocks.remove(0);
    }
}

/// Who breaks after a move, with what takes the place of pod addresses.
pub fn who_breaks(breaks: &crate::migrate::Dependents) -> Document {
    let mut document = Document::new("Who relies on pod addresses");
    dependents::section(breaks, &mut document);
    dependents::queries(breaks, &mut document);
    document
}

/// The command that carries it out; `None`: the file's name cannot be printed.
pub fn start(of: Runbook) -> Option<String> {
    of.aksplan(&["--execute"], true)
}

fn seconds_words(seconds: &Seconds) -> String {
    format!(
        "{} (p50), {} (p90), {} (p99)",
        at_most(seconds.p50),
        at_most(seconds.p90),
        at_most(seconds.p99)
    )
}

/// What a person reads first, and the one thing that nobody can take back.
fn verdict(plan: &Plan, wrong: Vec<String>, document: &mut Document) {
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
        document.blocks.push(Block::List(
            wrong
                .into_iter()
                .map(|sentence| (Cell::toned("wrong", Tone::Bad), sentence))
                .collect(),
        ));
    }
    if plan.target.id.is_none() {
        let (named, pod_cidr) = (plan.target.named(), plan.pod_cidr.to_string());
        let again = command_line(
            &["aksplan", "migrate"],
            &[
                ("--cluster", Some(&named)),
                ("--kubernetes", None),
                ("--pod-cidr", Some(&pod_cidr)),
                ("--out", Some("plan.json")),
            ],
        );
        document.paragraph("It is for reading only, and has no commands that carry it out. One that can be carried out is made live:");
        code_lines(&[("reads Azure and the cluster", again)], document);
    }
    outages(plan, document);
    document.toned(
        "One-way: the move cannot be undone. Every node of every pool is reimaged at once, and from then on nobody outside of the \
         cluster reaches a pod by its address (MIG-20, MIG-25).",
        Tone::Warning,
    );
}

/// Who is down, and for how long: nobody approves that without having read it.
fn outages(plan: &Plan, document: &mut Document) {
    const SHOWN: usize = 8;
    for (position, step) in plan.steps.iter().enumerate() {
        let Some(foreseen) = step.foreseen.as_deref() else {
            continue;
        };
        if foreseen.down.is_empty() {
            continue;
        }
        let words: Vec<String> = foreseen
            .down
            .iter()
            .take(SHOWN)
            .map(|down| match down.until_end {
                true => format!("{} from then on", down.name),
                false => format!("{} for {}", down.name, span(down.seconds)),
            })
            .collect();
        let more = match foreseen.down.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(", and {}", counted(more as u64, "other", "others")),
        };
        document.toned(
            format!(
                "Outage in step {}: no pod is ready of {}{more}.",
                position + 1,
                words.join(", ")
            ),
            Tone::Bad,
        );
    }
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
    row("facts read at", plan.observed_at.clone());
    row("made by", Some(plan.made_by.clone()));
    row("digest of the plan", Some(plan.digest.clone()));
    row("fingerprint of its facts", Some(plan.fingerprint.clone()));
    document.table("Target", table);
}

fn findings(plan: &Plan, document: &mut Document) {
    let (others, own): (Vec<&PlanFinding>, Vec<&PlanFinding>) =
        plan.findings.iter().partition(|told| {
            told.rules.iter().any(|rule| rule == ENDS_DIRECT_TRAFFIC) && told.code != "one-way"
        });
    let (drains, own): (Vec<&PlanFinding>, Vec<&PlanFinding>) =
        own.into_iter().partition(|told| is_of_drains(told));
    document.heading("What to know");
    list(
        &own,
        "Nothing was found. What was not looked at is said at the end.",
        document,
    );
    if !drains.is_empty() {
        document.part("What the drains do to pods");
        list(&drains, "", document);
    }
    document.heading("Who breaks afterwards");
    if !others.is_empty() {
        list(&others, "", document);
    }
    dependents::section(&plan.breaks, document);
}

fn list(told: &[&PlanFinding], nothing: &str, document: &mut Document) {
    if told.is_empty() {
        document.toned(nothing, Tone::Dim);
        return;
    }
    let rank = |told: &PlanFinding| match told.severity.as_str() {
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
    document.blocks.push(Block::List(items.collect()));
}

fn how_to_run(of: Runbook, document: &mut Document) {
    document.heading("How to carry it out");
    let lines = [
        (
            "look once more, with reads only",
            of.aksplan(&["--execute", "--dry-run"], true),
        ),
        ("carry it out", of.aksplan(&["--execute"], true)),
        ("how it stands", of.aksplan(&["--status"], false)),
        (
            "go on after a stop or a crash",
            of.aksplan(&["--resume"], true),
        ),
    ];
    code_lines(&lines, document);
    let window = match (of.window, of.has_window()) {
        (Some(window), _) => format!("It begins only inside --window {window}, which the plan was made with."),
        (None, true) => {
            "It begins only inside the cluster's own maintenance configuration, or in the window that --window gives."
                .to_string()
        }
        (None, false) => {
            "It begins only inside a window, and this cluster has none that is known: write yours in place of WINDOW (22:00-04:00 in UTC, \
             22:00-04:00+02:00, or 4h from the start)."
                .to_string()
        }
    };
    document.paragraph(format!(
        "{window} It refuses and says why where facts are not those of the plan, and asks for the cluster's name before it writes. Where a \
         budget holds a node back it waits, stops or aborts as --on-blocked says; it never deletes a pod and never edits a budget. Ctrl-C \
         once stops aksplan, not AKS. A run that was killed resumes without repeating a write whose effect holds."
    ));
}

/// Namespaces of `namespace/name`, each once, sorted.
fn namespaces<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let spaces: std::collections::BTreeSet<&str> = names
        .filter_map(|name| Some(name.split_once('/')?.0))
        .collect();
    spaces.into_iter().collect()
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
