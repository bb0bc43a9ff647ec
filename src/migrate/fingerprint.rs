//! The facts a plan relies on, by name, and their digest. Only those: what the move neither asks nor changes is not among them, so
//! that a tag or a new deployment makes no plan stale.

use crate::model::workload::DisruptionBudget;
use crate::model::{
    Cluster, Identity, Inventory, IpNet, OsType, SecurityEnd, SecurityRule, Subnet,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Facts by name: `pool.apps.maxPods` → `110`.
pub type Facts = BTreeMap<String, String>;

/// What was not set.
const UNSET: &str = "(not set)";
/// What was not read: whether it has changed cannot be told.
pub const NOT_READ: &str = "(not read)";

/// The facts that a plan for this cluster relies on.
pub fn facts(inventory: &Inventory, cluster: &Cluster) -> Facts {
    let mut facts = Facts::new();
    cluster_facts(cluster, &mut facts);
    pool_facts(inventory, cluster, &mut facts);
    network_facts(inventory, cluster, &mut facts);
    security_facts(inventory, cluster, &mut facts);
    object_facts(cluster, &mut facts);
    facts
}

/// SHA-256 of the facts, in hexadecimal.
pub fn digest(facts: &Facts) -> String {
    let mut hasher = Sha256::new();
    for (name, value) in facts {
        // Lengths keep `a` = `bc` apart from `ab` = `c`.
        hasher.update(format!("{}:{name}={}:{value}\n", name.len(), value.len()));
    }
    hex(&hasher.finalize())
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Facts that are judged anew on what is read live, before the first write and before every one that drains: obstacles, windows and
/// security rules. That they changed is told, and refuses nothing by itself: the advice of a refusal is to change them.
const JUDGED_LIVE: [&str; 5] = [
    "cluster.autoUpgradeProfile.",
    "cluster.maintenanceConfigurations",
    "cluster.nodeDisruptionPolicy",
    "securityGroup.",
    "subnet.*.securityGroup",
];

/// What releases nodes that cannot be drained, or follows from a reimage: told only, once nodes were reimaged.
const RELEASES: [&str; 3] = ["budget.", "pool.*.count", "pool.*.nodeImageVersion"];

impl Drift {
    /// Whether what was judged of it is judged again on what it is now.
    pub fn is_judged_live(&self) -> bool {
        JUDGED_LIVE
            .iter()
            .any(|pattern| is_like(pattern, &self.fact))
    }

    /// Whether it is what somebody changes to let a reimage go on, or what a reimage itself changes.
    pub fn is_release(&self) -> bool {
        RELEASES.iter().any(|pattern| is_like(pattern, &self.fact))
    }

    /// Whether it could only not be read now.
    pub fn is_unread(&self) -> bool {
        self.now.as_deref() == Some(NOT_READ)
    }
}

/// A fact that is not what the plan relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    pub fact: String,
    /// `None`: it was not there.
    pub planned: Option<String>,
    /// `None`: it is gone.
    pub now: Option<String>,
}

/// What differs, but for facts whose name begins with one of `altered`: the plan itself changes those.
pub fn drift(planned: &Facts, now: &Facts, altered: &[String]) -> Vec<Drift> {
    let is_altered = |name: &str| altered.iter().any(|pattern| is_like(pattern, name));
    let mut names: Vec<&String> = planned.keys().chain(now.keys()).collect();
    names.sort_unstable();
    names.dedup();
    // Budgets that were not read are not gone.
    let no_budgets = [now.get("budgets"), now.get("kubernetes")]
        .into_iter()
        .flatten()
        .any(|read| read == NOT_READ);
    let is_unread =
        |name: &str| no_budgets && (name.starts_with("budget.") || name.starts_with("configMap."));
    names
        .into_iter()
        .filter(|name| !is_altered(name) && !is_unread(name))
        .filter_map(|name| {
            let (before, after) = (planned.get(name), now.get(name));
            (before != after).then(|| Drift {
                fact: name.clone(),
                planned: before.cloned(),
                now: after.cloned(),
            })
        })
        .collect()
}

/// A beginning, or with a star a beginning and an end.
fn is_like(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => name.starts_with(start) && name.ends_with(end),
        None => name.starts_with(pattern),
    }
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| UNSET.to_string(), ToString::to_string)
}

fn ranges(ranges: &[IpNet]) -> String {
    let mut texts: Vec<String> = ranges.iter().map(ToString::to_string).collect();
    texts.sort();
    texts.join(", ")
}

fn cluster_facts(cluster: &Cluster, facts: &mut Facts) {
    let mut note = |name: &str, value: String| {
        facts.insert(format!("cluster.{name}"), value);
    };
    let network = &cluster.network;
    note(
        "kubernetesVersion",
        text(cluster.kubernetes_version.as_ref()),
    );
    note("identity", identity(cluster.identity).to_string());
    note(
        "nodeDisruptionPolicy",
        text(cluster.node_disruption_policy.as_ref()),
    );
    note(
        "ingressApplicationGateway",
        cluster.ingress_application_gateway.to_string(),
    );
    note(
        "nodeAutoProvisioning",
        cluster.node_auto_provisioning.to_string(),
    );
    note(
        "autoUpgradeProfile.upgradeChannel",
        text(cluster.auto_upgrade.channel.as_ref()),
    );
    note(
        "autoUpgradeProfile.nodeOSUpgradeChannel",
        text(cluster.auto_upgrade.node_os_channel.as_ref()),
    );
    note(
        "networkProfile.networkPlugin",
        network
            .plugin
            .as_ref()
            .map_or(UNSET, |plugin| plugin.word())
            .to_string(),
    );
    note(
        "networkProfile.networkPluginMode",
        if network.overlay { "overlay" } else { UNSET }.to_string(),
    );
    note(
        "networkProfile.networkPolicy",
        text(network.policy.as_ref()),
    );
    note(
        "networkProfile.networkDataplane",
        text(network.dataplane.as_ref()),
    );
    note("networkProfile.podCidrs", ranges(&network.pod_cidrs));
    note(
        "networkProfile.serviceCidrs",
        ranges(&network.service_cidrs),
    );
    note(
        "networkProfile.outboundType",
        text(network.outbound_type.as_ref()),
    );
    match &cluster.maintenance {
        None => note("maintenanceConfigurations", NOT_READ.to_string()),
        Some(configurations) => {
            for configuration in configurations {
                note(
                    &format!("maintenanceConfigurations.{}", configuration.key()),
                    serde_json::to_string(configuration).unwrap_or_default(),
                );
            }
        }
    }
}

fn identity(identity: Identity) -> &'static str {
    match identity {
        Identity::Unknown => NOT_READ,
        Identity::SystemAssigned => "SystemAssigned",
        Identity::UserAssigned => "UserAssigned",
        Identity::ServicePrincipal => "service principal",
    }
}

fn pool_facts(inventory: &Inventory, cluster: &Cluster, facts: &mut Facts) {
    for pool in &cluster.pools {
        let mut note = |name: &str, value: String| {
            facts.insert(format!("pool.{}.{name}", pool.name), value);
        };
        let upgrade = &pool.upgrade;
        note("type", format!("{:?}", pool.kind));
        note("osType", format!("{:?}", pool.os_type));
        note("maxPods", pool.max_pods.to_string());
        note("spot", pool.spot.to_string());
        note("powerState", text(pool.power_state.as_ref()));
        note(
            "orchestratorVersion",
            text(pool.kubernetes_version.as_ref()),
        );
        note(
            "subnet",
            pool.subnet
                .map_or_else(|| UNSET.to_string(), |index| inventory.subnet_name(index)),
        );
        // An autoscaler moves the count between its bounds all day; those are what admission counts.
        match pool.autoscaler {
            Some(bounds) => {
                note("minCount", bounds.min_count.to_string());
                note("maxCount", bounds.max_count.to_string());
            }
            None => note("count", pool.count.to_string()),
        }
        note("upgradeSettings.maxSurge", text(upgrade.max_surge.as_ref()));
        note(
            "upgradeSettings.maxUnavailable",
            text(upgrade.max_unavailable.as_ref()),
        );
        note(
            "upgradeSettings.drainTimeoutInMinutes",
            text(upgrade.drain_timeout_minutes.as_ref()),
        );
        note(
            "upgradeSettings.nodeSoakDurationInMinutes",
            text(upgrade.node_soak_minutes.as_ref()),
        );
        note(
            "upgradeSettings.undrainableNodeBehavior",
            text(upgrade.undrainable_node_behavior.as_ref()),
        );
        // Builds before 20348.1668 are refused (MIG-5).
        if pool.os_type == OsType::Windows {
            note("nodeImageVersion", text(pool.node_image_version.as_ref()));
        }
    }
}

/// The pod CIDR must meet none of these (MIG-10).
fn network_facts(inventory: &Inventory, cluster: &Cluster, facts: &mut Facts) {
    for index in inventory.vnets_of_cluster(cluster) {
        let vnet = inventory.vnet(index);
        facts.insert(
            format!("vnet.{}.addressSpace", vnet.name),
            ranges(&vnet.address_space),
        );
        for peering in &vnet.peerings {
            facts.insert(
                format!("vnet.{}.peering.{}", vnet.name, peering.name),
                format!(
                    "{} to {}: {}",
                    if peering.is_connected() {
                        "connected"
                    } else {
                        "not connected"
                    },
                    peering.remote.name(),
                    ranges(&peering.remote_address_space)
                ),
            );
        }
    }
    for index in inventory.subnets_of_cluster(cluster) {
        let subnet: &Subnet = inventory.subnet(index);
        let name = inventory.subnet_name(index);
        facts.insert(
            format!("subnet.{name}.addressPrefixes"),
            ranges(&subnet.prefixes),
        );
        facts.insert(
            format!("subnet.{name}.routeTable"),
            subnet
                .route_table
                .as_ref()
                .map_or_else(|| UNSET.to_string(), |table| table.name().to_string()),
        );
    }
}

/// Rules of the security groups on node subnets: one that denies what Overlay needs cuts pods off (OVL-5).
fn security_facts(inventory: &Inventory, cluster: &Cluster, facts: &mut Facts) {
    for index in inventory.subnets_of_cluster(cluster) {
        let Some(named) = &inventory.subnet(index).security_group else {
            continue;
        };
        let name = named.name();
        facts.insert(
            format!("subnet.{}.securityGroup", inventory.subnet_name(index)),
            name.to_string(),
        );
        let group = inventory
            .security_groups
            .iter()
            .find(|group| group.id.as_ref() == Some(named));
        let Some(group) = group else {
            facts.insert(format!("securityGroup.{name}"), NOT_READ.to_string());
            continue;
        };
        for rule in &group.rules {
            facts.insert(
                format!("securityGroup.{name}.{}", rule.name),
                rule_text(rule),
            );
        }
    }
}

fn rule_text(rule: &SecurityRule) -> String {
    let ends = |ends: &[SecurityEnd], ports: &[String]| {
        let mut words: Vec<String> = ends
            .iter()
            .map(|end| match end {
                SecurityEnd::Any => "*".to_string(),
                SecurityEnd::Prefix(prefix) => prefix.to_string(),
                SecurityEnd::Tag(tag) => tag.clone(),
                SecurityEnd::Group(id) => id.name().to_string(),
            })
            .collect();
        words.sort();
        format!("{} port {}", words.join(", "), ports.join(", "))
    };
    format!(
        "{} {} {} {} from {} to {}",
        rule.priority,
        if rule.inbound { "inbound" } else { "outbound" },
        if rule.allow { "allow" } else { "deny" },
        rule.protocol,
        ends(&rule.sources, &rule.source_ports),
        ends(&rule.destinations, &rule.destination_ports)
    )
}

fn object_facts(cluster: &Cluster, facts: &mut Facts) {
    let Some(state) = cluster.kubernetes.as_deref() else {
        facts.insert("kubernetes".to_string(), NOT_READ.to_string());
        return;
    };
    if state.has_kind("PodDisruptionBudget") {
        for budget in &state.disruption_budgets {
            facts.insert(
                format!("budget.{}/{}", budget.namespace, budget.name),
                budget_text(budget),
            );
        }
    } else {
        facts.insert("budgets".to_string(), NOT_READ.to_string());
    }
    // A custom one makes AKS refuse (MIG-7).
    let has_custom = state.config_maps.iter().any(|(namespace, name)| {
        namespace == "kube-system" && name == "azure-ip-masq-agent-config"
    });
    facts.insert(
        "configMap.kube-system/azure-ip-masq-agent-config".to_string(),
        match (has_custom, state.has_kind("ConfigMap")) {
            (true, _) => "there",
            (false, true) => "not there",
            (false, false) => NOT_READ,
        }
        .to_string(),
    );
}

/// What the budget asks for; not how it stands, which changes by the minute and is looked at before each write.
fn budget_text(budget: &DisruptionBudget) -> String {
    let mut text = match (&budget.min_available, &budget.max_unavailable) {
        (Some(least), _) => format!("minAvailable {least}"),
        (None, Some(most)) => format!("maxUnavailable {most}"),
        (None, None) => "no number".to_string(),
    };
    if let Some(policy) = &budget.unhealthy_pod_eviction_policy {
        text.push_str(&format!(", {policy}"));
    }
    let selector = serde_json::to_string(&budget.selector).unwrap_or_default();
    text.push_str(&format!(", selector {selector}"));
    text
}
