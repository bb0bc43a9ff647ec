//! `aksplan report -o json`.

use super::growth::SimulateShape;
use super::page::{SectionShape, sections};
use super::readiness::ReadinessShape;
use super::simulation::SimulationShape;
use super::{CapacityShape, CompareShape, FORMAT_VERSION, PredictShape};
use crate::finding::Severity;
use crate::migrate::Dependents;
use crate::migrate::decision::{Go, Reason};
use crate::migrate::plan::Plan;
use crate::report::review::{Moved, Review, document, estate_word, page_word};
use crate::report::told::{self, Told};
use schemars::JsonSchema;
use serde::Serialize;

/// Everything a report says.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "aksplan report")]
pub struct ReportShape {
    #[schemars(extend("pattern" = "^1\\."))]
    pub format_version: &'static str,
    pub title: String,
    /// What the page says first. Of moves the worst decision: `Go`, `Go, with conditions`, `Not to be decided yet`, `No go`. Where
    /// nothing is moved, the worst of the estate (`estate`), what is asked (`Fails`), the timeline (`Runs out`) and readiness
    /// (`Not ready`).
    pub verdict: String,
    /// The estate as it is in a word, whatever is decided of moves: `Fits`, `Not known`, `Tight`, `Upgrades refused`, `Runs out`, `Blocked`.
    pub estate: &'static str,
    /// The worst decision of all moves: `go`, `go_with_conditions`, `not_known` or `no_go`; `null`: nothing is moved, or no move was looked at
    /// (`left_out`).
    pub decision: Option<&'static str>,
    /// Everything that was found, the worst first.
    pub risks: Vec<RiskShape>,
    pub capacity: CapacityShape,
    pub predictions: Vec<PredictShape>,
    pub network_modes: Vec<CompareShape>,
    /// One for each cluster that is not on Azure CNI Overlay: where no in-place move exists, a `no_go` without plan and simulation. None of a
    /// cluster whose network mode is not known, and none at all where no move was looked at (`left_out`).
    pub moves: Vec<MoveShape>,
    /// One for each cluster; none at all where readiness was not looked at (`left_out`).
    pub readiness: Vec<ReadinessShape>,
    /// A timeline that was played; `null`: there is none.
    pub timeline: Option<SimulateShape>,
    /// What was not looked at though it was read, in sentences: of a fleet moves and readiness, of a part of an estate its timeline.
    pub left_out: Vec<String>,
    pub input: InputShape,
    /// The page in words and numbers: with what no field above has.
    pub sections: Vec<SectionShape>,
    /// What was not looked at, or is only assumed.
    pub not_checked: Vec<String>,
}

/// Something that was found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RiskShape {
    /// Stable: of a finding, or of an error of AKS.
    pub code: &'static str,
    pub severity: Severity,
    pub message: String,
    pub rules: Vec<&'static str>,
}

/// The move of one cluster, as it would be.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MoveShape {
    pub cluster: String,
    pub pod_cidr: Option<String>,
    /// `go`, `go_with_conditions`, `not_known` or `no_go`.
    pub decision: &'static str,
    /// What must be gone before.
    pub blockers: Vec<String>,
    /// What must be looked at before.
    pub conditions: Vec<String>,
    /// What goes with every move: whoever says go accepts it.
    pub accepted: Vec<String>,
    /// Who relies on pod addresses.
    pub dependents: Dependents,
    /// What `aksplan migrate` says of it; `null`: no nodes were read, or there is no such move.
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
    /// What was asked for beside them, as it would be typed again.
    pub flags: Vec<String>,
    /// SHA-256 of the facts, plan, operations, timelines and values of `--policy` that were read, whatever files are called: the same of the
    /// same input.
    pub fingerprint: String,
}

impl ReportShape {
    pub fn of(review: &Review) -> Self {
        let page = document(review);
        let mut told = told::of_review(review);
        told::sort(&mut told);
        let names = review.clusters.iter().map(|part| {
            let cluster = review.inventory.cluster(part.index);
            CompareShape::of(cluster.label(), &part.modes, &part.eligibility, &[])
        });
        let moves = review
            .clusters
            .iter()
            .filter_map(|part| part.moved.as_ref());
        ReportShape {
            format_version: FORMAT_VERSION,
            title: review.title.to_string(),
            verdict: page_word(&page),
            estate: estate_word(review.assessment).0,
            decision: moves
                .clone()
                .map(|moved| moved.decision.go)
                .max()
                .map(Go::key),
            risks: told.into_iter().map(RiskShape::from).collect(),
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
            timeline: review.played.map(SimulateShape::of),
            left_out: review.left_out.to_vec(),
            sections: sections(&page),
            not_checked: page.not_checked,
            input: InputShape {
                made_by: format!("aksplan {}", env!("CARGO_PKG_VERSION")),
                sources: review.input.sources.clone(),
                observed_at: review.inventory.observed_at.map(|at| at.to_string()),
                flags: review.input.flags.clone(),
                fingerprint: review.input.fingerprint.clone(),
            },
        }
    }
}

impl From<Told> for RiskShape {
    fn from(told: Told) -> Self {
        RiskShape {
            code: told.code,
            severity: told.severity,
            message: told.message,
            rules: super::ids(&told.rules),
        }
    }
}

fn sentences(reasons: &[Reason]) -> Vec<String> {
    let sentences = reasons.iter().map(|reason| reason.sentence.clone());
    sentences.collect()
}

impl From<&Moved> for MoveShape {
    fn from(moved: &Moved) -> Self {
        MoveShape {
            cluster: moved.cluster.clone(),
            pod_cidr: moved.pod_cidr.map(|range| range.to_string()),
            decision: moved.decision.go.key(),
            blockers: sentences(&moved.decision.blockers),
            conditions: sentences(&moved.decision.conditions),
            accepted: sentences(&moved.decision.accepted),
            dependents: moved.breaks.clone(),
            simulation: moved.simulated.clone(),
            plan: moved.plan.clone(),
        }
    }
}
