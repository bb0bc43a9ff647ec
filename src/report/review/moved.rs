//! One cluster's move, as a review asks for it: the decision, what happens minute by minute, who is down, whether it fits a window, who
//! relies on pod addresses, how it is carried out, what cannot be taken back, what the code must say. Owned, so that what it was made of
//! (a hundred thousand pods) can go.

use super::verdict::duration;
use crate::finding::{Finding, counted, grouped};
use crate::migrate::decision::{Decision, Evidence, Fitting, decide};
use crate::migrate::dependents::{Dependents, Sureness};
use crate::migrate::foreseen::Foreseen;
use crate::migrate::plan::Plan;
use crate::model::IpNet;
use crate::report::chart::{Bar, Bars, Chart, Course, Ink, Level, Line, Spread, Time};
use crate::report::document::{Block, Cell, Document, Figure, Number, Table, Tone, Weight};
use crate::report::html::stretches;
use crate::report::migration::{self, Runbook};
use crate::report::shapes::simulation::SimulationShape;
use crate::report::simulation::verdict::window_sentence;
use crate::report::simulation::{
    Names, Simulation, fits, path_items, sentences, span, tables, verdict,
};
use crate::simulate::Percentiles;

/// What is known of a move without a simulation.
#[derive(Clone, Copy)]
pub struct Planned<'a> {
    pub cluster: &'a str,
    pub pod_cidr: Option<IpNet>,
    /// Whether AKS takes the request, or why that is open.
    pub admitted: Result<bool, &'a [String]>,
    /// A plan, or why there is none.
    pub plan: Result<&'a Plan, &'a [String]>,
    pub breaks: &'a Dependents,
    pub findings: &'a [Finding],
    pub not_checked: &'a [String],
    /// What `--window` said.
    pub window: Option<&'a str>,
}

/// A move in a report.
pub struct Moved {
    pub cluster: String,
    /// `payments: move to Azure CNI Overlay, pod CIDR 10.32.0.0/19`
    pub title: String,
    pub pod_cidr: Option<IpNet>,
    pub decision: Decision,
    pub findings: Vec<Finding>,
    pub breaks: Dependents,
    pub plan: Option<Plan>,
    pub simulated: Option<SimulationShape>,
    chance: Option<(u32, u64)>,
    seconds: Option<Percentiles>,
    median: Option<u32>,
    nodes: u64,
    down: usize,
    parts: Vec<Document>,
}

impl Moved {
    /// `simulation`: what was played; `None`: nodes and pods were not read.
    pub fn of(planned: &Planned, simulation: Option<&Simulation>) -> Self {
        let windows: Vec<Fitting> = simulation.map_or_else(Vec::new, fitting);
        let findings: Vec<Finding> = match simulation {
            Some(simulation) => simulation.findings.clone(),
            None => planned.findings.to_vec(),
        };
        let futures = simulation.and_then(|simulation| simulation.futures);
        let sure = |sure: Sureness| matches!(sure, Sureness::Certain | Sureness::Likely);
        let dependents = planned.breaks.found.iter();
        let mut not_checked: Vec<&String> = planned.not_checked.iter().collect();
        if let Some(simulation) = simulation {
            not_checked.extend(&simulation.not_checked);
            not_checked.extend(&simulation.setting.not_checked);
        }
        not_checked.sort();
        not_checked.dedup();
        let decision = decide(&Evidence {
            refused: planned.plan.err().unwrap_or_default(),
            findings: &findings,
            simulated: simulation.is_some(),
            admitted: planned.admitted,
            futures: futures.map(|futures| (futures.count, futures.completed)),
            windows: &windows,
            dependents: dependents.filter(|dependent| sure(dependent.sure)).count(),
            not_checked: not_checked.len(),
        });
        let closing = Document {
            not_checked: not_checked.into_iter().cloned().collect(),
            ..Document::default()
        };
        let mut parts = Vec::new();
        match simulation {
            Some(simulation) => parts.extend([
                time(simulation),
                addresses(simulation),
                availability(simulation),
                window(planned, simulation),
            ]),
            None => {
                let mut nothing = Document::new("What the move does");
                nothing.toned(
                    "Nothing was simulated: nodes and pods were not read. How long it takes, which budget holds it up, who is down \
                     meanwhile and how many addresses it holds is not known.",
                    Tone::Warning,
                );
                parts.push(nothing);
            }
        }
        parts.push(migration::who_breaks(planned.breaks).weighing(Weight::Needed(5)));
        parts.extend(carried_out(planned));
        parts.push(closing);
        Moved {
            cluster: planned.cluster.to_string(),
            title: match planned.pod_cidr {
                Some(range) => format!(
                    "{}: move to Azure CNI Overlay, pod CIDR {range}",
                    planned.cluster
                ),
                None => format!("{}: move to Azure CNI Overlay", planned.cluster),
            },
            pod_cidr: planned.pod_cidr,
            decision,
            findings,
            breaks: planned.breaks.clone(),
            plan: planned.plan.ok().cloned(),
            simulated: simulation.map(SimulationShape::of),
            chance: futures.map(|futures| (futures.count, futures.seed)),
            seconds: futures.and_then(|futures| futures.seconds),
            median: simulation.and_then(|simulation| simulation.outcome.ended.seconds),
            nodes: simulation.map_or(0, |simulation| {
                simulation.setting.population.nodes.len() as u64
            }),
            down: simulation.map_or(0, |simulation| {
                let workloads = simulation.outcome.workloads.iter();
                workloads.filter(|workload| workload.down > 0).count()
            }),
            parts,
        }
    }

    /// Futures that were played, and their seed.
    pub fn chance(&self) -> Option<(u32, u64)> {
        self.chance
    }

    /// What a reader wants in one sentence.
    pub(super) fn in_short(&self) -> String {
        if self.simulated.is_none() {
            return "Nothing was simulated".to_string();
        }
        let takes = match (self.seconds, self.median) {
            (Some(seconds), _) => format!(
                "{}, {}",
                span(seconds.p50) + " (p50)",
                duration(Some(seconds.p90), "p90")
            ),
            (None, median) => duration(median, "median"),
        };
        format!(
            "{} reimaged in {takes}; {} without a ready pod for a while; it cannot be undone (MIG-20)",
            counted(self.nodes, "node is", "nodes are"),
            counted(self.down as u64, "workload is", "workloads are")
        )
    }

    pub(super) fn numbers(&self) -> Vec<Number> {
        if self.simulated.is_none() {
            return Vec::new();
        }
        let relies = self.breaks.found.len();
        vec![
            Number {
                what: "How long the move takes".to_string(),
                value: match (self.seconds, self.median) {
                    (Some(seconds), _) => Cell::from(span(seconds.p50)),
                    (None, Some(median)) => Cell::from(span(median)),
                    (None, None) => Cell::toned("does not end", Tone::Bad),
                },
                note: self.seconds.map_or_else(
                    || "one run of medians, simulated".to_string(),
                    |seconds| {
                        format!(
                            "half of the simulated futures; nine of ten within {}",
                            span(seconds.p90)
                        )
                    },
                ),
            },
            Number {
                what: "Workloads without a ready pod".to_string(),
                value: Cell::toned(
                    self.down.to_string(),
                    if self.down > 0 { Tone::Bad } else { Tone::Good },
                ),
                note: "for some time of the simulated move".to_string(),
            },
            Number {
                what: "Nodes reimaged".to_string(),
                value: Cell::from(grouped(self.nodes)),
                note: "all pools at once (MIG-20)".to_string(),
            },
            Number {
                what: "Dependents on pod addresses".to_string(),
                value: Cell::toned(
                    relies.to_string(),
                    if relies > 0 {
                        Tone::Warning
                    } else {
                        Tone::Plain
                    },
                ),
                note: "found in what was read (MIG-25)".to_string(),
            },
        ]
    }

    /// `several`: sections of other moves stand beside, so each says whose it is.
    pub(super) fn sections(&self, several: bool, document: &mut Document) {
        for part in &self.parts {
            if part.title.is_empty() {
                document.not_checked(&part.not_checked);
                continue;
            }
            let mut part = part.clone();
            if several {
                part.title = format!("{}: {}", self.cluster, part.title);
            }
            document.append(part);
        }
    }
}

fn fitting(simulation: &Simulation) -> Vec<Fitting> {
    // The cluster's own windows hold back what AKS starts by itself, not this.
    let own = simulation
        .windows
        .iter()
        .filter(|named| !named.is_maintenance);
    own.map(|named| {
        let fit = fits(simulation, &named.window);
        let known = simulation.futures.is_some();
        Fitting {
            window: named.window.to_string(),
            fits: known.then(|| fit.p90.is_some_and(|left| left >= 0)),
        }
    })
    .collect()
}

/// More nodes than this are drawn as their pools.
const MOST_NODES: usize = 240;

fn time(simulation: &Simulation) -> Document {
    let names = Names::of(simulation.setting);
    let mut document = Document::new("Timeline");
    let (sentence, tone) = verdict(simulation, &names);
    document.toned(sentence, tone);
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
                        " {} are drawn as their pools; the table of nodes has each.",
                        counted(simulation.outcome.nodes.len() as u64, "node", "nodes")
                    )
                } else {
                    String::new()
                }
            ),
            table: stretches(&chart),
            chart: Chart::Timeline(chart),
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

fn addresses(simulation: &Simulation) -> Document {
    let mut document = Document::new("Addresses during the move");
    let (setting, outcome) = (simulation.setting, simulation.outcome);
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
        for (at, least, most) in thinned(&points) {
            let tone = if most > range.capacity {
                Tone::Bad
            } else {
                Tone::Plain
            };
            table.rows.push(vec![
                Cell::from(crate::report::simulation::clock(at)),
                Cell::from(grouped(least)),
                Cell::toned(grouped(most), tone),
            ]);
        }
        document.heading(format!("{} {} over time", range.name, range.cidr));
        document.figure(Figure {
            title: format!("Addresses of {} over time", range.name),
            says: format!(
                "{} are held at the start, between {} and {} at the most of {} (at {}). What a surge node costs during the move is not \
                 documented, so it is a range (MIG-22); what is held at the start {}.",
                grouped(first.2),
                grouped(u64::from(peak.least)),
                grouped(u64::from(peak.most)),
                grouped(range.capacity),
                crate::report::simulation::clock(peak.at),
                if range.measured {
                    "was counted by Azure"
                } else {
                    "is reckoned from nodes and pods"
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

/// As many as a person reads: the first, the last, and every so many in between.
fn thinned(points: &[(u32, u64, u64)]) -> Vec<(u32, u64, u64)> {
    const MOST: usize = 40;
    let every = points.len().div_ceil(MOST).max(1);
    let last = points.len().saturating_sub(1);
    let kept = points.iter().enumerate();
    kept.filter(|(position, _)| position % every == 0 || *position == last)
        .map(|(_, point)| *point)
        .collect()
}

fn availability(simulation: &Simulation) -> Document {
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

fn window(planned: &Planned, simulation: &Simulation) -> Document {
    let mut document = Document::new("Window fit").weighing(Weight::Needed(3));
    let mut sentences: Vec<String> = Vec::new();
    for named in &simulation.windows {
        let fit = fits(simulation, &named.window);
        let sentence = window_sentence(named, &fit);
        document.toned(sentence.clone(), fit.tone());
        sentences.push(sentence);
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
    let (counts, from, each) = stretched(&futures.all_seconds);
    let mut marks = Vec::new();
    if let Some(seconds) = futures.seconds {
        marks.push((Ink::Good, seconds.p50, format!("p50 {}", span(seconds.p50))));
        marks.push((
            Ink::Warning,
            seconds.p90,
            format!("p90 {}", span(seconds.p90)),
        ));
    }
    for named in simulation
        .windows
        .iter()
        .filter(|named| !named.is_maintenance)
    {
        let ends = named.window.seconds();
        marks.push((
            Ink::Bad,
            ends,
            format!("end of {} ({})", named.window, span(ends)),
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
        title: "How long the move takes".to_string(),
        says: format!(
            "{} of {} futures complete; {}.",
            grouped(u64::from(futures.completed)),
            grouped(u64::from(futures.count)),
            futures.seconds.map_or_else(String::new, |seconds| format!(
                "half of them within {}, nine of ten within {}, the longest takes {}",
                span(seconds.p50),
                span(seconds.p90),
                span(seconds.most)
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

/// What a plan's file is called in commands of a report, which writes none.
const PLAN_FILE: &str = "plan.json";

fn runbook<'a>(plan: &'a Plan, planned: &Planned<'a>) -> Runbook<'a> {
    Runbook {
        plan,
        file: PLAN_FILE,
        window: planned.window,
    }
}

/// What cannot be taken back, whatever the plan says.
const ONE_WAY: [&str; 4] = [
    "The move itself: a cluster on Overlay cannot be moved back, only replaced by a new one (MIG-20)",
    "Every node is reimaged: what lies on a node's own disk, emptyDir volumes among it, is gone",
    "Pods get new addresses, which nobody outside of the cluster reaches; connections to the old ones end (MIG-25, OVL-5)",
    "A pod CIDR cannot shrink or move afterwards, only grow into a range around it (EXP-1)",
];

fn carried_out(planned: &Planned) -> Vec<Document> {
    let mut back =
        Document::new("Way back, and what cannot be taken back").weighing(Weight::Needed(2));
    back.blocks.push(Block::List(
        ONE_WAY
            .iter()
            .map(|sentence| {
                (
                    Cell::toned("one-way", Tone::Warning),
                    (*sentence).to_string(),
                )
            })
            .collect(),
    ));
    match planned.plan {
        Ok(plan) => {
            let parts = migration::parts(runbook(plan, planned));
            back.heading("How to abort, and what that leaves");
            back.blocks.extend(parts.way_back.blocks);
            vec![
                parts.runbook.weighing(Weight::Needed(6)),
                back,
                parts.code,
                parts.facts,
            ]
        }
        Err(reasons) => {
            let mut none = Document::new("Runbook").weighing(Weight::Needed(6));
            none.toned(
                format!(
                    "There is no plan, and so no runbook: {} in the way.",
                    counted(reasons.len() as u64, "thing stands", "things stand")
                ),
                Tone::Bad,
            );
            let items = reasons
                .iter()
                .map(|reason| (Cell::toned("blocker", Tone::Bad), reason.clone()));
            none.blocks.push(Block::List(items.collect()));
            vec![none, back]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::stretched;

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
