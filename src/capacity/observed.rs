//! What nodes are seen to hold beside what a node is said to cost: the rule is inferred (CLS-3), and a cluster that does otherwise
//! must be told of. Never changes a number.

use super::cost::pool_cost;
use super::growth::Books;
use crate::finding::{Finding, Severity, counted, grouped};
use crate::model::{ClusterIndex, HolderKind, NetworkMode, NodePool, Subject};
use crate::rule;

/// Whether a scale set is this pool's: `aks-apps-12345678-vmss` on Linux, `aksapps` on Windows, where names are short.
fn is_of(pool: &NodePool, scale_set: &str) -> bool {
    let scale_set = scale_set.to_ascii_lowercase();
    let pool = pool.name.to_ascii_lowercase();
    scale_set.starts_with(&format!("aks-{pool}-")) || scale_set == format!("aks{pool}")
}

/// Pools of classic Azure CNI whose machines hold other numbers of addresses than the arithmetic takes.
pub(super) fn findings(books: &Books, index: ClusterIndex, findings: &mut Vec<Finding>) {
    let inventory = books.inventory;
    let cluster = inventory.cluster(index);
    let Some(group) = &cluster.node_resource_group else {
        return;
    };
    for pool in &cluster.pools {
        if cluster.network_mode(pool) != Some(NetworkMode::NodeSubnet) {
            continue;
        }
        let (Some(subnet), Some(cost)) = (pool.subnet, pool_cost(cluster, pool)) else {
            continue;
        };
        let held = cost.node_subnet.held;
        for holder in inventory.subnet(subnet).holders.iter().flatten() {
            let is_own = holder.kind == HolderKind::ScaleSet
                && holder
                    .resource_group
                    .as_ref()
                    .is_some_and(|of| of.eq_ignore_ascii_case(group))
                && is_of(pool, &holder.name);
            if is_own && holder.addresses != holder.machines.saturating_mul(held) {
                findings.push(Finding::new(
                    Severity::Warning,
                    "node-cost-differs",
                    format!(
                        "{}/{}: {} of scale set {} hold {} as the subnet lists them, and {} a node were taken: numbers of this \
                         pool are off by as much",
                        cluster.label(),
                        pool.name,
                        counted(holder.machines, "machine", "machines"),
                        holder.name,
                        counted(holder.addresses, "address", "addresses"),
                        grouped(held)
                    ),
                    &[&rule::CLS_3],
                ).about(Subject::pool(cluster.label(), &pool.name)));
            }
        }
    }
}
