//! Joins what filters pods' traffic and what holds their addresses: security groups to their subnets, records to their zones;
//! and credentials to their identities. A subnet or a zone that was not read is passed over.

use super::Lookup;
use super::addresses::latest;
use crate::model::{
    AddressRecord, ApplicationGateway, FederatedCredential, Inventory, ManagedIdentity,
    NetworkSecurityGroup, Platform, PrivateDnsZone, ResourceId,
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

/// Identities with their credentials. An identity that only its credentials name was read as far as those go.
pub(super) fn add_platform(
    inventory: &mut Inventory,
    platform: Platform,
    credentials: Vec<(ResourceId, FederatedCredential)>,
    listed: Vec<ResourceId>,
) {
    let Platform {
        managed_identities,
        grafanas,
        prometheus_rule_groups,
        metric_alerts,
        log_alerts,
        listed: whole,
    } = platform;
    let mut identities = managed_identities;
    if !credentials.is_empty() || !listed.is_empty() {
        identities.get_or_insert_default();
    }
    let mut identities = identities.map(|all| latest(all, |identity| identity.id.as_ref()));
    if let Some(identities) = &mut identities {
        let mut by_id: HashMap<String, usize> = identities
            .iter()
            .enumerate()
            .filter_map(|(position, identity)| Some((identity.id.as_ref()?.key(), position)))
            .collect();
        let mut position_of = |identities: &mut Vec<ManagedIdentity>, id: &ResourceId| -> usize {
            *by_id.entry(id.key()).or_insert_with(|| {
                identities.push(ManagedIdentity {
                    id: Some(id.clone()),
                    name: id.name().to_string(),
                    client_id: None,
                    federated_credentials: None,
                });
                identities.len() - 1
            })
        };
        for id in listed {
            let position = position_of(identities, &id);
            identities[position]
                .federated_credentials
                .get_or_insert_default();
        }
        for (id, credential) in credentials {
            let position = position_of(identities, &id);
            let known = identities[position]
                .federated_credentials
                .get_or_insert_default();
            match known
                .iter_mut()
                .find(|other| other.name.eq_ignore_ascii_case(&credential.name))
            {
                Some(other) => *other = credential,
                None => known.push(credential),
            }
        }
    }
    inventory.platform = Platform {
        managed_identities: identities,
        grafanas: grafanas.map(|all| latest(all, |one| one.id.as_ref())),
        prometheus_rule_groups: prometheus_rule_groups
            .map(|all| latest(all, |one| one.id.as_ref())),
        metric_alerts: metric_alerts.map(|all| latest(all, |one| one.id.as_ref())),
        log_alerts: log_alerts.map(|all| latest(all, |one| one.id.as_ref())),
        listed: whole,
    };
}
