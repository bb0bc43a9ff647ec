//! `aksplan report -o json`.

use super::readiness::ReadinessShape;
use super::simulation::SimulationShape;
use super::{CapacityShape, CompareShape, FORMAT_VERSION, PredictShape};
use crate::migrate::Dependents;
use crate::migrate::plan::Plan;
use crate::report::review::{Moved, Review, estate_word};
use schemars::JsonSchema;
use serde::Serialize;

/// Everything a report says.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "aksplan report")]
pub struct ReportShape {
    #[schemars(extend("pattern" = "^1\\."))]
    pub format_version: &'static str,
    pub title: String,
    /// The estate as it is in a word: `Fits`, `Tight`, `Runs out`.
    pub verdict: &'static str,
    pub capacity: CapacityShape,
    pub predictions: Vec<PredictShape>,
    pub network_modes: Vec<CompareShape>,
    /// One for each cluster that may move to Azure CNI Overlay.
    pub moves: Vec<MoveShape>,
    /// One for each cluster, unless there are many.
    pub readiness: Vec<ReadinessShape>,
    pub input: InputShape,
}

/// The move of one cluster, as it would be.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MoveShape {
    pub cluster: String,
    pub pod_cidr: Option<String>,
    /// `go`, `go_with_conditions`, `not_known` or `no_go`.
    pub decision: &'static str,
    pub blockers: Vec<String>,
    pub conditions: Vec<String>,
    /// Who relies on pod addresses.
    pub dependents: Dependents,
    /// What `aksplan migrate` says of it; `null`: nodes and pods were not read.
    pub simulation: Option<SimulationShape>,
    /// The plan that could be carried out; `null`: something stands in the way.
    pub plan: Option<Plan>,
}

/// What was read.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct InputShape {
    pub made_by: String,
    pub sources: Vec<String>,
    pub observed_at: Option<String>,
    /// SHA-256 of all facts.
    pub fingerprint: String,
}

impl ReportShape {
    pub fn of(review: &Review) -> Self {
        let names = review.clusters.iter().map(|part| {
            let cluster = review.inventory.cluster(part.index);
            CompareShape::of(&cluster.name, &part.modes, &part.eligibility, &[])
        });
        let moves = review
            .clusters
            .iter()
            .filter_map(|part| part.moved.as_ref());
        ReportShape {
            format_version: FORMAT_VERSION,
            title: review.title.to_string(),
            verdict: estate_word(review.assessment.worst()).0,
            capacity: CapacityShape::of(review.inventory, review.assessment),
            predictions: review.predictions.iter().map(PredictShape::from).collect(),
            network_modes: names.collect(),
            moves: moves.map(MoveShape::from).collect(),
            readiness: review
                .clusters
                .iter()
                .filter_map(|part| part.readiness.as_ref())
                .map(ReadinessShape::from)
                .collect(),
            input: InputShape {
                made_by: format!("aksplan {}", env!("CARGO_PKG_VERSION")),
                sources: review.input.sources.clone(),
                observed_at: review.inventory.observed_at.map(|at| at.to_string()),
                fingerprint: review.input.fingerprint.clone(),
            },
        }
    }
}

impl From<&Moved> for MoveShape {
    fn from(moved: &Moved) -> Self {
        MoveShape {
            cluster: moved.cluster.clone(),
            pod_cidr: moved.pod_cidr.map(|range| range.to_string()),
            decision: moved.decision.go.key(),
            blockers: moved.decision.blockers.clone(),
            conditions: moved.decision.conditions.clone(),
            dependents: moved.breaks.clone(),
            simulation: moved.simulated.clone(),
            plan: moved.plan.clone(),
        }
    }
}
