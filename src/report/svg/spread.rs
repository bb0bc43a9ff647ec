//! How often something took how long.

use super::canvas::{
    Drawn, GRID, Held, TEXT, colour, draw as on_canvas, legend, legend_height, round_up, scaled,
    ticks, wide,
};
use crate::finding::grouped;
use crate::report::chart::{Ink, Spread};
use crate::report::gantt::{axis_step, time};

const WIDTH: i32 = 880;
const HIGH: i32 = 180;
const TOP: i32 = 14;
const BELOW: i32 = 26;
const APART: i32 = 70;

pub fn draw(spread: &Spread) -> Drawn {
    let most = spread.counts.iter().copied().max().unwrap_or(0);
    let most = round_up(u64::from(most));
    let left = wide(&grouped(most)) + 12;
    let chart = WIDTH - left - 16;
    let end = spread.counts.len() as u32 * spread.each.max(1);
    let furthest = spread
        .marks
        .iter()
        .map(|(_, at, _)| at.saturating_sub(spread.from));
    // A window far beyond every future still shows, at the edge of a chart that is not stretched for it.
    let long = furthest
        .max()
        .unwrap_or(0)
        .min(end.saturating_mul(2))
        .max(end)
        .max(1);
    let mut words = vec![(Ink::Kind(0), spread.unit.to_string())];
    words.extend(
        spread
            .marks
            .iter()
            .map(|(ink, _, label)| (*ink, format!("line: {label}"))),
    );
    let height = TOP + HIGH + BELOW + legend_height(&words, WIDTH);
    on_canvas(WIDTH, height, |canvas| {
        let x = |seconds: u32| left + scaled(u64::from(seconds), u64::from(long), chart);
        let y = |count: u64| TOP + HIGH - scaled(count, most, HIGH);
        for value in ticks(most) {
            canvas.line(&[(left, y(value)), (left + chart, y(value))], GRID, 1);
            canvas.text(left - 8, y(value), Held::Right, TEXT, &grouped(value));
        }
        for (position, count) in spread.counts.iter().enumerate() {
            let from = position as u32 * spread.each;
            let (first, last) = (x(from), x(from + spread.each));
            let top = y(u64::from(*count));
            if *count > 0 {
                let high = (TOP + HIGH - top).max(1);
                canvas.rect(
                    first,
                    TOP + HIGH - high,
                    (last - first - 1).max(1),
                    high,
                    colour(Ink::Kind(0)),
                );
            }
        }
        let step = axis_step(long, usize::try_from(chart / APART).unwrap_or(1));
        let mut at = spread.from.div_ceil(step.max(1)) * step.max(1);
        while at <= spread.from + long {
            let place = x(at - spread.from);
            canvas.line(&[(place, TOP + HIGH), (place, TOP + HIGH + 4)], GRID, 1);
            if place + 30 < left + chart + 16 {
                canvas.text(place, TOP + HIGH + 14, Held::Middle, TEXT, &time(at));
            }
            match at.checked_add(step) {
                Some(next) => at = next,
                None => break,
            }
        }
        for (ink, at, _) in &spread.marks {
            let place = x(at.saturating_sub(spread.from).min(long));
            canvas.line(&[(place, TOP - 6), (place, TOP + HIGH)], colour(*ink), 2);
        }
        legend(canvas, 0, TOP + HIGH + BELOW, WIDTH, &words);
    })
}
