//! Every rule of the move that facts can decide, all at once. An obstacle names its rule, the evidence and the remedy.

use crate::capacity::cost::POD_CIDR_PER_NODE;
use crate::capacity::free::nodes_at_ceiling;
use crate::finding::{Severity, grouped};
use crate::model::{
    Cluster, Identity, Inventory, IpNet, KubernetesVersion, NetworkMode, OsType, PoolKind, cidr,
};
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

/// What one look at the rules found: obstacles, and what could not be looked at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Eligibility {
    pub obstacles: Vec<Obstacle>,
    pub not_checked: Vec<String>,
}

impl Eligibility {
    fn blocks(&mut self, rule: &'static Rule, evidence: impl Into<String>, remedy: &str) {
        self.push(Severity::Blocker, rule, evidence, remedy);
    }

    fn warns(&mut self, rule: &'static Rule, evidence: impl Into<String>, remedy: &str) {
        self.push(Severity::Warning, rule, evidence, remedy);
    }

    fn push(
        &mut self,
        severity: Severity,
        rule: &'static Rule,
        evidence: impl Into<String>,
        remedy: &str,
    ) {
        self.obstacles.push(Obstacle {
            severity,
            rule,
            evidence: evidence.into(),
            remedy: remedy.to_string(),
        });
    }

    fn unknown(&mut self, sentence: impl Into<String>) {
        self.not_checked.push(sentence.into());
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
/// Oldest Windows build whose nodes translate host traffic rightly after the move (MIG-5).
const OLDEST_WINDOWS_BUILD: (u32, u32) = (20348, 1668);
/// Longest name that fits a node label (OVL-4).
const LONGEST_NAME: usize = 63;
/// The ConfigMap whose presence makes AKS refuse (MIG-7).
const IP_MASQ_CONFIG: (&str, &str) = ("kube-system", "azure-ip-masq-agent-config");

/// Looks at a cluster that is to move to Overlay with this pod CIDR (`None`: not chosen yet).
pub fn obstacles(
    inventory: &Inventory,
    cluster: &Cluster,
    pod_cidr: Option<&IpNet>,
) -> Eligibility {
    let mut found = Eligibility::default();
    source(cluster, pod_cidr, &mut found);
    versions_and_policy(cluster, &mut found);
    nodes(cluster, &mut found);
    names(inventory, cluster, &mut found);
    if matches!(
        cluster.mode(),
        Some(NetworkMode::NodeSubnet | NetworkMode::Kubenet)
    ) {
        ip_masq(cluster, &mut found);
    }
    if cluster.mode() == Some(NetworkMode::Kubenet) {
        kubenet(inventory, cluster, &mut found);
    }
    state(cluster, &mut found);
    if let Some(range) = pod_cidr {
        pod_cidr_size(cluster, range, &mut found);
    }
    found
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
        Some(NetworkMode::Overlay) => found.push(
            Severity::Info,
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

fn versions_and_policy(cluster: &Cluster, found: &mut Eligibility) {
    match cluster.kubernetes_version {
        Some(version) if version < OLDEST_VERSION => found.blocks(
            &rule::MIG_2,
            format!("Kubernetes {version}; the move needs 1.27 or later"),
            "upgrade the cluster first",
        ),
        Some(_) => {}
        None => found
            .unknown("the Kubernetes version was not given; the move needs 1.27 or later (MIG-2)"),
    }
    match cluster.network.policy.as_deref() {
        Some(policy) if policy.eq_ignore_ascii_case("cilium") => found.warns(
            &rule::MIG_4,
            "network policy cilium: the move on Cilium is a release note, not documentation",
            "try it on a cluster of the same shape first",
        ),
        Some(policy) => found.blocks(
            &rule::MIG_3,
            format!("network policy {policy} is on"),
            "az aks update --network-policy none first, which reimages every node by itself; NetworkPolicy objects stay and \
             are not enforced until policy is on again",
        ),
        None => {}
    }
    match cluster.node_disruption_policy.as_deref() {
        Some(policy) if policy.eq_ignore_ascii_case("Block") => found.blocks(
            &rule::MIG_12,
            "node disruption policy Block",
            "set it to Allow for the maintenance window",
        ),
        Some(policy) if policy.eq_ignore_ascii_case("AllowDuringMaintenanceWindow") => found.warns(
            &rule::MIG_12,
            "node disruption policy AllowDuringMaintenanceWindow",
            "start inside aksManagedNodeOSUpgradeSchedule; if that schedule does not exist, everything is allowed",
        ),
        _ => {}
    }
}

fn nodes(cluster: &Cluster, found: &mut Eligibility) {
    for pool in &cluster.pools {
        let name = &pool.name;
        if pool.kind == PoolKind::AvailabilitySet {
            found.blocks(
                &rule::MIG_6,
                format!("pool {name} is an availability set"),
                "replace it by a pool of scale sets",
            );
        }
        let is_dcsv2 = pool.vm_size.as_deref().is_some_and(|size| {
            [
                "Standard_DC1s_v2",
                "Standard_DC2s_v2",
                "Standard_DC4s_v2",
                "Standard_DC8_v2",
            ]
            .iter()
            .any(|dcsv2| dcsv2.eq_ignore_ascii_case(size))
        });
        if is_dcsv2 {
            found.blocks(
                &rule::OVL_4,
                format!("pool {name} has DCsv2 machines"),
                "replace it by a pool of another size, DCasv5 or DCadsv5 for confidential machines",
            );
        }
        if pool.os_type == OsType::Windows {
            match pool.node_image_version.as_deref().and_then(windows_build) {
                Some(build) if build < OLDEST_WINDOWS_BUILD => found.blocks(
                    &rule::MIG_5,
                    format!("Windows pool {name} runs build {}.{}", build.0, build.1),
                    "upgrade the node image to 20348.1668 or later",
                ),
                Some(_) => {}
                None => found.unknown(format!(
                    "Windows build of pool {name}: the move needs 20348.1668 or later (MIG-5)"
                )),
            }
        }
    }
}

/// `AKSWindows-2022-containerd-20348.2113.231115` → (20348, 2113).
fn windows_build(image: &str) -> Option<(u32, u32)> {
    let version = image.rsplit('-').next()?;
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn names(inventory: &Inventory, cluster: &Cluster, found: &mut Eligibility) {
    for index in inventory.subnets_of_cluster(cluster) {
        let subnet = inventory.subnet(index);
        let vnet = inventory.vnet(subnet.vnet);
        for (what, name) in [
            ("subnet", Some(&subnet.name)),
            ("VNet", Some(&vnet.name)),
            ("resource group", vnet.resource_group.as_ref()),
        ] {
            if let Some(name) = name.filter(|name| name.chars().count() > LONGEST_NAME) {
                found.blocks(
                    &rule::OVL_4,
                    format!("the {what} name `{name}` is longer than 63 characters"),
                    "no remedy in place: names of Azure networks cannot change",
                );
            }
        }
    }
}

fn ip_masq(cluster: &Cluster, found: &mut Eligibility) {
    match &cluster.kubernetes {
        Some(state) if state.has_kind("ConfigMap") => {
            let custom = state
                .config_maps
                .iter()
                .any(|(namespace, name)| (namespace.as_str(), name.as_str()) == IP_MASQ_CONFIG);
            if custom {
                found.blocks(
                    &rule::MIG_7,
                    "ConfigMap kube-system/azure-ip-masq-agent-config exists",
                    "delete it; AKS keeps its own in azure-ip-masq-agent-config-reconciled",
                );
            }
        }
        _ => found.unknown("ConfigMaps of kube-system were not read: a custom ip-masq-agent configuration blocks the move (MIG-7)"),
    }
}

fn kubenet(inventory: &Inventory, cluster: &Cluster, found: &mut Eligibility) {
    let own_subnets = inventory.subnets_of_cluster(cluster);
    let managed = own_subnets
        .iter()
        .all(|index| inventory.subnet(*index).assumed);
    match cluster.identity {
        Identity::SystemAssigned | Identity::ServicePrincipal if !managed => found.blocks(
            &rule::MIG_8,
            "kubenet with an identity that is not user-assigned: AKS must detach the route table",
            "give the cluster a user-assigned identity first",
        ),
        Identity::Unknown if !managed => {
            found.unknown("the cluster's identity was not given; from kubenet it must be user-assigned (MIG-8)");
        }
        _ => {}
    }
    for own in own_subnets {
        let Some(table) = &inventory.subnet(own).route_table else {
            continue;
        };
        for other in inventory.subnet_indices().filter(|other| *other != own) {
            if inventory.subnet(other).route_table.as_ref() == Some(table) {
                found.blocks(
                    &rule::MIG_9,
                    format!(
                        "subnet {} uses the cluster's route table {}",
                        inventory.subnet_name(other),
                        table.name()
                    ),
                    "give that subnet a route table of its own for the move",
                );
            }
        }
    }
}

fn state(cluster: &Cluster, found: &mut Eligibility) {
    if cluster.is_stopped() {
        found.blocks(&rule::MIG_14, "the cluster is stopped", "start it");
    }
    if let Some(state) = cluster
        .provisioning_state
        .as_deref()
        .filter(|state| !state.eq_ignore_ascii_case("Succeeded"))
    {
        found.blocks(
            &rule::MIG_14,
            format!("the cluster is in provisioning state {state}"),
            "wait for the running operation, or reconcile a failed one with an empty `az aks update`",
        );
    }
    for pool in &cluster.pools {
        if let Some(state) = pool
            .provisioning_state
            .as_deref()
            .filter(|state| !state.eq_ignore_ascii_case("Succeeded"))
        {
            found.blocks(
                &rule::MIG_14,
                format!("pool {} is in provisioning state {state}", pool.name),
                "wait for it, or reconcile it",
            );
        }
        if pool.is_stopped() {
            found.warns(
                &rule::MIG_14,
                format!(
                    "pool {} is stopped; what the move does to it is not documented",
                    pool.name
                ),
                "start it before the move",
            );
        }
    }
}

fn pod_cidr_size(cluster: &Cluster, range: &IpNet, found: &mut Eligibility) {
    let nodes = nodes_at_ceiling(cluster);
    let blocks = cidr::size(range) / POD_CIDR_PER_NODE;
    if matches!(range, IpNet::V4(_)) && nodes > blocks {
        found.blocks(
            &rule::MIG_11,
            format!(
                "pod CIDR {range} has {} blocks of 256 addresses; the pools want {} at ceiling and surge",
                grouped(blocks),
                grouped(nodes)
            ),
            "choose a larger one: aksplan cidr suggest --for pod",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_builds() {
        assert_eq!(
            windows_build("AKSWindows-2022-containerd-20348.2113.231115"),
            Some((20348, 2113))
        );
        assert_eq!(
            windows_build("AKSUbuntu-2204gen2containerd-202401.09.0"),
            Some((202_401, 9))
        );
        assert_eq!(windows_build("x"), None);
    }
}
