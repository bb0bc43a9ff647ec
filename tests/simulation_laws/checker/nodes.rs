//! What a node may go through, and in which order.

use super::{Checker, Durations, Law, Stage};
use crate::kubernetes::{Filter, filter};

impl Checker<'_> {
    pub(super) fn drain_begins(&mut self, node: usize) -> Law {
        let position = self.group_of(node)?;
        must!(self.room.hosts[node].cordoned, "it is not cordoned");
        must!(
            self.nodes[node].doing == Stage::Idle,
            "it is {:?}",
            self.nodes[node].doing
        );
        let refusing = (0..self.pods.len()).find(|pod| {
            self.pods[*pod].node == Some(node)
                && filter(&self.state.pods[*pod], &self.options) == Filter::Refuse
        });
        must!(
            refusing.is_none(),
            "pod {refusing:?} keeps it from being drained"
        );
        let group = &self.groups[position];
        must!(
            group.begun.is_some() && group.ended.is_none(),
            "its group is not at work"
        );
        must!(group.surge_up == group.surge, "surge comes first (UPG-3)");
        if self.nodes[node].made {
            let open = (0..self.nodes.len()).find(|other| {
                let other = &self.nodes[*other];
                other.group == Some(position)
                    && !other.made
                    && !matches!(other.doing, Stage::Through | Stage::Quarantined)
            });
            must!(
                open.is_none(),
                "surge is held until the last node is done: {open:?} (UPG-3)"
            );
            self.groups[position].removing = true;
        } else {
            // kubectl goes on with the next node.
            must!(
                !group.failed || group.pool.is_none(),
                "its group has failed"
            );
            must!(!group.removing, "surge nodes are being removed already");
            let (busy, most) = (self.under_way(position), self.buffers(position));
            must!(busy < most, "{busy} nodes are under way, {most} may be");
            self.groups[position].taken += 1;
        }
        self.nodes[node].doing = Stage::Draining(self.at);
        Ok(())
    }

    pub(super) fn is_empty(&self, node: usize) -> Law {
        let left = self.evictable(node);
        must!(left.is_empty(), "pods {left:?} are still on it");
        must!(self.leaving_from(node) == 0, "pods are still ending on it");
        Ok(())
    }

    pub(super) fn drained(&mut self, node: usize) -> Law {
        must!(self.is_draining(node), "it is {:?}", self.nodes[node].doing);
        self.is_empty(node)?;
        self.nodes[node].doing = if self.is_pool(node) {
            Stage::Drained(self.at)
        } else {
            Stage::Through
        };
        Ok(())
    }

    pub(super) fn reimage_begins(&mut self, node: usize) -> Law {
        let Stage::Drained(since) = self.nodes[node].doing else {
            return Err(format!("it is {:?}", self.nodes[node].doing));
        };
        must!(
            !self.nodes[node].made && self.is_pool(node),
            "it is not to be reimaged"
        );
        self.is_empty(node)?;
        let minutes = self.cluster.pools[self.nodes[node].pool]
            .upgrade
            .node_soak_minutes;
        let soak = 60 * minutes.unwrap_or(0);
        must!(self.at == since + soak, "it soaks for {soak} s (UPG-8)");
        self.nodes[node].doing = Stage::Reimaging(self.at);
        Ok(())
    }

    pub(super) fn reimaged(&mut self, node: usize) -> Law {
        let Stage::Reimaging(since) = self.nodes[node].doing else {
            return Err(format!("it is {:?}", self.nodes[node].doing));
        };
        if self.durations == Durations::Medians {
            let due = since + self.setting.timing.node_reimage.spread.median;
            must!(self.at == due, "it was to be back at {due}");
        }
        self.is_empty(node)?;
        self.nodes[node].doing = Stage::Through;
        self.nodes[node].new_kind = true;
        self.room.hosts[node].cordoned = false;
        self.room.hosts[node].ready = true;
        for (range, (old, new)) in self.costs(self.nodes[node].pool) {
            self.held[range].0 += new - old;
            self.held[range].1 += (new - old).max(0);
            let capacity = self.setting.ranges[range].capacity as i64;
            must!(
                new <= old || self.held[range].0 <= capacity,
                "range {range} is too small"
            );
        }
        Ok(())
    }

    pub(super) fn no_addresses(&mut self, node: usize, range: usize) -> Law {
        must!(
            matches!(self.nodes[node].doing, Stage::Reimaging(_)),
            "it is not being reimaged"
        );
        let (_, (old, new)) = self.costs(self.nodes[node].pool)[range];
        let room = self.setting.ranges[range].capacity as i64 - self.held[range].0;
        must!(
            new - old > room,
            "{room} addresses are free, {old} were held and {new} are needed"
        );
        self.nodes[node].doing = Stage::Failed;
        Ok(())
    }

    pub(super) fn quarantined(&mut self, node: usize) -> Law {
        let position = self.group_of(node)?;
        must!(
            self.nodes[node].doing == Stage::Failed,
            "its drain did not fail"
        );
        let pool = self.groups[position]
            .pool
            .ok_or("kubectl quarantines nothing")?;
        let behaviour = self.cluster.pools[pool]
            .upgrade
            .undrainable_node_behavior
            .as_deref();
        must!(
            behaviour == Some("Cordon"),
            "the pool says {behaviour:?} (UPG-9)"
        );
        self.nodes[node].doing = Stage::Quarantined;
        self.groups[position].quarantined += 1;
        Ok(())
    }

    pub(super) fn removed(&mut self, node: usize) -> Law {
        let position = self.group_of(node)?;
        must!(self.nodes[node].made, "it is no surge node");
        must!(
            matches!(self.nodes[node].doing, Stage::Drained(_)),
            "it is not drained"
        );
        self.is_empty(node)?;
        self.nodes[node].doing = Stage::Through;
        self.nodes[node].asked = false;
        self.room.hosts[node].exists = false;
        self.room.seats.retain(|seat| seat.node != node);
        must!(self.groups[position].removing, "its group is not through");
        for (range, (old, new)) in self.costs(self.nodes[node].pool) {
            self.held[range].0 -= old.min(new);
            self.held[range].1 -= old.max(new);
        }
        Ok(())
    }

    pub(super) fn node_up(&mut self, node: usize) -> Law {
        must!(
            self.nodes[node].made && self.nodes[node].asked,
            "nobody asked for it"
        );
        must!(!self.room.hosts[node].exists, "it was there");
        self.room.hosts[node].exists = true;
        if let Some(group) = self.nodes[node].group {
            self.groups[group].surge_up += 1;
        }
        Ok(())
    }
}
