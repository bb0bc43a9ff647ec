//! Where in a subnet addresses are held, and by what: nodes and pods as Kubernetes knows them, everything else as Azure names it. What is
//! held and lies nowhere known (an address a node keeps for a pod that does not run yet) is counted, and never placed by guess.

use super::growth::Books;
use crate::model::cidr::Ipv4Net;
use crate::model::{Cluster, HolderKind, IpNet, SubnetIndex, VnetIndex};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What an address is to the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occupant {
    /// One of Azure's five (SUB-1).
    Reserved,
    /// A node, by the address of its own interface.
    Node,
    Pod,
    /// Something else that Azure names.
    Foreign(HolderKind),
    /// Held, if the sum is to be right; drawn by size where no place is known.
    Nodes,
    Others,
    Free,
}

/// Addresses side by side that are the same to the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub held: Occupant,
    pub addresses: u64,
}

/// An IPv4 prefix of a subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressMap {
    pub subnet: SubnetIndex,
    pub prefix: Ipv4Net,
    /// In the order of addresses, the whole prefix.
    pub stretches: Vec<Stretch>,
    /// Addresses of this prefix that are held at a known place, Azure's five aside.
    pub placed: u64,
    /// Held in the subnet, by whatever count is the best; `None`: of several prefixes, nobody says which holds what.
    pub held: Option<u64>,
    /// Nothing is known of places: stretches are as long as what they stand for, and lie anywhere.
    pub by_size: bool,
    pub fragments: Fragments,
}

/// How what is free is cut up. An upper bound where more is held than lies at a known place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fragments {
    /// Stretches of free addresses.
    pub runs: u64,
    /// The longest of them.
    pub longest: u64,
    /// Aligned blocks of 16 that are free: what a static block takes (STB-1).
    pub blocks: u64,
}

impl AddressMap {
    /// Held, and nobody knows where.
    pub fn unplaced(&self) -> u64 {
        self.held.unwrap_or(0).saturating_sub(self.placed)
    }
}

/// The maps of a subnet, one an IPv4 prefix.
pub fn address_maps(books: &Books, index: SubnetIndex) -> Vec<AddressMap> {
    let subnet = books.inventory.subnet(index);
    let prefixes: Vec<Ipv4Net> = subnet
        .prefixes
        .iter()
        .filter_map(|prefix| match prefix {
            IpNet::V4(prefix) => Some(*prefix),
            IpNet::V6(_) => None,
        })
        .collect();
    let places = places(books, index);
    let is_only = prefixes.len() == 1;
    prefixes
        .into_iter()
        .map(|prefix| one(books, index, prefix, &places, is_only))
        .collect()
}

/// Known places in a subnet: where several are at one address, the first kind of [`Occupant`] says it.
fn places(books: &Books, index: SubnetIndex) -> BTreeMap<u32, Occupant> {
    let inventory = books.inventory;
    let mut places = BTreeMap::new();
    let mut put = |address: &IpAddr, held: Occupant| {
        if let IpAddr::V4(address) = address {
            let known = places.entry(u32::from(*address)).or_insert(held);
            *known = (*known).min(held);
        }
    };
    for held in &inventory.subnet(index).addresses {
        put(&held.address, Occupant::Foreign(held.kind));
    }
    let mut seen = Vec::new();
    for user in books.pools(index) {
        if seen.contains(&user.index) {
            continue;
        }
        seen.push(user.index);
        of_cluster(user.cluster, &mut put);
    }
    places
}

fn of_cluster(cluster: &Cluster, put: &mut impl FnMut(&IpAddr, Occupant)) {
    let Some(state) = cluster.kubernetes.as_deref() else {
        return;
    };
    for node in &state.nodes {
        for address in &node.addresses {
            put(address, Occupant::Node);
        }
    }
    for pod in state.pods.iter().filter(|pod| !pod.host_network) {
        for address in &pod.pod_ips {
            put(address, Occupant::Pod);
        }
    }
}

fn one(
    books: &Books,
    index: SubnetIndex,
    prefix: Ipv4Net,
    places: &BTreeMap<u32, Occupant>,
    is_only: bool,
) -> AddressMap {
    let (first, last) = (u32::from(prefix.network()), u32::from(prefix.broadcast()));
    let occupancy = books.occupancy(index);
    let held = is_only.then_some(occupancy.used);
    // Azure keeps the first four and the last.
    let mut all: BTreeMap<u32, Occupant> = (0..4)
        .filter_map(|offset| first.checked_add(offset))
        .chain([last])
        .filter(|address| *address <= last)
        .map(|address| (address, Occupant::Reserved))
        .collect();
    for (address, held) in places.range(first..=last) {
        all.entry(*address).or_insert(*held);
    }
    let placed = all
        .values()
        .filter(|held| **held != Occupant::Reserved)
        .count() as u64;
    let by_size = placed == 0 && held.is_some_and(|held| held > 0);
    if by_size {
        // Behind Azure's four: what nodes hold, what others hold.
        let nodes = occupancy.used.saturating_sub(occupancy.foreign);
        let others = occupancy.foreign;
        let size = u64::from(last - first) + 1;
        let room = size.saturating_sub(5);
        let nodes = nodes.min(room);
        let others = others.min(room - nodes);
        let stretches = stretches_of(&[
            (Occupant::Reserved, size.min(4)),
            (Occupant::Nodes, nodes),
            (Occupant::Others, others),
            (Occupant::Free, room - nodes - others),
            (Occupant::Reserved, 1),
        ]);
        return AddressMap {
            subnet: index,
            prefix,
            stretches,
            placed,
            held,
            by_size,
            fragments: Fragments::default(),
        };
    }
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut next = u64::from(first);
    for (address, held) in &all {
        let address = u64::from(*address);
        push(&mut stretches, Occupant::Free, address - next);
        push(&mut stretches, *held, 1);
        next = address + 1;
    }
    push(&mut stretches, Occupant::Free, u64::from(last) + 1 - next);
    let fragments = fragments(u64::from(first), &stretches);
    AddressMap {
        subnet: index,
        prefix,
        stretches,
        placed,
        held,
        by_size,
        fragments,
    }
}

fn stretches_of(parts: &[(Occupant, u64)]) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    for (held, addresses) in parts {
        push(&mut stretches, *held, *addresses);
    }
    stretches
}

fn push(stretches: &mut Vec<Stretch>, held: Occupant, addresses: u64) {
    if addresses == 0 {
        return;
    }
    match stretches.last_mut() {
        Some(last) if last.held == held => last.addresses += addresses,
        _ => stretches.push(Stretch { held, addresses }),
    }
}

/// Addresses of a block that a node takes whole (STB-1).
const BLOCK: u64 = 16;

fn fragments(first: u64, stretches: &[Stretch]) -> Fragments {
    let mut fragments = Fragments::default();
    let mut at = first;
    for stretch in stretches {
        let end = at + stretch.addresses;
        if stretch.held == Occupant::Free {
            fragments.runs += 1;
            fragments.longest = fragments.longest.max(stretch.addresses);
            let aligned = at.div_ceil(BLOCK) * BLOCK;
            fragments.blocks += end.saturating_sub(aligned) / BLOCK;
        }
        at = end;
    }
    fragments
}

/// What is left of a VNet's IPv4 address space between its subnets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceMap {
    pub vnet: VnetIndex,
    pub space: Ipv4Net,
    /// In the order of addresses: subnets, and what lies between them.
    pub parts: Vec<(Option<SubnetIndex>, u64)>,
    /// Longest stretch between subnets.
    pub longest_free: u64,
    pub free: u64,
}

/// The address spaces of a VNet.
pub fn space_maps(books: &Books, vnet: VnetIndex) -> Vec<SpaceMap> {
    let inventory = books.inventory;
    let mut subnets: Vec<(u64, u64, SubnetIndex)> = inventory
        .subnet_indices()
        .filter(|index| inventory.subnet(*index).vnet == vnet)
        .flat_map(|index| {
            let prefixes = inventory.subnet(index).prefixes.iter();
            prefixes.filter_map(move |prefix| match prefix {
                IpNet::V4(prefix) => Some((
                    u64::from(u32::from(prefix.network())),
                    u64::from(u32::from(prefix.broadcast())),
                    index,
                )),
                IpNet::V6(_) => None,
            })
        })
        .collect();
    subnets.sort_unstable();
    let spaces = inventory.vnet(vnet).address_space.iter();
    spaces
        .filter_map(|space| match space {
            IpNet::V4(space) => Some(*space),
            IpNet::V6(_) => None,
        })
        .map(|space| space_map(vnet, space, &subnets))
        .collect()
}

fn space_map(vnet: VnetIndex, space: Ipv4Net, subnets: &[(u64, u64, SubnetIndex)]) -> SpaceMap {
    let first = u64::from(u32::from(space.network()));
    let last = u64::from(u32::from(space.broadcast()));
    let mut map = SpaceMap {
        vnet,
        space,
        parts: Vec::new(),
        longest_free: 0,
        free: 0,
    };
    let mut next = first;
    let gap = |map: &mut SpaceMap, addresses: u64| {
        if addresses > 0 {
            map.parts.push((None, addresses));
            map.free += addresses;
            map.longest_free = map.longest_free.max(addresses);
        }
    };
    for (from, until, index) in subnets {
        if *from < next || *until > last {
            continue;
        }
        gap(&mut map, from - next);
        map.parts.push((Some(*index), until - from + 1));
        next = until + 1;
    }
    gap(&mut map, (last + 1).saturating_sub(next));
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::workload::{KubernetesState, Node, Pod};
    use crate::model::{HeldAddress, Inventory, ResourceId};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::sync::Arc;

    /// A /27 with one cluster in it, whose nodes and pods have these last octets.
    fn estate(nodes: &[u8], pods: &[u8], foreign: &[u8], used: Option<u64>) -> Inventory {
        let text = "apiVersion: aksplan/v1\nname: t\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/24]\n    \
                    subnets:\n      - { name: s, cidr: 10.0.0.32/27 }\nclusters:\n  - name: c\n    network_plugin: azure\n    \
                    pools:\n      - { name: p, count: 1, max_pods: 10, subnet: v/s }\n";
        let mut inventory = crate::source::read_document("scenario", text.as_bytes())
            .and_then(crate::source::Found::assemble)
            .unwrap_or_else(|error| panic!("{error}"))
            .current;
        let at = |octet: &u8| IpAddr::from([10, 0, 0, *octet]);
        inventory.clusters[0].kubernetes = Some(Arc::new(KubernetesState {
            nodes: nodes
                .iter()
                .map(|octet| Node {
                    addresses: vec![at(octet)],
                    ..Node::default()
                })
                .collect(),
            pods: pods
                .iter()
                .map(|octet| Pod {
                    pod_ips: vec![at(octet)],
                    ..Pod::default()
                })
                .collect(),
            ..KubernetesState::default()
        }));
        inventory.subnets[0].used = used;
        inventory.subnets[0].addresses = foreign
            .iter()
            .map(|octet| HeldAddress {
                address: at(octet),
                kind: HolderKind::PrivateEndpoint,
                holder: ResourceId::new("/pe"),
            })
            .collect();
        inventory
    }

    fn map(inventory: &Inventory) -> AddressMap {
        let maps = address_maps(&Books::of(inventory), SubnetIndex::new(0));
        assert_eq!(maps.len(), 1);
        maps.into_iter().next().unwrap()
    }

    #[test]
    fn places_that_are_known_are_shown_and_others_are_counted() {
        let map = map(&estate(&[36], &[37, 40], &[63, 62], Some(12)));
        let of: Vec<(Occupant, u64)> = map
            .stretches
            .iter()
            .map(|stretch| (stretch.held, stretch.addresses))
            .collect();
        assert_eq!(
            of,
            [
                (Occupant::Reserved, 4),
                (Occupant::Node, 1),
                (Occupant::Pod, 1),
                (Occupant::Free, 2),
                (Occupant::Pod, 1),
                (Occupant::Free, 21),
                (Occupant::Foreign(HolderKind::PrivateEndpoint), 1),
                (Occupant::Reserved, 1),
            ]
        );
        assert_eq!((map.placed, map.unplaced(), map.by_size), (4, 8, false));
        // 38-39 and 41-61; of the aligned blocks of 16, 32-47 and 48-63, none is free.
        assert_eq!(
            map.fragments,
            Fragments {
                runs: 2,
                longest: 21,
                blocks: 0
            }
        );
    }

    #[test]
    fn without_any_place_the_map_is_drawn_by_size() {
        let map = map(&estate(&[], &[], &[], Some(12)));
        assert!(map.by_size);
        let held: u64 = map
            .stretches
            .iter()
            .filter(|stretch| matches!(stretch.held, Occupant::Nodes | Occupant::Others))
            .map(|stretch| stretch.addresses)
            .sum();
        assert_eq!(held, 12);
    }

    #[test]
    fn a_vnet_shows_what_lies_between_its_subnets() {
        let inventory = estate(&[], &[], &[], None);
        let maps = space_maps(&Books::of(&inventory), VnetIndex::new(0));
        assert_eq!(
            maps[0].parts,
            [(None, 32), (Some(SubnetIndex::new(0)), 32), (None, 192)]
        );
        assert_eq!((maps[0].free, maps[0].longest_free), (224, 192));
    }

    proptest! {
        /// Address by address, as a person would fill a sheet of paper.
        #[test]
        fn a_map_is_what_a_list_of_addresses_says(
            nodes in vec(32u8..64, 0..6), pods in vec(32u8..64, 0..12), foreign in vec(32u8..64, 0..4)
        ) {
            let map = map(&estate(&nodes, &pods, &foreign, Some(40)));
            let sheet: Vec<Occupant> = (32u8..64)
                .map(|octet| {
                    if octet < 36 || octet == 63 {
                        Occupant::Reserved
                    } else if nodes.contains(&octet) {
                        Occupant::Node
                    } else if pods.contains(&octet) {
                        Occupant::Pod
                    } else if foreign.contains(&octet) {
                        Occupant::Foreign(HolderKind::PrivateEndpoint)
                    } else {
                        Occupant::Free
                    }
                })
                .collect();
            if map.by_size {
                prop_assert!(sheet.iter().all(|held| matches!(held, Occupant::Reserved | Occupant::Free)));
                return Ok(());
            }
            let drawn: Vec<Occupant> = map
                .stretches
                .iter()
                .flat_map(|stretch| vec![stretch.held; usize::try_from(stretch.addresses).unwrap()])
                .collect();
            prop_assert_eq!(&drawn, &sheet);
            let runs: Vec<usize> = sheet
                .split(|held| *held != Occupant::Free)
                .map(<[Occupant]>::len)
                .filter(|length| *length > 0)
                .collect();
            let blocks = sheet.chunks(16).filter(|block| block.iter().all(|held| *held == Occupant::Free)).count();
            prop_assert_eq!(map.fragments.runs, runs.len() as u64);
            prop_assert_eq!(map.fragments.longest, runs.iter().copied().max().unwrap_or(0) as u64);
            prop_assert_eq!(map.fragments.blocks, blocks as u64);
        }
    }
}
