//! Whether it completes, how long that takes, and whether it fits a window: what a person reads first.

use super::words::{Names, at_least, at_most, clock, listed};
use super::{Simulation, whole};
use crate::finding::{counted, grouped};
use crate::migrate::window::Window;
use crate::population::NodeId;
use crate::report::document::Tone;
use crate::simulate::Undone;
use jiff::tz::Offset;

/// A window, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedWindow {
    /// `--window`, or the cluster's maintenance configuration that it is of.
    pub source: String,
    pub window: Window,
    /// The cluster's own: it holds back only what AKS starts by itself (MNT-1).
    pub is_maintenance: bool,
}

/// Whether the median, nine of ten, and ninety-nine of a hundred fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fit {
    /// Of a window: seconds that are left, or missing where negative; `None`: it does not complete.
    pub p50: Option<i64>,
    /// `None` as well where no futures were played, or fewer of them end.
    pub p90: Option<i64>,
    pub p99: Option<i64>,
    /// Futures that were played, and those of them that end; `None`: none were played.
    pub futures: Option<(u32, u32)>,
}

/// Whether something fits a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fits {
    Yes,
    /// Its median does; what is said of the futures that take long does not, or they never end.
    NotAlways,
    No,
}

impl Fit {
    pub fn fits(&self) -> Fits {
        let fits = |left: Option<i64>| left.is_some_and(|left| left >= 0);
        let worst = match self.futures {
            None => self.p50,
            Some((count, _)) if enough_for_p99(count) => self.p99,
            Some(_) => self.p90,
        };
        match (fits(self.p50), fits(worst)) {
            (false, _) => Fits::No,
            (true, false) => Fits::NotAlways,
            (true, true) => Fits::Yes,
        }
    }

    pub fn tone(&self) -> Tone {
        match self.fits() {
            Fits::Yes => Tone::Good,
            Fits::NotAlways => Tone::Warning,
            Fits::No => Tone::Bad,
        }
    }
}

/// Compares durations with a window: those of all reimages, where there are several.
pub fn fits(simulation: &Simulation, window: &Window) -> Fit {
    let left = |seconds: u32| i64::from(window.seconds()) - i64::from(seconds);
    let played = simulation
        .futures
        .map(|futures| (futures.count, futures.completed));
    if !simulation.others.is_empty() && simulation.futures.is_some() {
        let seconds = whole::seconds(simulation);
        let is_enough = simulation
            .futures
            .is_some_and(|futures| enough_for_p99(futures.count));
        return Fit {
            p50: seconds.map(|seconds| left(seconds.p50)),
            p90: seconds.map(|seconds| left(seconds.p90)),
            p99: seconds
                .filter(|_| is_enough)
                .map(|seconds| left(seconds.p99)),
            futures: played,
        };
    }
    match (simulation.futures, whole::median(simulation)) {
        (Some(futures), _) => {
            // A future that does not complete counts as one that never ends.
            let at = |percent: u32| futures.end_within(percent).map(left);
            Fit {
                p50: at(50),
                p90: at(90),
                p99: at(99).filter(|_| enough_for_p99(futures.count)),
                futures: played,
            }
        }
        (None, seconds) => Fit {
            p50: seconds.map(left),
            p90: None,
            p99: None,
            futures: None,
        },
    }
}

fn short_of(left: i64) -> u32 {
    u32::try_from(left.unsigned_abs()).unwrap_or(u32::MAX)
}

/// One sentence about one window.
pub fn window_sentence(simulation: &Simulation, named: &NamedWindow, fit: &Fit) -> String {
    let at = |name: &str, left: Option<i64>| match left {
        Some(left) if left >= 0 => Some(format!("{name} with {} left", at_least(short_of(left)))),
        Some(left) => Some(format!("{name} misses it by {}", at_most(short_of(left)))),
        None => None,
    };
    let parts: Vec<String> = [("p50", fit.p50), ("p90", fit.p90), ("p99", fit.p99)]
        .into_iter()
        .filter_map(|(name, left)| at(name, left))
        .collect();
    let window = named.window;
    let when = match (window, window.opens()) {
        (Window::Once { from, to }, _) => {
            let utc = |instant| Offset::UTC.to_datetime(instant).strftime("%Y-%m-%d %H:%M");
            format!(" {} to {} UTC", utc(from), utc(to))
        }
        (_, None) => String::new(),
        (_, Some(opens)) => {
            let lasts = jiff::SignedDuration::from_secs(i64::from(window.seconds()));
            let closes = opens.wrapping_add(lasts);
            format!(
                " {}–{} UTC",
                opens.strftime("%H:%M"),
                closes.strftime("%H:%M")
            )
        }
    };
    let head = format!("{}{when} ({})", named.source, at_least(window.seconds()));
    let note = if named.is_maintenance {
        " (it holds back what AKS starts by itself, not what you start: MNT-1)"
    } else {
        ""
    };
    match (fit.p50, parts.is_empty()) {
        (None, _) | (_, true) if simulation.others.is_empty() => {
            format!("{head}: it does not complete{note}")
        }
        (None, _) | (_, true) => format!(
            "{head}: not all of {} complete{note}",
            whole::reimages(simulation)
        ),
        (Some(_), _) => {
            let verdict = match fit.fits() {
                Fits::Yes => "fits",
                Fits::NotAlways => "fits half the time and more, not always",
                Fits::No => "too short",
            };
            let never = match fit.futures {
                Some((count, ended)) if ended < count => {
                    format!(
                        "; {} of {} futures do not end",
                        grouped(u64::from(count - ended)),
                        grouped(u64::from(count))
                    )
                }
                _ => String::new(),
            };
            let of_all = match simulation.others.is_empty() {
                true => String::new(),
                false => format!(" for {} in all", whole::reimages(simulation)),
            };
            format!(
                "{head}: {verdict}{of_all}: {}{never}{note}",
                parts.join(", ")
            )
        }
    }
}

/// Futures from which on their 99th percentile says something.
const LEAST_FOR_P99: u32 = 100;

pub fn enough_for_p99(futures: u32) -> bool {
    futures >= LEAST_FOR_P99
}

/// It is let through, and ends at median durations, every reimage of it.
pub fn completes(simulation: &Simulation) -> bool {
    simulation.admitted != Some(false) && whole::median(simulation).is_some()
}

/// The verdict in one sentence.
pub fn verdict(simulation: &Simulation, names: &Names) -> (String, Tone) {
    let (sentence, tone) = whole::verdict(simulation, played(simulation, names));
    if simulation.admitted != Some(false) {
        return (sentence, tone);
    }
    (
        format!(
            "AKS refuses the request: nothing starts. Were it let through: {}",
            whole::lower(&sentence)
        ),
        Tone::Bad,
    )
}

/// Why the futures take another time than the run that the tables show; `None`: they do not.
pub fn median_sentence(simulation: &Simulation) -> Option<String> {
    let seconds = simulation.outcome.ended.seconds?;
    let futures = simulation.futures?;
    let p50 = futures.seconds?.p50;
    let why = match p50.cmp(&seconds) {
        _ if at_most(p50) == at_most(seconds) => return None,
        std::cmp::Ordering::Greater => {
            ": where many things are waited for, the latest of them counts, and that is seldom a median"
        }
        _ if futures.completed < futures.count => ": of the futures, the slow ones do not complete",
        _ => "",
    };
    let itself = match simulation.others.is_empty() {
        true => "",
        false => " of the move itself",
    };
    Some(format!(
        "half of the futures{itself}{} end within {}; the run below, with every duration at its median, takes {}{why}",
        if futures.completed < futures.count {
            " that complete"
        } else {
            ""
        },
        at_most(p50),
        at_most(seconds)
    ))
}

fn played(simulation: &Simulation, names: &Names) -> (String, Tone) {
    let (sentence, tone) = completion(simulation, names);
    match simulation.outcome.ended.unplaced {
        0 => (sentence, tone),
        pods => (
            format!(
                "{sentence}; {} no node at the end",
                counted(u64::from(pods), "pod has", "pods have")
            ),
            Tone::Bad,
        ),
    }
}

fn completion(simulation: &Simulation, names: &Names) -> (String, Tone) {
    let outcome = simulation.outcome;
    let completed = outcome.ended.seconds;
    let Some(futures) = simulation.futures.filter(|futures| futures.count > 0) else {
        return match completed {
            Some(seconds) => (
                format!("Completes in {} at median durations", at_most(seconds)),
                Tone::Good,
            ),
            None => (
                format!("Does not complete: {}", why_not(simulation, names)),
                Tone::Bad,
            ),
        };
    };
    let times = futures.seconds.map_or_else(String::new, |seconds| {
        let p99 = if enough_for_p99(futures.count) {
            at_most(seconds.p99)
        } else {
            "-".to_string()
        };
        format!(
            "{} (p50), {} (p90), {p99} (p99)",
            at_most(seconds.p50),
            at_most(seconds.p90)
        )
    });
    let of_all = format!(
        "{} of {} futures",
        grouped(u64::from(futures.completed)),
        grouped(u64::from(futures.count))
    );
    match (completed, futures.completed) {
        (Some(_), all) if all == futures.count => (format!("Completes in {times}"), Tone::Good),
        (Some(_), some) if some > 0 => (
            format!("Completes in {of_all}; those take {times}"),
            Tone::Warning,
        ),
        (Some(seconds), _) => (
            format!(
                "Completes in {} at median durations, and in none of {} futures",
                at_most(seconds),
                grouped(u64::from(futures.count))
            ),
            Tone::Bad,
        ),
        (None, 0) => (
            format!("Does not complete: {}", why_not(simulation, names)),
            Tone::Bad,
        ),
        (None, _) => (
            format!(
                "Does not complete at median durations: {}. Completes in {of_all}; those take {times}",
                why_not(simulation, names)
            ),
            Tone::Bad,
        ),
    }
}

/// What is left undone, and why, in one clause.
pub(super) fn why_not(simulation: &Simulation, names: &Names) -> String {
    const NAMED: usize = 4;
    let undone = Undone::of(simulation.setting, simulation.outcome);
    if let Some(words) = undone.surge_words() {
        return words;
    }
    let called = |nodes: &[NodeId]| {
        let all: Vec<String> = nodes
            .iter()
            .map(|node| names.short(*node).to_string())
            .collect();
        format!(
            "{} ({})",
            counted(nodes.len() as u64, "node", "nodes"),
            listed(&all, NAMED)
        )
    };
    let mut clauses = Vec::new();
    let blocked = &undone.blocked;
    if !blocked.is_empty() {
        let stay = if blocked.len() == 1 { "stays" } else { "stay" };
        clauses.push(match undone.budgets.as_slice() {
            [] => format!("{} {stay} undrained", called(blocked)),
            [one] => format!("{} {stay} blocked by budget {one}", called(blocked)),
            several => format!(
                "{} {stay} blocked by budgets {}",
                called(blocked),
                listed(several, NAMED)
            ),
        });
    }
    if !undone.refused.is_empty() {
        clauses.push(format!(
            "kubectl refuses to drain {}",
            called(&undone.refused)
        ));
    }
    if !undone.failed.is_empty() {
        clauses.push(format!(
            "the drain of {} fails for good",
            called(&undone.failed)
        ));
    }
    if !undone.without_addresses.is_empty() {
        clauses.push(format!(
            "no addresses are left for {}",
            called(&undone.without_addresses)
        ));
    }
    if undone.unreached > 0 {
        clauses.push(format!(
            "{} never reached",
            counted(undone.unreached as u64, "node is", "nodes are")
        ));
    }
    if clauses.is_empty() {
        return format!("nothing more happens after {}", clock(simulation.trace.end));
    }
    clauses.join("; ")
}
