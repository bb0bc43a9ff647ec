//! A Gantt chart: a row a node or a pool, stretches of time in the ink of what was done, with its letter where there is room.

use super::canvas::{
    Canvas, Drawn, GRID, Held, LETTER, TEXT, colour, draw as on_canvas, fitted, legend,
    legend_height, letter_on, scaled, wide,
};
use crate::report::chart::Ink;
use crate::report::document::Tone;
use crate::report::gantt::{Gantt, Mark, Row, axis_step, time};

const WIDTH: i32 = 880;
const AXIS: i32 = 22;
const LONGEST_LABEL: i32 = 230;
const APART: i32 = 70;
/// Many rows are lower, so that a hundred nodes are one screen.
const FEW: usize = 40;

/// What a mark looks like: by its tone, and those of one tone apart.
fn inks(marks: &[Mark]) -> Vec<Ink> {
    // Letters are read on each of these in the light and in the dark.
    let mut plain = [0, 2, 4, 5, 3].map(Ink::Kind).into_iter().cycle();
    // What there is the most of comes last and is the faintest.
    let mut dim = [Ink::Quiet, Ink::Kind(1), Ink::Free].into_iter().cycle();
    marks
        .iter()
        .map(|mark| match mark.tone {
            Tone::Good => Ink::Good,
            Tone::Warning => Ink::Warning,
            Tone::Bad => Ink::Bad,
            Tone::Dim => dim.next().expect("it does not end"),
            Tone::Plain => plain.next().expect("it does not end"),
        })
        .collect()
}

pub fn draw(gantt: &Gantt) -> Drawn {
    let inks = inks(&gantt.legend);
    let label = gantt.rows.iter().map(|row| wide(&row.label)).max();
    let label = label.unwrap_or(0).min(LONGEST_LABEL) + 10;
    let chart = WIDTH - label - 12;
    let row_high = if gantt.rows.len() > FEW { 13 } else { 20 };
    let rows = i32::try_from(gantt.rows.len()).unwrap_or(i32::MAX / 64);
    let bottom = AXIS + rows * row_high;
    let words: Vec<(Ink, String)> = gantt
        .legend
        .iter()
        .zip(&inks)
        .enumerate()
        .filter(|(position, _)| {
            let mut spans = gantt.rows.iter().flat_map(|row| &row.spans);
            spans.any(|span| span.mark == *position)
        })
        .map(|(_, (mark, ink))| (*ink, format!("{} {}", mark.letter, mark.meaning)))
        .collect();
    let height = bottom + 10 + legend_height(&words, WIDTH);
    on_canvas(WIDTH, height, |canvas| {
        let x = |second: u32| label + scaled(u64::from(second), u64::from(gantt.seconds), chart);
        let columns = usize::try_from(chart / APART).unwrap_or(1);
        let step = axis_step(gantt.seconds, columns).max(1);
        let mut at = 0;
        while at <= gantt.seconds {
            canvas.line(&[(x(at), AXIS - 5), (x(at), bottom)], GRID, 1);
            if x(at) + 30 < WIDTH {
                let held = if at == 0 { Held::Left } else { Held::Middle };
                canvas.text(x(at), 8, held, TEXT, &time(at));
            }
            match at.checked_add(step) {
                Some(next) => at = next,
                None => break,
            }
        }
        for (position, row) in gantt.rows.iter().enumerate() {
            let y = AXIS + i32::try_from(position).unwrap_or(0) * row_high;
            let middle = y + row_high / 2;
            let name = fitted(&row.label, label - 10);
            canvas.text(label - 10, middle, Held::Right, TEXT, &name);
            draw_row(canvas, gantt, row, &inks, x, (y + 2, row_high - 4));
        }
        legend(canvas, 0, bottom + 10, WIDTH, &words);
    })
}

/// Last of the legend first: what matters most lies on top.
fn draw_row(
    canvas: &Canvas,
    gantt: &Gantt,
    row: &Row,
    inks: &[Ink],
    x: impl Fn(u32) -> i32,
    (top, high): (i32, i32),
) {
    let mut drawn = Vec::new();
    for (mark, ink) in inks.iter().enumerate().rev() {
        let mut spans: Vec<(i32, i32)> = row
            .spans
            .iter()
            .filter(|span| span.mark == mark)
            .map(|span| (x(span.from), x(span.until).max(x(span.from) + 2)))
            .collect();
        spans.sort_unstable();
        // Of a pool of five thousand nodes, many lie on each other.
        let mut joined: Vec<(i32, i32)> = Vec::new();
        for (from, until) in spans {
            match joined.last_mut() {
                Some((_, end)) if from <= *end => *end = (*end).max(until),
                _ => joined.push((from, until)),
            }
        }
        for (from, until) in &joined {
            canvas.rect(*from, top, until - from, high, colour(*ink));
        }
        drawn.push((mark, *ink, joined));
    }
    if high < LETTER + 2 {
        return;
    }
    // Letters stand where nothing lies on their stretch.
    for (position, (mark, ink, stretches)) in drawn.iter().enumerate() {
        let above = &drawn[position + 1..];
        for (from, until) in stretches {
            let middle = (from + until) / 2;
            let room = (middle - 7, middle + 7);
            let hidden = above
                .iter()
                .flat_map(|(.., stretches)| stretches)
                .any(|(from, until)| *from < room.1 && room.0 < *until);
            if until - from >= 14 && !hidden {
                let letter = gantt.legend[*mark].letter.to_string();
                let y = top + high / 2;
                canvas.text(middle, y, Held::Middle, letter_on(*ink), &letter);
            }
        }
    }
}
