//! `aksplan simulate` for people: what happens, what each range holds over time, and the chances of many futures.

mod chances;

pub use chances::{first_words, standard_error};

use super::capacity::findings;
use super::document::{Cell, Document, Table, Tone};
use super::predict::{answer, numbers};
use crate::capacity::answer::CODE_NOT_KNOWN;
use crate::finding::{Finding, Severity, counted, grouped};
use crate::predict::describe;
use crate::simulate::growth::futures::Futures;
use crate::simulate::growth::run::{FailedRequest, Happening, Run, Week};
use crate::simulate::growth::watch::{Failure, Kind, Outcome};
use crate::simulate::growth::world::{HOURS_A_WEEK, Range};
use crate::simulate::growth::{Timeline, World};
use jiff::civil::Date;

/// A timeline that was played.
#[derive(Debug, Clone, Copy)]
pub struct Played<'a> {
    /// Of the scenario with the timeline.
    pub name: &'a str,
    pub timeline: &'a Timeline,
    pub world: &'a World,
    pub run: &'a Run,
    pub futures: Option<&'a Futures>,
}

impl Played<'_> {
    /// Of the run and of the futures, the worst in front.
    pub fn findings(&self) -> Vec<&Finding> {
        let counted = self
            .futures
            .into_iter()
            .flat_map(|futures| &futures.findings);
        let mut all: Vec<&Finding> = self.run.findings.iter().chain(counted).collect();
        all.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        all
    }

    /// The worst finding, for `--fail-on`.
    pub fn worst(&self) -> Option<Severity> {
        self.findings().first().map(|finding| finding.severity)
    }

    /// The day on which the last week ends.
    pub fn ends(&self) -> Date {
        self.world.date(self.world.horizon())
    }
}

/// Everything a simulation says.
pub fn document(played: &Played) -> Document {
    let world = played.world;
    let mut document = Document::new(format!(
        "{}: {} from {}",
        played.name,
        counted(u64::from(world.weeks), "week", "weeks"),
        world.starts
    ));
    match played.run.first_failure() {
        Some(request) => {
            document.toned(
                format!(
                    "{} fails first: {}",
                    request.date,
                    what_fails(played, request)
                ),
                Tone::Bad,
            );
            document.heading("What fails first");
            answer(&request.answer, None, &mut document);
            if let Some(largest) = fitting(&request.failure) {
                document.paragraph(largest);
            }
        }
        None => document.toned(
            format!("nothing fails before {}", played.ends()),
            Tone::Good,
        ),
    }
    document.table("What happens", happenings(played));
    document.talk(
        "One run with every amount at its median, spikes spread evenly. Days are UTC. A failure that comes again in the same way \
         is told once, with how often.",
    );
    document.table("Addresses", ranges(played));
    document.talk(
        "used is what is held at the end of a week, most what was held at any time, with spikes and surge. The course is the most \
         of each week, in eighths of the range.",
    );
    for (range, weeks) in world.ranges.iter().zip(&played.run.weeks) {
        document.table(&range.name, course(world, range, weeks));
    }
    if let Some(futures) = played.futures {
        chances::tell(played, futures, &mut document);
    }
    findings("Findings", played.findings(), &mut document);
    document.not_checked(&world.not_checked);
    document
}

fn who(request: &FailedRequest) -> String {
    match &request.pool {
        Some(pool) => format!("pool {pool}"),
        None => format!("cluster {}", request.cluster),
    }
}

/// `the autoscaler's step of pool payments/apps from 5 to 7 nodes`, `payments: upgrade pool apps`.
fn what_fails(played: &Played, request: &FailedRequest) -> String {
    let (failure, who) = (&request.failure, who(request));
    if let Some(event) = failure.event {
        return event_of(played, event);
    }
    let nodes = if failure.from == failure.to {
        String::new()
    } else {
        format!(
            " from {} to {}",
            grouped(failure.from),
            counted(failure.to, "node", "nodes")
        )
    };
    match failure.kind {
        Kind::Step => format!("the autoscaler's step of {who}{nodes}"),
        _ => format!("{who} scaled by hand{nodes}"),
    }
}

fn fitting(failure: &Failure) -> Option<String> {
    let largest = failure.largest.filter(|_| failure.from != failure.to)?;
    Some(if largest <= failure.from {
        "not one more node fits".to_string()
    } else {
        format!(
            "{} fit: what does not fit fails whole",
            counted(largest, "node", "nodes")
        )
    })
}

fn code(request: &FailedRequest) -> &'static str {
    match request.answer.code {
        CODE_NOT_KNOWN => "(code not known)",
        code => code,
    }
}

/// What makes two failures the same for a reader.
fn alike(a: &Failure, b: &Failure) -> bool {
    (a.kind, a.range, a.pool, a.event, a.doubtful) == (b.kind, b.range, b.pool, b.event, b.doubtful)
}

fn happenings(played: &Played) -> Table {
    let mut table = Table::new(&["date", "what", "outcome", "code", "numbers", "fits"]);
    let all = &played.run.happenings;
    let mut told_already: Vec<Failure> = Vec::new();
    let mut ceilings: Vec<&str> = Vec::new();
    for (position, happening) in all.iter().enumerate() {
        match happening {
            Happening::Answered {
                date,
                event,
                outcome,
            } => {
                // Its own failure was told just before, and makes the row.
                if !matches!(outcome, Outcome::Failed(_) | Outcome::Doubtful) {
                    let (word, tone) = outcome_word(*outcome);
                    table.rows.push(vec![
                        Cell::from(date.to_string()),
                        Cell::from(event_of(played, *event)),
                        Cell::toned(word, tone),
                        Cell::from(""),
                        Cell::from(""),
                        Cell::from(""),
                    ]);
                }
            }
            Happening::Failed(request) => {
                let failure = &request.failure;
                if told_already.iter().any(|known| alike(known, failure)) {
                    continue;
                }
                told_already.push(*failure);
                let again = all[position + 1..].iter().filter_map(|later| match later {
                    Happening::Failed(later) if alike(&later.failure, failure) => Some(later.date),
                    _ => None,
                });
                let again: Vec<Date> = again.collect();
                table.rows.push(failure_row(played, request, &again));
            }
            Happening::Pending {
                date,
                pool,
                wanted,
                max_count,
            } => {
                if ceilings.contains(&pool.as_str()) {
                    continue;
                }
                ceilings.push(pool);
                table.rows.push(vec![
                    Cell::from(date.to_string()),
                    Cell::from(format!(
                        "pool {pool} wants {}",
                        counted(*wanted, "node", "nodes")
                    )),
                    Cell::toned(
                        format!("pods wait: max_count {}", grouped(*max_count)),
                        Tone::Warning,
                    ),
                    Cell::from(""),
                    Cell::from(""),
                    Cell::from(""),
                ]);
            }
        }
    }
    table
}

fn failure_row(played: &Played, request: &FailedRequest, again: &[Date]) -> Vec<Cell> {
    let failure = &request.failure;
    let what = what_fails(played, request);
    let what = match again.last() {
        Some(last) => format!("{what}, and {} more until {last}", again.len()),
        None => what,
    };
    let (word, tone) = if failure.doubtful {
        outcome_word(Outcome::Doubtful)
    } else if failure.kind == Kind::Step {
        ("fails whole", Tone::Bad)
    } else {
        outcome_word(Outcome::Failed(failure.kind))
    };
    vec![
        Cell::from(request.date.to_string()),
        Cell::from(what),
        Cell::toned(word, tone),
        Cell::from(code(request)),
        Cell::from(numbers(&request.answer)),
        Cell::from(
            failure
                .largest
                .filter(|_| failure.from != failure.to)
                .map_or_else(String::new, |nodes| counted(nodes, "node", "nodes")),
        ),
    ]
}

/// `payments: upgrade pool apps`.
fn event_of(played: &Played, event: usize) -> String {
    format!(
        "{}: {}",
        played.world.cluster_name(event),
        event_words(played.timeline, event)
    )
}

/// The changes of an event in words.
fn event_words(timeline: &Timeline, event: usize) -> String {
    let changes = timeline.events[event].changes.iter().map(describe);
    changes.collect::<Vec<_>>().join("; ")
}

fn outcome_word(outcome: Outcome) -> (&'static str, Tone) {
    match outcome {
        Outcome::Done => ("accepted", Tone::Good),
        Outcome::Demanded => ("asked of the autoscaler", Tone::Plain),
        Outcome::Failed(Kind::Admission) => ("rejected", Tone::Bad),
        Outcome::Failed(_) => ("accepted, then fails", Tone::Bad),
        Outcome::Doubtful => ("unknown; played as accepted", Tone::Warning),
        Outcome::NoPool => ("not asked: the pool was never made", Tone::Warning),
        Outcome::NothingToDo => ("nothing to do", Tone::Dim),
    }
}

fn ranges(played: &Played) -> Table {
    let mut table = Table::new(&[
        "range",
        "cidr",
        "#addresses",
        "#used at first",
        "#used at last",
        "#most",
        "on",
        "#then free",
        "course",
    ]);
    for (range, weeks) in played.world.ranges.iter().zip(&played.run.weeks) {
        let (Some(first), Some(last)) = (weeks.first(), weeks.last()) else {
            continue;
        };
        let most = weeks.iter().map(|week| week.peak).max().unwrap_or(0);
        let at = weeks.iter().position(|week| week.peak == most);
        table.rows.push(vec![
            Cell::from(range.name.as_str()),
            Cell::from(range.cidr.replace(',', ", ")),
            Cell::from(grouped(range.capacity)),
            Cell::from(grouped(first.used)),
            Cell::from(grouped(last.used)),
            Cell::from(grouped(most)),
            Cell::from(at.map_or_else(String::new, |week| match week {
                0 => "the start".to_string(),
                week => format!("week {week}"),
            })),
            Cell::from(grouped(range.capacity.saturating_sub(most))),
            Cell::from(bars(weeks.iter().map(|week| week.peak), range.capacity)),
        ]);
    }
    table
}

/// A row a week in which something changed.
fn course(world: &World, range: &Range, weeks: &[Week]) -> Table {
    let mut table = Table::new(&["week", "ends", "#used", "#free", "#most"]);
    let mut before = None;
    for (number, week) in (0u32..).zip(weeks) {
        let is_last = number == world.weeks;
        if before == Some(*week) && !is_last {
            continue;
        }
        before = Some(*week);
        table.rows.push(vec![
            Cell::from(number.to_string()),
            Cell::from(world.date(number * HOURS_A_WEEK).to_string()),
            Cell::from(grouped(week.used)),
            Cell::from(grouped(range.capacity.saturating_sub(week.used))),
            Cell::from(grouped(week.peak)),
        ]);
    }
    table
}

/// One bar a number: from nothing to all of `whole`, in eighths.
fn bars(numbers: impl Iterator<Item = u64>, whole: u64) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let bar = |number: u64| {
        let eighth = u128::from(number) * 8 / u128::from(whole.max(1));
        BARS[usize::try_from(eighth).unwrap_or(7).min(7)]
    };
    numbers.map(bar).collect()
}
