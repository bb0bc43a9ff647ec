//! A cluster of a mode from which there is no in-place move: that is the decision, with its reason and its rule. Promises nothing of what
//! a new cluster would be.

use super::Moved;
use crate::finding::{Finding, Severity};
use crate::migrate::decision::{Decision, Go, Reason};
use crate::migrate::dependents::Dependents;
use crate::migrate::eligibility::{Eligibility, Obstacle};
use crate::model::{Cluster, Subject};
use crate::report::document::{Document, Tone};
use crate::report::review::cannot_move;

/// The code of what says so.
const NO_IN_PLACE_MOVE: &str = "no-in-place-move";

/// Why there is no move, and what there is instead.
pub fn why_not(obstacle: &Obstacle) -> String {
    format!(
        "{} ({}): {}",
        obstacle.evidence, obstacle.rule.id, obstacle.remedy
    )
}

impl Moved {
    /// `None`: there is a move to look at, or nothing to move, or the mode is not known.
    pub fn impossible(cluster: &Cluster, eligibility: &Eligibility) -> Option<Self> {
        if !cannot_move(cluster) {
            return None;
        }
        let subject = Subject::Cluster(cluster.label().to_string());
        let findings: Vec<Finding> = eligibility
            .blockers()
            .map(|obstacle| {
                Finding::new(
                    Severity::Blocker,
                    NO_IN_PLACE_MOVE,
                    why_not(obstacle),
                    &[obstacle.rule],
                )
                .about(subject.clone())
            })
            .collect();
        if findings.is_empty() {
            return None;
        }
        let mut instead = Document::new("No in-place move");
        for finding in &findings {
            instead.toned(finding.message.clone(), Tone::Bad);
        }
        instead.paragraph(
            "What a new cluster takes is not looked at here: whether its nodes fit into the network beside these, who relies on the \
             addresses of these pods, how the traffic gets there and how long that takes.",
        );
        instead.not_checked(&[format!(
            "{}: what a new cluster on Azure CNI Overlay takes, and who relies on the addresses of the pods of this one: no in-place move \
             is there to look at (MIG-1)",
            cluster.label()
        )]);
        Some(Moved {
            cluster: cluster.label().to_string(),
            title: format!("{}: no in-place move", cluster.label()),
            pod_cidr: None,
            decision: Decision {
                go: Go::No,
                blockers: findings.iter().map(Reason::from).collect(),
                conditions: Vec::new(),
                accepted: Vec::new(),
            },
            findings,
            breaks: Dependents::default(),
            plan: None,
            simulated: None,
            helps: Vec::new(),
            chance: None,
            played: None,
            is_possible: false,
            parts: vec![instead],
        })
    }
}
