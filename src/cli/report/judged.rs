//! What a report found, for formats that list it thing by thing.

use super::super::pipeline::Judged;
use crate::model::Places;
use crate::report::junit::{self, Suite};
use crate::report::review::Review;
use crate::report::told::{self, Told};

/// Everything in the order of the report. `not_checked`: what closes its page.
pub fn judged(
    review: &Review,
    about: &str,
    told: Vec<Told>,
    not_checked: Vec<String>,
    places: Places,
) -> Judged {
    let mut cases = Vec::new();
    for part in review.clusters {
        let told = told::of_part(review, part);
        let cluster = review.inventory.cluster(part.index);
        match &part.moved {
            Some(moved) => cases.push(junit::decision(&moved.cluster, &moved.decision, told)),
            None if review.is_judged(part) => {
                cases.push(junit::eligibility(cluster.label(), &part.eligibility));
            }
            None => {}
        }
    }
    let checked = review.clusters.iter();
    let checked: Vec<_> = checked.filter_map(|part| part.readiness.as_ref()).collect();
    let mut suites = junit::subnets_and_pools(review.inventory, review.assessment);
    suites.push(junit::predictions(review.predictions));
    suites.push(Suite {
        name: "migration",
        cases,
    });
    suites.push(junit::readiness(&checked));
    if let Some(played) = review.played {
        suites.push(junit::timeline(played.name, played.findings()));
    }
    Judged {
        about: about.to_string(),
        told,
        suites,
        not_checked,
        places,
    }
}
