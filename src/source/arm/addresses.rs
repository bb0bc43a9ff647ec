//! Who holds which private address: network interfaces, load balancers and private endpoints; and NAT gateways, through which a
//! subnet goes out. Addresses are names for what a subnet's usages count, and never change a number.

use super::Unfolded;
use super::nested;
use crate::model::{HolderKind, NatGateway, ResourceId};
use crate::source::facts::{AddressFact, NatGatewayFact, Origin};
use crate::source::{SourceError, wire};
use std::net::IpAddr;

pub(super) fn nat_gateway(
    read: Unfolded<wire::NatGateway>,
    origin: &Origin,
) -> Result<NatGatewayFact, SourceError> {
    let length = |list: &Option<Vec<_>>| list.as_ref().map_or(0, Vec::len) as u64;
    let body = &read.body;
    Ok(NatGatewayFact {
        gateway: NatGateway {
            id: read.id(),
            name: read.name(origin)?,
            resource_group: read.resource_group(),
            public_addresses: length(&body.public_ip_addresses)
                + length(&body.public_ip_addresses_v6),
            public_prefixes: length(&body.public_ip_prefixes) + length(&body.public_ip_prefixes_v6),
        },
        subnets: ids(read.body.subnets),
    })
}

pub(super) fn interface(
    mut read: Unfolded<wire::NetworkInterface>,
    origin: &Origin,
) -> Result<AddressFact, SourceError> {
    let endpoint = read.body.private_endpoint.take();
    Ok(AddressFact {
        holder: holder(&read, origin)?,
        kind: HolderKind::NetworkInterface,
        endpoint: endpoint
            .and_then(|endpoint| endpoint.id)
            .map(ResourceId::new),
        interfaces: Vec::new(),
        addresses: configurations(
            read.body.ip_configurations.take(),
            origin,
            &read.at("ipConfigurations"),
        )?,
    })
}

pub(super) fn load_balancer(
    mut read: Unfolded<wire::LoadBalancer>,
    origin: &Origin,
) -> Result<AddressFact, SourceError> {
    Ok(AddressFact {
        holder: holder(&read, origin)?,
        kind: HolderKind::LoadBalancer,
        endpoint: None,
        interfaces: Vec::new(),
        addresses: configurations(
            read.body.frontend_ip_configurations.take(),
            origin,
            &read.at("frontendIPConfigurations"),
        )?,
    })
}

pub(super) fn endpoint(
    mut read: Unfolded<wire::PrivateEndpoint>,
    origin: &Origin,
) -> Result<AddressFact, SourceError> {
    let subnet = read.body.subnet.take().and_then(|subnet| subnet.id);
    let mut addresses = Vec::new();
    if let Some(subnet) = subnet.map(ResourceId::new) {
        let records = read.body.custom_dns_configs.take().unwrap_or_default();
        for (position, record) in records.into_iter().enumerate() {
            for (which, text) in record
                .ip_addresses
                .unwrap_or_default()
                .into_iter()
                .enumerate()
            {
                let place = read.at(&format!(
                    "customDnsConfigs[{position}].ipAddresses[{which}]"
                ));
                addresses.push((subnet.clone(), address(&text, origin, &place)?));
            }
        }
    }
    Ok(AddressFact {
        holder: holder(&read, origin)?,
        kind: HolderKind::PrivateEndpoint,
        endpoint: None,
        interfaces: ids(read.body.network_interfaces),
        addresses,
    })
}

fn holder<T>(read: &Unfolded<T>, origin: &Origin) -> Result<ResourceId, SourceError> {
    read.id()
        .ok_or_else(|| origin.error("id", "missing; expected the resource's id"))
}

pub(super) fn ids(references: Option<Vec<wire::Reference>>) -> Vec<ResourceId> {
    references
        .unwrap_or_default()
        .into_iter()
        .filter_map(|reference| reference.id.map(ResourceId::new))
        .collect()
}

/// Private addresses with their subnets. A public frontend has neither, and an address that Azure is still to choose is none.
fn configurations(
    list: Option<Vec<wire::IpConfiguration>>,
    origin: &Origin,
    path: &str,
) -> Result<Vec<(ResourceId, IpAddr)>, SourceError> {
    let all = nested(list, origin, path, |read| {
        let place = read.at("privateIPAddress");
        let subnet = read.body.subnet.and_then(|subnet| subnet.id);
        let text = read.body.private_ip_address;
        match (subnet, text.filter(|text| !text.is_empty())) {
            (Some(subnet), Some(text)) => Ok(Some((
                ResourceId::new(subnet),
                address(&text, origin, &place)?,
            ))),
            _ => Ok(None),
        }
    })?;
    Ok(all.into_iter().flatten().collect())
}

pub(super) fn address(text: &str, origin: &Origin, place: &str) -> Result<IpAddr, SourceError> {
    text.trim()
        .parse()
        .map_err(|_| origin.error(place, format!("`{text}` is not an IP address")))
}
