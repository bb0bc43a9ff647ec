//! The hard constraints on where a pod runs. Preferences are not parsed.

use super::pod::PodSpec;
use super::wire::{WireRequirement, WireSelector, or_default};
use crate::model::workload::{
    NodeSelectorRequirement, NodeSelectorTerm, Placement, PodAffinityTerm, Selector, Toleration,
    TopologySpread,
};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct WireAffinity {
    #[serde(deserialize_with = "or_default")]
    node_affinity: WireNodeAffinity,
    #[serde(deserialize_with = "or_default")]
    pod_affinity: WirePodAffinity,
    #[serde(deserialize_with = "or_default")]
    pod_anti_affinity: WirePodAffinity,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireNodeAffinity {
    #[serde(
        rename = "requiredDuringSchedulingIgnoredDuringExecution",
        deserialize_with = "or_default"
    )]
    required: WireNodeSelector,
}

/// Terms of which one must match; a pod's required node affinity and a volume's.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct WireNodeSelector {
    #[serde(deserialize_with = "or_default")]
    node_selector_terms: Vec<WireNodeTerm>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireNodeTerm {
    #[serde(deserialize_with = "or_default")]
    match_expressions: Vec<WireRequirement>,
    #[serde(deserialize_with = "or_default")]
    match_fields: Vec<WireRequirement>,
}

impl WireNodeSelector {
    pub fn terms(self) -> Vec<NodeSelectorTerm> {
        fn list(wire: Vec<WireRequirement>) -> Vec<NodeSelectorRequirement> {
            wire.into_iter()
                .map(|requirement| NodeSelectorRequirement {
                    key: requirement.key,
                    operator: requirement.operator,
                    values: requirement.values,
                })
                .collect()
        }
        self.node_selector_terms
            .into_iter()
            .map(|term| NodeSelectorTerm {
                match_expressions: list(term.match_expressions),
                match_fields: list(term.match_fields),
            })
            .collect()
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WirePodAffinity {
    #[serde(
        rename = "requiredDuringSchedulingIgnoredDuringExecution",
        deserialize_with = "or_default"
    )]
    required: Vec<WirePodTerm>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WirePodTerm {
    #[serde(deserialize_with = "or_default")]
    topology_key: String,
    label_selector: Option<WireSelector>,
    #[serde(deserialize_with = "or_default")]
    namespaces: Vec<String>,
    namespace_selector: Option<WireSelector>,
}

impl WirePodAffinity {
    fn terms(self) -> Vec<PodAffinityTerm> {
        self.required
            .into_iter()
            .map(|term| PodAffinityTerm {
                topology_key: term.topology_key,
                selector: term.label_selector.map(Selector::from),
                namespaces: term.namespaces,
                namespace_selector: term.namespace_selector.map(Selector::from),
            })
            .collect()
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct WireSpread {
    max_skew: Option<u64>,
    #[serde(deserialize_with = "or_default")]
    topology_key: String,
    when_unsatisfiable: Option<String>,
    label_selector: Option<WireSelector>,
    min_domains: Option<u64>,
    node_affinity_policy: Option<String>,
    node_taints_policy: Option<String>,
    #[serde(deserialize_with = "or_default")]
    match_label_keys: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct WireToleration {
    key: Option<String>,
    operator: Option<String>,
    value: Option<String>,
    effect: Option<String>,
    toleration_seconds: Option<i64>,
}

impl WireToleration {
    /// One of the two that admission gives to every pod.
    fn is_given_to_all(&self) -> bool {
        matches!(
            self.key.as_deref(),
            Some("node.kubernetes.io/not-ready" | "node.kubernetes.io/unreachable")
        ) && self.effect.as_deref() == Some("NoExecute")
            && self.operator.as_deref() == Some("Exists")
            && self.toleration_seconds.is_some()
    }
}

/// Taken out of a spec; `None` when it has none.
pub fn placement(spec: &mut PodSpec) -> Option<Arc<Placement>> {
    let affinity = std::mem::take(&mut spec.affinity);
    let found = Placement {
        node_selector: std::mem::take(&mut spec.node_selector),
        node_affinity: affinity.node_affinity.required.terms(),
        pod_affinity: affinity.pod_affinity.terms(),
        pod_anti_affinity: affinity.pod_anti_affinity.terms(),
        topology_spread: std::mem::take(&mut spec.topology_spread_constraints)
            .into_iter()
            .filter(|spread| spread.when_unsatisfiable.as_deref() != Some("ScheduleAnyway"))
            .map(|spread| TopologySpread {
                max_skew: spread.max_skew.unwrap_or(1),
                topology_key: spread.topology_key,
                selector: spread.label_selector.map(Selector::from),
                min_domains: spread.min_domains,
                node_affinity_policy: spread.node_affinity_policy,
                node_taints_policy: spread.node_taints_policy,
                match_label_keys: spread.match_label_keys,
            })
            .collect(),
        tolerations: std::mem::take(&mut spec.tolerations)
            .into_iter()
            .filter(|toleration| !toleration.is_given_to_all())
            .map(|toleration| Toleration {
                key: toleration.key.filter(|key| !key.is_empty()),
                operator: toleration.operator,
                value: toleration.value,
                effect: toleration.effect.filter(|effect| !effect.is_empty()),
                seconds: toleration.toleration_seconds,
            })
            .collect(),
        scheduler: spec
            .scheduler_name
            .take()
            .filter(|name| name != "default-scheduler"),
        gated: !spec.scheduling_gates.is_empty(),
    };
    (found != Placement::default()).then(|| Arc::new(found))
}
