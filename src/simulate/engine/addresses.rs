//! Addresses: what every range holds, second by second, between the least and the most that undocumented behaviour allows (MIG-22).

use super::{Engine, NodeNow};
use crate::population::{NodeId, PoolId};
use crate::simulate::log::{Group, What};
use crate::simulate::setting::Cost;

impl Engine<'_, '_> {
    /// Whether so many new nodes of the group's pool fit at once, at the least they may take: a step is taken whole or not at all.
    pub(super) fn fits(&self, group: Group, nodes: u32) -> bool {
        let pool = self.setting.group(group).pool.expect("only pools surge");
        self.step_fits(pool, nodes)
    }

    pub(super) fn step_fits(&self, pool: PoolId, nodes: u32) -> bool {
        self.setting.costs[pool.at()].iter().all(|cost| {
            let range = usize::from(cost.range);
            let wanted = u64::from(least(cost)) * u64::from(nodes);
            self.held[range].0 + wanted <= self.setting.ranges[range].capacity
        })
    }

    /// A new node takes its addresses when it is asked for.
    pub(super) fn takes(&mut self, node: NodeId, pool: PoolId) {
        let setting = self.setting;
        for cost in &setting.costs[pool.at()] {
            self.add(cost.range, i64::from(least(cost)), i64::from(most(cost)));
        }
        self.node_is_new[node.at()] = true;
    }

    /// The range in which a reimaged node finds less than it needs more: a pod CIDR that is too small.
    pub(super) fn lacks(&self, node: NodeId) -> Option<u16> {
        let pool = self.setting.places.pool_of(node)?;
        if self.node_is_new[node.at()] {
            return None;
        }
        self.setting.costs[pool.at()]
            .iter()
            .find(|cost| {
                let range = usize::from(cost.range);
                let more = u64::from(cost.new.saturating_sub(cost.old));
                more > 0 && self.held[range].0 + more > self.setting.ranges[range].capacity
            })
            .map(|cost| cost.range)
    }

    /// A reimaged node: at the least it gives back at once what it no longer needs, at the most when all is over.
    pub(super) fn becomes_new(&mut self, node: NodeId) {
        let Some(pool) = self.setting.places.pool_of(node) else {
            return;
        };
        if std::mem::replace(&mut self.node_is_new[node.at()], true) {
            return;
        }
        let setting = self.setting;
        for cost in &setting.costs[pool.at()] {
            let change = i64::from(cost.new) - i64::from(cost.old);
            self.add(cost.range, change, change.max(0));
        }
    }

    /// A deleted node.
    pub(super) fn gives_back(&mut self, node: NodeId) {
        let Some(pool) = self.setting.places.pool_of(node) else {
            return;
        };
        let setting = self.setting;
        for cost in &setting.costs[pool.at()] {
            self.add(cost.range, -i64::from(least(cost)), -i64::from(most(cost)));
        }
    }

    fn add(&mut self, range: u16, least: i64, most: i64) {
        let at = usize::from(range);
        let (low, high) = &mut self.held[at];
        *low = low.saturating_add_signed(least);
        *high = high.saturating_add_signed(most);
        let (peak_low, peak_high) = &mut self.peaks[at];
        *peak_low = (*peak_low).max(*low);
        *peak_high = (*peak_high).max(*high);
        if least != 0 || most != 0 {
            self.tell_addresses(range);
        }
    }

    pub(super) fn tell_addresses(&mut self, range: u16) {
        let (low, high) = self.held[usize::from(range)];
        let short = |held: u64| u32::try_from(held).unwrap_or(u32::MAX);
        self.tell(What::Addresses(range, short(low), short(high)));
    }

    /// When all is over both bounds meet: every node holds what it needs.
    pub(super) fn close_books(&mut self) {
        if self
            .groups
            .iter()
            .any(|group| group.ended_at == super::NEVER)
        {
            return;
        }
        for node in 0..self.node_now.len() {
            let node = NodeId::new(node);
            if !self.node_is_new[node.at()] || self.node_now[node.at()] == NodeNow::Absent {
                continue;
            }
            let Some(pool) = self.setting.places.pool_of(node) else {
                continue;
            };
            let setting = self.setting;
            let was_made = self.is_surge(node);
            for cost in &setting.costs[pool.at()] {
                let range = usize::from(cost.range);
                let surplus = u64::from(cost.old.saturating_sub(cost.new));
                let (low, high) = &mut self.held[range];
                *high = high.saturating_sub(surplus);
                if was_made {
                    // It stays, and as the new kind.
                    *low += u64::from(cost.new - least(cost));
                    let peak = &mut self.peaks[range].0;
                    *peak = (*peak).max(*low);
                }
            }
        }
        if self.recording {
            for range in 0..self.held.len() {
                self.tell_addresses(range as u16);
            }
        }
    }
}

/// A new node during the move may cost as the new kind or still as the old one: no document says (MIG-22).
fn least(cost: &Cost) -> u32 {
    cost.old.min(cost.new)
}

fn most(cost: &Cost) -> u32 {
    cost.old.max(cost.new)
}
