//! Names and ids. Azure's id is taken where it is known; of what is not made yet it is composed from the names the plan knows,
//! the same way for every reference to it, so that references meet.

use super::block::Field;
use super::configuration::Configuration;
use super::follow::{Target, follow};
use super::side::{Instance, Kind, Side};
use crate::model::ResourceId;
use serde_json::Value;
use std::collections::BTreeSet;

/// What a resource is called.
#[derive(Debug, Clone)]
pub struct Identity {
    pub id: ResourceId,
    /// Its name; the Terraform address where the name is not known yet or must not be shown.
    pub name: String,
    pub resource_group: Option<String>,
    /// For what is known of a subnet or peering only after apply: why its VNet could not be told.
    pub doubt: Option<String>,
}

/// The subscription that all known ids share; `None` when there is none or more than one.
pub fn subscription(sides: &[&Side]) -> Option<String> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    for side in sides {
        for instance in &side.instances {
            if let Some(id) = instance.values.get("id").and_then(Value::as_str)
                && let Some(subscription) = ResourceId::new(id).segment("subscriptions")
            {
                known.insert(subscription.to_ascii_lowercase());
            }
        }
    }
    match known.len() {
        1 => known.pop_first(),
        _ => None,
    }
}

/// Identities of all instances of a side, by position; `None` for kinds without one.
pub fn identify(
    side: &Side,
    configuration: &Configuration,
    subscription: Option<&str>,
) -> Vec<Option<Identity>> {
    let mut identities: Vec<Option<Identity>> = side
        .instances
        .iter()
        .map(|instance| {
            let (provider, kind) = match instance.kind {
                Kind::Cluster => ("Microsoft.ContainerService", "managedClusters"),
                Kind::Vnet => ("Microsoft.Network", "virtualNetworks"),
                Kind::RouteTable => ("Microsoft.Network", "routeTables"),
                _ => return None,
            };
            Some(top_level(instance, provider, kind, subscription))
        })
        .collect();
    for (position, instance) in side.instances.iter().enumerate() {
        if instance.kind == Kind::Subnet {
            identities[position] = Some(subnet(
                instance,
                side,
                configuration,
                &identities,
                subscription,
            ));
        }
    }
    identities
}

/// A known text that may be shown.
fn shown_text(instance: &Instance, attribute: &str) -> Option<String> {
    let block = instance.block();
    match block.text(attribute) {
        Ok(Field::Known(text)) if !block.is_sensitive(attribute) => Some(text.to_string()),
        _ => None,
    }
}

fn known_id(instance: &Instance) -> Option<ResourceId> {
    match instance.block().text("id") {
        Ok(Field::Known(id)) => Some(ResourceId::new(id)),
        _ => None,
    }
}

/// A Terraform address as one segment of an id.
fn segment(address: &str) -> String {
    address.replace('/', "|")
}

fn top_level(
    instance: &Instance,
    provider: &str,
    kind: &str,
    subscription: Option<&str>,
) -> Identity {
    let name = shown_text(instance, "name");
    let group = shown_text(instance, "resource_group_name");
    let id = known_id(instance)
        .or_else(|| {
            // Replaced under the same name, it will have the same id.
            let previous = ResourceId::new(instance.previous_id.as_deref()?);
            let same = previous.name().eq_ignore_ascii_case(name.as_deref()?)
                && previous
                    .resource_group()?
                    .eq_ignore_ascii_case(group.as_deref()?);
            same.then_some(previous)
        })
        .unwrap_or_else(|| {
            let address = segment(&instance.address);
            ResourceId::new(format!(
                "/subscriptions/{}/resourceGroups/{}/providers/{provider}/{kind}/{}",
                subscription.unwrap_or("unknown"),
                group
                    .as_deref()
                    .map_or_else(|| format!("group of {address}"), segment),
                name.as_deref().map_or(address.clone(), segment),
            ))
        });
    Identity {
        name: name.unwrap_or_else(|| instance.address.clone()),
        resource_group: group
            .or_else(|| known_id(instance).and_then(|id| id.resource_group().map(str::to_string))),
        id,
        doubt: None,
    }
}

fn subnet(
    instance: &Instance,
    side: &Side,
    configuration: &Configuration,
    identities: &[Option<Identity>],
    subscription: Option<&str>,
) -> Identity {
    let name = shown_text(instance, "name");
    let (id, doubt) = match known_id(instance) {
        Some(id) => (id, None),
        None => {
            let (vnet, doubt) = vnet_of(instance, side, configuration, identities, subscription);
            let name = segment(name.as_deref().unwrap_or(&instance.address));
            (ResourceId::new(format!("{vnet}/subnets/{name}")), doubt)
        }
    };
    Identity {
        name: name.unwrap_or_else(|| instance.address.clone()),
        resource_group: id.resource_group().map(str::to_string),
        id,
        doubt,
    }
}

/// The VNet that a subnet or a peering names by resource group and name. Where it cannot be told, an id of its own and why.
pub fn vnet_of(
    instance: &Instance,
    side: &Side,
    configuration: &Configuration,
    identities: &[Option<Identity>],
    subscription: Option<&str>,
) -> (ResourceId, Option<String>) {
    let block = instance.block();
    let text = |attribute: &str| block.text(attribute).ok().and_then(Field::known);
    let (name, group) = (text("virtual_network_name"), text("resource_group_name"));
    if let Some(name) = name {
        let found: Vec<&ResourceId> = side
            .vnets_named(name)
            .iter()
            .filter_map(|&position| identities.get(position)?.as_ref())
            .filter(
                |identity| match (identity.resource_group.as_deref(), group) {
                    (Some(found), Some(wanted)) => found.eq_ignore_ascii_case(wanted),
                    (_, wanted) => wanted.is_none(),
                },
            )
            .map(|identity| &identity.id)
            .collect();
        if let Some((first, rest)) = found.split_first()
            && rest.iter().all(|other| other == first)
        {
            return ((*first).clone(), None);
        }
        if let Some(group) = group {
            let id = format!(
                "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworks/{}",
                subscription.unwrap_or("unknown"),
                segment(group),
                segment(name)
            );
            return (ResourceId::new(id), None);
        }
    }
    let path = ["virtual_network_name"];
    let doubt = match follow(side, configuration, instance, &path, Kind::Vnet) {
        Ok(Target::Instance(position) | Target::InlineSubnet(position)) => {
            match identities.get(position).and_then(Option::as_ref) {
                Some(identity) => return (identity.id.clone(), None),
                None => "its VNet has no identity".to_string(),
            }
        }
        Err(why) => why,
    };
    let id = format!(
        "/subscriptions/unknown/resourceGroups/unknown/providers/Microsoft.Network/virtualNetworks/VNet of {}",
        segment(&instance.address)
    );
    (ResourceId::new(id), Some(doubt))
}
