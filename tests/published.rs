//! Numbers that others published or measured: Microsoft's planning examples, layouts of public reference architectures, and
//! what real subnets held. Each must come out of the same code that answers users.

mod ask;

use aksplan::capacity::assess::{Assessment, Scope, assess};
use aksplan::capacity::cost::{self, node_cost, static_blocks};
use aksplan::capacity::growth::Books;
use aksplan::capacity::{limits, modes};
use aksplan::model::{ClusterIndex, Inventory, NetworkMode, OsType, cidr, parse_cidr};
use aksplan::predict::Outcome;
use aksplan::source::{Found, read_document};
use ask::{ask, recorded};
use serde_json::{Value, json};

const PLANNING: &str = "recordings/golden/ip_planning_golden.json";
const OCCUPANCY: &str = "recordings/golden/real_subnet_occupancy_2023-02-07.json";

fn planning() -> Option<Value> {
    Some(serde_json::from_str(&recorded(PLANNING)?).expect("the recording is JSON"))
}

fn number(value: &Value, field: &str) -> Option<u64> {
    value.get(field)?.as_u64()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// `/24` or `/21 or larger` → 24, 21.
fn length(words: &str) -> u8 {
    let digits: String = words
        .trim_start_matches('/')
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().expect("a prefix length")
}

fn inventory(document: &Value) -> Inventory {
    read_document("published", document.to_string().as_bytes())
        .and_then(Found::assemble)
        .unwrap_or_else(|error| panic!("{error}"))
        .current
}

/// One cluster in one subnet, everything else left to Azure.
fn scenario(subnet: &str, plugin: &str, overlay: bool, pools: Value) -> Value {
    let mut cluster = json!({ "name": "cluster", "network_plugin": plugin, "service_cidr": "172.16.0.0/16", "pools": pools });
    if overlay {
        cluster["network_plugin_mode"] = json!("overlay");
    }
    json!({
        "apiVersion": "aksplan/v1",
        "name": "published",
        "virtual_networks": [{ "name": "vnet", "address_space": ["10.0.0.0/8"], "subnets": [{ "name": "aks", "cidr": subnet }] }],
        "clusters": [cluster],
    })
}

fn whole(inventory: &Inventory) -> Assessment {
    assess(inventory, &Scope::default())
}

fn of<'a>(examples: &'a Value, field: &str) -> Vec<&'a Value> {
    let rows = examples["ms_learn_examples"].as_array().expect("a list");
    let found: Vec<&Value> = rows.iter().filter(|row| row.get(field).is_some()).collect();
    assert!(!found.is_empty(), "no example has `{field}`");
    found
}

/// `(nodes + surge) + (nodes + surge) * max_pods`: 1,581 and 1,891, both in a /21.
#[test]
fn the_documented_formula() {
    let Some(golden) = planning() else { return };
    for row in of(&golden, "expected") {
        let [nodes, surge, max_pods] =
            ["nodes", "surge", "max_pods"].map(|field| number(row, field).expect("a number"));
        let pools = json!([{ "name": "apps", "count": nodes, "max_pods": max_pods, "max_surge": surge, "subnet": "aks" }]);
        let inventory = inventory(&scenario("10.0.0.0/20", "azure", false, pools));
        let planned = whole(&inventory).subnets[0].planned.ceiling_with_surge;
        assert_eq!(Some(planned), number(row, "expected"), "{row}");
        let smallest = cidr::smallest_subnet_for(planned);
        assert_eq!(smallest, Some(length(text(row, "fits"))), "{row}");
    }
}

/// A /24 holds 251 kubenet nodes and 8 of Azure CNI with 30 pods.
#[test]
fn the_largest_cluster_of_a_subnet() {
    let Some(golden) = planning() else { return };
    for row in of(&golden, "max_nodes") {
        let max_pods = number(row, "max_pods_per_node").expect("a number");
        let kubenet = text(row, "network_plugin") == "kubenet";
        let mode = if kubenet {
            NetworkMode::Kubenet
        } else {
            NetworkMode::NodeSubnet
        };
        let subnet = format!("10.0.0.0{}", text(row, "subnet"));
        let plugin = if kubenet { "kubenet" } else { "azure" };
        let pools = json!([{ "name": "apps", "count": 1, "max_pods": max_pods, "subnet": "aks" }]);
        let inventory = inventory(&scenario(&subnet, plugin, false, pools));
        let rows = modes::compare(&Books::of(&inventory), ClusterIndex::new(0), None);
        let largest = rows
            .iter()
            .find(|row| row.mode == mode)
            .expect("every mode has a row")
            .largest;
        assert_eq!(Some(largest), number(row, "max_nodes"), "{row}");
        assert_eq!(
            Some(largest * max_pods),
            number(row, "max_pods_total"),
            "{row}"
        );
        // The documentation's own cost, one more than max_pods, gives the same cluster.
        let planned = node_cost(mode, OsType::Linux, max_pods as u32)
            .node_subnet
            .planned;
        let usable = cidr::usable(&parse_cidr(&subnet).unwrap());
        assert_eq!(Some(usable / planned), number(row, "max_nodes"), "{row}");
    }
    for row in of(&golden, "nodes_range") {
        // "20 to 25 nodes in a /27" leaves room for upgrades: all of them fit the 27 usable addresses.
        let usable =
            cidr::usable(&parse_cidr(&format!("10.0.0.0{}", text(row, "subnet"))).unwrap());
        let range = row["nodes_range"].as_array().unwrap();
        let pods = row["pods_range"].as_array().unwrap();
        for (nodes, pods) in range.iter().zip(pods) {
            let nodes = nodes.as_u64().unwrap();
            assert!(nodes <= usable, "{row}");
            let each = NetworkMode::Kubenet.default_max_pods();
            assert_eq!(Some(nodes * u64::from(each)), pods.as_u64(), "{row}");
        }
    }
}

#[test]
fn sizes_defaults_and_limits() {
    let Some(golden) = planning() else { return };
    for row in of(&golden, "usable") {
        let subnet = parse_cidr(&format!("10.0.0.0{}", text(row, "subnet"))).unwrap();
        assert_eq!(Some(cidr::usable(&subnet)), number(row, "usable"));
        let block = length(text(row, "per_node_pod_block"));
        assert_eq!(1u64 << (32 - block), cost::POD_CIDR_PER_NODE);
        assert_eq!(
            number(row, "max_pods_per_node"),
            Some(u64::from(*limits::MAX_PODS.end()))
        );
    }
    for row in of(&golden, "default_max_pods") {
        let defaults = &row["default_max_pods"];
        for (field, mode) in [
            ("overlay", NetworkMode::Overlay),
            ("pod_subnet", NetworkMode::PodSubnetDynamic),
            ("pod_subnet", NetworkMode::PodSubnetStaticBlock),
            ("node_subnet", NetworkMode::NodeSubnet),
            ("kubenet", NetworkMode::Kubenet),
        ] {
            assert_eq!(
                number(defaults, field),
                Some(u64::from(mode.default_max_pods())),
                "{field}"
            );
        }
        assert_eq!(
            number(row, "min"),
            Some(u64::from(*limits::MAX_PODS.start()))
        );
        assert_eq!(number(row, "max"), Some(u64::from(*limits::MAX_PODS.end())));
    }
    for row in of(&golden, "rule") {
        let rule = text(row, "rule");
        if rule.contains("kubenet max") {
            assert!(
                rule.contains(&format!("{} nodes", limits::KUBENET_NODES)),
                "{rule}"
            );
        } else if rule.contains("on start") {
            assert!(
                rule.contains(&format!("{} IPs per node", cost::POD_SUBNET_BATCH)),
                "{rule}"
            );
        }
    }
}

/// /28 blocks: max_pods 30 → 2 blocks, 31 usable, 1 wasted; 31 → none wasted; 32 → 3 blocks, 15 wasted.
#[test]
fn static_blocks_table() {
    let Some(golden) = planning() else { return };
    for row in of(&golden, "cases") {
        assert_eq!(
            row["columns"],
            json!(["max_pods", "blocks", "usable", "wasted"])
        );
        for case in row["cases"].as_array().unwrap() {
            let [max_pods, blocks, usable, wasted] =
                [0, 1, 2, 3].map(|column| case[column].as_u64().expect("a number"));
            assert_eq!(static_blocks(max_pods), blocks, "{case}");
            let held = node_cost(
                NetworkMode::PodSubnetStaticBlock,
                OsType::Linux,
                max_pods as u32,
            )
            .pod_subnet
            .expect("the mode has a pod subnet")
            .held;
            assert_eq!(held - 1, usable, "{case}");
            assert_eq!(held - 1 - max_pods, wasted, "{case}");
        }
    }
}

/// The expansion of the documentation is accepted; the way back and a range beside it are not.
#[test]
fn pod_cidr_expansion() {
    let Some(golden) = planning() else { return };
    for row in of(&golden, "pod_cidr_from") {
        let (from, to) = (text(row, "pod_cidr_from"), text(row, "pod_cidr_to"));
        for (from, to, outcome) in [
            (from, to, Outcome::Accepted),
            (to, from, Outcome::Rejected),
            (from, "192.168.0.0/16", Outcome::Rejected),
        ] {
            let pools = json!([{ "name": "apps", "count": 3, "subnet": "aks" }]);
            let mut estate = scenario("10.0.0.0/22", "azure", true, pools);
            estate["clusters"][0]["pod_cidr"] = json!(from);
            let before = inventory(&estate);
            let mut after = before.clone();
            after.clusters[0].network.pod_cidrs = vec![parse_cidr(to).unwrap()];
            let cluster = ClusterIndex::new(0);
            let prediction = aksplan::predict::predict(&aksplan::predict::Wish {
                before: &before,
                cluster_before: Some(cluster),
                after: &after,
                cluster,
                changes: vec![aksplan::model::Change::Update],
            });
            assert_eq!(
                prediction.outcome, outcome,
                "{from} to {to}: {:?}",
                prediction.errors
            );
        }
    }
}

fn pools_of(list: &Value) -> Vec<Value> {
    let pools = list.as_array().expect("a list of pools");
    pools
        .iter()
        .enumerate()
        .map(|(position, pool)| {
            let min = number(pool, "min");
            let mut made = json!({
                "name": pool.get("name").cloned().unwrap_or_else(|| json!(format!("pool{position}"))),
                "count": number(pool, "count").or(min),
                "min_count": min,
                "max_count": number(pool, "max"),
                "max_pods": number(pool, "maxPods"),
                "max_surge": pool.get("maxSurge"),
                "os_type": text(pool, "os").starts_with("Windows").then_some("Windows"),
                "subnet": "aks",
            });
            made.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            made
        })
        .collect()
}

/// The reference architectures: what is derived from their templates.
#[test]
fn reference_architectures() {
    let Some(golden) = planning() else { return };
    for layout in golden["iac_cluster_layouts"].as_array().expect("a list") {
        let source = text(layout, "source");
        let subnets = layout["subnets"].as_object().expect("subnets by name");
        let node_subnet = ["snet-clusternodes", "aks"]
            .iter()
            .find_map(|name| subnets.get(*name))
            .and_then(Value::as_str);
        let derived = &layout["derived"];
        let (Some(node_subnet), Some(lists)) = (
            node_subnet,
            Some(
                ["pools", "pools_tf"]
                    .iter()
                    .filter_map(|field| layout.get(*field))
                    .collect::<Vec<_>>(),
            ),
        ) else {
            continue;
        };
        for list in lists {
            let pools = json!(pools_of(list));
            let overlay = layout["network"]["mode"] == "overlay"
                || text(layout, "network_tf").contains("overlay");
            let mut estate = scenario(node_subnet, "azure", overlay, pools.clone());
            if overlay && let Some(range) = layout["network"]["podCidr"].as_str() {
                estate["clusters"][0]["pod_cidr"] = json!(range);
            }
            let assessment = whole(&inventory(&estate));
            let row = &assessment.subnets[0];
            if let Some(nodes) = number(derived, "node_ips_at_max_plus_surge") {
                assert_eq!(row.demand.ceiling_with_surge, nodes, "{source}");
                assert_eq!(Some(row.usable), number(derived, "usable_22"), "{source}");
                assert_eq!(
                    Some(assessment.pod_cidrs[0].nodes),
                    number(derived, "pod_blocks_in_16"),
                    "{source}"
                );
                let surge = derived["surge_at_max"].as_array().unwrap();
                let inventory = inventory(&estate);
                for (pool, surge) in inventory.clusters[0].pools.iter().zip(surge) {
                    let made = aksplan::capacity::surge::surge_nodes(pool, pool.ceiling());
                    assert_eq!(Some(made), surge.as_u64(), "{source}, pool {}", pool.name);
                }
            }
            // "if the pools were node-subnet: 3*109+3*249=1074 > 251; overlay: 6 nodes OK"
            if let Some(words) = derived.as_str() {
                let created = |overlay: bool| {
                    let mut estate = scenario(node_subnet, "azure", overlay, pools.clone());
                    let cluster = estate["clusters"][0].take();
                    estate["clusters"] = json!([]);
                    estate["operations"] = json!([{ "create": cluster }]);
                    ask(&estate.to_string()).prediction
                };
                let flat = created(false);
                assert_eq!(flat.outcome, Outcome::Rejected);
                let (wanted, there) = (
                    flat.errors[0].preallocated.unwrap(),
                    flat.errors[0].available.unwrap(),
                );
                assert!(
                    words.contains(&format!("={wanted} > {there}")),
                    "{source}: {words}: {wanted} of {there}"
                );
                let overlay = created(true);
                assert_eq!(
                    overlay.outcome,
                    Outcome::Accepted,
                    "{source}: {:?}",
                    overlay.errors
                );
                let nodes: u64 = overlay
                    .demand
                    .iter()
                    .filter(|row| row.subnet == "aks")
                    .map(|row| row.addresses)
                    .sum();
                assert!(
                    words.contains(&format!("overlay: {nodes} nodes OK")),
                    "{source}: {nodes}"
                );
            }
        }
    }
}

/// Three pools in three subnets are three sums, each compared with its own subnet.
#[test]
fn pools_in_several_subnets_are_counted_apart() {
    let Some(golden) = planning() else { return };
    let layouts = golden["iac_cluster_layouts"].as_array().expect("a list");
    let several = layouts
        .iter()
        .find(|layout| text(layout, "note").contains("three pools in three different subnets"))
        .expect("the layout is recorded");
    let subnets: Vec<(&String, &Value)> = several["subnets"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.contains("nodepool"))
        .collect();
    // Names of pools are parts of their subnets' names: system, in-scope, out-of-scope.
    let subnet_of = |pool: &str| {
        let word = pool.replace('-', "");
        let named = subnets
            .iter()
            .find(|(name, _)| name.trim_start_matches("snet-cluster-").starts_with(&word));
        named.expect("every pool has a subnet").0.clone()
    };
    let mut estate = scenario("10.250.0.0/24", "azure", false, json!([]));
    estate["virtual_networks"][0]["subnets"] = subnets
        .iter()
        .map(|(name, cidr)| json!({ "name": name, "cidr": cidr }))
        .collect();
    let mut pools = pools_of(&several["pools"]);
    for pool in &mut pools {
        let subnet = subnet_of(pool["name"].as_str().unwrap());
        pool["subnet"] = json!(subnet);
    }
    let surged: Vec<u64> = pools
        .iter()
        .map(|pool| pool["max_count"].as_u64().unwrap())
        .collect();
    estate["clusters"][0]["pools"] = json!(pools);
    let assessment = whole(&inventory(&estate));
    let mut rows: Vec<u64> = assessment
        .subnets
        .iter()
        .map(|row| row.demand.ceiling)
        .collect();
    let mut expected: Vec<u64> = surged.iter().map(|nodes| nodes * 29).collect();
    rows.sort_unstable();
    expected.sort_unstable();
    assert_eq!(rows, expected);
}

/// The AKS baseline's own table. Its node row plans 60 addresses a node, `max_pods` twice, and leaves one node out of the
/// product: `(N + U) + (N + U - 1) * 60 + 5`. That is neither what the service counts (CLS-3) nor the documented formula (CLS-1),
/// and the cluster it was made for has been on Overlay since; aksplan does not implement it. What holds for every row is that
/// the published prefix is at least as large as the smallest that aksplan would choose for the row's addresses.
#[test]
fn the_baseline_table_is_never_smaller_than_ours() {
    let Some(golden) = planning() else { return };
    let table = &golden["aks_baseline_topology_table"];
    for row in table["rows"].as_array().expect("a list") {
        let reserved = number(row, "reserved").expect("a number");
        assert_eq!(reserved, cidr::AZURE_RESERVED);
        let scaled = number(row, "scaled_subnet_size").expect("a number");
        let mask = number(row, "mask").expect("a number");
        let smallest = cidr::smallest_subnet_for(scaled - reserved).expect("it fits IPv4");
        assert!(u64::from(smallest) >= mask, "{row}: /{smallest}");
        let published = parse_cidr(text(row, "cidr")).unwrap();
        assert_eq!(u64::from(published.prefix_len()), mask);
        if let Some(holders) = ["instances", "max_ips", "private_endpoints"]
            .iter()
            .filter_map(|field| number(row, field))
            .max()
            .filter(|holders| *holders > 0)
        {
            assert!(holders <= cidr::usable(&published), "{row}");
        }
        if let (Some(nodes), Some(max_pods)) = (number(row, "nodes"), number(row, "max_pods")) {
            let upgrade = number(row, "upgrade_nodes").unwrap();
            let each = number(row, "tot_ips_per_node").unwrap();
            let theirs = |nodes: u64| (nodes + upgrade) + (nodes + upgrade - 1) * each + reserved;
            assert_eq!(Some(theirs(nodes)), number(row, "min_subnet_size"));
            let extra = number(row, "extra_nodes").unwrap();
            assert_eq!(
                Some(theirs(nodes + extra)),
                number(row, "scaled_subnet_size")
            );
            let documented = (nodes + upgrade) * (max_pods + 1);
            assert!(documented <= theirs(nodes), "ours is the smaller plan");
        }
    }
}

/// A pod CIDR of a /22 has four node blocks, and the default one of that template lies in its own VNet.
#[test]
fn a_default_pod_cidr_inside_its_vnet() {
    let Some(golden) = planning() else { return };
    let layouts = golden["iac_cluster_layouts"].as_array().expect("a list");
    let layout = layouts
        .iter()
        .find(|layout| layout.get("podCidr_default").is_some())
        .expect("the layout is recorded");
    let estate = json!({
        "apiVersion": "aksplan/v1",
        "name": "published",
        "virtual_networks": [{
            "name": "vnet",
            "address_space": [layout["vnet"]],
            "subnets": [{ "name": "aks", "cidr": layout["subnets"]["aks"] }],
        }],
        "operations": [{ "create": {
            "name": "cluster",
            "network_plugin": "azure",
            "network_plugin_mode": "overlay",
            "pod_cidr": layout["podCidr_default"],
            "service_cidr": "172.16.0.0/16",
            "pools": [{ "name": "system", "count": 5, "max_pods": 30, "subnet": "aks" }],
        }}],
    });
    let prediction = ask(&estate.to_string()).prediction;
    let error = &prediction.errors[0];
    let numbers = format!(
        "{} > {}",
        error.preallocated.unwrap(),
        error.available.unwrap()
    );
    assert!(text(layout, "note").contains(&numbers), "{numbers}");
    let inside = |finding: &aksplan::finding::Finding| {
        finding.code == "overlap" && finding.message.contains("VNet")
    };
    assert!(
        prediction.findings.iter().any(inside),
        "the overlap with the VNet is told"
    );
}

/// Scale sets of Windows pools are named `aks<pool>`, those of Linux pools `aks-<pool>-<number>-vmss`.
fn is_windows(scale_set: &str) -> bool {
    !scale_set.ends_with("-vmss")
}

/// What real subnets held: 29 addresses on every Linux node and 31 on every Windows node, at 30 pods a node.
#[test]
fn real_subnets_of_2023() {
    let Some(text_of_file) = recorded(OCCUPANCY) else {
        return;
    };
    let recorded: Value = serde_json::from_str(&text_of_file).expect("the recording is JSON");
    let (mut linux, mut windows) = (0, 0);
    for subnet in recorded["subnets"].as_array().expect("a list") {
        let group = text(subnet, "resource_group");
        let base = format!("/subscriptions/s/resourceGroups/{group}/providers");
        let vnet_id = format!(
            "{base}/Microsoft.Network/virtualNetworks/{}",
            text(subnet, "vnet")
        );
        let subnet_id = format!("{vnet_id}/subnets/{}", text(subnet, "subnet"));
        let mut configurations = Vec::new();
        let mut machines: std::collections::BTreeMap<&str, u64> = Default::default();
        let mut held_by_sets = 0;
        let consumers = subnet["per_consumer"]
            .as_object()
            .expect("consumers by name");
        for (consumer, addresses) in consumers {
            let addresses = addresses.as_u64().expect("a number");
            let interface = match consumer.split_once('#') {
                Some((set, machine)) => {
                    *machines.entry(set).or_default() += 1;
                    held_by_sets += addresses;
                    format!(
                        "{base}/Microsoft.Compute/virtualMachineScaleSets/{set}/virtualMachines/{machine}/networkInterfaces/{set}"
                    )
                }
                None => format!("{base}/{consumer}"),
            };
            configurations.extend((1..=addresses).map(|position| json!({ "id": format!("{interface}/ipConfigurations/ipconfig{position}") })));
        }
        let vnet = json!({
            "id": vnet_id,
            "name": subnet["vnet"],
            "type": "Microsoft.Network/virtualNetworks",
            "properties": {
                "addressSpace": { "addressPrefixes": ["10.0.0.0/8", "192.168.0.0/16"] },
                "subnets": [{
                    "id": subnet_id,
                    "name": subnet["subnet"],
                    "properties": { "addressPrefix": subnet["prefix"], "ipConfigurations": configurations },
                }],
            },
        });
        // The nodes of AKS live in scale sets of the node resource group; other scale sets are somebody else's.
        let is_aks = group.starts_with("MC_");
        let pools: Vec<Value> = machines
            .iter()
            .map(|(set, machines)| {
                json!({
                    "name": set.trim_start_matches("aks").trim_start_matches('-').split('-').next(),
                    "count": machines,
                    "maxPods": 30,
                    "osType": if is_windows(set) { "Windows" } else { "Linux" },
                    "mode": if is_windows(set) { "User" } else { "System" },
                    "vnetSubnetID": subnet_id,
                })
            })
            .collect();
        let cluster = json!({
            "id": format!("/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/{group}"),
            "name": group,
            "type": "Microsoft.ContainerService/ManagedClusters",
            "properties": {
                "nodeResourceGroup": group,
                "networkProfile": { "networkPlugin": "azure" },
                "agentPoolProfiles": pools,
            },
        });
        let resources = if is_aks {
            json!([vnet, cluster])
        } else {
            json!([vnet])
        };
        let inventory = inventory(&resources);
        let books = Books::of(&inventory);
        let occupancy = books.occupancy(aksplan::model::SubnetIndex::new(0));
        assert_eq!(
            Some(occupancy.used),
            number(subnet, "ip_configurations"),
            "{vnet_id}"
        );
        if !is_aks {
            assert_eq!(occupancy.foreign, occupancy.used, "{vnet_id}");
            continue;
        }
        assert_eq!(
            occupancy.by_cluster,
            vec![(ClusterIndex::new(0), held_by_sets)],
            "{vnet_id}"
        );
        assert_eq!(
            (occupancy.foreign, occupancy.unexplained),
            (0, 0),
            "{vnet_id}"
        );
        for (consumer, addresses) in consumers {
            let windows_node = is_windows(consumer.split('#').next().unwrap());
            let os = if windows_node {
                OsType::Windows
            } else {
                OsType::Linux
            };
            let cost = node_cost(NetworkMode::NodeSubnet, os, 30).node_subnet;
            assert_eq!(Some(cost.held), addresses.as_u64(), "{consumer}");
            *(if windows_node {
                &mut windows
            } else {
                &mut linux
            }) += 1;
        }
        // Without the list of configurations the model says the same.
        let mut modelled = inventory.clone();
        modelled.subnets[0].holders = None;
        let modelled = Books::of(&modelled);
        assert_eq!(
            modelled.occupancy(aksplan::model::SubnetIndex::new(0)).used,
            occupancy.used,
            "{vnet_id}"
        );
    }
    assert!(
        linux >= 16 && windows >= 2,
        "{linux} Linux and {windows} Windows nodes"
    );
}
