//! Which requests answer a question: the lists of the subscriptions that were named, then what those point at (peered VNets,
//! clusters of other subscriptions, VNets of clusters), then the usages of the VNets that matter. What could not be read becomes
//! a sentence; nothing that was read is lost by what was not.

mod dependents;
mod platform;
mod pointers;

use self::pointers::{Ids, group_key, ids, node_group, subscription_of, vnets_of_cluster};
use super::account;
use super::client::{ArmClient, Listed};
use super::container_service::ContainerService;
use super::error::ArmError;
use super::network::{Kind, Network};
use super::resource_graph::{self, Breadth};
use crate::model::{ResourceId, is_named};
use crate::source::arm;
use crate::source::facts::{ClusterFact, Facts, Origin, SubnetReference};
use futures::future::join_all;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub scope: Scope,
    /// A VNet, by name, `resource-group/name` or id: it, and everything peered with it, matter.
    pub vnet: Option<String>,
    /// A cluster, named likewise: the VNets of its pools matter.
    pub cluster: Option<String>,
    /// Whether each cluster that matters is asked for its own list of pools and for its maintenance windows: two requests a
    /// cluster; and whether what depends on pods' addresses is read: three lists a subscription, and one a private DNS zone.
    pub details: bool,
    /// Whether the profiles of each cluster that matters, identities with their credentials, Grafana and alert rules are read: one request
    /// a cluster, five lists a subscription, and one an identity.
    pub platform: bool,
}

/// What answers a question.
#[derive(Debug)]
pub struct Answer {
    pub facts: Facts,
    /// The clusters that matter: the one that was named, those in the VNets that matter, or all; in order of id.
    pub clusters: Vec<ResourceId>,
}

/// Where to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Lists of these subscriptions, by id; of these resource groups in them, if any are named.
    Subscriptions {
        ids: Vec<String>,
        groups: Vec<String>,
    },
    /// Resource Graph.
    Fleet(Breadth),
}

/// What Resource Graph is asked for. Network interfaces are left out: an estate has one for each machine, and private endpoints
/// tell their addresses themselves.
const FLEET_TYPES: [&str; 6] = [
    "microsoft.containerservice/managedclusters",
    "microsoft.network/loadbalancers",
    "microsoft.network/natgateways",
    "microsoft.network/privateendpoints",
    "microsoft.network/routetables",
    "microsoft.network/virtualnetworks",
];

/// As [`FLEET_TYPES`], of what depends on pods' addresses. Records of a zone are not in Resource Graph.
const FLEET_DEPENDENTS: [&str; 3] = [
    "microsoft.network/applicationgateways",
    "microsoft.network/networksecuritygroups",
    "microsoft.network/privatednszones",
];

/// Reads what answers the question.
///
/// # Errors
/// When nothing at all could be read: the first [`ArmError`].
pub async fn read(client: &ArmClient, question: &Question) -> Result<Answer, ArmError> {
    let mut estate = Estate {
        service: ContainerService::new(client),
        client,
        network: Network::new(client),
        origin: Arc::from(client.endpoint().origin().ascii_serialization()),
        question,
        found: BTreeSet::new(),
        facts: Facts::default(),
        first_failure: None,
        holders: BTreeMap::new(),
        listed_vnets: Ids::new(),
        listed_clusters: Ids::new(),
        fleet_is_whole: false,
        asked: BTreeSet::new(),
        asked_subscriptions: BTreeSet::new(),
    };
    match &question.scope {
        Scope::Subscriptions { ids, groups } => {
            estate.subscriptions(ids, groups).await;
            estate.named_by_id().await;
        }
        Scope::Fleet(breadth) => {
            // First come, first kept: Resource Graph's row may be minutes old.
            estate.named_by_id().await;
            estate.fleet(breadth).await;
        }
    }
    estate.listed_vnets = estate.known_vnets();
    estate.listed_clusters = ids(estate
        .facts
        .clusters
        .iter()
        .filter_map(|fact| fact.cluster.id.clone()));
    if estate.facts.is_empty()
        && let Some(failure) = estate.first_failure
    {
        return Err(failure);
    }
    estate.follow().await;
    estate.usages().await;
    let clusters: Vec<ResourceId> = estate.clusters_that_matter().into_values().collect();
    if question.details {
        if estate.is_of_whole_fleet() {
            estate.facts.note(
                "maintenance windows were not asked of a whole fleet: --cluster or --vnet narrows it down".to_string(),
            );
        } else {
            estate.details(&clusters).await;
            estate.dependents().await;
        }
    }
    if question.platform {
        if estate.is_of_whole_fleet() {
            estate.facts.note(
                "identities, Grafana and alert rules were not asked of a whole fleet: --cluster or --vnet narrows it down".to_string(),
            );
        } else {
            estate.platform(&clusters).await;
        }
    }
    Ok(Answer {
        facts: estate.finish(),
        clusters,
    })
}

struct Estate<'a> {
    client: &'a ArmClient,
    service: ContainerService,
    network: Network,
    origin: Arc<str>,
    question: &'a Question,
    /// What was taken in, by id in lower case: a page that comes twice is one page.
    found: BTreeSet<String>,
    facts: Facts,
    first_failure: Option<ArmError>,
    /// Subscriptions of what holds addresses in a VNet, by the VNet's id; all in lower case.
    holders: BTreeMap<String, BTreeSet<String>>,
    /// VNets that the scope itself holds; the others were followed to.
    listed_vnets: Ids,
    /// Clusters likewise: the others are in subscriptions that were looked through for who holds addresses.
    listed_clusters: Ids,
    /// Resource Graph gave everything the caller may read.
    fleet_is_whole: bool,
    /// VNets, clusters and resource groups that were asked for one by one, by id in lower case.
    asked: BTreeSet<String>,
    /// Subscriptions whose clusters were listed, in lower case.
    asked_subscriptions: BTreeSet<String>,
}

/// Enough of a resource to know it by.
#[derive(Deserialize)]
struct Named {
    id: Option<String>,
}

/// What holds addresses in a VNet, for the subscriptions it is in.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Held {
    properties: HeldIn,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct HeldIn {
    subnets: Vec<HeldSubnet>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct HeldSubnet {
    properties: HeldConfigurations,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct HeldConfigurations {
    ip_configurations: Vec<Named>,
}

impl Estate<'_> {
    /// Lists of whole subscriptions, or of resource groups.
    async fn subscriptions(&mut self, ids: &[String], groups: &[String]) {
        let places: Vec<(&str, Option<&str>)> = ids
            .iter()
            .flat_map(|id| match groups {
                [] => vec![(id.as_str(), None)],
                groups => groups
                    .iter()
                    .map(|group| (id.as_str(), Some(group.as_str())))
                    .collect(),
            })
            .collect();
        let mut lists = Vec::new();
        for (subscription, group) in &places {
            for kind in Kind::ALL {
                lists.push((kind.words(), *subscription, *group, Some(kind)));
            }
            lists.push(("clusters", *subscription, *group, None));
        }
        let answers = join_all(lists.iter().map(|(_, subscription, group, kind)| {
            let (service, network) = (&self.service, &self.network);
            async move {
                match kind {
                    Some(kind) => network.list(*kind, subscription, *group).await,
                    None => service.clusters(subscription, *group).await,
                }
            }
        }))
        .await;
        for ((words, subscription, group, _), listed) in lists.into_iter().zip(answers) {
            let place = match group {
                Some(group) => format!("resource group {group} of subscription {subscription}"),
                None => format!("subscription {subscription}"),
            };
            self.take(listed, &format!("{words} of {place}"));
        }
        if groups.is_empty() {
            self.asked_subscriptions
                .extend(ids.iter().map(|id| id.to_ascii_lowercase()));
        }
    }

    async fn fleet(&mut self, breadth: &Breadth) {
        let mut types = FLEET_TYPES.to_vec();
        if self.question.details {
            types.extend(FLEET_DEPENDENTS);
        }
        let found = resource_graph::resources(self.client, breadth, &types).await;
        self.fleet_is_whole = found.listed.failure.is_none() && found.left_out.is_empty();
        // Of a subscription that was given in part, clusters are still to be listed.
        let rows = found.listed.items.iter().filter(|_| self.fleet_is_whole);
        for row in rows {
            if let Ok(Named { id: Some(id) }) = serde_json::from_str(row)
                && let Some(subscription) = ResourceId::new(id).segment("subscriptions")
            {
                self.asked_subscriptions
                    .insert(subscription.to_ascii_lowercase());
            }
        }
        self.take(found.listed, "the rest of what Resource Graph holds");
        for sentence in found.left_out {
            self.facts.note(sentence);
        }
    }

    /// What the question names by id. What a list of Azure Resource Manager brought is as fresh as a GET.
    async fn named_by_id(&mut self) {
        let is_new_id =
            |name: &&str| name.starts_with('/') && !self.found.contains(&name.to_ascii_lowercase());
        let vnet = self.question.vnet.as_deref().filter(is_new_id);
        let cluster = self.question.cluster.as_deref().filter(is_new_id);
        if let Some(id) = vnet {
            self.vnets(vec![ResourceId::new(id)]).await;
        }
        if let Some(id) = cluster {
            self.cluster(id).await;
        }
    }

    /// Takes in what a list brought, and says what it did not.
    fn take(&mut self, listed: Listed, what: &str) {
        for item in &listed.items {
            self.take_item(item, what);
        }
        if let Some(failure) = listed.failure {
            let part = if listed.items.is_empty() {
                ""
            } else {
                " after the first pages"
            };
            self.missed(&format!("{what} were not read{part}"), failure);
        }
    }

    fn missed(&mut self, what: &str, failure: ArmError) {
        self.facts.note(format!("{what}: {}", failure.why()));
        self.first_failure.get_or_insert(failure);
    }

    fn take_item(&mut self, item: &str, what: &str) {
        let id = match serde_json::from_str(item) {
            Ok(Named { id: Some(id) }) if !id.is_empty() => id,
            _ => {
                let what = what.trim_end_matches(',');
                self.facts.note(format!(
                    "among {what}, one came without an id and was not taken into account"
                ));
                return;
            }
        };
        let origin = Origin::new(&self.origin, id.clone());
        let mut kind = None;
        let key = id.to_ascii_lowercase();
        if self.found.contains(&key) {
            return;
        }
        match arm::read_resource(item, &origin, &mut kind, &mut self.facts) {
            Ok(()) => {
                if kind.is_some() {
                    self.found.insert(key);
                }
            }
            Err(error) => self
                .facts
                .note(format!("{error}; this resource was not taken into account")),
        }
        if kind == Some(arm::Kind::VirtualNetwork) {
            let held: Held = serde_json::from_str(item).unwrap_or_default();
            let holders = held
                .properties
                .subnets
                .into_iter()
                .flat_map(|subnet| subnet.properties.ip_configurations)
                .filter_map(|held| subscription_of(held.id.as_deref()?))
                .collect();
            self.holders.insert(id.to_ascii_lowercase(), holders);
        }
    }

    /// VNets by id.
    async fn vnets(&mut self, ids: Vec<ResourceId>) {
        let answers = join_all(ids.iter().map(|id| self.network.vnet(id))).await;
        for (id, answer) in ids.into_iter().zip(answers) {
            self.asked.insert(id.key());
            match answer {
                Ok(vnet) => self.take_item(&vnet, "VNets"),
                Err(failure) if failure.is_not_found() => {
                    self.missed(&format!("VNet {id} is not there (any more)"), failure);
                }
                Err(failure) => self.missed(&format!("VNet {id} was not read"), failure),
            }
        }
    }

    async fn cluster(&mut self, id: &str) {
        self.asked.insert(id.to_ascii_lowercase());
        match self.service.cluster(&ResourceId::new(id)).await {
            Ok(body) => self.take_item(&body.whole().to_string(), "clusters"),
            Err(failure) => self.missed(&format!("cluster {id} was not read"), failure),
        }
    }

    /// Clusters of subscriptions that only turned up on the way.
    async fn clusters_of(&mut self, subscriptions: BTreeSet<String>) {
        let answers = join_all(
            subscriptions
                .iter()
                .map(|subscription| self.service.clusters(subscription, None)),
        )
        .await;
        for (subscription, listed) in subscriptions.iter().zip(answers) {
            self.take(
                listed,
                &format!(
                    "clusters of subscription {subscription}, which has addresses in these VNets,"
                ),
            );
        }
        self.asked_subscriptions.extend(subscriptions);
    }

    /// VNets that AKS made, in the node resource groups of clusters.
    async fn managed_vnets(&mut self, groups: BTreeSet<(String, String)>) {
        let answers = join_all(groups.iter().map(|(subscription, group)| {
            self.network
                .list(Kind::VirtualNetworks, subscription, Some(group))
        }))
        .await;
        for ((subscription, group), listed) in groups.into_iter().zip(answers) {
            self.take(listed, &format!("VNets of node resource group {group}"));
            self.asked.insert(group_key(&subscription, &group));
        }
    }

    /// Asks for what was pointed at, until nothing points at something that was not asked for.
    async fn follow(&mut self) {
        // Then there is nothing more for this caller.
        if self.fleet_is_whole && self.question.scope == Scope::Fleet(Breadth::Everything) {
            return;
        }
        loop {
            let near = self.near();
            let mut vnets = self.reachable();
            vnets.extend(self.vnets_of_pools());
            vnets.retain(|id, _| !self.found.contains(id) && !self.asked.contains(id));
            let subscriptions: BTreeSet<String> = near
                .keys()
                .flat_map(|id| {
                    let holders = self.holders.get(id).into_iter().flatten().cloned();
                    subscription_of(id).into_iter().chain(holders)
                })
                .filter(|subscription| !self.asked_subscriptions.contains(subscription))
                .collect();
            let groups = self.unread_node_groups();
            if vnets.is_empty() && subscriptions.is_empty() && groups.is_empty() {
                return;
            }
            self.vnets(vnets.into_values().collect()).await;
            self.clusters_of(subscriptions).await;
            self.managed_vnets(groups).await;
        }
    }

    fn known_vnets(&self) -> Ids {
        ids(self
            .facts
            .vnets
            .iter()
            .filter_map(|fact| fact.vnet.id.clone()))
    }

    /// The VNets the question is about.
    fn roots(&self) -> Ids {
        if let Some(wanted) = &self.question.vnet {
            let named = ids(self.facts.vnets.iter().filter_map(|fact| {
                let vnet = &fact.vnet;
                let id = vnet.id.as_ref()?;
                is_named(&vnet.name, vnet.resource_group.as_deref(), Some(id), wanted)
                    .then(|| id.clone())
            }));
            if !named.is_empty() {
                return named;
            }
            // A hub is often in a subscription of its own: a spoke that was listed says where.
            let remotes = self.facts.vnets.iter().flat_map(|fact| &fact.vnet.peerings);
            let remotes = remotes.map(|peering| &peering.remote);
            let named =
                remotes.filter(|id| is_named(id.name(), id.resource_group(), Some(id), wanted));
            return ids(named.cloned());
        }
        if let Some(wanted) = &self.question.cluster {
            return self.vnets_of(self.facts.clusters.iter().filter(|fact| {
                let cluster = &fact.cluster;
                cluster.id.as_ref().is_some_and(|id| {
                    is_named(
                        &cluster.name,
                        cluster.resource_group.as_deref(),
                        Some(id),
                        wanted,
                    )
                })
            }));
        }
        let mut roots = self.listed_vnets.clone();
        let all = self.facts.clusters.iter();
        roots.extend(self.vnets_of(all.filter(|fact| self.is_listed(fact))));
        roots
    }

    /// VNets that traffic of the roots can reach over any number of peerings: whether it does is for the capacity side to say.
    fn reachable(&self) -> Ids {
        let peers = self.peers();
        let mut reached = self.roots();
        let mut next: Vec<String> = reached.keys().cloned().collect();
        while let Some(key) = next.pop() {
            for peer in peers.get(&key).into_iter().flatten() {
                if reached.insert(peer.key(), (*peer).clone()).is_none() {
                    next.push(peer.key());
                }
            }
        }
        reached
    }

    /// The roots, and for a VNet that was named everything peered with it.
    fn near(&self) -> Ids {
        let mut near = self.roots();
        if self.question.vnet.is_some() {
            let peers = self.peers();
            let roots: Vec<String> = near.keys().cloned().collect();
            for key in roots {
                let of_root = peers.get(&key).into_iter().flatten();
                near.extend(ids(of_root.map(|peer| (*peer).clone())));
            }
        }
        near
    }

    /// Remote ends of each VNet's peerings.
    fn peers(&self) -> BTreeMap<String, Vec<&ResourceId>> {
        self.facts
            .vnets
            .iter()
            .filter_map(|fact| {
                let peers = fact.vnet.peerings.iter().map(|peering| &peering.remote);
                Some((fact.vnet.id.as_ref()?.key(), peers.collect()))
            })
            .collect()
    }

    /// VNets of the clusters that belong to the answer.
    fn vnets_of_pools(&self) -> Ids {
        let reachable = self.reachable();
        let by_group = self.vnets_by_group();
        let all = self.facts.clusters.iter();
        self.vnets_of(all.filter(|fact| self.belongs(fact, &reachable, &by_group)))
    }

    /// Whether the scope itself holds a cluster.
    fn is_listed(&self, fact: &ClusterFact) -> bool {
        let id = fact.cluster.id.as_ref();
        self.question.scope == Scope::Fleet(Breadth::Everything)
            || id.is_some_and(|id| self.listed_clusters.contains_key(&id.key()))
    }

    /// Whether a cluster was asked for, or is in one of these VNets. Others came along with a list of a whole subscription.
    fn belongs(
        &self,
        fact: &ClusterFact,
        vnets: &Ids,
        by_group: &BTreeMap<String, Vec<&ResourceId>>,
    ) -> bool {
        self.is_listed(fact)
            || vnets_of_cluster(fact, by_group)
                .iter()
                .any(|vnet| vnets.contains_key(&vnet.key()))
    }

    /// VNets of these clusters' subnets, or that AKS made for them.
    fn vnets_of<'a>(&self, clusters: impl Iterator<Item = &'a ClusterFact>) -> Ids {
        let by_group = self.vnets_by_group();
        clusters
            .flat_map(|fact| vnets_of_cluster(fact, &by_group))
            .map(|id| (id.key(), id))
            .collect()
    }

    /// VNets by the id of their resource group, in lower case.
    fn vnets_by_group(&self) -> BTreeMap<String, Vec<&ResourceId>> {
        let mut by_group: BTreeMap<String, Vec<&ResourceId>> = BTreeMap::new();
        for fact in &self.facts.vnets {
            if let (Some(id), Some(group)) = (&fact.vnet.id, &fact.vnet.resource_group)
                && let Some(subscription) = id.segment("subscriptions")
            {
                let group = group_key(subscription, group);
                by_group.entry(group).or_default().push(id);
            }
        }
        by_group
    }

    /// Node resource groups that hold a VNet that AKS made and that no list covered.
    fn unread_node_groups(&self) -> BTreeSet<(String, String)> {
        let listed_whole = |subscription: &str| match &self.question.scope {
            Scope::Subscriptions { ids, groups } => {
                groups.is_empty() && ids.iter().any(|id| id.eq_ignore_ascii_case(subscription))
            }
            Scope::Fleet(_) => self.fleet_is_whole,
        };
        self.facts
            .clusters
            .iter()
            .filter(|fact| self.is_listed(fact))
            .filter(|fact| fact.pools.iter().all(|pool| pool.subnet.is_none()))
            .filter_map(node_group)
            .filter(|(subscription, group)| {
                !listed_whole(subscription) && !self.asked.contains(&group_key(subscription, group))
            })
            .collect()
    }

    /// Nothing narrows the fleet down: it is too large to ask each of something.
    fn is_of_whole_fleet(&self) -> bool {
        matches!(self.question.scope, Scope::Fleet(_))
            && self.question.vnet.is_none()
            && self.question.cluster.is_none()
    }

    /// Counters of addresses in use, for the VNets that matter.
    async fn usages(&mut self) {
        let mut matter = self.near();
        if self.is_of_whole_fleet() {
            matter = self.vnets_of_pools();
        }
        let known = self.known_vnets();
        matter.retain(|key, _| known.contains_key(key));
        let others = known
            .keys()
            .filter(|key| !matter.contains_key(*key))
            .count();
        if others > 0 {
            self.facts.note(format!(
                "addresses in use were not asked of {others} more {}, and are counted from what subnets list, which is less than \
                 all: --vnet or --subscription asks them",
                if others == 1 { "VNet" } else { "VNets" }
            ));
        }
        let ids: Vec<ResourceId> = matter.into_values().collect();
        let answers = join_all(ids.iter().map(|id| self.network.usages(id))).await;
        for (id, listed) in ids.iter().zip(answers) {
            for item in &listed.items {
                let origin = Origin::new(&self.origin, format!("{id}/usages"));
                let mut kind = Some(arm::Kind::Usage);
                if let Err(error) = arm::read_resource(item, &origin, &mut kind, &mut self.facts) {
                    self.facts.note(error.to_string());
                }
            }
            if let Some(failure) = listed.failure {
                self.missed(
                    &format!("addresses in use in VNet {} were not read, and are counted from what its subnets list", id.name()),
                    failure,
                );
            }
        }
    }

    fn clusters_that_matter(&self) -> Ids {
        let all = self.facts.clusters.iter();
        if let Some(wanted) = &self.question.cluster {
            return ids(all.filter_map(|fact| {
                let cluster = &fact.cluster;
                let id = cluster.id.as_ref()?;
                is_named(
                    &cluster.name,
                    cluster.resource_group.as_deref(),
                    Some(id),
                    wanted,
                )
                .then(|| id.clone())
            }));
        }
        let near = self.near();
        let by_group = self.vnets_by_group();
        if self.question.vnet.is_none() {
            let matter = all.filter(|fact| self.belongs(fact, &near, &by_group));
            return ids(matter.filter_map(|fact| fact.cluster.id.clone()));
        }
        ids(all.filter_map(|fact| {
            let vnets = vnets_of_cluster(fact, &by_group);
            let matters = vnets.iter().any(|vnet| near.contains_key(&vnet.key()));
            fact.cluster.id.clone().filter(|_| matters)
        }))
    }

    /// What only a cluster itself lists.
    async fn details(&mut self, clusters: &[ResourceId]) {
        let answers = join_all(clusters.iter().map(|id| {
            futures::future::join(
                self.service.agent_pools(id),
                self.service.maintenance_configurations(id),
            )
        }))
        .await;
        self.tenants(clusters).await;
        for (id, (pools, maintenance)) in clusters.iter().zip(answers) {
            self.take(pools, &format!("pools of cluster {}", id.name()));
            if maintenance.failure.is_none() {
                self.facts.maintenance_listed.push(id.clone());
            }
            self.take(
                maintenance,
                &format!("maintenance windows of cluster {}", id.name()),
            );
        }
    }

    /// A cluster's own body names its tenant only where its identity is system-assigned; its subscription always does.
    async fn tenants(&mut self, clusters: &[ResourceId]) {
        let is_it = |fact: &ClusterFact| {
            let id = fact.cluster.id.as_ref();
            fact.cluster.tenant.is_none() && id.is_some_and(|id| clusters.contains(id))
        };
        let subscription = |fact: &ClusterFact| {
            let id = fact.cluster.id.as_ref()?;
            Some(id.segment("subscriptions")?.to_ascii_lowercase())
        };
        let nameless = self.facts.clusters.iter().filter(|fact| is_it(fact));
        let subscriptions: BTreeSet<String> = nameless.filter_map(subscription).collect();
        let told = join_all(
            subscriptions
                .iter()
                .map(|subscription| account::tenant_of(self.client, subscription)),
        )
        .await;
        let told: BTreeMap<String, Option<String>> = subscriptions.into_iter().zip(told).collect();
        for fact in self.facts.clusters.iter_mut().filter(|fact| is_it(fact)) {
            fact.cluster.tenant = subscription(fact).and_then(|named| told[&named].clone());
        }
    }

    /// Drops clusters that only came along, orders what was found, and lets pools say that their subnet was not read instead of
    /// pointing nowhere.
    fn finish(mut self) -> Facts {
        let mut read = self.reachable();
        read.extend(self.known_vnets());
        let by_group = self.vnets_by_group();
        let kept: BTreeSet<String> = self
            .facts
            .clusters
            .iter()
            .filter(|fact| self.belongs(fact, &read, &by_group))
            .filter_map(|fact| Some(fact.cluster.id.as_ref()?.key()))
            .collect();
        self.facts.clusters.retain(|fact| {
            let id = fact.cluster.id.as_ref();
            id.is_none_or(|id| kept.contains(&id.key()))
        });
        let mut facts = self.facts;
        // By id, and whether an address prefix is known.
        let subnets: BTreeMap<String, bool> = facts
            .vnets
            .iter()
            .flat_map(|fact| &fact.subnets)
            .filter_map(|subnet| Some((subnet.id.as_ref()?.key(), !subnet.prefixes.is_empty())))
            .collect();
        let mut notes = Vec::new();
        for fact in &mut facts.clusters {
            for pool in &mut fact.pools {
                for reference in [&mut pool.subnet, &mut pool.pod_subnet] {
                    if let Some(SubnetReference::Id(id)) = reference {
                        let why = match subnets.get(&id.key()) {
                            Some(true) => continue,
                            Some(false) => "for which Azure gave no address prefix",
                            None => "which was not read",
                        };
                        notes.push(format!(
                            "pool {} of cluster {} is in {id}, {why}: nothing is known of its addresses",
                            pool.pool.name, fact.cluster.name
                        ));
                        *reference = Some(SubnetReference::Unknown);
                    }
                }
            }
        }
        for note in notes {
            facts.note(note);
        }
        facts
            .vnets
            .sort_by_cached_key(|fact| fact.vnet.id.as_ref().map(ResourceId::key));
        facts
            .clusters
            .sort_by_cached_key(|fact| fact.cluster.id.as_ref().map(ResourceId::key));
        facts
            .route_tables
            .sort_by_cached_key(|table| table.id.as_ref().map(ResourceId::key));
        facts.usages.sort_by_cached_key(|usage| usage.subnet.key());
        facts
            .nat_gateways
            .sort_by_cached_key(|fact| fact.gateway.id.as_ref().map(ResourceId::key));
        facts.addresses.sort_by_cached_key(|fact| fact.holder.key());
        dependents::sort(&mut facts);
        platform::sort(&mut facts);
        facts.peerings.sort_by_cached_key(|fact| {
            let name = fact.peering.name.to_ascii_lowercase();
            (fact.vnet.key(), name)
        });
        facts.pools.sort_by_cached_key(|fact| {
            let name = fact.pool.pool.name.to_ascii_lowercase();
            (fact.cluster.key(), name)
        });
        facts.maintenance.sort_by_cached_key(|fact| {
            let name = fact.configuration.name.to_ascii_lowercase();
            (fact.cluster.key(), name)
        });
        facts.maintenance_listed.sort_by_cached_key(ResourceId::key);
        facts
    }
}
