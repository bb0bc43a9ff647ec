//! What is told while a plan is carried out, as JSON: one event a line, in the shape that `aksplan schema event` describes. Fields may be
//! added in a later version of the same major, and are never taken away.

use super::lines::Place;
use crate::execute::teller::Telling;
use crate::migrate::pace::Progress;
use jiff::Timestamp;
use serde::Serialize;

const VERSION: &str = "1.0";

/// One line of `migrate --execute -o json`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct EventShape<'a> {
    pub format_version: &'static str,
    /// When it was told, in UTC.
    pub at: String,
    pub cluster: &'a str,
    #[serde(flatten)]
    pub event: Event<'a>,
}

/// What happened. `step` is always a step's id.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event<'a> {
    /// Something that belongs to no step.
    Note {
        what: &'a str,
    },
    /// A run begins; `resumed`: it is not the first of its plan.
    Began {
        run: u32,
        resumed: bool,
    },
    /// Something stands in the way, and nothing was written.
    Refused {
        reasons: &'a [String],
    },
    /// The last run was killed while it wrote a record of so many bytes.
    TornRecord {
        bytes: usize,
    },
    /// It is this step's turn.
    Step {
        step: &'a str,
        number: usize,
        of: usize,
        what: String,
    },
    /// What the step is to bring about holds already.
    Held {
        step: &'a str,
    },
    /// The write goes out now.
    Sending {
        step: &'a str,
    },
    /// AKS took the write.
    Accepted {
        step: &'a str,
    },
    /// Nothing can be done but wait.
    Waiting {
        why: &'a str,
        seconds: u64,
    },
    /// Something new was seen.
    Notice {
        what: &'a str,
    },
    /// How a reimage of all nodes stands.
    Progress {
        step: &'a str,
        /// When the window closes, in UTC; null: there is none.
        window_until: Option<String>,
        /// Seconds until then; negative: it has closed.
        window_left: Option<i64>,
        progress: &'a Progress,
    },
    StepDone {
        step: &'a str,
        seconds: u32,
        /// What was seen to hold.
        evidence: &'a [String],
    },
    StepFailed {
        step: &'a str,
        why: &'a str,
    },
    /// `how`: `completed`, `refused`, `failed`, `stopped` or `aborted`; `leaves`: what that leaves behind, in sentences.
    Ended {
        how: &'static str,
        why: &'a str,
        leaves: &'a [String],
    },
    /// The run did not complete: the command that goes on.
    GoOn {
        command: &'a str,
    },
}

/// A telling as an event.
pub fn of_telling<'a>(at: Timestamp, place: &Place, telling: &Telling<'a>) -> Event<'a> {
    match *telling {
        Telling::Began { run, resumed } => Event::Began { run, resumed },
        Telling::Refused { reasons } => Event::Refused { reasons },
        Telling::TornRecord { bytes } => Event::TornRecord { bytes },
        Telling::Step { number, of, step } => Event::Step {
            step: &step.id,
            number,
            of,
            what: step.action.words(),
        },
        Telling::Held { step } => Event::Held { step: &step.id },
        Telling::Sending { step } => Event::Sending { step: &step.id },
        Telling::Accepted { step } => Event::Accepted { step: &step.id },
        Telling::Waiting { why, seconds } => Event::Waiting { why, seconds },
        Telling::Notice { what } => Event::Notice { what },
        Telling::Progress { step, progress } => Event::Progress {
            step: &step.id,
            window_until: place.until.map(|until| until.to_string()),
            window_left: place.until.map(|until| until.as_second() - at.as_second()),
            progress,
        },
        Telling::StepDone {
            step,
            seconds,
            evidence,
        } => Event::StepDone {
            step: &step.id,
            seconds,
            evidence,
        },
        Telling::StepFailed { step, why } => Event::StepFailed {
            step: &step.id,
            why,
        },
        Telling::Ended { how, why, leaves } => Event::Ended {
            how: how.word(),
            why,
            leaves,
        },
    }
}

/// An event as a line, with its line break.
pub fn line(at: Timestamp, place: &Place, event: Event) -> String {
    let shape = EventShape {
        format_version: VERSION,
        at: at.to_string(),
        cluster: place.cluster,
        event,
    };
    let mut line = serde_json::to_string(&shape).expect("an event is plain data");
    line.push('\n');
    line
}
