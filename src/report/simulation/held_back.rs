//! Which pods a budget holds, and what would let them go, as far as the budget and the run tell. Tries nothing.

use super::Simulation;
use super::words::{Names, listed};
use crate::disruption::budgets::{Basis, BudgetFacts};
use crate::finding::counted;
use crate::model::IntOrPercent;
use crate::model::workload::DisruptionBudget;
use crate::population::{BudgetId, NodeId, PodId};
use crate::simulate::outcome::{PodEnd, Wait};

/// Pods named in one sentence.
const NAMED: usize = 5;

/// `apps-8: pod shop/api-4 and apps-9: pod shop/api-7 are held by budget shop/api`: whoever is called looks for each on its own node.
pub fn on_each(
    simulation: &Simulation,
    names: &Names,
    budget: BudgetId,
    waits: &[(NodeId, Wait)],
) -> String {
    let population = simulation.setting.population;
    let each: Vec<String> = waits
        .iter()
        .map(|(node, wait)| {
            format!(
                "{}: pod {}",
                names.short(*node),
                population.pod_name(wait.pod)
            )
        })
        .collect();
    let are = if each.len() == 1 { "is" } else { "are" };
    format!(
        "{} {are} held by budget {}",
        listed(&each, NAMED),
        population.budget_name(budget)
    )
}

/// `it wants 5 healthy pods, and there are 3; run 3 pods more of shop/api, or …`.
pub fn release(simulation: &Simulation, id: BudgetId, pod: PodId) -> String {
    let setting = simulation.setting;
    let population = setting.population;
    let facts = setting.budgets.facts(id);
    let budget = &population.state.disruption_budgets[id.at()];
    if let Basis::FailSafe(fail_safe) = &facts.basis {
        return format!(
            "its controller fails and allows nothing: {}; change the budget to a number for minAvailable, or its selector (PDB-4)",
            fail_safe.says(population)
        );
    }
    if facts.basis == Basis::NeitherIsSet {
        return "it sets neither minAvailable nor maxUnavailable, so it allows nothing; set maxUnavailable to 1".to_string();
    }
    if facts.expected_pods <= 0 {
        return "no controller has its pods, so it expects none and never allows one to go (PDB-3, PDB-4); give it a minAvailable \
                that is a number instead, or delete the pods by hand"
            .to_string();
    }
    let workload = population.pods[pod.at()].workload;
    if facts.desired_healthy >= facts.expected_pods {
        let whose = workload.map_or_else(String::new, |workload| {
            format!(" of {}", population.workloads[workload.at()].label())
        });
        return never(budget, facts, &whose);
    }
    let wants = format!(
        "it wants {}",
        counted(
            u64::try_from(facts.desired_healthy).unwrap_or(0),
            "healthy pod",
            "healthy pods"
        )
    );
    let Some(workload) = workload else {
        return wants;
    };
    let ready = simulation.trace.ready_at(workload, simulation.trace.end);
    let unplaced = simulation
        .outcome
        .pods
        .iter()
        .filter(|pod| pod.end == PodEnd::Unplaced)
        .filter(|pod| population.pods[pod.pod.at()].workload == Some(workload))
        .count() as u64;
    let because = if unplaced > 0 {
        format!(
            "{} on no node",
            counted(unplaced, "replacement fits", "replacements fit")
        )
    } else {
        "pods that are not Ready do not become Ready by waiting; repair them first".to_string()
    };
    format!(
        "{wants}, and {ready} of {} are: {because}",
        facts.expected_pods
    )
}

/// A budget that wants all of its pods, or more.
fn never(budget: &DisruptionBudget, facts: &BudgetFacts, whose: &str) -> String {
    let (desired, pods) = (facts.desired_healthy, facts.expected_pods);
    let all = format!("it wants {desired} of {pods} healthy, so it never lets one go");
    let only = "only a change of the budget helps, for it wants all of them however many there are";
    match (budget.max_unavailable, budget.min_available) {
        (Some(most), _) => {
            format!("{all}: maxUnavailable is {most}; {only}: set maxUnavailable to 1")
        }
        (None, Some(IntOrPercent::Percent(percent))) if percent < 100 => format!(
            "{all}: {percent}% is rounded up; lower minAvailable, or run {} pods{whose}",
            100u64.div_ceil(100 - percent)
        ),
        (None, Some(IntOrPercent::Percent(percent))) => format!(
            "{all}: minAvailable is {percent}%; {only}: set minAvailable below 100%, or replace it by maxUnavailable 1"
        ),
        (None, _) => {
            let more = u64::try_from(desired + 1 - pods).unwrap_or(1);
            let has = if desired > pods {
                format!("it wants {desired} healthy pods and has {pods}, so it never lets one go")
            } else {
                all
            };
            format!(
                "{has}; run {} more{whose}, or replace its minAvailable by maxUnavailable 1",
                counted(more, "pod", "pods")
            )
        }
    }
}
