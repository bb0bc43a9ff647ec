//! When there is time for the move: maintenance windows of the cluster, the window that a person gives, and whether the move may start
//! now. The instant is always an argument: nothing here asks a clock, and nothing here starts anything.
//!
//! Azure's documents leave parts of the calendar open. A window is therefore read twice ([`Reading`]): as permission only where every
//! reading has it open, as a danger where any reading has. Both err towards refusing.

mod ahead;
mod calendar;
mod gate;
mod own;
#[cfg(test)]
mod tests;

pub use ahead::{Ahead, Next, ahead};
pub use calendar::{Reading, openings, state_at};
pub use gate::{Answer, Channels, Gate, Question, is_refused};
pub use own::{Window, WindowError};

use crate::finding::{at_least, at_most};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// A stretch in which a window is open: from `start`, until just before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Opening {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Opening {
    pub fn holds(&self, now: Timestamp) -> bool {
        self.start <= now && now < self.end
    }
}

/// What a window is at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// Open for certain, until just before.
    Open { until: Timestamp },
    /// Closed for certain. `None`: nothing is known to open within [`FURTHEST`].
    Closed { opens_next: Option<Opening> },
    /// Nobody can say; why, in a clause.
    Unknown { why: String },
}

/// How far ahead the next opening is looked for: longer than any schedule that Azure accepts (six months) and a year of days on which
/// nothing is allowed.
pub const FURTHEST: SignedDuration = SignedDuration::from_hours(24 * 800);

/// Sorted, and one where they touch.
fn merged(mut openings: Vec<Opening>) -> Vec<Opening> {
    openings.sort_unstable();
    let mut all: Vec<Opening> = Vec::with_capacity(openings.len());
    for opening in openings {
        match all.last_mut() {
            Some(last) if opening.start <= last.end => last.end = last.end.max(opening.end),
            _ => all.push(opening),
        }
    }
    all
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn earlier(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// Minutes east of UTC; `None`: more than a clock can be off.
fn offset(minutes: i32) -> Option<Offset> {
    Offset::from_seconds(minutes.checked_mul(60)?).ok()
}

/// `2026-11-22 22:00 UTC`, and what clocks with this offset show then, where it is another time.
pub fn told(instant: Timestamp, offset_minutes: i32) -> String {
    let utc = Offset::UTC.to_datetime(instant);
    let text = format!("{} UTC", utc.strftime("%Y-%m-%d %H:%M"));
    match offset(offset_minutes).filter(|_| offset_minutes != 0) {
        Some(offset) => {
            let local = offset.to_datetime(instant);
            let format = if local.date() == utc.date() {
                "%H:%M"
            } else {
                "%Y-%m-%d %H:%M"
            };
            format!(
                "{text} ({} at {})",
                local.strftime(format),
                offset_word(offset_minutes)
            )
        }
        None => text,
    }
}

/// `+05:30`.
fn offset_word(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The code of every finding about a window that does not hold the move.
pub const WINDOW_TOO_SHORT: &str = "window-too-short";

/// Nine of ten futures do not end in a window, in a sentence: `lasts` is how long it is open, `p90` what they take, in seconds.
pub fn too_short(window: &str, lasts: u32, p90: u32) -> String {
    format!(
        "nine of ten futures take {} or less, and {window} is open for {}: a start is refused there without --accept-overrun",
        at_most(p90),
        at_least(lasts)
    )
}

/// Seconds between two instants, as a duration; what is over is none.
fn whole(seconds: i64) -> u32 {
    u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)
}
