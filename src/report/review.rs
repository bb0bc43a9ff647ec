//! The report that a change review reads: the verdict first, pictures where people would rather look, every claim with what it rests on.
//! Numbers and verdicts are the core's: what is not at hand is asked of it here, and put into words and pictures. Simulates nothing and
//! keeps no threshold of its own.
//!
//! In the order of the page: `verdict` (what is decided, and by what) · `change` (why, and for how long) · `map` (who holds what) ·
//! `ceiling` · `ranges` (which meet) · `modes` · `year` · [`moved`] (the move: time, availability, dependents, runbook, way back, code) ·
//! `fleet` (who cannot be moved, of many) · `closing` (risks, rules, input).

mod ceiling;
mod change;
mod closing;
mod fleet;
mod in_place;
mod map;
mod modes;
pub mod moved;
mod ranges;
mod verdict;
mod year;

pub use moved::Moved;
pub use verdict::{estate_word, page_word};

use super::growth::Played;
use super::{Document, capacity, predict, readiness, told};
use crate::capacity::growth::Books;
use crate::capacity::modes::ModeRow;
use crate::capacity::runway::Paces;
use crate::capacity::{Assessment, Scope};
use crate::migrate::eligibility::Eligibility;
use crate::model::{Cluster, ClusterIndex, Inventory, IpNet, NetworkMode};
use crate::predict::Prediction;
use crate::readiness::Readiness;

/// Everything a report is made of.
#[derive(Clone, Copy)]
pub struct Review<'a> {
    pub title: &'a str,
    pub description: &'a str,
    pub inventory: &'a Inventory,
    pub books: &'a Books<'a>,
    pub scope: &'a Scope,
    pub assessment: &'a Assessment,
    pub predictions: &'a [Prediction],
    pub clusters: &'a [ClusterPart],
    pub paces: &'a Paces,
    /// A timeline that was played.
    pub played: Option<&'a Played<'a>>,
    pub input: &'a Input,
    /// What was left out because there are so many clusters, in sentences.
    pub left_out: &'a [String],
}

impl Review<'_> {
    /// Whether it is known of this cluster if it can move to Azure CNI Overlay; who is there already is not asked.
    pub fn is_judged(&self, part: &ClusterPart) -> bool {
        let cluster = self.inventory.cluster(part.index);
        may_move(cluster) || cannot_move(cluster)
    }
}

/// Whether a cluster is of a network mode from which there is a move to Azure CNI Overlay.
pub fn may_move(cluster: &Cluster) -> bool {
    cluster.mode().is_some_and(NetworkMode::moves_to_overlay)
}

/// Whether a cluster is of a mode from which there is no move in place, and is not where a move would bring it.
pub fn cannot_move(cluster: &Cluster) -> bool {
    cluster
        .mode()
        .is_some_and(|mode| !mode.moves_to_overlay() && mode != NetworkMode::Overlay)
}

/// What is said of one cluster.
pub struct ClusterPart {
    pub index: ClusterIndex,
    pub modes: Vec<ModeRow>,
    pub eligibility: Eligibility,
    /// Who says how it grows; `None`: nobody does.
    pub growth_said_by: Option<&'static str>,
    /// What the pod CIDR of the move, or of a cluster on Overlay, may grow to in place, as far as it is free (EXP-1).
    pub superset: Option<IpNet>,
    /// `None`: it needs no move, or none is asked about, or of a fleet none is looked at.
    pub moved: Option<Moved>,
    /// `None`: of a fleet, nobody reads it cluster by cluster.
    pub readiness: Option<Readiness>,
}

/// What was read, so that the same report can be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// As they were named.
    pub sources: Vec<String>,
    /// What was asked for beside them, as it would be typed again.
    pub flags: Vec<String>,
    /// SHA-256 of the facts, plan, operations, timelines and policy that were read, whatever files are called.
    pub fingerprint: String,
    /// Futures and seed, where any were played.
    pub chance: Option<(u32, u64)>,
}

/// Parts of an estate that are drawn or spelled out; more than these nobody looks at, and tables have the others.
const SPELLED_OUT: usize = 12;

/// The whole report.
pub fn document(review: &Review) -> Document {
    let told = told::of_review(review);
    let mut document = Document::new(review.title);
    verdict::lead(review, &told, &mut document);
    change::section(review, &mut document);
    map::section(review, &mut document);
    ceiling::section(review, &mut document);
    ranges::section(review, &mut document);
    modes::section(review, &mut document);
    year::section(review, &mut document);
    let moves = || {
        review
            .clusters
            .iter()
            .filter_map(|part| part.moved.as_ref())
    };
    let several = moves().count() > 1;
    for moved in moves() {
        moved.sections(several, &mut document);
    }
    fleet::section(review, &mut document);
    let checked: Vec<&Readiness> = review
        .clusters
        .iter()
        .filter_map(|part| part.readiness.as_ref())
        .collect();
    for readiness in &checked {
        let mut section = readiness::section(readiness);
        if checked.len() > 1 {
            section.title = format!("{}: {}", readiness.cluster, section.title);
        }
        document.append(section);
    }
    document.append(capacity::document(
        review.inventory,
        review.assessment,
        "Capacity in numbers",
    ));
    for prediction in review.predictions {
        document.append(predict::document(prediction));
    }
    closing::risks(told, &mut document);
    document.not_checked(review.left_out);
    document.not_checked(&in_one_sense(review));
    closing::input(review, &mut document);
    closing::rules(&mut document);
    document
}

/// What is not told apart where VNets share a name: a move is played, and planned, by names that stay the same whatever else is read.
fn in_one_sense(review: &Review) -> Vec<String> {
    let shared = review.inventory.vnets.iter();
    let shared = shared.filter(|vnet| vnet.told_apart.is_some()).count();
    let plays = review.clusters.iter().any(|part| {
        let moved = part.moved.as_ref();
        moved.is_some_and(|moved| moved.simulated.is_some() || moved.plan.is_some())
    });
    match shared > 0 && plays {
        false => Vec::new(),
        true => vec![
            "VNets share a name: in what a move does, in its plan and in its runbook a subnet goes by VNet/subnet alone, and is the one of the \
             cluster's own VNet"
                .to_string(),
        ],
    }
}
