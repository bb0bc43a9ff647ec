//! The evidence for a change record: who ran what when, what was sent, what was foreseen and what was seen, what holds now, what there is
//! room for before and after, what remains. Written from the journal and from what was read; concludes nothing that neither says.
//!
//! `runs` (who, when, what was sent, when nobody watched) · `room` (addresses and capacity) · `foreseen` (predicted beside observed) ·
//! `remains` (what a person still has to do)

mod foreseen;
mod remains;
mod room;
mod runs;

use self::runs::Runs;
use crate::execute::actuator::Observed;
use crate::execute::journal::{Record, Status};
use crate::execute::run::Outcome;
use crate::finding::{counted, grouped};
use crate::migrate::condition::is_labelled_overlay;
use crate::migrate::step::Action;
use crate::migrate::{Baseline, Condition, Plan};
use crate::report::document::{Block, Cell, Document, Table, Tone};
use crate::report::markdown;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// All that it is written from.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    pub plan: &'a Plan,
    pub status: &'a Status,
    pub records: &'a [Record],
    /// Read before the last run did anything.
    pub before: &'a Observed,
    /// Read after it; `None`: it could not be.
    pub after: Option<&'a Observed>,
    pub outcome: &'a Outcome,
}

/// `2026-11-23 23:14:17 UTC`
pub fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The whole file, as Markdown.
pub fn text(evidence: &Evidence) -> String {
    let Evidence {
        plan,
        status,
        outcome,
        ..
    } = evidence;
    let runs = Runs::of(evidence.records);
    let mut document = Document::new(format!(
        "{}: move to Azure CNI Overlay, evidence",
        plan.target.name
    ));
    document.toned(
        format!("The last run {}: {}.", outcome.how.word(), outcome.why),
        match (status.is_complete(), status.unproven.is_empty()) {
            (true, true) => Tone::Good,
            (true, false) => Tone::Warning,
            (false, _) => Tone::Bad,
        },
    );
    for sentence in &outcome.leaves {
        document.paragraph(sentence.clone());
    }
    target(plan, &mut document);
    runs.told(evidence, &mut document);
    if let Some(after) = evidence.after {
        conditions(plan, status, after, &mut document);
        numbers(plan, status, after, &mut document);
    } else {
        document.heading("What holds now");
        document.paragraph("How things stand at the end could not be read.");
    }
    room::told(evidence, &mut document);
    foreseen::told(evidence, &runs, &mut document);
    runs.happened(evidence.records, &mut document);
    remains::told(evidence, &mut document);
    not_known(evidence, &mut document);
    markdown::render(&document)
}

fn target(plan: &Plan, document: &mut Document) {
    let word = |value: &Option<String>| Cell::from(value.as_deref().unwrap_or("not known"));
    let target = &plan.target;
    let mut table = Table::new(&["WHAT", "VALUE"]);
    for (what, value) in [
        ("cluster", Cell::from(target.name.as_str())),
        ("id", word(&target.id)),
        ("resource group", word(&target.resource_group)),
        ("subscription", word(&target.subscription)),
        ("tenant", word(&target.tenant)),
        ("pod CIDR", Cell::from(plan.pod_cidr.to_string())),
        ("plan, SHA-256", Cell::from(plan.digest.as_str())),
        (
            "facts it relies on, SHA-256",
            Cell::from(plan.fingerprint.as_str()),
        ),
        ("made by", Cell::from(plan.made_by.as_str())),
        ("facts read at", word(&plan.observed_at)),
    ] {
        table.rows.push(vec![what.into(), value]);
    }
    document.table("Plan", table);
}

/// The done criteria, as they are now. A check over nothing proves nothing, and says so.
fn conditions(plan: &Plan, status: &Status, after: &Observed, document: &mut Document) {
    let criteria = plan
        .steps
        .iter()
        .find(|step| matches!(step.action, Action::Verify { .. }));
    let Some(criteria) = criteria else { return };
    let sight = after.sight(status.baseline.as_ref());
    document.heading("What holds now");
    document.blocks.push(Block::List(
        criteria
            .after
            .iter()
            .map(|condition: &Condition| {
                let holding = condition.judge(sight);
                let looked_at = looked_at(condition, status.baseline.as_ref(), after);
                match (holding.why(), looked_at) {
                    (None, Some((0, _, many))) => (
                        Cell::toned("none there", Tone::Warning),
                        format!("{}: there were no {many} to look at", condition.words()),
                    ),
                    (None, Some((number, one, many))) => (
                        Cell::toned("holds", Tone::Good),
                        format!("{} ({})", condition.words(), counted(number, one, many)),
                    ),
                    (None, None) => (Cell::toned("holds", Tone::Good), condition.words()),
                    (Some(why), _) => (
                        Cell::toned("not proven", Tone::Bad),
                        format!("{}: {why}", condition.words()),
                    ),
                }
            })
            .collect(),
    ));
}

/// How many things a condition was judged over, and what they are called; `None`: it is about the cluster itself.
fn looked_at(
    condition: &Condition,
    baseline: Option<&Baseline>,
    after: &Observed,
) -> Option<(u64, &'static str, &'static str)> {
    let state = after.cluster().kubernetes.as_deref();
    let nodes = state.map_or(0, |state| state.nodes.len() as u64);
    match condition {
        Condition::NodesReady | Condition::NodesOnOverlay { .. } => Some((nodes, "node", "nodes")),
        Condition::PodsOffTheSubnets { .. } => {
            let pods = state.map_or(0, |state| {
                let own = state.pods.iter().filter(|pod| !pod.host_network);
                own.filter(|pod| !pod.pod_ips.is_empty()).count() as u64
            });
            Some((
                pods,
                "pod with an address of its own",
                "pods with addresses of their own",
            ))
        }
        Condition::WorkloadsAsBefore => {
            let compared = baseline.map_or(0, |baseline| baseline.workloads.len() as u64);
            Some((compared, "workload compared", "workloads"))
        }
        Condition::EndpointsAsBefore => {
            let compared = baseline.map_or(0, |baseline| baseline.endpoints.len() as u64);
            Some((compared, "service compared", "services"))
        }
        Condition::AddressesReturned => {
            let compared = baseline.map_or(0, |baseline| baseline.subnets.len() as u64);
            Some((compared, "node subnet", "node subnets"))
        }
        _ => None,
    }
}

/// Nodes, pods, workloads and services in numbers.
fn numbers(plan: &Plan, status: &Status, after: &Observed, document: &mut Document) {
    document.heading("In numbers");
    let Some(state) = after.cluster().kubernetes.as_deref() else {
        document.paragraph("Objects of Kubernetes were not read.");
        return;
    };
    let on_overlay = state
        .nodes
        .iter()
        .filter(|node| is_labelled_overlay(node))
        .count() as u64;
    let ready = state.nodes.iter().filter(|node| node.ready).count() as u64;
    let mut phases: BTreeMap<&str, u64> = BTreeMap::new();
    for pod in &state.pods {
        *phases
            .entry(pod.phase.as_deref().unwrap_or("of no phase"))
            .or_default() += 1;
    }
    let phases: Vec<String> = phases
        .iter()
        .map(|(phase, number)| format!("{} {phase}", grouped(*number)))
        .collect();
    let of = |read: bool, kind: &str, sentence: String| match read {
        true => sentence,
        false => format!("{kind}: not read"),
    };
    let mut items = vec![
        of(
            state.has_kind("Node"),
            "nodes",
            format!(
                "nodes: {} of {} on Overlay, {} Ready",
                grouped(on_overlay),
                grouped(state.nodes.len() as u64),
                grouped(ready)
            ),
        ),
        of(
            state.has_kind("Pod"),
            "pods",
            match phases.is_empty() {
                true => "pods: none there".to_string(),
                false => format!("pods: {}", phases.join(", ")),
            },
        ),
    ];
    let now = Baseline::of(&after.inventory, after.cluster());
    for (what, pods, before, now) in [
        (
            "workloads",
            "pods",
            status.baseline.as_ref().map(|before| &before.workloads),
            &now.workloads,
        ),
        (
            "services",
            "endpoints",
            status.baseline.as_ref().map(|before| &before.endpoints),
            &now.endpoints,
        ),
    ] {
        items.push(match before {
            None => format!("{what}: nothing was recorded before the first write to compare with"),
            Some(before) if before.is_empty() => {
                format!("{what}: none there before the first write, so none compared")
            }
            Some(before) => {
                let sum = |ready: &BTreeMap<String, u64>| grouped(ready.values().sum());
                let fewer = before
                    .iter()
                    .filter(|(name, ready)| now.get(*name).copied().unwrap_or(0) < **ready)
                    .count() as u64;
                format!(
                    "{what}: {} compared, {} of them with fewer ready {pods} than before; {} ready {pods} before, {} now",
                    grouped(before.len() as u64),
                    grouped(fewer),
                    sum(before),
                    sum(now)
                )
            }
        });
    }
    if let Some(baseline) = status
        .baseline
        .as_ref()
        .filter(|baseline| !baseline.not_read.is_empty())
    {
        items.push(format!(
            "not read before the first write, so not compared: {}",
            baseline.not_read.join(", ")
        ));
    }
    let surge = crate::execute::leftover::surge_nodes(plan, after);
    if surge > 0 {
        items.push(format!(
            "surge nodes still there: {} (in the number of nodes above)",
            grouped(surge)
        ));
    }
    list(items, Tone::Dim, document);
}

/// What nobody looked at or could not read, then and now.
fn not_known(evidence: &Evidence, document: &mut Document) {
    let mut sentences: Vec<String> = Vec::new();
    if let Some(after) = evidence.after {
        sentences.extend(after.not_read.iter().cloned());
        sentences.extend(after.inventory.not_checked.iter().cloned());
    }
    let unknown = &evidence.plan.breaks.not_known;
    sentences.extend(
        unknown
            .iter()
            .map(|unknown| format!("{}: {}", unknown.what, unknown.how_to_find_out)),
    );
    sentences.push(
        "The person signed in to Azure is not recorded here: the activity log of the cluster says who sent the requests above"
            .to_string(),
    );
    let mut seen = Vec::new();
    for sentence in sentences {
        if !seen.contains(&sentence) {
            seen.push(sentence);
        }
    }
    document.not_checked(&seen);
}

fn list(items: Vec<String>, tone: Tone, document: &mut Document) {
    let items = items
        .into_iter()
        .map(|item| (Cell::toned("-", tone), item))
        .collect();
    document.blocks.push(Block::List(items));
}
