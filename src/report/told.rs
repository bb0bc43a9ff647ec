//! Everything that was found, as one flat list: what pipelines read. Never leaves anything out: a finding of the core is one
//! entry here, whatever its format makes of it.

use crate::capacity::Assessment;
use crate::capacity::answer::{Answer, CODE_NOT_KNOWN, Stage};
use crate::capacity::overlap::Overlap;
use crate::finding::{Finding, Severity};
use crate::migrate::decision::{Decision, Reason};
use crate::migrate::eligibility::Eligibility;
use crate::model::Subject;
use crate::predict::{Outcome, Prediction};
use crate::readiness::{Item, ItemState, Readiness};
use crate::report::review::{ClusterPart, Review};
use crate::rule::Rule;

/// One thing that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Stable: a finding's code, or that of an error of AKS.
    pub code: &'static str,
    pub severity: Severity,
    pub message: String,
    pub rules: Vec<&'static Rule>,
    pub subject: Subject,
    /// What it has to do with besides.
    pub related: Vec<Subject>,
    /// What tells it from another of the same code about the same subject: stable where the numbers of the message are not.
    pub detail: String,
}

impl From<&Finding> for Told {
    fn from(finding: &Finding) -> Self {
        Told {
            code: finding.code,
            severity: finding.severity,
            message: finding.message.clone(),
            rules: finding.rules.clone(),
            subject: finding.subject.clone(),
            related: Vec::new(),
            detail: String::new(),
        }
    }
}

impl From<&Overlap> for Told {
    fn from(overlap: &Overlap) -> Self {
        let (a, b) = (&overlap.a, &overlap.b);
        let range = |range: &crate::capacity::overlap::OwnedRange| {
            format!("{} {} of {}", range.kind.word(), range.cidr, range.owner)
        };
        // The range of the cluster is what somebody chose; a platform's or a stranger's stays.
        let (subject, other) = match (a.subject(), b.subject()) {
            (Subject::Estate, b) => (b, Subject::Estate),
            (a, b) => (a, b),
        };
        Told {
            code: "overlap",
            severity: overlap.severity,
            message: format!("{} meets {}: {}", range(a), range(b), overlap.why),
            rules: overlap.rules.clone(),
            subject,
            related: (other != Subject::Estate)
                .then_some(other)
                .into_iter()
                .collect(),
            detail: format!("{}|{}", range(a), range(b)),
        }
    }
}

/// Codes of findings about a cluster that are its pod CIDR's.
pub const OF_POD_CIDR: [&str; 3] = ["pod-cidr-ceiling", "pod-cidr-surge", "ipv6-pod-cidr"];

/// What an assessment found.
pub fn of_assessment(assessment: &Assessment) -> Vec<Told> {
    let overlaps = assessment.overlaps.iter().map(Told::from);
    let findings = assessment.findings.iter().map(Told::from);
    findings.chain(overlaps).collect()
}

/// What AKS answers, and what else is worth knowing.
pub fn of_prediction(prediction: &Prediction) -> Vec<Told> {
    let asked = asked(prediction);
    let error = |error: &Answer| {
        let stage = match error.stage {
            Stage::Admission => "at admission",
            Stage::Runtime => "at run time",
        };
        let known = error.code != CODE_NOT_KNOWN;
        let code = if known { error.code } else { "aks-refuses" };
        Told {
            code,
            severity: prediction.outcome.severity(),
            message: format!("{asked}: {code} {stage}: {}", error.message),
            rules: error.rules.clone(),
            subject: prediction.subject.clone(),
            related: Vec::new(),
            detail: format!(
                "{}|{}",
                prediction.changes.join("|"),
                error.target.as_deref().unwrap_or_default()
            ),
        }
    };
    let mut told: Vec<Told> = prediction.errors.iter().map(error).collect();
    if prediction.outcome == Outcome::Unknown && told.is_empty() {
        told.push(Told {
            code: "answer-unknown",
            severity: Severity::Warning,
            message: format!(
                "{asked}: what AKS answers is not decided by what was read: {}",
                prediction.open.join("; ")
            ),
            rules: Vec::new(),
            subject: prediction.subject.clone(),
            related: Vec::new(),
            detail: prediction.changes.join("|"),
        });
    }
    told.extend(prediction.findings.iter().map(|finding| Told {
        message: format!("{asked}: {}", finding.message),
        detail: prediction.changes.join("|"),
        ..Told::from(finding)
    }));
    told
}

/// `prod: add pool apps; scale system to 5`.
pub fn asked(prediction: &Prediction) -> String {
    match prediction.changes.as_slice() {
        [] => format!("{}: no change", prediction.cluster),
        changes => format!("{}: {}", prediction.cluster, changes.join("; ")),
    }
}

/// What a cluster is not ready for.
pub fn of_readiness(readiness: &Readiness) -> Vec<Told> {
    let items = readiness.items.iter();
    items
        .filter(|item| item.state == ItemState::NotReady)
        .map(|item| of_item(&readiness.cluster, item))
        .collect()
}

/// An item that is not ready.
pub fn of_item(cluster: &str, item: &Item) -> Told {
    let subject = item.subject(cluster);
    let pools = || {
        let all = item.pools.iter();
        all.map(|pool| Subject::pool(cluster, pool))
    };
    Told {
        code: item.code,
        severity: item.severity,
        message: format!(
            "{cluster}: {}: {}: {}",
            item.asks, item.evidence, item.remedy
        ),
        rules: item.rules.clone(),
        // Of several pools none is the one.
        related: match subject {
            Subject::Pool { .. } => Vec::new(),
            _ => pools().collect(),
        },
        subject,
        detail: String::new(),
    }
}

/// What stands in the way of the move to Overlay.
pub fn of_eligibility(cluster: &str, eligibility: &Eligibility) -> Vec<Told> {
    let of = |obstacle: &crate::migrate::eligibility::Obstacle| Told {
        code: "migration",
        severity: obstacle.severity,
        message: format!(
            "{cluster}: move to Overlay: {}: {}",
            obstacle.evidence, obstacle.remedy
        ),
        rules: vec![obstacle.rule],
        subject: Subject::Cluster(cluster.to_string()),
        related: Vec::new(),
        detail: obstacle.rule.id.to_string(),
    };
    eligibility.obstacles.iter().map(of).collect()
}

/// What was decided of the move: every finding about it, and every reason that is none.
pub fn of_decision(cluster: &str, decision: &Decision, findings: &[Finding]) -> Vec<Told> {
    let subject = Subject::Cluster(cluster.to_string());
    let about = |message: &str| format!("{cluster}: move to Overlay: {message}");
    let forbids = |finding: &Finding| {
        let mut blockers = decision.blockers.iter();
        blockers.any(|blocker| blocker.sentence == finding.message)
    };
    let mut told: Vec<Told> = findings
        .iter()
        .map(|finding| Told {
            // What certainly breaks is a warning to AKS's answer and forbids the move all the same.
            severity: match forbids(finding) {
                true => Severity::Blocker,
                false => finding.severity,
            },
            message: about(&finding.message),
            detail: "move".to_string(),
            ..Told::from(&finding.clone().within(&subject))
        })
        .collect();
    let reasons = |severity: Severity, code: &'static str, reasons: &[Reason]| -> Vec<Told> {
        let is_found = |reason: &Reason| {
            let mut messages = findings.iter().map(|finding| &finding.message);
            messages.any(|message| *message == reason.sentence)
        };
        reasons
            .iter()
            .filter(|reason| !is_found(reason))
            .map(|reason| Told {
                code,
                severity,
                message: about(&reason.sentence),
                rules: Vec::new(),
                subject: subject.clone(),
                related: Vec::new(),
                detail: format!("move: {}", reason.code),
            })
            .collect()
    };
    told.extend(reasons(
        Severity::Blocker,
        "migration-blocked",
        &decision.blockers,
    ));
    told.extend(reasons(
        Severity::Warning,
        "migration-condition",
        &decision.conditions,
    ));
    told.extend(reasons(
        Severity::Info,
        "migration-accepted",
        &decision.accepted,
    ));
    told
}

/// Everything that a report found, in its order: the estate, what was asked, moves, readiness, the timeline.
pub fn of_review(review: &Review) -> Vec<Told> {
    let mut told = of_assessment(review.assessment);
    for prediction in review.predictions {
        let moves = review
            .clusters
            .iter()
            .filter_map(|part| part.moved.as_ref());
        // The move that a scenario asks about is the one that is studied: what both find is said once.
        let of_move: Vec<&Finding> = moves
            .filter(|moved| moved.cluster.eq_ignore_ascii_case(&prediction.cluster))
            .flat_map(|moved| &moved.findings)
            .collect();
        told.extend(of_prediction(prediction).into_iter().filter(|told| {
            !of_move.iter().any(|finding| {
                finding.code == told.code && told.message.ends_with(&finding.message)
            })
        }));
    }
    for part in review.clusters {
        told.extend(of_part(review, part));
    }
    let checked = review.clusters.iter();
    let checked = checked.filter_map(|part| part.readiness.as_ref());
    told.extend(checked.flat_map(of_readiness));
    if let Some(played) = review.played {
        told.extend(played.findings().into_iter().map(|finding| Told {
            detail: "timeline".to_string(),
            ..Told::from(finding)
        }));
    }
    told
}

/// The move of a cluster: decided where it was studied, and else what stands in its way; nothing where it has no move to make.
pub fn of_part(review: &Review, part: &ClusterPart) -> Vec<Told> {
    match &part.moved {
        Some(moved) => of_decision(&moved.cluster, &moved.decision, &moved.findings),
        None if review.is_judged(part) => {
            let cluster = review.inventory.cluster(part.index);
            of_eligibility(cluster.label(), &part.eligibility)
        }
        None => Vec::new(),
    }
}

/// The worst first; then by code, subject and message.
pub fn sort(told: &mut [Told]) {
    told.sort_by(|a, b| {
        let key = |told: &Told| (told.code, told.subject.clone(), told.message.clone());
        b.severity
            .cmp(&a.severity)
            .then_with(|| key(a).cmp(&key(b)))
    });
}
