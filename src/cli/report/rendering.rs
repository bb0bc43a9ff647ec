//! Where a report goes and in which format: to standard output, or to a file whose name says it. Nothing that is no report is
//! overwritten: `-f` once named what is read, and still does everywhere else.

use super::super::output::{FailOn, json, terminal_width, write_all, yaml};
use super::super::pipeline::{CommentArgs, Judged, PlacingArgs};
use super::super::{CliError, Ending};
use crate::execute::store::write_private;
use crate::finding::Severity;
use crate::report::{Document, html, terminal};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// By which its comments and categories are told from those of other subcommands.
const COMMAND: &str = "report";

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct ReportRendering {
    /// Write the report into this file; its ending says the format: .html, .md, .json, .sarif or .xml
    ///
    /// Readable by you alone: it describes a network; a report that is there is replaced and keeps its permissions. What is there and is no
    /// report stays as it is. A `-` is standard output.
    #[arg(short = 'f', long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// How to print the answer; left out: as the file's name says, else a table
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub output: Option<ReportFormat>,

    /// Exit with 3 when something is at least this bad
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,

    /// Leave out explanations and what was not checked (tables and Markdown alone)
    #[arg(short, long)]
    pub quiet: bool,

    #[command(flatten)]
    pub placing: PlacingArgs,

    #[command(flatten)]
    pub comment: CommentArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    /// For people, on a terminal
    Table,
    /// For tools; versioned, see `aksplan schema report`
    Json,
    /// The same as YAML
    Yaml,
    /// For pull requests and tickets
    Markdown,
    /// One page with pictures that needs nothing else
    Html,
    /// SARIF 2.1.0: what was found, at the lines of scenarios and Terraform
    Sarif,
    /// JUnit XML: a case a subnet, pool and operation; blockers fail
    Junit,
}

impl ReportFormat {
    /// Whether it says where things stand.
    pub fn needs_places(self) -> bool {
        matches!(self, ReportFormat::Sarif | ReportFormat::Junit)
    }

    fn of(path: &Path) -> Result<Self, CliError> {
        let name = path.file_name().map(|name| name.to_string_lossy());
        let name = name.unwrap_or_default().to_ascii_lowercase();
        let known = [
            (".html", ReportFormat::Html),
            (".htm", ReportFormat::Html),
            (".md", ReportFormat::Markdown),
            // Before its own second half.
            (".sarif.json", ReportFormat::Sarif),
            (".json", ReportFormat::Json),
            (".sarif", ReportFormat::Sarif),
            (".xml", ReportFormat::Junit),
        ];
        known
            .into_iter()
            .find(|(ending, _)| name.ends_with(ending))
            .map(|(_, format)| format)
            .ok_or_else(|| {
                CliError::Usage(format!(
                    "--file {}: expected a name that ends in .html, .md, .json, .sarif or .xml, or the format with --output; what is read is named \
                     with --from",
                    path.display()
                ))
            })
    }
}

impl ReportRendering {
    /// `None`: standard output.
    fn target(&self) -> Option<&Path> {
        self.file.as_deref().filter(|file| *file != Path::new("-"))
    }

    /// The format, and whether the file may be written: asked before anything is read, which may take long.
    pub fn format(&self, inputs: &[PathBuf]) -> Result<ReportFormat, CliError> {
        let format = match (self.output, self.target()) {
            (Some(format), _) => format,
            (None, Some(file)) => ReportFormat::of(file)?,
            (None, None) => ReportFormat::Table,
        };
        self.placing.check(format.needs_places())?;
        self.comment.check(format == ReportFormat::Markdown)?;
        let Some(file) = self.target() else {
            return Ok(format);
        };
        if format == ReportFormat::Table {
            return Err(CliError::Usage(format!(
                "--file {}: a table is for a terminal; a file takes one of the other formats",
                file.display()
            )));
        }
        let same = |input: &PathBuf| match (input.canonicalize(), file.canonicalize()) {
            (Ok(input), Ok(file)) => input == file,
            _ => false,
        };
        if inputs.iter().any(same) {
            return Err(CliError::Usage(format!(
                "--file {}: it is read as well; name another one for the report",
                file.display()
            )));
        }
        if file.is_dir() {
            return Err(CliError::Usage(format!(
                "--file {}: it is a folder; name a file in it, for example {}",
                file.display(),
                file.join("report.html").display()
            )));
        }
        is_ours(file)?;
        Ok(format)
    }

    /// Prints or writes. `about`: a cluster's or a scenario's name, by which a comment is known. `shape` and `document` are made only when
    /// their format is asked for.
    pub fn print<S: Serialize>(
        &self,
        format: ReportFormat,
        about: &str,
        shape: impl FnOnce() -> S,
        document: impl FnOnce() -> Document,
        judged: impl FnOnce() -> Judged,
    ) -> Result<(), CliError> {
        let page = matches!(format, ReportFormat::Html);
        let document = || document().told(self.quiet && !page);
        let text = match format {
            ReportFormat::Json => json(&shape())?,
            ReportFormat::Yaml => yaml(&shape())?,
            ReportFormat::Markdown => self.comment.render(&document(), COMMAND, Some(about))?,
            ReportFormat::Sarif => judged().sarif(COMMAND),
            ReportFormat::Junit => judged().junit(COMMAND),
            ReportFormat::Html => html::render(&document()),
            ReportFormat::Table => terminal::render(&document(), terminal_width()),
        };
        match self.target() {
            None => write_all(&text),
            Some(file) => replace(file, &text).map_err(|error| {
                CliError::Write(std::io::Error::new(
                    error.kind(),
                    format!("{}: {error}", file.display()),
                ))
            }),
        }
    }

    /// The exit code that the worst thing found asks for.
    pub fn ending(&self, worst: Option<Severity>) -> Ending {
        Ending::of(self.fail_on, worst)
    }
}

/// A new file is its owner's alone. One that is there keeps its permissions: somebody may have published it; and a link goes on leading to it.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let Ok(there) = file.canonicalize() else {
        // A link to nothing would become a file, and what it is for would stay without.
        if file.is_symlink() {
            return Err(std::io::Error::other(
                "it is a link to a file that is not there",
            ));
        }
        return write_private(file, text);
    };
    let permissions = std::fs::metadata(&there)?.permissions();
    write_private(&there, text)?;
    std::fs::set_permissions(&there, permissions)
}

/// How a page, a comment and a JUnit file of this command begin, and what follows in each: other commands write Markdown and JUnit as well, and
/// what somebody writes about a report may quote one.
const BEGINNINGS: [(&str, &[&str]); 5] = [
    (
        "<!DOCTYPE html>",
        &["<meta name=\"generator\" content=\"aksplan", "<title>"],
    ),
    ("<!-- aksplan:report:", &[]),
    (
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"aksplan: report",
        &[],
    ),
    (
        "{\n  \"format_version\": \"1.",
        &["\n  \"title\": ", "\n  \"verdict\": "],
    ),
    ("format_version: ", &["\ntitle: ", "\nverdict: "]),
];

fn is_ours(file: &Path) -> Result<(), CliError> {
    let Ok(text) = std::fs::read(file) else {
        // Not there, or not to be read: writing says so.
        return Ok(());
    };
    if text.is_empty() || begins_as_ours(&text) || is_our_sarif(&text) {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "--file {}: it is there, and no report of aksplan: name another file, or remove it (what is read is named with --from)",
        file.display()
    )))
}

fn begins_as_ours(text: &[u8]) -> bool {
    // A title may be as long as somebody's name is.
    const EARLY: usize = 64 * 1024;
    let early = String::from_utf8_lossy(&text[..text.len().min(EARLY)]);
    // Each behind the one before it.
    let follows =
        |from: usize, part: &&str| early[from..].find(*part).map(|at| from + at + part.len());
    BEGINNINGS.iter().any(|(begins, rest)| {
        early.starts_with(begins) && rest.iter().try_fold(begins.len(), follows).is_some()
    })
}

/// Of this command, and of nobody else as well: runs of several tools may be put together into one file.
fn is_our_sarif(text: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Log {
        runs: Vec<Run>,
    }
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Run {
        tool: Tool,
        automation_details: Named,
    }
    #[derive(serde::Deserialize)]
    struct Tool {
        driver: Driver,
    }
    #[derive(serde::Deserialize)]
    struct Driver {
        name: String,
    }
    #[derive(serde::Deserialize)]
    struct Named {
        id: String,
    }
    serde_json::from_slice(text).is_ok_and(|log: Log| {
        matches!(log.runs.as_slice(), [run]
            if run.tool.driver.name == "aksplan" && run.automation_details.id.starts_with("aksplan/report/"))
    })
}
