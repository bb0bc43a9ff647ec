//! What is known of a move before it is planned or played: its range, its steps, what AKS answers, who breaks. `migrate` and `report`
//! study it alike. Simulates nothing and writes nothing.

use super::super::CliError;
use super::super::input::unread;
use super::super::play::{Asked, PlayArgs};
use super::super::predict::Operations;
use super::super::simulation::Scene;
use crate::capacity::answer::{SUBNET_IS_FULL, Stage};
use crate::capacity::cost::POD_CIDR_PER_NODE;
use crate::capacity::free::{Purpose, Wanted, pod_superset, suggest};
use crate::capacity::growth::Books;
use crate::capacity::runway::{Paces, evenly, is_shorter, runway, runway_after};
use crate::capacity::surge::nodes_with_surge;
use crate::finding::{Finding, Severity, counted, grouped};
use crate::migrate::decision::{MAY_REFUSE, explained};
use crate::migrate::dependents::{Dependent, Dependents, dependents};
use crate::migrate::foresee::{Reimage, blockers};
use crate::migrate::sequence::{Choices, NoSequence, Sequence, sequence};
use crate::model::{IpNet, NetworkMode, Subject, parse_cidr};
use crate::population::Population;
use crate::predict::{Outcome, Prediction};
use crate::simulate::Operation;
use crate::source::facts::Origin;
use crate::source::scenario::ChangeFact;
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

/// What a move is to be.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// A range, or `auto`: the best free one.
    pub pod_cidr: &'a str,
    pub choices: &'a Choices,
    /// How clusters grow, where somebody says it.
    pub paces: Option<&'a Paces>,
    /// Ranges that moves of clusters it is connected with are about to take: `auto` keeps clear of them.
    pub taken: &'a [IpNet],
}

/// Looks at the move of a cluster into a range, or into the best free one (`auto`).
///
/// # Errors
/// When the range is none, or none is free.
pub fn study(now: Scene, wish: &Wish) -> Result<Study, CliError> {
    let chosen = chosen(&now, wish)?;
    let sequence = chosen
        .range
        .map(|range| sequence(now.cluster(), range, wish.choices))
        .transpose();
    let at_the_move = match &sequence {
        Ok(Some(sequence)) => now.as_at_the_move(&sequence.steps),
        _ => now.clone(),
    };
    let prediction = Operations::of(&at_the_move.inventory).change(
        at_the_move.index,
        vec![ChangeFact::MigrateToOverlay {
            pod_cidr: chosen.range,
        }],
        &Origin::new(&Arc::from("command line"), ""),
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
    if let Some(range) = &chosen.range {
        let in_the_way = blockers(&at_the_move.inventory, at_the_move.cluster(), range);
        findings = explained(findings, &in_the_way);
    }
    findings.extend(chosen.note);
    findings.extend(chosen.range.and_then(|range| shortened(&now, range, wish)));
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

    /// The reimages of every node beside that of the move itself, played.
    pub fn others(&self, play: &PlayArgs) -> Result<Vec<Reimage>, CliError> {
        let (Ok(Some(sequence)), Ok(state)) = (&self.sequence, self.at_the_move.state()) else {
            return Ok(Vec::new());
        };
        Ok(Reimage::all(
            &self.at_the_move.inventory,
            self.at_the_move.index,
            &sequence.steps,
            &play.timing()?,
            play.chance(state.pods.len()),
        ))
    }

    /// What is to be played.
    pub fn asked(&self, population: &Population, others: Vec<Reimage>) -> Asked {
        Asked {
            word: "migrate",
            title: match self.range {
                Some(range) => format!(
                    "{}: move to Azure CNI Overlay, pod CIDR {range}",
                    population.cluster.label()
                ),
                None => format!("{}: move to Azure CNI Overlay", population.cluster.label()),
            },
            operation: Operation::Move {
                pod_cidr: self.range,
            },
            admitted: self.admitted(),
            findings: self.findings(),
            not_checked: self.not_checked(),
            others,
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
fn chosen(scene: &Scene, wish: &Wish) -> Result<Chosen, CliError> {
    if let Some(range) = named_range(wish.pod_cidr)? {
        return Ok(Chosen::named(range));
    }
    let cluster = scene.cluster();
    if let Some(own) = cluster.network.pod_cidr_v4()
        && cluster.mode() == Some(NetworkMode::Kubenet)
    {
        // It is kept where none is named.
        return Ok(Chosen::named(*own));
    }
    let wanted = Wanted {
        paces: wish.paces,
        taken: wish.taken,
        ..Wanted::of(Purpose::Pod, Some(scene.index))
    };
    let Some(found) = suggest(&scene.inventory, &wanted).filter(|found| !found.ranges.is_empty())
    else {
        return Err(CliError::Usage(
            "no free range is large enough for the pods; name one with --pod-cidr".to_string(),
        ));
    };
    let (range, superset) = (found.ranges[0].cidr, found.ranges[0].superset);
    let blocks = crate::model::cidr::size(&range) / POD_CIDR_PER_NODE;
    // Nodes and surge nodes draw a block each, all at once during the move (MIG-21).
    let pools = cluster.pools.iter();
    let taken: u64 = pools
        .map(|pool| nodes_with_surge(pool, pool.running()))
        .sum();
    let spare = blocks.saturating_sub(taken);
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
    let others = match wish.taken.is_empty() {
        true => "",
        false => ", and of what moves of clusters it is connected with take",
    };
    let note = Finding::new(
        severity,
        "pod-cidr-chosen",
        format!(
            "pod CIDR {range} was chosen: clear of {}{others}, for {}; of its {} the nodes and surge nodes of now take {}: {growth}",
            found.clear_of,
            found.basis,
            counted(blocks, "block", "blocks"),
            grouped(taken)
        ),
        &[&crate::rule::MIG_10, &crate::rule::OVL_1],
    );
    Ok(Chosen {
        range: Some(range),
        superset: Some(superset),
        note: Some(note),
    })
}

/// A word where the cluster can grow less after the move than it can now: nobody moves for that.
fn shortened(scene: &Scene, range: IpNet, wish: &Wish) -> Option<Finding> {
    let cluster = scene.cluster();
    let inventory = &scene.inventory;
    let books = Books::of(inventory);
    let even = Paces::of(scene.index, evenly(&books, scene.index, 1.0));
    let of_said = wish
        .paces
        .and_then(|paces| Some((paces, runway(&books, scene.index, paces)?)));
    let (paces, now, how) = match of_said {
        Some((paces, now)) => (paces, now, "as it is said to grow"),
        None => {
            let now = runway(&books, scene.index, &even)?;
            (&even, now, "grown as its nodes are shared out now")
        }
    };
    let after = runway_after(&books, scene.index, paces, range)?;
    if !is_shorter(Some(&now), Some(&after)) {
        return None;
    }
    let superset = pod_superset(inventory, scene.index, &range, wish.taken).map_or_else(
        || "name a larger range with --pod-cidr".to_string(),
        |superset| {
            format!(
                "name a larger range with --pod-cidr, or grow it later in place, up to {superset}, which is free now (EXP-1)"
            )
        },
    );
    let mut finding = Finding::new(
        Severity::Warning,
        "shorter-life",
        format!(
            "the move shortens the cluster's life: {how}, {} now until {} has no room, and {} with pod CIDR {range} until {} has none: {superset}",
            counted(now.nodes, "more node fits", "more nodes fit"),
            now.ends_with,
            grouped(after.nodes),
            after.ends_with,
        ),
        &[&crate::rule::OVL_1, &crate::rule::EXP_1],
    );
    finding.subject = Subject::Cluster(cluster.label().to_string());
    Some(finding)
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
                // As the look at budgets names it.
                causes: error
                    .rules
                    .iter()
                    .filter(|rule| **rule == &crate::rule::UNSATISFIABLE_PDB)
                    .map(|rule| rule.id.to_string())
                    .collect(),
            }
        })
        .collect();
    findings.extend(prediction.findings.iter().cloned());
    findings
}
