//! `aksplan report`: everything about what was read, in one document.

mod judged;
mod rendering;

use self::judged::judged;
use self::rendering::ReportRendering;
use super::input::{About, Sources, chosen_state, unread};
use super::plan::plan_predictions;
use super::predict::scenario_predictions;
use super::{CliError, Ending};
use crate::capacity::growth::Books;
use crate::capacity::{Assessment, Scope, assess, modes};
use crate::finding::Severity;
use crate::migrate::obstacles;
use crate::predict::Prediction;
use crate::report::shapes::{
    CapacityShape, CompareShape, FORMAT_VERSION, PredictShape, ReportShape,
};
use crate::report::{Cell, Document, Table, Tone, capacity, compare, predict};

/// Everything in one document: capacity, the answers to the operations that were read, and network modes compared
#[derive(Debug, clap::Args)]
// `-f` is the report's own file here.
#[command(mut_arg("from", |from| from.short(None)))]
pub struct ReportArgs {
    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    rendering: ReportRendering,
}

pub fn run(args: &ReportArgs) -> Result<Ending, CliError> {
    let format = args.rendering.format(&args.sources.from)?;
    let (loaded, places) =
        args.rendering
            .placing
            .load(&args.sources, &About::default(), format.needs_places())?;
    let predictions = match &loaded.planned {
        Some(planned) => plan_predictions(&loaded, planned, None),
        None => scenario_predictions(&loaded)?,
    };
    let (title, description) = loaded
        .scenario
        .clone()
        .unwrap_or_else(|| ("Report".to_string(), String::new()));
    let (mut inventory, note) = chosen_state(loaded, false)?;
    inventory.not_checked.extend(note);
    inventory.not_checked.extend(unread(&inventory));
    let assessment = assess(&inventory, &Scope::default());
    let books = Books::of(&inventory);
    let compared: Vec<_> = inventory
        .cluster_indices()
        .map(|index| {
            let cluster = inventory.cluster(index);
            (
                cluster.name.clone(),
                modes::compare(&books, index),
                obstacles(&inventory, cluster, None),
            )
        })
        .collect();
    args.rendering.print(
        format,
        || ReportShape {
            format_version: FORMAT_VERSION,
            title: title.clone(),
            capacity: CapacityShape::of(&inventory, &assessment),
            predictions: predictions.iter().map(PredictShape::from).collect(),
            network_modes: compared
                .iter()
                .map(|(name, rows, eligibility)| CompareShape::of(name, rows, eligibility, &[]))
                .collect(),
        },
        || {
            let mut document = Document::new(title.clone());
            if !description.is_empty() {
                document.paragraph(description.split_whitespace().collect::<Vec<_>>().join(" "));
            }
            document.table("Verdict", verdicts(&assessment, &predictions));
            document.append(capacity::document(&inventory, &assessment, "Capacity"));
            for prediction in &predictions {
                document.append(predict::document(prediction));
            }
            for (name, rows, eligibility) in &compared {
                document.append(compare::document(name, rows, eligibility, &[]));
            }
            document
        },
        || {
            let moves: Vec<_> = compared
                .iter()
                .map(|(name, _, eligibility)| (name.as_str(), eligibility))
                .collect();
            judged(
                (&inventory, &assessment),
                &predictions,
                &moves,
                &title,
                places,
            )
        },
    )?;
    let worst = predictions
        .iter()
        .map(Prediction::worst)
        .chain(assessment.worst())
        .max();
    Ok(args.rendering.ending(worst))
}

/// A row for what is, and one for each operation: what a reviewer reads first.
fn verdicts(assessment: &Assessment, predictions: &[Prediction]) -> Table {
    let mut table = Table::new(&["what", "verdict", "code", "numbers"]);
    let worst = assessment.worst();
    let failing = assessment
        .subnets
        .iter()
        .filter_map(|row| row.first_failure.as_ref())
        .chain(
            assessment
                .pod_cidrs
                .iter()
                .filter_map(|row| row.first_failure.as_ref()),
        )
        .next();
    table.rows.push(vec![
        Cell::from("the estate as it is"),
        match worst {
            Some(severity) => Cell::toned(severity.word(), severity.into()),
            None => Cell::toned("nothing found", Tone::Good),
        },
        Cell::from(failing.map_or("", |failure| failure.answer.code)),
        Cell::from(failing.map_or_else(String::new, |failure| predict::numbers(&failure.answer))),
    ]);
    for prediction in predictions {
        let first = prediction.errors.first();
        // Accepted by AKS, and yet nothing to pass over: a cluster that goes.
        let blocker = prediction
            .findings
            .iter()
            .find(|finding| finding.severity == Severity::Blocker)
            .map_or("", |finding| finding.code);
        table.rows.push(vec![
            Cell::from(format!(
                "{}: {}",
                prediction.cluster,
                prediction.changes.join("; ")
            )),
            Cell::toned(
                predict::verdict(prediction),
                predict::tone(prediction.outcome),
            ),
            Cell::from(first.map_or(blocker, |error| error.code)),
            Cell::from(first.map_or_else(String::new, predict::numbers)),
        ]);
    }
    table
}
