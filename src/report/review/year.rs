//! A timeline that was played: what each range holds over the weeks, and what fails first.

use super::map::listed;
use super::{Review, SPELLED_OUT};
use crate::finding::{counted, grouped};
use crate::report::chart::{Chart, Course, Ink, Level, Line, Time};
use crate::report::document::{Block, Cell, Document, Figure, Table, Tone};
use crate::report::growth::{self, Played};
use crate::simulate::growth::run::Week;
use crate::simulate::growth::world::Range;

pub(super) fn section(review: &Review, document: &mut Document) {
    let Some(played) = review.played else {
        return;
    };
    let mut told = growth::document(played);
    document.heading(told.title.clone());
    document.not_checked(&told.not_checked);
    // Tables of weeks stand behind their pictures; those of ranges that are not drawn are left out with them.
    let names: Vec<&str> = played
        .world
        .ranges
        .iter()
        .map(|range| range.name.as_str())
        .collect();
    let mut is_drawn = false;
    told.blocks.retain(|block| match block {
        Block::Heading { text, .. } => {
            is_drawn = names.contains(&text.as_str());
            !is_drawn
        }
        Block::Table(_) => !is_drawn,
        _ => true,
    });
    let nested = told.blocks.into_iter().map(|block| match block {
        Block::Heading { level, text, .. } => Block::heading(level + 1, text),
        block => block,
    });
    document.blocks.extend(nested);
    let ranges = played.world.ranges.iter().zip(&played.run.weeks);
    for (range, weeks) in ranges.take(SPELLED_OUT) {
        document.part(format!("{}, week by week", range.name));
        document.figure(figure(played, range, weeks));
    }
    let left_out: Vec<String> = played
        .world
        .ranges
        .iter()
        .skip(SPELLED_OUT)
        .map(|range| range.name.clone())
        .collect();
    if !left_out.is_empty() {
        document.paragraph(format!(
            "Week by week, {} not told of here: {}. `aksplan simulate` has {}.",
            counted(left_out.len() as u64, "more range is", "more ranges are"),
            listed(&left_out),
            if left_out.len() == 1 {
                "its weeks"
            } else {
                "their weeks"
            },
        ));
    }
}

fn figure(played: &Played, range: &Range, weeks: &[Week]) -> Figure {
    // As `simulate` names a week: by the day on which it ends. What happens at midnight of that day is of it.
    let mut table = Table::new(&["week ends", "#held then", "#most in it"]);
    for (number, week) in weeks.iter().enumerate() {
        let hour =
            u32::try_from(number).unwrap_or(0) * crate::simulate::growth::world::HOURS_A_WEEK;
        let tone = if week.peak > range.capacity {
            Tone::Bad
        } else {
            Tone::Plain
        };
        table.rows.push(vec![
            Cell::from(match number {
                0 => format!("the start, {}", played.world.starts),
                _ => played.world.date(hour).to_string(),
            }),
            Cell::from(grouped(week.used)),
            Cell::toned(grouped(week.peak), tone),
        ]);
    }
    let peak = weeks.iter().map(|week| week.peak).max().unwrap_or(0);
    let last = weeks.last().map_or(0, |week| week.used);
    Figure {
        title: format!("{} over the weeks", range.name),
        says: format!(
            "{} holds {} of {} addresses at the start, {} at the end and {} at the most.",
            range.name,
            grouped(range.used),
            grouped(range.capacity),
            grouped(last),
            grouped(peak),
        ),
        chart: Chart::Course(Course {
            lines: vec![Line {
                ink: Ink::Kind(0),
                label: "held, and the most of each week".to_string(),
                points: weeks
                    .iter()
                    .enumerate()
                    .map(|(number, week)| {
                        (u32::try_from(number).unwrap_or(0), week.used, week.peak)
                    })
                    .collect(),
            }],
            levels: vec![Level {
                ink: Ink::Bad,
                label: format!("all {} addresses", grouped(range.capacity)),
                at: range.capacity,
            }],
            until: played.world.weeks,
            time: Time::Weeks,
            unit: "addresses",
        }),
        table,
    }
}
