//! Run time: the request was taken; will there be addresses when nodes are made? Compares what new nodes hold with what is
//! free now.

use super::scene::Scene;
use super::{DemandRow, Judgement};
use crate::capacity::answer::{
    Answer, Certainty, SUBNET_IS_FULL, Stage, autoscaler_subnet_is_full,
    node_without_pod_addresses, nodes_without_pod_cidr, pods_without_addresses, subnet_is_full,
};
use crate::capacity::cost::{NodeCost, node_cost, pool_cost};
use crate::finding::{Finding, Severity, counted, grouped};
use crate::migrate::eligibility::surge_escape;
use crate::model::{
    Change, KubernetesVersion, NetworkMode, NodePool, PoolMode, Subject, SubnetIndex,
};
use crate::rule;
use std::collections::BTreeMap;

pub(super) fn judge(scene: &Scene, judgement: &mut Judgement) {
    let mut steps = Steps::new();
    if scene.autoscaler_only() {
        // Admission, which says the same, is not asked.
        for pool in &scene.after.pools {
            if pool.subnet.is_none() && added(scene, pool) > 0 {
                judgement.not_known(format!(
                    "pool {}: its subnet is not known, so nothing was compared with it",
                    pool.name
                ));
            }
        }
    }
    for subnet in scene.inventory().subnets_of_cluster(scene.after) {
        if scene.is_migration() {
            migration(scene, subnet, judgement);
        } else if scene.autoscaler_only() {
            autoscaler_step(scene, subnet, &mut steps, judgement);
        } else {
            new_nodes(scene, subnet, judgement);
        }
    }
    if scene.autoscaler_only() {
        autoscaler_blocks(scene, &mut steps, judgement);
        largest_steps(scene, &steps, judgement);
        // What refuses the step is told before what would fail after it.
        judgement
            .errors
            .sort_by_key(|error| error.code != SUBNET_IS_FULL);
    }
}

/// The cluster autoscaler's own event for a pool that is at its ceiling.
pub(super) const ABOVE_MAX_COUNT: &str = "NotTriggerScaleUp";

/// By pool, the most new nodes that every range has room for.
type Steps<'a> = BTreeMap<&'a str, u64>;

/// For each pool whose step does not fit, the one that would; and where a step leaves the autoscaler's bounds.
fn largest_steps(scene: &Scene, steps: &Steps, judgement: &mut Judgement) {
    for pool in &scene.after.pools {
        let nodes = added(scene, pool);
        let Some(autoscaler) = pool.autoscaler.filter(|_| nodes > 0) else {
            continue;
        };
        if pool.count > autoscaler.max_count {
            judgement.errors.push(Answer::new(
                Stage::Runtime,
                ABOVE_MAX_COUNT,
                None,
                format!(
                    "pod didn't trigger scale-up: 1 max node group size reached (pool {}: max_count {})",
                    pool.name, autoscaler.max_count
                ),
                Certainty::Inferred,
                &[&rule::ISS_2],
            ));
        }
        let Some(room) = steps.get(pool.name.as_str()).filter(|room| **room < nodes) else {
            continue;
        };
        let before = pool.count - nodes;
        let largest = autoscaler.max_count.saturating_sub(before).min(*room);
        judgement.findings.push(Finding::new(
            Severity::Info,
            "largest-step",
            format!(
                "pool {}: the largest step that can succeed is {}: a step that does not fit fails whole",
                pool.name,
                grouped(largest)
            ),
            &[&rule::SUBNET_IS_FULL],
        ).about(Subject::pool(scene.after.label(), &pool.name)));
    }
}

/// Addresses one node holds in this subnet.
pub(super) fn held(pool: &NodePool, cost: &NodeCost, subnet: SubnetIndex) -> u64 {
    cost.in_subnet(pool, subnet).held
}

/// Nodes that come to stay on top of those there are.
fn added(scene: &Scene, pool: &NodePool) -> u64 {
    let before = scene.pool_before(&pool.name).map_or(0, |pool| pool.count);
    pool.count.saturating_sub(before)
}

fn new_nodes(scene: &Scene, index: SubnetIndex, judgement: &mut Judgement) {
    let subnet = scene.inventory().subnet(index);
    let mut wanted = 0u64;
    let (mut surge_together, mut surge_in_turn) = (0u64, 0u64);
    let mut pod_mode = None;
    for (pool, cost) in scene.users(index) {
        let Some(cost) = cost else { continue };
        let each = held(pool, &cost, index);
        let (nodes, surge) = (added(scene, pool), scene.real_surge(pool));
        wanted = wanted.saturating_add(nodes.saturating_mul(each));
        surge_together = surge_together.saturating_add(surge.saturating_mul(each));
        surge_in_turn = surge_in_turn.max(surge.saturating_mul(each));
        if pool.pod_subnet == Some(index) && nodes + surge > 0 {
            pod_mode = scene.after.network_mode(pool);
        }
    }
    // An upgrade of the whole cluster takes pool after pool, and a pool's surge is gone before the next one starts (UPG-11).
    let surge = if scene.upgrades_in_turn() {
        surge_in_turn
    } else {
        surge_together
    };
    wanted = wanted.saturating_add(surge);
    let free = scene.free(index);
    if wanted <= free {
        return;
    }
    let cidr = subnet.cidr_text();
    let answer = match pod_mode {
        Some(NetworkMode::PodSubnetStaticBlock) => {
            node_without_pod_addresses(&subnet.name, &cidr, wanted, free)
        }
        Some(NetworkMode::PodSubnetDynamic) => {
            pods_without_addresses(&subnet.name, &cidr, wanted, free)
        }
        _ => {
            if surge > 0 {
                surge_fallback(scene, judgement);
            }
            subnet_is_full(
                &subnet.name,
                &cidr,
                wanted,
                free,
                Certainty::Inferred,
                &[&rule::UPG_4],
            )
        }
    };
    judgement.errors.push(answer);
}

fn surge_fallback(scene: &Scene, judgement: &mut Judgement) {
    const FALLS_BACK: KubernetesVersion = KubernetesVersion {
        major: 1,
        minor: 35,
        patch: None,
    };
    if scene
        .after
        .kubernetes_version
        .is_some_and(|version| version >= FALLS_BACK)
    {
        judgement.findings.push(Finding::new(
            Severity::Info,
            "surge-fallback",
            "from Kubernetes 1.35 on AKS tries again with one surge node when all of them cannot be had",
            &[&rule::UPG_6],
        ));
    }
}

/// The autoscaler asks for a whole step; a step that does not fit fails whole.
fn autoscaler_step<'a>(
    scene: &Scene<'a>,
    index: SubnetIndex,
    steps: &mut Steps<'a>,
    judgement: &mut Judgement,
) {
    let subnet = scene.inventory().subnet(index);
    let cidr = subnet.cidr_text();
    let mut free = scene.free(index);
    for (pool, cost) in scene.users(index) {
        let Some(cost) = cost else {
            judgement.open.push(format!(
                "pool {}: what a node of it takes is not known",
                pool.name
            ));
            continue;
        };
        let nodes = added(scene, pool);
        let each = held(pool, &cost, index);
        let wanted = nodes.saturating_mul(each);
        if nodes == 0 {
            continue;
        }
        judgement.demand.push(DemandRow {
            pool: pool.name.clone(),
            nodes,
            per_node: each,
            addresses: wanted,
            subnet: subnet.name.clone(),
            basis: "new nodes of one step".to_string(),
        });
        let room = steps.entry(&pool.name).or_insert(u64::MAX);
        *room = (*room).min(free / each.max(1));
        if wanted > free {
            // Without room in the pod subnet the machines come all the same, and their pods or they themselves do not.
            let answer = if pool.pod_subnet != Some(index) {
                let full =
                    subnet_is_full(&subnet.name, &cidr, wanted, free, Certainty::Observed, &[]);
                autoscaler_subnet_is_full(&pool.name, pool.count, full)
            } else if scene.after.network_mode(pool) == Some(NetworkMode::PodSubnetStaticBlock) {
                node_without_pod_addresses(&subnet.name, &cidr, wanted, free)
            } else {
                pods_without_addresses(&subnet.name, &cidr, wanted, free)
            };
            judgement.errors.push(answer);
        } else {
            free -= wanted;
        }
    }
}

/// New nodes without a block of the pod CIDR never become Ready.
fn autoscaler_blocks<'a>(scene: &Scene<'a>, steps: &mut Steps<'a>, judgement: &mut Judgement) {
    let Some(mode) = scene.after.mode().filter(|mode| mode.has_pod_cidr()) else {
        return;
    };
    let Some(range) = scene.after.network.pod_cidr_v4() else {
        return;
    };
    let pools = &scene.after.pools;
    let nodes: u64 = pools.iter().map(|pool| pool.count).sum();
    let blocks = crate::model::cidr::size(range) / crate::capacity::cost::POD_CIDR_PER_NODE;
    for pool in pools {
        let others = nodes - added(scene, pool);
        let room = steps.entry(&pool.name).or_insert(u64::MAX);
        *room = (*room).min(blocks.saturating_sub(others));
    }
    if nodes > blocks {
        judgement
            .errors
            .push(nodes_without_pod_cidr(mode, range, nodes));
    }
}

/// During the move all pools surge at once. Whether a surge node holds one address or what it held before is not documented
/// (MIG-22): both bounds are computed, and between them the answer is unknown.
fn migration(scene: &Scene, index: SubnetIndex, judgement: &mut Judgement) {
    let Some(before) = scene.before else { return };
    let subnet = scene.inventory().subnet(index);
    let (mut least, mut most, mut escape) = (0u64, 0u64, 0u64);
    for pool in scene
        .after
        .pools
        .iter()
        .filter(|pool| pool.subnet == Some(index))
    {
        let surge = scene.real_surge(pool);
        let new = node_cost(NetworkMode::Overlay, pool.os_type, pool.max_pods)
            .node_subnet
            .held;
        let old = scene
            .pool_before(&pool.name)
            .and_then(|pool| pool_cost(before, pool))
            .map_or(new, |cost| cost.node_subnet.held);
        least += surge * new;
        most += surge * old;
        if pool.mode == PoolMode::System {
            escape += surge.min(1) * old;
        }
    }
    let free = scene.free(index);
    let full = |wanted: u64, certainty: Certainty| -> Answer {
        subnet_is_full(
            &subnet.name,
            &subnet.cidr_text(),
            wanted,
            free,
            certainty,
            &[&rule::MIG_21, &rule::MIG_22],
        )
    };
    if least > free {
        judgement.errors.push(full(least, Certainty::Inferred));
    } else if most > free {
        judgement.open.push(format!(
            "subnet {}: what a surge node of the move takes is not documented, and the upper bound is not free (MIG-22)",
            subnet.name
        ));
        judgement.errors.push(full(most, Certainty::Inferred));
        judgement.findings.push(Finding::new(
            Severity::Warning,
            "migration-surge-cost",
            format!(
                "subnet {}: surge nodes of the move take {} if they are Overlay nodes from the start and {} if they still hold \
                 their pods' addresses; {} free: {}",
                subnet.name,
                counted(least, "address", "addresses"),
                grouped(most),
                counted(free, "is", "are"),
                surge_escape(free, escape)
            ),
            &[&rule::MIG_22, &rule::UPG_7],
        ).about(scene.inventory().subnet_subject(index)));
    }
    if scene
        .wish
        .changes
        .iter()
        .any(|change| matches!(change, Change::MigrateToOverlay { .. }))
    {
        judgement.not_checked.push(
            "whether AKS checks the request of the move with the nodes' old or new cost (the new one is assumed, MIG-22)"
                .to_string(),
        );
    }
}
