//! What an inventory promises, held against one that came from a file: the types guard their own values, this guards what
//! stands between them. Never repairs anything.

use crate::model::workload::EventCount;
use crate::model::{
    Inventory, IpNet, KubernetesState, MaintenanceConfiguration, SecurityEnd, SubnetIndex,
};
use crate::source::facts::vnet_key;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// The place in the document, and what is wrong there.
type Damage = (String, String);

/// The first thing that is out of place.
pub(super) fn check(inventory: &Inventory) -> Result<(), Damage> {
    subnets(inventory)?;
    vnets(inventory)?;
    clusters(inventory)?;
    let mut seen = HashMap::new();
    for (position, table) in inventory.route_tables.iter().enumerate() {
        let path = format!("inventory.route_tables[{position}]");
        if let Some(id) = &table.id {
            once(&mut seen, id.key(), &path, "a route table with the id")?;
        }
        let prefixes = table
            .routes
            .iter()
            .filter_map(|route| route.prefix.as_ref());
        no_host_bits(prefixes, || format!("{path}.routes"))?;
    }
    let mut seen = HashMap::new();
    for (position, gateway) in inventory.nat_gateways.iter().enumerate() {
        if let Some(id) = &gateway.id {
            let path = format!("inventory.nat_gateways[{position}]");
            once(&mut seen, id.key(), &path, "a NAT gateway with the id")?;
        }
    }
    let mut seen = HashMap::new();
    for (position, group) in inventory.security_groups.iter().enumerate() {
        let path = format!("inventory.security_groups[{position}]");
        if let Some(id) = &group.id {
            once(&mut seen, id.key(), &path, "a security group with the id")?;
        }
        for (place, rule) in group.rules.iter().enumerate() {
            let ends = rule.sources.iter().chain(&rule.destinations);
            let prefixes = ends.filter_map(|end| match end {
                SecurityEnd::Prefix(prefix) => Some(prefix),
                _ => None,
            });
            no_host_bits(prefixes, || format!("{path}.rules[{place}]"))?;
        }
    }
    let mut seen = HashMap::new();
    let gateways = inventory.application_gateways.iter().flatten();
    for (position, gateway) in gateways.enumerate() {
        if let Some(id) = &gateway.id {
            let path = format!("inventory.application_gateways[{position}]");
            once(
                &mut seen,
                id.key(),
                &path,
                "an application gateway with the id",
            )?;
        }
    }
    let mut seen = HashMap::new();
    for (position, zone) in inventory.private_dns_zones.iter().flatten().enumerate() {
        if let Some(id) = &zone.id {
            let path = format!("inventory.private_dns_zones[{position}]");
            once(&mut seen, id.key(), &path, "a private DNS zone with the id")?;
        }
    }
    for (position, range) in inventory.reserved.iter().enumerate() {
        no_host_bits([&range.cidr], || {
            format!("inventory.reserved[{position}].cidr")
        })?;
    }
    Ok(())
}

fn vnets(inventory: &Inventory) -> Result<(), Damage> {
    let mut seen = HashMap::with_capacity(inventory.vnets.len());
    for (position, vnet) in inventory.vnets.iter().enumerate() {
        let path = || format!("inventory.vnets[{position}]");
        once(&mut seen, vnet_key(vnet), &path(), "a VNet")?;
        no_host_bits(&vnet.address_space, || path() + ".address_space")?;
        for (place, peering) in vnet.peerings.iter().enumerate() {
            no_host_bits(&peering.remote_address_space, || {
                format!("{}.peerings[{place}].remote_address_space", path())
            })?;
        }
    }
    Ok(())
}

fn subnets(inventory: &Inventory) -> Result<(), Damage> {
    let mut before = 0;
    let mut ids = HashMap::with_capacity(inventory.subnets.len());
    let mut names: HashSet<String> = HashSet::new();
    for (position, subnet) in inventory.subnets.iter().enumerate() {
        let path = || format!("inventory.subnets[{position}]");
        let vnet = subnet.vnet.get();
        if vnet >= inventory.vnets.len() {
            return Err((
                path() + ".vnet",
                format!(
                    "{vnet}, and there are {} VNets; expected the position of one, from 0",
                    inventory.vnets.len()
                ),
            ));
        }
        if vnet < before {
            return Err((
                path() + ".vnet",
                format!(
                    "{vnet} after {before}; expected the subnets of a VNet side by side, in the order of the VNets"
                ),
            ));
        }
        if vnet > before {
            names.clear();
        }
        before = vnet;
        if let Some(id) = &subnet.id {
            once(&mut ids, id.key(), &path(), "a subnet with the id")?;
        }
        if !names.insert(subnet.name.to_ascii_lowercase()) {
            return Err((
                path() + ".name",
                format!(
                    "VNet `{}` has two subnets named `{}`; expected each name once",
                    inventory.vnets[vnet].name, subnet.name
                ),
            ));
        }
        no_host_bits(&subnet.prefixes, || path() + ".prefixes")?;
        in_order(
            &subnet.addresses,
            |held| held.address,
            |place, held| {
                let path = format!("{}.addresses[{place}].address", path());
                (path, held.address.to_string())
            },
        )?;
    }
    Ok(())
}

fn clusters(inventory: &Inventory) -> Result<(), Damage> {
    let mut seen = HashMap::with_capacity(inventory.clusters.len());
    for (position, cluster) in inventory.clusters.iter().enumerate() {
        let path = format!("inventory.clusters[{position}]");
        let key = match &cluster.id {
            Some(id) => id.key(),
            None => cluster.qualified_name().to_ascii_lowercase(),
        };
        once(&mut seen, key, &path, "a cluster")?;
        no_host_bits(&cluster.network.pod_cidrs, || {
            format!("{path}.network.pod_cidrs")
        })?;
        no_host_bits(&cluster.network.service_cidrs, || {
            format!("{path}.network.service_cidrs")
        })?;
        if let Some(all) = &cluster.maintenance {
            in_order(all, MaintenanceConfiguration::key, |place, one| {
                let path = format!("{path}.maintenance[{place}].name");
                (path, one.name.clone())
            })?;
        }
        if let Some(state) = &cluster.kubernetes {
            kubernetes(state, &format!("{path}.kubernetes"))?;
        }
        let mut names: HashSet<String> = HashSet::new();
        for (place, pool) in cluster.pools.iter().enumerate() {
            let path = format!("{path}.pools[{place}]");
            if !names.insert(pool.name.to_ascii_lowercase()) {
                return Err((
                    path + ".name",
                    format!(
                        "cluster `{}` has two pools named `{}`; expected each name once",
                        cluster.name, pool.name
                    ),
                ));
            }
            in_subnets(inventory, pool.subnet, &path, "subnet")?;
            in_subnets(inventory, pool.pod_subnet, &path, "pod_subnet")?;
        }
    }
    Ok(())
}

/// What is added to a state later relies on both.
fn kubernetes(state: &KubernetesState, path: &str) -> Result<(), Damage> {
    in_order(&state.events, EventCount::key, |place, event| {
        let path = format!("{path}.events[{place}]");
        let key = event.key();
        (path, [key.0, key.1, key.2, key.3, key.4].join(" "))
    })?;
    for (list, kinds) in [
        ("kinds", &state.kinds),
        ("partial_kinds", &state.partial_kinds),
        ("absent_kinds", &state.absent_kinds),
    ] {
        for (place, kind) in kinds.iter().enumerate() {
            let problem = if kinds[..place].contains(kind) {
                "is there already; expected each kind once"
            } else if list != "kinds" && state.has_kind(kind) {
                "is among those read in full; expected it in one list"
            } else {
                continue;
            };
            return Err((
                format!("{path}.{list}[{place}]"),
                format!("`{kind}` {problem}"),
            ));
        }
    }
    Ok(())
}

/// Each larger than the one before.
fn in_order<'a, T, K: Ord>(
    all: &'a [T],
    key: impl Fn(&'a T) -> K,
    named: impl Fn(usize, &'a T) -> (String, String),
) -> Result<(), Damage> {
    for (place, pair) in all.windows(2).enumerate() {
        if key(&pair[0]) >= key(&pair[1]) {
            let (path, this) = named(place + 1, &pair[1]);
            let (_, before) = named(place, &pair[0]);
            return Err((
                path,
                format!("`{this}` after `{before}`; expected them in order, and each once"),
            ));
        }
    }
    Ok(())
}

fn in_subnets(
    inventory: &Inventory,
    index: Option<SubnetIndex>,
    path: &str,
    field: &str,
) -> Result<(), Damage> {
    let Some(index) = index else { return Ok(()) };
    let problem = match inventory.subnets.get(index.get()) {
        None => format!(
            "{}, and there are {} subnets; expected the position of one, from 0",
            index.get(),
            inventory.subnets.len()
        ),
        Some(subnet) if subnet.prefixes.is_empty() => format!(
            "{}, which is subnet `{}` without prefixes; expected one whose size is known",
            index.get(),
            subnet.name
        ),
        Some(_) => return Ok(()),
    };
    Err((format!("{path}.{field}"), problem))
}

/// Remembers a key; the second time it is an error.
fn once(
    seen: &mut HashMap<String, String>,
    key: String,
    path: &str,
    what: &str,
) -> Result<(), Damage> {
    match seen.get(&key) {
        None => {
            seen.insert(key, path.to_string());
            Ok(())
        }
        Some(first) => {
            let mut problem = format!("{what} `{key}` is there already (");
            write!(problem, "{first}); expected each once").expect("a string takes everything");
            Err((path.to_string(), problem))
        }
    }
}

fn no_host_bits<'a>(
    prefixes: impl IntoIterator<Item = &'a IpNet>,
    path: impl Fn() -> String,
) -> Result<(), Damage> {
    for prefix in prefixes {
        if prefix.addr() != prefix.network() {
            return Err((
                path(),
                format!(
                    "`{prefix}` has host bits set; the prefix is {}",
                    prefix.trunc()
                ),
            ));
        }
    }
    Ok(())
}
