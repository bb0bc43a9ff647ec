//! Compiles a population: one pass over nodes, one over pods.

use super::owners::Owners;
use super::shapes::Shapes;
use super::{ControllerKind, NodeFacts, NodeId, Phase, PodFacts, PoolFacts, PoolId, Population};
use crate::model::workload::{Node, Pod};
use crate::model::{Cluster, KubernetesState};
use std::collections::{BTreeSet, HashMap};

/// Kubernetes's own, when a pod names none.
const DEFAULT_GRACE_SECONDS: u64 = 30;

impl<'a> Population<'a> {
    /// `state` is the cluster's own, or objects that came without Azure's view of a cluster.
    pub fn of(cluster: &'a Cluster, state: &'a KubernetesState) -> Self {
        let (pools, nodes) = nodes(cluster, state);
        let by_name: HashMap<&str, NodeId> = state
            .nodes
            .iter()
            .enumerate()
            .map(|(position, node)| (node.name.as_str(), NodeId::new(position)))
            .collect();
        let mut shapes = Shapes::new(state);
        let mut owners = Owners::new(state);
        let mut here: Option<(&str, Option<NodeId>)> = None;
        let pods = state
            .pods
            .iter()
            .map(|pod| {
                let node = pod.node_name.as_deref().and_then(|name| match here {
                    Some((last, node)) if last == name => node,
                    _ => {
                        let node = by_name.get(name).copied();
                        here = Some((name, node));
                        node
                    }
                });
                PodFacts {
                    shape: shapes.of(pod),
                    node,
                    workload: pod
                        .owner
                        .as_ref()
                        .map(|owner| owners.of(&pod.namespace, owner)),
                    phase: phase(pod),
                    ready: pod.ready,
                    deleting: pod.deleting_at.is_some(),
                    mirror: pod.mirror,
                    local_storage: pod.local_storage,
                    grace_seconds: u32::try_from(
                        pod.termination_grace_seconds
                            .unwrap_or(DEFAULT_GRACE_SECONDS),
                    )
                    .unwrap_or(u32::MAX),
                    controller: pod.owner.as_ref().map_or(ControllerKind::None, |owner| {
                        ControllerKind::from_word(&owner.kind)
                    }),
                }
            })
            .collect();
        Population {
            cluster,
            state,
            pools,
            nodes,
            pods,
            shapes: shapes.all,
            workloads: owners.all,
        }
    }
}

fn phase(pod: &Pod) -> Phase {
    match pod.phase.as_deref() {
        Some("Pending") => Phase::Pending,
        Some("Succeeded") => Phase::Succeeded,
        Some("Failed") => Phase::Failed,
        _ => Phase::Running,
    }
}

fn nodes(cluster: &Cluster, state: &KubernetesState) -> (Vec<PoolFacts>, Vec<NodeFacts>) {
    let mut pools: Vec<PoolFacts> = cluster
        .pools
        .iter()
        .enumerate()
        .map(|(position, pool)| PoolFacts {
            name: pool.name.clone(),
            position: Some(position),
            nodes: Vec::new(),
        })
        .collect();
    let names: Vec<Option<&str>> = state.nodes.iter().map(pool_name).collect();
    let known = |pools: &[PoolFacts], name: &str| {
        pools
            .iter()
            .position(|pool| pool.name.eq_ignore_ascii_case(name))
    };
    let others: BTreeSet<&str> = names
        .iter()
        .flatten()
        .copied()
        .filter(|name| known(&pools, name).is_none())
        .collect();
    pools.extend(others.into_iter().map(|name| PoolFacts {
        name: name.to_string(),
        position: None,
        nodes: Vec::new(),
    }));
    let facts = state
        .nodes
        .iter()
        .zip(names)
        .enumerate()
        .map(|(position, (node, name))| {
            let pool = name.and_then(|name| known(&pools, name));
            if let Some(pool) = pool {
                pools[pool].nodes.push(NodeId::new(position));
            }
            NodeFacts {
                pool: pool.map(PoolId::new),
                schedulable: !node.unschedulable,
                ready: node.ready,
            }
        })
        .collect();
    (pools, facts)
}

/// The pool that a node's labels name: AKS labels every node.
pub fn pool_label(node: &Node) -> Option<&str> {
    ["kubernetes.azure.com/agentpool", "agentpool"]
        .iter()
        .find_map(|label| node.labels.get(*label))
        .map(String::as_str)
}

/// The pool a node says it is of: by its labels, or as AKS names it, `aks-POOL-…`.
fn pool_name(node: &Node) -> Option<&str> {
    pool_label(node).or_else(|| {
        // Windows names are `akswin000001`: short, and their pool's name may be cut.
        let rest = node.name.strip_prefix("aks-")?;
        rest.split_once('-').map(|(pool, _)| pool)
    })
}
