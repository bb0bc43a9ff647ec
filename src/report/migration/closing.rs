//! How to abort and what that leaves, what remains to be done by hand, the code to edit, and the facts that the plan relies on.

use super::commands::az;
use super::{Runbook, code_lines, unmarked};
use crate::finding::counted;
use crate::migrate::infrastructure::{Effect, Infrastructure};
use crate::migrate::plan::Plan;
use crate::migrate::step::Action;
use crate::report::document::{Block, Cell, Document, Table, Tone};

pub(super) fn abort(of: Runbook, document: &mut Document) {
    document.heading("How to abort, and what that leaves");
    code_lines(
        &[
            ("stop what Azure is doing", of.aksplan(&["--abort"], false)),
            (
                "the same by hand",
                az(of.plan, &["az", "aks", "operation-abort"], "--name", &[]),
            ),
        ],
        document,
    );
    for sentence in [
        "An abort stops Azure where it is, and takes nothing back. Nodes that were reimaged stay so; one that was being drained may stay \
         cordoned; a surge node may be left over. The cluster's provisioning state becomes Canceled.",
        "Before the move's own request is sent, an abort leaves the network as it was; only settings of pools, and a network policy that \
         was turned off, may be other than before. After it, the cluster stands between two network modes: nodes that are done run on \
         Overlay, the others as before. That is no state to stay in: resume, and let it end.",
    ] {
        document.paragraph(sentence);
    }
}

pub(super) fn afterwards(plan: &Plan, document: &mut Document) {
    document.heading("After the move");
    let lines = [
        (
            "every node is labelled true",
            Some("kubectl get nodes -L kubernetes.azure.com/azure-cni-overlay".to_string()),
        ),
        (
            "one line a node, each with the pod CIDR",
            Some(
                "kubectl get nnc -A -o jsonpath='{range .items[*]}{.metadata.name}{\" \"}\
                 {.status.networkContainers[0].subnetAddressSpace}{\"\\n\"}{end}'"
                    .to_string(),
            ),
        ),
        (
            "only pods of the host network have addresses of a node subnet",
            Some("kubectl get pods -A -o wide".to_string()),
        ),
    ];
    code_lines(&lines, document);
    document.part("What remains to be done by hand");
    list(by_hand(plan), document);
}

/// What nothing but a person can do once the cluster runs on Overlay, a sentence each. Also the evidence says it.
pub fn by_hand(plan: &Plan) -> Vec<String> {
    let mut by_hand = vec![
        "Allow lists, NSG rules, firewall and route rules that name pod addresses: pods leave by their node's address now (MIG-25)"
            .to_string(),
        format!(
            "NSGs of the node subnets must let {} through between nodes (OVL-5)",
            plan.pod_cidr
        ),
        "The code that describes the cluster: see below, before anybody applies it".to_string(),
    ];
    if let Some(superset) = plan.pod_cidr_superset {
        by_hand.push(format!(
            "Write down that {superset} stays free: the pod CIDR can only grow into a range around it (EXP-1)"
        ));
    }
    let policy_gone = plan.steps.iter().rev().find_map(|step| match &step.action {
        Action::EnableCilium { .. } | Action::EnableNetworkPolicy { .. } => Some(false),
        Action::RemoveNetworkPolicy { .. } => Some(true),
        _ => None,
    });
    if policy_gone == Some(true) {
        by_hand.push(
            "No network policy engine is on: NetworkPolicy objects are there and nobody enforces them (MIG-26)"
                .to_string(),
        );
    }
    by_hand
}

pub(super) fn code(plan: &Plan, document: &mut Document) {
    let code = Infrastructure::of(plan);
    document.heading("Terraform and Bicep");
    let mut table = Table::new(&[
        "attribute",
        "before",
        "after",
        "code left as it is",
        "an apply instead of the move",
    ]);
    for row in &code.attributes {
        let value = |value: &Option<String>| match value {
            Some(value) => Cell::from(value.as_str()),
            None => Cell::toned("not set", Tone::Dim),
        };
        table.rows.push(vec![
            Cell::from(row.terraform),
            value(&row.before),
            value(&row.after),
            effect(row.if_left),
            effect(row.if_applied),
        ]);
    }
    document.blocks.push(Block::Table(table));
    list(code.providers, document);
    document.paragraph("While the move runs:");
    document.code("hcl", code.terraform_meanwhile);
    document.paragraph("Afterwards, in Terraform:");
    document.code("hcl", code.terraform);
    document.paragraph("Afterwards, in Bicep:");
    document.code("bicep", code.bicep);
    document.part("What the plan must then show");
    list(code.must_show, document);
    document.part("Traps");
    list(code.traps, document);
}

fn effect(effect: Effect) -> Cell {
    match effect {
        Effect::Nothing => Cell::toned("nothing", Tone::Good),
        Effect::InPlace => Cell::toned("changes it in place", Tone::Warning),
        Effect::ReplacesInOlder => Cell::toned(
            "REPLACES the cluster with azurerm before pull request 30959, else changes it in place",
            Tone::Bad,
        ),
        Effect::Replaces => Cell::toned("REPLACES the cluster", Tone::Bad),
    }
}

fn list(sentences: Vec<String>, document: &mut Document) {
    let items = sentences
        .iter()
        .map(|sentence| (Cell::from("-"), unmarked(sentence)));
    document.blocks.push(Block::List(items.collect()));
}

/// Names of facts that are listed by how many there are: each is in the plan.
const MANY: &str = "budget.";
/// What a fact says that is not set.
const UNSET: &str = "(not set)";

pub(super) fn facts(plan: &Plan, document: &mut Document) {
    document.heading("Facts that the plan relies on");
    let budgets = plan
        .facts
        .keys()
        .filter(|fact| fact.starts_with(MANY))
        .count();
    let unset = plan.facts.values().filter(|value| *value == UNSET).count();
    document.paragraph(format!(
        "The plan has all {}; one that is other when it is carried out refuses the start. Not listed here: {}, {} that are not \
         set or were not read, and the maintenance configurations.",
        plan.facts.len(),
        counted(budgets as u64, "budget", "budgets"),
        unset
    ));
    let mut table = Table::new(&["fact", "value"]);
    for (fact, value) in &plan.facts {
        let is_elsewhere = fact.starts_with(MANY)
            || fact.starts_with("cluster.maintenanceConfigurations.")
            || value == UNSET;
        if is_elsewhere {
            continue;
        }
        let value = if value.is_empty() { "(none)" } else { value };
        table
            .rows
            .push(vec![Cell::from(fact.as_str()), Cell::from(value)]);
    }
    document.blocks.push(Block::Table(table));
}
