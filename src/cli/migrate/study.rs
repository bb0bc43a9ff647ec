//! What is known of a move before it is planned or played: its range, its steps, what AKS answers, who breaks. `migrate` and `report`
//! study it alike. Simulates nothing and writes nothing.

use super::super::CliError;
use super::super::input::unread;
use super::super::play::Asked;
use super::super::predict::operation_prediction;
use super::super::simulation::Scene;
use crate::capacity::answer::{SUBNET_IS_FULL, Stage};
use crate::capacity::cost::POD_CIDR_PER_NODE;
use crate::capacity::free::{Purpose, suggest};
use crate::capacity::surge::nodes_with_surge;
use crate::finding::{Finding, Severity, counted, grouped};
use crate::migrate::decision::MAY_REFUSE;
use crate::migrate::dependents::{Dependent, Dependents, dependents};
use crate::migrate::sequence::{Choices, NoSequence, Sequence, sequence};
use crate::model::{IpNet, NetworkMode, parse_cidr};
use crate::population::Population;
use crate::predict::{Outcome, Prediction};
use crate::simulate::Operation;
use crate::source::facts::Origin;
use crate::source::scenario::{ChangeFact, OperationFact};
use std::sync::Arc;

/// A move, before anything is simulated.
pub struct Study {
    /// What is.
    pub now: Scene,
    /// The same when the move itself begins.
    pub at_the_move: Scene,
    pub range: Option<IpNet>,
    /// What is free around the range.
    pub superset: Option<IpNet>,
    /// `Ok(None)`: no range, no steps.
    pub sequence: Result<Option<Sequence>, NoSequence>,
    pub prediction: Prediction,
    /// What AKS answers, and what is to be known of the range.
    pub admission: Vec<Finding>,
    pub breaks: Dependents,
    /// What the prediction did not look at.
    pub prediction_not_checked: Vec<String>,
}

/// Looks at the move of a cluster into a range, or into the best free one (`auto`).
///
/// # Errors
/// When the range is none, or none is free.
pub fn study(now: Scene, pod_cidr: &str, choices: &Choices) -> Result<Study, CliError> {
    let chosen = chosen(&now, pod_cidr)?;
    let sequence = chosen
        .range
        .map(|range| sequence(now.cluster(), range, choices))
        .transpose();
    let at_the_move = match &sequence {
        Ok(Some(sequence)) => now.as_at_the_move(&sequence.steps),
        _ => now.clone(),
    };
    let prediction = operation_prediction(
        &at_the_move.inventory,
        OperationFact {
            origin: Origin::new(&Arc::from("command line"), ""),
            cluster: Some(at_the_move.cluster().qualified_name()),
            changes: vec![ChangeFact::MigrateToOverlay {
                pod_cidr: chosen.range,
            }],
        },
    )?;
    // Budgets are what the simulation is about.
    let mut prediction_not_checked: Vec<String> = prediction
        .not_checked
        .iter()
        .filter(|sentence| !sentence.starts_with("whether pods can be drained"))
        .cloned()
        .collect();
    prediction_not_checked.extend(unread(&at_the_move.inventory));
    let mut findings = admission(&prediction, falls_back(&at_the_move));
    findings.extend(chosen.note);
    let breaks = dependents(&now.inventory, now.cluster(), chosen.range.as_ref());
    Ok(Study {
        range: chosen.range,
        superset: chosen.superset,
        sequence,
        prediction,
        admission: findings,
        breaks,
        prediction_not_checked,
        now,
        at_the_move,
    })
}

impl Study {
    /// Whether AKS takes the request; `None`: rules and facts do not decide.
    pub fn admitted(&self) -> Option<bool> {
        match self.prediction.outcome {
            Outcome::Rejected => Some(false),
            Outcome::Unknown => None,
            Outcome::Accepted | Outcome::AcceptedThenFails => Some(true),
        }
    }

    /// Everything that was found.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = self.admission.clone();
        if let Ok(Some(sequence)) = &self.sequence {
            findings.extend(sequence.findings.iter().cloned());
        }
        findings.extend(self.breaks.found.iter().map(Dependent::finding));
        findings
    }

    /// What was not looked at.
    pub fn not_checked(&self) -> Vec<String> {
        let mut not_checked = self.prediction_not_checked.clone();
        not_checked.extend(self.breaks.not_known.iter().map(|unknown| {
            let query = match unknown.query {
                Some(_) => "; the query is in a report, and in the runbook that --out writes",
                None => "",
            };
            format!("{}: {}{query}", unknown.what, unknown.how_to_find_out)
        }));
        not_checked
    }

    /// What is to be played.
    pub fn asked(&self, population: &Population) -> Asked {
        Asked {
            word: "migrate",
            title: match self.range {
                Some(range) => format!(
                    "{}: move to Azure CNI Overlay, pod CIDR {range}",
                    population.cluster.name
                ),
                None => format!("{}: move to Azure CNI Overlay", population.cluster.name),
            },
            operation: Operation::Move {
                pod_cidr: self.range,
            },
            admitted: self.admitted(),
            findings: self.findings(),
            not_checked: self.not_checked(),
        }
    }
}

/// Whether AKS tries again with one surge node when all of them cannot be had (UPG-6).
fn falls_back(scene: &Scene) -> bool {
    scene
        .cluster()
        .kubernetes_version
        .is_some_and(|version| (version.major, version.minor) >= (1, 35))
}

/// What `--pod-cidr` says; `None`: `auto`.
///
/// # Errors
/// When it is no IPv4 range.
pub fn named_range(text: &str) -> Result<Option<IpNet>, CliError> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(None);
    }
    match parse_cidr(text) {
        Ok(range @ IpNet::V4(_)) => Ok(Some(range)),
        Ok(range) => Err(CliError::Usage(format!(
            "--pod-cidr: {range} is IPv6; expected the IPv4 pod CIDR of the move"
        ))),
        Err(error) => Err(CliError::Usage(format!("--pod-cidr: {error}; or `auto`"))),
    }
}

/// A pod CIDR, and where it comes from.
struct Chosen {
    range: Option<IpNet>,
    /// What is free around it.
    superset: Option<IpNet>,
    note: Option<Finding>,
}

impl Chosen {
    fn named(range: IpNet) -> Self {
        Chosen {
            range: Some(range),
            superset: None,
            note: None,
        }
    }
}

/// The range that is named, or the best free one, and a word on which.
fn chosen(scene: &Scene, text: &str) -> Result<Chosen, CliError> {
    if let Some(range) = named_range(text)? {
        return Ok(Chosen::named(range));
    }
    let cluster = scene.cluster();
    if let Some(own) = cluster.network.pod_cidr_v4()
        && cluster.mode() == Some(NetworkMode::Kubenet)
    {
        // It is kept where none is named.
        return Ok(Chosen::named(*own));
    }
    let found = suggest(&scene.inventory, Some(cluster), Purpose::Pod, None, None);
    let Some((range, superset, basis)) = found.and_then(|found| {
        let first = found.ranges.first()?;
        let (range, superset) = (first.cidr, first.superset);
        Some((range, superset, found.basis))
    }) else {
        return Err(CliError::Usage(
            "no free range is large enough for the pods; name one with --pod-cidr".to_string(),
        ));
    };
    let blocks = crate::model::cidr::size(&range) / POD_CIDR_PER_NODE;
    // Nodes and surge nodes draw a block each, all at once during the move (MIG-21).
    let pools = cluster.pools.iter();
    let wanted: u64 = pools
        .map(|pool| nodes_with_surge(pool, pool.running()))
        .sum();
    let spare = blocks.saturating_sub(wanted);
    let (severity, growth) = match spare {
        0 => (
            Severity::Warning,
            "no block is spare, so the cluster cannot have one node more afterwards; name a larger range with --pod-cidr"
                .to_string(),
        ),
        spare => (
            Severity::Info,
            format!("{} spare", counted(spare, "block is", "blocks are")),
        ),
    };
    let note = Finding::new(
        severity,
        "pod-cidr-chosen",
        format!(
            "pod CIDR {range} was chosen: free of everything known, for {basis}; of its {} the nodes and surge nodes of now take \
             {}: {growth}",
            counted(blocks, "block", "blocks"),
            grouped(wanted)
        ),
        &[&crate::rule::MIG_10, &crate::rule::OVL_1],
    );
    Ok(Chosen {
        range: Some(range),
        superset: Some(superset),
        note: Some(note),
    })
}

/// What AKS answers before anything moves, obstacles of the move among it. Where rules and facts do not decide, it may answer so.
fn admission(prediction: &Prediction, falls_back: bool) -> Vec<Finding> {
    let (code, says) = match prediction.outcome {
        Outcome::Unknown => (MAY_REFUSE, "AKS may say"),
        _ => ("aks-refuses", "AKS says"),
    };
    let mut findings: Vec<Finding> = prediction
        .errors
        .iter()
        .map(|error| {
            // What then happens is played.
            let again = falls_back && error.stage == Stage::Runtime && error.code == SUBNET_IS_FULL;
            Finding {
                code,
                severity: match prediction.outcome.severity() {
                    Severity::Blocker if again => Severity::Warning,
                    severity => severity,
                },
                message: format!(
                    "{says} at {}: {}: {}{}",
                    match error.stage {
                        Stage::Admission => "admission",
                        Stage::Runtime => "run time",
                    },
                    error.code,
                    error.message,
                    if again {
                        "; from Kubernetes 1.35 on it then tries again with one surge node (UPG-6)"
                    } else {
                        ""
                    }
                ),
                rules: error.rules.clone(),
                subject: prediction.subject.clone(),
            }
        })
        .collect();
    findings.extend(prediction.findings.iter().cloned());
    findings
}
