//! Every format that aksplan writes, and what must hold in it whatever the names are.

use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::Value;

/// A format, the commands that have it, and its law.
pub struct Format {
    pub name: &'static str,
    pub commands: &'static [&'static str],
    pub check: fn(&str, &str),
}

const ALL: &[&str] = &[
    "capacity",
    "compare",
    "drain",
    "migrate",
    "predict",
    "readiness",
    "report",
    "simulate",
];
/// Commands that tell what they found thing by thing.
const FOUND: &[&str] = &["capacity", "predict", "readiness", "report"];

/// The one list of formats: a new one is added here.
pub const FORMATS: [Format; 7] = [
    Format {
        name: "table",
        commands: ALL,
        check: table,
    },
    Format {
        name: "json",
        commands: ALL,
        check: json,
    },
    Format {
        name: "yaml",
        commands: ALL,
        check: yaml,
    },
    Format {
        name: "markdown",
        commands: ALL,
        check: markdown,
    },
    Format {
        name: "sarif",
        commands: FOUND,
        check: sarif,
    },
    Format {
        name: "junit",
        commands: FOUND,
        check: junit,
    },
    Format {
        name: "html",
        commands: &["report"],
        check: html,
    },
];

/// What a terminal or a reader would act on, or be led astray by.
fn control(text: &str) -> Option<char> {
    text.chars().find(|c| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{200E}' | '\u{200F}')
    })
}

pub fn no_control(what: &str, text: &str) {
    if let Some(c) = control(text) {
        let line = text.lines().find(|line| control(line).is_some());
        panic!("{what}: {c:?} in {line:?}");
    }
}

/// What is said on standard error: nothing to act on, and no more than people read.
pub fn check_talk(text: &str) {
    no_control("standard error", text);
    assert!(text.len() < 8_000, "{} bytes: {}", text.len(), &text[..200]);
}

fn table(what: &str, text: &str) {
    no_control(what, text);
}

pub fn json(what: &str, text: &str) {
    no_control(what, text);
    let _: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{what}: {error}"));
}

fn yaml(what: &str, text: &str) {
    // YAML escapes what is not printable; marks of direction are.
    if let Some(c) = text.chars().find(|c| c.is_control() && *c != '\n') {
        panic!("{what}: {c:?}");
    }
    let _: Value = serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{what}: {error}"));
}

/// A line of HTML that is ours: a table that is folded. What stands in it is text.
fn is_fold(line: &str) -> bool {
    let summary = line
        .strip_prefix("<summary>")
        .and_then(|rest| rest.strip_suffix("</summary>"));
    matches!(line, "<details>" | "</details>")
        || summary.is_some_and(|text| !text.contains(['<', '>', '"']))
}

/// What a forge would make a link or a mention of, were it not in code: autolinks of GitHub Flavored Markdown, and what GitHub and Azure
/// DevOps find besides. No parser of ours knows them, so the text is looked at.
fn linked(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let letter: fn(char) -> bool = char::is_alphanumeric;
    let digit: fn(char) -> bool = |c| c.is_ascii_digit();
    let any: fn(char) -> bool = |_| true;
    let signs = [
        ("://", any),
        ("www.", letter),
        ("mailto:", letter),
        ("@", letter),
        ("#", digit),
        ("!", digit),
        ("gh-", digit),
    ];
    let found = signs.iter().find(|(sign, next)| {
        lower
            .match_indices(sign)
            .any(|(at, _)| lower[at + sign.len()..].starts_with(*next))
    });
    let commit = lower
        .split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
        .find(|word| (7..=40).contains(&word.len()) && word.bytes().all(|c| c.is_ascii_hexdigit()));
    found
        .map(|(sign, _)| (*sign).to_string())
        .or(commit.map(str::to_string))
}

/// Read by a parser of CommonMark and GitHub's tables: no HTML but the mark in the first line and folded tables, no link and no picture,
/// nothing that a forge would link, no mention.
pub fn markdown(what: &str, text: &str) {
    no_control(what, text);
    let is_marked = text.starts_with("<!-- aksplan:");
    let body = match is_marked {
        true => text.split_once('\n').map_or("", |(_, body)| body),
        false => text,
    };
    let mark = &text[..text.len() - body.len()];
    assert_eq!(
        mark.matches("-->").count(),
        usize::from(is_marked),
        "{what}: {mark}"
    );
    let mut in_code = false;
    let mut words = String::new();
    for event in Parser::new_ext(body, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        if let (Event::Text(text), false) = (&event, in_code) {
            // Escapes and entities are texts of their own.
            words.push_str(text);
            continue;
        }
        if let Some(sign) = linked(&words) {
            panic!("{what}: {sign} in {words:?} would be a link");
        }
        words.clear();
        match event {
            Event::Html(html) if html.lines().all(is_fold) => {
                if let Some(sign) = linked(&html.replace("&#", "&")) {
                    panic!("{what}: {sign} in {html:?} would be a link");
                }
            }
            Event::Html(html) | Event::InlineHtml(html) => panic!("{what}: HTML {html:?}"),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                panic!("{what}: a link to {dest_url:?}")
            }
            Event::Start(Tag::Strikethrough | Tag::Emphasis) => panic!("{what}: emphasis"),
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => in_code = false,
            _ => {}
        }
    }
    // Rows of a table have as many cells as its heading: the parser would quietly pad or cut them.
    let mut columns = None;
    let mut fence: Option<&str> = None;
    for line in body.lines() {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(open) if ticks.len() >= open.len() && line == ticks => fence = None,
            Some(_) => continue,
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {}
        }
        if !line.starts_with("| ") {
            columns = None;
            continue;
        }
        let cells = line
            .replace("\\\\", "")
            .replace("\\|", "")
            .matches('|')
            .count();
        assert_eq!(*columns.get_or_insert(cells), cells, "{what}: {line}");
    }
}

fn texts<'a>(value: &'a Value, all: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => all.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, all)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, all)),
        _ => {}
    }
}

/// The published schema is held against it in `tests/pipelines.rs`; here no text is a link, and none controls anything.
fn sarif(what: &str, text: &str) {
    let document: Value =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut all = Vec::new();
    texts(&document, &mut all);
    for text in all {
        no_control(what, text);
    }
    let results = document["runs"][0]["results"].as_array().expect("results");
    for result in results {
        let message = result["message"]["text"].as_str().expect("a message");
        // An unescaped bracket before a parenthesis would be a link.
        for (at, _) in message.match_indices("](") {
            assert!(message[..at].ends_with('\\'), "{what}: {message}");
        }
        // Braces come in pairs: one alone would begin or end a placeholder.
        for brace in ['{', '}'] {
            let mut runs = message.split(|c| c != brace).filter(|run| !run.is_empty());
            assert!(
                runs.all(|run| run.len().is_multiple_of(2)),
                "{what}: {message}"
            );
        }
    }
}

fn junit(what: &str, text: &str) {
    no_control(what, text);
    let document =
        roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{what}: {error}"));
    let known = [
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "skipped",
        "system-out",
    ];
    for node in document.descendants() {
        assert!(!node.is_comment() && !node.is_pi(), "{what}");
        assert!(
            !node.is_element() || known.contains(&node.tag_name().name()),
            "{what}: {node:?}"
        );
    }
}

/// Names are text: no element, no attribute that runs anything, no address but those within the page.
fn html(what: &str, text: &str) {
    no_control(what, text);
    let lower = text.to_ascii_lowercase();
    for evil in [
        "<script",
        "<img",
        "<!--]",
        "href=\"javascript",
        "src=\"http",
        "javascript:alert(1))a|b<",
    ] {
        assert!(!lower.contains(evil), "{what}: {evil}");
    }
    // Whatever begins with `<` is a tag of ours: lower case letters, and attributes in quotes.
    for (at, _) in text.match_indices('<') {
        let tag = &text[at..];
        let begins = ["<!DOCTYPE", "</", "<!-- aksplan"]
            .iter()
            .any(|known| tag.starts_with(known));
        let is_element = tag[1..].starts_with(|c: char| c.is_ascii_lowercase());
        assert!(
            begins || is_element,
            "{what}: {:?}",
            tag.chars().take(60).collect::<String>()
        );
        if is_element {
            // Values stand in quotes; what is left of a tag is names of attributes.
            let names: String = tag.split('"').step_by(2).collect();
            let names = names.split('>').next().unwrap_or_default();
            assert!(!names.contains(" on"), "{what}: {names}");
        }
    }
}
