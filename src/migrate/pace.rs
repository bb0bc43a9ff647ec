//! How a reimage of all nodes stands against what was foreseen: what is done, what is held back and by which budget, what would release
//! it, how much is left. Looks at one state after the other and remembers; asks nothing.

use super::condition::{Sight, is_labelled_overlay, is_overlay_config, is_quarantined};
use super::foreseen::Foreseen;
use super::step::{Action, Step};
use crate::model::workload::{DisruptionBudget, Node, NodeNetworkConfig, Pod};
use crate::model::{Cluster, IpNet, KubernetesState};
use crate::population::pool_label;
use crate::population::selector::SelectorIndex;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What is seen at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Progress {
    /// Seconds since Azure took the write.
    pub elapsed: u32,
    pub pace: Pace,
    /// Seconds that are left in half of the futures and in nine of ten; `None`: not foreseen.
    pub left_p50: Option<u32>,
    pub left_p90: Option<u32>,
    pub nodes: u32,
    pub nodes_done: u32,
    pub pools: Vec<PoolProgress>,
    /// Pods whose eviction a budget refuses, those that wait longest first.
    pub blocked: Vec<Blocked>,
    /// Pods that no node takes.
    pub pending: Vec<Pending>,
    pub subnets: Vec<SubnetProgress>,
    /// Azure's own words on the operation.
    pub operation: Option<String>,
    /// What could not be looked at.
    pub not_read: Vec<String>,
}

/// Against the foreseen timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Pace {
    /// Nothing to compare with.
    Unknown,
    Ahead {
        seconds: u32,
    },
    OnTime,
    Late {
        seconds: u32,
    },
    /// A budget refuses a pod for too long.
    Stuck {
        seconds: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PoolProgress {
    pub name: String,
    pub nodes: u32,
    pub done: u32,
    /// Cordoned, with pods that are still to go.
    pub draining: u32,
    /// Away, or back and not Ready.
    pub reimaging: u32,
    /// Nodes beyond those it began with.
    pub surge: u32,
}

/// A pod that cannot be evicted now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Blocked {
    pub node: String,
    /// `namespace/name`
    pub pod: String,
    /// `namespace/name` of each budget that selects it.
    pub budgets: Vec<String>,
    /// Seconds since it was first seen so.
    pub seconds: u32,
    /// What would let it go.
    pub release: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Pending {
    pub pod: String,
    pub seconds: u32,
    /// The scheduler's words, where an event has them.
    pub why: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SubnetProgress {
    pub name: String,
    pub used: Option<u64>,
    pub usable: u64,
    /// Between which bounds it was foreseen at this moment.
    pub foreseen: Option<(u32, u32)>,
}

/// Something new that is noted, in words that can be read back out of a journal. Names of Kubernetes hold no blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Done {
        node: String,
    },
    HeldBack {
        pod: String,
        node: String,
        budgets: Vec<String>,
    },
    /// For a node, for [`LONG_PENDING`] or longer.
    Waits {
        pod: String,
    },
}

/// Taints by which Kubernetes tells conditions of a node that is Ready all the same.
const CONDITION_TAINTS: [&str; 4] = [
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/network-unavailable",
    "node.kubernetes.io/pid-pressure",
];

/// Seconds from which on a pod that waits for a node, or what is odd about one, is noted.
pub const LONG_PENDING: u32 = 60;

impl Seen {
    pub fn words(&self) -> String {
        match self {
            Seen::Done { node } => format!("node {node} is done"),
            Seen::HeldBack { pod, node, budgets } => format!(
                "eviction of {pod} on {node} is held back by {}",
                budgets.join(" and ")
            ),
            Seen::Waits { pod } => format!("pod {pod} waits for a node"),
        }
    }

    /// The same out of its words; `None`: they say something else.
    pub fn of_words(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let owned = |word: &str| word.to_string();
        match words.as_slice() {
            ["node", node, "is", "done"] => Some(Seen::Done { node: owned(node) }),
            ["pod", pod, "waits", "for", "a", "node"] => Some(Seen::Waits { pod: owned(pod) }),
            [
                "eviction",
                "of",
                pod,
                "on",
                node,
                "is",
                "held",
                "back",
                "by",
                budgets @ ..,
            ] => Some(Seen::HeldBack {
                pod: owned(pod),
                node: owned(node),
                budgets: budgets.iter().step_by(2).map(|word| owned(word)).collect(),
            }),
            _ => None,
        }
    }
}

/// One reimage, watched.
#[derive(Debug, Clone)]
pub struct Watch {
    began: Timestamp,
    /// Of the move; `None`: another reimage.
    pod_cidr: Option<IpNet>,
    foreseen: Option<Foreseen>,
    expected: Option<(u32, u32)>,
    /// Seconds after which a blocked pod makes it stuck.
    stuck_after: u32,
    /// Nodes when it was first looked at, by pool.
    first: Option<BTreeMap<String, BTreeSet<String>>>,
    blocked_since: BTreeMap<String, Timestamp>,
    pending_since: BTreeMap<String, Timestamp>,
    /// Kubelet's version of each node when it was first seen.
    versions: BTreeMap<String, String>,
    odd_since: BTreeMap<String, Timestamp>,
    noticed: BTreeSet<String>,
    done: BTreeSet<String>,
}

impl Watch {
    /// Of a step that was taken at `began`.
    pub fn new(step: &Step, began: Timestamp, stuck_after: u32) -> Self {
        Watch {
            began,
            pod_cidr: match step.action {
                Action::MoveToOverlay { pod_cidr, .. } => Some(pod_cidr),
                _ => None,
            },
            foreseen: step.foreseen.as_deref().cloned(),
            expected: step.expected.map(|expected| (expected.p50, expected.p90)),
            stuck_after,
            first: None,
            blocked_since: BTreeMap::new(),
            pending_since: BTreeMap::new(),
            versions: BTreeMap::new(),
            odd_since: BTreeMap::new(),
            noticed: BTreeSet::new(),
            done: BTreeSet::new(),
        }
    }

    /// Looks, and says what is new beside it.
    pub fn look(
        &mut self,
        sight: Sight,
        now: Timestamp,
        operation: Option<&str>,
        not_read: &[String],
    ) -> (Progress, Vec<String>) {
        let elapsed = seconds(self.began, now);
        let mut notices = Vec::new();
        let mut progress = Progress {
            elapsed,
            pace: Pace::Unknown,
            left_p50: None,
            left_p90: None,
            nodes: 0,
            nodes_done: 0,
            pools: Vec::new(),
            blocked: Vec::new(),
            pending: Vec::new(),
            subnets: self.subnets(sight, elapsed),
            operation: operation.map(str::to_string),
            not_read: not_read.to_vec(),
        };
        let state = sight
            .cluster
            .kubernetes
            .as_deref()
            .filter(|state| state.has_kind("Node") && state.has_kind("Pod"));
        if let Some(state) = state {
            self.pools(sight.cluster, state, &mut progress, &mut notices);
            let cordoned = sight.baseline.map(|baseline| &baseline.cordoned);
            self.blocked(state, cordoned, now, &mut progress, &mut notices);
            self.pending(state, now, &mut progress, &mut notices);
            self.nodes(state, now, &mut notices);
            self.events(state, &mut notices);
        }
        self.measure(&mut progress);
        (progress, notices)
    }

    fn is_done(&self, node: &Node) -> bool {
        if !node.ready || node.unschedulable {
            return false;
        }
        if self.pod_cidr.is_some() {
            return is_labelled_overlay(node);
        }
        // Reimaged nodes have become Ready since; to the second, as both clocks are.
        node.ready_changed_at
            .is_some_and(|at| at.as_second() >= self.began.as_second())
    }

    fn pools(
        &mut self,
        cluster: &Cluster,
        state: &KubernetesState,
        progress: &mut Progress,
        notices: &mut Vec<String>,
    ) {
        let mut now: BTreeMap<String, Vec<&Node>> = BTreeMap::new();
        for node in &state.nodes {
            if let Some(pool) = pool_label(node) {
                now.entry(pool.to_string()).or_default().push(node);
            }
        }
        let first = self.first.get_or_insert_with(|| {
            // A run that was killed comes in the middle: what was foreseen knows the nodes it began with.
            let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            if let Some(foreseen) = &self.foreseen {
                for node in &foreseen.nodes {
                    known
                        .entry(node.pool.clone())
                        .or_default()
                        .insert(node.name.clone());
                }
            }
            for (pool, nodes) in &now {
                known
                    .entry(pool.clone())
                    .or_insert_with(|| nodes.iter().map(|node| node.name.clone()).collect());
            }
            known
        });
        let first = first.clone();
        for (pool, names) in &first {
            let nodes = now.get(pool).map(Vec::as_slice).unwrap_or_default();
            let mut row = PoolProgress {
                name: pool.clone(),
                nodes: names.len() as u32,
                done: 0,
                draining: 0,
                reimaging: 0,
                surge: 0,
            };
            let mut there = 0;
            for node in nodes {
                if !names.contains(&node.name) {
                    row.surge += 1;
                    continue;
                }
                there += 1;
                if self.is_done(node) {
                    row.done += 1;
                    if self.done.insert(node.name.clone()) {
                        let node = node.name.clone();
                        notices.push(Seen::Done { node }.words());
                    }
                } else if !node.ready {
                    row.reimaging += 1;
                } else if node.unschedulable {
                    row.draining += 1;
                }
            }
            // Of those that are away the autoscaler may have taken some for good: as many as the pool is smaller now.
            let away = row.nodes.saturating_sub(there);
            let fewer = cluster
                .pool(pool)
                .filter(|pool| pool.autoscaler.is_some())
                .map_or(0, |pool| {
                    u64::from(row.nodes).saturating_sub(pool.running()) as u32
                });
            let taken = away.min(fewer);
            row.nodes -= taken;
            row.reimaging += away - taken;
            progress.nodes += row.nodes;
            progress.nodes_done += row.done;
            progress.pools.push(row);
        }
    }

    /// What is odd about nodes, each once: another version than before; and what lasts longer than a node takes to settle, a condition
    /// that taints it and a NodeNetworkConfig that does not fit its label.
    fn nodes(&mut self, state: &KubernetesState, now: Timestamp, notices: &mut Vec<String>) {
        let configs: Option<BTreeMap<&str, &NodeNetworkConfig>> =
            state.has_kind("NodeNetworkConfig").then(|| {
                let configs = state.node_network_configs.iter();
                configs
                    .map(|config| (config.name.as_str(), config))
                    .collect()
            });
        let mut odd = BTreeSet::new();
        for node in &state.nodes {
            if let Some(version) = &node.kubelet_version {
                let before = self
                    .versions
                    .entry(node.name.clone())
                    .or_insert_with(|| version.clone());
                if before != version {
                    notices.push(format!(
                        "node {} came back with kubelet {version}, and had {before}",
                        node.name
                    ));
                    before.clone_from(version);
                }
            }
            let conditions = node
                .taints
                .iter()
                .filter(|taint| CONDITION_TAINTS.contains(&taint.key.as_str()) && node.ready);
            odd.extend(
                conditions.map(|taint| format!("node {} is tainted {}", node.name, taint.key)),
            );
            if let (Some(pod_cidr), Some(configs)) = (&self.pod_cidr, &configs)
                && is_labelled_overlay(node)
                && !configs
                    .get(node.name.as_str())
                    .is_some_and(|config| is_overlay_config(config, pod_cidr))
            {
                odd.insert(format!(
                    "node {} is labelled for Overlay, and has no NodeNetworkConfig of type overlay with {pod_cidr}",
                    node.name
                ));
            }
        }
        self.odd_since.retain(|what, _| odd.contains(what));
        for what in odd {
            let since = *self.odd_since.entry(what.clone()).or_insert(now);
            if seconds(since, now) >= LONG_PENDING && self.noticed.insert(what.clone()) {
                notices.push(what);
            }
        }
    }

    fn blocked(
        &mut self,
        state: &KubernetesState,
        cordoned_before: Option<&BTreeSet<String>>,
        now: Timestamp,
        progress: &mut Progress,
        notices: &mut Vec<String>,
    ) {
        // A node that somebody cordoned before, or that AKS gave up, drains nothing: pods on it are held back by nobody.
        let draining: BTreeSet<&str> = state
            .nodes
            .iter()
            .filter(|node| node.unschedulable && node.ready && !is_quarantined(node))
            .map(|node| node.name.as_str())
            .filter(|name| cordoned_before.is_none_or(|names| !names.contains(*name)))
            .collect();
        let all = state.disruption_budgets.iter().enumerate();
        let index = SelectorIndex::of(all.filter_map(|(position, budget)| {
            let selector = budget.selector.as_ref()?;
            Some((budget.namespace.as_str(), selector, position))
        }));
        let mut seen = BTreeSet::new();
        for pod in state.pods.iter().filter(|pod| is_evicted(pod)) {
            let Some(node) = pod
                .node_name
                .as_deref()
                .filter(|node| draining.contains(node))
            else {
                continue;
            };
            let budgets: Vec<&DisruptionBudget> = index
                .of_labels(&pod.namespace, &pod.labels)
                .into_iter()
                .map(|position| &state.disruption_budgets[position])
                .collect();
            let refusing: Vec<&DisruptionBudget> = if budgets.len() > 1 {
                budgets
            } else {
                budgets
                    .into_iter()
                    .filter(|budget| budget.disruptions_allowed.unwrap_or(0) <= 0)
                    .collect()
            };
            if refusing.is_empty() {
                continue;
            }
            let name = format!("{}/{}", pod.namespace, pod.name);
            seen.insert(name.clone());
            let since = *self.blocked_since.entry(name.clone()).or_insert(now);
            let budgets: Vec<String> = refusing
                .iter()
                .map(|budget| format!("{}/{}", budget.namespace, budget.name))
                .collect();
            if seconds(since, now) == 0 {
                let seen = Seen::HeldBack {
                    pod: name.clone(),
                    node: node.to_string(),
                    budgets: budgets.clone(),
                };
                notices.push(seen.words());
            }
            progress.blocked.push(Blocked {
                node: node.to_string(),
                pod: name,
                release: release(pod, &refusing),
                budgets,
                seconds: seconds(since, now),
            });
        }
        self.blocked_since.retain(|pod, _| seen.contains(pod));
        progress
            .blocked
            .sort_by(|a, b| b.seconds.cmp(&a.seconds).then_with(|| a.pod.cmp(&b.pod)));
    }

    fn pending(
        &mut self,
        state: &KubernetesState,
        now: Timestamp,
        progress: &mut Progress,
        notices: &mut Vec<String>,
    ) {
        let mut seen = BTreeSet::new();
        let pending = state.pods.iter().filter(|pod| {
            pod.node_name.is_none()
                && pod.phase.as_deref() == Some("Pending")
                && pod.deleting_at.is_none()
        });
        for pod in pending {
            let name = format!("{}/{}", pod.namespace, pod.name);
            seen.insert(name.clone());
            let since = *self.pending_since.entry(name.clone()).or_insert(now);
            let event = state.events.iter().find(|event| {
                event.reason == "FailedScheduling" && event.namespace == pod.namespace
            });
            let told = Seen::Waits { pod: name.clone() }.words();
            if seconds(since, now) >= LONG_PENDING && self.noticed.insert(told.clone()) {
                notices.push(told);
            }
            progress.pending.push(Pending {
                pod: name,
                seconds: seconds(since, now),
                // Events about pods are counted by namespace.
                why: event.map(|event| format!("the newest of its namespace: {}", event.message)),
            });
        }
        self.pending_since.retain(|pod, _| seen.contains(pod));
        progress
            .pending
            .sort_by(|a, b| b.seconds.cmp(&a.seconds).then_with(|| a.pod.cmp(&b.pod)));
    }

    /// What AKS says through events (UPG-16), each once.
    fn events(&mut self, state: &KubernetesState, notices: &mut Vec<String>) {
        let mut seen: Vec<(Option<Timestamp>, String)> = Vec::new();
        for event in &state.events {
            let is_upgrade = ["Surge", "Drain", "Upgrade"].contains(&event.reason.as_str());
            let is_new = event
                .last_seen
                .is_none_or(|at| at.as_second() >= self.began.as_second());
            if is_upgrade && is_new && !event.message.is_empty() {
                let told = format!("{}: {}", event.reason, event.message);
                if self.noticed.insert(told.clone()) {
                    // Seen now, and it may have happened while nobody looked.
                    let at = event.last_seen.map_or_else(String::new, |at| {
                        format!(" (at {})", at.strftime("%H:%M:%S UTC"))
                    });
                    seen.push((event.last_seen, format!("{told}{at}")));
                }
            }
        }
        seen.sort();
        notices.extend(seen.into_iter().map(|(_, told)| told));
    }

    fn subnets(&self, sight: Sight, elapsed: u32) -> Vec<SubnetProgress> {
        sight
            .inventory
            .subnets_of_cluster(sight.cluster)
            .into_iter()
            .map(|index| {
                let subnet = sight.inventory.subnet(index);
                let name = sight.inventory.subnet_name(index);
                let foreseen = self.foreseen.as_ref().and_then(|foreseen| {
                    let range = foreseen.ranges.iter().find(|range| range.name == name)?;
                    let held = range
                        .over_time
                        .iter()
                        .take_while(|held| held.at <= elapsed)
                        .last()?;
                    Some((held.least, held.most))
                });
                SubnetProgress {
                    name,
                    used: subnet.used,
                    usable: subnet.usable(),
                    foreseen,
                }
            })
            .collect()
    }

    /// Pace and what is left, by when as many nodes were to be done.
    fn measure(&self, progress: &mut Progress) {
        let stuck = progress.blocked.first().map(|blocked| blocked.seconds);
        if let Some(seconds) = stuck.filter(|seconds| *seconds >= self.stuck_after) {
            progress.pace = Pace::Stuck { seconds };
        }
        let Some(foreseen) = &self.foreseen else {
            return;
        };
        let mut ends: Vec<u32> = foreseen
            .nodes
            .iter()
            .filter_map(|node| node.ended)
            .collect();
        ends.sort_unstable();
        let (Some(last), Some((p50, p90))) = (ends.last().copied(), self.expected) else {
            return;
        };
        let done = progress.nodes_done as usize;
        // More may be done than were foreseen to end.
        let so_far = done
            .checked_sub(1)
            .and_then(|at| ends.get(at.min(ends.len() - 1)).copied());
        let reached = so_far.unwrap_or(0);
        let next = ends.get(done).copied().unwrap_or(last);
        if progress.pace == Pace::Unknown {
            progress.pace = if progress.elapsed > next.saturating_add(slack(next)) {
                Pace::Late {
                    seconds: progress.elapsed - next,
                }
            } else if progress.elapsed.saturating_add(slack(reached)) < reached {
                Pace::Ahead {
                    seconds: reached - progress.elapsed,
                }
            } else {
                Pace::OnTime
            };
        }
        // What is left of the median run, from where as many nodes are done as now; time that passes without any counts as reached.
        let reached = progress.elapsed.clamp(reached, next);
        let left = |whole: u32| {
            let whole = u64::from(whole.max(last));
            let part = u64::from(last.saturating_sub(reached)) * whole / u64::from(last.max(1));
            u32::try_from(part + (whole - u64::from(last)).min(whole)).unwrap_or(u32::MAX)
        };
        if progress.nodes_done >= progress.nodes && progress.nodes > 0 {
            // Surge nodes go, and replacements become Ready.
            progress.left_p50 = Some(p50.saturating_sub(last).min(p50));
            progress.left_p90 = Some(p90.saturating_sub(last).min(p90));
        } else {
            progress.left_p50 = Some(left(p50).min(p50));
            progress.left_p90 = Some(left(p90).min(p90));
        }
    }
}

/// Seconds that a moment of the timeline may be off and still be on time: a quarter of it, at least a minute.
fn slack(at: u32) -> u32 {
    (at / 4).max(60)
}

fn seconds(from: Timestamp, to: Timestamp) -> u32 {
    u32::try_from((to.as_second() - from.as_second()).max(0)).unwrap_or(u32::MAX)
}

/// A pod that a drain evicts, and that has not gone yet.
fn is_evicted(pod: &Pod) -> bool {
    let is_daemon = pod
        .owner
        .as_ref()
        .is_some_and(|owner| owner.kind == "DaemonSet");
    !is_daemon
        && !pod.mirror
        && pod.deleting_at.is_none()
        && !matches!(
            pod.phase.as_deref(),
            Some("Pending" | "Succeeded" | "Failed")
        )
}

/// What would let a pod go, in words.
fn release(pod: &Pod, budgets: &[&DisruptionBudget]) -> String {
    let [budget] = budgets else {
        return "it has more than one budget, which the eviction API refuses for good: make the selectors of the budgets apart (EV-2)"
            .to_string();
    };
    let (desired, healthy, expected) = (
        budget.desired_healthy.unwrap_or(0),
        budget.current_healthy.unwrap_or(0),
        budget.expected_pods.unwrap_or(0),
    );
    if expected > 0 && desired >= expected {
        return format!(
            "budget {}/{} wants all {expected} of its pods healthy, so it never lets one go: one replica more, or a budget that allows one",
            budget.namespace, budget.name
        );
    }
    let missing = desired + 1 - healthy;
    if missing <= 0 {
        return format!(
            "budget {}/{} has pods enough ({healthy} are Ready, it needs {desired}) and allows none yet: an eviction before this one \
             is not over, or its status is behind",
            budget.namespace, budget.name
        );
    }
    let hint = if pod.ready {
        ""
    } else {
        "; this pod itself is not Ready, and would go with unhealthyPodEvictionPolicy AlwaysAllow (EV-4)"
    };
    let wanted = if missing == 1 {
        let article = match desired + 1 {
            8 | 11 | 18 | 80..=89 => "an",
            _ => "a",
        };
        format!("{article} {} must become Ready", ordinal(desired + 1))
    } else {
        format!("{missing} more must become Ready")
    };
    format!("{healthy} Ready, {desired} must stay: {wanted}{hint}")
}

/// `1st`, `12th`, `23rd`.
fn ordinal(number: i64) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
