//! `aksplan predict` for people.

use super::capacity::findings;
use super::document::{Cell, Document, Table, Tone};
use super::told::asked;
use crate::capacity::answer::{Answer, CODE_NOT_KNOWN, Stage};
use crate::finding::{counted, grouped};
use crate::predict::{Outcome, Prediction};

/// Everything a prediction says.
pub fn document(prediction: &Prediction) -> Document {
    let mut document = Document::new(asked(prediction));
    document.toned(verdict(prediction), tone(prediction.outcome));
    if !prediction.errors.is_empty() {
        document.heading("What it answers");
        for error in &prediction.errors {
            answer(error, None, &mut document);
        }
    }
    let mut table = Table::new(&["pool", "range", "#nodes", "#per node", "#addresses", "how"]);
    for row in prediction.demand.iter().filter(|row| row.nodes > 0) {
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
    findings("Worth knowing", &prediction.findings, &mut document);
    document.not_checked(&prediction.not_checked);
    document
}

/// The verdict in a sentence. A step of the autoscaler asks AKS nothing, so AKS does not reject it.
pub fn verdict(prediction: &Prediction) -> String {
    match (prediction.kind, prediction.outcome) {
        ("autoscaler_scale_up", Outcome::Accepted) => "the autoscaler's step succeeds".to_string(),
        ("autoscaler_scale_up", Outcome::Unknown) => "the autoscaler's step: unknown".to_string(),
        ("autoscaler_scale_up", _) => "the autoscaler's step fails".to_string(),
        (_, outcome) => format!("AKS: {}", outcome.word()),
    }
}

/// How a verdict should strike the reader.
pub fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Accepted => Tone::Good,
        Outcome::Unknown => Tone::Warning,
        Outcome::AcceptedThenFails | Outcome::Rejected => Tone::Bad,
    }
}

/// The numbers of an answer, or where it points.
pub fn numbers(error: &Answer) -> String {
    match (
        error.preallocated,
        error.available,
        &error.subnet,
        &error.cidr,
    ) {
        (Some(wanted), Some(available), Some(subnet), Some(cidr)) => format!(
            "{} wanted, {} available in {subnet} ({})",
            counted(wanted, "address", "addresses"),
            grouped(available),
            cidr.replace(',', ", ")
        ),
        _ => error.target.clone().unwrap_or_default(),
    }
}

/// One answer: code and numbers, the service's own words, how sure it is. `lead` says what it is about.
pub fn answer(error: &Answer, lead: Option<&str>, document: &mut Document) {
    let stage = match error.stage {
        Stage::Admission => "at admission",
        Stage::Runtime => "at run time",
    };
    let code = if error.code == CODE_NOT_KNOWN {
        "(code not known)"
    } else {
        error.code
    };
    let numbers = numbers(error);
    let mut head = format!("{code} {stage}");
    if let Some(lead) = lead {
        head = format!("{lead}: {head}");
    }
    if !numbers.is_empty() {
        head = format!("{head}: {numbers}");
    }
    document.toned(head, Tone::Bad);
    document.quote(error.message.as_str());
    let rules: Vec<&str> = error.rules.iter().map(|rule| rule.id).collect();
    let target = error
        .target
        .as_ref()
        .map_or_else(String::new, |target| format!("; target {target}"));
    document.toned(
        format!("{}{target}; {}", error.certainty.word(), rules.join(", ")),
        Tone::Dim,
    );
}
