//! Nodes of clusters that were not read: their scale sets hold addresses, and nothing says how many they may come to hold. Never
//! guesses what that cluster is.

use super::assess::SubnetRow;
use super::growth::Books;
use crate::finding::{Finding, Severity, counted};
use crate::model::{Holder, HolderKind, Inventory, SubnetIndex};
use crate::rule;
use std::collections::HashSet;

/// How AKS begins the names of its scale sets: `aks-apps-12345678-vmss` on Linux, `aksnpwin` on Windows.
const AKS: &str = "aks";

/// Node resource groups of every cluster that was read, in lower case.
pub(super) fn node_groups(inventory: &Inventory) -> HashSet<String> {
    let groups = inventory.clusters.iter().filter_map(|cluster| {
        let group = cluster.node_resource_group.as_ref()?;
        Some(group.to_ascii_lowercase())
    });
    groups.collect()
}

/// Scale sets of AKS in a subnet whose cluster was not read. None where a cluster's node resource group is not known: it could be
/// that one's.
pub(super) fn strangers<'a>(
    inventory: &'a Inventory,
    groups: &HashSet<String>,
    index: SubnetIndex,
) -> Vec<&'a Holder> {
    if groups.len() < inventory.clusters.len() {
        return Vec::new();
    }
    let holders = inventory.subnet(index).holders.iter().flatten();
    holders
        .filter(|holder| {
            let is_aks = holder
                .name
                .get(..AKS.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(AKS));
            let group = holder.resource_group.as_deref().unwrap_or_default();
            holder.kind == HolderKind::ScaleSet
                && is_aks
                && !group.is_empty()
                && !groups.contains(&group.to_ascii_lowercase())
        })
        .collect()
}

pub(super) fn findings(books: &Books, rows: &[SubnetRow], findings: &mut Vec<Finding>) {
    for row in rows {
        let strangers = books.strangers(row.index);
        if strangers.is_empty() {
            continue;
        }
        let held = strangers
            .iter()
            .fold(0u64, |sum, holder| sum.saturating_add(holder.addresses));
        let mut groups: Vec<&str> = strangers
            .iter()
            .filter_map(|holder| holder.resource_group.as_deref())
            .collect();
        groups.sort_unstable();
        groups.dedup();
        findings.push(Finding::new(
            Severity::Warning,
            "unread-cluster",
            format!(
                "{}: {} held by nodes of {} that {} not read ({}): how far {} may grow is not known",
                books.inventory.subnet_label(row.index),
                counted(held, "address is", "addresses are"),
                if groups.len() == 1 { "a cluster" } else { "clusters" },
                if groups.len() == 1 { "was" } else { "were" },
                groups.join(", "),
                if groups.len() == 1 { "it" } else { "they" },
            ),
            &[&rule::NET_1],
        ).about(books.inventory.subnet_subject(row.index)));
    }
}
