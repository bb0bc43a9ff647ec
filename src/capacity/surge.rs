//! How many surge nodes an upgrade makes.

use crate::model::{IntOrPercent, NodePool};

/// `max_surge` when it is not set: 10 % (UPG-1; two documents still say 1).
pub const DEFAULT_MAX_SURGE: IntOrPercent = IntOrPercent::Percent(10);

/// Surge nodes of a pool that has `nodes` nodes when its upgrade starts: the percentage rounded up, at most as many as there
/// are nodes to upgrade (UPG-2). None for Spot pools (UPG-12).
pub fn surge_nodes(pool: &NodePool, nodes: u64) -> u64 {
    if pool.spot {
        return 0;
    }
    pool.upgrade
        .max_surge
        .unwrap_or(DEFAULT_MAX_SURGE)
        .of(nodes)
        .min(nodes)
}

/// Nodes of a pool of `nodes` while its upgrade runs.
pub fn nodes_with_surge(pool: &NodePool, nodes: u64) -> u64 {
    nodes.saturating_add(surge_nodes(pool, nodes))
}

/// The setting in words, for tables and messages.
pub fn surge_text(pool: &NodePool) -> String {
    match (pool.spot, pool.upgrade.max_surge) {
        (true, _) => "none (Spot)".to_string(),
        (false, Some(surge)) => surge.to_string(),
        (false, None) => format!("{DEFAULT_MAX_SURGE} (default)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_up_and_is_capped() {
        let with = |surge: Option<&str>| {
            let mut pool = NodePool::new("p", 1, 30);
            pool.upgrade.max_surge = surge.and_then(IntOrPercent::from_word);
            pool
        };
        for (surge, nodes, want) in [
            (None, 1, 1),
            (None, 20, 2),
            (None, 21, 3),
            (None, 0, 0),
            (Some("33%"), 4, 2),
            (Some("33%"), 5, 2),
            (Some("50%"), 3, 2),
            (Some("5"), 3, 3),
            (Some("0"), 3, 0),
            (Some("200%"), 3, 3),
        ] {
            assert_eq!(
                surge_nodes(&with(surge), nodes),
                want,
                "{surge:?} of {nodes}"
            );
        }
        let mut spot = with(Some("50%"));
        spot.spot = true;
        assert_eq!(surge_nodes(&spot, 10), 0);
    }
}
