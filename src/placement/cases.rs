//! Placement by hand: what new nodes are like, what is told of it, and what happens where little was read.

use super::{MoreNodes, Occupancy, Places, Refusal};
use crate::model::workload::{Node, Owner, Placement, Pod, Resources, Toleration};
use crate::model::{Cluster, KubernetesState, NodePool};
use crate::population::{NodeId, PodId, PoolId, Population, ShapeId};
use std::sync::Arc;

fn cluster(pools: &[&str]) -> Cluster {
    let mut cluster: Cluster =
        serde_json::from_str(r#"{"name": "c"}"#).expect("everything else has a default");
    cluster.pools = pools
        .iter()
        .map(|name| NodePool::new(*name, 1, 2))
        .collect();
    cluster
}

fn node(name: &str, pool: &str, zone: &str) -> Node {
    Node {
        name: name.to_string(),
        labels: [
            ("agentpool", pool),
            ("topology.kubernetes.io/zone", zone),
            ("kubernetes.io/hostname", name),
        ]
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .into(),
        ready: true,
        allocatable: Resources {
            cpu_millis: 1_000,
            memory: 1_000,
            other: [("pods".to_string(), 3)].into(),
        },
        ..Node::default()
    }
}

fn pod(name: &str, cpu_millis: u64) -> Pod {
    Pod {
        namespace: "n".to_string(),
        name: name.to_string(),
        phase: Some("Running".to_string()),
        requests: Resources {
            cpu_millis,
            ..Resources::default()
        },
        ..Pod::default()
    }
}

fn shape(population: &Population, pod: usize) -> ShapeId {
    population.pods[PodId::new(pod).at()].shape
}

fn words(refusals: &[(Refusal, u32)]) -> Vec<String> {
    let word = |(refusal, nodes): &(Refusal, u32)| format!("{nodes} {refusal}");
    refusals.iter().map(word).collect()
}

#[test]
fn fills_the_emptiest_node_first_and_says_why_none_is_left() {
    let cluster = cluster(&["p"]);
    let state = KubernetesState {
        nodes: vec![node("a", "p", "1"), node("b", "p", "1")],
        pods: vec![pod("small", 400), pod("large", 700)],
        ..KubernetesState::default()
    };
    let population = Population::of(&cluster, &state);
    let places = Places::of(&population, &[]);
    let mut occupancy = Occupancy::of(&places, &population);
    let (small, large) = (shape(&population, 0), shape(&population, 1));
    let mut went = Vec::new();
    while let Some(node) = occupancy.choose(&places, small) {
        occupancy.bind(&places, small, node);
        went.push(node.0);
    }
    assert_eq!(went, [0, 1, 0, 1]);
    assert_eq!(
        words(&occupancy.refusals(&places, small)),
        ["2 Insufficient cpu"]
    );
    occupancy.release(&places, small, NodeId(0));
    assert_eq!(occupancy.choose(&places, small), Some(NodeId(0)));
    assert_eq!(occupancy.choose(&places, large), None);
    occupancy.shut(&places, NodeId(0));
    occupancy.remove(&places, NodeId(1));
    assert_eq!(
        words(&occupancy.refusals(&places, small)),
        ["1 node(s) were unschedulable"]
    );
    occupancy.open(&places, NodeId(0));
    assert_eq!(occupancy.choose(&places, small), Some(NodeId(0)));
}

#[test]
fn a_cordon_holds_for_those_that_do_not_tolerate_it() {
    let cluster = cluster(&["p"]);
    let mut tolerant = pod("tolerant", 100);
    tolerant.placement = Some(Arc::new(Placement {
        tolerations: vec![Toleration {
            operator: Some("Exists".to_string()),
            ..Toleration::default()
        }],
        ..Placement::default()
    }));
    let state = KubernetesState {
        nodes: vec![Node {
            unschedulable: true,
            ..node("a", "p", "1")
        }],
        pods: vec![pod("other", 100), tolerant],
        ..KubernetesState::default()
    };
    let population = Population::of(&cluster, &state);
    let places = Places::of(&population, &[]);
    let occupancy = Occupancy::of(&places, &population);
    assert_eq!(occupancy.choose(&places, shape(&population, 0)), None);
    assert_eq!(
        occupancy.choose(&places, shape(&population, 1)),
        Some(NodeId(0))
    );
}

#[test]
fn new_nodes_are_like_the_pattern_and_come_with_its_daemon_pods() {
    let cluster = cluster(&["p", "empty"]);
    let mut daemon = pod("daemon", 300);
    daemon.node_name = Some("b".to_string());
    daemon.owner = Some(Arc::new(Owner {
        kind: "DaemonSet".to_string(),
        name: "daemon".to_string(),
        uid: None,
    }));
    let state = KubernetesState {
        nodes: vec![
            Node {
                ready: false,
                ..node("a", "p", "2")
            },
            node("b", "p", "1"),
        ],
        pods: vec![daemon, pod("fits", 700), pod("does not", 701)],
        ..KubernetesState::default()
    };
    let population = Population::of(&cluster, &state);
    let more = [
        MoreNodes {
            pool: PoolId(1),
            count: 1,
        },
        MoreNodes {
            pool: PoolId(0),
            count: 2,
        },
    ];
    let places = Places::of(&population, &more);
    assert_eq!(places.node_count(), 5);
    assert_eq!(
        (places.first_of(0), places.first_of(1)),
        (NodeId(2), NodeId(3))
    );
    assert_eq!(places.pool_of(NodeId(4)), Some(PoolId(0)));
    assert_eq!(places.comes_with(NodeId(3)), [shape(&population, 0)]);
    assert!(places.comes_with(NodeId(1)).is_empty());

    let mut occupancy = Occupancy::of(&places, &population);
    let (fits, not) = (shape(&population, 1), shape(&population, 2));
    assert!(occupancy.fits_alone(&places, fits, PoolId(0)));
    assert!(!occupancy.fits_alone(&places, not, PoolId(0)));
    assert!(!occupancy.fits_alone(&places, fits, PoolId(1)));
    occupancy.shut(&places, NodeId(1));
    assert_eq!(occupancy.choose(&places, fits), None);
    // Of a pool nothing is known of, a new node takes nothing.
    occupancy.open(&places, NodeId(2));
    assert_eq!(occupancy.choose(&places, fits), None);
    occupancy.open(&places, NodeId(3));
    assert_eq!(occupancy.choose(&places, fits), Some(NodeId(3)));
    assert_eq!(occupancy.choose(&places, not), None);
    let said = places.left_out();
    assert!(
        said.iter()
            .any(|said| said.starts_with("Pool empty has no node"))
    );
}

#[test]
fn a_node_that_tells_nothing_is_limited_by_its_pool() {
    let cluster = cluster(&["p"]);
    let state = KubernetesState {
        nodes: vec![Node {
            allocatable: Resources::default(),
            ..node("a", "p", "1")
        }],
        pods: vec![pod("huge", 1_000_000)],
        ..KubernetesState::default()
    };
    let population = Population::of(&cluster, &state);
    let places = Places::of(&population, &[]);
    let mut occupancy = Occupancy::of(&places, &population);
    let huge = shape(&population, 0);
    for _ in 0..2 {
        let node = occupancy.choose(&places, huge).expect("max_pods is 2");
        occupancy.bind(&places, huge, node);
    }
    assert_eq!(
        words(&occupancy.refusals(&places, huge)),
        ["1 Too many pods"]
    );
    let said = places.left_out();
    assert!(
        said.iter()
            .any(|said| said.starts_with("1 node(s) tell nothing"))
    );
}

#[test]
fn every_sentence_on_what_is_left_out_says_which_way_it_errs() {
    let cluster = cluster(&["p", "empty"]);
    let mut elsewhere = pod("elsewhere", 1);
    elsewhere.node_name = Some("unread".to_string());
    elsewhere.claims = vec!["data".to_string()];
    elsewhere.placement = Some(Arc::new(Placement {
        scheduler: Some("volcano".to_string()),
        ..Placement::default()
    }));
    let state = KubernetesState {
        nodes: vec![node("a", "p", "1")],
        pods: vec![elsewhere],
        ..KubernetesState::default()
    };
    let population = Population::of(&cluster, &state);
    let said = Places::of(&population, &[]).left_out();
    assert_eq!(said.len(), 9 + 3 + 2, "{said:#?}");
    for sentence in said {
        let tells = [
            "errs towards",
            "may err either way",
            "may go either way",
            "may differ",
            "one possibility",
        ];
        assert!(
            tells.iter().any(|tells| sentence.contains(tells)),
            "{sentence}"
        );
    }
}
