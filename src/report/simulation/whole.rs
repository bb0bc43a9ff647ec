//! A plan that reimages every node more than once (MIG-26): what is so of all its reimages together, and of which of them the rest
//! speaks. The simulation is of the move itself; of the others it has what was foreseen. Simulates nothing.

use super::Simulation;
use super::verdict::enough_for_p99;
use super::words::{at_most, listed, span};
use crate::finding::{Finding, Severity, counted, grouped};
use crate::migrate::foresee::Reimage;
use crate::migrate::foreseen::HeldAt;
use crate::migrate::step::Seconds;
use crate::model::NetworkMode;
use crate::report::document::Tone;
use crate::rule;

/// Names of steps in one sentence.
const NAMED: usize = 4;

/// How often every node is reimaged.
pub fn times(simulation: &Simulation) -> usize {
    1 + simulation.others.len()
}

/// `2 reimages of every node`.
pub fn reimages(simulation: &Simulation) -> String {
    let times = counted(times(simulation) as u64, "reimage", "reimages");
    format!("{times} of every node")
}

/// All reimages, one after the other; `None`: of one it is not known, or there is one alone.
pub fn seconds(simulation: &Simulation) -> Option<Seconds> {
    if simulation.others.is_empty() {
        return None;
    }
    let own = simulation.futures.and_then(|futures| {
        // As of the others: percentiles of those that complete say nothing of all.
        let is_enough = u64::from(futures.completed) * 100 >= u64::from(futures.count) * 99;
        futures.seconds.filter(|_| is_enough).map(Seconds::from)
    });
    let others = simulation.others.iter().map(|other| other.seconds);
    Seconds::in_all([own].into_iter().chain(others))
}

/// The same at median durations, also of one alone; `None`: one does not complete.
pub fn median(simulation: &Simulation) -> Option<u32> {
    let others = simulation.others.iter().map(|other| other.foreseen.median);
    let mut all = [simulation.outcome.ended.seconds].into_iter().chain(others);
    all.try_fold(0u32, |sum, one| Some(sum.saturating_add(one?)))
}

/// Of which reimage tables and pictures are; `None`: there is one alone.
pub fn which(simulation: &Simulation) -> Option<String> {
    let side = |is_before: bool, word: &str| {
        let steps = simulation.others.iter();
        let steps = steps.filter(|other| other.is_before == is_before);
        let steps: Vec<String> = steps.map(Reimage::called).collect();
        (!steps.is_empty()).then(|| format!("{} {word} it", listed(&steps, NAMED)))
    };
    let sides = [side(true, "before"), side(false, "after")];
    let sides: Vec<String> = sides.into_iter().flatten().collect();
    let (drain, its) = match simulation.others.len() {
        0 => return None,
        1 => ("drains", "is not in its numbers"),
        _ => ("drain", "are not in its numbers"),
    };
    Some(format!(
        "There are {}, one after the other, and what follows is of the move itself: {} {drain} all of them as well, and {its}.",
        reimages(simulation),
        sides.join(" and ")
    ))
}

/// What is tried is tried on the move itself.
pub fn advice_heading(simulation: &Simulation) -> &'static str {
    match simulation.others.is_empty() {
        true => "What would help, each tried",
        false => "What would help the move itself, each tried",
    }
}

/// The verdict on all reimages, from that on the move itself.
pub fn verdict(simulation: &Simulation, own: (String, Tone)) -> (String, Tone) {
    if simulation.others.is_empty() {
        return own;
    }
    let (sentence, tone) = own;
    let own = format!("the move itself {}", lower(&sentence));
    let reimages = reimages(simulation);
    let stopped: Vec<String> = simulation
        .others
        .iter()
        .filter_map(|other| other.halted(&[]))
        .collect();
    if !stopped.is_empty() {
        return (
            format!(
                "Does not complete: of {reimages}, {}; {own}",
                stopped.join("; ")
            ),
            Tone::Bad,
        );
    }
    let Some(median) = median(simulation) else {
        return (format!("{sentence}; that is one of {reimages}"), Tone::Bad);
    };
    match (seconds(simulation), simulation.futures) {
        (Some(seconds), Some(futures)) => {
            let p99 = match enough_for_p99(futures.count) {
                true => at_most(seconds.p99),
                false => "-".to_string(),
            };
            (
                format!(
                    "Completes in {} (p50), {} (p90), {p99} (p99) in all, as sums over {reimages} that err on the long side; {own}",
                    at_most(seconds.p50),
                    at_most(seconds.p90)
                ),
                tone,
            )
        }
        (None, Some(_)) => (
            format!(
                "How long {reimages} take in all is not known, for one does not complete in every future; {own}"
            ),
            Tone::Bad,
        ),
        (_, None) => (
            format!(
                "Completes in {} at median durations in all, over {reimages}; {own}",
                at_most(median)
            ),
            tone,
        ),
    }
}

/// With a small letter, as within a sentence.
pub fn lower(sentence: &str) -> String {
    let mut sentence = sentence.to_string();
    if let Some(first) = sentence.get_mut(0..1) {
        first.make_ascii_lowercase();
    }
    sentence
}

/// Seconds without a ready pod in the other reimages, of a workload by its label.
pub fn down_besides(simulation: &Simulation, label: &str) -> u32 {
    let others = simulation
        .others
        .iter()
        .flat_map(|other| &other.foreseen.down);
    let of_it = others.filter(|down| down.name == label);
    of_it.fold(0, |sum, down| sum.saturating_add(down.seconds))
}

/// Workloads without any ready pod for a while in any reimage.
pub fn down(simulation: &Simulation) -> usize {
    let outcome = simulation.outcome.workloads.iter();
    let own = outcome.filter(|workload| workload.down > 0);
    let own =
        own.map(|workload| simulation.setting.population.workloads[workload.workload.at()].label());
    let others = simulation
        .others
        .iter()
        .flat_map(|other| &other.foreseen.down);
    let mut all: Vec<String> = own.chain(others.map(|down| down.name.clone())).collect();
    all.sort();
    all.dedup();
    all.len()
}

/// What a range holds at the most in another reimage, in sentences: there no reading is open, for the network stays as it is.
pub fn peaks(simulation: &Simulation) -> Vec<String> {
    let of_other = |other: &Reimage| {
        let cost = match (
            other.is_before,
            simulation.setting.population.cluster.mode(),
        ) {
            (true, Some(NetworkMode::NodeSubnet)) => {
                "the nodes are not of Overlay yet, so a surge node takes for certain what a node takes now (CLS-3, UPG-4)"
            }
            (true, _) => "a surge node takes for certain what a node takes now (UPG-4)",
            (false, _) => {
                "the nodes are of Overlay, so a surge node takes what one of Overlay does (UPG-4)"
            }
        };
        let ranges: Vec<String> = other
            .foreseen
            .ranges
            .iter()
            .filter_map(|range| {
                let peak = highest(&range.over_time)?;
                Some(format!(
                    "{} holds {} of {} at its peak",
                    range.name,
                    grouped(u64::from(peak.most)),
                    grouped(range.capacity)
                ))
            })
            .collect();
        (!ranges.is_empty())
            .then(|| format!("In {} {cost}: {}.", other.called(), ranges.join("; ")))
    };
    simulation.others.iter().filter_map(of_other).collect()
}

fn highest(over_time: &[HeldAt]) -> Option<HeldAt> {
    over_time
        .iter()
        .copied()
        .reduce(|best, held| match held.most > best.most {
            true => held,
            false => best,
        })
}

/// What the other reimages show that the move itself does not; `said` are the sentences that are there already.
pub fn findings(simulation: &Simulation, said: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for other in &simulation.others {
        let foreseen = &other.foreseen;
        let (all, completed) = (u64::from(foreseen.futures), u64::from(foreseen.completed));
        if let Some(sentence) = other.halted(said) {
            let told = Finding::new(
                Severity::Blocker,
                "reimage-does-not-complete",
                sentence,
                &[&rule::MIG_26, &rule::UPG_4],
            );
            let undone = other.undone.as_ref();
            let of_budgets = undone.filter(|undone| undone.surge.is_none());
            let budgets = of_budgets.into_iter().flat_map(|undone| &undone.budgets);
            found.push(told.because_of(budgets.map(|budget| format!("budget {budget}"))));
        } else if other.undone.is_none() && other.seconds.is_none() && all > 0 {
            found.push(Finding::new(
                Severity::Blocker,
                "futures-fail",
                format!(
                    "the simulated reimage of {} completes at median durations, and in {} of {} futures it does not",
                    other.called(),
                    grouped(all - completed),
                    grouped(all)
                ),
                &[&rule::UPG_8],
            ));
        }
        down_there_alone(simulation, other, &mut found);
    }
    found
}

/// Workloads that lose their last ready pod in another reimage, and not in the move itself.
fn down_there_alone(simulation: &Simulation, other: &Reimage, found: &mut Vec<Finding>) {
    let population = simulation.setting.population;
    let own = simulation.outcome.workloads.iter();
    let own: Vec<String> = own
        .filter(|workload| workload.lowest == 0)
        .map(|workload| population.workloads[workload.workload.at()].label())
        .collect();
    let is_daemon = |name: &str| {
        let mut workloads = population.workloads.iter();
        workloads.any(|workload| workload.kind == "DaemonSet" && workload.label() == name)
    };
    for down in &other.foreseen.down {
        if own.contains(&down.name) || is_daemon(&down.name) {
            continue;
        }
        let (severity, lasts) = match down.until_end {
            true => (Severity::Blocker, "to the end".to_string()),
            false => (
                Severity::Warning,
                format!("for {} in all", span(down.seconds)),
            ),
        };
        found.push(Finding::new(
            severity,
            "workload-down",
            format!(
                "{} has no Ready pod {lasts} in {} ({} before)",
                down.name,
                other.called(),
                down.ready_before
            ),
            &[],
        ));
    }
}
