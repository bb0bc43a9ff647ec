//! Every range against every other: which meet that must not, which meet and may, which are apart.

use super::Review;
use crate::capacity::overlap::{Overlap, OwnedRange};
use crate::finding::{Severity, counted};
use crate::model::{IpNet, cidr};
use crate::report::capacity::overlaps;
use crate::report::chart::{Chart, Ink, Matrix};
use crate::report::document::{Block, Cell, Document, Figure, Table, Tone};
use std::collections::BTreeSet;

/// Ranges of a matrix: more cannot be looked at.
const MOST: usize = 28;

struct Named {
    /// How much a reader asks for it: pairs that must not be first, then the clusters' own, then networks.
    rank: u8,
    what: String,
    cidr: IpNet,
    /// Of a VNet its name: what is found of its subnets is found of it.
    vnet: Option<String>,
}

impl Named {
    /// Whether a range of a finding is this one, or lies in this VNet.
    fn is_of(&self, range: &OwnedRange) -> bool {
        if range.cidr == self.cidr {
            return true;
        }
        let (Some(vnet), true) = (&self.vnet, self.cidr.contains(&range.cidr)) else {
            return false;
        };
        vnet_of(range) == vnet
    }
}

/// Of `vnet/subnet`, and of a VNet itself.
fn vnet_of(range: &OwnedRange) -> &str {
    range.owner.split('/').next().unwrap_or_default()
}

pub(super) fn section(review: &Review, document: &mut Document) {
    let mut all = ranges(review);
    if all.len() < 2 {
        return;
    }
    let found = &review.assessment.overlaps;
    // A fleet has thousands of both.
    let sides = || found.iter().flat_map(|overlap| [&overlap.a, &overlap.b]);
    let cidrs: BTreeSet<IpNet> = sides().map(|side| side.cidr).collect();
    let vnets: BTreeSet<&str> = sides().map(vnet_of).collect();
    for range in &mut all {
        let of_vnet = range
            .vnet
            .as_deref()
            .is_some_and(|vnet| vnets.contains(vnet));
        if of_vnet || cidrs.contains(&range.cidr) {
            range.rank = 0;
        }
    }
    all.sort_by(|a, b| (a.rank, a.cidr, &a.what).cmp(&(b.rank, b.cidr, &b.what)));
    all.dedup_by(|a, b| (a.cidr, &a.what) == (b.cidr, &b.what));
    let left_out = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    document.heading("Ranges that meet");
    document.figure(figure(&all, found));
    if left_out > 0 {
        document.paragraph(format!(
            "{} not in the picture; every pair of them was checked, and what must not meet is listed.",
            counted(left_out as u64, "more range is", "more ranges are")
        ));
    }
    let mut told = Document::default();
    overlaps(found, &mut told);
    let lists = told
        .blocks
        .into_iter()
        .filter(|block| !matches!(block, Block::Heading { .. }));
    document.blocks.extend(lists);
}

fn ranges(review: &Review) -> Vec<Named> {
    let inventory = review.inventory;
    let mut all: Vec<Named> = Vec::new();
    let mut add = |rank: u8, what: String, cidr: &IpNet| {
        all.push(Named {
            rank,
            what,
            cidr: *cidr,
            vnet: None,
        });
    };
    let clusters = review.scope.clusters(inventory);
    let mut near: Vec<crate::model::VnetIndex> = Vec::new();
    for index in clusters {
        let cluster = inventory.cluster(index);
        for cidr in &cluster.network.pod_cidrs {
            add(1, format!("pod CIDR of {}", cluster.name), cidr);
        }
        for cidr in &cluster.network.service_cidrs {
            add(1, format!("service CIDR of {}", cluster.name), cidr);
        }
        let part = review.clusters.iter().find(|part| part.index == index);
        let planned = part.and_then(|part| part.moved.as_ref()?.pod_cidr);
        if let Some(cidr) = planned
            && !cluster.network.pod_cidrs.contains(&cidr)
        {
            add(1, format!("planned pod CIDR of {}", cluster.name), &cidr);
        }
        near.extend(inventory.vnets_of_cluster(cluster));
    }
    for range in &inventory.reserved {
        add(4, range.owner.clone(), &range.cidr);
    }
    for index in inventory.vnet_indices() {
        let vnet = inventory.vnet(index);
        let rank = if near.contains(&index) { 2 } else { 3 };
        for cidr in &vnet.address_space {
            all.push(Named {
                rank,
                what: format!("VNet {}", vnet.name),
                cidr: *cidr,
                vnet: Some(vnet.name.clone()),
            });
        }
    }
    all
}

fn figure(all: &[Named], found: &[Overlap]) -> Figure {
    let legend = vec![
        (Ink::Free, "apart".to_string()),
        (
            Ink::Quiet,
            "meet, and nothing was found against it".to_string(),
        ),
        (Ink::Warning, "meet, with a condition".to_string()),
        (Ink::Bad, "must not meet".to_string()),
    ];
    let severity = |a: &Named, b: &Named| {
        let pair = found.iter().filter(|overlap| {
            let (x, y) = (&overlap.a, &overlap.b);
            (a.is_of(x) && b.is_of(y)) || (a.is_of(y) && b.is_of(x))
        });
        pair.map(|overlap| overlap.severity).max()
    };
    let mut table = Table::new(&["#no", "range", "of", "meets"]);
    let mut bad = 0;
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
                let of = match (cidr::overlap(&a.cidr, &b.cidr), severity(a, b)) {
                    (_, Some(Severity::Blocker)) => 3,
                    (_, Some(Severity::Warning)) => 2,
                    (true, _) => 1,
                    (false, _) => 0,
                };
                if of > 0 {
                    meets.push(format!("{}", column + 1));
                }
                if of == 3 {
                    worst = Tone::Bad;
                    bad += 1;
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
            "{} against each other, by number: {}.",
            counted(all.len() as u64, "range", "ranges"),
            match bad / 2 {
                0 => "none of them meets another that it must not".to_string(),
                pairs => counted(pairs, "pair must not meet", "pairs must not meet"),
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
