//! Verdicts on budgets: what they can never allow, what they do not allow now, what the API server cannot judge at all.

use super::{Drain, Found, View, finding, pod_names, pods_word, where_on};
use crate::disruption::{Asked, Basis, Ledger, Verdict};
use crate::finding::{Severity, counted};
use crate::model::IntOrPercent;
use crate::model::workload::DisruptionBudget;
use crate::population::{BudgetId, PodId, WorkloadId};
use crate::rule;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::collections::HashMap;

/// A pod that was not ready for so long does not become ready by waiting: an assumption, well above what starts and rollouts take.
const STUCK_FOR: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn judge(view: &View, found: &mut Found) {
    let drain = view.drain;
    let mut ledger = Ledger::of(drain.population, drain.budgets);
    statuses(drain, &ledger, found);
    nothing_matched(drain, found);
    // `--disable-eviction` asks no budget.
    if drain.options.disable_eviction {
        return;
    }
    // Staleness passes by itself, within moments.
    ledger.settle();
    beforehand(drain, found);
    let (blocked, under_several) = blocked(view, &ledger);
    let best = Best::of(view);
    for (position, pods) in blocked.into_iter().enumerate() {
        if !pods.is_empty() {
            blocks(drain, &ledger, &best, BudgetId::new(position), pods, found);
        }
    }
    several(drain, under_several, found);
}

type UnderSeveral<'a> = BTreeMap<&'a [BudgetId], Vec<PodId>>;

/// Pods that go and that a budget refuses as things are and if nothing gets better, by budget; and those under more than one.
fn blocked<'a>(view: &View<'a>, ledger: &Ledger) -> (Vec<Vec<PodId>>, UnderSeveral<'a>) {
    let Drain {
        population,
        budgets,
        ..
    } = *view.drain;
    let mut blocked: Vec<Vec<PodId>> = vec![Vec::new(); budgets.len()];
    let mut under_several = UnderSeveral::new();
    // Asked of a ledger of which nothing is taken: only refusals are looked at, and those change nothing.
    let mut ledger = ledger.clone();
    for &pod in &view.moved {
        let facts = population.pods[pod.at()];
        let of = budgets.of_shape(facts.shape);
        if let [one] = of
            && ledger.allowed(budgets, *one) > 0
        {
            continue;
        }
        match ledger.evict(budgets, Asked::from(facts)) {
            Verdict::Refused { budget, .. } => blocked[budget.at()].push(pod),
            Verdict::SeveralBudgets => under_several.entry(of).or_default().push(pod),
            Verdict::Unguarded | Verdict::Granted(_) => {}
        }
    }
    (blocked, under_several)
}

/// What each budget has in the whole cluster, drained or not.
struct Best {
    /// Healthy pods at the best: when every controller has what it wants.
    of_budget: Vec<i64>,
    /// Pods that should be ready and are not.
    unready: Vec<Vec<PodId>>,
}

impl Best {
    fn of(view: &View) -> Self {
        let Drain {
            population,
            budgets,
            ..
        } = *view.drain;
        let mut matched: HashMap<(BudgetId, Option<WorkloadId>), u32> = HashMap::new();
        let mut unready: Vec<Vec<PodId>> = vec![Vec::new(); budgets.len()];
        for id in population.pod_ids() {
            let pod = population.pods[id.at()];
            if pod.phase.is_finished() || pod.deleting {
                continue;
            }
            for budget in budgets.of_shape(pod.shape) {
                *matched.entry((*budget, pod.workload)).or_default() += 1;
                if !pod.ready {
                    unready[budget.at()].push(id);
                }
            }
        }
        let mut of_budget = vec![0i64; budgets.len()];
        // A sum: the order does not show.
        for ((budget, workload), pods) in matched {
            let wanted = workload
                // Where a budget means only some pods of a workload, its scale says nothing of those.
                .filter(|workload| view.live[workload.at()] == pods)
                .and_then(|workload| population.desired(workload));
            let sum = &mut of_budget[budget.at()];
            *sum = sum.saturating_add_unsigned(wanted.unwrap_or(u64::from(pods)));
        }
        Best { of_budget, unready }
    }
}

/// One budget that refuses pods of these nodes.
fn blocks(
    drain: &Drain,
    ledger: &Ledger,
    best: &Best,
    id: BudgetId,
    pods: Vec<PodId>,
    found: &mut Found,
) {
    let population = drain.population;
    let budget = &population.state.disruption_budgets[id.at()];
    let facts = drain.budgets.facts(id);
    let name = population.budget_name(id);
    let what = format!(
        "it blocks {} on {}",
        pods_word(pods.len()),
        where_on(population, &pods)
    );
    let late = if drain.is_by_aks() && !is_caught(budget) {
        "; AKS does not look for this beforehand: the drain fails at its timeout"
    } else {
        ""
    };
    let never = |why: String| {
        finding(
            Severity::Blocker,
            "budget-never-allows",
            format!("budget {name} never allows a disruption: {why}; {what}{late}"),
            &[&rule::PDB_5, &rule::PDB_3],
        )
    };
    if let Basis::FailSafe(why) = &facts.basis {
        let message = format!(
            "budget {name} allows no disruption, for its controller cannot count: {}; {what}{late}",
            why.says(population)
        );
        let remedy = format!(
            "Give {name} a minAvailable that is a number, or a selector that leaves out the pods whose controller has no scale."
        );
        let found_it = finding(
            Severity::Blocker,
            "budget-fails-safe",
            message,
            &[&rule::PDB_4],
        );
        return found.push(found_it, pods, Some(id), remedy);
    }
    if facts.basis == Basis::NeitherIsSet {
        let why = "neither minAvailable nor maxUnavailable is set".to_string();
        let remedy = format!("Set maxUnavailable of {name} to 1.");
        return found.push(never(why), pods, Some(id), remedy);
    }
    if facts.expected_pods <= 0 && facts.unmanaged > 0 {
        let why = "no controller has its pods, so it expects none, and waiting changes nothing"
            .to_string();
        let remedy = format!(
            "Give {name} a minAvailable that is a number, or delete the pods by hand: nobody makes them again."
        );
        return found.push(never(why), pods, Some(id), remedy);
    }
    let at_best = best.of_budget[id.at()];
    if at_best <= facts.desired_healthy {
        let (why, remedy) = never_because(budget, &name, at_best, facts.desired_healthy);
        return found.push(never(why), pods, Some(id), remedy);
    }
    exhausted(drain, ledger, id, best, pods, &what, found);
}

/// Why a budget allows nothing at its best, and what to do.
fn never_because(
    budget: &DisruptionBudget,
    name: &str,
    best: i64,
    desired: i64,
) -> (String, String) {
    let more = match u64::try_from(desired - best).unwrap_or(0) + 1 {
        1 => "one replica".to_string(),
        more => format!("{more} replicas"),
    };
    let ways = format!(
        "Run {more} more for the time of the drain, or replace minAvailable of {name} by maxUnavailable 1 and accept the gap."
    );
    let at_best = match best {
        1 => "there is 1 replica".to_string(),
        best => format!("there are {best} replicas"),
    };
    match (budget.max_unavailable, budget.min_available) {
        (Some(most), _) if most.of(100) == 0 => (
            format!("maxUnavailable is {most}"),
            format!("Set maxUnavailable of {name} to 1."),
        ),
        (Some(most), _) => (
            format!(
                "maxUnavailable is {most} of a scale that wants {desired} healthy, and {at_best} that it means"
            ),
            format!(
                "Run {more} more for the time of the drain, or set a greater maxUnavailable of {name} and accept the gap."
            ),
        ),
        (None, Some(IntOrPercent::Percent(percent))) => (
            format!("minAvailable is {percent}%, which is {desired}, and {at_best}"),
            if percent >= 100 {
                format!("Set minAvailable of {name} below 100%, or replace it by maxUnavailable 1.")
            } else {
                ways
            },
        ),
        (None, _) => (format!("minAvailable is {desired}, and {at_best}"), ways),
    }
}

/// A budget that would allow something if all its pods were ready.
fn exhausted(
    drain: &Drain,
    ledger: &Ledger,
    id: BudgetId,
    best: &Best,
    pods: Vec<PodId>,
    what: &str,
    found: &mut Found,
) {
    let population = drain.population;
    let name = population.budget_name(id);
    let unready = &best.unready[id.at()];
    let is_stuck = |pod: &PodId| {
        let since = population.pod(*pod).ready_changed_at;
        drain
            .now
            .zip(since)
            .is_some_and(|(now, since)| now.duration_since(since) >= STUCK_FOR)
    };
    let stuck = !unready.is_empty() && unready.iter().all(is_stuck);
    let who = if unready.is_empty() {
        "its controllers have not made all pods yet".to_string()
    } else {
        let time = if stuck {
            ", each for 10 minutes or longer"
        } else {
            ""
        };
        format!("not ready: {}{time}", pod_names(population, unready))
    };
    let goes_anyway = population.state.disruption_budgets[id.at()]
        .unhealthy_pod_eviction_policy
        .as_deref()
        == Some("AlwaysAllow");
    let remedy = if unready.is_empty() {
        format!("Wait until the pods of {name} are made and ready.")
    } else if goes_anyway {
        format!("Repair the pods of {name} that are not ready.")
    } else {
        format!(
            "Repair the pods of {name} that are not ready; with unhealthyPodEvictionPolicy AlwaysAllow at least those can be evicted."
        )
    };
    let severity = if stuck {
        Severity::Blocker
    } else {
        Severity::Warning
    };
    let message = format!(
        "budget {name} allows no disruption now: it needs {} healthy pods and has {} of {}; {who}; {what}",
        drain.budgets.facts(id).desired_healthy,
        ledger.healthy(id),
        best.of_budget[id.at()],
    );
    let found_it = finding(
        severity,
        "budget-below-desired",
        message,
        &[&rule::PDB_3, &rule::EV_4, &rule::EV_5],
    );
    found.push(found_it, pods, Some(id), remedy);
}

/// EV-2.
fn several(drain: &Drain, under_several: UnderSeveral, found: &mut Found) {
    let population = drain.population;
    for (budgets, pods) in under_several {
        let names = super::few(budgets.iter().map(|budget| population.budget_name(*budget)));
        let message = format!(
            "{} on {} under more than one budget ({names}): the eviction API answers 500, and a drain does not ask again",
            pods_word(pods.len()),
            where_on(population, &pods)
        );
        let found_it = finding(
            Severity::Blocker,
            "pod-under-two-budgets",
            message,
            &[&rule::EV_2],
        );
        let remedy =
            "Narrow the selectors so that one budget is left for each pod, or delete the others.";
        found.push(found_it, pods, budgets.first().copied(), remedy);
    }
}

/// Whether AKS's own look beforehand finds it (PDB-5).
fn is_caught(budget: &DisruptionBudget) -> bool {
    matches!(
        budget.max_unavailable,
        Some(IntOrPercent::Int(0) | IntOrPercent::Percent(0))
    )
}

/// What AKS refuses before it drains anything, wherever the budget's pods are.
fn beforehand(drain: &Drain, found: &mut Found) {
    if !drain.is_by_aks() {
        return;
    }
    for id in drain.budgets.ids() {
        let budget = &drain.population.state.disruption_budgets[id.at()];
        if !is_caught(budget) {
            continue;
        }
        let name = drain.population.budget_name(id);
        let message = format!(
            "AKS refuses the operation before it starts (UnsatisfiablePDB): PDB {name} has maxUnavailable {}",
            budget
                .max_unavailable
                .map_or(String::new(), |most| most.to_string())
        );
        let found_it = finding(
            Severity::Blocker,
            "budget-refused-beforehand",
            message,
            &[&rule::UNSATISFIABLE_PDB, &rule::PDB_5],
        )
        .because_of([rule::UNSATISFIABLE_PDB.id.to_string()]);
        let remedy = format!(
            "Set maxUnavailable of {name} to 1 for the time of the operation; a forced upgrade (UPG-10) passes over it."
        );
        found.push(found_it, Vec::new(), Some(id), remedy);
    }
}

/// Budgets that guard nothing: often a misspelt label.
fn nothing_matched(drain: &Drain, found: &mut Found) {
    for id in drain.budgets.ids() {
        let facts = drain.budgets.facts(id);
        if facts.matching > 0 {
            continue;
        }
        let budget = &drain.population.state.disruption_budgets[id.at()];
        let name = drain.population.budget_name(id);
        let why = match (&facts.basis, &budget.selector) {
            (Basis::FailSafe(_), _) => "its selector is not valid",
            (_, None) => "it has no selector",
            _ => "no pod of its namespace has its labels",
        };
        let found_it = finding(
            Severity::Info,
            "budget-matches-nothing",
            format!("budget {name} guards no pod: {why}"),
            &[&rule::EV_3],
        );
        let remedy = format!("Correct the selector of {name}, or delete it.");
        found.push(found_it, Vec::new(), Some(id), remedy);
    }
}

/// Where our arithmetic and the server's differ, both are told; ours is used.
fn statuses(drain: &Drain, ledger: &Ledger, found: &mut Found) {
    let population = drain.population;
    for id in drain.budgets.ids() {
        let budget = &population.state.disruption_budgets[id.at()];
        let facts = drain.budgets.facts(id);
        let (Some(allowed), Some(healthy), Some(desired)) = (
            budget.disruptions_allowed,
            budget.current_healthy,
            budget.desired_healthy,
        ) else {
            continue;
        };
        if facts.stale {
            continue;
        }
        let ours = (
            i64::from(ledger.allowed(drain.budgets, id)),
            ledger.healthy(id),
            facts.desired_healthy,
        );
        let theirs = (allowed, healthy, desired);
        if ours == theirs {
            continue;
        }
        // It matters most where one says that nothing may go.
        let severity = if (ours.0 == 0) == (allowed == 0) {
            Severity::Info
        } else {
            Severity::Warning
        };
        let told = |(allowed, healthy, desired): (i64, i64, i64)| {
            format!(
                "{}, {healthy} healthy of {desired} wanted",
                counted(
                    u64::try_from(allowed).unwrap_or(0),
                    "disruption",
                    "disruptions"
                )
            )
        };
        let found_it = finding(
            severity,
            "budget-status-differs",
            format!(
                "budget {}: the server says {}; by the objects that were read it is {}",
                population.budget_name(id),
                told(theirs),
                told(ours)
            ),
            &[&rule::PDB_1, &rule::PDB_2, &rule::PDB_3],
        );
        let remedy = "Read the cluster again: objects change while they are read. If it stays so, trust the server.";
        found.push(found_it, Vec::new(), Some(id), remedy);
    }
}
