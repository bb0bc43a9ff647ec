//! Many futures of one timeline, counted: by when each range is exhausted, and what fails first. A future is drawn from streams
//! of its own number, and counts are added up: the answer is the same whatever the number of threads. Never tells one future.

use super::draw::Random;
use super::play::Stage;
use super::state::State;
use super::watch::{Failure, Kind, Outcome, Watch};
use super::world::{HOURS_A_DAY, World};
use crate::finding::{Finding, Severity, grouped};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Futures that are counted on one thread before counts are added up.
const BATCH: u64 = 512;
const NEVER: u32 = u32::MAX;

/// In how many futures a range was exhausted, by day since the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhaustion {
    /// For the first time on that day: a request was refused for it, or nodes did not come.
    pub failed: Vec<u64>,
    /// For the first time on that day: nodes that were wanted found too few addresses in it.
    pub ran_dry: Vec<u64>,
}

/// What fails first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct First {
    pub range: usize,
    pub kind: Kind,
    pub site: usize,
    pub pool: Option<usize>,
    pub event: Option<usize>,
}

/// How an event ended, over all futures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answers {
    /// Asked at all: what waits for an operation before it may never be.
    pub asked: u64,
    pub refused: u64,
    pub failed_later: u64,
}

/// Counts over all futures.
#[derive(Debug, Clone, PartialEq)]
pub struct Futures {
    pub count: u64,
    pub seed: u64,
    /// By range of the world.
    pub ranges: Vec<Exhaustion>,
    /// Futures in which nothing fails.
    pub without_failure: u64,
    /// The most frequent in front.
    pub firsts: Vec<(First, u64)>,
    /// By event of the timeline.
    pub events: Vec<Answers>,
    /// By pool of the world, `cluster/pool`: futures in which it wants more than its ceiling at some time.
    pub pending: Vec<(String, u64)>,
    pub findings: Vec<Finding>,
}

/// Futures counted so far, by day.
pub fn so_far(by_day: &[u64], day: usize) -> u64 {
    by_day.iter().take(day + 1).sum()
}

/// The first day by which at least `percent` of `count` futures are counted.
pub fn day_of(by_day: &[u64], count: u64, percent: u64) -> Option<usize> {
    let mut sum = 0u64;
    by_day.iter().position(|futures| {
        sum += futures;
        u128::from(sum) * 100 >= u128::from(count) * u128::from(percent) && sum > 0
    })
}

impl First {
    /// `cluster/pool`, or the cluster.
    pub fn who(&self, world: &World) -> String {
        match self.pool {
            Some(pool) => world.pool_name(pool),
            None => world.sites[self.site].name.clone(),
        }
    }
}

/// Plays `count` futures of `seed`.
pub fn futures(world: &World, count: u64, seed: u64) -> Futures {
    let batches = count.div_ceil(BATCH);
    let counts = (0..batches)
        .into_par_iter()
        .map(|batch| {
            let last = count.min((batch + 1) * BATCH);
            let mut counts = Counts::of(world);
            let mut stage = Stage::of(world);
            let mut draw = Random::of(world);
            for future in batch * BATCH..last {
                draw.start_future(seed, future);
                stage.play(world, &mut draw, &mut counts);
                counts.end_future();
            }
            counts
        })
        .reduce(|| Counts::of(world), Counts::plus);
    let mut firsts: Vec<(First, u64)> = counts.firsts.into_iter().collect();
    firsts.sort_by_key(|(first, futures)| (std::cmp::Reverse(*futures), *first));
    let failing: u64 = firsts.iter().map(|(_, futures)| futures).sum();
    let findings = findings(world, &counts.ranges, count);
    Futures {
        count,
        seed,
        findings,
        ranges: counts.ranges,
        without_failure: count - failing,
        firsts,
        events: counts.events,
        pending: (0..world.pools.len())
            .map(|pool| (world.pool_name(pool), counts.pending[pool]))
            .collect(),
    }
}

/// A range that is exhausted more often than now and then.
fn findings(world: &World, ranges: &[Exhaustion], count: u64) -> Vec<Finding> {
    let named = world.ranges.iter().zip(ranges);
    let mut found: Vec<Finding> = named
        .filter_map(|(range, exhaustion)| {
            let failed = so_far(&exhaustion.failed, exhaustion.failed.len());
            let severity = match failed {
                0 => return None,
                failed if failed * 2 >= count => Severity::Blocker,
                failed if failed * 10 >= count => Severity::Warning,
                _ => Severity::Info,
            };
            let message = format!(
                "{}: full, or a request refused for want of its addresses, by {} in {} of {} futures",
                range.name,
                world.date(world.horizon()),
                grouped(failed),
                grouped(count)
            );
            let finding = Finding::new(severity, "exhaustion-odds", message, &[]);
            Some(finding.about(range.subject.clone()))
        })
        .collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

struct Counts {
    ranges: Vec<Exhaustion>,
    firsts: BTreeMap<First, u64>,
    events: Vec<Answers>,
    pending: Vec<u64>,
    /// Of the future that is played: the hour at which each range failed, and ran dry.
    now: Vec<(u32, u32)>,
    first: Option<First>,
    over_ceiling: Vec<bool>,
}

impl Counts {
    fn of(world: &World) -> Self {
        let days = (world.horizon() / HOURS_A_DAY) as usize + 1;
        Counts {
            ranges: vec![
                Exhaustion {
                    failed: vec![0; days],
                    ran_dry: vec![0; days],
                };
                world.ranges.len()
            ],
            firsts: BTreeMap::new(),
            events: vec![Answers::default(); world.requests.len()],
            pending: vec![0; world.pools.len()],
            now: vec![(NEVER, NEVER); world.ranges.len()],
            first: None,
            over_ceiling: vec![false; world.pools.len()],
        }
    }

    fn end_future(&mut self) {
        let count = |by_day: &mut [u64], hour: u32| {
            if hour != NEVER {
                by_day[(hour / HOURS_A_DAY) as usize] += 1;
            }
        };
        for (range, (failed, ran_dry)) in self.ranges.iter_mut().zip(&mut self.now) {
            count(&mut range.failed, *failed);
            count(&mut range.ran_dry, *ran_dry);
            (*failed, *ran_dry) = (NEVER, NEVER);
        }
        if let Some(first) = self.first.take() {
            *self.firsts.entry(first).or_default() += 1;
        }
        for (pending, over) in self.pending.iter_mut().zip(&mut self.over_ceiling) {
            *pending += u64::from(std::mem::take(over));
        }
    }

    fn plus(mut self, other: Counts) -> Counts {
        let add = |sum: &mut [u64], more: &[u64]| {
            for (sum, more) in sum.iter_mut().zip(more) {
                *sum += more;
            }
        };
        for (range, more) in self.ranges.iter_mut().zip(&other.ranges) {
            add(&mut range.failed, &more.failed);
            add(&mut range.ran_dry, &more.ran_dry);
        }
        for (first, futures) in other.firsts {
            *self.firsts.entry(first).or_default() += futures;
        }
        for (event, more) in self.events.iter_mut().zip(other.events) {
            event.asked += more.asked;
            event.refused += more.refused;
            event.failed_later += more.failed_later;
        }
        add(&mut self.pending, &other.pending);
        self
    }
}

impl Watch for Counts {
    fn failed(&mut self, _world: &World, _state: &State, failure: Failure) {
        if failure.doubtful {
            return;
        }
        let (failed, ran_dry) = &mut self.now[failure.range];
        *failed = failure.hour.min(*failed);
        if failure.kind != Kind::Admission {
            *ran_dry = failure.hour.min(*ran_dry);
        }
        self.first.get_or_insert(First {
            range: failure.range,
            kind: failure.kind,
            site: failure.site,
            pool: failure.pool,
            event: failure.event,
        });
    }

    fn pending(&mut self, _world: &World, _state: &State, pool: usize) {
        self.over_ceiling[pool] = true;
    }

    fn answered(&mut self, _world: &World, _state: &State, event: usize, outcome: Outcome) {
        let answers = &mut self.events[event];
        answers.asked += 1;
        match outcome {
            Outcome::Failed(Kind::Admission) => answers.refused += 1,
            Outcome::Failed(_) => answers.failed_later += 1,
            _ => {}
        }
    }
}
