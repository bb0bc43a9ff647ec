//! Bars side by side in rows, one scale for all, and in each row a mark for what there is.

use super::canvas::{
    Drawn, GRID, Held, TEXT, colour, draw as on_canvas, fitted, legend, legend_height, round_up,
    scaled, ticks, wide,
};
use crate::finding::grouped;
use crate::report::chart::{Bars, Ink};

const WIDTH: i32 = 880;
const HIGH: i32 = 18;
const APART: i32 = 30;
const AXIS: i32 = 26;
const LONGEST_LABEL: i32 = 250;
const LONGEST_NOTE: i32 = 190;

pub fn draw(bars: &Bars) -> Drawn {
    let label = bars.rows.iter().map(|bar| wide(&bar.label)).max();
    let label = label.unwrap_or(0).min(LONGEST_LABEL) + 10;
    let note = bars.rows.iter().map(|bar| wide(&bar.note)).max();
    let note = note.unwrap_or(0).min(LONGEST_NOTE) + 8;
    let chart = (WIDTH - label - note).max(100);
    let most = bars
        .rows
        .iter()
        .flat_map(|bar| {
            let long: u64 = bar.parts.iter().map(|(_, long)| long).sum();
            [Some(long), bar.mark]
        })
        .flatten()
        .max()
        .unwrap_or(0);
    let most = round_up(most);
    let rows = i32::try_from(bars.rows.len()).unwrap_or(i32::MAX / 64);
    let bottom = AXIS + rows * APART;
    let mut words = bars.legend.clone();
    if bars.rows.iter().any(|bar| bar.mark.is_some()) {
        words.push((Ink::Bad, format!("line: {}", bars.mark)));
    }
    let height = bottom + 10 + legend_height(&words, WIDTH);
    on_canvas(WIDTH, height, |canvas| {
        for value in ticks(most) {
            let x = label + scaled(value, most, chart);
            canvas.line(&[(x, AXIS - 4), (x, bottom)], GRID, 1);
            let text = match value {
                0 => format!("{} {}", grouped(value), bars.unit),
                _ => grouped(value),
            };
            canvas.text(x, 10, Held::Middle, TEXT, &text);
        }
        for (row, bar) in bars.rows.iter().enumerate() {
            let y = AXIS + i32::try_from(row).unwrap_or(0) * APART + (APART - HIGH) / 2;
            let middle = y + HIGH / 2;
            canvas.text(
                label - 10,
                middle,
                Held::Right,
                TEXT,
                &fitted(&bar.label, label - 10),
            );
            let mut from = 0;
            for (of, long) in &bar.parts {
                let Some((ink, _)) = bars.legend.get(*of) else {
                    continue;
                };
                let start = scaled(from, most, chart);
                from += long;
                let end = scaled(from, most, chart);
                // Something is never nothing.
                if *long > 0 {
                    canvas.rect(label + start, y, (end - start).max(1), HIGH, colour(*ink));
                }
            }
            if let Some(mark) = bar.mark {
                let x = label + scaled(mark, most, chart);
                canvas.line(&[(x, y - 4), (x, y + HIGH + 4)], colour(Ink::Bad), 2);
            }
            let end = label + scaled(from, most, chart) + 8;
            let behind = match bar.mark {
                // It stands behind the mark only where there is no room before it.
                Some(mark) => match label + scaled(mark, most, chart) {
                    mark if end - 8 <= mark && end + wide(&bar.note) + 8 > mark => mark + 8,
                    _ => end,
                },
                None => end,
            };
            canvas.text(
                behind,
                middle,
                Held::Left,
                TEXT,
                &fitted(&bar.note, WIDTH - behind),
            );
        }
        legend(canvas, 0, bottom + 10, WIDTH, &words);
    })
}
