//! Facts about one cluster that are wrong or dangerous whatever the sums say: limits, shared subnets, delegations.

use super::assess::SubnetRow;
use super::growth::{Books, LimitKind, growth_limits, nodes_of};
use super::surge::{nodes_with_surge, surge_nodes};
use super::told::{all_at_once, some_of};
use super::{limits, observed};
use crate::finding::{Finding, Severity, counted, grouped};
use crate::model::{ClusterIndex, IpNet, NetworkMode, NodePool, OsType, Subject, SubnetIndex};
use crate::rule::{self, Rule};
use ipnet::Ipv6Net;
use std::collections::BTreeSet;

/// The service that may be named in a delegation of a node subnet all the same (SUB-5).
pub const AKS_DELEGATION: &str = "Microsoft.ContainerService/managedClusters";

/// Every check of one cluster.
pub fn cluster_findings(books: &Books, index: ClusterIndex) -> Vec<Finding> {
    let mut findings = Vec::new();
    limit_findings(books, index, &mut findings);
    placement_findings(books, index, &mut findings);
    empty_pools(books, index, &mut findings);
    ipv6_pod_cidr(books, index, &mut findings);
    mode_findings(books, index, &mut findings);
    observed::findings(books, index, &mut findings);
    let cluster = Subject::Cluster(books.inventory.cluster(index).label().to_string());
    findings
        .into_iter()
        .map(|finding| finding.within(&cluster))
        .collect()
}

/// Upgrades that AKS refuses today, whatever the addresses say: the nodes there are and the surge of one pool are more than a
/// cluster of this mode (KBN-1), or a scale set (UPG-5), may have, which is how `predict` answers an upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedUpgrade {
    pub cluster: ClusterIndex,
    /// The pools whose upgrades these are.
    pub pools: Vec<String>,
    /// In a clause, without the cluster's name.
    pub says: String,
}

/// Every upgrade of a cluster that the number of nodes refuses today.
pub fn refused_upgrades(books: &Books, index: ClusterIndex) -> Vec<RefusedUpgrade> {
    let cluster = books.inventory.cluster(index);
    let by_scale_set = cluster.pools.iter();
    let by_scale_set = by_scale_set.filter_map(|pool| refused_by_scale_set(index, pool));
    refused_by_mode(books, index)
        .into_iter()
        .chain(by_scale_set)
        .collect()
}

/// `None`: the scale set takes the nodes there are with their surge, or how many there are is not known (UPG-5).
fn refused_by_scale_set(index: ClusterIndex, pool: &NodePool) -> Option<RefusedUpgrade> {
    let surge = surge_nodes(pool, pool.count);
    let is_refused = pool.knows("node_count")
        && surge > 0
        && pool.count.saturating_add(surge) > limits::POOL_NODES;
    is_refused.then(|| RefusedUpgrade {
        cluster: index,
        pools: vec![pool.name.clone()],
        says: format!(
            "every upgrade of pool {} is refused now: {} and {}; a scale set may have {}",
            pool.name,
            counted(pool.count, "node", "nodes"),
            counted(surge, "surge node", "surge nodes"),
            grouped(limits::POOL_NODES)
        ),
    })
}

/// `None`: the cluster's number of nodes refuses no upgrade, or how many there are is not known.
fn refused_by_mode(books: &Books, index: ClusterIndex) -> Option<RefusedUpgrade> {
    let cluster = books.inventory.cluster(index);
    let mode = cluster.mode()?;
    if !cluster.pools.iter().all(|pool| pool.knows("node_count")) {
        return None;
    }
    let most = limits::cluster_nodes(mode);
    let nodes = nodes_of(&cluster.pools, |pool| pool.count);
    // Without surge an upgrade makes no node more.
    let surging = cluster.pools.iter().filter_map(|pool| {
        let surge = surge_nodes(pool, pool.count);
        (surge > 0 && nodes.saturating_add(surge) > most).then_some((pool, surge))
    });
    let surging: Vec<(&NodePool, u64)> = surging.collect();
    let surge = surging.iter().map(|(_, surge)| *surge).max()?;
    let names: Vec<String> = surging.iter().map(|(pool, _)| pool.name.clone()).collect();
    let pools = match names.as_slice() {
        [one] => format!("pool {one}"),
        several => format!("pools {}", some_of(several)),
    };
    Some(RefusedUpgrade {
        cluster: index,
        says: format!(
            "every upgrade of {pools} is refused now: {} and {} of one pool; a cluster with {mode} may have {}",
            counted(nodes, "node", "nodes"),
            counted(surge, "surge node", "surge nodes"),
            grouped(most)
        ),
        pools: names,
    })
}

/// A pod subnet is drawn from by block or by address, and by everybody in the same way (STB-2).
pub(super) fn allocation_findings(books: &Books, rows: &[SubnetRow], findings: &mut Vec<Finding>) {
    for row in rows {
        let draw = |blocks: bool| -> Vec<String> {
            books
                .pools(row.index)
                .filter(|user| user.pool.pod_subnet == Some(row.index))
                .filter(|user| user.pool.draws_blocks() == blocks)
                .map(|user| format!("{}/{}", user.cluster.label(), user.pool.name))
                .collect()
        };
        let (by_block, by_address) = (draw(true), draw(false));
        if by_block.is_empty() || by_address.is_empty() {
            continue;
        }
        findings.push(
            Finding::new(
                Severity::Blocker,
                "pod-subnet-allocation",
                format!(
                    "{}: {} by static block and {} by address: a pod subnet is one or the other for everyone",
                    books.inventory.subnet_label(row.index),
                    drawing(&by_block),
                    drawing(&by_address)
                ),
                &[&rule::STB_2],
            )
            .about(books.inventory.subnet_subject(row.index)),
        );
    }
}

/// `pool c/a draws`, `pools c/a, c/b draw`
fn drawing(pools: &[String]) -> String {
    match pools {
        [one] => format!("pool {one} draws"),
        several => format!("pools {} draw", some_of(several)),
    }
}

fn limit_findings(books: &Books, index: ClusterIndex, findings: &mut Vec<Finding>) {
    let cluster = books.inventory.cluster(index);
    let name = cluster.label();
    let at_ceiling = |pool: &NodePool| surge_nodes(pool, pool.ceiling());
    let ceiling = nodes_of(&cluster.pools, NodePool::ceiling);
    let surge = nodes_of(&cluster.pools, at_ceiling);
    // An upgrade takes pools in turn (UPG-11).
    let largest = cluster.pools.iter().map(at_ceiling).max().unwrap_or(0);
    if let Some(mode) = cluster.mode() {
        let most = limits::cluster_nodes(mode);
        let (code, rules, upgrade): (_, &[&'static Rule], &[&'static Rule]) = match mode {
            NetworkMode::Kubenet => ("kubenet-nodes", &[&rule::KBN_1], &[&rule::KBN_1]),
            _ => (
                "cluster-nodes",
                &[&rule::MP_3],
                &[&rule::MP_3, &rule::UPG_5],
            ),
        };
        let may_have = format!("a cluster with {mode} may have {}", grouped(most));
        if ceiling > most {
            findings.push(Finding::new(
                Severity::Blocker,
                code,
                format!(
                    "{name}: {} at the ceiling; {may_have}",
                    counted(ceiling, "node", "nodes")
                ),
                rules,
            ));
        }
        if let Some(refused) = refused_by_mode(books, index) {
            findings.push(Finding::new(
                Severity::Warning,
                code,
                format!("{name}: {}", refused.says),
                upgrade,
            ));
        } else if ceiling <= most && ceiling.saturating_add(largest) > most {
            findings.push(Finding::new(
                Severity::Warning,
                code,
                format!(
                    "{name}: an upgrade at the ceiling is refused: {} and {} of one pool; {may_have}",
                    counted(ceiling, "node", "nodes"),
                    counted(largest, "surge node", "surge nodes"),
                ),
                upgrade,
            ));
        } else if ceiling <= most && ceiling.saturating_add(surge) > most {
            let mut rules = upgrade.to_vec();
            rules.extend([&rule::UPG_11, &rule::MIG_20]);
            findings.push(Finding::new(
                Severity::Warning,
                code,
                format!(
                    "{name}: {} at the ceiling and {} are too many, but {}; one after the other they fit: {may_have}",
                    counted(ceiling, "node", "nodes"),
                    counted(surge, "surge node", "surge nodes"),
                    all_at_once([mode]),
                ),
                &rules,
            ));
        }
    }
    for pool in &cluster.pools {
        let pool_name = &pool.name;
        if pool.ceiling() > limits::POOL_NODES {
            findings.push(
                Finding::new(
                    Severity::Blocker,
                    "pool-nodes",
                    format!(
                        "{name}/{pool_name}: {} nodes at the ceiling; a pool may have 1,000",
                        grouped(pool.ceiling())
                    ),
                    &[&rule::MP_3],
                )
                .about(Subject::pool(name, pool_name)),
            );
        }
        if let Some(refused) = refused_by_scale_set(index, pool) {
            findings.push(
                Finding::new(
                    Severity::Warning,
                    "pool-nodes",
                    format!("{name}: {}", refused.says),
                    &[&rule::UPG_5],
                )
                .about(Subject::pool(name, pool_name)),
            );
        } else if pool.ceiling() <= limits::POOL_NODES
            && nodes_with_surge(pool, pool.ceiling()) > limits::POOL_NODES
        {
            findings.push(Finding::new(
                Severity::Warning,
                "pool-nodes",
                format!(
                    "{name}/{pool_name}: the ceiling of {} and its surge exceed the 1,000 instances of a scale set: an \
                     upgrade at the ceiling is refused",
                    grouped(pool.ceiling())
                ),
                &[&rule::UPG_5],
            ).about(Subject::pool(name, pool_name)));
        }
        // The default of a network mode that is not known is not known either.
        let no_default = pool.max_pods_defaulted && cluster.network_mode(pool).is_none();
        let max_pods_known = !no_default && pool.knows("max_pods");
        if max_pods_known && !limits::MAX_PODS.contains(&pool.max_pods) {
            findings.push(
                Finding::new(
                    Severity::Blocker,
                    "max-pods-range",
                    format!(
                        "{name}/{pool_name}: max_pods {}; AKS allows 10 to 250",
                        pool.max_pods
                    ),
                    &[&rule::MP_1],
                )
                .about(Subject::pool(name, pool_name)),
            );
        } else if max_pods_known
            && pool.count > 0
            && pool.count.saturating_mul(u64::from(pool.max_pods)) < limits::FEWEST_PODS_OF_A_POOL
        {
            findings.push(Finding::new(
                Severity::Warning,
                "pool-too-small",
                format!(
                    "{name}/{pool_name}: fewer than the 30 pods every pool must hold have room on {} of max_pods {}",
                    counted(pool.count, "node", "nodes"),
                    pool.max_pods
                ),
                &[&rule::MP_1],
            ).about(Subject::pool(name, pool_name)));
        }
    }
}

fn placement_findings(books: &Books, index: ClusterIndex, findings: &mut Vec<Finding>) {
    let inventory = books.inventory;
    let cluster = inventory.cluster(index);
    let name = cluster.label();
    let vnets = inventory.vnets_of_cluster(cluster);
    if vnets.len() > 1 {
        let names: Vec<&str> = vnets
            .iter()
            .map(|vnet| inventory.vnet(*vnet).label())
            .collect();
        findings.push(Finding::new(
            Severity::Blocker,
            "pools-in-several-vnets",
            format!(
                "{name}: pools in the VNets {}; all must be in one",
                names.join(", ")
            ),
            &[&rule::SUB_4],
        ));
    }
    let node_subnets: BTreeSet<SubnetIndex> = cluster
        .pools
        .iter()
        .filter_map(|pool| pool.subnet)
        .collect();
    for subnet_index in node_subnets {
        let subnet = inventory.subnet(subnet_index);
        let foreign_delegation = subnet
            .delegations
            .iter()
            .find(|service| !service.eq_ignore_ascii_case(AKS_DELEGATION));
        if let Some(service) = foreign_delegation {
            findings.push(Finding::new(
                Severity::Blocker,
                "subnet-delegated",
                format!(
                    "{name}: node subnet {} is delegated to {service}; AKS refuses it for nodes",
                    inventory.subnet_label(subnet_index)
                ),
                &[&rule::SUB_5, &rule::SUBNET_IS_DELEGATED],
            ).about(inventory.subnet_subject(subnet_index)));
        }
        if cluster.mode() == Some(NetworkMode::Kubenet) {
            let others: BTreeSet<&str> = books
                .users(subnet_index)
                .iter()
                .filter(|(other, _)| *other != index)
                .map(|(other, _)| inventory.cluster(*other).label())
                .collect();
            if let Some(other) = others.into_iter().next() {
                findings.push(Finding::new(
                    Severity::Blocker,
                    "kubenet-shared-subnet",
                    format!(
                        "{name}: shares subnet {} with cluster {other}; kubenet allows one cluster a subnet",
                        inventory.subnet_label(subnet_index)
                    ),
                    &[&rule::KBN_1],
                ).about(inventory.subnet_subject(subnet_index)));
            }
        }
    }
}

/// A pool without nodes fits everywhere, until it wants its first.
fn empty_pools(books: &Books, index: ClusterIndex, findings: &mut Vec<Finding>) {
    let cluster = books.inventory.cluster(index);
    let empty = |pool: &&NodePool| pool.count == 0 && pool.knows("node_count");
    let pools = cluster.pools.iter().enumerate();
    for (position, pool) in pools.filter(|(_, pool)| empty(pool)) {
        let Some(mode) = cluster.network_mode(pool) else {
            continue;
        };
        let limits = growth_limits(books, cluster, position);
        let Some(limit) = limits
            .iter()
            .find(|limit| limit.kind != LimitKind::MaxCount)
        else {
            continue;
        };
        if limit.more_nodes == 0 {
            findings.push(
                Finding::new(
                    Severity::Warning,
                    "pool-cannot-start",
                    format!(
                        "{}/{}: has no nodes, and not one fits: {} binds",
                        cluster.label(),
                        pool.name,
                        limit.kind.key()
                    ),
                    &limit.kind.rules(mode),
                )
                .about(Subject::pool(cluster.label(), &pool.name)),
            );
        }
    }
}

/// Prefix length of the slice that a node gets of an IPv6 pod CIDR: a /120 in Overlay; kubenet's is 16 bits longer than the range
/// (OVL-2).
pub fn ipv6_slice_length(mode: Option<NetworkMode>, range: &Ipv6Net) -> u8 {
    match mode {
        Some(NetworkMode::Overlay) => 120,
        _ => range.prefix_len().saturating_add(16),
    }
}

/// Slices for nodes that an IPv6 pod CIDR holds.
pub fn ipv6_slices(mode: Option<NetworkMode>, range: &Ipv6Net) -> u64 {
    let bits = ipv6_slice_length(mode, range).saturating_sub(range.prefix_len());
    1u64.checked_shl(u32::from(bits)).unwrap_or(u64::MAX)
}

fn ipv6_pod_cidr(books: &Books, index: ClusterIndex, findings: &mut Vec<Finding>) {
    let cluster = books.inventory.cluster(index);
    let Some(mode) = cluster.mode().filter(|mode| mode.has_pod_cidr()) else {
        return;
    };
    let ceiling = nodes_of(&cluster.pools, NodePool::ceiling);
    let nodes = nodes_of(&cluster.pools, |pool| {
        nodes_with_surge(pool, pool.ceiling())
    });
    for cidr in &cluster.network.pod_cidrs {
        let IpNet::V6(range) = cidr else { continue };
        let slices = ipv6_slices(Some(mode), range);
        // Where only the surge is too much, the pools are there and work.
        let (severity, wanted, when) = if ceiling > slices {
            (Severity::Blocker, ceiling, "at the ceiling")
        } else if nodes > slices {
            (
                Severity::Warning,
                nodes,
                "at the ceiling with the surge of all of them",
            )
        } else {
            continue;
        };
        findings.push(Finding::new(
            severity,
            "ipv6-pod-cidr",
            format!(
                "{}: IPv6 pod CIDR {range} has slices for {}; the pools want {} {when}",
                cluster.label(),
                counted(slices, "node", "nodes"),
                grouped(wanted)
            ),
            &[&rule::OVL_2],
        ));
    }
}

fn mode_findings(books: &Books, index: ClusterIndex, findings: &mut Vec<Finding>) {
    let cluster = books.inventory.cluster(index);
    let name = cluster.label();
    if cluster.node_auto_provisioning {
        findings.push(Finding::new(
            Severity::Warning,
            "no-admission-check",
            format!(
                "{name}: node auto-provisioning makes nodes that no pool and no admission check bounds; a full subnet shows \
                 only as nodes that do not come up"
            ),
            &[&rule::ISS_7],
        ));
    }
    let mode = cluster.mode();
    if mode == Some(NetworkMode::Kubenet) {
        findings.push(Finding::new(
            Severity::Info,
            "kubenet-retires",
            format!("{name}: kubenet retires on 2028-03-31"),
            &[&rule::MP_6],
        ));
    }
    let windows_classic = cluster.pools.iter().any(|pool| {
        pool.os_type == OsType::Windows
            && cluster.network_mode(pool) == Some(NetworkMode::NodeSubnet)
    });
    if windows_classic {
        findings.push(Finding::new(
            Severity::Info,
            "windows-cost",
            format!(
                "{name}: a Windows node is counted at max_pods + 1 addresses, seen in one real subnet only; compare with \
                 live usages"
            ),
            &[&rule::CLS_3],
        ));
    }
    if mode.is_none() {
        findings.push(Finding::new(
            Severity::Warning,
            "network-mode-unknown",
            format!(
                "{name}: network plugin {} is not one this version knows; nothing was computed for it",
                match &cluster.network.plugin {
                    Some(plugin) => format!("`{}`", plugin.word()),
                    None => "(not given)".to_string(),
                }
            ),
            &[&rule::MP_5],
        ));
    }
}
