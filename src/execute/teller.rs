//! What is told while a plan is carried out. The loop says what happens; how that looks is somebody else's business.

use super::journal::RunEnd;
use crate::migrate::Step;
use crate::migrate::pace::Progress;
use jiff::Timestamp;

/// Something told.
#[derive(Debug)]
pub enum Telling<'a> {
    /// A run begins; `resumed`: not the first of its plan.
    Began {
        run: u32,
        resumed: bool,
    },
    /// Something stands in the way, and nothing was written.
    Refused {
        reasons: &'a [String],
    },
    /// The last run was killed while it wrote a record.
    TornRecord {
        bytes: usize,
    },
    Step {
        number: usize,
        of: usize,
        step: &'a Step,
    },
    /// What the step is to bring about holds already.
    Held {
        step: &'a Step,
    },
    /// The write goes out now.
    Sending {
        step: &'a Step,
    },
    Accepted {
        step: &'a Step,
    },
    /// Nothing can be done but wait.
    Waiting {
        why: &'a str,
        seconds: u64,
    },
    Progress {
        step: &'a Step,
        progress: &'a Progress,
    },
    /// Something new.
    Notice {
        what: &'a str,
    },
    StepDone {
        step: &'a Step,
        seconds: u32,
        evidence: &'a [String],
    },
    StepFailed {
        step: &'a Step,
        why: &'a str,
    },
    Ended {
        how: RunEnd,
        why: &'a str,
        /// What that leaves behind, in sentences.
        leaves: &'a [String],
    },
}

/// Hears it.
pub trait Teller {
    fn tell(&mut self, at: Timestamp, telling: &Telling);
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deaf;

impl Teller for Deaf {
    fn tell(&mut self, _: Timestamp, _: &Telling) {}
}
