//! What overlap checks look up, indexed once: route tables by what refers to them, reserved ranges in order. A fleet has tens
//! of thousands of both. Compares nothing itself.

use super::PeeringGraph;
use crate::model::{Inventory, IpNet, ResourceId, RouteTable};
use std::collections::{BTreeSet, HashMap};

/// All that overlap checks look up in an inventory: made once, asked for every cluster.
#[derive(Debug)]
pub struct Ranges<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) graph: PeeringGraph,
    /// Route tables by id in lower case; the last one read counts.
    table_by_id: HashMap<String, &'a RouteTable>,
    /// By name in lower case, for references without a `/`.
    table_by_name: HashMap<String, &'a RouteTable>,
    /// Hand-written tables, which have no id, by name.
    hand_written: HashMap<String, &'a RouteTable>,
    pub(super) reserved: ReservedIndex,
}

impl<'a> Ranges<'a> {
    pub fn of(inventory: &'a Inventory) -> Self {
        let mut table_by_id = HashMap::with_capacity(inventory.route_tables.len());
        let mut table_by_name = HashMap::with_capacity(inventory.route_tables.len());
        let mut hand_written = HashMap::new();
        for table in &inventory.route_tables {
            let name = table.name.to_ascii_lowercase();
            match &table.id {
                Some(id) => {
                    table_by_id.insert(id.key(), table);
                }
                None => {
                    hand_written.entry(name.clone()).or_insert(table);
                }
            }
            table_by_name.entry(name).or_insert(table);
        }
        Ranges {
            inventory,
            graph: PeeringGraph::of(inventory),
            table_by_id,
            table_by_name,
            hand_written,
            reserved: ReservedIndex::of(inventory),
        }
    }

    pub fn inventory(&self) -> &'a Inventory {
        self.inventory
    }

    pub fn graph(&self) -> &PeeringGraph {
        &self.graph
    }

    /// The table of a reference. Every spoke may call its table `rt`: an id is never taken for another's name, but names a
    /// hand-written table, which has no id.
    pub(super) fn route_table(&self, reference: &ResourceId) -> Option<&'a RouteTable> {
        let name = || reference.name().to_ascii_lowercase();
        if reference.as_str().contains('/') {
            self.table_by_id
                .get(&reference.key())
                .or_else(|| self.hand_written.get(&name()))
                .copied()
        } else {
            self.table_by_name.get(&name()).copied()
        }
    }
}

/// Reserved ranges in order, so that those that meet a prefix are found without looking at all: there are tens of thousands.
#[derive(Debug)]
pub(super) struct ReservedIndex {
    /// Range and position in the inventory, sorted.
    sorted: Vec<(IpNet, usize)>,
    /// Prefix lengths that occur, IPv4 and IPv6.
    lengths: [BTreeSet<u8>; 2],
}

impl ReservedIndex {
    fn of(inventory: &Inventory) -> Self {
        let mut lengths = [BTreeSet::new(), BTreeSet::new()];
        let mut sorted = Vec::with_capacity(inventory.reserved.len());
        for (position, range) in inventory.reserved.iter().enumerate() {
            let cidr = range.cidr.trunc();
            lengths[family(&cidr)].insert(cidr.prefix_len());
            sorted.push((cidr, position));
        }
        sorted.sort_unstable();
        ReservedIndex { sorted, lengths }
    }

    /// Positions of the ranges that share an address with `net`. Prefixes nest: each lies around it, or begins inside of it.
    pub(super) fn meeting(&self, net: &IpNet) -> Vec<usize> {
        let mut found = Vec::new();
        let around = self.lengths[family(net)]
            .iter()
            .take_while(|length| **length < net.prefix_len());
        for length in around {
            let larger = IpNet::new(net.addr(), *length)
                .expect("shorter than the prefix it is made from")
                .trunc();
            self.from(&larger)
                .take_while(|(other, _)| *other == larger)
                .for_each(|(_, position)| found.push(*position));
        }
        self.from(&net.trunc())
            .take_while(|(other, _)| net.contains(&other.network()))
            .for_each(|(_, position)| found.push(*position));
        found
    }

    /// Those at and after a prefix: the larger of two that begin together comes first.
    fn from(&self, net: &IpNet) -> impl Iterator<Item = &(IpNet, usize)> {
        let start = self.sorted.partition_point(|(other, _)| other < net);
        self.sorted[start..].iter()
    }
}

fn family(net: &IpNet) -> usize {
    match net {
        IpNet::V4(_) => 0,
        IpNet::V6(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ReservedRange, Route, cidr, parse_cidr};
    use proptest::prelude::*;

    fn net(text: &str) -> IpNet {
        parse_cidr(text).unwrap()
    }

    fn reserved(cidrs: &[IpNet]) -> Inventory {
        Inventory {
            reserved: cidrs
                .iter()
                .map(|cidr| ReservedRange {
                    cidr: *cidr,
                    owner: "somebody".to_string(),
                })
                .collect(),
            ..Inventory::default()
        }
    }

    proptest! {
        /// The index finds what looking at every pair finds.
        #[test]
        fn reserved_ranges_are_found_by_index(
            all in prop::collection::vec((0u32..64, 4u8..=32), 0..40),
            at in 0u32..64,
            length in 4u8..=32,
        ) {
            let make = |start: u32, length: u8| {
                IpNet::V4(ipnet::Ipv4Net::new((start << 26 | start).into(), length).unwrap().trunc())
            };
            let mut cidrs: Vec<IpNet> = all.iter().map(|(start, length)| make(*start, *length)).collect();
            cidrs.push(net("fd00::/8"));
            let inventory = reserved(&cidrs);
            let wanted = make(at, length);
            let mut found = ReservedIndex::of(&inventory).meeting(&wanted);
            found.sort_unstable();
            let expected: Vec<usize> = (0..cidrs.len()).filter(|at| cidr::overlap(&cidrs[*at], &wanted)).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn each_spoke_has_the_route_table_of_its_id_though_all_have_one_name() {
        let id = |group: &str| {
            ResourceId::new(format!(
                "/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Network/routeTables/rt"
            ))
        };
        let table = |id: Option<ResourceId>, name: &str, to: &str| RouteTable {
            id,
            name: name.to_string(),
            routes: vec![Route {
                name: "out".to_string(),
                prefix: Some(net(to)),
                next_hop_type: "VirtualAppliance".to_string(),
            }],
            subnets: Vec::new(),
        };
        let inventory = Inventory {
            route_tables: vec![
                table(Some(id("a")), "rt", "10.1.0.0/16"),
                table(Some(id("b")), "rt", "10.2.0.0/16"),
                table(None, "drawn", "10.3.0.0/16"),
            ],
            ..Inventory::default()
        };
        let ranges = Ranges::of(&inventory);
        let leads_to = |reference: &ResourceId| {
            let prefix = ranges.route_table(reference)?.routes[0].prefix?;
            Some(prefix.to_string())
        };
        assert_eq!(leads_to(&id("b")), Some("10.2.0.0/16".to_string()));
        assert_eq!(leads_to(&id("A")), Some("10.1.0.0/16".to_string()));
        assert_eq!(leads_to(&id("c")), None);
        let drawn =
            "/subscriptions/s/resourceGroups/a/providers/Microsoft.Network/routeTables/Drawn";
        for reference in ["drawn", drawn] {
            assert_eq!(
                leads_to(&ResourceId::new(reference)),
                Some("10.3.0.0/16".to_string())
            );
        }
    }
}
