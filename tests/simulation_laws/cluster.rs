//! Random clusters that are tiny and full of odd corners: what a law is tried on. Says how a cluster looks, and nothing of what
//! happens to it.

use aksplan::model::workload::{
    DisruptionBudget, Node, Owner, Placement, Pod, PodAffinityTerm, Resources, Selector,
    SelectorRequirement, Taint, Toleration, TopologySpread, Workload,
};
use aksplan::model::{
    Autoscaler, Cluster, Identity, IntOrPercent, Inventory, KubernetesState, KubernetesVersion,
    NetworkPlugin, NetworkProfile, NodePool, PoolMode, Subnet, SubnetIndex, VirtualNetwork,
    VnetIndex, parse_cidr,
};
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::sync::Arc;

pub const HOSTNAME: &str = "kubernetes.io/hostname";
pub const ZONE: &str = "topology.kubernetes.io/zone";
const TAINT: &str = "only";

/// A cluster as the generator thinks of it: small numbers, so that a failing case can be read.
#[derive(Debug, Clone)]
pub struct Tiny {
    /// `kubenet`, `classic` or `overlay`.
    pub mode: &'static str,
    /// Kubernetes 1.35, where surge falls back (UPG-6).
    pub is_new: bool,
    /// Length of the node subnet's prefix.
    pub subnet: u8,
    pub pools: Vec<TinyPool>,
    pub nodes: Vec<TinyNode>,
    pub apps: Vec<App>,
    pub budgets: Vec<TinyBudget>,
}

#[derive(Debug, Clone)]
pub struct TinyPool {
    pub system: bool,
    pub spot: bool,
    pub max_surge: Option<IntOrPercent>,
    pub max_unavailable: Option<IntOrPercent>,
    pub cordon: bool,
    pub soak: u32,
    pub drain_timeout: u32,
    /// Nodes the autoscaler may add.
    pub grows: Option<u64>,
    pub tainted: bool,
}

#[derive(Debug, Clone)]
pub struct TinyNode {
    /// Any number: taken modulo the number of pools, as all indices here.
    pub pool: usize,
    /// 0: no zone.
    pub zone: u8,
    pub cordoned: bool,
    pub broken: bool,
    pub cpu: u64,
    pub pods: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Deployment,
    /// A ReplicaSet without a Deployment.
    ReplicaSet,
    Ordered,
    Parallel,
    Daemon,
    Job,
    Bare,
    /// A static pod.
    Mirror,
    /// A custom controller whose objects were not given a scale.
    Custom,
}

#[derive(Debug, Clone)]
pub struct App {
    pub kind: Kind,
    pub tier: usize,
    pub second_namespace: bool,
    pub cpu: u64,
    pub apart: Option<bool>,
    pub spread: Option<u64>,
    pub tolerates: bool,
    pub only_pool: Option<usize>,
    pub grace: Option<u64>,
    pub empty_dir: bool,
    /// Seconds its ready pods took to start; `None`: not to be seen.
    pub start: Option<i64>,
    pub pods: Vec<(usize, State)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Ready,
    /// Not ready for long.
    Broken,
    /// Young and not ready.
    Young,
    /// Bound, in phase Pending.
    PendingBound,
    /// Not scheduled.
    Pending,
    Succeeded,
    Failed,
    /// Ready, with a deletionTimestamp.
    Leaving,
}

#[derive(Debug, Clone)]
pub struct TinyBudget {
    pub second_namespace: bool,
    pub selects: Selects,
    pub rule: Rule,
    pub always_allow: Option<bool>,
    pub stale: bool,
}

#[derive(Debug, Clone)]
pub enum Selects {
    Nil,
    Everything,
    App(usize),
    Tier(usize),
    NotTier(usize),
    HasTier,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    MinAvailable(IntOrPercent),
    MaxUnavailable(IntOrPercent),
}

fn int_or_percent() -> impl Strategy<Value = IntOrPercent> {
    prop_oneof![
        3 => (0u64..4).prop_map(IntOrPercent::Int),
        1 => select(vec![0u64, 1, 34, 50, 99, 100]).prop_map(IntOrPercent::Percent),
    ]
}

fn pools() -> impl Strategy<Value = Vec<TinyPool>> {
    let pool = (
        (any::<bool>(), prop::bool::weighted(0.1)),
        (option::of(int_or_percent()), option::of(int_or_percent())),
        any::<bool>(),
        0u32..3,
        1u32..8,
        option::weighted(0.25, 0u64..3),
        prop::bool::weighted(0.1),
    )
        .prop_map(
            |(
                (system, spot),
                (max_surge, max_unavailable),
                cordon,
                soak,
                drain_timeout,
                grows,
                tainted,
            )| {
                TinyPool {
                    system: system && !spot,
                    spot,
                    max_surge,
                    max_unavailable,
                    cordon,
                    soak,
                    drain_timeout,
                    grows,
                    tainted,
                }
            },
        );
    vec(pool, 1..=3)
}

fn nodes() -> impl Strategy<Value = Vec<TinyNode>> {
    let node = (
        0usize..3,
        0u8..3,
        prop::bool::weighted(0.08),
        prop::bool::weighted(0.05),
        2u64..9,
        2u64..10,
    )
        .prop_map(|(pool, zone, cordoned, broken, cpu, pods)| TinyNode {
            pool,
            zone,
            cordoned,
            broken,
            cpu,
            pods,
        });
    vec(node, 2..=6)
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![
        14 => Just(State::Ready),
        1 => Just(State::Broken),
        1 => Just(State::Young),
        1 => Just(State::PendingBound),
        1 => Just(State::Pending),
        1 => Just(State::Succeeded),
        1 => Just(State::Failed),
        1 => Just(State::Leaving),
    ]
}

pub fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        6 => Just(Kind::Deployment),
        1 => Just(Kind::ReplicaSet),
        3 => Just(Kind::Ordered),
        2 => Just(Kind::Parallel),
        1 => Just(Kind::Daemon),
        1 => Just(Kind::Job),
        1 => Just(Kind::Bare),
        1 => Just(Kind::Mirror),
        1 => Just(Kind::Custom),
    ]
}

fn app() -> impl Strategy<Value = App> {
    (
        (kinds(), 0usize..2, prop::bool::weighted(0.15)),
        0u64..4,
        option::weighted(0.25, any::<bool>()),
        option::weighted(0.15, 1u64..3),
        (any::<bool>(), option::weighted(0.1, 0usize..3)),
        option::of(select(vec![0u64, 1, 10, 60, 300])),
        prop::bool::weighted(0.15),
        option::of(select(vec![1i64, 7, 40, 300])),
        vec((0usize..6, state()), 1..=4),
    )
        .prop_map(
            |(
                (kind, tier, second_namespace),
                cpu,
                apart,
                spread,
                (tolerates, only_pool),
                grace,
                empty_dir,
                start,
                pods,
            )| App {
                kind,
                tier,
                second_namespace,
                cpu,
                apart,
                spread,
                tolerates,
                only_pool,
                grace,
                empty_dir,
                start,
                pods,
            },
        )
}

pub fn budget() -> impl Strategy<Value = TinyBudget> {
    let selects = prop_oneof![
        1 => Just(Selects::Nil),
        2 => Just(Selects::Everything),
        8 => (0usize..4).prop_map(Selects::App),
        3 => (0usize..2).prop_map(Selects::Tier),
        1 => (0usize..2).prop_map(Selects::NotTier),
        1 => Just(Selects::HasTier),
    ];
    let rule = (any::<bool>(), int_or_percent()).prop_map(|(min, amount)| {
        if min {
            Rule::MinAvailable(amount)
        } else {
            Rule::MaxUnavailable(amount)
        }
    });
    (
        prop::bool::weighted(0.15),
        selects,
        rule,
        option::weighted(0.4, any::<bool>()),
        prop::bool::weighted(0.08),
    )
        .prop_map(
            |(second_namespace, selects, rule, always_allow, stale)| TinyBudget {
                second_namespace,
                selects,
                rule,
                always_allow,
                stale,
            },
        )
}

/// Clusters of every kind.
pub fn tiny() -> impl Strategy<Value = Tiny> {
    (
        select(vec!["kubenet", "classic", "overlay"]),
        any::<bool>(),
        23u8..28,
        pools(),
        nodes(),
        vec(app(), 1..=4),
        vec(budget(), 0..=4),
    )
        .prop_map(|(mode, is_new, subnet, pools, nodes, mut apps, budgets)| {
            // At most twelve pods.
            let mut left = 12;
            for app in &mut apps {
                app.pods.truncate(left);
                left -= app.pods.len();
            }
            apps.retain(|app| !app.pods.is_empty());
            Tiny {
                mode,
                is_new,
                subnet,
                pools,
                nodes,
                apps,
                budgets,
            }
        })
}

fn namespace(second: bool) -> String {
    if second { "back" } else { "front" }.to_string()
}

fn instant(seconds: i64) -> Timestamp {
    let base: Timestamp = "2026-06-01T00:00:00Z".parse().expect("an instant");
    base + SignedDuration::from_secs(seconds)
}

impl Tiny {
    pub fn pool_of(&self, node: usize) -> usize {
        self.nodes[node].pool % self.pools.len()
    }

    fn pool_name(&self, pool: usize) -> String {
        format!("pool{pool}")
    }

    fn node_name(&self, node: usize) -> String {
        format!("node{node}")
    }

    /// The cluster in an inventory of one VNet, and what Kubernetes says of it.
    pub fn inventory(&self) -> (Inventory, KubernetesState) {
        let subnet = SubnetIndex::new(0);
        let pools = self
            .pools
            .iter()
            .enumerate()
            .map(|(position, tiny)| self.pool(position, tiny, subnet))
            .collect();
        let cidrs = |word: &str| vec![parse_cidr(word).expect("a prefix")];
        let cluster = Cluster {
            told_apart: None,
            id: None,
            name: "tiny".to_string(),
            resource_group: None,
            node_resource_group: None,
            kubernetes_version: KubernetesVersion::from_word(if self.is_new {
                "1.35.1"
            } else {
                "1.34.1"
            }),
            provisioning_state: None,
            power_state: None,
            auto_upgrade: aksplan::model::AutoUpgrade::default(),
            network: NetworkProfile {
                plugin: Some(match self.mode {
                    "kubenet" => NetworkPlugin::Kubenet,
                    _ => NetworkPlugin::Azure,
                }),
                overlay: self.mode == "overlay",
                pod_cidrs: match self.mode {
                    "classic" => Vec::new(),
                    _ => cidrs("10.244.0.0/20"),
                },
                ..NetworkProfile::default()
            },
            pools,
            private_cluster: false,
            api_server_vnet_integration: false,
            node_auto_provisioning: false,
            identity: Identity::default(),
            tenant: None,
            node_disruption_policy: None,
            ingress_application_gateway: false,
            addons: aksplan::model::Addons::default(),
            profiles: aksplan::model::Profiles::default(),
            maintenance: None,
            kubernetes: None,
        };
        let inventory = Inventory {
            vnets: vec![VirtualNetwork {
                told_apart: None,
                id: None,
                name: "vnet".to_string(),
                resource_group: None,
                address_space: cidrs("10.0.0.0/16"),
                peerings: Vec::new(),
                provisioning_state: None,
            }],
            subnets: vec![Subnet {
                vnet: VnetIndex::new(0),
                id: None,
                name: "nodes".to_string(),
                prefixes: cidrs(&format!("10.0.0.0/{}", self.subnet)),
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
        };
        (inventory, self.state())
    }

    fn pool(&self, position: usize, tiny: &TinyPool, subnet: SubnetIndex) -> NodePool {
        let count = (0..self.nodes.len())
            .filter(|node| self.pool_of(*node) == position)
            .count() as u64;
        let mut pool = NodePool::new(self.pool_name(position), count, 12);
        pool.subnet = Some(subnet);
        pool.spot = tiny.spot;
        pool.mode = if tiny.system {
            PoolMode::System
        } else {
            PoolMode::User
        };
        pool.autoscaler = tiny
            .grows
            .and_then(|grows| Autoscaler::new(0, count + grows));
        pool.upgrade.max_surge = tiny.max_surge;
        pool.upgrade.max_unavailable = tiny.max_unavailable;
        pool.upgrade.drain_timeout_minutes = Some(tiny.drain_timeout);
        pool.upgrade.node_soak_minutes = Some(tiny.soak);
        pool.upgrade.undrainable_node_behavior =
            Some(if tiny.cordon { "Cordon" } else { "Schedule" }.to_string());
        pool
    }

    fn state(&self) -> KubernetesState {
        let mut state = KubernetesState {
            nodes: (0..self.nodes.len()).map(|node| self.node(node)).collect(),
            disruption_budgets: self
                .budgets
                .iter()
                .enumerate()
                .map(|(position, budget)| budget.object(position))
                .collect(),
            kinds: [
                "Node",
                "Pod",
                "PodDisruptionBudget",
                "Deployment",
                "ReplicaSet",
                "StatefulSet",
                "DaemonSet",
                "Job",
                "Widget",
            ]
            .map(String::from)
            .to_vec(),
            ..KubernetesState::default()
        };
        for (position, app) in self.apps.iter().enumerate() {
            self.add(position, app, &mut state);
        }
        // Its grace ends a second after the youngest thing that was seen.
        let instants = state
            .pods
            .iter()
            .flat_map(|pod| [pod.created_at, pod.ready_changed_at]);
        if let Some(newest) = instants.flatten().max() {
            for pod in &mut state.pods {
                if pod.deleting_at.is_some() {
                    pod.deleting_at = Some(newest + SignedDuration::from_secs(1));
                }
            }
        }
        state
    }

    fn node(&self, position: usize) -> Node {
        let tiny = &self.nodes[position];
        let pool = self.pool_of(position);
        let name = self.node_name(position);
        let mut labels = BTreeMap::from([
            (
                "kubernetes.azure.com/agentpool".to_string(),
                self.pool_name(pool),
            ),
            (HOSTNAME.to_string(), name.clone()),
        ]);
        if tiny.zone > 0 {
            labels.insert(ZONE.to_string(), format!("zone{}", tiny.zone));
        }
        Node {
            name,
            labels,
            unschedulable: tiny.cordoned,
            ready: !tiny.broken,
            taints: self.pools[pool]
                .tainted
                .then(|| Taint {
                    key: TAINT.to_string(),
                    value: Some("these".to_string()),
                    effect: "NoSchedule".to_string(),
                })
                .into_iter()
                .collect(),
            allocatable: Resources {
                cpu_millis: tiny.cpu * 100,
                memory: 1 << 30,
                other: BTreeMap::from([("pods".to_string(), tiny.pods)]),
            },
            created_at: Some(instant(-100_000)),
            ..Node::default()
        }
    }

    fn add(&self, position: usize, app: &App, state: &mut KubernetesState) {
        let name = format!("app{position}");
        let in_namespace = namespace(app.second_namespace);
        let replicas = app.pods.len() as u64;
        let workload = |kind: &str, name: &str| Workload {
            kind: kind.to_string(),
            namespace: in_namespace.clone(),
            name: name.to_string(),
            desired: Some(replicas),
            ..Workload::default()
        };
        let owner = |kind: &str, name: &str| Owner {
            kind: kind.to_string(),
            name: name.to_string(),
            uid: None,
        };
        let direct = match app.kind {
            Kind::Deployment => {
                let set = format!("{name}-5d4f");
                state.workloads.push(Workload {
                    replicas: Some(replicas),
                    ..workload("Deployment", &name)
                });
                state.workloads.push(Workload {
                    replicas: Some(replicas),
                    owner: Some(owner("Deployment", &name)),
                    ..workload("ReplicaSet", &set)
                });
                Some(owner("ReplicaSet", &set))
            }
            Kind::ReplicaSet => {
                state.workloads.push(Workload {
                    replicas: Some(replicas),
                    ..workload("ReplicaSet", &name)
                });
                Some(owner("ReplicaSet", &name))
            }
            Kind::Ordered | Kind::Parallel => {
                state.workloads.push(Workload {
                    replicas: Some(replicas),
                    pod_management_policy: Some(
                        if app.kind == Kind::Parallel {
                            "Parallel"
                        } else {
                            "OrderedReady"
                        }
                        .to_string(),
                    ),
                    ..workload("StatefulSet", &name)
                });
                Some(owner("StatefulSet", &name))
            }
            Kind::Daemon => {
                state.workloads.push(workload("DaemonSet", &name));
                Some(owner("DaemonSet", &name))
            }
            Kind::Job => {
                state.workloads.push(workload("Job", &name));
                Some(owner("Job", &name))
            }
            Kind::Custom => {
                state.workloads.push(workload("Widget", &name));
                Some(owner("Widget", &name))
            }
            Kind::Bare => None,
            Kind::Mirror => Some(owner("Node", "node0")),
        };
        let labels = Arc::new(BTreeMap::from([
            ("app".to_string(), name.clone()),
            ("tier".to_string(), format!("tier{}", app.tier)),
            // No selector looks at it.
            ("build".to_string(), position.to_string()),
        ]));
        let placement = Arc::new(self.placement(app, &name));
        let direct = direct.map(Arc::new);
        for (ordinal, (node, was)) in app.pods.iter().enumerate() {
            let node = match app.kind {
                // A node has one of each DaemonSet; more than nodes wrap around, which does no harm.
                Kind::Daemon | Kind::Mirror => ordinal % self.nodes.len(),
                _ => *node % self.nodes.len(),
            };
            let was = match (app.kind, was) {
                (Kind::Daemon | Kind::Mirror, State::Pending) => State::Ready,
                // A StatefulSet replaces a finished pod within a second.
                (Kind::Ordered | Kind::Parallel, State::Succeeded | State::Failed) => State::Ready,
                (_, was) => *was,
            };
            state.pods.push(Pod {
                namespace: in_namespace.clone(),
                name: format!("{name}-{ordinal}"),
                labels: Arc::clone(&labels),
                owner: direct.clone(),
                mirror: app.kind == Kind::Mirror,
                local_storage: app.empty_dir,
                requests: Resources {
                    cpu_millis: app.cpu * 100,
                    ..Resources::default()
                },
                placement: Some(Arc::clone(&placement)),
                termination_grace_seconds: app.grace,
                ..was.pod(self.node_name(node), app.start)
            });
        }
    }

    fn placement(&self, app: &App, name: &str) -> Placement {
        let own = Selector {
            match_labels: BTreeMap::from([("app".to_string(), name.to_string())]),
            ..Selector::default()
        };
        Placement {
            node_selector: app
                .only_pool
                .map(|pool| {
                    (
                        "kubernetes.azure.com/agentpool".to_string(),
                        self.pool_name(pool % self.pools.len()),
                    )
                })
                .into_iter()
                .collect(),
            pod_anti_affinity: app
                .apart
                .map(|by_zone| PodAffinityTerm {
                    topology_key: if by_zone { ZONE } else { HOSTNAME }.to_string(),
                    selector: Some(own.clone()),
                    ..PodAffinityTerm::default()
                })
                .into_iter()
                .collect(),
            topology_spread: app
                .spread
                .map(|max_skew| TopologySpread {
                    max_skew,
                    topology_key: ZONE.to_string(),
                    selector: Some(own.clone()),
                    ..TopologySpread::default()
                })
                .into_iter()
                .collect(),
            tolerations: app
                .tolerates
                .then(|| Toleration {
                    key: Some(TAINT.to_string()),
                    operator: Some("Exists".to_string()),
                    ..Toleration::default()
                })
                .into_iter()
                .collect(),
            ..Placement::default()
        }
    }
}

impl State {
    fn pod(self, node: String, start: Option<i64>) -> Pod {
        let node_name = (self != State::Pending).then_some(node);
        let phase = match self {
            State::Pending | State::PendingBound => "Pending",
            State::Succeeded => "Succeeded",
            State::Failed => "Failed",
            _ => "Running",
        };
        let young = matches!(self, State::Young | State::PendingBound);
        Pod {
            node_name,
            phase: Some(phase.to_string()),
            ready: matches!(self, State::Ready | State::Leaving),
            created_at: Some(instant(if young { 3_590 } else { 0 })),
            ready_changed_at: match self {
                State::Ready | State::Leaving => start.map(instant),
                // It became so an hour after it was made.
                State::Broken => Some(instant(3_600)),
                _ => None,
            },
            // Later than anything else: it has all of its grace.
            deleting_at: (self == State::Leaving).then(|| instant(10_000)),
            ..Pod::default()
        }
    }
}

impl TinyBudget {
    fn object(&self, position: usize) -> DisruptionBudget {
        let label = |key: &str, value: String| Selector {
            match_labels: BTreeMap::from([(key.to_string(), value)]),
            ..Selector::default()
        };
        let expression = |operator: &str, values: Vec<String>| Selector {
            match_expressions: vec![SelectorRequirement {
                key: "tier".to_string(),
                operator: operator.to_string(),
                values,
            }],
            ..Selector::default()
        };
        let (min_available, max_unavailable) = match self.rule {
            Rule::MinAvailable(amount) => (Some(amount), None),
            Rule::MaxUnavailable(amount) => (None, Some(amount)),
        };
        DisruptionBudget {
            namespace: namespace(self.second_namespace),
            name: format!("budget{position}"),
            selector: match &self.selects {
                Selects::Nil => None,
                Selects::Everything => Some(Selector::default()),
                Selects::App(app) => Some(label("app", format!("app{app}"))),
                Selects::Tier(tier) => Some(label("tier", format!("tier{tier}"))),
                Selects::NotTier(tier) => Some(expression("NotIn", vec![format!("tier{tier}")])),
                Selects::HasTier => Some(expression("Exists", Vec::new())),
            },
            min_available,
            max_unavailable,
            unhealthy_pod_eviction_policy: self.always_allow.map(|always| {
                if always {
                    "AlwaysAllow"
                } else {
                    "IfHealthyBudget"
                }
                .to_string()
            }),
            generation: Some(2),
            observed_generation: Some(if self.stale { 1 } else { 2 }),
            ..DisruptionBudget::default()
        }
    }
}
