//! What the simulation foresaw of each reimage: pools and nodes over time, addresses over time, budgets in the order in which they hold
//! drains back. Times are at median durations, from the beginning of the step.

use crate::finding::grouped;
use crate::migrate::foreseen::{
    Foreseen, ForeseenNode, ForeseenRange, HeldAt, SurgeNode, TightBudget,
};
use crate::migrate::plan::Plan;
use crate::report::document::{Block, Cell, Document, Table, Tone};
use crate::report::gantt::{Gantt, Mark, Row, Span};
use crate::report::simulation::{at_most, clock, short_names, span};

/// More nodes than this are shown as their pools.
const MOST_ROWS: usize = 40;
/// Rows of a table; the plan has all of them.
const SHOWN: usize = 40;
/// What holds a pod for less is not told, in seconds: it comes and goes between two looks of whoever watches.
const WORTH_TELLING: u32 = 60;

const HELD: usize = 1;
const DRAINED: usize = 2;
const REIMAGED: usize = 3;
const SURGE: usize = 4;
const LEGEND: [Mark; 5] = [
    Mark {
        letter: '!',
        tone: Tone::Bad,
        meaning: "does not end",
    },
    Mark {
        letter: 'B',
        tone: Tone::Warning,
        meaning: "waits for a pod or its budget",
    },
    Mark {
        letter: 'd',
        tone: Tone::Plain,
        meaning: "draining",
    },
    Mark {
        letter: 'r',
        tone: Tone::Good,
        meaning: "reimaging",
    },
    Mark {
        letter: 's',
        tone: Tone::Dim,
        meaning: "surge nodes are there",
    },
];

pub(super) fn sections(plan: &Plan, document: &mut Document) {
    let simulated: Vec<(usize, &Foreseen)> = plan
        .steps
        .iter()
        .enumerate()
        .filter_map(|(position, step)| Some((position + 1, step.foreseen.as_deref()?)))
        .collect();
    document.heading("What is foreseen");
    if simulated.is_empty() {
        document.toned(
            "Nothing was simulated: no nodes were read. How long it takes and which budget holds it up is not known.",
            Tone::Warning,
        );
        return;
    }
    // Reimages of the same nodes look the same: one that repeats another is not printed again.
    let mut shown: Vec<(usize, &Foreseen)> = Vec::new();
    for (number, foreseen) in simulated {
        let twin = shown.iter().find(|(_, known)| *known == foreseen);
        match twin {
            Some((first, _)) => {
                document.part(format!("Step {number}"));
                document.paragraph(format!("As step {first}."));
            }
            None => {
                one(number, foreseen, document);
                shown.push((number, foreseen));
            }
        }
    }
}

fn one(number: usize, foreseen: &Foreseen, document: &mut Document) {
    let took = match foreseen.median {
        Some(seconds) => format!(
            "One run in which every duration is its median: {}, {} evictions.",
            at_most(seconds),
            grouped(u64::from(foreseen.evictions))
        ),
        None => "It does not end in a run in which every duration is its median.".to_string(),
    };
    let futures = match foreseen.futures {
        0 => "No futures were played, so p50 and p90 are not known.".to_string(),
        all => format!(
            "p50, p90 and p99 are of {} futures with durations drawn by chance (seed {}), {} of which complete: half end by the p50. It is \
             later than this run because the slowest of many pods sets the pace.",
            grouped(u64::from(all)),
            foreseen.seed,
            grouped(u64::from(foreseen.completed)),
        ),
    };
    document.part(format!("Step {number}: timeline"));
    document.toned(
        format!("{took} {futures}"),
        if foreseen.median.is_none() {
            Tone::Bad
        } else {
            Tone::Plain
        },
    );
    document.blocks.push(Block::Gantt(timeline(foreseen)));
    if foreseen
        .nodes
        .iter()
        .any(|node| node.name.starts_with("aks-"))
    {
        document.talk("A node aks-apps-38250194-vmss000007 of Kubernetes is apps-7 here, as in what aksplan prints.");
    }
    part(document, number, "pools", pools(foreseen));
    part(
        document,
        number,
        "workloads without a ready pod for a while",
        down(foreseen),
    );
    let briefly = foreseen
        .budgets
        .iter()
        .filter(|budget| is_brief(budget))
        .count();
    part(
        document,
        number,
        "budgets that hold drains back, in their order",
        budgets(foreseen),
    );
    if briefly > 0 {
        document.toned(
            format!(
                "{} more hold each eviction for less than {}.",
                grouped(briefly as u64),
                span(WORTH_TELLING)
            ),
            Tone::Dim,
        );
    }
    part(
        document,
        number,
        &format!(
            "nodes that wait {} or longer for a pod",
            span(WORTH_TELLING)
        ),
        waits(foreseen),
    );
    for range in &foreseen.ranges {
        let peak = range
            .over_time
            .iter()
            .map(|held| u64::from(held.most))
            .max();
        // Nobody has to look at a range that never comes near its end.
        if let Some(peak) = peak
            && peak.saturating_mul(4) < range.capacity.saturating_mul(3)
        {
            document.paragraph(format!(
                "Addresses of {} {}: {} of {} are held at the most.",
                range.name,
                range.cidr,
                grouped(peak),
                grouped(range.capacity)
            ));
            continue;
        }
        document.part(format!(
            "Step {number}: addresses of {} {}",
            range.name, range.cidr
        ));
        document.paragraph(format!(
            "{} addresses in all; what is held at the start {}. Between least and most: whether Overlay surge nodes still hold \
             addresses for their pods is not documented (MIG-22).",
            grouped(range.capacity),
            if range.measured {
                "was told by Azure"
            } else {
                "is reckoned from nodes and pools, not told by Azure"
            }
        ));
        document.blocks.push(Block::Table(held(range)));
    }
}

fn part(document: &mut Document, number: usize, what: &str, mut table: Table) {
    if table.rows.is_empty() {
        return;
    }
    document.part(format!("Step {number}: {what}"));
    let all = table.rows.len();
    table.rows.truncate(SHOWN);
    document.blocks.push(Block::Table(table));
    if all > SHOWN {
        document.toned(
            format!(
                "{} more rows are in the plan",
                grouped((all - SHOWN) as u64)
            ),
            Tone::Dim,
        );
    }
}

fn number(number: impl Into<u64>) -> Cell {
    Cell::from(grouped(number.into()))
}

fn at(second: Option<u32>) -> Cell {
    second.map_or_else(
        || Cell::toned("-", Tone::Dim),
        |second| clock(second).into(),
    )
}

fn timeline(foreseen: &Foreseen) -> Gantt {
    let end = foreseen
        .nodes
        .iter()
        .flat_map(|node| [node.drain_begins, node.drained, node.ended])
        .chain(
            foreseen
                .pools
                .iter()
                .flat_map(|pool| [pool.began, pool.ended]),
        )
        .flatten()
        .chain(foreseen.median)
        .max()
        .unwrap_or(0);
    let by_pool = foreseen.nodes.len() > MOST_ROWS;
    let short = short_names(foreseen.nodes.iter().map(|node| node.name.as_str()));
    let mut rows: Vec<Row> = if by_pool {
        foreseen
            .pools
            .iter()
            .map(|pool| Row {
                label: pool.name.clone(),
                spans: foreseen
                    .nodes
                    .iter()
                    .filter(|node| node.pool == pool.name)
                    .flat_map(|node| spans(node, end))
                    .collect(),
            })
            .collect()
    } else {
        foreseen
            .nodes
            .iter()
            .zip(short)
            .map(|(node, label)| Row {
                label,
                spans: spans(node, end),
            })
            .collect()
    };
    // One row a pool: its surge nodes come together, and which of them goes first tells nobody anything.
    for pool in foreseen.pools.iter().filter(|pool| pool.surge > 0) {
        let of_pool = foreseen.surge.iter().filter(|node| node.pool == pool.name);
        rows.push(Row {
            label: format!("{}: {} surge", pool.name, pool.surge),
            spans: of_pool.filter_map(|node| there(node, end)).collect(),
        });
    }
    Gantt {
        rows,
        seconds: end,
        legend: LEGEND.to_vec(),
    }
}

/// A surge node, from when it is asked for until it is gone.
fn there(node: &SurgeNode, end: u32) -> Option<Span> {
    Some(Span {
        from: node.began?,
        until: node.ended.unwrap_or(end),
        mark: SURGE,
    })
}

fn is_brief(budget: &TightBudget) -> bool {
    budget
        .longest
        .is_some_and(|seconds| seconds < WORTH_TELLING)
}

fn spans(node: &ForeseenNode, end: u32) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut push = |from: u32, until: u32, mark: usize| spans.push(Span { from, until, mark });
    let Some(began) = node.drain_begins else {
        return spans;
    };
    let is_undone = node.ended.is_none() || node.end != "done";
    push(began, node.drained.unwrap_or(end), DRAINED);
    if let Some(wait) = &node.waits_for
        && wait.budget.is_some()
    {
        push(wait.since, wait.until.unwrap_or(end), HELD);
    }
    if let (Some(drained), Some(ended)) = (node.drained, node.ended) {
        push(drained, ended, REIMAGED);
    }
    if is_undone && node.end != "removed" {
        let from = node.ended.or(node.drained).unwrap_or(began);
        push(from, end, 0);
    }
    spans
}

fn pools(foreseen: &Foreseen) -> Table {
    let mut table = Table::new(&[
        "pool",
        "#nodes",
        "#surge",
        "#begins",
        "#ends in this run",
        "#p50",
        "#p90",
    ]);
    for pool in &foreseen.pools {
        table.rows.push(vec![
            Cell::from(pool.name.as_str()),
            number(pool.nodes),
            number(pool.surge),
            at(pool.began),
            at(pool.ended),
            at(pool.ends.map(|ends| ends.p50)),
            at(pool.ends.map(|ends| ends.p90)),
        ]);
    }
    table
}

fn down(foreseen: &Foreseen) -> Table {
    let mut table = Table::new(&["workload", "#ready before", "#no pod ready for"]);
    for workload in &foreseen.down {
        table.rows.push(vec![
            Cell::from(workload.name.as_str()),
            number(workload.ready_before),
            if workload.until_end {
                Cell::toned("ever", Tone::Bad)
            } else {
                Cell::toned(span(workload.seconds), Tone::Warning)
            },
        ]);
    }
    table
}

pub(in crate::report) fn budgets(foreseen: &Foreseen) -> Table {
    let mut table = Table::new(&[
        "budget",
        "#first refusal",
        "#evictions held",
        "#longest hold",
    ]);
    for budget in foreseen.budgets.iter().filter(|budget| !is_brief(budget)) {
        table.rows.push(vec![
            Cell::from(budget.name.as_str()),
            at(Some(budget.first_refusal)),
            number(budget.evictions),
            match budget.longest {
                Some(seconds) => span(seconds).into(),
                None => Cell::toned("for ever", Tone::Bad),
            },
        ]);
    }
    table
}

fn waits(foreseen: &Foreseen) -> Table {
    let mut table = Table::new(&["node", "pod", "budget", "#from", "#until"]);
    let short = short_names(foreseen.nodes.iter().map(|node| node.name.as_str()));
    for (node, short) in foreseen.nodes.iter().zip(short) {
        let Some(wait) = &node.waits_for else {
            continue;
        };
        let is_brief = wait
            .until
            .is_some_and(|until| until.saturating_sub(wait.since) < WORTH_TELLING);
        if is_brief || (wait.budget.is_none() && wait.until.is_some()) {
            continue;
        }
        table.rows.push(vec![
            Cell::from(short),
            Cell::from(wait.pod.as_str()),
            match &wait.budget {
                Some(budget) => Cell::from(budget.as_str()),
                None => Cell::toned("-", Tone::Dim),
            },
            at(Some(wait.since)),
            match wait.until {
                Some(until) => clock(until).into(),
                None => Cell::toned("never", Tone::Bad),
            },
        ]);
    }
    table
}

/// The beginning, the end, the peak, and some in between: the plan has all of them.
fn thinned(over_time: &[HeldAt]) -> Vec<HeldAt> {
    const BETWEEN: usize = 6;
    let last = over_time.len().saturating_sub(1);
    let peak = over_time
        .iter()
        .enumerate()
        // The first of several.
        .max_by_key(|(position, held)| (held.most, std::cmp::Reverse(*position)))
        .map(|(position, _)| position);
    let every = last.div_ceil(BETWEEN).max(1);
    over_time
        .iter()
        .enumerate()
        .filter(|(position, _)| {
            position % every == 0 || *position == last || Some(*position) == peak
        })
        .map(|(_, held)| *held)
        .collect()
}

fn held(range: &ForeseenRange) -> Table {
    let mut table = Table::new(&["#at", "#least held", "#most held"]);
    for held in thinned(&range.over_time) {
        let most = number(held.most);
        table.rows.push(vec![
            at(Some(held.at)),
            number(held.least),
            if u64::from(held.most) > range.capacity {
                Cell::toned(format!("{} (full)", most.text), Tone::Bad)
            } else {
                most
            },
        ]);
    }
    table
}
