//! `aksplan predict` for people.

use super::capacity::findings;
use super::document::{Block, Cell, Document, Table, Tone};
use crate::capacity::answer::Stage;
use crate::finding::grouped;
use crate::predict::{Outcome, Prediction};

/// Everything a prediction says.
pub fn document(prediction: &Prediction) -> Document {
    let mut document = Document::new(format!(
        "{}: {}",
        prediction.cluster,
        if prediction.changes.is_empty() {
            "no change".to_string()
        } else {
            prediction.changes.join("; ")
        }
    ));
    let tone = match prediction.outcome {
        Outcome::Accepted => Tone::Good,
        Outcome::Unknown => Tone::Warning,
        Outcome::AcceptedThenFails | Outcome::Rejected => Tone::Bad,
    };
    document.toned(format!("AKS: {}", prediction.outcome.word()), tone);
    if !prediction.errors.is_empty() {
        document.heading("What it answers");
        let items = prediction
            .errors
            .iter()
            .map(|error| {
                let rules: Vec<&str> = error.rules.iter().map(|rule| rule.id).collect();
                let stage = match error.stage {
                    Stage::Admission => "at admission",
                    Stage::Runtime => "at run time",
                };
                let target = error
                    .target
                    .as_ref()
                    .map_or_else(String::new, |target| format!(", target {target}"));
                let code = if error.code == crate::capacity::answer::CODE_NOT_KNOWN {
                    "(code not known)"
                } else {
                    error.code
                };
                (
                    Cell::toned(code, Tone::Bad),
                    format!(
                        "{} [{stage}{target}; {}; {}]",
                        error.message,
                        error.certainty.word(),
                        rules.join(", ")
                    ),
                )
            })
            .collect();
        document.blocks.push(Block::List(items));
    }
    let mut table = Table::new(&["pool", "range", "#nodes", "#per node", "#addresses", "how"]);
    for row in &prediction.demand {
        table.rows.push(vec![
            Cell::from(row.pool.as_str()),
            Cell::from(row.subnet.as_str()),
            Cell::from(grouped(row.nodes)),
            Cell::from(grouped(row.per_node)),
            Cell::from(grouped(row.addresses)),
            Cell::toned(row.basis.as_str(), Tone::Dim),
        ]);
    }
    document.table("What it adds up", table);
    findings(
        "Worth knowing",
        prediction.findings.iter().map(|finding| &finding.0),
        &mut document,
    );
    document.talk_list("Not checked", &prediction.not_checked);
    document
}
