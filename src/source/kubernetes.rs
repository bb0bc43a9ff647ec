//! Kubernetes objects, as `kubectl get … -o json` prints them and as an API server answers: one lowering for both. The data of
//! Secrets is never read; environment values, command lines and annotations (but for the few of `wire::ANNOTATIONS`) are never kept.
//!
//! `wire` (what every object has) · `pod` · `placement` · `quantity` · `controller` (workloads and budgets) · `node` · `service`
//! · `storage` · `platform` (service accounts, classes, certificates, monitors) · `gateway` · `cilium` · `event`.

mod cilium;
mod controller;
mod event;
mod gateway;
mod node;
mod placement;
mod platform;
mod pod;
mod quantity;
mod service;
mod storage;
mod wire;

use super::SourceError;
use super::arm::parse;
use super::facts::Origin;
use crate::model::workload::KubernetesState;
pub use service::IP_MASQ_CONFIGS;

/// Group and kind of everything that is read. The group decides as well: Longhorn has a `Node` and Knative a `Service` of its own.
const USED: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("", "Event"),
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("", "Pod"),
    ("", "ReplicationController"),
    ("", "Secret"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("aadpodidentity.k8s.io", "AzureIdentity"),
    ("acn.azure.com", "NodeNetworkConfig"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("azmonitoring.coreos.com", "PodMonitor"),
    ("azmonitoring.coreos.com", "ServiceMonitor"),
    ("batch", "CronJob"),
    ("batch", "Job"),
    ("cert-manager.io", "Certificate"),
    ("cert-manager.io", "ClusterIssuer"),
    ("cert-manager.io", "Issuer"),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"),
    ("cilium.io", "CiliumNetworkPolicy"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("events.k8s.io", "Event"),
    ("extensions", "DaemonSet"),
    ("extensions", "Deployment"),
    ("extensions", "ReplicaSet"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("networking.k8s.io", "Ingress"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("policy", "PodDisruptionBudget"),
    ("storage.k8s.io", "CSINode"),
];

/// The type of Secrets that hold a certificate and its key.
pub const TLS_SECRET: &str = "kubernetes.io/tls";

/// The types of Secrets that a live cluster is asked for where somebody wants that: those that some question is about.
pub const SECRET_TYPES: &[&str] = &[TLS_SECRET];

/// Whether a kind of this name is read, in whatever group.
pub(super) fn is_kind(kind: &str) -> bool {
    USED.iter().any(|(_, used)| *used == kind)
}

/// Whether events of this reason are kept.
pub(super) fn is_reason(reason: &str) -> bool {
    event::REASONS.contains(&reason)
}

/// Kinds that a server without these API groups does not know. Some are of several groups, and the core group is always there.
pub fn kinds_without_groups<'a>(groups: &'a [&'a str]) -> impl Iterator<Item = &'static str> + 'a {
    let is_served = |group: &str| group.is_empty() || groups.contains(&group);
    let mut kinds: Vec<&'static str> = USED.iter().map(|(_, kind)| *kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.into_iter().filter(move |kind| {
        let mut of_kind = USED.iter().filter(|(_, used)| used == kind);
        of_kind.all(|(group, _)| !is_served(group))
    })
}

/// Whether objects of this kind are read.
pub fn is_used(api_version: &str, kind: &str) -> bool {
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    USED.contains(&(group, kind))
}

/// Reads one object of a kind that [`is_used`].
///
/// # Errors
/// When the object has the wrong shape.
pub fn read_object(
    kind: &str,
    raw: &str,
    origin: &Origin,
    state: &mut KubernetesState,
) -> Result<(), SourceError> {
    lower(kind, raw, origin, state)?;
    if !state.has_kind(kind) {
        state.kinds.push(kind.to_string());
    }
    Ok(())
}

/// Reads one object, and does not say that its kind was read: one object of a list is not the list.
pub(super) fn lower(
    kind: &str,
    raw: &str,
    origin: &Origin,
    state: &mut KubernetesState,
) -> Result<(), SourceError> {
    match kind {
        "Node" => state
            .nodes
            .push(node::node(parse(raw, origin, "")?, origin)?),
        "Pod" => {
            let mut pod = pod::pod(parse(raw, origin, "")?, origin)?;
            if let Some(before) = state.pods.last() {
                pod.share_with(before);
            }
            state.pods.push(pod);
        }
        "Service" => state
            .services
            .push(service::service(parse(raw, origin, "")?, origin)?),
        "PodDisruptionBudget" => state
            .disruption_budgets
            .push(controller::budget(parse(raw, origin, "")?, origin)?),
        "ConfigMap" => {
            let object: wire::Object<wire::Nothing, wire::Nothing> = parse(raw, origin, "")?;
            let named = (object.metadata.namespace, object.metadata.name);
            // The content of no other ConfigMap is looked at.
            if service::is_ip_masq(&named.0, &named.1) {
                let config = service::ip_masq(parse(raw, origin, "")?);
                state.ip_masq_configs.push(config);
            }
            state.config_maps.push(named);
        }
        "Namespace" => state
            .namespaces
            .push(node::namespace(parse(raw, origin, "")?)),
        "EndpointSlice" => state
            .endpoint_slices
            .push(service::endpoint_slice(parse(raw, origin, "")?)),
        "Ingress" => state
            .ingresses
            .push(service::ingress(parse(raw, origin, "")?)),
        "NetworkPolicy" => state
            .network_policies
            .push(service::network_policy(parse(raw, origin, "")?)),
        "ServiceCIDR" => state
            .service_cidrs
            .push(service::service_cidr(parse(raw, origin, "")?)),
        "NodeNetworkConfig" => state
            .node_network_configs
            .push(node::network_config(parse(raw, origin, "")?)),
        "CSINode" => state
            .csi_nodes
            .push(storage::csi_node(parse(raw, origin, "")?)),
        "PersistentVolume" => state
            .persistent_volumes
            .push(storage::volume(parse(raw, origin, "")?)),
        "PersistentVolumeClaim" => state
            .persistent_volume_claims
            .push(storage::claim(parse(raw, origin, "")?)),
        "ServiceAccount" => state
            .platform
            .service_accounts
            .push(platform::service_account(parse(raw, origin, "")?)),
        "IngressClass" => state
            .platform
            .ingress_classes
            .push(platform::ingress_class(parse(raw, origin, "")?)),
        "Secret" => state
            .platform
            .secrets
            .push(platform::secret(parse(raw, origin, "")?)),
        "Certificate" => state
            .platform
            .certificates
            .push(platform::certificate(parse(raw, origin, "")?)),
        "Issuer" | "ClusterIssuer" => state
            .platform
            .issuers
            .push(platform::issuer(kind, parse(raw, origin, "")?)),
        "PodMonitor" | "ServiceMonitor" => state
            .platform
            .monitors
            .push(platform::monitor(kind, parse(raw, origin, "")?)),
        "CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy" => state
            .platform
            .cilium_policies
            .push(cilium::policy(kind, parse(raw, origin, "")?)),
        "Gateway" => state
            .platform
            .gateways
            .push(gateway::gateway(parse(raw, origin, "")?)),
        "HTTPRoute" => state
            .platform
            .http_routes
            .push(gateway::http_route(parse(raw, origin, "")?)),
        "AzureIdentity" => state
            .platform
            .azure_identities
            .push(platform::azure_identity(parse(raw, origin, "")?)),
        "Event" => {
            if let Some(event) = event::event(parse(raw, origin, "")?) {
                state.note_event(event);
            }
        }
        _ => state
            .workloads
            .push(controller::workload(kind, parse(raw, origin, "")?, origin)?),
    }
    Ok(())
}
