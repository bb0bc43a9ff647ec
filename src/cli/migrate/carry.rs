//! What is done with a plan that was written: verified, carried out, looked at, aborted.

use super::super::simulation::SimulationArgs;
use super::super::{CliError, Ending};
use super::out::beside;
use super::status;
use crate::migrate::Plan;
use crate::migrate::verify::verify;
use std::path::{Path, PathBuf};

/// What to do with a plan.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Execution")]
pub struct CarryArgs {
    /// The plan, as --out wrote it
    #[arg(long, value_name = "PLAN", requires = "deed")]
    pub plan: Option<PathBuf>,

    #[command(flatten)]
    pub deed: Deed,

    /// Go through every step with reads only: say what holds, what does not, and what would be sent
    #[arg(long, requires = "execute")]
    pub dry_run: bool,

    /// Do not ask for the cluster's name before the first write
    #[arg(long, requires = "plan")]
    pub yes: bool,

    /// Begin although nine of ten futures take longer than what is left of the window, or nobody knows
    #[arg(long, requires = "plan")]
    pub accept_overrun: bool,

    /// When a budget holds a pod back for too long, or another operation is in the way: go on watching, end the run (AKS goes on), or
    /// ask AKS to end the operation
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        default_value_t,
        requires = "plan"
    )]
    pub on_blocked: Blocked,

    /// Minutes after which a pod that is held back counts as stuck
    #[arg(long, value_name = "MINUTES", default_value_t = 10.0, requires = "plan", value_parser = minutes)]
    pub stuck_after: f64,

    /// The journal; left out: PLAN with .journal
    #[arg(long, value_name = "FILE", requires = "plan")]
    pub journal: Option<PathBuf>,

    /// Where the evidence for the change record goes at the end; left out: PLAN with .evidence.md
    #[arg(long, value_name = "FILE", requires = "plan")]
    pub evidence: Option<PathBuf>,

    /// Seconds between two looks while AKS works
    #[arg(long, value_name = "SECONDS", default_value_t = 15.0, requires = "plan", value_parser = seconds)]
    pub poll: f64,

    /// Seconds that what a finished operation brings about may take to show, and that a write in doubt is looked for
    #[arg(long, value_name = "SECONDS", default_value_t = 600.0, requires = "plan", value_parser = seconds)]
    pub settle: f64,
}

/// One of them.
#[derive(Debug, clap::Args)]
#[group(id = "deed", multiple = false, requires = "plan")]
pub struct Deed {
    /// Carry the plan out, in the window: --window, or the cluster's own maintenance configuration
    #[arg(long)]
    pub execute: bool,

    /// Go on with a plan whose execution was begun
    #[arg(long)]
    pub resume: bool,

    /// Say whether the plan may be carried out, as far as the plan itself tells
    #[arg(long)]
    pub verify: bool,

    /// Say how its execution stands, from the journal alone
    #[arg(long)]
    pub status: bool,

    /// Ask AKS to end the operation that is under way, and say what that leaves behind
    #[arg(long)]
    pub abort: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Blocked {
    #[default]
    Wait,
    Stop,
    Abort,
}

fn minutes(text: &str) -> Result<f64, String> {
    bounded(text, 0.01, 1_440.0, "minutes")
}

fn seconds(text: &str) -> Result<f64, String> {
    bounded(text, 0.05, 86_400.0, "seconds")
}

fn bounded(text: &str, least: f64, most: f64, unit: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|value| (least..=most).contains(value))
        .ok_or_else(|| format!("expected {least} to {most} {unit}"))
}

impl CarryArgs {
    pub fn journal(&self, plan: &Path) -> PathBuf {
        self.journal
            .clone()
            .unwrap_or_else(|| beside(plan, "journal"))
    }

    #[cfg(all(feature = "azure", feature = "kubernetes"))]
    pub fn evidence(&self, plan: &Path) -> PathBuf {
        self.evidence
            .clone()
            .unwrap_or_else(|| beside(plan, "evidence.md"))
    }
}

/// Larger files are no plans.
const LARGEST: u64 = 256 << 20;

/// Reads a plan and verifies it.
pub fn read_plan(path: &Path) -> Result<(Plan, Vec<String>), CliError> {
    let name = path.display();
    let problem = |problem: String| CliError::Usage(format!("{name}: {problem}"));
    let size = std::fs::metadata(path)
        .map_err(|error| problem(error.to_string()))?
        .len();
    if size > LARGEST {
        return Err(problem(format!("it has {size} bytes, and is no plan")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
    let plan = Plan::parse(&text).map_err(|error| problem(error.to_string()))?;
    let wrong = verify(&plan);
    Ok((plan, wrong))
}

pub fn run(path: &Path, args: &CarryArgs, simulation: &SimulationArgs) -> Result<Ending, CliError> {
    let (plan, wrong) = read_plan(path)?;
    if args.deed.verify {
        return status::verified(path, &plan, &wrong, simulation.format());
    }
    if args.deed.status {
        return status::status(&args.journal(path), &plan, simulation.format());
    }
    if !wrong.is_empty() {
        return Err(CliError::Usage(format!(
            "{}: this plan must not be carried out: {}",
            path.display(),
            wrong.join("; ")
        )));
    }
    carried_out(path, &plan, args, simulation)
}

#[cfg(all(feature = "azure", feature = "kubernetes"))]
fn carried_out(
    path: &Path,
    plan: &Plan,
    args: &CarryArgs,
    simulation: &SimulationArgs,
) -> Result<Ending, CliError> {
    super::execute::run(path, plan, args, simulation)
}

#[cfg(not(all(feature = "azure", feature = "kubernetes")))]
fn carried_out(_: &Path, _: &Plan, _: &CarryArgs, _: &SimulationArgs) -> Result<Ending, CliError> {
    Err(CliError::Usage(
        "this aksplan was built without the features `azure` and `kubernetes`, and carries nothing out"
            .to_string(),
    ))
}
