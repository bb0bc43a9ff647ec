//! `aksplan compare` for people: a cluster under every network mode.

use super::capacity::findings;
use super::document::{Cell, Document, Table, Tone};
use crate::capacity::modes::ModeRow;
use crate::finding::{Finding, Severity, grouped};
use crate::migrate::eligibility::Eligibility;
use crate::model::NetworkMode;
use crate::rule;

/// What stands between the cluster and this mode.
pub fn blockers(row: &ModeRow, eligibility: &Eligibility) -> Vec<Finding> {
    let mut found = Vec::new();
    if row.current {
        return found;
    }
    if row.mode == NetworkMode::Overlay {
        found.extend(eligibility.obstacles.iter().map(|obstacle| {
            Finding::new(
                obstacle.severity,
                "migration",
                format!("{}: {}", obstacle.evidence, obstacle.remedy),
                &[obstacle.rule],
            )
        }));
    } else {
        found.push(Finding::new(
            Severity::Blocker,
            "no-in-place-move",
            format!(
                "no in-place move to {} exists: it takes a new cluster",
                row.mode
            ),
            &[&rule::MIG_1],
        ));
    }
    if row.mode == NetworkMode::Kubenet {
        found.push(Finding::new(
            Severity::Warning,
            "kubenet-retires",
            "kubenet retires on 2028-03-31",
            &[&rule::MP_6],
        ));
    }
    if !row.impossible.is_empty() {
        found.push(Finding::new(
            Severity::Blocker,
            "mode-without-windows",
            format!(
                "{} has no Windows nodes; pools {}",
                row.mode,
                row.impossible.join(", ")
            ),
            &[&rule::KBN_1],
        ));
    }
    found
}

/// Heading of the table that a comparison begins with.
pub const ADDRESSES: &str = "Node-subnet addresses";

/// Everything a comparison says.
pub fn document(
    cluster: &str,
    rows: &[ModeRow],
    eligibility: &Eligibility,
    not_checked: &[String],
) -> Document {
    let mut document = Document::new(format!("{cluster} under every network mode"));
    let mut table = Table::new(&[
        "mode",
        "#now",
        "#ceiling",
        "#+surge",
        "#documented",
        "#available",
        "fits",
        "pod range",
        "#largest cluster",
        "move",
    ]);
    for row in rows {
        let blocking = blockers(row, eligibility)
            .iter()
            .filter(|finding| finding.severity == Severity::Blocker)
            .count();
        let pod_range = match (row.pod_addresses, row.pod_prefix) {
            (Some(addresses), Some(length)) => format!(
                "/{length} ({} addresses)",
                grouped(row.pod_addresses_loaded.unwrap_or(addresses))
            ),
            (Some(addresses), None) => format!("{} addresses: too large", grouped(addresses)),
            (None, _) => "-".to_string(),
        };
        table.rows.push(vec![
            Cell::from(row.mode.word()),
            Cell::from(grouped(row.now)),
            Cell::from(grouped(row.ceiling)),
            Cell::from(grouped(row.ceiling_with_surge)),
            Cell::from(grouped(row.planned)),
            Cell::from(grouped(row.available)),
            match (row.fits, row.known, row.misfit) {
                (true, true, _) => Cell::toned("yes", Tone::Good),
                (true, false, _) => Cell::toned("unknown", Tone::Warning),
                (false, _, Some(by)) => Cell::toned(format!("no ({by})"), Tone::Bad),
                (false, _, None) => Cell::toned("no", Tone::Bad),
            },
            Cell::from(pod_range),
            Cell::from(format!("{} ({})", grouped(row.largest), row.largest_by)),
            match (row.current, row.mode, blocking) {
                (true, _, _) => Cell::toned("current", Tone::Dim),
                _ if !row.impossible.is_empty() => Cell::toned("no Windows nodes", Tone::Bad),
                (_, NetworkMode::Overlay, 0) => Cell::toned("in place", Tone::Good),
                (_, NetworkMode::Overlay, count) => {
                    Cell::toned(format!("blocked by {count}"), Tone::Bad)
                }
                _ => Cell::toned("new cluster", Tone::Warning),
            },
        ]);
    }
    document.table(ADDRESSES, table);
    document.talk(
        "now, ceiling and +surge are what nodes hold; documented is the published planning formula at ceiling with surge. \
         available is what others leave as of now in all node subnets together, clusters that share one at the nodes they have today; \
         it fits only if each subnet has room for its own pools, and so have the VNet with its 65,536 addresses, the present pod subnets and \
         pod CIDR, the pod CIDR of the move where one is planned, and the mode's number of nodes. The largest cluster has the nodes that \
         are there and more like the dearest of their subnet, as far as all of these let it. The pod range of a dynamic pod subnet is sized for max_pods pods on every node.",
    );
    let overlay: Vec<Finding> = rows
        .iter()
        .filter(|row| row.mode == NetworkMode::Overlay)
        .flat_map(|row| blockers(row, eligibility))
        .collect();
    findings("In the way of Overlay", &overlay, &mut document);
    document.not_checked(not_checked);
    document.not_checked(&eligibility.not_checked);
    document
}
