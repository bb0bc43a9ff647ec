//! Limits that hold whatever the addresses say.

use crate::model::NetworkMode;

/// Nodes of a kubenet cluster: one route each in a route table of 400 (KBN-1).
pub const KUBENET_NODES: u64 = 400;
/// Nodes of a node pool (MP-3).
pub const POOL_NODES: u64 = 1_000;
/// Nodes of a cluster (MP-3).
pub const CLUSTER_NODES: u64 = 5_000;
/// Private addresses that may be configured in a VNet (SUB-2).
pub const VNET_ADDRESSES: u64 = 65_536;
/// Pods a node may be told to run (MP-1).
pub const MAX_PODS: std::ops::RangeInclusive<u32> = 10..=250;
/// Pods that every pool must have room for (MP-1).
pub const FEWEST_PODS_OF_A_POOL: u64 = 30;

/// Nodes a cluster of this mode may have.
pub fn cluster_nodes(mode: NetworkMode) -> u64 {
    match mode {
        NetworkMode::Kubenet => KUBENET_NODES,
        _ => CLUSTER_NODES,
    }
}
