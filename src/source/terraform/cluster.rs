//! Clusters, and the pools that belong to them.

use super::block::{Block, Field};
use super::lower::Lowering;
use super::network_profile::network_profile;
use super::pool::PoolPlace;
use super::side::Kind;
use crate::model::{Cluster, Identity, KubernetesVersion, PoolMode, ResourceId};
use crate::source::SourceError;
use crate::source::facts::{
    ClusterFact, ClusterGiven, Facts, LoosePoolFact, PoolFact, SubnetReference,
};
use std::collections::{HashMap, HashSet};

impl Lowering<'_> {
    pub(super) fn clusters(
        &self,
        owned: &HashSet<String>,
        planned: bool,
        facts: &mut Facts,
    ) -> Result<(), SourceError> {
        let mut by_key: HashMap<String, usize> = HashMap::new();
        for position in self.side.of_kind(Kind::Cluster) {
            let instance = &self.side.instances[position];
            let Some(identity) = self.identity(position) else {
                continue;
            };
            let key = identity.id.key();
            if by_key.contains_key(&key) || (instance.data && owned.contains(&key)) {
                continue;
            }
            if instance.data && instance.block().blocks("agent_pool_profile")?.is_unknown() {
                facts.not_checked.push(format!(
                    "cluster {}: the data source that describes it is read only during apply",
                    identity.name
                ));
                continue;
            }
            let fact = self.cluster(position, owned, planned, facts)?;
            by_key.insert(key, facts.clusters.len());
            facts.clusters.push(fact);
        }
        for position in self.side.of_kind(Kind::NodePool) {
            self.separate_pool(position, &by_key, facts)?;
        }
        self.forget_far_subnets(facts);
        Ok(())
    }

    fn cluster(
        &self,
        position: usize,
        owned: &HashSet<String>,
        planned: bool,
        facts: &mut Facts,
    ) -> Result<ClusterFact, SourceError> {
        let instance = &self.side.instances[position];
        let block = instance.block();
        let (id, name, resource_group) = match self.identity(position) {
            Some(identity) => (
                Some(identity.id.clone()),
                identity.name.clone(),
                identity.resource_group.clone(),
            ),
            None => (None, instance.address.clone(), None),
        };
        let network = network_profile(self, instance, &name, facts)?;
        let mut pools: Vec<PoolFact> = Vec::new();
        for (list, path) in [
            ("default_node_pool", &["default_node_pool"][..]),
            ("agent_pool_profile", &["agent_pool_profile"][..]),
        ] {
            let blocks = match block.blocks(list)? {
                Field::Known(blocks) => blocks,
                Field::Unset => continue,
                Field::Unknown => {
                    facts.not_checked.push(format!(
                        "cluster {name}: its default node pool is known only after apply; it is not counted"
                    ));
                    continue;
                }
            };
            for block in blocks {
                let place = PoolPlace {
                    instance,
                    block,
                    path,
                    cluster: &name,
                };
                let mut pool = self.pool(&place, facts)?;
                if list == "default_node_pool" {
                    pool.pool.mode = PoolMode::System;
                } else if let Some(id) = &id
                    && owned.contains(&pool_id(id, &pool.pool.name).key())
                {
                    continue;
                }
                pools.push(pool);
            }
        }
        let flag = |attribute: &str| -> Result<bool, SourceError> {
            let field = block.flag(attribute)?;
            Ok(field.known().unwrap_or(false))
        };
        let server = block.block("api_server_access_profile")?.known();
        let integration = match server {
            Some(server) => server
                .first_flag(&[
                    "virtual_network_integration_enabled",
                    "vnet_integration_enabled",
                ])?
                .known()
                .unwrap_or(false),
            None => false,
        };
        let node_auto_provisioning = match block.block("node_provisioning_profile")?.known() {
            Some(profile) => profile
                .text("mode")?
                .known()
                .is_some_and(|mode| mode.eq_ignore_ascii_case("Auto")),
            None => false,
        };
        let gateway = block.blocks("ingress_application_gateway")?.known();
        Ok(ClusterFact {
            origin: instance.origin.clone(),
            cluster: Cluster {
                told_apart: None,
                id,
                name,
                resource_group,
                node_resource_group: block
                    .text("node_resource_group")?
                    .known()
                    .map(str::to_string),
                kubernetes_version: version(&block, planned)?,
                provisioning_state: None,
                power_state: None,
                auto_upgrade: crate::model::AutoUpgrade::default(),
                network,
                pools: Vec::new(),
                private_cluster: flag("private_cluster_enabled")?,
                api_server_vnet_integration: integration,
                node_auto_provisioning,
                identity: identity(&block)?,
                tenant: None,
                node_disruption_policy: None,
                // A data source lists a gateway with empty values where there is none.
                ingress_application_gateway: gateway.is_some() && !instance.data,
                addons: crate::model::Addons::default(),
                profiles: crate::model::Profiles::default(),
                maintenance: None,
                kubernetes: None,
            },
            given: ClusterGiven::ALL,
            version_asked: None,
            pools,
        })
    }

    /// A pool that is a resource of its own joins its cluster where that is in the plan.
    fn separate_pool(
        &self,
        position: usize,
        clusters: &HashMap<String, usize>,
        facts: &mut Facts,
    ) -> Result<(), SourceError> {
        let instance = &self.side.instances[position];
        let id = match self.reference(instance, "kubernetes_cluster_id", Kind::Cluster)? {
            Ok(id) => id,
            Err(why) => {
                facts.not_checked.push(format!(
                    "{}: its cluster is known only after apply ({why}); the pool is not counted",
                    instance.address
                ));
                return Ok(());
            }
        };
        let known = clusters.get(&id.key()).copied();
        let name = match known {
            Some(position) => facts.clusters[position].cluster.name.clone(),
            None => id.name().to_string(),
        };
        let place = PoolPlace {
            instance,
            block: instance.block(),
            path: &[],
            cluster: &name,
        };
        let mut pool = self.pool(&place, facts)?;
        match known {
            Some(position) => {
                pool.origin = Some(Box::new(instance.origin.clone()));
                let pools = &mut facts.clusters[position].pools;
                pools.push(pool);
            }
            None if instance.block().text("kubernetes_cluster_id")?.is_unknown() => {
                facts.not_checked.push(format!(
                    "{}: its cluster {name} is read only during apply; the pool is not counted",
                    instance.address
                ));
            }
            None => facts.pools.push(LoosePoolFact {
                origin: instance.origin.clone(),
                cluster: id,
                pool,
            }),
        }
        Ok(())
    }

    /// A cluster from a data source is often there for its credentials only, without the network it is in. Where the plan adds
    /// no pool to it, a subnet that was not read is no error.
    fn forget_far_subnets(&self, facts: &mut Facts) {
        let from_data: HashSet<String> = self
            .side
            .of_kind(Kind::Cluster)
            .into_iter()
            .filter(|&position| self.side.instances[position].data)
            .filter_map(|position| Some(self.identity(position)?.id.key()))
            .collect();
        let planned: HashSet<String> = self
            .side
            .of_kind(Kind::NodePool)
            .into_iter()
            .filter_map(|position| {
                let instance = &self.side.instances[position];
                let id = self.reference(instance, "kubernetes_cluster_id", Kind::Cluster);
                Some(id.ok()?.ok()?.key())
            })
            .collect();
        let near: HashSet<String> = facts
            .vnets
            .iter()
            .flat_map(|vnet| &vnet.subnets)
            .chain(&facts.subnets)
            .filter_map(|subnet| Some(subnet.id.as_ref()?.key()))
            .collect();
        for fact in &mut facts.clusters {
            let key = fact
                .cluster
                .id
                .as_ref()
                .map(ResourceId::key)
                .unwrap_or_default();
            if !from_data.contains(&key) || planned.contains(&key) {
                continue;
            }
            for pool in &mut fact.pools {
                for reference in [&mut pool.subnet, &mut pool.pod_subnet] {
                    if let Some(SubnetReference::Id(id)) = reference
                        && !near.contains(&id.key())
                    {
                        facts.not_checked.push(format!(
                            "pool {} of cluster {}: its subnet {} is not in the plan",
                            pool.pool.name,
                            fact.cluster.name,
                            id.name()
                        ));
                        *reference = Some(SubnetReference::Unknown);
                    }
                }
            }
        }
    }
}

fn pool_id(cluster: &ResourceId, pool: &str) -> ResourceId {
    ResourceId::new(format!("{cluster}/agentPools/{pool}"))
}

/// What runs, or on the side after what was asked for: `current_kubernetes_version` still says there what runs now.
fn version(block: &Block<'_>, planned: bool) -> Result<Option<KubernetesVersion>, SourceError> {
    let read = |attribute: &str| -> Result<Option<KubernetesVersion>, SourceError> {
        let word = block.text(attribute)?.known();
        Ok(word.and_then(KubernetesVersion::from_word))
    };
    let (asked, current) = (
        read("kubernetes_version")?,
        read("current_kubernetes_version")?,
    );
    Ok(match (asked, current) {
        // 1.30 asks for any 1.30.x.
        (Some(asked), Some(current)) if planned => {
            let met = asked.major == current.major
                && asked.minor == current.minor
                && asked.patch.is_none_or(|patch| current.patch == Some(patch));
            Some(if met { current } else { asked })
        }
        (asked, current) => current.or(asked),
    })
}

fn identity(block: &Block<'_>) -> Result<Identity, SourceError> {
    if let Some(identity) = block.block("identity")?.known() {
        return Ok(match identity.text("type")?.known() {
            Some(word) if word.eq_ignore_ascii_case("SystemAssigned") => Identity::SystemAssigned,
            Some(word) if word.eq_ignore_ascii_case("UserAssigned") => Identity::UserAssigned,
            _ => Identity::Unknown,
        });
    }
    Ok(match block.block("service_principal")?.known() {
        Some(principal) if principal.text("client_id")?.known() != Some("msi") => {
            Identity::ServicePrincipal
        }
        _ => Identity::Unknown,
    })
}
