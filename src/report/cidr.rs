//! `aksplan cidr check` and `cidr suggest` for people.

use super::capacity::overlaps;
use super::document::{Cell, Document, Table, Tone};
use crate::capacity::free::{Purpose, Suggestions};
use crate::capacity::overlap::Overlap;
use crate::finding::{counted, grouped};

/// Every pair that must not meet.
pub fn check(found: &[Overlap], not_checked: &[String]) -> Document {
    let mut document = Document::new("Ranges that must not meet");
    if found.is_empty() {
        document.toned("None of the ranges that were read meet.", Tone::Good);
    } else {
        document.toned(counted(found.len() as u64, "pair", "pairs"), Tone::Bad);
    }
    overlaps(found, &mut document);
    document.not_checked(not_checked);
    document
}

/// Free ranges, best first.
pub fn suggest(suggestions: &Suggestions, not_checked: &[String]) -> Document {
    let mut document = Document::new(format!("Free ranges for {}s", suggestions.purpose.key()));
    document.paragraph(format!(
        "/{}: {} addresses wanted, {}; clear of {}",
        suggestions.length,
        grouped(suggestions.addresses),
        suggestions.basis,
        suggestions.clear_of
    ));
    if let Some(note) = &suggestions.note {
        document.paragraph(note.as_str());
    }
    if suggestions.ranges.is_empty() {
        document.toned("No free range is large enough.", Tone::Bad);
        if suggestions.purpose == Purpose::Subnet {
            document.paragraph(format!(
                "The VNet's address space has no free /{}; give the VNet another address space of at least that size, clear of \
                 its peers.",
                suggestions.length
            ));
        }
    }
    // The range of services never grows (CID-2).
    let grows = suggestions.purpose != Purpose::Service;
    let mut table = Table::new(if grows {
        &["range", "keep free to grow into", "space"]
    } else {
        &["range", "space"]
    });
    for range in &suggestions.ranges {
        let mut row = vec![Cell::from(range.cidr.to_string())];
        if grows {
            row.push(if range.superset == range.cidr {
                Cell::toned("no room to grow", Tone::Warning)
            } else {
                Cell::from(range.superset.to_string())
            });
        }
        row.push(Cell::toned(range.space.as_str(), Tone::Dim));
        table.rows.push(row);
    }
    document.table("Best first", table);
    document.not_checked(not_checked);
    document
}
