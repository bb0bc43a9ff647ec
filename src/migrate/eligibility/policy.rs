//! Network policy: what is in the way of the move, and in which order of steps a cluster ends with enforcement again, at what
//! cost. Never says what the NetworkPolicy objects mean.

use super::Eligibility;
use crate::model::{Cluster, NetworkMode};
use crate::rule;
use std::fmt;

/// A step that reimages every node of every pool (MIG-20, MIG-26).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyStep {
    /// `az aks update --network-policy none`.
    RemovePolicy,
    MoveToOverlay,
    /// `az aks update --network-dataplane cilium --network-policy cilium`; takes the place of the engine that is there.
    Cilium,
    /// `az aks update --network-policy ENGINE`: `azure` or `calico`, the one that was there.
    RestorePolicy(String),
}

impl fmt::Display for PolicyStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyStep::RemovePolicy => f.write_str("policy none"),
            PolicyStep::MoveToOverlay => f.write_str("Overlay"),
            PolicyStep::Cilium => f.write_str("Cilium"),
            PolicyStep::RestorePolicy(engine) => write!(f, "policy {engine}"),
        }
    }
}

/// A way from what is to Overlay with network policy enforced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyOrder {
    /// Each reimages all nodes once.
    pub steps: Vec<PolicyStep>,
    /// Whether policies are enforced from beginning to end.
    pub always_enforced: bool,
    /// It rests on release notes only (MIG-4).
    pub on_release_notes: bool,
    /// What must be done before, or is to be known of it.
    pub notes: Vec<String>,
}

impl PolicyOrder {
    /// Times that every node is reimaged.
    pub fn reimages(&self) -> usize {
        self.steps.len()
    }
}

impl fmt::Display for PolicyOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps.iter().enumerate() {
            if position > 0 {
                f.write_str(" → ")?;
            }
            write!(f, "{step}")?;
        }
        write!(f, " ({} reimages of every node", self.reimages())?;
        if self.on_release_notes {
            f.write_str(", by release notes only")?;
        }
        f.write_str(")")
    }
}

fn is(word: Option<&str>, what: &str) -> bool {
    word.is_some_and(|word| word.eq_ignore_ascii_case(what))
}

/// The engine that must go before the move; `None` where there is none, or Cilium, which may stay (MIG-3, MIG-4).
fn engine(cluster: &Cluster) -> Option<&str> {
    cluster
        .network
        .policy
        .as_deref()
        .filter(|policy| !policy.eq_ignore_ascii_case("cilium"))
}

/// Every order of steps that ends on Overlay with policies enforced, the cheapest first; of a cluster without policy, or with
/// Cilium, the move alone. Empty for clusters that cannot move.
pub fn policy_orders(cluster: &Cluster) -> Vec<PolicyOrder> {
    if !cluster.mode().is_some_and(NetworkMode::moves_to_overlay) {
        return Vec::new();
    }
    let Some(engine) = engine(cluster) else {
        return vec![PolicyOrder {
            steps: vec![PolicyStep::MoveToOverlay],
            always_enforced: cluster.network.policy.is_some(),
            on_release_notes: cluster.network.policy.is_some(),
            notes: Vec::new(),
        }];
    };
    let mut orders = Vec::new();
    // MIG-13: no Cilium with Windows pools; with node auto-provisioning only while that is off; kubenet moves first.
    let cilium = !cluster.has_windows();
    let mut notes = Vec::new();
    if cluster.node_auto_provisioning {
        notes.push(
            "node auto-provisioning must be disabled before the step to Cilium and enabled after it"
                .to_string(),
        );
    }
    if cilium && cluster.mode() == Some(NetworkMode::NodeSubnet) {
        orders.push(PolicyOrder {
            steps: vec![PolicyStep::Cilium, PolicyStep::MoveToOverlay],
            always_enforced: true,
            on_release_notes: true,
            notes: notes.clone(),
        });
    }
    if cilium {
        orders.push(PolicyOrder {
            steps: vec![
                PolicyStep::RemovePolicy,
                PolicyStep::MoveToOverlay,
                PolicyStep::Cilium,
            ],
            always_enforced: false,
            on_release_notes: false,
            notes,
        });
    }
    orders.push(PolicyOrder {
        steps: vec![
            PolicyStep::RemovePolicy,
            PolicyStep::MoveToOverlay,
            PolicyStep::RestorePolicy(engine.to_string()),
        ],
        always_enforced: false,
        on_release_notes: false,
        notes: Vec::new(),
    });
    // Stable: of equal cost, Cilium, which AKS recommends, before the old engine.
    orders.sort_by_key(PolicyOrder::reimages);
    orders
}

pub(super) fn check(cluster: &Cluster, found: &mut Eligibility) {
    let orders = policy_orders(cluster);
    match (engine(cluster), orders.first()) {
        (Some(engine), Some(cheapest)) => {
            found.blocks(
                &rule::MIG_3,
                format!("network policy {engine} is on"),
                format!(
                    "az aks update --network-policy none first, which reimages every node by itself; NetworkPolicy objects \
                     stay and are not enforced until policy is on again. The cheapest order that ends with enforcement: \
                     {cheapest}"
                ),
            );
            let others: Vec<String> = orders[1..].iter().map(ToString::to_string).collect();
            found.warns(
                &rule::MIG_26,
                format!(
                    "network policy does not come back by itself: {cheapest}{}{}",
                    if others.is_empty() { "" } else { "; or " },
                    others.join("; or ")
                ),
                if cheapest.always_enforced {
                    "take the first; the others leave NetworkPolicy objects without effect between their first and last step"
                } else {
                    "plan for the time between the first and the last step, in which NetworkPolicy objects have no effect"
                },
            );
            for note in orders.iter().flat_map(|order| &order.notes).take(1) {
                found.warns(&rule::MIG_13, "node auto-provisioning is on", note.clone());
            }
            if cluster.has_windows() {
                found.tells(
                    &rule::MIG_13,
                    "Windows pools keep Cilium out",
                    format!("restore {engine} after the move"),
                );
            }
        }
        (Some(engine), None) => found.blocks(
            &rule::MIG_3,
            format!("network policy {engine} is on"),
            "az aks update --network-policy none first, which reimages every node by itself",
        ),
        (None, _) if is(cluster.network.policy.as_deref(), "cilium") => found.warns(
            &rule::MIG_4,
            "network policy cilium: the move on Cilium is a release note, not documentation",
            "try it on a cluster of the same shape first",
        ),
        (None, _) => {}
    }
    if cluster.mode() == Some(NetworkMode::Kubenet)
        && is(cluster.network.dataplane.as_deref(), "cilium")
    {
        found.blocks(
            &rule::MIG_13,
            "kubenet with the Cilium data plane: kubenet must move to Overlay before its data plane changes",
            "set the data plane to azure first",
        );
    }
}
