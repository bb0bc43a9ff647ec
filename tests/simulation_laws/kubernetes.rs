//! Kubernetes's rules once more, the slow way: every question is answered by looking at all pods, all budgets and all nodes. Shares
//! no line with the rooms it judges, and never asks them anything.

use aksplan::disruption::DrainOptions;
use aksplan::model::workload::{Labels, Pod, Selector, Toleration};
use aksplan::model::{IntOrPercent, KubernetesState};
use std::collections::BTreeSet;

pub const HOSTNAME: &str = "kubernetes.io/hostname";

pub fn selects(selector: Option<&Selector>, labels: &Labels) -> bool {
    let Some(selector) = selector else {
        return false;
    };
    for (key, value) in &selector.match_labels {
        if labels.get(key) != Some(value) {
            return false;
        }
    }
    for wish in &selector.match_expressions {
        let has = labels.get(&wish.key);
        let good = match wish.operator.as_str() {
            "In" => has.is_some_and(|has| wish.values.contains(has)),
            "NotIn" => !has.is_some_and(|has| wish.values.contains(has)),
            "Exists" => has.is_some(),
            "DoesNotExist" => has.is_none(),
            other => panic!("the generator writes no operator {other}"),
        };
        if !good {
            return false;
        }
    }
    true
}

/// Budgets whose selector means this pod (EV-3).
pub fn budgets_of(state: &KubernetesState, pod: &Pod) -> Vec<usize> {
    (0..state.disruption_budgets.len())
        .filter(|budget| {
            let budget = &state.disruption_budgets[*budget];
            budget.namespace == pod.namespace && selects(budget.selector.as_ref(), &pod.labels)
        })
        .collect()
}

/// What the disruption controller makes of a budget (PDB-1 to PDB-4).
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    pub desired: i64,
    /// It allows something at all: pods are expected, and the controller does not fail.
    pub works: bool,
    pub fails: bool,
    pub always_allow: bool,
    pub stale: bool,
}

pub fn terms_of(state: &KubernetesState, budget: usize) -> Terms {
    let mine: Vec<&Pod> = state
        .pods
        .iter()
        .filter(|pod| budgets_of(state, pod).contains(&budget))
        .collect();
    let budget = &state.disruption_budgets[budget];
    let mut scales: BTreeSet<(String, String, u64)> = BTreeSet::new();
    let mut fails = false;
    for pod in &mine {
        match scale_of(state, pod) {
            Scale::Nobody => {}
            Scale::Of(kind, name, replicas) => {
                scales.insert((kind, name, replicas));
            }
            Scale::None => fails = true,
        }
    }
    let scale: u64 = scales.iter().map(|(_, _, replicas)| replicas).sum();
    let rounded_up = |percent: u64| (0..=scale).find(|part| part * 100 >= percent * scale);
    let share = |percent: u64| rounded_up(percent).expect("no budget wants more than all") as i64;
    let (desired, expected, fails) = match (budget.max_unavailable, budget.min_available) {
        (Some(IntOrPercent::Int(most)), _) => {
            ((scale as i64 - most as i64).max(0), scale as i64, fails)
        }
        (Some(IntOrPercent::Percent(most)), _) => (scale as i64 - share(most), scale as i64, fails),
        (None, Some(IntOrPercent::Int(least))) => (least as i64, mine.len() as i64, false),
        (None, Some(IntOrPercent::Percent(least))) => (share(least), scale as i64, fails),
        (None, None) => (0, 0, false),
    };
    Terms {
        desired: if fails { 0 } else { desired },
        works: expected > 0 && !fails,
        fails,
        always_allow: budget.unhealthy_pod_eviction_policy.as_deref() == Some("AlwaysAllow"),
        stale: budget.observed_generation < budget.generation,
    }
}

enum Scale {
    Nobody,
    Of(String, String, u64),
    None,
}

fn scale_of(state: &KubernetesState, pod: &Pod) -> Scale {
    let Some(owner) = pod.owner.as_deref() else {
        return Scale::Nobody;
    };
    let find = |kind: &str, name: &str| {
        state.workloads.iter().find(|workload| {
            workload.namespace == pod.namespace && workload.kind == kind && workload.name == name
        })
    };
    let Some(mut found) = find(&owner.kind, &owner.name) else {
        return Scale::None;
    };
    if let Some(above) = &found.owner {
        found = find(&above.kind, &above.name).expect("the generator makes whole chains");
    }
    match found.replicas {
        Some(replicas) => Scale::Of(found.kind.clone(), found.name.clone(), replicas),
        None => Scale::None,
    }
}

pub fn is_finished(pod: &Pod) -> bool {
    matches!(pod.phase.as_deref(), Some("Succeeded" | "Failed"))
}

pub fn kind_of(pod: &Pod) -> &str {
    pod.owner.as_ref().map_or("", |owner| owner.kind.as_str())
}

/// Whether its controller makes another one.
pub fn is_remade(pod: &Pod) -> bool {
    !matches!(kind_of(pod), "" | "DaemonSet" | "Node")
}

/// Whether the replacement has the same name, so that the old one must be gone first.
pub fn keeps_its_name(pod: &Pod) -> bool {
    !matches!(kind_of(pod), "ReplicaSet" | "Job")
}

/// Pods of the same StatefulSet with lower ordinals, if it makes its pods one after the other.
pub fn before_it(state: &KubernetesState, pod: usize) -> Vec<usize> {
    let me = &state.pods[pod];
    let ordinal = |pod: &Pod| -> u32 {
        let (_, ordinal) = pod.name.rsplit_once('-').expect("named so");
        ordinal.parse().expect("a number")
    };
    let ordered = state.workloads.iter().any(|workload| {
        workload.kind == "StatefulSet"
            && kind_of(me) == "StatefulSet"
            && workload.namespace == me.namespace
            && Some(workload.name.as_str()) == me.owner.as_ref().map(|owner| owner.name.as_str())
            && workload.pod_management_policy.as_deref() != Some("Parallel")
    });
    if !ordered {
        return Vec::new();
    }
    (0..state.pods.len())
        .filter(|other| {
            let other = &state.pods[*other];
            other.namespace == me.namespace
                && other.owner == me.owner
                && ordinal(other) < ordinal(me)
        })
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    Evict,
    Leave,
    Refuse,
}

/// kubectl's filters (`pkg/drain/filters.go`) for a pod whose DaemonSet, if it has one, exists.
pub fn filter(pod: &Pod, options: &DrainOptions) -> Filter {
    let finished = is_finished(pod);
    if kind_of(pod) == "DaemonSet" && !finished {
        return if options.ignore_daemonsets {
            Filter::Leave
        } else {
            Filter::Refuse
        };
    }
    if pod.mirror {
        return Filter::Leave;
    }
    if finished {
        return Filter::Evict;
    }
    if pod.local_storage && !options.delete_emptydir_data {
        return Filter::Refuse;
    }
    if pod.owner.is_none() && !options.force {
        return Filter::Refuse;
    }
    Filter::Evict
}

pub fn tolerates(tolerations: &[Toleration], key: &str, value: &str, effect: &str) -> bool {
    tolerations.iter().any(|toleration| {
        let key_good = toleration.key.is_none() || toleration.key.as_deref() == Some(key);
        let effect_good =
            toleration.effect.is_none() || toleration.effect.as_deref() == Some(effect);
        let value_good = match toleration.operator.as_deref() {
            Some("Exists") => true,
            _ => toleration.value.as_deref().unwrap_or("") == value,
        };
        key_good && effect_good && value_good
    })
}

/// Percent of a number of nodes, a fraction rounded up (UPG-2).
pub fn share_of(amount: IntOrPercent, of: u64) -> u64 {
    match amount {
        IntOrPercent::Int(count) => count,
        IntOrPercent::Percent(percent) => {
            let hundredths = of * percent;
            hundredths / 100 + u64::from(!hundredths.is_multiple_of(100))
        }
    }
}
