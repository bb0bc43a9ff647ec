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
use self::study::{Wish, study};
use super::choices::ChoicesArgs;
use super::simulation::SimulationArgs;
use super::{CliError, Ending};
use crate::migrate::sequence::NoSequence;
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
    simulation: SimulationArgs,

    #[command(flatten)]
    out: OutArgs,

    #[command(flatten)]
    choices: ChoicesArgs,

    #[command(flatten)]
    carry: CarryArgs,
}

/// Where a plan goes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Plan")]
pub struct OutArgs {
    /// Write the plan here, and its runbook beside it (PLAN with .md); both are readable by you alone
    #[arg(long, value_name = "PLAN", conflicts_with = "plan")]
    out: Option<PathBuf>,

    /// Write the runbook here instead
    #[arg(long, value_name = "FILE", requires = "out")]
    runbook: Option<PathBuf>,
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
    let wish = Wish {
        pod_cidr: &args.pod_cidr,
        choices: &args.choices.all(),
        paces: None,
        taken: &[],
    };
    let study = study(scene, &wish)?;
    let planned = match (&args.out.out, study.range, &study.sequence) {
        (Some(out), Some(range), Ok(Some(sequence))) => Some(out::Wanted {
            out,
            runbook: args.out.runbook.as_deref(),
            pod_cidr: range,
            superset: study.superset,
            sequence: sequence.clone(),
            findings: study.admission.clone(),
            not_checked: study.prediction_not_checked.clone(),
        }),
        (_, _, Err(NoSequence::MovedAlready)) if args.out.out.is_none() => None,
        (_, _, Err(error)) => return Err(CliError::Usage(error.to_string())),
        (Some(_), _, _) => {
            return Err(CliError::Usage(
                "a plan needs a pod CIDR: name one with --pod-cidr".to_string(),
            ));
        }
        (None, _, _) => None,
    };
    let others = study.others(&args.simulation.play)?;
    let ending = args.simulation.run(&study.at_the_move, |population| {
        Ok(study.asked(population, others))
    })?;
    match planned {
        Some(wanted) => out::write(&study.now, &args.simulation, wanted),
        None => Ok(ending),
    }
}
