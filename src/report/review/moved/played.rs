//! What the simulation of a move shows: nodes over time, addresses over time, who is down, how the time spreads against a window. Reads
//! everything off the simulation; simulates nothing.

use super::{Planned, runbook};
use crate::finding::{counted, grouped};
use crate::migrate::foreseen::Foreseen;
use crate::report::chart::{Bar, Bars, Chart, Course, Ink, Level, Line, Spread, Time};
use crate::report::document::{Block, Cell, Document, Figure, Table, Tone, Weight};
use crate::report::html::stretches;
use crate::report::migration;
use crate::report::simulation::verdict::{median_sentence, window_sentence};
use crate::report::simulation::{
    Names, Simulation, advice_item, at_least, at_most, clock, fits, path_items, sentences, span,
    tables, verdict, whole,
};

/// More nodes than this are drawn as their pools.
const MOST_NODES: usize = 240;

pub(super) fn time(simulation: &Simulation) -> Document {
    let names = Names::of(simulation.setting);
    let mut document = Document::new("Timeline");
    let (sentence, tone) = verdict(simulation, &names);
    document.toned(sentence, tone);
    of_which(simulation, &mut document);
    if let Some(sentence) = median_sentence(simulation) {
        document.paragraph(sentence);
    }
    if !simulation.advice.is_empty() {
        document.heading(whole::advice_heading(simulation));
        document.blocks.push(Block::List(
            simulation
                .advice
                .iter()
                .map(|advice| advice_item(simulation, advice))
                .collect(),
        ));
    }
    let by_pool = simulation.outcome.nodes.len() > MOST_NODES;
    let chart = tables::timeline(simulation, &names, by_pool);
    if !chart.rows.is_empty() && chart.seconds > 0 {
        document.figure(Figure {
            title: "Nodes over time".to_string(),
            says: format!(
                "{} over {}, in one run with every duration at its median: when each is drained, held back by a budget, reimaged.{}",
                counted(
                    chart.rows.len() as u64,
                    if by_pool { "pool" } else { "node" },
                    if by_pool { "pools" } else { "nodes" }
                ),
                span(chart.seconds),
                if by_pool {
                    format!(
                        " {} are drawn as their pools; `-o json` has each.",
                        counted(simulation.outcome.nodes.len() as u64, "node", "nodes")
                    )
                } else {
                    String::new()
                }
            ),
            table: stretches(&chart),
            chart: Chart::Gantt(chart),
        });
    }
    document.table("Pools over time", tables::pools(simulation));
    let foreseen = Foreseen::of(simulation.setting, simulation.outcome, simulation.futures);
    let budgets = migration::foreseen::budgets(&foreseen);
    if budgets.rows.is_empty() {
        document.paragraph("No budget holds a pod back for a minute or longer in this run.");
    } else {
        document.table("Budgets that hold drains back, in their order", budgets);
    }
    let path = sentences(simulation, &names);
    if !path.is_empty() {
        document.heading("What makes it take as long");
        document.blocks.push(Block::List(path_items(&path)));
    }
    document.table("How long things take", tables::durations(simulation));
    document
}

/// Of which reimage of several a section speaks.
fn of_which(simulation: &Simulation, document: &mut Document) {
    if let Some(sentence) = whole::which(simulation) {
        document.toned(sentence, Tone::Warning);
    }
}

pub(super) fn addresses(simulation: &Simulation) -> Document {
    let mut document = Document::new("Addresses during the move");
    let (setting, outcome) = (simulation.setting, simulation.outcome);
    of_which(simulation, &mut document);
    for sentence in whole::peaks(simulation) {
        document.paragraph(sentence);
    }
    document.table("Ranges", tables::ranges(simulation));
    let end = outcome.ended.seconds.unwrap_or(simulation.trace.end).max(1);
    for (range, held) in setting.ranges.iter().zip(&outcome.ranges) {
        let points: Vec<(u32, u64, u64)> = held
            .over_time
            .iter()
            .map(|held| (held.at, u64::from(held.least), u64::from(held.most)))
            .collect();
        let Some(first) = points.first().copied() else {
            continue;
        };
        let peak = held.peak;
        let mut table = Table::new(&["#at", "#least held", "#most held"]);
        let shown = thinned(&points);
        let left_out = points.len() - shown.len();
        for (at, least, most) in shown {
            let tone = if most > range.capacity {
                Tone::Bad
            } else {
                Tone::Plain
            };
            table.rows.push(vec![
                Cell::from(clock(at)),
                Cell::from(grouped(least)),
                Cell::toned(grouped(most), tone),
            ]);
        }
        document.heading(format!("{} {} over time", range.name, range.cidr));
        document.figure(Figure {
            title: format!("Addresses of {} over time", range.name),
            says: format!(
                "{} are held at the start, between {} and {} at the most of {} (at {}). What a surge node costs during the move is not \
                 documented, so it is a range (MIG-22); what is held at the start {}.{}",
                grouped(first.2),
                grouped(u64::from(peak.least)),
                grouped(u64::from(peak.most)),
                grouped(range.capacity),
                clock(peak.at),
                if range.measured {
                    "was counted by Azure"
                } else {
                    "is reckoned from nodes and pods"
                },
                match left_out {
                    0 => String::new(),
                    more => format!(
                        " Of {} the numbers behind the picture leave out {}; the peak is among them, and `-o json` has all.",
                        counted(points.len() as u64, "moment", "moments"),
                        grouped(more as u64)
                    ),
                }
            ),
            chart: Chart::Course(Course {
                lines: vec![Line {
                    ink: Ink::Kind(0),
                    label: "held, between least and most".to_string(),
                    points,
                }],
                levels: vec![Level {
                    ink: Ink::Bad,
                    label: format!("all {} addresses", grouped(range.capacity)),
                    at: range.capacity,
                }],
                until: end,
                time: Time::Seconds,
                unit: "addresses",
            }),
            table,
        });
    }
    document
}

/// As many as a person reads: the first, the last, the highest and the lowest, and every so many in between.
fn thinned(points: &[(u32, u64, u64)]) -> Vec<(u32, u64, u64)> {
    const MOST: usize = 40;
    let every = points.len().div_ceil(MOST).max(1);
    let last = points.len().saturating_sub(1);
    let positions = 0..points.len();
    // Of several alike the first, which is when it is reached.
    let highest = positions.clone().rev().max_by_key(|at| points[*at].2);
    let lowest = positions.clone().rev().min_by_key(|at| points[*at].1);
    positions
        .filter(|at| at % every == 0 || *at == last || [highest, lowest].contains(&Some(*at)))
        .map(|at| points[at])
        .collect()
}

pub(super) fn availability(simulation: &Simulation) -> Document {
    const DRAWN: usize = 30;
    const LISTED: usize = 200;
    let mut document = Document::new("Lowest availability by workload").weighing(Weight::Needed(4));
    let (setting, outcome) = (simulation.setting, simulation.outcome);
    let mut falls: Vec<_> = outcome
        .workloads
        .iter()
        .filter(|workload| workload.lowest < workload.ready_before)
        .collect();
    falls.sort_by_key(|workload| {
        (
            std::cmp::Reverse(workload.down),
            std::cmp::Reverse(workload.ready_before - workload.lowest),
            workload.workload,
        )
    });
    of_which(simulation, &mut document);
    if let Some(sentence) = median_sentence(simulation) {
        document.paragraph(sentence);
    }
    if falls.is_empty() {
        document.toned(
            "No workload has fewer ready pods at any time than at the start.",
            Tone::Good,
        );
        return document;
    }
    let (table, more) = tables::rows_of_workloads(simulation, falls.clone(), LISTED);
    let down = falls.iter().filter(|workload| workload.down > 0).count() as u64;
    let drawn = falls.iter().take(DRAWN).map(|workload| {
        let facts = &setting.population.workloads[workload.workload.at()];
        let lost = u64::from(workload.ready_before - workload.lowest);
        let worse = workload.lowest == 0;
        Bar {
            label: facts.label(),
            parts: vec![
                (0, u64::from(workload.lowest)),
                (if worse { 2 } else { 1 }, lost),
            ],
            mark: None,
            note: match (worse, workload.until_end && workload.ready_after == 0) {
                (true, true) => "none ready to the end".to_string(),
                (true, false) => format!("none ready for {}", span(workload.down)),
                (false, _) => format!("{} of {}", workload.lowest, workload.ready_before),
            },
        }
    });
    document.figure(Figure {
        title: "Ready pods at the lowest".to_string(),
        says: format!(
            "{} fewer ready pods for a while than at the start, {} none at all. Drawn are the {} that fall furthest.",
            counted(falls.len() as u64, "workload has", "workloads have"),
            counted(down, "of them has", "of them have"),
            falls.len().min(DRAWN)
        ),
        chart: Chart::Bars(Bars {
            rows: drawn.collect(),
            legend: vec![
                (Ink::Kind(0), "ready at the lowest".to_string()),
                (Ink::Kind(1), "missing then".to_string()),
                (Ink::Bad, "missing then, and nobody answers".to_string()),
            ],
            unit: "pods",
            mark: "",
        }),
        table,
    });
    if more > 0 {
        document.paragraph(format!(
            "{} not in the numbers behind the picture; `-o json` has all of them.",
            counted(more as u64, "more workload is", "more workloads are")
        ));
    }
    document
}

pub(super) fn window(planned: &Planned, simulation: &Simulation) -> Document {
    let mut document = Document::new("Window fit").weighing(Weight::Needed(3));
    for named in &simulation.windows {
        let fit = fits(simulation, &named.window);
        document.toned(window_sentence(simulation, named, &fit), fit.tone());
    }
    if simulation.windows.is_empty() {
        document.toned(
            "No window is known: name one with --window (22:00-04:00, 4h).",
            Tone::Warning,
        );
    }
    let Some(futures) = simulation.futures.filter(|futures| futures.completed > 0) else {
        document.toned(
            "No futures were played, or none completes: how the time spreads is not known.",
            Tone::Warning,
        );
        return document;
    };
    let is_one = simulation.others.is_empty();
    let (counts, from, each) = stretched(&futures.all_seconds);
    let mut marks = Vec::new();
    // Of all futures: one that does not end takes longer than any that does.
    for (ink, percent) in [(Ink::Good, 50), (Ink::Warning, 90)] {
        if let Some(seconds) = futures.end_within(percent) {
            marks.push((ink, seconds, format!("p{percent} {}", at_most(seconds))));
        }
    }
    for named in simulation
        .windows
        .iter()
        // Beside the spread of one reimage of several the end of a window would say that it fits.
        .filter(|named| !named.is_maintenance && is_one)
    {
        let ends = named.window.seconds();
        marks.push((
            Ink::Bad,
            ends,
            format!("end of {} ({})", named.window, at_least(ends)),
        ));
    }
    let mut table = Table::new(&["#from", "#to", "#futures"]);
    for (position, count) in counts.iter().enumerate() {
        let start = from + position as u32 * each;
        table.rows.push(vec![
            Cell::from(span(start)),
            Cell::from(span(start + each)),
            Cell::from(grouped(u64::from(*count))),
        ]);
    }
    document.figure(Figure {
        title: match is_one {
            true => "How long the move takes".to_string(),
            false => format!(
                "How long the move itself takes, one of {}",
                whole::reimages(simulation)
            ),
        },
        says: format!(
            "{} of {} futures complete; {}.",
            grouped(u64::from(futures.completed)),
            grouped(u64::from(futures.count)),
            futures.seconds.map_or_else(String::new, |seconds| format!(
                "half of them within {}, nine of ten within {}, the longest takes {}",
                at_most(seconds.p50),
                at_most(seconds.p90),
                at_most(seconds.most)
            ))
        ),
        chart: Chart::Spread(Spread {
            counts,
            from,
            each,
            marks,
            unit: "futures",
        }),
        table,
    });
    if let Ok(plan) = planned.plan {
        let openings = migration::openings(runbook(plan, planned));
        document.heading(openings.title);
        document.blocks.extend(openings.blocks);
    }
    document
}

/// How many fall into each of some thirty stretches of the same round length.
fn stretched(sorted: &[u32]) -> (Vec<u32>, u32, u32) {
    const STRETCHES: u32 = 30;
    const ROUND: [u32; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600];
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
        return (Vec::new(), 0, 1);
    };
    let wanted = (last - first).div_ceil(STRETCHES).max(1);
    let each = ROUND
        .into_iter()
        .find(|round| *round >= wanted)
        .unwrap_or_else(|| wanted.div_ceil(3_600) * 3_600);
    let from = first / each * each;
    let mut counts = vec![0u32; ((last - from) / each + 1) as usize];
    for seconds in sorted {
        counts[((seconds - from) / each) as usize] += 1;
    }
    (counts, from, each)
}

#[cfg(test)]
mod tests {
    use super::{stretched, thinned};

    #[test]
    fn what_is_thinned_keeps_its_peak() {
        let points: Vec<(u32, u64, u64)> = (0..997)
            .map(|at| (at, 100, if at == 613 { 900 } else { 500 }))
            .collect();
        let thin = thinned(&points);
        assert!(thin.len() <= 45, "{}", thin.len());
        for at in [0, 613, 996] {
            assert!(thin.contains(&points[at]), "{at}");
        }
        assert_eq!(thinned(&points[..7]), points[..7]);
        assert_eq!(thinned(&[]), []);
    }

    #[test]
    fn every_future_is_in_one_stretch() {
        let sorted: Vec<u32> = (0..1_000).map(|future| 3_000 + future * 7 / 2).collect();
        let (counts, from, each) = stretched(&sorted);
        assert_eq!(counts.iter().sum::<u32>(), 1_000);
        assert_eq!((from, each), (3_000, 120));
        let in_first = sorted.iter().filter(|seconds| **seconds < 3_120).count();
        assert_eq!(counts[0] as usize, in_first);
        assert_eq!(stretched(&[]), (Vec::new(), 0, 1));
        assert_eq!(stretched(&[59]), (vec![1], 59, 1));
    }
}
