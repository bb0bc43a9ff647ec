//! The room against servers written out naively: pods × budgets, one status after the other, as the Go sources have it.

use super::{budget, cluster, labels, owner, pod, state, workload};
use crate::disruption::{Asked, Basis, Budgets, Ledger, Refused, Verdict};
use crate::model::KubernetesState;
use crate::model::workload::{DisruptionBudget, Owner, Pod, Selector, SelectorRequirement};
use crate::population::selector;
use crate::population::{BudgetId, PodId, Population};
use jiff::Timestamp;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `status` of a budget.
#[derive(Debug, Clone, Default, PartialEq)]
struct Status {
    observed_generation: i64,
    disruptions_allowed: i64,
    current_healthy: i64,
    desired_healthy: i64,
    expected_pods: i64,
    disrupted_pods: BTreeMap<String, ()>,
}

/// An API server and its disruption controller, of one namespace or more; kept in whole objects.
struct Server {
    pods: Vec<Pod>,
    budgets: Vec<DisruptionBudget>,
    statuses: Vec<Status>,
    workloads: Vec<crate::model::workload::Workload>,
}

/// What the server answers: code, and the position of the budget that answers.
type Answer = (u16, Option<usize>);

impl Server {
    fn new(state: &KubernetesState) -> Self {
        let mut server = Server {
            pods: state.pods.clone(),
            budgets: state.disruption_budgets.clone(),
            statuses: vec![Status::default(); state.disruption_budgets.len()],
            workloads: state.workloads.clone(),
        };
        server.sync();
        // What was observed: the controller has counted, and of some budgets it has not seen the newest form.
        for (status, budget) in server.statuses.iter_mut().zip(&server.budgets) {
            status.observed_generation = budget.observed_generation.unwrap_or(0);
        }
        server
    }

    fn pods_of(&self, budget: &DisruptionBudget) -> Result<Vec<&Pod>, ()> {
        let Some(selector) = &budget.selector else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        if selector::judge(selector, &labels(&[])) == selector::Meaning::Invalid {
            return Err(());
        }
        for pod in &self.pods {
            if pod.namespace == budget.namespace && selector::matches(selector, &pod.labels) {
                found.push(pod);
            }
        }
        Ok(found)
    }

    fn object(&self, namespace: &str, owner: &Owner) -> Option<&crate::model::workload::Workload> {
        self.workloads.iter().find(|workload| {
            workload.namespace == namespace
                && workload.kind == owner.kind
                && workload.name == owner.name
                && workload.uid == owner.uid
        })
    }

    /// The finders, one after the other: identity of the controller, and its scale.
    fn controller_and_scale(
        &self,
        namespace: &str,
        owner: &Owner,
    ) -> Result<Option<(String, u64)>, ()> {
        let found = |workload: &crate::model::workload::Workload| {
            (
                workload.uid.clone().expect("every object has one"),
                workload.replicas.expect("these kinds have one"),
            )
        };
        // getPodReplicationController
        if owner.kind == "ReplicationController"
            && let Some(object) = self.object(namespace, owner)
        {
            return Ok(Some(found(object)));
        }
        // getPodDeployment
        if owner.kind == "ReplicaSet"
            && let Some(set) = self.object(namespace, owner)
            && let Some(above) = &set.owner
            && above.kind == "Deployment"
            && let Some(deployment) = self.object(namespace, above)
        {
            return Ok(Some(found(deployment)));
        }
        // getPodReplicaSet
        if owner.kind == "ReplicaSet"
            && let Some(set) = self.object(namespace, owner)
            && set
                .owner
                .as_ref()
                .is_none_or(|above| above.kind != "Deployment")
        {
            return Ok(Some(found(set)));
        }
        // getPodStatefulSet
        if owner.kind == "StatefulSet"
            && let Some(object) = self.object(namespace, owner)
        {
            return Ok(Some(found(object)));
        }
        // getScaleController
        if ["DaemonSet", "Job"].contains(&owner.kind.as_str()) {
            return Err(());
        }
        Ok(self.object(namespace, owner).map(found))
    }

    fn expected_scale(&self, pods: &[&Pod]) -> Result<i64, ()> {
        let mut scales: BTreeMap<String, u64> = BTreeMap::new();
        for pod in pods {
            let Some(owner) = &pod.owner else { continue };
            let (identity, scale) = self
                .controller_and_scale(&pod.namespace, owner)?
                .ok_or(())?;
            scales.insert(identity, scale);
        }
        Ok(scales.values().sum::<u64>() as i64)
    }

    fn try_sync(&self, budget: &DisruptionBudget, status: &Status) -> Result<Status, ()> {
        let pods = self.pods_of(budget)?;
        let ceil = |share: crate::model::IntOrPercent, total: i64| match share {
            crate::model::IntOrPercent::Int(count) => count as i64,
            crate::model::IntOrPercent::Percent(percent) => {
                (percent as f64 * total as f64 / 100.0).ceil() as i64
            }
        };
        let (mut expected, mut desired) = (0, 0);
        if let Some(most) = budget.max_unavailable {
            expected = self.expected_scale(&pods)?;
            desired = expected - ceil(most, expected);
            if desired < 0 {
                desired = 0;
            }
        } else if let Some(crate::model::IntOrPercent::Int(least)) = budget.min_available {
            desired = least as i64;
            expected = pods.len() as i64;
        } else if let Some(percent) = budget.min_available {
            expected = self.expected_scale(&pods)?;
            desired = ceil(percent, expected);
        }
        let mut disrupted_pods = BTreeMap::new();
        let mut healthy = 0;
        for pod in &pods {
            if pod.deleting_at.is_some() {
                continue;
            }
            if status.disrupted_pods.contains_key(&pod.name) {
                disrupted_pods.insert(pod.name.clone(), ());
                continue;
            }
            if pod.ready {
                healthy += 1;
            }
        }
        let mut allowed = healthy - desired;
        if expected <= 0 || allowed <= 0 {
            allowed = 0;
        }
        Ok(Status {
            observed_generation: budget.generation.unwrap_or(0),
            disruptions_allowed: allowed,
            current_healthy: healthy,
            desired_healthy: desired,
            expected_pods: expected,
            disrupted_pods,
        })
    }

    fn sync(&mut self) {
        for position in 0..self.budgets.len() {
            let status = &self.statuses[position];
            self.statuses[position] = match self.try_sync(&self.budgets[position], status) {
                Ok(synced) => synced,
                Err(()) => Status {
                    disruptions_allowed: 0,
                    ..status.clone()
                },
            };
        }
    }

    fn evict(&mut self, position: usize) -> Answer {
        let pod = self.pods[position].clone();
        let phase = pod.phase.as_deref();
        if phase == Some("Succeeded")
            || phase == Some("Failed")
            || phase == Some("Pending")
            || pod.deleting_at.is_some()
        {
            self.delete(position);
            return (201, None);
        }
        let mut matching = Vec::new();
        for (number, budget) in self.budgets.iter().enumerate() {
            let Some(selector) = &budget.selector else {
                continue;
            };
            if budget.namespace == pod.namespace && selector::matches(selector, &pod.labels) {
                matching.push(number);
            }
        }
        if matching.len() > 1 {
            return (500, None);
        }
        let Some(&number) = matching.first() else {
            self.delete(position);
            return (201, None);
        };
        let budget = &self.budgets[number];
        let status = &mut self.statuses[number];
        if !pod.ready {
            let always = budget.unhealthy_pod_eviction_policy.as_deref() == Some("AlwaysAllow");
            if always
                || (status.current_healthy >= status.desired_healthy && status.desired_healthy > 0)
            {
                self.delete(position);
                return (201, None);
            }
        }
        if status.observed_generation < budget.generation.unwrap_or(0)
            || status.disruptions_allowed == 0
        {
            return (429, Some(number));
        }
        status.disruptions_allowed -= 1;
        status.disrupted_pods.insert(pod.name.clone(), ());
        self.delete(position);
        (201, Some(number))
    }

    fn delete(&mut self, position: usize) {
        let at = self.pods[position].deleting_at;
        self.pods[position].deleting_at = at.or(Some(Timestamp::UNIX_EPOCH));
    }
}

fn answer(verdict: Verdict) -> Answer {
    let budget = match verdict {
        Verdict::Granted(budget) | Verdict::Refused { budget, .. } => Some(budget.at()),
        _ => None,
    };
    (verdict.code(), budget)
}

fn any_share() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        3 => Just("0"),
        1 => Just("1"),
        1 => Just("2"),
        1 => Just("3"),
        1 => Just("0%"),
        1 => Just("1%"),
        1 => Just("34%"),
        1 => Just("50%"),
        1 => Just("100%")
    ]
}

fn any_selector() -> impl Strategy<Value = Option<Selector>> {
    let named = "[ab]".prop_map(|app| Selector {
        match_labels: labels(&[("app", &app)]),
        ..Selector::default()
    });
    let listed = (
        prop_oneof![Just("In"), Just("NotIn"), Just("Exists"), Just("Like")],
        proptest::collection::vec("[ab]", 0..2),
    )
        .prop_map(|(operator, values)| Selector {
            match_expressions: vec![SelectorRequirement {
                key: "app".to_string(),
                operator: operator.to_string(),
                values,
            }],
            ..Selector::default()
        });
    prop_oneof![
        8 => named.prop_map(Some),
        2 => listed.prop_map(Some),
        1 => Just(Some(Selector::default())),
        1 => Just(None),
    ]
}

fn any_budget() -> impl Strategy<Value = DisruptionBudget> {
    (
        any_selector(),
        any_share(),
        any::<u8>(),
        prop_oneof![
            Just(None),
            Just(Some("IfHealthyBudget")),
            Just(Some("AlwaysAllow"))
        ],
        0..4i64,
    )
        .prop_map(|(selector, share, which, policy, behind)| {
            let (max, min) = match which % 8 {
                0 => ("", ""),
                1..=4 => (share, ""),
                _ => ("", share),
            };
            DisruptionBudget {
                selector,
                unhealthy_pod_eviction_policy: policy.map(str::to_string),
                generation: Some(2),
                observed_generation: Some(if behind == 0 { 1 } else { 2 }),
                ..budget("b", "", max, min)
            }
        })
}

/// Pods of Deployments, StatefulSets and the like, healthy or not. Replicas and pods need not agree.
fn any_state() -> impl Strategy<Value = KubernetesState> {
    let kinds = prop_oneof![
        5 => Just("ReplicaSet"),
        2 => Just("StatefulSet"),
        1 => Just("ReplicationController"),
        1 => Just("Job"),
        2 => Just(""),
    ];
    let pod_of = (kinds, 0..2usize, "[abc]", 0..12u8);
    (
        proptest::collection::vec(pod_of, 0..9),
        proptest::collection::vec(any_budget(), 0..4),
        proptest::collection::vec(0..4u64, 8),
        any::<bool>(),
    )
        .prop_map(|(pods, budgets, scales, deployed)| {
            let mut state = state();
            state.disruption_budgets = budgets;
            for (number, (kind, which, app, health)) in pods.into_iter().enumerate() {
                let controller = (!kind.is_empty()).then(|| owner(kind, &format!("c{which}")));
                let mut one = pod(&format!("p{number}"), &app, controller);
                match health {
                    0..=2 => one.ready = false,
                    3 => one.deleting_at = Some(Timestamp::UNIX_EPOCH),
                    4 => {
                        one.phase = Some("Pending".to_string());
                        one.ready = false;
                    }
                    5 => {
                        one.phase = Some("Failed".to_string());
                        one.ready = false;
                    }
                    _ => {}
                }
                state.pods.push(one);
            }
            for which in 0..2 {
                let name = format!("c{which}");
                let above = deployed.then(|| owner("Deployment", "d"));
                state.workloads.extend([
                    workload("ReplicaSet", &name, above, Some(scales[which])),
                    workload("StatefulSet", &name, None, Some(scales[which + 2])),
                ]);
            }
            // Of ReplicationControllers only one of two exists; the Deployment of both ReplicaSets always does.
            state.workloads.extend([
                workload("ReplicationController", "c0", None, Some(scales[4])),
                workload("Deployment", "d", None, Some(scales[5])),
            ]);
            state
        })
}

fn asked(population: &Population, server: &Server, position: usize) -> Asked {
    let mut asked = Asked::from(population.pods[position]);
    asked.ready = server.pods[position].ready;
    asked.deleting = server.pods[position].deleting_at.is_some();
    asked
}

proptest! {
    // The same cases every time; others with another seed: what a law meets by chance is looked for on purpose.
    #![proptest_config(ProptestConfig { cases: 600, rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn matching_by_index_is_matching_by_trying_all(state in any_state()) {
        let cluster = cluster();
        let population = Population::of(&cluster, &state);
        let budgets = Budgets::of(&population);
        for (position, pod) in state.pods.iter().enumerate() {
            let tried: Vec<BudgetId> = state
                .disruption_budgets
                .iter()
                .enumerate()
                .filter(|(_, budget)| {
                    budget.namespace == pod.namespace
                        && budget.selector.as_ref().is_some_and(|it| selector::matches(it, &pod.labels))
                })
                .map(|(number, _)| BudgetId::new(number))
                .collect();
            prop_assert_eq!(budgets.of_shape(population.pods[position].shape), tried.as_slice());
        }
    }

    #[test]
    fn constants_are_the_controllers(state in any_state()) {
        let server = Server::new(&state);
        let cluster = cluster();
        let population = Population::of(&cluster, &state);
        let budgets = Budgets::of(&population);
        let mut ledger = Ledger::of(&population, &budgets);
        ledger.settle();
        for id in budgets.ids() {
            let facts = budgets.facts(id);
            let status = &server.statuses[id.at()];
            let fails = server.try_sync(&state.disruption_budgets[id.at()], &Status::default()).is_err();
            prop_assert_eq!(matches!(facts.basis, Basis::FailSafe(_)), fails);
            prop_assert_eq!(i64::from(ledger.allowed(&budgets, id)), status.disruptions_allowed);
            prop_assert_eq!(facts.expected_pods, status.expected_pods);
            prop_assert_eq!(facts.desired_healthy, status.desired_healthy);
            prop_assert_eq!(ledger.healthy(id), status.current_healthy);
        }
    }

    /// Any evictions in any order; replacements become ready and the controller looks whenever it likes.
    #[test]
    fn every_answer_is_the_servers(
        state in any_state(),
        moves in proptest::collection::vec((0..10usize, 0..6u8), 0..40),
    ) {
        let mut server = Server::new(&state);
        let cluster = cluster();
        let population = Population::of(&cluster, &state);
        let budgets = Budgets::of(&population);
        let mut ledger = Ledger::of(&population, &budgets);
        for (position, what) in moves {
            if state.pods.is_empty() {
                break;
            }
            let position = position % state.pods.len();
            let shape = population.pods[position].shape;
            let is_running = state.pods[position].phase.as_deref() == Some("Running");
            match what {
                0 => {
                    server.sync();
                    ledger.settle();
                }
                // A replacement takes the place of a pod that is gone, and is ready when the controller next looks.
                1 if server.pods[position].deleting_at.is_some() && is_running => {
                    server.pods[position].deleting_at = None;
                    server.pods[position].ready = true;
                    for status in &mut server.statuses {
                        status.disrupted_pods.remove(&state.pods[position].name);
                    }
                    server.sync();
                    ledger.settle();
                    ledger.ready(&budgets, shape);
                }
                // A container crashes.
                2 if server.pods[position].ready && server.pods[position].deleting_at.is_none() => {
                    server.pods[position].ready = false;
                    server.sync();
                    ledger.settle();
                    ledger.unready(&budgets, shape);
                }
                _ => {
                    let question = asked(&population, &server, position);
                    let verdict = ledger.evict(&budgets, question);
                    prop_assert_eq!(answer(verdict), server.evict(position), "{:?}", question);
                }
            }
        }
    }

    /// With one disruption more, the same ready pods asked in the same order: whoever was let go is let go.
    #[test]
    fn one_more_allowed_disruption_refuses_nobody(
        pods in proptest::collection::vec("[ab]", 1..10),
        shares in (0..4u64, 0..4u64),
        least in any::<bool>(),
        raised in 0..2usize,
        order in proptest::collection::vec(0..10usize, 1..20),
    ) {
        let evicted = |more: u64| -> Vec<bool> {
            let mut state = state();
            for (number, app) in pods.iter().enumerate() {
                state.pods.push(pod(&format!("p{number}"), app, Some(owner("StatefulSet", app))));
            }
            for (number, (app, share)) in [("a", shares.0), ("b", shares.1)].into_iter().enumerate() {
                let scale = pods.iter().filter(|of| *of == app).count() as u64;
                state.workloads.push(workload("StatefulSet", app, None, Some(scale)));
                let more = if number == raised { more } else { 0 };
                let (max, min) = if least {
                    (String::new(), (share + 1 - more).to_string())
                } else {
                    ((share + more).to_string(), String::new())
                };
                state.disruption_budgets.push(budget(app, app, &max, &min));
            }
            let cluster = cluster();
            let population = Population::of(&cluster, &state);
            let budgets = Budgets::of(&population);
            let mut ledger = Ledger::of(&population, &budgets);
            let mut gone = vec![false; pods.len()];
            for position in &order {
                let position = position % pods.len();
                let question = Asked { deleting: gone[position], ..population.pods[position].into() };
                gone[position] |= ledger.evict(&budgets, question).is_evicted();
            }
            gone
        };
        for (before, after) in evicted(0).into_iter().zip(evicted(1)) {
            prop_assert!(after || !before);
        }
    }
}

/// Where the law above ends, and the server is the one that is odd: a budget that wants one healthy pod lets go of pods that are not
/// ready as long as one is; a budget that wants none asks for a disruption for each (EV-4).
#[test]
fn wanting_none_can_be_stricter_than_wanting_one() {
    for (min, want) in [
        ("1", Verdict::Unguarded),
        (
            "0",
            Verdict::Refused {
                budget: BudgetId(0),
                why: Refused::NoneLeft,
            },
        ),
    ] {
        let mut state = state();
        state.pods.push(pod("p0", "a", None));
        state.pods.push(Pod {
            ready: false,
            ..pod("p1", "a", None)
        });
        state.pods[1].labels = Arc::clone(&state.pods[0].labels);
        state.disruption_budgets.push(budget("a", "a", "", min));
        let cluster = cluster();
        let population = Population::of(&cluster, &state);
        let budgets = Budgets::of(&population);
        let mut ledger = Ledger::of(&population, &budgets);
        let ask = |ledger: &mut Ledger, pod: PodId| {
            ledger.evict(&budgets, population.pods[pod.at()].into())
        };
        let _ = ask(&mut ledger, PodId(0));
        assert_eq!(ask(&mut ledger, PodId(1)), want, "minAvailable {min}");
    }
}
