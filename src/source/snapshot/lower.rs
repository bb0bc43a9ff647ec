//! An inventory taken apart into the facts that it was assembled from, so that other facts can be joined with it. The law:
//! `assemble(lower(inventory))` is the inventory. Never drops what it has no place for: every field is named.

use crate::model::{Cluster, Inventory, NodePool, Subnet, SubnetIndex, VirtualNetwork};
use crate::source::facts::{
    ClusterFact, ClusterGiven, Facts, NatGatewayFact, Origin, PoolFact, PoolGiven, SubnetFact,
    SubnetReference, VnetFact, vnet_key,
};

pub(super) fn lower(inventory: Inventory, origin: &Origin) -> Facts {
    let Inventory {
        observed_at,
        vnets,
        subnets,
        clusters,
        route_tables,
        nat_gateways,
        security_groups,
        application_gateways,
        private_dns_zones,
        platform,
        reserved,
        not_checked,
    } = inventory;
    let clusters = clusters
        .into_iter()
        .enumerate()
        .map(|(position, cluster)| {
            let origin = origin.within(&format!("inventory.clusters[{position}]"));
            lower_cluster(cluster, origin, &vnets, &subnets)
        })
        .collect();
    let mut facts: Vec<VnetFact> = vnets
        .into_iter()
        .enumerate()
        .map(|(position, vnet)| VnetFact {
            origin: origin.within(&format!("inventory.vnets[{position}]")),
            vnet,
            subnets: Vec::new(),
        })
        .collect();
    for (position, subnet) in subnets.into_iter().enumerate() {
        let Subnet {
            vnet,
            id,
            name,
            prefixes,
            delegations,
            used,
            holders,
            private_endpoints,
            foreign,
            route_table,
            nat_gateway,
            security_group,
            addresses,
            assumed,
        } = subnet;
        facts[vnet.get()].subnets.push(SubnetFact {
            origin: origin.within(&format!("inventory.subnets[{position}]")),
            id,
            name,
            vnet: None,
            prefixes,
            delegations,
            used,
            holders,
            private_endpoints,
            foreign,
            route_table,
            nat_gateway,
            security_group,
            addresses,
            assumed,
        });
    }
    Facts {
        vnets: facts,
        clusters,
        route_tables,
        nat_gateways: nat_gateways
            .into_iter()
            .map(|gateway| NatGatewayFact {
                gateway,
                subnets: Vec::new(),
            })
            .collect(),
        security_groups,
        application_gateways,
        private_dns_zones,
        platform,
        reserved,
        not_checked,
        observed_at,
        is_page: false,
        // All of these are joined to what they belong to.
        subnets: Vec::new(),
        usages: Vec::new(),
        addresses: Vec::new(),
        dns_records: Vec::new(),
        dns_records_listed: Vec::new(),
        federated_credentials: Vec::new(),
        federated_credentials_listed: Vec::new(),
        maintenance: Vec::new(),
        maintenance_listed: Vec::new(),
        peerings: Vec::new(),
        pools: Vec::new(),
        kubernetes: Vec::new(),
    }
}

fn lower_cluster(
    mut cluster: Cluster,
    origin: Origin,
    vnets: &[VirtualNetwork],
    subnets: &[Subnet],
) -> ClusterFact {
    let reference = |index: SubnetIndex| {
        let subnet = &subnets[index.get()];
        match &subnet.id {
            Some(id) => SubnetReference::Id(id.clone()),
            None => SubnetReference::Placed {
                vnet: vnet_key(&vnets[subnet.vnet.get()]),
                subnet: subnet.name.clone(),
            },
        }
    };
    let pools = std::mem::take(&mut cluster.pools)
        .into_iter()
        .map(|pool| PoolFact {
            origin: None,
            given: PoolGiven::ALL,
            version_asked: None,
            max_pods: given_max_pods(&cluster, &pool),
            // Not naming one is a wish for a managed VNet; not knowing which one is none.
            subnet: Some(pool.subnet.map_or(SubnetReference::Unknown, reference)),
            pod_subnet: pool.pod_subnet.map(reference),
            pool,
        })
        .collect();
    ClusterFact {
        origin,
        cluster,
        given: ClusterGiven::ALL,
        version_asked: None,
        pools,
    }
}

/// `None` where the mode's default was taken: in another mode that is another number.
fn given_max_pods(cluster: &Cluster, pool: &NodePool) -> Option<u32> {
    let default = cluster
        .network_mode(pool)
        .map_or(0, |mode| mode.default_max_pods());
    (!pool.max_pods_defaulted || pool.max_pods != default).then_some(pool.max_pods)
}
