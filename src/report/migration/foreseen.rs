//! What the simulation foresaw of each reimage: pools and nodes over time, addresses over time, budgets in the order in which they hold
//! drains back. Times are at median durations, from the beginning of the step.

use crate::finding::grouped;
use crate::migrate::foreseen::{Foreseen, ForeseenNode, HeldAt};
use crate::migrate::plan::Plan;
use crate::report::document::{Block, Cell, Document, Table, Tone};
use crate::report::simulation::{clock, span};
use crate::report::timeline::{Mark, Row, Span, Timeline};

/// More nodes than this are shown as their pools.
const MOST_ROWS: usize = 40;
/// Rows of a table; the plan has all of them.
const SHOWN: usize = 60;

const HELD: usize = 1;
const DRAINED: usize = 2;
const REIMAGED: usize = 3;
const LEGEND: [Mark; 4] = [
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
            "Nothing was simulated: nodes and pods were not read. How long it takes and which budget holds it up is not known.",
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
        Some(seconds) => format!("takes {} at median durations", span(seconds)),
        None => "does not end at median durations".to_string(),
    };
    let futures = match foreseen.futures {
        0 => "no futures were played".to_string(),
        all => format!(
            "{} of {} futures of seed {} complete",
            grouped(u64::from(foreseen.completed)),
            grouped(u64::from(all)),
            foreseen.seed
        ),
    };
    document.part(format!("Step {number}: timeline"));
    document.toned(
        format!(
            "{took}, with {} evictions; {futures}",
            grouped(u64::from(foreseen.evictions))
        ),
        if foreseen.median.is_none() {
            Tone::Bad
        } else {
            Tone::Plain
        },
    );
    document.blocks.push(Block::Timeline(timeline(foreseen)));
    part(document, number, "pools", pools(foreseen));
    part(
        document,
        number,
        "workloads without a ready pod for a while",
        down(foreseen),
    );
    part(
        document,
        number,
        "budgets that hold drains back, in their order",
        budgets(foreseen),
    );
    part(document, number, "nodes that wait", waits(foreseen));
    part(document, number, "addresses over time", ranges(foreseen));
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

fn timeline(foreseen: &Foreseen) -> Timeline {
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
    let rows = if by_pool {
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
            .map(|node| Row {
                label: node.name.clone(),
                spans: spans(node, end),
            })
            .collect()
    };
    Timeline {
        rows,
        seconds: end,
        legend: LEGEND.to_vec(),
    }
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
        "#ends",
        "#ends (p50)",
        "#ends (p90)",
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

fn budgets(foreseen: &Foreseen) -> Table {
    let mut table = Table::new(&["budget", "#first refusal", "#pods held", "#longest"]);
    for budget in &foreseen.budgets {
        table.rows.push(vec![
            Cell::from(budget.name.as_str()),
            at(Some(budget.first_refusal)),
            number(budget.pods),
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
    for node in &foreseen.nodes {
        let Some(wait) = &node.waits_for else {
            continue;
        };
        if wait.budget.is_none() && wait.until.is_some() {
            continue;
        }
        table.rows.push(vec![
            Cell::from(node.name.as_str()),
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
    const BETWEEN: usize = 12;
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

fn ranges(foreseen: &Foreseen) -> Table {
    let mut table = Table::new(&[
        "range",
        "cidr",
        "#capacity",
        "#at",
        "#least held",
        "#most held",
        "counted by Azure",
    ]);
    for range in &foreseen.ranges {
        for held in thinned(&range.over_time) {
            let most = number(held.most);
            table.rows.push(vec![
                Cell::from(range.name.as_str()),
                Cell::from(range.cidr.as_str()),
                number(range.capacity),
                at(Some(held.at)),
                number(held.least),
                if u64::from(held.most) > range.capacity {
                    Cell::toned(most.text, Tone::Bad)
                } else {
                    most
                },
                Cell::from(if range.measured { "yes" } else { "no" }),
            ]);
        }
    }
    table
}
