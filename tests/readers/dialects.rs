//! One invented estate, as `az` prints it and as Azure Resource Manager answers it: the inventories must be equal.

use super::{Folder, fixture, fixtures, inventory};
use aksplan::model::{
    HolderKind, Identity, IntOrPercent, Inventory, NetworkMode, OsType, PoolKind, PoolMode,
};
use aksplan::source::load;
use std::path::PathBuf;

const AZ: [&str; 13] = [
    "az/vnet-list.json",
    "az/list-usage.json",
    "az/hub-list-usage.json",
    "az/peering-list.json",
    "az/subnet-list.json",
    "az/route-table-list.json",
    "az/aks-list.json",
    "az/nodepool-list.json",
    "az/nat-gateway-list.json",
    "az/nic-list.json",
    "az/lb-list.json",
    "az/private-endpoint-list.json",
    "az/maintenanceconfiguration-list.json",
];
const ARM: [&str; 13] = [
    "arm/virtualNetworks.json",
    "arm/usages.json",
    "arm/hubUsages.json",
    "arm/virtualNetworkPeerings.json",
    "arm/subnets.json",
    "arm/routeTables.json",
    "arm/managedClusters.json",
    "arm/agentPools.json",
    "arm/natGateways.json",
    "arm/networkInterfaces.json",
    "arm/loadBalancers.json",
    "arm/privateEndpoints.json",
    "arm/maintenanceConfigurations.json",
];

fn from(paths: &[PathBuf]) -> Inventory {
    load(paths, &[])
        .unwrap_or_else(|error| panic!("{error}"))
        .current
}

fn files(names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(|name| fixtures(name)).collect()
}

#[test]
fn both_dialects_say_the_same() {
    assert_eq!(from(&files(&AZ)), from(&files(&ARM)));
    assert_eq!(
        from(&[fixtures("az")]).clusters.len(),
        5,
        "a folder is its files"
    );
    // One half in each dialect is the same estate again.
    let mixed: Vec<&str> = AZ
        .iter()
        .zip(ARM)
        .enumerate()
        .map(|(n, (az, arm))| if n % 2 == 0 { *az } else { arm })
        .collect();
    assert_eq!(from(&files(&mixed)), from(&files(&AZ)));
}

#[test]
fn in_one_stream_as_utf16_with_a_mark_and_as_yaml_it_is_the_same() {
    let want = from(&files(&AZ));
    let stream: String = AZ.iter().map(|name| fixture(name)).collect();
    assert_eq!(inventory(&stream), want);
    assert_eq!(inventory(format!("\u{feff}{stream}")), want);
    for (mark, unit) in [
        ([0xFF, 0xFE], u16::to_le_bytes as fn(u16) -> [u8; 2]),
        ([0xFE, 0xFF], u16::to_be_bytes),
    ] {
        let wide: Vec<u8> = mark
            .into_iter()
            .chain(stream.encode_utf16().flat_map(unit))
            .collect();
        assert_eq!(inventory(wide), want);
    }
    let yaml: String = AZ
        .iter()
        .map(|name| {
            let value: serde_json::Value =
                serde_json::from_str(&fixture(name)).expect("a fixture is JSON");
            format!(
                "---\n{}\n",
                serde_saphyr::to_string(&value).expect("JSON can be written as YAML")
            )
        })
        .collect();
    assert_eq!(inventory(yaml), want);
    // `jq -s . *.json` makes a list of lists, and of pages.
    for names in [AZ, ARM] {
        let all: Vec<String> = names.iter().map(|name| fixture(name)).collect();
        assert_eq!(inventory(format!("[{}]", all.join(","))), want);
    }
}

/// `show` instead of `list`: the elements one by one.
#[test]
fn single_resources_say_the_same_as_lists() {
    for names in [AZ, ARM] {
        let mut stream = String::new();
        for name in names {
            let value: serde_json::Value =
                serde_json::from_str(&fixture(name)).expect("a fixture is JSON");
            let elements = value
                .get("value")
                .unwrap_or(&value)
                .as_array()
                .expect("a list or a page");
            for element in elements {
                stream += &element.to_string();
            }
        }
        assert_eq!(inventory(&stream), from(&files(&AZ)));
    }
}

#[test]
fn pages_join_and_a_missing_page_is_said() {
    let page = fixture("arm/virtualNetworks.json");
    let mut page: serde_json::Value = serde_json::from_str(&page).expect("a fixture is JSON");
    page["nextLink"] = "https://management.azure.com/x?$skiptoken=2".into();
    let told = inventory(page.to_string());
    assert_eq!(told.vnets.len(), 2);
    assert!(told.not_checked.iter().any(|sentence| sentence
        == "input: is one page of several (it has a nextLink); what the other pages hold is not known"));
    page["nextLink"] = serde_json::Value::Null;
    assert!(inventory(page.to_string()).not_checked.is_empty());
}

#[test]
fn the_order_of_files_changes_no_fact() {
    let want = from(&files(&AZ));
    let mut backwards = files(&AZ);
    backwards.reverse();
    let mut got = from(&backwards);
    // A subnet list before the VNets it belongs to puts its stub in the same place: stubs come last.
    assert_eq!(got.clusters, want.clusters);
    got.vnets.sort_by(|a, b| a.name.cmp(&b.name));
    let mut names: Vec<&str> = want.vnets.iter().map(|vnet| vnet.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        got.vnets
            .iter()
            .map(|vnet| vnet.name.as_str())
            .collect::<Vec<_>>(),
        names
    );
    assert_eq!(got.subnets.len(), want.subnets.len());
    assert_eq!(got.not_checked, want.not_checked);
}

#[test]
fn the_same_vnet_and_cluster_in_two_files_are_one() {
    let mut twice = files(&AZ);
    twice.extend(files(&ARM));
    assert_eq!(from(&twice), from(&files(&AZ)));
}

#[test]
fn networks_lower_to_what_they_say() {
    let all = from(&files(&ARM));
    let names: Vec<String> = all
        .subnet_indices()
        .map(|index| all.subnet_name(index))
        .collect();
    assert_eq!(
        names,
        [
            "vnet-hub/GatewaySubnet",
            "vnet-hub/AzureFirewallSubnet",
            "vnet-harbour/snet-nodes",
            "vnet-harbour/snet-pods",
            "vnet-harbour/snet-dual",
            "vnet-island/snet-kubenet",
            "aks-vnet of skiff/aks-subnet",
        ]
    );
    let [gateway, firewall, nodes, pods, dual, kubenet, managed] = all.subnets.as_slice() else {
        unreachable!("counted above")
    };
    assert_eq!(
        (gateway.used, firewall.used),
        (None, Some(1)),
        "-1 is unknown, not free"
    );
    assert_eq!(gateway.holders, None);
    assert_eq!(nodes.used, Some(212));
    let holders: Vec<(HolderKind, &str, u64, u64)> = nodes
        .holders
        .iter()
        .flatten()
        .map(|holder| {
            (
                holder.kind,
                holder.name.as_str(),
                holder.addresses,
                holder.machines,
            )
        })
        .collect();
    assert_eq!(
        holders,
        [
            (HolderKind::ScaleSet, "aks-deck-20718273-vmss", 6, 2),
            (HolderKind::NetworkInterface, "jump.nic.1", 1, 1),
            (HolderKind::LoadBalancer, "kubernetes-internal", 1, 1),
        ]
    );
    assert!(
        nodes
            .route_table
            .as_ref()
            .is_some_and(|table| table.name() == "rt-harbour")
    );
    assert_eq!(
        pods.delegations,
        ["Microsoft.ContainerService/managedClusters"]
    );
    assert_eq!(
        (dual.cidr_text().as_str(), dual.usable()),
        ("10.41.8.0/24,fd41:cafe:0:1::/64", 251)
    );
    assert_eq!(dual.private_endpoints, 2);
    assert_eq!(
        (kubenet.used, kubenet.assumed, managed.assumed),
        (None, false, true)
    );
    assert_eq!(
        all.not_checked,
        [
            "VNet vnet-island was not read, only its subnet: its address space and other subnets are unknown",
            "cluster skiff: no subnet is named and the VNet that AKS made for it was not read; its usual 10.224.0.0/16 is \
             assumed (CID-5)",
        ]
    );

    let [hub, harbour, island, _] = all.vnets.as_slice() else {
        unreachable!("counted above")
    };
    assert_eq!(hub.resource_group.as_deref(), Some("rg-harbour-net"));
    assert!(hub.peerings[0].is_connected() && hub.peerings[0].allow_gateway_transit);
    let [to_hub] = harbour.peerings.as_slice() else {
        panic!("listed apart, and joined")
    };
    assert!(
        to_hub.allow_forwarded_traffic
            && to_hub.use_remote_gateways
            && !to_hub.allow_gateway_transit
    );
    let remembered: Vec<String> = to_hub
        .remote_address_space
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        remembered,
        ["10.40.0.0/22", "10.40.0.0/23"],
        "what the remote has now, and what was synced"
    );
    assert!(island.address_space.is_empty());

    let [table] = all.route_tables.as_slice() else {
        panic!("one route table")
    };
    let routes: Vec<(&str, Option<String>, &str)> = table
        .routes
        .iter()
        .map(|route| {
            (
                route.name.as_str(),
                route.prefix.map(|prefix| prefix.to_string()),
                route.next_hop_type.as_str(),
            )
        })
        .collect();
    assert_eq!(
        routes,
        [
            ("default", Some("0.0.0.0/0".to_string()), "VirtualAppliance"),
            ("monitor", None, "Internet")
        ],
        "a service tag is no prefix"
    );
}

#[test]
fn clusters_lower_to_what_they_say() {
    let all = from(&files(&ARM));
    let modes: Vec<(&str, Option<NetworkMode>)> = all
        .clusters
        .iter()
        .map(|cluster| (cluster.name.as_str(), cluster.mode()))
        .collect();
    assert_eq!(
        modes,
        [
            ("quay", Some(NetworkMode::NodeSubnet)),
            ("pontoon", Some(NetworkMode::PodSubnetStaticBlock)),
            ("raft", Some(NetworkMode::Overlay)),
            ("tender", Some(NetworkMode::Kubenet)),
            ("skiff", None),
        ]
    );
    let [quay, pontoon, raft, tender, skiff] = all.clusters.as_slice() else {
        unreachable!("counted above")
    };

    assert_eq!(
        quay.node_resource_group.as_deref(),
        Some("MC_rg-harbour-aks_quay_northeurope")
    );
    assert_eq!(
        quay.kubernetes_version
            .map(|version| version.to_string())
            .as_deref(),
        Some("1.31.7")
    );
    assert!(quay.private_cluster && !quay.node_auto_provisioning);
    assert_eq!(quay.identity, Identity::SystemAssigned);
    assert_eq!(quay.network.policy.as_deref(), Some("cilium"));
    let balancer = quay.network.load_balancer.as_ref().expect("it has one");
    assert_eq!(
        (balancer.outbound_ips, balancer.allocated_outbound_ports),
        (Some(2), 1024)
    );
    let [deck, cargo, crane] = quay.pools.as_slice() else {
        panic!("two in the cluster, one more listed apart")
    };
    assert_eq!(
        (deck.count, deck.mode, deck.max_pods),
        (4, PoolMode::System, 30),
        "the list of pools is newer"
    );
    assert_eq!(
        deck.autoscaler
            .map(|autoscaler| (autoscaler.min_count, autoscaler.max_count)),
        Some((2, 6))
    );
    assert_eq!(deck.upgrade.max_surge, Some(IntOrPercent::Percent(33)));
    assert_eq!(deck.upgrade.max_unavailable, Some(IntOrPercent::Int(0)));
    assert_eq!(
        (
            deck.upgrade.drain_timeout_minutes,
            deck.upgrade.node_soak_minutes
        ),
        (Some(45), Some(5))
    );
    assert_eq!(
        deck.upgrade.undrainable_node_behavior.as_deref(),
        Some("Cordon")
    );
    assert_eq!(
        (cargo.os_type, cargo.spot, cargo.running()),
        (OsType::Windows, true, 0)
    );
    assert_eq!(cargo.upgrade.max_surge, Some(IntOrPercent::Int(1)));
    assert_eq!((crane.count, crane.autoscaler), (1, None));

    assert!(pontoon.ingress_application_gateway);
    assert_eq!(
        (pontoon.identity, pontoon.network.policy.as_deref()),
        (Identity::UserAssigned, None)
    );
    assert_eq!(
        pontoon.pools[0]
            .pod_subnet
            .map(|index| all.subnet_name(index))
            .as_deref(),
        Some("vnet-harbour/snet-pods")
    );

    assert_eq!(
        raft.network.pod_cidrs.len(),
        2,
        "dual stack, the first named twice"
    );
    assert!(raft.node_auto_provisioning);
    assert_eq!(raft.node_disruption_policy.as_deref(), Some("Block"));
    let upgrade = &raft.auto_upgrade;
    assert_eq!(
        (
            upgrade.channel.as_deref(),
            upgrade.node_os_channel.as_deref()
        ),
        (Some("patch"), Some("SecurityPatch"))
    );
    assert_eq!(
        pontoon.auto_upgrade,
        aksplan::model::AutoUpgrade::default(),
        "not said is not off"
    );
    assert_eq!(
        (raft.pools[0].max_pods, raft.pools[0].max_pods_defaulted),
        (250, true)
    );
    assert_eq!(
        (raft.pools[1].kind, raft.pools[1].count),
        (PoolKind::VirtualMachines, 4)
    );

    assert!(tender.is_stopped());
    assert_eq!(tender.identity, Identity::ServicePrincipal);
    assert_eq!(
        tender.provisioning_state.as_deref(),
        Some("Bewildered"),
        "unknown words are kept"
    );
    assert_eq!(tender.pools[1].mode, PoolMode::Gateway);

    assert_eq!(
        skiff.network.plugin.as_ref().map(|plugin| plugin.word()),
        Some("somethingNew")
    );
    assert!(skiff.network.service_cidrs.is_empty());
}

/// Every null in the `az` fixtures stands for a field that is not there.
#[test]
fn a_field_that_is_null_is_a_field_that_is_missing() {
    fn without_nulls(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                fields.retain(|_, value| !value.is_null());
                fields.values_mut().for_each(without_nulls);
            }
            serde_json::Value::Array(elements) => elements.iter_mut().for_each(without_nulls),
            _ => {}
        }
    }
    let folder = Folder::new();
    let mut paths = Vec::new();
    let mut nulls = 0;
    for name in AZ {
        let text = fixture(name);
        nulls += text.matches("null").count();
        let mut value: serde_json::Value = serde_json::from_str(&text).expect("a fixture is JSON");
        without_nulls(&mut value);
        paths.push(folder.write(name, value.to_string().as_bytes()));
    }
    assert!(nulls > 100, "{nulls}");
    assert_eq!(from(&paths), from(&files(&AZ)));
}
