//! What must hold before and after a step, and whether it does. Judged over what was observed and nothing else: a condition whose
//! facts were not read does not hold, it is unknown.

use super::settings;
use crate::capacity::cost::pool_cost;
use crate::finding::counted;
use crate::model::workload::{Node, NodeNetworkConfig, Pod, Workload};
use crate::model::{
    Cluster, Inventory, IpNet, KubernetesState, NetworkMode, NodePool, UpgradeSettings,
};
use crate::population::pool_label;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Something that must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "condition", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// The cluster runs, and the last operation on it and on each pool succeeded (MIG-14).
    Succeeded,
    /// The cluster runs, and no operation on it or on a pool is under way; the last one may have failed.
    NoOperationRuns,
    ModeIs {
        mode: NetworkMode,
    },
    PodCidrIs {
        #[schemars(with = "String")]
        pod_cidr: IpNet,
    },
    /// `None`: no engine is on.
    NetworkPolicyIs {
        #[serde(default)]
        policy: Option<String>,
    },
    /// None, or Cilium (MIG-3, MIG-4).
    NetworkPolicyAllowsTheMove,
    /// Not on Overlay, or with this pod CIDR: somebody else's move is not gone on with.
    NoOtherOverlay {
        #[schemars(with = "String")]
        pod_cidr: IpNet,
    },
    DataplaneIs {
        dataplane: String,
    },
    UpgradeSettingsAre {
        pool: String,
        settings: UpgradeSettings,
    },
    /// One of two: what was there before an attempt that failed, or what it was to bring.
    Either {
        one: Vec<Condition>,
        other: Vec<Condition>,
    },
    /// Every pool has its nodes, all Ready and none cordoned but those that were so before the first write. Spot nodes come and go.
    NodesReady,
    /// Every node carries the overlay label, and its NodeNetworkConfig is of type overlay with this pod CIDR.
    NodesOnOverlay {
        #[schemars(with = "String")]
        pod_cidr: IpNet,
    },
    /// No pod has an address of a node subnet but those on the host network, and all others one of the pod CIDR.
    PodsOffTheSubnets {
        #[schemars(with = "String")]
        pod_cidr: IpNet,
    },
    /// Every workload has at least as many ready pods as before the first write.
    WorkloadsAsBefore,
    /// Every service has at least as many ready endpoints as before the first write.
    EndpointsAsBefore,
    /// The node subnets gave back what pods held.
    AddressesReturned,
}

/// The label of a node that is on Overlay (named in a changelog entry of 2025-03-16).
pub const OVERLAY_LABEL: &str = "kubernetes.azure.com/azure-cni-overlay";

/// Whether a node carries it.
pub fn is_labelled_overlay(node: &Node) -> bool {
    node.labels
        .get(OVERLAY_LABEL)
        .is_some_and(|value| value == "true")
}

/// Whether a condition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holding {
    Holds,
    /// It does not, and why.
    Fails(String),
    /// Facts are missing, and which.
    Unknown(String),
}

impl Holding {
    pub fn holds(&self) -> bool {
        *self == Holding::Holds
    }

    /// Why it is not known to hold.
    pub fn why(&self) -> Option<&str> {
        match self {
            Holding::Holds => None,
            Holding::Fails(why) | Holding::Unknown(why) => Some(why),
        }
    }
}

/// What was observed at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    pub inventory: &'a Inventory,
    pub cluster: &'a Cluster,
    /// How things stood before the first write, as far as that is known.
    pub baseline: Option<&'a Baseline>,
}

/// How things stood before the first write: what must be there again afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// Ready pods, by `Kind namespace/name` of the workload.
    pub workloads: BTreeMap<String, u64>,
    /// Ready endpoints, by `namespace/name` of the service.
    pub endpoints: BTreeMap<String, u64>,
    /// Addresses in use, by `vnet/subnet`.
    pub subnets: BTreeMap<String, u64>,
    /// Addresses that the move must at least give back, by `vnet/subnet`: what the pods of its nodes hold, less one node's worth for
    /// what comes and goes meanwhile.
    pub returns: BTreeMap<String, u64>,
    /// Nodes that were not Ready already: nobody's move mends them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub not_ready: BTreeSet<String>,
    /// Nodes that were cordoned already: somebody has a reason, and may do it again once they are back.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub cordoned: BTreeSet<String>,
    /// Kinds of objects that could not be read in full: of those nothing can be proven later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_read: Vec<String>,
}

/// Kinds whose ready pods and endpoints are counted.
const COUNTED: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "EndpointSlice"];

impl Baseline {
    /// What is now.
    pub fn of(inventory: &Inventory, cluster: &Cluster) -> Self {
        let mut baseline = Baseline::default();
        if let Some(state) = cluster.kubernetes.as_deref() {
            baseline.workloads = ready_workloads(state);
            baseline.endpoints = ready_endpoints(state);
            let cordoned = machines(state).filter(|node| node.unschedulable);
            baseline.cordoned = cordoned.map(|node| node.name.clone()).collect();
            let not_ready = machines(state).filter(|node| !node.ready);
            baseline.not_ready = not_ready.map(|node| node.name.clone()).collect();
        }
        baseline.not_read = COUNTED
            .iter()
            .filter(|kind| {
                cluster
                    .kubernetes
                    .as_deref()
                    .is_none_or(|state| !state.has_kind(kind))
            })
            .map(ToString::to_string)
            .collect();
        for index in inventory.subnets_of_cluster(cluster) {
            let name = inventory.subnet_name(index);
            if let Some(used) = inventory.subnet(index).used {
                baseline.subnets.insert(name.clone(), used);
            }
            let mut returned = 0;
            let mut largest = 0;
            for pool in cluster
                .pools
                .iter()
                .filter(|pool| pool.subnet == Some(index))
            {
                // A node keeps one address of the subnet.
                let pods = pool_cost(cluster, pool)
                    .map_or(0, |cost| cost.in_subnet(pool, index).held)
                    .saturating_sub(1);
                returned += pods * pool.running();
                largest = largest.max(pods);
            }
            baseline
                .returns
                .insert(name, returned.saturating_sub(largest));
        }
        baseline
    }
}

/// Ready pods of controllers that nothing else controls; Jobs and what runs once are no loss.
fn ready_workloads(state: &KubernetesState) -> BTreeMap<String, u64> {
    lasting(state)
        .map(|workload| {
            (
                workload_name(workload),
                workload.ready_replicas.unwrap_or(0),
            )
        })
        .collect()
}

fn lasting(state: &KubernetesState) -> impl Iterator<Item = &Workload> {
    state.workloads.iter().filter(|workload| {
        workload.owner.is_none()
            && ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]
                .contains(&workload.kind.as_str())
    })
}

fn workload_name(workload: &Workload) -> String {
    format!("{} {}/{}", workload.kind, workload.namespace, workload.name)
}

/// Somebody may have scaled one down meanwhile, or an autoscaler: what is not wanted any more is not missing.
fn workloads_as_before(baseline: &Baseline, state: &KubernetesState) -> Holding {
    let mut now = ready_workloads(state);
    // A reimage deletes no workload: one that is gone altogether was taken away by somebody, and is not missing.
    for (name, before) in &baseline.workloads {
        now.entry(name.clone()).or_insert(*before);
    }
    for workload in lasting(state) {
        let name = workload_name(workload);
        if let (Some(desired), Some(before)) = (workload.desired, baseline.workloads.get(&name))
            && desired < *before
            && now.get(&name).is_some_and(|ready| *ready >= desired)
        {
            now.insert(name, *before);
        }
    }
    fewer(&baseline.workloads, &now, "ready pods")
}

fn ready_endpoints(state: &KubernetesState) -> BTreeMap<String, u64> {
    let mut ready: BTreeMap<String, u64> = BTreeMap::new();
    for slice in &state.endpoint_slices {
        if let Some(service) = &slice.service {
            *ready
                .entry(format!("{}/{}", slice.namespace, service))
                .or_default() += slice.ready_endpoints;
        }
    }
    ready
}

impl Condition {
    /// What must hold, in words.
    pub fn words(&self) -> String {
        match self {
            Condition::Succeeded => {
                "the cluster runs, and its and every pool's provisioning state is Succeeded"
                    .to_string()
            }
            Condition::NoOperationRuns => {
                "the cluster runs, and no operation on it or on a pool is under way".to_string()
            }
            Condition::ModeIs { mode } => format!("the network mode is {mode}"),
            Condition::PodCidrIs { pod_cidr } => format!("the pod CIDR is {pod_cidr}"),
            Condition::NetworkPolicyIs { policy } => {
                format!("network policy is {}", policy.as_deref().unwrap_or("none"))
            }
            Condition::NetworkPolicyAllowsTheMove => "network policy is none or cilium".to_string(),
            Condition::NoOtherOverlay { pod_cidr } => {
                format!("the cluster is not on Overlay yet, or with pod CIDR {pod_cidr}")
            }
            Condition::Either { one, other } => {
                let words = |conditions: &[Condition]| {
                    let words: Vec<String> = conditions.iter().map(Condition::words).collect();
                    words.join(" and ")
                };
                format!("{}, or {}", words(one), words(other))
            }
            Condition::DataplaneIs { dataplane } => format!("the data plane is {dataplane}"),
            Condition::UpgradeSettingsAre { pool, settings } => {
                format!("pool {pool} has {}", settings::words(settings))
            }
            Condition::NodesReady => {
                "every pool has its nodes, all Ready and none cordoned but those that were so before"
                    .to_string()
            }
            Condition::NodesOnOverlay { pod_cidr } => format!(
                "every node is labelled {OVERLAY_LABEL}=true and its NodeNetworkConfig is of type overlay with {pod_cidr}"
            ),
            Condition::PodsOffTheSubnets { pod_cidr } => format!(
                "every pod that is not on the host network has an address of {pod_cidr}, none one of a node subnet"
            ),
            Condition::WorkloadsAsBefore => {
                "every workload has at least as many ready pods as before".to_string()
            }
            Condition::EndpointsAsBefore => {
                "every service has at least as many ready endpoints as before".to_string()
            }
            Condition::AddressesReturned => {
                "the node subnets gave back the addresses that pods held".to_string()
            }
        }
    }

    /// Whether it holds.
    pub fn judge(&self, sight: Sight) -> Holding {
        let cluster = sight.cluster;
        match self {
            Condition::Succeeded => {
                states(cluster, |state| state.eq_ignore_ascii_case("Succeeded"))
            }
            Condition::NoOperationRuns => states(cluster, is_at_rest),
            Condition::ModeIs { mode } => match cluster.mode() {
                Some(now) if now == *mode => Holding::Holds,
                Some(now) => Holding::Fails(format!("the network mode is {now}")),
                None => Holding::Unknown("the network plugin was not read".to_string()),
            },
            Condition::PodCidrIs { pod_cidr } => match cluster.network.pod_cidr_v4() {
                Some(now) if now == pod_cidr => Holding::Holds,
                Some(now) => Holding::Fails(format!("the pod CIDR is {now}")),
                None => Holding::Fails("there is no pod CIDR".to_string()),
            },
            Condition::NetworkPolicyIs { policy } => {
                if same_word(cluster.network.policy.as_deref(), policy.as_deref()) {
                    Holding::Holds
                } else {
                    Holding::Fails(format!("network policy is {}", policy_word(cluster)))
                }
            }
            Condition::NetworkPolicyAllowsTheMove => {
                let policy = cluster.network.policy.as_deref();
                if policy.is_none_or(|policy| policy.eq_ignore_ascii_case("cilium")) {
                    Holding::Holds
                } else {
                    Holding::Fails(format!("network policy is {}", policy_word(cluster)))
                }
            }
            Condition::NoOtherOverlay { pod_cidr } => match cluster.mode() {
                Some(NetworkMode::Overlay) => Condition::PodCidrIs {
                    pod_cidr: *pod_cidr,
                }
                .judge(sight),
                Some(_) => Holding::Holds,
                None => Holding::Unknown("the network plugin was not read".to_string()),
            },
            Condition::Either { one, other } => {
                let unmet = |conditions: &[Condition]| -> Vec<String> {
                    conditions
                        .iter()
                        .filter_map(|condition| condition.judge(sight).why().map(str::to_string))
                        .collect()
                };
                let (first, second) = (unmet(one), unmet(other));
                if first.is_empty() || second.is_empty() {
                    Holding::Holds
                } else {
                    // Both sides may miss the same thing.
                    let mut why = first;
                    why.extend(second);
                    why.sort();
                    why.dedup();
                    Holding::Fails(why.join(", "))
                }
            }
            Condition::DataplaneIs { dataplane } => {
                let now = cluster.network.dataplane.as_deref();
                if same_word(now, Some(dataplane)) {
                    Holding::Holds
                } else {
                    Holding::Fails(format!("the data plane is {}", now.unwrap_or("not named")))
                }
            }
            Condition::UpgradeSettingsAre { pool, settings } => match cluster.pool(pool) {
                None => Holding::Fails(format!("there is no pool {pool}")),
                Some(now) if settings::are_same(&now.upgrade, settings) => Holding::Holds,
                Some(now) => {
                    Holding::Fails(format!("pool {pool} has {}", settings::words(&now.upgrade)))
                }
            },
            Condition::NodesReady => objects(cluster, &["Node"], |state| {
                nodes_ready(cluster, state, sight.baseline)
            }),
            Condition::NodesOnOverlay { pod_cidr } => objects(cluster, &["Node"], |state| {
                nodes_on_overlay(state, pod_cidr)
            }),
            Condition::PodsOffTheSubnets { pod_cidr } => {
                objects(cluster, &["Pod"], |state| pods_off(sight, state, pod_cidr))
            }
            Condition::WorkloadsAsBefore => compared(sight, "ready pods", workloads_as_before),
            Condition::EndpointsAsBefore => {
                compared(sight, "ready endpoints", |baseline, state| {
                    fewer(
                        &baseline.endpoints,
                        &ready_endpoints(state),
                        "ready endpoints",
                    )
                })
            }
            Condition::AddressesReturned => addresses_returned(sight),
        }
    }

    /// What does not fail the proof where it cannot be shown: counters of addresses come late and other things share the subnet, and
    /// NodeNetworkConfigs or slices may be closed to the reader. It is told as not proven.
    pub fn is_told_only(&self, holding: &Holding) -> bool {
        match self {
            // Endpoints follow pods, which are asked for themselves; autoscalers take some away all day.
            Condition::AddressesReturned | Condition::EndpointsAsBefore => !holding.holds(),
            Condition::NodesOnOverlay { .. } | Condition::WorkloadsAsBefore => {
                matches!(holding, Holding::Unknown(_))
            }
            _ => false,
        }
    }

    /// What a request itself sets, and a resource shows as soon as it was taken.
    pub fn is_of_the_profile(&self) -> bool {
        matches!(
            self,
            Condition::ModeIs { .. }
                | Condition::PodCidrIs { .. }
                | Condition::NetworkPolicyIs { .. }
                | Condition::DataplaneIs { .. }
                | Condition::UpgradeSettingsAre { .. }
        )
    }
}

fn policy_word(cluster: &Cluster) -> &str {
    cluster.network.policy.as_deref().unwrap_or("none")
}

fn same_word(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (None, None) => true,
        _ => false,
    }
}

/// Whether a provisioning state says that no operation is under way.
pub fn is_at_rest(state: &str) -> bool {
    ["Succeeded", "Failed", "Canceled"]
        .iter()
        .any(|end| state.eq_ignore_ascii_case(end))
}

/// Of the cluster and each pool.
fn states(cluster: &Cluster, is_fine: impl Fn(&str) -> bool) -> Holding {
    if cluster.is_stopped() {
        return Holding::Fails("the cluster is stopped".to_string());
    }
    let Some(state) = cluster.provisioning_state.as_deref() else {
        return Holding::Unknown("the cluster's provisioning state was not read".to_string());
    };
    let mut wrong = Vec::new();
    if !is_fine(state) {
        wrong.push(format!("the cluster is {state}"));
    }
    for pool in &cluster.pools {
        match pool.provisioning_state.as_deref() {
            Some(state) if !is_fine(state) => wrong.push(format!("pool {} is {state}", pool.name)),
            _ => {}
        }
    }
    if wrong.is_empty() {
        Holding::Holds
    } else {
        Holding::Fails(wrong.join(", "))
    }
}

fn objects(
    cluster: &Cluster,
    kinds: &[&str],
    judge: impl FnOnce(&KubernetesState) -> Holding,
) -> Holding {
    let Some(state) = cluster.kubernetes.as_deref() else {
        return Holding::Unknown("the cluster's own API server was not read".to_string());
    };
    match kinds.iter().find(|kind| !state.has_kind(kind)) {
        Some(kind) => Holding::Unknown(format!("objects of kind {kind} were not read in full")),
        None => judge(state),
    }
}

fn compared(
    sight: Sight,
    what: &str,
    judge: impl FnOnce(&Baseline, &KubernetesState) -> Holding,
) -> Holding {
    let Some(baseline) = sight.baseline else {
        return Holding::Unknown(format!("{what} before the first write were not recorded"));
    };
    let is_of_it = |kind: &String| (kind == "EndpointSlice") == (what == "ready endpoints");
    if let Some(kind) = baseline.not_read.iter().find(|kind| is_of_it(kind)) {
        return Holding::Unknown(format!(
            "objects of kind {kind} were not read in full before the first write"
        ));
    }
    // A kind that had something before and is not read now is not known to be missing.
    let kinds: Vec<&str> = if what == "ready pods" {
        let mut kinds: Vec<&str> = baseline
            .workloads
            .keys()
            .filter_map(|name| name.split(' ').next())
            .collect();
        kinds.push("Deployment");
        kinds
    } else {
        vec!["EndpointSlice"]
    };
    objects(sight.cluster, &kinds, |state| judge(baseline, state))
}

/// The first few of a list of names.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let mut text = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

/// Namespaces of what AKS and its network policy engines run.
const OF_AKS: [&str; 3] = ["calico-system", "kube-system", "tigera-operator"];

/// AKS takes its own things away with the engine that is turned off: what is gone altogether there is not missing. Errs towards
/// holding where somebody else deleted one.
fn is_taken_by_aks(name: &str) -> bool {
    let path = name.rsplit(' ').next().unwrap_or(name);
    path.split('/')
        .next()
        .is_some_and(|namespace| OF_AKS.contains(&namespace))
}

fn fewer(before: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>, what: &str) -> Holding {
    let missing: Vec<String> = before
        .iter()
        .filter(|(name, _)| now.contains_key(*name) || !is_taken_by_aks(name))
        .filter_map(|(name, before)| {
            let now = now.get(name).copied().unwrap_or(0);
            (now < *before).then(|| format!("{name}: {now} of {before}"))
        })
        .collect();
    if missing.is_empty() {
        Holding::Holds
    } else {
        Holding::Fails(format!(
            "{} fewer {what} than before: {}",
            counted(missing.len() as u64, "has", "have"),
            some(&missing)
        ))
    }
}

/// Nodes that a pool's machine stands behind: virtual nodes have none.
fn machines(state: &KubernetesState) -> impl Iterator<Item = &Node> {
    state.nodes.iter().filter(|node| !is_virtual(node))
}

fn is_virtual(node: &Node) -> bool {
    node.labels.get("type").map(String::as_str) == Some("virtual-kubelet")
}

fn nodes_ready(cluster: &Cluster, state: &KubernetesState, baseline: Option<&Baseline>) -> Holding {
    let was = |of: fn(&Baseline) -> &BTreeSet<String>, node: &Node| {
        baseline.is_some_and(|baseline| of(baseline).contains(&node.name))
    };
    let is_spot = |node: &Node| {
        pool_label(node)
            .and_then(|name| cluster.pool(name))
            .is_some_and(|pool| pool.spot)
    };
    let mut wrong: Vec<String> = machines(state)
        .filter_map(|node| {
            let why = match (node.ready, node.unschedulable) {
                _ if is_quarantined(node) => {
                    "quarantined: AKS could not drain it, and a surge node stays in its place (UPG-9); delete its machine once its \
                     pods are gone"
                }
                (false, _) if is_spot(node) || was(|baseline| &baseline.not_ready, node) => {
                    return None;
                }
                (false, _) => "not Ready",
                (true, true) if was(|baseline| &baseline.cordoned, node) => return None,
                (true, true) => "cordoned",
                (true, false) => return None,
            };
            Some(format!("{} is {why}", node.name))
        })
        .collect();
    for pool in &cluster.pools {
        let nodes = machines(state)
            .filter(|node| {
                pool_label(node).is_some_and(|label| label.eq_ignore_ascii_case(&pool.name))
            })
            .count() as u64;
        if nodes < least_nodes(pool) {
            wrong.push(format!(
                "pool {} has {nodes} of {}",
                pool.name,
                counted(least_nodes(pool), "node", "nodes")
            ));
        }
    }
    if wrong.is_empty() {
        Holding::Holds
    } else {
        Holding::Fails(some(&wrong))
    }
}

/// What AKS marks a node with that it could not drain, in a pool that goes on without it (UPG-9).
const UPGRADE_STATUS_LABEL: &str = "kubernetes.azure.com/upgrade-status";

/// Whether AKS gave up draining a node and left it as it was.
pub fn is_quarantined(node: &Node) -> bool {
    node.labels
        .get(UPGRADE_STATUS_LABEL)
        .is_some_and(|status| status.eq_ignore_ascii_case("Quarantined"))
}

/// Nodes that must be there: where the autoscaler may take some away between two reads, its floor; of Spot none, as Azure takes them
/// away (UPG-12).
fn least_nodes(pool: &NodePool) -> u64 {
    if pool.spot {
        return 0;
    }
    pool.autoscaler.map_or(pool.running(), |bounds| {
        bounds.min_count.min(pool.running())
    })
}

/// Whether a node's configuration is of type overlay, with this pod CIDR.
pub fn is_overlay_config(config: &NodeNetworkConfig, pod_cidr: &IpNet) -> bool {
    config.containers.iter().any(|container| {
        let kind = container.kind.as_deref().unwrap_or_default();
        kind.eq_ignore_ascii_case("overlay")
            && container
                .subnet_address_space
                .as_deref()
                .is_some_and(|space| space == pod_cidr.to_string())
    })
}

fn nodes_on_overlay(state: &KubernetesState, pod_cidr: &IpNet) -> Holding {
    let configs_read = state.has_kind("NodeNetworkConfig");
    let mut wrong = Vec::new();
    for node in machines(state) {
        if !is_labelled_overlay(node) {
            wrong.push(format!("{} does not carry the overlay label", node.name));
            continue;
        }
        if !configs_read {
            continue;
        }
        let config = state
            .node_network_configs
            .iter()
            .find(|config| config.name == node.name);
        let Some(config) = config else {
            wrong.push(format!("{} has no NodeNetworkConfig", node.name));
            continue;
        };
        if !is_overlay_config(config, pod_cidr) {
            wrong.push(format!(
                "the NodeNetworkConfig of {} is not of type overlay with {pod_cidr}",
                node.name
            ));
        }
    }
    if !wrong.is_empty() {
        return Holding::Fails(some(&wrong));
    }
    if configs_read {
        Holding::Holds
    } else {
        Holding::Unknown("NodeNetworkConfigs were not read, so only labels tell".to_string())
    }
}

fn pods_off(sight: Sight, state: &KubernetesState, pod_cidr: &IpNet) -> Holding {
    let subnets: Vec<&IpNet> = sight
        .inventory
        .subnets_of_cluster(sight.cluster)
        .into_iter()
        .flat_map(|index| sight.inventory.subnet(index).ipv4())
        .collect();
    let mut wrong = Vec::new();
    // A virtual node has no subnet of the cluster's and no pod CIDR: its pods have addresses of another service.
    let virtual_nodes: BTreeSet<&str> = state
        .nodes
        .iter()
        .filter(|node| is_virtual(node))
        .map(|node| node.name.as_str())
        .collect();
    let is_elsewhere = |pod: &Pod| {
        pod.node_name
            .as_deref()
            .is_some_and(|node| virtual_nodes.contains(node))
    };
    for pod in state
        .pods
        .iter()
        .filter(|pod| has_own_address(pod) && !is_elsewhere(pod))
    {
        for address in &pod.pod_ips {
            if !matches!(address, IpAddr::V4(_)) {
                continue;
            }
            if subnets.iter().any(|subnet| subnet.contains(address)) {
                wrong.push(format!(
                    "{}/{} has {address} of a node subnet",
                    pod.namespace, pod.name
                ));
            } else if !pod_cidr.contains(address) {
                wrong.push(format!(
                    "{}/{} has {address}, which is not in {pod_cidr}",
                    pod.namespace, pod.name
                ));
            }
        }
    }
    if wrong.is_empty() {
        Holding::Holds
    } else {
        Holding::Fails(some(&wrong))
    }
}

/// Not on the host network, and not over.
fn has_own_address(pod: &Pod) -> bool {
    !pod.host_network && !matches!(pod.phase.as_deref(), Some("Succeeded" | "Failed"))
}

fn addresses_returned(sight: Sight) -> Holding {
    let Some(baseline) = sight.baseline else {
        return Holding::Unknown(
            "addresses in use before the first write were not recorded".to_string(),
        );
    };
    let mut wrong = Vec::new();
    let mut unknown = Vec::new();
    for index in sight.inventory.subnets_of_cluster(sight.cluster) {
        let name = sight.inventory.subnet_name(index);
        let (Some(before), Some(now)) = (
            baseline.subnets.get(&name).copied(),
            sight.inventory.subnet(index).used,
        ) else {
            unknown.push(format!("addresses in use of {name} were not read"));
            continue;
        };
        let most = before.saturating_sub(baseline.returns.get(&name).copied().unwrap_or(0));
        if now > most {
            wrong.push(format!(
                "{name} holds {}, expected at most {most}",
                counted(now, "address", "addresses")
            ));
        }
    }
    if !wrong.is_empty() {
        Holding::Fails(some(&wrong))
    } else if unknown.is_empty() {
        Holding::Holds
    } else {
        Holding::Unknown(some(&unknown))
    }
}
