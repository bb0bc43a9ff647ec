//! Events, of which only those are kept that tell of disruption, upgrade, scheduling or addresses.

use super::wire::{Instant, Meta, or_default};
use crate::model::workload::EventCount;
use serde::Deserialize;

/// Reasons that are kept: AKS' own (UPG-16), then those of the scheduler, the autoscaler, the node and disruption controllers,
/// and the kubelet's where a pod gets no address or volume.
pub const REASONS: &[&str] = &[
    "Drain",
    "Surge",
    "Upgrade",
    "CalculateExpectedPodCountFailed",
    "DeletingNode",
    "Evicted",
    "EvictionThresholdMet",
    "FailedAttachVolume",
    "FailedBinding",
    "FailedCreate",
    "FailedCreatePodSandBox",
    "FailedKillPod",
    "FailedPreStopHook",
    "FailedScheduling",
    "FailedToScaleUpGroup",
    "NoControllers",
    "NoPods",
    "NodeNotReady",
    "NodeNotSchedulable",
    "NodeReady",
    "NodeSchedulable",
    "NotTriggerScaleUp",
    "Preempted",
    "ProvisioningFailed",
    "Rebooted",
    "RegisteredNode",
    "RemovingNode",
    "ScaleDown",
    "ScaleDownFailed",
    "ScaledUpGroup",
    "TaintManagerEviction",
    "TriggeredScaleUp",
    "UnmanagedPods",
    "WaitForFirstConsumer",
];

/// Of either API: the core one and `events.k8s.io` name the same things differently.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct WireEvent {
    #[serde(deserialize_with = "or_default")]
    metadata: Meta,
    #[serde(deserialize_with = "or_default")]
    reason: String,
    #[serde(rename = "type", deserialize_with = "or_default")]
    kind: String,
    #[serde(alias = "note", deserialize_with = "or_default")]
    message: String,
    #[serde(alias = "regarding", deserialize_with = "or_default")]
    involved_object: Involved,
    #[serde(alias = "deprecatedCount")]
    count: Option<u64>,
    #[serde(alias = "deprecatedFirstTimestamp")]
    first_timestamp: Instant,
    #[serde(alias = "deprecatedLastTimestamp")]
    last_timestamp: Instant,
    event_time: Instant,
    #[serde(deserialize_with = "or_default")]
    series: Series,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Involved {
    #[serde(deserialize_with = "or_default")]
    kind: String,
    #[serde(deserialize_with = "or_default")]
    namespace: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Series {
    count: Option<u64>,
    last_observed_time: Instant,
}

/// `None` for an event of a reason that is not kept.
pub fn event(wire: WireEvent) -> Option<EventCount> {
    const LONGEST_MESSAGE: usize = 256;
    if !REASONS.contains(&wire.reason.as_str()) {
        return None;
    }
    let first = wire.first_timestamp.0.or(wire.event_time.0);
    let first = first.or(wire.metadata.creation_timestamp.0);
    let last = wire.series.last_observed_time.0.or(wire.last_timestamp.0);
    let is_pod = wire.involved_object.kind == "Pod";
    Some(EventCount {
        reason: wire.reason,
        kind: wire.kind,
        name: if is_pod {
            String::new()
        } else {
            wire.involved_object.name
        },
        object_kind: wire.involved_object.kind,
        namespace: wire.involved_object.namespace,
        count: wire.series.count.or(wire.count).unwrap_or(1).max(1),
        first_seen: first,
        last_seen: last.or(first),
        message: wire.message.chars().take(LONGEST_MESSAGE).collect(),
    })
}
