//! Application gateways and private DNS zones lowered from JSON. Keeps no certificate, no listener and no tag but the two that
//! the Application Gateway Ingress Controller sets.

use super::Unfolded;
use super::nested;
use crate::model::{AddressRecord, ApplicationGateway, BackendPool, PrivateDnsZone, ResourceId};
use crate::source::facts::Origin;
use crate::source::{SourceError, wire};
use std::collections::BTreeMap;

/// Tags of the Application Gateway Ingress Controller.
const MANAGED: &str = "managed-by-k8s-ingress";
const CLUSTER: &str = "ingress-for-aks-cluster-id";

pub(super) fn gateway(
    mut read: Unfolded<wire::ApplicationGateway>,
    origin: &Origin,
) -> Result<ApplicationGateway, SourceError> {
    let pools = read.body.backend_address_pools.take();
    let configurations = read.body.gateway_ip_configurations.take();
    let subnets = nested(
        configurations,
        origin,
        &read.at("gatewayIPConfigurations"),
        |read| Ok(read.body.subnet.and_then(|subnet| subnet.id)),
    )?;
    // A tag is a text or nothing; what else stands there belongs to somebody else.
    let tags: BTreeMap<String, Option<String>> = read
        .common
        .tags
        .and_then(|tags| serde_json::from_str(tags.get()).ok())
        .unwrap_or_default();
    let tag = |name: &str| {
        tags.iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone().unwrap_or_default())
    };
    let cluster = tag(CLUSTER);
    Ok(ApplicationGateway {
        id: read.id(),
        name: read.name(origin)?,
        subnets: subnets.into_iter().flatten().map(ResourceId::new).collect(),
        backend_pools: nested(pools, origin, &read.at("backendAddressPools"), |read| {
            backend_pool(read, origin)
        })?,
        ingress_controller: cluster.is_some() || tag(MANAGED).is_some(),
        cluster: cluster.filter(|id| !id.is_empty()).map(ResourceId::new),
    })
}

fn backend_pool(
    read: Unfolded<wire::BackendAddressPool>,
    origin: &Origin,
) -> Result<BackendPool, SourceError> {
    let name = read.name(origin)?;
    let mut pool = BackendPool {
        name,
        addresses: Vec::new(),
        host_names: Vec::new(),
    };
    for backend in read.body.backend_addresses.unwrap_or_default() {
        for text in [backend.ip_address, backend.fqdn].into_iter().flatten() {
            match text.trim().parse() {
                Ok(address) => pool.addresses.push(address),
                Err(_) => pool.host_names.push(text),
            }
        }
    }
    Ok(pool)
}

pub(super) fn zone(
    read: Unfolded<wire::PrivateDnsZone>,
    origin: &Origin,
) -> Result<PrivateDnsZone, SourceError> {
    Ok(PrivateDnsZone {
        id: read.id(),
        name: read.name(origin)?,
        records: None,
    })
}

/// A record set and the zone it is in.
pub(super) fn record(
    read: Unfolded<wire::AddressRecordSet>,
    origin: &Origin,
) -> Result<(ResourceId, AddressRecord), SourceError> {
    let zone = read
        .id()
        .and_then(|id| id.parent())
        .ok_or_else(|| origin.error("id", "a record set without an id names no zone"))?;
    let name = read.name(origin)?;
    let mut addresses = Vec::new();
    let records = read.body.a_records.as_deref().unwrap_or_default();
    for (position, record) in records.iter().enumerate() {
        let text = record.ipv4_address.as_deref().unwrap_or_default();
        addresses.push(super::addresses::address(
            text,
            origin,
            &read.at(&format!("aRecords[{position}].ipv4Address")),
        )?);
    }
    Ok((zone, AddressRecord { name, addresses }))
}
