//! `aksplan report`: everything about what was read, in one document for a change review.
//!
//! `rendering` (which format, into which file) · `identity` (what tells a report from another) · `fingerprint` · `judged` (for pipelines) · `parts` (what is said of one cluster: its modes, its growth, its move).

mod fingerprint;
mod growing;
mod identity;
mod judged;
mod parts;
mod rendering;

use self::fingerprint::fingerprint;
use self::growing::Growing;
use self::identity::{Titled, flags, left_out, sources, titled};
use self::judged::judged;
use self::rendering::ReportRendering;
use super::choices::ChoicesArgs;
use super::input::{Focus, Sources, chosen_state, unread};
use super::migrate::study::named_range;
use super::plan::plan_predictions;
use super::play::PlayArgs;
use super::predict::scenario_predictions;
use super::simulate::timeline;
use super::{CliError, Ending};
use crate::capacity::assess;
use crate::capacity::growth::Books;
use crate::migrate::foresee::Chance;
use crate::model::{ClusterIndex, Inventory};
use crate::predict::Prediction;
use crate::report::growth::Played;
use crate::report::review::{self, Input, Review};
use crate::report::shapes::review::ReportShape;
use crate::report::told;
use crate::simulate::growth::futures::futures as count;
use crate::simulate::growth::run::run as play;
use crate::simulate::growth::{Misplaced, World};

/// The report a change review needs: verdict, pictures, the move with its runbook and way back, risks, and what was not checked
///
/// Of each cluster that may move to Azure CNI Overlay and whose objects were read, the move is simulated as `migrate` does. With
/// `-f report.html` it is one page that needs nothing else; as Markdown it is a comment of a pull request.
#[derive(Debug, clap::Args)]
// `-f` is the report's own file here.
#[command(mut_arg("from", |from| from.short(None)))]
pub struct ReportArgs {
    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    focus: Focus,

    #[command(flatten)]
    choices: ChoicesArgs,

    /// The pod CIDR of the move, or `auto`: what a scenario's operations or timeline name, else the best free range
    #[arg(long, value_name = "CIDR", default_value = "auto")]
    pod_cidr: String,

    /// How fast a pool grows, in nodes a week, as POOL=NODES or CLUSTER/POOL=NODES; a scenario's timeline says it as well
    #[arg(long, value_name = "POOL=NODES", value_parser = growing::pace)]
    growth: Vec<(String, f64)>,

    #[command(flatten)]
    play: PlayArgs,

    #[command(flatten)]
    rendering: ReportRendering,
}

/// Clusters whose moves are simulated unasked: more are a fleet, and of a fleet nobody reads them.
const MOST_MOVES: usize = 24;

pub fn run(args: &ReportArgs) -> Result<Ending, CliError> {
    let format = args.rendering.format(&args.sources.from)?;
    // A typing error is no finding, and is told before anything is read.
    named_range(&args.pod_cidr)?;
    let policy = args.play.timing()?;
    let mut about = args.focus.about();
    about.details = args.focus.cluster.is_some();
    about.platform = about.details;
    let (loaded, places) =
        args.rendering
            .placing
            .load(&args.sources, &about, format.needs_places())?;
    let predictions = match &loaded.planned {
        Some(planned) => plan_predictions(&loaded, planned, None),
        None => scenario_predictions(&loaded)?,
    };
    let timelines = loaded.timelines.clone();
    let named = loaded.scenario.clone();
    let operations = loaded.operations.clone();
    let fingerprint = fingerprint(&loaded, &policy, &args.sources.also_reserved)?;
    let (mut inventory, note) = chosen_state(loaded, args.focus.planned)?;
    inventory.not_checked.extend(note);
    inventory.not_checked.extend(unread(&inventory));
    let scope = args.focus.scope(&inventory)?;
    let is_whole = args.focus.cluster.is_none() && args.focus.vnet.is_none();
    let assessment = assess(&inventory, &scope);
    let books = Books::of(&inventory);
    let fact = match timelines.as_slice() {
        [one] => Some(one),
        _ => None,
    };
    let followed = match fact {
        Some(fact) => Some((fact, timeline::follow(&inventory, fact, None)?)),
        None => None,
    };
    // What is played is told of the whole estate: of one cluster alone it would be a part of it.
    let played = match followed.as_ref().filter(|_| is_whole) {
        None => None,
        Some((fact, timeline)) => {
            let world = World::of(&inventory, timeline)
                .map_err(|Misplaced { place, problem }| fact.origin.error(&place, problem))?;
            let run = play(&inventory, &world);
            let Chance { futures, seed } = args.play.chance(0);
            let is_played = futures > 0 && timeline.has_chance();
            let counted = is_played.then(|| count(&world, u64::from(futures), seed));
            Some((world, run, counted))
        }
    };
    let played = match (&followed, &played) {
        (Some((fact, timeline)), Some((world, run, counted))) => Some(Played {
            name: &fact.name,
            timeline,
            world,
            run,
            futures: counted.as_ref(),
        }),
        _ => None,
    };
    let played_chance = played
        .as_ref()
        .and_then(|played| played.futures)
        .map(|futures| {
            (
                u32::try_from(futures.count).unwrap_or(u32::MAX),
                futures.seed,
            )
        });
    let clusters = scope.clusters(&inventory);
    let predictions: Vec<Prediction> = predictions
        .into_iter()
        .filter(|prediction| is_whole || is_of(prediction, &inventory, &clusters))
        .collect();
    let left_out = left_out(clusters.len(), is_whole, timelines.len());
    let timeline = followed.as_ref().map(|(_, timeline)| timeline);
    let growing = Growing::of(&args.growth, timeline, &inventory, &clusters)?;
    let asking = parts::Asking {
        args,
        inventory: &inventory,
        books: &books,
        operations: &operations,
        timeline,
        growing: &growing,
        simulates: clusters.len() <= MOST_MOVES,
    };
    asking.check_pools(&clusters)?;
    let parts = asking.parts(&clusters)?;
    let Titled {
        title,
        description,
        about,
    } = titled(args, named, &inventory, &parts);
    let about = about.as_str();
    let input = Input {
        sources: sources(args),
        flags: flags(args),
        fingerprint,
        chance: parts
            .iter()
            .find_map(|part| part.moved.as_ref()?.chance())
            .or(played_chance),
    };
    let review = Review {
        title: &title,
        description: &description,
        inventory: &inventory,
        books: &books,
        scope: &scope,
        assessment: &assessment,
        predictions: &predictions,
        clusters: &parts,
        paces: &growing.paces,
        played: played.as_ref(),
        input: &input,
        left_out: &left_out,
    };
    args.rendering.print(
        format,
        about,
        || ReportShape::of(&review),
        || review::document(&review),
        || {
            let not_checked = review::document(&review).not_checked;
            judged(
                &review,
                about,
                told::of_review(&review),
                not_checked,
                places,
            )
        },
    )?;
    // By what every format lists, so that none says otherwise.
    let worst = told::of_review(&review);
    Ok(args
        .rendering
        .ending(worst.iter().map(|told| told.severity).max()))
}

/// Whether an operation is about one of these clusters, by the name that its prediction has.
fn is_of(prediction: &Prediction, inventory: &Inventory, clusters: &[ClusterIndex]) -> bool {
    clusters.iter().any(|index| {
        let cluster = inventory.cluster(*index);
        cluster.label().eq_ignore_ascii_case(&prediction.cluster)
    })
}
