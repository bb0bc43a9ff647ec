//! What closes a report: every risk once, the worst first; what was read; the rules that it cites, with their sources.

use super::change::left_out;
use super::{Review, SPELLED_OUT};
use crate::finding::grouped;
use crate::report::document::{Block, Cell, Document, Table, Tone, Weight};
use crate::report::told::Told;
use crate::rule::{self, Rule};
use std::collections::BTreeSet;

/// Rows of risks; more are counted.
const SHOWN: usize = 200;

pub(super) fn risks(mut all: Vec<Told>, document: &mut Document) {
    if all.is_empty() {
        return;
    }
    // Stable: of one severity, in the order of the report.
    all.sort_by_key(|told| std::cmp::Reverse(told.severity));
    let mut seen = BTreeSet::new();
    all.retain(|told| seen.insert(told.message.clone()));
    let more = all.len().saturating_sub(SHOWN);
    let mut table = Table::new(&["severity", "what", "code", "rules"]);
    for told in all.into_iter().take(SHOWN) {
        let rules: Vec<&str> = told.rules.iter().map(|rule| rule.id).collect();
        table.rows.push(vec![
            Cell::toned(told.severity.word(), told.severity.into()),
            Cell::from(told.message),
            Cell::toned(told.code, Tone::Dim),
            Cell::from(rules.join(", ")),
        ]);
    }
    document.weighty(Weight::Needed(0), "Risks by severity");
    document.blocks.push(Block::Table(table));
    if more > 0 {
        document.paragraph(format!(
            "{} more; `-o json` has all of them.",
            grouped(more as u64)
        ));
    }
}

pub(super) fn input(review: &Review, document: &mut Document) {
    let input = review.input;
    let mut table = Table::new(&["what", "value"]);
    let mut row = |what: &str, value: String| {
        table.rows.push(vec![Cell::from(what), Cell::from(value)]);
    };
    row("made by", format!("aksplan {}", env!("CARGO_PKG_VERSION")));
    row("read from", input.sources.join(", "));
    if !input.flags.is_empty() {
        row("asked with", input.flags.join(" "));
    }
    row(
        "fingerprint of what was read (SHA-256)",
        input.fingerprint.clone(),
    );
    if let Some(at) = review.inventory.observed_at {
        row("observed at", at.to_string());
    }
    if let Some((futures, seed)) = input.chance {
        row(
            "futures",
            format!("{} of seed {seed}", grouped(u64::from(futures))),
        );
    }
    for part in review.clusters.iter().take(SPELLED_OUT) {
        let cluster = review.inventory.cluster(part.index);
        let version = cluster
            .kubernetes_version
            .map_or_else(|| "not known".to_string(), |version| version.to_string());
        row(
            &format!("Kubernetes version of {}", cluster.label()),
            version,
        );
        for pool in &cluster.pools {
            if let Some(image) = &pool.node_image_version {
                row(
                    &format!("node image of {}/{}", cluster.label(), pool.name),
                    image.clone(),
                );
            }
        }
    }
    document.table("Versions and input", table);
    left_out(review.clusters.len(), document);
    document.paragraph(
        "The same input, the same flags and the same version give the same report, byte for byte. The fingerprint tells whether the input is \
         the same: facts, plan, operations, timelines and the values of --policy, whatever files are called and wherever in them it stands.",
    );
}

/// Every rule that a text of the document names, with its source and its date.
pub(super) fn rules(document: &mut Document) {
    let mut cited: BTreeSet<&'static str> = BTreeSet::new();
    for block in &document.blocks {
        texts(block, &mut |text| words(text, &mut cited));
    }
    for sentence in &document.not_checked {
        words(sentence, &mut cited);
    }
    let mut table = Table::new(&["rule", "says", "how sure", "source and date"]);
    for rule in rule::ALL.iter().filter(|rule| cited.contains(rule.id)) {
        table.rows.push(row(rule));
    }
    document.table("Rules cited", table);
}

fn row(rule: &Rule) -> Vec<Cell> {
    vec![
        Cell::from(rule.id),
        Cell::from(rule.title),
        Cell::from(rule.confidence.word()),
        Cell::toned(rule.source, Tone::Dim),
    ]
}

fn words(text: &str, cited: &mut BTreeSet<&'static str>) {
    let is_of_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
    for word in text.split(|c| !is_of_id(c)) {
        // As it is written: `rule::find` is more lenient than a citation, and folds every id for every word.
        if let Some(rule) = rule::ALL.iter().find(|rule| rule.id == word) {
            cited.insert(rule.id);
        }
    }
}

fn texts(block: &Block, each: &mut impl FnMut(&str)) {
    let cells = |rows: &Table, each: &mut dyn FnMut(&str)| {
        for cell in rows.rows.iter().flatten() {
            each(&cell.text);
        }
    };
    match block {
        Block::Heading { text, .. } | Block::Paragraph { text, .. } => each(text),
        Block::Verdict { sentence, .. } => each(sentence),
        Block::Numbers(numbers) => numbers.iter().for_each(|number| each(&number.note)),
        Block::List(items) => items.iter().for_each(|(_, text)| each(text)),
        Block::Table(table) => cells(table, each),
        Block::Figure(figure) => {
            each(&figure.says);
            cells(&figure.table, each);
        }
        Block::Talk(block) => texts(block, each),
        // Pictures say what their tables say; code and others' words cite nothing.
        Block::Gantt(_) | Block::Code { .. } | Block::Quote(_) => {}
    }
}
