//! What somebody wants to do to a cluster.

use super::cidr::IpNet;
use super::cluster::NodePool;

/// One change to one cluster. Several may be asked for at once; AKS then judges the state after all of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A pool that is not there yet. Boxed: a pool is many times larger than the other changes.
    AddPool(Box<NodePool>),
    RemovePool {
        pool: String,
    },
    /// To `count` nodes. On a pool with the autoscaler on, this is the step the autoscaler itself would take: no request to
    /// AKS, so no admission, only the scale set growing.
    Scale {
        pool: String,
        count: u64,
    },
    /// New autoscaler ceiling; `min_count` where it changes too.
    SetMaxCount {
        pool: String,
        max_count: u64,
        min_count: Option<u64>,
    },
    /// Kubernetes version, node image, or any change that reimages: nodes surge. `None`: the whole cluster.
    Upgrade {
        pool: Option<String>,
    },
    /// The one-way move to Azure CNI Overlay; all pools reimage at once (MIG-20).
    MigrateToOverlay {
        pod_cidr: Option<IpNet>,
    },
    /// A change of the cluster that reimages every node of every pool at once, in words: network policy, data plane (UPG-11).
    Reimage {
        what: String,
    },
    /// The cluster is made anew.
    Create,
    /// Any request that changes nothing here, such as an add-on: AKS still checks the whole cluster.
    Update,
    /// A property that the other variants do not cover, in words: `outbound type: loadBalancer → userDefinedRouting`.
    Other {
        what: String,
    },
}

impl Change {
    /// The kind, for machines.
    pub fn key(&self) -> &'static str {
        match self {
            Change::AddPool(_) => "add_nodepool",
            Change::RemovePool { .. } => "remove_nodepool",
            Change::Scale { .. } => "scale_nodepool",
            Change::SetMaxCount { .. } => "set_max_count",
            Change::Upgrade { pool: Some(_) } => "upgrade_nodepool",
            Change::Upgrade { pool: None } => "upgrade",
            Change::MigrateToOverlay { .. } => "migrate_overlay",
            Change::Reimage { .. } => "reimage",
            Change::Create => "create",
            Change::Update | Change::Other { .. } => "update",
        }
    }
}
