//! Every way facts come in. Each reader lowers its wire shape to the same facts; `assemble` joins them into one inventory.
//! A reader never guesses: what it cannot read is an error that names the file, the place and what was expected.
//!
//! bytes → [`recognise`](load) by content → [`scenario`] · [`snapshot`] · [`arm`] · [`kubernetes`] · [`terraform`] →
//! [`facts`] → [`assemble`] → [`Inventory`]. An API server's answers go the same way from [`kubernetes`] on.

pub mod arm;
pub mod assemble;
mod attach;
#[cfg(feature = "azure")]
pub mod azure;
pub mod desired;
pub mod facts;
pub mod kubernetes;
#[cfg(feature = "kubernetes")]
pub mod kubernetes_api;
pub mod place;
pub mod prefix_list;
pub mod scenario;
pub mod snapshot;
mod split;
pub mod terraform;
#[cfg(test)]
mod tests;
mod text;
mod wire;
mod yaml;

use crate::model::{Inventory, KubernetesState, PlanStep, ReservedRange};
use facts::{Facts, KubernetesFact, Origin};
use rayon::prelude::*;
use scenario::{OperationFact, TimelineFact};
use serde_json::value::RawValue;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use text::{decode, decompress, read_bytes};

/// Input that cannot be used. Exit code 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    /// The file as the user named it; `-` for standard input.
    pub file: String,
    /// 1-based line and column, where the format has them.
    pub position: Option<(u64, u64)>,
    /// Where in the document, for example `[2].agentPoolProfiles[0].vnetSubnetId`.
    pub path: Option<String>,
    /// What is wrong, and what was expected instead.
    pub problem: String,
}

impl SourceError {
    pub fn new(file: impl Into<String>, problem: impl Into<String>) -> Self {
        /// What was read is quoted; a megabyte of it helps nobody.
        const LONGEST: usize = 500;
        let mut problem = problem.into();
        if let Some((end, _)) = problem.char_indices().nth(LONGEST) {
            problem.truncate(end);
            problem.push('…');
        }
        SourceError {
            file: file.into(),
            position: None,
            path: None,
            problem,
        }
    }

    #[must_use]
    pub fn at(mut self, line: u64, column: u64) -> Self {
        self.position = Some((line, column));
        self
    }

    #[must_use]
    pub fn in_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        if let Some(path) = &self.path {
            write!(f, ": at {path}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for SourceError {}

/// All that the named files say.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// What is.
    pub current: Inventory,
    /// What a Terraform plan would make of it.
    pub planned: Option<Inventory>,
    /// How the plan gets there, where the two states do not tell.
    pub steps: Vec<PlanStep>,
    /// What scenarios ask for.
    pub operations: Vec<OperationFact>,
    /// What scenarios say of the time to come.
    pub timelines: Vec<TimelineFact>,
    /// Name and description of the scenario, where exactly one was read.
    pub scenario: Option<(String, String)>,
}

/// Larger files are refused before they are read: no estate is this large, and memory is finite.
pub const LARGEST_FILE: u64 = 1 << 30;
/// What was read may take this many times the size of the text: ten times and more is a file of nothing but tiny resources, and
/// no tool prints those.
const MOST_GROWTH: usize = 2;
/// Files too small for their growth to matter.
const SMALL_FACTS: usize = 256 << 20;
/// A larger resource is refused: a VNet with every one of its 65,536 addresses held takes 26 MiB.
const LARGEST_RESOURCE: usize = 64 << 20;
/// A larger scenario is refused; no hand writes so much.
const LARGEST_SCENARIO: usize = 128 << 20;

/// Reads files and folders (`-` is standard input) and joins what they hold.
///
/// # Errors
/// [`SourceError`] for the first file that cannot be read or understood, or for a reference that points nowhere.
pub fn load(from: &[PathBuf], also_reserved: &[PathBuf]) -> Result<Loaded, SourceError> {
    join(read_all(from)?, also_reserved)
}

/// Joins what was read with ranges that are in use elsewhere.
///
/// # Errors
/// As [`load`].
pub fn join(mut found: Found, also_reserved: &[PathBuf]) -> Result<Loaded, SourceError> {
    let is_empty = found.facts.is_empty() && found.plans.is_empty() && found.operations.is_empty();
    if is_empty && found.snapshots.is_empty() {
        found.facts.note(
            "no VNet, no subnet, no cluster and no Kubernetes object is in what was read"
                .to_string(),
        );
    }
    for path in also_reserved {
        found.facts.reserved.extend(read_reserved(path)?);
    }
    found.assemble()
}

/// What the files hold, before it is joined.
#[derive(Debug, Clone, Default)]
pub struct Found {
    pub facts: Facts,
    pub plans: Vec<terraform::Plan>,
    pub operations: Vec<OperationFact>,
    pub timelines: Vec<TimelineFact>,
    pub scenarios: Vec<(String, String)>,
    /// Of each snapshot, what was done to its names. One may be of nothing, and then says so itself.
    pub snapshots: Vec<Option<snapshot::Redacted>>,
    /// Of each scenario, the lines of what is in it, by path.
    pub outlines: Vec<(Arc<str>, place::Outline)>,
}

impl Found {
    /// Joins what was found.
    ///
    /// # Errors
    /// When a reference points nowhere.
    pub fn assemble(self) -> Result<Loaded, SourceError> {
        let scenario = match <[(String, String); 1]>::try_from(self.scenarios) {
            Ok([scenario]) => Some(scenario),
            Err(_) => None,
        };
        let steps: Vec<PlanStep> = self
            .plans
            .iter()
            .flat_map(|plan| plan.steps.iter().cloned())
            .collect();
        let (current, planned) = desired::with_plans(self.facts, self.plans);
        Ok(Loaded {
            current: assemble::assemble(current)?,
            planned: planned.map(assemble::assemble).transpose()?,
            steps,
            operations: self.operations,
            timelines: self.timelines,
            scenario,
        })
    }

    fn append(&mut self, other: Found) {
        self.facts.append(other.facts);
        self.plans.extend(other.plans);
        self.operations.extend(other.operations);
        self.timelines.extend(other.timelines);
        self.scenarios.extend(other.scenarios);
        self.snapshots.extend(other.snapshots);
        self.outlines.extend(other.outlines);
    }
}

/// Reads files and folders without joining them.
///
/// # Errors
/// As [`load`].
pub fn read_all(from: &[PathBuf]) -> Result<Found, SourceError> {
    let mut found = Found::default();
    for path in from {
        if path.as_os_str() != "-" && path.is_dir() {
            let mut files = Vec::new();
            list_folder(path, 0, &mut files, &mut found.facts.not_checked)?;
            if files.is_empty() {
                return Err(SourceError::new(
                    path.display().to_string(),
                    "no .json, .yaml, .yml or .json.zst file in this folder",
                ));
            }
            for file in files {
                found.append(read_file(&file)?);
            }
        } else {
            found.append(read_file(path)?);
        }
    }
    Ok(found)
}

/// Ranges of a plain prefix list; the comment behind a prefix is its owner.
///
/// # Errors
/// When the file cannot be read, or a line is no prefix.
pub fn read_reserved(path: &Path) -> Result<Vec<ReservedRange>, SourceError> {
    let name = path.display().to_string();
    let listed = prefix_list::parse_with_lines(&name, &read_bytes(path)?)?;
    Ok(listed
        .into_iter()
        .map(|listed| ReservedRange {
            cidr: listed.net,
            owner: listed
                .comment
                .unwrap_or_else(|| format!("{name}:{}", listed.line)),
        })
        .collect())
}

/// Files of a folder and the folders in it, in order of name. Hidden ones are passed over; what is neither JSON nor YAML by
/// name is not opened, and said.
fn list_folder(
    folder: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
    not_checked: &mut Vec<String>,
) -> Result<(), SourceError> {
    const DEEPEST: usize = 16;
    let name = folder.display().to_string();
    if depth > DEEPEST {
        return Err(SourceError::new(
            name,
            "folders are nested too deep (a link to itself?)",
        ));
    }
    let entries = std::fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| SourceError::new(&name, error.to_string()))?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            list_folder(&path, depth + 1, files, not_checked)?;
        } else if is_read_by_name(&path) {
            files.push(path);
        } else {
            not_checked.push(format!(
                "{}: not opened; in a folder only .json, .yaml, .yml and .json.zst files are read",
                path.display()
            ));
        }
    }
    Ok(())
}

/// `.json`, `.yaml` or `.yml`, and `.zst` behind it.
fn is_read_by_name(path: &Path) -> bool {
    let ends_in = |path: &Path, ends: &[&str]| {
        path.extension()
            .is_some_and(|end| ends.iter().any(|known| end.eq_ignore_ascii_case(known)))
    };
    if ends_in(path, &["zst"]) {
        ends_in(&path.with_extension(""), &["json", "yaml", "yml"])
    } else {
        ends_in(path, &["json", "yaml", "yml"])
    }
}

fn read_file(path: &Path) -> Result<Found, SourceError> {
    read_document(&path.display().to_string(), &read_bytes(path)?)
}

/// Reads one file's content, recognised by what it is.
///
/// # Errors
/// When it is none of the formats aksplan reads, or is damaged.
pub fn read_document(name: &str, bytes: &[u8]) -> Result<Found, SourceError> {
    let file: Arc<str> = Arc::from(name);
    let bytes = decompress(name, bytes)?;
    let is_compressed = matches!(bytes, std::borrow::Cow::Owned(_));
    let decoded = decode(name, &bytes)?;
    let text = decoded.as_ref();
    let mut found = match text.trim_start().as_bytes().first() {
        None => Err(SourceError::new(
            name,
            if name == "-" {
                "nothing came on standard input; did the command before it fail?"
            } else {
                "is empty"
            },
        )),
        Some(b'{' | b'[') => {
            let mut found = read_json(&file, text)?;
            place::resolve_lines(text, &mut found.facts);
            Ok(found)
        }
        Some(_) => yaml::read(&file, text),
    }?;
    if is_compressed {
        found.forget_lines();
    }
    // A snapshot says itself what was read to the end.
    if found.snapshots.is_empty() && !found.facts.is_page {
        found.facts.platform.call_whole();
    }
    Ok(found)
}

/// `text` is where the error's line and column count from.
fn json_error(name: &str, text: &str, error: &serde_json::Error) -> SourceError {
    if error.is_eof() {
        let (line, column) = text::position(text, text.trim_end().len());
        return SourceError::new(
            name,
            "ends in the middle of the JSON; is the file complete?",
        )
        .at(line, column);
    }
    let problem = arm::describe(error);
    let problem = if error.is_data() {
        problem
    } else {
        format!("is not valid JSON: {problem}")
    };
    SourceError::new(name, problem).at(error.line() as u64, error.column() as u64)
}

/// One JSON document, or several one after the other.
fn read_json(file: &Arc<str>, text: &str) -> Result<Found, SourceError> {
    let mut found = Found::default();
    let mut weight = 0;
    let mut rest = text;
    let mut position = 0;
    while !rest.trim_ascii_start().is_empty() {
        position += 1;
        let path = if position == 1 {
            String::new()
        } else {
            format!("document {position}")
        };
        let origin = Origin::new(file, path).at_offset(text.len() - rest.trim_ascii_start().len());
        let read = if rest.trim_ascii_start().starts_with('[') {
            let mut facts = Facts::default();
            rest = read_elements(&origin, text, rest, "", 0, &mut facts)?;
            Found {
                facts,
                ..Found::default()
            }
        } else {
            let (document, after) = next_document(file, text, rest)?;
            rest = after;
            read_json_document(&origin, text, document)?
        };
        weight += read.facts.weight();
        if weight > most_weight(text) {
            return Err(too_many(&Origin::new(file, ""), ""));
        }
        found.append(read);
    }
    Ok(found)
}

/// The document that `rest` begins with, and what follows it.
fn next_document<'a>(
    name: &str,
    text: &str,
    rest: &'a str,
) -> Result<(&'a RawValue, &'a str), SourceError> {
    let mut documents = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
    match documents.next() {
        Some(Ok(document)) => Ok((document, &rest[documents.byte_offset()..])),
        Some(Err(error)) => Err(from_rest(text, rest, json_error(name, rest, &error))),
        None => Err(SourceError::new(name, "is empty")),
    }
}

/// An error whose line and column count from where `rest` begins in the text.
fn from_rest(text: &str, rest: &str, error: SourceError) -> SourceError {
    let (line, column) = text::position(text, offset_in(text, rest));
    // The first line of the rest starts where the rest does.
    let (below, right) = error.position.unwrap_or((1, 1));
    let column = if below == 1 {
        column + right - 1
    } else {
        right
    };
    error.at(line + below - 1, column)
}

fn most_weight(text: &str) -> usize {
    SMALL_FACTS.max(MOST_GROWTH.saturating_mul(text.len()))
}

fn too_many(origin: &Origin, path: &str) -> SourceError {
    origin.error(
        path,
        format!(
            "holds so many tiny resources that they would take more than {MOST_GROWTH} times the file's size in memory; nothing \
             that `az` or `kubectl` prints does"
        ),
    )
}

fn read_json_document(
    origin: &Origin,
    text: &str,
    document: &RawValue,
) -> Result<Found, SourceError> {
    let file = &origin.file;
    let raw = document.get();
    let here = |error| place(text, raw, error);
    if !raw.starts_with('{') {
        return Err(here(origin.error("", "expected a JSON object or array")));
    }
    let envelope: wire::Envelope = arm::parse(raw, origin, "").map_err(here)?;
    let version = envelope.api_version.as_deref().unwrap_or_default();
    let kind = envelope.kind.as_deref().unwrap_or_default();
    // Azure has resources of kind Snapshot as well; Kubernetes too, with a version of its own.
    let is_ours =
        version.starts_with("aksplan/") || (version.is_empty() && !envelope.is_azure_resource());
    if kind == snapshot::KIND && is_ours {
        snapshot::check_version(version, origin).map_err(here)?;
        // Written by a machine for a machine, mostly in one line: the path says where.
        let origin = &Origin {
            offset: None,
            ..origin.clone()
        };
        let (facts, redacted) = snapshot::read(raw, origin).map_err(here)?;
        return Ok(Found {
            facts,
            snapshots: vec![redacted],
            ..Found::default()
        });
    }
    if version.starts_with("aksplan/") {
        scenario::check_version(version, origin).map_err(here)?;
        let scenario = parse_scenario(text, raw, origin)?;
        let begins = text::position(text, offset_in(text, raw));
        let outline = place::shifted(place::outline(raw), begins);
        return lower_scenario(file, outline, scenario);
    }
    if envelope.terraform_version.is_some()
        || envelope.resource_changes.is_some()
        || envelope.planned_values.is_some()
    {
        let plan = terraform::read(file, document, envelope.format_version.as_deref())?;
        return Ok(Found {
            plans: vec![plan],
            ..Found::default()
        });
    }
    let is_nameless_scenario =
        version.is_empty() && (envelope.virtual_networks.is_some() || envelope.clusters.is_some());
    if is_nameless_scenario || kind.eq_ignore_ascii_case("Scenario") {
        let problem = if version.is_empty() {
            format!("missing; expected {}", scenario::API_VERSION)
        } else {
            format!("`{version}`; expected {}", scenario::API_VERSION)
        };
        return Err(here(origin.error("apiVersion", problem)));
    }
    if !version.is_empty() && kind.is_empty() && !envelope.is_azure_resource() {
        return Err(here(origin.error(
            "apiVersion",
            format!(
                "`{version}`, and no `kind` beside it; expected {} of a scenario, or a Kubernetes object",
                scenario::API_VERSION
            ),
        )));
    }
    let mut facts = Facts::default();
    read_object(origin, text, raw, 0, &mut facts)?;
    Ok(Found {
        facts,
        ..Found::default()
    })
}

/// A scenario in JSON; an error names the line and column in the whole text.
fn parse_scenario(
    text: &str,
    raw: &str,
    origin: &Origin,
) -> Result<scenario::Scenario, SourceError> {
    if raw.len() > LARGEST_SCENARIO {
        return Err(place(text, raw, too_large(origin, LARGEST_SCENARIO)));
    }
    serde_json::from_str(raw)
        .map_err(|error| from_rest(text, raw, json_error(&origin.file, raw, &error)))
}

fn too_large(origin: &Origin, limit: usize) -> SourceError {
    origin.error(
        "",
        format!("is larger than {} MiB, which nothing real is", limit >> 20),
    )
}

/// One resource, one Kubernetes object, a page (`value`) or a list (`items`) of such.
fn read_object(
    origin: &Origin,
    text: &str,
    raw: &str,
    depth: u32,
    facts: &mut Facts,
) -> Result<(), SourceError> {
    let here = |error| place(text, raw, error);
    let envelope: wire::Envelope = arm::parse(raw, origin, "").map_err(here)?;
    let version = envelope.api_version.as_deref().unwrap_or_default();
    if let (Some(kind), false, false) = (
        &envelope.kind,
        version.is_empty(),
        envelope.is_azure_resource(),
    ) {
        return match (kind.strip_suffix("List"), envelope.items) {
            (Some("APIGroup"), None) => read_groups(origin, raw, facts).map_err(here),
            (Some(of), Some(items)) => {
                let continues = envelope.metadata.and_then(|metadata| metadata.next);
                let is_page = continues.is_some_and(|next| !next.is_empty());
                let list = List {
                    version,
                    of,
                    is_page,
                };
                read_kubernetes(origin, text, items.get(), "items", list, facts)
            }
            _ => {
                let object = List {
                    version,
                    of: kind,
                    is_page: false,
                };
                read_kubernetes(origin, text, raw, "", object, facts)
            }
        };
    }
    if let Some(value) = envelope.value
        && value.get().starts_with('[')
    {
        read_elements(origin, text, value.get(), "value", depth, facts)?;
        if envelope.next_link.is_some_and(|link| !link.is_empty()) {
            facts.is_page = true;
            facts.note(format!(
                "{}: is one page of several (it has a nextLink); what the other pages hold is not known",
                origin.file
            ));
        }
        return Ok(());
    }
    if let Some(error) = envelope.error {
        let error: wire::AzureError = serde_json::from_str(error.get()).unwrap_or_default();
        return Err(here(origin.error(
            "",
            format!(
                "is an error that Azure answered, no resource: {}: {}",
                error.code.unwrap_or_default(),
                error.message.unwrap_or_default()
            ),
        )));
    }
    if raw.len() > LARGEST_RESOURCE {
        return Err(here(too_large(origin, LARGEST_RESOURCE)));
    }
    arm::read_resource(raw, origin, &mut None, facts).map_err(here)
}

/// Adds the line and column of the resource to an error inside it.
fn place(text: &str, raw: &str, error: SourceError) -> SourceError {
    if error.position.is_some() {
        return error;
    }
    let offset = offset_in(text, raw);
    if text.is_char_boundary(offset) {
        let (line, column) = text::position(text, offset);
        error.at(line, column)
    } else {
        error
    }
}

/// Where in the text a resource stands: it is a slice of the text, so the distance of the two is its offset.
fn offset_in(text: &str, raw: &str) -> usize {
    (raw.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize)
}

/// The elements of the JSON array that `array` begins with, on every core; returns what follows the array. A window at a time:
/// an array of a hundred million zeros is refused at its first element, and not after a hundred million of them were listed.
fn read_elements<'a>(
    origin: &Origin,
    text: &str,
    array: &'a str,
    path: &str,
    depth: u32,
    facts: &mut Facts,
) -> Result<&'a str, SourceError> {
    /// Lists in lists come from `jq -s` over several files.
    const DEEPEST: u32 = 4;
    // Large enough to amortise a task, small enough to share out evenly.
    const BATCH: usize = 64;
    if depth > DEEPEST {
        let problem = "lists are nested too deep; expected a list of resources";
        return Err(place(text, array, origin.error(path, problem)));
    }
    let mut weight = 0;
    let after = windows(&origin.file, text, array, |before, elements| {
        let batches: Vec<Facts> = elements
            .par_chunks(BATCH)
            .enumerate()
            .map(|(batch, elements)| {
                let mut facts = Facts::default();
                let mut guess = None;
                for (position, raw) in elements.iter().enumerate() {
                    let position = before + batch * BATCH + position;
                    let origin = origin
                        .within(&format!("{path}[{position}]"))
                        .at_offset(offset_in(text, raw));
                    read_element(&origin, text, raw, depth, &mut guess, &mut facts)?;
                }
                Ok(facts)
            })
            .collect::<Result<_, SourceError>>()?;
        for batch in batches {
            weight += batch.weight();
            facts.append(batch);
        }
        if weight > most_weight(text) {
            return Err(too_many(origin, path));
        }
        Ok(())
    })?;
    Ok(after)
}

/// Hands the elements of an array to `read`, a window at a time, with the number of elements before them; returns what follows
/// the array. What the cutter cannot cut, the parser says what is wrong with.
fn windows<'a>(
    name: &str,
    text: &str,
    array: &'a str,
    mut read: impl FnMut(usize, &[&'a str]) -> Result<(), SourceError>,
) -> Result<&'a str, SourceError> {
    /// A few thousand resources keep every core busy and take a megabyte of references.
    const WINDOW: usize = 1 << 14;
    let mut elements =
        split::Elements::of(array).expect("callers saw the bracket that the text begins with");
    let mut before = 0;
    let mut window: Vec<&'a str> = Vec::new();
    loop {
        window.extend(elements.by_ref().take(WINDOW));
        let ended = window.len() < WINDOW;
        if let (true, None) = (ended, elements.after()) {
            // Not closed. The parser's error names the place; if it finds none, it is here.
            next_document(name, text, array)?;
            return Err(SourceError::new(name, "is not valid JSON"));
        }
        read(before, &window)?;
        before += window.len();
        window.clear();
        if let (true, Some(after)) = (ended, elements.after()) {
            return Ok(after);
        }
    }
}

/// An element of an array: an Azure resource, a Kubernetes object, or a page of either.
fn read_element(
    origin: &Origin,
    text: &str,
    raw: &str,
    depth: u32,
    guess: &mut Option<arm::Kind>,
    facts: &mut Facts,
) -> Result<(), SourceError> {
    if raw.starts_with('[') {
        return read_elements(origin, text, raw, "", depth + 1, facts).map(|_| ());
    }
    if !raw.starts_with('{') {
        return Err(place(
            text,
            raw,
            origin.error("", "expected a resource (a JSON object)"),
        ));
    }
    let tried = if raw.len() > LARGEST_RESOURCE {
        Err(too_large(origin, LARGEST_RESOURCE))
    } else {
        arm::read_resource(raw, origin, guess, facts)
    };
    // Looked at a second time only when it is no Azure resource: a fleet has a hundred thousand of those.
    tried.or_else(|error| {
        // What was cut out of a list was not parsed yet: a comma that is missing in it is a fault of the file.
        if let Err(invalid) = serde_json::from_str::<serde::de::IgnoredAny>(raw) {
            return Err(from_rest(
                text,
                raw,
                json_error(&origin.file, raw, &invalid),
            ));
        }
        let is_something_else = serde_json::from_str(raw).is_ok_and(|envelope: wire::Envelope| {
            (envelope.kind.is_some() && envelope.api_version.is_some())
                || envelope
                    .value
                    .is_some_and(|value| value.get().starts_with('['))
                || envelope.error.is_some()
        });
        if is_something_else {
            read_object(origin, text, raw, depth + 1, facts)
        } else {
            Err(place(text, raw, error))
        }
    })
}

/// What a list says of its items.
#[derive(Clone, Copy)]
struct List<'a> {
    version: &'a str,
    /// The kind; empty lets each item say its own.
    of: &'a str,
    /// More are to come.
    is_page: bool,
}

/// Which groups of the API a server has, as `kubectl get --raw /apis` prints them: of the kinds of a group that is not there, there are no
/// objects.
fn read_groups(origin: &Origin, raw: &str, facts: &mut Facts) -> Result<(), SourceError> {
    let list: wire::ApiGroups = arm::parse(raw, origin, "")?;
    let groups: Vec<&str> = list.groups.iter().map(|group| &*group.name).collect();
    // A list without the groups that every server has is no whole one.
    if !groups.contains(&"apps") {
        facts.note(format!(
            "{}: a list of API groups without `apps`, which every server has: not used",
            origin.file
        ));
        return Ok(());
    }
    let kinds = kubernetes::kinds_without_groups(&groups);
    let state = KubernetesState {
        absent_kinds: kinds.map(str::to_string).collect(),
        ..KubernetesState::default()
    };
    facts.kubernetes.push(KubernetesFact {
        origin: origin.clone(),
        state,
        cluster: None,
    });
    Ok(())
}

/// A Kubernetes object or an array of them.
fn read_kubernetes(
    origin: &Origin,
    text: &str,
    raw: &str,
    path: &str,
    list: List<'_>,
    facts: &mut Facts,
) -> Result<(), SourceError> {
    let mut state = KubernetesState::default();
    let mut read = |raw: &str, origin: &Origin, state: &mut KubernetesState| {
        if raw.len() > LARGEST_RESOURCE {
            return Err(too_large(origin, LARGEST_RESOURCE));
        }
        let own: wire::Envelope = arm::parse(raw, origin, "")?;
        let kind = own.kind.as_deref().unwrap_or(list.of);
        let version = own.api_version.as_deref().unwrap_or(list.version);
        if !kubernetes::is_used(version, kind) {
            facts.note(format!(
                "{}: objects of kind {kind} ({version}) are not used",
                origin.file
            ));
            return Ok(());
        }
        kubernetes::read_object(kind, raw, origin, state)
    };
    if raw.starts_with('[') {
        windows(&origin.file, text, raw, |before, items| {
            for (position, item) in items.iter().enumerate() {
                let origin = origin.within(&format!("{path}[{}]", before + position));
                read(item, &origin, &mut state).map_err(|error| place(text, item, error))?;
            }
            if facts::weight_of(&state) > most_weight(text) {
                return Err(too_many(origin, path));
            }
            Ok(())
        })?;
    } else {
        read(raw, origin, &mut state).map_err(|error| place(text, raw, error))?;
    }
    // An empty list of a kind says that there is none; an empty list of no kind says nothing.
    let is_typed = raw.starts_with('[') && kubernetes::is_used(list.version, list.of);
    if is_typed && !state.has_kind(list.of) {
        state.kinds.push(list.of.to_string());
    }
    if list.is_page {
        facts.note(format!(
            "{}: is one page of several (it has metadata.continue); what the other pages hold is not known",
            origin.file
        ));
        state.partial_kinds = std::mem::take(&mut state.kinds);
    }
    if !state.kinds.is_empty() || !state.partial_kinds.is_empty() {
        facts.kubernetes.push(KubernetesFact {
            origin: origin.clone(),
            state,
            cluster: None,
        });
    }
    Ok(())
}

fn lower_scenario(
    file: &Arc<str>,
    outline: place::Outline,
    scenario: scenario::Scenario,
) -> Result<Found, SourceError> {
    let title = (
        scenario.name.clone(),
        scenario.description.trim().to_string(),
    );
    let lowered = scenario.lower(file)?;
    Ok(Found {
        facts: lowered.facts,
        operations: lowered.operations,
        timelines: lowered.timeline.into_iter().collect(),
        scenarios: vec![title],
        outlines: vec![(Arc::clone(file), outline)],
        ..Found::default()
    })
}
