//! `aksplan completion` and `aksplan man`.

use super::{CliError, Ending};
use std::io::Write;

/// Completion script for a shell, to standard output
#[derive(Debug, clap::Args)]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Manual pages in roff: of aksplan, or of one subcommand
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Subcommand, for example `capacity` or `cidr check`; left out: aksplan itself
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

pub fn completion(args: &CompletionArgs, mut command: clap::Command) -> Result<Ending, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "aksplan", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Ending::Fine)
}

pub fn man(args: &ManArgs, command: &clap::Command) -> Result<Ending, CliError> {
    let mut chosen = command;
    let mut name = command.get_name().to_string();
    for part in args.command.iter().flat_map(|part| part.split_whitespace()) {
        chosen = chosen.find_subcommand(part).ok_or_else(|| {
            let known: Vec<&str> = chosen
                .get_subcommands()
                .map(clap::Command::get_name)
                .collect();
            CliError::Usage(format!(
                "no command `{part}`; expected one of {}",
                known.join(", ")
            ))
        })?;
        name = format!("{name}-{part}");
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(chosen.clone())
        .title(name)
        .render(&mut page)?;
    std::io::stdout().lock().write_all(&page)?;
    Ok(Ending::Fine)
}
