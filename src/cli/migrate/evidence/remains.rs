//! What remains to be done: steps that are not over, settings not yet put back, what only a person can do, and the code to edit before
//! anybody applies it. Says nothing of what the plan warned of beforehand.

use super::{Evidence, list};
use crate::execute::journal::StepState;
use crate::migrate::infrastructure::{Effect, Infrastructure};
use crate::migrate::step::Action;
use crate::report::document::{Document, Tone};
use crate::report::migration::by_hand;

pub(super) fn told(evidence: &Evidence, document: &mut Document) {
    let (plan, status) = (evidence.plan, evidence.status);
    document.heading("What remains");
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
    items.extend(unsettled(evidence));
    if items.is_empty() {
        document.paragraph(
            "Of the plan nothing: every step is done and proven, and settings are as they were.",
        );
    } else {
        list(items, Tone::Warning, document);
    }
    let has_begun_to_move = plan.steps.iter().any(|step| {
        matches!(step.action, Action::MoveToOverlay { .. })
            && !matches!(
                status.step(&step.id),
                StepState::Pending | StepState::NotTaken { .. }
            )
    });
    if !has_begun_to_move {
        document.paragraph(
            "The move itself was not begun: what it asks for by hand is in the runbook, and does not apply yet.",
        );
        return;
    }
    document.part("By hand");
    let lost = plan
        .findings
        .iter()
        .filter(|told| told.code == "unmanaged-pod");
    let lost = lost.map(|told| format!("Gone with its node, as foreseen: {}", told.message));
    list(lost.chain(by_hand(plan)).collect(), Tone::Warning, document);
    if plan.breaks.found.is_empty() {
        document.paragraph(
            "Of what depends on pod addresses, nothing was found when the plan was made.",
        );
    } else {
        document.part("What depended on pod addresses when the plan was made");
        let found = plan.breaks.found.iter().map(|dependent| {
            format!(
                "{} {} ({}): {}",
                dependent.kind.word(),
                dependent.name,
                dependent.sure.word(),
                dependent.remedy
            )
        });
        list(found.collect(), Tone::Warning, document);
    }
    code(evidence, document);
}

/// Settings and engines that are other than the plan means to leave them.
fn unsettled(evidence: &Evidence) -> Vec<String> {
    let (plan, status) = (evidence.plan, evidence.status);
    let is_over = |wanted: &dyn Fn(&Action) -> bool| {
        let mut steps = plan.steps.iter().filter(|step| wanted(&step.action));
        steps.any(|step| status.step(&step.id).is_over())
    };
    let mut items = Vec::new();
    for step in &plan.steps {
        if let Action::SetUpgradeSettings { pool, .. } = &step.action
            && status.step(&step.id).is_over()
            && !is_over(
                &|action| matches!(action, Action::RestoreUpgradeSettings { pool: other, .. } if other == pool),
            )
        {
            items.push(format!(
                "pool {pool} still has the upgrade settings for the move"
            ));
        }
    }
    let is_off = is_over(&|action| matches!(action, Action::RemoveNetworkPolicy { .. }));
    let comes_back = |action: &Action| {
        matches!(
            action,
            Action::EnableCilium { .. } | Action::EnableNetworkPolicy { .. }
        )
    };
    let is_planned = plan.steps.iter().any(|step| comes_back(&step.action));
    if is_off && is_planned && !is_over(&comes_back) {
        items.push(
            "network policy is not enforced now: the engine was turned off, and the step that turns one on is not done (MIG-26)"
                .to_string(),
        );
    }
    items
}

fn code(evidence: &Evidence, document: &mut Document) {
    let code = Infrastructure::of(evidence.plan);
    document.part("Terraform and Bicep, before the next apply");
    let mut items: Vec<String> = code
        .attributes
        .iter()
        .map(|attribute| {
            let left = match attribute.if_left {
                Effect::Nothing => "",
                Effect::InPlace => "; left as it is, the next apply changes the cluster",
                // Which provider it is is not known: the worse of the two.
                Effect::ReplacesInOlder | Effect::Replaces => {
                    "; left as it is, the next apply REPLACES the cluster"
                }
            };
            format!(
                "{} (Terraform), {} (Bicep, ARM): {}{left}",
                attribute.terraform,
                attribute.azure,
                attribute.after.as_deref().unwrap_or("not set")
            )
        })
        .collect();
    // Their code marks are for a page that keeps them.
    items.extend(
        code.must_show
            .iter()
            .map(|sentence| sentence.replace('`', "")),
    );
    list(items, Tone::Warning, document);
}
