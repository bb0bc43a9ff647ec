//! What the Kubernetes API says of one cluster: the objects that decide addresses today, and disruption and placement later.

use super::cluster::IntOrPercent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Objects of one cluster, as `kubectl get … -o json` prints them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KubernetesState {
    pub nodes: Vec<Node>,
    pub pods: Vec<Pod>,
    pub services: Vec<Service>,
    pub disruption_budgets: Vec<DisruptionBudget>,
    pub workloads: Vec<Workload>,
    /// Namespace and name; no content is kept.
    pub config_maps: Vec<(String, String)>,
    /// Kinds that were read, each once: what is not here was not looked at, which is not the same as absent.
    pub kinds: Vec<String>,
}

impl KubernetesState {
    pub fn has_kind(&self, kind: &str) -> bool {
        self.kinds.iter().any(|known| known == kind)
    }

    /// Takes over everything `other` holds.
    pub fn absorb(&mut self, mut other: KubernetesState) {
        self.nodes.append(&mut other.nodes);
        self.pods.append(&mut other.pods);
        self.services.append(&mut other.services);
        self.disruption_budgets
            .append(&mut other.disruption_budgets);
        self.workloads.append(&mut other.workloads);
        self.config_maps.append(&mut other.config_maps);
        for kind in other.kinds {
            if !self.has_kind(&kind) {
                self.kinds.push(kind);
            }
        }
    }
}

pub type Labels = BTreeMap<String, String>;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Node {
    pub name: String,
    pub labels: Labels,
    /// `spec.providerID`.
    pub provider_id: Option<String>,
    pub unschedulable: bool,
    pub ready: bool,
    pub taints: Vec<Taint>,
    /// Allocatable quantities as written: `cpu: 3860m`.
    pub allocatable: BTreeMap<String, String>,
    pub addresses: Vec<IpAddr>,
    pub pod_cidrs: Vec<String>,
    /// RFC 3339, as written.
    pub created_at: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Taint {
    pub key: String,
    pub value: Option<String>,
    pub effect: String,
}

/// Who controls an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Owner {
    pub kind: String,
    pub name: String,
    pub uid: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Pod {
    pub namespace: String,
    pub name: String,
    pub labels: Labels,
    pub owner: Option<Owner>,
    pub node_name: Option<String>,
    pub phase: Option<String>,
    pub host_network: bool,
    pub pod_ips: Vec<IpAddr>,
    pub ready: bool,
    pub deleting: bool,
    /// A static pod, by annotation.
    pub mirror: bool,
    /// Has an `emptyDir` volume.
    pub local_storage: bool,
    /// Sum over containers, as written: `cpu` and `memory` of each.
    pub requests: Vec<BTreeMap<String, String>>,
    pub termination_grace_seconds: Option<u64>,
    pub created_at: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Service {
    pub namespace: String,
    pub name: String,
    pub kind: String,
    /// `service.beta.kubernetes.io/azure-load-balancer-internal: "true"`.
    pub internal_load_balancer: bool,
    /// `…/azure-load-balancer-internal-subnet`.
    pub internal_subnet: Option<String>,
    pub load_balancer_ips: Vec<IpAddr>,
    /// Private Link Service NAT addresses it takes from the subnet.
    pub private_link_addresses: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DisruptionBudget {
    pub namespace: String,
    pub name: String,
    /// `None`: no selector, matches nothing (EV-3).
    pub selector: Option<Selector>,
    pub min_available: Option<IntOrPercent>,
    pub max_unavailable: Option<IntOrPercent>,
    pub unhealthy_pod_eviction_policy: Option<String>,
    pub disruptions_allowed: Option<i64>,
    pub current_healthy: Option<i64>,
    pub desired_healthy: Option<i64>,
    pub expected_pods: Option<i64>,
    pub generation: Option<i64>,
    pub observed_generation: Option<i64>,
}

/// A label selector.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Selector {
    pub match_labels: Labels,
    pub match_expressions: Vec<SelectorRequirement>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SelectorRequirement {
    pub key: String,
    pub operator: String,
    pub values: Vec<String>,
}

/// A controller with pods: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, …
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Workload {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub uid: Option<String>,
    pub owner: Option<Owner>,
    /// Absent for kinds without a scale.
    pub replicas: Option<u64>,
    pub selector: Option<Selector>,
}
