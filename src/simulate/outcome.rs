//! What a recorded run comes to, worked out from its log alone: by node, by pod, by workload, by range, and the chain of waits that
//! made it as long as it was. Words are the report's business.

use super::engine::Ended;
use super::holds::{Hold, holds};
use super::log::{Group, Happening, What};
use super::setting::Setting;
use crate::population::{BudgetId, NodeId, PodFacts, PodId, Remade, WorkloadId};
use std::collections::BTreeSet;

/// A recorded run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub ended: Ended,
    pub groups: Vec<GroupOutcome>,
    /// Every node that the operation is about, surge nodes and the autoscaler's among them, by number.
    pub nodes: Vec<NodeOutcome>,
    /// Every pod that something happened to, by number.
    pub pods: Vec<PodOutcome>,
    /// Workloads whose number of ready pods changed, by number.
    pub workloads: Vec<WorkloadOutcome>,
    pub ranges: Vec<RangeOutcome>,
    /// What budgets held back, hold by hold.
    pub holds: Vec<Hold>,
    /// From the first wait to the last: what made the run as long as it was.
    pub critical_path: Vec<PathStep>,
    pub log: Vec<Happening>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupOutcome {
    pub began: Option<u32>,
    /// First node taken.
    pub rolling: Option<u32>,
    pub ended: Option<u32>,
    pub failed: bool,
    /// Surge nodes asked for; fewer than the setting's where they did not fit.
    pub surge: u32,
    pub surge_refused: Option<u32>,
}

/// How a node's part ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeEnd {
    /// Reimaged, or drained where nothing more was asked for.
    Done,
    /// A surge node, deleted again.
    Removed,
    /// A new node that stays.
    Added,
    /// Cordoned for good, with its pods (UPG-9).
    Quarantined,
    /// Its drain timed out; takes pods again, or stays cordoned after `kubectl drain`.
    TimedOut,
    /// The eviction of one of its pods failed for good, and kubectl does not ask again (EV-2).
    Failed,
    /// Reimaged, and never Ready: no addresses for it.
    NoAddresses,
    /// `kubectl drain` refuses it before anything is evicted.
    Refused,
    /// Still being drained when nothing more could happen.
    Stuck,
    /// Never taken: something before it failed.
    NotReached,
}

impl NodeEnd {
    pub fn key(self) -> &'static str {
        match self {
            NodeEnd::Done => "done",
            NodeEnd::Removed => "removed",
            NodeEnd::Added => "added",
            NodeEnd::Quarantined => "quarantined",
            NodeEnd::TimedOut => "timed_out",
            NodeEnd::Failed => "failed",
            NodeEnd::NoAddresses => "no_addresses",
            NodeEnd::Refused => "refused",
            NodeEnd::Stuck => "stuck",
            NodeEnd::NotReached => "not_reached",
        }
    }
}

/// A pod that a drain waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    pub pod: PodId,
    /// The budget that refused it; `None`: it only took its time to end, or has more than one budget.
    pub budget: Option<BudgetId>,
    /// First refusal, or the eviction where there was none.
    pub since: u32,
    /// Eviction; `None`: never.
    pub evicted: Option<u32>,
    /// Its end; `None`: never.
    pub until: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeOutcome {
    pub node: NodeId,
    pub group: Group,
    /// From 1 on: nodes taken before it, by as many as go at a time. 0: a surge node or the autoscaler's.
    pub batch: u32,
    /// Cordoned, or asked for.
    pub began: Option<u32>,
    pub drained: Option<u32>,
    pub reimaging: Option<u32>,
    pub ended: Option<u32>,
    pub end: NodeEnd,
    pub evicted: u32,
    /// The pod whose end the drain waited for last, or still does.
    pub waited_for: Option<Wait>,
}

/// How a pod came out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodEnd {
    /// Its replacement is Ready.
    Replaced,
    /// Its replacement is on a node, and not Ready: it was not before either, or nothing more happened.
    NotReady,
    /// Its replacement is not made: a lower ordinal of its StatefulSet comes first.
    NotMade,
    /// Its replacement fits on no node.
    Unplaced,
    /// Nobody makes it again.
    Lost,
    /// It had finished.
    Cleared,
    /// Refused until the end.
    Blocked,
    /// More than one budget (EV-2).
    SeveralBudgets,
    /// Never evicted: ended and came back with its node.
    Restarted,
}

impl PodEnd {
    pub fn key(self) -> &'static str {
        match self {
            PodEnd::Replaced => "replaced",
            PodEnd::NotReady => "not_ready",
            PodEnd::NotMade => "not_made",
            PodEnd::Unplaced => "unplaced",
            PodEnd::Lost => "lost",
            PodEnd::Cleared => "cleared",
            PodEnd::Blocked => "blocked",
            PodEnd::SeveralBudgets => "several_budgets",
            PodEnd::Restarted => "restarted",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodOutcome {
    pub pod: PodId,
    pub evictions: u32,
    /// First eviction.
    pub evicted: Option<u32>,
    /// Seconds its evictions were refused in all: a sum where it was held more than once.
    pub waited: u32,
    /// How often a budget held it, for a second or longer.
    pub holds: u32,
    /// Seconds of the longest of them.
    pub longest_hold: u32,
    /// The budget that refused it last.
    pub budget: Option<BudgetId>,
    /// Where it, or the last of its replacements, is.
    pub node: Option<NodeId>,
    /// When that became Ready.
    pub ready: Option<u32>,
    pub end: PodEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkloadOutcome {
    pub workload: WorkloadId,
    pub ready_before: u32,
    pub lowest: u32,
    pub lowest_at: u32,
    pub ready_after: u32,
    /// Seconds with fewer ready pods than before.
    pub reduced: u32,
    /// Seconds without any ready pod, until the end of the run.
    pub down: u32,
    /// The run ends with fewer than before: both numbers of seconds go on.
    pub until_end: bool,
}

/// Addresses held, from one change to the next: between `least` and `most` (MIG-22).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub at: u32,
    pub least: u32,
    pub most: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeOutcome {
    pub over_time: Vec<Held>,
    pub peak: Held,
}

/// One link of the critical path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathStep {
    /// The control plane's part, before the first pool.
    Lead { until: u32 },
    /// Surge nodes come up.
    Surge { group: Group, from: u32, until: u32 },
    /// A node is drained, soaked and reimaged.
    Node { node: NodeId, from: u32, until: u32 },
    /// Replacements become Ready after the last node is done.
    Settling { from: u32, until: u32 },
}

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Trace {
    touched: bool,
    /// Of the pod that was evicted last, while its replacement may be refused already: since when it was, and by which budget.
    was_refused: u32,
    was_budget: u32,
    evictions: u32,
    first: u32,
    refused: u32,
    budget: u32,
    waited: u32,
    last: u32,
    node: u32,
    ready: u32,
    end: PodEnd,
}

impl Outcome {
    /// Reads the log once.
    pub fn of(setting: &Setting, ended: Ended, log: Vec<Happening>) -> Self {
        let mut reading = Reading::new(setting);
        for happening in &log {
            reading.read(*happening);
        }
        reading.close(setting, ended, log)
    }
}

/// Ready pods of a workload while the log is read.
#[derive(Clone, Copy, Default)]
struct Watched {
    before: u32,
    now: u32,
    lowest: u32,
    lowest_at: u32,
    since: u32,
    reduced: u32,
    down: u32,
    changed: bool,
}

impl Watched {
    fn becomes(&mut self, at: u32, ready: u32) {
        let passed = at - self.since;
        if self.now < self.before {
            self.reduced += passed;
        }
        if self.now == 0 && self.before > 0 {
            self.down += passed;
        }
        self.since = at;
        self.now = ready;
        self.changed = true;
        if ready < self.lowest {
            self.lowest = ready;
            self.lowest_at = at;
        }
    }
}

fn counts_as_ready(pod: &PodFacts) -> bool {
    pod.ready && !pod.deleting && !pod.phase.is_finished() && pod.node.is_some()
}

struct Reading<'s, 'p> {
    setting: &'s Setting<'p>,
    pods: Vec<Trace>,
    nodes: Vec<NodeOutcome>,
    groups: Vec<GroupOutcome>,
    taken: Vec<u32>,
    workloads: Vec<Watched>,
    is_ready: Vec<bool>,
    ranges: Vec<RangeOutcome>,
    at: u32,
}

impl<'s, 'p> Reading<'s, 'p> {
    fn new(setting: &'s Setting<'p>) -> Self {
        let population = setting.population;
        let mut workloads = vec![Watched::default(); population.workloads.len()];
        for pod in &population.pods {
            if let Some(workload) = pod.workload
                && counts_as_ready(pod)
            {
                workloads[workload.at()].before += 1;
            }
        }
        for workload in &mut workloads {
            workload.now = workload.before;
            workload.lowest = workload.before;
        }
        let untouched = Trace {
            touched: false,
            was_refused: NONE,
            was_budget: NONE,
            evictions: 0,
            first: NONE,
            refused: NONE,
            budget: NONE,
            waited: 0,
            last: NONE,
            node: NONE,
            ready: NONE,
            end: PodEnd::Replaced,
        };
        let nodes = (0..setting.places.node_count())
            .map(|node| NodeOutcome {
                node: NodeId::new(node),
                group: Group::MAX,
                batch: 0,
                began: None,
                drained: None,
                reimaging: None,
                ended: None,
                end: NodeEnd::NotReached,
                evicted: 0,
                waited_for: None,
            })
            .collect();
        let mut reading = Reading {
            setting,
            pods: population
                .pods
                .iter()
                .map(|pod| Trace {
                    node: pod.node.map_or(NONE, |node| node.0),
                    ..untouched
                })
                .collect(),
            nodes,
            groups: vec![GroupOutcome::default(); setting.groups.len()],
            taken: vec![0; setting.groups.len()],
            workloads,
            is_ready: population.pods.iter().map(counts_as_ready).collect(),
            ranges: vec![
                RangeOutcome {
                    over_time: Vec::new(),
                    peak: Held {
                        at: 0,
                        least: 0,
                        most: 0
                    },
                };
                setting.ranges.len()
            ],
            at: 0,
        };
        for (position, group) in setting.groups.iter().enumerate() {
            let surge = group.first_surge..group.first_surge + group.surge;
            for node in group.nodes.iter().map(|node| node.0).chain(surge) {
                reading.nodes[node as usize].group = position as Group;
            }
        }
        reading
    }

    fn touch(&mut self, pod: PodId) -> &mut Trace {
        let trace = &mut self.pods[pod.at()];
        trace.touched = true;
        trace
    }

    fn ready_changes(&mut self, pod: PodId, ready: bool) {
        if std::mem::replace(&mut self.is_ready[pod.at()], ready) == ready {
            return;
        }
        if let Some(workload) = self.setting.population.pods[pod.at()].workload {
            let watched = &mut self.workloads[workload.at()];
            let count = if ready {
                watched.now + 1
            } else {
                watched.now - 1
            };
            watched.becomes(self.at, count);
        }
    }

    fn evicted(&mut self, pod: PodId, budget: Option<BudgetId>) {
        let at = self.at;
        let facts = &self.setting.population.pods[pod.at()];
        let departing = facts.deleting && self.pods[pod.at()].evictions == 0;
        let remade = facts.remade(departing);
        let trace = self.touch(pod);
        trace.evictions += 1;
        trace.first = trace.first.min(at);
        trace.was_refused = trace.refused;
        trace.was_budget = trace.budget;
        if trace.refused != NONE {
            trace.waited += at - trace.refused;
            trace.refused = NONE;
        }
        if let Some(budget) = budget {
            trace.budget = budget.0;
        }
        trace.last = at;
        trace.end = match remade {
            Remade::NotNeeded => PodEnd::Cleared,
            Remade::Never => PodEnd::Lost,
            Remade::AtOnce | Remade::WhenGone => PodEnd::NotMade,
        };
        let node = std::mem::replace(&mut trace.node, NONE);
        trace.ready = NONE;
        if node != NONE {
            self.nodes[node as usize].evicted += 1;
        }
        self.ready_changes(pod, false);
    }

    fn read(&mut self, Happening { at, what }: Happening) {
        self.at = at;
        match what {
            What::GroupBegins(group) => self.groups[usize::from(group)].began = Some(at),
            What::SurgeAsked(group, nodes) => {
                self.groups[usize::from(group)].surge = nodes;
                let first = self.setting.group(group).first_surge;
                for node in first..first + nodes {
                    self.nodes[node as usize].began = Some(at);
                }
            }
            What::SurgeRefused(group, nodes) => {
                self.groups[usize::from(group)]
                    .surge_refused
                    .get_or_insert(nodes);
            }
            What::NodeUp(node) => {
                let node = &mut self.nodes[node.at()];
                node.began.get_or_insert(at);
                node.end = NodeEnd::Added;
            }
            What::DrainBegins(node) | What::DrainRefused(node) => {
                let is_surge = node.at() >= self.setting.population.nodes.len();
                let outcome = &mut self.nodes[node.at()];
                outcome.end = NodeEnd::Stuck;
                if matches!(what, What::DrainRefused(_)) {
                    outcome.end = NodeEnd::Refused;
                    outcome.ended = Some(at);
                }
                let group = usize::from(outcome.group);
                if !is_surge {
                    outcome.began = Some(at);
                    let setting = &self.setting.groups[group];
                    let surge = self.groups[group].surge;
                    let width = if surge > 0 {
                        surge
                    } else {
                        setting.unavailable
                    };
                    outcome.batch = self.taken[group] / width.max(1) + 1;
                    self.taken[group] += 1;
                    self.groups[group].rolling.get_or_insert(at);
                }
            }
            What::Refused(pod, budget) => {
                let trace = self.touch(pod);
                trace.refused = at;
                trace.budget = budget.0;
                trace.end = PodEnd::Blocked;
            }
            What::SeveralBudgets(pod) => {
                let trace = self.touch(pod);
                // What a budget refused before is refused since then.
                trace.refused = trace.refused.min(at);
                trace.end = PodEnd::SeveralBudgets;
            }
            What::Evicted(pod, budget) => self.evicted(pod, Some(budget)),
            What::EvictedFreely(pod) | What::Deleted(pod) => self.evicted(pod, None),
            What::Killed(pod) => {
                let trace = self.touch(pod);
                trace.end = PodEnd::Restarted;
                trace.ready = NONE;
                self.ready_changes(pod, false);
            }
            What::Gone(pod, node) => {
                let trace = &mut self.pods[pod.at()];
                let wait = Wait {
                    pod,
                    budget: (trace.was_refused != NONE && trace.was_budget != NONE)
                        .then_some(BudgetId(trace.was_budget)),
                    since: trace.was_refused.min(trace.last),
                    evicted: (trace.last != NONE).then_some(trace.last),
                    until: Some(at),
                };
                let node = &mut self.nodes[node.at()];
                if node.end == NodeEnd::Stuck {
                    node.waited_for = Some(wait);
                }
            }
            What::Departed(pod, _) => self.pods[pod.at()].node = NONE,
            What::Placed(pod, node) => {
                let trace = self.touch(pod);
                trace.node = node.0;
                trace.end = PodEnd::NotReady;
            }
            What::Unplaceable(pod) => self.touch(pod).end = PodEnd::Unplaced,
            What::Ready(pod) => {
                let trace = self.touch(pod);
                trace.ready = at;
                // Ready again while its old self still ends, or Ready and refused: the former is a replacement, the latter is not.
                if !matches!(
                    trace.end,
                    PodEnd::Restarted | PodEnd::Blocked | PodEnd::SeveralBudgets
                ) {
                    trace.end = PodEnd::Replaced;
                }
                self.ready_changes(pod, true);
            }
            What::Drained(node) => {
                let node = &mut self.nodes[node.at()];
                node.drained = Some(at);
                node.end = NodeEnd::Done;
                node.ended = Some(at);
            }
            What::ReimageBegins(node) => self.nodes[node.at()].reimaging = Some(at),
            What::Reimaged(node) => self.nodes[node.at()].ended = Some(at),
            What::NoAddresses(node, _) => {
                let node = &mut self.nodes[node.at()];
                node.end = NodeEnd::NoAddresses;
                node.ended = Some(at);
            }
            What::DrainTimedOut(node) | What::DrainFailed(node) => {
                let node = &mut self.nodes[node.at()];
                node.end = if matches!(what, What::DrainFailed(_)) {
                    NodeEnd::Failed
                } else {
                    NodeEnd::TimedOut
                };
                node.ended = Some(at);
                let node = node.node;
                self.give_up(node);
            }
            What::Quarantined(node) => self.nodes[node.at()].end = NodeEnd::Quarantined,
            What::Removed(node) => {
                let node = &mut self.nodes[node.at()];
                node.end = NodeEnd::Removed;
                node.ended = Some(at);
            }
            What::GroupEnds(group) => self.groups[usize::from(group)].ended = Some(at),
            What::GroupFails(group) => self.groups[usize::from(group)].failed = true,
            What::Addresses(range, least, most) => {
                let range = &mut self.ranges[usize::from(range)];
                let held = Held { at, least, most };
                match range.over_time.last_mut() {
                    Some(last) if last.at == at => *last = held,
                    _ => range.over_time.push(held),
                }
                if (most, least) > (range.peak.most, range.peak.least) {
                    range.peak = held;
                }
            }
            What::Cordoned(_)
            | What::Uncordoned(_)
            | What::ScaleUp(..)
            | What::ScaleUpRefused(..)
            | What::AtCeiling(_) => {}
        }
    }

    /// Nobody asks for the eviction of this node's pods any more.
    fn give_up(&mut self, node: NodeId) {
        for position in 0..self.pods.len() {
            if self.pods[position].node == node.0 {
                self.waits_in_vain(position);
            }
        }
    }

    /// A pod that is refused at this moment waited until now, and was not evicted.
    fn waits_in_vain(&mut self, position: usize) {
        let trace = &mut self.pods[position];
        if trace.refused == NONE {
            return;
        }
        let since = std::mem::replace(&mut trace.refused, NONE);
        trace.waited += self.at - since;
        let Some(node) = self.nodes.get_mut(trace.node as usize) else {
            return;
        };
        let is_through = matches!(node.end, NodeEnd::Done | NodeEnd::Removed);
        if !is_through && node.waited_for.is_none_or(|wait| wait.until.is_some()) {
            node.waited_for = Some(Wait {
                pod: PodId::new(position),
                budget: (trace.budget != NONE && trace.end != PodEnd::SeveralBudgets)
                    .then_some(BudgetId(trace.budget)),
                since,
                evicted: None,
                until: None,
            });
        }
    }

    fn close(mut self, setting: &Setting, ended: Ended, log: Vec<Happening>) -> Outcome {
        let last = self.at;
        // What is still refused waits to the end of the run.
        for position in 0..self.pods.len() {
            self.waits_in_vain(position);
        }
        let workloads = self
            .workloads
            .iter_mut()
            .enumerate()
            .filter(|(_, watched)| watched.changed)
            .map(|(position, watched)| {
                let now = watched.now;
                watched.becomes(last, now);
                WorkloadOutcome {
                    workload: WorkloadId::new(position),
                    ready_before: watched.before,
                    lowest: watched.lowest,
                    lowest_at: watched.lowest_at,
                    ready_after: watched.now,
                    reduced: watched.reduced,
                    down: watched.down,
                    until_end: watched.now < watched.before,
                }
            })
            .collect();
        let holds = holds(setting, &log);
        let mut held = vec![(0, 0); self.pods.len()];
        for hold in holds.iter().filter(|hold| hold.seconds() > 0) {
            let (times, longest) = &mut held[hold.pod.at()];
            *times += 1;
            *longest = hold.seconds().max(*longest);
        }
        let pods = self
            .pods
            .iter()
            .enumerate()
            // One that only started, or got its first node, was no business of the operation's.
            .filter(|(_, trace)| {
                trace.touched
                    && (trace.evictions > 0
                        || !matches!(trace.end, PodEnd::Replaced | PodEnd::NotReady))
            })
            .map(|(position, trace)| PodOutcome {
                pod: PodId::new(position),
                evictions: trace.evictions,
                evicted: (trace.first != NONE).then_some(trace.first),
                waited: trace.waited,
                holds: held[position].0,
                longest_hold: held[position].1,
                budget: (trace.budget != NONE
                    && (trace.waited > 0 || matches!(trace.end, PodEnd::Blocked)))
                .then_some(BudgetId(trace.budget)),
                node: (trace.node != NONE).then_some(NodeId(trace.node)),
                ready: (trace.ready != NONE).then_some(trace.ready),
                end: trace.end,
            })
            .collect();
        let nodes: Vec<NodeOutcome> = self
            .nodes
            .into_iter()
            .filter(|node| node.group != Group::MAX || node.began.is_some())
            .filter(|node| node.node.at() < setting.population.nodes.len() || node.began.is_some())
            .collect();
        let critical_path = critical_path(&self.groups, &nodes, last);
        Outcome {
            ended,
            groups: self.groups,
            nodes,
            pods,
            workloads,
            ranges: self.ranges,
            holds,
            critical_path,
            log,
        }
    }
}

/// Backwards from the node that ended last: each began when another of its group gave its buffer free.
fn critical_path(groups: &[GroupOutcome], nodes: &[NodeOutcome], last: u32) -> Vec<PathStep> {
    // A node that was given up took its time as well, and one that is still stuck takes all that is left.
    let end_of = |node: &NodeOutcome| match node.end {
        NodeEnd::Stuck => Some(last),
        // Nothing of the run's length is theirs.
        NodeEnd::Added | NodeEnd::NotReached | NodeEnd::Refused => None,
        _ => node.ended,
    };
    let ended = |node: &&NodeOutcome| end_of(node).is_some();
    let Some(mut here) = nodes
        .iter()
        .filter(ended)
        .max_by_key(|node| (end_of(node), std::cmp::Reverse(node.node)))
    else {
        return Vec::new();
    };
    let mut path = Vec::new();
    if let Some(end) = here.ended
        && end < last
        && matches!(here.end, NodeEnd::Done | NodeEnd::Removed)
    {
        path.push(PathStep::Settling {
            from: end,
            until: last,
        });
    }
    let mut walked = BTreeSet::new();
    loop {
        walked.insert(here.node);
        let until = end_of(here).unwrap_or(last);
        // A surge node's life is long; its last part, the drain, begins when the last other node is done.
        let is_surge = here.batch == 0;
        let others = nodes
            .iter()
            .filter(|node| node.group == here.group && node.batch > 0)
            // Nodes that took no time follow one another in a circle: each is a link once.
            .filter(|node| !walked.contains(&node.node))
            .filter(ended);
        let before = if is_surge {
            others.max_by_key(|node| (end_of(node), std::cmp::Reverse(node.node)))
        } else {
            let mut others = others;
            others.find(|node| node.ended == here.began)
        };
        let from = match (is_surge, before) {
            (true, Some(before)) => end_of(before).unwrap_or(until),
            _ => here.began.unwrap_or(until),
        };
        path.push(PathStep::Node {
            node: here.node,
            from,
            until,
        });
        if let Some(before) = before {
            here = before;
            continue;
        }
        let group = groups[usize::from(here.group)];
        let began = group.began.unwrap_or(from);
        if began < from {
            path.push(PathStep::Surge {
                group: here.group,
                from: began,
                until: from,
            });
        }
        // The group before it, where groups follow one another.
        let previous = nodes
            .iter()
            .filter(ended)
            .filter(|node| node.group < here.group && node.ended == Some(began))
            .min_by_key(|node| node.node);
        match previous {
            Some(node) => here = node,
            None => {
                if began > 0 {
                    path.push(PathStep::Lead { until: began });
                }
                break;
            }
        }
    }
    path.reverse();
    path
}
