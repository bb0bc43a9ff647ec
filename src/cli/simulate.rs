//! `aksplan simulate`.

pub(super) mod timeline;

use super::input::{About, Sources, unread};
use super::output::Rendering;
use super::{CliError, Ending};
use crate::report::growth::{Played, document};
use crate::report::shapes::growth::SimulateShape;
use crate::simulate::growth::futures::futures;
use crate::simulate::growth::run::run as play;
use crate::simulate::growth::{Misplaced, World};
use crate::source::scenario::TimelineFact;
use std::path::PathBuf;

/// More futures than that take minutes and tell nothing new.
const MOST_FUTURES: u64 = 10_000_000;

/// What happens over time: growth, spikes and events, played against every subnet and pod CIDR
///
/// The scenario's `timeline` says how pools grow and what is done on which day. It is played once with every amount at its
/// median: what each range holds week by week, the first failure and what AKS answers then. With --futures it is played many
/// times with amounts drawn from their spread: by when each range is exhausted how probably, and what fails first.
#[derive(Debug, clap::Args)]
pub struct SimulateArgs {
    /// The scenario with the timeline; the estate is in it, or comes from --from
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,

    /// Weeks to play, instead of what the timeline says
    #[arg(long, value_name = "N")]
    weeks: Option<u32>,

    /// Draw so many futures and count
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_FUTURES))]
    futures: Option<u64>,

    /// Which futures: the same seed draws the same ones, on every machine
    #[arg(long, value_name = "S", default_value_t = 1, requires = "futures")]
    seed: u64,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    rendering: Rendering,
}

pub fn run(args: &SimulateArgs) -> Result<Ending, CliError> {
    let mut sources = args.sources.clone();
    sources.from.insert(0, args.scenario.clone());
    let loaded = sources.load(&About::default())?;
    let fact = the_timeline(&loaded.timelines, &args.scenario)?;
    let mut inventory = loaded.current;
    inventory.not_checked.extend(unread(&inventory));
    if loaded.planned.is_some() {
        inventory
            .not_checked
            .push("what a Terraform plan will make is not played: only what is".to_string());
    }
    let timeline = timeline::follow(&inventory, fact, args.weeks)?;
    let world = World::of(&inventory, &timeline)
        .map_err(|Misplaced { place, problem }| fact.origin.error(&place, problem))?;
    let run = play(&inventory, &world);
    let counted = args.futures.map(|count| futures(&world, count, args.seed));
    let played = Played {
        name: &fact.name,
        timeline: &timeline,
        world: &world,
        run: &run,
        futures: counted.as_ref(),
    };
    args.rendering
        .print(|| SimulateShape::of(&played), || document(&played))?;
    Ok(args.rendering.ending(played.worst()))
}

/// The one timeline that was read.
fn the_timeline<'a>(
    timelines: &'a [TimelineFact],
    scenario: &std::path::Path,
) -> Result<&'a TimelineFact, CliError> {
    match timelines {
        [one] => Ok(one),
        [] => Err(CliError::Usage(format!(
            "{}: nothing to play: no timeline; add one, as in `timeline: {{ starts: 2027-01-01, growth: [{{ pool: apps, \
             nodes_a_week: 0.5 }}] }}` (aksplan schema scenario)",
            scenario.display()
        ))),
        [first, second, ..] => Err(CliError::Usage(format!(
            "several timelines were read, in {} and {}; expected one",
            first.origin.file, second.origin.file
        ))),
    }
}
