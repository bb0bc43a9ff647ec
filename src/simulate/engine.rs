//! The discrete-event engine: one clock, one budget ledger, one occupancy, whatever number of pools goes through the operation. It is
//! told the setting and where chance comes from, and asks nothing else: the same two give the same run.
//!
//! `pods` (eviction, replacement, readiness) · `nodes` (cordon, drain, soak, reimage, removal) · `groups` (surge, batches, failure) ·
//! `autoscaler` · `addresses`. In these loops nothing is hashed and nothing is allocated once lists have grown to their size.

mod addresses;
mod autoscaler;
mod groups;
mod nodes;
mod pods;

use super::chance::Chance;
use super::log::{Group, Happening, What};
use super::queue::Queue;
use super::setting::{Operation, Setting};
use crate::disruption::Ledger;
use crate::placement::Occupancy;
use crate::population::{BudgetId, NodeId, Phase, PodId, ShapeId};

/// No node, no pod.
const NONE: u32 = u32::MAX;
/// It has not happened.
const NEVER: u32 = u32::MAX;

/// Kinds of draws.
const CONTROL_PLANE: u8 = 0;
const POD_START: u8 = 1;
const POD_STOP: u8 = 2;
const NODE_CREATE: u8 = 3;
const NODE_REIMAGE: u8 = 4;
const NODE_DELETE: u8 = 5;
/// A pod that is younger and not Ready is starting; an older one is taken to be broken. Seconds.
const STILL_STARTING: i64 = 10 * 60;

/// Something that is due. Small and plain: millions of them pass.
#[derive(Debug, Clone, Copy)]
enum Event {
    Begin(Group),
    /// Try to evict; of this incarnation of the pod.
    Try(PodId, u16),
    /// The evicted pod ends on this node.
    Gone(PodId, NodeId),
    /// A pod that was being deleted when the state was read ends.
    Departed(PodId),
    /// Its controller makes the replacement.
    Make(PodId, u16),
    /// It becomes Ready.
    Up(PodId, u16),
    NodeUp(NodeId),
    TimedOut(NodeId),
    Soaked(NodeId),
    Reimaged(NodeId),
    Deleted(NodeId),
    /// Emptied by `kubectl drain`.
    Done(NodeId),
    Scan,
    /// The disruption controller has looked at this budget again.
    Look(BudgetId),
}

/// What a pod is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PodNow {
    Ready,
    /// Bound, and will be Ready.
    Starting,
    /// Bound, not Ready, and nothing says it ever will be.
    NotReady,
    /// Wants a node.
    Unplaced,
    /// Evicted; its replacement is not made yet.
    Coming,
    /// Nobody makes it again, or it had finished.
    Over,
}

/// What a node is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NodeNow {
    /// Not made, or deleted.
    Absent,
    /// Asked for.
    Booting,
    Serving,
    Cordoned,
    Draining,
    Soaking,
    Reimaging,
    /// Drained and left cordoned: the end of a `kubectl drain`.
    Emptied,
    Quarantined,
    Deleting,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GroupPhase {
    Waiting,
    Surging,
    Rolling,
    /// Surge nodes are drained and deleted.
    Removing,
    Ended,
    /// No further node is taken; those under way are finished.
    Failing,
    Failed,
}

#[derive(Debug, Clone, Copy)]
struct GroupNow {
    phase: GroupPhase,
    /// Nodes that may be taken now.
    tokens: u32,
    /// Next of its nodes.
    next: u32,
    /// Nodes under way.
    active: u32,
    surge: u32,
    surge_up: u32,
    quarantined: u32,
    /// A node of it was not drained, and the others are taken all the same.
    failed: bool,
    ended_at: u32,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When the last group ended, in seconds; `None`: some group never did.
    pub seconds: Option<u32>,
    /// By group: when it ended; `None`: never.
    pub groups: Vec<Option<u32>>,
    /// By group: it stopped at a failure.
    pub failed: Vec<bool>,
    /// Nodes that were not drained when their time was up, or never.
    pub stuck: Vec<NodeId>,
    /// By range: most addresses held at any second, between both bounds.
    pub peaks: Vec<(u64, u64)>,
    pub evictions: u32,
    /// By workload: fewest ready pods.
    pub lowest_ready: Vec<u32>,
    /// By workload: seconds without any ready pod since it first had one, to the end of the run.
    pub none_ready: Vec<u32>,
    /// Pods that were evicted, and whose replacement has no node at the end.
    pub unplaced: u32,
}

/// One run after the other in the same memory.
pub struct Engine<'s, 'p> {
    setting: &'s Setting<'p>,
    chance: Chance,
    queue: Queue<Event>,
    occupancy: Occupancy,
    ledger: Ledger,

    // By pod.
    pod_node: Vec<u32>,
    pod_now: Vec<PodNow>,
    /// Incarnation: how many times it was replaced.
    pod_time: Vec<u16>,
    pod_next: Vec<u32>,
    pod_before: Vec<u32>,
    /// First attempt of the present drain; `NEVER`: none.
    pod_tried: Vec<u32>,
    /// In a budget's line.
    pod_waits: Vec<bool>,
    /// It was not Ready when it joined the line.
    pod_waits_unready: Vec<bool>,
    /// Stood deleted in the snapshot.
    pod_deleting: Vec<bool>,
    /// Was not Ready when it was evicted: its replacement is taken not to be either.
    pod_is_broken: Vec<bool>,
    /// Place in `order`; `NONE`: it is made without regard to others.
    order_place: Vec<u32>,
    /// Its replacement was due, and waits for pods before it.
    pod_held: Vec<bool>,

    // By node.
    node_now: Vec<NodeNow>,
    node_first: Vec<u32>,
    /// Pods that the drain still has to evict.
    node_left: Vec<u32>,
    /// Pods that end on it.
    node_ending: Vec<u32>,
    node_group: Vec<Group>,
    /// Already the new kind.
    node_is_new: Vec<bool>,
    /// Its drain did not end in time, or never.
    node_failed: Vec<bool>,

    // By budget.
    /// Pods whose eviction it refused and that try again.
    lines: Vec<Vec<PodId>>,
    /// Of these, how many were not Ready when they joined.
    unready_in_line: Vec<u32>,
    /// Of these, how many were told to try again and have not yet.
    woken: Vec<u32>,

    // By shape.
    unplaced: Vec<Vec<PodId>>,
    unplaced_shapes: Vec<ShapeId>,
    unplaced_count: u32,
    /// Of these, pods whose place depends on where others are.
    unplaced_linked: u32,
    /// Replacements that are being made or started.
    coming: u32,

    // By workload.
    ready: Vec<u32>,
    lowest_ready: Vec<u32>,
    none_ready: Vec<u32>,
    /// Since when there is none any more; `NEVER`: there is one, or there never was.
    none_since: Vec<u32>,
    /// Of an ordered StatefulSet, the place in `order` of its first pod that is not Ready.
    order_ready: Vec<u32>,

    /// Pods of ordered StatefulSets: of one after the other, each by its ordinals.
    order: Vec<PodId>,

    groups: Vec<GroupNow>,
    /// Groups that are not over, and will be.
    open_groups: usize,

    // By range.
    held: Vec<(u64, u64)>,
    peaks: Vec<(u64, u64)>,

    // By growing pool: nodes made, and until when it is left alone.
    grown: Vec<u32>,
    rests_until: Vec<u32>,
    refused_steps: Vec<u32>,
    /// By growing pool and shape: pods of it that one new node takes; `NONE`: not asked yet.
    alone: Vec<u32>,
    scanning: bool,
    at_ceiling_told: Vec<bool>,

    evictions: u32,
    recording: bool,
    log: Vec<Happening>,
    start: Vec<Pod>,
}

/// A pod as it stands at the start; copied for every run.
#[derive(Clone, Copy)]
struct Pod {
    node: u32,
    now: PodNow,
}

impl<'s, 'p> Engine<'s, 'p> {
    pub fn new(setting: &'s Setting<'p>) -> Self {
        let population = setting.population;
        let (pods, nodes) = (population.pods.len(), setting.places.node_count());
        let workloads = population.workloads.len();
        let budgets = population.state.disruption_budgets.len();
        let shapes = population.shapes.len();
        let (order, order_place) = order(setting);
        Engine {
            setting,
            chance: Chance::Median,
            queue: Queue::new(),
            occupancy: setting.first.occupancy.clone(),
            ledger: setting.first.ledger.clone(),
            pod_node: vec![NONE; pods],
            pod_now: vec![PodNow::Over; pods],
            pod_time: vec![0; pods],
            pod_next: vec![NONE; pods],
            pod_before: vec![NONE; pods],
            pod_tried: vec![NEVER; pods],
            pod_waits: vec![false; pods],
            pod_waits_unready: vec![false; pods],
            pod_deleting: vec![false; pods],
            pod_is_broken: vec![false; pods],
            pod_held: vec![false; pods],
            node_now: vec![NodeNow::Absent; nodes],
            node_first: vec![NONE; nodes],
            node_left: vec![0; nodes],
            node_ending: vec![0; nodes],
            node_group: vec![Group::MAX; nodes],
            node_is_new: vec![false; nodes],
            node_failed: vec![false; nodes],
            lines: vec![Vec::new(); budgets],
            unready_in_line: vec![0; budgets],
            woken: vec![0; budgets],
            unplaced: vec![Vec::new(); shapes],
            unplaced_shapes: Vec::new(),
            unplaced_count: 0,
            unplaced_linked: 0,
            coming: 0,
            ready: vec![0; workloads],
            lowest_ready: vec![0; workloads],
            none_ready: vec![0; workloads],
            none_since: vec![NEVER; workloads],
            order_ready: vec![0; workloads],
            order_place,
            order,
            groups: Vec::with_capacity(setting.groups.len()),
            open_groups: 0,
            held: Vec::with_capacity(setting.ranges.len()),
            peaks: Vec::with_capacity(setting.ranges.len()),
            grown: vec![0; setting.growing.len()],
            rests_until: vec![0; setting.growing.len()],
            refused_steps: vec![0; setting.growing.len()],
            alone: vec![NONE; setting.growing.len() * shapes],
            scanning: false,
            at_ceiling_told: vec![false; setting.growing.len()],
            evictions: 0,
            recording: false,
            log: Vec::new(),
            start: starts(setting),
        }
    }

    /// One run with every duration at its median, and all that happened in it.
    pub fn record(&mut self) -> (Ended, Vec<Happening>) {
        self.recording = true;
        let ended = self.run(Chance::Median);
        self.recording = false;
        (ended, std::mem::take(&mut self.log))
    }

    /// The `future`-th future of a seed, and all that happened in it.
    pub fn record_future(&mut self, seed: u64, future: u64) -> (Ended, Vec<Happening>) {
        self.recording = true;
        let ended = self.run(Chance::of(seed, future));
        self.recording = false;
        (ended, std::mem::take(&mut self.log))
    }

    /// The `future`-th future of a seed.
    pub fn future(&mut self, seed: u64, future: u64) -> Ended {
        self.run(Chance::of(seed, future))
    }

    fn run(&mut self, chance: Chance) -> Ended {
        self.reset(chance);
        let lead = match self.setting.operation {
            Operation::Drain(_) => 0,
            Operation::Upgrade { .. } | Operation::Move { .. } => {
                let table = &self.setting.timing.tables.control_plane;
                table[usize::from(self.chance.draw(CONTROL_PLANE, 0, 0))]
            }
        };
        let groups = if self.setting.together {
            self.groups.len()
        } else {
            self.groups.len().min(1)
        };
        for group in 0..groups {
            self.queue.push(lead, Event::Begin(group as Group));
        }
        let mut second = 0;
        while let Some(event) = self.queue.pop() {
            if self.queue.now() != second {
                second = self.queue.now();
                self.ledger.settle();
            }
            match event {
                Event::Begin(group) => self.begin(group),
                Event::Try(pod, time) => self.try_eviction(pod, time),
                Event::Gone(pod, node) => self.gone(pod, node),
                Event::Departed(pod) => self.departed(pod),
                Event::Make(pod, time) => self.make(pod, time),
                Event::Up(pod, time) => self.up(pod, time),
                Event::NodeUp(node) => self.node_up(node),
                Event::TimedOut(node) => self.timed_out(node),
                Event::Soaked(node) => self.reimage(node),
                Event::Reimaged(node) => self.reimaged(node),
                Event::Deleted(node) => self.deleted(node),
                Event::Done(node) => self.node_done(node),
                Event::Scan => self.scan(),
                Event::Look(budget) => self.wake(budget),
            }
            if self.is_over() {
                break;
            }
        }
        self.close_books();
        self.ended()
    }

    /// The operation is over when every group is, or one failed that others would have followed. What pods do afterwards belongs to
    /// the run while replacements are still coming up, or nodes for them.
    #[inline]
    fn is_over(&self) -> bool {
        let grows = self.scanning && self.unplaced_count > 0;
        self.open_groups == 0 && self.coming == 0 && !grows
    }

    fn ended(&self) -> Ended {
        let ends: Vec<Option<u32>> = self
            .groups
            .iter()
            .map(|group| (group.ended_at != NEVER).then_some(group.ended_at))
            .collect();
        let failed: Vec<bool> = self
            .groups
            .iter()
            .map(|group| {
                group.failed || matches!(group.phase, GroupPhase::Failed | GroupPhase::Failing)
            })
            .collect();
        let stuck = (0..self.node_now.len())
            .filter(|node| {
                matches!(
                    self.node_now[*node],
                    NodeNow::Draining | NodeNow::Quarantined
                ) || self.node_failed[*node]
            })
            .map(NodeId::new)
            .collect();
        Ended {
            seconds: if failed.contains(&true) {
                None
            } else {
                ends.iter()
                    .copied()
                    .collect::<Option<Vec<u32>>>()
                    .map(|ends| ends.into_iter().max().unwrap_or(0))
            },
            groups: ends,
            failed,
            stuck,
            peaks: self.peaks.clone(),
            evictions: self.evictions,
            lowest_ready: self.lowest_ready.clone(),
            none_ready: self.none_ready(),
            unplaced: self
                .unplaced_shapes
                .iter()
                .flat_map(|shape| &self.unplaced[shape.at()])
                .filter(|pod| self.pod_time[pod.at()] > 0)
                .count() as u32,
        }
    }

    /// With what is not over at the end of the run.
    fn none_ready(&self) -> Vec<u32> {
        let now = self.queue.now();
        let counted = self.none_ready.iter().zip(&self.none_since);
        counted
            .map(|(seconds, since)| match *since {
                NEVER => *seconds,
                since => seconds + (now - since),
            })
            .collect()
    }

    /// Back to the start. Copies; allocates nothing after the first time.
    fn reset(&mut self, chance: Chance) {
        let setting = self.setting;
        let population = setting.population;
        self.chance = chance;
        self.queue.clear();
        self.occupancy.clone_from(&setting.first.occupancy);
        self.ledger.clone_from(&setting.first.ledger);
        self.log.clear();
        self.pod_time.fill(0);
        self.pod_tried.fill(NEVER);
        self.pod_waits.fill(false);
        self.pod_waits_unready.fill(false);
        self.unready_in_line.fill(0);
        self.pod_is_broken.fill(false);
        self.pod_next.fill(NONE);
        self.pod_before.fill(NONE);
        self.node_first.fill(NONE);
        self.node_left.fill(0);
        self.node_ending.fill(0);
        self.node_group.fill(Group::MAX);
        self.node_is_new.fill(false);
        self.node_failed.fill(false);
        self.lines.iter_mut().for_each(Vec::clear);
        self.woken.fill(0);
        self.unplaced.iter_mut().for_each(Vec::clear);
        self.unplaced_shapes.clear();
        self.unplaced_count = 0;
        self.unplaced_linked = 0;
        self.coming = 0;
        self.ready.fill(0);
        self.pod_held.fill(false);
        self.grown.fill(0);
        self.rests_until.fill(0);
        self.refused_steps.fill(0);
        self.scanning = false;
        self.at_ceiling_told.fill(false);
        self.evictions = 0;
        for node in 0..self.node_now.len() {
            self.node_now[node] = match population.nodes.get(node) {
                Some(facts) if facts.schedulable => NodeNow::Serving,
                Some(_) => NodeNow::Cordoned,
                None => NodeNow::Absent,
            };
        }
        self.groups.clear();
        self.open_groups = setting.groups.len();
        for (position, group) in setting.groups.iter().enumerate() {
            for node in &group.nodes {
                self.node_group[node.at()] = position as Group;
            }
            for surge in 0..group.surge {
                self.node_group[(group.first_surge + surge) as usize] = position as Group;
            }
            self.groups.push(GroupNow {
                phase: GroupPhase::Waiting,
                tokens: 0,
                next: 0,
                active: 0,
                surge: 0,
                surge_up: 0,
                quarantined: 0,
                failed: false,
                ended_at: NEVER,
            });
        }
        self.held.clear();
        self.held
            .extend(setting.ranges.iter().map(|range| (range.held, range.held)));
        self.peaks.clone_from(&self.held);
        // The last first: lists of nodes then stand in order.
        for position in (0..self.start.len()).rev() {
            let Pod { node, now } = self.start[position];
            self.pod_now[position] = now;
            self.pod_node[position] = NONE;
            if node != NONE {
                self.link(PodId(position as u32), NodeId(node));
            }
        }
        for position in 0..self.start.len() {
            let facts = &population.pods[position];
            self.pod_deleting[position] = facts.deleting;
            if facts.deleting && self.start[position].node != NONE {
                self.will_depart(PodId(position as u32));
            }
            match self.start[position].now {
                PodNow::Ready => {
                    if let Some(workload) = facts.workload.filter(|_| !facts.deleting) {
                        self.ready[workload.at()] += 1;
                    }
                }
                PodNow::Starting => {
                    self.coming += 1;
                    self.starts_up(PodId(position as u32));
                }
                PodNow::Unplaced => self.wants_node(PodId(position as u32)),
                PodNow::NotReady | PodNow::Coming | PodNow::Over => {}
            }
        }
        self.lowest_ready.clone_from(&self.ready);
        self.none_ready.fill(0);
        self.none_since.fill(NEVER);
        let mut before = None;
        for place in 0..self.order.len() {
            let workload = population.pods[self.order[place].at()].workload;
            if let Some(workload) = workload.filter(|_| workload != before) {
                self.order_ready[workload.at()] = place as u32;
                self.look_for_the_next(workload);
            }
            before = workload;
        }
        if self.recording {
            for range in 0..self.held.len() {
                self.tell_addresses(range as u16);
            }
        }
        // Some were only just made when the cluster was read.
        self.place_waiting();
    }

    #[inline]
    fn tell(&mut self, what: What) {
        if self.recording {
            self.log.push(Happening {
                at: self.queue.now(),
                what,
            });
        }
    }
}

/// Pods of ordered StatefulSets, and the place of each pod among them.
fn order(setting: &Setting) -> (Vec<PodId>, Vec<u32>) {
    let population = setting.population;
    let mut order: Vec<PodId> = population
        .pod_ids()
        .filter(|pod| setting.ordinals[pod.at()] != u32::MAX)
        .collect();
    order.sort_by_key(|pod| {
        (
            population.pods[pod.at()].workload,
            setting.ordinals[pod.at()],
        )
    });
    let mut places = vec![NONE; population.pods.len()];
    for (place, pod) in order.iter().enumerate() {
        places[pod.at()] = place as u32;
    }
    (order, places)
}

/// How each pod stands in the snapshot.
fn starts(setting: &Setting) -> Vec<Pod> {
    let population = setting.population;
    population
        .pods
        .iter()
        .zip(&population.state.pods)
        .map(|(facts, pod)| {
            let now = match (facts.phase, facts.node, facts.ready) {
                (phase, ..) if phase.is_finished() => PodNow::Over,
                (_, None, _) if pod.node_name.is_none() && !facts.deleting => PodNow::Unplaced,
                // Bound to a node that was not read: nothing can be said of it.
                (_, None, _) => PodNow::NotReady,
                (_, _, true) => PodNow::Ready,
                _ => {
                    let age = setting
                        .now
                        .zip(pod.created_at)
                        .map(|(now, created)| now.as_second() - created.as_second());
                    match age {
                        Some(age) if age <= STILL_STARTING && !facts.deleting => PodNow::Starting,
                        _ if facts.phase == Phase::Pending && age.is_none() => PodNow::Starting,
                        _ => PodNow::NotReady,
                    }
                }
            };
            Pod {
                node: facts.node.map_or(NONE, |node| node.0),
                now,
            }
        })
        .collect()
}
