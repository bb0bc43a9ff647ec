//! What changes between two states of a cluster.

use super::words::{self, is_unknown};
use crate::model::{Change, Cluster, NetworkMode, NodePool};

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
    let upgraded = match (before.kubernetes_version, after.kubernetes_version) {
        (Some(old), Some(new)) => old != new,
        _ => false,
    };
    if upgraded {
        changes.push(Change::Upgrade { pool: None });
    }
    let mut pools: Vec<&NodePool> = after.pools.iter().collect();
    pools.sort_by(|a, b| a.name.cmp(&b.name));
    for pool in pools {
        match before.pool(&pool.name) {
            None => changes.push(Change::AddPool(Box::new(pool.clone()))),
            Some(old) => pool_changes(old, pool, upgraded, &mut changes),
        }
    }
    for pool in &before.pools {
        if after.pool(&pool.name).is_none() {
            changes.push(Change::RemovePool {
                pool: pool.name.clone(),
            });
        }
    }
    let words = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_string());
    for (what, old, new) in [
        (
            "network policy",
            words(&before.network.policy),
            words(&after.network.policy),
        ),
        (
            "network data plane",
            words(&before.network.dataplane),
            words(&after.network.dataplane),
        ),
    ] {
        let was_given = what == "network policy" || after.network.dataplane.is_some();
        if !old.eq_ignore_ascii_case(&new) && was_given {
            changes.push(Change::Other {
                what: format!("{what}: {old} → {new}"),
            });
        }
    }
    changes
}

fn pool_changes(old: &NodePool, new: &NodePool, cluster_upgraded: bool, changes: &mut Vec<Change>) {
    let max = |pool: &NodePool| pool.autoscaler.map(|autoscaler| autoscaler.max_count);
    if let Some(autoscaler) = new.autoscaler
        && max(old) != max(new)
        && !is_unknown(new, "max_count")
    {
        changes.push(Change::SetMaxCount {
            pool: new.name.clone(),
            max_count: autoscaler.max_count,
            min_count: Some(autoscaler.min_count),
        });
    }
    if new.count != old.count && new.autoscaler.is_none() && !words::size_is_unknown(new) {
        changes.push(Change::Scale {
            pool: new.name.clone(),
            count: new.count,
        });
    }
    let upgraded = match (old.kubernetes_version, new.kubernetes_version) {
        (Some(old), Some(new)) => old != new,
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
    let scales_by_hand = !is_unknown(new, "auto_scaling_enabled");
    if old.autoscaler.is_some() && new.autoscaler.is_none() && scales_by_hand {
        changes.push(Change::Other {
            what: format!("pool {}: autoscaler off", new.name),
        });
    }
    if old.upgrade != new.upgrade && !is_unknown(new, "max_surge") {
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
                    .unwrap_or(pool.count)
                    .min(*max_count);
                pool.autoscaler = crate::model::Autoscaler::new(min, *max_count);
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
