//! Demand against what there is, pool by pool: now, at the ceilings, with surge.

use super::{Review, SPELLED_OUT};
use crate::capacity::assess::{Levels, PodCidrRow, SubnetRow};
use crate::capacity::shares::{Share, shares};
use crate::finding::{counted, grouped};
use crate::report::chart::{Bar, Bars, Chart, Ink};
use crate::report::document::{Cell, Document, Figure, Table};

pub(super) fn section(review: &Review, document: &mut Document) {
    let wanted = |demand: &Levels<u64>| demand.ceiling_with_surge > 0;
    let subnets = &review.assessment.subnets;
    let subnets: Vec<&SubnetRow> = subnets.iter().filter(|row| wanted(&row.demand)).collect();
    let ranges = &review.assessment.pod_cidrs;
    let ranges: Vec<&PodCidrRow> = ranges.iter().filter(|row| wanted(&row.demand)).collect();
    if subnets.is_empty() && ranges.is_empty() {
        return;
    }
    document.heading("Demand up to the ceilings");
    for row in subnets.iter().take(SPELLED_OUT) {
        let name = review.inventory.subnet_name(row.index);
        let parts = folded(shares(review.books, row.index));
        let parts: Vec<(String, Levels<u64>)> = parts
            .into_iter()
            .map(|(share, demand)| {
                let pool = share.map(|share| {
                    let cluster = review.inventory.cluster(share.cluster);
                    format!("{}/{}", cluster.name, cluster.pools[share.position].name)
                });
                (pool.unwrap_or_else(|| "other pools".to_string()), demand)
            })
            .collect();
        document.part(name.clone());
        let available = row.available();
        document.figure(figure(&name, &parts, available, row.foreign));
    }
    for row in ranges.iter().take(SPELLED_OUT) {
        let cluster = &review.inventory.cluster(row.cluster).name;
        let name = format!("pod CIDR {} of {cluster}", row.cidr);
        document.part(name.clone());
        let parts = [(cluster.clone(), row.demand)];
        document.figure(figure(&name, &parts, row.addresses, 0));
    }
    let more = subnets.len().saturating_sub(SPELLED_OUT) + ranges.len().saturating_sub(SPELLED_OUT);
    if more > 0 {
        document.paragraph(format!(
            "{} are not drawn; the tables have their numbers.",
            counted(more as u64, "more range", "more ranges")
        ));
    }
}

/// As many pools as look different, the largest first; the others together.
fn folded(mut all: Vec<Share>) -> Vec<(Option<Share>, Levels<u64>)> {
    if all.len() <= Ink::KINDS {
        return all
            .into_iter()
            .map(|share| (Some(share), share.demand))
            .collect();
    }
    all.sort_by_key(|share| {
        (
            std::cmp::Reverse(share.demand.ceiling_with_surge),
            share.cluster,
            share.position,
        )
    });
    let others = all.split_off(Ink::KINDS - 1);
    let mut sum = Levels::default();
    for share in &others {
        sum.now += share.demand.now;
        sum.ceiling += share.demand.ceiling;
        sum.ceiling_with_surge += share.demand.ceiling_with_surge;
    }
    let mut folded: Vec<_> = all
        .into_iter()
        .map(|share| (Some(share), share.demand))
        .collect();
    folded.push((None, sum));
    folded
}

type Moment = (&'static str, fn(&Levels<u64>) -> u64);
const MOMENTS: [Moment; 3] = [
    ("now", |demand| demand.now),
    ("at the ceilings", |demand| demand.ceiling),
    ("with all surge", |demand| demand.ceiling_with_surge),
];

fn figure(name: &str, parts: &[(String, Levels<u64>)], available: u64, foreign: u64) -> Figure {
    let mut table = Table::new(&["pool", "#now", "#at the ceilings", "#with all surge"]);
    for (pool, demand) in parts {
        let mut row = vec![Cell::from(pool.as_str())];
        row.extend(MOMENTS.map(|(_, of)| Cell::from(grouped(of(demand)))));
        table.rows.push(row);
    }
    let sums = MOMENTS.map(|(_, of)| parts.iter().map(|(_, demand)| of(demand)).sum::<u64>());
    let rows = MOMENTS.iter().zip(sums).map(|((when, of), sum)| Bar {
        label: (*when).to_string(),
        parts: parts
            .iter()
            .enumerate()
            .map(|(position, (_, demand))| (position, of(demand)))
            .collect(),
        mark: Some(available),
        note: match sum.checked_sub(available) {
            Some(short) if short > 0 => format!("{} too many", grouped(short)),
            _ => format!("{} left", grouped(available - sum)),
        },
    });
    let verdict = match (sums[1] > available, sums[2] > available) {
        (true, _) => "the ceilings do not fit",
        (false, true) => "the ceilings fit, all surge at once does not",
        (false, false) => "everything fits",
    };
    Figure {
        title: format!("Demand on {name}"),
        says: format!(
            "{} of {name} are available to nodes{}; {} are wanted now, {} at the ceilings, {} with the surge nodes of all pools at once: \
             {verdict}.",
            counted(available, "address", "addresses"),
            match foreign {
                0 => String::new(),
                foreign => format!(" (others hold {})", grouped(foreign)),
            },
            grouped(sums[0]),
            grouped(sums[1]),
            grouped(sums[2]),
        ),
        chart: Chart::Bars(Bars {
            rows: rows.collect(),
            legend: parts
                .iter()
                .enumerate()
                .map(|(position, (pool, _))| (Ink::Kind(position), pool.clone()))
                .collect(),
            unit: "addresses",
            mark: "what is available",
        }),
        table,
    }
}
