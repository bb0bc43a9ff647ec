//! Workloads with their scales, and disruption budgets. Of a pod template nothing is parsed: its environment stays unread.

use super::wire::{Object, WireSelector, or_default};
use crate::model::IntOrPercent;
use crate::model::workload::{DisruptionBudget, Labels, Selector, Workload};
use crate::source::SourceError;
use crate::source::arm::parse;
use crate::source::facts::Origin;
use crate::source::wire::Word;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct BudgetSpec {
    selector: Option<WireSelector>,
    min_available: Option<Word>,
    max_unavailable: Option<Word>,
    unhealthy_pod_eviction_policy: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct BudgetStatus {
    disruptions_allowed: Option<i64>,
    current_healthy: Option<i64>,
    desired_healthy: Option<i64>,
    expected_pods: Option<i64>,
    observed_generation: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    disrupted_pods: BTreeMap<String, super::wire::Instant>,
}

pub fn budget(
    object: Object<BudgetSpec, BudgetStatus>,
    origin: &Origin,
) -> Result<DisruptionBudget, SourceError> {
    let Object {
        metadata,
        spec,
        status,
    } = object;
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
        generation: metadata.generation,
        observed_generation: status.observed_generation,
        disrupted_pods: status
            .disrupted_pods
            .into_iter()
            .filter_map(|(pod, since)| Some((pod, since.0?)))
            .collect(),
        namespace: metadata.namespace,
        name: metadata.name,
    })
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadSpec {
    replicas: Option<u64>,
    parallelism: Option<u64>,
    completions: Option<u64>,
    suspend: Option<bool>,
    selector: Option<Box<RawValue>>,
    min_ready_seconds: Option<u64>,
    pod_management_policy: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadStatus {
    ready_replicas: Option<u64>,
    updated_replicas: Option<u64>,
    observed_generation: Option<i64>,
    // A DaemonSet's.
    desired_number_scheduled: Option<u64>,
    number_ready: Option<u64>,
    updated_number_scheduled: Option<u64>,
    // A Job's.
    ready: Option<u64>,
    succeeded: Option<u64>,
}

pub fn workload(
    kind: &str,
    object: Object<WorkloadSpec, WorkloadStatus>,
    origin: &Origin,
) -> Result<Workload, SourceError> {
    let Object {
        mut metadata,
        spec,
        status,
    } = object;
    let selector = match spec.selector {
        None => None,
        // A plain map of labels; every other kind has a label selector.
        Some(raw) if kind == "ReplicationController" => {
            parse::<Option<Labels>>(raw.get(), origin, "spec.selector")?.map(|match_labels| {
                Selector {
                    match_labels,
                    match_expressions: Vec::new(),
                }
            })
        }
        Some(raw) => {
            parse::<Option<WireSelector>>(raw.get(), origin, "spec.selector")?.map(Selector::from)
        }
    };
    let scales = matches!(
        kind,
        "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController"
    );
    // The API server defaults an absent `replicas` to 1.
    let replicas = scales.then(|| spec.replicas.unwrap_or(1));
    let owner = metadata.owner();
    Ok(Workload {
        kind: kind.to_string(),
        uid: metadata.uid,
        owner,
        replicas,
        desired: match kind {
            "DaemonSet" => status.desired_number_scheduled,
            "Job" if spec.suspend == Some(true) => Some(0),
            "Job" => {
                let left = spec
                    .completions
                    .map(|wanted| wanted.saturating_sub(status.succeeded.unwrap_or(0)));
                let parallel = spec.parallelism.unwrap_or(1);
                Some(left.map_or(parallel, |left| parallel.min(left)))
            }
            _ => replicas,
        },
        // The API server leaves out a count of 0, once a status was written at all.
        ready_replicas: match kind {
            "DaemonSet" => status.number_ready,
            "Job" => status.ready,
            _ if scales => status
                .ready_replicas
                .or(status.observed_generation.map(|_| 0)),
            _ => None,
        },
        updated_replicas: match kind {
            "DaemonSet" => status.updated_number_scheduled,
            "Deployment" | "StatefulSet" => status
                .updated_replicas
                .or(status.observed_generation.map(|_| 0)),
            _ => None,
        },
        generation: metadata.generation,
        observed_generation: status.observed_generation,
        selector,
        min_ready_seconds: spec.min_ready_seconds.filter(|seconds| *seconds > 0),
        pod_management_policy: spec.pod_management_policy,
        namespace: metadata.namespace,
        name: metadata.name,
    })
}
