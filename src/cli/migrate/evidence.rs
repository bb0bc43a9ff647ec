//! The evidence for a change record: what was planned, what was done when, what holds now, what remains. Written from the journal and from
//! what was read last; concludes nothing that neither says.

use crate::execute::actuator::Observed;
use crate::execute::journal::Status;
use crate::execute::run::Outcome;
use crate::finding::grouped;
use crate::migrate::infrastructure::Infrastructure;
use crate::migrate::step::Action;
use crate::migrate::{Condition, Plan};
use crate::report::document::{Block, Cell, Document, Table, Tone};
use crate::report::{markdown, simulation::span};

pub fn text(
    plan: &Plan,
    status: &Status,
    before: &Observed,
    after: Option<&Observed>,
    outcome: &Outcome,
) -> String {
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
    document.paragraph(format!(
        "Plan {} (fingerprint {}), pod CIDR {}, {} run{}.",
        plan.digest,
        plan.fingerprint,
        plan.pod_cidr,
        status.runs,
        if status.runs == 1 { "" } else { "s" }
    ));
    steps(plan, status, &mut document);
    if let Some(after) = after {
        conditions(plan, status, after, &mut document);
        addresses(status, before, after, &mut document);
    } else {
        document.paragraph("How things stand at the end could not be read.");
    }
    if !status.noticed.is_empty() {
        document.heading("What happened");
        document.blocks.push(Block::List(
            status
                .noticed
                .iter()
                .map(|(at, what)| (Cell::toned("-", Tone::Dim), format!("{at} {what}")))
                .collect(),
        ));
    }
    remains(plan, status, &mut document);
    document.not_checked(
        after
            .map(|after| after.not_read.as_slice())
            .unwrap_or_default(),
    );
    markdown::render(&document)
}

fn steps(plan: &Plan, status: &Status, document: &mut Document) {
    let mut table = Table::new(&[
        "STEP",
        "STATE",
        "BEGAN",
        "ENDED",
        "#TOOK",
        "#FORESEEN P50",
        "#P90",
    ]);
    for step in &plan.steps {
        let times = status.times.get(&step.id);
        let took = times.and_then(|(began, ended)| {
            let seconds = (*ended)?.as_second() - began.as_second();
            u32::try_from(seconds).ok().map(span)
        });
        let text = |text: Option<String>| Cell::from(text.unwrap_or_else(|| "-".to_string()));
        table.rows.push(vec![
            step.id.as_str().into(),
            status.step(&step.id).word().into(),
            text(times.map(|(began, _)| began.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())),
            text(times.and_then(|(_, ended)| {
                ended.map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
            })),
            text(took),
            text(step.expected.map(|expected| span(expected.p50))),
            text(step.expected.map(|expected| span(expected.p90))),
        ]);
    }
    document.table("Steps", table);
}

/// The done criteria, as they are now.
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
                match holding.why() {
                    None => (Cell::toned("holds", Tone::Good), condition.words()),
                    Some(why) => (
                        Cell::toned("not proven", Tone::Bad),
                        format!("{}: {why}", condition.words()),
                    ),
                }
            })
            .collect(),
    ));
}

/// Addresses in use before and after.
fn addresses(status: &Status, before: &Observed, after: &Observed, document: &mut Document) {
    let mut table = Table::new(&[
        "SUBNET",
        "#USABLE",
        "#IN USE BEFORE",
        "#IN USE NOW",
        "#RETURNED",
    ]);
    for index in after.inventory.subnets_of_cluster(after.cluster()) {
        let subnet = after.inventory.subnet(index);
        let name = after.inventory.subnet_name(index);
        let used_before = status
            .baseline
            .as_ref()
            .and_then(|baseline| baseline.subnets.get(&name).copied())
            .or_else(|| {
                before
                    .inventory
                    .subnet_indices()
                    .find(|index| before.inventory.subnet_name(*index) == name)
                    .and_then(|index| before.inventory.subnet(index).used)
            });
        let number = |number: Option<u64>| {
            Cell::from(number.map_or_else(|| "not read".to_string(), grouped))
        };
        let returned = match (used_before, subnet.used) {
            (Some(before), Some(now)) => Some(before.saturating_sub(now)),
            _ => None,
        };
        table.rows.push(vec![
            name.into(),
            grouped(subnet.usable()).into(),
            number(used_before),
            number(subnet.used),
            number(returned),
        ]);
    }
    document.table("Addresses", table);
}

fn remains(plan: &Plan, status: &Status, document: &mut Document) {
    let mut items: Vec<String> = plan
        .steps
        .iter()
        .filter(|step| !status.step(&step.id).is_over())
        .map(|step| format!("step {}: {}", step.id, step.action.words()))
        .collect();
    items.extend(
        status
            .unproven
            .iter()
            .map(|sentence| format!("not proven: {sentence}")),
    );
    items.extend(plan.breaks.found.iter().map(|dependent| {
        format!(
            "{} {}: {}",
            dependent.kind.word(),
            dependent.name,
            dependent.remedy
        )
    }));
    let code = Infrastructure::of(plan);
    items.extend(code.attributes.iter().map(|attribute| {
        format!(
            "code: {} (Terraform), {} (Bicep, ARM) must say {}",
            attribute.terraform,
            attribute.azure,
            attribute.after.as_deref().unwrap_or("nothing")
        )
    }));
    items.extend(code.must_show);
    if items.is_empty() {
        return;
    }
    document.heading("What remains");
    document.blocks.push(Block::List(
        items
            .into_iter()
            .map(|item| (Cell::toned("-", Tone::Warning), item))
            .collect(),
    ));
}
