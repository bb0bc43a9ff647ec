//! `aksplan cidr check` and `cidr suggest` for people.

use super::capacity::overlaps;
use super::document::{Cell, Document, Table, Tone};
use crate::capacity::free::{Purpose, Suggestions};
use crate::capacity::overlap::Overlap;
use crate::finding::{Severity, counted, grouped};

/// Every pair that must not meet.
pub fn check(found: &[Overlap], not_checked: &[String]) -> Document {
    let mut document = Document::new("Ranges that must not meet");
    document.toned(
        format!("{}.", pairs(found)),
        match found.is_empty() {
            true => Tone::Good,
            false => Tone::Bad,
        },
    );
    overlaps(found, &mut document);
    document.not_checked(not_checked);
    document
}

/// How many pairs were found, in a clause: `2 pairs must not meet, 1 pair meets with a condition`.
pub fn pairs<'a>(found: impl IntoIterator<Item = &'a Overlap>) -> String {
    let (bad, others): (Vec<&Overlap>, Vec<&Overlap>) = found
        .into_iter()
        .partition(|overlap| overlap.severity == Severity::Blocker);
    let (bad, others) = (bad.len() as u64, others.len() as u64);
    let must_not = counted(bad, "pair must not meet", "pairs must not meet");
    let condition = counted(
        others,
        "pair meets with a condition",
        "pairs meet with a condition",
    );
    match (bad, others) {
        (0, 0) => "none of them meets another that it must not".to_string(),
        (_, 0) => must_not,
        (0, _) => condition,
        _ => format!("{must_not}, {condition}"),
    }
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
