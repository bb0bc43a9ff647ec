//! What reaches pods, and over which addresses: services, endpoint slices, ingresses, network policies, service ranges, the
//! addresses Azure gave to each node, and what leaves the cluster under a pod's own address. Of a TLS secret there is the name.

use super::{Labels, Selector};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Service {
    pub namespace: String,
    pub name: String,
    pub kind: String,
    /// `service.beta.kubernetes.io/azure-load-balancer-internal: "true"`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub internal_load_balancer: bool,
    /// `…/azure-load-balancer-internal-subnet`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_subnet: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub load_balancer_ips: Vec<IpAddr>,
    /// Private Link Service NAT addresses it takes from the subnet.
    #[serde(skip_serializing_if = "is_zero")]
    pub private_link_addresses: u64,
    /// Addresses it has from the service ranges.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cluster_ips: Vec<IpAddr>,
    /// `clusterIP: None`: its name answers with the addresses of the pods themselves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub headless: bool,
    /// Of kind `ExternalName`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_name: Option<String>,
    /// Empty: its endpoints are made by hand.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub selector: Labels,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<ServicePort>,
    /// `Cluster` or `Local`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_traffic_policy: Option<String>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServicePort {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub port: u16,
    /// Number or name of the pods' port; `None`: as `port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_port: Option<String>,
    /// `TCP` when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
}

/// Where a service's traffic goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EndpointSlice {
    pub namespace: String,
    pub name: String,
    /// Label `kubernetes.io/service-name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Label `endpointslice.kubernetes.io/managed-by`; `endpointslice-controller.k8s.io` makes those that follow a selector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
    #[serde(skip_serializing_if = "is_zero")]
    pub endpoints: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub ready_endpoints: u64,
    /// Addresses, of slices that the controller did not make: of the others they are their pods'.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Ingress {
    pub namespace: String,
    pub name: String,
    /// `spec.ingressClassName`, else the annotation `kubernetes.io/ingress.class`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The class is the annotation's, which controllers read without there being an `IngressClass`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub class_by_annotation: bool,
    /// Each once, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// `None`: not said; empty: no host is served over TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Vec<IngressTls>>,
    /// Services of its namespace that it leads to, each once, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub load_balancer_ips: Vec<IpAddr>,
    /// Its status names a host instead of an address, as that of Application Gateway for Containers does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub load_balancer_named: bool,
}

/// Hosts of an ingress, and the Secret that their certificate is in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct IngressTls {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// In the ingress' namespace. `None`: the controller's own certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NetworkPolicy {
    pub namespace: String,
    pub name: String,
    /// Pods it holds for; an empty selector means all of the namespace.
    pub pod_selector: Selector,
    /// `Ingress`, `Egress`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policy_types: Vec<String>,
    /// Rules that let traffic in; none lets nothing in. `None`: not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress_rules: Option<u64>,
    /// As `ingress_rules`, of traffic that leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress_rules: Option<u64>,
    /// A rule names neither peers nor ports: everything gets in. `None`: not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress_open: Option<bool>,
    /// As `ingress_open`, of traffic that leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress_open: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ip_blocks: Vec<IpBlock>,
}

/// A range that a network policy lets through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct IpBlock {
    /// `Ingress` or `Egress`.
    pub direction: String,
    /// As written.
    pub cidr: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// The same rule lets pods through by a selector as well.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub beside_selectors: bool,
}

/// A range that service addresses come from (CID-2: in the cluster only, ARM does not show those added later).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServiceCidr {
    pub name: String,
    /// As written; one, or one a family.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cidrs: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ready: bool,
}

/// Addresses that Azure gave to one node: `acn.azure.com/v1alpha`, named after the node.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NodeNetworkConfig {
    pub namespace: String,
    /// The node's name.
    pub name: String,
    /// Addresses the node asks for (DYN-2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_ips: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_ips: Option<i64>,
    /// `Updating`, `Updated` or `Error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Addresses asked for at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<i64>,
    /// Percent of a batch: fewer free, and another batch is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_threshold_percent: Option<i64>,
    /// Percent of a batch: more free, and a batch is given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_threshold_percent: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ips: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<NetworkContainer>,
}

/// A block or a set of addresses on a node.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NetworkContainer {
    /// `dynamic` or `static`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignment_mode: Option<String>,
    /// `vnet`, `vnetblock` or `overlay`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// An address, or the node's prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_name: Option<String>,
    /// As written; under Overlay the pod CIDR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_address_space: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_ip: Option<String>,
    /// `NCUpdateSubnetFullError` says that the subnet has no address left (DYN-5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Addresses listed one by one.
    #[serde(skip_serializing_if = "is_zero")]
    pub assigned: u64,
}

/// One of the two ConfigMaps of kube-system that say which destinations see a pod's own address (MIG-7).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct IpMasqConfig {
    pub namespace: String,
    pub name: String,
    /// Destinations reached under the pod's own address; as written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub non_masquerade_cidrs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masq_link_local: Option<bool>,
    /// Its content is no configuration that could be read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unreadable: bool,
}
