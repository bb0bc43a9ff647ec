//! Every rule of the move that facts can decide, all at once. An obstacle names its rule, the evidence and the remedy; what facts
//! did not decide is said in a sentence. Never changes anything and never orders the steps of a plan.
//!
//! [`settings`] looks at the cluster as it is set up, [`room`] at addresses and sizes; [`obstacles`] is both.

mod addons;
mod expansion;
mod kubenet;
mod nodes;
mod policy;
mod ranges;
mod room;
mod security;
mod state;
#[cfg(test)]
mod tests;

pub use expansion::expansion;
pub use policy::{PolicyOrder, PolicyStep, policy_orders};
pub use ranges::planned_overlaps;
pub use room::{SurgePeak, surge_escape, surge_peaks};

use crate::finding::Severity;
use crate::model::{Cluster, Inventory, IpNet, KubernetesVersion, NetworkMode};
use crate::rule::{self, Rule};

/// Something in the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Obstacle {
    /// `Blocker`: AKS refuses, or the move breaks something for certain.
    pub severity: Severity,
    pub rule: &'static Rule,
    /// What was found.
    pub evidence: String,
    /// What to do about it.
    pub remedy: String,
}

impl Obstacle {
    /// It blocks now, and no longer then.
    fn is_gone(&self, then: &Eligibility) -> bool {
        let stays = then.blockers().any(|left| left.rule == self.rule);
        self.severity == Severity::Blocker && !stays
    }
}

/// What one look at the rules found: obstacles, and what could not be looked at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Eligibility {
    pub obstacles: Vec<Obstacle>,
    pub not_checked: Vec<String>,
}

impl Eligibility {
    /// Of what blocks now, that which does not `then`, when the steps of a plan were taken, only tells so.
    fn taken_away(mut self, then: &Eligibility) -> Self {
        for obstacle in &mut self.obstacles {
            if obstacle.is_gone(then) {
                obstacle.severity = Severity::Info;
                obstacle.remedy = format!(
                    "a step of the plan takes it away before the move ({})",
                    obstacle.remedy
                );
            }
        }
        self
    }

    fn blocks(
        &mut self,
        rule: &'static Rule,
        evidence: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(Severity::Blocker, rule, evidence, remedy);
    }

    fn warns(
        &mut self,
        rule: &'static Rule,
        evidence: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(Severity::Warning, rule, evidence, remedy);
    }

    fn tells(
        &mut self,
        rule: &'static Rule,
        evidence: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(Severity::Info, rule, evidence, remedy);
    }

    fn push(
        &mut self,
        severity: Severity,
        rule: &'static Rule,
        evidence: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.obstacles.push(Obstacle {
            severity,
            rule,
            evidence: evidence.into(),
            remedy: remedy.into(),
        });
    }

    fn unknown(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if !self.not_checked.contains(&sentence) {
            self.not_checked.push(sentence);
        }
    }

    fn absorb(&mut self, other: Eligibility) {
        self.obstacles.extend(other.obstacles);
        for sentence in other.not_checked {
            self.unknown(sentence);
        }
    }

    /// Blockers only.
    pub fn blockers(&self) -> impl Iterator<Item = &Obstacle> {
        self.obstacles
            .iter()
            .filter(|obstacle| obstacle.severity == Severity::Blocker)
    }
}

/// Oldest Kubernetes version that may move (MIG-2).
const OLDEST_VERSION: KubernetesVersion = KubernetesVersion {
    major: 1,
    minor: 27,
    patch: None,
};

/// Looks at a cluster that is to move to Overlay with this pod CIDR (`None`: not chosen yet, or a kubenet cluster keeps its own).
pub fn obstacles(
    inventory: &Inventory,
    cluster: &Cluster,
    pod_cidr: Option<&IpNet>,
) -> Eligibility {
    let mut found = settings(inventory, cluster, pod_cidr);
    if may_move(cluster) {
        found.absorb(room(inventory, cluster, pod_cidr));
    }
    found
}

/// Whether there is a move to look at: of a cluster on Overlay, or of one that has to be created anew, nothing else matters.
/// Where the mode is not known, all the rest is still looked at.
fn may_move(cluster: &Cluster) -> bool {
    cluster.mode().is_none_or(NetworkMode::moves_to_overlay)
}

/// What stands in the way of a move that is planned: as things are `now`, and `then`, when the plan's steps before the move were taken.
/// Of addresses and nodes the move's own surge counts, not that of today; what a step takes away is told as such.
pub fn planned_obstacles(
    (now, cluster): (&Inventory, &Cluster),
    (then, moved): (&Inventory, &Cluster),
    pod_cidr: &IpNet,
) -> Eligibility {
    let range = Some(pod_cidr);
    let mut found = settings(now, cluster, range).taken_away(&settings(then, moved, range));
    if may_move(cluster) {
        let left = room(then, moved, range);
        let mut gone = room(now, cluster, range);
        gone.obstacles.retain(|obstacle| obstacle.is_gone(&left));
        found.absorb(gone.taken_away(&left));
        found.absorb(left);
    }
    found
}

/// How the cluster is set up: mode, versions, policy, nodes, names, add-ons, state. Adds no addresses up.
pub fn settings(inventory: &Inventory, cluster: &Cluster, pod_cidr: Option<&IpNet>) -> Eligibility {
    let mut found = Eligibility::default();
    source(cluster, pod_cidr, &mut found);
    if !may_move(cluster) {
        return found;
    }
    versions(cluster, &mut found);
    policy::check(cluster, &mut found);
    state::check(cluster, &mut found);
    nodes::check(cluster, &mut found);
    nodes::names(inventory, cluster, &mut found);
    addons::check(inventory, cluster, &mut found);
    if cluster.mode().is_some_and(NetworkMode::moves_to_overlay) {
        kubenet::ip_masq(cluster, &mut found);
    }
    if cluster.mode() == Some(NetworkMode::Kubenet) {
        kubenet::check(inventory, cluster, &mut found);
    }
    found
}

/// Whether there is room for it: the pod CIDR against every range that is known, its size, the addresses that surge nodes of
/// all pools take at once, and the limits of pools and clusters.
pub fn room(inventory: &Inventory, cluster: &Cluster, pod_cidr: Option<&IpNet>) -> Eligibility {
    let mut found = Eligibility::default();
    // A kubenet cluster keeps its own range where none is named (MIG-10).
    let kept = match cluster.mode() {
        Some(NetworkMode::Kubenet) => cluster.network.pod_cidr_v4(),
        _ => None,
    };
    if let Some(range) = pod_cidr.or(kept) {
        ranges::check(inventory, cluster, range, &mut found);
        room::pod_cidr_size(cluster, range, &mut found);
        security::check(inventory, cluster, range, &mut found);
    }
    room::node_limits(cluster, &mut found);
    room::peaks(inventory, cluster, &mut found);
    found
}

/// Of [`room`] what nobody else looks at and forbids nothing. The rest of it is told by who does: what AKS counts and ranges that meet by
/// the arithmetic of admission, surge nodes by that of run time, security groups among those who rely on pod addresses.
pub fn warnings_of_limits(cluster: &Cluster, pod_cidr: Option<&IpNet>) -> Vec<Obstacle> {
    let mut found = Eligibility::default();
    if !may_move(cluster) {
        return Vec::new();
    }
    room::node_limits(cluster, &mut found);
    if let Some(range) = pod_cidr {
        ranges::public(range, &mut found);
    }
    found
        .obstacles
        .retain(|obstacle| obstacle.severity < Severity::Blocker);
    found.obstacles
}

fn source(cluster: &Cluster, pod_cidr: Option<&IpNet>, found: &mut Eligibility) {
    match cluster.mode() {
        Some(NetworkMode::NodeSubnet) => {
            if pod_cidr.is_none() {
                found.warns(
                    &rule::MIG_10,
                    "no pod CIDR is chosen",
                    "choose one: aksplan cidr suggest --for pod",
                );
            }
        }
        Some(NetworkMode::Kubenet) => {}
        Some(NetworkMode::Overlay) => found.tells(
            &rule::MIG_1,
            "the cluster is on Azure CNI Overlay already",
            "nothing to do",
        ),
        Some(
            mode @ (NetworkMode::PodSubnetDynamic
            | NetworkMode::PodSubnetStaticBlock
            | NetworkMode::Byo),
        ) => {
            found.blocks(
                &rule::MIG_1,
                format!("{mode} has no in-place move to Overlay"),
                "create a new cluster on Overlay and move the workloads",
            );
        }
        None => found.unknown(
            "the network plugin is not known, so neither is whether the cluster can move to Overlay: read it with `az aks \
             show` (MIG-1)",
        ),
    }
}

fn versions(cluster: &Cluster, found: &mut Eligibility) {
    let Some(version) = cluster.kubernetes_version else {
        found.unknown("the Kubernetes version was not given; the move needs 1.27 or later (MIG-2)");
        return;
    };
    if version < OLDEST_VERSION {
        found.blocks(
            &rule::MIG_2,
            format!("Kubernetes {version}; the move needs 1.27 or later"),
            "upgrade the cluster first",
        );
    }
    for pool in &cluster.pools {
        let Some(nodes) = pool.kubernetes_version else {
            continue;
        };
        if nodes < version && nodes.differs(version) {
            found.warns(
                &rule::MIG_23,
                format!(
                    "pool {} runs Kubernetes {nodes} and the control plane {version}: an upgrade of the control plane alone, \
                     with which the move must not be combined",
                    pool.name
                ),
                "upgrade the pool first; never add --control-plane-only to the move",
            );
        }
    }
}
