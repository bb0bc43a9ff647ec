//! Many futures for people: how probably each range is exhausted by when, and what fails first how often. Every share is said
//! with how far it may be off for being drawn.

use super::{Played, bars, event_of};
use crate::finding::{counted, grouped};
use crate::report::document::{Cell, Document, Table, Tone};
use crate::simulate::growth::futures::{First, Futures, day_of, so_far};
use crate::simulate::growth::watch::Kind;
use crate::simulate::growth::world::HOURS_A_DAY;

const DAYS_A_WEEK: usize = 7;
/// Weeks between two rows of a table: about a month.
const WEEKS_A_ROW: usize = 4;

pub(super) fn tell(played: &Played, futures: &Futures, document: &mut Document) {
    let count = futures.count;
    document.table(
        &format!("{} futures", grouped(count)),
        exhaustion(played, futures),
    );
    document.talk(format!(
        "Seed {}. A range is full or refuses: for the first time nodes that are wanted find too few addresses in it, or AKS refuses a \
         request for want of them; full: the former alone. ± is one standard error of the count: two thirds of all seeds lie as \
         near. The course is the share by the end of each week, in eighths.",
        futures.seed
    ));
    document.table("Full by", by_month(played, futures));
    document.table("What fails first, how often", firsts(played, futures));
    document.table("Events, over all futures", events(played, futures));
    document.table("Above max_count at some time", pending(futures));
}

/// `12.3 %`.
fn percent(futures: u64, count: u64) -> String {
    let share = futures as f64 * 100.0 / count.max(1) as f64;
    format!("{share:.1} %")
}

/// One standard error of a share: the root of p (1 - p) / n.
pub fn standard_error(futures: u64, count: u64) -> f64 {
    let (futures, count) = (futures as f64, count.max(1) as f64);
    let share = futures / count;
    (share * (1.0 - share) / count).sqrt()
}

fn share(futures: u64, count: u64) -> String {
    // Nothing seen is not nothing: with three in n, one in twenty seeds sees none.
    match futures {
        0 => format!("0 (< {:.2} %)", 300.0 / count.max(1) as f64),
        futures => format!(
            "{} ± {:.2}",
            percent(futures, count),
            standard_error(futures, count) * 100.0
        ),
    }
}

fn by_week(by_day: &[u64]) -> Vec<u64> {
    let last = by_day.len().saturating_sub(1);
    let weeks = 0..=last / DAYS_A_WEEK;
    let by = |week: usize| so_far(by_day, week * DAYS_A_WEEK);
    weeks.map(by).collect()
}

fn exhaustion(played: &Played, futures: &Futures) -> Table {
    let mut table = Table::new(&[
        "range",
        "is",
        "#by the end",
        "10 % by",
        "50 % by",
        "90 % by",
        "course",
    ]);
    for (range, exhaustion) in played.world.ranges.iter().zip(&futures.ranges) {
        for (is, by_day) in [
            ("full or refuses", &exhaustion.failed),
            ("full", &exhaustion.ran_dry),
        ] {
            let by = |percent: u64| {
                let day = day_of(by_day, futures.count, percent);
                Cell::from(day.map_or_else(|| "-".to_string(), |day| date(played, day)))
            };
            let failed = by_day.iter().sum();
            table.rows.push(vec![
                Cell::from(range.name.as_str()),
                Cell::from(is),
                Cell::toned(
                    share(failed, futures.count),
                    if failed == 0 { Tone::Good } else { Tone::Bad },
                ),
                by(10),
                by(50),
                by(90),
                Cell::from(bars(by_week(by_day).into_iter(), futures.count)),
            ]);
        }
    }
    table
}

fn date(played: &Played, day: usize) -> String {
    let hours = u32::try_from(day).unwrap_or(0) * HOURS_A_DAY;
    played.world.date(hours).to_string()
}

fn by_month(played: &Played, futures: &Futures) -> Table {
    let mut table = Table::new(&["range", "by", "#full or refuses", "#full"]);
    for (range, exhaustion) in played.world.ranges.iter().zip(&futures.ranges) {
        let weeks = by_week(&exhaustion.failed).len();
        let last = weeks.saturating_sub(1);
        let mut shown: Vec<usize> = (0..weeks).step_by(WEEKS_A_ROW).skip(1).collect();
        if shown.last() != Some(&last) {
            shown.push(last);
        }
        let mut before = (0, 0);
        for week in shown {
            let day = week * DAYS_A_WEEK;
            let (failed, dry) = (
                so_far(&exhaustion.failed, day),
                so_far(&exhaustion.ran_dry, day),
            );
            // A month that changes nothing is not told.
            if (failed, dry) == before {
                continue;
            }
            before = (failed, dry);
            table.rows.push(vec![
                Cell::from(range.name.as_str()),
                Cell::from(date(played, day)),
                Cell::from(share(failed, futures.count)),
                Cell::from(share(dry, futures.count)),
            ]);
        }
    }
    table
}

/// What failed, in words.
pub fn first_words(played: &Played, first: &First) -> String {
    let who = first.who(played.world);
    match (first.kind, first.event) {
        (Kind::Step, _) => format!("the autoscaler's step of pool {who}"),
        (_, None) => format!("pool {who} scaled by hand"),
        (kind, Some(event)) => {
            let what = event_of(played, event);
            let at = played.timeline.events[event].at;
            match kind {
                Kind::Admission => format!("{at} {what}: rejected"),
                Kind::Surge => format!("{at} {what}: surge nodes"),
                Kind::Move => format!("{at} {what}: surge nodes of the move"),
                Kind::NewNodes | Kind::Step => format!("{at} {what}: its nodes"),
            }
        }
    }
}

fn firsts(played: &Played, futures: &Futures) -> Table {
    let mut table = Table::new(&["what", "range", "#futures", "#share"]);
    for (first, count) in &futures.firsts {
        table.rows.push(vec![
            Cell::from(first_words(played, first)),
            Cell::from(played.world.ranges[first.range].name.as_str()),
            Cell::from(grouped(*count)),
            Cell::from(share(*count, futures.count)),
        ]);
    }
    if futures.without_failure > 0 {
        table.rows.push(vec![
            Cell::toned("nothing fails", Tone::Good),
            Cell::from(""),
            Cell::from(grouped(futures.without_failure)),
            Cell::from(share(futures.without_failure, futures.count)),
        ]);
    }
    table
}

fn events(played: &Played, futures: &Futures) -> Table {
    let mut table = Table::new(&["date", "what", "#asked", "#rejected", "#fails later"]);
    for (position, event) in played.timeline.events.iter().enumerate() {
        let answers = futures.events[position];
        table.rows.push(vec![
            Cell::from(event.at.to_string()),
            Cell::from(event_of(played, position)),
            Cell::from(percent(answers.asked, futures.count)),
            Cell::from(percent(answers.refused, futures.count)),
            Cell::from(percent(answers.failed_later, futures.count)),
        ]);
    }
    table
}

fn pending(futures: &Futures) -> Table {
    let mut table = Table::new(&["pool", "#futures", "#share"]);
    for (pool, count) in futures.pending.iter().filter(|(_, count)| *count > 0) {
        table.rows.push(vec![
            Cell::from(pool.as_str()),
            Cell::from(counted(*count, "future", "futures")),
            Cell::from(share(*count, futures.count)),
        ]);
    }
    table
}
