//! Every way facts come in. Each reader lowers its wire shape to the same facts; `assemble` joins them into one inventory.
//! A reader never guesses: what it cannot read is an error that names the file, the place and what was expected.
//!
//! bytes → [`recognise`](load) by content → [`scenario`] · [`arm`] · [`kubernetes`] · [`terraform`] → [`facts`] →
//! [`assemble`] → [`Inventory`].

pub mod arm;
pub mod assemble;
pub mod desired;
pub mod facts;
pub mod kubernetes;
pub mod prefix_list;
pub mod scenario;
mod split;
pub mod terraform;
mod wire;

use crate::model::{Inventory, KubernetesState, ReservedRange};
use facts::{Facts, KubernetesFact, Origin};
use rayon::prelude::*;
use scenario::OperationFact;
use serde_json::value::RawValue;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
        SourceError {
            file: file.into(),
            position: None,
            path: None,
            problem: problem.into(),
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
    /// What scenarios ask for.
    pub operations: Vec<OperationFact>,
    /// Name and description of the scenario, where exactly one was read.
    pub scenario: Option<(String, String)>,
}

/// Larger files are refused before they are read: no estate is this large, and memory is finite.
pub const LARGEST_FILE: u64 = 1 << 30;

/// Reads files and folders (`-` is standard input) and joins what they hold.
///
/// # Errors
/// [`SourceError`] for the first file that cannot be read or understood, or for a reference that points nowhere.
pub fn load(from: &[PathBuf], also_reserved: &[PathBuf]) -> Result<Loaded, SourceError> {
    let mut found = read_all(from)?;
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
    pub scenarios: Vec<(String, String)>,
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
        let (current, planned) = desired::with_plans(self.facts, self.plans);
        Ok(Loaded {
            current: assemble::assemble(current)?,
            planned: planned.map(assemble::assemble).transpose()?,
            operations: self.operations,
            scenario,
        })
    }

    fn append(&mut self, other: Found) {
        self.facts.append(other.facts);
        self.plans.extend(other.plans);
        self.operations.extend(other.operations);
        self.scenarios.extend(other.scenarios);
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
                    "no .json, .yaml or .yml file in this folder",
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
        } else if path.extension().is_some_and(|end| {
            ["json", "yaml", "yml"]
                .iter()
                .any(|known| end.eq_ignore_ascii_case(known))
        }) {
            files.push(path);
        } else {
            not_checked.push(format!(
                "{}: not opened; in a folder only .json, .yaml and .yml files are read",
                path.display()
            ));
        }
    }
    Ok(())
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, SourceError> {
    let name = path.display().to_string();
    let fail = |error: std::io::Error| SourceError::new(&name, error.to_string());
    let too_large =
        || SourceError::new(&name, format!("is larger than {} MiB", LARGEST_FILE >> 20));
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin()
            .lock()
            .take(LARGEST_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
    } else {
        let file = std::fs::File::open(path).map_err(fail)?;
        let size = file.metadata().map_err(fail)?.len();
        if size > LARGEST_FILE {
            return Err(too_large());
        }
        bytes.reserve_exact(usize::try_from(size).unwrap_or(0));
        file.take(LARGEST_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
    }
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(too_large());
    }
    Ok(bytes)
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
    let decoded = decode(name, bytes)?;
    let text = decoded.as_ref();
    match text.trim_start().as_bytes().first() {
        None => Err(SourceError::new(name, "is empty")),
        Some(b'{' | b'[') => read_json(&file, text),
        Some(_) => read_yaml(&file, text),
    }
}

/// UTF-8, or the UTF-16 that `>` writes in Windows PowerShell; a byte order mark is dropped.
fn decode<'a>(name: &str, bytes: &'a [u8]) -> Result<std::borrow::Cow<'a, str>, SourceError> {
    let utf16 = |unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..]
            .chunks_exact(2)
            .map(|pair| unit([pair[0], pair[1]]))
            .collect();
        String::from_utf16(&units)
            .map(std::borrow::Cow::Owned)
            .map_err(|_| SourceError::new(name, "is not text: broken UTF-16"))
    };
    match bytes {
        [0xFF, 0xFE, ..] => return utf16(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => return utf16(u16::from_be_bytes),
        [b'P', b'K', 3, 4, ..] => {
            return Err(SourceError::new(
                name,
                "is a zip archive; if it is a Terraform plan, give the output of `terraform show -json PLAN`",
            ));
        }
        [0x1F, 0x8B, ..] | [0x28, 0xB5, 0x2F, 0xFD, ..] => {
            return Err(SourceError::new(
                name,
                "is compressed; expected plain JSON or YAML",
            ));
        }
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(std::borrow::Cow::Borrowed(text)),
        Err(error) => Err(SourceError::new(
            name,
            format!("is not text: invalid UTF-8 at byte {}", error.valid_up_to()),
        )),
    }
}

/// One JSON document, or several one after the other.
fn read_json(file: &Arc<str>, text: &str) -> Result<Found, SourceError> {
    let mut found = Found::default();
    let mut rest = text;
    let mut position = 0;
    while !rest.trim_ascii_start().is_empty() {
        position += 1;
        let path = if position == 1 {
            String::new()
        } else {
            format!("document {position}")
        };
        let origin = Origin::new(file, path);
        // An array is cut and shared out; everything else, and what cannot be cut, is the parser's.
        if let Some((elements, after)) = split::elements(rest) {
            let facts = read_elements(&origin, text, &elements, "")?;
            found.append(Found {
                facts,
                ..Found::default()
            });
            rest = after;
            continue;
        }
        let mut documents = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let document = match documents.next() {
            Some(document) => document.map_err(|error| json_error(file, text, rest, &error))?,
            None => break,
        };
        rest = &rest[documents.byte_offset()..];
        found.append(read_json_document(&origin, text, document)?);
    }
    Ok(found)
}

/// An error of the parser, whose lines count from where `rest` begins.
fn json_error(name: &str, text: &str, rest: &str, error: &serde_json::Error) -> SourceError {
    let described = error.to_string();
    let problem = match described.rfind(" at line ") {
        Some(end) => &described[..end],
        None => &described,
    };
    let before = &text[..text.len() - rest.len()];
    let lines = before.matches('\n').count();
    SourceError::new(name, format!("{problem}; expected JSON"))
        .at((error.line() + lines) as u64, error.column() as u64)
}

fn read_json_document(
    origin: &Origin,
    text: &str,
    document: &RawValue,
) -> Result<Found, SourceError> {
    let file = &origin.file;
    let document_text = document.get();
    let only = |facts: Facts| Found {
        facts,
        ..Found::default()
    };
    let placed = |error| place(text, document_text, error);
    if !document_text.starts_with('{') {
        return Err(placed(origin.error("", "expected a JSON object or array")));
    }
    let envelope: wire::Envelope = arm::parse(document_text, origin, "").map_err(placed)?;
    let version = envelope.api_version.as_deref().unwrap_or_default();
    if version.starts_with("aksplan/") {
        let scenario: scenario::Scenario = arm::parse(document_text, origin, "").map_err(placed)?;
        return lower_scenario(file, scenario);
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
    if let (Some(kind), false) = (&envelope.kind, version.is_empty()) {
        let mut facts = Facts::default();
        match (kind.strip_suffix("List"), envelope.items) {
            (Some(of), Some(items)) => {
                read_kubernetes(origin, text, items.get(), "items", of, &mut facts)?;
            }
            _ => read_kubernetes(origin, text, document_text, "", kind, &mut facts)?,
        }
        return Ok(only(facts));
    }
    if let Some(value) = envelope.value
        && let Some((elements, _)) = split::elements(value.get())
    {
        let mut facts = read_elements(origin, text, &elements, "value")?;
        if envelope.next_link.is_some_and(|link| !link.is_empty()) {
            facts.not_checked.push(format!(
                "{file}: is one page of several (it has a nextLink); what the other pages hold is not known"
            ));
        }
        return Ok(only(facts));
    }
    let mut facts = Facts::default();
    arm::read_resource(document_text, origin, &mut None, &mut facts).map_err(placed)?;
    Ok(only(facts))
}

/// Adds the line and column of the resource to an error inside it.
fn place(text: &str, raw: &str, error: SourceError) -> SourceError {
    if error.position.is_some() {
        return error;
    }
    // The resource is a slice of the text, so the distance of the two is its offset.
    let offset = (raw.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    match text.get(..offset) {
        Some(before) => {
            let line = before.matches('\n').count() as u64 + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() as u64 + 1;
            error.at(line, column)
        }
        None => error,
    }
}

/// The elements of a JSON array, on every core.
fn read_elements(
    origin: &Origin,
    text: &str,
    elements: &[&str],
    path: &str,
) -> Result<Facts, SourceError> {
    // Large enough to amortise a task, small enough to share out evenly.
    const BATCH: usize = 64;
    let batches: Vec<Facts> = elements
        .par_chunks(BATCH)
        .enumerate()
        .map(|(batch, elements)| {
            let mut facts = Facts::default();
            let mut guess = None;
            for (position, raw) in elements.iter().enumerate() {
                let origin = Origin::new(
                    &origin.file,
                    format!("{}{path}[{}]", origin.path, batch * BATCH + position),
                );
                read_element(&origin, text, raw, &mut guess, &mut facts)
                    .map_err(|error| place(text, raw, error))?;
            }
            Ok(facts)
        })
        .collect::<Result<_, SourceError>>()?;
    let mut facts = Facts::default();
    for batch in batches {
        facts.append(batch);
    }
    Ok(facts)
}

/// An element of an array: an Azure resource, or a Kubernetes object.
fn read_element(
    origin: &Origin,
    text: &str,
    raw: &str,
    guess: &mut Option<arm::Kind>,
    facts: &mut Facts,
) -> Result<(), SourceError> {
    arm::read_resource(raw, origin, guess, facts).or_else(|error| {
        let envelope: wire::Envelope = serde_json::from_str(raw).map_err(|_| error.clone())?;
        match (envelope.kind, envelope.api_version) {
            (Some(kind), Some(_)) => read_kubernetes(origin, text, raw, "", &kind, facts),
            _ => Err(error),
        }
    })
}

/// A Kubernetes object or an array of them. `kind` is what a typed list says its items are; `""` lets each say itself.
fn read_kubernetes(
    origin: &Origin,
    text: &str,
    raw: &str,
    path: &str,
    kind: &str,
    facts: &mut Facts,
) -> Result<(), SourceError> {
    let mut state = KubernetesState::default();
    let mut unused: Vec<String> = Vec::new();
    let mut read = |raw: &str, origin: &Origin| {
        let own: wire::Envelope = arm::parse(raw, origin, "")?;
        let kind = own.kind.as_deref().unwrap_or(kind);
        if !kubernetes::read_object(kind, raw, origin, &mut state)? {
            unused.push(format!(
                "{}: objects of kind {kind} are not used",
                origin.file
            ));
        }
        Ok::<(), SourceError>(())
    };
    match split::elements(raw) {
        Some((items, _)) => {
            for (position, item) in items.into_iter().enumerate() {
                let origin =
                    Origin::new(&origin.file, format!("{}{path}[{position}]", origin.path));
                read(item, &origin).map_err(|error| place(text, item, error))?;
            }
        }
        None => read(raw, origin).map_err(|error| place(text, raw, error))?,
    }
    unused.sort();
    unused.dedup();
    facts.not_checked.extend(unused);
    facts.kubernetes.push(KubernetesFact {
        origin: origin.clone(),
        state,
    });
    Ok(())
}

fn lower_scenario(file: &Arc<str>, scenario: scenario::Scenario) -> Result<Found, SourceError> {
    let title = (
        scenario.name.clone(),
        scenario.description.trim().to_string(),
    );
    let (facts, operations) = scenario.lower(file)?;
    Ok(Found {
        facts,
        operations,
        scenarios: vec![title],
        ..Found::default()
    })
}

/// A scenario, or anything JSON could say, as YAML.
fn read_yaml(file: &Arc<str>, text: &str) -> Result<Found, SourceError> {
    #[derive(serde::Deserialize)]
    struct Version {
        #[serde(rename = "apiVersion")]
        api_version: Option<String>,
    }
    let fail = |error: serde_saphyr::Error| {
        let problem = error.without_snippet().to_string();
        // The message repeats the position that stands before it.
        let problem = match problem.rfind(" at line ") {
            Some(end) => problem[..end].to_string(),
            None => problem,
        };
        let source = SourceError::new(file.as_ref(), problem);
        match error.location() {
            Some(location) => source.at(location.line(), location.column()),
            None => source,
        }
    };
    let not_a_map = || {
        SourceError::new(
            file.as_ref(),
            "not recognised; expected a scenario (apiVersion: aksplan/v1), or JSON as printed by `az`, `kubectl` or \
             `terraform show -json`",
        )
    };
    let version: Result<Version, _> = serde_saphyr::from_str(text);
    match version {
        Ok(version)
            if version
                .api_version
                .as_deref()
                .is_some_and(|word| word.starts_with("aksplan/")) =>
        {
            lower_scenario(file, serde_saphyr::from_str(text).map_err(fail)?)
        }
        _ => {
            let documents: Vec<serde_json::Value> =
                serde_saphyr::from_str_multiple(text).map_err(fail)?;
            let mut found = Found::default();
            for document in documents {
                if document.is_null() {
                    continue;
                }
                if !document.is_object() && !document.is_array() {
                    return Err(not_a_map());
                }
                let json = document.to_string();
                // Lines of the converted text are not lines of the file.
                found.append(read_json(file, &json).map_err(|mut error| {
                    error.position = None;
                    error
                })?);
            }
            Ok(found)
        }
    }
}
