//! Where in a subnet addresses are held, and by what: nodes and pods as Kubernetes knows them, everything else as Azure names it. What is
//! held and lies nowhere known (an address a node keeps for a pod that does not run yet) is counted, and never placed by guess.

use super::growth::Books;
use crate::finding::{counted, grouped};
use crate::model::cidr::Ipv4Net;
use crate::model::{Cluster, ClusterIndex, HolderKind, IpNet, SubnetIndex, VnetIndex};
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
    /// Nodes and pods of one of several clusters that share the subnet.
    Cluster(ClusterIndex),
    /// Something else that Azure names.
    Foreign(HolderKind),
    /// What nodes hold, for themselves or for pods. Held, if the sum is to be right; drawn by size where no place is known.
    Nodes,
    Others,
    /// Held or free: more is held in the subnet than lies at a known place.
    Unknown,
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
    /// Held in the subnet, all prefixes together, by whatever count is the best.
    pub used: u64,
    /// Whether this is the subnet's only IPv4 prefix; of several, nobody says which holds what has no known place.
    pub is_only: bool,
    /// Held in the subnet, all prefixes together, and nobody knows where; nothing where the map is drawn by size.
    pub unplaced: Unplaced,
    /// Addresses of all prefixes that are not held at a known place: what is unplaced is among them.
    pub among: u64,
    /// Nothing is known of places: stretches are as long as what they stand for, and lie anywhere.
    pub by_size: bool,
    pub fragments: Fragments,
}

impl AddressMap {
    /// Most aligned blocks of 16 that can be free: not more than what is free has 16s, wherever it lies.
    pub fn most_free_blocks(&self) -> u64 {
        let free = self.among.saturating_sub(self.unplaced.all());
        match self.unplaced.all() {
            0 => self.fragments.blocks,
            _ => self.fragments.blocks.min(free / BLOCK),
        }
    }
}

/// Blocks of 16 that are free in a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeBlocks {
    /// As many as the free addresses are, wherever they lie: as sums count.
    pub by_number: u64,
    /// Of them, at most so many that begin where a /28 does, all of which is free.
    pub aligned: u64,
    /// Not all places are known: there may be fewer aligned ones.
    pub is_at_most: bool,
}

impl FreeBlocks {
    pub fn differ(&self) -> bool {
        self.by_number != self.aligned
    }

    /// Both, in a clause.
    pub fn says(&self) -> String {
        format!(
            "{}{} of 16 {} free, and {} by number, as capacity counts; that static blocks are aligned is inferred (STB-1, STB-3)",
            if self.is_at_most { "at most " } else { "" },
            counted(self.aligned, "aligned block", "aligned blocks"),
            if self.aligned == 1 { "is" } else { "are" },
            grouped(self.by_number)
        )
    }
}

/// Of the maps of a subnet, all of them. `None`: nothing is known of places.
pub fn free_blocks(maps: &[AddressMap]) -> Option<FreeBlocks> {
    let first = maps.first().filter(|map| !map.by_size)?;
    let by_number = first.among.saturating_sub(first.unplaced.all()) / BLOCK;
    let aligned: u64 = maps.iter().map(AddressMap::most_free_blocks).sum();
    Some(FreeBlocks {
        by_number,
        aligned: aligned.min(by_number),
        is_at_most: first.unplaced.all() > 0,
    })
}

/// Held, and nobody knows where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unplaced {
    /// By nodes, for themselves and for pods that do not run yet.
    pub nodes: u64,
    /// By anything else.
    pub others: u64,
}

impl Unplaced {
    pub fn all(self) -> u64 {
        self.nodes + self.others
    }
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

/// The maps of a subnet, one an IPv4 prefix.
pub fn address_maps(books: &Books, index: SubnetIndex) -> Vec<AddressMap> {
    let prefixes: Vec<Ipv4Net> = books
        .inventory
        .subnet(index)
        .prefixes
        .iter()
        .filter_map(|prefix| match prefix {
            IpNet::V4(prefix) => Some(*prefix),
            IpNet::V6(_) => None,
        })
        .collect();
    let sheet = Sheet::of(books, index, &prefixes);
    let drawn = prefixes.into_iter().map(|prefix| sheet.draw(prefix));
    drawn.collect()
}

/// All that is known of a subnet before its prefixes are drawn.
struct Sheet<'a> {
    books: &'a Books<'a>,
    index: SubnetIndex,
    /// Known places, Azure's five among them.
    places: BTreeMap<u32, Occupant>,
    is_only: bool,
    by_size: bool,
    unplaced: Unplaced,
    among: u64,
}

impl<'a> Sheet<'a> {
    fn of(books: &'a Books<'a>, index: SubnetIndex, prefixes: &[Ipv4Net]) -> Self {
        let known = places(books, index);
        let mut places = BTreeMap::new();
        let mut size = 0;
        for prefix in prefixes {
            let (first, last) = ends(*prefix);
            size += u64::from(last - first) + 1;
            // Azure keeps the first four and the last.
            let kept = (0..4)
                .filter_map(|offset| first.checked_add(offset))
                .chain([last])
                .filter(|address| *address <= last);
            places.extend(kept.map(|address| (address, Occupant::Reserved)));
            for (address, held) in known.range(first..=last) {
                places.entry(*address).or_insert(*held);
            }
        }
        let count =
            |is: fn(&Occupant) -> bool| places.values().filter(|held| is(held)).count() as u64;
        let others = count(|held| matches!(held, Occupant::Foreign(_)));
        let placed = count(|held| *held != Occupant::Reserved);
        let occupancy = books.occupancy(index);
        let is_only = prefixes.len() == 1;
        let by_size = is_only && placed == 0 && occupancy.used > 0;
        let hidden = match by_size {
            true => 0,
            false => occupancy.used.saturating_sub(placed),
        };
        let others = occupancy.foreign.saturating_sub(others).min(hidden);
        Sheet {
            books,
            index,
            is_only,
            by_size,
            unplaced: Unplaced {
                nodes: hidden - others,
                others,
            },
            among: size - places.len() as u64,
            places,
        }
    }

    fn draw(&self, prefix: Ipv4Net) -> AddressMap {
        let (first, last) = ends(prefix);
        let stretches = match self.by_size {
            true => self.sizes(u64::from(last - first) + 1),
            false => self.stretches(first, last),
        };
        let held = self.places.range(first..=last);
        let placed = held.filter(|(_, held)| **held != Occupant::Reserved);
        AddressMap {
            subnet: self.index,
            prefix,
            placed: placed.count() as u64,
            used: self.books.occupancy(self.index).used,
            is_only: self.is_only,
            unplaced: self.unplaced,
            among: self.among,
            by_size: self.by_size,
            fragments: match self.by_size {
                true => Fragments::default(),
                false => fragments(u64::from(first), &stretches),
            },
            stretches,
        }
    }

    /// Behind Azure's four: what nodes hold, of several clusters one after the other, and what others hold.
    fn sizes(&self, size: u64) -> Vec<Stretch> {
        let occupancy = self.books.occupancy(self.index);
        let mut room = size.saturating_sub(5);
        let mut take = |wanted: u64| {
            let taken = wanted.min(room);
            room -= taken;
            taken
        };
        let mut stretches = Vec::new();
        push(&mut stretches, Occupant::Reserved, size.min(4));
        if is_shared(self.books, self.index) {
            for (cluster, held) in &occupancy.by_cluster {
                push(&mut stretches, Occupant::Cluster(*cluster), take(*held));
            }
        } else {
            let nodes = occupancy.used.saturating_sub(occupancy.foreign);
            push(&mut stretches, Occupant::Nodes, take(nodes));
        }
        push(&mut stretches, Occupant::Others, take(occupancy.foreign));
        push(&mut stretches, Occupant::Free, room);
        push(&mut stretches, Occupant::Reserved, 1);
        stretches
    }

    fn stretches(&self, first: u32, last: u32) -> Vec<Stretch> {
        // What may be held is never drawn as what is free.
        let rest = match self.unplaced.all() {
            0 => Occupant::Free,
            _ => Occupant::Unknown,
        };
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut next = u64::from(first);
        for (address, held) in self.places.range(first..=last) {
            let address = u64::from(*address);
            push(&mut stretches, rest, address - next);
            push(&mut stretches, *held, 1);
            next = address + 1;
        }
        push(&mut stretches, rest, u64::from(last) + 1 - next);
        stretches
    }
}

fn ends(prefix: Ipv4Net) -> (u32, u32) {
    (u32::from(prefix.network()), u32::from(prefix.broadcast()))
}

/// Whether several clusters have pools here: then it matters whose an address is.
fn is_shared(books: &Books, index: SubnetIndex) -> bool {
    let mut users = books.users(index).iter().map(|(cluster, _)| *cluster);
    let first = users.next();
    users.any(|cluster| Some(cluster) != first)
}

/// Known places in a subnet: where several are at one address, the first kind of [`Occupant`] says it.
fn places(books: &Books, index: SubnetIndex) -> BTreeMap<u32, Occupant> {
    let inventory = books.inventory;
    let is_shared = is_shared(books, index);
    let mut places = BTreeMap::new();
    let mut put = |address: &IpAddr, held: Occupant| {
        if let IpAddr::V4(address) = address {
            let known = places.entry(u32::from(*address)).or_insert(held);
            *known = (*known).min(held);
        }
    };
    let mut clusters: Vec<(ClusterIndex, &Cluster)> = books
        .pools(index)
        .map(|user| (user.index, user.cluster))
        .collect();
    clusters.dedup_by_key(|(cluster, _)| *cluster);
    for held in &inventory.subnet(index).addresses {
        let is_machine = matches!(
            held.kind,
            HolderKind::ScaleSet | HolderKind::NetworkInterface
        );
        let group = held.holder.resource_group().filter(|_| is_machine);
        let owner = clusters.iter().find(|(_, cluster)| {
            let own = cluster.node_resource_group.as_deref();
            own.zip(group)
                .is_some_and(|(own, group)| own.eq_ignore_ascii_case(group))
        });
        let occupant = match owner {
            Some((owner, _)) if is_shared => Occupant::Cluster(*owner),
            Some(_) => Occupant::Nodes,
            None => Occupant::Foreign(held.kind),
        };
        put(&held.address, occupant);
    }
    for (owner, cluster) in clusters {
        of_cluster(cluster, &mut |address, held| match is_shared {
            true => put(address, Occupant::Cluster(owner)),
            false => put(address, held),
        });
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
        if matches!(stretch.held, Occupant::Free | Occupant::Unknown) {
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
                (Occupant::Unknown, 2),
                (Occupant::Pod, 1),
                (Occupant::Unknown, 21),
                (Occupant::Foreign(HolderKind::PrivateEndpoint), 1),
                (Occupant::Reserved, 1),
            ]
        );
        assert_eq!((map.placed, map.among, map.by_size), (4, 23, false));
        // 10.0.0.62 is at a known place, .63 is Azure's: what is declared to be foreign and has no place is held by others.
        assert_eq!(map.unplaced.all(), 8);
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

    /// Of 502 usable addresses in two prefixes 435 are held: nothing says that one of either is free.
    #[test]
    fn of_several_prefixes_nothing_is_called_free() {
        let mut inventory = estate(&[], &[], &[], Some(20));
        inventory.subnets[0]
            .prefixes
            .push("10.0.0.64/27".parse().unwrap());
        let maps = address_maps(&Books::of(&inventory), SubnetIndex::new(0));
        assert_eq!(maps.len(), 2);
        for map in maps {
            assert!(!map.is_only && !map.by_size);
            assert!(
                map.stretches
                    .iter()
                    .all(|stretch| stretch.held != Occupant::Free)
            );
            // The node's 9, by the model, and what else is used.
            assert_eq!(
                map.unplaced,
                Unplaced {
                    nodes: 9,
                    others: 11
                }
            );
            assert_eq!((map.used, map.among), (20, 54));
        }
    }

    /// Of a subnet that two clusters share, the map says whose an address is.
    #[test]
    fn a_shared_subnet_is_drawn_by_cluster() {
        let mut inventory = estate(&[], &[], &[], Some(24));
        let mut other = inventory.clusters[0].clone();
        other.name = "d".to_string();
        inventory.clusters.push(other);
        let drawn = map(&inventory);
        let of: Vec<(Occupant, u64)> = drawn
            .stretches
            .iter()
            .map(|stretch| (stretch.held, stretch.addresses))
            .collect();
        let cluster = |position| Occupant::Cluster(ClusterIndex::new(position));
        assert_eq!(
            of,
            [
                (Occupant::Reserved, 4),
                (cluster(0), 9),
                (cluster(1), 9),
                (Occupant::Others, 6),
                (Occupant::Free, 3),
                (Occupant::Reserved, 1),
            ]
        );
        inventory.clusters[1].kubernetes = Some(Arc::new(KubernetesState {
            nodes: vec![Node {
                addresses: vec![IpAddr::from([10, 0, 0, 40])],
                ..Node::default()
            }],
            ..KubernetesState::default()
        }));
        let drawn = map(&inventory);
        assert_eq!(
            drawn.stretches[2],
            Stretch {
                held: cluster(1),
                addresses: 1
            }
        );
        assert_eq!(
            drawn.unplaced,
            Unplaced {
                nodes: 17,
                others: 6
            }
        );
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
            nodes in vec(32u8..64, 0..6), pods in vec(32u8..64, 0..12), foreign in vec(32u8..64, 0..4), used in 0u64..40
        ) {
            let map = map(&estate(&nodes, &pods, &foreign, Some(used)));
            let mut held: Vec<u8> = [&nodes[..], &pods, &foreign].concat();
            held.retain(|octet| *octet >= 36 && *octet != 63);
            held.sort_unstable();
            held.dedup();
            let rest = if used > held.len() as u64 { Occupant::Unknown } else { Occupant::Free };
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
                        rest
                    }
                })
                .collect();
            if map.by_size {
                prop_assert!(held.is_empty());
                return Ok(());
            }
            prop_assert_eq!(map.unplaced.all(), used.saturating_sub(held.len() as u64));
            prop_assert!(map.most_free_blocks() <= map.fragments.blocks);
            if map.unplaced.all() > 0 {
                prop_assert!(map.most_free_blocks() * BLOCK <= map.among.saturating_sub(map.unplaced.all()));
            }
            prop_assert_eq!(map.among, 27 - held.len() as u64);
            let drawn: Vec<Occupant> = map
                .stretches
                .iter()
                .flat_map(|stretch| vec![stretch.held; usize::try_from(stretch.addresses).unwrap()])
                .collect();
            prop_assert_eq!(&drawn, &sheet);
            let runs: Vec<usize> = sheet
                .split(|held| *held != rest)
                .map(<[Occupant]>::len)
                .filter(|length| *length > 0)
                .collect();
            let blocks = sheet.chunks(16).filter(|block| block.iter().all(|held| *held == rest)).count();
            prop_assert_eq!(map.fragments.runs, runs.len() as u64);
            prop_assert_eq!(map.fragments.longest, runs.iter().copied().max().unwrap_or(0) as u64);
            prop_assert_eq!(map.fragments.blocks, blocks as u64);
        }
    }
}
