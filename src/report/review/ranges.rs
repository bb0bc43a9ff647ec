//! Every range against every other: which meet that must not, which meet and may, which are apart.

use super::Review;
use crate::capacity::overlap::{Overlap, OwnedRange, RangeKind, Ranges};
use crate::finding::{Severity, counted};
use crate::migrate::eligibility::planned_overlaps;
use crate::model::{ClusterIndex, Inventory, IpNet, cidr};
use crate::report::capacity::overlaps;
use crate::report::chart::{Chart, Ink, Matrix};
use crate::report::cidr::pairs;
use crate::report::document::{Block, Cell, Document, Figure, Table, Tone};
use std::collections::BTreeSet;

/// Ranges of a matrix: more cannot be looked at.
const MOST: usize = 28;

/// A pod CIDR that a cluster gets by its move.
type PlannedRange = (ClusterIndex, IpNet);

struct Named {
    /// How much a reader asks for it: pairs that must not be first, then the clusters' own, then networks.
    rank: u8,
    what: String,
    cidr: IpNet,
    kind: RangeKind,
    /// As findings call it: the same range may be somebody else's as well.
    owner: String,
    /// Of a pod CIDR: whether it is there now, and whether it is there after the move.
    is_now: bool,
    is_planned: bool,
}

impl Named {
    fn new(rank: u8, what: String, kind: RangeKind, owner: &str, cidr: &IpNet) -> Self {
        Named {
            rank,
            what,
            cidr: *cidr,
            kind,
            owner: owner.to_string(),
            is_now: true,
            is_planned: false,
        }
    }

    /// Whether a range of a finding is this one, or lies in this VNet: what is found of its subnets is found of it.
    fn is_of(&self, range: &OwnedRange) -> bool {
        match (self.kind, range.kind) {
            (
                RangeKind::Vnet,
                RangeKind::Subnet | RangeKind::PeeredSubnet | RangeKind::TransitiveSubnet,
            ) => vnet_of(range) == self.owner && self.cidr.contains(&range.cidr),
            (
                RangeKind::Vnet,
                RangeKind::Vnet | RangeKind::PeeredVnet | RangeKind::TransitiveVnet,
            ) => range.owner == self.owner && range.cidr == self.cidr,
            (own, other) => own == other && range.owner == self.owner && range.cidr == self.cidr,
        }
    }
}

/// Whether one side is a subnet: the picture has VNets alone.
fn of_subnet(overlap: &Overlap) -> bool {
    [&overlap.a, &overlap.b].into_iter().any(is_subnet)
}

fn is_subnet(range: &OwnedRange) -> bool {
    matches!(
        range.kind,
        RangeKind::Subnet | RangeKind::PeeredSubnet | RangeKind::TransitiveSubnet
    )
}

/// Of `vnet/subnet`, and of a VNet itself.
fn vnet_of(range: &OwnedRange) -> &str {
    match range.owner.rsplit_once('/') {
        Some((vnet, _)) if is_subnet(range) => vnet,
        _ => &range.owner,
    }
}

/// What was found of ranges that meet: as they are, and of the pod CIDRs that moves bring.
struct Found<'a> {
    now: &'a [Overlap],
    planned: Vec<Overlap>,
}

impl<'a> Found<'a> {
    fn of(inventory: &Inventory, now: &'a [Overlap], moves: &[PlannedRange]) -> Self {
        let mut planned: Vec<Overlap> = Vec::new();
        if !moves.is_empty() {
            let ranges = Ranges::of(inventory);
            for (index, pod_cidr) in moves {
                let cluster = inventory.cluster(*index);
                planned.extend(planned_overlaps(&ranges, cluster, pod_cidr));
            }
        }
        // What is kept, and is found already, is told once.
        planned.retain(|overlap| {
            !now.iter()
                .any(|known| (&known.a, &known.b) == (&overlap.a, &overlap.b))
        });
        Found { now, planned }
    }

    fn all(&self) -> impl Iterator<Item = &Overlap> {
        self.now.iter().chain(&self.planned)
    }

    /// The worst that is known of two ranges.
    fn severity(&self, a: &Named, b: &Named) -> Option<Severity> {
        let is_pair = |overlap: &&Overlap| {
            let (x, y) = (&overlap.a, &overlap.b);
            (a.is_of(x) && b.is_of(y)) || (a.is_of(y) && b.is_of(x))
        };
        let now = self.now.iter().filter(|_| a.is_now && b.is_now);
        let planned = self.planned.iter().filter(|_| a.is_planned || b.is_planned);
        let all = now.chain(planned).filter(is_pair);
        all.map(|overlap| overlap.severity).max()
    }
}

pub(super) fn section(review: &Review, document: &mut Document) {
    let moves: Vec<PlannedRange> = review
        .clusters
        .iter()
        .filter_map(|part| Some((part.index, part.moved.as_ref()?.pod_cidr?)))
        .collect();
    let clusters = review.scope.clusters(review.inventory);
    let mut all = ranges(review.inventory, &clusters, &moves);
    if all.len() < 2 {
        return;
    }
    let found = Found::of(review.inventory, &review.assessment.overlaps, &moves);
    // A fleet has thousands of both.
    let sides = || found.all().flat_map(|overlap| [&overlap.a, &overlap.b]);
    let owned: BTreeSet<(IpNet, &str)> = sides()
        .map(|side| (side.cidr, side.owner.as_str()))
        .collect();
    let vnets: BTreeSet<&str> = sides().map(vnet_of).collect();
    for range in &mut all {
        let of_vnet = range.kind == RangeKind::Vnet && vnets.contains(range.owner.as_str());
        if of_vnet || owned.contains(&(range.cidr, range.owner.as_str())) {
            range.rank = 0;
        }
    }
    all.sort_by(|a, b| (a.rank, a.cidr, &a.what).cmp(&(b.rank, b.cidr, &b.what)));
    all.dedup_by(|a, b| (a.cidr, &a.what, &a.owner) == (b.cidr, &b.what, &b.owner));
    let left_out = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    document.heading("Ranges that meet");
    document.figure(figure(&all, &found));
    if left_out > 0 {
        document.paragraph(format!(
            "{} not in the picture; every pair of them was checked, and what must not meet is listed.",
            counted(left_out as u64, "more range is", "more ranges are")
        ));
    }
    listed(found.now, document);
    if !found.planned.is_empty() {
        document.paragraph("With the pod CIDRs of the moves, which are not there yet:");
        listed(&found.planned, document);
    }
}

fn listed(found: &[Overlap], document: &mut Document) {
    let mut told = Document::default();
    overlaps(found, &mut told);
    let lists = told
        .blocks
        .into_iter()
        .filter(|block| !matches!(block, Block::Heading { .. }));
    document.blocks.extend(lists);
}

fn ranges(inventory: &Inventory, clusters: &[ClusterIndex], moves: &[PlannedRange]) -> Vec<Named> {
    let mut all: Vec<Named> = Vec::new();
    let mut near: Vec<crate::model::VnetIndex> = Vec::new();
    for &index in clusters {
        let cluster = inventory.cluster(index);
        let owner = cluster.label();
        let planned = moves.iter().find(|(of, _)| *of == index);
        for cidr in &cluster.network.pod_cidrs {
            let what = format!("pod CIDR of {}", cluster.label());
            let mut range = Named::new(1, what, RangeKind::PodCidr, owner, cidr);
            range.is_planned = planned.is_some_and(|(_, planned)| planned == cidr);
            all.push(range);
        }
        for cidr in &cluster.network.service_cidrs {
            let what = format!("service CIDR of {}", cluster.label());
            all.push(Named::new(1, what, RangeKind::ServiceCidr, owner, cidr));
        }
        if let Some((_, cidr)) = planned
            && !cluster.network.pod_cidrs.contains(cidr)
        {
            let what = format!("planned pod CIDR of {}", cluster.label());
            let mut range = Named::new(1, what, RangeKind::PodCidr, owner, cidr);
            (range.is_now, range.is_planned) = (false, true);
            all.push(range);
        }
        near.extend(inventory.vnets_of_cluster(cluster));
    }
    for range in &inventory.reserved {
        let (what, kind) = (range.owner.clone(), RangeKind::Reserved);
        all.push(Named::new(4, what, kind, &range.owner, &range.cidr));
    }
    for index in inventory.vnet_indices() {
        let vnet = inventory.vnet(index);
        let rank = if near.contains(&index) { 2 } else { 3 };
        for cidr in &vnet.address_space {
            let what = format!("VNet {}", vnet.label());
            all.push(Named::new(rank, what, RangeKind::Vnet, vnet.label(), cidr));
        }
    }
    all
}

fn figure(all: &[Named], found: &Found) -> Figure {
    let legend = vec![
        (Ink::Free, "apart".to_string()),
        (
            Ink::Quiet,
            "meet, and nothing was found against it".to_string(),
        ),
        (Ink::Warning, "meet, with a condition".to_string()),
        (Ink::Bad, "must not meet".to_string()),
    ];
    let mut table = Table::new(&["#no", "range", "of", "meets"]);
    let cells = all.iter().enumerate().map(|(row, a)| {
        let mut meets = Vec::new();
        let mut worst = Tone::Plain;
        let line: Vec<Option<usize>> = all
            .iter()
            .enumerate()
            .map(|(column, b)| {
                if row == column {
                    return None;
                }
                let of = match (cidr::overlap(&a.cidr, &b.cidr), found.severity(a, b)) {
                    (_, Some(Severity::Blocker)) => 3,
                    (_, Some(Severity::Warning)) => 2,
                    (true, _) => 1,
                    (false, _) => 0,
                };
                match of {
                    0 => {}
                    // Not by colour alone: a comment has none.
                    3 => meets.push(format!("{} (must not)", column + 1)),
                    2 => meets.push(format!("{} (condition)", column + 1)),
                    _ => meets.push((column + 1).to_string()),
                }
                if of == 3 {
                    worst = Tone::Bad;
                } else if of == 2 && worst != Tone::Bad {
                    worst = Tone::Warning;
                }
                Some(of)
            })
            .collect();
        table.rows.push(vec![
            Cell::from((row + 1).to_string()),
            Cell::from(a.cidr.to_string()),
            Cell::from(a.what.as_str()),
            match meets.is_empty() {
                true => Cell::toned("none", Tone::Dim),
                false => Cell::toned(meets.join(", "), worst),
            },
        ]);
        line
    });
    let cells: Vec<Vec<Option<usize>>> = cells.collect();
    Figure {
        title: "Ranges against each other".to_string(),
        says: format!(
            "{} against each other, by number: {}{}.",
            counted(all.len() as u64, "range", "ranges"),
            pairs(found.all()),
            match found.all().any(of_subnet) {
                true => "; a subnet is drawn as its VNet",
                false => "",
            }
        ),
        chart: Chart::Matrix(Matrix {
            rows: all
                .iter()
                .enumerate()
                .map(|(position, range)| format!("{} {} {}", position + 1, range.what, range.cidr))
                .collect(),
            columns: (1..=all.len()).map(|number| number.to_string()).collect(),
            cells,
            legend,
        }),
        table,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::eligibility::obstacles;
    use crate::model::parse_cidr;
    use proptest::prelude::*;

    fn read(text: &str) -> Inventory {
        crate::source::read_document("scenario", text.as_bytes())
            .and_then(crate::source::Found::assemble)
            .unwrap_or_else(|error| panic!("{error}"))
            .current
    }

    /// The legend's position of each pair, by number from 1 on.
    fn matrix(
        inventory: &Inventory,
        moves: &[PlannedRange],
    ) -> (Vec<Named>, Vec<Vec<Option<usize>>>) {
        let clusters: Vec<ClusterIndex> = inventory.cluster_indices().collect();
        let all = ranges(inventory, &clusters, moves);
        let now = crate::capacity::overlap::overlaps(inventory, &clusters, None);
        let figure = figure(&all, &Found::of(inventory, &now, moves));
        let Chart::Matrix(matrix) = figure.chart else {
            unreachable!("ranges are drawn against each other")
        };
        (all, matrix.cells)
    }

    /// Clusters of two VNets with the same service CIDR, which is only in the way of the one whose VNet it meets, whatever they are called.
    #[test]
    fn the_same_range_of_another_cluster_is_another_range() {
        let id = |subscription: &str| {
            format!(
                "/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c"
            )
        };
        let twin = |subscription: &str| format!("name: c, id: {}", id(subscription));
        for ([a, b], [first, second]) in [
            (
                ["name: ca".to_string(), "name: cb".to_string()],
                ["ca".to_string(), "cb".to_string()],
            ),
            ([twin("1"), twin("2")], [id("1"), id("2")]),
        ] {
            let inventory = read(&format!(
                "apiVersion: aksplan/v1\nname: dup\nvirtual_networks:\n  - name: a\n    address_space: [10.1.0.0/16]\n    subnets: [{{ name: \
                 s, cidr: 10.1.0.0/22 }}]\n  - name: b\n    address_space: [10.0.0.0/16]\n    subnets: [{{ name: s, cidr: 10.0.4.0/22 }}]\n\
                 clusters:\n  - {{ {a}, network_plugin: azure, service_cidr: 10.0.0.0/16, pools: [{{ name: p, count: 3, max_pods: 30, subnet: \
                 a/s }}] }}\n  - {{ {b}, network_plugin: azure, service_cidr: 10.0.0.0/16, pools: [{{ name: p, count: 3, max_pods: 30, subnet: \
                 b/s }}] }}\n",
            ));
            // What a move keeps is drawn as what it is now.
            let planned = parse_cidr("10.9.0.0/16").unwrap();
            let moves = [0, 1].map(|at| (ClusterIndex::new(at), planned));
            for moves in [&[][..], &moves] {
                let (all, cells) = matrix(&inventory, moves);
                let at = |what: &str| all.iter().position(|range| range.what == what).unwrap();
                let vnet = at("VNet b");
                assert_eq!(
                    cells[at(&format!("service CIDR of {second}"))][vnet],
                    Some(3)
                );
                assert_eq!(
                    cells[at(&format!("service CIDR of {first}"))][vnet],
                    Some(1)
                );
                let now = crate::capacity::overlap::overlaps(
                    &inventory,
                    &[0, 1].map(ClusterIndex::new),
                    None,
                );
                let found = Found::of(&inventory, &now, moves);
                assert!(found.planned.is_empty(), "{:#?}", found.planned);
            }
        }
    }

    fn estate() -> Inventory {
        read(
            "apiVersion: aksplan/v1\nname: t\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/16]\n    subnets: [{ name: s, \
             cidr: 10.0.0.0/24 }]\n    peerings: [{ remote: hub }]\n  - name: hub\n    address_space: [10.2.0.0/16]\n    subnets: [{ \
             name: h, cidr: 10.2.0.0/24 }]\n    peerings: [{ remote: v }]\n  - name: far\n    address_space: [10.3.0.0/16]\n    \
             subnets: [{ name: f, cidr: 10.3.0.0/24 }]\nreserved:\n  - { cidr: 10.4.0.0/16, owner: elsewhere }\nclusters:\n  - \
             name: c\n    network_plugin: azure\n    service_cidr: 10.1.0.0/16\n    pools: [{ name: p, count: 3, max_pods: 30, \
             subnet: v/s }]\n",
        )
    }

    proptest! {
        /// A pair of a planned pod CIDR is drawn as what the rules of the move find, one for one.
        #[test]
        fn the_matrix_agrees_with_what_is_in_the_way_of_the_move(second in 0u32..6, third in 0u32..3, length in 12u8..25) {
            let inventory = estate();
            let address = std::net::Ipv4Addr::from((10 << 24) | (second << 16) | (third << 8));
            let planned = parse_cidr(&format!("{}", IpNet::new(address.into(), length).unwrap().trunc())).unwrap();
            let index = ClusterIndex::new(0);
            let (all, cells) = matrix(&inventory, &[(index, planned)]);
            let row = all.iter().position(|range| range.is_planned).unwrap();
            let found = obstacles(&inventory, inventory.cluster(index), Some(&planned));
            let said = |severity: Severity, of: &str| found.obstacles.iter().any(|obstacle| {
                obstacle.severity == severity
                    && obstacle.evidence.starts_with(&format!("pod CIDR {planned} meets"))
                    && (obstacle.evidence.contains(&format!(" of {of}:")) || obstacle.evidence.contains(&format!(" of {of}/")))
            });
            for (column, range) in all.iter().enumerate().filter(|(column, _)| *column != row) {
                let expected = match () {
                    () if said(Severity::Blocker, &range.owner) => 3,
                    () if said(Severity::Warning, &range.owner) => 2,
                    () if cidr::overlap(&range.cidr, &planned) => 1,
                    () => 0,
                };
                prop_assert_eq!(cells[row][column], Some(expected), "{} against {}", planned, &range.what);
                prop_assert_eq!(cells[column][row], Some(expected));
            }
        }
    }
}
