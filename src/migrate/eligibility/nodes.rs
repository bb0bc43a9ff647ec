//! What the nodes are and how their pools upgrade: kinds, machine sizes, Windows builds, names that become labels, and upgrade
//! settings that AKS refuses or that leave nodes behind. Adds no addresses up.

use super::Eligibility;
use crate::capacity::surge::DEFAULT_MAX_SURGE;
use crate::model::{Cluster, IntOrPercent, Inventory, NodePool, OsType, PoolKind, PoolMode};
use crate::rule;

/// Oldest Windows build whose nodes translate host traffic rightly after the move (MIG-5).
const OLDEST_WINDOWS_BUILD: (u32, u32) = (20348, 1668);
/// Longest name that fits a node label (OVL-4).
const LONGEST_NAME: usize = 63;
/// Sizes that Overlay does not support (OVL-4).
const DCSV2: [&str; 4] = [
    "Standard_DC1s_v2",
    "Standard_DC2s_v2",
    "Standard_DC4s_v2",
    "Standard_DC8_v2",
];
/// Minutes that the service takes for a drain timeout (UPG-8); its schema says 1 to 1,440.
const DRAIN_TIMEOUT: std::ops::RangeInclusive<u32> = 5..=1_440;
/// Minutes a node may soak (UPG-8).
const LONGEST_SOAK: u32 = 30;

pub(super) fn check(cluster: &Cluster, found: &mut Eligibility) {
    for pool in &cluster.pools {
        kind(pool, found);
        if pool.os_type == OsType::Windows {
            windows(pool, found);
        }
        upgrade_settings(pool, found);
    }
    if cluster.node_auto_provisioning {
        found.unknown(
            "nodes that node auto-provisioning makes: no pool limits them, so neither the pod CIDR's size nor the surge \
             includes them (ISS-7)",
        );
    }
}

fn kind(pool: &NodePool, found: &mut Eligibility) {
    let name = &pool.name;
    if pool.kind == PoolKind::AvailabilitySet {
        found.blocks(
            &rule::MIG_6,
            format!("pool {name} is an availability set"),
            "replace it by a pool of scale sets",
        );
    }
    let is_dcsv2 = pool
        .vm_size
        .as_deref()
        .is_some_and(|size| DCSV2.iter().any(|dcsv2| dcsv2.eq_ignore_ascii_case(size)));
    if is_dcsv2 {
        found.blocks(
            &rule::OVL_4,
            format!("pool {name} has DCsv2 machines"),
            "replace it by a pool of another size, DCasv5 or DCadsv5 for confidential machines",
        );
    }
}

fn windows(pool: &NodePool, found: &mut Eligibility) {
    let name = &pool.name;
    let image = pool.node_image_version.as_deref();
    if image.is_some_and(runs_docker) {
        found.blocks(
            &rule::MIG_5,
            format!("Windows pool {name} runs Docker"),
            "replace it by a pool with containerd",
        );
    }
    match image.and_then(windows_build) {
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

/// `AKSWindows-2022-containerd-20348.2113.231115` → (20348, 2113).
pub(super) fn windows_build(image: &str) -> Option<(u32, u32)> {
    let version = image.rsplit('-').next()?;
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Only images of Windows Server 2019 came with either runtime, and then those with containerd say so; later ones have nothing
/// else and do not always say it (`AKSWindows-23H2-gen2-…`).
fn runs_docker(image: &str) -> bool {
    let image = image.to_ascii_lowercase();
    image.starts_with("akswindows-2019-") && !image.contains("containerd")
}

fn upgrade_settings(pool: &NodePool, found: &mut Eligibility) {
    let name = &pool.name;
    let upgrade = &pool.upgrade;
    if let Some(minutes) = upgrade
        .drain_timeout_minutes
        .filter(|minutes| !DRAIN_TIMEOUT.contains(minutes))
    {
        found.blocks(
            &rule::UPG_8,
            format!("pool {name} has a drain timeout of {minutes} minutes; AKS takes 5 to 1,440"),
            "set drainTimeoutInMinutes in the pool's upgrade settings: 30 is the default",
        );
    }
    if let Some(minutes) = upgrade
        .node_soak_minutes
        .filter(|minutes| *minutes > LONGEST_SOAK)
    {
        found.blocks(
            &rule::UPG_8,
            format!("pool {name} soaks each node for {minutes} minutes; AKS takes 0 to 30"),
            "set nodeSoakDurationInMinutes to 30 or less",
        );
    }
    // Spot nodes are not drained and have no surge (UPG-12): the settings mean nothing there.
    if pool.spot {
        return;
    }
    let is_none =
        |share: IntOrPercent| matches!(share, IntOrPercent::Int(0) | IntOrPercent::Percent(0));
    let surges = !is_none(upgrade.max_surge.unwrap_or(DEFAULT_MAX_SURGE));
    let in_place = upgrade.max_unavailable.is_some_and(|share| !is_none(share));
    if !surges && !in_place {
        found.blocks(
            &rule::UPG_7,
            format!(
                "pool {name} has max_surge 0 and no max_unavailable: no node could be reimaged"
            ),
            "set max_surge 1 or more, or max_unavailable 1 on a user pool",
        );
    }
    // A setting that was read is one that AKS took: the documentation's no is not sure to be the service's.
    if in_place && pool.mode == PoolMode::System {
        found.warns(
            &rule::UPG_7,
            format!("system pool {name} has max_unavailable set, which the documentation does not allow there"),
            "set max_unavailable 0 and max_surge 1 or more, lest AKS refuse the request",
        );
    }
    let cordons = upgrade
        .undrainable_node_behavior
        .as_deref()
        .is_some_and(|behaviour| behaviour.eq_ignore_ascii_case("Cordon"));
    if cordons {
        found.warns(
            &rule::UPG_9,
            format!(
                "pool {name} cordons nodes that cannot be drained: the move goes on without them, they keep the old network, \
                 and a surge node stays in place of each"
            ),
            "look for nodes labelled kubernetes.azure.com/upgrade-status: Quarantined after the move and delete them, or set \
             undrainableNodeBehavior to Schedule for the move",
        );
    }
}

pub(super) fn names(inventory: &Inventory, cluster: &Cluster, found: &mut Eligibility) {
    for index in inventory.subnets_of_cluster(cluster) {
        let subnet = inventory.subnet(index);
        let vnet = inventory.vnet(subnet.vnet);
        for (what, name) in [
            ("subnet", Some(&subnet.name)),
            ("VNet", Some(&vnet.name)),
            ("resource group", vnet.resource_group.as_ref()),
        ] {
            let Some(name) = name.filter(|name| name.chars().count() > LONGEST_NAME) else {
                continue;
            };
            let evidence = format!("the {what} name `{name}` is longer than 63 characters");
            // Two subnets of one VNet are one name that is too long.
            if found
                .obstacles
                .iter()
                .all(|known| known.evidence != evidence)
            {
                found.blocks(
                    &rule::OVL_4,
                    evidence,
                    "no remedy in place: names of Azure networks cannot change",
                );
            }
        }
    }
}
