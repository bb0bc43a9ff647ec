//! The world that is Azure and the cluster's own API server: looks through the same readers and lowerings as planning does, and sends
//! through the one writer. Keeps no state of the plan; forgets nothing of a body that it gives back.

use super::actuator::{
    Actuator, Depth, ETags, LockTrouble, NotTaken, Observed, Prepared, Standing, Taken, Unprepared,
};
use super::halt::Halt;
use crate::migrate::fingerprint::hex;
use crate::migrate::plan::canonical;
use crate::migrate::step::{Resource, Write};
use crate::model::{Inventory, ResourceId, is_named};
use crate::source::arm;
use crate::source::azure::account;
use crate::source::azure::container_service::{AgentPool, Body, ContainerService, ManagedCluster};
use crate::source::azure::estate::{self, Question, Scope};
use crate::source::azure::operation::{Basis, Ending, Operation};
use crate::source::azure::writer::{Begun, Refusal, Writer};
use crate::source::azure::{ArmClient, ArmError};
use crate::source::facts::{ClusterFact, Facts, LoosePoolFact, Origin, PoolFact};
use crate::source::kubernetes_api::{READS, Reader};
use crate::source::{Found, join};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// What changes while nodes are reimaged.
const WATCHED: [&str; 6] = [
    "Node",
    "Pod",
    "PodDisruptionBudget",
    "NodeNetworkConfig",
    "Event",
    "EndpointSlice",
];

/// For all objects of a cluster of thousands of nodes, where what is not read cannot be proven.
const PATIENCE: Duration = Duration::from_secs(180);

/// Somebody's wish to stop, seen between any two requests.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    wanted: Arc<AtomicBool>,
    told: Arc<Notify>,
}

impl Interrupt {
    pub fn ask(&self) {
        self.wanted.store(true, Ordering::SeqCst);
        self.told.notify_waiters();
    }

    pub fn is_asked(&self) -> bool {
        self.wanted.load(Ordering::SeqCst)
    }
}

/// Who keeps the lock.
pub trait Lock {
    /// Renews it where it is time to.
    fn keep(&mut self, now: Timestamp) -> impl Future<Output = Result<(), LockTrouble>>;
}

/// Azure, and one cluster in it.
pub struct Azure<L> {
    client: ArmClient,
    writer: Writer,
    service: ContainerService,
    cluster: ResourceId,
    reader: Reader,
    lock: L,
    interrupt: Interrupt,
    also_reserved: Vec<PathBuf>,
    /// What was read last in whole; parts of it are read anew while nodes are reimaged.
    facts: Option<Facts>,
    /// VNets whose addresses in use are known.
    counted: Vec<ResourceId>,
    /// Of the last look.
    e_tags: ETags,
    /// Of the subscription.
    tenant: Option<String>,
}

impl<L: Lock> Azure<L> {
    pub fn new(
        client: &ArmClient,
        cluster: ResourceId,
        reader: Reader,
        lock: L,
        interrupt: Interrupt,
        also_reserved: Vec<PathBuf>,
    ) -> Self {
        Azure {
            client: client.clone(),
            writer: Writer::new(client),
            service: ContainerService::new(client),
            cluster,
            reader,
            lock,
            interrupt,
            also_reserved,
            facts: None,
            counted: Vec::new(),
            e_tags: ETags::default(),
            tenant: None,
        }
    }

    /// The lock, to be taken before anything is judged.
    pub fn lock(&mut self) -> &mut L {
        &mut self.lock
    }

    /// Gives up the lock, at the end.
    pub fn into_lock(self) -> L {
        self.lock
    }

    /// The cluster and its pools as they are, with their eTags. Asked before anything else: what is read after may only be newer.
    async fn resource(&self) -> Result<(Body<ManagedCluster>, Vec<Body<AgentPool>>), String> {
        let body = self
            .service
            .cluster(&self.cluster)
            .await
            .map_err(|error| error.to_string())?;
        let listed = self.service.agent_pools(&self.cluster).await;
        if let Some(error) = listed.failure {
            return Err(error.to_string());
        }
        let pools = listed
            .items
            .iter()
            .map(|item| serde_json::from_str::<Value>(item).and_then(Body::from_value))
            .collect::<Result<Vec<Body<AgentPool>>, _>>()
            .map_err(|error| format!("the pools of {}: {error}", self.cluster.name()))?;
        Ok((body, pools))
    }

    async fn whole(&self) -> Result<Facts, String> {
        let question = Question {
            scope: Scope::Subscriptions {
                ids: self
                    .cluster
                    .segment("subscriptions")
                    .map(str::to_string)
                    .into_iter()
                    .collect(),
                groups: Vec::new(),
            },
            vnet: None,
            cluster: Some(self.cluster.as_str().to_string()),
            details: true,
            platform: false,
        };
        let answer = estate::read(&self.client, &question)
            .await
            .map_err(|error: ArmError| error.to_string())?;
        Ok(answer.facts)
    }

    /// Facts with the cluster and its pools as these bodies have them: lists may lag behind, and conditions are judged on what the eTags
    /// are of.
    fn with_bodies(
        &self,
        mut facts: Facts,
        body: &Body<ManagedCluster>,
        pools: &[Body<AgentPool>],
    ) -> Result<Facts, String> {
        let is_it = |fact: &ClusterFact| fact.cluster.id.as_ref() == Some(&self.cluster);
        let of_it = |fact: &LoosePoolFact| fact.cluster == self.cluster;
        let old = facts
            .clusters
            .iter()
            .position(is_it)
            .map(|position| facts.clusters.remove(position));
        let (old_pools, others) = facts.pools.into_iter().partition(of_it);
        let old_pools: Vec<LoosePoolFact> = old_pools;
        facts.pools = others;
        facts.kubernetes.clear();
        let origin = Origin::new(&Arc::from(self.client.endpoint().as_str()), "");
        let bodies = std::iter::once(body.whole()).chain(pools.iter().map(Body::whole));
        for body in bodies {
            arm::read_resource(&body.to_string(), &origin, &mut None, &mut facts)
                .map_err(|error| error.to_string())?;
        }
        // A subnet that was not read then is not looked for now.
        if let Some(old) = old
            && let Some(new) = facts.clusters.iter_mut().find(|fact| is_it(fact))
        {
            for pool in &mut new.pools {
                keep_subnets(pool, old.pools.iter());
            }
        }
        for fact in facts.pools.iter_mut().filter(|fact| of_it(fact)) {
            keep_subnets(&mut fact.pool, old_pools.iter().map(|fact| &fact.pool));
        }
        Ok(facts)
    }

    /// Addresses in use, of the VNets whose counters were read in the last whole look. What cannot be read now is not known: old counts
    /// beside new nodes would prove nothing. Answers what was not read, in sentences.
    async fn usages(&self, facts: &mut Facts) -> Vec<String> {
        let mut not_read = Vec::new();
        let network = crate::source::azure::network::Network::new(&self.client);
        for vnet in &self.counted {
            facts
                .usages
                .retain(|usage| usage.subnet.parent().as_ref() != Some(vnet));
            let listed = network.usages(vnet).await;
            if let Some(failure) = listed.failure {
                not_read.push(format!(
                    "addresses in use of VNet {} were not read: {failure}",
                    vnet.name()
                ));
                continue;
            }
            let origin = Origin::new(
                &Arc::from(self.client.endpoint().as_str()),
                format!("{vnet}/usages"),
            );
            for item in &listed.items {
                let mut kind = Some(arm::Kind::Usage);
                if let Err(error) = arm::read_resource(item, &origin, &mut kind, facts) {
                    not_read.push(error.to_string());
                }
            }
        }
        not_read
    }

    fn observed(
        &self,
        facts: Facts,
        body: &Body<ManagedCluster>,
        pools: &[Body<AgentPool>],
        not_read: Vec<String>,
    ) -> Result<Observed, String> {
        let found = Found {
            facts,
            ..Found::default()
        };
        let loaded = join(found, &self.also_reserved).map_err(|error| error.to_string())?;
        let inventory: Inventory = loaded.current;
        let index = inventory
            .cluster_indices()
            .find(|index| {
                let cluster = inventory.cluster(*index);
                is_named(
                    &cluster.name,
                    cluster.resource_group.as_deref(),
                    cluster.id.as_ref(),
                    self.cluster.as_str(),
                )
            })
            .ok_or_else(|| format!("{} was not read", self.cluster))?;
        let e_tags = ETags {
            cluster: body.known().e_tag.clone(),
            pools: pools
                .iter()
                .filter_map(|pool| {
                    let known = pool.known();
                    let e_tag = known.properties.e_tag.clone()?;
                    Some((known.name.clone()?, e_tag))
                })
                .collect(),
        };
        let tenant = body.whole()["identity"]["tenantId"]
            .as_str()
            .map(str::to_string)
            .or_else(|| self.tenant.clone());
        Ok(Observed {
            inventory,
            index,
            e_tags,
            tenant,
            not_read,
        })
    }

    /// Whether the pools in a cluster's body are those that were looked at, by name and eTag.
    fn has_pools_of_last_look(&self, body: &Value) -> bool {
        let profiles = body["properties"]["agentPoolProfiles"].as_array();
        let profiles = profiles.map(Vec::as_slice).unwrap_or_default();
        profiles.len() == self.e_tags.pools.len()
            && profiles.iter().all(|profile| {
                let name = profile["name"].as_str().unwrap_or_default();
                let known = self.e_tags.of(&Resource::AgentPool(name.to_string()));
                // Bodies of clusters leave the eTags of pools out in some versions; the name is then all there is.
                known.is_some()
                    && profile["eTag"]
                        .as_str()
                        .is_none_or(|e_tag| known == Some(e_tag))
            })
    }

    fn pool_id(&self, pool: &str) -> ResourceId {
        ResourceId::new(format!("{}/agentPools/{pool}", self.cluster))
    }
}

impl<L: Lock> Actuator for Azure<L> {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn wait(&mut self, time: Duration) {
        if self.interrupt.is_asked() {
            return;
        }
        // An interrupt between the question and the wait is seen after it: waits are short.
        let _ = tokio::time::timeout(time, self.interrupt.told.notified()).await;
    }

    fn is_interrupted(&self) -> bool {
        self.interrupt.is_asked()
    }

    async fn observe(&mut self, depth: Depth) -> Result<Observed, String> {
        let (body, pools) = self.resource().await?;
        let mut not_read = Vec::new();
        let facts = match (&self.facts, depth) {
            (Some(before), Depth::Watch | Depth::Proof) => {
                let mut facts = self.with_bodies(before.clone(), &body, &pools)?;
                not_read = self.usages(&mut facts).await;
                facts
            }
            _ => {
                let facts = self.with_bodies(self.whole().await?, &body, &pools)?;
                self.counted = counted(&facts);
                facts
            }
        };
        if depth != Depth::Watch {
            not_read.extend(facts.not_checked.iter().cloned());
        }
        if self.tenant.is_none()
            && let Some(subscription) = self.cluster.segment("subscriptions")
        {
            self.tenant = account::tenant_of(&self.client, subscription).await;
        }
        let mut with_objects = facts.clone();
        self.facts = Some(facts);
        let all: Vec<&str> = READS.iter().map(|read| read.kind).collect();
        let read = match depth {
            Depth::Whole | Depth::Proof => self.reader.read_within(&all, PATIENCE).await,
            Depth::Watch => self.reader.read(&WATCHED).await,
        };
        let (fact, objects_not_read) = read.into_fact(Some(self.cluster.clone()));
        not_read.extend(objects_not_read);
        with_objects.kubernetes.push(fact);
        with_objects.observed_at = Some(self.now());
        let observed = self.observed(with_objects, &body, &pools, not_read)?;
        self.e_tags = observed.e_tags.clone();
        Ok(observed)
    }

    async fn prepare(&mut self, write: &Write, e_tag: &str) -> Result<Prepared, Unprepared> {
        let failed = |error: String| Unprepared::Failed(error);
        let changes: Vec<(&str, Value)> = write
            .changes
            .iter()
            .map(|change| (change.path.as_str(), change.value.clone()))
            .collect();
        let (now, body) = match &write.resource {
            Resource::Cluster => {
                let read = self.service.cluster(&self.cluster).await;
                let read = read.map_err(|error| failed(error.to_string()))?;
                // The cluster's eTag does not change when somebody writes to a pool, and the body gives the pools back as well.
                if !self.has_pools_of_last_look(read.whole()) {
                    return Err(Unprepared::Changed);
                }
                let body = read
                    .put(&changes)
                    .map_err(|error| failed(error.to_string()))?;
                (read.known().e_tag.clone(), body)
            }
            Resource::AgentPool(pool) => {
                let read = self.service.agent_pool(&self.pool_id(pool)).await;
                let read = read.map_err(|error| failed(error.to_string()))?;
                let body = read
                    .put(&changes)
                    .map_err(|error| failed(error.to_string()))?;
                (read.known().properties.e_tag.clone(), body)
            }
        };
        if now.as_deref() != Some(e_tag) {
            return Err(Unprepared::Changed);
        }
        let mut text = String::new();
        canonical(&body, &mut text);
        Ok(Prepared {
            resource: write.resource.clone(),
            e_tag: e_tag.to_string(),
            body,
            digest: hex(&Sha256::digest(text)),
        })
    }

    async fn send(&mut self, prepared: &Prepared) -> Result<Taken, NotTaken> {
        let begun = match &prepared.resource {
            Resource::Cluster => {
                self.writer
                    .put_cluster(&self.cluster, &prepared.body, &prepared.e_tag)
                    .await
            }
            Resource::AgentPool(pool) => {
                self.writer
                    .put_agent_pool(&self.pool_id(pool), &prepared.body, &prepared.e_tag)
                    .await
            }
        };
        taken(begun)
    }

    async fn ask(&mut self, operation: &str) -> Result<Standing, String> {
        let operation = Operation::of_reference(operation, self.client.endpoint())
            .map_err(|error| error.to_string())?;
        let told = operation
            .poll(&self.client)
            .await
            .map_err(|error| error.to_string())?;
        Ok(match told.ending() {
            None => Standing::Running {
                status: Some(told.status.clone()),
                remark: told.remark.as_ref().map(ToString::to_string),
                wait: told.wait,
                by_state: told.basis == Basis::Resource,
            },
            Some(Ending::Succeeded(_)) => Standing::Succeeded,
            Some(Ending::Ended(status, error)) => Standing::Ended {
                status: status.clone(),
                why: match (error, told.basis) {
                    (Some(error), _) => error.to_string(),
                    (None, Basis::Operation) => "Azure gives no reason".to_string(),
                    // Its address is signed, and the signature is written nowhere.
                    (None, Basis::Resource) => format!(
                        "the provisioning state says so; the reason is with the operation, which only the run that began it may read, \
                         and in the activity log: az monitor activity-log list --resource-id {} --status Failed",
                        self.cluster
                    ),
                },
            },
        })
    }

    async fn abort(&mut self, resource: &Resource) -> Result<Taken, NotTaken> {
        let halt = Halt::new(&self.client, self.cluster.clone());
        halt.ask(resource).await
    }

    async fn keep_lock(&mut self) -> Result<(), LockTrouble> {
        self.lock.keep(Timestamp::now()).await
    }
}

/// VNets whose addresses in use were read.
fn counted(facts: &Facts) -> Vec<ResourceId> {
    let usages = facts.usages.iter();
    let mut vnets: Vec<ResourceId> = usages.filter_map(|usage| usage.subnet.parent()).collect();
    vnets.sort_by_key(ResourceId::key);
    vnets.dedup();
    vnets
}

/// The subnets that the pool of this name had among these.
fn keep_subnets<'a>(pool: &mut PoolFact, mut known: impl Iterator<Item = &'a PoolFact>) {
    if let Some(known) = known.find(|known| known.pool.name == pool.pool.name) {
        pool.subnet.clone_from(&known.subnet);
        pool.pod_subnet.clone_from(&known.pod_subnet);
    }
}

pub(super) fn taken(begun: Result<Begun, Refusal>) -> Result<Taken, NotTaken> {
    match begun {
        Ok(begun) => Ok(Taken {
            operation: Some(begun.operation.reference()),
        }),
        Err(refusal) => Err(match refusal {
            Refusal::Changed => NotTaken::Changed,
            Refusal::Busy {
                code,
                message,
                wait,
            } => NotTaken::Busy {
                why: format!("{code}: {message}"),
                wait,
            },
            Refusal::Throttled { wait } => NotTaken::Throttled { wait },
            Refusal::Refused {
                status,
                code,
                message,
                target,
            } => NotTaken::Refused {
                code: if code.is_empty() {
                    status.to_string()
                } else {
                    code
                },
                message: match target {
                    Some(target) => format!("{message} (target {target})"),
                    None => message,
                },
            },
            Refusal::InDoubt(why) => NotTaken::InDoubt(why),
            Refusal::NotSent(why) => NotTaken::NotSent(why),
        }),
    }
}
