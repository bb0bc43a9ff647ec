//! What changes and why: a cluster before and after, and for how long each lasts.

use super::{ClusterPart, Review, SPELLED_OUT, cannot_move, in_place};
use crate::capacity::modes::ModeRow;
use crate::capacity::runway::{Pace, Runway, Urgency, after_the_move, evenly, is_shorter, runway};
use crate::finding::{counted, grouped};
use crate::model::{IpNet, NetworkMode};
use crate::report::document::{Block, Cell, Document, Table, Tone};

/// Nodes a week in all that are tried where nobody says how the cluster grows, and beside what somebody says.
const TRIED: [f64; 4] = [0.1, 0.25, 0.5, 1.0];
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
        document.part(format!("{}: before and after", cluster.label()));
        let is_kubenet = cluster.mode() == Some(NetworkMode::Kubenet);
        let moved = part.moved.as_ref();
        if cannot_move(cluster) {
            document.toned(
                "No in-place move: the second column is of a new cluster on Overlay with the same pools, not of this one, and nothing here \
                 says that there is one (MIG-1).",
                Tone::Warning,
            );
        } else if moved.is_some() && is_kubenet {
            document.paragraph(
                "Pods have a private range already, and a node takes one address of the network, under kubenet as under Overlay (OVL-1). What \
                 changes is that no route table holds a route for each node: the cluster is not bound to 400 nodes any more (KBN-1).",
            );
        } else if moved.is_some() {
            document.paragraph(
                "Under Overlay a node takes one address of the network and pods draw from a private range of their own: the network's \
                 addresses no longer bound the number of pods (OVL-1). Nobody outside of the cluster reaches a pod by its address any \
                 more (MIG-25).",
            );
        } else if cluster.mode() == Some(NetworkMode::Overlay) {
            in_place::section(review, part, document);
        }
        before_and_after(review, part, range.as_ref(), document);
        headroom(review, part, range.as_ref(), document);
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

fn before_and_after(
    review: &Review,
    part: &ClusterPart,
    range: Option<&IpNet>,
    document: &mut Document,
) {
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
    let after_it = match cannot_move(review.inventory.cluster(part.index)) {
        false => "#after the move",
        true => "#a new cluster on Overlay",
    };
    let mut table = Table::new(&["what", "#now", after_it]);
    let mut row = |what: &str, of: &dyn Fn(&ModeRow) -> Cell| {
        table.rows.push(vec![Cell::from(what), of(now), of(after)]);
    };
    let number = |value: u64| Cell::from(grouped(value));
    let is_routed = now.mode != NetworkMode::Kubenet;
    row("network mode", &|row| Cell::from(row.mode.to_string()));
    row("node-subnet addresses held by nodes, now", &|row| {
        number(row.now)
    });
    row("the same at the autoscalers' ceilings", &|row| {
        let tone = match (!row.ceiling_fits(), row.known) {
            (true, _) => Tone::Bad,
            (false, true) => Tone::Good,
            (false, false) => Tone::Warning,
        };
        Cell::toned(grouped(row.ceiling), tone)
    });
    row("the same with all surge nodes", &|row| {
        let tone = match (row.fits, row.known) {
            (true, true) => Tone::Good,
            (true, false) => Tone::Warning,
            (false, _) => Tone::Bad,
        };
        Cell::toned(grouped(row.ceiling_with_surge), tone)
    });
    row("available to the cluster", &|row| number(row.available));
    row("nodes of the largest cluster that fits", &|row| {
        Cell::from(format!("{}, by {}", grouped(row.largest), row.bound()))
    });
    row(
        "pod range",
        &|row| match (row.current, range, row.pod_prefix) {
            (true, _, _) => pods_now(review, part),
            (false, Some(range), _) => Cell::from(range.to_string()),
            (false, None, Some(prefix)) => Cell::from(format!("/{prefix} needed")),
            (false, None, None) => Cell::toned("the node subnet", Tone::Dim),
        },
    );
    row(
        "pods are reached from outside by their address",
        &|row| match row.mode {
            NetworkMode::Overlay if is_routed => Cell::toned("no (MIG-25)", Tone::Warning),
            NetworkMode::Overlay | NetworkMode::Kubenet => Cell::from("no"),
            NetworkMode::Byo => Cell::toned("not known", Tone::Warning),
            _ => Cell::from("yes"),
        },
    );
    document.blocks.push(Block::Table(table));
}

/// Where pods have their addresses from now: their own range, the pod subnets, or the subnets of their nodes.
fn pods_now(review: &Review, part: &ClusterPart) -> Cell {
    let cluster = review.inventory.cluster(part.index);
    if let Some(range) = cluster.network.pod_cidr_v4() {
        return Cell::from(range.to_string());
    }
    let mut subnets: Vec<String> = cluster
        .pools
        .iter()
        .filter_map(|pool| pool.pod_subnet)
        .map(|subnet| review.inventory.subnet_label(subnet))
        .collect();
    subnets.sort();
    subnets.dedup();
    match subnets.as_slice() {
        [] => Cell::toned("the node subnet", Tone::Dim),
        subnets => Cell::from(subnets.join(", ")),
    }
}

fn headroom(review: &Review, part: &ClusterPart, range: Option<&IpNet>, document: &mut Document) {
    let (books, index) = (review.books, part.index);
    let cluster = books.inventory.cluster(index);
    if cluster.pools.is_empty() {
        return;
    }
    let after = range.map(|range| after_the_move(books.inventory, index, *range));
    let after = after.as_ref().map(|after| books.with_changed(after, index));
    let mut columns = vec!["growth", "#nodes a week", "#lasts now", "ends with"];
    if after.is_some() {
        columns.extend(["#lasts after the move", "ends then with"]);
    }
    let mut table = Table::new(&columns);
    let mut shorter = 0;
    let mut row = |name: &str, pools: &[Pace]| {
        let paces = review.paces.with(index, pools.to_vec());
        let all: f64 = cluster
            .pools
            .iter()
            .zip(pools)
            .fold(0.0, |sum, (pool, pace)| sum + pace.adds(pool.count as f64));
        let now = runway(books, index, &paces);
        let after = after.as_ref().map(|after| runway(after, index, &paces));
        let is_shorter = is_shorter(now.as_ref(), after.iter().flatten().next());
        shorter += usize::from(is_shorter);
        let mut cells = vec![
            Cell::from(name),
            Cell::from(pace(all)),
            lasts(all, now.as_ref()),
            ends(now.as_ref()),
        ];
        if let Some(after) = after {
            let cell = lasts(all, after.as_ref());
            cells.push(match is_shorter {
                true => Cell::toned(format!("{}, shorter than now", cell.text), Tone::Bad),
                false => cell,
            });
            cells.push(ends(after.as_ref()));
        }
        table.rows.push(cells);
    };
    let said = part.growth_said_by.zip(review.paces.said(index));
    if let Some((who, pools)) = said {
        row(who, pools);
    }
    for tried in TRIED {
        row("if it were", &evenly(books, index, tried));
    }
    document.part(format!("{}: how long it lasts", cluster.label()));
    let who = match said {
        Some((_, pools)) if pools.iter().any(|pace| pace.percent > 0.0) => {
            "What is said in percent compounds: the table has the nodes of the first week. "
        }
        Some(_) => "",
        None => {
            "How fast the cluster grows was not said (a timeline, or --growth POOL=NODES, says it): these are tried paces, shared out as \
             nodes are now. "
        }
    };
    let others = match review.paces.others_say(index) {
        true => "Other clusters that draw from the same ranges grow along as it was said of them.",
        false => "All others that draw from the same ranges stay as they are.",
    };
    document.paragraph(format!(
        "{who}Ceilings of autoscalers are left aside: a person raises them. Spikes and events are not in it. {others}"
    ));
    document.blocks.push(Block::Table(table));
    if shorter > 0 {
        document.toned(
            "Where it says so, the cluster can grow less after the move than it can now: a larger pod CIDR mends that (OVL-1).",
            Tone::Warning,
        );
    }
    let (grows, when) = match range {
        Some(range) => (Some(range), "After the move the"),
        None => (cluster.network.pod_cidr_v4(), "The"),
    };
    if let (Some(range), Some(superset)) = (grows, part.superset) {
        document.paragraph(format!(
            "{when} pod CIDR {range} can grow in place, without another move, up to {superset}, which is free of everything that was \
             read: only to a range that contains it, and never back (EXP-1). Keep as much of it free as the cluster may need."
        ));
    }
}

/// Nodes a week: two decimals, and more where they would say something else by more than one in 200.
fn pace(nodes: f64) -> String {
    if nodes <= 0.0 {
        return "0".to_string();
    }
    // Halves go up, whatever their last bits are.
    let up = nodes * (1.0 + 1e-9);
    let mut said = (2..=12).map(|decimals| format!("{up:.decimals$}"));
    let is_near = |text: &String| {
        let said: f64 = text.parse().unwrap_or(0.0);
        (said - nodes).abs() * 200.0 <= nodes
    };
    said.find(is_near).unwrap_or_else(|| format!("{nodes:e}"))
}

fn lasts(a_week: f64, runway: Option<&Runway>) -> Cell {
    let Some(runway) = runway else {
        return match a_week > 0.0 {
            true => Cell::toned("not known", Tone::Warning),
            false => Cell::toned("does not grow", Tone::Dim),
        };
    };
    let tone = match runway.urgency() {
        Urgency::Now => Tone::Bad,
        Urgency::Plan => Tone::Warning,
        Urgency::None => Tone::Good,
    };
    let text = match runway.years() {
        years if years > MOST_YEARS => format!("over {MOST_YEARS} years"),
        years if years < 1.0 && runway.nodes == 0 => "no room now".to_string(),
        years if years < 1.0 => counted(runway.whole_weeks(), "week", "weeks"),
        _ => format!("{:.1} years", runway.tenths_of_years()),
    };
    Cell::toned(text, tone)
}

fn ends(runway: Option<&Runway>) -> Cell {
    runway.map_or_else(
        || Cell::toned("-", Tone::Dim),
        |runway| Cell::from(runway.ends_with.as_str()),
    )
}

#[cfg(test)]
mod tests {
    use super::pace;
    use proptest::prelude::*;

    #[test]
    fn a_pace_is_not_rounded_away() {
        for (nodes, text) in [
            (0.0, "0"),
            (0.0001, "0.0001"),
            (0.045, "0.045"),
            (0.225, "0.225"),
            (1.0 / 3.0, "0.333"),
            (0.1, "0.10"),
            (1.125, "1.13"),
            (2.0, "2.00"),
        ] {
            assert_eq!(pace(nodes), text);
        }
    }

    proptest! {
        #[test]
        fn a_pace_reads_as_what_it_is(nodes in prop_oneof![1e-9f64..1.0, 1.0f64..5_000.0]) {
            let said: f64 = pace(nodes).parse().unwrap();
            prop_assert!((said - nodes).abs() <= nodes / 199.0, "{nodes} {said}");
        }
    }
}
