//! Real Terraform plans, where they are at hand. What is expected of each was read off the plan by eye.

use aksplan::model::{Inventory, NetworkMode, SubnetIndex};
use aksplan::source::read_document;
use std::path::{Path, PathBuf};

/// What a plan creates.
struct Expected {
    /// How the file's name begins.
    file: &'static str,
    /// Clusters, each with one pool.
    clusters: usize,
    nodes: u64,
    /// `None`: no network profile is set, so the mode is known only after apply.
    mode: Option<NetworkMode>,
    max_pods: u32,
    /// Prefix lengths of the pools' subnet and pod subnet.
    prefixes: (u8, Option<u8>),
    vnets: usize,
    subnets: usize,
    peerings: usize,
    /// Sentences besides that on `max_pods`, one a cluster.
    not_checked: usize,
}

const PLAN: Expected = Expected {
    file: "",
    clusters: 1,
    nodes: 1,
    mode: Some(NetworkMode::NodeSubnet),
    max_pods: 30,
    prefixes: (24, None),
    vnets: 1,
    subnets: 2,
    peerings: 0,
    not_checked: 0,
};

const POD_SUBNET: Expected = Expected {
    mode: Some(NetworkMode::PodSubnetDynamic),
    max_pods: 110,
    ..PLAN
};

const EXPECTED: [Expected; 8] = [
    // `count` on everything; subnets by `count.index`. Its service CIDR is not set.
    Expected {
        file: "AGW-kv-cert",
        nodes: 3,
        prefixes: (24, Some(20)),
        subnets: 3,
        not_checked: 1,
        ..POD_SUBNET
    },
    // The same, five times over, in five resource groups.
    Expected {
        file: "AKS-AGIC-diff-rg",
        clusters: 5,
        nodes: 3,
        prefixes: (24, Some(20)),
        vnets: 5,
        subnets: 15,
        not_checked: 5,
        ..POD_SUBNET
    },
    Expected {
        file: "AKS-main",
        nodes: 2,
        ..PLAN
    },
    // No network profile. Two of the subnets are in modules and get their VNet through an object variable.
    Expected {
        file: "DevOps-main",
        mode: None,
        max_pods: 0,
        subnets: 4,
        not_checked: 1,
        ..PLAN
    },
    Expected {
        file: "IaC-master",
        mode: None,
        max_pods: 0,
        prefixes: (16, None),
        subnets: 1,
        not_checked: 1,
        ..PLAN
    },
    // Nodes are in the subnet called after pods, and the other way round: references are followed, not names.
    Expected {
        file: "aks-elk-cluster",
        nodes: 2,
        prefixes: (24, Some(24)),
        subnets: 4,
        not_checked: 1,
        ..POD_SUBNET
    },
    // Everything in modules: ids travel by output and variable.
    Expected {
        file: "ecommerce-ops",
        vnets: 2,
        subnets: 3,
        peerings: 2,
        not_checked: 1,
        ..PLAN
    },
    // No subnet is named, so AKS makes a VNet of its own; both peerings hang on a data source of another type.
    Expected {
        file: "terraform-aks-eks",
        prefixes: (16, None),
        vnets: 2,
        subnets: 3,
        not_checked: 3,
        ..PLAN
    },
];

#[test]
fn real_plans_are_read_as_they_were_meant() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/recordings/terraform-plans/zodiac");
    if !folder.is_dir() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "{} is not there",
            folder.display()
        );
        println!("{}: not there, skipped", folder.display());
        return;
    }
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder can be listed") {
        let path: PathBuf = entry.expect("the folder can be listed").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let bytes = std::fs::read(&path).expect("the file can be read");
        let found = read_document(&name, &bytes).unwrap_or_else(|error| panic!("{error}"));
        let loaded = found.assemble().unwrap_or_else(|error| panic!("{error}"));
        // All of them plan on an empty field.
        assert!(loaded.current.clusters.is_empty(), "{name}");
        assert!(loaded.current.vnets.is_empty(), "{name}");
        let planned = loaded.planned.expect("a plan has two sides");
        let expected = EXPECTED
            .iter()
            .find(|expected| name.starts_with(expected.file))
            .unwrap_or_else(|| panic!("{name}: nothing is known of this plan"));
        check(&name, &planned, expected);
        seen += 1;
    }
    assert_eq!(seen, EXPECTED.len());
}

fn check(name: &str, inventory: &Inventory, expected: &Expected) {
    let length = |index: SubnetIndex| inventory.subnet(index).prefixes[0].prefix_len();
    assert_eq!(inventory.clusters.len(), expected.clusters, "{name}");
    for cluster in &inventory.clusters {
        let [pool] = &cluster.pools[..] else {
            panic!("{name}: {} pools", cluster.pools.len())
        };
        assert_eq!(pool.count, expected.nodes, "{name}");
        assert_eq!(pool.max_pods, expected.max_pods, "{name}");
        assert_eq!(cluster.network_mode(pool), expected.mode, "{name}");
        assert!(pool.max_pods_defaulted && pool.unknown.is_empty(), "{name}");
        let subnet = pool.subnet.expect("its subnet was followed");
        let linked = (length(subnet), pool.pod_subnet.map(length));
        assert_eq!(linked, expected.prefixes, "{name}");
        let vnet = inventory.vnet(inventory.subnet(subnet).vnet);
        if vnet.id.is_some() {
            assert_eq!(vnet.resource_group, cluster.resource_group, "{name}");
        }
        if let Some(pods) = pool.pod_subnet {
            assert_ne!(pods, subnet, "{name}");
            assert_eq!(inventory.subnet(pods).delegations.len(), 1, "{name}");
            assert!(inventory.subnet(subnet).delegations.is_empty(), "{name}");
        }
    }
    assert_eq!(inventory.vnets.len(), expected.vnets, "{name}");
    assert_eq!(inventory.subnets.len(), expected.subnets, "{name}");
    let peerings: Vec<_> = inventory
        .vnets
        .iter()
        .flat_map(|vnet| &vnet.peerings)
        .collect();
    assert_eq!(peerings.len(), expected.peerings, "{name}");
    for peering in peerings {
        let remote = inventory
            .vnets
            .iter()
            .find(|vnet| vnet.id.as_ref() == Some(&peering.remote));
        assert!(remote.is_some(), "{name}");
    }
    let told = &inventory.not_checked;
    let defaults = told
        .iter()
        .filter(|sentence| sentence.contains("max_pods is not set"));
    assert_eq!(defaults.count(), expected.clusters, "{name}: {told:?}");
    assert_eq!(
        told.len(),
        expected.clusters + expected.not_checked,
        "{name}: {told:?}"
    );
}
