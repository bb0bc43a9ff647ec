//! Writes `$OUT_DIR/rule_uses.rs`: which source files cite which rule of `src/rule/book.rs` and `src/rule/readiness.rs`. `aksplan explain` shows it.
//!
//! A file cites a rule when the rule's constant occurs in it as a whole word outside of comment lines, or its hyphenated id
//! anywhere, comments and texts included; but not in a `mod tests` at its end. Deterministic: rules and files are sorted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rerun-if-changed=build.rs");
    let src = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("src");
    let mut rules = constants(&read(&src.join("rule/book.rs")));
    rules.extend(constants(&read(&src.join("rule/readiness.rs"))));
    assert!(
        !rules.is_empty(),
        "no `NAME = \"ID\", …` found in src/rule/book.rs: has the macro's form changed?"
    );

    let ids: BTreeMap<&str, &String> = rules
        .values()
        .filter(|id| id.contains('-'))
        .map(|id| (id.as_str(), id))
        .collect();
    let mut uses: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    for file in files {
        let path = file
            .strip_prefix(&src)
            .expect("found below src")
            .to_string_lossy()
            .replace('\\', "/");
        if path == "rule.rs" || path.starts_with("rule/") {
            continue;
        }
        let text = read(&file);
        let by_constant = words(&text).filter_map(|word| rules.get(word));
        let by_id = hyphenated(&text).filter_map(|word| ids.get(word).copied());
        for id in by_constant.chain(by_id) {
            uses.entry(id).or_default().insert(path.clone());
        }
    }

    let mut table =
        String::from("/// Rule id and the source files that cite the rule, both sorted.\n");
    table.push_str("static USES: &[(&str, &[&str])] = &[\n");
    for (id, files) in uses {
        let files: Vec<String> = files.into_iter().collect();
        writeln!(table, "    ({id:?}, &{files:?}),").expect("a String takes everything");
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("rule_uses.rs");
    fs::write(&out, table).unwrap_or_else(|e| panic!("{}: {e}", out.display()));
}

/// Constant name and rule id, from the first line of each entry: `SUB_1 = "SUB-1", …`.
fn constants(book: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut name = None;
    for line in book
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
    {
        // A long entry has its name alone on the first line: `NAME =`, and the id on the next.
        let (left, right) = match line.split_once('=') {
            Some((left, right)) if is_constant(left.trim()) => {
                (Some(left.trim().to_owned()), right.trim())
            }
            _ => (name.take(), line),
        };
        match (
            left,
            right
                .strip_prefix('"')
                .and_then(|rest| rest.split_once('"')),
        ) {
            (Some(left), Some((id, _))) => drop(found.insert(left, id.to_owned())),
            (left, _) => name = left,
        }
    }
    found
}

fn is_constant(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// A source text without the tests at its end.
fn code(text: &str) -> &str {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    &text[..end]
}

/// The words of a source text, comments included, in which hyphens join: `(SUB-2)` is one.
fn hyphenated(text: &str) -> impl Iterator<Item = &str> {
    code(text)
        .split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
        .filter(|word| word.contains('-'))
}

/// The identifiers and numbers of a source text, without comment lines and without the tests at its end.
fn words(text: &str) -> impl Iterator<Item = &str> {
    code(text)
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
