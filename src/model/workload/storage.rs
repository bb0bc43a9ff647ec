//! Volumes, and the nodes that can reach them. Holds no handle and no parameter of a volume: those may carry credentials.

use super::NodeSelectorTerm;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PersistentVolume {
    pub name: String,
    /// CSI driver (`disk.csi.azure.com`), or the name of the source built into Kubernetes (`azureDisk`, `nfs`, `local`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Namespace and name of the claim that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// `ReadWriteOnce`, `ReadWriteMany`, `ReadOnlyMany`, `ReadWriteOncePod`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub access_modes: Vec<String>,
    /// Nodes that can reach it: one of these terms must match; empty means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub node_affinity: Vec<NodeSelectorTerm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PersistentVolumeClaim {
    pub namespace: String,
    pub name: String,
    /// The volume it is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub access_modes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
}

/// What a node's volume drivers can attach; named after the node.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CsiNode {
    pub name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drivers: Vec<AttachLimit>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AttachLimit {
    pub driver: String,
    /// Volumes at a time; `None`: no limit is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
}
