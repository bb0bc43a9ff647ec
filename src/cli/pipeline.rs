//! What pipelines read: SARIF and JUnit, and Markdown for a comment. Where findings stand is looked up only where a format says it.

use super::input::{About, Sources};
use super::output::{FailOn, json, terminal_width, write_all, yaml};
use super::{CliError, Ending};
use crate::finding::Severity;
use crate::model::{Place, Places};
use crate::report::junit::{self, Suite};
use crate::report::markdown::comment::{self, Comment, TooShort, checked_link};
use crate::report::sarif;
use crate::report::told::{self, Told};
use crate::report::{Document, terminal};
use crate::source::{Found, Loaded};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where what was found stands.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "For pipelines")]
pub struct PlacingArgs {
    /// Folder of the root module of a Terraform plan: SARIF and JUnit then name the .tf file and line of each resource
    ///
    /// Modules are followed where the plan says that their source is a local folder; what comes from elsewhere is shown where it is
    /// called. Only headers of blocks are read there.
    #[arg(long, value_name = "DIR")]
    pub terraform_root: Option<PathBuf>,
}

/// How Markdown becomes a comment.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "For pipelines")]
pub struct CommentArgs {
    /// Key of the mark in the first line of Markdown, by which a pipeline finds the comment that it updates
    #[arg(long, value_name = "KEY")]
    pub comment_key: Option<String>,

    /// Most characters of Markdown: whole sections are left out, and named (GitHub takes 65536, Azure DevOps 150000)
    #[arg(long, value_name = "N")]
    pub max_length: Option<usize>,

    /// Address of the whole report, for the end of Markdown
    #[arg(long, value_name = "URL", value_parser = checked_link)]
    pub link: Option<String>,
}

impl CommentArgs {
    /// Refuses what would do nothing: a comment without the length that was asked for is refused by the forge, later.
    pub fn check(&self, is_markdown: bool) -> Result<(), CliError> {
        let given = [
            ("--comment-key", self.comment_key.is_some()),
            ("--max-length", self.max_length.is_some()),
            ("--link", self.link.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((flag, _)) if !is_markdown => Err(CliError::Usage(format!(
                "{flag}: of Markdown alone; add --output markdown"
            ))),
            _ => Ok(()),
        }
    }

    /// Markdown, with the mark where a key is given or there is one by default.
    pub fn render(
        &self,
        document: &Document,
        kind: &'static str,
        default_key: Option<&str>,
    ) -> Result<String, CliError> {
        let key = self.comment_key.as_deref().or(default_key);
        let made = Comment {
            mark: key.map(|key| (kind, key)),
            max_length: self.max_length,
            link: self.link.as_deref(),
        };
        comment::render(document, &made).map_err(|TooShort { needed }| {
            CliError::Usage(format!(
                "--max-length: title, verdict and what was left out take {needed} characters"
            ))
        })
    }
}

/// Everything that was found, for formats that list it.
#[derive(Debug, Default)]
pub struct Judged {
    /// What it is about: the scenario's name, the cluster's.
    pub about: String,
    pub told: Vec<Told>,
    pub suites: Vec<Suite>,
    pub not_checked: Vec<String>,
    pub places: Places,
}

impl Judged {
    /// Of a subcommand.
    pub fn sarif(mut self, command: &str) -> String {
        told::sort(&mut self.told);
        let asked = sarif::Asked {
            command,
            about: &self.about,
        };
        sarif::render(asked, &self.told, &self.places, &once(self.not_checked))
    }

    /// Of a subcommand.
    pub fn junit(mut self, command: &str) -> String {
        self.suites
            .push(junit::not_checked(&once(self.not_checked)));
        let title = match self.about.trim() {
            "" => command.to_string(),
            about => format!("{command} of {about}"),
        };
        junit::render(&title, &self.suites, &self.places)
    }
}

fn once(mut sentences: Vec<String>) -> Vec<String> {
    sentences.sort();
    sentences.dedup();
    sentences
}

impl PlacingArgs {
    /// Refuses what would do nothing.
    pub fn check(&self, says_places: bool) -> Result<(), CliError> {
        match &self.terraform_root {
            Some(root) if !says_places => Err(CliError::Usage(format!(
                "--terraform-root {}: only SARIF and JUnit say where things stand; add --output sarif or junit",
                root.display()
            ))),
            _ => Ok(()),
        }
    }

    /// Reads and joins; with `wanted` also where everything stands.
    pub fn load(
        &self,
        sources: &Sources,
        about: &About,
        wanted: bool,
    ) -> Result<(Loaded, Places), CliError> {
        let (found, places) = self.read(sources, about, wanted)?;
        Ok((crate::source::join(found, &sources.also_reserved)?, places))
    }

    /// Reads without joining; with `wanted` also where everything stands. Live input stands nowhere.
    pub fn read(
        &self,
        sources: &Sources,
        about: &About,
        wanted: bool,
    ) -> Result<(Found, Places), CliError> {
        let mut places = Places::default();
        let found = sources.read_seen(about, |found| {
            if wanted {
                places = self.places(found)?;
            }
            Ok(())
        })?;
        Ok((found, places))
    }

    /// Where everything stands that was read from files.
    pub fn places(&self, found: &Found) -> Result<Places, CliError> {
        let mut places = match &self.terraform_root {
            None => found.places(),
            Some(root) => {
                let (places, missing) = found.places_under(root)?;
                tell_missing(root, &missing);
                places
            }
        };
        if let Ok(here) = std::env::current_dir() {
            for place in places.places_mut() {
                relative_to(&here, place);
            }
        }
        Ok(places)
    }
}

/// Addresses without a block: a line of another folder, or of a file that is written otherwise. Talk, for the answer is whole.
fn tell_missing(root: &Path, missing: &[String]) {
    const SHOWN: usize = 5;
    if missing.is_empty() {
        return;
    }
    let shown: Vec<String> = missing
        .iter()
        .take(SHOWN)
        .map(|address| terminal::clean(address))
        .collect();
    let more = missing.len().saturating_sub(SHOWN);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let text = format!(
        "aksplan: --terraform-root {}: no block of {}{more}\n",
        root.display(),
        shown.join(", ")
    );
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// An absolute path below the working directory is a relative one: that is how a repository knows its files.
fn relative_to(here: &Path, place: &mut Place) {
    if let Ok(below) = Path::new(place.file.as_ref()).strip_prefix(here) {
        place.file = Arc::from(below.display().to_string());
    }
}

/// How the answer of a command is printed that says what it found thing by thing.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct FoundRendering {
    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: FoundFormat,

    /// Exit with 3 when something is at least this bad
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,

    /// Leave out explanations and what was not checked (tables and Markdown; the others always have everything)
    #[arg(short, long)]
    pub quiet: bool,

    #[command(flatten)]
    pub placing: PlacingArgs,

    #[command(flatten)]
    pub comment: CommentArgs,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum FoundFormat {
    /// For people, on a terminal
    #[default]
    Table,
    /// For tools; versioned, see `aksplan schema`
    Json,
    /// The same as YAML
    Yaml,
    /// For pull requests and tickets
    Markdown,
    /// SARIF 2.1.0: what was found, at the lines of scenarios and Terraform
    Sarif,
    /// JUnit XML: a case a subnet, pool and operation; blockers fail
    Junit,
}

impl FoundRendering {
    /// Whether the format says where things stand.
    pub fn needs_places(&self) -> bool {
        matches!(self.output, FoundFormat::Sarif | FoundFormat::Junit)
    }

    /// Refuses what would do nothing in this format: asked before anything is read, which may take long.
    pub fn check(&self) -> Result<(), CliError> {
        self.placing.check(self.needs_places())?;
        self.comment
            .check(matches!(self.output, FoundFormat::Markdown))
    }

    /// Prints the answer of a subcommand. Each part is made only when its format is asked for.
    pub fn print<S: Serialize>(
        &self,
        command: &'static str,
        shape: impl FnOnce() -> S,
        document: impl FnOnce() -> Document,
        judged: impl FnOnce() -> Judged,
    ) -> Result<(), CliError> {
        let document = || document().told(self.quiet);
        let text = match self.output {
            FoundFormat::Json => json(&shape())?,
            FoundFormat::Yaml => yaml(&shape())?,
            FoundFormat::Markdown => self.comment.render(&document(), command, None)?,
            FoundFormat::Table => terminal::render(&document(), terminal_width()),
            FoundFormat::Sarif => judged().sarif(command),
            FoundFormat::Junit => judged().junit(command),
        };
        write_all(&text)
    }

    /// The exit code that the worst thing found asks for.
    pub fn ending(&self, worst: Option<Severity>) -> Ending {
        Ending::of(self.fail_on, worst)
    }
}
