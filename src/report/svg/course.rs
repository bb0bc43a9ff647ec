//! Amounts over time, as steps between their least and their most, under lines for what there is.

use super::canvas::{
    Canvas, Drawn, GRID, Held, TEXT, colour, draw as on_canvas, legend, legend_height, round_up,
    scaled, ticks, wide,
};
use crate::finding::grouped;
use crate::report::chart::{Course, Ink, Line, Time};
use crate::report::gantt::{axis_step, time};

const WIDTH: i32 = 880;
const HIGH: i32 = 220;
const TOP: i32 = 14;
const BELOW: i32 = 26;
/// Pixels between two times.
const APART: i32 = 70;
const APART_WEEKS: i32 = 110;

pub fn draw(course: &Course) -> Drawn {
    let values = course.lines.iter().flat_map(|line| &line.points);
    let most = values
        .map(|(_, _, most)| *most)
        .chain(course.levels.iter().map(|level| level.at))
        .max()
        .unwrap_or(0);
    let most = round_up(most.saturating_add(most / 20));
    let left = wide(&grouped(most)).max(wide(course.unit)) + 12;
    let chart = WIDTH - left - 16;
    let mut words: Vec<(Ink, String)> = course
        .lines
        .iter()
        .map(|line| (line.ink, line.label.clone()))
        .collect();
    words.extend(
        course
            .levels
            .iter()
            .map(|level| (level.ink, format!("line: {}", level.label))),
    );
    let height = TOP + HIGH + BELOW + legend_height(&words, WIDTH);
    on_canvas(WIDTH, height, |canvas| {
        let x = |at: u32| left + scaled(u64::from(at), u64::from(course.until), chart);
        let y = |value: u64| TOP + HIGH - scaled(value, most, HIGH);
        for value in ticks(most) {
            canvas.line(&[(left, y(value)), (left + chart, y(value))], GRID, 1);
            canvas.text(left - 8, y(value), Held::Right, TEXT, &grouped(value));
        }
        times(canvas, course, left, chart);
        for line in &course.lines {
            let (least, highest) = steps(line, course.until, x, y);
            if least != highest {
                let mut around = highest.clone();
                around.extend(least.iter().rev());
                canvas.area(&around, colour(line.ink));
                canvas.line(&least, colour(line.ink), 1);
            }
            canvas.line(&highest, colour(line.ink), 2);
        }
        for level in &course.levels {
            let at = y(level.at);
            canvas.line(&[(left, at), (left + chart, at)], colour(level.ink), 2);
        }
        legend(canvas, 0, TOP + HIGH + BELOW, WIDTH, &words);
    })
}

fn times(canvas: &Canvas, course: &Course, left: i32, chart: i32) {
    let apart = match course.time {
        Time::Seconds => APART,
        Time::Weeks => APART_WEEKS,
    };
    let columns = usize::try_from(chart / apart).unwrap_or(1).max(1);
    let (step, text): (u32, fn(u32) -> String) = match course.time {
        Time::Seconds => (axis_step(course.until, columns), time),
        Time::Weeks => (course.until.div_ceil(columns as u32).max(1), |week| {
            format!("week {week}")
        }),
    };
    let mut at = 0;
    while at <= course.until {
        let x = left + scaled(u64::from(at), u64::from(course.until), chart);
        canvas.line(&[(x, TOP + HIGH), (x, TOP + HIGH + 4)], GRID, 1);
        let held = if at == 0 { Held::Left } else { Held::Middle };
        // The last one would stick out.
        if x + 30 < left + chart + 16 {
            canvas.text(x, TOP + HIGH + 14, held, TEXT, &text(at));
        }
        match at.checked_add(step) {
            Some(next) => at = next,
            None => break,
        }
    }
}

type Points = Vec<(i32, i32)>;

/// Corners of the least and of the most. Where several changes fall into one pixel, the outermost are kept.
fn steps(
    line: &Line,
    until: u32,
    x: impl Fn(u32) -> i32,
    y: impl Fn(u64) -> i32,
) -> (Points, Points) {
    let mut merged: Vec<(i32, u64, u64, u64, u64)> = Vec::new();
    for (at, least, most) in &line.points {
        let x = x(*at);
        match merged.last_mut() {
            Some((last, lowest, highest, to_least, to_most)) if *last == x => {
                *lowest = (*lowest).min(*least);
                *highest = (*highest).max(*most);
                (*to_least, *to_most) = (*least, *most);
            }
            _ => merged.push((x, *least, *most, *least, *most)),
        }
    }
    let (mut low, mut high) = (Points::new(), Points::new());
    for (x, lowest, highest, least, most) in merged {
        for (points, outermost, then) in [(&mut low, lowest, least), (&mut high, highest, most)] {
            if let Some((_, before)) = points.last().copied() {
                points.push((x, before));
            }
            points.push((x, y(outermost)));
            points.push((x, y(then)));
            points.dedup();
        }
    }
    let end = x(until);
    for points in [&mut low, &mut high] {
        if let Some((_, last)) = points.last().copied() {
            points.push((end, last));
        }
        points.dedup();
    }
    (low, high)
}
