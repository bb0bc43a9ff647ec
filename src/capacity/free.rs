//! Free ranges: for pods, services and subnets, big enough at the ceiling plus surge, clear of everything known, and with
//! room to grow. A pod CIDR can later only grow to a superset (EXP-1), so the superset kept free is part of the answer.

use super::cost::{POD_CIDR_PER_NODE, pool_cost};
use super::overlap::{PeeringGraph, platform_ranges};
use super::surge::surge_nodes;
use crate::model::{Cluster, Inventory, IpNet, NetworkMode, RangeSet, VnetIndex, cidr, parse_cidr};
use ipnet::Ipv4Net;
use std::collections::BTreeSet;

/// What the range is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Pod,
    Service,
    Subnet,
}

impl Purpose {
    pub fn key(self) -> &'static str {
        match self {
            Purpose::Pod => "pod",
            Purpose::Service => "service",
            Purpose::Subnet => "subnet",
        }
    }
}

/// One free range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    pub cidr: IpNet,
    /// The largest free prefix around it: what it may grow to.
    pub superset: IpNet,
    /// Where it was looked for: `RFC 1918`, `RFC 6598`, or a VNet's name.
    pub space: String,
}

/// The question and its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestions {
    pub purpose: Purpose,
    /// Nodes it is sized for, surge included.
    pub nodes: u64,
    /// Addresses wanted.
    pub addresses: u64,
    pub length: u8,
    /// How the length follows from the nodes.
    pub basis: String,
    /// Best first.
    pub ranges: Vec<Suggestion>,
}

/// How far a superset is looked for: eight bits are 256 times the size.
const GROWTH_BITS: u8 = 8;
/// Candidates of each length and space that are ranked.
const CANDIDATES: usize = 4_096;
/// Ranges that are offered.
const OFFERED: usize = 5;

/// Private spaces in the order of preference: RFC 1918 as everybody has it, then shared address space, which AKS supports and
/// few on-premises networks use (CID-4).
const SPACES: [(&str, &str); 4] = [
    ("10.0.0.0/8", "RFC 1918"),
    ("172.16.0.0/12", "RFC 1918"),
    ("192.168.0.0/16", "RFC 1918"),
    ("100.64.0.0/10", "RFC 6598"),
];

/// Nodes of a cluster at the autoscalers' ceiling, with every pool's surge.
pub fn nodes_at_ceiling(cluster: &Cluster) -> u64 {
    cluster
        .pools
        .iter()
        .map(|pool| pool.ceiling() + surge_nodes(pool, pool.ceiling()))
        .sum()
}

/// Free ranges for `cluster` (or, without one, for a cluster in any of the VNets). `nodes` overrides the node count, `length`
/// the size. `None`: nothing tells how large it should be.
pub fn suggest(
    inventory: &Inventory,
    cluster: Option<&Cluster>,
    purpose: Purpose,
    nodes: Option<u64>,
    length: Option<u8>,
) -> Option<Suggestions> {
    let nodes = nodes.or_else(|| cluster.map(nodes_at_ceiling)).unwrap_or(0);
    let (addresses, fitting, basis) = match purpose {
        Purpose::Pod => {
            let addresses = nodes.max(1).checked_mul(POD_CIDR_PER_NODE)?;
            (
                addresses,
                cidr::smallest_prefix_of_size(addresses)?,
                format!("{nodes} nodes (ceiling and surge) of 256 addresses each (OVL-1, MIG-11)"),
            )
        }
        // Nothing in an inventory bounds the number of services; the default size is AKS's own.
        Purpose::Service => (
            1 << 16,
            16,
            "a /16, AKS's default for services (CID-2)".to_string(),
        ),
        Purpose::Subnet => {
            let (addresses, basis) = match cluster {
                Some(cluster) if nodes == nodes_at_ceiling(cluster) => (
                    planned_addresses(cluster),
                    "the pools at ceiling with surge, by the documented formula (CLS-1)"
                        .to_string(),
                ),
                _ => {
                    let each = cluster.map_or(1, dearest_node);
                    (
                        nodes.max(1).checked_mul(each)?,
                        format!("{nodes} nodes of {each} addresses each (CLS-1)"),
                    )
                }
            };
            (addresses, cidr::smallest_subnet_for(addresses)?, basis)
        }
    };
    let length = length.unwrap_or(fitting);
    let taken = taken(inventory, cluster, purpose);
    let mut ranked: Vec<(u8, usize, Suggestion)> = Vec::new();
    for (preference, (space, name)) in spaces(inventory, cluster, purpose).into_iter().enumerate() {
        for free in taken.free_prefixes(&space, length).take(CANDIDATES) {
            let superset = superset(&taken, &space, free);
            ranked.push((
                free.prefix_len() - superset.prefix_len(),
                preference,
                Suggestion {
                    cidr: IpNet::V4(free),
                    superset: IpNet::V4(superset),
                    space: name.clone(),
                },
            ));
        }
    }
    // Most room to grow first; then the preferred space; then the lowest address.
    ranked.sort_by(|a, b| {
        b.0.cmp(&a.0)
            .then(a.1.cmp(&b.1))
            .then(a.2.cidr.cmp(&b.2.cidr))
    });
    // One range of each superset: five neighbours are one idea, not five.
    let mut seen: BTreeSet<IpNet> = BTreeSet::new();
    let mut ranges: Vec<Suggestion> = Vec::new();
    let mut rest: Vec<Suggestion> = Vec::new();
    for (_, _, suggestion) in ranked {
        if ranges.len() == OFFERED {
            break;
        }
        if seen.insert(suggestion.superset) {
            ranges.push(suggestion);
        } else if rest.len() < OFFERED {
            rest.push(suggestion);
        }
    }
    rest.truncate(OFFERED - ranges.len());
    ranges.extend(rest);
    Some(Suggestions {
        purpose,
        nodes,
        addresses,
        length,
        basis,
        ranges,
    })
}

fn planned_addresses(cluster: &Cluster) -> u64 {
    cluster
        .pools
        .iter()
        .filter_map(|pool| {
            let nodes = pool.ceiling() + surge_nodes(pool, pool.ceiling());
            Some(nodes * pool_cost(cluster, pool)?.node_subnet.planned)
        })
        .sum::<u64>()
        .max(1)
}

fn dearest_node(cluster: &Cluster) -> u64 {
    cluster
        .pools
        .iter()
        .filter_map(|pool| pool_cost(cluster, pool))
        .map(|cost| cost.node_subnet.planned)
        .max()
        .unwrap_or(1)
}

fn spaces(
    inventory: &Inventory,
    cluster: Option<&Cluster>,
    purpose: Purpose,
) -> Vec<(Ipv4Net, String)> {
    if purpose == Purpose::Subnet {
        return vnets(inventory, cluster)
            .into_iter()
            .flat_map(|index| {
                let vnet = inventory.vnet(index);
                vnet.address_space.iter().filter_map(|space| match space {
                    IpNet::V4(space) => Some((*space, vnet.name.clone())),
                    IpNet::V6(_) => None,
                })
            })
            .collect();
    }
    SPACES
        .iter()
        .filter_map(|(space, name)| match parse_cidr(space) {
            Ok(IpNet::V4(space)) => Some((space, (*name).to_string())),
            _ => None,
        })
        .collect()
}

fn vnets(inventory: &Inventory, cluster: Option<&Cluster>) -> Vec<VnetIndex> {
    match cluster {
        Some(cluster) => inventory.vnets_of_cluster(cluster),
        None => inventory.vnet_indices().collect(),
    }
}

/// Everything a new range must keep clear of.
fn taken(inventory: &Inventory, cluster: Option<&Cluster>, purpose: Purpose) -> RangeSet {
    let mut prefixes: Vec<IpNet> = platform_ranges().collect();
    prefixes.extend(inventory.reserved.iter().map(|range| range.cidr));
    // A pod CIDR of this cluster is about to be replaced; its service CIDR stays, and the other way round.
    let own = |cluster: &Cluster, prefixes: &mut Vec<IpNet>| {
        let network = &cluster.network;
        if purpose != Purpose::Service {
            prefixes.extend(&network.service_cidrs);
        }
        let has_pods = cluster.mode().is_none_or(NetworkMode::has_pod_cidr);
        if purpose != Purpose::Pod && has_pods {
            prefixes.extend(&network.pod_cidrs);
        }
    };
    match cluster {
        Some(cluster) => own(cluster, &mut prefixes),
        None => inventory
            .clusters
            .iter()
            .for_each(|cluster| own(cluster, &mut prefixes)),
    }
    let homes = vnets(inventory, cluster);
    let graph = PeeringGraph::of(inventory);
    if purpose == Purpose::Subnet {
        for home in homes {
            prefixes.extend(
                graph
                    .subnets(inventory, home)
                    .flat_map(|subnet| &subnet.prefixes),
            );
        }
        return RangeSet::from_prefixes(&prefixes);
    }
    for home in homes {
        let reach = graph.reach(home);
        let near = std::iter::once(&home)
            .chain(&reach.direct)
            .chain(&reach.transitive);
        for vnet in near {
            prefixes.extend(&inventory.vnet(*vnet).address_space);
            prefixes.extend(
                graph
                    .subnets(inventory, *vnet)
                    .flat_map(|subnet| &subnet.prefixes),
            );
        }
        prefixes.extend(reach.unread.iter().flat_map(|(_, spaces)| spaces));
    }
    for table in &inventory.route_tables {
        let routed = table.routes.iter().filter_map(|route| route.prefix);
        prefixes.extend(routed.filter(|prefix| prefix.prefix_len() > 0));
    }
    RangeSet::from_prefixes(&prefixes)
}

/// The largest prefix around `free` that is free as well and inside the space.
fn superset(taken: &RangeSet, space: &Ipv4Net, free: Ipv4Net) -> Ipv4Net {
    let mut best = free;
    for _ in 0..GROWTH_BITS {
        match best.supernet() {
            Some(larger) if space.contains(&larger) && !taken.meets(&larger) => best = larger,
            _ => break,
        }
    }
    best
}
