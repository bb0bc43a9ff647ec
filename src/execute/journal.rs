//! What happened, in order, and how things stand after it. Status is never stored: it is worked out from the records, and a sequence that
//! cannot have happened is refused. Touches no file.

use crate::migrate::condition::Condition;
use crate::migrate::fingerprint::hex;
use crate::migrate::plan::{Plan, canonical};
use crate::migrate::{Baseline, Step};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Of the format. A journal of another major version is refused.
pub const FORMAT_VERSION: &str = "1.0";

/// How evidence begins that shows something is not proven.
pub const NOT_PROVEN: &str = "not proven: ";

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// From 1 on.
    pub n: u64,
    pub at: Timestamp,
    pub event: Event,
    /// Of this record and all before it: a line that was changed, lost or put in shows.
    pub chain: String,
}

/// What whoever began a run asked of it, for the change record. Nothing is decided by it afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Orders {
    /// `execute`, `resume` or `abort`
    pub deed: String,
    /// As it was given with `--window`; `None`: the cluster's own maintenance configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// When the window that was open closes; `None`: none was known to be open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// `wait`, `stop` or `abort`
    pub on_blocked: String,
    /// The run may begin though it is not foreseen to fit the window.
    pub accept_overrun: bool,
    /// Nobody was asked to type the cluster's name.
    pub yes: bool,
}

impl Orders {
    /// Journals of before they were kept have none.
    fn are_unknown(&self) -> bool {
        *self == Orders::default()
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Always the first.
    Opened {
        format_version: String,
        /// Digest of the plan it is of.
        plan: String,
        cluster: String,
        /// Made by chance: tells this journal from any other of the same plan.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        id: String,
    },
    RunBegan {
        run: u32,
        made_by: String,
        /// Who holds the lock.
        holder: String,
        #[serde(default, skip_serializing_if = "Orders::are_unknown")]
        orders: Orders,
    },
    /// How things stood before the first write.
    BaselineTaken {
        baseline: Baseline,
    },
    /// What the step is to bring about holds already: nothing is written.
    StepHeld {
        step: String,
    },
    /// About to be sent. Without a word of its end the write is in doubt.
    StepStarted {
        step: String,
        /// From 1 on.
        attempt: u32,
        /// Of the resource that is written; `None`: the step only reads.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        e_tag: Option<String>,
        /// SHA-256 of the body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// Azure took it. `operation`: where to ask how it stands, without anything secret.
    WriteAccepted {
        step: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
    },
    /// Azure did not take it, for certain: nothing happened.
    WriteRefused {
        step: String,
        code: String,
        message: String,
    },
    /// A write in doubt was looked for.
    DoubtResolved {
        step: String,
        happened: bool,
    },
    StepDone {
        step: String,
        /// What was seen, a sentence each.
        evidence: Vec<String>,
    },
    /// The operation was taken and failed, or what it should bring about does not hold.
    StepFailed {
        step: String,
        why: String,
    },
    /// Worth keeping for the record: a node that is done, a budget that holds an eviction back.
    Noticed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        what: String,
    },
    /// About to ask Azure to end the operation.
    AbortStarted,
    AbortAccepted,
    AbortRefused {
        why: String,
    },
    RunEnded {
        run: u32,
        how: RunEnd,
        why: String,
    },
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// Every step is done.
    Completed,
    /// Something stood in the way before the next write.
    Refused,
    /// A step failed.
    Failed,
    /// Stopped on purpose, between two writes or while AKS goes on: the window closed, a pod is blocked, Ctrl-C.
    Stopped,
    /// The operation was ended on request.
    Aborted,
}

impl RunEnd {
    pub fn word(self) -> &'static str {
        match self {
            RunEnd::Completed => "completed",
            RunEnd::Refused => "refused",
            RunEnd::Failed => "failed",
            RunEnd::Stopped => "stopped",
            RunEnd::Aborted => "aborted",
        }
    }
}

impl Record {
    /// The record that follows one with this chain.
    pub fn new(n: u64, at: Timestamp, event: Event, chain_before: &str) -> Self {
        let chain = chain(n, at, &event, chain_before);
        Record {
            n,
            at,
            event,
            chain,
        }
    }

    fn is_next(&self, n: u64, chain_before: &str) -> bool {
        self.n == n && self.chain == chain(self.n, self.at, &self.event, chain_before)
    }
}

fn chain(n: u64, at: Timestamp, event: &Event, before: &str) -> String {
    let mut text = format!("{before}\n{n}\n{at}\n");
    let value = serde_json::to_value(event).expect("an event is plain data");
    canonical(&value, &mut text);
    hex(&Sha256::digest(text)[..16])
}

/// Why a journal cannot be gone on from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    #[error("record {n}: {problem}")]
    Record { n: u64, problem: String },
    #[error("it is a journal of format {0}, and this aksplan reads {FORMAT_VERSION}")]
    Version(String),
    #[error(
        "it is the journal of another plan: this plan's digest is {wanted}, and the journal's {found}"
    )]
    OtherPlan { wanted: String, found: String },
}

/// Records out of the text of a journal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Read {
    pub records: Vec<Record>,
    /// Bytes that whole records take; what follows was being written when somebody pulled the plug.
    pub good: usize,
    /// Bytes after them.
    pub torn: usize,
}

/// Reads records; a last line that is not whole is left out.
///
/// # Errors
/// [`JournalError::Record`] where a line that others follow is damaged: that is no accident.
pub fn read(text: &[u8]) -> Result<Read, JournalError> {
    let mut read = Read::default();
    let mut chain = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let n = read.records.len() as u64 + 1;
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            break;
        };
        let parsed = serde_json::from_slice::<Record>(&rest[..end])
            .map_err(|error| error.to_string())
            .and_then(|record| {
                if record.is_next(n, &chain) {
                    Ok(record)
                } else {
                    Err(
                        "it does not follow from the one before: the journal was changed"
                            .to_string(),
                    )
                }
            });
        match parsed {
            Ok(record) => {
                chain.clone_from(&record.chain);
                read.records.push(record);
                read.good += end + 1;
                rest = &rest[end + 1..];
            }
            // Blocks of a file may reach the disk out of order: the last line may be of the right length and empty.
            // One that is whole and does not follow was written by somebody.
            Err(_)
                if rest.len() == end + 1
                    && serde_json::from_slice::<Record>(&rest[..end]).is_err() =>
            {
                break;
            }
            Err(problem) => return Err(JournalError::Record { n, problem }),
        }
    }
    read.torn = text.len() - read.good;
    Ok(read)
}

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StepState {
    #[default]
    Pending,
    /// Begun, and whether the write arrived is not known.
    InDoubt {
        attempt: u32,
        e_tag: Option<String>,
    },
    /// Azure took the write.
    Running {
        attempt: u32,
        operation: Option<String>,
    },
    /// The write was not taken, or never arrived: it may be begun again.
    NotTaken {
        attempt: u32,
    },
    Failed {
        attempt: u32,
        why: String,
    },
    Done,
    /// It held already.
    Held,
}

impl StepState {
    pub fn is_over(&self) -> bool {
        matches!(self, StepState::Done | StepState::Held)
    }

    /// Attempts so far.
    pub fn attempts(&self) -> u32 {
        match self {
            StepState::Pending | StepState::Done | StepState::Held => 0,
            StepState::InDoubt { attempt, .. }
            | StepState::Running { attempt, .. }
            | StepState::NotTaken { attempt }
            | StepState::Failed { attempt, .. } => *attempt,
        }
    }

    /// One word or two, for people.
    pub fn word(&self) -> &'static str {
        match self {
            StepState::Pending => "to do",
            StepState::InDoubt { .. } => "in doubt",
            StepState::Running { .. } => "under way",
            StepState::NotTaken { .. } => "not taken",
            StepState::Failed { .. } => "failed",
            StepState::Done => "done",
            StepState::Held => "held already",
        }
    }
}

/// How everything stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Status {
    /// In the order of the plan.
    pub steps: Vec<(String, StepState)>,
    /// When each step was last begun and when it ended.
    pub times: BTreeMap<String, (Timestamp, Option<Timestamp>)>,
    pub runs: u32,
    /// A run that has begun and has not ended: it goes on, or was killed.
    pub open_run: bool,
    pub last_end: Option<(RunEnd, String)>,
    pub baseline: Option<Baseline>,
    /// Steps that are not over, and of which an attempt that Azure took failed: also where a later one was not taken.
    pub failed: BTreeSet<String>,
    /// An abort was asked for since the last step was begun.
    pub aborting: bool,
    /// Whether anything was ever sent that may have changed something.
    pub wrote: bool,
    /// What steps that are done did not prove.
    pub unproven: Vec<String>,
    /// Of the journal.
    pub id: String,
    /// When the first write was begun.
    pub first_write: Option<Timestamp>,
    pub noticed: Vec<(Timestamp, String)>,
    pub last: Option<Timestamp>,
}

impl Status {
    /// Nothing happened yet.
    pub fn of(plan: &Plan) -> Self {
        Status {
            steps: plan
                .steps
                .iter()
                .map(|step| (step.id.clone(), StepState::Pending))
                .collect(),
            ..Status::default()
        }
    }

    /// What the records come to.
    ///
    /// # Errors
    /// [`JournalError`] for a sequence that cannot have happened.
    pub fn replay(plan: &Plan, records: &[Record]) -> Result<Self, JournalError> {
        let mut status = Status::of(plan);
        for record in records {
            status
                .apply(plan, record)
                .map_err(|problem| match problem {
                    Wrong::Sequence(problem) => JournalError::Record {
                        n: record.n,
                        problem,
                    },
                    Wrong::Journal(error) => error,
                })?;
        }
        Ok(status)
    }

    pub fn step(&self, id: &str) -> &StepState {
        const PENDING: &StepState = &StepState::Pending;
        self.steps
            .iter()
            .find(|(step, _)| step == id)
            .map_or(PENDING, |(_, state)| state)
    }

    /// The first step that is not over; `None`: all are.
    pub fn current(&self) -> Option<usize> {
        self.steps.iter().position(|(_, state)| !state.is_over())
    }

    /// Azure took the write of a step, or may have, and its end was not seen. A step that only reads has begun nothing that goes on.
    pub fn is_at_work(&self, step: &Step) -> bool {
        match self.step(&step.id) {
            StepState::Running { .. } => true,
            StepState::InDoubt { .. } => step.write.is_some(),
            _ => false,
        }
    }

    /// What must hold before a step is begun now. After an attempt that failed, also where a later one was not taken: the first left its
    /// state behind.
    pub fn before<'s>(&self, step: &'s Step) -> &'s [Condition] {
        if self.failed.contains(&step.id) && !step.before_again.is_empty() {
            &step.before_again
        } else {
            &step.before
        }
    }

    pub fn is_complete(&self) -> bool {
        self.current().is_none()
    }

    /// Takes one more record.
    pub(super) fn apply(&mut self, plan: &Plan, record: &Record) -> Result<(), Wrong> {
        let first = self.last.is_none();
        if first != matches!(record.event, Event::Opened { .. }) {
            return Err(sequence(if first {
                "the first record does not open it"
            } else {
                "it is opened twice"
            }));
        }
        match &record.event {
            Event::Opened {
                format_version,
                plan: digest,
                id,
                ..
            } => {
                self.id.clone_from(id);
                let major = |version: &str| version.split('.').next().map(str::to_string);
                if major(format_version) != major(FORMAT_VERSION) {
                    return Err(Wrong::Journal(JournalError::Version(
                        format_version.clone(),
                    )));
                }
                if *digest != plan.digest {
                    return Err(Wrong::Journal(JournalError::OtherPlan {
                        wanted: plan.digest.clone(),
                        found: digest.clone(),
                    }));
                }
            }
            Event::RunBegan { run, .. } => {
                if *run != self.runs + 1 {
                    return Err(sequence("runs are not numbered one after the other"));
                }
                self.runs = *run;
                self.open_run = true;
                self.last_end = None;
            }
            Event::RunEnded { run, how, why } => {
                if !self.open_run || *run != self.runs {
                    return Err(sequence("a run ends that is not under way"));
                }
                if *how == RunEnd::Completed && !self.is_complete() {
                    return Err(sequence("a run is complete with steps left"));
                }
                self.open_run = false;
                self.last_end = Some((*how, why.clone()));
            }
            _ if !self.open_run => return Err(sequence("something happens outside of a run")),
            Event::BaselineTaken { baseline } => {
                if self.baseline.is_some() || self.wrote {
                    return Err(sequence("the baseline is taken after a write, or twice"));
                }
                self.baseline = Some(baseline.clone());
            }
            Event::Noticed { what, .. } => self.noticed.push((record.at, what.clone())),
            Event::AbortStarted => self.aborting = true,
            Event::AbortAccepted | Event::AbortRefused { .. } => {
                if !self.aborting {
                    return Err(sequence("an abort is answered that nobody asked for"));
                }
                if matches!(record.event, Event::AbortRefused { .. }) {
                    self.aborting = false;
                }
            }
            Event::StepHeld { step }
            | Event::StepStarted { step, .. }
            | Event::WriteAccepted { step, .. }
            | Event::WriteRefused { step, .. }
            | Event::DoubtResolved { step, .. }
            | Event::StepDone { step, .. }
            | Event::StepFailed { step, .. } => self.step_event(plan, step, record)?,
        }
        self.last = Some(record.at);
        Ok(())
    }

    fn step_event(&mut self, plan: &Plan, id: &str, record: &Record) -> Result<(), Wrong> {
        let Some(position) = self.steps.iter().position(|(step, _)| step == id) else {
            return Err(sequence(&format!("the plan has no step {id}")));
        };
        if self.current() != Some(position) {
            return Err(sequence(&format!("step {id} is not the one that is next")));
        }
        let writes = plan.steps[position].write.is_some();
        let state = &self.steps[position].1;
        let attempt = state.attempts();
        let next = match (state, &record.event) {
            (
                StepState::Pending | StepState::NotTaken { .. } | StepState::Failed { .. },
                Event::StepHeld { .. },
            ) if writes => StepState::Held,
            (
                StepState::Pending | StepState::NotTaken { .. } | StepState::Failed { .. },
                Event::StepStarted {
                    attempt: number,
                    e_tag,
                    ..
                },
            ) if *number == attempt + 1 => {
                self.times.insert(id.to_string(), (record.at, None));
                self.aborting = false;
                if writes {
                    self.first_write.get_or_insert(record.at);
                    self.wrote = true;
                }
                StepState::InDoubt {
                    attempt: *number,
                    e_tag: e_tag.clone(),
                }
            }
            (StepState::InDoubt { .. }, Event::WriteAccepted { operation, .. }) if writes => {
                StepState::Running {
                    attempt,
                    operation: operation.clone(),
                }
            }
            (StepState::InDoubt { .. }, Event::WriteRefused { .. }) if writes => {
                StepState::NotTaken { attempt }
            }
            (StepState::InDoubt { .. }, Event::DoubtResolved { happened, .. }) if writes => {
                if *happened {
                    StepState::Running {
                        attempt,
                        operation: None,
                    }
                } else {
                    StepState::NotTaken { attempt }
                }
            }
            // Reading steps have nothing to be in doubt about: they begin again.
            (
                StepState::InDoubt { .. },
                Event::StepStarted {
                    attempt: number, ..
                },
            ) if !writes && *number == attempt + 1 => {
                self.times.insert(id.to_string(), (record.at, None));
                StepState::InDoubt {
                    attempt: *number,
                    e_tag: None,
                }
            }
            (StepState::InDoubt { .. }, Event::StepDone { .. }) if !writes => StepState::Done,
            (StepState::InDoubt { .. }, Event::StepFailed { why, .. }) if !writes => {
                StepState::Failed {
                    attempt,
                    why: why.clone(),
                }
            }
            (StepState::Running { .. }, Event::StepDone { .. }) => StepState::Done,
            (StepState::Running { .. }, Event::StepFailed { why, .. }) => StepState::Failed {
                attempt,
                why: why.clone(),
            },
            (state, event) => {
                return Err(sequence(&format!(
                    "step {id} is {}, and then {}",
                    state.word(),
                    event_word(event)
                )));
            }
        };
        if let Event::StepDone { evidence, .. } = &record.event {
            let unproven = evidence
                .iter()
                .filter_map(|sentence| sentence.strip_prefix(NOT_PROVEN));
            self.unproven.extend(unproven.map(str::to_string));
        }
        if let StepState::Done | StepState::Failed { .. } | StepState::Held = next {
            let times = self
                .times
                .entry(id.to_string())
                .or_insert((record.at, None));
            times.1 = Some(record.at);
        }
        if let StepState::Failed { .. } = next {
            self.failed.insert(id.to_string());
        } else if next.is_over() {
            self.failed.remove(id);
        }
        self.steps[position].1 = next;
        Ok(())
    }
}

/// What is wrong with a record.
pub(super) enum Wrong {
    Sequence(String),
    Journal(JournalError),
}

fn sequence(problem: &str) -> Wrong {
    Wrong::Sequence(problem.to_string())
}

fn event_word(event: &Event) -> &'static str {
    match event {
        Event::StepHeld { .. } => "found to hold",
        Event::StepStarted { .. } => "begun",
        Event::WriteAccepted { .. } => "taken",
        Event::WriteRefused { .. } => "refused",
        Event::DoubtResolved { .. } => "looked for",
        Event::StepDone { .. } => "done",
        Event::StepFailed { .. } => "failed",
        _ => "noted",
    }
}
