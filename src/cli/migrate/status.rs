//! `--verify` and `--status`: what a plan and its journal say by themselves. Asks nobody, and writes nothing.

use super::super::output::{Format, json, write_all};
use super::super::{CliError, Ending};
use super::evidence::stamp;
use crate::execute::journal::{self, Status, StepState};
use crate::execute::store::{Store, StoreError};
use crate::finding::{Severity, counted};
use crate::migrate::Plan;
use crate::migrate::plan::PlanFinding;
use crate::report::document::{Block, Cell, Document, Table, Tone};
use crate::report::simulation::span;
use crate::report::{markdown, terminal};
use jiff::Timestamp;
use serde::Serialize;
use std::fs::TryLockError;
use std::path::Path;

/// What verification says.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct VerifyShape {
    pub format_version: &'static str,
    pub plan: String,
    /// SHA-256 of everything in the plan but this field: to be compared with that of the copy that was approved.
    pub digest: String,
    pub cluster: String,
    pub cluster_id: Option<String>,
    pub resource_group: Option<String>,
    pub subscription: Option<String>,
    pub tenant: Option<String>,
    pub pod_cidr: String,
    /// Whether it may be carried out, as far as the plan itself tells.
    pub is_valid: bool,
    pub wrong: Vec<String>,
    pub steps: Vec<PlannedShape>,
    /// What was found when it was made, as the plan keeps it.
    pub findings: Vec<PlanFinding>,
}

/// A step, as planned.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct PlannedShape {
    pub id: String,
    pub what: String,
    /// Whether a request is sent.
    pub writes: bool,
    /// Whether every node is drained and reimaged.
    pub reimages: bool,
    /// Seconds that half of the futures take, and nine of ten; null: not simulated.
    pub expected_p50: Option<u32>,
    pub expected_p90: Option<u32>,
}

/// How the execution of a plan stands.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct StatusShape {
    pub format_version: &'static str,
    pub cluster: String,
    pub plan_digest: String,
    /// Null where there is none.
    pub journal: Option<String>,
    /// Bytes after the last whole record: one that was being written when the program was killed, or is being written now.
    pub torn_bytes: u64,
    pub runs: u32,
    /// A run that has begun and not ended: it goes on, or was killed.
    pub run_is_open: bool,
    /// Whether it goes on: somebody on this machine holds the journal's lock. Null: no run is open, or nobody can say.
    pub run_goes_on: Option<bool>,
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
    let target = &plan.target;
    let shape = VerifyShape {
        format_version: VERSION,
        plan: path.display().to_string(),
        digest: plan.digest.clone(),
        cluster: target.name.clone(),
        cluster_id: target.id.clone(),
        resource_group: target.resource_group.clone(),
        subscription: target.subscription.clone(),
        tenant: target.tenant.clone(),
        pod_cidr: plan.pod_cidr.to_string(),
        is_valid: wrong.is_empty(),
        wrong: wrong.to_vec(),
        steps: plan
            .steps
            .iter()
            .map(|step| PlannedShape {
                id: step.id.clone(),
                what: step.action.words(),
                writes: step.write.is_some(),
                reimages: step.reimages,
                expected_p50: step.expected.map(|expected| expected.p50),
                expected_p90: step.expected.map(|expected| expected.p90),
            })
            .collect(),
        findings: plan.findings.clone(),
    };
    print(format, &shape, || verified_document(&shape))?;
    Ok(if wrong.is_empty() {
        Ending::Fine
    } else {
        Ending::Findings
    })
}

fn verified_document(shape: &VerifyShape) -> Document {
    let mut document = Document::new(format!("{}: plan for {}", shape.plan, shape.cluster));
    if shape.is_valid {
        document.toned(
            format!(
                "It may be carried out, as far as it tells itself: {} steps, each with what follows from its action, in an order \
                 that works. Whether facts still match is looked at before the first write.",
                shape.steps.len()
            ),
            Tone::Good,
        );
    } else {
        document.toned("It must not be carried out.", Tone::Bad);
        let wrong = shape.wrong.iter();
        document.blocks.push(Block::List(
            wrong
                .map(|sentence| (Cell::toned("-", Tone::Bad), sentence.clone()))
                .collect(),
        ));
    }
    let word = |value: &Option<String>| Cell::from(value.as_deref().unwrap_or("not known"));
    let mut target = Table::new(&["WHAT", "VALUE"]);
    for (what, value) in [
        ("cluster", Cell::from(shape.cluster.as_str())),
        ("resource group", word(&shape.resource_group)),
        ("subscription", word(&shape.subscription)),
        ("tenant", word(&shape.tenant)),
        ("pod CIDR", Cell::from(shape.pod_cidr.as_str())),
        ("digest (SHA-256)", Cell::from(shape.digest.as_str())),
    ] {
        target.rows.push(vec![what.into(), value]);
    }
    document.table("What it is for", target);
    document.paragraph("Compare the digest with that of the copy that was approved: whoever edits a plan can seal it anew.");
    let mut steps = Table::new(&["STEP", "WHAT", "SENDS", "REIMAGES", "#P50", "#P90"]);
    for step in &shape.steps {
        let yes = |is: bool| if is { "yes" } else { "no" };
        let time = |seconds: Option<u32>| Cell::from(seconds.map_or("-".to_string(), span));
        steps.rows.push(vec![
            step.id.as_str().into(),
            step.what.as_str().into(),
            yes(step.writes).into(),
            if step.reimages { "every node" } else { "no" }.into(),
            time(step.expected_p50),
            time(step.expected_p90),
        ]);
    }
    document.table("Steps", steps);
    document.heading("Found when it was made");
    let worth: Vec<&PlanFinding> = shape
        .findings
        .iter()
        .filter(|told| told.severity != Severity::Info.word())
        .collect();
    if worth.is_empty() {
        document.paragraph("No warning is in the plan.");
    }
    document.blocks.push(Block::List(
        worth
            .iter()
            .map(|told| {
                let tone = if told.is_blocker() {
                    Tone::Bad
                } else {
                    Tone::Warning
                };
                (
                    Cell::toned(told.severity.as_str(), tone),
                    told.message.clone(),
                )
            })
            .collect(),
    ));
    document
}

pub fn status(journal: &Path, plan: &Plan, format: Format) -> Result<Ending, CliError> {
    let found = Store::look(journal, plan).map_err(store_error)?;
    let (status, _) = found.unwrap_or_else(|| (Status::of(plan), Vec::new()));
    let file = JournalFile::look(journal, status.open_run);
    let shape = shape(journal, plan, &status, &file);
    print(format, &shape, || document(plan, &shape, &status))?;
    Ok(Ending::Fine)
}

/// The journal as a file.
struct JournalFile {
    is_there: bool,
    /// Bytes after the last whole record.
    torn: u64,
    /// Whether somebody holds its lock; `None`: nobody can say, or it was not asked.
    is_locked: Option<bool>,
}

impl JournalFile {
    /// The lock is only asked for while a run is open, and given back at once. A run that begins in that instant finds it taken, and
    /// says so: it has written nothing by then.
    fn look(path: &Path, run_is_open: bool) -> Self {
        let bytes = std::fs::read(path).ok();
        let torn = bytes
            .as_deref()
            .and_then(|bytes| journal::read(bytes).ok())
            .map_or(0, |read| read.torn as u64);
        let is_locked = run_is_open
            .then(|| std::fs::File::open(path).ok())
            .flatten()
            .and_then(|file| match file.try_lock_shared() {
                Ok(()) => Some(false),
                Err(TryLockError::WouldBlock) => Some(true),
                Err(TryLockError::Error(_)) => None,
            });
        JournalFile {
            is_there: bytes.is_some(),
            torn,
            is_locked,
        }
    }
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

fn shape(journal: &Path, plan: &Plan, status: &Status, file: &JournalFile) -> StatusShape {
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
        journal: file.is_there.then(|| journal.display().to_string()),
        torn_bytes: file.torn,
        runs: status.runs,
        run_is_open: status.open_run,
        run_goes_on: file.is_locked,
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

fn document(plan: &Plan, shape: &StatusShape, status: &Status) -> Document {
    let mut document = Document::new(format!("{}: move to Overlay", plan.target.name));
    let (sentence, tone) = stands(shape, status.wrote);
    document.toned(sentence, tone);
    if shape.torn_bytes > 0 {
        document.toned(
            if shape.run_goes_on == Some(true) {
                "The last record is being written now.".to_string()
            } else {
                format!(
                    "The last record was torn in writing ({}): the program was killed, or its machine was. --resume drops it, and looks \
                     for what it may have announced.",
                    counted(shape.torn_bytes, "byte", "bytes")
                )
            },
            Tone::Warning,
        );
    }
    let times = Times::of(status);
    let mut table = Table::new(&["STEP", "WHAT", "STATE", "BEGAN", "ENDED"]);
    for step in &shape.steps {
        let at = status.times.get(&step.id);
        let told = |at: Option<Timestamp>| {
            Cell::from(at.map_or_else(|| "-".to_string(), |at| times.told(at)))
        };
        table.rows.push(vec![
            step.id.as_str().into(),
            step.what.as_str().into(),
            step.state.as_str().into(),
            told(at.map(|(began, _)| *began)),
            told(at.and_then(|(_, ended)| *ended)),
        ]);
    }
    document.table("Steps", table);
    for step in &shape.steps {
        if let Some(why) = &step.why {
            document.toned(format!("{} failed: {why}", step.id), Tone::Bad);
        }
    }
    if let Some(date) = &times.date {
        document.toned(format!("All times on {date}."), Tone::Dim);
    }
    let older = status.noticed.len().saturating_sub(NOTICES);
    if !status.noticed.is_empty() {
        document.heading("Noticed");
        if older > 0 {
            document.toned(
                format!(
                    "{} before these; -o json has all",
                    counted(older as u64, "more", "more")
                ),
                Tone::Dim,
            );
        }
        let newest = status.noticed[older..].iter();
        document.blocks.push(Block::List(
            newest
                .map(|(at, what)| {
                    (
                        Cell::toned("-", Tone::Dim),
                        format!("{} {what}", times.told(*at)),
                    )
                })
                .collect(),
        ));
    }
    document
}

/// How it stands, in a sentence.
fn stands(shape: &StatusShape, wrote: bool) -> (String, Tone) {
    let last = shape.runs;
    match (&shape.last_end, &shape.journal) {
        (_, None) => ("Nothing was begun.".to_string(), Tone::Dim),
        (None, Some(_)) if last == 0 => (
            "There is a journal without one whole run in it: the program was killed before it did anything, or what it held is lost. Where \
             the plan was never carried out, begin with --execute; it looks at the cluster first."
                .to_string(),
            Tone::Warning,
        ),
        _ if shape.is_complete => ("Every step of the plan is done.".to_string(), Tone::Good),
        (Some(end), _) if !wrote => (
            format!(
                "Run {last} ended as {end}, and nothing was ever sent: {}. Begin with --execute.",
                shape.last_end_why.as_deref().unwrap_or_default()
            ),
            Tone::Warning,
        ),
        (Some(end), _) => (
            format!(
                "Run {last} ended as {end}: {}. Go on with --resume.",
                shape.last_end_why.as_deref().unwrap_or_default()
            ),
            Tone::Warning,
        ),
        (None, _) => match shape.run_goes_on {
            Some(true) => (
                format!("Run {last} goes on now: somebody on this machine holds the journal's lock."),
                Tone::Good,
            ),
            Some(false) if !wrote => (
                format!(
                    "Run {last} was killed before anything was sent. Begin with --execute."
                ),
                Tone::Warning,
            ),
            Some(false) => (
                format!(
                    "Run {last} was killed: it has not ended, and nobody on this machine holds the journal's lock. What AKS was at, it goes \
                     on with by itself. Go on with --resume."
                ),
                Tone::Warning,
            ),
            None => (
                format!(
                    "Run {last} has begun and not ended: it goes on now, or was killed. If it was, go on with --resume."
                ),
                Tone::Warning,
            ),
        },
    }
}

/// Times to the second; the date once, where all have the same.
struct Times {
    date: Option<String>,
}

impl Times {
    fn of(status: &Status) -> Self {
        let steps = status.times.values();
        let steps = steps.flat_map(|(began, ended)| [Some(*began), *ended]);
        let noticed = status.noticed.iter().map(|(at, _)| Some(*at));
        let mut dates: Vec<String> = steps
            .chain(noticed)
            .flatten()
            .map(|at| at.strftime("%Y-%m-%d").to_string())
            .collect();
        dates.sort_unstable();
        dates.dedup();
        Times {
            date: dates.pop().filter(|_| dates.is_empty()),
        }
    }

    fn told(&self, at: Timestamp) -> String {
        match self.date {
            Some(_) => at.strftime("%H:%M:%S UTC").to_string(),
            None => stamp(at),
        }
    }
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
