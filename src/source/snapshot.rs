//! The snapshot: everything that was read, as one versioned document, so that the same question can be asked offline, by a
//! colleague, in CI, tomorrow. Reading it back gives exactly the inventory that was written. Never holds a secret: what is
//! written is the inventory, and that has none.
//!
//! A snapshot is lowered to the same facts as every other source (`lower`), so that prefix lists, Terraform plans, wanted
//! states and scenarios go on top of it as they go on top of the files it was made of.

mod check;
mod lower;
pub mod redact;
mod write;

pub use write::{Encoding, WriteError, Written, encode, try_out, write};

use super::facts::{Facts, Origin};
use super::{SourceError, arm};
use crate::model::Inventory;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

pub const API_VERSION: &str = "aksplan/v1";
pub const KIND: &str = "Snapshot";
const MAJOR: &str = "1";

/// All that aksplan knew of an estate at one instant. Unknown fields are ignored; fields are added within v1, never renamed or
/// removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Snapshot")]
pub struct Document<'a> {
    /// `aksplan/v1`.
    pub api_version: Cow<'a, str>,
    /// `Snapshot`.
    pub kind: Cow<'a, str>,
    /// The aksplan that wrote it, for example `aksplan 0.1.0`.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub written_by: Cow<'a, str>,
    /// Present where names were replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redacted: Option<Redacted>,
    pub inventory: Cow<'a, Inventory>,
}

/// What was done to names and addresses before the snapshot was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Redacted {
    pub addresses: AddressesAre,
    /// The same in two snapshots means the same key, and so the same names: they can be compared.
    pub key: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressesAre {
    Kept,
    Shifted,
}

impl<'a> Document<'a> {
    pub fn of(inventory: &'a Inventory, redacted: Option<Redacted>) -> Self {
        Document {
            api_version: API_VERSION.into(),
            kind: KIND.into(),
            written_by: concat!("aksplan ", env!("CARGO_PKG_VERSION")).into(),
            redacted,
            inventory: Cow::Borrowed(inventory),
        }
    }
}

/// Whether this version reads a snapshot of that `apiVersion`: `aksplan/v1`, `aksplan/v1.3`.
pub(super) fn check_version(word: &str, origin: &Origin) -> Result<(), SourceError> {
    let version = word.strip_prefix("aksplan/v").unwrap_or_default();
    if version.split('.').next() == Some(MAJOR) {
        return Ok(());
    }
    Err(origin.error(
        "apiVersion",
        format!(
            "`{word}` is not read by this version of aksplan; expected {API_VERSION}: use the aksplan that wrote the snapshot, or \
             write it anew with this one"
        ),
    ))
}

/// Reads a snapshot and lowers it to facts.
///
/// # Errors
/// When it is damaged: a field is missing or of the wrong type, an index points nowhere, a prefix has host bits, a name stands
/// twice. The error names the place.
pub(super) fn read(raw: &str, origin: &Origin) -> Result<(Facts, Option<Redacted>), SourceError> {
    let document: Document = arm::parse(raw, origin, "")?;
    let inventory = document.inventory.into_owned();
    check::check(&inventory).map_err(|(path, problem)| origin.error(&path, problem))?;
    Ok((lower::lower(inventory, origin), document.redacted))
}
