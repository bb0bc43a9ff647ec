//! `--verify` and `--status`: what a plan and its journal say by themselves. Asks nobody, and writes nothing.

use super::super::output::{Format, json, write_all};
use super::super::{CliError, Ending};
use crate::execute::journal::{Record, Status, StepState};
use crate::execute::store::{Store, StoreError};
use crate::migrate::Plan;
use crate::report::document::{Block, Document, Table, Tone};
use crate::report::{markdown, terminal};
use serde::Serialize;
use std::path::Path;

/// What verification says.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct VerifyShape {
    pub format_version: &'static str,
    pub plan: String,
    pub digest: String,
    /// Whether it may be carried out, as far as the plan itself tells.
    pub is_valid: bool,
    pub wrong: Vec<String>,
}

/// How the execution of a plan stands.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct StatusShape {
    pub format_version: &'static str,
    pub cluster: String,
    pub plan_digest: String,
    /// Null where nothing was begun.
    pub journal: Option<String>,
    pub runs: u32,
    /// A run that has begun and not ended: it goes on, or was killed.
    pub run_is_open: bool,
    /// How the last run ended: `completed`, `refused`, `failed`, `stopped`, `aborted`.
    pub last_end: Option<String>,
    pub last_end_why: Option<String>,
    pub is_complete: bool,
    pub steps: Vec<StepShape>,
    /// What is worth knowing, newest last.
    pub noticed: Vec<NoticeShape>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct StepShape {
    pub id: String,
    pub what: String,
    /// `to do`, `in doubt`, `under way`, `not taken`, `failed`, `done`, `held already`
    pub state: String,
    pub began: Option<String>,
    pub ended: Option<String>,
    pub why: Option<String>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct NoticeShape {
    pub at: String,
    pub what: String,
}

const VERSION: &str = "1.0";
/// Of what was noticed, people see the last.
const NOTICES: usize = 12;

pub fn verified(
    path: &Path,
    plan: &Plan,
    wrong: &[String],
    format: Format,
) -> Result<Ending, CliError> {
    let shape = VerifyShape {
        format_version: VERSION,
        plan: path.display().to_string(),
        digest: plan.digest.clone(),
        is_valid: wrong.is_empty(),
        wrong: wrong.to_vec(),
    };
    print(format, &shape, || {
        let mut document =
            Document::new(format!("{}: plan for {}", path.display(), plan.target.name));
        if wrong.is_empty() {
            document.toned(
                format!(
                    "It may be carried out, as far as it tells itself: {} steps, each with what follows from its action, in an order \
                     that works. Whether facts still match is looked at before the first write.",
                    plan.steps.len()
                ),
                Tone::Good,
            );
        } else {
            document.toned("It must not be carried out.", Tone::Bad);
            document.blocks.push(Block::List(
                wrong
                    .iter()
                    .map(|sentence| {
                        (
                            crate::report::document::Cell::toned("-", Tone::Bad),
                            sentence.clone(),
                        )
                    })
                    .collect(),
            ));
        }
        document
    })?;
    Ok(if wrong.is_empty() {
        Ending::Fine
    } else {
        Ending::Findings
    })
}

pub fn status(journal: &Path, plan: &Plan, format: Format) -> Result<Ending, CliError> {
    let found = Store::look(journal, plan).map_err(store_error)?;
    let begun = found.is_some();
    let (status, records) = found.unwrap_or_else(|| (Status::of(plan), Vec::new()));
    let shape = shape(journal, plan, &status, &records);
    print(format, &shape, || document(plan, &shape, begun))?;
    Ok(Ending::Fine)
}

pub fn store_error(error: StoreError) -> CliError {
    match error {
        StoreError::File { path, error } => CliError::Write(std::io::Error::new(
            error.kind(),
            format!("{}: {error}", path.display()),
        )),
        other => CliError::Usage(other.to_string()),
    }
}

fn shape(journal: &Path, plan: &Plan, status: &Status, records: &[Record]) -> StatusShape {
    let steps = plan
        .steps
        .iter()
        .map(|step| {
            let state = status.step(&step.id);
            let times = status.times.get(&step.id);
            StepShape {
                id: step.id.clone(),
                what: step.action.words(),
                state: state.word().to_string(),
                began: times.map(|(began, _)| began.to_string()),
                ended: times.and_then(|(_, ended)| ended.map(|at| at.to_string())),
                why: match state {
                    StepState::Failed { why, .. } => Some(why.clone()),
                    _ => None,
                },
            }
        })
        .collect();
    StatusShape {
        format_version: VERSION,
        cluster: plan.target.name.clone(),
        plan_digest: plan.digest.clone(),
        journal: (!records.is_empty()).then(|| journal.display().to_string()),
        runs: status.runs,
        run_is_open: status.open_run,
        last_end: status
            .last_end
            .as_ref()
            .map(|(end, _)| end.word().to_string()),
        last_end_why: status.last_end.as_ref().map(|(_, why)| why.clone()),
        is_complete: status.is_complete(),
        steps,
        noticed: status
            .noticed
            .iter()
            .map(|(at, what)| NoticeShape {
                at: at.to_string(),
                what: what.clone(),
            })
            .collect(),
    }
}

fn document(plan: &Plan, shape: &StatusShape, begun: bool) -> Document {
    let mut document = Document::new(format!("{}: move to Overlay", plan.target.name));
    let (sentence, tone) = match (&shape.last_end, begun) {
        (_, false) => ("Nothing was begun.".to_string(), Tone::Dim),
        _ if shape.is_complete => ("Every step of the plan is done.".to_string(), Tone::Good),
        (Some(end), _) => (
            format!(
                "Run {} ended as {end}: {}. Go on with --resume.",
                shape.runs,
                shape.last_end_why.as_deref().unwrap_or_default()
            ),
            Tone::Warning,
        ),
        (None, _) => (
            format!(
                "Run {} has begun and not ended: it goes on now, or was killed. If it was, go on with --resume.",
                shape.runs
            ),
            Tone::Warning,
        ),
    };
    document.toned(sentence, tone);
    let mut table = Table::new(&["STEP", "WHAT", "STATE", "BEGAN", "ENDED"]);
    for step in &shape.steps {
        table.rows.push(vec![
            step.id.as_str().into(),
            step.what.as_str().into(),
            step.state.as_str().into(),
            step.began.as_deref().unwrap_or("-").into(),
            step.ended.as_deref().unwrap_or("-").into(),
        ]);
    }
    document.table("Steps", table);
    let newest = shape.noticed.len().saturating_sub(NOTICES);
    if !shape.noticed.is_empty() {
        document.heading("Noticed");
        document.blocks.push(Block::List(
            shape.noticed[newest..]
                .iter()
                .map(|notice| {
                    (
                        crate::report::document::Cell::toned("-", Tone::Dim),
                        format!("{} {}", notice.at, notice.what),
                    )
                })
                .collect(),
        ));
    }
    document
}

fn print<S: Serialize>(
    format: Format,
    shape: &S,
    document: impl FnOnce() -> Document,
) -> Result<(), CliError> {
    let text = match format {
        Format::Json => json(shape)?,
        Format::Yaml => super::super::output::yaml(shape)?,
        Format::Markdown => markdown::render(&document()),
        Format::Table => terminal::render(&document(), super::super::output::terminal_width()),
    };
    write_all(&text)
}
