//! Where a pod may run: the hard constraints, in the words of its spec. Preferences (`preferred…`, `ScheduleAnyway`) are not kept:
//! they never keep a pod from a node.

use super::{Labels, Selector};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The hard constraints of one pod.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Placement {
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub node_selector: Labels,
    /// Required node affinity: one of these terms must match; empty means no demand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub node_affinity: Vec<NodeSelectorTerm>,
    /// Required pod affinity: all of these must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pod_affinity: Vec<PodAffinityTerm>,
    /// Required pod anti-affinity: none of these may match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pod_anti_affinity: Vec<PodAffinityTerm>,
    /// Topology spread with `DoNotSchedule`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topology_spread: Vec<TopologySpread>,
    /// Without the two that the API server gives to every pod (`node.kubernetes.io/not-ready` and `…/unreachable`, `NoExecute`,
    /// for a while): those keep a pod on a node that went bad and let it on no other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
    /// Another scheduler than `default-scheduler`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<String>,
    /// `spec.schedulingGates` are set: it is not scheduled at all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub gated: bool,
}

/// Requirements on a node that must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NodeSelectorTerm {
    /// On labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<NodeSelectorRequirement>,
    /// On fields; Kubernetes knows `metadata.name`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_fields: Vec<NodeSelectorRequirement>,
}

/// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NodeSelectorRequirement {
    pub key: String,
    pub operator: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// Pods that must, or must not, be in the same topology domain.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PodAffinityTerm {
    pub topology_key: String,
    /// `None` matches no pod. `matchLabelKeys` are in it already: the API server writes them there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<Selector>,
    /// With no `namespace_selector`, empty means the pod's own namespace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// An empty selector means every namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<Selector>,
}

/// A hard topology spread constraint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TopologySpread {
    pub max_skew: u64,
    pub topology_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<Selector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_domains: Option<u64>,
    /// `Honor` when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_affinity_policy: Option<String>,
    /// `Ignore` when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_taints_policy: Option<String>,
    /// Labels whose values of the pod itself join the selector.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_label_keys: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Toleration {
    /// `None`, with `Exists`: every key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// `Equal` when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `None`: every effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// Of `NoExecute`: for how long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
}

impl Toleration {
    /// As the scheduler has it: what is not said, or empty, holds for everything; `Equal` compares values, `Exists` does not.
    pub fn tolerates(&self, key: &str, value: &str, effect: &str) -> bool {
        let said = |word: &Option<String>, have: &str| {
            word.as_deref()
                .is_none_or(|word| word.is_empty() || word == have)
        };
        said(&self.effect, effect)
            && said(&self.key, key)
            && match self.operator.as_deref().unwrap_or_default() {
                "" | "Equal" => self.value.as_deref().unwrap_or_default() == value,
                "Exists" => true,
                _ => false,
            }
    }
}
