//! `aksplan capacity` for people.

use super::document::{Block, Cell, Document, Table, Tone};
use super::predict::answer;
use crate::capacity::assess::{
    Assessment, FirstFailure, PodCidrRow, PoolRow, SubnetRow, Verdict, pod_cidr_knobs, subnet_knobs,
};
use crate::capacity::growth::Books;
use crate::capacity::knobs::Knob;
use crate::capacity::occupancy::{ForeignHolder, foreign_holders};
use crate::capacity::overlap::{Overlap, OwnedRange};
use crate::capacity::surge::surge_text;
use crate::finding::{Finding, Severity, counted, grouped};
use crate::model::{Inventory, NodePool, OsType};

/// Rows for which first failure and knobs are spelled out; more than these nobody reads on a screen.
const SPELLED_OUT: usize = 12;

/// Everything an assessment says.
pub fn document(inventory: &Inventory, assessment: &Assessment, title: &str) -> Document {
    let mut document = Document::new(title);
    summary(assessment, &mut document);
    if let Some(at) = inventory.observed_at {
        // A person plans by the minute.
        document.toned(
            format!("observed {}", at.strftime("%Y-%m-%d %H:%M UTC")),
            Tone::Dim,
        );
    }
    document.table("Subnets", subnets(inventory, &assessment.subnets));
    foreign(inventory, &assessment.subnets, &mut document);
    document.table("Pod CIDRs", pod_cidrs(inventory, &assessment.pod_cidrs));
    document.table("Pools", pools(inventory, &assessment.pools));
    failures(inventory, assessment, &mut document);
    document.table(
        "What one unit of each knob frees",
        knobs(inventory, assessment),
    );
    overlaps(&assessment.overlaps, &mut document);
    findings("Findings", &assessment.findings, &mut document);
    document.not_checked(&assessment.not_checked);
    document
}

fn summary(assessment: &Assessment, document: &mut Document) {
    let of = |severity| {
        let findings = assessment
            .findings
            .iter()
            .filter(|finding| finding.severity == severity);
        let overlaps = assessment
            .overlaps
            .iter()
            .filter(|overlap| overlap.severity == severity);
        (findings.count() + overlaps.count()) as u64
    };
    let (blockers, warnings) = (of(Severity::Blocker), of(Severity::Warning));
    let tone = match (blockers, warnings) {
        (0, 0) => Tone::Good,
        (0, _) => Tone::Warning,
        _ => Tone::Bad,
    };
    document.toned(
        format!(
            "{}, {}, {}: {}, {}",
            counted(assessment.subnets.len() as u64, "subnet", "subnets"),
            counted(assessment.pod_cidrs.len() as u64, "pod CIDR", "pod CIDRs"),
            counted(assessment.pools.len() as u64, "pool", "pools"),
            counted(blockers, "blocker", "blockers"),
            counted(warnings, "warning", "warnings"),
        ),
        tone,
    );
}

fn verdict(verdict: Verdict) -> Cell {
    let tone = match verdict {
        Verdict::Unused => Tone::Dim,
        Verdict::Ok => Tone::Good,
        Verdict::Unknown | Verdict::SurgeShort => Tone::Warning,
        Verdict::VnetShort | Verdict::CeilingShort | Verdict::Full => Tone::Bad,
    };
    Cell::toned(verdict.word(), tone)
}

fn number(number: u64) -> Cell {
    Cell::from(grouped(number))
}

fn signed(number: i64) -> Cell {
    let text = grouped(number.unsigned_abs());
    if number < 0 {
        Cell::toned(format!("-{text}"), Tone::Bad)
    } else {
        Cell::from(text)
    }
}

fn subnets(inventory: &Inventory, rows: &[SubnetRow]) -> Table {
    let mut table = Table::new(&[
        "subnet",
        "cidr",
        "#usable",
        "#foreign",
        "#used",
        "#now",
        "#ceiling",
        "#+surge",
        "#headroom",
        "verdict",
    ]);
    for row in rows {
        let subnet = inventory.subnet(row.index);
        // Without a pool that was read there is nothing to add up, and with a cluster that was not, no headroom either.
        let is_unread = row.verdict == Verdict::Unknown && row.demand.ceiling_with_surge == 0;
        let demand = |value: u64| {
            if row.verdict == Verdict::Unused || is_unread {
                Cell::toned("-", Tone::Dim)
            } else {
                number(value)
            }
        };
        table.rows.push(vec![
            Cell::from(inventory.subnet_label(row.index)),
            Cell::from(subnet.cidr_text().replace(',', ", ")),
            number(row.usable),
            number(row.foreign),
            number(row.used),
            demand(row.demand.now),
            demand(row.demand.ceiling),
            demand(row.demand.ceiling_with_surge),
            if is_unread {
                Cell::toned("-", Tone::Dim)
            } else {
                signed(row.headroom.ceiling_with_surge)
            },
            verdict(row.verdict),
        ]);
    }
    table
}

/// Who holds the foreign addresses of subnets that pools use, where it is known.
fn foreign(inventory: &Inventory, rows: &[SubnetRow], document: &mut Document) {
    const NAMED: usize = 8;
    let by_subnet = inventory.pools_by_subnet();
    let mut items = Vec::new();
    for row in rows.iter().filter(|row| row.foreign > 0) {
        let Some(users) = by_subnet.get(&row.index) else {
            continue;
        };
        let holders = foreign_holders(inventory, row.index, users);
        if holders.is_empty() {
            continue;
        }
        let mut names: Vec<String> = holders.iter().take(NAMED).map(held_by).collect();
        if holders.len() > NAMED {
            names.push(format!("{} more", holders.len() - NAMED));
        }
        items.push((
            Cell::from(inventory.subnet_label(row.index)),
            format!("held by {}", names.join(", ")),
        ));
    }
    if items.is_empty() {
        return;
    }
    document.heading("Who holds foreign addresses");
    let more = items.len().saturating_sub(SPELLED_OUT);
    items.truncate(SPELLED_OUT);
    document.blocks.push(Block::List(items));
    if more > 0 {
        document.talk(format!("and in {more} more subnets"));
    }
}

/// `private endpoint sql-pe (10.0.0.9)`
fn held_by(holder: &ForeignHolder) -> String {
    const SHOWN: usize = 4;
    let mut addresses: Vec<String> = holder
        .addresses
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    match holder.addresses.len() {
        0 => addresses.push(counted(holder.count, "address", "addresses")),
        all if all > SHOWN => addresses.push(format!("{} more", all - SHOWN)),
        _ => {}
    }
    format!(
        "{} {} ({})",
        holder.kind.word(),
        holder.name,
        addresses.join(", ")
    )
}

fn pod_cidrs(inventory: &Inventory, rows: &[PodCidrRow]) -> Table {
    let mut table = Table::new(&[
        "cluster",
        "pod cidr",
        "#node blocks",
        "#now",
        "#ceiling",
        "#+surge",
        "verdict",
    ]);
    for row in rows {
        let nodes = |addresses: u64| number(addresses / crate::capacity::cost::POD_CIDR_PER_NODE);
        table.rows.push(vec![
            Cell::from(inventory.cluster(row.cluster).label()),
            Cell::from(row.cidr.to_string()),
            number(row.nodes),
            nodes(row.demand.now),
            nodes(row.demand.ceiling),
            nodes(row.demand.ceiling_with_surge),
            verdict(row.verdict),
        ]);
    }
    table
}

fn nodes_text(pool: &NodePool) -> String {
    let count = if pool.knows("node_count") {
        pool.count.to_string()
    } else {
        "unknown".to_string()
    };
    match pool.autoscaler {
        Some(autoscaler) => format!(
            "{count} ({}–{})",
            autoscaler.min_count, autoscaler.max_count
        ),
        None => count,
    }
}

fn pools(inventory: &Inventory, rows: &[PoolRow]) -> Table {
    let mut table = Table::new(&[
        "pool",
        "mode",
        "nodes",
        "#max_pods",
        "max_surge",
        "#per node",
        "#documented",
        "#of pod range",
        "#fit more",
        "binds first",
        "#largest step",
    ]);
    for row in rows {
        let cluster = inventory.cluster(row.cluster);
        let pool = &cluster.pools[row.position];
        let dash = || Cell::toned("-", Tone::Dim);
        let optional = |value: Option<u64>| value.map_or_else(dash, number);
        let mut kind = row.mode.map_or("unknown", |mode| mode.key()).to_string();
        if pool.os_type == OsType::Windows {
            kind.push_str(", Windows");
        }
        table.rows.push(vec![
            Cell::from(format!("{}/{}", cluster.label(), pool.name)),
            Cell::from(kind),
            Cell::from(nodes_text(pool)),
            optional(known_max_pods(pool)),
            Cell::from(surge_text(pool)),
            optional(row.cost.as_ref().map(|cost| cost.node_subnet.counted)),
            optional(row.cost.as_ref().map(|cost| cost.node_subnet.planned)),
            optional(
                row.cost
                    .as_ref()
                    .and_then(|cost| cost.pod_subnet.map(|cost| cost.held).or(cost.pod_cidr)),
            ),
            optional(row.more_nodes),
            row.limits
                .first()
                .map_or_else(dash, |limit| Cell::from(limit.kind.key())),
            optional(row.largest_step),
        ]);
    }
    table
}

/// `None` before apply, and where it is the default of a network mode that is not known.
fn known_max_pods(pool: &NodePool) -> Option<u64> {
    let is_unknown = !pool.knows("max_pods");
    (!is_unknown && pool.max_pods > 0).then_some(u64::from(pool.max_pods))
}

fn failures(inventory: &Inventory, assessment: &Assessment, document: &mut Document) {
    let subnets = assessment.subnets.iter().filter_map(|row| {
        Some((
            inventory.subnet_label(row.index),
            row.first_failure.as_ref()?,
        ))
    });
    let pod_cidrs = assessment.pod_cidrs.iter().filter_map(|row| {
        Some((
            format!("pod CIDR {}", row.cidr),
            row.first_failure.as_ref()?,
        ))
    });
    let all: Vec<(String, &FirstFailure)> = subnets.chain(pod_cidrs).collect();
    if all.is_empty() {
        return;
    }
    document.heading("What fails first");
    for (place, failure) in all.iter().take(SPELLED_OUT) {
        let lead = format!(
            "{place}: pool {}/{} at {}",
            inventory.cluster(failure.cluster).label(),
            failure.pool,
            failure.at(),
        );
        answer(&failure.answer, Some(&lead), document);
        if let Some(runtime) = &failure.runtime {
            answer(
                runtime,
                Some(&format!(
                    "{place}: to the autoscaler, which sends no request"
                )),
                document,
            );
        }
    }
    if all.len() > SPELLED_OUT {
        document.talk(format!(
            "and {} more; `-o json` has all of them",
            grouped((all.len() - SPELLED_OUT) as u64)
        ));
    }
}

fn ids(rules: &[&crate::rule::Rule]) -> String {
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id).collect();
    ids.join(", ")
}

fn knobs(inventory: &Inventory, assessment: &Assessment) -> Table {
    let books = Books::of(inventory);
    let mut table = Table::new(&[
        "range",
        "knob",
        "of",
        "now",
        "#one unit frees",
        "enough alone",
        "note",
    ]);
    let mut add = |range: String, knobs: Vec<Knob>| {
        for knob in &knobs {
            table.rows.push(vec![
                Cell::from(range.as_str()),
                Cell::from(knob.kind.key()),
                Cell::from(knob.of.as_deref().unwrap_or("the subnet")),
                Cell::from(knob.now.as_str()),
                number(knob.frees),
                match &knob.enough {
                    Some(enough) => Cell::toned(enough.as_str(), Tone::Good),
                    None => Cell::toned("no", Tone::Warning),
                },
                Cell::toned(knob.note, Tone::Dim),
            ]);
        }
    };
    let is_short = |verdict: Verdict| verdict >= Verdict::SurgeShort;
    let subnets = assessment.subnets.iter();
    for row in subnets
        .filter(|row| is_short(row.verdict))
        .take(SPELLED_OUT)
    {
        let name = inventory.subnet_label(row.index);
        add(name, subnet_knobs(&books, row));
    }
    let pod_cidrs = assessment.pod_cidrs.iter();
    for row in pod_cidrs
        .filter(|row| is_short(row.verdict))
        .take(SPELLED_OUT)
    {
        let name = format!("pod CIDR {}", row.cidr);
        add(name, pod_cidr_knobs(inventory, row));
    }
    table
}

fn side(range: &OwnedRange) -> String {
    format!("{} {} of {}", range.kind.word(), range.cidr, range.owner)
}

/// A list of overlaps, each with both owners.
pub fn overlaps(overlaps: &[Overlap], document: &mut Document) {
    if overlaps.is_empty() {
        return;
    }
    const SHOWN: usize = 200;
    document.heading("Overlaps");
    let items = overlaps
        .iter()
        .take(SHOWN)
        .map(|overlap| {
            (
                Cell::toned(overlap.severity.word(), overlap.severity.into()),
                format!(
                    "{} meets {}: {} [{}]",
                    side(&overlap.a),
                    side(&overlap.b),
                    overlap.why,
                    ids(&overlap.rules)
                ),
            )
        })
        .collect();
    document.blocks.push(Block::List(items));
    if overlaps.len() > SHOWN {
        document.talk(format!(
            "and {} more; `-o json` has all of them",
            grouped((overlaps.len() - SHOWN) as u64)
        ));
    }
}

/// A list of findings.
pub fn findings<'a>(
    heading: &str,
    findings: impl IntoIterator<Item = &'a Finding>,
    document: &mut Document,
) {
    const SHOWN: usize = 200;
    let findings: Vec<&Finding> = findings.into_iter().collect();
    if findings.is_empty() {
        return;
    }
    document.heading(heading);
    let items = findings
        .iter()
        .take(SHOWN)
        .map(|finding| {
            (
                Cell::toned(finding.severity.word(), finding.severity.into()),
                if finding.rules.is_empty() {
                    format!("{} ({})", finding.message, finding.code)
                } else {
                    format!(
                        "{} ({}) [{}]",
                        finding.message,
                        finding.code,
                        ids(&finding.rules)
                    )
                },
            )
        })
        .collect();
    document.blocks.push(Block::List(items));
    if findings.len() > SHOWN {
        document.talk(format!(
            "and {} more; `-o json` has all of them",
            grouped((findings.len() - SHOWN) as u64)
        ));
    }
}
