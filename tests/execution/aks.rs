//! AKS in memory: one cluster, its profile, its nodes reimaged one after the other as seconds pass, eTags that every change moves on.
//! Knows nothing of plans and journals.

use aksplan::execute::actuator::{ETags, Observed, Standing};
use aksplan::migrate::condition::OVERLAY_LABEL;
use aksplan::migrate::step::{Resource, Write};
use aksplan::model::workload::{
    DisruptionBudget, EndpointSlice, NetworkContainer, Node, NodeNetworkConfig, Owner, Pod,
    Selector, Workload,
};
use aksplan::model::{
    Addons, AutoUpgrade, Cluster, ClusterIndex, Identity, IntOrPercent, Inventory, IpNet,
    KubernetesState, KubernetesVersion, NetworkPlugin, NetworkProfile, NodePool, PoolMode,
    ResourceId, Subnet, SubnetIndex, VirtualNetwork, VnetIndex, parse_cidr,
};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

pub const CLUSTER_ID: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/prod";
pub const POD_CIDR: &str = "10.244.0.0/16";
/// Seconds that a node is drained, and that it is away.
const DRAINING: i64 = 7;
const AWAY: i64 = 6;
/// Seconds that a change of a pool's settings takes.
const SETTING: i64 = 4;

pub fn range(text: &str) -> IpNet {
    parse_cidr(text).expect("a prefix")
}

/// How an operation is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Succeeds,
    /// After so many nodes.
    Fails(usize),
}

#[derive(Debug, Clone)]
struct Operation {
    name: String,
    resource: Resource,
    /// Nodes still to come.
    nodes: Vec<String>,
    done: usize,
    /// Seconds into the node at hand, or into the setting.
    seconds: i64,
    fate: Fate,
    canceled: bool,
}

/// A write that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub digest: String,
    pub operation: String,
}

#[derive(Debug, Clone)]
pub struct Aks {
    pub now: i64,
    pub inventory: Inventory,
    version: u64,
    running: Option<Operation>,
    pub ended: BTreeMap<String, Standing>,
    pub accepted: Vec<Accepted>,
    /// Nodes reimaged, in order.
    pub reimaged: Vec<String>,
    /// How the next operations end; those not named succeed.
    pub fates: BTreeMap<usize, Fate>,
    /// Pods that a budget holds back, and until when.
    pub held: Option<(String, i64)>,
    /// What a failed operation leaves in the profile: the new value, or the old one again.
    pub rolls_back: bool,
    before: Option<NetworkProfile>,
}

pub fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + seconds).expect("an instant")
}

impl Aks {
    /// Two pools on classic Azure CNI; network policy as given.
    pub fn new(policy: Option<&str>) -> Self {
        let mut aks = Aks {
            now: 0,
            inventory: inventory(policy),
            version: 1,
            running: None,
            ended: BTreeMap::new(),
            accepted: Vec::new(),
            reimaged: Vec::new(),
            fates: BTreeMap::new(),
            held: None,
            rolls_back: false,
            before: None,
        };
        aks.count();
        aks
    }

    pub fn cluster(&self) -> &Cluster {
        &self.inventory.clusters[0]
    }

    pub fn cluster_mut(&mut self) -> &mut Cluster {
        &mut self.inventory.clusters[0]
    }

    pub fn state_mut(&mut self) -> &mut KubernetesState {
        self.cluster_mut()
            .kubernetes
            .as_mut()
            .map(std::sync::Arc::make_mut)
            .expect("objects")
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    pub fn e_tag(&self) -> String {
        format!("\"{}\"", self.version)
    }

    /// Somebody else changes something that no plan relies on.
    pub fn touch(&mut self) {
        self.version += 1;
    }

    /// Somebody else begins something that takes a while and changes nothing.
    pub fn begin_of_another(&mut self) {
        let name = format!("other-{}", self.now);
        self.begin(name, Resource::Cluster, Vec::new(), Fate::Succeeds);
    }

    pub fn observed(&self) -> Observed {
        let e_tag = self.e_tag();
        Observed {
            inventory: self.inventory.clone(),
            index: ClusterIndex::new(0),
            e_tags: ETags {
                cluster: Some(e_tag.clone()),
                pools: self
                    .cluster()
                    .pools
                    .iter()
                    .map(|pool| (pool.name.clone(), e_tag.clone()))
                    .collect(),
            },
            tenant: None,
            not_read: Vec::new(),
        }
    }

    /// Takes a write whose eTag was found right.
    pub fn accept(&mut self, write: &Write, digest: &str) -> String {
        assert!(self.running.is_none(), "asked only when nothing runs");
        self.before = Some(self.cluster().network.clone());
        for change in &write.changes {
            self.set(&write.resource, &change.path, &change.value);
        }
        let name = format!("operation-{}", self.accepted.len() + 1);
        let nodes = match write.resource {
            Resource::Cluster => self
                .cluster()
                .kubernetes
                .as_deref()
                .expect("objects")
                .nodes
                .iter()
                .map(|node| node.name.clone())
                .collect(),
            Resource::AgentPool(_) => Vec::new(),
        };
        let fate = self
            .fates
            .get(&self.accepted.len())
            .copied()
            .unwrap_or(Fate::Succeeds);
        self.accepted.push(Accepted {
            digest: digest.to_string(),
            operation: name.clone(),
        });
        self.begin(name.clone(), write.resource.clone(), nodes, fate);
        name
    }

    fn begin(&mut self, name: String, resource: Resource, nodes: Vec<String>, fate: Fate) {
        self.version += 1;
        match &resource {
            Resource::Cluster => {
                self.cluster_mut().provisioning_state = Some("Updating".to_string());
            }
            Resource::AgentPool(pool) => self.set_pool_state(pool.clone(), "Updating"),
        }
        self.running = Some(Operation {
            name,
            resource,
            nodes,
            done: 0,
            seconds: 0,
            fate,
            canceled: false,
        });
    }

    fn set_pool_state(&mut self, name: String, state: &str) {
        for pool in &mut self.cluster_mut().pools {
            if pool.name == name {
                pool.provisioning_state = Some(state.to_string());
            }
        }
    }

    fn set(&mut self, resource: &Resource, path: &str, value: &Value) {
        let cluster = &mut self.inventory.clusters[0];
        let text = value.as_str().map(str::to_string);
        match (resource, path) {
            (Resource::Cluster, "/properties/networkProfile/networkPolicy") => {
                cluster.network.policy = text.filter(|policy| policy != "none");
            }
            (Resource::Cluster, "/properties/networkProfile/networkDataplane") => {
                cluster.network.dataplane = text;
            }
            (Resource::Cluster, "/properties/networkProfile/networkPlugin") => {
                assert_eq!(text.as_deref(), Some("azure"));
                cluster.network.plugin = Some(NetworkPlugin::Azure);
            }
            (Resource::Cluster, "/properties/networkProfile/networkPluginMode") => {
                assert_eq!(text.as_deref(), Some("overlay"));
                cluster.network.overlay = true;
            }
            (Resource::Cluster, "/properties/networkProfile/podCidr") => {
                cluster.network.pod_cidrs = vec![range(&text.expect("a range"))];
            }
            (Resource::Cluster, "/properties/networkProfile/podCidrs") => {
                let ranges = value.as_array().expect("ranges");
                cluster.network.pod_cidrs = ranges
                    .iter()
                    .map(|text| range(text.as_str().expect("a range")))
                    .collect();
            }
            (Resource::AgentPool(name), path) => {
                let pool = cluster
                    .pools
                    .iter_mut()
                    .find(|pool| pool.name == *name)
                    .expect("a pool");
                match path {
                    "/properties/upgradeSettings/maxSurge" => {
                        pool.upgrade.max_surge =
                            text.map(|text| IntOrPercent::from_word(&text).expect("a surge"));
                    }
                    "/properties/upgradeSettings/drainTimeoutInMinutes" => {
                        pool.upgrade.drain_timeout_minutes =
                            value.as_u64().map(|minutes| minutes as u32);
                    }
                    other => panic!("nothing of these plans writes {other}"),
                }
            }
            (_, other) => panic!("nothing of these plans writes {other}"),
        }
    }

    /// `None`: nothing runs there.
    pub fn cancel(&mut self, resource: &Resource) -> Option<()> {
        self.running
            .as_mut()
            .filter(|operation| operation.resource == *resource)
            .map(|operation| operation.canceled = true)
    }

    pub fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.now += 1;
            self.second();
        }
    }

    fn second(&mut self) {
        let Some(mut operation) = self.running.take() else {
            return;
        };
        if operation.canceled {
            return self.end(&operation, "Canceled", "asked to");
        }
        operation.seconds += 1;
        if operation.fate == Fate::Fails(operation.done) && operation.seconds > 1 {
            return self.end(&operation, "Failed", "DrainFailed: a pod did not go");
        }
        let Some(name) = operation.nodes.first().cloned() else {
            if operation.seconds < SETTING {
                self.running = Some(operation);
            } else {
                self.end(&operation, "Succeeded", "");
            }
            return;
        };
        let holds = self
            .held
            .as_ref()
            .is_some_and(|(node, until)| *node == name && self.now < *until);
        if holds && operation.seconds >= DRAINING {
            operation.seconds = DRAINING - 1;
        }
        match operation.seconds {
            1 => self.node(&name).unschedulable = true,
            DRAINING => self.node(&name).ready = false,
            seconds if seconds == DRAINING + AWAY => {
                self.reimage(&name);
                operation.nodes.remove(0);
                operation.done += 1;
                operation.seconds = 0;
            }
            _ => {}
        }
        self.count();
        self.running = Some(operation);
    }

    fn node(&mut self, name: &str) -> &mut Node {
        self.state_mut()
            .nodes
            .iter_mut()
            .find(|node| node.name == name)
            .expect("a node")
    }

    fn reimage(&mut self, name: &str) {
        self.reimaged.push(name.to_string());
        let is_overlay = self.cluster().network.overlay;
        let cidr = self.cluster().network.pod_cidr_v4().copied();
        let now = instant(self.now);
        let node = self.node(name);
        node.unschedulable = false;
        node.ready = true;
        node.ready_changed_at = Some(now);
        if !is_overlay {
            return;
        }
        node.labels
            .insert(OVERLAY_LABEL.to_string(), "true".to_string());
        let state = self.state_mut();
        let position = state
            .nodes
            .iter()
            .position(|node| node.name == name)
            .expect("a node");
        for (number, pod) in state.pods.iter_mut().enumerate() {
            if pod.node_name.as_deref() == Some(name) && !pod.host_network {
                pod.pod_ips = vec![
                    format!("10.244.{position}.{}", number + 10)
                        .parse()
                        .expect("an address"),
                ];
            }
        }
        state
            .node_network_configs
            .retain(|config| config.name != name);
        state.node_network_configs.push(NodeNetworkConfig {
            namespace: "kube-system".to_string(),
            name: name.to_string(),
            containers: vec![NetworkContainer {
                kind: Some("overlay".to_string()),
                subnet_address_space: cidr.map(|cidr| cidr.to_string()),
                ..NetworkContainer::default()
            }],
            ..NodeNetworkConfig::default()
        });
    }

    fn end(&mut self, operation: &Operation, how: &str, why: &str) {
        self.version += 1;
        let standing = if how == "Succeeded" {
            Standing::Succeeded
        } else {
            Standing::Ended {
                status: how.to_string(),
                why: why.to_string(),
            }
        };
        self.ended.insert(operation.name.clone(), standing);
        if how != "Succeeded"
            && self.rolls_back
            && let Some(before) = self.before.take()
        {
            self.cluster_mut().network = before;
        }
        match &operation.resource {
            // An update that succeeds brings the pools with it.
            Resource::Cluster => {
                self.cluster_mut().provisioning_state = Some(how.to_string());
                if let Some(name) = operation.nodes.first().filter(|_| how != "Succeeded") {
                    let node = self.node(&name.clone());
                    node.unschedulable = false;
                    node.ready = true;
                }
            }
            Resource::AgentPool(pool) => self.set_pool_state(pool.clone(), how),
        }
        self.count();
    }

    /// What controllers and Azure count.
    fn count(&mut self) {
        let is_overlay_node = |node: &Node| node.labels.contains_key(OVERLAY_LABEL);
        let state = self.state_mut();
        let away: Vec<String> = state
            .nodes
            .iter()
            .filter(|node| !node.ready)
            .map(|node| node.name.clone())
            .collect();
        let mut used = 0;
        for node in &state.nodes {
            used += if is_overlay_node(node) { 1 } else { 31 };
        }
        let mut ready = 0;
        for pod in &mut state.pods {
            pod.ready = !away.contains(pod.node_name.as_ref().expect("bound"));
            ready += u64::from(pod.ready && !pod.host_network);
        }
        for workload in &mut state.workloads {
            workload.ready_replicas = Some(ready);
        }
        for slice in &mut state.endpoint_slices {
            slice.ready_endpoints = ready;
        }
        self.inventory.subnets[0].used = Some(used);
    }

    /// What must be the same at the end, however it was reached.
    pub fn end_state(&self) -> (NetworkProfile, Vec<NodePool>, Vec<(String, bool)>) {
        let nodes = self
            .cluster()
            .kubernetes
            .as_deref()
            .expect("objects")
            .nodes
            .iter();
        (
            self.cluster().network.clone(),
            self.cluster().pools.clone(),
            nodes
                .map(|node| (node.name.clone(), node.labels.contains_key(OVERLAY_LABEL)))
                .collect(),
        )
    }
}

fn inventory(policy: Option<&str>) -> Inventory {
    let subnet = SubnetIndex::new(0);
    let pool = |name: &str, mode: PoolMode, count: u64| NodePool {
        mode,
        subnet: Some(subnet),
        provisioning_state: Some("Succeeded".to_string()),
        kubernetes_version: KubernetesVersion::from_word("1.33.4"),
        ..NodePool::new(name, count, 30)
    };
    let id = ResourceId::new(CLUSTER_ID);
    let mut cluster: Cluster =
        serde_json::from_value(serde_json::json!({ "name": "prod" })).expect("a cluster");
    cluster.id = Some(id);
    cluster.resource_group = Some("shop".to_string());
    cluster.kubernetes_version = KubernetesVersion::from_word("1.33.4");
    cluster.provisioning_state = Some("Succeeded".to_string());
    cluster.power_state = Some("Running".to_string());
    cluster.auto_upgrade = AutoUpgrade::default();
    cluster.addons = Addons::default();
    cluster.identity = Identity::UserAssigned;
    cluster.maintenance = Some(Vec::new());
    cluster.network = NetworkProfile {
        plugin: Some(NetworkPlugin::Azure),
        dataplane: Some("azure".to_string()),
        policy: policy.map(str::to_string),
        service_cidrs: vec![range("10.2.0.0/24")],
        ..NetworkProfile::default()
    };
    cluster.pools = vec![
        pool("system", PoolMode::System, 1),
        pool("apps", PoolMode::User, 2),
    ];
    cluster.kubernetes = Some(std::sync::Arc::new(objects()));
    Inventory {
        observed_at: Some(instant(0)),
        vnets: vec![VirtualNetwork {
            told_apart: None,
            id: None,
            name: "spoke".to_string(),
            resource_group: None,
            address_space: vec![range("10.0.0.0/16")],
            peerings: Vec::new(),
            provisioning_state: None,
        }],
        subnets: vec![Subnet {
            vnet: VnetIndex::new(0),
            id: None,
            name: "nodes".to_string(),
            prefixes: vec![range("10.0.0.0/22")],
            delegations: Vec::new(),
            used: None,
            holders: None,
            private_endpoints: 0,
            foreign: None,
            route_table: None,
            nat_gateway: None,
            security_group: None,
            addresses: Vec::new(),
            assumed: false,
        }],
        clusters: vec![cluster],
        ..Inventory::default()
    }
}

fn objects() -> KubernetesState {
    let names = [
        ("system-0", "system"),
        ("apps-0", "apps"),
        ("apps-1", "apps"),
    ];
    let labels = BTreeMap::from([("app".to_string(), "web".to_string())]);
    let pod = |number: usize, node: &str, host_network: bool| Pod {
        namespace: "shop".to_string(),
        name: format!("{}-{number}", if host_network { "agent" } else { "web" }),
        labels: Arc::new(if host_network {
            BTreeMap::new()
        } else {
            labels.clone()
        }),
        owner: Some(Arc::new(Owner {
            kind: if host_network {
                "DaemonSet"
            } else {
                "Deployment"
            }
            .to_string(),
            name: "web".to_string(),
            uid: None,
        })),
        node_name: Some(node.to_string()),
        phase: Some("Running".to_string()),
        host_network,
        pod_ips: vec![
            format!("10.0.0.{}", 10 + number)
                .parse()
                .expect("an address"),
        ],
        ready: true,
        ..Pod::default()
    };
    let mut pods = Vec::new();
    for (number, (node, _)) in names.iter().enumerate() {
        pods.push(pod(2 * number, node, false));
        pods.push(pod(2 * number + 1, node, true));
    }
    KubernetesState {
        nodes: names
            .iter()
            .map(|(name, pool)| Node {
                name: name.to_string(),
                labels: BTreeMap::from([("agentpool".to_string(), pool.to_string())]),
                ready: true,
                ready_changed_at: Some(instant(-1000)),
                ..Node::default()
            })
            .collect(),
        pods,
        disruption_budgets: vec![DisruptionBudget {
            namespace: "shop".to_string(),
            name: "web".to_string(),
            selector: Some(Selector {
                match_labels: labels,
                ..Selector::default()
            }),
            max_unavailable: Some(IntOrPercent::Int(1)),
            disruptions_allowed: Some(1),
            current_healthy: Some(3),
            desired_healthy: Some(2),
            expected_pods: Some(3),
            ..DisruptionBudget::default()
        }],
        workloads: vec![Workload {
            kind: "Deployment".to_string(),
            namespace: "shop".to_string(),
            name: "web".to_string(),
            replicas: Some(3),
            desired: Some(3),
            ready_replicas: Some(3),
            ..Workload::default()
        }],
        endpoint_slices: vec![EndpointSlice {
            namespace: "shop".to_string(),
            name: "web-x".to_string(),
            service: Some("web".to_string()),
            endpoints: 3,
            ready_endpoints: 3,
            ..EndpointSlice::default()
        }],
        kinds: [
            "Node",
            "Pod",
            "PodDisruptionBudget",
            "Deployment",
            "StatefulSet",
            "DaemonSet",
            "ReplicaSet",
            "Service",
            "EndpointSlice",
            "ConfigMap",
            "NodeNetworkConfig",
        ]
        .map(str::to_string)
        .to_vec(),
        ..KubernetesState::default()
    }
}
