//! The controller's arithmetic, by hand.

use super::{budget, cluster, deployment, labels, owner, pod, state, workload};
use crate::disruption::{Basis, Budgets, FailSafe, Ledger};
use crate::model::KubernetesState;
use crate::model::workload::{DisruptionBudget, Selector, SelectorRequirement};
use crate::population::{BudgetId, PodId, Population, ShapeId};

/// Expected, desired, healthy, allowed of the first budget; and what its numbers rest on.
fn reckon(state: &KubernetesState) -> ((i64, i64, i64, u32), Basis) {
    let cluster = cluster();
    let population = Population::of(&cluster, state);
    let budgets = Budgets::of(&population);
    let ledger = Ledger::of(&population, &budgets);
    let first = BudgetId(0);
    let facts = budgets.facts(first);
    (
        (
            facts.expected_pods,
            facts.desired_healthy,
            ledger.healthy(first),
            ledger.allowed(&budgets, first),
        ),
        facts.basis.clone(),
    )
}

/// PDB-1, PDB-2, PDB-3: replicas of one Deployment, of which some are not ready.
#[test]
fn numbers_and_percentages() {
    for (replicas, unready, max, min, want) in [
        // expected, desired, healthy, allowed
        (3, 0, "1", "", (3, 2, 3, 1)),
        (3, 1, "1", "", (3, 2, 2, 0)),
        (3, 0, "0", "", (3, 3, 3, 0)),
        (3, 0, "0%", "", (3, 3, 3, 0)),
        (3, 0, "5", "", (3, 0, 3, 3)),
        // 1 % of 1 is 0.01, rounded up 1.
        (1, 0, "1%", "", (1, 0, 1, 1)),
        (3, 0, "34%", "", (3, 1, 3, 2)),
        (10, 0, "25%", "", (10, 7, 10, 3)),
        (10, 2, "25%", "", (10, 7, 8, 1)),
        (7, 0, "100%", "", (7, 0, 7, 7)),
        (3, 0, "", "2", (3, 2, 3, 1)),
        (3, 0, "", "3", (3, 3, 3, 0)),
        (3, 0, "", "9", (3, 9, 3, 0)),
        (1, 0, "", "1", (1, 1, 1, 0)),
        (3, 3, "", "0", (3, 0, 0, 0)),
        // 50 % of 3 is 1.5, rounded up 2; of 7, 4.
        (3, 0, "", "50%", (3, 2, 3, 1)),
        (7, 1, "", "50%", (7, 4, 6, 2)),
        (7, 0, "", "100%", (7, 7, 7, 0)),
        // No pods at all: nothing is expected, so nothing is allowed, though 0 of 0 are wanted.
        (0, 0, "50%", "", (0, 0, 0, 0)),
        (0, 0, "", "0", (0, 0, 0, 0)),
        // Neither: nothing is expected.
        (3, 0, "", "", (0, 0, 3, 0)),
    ] {
        let mut state = state();
        deployment(&mut state, "api", replicas);
        for pod in state.pods.iter_mut().take(unready) {
            pod.ready = false;
        }
        state
            .disruption_budgets
            .push(budget("api", "api", max, min));
        let (found, basis) = reckon(&state);
        assert_eq!(found, want, "{replicas}, max {max:?}, min {min:?}");
        let rests_on = match (max, min) {
            ("", "") => Basis::NeitherIsSet,
            ("", min) if !min.ends_with('%') => Basis::Pods,
            _ => Basis::Scale,
        };
        assert_eq!(basis, rests_on);
    }
}

/// PDB-4: which object's scale counts.
#[test]
fn controllers_in_the_order_of_the_finders() {
    let stateful = || workload("StatefulSet", "db", None, Some(5));
    let rollout = || owner("Rollout", "web");
    let no_scale = |kind: &str| {
        Basis::FailSafe(FailSafe::NoScale {
            pod: PodId(0),
            kind: kind.to_string(),
        })
    };
    let missing = || Basis::FailSafe(FailSafe::Missing { pod: PodId(0) });
    for (name, controller, workloads, want, basis) in [
        (
            "a StatefulSet",
            owner("StatefulSet", "db"),
            vec![stateful()],
            5,
            Basis::Scale,
        ),
        (
            "a ReplicationController",
            owner("ReplicationController", "old"),
            vec![workload("ReplicationController", "old", None, Some(4))],
            4,
            Basis::Scale,
        ),
        (
            "a ReplicaSet of nobody",
            owner("ReplicaSet", "web-1"),
            vec![workload("ReplicaSet", "web-1", None, Some(6))],
            6,
            Basis::Scale,
        ),
        (
            "a Deployment's scale, not its ReplicaSet's",
            owner("ReplicaSet", "web-1"),
            vec![
                workload(
                    "ReplicaSet",
                    "web-1",
                    Some(owner("Deployment", "web")),
                    Some(6),
                ),
                workload("Deployment", "web", None, Some(9)),
            ],
            9,
            Basis::Scale,
        ),
        (
            "a Deployment that is gone: the scale subresource of the ReplicaSet answers",
            owner("ReplicaSet", "web-1"),
            vec![workload(
                "ReplicaSet",
                "web-1",
                Some(owner("Deployment", "web")),
                Some(6),
            )],
            6,
            Basis::Scale,
        ),
        (
            "a custom controller above a ReplicaSet is not looked at",
            owner("ReplicaSet", "web-1"),
            vec![
                workload("ReplicaSet", "web-1", Some(rollout()), Some(6)),
                workload("Rollout", "web", None, Some(9)),
            ],
            6,
            Basis::Scale,
        ),
        (
            "a custom controller whose scale was read",
            owner("Database", "db"),
            vec![workload("Database", "db", None, Some(3))],
            3,
            Basis::Scale,
        ),
        (
            "a custom controller that was read, without a scale",
            owner("Database", "db"),
            vec![workload("Database", "db", None, None)],
            0,
            no_scale("Database"),
        ),
        (
            "a custom controller that was not read",
            owner("Database", "db"),
            vec![],
            0,
            Basis::FailSafe(FailSafe::Unread {
                pod: PodId(0),
                kind: "Database".to_string(),
            }),
        ),
        (
            "a DaemonSet",
            owner("DaemonSet", "agent"),
            vec![workload("DaemonSet", "agent", None, None)],
            0,
            no_scale("DaemonSet"),
        ),
        ("a Job", owner("Job", "once"), vec![], 0, no_scale("Job")),
        (
            "a static pod",
            owner("Node", "n1"),
            vec![],
            0,
            no_scale("Node"),
        ),
        (
            "a StatefulSet that is gone",
            owner("StatefulSet", "db"),
            vec![],
            0,
            missing(),
        ),
        (
            "one that has the name of a StatefulSet that is gone",
            owner("StatefulSet", "db"),
            vec![crate::model::workload::Workload {
                uid: Some("another".to_string()),
                ..stateful()
            }],
            0,
            missing(),
        ),
    ] {
        let mut state = state();
        state.pods.push(pod("it-0", "it", Some(controller)));
        state.workloads = workloads;
        state
            .disruption_budgets
            .push(budget("it", "it", "100%", ""));
        let ((expected, _, _, allowed), found) = reckon(&state);
        assert_eq!((expected, &found), (want, &basis), "{name}");
        assert_eq!(allowed == 0, matches!(basis, Basis::FailSafe(_)), "{name}");
        // A number of pods asks no controller.
        state.disruption_budgets[0] = budget("it", "it", "", "0");
        assert_eq!(reckon(&state), ((1, 0, 1, 1), Basis::Pods), "{name}");
    }
}

#[test]
fn scales_are_added_once_for_each_controller() {
    let mut state = state();
    deployment(&mut state, "api", 3);
    // A second ReplicaSet of the same Deployment, in the middle of a rollout.
    state.workloads.push(workload(
        "ReplicaSet",
        "api-6e",
        Some(owner("Deployment", "api")),
        Some(1),
    ));
    state
        .pods
        .push(pod("api-6e-0", "api", Some(owner("ReplicaSet", "api-6e"))));
    state
        .workloads
        .push(workload("StatefulSet", "cache", None, Some(2)));
    for number in 0..2 {
        state.pods.push(pod(
            &format!("cache-{number}"),
            "api",
            Some(owner("StatefulSet", "cache")),
        ));
    }
    // Nobody's pod: healthy, and not expected.
    state.pods.push(pod("debug", "api", None));
    state.disruption_budgets.push(budget("api", "api", "1", ""));
    assert_eq!(reckon(&state).0, (5, 4, 7, 3));
    state.disruption_budgets[0] = budget("api", "api", "", "4");
    assert_eq!(reckon(&state).0, (7, 4, 7, 3));
}

/// A scale that was not read is the server's to tell.
#[test]
fn a_status_stands_in_for_scales_that_were_not_read() {
    let mut state = state();
    deployment(&mut state, "api", 3);
    state.workloads.clear();
    state.kinds.retain(|kind| kind != "ReplicaSet");
    state.disruption_budgets.push(DisruptionBudget {
        expected_pods: Some(4),
        desired_healthy: Some(2),
        current_healthy: Some(3),
        disruptions_allowed: Some(1),
        ..budget("api", "api", "50%", "")
    });
    let (found, basis) = reckon(&state);
    assert_eq!(found, (4, 2, 3, 1));
    assert_eq!(
        basis,
        Basis::Status {
            unread: "ReplicaSet".to_string()
        }
    );
    // A finished Job's pod makes the controller fail all the same.
    state
        .pods
        .push(pod("job-0", "api", Some(owner("Job", "job"))));
    assert_eq!(reckon(&state).0, (4, 2, 3, 0));
}

/// EV-3.
#[test]
fn selectors() {
    let invalid = Selector {
        match_expressions: vec![SelectorRequirement {
            key: "app".to_string(),
            operator: "Like".to_string(),
            values: vec!["a".to_string()],
        }],
        ..Selector::default()
    };
    let elsewhere = |selector| DisruptionBudget {
        namespace: "other".to_string(),
        selector,
        ..budget("b", "api", "1", "")
    };
    let here = |selector| DisruptionBudget {
        selector,
        ..budget("b", "api", "1", "")
    };
    let named = || Selector {
        match_labels: labels(&[("app", "api")]),
        ..Selector::default()
    };
    for (name, budget, matching, guards) in [
        ("named", here(Some(named())), 2, true),
        ("of another namespace", elsewhere(Some(named())), 0, false),
        ("empty", here(Some(Selector::default())), 3, true),
        ("none", here(None), 0, false),
        ("invalid", here(Some(invalid)), 0, false),
    ] {
        let mut state = state();
        deployment(&mut state, "api", 2);
        deployment(&mut state, "web", 1);
        state.disruption_budgets.push(budget);
        let cluster = cluster();
        let population = Population::of(&cluster, &state);
        let budgets = Budgets::of(&population);
        assert_eq!(budgets.facts(BudgetId(0)).matching, matching, "{name}");
        assert_eq!(!budgets.of_shape(ShapeId(0)).is_empty(), guards, "{name}");
    }
}

/// EV-6: entries of two minutes and no more.
#[test]
fn disrupted_pods_count_for_two_minutes() {
    let at = |word: &str| word.parse::<jiff::Timestamp>().expect("a time");
    for (now, departing, want) in [
        (None, false, 2),
        (Some("2026-11-01T10:00:00Z"), false, 2),
        (Some("2026-11-01T10:01:59Z"), false, 2),
        (Some("2026-11-01T10:02:00Z"), false, 3),
        (Some("2026-11-01T11:00:00Z"), false, 3),
        // Counted out once, not twice.
        (Some("2026-11-01T10:00:00Z"), true, 2),
    ] {
        let mut state = state();
        deployment(&mut state, "api", 3);
        state.disruption_budgets.push(DisruptionBudget {
            disrupted_pods: [
                ("api-5d-1".to_string(), at("2026-11-01T10:00:00Z")),
                ("gone".to_string(), at("2026-11-01T10:00:00Z")),
            ]
            .into(),
            ..budget("api", "api", "1", "")
        });
        if departing {
            state.pods[1].deleting_at = Some(at("2026-11-01T10:00:30Z"));
        }
        let cluster = cluster();
        let population = Population::of(&cluster, &state);
        let budgets = Budgets::at(&population, now.map(at));
        let ledger = Ledger::of(&population, &budgets);
        assert_eq!(ledger.healthy(BudgetId(0)), want, "{now:?} {departing}");
    }
}
