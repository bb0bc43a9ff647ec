//! `aksplan readiness`.

use super::input::{About, Sources, one_cluster};
use super::pipeline::{FoundRendering, Judged};
use super::{CliError, Ending};
use crate::readiness::check;
use crate::report::junit;
use crate::report::readiness::document;
use crate::report::shapes::readiness::ReadinessShape;
use crate::report::told;

/// Whether a cluster is ready to run what people rely on: networking, identity, ingress, network policy, observability
///
/// Each item comes with what was found, where it was read, what to do and the command for it. What was not read is not known, and the
/// command says how to find out. The data of Secrets is never read.
#[derive(Debug, clap::Args)]
pub struct ReadinessArgs {
    /// The cluster; may be left out where there is one
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    rendering: FoundRendering,
}

pub fn run(args: &ReadinessArgs) -> Result<Ending, CliError> {
    args.rendering.check()?;
    let about = About {
        platform: true,
        ..About::cluster(args.cluster.as_deref())
    };
    let (loaded, places) =
        args.rendering
            .placing
            .load(&args.sources, &about, args.rendering.needs_places())?;
    let inventory = loaded.current;
    let index = one_cluster(&inventory, args.cluster.as_deref())?;
    let cluster = inventory.cluster(index);
    let readiness = check(&inventory, cluster, inventory.observed_at);
    args.rendering.print(
        "readiness",
        || ReadinessShape::from(&readiness),
        || document(&readiness),
        || Judged {
            about: cluster.label().to_string(),
            told: told::of_readiness(&readiness),
            suites: vec![junit::readiness(&[&readiness])],
            not_checked: readiness.not_checked.clone(),
            places,
        },
    )?;
    Ok(args.rendering.ending(readiness.worst()))
}
