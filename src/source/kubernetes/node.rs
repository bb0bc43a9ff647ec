//! Nodes, namespaces, and the addresses Azure gave each node (`NodeNetworkConfig`).

use super::quantity::resources;
use super::wire::{Condition, Nothing, Object, condition, or_default};
use crate::model::workload::{Namespace, NetworkContainer, Node, NodeNetworkConfig, Taint};
use crate::source::SourceError;
use crate::source::facts::Origin;
use crate::source::wire::Word;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSpec {
    #[serde(rename = "providerID")]
    provider_id: Option<String>,
    unschedulable: Option<bool>,
    #[serde(deserialize_with = "or_default")]
    taints: Vec<WireTaint>,
    #[serde(rename = "podCIDRs", deserialize_with = "or_default")]
    pod_cidrs: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireTaint {
    #[serde(deserialize_with = "or_default")]
    key: String,
    value: Option<String>,
    #[serde(deserialize_with = "or_default")]
    effect: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Address {
    #[serde(deserialize_with = "or_default")]
    address: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeStatus {
    #[serde(deserialize_with = "or_default")]
    allocatable: BTreeMap<String, Word>,
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "or_default")]
    addresses: Vec<Address>,
    #[serde(deserialize_with = "or_default")]
    node_info: NodeInfo,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct NodeInfo {
    kubelet_version: Option<String>,
}

pub fn node(object: Object<NodeSpec, NodeStatus>, origin: &Origin) -> Result<Node, SourceError> {
    let Object {
        metadata,
        spec,
        status,
    } = object;
    let (ready, ready_changed_at) = condition(&status.conditions, "Ready");
    Ok(Node {
        name: metadata.name,
        labels: metadata.labels,
        provider_id: spec.provider_id,
        unschedulable: spec.unschedulable.unwrap_or(false),
        ready,
        ready_changed_at,
        taints: spec
            .taints
            .into_iter()
            .map(|taint| Taint {
                key: taint.key,
                value: taint.value,
                effect: taint.effect,
            })
            .collect(),
        allocatable: resources(status.allocatable, origin, "status.allocatable")?,
        addresses: status
            .addresses
            .iter()
            .filter_map(|address| address.address.parse().ok())
            .collect(),
        pod_cidrs: spec.pod_cidrs,
        created_at: metadata.creation_timestamp.0,
        kubelet_version: status.node_info.kubelet_version,
    })
}

pub fn namespace(object: Object<Nothing, Nothing>) -> Namespace {
    Namespace {
        name: object.metadata.name,
        labels: object.metadata.labels,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ConfigSpec {
    #[serde(rename = "requestedIPCount")]
    requested: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigStatus {
    #[serde(rename = "assignedIPCount")]
    assigned: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    scaler: Scaler,
    status: Option<String>,
    #[serde(deserialize_with = "or_default")]
    network_containers: Vec<WireContainer>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Scaler {
    batch_size: Option<i64>,
    release_threshold_percent: Option<i64>,
    request_threshold_percent: Option<i64>,
    #[serde(rename = "maxIPCount")]
    most: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireContainer {
    assignment_mode: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "primaryIP")]
    primary_ip: Option<String>,
    subnet_name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    ip_assignments: Vec<serde::de::IgnoredAny>,
    subnet_address_space: Option<String>,
    #[serde(rename = "nodeIP")]
    node_ip: Option<String>,
    status: Option<String>,
}

pub fn network_config(object: Object<ConfigSpec, ConfigStatus>) -> NodeNetworkConfig {
    let Object {
        metadata,
        spec,
        status,
    } = object;
    NodeNetworkConfig {
        namespace: metadata.namespace,
        name: metadata.name,
        requested_ips: spec.requested,
        assigned_ips: status.assigned,
        status: status.status,
        batch_size: status.scaler.batch_size,
        request_threshold_percent: status.scaler.request_threshold_percent,
        release_threshold_percent: status.scaler.release_threshold_percent,
        max_ips: status.scaler.most,
        containers: status
            .network_containers
            .into_iter()
            .map(|container| NetworkContainer {
                assignment_mode: container.assignment_mode,
                kind: container.kind,
                primary_ip: container.primary_ip,
                subnet_name: container.subnet_name,
                subnet_address_space: container.subnet_address_space,
                node_ip: container.node_ip,
                status: container.status,
                assigned: container.ip_assignments.len() as u64,
            })
            .collect(),
    }
}
