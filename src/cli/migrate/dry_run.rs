//! `--dry-run`: every step with reads only, what holds, what stands in the way, what would be sent. Decides nothing and sends nothing.

use super::super::CliError;
use super::super::output::{Format, write_all};
use crate::execute::actuator::Observed;
use crate::execute::journal::Status;
use crate::finding::counted;
use crate::migrate::{Condition, Plan, Sight, Step};
use crate::report::document::{Block, Cell, Document, Tone};
use crate::report::{markdown, terminal};
use serde_json::{Value, json};

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
                    "before": judged(status.before(step)),
                    "after": judged(&step.after),
                })
            })
            .collect();
        let value = json!({
            "format_version": "1.0", "cluster": plan.target.name, "may_begin": refusals.is_empty() && !status.is_complete(), "refusals": refusals, "notes": notes,
            "steps": steps,
        });
        return write_all(&super::super::output::json(&value)?);
    }
    let document = document(plan, status, observed, refusals, notes);
    let text = match format {
        Format::Markdown => markdown::render(&document),
        _ => terminal::render(&document, super::super::output::terminal_width()),
    };
    write_all(&text)
}

fn document(
    plan: &Plan,
    status: &Status,
    observed: &Observed,
    refusals: &[String],
    notes: &[String],
) -> Document {
    let mut document = Document::new(format!("{}: every step, with reads only", plan.target.name));
    if status.is_complete() {
        document.toned(
            "Nothing is left to begin: every step of the plan is done.",
            Tone::Good,
        );
    } else if refusals.is_empty() {
        let verb = if status.wrote { "go on" } else { "begin" };
        document.toned(format!("It may {verb} now."), Tone::Good);
    } else {
        document.toned(
            format!(
                "It must not begin now: {} in the way.",
                counted(refusals.len() as u64, "thing stands", "things stand")
            ),
            Tone::Bad,
        );
        let reasons = refusals.iter();
        document.blocks.push(Block::List(
            reasons
                .map(|reason| (Cell::toned("-", Tone::Bad), reason.clone()))
                .collect(),
        ));
    }
    for note in notes {
        document.toned(note.clone(), Tone::Dim);
    }
    document.heading("Steps");
    let sight = observed.sight(status.baseline.as_ref());
    let mut items = Vec::new();
    for step in &plan.steps {
        items.push((
            Cell::from(step.id.as_str()),
            format!(
                "{}: {}",
                status.step(&step.id).word(),
                now(step, status, observed)
            ),
        ));
        let sends = !status.step(&step.id).is_over() && !holds(&step.after, sight);
        let write = step.write.as_ref().filter(|_| sends);
        for change in write.iter().flat_map(|write| &write.changes) {
            items.push((
                Cell::toned("-", Tone::Dim),
                format!("would send {} = {}", change.path, change.value),
            ));
        }
    }
    document.blocks.push(Block::List(items));
    document.not_checked(&observed.not_read);
    document
}

fn holds(conditions: &[Condition], sight: Sight) -> bool {
    conditions
        .iter()
        .all(|condition| condition.judge(sight).holds())
}

/// Whether a step could be begun on what is observed.
fn now(step: &Step, status: &Status, observed: &Observed) -> String {
    let sight = observed.sight(status.baseline.as_ref());
    if status.step(&step.id).is_over() {
        return step.action.words();
    }
    if step.write.is_some() && holds(&step.after, sight) {
        return format!(
            "{}; holds already, nothing would be sent",
            step.action.words()
        );
    }
    let unmet: Vec<String> = status
        .before(step)
        .iter()
        .filter_map(|condition| condition.judge(sight).why().map(str::to_string))
        .collect();
    let when = match unmet.is_empty() {
        true => "what must hold before it holds now".to_string(),
        false => format!("not on what is now: {}", unmet.join("; ")),
    };
    format!("{}; {when}", step.action.words())
}
