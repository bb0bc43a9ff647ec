//! `aksplan migrate`.
//!
//! [`study`] (what is known of a move before it is made) · [`out`] (plan and runbook to files) · [`carry`] (what is done with a plan) · `execute` (carrying it out) · `telling` (what is shown
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
pub mod study;
#[cfg(all(feature = "azure", feature = "kubernetes"))]
mod telling;

use self::carry::CarryArgs;
use self::study::study;
use super::simulation::SimulationArgs;
use super::{CliError, Ending};
use crate::migrate::sequence::{Choices, NoSequence, PolicyAfter};
use crate::model::IntOrPercent;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;

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
    let study = study(scene, &args.pod_cidr, &args.choices.choices())?;
    let planned = match (&args.choices.out, study.range, &study.sequence) {
        (Some(out), Some(range), Ok(Some(sequence))) => Some(out::Wanted {
            out,
            runbook: args.choices.runbook.as_deref(),
            pod_cidr: range,
            superset: study.superset,
            sequence: sequence.clone(),
            findings: study.admission.clone(),
            not_checked: study.prediction_not_checked.clone(),
        }),
        (_, _, Err(NoSequence::MovedAlready)) if args.choices.out.is_none() => None,
        (_, _, Err(error)) => return Err(CliError::Usage(error.to_string())),
        (Some(_), _, _) => {
            return Err(CliError::Usage(
                "a plan needs a pod CIDR: name one with --pod-cidr".to_string(),
            ));
        }
        (None, _, _) => None,
    };
    let ending = args
        .simulation
        .run(&study.at_the_move, |population| Ok(study.asked(population)))?;
    match planned {
        Some(wanted) => out::write(&study.now, &args.simulation, wanted),
        None => Ok(ending),
    }
}
