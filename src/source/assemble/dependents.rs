//! Joins what filters pods' traffic and what holds their addresses: security groups to their subnets, records to their zones. A
//! subnet or a zone that was not read is passed over.

use super::Lookup;
use super::addresses::latest;
use crate::model::{
    AddressRecord, ApplicationGateway, Inventory, NetworkSecurityGroup, PrivateDnsZone, ResourceId,
};
use std::collections::HashMap;

pub(super) fn add_security_groups(
    inventory: &mut Inventory,
    lookup: &Lookup,
    groups: Vec<NetworkSecurityGroup>,
) {
    let groups = latest(groups, |group| group.id.as_ref());
    for group in &groups {
        let Some(id) = &group.id else { continue };
        for subnet in &group.subnets {
            if let Some(&index) = lookup.by_id.get(&subnet.key()) {
                inventory.subnets[index.get()]
                    .security_group
                    .get_or_insert_with(|| id.clone());
            }
        }
    }
    inventory.security_groups = groups;
}

pub(super) fn add_gateways(inventory: &mut Inventory, gateways: Option<Vec<ApplicationGateway>>) {
    inventory.application_gateways = gateways.map(|all| latest(all, |gateway| gateway.id.as_ref()));
}

/// Zones with their records. A zone that only its records name was read as far as those go.
pub(super) fn add_zones(
    inventory: &mut Inventory,
    zones: Option<Vec<PrivateDnsZone>>,
    records: Vec<(ResourceId, AddressRecord)>,
    listed: Vec<ResourceId>,
) {
    if zones.is_none() && records.is_empty() && listed.is_empty() {
        return;
    }
    let mut zones = latest(zones.unwrap_or_default(), |zone| zone.id.as_ref());
    let mut by_id: HashMap<String, usize> = zones
        .iter()
        .enumerate()
        .filter_map(|(position, zone)| Some((zone.id.as_ref()?.key(), position)))
        .collect();
    let mut records_of = |zones: &mut Vec<PrivateDnsZone>, id: &ResourceId| -> usize {
        *by_id.entry(id.key()).or_insert_with(|| {
            zones.push(PrivateDnsZone {
                id: Some(id.clone()),
                name: id.name().to_string(),
                records: None,
            });
            zones.len() - 1
        })
    };
    for id in listed {
        let position = records_of(&mut zones, &id);
        zones[position].records.get_or_insert_default();
    }
    for (id, record) in records {
        let position = records_of(&mut zones, &id);
        let known = zones[position].records.get_or_insert_default();
        match known
            .iter_mut()
            .find(|other| other.name.eq_ignore_ascii_case(&record.name))
        {
            Some(other) => *other = record,
            None => known.push(record),
        }
    }
    inventory.private_dns_zones = Some(zones);
}
