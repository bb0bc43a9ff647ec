//! What a report found, for formats that list it thing by thing.

use super::super::pipeline::Judged;
use crate::capacity::Assessment;
use crate::migrate::eligibility::Eligibility;
use crate::model::{Inventory, Places};
use crate::predict::Prediction;
use crate::report::{junit, told};

/// The parts of a report, in its order. `moves`: each cluster by name, with what stands in the way of its move.
pub fn judged(
    (inventory, assessment): (&Inventory, &Assessment),
    predictions: &[Prediction],
    moves: &[(&str, &Eligibility)],
    title: &str,
    places: Places,
) -> Judged {
    let mut found = told::of_assessment(assessment);
    found.extend(predictions.iter().flat_map(told::of_prediction));
    let of_moves = moves
        .iter()
        .flat_map(|(name, eligibility)| told::of_eligibility(name, eligibility));
    found.extend(of_moves);
    let mut suites = junit::subnets_and_pools(inventory, assessment);
    suites.push(junit::predictions(predictions));
    suites.push(junit::eligibility(moves.iter().copied()));
    let mut not_checked = assessment.not_checked.clone();
    for prediction in predictions {
        not_checked.extend_from_slice(&prediction.not_checked);
    }
    for (_, eligibility) in moves {
        not_checked.extend_from_slice(&eligibility.not_checked);
    }
    Judged {
        command: "report",
        about: title.to_string(),
        told: found,
        suites,
        not_checked,
        places,
    }
}
