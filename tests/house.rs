//! The house rules of `src/lib.rs`, read off the source: which room may use which, and what the core never touches.
//!
//! In one crate the compiler does not keep siblings apart, so this does. It reads every `crate::…` and `super::…` path outside
//! of comments, strings and `#[cfg(test)]` modules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Rooms, each with those it may use. What is missing here fails: a new room says where it stands.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("rule", &["model"]),
    ("shell", &[]),
    ("finding", &["model", "rule"]),
    ("population", &["model"]),
    ("placement", &["model", "rule", "finding", "population"]),
    (
        "disruption",
        &["model", "rule", "finding", "population", "placement"],
    ),
    ("capacity", &["model", "rule", "finding"]),
    (
        "simulate",
        &[
            "model",
            "rule",
            "finding",
            "population",
            "placement",
            "disruption",
            "capacity",
        ],
    ),
    (
        "migrate",
        &[
            "model",
            "rule",
            "finding",
            "population",
            "disruption",
            "capacity",
            "simulate",
        ],
    ),
    (
        "predict",
        &[
            "model", "rule", "finding", "capacity", "simulate", "migrate",
        ],
    ),
    ("readiness", &["model", "rule", "shell", "finding"]),
    ("source", &["model", "rule"]),
    (
        "execute",
        &[
            "model",
            "rule",
            "finding",
            "population",
            "simulate",
            "migrate",
            "source",
        ],
    ),
    (
        "report",
        &[
            "model",
            "rule",
            "shell",
            "finding",
            "population",
            "placement",
            "disruption",
            "simulate",
            "capacity",
            "migrate",
            "predict",
            "readiness",
        ],
    ),
    (
        "cli",
        &[
            "model",
            "rule",
            "shell",
            "finding",
            "population",
            "disruption",
            "simulate",
            "capacity",
            "migrate",
            "predict",
            "readiness",
            "source",
            "execute",
            "report",
        ],
    ),
    ("main", &["cli"]),
];

/// Values in, values out.
const CORE: &[&str] = &[
    "model",
    "rule",
    "shell",
    "finding",
    "population",
    "placement",
    "disruption",
    "capacity",
    "simulate",
    "migrate",
    "predict",
    "readiness",
];

/// What the core never does, and the word that gives it away.
const WORLD: &[(&str, &str)] = &[
    ("std::fs", "reads or writes files"),
    ("std::env", "reads the environment"),
    ("std::process", "starts or ends processes"),
    ("std::time", "asks a clock; time is a field of the input"),
    ("std::thread", "starts threads"),
    ("std::net::Tcp", "opens a socket"),
    ("std::net::Udp", "opens a socket"),
    ("std::net::ToSocketAddrs", "asks a name server"),
    ("std::io::stdin", "reads standard input"),
    ("std::io::stdout", "prints"),
    ("std::io::stderr", "prints"),
    ("println!", "prints"),
    ("print!", "prints"),
    ("eprintln!", "prints"),
    ("eprint!", "prints"),
    ("dbg!", "prints"),
    ("rayon", "starts threads"),
    ("async fn", "is asynchronous"),
];

/// Arrows that run the wrong way on purpose: file, what it uses, and why. A line here that is no longer needed fails as well.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("src/source/prefix_list.rs", "capacity", PREFIX_LISTS),
    ("src/source/prefix_list/blocks.rs", "capacity", PREFIX_LISTS),
    ("src/source/prefix_list/dotted.rs", "capacity", PREFIX_LISTS),
    (
        "src/simulate/futures.rs",
        "rayon",
        "runs futures on every core: each depends on its seed and number alone, so the answer does not depend on the threads",
    ),
    (
        "src/capacity/prefix_set.rs",
        "rayon",
        "sorts a million prefixes on every core: a pure function, whose answer does not depend on the number of threads",
    ),
    (
        "src/simulate/growth/futures.rs",
        "rayon",
        "plays a hundred thousand futures on every core: a pure function, whose answer does not depend on the number of threads",
    ),
];
const PREFIX_LISTS: &str = "a million lines are read straight into the list that is sorted; a copy in between would double time and memory";

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &[
    "utils", "util", "helpers", "helper", "common", "types", "errors", "misc", "manager",
    "managers",
];

const LONGEST_FILE: usize = 900;
/// Files that may be longer, and why.
const LONG_FILES: &[(&str, &str)] = &[];

struct Source {
    /// `src/capacity/assess.rs`
    path: String,
    room: String,
    /// Without comments, strings and tests.
    code: String,
    lines: usize,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("src is there") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let paths: Vec<String> = files
        .iter()
        .map(|file| {
            file.strip_prefix(root)
                .expect("it is below")
                .to_string_lossy()
                .replace('\\', "/")
        })
        .collect();
    let texts: Vec<String> = files
        .iter()
        .map(|file| std::fs::read_to_string(file).expect("source is text"))
        .collect();
    // `#[cfg(test)] mod laws;` makes a whole file a test.
    let test_files: Vec<String> = paths
        .iter()
        .zip(&texts)
        .flat_map(|(path, text)| test_modules(path, &without_comments(text)))
        .collect();
    paths
        .into_iter()
        .zip(texts)
        .filter(|(path, _)| {
            path != "src/lib.rs"
                && !test_files.iter().any(|test| {
                    path.starts_with(&format!("{test}/")) || *path == format!("{test}.rs")
                })
        })
        .map(|(path, text)| {
            let room = path["src/".len()..]
                .split('/')
                .next()
                .unwrap_or_default()
                .trim_end_matches(".rs")
                .to_string();
            let code = without_tests(&without_comments(&text));
            Source {
                room,
                code,
                lines: text.lines().count(),
                path,
            }
        })
        .collect()
}

/// Paths, without `.rs`, of the modules that a file declares for tests only.
fn test_modules(path: &str, code: &str) -> Vec<String> {
    let folder = path
        .trim_end_matches(".rs")
        .trim_end_matches("/mod")
        .trim_end_matches("/lib")
        .to_string();
    let mut modules = Vec::new();
    for (position, _) in code.match_indices("#[cfg(test)]") {
        let after = code[position + "#[cfg(test)]".len()..].trim_start();
        if let Some(name) = after
            .strip_prefix("mod ")
            .and_then(|rest| rest.split([';', '{']).next())
            && after.find(';').unwrap_or(usize::MAX) < after.find('{').unwrap_or(usize::MAX)
        {
            modules.push(format!("{folder}/{}", name.trim()));
        }
    }
    modules
}

/// Comments and the insides of strings become blanks. Enough of Rust for this crate, which is formatted and compiles.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            raw.find("\"#").map_or(rest.len(), |end| end + 5)
        } else if first == '"' {
            let mut escaped = false;
            1 + rest[1..]
                .find(|c: char| {
                    let ends = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    ends
                })
                .map_or(rest.len() - 1, |end| end + 1)
        } else {
            // A quotation mark as a character opens nothing.
            let quoted = ["'\"'", "'\\\"'", "b'\"'"]
                .into_iter()
                .find(|quoted| rest.starts_with(quoted));
            quoted.map_or(0, str::len)
        };
        if skipped == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            out.extend(rest[..skipped].chars().filter(|c| *c == '\n'));
            out.push(' ');
            rest = &rest[skipped..];
        }
    }
    out
}

/// A test may use what it likes.
fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(start) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..start]);
        let after = &rest[start..];
        let mut depth = 0;
        let end = after
            .char_indices()
            .find(|(_, c)| {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                (*c == '}' || *c == ';') && depth == 0
            })
            .map_or(after.len(), |(end, _)| end + 1);
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

/// Rooms that a file names by `crate::room`, `crate::{room, …}` or, from the top of its room, `super::room`.
fn rooms_named(source: &Source, rooms: &[&str]) -> Vec<(String, usize)> {
    let mut named = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for (number, line) in source.code.lines().enumerate() {
        for (position, found) in line.match_indices("crate::") {
            let before = line[..position].chars().next_back();
            if before.is_some_and(is_word) {
                continue;
            }
            let after = &line[position + found.len()..];
            let words: Vec<&str> = match after.strip_prefix('{') {
                Some(list) => list
                    .split(['{', '}', ','])
                    .map(|item| item.trim().split("::").next().unwrap_or_default())
                    .collect(),
                None => vec![after.split(|c| !is_word(c)).next().unwrap_or_default()],
            };
            for word in words {
                if rooms.contains(&word) {
                    named.push((word.to_string(), number + 1));
                }
            }
        }
        // `super::` climbs out of a room only from its top: src/room.rs, or src/room/mod.rs.
        let is_top = source.path == format!("src/{}.rs", source.room)
            || source.path == format!("src/{}/mod.rs", source.room);
        for (position, found) in line.match_indices("super::") {
            let word = line[position + found.len()..]
                .split(|c| !is_word(c))
                .next()
                .unwrap_or_default();
            if is_top && rooms.contains(&word) {
                named.push((word.to_string(), number + 1));
            }
        }
        // Binaries see the crate from outside.
        for (position, found) in line.match_indices("aksplan::") {
            let word = line[position + found.len()..]
                .split(|c| !is_word(c))
                .next()
                .unwrap_or_default();
            if rooms.contains(&word) {
                named.push((word.to_string(), number + 1));
            }
        }
    }
    named
}

#[test]
fn arrows_run_one_way() {
    let rooms: Vec<&str> = MAY_USE.iter().map(|(room, _)| *room).collect();
    let mut broken: Vec<String> = Vec::new();
    let mut used: Vec<(&str, &str)> = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = MAY_USE.iter().find(|(room, _)| *room == source.room) else {
            broken.push(format!("{}: room `{}` is not in the map: say in tests/house.rs and src/lib.rs where it stands", source.path, source.room));
            continue;
        };
        for (room, line) in rooms_named(&source, &rooms) {
            if room == source.room || allowed.contains(&room.as_str()) {
                continue;
            }
            if let Some((path, what, _)) = EXCEPTIONS
                .iter()
                .find(|(path, what, _)| *path == source.path && *what == room)
            {
                used.push((path, what));
                continue;
            }
            broken.push(format!(
                "{}:{line}: `{}` uses `{room}`, which stands below it; it may use: {}",
                source.path,
                source.room,
                if allowed.is_empty() {
                    "nothing".to_string()
                } else {
                    allowed.join(", ")
                }
            ));
        }
        if CORE.contains(&source.room.as_str()) {
            for (number, line) in source.code.lines().enumerate() {
                for (word, why) in WORLD {
                    let hit = line.match_indices(word).any(|(position, _)| {
                        let before = line[..position].chars().next_back();
                        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
                    });
                    if !hit {
                        continue;
                    }
                    if let Some((path, what, _)) = EXCEPTIONS
                        .iter()
                        .find(|(path, what, _)| *path == source.path && what == word)
                    {
                        used.push((path, what));
                        continue;
                    }
                    broken.push(format!(
                        "{}:{}: the core {why} (`{word}`)",
                        source.path,
                        number + 1
                    ));
                }
            }
        }
    }
    for (path, what, _) in EXCEPTIONS {
        if !used.contains(&(path, what)) {
            broken.push(format!(
                "tests/house.rs: {path} no longer uses `{what}`; take it off the exceptions"
            ));
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn names_say_what_is_inside_and_files_stay_short() {
    let mut broken: Vec<String> = Vec::new();
    for source in sources() {
        for part in source.path.trim_end_matches(".rs").split('/') {
            if EMPTY_NAMES.contains(&part) {
                broken.push(format!(
                    "{}: `{part}` says nothing; a type lives with the verb that makes it",
                    source.path
                ));
            }
        }
        let excused = LONG_FILES.iter().any(|(path, _)| *path == source.path);
        if (source.lines > LONGEST_FILE) != excused {
            broken.push(if excused {
                format!(
                    "tests/house.rs: {} is no longer long; take it off the list",
                    source.path
                )
            } else {
                format!(
                    "{}: {} lines; split it, or say in tests/house.rs why not",
                    source.path, source.lines
                )
            });
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// Every module says what it owns, in its first line.
#[test]
fn every_room_is_described() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = std::fs::read_to_string(root.join("src/lib.rs")).expect("the map is there");
    for (room, _) in MAY_USE {
        assert!(
            *room == "main" || map.contains(&format!("[`{room}`]")),
            "src/lib.rs does not describe `{room}`"
        );
    }
    for source in sources() {
        let text = std::fs::read_to_string(root.join(&source.path)).expect("source is text");
        let is_test = source.code.trim().is_empty() || source.path.contains("/tests");
        assert!(
            is_test || text.starts_with("//!"),
            "{}: say what the module owns, in `//!`",
            source.path
        );
    }
}

/// The reader above, held against what it must see and must not.
#[test]
fn the_reader_sees_what_it_must() {
    let source = |path: &str, room: &str, text: &str| Source {
        path: path.to_string(),
        room: room.to_string(),
        code: without_tests(&without_comments(text)),
        lines: 1,
    };
    let rooms: Vec<&str> = MAY_USE.iter().map(|(room, _)| *room).collect();
    let named = |text: &str| -> Vec<String> {
        rooms_named(&source("src/model/x.rs", "model", text), &rooms)
            .into_iter()
            .map(|(room, _)| room)
            .collect()
    };
    assert_eq!(
        named("use crate::capacity::x;\nlet y = crate::cli::z();"),
        ["capacity", "cli"]
    );
    assert_eq!(
        named("use crate::{rule, source::{self, arm}, predict};"),
        ["rule", "source", "predict"]
    );
    assert_eq!(
        named(
            "// crate::cli\n/* crate::cli */ let s = \"crate::cli\"; let r = r#\"crate::cli\"#; '\"'; crate::rule"
        ),
        ["rule"]
    );
    assert_eq!(
        named(
            "fn a() {}\n#[cfg(test)]\nmod tests { use crate::cli; fn f() { } }\nuse crate::rule;"
        ),
        ["rule"]
    );
    assert_eq!(
        named("use super::rule;"),
        [""; 0],
        "inside its room, `super` is the room"
    );
    let top = source("src/finding.rs", "finding", "use super::cli;");
    assert_eq!(rooms_named(&top, &rooms)[0].0, "cli");
    assert_eq!(
        test_modules("src/source/prefix_list.rs", "#[cfg(test)]\nmod laws;"),
        ["src/source/prefix_list/laws"]
    );
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for source in &sources() {
        if let Some((room, _)) = MAY_USE.iter().find(|(room, _)| *room == source.room) {
            *seen.entry(room).or_default() += rooms_named(source, &rooms).len();
        }
    }
    assert!(seen["cli"] > 20 && seen["source"] > 5, "{seen:?}");
}

/// Words that only the files that own them, and the execution of a plan, may have in their code.
const WRITERS: &[(&str, &[&str])] = &[
    ("writer", &["src/source/azure/writer.rs"]),
    (
        "send_write",
        &["src/source/azure/writer.rs", "src/source/azure/client.rs"],
    ),
    (
        "lease",
        &[
            "src/source/kubernetes_api/lease.rs",
            "src/source/kubernetes_api.rs",
            // Takes, keeps and gives back the one that `execute` hands it.
            "src/cli/migrate/execute.rs",
        ],
    ),
    (
        "put_once",
        &[
            "src/source/kubernetes_api/lease.rs",
            "src/source/kubernetes_api/connection.rs",
        ],
    ),
];

/// Where one of these words stands that may not.
fn writers_named(source: &Source) -> Vec<(usize, &'static str)> {
    let mut named = Vec::new();
    for (number, line) in source.code.lines().enumerate() {
        let is_declaration = line.trim() == "pub mod writer;";
        for word in line.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
            let Some((word, owners)) = WRITERS.iter().find(|(known, _)| *known == word) else {
                continue;
            };
            let owns = owners.contains(&source.path.as_str());
            if !owns && !is_declaration && source.room != "execute" {
                named.push((number + 1, *word));
            }
        }
    }
    named
}

/// What changes something in Azure or in a cluster is named by the execution of a plan alone.
#[test]
fn only_the_execution_writes() {
    let broken: Vec<String> = sources()
        .iter()
        .flat_map(|source| {
            writers_named(source).into_iter().map(|(line, word)| {
                format!(
                    "{}:{line}: `{word}`: only src/execute may name what changes something",
                    source.path
                )
            })
        })
        .collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    // The rule sees what it must.
    let named = |path: &str, room: &str, code: &str| {
        let source = Source {
            path: path.to_string(),
            room: room.to_string(),
            code: code.to_string(),
            lines: 1,
        };
        writers_named(&source).len()
    };
    let import = "use crate::source::azure::{self, reads, writer};";
    assert_eq!(named("src/cli/live.rs", "cli", import), 1);
    assert_eq!(
        named(
            "src/cli/live.rs",
            "cli",
            "azure::writer::Writer::new(&client)"
        ),
        1
    );
    assert_eq!(
        named(
            "src/source/azure/estate.rs",
            "source",
            "client.send_write(x)"
        ),
        1
    );
    assert_eq!(named("src/execute/run.rs", "execute", import), 0);
    assert_eq!(named("src/source/azure.rs", "source", "pub mod writer;"), 0);
}
