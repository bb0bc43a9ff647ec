//! Nodes: cordoned, drained, soaked, reimaged and given back; or stuck, and what then.

use super::{Engine, Event, NODE_CREATE, NODE_DELETE, NODE_REIMAGE, NONE, NodeNow, PodNow};
use crate::disruption::drain::Treatment;
use crate::population::{NodeId, PodId, PoolId};
use crate::simulate::log::What;

impl Engine<'_, '_> {
    pub(super) fn cordon(&mut self, node: NodeId) {
        if self.node_now[node.at()] == NodeNow::Serving {
            self.tell(What::Cordoned(node));
            self.node_now[node.at()] = NodeNow::Cordoned;
        }
        self.occupancy.shut(&self.setting.places, node);
        // A spread that heeds cordons has one domain less.
        self.place_linked();
    }

    /// Cordons, then asks for the eviction of everything on it that a drain evicts, all at the same time.
    pub(super) fn drain(&mut self, node: NodeId) {
        self.cordon(node);
        let at = node.at();
        let treatments = &self.setting.treatments;
        let mut pod = self.node_first[at];
        let mut left = 0;
        let mut refused = false;
        while pod != NONE {
            match treatments[pod as usize] {
                Treatment::Evict | Treatment::Delete => left += 1,
                Treatment::Skip(_) => {}
                Treatment::Refuse(_) => refused = true,
            }
            pod = self.pod_next[pod as usize];
        }
        if refused {
            self.tell(What::DrainRefused(node));
            self.stuck(node);
            return;
        }
        self.node_now[at] = NodeNow::Draining;
        self.node_failed[at] = false;
        self.node_left[at] = left;
        self.tell(What::DrainBegins(node));
        let group = self.setting.group(self.node_group[at]);
        if group.drain_timeout > 0 {
            self.queue.push(group.drain_timeout, Event::TimedOut(node));
        }
        let spot = group.spot;
        let mut pod = self.node_first[at];
        while pod != NONE {
            let next = self.pod_next[pod as usize];
            match treatments[pod as usize] {
                Treatment::Delete => self.forced(PodId(pod)),
                Treatment::Evict if spot => self.forced(PodId(pod)),
                Treatment::Evict => {
                    let time = self.pod_time[pod as usize];
                    self.queue.push(0, Event::Try(PodId(pod), time));
                }
                Treatment::Skip(_) | Treatment::Refuse(_) => {}
            }
            pod = next;
        }
        self.may_be_drained(node);
    }

    /// Nothing left to evict, and nothing that still ends.
    pub(super) fn may_be_drained(&mut self, node: NodeId) {
        let at = node.at();
        if self.node_now[at] != NodeNow::Draining
            || self.node_left[at] > 0
            || self.node_ending[at] > 0
        {
            return;
        }
        if self.node_failed[at] {
            self.tell(What::DrainFailed(node));
            self.stuck(node);
            return;
        }
        self.tell(What::Drained(node));
        let group = self.setting.group(self.node_group[at]);
        if !group.reimages {
            self.node_now[at] = NodeNow::Emptied;
            self.queue.push(0, Event::Done(node));
        } else if self.is_surge(node) {
            self.node_now[at] = NodeNow::Deleting;
            self.kill_the_rest(node);
            let table = &self.setting.timing.tables.node_delete;
            let seconds = table[usize::from(self.chance.draw(NODE_DELETE, node.0, 0))];
            self.queue.push(seconds, Event::Deleted(node));
        } else {
            self.node_now[at] = NodeNow::Soaking;
            self.queue.push(group.soak, Event::Soaked(node));
        }
    }

    pub(super) fn is_surge(&self, node: NodeId) -> bool {
        node.at() >= self.setting.population.nodes.len()
    }

    /// What a drain leaves on a node ends with it: daemons' and static pods come back with it; one that came since because it
    /// tolerates the cordon is made anew elsewhere.
    fn kill_the_rest(&mut self, node: NodeId) {
        self.occupancy.down(&self.setting.places, node);
        let mut pod = self.node_first[node.at()];
        while pod != NONE {
            let next = self.pod_next[pod as usize];
            match self.setting.treatments[pod as usize] {
                Treatment::Evict | Treatment::Delete => self.lost_with_node(PodId(pod)),
                _ if self.pod_now[pod as usize] == PodNow::Ready => self.killed(PodId(pod)),
                _ => {}
            }
            pod = next;
        }
    }

    pub(super) fn reimage(&mut self, node: NodeId) {
        self.node_now[node.at()] = NodeNow::Reimaging;
        self.tell(What::ReimageBegins(node));
        self.kill_the_rest(node);
        let table = &self.setting.timing.tables.node_reimage;
        let seconds = table[usize::from(self.chance.draw(NODE_REIMAGE, node.0, 0))];
        self.queue.push(seconds, Event::Reimaged(node));
    }

    /// Ready again: its daemons come back with it.
    pub(super) fn reimaged(&mut self, node: NodeId) {
        let at = node.at();
        if let Some(range) = self.lacks(node) {
            // It never becomes Ready: the group stops there.
            self.node_now[at] = NodeNow::Cordoned;
            self.node_failed[at] = true;
            self.tell(What::NoAddresses(node, range));
            self.fails(self.node_group[at]);
            return;
        }
        self.node_now[at] = NodeNow::Serving;
        self.tell(What::Reimaged(node));
        let mut pod = self.node_first[at];
        while pod != NONE {
            if self.pod_now[pod as usize] == PodNow::Coming {
                self.pod_now[pod as usize] = PodNow::Ready;
                self.pod_deleting[pod as usize] = false;
                self.tell(What::Ready(PodId(pod)));
                self.one_ready_more(PodId(pod));
            }
            pod = self.pod_next[pod as usize];
        }
        self.becomes_new(node);
        self.occupancy.open(&self.setting.places, node);
        self.place_waiting();
        self.node_done(node);
    }

    /// The drain's time is up (UPG-8).
    pub(super) fn timed_out(&mut self, node: NodeId) {
        if self.node_now[node.at()] != NodeNow::Draining {
            return;
        }
        self.tell(What::DrainTimedOut(node));
        self.stuck(node);
    }

    /// It cannot be drained: quarantined, or the whole group stops and it takes pods again (UPG-9).
    fn stuck(&mut self, node: NodeId) {
        let at = node.at();
        self.node_failed[at] = true;
        self.node_left[at] = 0;
        let position = self.node_group[at];
        let group = self.setting.group(position);
        if group.quarantines && !self.is_surge(node) {
            self.node_now[at] = NodeNow::Quarantined;
            self.tell(What::Quarantined(node));
            self.quarantined(position);
        } else {
            if group.reimages {
                self.node_now[at] = NodeNow::Serving;
                self.tell(What::Uncordoned(node));
                // What was not Ready before is no more so for that.
                let facts = self.setting.population.nodes.get(at);
                if facts.is_none_or(|facts| facts.ready) {
                    self.occupancy.open(&self.setting.places, node);
                    self.place_waiting();
                }
                self.fails(position);
            } else {
                // kubectl leaves it cordoned, goes on with the next node ("continuing command...") and fails in the end.
                self.node_now[at] = NodeNow::Cordoned;
                self.fails_in_the_end(position);
                self.queue.push(0, Event::Done(node));
            }
        }
    }

    /// A new node of a pool is asked for; it takes its addresses at once.
    pub(super) fn boot(&mut self, node: NodeId, pool: PoolId) {
        self.node_now[node.at()] = NodeNow::Booting;
        let table = &self.setting.timing.tables.node_create[pool.at()];
        let seconds = table[usize::from(self.chance.draw(NODE_CREATE, node.0, 0))];
        self.queue.push(seconds, Event::NodeUp(node));
    }

    pub(super) fn node_up(&mut self, node: NodeId) {
        self.node_now[node.at()] = NodeNow::Serving;
        self.tell(What::NodeUp(node));
        self.occupancy.open(&self.setting.places, node);
        self.place_waiting();
        let group = self.node_group[node.at()];
        if usize::from(group) < self.groups.len() {
            self.surge_up(group);
        }
    }

    pub(super) fn deleted(&mut self, node: NodeId) {
        self.node_now[node.at()] = NodeNow::Absent;
        self.tell(What::Removed(node));
        self.occupancy.remove(&self.setting.places, node);
        self.place_linked();
        self.gives_back(node);
        self.node_done(node);
    }
}
