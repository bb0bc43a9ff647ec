//! All that is known at one instant. Indices instead of references: a fleet has a hundred thousand of these.

use super::cidr::IpNet;
use super::cluster::Cluster;
use super::gateway::{ApplicationGateway, PrivateDnsZone};
use super::network::{NatGateway, RouteTable, Subnet, VirtualNetwork};
use super::security::NetworkSecurityGroup;
use super::subject::Subject;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $name {
            /// Position in the inventory's list.
            pub fn new(position: usize) -> Self {
                $name(u32::try_from(position).expect("an inventory holds fewer than 2^32 of anything: input is bounded"))
            }

            pub fn get(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index! {
    /// A VNet of an [`Inventory`].
    VnetIndex
}
index! {
    /// A subnet of an [`Inventory`].
    SubnetIndex
}
index! {
    /// A cluster of an [`Inventory`].
    ClusterIndex
}

/// All that was read, joined: every index points at something that is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Inventory {
    /// When it was read. `None`: from files that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub observed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vnets: Vec<VirtualNetwork>,
    /// Subnets of all VNets, those of one VNet side by side, in the order read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<Subnet>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<Cluster>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub route_tables: Vec<RouteTable>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nat_gateways: Vec<NatGateway>,
    /// Those that were read; a subnet may name one that was not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<NetworkSecurityGroup>,
    /// `None`: not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_gateways: Option<Vec<ApplicationGateway>>,
    /// `None`: not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_dns_zones: Option<Vec<PrivateDnsZone>>,
    /// Ranges in use outside of what Azure shows: on-premises, BGP, partners.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reserved: Vec<ReservedRange>,
    /// What the sources could not say, in whole sentences, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_checked: Vec<String>,
}

/// A range that belongs to somebody outside the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReservedRange {
    #[schemars(with = "String")]
    pub cidr: IpNet,
    /// Who has it, for example `Frankfurt data centre` or `on-premises.txt:12`.
    pub owner: String,
}

impl Inventory {
    pub fn vnet(&self, index: VnetIndex) -> &VirtualNetwork {
        &self.vnets[index.get()]
    }

    pub fn subnet(&self, index: SubnetIndex) -> &Subnet {
        &self.subnets[index.get()]
    }

    pub fn cluster(&self, index: ClusterIndex) -> &Cluster {
        &self.clusters[index.get()]
    }

    pub fn vnet_indices(&self) -> impl Iterator<Item = VnetIndex> + use<> {
        (0..self.vnets.len()).map(VnetIndex::new)
    }

    pub fn subnet_indices(&self) -> impl Iterator<Item = SubnetIndex> + use<> {
        (0..self.subnets.len()).map(SubnetIndex::new)
    }

    pub fn cluster_indices(&self) -> impl Iterator<Item = ClusterIndex> + use<> {
        (0..self.clusters.len()).map(ClusterIndex::new)
    }

    /// `vnet/subnet`, as people say it.
    pub fn subnet_name(&self, index: SubnetIndex) -> String {
        let subnet = self.subnet(index);
        format!("{}/{}", self.vnet(subnet.vnet).name, subnet.name)
    }

    /// The subnet, as what a statement is about.
    pub fn subnet_subject(&self, index: SubnetIndex) -> Subject {
        let subnet = self.subnet(index);
        Subject::subnet(&self.vnet(subnet.vnet).name, &subnet.name)
    }

    /// Subnets that any pool of the cluster uses, for nodes or for pods, each once, in order.
    pub fn subnets_of_cluster(&self, cluster: &Cluster) -> Vec<SubnetIndex> {
        let mut subnets: Vec<SubnetIndex> = cluster
            .pools
            .iter()
            .flat_map(|pool| [pool.subnet, pool.pod_subnet])
            .flatten()
            .collect();
        subnets.sort_unstable();
        subnets.dedup();
        subnets
    }

    /// VNets that hold the cluster's subnets, each once.
    pub fn vnets_of_cluster(&self, cluster: &Cluster) -> Vec<VnetIndex> {
        let mut vnets: Vec<VnetIndex> = self
            .subnets_of_cluster(cluster)
            .into_iter()
            .map(|subnet| self.subnet(subnet).vnet)
            .collect();
        vnets.sort_unstable();
        vnets.dedup();
        vnets
    }

    /// For each subnet, the pools that use it: as (cluster, pool) pairs. One pass over the fleet.
    pub fn pools_by_subnet(&self) -> BTreeMap<SubnetIndex, Vec<(ClusterIndex, usize)>> {
        let mut by_subnet: BTreeMap<SubnetIndex, Vec<(ClusterIndex, usize)>> = BTreeMap::new();
        for cluster in self.cluster_indices() {
            for (position, pool) in self.cluster(cluster).pools.iter().enumerate() {
                for subnet in [pool.subnet, pool.pod_subnet].into_iter().flatten() {
                    let users = by_subnet.entry(subnet).or_default();
                    if users.last() != Some(&(cluster, position)) {
                        users.push((cluster, position));
                    }
                }
            }
        }
        by_subnet
    }
}
