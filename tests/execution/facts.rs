//! Drift: every fact that a plan relies on shows when it changes, what it does not rely on never does, and a step says which it changes.

use crate::aks::{Aks, range};
use crate::hands::{Ills, Stage};
use aksplan::migrate::fingerprint::{digest, drift, facts};
use aksplan::model::workload::{DisruptionBudget, Pod};
use aksplan::model::{
    Autoscaler, Cluster, ClusterIndex, Identity, IntOrPercent, Inventory, KubernetesVersion,
    NetworkSecurityGroup, OsType, Peering, PoolKind, ResourceId, SecurityEnd, SecurityRule,
};

fn of(inventory: &Inventory) -> aksplan::migrate::fingerprint::Facts {
    facts(inventory, inventory.cluster(ClusterIndex::new(0)))
}

fn cluster(inventory: &mut Inventory) -> &mut Cluster {
    &mut inventory.clusters[0]
}

/// Names of the facts that drift when this is done.
fn drifts(change: impl Fn(&mut Inventory)) -> Vec<String> {
    let aks = Aks::new(Some("calico"));
    let mut inventory = aks.inventory.clone();
    cluster(&mut inventory).pools[1].autoscaler = Autoscaler::new(1, 5);
    let planned = of(&inventory);
    change(&mut inventory);
    let now = of(&inventory);
    let names: Vec<String> = drift(&planned, &now, &[])
        .into_iter()
        .map(|drift| drift.fact)
        .collect();
    assert_eq!(
        digest(&planned) == digest(&now),
        names.is_empty(),
        "the digest sees what drift sees"
    );
    names
}

#[test]
fn what_is_relied_on_drifts() {
    type Change = fn(&mut Inventory);
    let changes: &[(&str, Change)] = &[
        ("cluster.kubernetesVersion", |i| {
            cluster(i).kubernetes_version = KubernetesVersion::from_word("1.34.0")
        }),
        ("cluster.identity", |i| {
            cluster(i).identity = Identity::SystemAssigned
        }),
        ("cluster.nodeDisruptionPolicy", |i| {
            cluster(i).node_disruption_policy = Some("Block".to_string())
        }),
        ("cluster.ingressApplicationGateway", |i| {
            cluster(i).ingress_application_gateway = true
        }),
        ("cluster.nodeAutoProvisioning", |i| {
            cluster(i).node_auto_provisioning = true
        }),
        ("cluster.networkProfile.networkPluginMode", |i| {
            cluster(i).network.overlay = true
        }),
        ("cluster.networkProfile.networkPolicy", |i| {
            cluster(i).network.policy = None
        }),
        ("cluster.networkProfile.networkDataplane", |i| {
            cluster(i).network.dataplane = Some("cilium".to_string())
        }),
        ("cluster.networkProfile.podCidrs", |i| {
            cluster(i).network.pod_cidrs = vec![range("10.9.0.0/16")]
        }),
        ("cluster.networkProfile.serviceCidrs", |i| {
            cluster(i).network.service_cidrs.clear()
        }),
        ("cluster.networkProfile.outboundType", |i| {
            cluster(i).network.outbound_type = Some("userDefinedRouting".to_string())
        }),
        ("cluster.maintenanceConfigurations", |i| {
            cluster(i).maintenance = None
        }),
        ("pool.system.count", |i| cluster(i).pools[0].count = 4),
        ("pool.apps.maxCount", |i| {
            cluster(i).pools[1].autoscaler = Autoscaler::new(1, 9)
        }),
        ("pool.apps.minCount", |i| {
            cluster(i).pools[1].autoscaler = Autoscaler::new(2, 5)
        }),
        ("pool.apps.maxPods", |i| cluster(i).pools[1].max_pods = 50),
        ("pool.apps.type", |i| {
            cluster(i).pools[1].kind = PoolKind::AvailabilitySet
        }),
        ("pool.apps.spot", |i| cluster(i).pools[1].spot = true),
        ("pool.apps.powerState", |i| {
            cluster(i).pools[1].power_state = Some("Stopped".to_string())
        }),
        ("pool.apps.orchestratorVersion", |i| {
            cluster(i).pools[1].kubernetes_version = None
        }),
        ("pool.apps.upgradeSettings.maxSurge", |i| {
            cluster(i).pools[1].upgrade.max_surge = Some(IntOrPercent::Int(1))
        }),
        ("pool.apps.upgradeSettings.maxUnavailable", |i| {
            cluster(i).pools[1].upgrade.max_unavailable = Some(IntOrPercent::Int(1))
        }),
        ("pool.apps.upgradeSettings.drainTimeoutInMinutes", |i| {
            cluster(i).pools[1].upgrade.drain_timeout_minutes = Some(60)
        }),
        ("pool.apps.upgradeSettings.nodeSoakDurationInMinutes", |i| {
            cluster(i).pools[1].upgrade.node_soak_minutes = Some(6)
        }),
        ("pool.apps.subnet", |i| cluster(i).pools[1].subnet = None),
        ("subnet.spoke/nodes.addressPrefixes", |i| {
            i.subnets[0].prefixes = vec![range("10.0.0.0/23")]
        }),
        ("subnet.spoke/nodes.routeTable", |i| {
            i.subnets[0].route_table = Some(ResourceId::new("/x/rt"))
        }),
        ("vnet.spoke.addressSpace", |i| {
            i.vnets[0].address_space.push(range("10.1.0.0/16"))
        }),
        ("vnet.spoke.peering.hub", |i| {
            i.vnets[0].peerings.push(Peering {
                name: "hub".to_string(),
                remote: ResourceId::new("hub"),
                remote_address_space: vec![range("10.8.0.0/16")],
                state: None,
                allow_forwarded_traffic: false,
                allow_gateway_transit: false,
                use_remote_gateways: false,
            })
        }),
        ("budget.shop/web", |i| {
            budget(i).max_unavailable = Some(IntOrPercent::Int(0))
        }),
        ("vnet.spoke.peering.spare", |i| {
            i.vnets[0].peerings.push(Peering {
                name: "spare".to_string(),
                remote: ResourceId::new("spare"),
                remote_address_space: Vec::new(),
                state: Some("Disconnected".to_string()),
                allow_forwarded_traffic: false,
                allow_gateway_transit: false,
                use_remote_gateways: false,
            })
        }),
        ("cluster.autoUpgradeProfile.upgradeChannel", |i| {
            cluster(i).auto_upgrade.channel = Some("rapid".to_string())
        }),
        ("cluster.autoUpgradeProfile.nodeOSUpgradeChannel", |i| {
            cluster(i).auto_upgrade.node_os_channel = Some("NodeImage".to_string())
        }),
        ("budget.shop/web", |i| budget(i).selector = None),
        ("configMap.kube-system/azure-ip-masq-agent-config", |i| {
            let state = std::sync::Arc::make_mut(cluster(i).kubernetes.as_mut().expect("objects"));
            state.config_maps.push((
                "kube-system".to_string(),
                "azure-ip-masq-agent-config".to_string(),
            ));
        }),
    ];
    for (fact, change) in changes {
        assert_eq!(drifts(change), [fact.to_string()]);
    }
    // Of Windows the image is relied on as well (MIG-5).
    assert_eq!(
        drifts(|i| cluster(i).pools[1].os_type = OsType::Windows),
        ["pool.apps.nodeImageVersion", "pool.apps.osType"]
    );
    // Each rule of a security group on a node subnet is a fact (OVL-5); one that was not read is said.
    let group = |rules: Vec<SecurityRule>| NetworkSecurityGroup {
        id: Some(ResourceId::new("/x/nsg")),
        name: "nsg".to_string(),
        rules,
        subnets: Vec::new(),
    };
    let deny = SecurityRule {
        name: "deny".to_string(),
        priority: 200,
        inbound: true,
        allow: false,
        protocol: "*".to_string(),
        sources: vec![SecurityEnd::Any],
        destinations: vec![SecurityEnd::Prefix(range("10.0.0.0/22"))],
        source_ports: vec!["*".to_string()],
        destination_ports: vec!["*".to_string()],
    };
    let named = |i: &mut Inventory| i.subnets[0].security_group = Some(ResourceId::new("/x/nsg"));
    assert_eq!(
        drifts(named),
        ["securityGroup.nsg", "subnet.spoke/nodes.securityGroup"]
    );
    assert_eq!(
        drifts(|i| {
            named(i);
            i.security_groups.push(group(vec![deny.clone()]));
        }),
        ["securityGroup.nsg.deny", "subnet.spoke/nodes.securityGroup"]
    );
    // A pool more or less, and objects that are no longer read, show in what they have.
    assert!(!drifts(|i| drop(cluster(i).pools.pop())).is_empty());
    assert!(drifts(|i| cluster(i).kubernetes = None).contains(&"kubernetes".to_string()));
}

/// What a refusal tells people to change, and what lets a stuck node go, must not make the plan useless.
#[test]
fn what_is_judged_live_and_what_releases_is_told_only() {
    let of = |fact: &str| aksplan::migrate::fingerprint::Drift {
        fact: fact.to_string(),
        planned: None,
        now: None,
    };
    for (fact, live, release) in [
        ("cluster.autoUpgradeProfile.upgradeChannel", true, false),
        ("cluster.maintenanceConfigurations.default", true, false),
        ("cluster.nodeDisruptionPolicy", true, false),
        ("securityGroup.nsg.deny", true, false),
        ("subnet.spoke/nodes.securityGroup", true, false),
        ("budget.shop/web", false, true),
        ("pool.apps.count", false, true),
        ("pool.win.nodeImageVersion", false, true),
        ("pool.apps.maxPods", false, false),
        ("pool.apps.upgradeSettings.maxSurge", false, false),
        ("subnet.spoke/nodes.addressPrefixes", false, false),
        ("cluster.networkProfile.networkPolicy", false, false),
        ("vnet.spoke.peering.hub", false, false),
    ] {
        let drift = of(fact);
        assert_eq!(
            (drift.is_judged_live(), drift.is_release()),
            (live, release),
            "{fact}"
        );
    }
    // Budgets that could not be read are not gone.
    let planned = of_planned();
    let mut now = planned.clone();
    now.retain(|name, _| !name.starts_with("budget."));
    now.insert("budgets".to_string(), "(not read)".to_string());
    let drifted = drift(&planned, &now, &[]);
    assert_eq!(drifted.len(), 1, "{drifted:?}");
    assert!(drifted[0].is_unread());
}

fn of_planned() -> aksplan::migrate::fingerprint::Facts {
    of(&Aks::new(Some("calico")).inventory)
}

fn budget(inventory: &mut Inventory) -> &mut DisruptionBudget {
    let state = cluster(inventory)
        .kubernetes
        .as_mut()
        .map(std::sync::Arc::make_mut)
        .expect("objects");
    &mut state.disruption_budgets[0]
}

#[test]
fn what_is_not_relied_on_does_not() {
    let nothing: Vec<String> = Vec::new();
    // The autoscaler between its bounds.
    assert_eq!(drifts(|i| cluster(i).pools[1].count = 5), nothing);
    // Budgets' counts, pods, images, addresses in use, another cluster, another configuration map.
    assert_eq!(drifts(|i| budget(i).disruptions_allowed = Some(0)), nothing);
    assert_eq!(
        drifts(|i| cluster(i)
            .kubernetes
            .as_mut()
            .map(std::sync::Arc::make_mut)
            .expect("objects")
            .pods
            .push(Pod::default())),
        nothing
    );
    assert_eq!(
        drifts(|i| cluster(i).pools[1].node_image_version = Some("new".to_string())),
        nothing
    );
    assert_eq!(drifts(|i| i.subnets[0].used = Some(7)), nothing);
    assert_eq!(
        drifts(|i| {
            let other = i.clusters[0].clone();
            i.clusters.push(Cluster {
                told_apart: None,
                name: "other".to_string(),
                ..other
            });
        }),
        nothing
    );
    assert_eq!(
        drifts(|i| cluster(i)
            .kubernetes
            .as_mut()
            .map(std::sync::Arc::make_mut)
            .expect("objects")
            .config_maps
            .push(("shop".to_string(), "x".to_string()))),
        nothing
    );
    assert_eq!(
        drifts(|i| cluster(i).provisioning_state = Some("Updating".to_string())),
        nothing
    );
}

#[test]
fn each_step_changes_the_facts_it_says_and_no_other() {
    let stage = Stage::long("alters");
    let mut before = stage.aks.clone();
    for step in &stage.plan.steps {
        let mut after = before.clone();
        if let Some(write) = &step.write {
            after.accept(write, "");
            after.pass(300);
        }
        let alters = step.action.alters();
        let (planned, now) = (of(&before.inventory), of(&after.inventory));
        let all = drift(&planned, &now, &[]);
        assert_eq!(
            drift(&planned, &now, &alters),
            Vec::new(),
            "{}: beyond what it says",
            step.id
        );
        assert_eq!(all.is_empty(), step.write.is_none(), "{}", step.id);
        before = after;
    }
    // Done: what is left is what the plan brought about.
    let mut stage = stage;
    stage.run(Ills::default());
    let all: Vec<String> = stage
        .plan
        .steps
        .iter()
        .flat_map(|step| step.action.alters())
        .collect();
    assert_eq!(
        drift(&stage.plan.facts, &of(&stage.aks.inventory), &all),
        Vec::new()
    );
}
