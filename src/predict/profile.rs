//! Admission, the validation of the request itself: network profile, ranges, subnets, versions, state. One function an area, each
//! with the codes it can answer.

use super::Judgement;
use super::scene::Scene;
use crate::capacity::answer::{Answer, CODE_NOT_KNOWN, Certainty, Stage};
use crate::capacity::checks::AKS_DELEGATION;
use crate::capacity::overlap::{OwnedRange, RangeKind, is_first_or_last, overlaps_of_cluster};
use crate::finding::{Finding, Severity};
use crate::migrate::eligibility;
use crate::model::{
    HolderKind, IntOrPercent, IpNet, KubernetesVersion, NetworkMode, NetworkPlugin, OsType,
    ResourceId, SubnetIndex,
};
use crate::rule::{self, Rule};
use std::collections::BTreeSet;

pub(super) fn judge(scene: &Scene, judgement: &mut Judgement) {
    state(scene, judgement);
    disruption_policy(scene, judgement);
    network_profile(scene, judgement);
    if scene.is_migration() {
        migration(scene, judgement);
    } else if scene.has_moved_already() {
        judgement.findings.push(Finding::new(
            Severity::Info,
            "migration",
            "the cluster is on Azure CNI Overlay already: the request changes nothing",
            &[&rule::MIG_1],
        ));
    }
    ranges(scene, judgement);
    subnets(scene, judgement);
    static_blocks(scene, judgement);
    immutable(scene, judgement);
    versions(scene, judgement);
    budgets(scene, judgement);
}

fn answer(
    code: &'static str,
    target: &str,
    message: impl Into<String>,
    certainty: Certainty,
    rules: &[&'static Rule],
) -> Answer {
    let target = (!target.is_empty()).then_some(target);
    Answer::new(Stage::Admission, code, target, message, certainty, rules)
}

/// A refusal whose code no public source shows.
pub(super) fn refusal(
    target: &str,
    what: impl std::fmt::Display,
    certainty: Certainty,
    rules: &[&'static Rule],
) -> Answer {
    answer(
        CODE_NOT_KNOWN,
        target,
        format!("{what}. AKS refuses this; its code and text are in no public source."),
        certainty,
        rules,
    )
}

/// Another operation in progress, or a stopped cluster.
fn state(scene: &Scene, judgement: &mut Judgement) {
    let Some(before) = scene.before else { return };
    let settled = |state: &str| {
        ["Succeeded", "Failed", "Canceled"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(state))
    };
    let cluster_state = before.provisioning_state.as_deref().unwrap_or("Succeeded");
    if before.is_stopped() {
        judgement.errors.push(answer(
            "OperationNotAllowed",
            "",
            format!(
                "managed cluster is in Provisioning State({cluster_state}) and Power State(Stopped), the operation cannot be \
                 performed"
            ),
            Certainty::Documented,
            &[&rule::OPERATION_NOT_ALLOWED],
        ));
    }
    if !settled(cluster_state) {
        judgement.errors.push(answer(
            "OperationNotAllowed",
            "",
            format!(
                "Operation is not allowed: Another operation ({cluster_state}) is in progress, please wait for it to finish \
                 before starting a new operation. See https://aka.ms/aks-pending-operation for more details"
            ),
            Certainty::Documented,
            &[&rule::OPERATION_NOT_ALLOWED],
        ));
    }
    for pool in &before.pools {
        if let Some(state) = pool
            .provisioning_state
            .as_deref()
            .filter(|state| !settled(state))
        {
            judgement.errors.push(answer(
                "OperationNotAllowed",
                "",
                format!(
                    "Managed Cluster operation is not allowed: Another operation ({state}) is in progress on agent pool ({}), \
                     please wait for it to finish before starting a new operation. See https://aka.ms/aks-pending-operation \
                     for more details",
                    pool.name
                ),
                Certainty::Documented,
                &[&rule::OPERATION_NOT_ALLOWED],
            ));
        }
    }
}

/// A node disruption policy that blocks what reimages, unless an upgrade is asked for with it (MIG-12). The move has the same
/// among its obstacles.
fn disruption_policy(scene: &Scene, judgement: &mut Judgement) {
    let policy = scene
        .before
        .and_then(|before| before.node_disruption_policy.as_deref())
        .filter(|_| scene.reimages_by_setting());
    match policy {
        Some(policy) if policy.eq_ignore_ascii_case("Block") => judgement.errors.push(refusal(
            "networkProfile",
            "the change reimages every node, and the node disruption policy is Block",
            Certainty::Documented,
            &[&rule::MIG_12],
        )),
        Some(policy) if policy.eq_ignore_ascii_case("AllowDuringMaintenanceWindow") => {
            judgement.not_checked.push(
                "whether the change falls in the maintenance window that the node disruption policy wants (MIG-12)"
                    .to_string(),
            );
        }
        _ => {}
    }
}

fn network_profile(scene: &Scene, judgement: &mut Judgement) {
    let network = &scene.after.network;
    if network.overlay && network.plugin == Some(NetworkPlugin::Kubenet) {
        judgement.errors.push(answer(
            "UnsupportedNetworkPluginModeWithNetworkPlugin",
            "networkProfile.networkPluginMode",
            "NetworkPluginMode overlay is not supported with NetworkPlugin kubenet.",
            Certainty::Observed,
            &[&rule::UNSUPPORTED_NETWORK_PLUGIN_MODE_WITH_NETWORK_PLUGIN],
        ));
    }
    let mode_before = scene.before.and_then(crate::model::Cluster::mode);
    if let (Some(old), Some(new)) = (mode_before, scene.after.mode())
        && old != new
        && !scene.is_migration()
        && network.plugin.is_some()
        // Pools may differ in their pod subnets; the plugin and its mode are the cluster's.
        && scene.before.is_some_and(|before| {
            before.network.plugin != network.plugin || before.network.overlay != network.overlay
        })
    {
        judgement.errors.push(refusal(
            "networkProfile",
            format!("the cluster's network mode cannot change from {old} to {new}"),
            Certainty::Documented,
            &[&rule::MIG_1, &rule::MIG_20],
        ));
    }
    let is = |word: &Option<String>, what: &str| {
        word.as_deref()
            .is_some_and(|word| word.eq_ignore_ascii_case(what))
    };
    let cilium_before = scene
        .before
        .is_some_and(|before| is(&before.network.dataplane, "cilium"));
    if is(&network.dataplane, "cilium") && !is(&network.policy, "cilium") && !cilium_before {
        judgement.errors.push(answer(
            "BadRequest",
            "networkProfile.networkPolicy",
            "Cilium dataplane requires network policy cilium.",
            Certainty::Observed,
            &[&rule::BAD_REQUEST],
        ));
    }
    if scene.is_migration() && is(&network.dataplane, "cilium") && !cilium_before {
        judgement.errors.push(refusal(
            "networkProfile",
            "the address management and the data plane change in one request",
            Certainty::Documented,
            &[&rule::MIG_13],
        ));
    }
    if network.plugin.is_none() {
        judgement.not_known(
            "the network plugin was not given, and its default depends on who asks (MP-5)"
                .to_string(),
        );
    }
    if let Some(NetworkPlugin::Other(word)) = &network.plugin {
        judgement.not_known(format!(
            "network plugin `{word}` is not one this version knows"
        ));
    }
}

/// The rules of the move, as the service answers them where its answer is known.
fn migration(scene: &Scene, judgement: &mut Judgement) {
    let Some(before) = scene.before else { return };
    let pod_cidr = scene.after.network.pod_cidr_v4();
    if before.mode().is_none() {
        judgement
            .open
            .push("the network mode of now is not known".to_string());
    }
    // Settings that the same request changes count as changed, but the policy must be off before it.
    let mut eligibility = eligibility::settings(scene.wish.before, before, pod_cidr);
    eligibility
        .obstacles
        .extend(eligibility::warnings_of_limits(before, pod_cidr));
    judgement
        .not_checked
        .extend(eligibility.not_checked.iter().cloned());
    for obstacle in &eligibility.obstacles {
        // Said elsewhere: states have answers of their own.
        if obstacle.severity == Severity::Blocker && obstacle.rule == &rule::MIG_14 {
            continue;
        }
        if obstacle.severity < Severity::Blocker {
            judgement.findings.push(Finding::new(
                obstacle.severity,
                "migration",
                format!("{}: {}", obstacle.evidence, obstacle.remedy),
                &[obstacle.rule],
            ));
        } else if obstacle.rule.id == rule::MIG_3.id {
            judgement.errors.push(answer(
                "ValidationError",
                "networkProfile.networkPolicy",
                "Cannot update cluster to Azure CNI Overlay while using network policies with Azure CNI v1.",
                Certainty::Observed,
                &[&rule::VALIDATION_ERROR, &rule::MIG_3],
            ));
        } else {
            judgement.errors.push(refusal(
                "networkProfile",
                format!("{} ({})", obstacle.evidence, obstacle.remedy),
                Certainty::Documented,
                &[obstacle.rule],
            ));
        }
    }
    judgement.findings.push(one_way(before));
}

/// What goes with every move.
fn one_way(before: &crate::model::Cluster) -> Finding {
    let (sentence, rules): (_, &[&'static rule::Rule]) = match before.mode() {
        // Its pods had addresses of no VNet before either.
        Some(NetworkMode::Kubenet) => (
            "the move cannot be undone, and reimages every node of every pool at once",
            &[&rule::MIG_20],
        ),
        _ => (
            "the move cannot be undone, reimages every node of every pool at once, and ends direct traffic to pod addresses from \
             outside of the cluster",
            &[&rule::MIG_20, &rule::MIG_25],
        ),
    };
    Finding::new(Severity::Warning, "one-way", sentence, rules)
}

/// Ranges that meet, DNS, and ranges that AKS keeps.
fn ranges(scene: &Scene, judgement: &mut Judgement) {
    let requested = scene.with_defaults();
    let cluster = requested.as_ref();
    let assumed = |range: &OwnedRange| match range.kind {
        RangeKind::PodCidr => scene.after.network.pod_cidrs.is_empty(),
        RangeKind::ServiceCidr => scene.after.network.service_cidrs.is_empty(),
        _ => false,
    };
    // The pod CIDR is validated where the request carries it anew.
    let pod_cidr_is_new = scene.before.is_none_or(|before| {
        let old = &before.network.pod_cidrs;
        let mut new = cluster.network.pod_cidrs.iter();
        new.any(|range| !old.contains(range)) || scene.is_migration()
    });
    for overlap in overlaps_of_cluster(scene.ranges(), cluster) {
        let (a, b) = (&overlap.a, &overlap.b);
        let refused = match (a.kind, b.kind) {
            (RangeKind::ServiceCidr, RangeKind::Subnet) => Some(answer(
                "ServiceCidrOverlapExistingSubnetsCidr",
                "networkProfile.serviceCIDR",
                format!(
                    "The specified service CIDR {} is conflicted with an existing subnet CIDR {}. Please see \
                     https://aka.ms/aks/servicecidroverlap for how to fix the error.",
                    a.cidr, b.cidr
                ),
                Certainty::Documented,
                &overlap.rules,
            )),
            (RangeKind::PodCidr, RangeKind::Subnet)
                if pod_cidr_is_new && cluster.network.overlay =>
            {
                Some(answer(
                    "NetworkProfileCIDROverlapVNET",
                    "networkProfile.podCIDR",
                    format!(
                        "NetworkProfile CIDR {} overlaps with reserved VNET CIDR {}",
                        a.cidr, b.cidr
                    ),
                    Certainty::Inferred,
                    &[&rule::NETWORK_PROFILE_CIDR_OVERLAP_VNET, &rule::MIG_10],
                ))
            }
            (RangeKind::DnsServiceIp, RangeKind::ServiceCidr) => Some(dns(a, b)),
            (RangeKind::PodCidr, RangeKind::Platform) if pod_cidr_is_new => Some(refusal(
                "networkProfile.podCIDR",
                format!(
                    "pod CIDR {} overlaps {}, which AKS keeps for itself",
                    a.cidr, b.cidr
                ),
                Certainty::Documented,
                &[&rule::CID_1],
            )),
            (RangeKind::ServiceCidr, RangeKind::Platform) if scene.is_create() => Some(refusal(
                "networkProfile.serviceCIDR",
                format!(
                    "service CIDR {} overlaps {}, which AKS keeps for itself",
                    a.cidr, b.cidr
                ),
                Certainty::Documented,
                &[&rule::CID_1],
            )),
            (RangeKind::PodCidr, RangeKind::ServiceCidr) if pod_cidr_is_new => Some(refusal(
                "networkProfile.podCIDR",
                format!("pod CIDR {} overlaps service CIDR {}", a.cidr, b.cidr),
                Certainty::Documented,
                &[&rule::CID_4],
            )),
            _ => None,
        };
        match refused {
            Some(mut error) if assumed(a) || assumed(b) => {
                error.certainty = Certainty::Inferred;
                judgement.by_default.push(error);
            }
            Some(error) => judgement.errors.push(error),
            None => judgement.findings.push(Finding::new(
                // AKS accepts it; what follows is as bad as the overlap is.
                overlap.severity,
                "overlap",
                format!(
                    "{} {} of {} meets {} {} of {}: {}",
                    a.kind.word(),
                    a.cidr,
                    a.owner,
                    b.kind.word(),
                    b.cidr,
                    b.owner,
                    overlap.why
                ),
                &overlap.rules,
            )),
        }
    }
    for service in &cluster.network.service_cidrs {
        // "Must be smaller than /12": the documentation is taken at its word, though kube-apiserver takes a /12.
        let (too_large, certainty) = match service {
            IpNet::V4(range) if range.prefix_len() == 12 => (true, Certainty::Inferred),
            IpNet::V4(range) => (range.prefix_len() < 12, Certainty::Documented),
            IpNet::V6(range) => (range.prefix_len() < 108, Certainty::Documented),
        };
        if too_large && scene.is_create() {
            judgement.errors.push(refusal(
                "networkProfile.serviceCIDR",
                format!(
                    "service CIDR {service} is not smaller than a /12 (IPv6: larger than a /108)"
                ),
                certainty,
                &[&rule::CID_2],
            ));
        }
    }
    pod_cidr_change(scene, judgement);
}

/// Whether a family that both sides mention has other ranges. Their order means nothing.
fn ranges_change(old: &[IpNet], new: &[IpNet]) -> bool {
    let family = |ranges: &[IpNet], v4: bool| -> BTreeSet<IpNet> {
        let ranges = ranges.iter().copied();
        ranges
            .filter(|range| matches!(range, IpNet::V4(_)) == v4)
            .collect()
    };
    [true, false].into_iter().any(|v4| {
        let (old, new) = (family(old, v4), family(new, v4));
        !old.is_empty() && !new.is_empty() && old != new
    })
}

fn dns(dns: &OwnedRange, service: &OwnedRange) -> Answer {
    let address = dns.cidr.addr();
    if is_first_or_last(&service.cidr, address) {
        refusal(
            "networkProfile.dnsServiceIP",
            format!(
                "DNS service IP {address} is the first address or an edge of service CIDR {}",
                service.cidr
            ),
            Certainty::Documented,
            &[&rule::CID_3],
        )
    } else {
        answer(
            "DnsServiceIpOutOfServiceCidr",
            "networkProfile.dnsServiceIP",
            format!(
                "The DNS service IP {address} is out of the range defined by service CIDR {}.",
                service.cidr
            ),
            Certainty::Documented,
            &[&rule::DNS_SERVICE_IP_OUT_OF_SERVICE_CIDR, &rule::CID_3],
        )
    }
}

/// An Overlay pod CIDR may only grow to a superset, on Linux (EXP-1).
fn pod_cidr_change(scene: &Scene, judgement: &mut Judgement) {
    let Some(before) = scene.before else { return };
    let (Some(old), Some(new)) = (
        before.network.pod_cidr_v4(),
        scene.after.network.pod_cidr_v4(),
    ) else {
        return;
    };
    if old == new || !before.network.overlay {
        return;
    }
    if !new.contains(old) || scene.after.has_windows() {
        judgement.errors.push(refusal(
            "networkProfile.podCIDR",
            format!(
                "pod CIDR {old} → {new}: an Overlay pod CIDR may only grow to a superset, and only in clusters without Windows \
                 pools"
            ),
            Certainty::Documented,
            &[&rule::EXP_1],
        ));
    }
}

/// Subnets that a new pool may not use, VNets in the wrong state, and prefixes that changed under nodes.
fn subnets(scene: &Scene, judgement: &mut Judgement) {
    let inventory = scene.inventory();
    let id_of = |index: SubnetIndex| -> String {
        let subnet = inventory.subnet(index);
        subnet.id.as_ref().map_or_else(
            || inventory.subnet_label(index),
            |id: &ResourceId| id.to_string(),
        )
    };
    let mut seen: BTreeSet<SubnetIndex> = BTreeSet::new();
    for pool in scene.new_pools() {
        let Some(index) = pool.subnet.filter(|index| seen.insert(*index)) else {
            continue;
        };
        let subnet = inventory.subnet(index);
        let foreign_delegation = subnet
            .delegations
            .iter()
            .any(|service| !service.eq_ignore_ascii_case(AKS_DELEGATION));
        if foreign_delegation {
            judgement.errors.push(answer(
                "SubnetIsDelegated",
                "agentPoolProfile.vnetSubnetID",
                format!(
                    "AgentPoolProfile subnet with id {} cannot be used as it's a delegated subnet. Please check \
                     https://aka.ms/adv-network-prerequest for more details.",
                    id_of(index)
                ),
                Certainty::Documented,
                &[&rule::SUBNET_IS_DELEGATED, &rule::SUB_5],
            ));
        }
        let by_routes = scene
            .after
            .network
            .outbound_type
            .as_deref()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("userDefinedRouting"));
        if by_routes && subnet.route_table.is_none() && !subnet.assumed {
            judgement.errors.push(answer(
                "ExistingRouteTableNotAssociatedWithSubnet",
                "",
                format!(
                    "An existing route table has not been associated with subnet {}. Please update the route table association",
                    id_of(index)
                ),
                Certainty::Observed,
                &[&rule::EXISTING_ROUTE_TABLE_NOT_ASSOCIATED_WITH_SUBNET],
            ));
        }
    }
    for pool in scene.new_pools() {
        let Some(index) = pool.pod_subnet.filter(|index| seen.insert(*index)) else {
            continue;
        };
        let subnet = inventory.subnet(index);
        let outsider = subnet.holders.iter().flatten().find(|holder| {
            matches!(
                holder.kind,
                HolderKind::NetworkInterface | HolderKind::LoadBalancer
            )
        });
        let nodes_here = scene
            .after
            .pools
            .iter()
            .any(|pool| pool.subnet == Some(index));
        if outsider.is_some() || subnet.private_endpoints > 0 || nodes_here {
            let what = outsider.map_or("its private endpoints or nodes", |holder| {
                holder.name.as_str()
            });
            judgement.errors.push(answer(
                "SubnetWithExternalResourcesCannotBeUsedByOtherResources",
                "agentPoolProfile.podSubnetID",
                format!(
                    "Subnet {} cannot be used because it contains external resources. The external resources in this subnet \
                     are {what}. You need to delete these external resources before deploying into this subnet.",
                    id_of(index)
                ),
                Certainty::Inferred,
                &[&rule::SUBNET_WITH_EXTERNAL_RESOURCES_CANNOT_BE_USED_BY_OTHER_RESOURCES, &rule::SUB_5],
            ));
        }
    }
    let vnets = inventory.vnets_of_cluster(scene.after);
    if vnets.len() > 1 {
        judgement.errors.push(refusal(
            "agentPoolProfile.vnetSubnetID",
            "the pools' subnets are in more than one VNet",
            Certainty::Documented,
            &[&rule::SUB_4],
        ));
    }
    for vnet in vnets.into_iter().map(|index| inventory.vnet(index)) {
        let unsettled = vnet
            .provisioning_state
            .as_deref()
            .filter(|state| !state.eq_ignore_ascii_case("Succeeded"));
        if let Some(state) = unsettled {
            let id = vnet
                .id
                .as_ref()
                .map_or(vnet.name.as_str(), |id| id.as_str());
            judgement.errors.push(answer(
                "VirtualNetworkNotInSucceededState",
                "",
                format!(
                    "Set virtual network ownership failed. Virtual network {id} is in {state} state. It needs to be in Succeeded \
                     state in order to set resource ownership."
                ),
                Certainty::Observed,
                &[&rule::VIRTUAL_NETWORK_NOT_IN_SUCCEEDED_STATE],
            ));
        }
    }
    resized(scene, judgement);
    kubenet(scene, judgement);
}

fn resized(scene: &Scene, judgement: &mut Judgement) {
    for index in scene.inventory().subnets_of_cluster(scene.after) {
        let Some(before) = scene.subnet_before(index) else {
            continue;
        };
        let old = scene.wish.before.subnet(before);
        let new = scene.inventory().subnet(index);
        let in_use = scene.before.is_some_and(|cluster| {
            scene
                .wish
                .before
                .subnets_of_cluster(cluster)
                .contains(&before)
        });
        if ranges_change(&old.prefixes, &new.prefixes) && in_use {
            judgement.errors.push(answer(
                "InUseSubnetCannotBeUpdated",
                "",
                format!("Subnet {} is in use and cannot be updated.", new.name),
                Certainty::Documented,
                &[&rule::IN_USE_SUBNET_CANNOT_BE_UPDATED, &rule::SUB_3],
            ));
        }
    }
}

/// Kubenet has no Windows nodes, and one cluster a subnet (KBN-1).
fn kubenet(scene: &Scene, judgement: &mut Judgement) {
    if scene.after.mode() == Some(NetworkMode::Kubenet) {
        for pool in scene
            .new_pools()
            .filter(|pool| pool.os_type == OsType::Windows)
        {
            judgement.errors.push(refusal(
                "agentPoolProfile.osType",
                format!("pool {} has Windows nodes; kubenet has none", pool.name),
                Certainty::Documented,
                &[&rule::KBN_1],
            ));
        }
    }
    if scene.after.mode() != Some(NetworkMode::Kubenet) || !scene.is_create() {
        return;
    }
    let own = scene.inventory().subnets_of_cluster(scene.after);
    let other = scene.wish.before.clusters.iter().find(|other| {
        scene
            .wish
            .before
            .subnets_of_cluster(other)
            .iter()
            .any(|theirs| {
                own.iter()
                    .any(|ours| scene.subnet_before(*ours) == Some(*theirs))
            })
    });
    if let Some(other) = other {
        judgement.errors.push(refusal(
            "agentPoolProfile.vnetSubnetID",
            format!(
                "cluster {} is in the same subnet; kubenet allows one cluster a subnet",
                other.label()
            ),
            Certainty::Documented,
            &[&rule::KBN_1],
        ));
    }
}

/// Static blocks want Kubernetes 1.28, and a pod subnet in which everybody draws by block (STB-2).
fn static_blocks(scene: &Scene, judgement: &mut Judgement) {
    const OLDEST: KubernetesVersion = KubernetesVersion {
        major: 1,
        minor: 28,
        patch: None,
    };
    for pool in scene.new_pools() {
        let Some(index) = pool.pod_subnet else {
            continue;
        };
        let version = scene.after.kubernetes_version;
        if pool.draws_blocks() && version.is_some_and(|version| version < OLDEST) {
            judgement.errors.push(refusal(
                "agentPoolProfile.podIPAllocationMode",
                format!(
                    "pool {}: static block allocation needs Kubernetes 1.28 or later",
                    pool.name
                ),
                Certainty::Documented,
                &[&rule::STB_2],
            ));
        }
        let mixed = scene
            .inventory()
            .clusters
            .iter()
            .flat_map(|cluster| &cluster.pools)
            .find(|other| {
                other.pod_subnet == Some(index) && other.draws_blocks() != pool.draws_blocks()
            });
        if let Some(other) = mixed {
            judgement.errors.push(refusal(
                "agentPoolProfile.podSubnetID",
                format!(
                    "pools {} and {} would share pod subnet {}, one by block and one by address",
                    pool.name,
                    other.name,
                    scene.inventory().subnet_label(index)
                ),
                Certainty::Documented,
                &[&rule::STB_2],
            ));
        }
    }
}

/// Properties of a pool or cluster that cannot change.
fn immutable(scene: &Scene, judgement: &mut Judgement) {
    let Some(before) = scene.before else { return };
    let mut refuse = |property: &str, target: &str| {
        judgement.errors.push(answer(
            "PropertyChangeNotAllowed",
            target,
            format!("Changing property '{property}' is not allowed."),
            Certainty::Observed,
            &[&rule::PROPERTY_CHANGE_NOT_ALLOWED, &rule::MP_2],
        ));
    };
    for pool in &scene.after.pools {
        let Some(old) = before.pool(&pool.name) else {
            continue;
        };
        let known = |field: &str| !pool.unknown.iter().any(|unknown| unknown == field);
        if old.max_pods != pool.max_pods && !pool.max_pods_defaulted && known("max_pods") {
            refuse("properties.maxPods", "properties.maxPods");
        }
        if old.os_type != pool.os_type {
            refuse("properties.osType", "properties.osType");
        }
        let moved = match (old.subnet, pool.subnet) {
            (Some(old), Some(new)) => scene.subnet_before(new) != Some(old),
            _ => false,
        };
        if moved {
            refuse("properties.vnetSubnetID", "properties.vnetSubnetID");
        }
    }
    let (old, new) = (&before.network, &scene.after.network);
    if ranges_change(&old.service_cidrs, &new.service_cidrs) {
        refuse("networkProfile.serviceCidr", "networkProfile.serviceCIDR");
    }
}

/// A node pool may be as new as the control plane, and three minor versions older.
fn versions(scene: &Scene, judgement: &mut Judgement) {
    const OLDEST: u32 = 3;
    let Some(control_plane) = scene.after.kubernetes_version else {
        return;
    };
    if let Some(old) = scene.before.and_then(|before| before.kubernetes_version) {
        let skips = control_plane.minor > old.minor.saturating_add(1);
        let back = (control_plane.major, control_plane.minor) < (old.major, old.minor);
        if skips || back {
            judgement.errors.push(answer(
                "OperationNotAllowed",
                "",
                format!("Upgrading Kubernetes version {old} to {control_plane} is not allowed."),
                Certainty::Documented,
                &[
                    &rule::OPERATION_NOT_ALLOWED,
                    &rule::K8S_VERSION_NOT_SUPPORTED,
                ],
            ));
        }
    }
    for pool in &scene.after.pools {
        let Some(version) = pool.kubernetes_version else {
            continue;
        };
        let minor = |version: KubernetesVersion| (version.major, version.minor);
        let skew = if minor(version) > minor(control_plane) {
            format!(
                "Minor version of node pool version {} is bigger than control plane version {}.",
                version.minor, control_plane.minor
            )
        } else if minor(version) == minor(control_plane)
            && control_plane.patch.is_some()
            && version.patch > control_plane.patch
        {
            format!(
                "Node pool version {version} is newer than control plane version {control_plane}."
            )
        } else if control_plane.minor > version.minor.saturating_add(OLDEST) {
            format!(
                "Minor version of node pool cannot be more than {OLDEST} versions less than control plane's version. Minor \
                 version of node pool is {} and control plane is {}.",
                version.minor, control_plane.minor
            )
        } else {
            continue;
        };
        judgement.errors.push(answer(
            "NodePoolMcVersionIncompatible",
            "",
            format!(
                "Node pool version {version} and control plane version {control_plane} are incompatible. {skew} For more \
                 information, please check https://aka.ms/version-skew-policy."
            ),
            Certainty::Documented,
            &[&rule::NODE_POOL_MC_VERSION_INCOMPATIBLE],
        ));
    }
}

/// The only budget AKS looks at beforehand is one that allows nothing by its own words (PDB-5).
fn budgets(scene: &Scene, judgement: &mut Judgement) {
    let state = scene
        .before
        .and_then(|before| before.kubernetes.as_ref())
        .filter(|_| scene.reimages());
    let Some(state) = state else { return };
    let never: Vec<String> = state
        .disruption_budgets
        .iter()
        .filter(|budget| {
            matches!(
                budget.max_unavailable,
                Some(IntOrPercent::Int(0) | IntOrPercent::Percent(0))
            )
        })
        .map(|budget| format!("PDB {}/{}", budget.namespace, budget.name))
        .collect();
    if never.is_empty() {
        return;
    }
    let details: Vec<String> = never
        .iter()
        .map(|budget| {
            format!("* {budget} has maxunavailable == 0 can't proceed with put operation")
        })
        .collect();
    judgement.errors.push(answer(
        "UnsatisfiablePDB",
        "",
        format!(
            "Upgrade is blocked due to invalid Pod Disruption Budgets (PDBs). Please review the PDB spec to allow disruptions \
             during upgrades. To bypass this error, set forceUpgrade in upgradeSettings.overrideSettings. Invalid PDBs \
             details: {} error{} occurred: {}",
            never.len(),
            if never.len() == 1 { "" } else { "s" },
            details.join(" ")
        ),
        Certainty::Documented,
        &[&rule::UNSATISFIABLE_PDB, &rule::PDB_5],
    ));
}
