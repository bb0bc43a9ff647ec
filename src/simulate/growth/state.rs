//! What changes while a timeline is played: nodes, what they and their surge hold, and which operation runs. Keeps the sums; never
//! decides whether something fits.

use super::spread::MILLION;
use super::world::World;

/// Nodes that a pool may want: beyond that sums would overflow, and nobody has them.
const MOST_WANTED: u64 = 1_000_000 * MILLION;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PoolState {
    pub exists: bool,
    pub nodes: u64,
    /// Bounds of the autoscaler, if it is on.
    pub bounds: Option<(u64, u64)>,
    /// Nodes that the trend wants, in millionths.
    pub trend: u64,
    /// Nodes that spikes want on top, in millionths.
    pub spike: u64,
    /// Surge nodes that are there, and whether they are Overlay's.
    pub surge: u64,
    pub surge_phase: usize,
    /// The node count that was refused last, so that it is told once.
    pub refused: u64,
    /// The ceiling was told.
    pub pending: bool,
}

impl PoolState {
    /// Whole nodes wanted, to the nearest: nobody says how full the last node of today is, so it is taken to be half full. Off by
    /// half a node at most, to either side.
    pub fn wanted(&self) -> u64 {
        self.trend
            .saturating_add(self.spike)
            .saturating_add(MILLION / 2)
            / MILLION
    }

    /// Nodes that the service counts (ISS-2).
    pub fn counted(&self) -> u64 {
        self.bounds.map_or(self.nodes, |(_, max)| max)
    }

    /// Where the pool goes from here. The autoscaler leaves nodes above its ceiling alone, and nodes below its floor.
    pub fn target(&self) -> u64 {
        let wanted = self.wanted();
        let Some((min, max)) = self.bounds else {
            return wanted;
        };
        let target = wanted.min(max.max(self.nodes));
        if target < self.nodes {
            target.max(min.min(self.nodes))
        } else {
            target
        }
    }

    pub fn grow(&mut self, millionths: u64) {
        self.trend = self.trend.saturating_add(millionths).min(MOST_WANTED);
    }

    pub fn set_trend(&mut self, nodes: u64) {
        self.trend = nodes.saturating_mul(MILLION).min(MOST_WANTED);
    }
}

/// An upgrade or a move that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Running {
    pub until: u32,
    pub event: usize,
    pub what: Work,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Of one pool, by its place among the cluster's; with `then_next`, the one behind it follows (UPG-11).
    Upgrade {
        place: usize,
        then_next: bool,
    },
    Move,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SiteState {
    /// 1 after the move to Overlay.
    pub phase: usize,
    pub running: Option<Running>,
}

/// Everything that changes. Made once for a thread and set back for each future: nothing is allocated in between.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub hour: u32,
    /// Addresses held in each range.
    pub used: Vec<u64>,
    /// The part of it that a cluster's nodes hold: of site `s` in range `r` at `s * ranges + r`.
    held: Vec<u64>,
    pub pools: Vec<PoolState>,
    pub sites: Vec<SiteState>,
    /// Pools as a request wants them, while it is judged.
    pub trial: Vec<PoolState>,
    /// Counted addresses of each range, and the surge among them; while a request is judged.
    pub sums: Vec<(u64, u64)>,
    /// Events whose cluster was busy when their day came.
    pub waiting: Vec<usize>,
    ranges: usize,
}

impl State {
    pub fn of(world: &World) -> Self {
        let mut state = State {
            hour: 0,
            used: Vec::new(),
            held: Vec::new(),
            pools: Vec::new(),
            sites: Vec::new(),
            trial: Vec::new(),
            sums: vec![(0, 0); world.ranges.len()],
            waiting: Vec::new(),
            ranges: world.ranges.len(),
        };
        state.reset(world);
        state
    }

    /// Back to the start of the timeline.
    pub fn reset(&mut self, world: &World) {
        self.hour = 0;
        self.used.clear();
        self.used
            .extend(world.ranges.iter().map(|range| range.used));
        self.held.clear();
        for site in &world.sites {
            self.held.extend_from_slice(&site.held);
        }
        self.pools.clear();
        self.pools.extend(world.pools.iter().map(|pool| {
            let mut state = PoolState {
                exists: pool.exists,
                nodes: if pool.exists { pool.pool.count } else { 0 },
                bounds: pool
                    .pool
                    .autoscaler
                    .map(|bounds| (bounds.min_count, bounds.max_count)),
                trend: 0,
                spike: 0,
                surge: 0,
                surge_phase: 0,
                refused: 0,
                pending: false,
            };
            state.set_trend(pool.pool.count);
            state
        }));
        self.sites.clear();
        self.sites.extend(world.sites.iter().map(|_| SiteState {
            phase: 0,
            running: None,
        }));
        self.waiting.clear();
    }

    pub fn free(&self, world: &World, range: usize) -> u64 {
        world.ranges[range]
            .capacity
            .saturating_sub(self.used[range])
    }

    /// What the service compares a cluster's demand with (ISS-4).
    pub fn available_to(&self, world: &World, site: usize, range: usize) -> u64 {
        let own = self.held[site * self.ranges + range];
        let foreign = if world.ranges[range].is_pod_cidr() {
            0
        } else {
            self.used[range].saturating_sub(own)
        };
        world.ranges[range].capacity.saturating_sub(foreign)
    }

    /// Nodes of a pool take what they hold.
    pub fn take(&mut self, world: &World, pool: usize, nodes: u64, phase: usize) {
        self.book(world, pool, nodes, phase, u64::saturating_add);
    }

    pub fn give_back(&mut self, world: &World, pool: usize, nodes: u64, phase: usize) {
        self.book(world, pool, nodes, phase, u64::saturating_sub);
    }

    fn book(
        &mut self,
        world: &World,
        pool: usize,
        nodes: u64,
        phase: usize,
        with: impl Fn(u64, u64) -> u64,
    ) {
        let known = &world.pools[pool];
        for take in &known.takes[phase] {
            let addresses = nodes.saturating_mul(take.held);
            let used = &mut self.used[take.range];
            *used = with(*used, addresses);
            let held = &mut self.held[known.cluster * self.ranges + take.range];
            *held = with(*held, addresses);
        }
    }
}
