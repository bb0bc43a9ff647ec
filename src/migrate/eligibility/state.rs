//! Whether AKS takes the request now: node disruption policy, states of cluster and pools, planned maintenance. Never asks what
//! time it is: whether a window is open is for those who carry the move out.

use super::Eligibility;
use crate::model::{Cluster, NetworkMode};
use crate::rule;

/// The only configuration that AllowDuringMaintenanceWindow looks at (MNT-1).
const NODE_OS_SCHEDULE: &str = "aksManagedNodeOSUpgradeSchedule";

pub(super) fn check(cluster: &Cluster, found: &mut Eligibility) {
    node_disruption(cluster, found);
    maintenance(cluster, found);
    states(cluster, found);
}

/// Whether the configuration is there and has a window; `None` when the configurations were not read.
fn node_os_window(cluster: &Cluster) -> Option<bool> {
    let configurations = cluster.maintenance.as_ref()?;
    Some(configurations.iter().any(|configuration| {
        configuration.name.eq_ignore_ascii_case(NODE_OS_SCHEDULE)
            && (configuration.window.is_some() || !configuration.not_understood.is_empty())
    }))
}

fn node_disruption(cluster: &Cluster, found: &mut Eligibility) {
    let Some(policy) = cluster.node_disruption_policy.as_deref() else {
        return;
    };
    let assumed = match cluster.mode() {
        Some(NetworkMode::Kubenet) => {
            " (the document's table does not name kubenet to Overlay; it is taken to be covered)"
        }
        _ => "",
    };
    if policy.eq_ignore_ascii_case("Block") {
        found.blocks(
            &rule::MIG_12,
            format!("node disruption policy Block{assumed}"),
            "set it to Allow for the maintenance window",
        );
    } else if policy.eq_ignore_ascii_case("AllowDuringMaintenanceWindow") {
        match node_os_window(cluster) {
            Some(true) => found.warns(
                &rule::MIG_12,
                format!("node disruption policy AllowDuringMaintenanceWindow{assumed}: AKS refuses the move outside of {NODE_OS_SCHEDULE}"),
                format!("start inside {NODE_OS_SCHEDULE}"),
            ),
            Some(false) => found.warns(
                &rule::MIG_12,
                format!(
                    "node disruption policy AllowDuringMaintenanceWindow, and NO {NODE_OS_SCHEDULE}: without that window the \
                     policy forbids nothing, and AKS starts the move at any hour"
                ),
                format!("create {NODE_OS_SCHEDULE} first, or rely on the window that the run is told, not on this policy"),
            ),
            None => {
                found.warns(
                    &rule::MIG_12,
                    format!("node disruption policy AllowDuringMaintenanceWindow{assumed}"),
                    format!("start inside {NODE_OS_SCHEDULE}; if that schedule does not exist, everything is allowed"),
                );
                found.unknown(format!(
                    "maintenance configurations were not read: whether {NODE_OS_SCHEDULE} exists, without which the node \
                     disruption policy forbids nothing (MIG-12)"
                ));
            }
        }
    } else if !policy.eq_ignore_ascii_case("Allow") {
        found.unknown(format!(
            "node disruption policy `{policy}` is not one this version knows (MIG-12)"
        ));
    }
}

/// An automatic upgrade in the middle of the move (MNT-2); when exactly is for the run, which has a clock.
fn maintenance(cluster: &Cluster, found: &mut Eligibility) {
    match &cluster.maintenance {
        None => found.unknown(
            "planned maintenance was not read: an automatic upgrade that starts during the move preempts it (MNT-2)",
        ),
        Some(configurations) if configurations.is_empty() => {}
        Some(configurations) => {
            let names: Vec<&str> = configurations
                .iter()
                .map(|configuration| configuration.name.as_str())
                .collect();
            found.tells(
                &rule::MNT_2,
                format!("AKS may act by itself in {}", names.join(", ")),
                "start when none of these windows opens before the move is predicted to end; they do not hold back the move \
                 itself (MNT-1)",
            );
        }
    }
}

fn states(cluster: &Cluster, found: &mut Eligibility) {
    if cluster.is_stopped() {
        found.blocks(&rule::MIG_14, "the cluster is stopped", "start it");
    }
    let busy = |state: &Option<String>| {
        state
            .clone()
            .filter(|state| !state.eq_ignore_ascii_case("Succeeded"))
    };
    if let Some(state) = busy(&cluster.provisioning_state) {
        found.blocks(
            &rule::MIG_14,
            format!("the cluster is in provisioning state {state}"),
            "wait for the running operation, or reconcile a failed one with an empty `az aks update`",
        );
    }
    for pool in &cluster.pools {
        if let Some(state) = busy(&pool.provisioning_state) {
            found.blocks(
                &rule::MIG_14,
                format!("pool {} is in provisioning state {state}", pool.name),
                "wait for it, or reconcile it",
            );
        }
        if pool.is_stopped() {
            found.warns(
                &rule::MIG_14,
                format!(
                    "pool {} is stopped; what the move does to it is not documented",
                    pool.name
                ),
                "start it before the move",
            );
        }
    }
}
