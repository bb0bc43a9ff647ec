//! Free ranges: for pods, services and subnets, big enough at the ceiling plus surge (for pods of a cluster that moves: for its growth,
//! by `sizing`), clear of everything known, and with room to grow. A pod CIDR can later only grow to a superset (EXP-1), so the
//! superset kept free is part of the answer.

mod sizing;

pub use sizing::{Sizing, pod_sizing};

use super::cost::{POD_CIDR_PER_NODE, pool_cost};
use super::overlap::{PeeringGraph, platform_ranges};
use super::runway::Paces;
use super::surge::nodes_with_surge;
use crate::model::{
    Cluster, ClusterIndex, Inventory, IpNet, NetworkMode, RangeSet, VnetIndex, cidr, parse_cidr,
};
use ipnet::Ipv4Net;

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
    /// What the ranges keep clear of, as it goes on after `clear of`.
    pub clear_of: &'static str,
    /// What the present range of the cluster has to do with it.
    pub note: Option<String>,
    /// Best first.
    pub ranges: Vec<Suggestion>,
}

/// A question for free ranges.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub purpose: Purpose,
    /// `None`: for a cluster in any of the VNets.
    pub cluster: Option<ClusterIndex>,
    /// Size it for so many nodes, surge included.
    pub nodes: Option<u64>,
    /// Take this prefix length.
    pub length: Option<u8>,
    /// How clusters grow, where somebody says it.
    pub paces: Option<&'a Paces>,
    /// What is about to be taken by others.
    pub taken: &'a [IpNet],
}

impl Wanted<'_> {
    pub fn of(purpose: Purpose, cluster: Option<ClusterIndex>) -> Self {
        Wanted {
            purpose,
            cluster,
            nodes: None,
            length: None,
            paces: None,
            taken: &[],
        }
    }
}

/// How far a superset is looked for: eight bits are 256 times the size.
const GROWTH_BITS: u8 = 8;
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
        .map(|pool| nodes_with_surge(pool, pool.ceiling()))
        .sum()
}

/// Free ranges. `None`: nothing tells how large one should be. Of the length that is wanted, else, where nobody named one, of the
/// longest one down to what the ceiling takes; clear of every VNet that was read, else at least of those that the cluster reaches.
pub fn suggest(inventory: &Inventory, wanted: &Wanted) -> Option<Suggestions> {
    let purpose = wanted.purpose;
    let cluster = wanted.cluster.map(|index| inventory.cluster(index));
    let sizing = size(inventory, wanted)?;
    let spaces = spaces(inventory, cluster, purpose);
    let near = taken(inventory, cluster, wanted, Near::Reached);
    let (expansion, note) = present_range(cluster, purpose, &near, &spaces, sizing.length);
    let lengths = sizing.length..=sizing.least.max(sizing.length);
    let everywhere = taken(inventory, cluster, wanted, Near::Read);
    let tries = [
        (&everywhere, Near::Read.words(cluster, purpose)),
        (&near, Near::Reached.words(cluster, purpose)),
    ];
    let (mut length, mut clear_of) = (sizing.length, tries[0].1);
    let mut ranges: Vec<Suggestion> = Vec::new();
    'found: for (taken, words) in tries {
        for tried in lengths.clone() {
            ranges = expansion.iter().cloned().collect();
            search(taken, &spaces, purpose, tried, &mut ranges);
            if !ranges.is_empty() {
                (length, clear_of) = (tried, words);
                break 'found;
            }
        }
    }
    let basis = match length > sizing.length {
        true => format!(
            "{}; no /{} is free, a /{length} is the largest",
            sizing.basis, sizing.length
        ),
        false => sizing.basis,
    };
    Some(Suggestions {
        purpose,
        nodes: sizing.nodes,
        addresses: sizing.addresses,
        length,
        basis,
        clear_of,
        note,
        ranges,
    })
}

struct Size {
    nodes: u64,
    addresses: u64,
    length: u8,
    /// The longest prefix that still takes the ceiling with surge.
    least: u8,
    basis: String,
}

fn size(inventory: &Inventory, wanted: &Wanted) -> Option<Size> {
    let cluster = wanted.cluster.map(|index| inventory.cluster(index));
    let at_ceiling = cluster.map(nodes_at_ceiling);
    let nodes = wanted.nodes.or(at_ceiling).unwrap_or(0);
    let of_nodes = |nodes: u64| nodes.max(1).checked_mul(POD_CIDR_PER_NODE);
    let mut size = match wanted.purpose {
        Purpose::Pod => {
            let grows = wanted.cluster.filter(|index| {
                wanted.nodes.is_none()
                    && inventory.cluster(*index).mode() != Some(NetworkMode::Overlay)
            });
            let sizing = match grows {
                Some(index) => {
                    pod_sizing(&super::growth::Books::of(inventory), index, wanted.paces)
                }
                // What is on Overlay already grows in place when it has to (EXP-1).
                None => Sizing {
                    nodes,
                    rule: "ceiling and surge".to_string(),
                },
            };
            let addresses = of_nodes(sizing.nodes)?;
            let least = at_ceiling.filter(|_| grows.is_some());
            Size {
                nodes: sizing.nodes,
                addresses,
                length: cidr::smallest_prefix_of_size(addresses)?,
                least: match least {
                    Some(nodes) => cidr::smallest_prefix_of_size(of_nodes(nodes)?)?,
                    None => 0,
                },
                basis: format!(
                    "{} nodes ({}) of 256 addresses each (OVL-1, MIG-11)",
                    sizing.nodes, sizing.rule
                ),
            }
        }
        // Nothing in an inventory bounds the number of services; the default size is AKS's own.
        Purpose::Service => Size {
            nodes,
            addresses: 1 << 16,
            length: 16,
            least: 0,
            basis: "a /16, AKS's default for services (CID-2)".to_string(),
        },
        Purpose::Subnet => {
            let (addresses, basis) = match cluster {
                Some(cluster) if at_ceiling == Some(nodes) => (
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
            Size {
                nodes,
                addresses,
                length: cidr::smallest_subnet_for(addresses)?,
                least: 0,
                basis,
            }
        }
    };
    if let Some(length) = wanted.length {
        (size.length, size.least) = (length, length);
    }
    Some(size)
}

/// Which VNets a range keeps clear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Near {
    /// Every one that was read: one that is not peered today may be tomorrow.
    Read,
    /// The cluster's own and those that it reaches.
    Reached,
}

impl Near {
    fn words(self, cluster: Option<&Cluster>, purpose: Purpose) -> &'static str {
        match (purpose, cluster, self) {
            (Purpose::Subnet, ..) => "the subnets of the VNet and the services of its clusters",
            (_, Some(_), Near::Reached) => {
                "the VNets that the cluster reaches, every route and reserved range that was read and AKS's own ranges (of every other VNet \
                 that was read, none is clear)"
            }
            _ => "every VNet, route and reserved range that was read and AKS's own ranges",
        }
    }
}

/// Most room to grow first; then the preferred space; then the lowest address. From coarse to fine, so that a free half of a
/// space is found behind any number of small gaps, and each find is as large as what is free around it.
fn search(
    taken: &RangeSet,
    spaces: &[(Ipv4Net, String)],
    purpose: Purpose,
    length: u8,
    ranges: &mut Vec<Suggestion>,
) {
    // The range of services is fixed for good (CID-2): no room is kept for it.
    let growth = match purpose {
        Purpose::Service => 0,
        Purpose::Pod | Purpose::Subnet => GROWTH_BITS.min(length),
    };
    for bits in (0..=growth).rev() {
        for (space, name) in spaces {
            // One range of each superset: five neighbours are one idea, not five.
            let mut fresh = 0;
            for superset in taken.free_prefixes(space, length - bits) {
                if ranges.len() >= OFFERED || (purpose == Purpose::Service && fresh == 1) {
                    break;
                }
                let superset = IpNet::V4(superset);
                if ranges
                    .iter()
                    .any(|known| cidr::overlap(&known.superset, &superset))
                {
                    continue;
                }
                fresh += 1;
                ranges.push(suggestion(superset, length, name));
            }
        }
    }
    // Then neighbours after all.
    for (space, name) in spaces {
        for free in taken.free_prefixes(space, length) {
            if ranges.len() >= OFFERED {
                return;
            }
            let free = IpNet::V4(free);
            if ranges.iter().any(|known| cidr::overlap(&known.cidr, &free)) {
                continue;
            }
            let superset = ranges
                .iter()
                .find(|known| known.superset.contains(&free))
                .map_or(free, |known| known.superset);
            ranges.push(Suggestion {
                cidr: free,
                superset,
                space: name.clone(),
            });
        }
    }
}

/// The first prefix of a length inside of a free one.
fn suggestion(superset: IpNet, length: u8, space: &str) -> Suggestion {
    Suggestion {
        cidr: IpNet::new(superset.network(), length).expect("length is at most 32"),
        superset,
        space: space.to_string(),
    }
}

/// What follows from the range that the cluster has: a pod CIDR of Overlay grows to a superset or not at all (EXP-1), a
/// service CIDR never (CID-2).
fn present_range(
    cluster: Option<&Cluster>,
    purpose: Purpose,
    taken: &RangeSet,
    spaces: &[(Ipv4Net, String)],
    length: u8,
) -> (Option<Suggestion>, Option<String>) {
    let Some(cluster) = cluster else {
        return (None, None);
    };
    if purpose == Purpose::Service && !cluster.network.service_cidrs.is_empty() {
        let note =
            "the service CIDR of a cluster cannot be changed (CID-2): these are for a new cluster";
        return (None, Some(note.to_string()));
    }
    let present = match cluster.network.pod_cidr_v4() {
        Some(IpNet::V4(present))
            if purpose == Purpose::Pod && cluster.mode() == Some(NetworkMode::Overlay) =>
        {
            *present
        }
        _ => return (None, None),
    };
    let windows = cluster.has_windows();
    let wanted = Ipv4Net::new(present.network(), length.min(present.prefix_len()))
        .expect("no longer than the present prefix")
        .trunc();
    let grows = wanted != present;
    let space = spaces.iter().find(|(space, _)| space.contains(&wanted));
    let free = !taken.meets(&wanted);
    if let (Some((space, name)), true, false) = (space, free, grows && windows) {
        let superset = superset(taken, space, wanted);
        let note = if grows {
            format!(
                "the pod CIDR {present} of this cluster can only grow to a range that contains it (EXP-1): {wanted} comes first; \
                 any other range takes a new cluster"
            )
        } else {
            format!(
                "the pod CIDR {present} of this cluster is large enough; another range than one that contains it takes a new \
                 cluster (EXP-1)"
            )
        };
        let suggestion = Suggestion {
            cidr: IpNet::V4(wanted),
            superset: IpNet::V4(superset),
            space: name.clone(),
        };
        return (Some(suggestion), Some(note));
    }
    let why = if grows && windows {
        "it has Windows nodes"
    } else if free {
        "that is outside of the private ranges"
    } else {
        "that meets ranges in use"
    };
    let note = format!(
        "the pod CIDR {present} of this cluster can only grow to a range that contains it (EXP-1), which would be {wanted}: {why}; \
         each of these takes a new cluster"
    );
    (None, Some(note))
}

fn planned_addresses(cluster: &Cluster) -> u64 {
    cluster
        .pools
        .iter()
        .filter_map(|pool| {
            let nodes = nodes_with_surge(pool, pool.ceiling());
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
                    IpNet::V4(space) => Some((*space, vnet.label().to_string())),
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
fn taken(
    inventory: &Inventory,
    cluster: Option<&Cluster>,
    wanted: &Wanted,
    near: Near,
) -> RangeSet {
    let purpose = wanted.purpose;
    let mut prefixes: Vec<IpNet> = platform_ranges().collect();
    prefixes.extend(wanted.taken);
    prefixes.extend(inventory.reserved.iter().map(|range| range.cidr));
    // A pod CIDR of this cluster is about to be replaced; its service CIDR stays, and the other way round.
    let own = |cluster: &Cluster, prefixes: &mut Vec<IpNet>| {
        let network = &cluster.network;
        if purpose != Purpose::Service {
            prefixes.extend(&network.service_cidrs);
            // Ranges that were added in the cluster itself (CID-2); what is no prefix is for its reader to tell.
            let added = cluster
                .kubernetes
                .iter()
                .flat_map(|state| &state.service_cidrs);
            prefixes.extend(
                added
                    .flat_map(|range| &range.cidrs)
                    .filter_map(|text| text.parse::<IpNet>().ok()),
            );
        }
        let has_pods = cluster.mode().is_none_or(NetworkMode::has_pod_cidr);
        if purpose != Purpose::Pod && has_pods {
            prefixes.extend(&network.pod_cidrs);
        }
    };
    match cluster {
        Some(cluster) => {
            own(cluster, &mut prefixes);
            // Neighbours in the VNet would be refused at their next update: their services may meet none of its subnets.
            if purpose == Purpose::Subnet {
                let homes = inventory.vnets_of_cluster(cluster);
                let is_neighbour = |other: &Cluster| {
                    inventory
                        .vnets_of_cluster(other)
                        .iter()
                        .any(|vnet| homes.contains(vnet))
                };
                for other in inventory
                    .clusters
                    .iter()
                    .filter(|other| is_neighbour(other))
                {
                    own(other, &mut prefixes);
                }
            }
        }
        None => inventory
            .clusters
            .iter()
            .for_each(|cluster| own(cluster, &mut prefixes)),
    }
    let reached = cluster.filter(|_| near == Near::Reached || purpose == Purpose::Subnet);
    let Some(cluster) = reached else {
        // Clear of every VNet and of what their peerings remember, each once.
        for vnet in &inventory.vnets {
            if purpose != Purpose::Subnet {
                prefixes.extend(&vnet.address_space);
                prefixes.extend(
                    vnet.peerings
                        .iter()
                        .filter(|peering| peering.is_connected())
                        .flat_map(|peering| &peering.remote_address_space),
                );
            }
        }
        prefixes.extend(inventory.subnets.iter().flat_map(|subnet| &subnet.prefixes));
        if purpose != Purpose::Subnet {
            prefixes.extend(routed(inventory));
        }
        return RangeSet::from_prefixes(&prefixes);
    };
    let homes = inventory.vnets_of_cluster(cluster);
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
    prefixes.extend(routed(inventory));
    RangeSet::from_prefixes(&prefixes)
}

/// Destinations of routes: in use by somebody.
fn routed(inventory: &Inventory) -> impl Iterator<Item = IpNet> {
    inventory
        .route_tables
        .iter()
        .flat_map(|table| &table.routes)
        .filter_map(|route| route.prefix)
        .filter(|prefix| prefix.prefix_len() > 0)
}

/// How the pod CIDR of an Overlay cluster may grow in place (EXP-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PodGrowth {
    pub now: IpNet,
    /// The smallest range around it that holds what is wanted; `None`: it holds that already, or no such range is free.
    pub enough: Option<IpNet>,
    /// There are Windows nodes, with which it does not grow at all.
    pub has_windows: bool,
}

/// `None`: no cluster on Overlay, or none with an IPv4 pod CIDR that was read. `addresses`: what its nodes want of it.
pub fn pod_growth(inventory: &Inventory, index: ClusterIndex, addresses: u64) -> Option<PodGrowth> {
    let cluster = inventory.cluster(index);
    let is_overlay = cluster.mode() == Some(NetworkMode::Overlay);
    let now = cluster.network.pod_cidr_v4().filter(|_| is_overlay)?;
    let wanted = cidr::smallest_prefix_of_size(addresses)
        .filter(|length| *length < now.prefix_len())
        .and_then(|length| IpNet::new(now.network(), length).ok())
        .map(|wanted| wanted.trunc());
    let superset = pod_superset(inventory, index, now, &[]);
    Some(PodGrowth {
        now: *now,
        enough: wanted.filter(|wanted| superset.is_some_and(|superset| superset.contains(wanted))),
        has_windows: cluster.has_windows(),
    })
}

/// What a pod CIDR may grow to in place, as far as it is free of everything that the cluster reaches: the largest superset, where there
/// is one and the cluster has no Windows nodes (EXP-1).
/// `others`: ranges that moves of clusters it is connected with take.
pub fn pod_superset(
    inventory: &Inventory,
    index: ClusterIndex,
    pod_cidr: &IpNet,
    others: &[IpNet],
) -> Option<IpNet> {
    let cluster = inventory.cluster(index);
    let IpNet::V4(range) = pod_cidr else {
        return None;
    };
    if cluster.has_windows() {
        return None;
    }
    let wanted = Wanted {
        taken: others,
        ..Wanted::of(Purpose::Pod, Some(index))
    };
    let taken = taken(inventory, Some(cluster), &wanted, Near::Read);
    let spaces = spaces(inventory, Some(cluster), Purpose::Pod);
    let (space, _) = spaces.iter().find(|(space, _)| space.contains(range))?;
    let superset = superset(&taken, space, *range);
    (superset != *range).then_some(IpNet::V4(superset))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        parse_cidr(text).unwrap()
    }

    fn searched(
        taken: &[&str],
        space: &str,
        purpose: Purpose,
        length: u8,
    ) -> Vec<(String, String)> {
        let taken: Vec<IpNet> = taken.iter().map(|text| net(text)).collect();
        let IpNet::V4(space) = net(space) else {
            unreachable!()
        };
        let mut ranges = Vec::new();
        search(
            &RangeSet::from_prefixes(&taken),
            &[(space, "space".to_string())],
            purpose,
            length,
            &mut ranges,
        );
        ranges
            .iter()
            .map(|range| (range.cidr.to_string(), range.superset.to_string()))
            .collect()
    }

    fn pair(cidr: &str, superset: &str) -> (String, String) {
        (cidr.to_string(), superset.to_string())
    }

    /// 10.0 to 10.31 have a hole of half a /24 each 24: more holes than anybody looks at one by one.
    #[test]
    fn room_is_found_behind_any_number_of_holes() {
        let taken: Vec<IpNet> = (0..32u32 * 256)
            .map(|third| {
                let first = u32::from(std::net::Ipv4Addr::new(10, 0, 0, 0)) + (third << 8);
                IpNet::V4(Ipv4Net::new(first.into(), 25).unwrap())
            })
            .collect();
        let taken: Vec<String> = taken.iter().map(ToString::to_string).collect();
        let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
        let found = searched(&taken, "10.0.0.0/8", Purpose::Pod, 25);
        assert_eq!(found[0], pair("10.32.0.0/25", "10.32.0.0/17"));
        assert_eq!(found.len(), OFFERED);
    }

    #[test]
    fn a_superset_is_all_that_is_free_around_and_neighbours_come_last() {
        // Free: 10.0.0.128/25 and 10.0.1.0/24 of a /23.
        let found = searched(&["10.0.0.0/25"], "10.0.0.0/23", Purpose::Subnet, 26);
        let expected = [
            pair("10.0.1.0/26", "10.0.1.0/24"),
            pair("10.0.0.128/26", "10.0.0.128/25"),
            pair("10.0.0.192/26", "10.0.0.128/25"),
            pair("10.0.1.64/26", "10.0.1.0/24"),
            pair("10.0.1.128/26", "10.0.1.0/24"),
        ];
        assert_eq!(found, expected);
        assert_eq!(
            searched(&["10.0.0.0/8"], "10.0.0.0/8", Purpose::Pod, 16),
            []
        );
    }

    #[test]
    fn services_do_not_grow() {
        for (cidr, superset) in searched(&["10.0.0.0/16"], "10.0.0.0/8", Purpose::Service, 16) {
            assert_eq!(cidr, superset);
        }
    }
}
