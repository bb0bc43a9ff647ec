//! Inputs as JSON, whose texts can be replaced; and what they are replaced by.

use serde_json::Value;
use std::collections::BTreeMap;

/// Texts of the inputs that are no names: words and ids by which a thing is known for what it is.
const MEANING: [&str; 44] = [
    "1.33",
    "1.33.2",
    "Allow",
    "Connected",
    "Deployment",
    "Exists",
    "Ingress",
    "InternalIP",
    "Linux",
    "List",
    "LoadBalancer",
    "Namespace",
    "NetworkPolicy",
    "Node",
    "NodeImage",
    "Pod",
    "PodDisruptionBudget",
    "Prefix",
    "Ready",
    "ReplicaSet",
    "RollingUpdate",
    "Running",
    "Service",
    "Succeeded",
    "System",
    "SystemAssigned",
    "True",
    "User",
    "VirtualAppliance",
    "VirtualMachineScaleSets",
    "Windows",
    "apps/v1",
    "azure",
    "default-scheduler",
    "kubenet",
    "linux",
    "loadBalancer",
    "networking.k8s.io/v1",
    "patch",
    "policy/v1",
    "standard",
    "system",
    "true",
    "v1",
];

/// Whether a text is one of those.
pub fn is_meaning(text: &str) -> bool {
    let of_azure = [
        "/subscriptions/",
        "azure:///",
        "Microsoft.",
        "00000000-",
        "AKSUbuntu",
    ];
    MEANING.contains(&text) || of_azure.iter().any(|start| text.starts_with(start))
}

/// Several at once, for each must be harmless beside the others; what begins a line matters, so each begins with another.
pub const EVILS: usize = 6;
/// The round whose texts have no end.
pub const LONGEST: usize = 5;

/// An evil text, another for each position: two pools must not have one name.
pub fn hostile(round: usize, position: usize) -> String {
    match round % EVILS {
        0 => format!(
            "<script>alert(1)</script>](javascript:alert({position:03}))a|b<img src=x onerror=alert(1)>"
        ),
        1 => format!("\u{1b}[31m\u{1b}]0;x\u{7}red\r\n# line\u{0}\u{9b}2J\u{2028}{position:03}"),
        2 => format!("--><!--]]>\"'&{position:03};\u{202e}txet\u{2066}\u{200f} اسم שם"),
        3 => format!(
            "`${{{{ secrets.X }}}}`` @everyone @user #{position:03} GH-1 !1 ```\n$(id) `id`"
        ),
        4 => format!(
            "# - 1. _x_ *y* ~~z~~ [a]: http://evil.example \"t\" ![i](data:x) {{{{7*7}}}} {{0}}{position:03}"
        ),
        _ => format!("{}{position:03}", "a".repeat(10_000)),
    }
}

/// A document, with its texts grouped by value: a name and what refers to it change together.
pub struct Input {
    pub name: &'static str,
    document: Value,
    pub texts: Vec<String>,
}

impl Input {
    pub fn read(name: &'static str) -> Self {
        let path = crate::binary::root().join(format!("tests/hostile/{name}.json"));
        let text = std::fs::read_to_string(path).expect("the input is there");
        let document: Value = serde_json::from_str(&text).expect("the input is JSON");
        let mut texts = BTreeMap::new();
        collect(&document, &mut texts);
        Input {
            name,
            document,
            texts: texts.into_keys().collect(),
        }
    }

    /// The document with texts replaced, as `by` says for each position.
    pub fn with(&self, by: impl Fn(usize) -> Option<String>) -> String {
        let mut document = self.document.clone();
        replace(&mut document, &|text| {
            by(self
                .texts
                .binary_search_by(|known| known.as_str().cmp(text))
                .ok()?)
        });
        document.to_string()
    }
}

fn collect(value: &Value, texts: &mut BTreeMap<String, ()>) {
    match value {
        Value::String(text) => {
            texts.insert(text.clone(), ());
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, texts)),
        _ => {}
    }
}

fn replace(value: &mut Value, by: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(other) = by(text) {
                *text = other;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, by)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, by)),
        _ => {}
    }
}

/// Which of the evil texts stand in a JSON document, in any of its texts.
pub fn positions(round: usize, all: usize, json: &str) -> Vec<usize> {
    let document: Value = serde_json::from_str(json).expect("JSON");
    let mut texts = BTreeMap::new();
    collect(&document, &mut texts);
    (0..all)
        .filter(|position| {
            let evil = hostile(round, *position);
            texts.keys().any(|text| text.contains(&evil))
        })
        .collect()
}
