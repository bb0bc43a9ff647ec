//! YAML: a scenario, or anything JSON could say. Never larger than what fits into memory several times over.

use super::{Found, SourceError, lower_scenario, read_json, scenario};
use serde_saphyr::{Error, Options};
use std::sync::Arc;

/// A larger file is refused: read as YAML it takes many times its size, and a tool that printed it prints JSON as well.
const LARGEST_YAML: usize = 64 << 20;
/// Values of a file, keys among them: at worst a third of a kilobyte each.
const MOST_VALUES: usize = 2_000_000;

pub(super) fn read(file: &Arc<str>, text: &str) -> Result<Found, SourceError> {
    #[derive(serde::Deserialize)]
    struct Version {
        #[serde(rename = "apiVersion")]
        api_version: Option<String>,
        kind: Option<String>,
    }
    if text.len() > LARGEST_YAML {
        return Err(SourceError::new(
            file.as_ref(),
            format!(
                "is YAML of more than {} MiB; give it as JSON (`-o json`), which is read up to 1 GiB",
                LARGEST_YAML >> 20
            ),
        ));
    }
    let begins_with_talk = ["WARNING", "ERROR"]
        .iter()
        .any(|word| text.trim_start().starts_with(word));
    if begins_with_talk {
        return Err(SourceError::new(
            file.as_ref(),
            "begins with a message of the command that wrote it; save its standard output only (`>`, not `2>&1`)",
        ));
    }
    let fail = |error: Error| lower_error(file, &error);
    let version: Result<Version, _> = serde_saphyr::from_str_with_options(text, options());
    let version = version
        .ok()
        .filter(|version| version.kind.as_deref() != Some(super::snapshot::KIND))
        .and_then(|version| version.api_version);
    if let Some(version) = version.filter(|word| word.starts_with("aksplan/")) {
        scenario::check_version(&version, &super::Origin::new(file, ""))?;
        let scenario = serde_saphyr::from_str_with_options(text, options()).map_err(fail)?;
        return lower_scenario(file, super::place::outline(text), scenario);
    }
    let documents: Vec<serde_json::Value> =
        serde_saphyr::from_multiple_with_options(text, options()).map_err(fail)?;
    let mut found = Found::default();
    for document in documents {
        if document.is_null() {
            continue;
        }
        if !document.is_object() && !document.is_array() {
            return Err(SourceError::new(
                file.as_ref(),
                "not recognised; expected a scenario (apiVersion: aksplan/v1), or JSON as printed by `az`, `kubectl` or \
                 `terraform show -json`",
            ));
        }
        let json = document.to_string();
        drop(document);
        // Lines of the converted text are not lines of the file.
        let mut read = read_json(file, &json).map_err(|mut error| {
            error.position = None;
            error
        })?;
        for origin in read.facts.origins_mut() {
            origin.offset = None;
        }
        found.append(read);
    }
    Ok(found)
}

pub(super) fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MOST_VALUES,
            max_events: 3 * MOST_VALUES,
        },
        with_snippet: false,
    }
}

fn lower_error(file: &Arc<str>, error: &Error) -> SourceError {
    let error = error.without_snippet();
    let problem = match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("`{key}` is given twice; expected each key once")
        }
        Error::DuplicateMappingKey { key: None, .. } => {
            "a key is given twice; expected each key once".to_string()
        }
        other => {
            let text = other.to_string();
            let is_a_limit = ["budget breached", "recursion limit", "nesting limit"]
                .iter()
                .any(|limit| text.contains(limit));
            if is_a_limit {
                "is too large, or nested or repeated too deep, to be read as YAML; give it as JSON"
                    .to_string()
            } else {
                // The message repeats the position that stands before it.
                match text.split(" at line ").next().unwrap_or_default() {
                    "invalid u64" | "invalid u32" => "expected a whole number".to_string(),
                    "invalid boolean" | "invalid bool" => "expected true or false".to_string(),
                    text => text.to_string(),
                }
            }
        }
    };
    let source = SourceError::new(file.as_ref(), problem);
    match error.location() {
        Some(location) => source.at(location.line(), location.column()),
        None => source,
    }
}
