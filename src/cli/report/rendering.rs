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

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct ReportRendering {
    /// Write the report into this file; its ending says the format: .html, .md, .json, .sarif or .xml
    ///
    /// Readable by you alone: it describes a network. What is there and is no report stays as it is.
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
    /// The format, and whether the file may be written: asked before anything is read, which may take long.
    pub fn format(&self, inputs: &[PathBuf]) -> Result<ReportFormat, CliError> {
        let Some(file) = &self.file else {
            return Ok(self.output.unwrap_or(ReportFormat::Table));
        };
        let format = match self.output {
            Some(format) => format,
            None => ReportFormat::of(file)?,
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
            ReportFormat::Markdown => self.comment.render(&document(), "report", Some(about))?,
            ReportFormat::Sarif => judged().sarif(),
            ReportFormat::Junit => judged().junit(),
            ReportFormat::Html => html::render(&document()),
            ReportFormat::Table => terminal::render(&document(), terminal_width()),
        };
        match &self.file {
            None => write_all(&text),
            Some(file) => write_private(file, &text).map_err(|error| {
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

/// What stands early in a report; a file that has none of these, and does not begin as one, is somebody's own.
const MARKS: [&str; 4] = [
    "name=\"generator\" content=\"aksplan",
    "<!-- aksplan:report",
    "\"driver\": {\n          \"name\": \"aksplan\"",
    "<testsuites name=\"aksplan: ",
];
/// How JSON and YAML begin, and what follows in them. What Terraform and other commands print begins alike, and goes on otherwise.
const BEGINNINGS: [[&str; 3]; 2] = [
    [
        "{\n  \"format_version\": \"1.",
        "\n  \"title\": ",
        "\n  \"verdict\": ",
    ],
    ["format_version: ", "\ntitle: ", "\nverdict: "],
];

fn is_ours(file: &Path) -> Result<(), CliError> {
    // A title may be as long as somebody's name is.
    const EARLY: usize = 64 * 1024;
    let Ok(text) = std::fs::read(file) else {
        // Not there, or not to be read: writing says so.
        return Ok(());
    };
    let early = String::from_utf8_lossy(&text[..text.len().min(EARLY)]);
    if text.is_empty()
        || MARKS.iter().any(|mark| early.contains(mark))
        || BEGINNINGS.iter().any(|[begins, fields @ ..]| {
            early.starts_with(begins) && fields.iter().all(|field| early.contains(field))
        })
    {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "--file {}: it is there, and no report of aksplan: name another file, or remove it (what is read is named with --from)",
        file.display()
    )))
}
