//! What a plan does to one cluster or pool, where the two states beside each other do not tell: that something is replaced, or
//! cycled through a temporary pool, looks like an update in place.

use super::cluster::Cluster;
use super::network::ResourceId;
use serde::Serialize;

/// One action of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanStep {
    pub kind: StepKind,
    /// The cluster as it is.
    pub cluster: ResourceId,
    /// The cluster as it will be; `None` where it is deleted, or not known before apply. For a pool: the one it will be in.
    pub cluster_after: Option<ResourceId>,
    /// `None`: the step is the cluster's own.
    pub pool: Option<PoolStep>,
    /// Attributes that force it, as `default_node_pool[0].vm_size`; empty where something else does.
    pub because: Vec<String>,
    /// The same in words: `location cannot change in place`.
    pub why: String,
}

/// The pool of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PoolStep {
    pub name: String,
    /// `None` where it is deleted.
    pub name_after: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum StepKind {
    /// In place.
    Update,
    /// `create_before_destroy`: both are there for a while.
    Replace {
        create_before_destroy: bool,
    },
    Delete,
    /// In place for the user; underneath, a temporary pool of the same size stands in while the pool is made anew.
    Rotate {
        temporary_name: String,
    },
}

/// Whether an id is this cluster's. A cluster that was read without an id goes by its names.
pub fn is_cluster(id: &ResourceId, cluster: &Cluster) -> bool {
    match (&cluster.id, &cluster.resource_group) {
        (Some(known), _) => known == id,
        (None, Some(group)) => {
            id.name().eq_ignore_ascii_case(&cluster.name)
                && id
                    .resource_group()
                    .is_some_and(|known| known.eq_ignore_ascii_case(group))
        }
        (None, None) => id.name().eq_ignore_ascii_case(&cluster.name),
    }
}

impl PlanStep {
    /// The cluster itself is made anew.
    pub fn replaces_cluster(&self) -> bool {
        self.pool.is_none() && matches!(self.kind, StepKind::Replace { .. })
    }

    pub fn deletes_cluster(&self) -> bool {
        self.pool.is_none() && self.kind == StepKind::Delete
    }
}
