//! What a resource points at, told from its id and from a cluster's pools. It asks Azure nothing.

use crate::model::ResourceId;
use crate::source::facts::{ClusterFact, SubnetReference};
use std::collections::BTreeMap;

/// Ids by themselves in lower case, so that each is there once, and as it was written for sentences.
pub(super) type Ids = BTreeMap<String, ResourceId>;

pub(super) fn ids(all: impl IntoIterator<Item = ResourceId>) -> Ids {
    all.into_iter().map(|id| (id.key(), id)).collect()
}

/// The VNets a cluster's pools name; where they name none, those in its node resource group, which AKS made.
pub(super) fn vnets_of_cluster(
    fact: &ClusterFact,
    by_group: &BTreeMap<String, Vec<&ResourceId>>,
) -> Vec<ResourceId> {
    let named: Vec<ResourceId> = fact
        .pools
        .iter()
        .flat_map(|pool| [&pool.subnet, &pool.pod_subnet])
        .filter_map(|reference| match reference {
            Some(SubnetReference::Id(id)) => id.parent(),
            _ => None,
        })
        .collect();
    match (named.is_empty(), node_group(fact)) {
        (true, Some((subscription, group))) => {
            let made = by_group.get(&group_key(&subscription, &group));
            made.into_iter().flatten().map(|id| (*id).clone()).collect()
        }
        _ => named,
    }
}

pub(super) fn subscription_of(id: &str) -> Option<String> {
    let id = ResourceId::new(id);
    Some(id.segment("subscriptions")?.to_ascii_lowercase())
}

/// Subscription and node resource group of a cluster.
pub(super) fn node_group(fact: &ClusterFact) -> Option<(String, String)> {
    let subscription = subscription_of(fact.cluster.id.as_ref()?.as_str())?;
    let group = fact.cluster.node_resource_group.as_ref()?;
    Some((subscription, group.to_ascii_lowercase()))
}

/// Id of a resource group, in lower case.
pub(super) fn group_key(subscription: &str, group: &str) -> String {
    format!("/subscriptions/{subscription}/resourcegroups/{group}").to_ascii_lowercase()
}
