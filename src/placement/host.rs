//! The nodes of a simulation: those that were read, those it may make, and one of each pool that is only asked about. Knows what a
//! node is, not what is on it.

use super::MoreNodes;
use super::demand::{HOSTNAME, is_lasting};
use crate::model::workload::{AttachLimit, Labels, Node, Taint};
use crate::population::{ControllerKind, NodeId, Phase, PoolId, Population, ShapeId};
use std::collections::{BTreeSet, HashMap};

/// Labels that tell a node's zone; Azure Disk has its own.
const ZONE_KEYS: [&str; 3] = [
    ZONE,
    "failure-domain.beta.kubernetes.io/zone",
    "topology.disk.csi.azure.com/zone",
];
const ZONE: &str = "topology.kubernetes.io/zone";
/// Amounts beyond this are taken as this: a petabyte, or 10^12 cores. Sums of them stay within 64 bits.
pub(super) const MOST: i64 = 1 << 50;

/// One node.
#[derive(Debug, Clone)]
pub(super) struct Host<'a> {
    pub pool: Option<PoolId>,
    /// Those that keep pods away as long as the node is what it is.
    pub taints: Vec<&'a Taint>,
    pub cpu: i64,
    pub memory: i64,
    pub pods: i64,
    pub limits: &'a [AttachLimit],
    /// The node that was read: itself, or the pattern of a simulated one.
    pub node: &'a Node,
    /// Of a simulated node.
    pub made: Option<Made<'a>>,
}

/// What a simulated node does not have from its pattern.
#[derive(Debug, Clone)]
pub(super) struct Made<'a> {
    pub name: String,
    /// The node whose zone it takes.
    pub zone_like: Option<&'a Node>,
}

impl<'a> Host<'a> {
    pub fn name(&self) -> &str {
        self.made
            .as_ref()
            .map_or(&self.node.name, |made| &made.name)
    }

    pub fn label(&self, key: &str) -> Option<&str> {
        let of = |labels: &'a Labels| labels.get(key).map(String::as_str);
        match &self.made {
            Some(made) if key == HOSTNAME => Some(&made.name),
            Some(Made {
                zone_like: Some(node),
                ..
            }) if ZONE_KEYS.contains(&key) => of(&node.labels),
            _ => of(&self.node.labels),
        }
    }

    fn of(
        node: &'a Node,
        pool: Option<PoolId>,
        max_pods: Option<u32>,
        limits: &'a [AttachLimit],
    ) -> Self {
        let allocatable = &node.allocatable;
        let known = !allocatable.is_empty();
        let amount = |amount: u64| {
            if known { clamp(amount) } else { MOST }
        };
        Host {
            pool,
            taints: node
                .taints
                .iter()
                .filter(|taint| is_lasting(taint))
                .collect(),
            cpu: amount(allocatable.cpu_millis),
            memory: amount(allocatable.memory),
            pods: match (allocatable.other.get("pods"), max_pods) {
                (Some(pods), _) => clamp(*pods),
                (None, Some(pods)) => i64::from(pods),
                // The scheduler takes a node that names no number to take none.
                (None, None) => amount(0),
            }
            .min(i64::from(i32::MAX)),
            limits,
            node,
            made: None,
        }
    }

    /// Of a resource other than cpu, memory and pods. A node that tells nothing at all lacks nothing.
    pub fn other(&self, resource: &str) -> i64 {
        let allocatable = &self.node.allocatable;
        match allocatable.other.get(resource) {
            Some(amount) => clamp(*amount),
            None if allocatable.is_empty() => MOST,
            None => 0,
        }
    }
}

pub(super) fn clamp(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(MOST).min(MOST)
}

/// All nodes, in order of their numbers.
pub(super) struct Hosts<'a> {
    pub all: Vec<Host<'a>>,
    /// How many were read.
    pub real: usize,
    /// Those that were read and those that may be made; what follows is only asked about.
    pub usable: usize,
    /// First simulated node of each request.
    pub first_of: Vec<NodeId>,
    /// For each pool, pods that come with a node of it.
    pub daemons: Vec<Vec<ShapeId>>,
    /// Requests that had no pattern.
    pub without_pattern: Vec<PoolId>,
}

pub(super) fn hosts<'a>(population: &Population<'a>, more: &[MoreNodes]) -> Hosts<'a> {
    let state = population.state;
    let limits: HashMap<&str, &[AttachLimit]> = state
        .csi_nodes
        .iter()
        .map(|node| (node.name.as_str(), node.drivers.as_slice()))
        .collect();
    let max_pods = |pool: Option<PoolId>| {
        let position = population.pools[pool?.at()].position?;
        Some(population.cluster.pools[position].max_pods)
    };
    let mut all: Vec<Host> = population
        .node_ids()
        .map(|id| {
            let node = population.node(id);
            let pool = population.nodes[id.at()].pool;
            let limits = limits.get(node.name.as_str()).copied().unwrap_or_default();
            Host::of(node, pool, max_pods(pool), limits)
        })
        .collect();
    let real = all.len();
    let patterns: Vec<Option<Pattern>> = (0..population.pools.len())
        .map(|pool| Pattern::of(population, PoolId::new(pool)))
        .collect();
    let mut first_of = Vec::with_capacity(more.len());
    let mut without_pattern = BTreeSet::new();
    let nobody = nobody();
    for (request, MoreNodes { pool, count }) in more.iter().enumerate() {
        first_of.push(NodeId::new(all.len()));
        for number in 0..*count {
            all.push(match &patterns[pool.at()] {
                Some(pattern) => pattern.another(
                    &all,
                    format!(
                        "{}-new-{request}-{number}",
                        population.pools[pool.at()].name
                    ),
                    number as usize,
                ),
                None => {
                    without_pattern.insert(*pool);
                    Host {
                        pool: Some(*pool),
                        taints: Vec::new(),
                        cpu: 0,
                        memory: 0,
                        pods: 0,
                        limits: &[],
                        node: nobody,
                        made: Some(Made {
                            name: format!("new-{request}-{number}"),
                            zone_like: None,
                        }),
                    }
                }
            });
        }
    }
    let usable = all.len();
    for (pool, pattern) in patterns.iter().enumerate() {
        if let Some(pattern) = pattern {
            for zone in 0..pattern.zones.len().max(1) {
                let name = format!("{}-any-{zone}", population.pools[pool].name);
                all.push(pattern.another(&all, name, zone));
            }
        }
    }
    Hosts {
        daemons: daemons(population, &patterns),
        all,
        real,
        usable,
        first_of,
        without_pattern: without_pattern.into_iter().collect(),
    }
}

/// A node without labels and without room.
fn nobody() -> &'static Node {
    static NOBODY: std::sync::LazyLock<Node> = std::sync::LazyLock::new(Node::default);
    &NOBODY
}

/// What new nodes of a pool are like.
struct Pattern<'a> {
    node: NodeId,
    /// One node of each zone, in order of the zones' names.
    zones: Vec<&'a Node>,
}

impl<'a> Pattern<'a> {
    fn of(population: &Population<'a>, pool: PoolId) -> Option<Self> {
        let nodes = &population.pools[pool.at()].nodes;
        let serves = |node: &&NodeId| {
            let facts = &population.nodes[node.at()];
            facts.ready && facts.schedulable
        };
        let node = *nodes.iter().find(serves).or(nodes.first())?;
        let mut zones: Vec<(&str, &Node)> = Vec::new();
        for node in nodes {
            let node = population.node(*node);
            if let Some(zone) = node.labels.get(ZONE)
                && !zones.iter().any(|(known, _)| known == zone)
            {
                zones.push((zone, node));
            }
        }
        zones.sort_by_key(|(zone, _)| *zone);
        Some(Pattern {
            node,
            zones: zones.into_iter().map(|(_, node)| node).collect(),
        })
    }

    /// Zones in turn: which one Azure takes is not known in advance.
    fn another(&self, all: &[Host<'a>], name: String, number: usize) -> Host<'a> {
        let zone_like = self.zones.get(number % self.zones.len().max(1)).copied();
        let mut host = all[self.node.at()].clone();
        // A condition of the pattern (pressure, no network yet) is not one of the new node.
        host.taints.retain(|taint| {
            !taint.key.starts_with("node.kubernetes.io/")
                && !taint.key.starts_with("node.cloudprovider.kubernetes.io/")
        });
        host.made = Some(Made { name, zone_like });
        host
    }
}

/// For each pool, the shapes of the daemon sets' and static pods of its pattern: each node has its own of those.
fn daemons(population: &Population, patterns: &[Option<Pattern>]) -> Vec<Vec<ShapeId>> {
    let mut pool_of_pattern: HashMap<NodeId, usize> = HashMap::new();
    for (pool, pattern) in patterns.iter().enumerate() {
        if let Some(pattern) = pattern {
            pool_of_pattern.insert(pattern.node, pool);
        }
    }
    let mut daemons = vec![Vec::new(); patterns.len()];
    for pod in &population.pods {
        let comes_with_node = matches!(
            pod.controller,
            ControllerKind::DaemonSet | ControllerKind::Node
        );
        if comes_with_node
            && !matches!(pod.phase, Phase::Succeeded | Phase::Failed)
            && !pod.deleting
            && let Some(pool) = pod.node.and_then(|node| pool_of_pattern.get(&node))
        {
            daemons[*pool].push(pod.shape);
        }
    }
    daemons
}
