//! `aksplan migrate`.
//!
//! [`out`] (plan and runbook to files) · [`carry`] (what is done with a plan) · `execute` (carrying it out) · `telling` (what is shown
//! meanwhile, as [`lines`] or as an [`event`] a line) · `dry_run` · [`evidence`] (for the change record) · [`status`].

mod carry;
#[cfg(all(feature = "azure", feature = "kubernetes"))]
mod dry_run;
#[cfg(all(feature = "azure", feature = "kubernetes"))]
mod emergency;
pub mod event;
pub mod evidence;
#[cfg(all(feature = "azure", feature = "kubernetes"))]
mod execute;
pub mod lines;
mod out;
pub mod status;
#[cfg(all(feature = "azure", feature = "kubernetes"))]
mod telling;

use self::carry::CarryArgs;
use super::input::unread;
use super::predict::operation_prediction;
use super::simulation::{Asked, Scene, SimulationArgs};
use super::{CliError, Ending};
use crate::capacity::answer::{SUBNET_IS_FULL, Stage};
use crate::capacity::cost::POD_CIDR_PER_NODE;
use crate::capacity::free::{Purpose, suggest};
use crate::capacity::surge::nodes_with_surge;
use crate::finding::{Finding, Severity, counted, grouped};
use crate::migrate::dependents::{Dependent, Sureness, dependents};
use crate::migrate::sequence::{Choices, NoSequence, PolicyAfter, sequence};
use crate::model::{IntOrPercent, IpNet, NetworkMode, Subject, parse_cidr};
use crate::predict::{Outcome, Prediction};
use crate::simulate::Operation;
use crate::source::facts::Origin;
use crate::source::scenario::{ChangeFact, OperationFact};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;
use std::sync::Arc;

/// The move to Azure CNI Overlay: what it will do, the plan that makes it, and carrying that plan out
///
/// Without --plan: what AKS answers, what stands in the way, and the whole move simulated on objects that were read; with --out also the
/// plan and its runbook, written to files. With --plan: that plan is verified, carried out, looked at or aborted. Nothing is written to
/// Azure or to a cluster without --execute, --resume or --abort.
#[derive(Debug, clap::Args)]
pub struct MigrateArgs {
    /// The pod CIDR of the move, or `auto`: the best free range, as `aksplan cidr suggest --for pod` has it
    #[arg(long, value_name = "CIDR", default_value = "auto")]
    pod_cidr: String,

    #[command(flatten)]
    choices: ChoicesArgs,

    #[command(flatten)]
    carry: CarryArgs,

    #[command(flatten)]
    simulation: SimulationArgs,
}

/// What a plan is to do beside the move.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Plan")]
pub struct ChoicesArgs {
    /// Write the plan here, and its runbook beside it (PLAN with .md); both are readable by you alone
    #[arg(long, value_name = "PLAN", conflicts_with = "plan")]
    out: Option<PathBuf>,

    /// Write the runbook here instead
    #[arg(long, value_name = "FILE", requires = "out")]
    runbook: Option<PathBuf>,

    /// Surge of a pool for the time of the move, as 33% or 2; put back afterwards
    #[arg(long, value_name = "POOL=VALUE", value_parser = surge_choice)]
    max_surge: Vec<(String, IntOrPercent)>,

    /// Drain timeout of a pool for the time of the move, in minutes, 5 to 1440; put back afterwards
    #[arg(long, value_name = "POOL=MINUTES", value_parser = timeout_choice)]
    drain_timeout: Vec<(String, u32)>,

    /// Network policy at the end; left out: enforcement as before, by the way with the fewest reimages
    #[arg(long, value_name = "ENGINE", value_parser = policy_choices())]
    network_policy_after: Option<PolicyAfter>,
}

impl ChoicesArgs {
    fn choices(&self) -> Choices {
        Choices {
            policy_after: self.network_policy_after,
            max_surge: self.max_surge.clone(),
            drain_timeout: self.drain_timeout.clone(),
        }
    }
}

fn surge_choice(text: &str) -> Result<(String, IntOrPercent), String> {
    let (pool, value) = named_value(text)?;
    let surge = IntOrPercent::from_word(value).ok_or_else(|| {
        format!("`{value}`: expected a number of nodes or a percentage, as in apps=33%")
    })?;
    Ok((pool, surge))
}

fn timeout_choice(text: &str) -> Result<(String, u32), String> {
    let (pool, value) = named_value(text)?;
    let minutes = value
        .parse()
        .map_err(|_| format!("`{value}`: expected minutes, as in apps=60"))?;
    Ok((pool, minutes))
}

fn named_value(text: &str) -> Result<(String, &str), String> {
    match text.split_once('=') {
        Some((pool, value)) if !pool.is_empty() => Ok((pool.to_string(), value)),
        _ => Err("expected POOL=VALUE, as in apps=33%".to_string()),
    }
}

fn policy_choices() -> impl TypedValueParser<Value = PolicyAfter> {
    PossibleValuesParser::new(PolicyAfter::ALL.map(PolicyAfter::word)).map(|word| {
        PolicyAfter::ALL
            .into_iter()
            .find(|policy| policy.word() == word)
            .expect("clap lets no other through")
    })
}

pub fn run(args: &MigrateArgs) -> Result<Ending, CliError> {
    if let Some(plan) = &args.carry.plan {
        return carry::run(plan, &args.carry, &args.simulation);
    }
    let scene = args.simulation.scene(false)?;
    if scene.is_nameless {
        return Err(CliError::Usage(
            "the move needs Azure's view of the cluster: add `az aks show -o json` and `az network vnet list -o json`, or a \
             scenario"
                .to_string(),
        ));
    }
    let chosen = pod_cidr(&scene, &args.pod_cidr)?;
    let sequence = chosen
        .range
        .map(|range| sequence(scene.cluster(), range, &args.choices.choices()));
    // What cannot be planned is only said where a plan is asked for.
    let sequence = match (sequence, &args.choices.out) {
        (Some(Ok(sequence)), _) => Some(sequence),
        (Some(Err(error)), Some(_)) => return Err(CliError::Usage(error.to_string())),
        (Some(Err(NoSequence::MovedAlready)), None) | (None, _) => None,
        (Some(Err(error)), None) => return Err(CliError::Usage(error.to_string())),
    };
    let now = scene;
    let scene = match &sequence {
        Some(sequence) => now.as_at_the_move(&sequence.steps),
        None => now.clone(),
    };
    let prediction = operation_prediction(
        &scene.inventory,
        OperationFact {
            origin: Origin::new(&Arc::from("command line"), ""),
            cluster: Some(scene.cluster().qualified_name()),
            changes: vec![ChangeFact::MigrateToOverlay {
                pod_cidr: chosen.range,
            }],
        },
    )?;
    // Budgets are what the simulation is about.
    let mut not_checked: Vec<String> = prediction
        .not_checked
        .iter()
        .filter(|sentence| !sentence.starts_with("whether pods can be drained"))
        .cloned()
        .collect();
    not_checked.extend(unread(&scene.inventory));
    let mut findings = admission(&prediction, falls_back(&scene));
    findings.extend(chosen.note);
    let breaks = dependents(&now.inventory, now.cluster(), chosen.range.as_ref());
    let admitted = match prediction.outcome {
        Outcome::Rejected => Some(false),
        Outcome::Unknown => None,
        Outcome::Accepted | Outcome::AcceptedThenFails => Some(true),
    };
    let planned = match (&args.choices.out, chosen.range, sequence.clone()) {
        (Some(out), Some(range), Some(sequence)) => Some(out::Wanted {
            out,
            runbook: args.choices.runbook.as_deref(),
            pod_cidr: range,
            superset: chosen.superset,
            sequence,
            findings: findings.clone(),
            not_checked: not_checked.clone(),
        }),
        (Some(_), _, _) => {
            return Err(CliError::Usage(
                "a plan needs a pod CIDR: name one with --pod-cidr".to_string(),
            ));
        }
        (None, _, _) => None,
    };
    if let Some(sequence) = &sequence {
        findings.extend(sequence.findings.iter().cloned());
    }
    findings.extend(breaks.found.iter().map(broken));
    not_checked.extend(breaks.not_known.iter().map(|unknown| {
        let query = match unknown.query {
            Some(_) => "; the runbook that --out writes has the query",
            None => "",
        };
        format!("{}: {}{query}", unknown.what, unknown.how_to_find_out)
    }));
    let ending = args.simulation.run(&scene, |population| {
        Ok(Asked {
            word: "migrate",
            title: match chosen.range {
                Some(range) => format!(
                    "{}: move to Azure CNI Overlay, pod CIDR {range}",
                    population.cluster.name
                ),
                None => format!("{}: move to Azure CNI Overlay", population.cluster.name),
            },
            operation: Operation::Move {
                pod_cidr: chosen.range,
            },
            admitted,
            findings,
            not_checked,
        })
    })?;
    match planned {
        Some(wanted) => out::write(&now, &args.simulation, wanted),
        None => Ok(ending),
    }
}

/// What stops working after the move, as a finding.
fn broken(dependent: &Dependent) -> Finding {
    let rules: Vec<_> = dependent
        .rules
        .iter()
        .filter_map(|id| crate::rule::find(id))
        .collect();
    Finding {
        subject: Subject::default(),
        code: "depends-on-pod-addresses",
        severity: match dependent.sure {
            Sureness::Certain | Sureness::Likely => Severity::Warning,
            Sureness::Possible => Severity::Info,
        },
        message: format!(
            "{} {} ({}): {} {} {}",
            dependent.kind.word(),
            dependent.name,
            dependent.sure.word(),
            sentence(&dependent.evidence),
            sentence(&dependent.breaks),
            sentence(&dependent.remedy)
        ),
        rules,
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.trim_end().chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let mut text = first + letters.as_str();
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// Whether AKS tries again with one surge node when all of them cannot be had (UPG-6).
fn falls_back(scene: &Scene) -> bool {
    scene
        .cluster()
        .kubernetes_version
        .is_some_and(|version| (version.major, version.minor) >= (1, 35))
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
fn pod_cidr(scene: &Scene, text: &str) -> Result<Chosen, CliError> {
    if !text.eq_ignore_ascii_case("auto") {
        let range = parse_cidr(text)
            .map_err(|error| CliError::Usage(format!("--pod-cidr: {error}; or `auto`")))?;
        if let IpNet::V6(range) = range {
            return Err(CliError::Usage(format!(
                "--pod-cidr: {range} is IPv6; expected the IPv4 pod CIDR of the move"
            )));
        }
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
        Outcome::Unknown => ("aks-may-refuse", "AKS may say"),
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
