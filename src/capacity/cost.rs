//! What one node costs in addresses, by network mode: as the service counts it when it checks a request, as nodes really
//! hold it, and as the documentation says to plan. Three numbers, because they differ and each has its use.

use crate::model::{Cluster, NetworkMode, NodePool, OsType, SubnetIndex};
use crate::rule::{self, Rule};

/// Addresses of a pod CIDR that a node takes: a /24, fixed (OVL-1, KBN-1).
pub const POD_CIDR_PER_NODE: u64 = 256;
/// Addresses a node's first batch holds in a dynamic pod subnet, and what the service counts for it (DYN-1, DYN-4).
pub const POD_SUBNET_BATCH: u64 = 16;
/// Pods per node that no setting exceeds (MP-1).
pub const MOST_PODS: u64 = 250;

/// Addresses one node takes from one range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerNode {
    /// What the service adds up when it checks a request.
    pub counted: u64,
    /// What the node holds once it runs.
    pub held: u64,
    /// What the documentation says to plan for.
    pub planned: u64,
}

impl PerNode {
    const fn same(addresses: u64) -> Self {
        PerNode {
            counted: addresses,
            held: addresses,
            planned: addresses,
        }
    }
}

/// What one node of a pool costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeCost {
    /// From the subnet its interface sits in.
    pub node_subnet: PerNode,
    /// From the pod subnet, in the modes that have one.
    pub pod_subnet: Option<PerNode>,
    /// From the pod CIDR, in the modes that have one.
    pub pod_cidr: Option<u64>,
}

impl NodeCost {
    /// What one node of `pool` takes from a subnet, as node subnet and as pod subnet together.
    pub fn in_subnet(&self, pool: &NodePool, subnet: SubnetIndex) -> PerNode {
        let mut sum = PerNode::same(0);
        let parts = [
            (pool.subnet == Some(subnet)).then_some(self.node_subnet),
            self.pod_subnet.filter(|_| pool.pod_subnet == Some(subnet)),
        ];
        for part in parts.into_iter().flatten() {
            sum.counted += part.counted;
            sum.held += part.held;
            sum.planned += part.planned;
        }
        sum
    }

    /// Private addresses as the VNet's limit counts them: a static block is one configuration, however many addresses it
    /// maps (SUB-2).
    pub fn in_vnet(&self, mode: NetworkMode) -> u64 {
        let pods = self.pod_subnet.map_or(0, |cost| cost.held);
        self.node_subnet.held
            + match mode {
                NetworkMode::PodSubnetStaticBlock => pods / POD_SUBNET_BATCH,
                _ => pods,
            }
    }
}

/// The cost of one node. `max_pods` is used as given, even outside of what AKS allows.
pub fn node_cost(mode: NetworkMode, os: OsType, max_pods: u32) -> NodeCost {
    let max_pods = u64::from(max_pods);
    let one = PerNode::same(1);
    let (node_subnet, pod_subnet) = match mode {
        NetworkMode::Kubenet | NetworkMode::Overlay | NetworkMode::Byo => (one, None),
        NetworkMode::NodeSubnet => {
            // CLS-3: one primary and max_pods - 2 secondary addresses on Linux, max_pods + 1 in all on Windows. CLS-1: the
            // documentation plans max_pods + 1 on both.
            let held = match os {
                OsType::Linux => max_pods.saturating_sub(1).max(1),
                OsType::Windows => max_pods + 1,
            };
            let cost = PerNode {
                counted: held,
                held,
                planned: max_pods + 1,
            };
            (cost, None)
        }
        NetworkMode::PodSubnetDynamic => {
            // DYN-3: the network container's own address comes on top of the batch.
            let cost = PerNode {
                counted: POD_SUBNET_BATCH,
                held: POD_SUBNET_BATCH + 1,
                planned: POD_SUBNET_BATCH,
            };
            (one, Some(cost))
        }
        NetworkMode::PodSubnetStaticBlock => {
            // STB-1: whole /28 blocks, one address of which is reserved. STB-3: the service counts one block all the same.
            let held = static_blocks(max_pods) * POD_SUBNET_BATCH;
            let cost = PerNode {
                counted: POD_SUBNET_BATCH,
                held,
                planned: held,
            };
            (one, Some(cost))
        }
    };
    NodeCost {
        node_subnet,
        pod_subnet,
        pod_cidr: mode.has_pod_cidr().then_some(POD_CIDR_PER_NODE),
    }
}

/// The cost of one node of a pool; `None` when the network mode or `max_pods` is not known.
pub fn pool_cost(cluster: &Cluster, pool: &NodePool) -> Option<NodeCost> {
    let mode = cluster.network_mode(pool)?;
    let needs_max_pods = matches!(
        mode,
        NetworkMode::NodeSubnet | NetworkMode::PodSubnetStaticBlock
    );
    if needs_max_pods && !pool.knows("max_pods") {
        return None;
    }
    Some(node_cost(mode, pool.os_type, pool.max_pods))
}

/// /28 blocks a node takes under static allocation: `ceil((max_pods + 1) / 16)` (STB-1).
pub fn static_blocks(max_pods: u64) -> u64 {
    (max_pods + 1).div_ceil(POD_SUBNET_BATCH)
}

/// Addresses a node of a dynamic pod subnet holds while it runs `pods` pods that need one (DYN-2, DYN-3): half a batch is kept
/// in hand, batches of 16, at most 250, and one address for the network container.
pub fn dynamic_held(pods: u64) -> u64 {
    // target = 16 * ceil(0.5 + pods / 16), in whole numbers.
    let target = POD_SUBNET_BATCH * (2 * pods + POD_SUBNET_BATCH).div_ceil(2 * POD_SUBNET_BATCH);
    target.min(MOST_PODS) + 1
}

/// The rules behind a mode's cost.
pub fn cost_rules(mode: NetworkMode) -> Vec<&'static Rule> {
    match mode {
        NetworkMode::Kubenet => vec![&rule::KBN_1],
        NetworkMode::NodeSubnet => vec![&rule::CLS_3, &rule::CLS_1],
        NetworkMode::PodSubnetDynamic => vec![&rule::DYN_4, &rule::DYN_1, &rule::DYN_3],
        NetworkMode::PodSubnetStaticBlock => vec![&rule::STB_1, &rule::STB_3],
        NetworkMode::Overlay => vec![&rule::OVL_1],
        NetworkMode::Byo => vec![&rule::BYO_1],
    }
}

/// Where the counted number comes from, in a few words.
pub fn cost_basis(mode: NetworkMode, os: OsType, max_pods: u32) -> String {
    match (mode, os) {
        (NetworkMode::NodeSubnet, OsType::Linux) => format!("max_pods {max_pods} - 1 (CLS-3)"),
        (NetworkMode::NodeSubnet, OsType::Windows) => {
            format!("max_pods {max_pods} + 1 on Windows (CLS-3)")
        }
        (NetworkMode::Kubenet, _) => "1 a node, pods in the pod CIDR (KBN-1)".to_string(),
        (NetworkMode::Overlay, _) => "1 a node, pods in the pod CIDR (OVL-1)".to_string(),
        (NetworkMode::Byo, _) => "1 a node, pods by the plugin (BYO-1)".to_string(),
        (NetworkMode::PodSubnetDynamic | NetworkMode::PodSubnetStaticBlock, _) => {
            "1 a node, pods in the pod subnet (DYN-4)".to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn classic_nodes() {
        // 10.224.0.4, .33, .62: primaries of consecutive nodes lie 29 apart at max_pods 30, 109 apart at 110.
        for (os, max_pods, counted, planned) in [
            (OsType::Linux, 30, 29, 31),
            (OsType::Linux, 110, 109, 111),
            (OsType::Linux, 250, 249, 251),
            (OsType::Windows, 30, 31, 31),
        ] {
            let cost = node_cost(NetworkMode::NodeSubnet, os, max_pods);
            assert_eq!(cost.node_subnet.counted, counted, "{os:?} {max_pods}");
            assert_eq!(cost.node_subnet.planned, planned, "{os:?} {max_pods}");
            assert_eq!(cost.pod_cidr, None);
        }
    }

    /// Microsoft's table for static blocks: max_pods 30 → 2 blocks, 31 → 2, 32 → 3; 250 observed at 255 + 1 addresses.
    #[test]
    fn static_block_table() {
        for (max_pods, blocks) in [(30, 2), (31, 2), (32, 3), (110, 7), (250, 16)] {
            assert_eq!(static_blocks(max_pods), blocks, "{max_pods}");
        }
    }

    /// The allocator's own targets, by pods that need an address.
    #[test]
    fn dynamic_targets() {
        for (pods, target) in [
            (0, 16),
            (8, 16),
            (9, 32),
            (16, 32),
            (24, 32),
            (25, 48),
            (32, 48),
            (48, 64),
            (250, 250),
        ] {
            assert_eq!(dynamic_held(pods), target + 1, "{pods}");
        }
    }

    proptest! {
        #[test]
        fn more_max_pods_never_costs_less(a in 1u32..300, b in 1u32..300) {
            for mode in NetworkMode::ALL {
                for os in [OsType::Linux, OsType::Windows] {
                    let less = node_cost(mode, os, a.min(b));
                    let more = node_cost(mode, os, a.max(b));
                    prop_assert!(more.node_subnet.held >= less.node_subnet.held);
                    prop_assert!(more.node_subnet.planned >= less.node_subnet.planned);
                    prop_assert!(more.pod_subnet.map(|p| p.held) >= less.pod_subnet.map(|p| p.held));
                }
            }
        }

        /// The allocator in floating point, as its source has it.
        #[test]
        fn dynamic_target_agrees_with_the_formula_in_floats(pods in 0u64..250) {
            let target = 16.0 * (0.5 + pods as f64 / 16.0).ceil();
            prop_assert_eq!(dynamic_held(pods), (target as u64).min(250) + 1);
        }
    }
}
