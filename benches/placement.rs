//! Placement on a generated cluster: what compiling costs, and what it costs to move one pod.
//!
//! `cargo bench --no-default-features --bench placement`; numbers after `--` are sizes in nodes instead of the usual four.

use aksplan::model::workload::{
    AttachLimit, CsiNode, KubernetesState, Labels, Node, Owner, PersistentVolume,
    PersistentVolumeClaim, Placement, Pod, PodAffinityTerm, Resources, Selector, Taint, Toleration,
    TopologySpread,
};
use aksplan::model::workload::{NodeSelectorRequirement, NodeSelectorTerm};
use aksplan::model::{Cluster, NodePool};
use aksplan::placement::{MoreNodes, Occupancy, Places};
use aksplan::population::{ControllerKind, NodeId, PoolId, Population};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const POOLS: usize = 20;
const ZONE: &str = "topology.kubernetes.io/zone";
const HOSTNAME: &str = "kubernetes.io/hostname";

fn main() {
    let mut sizes: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect();
    if sizes.is_empty() {
        sizes = vec![100, 500, 2_000, 5_000];
    }
    println!("30 pods a node, a third of them of daemon sets; every kind of constraint\n");
    for size in sizes {
        measure(size);
    }
}

fn measure(size: usize) {
    let state = state(size);
    let cluster = cluster();
    let milliseconds = |start: Instant| start.elapsed().as_secs_f64() * 1e3;
    let start = Instant::now();
    let population = Population::of(&cluster, &state);
    let population_ms = milliseconds(start);
    let more: Vec<MoreNodes> = (0..POOLS)
        .map(|pool| MoreNodes {
            pool: PoolId::new(pool),
            count: (size / 100).max(1) as u32,
        })
        .collect();
    let start = Instant::now();
    let places = Places::of(&population, &more);
    let places_ms = milliseconds(start);
    let start = Instant::now();
    let occupancy = Occupancy::of(&places, &population);
    let occupancy_ms = milliseconds(start);
    let mut fork = occupancy.clone();
    let start = Instant::now();
    for _ in 0..10 {
        fork.clone_from(black_box(&occupancy));
    }
    let fork_ms = milliseconds(start) / 10.0;
    println!(
        "{size} nodes, {} pods, {} shapes: population {population_ms:.1} ms, places {places_ms:.1} ms, occupancy {occupancy_ms:.1} ms, fork {fork_ms:.2} ms",
        population.pods.len(),
        population.shapes.len(),
    );
    for kind in KINDS {
        let pods: Vec<usize> = (0..population.pods.len())
            .filter(|pod| {
                population.pods[*pod].controller == ControllerKind::ReplicaSet
                    && population
                        .pod(aksplan::population::PodId::new(*pod))
                        .name
                        .starts_with(kind)
            })
            .collect();
        moves(kind, &population, &places, fork.clone(), &pods);
    }
    drain(&population, &places, fork);
}

/// Each pod once: off its node, to the one that placement names.
fn moves(
    kind: &str,
    population: &Population,
    places: &Places,
    mut occupancy: Occupancy,
    pods: &[usize],
) {
    let mut moved = 0_u32;
    let start = Instant::now();
    for pod in pods {
        let pod = &population.pods[*pod];
        let Some(node) = pod.node else { continue };
        occupancy.release(places, pod.shape, node);
        let to = occupancy.choose(places, pod.shape);
        moved += u32::from(to.is_some_and(|to| to != node));
        occupancy.bind(places, pod.shape, to.unwrap_or(node));
    }
    let nanoseconds = start.elapsed().as_nanos() as f64 / pods.len().max(1) as f64;
    println!(
        "  {kind:<10} {:>7} moves, {moved:>7} to another node: {nanoseconds:>7.0} ns each",
        pods.len()
    );
}

/// Node after node is cordoned and emptied, then comes back.
fn drain(population: &Population, places: &Places, mut occupancy: Occupancy) {
    let mut on_node: Vec<Vec<usize>> = vec![Vec::new(); population.nodes.len()];
    for (pod, facts) in population.pods.iter().enumerate() {
        if let Some(node) = facts.node
            && facts.controller == ControllerKind::ReplicaSet
        {
            on_node[node.at()].push(pod);
        }
    }
    let mut now: Vec<Option<NodeId>> = population.pods.iter().map(|pod| pod.node).collect();
    let (mut moves, mut stuck) = (0_u32, 0_u32);
    let start = Instant::now();
    for node in population.node_ids() {
        occupancy.shut(places, node);
        for pod in &on_node[node.at()] {
            let Some(from) = now[*pod] else { continue };
            let shape = population.pods[*pod].shape;
            occupancy.release(places, shape, from);
            now[*pod] = occupancy.choose(places, shape);
            moves += 1;
            match now[*pod] {
                Some(to) => occupancy.bind(places, shape, to),
                None => stuck += 1,
            }
        }
        occupancy.open(places, node);
    }
    let elapsed = start.elapsed();
    println!(
        "  every node drained: {moves} moves, {stuck} without a node, {:.1} ms, {:.0} ns each\n",
        elapsed.as_secs_f64() * 1e3,
        elapsed.as_nanos() as f64 / f64::from(moves.max(1)),
    );
}

/// What a deployment asks for beyond resources.
const KINDS: [&str; 8] = [
    "plain", "selected", "tolerant", "zonal", "spread", "apart", "together", "volume",
];

fn cluster() -> Cluster {
    let mut cluster: Cluster =
        serde_json::from_str(r#"{"name": "bench"}"#).expect("the rest has defaults");
    cluster.pools = (0..POOLS)
        .map(|pool| NodePool::new(format!("pool{pool}"), 0, 110))
        .collect();
    cluster
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let owned = |(key, value): &(&str, &str)| (key.to_string(), value.to_string());
    pairs.iter().map(owned).collect()
}

fn state(size: usize) -> KubernetesState {
    let mut state = KubernetesState {
        nodes: (0..size).map(node).collect(),
        csi_nodes: (0..size)
            .map(|node| CsiNode {
                name: format!("node-{node}"),
                drivers: vec![AttachLimit {
                    driver: "disk.csi.azure.com".to_string(),
                    most: Some(32),
                }],
            })
            .collect(),
        ..KubernetesState::default()
    };
    for daemon in 0..10 {
        for node in 0..size {
            state.pods.push(daemon_pod(daemon, node));
        }
    }
    // 20 a node, of deployments of 2 to 64.
    let mut left = size * 20;
    let mut deployment = 0;
    while left > 0 {
        let replicas = (2 << (deployment % 6)).min(left);
        let template = template(deployment);
        for replica in 0..replicas {
            let mut pod = template.clone();
            pod.name = format!("{}-{replica}", template.name);
            pod.node_name = Some(format!(
                "node-{}",
                (deployment * 7919 + replica * 4793) % size
            ));
            if pod.name.starts_with("volume") {
                claim(&mut state, &mut pod, replica);
            }
            state.pods.push(pod);
        }
        left -= replicas;
        deployment += 1;
    }
    state
}

fn node(number: usize) -> Node {
    let pool = number % POOLS;
    let zone = format!("westeurope-{}", number / POOLS % 3 + 1);
    Node {
        name: format!("node-{number}"),
        labels: labels(&[
            (HOSTNAME, &format!("node-{number}")),
            ("agentpool", &format!("pool{pool}")),
            (ZONE, &zone),
            ("topology.disk.csi.azure.com/zone", &zone),
            ("team", ["red", "blue"][pool % 2]),
        ]),
        ready: true,
        taints: if pool == 0 {
            vec![Taint {
                key: "dedicated".to_string(),
                value: Some("batch".to_string()),
                effect: "NoSchedule".to_string(),
            }]
        } else {
            Vec::new()
        },
        allocatable: Resources {
            cpu_millis: 15_740,
            memory: 60 << 30,
            other: BTreeMap::from([
                ("pods".to_string(), 110),
                ("ephemeral-storage".to_string(), 110 << 30),
            ]),
        },
        ..Node::default()
    }
}

fn owner(kind: &str, name: &str) -> Option<Arc<Owner>> {
    Some(Arc::new(Owner {
        kind: kind.to_string(),
        name: name.to_string(),
        uid: None,
    }))
}

fn daemon_pod(daemon: usize, node: usize) -> Pod {
    let term = NodeSelectorTerm {
        match_fields: vec![NodeSelectorRequirement {
            key: "metadata.name".to_string(),
            operator: "In".to_string(),
            values: vec![format!("node-{node}")],
        }],
        ..NodeSelectorTerm::default()
    };
    Pod {
        namespace: "kube-system".to_string(),
        name: format!("daemon{daemon}-{node}"),
        labels: Arc::new(labels(&[("app", &format!("daemon{daemon}"))])),
        owner: owner("DaemonSet", &format!("daemon{daemon}")),
        node_name: Some(format!("node-{node}")),
        phase: Some("Running".to_string()),
        requests: Resources {
            cpu_millis: 20,
            memory: 64 << 20,
            other: BTreeMap::new(),
        },
        placement: Some(Arc::new(Placement {
            node_affinity: vec![term],
            tolerations: vec![Toleration {
                operator: Some("Exists".to_string()),
                ..Toleration::default()
            }],
            ..Placement::default()
        })),
        ..Pod::default()
    }
}

fn template(deployment: usize) -> Pod {
    let kind = KINDS[deployment % KINDS.len()];
    let name = format!("{kind}{deployment}");
    let own = Some(Selector {
        match_labels: labels(&[("app", &name)]),
        match_expressions: Vec::new(),
    });
    let term = |key: &str| PodAffinityTerm {
        topology_key: key.to_string(),
        selector: own.clone(),
        ..PodAffinityTerm::default()
    };
    let even = |key: &str| TopologySpread {
        max_skew: 1,
        topology_key: key.to_string(),
        selector: own.clone(),
        ..TopologySpread::default()
    };
    let mut placement = Placement::default();
    match kind {
        "selected" => placement.node_selector = labels(&[("team", "red")]),
        "tolerant" => placement.tolerations.push(Toleration {
            key: Some("dedicated".to_string()),
            operator: Some("Exists".to_string()),
            ..Toleration::default()
        }),
        "zonal" => placement.node_selector = labels(&[(ZONE, "westeurope-1")]),
        "spread" => placement.topology_spread = vec![even(ZONE), even(HOSTNAME)],
        "apart" => placement.pod_anti_affinity = vec![term(HOSTNAME)],
        "together" => placement.pod_affinity = vec![term(ZONE)],
        _ => {}
    }
    Pod {
        namespace: format!("team-{}", deployment % 200),
        labels: Arc::new(labels(&[("app", &name), ("pod-template-hash", "6d5f")])),
        owner: owner("ReplicaSet", &name),
        phase: Some("Running".to_string()),
        requests: Resources {
            cpu_millis: 100 + (deployment as u64 % 10) * 50,
            memory: (256 + (deployment as u64 % 7) * 128) << 20,
            other: BTreeMap::new(),
        },
        placement: (placement != Placement::default()).then(|| Arc::new(placement)),
        name,
        ..Pod::default()
    }
}

fn claim(state: &mut KubernetesState, pod: &mut Pod, replica: usize) {
    let name = format!("data-{}", pod.name);
    let node: usize = pod
        .node_name
        .as_deref()
        .and_then(|node| node["node-".len()..].parse().ok())
        .unwrap_or(replica);
    let zone = format!("westeurope-{}", node / POOLS % 3 + 1);
    state.persistent_volumes.push(PersistentVolume {
        name: format!("pv-{name}"),
        driver: Some("disk.csi.azure.com".to_string()),
        node_affinity: vec![NodeSelectorTerm {
            match_expressions: vec![NodeSelectorRequirement {
                key: "topology.disk.csi.azure.com/zone".to_string(),
                operator: "In".to_string(),
                values: vec![zone],
            }],
            ..NodeSelectorTerm::default()
        }],
        ..PersistentVolume::default()
    });
    state.persistent_volume_claims.push(PersistentVolumeClaim {
        namespace: pod.namespace.clone(),
        name: name.clone(),
        volume: Some(format!("pv-{name}")),
        ..PersistentVolumeClaim::default()
    });
    pod.claims.push(name);
}
