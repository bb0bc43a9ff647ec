//! `aksplan migrate`.

use super::input::unread;
use super::predict::operation_prediction;
use super::simulation::{Asked, Scene, SimulationArgs};
use super::{CliError, Ending};
use crate::capacity::answer::{SUBNET_IS_FULL, Stage};
use crate::capacity::cost::POD_CIDR_PER_NODE;
use crate::capacity::free::{Purpose, suggest};
use crate::capacity::surge::nodes_with_surge;
use crate::finding::{Finding, Severity, counted, grouped};
use crate::model::{IpNet, NetworkMode, parse_cidr};
use crate::predict::{Outcome, Prediction};
use crate::simulate::Operation;
use crate::source::facts::Origin;
use crate::source::scenario::{ChangeFact, OperationFact};
use std::sync::Arc;

/// What the move to Azure CNI Overlay will do: all pools at once, budgets shared by all, addresses minute by minute
///
/// Planning only: nothing is moved, and there is no --execute yet. First what AKS answers and what stands in the way, then the whole
/// move, simulated on objects that were read.
#[derive(Debug, clap::Args)]
pub struct MigrateArgs {
    /// The pod CIDR of the move, or `auto`: the best free range, as `aksplan cidr suggest --for pod` has it
    #[arg(long, value_name = "CIDR", default_value = "auto")]
    pod_cidr: String,

    #[command(flatten)]
    simulation: SimulationArgs,
}

pub fn run(args: &MigrateArgs) -> Result<Ending, CliError> {
    let scene = args.simulation.scene(false)?;
    if scene.is_nameless {
        return Err(CliError::Usage(
            "the move needs Azure's view of the cluster: add `az aks show -o json` and `az network vnet list -o json`, or a \
             scenario"
                .to_string(),
        ));
    }
    let (pod_cidr, chosen) = pod_cidr(&scene, &args.pod_cidr)?;
    let prediction = operation_prediction(
        &scene.inventory,
        OperationFact {
            origin: Origin::new(&Arc::from("command line"), ""),
            cluster: Some(scene.cluster().qualified_name()),
            changes: vec![ChangeFact::MigrateToOverlay { pod_cidr }],
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
    findings.extend(chosen);
    let admitted = match prediction.outcome {
        Outcome::Rejected => Some(false),
        Outcome::Unknown => None,
        Outcome::Accepted | Outcome::AcceptedThenFails => Some(true),
    };
    args.simulation.run(&scene, |population| {
        Ok(Asked {
            word: "migrate",
            title: match pod_cidr {
                Some(range) => format!(
                    "{}: move to Azure CNI Overlay, pod CIDR {range}",
                    population.cluster.name
                ),
                None => format!("{}: move to Azure CNI Overlay", population.cluster.name),
            },
            operation: Operation::Move { pod_cidr },
            admitted,
            findings,
            not_checked,
        })
    })
}

/// Whether AKS tries again with one surge node when all of them cannot be had (UPG-6).
fn falls_back(scene: &Scene) -> bool {
    scene
        .cluster()
        .kubernetes_version
        .is_some_and(|version| (version.major, version.minor) >= (1, 35))
}

/// The range that is named, or the best free one, and a word on which.
fn pod_cidr(scene: &Scene, text: &str) -> Result<(Option<IpNet>, Option<Finding>), CliError> {
    if !text.eq_ignore_ascii_case("auto") {
        let range = parse_cidr(text)
            .map_err(|error| CliError::Usage(format!("--pod-cidr: {error}; or `auto`")))?;
        if let IpNet::V6(range) = range {
            return Err(CliError::Usage(format!(
                "--pod-cidr: {range} is IPv6; expected the IPv4 pod CIDR of the move"
            )));
        }
        return Ok((Some(range), None));
    }
    let cluster = scene.cluster();
    if let Some(own) = cluster.network.pod_cidr_v4()
        && cluster.mode() == Some(NetworkMode::Kubenet)
    {
        // It is kept where none is named.
        return Ok((Some(*own), None));
    }
    let found = suggest(&scene.inventory, Some(cluster), Purpose::Pod, None, None);
    let Some((range, basis)) = found.and_then(|found| {
        let range = found.ranges.first()?.cidr;
        Some((range, found.basis))
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
    Ok((Some(range), Some(note)))
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
            }
        })
        .collect();
    findings.extend(prediction.findings.iter().cloned());
    findings
}
