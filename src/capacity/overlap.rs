//! Which ranges meet that must not: service, pod and DNS ranges against subnets, VNets, peered VNets (through a hub where
//! traffic flows through it), ranges AKS reserves, routes and ranges somebody else has. Every pair names both owners and why
//! it matters; how sure a pair is follows from its rule.

mod lookup;
mod reach;

pub use lookup::Ranges;
pub use reach::{PeeringGraph, Reach, unread_peers};

use crate::finding::Severity;
use crate::model::{
    Cluster, ClusterIndex, Inventory, IpNet, NetworkMode, Subject, VnetIndex, cidr, parse_cidr,
};
use crate::rule::{self, Rule};
use std::collections::BTreeSet;
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
    /// Cluster, `vnet/subnet` or VNet as people are told of it, or who a reserved range belongs to.
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

impl OwnedRange {
    /// Who has it, as what a statement is about.
    pub fn subject(&self) -> Subject {
        match self.kind {
            RangeKind::PodCidr | RangeKind::ServiceCidr | RangeKind::DnsServiceIp => {
                Subject::Cluster(self.owner.clone())
            }
            RangeKind::Subnet | RangeKind::PeeredSubnet | RangeKind::TransitiveSubnet => {
                match self.owner.rsplit_once('/') {
                    Some((vnet, subnet)) => Subject::subnet(vnet, subnet),
                    None => Subject::Estate,
                }
            }
            RangeKind::Vnet | RangeKind::PeeredVnet | RangeKind::TransitiveVnet => {
                Subject::Vnet(self.owner.clone())
            }
            RangeKind::Route | RangeKind::Reserved | RangeKind::Platform => Subject::Estate,
        }
    }
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
                    range(
                        RangeKind::Subnet,
                        format!("{}/{name}", vnet.label()),
                        *prefix,
                    ),
                    range(
                        RangeKind::Subnet,
                        format!("{}/{other_name}", vnet.label()),
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
                        range(
                            RangeKind::Subnet,
                            format!("{}/{name}", vnet.label()),
                            *prefix,
                        ),
                        range(RangeKind::Vnet, vnet.label(), *space),
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
                    range(RangeKind::Vnet, vnet.label(), a),
                    range(kind, other.label(), b),
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
                    range(RangeKind::Vnet, vnet.label(), *space),
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
    let name = cluster.label();
    let has_pod_cidr = cluster.mode().is_none_or(NetworkMode::has_pod_cidr);
    let mut own: Vec<OwnedRange> = Vec::new();
    if has_pod_cidr {
        own.extend(
            network
                .pod_cidrs
                .iter()
                .map(|cidr| range(RangeKind::PodCidr, name, *cidr)),
        );
    }
    let services = network
        .service_cidrs
        .iter()
        .map(|cidr| range(RangeKind::ServiceCidr, name, *cidr));
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
    dns_checks(cluster, name, found);
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
                range(RangeKind::Vnet, home.label(), *space),
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
                    format!("{}/{}", home.label(), subnet.name),
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
                range(RangeKind::Vnet, home.label(), *space),
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
                    format!("{}/{}", other.label(), subnet.name),
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
                range(kind, other.label(), *space),
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
    use crate::model::{Subnet, VirtualNetwork};

    fn net(text: &str) -> IpNet {
        parse_cidr(text).unwrap()
    }

    #[test]
    fn pod_and_service_ranges_in_a_subnet_are_refused_at_different_times() {
        let inventory = Inventory {
            vnets: vec![VirtualNetwork {
                told_apart: None,
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
                nat_gateway: None,
                security_group: None,
                addresses: Vec::new(),
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
