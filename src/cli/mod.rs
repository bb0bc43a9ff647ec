//! The command line. One file a subcommand, whose doc comment is its help; the only place that prints, reads the environment
//! or the arguments. Data goes to standard output, talk to standard error.
//!
//! Exit codes: 0 fine · 1 the tool failed · 2 bad usage or input · 3 findings at or above `--fail-on`, or a plan that is refused before
//! anything was written · 4 a plan that was begun and is not complete.

#[cfg(feature = "azure")]
mod azure_access;
mod capacity;
mod choices;
mod cidr;
mod compare;
mod completion;
mod diff;
mod drain;
mod explain;
mod input;
#[cfg(feature = "kubernetes")]
mod kubernetes_access;
#[cfg(feature = "azure")]
mod live;
#[cfg(all(feature = "azure", feature = "kubernetes"))]
mod live_objects;
mod migrate;
mod output;
#[cfg(any(feature = "azure", feature = "kubernetes"))]
mod permissions;
mod pipeline;
mod plan;
mod play;
mod predict;
pub mod prefix_lists;
#[cfg(feature = "kubernetes")]
mod progress;
mod readiness;
mod report;
mod schema;
mod simulate;
mod simulation;
mod snapshot;
mod upgrade;

/// What an execution says, as it goes on and at its end, for those who have a plan, a journal and two looks.
pub use migrate::{event, evidence, lines};

use crate::source::SourceError;
#[cfg(feature = "kubernetes")]
use crate::source::kubernetes_api::KubernetesApiError;
use crate::source::snapshot::WriteError;
use clap::{CommandFactory, Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;

/// IP capacity planner and migration simulator for Azure Kubernetes Service
///
/// Reads what you have (a scenario, the JSON that `az` and `kubectl` print, a Terraform plan) and says where every subnet
/// stands, which pool breaks it first and at which node count, what AKS will answer and how sure that is, which ranges meet,
/// what the same cluster costs in addresses under each network mode; and what a drain, an upgrade or the move to Overlay will do
/// to its pods, minute by minute. It writes nothing to Azure or to a cluster but with `migrate --execute`, `--resume` and `--abort`.
#[derive(Debug, Parser)]
#[command(
    name = "aksplan",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 fine, 1 aksplan failed, 2 bad usage or input, 3 findings at or above --fail-on or a plan that is \
                  refused, 4 a plan that was begun and is not complete"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Capacity(capacity::CapacityArgs),
    Predict(predict::PredictArgs),
    /// Ranges: which meet that must not, which are free; and plain prefix lists of any length
    #[command(subcommand)]
    Cidr(cidr::CidrCommand),
    Simulate(simulate::SimulateArgs),
    Compare(compare::CompareArgs),
    Drain(drain::DrainArgs),
    Upgrade(upgrade::UpgradeArgs),
    Migrate(migrate::MigrateArgs),
    Readiness(readiness::ReadinessArgs),
    Report(report::ReportArgs),
    Snapshot(snapshot::SnapshotArgs),
    Diff(diff::DiffArgs),
    Explain(explain::ExplainArgs),
    #[cfg(any(feature = "azure", feature = "kubernetes"))]
    Permissions(permissions::PermissionsArgs),
    Schema(schema::SchemaArgs),
    Completion(completion::CompletionArgs),
    Man(completion::ManArgs),
}

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
enum CliError {
    /// Exit code 2.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Exit code 2: what was asked cannot be, with what was read.
    #[error("{0}")]
    Usage(String),
    /// Exit code 1: what a plan needs does not answer, or somebody else is at it.
    #[cfg(all(feature = "azure", feature = "kubernetes"))]
    #[error("{0}")]
    Unready(String),
    /// Exit code 1: Azure did not answer.
    #[cfg(feature = "azure")]
    #[error(transparent)]
    Azure(#[from] crate::source::azure::ArmError),
    /// Exit code 1: something that was to be read live does not answer.
    #[cfg(feature = "kubernetes")]
    #[error(transparent)]
    Kubernetes(#[from] KubernetesApiError),
    /// Exit code 1.
    #[error("the output cannot be written: {0}")]
    Write(#[from] std::io::Error),
    /// Exit code 1.
    #[error("the answer cannot be written as {format}: {problem}")]
    Format {
        format: &'static str,
        problem: String,
    },
}

impl From<prefix_lists::PrefixListsError> for CliError {
    fn from(error: prefix_lists::PrefixListsError) -> Self {
        match error {
            prefix_lists::PrefixListsError::Source(error) => CliError::Source(error),
            prefix_lists::PrefixListsError::Write(error) => CliError::Write(error),
        }
    }
}

impl From<WriteError> for CliError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Name(problem) => CliError::Usage(problem),
            WriteError::File { path, error } => CliError::Write(std::io::Error::new(
                error.kind(),
                format!("{path}: {error}"),
            )),
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Fine,
    /// Findings at or above `--fail-on`, or a plan that is refused.
    Findings,
    /// A plan that was begun and is not complete.
    #[cfg(all(feature = "azure", feature = "kubernetes"))]
    Unfinished,
}

/// Runs the command line.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let ended = match &cli.command {
        Command::Capacity(args) => capacity::run(args),
        Command::Predict(args) => predict::run(args),
        Command::Cidr(command) => cidr::run(command),
        Command::Simulate(args) => simulate::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Drain(args) => drain::run(args),
        Command::Upgrade(args) => upgrade::run(args),
        Command::Migrate(args) => migrate::run(args),
        Command::Readiness(args) => readiness::run(args),
        Command::Report(args) => report::run(args),
        Command::Snapshot(args) => snapshot::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Explain(args) => explain::run(args),
        #[cfg(any(feature = "azure", feature = "kubernetes"))]
        Command::Permissions(args) => permissions::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Completion(args) => completion::completion(args, Cli::command()),
        Command::Man(args) => completion::man(args, &Cli::command()),
    };
    match ended {
        Ok(Ending::Fine) => ExitCode::SUCCESS,
        Ok(Ending::Findings) => ExitCode::from(3),
        #[cfg(all(feature = "azure", feature = "kubernetes"))]
        Ok(Ending::Unfinished) => ExitCode::from(4),
        // Nobody reads any more, as in `| head`: that is no failure.
        Err(CliError::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            // Of several lines where each of several sign-ins failed for a reason of its own.
            let lines: Vec<String> = error
                .to_string()
                .lines()
                .map(crate::report::terminal::clean)
                .collect();
            let text = match error {
                #[cfg(feature = "azure")]
                CliError::Azure(_) => lines.join("\n"),
                _ => lines.join(" "),
            };
            // Standard error may be closed as well; then there is nobody to tell.
            let _ = writeln!(
                output::painted(std::io::stderr()),
                "\x1b[31merror:\x1b[0m {text}"
            );
            ExitCode::from(match error {
                CliError::Source(_) | CliError::Usage(_) => 2,
                CliError::Write(_) | CliError::Format { .. } => 1,
                #[cfg(all(feature = "azure", feature = "kubernetes"))]
                CliError::Unready(_) => 1,
                #[cfg(feature = "azure")]
                CliError::Azure(_) => 1,
                #[cfg(feature = "kubernetes")]
                CliError::Kubernetes(KubernetesApiError::Kubeconfig { .. }) => 2,
                #[cfg(feature = "kubernetes")]
                CliError::Kubernetes(KubernetesApiError::Server { .. }) => 1,
            })
        }
    }
}
