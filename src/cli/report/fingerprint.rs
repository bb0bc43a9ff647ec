//! A digest over what a report was made from: what was read and what is asked of it, and not where any of it stood.

use super::super::CliError;
use crate::migrate::fingerprint::hex;
use crate::model::{Inventory, PlanStep, ReservedRange};
use crate::simulate::Policy;
use crate::source::Loaded;
use crate::source::scenario::{OperationFact, TimelineFact};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::PathBuf;

/// What decides what a report says, beside its flags. Origins are no part of it: they are skipped where these are serialised.
#[derive(Serialize)]
struct Read<'a> {
    current: Inventory,
    planned: Option<Inventory>,
    steps: &'a [PlanStep],
    operations: &'a [OperationFact],
    timelines: &'a [TimelineFact],
    /// Name and description.
    scenario: Option<&'a (String, String)>,
    policy: &'a Policy,
}

/// SHA-256 in hexadecimal. `lists`: files of reserved ranges, as they were named.
pub fn fingerprint(
    loaded: &Loaded,
    policy: &Policy,
    lists: &[PathBuf],
) -> Result<String, CliError> {
    struct Sink(Sha256);
    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let lists: Vec<String> = lists
        .iter()
        .map(|list| list.display().to_string())
        .collect();
    let read = Read {
        current: facts(&loaded.current, &lists),
        planned: loaded
            .planned
            .as_ref()
            .map(|planned| facts(planned, &lists)),
        steps: &loaded.steps,
        operations: &loaded.operations,
        timelines: &loaded.timelines,
        scenario: loaded.scenario.as_ref(),
        policy,
    };
    let mut out = std::io::BufWriter::with_capacity(1 << 16, Sink(Sha256::new()));
    let format = |problem: String| CliError::Format {
        format: "JSON",
        problem,
    };
    serde_json::to_writer(&mut out, &read).map_err(|error| format(error.to_string()))?;
    let sink = out
        .into_inner()
        .map_err(|error| format(error.to_string()))?;
    Ok(hex(&sink.0.finalize()))
}

/// What was read, without words about the reading: what could not be checked names files, and follows from the facts. Objects are shared
/// with what they are copied from.
fn facts(inventory: &Inventory, lists: &[String]) -> Inventory {
    let reserved = inventory.reserved.iter().map(|range| ReservedRange {
        cidr: range.cidr,
        owner: match is_line_of(&range.owner, lists) {
            true => String::new(),
            false => range.owner.clone(),
        },
    });
    Inventory {
        reserved: reserved.collect(),
        not_checked: Vec::new(),
        ..inventory.clone()
    }
}

/// Whether an owner is only the place in a list, for want of a comment.
fn is_line_of(owner: &str, lists: &[String]) -> bool {
    owner.rsplit_once(':').is_some_and(|(file, line)| {
        line.parse::<u64>().is_ok() && lists.iter().any(|list| list == file)
    })
}
