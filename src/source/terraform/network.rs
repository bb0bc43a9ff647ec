//! VNets, subnets and peerings.

use super::block::{Block, Field};
use super::identity::vnet_of;
use super::lower::Lowering;
use super::side::Kind;
use crate::model::{IpNet, Peering, ResourceId, VirtualNetwork};
use crate::source::SourceError;
use crate::source::facts::{Facts, PeeringFact, SubnetFact, VnetFact};
use std::collections::HashSet;

/// The prefixes of a subnet, of a resource as of a block in a VNet, in either of the provider's spellings.
///
/// # Errors
/// When one is no CIDR.
pub fn prefixes(block: &Block<'_>) -> Result<Field<Vec<IpNet>>, SourceError> {
    match block.cidrs("address_prefixes")? {
        Field::Known(prefixes) if !prefixes.is_empty() => Ok(Field::Known(prefixes)),
        Field::Unknown => Ok(Field::Unknown),
        Field::Known(_) | Field::Unset => Ok(match block.cidr("address_prefix")? {
            Field::Known(prefix) => Field::Known(vec![prefix]),
            Field::Unset => Field::Unset,
            Field::Unknown => Field::Unknown,
        }),
    }
}

fn delegations(block: &Block<'_>) -> Result<Vec<String>, SourceError> {
    let mut names = Vec::new();
    for delegation in block.blocks("delegation")?.known().unwrap_or_default() {
        for service in delegation
            .blocks("service_delegation")?
            .known()
            .unwrap_or_default()
        {
            names.extend(service.text("name")?.known().map(str::to_string));
        }
    }
    Ok(names)
}

impl Lowering<'_> {
    pub(super) fn networks(
        &self,
        owned: &HashSet<String>,
        facts: &mut Facts,
    ) -> Result<(), SourceError> {
        for position in self.side.of_kind(Kind::Vnet) {
            let instance = &self.side.instances[position];
            let Some(identity) = self.identity(position) else {
                continue;
            };
            if instance.data && owned.contains(&identity.id.key()) {
                continue;
            }
            let block = instance.block();
            let address_space = match block.cidrs("address_space")? {
                Field::Known(prefixes) => prefixes,
                Field::Unset => Vec::new(),
                Field::Unknown => {
                    facts.not_checked.push(format!(
                        "VNet {}: its address space is known only after apply",
                        identity.name
                    ));
                    Vec::new()
                }
            };
            let subnets = self.inline_subnets(position, owned, facts)?;
            facts.vnets.push(VnetFact {
                origin: instance.origin.clone(),
                subnets,
                vnet: VirtualNetwork {
                    told_apart: None,
                    id: Some(identity.id.clone()),
                    name: identity.name.clone(),
                    resource_group: identity.resource_group.clone(),
                    address_space,
                    peerings: Vec::new(),
                    provisioning_state: None,
                },
            });
        }
        for position in self.side.of_kind(Kind::Subnet) {
            let subnet = self.subnet(position, owned, &mut facts.not_checked)?;
            facts.subnets.extend(subnet);
        }
        Ok(())
    }

    /// Subnets written inside a VNet, or made outside of Terraform. Those that Terraform manages as resources of their own are
    /// listed here too, as they were; they are read there.
    fn inline_subnets(
        &self,
        position: usize,
        owned: &HashSet<String>,
        facts: &mut Facts,
    ) -> Result<Vec<SubnetFact>, SourceError> {
        let instance = &self.side.instances[position];
        let Some(identity) = self.identity(position) else {
            return Ok(Vec::new());
        };
        let mut subnets: Vec<SubnetFact> = Vec::new();
        let blocks = match instance.block().blocks("subnet")? {
            Field::Known(blocks) => blocks,
            Field::Unset => return Ok(subnets),
            Field::Unknown => {
                let setting = self.configuration.setting(instance, &["subnet"]);
                if setting != super::configuration::Setting::Unset {
                    facts.not_checked.push(format!(
                        "VNet {}: the subnets written inside it are known only after apply",
                        identity.name
                    ));
                }
                return Ok(subnets);
            }
        };
        for block in blocks {
            let Some(name) = block.text("name")?.known().map(str::to_string) else {
                facts.not_checked.push(format!(
                    "VNet {}: the name of a subnet written inside it is known only after apply; it is not counted",
                    identity.name
                ));
                continue;
            };
            let id = inline_id(&block, &identity.id, &name)?;
            if owned.contains(&id.key()) {
                continue;
            }
            let Field::Known(prefixes) = prefixes(&block)? else {
                facts.not_checked.push(format!(
                    "subnet {}/{name}: its prefixes are known only after apply; it is not counted",
                    identity.name
                ));
                continue;
            };
            subnets.push(SubnetFact {
                origin: instance.origin.clone(),
                id: Some(id),
                name,
                vnet: None,
                prefixes,
                delegations: delegations(&block)?,
                used: None,
                holders: None,
                private_endpoints: 0,
                foreign: None,
                route_table: block.text("route_table_id")?.known().map(ResourceId::new),
                nat_gateway: None,
                security_group: None,
                addresses: Vec::new(),
                assumed: false,
            });
        }
        Ok(subnets)
    }

    /// The id of the one subnet written inside a VNet, where its name and prefixes are known.
    pub(super) fn only_inline_subnet(
        &self,
        position: usize,
    ) -> Result<Option<ResourceId>, SourceError> {
        let (Some(identity), Some(blocks)) = (
            self.identity(position),
            self.side.instances[position]
                .block()
                .blocks("subnet")?
                .known(),
        ) else {
            return Ok(None);
        };
        let [block] = &blocks[..] else {
            return Ok(None);
        };
        let Some(name) = block.text("name")?.known() else {
            return Ok(None);
        };
        if prefixes(block)?.known().is_none() {
            return Ok(None);
        }
        inline_id(block, &identity.id, name).map(Some)
    }

    fn subnet(
        &self,
        position: usize,
        owned: &HashSet<String>,
        not_checked: &mut Vec<String>,
    ) -> Result<Option<SubnetFact>, SourceError> {
        let instance = &self.side.instances[position];
        let Some(identity) = self.identity(position) else {
            return Ok(None);
        };
        if instance.data && owned.contains(&identity.id.key()) {
            return Ok(None);
        }
        let block = instance.block();
        let prefixes = match prefixes(&block)? {
            Field::Known(prefixes) => prefixes,
            Field::Unset => {
                return Err(block.error(
                    "address_prefixes",
                    "missing; expected a list of at least one CIDR",
                ));
            }
            Field::Unknown => {
                not_checked.push(format!(
                    "subnet {}: its prefixes are known only after apply; it is not counted",
                    identity.name
                ));
                return Ok(None);
            }
        };
        if let Some(doubt) = &identity.doubt {
            not_checked.push(format!(
                "subnet {}: its VNet is known only after apply ({doubt})",
                identity.name
            ));
        }
        Ok(Some(SubnetFact {
            origin: instance.origin.clone(),
            vnet: identity.id.parent(),
            id: Some(identity.id.clone()),
            name: identity.name.clone(),
            prefixes,
            delegations: delegations(&block)?,
            used: None,
            holders: None,
            private_endpoints: 0,
            foreign: None,
            route_table: block.text("route_table_id")?.known().map(ResourceId::new),
            nat_gateway: None,
            security_group: None,
            addresses: Vec::new(),
            assumed: false,
        }))
    }

    pub(super) fn peerings(&self, facts: &mut Facts) -> Result<(), SourceError> {
        for position in self.side.of_kind(Kind::Peering) {
            let instance = &self.side.instances[position];
            let block = instance.block();
            let name = match block.text("name")? {
                Field::Known(name) if !block.is_sensitive("name") => name.to_string(),
                _ => instance.address.clone(),
            };
            let (vnet, doubt) = match block.text("id")? {
                Field::Known(id) => (ResourceId::new(id).parent(), None),
                _ => {
                    let (vnet, doubt) = vnet_of(
                        instance,
                        self.side,
                        self.configuration,
                        &self.identities,
                        self.subscription,
                    );
                    (Some(vnet), doubt)
                }
            };
            let (Some(vnet), None) = (vnet, &doubt) else {
                facts.not_checked.push(format!(
                    "peering {name}: its VNet is known only after apply ({}); it is not counted",
                    doubt.unwrap_or_else(|| "its id names none".to_string())
                ));
                continue;
            };
            let remote = match self.reference(instance, "remote_virtual_network_id", Kind::Vnet)? {
                Ok(remote) => remote,
                Err(why) => {
                    facts.not_checked.push(format!(
                        "peering {name} of VNet {}: the VNet on the other side is known only after apply ({why}); it is not counted",
                        vnet.name()
                    ));
                    continue;
                }
            };
            let flag = |attribute: &str| Ok(block.flag(attribute)?.known().unwrap_or(false));
            facts.peerings.push(PeeringFact {
                origin: instance.origin.clone(),
                vnet,
                peering: Peering {
                    name,
                    remote,
                    remote_address_space: Vec::new(),
                    state: None,
                    allow_forwarded_traffic: flag("allow_forwarded_traffic")?,
                    allow_gateway_transit: flag("allow_gateway_transit")?,
                    use_remote_gateways: flag("use_remote_gateways")?,
                },
            });
        }
        Ok(())
    }
}

fn inline_id(block: &Block<'_>, vnet: &ResourceId, name: &str) -> Result<ResourceId, SourceError> {
    Ok(match block.text("id")? {
        Field::Known(id) => ResourceId::new(id),
        _ => ResourceId::new(format!("{vnet}/subnets/{}", name.replace('/', "|"))),
    })
}
