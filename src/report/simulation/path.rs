//! The critical path in words: which waits, one after the other, made the run as long as it was.

use super::Simulation;
use super::words::{Names, span};
use crate::finding::counted;
use crate::report::document::{Cell, Tone};
use crate::simulate::outcome::{NodeOutcome, PathStep, Wait};

/// Steps that people read; of more, the longest.
const SHOWN: usize = 12;

/// One link, with its seconds and its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    pub kind: &'static str,
    /// Node or pool.
    pub who: Option<String>,
    pub from: u32,
    pub until: u32,
    pub text: String,
}

/// From the first wait to the last.
pub fn sentences(simulation: &Simulation, names: &Names) -> Vec<Sentence> {
    let setting = simulation.setting;
    let nodes = &simulation.outcome.nodes;
    simulation
        .outcome
        .critical_path
        .iter()
        .map(|step| match *step {
            PathStep::Lead { until } => Sentence {
                kind: "lead",
                who: None,
                from: 0,
                until,
                text: "AKS's control plane, before the first pool".to_string(),
            },
            PathStep::Surge { group, from, until } => Sentence {
                kind: "surge",
                who: Some(setting.group(group).name.clone()),
                from,
                until,
                text: format!(
                    "pool {}: {} until Ready",
                    setting.group(group).name,
                    counted(
                        u64::from(simulation.outcome.groups[usize::from(group)].surge),
                        "surge node boots",
                        "surge nodes boot"
                    )
                ),
            },
            PathStep::Node { node, from, until } => {
                let outcome = nodes.iter().find(|outcome| outcome.node == node);
                Sentence {
                    kind: "node",
                    who: Some(names.full(node).to_string()),
                    from,
                    until,
                    text: format!(
                        "{} {}",
                        names.short(node),
                        outcome.map_or_else(
                            || "is drained".to_string(),
                            |outcome| node_words(simulation, outcome)
                        )
                    ),
                }
            }
            PathStep::Settling { from, until } => Sentence {
                kind: "settling",
                who: None,
                from,
                until,
                text: settling(simulation, names),
            },
        })
        .collect()
}

/// What still happens when the last node that ends is done: replacements become Ready, or nodes wait in vain.
fn settling(simulation: &Simulation, names: &Names) -> String {
    let in_vain = simulation.outcome.nodes.iter().find_map(|node| {
        let wait = node.waited_for.filter(|wait| wait.evicted.is_none())?;
        Some((node.node, wait))
    });
    match in_vain.filter(|_| simulation.outcome.ended.seconds.is_none()) {
        Some((node, wait)) => {
            format!("{} {}", names.short(node), wait_words(simulation, &wait))
        }
        None => "the last replacements become Ready".to_string(),
    }
}

/// `waits 11 min for budget payments/api: 1 of 3 down, replacement needs 95 s to be Ready; is reimaged in 3 min`.
fn node_words(simulation: &Simulation, node: &NodeOutcome) -> String {
    let mut words = Vec::new();
    match node.waited_for {
        Some(wait) => words.push(wait_words(simulation, &wait)),
        None if node.evicted == 0 => words.push("has nothing to evict".to_string()),
        None => words.push(format!(
            "evicts {}",
            counted(u64::from(node.evicted), "pod", "pods")
        )),
    }
    if let (Some(drained), Some(reimaging)) = (node.drained, node.reimaging)
        && reimaging > drained
    {
        words.push(format!("soaks {}", span(reimaging - drained)));
    }
    if let (Some(reimaging), Some(ended)) = (node.reimaging, node.ended) {
        words.push(format!("is reimaged in {}", span(ended - reimaging)));
    }
    words.join("; ")
}

/// What a drain waited for.
pub fn wait_words(simulation: &Simulation, wait: &Wait) -> String {
    let setting = simulation.setting;
    let population = setting.population;
    let end = simulation.trace.end;
    let pod = population.pod_name(wait.pod);
    let Some(budget) = wait.budget else {
        return match (wait.evicted, wait.until) {
            (Some(evicted), Some(until)) => {
                format!("waits {} for {pod} to end", span(until - evicted))
            }
            _ => format!("waits for {pod}, whose eviction fails for good (EV-2)"),
        };
    };
    let name = population.budget_name(budget);
    let facts = setting.budgets.facts(budget);
    let until = wait.evicted.unwrap_or(end);
    let mut words = match wait.evicted {
        Some(_) => format!(
            "waits {} for budget {name}",
            span(until.saturating_sub(wait.since))
        ),
        None => format!(
            "waits {} for budget {name} in vain",
            span(until.saturating_sub(wait.since))
        ),
    };
    let workload = population.pods[wait.pod.at()].workload;
    if let Some(workload) = workload {
        let expected = population
            .desired(workload)
            .unwrap_or(u64::try_from(facts.expected_pods).unwrap_or(0));
        let ready = u64::from(simulation.trace.ready_at(workload, wait.since));
        let down = expected.saturating_sub(ready);
        if down == 0 {
            words.push_str(&format!(
                ": it wants {} of {expected} healthy, and none may go",
                facts.desired_healthy
            ));
        } else {
            let start = setting.timing.pod_start[workload.at()].spread.median;
            words.push_str(&format!(
                ": {down} of {expected} down, replacement needs {} to be Ready",
                span(start)
            ));
        }
    }
    if let (Some(evicted), Some(until)) = (wait.evicted, wait.until)
        && until > evicted
    {
        words.push_str(&format!(
            ", then {} for the pod to end",
            span(until - evicted)
        ));
    }
    words
}

/// As a list for people: all of a few, of many the longest.
pub fn items(sentences: &[Sentence]) -> Vec<(Cell, String)> {
    let mut longest: Vec<usize> = (0..sentences.len()).collect();
    longest.sort_by_key(|position| {
        let sentence = &sentences[*position];
        (std::cmp::Reverse(sentence.until - sentence.from), *position)
    });
    longest.truncate(SHOWN);
    longest.sort_unstable();
    let mut items: Vec<(Cell, String)> = longest
        .iter()
        .map(|position| {
            let sentence = &sentences[*position];
            (
                Cell::toned(super::clock(sentence.from), Tone::Dim),
                format!(
                    "{}: {}",
                    span(sentence.until - sentence.from),
                    sentence.text
                ),
            )
        })
        .collect();
    let more = sentences.len() - longest.len();
    if more > 0 {
        let rest: u32 = (0..sentences.len())
            .filter(|position| !longest.contains(position))
            .map(|position| sentences[position].until - sentences[position].from)
            .sum();
        items.push((
            Cell::toned("-", Tone::Dim),
            format!(
                "and {}, {} in all",
                counted(more as u64, "shorter step", "shorter steps"),
                span(rest)
            ),
        ));
    }
    items
}
