//! The JSON shapes of `aksplan drain`, `upgrade` and `migrate`. Seconds count from the start of the run at median durations; the data
//! of charts are `nodes[].phases` and `ranges[].over_time`, and with `--pods` `workloads[].over_time`.

use super::{FORMAT_VERSION, FindingShape};
use crate::migrate::foreseen::{DownWorkload, ForeseenRange};
use crate::report::simulation::{
    Names, Simulation, Trace, advice_words, completes, enough_for_p99, fits, lastings, reason,
    sentences, verdict, whole,
};
use crate::simulate::advice::{Advice, Tally};
use crate::simulate::outcome::{Held, NodeOutcome, Wait};
use crate::simulate::setting::RangeKind;
use crate::simulate::{Futures, Percentiles};
use schemars::JsonSchema;
use serde::Serialize;

/// Whole seconds, or a count.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct PercentilesShape {
    pub p50: u32,
    pub p90: u32,
    /// Null of fewer than 100 futures, which do not tell.
    pub p99: Option<u32>,
    pub most: u32,
}

impl PercentilesShape {
    fn of(percentiles: Percentiles, futures: &Futures) -> Self {
        PercentilesShape {
            p50: percentiles.p50,
            p90: percentiles.p90,
            p99: enough_for_p99(futures.count).then_some(percentiles.p99),
            most: percentiles.most,
        }
    }
}

/// A node that got stuck in some futures.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct StuckShape {
    pub node: String,
    pub futures: u32,
}

/// Many runs, each with durations drawn anew.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FuturesShape {
    pub count: u32,
    pub seed: u64,
    /// Those that completed.
    pub completed: u32,
    /// Of those; null where none did.
    pub seconds: Option<PercentilesShape>,
    pub evictions: Option<PercentilesShape>,
    /// Most often first.
    pub stuck: Vec<StuckShape>,
}

/// A stretch of time that somebody has for it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WindowShape {
    /// `--window`, or the cluster's maintenance configuration.
    pub source: String,
    /// A maintenance configuration holds back what AKS starts by itself, and nothing else (MNT-1).
    pub is_maintenance: bool,
    pub seconds: u32,
    /// `22:00`, UTC.
    pub opens: Option<String>,
    /// Seconds left of the window after all reimages; negative: missing; null: not known, or it does not complete.
    pub left_p50: Option<i64>,
    pub left_p90: Option<i64>,
    pub left_p99: Option<i64>,
}

/// Nodes that went through it under one rule: a pool, or the nodes of a drain.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct GroupShape {
    pub name: String,
    pub pool: Option<String>,
    pub nodes: u32,
    /// Surge nodes that were made.
    pub surge: u32,
    /// Surge nodes that the setting asks for.
    pub surge_wanted: u32,
    /// Nodes taken at the same time.
    pub at_a_time: u32,
    pub batches: u32,
    pub spot: bool,
    /// 0: for ever.
    pub drain_timeout_seconds: u32,
    pub soak_seconds: u32,
    pub began: Option<u32>,
    /// First node taken.
    pub first_node: Option<u32>,
    pub ended: Option<u32>,
    pub failed: bool,
    pub evictions: u64,
    /// Nodes that are not done.
    pub undone: u32,
    /// When it ends, over the futures in which it does.
    pub ends: Option<PercentilesShape>,
}

/// Addresses held from a second on, between two bounds (MIG-22).
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct HeldShape {
    pub at: u32,
    pub least: u32,
    pub most: u32,
}

impl From<Held> for HeldShape {
    fn from(held: Held) -> Self {
        HeldShape {
            at: held.at,
            least: held.least,
            most: held.most,
        }
    }
}

/// A subnet or a pod CIDR.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RangeHeldShape {
    #[schemars(extend("enum" = ["subnet", "pod_cidr"]))]
    pub kind: &'static str,
    pub name: String,
    pub cidr: String,
    pub capacity: u64,
    /// Held before it begins.
    pub held: u64,
    /// Azure counted `held`; else it follows from the pools.
    pub measured: bool,
    pub peak: HeldShape,
    /// Over all futures: median of the least, 99th percentile of the most.
    pub futures_peak: Option<(u64, u64)>,
    /// From each change on.
    pub over_time: Vec<HeldShape>,
}

/// A pod that a drain waited for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WaitShape {
    pub pod: String,
    /// The budget that refused it; null: it took its time to end, or has more than one budget.
    pub budget: Option<String>,
    pub since: u32,
    /// Null: never.
    pub evicted: Option<u32>,
    pub until: Option<u32>,
}

/// What a node is doing in a stretch of time.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct PhaseShape {
    #[schemars(extend("enum" = ["failed", "held_by_budget", "draining", "reimaging", "soaking", "booting", "surge"]))]
    pub phase: &'static str,
    pub from: u32,
    pub until: u32,
}

/// A node's part.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NodeShape {
    pub name: String,
    pub pool: Option<String>,
    pub group: Option<String>,
    /// From 1 on; 0: a surge node or the autoscaler's.
    pub batch: u32,
    #[schemars(extend("enum" = ["done", "removed", "added", "quarantined", "timed_out", "failed", "refused", "stuck", "not_reached", "no_addresses"]))]
    pub outcome: &'static str,
    pub began: Option<u32>,
    pub drained: Option<u32>,
    pub reimaging: Option<u32>,
    pub ended: Option<u32>,
    pub evicted: u32,
    pub waited_for: Option<WaitShape>,
    pub phases: Vec<PhaseShape>,
}

/// A pod's part.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PodShape {
    pub namespace: String,
    pub name: String,
    pub workload: Option<String>,
    pub from: Option<String>,
    /// Where it, or the last of its replacements, is.
    pub to: Option<String>,
    #[schemars(extend("enum" = ["replaced", "not_ready", "not_made", "unplaced", "lost", "cleared", "blocked", "several_budgets", "restarted"]))]
    pub outcome: &'static str,
    pub reason: String,
    pub evictions: u32,
    pub evicted: Option<u32>,
    pub ready: Option<u32>,
    /// Seconds its evictions were refused in all: where it moved more than once, a sum of several holds.
    pub waited_seconds: u32,
    /// Seconds of the longest of them.
    pub longest_hold_seconds: u32,
    /// The budget that refused it last.
    pub budget: Option<String>,
}

/// Ready pods from a second on.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct ReadyShape {
    pub at: u32,
    pub ready: u32,
}

/// A workload whose number of Ready pods changed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WorkloadShape {
    pub namespace: String,
    pub kind: String,
    pub name: String,
    pub ready_before: u32,
    pub lowest: u32,
    pub lowest_at: u32,
    pub lowest_in_any_future: Option<u32>,
    pub ready_after: u32,
    /// Seconds with fewer Ready pods than before.
    pub reduced_seconds: u32,
    /// Seconds without any.
    pub down_seconds: u32,
    /// It ends with fewer than before: the seconds are those until the end of the run, and go on.
    pub until_end: bool,
    /// From each change on; null without `--pods`.
    pub over_time: Option<Vec<ReadyShape>>,
}

/// One link of the chain of waits that made it take as long.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PathShape {
    #[schemars(extend("enum" = ["lead", "surge", "node", "settling"]))]
    pub kind: &'static str,
    /// Node or pool.
    pub of: Option<String>,
    pub from: u32,
    pub until: u32,
    pub text: String,
}

/// How long something takes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DurationShape {
    /// In seconds, but for `pod_stop_percent`: percent of a pod's grace.
    #[schemars(extend("enum" = ["control_plane", "node_reimage", "node_delete", "pod_stop_percent", "node_create", "pod_start"]))]
    pub what: &'static str,
    /// Pool or workload.
    pub of: Option<String>,
    pub median: u32,
    pub p90: u32,
    #[schemars(extend("enum" = ["seen", "policy", "default"]))]
    pub origin: &'static str,
    /// Objects of the snapshot that showed it.
    pub seen: u32,
}

/// One side of a comparison.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct TallyShape {
    /// At median durations; null: it does not complete.
    pub seconds: Option<u32>,
    /// Nodes that are not done.
    pub stuck: u32,
    /// Workloads that fall to no Ready pod.
    pub down: u32,
    /// Most addresses held, over all subnets.
    pub peak: u64,
}

impl From<&Tally> for TallyShape {
    fn from(tally: &Tally) -> Self {
        TallyShape {
            seconds: tally.seconds,
            stuck: tally.stuck,
            down: tally.down,
            peak: tally.peak,
        }
    }
}

/// A change that was tried, and helped.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AdviceShape {
    pub change: String,
    pub before: TallyShape,
    pub after: TallyShape,
}

impl From<&Advice> for AdviceShape {
    fn from(advice: &Advice) -> Self {
        AdviceShape {
            change: advice_words(&advice.change),
            before: (&advice.before).into(),
            after: (&advice.after).into(),
        }
    }
}

/// Every reimage of all nodes that a plan makes, where it makes more than one (MIG-26).
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct InAllShape {
    pub reimages: usize,
    /// At median durations; null: one of them does not complete.
    pub seconds: Option<u32>,
    /// Sums of percentiles, which err on the long side; null: more than one future in a hundred of one of them does not complete, or none
    /// was played.
    pub p50: Option<u32>,
    pub p90: Option<u32>,
    /// Null of fewer than 100 futures as well, which do not tell.
    pub p99: Option<u32>,
    /// Those beside the move itself, in their order.
    pub others: Vec<OtherReimageShape>,
}

/// A reimage of all nodes before or after the move itself.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OtherReimageShape {
    /// Id of its step.
    pub step: String,
    pub is_before_the_move: bool,
    /// At median durations; null: it does not complete.
    pub seconds: Option<u32>,
    pub p50: Option<u32>,
    pub p90: Option<u32>,
    /// Workloads that have no ready pod for a while.
    pub down: Vec<DownWorkload>,
    /// Addresses over time.
    pub ranges: Vec<ForeseenRange>,
}

impl InAllShape {
    fn of(simulation: &Simulation) -> Option<Self> {
        let seconds = whole::seconds(simulation);
        let futures = simulation.futures.map_or(0, |futures| futures.count);
        (!simulation.others.is_empty()).then(|| InAllShape {
            reimages: whole::times(simulation),
            seconds: whole::median(simulation),
            p50: seconds.map(|seconds| seconds.p50),
            p90: seconds.map(|seconds| seconds.p90),
            p99: seconds
                .filter(|_| enough_for_p99(futures))
                .map(|seconds| seconds.p99),
            others: simulation
                .others
                .iter()
                .map(|other| OtherReimageShape {
                    step: other.step.clone(),
                    is_before_the_move: other.is_before,
                    seconds: other.foreseen.median,
                    p50: other.seconds.map(|seconds| seconds.p50),
                    p90: other.seconds.map(|seconds| seconds.p90),
                    down: other.foreseen.down.clone(),
                    ranges: other.foreseen.ranges.clone(),
                })
                .collect(),
        })
    }
}

/// `aksplan drain|upgrade|migrate -o json`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "aksplan drain, upgrade, migrate")]
pub struct SimulationShape {
    #[schemars(extend("pattern" = "^1\\."))]
    pub format_version: &'static str,
    #[schemars(extend("enum" = ["drain", "upgrade", "migrate"]))]
    pub operation: &'static str,
    pub cluster: String,
    /// What was simulated, in words.
    pub title: String,
    /// When the objects were read (RFC 3339).
    pub observed_at: Option<String>,
    /// Whether AKS takes the request; null: nobody is asked, or it is not known.
    pub admitted: Option<bool>,
    /// It is let through, and ends at median durations, every reimage of it.
    pub completes: bool,
    /// The verdict in words.
    pub summary: String,
    /// Null: every node is reimaged once, or nothing is reimaged. Else all but `completes`, `summary`, `windows` and `findings` is of the
    /// move itself.
    pub in_all: Option<InAllShape>,
    /// At median durations; null: it does not complete.
    pub seconds: Option<u32>,
    /// Null: none were played.
    pub futures: Option<FuturesShape>,
    pub windows: Vec<WindowShape>,
    /// Worst first; of equally bad ones those that were found before anything moved, then what the run showed.
    pub findings: Vec<FindingShape>,
    pub advice: Vec<AdviceShape>,
    pub groups: Vec<GroupShape>,
    pub ranges: Vec<RangeHeldShape>,
    pub workloads: Vec<WorkloadShape>,
    pub critical_path: Vec<PathShape>,
    pub nodes: Vec<NodeShape>,
    /// Null without `--pods`.
    pub pods: Option<Vec<PodShape>>,
    pub durations: Vec<DurationShape>,
    pub not_checked: Vec<String>,
}

impl SimulationShape {
    pub fn of(simulation: &Simulation) -> Self {
        let (setting, outcome) = (simulation.setting, simulation.outcome);
        let names = Names::of(setting);
        let mut not_checked = setting.not_checked.clone();
        not_checked.extend(simulation.not_checked.iter().cloned());
        not_checked.sort();
        not_checked.dedup();
        SimulationShape {
            format_version: FORMAT_VERSION,
            operation: simulation.operation,
            cluster: simulation.cluster.clone(),
            title: simulation.title.clone(),
            observed_at: simulation.observed_at.map(|at| at.to_string()),
            admitted: simulation.admitted,
            completes: completes(simulation),
            summary: verdict(simulation, &names).0,
            in_all: InAllShape::of(simulation),
            seconds: outcome.ended.seconds,
            futures: simulation.futures.map(|futures| played(futures, &names)),
            windows: windows(simulation),
            findings: simulation.findings.iter().map(FindingShape::from).collect(),
            advice: simulation.advice.iter().map(AdviceShape::from).collect(),
            groups: groups(simulation),
            ranges: ranges(simulation),
            workloads: workloads(simulation),
            critical_path: sentences(simulation, &names)
                .into_iter()
                .map(|sentence| PathShape {
                    kind: sentence.kind,
                    of: sentence.who,
                    from: sentence.from,
                    until: sentence.until,
                    text: sentence.text,
                })
                .collect(),
            nodes: outcome
                .nodes
                .iter()
                .map(|node| node_shape(simulation, &names, node))
                .collect(),
            pods: simulation.show.pods.then(|| pods(simulation, &names)),
            durations: lastings(simulation)
                .into_iter()
                .map(|lasting| DurationShape {
                    what: lasting.what,
                    of: lasting.of,
                    median: lasting.duration.spread.median,
                    p90: lasting.duration.spread.p90,
                    origin: lasting.duration.origin.key(),
                    seen: lasting.duration.seen,
                })
                .collect(),
            not_checked,
        }
    }
}

fn played(futures: &Futures, names: &Names) -> FuturesShape {
    FuturesShape {
        count: futures.count,
        seed: futures.seed,
        completed: futures.completed,
        seconds: futures
            .seconds
            .map(|seconds| PercentilesShape::of(seconds, futures)),
        evictions: futures
            .evictions
            .map(|evictions| PercentilesShape::of(evictions, futures)),
        stuck: futures
            .stuck
            .iter()
            .map(|(node, futures)| StuckShape {
                node: names.full(*node).to_string(),
                futures: *futures,
            })
            .collect(),
    }
}

fn windows(simulation: &Simulation) -> Vec<WindowShape> {
    simulation
        .windows
        .iter()
        .map(|window| {
            let fit = fits(simulation, &window.window);
            WindowShape {
                source: window.source.clone(),
                is_maintenance: window.is_maintenance,
                seconds: window.window.seconds(),
                opens: window
                    .window
                    .opens()
                    .map(|time| time.strftime("%H:%M").to_string()),
                left_p50: fit.p50,
                left_p90: fit.p90,
                left_p99: fit.p99,
            }
        })
        .collect()
}

fn groups(simulation: &Simulation) -> Vec<GroupShape> {
    let outcome = simulation.outcome;
    let settings = simulation.setting.groups.iter().zip(&outcome.groups);
    settings
        .enumerate()
        .map(|(position, (setting, told))| {
            let nodes: Vec<&NodeOutcome> = outcome
                .nodes
                .iter()
                .filter(|node| usize::from(node.group) == position)
                .collect();
            GroupShape {
                name: setting.name.clone(),
                pool: setting
                    .pool
                    .map(|pool| simulation.setting.population.pools[pool.at()].name.clone()),
                nodes: setting.nodes.len() as u32,
                surge: told.surge,
                surge_wanted: setting.surge,
                at_a_time: if told.surge > 0 {
                    told.surge
                } else {
                    setting.unavailable
                },
                batches: nodes.iter().map(|node| node.batch).max().unwrap_or(0),
                spot: setting.spot,
                drain_timeout_seconds: setting.drain_timeout,
                soak_seconds: setting.soak,
                began: told.began,
                first_node: told.rolling,
                ended: told.ended,
                failed: told.failed,
                evictions: nodes.iter().map(|node| u64::from(node.evicted)).sum(),
                undone: nodes
                    .iter()
                    .filter(|node| crate::report::simulation::is_undone(node.end))
                    .count() as u32,
                ends: simulation.futures.and_then(|futures| {
                    let ends = futures.groups.get(position).copied().flatten()?;
                    Some(PercentilesShape::of(ends, futures))
                }),
            }
        })
        .collect()
}

fn ranges(simulation: &Simulation) -> Vec<RangeHeldShape> {
    let settings = simulation
        .setting
        .ranges
        .iter()
        .zip(&simulation.outcome.ranges);
    settings
        .enumerate()
        .map(|(position, (range, told))| RangeHeldShape {
            kind: match range.kind {
                RangeKind::Subnet(_) => "subnet",
                RangeKind::PodCidr => "pod_cidr",
            },
            name: range.name.clone(),
            cidr: range.cidr.clone(),
            capacity: range.capacity,
            held: range.held,
            measured: range.measured,
            peak: told.peak.into(),
            futures_peak: simulation
                .futures
                .and_then(|futures| futures.peaks.get(position).copied()),
            over_time: told
                .over_time
                .iter()
                .copied()
                .map(HeldShape::from)
                .collect(),
        })
        .collect()
}

fn workloads(simulation: &Simulation) -> Vec<WorkloadShape> {
    let trace: &Trace = simulation.trace;
    simulation
        .outcome
        .workloads
        .iter()
        .map(|told| {
            let facts = &simulation.setting.population.workloads[told.workload.at()];
            WorkloadShape {
                namespace: facts.namespace.to_string(),
                kind: facts.kind.to_string(),
                name: facts.name.to_string(),
                ready_before: told.ready_before,
                lowest: told.lowest,
                lowest_at: told.lowest_at,
                lowest_in_any_future: simulation
                    .futures
                    .and_then(|futures| futures.lowest_ready.get(told.workload.at()).copied()),
                ready_after: told.ready_after,
                reduced_seconds: told.reduced,
                down_seconds: told.down,
                until_end: told.until_end,
                over_time: simulation.show.pods.then(|| {
                    trace.ready[told.workload.at()]
                        .iter()
                        .map(|&(at, ready)| ReadyShape { at, ready })
                        .collect()
                }),
            }
        })
        .collect()
}

fn wait_shape(simulation: &Simulation, wait: &Wait) -> WaitShape {
    let population = simulation.setting.population;
    WaitShape {
        pod: population.pod_name(wait.pod),
        budget: wait.budget.map(|budget| population.budget_name(budget)),
        since: wait.since,
        evicted: wait.evicted,
        until: wait.until,
    }
}

fn node_shape(simulation: &Simulation, names: &Names, node: &NodeOutcome) -> NodeShape {
    let setting = simulation.setting;
    NodeShape {
        name: names.full(node.node).to_string(),
        pool: setting
            .places
            .pool_of(node.node)
            .map(|pool| setting.population.pools[pool.at()].name.clone()),
        group: setting
            .groups
            .get(usize::from(node.group))
            .map(|group| group.name.clone()),
        batch: node.batch,
        outcome: node.end.key(),
        began: node.began,
        drained: node.drained,
        reimaging: node.reimaging,
        ended: node.ended,
        evicted: node.evicted,
        waited_for: node
            .waited_for
            .as_ref()
            .map(|wait| wait_shape(simulation, wait)),
        phases: simulation.trace.nodes[node.node.at()]
            .iter()
            .map(|stretch| PhaseShape {
                phase: stretch.phase.key(),
                from: stretch.from,
                until: stretch.until,
            })
            .collect(),
    }
}

fn pods(simulation: &Simulation, names: &Names) -> Vec<PodShape> {
    let population = simulation.setting.population;
    simulation
        .outcome
        .pods
        .iter()
        .map(|told| {
            let pod = population.pod(told.pod);
            let facts = &population.pods[told.pod.at()];
            PodShape {
                namespace: pod.namespace.clone(),
                name: pod.name.clone(),
                workload: facts
                    .workload
                    .map(|workload| population.workloads[workload.at()].label()),
                from: facts.node.map(|node| names.full(node).to_string()),
                to: told.node.map(|node| names.full(node).to_string()),
                outcome: told.end.key(),
                reason: reason(simulation, told),
                evictions: told.evictions,
                evicted: told.evicted,
                ready: told.ready,
                waited_seconds: told.waited,
                longest_hold_seconds: told.longest_hold,
                budget: told.budget.map(|budget| population.budget_name(budget)),
            }
        })
        .collect()
}
