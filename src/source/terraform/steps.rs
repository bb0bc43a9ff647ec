//! What Terraform does to clusters and pools, from the addresses of a plan to the ids and names of what is and will be.

use super::block::{Block, Field};
use super::lower::Lowering;
use super::side::Kind;
use crate::model::step::is_cluster;
use crate::model::{PlanStep, PoolStep, ResourceId, StepKind};
use crate::source::SourceError;
use crate::source::facts::Facts;
use std::collections::{HashMap, HashSet};

/// An action as the plan announces it.
pub struct Announced {
    pub address: String,
    pub kind: StepKind,
    pub because: Vec<String>,
    pub why: String,
}

/// Says which cluster and pool each action is about. What has no id on the side before is passed over: it is not there yet.
///
/// # Errors
/// When a value has the wrong shape.
pub fn resolve(
    announced: Vec<Announced>,
    before: &Lowering<'_>,
    after: &Lowering<'_>,
) -> Result<Vec<PlanStep>, SourceError> {
    if announced.is_empty() {
        return Ok(Vec::new());
    }
    let (was, will) = (by_address(before), by_address(after));
    // By cluster and pool in lower case: what is deleted at one address may be made anew at another.
    let mut held: HashSet<(String, Option<String>)> = HashSet::new();
    if announced.iter().any(|step| step.kind == StepKind::Delete) {
        for position in will.values() {
            held.extend(described(after, Some(*position))?.map(|held| held.key()));
        }
    }
    let mut steps = Vec::new();
    for step in announced {
        let Some(old) = described(before, was.get(step.address.as_str()).copied())? else {
            continue;
        };
        let new = described(after, will.get(step.address.as_str()).copied())?;
        if step.kind == StepKind::Delete && held.contains(&old.key()) {
            steps.push(PlanStep {
                kind: StepKind::Replace {
                    create_before_destroy: false,
                },
                cluster_after: Some(old.cluster.clone()),
                cluster: old.cluster,
                pool: old.pool.map(|name| PoolStep {
                    name_after: Some(name.clone()),
                    name,
                }),
                because: Vec::new(),
                why: format!(
                    "{} is deleted, and another resource makes one with this name",
                    step.address
                ),
            });
            continue;
        }
        let rotates_default = matches!(step.kind, StepKind::Rotate { .. });
        let pool = match (old.pool, old.default_pool) {
            (Some(name), _) => Some(PoolStep {
                name,
                name_after: new.as_ref().and_then(|new| new.pool.clone()),
            }),
            (None, Some(name)) if rotates_default => Some(PoolStep {
                name_after: new.as_ref().and_then(|new| new.default_pool.clone()),
                name,
            }),
            _ => None,
        };
        steps.push(PlanStep {
            kind: step.kind,
            cluster: old.cluster,
            cluster_after: new.map(|new| new.cluster),
            pool,
            because: step.because,
            why: step.why,
        });
    }
    Ok(steps)
}

fn by_address<'a>(lowering: &Lowering<'a>) -> HashMap<&'a str, usize> {
    let side = lowering.side;
    [Kind::Cluster, Kind::NodePool]
        .into_iter()
        .flat_map(|kind| side.of_kind(kind))
        .filter(|&position| !side.instances[position].data)
        .map(|position| (side.instances[position].address.as_str(), position))
        .collect()
}

/// A cluster, or a pool with its cluster.
struct Described {
    cluster: ResourceId,
    pool: Option<String>,
    default_pool: Option<String>,
}

impl Described {
    fn key(&self) -> (String, Option<String>) {
        let pool = self.pool.as_ref().map(|pool| pool.to_ascii_lowercase());
        (self.cluster.key(), pool)
    }
}

fn described(
    lowering: &Lowering<'_>,
    position: Option<usize>,
) -> Result<Option<Described>, SourceError> {
    let Some(position) = position else {
        return Ok(None);
    };
    let instance = &lowering.side.instances[position];
    // As the pool is called where it is lowered.
    let name = |block: &Block<'_>| -> Result<String, SourceError> {
        Ok(match block.text("name")? {
            Field::Known(name) if !block.is_sensitive("name") => name.to_string(),
            _ => instance.address.clone(),
        })
    };
    let block = instance.block();
    if instance.kind == Kind::NodePool {
        let cluster = lowering.reference(instance, "kubernetes_cluster_id", Kind::Cluster)?;
        let pool = Some(name(&block)?);
        return Ok(cluster.ok().map(|cluster| Described {
            cluster,
            pool,
            default_pool: None,
        }));
    }
    let Some(identity) = lowering.identity(position) else {
        return Ok(None);
    };
    let default_pool = match block.block("default_node_pool")?.known() {
        Some(block) => Some(name(&block)?),
        None => None,
    };
    Ok(Some(Described {
        cluster: identity.id.clone(),
        pool: None,
        default_pool,
    }))
}

/// Takes out of what other files say the pools that a plan deletes; those it makes are laid over afterwards.
pub fn drop_deleted_pools(steps: &[PlanStep], planned: &mut Facts) {
    for step in steps {
        let Some(pool) = &step.pool else { continue };
        let is_gone = match &step.kind {
            StepKind::Delete => true,
            StepKind::Replace { .. } => pool
                .name_after
                .as_ref()
                .is_some_and(|after| !after.eq_ignore_ascii_case(&pool.name)),
            StepKind::Update | StepKind::Rotate { .. } => false,
        };
        if !is_gone {
            continue;
        }
        let is_it = |name: &str| name.eq_ignore_ascii_case(&pool.name);
        for fact in &mut planned.clusters {
            if is_cluster(&step.cluster, &fact.cluster) {
                fact.pools.retain(|known| !is_it(&known.pool.name));
            }
        }
        planned
            .pools
            .retain(|loose| loose.cluster != step.cluster || !is_it(&loose.pool.pool.name));
    }
}
