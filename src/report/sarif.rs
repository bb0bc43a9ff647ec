//! What was found as SARIF 2.1.0 (OASIS standard of 2020-03-27), for GitHub's code scanning and Azure DevOps. Never a time, never
//! an absolute path of its own making: two runs on the same input are the same bytes.
//!
//! The worst comes first: of a run, GitHub shows 5,000 results, the worst of them, and takes 25,000 (its page "SARIF results exceed one
//! or more limits", read 2026-11); a fleet that has more is asked about by `--vnet` or `--cluster`.
//!
//! Own structs and not the crate `serde-sarif`: thirty crates, half of them to generate code as it builds, for the ten objects that
//! are used here; a test holds the output against the published schema.

mod wire;

use super::terminal::clean;
use super::told::Told;
use crate::finding::Severity;
use crate::model::{Place, Places, Subject};
use crate::rule::{Confidence, Rule};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use wire::{
    ArtifactLocation, AutomationDetails, Component, Configuration, Descriptor, Driver, Invocation,
    Location, Log, LogicalLocation, Message, Notification, PhysicalLocation, Properties, Reference,
    Region, ResultObject, Run, Taxonomy, Tool,
};

/// Who asked, for [`render`].
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The subcommand: `report`.
    pub command: &'a str,
    /// What it is about, to tell runs of one commit apart: the scenario's name.
    pub about: &'a str,
}

/// Renders what was found, sorted, as one run. `not_checked` become notifications of the invocation.
pub fn render(asked: Asked, told: &[Told], places: &Places, not_checked: &[String]) -> String {
    let rules = rules(told);
    let index: BTreeMap<&str, usize> = rules
        .iter()
        .enumerate()
        .map(|(position, rule)| (rule.id.as_str(), position))
        .collect();
    let cited: BTreeSet<&str> = told
        .iter()
        .flat_map(|told| told.rules.iter().map(|rule| rule.id))
        .collect();
    let mut seen = BTreeMap::new();
    let results = told
        .iter()
        .map(|told| result(told, index[told.code], places, &mut seen))
        .collect();
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "aksplan",
                    version: env!("CARGO_PKG_VERSION"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules,
                },
            },
            automation_details: AutomationDetails {
                // The part before the last slash is the category that GitHub keeps runs apart by.
                id: format!("aksplan/{}/{}/", asked.command, category(asked.about)),
            },
            column_kind: "unicodeCodePoints",
            invocations: [Invocation {
                execution_successful: true,
                notifications: not_checked
                    .iter()
                    .map(|sentence| Notification {
                        level: "note",
                        message: Message::of(&format!("not checked: {sentence}")),
                    })
                    .collect(),
            }],
            taxonomies: [Taxonomy {
                name: BOOK,
                version: env!("CARGO_PKG_VERSION"),
                taxa: crate::rule::ALL
                    .iter()
                    .filter(|rule| cited.contains(rule.id))
                    .map(|rule| taxon(rule))
                    .collect(),
            }],
            results,
        }],
    };
    let mut text =
        serde_json::to_string_pretty(&log).expect("strings, numbers and lists are always JSON");
    text.push('\n');
    text
}

/// The name of the rule book as a taxonomy.
const BOOK: &str = "aksplan rule book";

/// A rule for each code, with all that the book says of those it cites.
fn rules(told: &[Told]) -> Vec<Descriptor> {
    let mut cited: BTreeMap<&str, (Severity, Vec<&'static Rule>)> = BTreeMap::new();
    for told in told {
        let (severity, rules) = cited
            .entry(told.code)
            .or_insert((told.severity, Vec::new()));
        *severity = told.severity.max(*severity);
        for rule in &told.rules {
            if !rules.contains(rule) {
                rules.push(rule);
            }
        }
    }
    cited
        .into_iter()
        .map(|(code, (severity, mut rules))| {
            rules.sort_by_key(|rule| rule.id);
            // An error of AKS is a rule of the book itself.
            let title = match (crate::rule::find(code), rules.as_slice()) {
                (Some(rule), _) => rule.title.to_string(),
                (None, [rule]) => rule.title.to_string(),
                _ => code.replace('-', " "),
            };
            Descriptor {
                id: code.to_string(),
                short_description: Message::of(&title),
                full_description: Message::of(&title),
                help: Message::of(&help(code, &rules)),
                help_uri: rules.iter().find_map(|rule| uri_in(rule.source)),
                default_configuration: Some(Configuration {
                    level: level(severity),
                }),
                properties: Properties {
                    confidence: surest(&rules).map(Confidence::word),
                    rules: rules.iter().map(|rule| rule.id).collect(),
                },
            }
        })
        .collect()
}

/// The least sure of what a code rests on: a chain is as strong as that.
fn surest(rules: &[&Rule]) -> Option<Confidence> {
    rules.iter().map(|rule| rule.confidence).max()
}

fn help(code: &str, rules: &[&Rule]) -> String {
    if rules.is_empty() {
        return format!("{code}: arithmetic on what was read; it rests on no rule of AKS.");
    }
    let mut text = String::new();
    for rule in rules {
        let _ = writeln!(
            text,
            "{}: {}. {} Source: {}. Confidence: {}.",
            rule.id,
            rule.title,
            rule.says,
            rule.source,
            rule.confidence.word()
        );
    }
    text.trim_end().to_string()
}

fn taxon(rule: &Rule) -> Descriptor {
    Descriptor {
        id: rule.id.to_string(),
        short_description: Message::of(rule.title),
        full_description: Message::of(rule.says),
        help: Message::of(&help(rule.id, &[rule])),
        help_uri: uri_in(rule.source),
        default_configuration: None,
        properties: Properties {
            confidence: Some(rule.confidence.word()),
            rules: Vec::new(),
        },
    }
}

/// The first address in a source: one that is written out, or an issue on GitHub as `Azure/AKS#3013`.
fn uri_in(source: &str) -> Option<String> {
    let word = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')');
    source.split(word).find_map(|word| {
        if word.starts_with("https://") {
            return Some(word.to_string());
        }
        let (repository, number) = word.split_once('#')?;
        let (owner, name) = repository.split_once('/')?;
        let is_name = |text: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !text.is_empty() && text.chars().all(allowed)
        };
        let is_issue = is_name(owner) && is_name(name) && number.parse::<u64>().is_ok();
        is_issue.then(|| format!("https://github.com/{repository}/issues/{number}"))
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Blocker => "error",
    }
}

fn result(
    told: &Told,
    rule_index: usize,
    places: &Places,
    seen: &mut BTreeMap<String, u64>,
) -> ResultObject {
    let mut key = format!(
        "{}\n{}\n{}\n{}",
        told.code,
        told.subject.kind(),
        told.subject,
        told.detail
    );
    // The same thing twice is two results all the same.
    let times = seen.entry(key.clone()).or_insert(0);
    *times += 1;
    let _ = write!(key, "\n{times}");
    let fingerprint = hex(&key);
    ResultObject {
        rule_id: told.code.to_string(),
        rule_index,
        level: level(told.severity),
        message: Message::of(&told.message),
        locations: [location(&told.subject, places)],
        related_locations: told
            .related
            .iter()
            .map(|subject| location(subject, places))
            .collect(),
        taxa: told
            .rules
            .iter()
            .map(|rule| Reference {
                id: rule.id,
                tool_component: Component { name: BOOK },
            })
            .collect(),
        partial_fingerprints: BTreeMap::from([
            // The one that GitHub reads, in the form it writes itself.
            (
                "primaryLocationLineHash",
                format!("{}:1", &fingerprint[..16]),
            ),
            ("aksplan/v1", fingerprint),
        ]),
    }
}

fn hex(text: &str) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn location(subject: &Subject, places: &Places) -> Location {
    let place = places.of(subject);
    let mut logical = vec![LogicalLocation {
        name: shown(&subject.name()),
        fully_qualified_name: shown(&subject.to_string()),
        kind: subject.kind(),
    }];
    if let Some(address) = place.and_then(|place| place.address.as_ref()) {
        logical.push(LogicalLocation {
            name: shown(address.rsplit('.').next().unwrap_or(address)),
            fully_qualified_name: shown(address),
            kind: "resource",
        });
    }
    if let Some(place) = place.filter(|place| !place.path.is_empty()) {
        logical.push(LogicalLocation {
            name: shown(&place.path),
            fully_qualified_name: shown(&place.path),
            kind: "element",
        });
    }
    Location {
        physical_location: place.and_then(physical),
        logical_locations: logical,
    }
}

/// A name, or a word where there is none: an empty one says nothing.
fn shown(name: &str) -> String {
    match name {
        "" => "all that was read".to_string(),
        name => clean(name),
    }
}

fn physical(place: &Place) -> Option<PhysicalLocation> {
    Some(PhysicalLocation {
        artifact_location: ArtifactLocation {
            uri: uri(&place.file)?,
        },
        region: place.position.map(|(line, column)| Region {
            start_line: line,
            start_column: column,
        }),
    })
}

/// A file as a URI reference (RFC 3986): relative as it was given, percent-encoded where it must be. Standard input has none.
fn uri(file: &str) -> Option<String> {
    if file == "-" || file.is_empty() {
        return None;
    }
    let slashes = file.replace('\\', "/");
    let mut path = slashes.as_str();
    while let Some(rest) = path.strip_prefix("./") {
        path = rest.trim_start_matches('/');
    }
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    Some(uri)
}

/// What tells runs apart, in letters that mean nothing anywhere; no two names become one, for the runs of one would replace the other's.
fn category(about: &str) -> String {
    const LONGEST: usize = 60;
    const DIGITS: usize = 16;
    const ESTATE: &str = "estate";
    match about {
        "" => return ESTATE.to_string(),
        // A cluster may be called so.
        ESTATE => return "%65state".to_string(),
        _ => {}
    }
    let mut name = String::new();
    for byte in about.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                name.push(char::from(byte));
            }
            byte => {
                let _ = write!(name, "%{byte:02X}");
            }
        }
    }
    if name.len() > LONGEST {
        let hash = hex(&name);
        name.truncate(LONGEST - DIGITS - 1);
        // No name has this sign: it would be encoded.
        let _ = write!(name, "~{}", &hash[..DIGITS]);
    }
    name
}

impl Message {
    /// Text of our own with names of others in it. `{0}` would be a placeholder (SARIF 2.1.0, 3.11.5): braces are doubled, as the standard
    /// has it. `[text](target)` would be a link (3.11.6): brackets are escaped where that is what stands there.
    fn of(text: &str) -> Self {
        let text: String = text.lines().map(clean).collect::<Vec<_>>().join("\n");
        let text = text.replace('{', "{{").replace('}', "}}");
        let text = if text.contains("](") {
            text.replace('\\', "\\\\")
                .replace('[', "\\[")
                .replace(']', "\\]")
        } else {
            text
        };
        Message { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_relative_references() {
        for (file, want) in [
            ("./infra/main.tf", Some("infra/main.tf")),
            ("a b/ü#1?.yaml", Some("a%20b/%C3%BC%231%3F.yaml")),
            ("c:x.yaml", Some("c%3Ax.yaml")),
            ("javascript:alert(1)", Some("javascript%3Aalert%281%29")),
            ("../up.json", Some("../up.json")),
            ("/tmp/x.json", Some("file:///tmp/x.json")),
            ("-", None),
        ] {
            assert_eq!(uri(file).as_deref(), want, "{file}");
        }
    }

    #[test]
    fn sources_with_an_address() {
        for (source, want) in [
            (
                "GitHub Azure/AKS#3013 (2022)",
                Some("https://github.com/Azure/AKS/issues/3013"),
            ),
            ("see https://aka.ms/x, read", Some("https://aka.ms/x")),
            (
                "MicrosoftDocs/azure-aks-docs concepts.md (2026-04-16)",
                None,
            ),
        ] {
            assert_eq!(uri_in(source).as_deref(), want, "{source}");
        }
    }

    #[test]
    fn no_two_names_are_one_category() {
        let long = "x".repeat(100);
        let names = [
            "",
            "estate",
            "prod/eu",
            "prod-eu",
            "prod eu",
            "prod%2Feu",
            "東京",
            "大阪",
            "PROD",
            "prod",
            long.as_str(),
            &long[..99],
        ];
        let all: std::collections::BTreeSet<String> =
            names.iter().map(|name| category(name)).collect();
        assert_eq!(all.len(), names.len(), "{all:?}");
        for category in all {
            assert!(
                category.len() <= 60 && !category.contains('/'),
                "{category}"
            );
        }
        assert_eq!(category("prod-eu_1.b"), "prod-eu_1.b");
    }

    #[test]
    fn a_name_is_no_placeholder() {
        assert_eq!(Message::of("pool {0} ${{x}}").text, "pool {{0}} ${{{{x}}}}");
    }

    #[test]
    fn a_name_is_no_link() {
        assert_eq!(
            Message::of("pool a](javascript:x) [0]").text,
            "pool a\\](javascript:x) \\[0\\]"
        );
        assert_eq!(
            Message::of("pools[0]: x\u{1b}[31m").text,
            "pools[0]: x\u{FFFD}[31m"
        );
    }
}
