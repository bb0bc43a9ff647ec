//! A small cluster for the many tests of what goes wrong: two pools of two nodes, three services, one DaemonSet. Never grows.

use super::shape::{Pace, Pool, Shape, upgrade_settings};
use super::workloads::container;
use serde_json::{Value, json};

/// The service whose budget tests make strict.
pub const STRICT: &str = "api";

fn service(
    namespace: &str,
    name: &str,
    replicas: u64,
    budget: Value,
    is_system: bool,
) -> Vec<Value> {
    let labels = json!({"app": name});
    let mut spec =
        json!({"containers": container(name, "200m"), "terminationGracePeriodSeconds": 30});
    if is_system {
        spec["tolerations"] = json!([{"key": "CriticalAddonsOnly", "operator": "Exists"}]);
        spec["nodeSelector"] = json!({"kubernetes.azure.com/mode": "system"});
    }
    let mut budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"namespace": namespace, "name": name}, "spec": budget});
    budget["spec"]["selector"] = json!({"matchLabels": labels});
    vec![
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": namespace, "name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels, "annotations": {"aksplan.test/ready-after": "100ms"}}, "spec": spec}}}),
        budget,
    ]
}

fn objects() -> Vec<Value> {
    let mut all = vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}),
        json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"namespace": "kube-system", "name": "kube-proxy"},
            "spec": {"selector": {"matchLabels": {"component": "kube-proxy"}}, "template": {
                "metadata": {"labels": {"component": "kube-proxy"}},
                "spec": {"hostNetwork": true, "containers": container("kube-proxy", "100m"), "tolerations": [{"operator": "Exists"}]}}}}),
    ];
    all.extend(service(
        "shop",
        "web",
        3,
        json!({"maxUnavailable": 1}),
        false,
    ));
    all.extend(service(
        "shop",
        STRICT,
        2,
        json!({"minAvailable": 1}),
        false,
    ));
    let dns = json!({"minAvailable": 1});
    all.extend(service("kube-system", "coredns", 2, dns, true));
    all
}

/// Azure CNI on a node subnet, no network policy, nothing in the way of the move.
pub fn small() -> Shape {
    let pool = |name: &'static str, is_system: bool| Pool {
        name,
        is_system,
        nodes: 2,
        max_pods: 30,
        cpu: "3860m",
        upgrade: upgrade_settings("1"),
    };
    Shape {
        group: "rg-shop",
        name: "shop",
        version: "1.33",
        pools: vec![pool("system", true), pool("apps", false)],
        plugin: "azure",
        policy: None,
        vnet: "spoke-shop",
        vnet_space: "10.20.0.0/21",
        subnet: "aks",
        subnet_cidr: "10.20.0.0/24",
        foreign: 12,
        other_subnets: vec![("private-endpoints", "10.20.4.0/26")],
        service_cidr: "172.16.0.0/16",
        surge_takes_all: false,
        more: Value::Null,
        maintenance: Vec::new(),
        objects: objects(),
        pace: Pace::default(),
        retry_after: None,
    }
}

impl Shape {
    /// The budget of `api` never lets a pod go, and its minutes last so that a drain is given up after a few seconds.
    pub fn blocked(mut self) -> Shape {
        for object in &mut self.objects {
            if object["kind"] == "PodDisruptionBudget" && object["metadata"]["name"] == STRICT {
                object["spec"]["minAvailable"] = json!(2);
            }
        }
        self.pace.minute = std::time::Duration::from_millis(100);
        self
    }

    pub fn with_policy(self, policy: &'static str) -> Shape {
        Shape {
            policy: Some(policy),
            ..self
        }
    }

    pub fn on_kubenet(self) -> Shape {
        Shape {
            plugin: "kubenet",
            ..self
        }
    }

    /// Each field of every pool's upgrade settings that is named.
    pub fn with_upgrade(mut self, settings: &Value) -> Shape {
        for pool in &mut self.pools {
            super::bodies::merge(&mut pool.upgrade, settings);
        }
        self
    }
}
