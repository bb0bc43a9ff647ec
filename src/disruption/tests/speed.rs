//! How long the room takes on the largest cluster it is made for. Only run by hand, in release:
//! `cargo test --release --no-default-features --lib disruption::tests::speed -- --ignored --nocapture`.

use super::{budget, cluster, labels, owner, pod, state, workload};
use crate::disruption::{Asked, Budgets, Drain, DrainOptions, Ledger};
use crate::model::KubernetesState;
use crate::model::workload::{Node, Pod, Resources};
use crate::placement::{Occupancy, Places};
use crate::population::{NodeId, Population};
use std::sync::Arc;
use std::time::Instant;

const NODES: usize = 5_000;
const APPS: usize = 3_000;
const REPLICAS: usize = 50;

/// 5,000 nodes in 20 pools, 3,000 Deployments of 50 pods with a budget each; of one in ten some pods are not ready.
fn large() -> KubernetesState {
    let mut state = state();
    for number in 0..NODES {
        let name = format!("aks-pool{}-{number}", number % 20);
        state.nodes.push(Node {
            labels: labels(&[
                ("agentpool", &format!("pool{}", number % 20)),
                ("kubernetes.io/hostname", &name),
            ]),
            name,
            ready: true,
            allocatable: Resources {
                cpu_millis: 16_000,
                memory: 1 << 36,
                other: [("pods".to_string(), 40)].into(),
            },
            ..Node::default()
        });
    }
    for app in 0..APPS {
        let name = format!("app{app}");
        let set = format!("{name}-5d");
        let wanted = Some(REPLICAS as u64);
        state
            .workloads
            .push(workload("Deployment", &name, None, wanted));
        state.workloads.push(workload(
            "ReplicaSet",
            &set,
            Some(owner("Deployment", &name)),
            wanted,
        ));
        let share = ["1", "25%", "0", "50%"][app % 4];
        state
            .disruption_budgets
            .push(budget(&name, &name, share, ""));
        let controller = Arc::new(owner("ReplicaSet", &set));
        let labels = Arc::new(labels(&[("app", &name)]));
        for replica in 0..REPLICAS {
            let number = app * REPLICAS + replica;
            state.pods.push(Pod {
                labels: Arc::clone(&labels),
                owner: Some(Arc::clone(&controller)),
                node_name: Some(state.nodes[number * 7 % NODES].name.clone()),
                ready: !(app % 10 == 0 && replica < 3),
                local_storage: app % 3 == 0,
                requests: Resources {
                    cpu_millis: 300,
                    memory: 1 << 28,
                    ..Resources::default()
                },
                ..pod(&format!("{set}-{replica}"), "", None)
            });
        }
    }
    state
}

#[test]
#[ignore = "a measurement"]
fn on_150_000_pods() {
    let state = large();
    let cluster = cluster();
    let mut last = Instant::now();
    let mut lap = |what: &str| {
        let taken = last.elapsed();
        eprintln!("{what:<32} {:>9.1} ms", taken.as_secs_f64() * 1000.0);
        last = Instant::now();
        taken
    };
    let population = Population::of(&cluster, &state);
    lap("population");
    let budgets = Budgets::of(&population);
    lap("budgets");
    let ledger = Ledger::of(&population, &budgets);
    lap("ledger");
    let places = Places::of(&population, &[]);
    lap("places");
    let occupancy = Occupancy::of(&places, &population);
    lap("occupancy");
    let nodes: Vec<NodeId> = population.node_ids().collect();
    let drain = Drain {
        population: &population,
        budgets: &budgets,
        nodes: &nodes,
        options: &DrainOptions::aks(),
        now: None,
    };
    lap("");
    let verdicts = drain.verdicts(&places, &occupancy);
    let taken = lap("verdicts");
    eprintln!("{} verdicts", verdicts.len());
    assert!(taken.as_millis() < 1000, "{taken:?}");
    let mut fork = ledger.clone();
    let mut evicted = 0u64;
    lap("");
    for _ in 0..100 {
        fork.clone_from(&ledger);
        for pod in &population.pods {
            evicted += u64::from(fork.evict(&budgets, Asked::from(*pod)).is_evicted());
        }
    }
    let taken = lap("15,000,000 evictions");
    eprintln!(
        "{:.2} ns each, {evicted} granted",
        taken.as_nanos() as f64 / 15_000_000.0
    );
    assert!(evicted > 0);
}
