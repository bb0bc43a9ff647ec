//! Kubernetes objects as `kubectl get … -o json` prints them. Secrets, environment values and annotations (but for the few
//! that decide addresses or eviction) are never kept.

use super::SourceError;
use super::arm::parse;
use super::facts::Origin;
use super::wire::Word;
use crate::model::IntOrPercent;
use crate::model::workload::{
    DisruptionBudget, KubernetesState, Labels, Node, Owner, Pod, Selector, SelectorRequirement,
    Service, Taint, Workload,
};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// An explicit `null` is as good as nothing.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    namespace: String,
    uid: Option<String>,
    labels: Option<Labels>,
    annotations: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<OwnerReference>>,
    creation_timestamp: Option<String>,
    deletion_timestamp: Option<String>,
    generation: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OwnerReference {
    #[serde(deserialize_with = "or_default")]
    kind: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
    uid: Option<String>,
    controller: Option<bool>,
}

impl Meta {
    fn owner(&self) -> Option<Owner> {
        let references = self.owner_references.as_deref().unwrap_or_default();
        let controller = references
            .iter()
            .find(|reference| reference.controller == Some(true))?;
        Some(Owner {
            kind: controller.kind.clone(),
            name: controller.name.clone(),
            uid: controller.uid.clone(),
        })
    }

    fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(name).map(String::as_str)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Object<S: Default, T: Default> {
    #[serde(deserialize_with = "or_default")]
    metadata: Meta,
    spec: Option<S>,
    status: Option<T>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct NodeSpec {
    #[serde(rename = "providerID")]
    provider_id: Option<String>,
    unschedulable: Option<bool>,
    taints: Option<Vec<WireTaint>>,
    #[serde(rename = "podCIDRs")]
    pod_cidrs: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireTaint {
    #[serde(deserialize_with = "or_default")]
    key: String,
    value: Option<String>,
    #[serde(deserialize_with = "or_default")]
    effect: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    #[serde(deserialize_with = "or_default")]
    kind: String,
    #[serde(deserialize_with = "or_default")]
    status: String,
}

fn is_ready(conditions: Option<Vec<Condition>>) -> bool {
    conditions
        .unwrap_or_default()
        .iter()
        .any(|condition| condition.kind == "Ready" && condition.status == "True")
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Address {
    #[serde(deserialize_with = "or_default")]
    address: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NodeStatus {
    allocatable: Option<BTreeMap<String, Word>>,
    conditions: Option<Vec<Condition>>,
    addresses: Option<Vec<Address>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PodSpec {
    node_name: Option<String>,
    host_network: Option<bool>,
    containers: Option<Vec<Container>>,
    volumes: Option<Vec<Volume>>,
    termination_grace_period_seconds: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Container {
    resources: Option<Resources>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Resources {
    requests: Option<BTreeMap<String, Word>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Volume {
    empty_dir: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PodAddress {
    #[serde(deserialize_with = "or_default")]
    ip: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PodStatus {
    phase: Option<String>,
    #[serde(rename = "podIPs")]
    pod_ips: Option<Vec<PodAddress>>,
    conditions: Option<Vec<Condition>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ServiceSpec {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ServiceStatus {
    load_balancer: Option<LoadBalancer>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LoadBalancer {
    ingress: Option<Vec<PodAddress>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct BudgetSpec {
    selector: Option<WireSelector>,
    min_available: Option<Word>,
    max_unavailable: Option<Word>,
    unhealthy_pod_eviction_policy: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireSelector {
    match_labels: Option<Labels>,
    match_expressions: Option<Vec<WireRequirement>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireRequirement {
    #[serde(deserialize_with = "or_default")]
    key: String,
    #[serde(deserialize_with = "or_default")]
    operator: String,
    values: Option<Vec<String>>,
}

impl From<WireSelector> for Selector {
    fn from(wire: WireSelector) -> Self {
        Selector {
            match_labels: wire.match_labels.unwrap_or_default(),
            match_expressions: wire
                .match_expressions
                .unwrap_or_default()
                .into_iter()
                .map(|requirement| SelectorRequirement {
                    key: requirement.key,
                    operator: requirement.operator,
                    values: requirement.values.unwrap_or_default(),
                })
                .collect(),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct BudgetStatus {
    disruptions_allowed: Option<i64>,
    current_healthy: Option<i64>,
    desired_healthy: Option<i64>,
    expected_pods: Option<i64>,
    observed_generation: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WorkloadSpec {
    replicas: Option<u64>,
    selector: Option<serde_json::Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NoStatus {}

const INTERNAL: &str = "service.beta.kubernetes.io/azure-load-balancer-internal";
const INTERNAL_SUBNET: &str = "service.beta.kubernetes.io/azure-load-balancer-internal-subnet";
const PLS_CREATE: &str = "service.beta.kubernetes.io/azure-pls-create";
const PLS_COUNT: &str = "service.beta.kubernetes.io/azure-pls-ip-configuration-ip-address-count";
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Whether objects of this kind are read. The group decides as well: Longhorn has a `Node` and Knative a `Service` of its own.
pub fn is_used(api_version: &str, kind: &str) -> bool {
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    match kind {
        "Node" | "Pod" | "Service" | "ConfigMap" | "ReplicationController" => group.is_empty(),
        "PodDisruptionBudget" => group == "policy",
        "Deployment" | "ReplicaSet" | "DaemonSet" => group == "apps" || group == "extensions",
        "StatefulSet" => group == "apps",
        "Job" | "CronJob" => group == "batch",
        _ => false,
    }
}

/// Reads one object of a kind that [`is_used`].
///
/// # Errors
/// When the object has the wrong shape.
pub fn read_object(
    kind: &str,
    raw: &str,
    origin: &Origin,
    state: &mut KubernetesState,
) -> Result<(), SourceError> {
    match kind {
        "Node" => state.nodes.push(node(parse(raw, origin, "")?)),
        "Pod" => state.pods.push(pod(parse(raw, origin, "")?)),
        "Service" => state
            .services
            .push(service(parse(raw, origin, "")?, origin)?),
        "PodDisruptionBudget" => {
            state
                .disruption_budgets
                .push(budget(parse(raw, origin, "")?, origin)?);
        }
        "ConfigMap" => {
            let object: Object<NoStatus, NoStatus> = parse(raw, origin, "")?;
            state
                .config_maps
                .push((object.metadata.namespace, object.metadata.name));
        }
        _ => {
            state
                .workloads
                .push(workload(kind, parse(raw, origin, "")?));
        }
    }
    if !state.has_kind(kind) {
        state.kinds.push(kind.to_string());
    }
    Ok(())
}

fn words(map: Option<BTreeMap<String, Word>>) -> BTreeMap<String, String> {
    map.unwrap_or_default()
        .into_iter()
        .map(|(name, word)| (name, word.0))
        .collect()
}

fn node(object: Object<NodeSpec, NodeStatus>) -> Node {
    let spec = object.spec.unwrap_or_default();
    let status = object.status.unwrap_or_default();
    Node {
        name: object.metadata.name,
        labels: object.metadata.labels.unwrap_or_default(),
        provider_id: spec.provider_id,
        unschedulable: spec.unschedulable.unwrap_or(false),
        ready: is_ready(status.conditions),
        taints: spec
            .taints
            .unwrap_or_default()
            .into_iter()
            .map(|taint| Taint {
                key: taint.key,
                value: taint.value,
                effect: taint.effect,
            })
            .collect(),
        allocatable: words(status.allocatable),
        addresses: status
            .addresses
            .unwrap_or_default()
            .iter()
            .filter_map(|address| address.address.parse().ok())
            .collect(),
        pod_cidrs: spec.pod_cidrs.unwrap_or_default(),
        created_at: object.metadata.creation_timestamp,
    }
}

fn pod(object: Object<PodSpec, PodStatus>) -> Pod {
    let spec = object.spec.unwrap_or_default();
    let status = object.status.unwrap_or_default();
    let owner = object.metadata.owner();
    let mirror = object.metadata.annotation(MIRROR).is_some();
    Pod {
        namespace: object.metadata.namespace,
        name: object.metadata.name,
        labels: object.metadata.labels.unwrap_or_default(),
        owner,
        node_name: spec.node_name,
        phase: status.phase,
        host_network: spec.host_network.unwrap_or(false),
        pod_ips: status
            .pod_ips
            .unwrap_or_default()
            .iter()
            .filter_map(|address| address.ip.parse().ok())
            .collect(),
        ready: is_ready(status.conditions),
        deleting: object.metadata.deletion_timestamp.is_some(),
        mirror,
        local_storage: spec
            .volumes
            .unwrap_or_default()
            .iter()
            .any(|volume| volume.empty_dir.is_some()),
        requests: spec
            .containers
            .unwrap_or_default()
            .into_iter()
            .map(|container| words(container.resources.and_then(|resources| resources.requests)))
            .collect(),
        termination_grace_seconds: spec.termination_grace_period_seconds,
        created_at: object.metadata.creation_timestamp,
    }
}

fn service(
    object: Object<ServiceSpec, ServiceStatus>,
    origin: &Origin,
) -> Result<Service, SourceError> {
    let is_true = |name| {
        object
            .metadata
            .annotation(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    };
    let private_link_addresses = if is_true(PLS_CREATE) {
        // One NAT address unless the annotation asks for more (Azure's cloud provider).
        let count = object.metadata.annotation(PLS_COUNT);
        let count = count.and_then(|count| count.parse().ok()).unwrap_or(1);
        super::arm::addresses(count, origin, &format!("metadata.annotations.{PLS_COUNT}"))?
    } else {
        0
    };
    Ok(Service {
        internal_load_balancer: is_true(INTERNAL),
        internal_subnet: object
            .metadata
            .annotation(INTERNAL_SUBNET)
            .map(str::to_string),
        private_link_addresses,
        kind: object.spec.unwrap_or_default().kind.unwrap_or_default(),
        load_balancer_ips: object
            .status
            .unwrap_or_default()
            .load_balancer
            .and_then(|balancer| balancer.ingress)
            .unwrap_or_default()
            .iter()
            .filter_map(|address| address.ip.parse().ok())
            .collect(),
        namespace: object.metadata.namespace,
        name: object.metadata.name,
    })
}

fn budget(
    object: Object<BudgetSpec, BudgetStatus>,
    origin: &Origin,
) -> Result<DisruptionBudget, SourceError> {
    let spec = object.spec.unwrap_or_default();
    let status = object.status.unwrap_or_default();
    let share = |word: Option<Word>, field: &str| match word {
        None => Ok(None),
        Some(word) => IntOrPercent::from_word(&word.0).map(Some).ok_or_else(|| {
            origin.error(
                &format!("spec.{field}"),
                format!("`{}` is neither a number nor a percentage", word.0),
            )
        }),
    };
    Ok(DisruptionBudget {
        min_available: share(spec.min_available, "minAvailable")?,
        max_unavailable: share(spec.max_unavailable, "maxUnavailable")?,
        selector: spec.selector.map(Selector::from),
        unhealthy_pod_eviction_policy: spec.unhealthy_pod_eviction_policy,
        disruptions_allowed: status.disruptions_allowed,
        current_healthy: status.current_healthy,
        desired_healthy: status.desired_healthy,
        expected_pods: status.expected_pods,
        generation: object.metadata.generation,
        observed_generation: status.observed_generation,
        namespace: object.metadata.namespace,
        name: object.metadata.name,
    })
}

fn workload(kind: &str, object: Object<WorkloadSpec, NoStatus>) -> Workload {
    let spec = object.spec.unwrap_or_default();
    let owner = object.metadata.owner();
    // A ReplicationController's selector is a plain map; every other kind has a label selector.
    let selector = spec.selector.and_then(|value| {
        if kind == "ReplicationController" {
            serde_json::from_value::<Labels>(value)
                .ok()
                .map(|match_labels| Selector {
                    match_labels,
                    match_expressions: Vec::new(),
                })
        } else {
            serde_json::from_value::<WireSelector>(value)
                .ok()
                .map(Selector::from)
        }
    });
    Workload {
        kind: kind.to_string(),
        namespace: object.metadata.namespace,
        name: object.metadata.name,
        uid: object.metadata.uid,
        owner,
        // The API server defaults an absent `replicas` to 1.
        replicas: matches!(
            kind,
            "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController"
        )
        .then(|| spec.replicas.unwrap_or(1)),
        selector,
    }
}
