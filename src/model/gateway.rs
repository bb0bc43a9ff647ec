//! Things of Azure beside the cluster that may hold addresses of its pods: application gateways and private DNS zones. Holds no
//! certificate, listener or secret.

use super::network::ResourceId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// An application gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApplicationGateway {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    pub name: String,
    /// Subnets it sits in; one as a rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<ResourceId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backend_pools: Vec<BackendPool>,
    /// A tag of the Application Gateway Ingress Controller is on it: it writes the backend pools itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ingress_controller: bool,
    /// The cluster that the controller's tag `ingress-for-aks-cluster-id` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ResourceId>,
}

/// Where a gateway sends traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BackendPool {
    pub name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
    /// Backends named instead of numbered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_names: Vec<String>,
}

/// A private DNS zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PrivateDnsZone {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    pub name: String,
    /// Its `A` records. `None`: not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Vec<AddressRecord>>,
}

/// An `A` record set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AddressRecord {
    /// Relative to the zone; `@` is the zone itself.
    pub name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
}
