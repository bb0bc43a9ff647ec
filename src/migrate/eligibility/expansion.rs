//! Whether the pod CIDR of a cluster that is on Overlay may grow to a larger one (EXP-1). Never proposes one: `cidr suggest` does.

use super::{Eligibility, ranges, room, state};
use crate::model::{Cluster, Inventory, IpNet, NetworkMode, OsType};
use crate::rule;

/// Everything that stands in the way of replacing the pod CIDR by `new`, all at once.
pub fn expansion(inventory: &Inventory, cluster: &Cluster, new: &IpNet) -> Eligibility {
    let mut found = Eligibility::default();
    match cluster.mode() {
        Some(NetworkMode::Overlay) => {}
        Some(mode) => found.blocks(
            &rule::EXP_1,
            format!("the cluster is on {mode}: only an Overlay pod CIDR can grow"),
            "move to Overlay with a pod CIDR that is large enough",
        ),
        None => {
            found.unknown(
                "the network plugin is not known: only an Overlay pod CIDR can grow (EXP-1)",
            );
        }
    }
    match cluster.network.pod_cidr_v4() {
        _ if matches!(new, IpNet::V6(_)) => found.blocks(
            &rule::EXP_1,
            format!("{new} is IPv6, and only the IPv4 range can grow"),
            "create a new cluster for another IPv6 range",
        ),
        Some(old) if old == new => found.tells(
            &rule::EXP_1,
            format!("{new} is the pod CIDR already"),
            "nothing to do",
        ),
        Some(old) if !new.contains(old) => found.blocks(
            &rule::EXP_1,
            format!(
                "{new} does not contain the present pod CIDR {old}: it can neither shrink nor move"
            ),
            "choose a range that contains it: aksplan cidr suggest --for pod",
        ),
        Some(_) => {}
        None => {
            found.unknown("the present pod CIDR was not given: a new one must contain it (EXP-1)");
        }
    }
    if cluster
        .network
        .pod_cidrs
        .iter()
        .any(|range| matches!(range, IpNet::V6(_)))
    {
        found.unknown(
            "the cluster is dual-stack: only its IPv4 range can grow, by `--pod-cidr` and not by `--pod-cidrs`, and that it works \
             beside an IPv6 range is not documented (EXP-1)",
        );
    }
    for pool in cluster
        .pools
        .iter()
        .filter(|pool| pool.os_type == OsType::Windows)
    {
        found.blocks(
            &rule::EXP_1,
            format!("pool {} has Windows nodes", pool.name),
            "remove Windows pools, or create a new cluster with a larger pod CIDR",
        );
    }
    state::check(cluster, &mut found);
    // The larger range may meet what the smaller one did not.
    ranges::check(inventory, cluster, new, &mut found);
    room::pod_cidr_size(cluster, new, &mut found);
    found
}
