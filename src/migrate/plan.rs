//! The plan: one immutable document that a reviewer reads and execution follows. It carries everything that was decided, so that
//! nothing is left to choose later, and a digest over all of it.

use super::dependents::Dependents;
use super::fingerprint::{self, Facts, hex};
use super::step::{Seconds, Step};
use super::window::Ahead;
use crate::finding::{Finding, Severity};
use crate::model::IpNet;
use schemars::JsonSchema;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What the file says it is.
pub const KIND: &str = "aksplan migration plan";
/// Of the format. A plan of another major version is refused.
pub const FORMAT_VERSION: &str = "1.0";

/// A plan of the move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Always `aksplan migration plan`.
    pub kind: String,
    /// `MAJOR.MINOR`
    pub format_version: String,
    /// The program that wrote it: `aksplan 0.1.0`.
    pub made_by: String,
    /// When the facts were read; `None`: from files that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<String>,
    pub target: Target,
    #[schemars(with = "String")]
    pub pod_cidr: IpNet,
    /// The range that is free around the pod CIDR, into which it may grow later (EXP-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub pod_cidr_superset: Option<IpNet>,
    /// In the order in which they are carried out.
    pub steps: Vec<Step>,
    /// Sum over all steps; `None`: not simulated, or it does not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Seconds>,
    /// What was found when it was made: blockers never, or it would not have been made.
    pub findings: Vec<PlanFinding>,
    /// What depends on routable pod addresses and stops working after the move.
    pub breaks: Dependents,
    /// Windows that come, and what a move that begins in them meets; `None`: no window is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead: Option<Ahead>,
    /// What was not looked at.
    pub not_checked: Vec<String>,
    /// What it relies on.
    pub facts: Facts,
    /// SHA-256 of the facts.
    pub fingerprint: String,
    /// SHA-256 of everything but this field.
    pub digest: String,
}

/// Which cluster it is for, and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The cluster's id; `None`: the plan was made from facts without one, and cannot be carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// Tenant of the cluster's identity, where Azure says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

impl Target {
    /// As `--cluster` takes it. With the resource group where that is known: whoever runs the command may see a cluster of the same
    /// name that the plan knows nothing of.
    pub fn named(&self) -> String {
        match &self.resource_group {
            Some(group) => format!("{group}/{}", self.name),
            None => self.name.clone(),
        }
    }
}

/// A finding, as a plan keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanFinding {
    pub code: String,
    /// `info`, `warning` or `blocker`
    pub severity: String,
    pub message: String,
    /// Ids of the rule book.
    pub rules: Vec<String>,
}

impl From<&Finding> for PlanFinding {
    fn from(finding: &Finding) -> Self {
        PlanFinding {
            code: finding.code.to_string(),
            severity: finding.severity.word().to_string(),
            message: finding.message.clone(),
            rules: finding
                .rules
                .iter()
                .map(|rule| rule.id.to_string())
                .collect(),
        }
    }
}

impl PlanFinding {
    pub fn is_blocker(&self) -> bool {
        self.severity == Severity::Blocker.word()
    }
}

/// Why a text is no plan. What a plan says wrongly is for verification to tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("{0}")]
    NotJson(String),
    #[error("it is no plan of aksplan: `kind` is not \"{KIND}\"")]
    Kind,
    #[error(
        "it is a plan of format {found}, and this aksplan reads {FORMAT_VERSION}: use the version that made it, {made_by}"
    )]
    Version { found: String, made_by: String },
    #[error("{0}; a plan holds nothing else: was it made by a newer aksplan, or edited?")]
    Shape(String),
}

impl Plan {
    /// Fills in digest and fingerprint.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.fingerprint = fingerprint::digest(&self.facts);
        self.digest = self.digest_now();
        self
    }

    /// What the digest should be.
    pub fn digest_now(&self) -> String {
        let mut value = serde_json::to_value(self).expect("a plan is plain data");
        if let Value::Object(fields) = &mut value {
            fields.remove("digest");
        }
        let mut text = String::new();
        canonical(&value, &mut text);
        hex(&Sha256::digest(text))
    }

    /// The document, with a final line break.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a plan is plain data");
        text.push('\n');
        text
    }

    /// Reads a plan; verifies nothing.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let not_json = |error: serde_json::Error| PlanError::NotJson(error.to_string());
        let Unique = serde_json::from_str(text).map_err(not_json)?;
        let value: Value = serde_json::from_str(text).map_err(not_json)?;
        if value["kind"].as_str() != Some(KIND) {
            return Err(PlanError::Kind);
        }
        // Asked before anything else: a newer format may look otherwise in every part.
        let found = value["format_version"].as_str().unwrap_or_default();
        let major = |version: &str| version.split('.').next().map(str::to_string);
        if major(found) != major(FORMAT_VERSION) {
            return Err(PlanError::Version {
                found: found.to_string(),
                made_by: value["made_by"]
                    .as_str()
                    .unwrap_or("which it does not say")
                    .to_string(),
            });
        }
        let plan: Plan = serde_json::from_value(value.clone())
            .map_err(|error| PlanError::Shape(error.to_string()))?;
        // A condition or an action without fields takes any field beside its name; the digest would not cover it.
        let kept = serde_json::to_value(&plan).expect("a plan is plain data");
        match unknown(&value, &kept, "") {
            Some(field) => Err(PlanError::Shape(format!("unknown field `{field}`"))),
            None => Ok(plan),
        }
    }

    /// The steps that reimage every node.
    pub fn reimages(&self) -> usize {
        self.steps.iter().filter(|step| step.reimages).count()
    }
}

/// JSON in which no object names a field twice: a reader would see the first, and the last would be carried out.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Unique)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON document")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Unique, A::Error> {
        while elements.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Unique, A::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, Unique)) = fields.next_entry::<String, Unique>()? {
            if let Some(name) = names.replace(name) {
                return Err(A::Error::custom(format!("`{name}` is named twice")));
            }
        }
        Ok(Unique)
    }
}

/// The first field that is in the text and not in what was understood of it. What says nothing may be left out there.
fn unknown(text: &Value, kept: &Value, path: &str) -> Option<String> {
    match (text, kept) {
        (Value::Object(fields), Value::Object(known)) => fields.iter().find_map(|(name, field)| {
            let path = format!("{path}/{name}");
            match known.get(name) {
                Some(known) => unknown(field, known, &path),
                None => {
                    let says_nothing = field.is_null()
                        || *field == Value::Bool(false)
                        || field.as_array().is_some_and(Vec::is_empty);
                    (!says_nothing).then_some(path)
                }
            }
        }),
        (Value::Array(elements), Value::Array(known)) => elements
            .iter()
            .zip(known)
            .enumerate()
            .find_map(|(at, (element, known))| unknown(element, known, &format!("{path}/{at}"))),
        _ => None,
    }
}

/// JSON with sorted keys and no spaces: the same value, the same text, whatever order a map keeps.
pub fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            text.push('{');
            for (position, (key, field)) in sorted.into_iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                canonical(field, text);
            }
            text.push('}');
        }
        Value::Array(elements) => {
            text.push('[');
            for (position, element) in elements.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                canonical(element, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}
