//! What a report found, for formats that list it thing by thing.

use super::super::pipeline::Judged;
use crate::model::{NetworkMode, Places};
use crate::report::junit::{self, Case, Suite};
use crate::report::review::{ClusterPart, Review};
use crate::report::told::{self, Told};

/// Everything in the order of the report.
pub fn judged(review: &Review, about: &str, places: Places) -> Judged {
    let mut found = told::of_assessment(review.assessment);
    found.extend(review.predictions.iter().flat_map(told::of_prediction));
    let mut not_checked = review.assessment.not_checked.clone();
    for prediction in review.predictions {
        not_checked.extend_from_slice(&prediction.not_checked);
    }
    let mut cases = Vec::new();
    for part in review.clusters {
        let Some(case) = of_move(review, part) else {
            continue;
        };
        found.extend(case.told.iter().cloned());
        not_checked.extend_from_slice(&part.eligibility.not_checked);
        cases.push(case);
    }
    let mut suites = junit::subnets_and_pools(review.inventory, review.assessment);
    suites.push(junit::predictions(review.predictions));
    suites.push(Suite {
        name: "migration",
        cases,
    });
    Judged {
        command: "report",
        about: about.to_string(),
        told: found,
        suites,
        not_checked,
        places,
    }
}

/// The move of a cluster: decided where it was studied, and else what stands in its way. `None`: it has no move to make.
fn of_move(review: &Review, part: &ClusterPart) -> Option<Case> {
    let cluster = review.inventory.cluster(part.index);
    if let Some(moved) = &part.moved {
        let told: Vec<Told> = told::of_decision(&moved.cluster, &moved.decision, &moved.findings);
        return Some(junit::decision(&moved.cluster, &moved.decision, told));
    }
    let may_move = matches!(
        cluster.mode(),
        Some(NetworkMode::NodeSubnet | NetworkMode::Kubenet)
    );
    may_move.then(|| junit::eligibility(&cluster.name, &part.eligibility))
}
