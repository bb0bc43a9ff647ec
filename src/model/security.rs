//! Network security groups as Azure states them: rules in order of priority, whose ends are prefixes, service tags or groups of
//! interfaces. Never says what a rule lets through: that takes knowing what the addresses are.

use super::cidr::IpNet;
use super::network::ResourceId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A network security group with the rules of its own; Azure's default rules are the same everywhere and not listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkSecurityGroup {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<SecurityRule>,
    /// Subnets it is associated with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<ResourceId>,
}

/// A rule of a network security group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SecurityRule {
    pub name: String,
    /// 100 to 4,096; the lowest that matches decides.
    pub priority: u32,
    /// `true`: inbound; else outbound.
    pub inbound: bool,
    /// `true`: allow; else deny.
    pub allow: bool,
    /// `*`, `Tcp`, `Udp`, `Icmp`, …
    pub protocol: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SecurityEnd>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<SecurityEnd>,
    /// As written: `*`, `443`, `30000-32767`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_ports: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destination_ports: Vec<String>,
}

/// One end of a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecurityEnd {
    /// `*`.
    Any,
    #[schemars(with = "String")]
    Prefix(IpNet),
    /// `VirtualNetwork`, `Internet`, `AzureLoadBalancer`, `Storage.WestEurope`, …; and whatever else is no prefix.
    Tag(String),
    /// An application security group.
    Group(ResourceId),
}
