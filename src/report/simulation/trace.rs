//! What the log of a run shows over time: what every node is doing when, and how many pods of every workload are Ready. One pass;
//! judges nothing.

use crate::population::{NodeId, PodId, WorkloadId};
use crate::simulate::{Outcome, Setting, What};

/// What a node is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Its drain failed; the stretch is the rest of the run.
    Failed,
    /// At least one of its pods is refused by a budget.
    Held,
    Drained,
    Reimaged,
    Soaks,
    /// Asked for, and not Ready yet.
    Boots,
    /// A surge node, Ready.
    Serves,
}

impl Phase {
    pub const ALL: [Phase; 7] = [
        Phase::Failed,
        Phase::Held,
        Phase::Drained,
        Phase::Reimaged,
        Phase::Soaks,
        Phase::Boots,
        Phase::Serves,
    ];

    pub fn key(self) -> &'static str {
        match self {
            Phase::Failed => "failed",
            Phase::Held => "held_by_budget",
            Phase::Drained => "draining",
            Phase::Reimaged => "reimaging",
            Phase::Soaks => "soaking",
            Phase::Boots => "booting",
            Phase::Serves => "surge",
        }
    }
}

/// A stretch of a node's time, in seconds from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub phase: Phase,
    pub from: u32,
    pub until: u32,
}

/// What the log shows over time.
pub struct Trace {
    /// By node, those a simulation makes among them.
    pub nodes: Vec<Vec<Stretch>>,
    /// By workload: number of Ready pods from each second on, first at 0.
    pub ready: Vec<Vec<(u32, u32)>>,
    /// When the log ends.
    pub end: u32,
}

const NONE: u32 = u32::MAX;

/// A node while the log is read: since when it is in a phase.
#[derive(Clone, Copy)]
struct Open {
    drained: u32,
    held: u32,
    soaks: u32,
    reimaged: u32,
    boots: u32,
    serves: u32,
    failed: u32,
    waiting: u32,
}

struct Reading<'s, 'p> {
    setting: &'s Setting<'p>,
    open: Vec<Open>,
    trace: Trace,
    /// By pod: where it is, whether it is Ready, whether a budget refuses it.
    node: Vec<u32>,
    is_ready: Vec<bool>,
    refused: Vec<bool>,
    at: u32,
}

impl Trace {
    pub fn of(setting: &Setting, outcome: &Outcome) -> Self {
        let mut reading = Reading::new(setting);
        for happening in &outcome.log {
            reading.at = happening.at;
            reading.read(happening.what);
        }
        reading.close()
    }

    /// Since when a workload has no Ready pod, to the end; `None`: it has one then.
    pub fn none_since(&self, workload: WorkloadId) -> Option<u32> {
        self.fewer_since(workload, 1)
    }

    /// Since when a workload has fewer Ready pods than so many, to the end; `None`: it has as many then.
    pub fn fewer_since(&self, workload: WorkloadId, wanted: u32) -> Option<u32> {
        let changes = &self.ready[workload.at()];
        let fewer = changes
            .iter()
            .rev()
            .take_while(|(_, ready)| *ready < wanted);
        fewer.last().map(|(at, _)| *at)
    }

    /// Ready pods of a workload at a second.
    pub fn ready_at(&self, workload: WorkloadId, second: u32) -> u32 {
        let changes = &self.ready[workload.at()];
        let after = changes.partition_point(|(at, _)| *at <= second);
        after
            .checked_sub(1)
            .and_then(|last| changes.get(last))
            .map_or(0, |(_, ready)| *ready)
    }
}

impl<'s, 'p> Reading<'s, 'p> {
    fn new(setting: &'s Setting<'p>) -> Self {
        let population = setting.population;
        let nodes = setting.places.node_count();
        let is_ready: Vec<bool> = population
            .pods
            .iter()
            .map(|pod| pod.ready && !pod.deleting && !pod.phase.is_finished() && pod.node.is_some())
            .collect();
        let mut ready = vec![vec![(0, 0)]; population.workloads.len()];
        for (pod, is_ready) in population.pods.iter().zip(&is_ready) {
            if let (Some(workload), true) = (pod.workload, is_ready) {
                ready[workload.at()][0].1 += 1;
            }
        }
        let closed = Open {
            drained: NONE,
            held: NONE,
            soaks: NONE,
            reimaged: NONE,
            boots: NONE,
            serves: NONE,
            failed: NONE,
            waiting: 0,
        };
        Reading {
            setting,
            open: vec![closed; nodes],
            trace: Trace {
                nodes: vec![Vec::new(); nodes],
                ready,
                end: 0,
            },
            node: population
                .pods
                .iter()
                .map(|pod| pod.node.map_or(NONE, |node| node.0))
                .collect(),
            is_ready,
            refused: vec![false; population.pods.len()],
            at: 0,
        }
    }

    fn read(&mut self, what: What) {
        let at = self.at;
        match what {
            What::SurgeAsked(group, nodes) => {
                let first = self.setting.group(group).first_surge;
                for node in first..first + nodes {
                    self.open[node as usize].boots = at;
                }
            }
            What::NodeUp(node) => {
                self.end_phase(node, Phase::Boots);
                self.open[node.at()].serves = at;
            }
            What::DrainBegins(node) => {
                self.end_phase(node, Phase::Serves);
                self.open[node.at()].drained = at;
            }
            What::Refused(pod, _) | What::SeveralBudgets(pod) => self.refuses(pod),
            What::Evicted(pod, _) | What::EvictedFreely(pod) | What::Deleted(pod) => {
                self.lets_go(pod);
                self.becomes(pod, false);
                self.node[pod.at()] = NONE;
            }
            What::Killed(pod) => self.becomes(pod, false),
            What::Ready(pod) => self.becomes(pod, true),
            What::Placed(pod, node) => self.node[pod.at()] = node.0,
            What::Drained(node) => {
                self.end_drain(node);
                self.open[node.at()].soaks = at;
            }
            What::ReimageBegins(node) => {
                self.end_phase(node, Phase::Soaks);
                self.open[node.at()].reimaged = at;
            }
            What::Reimaged(node) => self.end_phase(node, Phase::Reimaged),
            What::Removed(node) => {
                // What a surge node does between its drain and its end is being deleted.
                self.open[node.at()].soaks = NONE;
            }
            What::DrainTimedOut(node)
            | What::DrainFailed(node)
            | What::DrainRefused(node)
            | What::NoAddresses(node, _) => {
                self.end_drain(node);
                self.end_phase(node, Phase::Reimaged);
                self.end_phase(node, Phase::Boots);
                self.open[node.at()].failed = at;
            }
            What::GroupBegins(_)
            | What::SurgeRefused(..)
            | What::Cordoned(_)
            | What::Gone(..)
            | What::Departed(..)
            | What::Unplaceable(_)
            | What::Quarantined(_)
            | What::Uncordoned(_)
            | What::GroupEnds(_)
            | What::GroupFails(_)
            | What::ScaleUp(..)
            | What::ScaleUpRefused(..)
            | What::AtCeiling(_)
            | What::Addresses(..) => {}
        }
    }

    fn end_phase(&mut self, node: NodeId, phase: Phase) {
        let open = &mut self.open[node.at()];
        let since = match phase {
            Phase::Failed => &mut open.failed,
            Phase::Held => &mut open.held,
            Phase::Drained => &mut open.drained,
            Phase::Reimaged => &mut open.reimaged,
            Phase::Soaks => &mut open.soaks,
            Phase::Boots => &mut open.boots,
            Phase::Serves => &mut open.serves,
        };
        let from = std::mem::replace(since, NONE);
        if from != NONE && (from < self.at || phase != Phase::Soaks) {
            self.trace.nodes[node.at()].push(Stretch {
                phase,
                from,
                until: self.at,
            });
        }
    }

    fn end_drain(&mut self, node: NodeId) {
        self.end_phase(node, Phase::Held);
        self.end_phase(node, Phase::Drained);
        self.open[node.at()].waiting = 0;
    }

    fn refuses(&mut self, pod: PodId) {
        let node = self.node[pod.at()];
        if node == NONE || std::mem::replace(&mut self.refused[pod.at()], true) {
            return;
        }
        let open = &mut self.open[node as usize];
        open.waiting += 1;
        if open.held == NONE {
            open.held = self.at;
        }
    }

    fn lets_go(&mut self, pod: PodId) {
        let node = self.node[pod.at()];
        if node == NONE || !std::mem::replace(&mut self.refused[pod.at()], false) {
            return;
        }
        let open = &mut self.open[node as usize];
        open.waiting = open.waiting.saturating_sub(1);
        if open.waiting == 0 {
            self.end_phase(NodeId(node), Phase::Held);
        }
    }

    fn becomes(&mut self, pod: PodId, ready: bool) {
        if std::mem::replace(&mut self.is_ready[pod.at()], ready) == ready {
            return;
        }
        let Some(workload) = self.setting.population.pods[pod.at()].workload else {
            return;
        };
        let changes = &mut self.trace.ready[workload.at()];
        let &(last, count) = changes.last().expect("it begins at 0");
        let count = if ready {
            count + 1
        } else {
            count.saturating_sub(1)
        };
        if last == self.at {
            changes.pop();
        }
        changes.push((self.at, count));
    }

    fn close(mut self) -> Trace {
        for node in (0..self.open.len()).map(NodeId::new) {
            for phase in Phase::ALL {
                // What soaks when all is over was drained for good, and nothing more was asked for.
                if phase != Phase::Soaks {
                    self.end_phase(node, phase);
                }
            }
            self.trace.nodes[node.at()].sort_by_key(|stretch| (stretch.from, stretch.phase));
        }
        self.trace.end = self.at;
        self.trace
    }
}
