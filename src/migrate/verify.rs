//! Whether a plan, whoever wrote it, may be carried out: its digest and fingerprint, that every step says all that follows from its
//! action and nothing else, and that the steps stand in an order that works. Looks at the plan alone; whether facts still match is asked
//! of them.

use super::fingerprint;
use super::plan::{KIND, Plan};
use super::settings::{self, put_back};
use super::step::{Action, Step};
use crate::capacity::cost::POD_CIDR_PER_NODE;
use crate::capacity::surge::DEFAULT_MAX_SURGE;
use crate::model::{IntOrPercent, IpNet, ResourceId, cidr};
use std::collections::BTreeSet;

/// Everything that is wrong with a plan, in whole sentences; empty: nothing.
pub fn verify(plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    seals(plan, &mut wrong);
    target(plan, &mut wrong);
    for (position, step) in plan.steps.iter().enumerate() {
        what_follows(position, step, &mut wrong);
    }
    order(plan, &mut wrong);
    ranges(plan, &mut wrong);
    kept(plan, &mut wrong);
    policies(plan, &mut wrong);
    settings_put_back(plan, &mut wrong);
    wrong
}

fn seals(plan: &Plan, wrong: &mut Vec<String>) {
    if plan.kind != KIND {
        wrong.push(format!("`kind` is not \"{KIND}\""));
    }
    if plan.digest != plan.digest_now() {
        wrong.push(
            "the digest does not match: the plan was changed after it was made; make it again"
                .to_string(),
        );
    }
    if plan.fingerprint != fingerprint::digest(&plan.facts) {
        wrong.push("the fingerprint does not match the facts it is of".to_string());
    }
    if plan.facts.is_empty() {
        wrong.push("it relies on no facts at all".to_string());
    }
    for told in plan.findings.iter().filter(|told| told.is_blocker()) {
        wrong.push(format!("it was made over a blocker: {}", told.message));
    }
}

fn target(plan: &Plan, wrong: &mut Vec<String>) {
    let target = &plan.target;
    let Some(id) = &target.id else {
        wrong.push(
            "it names no cluster id: it was made from facts without one, and can be read but not carried out"
                .to_string(),
        );
        return;
    };
    let id = ResourceId::new(id.as_str());
    if !id.is_managed_cluster() {
        wrong.push(format!("`{id}` is no id of a managed cluster"));
    } else if !id.name().eq_ignore_ascii_case(&target.name) {
        wrong.push(format!(
            "it is for {}, and its id names {}",
            target.name,
            id.name()
        ));
    }
    for (what, said, of_id) in [
        (
            "resource group",
            &target.resource_group,
            id.resource_group(),
        ),
        (
            "subscription",
            &target.subscription,
            id.segment("subscriptions"),
        ),
    ] {
        if let (Some(said), Some(of_id)) = (said, of_id)
            && !said.eq_ignore_ascii_case(of_id)
        {
            wrong.push(format!("it names {what} {said}, and its id {of_id}"));
        }
    }
}

/// A step must say what follows from its action, no more and no less: an edited condition or change is no plan of ours.
fn what_follows(position: usize, step: &Step, wrong: &mut Vec<String>) {
    let right = Step::of(position + 1, step.action.clone());
    for (what, is_right) in [
        ("id", step.id == right.id),
        ("changes", step.write == right.write),
        ("reimages", step.reimages == right.reimages),
        ("preconditions", step.before == right.before),
        (
            "preconditions of another attempt",
            step.before_again == right.before_again,
        ),
        ("postconditions", step.after == right.after),
        ("words for failure", step.on_failure == right.on_failure),
    ] {
        if !is_right {
            wrong.push(format!(
                "step {} ({}): its {what} are not those of this action",
                position + 1,
                step.action.key()
            ));
        }
    }
}

fn order(plan: &Plan, wrong: &mut Vec<String>) {
    let count = |key: &str| {
        plan.steps
            .iter()
            .filter(|step| step.action.key() == key)
            .count()
    };
    for key in ["check", "move-to-overlay", "verify"] {
        if count(key) != 1 {
            wrong.push(format!(
                "it has {} steps `{key}`, and must have one",
                count(key)
            ));
        }
    }
    /// Actions of a lower rank come first.
    fn rank(action: &Action, moved: bool) -> u8 {
        match action {
            Action::Check => 0,
            Action::SetUpgradeSettings { .. } => 1,
            Action::RemoveNetworkPolicy { .. } => 2,
            Action::EnableCilium { .. } if !moved => 2,
            Action::MoveToOverlay { .. } => 3,
            Action::Verify { .. } => 4,
            Action::EnableCilium { .. } | Action::EnableNetworkPolicy { .. } => 5,
            Action::RestoreUpgradeSettings { .. } => 6,
        }
    }
    let mut moved = false;
    let mut last = 0;
    for step in &plan.steps {
        let rank = rank(&step.action, moved);
        if rank < last {
            wrong.push(format!("step {} comes too late", step.id));
        }
        last = last.max(rank);
        moved |= matches!(step.action, Action::MoveToOverlay { .. });
    }
    if plan.steps.first().map(|step| step.action.key()) != Some("check") {
        wrong.push("its first step is not the check".to_string());
    }
}

fn ranges(plan: &Plan, wrong: &mut Vec<String>) {
    let IpNet::V4(_) = plan.pod_cidr else {
        wrong.push(format!("pod CIDR {} is not IPv4", plan.pod_cidr));
        return;
    };
    if plan.pod_cidr.trunc() != plan.pod_cidr {
        wrong.push(format!("pod CIDR {} has host bits set", plan.pod_cidr));
    }
    for step in &plan.steps {
        let named = match &step.action {
            Action::MoveToOverlay { pod_cidr, .. } | Action::Verify { pod_cidr } => pod_cidr,
            _ => continue,
        };
        if *named != plan.pod_cidr {
            wrong.push(format!(
                "step {} names pod CIDR {named}, and the plan {}",
                step.id, plan.pod_cidr
            ));
        }
    }
    if let Some(superset) = plan.pod_cidr_superset
        && !superset.contains(&plan.pod_cidr)
    {
        wrong.push(format!(
            "{superset} is no superset of the pod CIDR {}",
            plan.pod_cidr
        ));
    }
    let nodes = ceiling(plan);
    let blocks = cidr::size(&plan.pod_cidr) / POD_CIDR_PER_NODE;
    if nodes > blocks {
        wrong.push(format!(
            "pod CIDR {} has {blocks} blocks of 256 addresses, and the pools may have {nodes} nodes with their surge (MIG-11)",
            plan.pod_cidr
        ));
    }
    for (name, value) in &plan.facts {
        // A peered VNet's address space is no subnet: planning weighs it by what was read of it, and execution does so again.
        let is_range =
            name.ends_with(".addressPrefixes") || name == "cluster.networkProfile.serviceCidrs";
        if !is_range {
            continue;
        }
        let meets = value
            .split(", ")
            .filter_map(|text| text.parse::<IpNet>().ok())
            .any(|range| range.contains(&plan.pod_cidr) || plan.pod_cidr.contains(&range));
        if meets {
            wrong.push(format!(
                "pod CIDR {} meets {name} {value} (MIG-10)",
                plan.pod_cidr
            ));
        }
    }
}

/// Nodes that the pools may have with their surge, all at once (MIG-21), as far as facts name bounds.
fn ceiling(plan: &Plan) -> u64 {
    let fact = |pool: &str, name: &str| {
        plan.facts
            .get(&format!("pool.{pool}.{name}"))
            .map(String::as_str)
    };
    let mut sum: u64 = 0;
    for name in plan.facts.keys() {
        let pool = name
            .strip_prefix("pool.")
            .and_then(|rest| rest.strip_suffix(".maxPods"));
        let Some(pool) = pool else { continue };
        let nodes = fact(pool, "maxCount")
            .or_else(|| fact(pool, "count"))
            .and_then(|count| count.parse::<u64>().ok())
            .unwrap_or(0);
        let during = plan.steps.iter().find_map(|step| match &step.action {
            Action::SetUpgradeSettings {
                pool: named, to, ..
            } if named == pool => Some(to.max_surge),
            _ => None,
        });
        let surge = during
            .unwrap_or_else(|| {
                fact(pool, "upgradeSettings.maxSurge").and_then(IntOrPercent::from_word)
            })
            .unwrap_or(DEFAULT_MAX_SURGE);
        let surge = match fact(pool, "spot") {
            Some("true") => 0,
            _ => surge.of(nodes).min(nodes),
        };
        sum = sum.saturating_add(nodes).saturating_add(surge);
    }
    sum
}

/// Ranges beside the pod CIDR are those that the cluster has, of IPv6: whatever else is named would be set.
fn kept(plan: &Plan, wrong: &mut Vec<String>) {
    let had: BTreeSet<IpNet> = plan
        .facts
        .get("cluster.networkProfile.podCidrs")
        .into_iter()
        .flat_map(|ranges| ranges.split(", "))
        .filter_map(|range| range.parse().ok())
        .filter(|range| matches!(range, IpNet::V6(_)))
        .collect();
    for step in &plan.steps {
        if let Action::MoveToOverlay { kept, .. } = &step.action
            && kept.iter().copied().collect::<BTreeSet<IpNet>>() != had
        {
            wrong.push(format!(
                "step {} keeps other ranges beside the pod CIDR than the IPv6 ranges that the cluster has",
                step.id
            ));
        }
    }
}

/// The engine that is on when the move begins must be none or Cilium (MIG-3).
fn policies(plan: &Plan, wrong: &mut Vec<String>) {
    let mut now = plan
        .facts
        .get("cluster.networkProfile.networkPolicy")
        .map(|policy| policy.to_ascii_lowercase())
        .filter(|policy| !policy.starts_with('('));
    let is_kubenet = plan
        .facts
        .get("cluster.networkProfile.networkPlugin")
        .is_some_and(|plugin| plugin == "kubenet");
    let has_windows = plan
        .facts
        .iter()
        .any(|(name, os)| name.ends_with(".osType") && os == "Windows");
    let mut moved = false;
    for step in &plan.steps {
        let mut expects = |policy: &Option<String>| {
            let expected = policy.as_deref().map(str::to_ascii_lowercase);
            if now != expected {
                wrong.push(format!(
                    "step {} begins with network policy {}, and by then it is {}",
                    step.id,
                    expected.as_deref().unwrap_or("none"),
                    now.as_deref().unwrap_or("none")
                ));
            }
        };
        match &step.action {
            Action::RemoveNetworkPolicy { policy } => {
                expects(&Some(policy.clone()));
                now = None;
            }
            Action::EnableCilium { policy_before } => {
                expects(policy_before);
                now = Some("cilium".to_string());
                if is_kubenet && !moved {
                    wrong.push(format!(
                        "step {}: from kubenet the addresses move first (MIG-13)",
                        step.id
                    ));
                }
                if has_windows {
                    wrong.push(format!(
                        "step {}: Cilium is not possible with Windows nodes (MIG-13)",
                        step.id
                    ));
                }
            }
            Action::EnableNetworkPolicy { policy } => {
                expects(&None);
                now = Some(policy.to_ascii_lowercase());
                if !["azure", "calico"].contains(&policy.as_str()) {
                    wrong.push(format!(
                        "step {}: `{policy}` is no network policy engine that is turned on alone",
                        step.id
                    ));
                }
            }
            Action::MoveToOverlay { .. } => {
                moved = true;
                if now.as_deref().is_some_and(|policy| policy != "cilium") {
                    wrong.push(format!(
                        "step {} moves while network policy {} is on (MIG-3)",
                        step.id,
                        now.as_deref().unwrap_or_default()
                    ));
                }
            }
            _ => {}
        }
    }
}

/// Every setting that is changed is put back as it was.
fn settings_put_back(plan: &Plan, wrong: &mut Vec<String>) {
    for step in &plan.steps {
        match &step.action {
            Action::SetUpgradeSettings { pool, from, to } => {
                let restored = plan.steps.iter().any(|other| {
                    matches!(
                        &other.action,
                        Action::RestoreUpgradeSettings { pool: back, from: then, to: before }
                            if back == pool && then == to && *before == put_back(from, to)
                    )
                });
                if !restored {
                    wrong.push(format!(
                        "step {} changes pool {pool}, and no step puts it back",
                        step.id
                    ));
                }
                for problem in settings::wrong(to) {
                    wrong.push(format!("step {}: {problem}", step.id));
                }
                if !plan.facts.contains_key(&format!("pool.{pool}.maxPods")) {
                    wrong.push(format!(
                        "step {} is about pool {pool}, of which the facts say nothing",
                        step.id
                    ));
                }
            }
            Action::RestoreUpgradeSettings { pool, from, to } => {
                let changed = plan.steps.iter().any(|other| {
                    matches!(
                        &other.action,
                        Action::SetUpgradeSettings { pool: there, from: before, to: then }
                            if there == pool && then == from && *to == put_back(before, then)
                    )
                });
                if !changed {
                    wrong.push(format!(
                        "step {} puts back pool {pool}, which no step changed",
                        step.id
                    ));
                }
            }
            _ => {}
        }
    }
}
