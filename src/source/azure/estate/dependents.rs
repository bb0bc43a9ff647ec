//! What depends on pods' addresses, for the move to Overlay: security groups, application gateways and private DNS of the scope,
//! and of the subscriptions whose VNets reach the cluster's. Never asked for any other question.

use super::super::network::Kind;
use super::super::private_dns::PrivateDns;
use super::{Estate, Scope};
use crate::model::ResourceId;
use crate::source::facts::Facts;
use futures::future::join_all;
use std::collections::BTreeSet;

/// In names of the zones that hold private endpoints, and API servers of private clusters: Azure writes their records.
const PRIVATE_LINK: &str = "privatelink.";

/// A list that was asked for, in a subscription or in one of its resource groups.
type Place = (String, Option<String>);

impl Estate<'_> {
    pub(super) async fn dependents(&mut self) {
        let dns = PrivateDns::new(self.client);
        let places = self.places_of_dependents();
        // What Resource Graph left out was not looked at.
        let looked_at = !matches!(self.question.scope, Scope::Fleet(_)) || self.fleet_is_whole;
        let mut whole = looked_at;
        for kind in Kind::DEPENDENTS {
            let answers = join_all(places.iter().map(|(subscription, group)| {
                self.network.list(kind, subscription, group.as_deref())
            }))
            .await;
            let mut complete = looked_at;
            for (place, listed) in places.iter().zip(answers) {
                complete &= listed.failure.is_none();
                self.take(listed, &said(kind.words(), place));
            }
            // That there is none is a fact as well.
            if kind == Kind::ApplicationGateways && complete {
                self.facts.application_gateways.get_or_insert_default();
            }
        }
        let answers = join_all(
            places
                .iter()
                .map(|(subscription, group)| dns.zones(subscription, group.as_deref())),
        )
        .await;
        for (place, listed) in places.iter().zip(answers) {
            whole &= listed.failure.is_none();
            self.take(listed, &said("private DNS zones", place));
        }
        if whole {
            self.facts.private_dns_zones.get_or_insert_default();
        }
        self.address_records(&dns).await;
    }

    async fn address_records(&mut self, dns: &PrivateDns) {
        let zones: Vec<ResourceId> = self
            .facts
            .private_dns_zones
            .iter()
            .flatten()
            .filter(|zone| !zone.name.to_ascii_lowercase().contains(PRIVATE_LINK))
            .filter_map(|zone| zone.id.clone())
            .collect();
        let answers = join_all(zones.iter().map(|zone| dns.address_records(zone))).await;
        for (zone, listed) in zones.into_iter().zip(answers) {
            let complete = listed.failure.is_none();
            self.take(
                listed,
                &format!("records of private DNS zone {}", zone.name()),
            );
            if complete {
                self.facts.dns_records_listed.push(zone);
            }
        }
    }

    /// The scope itself, and whole subscriptions of VNets that reach the roots. What Resource Graph gave is not listed again.
    fn places_of_dependents(&self) -> Vec<Place> {
        let mut places: Vec<Place> = match &self.question.scope {
            Scope::Subscriptions { ids, groups } if groups.is_empty() => {
                ids.iter().map(|id| (id.clone(), None)).collect()
            }
            Scope::Subscriptions { ids, groups } => ids
                .iter()
                .flat_map(|id| {
                    let of_group = |group: &String| (id.clone(), Some(group.clone()));
                    groups.iter().map(of_group)
                })
                .collect(),
            Scope::Fleet(_) => Vec::new(),
        };
        let known: BTreeSet<String> = match &self.question.scope {
            Scope::Subscriptions { ids, .. } => {
                ids.iter().map(|id| id.to_ascii_lowercase()).collect()
            }
            // Resource Graph looked through these.
            Scope::Fleet(_) => self.asked_subscriptions.clone(),
        };
        let others: BTreeSet<String> = self
            .reachable()
            .keys()
            .filter_map(|id| super::subscription_of(id))
            .filter(|subscription| !known.contains(subscription))
            .collect();
        places.extend(others.into_iter().map(|subscription| (subscription, None)));
        places
    }
}

pub(super) fn said(words: &str, (subscription, group): &Place) -> String {
    match group {
        Some(group) => format!("{words} of resource group {group} of subscription {subscription}"),
        None => format!("{words} of subscription {subscription}"),
    }
}

/// By id: answers come in any order.
pub(super) fn sort(facts: &mut Facts) {
    facts
        .security_groups
        .sort_by_cached_key(|group| group.id.as_ref().map(ResourceId::key));
    if let Some(gateways) = &mut facts.application_gateways {
        gateways.sort_by_cached_key(|gateway| gateway.id.as_ref().map(ResourceId::key));
    }
    if let Some(zones) = &mut facts.private_dns_zones {
        zones.sort_by_cached_key(|zone| zone.id.as_ref().map(ResourceId::key));
    }
    facts
        .dns_records
        .sort_by_cached_key(|(zone, record)| (zone.key(), record.name.to_ascii_lowercase()));
    facts.dns_records_listed.sort_by_cached_key(ResourceId::key);
}
