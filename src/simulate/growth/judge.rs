//! What fits and what does not: the autoscaler's steps, requests at admission and at run time, surge nodes of upgrades and of the
//! move. Every question is answered whole: nothing is taken in part. Never words an answer; `told` does.

use super::state::{PoolState, Running, State, Work};
use super::watch::{Failure, Kind, Outcome, Watch};
use super::world::{Ask, World};
use crate::capacity::surge::surge_nodes;

/// Which pools of a cluster a request makes surge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Surging {
    None,
    /// By place among the cluster's pools.
    One(usize),
    /// One after the other (UPG-11).
    InTurn,
    /// At the same time (MIG-20, MIG-21).
    AllAtOnce,
}

/// A range that has too little.
struct Lack {
    range: usize,
    wanted: u64,
    free: u64,
    of_surge: u64,
}

impl State {
    /// Pools follow their demand: first those that shrink, then those that grow, in their order.
    pub fn settle<W: Watch>(&mut self, world: &World, watch: &mut W) {
        for pool in 0..self.pools.len() {
            let known = self.pools[pool];
            let target = known.target();
            if known.exists && target < known.nodes {
                let phase = self.sites[world.pools[pool].cluster].phase;
                self.give_back(world, pool, known.nodes - target, phase);
                self.pools[pool].nodes = target;
            }
        }
        for pool in 0..self.pools.len() {
            let known = self.pools[pool];
            if !known.exists {
                continue;
            }
            let target = known.target();
            let pending = known.wanted() > target;
            if pending && !known.pending {
                watch.pending(world, self, pool);
            }
            self.pools[pool].pending = pending;
            if target <= known.nodes {
                self.pools[pool].refused = 0;
                continue;
            }
            let busy = self.sites[world.pools[pool].cluster].running.is_some();
            let refusal = match known.bounds {
                Some((_, max)) => self.step(world, pool, target, max),
                // Somebody scales by hand, which is a request; while another runs, it waits.
                None if busy => continue,
                None => self.scale(world, pool, target),
            };
            match refusal {
                None => {
                    let phase = self.sites[world.pools[pool].cluster].phase;
                    self.take(world, pool, target - known.nodes, phase);
                    self.pools[pool].nodes = target;
                    self.pools[pool].refused = 0;
                }
                Some(failure) if known.refused != target => {
                    self.pools[pool].refused = target;
                    watch.failed(world, self, failure);
                }
                Some(_) => {}
            }
        }
    }

    /// The autoscaler's step: nobody is asked, and there are addresses for all of it or for nothing.
    fn step(&self, world: &World, pool: usize, target: u64, max: u64) -> Option<Failure> {
        let known = &world.pools[pool];
        let from = self.pools[pool].nodes;
        let takes = &known.takes[self.sites[known.cluster].phase];
        let lack = takes.iter().find_map(|take| {
            let wanted = (target - from).saturating_mul(take.held);
            let free = self.free(world, take.range);
            (wanted > free).then_some((take.range, wanted, free))
        });
        let (range, wanted, free) = lack?;
        let room = takes
            .iter()
            .map(|take| self.free(world, take.range) / take.held.max(1));
        let room = room.min().unwrap_or(0);
        Some(Failure {
            hour: self.hour,
            kind: Kind::Step,
            site: known.cluster,
            pool: Some(pool),
            event: None,
            range,
            wanted,
            free,
            from,
            to: target,
            largest: Some((from + room).min(max.max(from))),
            tipped_by_surge: false,
            doubtful: false,
        })
    }

    /// A pool without autoscaler that is scaled by hand.
    fn scale(&mut self, world: &World, pool: usize, target: u64) -> Option<Failure> {
        let site = world.pools[pool].cluster;
        self.trial.clone_from(&self.pools);
        self.trial[pool].nodes = target;
        let phase = self.sites[site].phase;
        let (kind, lack) = if let Some(lack) = self.admission(world, site, Surging::None, phase) {
            (Kind::Admission, lack)
        } else {
            let lack = self.lack(world, site, phase, |_, _| 0)?;
            (Kind::NewNodes, lack)
        };
        Some(self.failure(world, site, kind, Some(pool), None, &lack))
    }

    fn failure(
        &mut self,
        world: &World,
        site: usize,
        kind: Kind,
        pool: Option<usize>,
        event: Option<usize>,
        lack: &Lack,
    ) -> Failure {
        let nodes = |states: &[PoolState]| {
            pool.map_or(0, |pool| {
                states[pool].nodes * u64::from(states[pool].exists)
            })
        };
        let (from, to) = (nodes(&self.pools), nodes(&self.trial));
        Failure {
            hour: self.hour,
            kind,
            site,
            pool,
            event,
            range: lack.range,
            wanted: lack.wanted,
            free: lack.free,
            from,
            to,
            largest: None,
            tipped_by_surge: lack.of_surge > 0 && lack.wanted - lack.of_surge <= lack.free,
            doubtful: false,
        }
        .with_largest(world, self)
    }

    /// Admission: what all pools of the cluster may ever want, the surge of an upgrade on top (ISS-1 to ISS-5).
    fn admission(
        &mut self,
        world: &World,
        site: usize,
        surging: Surging,
        phase: usize,
    ) -> Option<Lack> {
        self.sums.fill((0, 0));
        for (place, &pool) in world.sites[site].pools.iter().enumerate() {
            let trial = &self.trial[pool];
            if !trial.exists {
                continue;
            }
            let nodes = trial.counted();
            let surges = self.pools[pool].exists
                && match surging {
                    Surging::None => false,
                    Surging::One(one) => one == place,
                    Surging::InTurn | Surging::AllAtOnce => true,
                };
            let surge = if surges {
                surge_nodes(&world.pools[pool].pool, nodes)
            } else {
                0
            };
            for take in &world.pools[pool].takes[phase] {
                let sum = &mut self.sums[take.range];
                let all = nodes.saturating_add(surge).saturating_mul(take.counted);
                sum.0 = sum.0.saturating_add(all);
                sum.1 = sum.1.saturating_add(surge.saturating_mul(take.counted));
            }
        }
        (0..self.sums.len()).find_map(|range| {
            let (wanted, of_surge) = self.sums[range];
            let free = self.available_to(world, site, range);
            (wanted > free).then_some(Lack {
                range,
                wanted,
                free,
                of_surge,
            })
        })
    }

    /// Run time: what new nodes and surge nodes hold, against what is free. `surge`: of a pool, by its place.
    fn lack(
        &mut self,
        world: &World,
        site: usize,
        phase: usize,
        surge: impl Fn(usize, &PoolState) -> u64,
    ) -> Option<Lack> {
        self.sums.fill((0, 0));
        for (place, &pool) in world.sites[site].pools.iter().enumerate() {
            if !self.trial[pool].exists {
                continue;
            }
            let before = &self.pools[pool];
            let there = if before.exists { before.nodes } else { 0 };
            let surge = if before.exists {
                surge(place, before)
            } else {
                0
            };
            let added = self.trial[pool].nodes.saturating_sub(there);
            for take in &world.pools[pool].takes[phase] {
                let sum = &mut self.sums[take.range];
                let all = added.saturating_add(surge).saturating_mul(take.held);
                sum.0 = sum.0.saturating_add(all);
                sum.1 = sum.1.saturating_add(surge.saturating_mul(take.held));
            }
        }
        (0..self.sums.len()).find_map(|range| {
            let (wanted, of_surge) = self.sums[range];
            let free = self.free(world, range);
            (wanted > free).then_some(Lack {
                range,
                wanted,
                free,
                of_surge,
            })
        })
    }

    /// An event that is a request to AKS.
    pub fn request<W: Watch>(&mut self, world: &World, event: usize, watch: &mut W) -> Outcome {
        let request = &world.requests[event];
        let site = request.site;
        let overlay = world.sites[site].mode[0] == world.sites[site].mode[1];
        let (mut surging, mut subject, mut moves, mut nothing) = (Surging::None, None, false, true);
        self.trial.clone_from(&self.pools);
        for ask in &request.asks {
            let pool = match *ask {
                Ask::Add(pool) => {
                    self.trial[pool].exists = true;
                    self.trial[pool].nodes = world.pools[pool].pool.count;
                    Some(pool)
                }
                Ask::Scale(pool, count) => {
                    self.trial[pool].nodes = count;
                    self.trial[pool].set_trend(count);
                    Some(pool)
                }
                Ask::MaxCount(pool, max) => {
                    let trial = &mut self.trial[pool];
                    // A floor that the scenario states was held against it before; one that an event before this one made is lowered.
                    let min = trial.bounds.map_or(trial.nodes, |(min, _)| min).min(max);
                    trial.bounds = Some((min, max));
                    Some(pool)
                }
                Ask::UpgradePool(pool) => {
                    let mut places = world.sites[site].pools.iter();
                    let place = places.position(|known| *known == pool);
                    surging = Surging::One(place.expect("it is a pool of this cluster"));
                    Some(pool)
                }
                Ask::UpgradeCluster => {
                    surging = Surging::InTurn;
                    None
                }
                Ask::Move => {
                    if overlay || self.sites[site].phase == 1 {
                        continue;
                    }
                    moves = true;
                    None
                }
                Ask::Nothing => None,
            };
            nothing = false;
            if pool.is_some_and(|pool| !self.trial[pool].exists) {
                return Outcome::NoPool;
            }
            subject = pool;
        }
        if nothing {
            return Outcome::NothingToDo;
        }
        if request.asks.len() > 1 {
            subject = None;
        }
        if moves {
            surging = Surging::AllAtOnce;
        }
        let now = self.sites[site].phase;
        let after = if moves { 1 } else { now };
        let mut fail = |state: &mut State, kind: Kind, subject: Option<usize>, lack: &Lack| {
            let failure = state.failure(world, site, kind, subject, Some(event), lack);
            watch.failed(world, state, failure);
            Outcome::Failed(kind)
        };
        if let Some(lack) = self.admission(world, site, surging, after) {
            return fail(self, Kind::Admission, subject, &lack);
        }
        let mut doubtful = false;
        let first = self.next_place(world, site, 0);
        if moves {
            let all = |place: usize, pool: &PoolState| surge_of(world, site, place, pool);
            if let Some(lack) = self.lack(world, site, 1, all) {
                return fail(self, Kind::Move, None, &lack);
            }
            if let Some(lack) = self.lack(world, site, now, all)
                && !world.ranges[lack.range].is_pod_cidr()
            {
                let mut failure = self.failure(world, site, Kind::Move, None, Some(event), &lack);
                failure.doubtful = true;
                watch.failed(world, self, failure);
                doubtful = true;
            }
        } else {
            let lack = self.lack(world, site, now, |place, pool| match surging {
                Surging::One(one) if one == place => surge_of(world, site, place, pool),
                Surging::InTurn if Some(place) == first => surge_of(world, site, place, pool),
                _ => 0,
            });
            if let Some(lack) = lack {
                let kind = if lack.of_surge > 0 {
                    Kind::Surge
                } else {
                    Kind::NewNodes
                };
                let turn = first.filter(|_| surging == Surging::InTurn && kind == Kind::Surge);
                let turn = turn.map(|place| world.sites[site].pools[place]);
                return fail(self, kind, turn.or(subject), &lack);
            }
        }
        self.commit(world, site);
        let until = self.hour + request.hours;
        let begun = match surging {
            Surging::None => None,
            Surging::One(place) => Some((place, false)),
            Surging::InTurn => first.map(|place| (place, true)),
            Surging::AllAtOnce => {
                for (place, &pool) in world.sites[site].pools.iter().enumerate() {
                    let nodes = surge_of(world, site, place, &self.pools[pool]);
                    self.surge(world, pool, nodes, 1);
                }
                self.sites[site].running = Some(Running {
                    until,
                    event,
                    what: Work::Move,
                });
                None
            }
        };
        if let Some((place, then_next)) = begun {
            let pool = world.sites[site].pools[place];
            let nodes = surge_of(world, site, place, &self.pools[pool]);
            self.surge(world, pool, nodes, now);
            self.sites[site].running = Some(Running {
                until,
                event,
                what: Work::Upgrade { place, then_next },
            });
        }
        if doubtful {
            Outcome::Doubtful
        } else {
            Outcome::Done
        }
    }

    /// The trial becomes what is.
    fn commit(&mut self, world: &World, site: usize) {
        let phase = self.sites[site].phase;
        for &pool in &world.sites[site].pools {
            let (before, after) = (self.pools[pool], self.trial[pool]);
            if after.nodes > before.nodes {
                self.take(world, pool, after.nodes - before.nodes, phase);
            } else {
                self.give_back(world, pool, before.nodes - after.nodes, phase);
            }
            self.pools[pool] = after;
        }
    }

    fn surge(&mut self, world: &World, pool: usize, nodes: u64, phase: usize) {
        self.take(world, pool, nodes, phase);
        self.pools[pool].surge = nodes;
        self.pools[pool].surge_phase = phase;
    }

    /// The first pool that is there, from this place on.
    fn next_place(&self, world: &World, site: usize, from: usize) -> Option<usize> {
        let pools = &world.sites[site].pools;
        (from..pools.len()).find(|place| self.pools[pools[*place]].exists)
    }

    /// An operation ends: its surge nodes go; the next pool of a cluster upgrade follows, or the cluster is on Overlay.
    pub fn end<W: Watch>(&mut self, world: &World, site: usize, running: Running, watch: &mut W) {
        self.sites[site].running = None;
        for &pool in &world.sites[site].pools {
            let known = self.pools[pool];
            self.give_back(world, pool, known.surge, known.surge_phase);
            self.pools[pool].surge = 0;
        }
        match running.what {
            Work::Move => {
                for &pool in &world.sites[site].pools {
                    let nodes = self.pools[pool].nodes;
                    self.give_back(world, pool, nodes, 0);
                    self.take(world, pool, nodes, 1);
                }
                self.sites[site].phase = 1;
            }
            Work::Upgrade {
                place,
                then_next: true,
            } => {
                if let Some(next) = self.next_place(world, site, place + 1) {
                    self.upgrade_next(world, site, next, running.event, watch);
                }
            }
            Work::Upgrade { .. } => {}
        }
    }

    /// The next pool's turn: where its surge does not fit, the upgrade stops (UPG-15).
    fn upgrade_next<W: Watch>(
        &mut self,
        world: &World,
        site: usize,
        place: usize,
        event: usize,
        watch: &mut W,
    ) {
        let phase = self.sites[site].phase;
        let pool = world.sites[site].pools[place];
        self.trial.clone_from(&self.pools);
        let lack = self.lack(world, site, phase, |at, pool| {
            if at == place {
                surge_of(world, site, at, pool)
            } else {
                0
            }
        });
        if let Some(lack) = lack {
            let failure = self.failure(world, site, Kind::Surge, Some(pool), Some(event), &lack);
            watch.failed(world, self, failure);
            return;
        }
        let nodes = surge_of(world, site, place, &self.pools[pool]);
        self.surge(world, pool, nodes, phase);
        self.sites[site].running = Some(Running {
            until: self.hour + world.requests[event].hours,
            event,
            what: Work::Upgrade {
                place,
                then_next: true,
            },
        });
    }

    /// The most nodes that the pool could have had instead, whatever they were wanted for.
    fn largest(&self, world: &World, failure: &Failure) -> Option<u64> {
        let pool = failure.pool?;
        let known = &world.pools[pool];
        let phase = self.sites[failure.site].phase;
        let takes = &known.takes[phase];
        let by_room = takes
            .iter()
            .map(|take| failure.from + self.free(world, take.range) / take.held.max(1));
        let by_room = by_room.min()?;
        match failure.kind {
            Kind::Surge => Some(by_room),
            Kind::NewNodes => Some(by_room.min(failure.to)),
            // The sums are still those of this admission. With an autoscaler the ceiling is what counts, not the nodes.
            Kind::Admission if self.trial[pool].bounds.is_none() && failure.to > failure.from => {
                // A range that other pools promise away refuses any number of nodes, here or elsewhere.
                let refuses = |range: &usize| {
                    takes.iter().all(|take| take.range != *range)
                        && self.sums[*range].0 > self.available_to(world, failure.site, *range)
                };
                if (0..self.sums.len()).any(|range| refuses(&range)) {
                    return Some(failure.from);
                }
                let by_sums = takes.iter().map(|take| {
                    let own = failure.to.saturating_mul(take.counted);
                    let others = self.sums[take.range].0.saturating_sub(own);
                    let left = self
                        .available_to(world, failure.site, take.range)
                        .saturating_sub(others);
                    left / take.counted.max(1)
                });
                Some(by_sums.min()?.min(by_room).max(failure.from))
            }
            Kind::Admission | Kind::Step | Kind::Move => None,
        }
    }
}

impl Failure {
    fn with_largest(mut self, world: &World, state: &State) -> Self {
        if self.kind == Kind::Surge {
            self.to = self.from
                + self
                    .pool
                    .map_or(0, |pool| surge_nodes(&world.pools[pool].pool, self.from));
        }
        self.largest = state.largest(world, &self);
        self
    }
}

/// Surge nodes of a pool that is upgraded now (UPG-2).
fn surge_of(world: &World, site: usize, place: usize, pool: &PoolState) -> u64 {
    if pool.exists {
        surge_nodes(
            &world.pools[world.sites[site].pools[place]].pool,
            pool.nodes,
        )
    } else {
        0
    }
}
