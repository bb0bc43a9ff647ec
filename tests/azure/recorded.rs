//! Recorded traffic of the real Azure Resource Manager, replayed over a socket: every exchange through the real client, every
//! resource it shows through the real binary.

use crate::binary::{Folder, run, snapshot};
use crate::cassettes::{Cassette, Exchange, cassettes, recordings};
use crate::client::{block_on, client};
use crate::composed::{Facts, moments, resources_of};
use crate::server::{Azure, Logged, Manners, Script, decoded};
use crate::world::World;
use aksplan::model::{Inventory, NetworkMode, NetworkPlugin};
use aksplan::source::azure::resource_graph::{Breadth, resources};
use aksplan::source::azure::{Failure, reads};
use azure_core::http::{Method, Request, Url};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Network reads, bring your own VNet, network profiles, node pools, Resource Graph, Service Operator.
const KINDS: [char; 6] = ['H', 'C', 'B', 'D', 'I', 'J'];

/// Answers as recorded: of each method and path one answer after the other, the last one for ever.
fn replay(cassette: &Cassette) -> Script {
    let mut answers: BTreeMap<(String, String), Vec<(u16, String)>> = BTreeMap::new();
    for exchange in &cassette.exchanges {
        let path = decoded(&exchange.path, false).to_ascii_lowercase();
        answers
            .entry((exchange.method.clone(), path))
            .or_default()
            .push((exchange.status, exchange.answer.clone()));
    }
    let position: Mutex<BTreeMap<(String, String), usize>> = Mutex::default();
    Arc::new(move |asked: &Logged| {
        let key = (asked.method.clone(), asked.path.to_ascii_lowercase());
        let recorded = answers.get(&key)?;
        let mut position = position.lock().expect("nobody panics here");
        let next = position.entry(key).or_default();
        let answer = recorded[(*next).min(recorded.len() - 1)].clone();
        *next += 1;
        Some(answer)
    })
}

fn method(exchange: &Exchange) -> Method {
    match exchange.method.as_str() {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "PATCH" => Method::Patch,
        "HEAD" => Method::Head,
        other => panic!("{other}"),
    }
}

/// What the client may ask for comes back as it was recorded, errors with their codes; what it may not ask for is not sent.
#[test]
fn every_recorded_exchange_goes_through_the_client_or_is_refused_by_it() {
    let Some(root) = recordings() else { return };
    let (mut answered, mut failed, mut not_sent) = (0, 0, 0);
    let mut carried_elsewhere: BTreeSet<String> = BTreeSet::new();
    let all = cassettes(&root, &KINDS);
    let exchanges: usize = all.iter().map(|cassette| cassette.exchanges.len()).sum();
    for cassette in &all {
        let azure = Azure::start(
            World::default(),
            Manners {
                script: Some(replay(cassette)),
                ..Manners::default()
            },
        );
        let client = client(&azure);
        for (number, exchange) in cassette.exchanges.iter().enumerate() {
            let place = format!(
                "{}#{number} {} {}{}",
                cassette.name, exchange.method, exchange.host, exchange.path
            );
            let target = format!("{}{}?{}", azure.endpoint(), exchange.path, exchange.query);
            let url = Url::parse(&target).unwrap_or_else(|error| panic!("{place}: {error}"));
            let mut request = Request::new(url, method(exchange));
            if exchange.method == "POST" {
                request.insert_header("content-type", "application/json");
                request.set_body(exchange.request.clone().into_bytes());
            }
            let allowed = reads::allowing(method(exchange), &exchange.path).is_some();
            let before = azure.log().len();
            let sent = block_on(client.send(request));
            let requests = azure.log().len() - before;
            match sent {
                Ok(response) => {
                    assert!(allowed && requests == 1, "{place}");
                    assert_eq!(u16::from(response.status()), exchange.status, "{place}");
                    assert_eq!(&response.body()[..], exchange.answer.as_bytes(), "{place}");
                    answered += 1;
                }
                Err(error) => match &error.failure {
                    Failure::NotSent(_) => {
                        assert!(!allowed && requests == 0, "{place}: {error}");
                        not_sent += 1;
                        if exchange.method == "GET"
                            && exchange.status == 200
                            && resources_of(exchange).is_none()
                        {
                            carried_elsewhere.insert(shape(&exchange.path));
                        }
                    }
                    Failure::Answer { status, code, .. } => {
                        assert!(allowed && requests == 1, "{place}: {error}");
                        assert_eq!(*status, exchange.status, "{place}");
                        let recorded = exchange.json()["error"]["code"].clone();
                        assert_eq!(code.as_deref(), recorded.as_str(), "{place}");
                        failed += 1;
                    }
                    other => panic!("{place}: {other}"),
                },
            }
        }
    }
    println!(
        "{exchanges} exchanges of {} cassettes: {answered} answered, {failed} answered with an error, {not_sent} not sent",
        all.len()
    );
    for shape in &carried_elsewhere {
        println!("never asked for: GET {shape}");
    }
    assert_eq!(answered + failed + not_sent, exchanges);
    let of = |kind: char| all.iter().filter(|cassette| cassette.kind == kind).count();
    assert_eq!(KINDS.map(of), [10, 4, 8, 14, 3, 14]);
    assert!(answered >= 200 && failed >= 40, "{answered} {failed}");
    // Nothing that holds a network or a cluster is among what the reader has no use for.
    for shape in carried_elsewhere {
        let ours = [
            "virtualnetworks",
            "virtualnetworks/*",
            "managedclusters",
            "managedclusters/*",
            "managedclusters/*/agentpools",
            "managedclusters/*/agentpools/*",
            "virtualnetworks/*/subnets/*",
        ];
        assert!(
            !ours.iter().any(|end| shape.ends_with(&format!("/{end}"))),
            "{shape}"
        );
    }
}

/// A path with `*` for every name, from the provider on.
fn shape(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    let Some((_, after)) = lower.split_once("/providers/") else {
        return "/subscriptions/*/resourcegroups/*".to_string();
    };
    let parts: Vec<&str> = after
        .split('/')
        .enumerate()
        .map(|(position, part)| {
            if position > 0 && position % 2 == 0 {
                "*"
            } else {
                part
            }
        })
        .collect();
    parts.join("/")
}

/// What the recording says is what the real binary writes down, at every moment of every cassette.
#[test]
fn every_recorded_resource_is_read_by_the_binary() {
    let Some(root) = recordings() else { return };
    let mut wrong = Vec::new();
    let (mut runs, mut clusters, mut pools, mut subnets, mut carried) = (0, 0, 0, 0, 0);
    let mut modes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for cassette in cassettes(&root, &KINDS) {
        carried += cassette.exchanges.iter().filter_map(resources_of).count();
        for (number, moment) in moments(&cassette).into_iter().enumerate() {
            let place = format!("{}@{number}", cassette.name);
            let azure = Azure::start(moment.world, Manners::default());
            let mut args = Vec::new();
            for id in &moment.subscriptions {
                args.extend(["--subscription", id]);
            }
            let (ran, inventory) = snapshot(&azure, &args);
            runs += 1;
            let Some(inventory) = inventory else {
                wrong.push(format!("{place}: {:?} {}", ran.code, ran.stderr));
                continue;
            };
            if ran.code != Some(0) {
                wrong.push(format!("{place}: {:?} {}", ran.code, ran.stderr));
            }
            let read = facts_of(&inventory);
            let missing = differences(&moment.facts, &read);
            if !missing.is_empty() {
                wrong.push(format!("{place}: {missing:?}"));
            }
            clusters += moment.facts.clusters.len();
            pools += moment.facts.pools.len();
            subnets += moment.facts.subnets.len();
            for cluster in &inventory.clusters {
                let picture = picture(cluster);
                let seen = modes.entry(cassette.name.clone()).or_default();
                if seen.last() != Some(&picture) {
                    seen.push(picture);
                }
            }
        }
    }
    println!(
        "{carried} recorded reads, {runs} runs: {clusters} clusters, {pools} pools, {subnets} subnets"
    );
    assert_eq!(wrong, Vec::<String>::new());
    assert!(
        carried >= 300 && runs >= 100 && clusters >= 70 && pools >= 100 && subnets >= 300,
        "{carried} {runs} {clusters} {pools} {subnets}"
    );
    for (cassette, wanted) in [
        ("test_aks_create_with_default_network", "kubenet 3×110"),
        ("test_aks_create_with_network_plugin_none", "none 3×250"),
        (
            "test_aks_create_with_overlay_network_plugin_mode",
            "overlay 1×250",
        ),
        (
            "test_aks_create_with_network_dataplane_cilium",
            "overlay 1×250",
        ),
        ("test_aks_create_network_cidr", "kubenet 3×110"),
        (
            "test_aks_nodepool_add_with_ossku_windows2025",
            "node_subnet 1×30",
        ),
        ("Test_AKS_ManagedCluster_20250801_CRUD", "overlay 1×250"),
        ("Test_AKS_ManagedCluster_20231001_CRUD", "node_subnet 1×30"),
    ] {
        let seen = modes.get(cassette).cloned().unwrap_or_default();
        assert!(
            seen.iter().any(|picture| picture.starts_with(wanted)),
            "{cassette}: {seen:?}"
        );
    }
}

/// `overlay 1×250`: mode, and each pool's nodes and ceiling of pods.
fn picture(cluster: &aksplan::model::Cluster) -> String {
    let pools: Vec<String> = cluster
        .pools
        .iter()
        .map(|pool| format!("{}×{}", pool.count, pool.max_pods))
        .collect();
    format!(
        "{} {}",
        cluster.mode().map_or("?", NetworkMode::key),
        pools.join(" ")
    )
}

/// An inventory in the words of a recording.
fn facts_of(inventory: &Inventory) -> Facts {
    let key = |id: &Option<aksplan::model::ResourceId>| {
        id.as_ref()
            .map(aksplan::model::ResourceId::key)
            .unwrap_or_default()
    };
    let mut facts = Facts::default();
    // A VNet without an id is the one that AKS makes itself, as it is documented to be.
    for vnet in inventory.vnets.iter().filter(|vnet| vnet.id.is_some()) {
        let mut space: Vec<String> = vnet.address_space.iter().map(ToString::to_string).collect();
        space.sort();
        facts.vnets.insert(key(&vnet.id), space);
        for peering in &vnet.peerings {
            facts.peerings.insert(
                format!("{} {}", key(&vnet.id), peering.name.to_ascii_lowercase()),
                peering.remote.key(),
            );
        }
    }
    for subnet in inventory.subnets.iter().filter(|subnet| !subnet.assumed) {
        let mut prefixes: Vec<String> = subnet.prefixes.iter().map(ToString::to_string).collect();
        prefixes.sort();
        let held = subnet
            .holders
            .iter()
            .flatten()
            .map(|holder| holder.addresses)
            .sum();
        facts.subnets.insert(key(&subnet.id), (prefixes, held));
    }
    for cluster in &inventory.clusters {
        let id = key(&cluster.id);
        let network = &cluster.network;
        facts.clusters.insert(
            id.clone(),
            (
                network
                    .plugin
                    .as_ref()
                    .map(NetworkPlugin::word)
                    .unwrap_or_default()
                    .to_string(),
                if network.overlay {
                    "overlay".to_string()
                } else {
                    String::new()
                },
                network
                    .pod_cidr_v4()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
        );
        for pool in &cluster.pools {
            facts.pools.insert(
                format!("{id} {}", pool.name.to_ascii_lowercase()),
                (
                    pool.count,
                    (!pool.max_pods_defaulted).then_some(u64::from(pool.max_pods)),
                    pool.autoscaler
                        .map(|bounds| (bounds.min_count, bounds.max_count)),
                ),
            );
        }
    }
    for table in &inventory.route_tables {
        facts
            .route_tables
            .insert(key(&table.id), table.routes.len());
    }
    facts
}

/// What was recorded and is not what was read. (What AKS is known to make itself may come on top.)
fn differences(recorded: &Facts, read: &Facts) -> Vec<String> {
    fn of<T: PartialEq + std::fmt::Debug>(
        what: &str,
        recorded: &BTreeMap<String, T>,
        read: &BTreeMap<String, T>,
    ) -> Vec<String> {
        let missing = recorded
            .iter()
            .filter(|(key, value)| read.get(*key) != Some(value))
            .map(|(key, value)| {
                format!("{what} {key}: recorded {value:?}, read {:?}", read.get(key))
            });
        let invented = read
            .keys()
            .filter(|key| !recorded.contains_key(*key))
            .map(|key| format!("{what} {key}: read, and never recorded"));
        missing.chain(invented).collect()
    }
    [
        of("VNet", &recorded.vnets, &read.vnets),
        of("subnet", &recorded.subnets, &read.subnets),
        of("peering", &recorded.peerings, &read.peerings),
        of("cluster", &recorded.clusters, &read.clusters),
        of("pool", &recorded.pools, &read.pools),
        of("route table", &recorded.route_tables, &read.route_tables),
    ]
    .concat()
}

/// The subscription-wide list of 59 VNets, as it was on 2023-02-07: who holds how many addresses in each subnet.
#[test]
fn a_node_holds_29_addresses_on_linux_and_31_on_windows_in_the_recorded_list() {
    let Some(root) = recordings() else { return };
    let golden = std::fs::read_to_string(root.join("golden/real_subnet_occupancy_2023-02-07.json"))
        .expect("it is in the index");
    let golden: Value = serde_json::from_str(&golden).expect("JSON");
    let all = cassettes(&root, &['H']);
    let list = all
        .iter()
        .filter(|cassette| cassette.name == "test_network_vnet")
        .flat_map(|cassette| &cassette.exchanges)
        .filter_map(resources_of)
        .find(|members| members.len() > 50)
        .expect("the list of 59 VNets");
    let mut world = World::default();
    for vnet in &list {
        world.put(vnet);
    }
    let subscription =
        crate::world::segment(list[0]["id"].as_str().expect("an id"), "subscriptions")
            .expect("a subscription")
            .to_string();
    world.subscriptions.push(crate::world::Subscription {
        id: subscription.clone(),
        name: "Recorded".to_string(),
    });
    let azure = Azure::start(
        world,
        Manners {
            page_size: 7,
            gzip: true,
            ..Manners::default()
        },
    );
    let (ran, inventory) = snapshot(&azure, &["--subscription", &subscription]);
    let inventory = inventory.unwrap_or_else(|| panic!("{ran:?}"));
    assert_eq!(inventory.vnets.len(), 59);
    let mut nodes = 0;
    for wanted in golden["subnets"].as_array().expect("a list") {
        let text = |field: &str| wanted[field].as_str().expect("a text");
        let index = inventory
            .subnet_indices()
            .find(|index| {
                let subnet = inventory.subnet(*index);
                let vnet = inventory.vnet(subnet.vnet);
                subnet.name == text("subnet")
                    && vnet.name == text("vnet")
                    && vnet
                        .resource_group
                        .as_deref()
                        .is_some_and(|group| group.eq_ignore_ascii_case(text("resource_group")))
            })
            .unwrap_or_else(|| panic!("{wanted}"));
        let subnet = inventory.subnet(index);
        assert_eq!(subnet.cidr_text(), text("prefix"));
        let holders = subnet.holders.as_deref().expect("they were read");
        let held: u64 = holders.iter().map(|holder| holder.addresses).sum();
        assert_eq!(Some(held), wanted["ip_configurations"].as_u64(), "{wanted}");
        // `scale-set#machine` → addresses.
        let mut sets: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (consumer, addresses) in wanted["per_consumer"].as_object().expect("consumers") {
            if let Some((set, _)) = consumer.split_once('#') {
                let sum = sets.entry(set).or_default();
                sum.0 += 1;
                sum.1 += addresses.as_u64().expect("a number");
            }
        }
        for (set, (machines, addresses)) in sets {
            let holder = holders
                .iter()
                .find(|holder| holder.name.eq_ignore_ascii_case(set))
                .unwrap_or_else(|| panic!("{set}: {holders:?}"));
            assert_eq!(
                (holder.machines, holder.addresses),
                (machines, addresses),
                "{set}"
            );
            if set.starts_with("aks") {
                nodes += machines;
                let each = if set.starts_with("aks-default") {
                    29
                } else {
                    31
                };
                assert_eq!(addresses, machines * each, "{set}");
            }
        }
    }
    assert_eq!(nodes, 18, "16 Linux nodes and 2 Windows nodes");
    let folder = Folder::new();
    let ran = run(
        &azure,
        &folder,
        &["capacity", "--subscription", &subscription, "-o", "json"],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let shown: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let rows = shown["subnets"].as_array().expect("a row a subnet");
    assert_eq!(
        rows.iter()
            .filter(|row| row.to_string().contains("147"))
            .count(),
        2,
        "two subnets hold 147 addresses"
    );
}

/// Resource Graph as recorded: its rows come through, and a recording that goes on for ever ends in a word and not in a loop.
#[test]
fn recorded_pages_of_resource_graph_are_read() {
    let Some(root) = recordings() else { return };
    let mut rows = BTreeMap::new();
    for cassette in cassettes(&root, &['I']) {
        let manners = Manners {
            script: Some(replay(&cassette)),
            ..Manners::default()
        };
        let azure = Azure::start(World::default(), manners);
        let found = block_on(resources(&client(&azure), &Breadth::Everything, &["x"]));
        let goes_on = cassette.exchanges[0].json().get("$skipToken").is_some();
        assert_eq!(found.listed.failure.is_some(), goes_on, "{}", cassette.name);
        assert!(azure.log().len() <= 2, "{}", cassette.name);
        for (row, recorded) in found.listed.items.iter().zip(
            cassette.exchanges[0].json()["data"]
                .as_array()
                .expect("rows"),
        ) {
            assert_eq!(&serde_json::from_str::<Value>(row).expect("JSON"), recorded);
        }
        rows.insert(cassette.name, found.listed.items.len());
    }
    let counts: Vec<usize> = rows.into_values().collect();
    assert_eq!(counts, [2, 2, 6], "the page of three is answered twice");
}
