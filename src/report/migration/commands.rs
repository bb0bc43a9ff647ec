//! What a step does, as the az command that does the same. For reading and for a night on which nothing else is left: the executor sends
//! its own requests, with `If-Match`, and checks before and after.

use crate::migrate::plan::Plan;
use crate::migrate::step::Action;
use crate::model::UpgradeSettings;
use crate::shell::command_line;

/// The command of an action; `None`: it only reads, or there is none, or a name cannot be printed.
pub fn command(plan: &Plan, action: &Action) -> Option<String> {
    let target = &plan.target;
    let mut arguments: Vec<(&'static str, Option<&str>)> = Vec::new();
    if let Some(subscription) = &target.subscription {
        arguments.push(("--subscription", Some(subscription)));
    }
    arguments.push(("--resource-group", Some(resource_group(plan))));
    let pod_cidr;
    let pod_cidrs;
    let update: &[&'static str] = &["az", "aks", "update"];
    match action {
        Action::Check | Action::Verify { .. } => return None,
        Action::SetUpgradeSettings { pool, from, to }
        | Action::RestoreUpgradeSettings { pool, from, to } => {
            arguments.push(("--cluster-name", Some(&target.name)));
            arguments.push(("--name", Some(pool)));
            let changed = settings(from, to)?;
            arguments.extend(
                changed
                    .iter()
                    .map(|(flag, value)| (*flag, Some(value.as_str()))),
            );
            return command_line(&["az", "aks", "nodepool", "update"], &arguments);
        }
        Action::RemoveNetworkPolicy { .. } => {
            arguments.push(("--name", Some(&target.name)));
            arguments.push(("--network-policy", Some("none")));
        }
        Action::EnableCilium { .. } => {
            arguments.push(("--name", Some(&target.name)));
            arguments.push(("--network-dataplane", Some("cilium")));
            arguments.push(("--network-policy", Some("cilium")));
        }
        Action::MoveToOverlay {
            pod_cidr: range,
            kept,
        } => {
            arguments.push(("--name", Some(&target.name)));
            arguments.push(("--network-plugin", Some("azure")));
            arguments.push(("--network-plugin-mode", Some("overlay")));
            pod_cidr = range.to_string();
            if kept.is_empty() {
                arguments.push(("--pod-cidr", Some(&pod_cidr)));
            } else {
                let all = std::iter::once(range).chain(kept);
                let all: Vec<String> = all.map(ToString::to_string).collect();
                pod_cidrs = all.join(",");
                arguments.push(("--pod-cidrs", Some(&pod_cidrs)));
            }
        }
        Action::EnableNetworkPolicy { policy } => {
            arguments.push(("--name", Some(&target.name)));
            arguments.push(("--network-policy", Some(policy)));
        }
    }
    command_line(update, &arguments)
}

/// An az command on the cluster, which this flag names.
pub(super) fn az(
    plan: &Plan,
    program: &[&'static str],
    name: &'static str,
    more: &[(&'static str, Option<&str>)],
) -> Option<String> {
    let target = &plan.target;
    let mut arguments: Vec<(&'static str, Option<&str>)> = Vec::new();
    if let Some(subscription) = &target.subscription {
        arguments.push(("--subscription", Some(subscription)));
    }
    arguments.push(("--resource-group", Some(resource_group(plan))));
    arguments.push((name, Some(&target.name)));
    arguments.extend_from_slice(more);
    command_line(program, &arguments)
}

/// The cluster's, or a word in capitals where the plan does not know it.
pub(super) fn resource_group(plan: &Plan) -> &str {
    plan.target
        .resource_group
        .as_deref()
        .unwrap_or("RESOURCE_GROUP")
}

/// Flags for what differs; `None`: a setting is to be unset, which az has no flag for.
fn settings(from: &UpgradeSettings, to: &UpgradeSettings) -> Option<Vec<(&'static str, String)>> {
    let mut changed = Vec::new();
    let word = |value: &Option<crate::model::IntOrPercent>| value.map(|value| value.to_string());
    let minutes = |value: Option<u32>| value.map(|value| value.to_string());
    for (flag, old, new) in [
        ("--max-surge", word(&from.max_surge), word(&to.max_surge)),
        (
            "--max-unavailable",
            word(&from.max_unavailable),
            word(&to.max_unavailable),
        ),
        (
            "--drain-timeout",
            minutes(from.drain_timeout_minutes),
            minutes(to.drain_timeout_minutes),
        ),
        (
            "--node-soak-duration",
            minutes(from.node_soak_minutes),
            minutes(to.node_soak_minutes),
        ),
    ] {
        if old != new {
            changed.push((flag, new?));
        }
    }
    Some(changed)
}
