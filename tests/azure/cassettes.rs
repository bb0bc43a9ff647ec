//! Recordings of real traffic with Azure Resource Manager, where they are at hand (`../shared/recordings`, not part of this
//! repository): which kinds there are, and every exchange of a cassette. Nothing is judged here.

#[path = "../recordings/mod.rs"]
mod folder;

pub use folder::recordings;

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One request and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub method: String,
    pub host: String,
    /// Without the query, as sent.
    pub path: String,
    pub query: String,
    pub request: String,
    pub status: u16,
    /// Of the answer, names in lower case.
    pub headers: BTreeMap<String, String>,
    pub answer: String,
}

impl Exchange {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.answer).unwrap_or(Value::Null)
    }
}

/// A recording.
#[derive(Debug)]
pub struct Cassette {
    /// File name without its end.
    pub name: String,
    /// First letter of its kind in the index: `H` network reads, `C` bring your own VNet, …
    pub kind: char,
    pub exchanges: Vec<Exchange>,
}

/// Every cassette that the index lists under one of the kinds.
pub fn cassettes(root: &Path, kinds: &[char]) -> Vec<Cassette> {
    let index = std::fs::read_to_string(root.join("INDEX.md")).expect("the index is there");
    let mut kind = None;
    let mut found = Vec::new();
    for line in index.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            let mut letters = title.chars();
            kind = letters
                .next()
                .filter(|_| letters.next() == Some('-'))
                .filter(|letter| kinds.contains(letter));
            continue;
        }
        let Some(named) = line
            .strip_prefix("| `")
            .and_then(|rest| rest.split('`').next())
        else {
            continue;
        };
        let (Some(kind), Some((start, end))) = (kind, named.split_once('…')) else {
            continue;
        };
        let path = below(
            &root.join(start.trim_end_matches('/')),
            end.trim_start_matches('/'),
        )
        .unwrap_or_else(|| panic!("{named} is in the index and not there"));
        found.push(Cassette {
            name: path
                .file_stem()
                .expect("it has a name")
                .to_string_lossy()
                .into_owned(),
            kind,
            exchanges: read(&path),
        });
    }
    found
}

/// The file with the name, at any depth.
fn below(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .map(|entry| entry.expect("readable").path())
        .collect();
    entries.sort();
    entries
        .iter()
        .find(|path| path.is_file() && path.ends_with(name))
        .cloned()
        .or_else(|| entries.iter().find_map(|path| below(path, name)))
}

#[derive(Deserialize)]
struct File {
    interactions: Vec<Interaction>,
}

#[derive(Deserialize)]
struct Interaction {
    request: Request,
    response: Response,
}

/// vcrpy says `uri`, go-vcr `url`.
#[derive(Deserialize)]
struct Request {
    method: String,
    #[serde(alias = "uri")]
    url: String,
    #[serde(default)]
    body: Option<String>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    status: Option<Status>,
    #[serde(default)]
    code: Option<u16>,
    body: Body,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Status {
    /// vcrpy
    Code { code: u16 },
    /// go-vcr: `200 OK`, and the number beside it
    Text(#[allow(dead_code)] String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Wrapped { string: Option<String> },
    Bare(String),
}

fn read(path: &Path) -> Vec<Exchange> {
    let text = std::fs::read_to_string(path).expect("a recording is text");
    let file: File =
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file.interactions
        .into_iter()
        .map(|interaction| {
            let Interaction { request, response } = interaction;
            let (_, rest) = request.url.split_once("://").expect("an address");
            let (host, rest) = rest.split_once('/').unwrap_or((rest, ""));
            let (target, query) = rest.split_once('?').unwrap_or((rest, ""));
            Exchange {
                method: request.method,
                host: host.to_string(),
                path: format!("/{target}"),
                query: query.to_string(),
                request: request.body.unwrap_or_default(),
                status: match response.status {
                    Some(Status::Code { code }) => code,
                    _ => response.code.expect("go-vcr writes the code"),
                },
                headers: response
                    .headers
                    .into_iter()
                    .filter_map(|(name, values)| {
                        let value = values.into_iter().next()?;
                        Some((name.to_ascii_lowercase(), value))
                    })
                    .collect(),
                answer: match response.body {
                    Body::Wrapped { string } => string.unwrap_or_default(),
                    Body::Bare(text) => text,
                },
            }
        })
        .collect()
}
