//! VNets, subnets, peerings and route tables of a scenario. Never follows a name: a peering's other side may not be there.

use super::{OneOrMany, cidrs, is_false, is_zero};
use crate::model::{Peering, ResourceId, Route, RouteTable, VirtualNetwork};
use crate::source::SourceError;
use crate::source::arm::{addresses, cidr};
use crate::source::facts::{Origin, SubnetFact, VnetFact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A virtual network.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioVnet {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    /// CIDRs.
    pub address_space: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<ScenarioSubnet>,
    /// Peerings as this VNet states them. One side is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peerings: Vec<ScenarioPeering>,
    /// ARM's word; `Succeeded` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A subnet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioSubnet {
    pub name: String,
    /// A CIDR, or a list of them (dual stack, multiple prefixes).
    pub cidr: OneOrMany,
    /// Addresses held by anything, as the VNet's usages count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    /// Addresses held by something that is no AKS node: load balancers, private endpoints, virtual machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<u64>,
    /// Services the subnet is delegated to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub private_endpoints: u64,
    /// Name of a route table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_table: Option<String>,
}

/// A peering.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioPeering {
    /// Name of the other VNet.
    pub remote: String,
    /// Its address space, where it is not in this scenario.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remote_address_space: Vec<String>,
    /// Accepts traffic that the other VNet forwards for a third: what makes a hub transitive.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_forwarded_traffic: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_gateway_transit: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub use_remote_gateways: bool,
    /// `Connected` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// A route table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioRouteTable {
    pub name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<ScenarioRoute>,
}

/// A user-defined route.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioRoute {
    pub name: String,
    pub cidr: String,
    /// `VirtualAppliance`, `VirtualNetworkGateway`, `VnetLocal`, `Internet` or `None`.
    pub next_hop_type: String,
}

impl ScenarioVnet {
    pub(super) fn lower(self, origin: Origin) -> Result<VnetFact, SourceError> {
        let subnets = self
            .subnets
            .into_iter()
            .enumerate()
            .map(|(position, subnet)| {
                let at = |field: &str| format!("subnets[{position}].{field}");
                if subnet.used.is_some() && subnet.foreign.is_some() {
                    return Err(origin.error(
                        &at("foreign"),
                        "give `used` or `foreign`, not both: foreign is what is used less what nodes hold",
                    ));
                }
                for (field, number) in [
                    ("used", subnet.used),
                    ("foreign", subnet.foreign),
                    ("private_endpoints", Some(subnet.private_endpoints)),
                ] {
                    addresses(number.unwrap_or(0), &origin, &at(field))?;
                }
                let prefixes = cidrs(subnet.cidr.as_slice(), &origin, &at("cidr"))?;
                if prefixes.is_empty() {
                    return Err(origin.error(&at("cidr"), "expected at least one CIDR"));
                }
                Ok(SubnetFact {
                    origin: origin.clone(),
                    id: None,
                    prefixes,
                    name: subnet.name,
                    vnet: None,
                    delegations: subnet.delegations,
                    used: subnet.used,
                    holders: None,
                    private_endpoints: subnet.private_endpoints,
                    foreign: subnet.foreign,
                    route_table: subnet.route_table.map(ResourceId::new),
                    nat_gateway: None,
                    security_group: None,
                    addresses: Vec::new(),
                    assumed: false,
                })
            })
            .collect::<Result<Vec<_>, SourceError>>()?;
        let peerings = self
            .peerings
            .into_iter()
            .enumerate()
            .map(|(position, peering)| {
                Ok(Peering {
                    name: format!("{}-to-{}", self.name, peering.remote),
                    remote_address_space: cidrs(
                        &peering.remote_address_space,
                        &origin,
                        &format!("peerings[{position}].remote_address_space"),
                    )?,
                    remote: ResourceId::new(peering.remote),
                    state: peering.state,
                    allow_forwarded_traffic: peering.allow_forwarded_traffic,
                    allow_gateway_transit: peering.allow_gateway_transit,
                    use_remote_gateways: peering.use_remote_gateways,
                })
            })
            .collect::<Result<Vec<_>, SourceError>>()?;
        Ok(VnetFact {
            vnet: VirtualNetwork {
                told_apart: None,
                id: None,
                address_space: cidrs(&self.address_space, &origin, "address_space")?,
                name: self.name,
                resource_group: self.resource_group,
                peerings,
                provisioning_state: self.provisioning_state,
            },
            subnets,
            origin,
        })
    }
}

impl ScenarioRouteTable {
    pub(super) fn lower(self, origin: &Origin) -> Result<RouteTable, SourceError> {
        Ok(RouteTable {
            id: None,
            name: self.name,
            routes: self
                .routes
                .into_iter()
                .enumerate()
                .map(|(position, route)| {
                    Ok(Route {
                        name: route.name,
                        prefix: Some(cidr(
                            &route.cidr,
                            origin,
                            &format!("routes[{position}].cidr"),
                        )?),
                        next_hop_type: route.next_hop_type,
                    })
                })
                .collect::<Result<Vec<_>, SourceError>>()?,
            subnets: Vec::new(),
        })
    }
}
