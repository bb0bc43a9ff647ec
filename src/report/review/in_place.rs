//! Of a cluster that runs on Overlay already: whether its ranges hold what it wants, and how its pod CIDR grows where they do not.

use super::map::listed;
use super::{ClusterPart, Review};
use crate::capacity::assess::{PodCidrRow, Verdict, pod_cidr_knobs};
use crate::capacity::cost::POD_CIDR_PER_NODE;
use crate::capacity::free::pod_growth;
use crate::capacity::knobs::{KnobKind, NO_SURGE};
use crate::finding::{counted, grouped};
use crate::model::{Cluster, IpNet, PoolMode};
use crate::report::document::{Document, Tone};
use crate::shell::command_line;

pub(super) fn section(review: &Review, part: &ClusterPart, document: &mut Document) {
    let is_short = |verdict: Verdict| verdict >= Verdict::SurgeShort;
    let is_used = |subnet| {
        let mut users = review.books.users(subnet).iter();
        users.any(|(cluster, _)| *cluster == part.index)
    };
    let pod_cidrs = review.assessment.pod_cidrs.iter();
    let pod_cidr = pod_cidrs
        .filter(|row| is_short(row.verdict))
        .find(|row| row.cluster == part.index);
    let subnets = review.assessment.subnets.iter();
    let subnets = subnets.filter(|row| is_short(row.verdict) && is_used(row.index));
    let mut short: Vec<String> = pod_cidr
        .iter()
        .map(|row| format!("pod CIDR {}", row.cidr))
        .collect();
    short.extend(subnets.map(|row| format!("subnet {}", review.inventory.subnet_label(row.index))));
    let refused = review.assessment.refused_upgrades.iter();
    let refused = refused.filter(|refused| refused.cluster == part.index);
    let mut clauses: Vec<String> = refused.map(|refused| refused.says.clone()).collect();
    if !short.is_empty() {
        let fits = format!("not all that is wanted fits into {}", listed(&short));
        clauses.insert(0, fits);
    }
    if clauses.is_empty() {
        document.paragraph("The cluster runs on Azure CNI Overlay already: nothing has to change.");
        return;
    }
    document.toned(
        format!(
            "The cluster runs on Azure CNI Overlay already, so no move helps: {}.",
            clauses.join("; ")
        ),
        Tone::Warning,
    );
    if let Some(row) = pod_cidr {
        grow(review, row, document);
    }
}

fn grow(review: &Review, row: &PodCidrRow, document: &mut Document) {
    let cluster = review.inventory.cluster(row.cluster);
    let Some(growth) = pod_growth(review.inventory, row.cluster, row.demand.ceiling_with_surge)
    else {
        return;
    };
    let wanted = format!(
        "Pod CIDR {} has {}, and {} are wanted at the ceilings with the surge of all pools",
        row.cidr,
        counted(row.nodes, "/24 block", "/24 blocks"),
        grouped(row.demand.ceiling_with_surge / POD_CIDR_PER_NODE)
    );
    match (growth.enough, growth.has_windows) {
        (Some(enough), _) => {
            document.paragraph(format!(
                "{wanted}: {enough} around it is the smallest range that holds them, and is free of everything that was read. It \
                 replaces the present one in place (EXP-1); read the value back, for the update may report success and do nothing."
            ));
            if let Some(line) = command(cluster, &enough) {
                document.code("sh", line);
            }
        }
        (None, true) => document.toned(
            format!("{wanted}: with Windows nodes it does not grow in place, and another range takes a new cluster (EXP-1)."),
            Tone::Bad,
        ),
        (None, false) => document.toned(
            format!(
                "{wanted}: no range around it holds them and is free of everything that was read, and another range takes a new cluster \
                 (EXP-1)."
            ),
            Tone::Bad,
        ),
    }
    // Where the ceilings do not fit, AKS refuses upgrades whatever the surge is (ISS-2).
    if row.verdict != Verdict::SurgeShort {
        return;
    }
    let surging = pod_cidr_knobs(review.inventory, row).into_iter();
    let surging: Vec<String> = surging
        .filter(|knob| knob.kind == KnobKind::MaxSurge)
        .filter_map(|knob| knob.of)
        .collect();
    let may_do_without: Vec<String> = cluster
        .pools
        .iter()
        .filter(|pool| pool.mode == PoolMode::User)
        .map(|pool| format!("{}/{}", cluster.label(), pool.name))
        .filter(|name| surging.contains(name))
        .collect();
    if !may_do_without.is_empty() {
        document.paragraph(format!(
            "Without growing it, max_surge {NO_SURGE}, upgrades {} with no block for a surge node; a System pool may not have that \
             (UPG-7).",
            listed(&may_do_without)
        ));
    }
}

/// `None`: a name cannot be printed.
fn command(cluster: &Cluster, range: &IpNet) -> Option<String> {
    let id = cluster.id.as_ref();
    let subscription = id.and_then(|id| id.segment("subscriptions"));
    let group = cluster.resource_group.as_deref().unwrap_or("GROUP");
    let range = range.to_string();
    let mut arguments: Vec<(&'static str, Option<&str>)> = Vec::new();
    arguments.extend(subscription.map(|subscription| ("--subscription", Some(subscription))));
    arguments.push(("--resource-group", Some(group)));
    arguments.push(("--name", Some(&cluster.name)));
    arguments.push(("--pod-cidr", Some(&range)));
    command_line(&["az", "aks", "update"], &arguments)
}
