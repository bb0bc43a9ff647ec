//! `aksplan readiness` for people: the verdict, every item, what to do. Computes nothing.

use super::document::{Cell, Document, Table, Tone};
use crate::finding::counted;
use crate::readiness::{Item, ItemState, Readiness};

fn tone(item: &Item) -> Tone {
    match item.state {
        ItemState::Ready => Tone::Good,
        ItemState::NotReady => Tone::from(item.severity),
        ItemState::NotKnown => Tone::Warning,
        ItemState::NotApplicable => Tone::Dim,
    }
}

fn items(number: usize) -> String {
    counted(number as u64, "item", "items")
}

/// One line: `not ready: 3 of 31 items, and 5 are not known`.
pub fn verdict(readiness: &Readiness) -> String {
    let not_ready = readiness.count(ItemState::NotReady);
    let unknown = readiness.count(ItemState::NotKnown);
    let all = items(readiness.items.len());
    match (not_ready, unknown) {
        (0, 0) => format!("Ready: nothing is missing in {all}."),
        (0, unknown) => format!(
            "Not known: {unknown} of {all} cannot be told from what was read; no other is missing."
        ),
        (not_ready, 0) => format!("Not ready: {not_ready} of {all}."),
        (not_ready, unknown) => {
            format!(
                "Not ready: {not_ready} of {all}; and {unknown} cannot be told from what was read."
            )
        }
    }
}

/// The same for a report, which is about more: of a cluster of which little was read, how to find out each item is left to the command.
pub fn section(readiness: &Readiness) -> Document {
    let unknown = readiness.count(ItemState::NotKnown);
    let little = unknown * 2 > readiness.items.len();
    let mut document = told(readiness, !little);
    document.title = "Readiness".to_string();
    let before_the_move = |item: &&Item| {
        item.code == crate::readiness::OVERLAY_CODE && item.state == ItemState::NotReady
    };
    if readiness.items.iter().any(|item| before_the_move(&item)) {
        document.paragraph(
            "This is the cluster as it is: that its pods have no addresses of an overlay is what the move is for.",
        );
    }
    if little {
        document.paragraph(format!(
            "How to find out the {} that are not known is said by `aksplan readiness`.",
            items(unknown)
        ));
    }
    document
}

/// Everything a check says.
pub fn document(readiness: &Readiness) -> Document {
    told(readiness, true)
}

fn told(readiness: &Readiness, how_to_find_out: bool) -> Document {
    let mut document = Document::new(format!("{}: readiness", readiness.cluster));
    document.toned(
        verdict(readiness),
        match (readiness.worst(), readiness.is_ready()) {
            (Some(severity), _) => Tone::from(severity),
            (None, true) => Tone::Good,
            (None, false) => Tone::Warning,
        },
    );
    let mut table = Table::new(&["pillar", "item", "state", "evidence", "read from"]);
    for item in &readiness.items {
        table.rows.push(vec![
            Cell::from(item.pillar.word()),
            Cell::from(item.asks),
            Cell::toned(item.state.word(), tone(item)),
            Cell::from(item.evidence.as_str()),
            Cell::toned(item.read_from, Tone::Dim),
        ]);
    }
    document.table("Items", table);
    to_do("What to do", ItemState::NotReady, readiness, &mut document);
    if how_to_find_out {
        to_do(
            "How to find out",
            ItemState::NotKnown,
            readiness,
            &mut document,
        );
    }
    document.talk(match readiness.observed_at {
        Some(at) => {
            format!("As of {at}: what ends by itself is measured from then, and not from now.")
        }
        None => "When this was read is not known: what ends by itself is told by its date alone."
            .to_string(),
    });
    document.not_checked(&readiness.not_checked);
    document
}

fn to_do(heading: &str, state: ItemState, readiness: &Readiness, document: &mut Document) {
    let found: Vec<&Item> = readiness
        .items
        .iter()
        .filter(|item| item.state == state)
        .collect();
    if found.is_empty() {
        return;
    }
    document.heading(heading);
    for item in found {
        document.part(format!("{} ({})", item.code, item.pillar.word()));
        let rules: Vec<&str> = item.rules.iter().map(|rule| rule.id).collect();
        document.paragraph(format!(
            "{}: {}. {} ({})",
            item.asks,
            item.evidence,
            sentence(&item.remedy),
            rules.join(", ")
        ));
        if !item.commands.is_empty() {
            document.code("sh", item.commands.join("\n"));
        }
    }
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => String::new(),
    }
}
