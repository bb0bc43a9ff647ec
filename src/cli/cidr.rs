//! `aksplan cidr`: ranges of an estate, and plain prefix lists.

use super::input::{About, Focus, Sources, chosen_state, find_cluster, unread};
use super::output::Rendering;
use super::prefix_lists::{self, MergeArgs, OverlapsArgs};
use super::{CliError, Ending};
use crate::capacity::free::{Purpose, Wanted, suggest};
use crate::capacity::overlap::overlaps;
use crate::report::cidr;
use crate::report::shapes::{CidrCheckShape, FORMAT_VERSION, OverlapShape, SuggestShape};

#[derive(Debug, clap::Subcommand)]
pub enum CidrCommand {
    Check(CheckArgs),
    Suggest(SuggestArgs),
    /// Pairs of prefixes in plain lists that share an address, or their number
    Overlaps(OverlapsArgs),
    /// The smallest list that covers exactly the same addresses as some plain lists
    Merge(MergeArgs),
}

/// Every pair of ranges that must not meet, who owns each side, and why it matters
///
/// Subnets, VNets, peered VNets (through a hub where traffic flows through it), service, pod and DNS ranges, ranges that AKS
/// reserves, routes, and what --also-reserved names. A hub is followed for one hop, to VNets that accept what it forwards or use
/// its gateway: the second may name pairs that no route connects; chains of hubs and Virtual WAN are not seen.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    focus: Focus,

    #[command(flatten)]
    rendering: Rendering,
}

/// The best free ranges: big enough at the ceiling plus surge, clear of everything known, with room to grow
#[derive(Debug, clap::Args)]
pub struct SuggestArgs {
    /// What the range is for
    #[arg(long = "for", value_enum, value_name = "PURPOSE")]
    purpose: PurposeArg,

    /// The cluster it is for; may be left out where there is one
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,

    /// Size it for this many nodes, surge included, instead of by the cluster's ceiling plus surge and its growth
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    nodes: Option<u64>,

    /// Take this prefix length instead
    #[arg(long, value_name = "LENGTH", value_parser = clap::value_parser!(u8).range(8..=29))]
    prefix_length: Option<u8>,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    rendering: Rendering,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum PurposeArg {
    Pod,
    Service,
    Subnet,
}

pub fn run(command: &CidrCommand) -> Result<Ending, CliError> {
    match command {
        CidrCommand::Check(args) => check(args),
        CidrCommand::Suggest(args) => suggestions(args),
        CidrCommand::Overlaps(args) => {
            prefix_lists::overlaps(
                args,
                &mut std::io::stdin().lock(),
                &mut std::io::stdout().lock(),
            )?;
            Ok(Ending::Fine)
        }
        CidrCommand::Merge(args) => {
            prefix_lists::merge(
                args,
                &mut std::io::stdin().lock(),
                &mut std::io::stdout().lock(),
            )?;
            Ok(Ending::Fine)
        }
    }
}

fn check(args: &CheckArgs) -> Result<Ending, CliError> {
    let (inventory, note) =
        chosen_state(args.sources.load(&args.focus.about())?, args.focus.planned)?;
    let scope = args.focus.scope(&inventory)?;
    let found = overlaps(
        &inventory,
        &scope.clusters(&inventory),
        scope.vnets.as_ref(),
    );
    let mut not_checked = inventory.not_checked.clone();
    not_checked.extend(note);
    not_checked.extend(unread(&inventory));
    args.rendering.print(
        || CidrCheckShape {
            format_version: FORMAT_VERSION,
            overlaps: found.iter().map(OverlapShape::from).collect(),
            not_checked: not_checked.clone(),
        },
        || cidr::check(&found, &not_checked),
    )?;
    Ok(args
        .rendering
        .ending(found.iter().map(|overlap| overlap.severity).max()))
}

fn suggestions(args: &SuggestArgs) -> Result<Ending, CliError> {
    let (inventory, note) = chosen_state(
        args.sources
            .load(&About::cluster(args.cluster.as_deref()))?,
        false,
    )?;
    let cluster = match &args.cluster {
        Some(name) => Some(find_cluster(&inventory, name)?),
        None if inventory.clusters.len() == 1 => inventory.cluster_indices().next(),
        None if args.nodes.is_some() || args.prefix_length.is_some() => None,
        None => Some(super::input::one_cluster(&inventory, None)?),
    };
    let purpose = match args.purpose {
        PurposeArg::Pod => Purpose::Pod,
        PurposeArg::Service => Purpose::Service,
        PurposeArg::Subnet => Purpose::Subnet,
    };
    if let (Purpose::Service, Some(length @ ..=12)) = (purpose, args.prefix_length) {
        return Err(CliError::Usage(format!(
            "--prefix-length {length}: a service CIDR must be smaller than a /12 (CID-2); expected 13 or more"
        )));
    }
    let wanted = Wanted {
        nodes: args.nodes,
        length: args.prefix_length,
        ..Wanted::of(purpose, cluster)
    };
    let found = suggest(&inventory, &wanted).ok_or_else(|| {
        CliError::Usage("no IPv4 range is large enough for that many nodes".to_string())
    })?;
    let mut not_checked = inventory.not_checked.clone();
    not_checked.extend(note);
    not_checked.extend(unread(&inventory));
    if inventory.reserved.is_empty() && purpose != Purpose::Subnet {
        not_checked.push(
            "on-premises and BGP ranges: none were given; name them with --also-reserved FILE"
                .to_string(),
        );
    }
    args.rendering.print(
        || SuggestShape::of(&found, &not_checked),
        || cidr::suggest(&found, &not_checked),
    )?;
    Ok(args.rendering.ending(None))
}
