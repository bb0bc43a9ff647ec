//! Every rule of the move with an estate on either side of its edge: one where it fires, one that just does not.

use super::*;
use crate::model::workload::{KubernetesState, ServiceCidr};
use crate::model::*;
use serde_json::json;

fn net(text: &str) -> IpNet {
    parse_cidr(text).unwrap()
}

fn version(text: &str) -> Option<KubernetesVersion> {
    Some(KubernetesVersion::from_word(text).unwrap())
}

/// A node-subnet cluster that nothing stands in the way of: 3 system and 6 user nodes in a /22, everything read.
fn estate() -> Inventory {
    let mut inventory: Inventory = serde_json::from_value(json!({
        "vnets": [
            { "name": "spoke", "resource_group": "net", "address_space": ["10.1.0.0/16"],
              "peerings": [{ "name": "to-hub", "remote": "hub" }] },
            { "name": "hub", "address_space": ["10.2.0.0/16"] },
        ],
        "subnets": [
            { "vnet": 0, "id": "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/spoke/subnets/nodes",
              "name": "nodes", "prefixes": ["10.1.0.0/22"], "used": 300 },
            { "vnet": 0, "name": "others", "prefixes": ["10.1.8.0/24"] },
            { "vnet": 1, "name": "firewall", "prefixes": ["10.2.0.0/24"] },
        ],
        "clusters": [{
            "name": "shop", "kubernetes_version": "1.33.2", "identity": "user_assigned", "maintenance": [],
            "network": { "plugin": "azure", "service_cidrs": ["172.20.0.0/16"] },
            "pools": [
                { "name": "system", "mode": "system", "count": 3, "max_pods": 30, "subnet": 0, "upgrade": { "max_surge": "1" } },
                { "name": "apps", "count": 6, "max_pods": 30, "subnet": 0, "upgrade": { "max_surge": "2" } },
            ],
            "kubernetes": { "kinds": ["ConfigMap", "ServiceCIDR"] },
        }],
    }))
    .unwrap();
    inventory.clusters[0].provisioning_state = Some("Succeeded".to_string());
    inventory
}

fn kubenet(inventory: &mut Inventory) {
    let network = &mut inventory.clusters[0].network;
    network.plugin = Some(NetworkPlugin::Kubenet);
    network.pod_cidrs = vec![net("10.244.0.0/16")];
    inventory.subnets[0].used = Some(20);
}

fn look(change: impl Fn(&mut Inventory), pod_cidr: &str) -> Eligibility {
    let mut inventory = estate();
    change(&mut inventory);
    obstacles(&inventory, &inventory.clusters[0], Some(&net(pod_cidr)))
}

fn said(found: &Eligibility) -> Vec<(Severity, &'static str, &str)> {
    found
        .obstacles
        .iter()
        .map(|o| (o.severity, o.rule.id, o.evidence.as_str()))
        .collect()
}

type Change = fn(&mut Inventory);

/// Rule, severity, words of the evidence, the estate where it fires, and the one where it just does not.
fn check(rows: &[(&Rule, Severity, &str, Change, Change)]) {
    for (rule, severity, words, fires, quiet) in rows {
        let is_it = |o: &Obstacle| {
            o.rule.id == rule.id && o.severity == *severity && o.evidence.contains(words)
        };
        let found = look(fires, "192.168.0.0/16");
        let hit = found.obstacles.iter().find(|o| is_it(o));
        let hit = hit.unwrap_or_else(|| panic!("{} `{words}`: {:?}", rule.id, said(&found)));
        assert!(!hit.remedy.is_empty(), "{}", rule.id);
        let found = look(quiet, "192.168.0.0/16");
        assert!(
            !found.obstacles.iter().any(is_it),
            "{} `{words}` fires too early: {:?}",
            rule.id,
            said(&found)
        );
    }
}

const BLOCKER: Severity = Severity::Blocker;
const WARNING: Severity = Severity::Warning;

#[test]
fn nothing_is_in_the_way_of_a_plain_cluster() {
    let found = look(|_| {}, "192.168.0.0/16");
    assert_eq!(said(&found), []);
    assert_eq!(found.not_checked, Vec::<String>::new());
}

#[test]
fn source_and_versions() {
    check(&[
        (
            &rule::MIG_1,
            BLOCKER,
            "pod subnet (dynamic)",
            |i| i.clusters[0].pools[0].has_pod_subnet = true,
            |_| {},
        ),
        (
            &rule::MIG_1,
            BLOCKER,
            "bring your own",
            |i| i.clusters[0].network.plugin = Some(NetworkPlugin::None),
            kubenet,
        ),
        (
            &rule::MIG_2,
            BLOCKER,
            "1.26",
            |i| i.clusters[0].kubernetes_version = version("1.26.15"),
            |i| i.clusters[0].kubernetes_version = version("1.27"),
        ),
        (
            &rule::MIG_23,
            WARNING,
            "pool apps runs Kubernetes 1.32.9",
            |i| i.clusters[0].pools[1].kubernetes_version = version("1.32.9"),
            // A version without a patch is no other version.
            |i| i.clusters[0].pools[1].kubernetes_version = version("1.33"),
        ),
    ]);
}

#[test]
fn policy_and_data_plane() {
    check(&[
        (
            &rule::MIG_3,
            BLOCKER,
            "calico",
            |i| i.clusters[0].network.policy = Some("calico".to_string()),
            |i| i.clusters[0].network.policy = Some("Cilium".to_string()),
        ),
        (
            &rule::MIG_26,
            WARNING,
            "Cilium → Overlay (2 reimages of every node, by release notes only); or policy none → Overlay → Cilium (3",
            |i| i.clusters[0].network.policy = Some("azure".to_string()),
            |i| {
                i.clusters[0].network.policy = Some("azure".to_string());
                i.clusters[0].pools[1].os_type = OsType::Windows;
            },
        ),
        (
            &rule::MIG_4,
            WARNING,
            "release note",
            |i| i.clusters[0].network.policy = Some("cilium".to_string()),
            |i| i.clusters[0].network.policy = Some("azure".to_string()),
        ),
        (
            &rule::MIG_13,
            WARNING,
            "auto-provisioning",
            |i| {
                i.clusters[0].network.policy = Some("azure".to_string());
                i.clusters[0].node_auto_provisioning = true;
            },
            |i| i.clusters[0].node_auto_provisioning = true,
        ),
        (
            &rule::MIG_13,
            BLOCKER,
            "kubenet with the Cilium",
            |i| {
                kubenet(i);
                i.clusters[0].network.dataplane = Some("cilium".to_string());
            },
            |i| i.clusters[0].network.dataplane = Some("cilium".to_string()),
        ),
    ]);
}

/// Cost in reimages, and whether policies hold all the way, for every combination that decides it.
#[test]
fn orders_of_steps() {
    let orders = |kubenet_: bool, windows: bool, policy: Option<&str>| {
        let mut inventory = estate();
        if kubenet_ {
            kubenet(&mut inventory);
        }
        let cluster = &mut inventory.clusters[0];
        cluster.network.policy = policy.map(str::to_string);
        if windows {
            cluster.pools[1].os_type = OsType::Windows;
        }
        policy_orders(cluster)
    };
    for (is_kubenet, windows, policy, want) in [
        (false, false, None, &[(1, false)][..]),
        (false, false, Some("cilium"), &[(1, true)]),
        (
            false,
            false,
            Some("azure"),
            &[(2, true), (3, false), (3, false)],
        ),
        (false, true, Some("calico"), &[(3, false)]),
        (true, false, Some("calico"), &[(3, false), (3, false)]),
        (true, true, Some("calico"), &[(3, false)]),
    ] {
        let got: Vec<(usize, bool)> = orders(is_kubenet, windows, policy)
            .iter()
            .map(|order| (order.reimages(), order.always_enforced))
            .collect();
        assert_eq!(
            got, want,
            "kubenet {is_kubenet}, Windows {windows}, {policy:?}"
        );
    }
    // Every order moves exactly once, and every one from an engine ends with one.
    for order in orders(false, false, Some("azure")) {
        let moves = order
            .steps
            .iter()
            .filter(|step| **step == PolicyStep::MoveToOverlay);
        assert_eq!(moves.count(), 1);
        let cilium = order
            .steps
            .iter()
            .position(|step| *step == PolicyStep::Cilium);
        let restored = order
            .steps
            .iter()
            .any(|step| matches!(step, PolicyStep::RestorePolicy(_)));
        assert!(cilium.is_some() != restored, "{order}");
    }
    let mut overlay = estate();
    overlay.clusters[0].network.overlay = true;
    assert_eq!(policy_orders(&overlay.clusters[0]), []);
}

#[test]
fn nodes_and_their_settings() {
    check(&[
        (
            &rule::MIG_6,
            BLOCKER,
            "availability set",
            |i| i.clusters[0].pools[0].kind = PoolKind::AvailabilitySet,
            |i| i.clusters[0].pools[0].kind = PoolKind::VirtualMachines,
        ),
        (
            &rule::OVL_4,
            BLOCKER,
            "DCsv2",
            |i| i.clusters[0].pools[0].vm_size = Some("standard_dc4s_v2".to_string()),
            |i| i.clusters[0].pools[0].vm_size = Some("Standard_DC4as_v5".to_string()),
        ),
        (
            &rule::MIG_5,
            BLOCKER,
            "20348.1607",
            |i| windows(i, "AKSWindows-2022-containerd-20348.1607.230310"),
            |i| windows(i, "AKSWindows-2022-containerd-20348.1668.230510"),
        ),
        (
            &rule::MIG_5,
            BLOCKER,
            "runs Docker",
            |i| windows(i, "AKSWindows-2019-17763.1577.201111"),
            // No word of a runtime, and none but containerd.
            |i| windows(i, "AKSWindows-23H2-gen2-25398.1189.241009"),
        ),
        (
            &rule::OVL_4,
            BLOCKER,
            "VNet name",
            |i| i.vnets[0].name = "v".repeat(64),
            |i| i.vnets[0].name = "v".repeat(63),
        ),
        (
            &rule::UPG_8,
            BLOCKER,
            "drain timeout of 4",
            |i| i.clusters[0].pools[0].upgrade.drain_timeout_minutes = Some(4),
            |i| i.clusters[0].pools[0].upgrade.drain_timeout_minutes = Some(5),
        ),
        (
            &rule::UPG_8,
            BLOCKER,
            "drain timeout of 1441",
            |i| i.clusters[0].pools[0].upgrade.drain_timeout_minutes = Some(1_441),
            |i| i.clusters[0].pools[0].upgrade.drain_timeout_minutes = Some(1_440),
        ),
        (
            &rule::UPG_8,
            BLOCKER,
            "31 minutes",
            |i| i.clusters[0].pools[0].upgrade.node_soak_minutes = Some(31),
            |i| i.clusters[0].pools[0].upgrade.node_soak_minutes = Some(30),
        ),
        (
            &rule::UPG_7,
            BLOCKER,
            "no node could be reimaged",
            |i| i.clusters[0].pools[1].upgrade.max_surge = Some(IntOrPercent::Percent(0)),
            |i| {
                i.clusters[0].pools[1].upgrade.max_surge = Some(IntOrPercent::Int(0));
                i.clusters[0].pools[1].upgrade.max_unavailable = Some(IntOrPercent::Int(1));
            },
        ),
        (
            &rule::UPG_7,
            WARNING,
            "system pool system",
            |i| i.clusters[0].pools[0].upgrade.max_unavailable = Some(IntOrPercent::Int(1)),
            |i| i.clusters[0].pools[1].upgrade.max_unavailable = Some(IntOrPercent::Int(1)),
        ),
        (
            &rule::UPG_9,
            WARNING,
            "cordons",
            |i| {
                i.clusters[0].pools[1].upgrade.undrainable_node_behavior =
                    Some("cordon".to_string())
            },
            |i| {
                i.clusters[0].pools[1].upgrade.undrainable_node_behavior =
                    Some("Schedule".to_string())
            },
        ),
    ]);
    // Spot pools have no surge to be zero (UPG-12).
    let spot = look(
        |i| {
            i.clusters[0].pools[1].spot = true;
            i.clusters[0].pools[1].upgrade.max_surge = Some(IntOrPercent::Int(0));
        },
        "192.168.0.0/16",
    );
    assert_eq!(said(&spot), []);
}

fn windows(inventory: &mut Inventory, image: &str) {
    let pool = &mut inventory.clusters[0].pools[1];
    pool.os_type = OsType::Windows;
    pool.node_image_version = Some(image.to_string());
}

#[test]
fn states_and_permission() {
    let with_schedule = |inventory: &mut Inventory, name: &str| {
        let cluster = &mut inventory.clusters[0];
        cluster.node_disruption_policy = Some("allowDuringMaintenanceWindow".to_string());
        cluster.maintenance = Some(vec![MaintenanceConfiguration {
            name: name.to_string(),
            not_understood: vec!["{}".to_string()],
            ..MaintenanceConfiguration::default()
        }]);
    };
    check(&[
        (
            &rule::MIG_12,
            BLOCKER,
            "Block",
            |i| i.clusters[0].node_disruption_policy = Some("block".to_string()),
            |i| i.clusters[0].node_disruption_policy = Some("Allow".to_string()),
        ),
        (
            &rule::MIG_14,
            BLOCKER,
            "stopped",
            |i| i.clusters[0].power_state = Some("stopped".to_string()),
            |i| i.clusters[0].power_state = Some("Running".to_string()),
        ),
        (
            &rule::MIG_14,
            BLOCKER,
            "provisioning state Updating",
            |i| i.clusters[0].provisioning_state = Some("Updating".to_string()),
            |i| i.clusters[0].provisioning_state = Some("succeeded".to_string()),
        ),
        (
            &rule::MIG_14,
            BLOCKER,
            "pool apps is in provisioning state Failed",
            |i| i.clusters[0].pools[1].provisioning_state = Some("Failed".to_string()),
            |i| i.clusters[0].pools[1].provisioning_state = Some("Succeeded".to_string()),
        ),
        (
            &rule::MIG_14,
            WARNING,
            "pool apps is stopped",
            |i| i.clusters[0].pools[1].power_state = Some("Stopped".to_string()),
            |i| i.clusters[0].pools[1].power_state = Some("Running".to_string()),
        ),
    ]);
    let trap = |name: &str| look(|i| with_schedule(i, name), "192.168.0.0/16");
    let loud = |found: &Eligibility| {
        found
            .obstacles
            .iter()
            .any(|o| o.rule.id == "MIG-12" && o.evidence.contains("forbids nothing"))
    };
    // The trap: another schedule is none.
    assert!(loud(&trap("aksManagedAutoUpgradeSchedule")));
    assert!(!loud(&trap("AksManagedNodeOSUpgradeSchedule")));
    let unread = look(
        |i| {
            with_schedule(i, "x");
            i.clusters[0].maintenance = None;
        },
        "192.168.0.0/16",
    );
    assert!(!loud(&unread) && unread.not_checked.iter().any(|s| s.contains("MIG-12")));
}

#[test]
fn addons() {
    fn delegated(inventory: &mut Inventory, vnet: usize, prefix: &str) {
        inventory.subnets[1].vnet = VnetIndex::new(vnet);
        inventory.subnets[1].prefixes = vec![net(prefix)];
        inventory.subnets[1].delegations =
            vec!["microsoft.servicenetworking/trafficControllers".to_string()];
    }
    check(&[
        (
            &rule::OVL_4,
            BLOCKER,
            "aciConnectorLinux",
            |i| i.clusters[0].addons.virtual_nodes = true,
            |i| i.clusters[0].addons.static_egress_gateway = true,
        ),
        (
            &rule::ADD_1,
            BLOCKER,
            "10.1.8.0/23",
            |i| delegated(i, 0, "10.1.8.0/23"),
            |i| delegated(i, 0, "10.1.8.0/24"),
        ),
        (
            &rule::ADD_1,
            BLOCKER,
            "10.1.8.0/25",
            |i| delegated(i, 0, "10.1.8.0/25"),
            // In another VNet it is another cluster's.
            |i| delegated(i, 1, "10.2.8.0/25"),
        ),
        (
            &rule::ADD_1,
            WARNING,
            "a few minutes",
            |i| i.clusters[0].addons.application_gateway_for_containers = true,
            |i| i.subnets[1].delegations = vec!["Microsoft.Web/serverFarms".to_string()],
        ),
        (
            &rule::ADD_2,
            WARNING,
            "Ingress Controller",
            |i| i.clusters[0].ingress_application_gateway = true,
            |_| {},
        ),
        (
            &rule::ADD_3,
            Severity::Info,
            "konnectivity",
            |i| i.clusters[0].api_server_vnet_integration = true,
            |i| i.clusters[0].private_cluster = true,
        ),
    ]);
}

#[test]
fn kubenet_and_ip_masq() {
    fn masq(inventory: &mut Inventory, name: &str) {
        let state = std::sync::Arc::make_mut(inventory.clusters[0].kubernetes.as_mut().unwrap());
        state.config_maps = vec![("kube-system".to_string(), name.to_string())];
    }
    fn shared(inventory: &mut Inventory, other: &str) {
        kubenet(inventory);
        inventory.subnets[0].route_table = Some(ResourceId::new("/rt/own"));
        inventory.subnets[1].route_table = Some(ResourceId::new(other));
    }
    fn listed(inventory: &mut Inventory, subnet: &str) {
        kubenet(inventory);
        inventory.subnets[0].route_table = Some(ResourceId::new("/rt/own"));
        inventory.route_tables = vec![RouteTable {
            id: Some(ResourceId::new("/RT/OWN")),
            name: "own".to_string(),
            routes: Vec::new(),
            subnets: vec![ResourceId::new(format!(
                "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/spoke/subnets/{subnet}"
            ))],
        }];
    }
    check(&[
        (
            &rule::MIG_7,
            BLOCKER,
            "azure-ip-masq-agent-config",
            |i| masq(i, "azure-ip-masq-agent-config"),
            |i| masq(i, "azure-ip-masq-agent-config-reconciled"),
        ),
        (
            &rule::MIG_8,
            BLOCKER,
            "user-assigned",
            |i| {
                kubenet(i);
                i.clusters[0].identity = Identity::SystemAssigned;
            },
            |i| i.clusters[0].identity = Identity::SystemAssigned,
        ),
        (
            &rule::MIG_9,
            BLOCKER,
            "spoke/others",
            |i| shared(i, "/RT/own"),
            |i| shared(i, "/rt/other"),
        ),
        (
            &rule::MIG_9,
            BLOCKER,
            "spoke/gateway",
            |i| listed(i, "gateway"),
            |i| listed(i, "NODES"),
        ),
        (
            &rule::MIG_24,
            WARNING,
            "IPv6",
            |i| {
                kubenet(i);
                i.clusters[0].network.pod_cidrs.push(net("fd00::/64"));
            },
            kubenet,
        ),
    ]);
}

/// The pod CIDR, and whether something of that severity and rule is said of it.
#[test]
fn pod_cidr_against_everything() {
    fn with_reserved(inventory: &mut Inventory) {
        inventory.reserved = vec![ReservedRange {
            cidr: net("192.168.4.0/24"),
            owner: "Frankfurt".to_string(),
        }];
    }
    fn with_service_object(inventory: &mut Inventory) {
        let state = std::sync::Arc::make_mut(inventory.clusters[0].kubernetes.as_mut().unwrap());
        state.service_cidrs = vec![ServiceCidr {
            name: "more".to_string(),
            cidrs: vec!["192.168.128.0/20".to_string()],
            ready: true,
        }];
    }
    fn routed(inventory: &mut Inventory) {
        inventory.subnets[0].route_table = Some(ResourceId::new("/rt/own"));
        inventory.route_tables = vec![RouteTable {
            id: Some(ResourceId::new("/rt/own")),
            name: "own".to_string(),
            routes: vec![Route {
                name: "aks-1".to_string(),
                prefix: Some(net("10.244.3.0/24")),
                next_hop_type: "VirtualAppliance".to_string(),
            }],
            subnets: Vec::new(),
        }];
    }
    fn routed_kubenet(inventory: &mut Inventory) {
        kubenet(inventory);
        routed(inventory);
    }
    let rows: &[(&str, Change, &Rule, Severity, &str, bool)] = &[
        // A subnet is an error, the VNet's space a warning.
        (
            "10.1.0.0/16",
            |_| {},
            &rule::MIG_10,
            BLOCKER,
            "subnet 10.1.0.0/22",
            true,
        ),
        (
            "10.1.128.0/17",
            |_| {},
            &rule::MIG_10,
            WARNING,
            "VNet 10.1.0.0/16",
            true,
        ),
        ("10.1.128.0/17", |_| {}, &rule::MIG_10, BLOCKER, "", false),
        (
            "10.2.0.0/16",
            |_| {},
            &rule::MIG_10,
            BLOCKER,
            "firewall",
            true,
        ),
        ("10.3.0.0/16", |_| {}, &rule::MIG_10, BLOCKER, "", false),
        (
            "172.20.0.0/16",
            |_| {},
            &rule::MIG_10,
            BLOCKER,
            "service CIDR",
            true,
        ),
        (
            "172.16.0.0/12",
            |_| {},
            &rule::CID_1,
            BLOCKER,
            "172.30.0.0/16",
            true,
        ),
        ("172.24.0.0/14", |_| {}, &rule::CID_1, BLOCKER, "", false),
        (
            "192.168.0.0/16",
            with_reserved,
            &rule::MIG_10,
            WARNING,
            "Frankfurt",
            true,
        ),
        (
            "192.168.64.0/18",
            with_reserved,
            &rule::MIG_10,
            WARNING,
            "",
            false,
        ),
        (
            "192.168.0.0/16",
            with_service_object,
            &rule::MIG_10,
            BLOCKER,
            "192.168.128.0/20",
            true,
        ),
        (
            "192.168.0.0/17",
            with_service_object,
            &rule::MIG_10,
            BLOCKER,
            "",
            false,
        ),
        (
            "10.244.0.0/16",
            routed,
            &rule::MIG_10,
            WARNING,
            "route 10.244.3.0/24",
            true,
        ),
        // kubenet's own routes go with the move.
        (
            "10.244.0.0/16",
            routed_kubenet,
            &rule::MIG_10,
            WARNING,
            "",
            false,
        ),
        (
            "20.0.0.0/16",
            |_| {},
            &rule::OVL_3,
            WARNING,
            "not private",
            true,
        ),
        ("100.64.0.0/16", |_| {}, &rule::OVL_3, WARNING, "", false),
        // 3 + 1 and 6 + 2 nodes: twelve blocks.
        (
            "192.168.0.0/21",
            |_| {},
            &rule::MIG_11,
            BLOCKER,
            "8 blocks",
            true,
        ),
        ("192.168.0.0/20", |_| {}, &rule::MIG_11, BLOCKER, "", false),
    ];
    for (pod_cidr, change, rule, severity, words, fires) in rows {
        let found = look(change, pod_cidr);
        let hit = found
            .obstacles
            .iter()
            .any(|o| o.rule.id == rule.id && o.severity == *severity && o.evidence.contains(words));
        assert_eq!(
            hit,
            *fires,
            "{pod_cidr} {} {words}: {:?}",
            rule.id,
            said(&found)
        );
    }
    // The ceiling of every pool, and the surge of all at once: 10 + 1 and 5 + 1 nodes are 17, one more than a /20 has.
    let at = |most: u64| {
        look(
            |i| {
                i.clusters[0].pools[0].autoscaler = Autoscaler::new(1, 10);
                i.clusters[0].pools[1].count = most;
                i.clusters[0].pools[1].upgrade.max_surge = Some(IntOrPercent::Int(1));
            },
            "192.168.0.0/20",
        )
        .obstacles
        .iter()
        .any(|o| o.rule.id == "MIG-11")
    };
    assert!(!at(4) && at(5));
}

/// Of a plan that sets another surge for the move, that one counts, once, whether it is less or more than today's.
#[test]
fn the_surge_of_a_plan_counts_and_not_that_of_today() {
    let surge = |apps: i64, used: u64| {
        let mut inventory = estate();
        inventory.subnets[0].used = Some(used);
        inventory.clusters[0].pools[1].upgrade.max_surge =
            Some(IntOrPercent::Int(apps.try_into().unwrap()));
        inventory
    };
    // 1,019 usable; the system's surge node takes 1 to 29 addresses, and each of the apps' as many.
    for (today, planned, used, expected) in [
        (2, 1, 900, vec![]),
        (
            2,
            1,
            970,
            vec![(Severity::Warning, "MIG-22", "take 2 addresses", "and 58 ")],
        ),
        (
            2,
            4,
            900,
            vec![(Severity::Warning, "MIG-22", "take 5 addresses", "and 145 ")],
        ),
        (
            2,
            4,
            1_016,
            vec![(
                Severity::Blocker,
                "MIG-21",
                "at least 5 addresses",
                "and 3 are free",
            )],
        ),
        (
            4,
            1,
            1_016,
            vec![
                (
                    Severity::Info,
                    "MIG-21",
                    "at least 5 addresses",
                    "and 3 are free",
                ),
                (Severity::Warning, "MIG-22", "take 2 addresses", "and 58 "),
            ],
        ),
    ] {
        let (now, then) = (surge(today, used), surge(planned, used));
        let found = planned_obstacles(
            (&now, &now.clusters[0]),
            (&then, &then.clusters[0]),
            &net("192.168.0.0/16"),
        );
        let of_surge: Vec<&Obstacle> = found
            .obstacles
            .iter()
            .filter(|o| ["MIG-21", "MIG-22"].contains(&o.rule.id))
            .collect();
        assert_eq!(of_surge.len(), expected.len(), "{:?}", said(&found));
        for (obstacle, (severity, rule, most, free)) in of_surge.iter().zip(&expected) {
            assert_eq!((obstacle.severity, obstacle.rule.id), (*severity, *rule));
            for words in [most, free] {
                assert!(obstacle.evidence.contains(*words), "{}", obstacle.evidence);
            }
            let is_gone = obstacle.remedy.contains("a step of the plan takes it away");
            assert_eq!(is_gone, *severity == Severity::Info, "{}", obstacle.remedy);
        }
    }
}

/// 251 usable in a /24; 3 system nodes with 1 and 3 user nodes with 2 surge nodes of 29.
#[test]
fn surge_of_all_pools_at_once() {
    let with_free = |free: u64| {
        move |i: &mut Inventory| {
            i.subnets[0].prefixes = vec![net("10.1.0.0/24")];
            i.subnets[0].used = Some(251 - free);
        }
    };
    let severity = |free: u64| {
        let found = look(with_free(free), "192.168.0.0/16");
        let hit: Vec<(Severity, &str)> = found
            .obstacles
            .iter()
            .filter(|o| ["MIG-21", "MIG-22"].contains(&o.rule.id))
            .map(|o| (o.severity, o.rule.id))
            .collect();
        hit
    };
    assert_eq!(severity(2), [(BLOCKER, "MIG-21")]);
    assert_eq!(severity(3), [(WARNING, "MIG-22")]);
    assert_eq!(severity(86), [(WARNING, "MIG-22")]);
    assert_eq!(severity(87), []);
    let mut inventory = estate();
    with_free(50)(&mut inventory);
    let peaks = surge_peaks(&inventory, &inventory.clusters[0]);
    assert_eq!(
        peaks,
        [SurgePeak {
            subnet: SubnetIndex::new(0),
            free: 50,
            hopeful: 3,
            cautious: 87,
            escape: 29,
            measured: true,
        }]
    );
    // The escape is only named as one where it fits.
    let remedy = |free: u64| {
        let found = look(with_free(free), "192.168.0.0/16");
        let hit = found.obstacles.into_iter().find(|o| o.rule.id == "MIG-22");
        hit.unwrap().remedy
    };
    assert!(remedy(29).starts_with("for the move set max_surge 0"));
    assert!(remedy(28).starts_with("free addresses first"));
    let unread = look(|i| i.subnets[0].used = None, "192.168.0.0/16");
    assert!(unread.not_checked.iter().any(|s| s.contains("NET-1")));
}

#[test]
fn sizes() {
    fn count(inventory: &mut Inventory, nodes: u64) {
        inventory.subnets[0].prefixes = vec![net("10.1.0.0/16")];
        inventory.clusters[0].pools[1].count = nodes;
    }
    fn many(inventory: &mut Inventory, pools: u64, each: u64) {
        let pool = inventory.clusters[0].pools[1].clone();
        inventory.clusters[0].pools.truncate(1);
        for number in 0..pools {
            let mut pool = pool.clone();
            pool.name = format!("p{number}");
            pool.count = each;
            inventory.clusters[0].pools.push(pool);
        }
    }
    check(&[
        // 999 and 2 of surge.
        (
            &rule::UPG_5,
            BLOCKER,
            "1,001",
            |i| count(i, 999),
            |i| count(i, 998),
        ),
        // 3 + 1 of the system pool, 6 pools of 831 + 2: 5,002; of 830 + 2: 4,996.
        (
            &rule::UPG_5,
            BLOCKER,
            "5,002",
            |i| many(i, 6, 831),
            |i| many(i, 6, 830),
        ),
        (
            &rule::UPG_5,
            BLOCKER,
            "blocks every",
            |i| many(i, 6, 833),
            |i| many(i, 6, 832),
        ),
        (
            &rule::KBN_1,
            WARNING,
            "401",
            |i| {
                kubenet(i);
                many(i, 1, 395);
            },
            |i| {
                kubenet(i);
                many(i, 1, 394);
            },
        ),
    ]);
}

#[test]
fn a_cluster_on_overlay_is_asked_nothing_more() {
    let found = look(
        |i| {
            i.clusters[0].network.overlay = true;
            i.clusters[0].network.policy = Some("azure".to_string());
            i.clusters[0].node_disruption_policy = Some("Block".to_string());
        },
        "10.1.0.0/16",
    );
    assert_eq!(found.blockers().count(), 0, "{:?}", said(&found));
}

#[test]
fn expansions() {
    let grow = |change: fn(&mut Inventory), to: &str| {
        let mut inventory = estate();
        inventory.clusters[0].network.overlay = true;
        inventory.clusters[0].network.pod_cidrs = vec![net("10.240.0.0/18")];
        change(&mut inventory);
        let found = expansion(&inventory, &inventory.clusters[0], &net(to));
        let blockers: Vec<&str> = found.blockers().map(|o| o.rule.id).collect();
        blockers
    };
    for (to, change, want) in [
        ("10.240.0.0/16", (|_| {}) as fn(&mut Inventory), &[][..]),
        ("10.240.0.0/18", |_| {}, &[]),
        // Smaller; beside it; other addresses.
        ("10.240.0.0/19", |_| {}, &["EXP-1"]),
        ("10.240.64.0/18", |_| {}, &["EXP-1"]),
        ("10.241.0.0/16", |_| {}, &["EXP-1"]),
        (
            "10.240.0.0/16",
            |i| i.clusters[0].pools[1].os_type = OsType::Windows,
            &["EXP-1"],
        ),
        (
            "10.240.0.0/16",
            |i| i.clusters[0].network.overlay = false,
            &["EXP-1"],
        ),
        (
            "10.240.0.0/16",
            |i| i.clusters[0].provisioning_state = Some("Updating".into()),
            &["MIG-14"],
        ),
        // The superset meets what the present range does not.
        (
            "10.240.0.0/16",
            |i| i.subnets[2].prefixes = vec![net("10.240.128.0/24")],
            &["MIG-10"],
        ),
    ] {
        assert_eq!(grow(change, to), want, "{to}");
    }
}

#[test]
fn what_was_not_read_is_said() {
    let found = look(
        |i| {
            i.clusters[0].kubernetes = Some(std::sync::Arc::new(KubernetesState::default()));
            i.clusters[0].maintenance = None;
            i.clusters[0].kubernetes_version = None;
            i.vnets[0].peerings[0].remote = ResourceId::new("/unread/vnet");
        },
        "192.168.0.0/16",
    );
    for rule in ["MIG-7", "MNT-2", "MIG-2", "CID-2", "VNet vnet"] {
        assert!(
            found.not_checked.iter().any(|s| s.contains(rule)),
            "{rule}: {:?}",
            found.not_checked
        );
    }
}

#[test]
fn windows_builds() {
    for (image, want) in [
        (
            "AKSWindows-2022-containerd-20348.2113.231115",
            Some((20348, 2113)),
        ),
        (
            "AKSUbuntu-2204gen2containerd-202401.09.0",
            Some((202_401, 9)),
        ),
        ("x", None),
    ] {
        assert_eq!(nodes::windows_build(image), want, "{image}");
    }
}
