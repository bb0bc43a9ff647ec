//! The same cluster under every network mode.

use super::change::left_out;
use super::{Review, SPELLED_OUT};
use crate::capacity::modes::ModeRow;
use crate::finding::grouped;
use crate::report::chart::{Bar, Bars, Chart, Ink};
use crate::report::compare;
use crate::report::document::{Block, Document, Figure};

pub(super) fn section(review: &Review, document: &mut Document) {
    if review.clusters.is_empty() {
        return;
    }
    document.heading("Network modes compared");
    for part in review.clusters.iter().take(SPELLED_OUT) {
        let name = &review.inventory.cluster(part.index).name;
        let mut told = compare::document(name, &part.modes, &part.eligibility, &[]);
        document.part(told.title.clone());
        document.not_checked(&told.not_checked);
        // The table that the comparison begins with stands behind its picture.
        let table = told
            .blocks
            .iter()
            .position(|block| matches!(block, Block::Table(_)));
        if let Some(Block::Table(table)) = table.map(|at| told.blocks.remove(at)) {
            document.figure(figure(name, &part.modes, table));
        }
        for block in told.blocks {
            match block {
                Block::Heading { level, text, .. } if text != compare::ADDRESSES => {
                    document.blocks.push(Block::heading(level + 2, text));
                }
                Block::Heading { .. } => {}
                block => document.blocks.push(block),
            }
        }
    }
    left_out(review.clusters.len(), document);
}

fn figure(name: &str, rows: &[ModeRow], table: crate::report::Table) -> Figure {
    let current = rows.iter().find(|row| row.current);
    let fitting: Vec<String> = rows
        .iter()
        .filter(|row| row.fits && row.known)
        .map(|row| row.mode.to_string())
        .collect();
    Figure {
        title: format!("Addresses of the node subnet that {name} would take"),
        says: format!(
            "{}{}",
            current.map_or_else(String::new, |row| format!(
                "{name} runs under {}, which wants {} addresses of the node subnet. ",
                row.mode,
                grouped(row.ceiling_with_surge)
            )),
            match (rows.iter().all(|row| row.known), fitting.is_empty()) {
                (false, _) => {
                    "Not everything was read that its pools and their neighbours take: where it would fit is not known.".to_string()
                }
                (true, true) => "At the ceilings with surge it fits under no mode.".to_string(),
                (true, false) => format!(
                    "At the ceilings with surge it fits under: {}.",
                    fitting.join(", ")
                ),
            }
        ),
        chart: Chart::Bars(Bars {
            rows: rows
                .iter()
                .map(|row| Bar {
                    label: match row.current {
                        true => format!("{} (current)", row.mode),
                        false => row.mode.to_string(),
                    },
                    parts: vec![
                        (0, row.now),
                        (1, row.ceiling.saturating_sub(row.now)),
                        (2, row.ceiling_with_surge.saturating_sub(row.ceiling)),
                    ],
                    mark: Some(row.available),
                    note: grouped(row.ceiling_with_surge),
                })
                .collect(),
            legend: vec![
                (Ink::Kind(0), "now".to_string()),
                (Ink::Kind(1), "up to the ceilings".to_string()),
                (Ink::Quiet, "surge".to_string()),
            ],
            unit: "addresses",
            mark: "what is available",
        }),
        table,
    }
}
