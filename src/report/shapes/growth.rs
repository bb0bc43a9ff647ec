//! The JSON shape of `aksplan simulate`. Versioned like the others.

use super::{ErrorShape, FORMAT_VERSION, FindingShape};
use crate::predict::describe;
use crate::report::growth::{Played, first_words, standard_error};
use crate::simulate::growth::futures::{Futures, day_of, so_far};
use crate::simulate::growth::run::{FailedRequest, Happening};
use crate::simulate::growth::watch::{Kind, Outcome};
use crate::simulate::growth::world::{HOURS_A_DAY, HOURS_A_WEEK, Range};
use schemars::JsonSchema;
use serde::Serialize;

/// `aksplan simulate -o json`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "aksplan simulate")]
pub struct SimulateShape {
    #[schemars(extend("pattern" = "^1\\."))]
    pub format_version: &'static str,
    /// Of the scenario with the timeline.
    pub name: String,
    /// The first day (UTC).
    pub starts: String,
    /// The day on which the last week ends.
    pub ends: String,
    pub weeks: u32,
    /// With every amount at its median. Null when nothing fails.
    pub first_failure: Option<FailureShape>,
    /// Subnets first, then pod CIDRs.
    pub ranges: Vec<CourseShape>,
    /// In the order of time.
    pub happenings: Vec<HappeningShape>,
    /// Where futures were played.
    pub futures: Option<FuturesShape>,
    pub findings: Vec<FindingShape>,
    pub not_checked: Vec<String>,
}

/// A range over time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CourseShape {
    /// `vnet/subnet`, or `pod CIDR of cluster`.
    pub name: String,
    #[schemars(extend("enum" = ["subnet", "pod_cidr"]))]
    pub kind: &'static str,
    pub cidr: Vec<String>,
    /// Addresses something can hold.
    pub addresses: u64,
    /// The start in front.
    pub weeks: Vec<WeekShape>,
}

/// Addresses of a range in a week.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WeekShape {
    /// The day on which it ends.
    pub ends: String,
    /// Held at its end.
    pub used: u64,
    pub free: u64,
    /// The most that was held at any time in it: with spikes and surge.
    pub peak: u64,
}

/// Something for which there are too few addresses.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FailureShape {
    pub date: String,
    #[schemars(extend("enum" = ["admission", "autoscaler_step", "new_nodes", "upgrade_surge", "migration_surge"]))]
    pub kind: &'static str,
    pub cluster: String,
    /// `cluster/pool`; null where the request is about the whole cluster.
    pub pool: Option<String>,
    /// Which of the timeline's events asked, from 0; null for growth and spikes.
    pub event: Option<usize>,
    /// The name of the range.
    pub range: String,
    /// The pool's nodes before, and as wanted, surge included.
    pub nodes: u64,
    pub nodes_wanted: u64,
    /// Nodes that would have fitted, the same way of counting; null where no number of nodes helps.
    pub nodes_that_fit: Option<u64>,
    /// Nobody knows whether it fails (MIG-22); it was played as if it did not.
    pub doubtful: bool,
    pub error: ErrorShape,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum HappeningShape {
    /// An event of the timeline had its answer. A failure of its own stands right before it.
    Event {
        date: String,
        /// From 0.
        event: usize,
        /// In words.
        changes: Vec<String>,
        #[schemars(extend("enum" = ["accepted", "asked_of_autoscaler", "rejected", "accepted_then_fails", "unknown", "no_pool", "nothing_to_do"]))]
        outcome: &'static str,
    },
    Failure(Box<FailureShape>),
    /// More nodes are wanted than the autoscaler may make: pods wait.
    Ceiling {
        date: String,
        /// `cluster/pool`.
        pool: String,
        nodes_wanted: u64,
        max_count: u64,
    },
}

/// Many futures, counted.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FuturesShape {
    pub count: u64,
    pub seed: u64,
    pub ranges: Vec<ChanceShape>,
    /// The most frequent in front.
    pub first_failures: Vec<FirstShape>,
    /// Futures in which nothing fails.
    pub without_failure: u64,
    pub events: Vec<EventChanceShape>,
    /// Pools that want more than their `max_count` at some time.
    pub above_ceiling: Vec<PoolChanceShape>,
}

/// How probably a range is exhausted by when.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChanceShape {
    pub name: String,
    /// For the first time nodes that are wanted find too few addresses, or AKS refuses a request for want of them.
    pub full_or_refuses: CurveShape,
    /// The former alone.
    pub full: CurveShape,
}

/// A share of the futures over time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CurveShape {
    /// The first day by whose end it is at least 10, 50 and 90 % of the futures; null where it never is.
    pub p10: Option<String>,
    pub p50: Option<String>,
    pub p90: Option<String>,
    /// By the end of the day on which each week ends; the start in front.
    pub weeks: Vec<ChanceByShape>,
}

/// A share of the futures.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChanceByShape {
    pub by: String,
    pub futures: u64,
    pub probability: f64,
    /// Of the probability, for being counted in so many futures.
    pub standard_error: f64,
}

/// What fails first in some futures.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FirstShape {
    /// In words.
    pub what: String,
    #[schemars(extend("enum" = ["admission", "autoscaler_step", "new_nodes", "upgrade_surge", "migration_surge"]))]
    pub kind: &'static str,
    pub range: String,
    /// `cluster/pool`, or the cluster.
    pub who: String,
    pub event: Option<usize>,
    pub futures: u64,
    pub probability: f64,
    pub standard_error: f64,
}

/// How an event ends, over all futures.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EventChanceShape {
    pub event: usize,
    pub date: String,
    /// Futures in which it was asked: what waits for an operation before it may never be.
    pub asked: u64,
    pub rejected: u64,
    pub accepted_then_fails: u64,
}

/// A pool in some futures.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PoolChanceShape {
    pub pool: String,
    pub futures: u64,
    pub probability: f64,
    pub standard_error: f64,
}

impl SimulateShape {
    pub fn of(played: &Played) -> Self {
        let (world, run) = (played.world, played.run);
        let courses = world.ranges.iter().zip(&run.weeks);
        SimulateShape {
            format_version: FORMAT_VERSION,
            name: played.name.to_string(),
            starts: world.starts.to_string(),
            ends: played.ends().to_string(),
            weeks: world.weeks,
            first_failure: run.first_failure().map(|request| failure(played, request)),
            ranges: courses
                .map(|(range, weeks)| CourseShape {
                    name: range.name.clone(),
                    kind: kind(range),
                    cidr: range.cidr.split(',').map(str::to_string).collect(),
                    addresses: range.capacity,
                    weeks: (0u32..)
                        .zip(weeks)
                        .map(|(number, week)| WeekShape {
                            ends: world.date(number * HOURS_A_WEEK).to_string(),
                            used: week.used,
                            free: range.capacity.saturating_sub(week.used),
                            peak: week.peak,
                        })
                        .collect(),
                })
                .collect(),
            happenings: run
                .happenings
                .iter()
                .map(|happening| shape_of(played, happening))
                .collect(),
            futures: played.futures.map(|futures| counted(played, futures)),
            findings: played
                .findings()
                .into_iter()
                .map(FindingShape::from)
                .collect(),
            not_checked: world.not_checked.clone(),
        }
    }
}

fn kind(range: &Range) -> &'static str {
    if range.is_pod_cidr() {
        "pod_cidr"
    } else {
        "subnet"
    }
}

fn failure(played: &Played, request: &FailedRequest) -> FailureShape {
    FailureShape {
        date: request.date.to_string(),
        kind: request.failure.kind.key(),
        cluster: request.cluster.clone(),
        pool: request.pool.clone(),
        event: request.failure.event,
        range: played.world.ranges[request.failure.range].name.clone(),
        nodes: request.failure.from,
        nodes_wanted: request.failure.to,
        nodes_that_fit: request.failure.largest,
        doubtful: request.failure.doubtful,
        error: ErrorShape::from(&request.answer),
    }
}

fn shape_of(played: &Played, happening: &Happening) -> HappeningShape {
    match happening {
        Happening::Answered {
            date,
            event,
            outcome,
        } => HappeningShape::Event {
            date: date.to_string(),
            event: *event,
            changes: played.timeline.events[*event]
                .changes
                .iter()
                .map(describe)
                .collect(),
            outcome: match outcome {
                Outcome::Done => "accepted",
                Outcome::Demanded => "asked_of_autoscaler",
                Outcome::Failed(Kind::Admission) => "rejected",
                Outcome::Failed(_) => "accepted_then_fails",
                Outcome::Doubtful => "unknown",
                Outcome::NoPool => "no_pool",
                Outcome::NothingToDo => "nothing_to_do",
            },
        },
        Happening::Failed(request) => HappeningShape::Failure(Box::new(failure(played, request))),
        Happening::Pending {
            date,
            pool,
            wanted,
            max_count,
        } => HappeningShape::Ceiling {
            date: date.to_string(),
            pool: pool.clone(),
            nodes_wanted: *wanted,
            max_count: *max_count,
        },
    }
}

fn counted(played: &Played, futures: &Futures) -> FuturesShape {
    let world = played.world;
    let probability = |count: u64| count as f64 / futures.count.max(1) as f64;
    let error = |count: u64| standard_error(count, futures.count);
    FuturesShape {
        count: futures.count,
        seed: futures.seed,
        ranges: world
            .ranges
            .iter()
            .zip(&futures.ranges)
            .map(|(range, exhaustion)| ChanceShape {
                name: range.name.clone(),
                full_or_refuses: curve(played, futures, &exhaustion.failed),
                full: curve(played, futures, &exhaustion.ran_dry),
            })
            .collect(),
        first_failures: futures
            .firsts
            .iter()
            .map(|(first, count)| FirstShape {
                what: first_words(played, first),
                kind: first.kind.key(),
                range: world.ranges[first.range].name.clone(),
                who: first.who(world),
                event: first.event,
                futures: *count,
                probability: probability(*count),
                standard_error: error(*count),
            })
            .collect(),
        without_failure: futures.without_failure,
        events: futures
            .events
            .iter()
            .enumerate()
            .map(|(event, answers)| EventChanceShape {
                event,
                date: played.timeline.events[event].at.to_string(),
                asked: answers.asked,
                rejected: answers.refused,
                accepted_then_fails: answers.failed_later,
            })
            .collect(),
        above_ceiling: futures
            .pending
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(pool, count)| PoolChanceShape {
                pool: pool.clone(),
                futures: *count,
                probability: probability(*count),
                standard_error: error(*count),
            })
            .collect(),
    }
}

fn curve(played: &Played, futures: &Futures, by_day: &[u64]) -> CurveShape {
    let world = played.world;
    let by = |percent: u64| {
        let day = day_of(by_day, futures.count, percent)?;
        Some(
            world
                .date(u32::try_from(day).ok()? * HOURS_A_DAY)
                .to_string(),
        )
    };
    CurveShape {
        p10: by(10),
        p50: by(50),
        p90: by(90),
        weeks: (0..=world.weeks)
            .map(|week| {
                let count = so_far(by_day, week as usize * 7);
                ChanceByShape {
                    by: world.date(week * HOURS_A_WEEK).to_string(),
                    futures: count,
                    probability: count as f64 / futures.count.max(1) as f64,
                    standard_error: standard_error(count, futures.count),
                }
            })
            .collect(),
    }
}
