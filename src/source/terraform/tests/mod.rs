//! Small plans, written for one thing each.

use crate::model::{Inventory, NetworkMode, NodePool, PoolMode};
use crate::source::{Found, Loaded, SourceError, read_document};
use serde_json::{Value, json};

mod damage;
mod follow;
mod instances;
mod refused;
mod sides;
mod steps;
mod values;

const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";

fn id(rest: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/rg/providers/{rest}")
}

fn vnet_id(name: &str) -> String {
    id(&format!("Microsoft.Network/virtualNetworks/{name}"))
}

fn cluster_id(name: &str) -> String {
    id(&format!(
        "Microsoft.ContainerService/managedClusters/{name}"
    ))
}

/// A plan in the making.
#[derive(Default)]
struct Plan {
    changes: Vec<Value>,
    prior: Vec<Value>,
    root: Value,
    more: Vec<(&'static str, Value)>,
}

impl Plan {
    fn new() -> Self {
        Plan {
            root: json!({ "resources": [] }),
            ..Plan::default()
        }
    }

    /// `address` is `[module…].type.name[index]`.
    fn change(mut self, address: &str, change: Value) -> Self {
        self.changes.push(resource(address, ("change", change)));
        self
    }

    fn create(self, address: &str, after: Value, after_unknown: Value) -> Self {
        self.change(
            address,
            json!({ "actions": ["create"], "before": null, "after": after, "after_unknown": after_unknown }),
        )
    }

    fn update(self, address: &str, before: Value, after: Value) -> Self {
        let action = if before == after { "no-op" } else { "update" };
        self.change(
            address,
            json!({ "actions": [action], "before": before, "after": after, "after_unknown": {} }),
        )
    }

    fn prior(mut self, address: &str, values: Value) -> Self {
        self.prior.push(resource(address, ("values", values)));
        self
    }

    /// What the configuration says of a resource of the root module.
    fn configure(mut self, address: &str, expressions: Value) -> Self {
        let entry = configured(address, expressions);
        self.root["resources"].as_array_mut().unwrap().push(entry);
        self
    }

    fn root(mut self, name: &str, value: Value) -> Self {
        self.root[name] = value;
        self
    }

    fn with(mut self, name: &'static str, value: Value) -> Self {
        self.more.push((name, value));
        self
    }

    fn json(&self) -> Value {
        let mut plan = json!({
            "format_version": "1.2",
            "terraform_version": "1.9.8",
            "planned_values": { "root_module": {} },
            "resource_changes": self.changes,
            "configuration": { "root_module": self.root },
            "a field of the future": [1],
        });
        if !self.prior.is_empty() {
            plan["prior_state"] = json!({
                "format_version": "1.0",
                "values": { "root_module": { "resources": self.prior } },
            });
        }
        for (name, value) in &self.more {
            plan[*name] = value.clone();
        }
        plan
    }

    fn load(&self) -> (Inventory, Inventory) {
        let loaded = load(&self.json()).unwrap();
        (loaded.current, loaded.planned.unwrap())
    }

    fn after(&self) -> Inventory {
        self.load().1
    }
}

fn find(json: &Value) -> Result<Found, SourceError> {
    read_document("plan.json", json.to_string().as_bytes())
}

fn load(json: &Value) -> Result<Loaded, SourceError> {
    find(json)?.assemble()
}

fn configured(address: &str, expressions: Value) -> Value {
    let mut entry = resource(address, ("expressions", expressions));
    entry["schema_version"] = json!(0);
    entry
}

fn resource(address: &str, (field, value): (&str, Value)) -> Value {
    // Keys in these tests hold no dots.
    let parts: Vec<&str> = address.split('.').collect();
    let start = parts
        .iter()
        .rposition(|part| part.starts_with("azurerm_") || part.starts_with("azapi_"))
        .unwrap();
    let data = start > 0 && parts[start - 1] == "data";
    let modules = parts[..start - usize::from(data)].join(".");
    let (name, index) = match parts[start + 1].split_once('[') {
        Some((name, index)) => (
            name,
            serde_json::from_str(index.trim_end_matches(']')).unwrap(),
        ),
        None => (parts[start + 1], Value::Null),
    };
    let mut resource = json!({
        "address": address,
        "mode": if data { "data" } else { "managed" },
        "type": parts[start],
        "name": name,
        field: value,
    });
    if !modules.is_empty() {
        resource["module_address"] = json!(modules);
    }
    if !index.is_null() {
        resource["index"] = index;
    }
    resource
}

fn vnet(name: &str, space: &str) -> Value {
    json!({ "name": name, "resource_group_name": "rg", "address_space": [space], "subnet": [] })
}

fn subnet(name: &str, prefix: &str) -> Value {
    json!({
        "name": name, "resource_group_name": "rg", "virtual_network_name": "v",
        "address_prefixes": [prefix], "delegation": [],
    })
}

fn with_id(mut values: Value, id: String) -> Value {
    values["id"] = json!(id);
    values
}

fn existing_vnet() -> Value {
    with_id(vnet("v", "10.0.0.0/16"), vnet_id("v"))
}

fn existing_subnet(name: &str, prefix: &str) -> Value {
    with_id(subnet(name, prefix), vnet_id("v") + "/subnets/" + name)
}

fn cluster(name: &str, pool: Value) -> Value {
    json!({
        "name": name, "resource_group_name": "rg",
        "default_node_pool": [pool],
        "network_profile": [{ "network_plugin": "azure", "service_cidr": "10.2.0.0/16", "load_balancer_profile": [] }],
        "identity": [{ "type": "SystemAssigned" }],
    })
}

fn existing_cluster(pool: Value) -> Value {
    with_id(cluster("prod", pool), cluster_id("prod"))
}

fn new_id() -> Value {
    json!({ "id": true })
}

fn references(listed: &[&str]) -> Value {
    json!({ "references": listed })
}

/// `vnet/subnet` of a pool.
fn subnet_of(inventory: &Inventory, pool: &NodePool) -> Option<String> {
    pool.subnet.map(|index| inventory.subnet_label(index))
}

fn tells(inventory: &Inventory, part: &str) {
    assert!(
        inventory
            .not_checked
            .iter()
            .any(|sentence| sentence.contains(part)),
        "`{part}` is not told: {:#?}",
        inventory.not_checked
    );
}

fn fails(json: &Value, part: &str) {
    let error = load(json).expect_err("it must be refused").to_string();
    assert!(error.contains(part), "{error}");
}

fn network() -> Plan {
    Plan::new()
        .update(
            "azurerm_virtual_network.v",
            existing_vnet(),
            existing_vnet(),
        )
        .update(
            "azurerm_subnet.nodes",
            existing_subnet("nodes", "10.0.0.0/24"),
            existing_subnet("nodes", "10.0.0.0/24"),
        )
}

fn pool_in(subnet: &str, more: Value) -> Value {
    let mut pool =
        json!({ "name": "system", "max_pods": 30, "node_count": 3, "vnet_subnet_id": subnet });
    for (name, value) in more.as_object().unwrap() {
        pool[name] = value.clone();
    }
    pool
}

fn in_nodes(more: Value) -> Value {
    pool_in(&(vnet_id("v") + "/subnets/nodes"), more)
}
