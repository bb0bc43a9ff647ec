//! What somebody wants to do, in a scenario's words. Never judges it.

use super::{ScenarioCluster, ScenarioPool, is_false};
use crate::model::IpNet;
use crate::source::SourceError;
use crate::source::arm::{MOST_NODES, cidr};
use crate::source::facts::{ClusterFact, Origin, PoolFact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What somebody wants to do. Name one or more changes; AKS judges the state after all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioOperation {
    /// May be left out where there is one cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// A cluster that is not there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<Box<ScenarioCluster>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_pool: Option<Box<ScenarioPool>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<ScenarioScale>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_count: Option<ScenarioScale>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<ScenarioUpgrade>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrate_to_overlay: Option<ScenarioMigration>,
    /// Any request that changes nothing here, such as enabling an add-on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub update: bool,
}

/// A pool and a number of nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioScale {
    pub pool: String,
    pub count: u64,
}

/// One pool, or the whole cluster when `pool` is left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioUpgrade {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
}

/// The move to Azure CNI Overlay.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioMigration {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_cidr: Option<String>,
}

/// An operation with references not yet followed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperationFact {
    #[serde(skip)]
    pub origin: Origin,
    /// `None`: the only cluster there is.
    pub cluster: Option<String>,
    pub changes: Vec<ChangeFact>,
}

/// A change with references not yet followed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum ChangeFact {
    Create(Box<ClusterFact>),
    AddPool(Box<PoolFact>),
    Scale { pool: String, count: u64 },
    SetMaxCount { pool: String, max_count: u64 },
    Upgrade { pool: Option<String> },
    MigrateToOverlay { pod_cidr: Option<IpNet> },
    Update,
}

impl ScenarioOperation {
    pub(super) fn lower(self, origin: Origin) -> Result<OperationFact, SourceError> {
        let mut changes = Vec::new();
        let mut cluster = self.cluster;
        if let Some(wanted) = self.create {
            cluster = Some(wanted.name.clone());
            let origin = Origin::new(&origin.file, format!("{}.create", origin.path));
            changes.push(ChangeFact::Create(Box::new(wanted.lower(origin)?)));
        }
        if let Some(pool) = self.add_pool {
            changes.push(ChangeFact::AddPool(Box::new(
                pool.lower(&origin, "add_pool")?,
            )));
        }
        for (field, scale) in [("scale", &self.scale), ("max_count", &self.max_count)] {
            if let Some(scale) = scale.as_ref().filter(|scale| scale.count > MOST_NODES) {
                return Err(origin.error(
                    &format!("{field}.count"),
                    format!(
                        "pool `{}`: {} is not a number of nodes",
                        scale.pool, scale.count
                    ),
                ));
            }
        }
        if let Some(scale) = self.scale {
            changes.push(ChangeFact::Scale {
                pool: scale.pool,
                count: scale.count,
            });
        }
        if let Some(scale) = self.max_count {
            changes.push(ChangeFact::SetMaxCount {
                pool: scale.pool,
                max_count: scale.count,
            });
        }
        if let Some(upgrade) = self.upgrade {
            changes.push(ChangeFact::Upgrade { pool: upgrade.pool });
        }
        if let Some(migration) = self.migrate_to_overlay {
            let pod_cidr = match migration.pod_cidr {
                Some(text) => Some(cidr(&text, &origin, "migrate_to_overlay.pod_cidr")?),
                None => None,
            };
            changes.push(ChangeFact::MigrateToOverlay { pod_cidr });
        }
        if self.update {
            changes.push(ChangeFact::Update);
        }
        if changes.is_empty() {
            return Err(origin.error(
                "",
                "an operation without a change; expected create, add_pool, scale, max_count, upgrade, migrate_to_overlay \
                 or update",
            ));
        }
        Ok(OperationFact {
            origin,
            cluster,
            changes,
        })
    }
}
