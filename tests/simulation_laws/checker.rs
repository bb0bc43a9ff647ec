//! Reads a log and judges every line of it by Kubernetes's and AKS's rules, with its own books of pods, budgets, nodes and addresses.
//! Believes the engine nothing but the order and the seconds of what it tells; of the setting it takes durations, and which number
//! stands for which new node.

use super::kubernetes::{
    Filter, Terms, before_it, budgets_of, filter, is_finished, is_remade, keeps_its_name, share_of,
    terms_of,
};
use super::room::{Room, Seat};
use aksplan::disruption::DrainOptions;
use aksplan::model::{Cluster, KubernetesState, PoolMode};
use aksplan::simulate::setting::RangeKind;
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
enum Doings {
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
    doing: Doings,
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
    /// By workload, fewest ready pods.
    lowest: Vec<u32>,
    at: u32,
}

type Law = Result<(), String>;

macro_rules! must {
    ($holds:expr, $($words:tt)*) => {
        if !$holds {
            return Err(format!($($words)*));
        }
    };
}

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
                doing: Doings::Idle,
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
                    doing: Doings::Idle,
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
            lowest: vec![u32::MAX; setting.population.workloads.len()],
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

    fn healthy(&self, budget: usize) -> i64 {
        let pods = (0..self.pods.len()).filter(|pod| {
            let leaving = self.pods[*pod].first && self.state.pods[*pod].deleting_at.is_some();
            self.pods[*pod].doing == Doing::Ready
                && !leaving
                && self.budgets[*pod].contains(&budget)
        });
        pods.count() as i64
    }

    /// Whether one of its ready pods may be evicted now.
    fn lets_go(&self, budget: usize) -> bool {
        let terms = self.terms[budget];
        let stale = terms.stale && self.at == 0;
        terms.works
            && !stale
            && self.healthy(budget) - self.not_ready_granted[budget] > terms.desired
    }

    /// EV-4: a pod that is not ready goes without a disruption.
    fn lets_unready_go(&self, budget: usize) -> bool {
        let terms = self.terms[budget];
        terms.always_allow
            || (!terms.fails && terms.desired > 0 && self.healthy(budget) >= terms.desired)
    }

    /// EV-1: no budget is asked.
    fn goes_unasked(&self, pod: usize) -> bool {
        let read = &self.state.pods[pod];
        is_finished(read)
            || (self.pods[pod].first
                && (read.deleting_at.is_some()
                    || (read.phase.as_deref() == Some("Pending")
                        && self.pods[pod].doing != Doing::Ready)))
    }

    /// Whether an attempt to evict it would succeed now.
    fn would_go(&self, pod: usize) -> bool {
        if self.goes_unasked(pod) {
            return true;
        }
        match self.budgets[pod].as_slice() {
            [] => true,
            [budget] => {
                self.lets_go(*budget)
                    || (self.pods[pod].doing != Doing::Ready && self.lets_unready_go(*budget))
            }
            _ => false,
        }
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
        matches!(self.nodes[node].doing, Doings::Draining(_))
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
            self.at = at;
            self.not_ready_granted.fill(0);
            self.look_at_budgets();
        }
        self.happens(what)?;
        self.look_at_budgets();
        Ok(())
    }

    /// Nothing more happens in this second: what was due is done.
    fn second_is_over(&self, next: u32) -> Law {
        let timing = &self.setting.timing;
        for pod in 0..self.pods.len() {
            let book = &self.pods[pod];
            match book.doing {
                Doing::Waits => {
                    let takers = self.room.takers(pod);
                    must!(
                        takers.is_empty(),
                        "pod {pod} waits though nodes {takers:?} take it"
                    );
                }
                Doing::Between { evicted, gone } => {
                    let due = if keeps_its_name(&self.state.pods[pod]) {
                        gone.map(|gone| gone + timing.replacement)
                    } else {
                        Some(evicted + timing.replacement)
                    };
                    let before_ready = self.ordered_before[pod]
                        .iter()
                        .all(|other| self.pods[*other].doing == Doing::Ready);
                    must!(
                        due.is_none_or(|due| due >= next) || !before_ready,
                        "pod {pod} was to be made anew at {due:?}"
                    );
                }
                Doing::Starting(since) if self.durations == Durations::Medians => {
                    let due = since + self.start_seconds(pod);
                    must!(due >= next, "pod {pod} was to be ready at {due}");
                }
                _ => {}
            }
            if let (Some((budget, refused)), Some(node)) = (book.refused, book.node)
                && self.is_draining(node)
            {
                // Whoever was told first may have been stopped by the end of its drain; the next one asks within its own five seconds.
                let patience = 2 * timing.retry;
                let open = match self.open_since[budget] {
                    Some(open) if book.doing == Doing::Ready => open.max(refused),
                    _ => continue,
                };
                must!(
                    next <= open + patience,
                    "pod {pod} is refused since {refused}, and budget {budget} would let it go since {open}"
                );
            }
        }
        for node in 0..self.nodes.len() {
            if let Doings::Draining(since) = self.nodes[node].doing {
                let limit = self.timeout(self.group_of(node)?);
                must!(
                    limit == 0 || next <= since + limit,
                    "node {node} drains since {since}, longer than {limit} s"
                );
                let left = self.evictable(node);
                must!(
                    left.iter()
                        .any(|pod| !self.pods[*pod].hopeless || self.is_pool(node))
                        || self.leaving_from(node) > 0,
                    "node {node} is drained, and nobody says so"
                );
            }
        }
        for (position, group) in self.groups.iter().enumerate() {
            let rolling = group.begun.is_some_and(|begun| begun < next)
                && group.ended.is_none()
                && (!group.failed || group.pool.is_none())
                && group.surge_up == group.surge;
            if rolling && !group.removing {
                let nodes = self.setting.groups[position].nodes.len();
                let free = self
                    .buffers(position)
                    .saturating_sub(self.under_way(position));
                must!(
                    group.taken == nodes || free == 0,
                    "group {position} has {free} buffers free and {} nodes to go",
                    nodes - group.taken
                );
            }
        }
        for (range, told) in self.told.iter().enumerate() {
            let (low, high) = self.held[range];
            must!(
                *told == Some((low as u32, high as u32)),
                "range {range} holds {low} to {high}, told were {told:?}"
            );
        }
        Ok(())
    }

    fn is_pool(&self, node: usize) -> bool {
        self.nodes[node]
            .group
            .is_some_and(|group| self.groups[group].pool.is_some())
    }

    fn timeout(&self, group: usize) -> u32 {
        match self.groups[group].pool {
            Some(pool) => {
                60 * self.cluster.pools[pool]
                    .upgrade
                    .drain_timeout_minutes
                    .unwrap_or(30)
            }
            None => self.options.timeout_seconds(None).unwrap_or(0) as u32,
        }
    }

    fn members(&self, group: usize) -> usize {
        (0..self.nodes.len())
            .filter(|node| self.nodes[*node].group == Some(group) && !self.nodes[*node].made)
            .count()
    }

    /// Nodes that may be under way at once.
    fn buffers(&self, position: usize) -> u32 {
        let group = &self.groups[position];
        let members = self.members(position);
        let Some(pool) = group.pool else {
            let Operation::Drain(drain) = &self.setting.operation else {
                unreachable!("only drains have no pool");
            };
            return if drain.together {
                drain.nodes.len() as u32
            } else {
                1
            };
        };
        let pool = &self.cluster.pools[pool];
        if pool.spot {
            return 1;
        }
        if group.surge > 0 {
            return group.surge - group.quarantined.min(group.surge);
        }
        if pool.mode == PoolMode::System {
            return 0;
        }
        pool.upgrade.max_unavailable.map_or(0, |most| {
            share_of(most, members as u64).min(members as u64) as u32
        })
    }

    fn under_way(&self, group: usize) -> u32 {
        let busy = |node: &&NodeBook| {
            node.group == Some(group)
                && !node.made
                && matches!(
                    node.doing,
                    Doings::Draining(_) | Doings::Drained(_) | Doings::Reimaging(_)
                )
        };
        self.nodes.iter().filter(busy).count() as u32
    }

    fn start_seconds(&self, pod: usize) -> u32 {
        let timing = &self.setting.timing;
        match self.setting.population.pods[pod].workload {
            Some(workload) => timing.pod_start[workload.at()].spread.median,
            None => 20,
        }
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
                let Doings::Draining(since) = self.nodes[node].doing else {
                    return Err("it is not being drained".to_string());
                };
                let limit = self.timeout(self.group_of(node)?);
                must!(
                    limit > 0 && self.at == since + limit,
                    "since {since}, limit {limit}"
                );
                self.nodes[node].doing = Doings::Failed;
                Ok(())
            }
            What::Quarantined(node) => self.quarantined(node.at()),
            What::Uncordoned(node) => {
                let node = node.at();
                must!(
                    self.nodes[node].doing == Doings::Failed,
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
                self.nodes[node].doing = Doings::Failed;
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
                self.nodes[node].doing = Doings::Failed;
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

    fn group_begins(&mut self, position: usize) -> Law {
        let lead = match self.setting.operation {
            Operation::Drain(_) => 0,
            _ => self.setting.timing.control_plane.spread.median,
        };
        let at = self.at;
        let together = matches!(self.setting.operation, Operation::Move { .. });
        let medians = self.durations == Durations::Medians;
        if position == 0 {
            must!(!medians || at == lead, "the control plane takes {lead} s");
        } else if together {
            must!(
                self.groups[position - 1].begun == Some(at),
                "pools begin at the same time (MIG-20)"
            );
        } else {
            let before = &self.groups[position - 1];
            must!(
                before.ended.is_some_and(|ended| ended <= at) && !before.failed,
                "the pool before it has not ended (UPG-11)"
            );
        }
        let group = &mut self.groups[position];
        must!(group.begun.is_none(), "twice");
        group.begun = Some(at);
        Ok(())
    }

    fn surge_asked(&mut self, position: usize, nodes: u32) -> Law {
        let pool = self.groups[position].pool.ok_or("a drain does not surge")?;
        let wanted = wanted_surge(&self.cluster.pools[pool], self.members(position));
        must!(
            nodes > 0 && (nodes == wanted || nodes == 1),
            "{wanted} are wanted"
        );
        if nodes < wanted {
            must!(!self.fits(pool, wanted), "{wanted} fit");
            let version = self
                .cluster
                .kubernetes_version
                .expect("the generator writes one");
            must!(
                (version.major, version.minor) >= (1, 35),
                "no fall-back before 1.35 (UPG-6)"
            );
        }
        must!(self.fits(pool, nodes), "they do not fit");
        must!(
            self.groups[position].taken == 0,
            "surge comes first (UPG-3)"
        );
        self.groups[position].surge = nodes;
        let first = self.setting.groups[position].first_surge as usize;
        for node in first..first + nodes as usize {
            self.ask_for(node)?;
        }
        Ok(())
    }

    fn ask_for(&mut self, node: usize) -> Law {
        must!(!self.nodes[node].asked, "node {node} was asked for before");
        self.nodes[node].asked = true;
        for (range, (old, new)) in self.costs(self.nodes[node].pool) {
            self.held[range].0 += old.min(new);
            self.held[range].1 += old.max(new);
        }
        Ok(())
    }

    /// What a node of this pool takes of each range: as the old kind, and as the new one.
    fn costs(&self, pool: usize) -> Vec<(usize, (i64, i64))> {
        let pool = &self.cluster.pools[pool];
        let classic = i64::from(pool.max_pods) - 1;
        let (mode_old, mode_new) = {
            let old = match &self.cluster.network.plugin {
                Some(aksplan::model::NetworkPlugin::Kubenet) => "kubenet",
                _ if self.cluster.network.overlay => "overlay",
                _ => "classic",
            };
            match &self.setting.operation {
                Operation::Move { pod_cidr: Some(_) } => (old, "overlay"),
                _ => (old, old),
            }
        };
        let moves_to = match &self.setting.operation {
            Operation::Move { pod_cidr } => pod_cidr.as_ref(),
            _ => None,
        };
        let in_subnet = |mode: &str| if mode == "classic" { classic } else { 1 };
        let own = self.cluster.network.pod_cidrs.first();
        (0..self.setting.ranges.len())
            .map(|range| {
                let costs = match self.setting.ranges[range].kind {
                    RangeKind::Subnet(_) => (in_subnet(mode_old), in_subnet(mode_new)),
                    // The old kind is in it only if it is the same one.
                    RangeKind::PodCidr if moves_to.is_none() || moves_to == own => (256, 256),
                    RangeKind::PodCidr => (0, 256),
                };
                (range, costs)
            })
            .collect()
    }

    /// A step is taken whole, at the least it may hold.
    fn fits(&self, pool: usize, nodes: u32) -> bool {
        self.costs(pool).into_iter().all(|(range, (old, new))| {
            let room = self.setting.ranges[range].capacity as i64 - self.held[range].0;
            old.min(new) * i64::from(nodes) <= room
        })
    }

    fn node_up(&mut self, node: usize) -> Law {
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

    fn drain_begins(&mut self, node: usize) -> Law {
        let position = self.group_of(node)?;
        must!(self.room.hosts[node].cordoned, "it is not cordoned");
        must!(
            self.nodes[node].doing == Doings::Idle,
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
                    && !matches!(other.doing, Doings::Through | Doings::Quarantined)
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
        self.nodes[node].doing = Doings::Draining(self.at);
        Ok(())
    }

    /// On a node that is being drained, and meant by the drain.
    fn is_asked(&self, pod: usize) -> Result<usize, String> {
        let node = self.pods[pod].node.ok_or("it is on no node")?;
        must_ok(self.room.hosts[node].cordoned, "its node is not cordoned")?;
        must_ok(self.is_draining(node), "its node is not being drained")?;
        must_ok(
            filter(&self.state.pods[pod], &self.options) == Filter::Evict,
            "a drain leaves it alone",
        )?;
        Ok(node)
    }

    fn refused(&mut self, pod: usize, budget: usize) -> Law {
        self.is_asked(pod)?;
        must!(
            self.budgets[pod] == [budget],
            "its budgets are {:?}",
            self.budgets[pod]
        );
        must!(!self.would_go(pod), "its eviction had to be granted");
        must!(self.pods[pod].refused.is_none(), "told before");
        self.pods[pod].refused = Some((budget, self.at));
        Ok(())
    }

    fn granted(&mut self, pod: usize, budget: usize) -> Law {
        let node = self.is_asked(pod)?;
        must!(
            self.budgets[pod] == [budget],
            "its budgets are {:?}",
            self.budgets[pod]
        );
        must!(!self.goes_unasked(pod), "no budget is asked for it (EV-1)");
        let (healthy, terms) = (self.healthy(budget), self.terms[budget]);
        must!(self.lets_go(budget), "{healthy} healthy, {terms:?}");
        if self.pods[pod].doing == Doing::Ready {
            must!(
                healthy > terms.desired,
                "{healthy} healthy, {} wanted",
                terms.desired
            );
        } else {
            must!(
                !self.lets_unready_go(budget),
                "not ready: the budget loses nothing (EV-4)"
            );
            self.not_ready_granted[budget] += 1;
        }
        self.evictions += 1;
        self.leaves(pod, node);
        Ok(())
    }

    fn goes_freely(&mut self, pod: usize) -> Law {
        let node = self.is_asked(pod)?;
        if !self.goes_unasked(pod) {
            match self.budgets[pod].as_slice() {
                [] => {}
                [budget] => {
                    must!(
                        self.pods[pod].doing != Doing::Ready,
                        "budget {budget} is to be asked"
                    );
                    must!(
                        self.lets_unready_go(*budget),
                        "budget {budget} keeps it (EV-4)"
                    );
                }
                several => return Err(format!("budgets {several:?} (EV-2)")),
            }
        }
        self.evictions += 1;
        self.leaves(pod, node);
        Ok(())
    }

    /// It is being deleted, and its controller sees that.
    fn leaves(&mut self, pod: usize, node: usize) {
        let read = &self.state.pods[pod];
        if !is_finished(read) {
            self.room.leave(pod, node);
        }
        let was_leaving = self.pods[pod].first && read.deleting_at.is_some();
        self.ending.push((pod, node, self.at, was_leaving));
        let made_already = was_leaving && !keeps_its_name(read);
        let book = &mut self.pods[pod];
        book.broken |= book.doing == Doing::Broken;
        book.doing = if is_finished(read) || !is_remade(read) || made_already {
            Doing::Over
        } else {
            Doing::Between {
                evicted: self.at,
                gone: None,
            }
        };
        book.node = None;
        book.first = false;
        book.refused = None;
        book.hopeless = false;
    }

    /// Deleted without a question: what Spot nodes do (UPG-12), and `--disable-eviction`.
    fn deleted(&mut self, pod: usize) -> Law {
        let node = self.is_asked(pod)?;
        let spot = self.is_pool(node) && self.cluster.pools[self.nodes[node].pool].spot;
        must!(
            spot || self.options.disable_eviction,
            "it was to be evicted"
        );
        self.evictions += 1;
        self.leaves(pod, node);
        Ok(())
    }

    /// Ended with its node.
    fn killed(&mut self, pod: usize) -> Law {
        must!(self.pods[pod].doing == Doing::Ready, "it was not ready");
        let node = self.pods[pod].node.ok_or("it is on no node")?;
        let evictable = filter(&self.state.pods[pod], &self.options) == Filter::Evict;
        must!(!evictable, "it was to be evicted");
        must!(
            matches!(self.nodes[node].doing, Doings::Reimaging(_)),
            "its node is not being reimaged"
        );
        self.pods[pod].doing = Doing::Down;
        Ok(())
    }

    fn gone(&mut self, pod: usize, node: usize) -> Law {
        let read = &self.state.pods[pod];
        let place = self
            .ending
            .iter()
            .position(|ending| (ending.0, ending.1) == (pod, node));
        let (.., evicted, was_leaving) = self.ending.remove(place.ok_or("it is not ending there")?);
        if !is_finished(read) {
            self.room.take_away(pod, node);
        }
        let own = read.termination_grace_seconds.unwrap_or(30) as u32;
        let grace = self.options.grace_period_seconds.unwrap_or(own);
        let took = self.at - evicted;
        must!(
            took >= 1 && took <= grace.max(1),
            "it took {took} s of its {grace} s"
        );
        if was_leaving || is_finished(read) {
            must!(took == 1, "nothing was left to be waited for");
        } else if self.durations == Durations::Medians {
            let median = self.setting.timing.pod_stop_percent.spread.median;
            let want = (u64::from(grace) * u64::from(median) / 100).max(1);
            must!(u64::from(took) == want, "it took {took} s, not {want} s");
        }
        let still_there = self.ending.iter().any(|ending| ending.0 == pod);
        if let Doing::Between { gone, .. } = &mut self.pods[pod].doing
            && !still_there
        {
            *gone = Some(self.at);
        }
        Ok(())
    }

    /// Whether its controller makes it now.
    fn is_made(&self, pod: usize) -> Law {
        let Doing::Between { evicted, gone } = self.pods[pod].doing else {
            return Err(format!("it is {:?}", self.pods[pod].doing));
        };
        let wait = self.setting.timing.replacement;
        if keeps_its_name(&self.state.pods[pod]) {
            let gone = gone.ok_or("the old one is still there")?;
            must!(self.at >= gone + wait, "the old one is gone since {gone}");
        } else {
            must!(self.at == evicted + wait, "it was evicted at {evicted}");
        }
        for before in &self.ordered_before[pod] {
            must!(
                self.pods[*before].doing == Doing::Ready,
                "pod {before} of its StatefulSet comes first, and is {:?}",
                self.pods[*before].doing
            );
        }
        Ok(())
    }

    fn placed(&mut self, pod: usize, node: usize) -> Law {
        if self.pods[pod].doing != Doing::Waits {
            self.is_made(pod)?;
        }
        if let Some(why) = self.room.refuses(pod, node) {
            return Err(format!("the node does not take it: {why}"));
        }
        self.room.seats.push(Seat {
            pod,
            node,
            leaving: false,
        });
        let at = self.at;
        let book = &mut self.pods[pod];
        book.node = Some(node);
        book.doing = if book.broken {
            Doing::Broken
        } else {
            Doing::Starting(at)
        };
        Ok(())
    }

    fn ready(&mut self, pod: usize) -> Law {
        match self.pods[pod].doing {
            Doing::Starting(since) => {
                if self.durations == Durations::Medians {
                    let due = since + self.start_seconds(pod);
                    must!(self.at == due, "it was to be ready at {due}");
                }
            }
            Doing::Down => {
                let node = self.pods[pod].node.expect("it stays where it is");
                must!(
                    self.nodes[node].doing == Doings::Through,
                    "its node is not back"
                );
            }
            other => return Err(format!("it is {other:?}")),
        }
        let book = &mut self.pods[pod];
        book.first &= book.doing != Doing::Down;
        book.doing = Doing::Ready;
        Ok(())
    }

    fn is_empty(&self, node: usize) -> Law {
        let left = self.evictable(node);
        must!(left.is_empty(), "pods {left:?} are still on it");
        must!(self.leaving_from(node) == 0, "pods are still ending on it");
        Ok(())
    }

    fn drained(&mut self, node: usize) -> Law {
        must!(self.is_draining(node), "it is {:?}", self.nodes[node].doing);
        self.is_empty(node)?;
        self.nodes[node].doing = if self.is_pool(node) {
            Doings::Drained(self.at)
        } else {
            Doings::Through
        };
        Ok(())
    }

    fn reimage_begins(&mut self, node: usize) -> Law {
        let Doings::Drained(since) = self.nodes[node].doing else {
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
        self.nodes[node].doing = Doings::Reimaging(self.at);
        Ok(())
    }

    fn reimaged(&mut self, node: usize) -> Law {
        let Doings::Reimaging(since) = self.nodes[node].doing else {
            return Err(format!("it is {:?}", self.nodes[node].doing));
        };
        if self.durations == Durations::Medians {
            let due = since + self.setting.timing.node_reimage.spread.median;
            must!(self.at == due, "it was to be back at {due}");
        }
        self.is_empty(node)?;
        self.nodes[node].doing = Doings::Through;
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

    fn no_addresses(&mut self, node: usize, range: usize) -> Law {
        must!(
            matches!(self.nodes[node].doing, Doings::Reimaging(_)),
            "it is not being reimaged"
        );
        let (_, (old, new)) = self.costs(self.nodes[node].pool)[range];
        let room = self.setting.ranges[range].capacity as i64 - self.held[range].0;
        must!(
            new - old > room,
            "{room} addresses are free, {old} were held and {new} are needed"
        );
        self.nodes[node].doing = Doings::Failed;
        Ok(())
    }

    fn quarantined(&mut self, node: usize) -> Law {
        let position = self.group_of(node)?;
        must!(
            self.nodes[node].doing == Doings::Failed,
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
        self.nodes[node].doing = Doings::Quarantined;
        self.groups[position].quarantined += 1;
        Ok(())
    }

    fn removed(&mut self, node: usize) -> Law {
        let position = self.group_of(node)?;
        must!(self.nodes[node].made, "it is no surge node");
        must!(
            matches!(self.nodes[node].doing, Doings::Drained(_)),
            "it is not drained"
        );
        self.is_empty(node)?;
        self.nodes[node].doing = Doings::Through;
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

    fn group_ends(&mut self, position: usize) -> Law {
        must!(self.groups[position].begun.is_some(), "it never began");
        must!(!self.groups[position].failed, "it failed");
        must!(self.groups[position].ended.is_none(), "it ended before");
        let mut standing = 0;
        for (number, node) in self.nodes.iter().enumerate() {
            if node.group != Some(position) || !node.asked {
                continue;
            }
            match node.doing {
                Doings::Through | Doings::Quarantined if !node.made => {}
                Doings::Idle if node.made => standing += 1,
                other => return Err(format!("node {number} is {other:?}")),
            }
        }
        let quarantined = self.groups[position].quarantined;
        must!(
            standing == quarantined,
            "{quarantined} nodes are quarantined, and {standing} surge nodes stand in (UPG-9)"
        );
        self.groups[position].ended = Some(self.at);
        Ok(())
    }

    fn scale_up(&mut self, pool: usize, nodes: u32) -> Law {
        must!(self.fits(pool, nodes), "they do not fit");
        let free: Vec<usize> = (0..self.nodes.len())
            .filter(|node| {
                let node = &self.nodes[*node];
                node.pool == pool && node.made && node.group.is_none() && !node.asked
            })
            .collect();
        must!(free.len() >= nodes as usize, "more than the pool's ceiling");
        must!(
            self.pods.iter().any(|pod| pod.doing == Doing::Waits),
            "no pod looks for a node"
        );
        for node in free.into_iter().take(nodes as usize) {
            self.ask_for(node)?;
        }
        Ok(())
    }

    fn end(mut self, ended: &Ended) -> Law {
        // The run is over: all that is still due has to be something that never comes.
        let over = self
            .groups
            .iter()
            .all(|group| group.ended.is_some() || group.failed)
            || self.groups.iter().any(|group| {
                group.failed && !matches!(self.setting.operation, Operation::Move { .. })
            });
        for node in 0..self.nodes.len() {
            if self.is_draining(node) {
                let free = self
                    .evictable(node)
                    .into_iter()
                    .find(|pod| self.would_go(*pod) && !self.pods[*pod].hopeless);
                must!(
                    free.is_none(),
                    "pod {free:?} may go from node {node}, and never does"
                );
                must!(
                    self.leaving_from(node) == 0,
                    "pods never end on node {node}"
                );
            }
        }
        if !over {
            let stuck = (0..self.nodes.len()).any(|node| self.is_draining(node));
            must!(
                stuck,
                "groups are open and no node is being drained: {:?}",
                self.groups
            );
        }
        for pod in 0..self.pods.len() {
            if self.pods[pod].doing == Doing::Waits {
                let takers = self.room.takers(pod);
                must!(
                    takers.is_empty(),
                    "pod {pod} waits though nodes {takers:?} take it"
                );
            }
        }
        self.end_matches(ended)
    }

    fn end_matches(&mut self, ended: &Ended) -> Law {
        let all = self
            .groups
            .iter()
            .all(|group| group.ended.is_some() && !group.failed);
        let last = self.groups.iter().filter_map(|group| group.ended).max();
        let want = if all { Some(last.unwrap_or(0)) } else { None };
        must!(
            ended.seconds == want,
            "it says {:?}, the log {want:?}",
            ended.seconds
        );
        let failed: Vec<bool> = self.groups.iter().map(|group| group.failed).collect();
        must!(
            ended.failed == failed,
            "failed: {:?}, the log {failed:?}",
            ended.failed
        );
        let waiting = self
            .pods
            .iter()
            .filter(|pod| pod.doing == Doing::Waits)
            .count();
        must!(
            ended.evictions == self.evictions,
            "{} evictions, not {}",
            ended.evictions,
            self.evictions
        );
        must!(
            ended.lowest_ready == self.lowest,
            "lowest {:?}, not {:?}",
            ended.lowest_ready,
            self.lowest
        );
        must!(
            ended.unplaced as usize == waiting,
            "{} unplaced, not {waiting}",
            ended.unplaced
        );
        for (range, peak) in ended.peaks.iter().enumerate() {
            must!(
                *peak == self.peaks[range],
                "peak {peak:?}, told {:?}",
                self.peaks[range]
            );
        }
        if all {
            // Everything is of the new kind, but for what is quarantined.
            for range in 0..self.setting.ranges.len() {
                let mut sum = 0;
                for node in &self.nodes {
                    let costs = self.costs(node.pool);
                    let (old, new) = costs[range].1;
                    let before = if node.made { 0 } else { old };
                    let after = match (node.asked, node.new_kind) {
                        (false, _) => 0,
                        (true, true) => new,
                        (true, false) => old,
                    };
                    sum += after - before;
                }
                let want = self.setting.ranges[range].held as i64 + sum;
                let told = self.told[range].expect("told at the start");
                must!(
                    (i64::from(told.0), i64::from(told.1)) == (want, want),
                    "range {range} holds {want} in the end, told were {told:?}"
                );
            }
        }
        Ok(())
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
