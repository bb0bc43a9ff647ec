//! `aksplan diff`.

use super::input::unread;
use super::output::Rendering;
use super::{CliError, Ending};
use crate::capacity::changes::{How, Side, changes};
use crate::capacity::{Scope, assess};
use crate::model::Inventory;
use crate::report::diff::{DiffShape, document};
use crate::source;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What changed between two states in capacity terms
///
/// VNets, peerings, subnets, clusters and pools that came, went or became different; used, free and headroom before and after;
/// findings that are new or gone. The same things are found by id, else by name. --fail-on looks at what is new or became worse.
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// What was: a snapshot, or anything else that --from reads; - is standard input
    #[arg(value_name = "BEFORE")]
    before: PathBuf,

    /// What is: the same
    #[arg(value_name = "AFTER")]
    after: PathBuf,

    #[command(flatten)]
    rendering: Rendering,
}

pub fn run(args: &DiffArgs) -> Result<Ending, CliError> {
    let ((before, names_before), (after, names_after)) = (load(&args.before)?, load(&args.after)?);
    if names_before != names_after {
        return Err(CliError::Usage(
            "the two do not have the same names: one is redacted and the other is not, or they are redacted with different keys; \
             write both snapshots with the same --redact-key-file (or AKSPLAN_REDACT_KEY)"
                .to_string(),
        ));
    }
    let assessed = [&before, &after].map(|inventory| assess(inventory, &Scope::default()));
    let side = |inventory, position: usize| Side {
        inventory,
        assessment: &assessed[position],
    };
    let changes = changes(side(&before, 0), side(&after, 1));
    let known: BTreeSet<&String> = assessed[1].not_checked.iter().collect();
    let only_before = assessed[0].not_checked.iter();
    let mut not_checked: Vec<String> = only_before
        .filter(|sentence| !known.contains(sentence))
        .map(|sentence| format!("before: {sentence}"))
        .collect();
    not_checked.extend(assessed[1].not_checked.iter().cloned());
    // What stands on one side only may not have been read on the other.
    for (assessment, side, how, looks) in [
        (&assessed[0], "before", How::Added, "new"),
        (&assessed[1], "after", How::Removed, "gone"),
    ] {
        let one_sided = changes.changes.iter().any(|change| change.how == how);
        if one_sided && !assessment.not_checked.is_empty() {
            not_checked.push(format!(
                "not everything was read {side}: what looks {looks} may only not have been read"
            ));
        }
    }
    not_checked.sort();
    let title = format!(
        "What changed from {} to {}",
        args.before.display(),
        args.after.display()
    );
    args.rendering.print(
        || DiffShape::of(&before, &after, &changes, &not_checked),
        || document(&changes, &title, &not_checked),
    )?;
    let ending = args.rendering.ending(changes.worst());
    // The process ends here; giving back a hundred thousand small pieces one by one would only take time.
    std::mem::forget((before, after, assessed, changes));
    Ok(ending)
}

/// What a file says, and the keys of the hashes that stand for names in it.
fn load(path: &Path) -> Result<(Inventory, BTreeSet<String>), CliError> {
    let found = source::read_all(&[path.to_path_buf()])?;
    let keys: BTreeSet<String> = found
        .snapshots
        .iter()
        .flatten()
        .map(|redacted| redacted.key.clone())
        .collect();
    let loaded = source::join(found, &[])?;
    let mut inventory = loaded.current;
    if loaded.planned.is_some() {
        inventory.not_checked.push(format!(
            "{}: what a Terraform plan will make is not compared: only what is",
            path.display()
        ));
    }
    inventory.not_checked.extend(unread(&inventory));
    Ok((inventory, keys))
}
