//! `aksplan diff`.

use super::input::unread;
use super::output::Rendering;
use super::{CliError, Ending};
use crate::capacity::changes::{Side, changes};
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
    let (before, after) = (load(&args.before)?, load(&args.after)?);
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

fn load(path: &Path) -> Result<Inventory, CliError> {
    let loaded = source::load(&[path.to_path_buf()], &[])?;
    let mut inventory = loaded.current;
    if loaded.planned.is_some() {
        inventory.not_checked.push(format!(
            "{}: what a Terraform plan will make is not compared: only what is",
            path.display()
        ));
    }
    inventory.not_checked.extend(unread(&inventory));
    Ok(inventory)
}
