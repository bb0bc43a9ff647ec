//! A cluster whose every name was given by an enemy: networks, subnets, pools, nodes, namespaces, workloads, pods. The facts are those of
//! a scenario; only names are others, everywhere the same one for the same one.

use super::binary::aksplan;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Names that would run, load, close or cut, were they written as they are.
const MARKUP: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</desc></svg><svg onload=alert(1)>",
    "]]><script>alert(1)</script>",
    "<!--<iframe src=https://example.invalid/>-->",
    "javascript:alert(1)",
    "' onmouseover='alert(1)",
    "&lt;script&gt;&#60;b&#62;&amp;",
    "`code` ](javascript:alert(1)) |",
    "{{constructor}} ${alert(1)}",
];

/// Names that look like others, turn round or have no end.
const LETTERS: &[&str] = &[
    "\u{202e}egap",
    "nul\u{0}nul",
    "\u{1b}[31mred\u{7}",
    "\u{2066}isolated",
    "\u{200b}\u{200d}\u{feff}",
    "مجموعة-العقد",
    "ノードプール",
    "👩‍👩‍👧‍👦",
    "line\r\nbreak\ttab",
    "\u{fffe}\u{ffff}",
    "e\u{301}\u{301}",
];

const LONG: usize = 10_000;

/// Snapshots by the names of their pages. `folder`: for the one they are made of.
pub fn snapshots(folder: &Path) -> Vec<(&'static str, String)> {
    let plain = snapshot(folder);
    let names = names(&plain);
    let renamed = |new: &dyn Fn(usize, &str) -> String| {
        let mut snapshot = plain.clone();
        let map: BTreeMap<&str, String> = names
            .iter()
            .enumerate()
            .map(|(position, name)| (name.as_str(), new(position, name)))
            .collect();
        rename(&mut snapshot, &map);
        snapshot.to_string()
    };
    let among = |list: &'static [&'static str]| {
        // Behind the old name, so that no two become one.
        move |position: usize, name: &str| format!("{name}{}", list[position % list.len()])
    };
    vec![
        ("hostile-markup", renamed(&among(MARKUP))),
        ("hostile-letters", renamed(&among(LETTERS))),
        (
            "hostile-long",
            // Every fourth, so that the names beside them must still be read.
            renamed(&|position, name| match position % 4 {
                0 => format!("{name}-{}", "x".repeat(LONG)),
                _ => name.to_string(),
            }),
        ),
    ]
}

fn snapshot(folder: &Path) -> Value {
    let file = folder.join("payments.json");
    let path = file.to_str().expect("UTF-8");
    let output = aksplan(
        &["snapshot", "--from", "scenarios/payments", "-f", path],
        "",
    );
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(file).expect("it was just written");
    serde_json::from_str(&text).expect("a snapshot is JSON")
}

/// Values of these are words of Azure or Kubernetes, not names.
const WORDS: &[&str] = &[
    "mode",
    "os_type",
    "kind",
    "plugin",
    "identity",
    "policy",
    "kubernetes.azure.com/mode",
];

fn names(snapshot: &Value) -> Vec<String> {
    let mut names = Vec::new();
    collect(snapshot, &mut names);
    names.sort();
    names.dedup();
    assert!(names.len() > 100, "only {} names were found", names.len());
    names
}

fn collect(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(name)
                        if ["name", "namespace", "node", "owner"].contains(&key.as_str()) =>
                    {
                        names.push(name.clone());
                    }
                    value => collect(value, names),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}

fn rename(value: &mut Value, map: &BTreeMap<&str, String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members.iter_mut() {
                if !WORDS.contains(&key.as_str()) {
                    rename(value, map);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, map)),
        Value::String(name) => {
            if let Some(new) = map.get(name.as_str()) {
                *name = new.clone();
            }
        }
        _ => {}
    }
}
