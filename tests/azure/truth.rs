//! An inventory, as far as an estate's truth speaks of it.

use crate::estate::{Estate, Size, Truth, estate};
use aksplan::model::{Inventory, NetworkMode};
use aksplan::source::{Found, read_document};

/// What an inventory says, in the words of an estate's truth.
pub fn of(inventory: &Inventory) -> Truth {
    let mut truth = Truth::default();
    for vnet in &inventory.vnets {
        let id = vnet.id.as_ref().expect("Azure names it").to_string();
        let space = vnet.address_space.iter().map(ToString::to_string).collect();
        truth.vnets.insert(id, space);
    }
    for subnet in inventory.subnets.iter().filter(|subnet| !subnet.assumed) {
        let id = subnet.id.as_ref().expect("Azure names it").to_string();
        truth.subnets.insert(id, (subnet.cidr_text(), subnet.used));
    }
    for cluster in &inventory.clusters {
        let id = cluster.id.as_ref().expect("Azure names it").to_string();
        let mode = cluster.mode().map_or("?", NetworkMode::key).to_string();
        let pools = cluster
            .pools
            .iter()
            .map(|pool| (pool.name.clone(), pool.count, pool.max_pods))
            .collect();
        truth.clusters.insert(id, (mode, pools));
    }
    truth
}

/// The bodies of an estate as a file, joined by the readers of files: the measure for what is read live.
pub fn from_files(estate: &Estate) -> Inventory {
    let mut found = Found::default();
    let kinds = [
        "Microsoft.Network/virtualNetworks",
        "Microsoft.ContainerService/managedClusters",
        "Microsoft.Network/routeTables",
        "Microsoft.Network/loadBalancers",
        "Microsoft.Network/networkInterfaces",
        "Microsoft.Network/privateEndpoints",
    ];
    for kind in kinds {
        for resource in estate.world.of_kind(kind) {
            let read = read_document(&resource.id, resource.body.as_bytes());
            found
                .facts
                .append(read.unwrap_or_else(|error| panic!("{error}")).facts);
        }
    }
    for (vnet, usages) in estate.world.usages() {
        let body = serde_json::json!({ "value": usages }).to_string();
        let read = read_document(vnet, body.as_bytes());
        found
            .facts
            .append(read.unwrap_or_else(|error| panic!("{error}")).facts);
    }
    found
        .assemble()
        .unwrap_or_else(|error| panic!("{error}"))
        .current
}

/// Before the server hands it out, the estate itself: its bodies say what its truth says.
#[test]
fn the_bodies_of_an_estate_say_what_is_true_of_it() {
    for (seed, vnets, clusters, subscriptions) in [(1, 12, 30, 3), (2, 1, 0, 1), (3, 40, 60, 5)] {
        let size = Size {
            seed,
            vnets,
            clusters,
            subscriptions,
        };
        let made = estate(size);
        assert_eq!(made.truth.vnets.len(), vnets);
        assert_eq!(made.truth.clusters.len(), clusters);
        assert_eq!(of(&from_files(&made)), made.truth);
        assert_eq!(estate(size).truth, made.truth, "the same seed");
    }
    let modes: std::collections::BTreeSet<String> = estate(Size {
        seed: 3,
        vnets: 40,
        clusters: 60,
        subscriptions: 5,
    })
    .truth
    .clusters
    .into_values()
    .map(|(mode, _)| mode)
    .collect();
    assert_eq!(modes.len(), 4, "{modes:?}");
}
