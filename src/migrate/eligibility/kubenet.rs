//! What only clusters with a routed or translated pod range bring along: ip-masq configurations, and for kubenet the identity,
//! the shared route table and IPv6 during the move.

use super::Eligibility;
use crate::model::{Cluster, Identity, Inventory, IpNet};
use crate::rule;

/// The ConfigMap whose presence makes AKS refuse (MIG-7).
const IP_MASQ_CONFIG: (&str, &str) = ("kube-system", "azure-ip-masq-agent-config");

pub(super) fn ip_masq(cluster: &Cluster, found: &mut Eligibility) {
    match &cluster.kubernetes {
        Some(state) if state.has_kind("ConfigMap") => {
            let custom = state
                .config_maps
                .iter()
                .any(|(namespace, name)| (namespace.as_str(), name.as_str()) == IP_MASQ_CONFIG);
            if custom {
                found.blocks(
                    &rule::MIG_7,
                    "ConfigMap kube-system/azure-ip-masq-agent-config exists",
                    "delete it; AKS keeps its own in azure-ip-masq-agent-config-reconciled",
                );
            }
        }
        _ => found.unknown("ConfigMaps of kube-system were not read: a custom ip-masq-agent configuration blocks the move (MIG-7)"),
    }
}

pub(super) fn check(inventory: &Inventory, cluster: &Cluster, found: &mut Eligibility) {
    identity(inventory, cluster, found);
    route_tables(inventory, cluster, found);
    let network = &cluster.network;
    let ipv6 = network
        .pod_cidrs
        .iter()
        .chain(&network.service_cidrs)
        .any(|range| matches!(range, IpNet::V6(_)));
    if ipv6 {
        found.warns(
            &rule::MIG_24,
            "kubenet with IPv6: IPv6 between pods breaks in the middle of the move and heals at its end",
            "move in a window in which nothing depends on IPv6",
        );
    }
}

fn identity(inventory: &Inventory, cluster: &Cluster, found: &mut Eligibility) {
    let managed = inventory
        .subnets_of_cluster(cluster)
        .iter()
        .all(|index| inventory.subnet(*index).assumed);
    match cluster.identity {
        Identity::SystemAssigned | Identity::ServicePrincipal if !managed => found.blocks(
            &rule::MIG_8,
            "kubenet with an identity that is not user-assigned: AKS must detach the route table",
            "give the cluster a user-assigned identity first",
        ),
        Identity::Unknown if !managed => {
            found.unknown("the cluster's identity was not given; from kubenet it must be user-assigned (MIG-8)");
        }
        _ => {}
    }
}

/// Subnets that were read say which table is theirs; the table lists those that were not read as well.
fn route_tables(inventory: &Inventory, cluster: &Cluster, found: &mut Eligibility) {
    let own_subnets = inventory.subnets_of_cluster(cluster);
    let is_own = |id: &crate::model::ResourceId| {
        own_subnets
            .iter()
            .any(|own| inventory.subnet(*own).id.as_ref() == Some(id))
    };
    let mut tables = Vec::new();
    for own in &own_subnets {
        let Some(table) = &inventory.subnet(*own).route_table else {
            continue;
        };
        if tables.contains(&table) {
            continue;
        }
        tables.push(table);
        let mut others: Vec<(String, String)> = inventory
            .subnet_indices()
            .filter(|other| !own_subnets.contains(other))
            .filter(|other| inventory.subnet(*other).route_table.as_ref() == Some(table))
            .map(|other| {
                let id = inventory.subnet(other).id.as_ref();
                let name = inventory.subnet_label(other);
                (id.map_or_else(|| name.clone(), |id| id.key()), name)
            })
            .collect();
        for listed in inventory
            .route_tables
            .iter()
            .filter(|known| known.id.as_ref() == Some(table))
            .flat_map(|known| &known.subnets)
            .filter(|id| !is_own(id))
        {
            if others.iter().all(|(key, _)| *key != listed.key()) {
                let vnet = listed.segment("virtualNetworks").unwrap_or_default();
                others.push((listed.key(), format!("{vnet}/{}", listed.name())));
            }
        }
        for (_, other) in others {
            found.blocks(
                &rule::MIG_9,
                format!(
                    "subnet {other} uses the cluster's route table {}",
                    table.name()
                ),
                "give that subnet a route table of its own for the move",
            );
        }
    }
}
