//! What Azure knows of the cluster: its body, its nodes and their addresses, its operations. Speaks neither HTTP nor Kubernetes.

use super::bodies;
use super::shape::{Range, Shape};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// How pods of a node get their addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Classic,
    Overlay,
    Kubenet,
}

#[derive(Debug, Clone)]
pub struct Node {
    pub pool: String,
    pub is_surge: bool,
    /// Instance in its scale set.
    pub instance: usize,
    pub mode: Mode,
    /// Which reimage it has had; the cluster's is where all shall be.
    pub generation: u64,
    pub address: Ipv4Addr,
    /// Further addresses of the subnet, for pods.
    pub secondaries: Vec<Ipv4Addr>,
    /// Which /24 of the pod CIDR.
    pub block: Option<u64>,
    /// Its drain was given up under `undrainableNodeBehavior: Cordon`.
    pub is_quarantined: bool,
}

/// A running or finished operation.
#[derive(Debug, Clone)]
pub struct Operation {
    pub id: String,
    /// What another writer is told is in the way.
    pub handler: &'static str,
    /// In lower case, where it is a pool's own.
    pub pool: Option<String>,
    pub status: String,
    pub error: Option<Value>,
    pub is_over: bool,
    pub is_cancelled: bool,
}

/// An eviction that the API server granted.
#[derive(Debug, Clone)]
pub struct Eviction {
    pub node: String,
    /// `namespace/name`
    pub pod: String,
}

/// The first time that a budget refused.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// `namespace/name`
    pub budget: String,
    /// Since the operation began.
    pub at: Duration,
    /// Nodes of the pool that were done by then.
    pub done: u64,
    /// Of the drain.
    pub round: u32,
}

/// What a node went through, each since the operation began.
#[derive(Debug, Clone)]
pub struct Turn {
    pub node: String,
    pub drain_begins: Duration,
    pub drained: Option<Duration>,
    /// Ready again, or taken away.
    pub ended: Option<Duration>,
}

pub struct World {
    pub shape: Shape,
    pub cluster: Value,
    pub nodes: BTreeMap<String, Node>,
    taken: BTreeSet<u32>,
    blocks: BTreeSet<u64>,
    /// Reimages asked for so far.
    pub generation: u64,
    pub operations: BTreeMap<String, Operation>,
    pub running: Option<String>,
    /// When the operation that runs, or the last one, began.
    pub began: Option<Instant>,
    /// Evictions that were taken, in order.
    pub evicted: Vec<Eviction>,
    /// Budgets in the order in which they first refused.
    pub refusing: Vec<Refusal>,
    /// Nodes in the order in which they were first drained.
    pub turns: Vec<Turn>,
    serial: u64,
}

impl World {
    pub fn new(shape: Shape) -> World {
        let range = shape.subnet_range();
        // Azure keeps the first four; what is foreign comes right after.
        let taken = (0..4 + shape.foreign)
            .chain([range.size - 1])
            .map(|position| u32::from(range.at(position)))
            .collect();
        let mut world = World {
            cluster: bodies::cluster(&shape),
            shape,
            nodes: BTreeMap::new(),
            taken,
            blocks: BTreeSet::new(),
            generation: 0,
            operations: BTreeMap::new(),
            running: None,
            began: None,
            evicted: Vec::new(),
            refusing: Vec::new(),
            turns: Vec::new(),
            serial: 0,
        };
        world.touch_cluster();
        let mode = world.mode();
        for pool in world.shape.pools.clone() {
            for _ in 0..pool.nodes {
                world
                    .add_node(pool.name, mode, false)
                    .expect("the subnet holds what the cluster begins with");
            }
        }
        world
    }

    /// A number that was not there before, as a part of an id.
    pub fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub fn etag(&mut self) -> Value {
        json!(format!("e7a60000-0000-4000-8000-{:012x}", self.next()))
    }

    /// A write to the cluster changes its eTag and each pool's.
    pub fn touch_cluster(&mut self) {
        self.cluster["eTag"] = self.etag();
        for position in 0..self.shape.pools.len() {
            let tag = self.etag();
            self.cluster["properties"]["agentPoolProfiles"][position]["eTag"] = tag;
        }
    }

    pub fn profile(&mut self, pool: &str) -> Option<&mut Value> {
        let profiles = self.cluster["properties"]["agentPoolProfiles"].as_array_mut()?;
        profiles.iter_mut().find(|profile| {
            profile["name"]
                .as_str()
                .is_some_and(|name| name.eq_ignore_ascii_case(pool))
        })
    }

    /// A write to a pool changes only the pool's.
    pub fn touch_pool(&mut self, pool: &str) {
        let tag = self.etag();
        if let Some(profile) = self.profile(pool) {
            profile["eTag"] = tag;
        }
    }

    pub fn set_state(&mut self, pools: &dyn Fn(&str) -> &'static str, cluster: &str) {
        let properties = &mut self.cluster["properties"];
        properties["provisioningState"] = json!(cluster);
        for profile in properties["agentPoolProfiles"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            let state = pools(profile["name"].as_str().unwrap_or_default());
            profile["provisioningState"] = json!(state);
        }
    }

    pub fn network(&self) -> &Value {
        &self.cluster["properties"]["networkProfile"]
    }

    /// How nodes that are made or reimaged now get their addresses.
    pub fn mode(&self) -> Mode {
        let network = self.network();
        if network["networkPluginMode"]
            .as_str()
            .is_some_and(|mode| mode.eq_ignore_ascii_case("overlay"))
        {
            Mode::Overlay
        } else if network["networkPlugin"] == "kubenet" {
            Mode::Kubenet
        } else {
            Mode::Classic
        }
    }

    pub fn pod_range(&self) -> Option<Range> {
        Range::parse(self.network()["podCidr"].as_str()?)
    }

    /// Addresses of the subnet in use.
    pub fn used(&self) -> u64 {
        // The five that Azure keeps are in the set and not in use.
        self.taken.len() as u64 - 5
    }

    fn room(&self) -> u64 {
        self.shape.subnet_range().size - self.taken.len() as u64
    }

    pub fn refuses(&mut self, budget: String, node: &str, round: u32) {
        if self.refusing.iter().all(|known| known.budget != budget) {
            let done = self.nodes.get(node).map_or(0, |node| {
                let pool = self.nodes.values().filter(|other| other.pool == node.pool);
                let done =
                    pool.filter(|other| !other.is_surge && other.generation == self.generation);
                done.count() as u64
            });
            let at = self.elapsed();
            self.refusing.push(Refusal {
                budget,
                at,
                done,
                round,
            });
        }
    }

    /// Since the operation began.
    fn elapsed(&self) -> Duration {
        self.began.map_or(Duration::ZERO, |began| began.elapsed())
    }

    pub fn drain_begins(&mut self, node: &str) {
        let at = self.elapsed();
        if self.turns.iter().all(|turn| turn.node != node) {
            self.turns.push(Turn {
                node: node.to_string(),
                drain_begins: at,
                drained: None,
                ended: None,
            });
        }
    }

    pub fn is_drained(&mut self, node: &str) {
        let at = self.elapsed();
        if let Some(turn) = self.turns.iter_mut().find(|turn| turn.node == node) {
            turn.drained.get_or_insert(at);
        }
    }

    pub fn is_over(&mut self, node: &str) {
        let at = self.elapsed();
        if let Some(turn) = self.turns.iter_mut().find(|turn| turn.node == node) {
            turn.ended.get_or_insert(at);
        }
    }

    /// Somebody else takes so many addresses.
    pub fn take_foreign(&mut self, addresses: u64) {
        for _ in 0..addresses {
            self.take();
        }
        self.shape.foreign += addresses;
    }

    fn take(&mut self) -> Ipv4Addr {
        let range = self.shape.subnet_range();
        let free = (0..range.size).map(|position| range.at(position));
        let free = free
            .into_iter()
            .find(|address| !self.taken.contains(&u32::from(*address)));
        let address = free.expect("whoever takes has looked for room");
        self.taken.insert(u32::from(address));
        address
    }

    fn take_block(&mut self) -> u64 {
        let free = (0..).find(|block| !self.blocks.contains(block));
        let block = free.expect("there is no end of numbers");
        self.blocks.insert(block);
        block
    }

    /// What a node of this mode takes of the subnet (CLS, OVL).
    fn cost(&self, pool: &str, mode: Mode, is_surge: bool) -> u64 {
        let all = self.shape.pool(pool).max_pods - 1;
        match mode {
            Mode::Classic => all,
            Mode::Overlay if is_surge && self.shape.surge_takes_all => all,
            Mode::Overlay | Mode::Kubenet => 1,
        }
    }

    /// The name of a new node, or how many addresses the subnet cannot give.
    pub fn add_node(&mut self, pool: &str, mode: Mode, is_surge: bool) -> Result<String, u64> {
        let cost = self.cost(pool, mode, is_surge);
        if cost > self.room() {
            return Err(cost);
        }
        let of_pool = self.nodes.values().filter(|node| node.pool == pool);
        let instance = of_pool
            .map(|node| node.instance + 1)
            .max()
            .unwrap_or_default();
        let name = node_name(pool, instance);
        let node = Node {
            pool: pool.to_string(),
            is_surge,
            instance,
            mode,
            generation: self.generation,
            address: self.take(),
            secondaries: (1..cost).map(|_| self.take()).collect(),
            block: (mode != Mode::Classic).then(|| self.take_block()),
            is_quarantined: false,
        };
        self.nodes.insert(name.clone(), node);
        Ok(name)
    }

    pub fn remove_node(&mut self, name: &str) {
        let Some(node) = self.nodes.remove(name) else {
            return;
        };
        for address in node.secondaries.iter().chain([&node.address]) {
            self.taken.remove(&u32::from(*address));
        }
        if let Some(block) = node.block {
            self.blocks.remove(&block);
        }
    }

    /// The same machine with the image and the network of now; addresses it needs no more are free again.
    pub fn reimaged(&mut self, name: &str) {
        let (mode, generation) = (self.mode(), self.generation);
        let needs_block = mode != Mode::Classic && self.nodes[name].block.is_none();
        let block = needs_block.then(|| self.take_block());
        let node = self.nodes.get_mut(name).expect("it is being reimaged");
        node.mode = mode;
        node.generation = generation;
        node.is_quarantined = false;
        node.block = node.block.or(block);
        if mode == Mode::Overlay {
            for address in std::mem::take(&mut node.secondaries) {
                self.taken.remove(&u32::from(address));
            }
        }
    }

    /// Addresses that pods on the node may have.
    pub fn pod_addresses(&self, name: &str) -> Vec<Ipv4Addr> {
        let Some(node) = self.nodes.get(name) else {
            return Vec::new();
        };
        match (node.mode, node.block, self.pod_range()) {
            (Mode::Classic, _, _) => node.secondaries.clone(),
            // Of a /24 the first is the network's own.
            (_, Some(block), Some(range)) => (1..255)
                .map(|position| range.at(block * 256 + position))
                .collect(),
            _ => Vec::new(),
        }
    }

    pub fn node_range(&self, name: &str) -> Option<String> {
        let block = self.nodes.get(name)?.block?;
        let range = self.pod_range()?;
        Some(format!("{}/24", range.at(block * 256)))
    }

    /// Nodes of the pool that the last change has not reached, in the order of their instances.
    pub fn undone(&self, pool: &str) -> Vec<String> {
        let mut all: Vec<(usize, String)> = self
            .nodes
            .iter()
            .filter(|(_, node)| node.pool == pool && !node.is_surge)
            .filter(|(_, node)| node.generation < self.generation)
            .map(|(name, node)| (node.instance, name.clone()))
            .collect();
        all.sort();
        all.into_iter().map(|(_, name)| name).collect()
    }

    pub fn surge_nodes(&self, pool: &str) -> Vec<String> {
        let surge = self
            .nodes
            .iter()
            .filter(|(_, node)| node.pool == pool && node.is_surge);
        surge.map(|(name, _)| name.clone()).collect()
    }

    pub fn operation(&mut self, id: &str) -> &mut Operation {
        self.operations
            .get_mut(id)
            .expect("operations are never forgotten")
    }

    /// The body of a poll.
    pub fn told(&self, id: &str) -> Option<Value> {
        let operation = self.operations.get(id)?;
        let mut body = json!({"name": operation.id, "status": operation.status, "startTime": "2026-11-22T20:00:00Z"});
        if operation.is_over {
            body["endTime"] = json!("2026-11-22T20:30:00Z");
        }
        if let Some(error) = &operation.error {
            body["error"] = error.clone();
        }
        Some(body)
    }
}

/// `aks-apps-38250194-vmss`
pub fn scale_set(pool: &str) -> String {
    format!("aks-{pool}-38250194-vmss")
}

/// `aks-apps-38250194-vmss000000`
pub fn node_name(pool: &str, instance: usize) -> String {
    format!("{}{}", scale_set(pool), base36(instance))
}

/// Instances are numbered so in the names of nodes: six places, base 36.
fn base36(mut number: usize) -> String {
    let mut places = [b'0'; 6];
    for place in places.iter_mut().rev() {
        let digit = u8::try_from(number % 36).expect("below 36");
        *place = if digit < 10 {
            b'0' + digit
        } else {
            b'a' + digit - 10
        };
        number /= 36;
    }
    String::from_utf8_lossy(&places).into_owned()
}
