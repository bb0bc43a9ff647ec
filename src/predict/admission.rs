//! Admission, the arithmetic: every subnet and pod CIDR of the cluster, all pools, the autoscaled ones at `max_count`, against
//! what there is (ISS-1 to ISS-5); and the limits on node counts.

use super::profile::refusal;
use super::scene::{DEFAULT_POD_CIDR, Scene};
use super::words::size_is_unknown;
use super::{DemandRow, Judgement};
use crate::capacity::answer::{Answer, Certainty, CheckedRange, Stage, insufficient_subnet_size};
use crate::capacity::assess::{admission_rules, certainty_of, pod_cidr_answer};
use crate::capacity::checks::{ipv6_slice_length, ipv6_slices};
use crate::capacity::cost::{POD_CIDR_PER_NODE, cost_basis, pool_cost};
use crate::capacity::limits;
use crate::finding::{Finding, Severity, grouped};
use crate::model::{IpNet, NetworkMode, NodePool, SubnetIndex, cidr};
use crate::rule;

pub(super) fn judge(scene: &Scene, judgement: &mut Judgement) {
    for pool in &scene.after.pools {
        if pool.subnet.is_none() {
            judgement.not_known(format!(
                "pool {}: its subnet is not known, so nothing was compared with it",
                pool.name
            ));
        }
        if !pool.unknown.is_empty() {
            judgement.not_known(format!(
                "pool {}: {} not known before apply",
                pool.name,
                pool.unknown.join(", ")
            ));
        }
        if pool.max_pods_defaulted && pool.max_pods > 0 && pool.knows("max_pods") {
            judgement.not_checked.push(format!(
                "pool {}: max_pods was not given; the default of its network mode, {}, is used",
                pool.name, pool.max_pods
            ));
        }
    }
    for subnet in scene.inventory().subnets_of_cluster(scene.after) {
        subnet_size(scene, subnet, judgement);
    }
    pod_cidr_size(scene, judgement);
    node_limits(scene, judgement);
    outbound_ports(scene, judgement);
    if scene.after.node_auto_provisioning {
        judgement.findings.push(Finding::new(
            Severity::Warning,
            "no-admission-check",
            "node auto-provisioning: nodes it makes later pass no admission check; a full subnet shows only at run time",
            &[&rule::ISS_7],
        ));
    }
}

fn nodes_basis(pool: &NodePool, surge: u64) -> String {
    let nodes = match pool.autoscaler {
        Some(autoscaler) => format!("max_count {} (ISS-2)", autoscaler.max_count),
        None => format!("count {}", pool.count),
    };
    if surge > 0 {
        format!("{nodes} + {surge} surge (ISS-5)")
    } else {
        nodes
    }
}

fn subnet_size(scene: &Scene, index: SubnetIndex, judgement: &mut Judgement) {
    let subnet = scene.inventory().subnet(index);
    let users = scene.users(index);
    let (mut wanted, mut surge_wanted) = (0u64, 0u64);
    let mut certainty = Certainty::Documented;
    let mut mode_of_check = None;
    let mut range = CheckedRange::NodeSubnet;
    for (pool, cost) in &users {
        let (Some(cost), Some(mode)) = (cost, scene.after.network_mode(pool)) else {
            judgement.not_known(format!(
                "pool {}: its network mode or max_pods is not known, so its addresses were not counted",
                pool.name
            ));
            continue;
        };
        if size_is_unknown(pool) {
            continue;
        }
        let surge = scene.counted_surge(pool);
        let nodes = pool.counted_nodes() + surge;
        let (per_node, basis) = if pool.pod_subnet == Some(index) {
            range = CheckedRange::PodSubnet;
            let counted = cost.pod_subnet.map_or(0, |cost| cost.counted);
            (
                counted,
                format!("{counted} a node, whatever max_pods says (DYN-4)"),
            )
        } else {
            (
                cost.node_subnet.counted,
                cost_basis(mode, pool.os_type, pool.max_pods),
            )
        };
        let addresses = nodes.saturating_mul(per_node);
        judgement.demand.push(DemandRow {
            pool: pool.name.clone(),
            nodes,
            per_node,
            addresses,
            subnet: subnet.name.clone(),
            basis: format!("{} × {basis}", nodes_basis(pool, surge)),
        });
        wanted = wanted.saturating_add(addresses);
        surge_wanted = surge_wanted.saturating_add(surge.saturating_mul(per_node));
        certainty = certainty.max(certainty_of(mode, pool.os_type));
        mode_of_check = Some(mode);
    }
    let (Some(mode), available) = (mode_of_check, scene.available(index)) else {
        return;
    };
    if wanted <= available {
        return;
    }
    let mut rules = admission_rules(mode);
    if wanted - surge_wanted <= available {
        // Only the surge tips it; how AKS counts surge for autoscaled pools is not documented.
        certainty = Certainty::Inferred;
        rules.push(&rule::ISS_5);
    }
    if users.len() > 1 {
        judgement.not_checked.push(format!(
            "the number in AKS's message may be smaller than {}: several pools share {}, and some refusals show a partial \
             sum; the verdict is the same",
            grouped(wanted),
            subnet.name
        ));
    }
    judgement.errors.push(insufficient_subnet_size(
        range,
        &subnet.name,
        &subnet.cidr_text(),
        wanted,
        available,
        certainty,
        &rules,
    ));
}

/// The IPv4 pod CIDR: 256 addresses a node, the whole range counts (ISS-3, ISS-4).
fn pod_cidr_size(scene: &Scene, judgement: &mut Judgement) {
    let requested = scene.with_defaults();
    let Some(mode) = scene.after.mode().filter(|mode| mode.has_pod_cidr()) else {
        return;
    };
    let Some(range) = requested.network.pod_cidr_v4().copied() else {
        return pod_cidr_missing(scene, mode, judgement);
    };
    let (mut wanted, mut surge_wanted) = (0u64, 0u64);
    for pool in &scene.after.pools {
        if size_is_unknown(pool) {
            continue;
        }
        let surge = scene.counted_surge(pool);
        let nodes = pool.counted_nodes() + surge;
        let addresses = nodes * POD_CIDR_PER_NODE;
        judgement.demand.push(DemandRow {
            pool: pool.name.clone(),
            nodes,
            per_node: POD_CIDR_PER_NODE,
            addresses,
            subnet: "networkProfile.podCIDR".to_string(),
            basis: format!(
                "{} × one /24 ({}, ISS-3)",
                nodes_basis(pool, surge),
                if mode == NetworkMode::Kubenet {
                    "KBN-1"
                } else {
                    "OVL-1"
                }
            ),
        });
        wanted += addresses;
        surge_wanted += surge * POD_CIDR_PER_NODE;
    }
    if wanted > cidr::size(&range) {
        let sure = wanted - surge_wanted > cidr::size(&range);
        judgement
            .errors
            .push(pod_cidr_answer(mode, &range, wanted, sure));
    }
}

fn pod_cidr_missing(scene: &Scene, mode: NetworkMode, judgement: &mut Judgement) {
    let from_node_subnet = scene
        .before
        .is_some_and(|before| before.mode() == Some(NetworkMode::NodeSubnet));
    if scene.is_migration() && from_node_subnet {
        judgement.findings.push(Finding::new(
            Severity::Warning,
            "pod-cidr-missing",
            "no pod CIDR was given; from Azure CNI node subnet it is required: aksplan cidr suggest --for pod",
            &[&rule::MIG_10],
        ));
        judgement
            .open
            .push("the pod CIDR of the move was not given".to_string());
    } else {
        judgement.not_checked.push(format!(
            "the {mode} pod CIDR was not given; AKS's default, {DEFAULT_POD_CIDR}, holds 256 nodes with surge (OVL-1)"
        ));
    }
}

/// Limits that hold whatever the addresses say. What AKS answers is in no public source; that it refuses is.
fn node_limits(scene: &Scene, judgement: &mut Judgement) {
    let growing = |pool: &NodePool| {
        scene
            .pool_before(&pool.name)
            .is_none_or(|before| before.counted_nodes() < pool.counted_nodes())
    };
    let pools = &scene.after.pools;
    let grows = pools.iter().any(growing);
    let counted: u64 = pools.iter().map(NodePool::counted_nodes).sum();
    let surges = pools.iter().map(|pool| scene.real_surge(pool));
    let surge = if scene.upgrades_in_turn() {
        surges.max().unwrap_or(0)
    } else {
        surges.sum()
    };
    let real = pools.iter().map(|pool| pool.count).sum::<u64>() + surge;
    if let Some(mode) = scene.after.mode() {
        let most = limits::cluster_nodes(mode);
        // Nodes that are there, and those of the upgrade, are what the limits are about (UPG-5, KBN-1). Whether AKS adds up
        // ceilings here as it does for addresses is not documented.
        let sure = real > most && (grows || scene.reimages());
        let nodes = if sure { real } else { counted };
        if sure || (counted > most && grows) {
            let rules: &[&'static rule::Rule] = match mode {
                NetworkMode::Kubenet => &[&rule::KBN_1],
                _ => &[&rule::MP_3, &rule::UPG_5],
            };
            let mut answer = refusal(
                "agentPoolProfile.count",
                format!(
                    "{} nodes exceed the {} of a cluster with {mode}",
                    grouped(nodes),
                    grouped(most)
                ),
                Certainty::Documented,
                rules,
            );
            if !sure {
                answer.certainty = Certainty::Inferred;
            }
            judgement.errors.push(answer);
        }
    }
    for pool in pools {
        // A ceiling above a scale set's size is refused when it is set; at an upgrade the nodes there are and their surge count.
        let with_surge = pool.count + scene.real_surge(pool);
        let nodes = if growing(pool) {
            with_surge.max(pool.counted_nodes())
        } else if scene.real_surge(pool) > 0 {
            with_surge
        } else {
            0
        };
        if nodes > limits::POOL_NODES {
            judgement.errors.push(refusal(
                "agentPoolProfile.count",
                format!(
                    "pool {}: {} nodes, surge included, exceed the 1,000 of a scale set",
                    pool.name,
                    grouped(nodes)
                ),
                Certainty::Documented,
                &[&rule::MP_3, &rule::UPG_5],
            ));
        }
    }
    for pool in scene.new_pools() {
        if !pool.knows("max_pods") || pool_cost(scene.after, pool).is_none() {
            continue;
        }
        if !limits::MAX_PODS.contains(&pool.max_pods) {
            judgement.errors.push(refusal(
                "agentPoolProfile.maxPods",
                format!(
                    "pool {}: max_pods {} is outside of 10 to 250",
                    pool.name, pool.max_pods
                ),
                Certainty::Documented,
                &[&rule::MP_1],
            ));
        } else if pool.count > 0
            && pool.count * u64::from(pool.max_pods) < limits::FEWEST_PODS_OF_A_POOL
        {
            judgement.errors.push(refusal(
                "agentPoolProfile.maxPods",
                format!(
                    "pool {}: {} nodes of max_pods {} have room for fewer than 30 pods",
                    pool.name, pool.count, pool.max_pods
                ),
                Certainty::Documented,
                &[&rule::MP_1],
            ));
        }
    }
    if let Some(IpNet::V6(range)) = scene
        .after
        .network
        .pod_cidrs
        .iter()
        .find(|cidr| matches!(cidr, IpNet::V6(_)))
    {
        let slice = ipv6_slice_length(scene.after.mode(), range);
        let blocks = ipv6_slices(scene.after.mode(), range);
        let nodes: u64 = pools
            .iter()
            .map(|pool| pool.counted_nodes() + scene.counted_surge(pool))
            .sum();
        if nodes > blocks {
            judgement.errors.push(refusal(
                "networkProfile.podCIDR",
                format!(
                    "IPv6 pod CIDR {range} has {} slices of /{slice}; {} nodes want one each",
                    grouped(blocks),
                    grouped(nodes)
                ),
                Certainty::Documented,
                &[&rule::OVL_2],
            ));
        }
    }
}

/// SNAT ports of the outbound load balancer: 64,000 an address.
fn outbound_ports(scene: &Scene, judgement: &mut Judgement) {
    const PORTS_OF_AN_ADDRESS: u64 = 64_000;
    let network = &scene.after.network;
    let Some(balancer) = &network.load_balancer else {
        return;
    };
    let by_balancer = network
        .outbound_type
        .as_deref()
        .is_none_or(|kind| kind.eq_ignore_ascii_case("loadBalancer"));
    if balancer.allocated_outbound_ports == 0 || !by_balancer {
        return;
    }
    let Some(addresses) = balancer.outbound_ips else {
        judgement.not_checked.push(
            "SNAT ports: the outbound addresses come from prefixes whose size was not read"
                .to_string(),
        );
        return;
    };
    let nodes: u64 = scene
        .after
        .pools
        .iter()
        .map(|pool| {
            let counted = pool.counted_nodes();
            counted + crate::capacity::surge::surge_nodes(pool, counted)
        })
        .sum();
    let ports = balancer.allocated_outbound_ports;
    let wanted = nodes.saturating_mul(ports);
    let available = addresses.saturating_mul(PORTS_OF_AN_ADDRESS);
    if wanted > available {
        judgement.errors.push(Answer::new(
            Stage::Admission,
            "InvalidLoadBalancerProfileAllocatedOutboundPorts",
            Some("networkProfile.loadBalancerProfile.allocatedOutboundPorts"),
            format!(
                "Load balancer profile allocated ports {ports} is not in an allowable range given the number of nodes and IPs \
                 provisioned. Total node count {nodes} requires {wanted} ports but only {available} ports are available given \
                 {addresses} outbound public IPs."
            ),
            Certainty::Documented,
            &[&rule::INVALID_LOAD_BALANCER_PROFILE_ALLOCATED_OUTBOUND_PORTS],
        ));
    }
}
