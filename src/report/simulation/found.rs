//! Findings that a run shows. Each has a stable code and names what would release what is stuck, as far as the run tells.

use super::path::wait_words;
use super::verdict::{Fits, completes, fits, why_not};
use super::words::{Names, clock, listed, span};
use super::{Simulation, beforehand, held_back, whole};
use crate::capacity::cost::POD_CIDR_PER_NODE;
use crate::disruption::Treatment;
use crate::disruption::drain::Refusal;
use crate::finding::{Finding, Severity, counted, grouped};
use crate::migrate::window::WINDOW_TOO_SHORT;
use crate::placement::Occupancy;
use crate::population::{BudgetId, NodeId, PodId, ShapeId, WorkloadId};
use crate::rule;
use crate::simulate::What;
use crate::simulate::outcome::{NodeEnd, NodeOutcome, PodEnd, PodOutcome, Wait};
use crate::simulate::setting::{Operation, Range, RangeKind};
use std::collections::{BTreeMap, BTreeSet};

const NAMED: usize = 5;
/// Workloads that fall to nothing have a finding each, up to so many.
const MOST_DOWN: usize = 20;

/// Everything that a run shows, worst first; `simulation.findings` are not looked at.
pub fn findings(simulation: &Simulation) -> Vec<Finding> {
    let names = Names::of(simulation.setting);
    let mut found = Vec::new();
    beforehand::findings(simulation, &names, &mut found);
    refused_drains(simulation, &names, &mut found);
    stuck(simulation, &names, &mut found);
    timed_out(simulation, &names, &mut found);
    without_addresses(simulation, &names, &mut found);
    surge(simulation, &mut found);
    ranges(simulation, &names, &mut found);
    autoscaler(simulation, &mut found);
    unplaceable(simulation, &mut found);
    down(simulation, &mut found);
    lost(simulation, &mut found);
    not_ready(simulation, &mut found);
    windows(simulation, &mut found);
    futures_fail(simulation, &names, &mut found);
    let said = found.iter().chain(&simulation.findings);
    let said: Vec<String> = said.map(|finding| finding.message.clone()).collect();
    found.extend(whole::findings(simulation, &said));
    let blocks = |finding: &Finding| finding.severity == Severity::Blocker;
    if !completes(simulation) && !found.iter().chain(&simulation.findings).any(blocks) {
        found.push(Finding::new(
            Severity::Blocker,
            "does-not-complete",
            format!("it does not complete: {}", why_not(simulation, &names)),
            &[],
        ));
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// What was found before and what the run shows, the worst first, and every fact once: of two that tell the same, the one that tells
/// more.
pub fn merged(before: Vec<Finding>, mut shown: Vec<Finding>) -> Vec<Finding> {
    let has =
        |findings: &[Finding], code: &str| findings.iter().any(|finding| finding.code == code);
    let (refused, may_not_fit) = (
        has(&shown, "drain-refused"),
        has(&shown, "surge-may-not-fit"),
    );
    let cidr_refused = before.iter().any(|finding| {
        finding.code == "aks-refuses" && finding.message.contains("networkProfile.podCIDR")
    });
    if cidr_refused {
        shown.retain(|finding| finding.code != "pod-cidr-too-small");
    }
    let is_told = |finding: &Finding| match finding.code {
        "daemon-set-pods" | "orphan-of-daemon-set" | "local-data" | "unmanaged-pod" => {
            refused && finding.severity == Severity::Blocker
        }
        "migration-surge-cost" => may_not_fit,
        "aks-may-refuse" => may_not_fit && finding.message.contains("SubnetIsFull"),
        _ => false,
    };
    let mut all: Vec<Finding> = before
        .into_iter()
        .filter(|finding| !is_told(finding))
        .collect();
    all.extend(shown);
    // What makes all of it doubtful comes before everything.
    all.sort_by_key(|finding| {
        (
            finding.code != "budgets-not-read",
            std::cmp::Reverse(finding.severity),
        )
    });
    all
}

/// `apps-3, apps-7 and 4 more`.
fn called(nodes: &[NodeId], names: &Names) -> String {
    let all: Vec<String> = nodes
        .iter()
        .map(|node| names.short(*node).to_string())
        .collect();
    listed(&all, NAMED)
}

fn pods_called(simulation: &Simulation, pods: &[PodId]) -> String {
    let all: Vec<String> = pods
        .iter()
        .map(|pod| simulation.setting.population.pod_name(*pod))
        .collect();
    listed(&all, NAMED)
}

fn workload_name(simulation: &Simulation, workload: WorkloadId) -> String {
    simulation.setting.population.workloads[workload.at()].label()
}

/// kubectl refuses a node before it evicts anything: what it prints.
fn refused_drains(simulation: &Simulation, names: &Names, found: &mut Vec<Finding>) {
    let setting = simulation.setting;
    let refused: BTreeSet<NodeId> = simulation
        .outcome
        .nodes
        .iter()
        .filter(|node| node.end == NodeEnd::Refused)
        .map(|node| node.node)
        .collect();
    if refused.is_empty() {
        return;
    }
    let called = called(&refused.iter().copied().collect::<Vec<_>>(), names);
    let mut by_reason: BTreeMap<Refusal, Vec<PodId>> = BTreeMap::new();
    for pod in setting.population.pod_ids() {
        if let Treatment::Refuse(refusal) = setting.treatments[pod.at()]
            && setting.population.pods[pod.at()]
                .node
                .is_some_and(|node| refused.contains(&node))
        {
            by_reason.entry(refusal).or_default().push(pod);
        }
    }
    let reasons: Vec<String> = by_reason
        .into_iter()
        .map(|(refusal, pods)| {
            let shown: Vec<PodId> = pods.iter().copied().take(NAMED).collect();
            let more = match pods.len() - shown.len() {
                0 => String::new(),
                more => format!(" and {} more", grouped(more as u64)),
            };
            format!("{}{more}", refusal.message(setting.population, &shown))
        })
        .collect();
    let why = if reasons.is_empty() {
        String::new()
    } else {
        format!(": {}", reasons.join("; "))
    };
    found.push(Finding::new(
        Severity::Blocker,
        "drain-refused",
        format!(
            "kubectl refuses {called} before it evicts anything{why}; {} cordoned before that, and stay{} so (`kubectl uncordon`)",
            match simulation.setting.groups.iter().map(|group| group.nodes.len()).sum() {
                1 => "the node is".to_string(),
                nodes => format!("all {} named nodes are", grouped(nodes as u64)),
            },
            if simulation.setting.groups.iter().map(|group| group.nodes.len()).sum::<usize>() == 1 { "s" } else { "" }
        ),
        &[&rule::DRN_1],
    ));
}

/// Nodes that did not drain, by the budget that held them.
fn stuck(simulation: &Simulation, names: &Names, found: &mut Vec<Finding>) {
    let mut by_budget: BTreeMap<Option<BudgetId>, Vec<&NodeOutcome>> = BTreeMap::new();
    for node in &simulation.outcome.nodes {
        let is_stuck = matches!(
            node.end,
            NodeEnd::Stuck | NodeEnd::TimedOut | NodeEnd::Quarantined | NodeEnd::Failed
        );
        if is_stuck {
            let budget = node.waited_for.and_then(|wait| wait.budget);
            by_budget.entry(budget).or_default().push(node);
        }
    }
    for (budget, nodes) in by_budget {
        let called = called(
            &nodes.iter().map(|node| node.node).collect::<Vec<_>>(),
            names,
        );
        let mut waits: Vec<(NodeId, Wait)> = Vec::new();
        for node in &nodes {
            waits.extend(node.waited_for.map(|wait| (node.node, wait)));
        }
        let message = match (budget, waits.as_slice()) {
            (Some(budget), [(_, first), ..]) => format!(
                "{}: {}",
                held_back::on_each(simulation, names, budget, &waits),
                held_back::release(simulation, budget, first.pod)
            ),
            (None, [_, ..]) => {
                let each: Vec<String> = waits
                    .iter()
                    .map(|(node, wait)| {
                        format!("{}: {}", names.short(*node), wait_words(simulation, wait))
                    })
                    .collect();
                listed(&each, NAMED)
            }
            (_, []) => format!("{called}: still being drained when nothing more happens"),
        };
        let fails = nodes.iter().any(|node| node.end == NodeEnd::Failed);
        let rules: &[&'static rule::Rule] = match (budget, fails) {
            (Some(_), _) => &[&rule::EV_5, &rule::PDB_5],
            (None, true) => &[&rule::EV_2],
            (None, false) => &[&rule::UPG_8],
        };
        let cause = budget.map(|budget| cause(simulation, budget));
        found.push(Finding::new(Severity::Blocker, "node-stuck", message, rules).because_of(cause));
    }
}

/// As verdicts on budgets have it.
fn cause(simulation: &Simulation, budget: BudgetId) -> String {
    format!(
        "budget {}",
        simulation.setting.population.budget_name(budget)
    )
}

/// Of the futures, how many percent have to complete at least for it to be no blocker.
const ENOUGH: u64 = 99;

/// It completes at median durations, but not in every future: how often, and which nodes get stuck then.
fn futures_fail(simulation: &Simulation, names: &Names, found: &mut Vec<Finding>) {
    let Some(futures) = simulation.futures else {
        return;
    };
    if simulation.outcome.ended.seconds.is_none() || futures.completed == futures.count {
        return;
    }
    let (completed, count) = (u64::from(futures.completed), u64::from(futures.count));
    let always: BTreeSet<NodeId> = simulation.outcome.ended.stuck.iter().copied().collect();
    let mut sometimes: Vec<(NodeId, u32)> = futures
        .stuck
        .iter()
        .copied()
        .filter(|(node, _)| !always.contains(node))
        .collect();
    let all = sometimes.len();
    sometimes.truncate(NAMED);
    let mut told: Vec<String> = sometimes
        .iter()
        .map(|(node, times)| format!("{} in {}", names.short(*node), grouped(u64::from(*times))))
        .collect();
    if all > NAMED {
        told.push(format!("{} more", all - NAMED));
    }
    let stuck = if told.is_empty() {
        String::new()
    } else {
        format!("; not drained: {}", told.join(", "))
    };
    found.push(Finding::new(
        if completed * 100 < count * ENOUGH {
            Severity::Blocker
        } else {
            Severity::Warning
        },
        "futures-fail",
        format!(
            "it completes at median durations, and in {} of {} futures it does not{stuck}",
            grouped(count - completed),
            grouped(count)
        ),
        &[&rule::UPG_8],
    ));
}

fn timed_out(simulation: &Simulation, names: &Names, found: &mut Vec<Finding>) {
    for (position, group) in simulation.setting.groups.iter().enumerate() {
        let of = |end: NodeEnd| -> Vec<NodeId> {
            simulation
                .outcome
                .nodes
                .iter()
                .filter(|node| usize::from(node.group) == position && node.end == end)
                .map(|node| node.node)
                .collect()
        };
        let late = of(NodeEnd::TimedOut);
        if !late.is_empty() {
            let consequence = if group.reimages {
                "the operation stops with failure, and what was not drained takes pods again, with its old image"
            } else {
                "kubectl gives up, and leaves it cordoned"
            };
            let nodes = simulation.outcome.nodes.iter();
            let nodes = nodes.filter(|node| late.contains(&node.node));
            // Of what has no budget nobody knows that it is the same.
            let causes: Option<Vec<String>> = nodes
                .map(|node| Some(cause(simulation, node.waited_for?.budget?)))
                .collect();
            let told = Finding::new(
                Severity::Blocker,
                "drain-times-out",
                format!(
                    "{}{} not drained within {}; {consequence}",
                    if group.reimages {
                        format!("pool {}: ", group.name)
                    } else {
                        String::new()
                    },
                    if late.len() == 1 {
                        format!("{} is", called(&late, names))
                    } else {
                        format!("{} are", called(&late, names))
                    },
                    span(group.drain_timeout)
                ),
                &[&rule::UPG_8, &rule::UPG_9],
            );
            found.push(told.because_of(causes.unwrap_or_default()));
        }
        let quarantined = of(NodeEnd::Quarantined);
        if !quarantined.is_empty() {
            found.push(Finding::new(
                Severity::Warning,
                "node-quarantined",
                format!(
                    "{}: {} not drained within {} and quarantined; a surge node stays in the place of each",
                    group.name,
                    called(&quarantined, names),
                    span(group.drain_timeout)
                ),
                &[&rule::UPG_9],
            ));
        }
    }
}

/// Nodes that were made, or made anew, and found no addresses.
fn without_addresses(simulation: &Simulation, names: &Names, found: &mut Vec<Finding>) {
    let mut by_range: BTreeMap<u16, Vec<NodeId>> = BTreeMap::new();
    for happening in &simulation.outcome.log {
        if let What::NoAddresses(node, range) = happening.what {
            by_range.entry(range).or_default().push(node);
        }
    }
    for (range, nodes) in by_range {
        let range = &simulation.setting.ranges[usize::from(range)];
        if range.kind == RangeKind::PodCidr && blocks_short(simulation, range).is_some() {
            // Told with its numbers.
            continue;
        }
        let (code, rules): (_, &[&'static rule::Rule]) = match range.kind {
            RangeKind::PodCidr => ("pod-cidr-too-small", &[&rule::MIG_11]),
            RangeKind::Subnet(_) => ("node-without-addresses", &[&rule::UPG_4]),
        };
        found.push(Finding::new(
            Severity::Blocker,
            code,
            format!(
                "{} Ready: {} ({}) has no addresses left for {}",
                counted(
                    nodes.len() as u64,
                    "node never becomes",
                    "nodes never become"
                ),
                range.name,
                range.cidr,
                called(&nodes, names)
            ),
            rules,
        ));
    }
}

/// `203 addresses more than the 94 free of spoke/aks`.
fn surge(simulation: &Simulation, found: &mut Vec<Finding>) {
    let setting = simulation.setting;
    for (outcome, group) in simulation.outcome.groups.iter().zip(&setting.groups) {
        let (Some(refused), Some(pool)) = (outcome.surge_refused, group.pool) else {
            continue;
        };
        let began = outcome.began.unwrap_or(0);
        let short: Vec<String> = setting.costs[pool.at()]
            .iter()
            .filter_map(|cost| {
                let range = &setting.ranges[usize::from(cost.range)];
                let held = held_at(simulation, usize::from(cost.range), began);
                let least = u64::from(cost.old.min(cost.new).max(u32::from(cost.new > 0)));
                let wanted = least * u64::from(refused);
                // Those it was given after all are among those held.
                let given = least * u64::from(outcome.surge);
                let free = range.capacity.saturating_sub(held.saturating_sub(given));
                (wanted > free).then(|| {
                    let not_even = if outcome.surge == 0 && group.falls_back && least > free {
                        format!(", not even the {} of one", grouped(least))
                    } else {
                        String::new()
                    };
                    format!(
                        "{} wanted, {} free of {} ({}){not_even}",
                        counted(wanted, "address", "addresses"),
                        grouped(free),
                        range.name,
                        range.cidr
                    )
                })
            })
            .collect();
        let what = format!(
            "pool {}: {} at once: {}",
            group.name,
            counted(u64::from(refused), "surge node", "surge nodes"),
            if short.is_empty() {
                "a range is full".to_string()
            } else {
                short.join(", ")
            }
        );
        let (severity, then) = match (outcome.failed, outcome.surge) {
            (true, _) => (
                Severity::Blocker,
                "AKS answers SubnetIsFull, and the operation fails",
            ),
            (false, 0) => (Severity::Warning, "it goes on in place"),
            (false, _) => (Severity::Warning, "it goes on with one"),
        };
        found.push(Finding::new(
            severity,
            "surge-does-not-fit",
            format!("{what}; {then}"),
            &[&rule::UPG_4, &rule::UPG_6],
        ));
    }
}

fn held_at(simulation: &Simulation, range: usize, second: u32) -> u64 {
    let changes = &simulation.outcome.ranges[range].over_time;
    let after = changes.partition_point(|held| held.at <= second);
    after
        .checked_sub(1)
        .map_or(simulation.setting.ranges[range].held, |last| {
            u64::from(changes[last].least)
        })
}

/// Where a pod CIDR has too few blocks: how many, and how many nodes and surge nodes want one. Every node draws a /24, and what is left
/// over is no block.
fn blocks_short(simulation: &Simulation, range: &Range) -> Option<(u64, u64, u64)> {
    let setting = simulation.setting;
    let blocks = range.capacity / POD_CIDR_PER_NODE;
    let nodes = setting.population.nodes.len() as u64;
    let surges = setting.groups.iter().map(|group| u64::from(group.surge));
    let surge: u64 = if setting.together {
        surges.sum()
    } else {
        surges.max().unwrap_or(0)
    };
    (nodes + surge > blocks).then_some((blocks, nodes, surge))
}

fn ranges(simulation: &Simulation, names: &Names, found: &mut Vec<Finding>) {
    let setting = simulation.setting;
    for (position, range) in setting.ranges.iter().enumerate() {
        let (least, most) = simulation.outcome.ended.peaks[position];
        if range.kind == RangeKind::PodCidr {
            if let Some((blocks, nodes, surge)) = blocks_short(simulation, range) {
                let without: Vec<NodeId> = simulation
                    .outcome
                    .nodes
                    .iter()
                    .filter(|node| node.end == NodeEnd::NoAddresses)
                    .map(|node| node.node)
                    .collect();
                let never = match without.len() {
                    0 => String::new(),
                    1 => format!("; {} never becomes Ready", called(&without, names)),
                    _ => format!("; {} never become Ready", called(&without, names)),
                };
                found.push(Finding::new(
                    Severity::Blocker,
                    "pod-cidr-too-small",
                    format!(
                        "the pod CIDR {} has blocks for {}, and {} and {} want one each{never}",
                        range.cidr,
                        counted(blocks, "node", "nodes"),
                        counted(nodes, "node", "nodes"),
                        counted(surge, "surge node", "surge nodes")
                    ),
                    &[&rule::MIG_11, &rule::OVL_1],
                ));
            }
            continue;
        }
        let peak = simulation.outcome.ranges[position].peak;
        if least <= range.capacity && most > range.capacity {
            found.push(Finding::new(
                Severity::Warning,
                "surge-may-not-fit",
                format!(
                    "{} ({}) holds between {} and {} of {} addresses at {}: what a surge node takes during the move, and when \
                     a reimaged one gives addresses back, is not documented. At the upper bound AKS answers SubnetIsFull{}; the \
                     run is that of the lower one. Fewer surge nodes, or max_unavailable instead of them, lower the upper bound",
                    range.name,
                    range.cidr,
                    grouped(least),
                    grouped(most),
                    grouped(range.capacity),
                    clock(peak.at),
                    second_try(simulation, position)
                ),
                &[&rule::MIG_22, &rule::MIG_21],
            ));
        } else if least > range.capacity {
            found.push(Finding::new(
                Severity::Blocker,
                "surge-does-not-fit",
                format!(
                    "{} ({}) would hold at least {} of {} addresses at {}",
                    range.name,
                    range.cidr,
                    grouped(least),
                    grouped(range.capacity),
                    clock(peak.at)
                ),
                &[&rule::UPG_4],
            ));
        } else if most * 100 >= range.capacity * 95 && most > range.held {
            found.push(Finding::new(
                Severity::Info,
                "subnet-peak",
                format!(
                    "{} ({}) peaks at {} of {} addresses at {}: {} left for anything else",
                    range.name,
                    range.cidr,
                    if least == most {
                        grouped(most)
                    } else {
                        format!("{} to {}", grouped(least), grouped(most))
                    },
                    grouped(range.capacity),
                    clock(peak.at),
                    grouped(range.capacity - most)
                ),
                &[&rule::UPG_4],
            ));
        }
    }
}

/// What comes of a second try with one surge node a pool, where AKS makes one (UPG-6), at the upper bound.
fn second_try(simulation: &Simulation, range: usize) -> String {
    let setting = simulation.setting;
    let surging = || setting.groups.iter().filter(|group| group.surge > 0);
    if !surging().all(|group| group.falls_back) {
        return String::new();
    }
    let more: u64 = surging()
        .filter_map(|group| group.pool)
        .flat_map(|pool| &setting.costs[pool.at()])
        .filter(|cost| usize::from(cost.range) == range)
        .map(|cost| u64::from(cost.old.max(cost.new)))
        .sum();
    let range = &setting.ranges[range];
    let held = range.held + more;
    format!(
        " and tries again with one surge node a pool (UPG-6), which {}: {} of {}",
        if held <= range.capacity {
            "fits"
        } else {
            "does not fit either"
        },
        grouped(held),
        grouped(range.capacity)
    )
}

fn autoscaler(simulation: &Simulation, found: &mut Vec<Finding>) {
    let pool = |pool: crate::population::PoolId| {
        simulation.setting.population.pools[pool.at()].name.as_str()
    };
    let mut refused = BTreeMap::new();
    let mut ceilings = BTreeMap::new();
    for happening in &simulation.outcome.log {
        match happening.what {
            What::ScaleUpRefused(of, nodes) => {
                refused.entry(of).or_insert((happening.at, nodes));
            }
            What::AtCeiling(of) => {
                ceilings.entry(of).or_insert(happening.at);
            }
            _ => {}
        }
    }
    for (of, (at, nodes)) in refused {
        found.push(Finding::new(
            Severity::Warning,
            "scale-up-refused",
            format!(
                "the autoscaler's step of {} for pool {} at {} does not fit its subnet, and fails whole",
                counted(u64::from(nodes), "node", "nodes"),
                pool(of),
                clock(at)
            ),
            &[&rule::ISS_2],
        ));
    }
    for (of, at) in ceilings {
        found.push(Finding::new(
            Severity::Warning,
            "autoscaler-at-ceiling",
            format!(
                "pods wait for a node from {} on, and pool {}, whose nodes would take them, is at its max_count",
                clock(at),
                pool(of)
            ),
            &[&rule::ISS_2],
        ));
    }
}

/// Pods that have no node when all is over, by shape, with the scheduler's reasons at that moment.
fn unplaceable(simulation: &Simulation, found: &mut Vec<Finding>) {
    let setting = simulation.setting;
    let mut by_shape: BTreeMap<ShapeId, Vec<PodId>> = BTreeMap::new();
    for pod in &simulation.outcome.pods {
        if pod.end == PodEnd::Unplaced {
            by_shape
                .entry(setting.population.pods[pod.pod.at()].shape)
                .or_default()
                .push(pod.pod);
        }
    }
    if by_shape.is_empty() {
        return;
    }
    let occupancy = at_the_end(simulation);
    let mut by_reason: BTreeMap<String, Vec<PodId>> = BTreeMap::new();
    for (shape, pods) in by_shape {
        let reasons: Vec<String> = occupancy
            .refusals(&setting.places, shape)
            .into_iter()
            .map(|(refusal, nodes)| format!("{nodes} {refusal}"))
            .collect();
        by_reason
            .entry(reasons.join(", "))
            .or_default()
            .extend(pods);
    }
    for (reasons, mut pods) in by_reason {
        pods.sort_unstable();
        found.push(Finding::new(
            Severity::Blocker,
            "pod-unplaceable",
            format!(
                "{} without a node at the end: {}: {reasons}",
                counted(pods.len() as u64, "pod is", "pods are"),
                pods_called(simulation, &pods)
            ),
            &[],
        ));
    }
}

/// What nodes hold when the log ends.
fn at_the_end(simulation: &Simulation) -> Occupancy {
    let setting = simulation.setting;
    let (places, population) = (&setting.places, setting.population);
    let mut occupancy = setting.first.occupancy.clone();
    for happening in &simulation.outcome.log {
        match happening.what {
            What::Cordoned(node) => occupancy.shut(places, node),
            What::NodeUp(node) | What::Reimaged(node) | What::Uncordoned(node) => {
                occupancy.open(places, node);
            }
            What::Removed(node) => occupancy.remove(places, node),
            What::Placed(pod, node) => {
                occupancy.bind(places, population.pods[pod.at()].shape, node);
            }
            What::Gone(pod, node) => {
                let facts = &population.pods[pod.at()];
                if !facts.phase.is_finished() {
                    occupancy.release(places, facts.shape, node);
                }
            }
            _ => {}
        }
    }
    occupancy
}

fn down(simulation: &Simulation, found: &mut Vec<Finding>) {
    let mut down: Vec<_> = simulation
        .outcome
        .workloads
        .iter()
        .filter(|workload| workload.ready_before > 0 && workload.lowest == 0)
        .filter(|workload| {
            // Daemons go down with their node, and nobody else's pod takes over.
            simulation.setting.population.workloads[workload.workload.at()].kind != "DaemonSet"
        })
        .collect();
    down.sort_by_key(|workload| {
        let for_good = workload.until_end && workload.ready_after == 0;
        (
            !for_good,
            std::cmp::Reverse(workload.down),
            workload.workload,
        )
    });
    for workload in down.iter().take(MOST_DOWN) {
        let name = workload_name(simulation, workload.workload);
        let before = workload.ready_before;
        let (severity, message) = match simulation.trace.none_since(workload.workload) {
            Some(since) if workload.until_end => (
                Severity::Blocker,
                format!(
                    "{name} has no Ready pod from {} on, to the end ({before} before)",
                    clock(since)
                ),
            ),
            _ => {
                let besides = whole::down_besides(simulation, &name);
                let all = workload.down.saturating_add(besides);
                let of_all = match simulation.others.is_empty() {
                    true => String::new(),
                    false => format!(
                        " over {}: {} in the move itself",
                        whole::reimages(simulation),
                        span(workload.down)
                    ),
                };
                (
                    Severity::Warning,
                    format!(
                        "{name} has no Ready pod for {} in all{of_all}, first at {} ({before} before)",
                        span(all),
                        clock(workload.lowest_at)
                    ),
                )
            }
        };
        found.push(Finding::new(severity, "workload-down", message, &[]));
    }
    if down.len() > MOST_DOWN {
        found.push(Finding::new(
            Severity::Warning,
            "workload-down",
            format!(
                "{} have no Ready pod for a while as well",
                counted(
                    (down.len() - MOST_DOWN) as u64,
                    "more workload",
                    "more workloads"
                )
            ),
            &[],
        ));
    }
}

fn ended<'a>(simulation: &'a Simulation, end: PodEnd) -> impl Iterator<Item = &'a PodOutcome> {
    simulation
        .outcome
        .pods
        .iter()
        .filter(move |pod| pod.end == end)
}

fn lost(simulation: &Simulation, found: &mut Vec<Finding>) {
    let lost: Vec<PodId> = ended(simulation, PodEnd::Lost).map(|pod| pod.pod).collect();
    // The same was said before anything moved.
    let is_told = simulation
        .findings
        .iter()
        .any(|finding| finding.code == "unmanaged-pod");
    if !lost.is_empty() && !is_told {
        found.push(Finding::new(
            Severity::Warning,
            "pods-lost",
            format!(
                "{} nobody makes again: {}",
                counted(lost.len() as u64, "evicted pod", "evicted pods"),
                pods_called(simulation, &lost)
            ),
            &[match simulation.setting.operation {
                Operation::Drain(_) => &rule::DRN_1,
                _ => &rule::DRN_2,
            }],
        ));
    }
}

fn not_ready(simulation: &Simulation, found: &mut Vec<Finding>) {
    let pods: Vec<PodId> = ended(simulation, PodEnd::NotReady)
        .chain(ended(simulation, PodEnd::NotMade))
        .map(|pod| pod.pod)
        .collect();
    if !pods.is_empty() {
        found.push(Finding::new(
            Severity::Warning,
            "replacement-not-ready",
            format!(
                "{} not Ready at the end, because it was not before, or because nothing more happens: {}",
                counted(pods.len() as u64, "replacement is", "replacements are"),
                pods_called(simulation, &pods)
            ),
            &[],
        ));
    }
}

fn windows(simulation: &Simulation, found: &mut Vec<Finding>) {
    for window in &simulation.windows {
        let fit = fits(simulation, &window.window);
        if fit.p50.is_none() {
            // What does not end has a blocker that says why; that it does not end in a window is no second thing.
            continue;
        }
        let severity = match fit.fits() {
            Fits::No => Severity::Blocker,
            Fits::NotAlways => Severity::Warning,
            Fits::Yes => continue,
        };
        found.push(Finding::new(
            if window.is_maintenance {
                Severity::Info
            } else {
                severity
            },
            WINDOW_TOO_SHORT,
            super::verdict::window_sentence(simulation, window, &fit),
            &[&rule::MNT_1],
        ));
    }
}

/// Why a pod came out as it did, in words.
pub fn reason(simulation: &Simulation, pod: &PodOutcome) -> String {
    let population = simulation.setting.population;
    let held = match pod.budget {
        Some(budget) if pod.holds > 0 => format!(
            "held {}{} by budget {}",
            match pod.holds {
                1 => String::new(),
                times => format!("{times} times, at the longest "),
            },
            span(pod.longest_hold),
            population.budget_name(budget)
        ),
        _ => String::new(),
    };
    let end = match pod.end {
        PodEnd::Replaced => "",
        PodEnd::NotReady => "its replacement is not Ready at the end",
        PodEnd::NotMade => "its replacement is not made: a lower ordinal comes first",
        PodEnd::Unplaced => "its replacement fits on no node",
        PodEnd::Lost => "nobody makes it again",
        PodEnd::Cleared => "it had finished",
        PodEnd::Blocked => "never evicted",
        PodEnd::SeveralBudgets => "more than one budget matches it (EV-2)",
        PodEnd::Restarted => "ends and comes back with its node",
    };
    [held.as_str(), end]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}
