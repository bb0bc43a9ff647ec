//! One cluster's nodes and pods as dense numbers: what disruption, placement and simulation work on. Names are looked up once,
//! here, and never again in a loop. Decides nothing: no budget, no eviction, no placement.
//!
//! [`Population::of`] compiles it · [`selector`] says which labels a selector means · a [`Shape`] is what all pods of one template
//! have alike, so that whatever depends on labels, requests and constraints is worked out once for each shape and not for each pod.

mod compile;
mod owners;
pub mod selector;
mod shapes;

pub use compile::pool_label;
pub use selector::{Meaning, SelectorIndex};
pub use shapes::Shape;

use crate::model::workload::{Node, Pod};
use crate::model::{Cluster, KubernetesState};

macro_rules! dense {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// Position in its list.
            pub fn new(position: usize) -> Self {
                $name(u32::try_from(position).expect("a cluster holds fewer than 2^32 of anything: input is bounded"))
            }

            /// As a position.
            #[inline]
            pub fn at(self) -> usize {
                self.0 as usize
            }
        }
    };
}

dense! {
    /// A node: of [`Population::nodes`], or beyond them one that a simulation makes.
    NodeId
}
dense! {
    /// A pod of [`Population::pods`]. In a simulation a replacement takes over the number of the pod it replaces.
    PodId
}
dense! {
    /// A shape of [`Population::shapes`].
    ShapeId
}
dense! {
    /// A workload of [`Population::workloads`].
    WorkloadId
}
dense! {
    /// A budget, in the order of `KubernetesState::disruption_budgets`.
    BudgetId
}
dense! {
    /// A pool of [`Population::pools`].
    PoolId
}

/// A cluster's nodes and pods.
#[derive(Debug)]
pub struct Population<'a> {
    pub cluster: &'a Cluster,
    pub state: &'a KubernetesState,
    /// The cluster's pools in their order, then those that only labels of nodes name, sorted.
    pub pools: Vec<PoolFacts>,
    /// In the order of `state.nodes`.
    pub nodes: Vec<NodeFacts>,
    /// In the order of `state.pods`.
    pub pods: Vec<PodFacts>,
    /// In order of first appearance.
    pub shapes: Vec<Shape<'a>>,
    /// In order of first appearance.
    pub workloads: Vec<WorkloadFacts<'a>>,
}

/// A node pool as nodes tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolFacts {
    pub name: String,
    /// Position in the cluster's pools; `None`: only nodes name it.
    pub position: Option<usize>,
    /// Its nodes that were read, in order.
    pub nodes: Vec<NodeId>,
}

/// What a simulation asks of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeFacts {
    /// `None`: no pool's node, or no label says whose.
    pub pool: Option<PoolId>,
    /// Takes pods: not cordoned.
    pub schedulable: bool,
    pub ready: bool,
}

/// What a simulation asks of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodFacts {
    pub shape: ShapeId,
    /// Where it is bound; `None`: not scheduled, or to a node that was not read.
    pub node: Option<NodeId>,
    /// The outermost controller that was read or named; `None`: nobody's pod.
    pub workload: Option<WorkloadId>,
    pub phase: Phase,
    /// Its condition `Ready`.
    pub ready: bool,
    /// Has a `deletionTimestamp`.
    pub deleting: bool,
    /// A static pod.
    pub mirror: bool,
    /// Has an `emptyDir`.
    pub local_storage: bool,
    /// Seconds; Kubernetes's default is 30.
    pub grace_seconds: u32,
    /// Kind of its direct controller.
    pub controller: ControllerKind,
}

/// Whether and when a controller makes a pod anew that is being deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remade {
    /// It had finished, or its successor stands already.
    NotNeeded,
    /// Nobody does.
    Never,
    /// As soon as it is being deleted.
    AtOnce,
    /// When it is gone: its successor has the same name. Custom controllers are taken to be as careful.
    WhenGone,
}

impl PodFacts {
    /// `departing`: it was being deleted before anybody asked for it, as the pod that was read may be and none of its successors is.
    pub fn remade(&self, departing: bool) -> Remade {
        match self.controller {
            _ if self.phase.is_finished() => Remade::NotNeeded,
            ControllerKind::None | ControllerKind::Node | ControllerKind::DaemonSet => {
                Remade::Never
            }
            ControllerKind::ReplicaSet
            | ControllerKind::ReplicationController
            | ControllerKind::Job
                if departing =>
            {
                Remade::NotNeeded
            }
            ControllerKind::ReplicaSet
            | ControllerKind::ReplicationController
            | ControllerKind::Job => Remade::AtOnce,
            ControllerKind::StatefulSet | ControllerKind::Other => Remade::WhenGone,
        }
    }
}

/// `status.phase`. An unknown or absent phase counts as `Running`: nothing is evicted unasked because a word is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
}

impl Phase {
    /// Succeeded or failed: it holds no resources and waits to be removed.
    pub fn is_finished(self) -> bool {
        matches!(self, Phase::Succeeded | Phase::Failed)
    }
}

/// Kind of a pod's direct controller, as far as drains and replacements differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ControllerKind {
    /// No controller: evicted, it is gone for good.
    None,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
    DaemonSet,
    Job,
    /// The node itself: a static pod.
    Node,
    /// A custom controller.
    Other,
}

impl ControllerKind {
    pub fn from_word(kind: &str) -> Self {
        match kind {
            "ReplicaSet" => ControllerKind::ReplicaSet,
            "ReplicationController" => ControllerKind::ReplicationController,
            "StatefulSet" => ControllerKind::StatefulSet,
            "DaemonSet" => ControllerKind::DaemonSet,
            "Job" => ControllerKind::Job,
            "Node" => ControllerKind::Node,
            _ => ControllerKind::Other,
        }
    }
}

/// A controller whose pods count together: a Deployment, not each of its ReplicaSets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadFacts<'a> {
    pub namespace: &'a str,
    /// Kubernetes's own word: `Deployment`.
    pub kind: &'a str,
    pub name: &'a str,
    /// Position in `state.workloads`; `None`: pods name it, and it was not read.
    pub position: Option<usize>,
}

impl WorkloadFacts<'_> {
    /// `payments/api`, as people say it; the kind is shown where it matters.
    pub fn label(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

impl<'a> Population<'a> {
    pub fn node(&self, node: NodeId) -> &'a Node {
        &self.state.nodes[node.at()]
    }

    pub fn pod(&self, pod: PodId) -> &'a Pod {
        &self.state.pods[pod.at()]
    }

    pub fn shape_of(&self, pod: PodId) -> &Shape<'a> {
        &self.shapes[self.pods[pod.at()].shape.at()]
    }

    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId::new)
    }

    pub fn pod_ids(&self) -> impl Iterator<Item = PodId> + use<> {
        (0..self.pods.len()).map(PodId::new)
    }

    /// `namespace/name` of a pod.
    pub fn pod_name(&self, pod: PodId) -> String {
        let pod = self.pod(pod);
        format!("{}/{}", pod.namespace, pod.name)
    }

    /// `namespace/name` of a budget.
    pub fn budget_name(&self, budget: BudgetId) -> String {
        let budget = &self.state.disruption_budgets[budget.at()];
        format!("{}/{}", budget.namespace, budget.name)
    }

    /// Pods wanted of a workload now: the spec's number where there is one, else the controller's own count.
    pub fn desired(&self, workload: WorkloadId) -> Option<u64> {
        let position = self.workloads[workload.at()].position?;
        let workload = &self.state.workloads[position];
        workload.replicas.or(workload.desired)
    }
}
