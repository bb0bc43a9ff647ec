//! One busy cluster of any size, the same every time: five pools, 30 pods a node, a budget for every 50 pods. Knows no file.

#![allow(
    clippy::field_reassign_with_default,
    reason = "what is not named is empty, whatever an object may have"
)]

use super::{instant, labels};
use aksplan::model::workload::{
    DisruptionBudget, Node, NodeSelectorRequirement, NodeSelectorTerm, Owner, Placement, Pod,
    PodAffinityTerm, Resources, Selector, Toleration, TopologySpread, Workload,
};
use aksplan::model::{
    Cluster, Identity, IntOrPercent, Inventory, KubernetesState, NetworkPlugin, NetworkProfile,
    NodePool, PoolMode, Subnet, SubnetIndex, VirtualNetwork, VnetIndex,
};
use std::sync::Arc;

const POOLS: usize = 5;
const PODS_A_NODE: usize = 27;
const DAEMONS: usize = 3;

/// An estate of that one cluster.
pub fn inventory(nodes: usize) -> Inventory {
    let mut inventory = Inventory::default();
    inventory.vnets.push(VirtualNetwork {
        told_apart: None,
        id: None,
        name: "spoke".to_string(),
        resource_group: Some("rg".to_string()),
        address_space: vec!["10.0.0.0/8".parse().expect("a prefix")],
        peerings: Vec::new(),
        provisioning_state: None,
    });
    inventory.subnets.push(Subnet {
        vnet: VnetIndex::new(0),
        id: None,
        name: "aks".to_string(),
        prefixes: vec!["10.0.0.0/12".parse().expect("a prefix")],
        delegations: Vec::new(),
        used: None,
        holders: None,
        private_endpoints: 0,
        foreign: Some(0),
        route_table: None,
        nat_gateway: None,
        security_group: None,
        addresses: Vec::new(),
        assumed: false,
    });
    let pools = (0..POOLS)
        .map(|number| {
            let mut pool = NodePool::new(pool_name(number), (nodes / POOLS) as u64, 60);
            if number == 0 {
                pool.mode = PoolMode::System;
            }
            pool.upgrade.max_surge = Some(IntOrPercent::Percent(10));
            pool.subnet = Some(SubnetIndex::new(0));
            pool
        })
        .collect();
    inventory.clusters.push(Cluster {
        told_apart: None,
        id: None,
        name: "prod".to_string(),
        resource_group: Some("rg".to_string()),
        node_resource_group: Some("MC_rg_prod_westeurope".to_string()),
        kubernetes_version: None,
        provisioning_state: None,
        power_state: None,
        auto_upgrade: aksplan::model::AutoUpgrade::default(),
        network: NetworkProfile {
            plugin: Some(NetworkPlugin::Azure),
            ..NetworkProfile::default()
        },
        pools,
        private_cluster: false,
        api_server_vnet_integration: false,
        node_auto_provisioning: false,
        identity: Identity::UserAssigned,
        tenant: None,
        node_disruption_policy: None,
        ingress_application_gateway: false,
        addons: aksplan::model::Addons::default(),
        profiles: aksplan::model::Profiles::default(),
        maintenance: None,
        kubernetes: Some(std::sync::Arc::new(kubernetes(nodes))),
    });
    inventory
}

fn pool_name(number: usize) -> String {
    if number == 0 {
        "system".to_string()
    } else {
        format!("apps{number}")
    }
}

fn kubernetes(nodes: usize) -> KubernetesState {
    let mut state = KubernetesState::default();
    let name_of = |number: usize| {
        format!(
            "aks-{}-{:08}-vmss{:06}",
            pool_name(number % POOLS),
            number % POOLS,
            number / POOLS
        )
    };
    for number in 0..nodes {
        let name = name_of(number);
        let pool = pool_name(number % POOLS);
        let zone = format!("westeurope-{}", (number / POOLS) % 3 + 1);
        let mut node = Node::default();
        node.labels = labels(&[
            ("agentpool", &pool),
            ("kubernetes.azure.com/agentpool", &pool),
            ("kubernetes.azure.com/cluster", "MC_rg_prod_westeurope"),
            ("kubernetes.io/hostname", &name),
            ("kubernetes.io/os", "linux"),
            ("node.kubernetes.io/instance-type", "Standard_D8ds_v5"),
            ("topology.kubernetes.io/zone", &zone),
        ]);
        node.ready = true;
        node.allocatable = Resources {
            cpu_millis: 7_820,
            memory: 28_373_052 << 10,
            other: [("pods", 60), ("ephemeral-storage", 119_703_055_367)]
                .map(|(name, amount)| (name.to_string(), amount))
                .into(),
        };
        node.created_at = Some(instant("2026-10-02T08:15:30Z"));
        node.ready_changed_at = Some(instant("2026-10-02T08:16:00Z"));
        node.name = name;
        state.nodes.push(node);
    }
    for daemon in 0..DAEMONS {
        daemon_set(&mut state, daemon, nodes, &name_of);
    }
    // A budget for every 50 pods of all.
    let deployments = nodes * (PODS_A_NODE + DAEMONS) / 50;
    let pods = nodes * PODS_A_NODE;
    for deployment in 0..deployments {
        let from = pods * deployment / deployments;
        let to = pods * (deployment + 1) / deployments;
        service(&mut state, deployment, from..to, nodes, &name_of);
    }
    state.kinds = [
        "Node",
        "Pod",
        "PodDisruptionBudget",
        "Deployment",
        "ReplicaSet",
        "DaemonSet",
    ]
    .map(str::to_string)
    .into();
    state
}

fn daemon_set(
    state: &mut KubernetesState,
    daemon: usize,
    nodes: usize,
    name_of: &dyn Fn(usize) -> String,
) {
    let name = format!("agent-{daemon}");
    state.workloads.push(Workload {
        kind: "DaemonSet".to_string(),
        namespace: "kube-system".to_string(),
        name: name.clone(),
        desired: Some(nodes as u64),
        ..Workload::default()
    });
    let pattern = pattern("kube-system", &name, "DaemonSet", &name, 100, None);
    for number in 0..nodes {
        let mut pod = pattern.clone();
        pod.name = format!("{name}-{number:05}");
        pod.node_name = Some(name_of(number));
        // As the DaemonSet controller writes it: every pod is bound to its node by an affinity of its own.
        pod.placement = Some(Arc::new(Placement {
            node_affinity: vec![NodeSelectorTerm {
                match_fields: vec![NodeSelectorRequirement {
                    key: "metadata.name".to_string(),
                    operator: "In".to_string(),
                    values: vec![name_of(number)],
                }],
                ..NodeSelectorTerm::default()
            }],
            ..Placement::default()
        }));
        state.pods.push(pod);
    }
}

fn service(
    state: &mut KubernetesState,
    number: usize,
    replicas: std::ops::Range<usize>,
    nodes: usize,
    name_of: &dyn Fn(usize) -> String,
) {
    let namespace = format!("team-{:02}", number % 40);
    let name = format!("service-{number:05}");
    let set = format!("{name}-6d4cf56db6");
    let count = replicas.len() as u64;
    for (kind, name, owner) in [
        ("Deployment", name.clone(), None),
        (
            "ReplicaSet",
            set.clone(),
            Some(("Deployment", name.clone())),
        ),
    ] {
        state.workloads.push(Workload {
            kind: kind.to_string(),
            namespace: namespace.clone(),
            name,
            owner: owner.map(|(kind, name)| Owner {
                kind: kind.to_string(),
                name,
                uid: None,
            }),
            replicas: Some(count),
            desired: Some(count),
            ..Workload::default()
        });
    }
    let selector = Selector {
        match_labels: labels(&[("app.kubernetes.io/name", &name)]),
        ..Selector::default()
    };
    // One in twenty spreads over zones, one in twenty keeps off its own kind's nodes.
    let mut placement = Placement {
        tolerations: vec![Toleration {
            key: Some("node.kubernetes.io/memory-pressure".to_string()),
            operator: Some("Exists".to_string()),
            effect: Some("NoSchedule".to_string()),
            ..Toleration::default()
        }],
        ..Placement::default()
    };
    if number % 20 == 1 {
        placement.topology_spread.push(TopologySpread {
            max_skew: 5,
            topology_key: "topology.kubernetes.io/zone".to_string(),
            selector: Some(selector.clone()),
            ..TopologySpread::default()
        });
    }
    if number % 20 == 2 && replicas.len() * 2 <= nodes {
        placement.pod_anti_affinity.push(PodAffinityTerm {
            topology_key: "kubernetes.io/hostname".to_string(),
            selector: Some(selector.clone()),
            ..PodAffinityTerm::default()
        });
    }
    state.disruption_budgets.push(DisruptionBudget {
        namespace: namespace.clone(),
        name: name.clone(),
        selector: Some(selector),
        max_unavailable: Some(IntOrPercent::Percent(10)),
        ..DisruptionBudget::default()
    });
    let pattern = pattern(&namespace, &name, "ReplicaSet", &set, 200, Some(placement));
    for (position, place) in replicas.enumerate() {
        let mut pod = pattern.clone();
        pod.name = format!("{set}-{position:05}");
        pod.node_name = Some(name_of(place % nodes));
        state.pods.push(pod);
    }
}

fn pattern(
    namespace: &str,
    app: &str,
    kind: &str,
    owner: &str,
    cpu_millis: u64,
    placement: Option<Placement>,
) -> Pod {
    let mut pod = Pod::default();
    pod.namespace = namespace.to_string();
    pod.labels = Arc::new(labels(&[
        ("app.kubernetes.io/name", app),
        ("pod-template-hash", "6d4cf56db6"),
    ]));
    pod.owner = Some(Arc::new(Owner {
        kind: kind.to_string(),
        name: owner.to_string(),
        uid: None,
    }));
    pod.phase = Some("Running".to_string());
    pod.ready = true;
    pod.requests = Resources {
        cpu_millis,
        memory: 256 << 20,
        ..Resources::default()
    };
    pod.placement = placement.map(Arc::new);
    pod.created_at = Some(instant("2026-11-20T12:00:00Z"));
    pod.scheduled_at = Some(instant("2026-11-20T12:00:01Z"));
    pod.ready_changed_at = Some(instant("2026-11-20T12:00:34Z"));
    pod.termination_grace_seconds = Some(30);
    pod
}
