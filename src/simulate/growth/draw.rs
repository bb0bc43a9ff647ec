//! What is not certain, drawn: at its median, or from a future's own streams of random numbers. What is drawn never depends on
//! what happened: two worlds of one timeline see the same demand.

use super::world::World;
use crate::simulate::seed::Seed;

pub(super) trait Draw {
    /// What the next week of a source adds, in millionths. Asked once a week and source, in order.
    fn growth(&mut self, world: &World, source: usize) -> u64;

    /// How many nodes the next spike of a source wants, in millionths.
    fn spike(&mut self, world: &World, source: usize) -> u64;

    /// When the next spike of a source starts: from the first hour, before the second.
    fn start(&mut self, source: usize, part: (u32, u32)) -> u32;
}

/// Everything at its median, and spikes in the middle of their time.
pub(super) struct Medians;

impl Draw for Medians {
    fn growth(&mut self, world: &World, source: usize) -> u64 {
        world.growth[source].median
    }

    fn spike(&mut self, world: &World, source: usize) -> u64 {
        world.spikes[source].median
    }

    fn start(&mut self, _source: usize, (from, to): (u32, u32)) -> u32 {
        from + (to - from) / 2
    }
}

/// One future.
#[derive(Debug, Clone)]
pub(super) struct Random {
    growth: Vec<Seed>,
    spikes: Vec<Seed>,
}

impl Random {
    pub fn of(world: &World) -> Self {
        Random {
            growth: vec![Seed::of(0, 0); world.growth.len()],
            spikes: vec![Seed::of(0, 0); world.spikes.len()],
        }
    }

    /// The streams of future number `future`: one for each source, so that a source more or less moves no other.
    pub fn start_future(&mut self, seed: u64, future: u64) {
        const SOURCES: u64 = 1 << 20;
        let first = future.wrapping_mul(2 * SOURCES);
        for (source, stream) in (0u64..).zip(&mut self.growth) {
            *stream = Seed::of(seed, first.wrapping_add(source));
        }
        for (source, stream) in (SOURCES..).zip(&mut self.spikes) {
            *stream = Seed::of(seed, first.wrapping_add(source));
        }
    }
}

impl Draw for Random {
    fn growth(&mut self, world: &World, source: usize) -> u64 {
        world.growth[source]
            .quantiles
            .at(self.growth[source].draw())
    }

    fn spike(&mut self, world: &World, source: usize) -> u64 {
        world.spikes[source]
            .quantiles
            .at(self.spikes[source].draw())
    }

    fn start(&mut self, source: usize, (from, to): (u32, u32)) -> u32 {
        let hours = self.spikes[source].below(u64::from(to - from));
        from + u32::try_from(hours).expect("less than the part has")
    }
}
