//! The rights that carrying the plan out needs beside those on the cluster: Azure checks what the body of a write names, and a write
//! gives the whole cluster back. What the plan knows of these resources is said; what it does not know is said to be so.

use super::{Block, Runbook, code_lines, command_line};
use crate::report::document::{Cell, Document, Table};
use std::collections::BTreeSet;

pub(super) fn section(of: Runbook, document: &mut Document) {
    let plan = of.plan;
    document.heading("Rights that it needs");
    let scope = plan
        .target
        .subscription
        .as_ref()
        .map(|id| format!("/subscriptions/{id}"));
    let mut azure = vec![("--execute", None)];
    if let Some(scope) = &scope {
        azure.push(("--scope", Some(scope.as_str())));
    }
    code_lines(
        &[
            (
                "the role on the cluster, and what each right is for with --why",
                command_line(&["aksplan", "permissions", "azure"], &azure),
            ),
            (
                "the role inside of it: read everything, and one lease",
                command_line(
                    &["aksplan", "permissions", "kubernetes"],
                    &[("--execute", None)],
                ),
            ),
        ],
        document,
    );
    document.paragraph(
        "Each write gives the whole cluster back, and Azure checks every resource that it names, where that is: rights on the cluster \
         alone end in a refusal before anything has changed.",
    );
    let mut table = Table::new(&["right", "on", "for"]);
    let mut row = |right: &str, on: String, why: &str| {
        table
            .rows
            .push(vec![Cell::from(right), Cell::from(on), Cell::from(why)]);
    };
    let subnets: BTreeSet<&str> = plan
        .facts
        .iter()
        .filter(|(fact, value)| {
            fact.starts_with("pool.") && fact.ends_with(".subnet") && !value.starts_with('(')
        })
        .map(|(_, value)| value.as_str())
        .collect();
    if !subnets.is_empty() {
        row(
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            format!(
                "subnets {}",
                subnets.into_iter().collect::<Vec<_>>().join(", ")
            ),
            "the pools are in them",
        );
    }
    let identity = plan.facts.get("cluster.identity").map(String::as_str);
    if identity != Some("service principal") {
        row(
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
            match identity {
                Some("UserAssigned") => {
                    "the cluster's identity, and the kubelets' if it has one of its own"
                }
                _ => "the kubelets' identity, if it is one of your own",
            }
            .to_string(),
            "they are named in the cluster",
        );
    }
    row(
        "Microsoft.OperationalInsights/workspaces/sharedkeys/read, Microsoft.OperationalInsights/workspaces/read",
        "the Log Analytics workspace, if monitoring is on: the plan does not know".to_string(),
        "the add-on names it; a move to Overlay was refused for lack of it (Azure/AKS 4014)",
    );
    if plan
        .facts
        .get("cluster.networkProfile.outboundType")
        .is_none_or(|outbound| {
            outbound.starts_with('(') || outbound.eq_ignore_ascii_case("loadBalancer")
        })
    {
        row(
            "Microsoft.Network/publicIPAddresses/join/action, Microsoft.Network/publicIPPrefixes/join/action",
            "outbound addresses of your own, if there are any: the plan does not know".to_string(),
            "the load balancer profile names them",
        );
    }
    if plan
        .facts
        .get("cluster.ingressApplicationGateway")
        .is_some_and(|on| on == "true")
    {
        row(
            "Microsoft.Network/applicationGateways/read",
            "the gateway of the application gateway add-on".to_string(),
            "the add-on names it",
        );
    }
    document.blocks.push(Block::Table(table));
    document.paragraph(
        "Disk encryption sets, proximity placement groups and capacity reservations, where the cluster or a pool names one: --why lists all.",
    );
}
