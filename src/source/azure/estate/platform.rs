//! Identities, Grafana and alert rules, for the question whether a cluster is ready: of the scope, or of the subscriptions of the clusters
//! that matter. Never asked for any other question, and never of a whole fleet.

use super::super::platform::{
    GRAFANAS, IDENTITIES, LOG_ALERTS, METRIC_ALERTS, PlatformLists, RULE_GROUPS,
};
use super::{Estate, Scope, subscription_of};
use crate::model::{PlatformList, Profiles, ResourceId};
use crate::source::arm;
use crate::source::facts::{Facts, Origin};
use futures::future::join_all;
use std::collections::BTreeSet;

/// Identities whose credentials are asked for, one request each: more is no cluster's.
const MOST_IDENTITIES: usize = 200;

impl Estate<'_> {
    pub(super) async fn platform(&mut self, clusters: &[ResourceId]) {
        self.profiles(clusters).await;
        let lists = PlatformLists::new(self.client);
        let places = self.places_of_platform(clusters);
        // What a resource group does not hold may stand beside it.
        let of_subscriptions = places.iter().all(|(_, group)| group.is_none());
        for kind in [IDENTITIES, GRAFANAS, RULE_GROUPS, METRIC_ALERTS, LOG_ALERTS] {
            let answers = join_all(
                places
                    .iter()
                    .map(|(subscription, group)| lists.list(kind, subscription, group.as_deref())),
            )
            .await;
            let mut complete = of_subscriptions && !places.is_empty();
            let mut any = false;
            for (place, listed) in places.iter().zip(answers) {
                complete &= listed.failure.is_none();
                any |= listed.failure.is_none();
                self.take(listed, &super::dependents::said(kind.words, place));
            }
            let platform = &mut self.facts.platform;
            if complete {
                platform.listed.insert(kind.of);
            }
            if !any {
                continue;
            }
            // That there is none where somebody looked is a fact as well.
            match kind.of {
                PlatformList::ManagedIdentities => {
                    platform.managed_identities.get_or_insert_default();
                }
                PlatformList::Grafanas => {
                    platform.grafanas.get_or_insert_default();
                }
                PlatformList::PrometheusRuleGroups => {
                    platform.prometheus_rule_groups.get_or_insert_default();
                }
                PlatformList::MetricAlerts => {
                    platform.metric_alerts.get_or_insert_default();
                }
                PlatformList::LogAlerts => {
                    platform.log_alerts.get_or_insert_default();
                }
            }
        }
        self.federated_credentials(&lists).await;
    }

    /// What AKS runs beside the workloads, of each cluster that matters, at an API version that knows all of it. A cloud that does not have
    /// that version leaves it as it was: not said.
    async fn profiles(&mut self, clusters: &[ResourceId]) {
        let answers = join_all(clusters.iter().map(|id| self.service.profiles(id))).await;
        for (id, answer) in clusters.iter().zip(answers) {
            let what = format!("profiles of cluster {} were not read", id.name());
            match answer {
                Ok(body) => {
                    let origin = Origin::new(&self.origin, id.to_string());
                    match arm::profiles_in_full(&body.whole().to_string(), &origin) {
                        Ok(profiles) => self.put_profiles(id, profiles),
                        Err(error) => self.facts.note(format!("{what}: {error}")),
                    }
                }
                Err(failure) => self.missed(&what, failure),
            }
        }
    }

    fn put_profiles(&mut self, id: &ResourceId, profiles: Profiles) {
        let mut facts = self.facts.clusters.iter_mut();
        let is_it = |of: Option<&ResourceId>| of.is_some_and(|of| of.key() == id.key());
        if let Some(fact) = facts.find(|fact| is_it(fact.cluster.id.as_ref())) {
            fact.cluster.profiles = profiles;
        }
    }

    async fn federated_credentials(&mut self, lists: &PlatformLists) {
        let identities = self.facts.platform.managed_identities.iter().flatten();
        let mut ids: Vec<ResourceId> = identities
            .filter_map(|identity| identity.id.clone())
            .collect();
        ids.sort_by_cached_key(ResourceId::key);
        if ids.len() > MOST_IDENTITIES {
            self.facts.note(format!(
                "{} identities: the federated credentials of the first {MOST_IDENTITIES} were asked for; -g narrows them down",
                ids.len()
            ));
            ids.truncate(MOST_IDENTITIES);
        }
        let answers = join_all(ids.iter().map(|id| lists.federated_credentials(id))).await;
        for (id, listed) in ids.into_iter().zip(answers) {
            let complete = listed.failure.is_none();
            self.take(
                listed,
                &format!("federated credentials of identity {}", id.name()),
            );
            if complete {
                self.facts.federated_credentials_listed.push(id);
            } else {
                // Some of an identity's credentials would look like all of them.
                let key = id.key();
                let known = &mut self.facts.federated_credentials;
                known.retain(|(identity, _)| identity.key() != key);
            }
        }
    }

    fn places_of_platform(&self, clusters: &[ResourceId]) -> Vec<(String, Option<String>)> {
        match &self.question.scope {
            Scope::Subscriptions { ids, groups } if !groups.is_empty() => ids
                .iter()
                .flat_map(|id| groups.iter().map(|group| (id.clone(), Some(group.clone()))))
                .collect(),
            _ => {
                let of_clusters: BTreeSet<String> = clusters
                    .iter()
                    .filter_map(|id| subscription_of(&id.key()))
                    .collect();
                of_clusters
                    .into_iter()
                    .map(|subscription| (subscription, None))
                    .collect()
            }
        }
    }
}

/// By id: answers come in any order.
pub(super) fn sort(facts: &mut Facts) {
    fn by_id<T>(list: &mut Option<Vec<T>>, id: impl Fn(&T) -> Option<&ResourceId>) {
        if let Some(list) = list {
            list.sort_by_cached_key(|one| id(one).map(ResourceId::key));
        }
    }
    let platform = &mut facts.platform;
    by_id(&mut platform.managed_identities, |one| one.id.as_ref());
    by_id(&mut platform.grafanas, |one| one.id.as_ref());
    by_id(&mut platform.prometheus_rule_groups, |one| one.id.as_ref());
    by_id(&mut platform.metric_alerts, |one| one.id.as_ref());
    by_id(&mut platform.log_alerts, |one| one.id.as_ref());
    facts
        .federated_credentials
        .sort_by_cached_key(|(identity, one)| (identity.key(), one.name.to_ascii_lowercase()));
    facts
        .federated_credentials_listed
        .sort_by_cached_key(ResourceId::key);
}
