//! The tables of a simulation, and its timeline.

use super::trace::Phase;
use super::words::{Names, at_most, clock, span};
use super::{Simulation, reason};
use crate::finding::grouped;
use crate::population::NodeId;
use crate::report::document::{Cell, Table, Tone};
use crate::report::gantt::{Gantt, Mark, Row, Span};
use crate::simulate::log::Group;
use crate::simulate::measured::{Duration, Origin};
use crate::simulate::outcome::{NodeEnd, NodeOutcome, PodEnd, Wait, WorkloadOutcome};
use crate::simulate::setting::Operation;

fn number(number: impl Into<u64>) -> Cell {
    Cell::from(grouped(number.into()))
}

fn dash() -> Cell {
    Cell::toned("-", Tone::Dim)
}

fn at(second: Option<u32>) -> Cell {
    second.map_or_else(dash, |second| Cell::from(clock(second)))
}

pub fn is_undone(end: NodeEnd) -> bool {
    !matches!(end, NodeEnd::Done | NodeEnd::Removed | NodeEnd::Added)
}

/// A row a group.
pub fn pools(simulation: &Simulation) -> Table {
    let (setting, outcome) = (simulation.setting, simulation.outcome);
    let is_drain = matches!(setting.operation, Operation::Drain(_));
    let mut table = Table::new(&[
        if is_drain { "what" } else { "pool" },
        "#nodes",
        "#surge",
        "#at a time",
        "#batches",
        "#begins",
        "#ends",
        "#ends (p50)",
        "#ends (p90)",
        "#evictions",
        "#undone",
    ]);
    for (position, (group, told)) in setting.groups.iter().zip(&outcome.groups).enumerate() {
        let mine = || {
            outcome
                .nodes
                .iter()
                .filter(move |node| usize::from(node.group) == position)
        };
        let undone = mine().filter(|node| is_undone(node.end)).count() as u64;
        let batches = mine().map(|node| node.batch).max().unwrap_or(0);
        let evictions: u64 = mine().map(|node| u64::from(node.evicted)).sum();
        let width = if told.surge > 0 {
            told.surge
        } else {
            group.unavailable
        };
        let late = simulation
            .futures
            .and_then(|futures| futures.groups.get(position).copied().flatten());
        table.rows.push(vec![
            Cell::from(group.name.as_str()),
            number(group.nodes.len() as u64),
            match told.surge_refused {
                Some(refused) => Cell::toned(format!("{} of {refused}", told.surge), Tone::Bad),
                None => number(told.surge),
            },
            number(width),
            number(batches),
            at(told.began),
            match (told.ended, told.failed) {
                (_, true) => Cell::toned("fails", Tone::Bad),
                (Some(ended), false) => Cell::from(clock(ended)),
                (None, false) => Cell::toned("never", Tone::Bad),
            },
            at(late.map(|late| late.p50)),
            at(late.map(|late| late.p90)),
            number(evictions),
            if undone > 0 {
                Cell::toned(grouped(undone), Tone::Bad)
            } else {
                number(undone)
            },
        ]);
    }
    table
}

/// A row a subnet or pod CIDR.
pub fn ranges(simulation: &Simulation) -> Table {
    let (setting, outcome) = (simulation.setting, simulation.outcome);
    let mut table = Table::new(&[
        "range",
        "cidr",
        "#capacity",
        "#at the start",
        "#peak, least",
        "#peak, most",
        "#at",
        "#at the end",
        "fits",
    ]);
    for ((range, told), peaks) in setting
        .ranges
        .iter()
        .zip(&outcome.ranges)
        .zip(&outcome.ended.peaks)
    {
        let (least, most) = *peaks;
        let end = told.over_time.last();
        table.rows.push(vec![
            Cell::from(range.name.as_str()),
            Cell::from(range.cidr.as_str()),
            number(range.capacity),
            number(range.held),
            number(least),
            number(most),
            Cell::from(clock(told.peak.at)),
            match end {
                Some(end) if end.least == end.most => number(end.least),
                Some(end) => Cell::from(format!(
                    "{}–{}",
                    grouped(end.least.into()),
                    grouped(end.most.into())
                )),
                None => number(range.held),
            },
            if least.max(end.map_or(0, |end| u64::from(end.least))) > range.capacity {
                Cell::toned("no", Tone::Bad)
            } else if most > range.capacity {
                Cell::toned("at the least", Tone::Warning)
            } else {
                Cell::toned("yes", Tone::Good)
            },
        ]);
    }
    table
}

/// What is left of a range; what is missing, where more is held.
fn free(capacity: u64, held: u32) -> Cell {
    match capacity.checked_sub(u64::from(held)) {
        Some(free) => number(free),
        None => Cell::toned(
            format!("-{}", grouped(u64::from(held) - capacity)),
            Tone::Bad,
        ),
    }
}

/// Rows of the table of addresses over time.
const MOMENTS: usize = 12;

/// Addresses held, at the beginning, at the end, and where most changes between.
pub fn addresses(simulation: &Simulation) -> Table {
    let setting = simulation.setting;
    let mut table = Table::new(&[
        "range",
        "#at",
        "#least",
        "#most",
        "#free at least",
        "#free at most",
    ]);
    for (range, told) in setting.ranges.iter().zip(&simulation.outcome.ranges) {
        let changes = &told.over_time;
        // A range that nothing happens to has its row in the table of ranges.
        let held = |at: usize| changes.get(at).map(|held| (held.least, held.most));
        if (0..changes.len()).all(|at| held(at) == held(0)) {
            continue;
        }
        // One moment of each of so many equal stretches: the last change in it; and the peak.
        let last = changes.last().map_or(0, |held| held.at).max(1);
        let mut shown: Vec<usize> = Vec::new();
        for part in 0..=MOMENTS {
            let until = (u64::from(last) * part as u64 / MOMENTS as u64) as u32;
            let after = changes.partition_point(|held| held.at <= until);
            shown.extend(after.checked_sub(1));
        }
        shown.extend(changes.iter().position(|held| *held == told.peak));
        shown.sort_unstable();
        shown.dedup();
        for position in shown {
            let held = changes[position];
            table.rows.push(vec![
                Cell::from(range.name.as_str()),
                Cell::from(clock(held.at)),
                number(held.least),
                number(held.most),
                free(range.capacity, held.most),
                number(range.capacity.saturating_sub(u64::from(held.least))),
            ]);
        }
    }
    table
}

/// Whether a workload falls by more than one pod, or to none.
fn falls(simulation: &Simulation, workload: &WorkloadOutcome) -> bool {
    let is_daemon =
        simulation.setting.population.workloads[workload.workload.at()].kind == "DaemonSet";
    let falls = workload.ready_before - workload.lowest.min(workload.ready_before);
    let never_back = workload.ready_after < workload.ready_before;
    !is_daemon && (falls > 1 || never_back || (workload.lowest == 0 && workload.ready_before > 0))
}

/// Workloads that fall by more than one pod, or all of them with `--pods`; and how many rows were left out.
pub fn workloads(simulation: &Simulation, shown: usize) -> (Table, usize) {
    let rows = simulation.outcome.workloads.iter();
    let rows = rows.filter(|workload| simulation.show.pods || falls(simulation, workload));
    rows_of_workloads(simulation, rows.collect(), shown)
}

/// The same of workloads that are chosen, those that fall furthest first; and how many are left out.
pub fn rows_of_workloads(
    simulation: &Simulation,
    mut rows: Vec<&WorkloadOutcome>,
    shown: usize,
) -> (Table, usize) {
    let population = simulation.setting.population;
    rows.sort_by_key(|workload| {
        (
            std::cmp::Reverse(workload.down),
            std::cmp::Reverse(workload.ready_before.saturating_sub(workload.lowest)),
            workload.workload,
        )
    });
    let more = rows.len().saturating_sub(shown);
    let mut table = Table::new(&[
        "workload",
        "kind",
        "#Ready before",
        "#lowest",
        "#at",
        "fewer for",
        "none for",
        "#lowest in any future",
        "#Ready after",
    ]);
    for workload in rows.into_iter().take(shown) {
        let facts = &population.workloads[workload.workload.at()];
        let lowest = simulation
            .futures
            .and_then(|futures| futures.lowest_ready.get(workload.workload.at()));
        let toned = |ready: u32| {
            let tone = if ready == 0 { Tone::Bad } else { Tone::Plain };
            Cell::toned(grouped(ready.into()), tone)
        };
        table.rows.push(vec![
            Cell::from(facts.label()),
            Cell::from(facts.kind),
            number(workload.ready_before),
            toned(workload.lowest),
            Cell::from(clock(workload.lowest_at)),
            match simulation
                .trace
                .fewer_since(workload.workload, workload.ready_before)
            {
                Some(since) if workload.until_end => {
                    Cell::toned(format!("from {} on", clock(since)), Tone::Bad)
                }
                _ => Cell::from(span(workload.reduced)),
            },
            match (
                workload.down,
                simulation.trace.none_since(workload.workload),
            ) {
                (0, _) => dash(),
                (_, Some(since)) if workload.until_end => {
                    Cell::toned(format!("from {} on", clock(since)), Tone::Bad)
                }
                (down, _) => Cell::toned(span(down), Tone::Bad),
            },
            lowest.map_or_else(dash, |lowest| toned(*lowest)),
            if workload.ready_after < workload.ready_before {
                Cell::toned(grouped(workload.ready_after.into()), Tone::Bad)
            } else {
                number(workload.ready_after)
            },
        ]);
    }
    (table, more)
}

fn end_words(end: NodeEnd) -> Cell {
    match end {
        NodeEnd::Done => Cell::toned("done", Tone::Good),
        NodeEnd::Removed => Cell::toned("removed", Tone::Dim),
        NodeEnd::Added => Cell::toned("stays", Tone::Plain),
        NodeEnd::Quarantined => Cell::toned("quarantined", Tone::Bad),
        NodeEnd::TimedOut => Cell::toned("timed out", Tone::Bad),
        NodeEnd::NoAddresses => Cell::toned("no addresses", Tone::Bad),
        NodeEnd::Failed => Cell::toned("failed", Tone::Bad),
        NodeEnd::Refused => Cell::toned("refused", Tone::Bad),
        NodeEnd::Stuck => Cell::toned("stuck", Tone::Bad),
        NodeEnd::NotReached => Cell::toned("not reached", Tone::Bad),
    }
}

/// In the order they were taken; those that never were, last.
fn in_order(nodes: &[NodeOutcome]) -> Vec<&NodeOutcome> {
    let mut nodes: Vec<&NodeOutcome> = nodes.iter().collect();
    nodes.sort_by_key(|node| {
        (
            node.group,
            node.batch == 0,
            node.began.unwrap_or(u32::MAX),
            node.node,
        )
    });
    nodes
}

/// `payments/api, 11 min`, which is a budget: the sentence about it stands in the critical path.
fn waited(simulation: &Simulation, wait: &Wait) -> String {
    let population = simulation.setting.population;
    let until = wait.evicted.unwrap_or(simulation.trace.end);
    let lasted = span(until.saturating_sub(wait.since));
    match (wait.budget, wait.evicted) {
        (Some(budget), Some(_)) => format!("{}, {lasted}", population.budget_name(budget)),
        (Some(budget), None) => format!("{}, {lasted} in vain", population.budget_name(budget)),
        (None, _) => format!("pod {}", population.pod_name(wait.pod)),
    }
}

/// A row a node, and how many were left out.
pub fn nodes(simulation: &Simulation, names: &Names, shown: usize) -> (Table, usize) {
    let setting = simulation.setting;
    let mut table = Table::new(&[
        "node",
        "pool",
        "#batch",
        "#begins",
        "#drained",
        "#ends",
        "#evicted",
        "outcome",
        "waited for (budget)",
    ]);
    let all = in_order(&simulation.outcome.nodes);
    let more = all.len().saturating_sub(shown);
    for node in all.into_iter().take(shown) {
        let pool = setting
            .places
            .pool_of(node.node)
            .map_or("", |pool| setting.population.pools[pool.at()].name.as_str());
        table.rows.push(vec![
            Cell::from(names.short(node.node)),
            Cell::from(pool),
            if node.batch > 0 {
                number(node.batch)
            } else {
                dash()
            },
            at(node.began),
            at(node.drained),
            at(node.ended),
            number(node.evicted),
            end_words(node.end),
            node.waited_for
                .filter(|wait| wait.budget.is_some() || is_undone(node.end))
                .map_or_else(dash, |wait| Cell::from(waited(simulation, &wait))),
        ]);
    }
    (table, more)
}

/// A row a pod, and how many were left out.
pub fn pods(simulation: &Simulation, names: &Names, shown: usize) -> (Table, usize) {
    let population = simulation.setting.population;
    let mut table = Table::new(&[
        "pod", "from", "to", "#evicted", "#Ready", "#times", "outcome", "why",
    ]);
    let pods = &simulation.outcome.pods;
    for pod in pods.iter().take(shown) {
        let from = population.pods[pod.pod.at()].node;
        let node =
            |node: Option<NodeId>| node.map_or_else(dash, |node| Cell::from(names.short(node)));
        let tone = match pod.end {
            PodEnd::Replaced | PodEnd::Cleared | PodEnd::Restarted => Tone::Plain,
            PodEnd::NotReady | PodEnd::NotMade | PodEnd::Lost => Tone::Warning,
            PodEnd::Unplaced | PodEnd::Blocked | PodEnd::SeveralBudgets => Tone::Bad,
        };
        table.rows.push(vec![
            Cell::from(population.pod_name(pod.pod)),
            node(from),
            node(pod.node),
            at(pod.evicted),
            at(pod.ready),
            number(pod.evictions),
            Cell::toned(pod.end.key().replace('_', " "), tone),
            Cell::from(reason(simulation, pod)),
        ]);
    }
    (table, pods.len().saturating_sub(shown))
}

/// How long something takes: what, of whom, and where that comes from.
pub struct Lasting {
    pub what: &'static str,
    /// Pool or workload; `None`: the whole operation.
    pub of: Option<String>,
    pub duration: Duration,
}

/// Every duration of the run, those of pools and workloads that it touched.
pub fn lastings(simulation: &Simulation) -> Vec<Lasting> {
    let setting = simulation.setting;
    let timing = &setting.timing;
    let mut all = Vec::new();
    let mut whole = |what: &'static str, duration: Duration| {
        all.push(Lasting {
            what,
            of: None,
            duration,
        });
    };
    if !matches!(setting.operation, Operation::Drain(_)) {
        whole("control_plane", timing.control_plane);
        whole("node_reimage", timing.node_reimage);
        whole("node_delete", timing.node_delete);
    }
    whole("pod_stop_percent", timing.pod_stop_percent);
    let used = |pool: usize| {
        setting
            .groups
            .iter()
            .any(|group| group.pool.is_some_and(|of| of.at() == pool) && group.surge > 0)
            || setting
                .growing
                .iter()
                .any(|growing| growing.pool.at() == pool)
    };
    for (position, duration) in timing.node_create.iter().enumerate() {
        if used(position) {
            all.push(Lasting {
                what: "node_create",
                of: Some(setting.population.pools[position].name.clone()),
                duration: *duration,
            });
        }
    }
    for workload in &simulation.outcome.workloads {
        if setting.population.workloads[workload.workload.at()].kind == "DaemonSet" {
            continue;
        }
        all.push(Lasting {
            what: "pod_start",
            of: Some(setting.population.workloads[workload.workload.at()].label()),
            duration: timing.pod_start[workload.workload.at()],
        });
    }
    all
}

pub fn origin_words(duration: &Duration) -> String {
    match duration.origin {
        Origin::Seen => format!("seen, {} times", duration.seen),
        Origin::Policy => "policy".to_string(),
        Origin::Default => "default, assumed".to_string(),
    }
}

/// Slowest first; pods that start by the default in one row.
pub fn durations(simulation: &Simulation) -> Table {
    const STARTS: usize = 10;
    let mut table = Table::new(&["what", "of", "median", "p90", "from"]);
    let all = lastings(simulation);
    let row = |table: &mut Table, what: &str, of: String, duration: &Duration| {
        let amount = |value: u32| {
            if what == "pod stop" {
                format!("{value} % of its grace")
            } else {
                span(value)
            }
        };
        table.rows.push(vec![
            Cell::from(what),
            Cell::from(of),
            Cell::from(amount(duration.spread.median)),
            Cell::from(amount(duration.spread.p90)),
            Cell::toned(origin_words(duration), Tone::Dim),
        ]);
    };
    for lasting in all.iter().filter(|lasting| lasting.what != "pod_start") {
        let what = match lasting.what {
            "pod_stop_percent" => "pod stop".to_string(),
            what => what.replace('_', " "),
        };
        let of = lasting
            .of
            .clone()
            .map_or_else(String::new, |of| format!("pool {of}"));
        row(&mut table, &what, of, &lasting.duration);
    }
    let mut starts: Vec<&Lasting> = all
        .iter()
        .filter(|lasting| lasting.what == "pod_start")
        .collect();
    let unseen: Vec<&Lasting> = starts
        .iter()
        .copied()
        .filter(|lasting| lasting.duration.origin != Origin::Seen)
        .collect();
    starts.retain(|lasting| lasting.duration.origin == Origin::Seen);
    starts
        .sort_by(|a, b| (b.duration.spread.median, &a.of).cmp(&(a.duration.spread.median, &b.of)));
    for lasting in starts.iter().take(STARTS) {
        row(
            &mut table,
            "pod start",
            lasting.of.clone().unwrap_or_default(),
            &lasting.duration,
        );
    }
    if let Some(next) = starts.get(STARTS) {
        table.rows.push(vec![
            Cell::from("pod start"),
            Cell::from(format!("{} more workloads", starts.len() - STARTS)),
            Cell::from(format!("at most {}", at_most(next.duration.spread.median))),
            dash(),
            Cell::toned("seen", Tone::Dim),
        ]);
    }
    if let Some(first) = unseen.first() {
        let of = match unseen.len() {
            1 => first.of.clone().unwrap_or_default(),
            many => format!("{many} workloads that show none"),
        };
        row(&mut table, "pod start", of, &first.duration);
    }
    table
}

const MARKS: [(Phase, char, Tone, &str); 7] = [
    (Phase::Failed, '!', Tone::Bad, "failed"),
    (Phase::Held, 'B', Tone::Warning, "held by a budget"),
    (Phase::Drained, 'd', Tone::Plain, "draining"),
    (Phase::Reimaged, 'r', Tone::Good, "reimaging"),
    (Phase::Soaks, 's', Tone::Dim, "soaking"),
    (Phase::Boots, '+', Tone::Dim, "new node boots"),
    (Phase::Serves, '-', Tone::Dim, "new node serves"),
];

/// A row a node or a pool.
pub fn timeline(simulation: &Simulation, names: &Names, by_pool: bool) -> Gantt {
    let trace = simulation.trace;
    let spans = |node: NodeId| {
        trace.nodes[node.at()].iter().map(|stretch| Span {
            from: stretch.from,
            until: stretch.until,
            mark: MARKS
                .iter()
                .position(|(phase, ..)| *phase == stretch.phase)
                .expect("every phase has a mark"),
        })
    };
    let rows = if by_pool {
        simulation
            .setting
            .groups
            .iter()
            .enumerate()
            .map(|(position, group)| Row {
                label: group.name.clone(),
                spans: simulation
                    .outcome
                    .nodes
                    .iter()
                    .filter(|node| node.group == position as Group)
                    .flat_map(|node| spans(node.node))
                    .collect(),
            })
            .collect()
    } else {
        in_order(&simulation.outcome.nodes)
            .into_iter()
            .map(|node| Row {
                label: names.short(node.node).to_string(),
                spans: spans(node.node).collect(),
            })
            .collect()
    };
    Gantt {
        rows,
        seconds: trace.end,
        legend: MARKS
            .iter()
            .map(|(_, letter, tone, meaning)| Mark {
                letter: *letter,
                tone: *tone,
                meaning,
            })
            .collect(),
    }
}
