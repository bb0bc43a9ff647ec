//! The network side: VNets, subnets, peerings, route tables, and who holds addresses in a subnet.

use super::cidr::{self, IpNet};
use super::inventory::VnetIndex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// The id of an Azure resource. Compared without regard to case, as Azure Resource Manager does; shown as it was read.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ResourceId(Box<str>);

impl ResourceId {
    pub fn new(text: impl Into<Box<str>>) -> Self {
        ResourceId(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id in lower case, for use as a key.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The segment that follows `name`, for example `segment("virtualNetworks")`.
    pub fn segment(&self, name: &str) -> Option<&str> {
        let mut parts = self.0.split('/').filter(|part| !part.is_empty());
        while let Some(part) = parts.next() {
            if part.eq_ignore_ascii_case(name) {
                return parts.next();
            }
        }
        None
    }

    /// The last segment: the resource's own name.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    pub fn resource_group(&self) -> Option<&str> {
        self.segment("resourceGroups")
    }

    /// The id of the resource that contains this one: two segments shorter.
    pub fn parent(&self) -> Option<ResourceId> {
        let (rest, _name) = self.0.rsplit_once('/')?;
        let (parent, _kind) = rest.rsplit_once('/')?;
        (!parent.is_empty()).then(|| ResourceId::new(parent))
    }

    /// Whether this is the id of a managed cluster and of nothing below it. A segment that could lead elsewhere in an address is none.
    pub fn is_managed_cluster(&self) -> bool {
        let segments: Vec<&str> = self.0.split('/').collect();
        segments.len() == 9
            && segments[0].is_empty()
            && segments[1].eq_ignore_ascii_case("subscriptions")
            && segments[3].eq_ignore_ascii_case("resourceGroups")
            && segments[5].eq_ignore_ascii_case("providers")
            && segments[6].eq_ignore_ascii_case("Microsoft.ContainerService")
            && segments[7].eq_ignore_ascii_case("managedClusters")
            && segments[1..].iter().all(|segment| {
                !matches!(*segment, "" | "." | "..")
                    && !segment.contains(['?', '#', '%', '\\', ' '])
            })
    }
}

/// Whether somebody who writes `wanted` means this resource: by its name, by `resource-group/name`, or by its id.
pub fn is_named(name: &str, group: Option<&str>, id: Option<&ResourceId>, wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted)
        || group.is_some_and(|group| format!("{group}/{name}").eq_ignore_ascii_case(wanted))
        || id.is_some_and(|id| id.as_str().eq_ignore_ascii_case(wanted))
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}
impl Eq for ResourceId {}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A virtual network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VirtualNetwork {
    /// Absent in hand-written scenarios.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    pub name: String,
    /// What tells it from others of its name, where there are any: [`VirtualNetwork::label`]. Of an inventory, and never written.
    #[serde(skip)]
    pub told_apart: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub address_space: Vec<IpNet>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peerings: Vec<Peering>,
    /// `Succeeded`, `Updating`, …; ARM's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

impl VirtualNetwork {
    /// As people are told of it: the name, and with its resource group (or else its id) where another VNet that was read has it too.
    pub fn label(&self) -> &str {
        self.told_apart.as_deref().unwrap_or(&self.name)
    }
}

/// One direction of a VNet peering, as the VNet that owns it states it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Peering {
    pub name: String,
    /// The other VNet's id, or its name in a scenario.
    pub remote: ResourceId,
    /// The other VNet's address space as the peering remembers it; the only thing known of a VNet that was not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub remote_address_space: Vec<IpNet>,
    /// `Connected`, `Disconnected` or `Initiated`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Whether this VNet accepts traffic that the other one forwards for a third: what makes a hub transitive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_forwarded_traffic: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_gateway_transit: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub use_remote_gateways: bool,
}

impl Peering {
    /// Whether traffic flows over it now. A state that was not given counts as connected.
    pub fn is_connected(&self) -> bool {
        self.state
            .as_deref()
            .is_none_or(|state| state.eq_ignore_ascii_case("Connected"))
    }
}

/// A subnet of a VNet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Subnet {
    pub vnet: VnetIndex,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    pub name: String,
    /// One prefix as a rule; more than one with `addressPrefixes` (dual stack or multiple prefixes, NET-2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub prefixes: Vec<IpNet>,
    /// Services the subnet is delegated to, for example `Microsoft.ContainerService/managedClusters`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<String>,
    /// Addresses held by anything, from the VNet's usages (NET-1). `None`: not read, or -1 as special subnets answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    /// Who holds addresses, from `ipConfigurations`. `None`: not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holders: Option<Vec<Holder>>,
    /// Private endpoints that the subnet lists.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub private_endpoints: u64,
    /// Addresses held by something that is no AKS node, where a scenario states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_table: Option<ResourceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nat_gateway: Option<ResourceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_group: Option<ResourceId>,
    /// Addresses whose holder is known by name, sorted, each once. They name what [`Subnet::used`] counts, and are never all of
    /// it: instances of scale sets are not among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<HeldAddress>,
    /// True for the VNet that AKS makes itself when no subnet is named and that was not read: its prefix is the documented
    /// default (CID-5), not a fact.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assumed: bool,
}

impl Subnet {
    /// Addresses something can hold: the IPv4 prefixes, each less Azure's five (SUB-1).
    pub fn usable(&self) -> u64 {
        self.ipv4().map(cidr::usable).sum()
    }

    pub fn ipv4(&self) -> impl Iterator<Item = &IpNet> {
        self.prefixes
            .iter()
            .filter(|prefix| matches!(prefix, IpNet::V4(_)))
    }

    /// The prefixes as AKS prints them: one, or several joined by commas.
    pub fn cidr_text(&self) -> String {
        let prefixes: Vec<String> = self.prefixes.iter().map(ToString::to_string).collect();
        prefixes.join(",")
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A group of addresses in a subnet with one holder, from the ids in `ipConfigurations`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Holder {
    pub kind: HolderKind,
    /// Scale set, network interface, load balancer or gateway name.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    pub addresses: u64,
    /// Machines of a scale set among them; 1 for anything else.
    pub machines: u64,
}

/// What holds an address.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum HolderKind {
    ScaleSet,
    NetworkInterface,
    LoadBalancer,
    PrivateEndpoint,
    Other,
}

impl HolderKind {
    pub fn word(self) -> &'static str {
        match self {
            HolderKind::ScaleSet => "scale set",
            HolderKind::NetworkInterface => "network interface",
            HolderKind::LoadBalancer => "load balancer",
            HolderKind::PrivateEndpoint => "private endpoint",
            HolderKind::Other => "resource",
        }
    }
}

/// One address of a subnet and what holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldAddress {
    pub address: IpAddr,
    pub kind: HolderKind,
    /// The network interface, load balancer or private endpoint.
    pub holder: ResourceId,
}

/// A NAT gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NatGateway {
    pub id: Option<ResourceId>,
    pub name: String,
    pub resource_group: Option<String>,
    /// Public addresses given one by one, of both families.
    pub public_addresses: u64,
    /// Public prefixes, of both families; how many addresses are in them is not said.
    pub public_prefixes: u64,
}

/// A route table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RouteTable {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// Subnets it is associated with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<ResourceId>,
}

/// A user-defined route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Route {
    pub name: String,
    /// `None` where the destination is a service tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub prefix: Option<IpNet>,
    /// `VirtualAppliance`, `VirtualNetworkGateway`, `VnetLocal`, `Internet`, `None`.
    pub next_hop_type: String,
}
