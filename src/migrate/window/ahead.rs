//! Which windows come next, and what a move that begins at the start of one would meet. Asks the gate that judges again when a plan is
//! carried out, so that both say the same; forbids nothing.

use super::gate::{AUTO_UPGRADE, NODE_OS_UPGRADE, WEEKLY_RELEASES, channel_words};
use super::{
    Answer, FURTHEST, Gate, Opening, Question, Reading, State, WINDOW_TOO_SHORT, Window, earlier,
    is_refused, later, openings, told, too_short, whole,
};
use crate::finding::{Finding, Severity, counted};
use crate::migrate::step::Seconds;
use crate::model::Cluster;
use crate::rule;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Openings of one window that are told.
const SHOWN: usize = 3;

/// What comes, as a plan keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ahead {
    /// Of each window the next three, as far as they are known.
    pub openings: Vec<Next>,
    /// What cannot be said, in sentences.
    pub not_known: Vec<String>,
}

/// One opening of a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Next {
    /// Name of the maintenance configuration, or `--window` and what was given.
    pub window: String,
    /// An instant; for a window that was open already, when it was looked at.
    pub opens: String,
    pub closes: String,
    /// Whether the plan may be carried out in it: what `default` opens is for AKS alone.
    pub permits: bool,
    /// Whether nine of ten futures that begin at its start end in it; `None`: not predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fits: Option<bool>,
    /// The last instant at which a start is not refused for the time: nine of ten futures that begin then end before it closes, and
    /// before AKS may begin an upgrade of its own. `None`: there is none, or it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_by: Option<String>,
    /// What stands against a start when it opens, in sentences that end with their rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<String>,
}

/// What comes after `now` (`None`: nobody knows when the facts were read), and what a reviewer is to know of it.
pub fn ahead(
    cluster: &Cluster,
    own: Option<&Window>,
    now: Option<Timestamp>,
    expected: Option<Seconds>,
) -> (Ahead, Vec<Finding>) {
    let mut looking = Looking {
        cluster,
        own,
        now,
        expected,
        ahead: Ahead::default(),
        findings: Vec::new(),
    };
    looking.given();
    looking.configured();
    looking.at_any_time();
    looking.told();
    (looking.ahead, looking.findings)
}

struct Looking<'a> {
    cluster: &'a Cluster,
    own: Option<&'a Window>,
    now: Option<Timestamp>,
    expected: Option<Seconds>,
    ahead: Ahead,
    findings: Vec<Finding>,
}

impl Looking<'_> {
    /// `--window`.
    fn given(&mut self) {
        let Some(window) = self.own else { return };
        let name = format!("--window {window}");
        if let Window::For { seconds } = window {
            if let Some(p90) = self.expected.map(|seconds| seconds.p90)
                && p90 > *seconds
            {
                self.too_short(&name, i64::from(*seconds), p90);
            }
            self.ahead.not_known.push(format!(
                "{name} counts from the start: whether an automatic upgrade comes in between is judged then"
            ));
            return;
        }
        match (window, self.now) {
            (Window::Once { from, to }, None) => self.add(
                &name,
                Opening {
                    start: *from,
                    end: *to,
                },
                true,
            ),
            (_, None) => self.unknown_now(),
            (_, Some(now)) => {
                for opening in window.ahead(now, SHOWN) {
                    self.add(&name, opening, true);
                }
            }
        }
    }

    fn configured(&mut self) {
        for configuration in self.cluster.maintenance.iter().flatten() {
            let name = [NODE_OS_UPGRADE, AUTO_UPGRADE, WEEKLY_RELEASES]
                .into_iter()
                .find(|known| configuration.name.eq_ignore_ascii_case(known));
            let Some(name) = name else { continue };
            let Some(now) = self.now else {
                self.unknown_now();
                return;
            };
            match openings(configuration, now, later(now, FURTHEST), Reading::Certain) {
                Err(why) => self
                    .ahead
                    .not_known
                    .push(format!("{why}: when it opens cannot be said")),
                Ok(found) => {
                    if found.is_empty() {
                        self.ahead.not_known.push(format!(
                            "{name}: no document says when it opens, or it opens in none of the next {} days",
                            FURTHEST.as_hours() / 24
                        ));
                    }
                    let permits = self.own.is_none() && name != WEEKLY_RELEASES;
                    for opening in found.into_iter().take(SHOWN) {
                        self.add(name, opening, permits);
                    }
                }
            }
        }
    }

    fn add(&mut self, name: &str, opening: Opening, permits: bool) {
        let start = self.now.map_or(opening.start, |now| opening.start.max(now));
        let next = Next {
            window: name.to_string(),
            opens: start.to_string(),
            closes: opening.end.to_string(),
            permits,
            fits: None,
            start_by: None,
            against: Vec::new(),
        };
        // Nobody begins in a window that is for AKS alone.
        self.ahead.openings.push(match permits {
            true => self.judged(next, start, opening.end),
            false => next,
        });
    }

    fn asked(&self, at: Timestamp) -> Question<'_> {
        Question {
            p50_seconds: self.expected.map(|seconds| seconds.p50),
            p90_seconds: self.expected.map(|seconds| seconds.p90),
            ..Question::of(self.cluster, self.own, at)
        }
    }

    fn judged(&self, next: Next, start: Timestamp, end: Timestamp) -> Next {
        let question = self.asked(start);
        let answers = question.answers();
        let refuses = |gate: Gate| {
            let mut answers = answers.iter();
            answers.any(|answer| answer.gate == gate && answer.severity == Severity::Blocker)
        };
        let mut against: Vec<String> = question
            .met()
            .into_iter()
            .map(|words| format!("{words} ({})", rule::MNT_2.id))
            .collect();
        against.extend(
            answers
                .iter()
                .filter(|answer| {
                    answer.gate == Gate::NodeDisruption && answer.severity == Severity::Blocker
                })
                .map(|answer| format!("{} ({})", answer.evidence, answer.rule.id)),
        );
        let fits = self.expected.map(|_| !refuses(Gate::Overrun));
        let start_by = self.expected.and_then(|expected| {
            let before = question
                .openings_of_aks(end)
                .into_iter()
                .fold(end, Timestamp::min);
            let latest = earlier(before, SignedDuration::from_secs(i64::from(expected.p90)));
            // The gate has the last word.
            let is_refused = is_refused(&self.asked(latest).answers());
            (latest >= start && !is_refused).then(|| latest.to_string())
        });
        Next {
            fits,
            start_by,
            against,
            ..next
        }
    }

    /// What AKS may do whenever it likes: nothing names a time for it.
    fn at_any_time(&mut self) {
        let question = Question::of(self.cluster, self.own, Timestamp::UNIX_EPOCH);
        let answers = question.at_any_time();
        let Some(first) = answers.first() else { return };
        if self.cluster.maintenance.is_none() {
            // The same of every channel: said once.
            let channels = question.channels_that_are_on();
            let words: Vec<String> = channels
                .iter()
                .map(|(_, field, channel)| channel_words(field, *channel))
                .collect();
            let fields: Vec<&str> = channels.iter().map(|(_, field, _)| *field).collect();
            self.findings.push(Finding::new(
                Severity::Warning,
                "automatic-upgrade-at-any-time",
                format!(
                    "an automatic upgrade may come in between: the cluster's maintenance configurations were not read, and {}. Read them, \
                     or set {} to none for the time of the move.",
                    words.join(", "),
                    fields.join(" and ")
                ),
                &[first.rule],
            ));
            return;
        }
        let join = |text: fn(&Answer) -> &str, between: &str| {
            let all: Vec<&str> = answers.iter().map(text).collect();
            all.join(between)
        };
        self.findings.push(Finding::new(
            Severity::Warning,
            "automatic-upgrade-at-any-time",
            format!(
                "{}. {}",
                join(|answer| &answer.evidence, "; "),
                join(|answer| &answer.remedy, " ")
            ),
            &[first.rule],
        ));
    }

    /// One finding for each window, of all its openings.
    fn told(&mut self) {
        let mut names: Vec<String> = Vec::new();
        for next in self.ahead.openings.iter().filter(|next| next.permits) {
            if !names.contains(&next.window) {
                names.push(next.window.clone());
            }
        }
        for name in names {
            let of_window: Vec<Next> = self
                .ahead
                .openings
                .iter()
                .filter(|next| next.window == name)
                .cloned()
                .collect();
            let unfit = of_window.iter().filter(|next| next.fits == Some(false));
            let shortest = unfit.map(Next::seconds).min();
            if let (Some(expected), Some(lasts)) = (self.expected, shortest) {
                self.too_short(&name, lasts, expected.p90);
            }
            let met: Vec<&Next> = of_window
                .iter()
                .filter(|next| !next.against.is_empty())
                .collect();
            if let Some(first) = met.first() {
                self.findings.push(Finding::new(
                    Severity::Warning,
                    "automatic-upgrade-ahead",
                    format!(
                        "a move that begins when {name} opens meets automatic upgrades at {} of {}; at {}: {}",
                        met.len(),
                        counted(of_window.len() as u64, "opening", "openings"),
                        first.opens_words(),
                        first.against.join("; ")
                    ),
                    &[&rule::MNT_2],
                ));
            }
        }
    }

    fn too_short(&mut self, name: &str, lasts: i64, p90: u32) {
        self.findings.push(Finding::new(
            Severity::Warning,
            WINDOW_TOO_SHORT,
            too_short(name, whole(lasts), p90),
            &[&rule::MNT_1],
        ));
    }

    fn unknown_now(&mut self) {
        let sentence = "when the facts were read is not known, so nobody can say which windows come next: the gate \
                        judges them when the plan is carried out";
        if !self.ahead.not_known.iter().any(|known| known == sentence) {
            self.ahead.not_known.push(sentence.to_string());
        }
    }
}

impl Next {
    /// `2026-11-22 22:00 UTC`; what is no instant stays as it is written.
    pub fn opens_words(&self) -> String {
        words(&self.opens)
    }

    pub fn closes_words(&self) -> String {
        words(&self.closes)
    }

    pub fn start_by_words(&self) -> Option<String> {
        self.start_by.as_deref().map(words)
    }

    fn seconds(&self) -> i64 {
        let instant = |text: &str| text.parse::<Timestamp>().ok();
        match (instant(&self.opens), instant(&self.closes)) {
            (Some(opens), Some(closes)) => closes.duration_since(opens).as_secs(),
            _ => 0,
        }
    }
}

fn words(instant: &str) -> String {
    instant
        .parse::<Timestamp>()
        .map_or_else(|_| instant.to_string(), |instant| told(instant, 0))
}

impl Window {
    /// The opening that holds `now`, and those after it, up to so many.
    fn ahead(&self, now: Timestamp, most: usize) -> Vec<Opening> {
        let mut found: Vec<Opening> = Vec::new();
        let mut at = now;
        while found.len() < most {
            let next = match self.state_at(at, at) {
                State::Open { until } => Opening {
                    start: at,
                    end: until,
                },
                State::Closed {
                    opens_next: Some(next),
                } => next,
                State::Closed { opens_next: None } | State::Unknown { .. } => break,
            };
            at = next.end;
            found.push(next);
        }
        found
    }
}

#[cfg(test)]
mod tests;
