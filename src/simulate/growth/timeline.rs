//! What is to be played: growth week by week, spikes, and events on their days. Never knows what is there; [`super::World`] holds
//! it against an inventory.

use super::spread::Spread;
use crate::model::{Change, ClusterIndex};
use jiff::civil::Date;

/// Weeks that a timeline may have: ten years.
pub const MOST_WEEKS: u32 = 520;
/// Hours that an operation or a spike may take: a year.
pub const MOST_HOURS: u32 = 8_784;
/// Hours that an upgrade of one pool, or the move to Overlay, is taken to last where nobody says: a day. Surge nodes hold their
/// addresses all the time (UPG-3). Most upgrades are shorter: it errs towards too little room.
pub const OPERATION_HOURS: u32 = 24;
/// Spikes of one kind in a month.
pub const MOST_SPIKES_A_MONTH: u32 = 100;

/// A year, or some other number of weeks, in the life of an estate.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The first day; all times are UTC, and days begin at midnight.
    pub starts: Date,
    /// 1 to [`MOST_WEEKS`].
    pub weeks: u32,
    pub growth: Vec<Growth>,
    pub spikes: Vec<Spike>,
    /// In the order in which they are written; played in the order of their days.
    pub events: Vec<Event>,
}

impl Timeline {
    /// Whether a week may add more or less than at its median.
    pub fn has_uncertain_growth(&self) -> bool {
        let mut growth = self.growth.iter();
        growth.any(|growth| !growth.a_week.is_certain())
    }

    /// Whether two futures of it may differ: when a spike comes is chance as well.
    pub fn has_chance(&self) -> bool {
        self.has_uncertain_growth() || !self.spikes.is_empty()
    }
}

/// A pool that wants more nodes each week.
#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    pub cluster: ClusterIndex,
    pub pool: String,
    pub unit: Unit,
    /// What a week adds, at its end.
    pub a_week: Spread,
}

/// What an amount of growth is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Nodes,
    /// Of the nodes the pool wants by then, spikes aside: growth on growth.
    Percent,
}

/// Demand above the trend, for some hours and again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct Spike {
    pub cluster: ClusterIndex,
    pub pool: String,
    pub nodes: Spread,
    pub when: When,
    /// How long each lasts: 1 to [`MOST_HOURS`].
    pub hours: u32,
}

/// When spikes come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// So many thousandths of a spike a month: one in each equal part of the time, at its middle in the run of medians, anywhere
    /// in it in a future. Real spikes come in clusters more often; that errs towards too much room.
    PerMonth(u64),
    /// At midnight of these days of the month. A month without such a day has none.
    Days(Vec<i8>),
}

/// A request, or a step of the autoscaler, on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub at: Date,
    pub cluster: ClusterIndex,
    pub changes: Vec<Change>,
    /// How long one pool's upgrade, or the move, takes; [`OPERATION_HOURS`] when `None`.
    pub hours: Option<u32>,
}

/// Something in a timeline that does not fit what it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at {place}: {problem}")]
pub struct Misplaced {
    /// For example `growth[0].pool`.
    pub place: String,
    pub problem: String,
}

impl Misplaced {
    pub(super) fn new(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Misplaced {
            place: place.into(),
            problem: problem.into(),
        }
    }
}
