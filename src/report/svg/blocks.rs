//! A block map: a cell for one address or for as many as make it fit, row by row, each row with its first address.

use super::canvas::{
    Canvas, Drawn, GRID, Held, LETTER, TEXT, colour, draw as on_canvas, legend, legend_height, wide,
};
use crate::report::chart::{Blocks, Ink};

const WIDTH: i32 = 880;
const CELL_HIGH: i32 = 14;
const GAP: i32 = 2;
/// The first label is a little higher than its row.
const TOP: i32 = 2;

pub fn draw(blocks: &Blocks) -> Drawn {
    let across = i32::try_from(blocks.across.max(1)).unwrap_or(64);
    let label = blocks.rows.iter().map(|text| wide(text)).max().unwrap_or(0) + 12;
    let cell = ((WIDTH - label) / across).max(1);
    let rows = i32::try_from(blocks.rows.len()).unwrap_or(i32::MAX / 64);
    let high = TOP + rows * (CELL_HIGH + GAP);
    let height = high + 10 + legend_height(&blocks.legend, WIDTH);
    on_canvas(WIDTH, height, |canvas| {
        for (row, text) in blocks.rows.iter().enumerate() {
            let y = TOP + i32::try_from(row).unwrap_or(0) * (CELL_HIGH + GAP);
            canvas.text(label - 12, y + CELL_HIGH / 2, Held::Right, TEXT, text);
            let all = cells(blocks).min(blocks.across * (row + 1));
            let in_row = all.saturating_sub(blocks.across * row);
            // What is not drawn over is free.
            canvas.rect(
                label,
                y,
                i32::try_from(in_row).unwrap_or(0) * cell,
                CELL_HIGH,
                colour(Ink::Free),
            );
        }
        runs(canvas, blocks, label, cell);
        grid(canvas, blocks, label, cell);
        legend(canvas, 0, high + 10, WIDTH, &blocks.legend);
    })
}

fn cells(blocks: &Blocks) -> usize {
    blocks.runs.iter().map(|run| run.cells).sum()
}

fn runs(canvas: &Canvas, blocks: &Blocks, left: i32, cell: i32) {
    let mut at = 0;
    for run in &blocks.runs {
        let (mut from, until) = (at, at + run.cells);
        at = until;
        let Some((ink, _)) = blocks.legend.get(run.of) else {
            continue;
        };
        if *ink == Ink::Free {
            continue;
        }
        while from < until {
            let row = from / blocks.across;
            let end = until.min((row + 1) * blocks.across);
            let pixel = |cells: usize| i32::try_from(cells).unwrap_or(0) * cell;
            // A cell that is held in part is filled from below.
            let high = (CELL_HIGH * i32::from(run.eighths.clamp(1, 8)) + 7) / 8;
            let top = TOP + i32::try_from(row).unwrap_or(0) * (CELL_HIGH + GAP) + CELL_HIGH - high;
            let left = left + pixel(from % blocks.across);
            canvas.inked(left, top, pixel(end - from), high, *ink);
            from = end;
        }
    }
}

/// A line every eighth of the width: cells can be counted.
fn grid(canvas: &Canvas, blocks: &Blocks, left: i32, cell: i32) {
    let rows = i32::try_from(blocks.rows.len()).unwrap_or(0);
    let eighth = i32::try_from(blocks.across / 8).unwrap_or(0).max(1) * cell;
    let bottom = TOP + rows * (CELL_HIGH + GAP) - GAP;
    let cells = i32::try_from(cells(blocks).min(blocks.across)).unwrap_or(0) * cell;
    let mut x = 0;
    while x <= cells && eighth >= LETTER {
        canvas.line(&[(left + x, TOP), (left + x, bottom)], GRID, 1);
        x += eighth;
    }
}
