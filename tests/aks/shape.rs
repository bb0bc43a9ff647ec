//! What a cluster is when a test begins: pools, network, surroundings, as few fields as tests want to vary. Makes nothing.

use aksplan::model::IpNet;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::time::Duration;

pub const SUBSCRIPTION: &str = "11111111-2222-3333-4444-555555555555";
pub const TENANT: &str = "72f00000-0000-4000-8000-00000000cafe";
pub const LOCATION: &str = "westeurope";

/// How long things take.
#[derive(Debug, Clone)]
pub struct Pace {
    /// From asking for a surge node to its being Ready.
    pub node_create: Duration,
    pub reimage: Duration,
    /// Between two rounds of evictions on a node.
    pub eviction_retry: Duration,
    /// What `drainTimeoutInMinutes` and `nodeSoakDurationInMinutes` count.
    pub minute: Duration,
    /// An operation that reimages nothing.
    pub short_operation: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            node_create: Duration::from_millis(150),
            reimage: Duration::from_millis(150),
            eviction_retry: Duration::from_millis(100),
            minute: Duration::from_millis(1000),
            short_operation: Duration::from_millis(150),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Pool {
    pub name: &'static str,
    pub is_system: bool,
    pub nodes: usize,
    pub max_pods: u64,
    pub cpu: &'static str,
    /// `upgradeSettings`, as AKS would show them.
    pub upgrade: Value,
}

#[derive(Debug, Clone)]
pub struct Shape {
    pub group: &'static str,
    pub name: &'static str,
    pub version: &'static str,
    pub pools: Vec<Pool>,
    /// `azure` or `kubenet`.
    pub plugin: &'static str,
    pub policy: Option<&'static str>,
    pub vnet: &'static str,
    pub vnet_space: &'static str,
    /// Where all nodes are.
    pub subnet: &'static str,
    pub subnet_cidr: &'static str,
    /// Addresses of the subnet that are somebody else's.
    pub foreign: u64,
    /// Other subnets: name and prefix.
    pub other_subnets: Vec<(&'static str, &'static str)>,
    pub service_cidr: &'static str,
    /// What a surge node takes of the subnet on the move from node subnet to Overlay: 1, or `max_pods - 1` (nobody says which,
    /// MIG-22).
    pub surge_takes_all: bool,
    /// `properties.nodeDisruptionProfile` and the like: merged over the body.
    pub more: Value,
    /// Maintenance configurations: name and properties.
    pub maintenance: Vec<(&'static str, Value)>,
    /// Everything of Kubernetes but the nodes, in the order it is made.
    pub objects: Vec<Value>,
    pub pace: Pace,
    /// Seconds that `Retry-After` names on what is accepted and while it runs.
    pub retry_after: Option<u64>,
}

impl Shape {
    pub fn id(&self) -> String {
        format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}",
            self.group, self.name
        )
    }

    pub fn vnet_id(&self) -> String {
        format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworks/{}",
            self.group, self.vnet
        )
    }

    pub fn subnet_id(&self) -> String {
        format!("{}/subnets/{}", self.vnet_id(), self.subnet)
    }

    pub fn node_group(&self) -> String {
        format!("MC_{}_{}_{LOCATION}", self.group, self.name)
    }

    pub fn pool(&self, name: &str) -> &Pool {
        let found = self.pools.iter().find(|pool| pool.name == name);
        found.unwrap_or_else(|| panic!("no pool {name}"))
    }

    pub fn subnet_range(&self) -> Range {
        Range::of(self.subnet_cidr)
    }
}

/// An IPv4 range as first address and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub first: u32,
    pub size: u64,
    pub prefix: u8,
}

impl Range {
    pub fn of(text: &str) -> Range {
        Range::parse(text).unwrap_or_else(|| panic!("{text} is no IPv4 range"))
    }

    pub fn parse(text: &str) -> Option<Range> {
        let IpNet::V4(net) = text.parse().ok()? else {
            return None;
        };
        Some(Range {
            first: u32::from(net.network()),
            size: 1u64 << (32 - net.prefix_len()),
            prefix: net.prefix_len(),
        })
    }

    pub fn overlaps(&self, other: &Range) -> bool {
        let end = |range: &Range| u64::from(range.first) + range.size;
        u64::from(self.first) < end(other) && u64::from(other.first) < end(self)
    }

    pub fn contains(&self, address: Ipv4Addr) -> bool {
        let value = u64::from(u32::from(address));
        value >= u64::from(self.first) && value < u64::from(self.first) + self.size
    }

    pub fn at(&self, position: u64) -> Ipv4Addr {
        Ipv4Addr::from(self.first + u32::try_from(position).expect("within IPv4"))
    }
}

/// `maxSurge` and the like against a number of nodes: a percentage is rounded up (UPG-2).
pub fn share(value: &Value, nodes: usize) -> usize {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return 0,
    };
    match text.strip_suffix('%') {
        Some(percent) => (nodes * percent.parse::<usize>().unwrap_or(0)).div_ceil(100),
        None => text.parse().unwrap_or(0),
    }
}

/// What AKS writes where nobody said anything.
pub fn upgrade_settings(max_surge: &str) -> Value {
    json!({"maxSurge": max_surge, "maxUnavailable": "0", "drainTimeoutInMinutes": 30, "undrainableNodeBehavior": "Schedule"})
}
