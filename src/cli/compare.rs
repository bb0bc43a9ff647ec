//! `aksplan compare`.

use super::input::{About, Sources, chosen_state, one_cluster};
use super::output::Rendering;
use super::{CliError, Ending};
use crate::capacity::growth::Books;
use crate::capacity::modes::compare;
use crate::migrate::obstacles;
use crate::report::compare::document;
use crate::report::shapes::CompareShape;

/// A cluster under each network mode: addresses, pod range, largest cluster, and what blocks the move
#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    /// The cluster; may be left out where there is one
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,

    /// Look at what a Terraform plan will make, not at what is
    #[arg(long)]
    planned: bool,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    rendering: Rendering,
}

pub fn run(args: &CompareArgs) -> Result<Ending, CliError> {
    let (inventory, note) = chosen_state(
        args.sources
            .load(&About::cluster(args.cluster.as_deref()))?,
        args.planned,
    )?;
    let index = one_cluster(&inventory, args.cluster.as_deref())?;
    let cluster = inventory.cluster(index);
    let rows = compare(&Books::of(&inventory), index, None);
    let eligibility = obstacles(&inventory, cluster, None);
    let mut not_checked = inventory.not_checked.clone();
    not_checked.extend(note);
    args.rendering.print(
        || CompareShape::of(cluster.label(), &rows, &eligibility, &not_checked),
        || document(cluster.label(), &rows, &eligibility, &not_checked),
    )?;
    Ok(args.rendering.ending(None))
}
