//! What aksplan makes of the same state, beside what the cluster did: budgets, filters, and the first answer to every pod. Asks no
//! cluster. Where they disagree, each disagreement is a line; none is weighed.

use super::case::{Drain, How};
use super::observed::{BudgetSeen, Counts, Observed, Verdict as Seen};
use aksplan::disruption::{Asked, Basis, Budgets, DrainOptions, Ledger, Treatment, Verdict, drain};
use aksplan::model::{Cluster, KubernetesState};
use aksplan::population::{BudgetId, PodId, Population};
use aksplan::source::read_document;
use serde_json::Value;
use std::collections::BTreeMap;

pub fn state(list: &Value) -> KubernetesState {
    let text = list.to_string();
    let found = read_document("state.json", text.as_bytes()).expect("kubectl's own shape");
    let mut state = KubernetesState::default();
    for fact in found.facts.kubernetes {
        state.absorb(fact.state);
    }
    state
}

pub fn cluster() -> Cluster {
    serde_json::from_str(r#"{"name": "real"}"#).expect("a cluster needs a name")
}

/// The flags of the case.
pub fn options(drain: &Drain) -> DrainOptions {
    DrainOptions {
        ignore_daemonsets: drain.ignore_daemonsets,
        delete_emptydir_data: drain.delete_emptydir_data,
        force: drain.force,
        ..DrainOptions::kubectl_default()
    }
}

/// `Deployment/api`.
pub fn workload(population: &Population, pod: PodId) -> String {
    match population.pods[pod.at()].workload {
        Some(workload) => {
            let workload = &population.workloads[workload.at()];
            format!("{}/{}", workload.kind, workload.name)
        }
        None => format!("Pod/{}", population.pod(pod).name),
    }
}

/// Every disagreement.
pub fn disagreements(list: &Value, scope: &str, drain: &Drain, seen: &Observed) -> Vec<String> {
    let (cluster, state) = (cluster(), state(list));
    let population = Population::of(&cluster, &state);
    let budgets = Budgets::of(&population);
    let mut found = Vec::new();
    for budget in budgets.ids() {
        budget_disagrees(&population, &budgets, budget, seen, &mut found);
    }
    first_answers_disagree(&population, &budgets, scope, drain, seen, &mut found);
    found
}

fn budget_disagrees(
    population: &Population,
    budgets: &Budgets,
    budget: BudgetId,
    seen: &Observed,
    found: &mut Vec<String>,
) {
    // The controller keeps only one of several budgets of a pod up to date, and which is luck.
    let shares = population.pods.iter().any(|pod| {
        let of_shape = budgets.of_shape(pod.shape);
        of_shape.len() > 1 && of_shape.contains(&budget)
    });
    if shares {
        return;
    }
    let name = &population.state.disruption_budgets[budget.at()].name;
    let (facts, ledger) = (budgets.facts(budget), Ledger::of(population, budgets));
    let failed = match &facts.basis {
        Basis::FailSafe(why) => Some(why.says(population)),
        _ => None,
    };
    let count = |number: i64| u32::try_from(number).unwrap_or(0);
    // As it is observed: numbers of what cannot be computed are luck.
    let computed = |number: i64| if failed.is_none() { count(number) } else { 0 };
    let ours = BudgetSeen {
        allowed: ledger.allowed(budgets, budget),
        healthy: computed(ledger.healthy(budget)),
        desired: computed(facts.desired_healthy),
        expected: computed(facts.expected_pods),
        failed: failed.clone(),
        stale: facts.stale,
    };
    match seen.budgets.get(name) {
        Some(theirs) if *theirs == ours => {}
        theirs => found.push(format!(
            "budget {name}: aksplan {ours:?}, cluster {theirs:?}"
        )),
    }
}

/// Pods of the nodes that are drained first: one node, or all of them.
fn first_answers_disagree(
    population: &Population,
    budgets: &Budgets,
    scope: &str,
    how: &Drain,
    seen: &Observed,
    found: &mut Vec<String>,
) {
    let count = if how.how == How::AtOnce {
        how.nodes.len()
    } else {
        1
    };
    let nodes = &how.nodes[..count];
    let treatments = drain::treatments(population, &options(how), None);
    let on = |node: &str| {
        let name = super::objects::node_name(node, scope);
        let id = population
            .node_ids()
            .find(|id| population.node(*id).name == name);
        population
            .pod_ids()
            .filter(move |pod| population.pods[pod.at()].node == id)
    };
    let mut ledger = Ledger::of(population, budgets);
    let (mut ours, mut theirs) = (Counts::new(), Counts::new());
    let mut refused: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in nodes {
        let mut why: Vec<String> = on(node)
            .filter_map(|pod| match treatments[pod.at()] {
                Treatment::Refuse(why) => {
                    let words = why.message(population, &[pod]);
                    let name = &population.pod(pod).name;
                    let words = words.replace(&format!(": {scope}/{name}"), "");
                    let words = words.trim_start_matches("cannot delete ");
                    Some(format!("{}: {words}", workload(population, pod)))
                }
                _ => None,
            })
            .collect();
        if !why.is_empty() {
            why.sort();
            why.dedup();
            refused.insert(node.clone(), why);
            continue;
        }
        for pod in on(node).filter(|pod| treatments[pod.at()] == Treatment::Evict) {
            let verdict = ledger.evict(budgets, Asked::from(population.pods[pod.at()]));
            let word = match verdict {
                Verdict::Refused { budget, .. } => format!(
                    "{} {}",
                    verdict.code(),
                    population.state.disruption_budgets[budget.at()].name
                ),
                verdict => format!("{} {}", verdict.code(), verdict.message(population)),
            };
            let lines = ours.entry(workload(population, pod)).or_default();
            *lines.entry(word.trim().to_string()).or_default() += 1;
        }
    }
    let at_start = |name: &str| population.state.pods.iter().any(|pod| pod.name == name);
    for pod in &seen.pods {
        if !nodes.contains(&pod.node) || !at_start(&pod.pod) {
            continue;
        }
        let word = match pod.verdicts.first() {
            Some(Seen::Evicted) => "201".to_string(),
            Some(Seen::Refused { budget, .. }) => format!("429 {budget}"),
            Some(Seen::Failed { code, message }) => format!("{code} {message}"),
            other => format!("{other:?}"),
        };
        let lines = theirs.entry(pod.workload.clone()).or_default();
        *lines.entry(word).or_default() += 1;
    }
    if ours != theirs {
        found.push(format!(
            "first answers: aksplan {ours:?}, cluster {theirs:?}"
        ));
    }
    let mut known = seen.refused.clone();
    known.retain(|node, _| nodes.contains(node));
    // kubectl puts these words before each of its own, also before the one that begins with them.
    for why in known.values_mut().flatten() {
        *why = why.replace("cannot delete ", "");
    }
    if refused != known {
        found.push(format!("filters: aksplan {refused:?}, cluster {known:?}"));
    }
}

/// That the state was read at all: what is compared would agree about nothing.
pub fn was_read(list: &Value) -> Result<(), String> {
    let state = state(list);
    let of_kind = |kind: &str| {
        let items = list["items"].as_array().into_iter().flatten();
        items.filter(|object| object["kind"] == kind).count()
    };
    let (nodes, pods) = (of_kind("Node"), of_kind("Pod"));
    if nodes == 0 || pods == 0 || state.nodes.len() != nodes || state.pods.len() != pods {
        return Err(format!(
            "of {nodes} nodes and {pods} pods {} and {} were read",
            state.nodes.len(),
            state.pods.len()
        ));
    }
    Ok(())
}
