//! What changes between two states of a cluster.

use super::words;
use crate::model::{Change, Cluster, IpNet, NetworkMode, NodePool};

/// Every change, pools in order of name. Empty when nothing changes.
pub fn changes_between(before: Option<&Cluster>, after: &Cluster) -> Vec<Change> {
    let Some(before) = before else {
        return vec![Change::Create];
    };
    let mut changes = Vec::new();
    let to_overlay = after.network.overlay
        && !before.network.overlay
        && before.mode() != Some(NetworkMode::Overlay);
    if to_overlay {
        changes.push(Change::MigrateToOverlay {
            pod_cidr: after.network.pod_cidr_v4().copied(),
        });
    }
    let in_turn = versions(before, after, &mut changes);
    let mut pools: Vec<&NodePool> = after.pools.iter().collect();
    pools.sort_by(|a, b| a.name.cmp(&b.name));
    for pool in pools {
        match before.pool(&pool.name) {
            None => changes.push(Change::AddPool(Box::new(pool.clone()))),
            Some(old) => pool_changes(old, pool, in_turn, &mut changes),
        }
    }
    for pool in &before.pools {
        if after.pool(&pool.name).is_none() {
            changes.push(Change::RemovePool {
                pool: pool.name.clone(),
            });
        }
    }
    network_changes(before, after, to_overlay, &mut changes);
    if before.node_auto_provisioning != after.node_auto_provisioning {
        let word = |on: bool| if on { "on" } else { "off" };
        changes.push(Change::Other {
            what: format!(
                "node auto-provisioning: {} → {}",
                word(before.node_auto_provisioning),
                word(after.node_auto_provisioning)
            ),
        });
    }
    changes
}

/// The upgrade of the whole cluster; true when every pool goes with it. Where pools keep the version they state, only the
/// control plane moves.
fn versions(before: &Cluster, after: &Cluster, changes: &mut Vec<Change>) -> bool {
    let (Some(old), Some(new)) = (before.kubernetes_version, after.kubernetes_version) else {
        return false;
    };
    if !new.differs(old) {
        return false;
    }
    let goes_along = |pool: &NodePool| {
        let was = before
            .pool(&pool.name)
            .and_then(|old| old.kubernetes_version);
        pool.kubernetes_version
            .is_none_or(|wanted| wanted.differs(was.unwrap_or(old)))
    };
    let mut known = after.pools.iter();
    let all = known.all(|pool| before.pool(&pool.name).is_none() || goes_along(pool));
    changes.push(if all {
        Change::Upgrade { pool: None }
    } else {
        Change::Other {
            what: format!("upgrade the control plane: {old} → {new}"),
        }
    });
    all
}

fn network_changes(before: &Cluster, after: &Cluster, to_overlay: bool, changes: &mut Vec<Change>) {
    let (old, new) = (&before.network, &after.network);
    let word = |value: &Option<String>, default: &str| {
        value.clone().unwrap_or_else(|| default.to_string())
    };
    let tell = |what: &str, old: String, new: String| {
        let differs = !old.eq_ignore_ascii_case(&new);
        differs.then(|| format!("{what}: {old} → {new}"))
    };
    let policy = tell(
        "network policy",
        word(&old.policy, "none"),
        word(&new.policy, "none"),
    );
    // The data plane that is not named is Azure's.
    let dataplane = tell(
        "network data plane",
        word(&old.dataplane, "azure"),
        word(&new.dataplane, "azure"),
    );
    let reimages = [policy, dataplane].into_iter().flatten();
    changes.extend(reimages.map(|what| Change::Reimage { what }));
    let mut others = Vec::new();
    if let (Some(old), Some(new)) = (&old.plugin, &new.plugin)
        && !to_overlay
    {
        others.push(tell(
            "network plugin",
            old.word().to_string(),
            new.word().to_string(),
        ));
    }
    if old.overlay && !new.overlay {
        others.push(Some("network plugin mode: overlay → none".to_string()));
    }
    if !to_overlay {
        others.push(ranges("pod CIDR", &old.pod_cidrs, &new.pod_cidrs));
    }
    others.push(ranges(
        "service CIDR",
        &old.service_cidrs,
        &new.service_cidrs,
    ));
    if let (Some(old), Some(new)) = (old.dns_service_ip, new.dns_service_ip) {
        others.push(tell("DNS service IP", old.to_string(), new.to_string()));
    }
    if let (Some(old), Some(new)) = (&old.outbound_type, &new.outbound_type) {
        others.push(tell("outbound type", old.clone(), new.clone()));
    }
    if old.load_balancer != new.load_balancer
        && let Some(new) = &new.load_balancer
    {
        let addresses = new.outbound_ips.map_or_else(
            || "prefixes".to_string(),
            |count| format!("{count} addresses"),
        );
        others.push(Some(format!(
            "load balancer: {} ports a node, {addresses}",
            new.allocated_outbound_ports
        )));
    }
    let others = others.into_iter().flatten();
    changes.extend(others.map(|what| Change::Other { what }));
}

/// Ranges that both sides name and that are not the same, in whatever order.
fn ranges(what: &str, old: &[IpNet], new: &[IpNet]) -> Option<String> {
    let (mut before, mut after) = (old.to_vec(), new.to_vec());
    before.sort();
    after.sort();
    if before.is_empty() || after.is_empty() || before == after {
        return None;
    }
    let words = |ranges: Vec<IpNet>| {
        let words: Vec<String> = ranges.iter().map(IpNet::to_string).collect();
        words.join(", ")
    };
    Some(format!("{what}: {} → {}", words(before), words(after)))
}

fn pool_changes(old: &NodePool, new: &NodePool, cluster_upgraded: bool, changes: &mut Vec<Change>) {
    let max = |pool: &NodePool| pool.autoscaler.map(|autoscaler| autoscaler.max_count);
    if let Some(autoscaler) = new.autoscaler
        && max(old) != max(new)
        && new.knows("max_count")
    {
        changes.push(Change::SetMaxCount {
            pool: new.name.clone(),
            max_count: autoscaler.max_count,
            min_count: Some(autoscaler.min_count),
        });
    }
    if let (Some(was), Some(wanted)) = (old.autoscaler, new.autoscaler)
        && was.max_count == wanted.max_count
        && was.min_count != wanted.min_count
        && new.knows("min_count")
    {
        changes.push(Change::Other {
            what: format!(
                "pool {}: min_count {} → {}",
                new.name, was.min_count, wanted.min_count
            ),
        });
    }
    if new.count != old.count && new.autoscaler.is_none() && !words::size_is_unknown(new) {
        changes.push(Change::Scale {
            pool: new.name.clone(),
            count: new.count,
        });
    }
    let upgraded = match (old.kubernetes_version, new.kubernetes_version) {
        (Some(old), Some(new)) => new.differs(old),
        _ => false,
    };
    if upgraded && !cluster_upgraded {
        changes.push(Change::Upgrade {
            pool: Some(new.name.clone()),
        });
    }
    if !new.unknown.is_empty() && old.unknown != new.unknown {
        changes.push(Change::Other {
            what: format!(
                "pool {}: {} known only after apply",
                new.name,
                new.unknown.join(", ")
            ),
        });
    }
    let scales_by_hand = new.knows("auto_scaling_enabled");
    if old.autoscaler.is_some() && new.autoscaler.is_none() && scales_by_hand {
        changes.push(Change::Other {
            what: format!("pool {}: autoscaler off", new.name),
        });
    }
    if old.upgrade != new.upgrade && new.knows("max_surge") {
        changes.push(Change::Other {
            what: format!("pool {}: upgrade settings", new.name),
        });
    }
    if old.max_pods != new.max_pods && !new.max_pods_defaulted {
        changes.push(Change::Other {
            what: format!(
                "pool {}: max_pods {} → {}",
                new.name, old.max_pods, new.max_pods
            ),
        });
    }
}

/// A change in words.
pub fn describe(change: &Change) -> String {
    match change {
        Change::Create => "create the cluster".to_string(),
        Change::AddPool(pool) => {
            format!("add pool {}: {}", pool.name, words::size(pool))
        }
        Change::RemovePool { pool } => format!("remove pool {pool}"),
        Change::Scale { pool, count } => format!("scale pool {pool} to {count} nodes"),
        Change::SetMaxCount {
            pool, max_count, ..
        } => {
            format!("set max_count of pool {pool} to {max_count}")
        }
        Change::Upgrade { pool: Some(pool) } => format!("upgrade pool {pool}"),
        Change::Upgrade { pool: None } => "upgrade the cluster and every pool".to_string(),
        Change::MigrateToOverlay {
            pod_cidr: Some(range),
        } => {
            format!("move to Azure CNI Overlay with pod CIDR {range}")
        }
        Change::MigrateToOverlay { pod_cidr: None } => "move to Azure CNI Overlay".to_string(),
        Change::Update => "update the cluster, nothing here changes".to_string(),
        Change::Reimage { what } => format!("{what}, which reimages every node"),
        Change::Other { what } => what.clone(),
    }
}

/// The cluster after the changes.
///
/// # Errors
/// When a change names a pool that is not there, or one that already is.
pub fn apply(cluster: &Cluster, changes: &[Change]) -> Result<Cluster, String> {
    let mut after = cluster.clone();
    for change in changes {
        match change {
            Change::AddPool(pool) => {
                if after.pool(&pool.name).is_some() {
                    return Err(format!(
                        "cluster `{}` already has a pool named `{}`",
                        after.name, pool.name
                    ));
                }
                after.pools.push(pool.as_ref().clone());
            }
            Change::RemovePool { pool } => {
                named(&mut after, pool)?;
                after
                    .pools
                    .retain(|known| !known.name.eq_ignore_ascii_case(pool));
            }
            Change::Scale { pool, count } => named(&mut after, pool)?.count = *count,
            Change::SetMaxCount {
                pool,
                max_count,
                min_count,
            } => {
                let pool = named(&mut after, pool)?;
                let min = min_count
                    .or(pool.autoscaler.map(|autoscaler| autoscaler.min_count))
                    .unwrap_or_else(|| pool.count.min(*max_count));
                let autoscaler = crate::model::Autoscaler::new(min, *max_count);
                if autoscaler.is_none() {
                    return Err(format!(
                        "pool `{}`: max_count {max_count} is less than its min_count {min}; AKS refuses that, lower min_count first",
                        pool.name
                    ));
                }
                pool.autoscaler = autoscaler;
            }
            Change::Upgrade { pool: Some(pool) } => {
                named(&mut after, pool)?;
            }
            Change::MigrateToOverlay { pod_cidr } => {
                after.network.overlay = true;
                after.network.plugin = Some(crate::model::NetworkPlugin::Azure);
                if let Some(range) = pod_cidr {
                    after.network.pod_cidrs = vec![*range];
                }
            }
            Change::Upgrade { pool: None }
            | Change::Create
            | Change::Update
            | Change::Reimage { .. }
            | Change::Other { .. } => {}
        }
    }
    Ok(after)
}

fn named<'a>(cluster: &'a mut Cluster, name: &str) -> Result<&'a mut NodePool, String> {
    let known: Vec<String> = cluster.pools.iter().map(|pool| pool.name.clone()).collect();
    let cluster_name = cluster.name.clone();
    cluster
        .pools
        .iter_mut()
        .find(|pool| pool.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| {
            format!(
                "cluster `{cluster_name}` has no pool `{name}`; its pools are {}",
                known.join(", ")
            )
        })
}
