//! Who ran the plan and when, what each step took and what was sent for it, and when nobody watched: all from the journal's records.
//! What was first seen after such a time is never said to have happened when it was seen.

use super::{Evidence, list, stamp};
use crate::execute::journal::{Event, Orders, Record, RunEnd, Status};
use crate::finding::counted;
use crate::report::document::{Block, Cell, Document, Table, Tone};
use crate::report::simulation::{at_most, span};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Records this close together are of one look.
const ONE_LOOK: i64 = 2;

/// One run, as the journal has it.
#[derive(Debug)]
struct Run {
    number: u32,
    made_by: String,
    holder: String,
    orders: Orders,
    began: Timestamp,
    ended: Option<(Timestamp, RunEnd, String)>,
    /// Its last record.
    last: Timestamp,
    /// The step that Azure was at, or may have been, when it began.
    under_way: Option<String>,
    /// Its first record after it began: when it first saw anything.
    first: Option<Timestamp>,
}

/// One write that was begun.
#[derive(Debug)]
struct Request {
    step: String,
    attempt: u32,
    at: Timestamp,
    e_tag: String,
    body: String,
    answer: String,
    operation: Option<String>,
}

#[derive(Debug)]
pub struct Runs {
    runs: Vec<Run>,
    requests: Vec<Request>,
    /// Step, first attempt at, attempts.
    begun: Vec<(String, Timestamp, u32)>,
}

impl Runs {
    pub fn of(records: &[Record]) -> Self {
        let mut found = Runs {
            runs: Vec::new(),
            requests: Vec::new(),
            begun: Vec::new(),
        };
        let mut under_way: Option<String> = None;
        for record in records {
            found.take(record, &under_way);
            match &record.event {
                Event::StepStarted { step, .. } | Event::WriteAccepted { step, .. } => {
                    under_way = Some(step.clone());
                }
                Event::WriteRefused { .. }
                | Event::StepHeld { .. }
                | Event::StepDone { .. }
                | Event::StepFailed { .. }
                | Event::DoubtResolved {
                    happened: false, ..
                } => under_way = None,
                _ => {}
            }
        }
        found
    }

    fn take(&mut self, record: &Record, under_way: &Option<String>) {
        let at = record.at;
        if let Event::RunBegan {
            run,
            made_by,
            holder,
            orders,
        } = &record.event
        {
            self.runs.push(Run {
                number: *run,
                made_by: made_by.clone(),
                holder: holder.clone(),
                orders: orders.clone(),
                began: at,
                ended: None,
                last: at,
                under_way: under_way.clone(),
                first: None,
            });
            return;
        }
        let Some(run) = self.runs.last_mut() else {
            return;
        };
        run.last = at;
        if let Event::RunEnded { how, why, .. } = &record.event {
            run.ended = Some((at, *how, why.clone()));
            return;
        }
        run.first.get_or_insert(at);
        let answered = |requests: &mut Vec<Request>, answer: String| {
            if let Some(request) = requests.last_mut() {
                request.answer = answer;
            }
        };
        match &record.event {
            Event::StepStarted {
                step,
                attempt,
                e_tag,
                body,
            } => {
                match self.begun.iter_mut().find(|(begun, ..)| begun == step) {
                    Some((_, _, attempts)) => *attempts = *attempt,
                    None => self.begun.push((step.clone(), at, *attempt)),
                }
                if let (Some(e_tag), Some(body)) = (e_tag, body) {
                    self.requests.push(Request {
                        step: step.clone(),
                        attempt: *attempt,
                        at,
                        e_tag: e_tag.clone(),
                        body: body.clone(),
                        answer: "no answer was recorded: it may have arrived".to_string(),
                        operation: None,
                    });
                }
            }
            Event::WriteAccepted { operation, .. } => {
                answered(&mut self.requests, format!("taken at {}", stamp(at)));
                if let Some(request) = self.requests.last_mut() {
                    request.operation.clone_from(operation);
                }
            }
            Event::WriteRefused { code, message, .. } => {
                let answer = match code.as_str() {
                    "not-sent" => format!("never left this machine: {message}"),
                    code => format!("not taken, {code}: {message}"),
                };
                answered(&mut self.requests, answer);
            }
            Event::DoubtResolved { happened, .. } => {
                let words = match happened {
                    true => "no answer came; it arrived, as was seen at",
                    false => "no answer came; it never arrived, as was seen at",
                };
                answered(&mut self.requests, format!("{words} {}", stamp(at)));
            }
            _ => {}
        }
    }

    /// When the run before ended, and when this one first saw anything; `None`: nothing went on in between, or it is the first.
    fn gap(&self, position: usize) -> Option<(Timestamp, Timestamp)> {
        let run = &self.runs[position];
        let before = &self.runs[position.checked_sub(1)?];
        run.under_way.as_ref()?;
        let left = before
            .ended
            .as_ref()
            .map_or(before.last, |(ended, ..)| *ended);
        Some((left, run.first.unwrap_or(run.began)))
    }

    /// Since when nobody had looked, where something was recorded at the first look after that. Errs towards saying so.
    pub fn unwatched_before(&self, at: Timestamp) -> Option<Timestamp> {
        (0..self.runs.len()).find_map(|position| {
            let (from, to) = self.gap(position)?;
            let is_first = at >= to && at.as_second() - to.as_second() <= ONE_LOOK;
            is_first.then_some(from)
        })
    }

    /// Runs, what was asked of each, times nobody watched, steps, requests.
    pub fn told(&self, evidence: &Evidence, document: &mut Document) {
        let mut table = Table::new(&["RUN", "BEGAN", "ENDED", "HOW", "HOLDER OF THE LOCK", "BY"]);
        for run in &self.runs {
            let (ended, how) = match &run.ended {
                Some((at, how, _)) => (stamp(*at), how.word().to_string()),
                None => (
                    format!("last heard of at {}", stamp(run.last)),
                    "killed".to_string(),
                ),
            };
            table.rows.push(vec![
                run.number.to_string().into(),
                stamp(run.began).into(),
                ended.into(),
                how.into(),
                run.holder.as_str().into(),
                run.made_by.as_str().into(),
            ]);
        }
        document.table("Runs", table);
        let whys = self.runs.iter().map(|run| match &run.ended {
            Some((_, how, why)) => format!("run {} {}: {why}", run.number, how.word()),
            None => format!(
                "run {} did not end: the program was killed, or its machine was",
                run.number
            ),
        });
        list(whys.collect(), Tone::Dim, document);
        self.asked(document);
        self.unwatched(document);
        self.steps(evidence, document);
        self.sent(document);
    }

    fn asked(&self, document: &mut Document) {
        let mut table = Table::new(&[
            "RUN",
            "ASKED",
            "WINDOW",
            "IT CLOSES",
            "A BUDGET HOLDS A POD BACK",
            "RUNNING PAST THE WINDOW",
            "CONFIRMATION",
        ]);
        for run in &self.runs {
            let orders = &run.orders;
            let window = match (&orders.window, orders.until) {
                (Some(window), _) => format!("{window} (--window)"),
                (None, Some(_)) => "the cluster's own maintenance configuration".to_string(),
                (None, None) => "none was open".to_string(),
            };
            table.rows.push(vec![
                run.number.to_string().into(),
                orders.deed.as_str().into(),
                window.into(),
                orders
                    .until
                    .map_or_else(|| "not known".to_string(), stamp)
                    .into(),
                orders.on_blocked.as_str().into(),
                match orders.accept_overrun {
                    true => "accepted beforehand (--accept-overrun)",
                    false => "not accepted",
                }
                .into(),
                match (orders.yes, &run.ended) {
                    (true, _) => "none asked for (--yes)",
                    // Who is refused is not asked.
                    (false, Some((_, RunEnd::Refused, _))) => "-",
                    (false, _) => "a person typed the cluster's name",
                }
                .into(),
            ]);
        }
        document.table("Orders of each run", table);
        let until = self.runs.last().and_then(|run| run.orders.until);
        if let Some(until) = until {
            let over = self
                .runs
                .last()
                .and_then(|run| run.ended.as_ref())
                .map(|(ended, ..)| ended.as_second() - until.as_second())
                .filter(|seconds| *seconds > 0);
            if let Some(seconds) = over {
                document.toned(
                    format!(
                        "The last run ended {} after the window closed.",
                        span(u32::try_from(seconds).unwrap_or(u32::MAX))
                    ),
                    Tone::Warning,
                );
            }
        }
    }

    fn unwatched(&self, document: &mut Document) {
        let gaps: Vec<String> = (0..self.runs.len())
            .filter_map(|position| {
                let (from, to) = self.gap(position)?;
                let run = &self.runs[position];
                Some(format!(
                    "not watched from {} to {} (before run {}), while step {} was under way",
                    stamp(from),
                    stamp(to),
                    run.number,
                    run.under_way.as_deref().unwrap_or_default()
                ))
            })
            .collect();
        if gaps.is_empty() {
            return;
        }
        document.heading("When nobody watched");
        list(gaps, Tone::Warning, document);
        document.paragraph(
            "Azure goes on by itself. What happened then is dated below when it was first seen, and marked so.",
        );
    }

    fn steps(&self, evidence: &Evidence, document: &mut Document) {
        let mut table = Table::new(&[
            "STEP",
            "WHAT",
            "STATE",
            "FIRST BEGUN",
            "ENDED",
            "#LAST ATTEMPT TOOK",
            "#ATTEMPTS",
        ]);
        let text = |text: Option<String>| Cell::from(text.unwrap_or_else(|| "-".to_string()));
        for step in &evidence.plan.steps {
            let times = evidence.status.times.get(&step.id);
            let begun = self.begun.iter().find(|(begun, ..)| *begun == step.id);
            let ended = times.and_then(|(_, ended)| *ended);
            let took = self.took(evidence.status, &step.id);
            table.rows.push(vec![
                step.id.as_str().into(),
                step.action.words().into(),
                evidence.status.step(&step.id).word().into(),
                text(begun.map(|(_, at, _)| stamp(*at))),
                text(ended.map(|at| match took {
                    Some((_, true)) => format!("{}, or before", stamp(at)),
                    _ => stamp(at),
                })),
                text(took.map(|(seconds, most)| match most {
                    true => format!("at most {}", at_most(seconds)),
                    false => span(seconds),
                })),
                text(begun.map(|(.., attempts)| attempts.to_string())),
            ]);
        }
        document.table("Steps", table);
    }

    /// When a step was first begun, and how often.
    pub fn first_begun(&self, step: &str) -> Option<(Timestamp, u32)> {
        let (_, at, attempts) = self.begun.iter().find(|(begun, ..)| begun == step)?;
        Some((*at, *attempts))
    }

    /// Seconds from a step's last attempt to its end, and whether they are an upper bound: its end came while nobody watched. `None`: it
    /// was not begun, or is not over.
    pub fn took(&self, status: &Status, step: &str) -> Option<(u32, bool)> {
        self.begun.iter().find(|(begun, ..)| begun == step)?;
        let (began, ended) = status.times.get(step)?;
        let ended = (*ended)?;
        let seconds = u32::try_from(ended.as_second() - began.as_second()).ok()?;
        let is_most = self
            .unwatched_before(ended)
            .is_some_and(|from| *began <= from);
        Some((seconds, is_most))
    }

    fn sent(&self, document: &mut Document) {
        let mut table = Table::new(&[
            "STEP",
            "#ATTEMPT",
            "BEGUN",
            "ETAG NAMED",
            "BODY, SHA-256",
            "ANSWER",
            "OPERATION",
        ]);
        for request in &self.requests {
            table.rows.push(vec![
                request.step.as_str().into(),
                request.attempt.to_string().into(),
                stamp(request.at).into(),
                request.e_tag.as_str().into(),
                request.body.as_str().into(),
                request.answer.as_str().into(),
                request.operation.as_deref().unwrap_or("-").into(),
            ]);
        }
        if table.rows.is_empty() {
            document.heading("Requests");
            document.paragraph("None was begun.");
            return;
        }
        document.table("Requests", table);
    }

    /// Everything noticed, in the journal's order.
    pub fn happened(&self, records: &[Record], document: &mut Document) {
        let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut items = Vec::new();
        for record in records {
            let Event::Noticed { step, what } = &record.event else {
                continue;
            };
            let is_first_look = self.unwatched_before(record.at).is_some();
            let is_new = told.insert((step.as_deref().unwrap_or_default(), what));
            // A run that goes on finds again what the one before it had seen.
            if is_first_look && !is_new {
                continue;
            }
            // What AKS dates itself is dated.
            let before = match is_first_look && !what.ends_with(" UTC)") {
                true => ", or before",
                false => "",
            };
            items.push((
                Cell::toned("-", Tone::Dim),
                format!("{}{before}: {what}", stamp(record.at)),
            ));
        }
        if items.is_empty() {
            return;
        }
        document.heading("What happened");
        document.paragraph(format!(
            "{}, each with the time at which it was seen; where AKS dates it itself, that time stands with it.",
            counted(items.len() as u64, "thing was noticed", "things were noticed")
        ));
        document.blocks.push(Block::List(items));
    }
}
