//! `aksplan capacity`.

use super::input::{Focus, Sources, chosen_state, unread};
use super::pipeline::{FoundRendering, Judged};
use super::{CliError, Ending};
use crate::capacity::assess;
use crate::report::capacity::document;
use crate::report::junit::subnets_and_pools;
use crate::report::shapes::CapacityShape;
use crate::report::told;

/// Where every subnet, pod CIDR and pool stands, what fails first, and what each knob frees
///
/// A row a subnet: what it has, what others hold, what the pools demand now, at the autoscalers' ceilings and with surge. A row a
/// pool: what a node costs, how many more fit, which limit binds first, and the largest scale-up step that can succeed.
#[derive(Debug, clap::Args)]
pub struct CapacityArgs {
    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    focus: Focus,

    #[command(flatten)]
    rendering: FoundRendering,
}

pub fn run(args: &CapacityArgs) -> Result<Ending, CliError> {
    let rendering = &args.rendering;
    rendering.check()?;
    let (loaded, places) =
        rendering
            .placing
            .load(&args.sources, &args.focus.about(), rendering.needs_places())?;
    let about = loaded.scenario.as_ref().map(|(name, _)| name.clone());
    let (mut inventory, note) = chosen_state(loaded, args.focus.planned)?;
    inventory.not_checked.extend(note);
    inventory.not_checked.extend(unread(&inventory));
    let scope = args.focus.scope(&inventory)?;
    let assessment = assess(&inventory, &scope);
    let title = match (&args.focus.vnet, &args.focus.cluster) {
        (Some(vnet), None) => format!("Capacity of {vnet} and what is peered with it"),
        (None, Some(cluster)) => format!("Capacity of cluster {cluster}"),
        (Some(vnet), Some(cluster)) => format!("Capacity of cluster {cluster} in {vnet}"),
        (None, None) => "Capacity".to_string(),
    };
    args.rendering.print(
        "capacity",
        || CapacityShape::of(&inventory, &assessment),
        || document(&inventory, &assessment, &title),
        || Judged {
            about: args
                .focus
                .cluster
                .clone()
                .or_else(|| args.focus.vnet.clone())
                .or(about)
                .unwrap_or_default(),
            told: told::of_assessment(&assessment),
            suites: subnets_and_pools(&inventory, &assessment),
            not_checked: assessment.not_checked.clone(),
            places,
        },
    )?;
    let ending = args.rendering.ending(assessment.worst());
    // The process ends here; giving back a hundred thousand small pieces one by one would only take time.
    std::mem::forget((inventory, assessment));
    Ok(ending)
}
