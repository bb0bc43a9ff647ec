//! What changes and why: a cluster before and after, and for how long each lasts.

use super::{ClusterPart, Review, SPELLED_OUT};
use crate::capacity::growth::{Books, LimitKind};
use crate::capacity::modes::ModeRow;
use crate::capacity::runway::{Runway, evenly, runway};
use crate::finding::{counted, grouped};
use crate::model::{ClusterIndex, IpNet, NetworkMode};
use crate::report::document::{Block, Cell, Document, Table, Tone};

/// How a cluster grows.
#[derive(Debug, Clone, PartialEq)]
pub struct Growing {
    /// Nodes a week, by position of the pool; `None`: nobody says.
    pub pace: Option<Vec<f64>>,
    /// Who says it.
    pub source: &'static str,
}

/// Nodes a week in all that are tried where nobody says how the cluster grows, and beside what somebody says.
const TRIED: [f64; 4] = [0.1, 0.25, 0.5, 1.0];
const WEEKS_A_YEAR: f64 = 52.18;
/// Longer than that nobody plans an address.
const MOST_YEARS: f64 = 50.0;

pub(super) fn section(review: &Review, document: &mut Document) {
    let parts: Vec<&ClusterPart> = review.clusters.iter().collect();
    if parts.is_empty() {
        return;
    }
    document.heading("What changes and why");
    for part in parts.iter().take(SPELLED_OUT) {
        let cluster = review.inventory.cluster(part.index);
        let range = part.moved.as_ref().and_then(|moved| moved.pod_cidr);
        document.part(format!("{}: before and after", cluster.name));
        if part.moved.is_some() {
            document.paragraph(
                "Under Overlay a node takes one address of the network and pods draw from a private range of their own: the network's \
                 addresses no longer bound the number of pods (OVL-1). Nobody outside of the cluster reaches a pod by its address any \
                 more (OVL-5).",
            );
        } else if cluster.mode() == Some(NetworkMode::Overlay) {
            document
                .paragraph("The cluster runs on Azure CNI Overlay already: nothing has to change.");
        }
        before_and_after(part, range.as_ref(), document);
        headroom(review.books, part, range.as_ref(), document);
    }
    left_out(parts.len(), document);
}

/// Of a fleet, nobody reads it cluster by cluster.
pub(super) fn left_out(clusters: usize, document: &mut Document) {
    if let Some(more) = clusters.checked_sub(SPELLED_OUT).filter(|more| *more > 0) {
        document.paragraph(format!(
            "{} not told of here: name one with --cluster.",
            counted(more as u64, "more cluster is", "more clusters are")
        ));
    }
}

fn before_and_after(part: &ClusterPart, range: Option<&IpNet>, document: &mut Document) {
    let now = part.modes.iter().find(|row| row.current);
    let after = part
        .modes
        .iter()
        .find(|row| row.mode == NetworkMode::Overlay);
    let (Some(now), Some(after)) = (now, after) else {
        return;
    };
    if now.mode == after.mode {
        return;
    }
    let mut table = Table::new(&["what", "#now", "#after the move"]);
    let mut row = |what: &str, of: &dyn Fn(&ModeRow) -> Cell| {
        table.rows.push(vec![Cell::from(what), of(now), of(after)]);
    };
    let number = |value: u64| Cell::from(grouped(value));
    row("network mode", &|row| Cell::from(row.mode.to_string()));
    row("node-subnet addresses held by nodes, now", &|row| {
        number(row.now)
    });
    row("the same at the autoscalers' ceilings", &|row| {
        let tone = if row.ceiling > row.available {
            Tone::Bad
        } else {
            Tone::Good
        };
        Cell::toned(grouped(row.ceiling), tone)
    });
    row("the same with all surge nodes", &|row| {
        let tone = if row.fits { Tone::Good } else { Tone::Bad };
        Cell::toned(grouped(row.ceiling_with_surge), tone)
    });
    row("available to the cluster", &|row| number(row.available));
    row("nodes of the largest cluster that fits", &|row| {
        number(row.largest)
    });
    row(
        "pod range",
        &|row| match (row.mode, range, row.pod_prefix) {
            (NetworkMode::Overlay, Some(range), _) => Cell::from(range.to_string()),
            (_, _, Some(prefix)) => Cell::from(format!("/{prefix} needed")),
            (_, _, None) => Cell::toned("the node subnet", Tone::Dim),
        },
    );
    row(
        "pods are reached from outside by their address",
        &|row| match row.mode {
            NetworkMode::Overlay => Cell::toned("no (OVL-5)", Tone::Warning),
            _ => Cell::from("yes"),
        },
    );
    document.blocks.push(Block::Table(table));
}

fn headroom(books: &Books, part: &ClusterPart, range: Option<&IpNet>, document: &mut Document) {
    let index = part.index;
    let mut table = Table::new(&[
        "growth",
        "#nodes a week",
        "#lasts now",
        "ends with",
        "#lasts after the move",
        "ends then with",
    ]);
    let mut row = |name: &str, pace: &[f64]| {
        let all: f64 = pace.iter().sum();
        let now = runway(books, index, pace, None);
        let after = range.and_then(|range| runway(books, index, pace, Some(range)));
        table.rows.push(vec![
            Cell::from(name),
            Cell::from(format!("{all:.2}")),
            lasts(now.as_ref()),
            ends(now.as_ref()),
            lasts(after.as_ref()),
            ends(after.as_ref()),
        ]);
    };
    if let Some(pace) = &part.growing.pace {
        row(part.growing.source, pace);
    }
    for tried in TRIED {
        row("if it were", &evenly(books, index, tried));
    }
    document.part(format!("{}: how long it lasts", name(books, index)));
    document.paragraph(match part.growing.pace {
        Some(_) => "At a steady pace, ceilings of autoscalers left aside: a person raises them. Spikes and events are not in it.",
        None => {
            "How fast the cluster grows was not said (a timeline, or --growth POOL=NODES, says it): these are tried paces, shared out as \
             nodes are now. Ceilings of autoscalers are left aside, spikes and events are not in it."
        }
    });
    document.blocks.push(Block::Table(table));
}

fn name<'a>(books: &Books<'a>, index: ClusterIndex) -> &'a str {
    &books.inventory.cluster(index).name
}

fn lasts(runway: Option<&Runway>) -> Cell {
    let Some(runway) = runway else {
        return Cell::toned("-", Tone::Dim);
    };
    let years = runway.weeks / WEEKS_A_YEAR;
    let tone = match years {
        years if years < 1.0 => Tone::Bad,
        years if years < 3.0 => Tone::Warning,
        _ => Tone::Good,
    };
    let text = match years {
        years if years > MOST_YEARS => format!("over {MOST_YEARS} years"),
        // Down: nobody runs out later than it was said.
        years if years < 1.0 => format!("{:.0} weeks", runway.weeks.floor()),
        years => format!("{:.1} years", (years * 10.0).floor() / 10.0),
    };
    Cell::toned(text, tone)
}

fn end_words(runway: &Runway) -> String {
    let of = &runway.of;
    match runway.limit {
        LimitKind::PoolNodes => format!("nodes of pool {of} (MP-3)"),
        LimitKind::ClusterNodes => format!("nodes of cluster {of} (MP-3)"),
        LimitKind::Subnet | LimitKind::PodSubnet => format!("subnet {of}"),
        LimitKind::VnetAddresses => format!("VNet {of} (SUB-2)"),
        LimitKind::PodCidr | LimitKind::MaxCount => of.clone(),
    }
}

fn ends(runway: Option<&Runway>) -> Cell {
    runway.map_or_else(
        || Cell::toned("-", Tone::Dim),
        |runway| Cell::from(end_words(runway)),
    )
}
