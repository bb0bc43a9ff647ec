//! Static verdicts: one small cluster each, and what is said of it.

use super::{budget, cluster, deployment, owner, pod, state, workload};
use crate::disruption::drain::DrainTimeout;
use crate::disruption::{Budgets, Drain, DrainOptions, Ledger, StaticVerdict};
use crate::finding::Severity::{self, Blocker, Info, Warning};
use crate::model::workload::{
    DisruptionBudget, Node, NodeSelectorRequirement, NodeSelectorTerm, PersistentVolume,
    PersistentVolumeClaim, Placement, Pod, PodAffinityTerm, Resources, Selector, Taint, Toleration,
};
use crate::model::{Cluster, KubernetesState, NodePool};
use crate::placement::{Occupancy, Places};
use crate::population::{BudgetId, NodeId, PodId, Population};
use proptest::prelude::*;
use std::sync::Arc;

/// `aks-apps-0`, `aks-apps-1`, `aks-batch-2`, every kind read.
fn nodes(state: &mut KubernetesState) {
    for (number, pool) in ["apps", "apps", "batch"].into_iter().enumerate() {
        state.nodes.push(Node {
            name: format!("aks-{pool}-{number}"),
            labels: super::labels(&[
                ("agentpool", pool),
                ("kubernetes.io/hostname", &format!("aks-{pool}-{number}")),
                ("topology.disk.csi.azure.com/zone", "zone-1"),
            ]),
            ready: true,
            allocatable: cores(4),
            ..Node::default()
        });
    }
    for kind in ["PersistentVolume", "PersistentVolumeClaim"] {
        state.kinds.push(kind.to_string());
    }
}

/// And room for 30 pods.
fn cores(cores: u64) -> Resources {
    Resources {
        cpu_millis: cores * 1000,
        memory: 1 << 34,
        other: [("pods".to_string(), 30)].into(),
    }
}

/// Pods in turn on the nodes, unless they are somewhere.
fn spread(state: &mut KubernetesState, over: usize) {
    for (number, pod) in state.pods.iter_mut().enumerate() {
        pod.node_name
            .get_or_insert_with(|| state.nodes[number % over].name.clone());
    }
}

fn pools() -> Cluster {
    let mut cluster = cluster();
    let mut batch = NodePool::new("batch", 1, 30);
    batch.upgrade.drain_timeout_minutes = Some(5);
    cluster.pools = vec![NodePool::new("apps", 2, 30), batch];
    cluster
}

fn told(state: &KubernetesState, scope: &[u32], options: &DrainOptions) -> Vec<StaticVerdict> {
    let cluster = pools();
    let population = Population::of(&cluster, state);
    let budgets = Budgets::of(&population);
    let nodes: Vec<NodeId> = scope.iter().copied().map(NodeId).collect();
    let places = Places::of(&population, &[]);
    let occupancy = Occupancy::of(&places, &population);
    Drain {
        population: &population,
        budgets: &budgets,
        nodes: &nodes,
        options,
        now: Some("2026-11-01T10:00:00Z".parse().expect("a time")),
    }
    .verdicts(&places, &occupancy)
}

/// All nodes, by AKS.
fn by_aks(state: &KubernetesState) -> Vec<StaticVerdict> {
    told(state, &[0, 1, 2], &DrainOptions::aks())
}

type Short<'a> = (Severity, &'a str, &'a str);

#[track_caller]
fn check(verdicts: &[StaticVerdict], want: &[Short]) {
    let found: Vec<Short> = verdicts
        .iter()
        .map(|verdict| {
            let finding = &verdict.finding;
            (finding.severity, finding.code, finding.message.as_str())
        })
        .collect();
    assert_eq!(found, want);
    for verdict in verdicts {
        assert!(verdict.remedy.ends_with('.'), "{}", verdict.remedy);
        assert!(!verdict.finding.rules.is_empty());
        assert!(verdict.pods.is_sorted() && verdict.nodes.is_sorted());
    }
}

/// Replicas under one budget: what is said of it.
#[test]
fn budgets_that_refuse() {
    let late = "; AKS does not look for this beforehand: the drain fails at its timeout";
    let blocks = "it blocks 3 pods on 2 nodes of pool apps";
    for (replicas, max, min, want) in [
        (3, "1", "", vec![]),
        (
            3,
            "0",
            "",
            vec![
                (Blocker, "budget-never-allows", format!("budget shop/api never allows a disruption: maxUnavailable is 0; {blocks}")),
                (Blocker, "budget-refused-beforehand", "AKS refuses the operation before it starts (UnsatisfiablePDB): PDB shop/api has maxUnavailable 0".to_string()),
            ],
        ),
        (
            3,
            "",
            "3",
            vec![(Blocker, "budget-never-allows", format!("budget shop/api never allows a disruption: minAvailable is 3, and there are 3 replicas; {blocks}{late}"))],
        ),
        (
            3,
            "",
            "100%",
            vec![(Blocker, "budget-never-allows", format!("budget shop/api never allows a disruption: minAvailable is 100%, which is 3, and there are 3 replicas; {blocks}{late}"))],
        ),
        (
            3,
            "",
            "",
            vec![(Blocker, "budget-never-allows", format!("budget shop/api never allows a disruption: neither minAvailable nor maxUnavailable is set; {blocks}{late}"))],
        ),
        (
            1,
            "",
            "1",
            vec![(Blocker, "budget-never-allows", format!("budget shop/api never allows a disruption: minAvailable is 1, and there is 1 replica; it blocks 1 pod on node aks-apps-0{late}"))],
        ),
        // 1 % of 1 rounds up.
        (1, "1%", "", vec![]),
        // Half of 1 rounds up: none may go.
        (
            1,
            "",
            "50%",
            vec![(Blocker, "budget-never-allows", format!("budget shop/api never allows a disruption: minAvailable is 50%, which is 1, and there is 1 replica; it blocks 1 pod on node aks-apps-0{late}"))],
        ),
    ] {
        let mut state = state();
        nodes(&mut state);
        deployment(&mut state, "api", replicas);
        spread(&mut state, 2);
        state.disruption_budgets.push(budget("api", "api", max, min));
        let want: Vec<Short> = want
            .iter()
            .map(|(severity, code, message)| (*severity, *code, message.as_str()))
            .collect();
        check(&by_aks(&state), &want);
        // No budget is asked.
        let deletes = DrainOptions { disable_eviction: true, ..DrainOptions::aks() };
        check(&told(&state, &[0, 1, 2], &deletes), &[]);
        // None of its pods is there; AKS looks at it nevertheless.
        let elsewhere: Vec<Short> = want.iter().copied().filter(|(_, code, _)| *code == "budget-refused-beforehand").collect();
        check(&told(&state, &[2], &DrainOptions::aks()), &elsewhere);
    }
}

#[test]
fn what_a_verdict_is_about() {
    let mut state = state();
    nodes(&mut state);
    deployment(&mut state, "api", 3);
    spread(&mut state, 2);
    state.disruption_budgets.push(budget("api", "api", "", "3"));
    // A pod that runs no more is nobody's blocker.
    state.pods[0].deleting_at = Some("2026-11-01T09:59:00Z".parse().expect("a time"));
    let verdicts = told(&state, &[0], &DrainOptions::aks());
    assert_eq!(verdicts.len(), 1);
    assert_eq!(verdicts[0].pods, [PodId(2)]);
    assert_eq!(verdicts[0].nodes, [NodeId(0)]);
    assert_eq!(verdicts[0].budget.map(|budget| budget.0), Some(0));
}

#[test]
fn budgets_whose_controller_fails() {
    let mut state = state();
    nodes(&mut state);
    state
        .pods
        .push(pod("once-x", "once", Some(owner("Job", "once"))));
    state
        .pods
        .push(pod("web-0", "web", Some(owner("Rollout", "web"))));
    spread(&mut state, 2);
    state.disruption_budgets = vec![
        budget("once", "once", "1", ""),
        budget("web", "web", "50%", ""),
    ];
    let late = "AKS does not look for this beforehand: the drain fails at its timeout";
    check(
        &by_aks(&state),
        &[
            (
                Blocker,
                "budget-fails-safe",
                &format!(
                    "budget shop/once allows no disruption, for its controller cannot count: jobs.batch does not implement the scale subresource; it blocks 1 pod on node aks-apps-0; {late}"
                ),
            ),
            (
                Blocker,
                "budget-fails-safe",
                &format!(
                    "budget shop/web allows no disruption, for its controller cannot count: the scale of the pods' controller is not known: no Rollout was read; it blocks 1 pod on node aks-apps-1; {late}"
                ),
            ),
        ],
    );
}

#[test]
fn budgets_that_have_nothing_left_now() {
    let since = |word: &str| Some(word.parse().expect("a time"));
    for (changed, policy, severity, time, blocked) in [
        (
            "2026-11-01T09:59:00Z",
            None,
            Warning,
            "",
            "3 pods on 2 nodes of pool apps",
        ),
        (
            "2026-11-01T09:50:00Z",
            None,
            Blocker,
            ", each for 10 minutes or longer",
            "3 pods on 2 nodes of pool apps",
        ),
        // The one that is not ready goes.
        (
            "2026-11-01T09:50:00Z",
            Some("AlwaysAllow"),
            Blocker,
            ", each for 10 minutes or longer",
            "2 pods on node aks-apps-0",
        ),
    ] {
        let mut state = state();
        nodes(&mut state);
        deployment(&mut state, "api", 3);
        spread(&mut state, 2);
        state.pods[1].ready = false;
        state.pods[1].ready_changed_at = since(changed);
        // Of four wanted there are three, of which two are ready; three must be.
        state.workloads[0].replicas = Some(4);
        state.disruption_budgets.push(DisruptionBudget {
            unhealthy_pod_eviction_policy: policy.map(str::to_string),
            ..budget("api", "api", "1", "")
        });
        check(
            &by_aks(&state),
            &[(
                severity,
                "budget-below-desired",
                &format!(
                    "budget shop/api allows no disruption now: it needs 3 healthy pods and has 2 of 4; not ready: shop/api-5d-1{time}; it blocks {blocked}"
                ),
            )],
        );
    }
}

#[test]
fn two_budgets_none_and_another_opinion() {
    let mut state = state();
    nodes(&mut state);
    deployment(&mut state, "api", 3);
    spread(&mut state, 2);
    state.disruption_budgets = vec![
        budget("api", "api", "1", ""),
        DisruptionBudget {
            selector: Some(Default::default()),
            disruptions_allowed: Some(0),
            current_healthy: Some(3),
            desired_healthy: Some(3),
            ..budget("all", "", "1", "")
        },
        budget("old", "gone", "1", ""),
        DisruptionBudget {
            selector: None,
            ..budget("nil", "", "1", "")
        },
    ];
    check(
        &by_aks(&state),
        &[
            (
                Blocker,
                "pod-under-two-budgets",
                "3 pods on 2 nodes of pool apps under more than one budget (shop/api, shop/all): the eviction API answers 500, and a drain does not ask again",
            ),
            (
                Warning,
                "budget-status-differs",
                "budget shop/all: the server says 0 disruptions, 3 healthy of 3 wanted; by the objects that were read it is 1 disruption, 3 healthy of 2 wanted",
            ),
            (
                Info,
                "budget-matches-nothing",
                "budget shop/nil guards no pod: it has no selector",
            ),
            (
                Info,
                "budget-matches-nothing",
                "budget shop/old guards no pod: no pod of its namespace has its labels",
            ),
        ],
    );
}

#[test]
fn what_kubectl_stops_at_and_aks_loses() {
    let mut state = state();
    nodes(&mut state);
    state.pods = vec![
        pod("debug", "debug", None),
        Pod {
            local_storage: true,
            ..pod("cache-0", "cache", Some(owner("StatefulSet", "cache")))
        },
        pod("agent-x", "agent", Some(owner("DaemonSet", "agent"))),
        pod("orphan-x", "orphan", Some(owner("DaemonSet", "orphan"))),
    ];
    state.workloads = vec![
        workload("DaemonSet", "agent", None, None),
        workload("StatefulSet", "cache", None, Some(2)),
    ];
    for pod in &mut state.pods {
        pod.node_name = Some("aks-apps-0".to_string());
    }
    let stops = "the drain of node aks-apps-0 stops before it evicts anything: cannot delete";
    check(
        &told(&state, &[0], &DrainOptions::kubectl_default()),
        &[
            (
                Blocker,
                "daemon-set-pods",
                &format!(
                    "{stops} DaemonSet-managed Pods (use --ignore-daemonsets to ignore): shop/agent-x"
                ),
            ),
            (
                Blocker,
                "local-data",
                &format!(
                    "{stops} Pods with local storage (use --delete-emptydir-data to override): shop/cache-0"
                ),
            ),
            (
                Blocker,
                "orphan-of-daemon-set",
                &format!("{stops} daemonsets.apps \"orphan\" not found: shop/orphan-x"),
            ),
            (
                Blocker,
                "unmanaged-pod",
                &format!(
                    "{stops} Pods that declare no controller (use --force to override): shop/debug"
                ),
            ),
        ],
    );
    check(
        &told(&state, &[0], &DrainOptions::aks()),
        &[
            (
                Warning,
                "orphan-of-daemon-set",
                "1 pod of DaemonSet shop/orphan, which does not exist: evicted, it is lost for good",
            ),
            (
                Warning,
                "replicas-on-one-node",
                "shop/cache has its only pod on node aks-apps-0, and no budget: nothing blocks, but it is down meanwhile",
            ),
            (
                Warning,
                "unmanaged-pod",
                "1 pod on node aks-apps-0 without a controller: evicted, it is lost for good (shop/debug)",
            ),
            (
                Info,
                "local-data",
                "shop/cache: what the emptyDir volumes of 1 pod hold is lost",
            ),
        ],
    );
}

#[test]
fn downtime_without_a_budget() {
    for (replicas, over, scope, want) in [
        (
            1,
            2,
            &[0, 1][..],
            Some((
                Warning,
                "single-replica-without-budget",
                "shop/api has 1 replica, on node aks-apps-0, and no budget: nothing blocks, but it is down while it moves (its replacement needs its time to be ready)",
            )),
        ),
        (1, 2, &[1], None),
        (
            3,
            1,
            &[0],
            Some((
                Warning,
                "replicas-on-one-node",
                "shop/api has all its 3 pods on node aks-apps-0, and no budget: nothing blocks, but it is down meanwhile",
            )),
        ),
        (
            3,
            2,
            &[0, 1],
            Some((
                Info,
                "replicas-without-budget",
                "shop/api has all its 3 pods on 2 nodes of pool apps, and no budget: where these nodes are drained together, all may go at once",
            )),
        ),
        // Some stay.
        (3, 2, &[0], None),
    ] {
        let mut state = state();
        nodes(&mut state);
        deployment(&mut state, "api", replicas);
        spread(&mut state, over);
        check(&told(&state, scope, &DrainOptions::aks()), want.as_slice());
        state.disruption_budgets.push(budget("api", "api", "1", ""));
        check(&told(&state, scope, &DrainOptions::aks()), &[]);
    }
}

/// UPG-8: 30 minutes in pool apps, 5 in pool batch.
#[test]
fn grace_against_the_drain_timeout() {
    for (seconds, node, timeout, want) in [
        (899, 0, DrainTimeout::OfPool, None),
        (
            900,
            0,
            DrainTimeout::OfPool,
            Some((
                Info,
                "grace-long",
                "shop/api: 1 pod may take 15 min to end, more than half of the 30 min that a drain of node aks-apps-0 may last",
            )),
        ),
        (
            1800,
            0,
            DrainTimeout::OfPool,
            Some((
                Warning,
                "grace-exceeds-drain-timeout",
                "shop/api: 1 pod may take 30 min to end, and a drain of node aks-apps-0 ends after 30 min at the latest",
            )),
        ),
        (
            300,
            2,
            DrainTimeout::OfPool,
            Some((
                Warning,
                "grace-exceeds-drain-timeout",
                "shop/api: 1 pod may take 5 min to end, and a drain of node aks-batch-2 ends after 5 min at the latest",
            )),
        ),
        (300, 0, DrainTimeout::Endless, None),
        (
            100,
            0,
            DrainTimeout::Seconds(90),
            Some((
                Warning,
                "grace-exceeds-drain-timeout",
                "shop/api: 1 pod may take 100 s to end, and a drain of node aks-apps-0 ends after 90 s at the latest",
            )),
        ),
    ] {
        let mut state = state();
        nodes(&mut state);
        deployment(&mut state, "api", 1);
        state.pods[0].termination_grace_seconds = Some(seconds);
        state.pods[0].node_name = Some(state.nodes[node].name.clone());
        state.disruption_budgets.push(budget("api", "api", "1", ""));
        let options = DrainOptions {
            timeout,
            ..DrainOptions::aks()
        };
        check(&told(&state, &[0, 1, 2], &options), want.as_slice());
        let short = DrainOptions {
            grace_period_seconds: Some(10),
            ..options
        };
        check(&told(&state, &[0, 1, 2], &short), &[]);
    }
}

#[test]
fn volumes_of_one_node() {
    let affinity = |key: &str| {
        let value = match key {
            "kubernetes.io/hostname" => "aks-apps-0",
            _ => "zone-1",
        };
        vec![NodeSelectorTerm {
            match_expressions: vec![NodeSelectorRequirement {
                key: key.to_string(),
                operator: "In".to_string(),
                values: vec![value.to_string()],
            }],
            ..NodeSelectorTerm::default()
        }]
    };
    for (driver, key, is_local) in [
        ("local", "kubernetes.io/hostname", true),
        ("some.csi.driver", "kubernetes.io/hostname", true),
        (
            "disk.csi.azure.com",
            "topology.disk.csi.azure.com/zone",
            false,
        ),
        ("disk.csi.azure.com", "", false),
    ] {
        let mut state = state();
        nodes(&mut state);
        deployment(&mut state, "db", 1);
        spread(&mut state, 1);
        state.disruption_budgets.push(budget("db", "db", "1", ""));
        state.pods[0].claims = vec!["data".to_string()];
        state.persistent_volume_claims = vec![PersistentVolumeClaim {
            namespace: "shop".to_string(),
            name: "data".to_string(),
            volume: Some("pv-1".to_string()),
            ..PersistentVolumeClaim::default()
        }];
        state.persistent_volumes = vec![PersistentVolume {
            name: "pv-1".to_string(),
            driver: Some(driver.to_string()),
            node_affinity: if key.is_empty() {
                vec![]
            } else {
                affinity(key)
            },
            ..PersistentVolume::default()
        }];
        let want = (
            Warning,
            "local-volume",
            "shop/db: 1 pod with a volume on the node's own disk (shop/db-5d-0): it runs nowhere else, and what it holds is lost when the node is reimaged",
        );
        let found = by_aks(&state);
        if is_local {
            check(&found[..1], &[want]);
            // It can only wait for that node.
            assert_eq!(found[1].finding.code, "no-other-node", "{driver}");
        } else {
            check(&found, &[]);
        }
    }
}

#[test]
fn daemon_sets_and_taints() {
    let toleration = |key: Option<&str>, operator: &str, value: Option<&str>| Toleration {
        key: key.map(str::to_string),
        operator: Some(operator.to_string()),
        value: value.map(str::to_string),
        ..Toleration::default()
    };
    for (name, tolerations, keeps) in [
        ("none", vec![], true),
        ("everything", vec![toleration(None, "Exists", None)], false),
        (
            "the key",
            vec![toleration(Some("team"), "Exists", None)],
            false,
        ),
        (
            "the value",
            vec![toleration(Some("team"), "Equal", Some("a"))],
            false,
        ),
        (
            "another value",
            vec![toleration(Some("team"), "Equal", Some("b"))],
            true,
        ),
        (
            "another key",
            vec![toleration(Some("gpu"), "Exists", None)],
            true,
        ),
    ] {
        let mut state = state();
        nodes(&mut state);
        state.nodes[2].taints = vec![
            Taint {
                key: "team".to_string(),
                value: Some("a".to_string()),
                effect: "NoSchedule".to_string(),
            },
            // A bad moment, and a wish: neither keeps a DaemonSet off for good.
            Taint {
                key: "node.kubernetes.io/not-ready".to_string(),
                value: None,
                effect: "NoExecute".to_string(),
            },
            Taint {
                key: "soft".to_string(),
                value: None,
                effect: "PreferNoSchedule".to_string(),
            },
        ];
        state
            .workloads
            .push(workload("DaemonSet", "agent", None, None));
        state.pods.push(Pod {
            placement: Some(Arc::new(Placement {
                tolerations,
                ..Placement::default()
            })),
            ..pod("agent-x", "agent", Some(owner("DaemonSet", "agent")))
        });
        let want = (
            Info,
            "daemon-set-does-not-tolerate",
            "DaemonSet shop/agent does not tolerate the taints of 1 pool: batch (team=a:NoSchedule)",
        );
        let found = by_aks(&state);
        check(
            &found,
            if keeps {
                std::slice::from_ref(&want)
            } else {
                &[]
            },
        );
        assert_eq!(found.len(), usize::from(keeps), "{name}");
        // Only of pools that are drained.
        check(&told(&state, &[0, 1], &DrainOptions::aks()), &[]);
    }
}

/// One pod of a Deployment of three nodes with four cores each; a budget allows it to go.
#[test]
fn pods_that_no_other_node_takes() {
    let pinned = |host: &str| Placement {
        node_selector: super::labels(&[("kubernetes.io/hostname", host)]),
        ..Placement::default()
    };
    let apart = || Placement {
        pod_anti_affinity: vec![PodAffinityTerm {
            topology_key: "kubernetes.io/hostname".to_string(),
            selector: Some(Selector {
                match_labels: super::labels(&[("app", "api")]),
                ..Selector::default()
            }),
            ..PodAffinityTerm::default()
        }],
        ..Placement::default()
    };
    let in_pool = |pool: &str| Placement {
        node_selector: super::labels(&[("agentpool", pool)]),
        ..Placement::default()
    };
    for (name, replicas, cores, placement, want) in [
        ("small", 1, 1, Placement::default(), None),
        (
            "as large as a node, and others are empty",
            1,
            4,
            Placement::default(),
            None,
        ),
        (
            "as large as a node, and others are full",
            3,
            3,
            Placement::default(),
            Some((
                Warning,
                "no-other-node",
                "shop/api: 3 pods on 3 nodes of pools apps, batch (shop/api-5d-0, shop/api-5d-1, shop/api-5d-2): no other node has a place now; a new node of pools apps, batch would; 0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu",
            )),
        ),
        (
            "one on each node",
            3,
            1,
            apart(),
            Some((
                Warning,
                "no-other-node",
                "shop/api: 3 pods on 3 nodes of pools apps, batch (shop/api-5d-0, shop/api-5d-1, shop/api-5d-2): no other node has a place now; a new node of pools apps, batch would; 0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match pod anti-affinity rules",
            )),
        ),
        ("one on each node, and one is free", 2, 1, apart(), None),
        (
            "of one node",
            1,
            1,
            pinned("aks-apps-0"),
            Some((
                Warning,
                "no-other-node",
                "shop/api: 1 pod on node aks-apps-0 (shop/api-5d-0): no other node has a place, and no new one would: evicted, such a pod waits for its own node to be back; 0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector",
            )),
        ),
        (
            "of a node that is not there",
            1,
            1,
            pinned("gone"),
            Some((
                Blocker,
                "fits-nowhere",
                "shop/api: 1 pod on node aks-apps-0 (shop/api-5d-0): no node has a place for such a pod, its own and new ones included; 0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector",
            )),
        ),
        (
            "larger than any node",
            1,
            5,
            Placement::default(),
            Some((
                Blocker,
                "fits-nowhere",
                "shop/api: 1 pod on node aks-apps-0 (shop/api-5d-0): no node has a place for such a pod, its own and new ones included; 0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu",
            )),
        ),
        ("of a pool of two", 1, 1, in_pool("apps"), None),
    ] {
        let mut state = state();
        nodes(&mut state);
        deployment(&mut state, "api", replicas);
        spread(&mut state, 3);
        let placement = Arc::new(placement);
        for pod in &mut state.pods {
            pod.placement = Some(Arc::clone(&placement));
            pod.requests.cpu_millis = cores * 1000;
        }
        state.disruption_budgets.push(budget("api", "api", "1", ""));
        let found = by_aks(&state);
        let short: Vec<&str> = found.iter().map(|verdict| verdict.finding.code).collect();
        assert_eq!(
            short,
            want.iter().map(|want| want.1).collect::<Vec<_>>(),
            "{name}"
        );
        check(&found, want.as_slice());
    }
}

#[test]
fn pods_that_wait_for_a_node_in_vain() {
    for (cores, node_name, want) in [
        (4, None, &[][..]),
        (
            5,
            None,
            &[(
                Warning,
                "pending-fits-nowhere",
                "shop/api: 1 pod without a node (shop/api-5d-1), which no node takes, nor a new one of any pool; 0/3 nodes are available: 3 Insufficient cpu",
            )],
        ),
        (5, Some("unread"), &[]),
    ] {
        let mut state = state();
        nodes(&mut state);
        deployment(&mut state, "api", 2);
        state.pods[0].node_name = Some("aks-apps-0".to_string());
        state.pods[1].requests.cpu_millis = cores * 1000;
        state.pods[1].phase = Some("Pending".to_string());
        state.pods[1].ready = false;
        state.pods[1].node_name = node_name.map(str::to_string);
        state
            .disruption_budgets
            .push(budget("api", "api", "100%", ""));
        check(&by_aks(&state), want);
    }
}

/// A pod of a pool of one, and a cordoned node that would have a place.
#[test]
fn cordons_count() {
    for (cordoned, want) in [(false, &[][..]), (true, &["no-other-node"])] {
        let mut state = state();
        nodes(&mut state);
        deployment(&mut state, "api", 1);
        spread(&mut state, 1);
        state.pods[0].placement = Some(Arc::new(Placement {
            node_selector: super::labels(&[("agentpool", "apps")]),
            ..Placement::default()
        }));
        state.nodes[1].unschedulable = cordoned;
        state.disruption_budgets.push(budget("api", "api", "1", ""));
        let found = by_aks(&state);
        let codes: Vec<&str> = found.iter().map(|verdict| verdict.finding.code).collect();
        assert_eq!(codes, want);
    }
}

proptest! {
    /// Whatever is wrong now: a budget never allows anything exactly when it allows nothing with all pods ready.
    #[test]
    fn never_means_not_even_when_all_pods_are_ready(
        apps in proptest::collection::vec((0..5u64, 0..4usize), 1..3),
        share in prop_oneof![Just("0"), Just("1"), Just("2"), Just("3"), Just("0%"), Just("34%"), Just("70%"), Just("100%")],
        least in any::<bool>(),
    ) {
        let mut state = state();
        nodes(&mut state);
        for (number, (replicas, unready)) in apps.iter().enumerate() {
            let before = state.pods.len();
            deployment(&mut state, &format!("api{number}"), *replicas);
            for pod in &mut state.pods[before..] {
                pod.labels = Arc::new(super::labels(&[("app", "api")]));
            }
            for pod in state.pods[before..].iter_mut().take(*unready) {
                pod.ready = false;
            }
        }
        spread(&mut state, 3);
        let (max, min) = if least { ("", share) } else { (share, "") };
        state.disruption_budgets.push(budget("api", "api", max, min));
        let found = by_aks(&state);
        let codes: Vec<&str> = found.iter().map(|verdict| verdict.finding.code).collect();
        let is_blocked_now = !found.iter().all(|verdict| verdict.pods.is_empty());
        for pod in &mut state.pods {
            pod.ready = true;
        }
        let cluster = pools();
        let population = Population::of(&cluster, &state);
        let budgets = Budgets::of(&population);
        let ledger = Ledger::of(&population, &budgets);
        let allowed = ledger.allowed(&budgets, BudgetId(0));
        if is_blocked_now {
            prop_assert_eq!(codes.contains(&"budget-never-allows"), allowed == 0, "{:?}", codes);
            prop_assert_eq!(codes.contains(&"budget-below-desired"), allowed > 0, "{:?}", codes);
        } else {
            prop_assert!(!codes.contains(&"budget-never-allows"));
        }
    }

    /// Every other node, one after the other.
    #[test]
    fn stranded_pods_are_those_that_no_other_node_takes(
        pods in proptest::collection::vec((0..3usize, 0..5u64, 0..4u8, "[ab]"), 1..9),
        cordoned in proptest::collection::vec(0..4u8, 3),
    ) {
        let mut state = state();
        nodes(&mut state);
        for (node, cordoned) in state.nodes.iter_mut().zip(&cordoned) {
            node.unschedulable = *cordoned == 0;
        }
        for (number, (node, cores, wants, app)) in pods.iter().enumerate() {
            let mut placement = Placement::default();
            match wants {
                0 => placement.node_selector = super::labels(&[("agentpool", "apps")]),
                1 => placement.pod_anti_affinity = vec![PodAffinityTerm {
                    topology_key: "kubernetes.io/hostname".to_string(),
                    selector: Some(Selector {
                        match_labels: super::labels(&[("app", app)]),
                        ..Selector::default()
                    }),
                    ..PodAffinityTerm::default()
                }],
                _ => {}
            }
            state.pods.push(Pod {
                node_name: Some(state.nodes[*node].name.clone()),
                placement: Some(Arc::new(placement)),
                requests: Resources { cpu_millis: cores * 1000, ..Resources::default() },
                ..pod(&format!("p{number}"), app, Some(owner("StatefulSet", app)))
            });
        }
        let cluster = pools();
        let population = Population::of(&cluster, &state);
        let places = Places::of(&population, &[]);
        let mut stranded: Vec<PodId> = by_aks(&state)
            .into_iter()
            .filter(|verdict| ["no-other-node", "fits-nowhere"].contains(&verdict.finding.code))
            .flat_map(|verdict| verdict.pods)
            .collect();
        stranded.sort_unstable();
        let tried: Vec<PodId> = population
            .pod_ids()
            .filter(|pod| {
                let facts = population.pods[pod.at()];
                let own = facts.node.expect("it is somewhere");
                let mut occupancy = Occupancy::of(&places, &population);
                occupancy.release(&places, facts.shape, own);
                !population
                    .node_ids()
                    .any(|node| node != own && occupancy.fits(&places, facts.shape, node))
            })
            .collect();
        prop_assert_eq!(stranded, tried);
    }
}

#[test]
fn what_was_not_read_is_said() {
    let cluster = pools();
    let mut state = state();
    let sentences = |state: &KubernetesState| {
        let population = Population::of(&cluster, state);
        let budgets = Budgets::of(&population);
        Drain {
            population: &population,
            budgets: &budgets,
            nodes: &[],
            options: &DrainOptions::aks(),
            now: None,
        }
        .not_checked()
    };
    nodes(&mut state);
    assert_eq!(sentences(&state), [""; 0]);
    state
        .kinds
        .retain(|kind| kind != "PersistentVolume" && kind != "StatefulSet");
    assert_eq!(sentences(&state).len(), 2);
    state.kinds.clear();
    let all = sentences(&state);
    assert_eq!(all.len(), 3);
    assert!(all[0].starts_with("disruption budgets were not read"));
}
