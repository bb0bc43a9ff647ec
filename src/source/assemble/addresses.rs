//! Joins addresses to subnets by id: who holds which, and through which NAT gateway a subnet goes out. A subnet that was not read
//! is passed over: a subscription's network interfaces beside one VNet are no mistake.

use super::Lookup;
use crate::model::{HeldAddress, HolderKind, Inventory, ResourceId};
use crate::source::facts::{AddressFact, NatGatewayFact};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

pub(super) fn add_nat_gateways(
    inventory: &mut Inventory,
    lookup: &Lookup,
    facts: Vec<NatGatewayFact>,
) {
    for fact in latest(facts, |fact| fact.gateway.id.as_ref()) {
        if let Some(id) = &fact.gateway.id {
            for subnet in &fact.subnets {
                if let Some(&index) = lookup.by_id.get(&subnet.key()) {
                    inventory.subnets[index.get()]
                        .nat_gateway
                        .get_or_insert_with(|| id.clone());
                }
            }
        }
        inventory.nat_gateways.push(fact.gateway);
    }
}

/// Names the holders of addresses.
pub(super) fn add_addresses(inventory: &mut Inventory, lookup: &Lookup, facts: Vec<AddressFact>) {
    let facts = latest(facts, |fact| Some(&fact.holder));
    let of_endpoint: HashMap<String, ResourceId> = facts
        .iter()
        .flat_map(|fact| {
            let interfaces = fact.interfaces.iter();
            interfaces.map(|interface| (interface.key(), fact.holder.clone()))
        })
        .collect();
    // A private endpoint knows its addresses from DNS records, which may be missing or stale; its interface has them.
    let (endpoints, others): (Vec<_>, Vec<_>) = facts
        .into_iter()
        .partition(|fact| fact.kind == HolderKind::PrivateEndpoint);
    let mut held: BTreeMap<usize, BTreeMap<IpAddr, HeldAddress>> = inventory
        .subnets
        .iter()
        .enumerate()
        .filter(|(_, subnet)| !subnet.addresses.is_empty())
        .map(|(position, subnet)| {
            let known = subnet.addresses.iter().cloned();
            (position, known.map(|held| (held.address, held)).collect())
        })
        .collect();
    let mut told: HashSet<String> = HashSet::new();
    for fact in others {
        let endpoint = fact
            .endpoint
            .or_else(|| of_endpoint.get(&fact.holder.key()).cloned());
        let (kind, holder) = match endpoint {
            Some(endpoint) => {
                if !fact.addresses.is_empty() {
                    told.insert(endpoint.key());
                }
                (HolderKind::PrivateEndpoint, endpoint)
            }
            None => (fact.kind, fact.holder),
        };
        for (subnet, address) in fact.addresses {
            if let Some(index) = lookup.by_id.get(&subnet.key()) {
                let holder = holder.clone();
                let by_address = held.entry(index.get()).or_default();
                by_address.insert(
                    address,
                    HeldAddress {
                        address,
                        kind,
                        holder,
                    },
                );
            }
        }
    }
    for fact in endpoints {
        if told.contains(&fact.holder.key()) {
            continue;
        }
        for (subnet, address) in fact.addresses {
            let Some(&index) = lookup.by_id.get(&subnet.key()) else {
                continue;
            };
            // A record may lead elsewhere.
            let prefixes = &inventory.subnet(index).prefixes;
            if prefixes.iter().any(|prefix| prefix.contains(&address)) {
                let by_address = held.entry(index.get()).or_default();
                by_address.entry(address).or_insert_with(|| HeldAddress {
                    address,
                    kind: fact.kind,
                    holder: fact.holder.clone(),
                });
            }
        }
    }
    for (subnet, by_address) in held {
        inventory.subnets[subnet].addresses = by_address.into_values().collect();
    }
}

/// Each resource once: of one read twice, say by `list` and by `show`, the later is the newer truth.
pub(super) fn latest<T>(facts: Vec<T>, id: impl Fn(&T) -> Option<&ResourceId>) -> Vec<T> {
    let last: HashMap<String, usize> = facts
        .iter()
        .enumerate()
        .filter_map(|(position, fact)| Some((id(fact)?.key(), position)))
        .collect();
    facts
        .into_iter()
        .enumerate()
        .filter(|(position, fact)| id(fact).is_none_or(|id| last[&id.key()] == *position))
        .map(|(_, fact)| fact)
        .collect()
}
