//! How long what there is lasts if pools go on growing: weeks until the first range, or the first limit, takes no further node. Plain
//! division at a steady pace; spikes, events and answers of AKS are the simulation's.

use super::cost::{POD_CIDR_PER_NODE, node_cost};
use super::growth::{Books, LimitKind, nodes_of};
use super::limits;
use crate::model::{ClusterIndex, IpNet, NetworkMode, SubnetIndex, cidr};
use std::collections::BTreeMap;

/// How fast pools of one cluster grow: nodes a week, by position in the cluster. Zero or more.
pub type Pace = [f64];

/// What ends the growth first, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Runway {
    /// From now on; 0: the next node has no room already.
    pub weeks: f64,
    pub limit: LimitKind,
    /// Name of the range or of the pool.
    pub of: String,
}

/// Under the mode the cluster is in, or as it would be after the move to Overlay with this pod CIDR. Ceilings of autoscalers are left
/// aside: a person raises them, and nobody raises a subnet. `None`: nothing grows, or nothing is known to end it.
pub fn runway(
    books: &Books,
    index: ClusterIndex,
    pace: &Pace,
    after: Option<&IpNet>,
) -> Option<Runway> {
    let cluster = books.inventory.cluster(index);
    let mode = match after {
        Some(_) => NetworkMode::Overlay,
        None => cluster.mode()?,
    };
    let mut ends: Vec<Runway> = Vec::new();
    let mut end = |room: u64, a_week: f64, limit: LimitKind, of: String| {
        if a_week > 0.0 {
            ends.push(Runway {
                weeks: room as f64 / a_week,
                limit,
                of,
            });
        }
    };
    let mut by_subnet: BTreeMap<(SubnetIndex, bool), (f64, u64)> = BTreeMap::new();
    for (pool, a_week) in cluster.pools.iter().zip(pace) {
        let cost = node_cost(mode, pool.os_type, pool.max_pods);
        let mut take = |subnet: Option<SubnetIndex>, each: u64, is_pods: bool| {
            if let Some(subnet) = subnet {
                let (pace, held) = by_subnet.entry((subnet, is_pods)).or_default();
                *pace += a_week * each as f64;
                *held = held.saturating_add(pool.count.saturating_mul(each));
            }
        };
        take(pool.subnet, cost.node_subnet.held, false);
        if let Some(in_pods) = cost.pod_subnet {
            take(pool.pod_subnet, in_pods.held, true);
        }
        let left = limits::POOL_NODES.saturating_sub(pool.count);
        end(left, *a_week, LimitKind::PoolNodes, pool.name.clone());
    }
    for ((subnet, is_pods), (a_week, held)) in by_subnet {
        let room = match after {
            None => books.free(subnet),
            Some(_) => books.available_to(index, subnet).saturating_sub(held),
        };
        let limit = match is_pods {
            true => LimitKind::PodSubnet,
            false => LimitKind::Subnet,
        };
        end(room, a_week, limit, books.inventory.subnet_name(subnet));
    }
    let nodes = nodes_of(&cluster.pools, |pool| pool.count);
    let all: f64 = pace.iter().sum();
    let range = after.or_else(|| cluster.network.pod_cidr_v4());
    if mode.has_pod_cidr()
        && let Some(range) = range
    {
        let blocks = cidr::size(range) / POD_CIDR_PER_NODE;
        let of = format!("pod CIDR {range}");
        end(blocks.saturating_sub(nodes), all, LimitKind::PodCidr, of);
    }
    let left = limits::cluster_nodes(mode).saturating_sub(nodes);
    end(left, all, LimitKind::ClusterNodes, cluster.name.clone());
    ends.into_iter().reduce(|first, other| {
        if other.weeks < first.weeks {
            other
        } else {
            first
        }
    })
}

/// A pace of so many nodes a week in all, shared out as nodes are now: the growth of which nobody said anything else. A
/// cluster without nodes grows in its first pool.
pub fn evenly(books: &Books, index: ClusterIndex, a_week: f64) -> Vec<f64> {
    let pools = &books.inventory.cluster(index).pools;
    let nodes = nodes_of(pools, |pool| pool.count);
    pools
        .iter()
        .enumerate()
        .map(|(position, pool)| match (nodes, position) {
            (0, 0) => a_week,
            (0, _) => 0.0,
            _ => a_week * pool.count as f64 / nodes as f64,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Inventory, parse_cidr};

    /// Five nodes of 29 addresses in a /24 of 251.
    fn estate() -> Inventory {
        let text = "apiVersion: aksplan/v1\nname: t\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/16]\n    subnets:\n      \
                    - { name: s, cidr: 10.0.0.0/24, foreign: 6 }\nclusters:\n  - name: c\n    network_plugin: azure\n    pools:\n      \
                    - { name: a, count: 2, max_pods: 30, subnet: v/s }\n      - { name: b, count: 3, max_pods: 30, subnet: v/s }\n";
        crate::source::read_document("scenario", text.as_bytes())
            .and_then(crate::source::Found::assemble)
            .unwrap_or_else(|error| panic!("{error}"))
            .current
    }

    #[test]
    fn weeks_are_room_by_pace() {
        let inventory = estate();
        let books = Books::of(&inventory);
        let cluster = ClusterIndex::new(0);
        // 251 - 6 - 5 × 29 = 100 left, half a node of 29 a week.
        let now = runway(&books, cluster, &[0.25, 0.25], None).unwrap();
        assert!((now.weeks - 100.0 / 14.5).abs() < 1e-9, "{now:?}");
        assert_eq!((now.limit, now.of.as_str()), (LimitKind::Subnet, "v/s"));
        // A /21 has eight blocks, five of them taken.
        let range = parse_cidr("192.168.0.0/21").unwrap();
        let after = runway(&books, cluster, &[0.25, 0.25], Some(&range)).unwrap();
        assert!((after.weeks - 6.0).abs() < 1e-9, "{after:?}");
        assert_eq!(after.limit, LimitKind::PodCidr);
        // Of a large range the subnet ends it: 251 - 6 - 5 nodes.
        let range = parse_cidr("192.168.0.0/16").unwrap();
        let after = runway(&books, cluster, &[0.5, 0.5], Some(&range)).unwrap();
        assert!((after.weeks - 240.0).abs() < 1e-9, "{after:?}");
        assert_eq!(after.limit, LimitKind::Subnet);
    }

    #[test]
    fn what_does_not_grow_does_not_end() {
        let inventory = estate();
        let books = Books::of(&inventory);
        assert_eq!(
            runway(&books, ClusterIndex::new(0), &[0.0, 0.0], None),
            None
        );
        assert_eq!(evenly(&books, ClusterIndex::new(0), 1.0), [0.4, 0.6]);
    }
}
