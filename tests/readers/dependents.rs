//! Security groups, application gateways, private DNS and add-ons as `az … -o json` and Azure Resource Manager print them.

use super::{inventory, problem};
use aksplan::model::{Addons, IpNet, ResourceId, SecurityEnd, parse_cidr};
use serde_json::{Value, json};

const NETWORK: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network";

fn net(text: &str) -> IpNet {
    parse_cidr(text).unwrap()
}

/// A resource of ARM's dialect, and the same as `az` prints it: flattened, nested resources as well.
fn both(arm: &Value) -> [String; 2] {
    fn flat(value: &Value) -> Value {
        match value {
            Value::Array(list) => list.iter().map(flat).collect(),
            Value::Object(fields) => {
                let mut out = serde_json::Map::new();
                for (key, value) in fields {
                    match value {
                        Value::Object(inner) if key == "properties" => {
                            out.extend(inner.iter().map(|(key, value)| (key.clone(), flat(value))));
                        }
                        _ => drop(out.insert(key.clone(), flat(value))),
                    }
                }
                Value::Object(out)
            }
            other => other.clone(),
        }
    }
    [arm.to_string(), flat(arm).to_string()]
}

fn rule(changes: Value) -> Value {
    let mut properties = json!({
        "priority": 200, "direction": "Inbound", "access": "Deny", "protocol": "Tcp",
        "sourceAddressPrefix": "VirtualNetwork", "destinationAddressPrefixes": ["10.0.0.7", "10.1.2.3/16", "10.2.0.0/16"],
        "sourcePortRange": "*", "destinationPortRanges": ["80", "8000-8100"], "sourceAddressPrefixes": [],
        "destinationApplicationSecurityGroups": [{"id": "/asg/web"}],
    });
    let fields = properties.as_object_mut().unwrap();
    fields.extend(changes.as_object().unwrap().clone());
    json!({
        "id": format!("{NETWORK}/networkSecurityGroups/nsg"), "name": "nsg", "type": "Microsoft.Network/networkSecurityGroups",
        "properties": {
            "securityRules": [{"name": "deny", "id": format!("{NETWORK}/networkSecurityGroups/nsg/securityRules/deny"),
                               "properties": properties}],
            "defaultSecurityRules": [{"name": "AllowVnetInBound", "properties": {"priority": 65000}}],
            "subnets": [{"id": format!("{NETWORK}/virtualNetworks/v/subnets/b")}],
        },
    })
}

#[test]
fn security_groups_and_the_subnets_they_guard() {
    let vnet = json!({
        "id": format!("{NETWORK}/virtualNetworks/v"), "name": "v", "type": "Microsoft.Network/virtualNetworks",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/8"]},
            "subnets": [
                {"name": "a", "id": format!("{NETWORK}/virtualNetworks/v/subnets/a"), "properties": {
                    "addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": "/another"}}},
                {"name": "b", "id": format!("{NETWORK}/virtualNetworks/v/subnets/b"), "properties": {"addressPrefix": "10.0.1.0/24"}},
                {"name": "c", "id": format!("{NETWORK}/virtualNetworks/v/subnets/c"), "properties": {"addressPrefix": "10.0.2.0/24"}},
            ],
        },
    });
    for (group, vnet) in both(&rule(json!({}))).iter().zip(both(&vnet)) {
        let read = inventory(format!("{group}{vnet}"));
        let guards: Vec<Option<&str>> = read
            .subnets
            .iter()
            .map(|subnet| subnet.security_group.as_ref().map(ResourceId::name))
            .collect();
        assert_eq!(guards, [Some("another"), Some("nsg"), None]);
        let group = &read.security_groups[0];
        // Azure's default rules are the same everywhere.
        assert_eq!(group.rules.len(), 1);
        let rule = &group.rules[0];
        assert_eq!(
            (rule.priority, rule.inbound, rule.allow),
            (200, true, false)
        );
        assert_eq!(
            rule.sources,
            [SecurityEnd::Tag("VirtualNetwork".to_string())]
        );
        assert_eq!(
            rule.destinations,
            [
                SecurityEnd::Prefix(net("10.0.0.7/32")),
                SecurityEnd::Prefix(net("10.1.0.0/16")),
                SecurityEnd::Prefix(net("10.2.0.0/16")),
                SecurityEnd::Group(ResourceId::new("/asg/web")),
            ]
        );
        assert_eq!(rule.destination_ports, ["80", "8000-8100"]);
    }
}

/// What a firewall does is not guessed.
#[test]
fn rules_that_say_neither_allow_nor_deny_are_refused() {
    for (changes, path) in [
        (json!({"access": "Maybe"}), "access"),
        (json!({"access": null}), "access"),
        (json!({"direction": "Sideways"}), "direction"),
        (json!({"priority": null}), "priority"),
        (json!({"priority": 70_000}), "priority"),
    ] {
        let said = problem(rule(changes.clone()).to_string());
        assert!(
            said.contains(&format!("securityRules[0].properties.{path}")),
            "{changes}: {said}"
        );
    }
}

#[test]
fn application_gateways_and_their_controllers() {
    let gateway = |tags: Value| {
        json!({
            "id": format!("{NETWORK}/applicationGateways/edge"), "name": "edge", "type": "Microsoft.Network/applicationGateways",
            "tags": tags,
            "properties": {
                "gatewayIPConfigurations": [{"name": "g", "properties": {"subnet": {"id": "/subnet/gw"}}}],
                "backendAddressPools": [
                    {"name": "web", "properties": {"backendAddresses": [{"ipAddress": "10.0.0.7"}, {"fqdn": "web.corp"}, {"fqdn": "10.0.0.8"}]}},
                    {"name": "empty", "properties": {}},
                ],
                "sslCertificates": [{"name": "c", "properties": {"data": "secret"}}],
            },
        })
    };
    for text in both(&gateway(
        json!({"owner": "us", "ingress-for-aks-cluster-id": "/clusters/shop"}),
    )) {
        let read = inventory(text);
        let gateways = read.application_gateways.unwrap();
        let edge = &gateways[0];
        assert!(edge.ingress_controller);
        assert_eq!(edge.cluster, Some(ResourceId::new("/clusters/shop")));
        assert_eq!(edge.subnets, [ResourceId::new("/subnet/gw")]);
        let pool = &edge.backend_pools[0];
        let addresses: Vec<String> = pool.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["10.0.0.7", "10.0.0.8"]);
        assert_eq!(pool.host_names, ["web.corp"]);
        assert!(!format!("{gateways:?}").contains("secret"));
    }
    for (tags, managed) in [
        (json!({"managed-by-k8s-ingress": "1.7.5"}), true),
        (json!({"Managed-By-K8S-Ingress": null}), true),
        (json!({"owner": "us"}), false),
        (json!(null), false),
    ] {
        let read = inventory(gateway(tags.clone()).to_string());
        assert_eq!(
            read.application_gateways.unwrap()[0].ingress_controller,
            managed,
            "{tags}"
        );
    }
    // Nothing that was read says whether there are any.
    let none = inventory(rule(json!({})).to_string());
    assert_eq!(
        (none.application_gateways, none.private_dns_zones),
        (None, None)
    );
}

#[test]
fn private_dns_zones_take_in_their_records() {
    let zone = json!({"id": format!("{NETWORK}/privateDnsZones/corp"), "name": "corp", "type": "Microsoft.Network/privateDnsZones", "properties": {}});
    let record = |name: &str, address: &str| {
        json!({
            "id": format!("{NETWORK}/privateDnsZones/corp/A/{name}"), "name": name, "type": "Microsoft.Network/privateDnsZones/A",
            "properties": {"ttl": 60, "aRecords": [{"ipv4Address": address}, {"ipv4Address": "10.0.0.9"}]},
        })
    };
    for (zone, [web, api]) in both(&zone).into_iter().zip([0, 1].map(|dialect| {
        [record("web", "10.0.0.7"), record("api", "10.0.0.8")]
            .map(|value| both(&value)[dialect].clone())
    })) {
        let unread = inventory(zone.clone()).private_dns_zones.unwrap();
        assert_eq!(unread[0].records, None);
        // With its zone or without it.
        for text in [format!("{zone}{web}{api}"), format!("{web}{api}")] {
            let zones = inventory(text).private_dns_zones.unwrap();
            assert_eq!((zones.len(), zones[0].name.as_str()), (1, "corp"));
            let records = zones[0].records.as_ref().unwrap();
            let names: Vec<(&str, usize)> = records
                .iter()
                .map(|r| (r.name.as_str(), r.addresses.len()))
                .collect();
            assert_eq!(names, [("web", 2), ("api", 2)]);
        }
    }
    let said = problem(record("web", "nowhere").to_string());
    assert!(said.contains("aRecords[0].ipv4Address"), "{said}");
}

#[test]
fn addons_that_the_move_asks_about() {
    let addons = |properties: Value| {
        let mut properties = properties;
        properties["agentPoolProfiles"] = json!([{"name": "p", "count": 1, "mode": "System"}]);
        let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c";
        let body = json!({"id": id, "name": "c", "type": "Microsoft.ContainerService/ManagedClusters", "properties": properties});
        both(&body).map(|text| inventory(text).clusters[0].addons)
    };
    let none = Addons::default();
    for (properties, want) in [
        (
            json!({"addonProfiles": {"aciConnectorLinux": {"enabled": true, "config": {"SubnetName": "x"}}}}),
            Addons {
                virtual_nodes: true,
                ..none
            },
        ),
        (
            json!({"addonProfiles": {"aciConnectorLinux": {"enabled": false}}}),
            none,
        ),
        (
            json!({"networkProfile": {"networkPlugin": "azure", "staticEgressGatewayProfile": {"enabled": true}}}),
            Addons {
                static_egress_gateway: true,
                ..none
            },
        ),
        (
            json!({"ingressProfile": {"applicationLoadBalancer": {"enabled": true}}}),
            Addons {
                application_gateway_for_containers: true,
                ..none
            },
        ),
        (
            json!({"ingressProfile": {"webAppRouting": {"enabled": true}}}),
            none,
        ),
    ] {
        assert_eq!(addons(properties.clone()), [want, want], "{properties}");
    }
}
