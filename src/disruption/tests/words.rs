//! Codes and words of the eviction API, and the refusals that are not a matter of numbers.

use super::{budget, cluster, deployment, state};
use crate::disruption::{Asked, Budgets, Ledger, Refused, Verdict};
use crate::model::KubernetesState;
use crate::model::workload::DisruptionBudget;
use crate::population::{BudgetId, Phase, Population, ShapeId};

const READY: Asked = Asked {
    shape: ShapeId(0),
    phase: Phase::Running,
    ready: true,
    deleting: false,
};

fn with_budgets(budgets: Vec<DisruptionBudget>) -> KubernetesState {
    let mut state = state();
    deployment(&mut state, "api", 3);
    state.disruption_budgets = budgets;
    state
}

#[test]
fn answers_are_the_servers() {
    let refused = |why| Verdict::Refused {
        budget: BudgetId(0),
        why,
    };
    let stale = |observed| DisruptionBudget {
        generation: Some(2),
        observed_generation: observed,
        disruptions_allowed: Some(1),
        ..budget("api", "api", "1", "")
    };
    let violates = "Cannot evict pod as it would violate the pod's disruption budget.";
    let crowded = DisruptionBudget {
        disrupted_pods: (0..2001)
            .map(|number| (format!("api-5d-{number}"), jiff::Timestamp::UNIX_EPOCH))
            .collect(),
        ..budget("api", "api", "100%", "")
    };
    let mut crowd = state();
    deployment(&mut crowd, "api", 2001);
    crowd.disruption_budgets = vec![crowded];
    for (name, state, verdict, code, message, cause) in [
        (
            "none left",
            with_budgets(vec![budget("api", "api", "0", "")]),
            refused(Refused::NoneLeft),
            429,
            violates,
            Some("The disruption budget api needs 3 healthy pods and has 3 currently"),
        ),
        (
            "behind",
            with_budgets(vec![stale(Some(1))]),
            refused(Refused::Processing),
            429,
            violates,
            Some("The disruption budget api is still being processed by the server."),
        ),
        (
            "never looked at",
            with_budgets(vec![stale(None)]),
            refused(Refused::Processing),
            429,
            violates,
            Some("The disruption budget api is still being processed by the server."),
        ),
        (
            "below zero",
            with_budgets(vec![DisruptionBudget {
                disruptions_allowed: Some(-1),
                ..budget("api", "api", "1", "")
            }]),
            refused(Refused::Negative),
            403,
            "poddisruptionbudget.policy \"api\" is forbidden: pdb disruptions allowed is negative",
            None,
        ),
        (
            "too many under way",
            crowd,
            refused(Refused::TooManyDisrupted),
            403,
            "poddisruptionbudget.policy \"api\" is forbidden: DisruptedPods map too big - too many evictions not confirmed by \
             PDB controller",
            None,
        ),
        (
            "two budgets",
            with_budgets(vec![
                budget("api", "api", "1", ""),
                budget("all", "api", "1", ""),
            ]),
            Verdict::SeveralBudgets,
            500,
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            None,
        ),
        (
            "granted",
            with_budgets(vec![budget("api", "api", "1", "")]),
            Verdict::Granted(BudgetId(0)),
            201,
            "",
            None,
        ),
        (
            "no budget",
            with_budgets(vec![]),
            Verdict::Unguarded,
            201,
            "",
            None,
        ),
    ] {
        let cluster = cluster();
        let population = Population::of(&cluster, &state);
        let budgets = Budgets::of(&population);
        let mut ledger = Ledger::of(&population, &budgets);
        let found = ledger.evict(&budgets, READY);
        assert_eq!(found, verdict, "{name}");
        assert_eq!(found.code(), code, "{name}");
        assert_eq!(found.message(&population), message, "{name}");
        assert_eq!(
            found.cause(&population, &budgets, &ledger).as_deref(),
            cause,
            "{name}"
        );
        assert_eq!(found.is_retried(), code == 429, "{name}");
        assert_eq!(found.is_evicted(), code == 201, "{name}");
    }
}

/// EV-5: the controller looks again, and the crowd stays a crowd.
#[test]
fn settling_clears_what_the_controller_clears() {
    let state = with_budgets(vec![DisruptionBudget {
        generation: Some(2),
        observed_generation: Some(1),
        ..budget("api", "api", "1", "")
    }]);
    let cluster = cluster();
    let population = Population::of(&cluster, &state);
    let budgets = Budgets::of(&population);
    let mut ledger = Ledger::of(&population, &budgets);
    assert_eq!(ledger.allowed(&budgets, BudgetId(0)), 0);
    ledger.settle();
    assert_eq!(ledger.allowed(&budgets, BudgetId(0)), 1);
    assert!(ledger.evict(&budgets, READY).is_evicted());
    assert!(ledger.evict(&budgets, READY).is_retried());
    // The next slot opens when a replacement is ready.
    ledger.ready(&budgets, ShapeId(0));
    assert!(ledger.evict(&budgets, READY).is_evicted());
}

/// EV-1 and EV-4, over three pods of which the one that is asked may not be ready.
#[test]
fn pods_that_are_not_ready() {
    let unready = Asked {
        ready: false,
        ..READY
    };
    let gone = Verdict::Unguarded;
    let refused = Verdict::Refused {
        budget: BudgetId(0),
        why: Refused::NoneLeft,
    };
    for (name, policy, max, min, asked, unready_pods, want) in [
        (
            "pending",
            None,
            "0",
            "",
            Asked {
                phase: Phase::Pending,
                ..unready
            },
            1,
            gone,
        ),
        (
            "finished",
            None,
            "0",
            "",
            Asked {
                phase: Phase::Failed,
                ..unready
            },
            1,
            gone,
        ),
        (
            "departing",
            None,
            "0",
            "",
            Asked {
                deleting: true,
                ..READY
            },
            0,
            gone,
        ),
        ("always", Some("AlwaysAllow"), "0", "", unready, 1, gone),
        (
            "always, but ready",
            Some("AlwaysAllow"),
            "0",
            "",
            READY,
            1,
            refused,
        ),
        (
            "enough are healthy",
            Some("IfHealthyBudget"),
            "",
            "2",
            unready,
            1,
            gone,
        ),
        (
            "enough are healthy, by default",
            None,
            "",
            "2",
            unready,
            1,
            gone,
        ),
        ("too few are healthy", None, "", "2", unready, 2, refused),
        (
            "none is wanted, one is healthy",
            None,
            "",
            "0",
            unready,
            2,
            Verdict::Granted(BudgetId(0)),
        ),
        (
            "none is wanted, none is healthy",
            None,
            "",
            "0",
            unready,
            3,
            refused,
        ),
    ] {
        let mut state = with_budgets(vec![DisruptionBudget {
            unhealthy_pod_eviction_policy: policy.map(str::to_string),
            ..budget("api", "api", max, min)
        }]);
        for pod in state.pods.iter_mut().take(unready_pods) {
            pod.ready = false;
        }
        let cluster = cluster();
        let population = Population::of(&cluster, &state);
        let budgets = Budgets::of(&population);
        let mut ledger = Ledger::of(&population, &budgets);
        let before = ledger.healthy(BudgetId(0));
        assert_eq!(ledger.evict(&budgets, asked), want, "{name}");
        // What was not counted is not taken off.
        assert_eq!(ledger.healthy(BudgetId(0)), before, "{name}");
    }
}

/// Of a budget that wants none, with one healthy pod and two that are not: the server grants one between two looks of the controller,
/// who then sees that no healthy pod went.
#[test]
fn what_is_granted_between_two_looks_is_taken_off() {
    let mut state = with_budgets(vec![budget("api", "api", "", "0")]);
    for pod in state.pods.iter_mut().take(2) {
        pod.ready = false;
    }
    let cluster = cluster();
    let population = Population::of(&cluster, &state);
    let budgets = Budgets::of(&population);
    let mut ledger = Ledger::of(&population, &budgets);
    let unready = Asked {
        ready: false,
        ..READY
    };
    let only = BudgetId(0);
    for (settles, evicted, left) in [(false, true, 0), (false, false, 0), (true, true, 0)] {
        if settles {
            ledger.settle();
            assert_eq!(ledger.allowed(&budgets, only), 1);
        }
        assert_eq!(ledger.evict(&budgets, unready).is_evicted(), evicted);
        assert_eq!(ledger.allowed(&budgets, only), left);
        assert_eq!(ledger.healthy(only), 1);
    }
}
