//! Reads a log and judges every line of it by Kubernetes's and AKS's rules, with its own books of pods, budgets, nodes and addresses.
//! Believes the engine nothing but the order and the seconds of what it tells; of the setting it takes durations, and which number
//! stands for which new node.

macro_rules! must {
    ($holds:expr, $($words:tt)*) => {
        if !$holds {
            return Err(format!($($words)*));
        }
    };
}

#[path = "checker/evictions.rs"]
mod evictions;
#[path = "checker/groups.rs"]
mod groups;
#[path = "checker/nodes.rs"]
mod nodes;
#[path = "checker/rest.rs"]
mod rest;
#[path = "checker/successors.rs"]
mod successors;

use super::kubernetes::{
    Filter, Terms, before_it, budgets_of, filter, is_finished, share_of, terms_of,
};
use super::room::Room;
use aksplan::disruption::DrainOptions;
use aksplan::model::{Cluster, KubernetesState};
use aksplan::simulate::{Ended, Happening, Operation, Setting, What};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Ready,
    Starting(u32),
    /// Not ready, and nothing makes it so.
    Broken,
    /// Looks for a node.
    Waits,
    /// Evicted; its controller has not made another yet.
    Between {
        evicted: u32,
        gone: Option<u32>,
    },
    /// Killed where it is, by a reimage; it comes back with its node.
    Down,
    Over,
}

#[derive(Debug, Clone)]
struct PodBook {
    doing: Doing,
    node: Option<usize>,
    /// The one that was read, not a replacement.
    first: bool,
    /// It, or the one it replaces, was not ready for good.
    broken: bool,
    refused: Option<(usize, u32)>,
    hopeless: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Idle,
    Draining(u32),
    Drained(u32),
    Reimaging(u32),
    Through,
    Failed,
    Quarantined,
}

#[derive(Debug, Clone)]
struct NodeBook {
    doing: Stage,
    group: Option<usize>,
    pool: usize,
    /// Costs as the new kind.
    new_kind: bool,
    made: bool,
    asked: bool,
}

#[derive(Debug, Clone)]
struct GroupBook {
    pool: Option<usize>,
    begun: Option<u32>,
    ended: Option<u32>,
    failed: bool,
    surge: u32,
    surge_up: u32,
    taken: usize,
    quarantined: u32,
    removing: bool,
}

/// Whether durations are medians, so that they can be told to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durations {
    Medians,
    Drawn,
}

pub struct Checker<'a> {
    cluster: &'a Cluster,
    state: &'a KubernetesState,
    setting: &'a Setting<'a>,
    options: DrainOptions,
    durations: Durations,
    terms: Vec<Terms>,
    /// Of each pod.
    budgets: Vec<Vec<usize>>,
    ordered_before: Vec<Vec<usize>>,
    room: Room<'a>,
    /// Evicted pods that are still there: pod, node, since when, and whether they were being deleted before.
    ending: Vec<(usize, usize, u32, bool)>,
    pods: Vec<PodBook>,
    nodes: Vec<NodeBook>,
    groups: Vec<GroupBook>,
    /// Since when a budget would let a ready pod go.
    open_since: Vec<Option<u32>>,
    /// Granted to pods that were not ready, in this second.
    not_ready_granted: Vec<i64>,
    held: Vec<(i64, i64)>,
    told: Vec<Option<(u32, u32)>>,
    peaks: Vec<(u64, u64)>,
    evictions: u32,
    /// The autoscaler found no addresses for a step.
    step_refused: bool,
    /// By workload, fewest ready pods.
    lowest: Vec<u32>,
    /// By workload: whether it had a ready pod, how many now, and seconds without any since.
    ready: Vec<(bool, u32, u32)>,
    at: u32,
}

type Law = Result<(), String>;

impl<'a> Checker<'a> {
    pub fn new(setting: &'a Setting<'a>, durations: Durations) -> Self {
        let (cluster, state) = (setting.population.cluster, setting.population.state);
        let count = state.disruption_budgets.len();
        let pool_of_node: Vec<usize> = state
            .nodes
            .iter()
            .map(|node| {
                let name = &node.labels["kubernetes.azure.com/agentpool"];
                let position = cluster.pools.iter().position(|pool| pool.name == *name);
                position.expect("every node's pool is there")
            })
            .collect();
        let members = |pool: usize| -> Vec<usize> {
            (0..state.nodes.len())
                .filter(|node| pool_of_node[*node] == pool)
                .collect()
        };
        let mut room = Room::new(state);
        let mut nodes: Vec<NodeBook> = pool_of_node
            .iter()
            .map(|pool| NodeBook {
                doing: Stage::Idle,
                group: None,
                pool: *pool,
                new_kind: false,
                made: false,
                asked: true,
            })
            .collect();
        let mut make = |pool: usize, first: u32, many: u32, group: Option<usize>| {
            assert_eq!(
                first as usize,
                nodes.len(),
                "new nodes are numbered in order"
            );
            for number in 0..many {
                room.make(&members(pool), number as usize);
                nodes.push(NodeBook {
                    doing: Stage::Idle,
                    group,
                    pool,
                    new_kind: true,
                    made: true,
                    asked: false,
                });
            }
        };
        let pools: Vec<usize> = match &setting.operation {
            Operation::Drain(_) => Vec::new(),
            Operation::Upgrade { pools } => pools.iter().map(|pool| pool.at()).collect(),
            Operation::Move { .. } => (0..cluster.pools.len()).collect(),
        };
        let mut groups: Vec<GroupBook> = pools
            .iter()
            .filter(|pool| !members(**pool).is_empty())
            .map(|pool| Some(*pool))
            .chain(matches!(setting.operation, Operation::Drain(_)).then_some(None))
            .map(|pool| GroupBook {
                pool,
                begun: None,
                ended: None,
                failed: false,
                surge: 0,
                surge_up: 0,
                taken: 0,
                quarantined: 0,
                removing: false,
            })
            .collect();
        groups.truncate(setting.groups.len());
        for (position, group) in groups.iter().enumerate() {
            if let Some(pool) = group.pool {
                let many = wanted_surge(&cluster.pools[pool], members(pool).len());
                if many > 0 {
                    make(
                        pool,
                        setting.groups[position].first_surge,
                        many,
                        Some(position),
                    );
                }
            }
        }
        for growing in &setting.growing {
            make(growing.pool.at(), growing.first, growing.most, None);
        }
        for (position, group) in setting.groups.iter().enumerate() {
            for node in &group.nodes {
                nodes[node.at()].group = Some(position);
            }
        }
        let newest = newest(state);
        let pods = state
            .pods
            .iter()
            .map(|pod| {
                let doing = if is_finished(pod) {
                    Doing::Over
                } else if pod.node_name.is_none() {
                    Doing::Waits
                } else if pod.ready {
                    Doing::Ready
                } else if newest - pod.created_at.map_or(0, |at| at.as_second()) <= 600 {
                    Doing::Starting(0)
                } else {
                    Doing::Broken
                };
                PodBook {
                    doing,
                    node: pod
                        .node_name
                        .as_ref()
                        .and_then(|name| state.nodes.iter().position(|node| node.name == *name)),
                    first: true,
                    broken: false,
                    refused: None,
                    hopeless: false,
                }
            })
            .collect();
        Checker {
            cluster,
            state,
            setting,
            options: match &setting.operation {
                Operation::Drain(drain) => drain.options.clone(),
                _ => DrainOptions::aks(),
            },
            durations,
            terms: (0..count).map(|budget| terms_of(state, budget)).collect(),
            budgets: state
                .pods
                .iter()
                .map(|pod| budgets_of(state, pod))
                .collect(),
            ordered_before: (0..state.pods.len())
                .map(|pod| before_it(state, pod))
                .collect(),
            room,
            ending: Vec::new(),
            pods,
            nodes,
            groups,
            open_since: vec![None; count],
            not_ready_granted: vec![0; count],
            held: setting
                .ranges
                .iter()
                .map(|range| (range.held as i64, range.held as i64))
                .collect(),
            told: vec![None; setting.ranges.len()],
            peaks: setting
                .ranges
                .iter()
                .map(|range| (range.held, range.held))
                .collect(),
            evictions: 0,
            step_refused: false,
            lowest: vec![u32::MAX; setting.population.workloads.len()],
            ready: Vec::new(),
            at: 0,
        }
    }

    /// Reads the whole log.
    pub fn check(mut self, ended: &Ended, log: &[Happening]) -> Law {
        self.look_at_budgets();
        for (line, happening) in log.iter().enumerate() {
            self.read(*happening).map_err(|why| {
                format!(
                    "line {line}, second {}: {:?}: {why}",
                    happening.at, happening.what
                )
            })?;
        }
        self.end(ended).map_err(|why| format!("at the end: {why}"))
    }

    fn look_at_budgets(&mut self) {
        let mut ready = vec![0; self.lowest.len()];
        for (pod, book) in self.pods.iter().enumerate() {
            let leaving = book.first && self.state.pods[pod].deleting_at.is_some();
            if let Some(workload) = self.setting.population.pods[pod].workload
                && book.doing == Doing::Ready
                && !leaving
            {
                ready[workload.at()] += 1;
            }
        }
        if self.ready.is_empty() {
            self.ready = vec![(false, 0, 0); ready.len()];
        }
        for (known, ready) in self.ready.iter_mut().zip(&ready) {
            known.0 |= *ready > 0;
            known.1 = *ready;
        }
        for (lowest, ready) in self.lowest.iter_mut().zip(ready) {
            *lowest = (*lowest).min(ready);
        }
        for budget in 0..self.terms.len() {
            self.open_since[budget] = match (self.lets_go(budget), self.open_since[budget]) {
                (true, None) => Some(self.at),
                (true, since) => since,
                (false, _) => None,
            };
        }
    }

    fn is_draining(&self, node: usize) -> bool {
        matches!(self.nodes[node].doing, Stage::Draining(_))
    }

    fn evictable(&self, node: usize) -> Vec<usize> {
        (0..self.pods.len())
            .filter(|pod| self.pods[*pod].node == Some(node))
            .filter(|pod| filter(&self.state.pods[*pod], &self.options) == Filter::Evict)
            .collect()
    }

    fn leaving_from(&self, node: usize) -> usize {
        self.ending
            .iter()
            .filter(|(_, there, ..)| *there == node)
            .count()
    }

    fn group_of(&self, node: usize) -> Result<usize, String> {
        let group = self.nodes[node].group;
        group.ok_or_else(|| "the node is no part of the operation".to_string())
    }

    fn read(&mut self, Happening { at, what }: Happening) -> Law {
        must!(at >= self.at, "time goes backwards, from {}", self.at);
        if at > self.at {
            self.second_is_over(at)?;
            for (had_one, now, none) in &mut self.ready {
                if *had_one && *now == 0 {
                    *none += at - self.at;
                }
            }
            self.at = at;
            self.not_ready_granted.fill(0);
            self.look_at_budgets();
        }
        self.happens(what)?;
        self.look_at_budgets();
        Ok(())
    }

    fn is_pool(&self, node: usize) -> bool {
        self.nodes[node]
            .group
            .is_some_and(|group| self.groups[group].pool.is_some())
    }

    fn happens(&mut self, what: What) -> Law {
        match what {
            What::GroupBegins(group) => self.group_begins(usize::from(group)),
            What::SurgeAsked(group, nodes) => self.surge_asked(usize::from(group), nodes),
            What::SurgeRefused(group, nodes) => {
                let pool = self.groups[usize::from(group)]
                    .pool
                    .ok_or("a drain does not surge")?;
                must!(!self.fits(pool, nodes), "{nodes} nodes fit");
                Ok(())
            }
            What::NodeUp(node) => self.node_up(node.at()),
            What::Cordoned(node) => {
                must!(
                    !self.room.hosts[node.at()].cordoned,
                    "it is cordoned already"
                );
                self.group_of(node.at())?;
                self.room.hosts[node.at()].cordoned = true;
                Ok(())
            }
            What::DrainBegins(node) => self.drain_begins(node.at()),
            What::Refused(pod, budget) => self.refused(pod.at(), budget.at()),
            What::SeveralBudgets(pod) => {
                let pod = pod.at();
                self.is_asked(pod)?;
                must!(
                    self.budgets[pod].len() > 1,
                    "it has budgets {:?}",
                    self.budgets[pod]
                );
                must!(!self.goes_unasked(pod), "no budget is asked");
                self.pods[pod].hopeless = true;
                Ok(())
            }
            What::Evicted(pod, budget) => self.granted(pod.at(), budget.at()),
            What::EvictedFreely(pod) => self.goes_freely(pod.at()),
            What::Deleted(pod) => self.deleted(pod.at()),
            What::Killed(pod) => self.killed(pod.at()),
            What::NoAddresses(node, range) => self.no_addresses(node.at(), usize::from(range)),
            What::Gone(pod, node) => self.gone(pod.at(), node.at()),
            What::Departed(pod, node) => self.departed(pod.at(), node.at()),
            What::Placed(pod, node) => self.placed(pod.at(), node.at()),
            What::Unplaceable(pod) => {
                let pod = pod.at();
                self.is_made(pod)?;
                let takers = self.room.takers(pod);
                must!(takers.is_empty(), "nodes {takers:?} take it");
                self.pods[pod].doing = Doing::Waits;
                Ok(())
            }
            What::Ready(pod) => self.ready(pod.at()),
            What::Drained(node) => self.drained(node.at()),
            What::ReimageBegins(node) => self.reimage_begins(node.at()),
            What::Reimaged(node) => self.reimaged(node.at()),
            What::DrainTimedOut(node) => {
                let node = node.at();
                let Stage::Draining(since) = self.nodes[node].doing else {
                    return Err("it is not being drained".to_string());
                };
                let limit = self.timeout(self.group_of(node)?);
                must!(
                    limit > 0 && self.at == since + limit,
                    "since {since}, limit {limit}"
                );
                self.nodes[node].doing = Stage::Failed;
                Ok(())
            }
            What::Quarantined(node) => self.quarantined(node.at()),
            What::Uncordoned(node) => {
                let node = node.at();
                must!(
                    self.nodes[node].doing == Stage::Failed,
                    "its drain did not fail"
                );
                self.room.hosts[node].cordoned = false;
                Ok(())
            }
            What::DrainFailed(node) => {
                let node = node.at();
                let left = self.evictable(node);
                must!(self.is_draining(node), "it is not being drained");
                must!(
                    !left.is_empty() && left.iter().all(|pod| self.pods[*pod].hopeless),
                    "pods {left:?} are left"
                );
                must!(self.leaving_from(node) == 0, "pods are still ending");
                self.nodes[node].doing = Stage::Failed;
                Ok(())
            }
            What::DrainRefused(node) => {
                let node = node.at();
                let refused = (0..self.pods.len()).any(|pod| {
                    self.pods[pod].node == Some(node)
                        && filter(&self.state.pods[pod], &self.options) == Filter::Refuse
                });
                must!(refused, "nothing on it keeps a drain away");
                let group = self.group_of(node)?;
                self.groups[group].taken += 1;
                self.nodes[node].doing = Stage::Failed;
                Ok(())
            }
            What::Removed(node) => self.removed(node.at()),
            What::GroupEnds(group) => self.group_ends(usize::from(group)),
            What::GroupFails(group) => {
                let group = &mut self.groups[usize::from(group)];
                must!(!group.failed && group.ended.is_none(), "it is over");
                group.failed = true;
                Ok(())
            }
            What::ScaleUp(pool, nodes) => self.scale_up(pool.at(), nodes),
            What::ScaleUpRefused(pool, nodes) => {
                self.step_refused = true;
                must!(!self.fits(pool.at(), nodes), "{nodes} nodes fit");
                Ok(())
            }
            What::AtCeiling(pool) => {
                let free = self.nodes.iter().filter(|node| {
                    node.pool == pool.at() && node.made && node.group.is_none() && !node.asked
                });
                must!(free.count() == 0, "it may still grow");
                Ok(())
            }
            What::Addresses(range, low, high) => {
                let range = usize::from(range);
                self.told[range] = Some((low, high));
                let peak = &mut self.peaks[range];
                *peak = (peak.0.max(u64::from(low)), peak.1.max(u64::from(high)));
                Ok(())
            }
        }
    }
}

fn must_ok(holds: bool, why: &str) -> Law {
    if holds { Ok(()) } else { Err(why.to_string()) }
}

/// UPG-1, UPG-2, UPG-12.
pub fn wanted_surge(pool: &aksplan::model::NodePool, nodes: usize) -> u32 {
    if pool.spot {
        return 0;
    }
    let nodes = nodes as u64;
    let share = match pool.upgrade.max_surge {
        None => share_of(aksplan::model::IntOrPercent::Percent(10), nodes),
        Some(amount) => share_of(amount, nodes),
    };
    share.min(nodes) as u32
}

fn newest(state: &KubernetesState) -> i64 {
    let instants = state
        .pods
        .iter()
        .flat_map(|pod| [pod.created_at, pod.ready_changed_at])
        .flatten();
    instants.map(|at| at.as_second()).max().unwrap_or(0)
}
