//! What a cassette shows of an estate, put together so that it can be read as one: each resource as it was at one moment of the
//! recording, subnets and peerings in their VNets, pools in their clusters. Beside it what each body says, taken from the bodies
//! by this file and not by aksplan.

use crate::cassettes::{Cassette, Exchange};
use crate::world::{Subscription, World, kind_of, segment};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One moment of a cassette.
pub struct Moment {
    pub world: World,
    pub facts: Facts,
    pub subscriptions: Vec<String>,
}

/// What the bodies say. Keys are ids in lower case.
#[derive(Debug, Default, PartialEq, Clone)]
pub struct Facts {
    /// Address space, sorted.
    pub vnets: BTreeMap<String, Vec<String>>,
    /// Prefixes, sorted; and how many configurations are listed.
    pub subnets: BTreeMap<String, (Vec<String>, u64)>,
    /// The remote VNet's id in lower case, by `VNET-ID name`.
    pub peerings: BTreeMap<String, String>,
    /// Plugin, `networkPluginMode`, pod CIDR.
    pub clusters: BTreeMap<String, (String, String, String)>,
    /// Nodes, `maxPods` and the autoscaler's bounds, by `CLUSTER-ID pool`.
    pub pools: BTreeMap<String, PoolSays>,
    /// How many routes.
    pub route_tables: BTreeMap<String, usize>,
}

/// Nodes, `maxPods` where given, least and most nodes of the autoscaler.
pub type PoolSays = (u64, Option<u64>, Option<(u64, u64)>);

const VNET: &str = "microsoft.network/virtualnetworks";
const SUBNET: &str = "microsoft.network/virtualnetworks/subnets";
const PEERING: &str = "microsoft.network/virtualnetworks/virtualnetworkpeerings";
const CLUSTER: &str = "microsoft.containerservice/managedclusters";
const POOL: &str = "microsoft.containerservice/managedclusters/agentpools";
const TABLE: &str = "microsoft.network/routetables";
const ROUTE: &str = "microsoft.network/routetables/routes";

/// Types whose recorded bodies become resources of the loopback Azure.
const CARRIED: [&str; 13] = [
    VNET,
    SUBNET,
    PEERING,
    CLUSTER,
    POOL,
    TABLE,
    ROUTE,
    "microsoft.containerservice/managedclusters/maintenanceconfigurations",
    "microsoft.network/natgateways",
    "microsoft.network/networkinterfaces",
    "microsoft.network/publicipaddresses",
    "microsoft.network/publicipprefixes",
    "microsoft.network/virtualnetworkgateways",
];

/// The resources in the answer to a read, of the types that are carried; `None` when it is no such read.
pub fn resources_of(exchange: &Exchange) -> Option<Vec<Value>> {
    if exchange.method != "GET" || exchange.status != 200 {
        return None;
    }
    let body = exchange.json();
    let members = match body.get("value").and_then(Value::as_array) {
        Some(members) => members.clone(),
        None => vec![body],
    };
    let carried = |member: &Value| {
        let kind = member["id"].as_str().and_then(kind_of);
        kind.is_some_and(|kind| CARRIED.contains(&kind.as_str()))
    };
    // An empty list is carried too, where its path says of what.
    let listed = exchange
        .path
        .to_ascii_lowercase()
        .rsplit_once("/providers/")
        .map(|(_, after)| {
            let parts: Vec<&str> = after.split('/').collect();
            match parts.as_slice() {
                [provider, kind] => format!("{provider}/{kind}"),
                [provider, kind, _, child] => format!("{provider}/{kind}/{child}"),
                _ => String::new(),
            }
        });
    let is_empty_list =
        members.is_empty() && listed.is_some_and(|kind| CARRIED.contains(&kind.as_str()));
    (is_empty_list || (!members.is_empty() && members.iter().all(carried))).then_some(members)
}

/// Every moment of a cassette: first with each resource as it was first seen, last as it was last seen.
pub fn moments(cassette: &Cassette) -> Vec<Moment> {
    let mut slots: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for members in cassette.exchanges.iter().filter_map(resources_of) {
        for member in members {
            let id = member["id"].as_str().unwrap_or_default();
            let versions = slots.entry(id.to_ascii_lowercase()).or_default();
            if versions.last() != Some(&member) {
                versions.push(member);
            }
        }
    }
    let most = slots.values().map(Vec::len).max().unwrap_or_default();
    (0..most)
        .map(|moment| {
            let now: Vec<Value> = slots
                .values()
                .map(|versions| versions[moment.min(versions.len() - 1)].clone())
                .collect();
            compose(now)
        })
        .collect()
}

fn compose(now: Vec<Value>) -> Moment {
    let mut whole: BTreeMap<String, Value> = BTreeMap::new();
    let (children, alone): (Vec<Value>, Vec<Value>) = now.into_iter().partition(|body| {
        let kind = body["id"].as_str().and_then(kind_of).unwrap_or_default();
        [SUBNET, PEERING, POOL, ROUTE].contains(&kind.as_str())
    });
    for body in alone {
        let id = body["id"].as_str().unwrap_or_default();
        whole.insert(id.to_ascii_lowercase(), body);
    }
    for child in children {
        adopt(&mut whole, child);
    }
    let mut moment = Moment {
        world: World::default(),
        facts: Facts::default(),
        subscriptions: Vec::new(),
    };
    let mut subscriptions = BTreeSet::new();
    for body in whole.values() {
        let id = body["id"].as_str().unwrap_or_default();
        subscriptions.extend(segment(id, "subscriptions").map(str::to_string));
        moment.world.put(body);
        say(body, &mut moment.facts);
    }
    for id in &subscriptions {
        moment.world.subscriptions.push(Subscription {
            id: id.clone(),
            name: format!("Recorded {id}"),
        });
    }
    moment.subscriptions = subscriptions.into_iter().collect();
    moment
}

/// Puts a child where its parent lists it. A parent that nobody asked for is made, with what the child shows of it.
fn adopt(whole: &mut BTreeMap<String, Value>, child: Value) {
    let id = child["id"].as_str().unwrap_or_default().to_string();
    let kind = kind_of(&id).unwrap_or_default();
    let mut parts: Vec<&str> = id.split('/').collect();
    parts.truncate(parts.len() - 2);
    let parent = parts.join("/");
    let name = parent.rsplit('/').next().unwrap_or_default().to_string();
    let holder = whole
        .entry(parent.to_ascii_lowercase())
        .or_insert_with(|| match kind.as_str() {
            SUBNET | PEERING => json!({
                "id": parent, "name": name, "type": "Microsoft.Network/virtualNetworks",
                "properties": {"addressSpace": {"addressPrefixes": prefixes(&child)}, "subnets": [], "virtualNetworkPeerings": []},
            }),
            ROUTE => json!({
                "id": parent, "name": name, "type": "Microsoft.Network/routeTables", "properties": {"routes": []},
            }),
            _ => json!({
                "id": parent, "name": name, "type": "Microsoft.ContainerService/ManagedClusters",
                "properties": {"agentPoolProfiles": [], "networkProfile": {"networkPlugin": "none"}},
            }),
        });
    let field = match kind.as_str() {
        SUBNET => "subnets",
        PEERING => "virtualNetworkPeerings",
        ROUTE => "routes",
        _ => "agentPoolProfiles",
    };
    let member = if kind == POOL {
        let mut profile = child["properties"].clone();
        profile["name"] = child["name"].clone();
        profile
    } else {
        child
    };
    let list = &mut holder["properties"][field];
    if !list.is_array() {
        *list = json!([]);
    }
    let members = list.as_array_mut().expect("made above");
    let named = |one: &Value| one["name"].as_str().map(str::to_ascii_lowercase);
    match members
        .iter_mut()
        .find(|other| named(other) == named(&member))
    {
        Some(other) => *other = member,
        None => members.push(member),
    }
}

fn prefixes(subnet: &Value) -> Vec<String> {
    let properties = &subnet["properties"];
    let mut all: Vec<String> = texts(&properties["addressPrefixes"]);
    if let Some(one) = properties["addressPrefix"].as_str()
        && !all.iter().any(|known| known == one)
    {
        all.push(one.to_string());
    }
    all.sort();
    all
}

fn texts(list: &Value) -> Vec<String> {
    let mut all: Vec<String> = elements(list)
        .filter_map(|text| text.as_str().map(str::to_string))
        .collect();
    all.sort();
    all
}

fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn lower(text: &Value) -> String {
    text.as_str().unwrap_or_default().to_ascii_lowercase()
}

/// Writes down what one whole resource says.
fn say(body: &Value, facts: &mut Facts) {
    let id = lower(&body["id"]);
    let properties = &body["properties"];
    match kind_of(&id).unwrap_or_default().as_str() {
        VNET => {
            let space = texts(&properties["addressSpace"]["addressPrefixes"]);
            facts.vnets.insert(id.clone(), space);
            for subnet in elements(&properties["subnets"]) {
                let held = elements(&subnet["properties"]["ipConfigurations"]).count() as u64;
                facts
                    .subnets
                    .insert(lower(&subnet["id"]), (prefixes(subnet), held));
            }
            for peering in elements(&properties["virtualNetworkPeerings"]) {
                facts.peerings.insert(
                    format!("{id} {}", lower(&peering["name"])),
                    lower(&peering["properties"]["remoteVirtualNetwork"]["id"]),
                );
            }
        }
        CLUSTER => {
            let network = &properties["networkProfile"];
            facts.clusters.insert(
                id.clone(),
                (
                    lower(&network["networkPlugin"]),
                    lower(&network["networkPluginMode"]),
                    lower(&network["podCidr"]),
                ),
            );
            for pool in elements(&properties["agentPoolProfiles"]) {
                // A pool of single machines keeps its numbers elsewhere, and answers a `count` of zero.
                let machines = &pool["virtualMachinesProfile"]["scale"];
                let scales = if machines["autoscale"].is_object() {
                    Some(&machines["autoscale"])
                } else {
                    (pool["enableAutoScaling"].as_bool() == Some(true)).then_some(pool)
                };
                let bound = |field: &str| scales?.get(field)?.as_u64();
                let count = if machines.is_object() {
                    elements(&pool["virtualMachineNodesStatus"])
                        .filter_map(|status| status["count"].as_u64())
                        .sum()
                } else {
                    pool["count"].as_u64().unwrap_or_default()
                };
                facts.pools.insert(
                    format!("{id} {}", lower(&pool["name"])),
                    (
                        count,
                        pool["maxPods"].as_u64(),
                        bound("minCount").zip(bound("maxCount")),
                    ),
                );
            }
        }
        TABLE => {
            let routes = elements(&properties["routes"]).count();
            facts.route_tables.insert(id, routes);
        }
        _ => {}
    }
}
