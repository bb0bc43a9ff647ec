//! The new pod CIDR against every range that is known (MIG-10): asks `capacity::overlap` about the cluster as it will be.

use super::Eligibility;
use crate::capacity::overlap::{Overlap, RangeKind, Ranges, overlaps_of_cluster, unread_peers};
use crate::finding::Severity;
use crate::model::{Cluster, Inventory, IpNet, KubernetesVersion, NetworkMode, cidr, parse_cidr};
use crate::rule::{self, Rule};

/// From here on a cluster may have service ranges that only its ServiceCIDR objects show (CID-2).
const SERVICE_CIDR_OBJECTS: KubernetesVersion = KubernetesVersion {
    major: 1,
    minor: 33,
    patch: None,
};
/// Ranges that AKS supports for pods: RFC 1918 and RFC 6598 (OVL-3).
const PRIVATE: [&str; 4] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
];

/// The cluster as the move leaves it: on Overlay with this pod CIDR, and with every service range that is known.
pub(super) fn moved(cluster: &Cluster, pod_cidr: &IpNet) -> Cluster {
    let mut moved = cluster.on_overlay(*pod_cidr);
    for range in added_service_ranges(cluster) {
        if !moved.network.service_cidrs.contains(&range) {
            moved.network.service_cidrs.push(range);
        }
    }
    moved
}

/// Service ranges of the objects in the cluster, which Azure does not show (CID-2).
fn added_service_ranges(cluster: &Cluster) -> Vec<IpNet> {
    let Some(state) = &cluster.kubernetes else {
        return Vec::new();
    };
    state
        .service_cidrs
        .iter()
        .flat_map(|object| &object.cidrs)
        .filter_map(|text| parse_cidr(text).ok())
        .collect()
}

/// What the pod CIDR of the move meets that it must not: the cluster as the move leaves it, worst first. One side of each is the pod CIDR.
pub fn planned_overlaps(ranges: &Ranges, cluster: &Cluster, pod_cidr: &IpNet) -> Vec<Overlap> {
    let mut found = overlaps_of_cluster(ranges, &moved(cluster, pod_cidr));
    found.retain(|overlap| {
        let is_pods = [overlap.a.kind, overlap.b.kind].contains(&RangeKind::PodCidr);
        is_pods && !is_own_pod_route(cluster, overlap)
    });
    found
}

pub(super) fn check(
    inventory: &Inventory,
    cluster: &Cluster,
    pod_cidr: &IpNet,
    found: &mut Eligibility,
) {
    let ranges = Ranges::of(inventory);
    for overlap in planned_overlaps(&ranges, cluster, pod_cidr) {
        let (other, rule): (_, &'static Rule) = match (overlap.a.kind, overlap.b.kind) {
            (RangeKind::PodCidr, RangeKind::Platform) => (&overlap.b, &rule::CID_1),
            (RangeKind::PodCidr, _) => (&overlap.b, &rule::MIG_10),
            _ => (&overlap.a, &rule::MIG_10),
        };
        found.push(
            overlap.severity,
            rule,
            format!(
                "pod CIDR {pod_cidr} meets {} {} of {}: {}",
                other.kind.word(),
                other.cidr,
                other.owner,
                overlap.why
            ),
            match overlap.severity {
                Severity::Blocker => "choose another: aksplan cidr suggest --for pod",
                _ => "choose another unless it is certain that pods never talk to that range: aksplan cidr suggest --for pod",
            },
        );
    }
    public(pod_cidr, found);
    let homes = inventory.vnets_of_cluster(cluster);
    for sentence in unread_peers(inventory, ranges.graph(), homes) {
        found.unknown(sentence);
    }
    let objects_read = cluster.kubernetes.as_ref().is_some_and(|state| {
        state.has_kind("ServiceCIDR") || state.absent_kinds.iter().any(|kind| kind == "ServiceCIDR")
    });
    let may_have_objects = cluster
        .kubernetes_version
        .is_none_or(|version| version >= SERVICE_CIDR_OBJECTS);
    if may_have_objects && !objects_read {
        found.unknown(
            "ServiceCIDR objects were not read: from Kubernetes 1.33 on they can add service ranges that Azure does not show \
             (CID-2)",
        );
    }
}

/// kubenet's routes send each node's /24 of its present pod CIDR to that node; they go with the move (MIG-8).
fn is_own_pod_route(cluster: &Cluster, overlap: &Overlap) -> bool {
    const A_NODE: u8 = 24;
    cluster.mode() == Some(NetworkMode::Kubenet)
        && overlap.b.kind == RangeKind::Route
        && overlap.b.cidr.prefix_len() >= A_NODE
        && cluster
            .network
            .pod_cidrs
            .iter()
            .any(|old| old.contains(&overlap.b.cidr))
}

pub(super) fn public(pod_cidr: &IpNet, found: &mut Eligibility) {
    let is_private = PRIVATE
        .iter()
        .filter_map(|text| parse_cidr(text).ok())
        .any(|private| private.contains(pod_cidr));
    if matches!(pod_cidr, IpNet::V4(_)) && !is_private {
        found.warns(
            &rule::OVL_3,
            format!(
                "pod CIDR {pod_cidr} is not private: AKS does not refuse it and does not support it"
            ),
            "choose one of RFC 1918 or RFC 6598: aksplan cidr suggest --for pod",
        );
    }
    if matches!(pod_cidr, IpNet::V4(_)) && cidr::size(pod_cidr) < 256 {
        found.blocks(
            &rule::OVL_1,
            format!("pod CIDR {pod_cidr} is smaller than the /24 of one node"),
            "choose a larger one: aksplan cidr suggest --for pod",
        );
    }
}
