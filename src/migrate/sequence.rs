//! Which steps make the move, and in which order: settings first, a network policy engine out of the way, the move, its proof, what was
//! taken away back again. Decides nothing on chance: the same cluster and the same choices give the same steps.

use super::settings::{put_back, wrong};
use super::step::{Action, Step};
use crate::finding::{Finding, Severity};
use crate::model::{Cluster, IntOrPercent, IpNet, NetworkMode, OsType, UpgradeSettings};
use crate::rule;

/// What somebody chose.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choices {
    /// Network policy at the end; `None`: enforcement as before, by the way with the fewest reimages.
    pub policy_after: Option<PolicyAfter>,
    /// Surge for the move, by pool; pools not named keep theirs.
    pub max_surge: Vec<(String, IntOrPercent)>,
    /// Minutes, by pool.
    pub drain_timeout: Vec<(String, u32)>,
}

/// Which network policy engine the cluster is to end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyAfter {
    None,
    Cilium,
    Azure,
    Calico,
}

impl PolicyAfter {
    pub const ALL: [PolicyAfter; 4] = [
        PolicyAfter::None,
        PolicyAfter::Cilium,
        PolicyAfter::Azure,
        PolicyAfter::Calico,
    ];

    /// Azure's word.
    pub fn word(self) -> &'static str {
        match self {
            PolicyAfter::None => "none",
            PolicyAfter::Cilium => "cilium",
            PolicyAfter::Azure => "azure",
            PolicyAfter::Calico => "calico",
        }
    }
}

/// The steps, and what is worth telling of how they were chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    pub steps: Vec<Step>,
    pub findings: Vec<Finding>,
}

/// Why no steps lead there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSequence {
    #[error(
        "the cluster is on Azure CNI Overlay already: there is nothing to move. Where a move ended half-way and its journal is lost, AKS goes \
         on with it at the next update of the cluster that it takes, such as the one by hand in the runbook (UPG-15)"
    )]
    MovedAlready,
    #[error("there is no pool `{0}`")]
    NoPool(String),
    #[error("pool {pool}: {problem}")]
    Setting { pool: String, problem: String },
    #[error("Cilium is not possible here: {0}")]
    NoCilium(String),
    #[error(
        "the data plane is Cilium, of which AKS says `Cilium dataplane requires network policy cilium.`: it cannot end as `{0}`; choose \
         cilium"
    )]
    StaysCilium(&'static str),
}

/// The steps that move this cluster.
///
/// # Errors
/// [`NoSequence`]. Whether the cluster may move at all is for [`super::eligibility`] to say.
pub fn sequence(
    cluster: &Cluster,
    pod_cidr: IpNet,
    choices: &Choices,
) -> Result<Sequence, NoSequence> {
    if cluster.mode() == Some(NetworkMode::Overlay) {
        return Err(NoSequence::MovedAlready);
    }
    let mut findings = Vec::new();
    let settings = settings(cluster, choices)?;
    let around = policy(cluster, choices, &mut findings)?;
    let mut actions = vec![Action::Check];
    for (pool, from, to) in &settings {
        actions.push(Action::SetUpgradeSettings {
            pool: pool.clone(),
            from: from.clone(),
            to: to.clone(),
        });
    }
    actions.extend(around.before);
    actions.push(Action::MoveToOverlay {
        pod_cidr,
        kept: cluster
            .network
            .pod_cidrs
            .iter()
            .filter(|range| matches!(range, IpNet::V6(_)))
            .copied()
            .collect(),
    });
    actions.push(Action::Verify { pod_cidr });
    actions.extend(around.after);
    for (pool, before, during) in settings {
        actions.push(Action::RestoreUpgradeSettings {
            pool,
            to: put_back(&before, &during),
            from: during,
        });
    }
    let steps = actions
        .into_iter()
        .enumerate()
        .map(|(position, action)| Step::of(position + 1, action))
        .collect();
    Ok(Sequence { steps, findings })
}

/// Pools whose settings change for the move: name, now, then.
fn settings(
    cluster: &Cluster,
    choices: &Choices,
) -> Result<Vec<(String, UpgradeSettings, UpgradeSettings)>, NoSequence> {
    let named = choices
        .max_surge
        .iter()
        .map(|(name, _)| name)
        .chain(choices.drain_timeout.iter().map(|(name, _)| name));
    for name in named {
        if cluster.pool(name).is_none() {
            return Err(NoSequence::NoPool(name.clone()));
        }
    }
    let mut changed = Vec::new();
    for pool in &cluster.pools {
        let is_named = |name: &String| name.eq_ignore_ascii_case(&pool.name);
        let mut wanted = pool.upgrade.clone();
        if let Some((_, surge)) = choices
            .max_surge
            .iter()
            .rev()
            .find(|(name, _)| is_named(name))
        {
            if pool.spot {
                return Err(NoSequence::Setting {
                    pool: pool.name.clone(),
                    problem: "a Spot pool has no surge nodes (UPG-12)".to_string(),
                });
            }
            wanted.max_surge = Some(*surge);
        }
        if let Some((_, minutes)) = choices
            .drain_timeout
            .iter()
            .rev()
            .find(|(name, _)| is_named(name))
        {
            wanted.drain_timeout_minutes = Some(*minutes);
        }
        if wanted != pool.upgrade {
            if let Some(problem) = wrong(&wanted).into_iter().next() {
                return Err(NoSequence::Setting {
                    pool: pool.name.clone(),
                    problem,
                });
            }
            changed.push((pool.name.clone(), pool.upgrade.clone(), wanted));
        }
    }
    Ok(changed)
}

/// Steps around the move.
#[derive(Default)]
struct Around {
    before: Vec<Action>,
    after: Vec<Action>,
}

/// The way from the engine that is on to the one that is wanted. Each change reimages every node once more (MIG-26).
fn policy(
    cluster: &Cluster,
    choices: &Choices,
    findings: &mut Vec<Finding>,
) -> Result<Around, NoSequence> {
    let now = cluster
        .network
        .policy
        .as_deref()
        .map(str::to_ascii_lowercase);
    let is_cilium = now.as_deref() == Some("cilium");
    // Enforcement as before; Cilium is the only engine that may stay on over the move.
    let wanted = choices.policy_after.unwrap_or(match &now {
        None => PolicyAfter::None,
        Some(_) if is_cilium || no_cilium(cluster).is_none() => PolicyAfter::Cilium,
        Some(policy) if policy == "calico" => PolicyAfter::Calico,
        Some(_) => PolicyAfter::Azure,
    });
    if wanted == PolicyAfter::Cilium
        && !is_cilium
        && let Some(why) = no_cilium(cluster)
    {
        return Err(NoSequence::NoCilium(why));
    }
    let is_dataplane = is_cilium
        || cluster
            .network
            .dataplane
            .as_deref()
            .is_some_and(|dataplane| dataplane.eq_ignore_ascii_case("cilium"));
    let changes = now.is_some() || wanted != PolicyAfter::None;
    if is_dataplane && changes && wanted != PolicyAfter::Cilium {
        return Err(NoSequence::StaysCilium(wanted.word()));
    }
    let removal = |policy: &str| Action::RemoveNetworkPolicy {
        policy: policy.to_string(),
    };
    let mut around = Around::default();
    match (&now, wanted) {
        (None, PolicyAfter::None) => {}
        (Some(_), PolicyAfter::Cilium) if is_cilium => {}
        // From kubenet the addresses move first (MIG-13).
        (Some(policy), PolicyAfter::Cilium) if cluster.mode() != Some(NetworkMode::Kubenet) => {
            around.before.push(Action::EnableCilium {
                policy_before: Some(policy.clone()),
            });
        }
        (Some(policy), PolicyAfter::Cilium) => {
            around.before.push(removal(policy));
            around.after.push(Action::EnableCilium {
                policy_before: None,
            });
        }
        (None, PolicyAfter::Cilium) => around.after.push(Action::EnableCilium {
            policy_before: None,
        }),
        (now, PolicyAfter::None | PolicyAfter::Azure | PolicyAfter::Calico) => {
            if let Some(policy) = now {
                around.before.push(removal(policy));
            }
            if wanted != PolicyAfter::None {
                around.after.push(Action::EnableNetworkPolicy {
                    policy: wanted.word().to_string(),
                });
            }
        }
    }
    let reimages = 1 + around.before.len() + around.after.len();
    if let Some(policy) = &now
        && !is_cilium
    {
        let unenforced = around
            .before
            .iter()
            .any(|action| matches!(action, Action::RemoveNetworkPolicy { .. }));
        findings.push(Finding::new(
            if unenforced {
                Severity::Warning
            } else {
                Severity::Info
            },
            "network-policy-route",
            format!(
                "network policy {policy} is on, and ends as {}: {reimages} reimages of every node{}",
                wanted.word(),
                if unenforced {
                    "; between its removal and the end NetworkPolicy objects are there and are not enforced"
                } else {
                    "; enforced all the time, by a way that rests on release notes (MIG-4)"
                }
            ),
            &[&rule::MIG_3, &rule::MIG_26],
        ));
    }
    Ok(around)
}

/// Why Cilium cannot be had, if it cannot (MIG-13).
fn no_cilium(cluster: &Cluster) -> Option<String> {
    if let Some(pool) = cluster
        .pools
        .iter()
        .find(|pool| pool.os_type == OsType::Windows)
    {
        return Some(format!("pool {} runs Windows (MIG-13)", pool.name));
    }
    cluster
        .node_auto_provisioning
        .then(|| "node auto-provisioning is on (MIG-13)".to_string())
}
