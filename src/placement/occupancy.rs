//! What is on the nodes now: what is free, which ports and volumes are taken, how many pods count where. Binds and releases; where a
//! pod should go is [`super::choose`]'s.

use super::board::Board;
use super::places::{LEVELS, NO, Places};
use super::terms::{Counter, NOT_BY_NODE};
use super::views::{Honoured, NOWHERE};
use super::volumes::ALONE;
use crate::population::{NodeId, Population, ShapeId};

/// What is taken, and which nodes take pods. Flat vectors: cheap to fork.
#[derive(Debug, PartialEq)]
pub struct Occupancy {
    pub(super) rooms: Vec<Room>,
    pub(super) board: Board,
    /// By node and resource, what is free.
    pub(super) others: Vec<i64>,
    /// By node and port, pods that have it.
    pub(super) ports: Vec<u32>,
    /// By node and driver, volumes attached.
    pub(super) attached: Vec<u32>,
    /// By node and shared volume, pods that mount it.
    pub(super) mounted: Vec<u32>,
    /// Pods, by counter and domain.
    pub(super) counts: Vec<u32>,
    /// Pods, by counter and node, of counters whose nodes come and go.
    by_node: Vec<u32>,
    /// Nodes, by view and domain.
    pub(super) present: Vec<u32>,
    /// By view, domains with nodes.
    pub(super) domains: Vec<u32>,
}

/// One node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub cpu: i64,
    pub memory: i64,
    pub pods: i32,
    /// Where on the board; [`NO`]: not there.
    seat: u32,
    level: u8,
    pub state: State,
}

/// Whether a node takes pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// There is no such node, or not yet.
    Absent,
    Open,
    /// Cordoned.
    Shut,
    /// Not ready.
    Down,
}

// Written out for `clone_from`, which keeps what is already allocated.
impl Clone for Occupancy {
    fn clone(&self) -> Self {
        Occupancy {
            rooms: self.rooms.clone(),
            board: self.board.clone(),
            others: self.others.clone(),
            ports: self.ports.clone(),
            attached: self.attached.clone(),
            mounted: self.mounted.clone(),
            counts: self.counts.clone(),
            by_node: self.by_node.clone(),
            present: self.present.clone(),
            domains: self.domains.clone(),
        }
    }

    fn clone_from(&mut self, other: &Self) {
        self.rooms.clone_from(&other.rooms);
        self.board.clone_from(&other.board);
        self.others.clone_from(&other.others);
        self.ports.clone_from(&other.ports);
        self.attached.clone_from(&other.attached);
        self.mounted.clone_from(&other.mounted);
        self.counts.clone_from(&other.counts);
        self.by_node.clone_from(&other.by_node);
        self.present.clone_from(&other.present);
        self.domains.clone_from(&other.domains);
    }
}

/// Which of a pod's traces to change.
const EVERY: u8 = 0;
const SPREADS_ONLY: u8 = 1;
const ALL_BUT_SPREADS: u8 = 2;

impl Occupancy {
    /// As observed: every pod that is bound and not finished is on its node, also one that is being deleted (tell of it with
    /// [`Occupancy::terminate`]). Simulated nodes are not there yet.
    pub fn of(places: &Places, population: &Population) -> Self {
        let hosts = places.starts.len();
        let rooms = places
            .starts
            .iter()
            .map(|start| Room {
                cpu: start.cpu,
                memory: start.memory,
                pods: start.pods,
                seat: NO,
                level: 0,
                state: State::Absent,
            })
            .collect();
        let mut occupancy = Occupancy {
            rooms,
            board: Board::of(places),
            others: places.others.clone(),
            ports: vec![0; hosts * places.ports.excludes.len()],
            attached: vec![0; hosts * places.attachments.drivers],
            mounted: vec![0; hosts * places.attachments.shared],
            counts: vec![0; places.counts],
            by_node: vec![0; hosts * places.by_node.len()],
            present: vec![0; places.views.total()],
            domains: vec![0; places.views.count],
        };
        for (position, node) in population.nodes.iter().enumerate() {
            let state = match (node.ready, node.schedulable) {
                (false, _) => State::Down,
                (true, true) => State::Open,
                (true, false) => State::Shut,
            };
            occupancy.become_(places, position, state);
        }
        for pod in &population.pods {
            if let Some(node) = pod.node
                && !pod.phase.is_finished()
            {
                occupancy.bind(places, pod.shape, node);
            }
        }
        for node in places.real..hosts {
            let id = NodeId::new(node);
            for shape in places.comes_with(id) {
                occupancy.hold::<true>(places, *shape, node);
            }
        }
        occupancy
    }

    /// A pod of this shape is on this node from now on. Asks nothing: whether it may is [`Occupancy::fits`]'s.
    #[inline]
    pub fn bind(&mut self, places: &Places, shape: ShapeId, node: NodeId) {
        self.hold::<true>(places, shape, node.at());
        self.count::<true>(places, shape, node.at(), EVERY);
        self.settle(places, node.at());
    }

    /// A pod of this shape is no longer on this node.
    #[inline]
    pub fn release(&mut self, places: &Places, shape: ShapeId, node: NodeId) {
        self.hold::<false>(places, shape, node.at());
        self.count::<false>(places, shape, node.at(), EVERY);
        self.settle(places, node.at());
    }

    /// A pod of this shape on this node is being deleted: it keeps what it has until it is gone, and topology spreads no longer
    /// count it. Optional: without it they count it until it is released.
    #[inline]
    pub fn terminate(&mut self, places: &Places, shape: ShapeId, node: NodeId) {
        self.count::<false>(places, shape, node.at(), SPREADS_ONLY);
    }

    /// In place of [`Occupancy::release`], for a pod that [`Occupancy::terminate`] was told of.
    #[inline]
    pub fn release_terminated(&mut self, places: &Places, shape: ShapeId, node: NodeId) {
        self.hold::<false>(places, shape, node.at());
        self.count::<false>(places, shape, node.at(), ALL_BUT_SPREADS);
        self.settle(places, node.at());
    }

    /// The node takes pods: it came up, or was uncordoned. A simulated node that was not there comes with its daemon pods.
    pub fn open(&mut self, places: &Places, node: NodeId) {
        self.become_(places, node.at(), State::Open);
    }

    /// Cordoned: takes no pods but those that tolerate it.
    pub fn shut(&mut self, places: &Places, node: NodeId) {
        if self.rooms[node.at()].state == State::Open {
            self.become_(places, node.at(), State::Shut);
        }
    }

    /// Takes nothing, tolerations or not: it is being reimaged or deleted.
    pub fn down(&mut self, places: &Places, node: NodeId) {
        self.become_(places, node.at(), State::Down);
    }

    /// The node is gone and makes up no domain any more; a simulated one's daemon pods go with it. Its other pods are to be released
    /// by whoever bound them, best before: until then they count in their domains.
    pub fn remove(&mut self, places: &Places, node: NodeId) {
        self.become_(places, node.at(), State::Absent);
    }

    fn become_(&mut self, places: &Places, node: usize, state: State) {
        let before = self.rooms[node].state;
        if before == state {
            return;
        }
        self.rooms[node].state = state;
        for view in 0..places.views.count {
            let domain = places.views.domain(node, view as u32);
            if domain == NOWHERE {
                continue;
            }
            let honoured = places.views.honoured[view];
            let place = (places.views.starts[view] + domain) as usize;
            match (is_in(honoured, before), is_in(honoured, state)) {
                (false, true) => {
                    self.present[place] += 1;
                    self.domains[view] += u32::from(self.present[place] == 1);
                }
                (true, false) => {
                    self.present[place] -= 1;
                    self.domains[view] -= u32::from(self.present[place] == 0);
                }
                _ => {}
            }
        }
        for counter in &places.by_node {
            let domain = places.views.domain(node, counter.view);
            if domain == NOWHERE {
                continue;
            }
            let honoured = places.views.honoured[counter.view as usize];
            let pods = self.by_node[node * places.by_node.len() + counter.by_node as usize];
            let count = &mut self.counts[(counter.base + domain) as usize];
            match (is_in(honoured, before), is_in(honoured, state)) {
                (false, true) => *count += pods,
                (true, false) => *count -= pods,
                _ => {}
            }
        }
        // Its daemon pods hold their share of a simulated node even while it is not there: nobody looks at it then.
        let daemons = places.comes_with(NodeId::new(node));
        if before == State::Absent {
            for shape in daemons {
                self.count::<true>(places, *shape, node, EVERY);
            }
        } else if state == State::Absent {
            for shape in daemons {
                self.count::<false>(places, *shape, node, EVERY);
            }
        }
        self.seat(places, node);
    }

    /// Takes the seat on the board that goes with the node's state.
    fn seat(&mut self, places: &Places, node: usize) {
        let room = self.rooms[node];
        let classes = places.classes.count();
        let class = places.classes.of[node] as usize;
        let place = places.classes.place[node];
        if room.seat != NO {
            self.board.take(room.seat as usize, room.level, place);
        }
        let seat = match room.state {
            State::Open => Some(class),
            State::Shut if places.seats > classes => Some(classes + class),
            State::Shut | State::Down | State::Absent => None,
        };
        let level = places.level(node, room.cpu, room.memory, room.pods);
        if let Some(seat) = seat {
            self.board.put(seat, level, place);
        }
        let room = &mut self.rooms[node];
        room.seat = seat.map_or(NO, |seat| seat as u32);
        room.level = if seat.is_some() { level } else { 0 };
    }

    /// Moves to the level that goes with what is free.
    #[inline]
    fn settle(&mut self, places: &Places, node: usize) {
        let room = &mut self.rooms[node];
        if room.seat == NO {
            return;
        }
        let level = places.level(node, room.cpu, room.memory, room.pods);
        if level != room.level {
            let place = places.classes.place[node];
            let (seat, before) = (room.seat as usize, room.level);
            room.level = level;
            self.board.take(seat, before, place);
            self.board.put(seat, level, place);
        }
    }

    /// Resources, ports, volumes.
    #[inline]
    fn hold<const TAKE: bool>(&mut self, places: &Places, shape: ShapeId, node: usize) {
        let want = &places.wants[shape.at()];
        let room = &mut self.rooms[node];
        // Amounts are bounded, sums of absurdly many of them wrap: taking and giving back stay each other's opposite.
        if TAKE {
            room.cpu = room.cpu.wrapping_sub(want.cpu);
            room.memory = room.memory.wrapping_sub(want.memory);
            room.pods = room.pods.wrapping_sub(1);
        } else {
            room.cpu = room.cpu.wrapping_add(want.cpu);
            room.memory = room.memory.wrapping_add(want.memory);
            room.pods = room.pods.wrapping_add(1);
        }
        if want.more != NO {
            self.hold_more::<TAKE>(places, want.more, node);
        }
    }

    fn hold_more<const TAKE: bool>(&mut self, places: &Places, more: u32, node: usize) {
        let more = &places.more[more as usize];
        for (resource, amount) in &more.others {
            let free = &mut self.others[node * places.resources.len() + *resource as usize];
            *free = if TAKE {
                free.wrapping_sub(*amount)
            } else {
                free.wrapping_add(*amount)
            };
        }
        for port in &more.ports {
            change::<TAKE>(&mut self.ports[node * places.ports.excludes.len() + *port as usize]);
        }
        for volume in &more.attached {
            let attached =
                &mut self.attached[node * places.attachments.drivers + volume.driver as usize];
            if volume.shared == ALONE {
                change::<TAKE>(attached);
                continue;
            }
            let mounted =
                &mut self.mounted[node * places.attachments.shared + volume.shared as usize];
            let before = *mounted;
            change::<TAKE>(mounted);
            if before == 0 || *mounted == 0 {
                change::<TAKE>(attached);
            }
        }
    }

    /// Whatever counts pods.
    #[inline]
    fn count<const TAKE: bool>(&mut self, places: &Places, shape: ShapeId, node: usize, which: u8) {
        let more = places.wants[shape.at()].more;
        if more == NO {
            return;
        }
        let rules = places.more[more as usize].rules;
        if rules == NO {
            return;
        }
        let rules = &places.rules[rules as usize];
        let (spreads, others) = rules.counted.split_at(rules.spread_counted);
        if which != ALL_BUT_SPREADS {
            self.count_each::<TAKE>(places, spreads, node);
        }
        if which != SPREADS_ONLY {
            self.count_each::<TAKE>(places, others, node);
        }
    }

    fn count_each<const TAKE: bool>(&mut self, places: &Places, counters: &[Counter], node: usize) {
        for counter in counters {
            let domain = places.views.domain(node, counter.view);
            if domain == NOWHERE {
                continue;
            }
            if counter.by_node != NOT_BY_NODE {
                let place = node * places.by_node.len() + counter.by_node as usize;
                change::<TAKE>(&mut self.by_node[place]);
                let honoured = places.views.honoured[counter.view as usize];
                if !is_in(honoured, self.rooms[node].state) {
                    continue;
                }
            }
            change::<TAKE>(&mut self.counts[(counter.base + domain) as usize]);
        }
    }

    /// How free a node is.
    pub(super) fn level(&self, places: &Places, node: usize) -> u8 {
        let room = &self.rooms[node];
        let level = places.level(node, room.cpu, room.memory, room.pods);
        debug_assert!(usize::from(level) < LEVELS);
        level
    }
}

/// What is released more often than it was bound stays at nothing.
#[inline]
fn change<const TAKE: bool>(count: &mut u32) {
    *count = if TAKE {
        count.saturating_add(1)
    } else {
        debug_assert!(*count > 0, "released what was never bound");
        count.saturating_sub(1)
    };
}

/// Whether a node in this state counts for a view.
#[inline]
fn is_in(honoured: Option<Honoured>, state: State) -> bool {
    match (state, honoured) {
        (State::Absent, _) => false,
        (State::Shut, Some(taints)) => taints.cordon,
        (State::Down, Some(taints)) => taints.not_ready,
        _ => true,
    }
}
