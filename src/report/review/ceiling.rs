//! Demand against what there is, pool by pool: now, at the ceilings, with surge.

use super::map::listed;
use super::{Review, SPELLED_OUT};
use crate::capacity::assess::{Levels, PodCidrRow, SubnetRow, Verdict, pod_cidr_shares};
use crate::capacity::shares::{Share, shares};
use crate::finding::{counted, grouped};
use crate::model::{ClusterIndex, Subject, SubnetIndex};
use crate::report::chart::{Bar, Bars, Chart, Ink};
use crate::report::document::{Cell, Document, Figure, Table, Tone};

pub(super) fn section(review: &Review, document: &mut Document) {
    let wanted = |demand: &Levels<u64>| demand.ceiling_with_surge > 0;
    let rows = &review.assessment.subnets;
    let subnets: Vec<&SubnetRow> = rows.iter().filter(|row| wanted(&row.demand)).collect();
    let ranges = &review.assessment.pod_cidrs;
    let ranges: Vec<&PodCidrRow> = ranges.iter().filter(|row| wanted(&row.demand)).collect();
    let unknown: Vec<String> = rows
        .iter()
        .filter(|row| row.verdict == Verdict::Unknown && !wanted(&row.demand))
        .map(|row| review.inventory.subnet_label(row.index))
        .collect();
    if subnets.is_empty() && ranges.is_empty() && unknown.is_empty() {
        return;
    }
    document.heading("Demand up to the ceilings");
    for row in subnets.iter().take(SPELLED_OUT) {
        let name = review.inventory.subnet_label(row.index);
        let parts = by_pool(review, shares(review.books, row.index));
        document.part(name.clone());
        document.figure(figure(&Demand {
            name: &name,
            parts: &parts,
            all: row.demand,
            available: row.available(),
            headroom: row.headroom,
            foreign: row.foreign,
            verdict: row.verdict,
            caveat: of_subnet(review, row.index),
        }));
    }
    for row in ranges.iter().take(SPELLED_OUT) {
        let cluster = review.inventory.cluster(row.cluster).label();
        let name = format!("pod CIDR {} of {cluster}", row.cidr);
        document.part(name.clone());
        document.figure(figure(&Demand {
            name: &name,
            parts: &by_pool(review, pod_cidr_shares(review.inventory, row.cluster)),
            all: row.demand,
            available: row.addresses,
            headroom: row.headroom,
            foreign: 0,
            verdict: row.verdict,
            caveat: of_cluster(review, row.cluster),
        }));
    }
    let more = subnets.len().saturating_sub(SPELLED_OUT) + ranges.len().saturating_sub(SPELLED_OUT);
    if more > 0 {
        document.paragraph(format!(
            "{} are not drawn; the tables have their numbers.",
            counted(more as u64, "more range", "more ranges")
        ));
    }
    if !unknown.is_empty() {
        document.toned(
            format!(
                "What pools want of {} is not known: their clusters, modes or node counts were not read.",
                listed(&unknown)
            ),
            Tone::Warning,
        );
    }
}

/// Each pool's part under its name.
fn by_pool(review: &Review, all: Vec<Share>) -> Vec<(String, Levels<u64>)> {
    let parts = folded(all).into_iter();
    parts
        .map(|(share, demand)| {
            let pool = share.map(|share| {
                let cluster = review.inventory.cluster(share.cluster);
                format!("{}/{}", cluster.label(), cluster.pools[share.position].name)
            });
            (pool.unwrap_or_else(|| "other pools".to_string()), demand)
        })
        .collect()
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

/// What pools want of a range, against what there is.
struct Demand<'a> {
    name: &'a str,
    parts: &'a [(String, Levels<u64>)],
    /// Of the row: usages may say more than the parts do.
    all: Levels<u64>,
    available: u64,
    /// What is left at each moment: of a subnet at most what its VNet leaves to it.
    headroom: Levels<i64>,
    foreign: u64,
    verdict: Verdict,
    /// What was found of the same range that these numbers do not show.
    caveat: Option<String>,
}

/// Found of a range whose ceilings fit, and yet no promise: more than the ceilings count may be wanted, or something else than addresses
/// stands against it.
const BEYOND_CEILINGS: [&str; 6] = [
    "pod-subnet-load",
    "no-admission-check",
    "pod-subnet-allocation",
    "cluster-nodes",
    "kubenet-nodes",
    "pool-nodes",
];

/// What takes back that everything fits into a subnet.
pub(super) fn of_subnet(review: &Review, index: SubnetIndex) -> Option<String> {
    let users = review.books.users(index).iter();
    let mut subjects: Vec<Subject> = vec![review.inventory.subnet_subject(index)];
    subjects.extend(users.flat_map(|(cluster, position)| {
        let of = review.inventory.cluster(*cluster);
        let pool = Subject::pool(of.label(), &of.pools[*position].name);
        [subject(review, *cluster), pool]
    }));
    caveat(review, &subjects)
}

/// The same of a cluster's pod CIDR.
pub(super) fn of_cluster(review: &Review, index: ClusterIndex) -> Option<String> {
    let cluster = review.inventory.cluster(index);
    let pools = cluster.pools.iter();
    let mut subjects = vec![subject(review, index)];
    subjects.extend(pools.map(|pool| Subject::pool(cluster.label(), &pool.name)));
    caveat(review, &subjects)
}

fn subject(review: &Review, index: ClusterIndex) -> Subject {
    Subject::Cluster(review.inventory.cluster(index).label().to_string())
}

fn caveat(review: &Review, subjects: &[Subject]) -> Option<String> {
    let findings = review.assessment.findings.iter();
    let mut of_range: Vec<&str> = findings
        .filter(|finding| {
            BEYOND_CEILINGS.contains(&finding.code) && subjects.contains(&finding.subject)
        })
        .map(|finding| finding.message.as_str())
        .collect();
    of_range.dedup();
    (!of_range.is_empty()).then(|| of_range.join("; "))
}

/// The core's word, as the end of a sentence.
fn verdict(of: Verdict) -> &'static str {
    match of {
        Verdict::Unused => "no pool of AKS uses it",
        Verdict::Ok => "everything fits",
        Verdict::Unknown => {
            "what was read fits, and whether everything does is not known: not all of it was read"
        }
        Verdict::SurgeShort => "the ceilings fit, all surge at once does not",
        Verdict::VnetShort => "the subnet has room for the ceilings, its VNet has not (SUB-2)",
        Verdict::CeilingShort => "the ceilings do not fit",
        Verdict::Full => {
            "the ceilings do not fit, and no pool that wants to grow can have one more node"
        }
    }
}

fn figure(demand: &Demand) -> Figure {
    let Demand {
        name,
        all,
        available,
        foreign,
        ..
    } = *demand;
    let sum = |of: fn(&Levels<u64>) -> u64| demand.parts.iter().map(|(_, part)| of(part)).sum();
    let beyond = MOMENTS.map(|(_, of)| of(&all).saturating_sub(sum(of)));
    let mut parts: Vec<(Ink, String, [u64; 3])> = demand
        .parts
        .iter()
        .enumerate()
        .map(|(position, (pool, part))| {
            let levels = MOMENTS.map(|(_, of)| of(part));
            (Ink::Kind(position), pool.clone(), levels)
        })
        .collect();
    if beyond.iter().any(|more| *more > 0) {
        let word = "held beyond the first batches, as usages say".to_string();
        parts.push((Ink::Quiet, word, beyond));
    }
    let mut table = Table::new(&["pool", "#now", "#at the ceilings", "#with all surge"]);
    for (_, pool, levels) in &parts {
        let mut row = vec![Cell::from(pool.as_str())];
        row.extend(levels.map(|level| Cell::from(grouped(level))));
        table.rows.push(row);
    }
    let sums = MOMENTS.map(|(_, of)| of(&all));
    let Levels {
        now,
        ceiling,
        ceiling_with_surge,
    } = demand.headroom;
    let left = [now, ceiling, ceiling_with_surge];
    let unsure = match demand.verdict {
        Verdict::Unknown => ", as far as it was read",
        _ => "",
    };
    let rows = MOMENTS
        .iter()
        .zip(sums)
        .enumerate()
        .map(|(moment, ((when, _), sum))| Bar {
            label: (*when).to_string(),
            parts: parts
                .iter()
                .enumerate()
                .map(|(position, (_, _, levels))| (position, levels[moment]))
                .collect(),
            mark: Some(available.min(sum.saturating_add_signed(left[moment]))),
            note: match left[moment] {
                short if short < 0 => format!("{} too many", grouped(short.unsigned_abs())),
                left => format!("{} left{unsure}", grouped(left.unsigned_abs())),
            },
        });
    Figure {
        title: format!("Demand on {name}"),
        says: format!(
            "{} of {name} are available to nodes{}; {} are wanted now, {} at the ceilings, {} with the surge nodes of all pools at once: \
             {}{}.",
            counted(available, "address", "addresses"),
            match foreign {
                0 => String::new(),
                foreign => format!(" (others hold {})", grouped(foreign)),
            },
            grouped(sums[0]),
            grouped(sums[1]),
            grouped(sums[2]),
            match (demand.verdict, &demand.caveat) {
                (Verdict::Ok, Some(_)) => "these fit",
                (of, _) => verdict(of),
            },
            match &demand.caveat {
                Some(caveat) => format!(", and yet: {caveat}"),
                None => String::new(),
            },
        ),
        chart: Chart::Bars(Bars {
            rows: rows.collect(),
            legend: parts
                .iter()
                .map(|(ink, pool, _)| (*ink, pool.clone()))
                .collect(),
            unit: "addresses",
            mark: "what is available",
        }),
        table,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(verdict: Verdict, all: Levels<u64>) -> Figure {
        let part = Levels {
            now: 10,
            ceiling: 20,
            ceiling_with_surge: 30,
        };
        figure(&Demand {
            name: "v/s",
            parts: &[("c/p".to_string(), part)],
            all,
            available: 40,
            headroom: all.headroom(40),
            foreign: 0,
            verdict,
            caveat: None,
        })
    }

    /// The parts that were read fit: that everything fits is for the core to say.
    #[test]
    fn the_core_says_what_fits() {
        let all = Levels {
            now: 10,
            ceiling: 20,
            ceiling_with_surge: 30,
        };
        for verdict in [
            Verdict::Unused,
            Verdict::Ok,
            Verdict::Unknown,
            Verdict::SurgeShort,
            Verdict::VnetShort,
            Verdict::CeilingShort,
            Verdict::Full,
        ] {
            let figure = told(verdict, all);
            assert_eq!(
                figure.says.contains("everything fits"),
                verdict == Verdict::Ok,
                "{}",
                figure.says
            );
            assert_eq!(figure.table.rows.len(), 1);
        }
    }

    /// What is found of the same range stands in the sentence that would say otherwise.
    #[test]
    fn what_ceilings_do_not_count_takes_it_back() {
        let all = Levels {
            now: 10,
            ceiling: 20,
            ceiling_with_surge: 30,
        };
        let part = [("c/p".to_string(), all)];
        let says = |verdict: Verdict| {
            let of = Demand {
                name: "v/s",
                parts: &part,
                all,
                available: 40,
                headroom: all.headroom(40),
                foreign: 0,
                verdict,
                caveat: Some("nodes that nobody bounds".to_string()),
            };
            figure(&of).says
        };
        let fits = says(Verdict::Ok);
        assert!(
            fits.ends_with("these fit, and yet: nodes that nobody bounds."),
            "{fits}"
        );
        assert!(!fits.contains("everything fits"));
        assert!(says(Verdict::Full).contains("the ceilings do not fit"));
    }

    /// Usages of a pod subnet say more than first batches: bars and words are of the same numbers.
    #[test]
    fn what_usages_say_beyond_the_pools_is_a_part() {
        let all = Levels {
            now: 35,
            ceiling: 45,
            ceiling_with_surge: 55,
        };
        let figure = told(Verdict::CeilingShort, all);
        assert!(
            figure
                .says
                .contains("35 are wanted now, 45 at the ceilings")
        );
        let Chart::Bars(bars) = &figure.chart else {
            unreachable!("demand is drawn as bars")
        };
        let lengths: Vec<u64> = bars
            .rows
            .iter()
            .map(|row| row.parts.iter().map(|(_, length)| length).sum())
            .collect();
        assert_eq!(lengths, [35, 45, 55]);
        assert_eq!(bars.rows[1].note, "5 too many");
    }
}
