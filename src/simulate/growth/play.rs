//! The clock: goes from one instant at which something happens to the next, and brings demand, events and ends of operations to
//! the pools. What fits and what does not is decided in [`super::judge`]. Within an hour: what ends gives back first, then demand
//! changes, then pools follow it in their order, then events are asked in theirs.

use super::draw::Draw;
use super::spread::MILLION;
use super::state::State;
use super::timeline::Unit;
use super::watch::{Outcome, Watch};
use super::world::{Ask, HOURS_A_WEEK, Starts, World};
use std::collections::VecDeque;

const NEVER: u32 = u32::MAX;

/// Where a source of spikes stands.
#[derive(Debug, Clone)]
struct Cursor {
    next: usize,
    /// When the next one starts.
    starts: u32,
    /// Ends and amounts of those that last; all last equally long, so the first to start is the first to end.
    lasting: VecDeque<(u32, u64)>,
}

/// One thread's room to play in.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub state: State,
    cursors: Vec<Cursor>,
}

impl Stage {
    pub fn of(world: &World) -> Self {
        let cursor = Cursor {
            next: 0,
            starts: NEVER,
            lasting: VecDeque::new(),
        };
        Stage {
            state: State::of(world),
            cursors: vec![cursor; world.spikes.len()],
        }
    }

    /// Plays the timeline from start to end.
    pub fn play<D: Draw, W: Watch>(&mut self, world: &World, draw: &mut D, watch: &mut W) {
        self.state.reset(world);
        for (source, cursor) in self.cursors.iter_mut().enumerate() {
            cursor.next = 0;
            cursor.lasting.clear();
            cursor.plan(world, source, draw);
        }
        let mut week = 1;
        let mut event = 0;
        watch.instant(world, &self.state);
        loop {
            let due = world
                .order
                .get(event)
                .map(|event| world.requests[*event].hour);
            let growth = if week <= world.weeks {
                week * HOURS_A_WEEK
            } else {
                NEVER
            };
            let now = self.next_spike().min(due.unwrap_or(NEVER)).min(growth);
            let now = self.next_end().min(now);
            if now > world.horizon() {
                return;
            }
            self.state.hour = now;
            self.end_spikes(world, now);
            self.end_operations(world, watch);
            if growth == now {
                self.grow(world, draw);
                week += 1;
            }
            self.start_spikes(world, draw, now);
            self.state.settle(world, watch);
            self.ask_waiting(world, watch);
            while let Some(&position) = world.order.get(event) {
                if world.requests[position].hour > now {
                    break;
                }
                self.ask(world, position, watch);
                event += 1;
            }
            watch.instant(world, &self.state);
        }
    }

    fn next_spike(&self) -> u32 {
        self.cursors.iter().fold(NEVER, |first, cursor| {
            let ends = cursor.lasting.front().map_or(NEVER, |(end, _)| *end);
            first.min(cursor.starts).min(ends)
        })
    }

    fn next_end(&self) -> u32 {
        let running = self.state.sites.iter().filter_map(|site| site.running);
        running.map(|running| running.until).min().unwrap_or(NEVER)
    }

    fn end_spikes(&mut self, world: &World, now: u32) {
        for (source, cursor) in self.cursors.iter_mut().enumerate() {
            while let Some(&(end, amount)) = cursor.lasting.front() {
                if end > now {
                    break;
                }
                self.state.pools[world.spikes[source].pool].spike -= amount;
                cursor.lasting.pop_front();
            }
        }
    }

    fn start_spikes<D: Draw>(&mut self, world: &World, draw: &mut D, now: u32) {
        for (source, cursor) in self.cursors.iter_mut().enumerate() {
            while cursor.starts == now {
                let amount = draw.spike(world, source);
                let spike = &world.spikes[source];
                self.state.pools[spike.pool].spike += amount;
                cursor.lasting.push_back((now + spike.hours, amount));
                cursor.plan(world, source, draw);
            }
        }
    }

    fn grow<D: Draw>(&mut self, world: &World, draw: &mut D) {
        for (source, growth) in world.growth.iter().enumerate() {
            let drawn = draw.growth(world, source);
            let pool = &mut self.state.pools[growth.pool];
            if !pool.exists {
                continue;
            }
            pool.grow(match growth.unit {
                Unit::Nodes => drawn,
                Unit::Percent => {
                    let part = u128::from(pool.trend) * u128::from(drawn);
                    u64::try_from(part / u128::from(100 * MILLION)).unwrap_or(u64::MAX)
                }
            });
        }
    }

    fn end_operations<W: Watch>(&mut self, world: &World, watch: &mut W) {
        for site in 0..world.sites.len() {
            let running = self.state.sites[site].running;
            if let Some(running) = running.filter(|running| running.until == self.state.hour) {
                self.state.end(world, site, running, watch);
            }
        }
    }

    /// Events whose cluster was busy, as soon as it no longer is.
    fn ask_waiting<W: Watch>(&mut self, world: &World, watch: &mut W) {
        let mut position = 0;
        while let Some(&event) = self.state.waiting.get(position) {
            if self.state.sites[world.requests[event].site]
                .running
                .is_some()
            {
                position += 1;
            } else {
                self.state.waiting.remove(position);
                self.ask(world, event, watch);
            }
        }
    }

    fn ask<W: Watch>(&mut self, world: &World, event: usize, watch: &mut W) {
        let request = &world.requests[event];
        let state = &mut self.state;
        let autoscaled = |ask: &Ask| match ask {
            Ask::Scale(pool, _) => state.pools[*pool].exists && state.pools[*pool].bounds.is_some(),
            _ => false,
        };
        if request.asks.iter().all(autoscaled) {
            for ask in &request.asks {
                if let Ask::Scale(pool, count) = ask {
                    state.pools[*pool].set_trend(*count);
                }
            }
            watch.answered(world, state, event, Outcome::Demanded);
        } else if state.sites[request.site].running.is_some() {
            state.waiting.push(event);
            return;
        } else {
            let outcome = state.request(world, event, watch);
            watch.answered(world, state, event, outcome);
        }
        self.state.settle(world, watch);
    }
}

impl Cursor {
    fn plan<D: Draw>(&mut self, world: &World, source: usize, draw: &mut D) {
        self.starts = match &world.spikes[source].starts {
            Starts::Parts(parts) => parts
                .get(self.next)
                .map_or(NEVER, |part| draw.start(source, *part)),
            Starts::Fixed(hours) => hours.get(self.next).copied().unwrap_or(NEVER),
        };
        self.next += 1;
    }
}
