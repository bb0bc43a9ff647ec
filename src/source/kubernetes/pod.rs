//! Pods. Of a container only its requests, its host ports, whether it is a sidecar and the names of its environment are parsed: no value,
//! command or image; and of the names none is kept.

use super::placement::{WireAffinity, WireSpread, WireToleration, placement};
use super::quantity::resources;
use super::wire::{
    Condition, IDENTITY_BINDING, IpAddress, MIRROR, Object, addresses, condition, or_default,
};
use crate::model::workload::{HostPort, Labels, Pod, Resources};
use crate::source::SourceError;
use crate::source::facts::Origin;
use crate::source::wire::Word;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    node_name: Option<String>,
    service_account_name: Option<String>,
    host_network: Option<bool>,
    #[serde(deserialize_with = "or_default")]
    containers: Vec<Container>,
    #[serde(deserialize_with = "or_default")]
    init_containers: Vec<Container>,
    resources: Option<WireResources>,
    #[serde(deserialize_with = "or_default")]
    overhead: BTreeMap<String, Word>,
    #[serde(deserialize_with = "or_default")]
    volumes: Vec<Volume>,
    termination_grace_period_seconds: Option<u64>,
    priority: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    pub(super) node_selector: Labels,
    #[serde(deserialize_with = "or_default")]
    pub(super) affinity: WireAffinity,
    #[serde(deserialize_with = "or_default")]
    pub(super) topology_spread_constraints: Vec<WireSpread>,
    #[serde(deserialize_with = "or_default")]
    pub(super) tolerations: Vec<WireToleration>,
    pub(super) scheduler_name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) scheduling_gates: Vec<IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    #[serde(deserialize_with = "or_default")]
    resources: WireResources,
    #[serde(deserialize_with = "or_default")]
    ports: Vec<ContainerPort>,
    restart_policy: Option<String>,
    #[serde(deserialize_with = "or_default")]
    env: Vec<EnvironmentVariable>,
}

/// Its value is no field: it is passed over as it is parsed.
#[derive(Deserialize, Default)]
#[serde(default)]
struct EnvironmentVariable {
    #[serde(deserialize_with = "or_default")]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireResources {
    #[serde(deserialize_with = "or_default")]
    requests: BTreeMap<String, Word>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ContainerPort {
    host_port: Option<u16>,
    protocol: Option<String>,
    #[serde(rename = "hostIP")]
    host_ip: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Volume {
    #[serde(deserialize_with = "or_default")]
    name: String,
    empty_dir: Option<IgnoredAny>,
    host_path: Option<IgnoredAny>,
    persistent_volume_claim: Option<ClaimSource>,
    ephemeral: Option<IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ClaimSource {
    #[serde(deserialize_with = "or_default")]
    claim_name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    phase: Option<String>,
    #[serde(rename = "podIPs", deserialize_with = "or_default")]
    pod_ips: Vec<IpAddress>,
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
    start_time: super::wire::Instant,
}

pub fn pod(object: Object<PodSpec, PodStatus>, origin: &Origin) -> Result<Pod, SourceError> {
    let Object {
        mut metadata,
        mut spec,
        status,
    } = object;
    let owner = metadata.owner();
    let mirror = metadata.annotation(MIRROR).is_some();
    let identity_binding = metadata.annotation(IDENTITY_BINDING) == Some("true");
    let (ready, ready_changed_at) = condition(&status.conditions, "Ready");
    let (scheduled, scheduled_at) = condition(&status.conditions, "PodScheduled");
    let placement = placement(&mut spec);
    let host_ports = host_ports(&mut spec);
    let client_secret = takes_client_secret(&spec);
    let service_account = spec.service_account_name.take();
    let has = |is: fn(&Volume) -> bool| spec.volumes.iter().any(is);
    Ok(Pod {
        uid: metadata.uid.take(),
        owner: owner.map(Arc::new),
        host_network: spec.host_network.unwrap_or(false),
        pod_ips: addresses(&status.pod_ips),
        ready,
        mirror,
        local_storage: has(|volume| volume.empty_dir.is_some()),
        host_path: has(|volume| volume.host_path.is_some()),
        service_account: service_account
            .filter(|name| !name.is_empty())
            .map(Arc::new),
        client_secret,
        identity_binding,
        claims: spec
            .volumes
            .iter_mut()
            .filter_map(|volume| match &mut volume.persistent_volume_claim {
                Some(claim) => Some(std::mem::take(&mut claim.claim_name)),
                None => volume
                    .ephemeral
                    .is_some()
                    .then(|| format!("{}-{}", metadata.name, volume.name)),
            })
            .collect(),
        host_ports,
        placement,
        priority: spec.priority.filter(|priority| *priority != 0),
        termination_grace_seconds: spec.termination_grace_period_seconds,
        created_at: metadata.creation_timestamp.0,
        scheduled_at: scheduled_at.filter(|_| scheduled),
        started_at: status.start_time.0,
        ready_changed_at,
        deleting_at: metadata.deletion_timestamp.0,
        requests: requests(&mut spec, origin)?,
        node_name: spec.node_name.filter(|name| !name.is_empty()),
        phase: status.phase,
        namespace: metadata.namespace,
        name: metadata.name,
        labels: Arc::new(metadata.labels),
    })
}

/// The variables that the Azure SDKs take a service principal's password or certificate from
/// (<https://learn.microsoft.com/dotnet/api/azure.identity.environmentcredential>), and Terraform its password. One that comes by `envFrom`
/// is not seen.
fn takes_client_secret(spec: &PodSpec) -> bool {
    const NAMES: &[&str] = &[
        "AZURE_CLIENT_SECRET",
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "ARM_CLIENT_SECRET",
    ];
    let all = spec.containers.iter().chain(&spec.init_containers);
    all.flat_map(|container| &container.env)
        .any(|variable| NAMES.contains(&variable.name.as_str()))
}

/// What the scheduler reserves (<https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers>):
/// containers and sidecars together, or an init container with the sidecars before it where that is more.
fn requests(spec: &mut PodSpec, origin: &Origin) -> Result<Resources, SourceError> {
    let of = |container: &mut Container, path: &str| {
        let amounts = std::mem::take(&mut container.resources.requests);
        resources(amounts, origin, path)
    };
    let mut running = Resources::default();
    for (position, container) in spec.containers.iter_mut().enumerate() {
        let path = format!("spec.containers[{position}].resources.requests");
        running.add(&of(container, &path)?);
    }
    let mut sidecars = Resources::default();
    let mut starting = Resources::default();
    for (position, container) in spec.init_containers.iter_mut().enumerate() {
        let path = format!("spec.initContainers[{position}].resources.requests");
        let mut moment = of(container, &path)?;
        if container.restart_policy.as_deref() == Some("Always") {
            running.add(&moment);
            sidecars.add(&moment);
            starting.raise_to(&sidecars);
        } else {
            moment.add(&sidecars);
            starting.raise_to(&moment);
        }
    }
    running.raise_to(&starting);
    if let Some(of_pod) = spec.resources.take() {
        let of_pod = resources(of_pod.requests, origin, "spec.resources.requests")?;
        if of_pod.cpu_millis > 0 {
            running.cpu_millis = of_pod.cpu_millis;
        }
        if of_pod.memory > 0 {
            running.memory = of_pod.memory;
        }
        running.other.extend(of_pod.other);
    }
    let overhead = std::mem::take(&mut spec.overhead);
    running.add(&resources(overhead, origin, "spec.overhead")?);
    Ok(running)
}

/// Under `hostNetwork` the API server makes every container port a host port.
fn host_ports(spec: &mut PodSpec) -> Vec<HostPort> {
    let all = spec.containers.iter_mut().chain(&mut spec.init_containers);
    all.flat_map(|container| std::mem::take(&mut container.ports))
        .filter_map(|port| {
            Some(HostPort {
                port: port.host_port.filter(|port| *port != 0)?,
                protocol: port.protocol.filter(|protocol| protocol != "TCP"),
                host_ip: port.host_ip.filter(|ip| !ip.is_empty() && ip != "0.0.0.0"),
            })
        })
        .collect()
}
