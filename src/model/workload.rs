//! What the Kubernetes API says of one cluster: the objects that decide addresses, disruption and placement. Keeps of a Secret its name
//! and type, and no environment value, no command line and no annotation but what the few fields named here are made of.
//!
//! [`pod`] (pods and what each asks for) · [`placement`] (where a pod may run) · [`service`] (services, slices, ingresses,
//! policies, address ranges) · [`platform`] (how workloads sign in, are reached and watched) · [`storage`] (volumes and where they can be reached) · [`event`] (what lately happened).

pub mod cilium;
pub mod event;
pub mod gateway;
pub mod placement;
pub mod platform;
pub mod pod;
pub mod service;
pub mod storage;

pub use cilium::{CiliumDirection, CiliumPolicy, CiliumRule};
pub use event::EventCount;
pub use gateway::{Gateway, GatewayName, HttpRoute, SecretName};
pub use placement::{
    NodeSelectorRequirement, NodeSelectorTerm, Placement, PodAffinityTerm, Toleration,
    TopologySpread,
};
pub use platform::{
    AzureIdentity, Certificate, IngressClass, Issuer, IssuerName, Monitor, PlatformObjects,
    SecretType, ServiceAccount,
};
pub use pod::{HostPort, Pod, Resources};
pub use service::{
    EndpointSlice, Ingress, IngressTls, IpBlock, IpMasqConfig, NetworkContainer, NetworkPolicy,
    NodeNetworkConfig, Service, ServiceCidr, ServicePort,
};
pub use storage::{AttachLimit, CsiNode, PersistentVolume, PersistentVolumeClaim};

use super::cluster::IntOrPercent;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Objects of one cluster, as `kubectl get … -o json` prints them or its API server answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KubernetesState {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Node>,
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "pod::sharing"
    )]
    pub pods: Vec<Pod>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disruption_budgets: Vec<DisruptionBudget>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workloads: Vec<Workload>,
    /// Namespace and name; no content is kept, but for `ip_masq_configs`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub config_maps: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ip_masq_configs: Vec<IpMasqConfig>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<Namespace>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoint_slices: Vec<EndpointSlice>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ingresses: Vec<Ingress>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub network_policies: Vec<NetworkPolicy>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub persistent_volumes: Vec<PersistentVolume>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub persistent_volume_claims: Vec<PersistentVolumeClaim>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub csi_nodes: Vec<CsiNode>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub node_network_configs: Vec<NodeNetworkConfig>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_cidrs: Vec<ServiceCidr>,
    #[serde(skip_serializing_if = "PlatformObjects::is_empty")]
    pub platform: PlatformObjects,
    /// Counted, not listed; see [`EventCount`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventCount>,
    /// Kinds that were read in full, each once: what is not here was not looked at, which is not the same as absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Kinds of which some objects are here and others are missing: never to be taken as complete, so not in `kinds`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partial_kinds: Vec<String>,
    /// Kinds this cluster does not know (no such custom resource, or an API its version does not have): there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absent_kinds: Vec<String>,
}

impl KubernetesState {
    /// Whether this kind was read in full.
    pub fn has_kind(&self, kind: &str) -> bool {
        self.kinds.iter().any(|known| known == kind)
    }

    /// Takes over everything `other` holds.
    pub fn absorb(&mut self, other: KubernetesState) {
        /// A long list is not copied to stand behind nothing.
        fn take<T>(mine: &mut Vec<T>, others: Vec<T>) {
            if mine.is_empty() {
                *mine = others;
            } else {
                mine.extend(others);
            }
        }
        take(&mut self.nodes, other.nodes);
        take(&mut self.pods, other.pods);
        take(&mut self.services, other.services);
        take(&mut self.disruption_budgets, other.disruption_budgets);
        take(&mut self.workloads, other.workloads);
        take(&mut self.config_maps, other.config_maps);
        take(&mut self.ip_masq_configs, other.ip_masq_configs);
        take(&mut self.namespaces, other.namespaces);
        take(&mut self.endpoint_slices, other.endpoint_slices);
        take(&mut self.ingresses, other.ingresses);
        take(&mut self.network_policies, other.network_policies);
        take(&mut self.persistent_volumes, other.persistent_volumes);
        take(
            &mut self.persistent_volume_claims,
            other.persistent_volume_claims,
        );
        take(&mut self.csi_nodes, other.csi_nodes);
        take(&mut self.node_network_configs, other.node_network_configs);
        take(&mut self.service_cidrs, other.service_cidrs);
        self.platform.absorb(other.platform);
        for event in other.events {
            self.note_event(event);
        }
        for (mine, others) in [
            (&mut self.kinds, other.kinds),
            (&mut self.partial_kinds, other.partial_kinds),
            (&mut self.absent_kinds, other.absent_kinds),
        ] {
            for kind in others {
                if !mine.contains(&kind) {
                    mine.push(kind);
                }
            }
        }
        let complete = &self.kinds;
        self.partial_kinds.retain(|kind| !complete.contains(kind));
        self.absent_kinds.retain(|kind| !complete.contains(kind));
    }
}

pub type Labels = BTreeMap<String, String>;

/// A namespace: its labels decide what a `namespaceSelector` means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Namespace {
    pub name: String,
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Node {
    pub name: String,
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// `spec.providerID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unschedulable: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ready: bool,
    /// When `ready` last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub ready_changed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<Taint>,
    /// What pods may ask for in all.
    pub allocatable: Resources,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pod_cidrs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// `status.nodeInfo.kubeletVersion`, as written: `v1.33.2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubelet_version: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Taint {
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    pub effect: String,
}

/// Who controls an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Owner {
    pub kind: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DisruptionBudget {
    pub namespace: String,
    pub name: String,
    /// `None`: no selector, matches nothing (EV-3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<Selector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_available: Option<IntOrPercent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrPercent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unhealthy_pod_eviction_policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disruptions_allowed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_healthy: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_healthy: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_pods: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `status.disruptedPods`: pods whose eviction was granted and has not shown yet, and when it was (EV-6).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub disrupted_pods: BTreeMap<String, Timestamp>,
}

/// A label selector.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Selector {
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub match_labels: Labels,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<SelectorRequirement>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SelectorRequirement {
    pub key: String,
    pub operator: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// A controller with pods: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, …
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Workload {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Pods wanted by the spec. Absent for kinds without a scale (a Job's and a DaemonSet's number is no scale: PDB-4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u64>,
    /// Pods that should run now: `replicas`, a DaemonSet's `desiredNumberScheduled`, a Job's `parallelism`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired: Option<u64>,
    /// Ready pods, by the controller's own count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_replicas: Option<u64>,
    /// Pods of the newest template, by the controller's own count; fewer than `desired` is a rollout under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_replicas: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
    /// Behind `generation`: the numbers above are stale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<Selector>,
    /// Seconds a new pod must stay ready before it counts as available; 0 when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_ready_seconds: Option<u64>,
    /// `OrderedReady` or `Parallel` of a StatefulSet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_management_policy: Option<String>,
}
