//! Objects of the Gateway API: under which addresses a gateway serves, with which certificates, and which routes it has. Never holds what a
//! route matches or where it leads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Gateway {
    pub namespace: String,
    pub name: String,
    /// `spec.gatewayClassName`.
    pub class: String,
    pub listeners: u64,
    /// Of the protocols HTTPS and TLS.
    pub tls_listeners: u64,
    /// Secrets of those listeners, each once, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<SecretName>,
    /// Addresses or names of its status, as written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Its condition `Accepted`: a controller serves its class. `None`: not said yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
}

#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(default)]
pub struct SecretName {
    pub namespace: String,
    pub name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HttpRoute {
    pub namespace: String,
    pub name: String,
    /// Gateways that it is attached to, each once, sorted; parents of other kinds are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<GatewayName>,
}

#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(default)]
pub struct GatewayName {
    pub namespace: String,
    pub name: String,
}
