//! A pool in words. What is not known before apply is said to be unknown, and not shown as the number that stands in for it.

use crate::finding::counted;
use crate::model::NodePool;

/// Whether the number of nodes that AKS counts is not known.
pub(super) fn size_is_unknown(pool: &NodePool) -> bool {
    ["node_count", "max_count", "auto_scaling_enabled"]
        .iter()
        .any(|field| !pool.knows(field))
}

/// `3 nodes, autoscaled 3 to 10, max_pods 30`.
pub(super) fn size(pool: &NodePool) -> String {
    let nodes = if !pool.knows("node_count") {
        "a number of nodes known only after apply".to_string()
    } else {
        counted(pool.count, "node", "nodes")
    };
    let bound = |field: &str, value: u64| {
        if !pool.knows(field) {
            "an unknown number".to_string()
        } else {
            value.to_string()
        }
    };
    let scaled = match pool.autoscaler {
        Some(autoscaler) => format!(
            ", autoscaled {} to {}",
            bound("min_count", autoscaler.min_count),
            bound("max_count", autoscaler.max_count)
        ),
        None if !pool.knows("auto_scaling_enabled") => {
            ", whether it autoscales known only after apply".to_string()
        }
        None => String::new(),
    };
    let pods = if !pool.knows("max_pods") {
        "max_pods known only after apply".to_string()
    } else if pool.max_pods == 0 {
        "max_pods the default of a network mode that is not known".to_string()
    } else {
        format!("max_pods {}", pool.max_pods)
    };
    format!("{nodes}{scaled}, {pods}")
}
