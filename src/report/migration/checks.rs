//! Go or no-go: what somebody checks before the start, with which command, and what means go. Values are those of the plan; nothing is
//! checked here.

use super::commands::az;
use super::pools::Pools;
use super::{Block, Runbook, code_lines, namespaces};
use crate::finding::{counted, grouped};
use crate::migrate::drains::is_of_drains;
use crate::report::document::{Cell, Document, Table};
use crate::report::simulation::at_most;

/// The command that checks, what it is called in the block of commands, and what it shows where it is go.
struct Check {
    what: &'static str,
    /// `None`: people say it, no command does.
    command: Option<Option<String>>,
    go: String,
}

pub(super) fn section(of: Runbook, document: &mut Document) {
    document.heading("Go or no-go");
    document.paragraph(
        "Each line before the start, in this order. One that is not go: no start, whatever the clock says.",
    );
    let mut table = Table::new(&["#no", "check", "go"]);
    let mut lines: Vec<(String, Option<String>)> = Vec::new();
    for (position, check) in checks(of).into_iter().enumerate() {
        let number = position + 1;
        table.rows.push(vec![
            Cell::from(number.to_string()),
            Cell::from(check.what),
            Cell::from(check.go),
        ]);
        if let Some(command) = check.command {
            lines.push((format!("{number} {}", check.what), command));
        }
    }
    document.blocks.push(Block::Table(table));
    let lines: Vec<(&str, Option<String>)> = lines
        .iter()
        .map(|(what, line)| (what.as_str(), line.clone()))
        .collect();
    code_lines(&lines, document);
    people(of, document);
}

/// Names that only the people of the change know.
fn people(of: Runbook, document: &mut Document) {
    let foreseen = of
        .plan
        .steps
        .iter()
        .filter_map(|step| step.foreseen.as_deref());
    let tight = foreseen.flat_map(|foreseen| foreseen.budgets.iter().map(|budget| &budget.name));
    let tight = namespaces(tight.map(String::as_str));
    let mut table = Table::new(&["who", "name and phone"]);
    let mut row = |who: String| table.rows.push(vec![Cell::from(who), Cell::from("")]);
    row("says go or no-go".to_string());
    row("carries it out, and stays until the end".to_string());
    if !tight.is_empty() {
        row(format!(
            "may scale or release pods of {}, where budgets hold drains back",
            tight.join(", ")
        ));
    }
    if !of.plan.breaks.found.is_empty() {
        row("owners of those who break afterwards, who test from their side".to_string());
    }
    row("is told before, afterwards, and when it stops".to_string());
    document.part("To be filled in");
    document.blocks.push(Block::Table(table));
}

fn checks(of: Runbook) -> Vec<Check> {
    let plan = of.plan;
    let mut checks = Vec::new();
    let mut check = |what: &'static str, command: Option<Option<String>>, go: String| {
        checks.push(Check { what, command, go });
    };
    let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".to_string());
    check(
        "the plan is the one that was approved",
        Some(of.aksplan(&["--verify", "--output=json"], false)),
        format!("is_valid is true, digest is {}", plan.digest),
    );
    check(
        "it may begin: facts, window, rights, lock",
        Some(of.aksplan(&["--execute", "--dry-run"], true)),
        "It may begin now.".to_string(),
    );
    check(
        "signed in where the cluster is, kubectl as well",
        Some(Some(
            "az account show --query '[tenantId, id]' --output tsv; kubectl config current-context"
                .to_string(),
        )),
        format!(
            "tenant {}, and the context of this cluster; the commands of az below name subscription {}",
            known(&plan.target.tenant),
            known(&plan.target.subscription)
        ),
    );
    check(
        "the cluster",
        Some(az(
            plan,
            &["az", "aks", "show"],
            "--name",
            &[
                ("--query", Some("[provisioningState, powerState.code]")),
                ("--output", Some("tsv")),
            ],
        )),
        "Succeeded and Running".to_string(),
    );
    let pools = Pools::of(plan);
    check(
        "the pools",
        Some(az(
            plan,
            &["az", "aks", "nodepool", "list"],
            "--cluster-name",
            &[
                ("--query", Some("[].[name, provisioningState, count]")),
                ("--output", Some("tsv")),
            ],
        )),
        match pools.counts() {
            Some(counts) => format!("each Succeeded; nodes as simulated: {counts}"),
            None => "each Succeeded".to_string(),
        },
    );
    check(
        "nodes",
        Some(Some("kubectl get nodes".to_string())),
        match pools.nodes() {
            Some(nodes) => format!(
                "{}, all Ready, none SchedulingDisabled",
                counted(nodes, "node", "nodes")
            ),
            None => "all Ready, none SchedulingDisabled".to_string(),
        },
    );
    check(
        "pods that wait already",
        Some(Some(
            "kubectl get pods --all-namespaces --field-selector status.phase=Pending".to_string(),
        )),
        "none, or each is known to its owner and has no budget".to_string(),
    );
    let budgets = plan
        .facts
        .keys()
        .filter(|fact| fact.starts_with("budget."))
        .count();
    if budgets > 0 {
        check(
            "budgets",
            Some(Some(
                "kubectl get poddisruptionbudgets --all-namespaces".to_string(),
            )),
            format!(
                "{}; ALLOWED DISRUPTIONS is above 0 for each that has pods",
                counted(budgets as u64, "budget", "budgets")
            ),
        );
    }
    let rooms = pools.addresses();
    if !rooms.is_empty() {
        let words: Vec<String> = rooms
            .iter()
            .map(|(range, _, most)| format!("{range}: {} or more are free", grouped(*most)))
            .collect();
        let least: Vec<String> = rooms.iter().map(|(_, least, _)| grouped(*least)).collect();
        check(
            "addresses for the surge nodes",
            Some(of.capacity()),
            format!(
                "{}. With fewer, down to {}, it goes well only if surge nodes are Overlay nodes from the start, which is not documented \
                 (MIG-22): lower the surge, or go where whoever decides accepts a SubnetIsFull in the middle and a resume",
                words.join("; "),
                least.join(" and ")
            ),
        );
    }
    if let Some(surge) = pools.surge() {
        check(
            "cores for the surge nodes",
            Some(
                az(
                    plan,
                    &["az", "aks", "show"],
                    "--name",
                    &[("--query", Some("location")), ("--output", Some("tsv"))],
                )
                .map(|location| {
                    let subscription = plan
                        .target
                        .subscription
                        .as_deref()
                        .and_then(super::shell_quote)
                        .map_or_else(String::new, |id| format!(" --subscription {id}"));
                    format!(
                        "az vm list-usage{subscription} --location \"$({location})\" --output table"
                    )
                }),
            ),
            format!("the quota of each pool's machine family has room for {surge}"),
        );
    }
    check(
        "automatic upgrades",
        Some(az(
            plan,
            &["az", "aks", "maintenanceconfiguration", "list"],
            "--cluster-name",
            &[],
        )),
        match plan.expected {
            Some(expected) => format!(
                "no window opens in the {} after the start, or the channel is none (MNT-2)",
                at_most(expected.p90)
            ),
            None => "no window opens before the end, or the channel is none (MNT-2)".to_string(),
        },
    );
    let lost = plan
        .findings
        .iter()
        .filter(|told| is_of_drains(told) && told.severity == "warning")
        .count();
    if lost > 0 {
        check(
            "what the drains do to pods",
            None,
            "the owners know, and agree".to_string(),
        );
    }
    if !plan.breaks.found.is_empty() {
        check(
            "who breaks afterwards",
            None,
            "each has its new address, and has used it; the flow logs show nobody else".to_string(),
        );
    }
    check(
        "pipelines of Terraform and Bicep",
        None,
        "stopped, until the code is edited".to_string(),
    );
    checks
}
