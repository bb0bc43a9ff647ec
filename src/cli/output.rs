//! How an answer is printed, and when it makes the exit code 3.

use super::{CliError, Ending};
use crate::finding::Severity;
use crate::report::{Document, markdown, terminal};
use serde::Serialize;
use std::io::{IsTerminal, Write};

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct Rendering {
    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Format,

    /// Exit with 3 when something is at least this bad
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,

    /// Leave out explanations and what was not checked (tables and Markdown; JSON always has everything)
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people, on a terminal
    #[default]
    Table,
    /// For tools; versioned, see `aksplan schema`
    Json,
    /// The same as YAML
    Yaml,
    /// For pull requests and tickets
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FailOn {
    Warning,
    Blocker,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Warning => Severity::Warning,
            FailOn::Blocker => Severity::Blocker,
        }
    }
}

impl Rendering {
    /// Prints an answer. `shape` and `document` are made only when their format is asked for.
    pub fn print<S: Serialize>(
        &self,
        shape: impl FnOnce() -> S,
        document: impl FnOnce() -> Document,
    ) -> Result<(), CliError> {
        let document = || document().told(self.quiet);
        let text = match self.output {
            Format::Json => json(&shape())?,
            Format::Yaml => yaml(&shape())?,
            Format::Markdown => markdown::render(&document()),
            Format::Table => terminal::render(&document(), terminal_width()),
        };
        write_all(&text)
    }

    /// The exit code that the worst thing found asks for.
    pub fn ending(&self, worst: Option<Severity>) -> Ending {
        Ending::of(self.fail_on, worst)
    }
}

impl Ending {
    /// Whether what was found is as bad as somebody wants to hear of.
    pub fn of(fail_on: Option<FailOn>, worst: Option<Severity>) -> Ending {
        match (fail_on, worst) {
            (Some(least), Some(worst)) if worst >= least.into() => Ending::Findings,
            _ => Ending::Fine,
        }
    }
}

/// Pretty-printed JSON with a final line break. What a terminal or a reader would act on is escaped, so that the values are what
/// they were: JSON itself asks for that of the first 32 control characters only.
pub fn json(shape: &impl Serialize) -> Result<String, CliError> {
    let mut text = serde_json::to_string_pretty(shape).map_err(|error| CliError::Format {
        format: "JSON",
        problem: error.to_string(),
    })?;
    text.push('\n');
    if !text.is_ascii() || text.contains('\u{7F}') {
        text = escaped(&text);
    }
    Ok(text)
}

/// JSON whose control characters, marks of direction and ends of lines that are none in JSON are escaped: only strings can hold them.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{7F}'..='\u{9F}'
            | '\u{061C}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

pub fn yaml(shape: &impl Serialize) -> Result<String, CliError> {
    serde_saphyr::to_string(shape).map_err(|error| CliError::Format {
        format: "YAML",
        problem: error.to_string(),
    })
}

/// As wide as the terminal; a file or a pipe has no width.
pub fn terminal_width() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size()
        .map(|(width, _)| usize::from(width.0))
        // A terminal that does not know its size leaves it to the shell.
        .or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
}

/// Writes to standard output, with colour only where it is wanted (`NO_COLOR`, `CLICOLOR_FORCE`, `TERM=dumb`, a pipe).
///
/// Where nobody reads any more, as in `| head`, that is no failure, and nothing that was found is other: the exit code stays what it is.
pub fn write_all(text: &str) -> Result<(), CliError> {
    let mut out = painted(std::io::stdout().lock());
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(CliError::Write),
    }
}

/// A stream that drops colour where it is not wanted. A terminal that calls itself dumb gets none, whatever else the
/// environment says of it (`CI` among others makes the library think better of it), unless `CLICOLOR_FORCE` insists.
pub fn painted<S: anstream::stream::RawStream>(stream: S) -> anstream::AutoStream<S> {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let is_forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|force| force != "0");
    if is_dumb && !is_forced {
        anstream::AutoStream::never(stream)
    } else {
        anstream::AutoStream::auto(stream)
    }
}
