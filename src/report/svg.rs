//! Charts as SVG. Colours are those of the light page, written out, so that a picture also stands alone; the page replaces each by
//! another one in the dark (`html/style.css` names them). Text is escaped, and every number in a drawing is whole: the same chart gives the
//! same bytes on every machine. Judges nothing.
//!
//! `canvas` (what all draw on) · one file a chart.

mod bars;
mod blocks;
mod canvas;
mod course;
mod gantt;
mod matrix;
mod spread;

pub use canvas::{GRID, INKS, PAPER, TEXT, colour, letter_on};

use super::chart::Chart;
use super::terminal::clean;

/// A picture for a page that says beside it what it is of.
pub struct Picture {
    /// A name that no other picture of the page has.
    pub id: String,
    pub title: String,
    /// The same in words.
    pub says: String,
}

/// Draws a chart.
pub fn draw(chart: &Chart, picture: &Picture) -> String {
    let drawn = match chart {
        Chart::Blocks(blocks) => blocks::draw(blocks),
        Chart::Bars(bars) => bars::draw(bars),
        Chart::Matrix(matrix) => matrix::draw(matrix),
        Chart::Course(course) => course::draw(course),
        Chart::Spread(spread) => spread::draw(spread),
        Chart::Gantt(gantt) => gantt::draw(gantt),
    };
    let id = &picture.id;
    let root = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" font-family=\"system-ui, sans-serif\" \
         role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\n<title id=\"{id}-t\">{}</title>\n<desc id=\"{id}-d\">{}</desc>\n",
        drawn.width,
        drawn.height,
        drawn.width,
        drawn.height,
        escape(&clean(&picture.title)),
        escape(&clean(&picture.says)),
    );
    let (_, inner) = drawn
        .text
        .split_once('\n')
        .expect("the backend begins with the root and a line break");
    // What is so anyway is not repeated ten thousand times. No text can look like it: quotes in a text are escaped.
    let inner = inner
        .replace(" opacity=\"1\"", "")
        .replace(" font-family=\"sans-serif\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(" text-anchor=\"start\"", "");
    root + &inner
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
