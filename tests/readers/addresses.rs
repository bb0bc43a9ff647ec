//! Who holds which address: what interfaces, load balancers and private endpoints say, joined to subnets, and how `capacity`
//! names it.

use super::{fixture, inventory, problem};
use aksplan::capacity::{Scope, assess};
use aksplan::model::{HolderKind, Inventory};
use serde_json::{Value, json};

const NETWORK: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network";

fn estate() -> Inventory {
    let names = [
        "virtualNetworks",
        "subnets",
        "managedClusters",
        "natGateways",
        "networkInterfaces",
        "loadBalancers",
        "privateEndpoints",
    ];
    let texts: String = names
        .iter()
        .map(|name| fixture(&format!("arm/{name}.json")))
        .collect();
    inventory(texts)
}

fn held(inventory: &Inventory, subnet: &str) -> Vec<(String, HolderKind, String)> {
    let subnet = inventory
        .subnets
        .iter()
        .find(|known| known.name == subnet)
        .expect("it is in the fixtures");
    let all = subnet.addresses.iter();
    all.map(|held| {
        (
            held.address.to_string(),
            held.kind,
            held.holder.name().to_string(),
        )
    })
    .collect()
}

#[test]
fn each_address_has_one_holder() {
    let all = estate();
    let row = |address: &str, kind, name: &str| (address.to_string(), kind, name.to_string());
    assert_eq!(
        held(&all, "snet-nodes"),
        [
            row(
                "10.41.0.4",
                HolderKind::NetworkInterface,
                "aks-single-1-nic"
            ),
            row("10.41.0.200", HolderKind::NetworkInterface, "jump.nic.1"),
            row("10.41.0.201", HolderKind::PrivateEndpoint, "pe-ledger"),
            row(
                "10.41.0.209",
                HolderKind::LoadBalancer,
                "kubernetes-internal"
            ),
            row(
                "10.41.0.210",
                HolderKind::LoadBalancer,
                "kubernetes-internal"
            ),
        ]
    );
    assert_eq!(
        held(&all, "snet-dual"),
        [
            row("10.41.8.5", HolderKind::PrivateEndpoint, "pe-vault"),
            row("10.41.8.6", HolderKind::PrivateEndpoint, "pe-registry"),
            row("10.41.8.7", HolderKind::PrivateEndpoint, "pe-registry"),
            row("fd41:cafe:0:1::5", HolderKind::PrivateEndpoint, "pe-vault"),
        ],
        "the record of pe-vault is stale, and one of pe-registry leads elsewhere"
    );
    assert!(
        all.not_checked
            .iter()
            .all(|sentence| !sentence.contains("elsewhere") && !sentence.contains("far")),
        "a subnet that was not read is no mistake: {:?}",
        all.not_checked
    );
}

#[test]
fn gateways_name_their_subnets_and_subnets_their_gateway() {
    let all = estate();
    let gateways: Vec<(&str, u64, u64)> = all
        .nat_gateways
        .iter()
        .map(|gateway| {
            (
                gateway.name.as_str(),
                gateway.public_addresses,
                gateway.public_prefixes,
            )
        })
        .collect();
    assert_eq!(gateways, [("ng-harbour", 2, 1), ("ng-idle", 0, 0)]);
    let through: Vec<(&str, &str)> = all
        .subnets
        .iter()
        .filter_map(|subnet| Some((subnet.name.as_str(), subnet.nat_gateway.as_ref()?.name())))
        .collect();
    assert_eq!(through, [("snet-pods", "ng-harbour")]);
    for fields in [
        json!({"natGateway": {"id": format!("{NETWORK}/natGateways/n")}}),
        json!({"properties": {"addressPrefix": "10.0.0.0/24", "natGateway": {"id": format!("{NETWORK}/natGateways/n")}}}),
    ] {
        let mut subnet = json!({"id": format!("{NETWORK}/virtualNetworks/v/subnets/s")});
        subnet
            .as_object_mut()
            .expect("an object")
            .extend(fields.as_object().expect("an object").clone());
        let read = inventory(subnet.to_string());
        let gateway = read.subnets[0].nat_gateway.as_ref();
        assert_eq!(gateway.map(|id| id.name()), Some("n"), "{subnet}");
    }
}

fn interface(name: &str, address: &str) -> Value {
    json!({"id": format!("{NETWORK}/networkInterfaces/{name}"), "name": name, "properties": {"ipConfigurations": [
        {"name": "c", "properties": {"privateIPAddress": address, "subnet": {"id": format!("{NETWORK}/virtualNetworks/v/subnets/s")}}}]}})
}

#[test]
fn of_a_resource_read_twice_the_later_counts() {
    let subnet = json!({"id": format!("{NETWORK}/virtualNetworks/v/subnets/s"), "addressPrefix": "10.0.0.0/24"});
    let text = format!(
        "{}{}{}{}",
        interface("a", "10.0.0.4"),
        interface("b", "10.0.0.5"),
        subnet,
        interface("A", "10.0.0.6")
    );
    let all = inventory(&text);
    let addresses: Vec<(String, String, _)> = held(&all, "s")
        .into_iter()
        .map(|(address, kind, name)| (address, name, kind))
        .collect();
    let kind = HolderKind::NetworkInterface;
    let row = |address: &str, name: &str| (address.to_string(), name.to_string(), kind);
    assert_eq!(addresses, [row("10.0.0.5", "b"), row("10.0.0.6", "A")]);
    // One that gave its address up holds none.
    let gone = json!({"id": format!("{NETWORK}/networkInterfaces/a"), "properties": {"ipConfigurations": []}});
    assert_eq!(held(&inventory(format!("{text}{gone}")), "s").len(), 1);
}

#[test]
fn an_address_that_is_none_is_refused_with_its_place() {
    assert_eq!(
        problem(interface("a", "10.0.0.400").to_string()),
        "input:1:1: at properties.ipConfigurations[0].properties.privateIPAddress: `10.0.0.400` is not an IP address"
    );
    let endpoint = json!({"id": format!("{NETWORK}/privateEndpoints/p"), "subnet": {"id": "/s"},
        "customDnsConfigs": [{"ipAddresses": ["10.0.0.4", "x"]}]});
    assert_eq!(
        problem(endpoint.to_string()),
        "input:1:1: at customDnsConfigs[0].ipAddresses[1]: `x` is not an IP address"
    );
    let nameless = json!({"type": "Microsoft.Network/loadBalancers", "name": "l"});
    assert!(problem(nameless.to_string()).ends_with("at id: missing; expected the resource's id"));
}

fn report(inventory: &Inventory) -> String {
    let assessment = assess(inventory, &Scope::default());
    let document = aksplan::report::capacity::document(inventory, &assessment, "x");
    aksplan::report::markdown::render(&document)
}

#[test]
fn capacity_names_foreign_holders_and_changes_no_number() {
    let mut with = estate();
    // The fixtures' usages are older than its pools: more is held now.
    let nodes = with
        .subnets
        .iter_mut()
        .find(|known| known.name == "snet-nodes");
    nodes.expect("it is in the fixtures").used = Some(330);
    let mut without = with.clone();
    for subnet in &mut without.subnets {
        subnet.addresses.clear();
    }
    let named = report(&with);
    let line = named
        .lines()
        .find(|line| line.contains("vnet-harbour/snet-nodes") && line.contains("held by"))
        .unwrap_or_else(|| panic!("{named}"));
    assert!(
        line.ends_with(
            "held by network interface jump.nic.1 (10.41.0.200), load balancer kubernetes-internal (10.41.0.209, \
             10.41.0.210), private endpoint pe-ledger (10.41.0.201)"
        ),
        "{line}"
    );
    let fewer = report(&without);
    assert!(
        fewer.contains("network interface jump.nic.1 (1 address), load balancer kubernetes-internal (1 address)"),
        "from ipConfigurations: {fewer}"
    );
    let rest = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.contains("held by"));
        lines.map(str::to_string).collect()
    };
    assert_eq!(rest(&named), rest(&fewer));
}
