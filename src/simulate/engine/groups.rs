//! Groups of nodes: surge first and held to the end, as many nodes at a time as there are buffers, what a stuck node does to the rest
//! (UPG-3, UPG-6 to UPG-9, UPG-12).

use super::{Engine, Event, GroupPhase};
use crate::population::NodeId;
use crate::simulate::log::{Group, What};

impl Engine<'_, '_> {
    pub(super) fn begin(&mut self, group: Group) {
        self.tell(What::GroupBegins(group));
        let setting = self.setting.group(group);
        if setting.nodes.is_empty() {
            self.end(group);
            return;
        }
        if self.setting.cordons_first {
            for node in &setting.nodes {
                self.cordon(*node);
            }
        }
        if setting.surge == 0 {
            self.roll(group, setting.unavailable);
            return;
        }
        let mut wanted = setting.surge;
        if !self.fits(group, wanted) {
            self.tell(What::SurgeRefused(group, wanted));
            // UPG-6: once more with one; then in place, where that is allowed.
            let retries = setting.falls_back && wanted > 1;
            wanted = u32::from(retries && self.fits(group, 1));
            if retries && wanted == 0 {
                self.tell(What::SurgeRefused(group, 1));
            }
            if wanted == 0 {
                if setting.falls_back && setting.unavailable > 0 {
                    self.roll(group, setting.unavailable);
                } else {
                    self.fails(group);
                }
                return;
            }
        }
        self.tell(What::SurgeAsked(group, wanted));
        let now = &mut self.groups[usize::from(group)];
        now.phase = GroupPhase::Surging;
        now.surge = wanted;
        let pool = setting.pool.expect("only pools surge");
        for surge in 0..wanted {
            let node = NodeId(setting.first_surge + surge);
            self.takes(node, pool);
            self.boot(node, pool);
        }
    }

    /// All surge nodes are there: the first nodes may go.
    pub(super) fn surge_up(&mut self, group: Group) {
        let now = &mut self.groups[usize::from(group)];
        now.surge_up += 1;
        if now.phase == GroupPhase::Surging && now.surge_up == now.surge {
            let tokens = now.surge;
            self.roll(group, tokens);
        }
    }

    fn roll(&mut self, group: Group, tokens: u32) {
        let now = &mut self.groups[usize::from(group)];
        now.phase = GroupPhase::Rolling;
        now.tokens = tokens;
        self.advance(group);
    }

    /// Takes as many nodes as there are buffers; at the end, the surge nodes.
    fn advance(&mut self, group: Group) {
        let setting = self.setting.group(group);
        let at = usize::from(group);
        loop {
            let now = &mut self.groups[at];
            match now.phase {
                GroupPhase::Rolling if (now.next as usize) < setting.nodes.len() => {
                    if now.tokens == 0 {
                        if now.active == 0 {
                            // Every buffer stands in for a quarantined node.
                            self.fails(group);
                        }
                        return;
                    }
                    let node = setting.nodes[now.next as usize];
                    now.next += 1;
                    now.tokens -= 1;
                    now.active += 1;
                    self.drain(node);
                }
                GroupPhase::Rolling if now.active == 0 => {
                    let last = now.surge;
                    let first = now.quarantined.min(now.surge);
                    if first == last {
                        if now.failed {
                            now.phase = GroupPhase::Failing;
                            continue;
                        }
                        self.end(group);
                        return;
                    }
                    // Those that stand in for quarantined nodes stay.
                    now.phase = GroupPhase::Removing;
                    now.active = last - first;
                    for surge in first..last {
                        self.drain(NodeId(setting.first_surge + surge));
                    }
                    return;
                }
                GroupPhase::Removing if now.active == 0 => {
                    self.end(group);
                    return;
                }
                GroupPhase::Failing if now.active == 0 => {
                    now.phase = GroupPhase::Failed;
                    now.ended_at = self.queue.now();
                    // What would have followed never begins.
                    let after = self.groups.len() - at;
                    self.open_groups -= if self.setting.together { 1 } else { after };
                    return;
                }
                _ => return,
            }
        }
    }

    /// A node is through, and its buffer is free for the next.
    pub(super) fn node_done(&mut self, node: NodeId) {
        let group = self.node_group[node.at()];
        let now = &mut self.groups[usize::from(group)];
        now.active -= 1;
        now.tokens += 1;
        self.advance(group);
    }

    /// A node stays as it is and a surge node in its place; more than there are surge nodes is failure (UPG-9).
    pub(super) fn quarantined(&mut self, group: Group) {
        let now = &mut self.groups[usize::from(group)];
        now.active -= 1;
        now.quarantined += 1;
        if now.quarantined > now.surge {
            now.active += 1;
            self.fails(group);
        } else {
            self.advance(group);
        }
    }

    /// Stops at a failure: no further node is taken, those under way are finished (UPG-8). Surge nodes stay: nothing documented
    /// says that they are deleted.
    pub(super) fn fails(&mut self, group: Group) {
        let now = &mut self.groups[usize::from(group)];
        if matches!(
            now.phase,
            GroupPhase::Rolling | GroupPhase::Removing | GroupPhase::Failing
        ) {
            now.active = now.active.saturating_sub(1);
        }
        if now.phase != GroupPhase::Failing {
            now.phase = GroupPhase::Failing;
            self.tell(What::GroupFails(group));
        }
        self.advance(group);
    }

    /// Goes on with the other nodes all the same.
    pub(super) fn fails_in_the_end(&mut self, group: Group) {
        let now = &mut self.groups[usize::from(group)];
        if !std::mem::replace(&mut now.failed, true) {
            self.tell(What::GroupFails(group));
        }
    }

    fn end(&mut self, group: Group) {
        let now = &mut self.groups[usize::from(group)];
        now.phase = GroupPhase::Ended;
        now.ended_at = self.queue.now();
        self.open_groups -= 1;
        self.tell(What::GroupEnds(group));
        let next = usize::from(group) + 1;
        if !self.setting.together && next < self.groups.len() {
            self.queue.push(0, Event::Begin(next as Group));
        }
    }
}
