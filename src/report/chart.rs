//! Charts as data: what is to be seen, in numbers and words. Knows no colour, no coordinate and no format; `svg` draws them.

use super::gantt::Gantt;

/// What a mark stands for. The drawing turns it into a colour; a legend beside it says it in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ink {
    Good,
    Warning,
    Bad,
    /// Nobody holds it.
    Free,
    /// Known not to be usable, or not to count.
    Quiet,
    /// Held or free, nobody says which: drawn in stripes, so that it differs without its colour.
    Unknown,
    /// One of several kinds, from 0 on; after [`Ink::KINDS`] they begin again.
    Kind(usize),
}

impl Ink {
    /// Kinds that look different.
    pub const KINDS: usize = 6;
}

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub enum Chart {
    Blocks(Blocks),
    Bars(Bars),
    Matrix(Matrix),
    Course(Course),
    Spread(Spread),
    Gantt(Gantt),
}

/// Addresses in order, as many to a cell as make it fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocks {
    /// Runs of cells in order; a cell is one of `legend`.
    pub runs: Vec<Run>,
    pub legend: Vec<(Ink, String)>,
    /// Cells a row, a power of two.
    pub across: usize,
    /// What each row begins with: its first address.
    pub rows: Vec<String>,
}

/// Cells that look the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// A position in the legend.
    pub of: usize,
    pub cells: usize,
    /// How much of each cell is held, in eighths, 1 to 8.
    pub eighths: u8,
}

/// Rows of bars that lie on each other, against a mark: what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bars {
    pub rows: Vec<Bar>,
    pub legend: Vec<(Ink, String)>,
    /// What is counted.
    pub unit: &'static str,
    /// What the mark of a row is.
    pub mark: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    pub label: String,
    /// Lengths side by side, each of one of the legend.
    pub parts: Vec<(usize, u64)>,
    /// Where the mark stands.
    pub mark: Option<u64>,
    /// Written behind the bar.
    pub note: String,
}

/// Everything against everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    /// Row by row: a position in the legend; `None`: not asked.
    pub cells: Vec<Vec<Option<usize>>>,
    pub legend: Vec<(Ink, String)>,
}

/// Amounts over time that stay as they are until they change.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    pub lines: Vec<Line>,
    /// Lines across the whole width: a capacity, a least number.
    pub levels: Vec<Level>,
    /// What the width stands for.
    pub until: u32,
    pub time: Time,
    pub unit: &'static str,
}

/// How the width is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Seconds from the start.
    Seconds,
    /// Weeks from the start.
    Weeks,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub ink: Ink,
    pub label: String,
    /// When, the least it is from then on, the most. First at 0, in order.
    pub points: Vec<(u32, u64, u64)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    pub ink: Ink,
    pub label: String,
    pub at: u64,
}

/// How often something took how long, with times that are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    /// How many of each stretch, side by side from `from` on.
    pub counts: Vec<u32>,
    /// Where the first stretch begins, in seconds.
    pub from: u32,
    /// Seconds a stretch.
    pub each: u32,
    /// Seconds, and what is there: p50, the end of a window.
    pub marks: Vec<(Ink, u32, String)>,
    pub unit: &'static str,
}
