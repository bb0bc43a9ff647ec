//! Of a fleet, the clusters that cannot be moved in place: by what stands in their way, and not one by one.

use super::map::listed;
use super::moved::why_not;
use super::{Review, cannot_move};
use crate::finding::counted;
use crate::report::document::{Cell, Document, Table, Tone};
use std::collections::BTreeMap;

pub(super) fn section(review: &Review, document: &mut Document) {
    let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for part in review.clusters.iter().filter(|part| part.moved.is_none()) {
        let cluster = review.inventory.cluster(part.index);
        if !cannot_move(cluster) {
            continue;
        }
        let reasons: Vec<String> = part.eligibility.blockers().map(why_not).collect();
        let of_reason = by_reason.entry(reasons.join("; ")).or_default();
        of_reason.push(cluster.label().to_string());
    }
    if by_reason.is_empty() {
        return;
    }
    let mut table = Table::new(&["why", "#clusters", "which"]);
    for (reason, names) in by_reason {
        table.rows.push(vec![
            Cell::toned(reason, Tone::Bad),
            Cell::from(counted(names.len() as u64, "cluster", "clusters")),
            Cell::from(listed(&names)),
        ]);
    }
    document.table("No in-place move", table);
}
