//! Services, endpoint slices, ingresses, network policies, service ranges, and the two ip-masq ConfigMaps: the only ones whose
//! content is looked at.

use super::wire::{
    INGRESS_CLASS, INTERNAL, INTERNAL_SUBNET, LoadBalancerStatus, Meta, Nothing, Object, PLS_COUNT,
    PLS_CREATE, WireSelector, addresses, condition, or_default,
};
use crate::model::workload::{
    EndpointSlice, Ingress, IngressTls, IpBlock, IpMasqConfig, Labels, NetworkPolicy, Selector,
    Service, ServiceCidr, ServicePort,
};
use crate::source::SourceError;
use crate::source::facts::Origin;
use crate::source::wire::Word;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "clusterIP")]
    cluster_ip: Option<String>,
    #[serde(rename = "clusterIPs", deserialize_with = "or_default")]
    cluster_ips: Vec<String>,
    external_name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    selector: Labels,
    #[serde(deserialize_with = "or_default")]
    ports: Vec<WirePort>,
    external_traffic_policy: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WirePort {
    name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    port: u16,
    target_port: Option<Word>,
    protocol: Option<String>,
}

pub fn service(
    object: Object<ServiceSpec, LoadBalancerStatus>,
    origin: &Origin,
) -> Result<Service, SourceError> {
    let Object {
        metadata,
        spec,
        status,
    } = object;
    let is_true = |name| {
        let value = metadata.annotation(name);
        value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
    };
    let private_link_addresses = if is_true(PLS_CREATE) {
        // One NAT address unless the annotation asks for more (Azure's cloud provider).
        let count = metadata.annotation(PLS_COUNT);
        let count = count.and_then(|count| count.parse().ok()).unwrap_or(1);
        let path = format!("metadata.annotations.{PLS_COUNT}");
        crate::source::arm::addresses(count, origin, &path)?
    } else {
        0
    };
    let headless = spec.cluster_ip.as_deref() == Some("None");
    let mut cluster_ips: Vec<_> = spec.cluster_ips.iter().collect();
    if cluster_ips.is_empty() {
        cluster_ips.extend(&spec.cluster_ip);
    }
    Ok(Service {
        internal_load_balancer: is_true(INTERNAL),
        internal_subnet: metadata.annotation(INTERNAL_SUBNET).map(str::to_string),
        private_link_addresses,
        kind: spec.kind.unwrap_or_default(),
        load_balancer_ips: addresses(&status.load_balancer.ingress),
        cluster_ips: cluster_ips
            .into_iter()
            .filter_map(|address| address.parse().ok())
            .collect(),
        headless,
        external_name: spec.external_name.filter(|name| !name.is_empty()),
        selector: spec.selector,
        ports: spec
            .ports
            .into_iter()
            .map(|port| ServicePort {
                name: port.name,
                target_port: port
                    .target_port
                    .map(|target| target.0)
                    .filter(|target| *target != port.port.to_string()),
                port: port.port,
                protocol: port.protocol.filter(|protocol| protocol != "TCP"),
            })
            .collect(),
        external_traffic_policy: spec.external_traffic_policy,
        namespace: metadata.namespace,
        name: metadata.name,
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct SliceObject {
    #[serde(deserialize_with = "or_default")]
    metadata: Meta,
    #[serde(deserialize_with = "or_default")]
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Endpoint {
    #[serde(deserialize_with = "or_default")]
    addresses: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    conditions: EndpointConditions,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct EndpointConditions {
    ready: Option<bool>,
}

pub fn endpoint_slice(mut object: SliceObject) -> EndpointSlice {
    const FOLLOWS_A_SELECTOR: &str = "endpointslice-controller.k8s.io";
    let mut label = |name: &str| object.metadata.labels.remove(name);
    let service = label("kubernetes.io/service-name");
    let managed_by = label("endpointslice.kubernetes.io/managed-by");
    EndpointSlice {
        endpoints: object.endpoints.len() as u64,
        // Not said counts as ready (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#ready).
        ready_endpoints: object
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.conditions.ready != Some(false))
            .count() as u64,
        addresses: if managed_by.as_deref() == Some(FOLLOWS_A_SELECTOR) {
            Vec::new()
        } else {
            object
                .endpoints
                .into_iter()
                .flat_map(|endpoint| endpoint.addresses)
                .collect()
        },
        service,
        managed_by,
        namespace: object.metadata.namespace,
        name: object.metadata.name,
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressSpec {
    ingress_class_name: Option<String>,
    default_backend: Option<Backend>,
    #[serde(deserialize_with = "or_default")]
    tls: Vec<WireTls>,
    #[serde(deserialize_with = "or_default")]
    rules: Vec<IngressRule>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireTls {
    #[serde(deserialize_with = "or_default")]
    hosts: Vec<String>,
    secret_name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct IngressRule {
    host: Option<String>,
    #[serde(deserialize_with = "or_default")]
    http: HttpRule,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct HttpRule {
    #[serde(deserialize_with = "or_default")]
    paths: Vec<HttpPath>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct HttpPath {
    #[serde(deserialize_with = "or_default")]
    backend: Backend,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Backend {
    service: Option<BackendService>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct BackendService {
    #[serde(deserialize_with = "or_default")]
    name: String,
}

pub fn ingress(object: Object<IngressSpec, LoadBalancerStatus>) -> Ingress {
    let Object {
        metadata,
        spec,
        status,
    } = object;
    let mut hosts = BTreeSet::new();
    let mut services = BTreeSet::new();
    let mut backends: Vec<Backend> = spec.default_backend.into_iter().collect();
    for rule in spec.rules {
        hosts.extend(rule.host);
        backends.extend(rule.http.paths.into_iter().map(|path| path.backend));
    }
    services.extend(
        backends
            .into_iter()
            .filter_map(|backend| Some(backend.service?.name)),
    );
    let by_annotation = metadata.annotation(INGRESS_CLASS).map(str::to_string);
    Ingress {
        class_by_annotation: spec.ingress_class_name.is_none() && by_annotation.is_some(),
        class: spec.ingress_class_name.or(by_annotation),
        hosts: hosts.into_iter().collect(),
        services: services.into_iter().collect(),
        tls: Some(
            spec.tls
                .into_iter()
                .map(|tls| IngressTls {
                    hosts: tls.hosts,
                    secret_name: tls.secret_name.filter(|name| !name.is_empty()),
                })
                .collect(),
        ),
        load_balancer_ips: addresses(&status.load_balancer.ingress),
        load_balancer_named: (status.load_balancer.ingress.iter())
            .any(|point| !point.hostname.is_empty()),
        namespace: metadata.namespace,
        name: metadata.name,
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicySpec {
    #[serde(deserialize_with = "or_default")]
    pod_selector: WireSelector,
    #[serde(deserialize_with = "or_default")]
    policy_types: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    ingress: Vec<PolicyRule>,
    #[serde(deserialize_with = "or_default")]
    egress: Vec<PolicyRule>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PolicyRule {
    #[serde(deserialize_with = "or_default")]
    from: Vec<PolicyPeer>,
    #[serde(deserialize_with = "or_default")]
    to: Vec<PolicyPeer>,
    #[serde(deserialize_with = "or_default")]
    ports: Vec<IgnoredAny>,
}

impl PolicyRule {
    /// One that names nobody and no port lets everything through.
    fn is_open(&self) -> bool {
        self.from.is_empty() && self.to.is_empty() && self.ports.is_empty()
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PolicyPeer {
    ip_block: Option<WireBlock>,
    pod_selector: Option<IgnoredAny>,
    namespace_selector: Option<IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireBlock {
    #[serde(deserialize_with = "or_default")]
    cidr: String,
    #[serde(deserialize_with = "or_default")]
    except: Vec<String>,
}

pub fn network_policy(object: Object<PolicySpec, Nothing>) -> NetworkPolicy {
    let spec = object.spec;
    let blocks = |direction: &str, rules: Vec<PolicyRule>| -> Vec<IpBlock> {
        rules
            .into_iter()
            .flat_map(|rule| {
                let mut peers = rule.from;
                peers.extend(rule.to);
                let selects = |peer: &PolicyPeer| {
                    peer.pod_selector.is_some() || peer.namespace_selector.is_some()
                };
                let beside_selectors = peers.iter().any(selects);
                let blocks = peers.into_iter().filter_map(|peer| peer.ip_block);
                let blocks: Vec<(WireBlock, bool)> =
                    blocks.map(|block| (block, beside_selectors)).collect();
                blocks
            })
            .map(|(block, beside_selectors)| IpBlock {
                direction: direction.to_string(),
                cidr: block.cidr,
                except: block.except,
                beside_selectors,
            })
            .collect()
    };
    let rules = |rules: &[PolicyRule]| Some(rules.len() as u64);
    let (ingress_rules, egress_rules) = (rules(&spec.ingress), rules(&spec.egress));
    let open = |rules: &[PolicyRule]| Some(rules.iter().any(PolicyRule::is_open));
    let (ingress_open, egress_open) = (open(&spec.ingress), open(&spec.egress));
    let mut ip_blocks = blocks("Ingress", spec.ingress);
    ip_blocks.extend(blocks("Egress", spec.egress));
    NetworkPolicy {
        namespace: object.metadata.namespace,
        name: object.metadata.name,
        pod_selector: Selector::from(spec.pod_selector),
        policy_types: spec.policy_types,
        ingress_rules,
        egress_rules,
        ingress_open,
        egress_open,
        ip_blocks,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CidrSpec {
    #[serde(deserialize_with = "or_default")]
    cidrs: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CidrStatus {
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<super::wire::Condition>,
}

pub fn service_cidr(object: Object<CidrSpec, CidrStatus>) -> ServiceCidr {
    ServiceCidr {
        name: object.metadata.name,
        cidrs: object.spec.cidrs,
        ready: condition(&object.status.conditions, "Ready").0,
    }
}

/// ConfigMaps of kube-system whose content is read, each by its name (MIG-7): what the operator wrote, and AKS' own.
pub const IP_MASQ_CONFIGS: &[&str] = &[
    "azure-ip-masq-agent-config",
    "azure-ip-masq-agent-config-reconciled",
];

pub fn is_ip_masq(namespace: &str, name: &str) -> bool {
    namespace == "kube-system" && IP_MASQ_CONFIGS.contains(&name)
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ConfigMap {
    #[serde(deserialize_with = "or_default")]
    metadata: Meta,
    #[serde(deserialize_with = "or_default")]
    data: BTreeMap<String, String>,
}

/// The agent's own fields (<https://github.com/Azure/ip-masq-agent-v2>); nothing else of the text is kept.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct AgentConfig {
    #[serde(rename = "nonMasqueradeCIDRs", deserialize_with = "or_default")]
    non_masquerade_cidrs: Vec<String>,
    masq_link_local: Option<bool>,
}

pub fn ip_masq(object: ConfigMap) -> IpMasqConfig {
    const LARGEST: usize = 1 << 20;
    let mut found = IpMasqConfig {
        namespace: object.metadata.namespace,
        name: object.metadata.name,
        ..IpMasqConfig::default()
    };
    for text in object.data.values() {
        let config: Option<AgentConfig> = (text.len() <= LARGEST)
            .then(|| serde_saphyr::from_str(text).ok())
            .flatten();
        match config {
            Some(config) => {
                // Only what is a prefix: a text that is something else is not the agent's, and not for us to keep.
                for cidr in config.non_masquerade_cidrs {
                    if crate::model::parse_cidr(cidr.trim()).is_ok() {
                        found.non_masquerade_cidrs.push(cidr.trim().to_string());
                    } else {
                        found.unreadable = true;
                    }
                }
                found.masq_link_local = config.masq_link_local.or(found.masq_link_local);
            }
            None => found.unreadable = true,
        }
    }
    found
}
