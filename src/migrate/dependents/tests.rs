//! Each kind of dependent with one that depends and one that just does not; security rules against a naive oracle.

use super::security::{Need, denied};
use super::*;
use crate::model::workload::{Service, ServicePort};
use crate::model::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn net(text: &str) -> IpNet {
    parse_cidr(text).unwrap()
}

const NODES: &str = "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/spoke/subnets/nodes";
const NSG: &str =
    "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/networkSecurityGroups/own";

/// A node-subnet cluster in 10.1.0.0/24: node 10.1.0.4, pod shop/web-1 at 10.1.0.7 behind service shop/web, a load balancer at
/// 10.1.0.200; a second cluster in a peered VNet.
fn estate() -> Inventory {
    serde_json::from_value(json!({
        "vnets": [
            { "name": "spoke", "address_space": ["10.1.0.0/16"], "peerings": [{ "name": "p", "remote": "hub" }] },
            { "name": "hub", "address_space": ["10.2.0.0/16"] },
        ],
        "subnets": [
            { "vnet": 0, "id": NODES, "name": "nodes", "prefixes": ["10.1.0.0/24"],
              "addresses": [{ "address": "10.1.0.200", "kind": "load_balancer", "holder": "/lb" }] },
            { "vnet": 1, "name": "far", "prefixes": ["10.2.0.0/24"] },
        ],
        "application_gateways": [], "private_dns_zones": [],
        "clusters": [
            {
                "name": "shop", "network": { "plugin": "azure" },
                "pools": [{ "name": "p", "count": 1, "max_pods": 30, "subnet": 0 }],
                "kubernetes": {
                    "kinds": ["Pod", "Node", "Service"],
                    "nodes": [{ "name": "n", "addresses": ["10.1.0.4"] }],
                    "pods": [
                        { "namespace": "shop", "name": "web-1", "labels": { "app": "web", "v": "2" }, "pod_ips": ["10.1.0.7"] },
                        { "namespace": "kube-system", "name": "proxy", "host_network": true, "pod_ips": ["10.1.0.4"] },
                    ],
                    "services": [
                        { "namespace": "shop", "name": "web", "kind": "ClusterIP", "selector": { "app": "web" },
                          "ports": [{ "port": 80, "target_port": "8080" }] },
                        { "namespace": "other", "name": "web", "kind": "ClusterIP", "selector": { "app": "web" },
                          "ports": [{ "port": 80 }] },
                        { "namespace": "shop", "name": "api", "kind": "ClusterIP", "selector": { "app": "api" },
                          "ports": [{ "port": 80 }] },
                    ],
                },
            },
            {
                "name": "far", "network": { "plugin": "azure" },
                "pools": [{ "name": "p", "count": 1, "max_pods": 30, "subnet": 1 }],
                "kubernetes": { "kinds": ["Pod"] },
            },
        ],
    }))
    .unwrap()
}

/// The estate with parts of it replaced by JSON pointer.
fn with(parts: &[(&str, Value)]) -> Inventory {
    let mut value = serde_json::to_value(estate()).unwrap();
    for (pointer, part) in parts {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = value
            .pointer_mut(parent)
            .unwrap_or_else(|| panic!("{pointer}"));
        match parent {
            Value::Array(list) if key == "-" => list.push(part.clone()),
            Value::Array(list) => list[key.parse::<usize>().unwrap()] = part.clone(),
            _ => parent[key] = part.clone(),
        }
    }
    serde_json::from_value(value).unwrap()
}

fn look(inventory: &Inventory) -> Dependents {
    dependents(
        inventory,
        &inventory.clusters[0],
        Some(&net("192.168.0.0/16")),
    )
}

/// What is found of a kind: how sure, and its services.
fn found(inventory: &Inventory, kind: DependentKind) -> Vec<(Sureness, Vec<String>)> {
    let all = look(inventory).found;
    let of_kind = all.into_iter().filter(|dependent| dependent.kind == kind);
    of_kind
        .map(|dependent| {
            assert!(!dependent.breaks.is_empty() && !dependent.remedy.is_empty());
            (dependent.sure, dependent.services)
        })
        .collect()
}

/// Rows of a kind: the part of the estate, and how sure it is (`None`: nothing is found).
fn check(kind: DependentKind, rows: &[(&str, Value, Option<Sureness>)]) {
    for (pointer, part, want) in rows {
        let inventory = with(&[(pointer, part.clone())]);
        let got: Vec<Sureness> = found(&inventory, kind)
            .iter()
            .map(|(sure, _)| *sure)
            .collect();
        let want: Vec<Sureness> = want.iter().copied().collect();
        assert_eq!(got, want, "{kind:?}: {part}");
    }
}

use Sureness::{Certain, Likely, Possible};

#[test]
fn a_cluster_that_is_known_has_its_peer_and_no_more() {
    let kinds: Vec<DependentKind> = look(&estate()).found.iter().map(|d| d.kind).collect();
    assert_eq!(kinds, [DependentKind::PeeredNetwork]);
    let mut overlay = estate();
    overlay.clusters[0].network.overlay = true;
    assert_eq!(look(&overlay), Dependents::default());
}

#[test]
fn gateways_and_names() {
    let gateway = |address: &str| json!([{ "name": "edge", "backend_pools": [{ "name": "web", "addresses": [address], "host_names": ["10.1.0.7.example"] }] }]);
    check(
        DependentKind::ApplicationGateway,
        &[
            ("/application_gateways", gateway("10.1.0.7"), Some(Certain)),
            // Every pod was read, and none is there: one that went, or a machine.
            ("/application_gateways", gateway("10.1.0.9"), Some(Possible)),
            // A node, a load balancer, another subnet.
            ("/application_gateways", gateway("10.1.0.4"), None),
            ("/application_gateways", gateway("10.1.0.200"), None),
            ("/application_gateways", gateway("10.1.1.7"), None),
        ],
    );
    let unread = with(&[
        ("/application_gateways", gateway("10.1.0.9")),
        ("/clusters/0/kubernetes", Value::Null),
    ]);
    assert_eq!(
        found(&unread, DependentKind::ApplicationGateway),
        [(Likely, vec![])]
    );
    let zone = |address: &str| json!([{ "name": "corp", "records": [{ "name": "web", "addresses": ["10.9.9.9", address] }] }]);
    check(
        DependentKind::PrivateDnsRecord,
        &[
            ("/private_dns_zones", zone("10.1.0.7"), Some(Certain)),
            ("/private_dns_zones", zone("10.1.0.200"), None),
        ],
    );
    // The service is that of the pod's own namespace whose whole selector matches.
    let known = with(&[("/application_gateways", gateway("10.1.0.7"))]);
    assert_eq!(
        found(&known, DependentKind::ApplicationGateway),
        [(Certain, vec!["shop/web".to_string()])]
    );
    // An ExternalName of another cluster that leads there by a record.
    let named = |target: &str| {
        with(&[
            ("/private_dns_zones", zone("10.1.0.7")),
            (
                "/clusters/1/kubernetes/services",
                json!([{ "namespace": "a", "name": "b", "kind": "ExternalName", "external_name": target }]),
            ),
        ])
    };
    assert_eq!(
        found(&named("WEB.corp."), DependentKind::ExternalName).len(),
        1
    );
    assert_eq!(
        found(&named("api.corp"), DependentKind::ExternalName).len(),
        0
    );
}

#[test]
fn a_controllers_gateway_is_its_own_affair() {
    let own = |cluster: &str| {
        let mut inventory = with(&[(
            "/application_gateways",
            json!([{ "name": "edge", "ingress_controller": true, "cluster": cluster,
                     "backend_pools": [{ "name": "web", "addresses": ["10.1.0.7"] }] }]),
        )]);
        inventory.clusters[0].id = Some(ResourceId::new("/clusters/shop"));
        let all = look(&inventory).found;
        let one = all
            .into_iter()
            .find(|dependent| dependent.kind == DependentKind::ApplicationGateway)
            .unwrap();
        (one.sure, one.manifest.is_some())
    };
    assert_eq!(own("/CLUSTERS/shop"), (Possible, false));
    assert_eq!(own("/clusters/another"), (Certain, true));
}

#[test]
fn kubernetes_objects() {
    let policy = |direction: &str, cidr: &str| json!([{ "namespace": "shop", "name": "p", "ip_blocks": [{ "direction": direction, "cidr": cidr }] }]);
    let here = "/clusters/0/kubernetes/network_policies";
    let far = "/clusters/1/kubernetes/network_policies";
    check(
        DependentKind::NetworkPolicy,
        &[
            (here, policy("Ingress", "10.1.0.7/32"), Some(Certain)),
            (here, policy("Ingress", "10.1.0.0/24"), Some(Possible)),
            // A node stays where it is.
            (here, policy("Ingress", "10.1.0.4/32"), None),
            (here, policy("Egress", "192.168.7.0/24"), Some(Possible)),
            (here, policy("Egress", "172.16.0.0/12"), None),
            (here, policy("Egress", "0.0.0.0/0"), None),
            // From another cluster the whole subnet keeps its meaning: pods come with their node's address.
            (far, policy("Ingress", "10.1.0.0/24"), None),
            (far, policy("Ingress", "10.1.0.0/29"), Some(Certain)),
            (far, policy("Egress", "10.1.0.0/24"), Some(Possible)),
            (far, policy("Egress", "192.168.7.0/24"), None),
        ],
    );
    let slice = |managed_by: &str| json!([{ "namespace": "a", "name": "b", "managed_by": managed_by, "addresses": ["10.1.0.7"] }]);
    for (place, manager, want) in [
        (0, "me", Some(Certain)),
        (0, "endpointslice-controller.k8s.io", None),
        (1, "endpointslicemirroring-controller.k8s.io", Some(Certain)),
    ] {
        let pointer = format!("/clusters/{place}/kubernetes/endpoint_slices");
        check(
            DependentKind::EndpointSlice,
            &[(&pointer, slice(manager), want)],
        );
    }
    let ingress = |class: &str| json!([{ "namespace": "shop", "name": "i", "class": class, "services": ["web"] }]);
    let ingresses = "/clusters/0/kubernetes/ingresses";
    check(
        DependentKind::ApplicationGateway,
        &[
            (
                ingresses,
                ingress("azure/application-gateway"),
                Some(Possible),
            ),
            (ingresses, ingress("nginx"), None),
        ],
    );
    let headless = |namespace: &str, selector: Value| {
        json!({ "namespace": namespace, "name": "db", "kind": "ClusterIP", "headless": true, "selector": selector,
                "ports": [{ "port": 5432 }] })
    };
    let services = "/clusters/0/kubernetes/services/-";
    check(
        DependentKind::HeadlessService,
        &[
            (
                services,
                headless("data", json!({ "app": "db" })),
                Some(Possible),
            ),
            (
                services,
                headless("kube-system", json!({ "app": "db" })),
                None,
            ),
            (services, headless("data", json!({})), None),
        ],
    );
}

#[test]
fn ways_to_the_pods() {
    let table = |prefix: &str| json!([{ "id": "/rt", "name": "rt", "routes": [{ "name": "r", "prefix": prefix, "next_hop_type": "VirtualAppliance" }] }]);
    check(
        DependentKind::Route,
        &[
            ("/route_tables", table("10.1.0.0/24"), Some(Possible)),
            ("/route_tables", table("10.1.0.7/32"), Some(Certain)),
            ("/route_tables", table("10.1.0.4/32"), None),
            ("/route_tables", table("10.0.0.0/8"), None),
            ("/route_tables", table("0.0.0.0/0"), None),
        ],
    );
    let peering = |remote_gateway: bool| json!([{ "name": "p", "remote": "hub", "use_remote_gateways": remote_gateway }]);
    check(
        DependentKind::OnPremises,
        &[
            ("/vnets/0/peerings", peering(true), Some(Possible)),
            ("/vnets/0/peerings", peering(false), None),
        ],
    );
    let rule = |inbound: bool, source: &str, destination: &str| {
        json!([{ "name": "else", "rules": [{ "name": "r", "priority": 100, "inbound": inbound, "allow": true, "protocol": "*",
                 "sources": [{ "prefix": source }], "destinations": [{ "prefix": destination }] }] }])
    };
    check(
        DependentKind::SecurityRuleElsewhere,
        &[
            (
                "/security_groups",
                rule(true, "10.1.0.7/32", "10.2.0.0/24"),
                Some(Certain),
            ),
            (
                "/security_groups",
                rule(true, "10.1.0.128/26", "10.2.0.0/24"),
                Some(Possible),
            ),
            // All of the subnet holds for its nodes.
            (
                "/security_groups",
                rule(true, "10.1.0.0/24", "10.2.0.0/24"),
                None,
            ),
            (
                "/security_groups",
                rule(true, "10.1.0.4/32", "10.2.0.0/24"),
                None,
            ),
            (
                "/security_groups",
                rule(false, "10.2.0.0/24", "10.1.0.7/32"),
                Some(Certain),
            ),
            (
                "/security_groups",
                rule(false, "10.1.0.7/32", "10.2.0.0/24"),
                None,
            ),
        ],
    );
}

fn end(text: &str) -> SecurityEnd {
    match text {
        "*" => SecurityEnd::Any,
        _ => parse_cidr(text)
            .map_or_else(|_| SecurityEnd::Tag(text.to_string()), SecurityEnd::Prefix),
    }
}

fn security_rule(priority: u32, allow: bool, from: &str, to: &str, port: &str) -> SecurityRule {
    SecurityRule {
        name: format!("r{priority}"),
        priority,
        inbound: true,
        allow,
        protocol: "*".to_string(),
        sources: vec![end(from)],
        destinations: vec![end(to)],
        source_ports: vec!["*".to_string()],
        destination_ports: vec![port.to_string()],
    }
}

fn guarded(rules: Vec<SecurityRule>) -> Inventory {
    let mut inventory = estate();
    inventory.subnets[0].security_group = Some(ResourceId::new(NSG));
    inventory.security_groups = vec![NetworkSecurityGroup {
        id: Some(ResourceId::new(NSG.to_uppercase())),
        name: "own".to_string(),
        rules,
        subnets: Vec::new(),
    }];
    inventory
}

/// What each need is denied by, and how surely.
fn denials(rules: Vec<SecurityRule>) -> Vec<(String, Vec<Need>, Sureness)> {
    let inventory = guarded(rules);
    let (hits, unread) = denied(&inventory, &inventory.clusters[0], &net("192.168.0.0/16"));
    assert_eq!(unread, []);
    hits.into_iter()
        .map(|hit| (hit.rule.name.clone(), hit.needs, hit.sure))
        .collect()
}

#[test]
fn security_rules_by_priority() {
    use Need::*;
    let r = security_rule;
    let (nodes, pods) = ("10.1.0.0/24", "192.168.0.0/16");
    let deny = || r(4_000, false, "*", "*", "*");
    type Denials = Vec<(&'static str, Vec<Need>, Sureness)>;
    let rows: Vec<(&str, Vec<SecurityRule>, Denials)> = vec![
        ("no rules", vec![], vec![]),
        (
            "deny all",
            vec![deny()],
            vec![("r4000", vec![NodeToNode, NodeToPods, PodsToPods], Certain)],
        ),
        // The cluster that breaks: only the subnet is let in.
        (
            "the subnet alone",
            vec![r(100, true, nodes, nodes, "*"), deny()],
            vec![("r4000", vec![NodeToPods, PodsToPods], Certain)],
        ),
        (
            "all three",
            vec![
                r(100, true, nodes, "*", "*"),
                r(110, true, pods, pods, "*"),
                deny(),
            ],
            vec![],
        ),
        // The order written is not the order that counts.
        (
            "priority",
            vec![r(200, true, "*", "*", "*"), r(150, false, "*", "*", "*")],
            vec![("r150", vec![NodeToNode, NodeToPods, PodsToPods], Certain)],
        ),
        // Some ports are not all ports.
        (
            "ports",
            vec![r(100, true, "*", "*", "443"), deny()],
            vec![("r4000", vec![NodeToNode, NodeToPods, PodsToPods], Likely)],
        ),
        (
            "the same port",
            vec![
                r(100, true, "*", "*", "443"),
                r(200, false, "*", "*", "443"),
            ],
            vec![],
        ),
        // Whether pods count to the VNet is not documented.
        (
            "the VNet's tag",
            vec![
                r(100, true, "VirtualNetwork", "VirtualNetwork", "*"),
                deny(),
            ],
            vec![("r4000", vec![NodeToPods, PodsToPods], Likely)],
        ),
        (
            "another tag",
            vec![r(100, false, "AzureLoadBalancer", "*", "*")],
            vec![],
        ),
        (
            "other addresses",
            vec![r(100, false, "10.9.0.0/16", "*", "*")],
            vec![],
        ),
        (
            "a part of the pods",
            vec![r(100, false, "192.168.7.0/24", "*", "*")],
            vec![("r100", vec![PodsToPods], Certain)],
        ),
    ];
    for (what, rules, want) in rows {
        let want: Vec<(String, Vec<Need>, Sureness)> = want
            .into_iter()
            .map(|(name, needs, sure)| (name.to_string(), needs, sure))
            .collect();
        assert_eq!(denials(rules), want, "{what}");
    }
    // Blockers of eligibility are the certain ones.
    let severity = |rules| {
        let inventory = guarded(rules);
        let found = crate::migrate::obstacles(&inventory, &inventory.clusters[0], Some(&net(pods)));
        let hit = found.obstacles.into_iter().find(|o| o.rule.id == "OVL-5");
        hit.map(|o| o.severity)
    };
    use crate::finding::Severity;
    assert_eq!(severity(vec![deny()]), Some(Severity::Blocker));
    assert_eq!(
        severity(vec![
            r(1, true, nodes, nodes, "*"),
            r(2, true, "VirtualNetwork", "*", "*"),
            deny()
        ]),
        Some(Severity::Warning)
    );
    assert_eq!(severity(vec![]), None);
    let mut unread = guarded(vec![]);
    unread.security_groups.clear();
    assert!(
        look(&unread)
            .not_known
            .iter()
            .any(|known| known.what.contains("security group own"))
    );
}

proptest! {
    /// Packet by packet, as Azure decides: where no need is said to be denied, every packet of every need passes; and where a
    /// denial is certain, some packet of it does not.
    #[test]
    fn no_packet_is_forgotten(rules in proptest::collection::vec((any::<bool>(), 0usize..6, 0usize..6, 0usize..3), 0..6)) {
        const ENDS: [&str; 6] = ["*", "10.1.0.0/24", "10.1.0.0/25", "192.168.0.0/16", "192.168.0.0/17", "10.9.0.0/16"];
        const PORTS: [&str; 3] = ["*", "443", "80"];
        let rules: Vec<SecurityRule> = rules
            .into_iter()
            .enumerate()
            .map(|(place, (allow, from, to, port))| {
                security_rule(100 + place as u32, allow, ENDS[from], ENDS[to], PORTS[port])
            })
            .collect();
        let passes = |from: &str, to: &str, port: &str| {
            let holds = |ends: &[SecurityEnd], address: &str| {
                let address: std::net::IpAddr = address.parse().unwrap();
                ends.iter().any(|end| match end {
                    SecurityEnd::Any => true,
                    SecurityEnd::Prefix(prefix) => prefix.contains(&address),
                    _ => false,
                })
            };
            rules
                .iter()
                .find(|rule| {
                    holds(&rule.sources, from)
                        && holds(&rule.destinations, to)
                        && ["*", port].contains(&rule.destination_ports[0].as_str())
                })
                .is_none_or(|rule| rule.allow)
        };
        let nodes = ["10.1.0.1", "10.1.0.129"];
        let pods = ["192.168.0.1", "192.168.128.1"];
        let found = denials(rules.clone());
        for (need, sources, destinations) in [
            (Need::NodeToNode, nodes, nodes),
            (Need::NodeToPods, nodes, pods),
            (Need::PodsToPods, pods, pods),
        ] {
            let all_pass = sources.iter().all(|from| destinations.iter().all(|to| {
                ["443", "80", "22"].iter().all(|port| passes(from, to, port))
            }));
            let said = found.iter().any(|(_, needs, _)| needs.contains(&need));
            prop_assert!(all_pass || said, "{need:?} is denied and nothing says so: {rules:?}");
        }
        for (rule, needs, sure) in &found {
            // Of one need alone: the sureness of several is that of the surest.
            if let (Sureness::Certain, [need]) = (sure, needs.as_slice()) {
                let (sources, destinations) = match need {
                    Need::NodeToNode => (nodes, nodes),
                    Need::NodeToPods => (nodes, pods),
                    Need::PodsToPods => (pods, pods),
                };
                let some_stops = sources.iter().any(|from| destinations.iter().any(|to| {
                    ["443", "80", "22"].iter().any(|port| !passes(from, to, port))
                }));
                prop_assert!(some_stops, "{rule} certainly denies {need:?}, and everything passes: {rules:?}");
            }
        }
    }
}

#[test]
fn manifests_are_yaml_whatever_the_names() {
    let service = Service {
        namespace: "shop: {evil}\n".to_string(),
        name: "w".repeat(63),
        selector: [
            ("app\"".to_string(), "true".to_string()),
            ("v".to_string(), "2".to_string()),
        ]
        .into(),
        ports: vec![
            ServicePort {
                port: 80,
                target_port: Some("8080".to_string()),
                ..ServicePort::default()
            },
            ServicePort {
                port: 53,
                target_port: Some("dns".to_string()),
                protocol: Some("UDP".to_string()),
                ..ServicePort::default()
            },
        ],
        ..Service::default()
    };
    let yaml = balancer::manifest(&service).unwrap();
    let read: Value = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(
        read,
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": format!("{}-internal", "w".repeat(54)),
                "namespace": "shop: {evil}\n",
                "annotations": { "service.beta.kubernetes.io/azure-load-balancer-internal": "true" },
            },
            "spec": {
                "type": "LoadBalancer",
                "selector": { "app\"": "true", "v": "2" },
                "ports": [
                    { "name": "port-0", "port": 80, "targetPort": 8080, "protocol": "TCP" },
                    { "name": "port-1", "port": 53, "targetPort": "dns", "protocol": "UDP" },
                ],
            },
        })
    );
    let bare = Service {
        selector: Default::default(),
        ..service
    };
    assert_eq!(balancer::manifest(&bare), None);
}

#[test]
fn what_cannot_be_known_comes_with_a_way_to_find_out() {
    let known = look(&estate()).not_known;
    let query = known
        .iter()
        .find_map(|known| {
            known
                .query
                .as_ref()
                .filter(|query| query.contains("NTANetAnalytics"))
        })
        .unwrap();
    // The subnet's range is filled in, and nodes, which stay where they are, are left out.
    assert!(
        query.contains("let pods = dynamic([\"10.1.0.0/24\"]);"),
        "{query}"
    );
    assert!(
        query.contains("let nodes = dynamic([\"10.1.0.4/32\"]);"),
        "{query}"
    );
    assert!(known.iter().all(|known| !known.how_to_find_out.is_empty()));
    assert!(
        known
            .iter()
            .any(|known| known.what.contains("Azure Firewall"))
    );
    let mut unread = estate();
    unread.application_gateways = None;
    unread.private_dns_zones = None;
    unread.clusters[1].kubernetes = None;
    for words in [
        "application gateways were not read",
        "private DNS zones were not read",
        "other clusters were not read (far)",
    ] {
        let all = look(&unread).not_known;
        assert!(
            all.iter().any(|known| known.what.contains(words)),
            "{words}"
        );
        assert!(
            known.iter().all(|known| !known.what.contains(words)),
            "{words}"
        );
    }
}

#[test]
fn sorted_and_readable_again() {
    let inventory = guarded(vec![security_rule(100, false, "*", "*", "*")]);
    let all = look(&inventory);
    assert!(
        all.found
            .is_sorted_by_key(|dependent| (dependent.sure, dependent.kind))
    );
    let text = serde_json::to_string(&all).unwrap();
    assert_eq!(serde_json::from_str::<Dependents>(&text).unwrap(), all);
}
