//! Whether one node takes a pod, and why not: every hard constraint in the scheduler's order. Chooses nothing.

use super::occupancy::{Occupancy, State};
use super::places::{NO, Places};
use super::refusal::Refusal;
use super::views::NOWHERE;
use crate::population::{NodeId, PoolId, ShapeId};
use std::collections::BTreeMap;

/// No node runs more pods than this (MP-1), whatever it says.
const MOST_PODS: u32 = 250;

impl Occupancy {
    /// Whether this node takes a pod of this shape now.
    pub fn fits(&self, places: &Places, shape: ShapeId, node: NodeId) -> bool {
        self.rooms[node.at()].state != State::Absent
            && self.never(places, shape).is_none()
            && self
                .refused(places, shape, node.at(), self.rooms[node.at()].state)
                .is_empty()
    }

    /// Why no node, or not more nodes, take a pod of this shape: each reason with the number of nodes it holds for. As the scheduler
    /// does, a node gives the first reason that holds, but everything that it has too little of. Sorted.
    pub fn refusals(&self, places: &Places, shape: ShapeId) -> Vec<(Refusal, u32)> {
        let mut reasons: BTreeMap<Refusal, u32> = BTreeMap::new();
        for node in 0..places.usable {
            let state = self.rooms[node].state;
            if state == State::Absent {
                continue;
            }
            let refusals = match self.never(places, shape) {
                Some(refusal) => vec![refusal],
                None => self.refused(places, shape, node, state),
            };
            for refusal in refusals {
                *reasons.entry(refusal).or_default() += 1;
            }
        }
        reasons.into_iter().collect()
    }

    /// Whether a new node of this pool, with nothing on it but its daemon pods, would take a pod of this shape: what the cluster
    /// autoscaler asks before it makes one. Of a pool in several zones, whether one in any of them would.
    pub fn fits_alone(&self, places: &Places, shape: ShapeId, pool: PoolId) -> bool {
        self.never(places, shape).is_none()
            && (places.usable..places.starts.len())
                .filter(|node| places.pools[*node] == Some(pool))
                .any(|node| self.refused(places, shape, node, State::Open).is_empty())
    }

    /// How many pods of a shape one new node of this pool takes beside its daemon pods; of a pool in several zones, in the zone that
    /// takes most. Leaves everything as it was.
    pub fn many_alone(&mut self, places: &Places, shape: ShapeId, pool: PoolId) -> u32 {
        if self.never(places, shape).is_some() {
            return 0;
        }
        let patterns = (places.usable..places.starts.len())
            .filter(|node| places.pools[*node] == Some(pool))
            .collect::<Vec<_>>();
        let mut most = 0;
        for node in patterns {
            let id = NodeId::new(node);
            let mut count = 0;
            while count < MOST_PODS && self.refused(places, shape, node, State::Open).is_empty() {
                self.bind(places, shape, id);
                count += 1;
            }
            for _ in 0..count {
                self.release(places, shape, id);
            }
            most = most.max(count);
        }
        most
    }

    fn never(&self, places: &Places, shape: ShapeId) -> Option<Refusal> {
        match places.wants[shape.at()].more {
            NO => None,
            more => places.more[more as usize].never.clone(),
        }
    }

    /// Empty: it is taken.
    fn refused(&self, places: &Places, shape: ShapeId, node: usize, state: State) -> Vec<Refusal> {
        let want = &places.wants[shape.at()];
        let reach = &places.statics[shape.at()];
        if state == State::Down {
            return vec![Refusal::NotReady];
        }
        if state == State::Shut && !want.cordon {
            return vec![Refusal::Unschedulable];
        }
        let class = places.classes.of[node] as usize;
        if !places.sets.has(reach.tolerated, class) {
            return vec![Refusal::Taint];
        }
        if !places.within(reach.affinity, node) {
            return vec![Refusal::NodeAffinity];
        }
        let more = (want.more != NO).then(|| &places.more[want.more as usize]);
        if more.is_some_and(|more| !self.has_ports(places, more, node)) {
            return vec![Refusal::HostPort];
        }
        let room = &self.rooms[node];
        let mut short = Vec::new();
        if room.pods < 1 {
            short.push(Refusal::TooManyPods);
        }
        if want.cpu > 0 && room.cpu < want.cpu {
            short.push(Refusal::Insufficient("cpu".to_string()));
        }
        if want.memory > 0 && room.memory < want.memory {
            short.push(Refusal::Insufficient("memory".to_string()));
        }
        for other in more.iter().flat_map(|more| &more.others) {
            if !self.has_other(places, *other, node) {
                let name = &places.resources[other.0 as usize];
                short.push(Refusal::Insufficient(name.clone()));
            }
        }
        if !short.is_empty() {
            return short;
        }
        if more.is_some_and(|more| !self.can_attach(places, more, node)) {
            return vec![Refusal::VolumeLimit];
        }
        if !places.within(reach.volumes, node) {
            return vec![Refusal::VolumeAffinity];
        }
        let Some(rules) = more
            .filter(|more| more.rules != NO)
            .map(|more| &places.rules[more.rules as usize])
        else {
            return Vec::new();
        };
        for spread in &rules.spreads {
            if places.views.domain(node, spread.counter.view) == NOWHERE {
                return vec![Refusal::SpreadKey];
            }
            if !self.is_even(places, spread, node) {
                return vec![Refusal::Spread];
            }
        }
        if let Some(affinity) = &rules.affinity
            && !self.has_company(places, affinity, node)
        {
            return vec![Refusal::PodAffinity];
        }
        for others in [false, true] {
            let mut these = rules.none.iter().filter(|none| none.others == others);
            if !these.all(|none| self.is_none(places, &none.counter, node)) {
                return vec![if others {
                    Refusal::OthersAntiAffinity
                } else {
                    Refusal::PodAntiAffinity
                }];
            }
        }
        Vec::new()
    }
}
