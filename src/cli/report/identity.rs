//! What tells a report from another: its title, what was read and asked, and what was left out of it.

use super::{MOST_MOVES, ReportArgs};
use crate::model::Inventory;
use crate::report::review::{ClusterPart, may_move};

/// How a report is called.
pub struct Titled {
    pub title: String,
    pub description: String,
    /// By which a comment and a category are found again: the same from run to run, whatever a title says.
    pub about: String,
}

/// `named`: the scenario's name and description.
pub fn titled(
    args: &ReportArgs,
    named: Option<(String, String)>,
    inventory: &Inventory,
    parts: &[ClusterPart],
) -> Titled {
    // That there is no move in place is said, and makes no report of one.
    let is_of_a_move =
        |part: &ClusterPart| part.moved.is_some() && may_move(inventory.cluster(part.index));
    let kind = match parts.iter().any(is_of_a_move) {
        true => "Pre-migration report",
        false => "Report",
    };
    let scenario = named.as_ref().map(|(name, _)| name.clone());
    let only = match parts {
        [one] => Some(inventory.cluster(one.index).label().to_string()),
        _ => None,
    };
    let (title, description) = match (&args.focus.cluster, &args.focus.vnet, named) {
        (Some(cluster), ..) => (format!("{kind} of {cluster}"), String::new()),
        (None, _, Some((name, description))) => (name, joined(&description)),
        (None, Some(vnet), None) => (format!("Report of {vnet}"), String::new()),
        (None, None, None) => match &only {
            Some(cluster) => (format!("{kind} of {cluster}"), String::new()),
            None => ("Report".to_string(), String::new()),
        },
    };
    // Of names alone: a title says other things of the same cluster before and after its move.
    let about = match (&args.focus.cluster, &args.focus.vnet) {
        (Some(cluster), None) => cluster.clone(),
        (Some(cluster), Some(vnet)) => format!("{cluster} in {vnet}"),
        (None, Some(vnet)) => match scenario {
            Some(scenario) => format!("VNet {vnet} of {scenario}"),
            None => format!("VNet {vnet}"),
        },
        (None, None) => scenario.or(only).unwrap_or_else(|| "Report".to_string()),
    };
    Titled {
        title,
        description,
        about,
    }
}

/// What a report of so many clusters does not say, or one that is not of the whole estate.
pub fn left_out(clusters: usize, is_whole: bool, timelines: usize) -> Vec<String> {
    let mut left_out = Vec::new();
    if clusters > MOST_MOVES {
        left_out.push(format!(
            "of {clusters} clusters, which are more than {MOST_MOVES}, no move was simulated and no readiness looked at: ask for one with \
             --cluster"
        ));
    }
    match timelines {
        0 => {}
        1 if is_whole => {}
        1 => left_out.push(
            "the timeline is played for the whole estate only; here it says how fast pools grow"
                .to_string(),
        ),
        several => left_out.push(format!(
            "{several} timelines were read, and none was followed: expected one"
        )),
    }
    left_out
}

/// What was asked for beside the sources, as it would be typed again.
pub fn flags(args: &ReportArgs) -> Vec<String> {
    let mut flags = Vec::new();
    let mut flag = |name: &str, value: &str| flags.push(format!("{name} {value}"));
    if let Some(cluster) = &args.focus.cluster {
        flag("--cluster", cluster);
    }
    if let Some(vnet) = &args.focus.vnet {
        flag("--vnet", vnet);
    }
    if args.focus.planned {
        flag("--planned", "");
    }
    if !args.pod_cidr.eq_ignore_ascii_case("auto") {
        flag("--pod-cidr", &args.pod_cidr);
    }
    for (pool, nodes) in &args.growth {
        flag("--growth", &format!("{pool}={nodes}"));
    }
    for (name, value) in args.choices.flags_of_all() {
        flag(name, &value);
    }
    for (name, value) in args.play.flags() {
        flag(name, &value);
    }
    flags
        .iter()
        .map(|flag| flag.trim_end().to_string())
        .collect()
}

/// Text of several lines as one.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What was read, as somebody would name it again.
pub fn sources(args: &ReportArgs) -> Vec<String> {
    let files = args.sources.from.iter().chain(&args.sources.also_reserved);
    #[cfg_attr(
        not(any(feature = "azure", feature = "kubernetes")),
        expect(unused_mut, reason = "there is nothing live")
    )]
    let mut sources: Vec<String> = files.map(|file| file.display().to_string()).collect();
    #[cfg(feature = "azure")]
    if args.sources.from.is_empty() || args.sources.azure.is_asked() {
        sources.push("Azure, live".to_string());
    }
    #[cfg(feature = "kubernetes")]
    if args.sources.kubernetes.is_asked() {
        sources.push("the cluster's API server, live".to_string());
    }
    sources
}
