//! Networking: the mode, the data plane, how pools are divided, bounded and spread. Never says whether the move to Overlay can be made: that is
//! `migrate`'s.

use super::item::{Item, Pillar, Question, listed};
use super::scene::Scene;
use crate::finding::{Severity, counted};
use crate::model::{
    NetworkMode, NodePool, OsType, PodIpAllocation, PoolMode, ResourceId, SubnetIndex,
};
use crate::rule;
use std::collections::BTreeSet;

const SHOWN_BY: &str = "az aks show";
const POOLS: &str = "az aks show: agentPoolProfiles";
/// Keeps everything off that does not tolerate it; the value may be anything.
const TAINT: &str = "CriticalAddonsOnly";

const fn question(code: &'static str, asks: &'static str) -> Question {
    Question {
        code,
        pillar: Pillar::Networking,
        asks,
        severity: Severity::Warning,
        read_from: POOLS,
        rules: &[],
    }
}

/// The item that the move to Overlay makes ready.
pub const OVERLAY_CODE: &str = "overlay";

const OVERLAY: Question = Question {
    rules: &[&rule::RDY_1, &rule::MIG_20],
    read_from: SHOWN_BY,
    ..question(OVERLAY_CODE, "pods have addresses of an overlay")
};
const CILIUM: Question = Question {
    rules: &[&rule::RDY_1, &rule::MIG_13],
    read_from: SHOWN_BY,
    ..question("cilium-data-plane", "the data plane is Cilium")
};
const TAINTED: Question = Question {
    rules: &[&rule::RDY_2],
    ..question(
        "system-pool-tainted",
        "system pools keep applications off by a taint",
    )
};
const SYSTEM_NODES: Question = Question {
    rules: &[&rule::RDY_2],
    ..question(
        "system-pool-nodes",
        "system pools have two nodes, three where there is one pool",
    )
};
const USER_POOLS: Question = Question {
    rules: &[&rule::RDY_2],
    ..question("user-pools", "applications have pools of their own")
};
const AUTOSCALER: Question = Question {
    rules: &[&rule::RDY_3],
    ..question(
        "autoscaler-bounds",
        "user pools grow and shrink between bounds",
    )
};
const ZONES: Question = Question {
    rules: &[&rule::RDY_4],
    ..question("zones", "each pool is in more than one zone")
};

pub(super) fn check(scene: &Scene, items: &mut Vec<Item>) {
    items.push(overlay(scene));
    items.push(cilium(scene));
    let hosted = scene.cluster.profiles.hosted_system == Some(true);
    let no_pool = scene.cluster.pools.is_empty();
    let unread = |question: &Question| {
        question.not_known(
            "no pool of the cluster was read",
            "add the cluster with its pools",
            [scene.show("agentPoolProfiles")],
        )
    };
    for (question, answer) in [
        (&TAINTED, tainted as fn(&Scene) -> Item),
        (&SYSTEM_NODES, system_nodes),
        (&USER_POOLS, user_pools),
        (&AUTOSCALER, autoscaler),
        (&ZONES, zones),
    ] {
        let of_system = [TAINTED.code, SYSTEM_NODES.code].contains(&question.code);
        items.push(if hosted && of_system {
            question.not_applicable("AKS runs system pods on nodes of its own, which no pool shows")
        } else if no_pool {
            unread(question)
        } else {
            answer(scene)
        });
    }
}

fn overlay(scene: &Scene) -> Item {
    match scene.cluster.mode() {
        Some(NetworkMode::Overlay) => OVERLAY.ready(format!("{}", NetworkMode::Overlay)),
        Some(mode @ (NetworkMode::NodeSubnet | NetworkMode::Kubenet)) => OVERLAY.not_ready(
            format!("{mode}"),
            "plan the move: it is one-way, and reimages every node",
            [crate::shell::command_line(
                &["aksplan", "migrate"],
                &[("--cluster", Some(scene.cluster.label()))],
            )],
        ),
        Some(mode) => OVERLAY.not_ready(
            format!("{mode}"),
            "no in-place move exists: it takes a new cluster",
            [],
        ),
        None => OVERLAY.not_known(
            "the network plugin is not said, or not one that is known",
            "add the cluster as Azure shows it",
            [scene.show("networkProfile")],
        ),
    }
}

fn cilium(scene: &Scene) -> Item {
    let windows: Vec<&str> = names(&scene.cluster.pools, |pool| {
        matches!(pool.os_type, OsType::Windows)
    });
    let dataplane = scene.cluster.network.dataplane.as_deref();
    match dataplane.map(str::to_ascii_lowercase).as_deref() {
        Some("cilium") => CILIUM.ready("networkDataplane is cilium"),
        _ if !windows.is_empty() => CILIUM.not_applicable(format!(
            "Cilium runs on Linux only, and there are Windows pools: {}",
            listed(&windows)
        )),
        Some(other) => CILIUM.not_ready(
            format!("networkDataplane is {other}"),
            match scene.cluster.mode() {
                Some(NetworkMode::Kubenet) => {
                    "change the data plane in an update of its own, after the move to Overlay: it reimages every node"
                }
                Some(NetworkMode::NodeSubnet) => {
                    "change the data plane in an update of its own, before or after the move to Overlay: it reimages every node"
                }
                _ => "change the data plane in an update of its own: it reimages every node",
            },
            [scene.turn_on_cilium()],
        ),
        None => CILIUM.not_known(
            "networkDataplane is not said",
            "add the cluster as Azure shows it",
            [scene.show("networkProfile.networkDataplane")],
        ),
    }
}

fn names(pools: &[NodePool], is: impl Fn(&NodePool) -> bool) -> Vec<&str> {
    let found = pools.iter().filter(|pool| is(pool));
    found.map(|pool| pool.name.as_str()).collect()
}

fn is_system(pool: &NodePool) -> bool {
    matches!(pool.mode, PoolMode::System)
}

/// Whether applications run there. Nodes of a gateway pool only let traffic out, and no autoscaler scales them (RDY-2).
fn is_user(pool: &NodePool) -> bool {
    !matches!(pool.mode, PoolMode::System | PoolMode::Gateway)
}

/// Every cluster has a system pool, but where AKS runs system pods itself.
fn no_system_pool(scene: &Scene, question: &Question) -> Item {
    match scene.cluster.profiles.hosted_system {
        Some(_) => {
            let commands = [new_pool(scene, None, "system", "System", &[])];
            question.not_ready(
                "no pool is a system pool",
                adding("make a pool one for system pods", &commands),
                commands,
            )
        }
        None => question.not_known(
            "no pool is a system pool: AKS may run system pods on nodes of its own, which is not said",
            "see whether managed system pools are on (hostedSystemProfile); if not, a pool is missing in what was read",
            [scene.show("hostedSystemProfile")],
        ),
    }
}

/// Whether the pool's nodes keep applications off; `None`: neither Azure nor a node of the pool says it.
fn keeps_off(scene: &Scene, pool: &NodePool) -> Option<bool> {
    if let Some(taints) = &pool.node_taints {
        return Some(taints.iter().any(|taint| {
            let (key, effect) = taint.rsplit_once(':').unwrap_or((taint, ""));
            key.split('=').next() == Some(TAINT) && effect != "PreferNoSchedule"
        }));
    }
    let nodes = nodes_of(scene, pool);
    (!nodes.is_empty()).then(|| {
        nodes.iter().all(|node| {
            let mut taints = node.taints.iter();
            taints.any(|taint| taint.key == TAINT && taint.effect != "PreferNoSchedule")
        })
    })
}

fn nodes_of<'a>(scene: &Scene<'a>, pool: &NodePool) -> Vec<&'a crate::model::workload::Node> {
    let label = |node: &crate::model::workload::Node| {
        ["kubernetes.azure.com/agentpool", "agentpool"]
            .iter()
            .find_map(|key| node.labels.get(*key).cloned())
    };
    let state = scene.cluster.kubernetes.as_deref();
    state
        .into_iter()
        .flat_map(|state| &state.nodes)
        .filter(|node| label(node).is_some_and(|name| name.eq_ignore_ascii_case(&pool.name)))
        .collect()
}

fn tainted(scene: &Scene) -> Item {
    let pools: Vec<&NodePool> = (scene.cluster.pools.iter())
        .filter(|pool| is_system(pool))
        .collect();
    if pools.is_empty() {
        return no_system_pool(scene, &TAINTED);
    }
    let judged: Vec<(&NodePool, Option<bool>)> = pools
        .iter()
        .map(|pool| (*pool, keeps_off(scene, pool)))
        .collect();
    let of = |wanted: Option<bool>| -> Vec<&NodePool> {
        let found = judged.iter().filter(|(_, found)| *found == wanted);
        found.map(|(pool, _)| *pool).collect()
    };
    let open = of(Some(false));
    if !open.is_empty() {
        let open_names: Vec<&str> = open.iter().map(|pool| pool.name.as_str()).collect();
        return TAINTED.not_ready(
            format!(
                "without the taint {TAINT}=true:NoSchedule: {}",
                listed(&open_names)
            ),
            if has_room_for_applications(scene) {
                "taint them, and move what runs there that is no system pod; the flag names all taints, those that are there included"
            } else {
                "add a user pool first, as user-pools says: after it there is no other place for applications. Then taint them; the flag \
                 names all taints, those that are there included"
            },
            open.iter().map(|pool| {
                let mut taints = vec![format!("{TAINT}=true:NoSchedule")];
                taints.extend(pool.node_taints.iter().flatten().cloned());
                scene.update_pool(&pool.name, &[("--node-taints", Some(&taints.join(",")))])
            }),
        )
        .about(&open);
    }
    let unknown = of(None);
    if !unknown.is_empty() {
        return TAINTED.not_known(
            "taints of the system pools are not said",
            "add the cluster as Azure shows it, or its nodes",
            [scene.show("agentPoolProfiles[].[name,mode,nodeTaints]")],
        );
    }
    let all: Vec<&str> = pools.iter().map(|pool| pool.name.as_str()).collect();
    TAINTED.ready(format!("{TAINT} on {}", listed(&all)))
}

fn has_room_for_applications(scene: &Scene) -> bool {
    scene.cluster.node_auto_provisioning || scene.cluster.pools.iter().any(is_user)
}

/// A command that adds a pool; its name is a proposal. In the subnets of `like`, or of any other pool: all pools are in subnets of one's own,
/// or none is, and the pods of all have their addresses in the same way (DYN-5).
fn new_pool(
    scene: &Scene,
    like: Option<&NodePool>,
    name: &str,
    mode: &str,
    rest: &[(&'static str, Option<&str>)],
) -> Option<String> {
    let mut arguments = vec![("--name", Some(name)), ("--mode", Some(mode))];
    let taint = format!("{TAINT}=true:NoSchedule");
    if mode == "System" {
        arguments.push(("--node-taints", Some(&taint)));
    }
    if like.is_some_and(|pool| matches!(pool.os_type, OsType::Windows)) {
        arguments.push(("--os-type", Some("Windows")));
    }
    let id_of = |subnet: Option<SubnetIndex>| {
        let subnet = scene.inventory.subnet(subnet?);
        let is_own = !subnet.assumed && !is_managed(scene, subnet);
        subnet
            .id
            .as_ref()
            .filter(|_| is_own)
            .map(ResourceId::as_str)
    };
    let all = || like.into_iter().chain(&scene.cluster.pools);
    if let Some(id) = all().next().and_then(|pool| id_of(pool.subnet)) {
        arguments.push(("--vnet-subnet-id", Some(id)));
    }
    if let Some(pool) = all().find(|pool| pool.has_pod_subnet) {
        let id = id_of(pool.pod_subnet).unwrap_or(POD_SUBNET);
        arguments.push(("--pod-subnet-id", Some(id)));
        if pool.pod_ip_allocation == PodIpAllocation::StaticBlock {
            arguments.push(("--pod-ip-allocation-mode", Some("StaticBlock")));
        }
    }
    arguments.extend_from_slice(rest);
    scene.az(
        &["az", "aks", "nodepool", "add"],
        "--cluster-name",
        &arguments,
    )
}

/// Stands in a command for a subnet whose ID was not read.
const POD_SUBNET: &str = "POD_SUBNET_ID";

/// What to do by a command that adds a pool.
fn adding(remedy: &str, commands: &[Option<String>]) -> String {
    let is_open = commands
        .iter()
        .flatten()
        .any(|line| line.contains(POD_SUBNET));
    match is_open {
        true => format!("{remedy}; put the ID of the pods' subnet for {POD_SUBNET}"),
        false => remedy.to_string(),
    }
}

/// Whether AKS made the subnet, which nobody names.
fn is_managed(scene: &Scene, subnet: &crate::model::Subnet) -> bool {
    let group = scene.inventory.vnet(subnet.vnet).resource_group.as_deref();
    let own = scene.cluster.node_resource_group.as_deref();
    own.zip(group)
        .is_some_and(|(own, group)| own.eq_ignore_ascii_case(group))
}

fn system_nodes(scene: &Scene) -> Item {
    let pools: Vec<&NodePool> = (scene.cluster.pools.iter())
        .filter(|pool| is_system(pool))
        .collect();
    if pools.is_empty() {
        return no_system_pool(scene, &SYSTEM_NODES);
    }
    let least = if pools.len() == 1 { 3 } else { 2 };
    // What the autoscaler may take away is not counted on.
    let sure = |pool: &NodePool| {
        let bounded = pool.autoscaler.map(|bounds| bounds.min_count);
        bounded.unwrap_or(pool.count)
    };
    let told = |pool: &NodePool| format!("{} {}", pool.name, sure(pool));
    let few: Vec<&NodePool> = (pools.iter().copied())
        .filter(|pool| sure(pool) < least)
        .collect();
    let small: Vec<String> = few.iter().map(|pool| told(pool)).collect();
    if small.is_empty() {
        let all: Vec<String> = pools.iter().map(|pool| told(pool)).collect();
        return SYSTEM_NODES.ready(format!("nodes at least: {}", listed(&all)));
    }
    let commands = few.iter().map(|pool| {
        let count = least.to_string();
        match pool.autoscaler {
            Some(bounds) => scene.update_pool(
                &pool.name,
                &[
                    ("--update-cluster-autoscaler", None),
                    ("--min-count", Some(&count)),
                    (
                        "--max-count",
                        Some(&bounds.max_count.max(least).to_string()),
                    ),
                ],
            ),
            None => scene.az(
                &["az", "aks", "nodepool", "scale"],
                "--cluster-name",
                &[("--name", Some(&pool.name)), ("--node-count", Some(&count))],
            ),
        }
    });
    SYSTEM_NODES
        .not_ready(
            format!("fewer than {least} nodes are sure: {}", listed(&small)),
            "give system pods more nodes",
            commands,
        )
        .about(&few)
}

fn user_pools(scene: &Scene) -> Item {
    let user = names(&scene.cluster.pools, is_user);
    if !user.is_empty() {
        return USER_POOLS.ready(listed(&user));
    }
    if scene.cluster.node_auto_provisioning {
        return USER_POOLS.ready("node auto-provisioning makes nodes for applications");
    }
    let commands = [new_pool(scene, None, "apps", "User", &[])];
    USER_POOLS.not_ready(
        "no pool is for applications",
        adding(
            "add a user pool; aksplan predict says whether it fits",
            &commands,
        ),
        commands,
    )
}

fn autoscaler(scene: &Scene) -> Item {
    let user: Vec<&NodePool> = (scene.cluster.pools.iter())
        .filter(|pool| is_user(pool))
        .collect();
    if scene.cluster.node_auto_provisioning {
        return AUTOSCALER
            .not_applicable("node auto-provisioning makes nodes, which no pool bounds");
    }
    if user.is_empty() {
        return AUTOSCALER.not_applicable("there is no user pool");
    }
    let bounds = |pool: &NodePool| match pool.autoscaler {
        Some(bounds) => format!("{} {} to {}", pool.name, bounds.min_count, bounds.max_count),
        None => format!("{} fixed at {}", pool.name, pool.count),
    };
    let is_stuck = |pool: &NodePool| {
        pool.autoscaler
            .is_none_or(|bounds| bounds.min_count == bounds.max_count)
    };
    let stuck: Vec<&NodePool> = user.iter().copied().filter(|pool| is_stuck(pool)).collect();
    let told: Vec<String> = if stuck.is_empty() { &user } else { &stuck }
        .iter()
        .map(|pool| bounds(pool))
        .collect();
    if stuck.is_empty() {
        return AUTOSCALER.ready(listed(&told));
    }
    AUTOSCALER.not_ready(
        format!(
            "{} of {} cannot change by itself: {}",
            stuck.len(),
            counted(user.len() as u64, "user pool", "user pools"),
            listed(&told)
        ),
        "give each bounds; put a number for MAX, aksplan capacity says how far the subnet lets the pool grow",
        stuck.iter().map(|pool| {
            scene.update_pool(
                &pool.name,
                &[
                    (
                        match pool.autoscaler {
                            Some(_) => "--update-cluster-autoscaler",
                            None => "--enable-cluster-autoscaler",
                        },
                        None,
                    ),
                    ("--min-count", Some(&pool.count.to_string())),
                    ("--max-count", Some("MAX")),
                ],
            )
        }),
    )
    .about(&stuck)
}

/// The zones of a pool's nodes: as the pool names them, else as its nodes say; `None`: neither.
fn zones_of(scene: &Scene, pool: &NodePool) -> Option<BTreeSet<String>> {
    if let Some(zones) = &pool.availability_zones {
        return Some(zones.iter().cloned().collect());
    }
    let nodes = nodes_of(scene, pool);
    let zone = |node: &&crate::model::workload::Node| {
        // `westeurope-1` is a zone, `0` and `westeurope` are none.
        let zone = node.labels.get("topology.kubernetes.io/zone")?;
        zone.contains('-').then(|| zone.clone())
    };
    (!nodes.is_empty()).then(|| nodes.iter().filter_map(zone).collect())
}

fn zones(scene: &Scene) -> Item {
    let judged: Vec<(&NodePool, Option<BTreeSet<String>>)> = (scene.cluster.pools.iter())
        .map(|pool| (pool, zones_of(scene, pool)))
        .collect();
    let told = |(pool, zones): &(&NodePool, Option<BTreeSet<String>>)| {
        let zones: Vec<&String> = zones.iter().flatten().collect();
        let zones: Vec<&str> = zones.into_iter().map(String::as_str).collect();
        match zones.as_slice() {
            [] => format!("{} in none", pool.name),
            zones => format!("{} in {}", pool.name, zones.join("+")),
        }
    };
    let few: Vec<&(&NodePool, Option<BTreeSet<String>>)> = judged
        .iter()
        .filter(|(_, zones)| zones.as_ref().is_some_and(|zones| zones.len() < 2))
        .collect();
    if !few.is_empty() {
        let all: Vec<String> = few.iter().map(|one| told(one)).collect();
        let pools: Vec<&NodePool> = few.iter().map(|(pool, _)| *pool).collect();
        let commands: Vec<Option<String>> = (few.iter())
            .map(|(pool, _)| {
                let mode = match pool.mode {
                    PoolMode::System => "System",
                    PoolMode::Gateway => "Gateway",
                    _ => "User",
                };
                new_pool(scene, Some(pool), "NEW", mode, &[("--zones 1 2 3", None)])
            })
            .collect();
        return ZONES
            .not_ready(
                listed(&all),
                adding(
                    "zones are chosen when a pool is made: add a pool in several and drain the old one; put a name for NEW, and for 1 2 3 the \
                     zones that the region has for the size of its nodes (az vm list-skus --zone)",
                    &commands,
                ),
                commands,
            )
        .about(&pools);
    }
    if judged.iter().any(|(_, zones)| zones.is_none()) {
        return ZONES.not_known(
            "zones of the pools are not said",
            "add the cluster as Azure shows it, or its nodes",
            [scene.show("agentPoolProfiles[].[name,availabilityZones]")],
        );
    }
    let all: Vec<String> = judged.iter().map(told).collect();
    ZONES.ready(listed(&all))
}
