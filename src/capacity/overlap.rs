//! Which ranges meet that must not: service, pod and DNS ranges against subnets, VNets, peered VNets (through a hub where
//! traffic flows through it), ranges AKS reserves, routes and ranges somebody else has. Every pair names both owners and why
//! it matters; how sure a pair is follows from its rule.

use crate::finding::Severity;
use crate::model::{
    Cluster, ClusterIndex, Inventory, IpNet, NetworkMode, ResourceId, RouteTable, Subnet,
    SubnetIndex, VnetIndex, cidr, parse_cidr,
};
use crate::rule::{self, Rule};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

/// What a range is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RangeKind {
    PodCidr,
    ServiceCidr,
    DnsServiceIp,
    Subnet,
    Vnet,
    PeeredVnet,
    /// A subnet of a peered VNet.
    PeeredSubnet,
    /// A VNet behind a hub that forwards.
    TransitiveVnet,
    /// A subnet of such a VNet.
    TransitiveSubnet,
    /// A route of the node subnet to a next hop outside of the VNet.
    Route,
    /// On-premises, BGP, a partner: named by the user.
    Reserved,
    /// A range that AKS or Azure keeps for itself.
    Platform,
}

impl RangeKind {
    pub fn key(self) -> &'static str {
        match self {
            RangeKind::PodCidr => "pod_cidr",
            RangeKind::ServiceCidr => "service_cidr",
            RangeKind::DnsServiceIp => "dns_service_ip",
            RangeKind::Subnet => "subnet",
            RangeKind::Vnet => "vnet",
            RangeKind::PeeredVnet => "peered_vnet",
            RangeKind::PeeredSubnet => "peered_subnet",
            RangeKind::TransitiveVnet => "transitive_vnet",
            RangeKind::TransitiveSubnet => "transitive_subnet",
            RangeKind::Route => "route",
            RangeKind::Reserved => "reserved",
            RangeKind::Platform => "platform",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            RangeKind::PodCidr => "pod CIDR",
            RangeKind::ServiceCidr => "service CIDR",
            RangeKind::DnsServiceIp => "DNS service IP",
            RangeKind::Subnet => "subnet",
            RangeKind::Vnet => "VNet",
            RangeKind::PeeredVnet => "peered VNet",
            RangeKind::PeeredSubnet => "subnet of a peered VNet",
            RangeKind::TransitiveVnet => "VNet behind the hub",
            RangeKind::TransitiveSubnet => "subnet behind the hub",
            RangeKind::Route => "route",
            RangeKind::Reserved => "reserved range",
            RangeKind::Platform => "range reserved by the platform",
        }
    }
}

/// One range with its owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnedRange {
    pub kind: RangeKind,
    /// Cluster, `vnet/subnet`, VNet, or who a reserved range belongs to.
    pub owner: String,
    pub cidr: IpNet,
}

/// Two ranges that meet, or one that is out of place.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    pub severity: Severity,
    pub a: OwnedRange,
    pub b: OwnedRange,
    /// What follows.
    pub why: String,
    pub rules: Vec<&'static Rule>,
}

/// Ranges that pods, services and VNets of a cluster may not use (CID-1).
const PLATFORM: [&str; 4] = [
    "169.254.0.0/16",
    "192.0.2.0/24",
    "172.30.0.0/16",
    "172.31.0.0/16",
];

/// The ranges of CID-1 as prefixes.
pub fn platform_ranges() -> impl Iterator<Item = IpNet> {
    PLATFORM
        .iter()
        .map(|text| parse_cidr(text).expect("a literal prefix without host bits"))
}

/// A VNet's neighbours.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Peered directly, and read.
    pub direct: BTreeSet<VnetIndex>,
    /// Behind a directly peered VNet that forwards traffic.
    pub transitive: BTreeSet<VnetIndex>,
    /// Peered directly but not read: name, and the address space the peering remembers.
    pub unread: Vec<(String, Vec<IpNet>)>,
}

/// Who can reach whom, and which subnets lie where. One pass over all peerings and subnets.
///
/// A VNet behind a hub counts as reached when both spokes accept what the hub forwards or use its gateway: one hop. The second
/// errs towards too many pairs, for a gateway need not carry traffic between spokes; chains of hubs, Virtual WAN and on-premises
/// networks err towards too few, for nothing that is read shows them.
#[derive(Debug)]
pub struct PeeringGraph {
    reach: Vec<Reach>,
    subnets: Vec<Vec<SubnetIndex>>,
}

impl PeeringGraph {
    pub fn of(inventory: &Inventory) -> Self {
        let mut reach: Vec<Reach> = vec![Reach::default(); inventory.vnets.len()];
        let by_id: HashMap<String, VnetIndex> = inventory
            .vnet_indices()
            .filter_map(|index| Some((inventory.vnet(index).id.as_ref()?.key(), index)))
            .collect();
        // A reference that is no known id: a bare name means any VNet, the name in an id a hand-written one. First read wins.
        let mut by_name: HashMap<String, VnetIndex> = HashMap::new();
        let mut hand_written: HashMap<String, VnetIndex> = HashMap::new();
        for index in inventory.vnet_indices() {
            let vnet = inventory.vnet(index);
            let name = vnet.name.to_ascii_lowercase();
            if vnet.id.is_none() {
                hand_written.entry(name.clone()).or_insert(index);
            }
            by_name.entry(name).or_insert(index);
        }
        let named = |reference: &ResourceId| {
            let name = reference.name().to_ascii_lowercase();
            let names = match reference.as_str().contains('/') {
                true => &hand_written,
                false => &by_name,
            };
            names.get(&name).copied()
        };
        // Whether `.0` accepts what `.1` forwards for others.
        let mut accepts_forwarded: BTreeSet<(VnetIndex, VnetIndex)> = BTreeSet::new();
        for (position, vnet) in inventory.vnets.iter().enumerate() {
            let here = VnetIndex::new(position);
            for peering in vnet
                .peerings
                .iter()
                .filter(|peering| peering.is_connected())
            {
                let by_id = by_id.get(&peering.remote.key()).copied();
                match by_id.or_else(|| named(&peering.remote)) {
                    Some(there) => {
                        reach[here.get()].direct.insert(there);
                        reach[there.get()].direct.insert(here);
                        if peering.allow_forwarded_traffic || peering.use_remote_gateways {
                            accepts_forwarded.insert((here, there));
                        }
                    }
                    None => reach[here.get()].unread.push((
                        peering.remote.name().to_string(),
                        peering.remote_address_space.clone(),
                    )),
                }
            }
        }
        let direct: Vec<BTreeSet<VnetIndex>> =
            reach.iter().map(|reach| reach.direct.clone()).collect();
        for (position, reach) in reach.iter_mut().enumerate() {
            let here = VnetIndex::new(position);
            // Traffic flows spoke → hub → spoke when both spokes accept what the hub forwards. One hop: Azure peerings are
            // not transitive by themselves, and a chain of hubs needs routes that cannot be seen here.
            for &hub in direct[position]
                .iter()
                .filter(|hub| accepts_forwarded.contains(&(here, **hub)))
            {
                for &far in &direct[hub.get()] {
                    let forwarded_back = accepts_forwarded.contains(&(far, hub));
                    if far != here && forwarded_back && !direct[position].contains(&far) {
                        reach.transitive.insert(far);
                    }
                }
            }
        }
        let mut subnets = vec![Vec::new(); inventory.vnets.len()];
        for index in inventory.subnet_indices() {
            subnets[inventory.subnet(index).vnet.get()].push(index);
        }
        PeeringGraph { reach, subnets }
    }

    /// The subnets of a VNet.
    pub fn subnets<'a>(
        &'a self,
        inventory: &'a Inventory,
        vnet: VnetIndex,
    ) -> impl Iterator<Item = &'a Subnet> {
        self.subnets[vnet.get()]
            .iter()
            .map(|index| inventory.subnet(*index))
    }

    pub fn reach(&self, vnet: VnetIndex) -> &Reach {
        &self.reach[vnet.get()]
    }
}

/// All that overlap checks look up in an inventory: made once, asked for every cluster.
#[derive(Debug)]
pub struct Ranges<'a> {
    inventory: &'a Inventory,
    graph: PeeringGraph,
    /// Route tables by id in lower case; the last one read counts.
    table_by_id: HashMap<String, &'a RouteTable>,
    /// By name in lower case, for references without a `/`.
    table_by_name: HashMap<String, &'a RouteTable>,
    /// Hand-written tables, which have no id, by name.
    hand_written: HashMap<String, &'a RouteTable>,
    reserved: ReservedIndex,
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
    fn route_table(&self, reference: &ResourceId) -> Option<&'a RouteTable> {
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
struct ReservedIndex {
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
    fn meeting(&self, net: &IpNet) -> Vec<usize> {
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

/// Peered VNets that were not read, a sentence each: only the address space that a peering remembers can be compared. For
/// these VNets, or for all.
pub fn unread_peers(
    inventory: &Inventory,
    graph: &PeeringGraph,
    vnets: impl IntoIterator<Item = VnetIndex>,
) -> Vec<String> {
    // Ten thousand spokes of one hub that was not read are one sentence.
    let mut peers: BTreeMap<(&str, bool), BTreeSet<&str>> = BTreeMap::new();
    for index in vnets {
        for (name, spaces) in &graph.reach(index).unread {
            peers
                .entry((name, spaces.is_empty()))
                .or_default()
                .insert(&inventory.vnet(index).name);
        }
    }
    peers
        .into_iter()
        .map(|((name, unknown), ours)| {
            let ours: Vec<&str> = ours.into_iter().collect();
            let ours = match ours.as_slice() {
                [one] => (*one).to_string(),
                [first, rest @ ..] => format!("{first} and {} more", rest.len()),
                [] => String::new(),
            };
            if unknown {
                format!("VNet {name}, peered with {ours}, was not read and its address space is unknown")
            } else {
                format!(
                    "VNet {name}, peered with {ours}, was not read: only the address space that the peering remembers was \
                     compared, and nothing behind it"
                )
            }
        })
        .collect()
}

/// Every pair that must not meet, for these clusters and (where given) only these VNets; worst first, each pair once.
pub fn overlaps(
    inventory: &Inventory,
    clusters: &[ClusterIndex],
    vnets: Option<&BTreeSet<VnetIndex>>,
) -> Vec<Overlap> {
    let ranges = Ranges::of(inventory);
    let mut found = Found::default();
    vnet_overlaps(&ranges, vnets, &mut found);
    for &index in clusters {
        cluster_overlaps(&ranges, inventory.cluster(index), &mut found);
    }
    found.sorted()
}

/// Every pair of one cluster that must not meet.
pub fn overlaps_of_cluster(ranges: &Ranges, cluster: &Cluster) -> Vec<Overlap> {
    let mut found = Found::default();
    cluster_overlaps(ranges, cluster, &mut found);
    found.sorted()
}

#[derive(Default)]
struct Found(Vec<Overlap>);

impl Found {
    fn push(
        &mut self,
        severity: Severity,
        a: OwnedRange,
        b: OwnedRange,
        why: impl Into<String>,
        rules: &[&'static Rule],
    ) {
        self.0.push(Overlap {
            severity,
            a,
            b,
            why: why.into(),
            rules: rules.to_vec(),
        });
    }

    fn sorted(mut self) -> Vec<Overlap> {
        self.0.sort_by(|x, y| {
            y.severity
                .cmp(&x.severity)
                .then_with(|| (&x.a, &x.b).cmp(&(&y.a, &y.b)))
        });
        self.0.dedup_by(|x, y| x.a == y.a && x.b == y.b);
        self.0
    }
}

fn range(kind: RangeKind, owner: impl Into<String>, cidr: IpNet) -> OwnedRange {
    OwnedRange {
        kind,
        owner: owner.into(),
        cidr,
    }
}

/// Pairs that Azure itself forbids: subnets of one VNet, VNets that are peered, subnets outside of their VNet.
fn vnet_overlaps(ranges: &Ranges, only: Option<&BTreeSet<VnetIndex>>, found: &mut Found) {
    let (inventory, graph) = (ranges.inventory, &ranges.graph);
    for (position, vnet) in inventory.vnets.iter().enumerate() {
        let here = VnetIndex::new(position);
        if only.is_some_and(|set| !set.contains(&here)) {
            continue;
        }
        let mut prefixes: Vec<(IpNet, &str)> = graph
            .subnets(inventory, here)
            .flat_map(|subnet| {
                subnet
                    .prefixes
                    .iter()
                    .map(|prefix| (*prefix, subnet.name.as_str()))
            })
            .collect();
        prefixes.sort();
        for (at, (prefix, name)) in prefixes.iter().enumerate() {
            // Prefixes nest or are apart: sorted by start, those that meet this one follow it directly.
            let meeting = prefixes[at + 1..]
                .iter()
                .take_while(|(other, _)| cidr::overlap(prefix, other));
            for (other, other_name) in meeting {
                found.push(
                    Severity::Blocker,
                    range(RangeKind::Subnet, format!("{}/{name}", vnet.name), *prefix),
                    range(
                        RangeKind::Subnet,
                        format!("{}/{other_name}", vnet.name),
                        *other,
                    ),
                    "Azure refuses subnets of one VNet that overlap",
                    &[&rule::NET_3],
                );
            }
            let outside = !vnet.address_space.is_empty()
                && !vnet
                    .address_space
                    .iter()
                    .any(|space| space.contains(prefix));
            if outside {
                for space in &vnet.address_space {
                    found.push(
                        Severity::Blocker,
                        range(RangeKind::Subnet, format!("{}/{name}", vnet.name), *prefix),
                        range(RangeKind::Vnet, &vnet.name, *space),
                        "the subnet lies outside of its VNet's address space",
                        &[&rule::NET_4],
                    );
                }
            }
        }
        let reach = graph.reach(here);
        let both = |far: VnetIndex| only.is_none_or(|set| set.contains(&far));
        for (&far, kind) in reach
            .direct
            .iter()
            .map(|far| (far, RangeKind::PeeredVnet))
            .chain(
                reach
                    .transitive
                    .iter()
                    .map(|far| (far, RangeKind::TransitiveVnet)),
            )
            .filter(|(far, _)| **far > here || !both(**far))
        {
            let other = inventory.vnet(far);
            for (a, b) in meeting_pairs(&vnet.address_space, &other.address_space) {
                let why = if kind == RangeKind::PeeredVnet {
                    "Azure does not peer VNets whose address spaces overlap"
                } else {
                    "both are behind one hub: Azure does not peer it with two VNets whose address spaces overlap"
                };
                found.push(
                    Severity::Blocker,
                    range(RangeKind::Vnet, &vnet.name, a),
                    range(kind, &other.name, b),
                    why,
                    &[&rule::NET_5],
                );
            }
        }
        for space in &vnet.address_space {
            for position in ranges.reserved.meeting(space) {
                let reserved = &inventory.reserved[position];
                found.push(
                    Severity::Warning,
                    range(RangeKind::Vnet, &vnet.name, *space),
                    range(RangeKind::Reserved, &reserved.owner, reserved.cidr),
                    "addresses that are in use elsewhere cannot be reached from this VNet, nor this VNet from there",
                    &[&rule::CID_4],
                );
            }
        }
    }
}

fn meeting_pairs(a: &[IpNet], b: &[IpNet]) -> Vec<(IpNet, IpNet)> {
    let mut pairs = Vec::new();
    for one in a {
        for other in b {
            if cidr::overlap(one, other) {
                pairs.push((*one, *other));
            }
        }
    }
    pairs
}

fn cluster_overlaps(ranges: &Ranges, cluster: &Cluster, found: &mut Found) {
    let inventory = ranges.inventory;
    let network = &cluster.network;
    let name = cluster.qualified_name();
    let has_pod_cidr = cluster.mode().is_none_or(NetworkMode::has_pod_cidr);
    let mut own: Vec<OwnedRange> = Vec::new();
    if has_pod_cidr {
        own.extend(
            network
                .pod_cidrs
                .iter()
                .map(|cidr| range(RangeKind::PodCidr, &name, *cidr)),
        );
    }
    let services = network
        .service_cidrs
        .iter()
        .map(|cidr| range(RangeKind::ServiceCidr, &name, *cidr));
    own.extend(services);
    for (position, a) in own.iter().enumerate() {
        for b in own[position + 1..]
            .iter()
            .filter(|b| cidr::overlap(&a.cidr, &b.cidr))
        {
            found.push(
                Severity::Blocker,
                a.clone(),
                b.clone(),
                "pods and services would share addresses",
                &[&rule::CID_2, &rule::CID_4],
            );
        }
        for platform in platform_ranges().filter(|platform| cidr::overlap(&a.cidr, platform)) {
            found.push(
                Severity::Blocker,
                a.clone(),
                range(RangeKind::Platform, "AKS", platform),
                "AKS keeps this range for itself and refuses a range that overlaps it",
                &[&rule::CID_1],
            );
        }
        for position in ranges.reserved.meeting(&a.cidr) {
            let reserved = &inventory.reserved[position];
            found.push(
                Severity::Warning,
                a.clone(),
                range(RangeKind::Reserved, &reserved.owner, reserved.cidr),
                captured(a.kind, "that range"),
                &far_rules(a.kind),
            );
        }
    }
    dns_checks(cluster, &name, found);
    for vnet in inventory.vnets_of_cluster(cluster) {
        for a in &own {
            vnet_meets(inventory, &ranges.graph, vnet, a, found);
        }
        platform_checks(inventory, vnet, found);
    }
    route_checks(ranges, cluster, &own, found);
}

/// The VNet of a cluster may not use the ranges that AKS keeps either (CID-1).
fn platform_checks(inventory: &Inventory, vnet: VnetIndex, found: &mut Found) {
    let home = inventory.vnet(vnet);
    for space in &home.address_space {
        for platform in platform_ranges().filter(|platform| cidr::overlap(space, platform)) {
            found.push(
                Severity::Warning,
                range(RangeKind::Vnet, &home.name, *space),
                range(RangeKind::Platform, "AKS", platform),
                "AKS keeps this range for itself: the documentation forbids it to the VNet of a cluster",
                &[&rule::CID_1],
            );
        }
    }
}

/// What happens to packets for an address that is also inside the cluster's own range.
fn captured(kind: RangeKind, whose: &str) -> String {
    match kind {
        RangeKind::ServiceCidr => format!(
            "packets from pods to addresses of {whose} are taken for services and never leave the node"
        ),
        _ => format!(
            "packets from pods to addresses of {whose} are taken for pods and never leave the cluster"
        ),
    }
}

fn vnet_meets(
    inventory: &Inventory,
    graph: &PeeringGraph,
    vnet: VnetIndex,
    a: &OwnedRange,
    found: &mut Found,
) {
    let home = inventory.vnet(vnet);
    let mut in_subnet = false;
    for subnet in graph.subnets(inventory, vnet) {
        for prefix in subnet
            .prefixes
            .iter()
            .filter(|prefix| cidr::overlap(&a.cidr, prefix))
        {
            in_subnet = true;
            let (why, rules): (&str, &[&'static Rule]) = match a.kind {
                RangeKind::ServiceCidr => (
                    "AKS refuses it, at creation and at every later update of the cluster",
                    &[
                        &rule::CID_2,
                        &rule::SERVICE_CIDR_OVERLAP_EXISTING_SUBNETS_CIDR,
                    ],
                ),
                _ => (
                    "AKS refuses it where the request sets the pod CIDR",
                    &[&rule::CID_4, &rule::MIG_10],
                ),
            };
            found.push(
                Severity::Blocker,
                a.clone(),
                range(
                    RangeKind::Subnet,
                    format!("{}/{}", home.name, subnet.name),
                    *prefix,
                ),
                why,
                rules,
            );
        }
    }
    if !in_subnet {
        let rules: &[&'static Rule] = match a.kind {
            RangeKind::ServiceCidr => &[&rule::CID_2],
            _ => &[&rule::CID_4, &rule::MIG_10],
        };
        for space in home
            .address_space
            .iter()
            .filter(|space| cidr::overlap(&a.cidr, space))
        {
            found.push(
                Severity::Warning,
                a.clone(),
                range(RangeKind::Vnet, &home.name, *space),
                "no subnet is there yet; the documentation forbids it, AKS compares with subnets only",
                rules,
            );
        }
    }
    let reach = graph.reach(vnet);
    for &far in &reach.direct {
        far_vnet(
            inventory,
            graph,
            far,
            RangeKind::PeeredVnet,
            Severity::Blocker,
            a,
            found,
        );
    }
    for &far in &reach.transitive {
        far_vnet(
            inventory,
            graph,
            far,
            RangeKind::TransitiveVnet,
            Severity::Warning,
            a,
            found,
        );
    }
    for (name, spaces) in &reach.unread {
        for space in spaces.iter().filter(|space| cidr::overlap(&a.cidr, space)) {
            found.push(
                Severity::Blocker,
                a.clone(),
                range(RangeKind::PeeredVnet, name, *space),
                captured(a.kind, "the peered VNet"),
                &far_rules(a.kind),
            );
        }
    }
}

/// The rules against meeting a network that is reached over a peering.
fn far_rules(kind: RangeKind) -> Vec<&'static Rule> {
    match kind {
        RangeKind::ServiceCidr => vec![&rule::CID_2],
        _ => vec![&rule::OVL_3, &rule::CID_4],
    }
}

/// A VNet over a peering: its subnets where some meet, else its address space, which then is only a warning.
fn far_vnet(
    inventory: &Inventory,
    graph: &PeeringGraph,
    far: VnetIndex,
    kind: RangeKind,
    severity: Severity,
    a: &OwnedRange,
    found: &mut Found,
) {
    let other = inventory.vnet(far);
    let rules = far_rules(a.kind);
    let subnet_kind = match kind {
        RangeKind::TransitiveVnet => RangeKind::TransitiveSubnet,
        _ => RangeKind::PeeredSubnet,
    };
    let mut in_subnet = false;
    for subnet in graph.subnets(inventory, far) {
        for prefix in subnet
            .prefixes
            .iter()
            .filter(|prefix| cidr::overlap(&a.cidr, prefix))
        {
            in_subnet = true;
            found.push(
                severity,
                a.clone(),
                range(
                    subnet_kind,
                    format!("{}/{}", other.name, subnet.name),
                    *prefix,
                ),
                captured(a.kind, "that subnet"),
                &rules,
            );
        }
    }
    if !in_subnet {
        for space in other
            .address_space
            .iter()
            .filter(|space| cidr::overlap(&a.cidr, space))
        {
            found.push(
                Severity::Warning,
                a.clone(),
                range(kind, &other.name, *space),
                "no subnet of that VNet is there yet; one that is added later cannot be reached from pods",
                &rules,
            );
        }
    }
}

fn dns_checks(cluster: &Cluster, name: &str, found: &mut Found) {
    let Some(dns) = cluster.network.dns_service_ip else {
        return;
    };
    let host = range(RangeKind::DnsServiceIp, name, IpNet::from(dns));
    let Some(service) = cluster.network.service_cidrs.iter().find(|cidr| {
        matches!(
            (cidr, dns),
            (IpNet::V4(_), IpAddr::V4(_)) | (IpNet::V6(_), IpAddr::V6(_))
        )
    }) else {
        return;
    };
    let services = range(RangeKind::ServiceCidr, name, *service);
    if !service.contains(&dns) {
        found.push(
            Severity::Blocker,
            host,
            services,
            "the DNS service IP lies outside of the service CIDR; AKS refuses it",
            &[&rule::CID_3, &rule::DNS_SERVICE_IP_OUT_OF_SERVICE_CIDR],
        );
    } else if is_first_or_last(service, dns) {
        found.push(
            Severity::Blocker,
            host,
            services,
            "the first address of the service CIDR is `kubernetes.default`, and its edges are no service addresses",
            &[&rule::CID_3],
        );
    }
}

/// Whether an address is the network, the first host or the broadcast address of a service CIDR (CID-3).
pub fn is_first_or_last(service: &IpNet, address: IpAddr) -> bool {
    let first = match service.network() {
        IpAddr::V4(network) => IpAddr::from((u32::from(network).saturating_add(1)).to_be_bytes()),
        IpAddr::V6(network) => IpAddr::from((u128::from(network).saturating_add(1)).to_be_bytes()),
    };
    address == service.network() || address == first || address == service.broadcast()
}

/// Ranges that a route sends out of the VNet belong to somebody there.
fn route_checks(ranges: &Ranges, cluster: &Cluster, own: &[OwnedRange], found: &mut Found) {
    let inventory = ranges.inventory;
    let outward = ["VirtualAppliance", "VirtualNetworkGateway"];
    let tables = inventory
        .subnets_of_cluster(cluster)
        .into_iter()
        .filter_map(|index| inventory.subnet(index).route_table.as_ref())
        .filter_map(|reference| ranges.route_table(reference));
    for table in tables {
        // Kubenet's own routes send each node's pod block to that node: those are no conflict.
        if cluster.mode() == Some(NetworkMode::Kubenet) {
            continue;
        }
        for route in &table.routes {
            let Some(prefix) = route.prefix else { continue };
            let leaves = outward
                .iter()
                .any(|hop| hop.eq_ignore_ascii_case(&route.next_hop_type));
            if !leaves || prefix.prefix_len() == 0 {
                continue;
            }
            for a in own.iter().filter(|a| cidr::overlap(&a.cidr, &prefix)) {
                found.push(
                    Severity::Warning,
                    a.clone(),
                    range(
                        RangeKind::Route,
                        format!("{}/{}", table.name, route.name),
                        prefix,
                    ),
                    captured(a.kind, "the route's destination"),
                    &far_rules(a.kind),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ReservedRange, Route, VirtualNetwork};
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

    #[test]
    fn pod_and_service_ranges_in_a_subnet_are_refused_at_different_times() {
        let inventory = Inventory {
            vnets: vec![VirtualNetwork {
                id: None,
                name: "v".to_string(),
                resource_group: None,
                address_space: vec![net("172.16.0.0/12")],
                peerings: Vec::new(),
                provisioning_state: None,
            }],
            subnets: vec![Subnet {
                vnet: VnetIndex::new(0),
                id: None,
                name: "s".to_string(),
                prefixes: vec![net("172.16.0.0/16")],
                delegations: Vec::new(),
                used: None,
                holders: None,
                private_endpoints: 0,
                foreign: None,
                route_table: None,
                assumed: false,
            }],
            ..Inventory::default()
        };
        let ranges = Ranges::of(&inventory);
        let why = |kind| {
            let mut found = Found::default();
            let own = range(kind, "c", net("172.16.0.0/20"));
            vnet_meets(
                &inventory,
                &ranges.graph,
                VnetIndex::new(0),
                &own,
                &mut found,
            );
            found.0[0].why.clone()
        };
        assert!(why(RangeKind::ServiceCidr).contains("every later update"));
        assert!(why(RangeKind::PodCidr).contains("where the request sets the pod CIDR"));
        // CID-1 names the VNet as well; 172.16.0.0/12 contains two of the ranges.
        let mut found = Found::default();
        platform_checks(&inventory, VnetIndex::new(0), &mut found);
        assert_eq!(found.0.len(), 2);
    }
}
