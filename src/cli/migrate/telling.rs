//! What is shown while a plan is carried out: a line each for what happens, on a terminal with the state of all pools below, or an event a
//! line as JSON. Everything goes through here; nothing is decided here.

use super::super::CliError;
use super::super::output::{Format, painted, write_all};
use crate::execute::actuator::Observed;
use crate::execute::journal::Status;
use crate::execute::teller::{Teller, Telling};
use crate::finding::{counted, grouped};
use crate::migrate::pace::{Pace, Progress};
use crate::migrate::{Condition, Plan, Step};
use crate::report::document::{Block, Document, Table, Tone};
use crate::report::simulation::span;
use crate::report::terminal::{self, clean};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};

/// Seconds between two heartbeats off a terminal.
const HEARTBEAT: i64 = 60;

/// Where it is shown.
pub struct Screen<'a> {
    plan: &'a Plan,
    json: bool,
    live: Option<ProgressBar>,
    last_beat: Option<Timestamp>,
    last_state: Option<(u32, usize)>,
}

impl<'a> Screen<'a> {
    pub fn new(plan: &'a Plan, format: Format) -> Self {
        let json = format == Format::Json;
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let live = (!json && std::io::stderr().is_terminal() && !is_dumb).then(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_style(
                ProgressStyle::with_template("{msg}").expect("the template is a constant"),
            );
            bar
        });
        Screen {
            plan,
            json,
            live,
            last_beat: None,
            last_state: None,
        }
    }

    /// Something that belongs to no step.
    pub fn note(&mut self, at: Timestamp, what: &str) {
        if self.json {
            self.event(at, "note", &json!({"what": what}));
        } else {
            self.line(at, what);
        }
    }

    /// Nobody may be listening any more: that stops nothing.
    fn line(&self, at: Timestamp, text: &str) {
        let line = format!("{}  {}", at.strftime("%H:%M:%S"), clean(text));
        match &self.live {
            Some(bar) => bar.println(line),
            None => {
                let _ = writeln!(painted(std::io::stderr()), "{line}");
            }
        }
    }

    fn event(&self, at: Timestamp, event: &str, more: &Value) {
        let mut value = json!({"format_version": "1.0", "at": at.to_string(), "event": event});
        if let (Value::Object(fields), Value::Object(more)) = (&mut value, more) {
            for (name, field) in more {
                fields.insert(name.clone(), field.clone());
            }
        }
        // One line an event, at once: whoever reads it follows along.
        let _ = write_all(&format!("{value}\n"));
    }

    fn progress(&mut self, at: Timestamp, step: &Step, progress: &Progress) {
        if self.json {
            self.event(
                at,
                "progress",
                &json!({"step": step.id, "progress": progress}),
            );
            return;
        }
        let rows = rows(progress);
        if let Some(bar) = &self.live {
            let mut text = format!("{}  {}", at.strftime("%H:%M:%S"), headline(step, progress));
            for row in &rows {
                text.push_str("\n          ");
                text.push_str(&clean(row));
            }
            bar.set_message(text);
            bar.tick();
            return;
        }
        let state = (progress.nodes_done, progress.blocked.len());
        let is_due = self
            .last_beat
            .is_none_or(|last| at.as_second() - last.as_second() >= HEARTBEAT);
        if !is_due && self.last_state == Some(state) {
            return;
        }
        self.last_beat = Some(at);
        self.last_state = Some(state);
        self.line(at, &headline(step, progress));
        for row in rows {
            self.line(at, &format!("  {row}"));
        }
    }
}

impl Teller for Screen<'_> {
    fn tell(&mut self, at: Timestamp, telling: &Telling) {
        if let Telling::Progress { step, progress } = telling {
            self.progress(at, step, progress);
            return;
        }
        if self.json {
            let (event, value) = as_json(telling);
            self.event(at, event, &value);
            return;
        }
        for line in as_lines(self.plan, telling) {
            self.line(at, &line);
        }
        if let (Telling::Ended { .. }, Some(bar)) = (telling, &self.live) {
            bar.finish_and_clear();
        }
    }
}

fn headline(step: &Step, progress: &Progress) -> String {
    let pace = match &progress.pace {
        Pace::Unknown => "nothing to compare with".to_string(),
        Pace::Ahead { seconds } => format!("{} ahead of the simulation", span(*seconds)),
        Pace::OnTime => "on time".to_string(),
        Pace::Late { seconds } => format!("{} late", span(*seconds)),
        Pace::Stuck { seconds } => format!("STUCK for {}", span(*seconds)),
    };
    let left = match (progress.left_p50, progress.left_p90) {
        (Some(p50), Some(p90)) => format!(
            "; about {} left, nine of ten times at most {}",
            span(p50),
            span(p90)
        ),
        _ => String::new(),
    };
    format!(
        "{}: {} of {} done after {}, {pace}{left}",
        step.id,
        progress.nodes_done,
        counted(u64::from(progress.nodes), "node", "nodes"),
        span(progress.elapsed)
    )
}

/// What stands below the headline: pools, budgets, addresses.
fn rows(progress: &Progress) -> Vec<String> {
    /// More are counted, not listed.
    const SHOWN: usize = 5;
    let mut rows = Vec::new();
    for pool in &progress.pools {
        rows.push(format!(
            "pool {}: {} of {} done, {} draining, {} reimaging, {} surge",
            pool.name, pool.done, pool.nodes, pool.draining, pool.reimaging, pool.surge
        ));
    }
    for blocked in progress.blocked.iter().take(SHOWN) {
        rows.push(format!(
            "held back {}: {} on {} by {}; {}",
            span(blocked.seconds),
            blocked.pod,
            blocked.node,
            blocked.budgets.join(" and "),
            blocked.release
        ));
    }
    if progress.blocked.len() > SHOWN {
        rows.push(format!(
            "and {} more pods are held back",
            progress.blocked.len() - SHOWN
        ));
    }
    if let Some(first) = progress.pending.first() {
        rows.push(format!(
            "{} for a node, {} for {}{}",
            counted(progress.pending.len() as u64, "pod waits", "pods wait"),
            first.pod,
            span(first.seconds),
            first
                .why
                .as_deref()
                .map_or_else(String::new, |why| format!(": {why}"))
        ));
    }
    for subnet in &progress.subnets {
        let used = subnet.used.map_or_else(|| "not read".to_string(), grouped);
        let foreseen = subnet.foreseen.map_or_else(String::new, |(least, most)| {
            if least == most {
                format!(", foreseen {least}")
            } else {
                format!(", foreseen {least} to {most}")
            }
        });
        rows.push(format!(
            "subnet {}: {used} of {} addresses in use{foreseen}",
            subnet.name,
            grouped(subnet.usable)
        ));
    }
    if let Some(operation) = &progress.operation {
        rows.push(format!("AKS says: {operation}"));
    }
    for sentence in progress.not_read.iter().take(2) {
        rows.push(format!("not read: {sentence}"));
    }
    rows
}

fn as_lines(plan: &Plan, telling: &Telling) -> Vec<String> {
    match telling {
        Telling::Began {
            run,
            resumed: false,
        } => {
            vec![format!("run {run} of the plan for {}", plan.target.name)]
        }
        Telling::Began { run, .. } => vec![format!(
            "run {run} of the plan for {}: going on where the journal ends",
            plan.target.name
        )],
        Telling::Refused { reasons } => {
            let mut lines = vec![format!(
                "not begun: {} in the way",
                counted(reasons.len() as u64, "thing stands", "things stand")
            )];
            lines.extend(reasons.iter().map(|reason| format!("  - {reason}")));
            lines
        }
        Telling::TornRecord { bytes } => vec![format!(
            "the last run was killed while it wrote a record; its {bytes} bytes are dropped, and what it announced is looked for"
        )],
        Telling::Step { number, of, step } => {
            vec![format!("step {number} of {of}: {}", step.action.words())]
        }
        Telling::Held { step } => vec![format!("{}: holds already, nothing is written", step.id)],
        Telling::Sending { step } => vec![format!("{}: sending the one write", step.id)],
        Telling::Accepted { step } => vec![format!("{}: AKS took it", step.id)],
        Telling::Waiting { why, seconds } => vec![format!("waiting {seconds} s: {why}")],
        Telling::Notice { what } => vec![(*what).to_string()],
        Telling::Progress { .. } => Vec::new(),
        Telling::StepDone {
            step,
            seconds,
            evidence,
        } => {
            let mut lines = vec![format!("{}: done after {}", step.id, span(*seconds))];
            lines.extend(evidence.iter().map(|sentence| format!("  + {sentence}")));
            lines
        }
        Telling::StepFailed { step, why } => vec![format!("{}: failed: {why}", step.id)],
        Telling::Ended { how, why, leaves } => {
            let mut lines = vec![format!("{}: {why}", how.word())];
            lines.extend(leaves.iter().map(|sentence| format!("  {sentence}")));
            lines
        }
    }
}

fn as_json(telling: &Telling) -> (&'static str, Value) {
    match telling {
        Telling::Began { run, resumed } => ("began", json!({"run": run, "resumed": resumed})),
        Telling::Refused { reasons } => ("refused", json!({"reasons": reasons})),
        Telling::TornRecord { bytes } => ("torn-record", json!({"bytes": bytes})),
        Telling::Step { number, of, step } => (
            "step",
            json!({"step": step.id, "number": number, "of": of, "what": step.action.words()}),
        ),
        Telling::Held { step } => ("held", json!({"step": step.id})),
        Telling::Sending { step } => ("sending", json!({"step": step.id})),
        Telling::Accepted { step } => ("accepted", json!({"step": step.id})),
        Telling::Waiting { why, seconds } => ("waiting", json!({"why": why, "seconds": seconds})),
        Telling::Notice { what } => ("notice", json!({"what": what})),
        Telling::Progress { step, progress } => {
            ("progress", json!({"step": step.id, "progress": progress}))
        }
        Telling::StepDone {
            step,
            seconds,
            evidence,
        } => (
            "step-done",
            json!({"step": step.id, "seconds": seconds, "evidence": evidence}),
        ),
        Telling::StepFailed { step, why } => ("step-failed", json!({"step": step.id, "why": why})),
        Telling::Ended { how, why, leaves } => (
            "ended",
            json!({"how": how.word(), "why": why, "leaves": leaves}),
        ),
    }
}

/// What `--dry-run` found.
pub fn dry_run(
    plan: &Plan,
    status: &Status,
    observed: &Observed,
    refusals: &[String],
    notes: &[String],
    format: Format,
) -> Result<(), CliError> {
    let sight = observed.sight(status.baseline.as_ref());
    let judged = |conditions: &[Condition]| -> Vec<Value> {
        conditions
            .iter()
            .map(|condition| {
                let holding = condition.judge(sight);
                json!({"condition": condition.words(), "holds": holding.holds(), "why": holding.why()})
            })
            .collect()
    };
    if format == Format::Json {
        let steps: Vec<Value> = plan
            .steps
            .iter()
            .map(|step| {
                json!({
                    "step": step.id,
                    "state": status.step(&step.id).word(),
                    "would_send": step.write,
                    "before": judged(&step.before),
                    "after": judged(&step.after),
                })
            })
            .collect();
        let value = json!({
            "format_version": "1.0", "cluster": plan.target.name, "may_begin": refusals.is_empty(), "refusals": refusals, "notes": notes,
            "steps": steps,
        });
        return write_all(&super::super::output::json(&value)?);
    }
    let mut document = Document::new(format!("{}: every step, with reads only", plan.target.name));
    if refusals.is_empty() {
        document.toned("It may begin now.", Tone::Good);
    } else {
        document.toned(
            format!(
                "It must not begin now: {} in the way.",
                counted(refusals.len() as u64, "thing stands", "things stand")
            ),
            Tone::Bad,
        );
        document.blocks.push(Block::List(
            refusals
                .iter()
                .map(|reason| {
                    (
                        crate::report::document::Cell::toned("-", Tone::Bad),
                        reason.clone(),
                    )
                })
                .collect(),
        ));
    }
    for note in notes {
        document.toned(note.clone(), Tone::Dim);
    }
    let mut table = Table::new(&["STEP", "STATE", "WOULD SEND", "NOW"]);
    for step in &plan.steps {
        let unmet: Vec<String> = step
            .before
            .iter()
            .filter_map(|condition| condition.judge(sight).why().map(str::to_string))
            .collect();
        let holds = step
            .after
            .iter()
            .all(|condition| condition.judge(sight).holds());
        let now = match (holds, unmet.is_empty()) {
            (true, _) if step.write.is_some() => "holds already".to_string(),
            (_, true) => "may begin".to_string(),
            (_, false) => format!("not now: {}", unmet.join("; ")),
        };
        let sends = step.write.as_ref().map_or_else(
            || "nothing".to_string(),
            |write| {
                write
                    .changes
                    .iter()
                    .map(|change| format!("{} = {}", change.path, change.value))
                    .collect::<Vec<_>>()
                    .join(", ")
            },
        );
        table.rows.push(vec![
            step.id.as_str().into(),
            status.step(&step.id).word().into(),
            sends.into(),
            now.into(),
        ]);
    }
    document.table("Steps", table);
    document.not_checked(&observed.not_read);
    let text = match format {
        Format::Markdown => crate::report::markdown::render(&document),
        _ => terminal::render(&document, super::super::output::terminal_width()),
    };
    write_all(&text)
}
