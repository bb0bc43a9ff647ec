//! One cluster's move, as a review asks for it: the decision, what happens minute by minute, who is down, whether it fits a window, who
//! relies on pod addresses, how it is carried out, what cannot be taken back, what the code must say. Owned, so that what it was made of
//! (a hundred thousand pods) can go.

mod impossible;
mod played;

pub(super) use impossible::why_not;

use super::verdict::duration;
use crate::finding::{Finding, counted, grouped};
use crate::migrate::build::NOT_READ;
use crate::migrate::decision::{Decision, Evidence, Fitting, decide, of_one_cause};
use crate::migrate::dependents::{Dependents, Sureness};
use crate::migrate::plan::Plan;
use crate::migrate::step::Seconds;
use crate::model::IpNet;
use crate::report::document::{Block, Cell, Document, Number, Tone, Weight};
use crate::report::migration::{self, Runbook, command_line};
use crate::report::shapes::simulation::SimulationShape;
use crate::report::simulation::{
    Names, Simulation, advice_item, at_most, completes, fits, verdict, whole,
};
use crate::simulate::measured::Origin;
use crate::simulate::outcome::NodeEnd;

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
    /// What is known of the windows that come.
    pub ahead: &'a [Finding],
    /// What `--window` said.
    pub window: Option<&'a str>,
    /// What was chosen beside it, as flags of `migrate` and their values.
    pub choices: &'a [(&'static str, String)],
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
    /// What would help, each tried, in sentences.
    pub(super) helps: Vec<String>,
    chance: Option<(u32, u64)>,
    played: Option<Played>,
    /// There is such a move: of some modes there is none in place.
    pub(super) is_possible: bool,
    parts: Vec<Document>,
}

/// What a simulation shows, in the numbers of the first screen.
struct Played {
    /// Of all reimages together, where there are futures of each.
    seconds: Option<Seconds>,
    /// Futures that complete, of those that were played; `None`: all of them.
    unfinished: Option<(u32, u32)>,
    median: Option<u32>,
    /// How often every node is reimaged.
    times: usize,
    nodes: u64,
    /// Of these, in the run.
    reimaged: u64,
    /// Workloads without any ready pod for a while.
    down: usize,
    /// The longest of them in any future, in seconds.
    longest: Option<u32>,
    /// Why it does not end well.
    stops: Option<String>,
    /// What AKS itself needs is not measured here.
    assumed: bool,
}

impl Moved {
    /// `simulation`: what was played; `None`: no nodes were read.
    pub fn of(planned: &Planned, simulation: Option<&Simulation>) -> Self {
        let windows: Vec<Fitting> =
            simulation.map_or_else(Vec::new, |simulation| fitting(planned, simulation));
        let mut findings: Vec<Finding> = match simulation {
            Some(simulation) => simulation.findings.clone(),
            None => planned.findings.to_vec(),
        };
        findings.extend(planned.ahead.iter().cloned());
        let findings = of_one_cause(findings, &windows);
        let futures = simulation.and_then(|simulation| simulation.futures);
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
            dependents: &planned.breaks.found,
            not_checked: not_checked.len(),
        });
        let closing = Document {
            not_checked: not_checked.into_iter().cloned().collect(),
            ..Document::default()
        };
        let mut parts = Vec::new();
        match simulation {
            Some(simulation) => parts.extend([
                played::time(simulation),
                played::addresses(simulation),
                played::availability(simulation),
                played::window(planned, simulation),
            ]),
            None => {
                let mut nothing = Document::new("What the move does");
                nothing.toned(
                    "Nothing was simulated: no nodes were read. How long it takes, which budget holds it up, who is down \
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
            helps: simulation.map_or_else(Vec::new, |simulation| {
                let advice = simulation.advice.iter();
                advice
                    .map(|advice| advice_item(simulation, advice).1)
                    .collect()
            }),
            chance: futures.map(|futures| (futures.count, futures.seed)),
            played: simulation.map(|simulation| Played::of(simulation)),
            is_possible: true,
            parts,
        }
    }

    /// Futures that were played, and their seed.
    pub fn chance(&self) -> Option<(u32, u64)> {
        self.chance
    }

    /// What a reader wants in one sentence.
    pub(super) fn in_short(&self) -> String {
        let Some(played) = &self.played else {
            return "Nothing was simulated".to_string();
        };
        if let Some(stops) = &played.stops {
            return format!("As it stands the move does not end well: {stops}");
        }
        let takes = match (played.seconds, played.median) {
            (Some(seconds), _) => {
                format!(
                    "{} (p50), {} (p90){}",
                    at_most(seconds.p50),
                    at_most(seconds.p90),
                    match played.those_that_complete("futures") {
                        Some(those) => format!(" in the {those}"),
                        None => String::new(),
                    }
                )
            }
            (None, median) => duration(median, "median"),
        };
        let assumed = match played.assumed {
            true => ", with AKS's own share assumed and not measured",
            false => "",
        };
        let times = match played.times {
            0 | 1 => String::new(),
            times => format!(" {times} times"),
        };
        format!(
            "{} reimaged{times} in {takes}{assumed}; {} without a ready pod for a while; it cannot be undone (MIG-20)",
            counted(played.nodes, "node is", "nodes are"),
            counted(played.down as u64, "workload is", "workloads are")
        )
    }

    pub(super) fn numbers(&self) -> Vec<Number> {
        let Some(played) = &self.played else {
            return Vec::new();
        };
        let relying = |sure: &[Sureness]| {
            let found = self.breaks.found.iter();
            found
                .filter(|dependent| sure.contains(&dependent.sure))
                .count()
        };
        let sure = relying(&[Sureness::Certain, Sureness::Likely]);
        let possible = relying(&[Sureness::Possible]);
        vec![
            played.takes(),
            played.outages(),
            Number {
                what: "Nodes reimaged".to_string(),
                value: match played.reimaged < played.nodes {
                    true => Cell::toned(
                        format!("{} of {}", grouped(played.reimaged), grouped(played.nodes)),
                        Tone::Bad,
                    ),
                    false => Cell::from(grouped(played.nodes)),
                },
                note: match (played.times, &played.stops) {
                    (0 | 1, _) => "all pools at once (MIG-20)".to_string(),
                    (times, Some(_)) => format!(
                        "by the move itself; there are {times} reimages, and not all complete"
                    ),
                    (times, None) => format!("{times} times, all pools at once (MIG-20)"),
                },
            },
            Number {
                what: "Dependents on pod addresses".to_string(),
                value: Cell::toned(
                    sure.to_string(),
                    if sure > 0 { Tone::Bad } else { Tone::Plain },
                ),
                note: format!("certain or likely; {possible} possible, in what was read (MIG-25)"),
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

impl Played {
    fn of(simulation: &Simulation) -> Self {
        let (setting, outcome) = (simulation.setting, simulation.outcome);
        let times = whole::times(simulation);
        let of_move = simulation.futures.and_then(|futures| futures.seconds);
        let down = outcome
            .workloads
            .iter()
            .filter(|workload| workload.down > 0);
        let real = setting.population.nodes.len();
        let done = outcome
            .nodes
            .iter()
            .filter(|node| node.node.at() < real && node.end == NodeEnd::Done);
        let platform = [setting.timing.control_plane, setting.timing.node_reimage];
        Played {
            seconds: match times {
                1 => of_move.map(Seconds::from),
                _ => whole::seconds(simulation),
            },
            unfinished: simulation
                .futures
                .filter(|futures| futures.completed < futures.count)
                .map(|futures| (futures.completed, futures.count)),
            median: whole::median(simulation),
            times,
            nodes: real as u64,
            reimaged: done.count() as u64,
            down: whole::down(simulation),
            longest: simulation.futures.and_then(|futures| {
                let seconds = |at: usize| futures.longest_none_ready.get(at).copied();
                down.filter_map(|workload| seconds(workload.workload.at()))
                    .max()
            }),
            stops: (!completes(simulation)).then(|| verdict(simulation, &Names::of(setting)).0),
            assumed: platform
                .iter()
                .any(|duration| duration.origin == Origin::Default),
        }
    }

    /// `38 of 60 futures that complete`; `None`: all do.
    fn those_that_complete(&self, futures: &str) -> Option<String> {
        let (completed, count) = self.unfinished?;
        let (completed, count) = (grouped(completed.into()), grouped(count.into()));
        Some(format!("{completed} of {count} {futures} that complete"))
    }

    fn takes(&self) -> Number {
        Number {
            what: match self.times {
                0 | 1 => "How long the move takes".to_string(),
                times => format!("How long {times} reimages take in all"),
            },
            value: match (self.seconds, self.median) {
                (Some(seconds), Some(_)) => Cell::from(at_most(seconds.p50)),
                (None, Some(median)) => Cell::from(at_most(median)),
                (_, None) => Cell::toned("does not end", Tone::Bad),
            },
            note: match (self.seconds, self.median) {
                (Some(seconds), Some(_)) => format!(
                    "half of the {}; nine of ten within {}{}",
                    self.those_that_complete("simulated futures")
                        .unwrap_or_else(|| "simulated futures".to_string()),
                    at_most(seconds.p90),
                    if self.assumed {
                        "; AKS's own share is assumed"
                    } else {
                        ""
                    }
                ),
                (None, Some(_)) => "one run of medians, simulated".to_string(),
                (_, None) => "in the run of medians".to_string(),
            },
        }
    }

    fn outages(&self) -> Number {
        let (of, itself) = match self.times {
            0 | 1 => ("of the simulated move".to_string(), ""),
            times => (
                format!("of {times} simulated reimages"),
                " of the move itself",
            ),
        };
        Number {
            what: "Workloads without a ready pod".to_string(),
            value: Cell::toned(
                self.down.to_string(),
                match (self.down, &self.stops) {
                    (0, None) => Tone::Good,
                    (0, Some(_)) => Tone::Warning,
                    _ => Tone::Bad,
                },
            ),
            note: match (&self.stops, self.longest) {
                (Some(_), _) => "as far as the move comes".to_string(),
                (None, Some(longest)) => format!(
                    "for some time {of}; in any future{itself} {} at the longest",
                    at_most(longest)
                ),
                (None, None) => format!("for some time {of}"),
            },
        }
    }
}

/// The windows in which it may be carried out: `--window`, else the cluster's own.
fn fitting(planned: &Planned, simulation: &Simulation) -> Vec<Fitting> {
    let has_own = simulation.windows.iter().any(|named| !named.is_maintenance);
    // Of all reimages together, where the plan foresees them.
    let in_all = planned
        .plan
        .ok()
        .filter(|plan| plan.reimages() > 1 || plan.expected.is_some())
        .map(|plan| plan.expected);
    let windows = simulation.windows.iter();
    windows
        .filter(|named| named.is_maintenance != has_own)
        .map(|named| {
            let lasts = named.window.seconds();
            let (p90, fits) = match in_all {
                Some(expected) => {
                    let p90 = expected.map(|seconds| seconds.p90);
                    (p90, p90.map(|p90| p90 <= lasts))
                }
                None => {
                    let left = fits(simulation, &named.window).p90;
                    let p90 = left.and_then(|left| u32::try_from(i64::from(lasts) - left).ok());
                    let is_played = simulation.futures.is_some();
                    (p90, is_played.then(|| left.is_some_and(|left| left >= 0)))
                }
            };
            Fitting {
                window: match named.is_maintenance {
                    true => named.source.clone(),
                    false => format!("--window {}", named.window),
                },
                lasts,
                p90,
                fits,
            }
        })
        .collect()
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
    "Pods get new addresses, which nobody outside of the cluster reaches; connections to the old ones end (MIG-25)",
    "A pod CIDR cannot shrink or move afterwards, only grow into a range around it (EXP-1)",
];

/// The runbook is of a plan; this is how its file comes to be.
fn how_the_plan_is_made(plan: &Plan, planned: &Planned) -> Vec<Block> {
    let mut made = Document::default();
    let range = plan.pod_cidr.to_string();
    let mut arguments: Vec<(&'static str, Option<&str>)> = vec![
        ("--cluster", Some(planned.cluster)),
        ("--kubernetes", None),
        ("--pod-cidr", Some(&range)),
    ];
    let choices = planned.choices.iter();
    arguments.extend(choices.map(|(flag, value)| (*flag, Some(value.as_str()))));
    if let Some(window) = planned.window {
        arguments.push(("--window", Some(window)));
    }
    arguments.push(("--out", Some(PLAN_FILE)));
    made.paragraph(
        "A report writes no plan. The plan, with a runbook of its own, is made from what is then live, and it is that plan, by its digest, \
         that is approved and carried out:",
    );
    match command_line(&["aksplan", "migrate"], &arguments) {
        Some(line) => made.code("sh", line),
        None => {
            made.paragraph("A name in it cannot be printed safely: see aksplan migrate --help.")
        }
    }
    made.paragraph(
        "What follows is the runbook of the plan as of what was read here; the digest in it is that of this plan, which `-o json` has in \
         `moves`.",
    );
    made.blocks
}

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
    back.paragraph(
        "Where the move cannot be brought to its end there is one thing left: a new cluster beside this one, on Overlay from the start, and the \
         traffic moved there. Whether its nodes fit into the network beside these, who builds it and how long that takes is not known from \
         here: settle it before the window, or accept that there is no such way.",
    );
    match planned.plan {
        Ok(plan) => {
            let mut parts = migration::parts(runbook(plan, planned));
            parts
                .runbook
                .blocks
                .splice(0..0, how_the_plan_is_made(plan, planned));
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
            // What was not read blocks nothing: the decision waits for it.
            let weight = |reason: &str| match reason == NOT_READ {
                true => Cell::toned("not read", Tone::Warning),
                false => Cell::toned("blocker", Tone::Bad),
            };
            let only_unread = reasons.iter().all(|reason| reason == NOT_READ);
            let mut none = Document::new("Runbook").weighing(Weight::Needed(6));
            none.toned(
                format!(
                    "There is no plan, and so no runbook: {} in the way.",
                    counted(reasons.len() as u64, "thing stands", "things stand")
                ),
                if only_unread {
                    Tone::Warning
                } else {
                    Tone::Bad
                },
            );
            let items = reasons
                .iter()
                .map(|reason| (weight(reason), reason.clone()));
            none.blocks.push(Block::List(items.collect()));
            vec![none, back]
        }
    }
}
