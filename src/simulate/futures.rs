//! Many runs of one setting, each with durations drawn anew: how long it takes in half of them, in nine of ten, in ninety-nine of a
//! hundred; how often it does not end at all, and where.

use super::engine::{Ended, Engine};
use super::setting::Setting;
use crate::population::NodeId;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What a number of futures come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Futures {
    pub count: u32,
    pub seed: u64,
    /// Those in which every group ended without failure.
    pub completed: u32,
    /// Of those that completed; `None`: none did.
    pub seconds: Option<Percentiles>,
    /// Of each that completed, sorted.
    pub all_seconds: Vec<u32>,
    /// By group, of the futures in which it ended without failure.
    pub groups: Vec<Option<Percentiles>>,
    /// Most addresses held, by range: median of the least and 99th percentile of the most that may be held.
    pub peaks: Vec<(u64, u64)>,
    pub evictions: Option<Percentiles>,
    /// By workload: fewest ready pods in any future.
    pub lowest_ready: Vec<u32>,
    /// By workload: most seconds without any ready pod in any future, since it first had one.
    pub longest_none_ready: Vec<u32>,
    /// Nodes that got stuck, and in how many futures: most often first.
    pub stuck: Vec<(NodeId, u32)>,
}

/// Whole seconds, or a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentiles {
    pub p50: u32,
    pub p90: u32,
    pub p99: u32,
    pub most: u32,
}

impl Percentiles {
    /// Of sorted values: the smallest that at least so many of a hundred do not exceed.
    fn of(values: &mut [u32]) -> Option<Self> {
        values.sort_unstable();
        let at = |percent: usize| {
            let rank = (values.len() * percent).div_ceil(100).max(1);
            values.get(rank - 1).copied()
        };
        Some(Percentiles {
            p50: at(50)?,
            p90: at(90)?,
            p99: at(99)?,
            most: *values.last()?,
        })
    }
}

impl Futures {
    /// Seconds in which so many of a hundred of all futures end: the smallest that serve so many; `None`: fewer end at all.
    pub fn end_within(&self, percent: u32) -> Option<u32> {
        let rank = (u64::from(self.count) * u64::from(percent))
            .div_ceil(100)
            .max(1);
        let position = usize::try_from(rank - 1).ok()?;
        self.all_seconds.get(position).copied()
    }
}

/// Runs `count` futures of a seed. The answer does not depend on the number of threads.
pub fn futures(setting: &Setting, seed: u64, count: u32) -> Futures {
    let ended: Vec<Ended> = (0..count)
        .into_par_iter()
        .map_init(
            || Engine::new(setting),
            |engine, future| engine.future(seed, u64::from(future)),
        )
        .collect();
    let mut seconds: Vec<u32> = ended.iter().filter_map(|ended| ended.seconds).collect();
    let groups = (0..setting.groups.len())
        .map(|group| {
            let mut ends: Vec<u32> = ended
                .iter()
                .filter(|ended| !ended.failed[group])
                .filter_map(|ended| ended.groups[group])
                .collect();
            Percentiles::of(&mut ends)
        })
        .collect();
    let peaks = (0..setting.ranges.len())
        .map(|range| {
            let percent = |most: bool, percent: usize| {
                let mut peaks: Vec<u64> = ended
                    .iter()
                    .map(|ended| {
                        let (low, high) = ended.peaks[range];
                        if most { high } else { low }
                    })
                    .collect();
                peaks.sort_unstable();
                let rank = (peaks.len() * percent).div_ceil(100).max(1);
                peaks.get(rank - 1).copied().unwrap_or(0)
            };
            (percent(false, 50), percent(true, 99))
        })
        .collect();
    let mut stuck: BTreeMap<NodeId, u32> = BTreeMap::new();
    for node in ended.iter().flat_map(|ended| &ended.stuck) {
        *stuck.entry(*node).or_default() += 1;
    }
    let mut stuck: Vec<(NodeId, u32)> = stuck.into_iter().collect();
    stuck.sort_by_key(|(node, times)| (std::cmp::Reverse(*times), *node));
    let mut evictions: Vec<u32> = ended.iter().map(|ended| ended.evictions).collect();
    let mut lowest_ready = vec![u32::MAX; setting.population.workloads.len()];
    for ended in &ended {
        for (lowest, ready) in lowest_ready.iter_mut().zip(&ended.lowest_ready) {
            *lowest = (*lowest).min(*ready);
        }
    }
    let mut longest_none_ready = vec![0; setting.population.workloads.len()];
    for ended in &ended {
        for (longest, seconds) in longest_none_ready.iter_mut().zip(&ended.none_ready) {
            *longest = (*longest).max(*seconds);
        }
    }
    Futures {
        count,
        seed,
        completed: seconds.len() as u32,
        seconds: Percentiles::of(&mut seconds),
        all_seconds: seconds,
        groups,
        peaks,
        evictions: Percentiles::of(&mut evictions),
        lowest_ready,
        longest_none_ready,
        stuck,
    }
}
