//! Addresses and capacity, before the move and after it, by the same arithmetic as aksplan capacity. Names the source of every number,
//! and leaves out what neither was read nor recorded.

use super::{Evidence, stamp};
use crate::capacity::assess::{Assessment, PoolRow, Scope, assess};
use crate::capacity::cost::POD_CIDR_PER_NODE;
use crate::execute::actuator::Observed;
use crate::execute::journal::Event;
use crate::finding::grouped;
use crate::migrate::{Baseline, Plan};
use crate::model::{Inventory, IpNet, NetworkPlugin, parse_cidr};
use crate::report::document::{Block, Cell, Document, Table, Tone};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn told(evidence: &Evidence, document: &mut Document) {
    document.heading("Capacity before and after");
    let Some(after) = evidence.after else {
        document.paragraph("It could not be read at the end.");
        return;
    };
    if !evidence.status.is_complete() {
        document.toned(
            "The plan is not carried out to its end: what is said of now takes every node for one of the network profile, and nodes that \
             are not moved yet hold their addresses all the same.",
            Tone::Warning,
        );
    }
    addresses(evidence, after, document);
    let (before, source) = before(evidence);
    let then = before.map(|inventory| assessed(&inventory, evidence.before));
    let now = assessed(&after.inventory, after);
    nodes(after, then.as_ref(), &now, document);
    blocks(after, &now, document);
    document.paragraph(format!(
        "Room is worked out as aksplan capacity does (FIT MORE: nodes that each pool alone could have more, whatever its autoscaler's \
         ceiling says; pools of one subnet share it, so these do not add up). Before: {source}. Now: what was read at the end."
    ));
}

fn assessed(inventory: &Inventory, observed: &Observed) -> Assessment {
    let scope = Scope {
        vnets: None,
        clusters: Some(BTreeSet::from([observed.index])),
    };
    assess(inventory, &scope)
}

fn number(number: Option<u64>) -> Cell {
    Cell::from(number.map_or_else(|| "not read".to_string(), grouped))
}

fn addresses(evidence: &Evidence, after: &Observed, document: &mut Document) {
    let baseline = evidence.status.baseline.as_ref();
    let mut table = Table::new(&[
        "SUBNET",
        "#USABLE",
        "#USED BEFORE",
        "#FREE BEFORE",
        "#USED NOW",
        "#FREE NOW",
        "#GIVEN BACK",
        "#AT LEAST EXPECTED BACK",
    ]);
    for index in after.inventory.subnets_of_cluster(after.cluster()) {
        let subnet = after.inventory.subnet(index);
        let name = after.inventory.subnet_name(index);
        let of = |values: fn(&Baseline) -> &BTreeMap<String, u64>| {
            baseline.and_then(|baseline| values(baseline).get(&name).copied())
        };
        let used_before = of(|baseline| &baseline.subnets);
        let free = |used: Option<u64>| used.map(|used| subnet.usable().saturating_sub(used));
        let given_back = match (used_before, subnet.used) {
            (Some(before), Some(now)) if now > before => {
                Cell::from(format!("-{}", grouped(now - before)))
            }
            (Some(before), Some(now)) => Cell::from(grouped(before - now)),
            _ => Cell::from("not read"),
        };
        table.rows.push(vec![
            name.as_str().into(),
            grouped(subnet.usable()).into(),
            number(used_before),
            number(free(used_before)),
            number(subnet.used),
            number(free(subnet.used)),
            given_back,
            number(of(|baseline| &baseline.returns)),
        ]);
    }
    if table.rows.is_empty() {
        document.paragraph("No subnet of the cluster was read.");
        return;
    }
    document.blocks.push(Block::Table(table));
    let taken = evidence
        .records
        .iter()
        .find_map(|record| match record.event {
            Event::BaselineTaken { .. } => Some(format!(" at {}", stamp(record.at))),
            _ => None,
        });
    document.paragraph(format!(
        "Used: Azure's own counter of the subnet (NET-1), recorded before the first write{} and read again at the end; it may lag behind by minutes, and \
         counts everything in the subnet. Usable: what the prefixes hold less the five addresses that Azure keeps of each (SUB-1).",
        taken.unwrap_or_default()
    ));
}

/// More nodes each pool can have, before and now.
fn nodes(after: &Observed, then: Option<&Assessment>, now: &Assessment, document: &mut Document) {
    let mut table = Table::new(&[
        "POOL",
        "#NODES",
        "#FIT MORE BEFORE",
        "BOUND BY",
        "#FIT MORE NOW",
        "BOUND BY",
        "#PODS ON THOSE NOW",
    ]);
    let cluster = after.cluster();
    for row in &now.pools {
        let pool = &cluster.pools[row.position];
        let before = then.and_then(|then| {
            then.pools
                .iter()
                .find(|before| before.position == row.position)
        });
        let bound = |row: Option<&PoolRow>| {
            let limit = row.and_then(|row| row.limits.first());
            Cell::from(limit.map_or("-", |limit| limit.kind.key()))
        };
        table.rows.push(vec![
            pool.name.as_str().into(),
            grouped(pool.count).into(),
            number(before.and_then(|before| before.more_nodes)),
            bound(before),
            number(row.more_nodes),
            bound(Some(row)),
            number(
                row.more_nodes
                    .filter(|_| pool.max_pods > 0)
                    .map(|more| more.saturating_mul(u64::from(pool.max_pods))),
            ),
        ]);
    }
    if !table.rows.is_empty() {
        document.part("Nodes that fit more");
        document.blocks.push(Block::Table(table));
    }
}

fn blocks(after: &Observed, now: &Assessment, document: &mut Document) {
    for row in now
        .pod_cidrs
        .iter()
        .filter(|row| row.cluster == after.index)
    {
        document.paragraph(format!(
            "Pod CIDR {} has blocks for {} nodes of {POD_CIDR_PER_NODE} addresses each; {} are held now (CIDR and node counts as read at the end).",
            row.cidr,
            grouped(row.nodes),
            grouped(row.demand.now / POD_CIDR_PER_NODE)
        ));
    }
}

/// What was there before the first write, and in words where that is from.
fn before(evidence: &Evidence) -> (Option<Inventory>, &'static str) {
    let first = evidence.status.first_write;
    let began = evidence
        .records
        .iter()
        .rev()
        .find(|record| matches!(record.event, Event::RunBegan { .. }))
        .map(|record| record.at);
    let is_of_this_run = match (first, began) {
        (Some(first), Some(began)) => first >= began,
        (None, _) => true,
        _ => false,
    };
    if is_of_this_run {
        return (
            Some(evidence.before.inventory.clone()),
            "what was read before the first write",
        );
    }
    match as_before(
        evidence.plan,
        evidence.status.baseline.as_ref(),
        evidence.before,
    ) {
        Some(inventory) => (
            Some(inventory),
            "what the last run read first, with the network profile that the plan's facts name and the addresses in use that were \
             recorded before the first write",
        ),
        None => (None, "neither read by the last run nor recorded in full"),
    }
}

/// The world as the plan's facts and the baseline have it, where it had changed by the time the last run looked.
fn as_before(plan: &Plan, baseline: Option<&Baseline>, seen: &Observed) -> Option<Inventory> {
    let fact = |name: &str| {
        plan.facts
            .get(&format!("cluster.networkProfile.{name}"))
            .map(String::as_str)
    };
    let ranges: Vec<IpNet> = match fact("podCidrs")? {
        "" => Vec::new(),
        text => text
            .split(", ")
            .map(parse_cidr)
            .collect::<Result<_, _>>()
            .ok()?,
    };
    let baseline = baseline?;
    let mut inventory = seen.inventory.clone();
    for index in inventory.subnets_of_cluster(seen.cluster()) {
        let used = *baseline.subnets.get(&inventory.subnet_name(index))?;
        inventory.subnets[index.get()].used = Some(used);
    }
    let position = inventory
        .cluster_indices()
        .position(|index| index == seen.index)?;
    let network = &mut inventory.clusters[position].network;
    network.plugin = Some(NetworkPlugin::from_word(fact("networkPlugin")?));
    network.overlay = fact("networkPluginMode")? == "overlay";
    network.pod_cidrs = ranges;
    Some(inventory)
}
