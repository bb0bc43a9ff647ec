//! `aksplan explain` for people.

use super::document::{Block, Cell, Document, Table, Tone};
use crate::rule::{self, Confidence, Rule};

/// One rule in words.
pub fn document(rule: &'static Rule) -> Document {
    let mut document = Document::new(format!("{}: {}", rule.id, rule.title));
    document.paragraph(rule.says);
    let tone = match rule.confidence {
        Confidence::Documented => Tone::Good,
        Confidence::Indirect | Confidence::Inferred | Confidence::Contradictory => Tone::Warning,
    };
    document.heading("How sure");
    document.toned(
        format!(
            "{} ({}): {}",
            rule.confidence.word(),
            rule.confidence.letter(),
            rule.confidence.meaning()
        ),
        tone,
    );
    document.heading("Source");
    document.paragraph(rule.source);
    document.heading("Used in");
    let used = rule::used_in(rule);
    if used.is_empty() {
        document.paragraph("Not used by this version.");
    } else {
        let items = used
            .iter()
            .map(|file| (Cell::toned("-", Tone::Dim), format!("src/{file}")))
            .collect();
        document.blocks.push(Block::List(items));
    }
    document
}

/// Every rule, a line each.
pub fn list() -> Document {
    let mut document = Document::new("Rules");
    let mut table = Table::new(&["rule", "sure", "what"]);
    for rule in rule::ALL {
        table.rows.push(vec![
            Cell::from(rule.id),
            Cell::from(rule.confidence.word()),
            Cell::from(rule.title),
        ]);
    }
    document.table("All", table);
    document
}
