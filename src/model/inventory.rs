//! All that is known at one instant. Indices instead of references: a fleet has a hundred thousand of these.

use super::cidr::IpNet;
use super::cluster::Cluster;
use super::gateway::{ApplicationGateway, PrivateDnsZone};
use super::network::{NatGateway, ResourceId, RouteTable, Subnet, VirtualNetwork};
use super::platform::Platform;
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
    /// Identities, Grafana and alert rules, as far as they were read.
    #[serde(default, skip_serializing_if = "Platform::is_empty")]
    pub platform: Platform,
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

    /// Finds clusters, and VNets, of one name, and says how each is told from the others. Whoever adds one calls it again.
    pub fn tell_names_apart(&mut self) {
        let clusters = self.clusters.iter();
        let clusters =
            clusters.map(|cluster| (&cluster.name, &cluster.resource_group, &cluster.id));
        let labels = told_apart(clusters.collect());
        for (cluster, label) in self.clusters.iter_mut().zip(labels) {
            cluster.told_apart = label;
        }
        let vnets = self.vnets.iter();
        let vnets = vnets.map(|vnet| (&vnet.name, &vnet.resource_group, &vnet.id));
        let labels = told_apart(vnets.collect());
        for (vnet, label) in self.vnets.iter_mut().zip(labels) {
            vnet.told_apart = label;
        }
    }

    /// `vnet/subnet`: a key that stays the same whatever else is read. People are told [`Inventory::subnet_label`].
    pub fn subnet_name(&self, index: SubnetIndex) -> String {
        let subnet = self.subnet(index);
        format!("{}/{}", self.vnet(subnet.vnet).name, subnet.name)
    }

    /// `vnet/subnet`, as people are told of it.
    pub fn subnet_label(&self, index: SubnetIndex) -> String {
        let subnet = self.subnet(index);
        format!("{}/{}", self.vnet(subnet.vnet).label(), subnet.name)
    }

    /// The subnet, as what a statement is about.
    pub fn subnet_subject(&self, index: SubnetIndex) -> Subject {
        let subnet = self.subnet(index);
        Subject::subnet(self.vnet(subnet.vnet).label(), &subnet.name)
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

/// Of each its label, where the name alone would mean several: with the resource group, and the id where that is shared as well. Names
/// are compared as Azure does, without regard to case.
fn told_apart(all: Vec<(&String, &Option<String>, &Option<ResourceId>)>) -> Vec<Option<String>> {
    let qualified = |group: &Option<String>, name: &str| match group {
        Some(group) => format!("{group}/{name}"),
        None => name.to_string(),
    };
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut in_groups: BTreeMap<String, usize> = BTreeMap::new();
    for (name, group, _) in &all {
        *names.entry(name.to_ascii_lowercase()).or_default() += 1;
        let key = qualified(group, name).to_ascii_lowercase();
        *in_groups.entry(key).or_default() += 1;
    }
    all.into_iter()
        .map(|(name, group, id)| {
            if names[&name.to_ascii_lowercase()] == 1 {
                return None;
            }
            let label = qualified(group, name);
            match id {
                Some(id) if in_groups[&label.to_ascii_lowercase()] > 1 => Some(id.to_string()),
                // Nothing tells those of one group and without an id apart.
                _ => Some(label),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_several_have_are_told_apart() {
        let id = |of: &str| Some(ResourceId::new(format!("/subscriptions/{of}/a/prod")));
        let [prod, dev] = ["prod".to_string(), "dev".to_string()];
        let upper = "Prod".to_string();
        let group = |name: &str| Some(name.to_string());
        let (a, b) = (group("rg-a"), group("rg-b"));
        let labels = |all| -> Vec<Option<String>> { told_apart(all) };
        assert_eq!(
            labels(vec![
                (&prod, &a, &None),
                (&upper, &b, &None),
                (&dev, &a, &None)
            ]),
            [group("rg-a/prod"), group("rg-b/Prod"), None]
        );
        // One group's name in two subscriptions.
        let (one, two) = (id("1"), id("2"));
        assert_eq!(
            labels(vec![
                (&prod, &a, &one),
                (&prod, &a, &two),
                (&prod, &b, &None)
            ]),
            [
                group("/subscriptions/1/a/prod"),
                group("/subscriptions/2/a/prod"),
                group("rg-b/prod")
            ]
        );
    }
}
