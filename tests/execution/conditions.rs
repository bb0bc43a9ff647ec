//! Each condition: where it holds, where it fails, and where nobody knows, which is never the same as holding.

use crate::aks::{Aks, POD_CIDR, range};
use crate::hands::{Ills, Stage};
use aksplan::migrate::Sight;
use aksplan::migrate::condition::{Baseline, Condition, Holding};
use aksplan::model::{IntOrPercent, NetworkMode, UpgradeSettings};
use std::collections::BTreeMap;
use std::sync::Arc;

fn judge(condition: &Condition, aks: &Aks, baseline: Option<&Baseline>) -> Holding {
    condition.judge(Sight {
        inventory: &aks.inventory,
        cluster: aks.cluster(),
        baseline,
    })
}

/// `holds`, `unknown`, or words of why it fails.
fn check(condition: &Condition, aks: &Aks, baseline: Option<&Baseline>, expected: &str) {
    let holding = judge(condition, aks, baseline);
    let is_right = match (&holding, expected) {
        (Holding::Holds, "holds") | (Holding::Unknown(_), "unknown") => true,
        (Holding::Fails(why), words) => why.contains(words),
        _ => false,
    };
    assert!(
        is_right,
        "{condition:?} should be: {expected}; is {holding:?}"
    );
}

fn moved() -> (Aks, Baseline) {
    let mut stage = Stage::short("moved");
    stage.run(Ills::default());
    let baseline = stage.status().baseline.expect("taken by the check");
    (stage.aks.clone(), baseline)
}

fn changed(aks: &Aks, change: impl Fn(&mut Aks)) -> Aks {
    let mut aks = aks.clone();
    change(&mut aks);
    aks
}

#[test]
fn of_the_resource() {
    let aks = Aks::new(Some("Calico"));
    for (state, succeeded, quiet) in [
        (Some("Succeeded"), "holds", "holds"),
        (Some("succeeded"), "holds", "holds"),
        (Some("Failed"), "Failed", "holds"),
        (Some("Canceled"), "Canceled", "holds"),
        (Some("Updating"), "Updating", "Updating"),
        (Some("Upgrading"), "Upgrading", "Upgrading"),
        (None, "unknown", "unknown"),
    ] {
        let of = changed(&aks, |aks| {
            aks.cluster_mut().provisioning_state = state.map(str::to_string)
        });
        check(&Condition::Succeeded, &of, None, succeeded);
        check(&Condition::NoOperationRuns, &of, None, quiet);
    }
    let stopped = changed(&aks, |aks| {
        aks.cluster_mut().power_state = Some("Stopped".to_string())
    });
    check(&Condition::NoOperationRuns, &stopped, None, "stopped");
    let pool = changed(&aks, |aks| {
        aks.cluster_mut().pools[1].provisioning_state = Some("Scaling".to_string())
    });
    check(
        &Condition::NoOperationRuns,
        &pool,
        None,
        "pool apps is Scaling",
    );

    let mode = |mode| Condition::ModeIs { mode };
    check(&mode(NetworkMode::NodeSubnet), &aks, None, "holds");
    check(&mode(NetworkMode::Overlay), &aks, None, "node subnet");
    check(
        &mode(NetworkMode::Overlay),
        &changed(&aks, |aks| aks.cluster_mut().network.plugin = None),
        None,
        "unknown",
    );
    let cidr = Condition::PodCidrIs {
        pod_cidr: range(POD_CIDR),
    };
    check(&cidr, &aks, None, "no pod CIDR");
    check(
        &cidr,
        &changed(&aks, |aks| {
            aks.cluster_mut().network.pod_cidrs = vec![range("10.3.0.0/16")]
        }),
        None,
        "10.3.0.0/16",
    );
    let policy = |policy: Option<&str>| Condition::NetworkPolicyIs {
        policy: policy.map(str::to_string),
    };
    check(&policy(Some("calico")), &aks, None, "holds");
    check(&policy(None), &aks, None, "Calico");
    check(&policy(None), &Aks::new(None), None, "holds");
    for (now, expected) in [
        (None, "holds"),
        (Some("Cilium"), "holds"),
        (Some("azure"), "azure"),
    ] {
        check(
            &Condition::NetworkPolicyAllowsTheMove,
            &Aks::new(now),
            None,
            expected,
        );
    }
    let own = Condition::NoOtherOverlay {
        pod_cidr: range(POD_CIDR),
    };
    check(&own, &aks, None, "holds");
    let on = |ranges: &str| {
        changed(&aks, |aks| {
            aks.cluster_mut().network.overlay = true;
            aks.cluster_mut().network.pod_cidrs = vec![range(ranges)];
        })
    };
    check(&own, &on(POD_CIDR), None, "holds");
    check(&own, &on("10.99.0.0/16"), None, "10.99.0.0/16");
    let either = Condition::Either {
        one: vec![policy(Some("calico"))],
        other: vec![policy(None)],
    };
    for (now, expected) in [
        (Some("calico"), "holds"),
        (None, "holds"),
        (Some("cilium"), "network policy is cilium"),
    ] {
        check(&either, &Aks::new(now), None, expected);
    }
    let plane = Condition::DataplaneIs {
        dataplane: "cilium".to_string(),
    };
    check(&plane, &aks, None, "the data plane is azure");
    check(
        &plane,
        &changed(&aks, |aks| {
            aks.cluster_mut().network.dataplane = Some("Cilium".to_string())
        }),
        None,
        "holds",
    );
}

#[test]
fn of_settings_what_is_not_set_is_the_default() {
    let aks = Aks::new(None);
    let of = |max_surge, drain_timeout_minutes| Condition::UpgradeSettingsAre {
        pool: "APPS".to_string(),
        settings: UpgradeSettings {
            max_surge,
            drain_timeout_minutes,
            ..UpgradeSettings::default()
        },
    };
    check(&of(None, None), &aks, None, "holds");
    check(
        &of(Some(IntOrPercent::Percent(10)), Some(30)),
        &aks,
        None,
        "holds",
    );
    check(
        &of(Some(IntOrPercent::Int(1)), None),
        &aks,
        None,
        "max surge 10%",
    );
    check(&of(None, Some(31)), &aks, None, "has max surge 10%");
    let gone = Condition::UpgradeSettingsAre {
        pool: "gone".to_string(),
        settings: UpgradeSettings::default(),
    };
    check(&gone, &aks, None, "no pool gone");
}

fn virtual_node(aks: &mut Aks) {
    let state = aks.state_mut();
    let mut node = state.nodes[0].clone();
    node.name = "virtual-node-aci-linux".to_string();
    node.labels = BTreeMap::from([("type".to_string(), "virtual-kubelet".to_string())]);
    node.ready = false;
    state.nodes.push(node);
    let mut pod = state.pods[0].clone();
    pod.name = "burst".to_string();
    pod.node_name = Some("virtual-node-aci-linux".to_string());
    pod.pod_ips = vec!["10.0.3.4".parse().expect("an address")];
    state.pods.push(pod);
}

#[test]
fn of_nodes_and_pods() {
    let (aks, _) = moved();
    let nodes = Condition::NodesReady;
    let overlay = Condition::NodesOnOverlay {
        pod_cidr: range(POD_CIDR),
    };
    let pods = Condition::PodsOffTheSubnets {
        pod_cidr: range(POD_CIDR),
    };
    for condition in [&nodes, &overlay, &pods] {
        check(condition, &aks, None, "holds");
        check(condition, &changed(&aks, virtual_node), None, "holds");
        check(
            condition,
            &changed(&aks, |aks| aks.cluster_mut().kubernetes = None),
            None,
            "unknown",
        );
        let unread = changed(&aks, |aks| {
            aks.state_mut()
                .kinds
                .retain(|kind| kind != "Node" && kind != "Pod")
        });
        check(condition, &unread, None, "unknown");
    }
    check(
        &nodes,
        &changed(&aks, |aks| aks.state_mut().nodes[1].ready = false),
        None,
        "apps-0 is not Ready",
    );
    check(
        &nodes,
        &changed(&aks, |aks| aks.state_mut().nodes[1].unschedulable = true),
        None,
        "apps-0 is cordoned",
    );
    // What somebody cordoned before the first write is theirs; what AKS could not drain is named, and what to do with it.
    let cordoned = changed(&aks, |aks| aks.state_mut().nodes[1].unschedulable = true);
    let before = Baseline {
        cordoned: [
            aks.cluster().kubernetes.as_deref().expect("objects").nodes[1]
                .name
                .clone(),
        ]
        .into(),
        ..Baseline::default()
    };
    check(&nodes, &cordoned, Some(&before), "holds");
    check(&nodes, &cordoned, Some(&Baseline::default()), "cordoned");
    let quarantined = changed(&cordoned, |aks| {
        aks.state_mut().nodes[1].labels.insert(
            "kubernetes.azure.com/upgrade-status".to_string(),
            "Quarantined".to_string(),
        );
    });
    check(
        &nodes,
        &quarantined,
        Some(&before),
        "apps-0 is quarantined: AKS could not drain it",
    );
    // Azure takes Spot nodes away when it likes (UPG-12).
    let spot = changed(&aks, |aks| {
        aks.cluster_mut().pools[1].spot = true;
        aks.state_mut().nodes[1].ready = false;
        aks.state_mut().nodes.pop();
    });
    check(&nodes, &spot, None, "holds");
    check(
        &nodes,
        &changed(&aks, |aks| drop(aks.state_mut().nodes.pop())),
        None,
        "pool apps has 1 of 2 nodes",
    );
    let floor = |aks: &mut Aks| {
        aks.cluster_mut().pools[1].autoscaler = aksplan::model::Autoscaler::new(1, 4);
        aks.state_mut().nodes.pop();
    };
    check(&nodes, &changed(&aks, floor), None, "holds");

    check(
        &overlay,
        &changed(&aks, |aks| aks.state_mut().nodes[0].labels.clear()),
        None,
        "overlay label",
    );
    let other_range = Condition::NodesOnOverlay {
        pod_cidr: range("10.3.0.0/16"),
    };
    check(
        &other_range,
        &aks,
        None,
        "not of type overlay with 10.3.0.0/16",
    );
    check(
        &overlay,
        &changed(&aks, |aks| drop(aks.state_mut().node_network_configs.pop())),
        None,
        "has no NodeNetworkConfig",
    );
    let only_labels = changed(&aks, |aks| {
        aks.state_mut()
            .kinds
            .retain(|kind| kind != "NodeNetworkConfig")
    });
    check(&overlay, &only_labels, None, "unknown");

    let with = |address: &str, phase: &str, host_network: bool| {
        changed(&aks, |aks| {
            let state = aks.state_mut();
            let mut pod = state.pods[0].clone();
            pod.name = "new".to_string();
            pod.pod_ips = vec![address.parse().expect("an address")];
            pod.phase = Some(phase.to_string());
            pod.host_network = host_network;
            pod.labels = Arc::default();
            state.pods.push(pod);
        })
    };
    check(
        &pods,
        &with("10.0.0.9", "Running", false),
        None,
        "shop/new has 10.0.0.9 of a node subnet",
    );
    check(
        &pods,
        &with("10.9.0.9", "Running", false),
        None,
        "which is not in 10.244.0.0/16",
    );
    check(&pods, &with("fd00::9", "Running", false), None, "holds");
    check(&pods, &with("10.0.0.9", "Running", true), None, "holds");
    check(&pods, &with("10.0.0.9", "Succeeded", false), None, "holds");
    check(&pods, &with("10.0.0.9", "Failed", false), None, "holds");
}

#[test]
fn of_what_was_before() {
    let (aks, baseline) = moved();
    let (workloads, endpoints, addresses) = (
        Condition::WorkloadsAsBefore,
        Condition::EndpointsAsBefore,
        Condition::AddressesReturned,
    );
    for condition in [&workloads, &endpoints, &addresses] {
        check(condition, &aks, Some(&baseline), "holds");
        check(condition, &aks, None, "unknown");
    }
    let ready = |desired: Option<u64>, ready: u64| {
        changed(&aks, |aks| {
            let workload = &mut aks.state_mut().workloads[0];
            workload.desired = desired;
            workload.ready_replicas = Some(ready);
        })
    };
    check(
        &workloads,
        &ready(Some(3), 2),
        Some(&baseline),
        "Deployment shop/web: 2 of 3",
    );
    // Scaled down by an autoscaler: what is not wanted is not missing; what is wanted is.
    check(&workloads, &ready(Some(2), 2), Some(&baseline), "holds");
    check(&workloads, &ready(Some(2), 1), Some(&baseline), "1 of 3");
    // Gone altogether: somebody deleted it, which no reimage does.
    check(
        &workloads,
        &changed(&aks, |aks| aks.state_mut().workloads.clear()),
        Some(&baseline),
        "holds",
    );
    let unread = |kind: &'static str| {
        changed(&aks, move |aks| {
            aks.state_mut().kinds.retain(|known| known != kind)
        })
    };
    check(
        &workloads,
        &unread("Deployment"),
        Some(&baseline),
        "unknown",
    );
    check(
        &endpoints,
        &unread("EndpointSlice"),
        Some(&baseline),
        "unknown",
    );
    check(
        &endpoints,
        &changed(&aks, |aks| {
            aks.state_mut().endpoint_slices[0].ready_endpoints = 2
        }),
        Some(&baseline),
        "shop/web: 2 of 3",
    );
    // The engine that was turned off took its own along; what is still there must be as ready as before.
    let mut with_engine = baseline.clone();
    with_engine
        .workloads
        .insert("DaemonSet kube-system/azure-npm".to_string(), 3);
    with_engine
        .endpoints
        .insert("calico-system/calico-typha".to_string(), 2);
    check(&workloads, &aks, Some(&with_engine), "holds");
    check(&endpoints, &aks, Some(&with_engine), "holds");
    let half = changed(&aks, |aks| {
        let mut engine = aks.state_mut().workloads[0].clone();
        engine.kind = "DaemonSet".to_string();
        engine.namespace = "kube-system".to_string();
        engine.name = "azure-npm".to_string();
        engine.ready_replicas = Some(1);
        aks.state_mut().workloads.push(engine);
    });
    check(
        &workloads,
        &half,
        Some(&with_engine),
        "DaemonSet kube-system/azure-npm: 1 of 3",
    );
    // A kind that had something and is not read now.
    let mut with_set = baseline.clone();
    with_set
        .workloads
        .insert("StatefulSet shop/db".to_string(), 3);
    check(
        &workloads,
        &unread("StatefulSet"),
        Some(&with_set),
        "unknown",
    );
    check(&workloads, &aks, Some(&with_set), "holds");

    // Three nodes hold 31 each here, 28 of them for pods at the least (Azure's texts differ); those of two nodes must come back.
    assert_eq!(baseline.subnets["spoke/nodes"], 93);
    assert_eq!(baseline.returns["spoke/nodes"], 56);
    for (used, expected) in [
        (Some(3), "holds"),
        (Some(37), "holds"),
        (Some(38), "holds 38 addresses, expected at most 37"),
        (None, "unknown"),
    ] {
        check(
            &addresses,
            &changed(&aks, |aks| aks.inventory.subnets[0].used = used),
            Some(&baseline),
            expected,
        );
    }
}
