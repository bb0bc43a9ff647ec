//! Everything against everything: a square a pair.

use super::canvas::{
    Drawn, GRID, Held, TEXT, colour, draw as on_canvas, fitted, legend, legend_height, wide,
};
use crate::report::chart::Matrix;

const WIDTH: i32 = 880;
const ROW: i32 = 22;
const LONGEST_LABEL: i32 = 330;
const LARGEST_CELL: i32 = 60;

pub fn draw(matrix: &Matrix) -> Drawn {
    let label = matrix.rows.iter().map(|text| wide(text) + wide("00 "));
    let label = label.max().unwrap_or(0).min(LONGEST_LABEL) + 10;
    let columns = i32::try_from(matrix.columns.len()).unwrap_or(1).max(1);
    let cell = ((WIDTH - label) / columns).clamp(8, LARGEST_CELL);
    let rows = i32::try_from(matrix.rows.len()).unwrap_or(0);
    let top = ROW;
    let bottom = top + rows * ROW;
    let height = bottom + 10 + legend_height(&matrix.legend, WIDTH);
    on_canvas(WIDTH, height, |canvas| {
        for (position, column) in matrix.columns.iter().enumerate() {
            let x = label + i32::try_from(position).unwrap_or(0) * cell + cell / 2;
            canvas.text(
                x,
                top / 2,
                Held::Middle,
                TEXT,
                &fitted(column, cell.max(21)),
            );
        }
        for (position, row) in matrix.rows.iter().enumerate() {
            let y = top + i32::try_from(position).unwrap_or(0) * ROW;
            canvas.text(
                label - 10,
                y + ROW / 2,
                Held::Right,
                TEXT,
                &fitted(row, label - 10),
            );
            let cells = matrix.cells.get(position).map_or(&[][..], Vec::as_slice);
            for (column, of) in cells.iter().enumerate() {
                let x = label + i32::try_from(column).unwrap_or(0) * cell;
                if let Some((ink, _)) = of.and_then(|of| matrix.legend.get(of)) {
                    canvas.rect(x + 1, y + 1, cell - 2, ROW - 2, colour(*ink));
                }
                canvas.frame(x + 1, y + 1, cell - 2, ROW - 2, GRID);
            }
        }
        legend(canvas, 0, bottom + 10, WIDTH, &matrix.legend);
    })
}
