//! The resources of one side of a plan, before or after, each with its values and with what is not known of them.

use super::address::{Key, ModulePath};
use super::block::{Block, Field};
use crate::source::facts::Origin;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// The resource types that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Cluster,
    NodePool,
    Vnet,
    Subnet,
    Peering,
    RouteTable,
    Route,
    RouteTableAssociation,
    /// Another association that passes its `subnet_id` on.
    OtherAssociation,
}

impl Kind {
    pub fn from_type(word: &str) -> Option<Kind> {
        Some(match word {
            "azurerm_kubernetes_cluster" => Kind::Cluster,
            "azurerm_kubernetes_cluster_node_pool" => Kind::NodePool,
            "azurerm_virtual_network" => Kind::Vnet,
            "azurerm_subnet" => Kind::Subnet,
            "azurerm_virtual_network_peering" => Kind::Peering,
            "azurerm_route_table" => Kind::RouteTable,
            "azurerm_route" => Kind::Route,
            "azurerm_subnet_route_table_association" => Kind::RouteTableAssociation,
            "azurerm_subnet_network_security_group_association"
            | "azurerm_subnet_nat_gateway_association" => Kind::OtherAssociation,
            _ => return None,
        })
    }

    /// For sentences.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Cluster => "cluster",
            Kind::NodePool => "node pool",
            Kind::Vnet => "VNet",
            Kind::Subnet => "subnet",
            Kind::Peering => "peering",
            Kind::RouteTable => "route table",
            Kind::Route => "route",
            Kind::RouteTableAssociation | Kind::OtherAssociation => "association",
        }
    }
}

/// One instance of a resource or data source.
#[derive(Debug, Clone)]
pub struct Instance {
    pub address: String,
    pub module: ModulePath,
    pub data: bool,
    pub kind: Kind,
    /// `type.name`, with `data.` before it for a data source: how the configuration calls it.
    pub resource: String,
    pub key: Option<Key>,
    pub origin: Origin,
    pub values: Value,
    pub unknown: Value,
    pub sensitive: Value,
    /// The id it had before, on the side after.
    pub previous_id: Option<String>,
}

impl Instance {
    pub fn block(&self) -> Block<'_> {
        Block::new(&self.origin, &self.values, &self.unknown, &self.sensitive)
    }
}

/// The instance keys of a resource or of a module call. Compared by number: a fleet has resources with thousands.
#[derive(Debug, Default)]
pub struct Keys {
    pub all: BTreeSet<Option<Key>>,
    /// The same for equal sets.
    pub number: usize,
}

/// The instances of one resource of one module.
#[derive(Debug, Default)]
pub struct Group {
    pub positions: Vec<usize>,
    /// Those of them whose id is not known yet.
    pub open: Vec<usize>,
    pub by_key: HashMap<Option<Key>, Vec<usize>>,
    pub keys: Keys,
}

impl Group {
    pub fn is_open(&self, position: usize) -> bool {
        self.open.binary_search(&position).is_ok()
    }
}

/// All instances of one side, data sources among them.
#[derive(Debug, Default)]
pub struct Side {
    pub instances: Vec<Instance>,
    groups: HashMap<(ModulePath, String), Group>,
    modules: HashMap<(ModulePath, String), Keys>,
    /// By name in lower case.
    vnets: HashMap<String, Vec<usize>>,
}

impl Side {
    pub fn new(instances: Vec<Instance>) -> Self {
        let mut side = Side::default();
        for (position, instance) in instances.iter().enumerate() {
            let block = instance.block();
            if let (Kind::Vnet, Ok(Field::Known(name))) = (instance.kind, block.text("name")) {
                side.vnets
                    .entry(name.to_ascii_lowercase())
                    .or_default()
                    .push(position);
            }
            let group = side
                .groups
                .entry((instance.module.clone(), instance.resource.clone()))
                .or_default();
            group.positions.push(position);
            if !matches!(block.text("id"), Ok(Field::Known(_))) {
                group.open.push(position);
            }
            group
                .by_key
                .entry(instance.key.clone())
                .or_default()
                .push(position);
            group.keys.all.insert(instance.key.clone());
            for (depth, (name, key)) in instance.module.iter().enumerate() {
                side.modules
                    .entry((instance.module[..depth].to_vec(), name.clone()))
                    .or_default()
                    .all
                    .insert(key.clone());
            }
        }
        let mut numbers: HashMap<BTreeSet<Option<Key>>, usize> = HashMap::new();
        let groups = side.groups.values_mut().map(|group| &mut group.keys);
        for keys in groups.chain(side.modules.values_mut()) {
            let next = numbers.len();
            keys.number = *numbers.entry(keys.all.clone()).or_insert(next);
        }
        side.instances = instances;
        side
    }

    /// The instances of a resource of a module.
    pub fn group(&self, module: &ModulePath, resource: &str) -> Option<&Group> {
        self.groups.get(&(module.clone(), resource.to_string()))
    }

    /// The keys of the instances of a module call, as far as resources that are read show them.
    pub fn module_keys(&self, parent: &ModulePath, call: &str) -> Option<&Keys> {
        self.modules.get(&(parent.clone(), call.to_string()))
    }

    pub fn vnets_named(&self, name: &str) -> &[usize] {
        self.vnets
            .get(&name.to_ascii_lowercase())
            .map_or(&[], Vec::as_slice)
    }

    /// Positions of the instances of a kind: data sources first, so that what Terraform manages is the later, newer truth.
    pub fn of_kind(&self, kind: Kind) -> Vec<usize> {
        let mut positions: Vec<usize> = (0..self.instances.len())
            .filter(|&position| self.instances[position].kind == kind)
            .collect();
        positions.sort_by_key(|&position| !self.instances[position].data);
        positions
    }
}
