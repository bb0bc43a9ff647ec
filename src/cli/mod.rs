//! The command line. One file a subcommand; the only place that prints, reads the environment or the arguments.

pub mod prefix_lists;

use std::process::ExitCode;

pub fn run() -> ExitCode {
    ExitCode::SUCCESS
}
