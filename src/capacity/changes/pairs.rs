//! Which thing of one state is which of the other: by id, else by name where exactly one on either side has it. Linear in the
//! number of things.

use super::Kind;
use crate::model::{Inventory, ResourceId};
use std::collections::HashMap;

/// Where a thing stands in its inventory: its position, or that of its owner and its own in that.
pub(super) type Place = (usize, usize);
/// Before and after.
type Pair = (Option<Place>, Option<Place>);

pub(super) struct Pairs {
    vnets: Vec<Pair>,
    peerings: Vec<Pair>,
    subnets: Vec<Pair>,
    clusters: Vec<Pair>,
    pools: Vec<Pair>,
}

/// What a thing is known by: the strongest first.
struct Keys {
    id: Option<String>,
    qualified: String,
    name: String,
}

impl Keys {
    fn of(id: Option<&ResourceId>, group: Option<&str>, name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        Keys {
            id: id.map(ResourceId::key),
            qualified: match group {
                Some(group) => format!("{}/{name}", group.to_ascii_lowercase()),
                None => name.clone(),
            },
            name,
        }
    }
}

impl Pairs {
    pub fn of(before: &Inventory, after: &Inventory) -> Self {
        let vnets = |inventory: &Inventory| -> Vec<Keys> {
            let all = inventory.vnets.iter();
            all.map(|vnet| Keys::of(vnet.id.as_ref(), vnet.resource_group.as_deref(), &vnet.name))
                .collect()
        };
        let clusters = |inventory: &Inventory| -> Vec<Keys> {
            let all = inventory.clusters.iter();
            all.map(|cluster| {
                let group = cluster.resource_group.as_deref();
                Keys::of(cluster.id.as_ref(), group, &cluster.name)
            })
            .collect()
        };
        let vnet_pairs = owners(&vnets(before), &vnets(after));
        let cluster_pairs = owners(&clusters(before), &clusters(after));
        let peerings = |inventory: &Inventory| {
            let of_vnet = |(owner, vnet): (usize, &crate::model::VirtualNetwork)| {
                let all = vnet.peerings.iter().enumerate();
                all.map(|(position, peering)| ((owner, position), peering.name.clone()))
                    .collect::<Vec<_>>()
            };
            inventory
                .vnets
                .iter()
                .enumerate()
                .flat_map(of_vnet)
                .collect()
        };
        let subnets = |inventory: &Inventory| {
            let all = inventory.subnets.iter().enumerate();
            all.map(|(position, subnet)| ((subnet.vnet.get(), position), subnet.name.clone()))
                .collect()
        };
        let pools = |inventory: &Inventory| {
            let of_cluster = |(owner, cluster): (usize, &crate::model::Cluster)| {
                let all = cluster.pools.iter().enumerate();
                all.map(|(position, pool)| ((owner, position), pool.name.clone()))
                    .collect::<Vec<_>>()
            };
            inventory
                .clusters
                .iter()
                .enumerate()
                .flat_map(of_cluster)
                .collect()
        };
        Pairs {
            peerings: owned(&vnet_pairs, peerings(before), peerings(after)),
            subnets: owned(&vnet_pairs, subnets(before), subnets(after)),
            pools: owned(&cluster_pairs, pools(before), pools(after)),
            vnets: vnet_pairs,
            clusters: cluster_pairs,
        }
    }

    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = Pair> + '_ {
        let pairs = match kind {
            Kind::Vnet => &self.vnets,
            Kind::Peering => &self.peerings,
            Kind::Subnet => &self.subnets,
            Kind::Cluster => &self.clusters,
            Kind::Pool => &self.pools,
        };
        pairs.iter().copied()
    }
}

/// Pairs things that have ids and names.
fn owners(before: &[Keys], after: &[Keys]) -> Vec<Pair> {
    let mut partner: Vec<Option<usize>> = vec![None; before.len()];
    let mut is_taken = vec![false; after.len()];
    let by: [fn(&Keys) -> Option<&String>; 3] = [
        |keys| keys.id.as_ref(),
        |keys| Some(&keys.qualified),
        |keys| Some(&keys.name),
    ];
    for (strength, key) in by.into_iter().enumerate() {
        // `None`: several have it.
        let mut waiting: HashMap<&String, Option<usize>> = HashMap::new();
        for (position, keys) in after.iter().enumerate().filter(|(p, _)| !is_taken[*p]) {
            if let Some(key) = key(keys) {
                waiting
                    .entry(key)
                    .and_modify(|place| *place = None)
                    .or_insert(Some(position));
            }
        }
        let mut wanted: HashMap<&String, usize> = HashMap::new();
        let open = || before.iter().enumerate();
        for (_, keys) in open().filter(|(p, _)| partner[*p].is_none()) {
            if let Some(key) = key(keys) {
                *wanted.entry(key).or_default() += 1;
            }
        }
        for (position, keys) in before.iter().enumerate() {
            let Some(key) = key(keys).filter(|_| partner[position].is_none()) else {
                continue;
            };
            let Some(Some(other)) = waiting.get(key).copied() else {
                continue;
            };
            // The bare name says little where both have an id and they differ.
            let is_weak = strength == 2 && keys.id.is_some() && after[other].id.is_some();
            if wanted.get(key) == Some(&1) && !is_weak {
                partner[position] = Some(other);
                is_taken[other] = true;
            }
        }
    }
    let own = |position: usize| (position, position);
    let both = partner
        .iter()
        .enumerate()
        .map(|(position, other)| (Some(own(position)), other.map(own)));
    let added = (0..after.len()).filter(|position| !is_taken[*position]);
    both.chain(added.map(|position| (None, Some(own(position)))))
        .collect()
}

/// Pairs things by their owner and their name in it.
fn owned(owners: &[Pair], before: Vec<(Place, String)>, after: Vec<(Place, String)>) -> Vec<Pair> {
    let same: HashMap<usize, usize> = owners
        .iter()
        .filter_map(|(was, is)| Some((was.as_ref()?.0, is.as_ref()?.0)))
        .collect();
    let mut waiting: HashMap<(usize, String), Place> = after
        .iter()
        .map(|(place, name)| ((place.0, name.to_ascii_lowercase()), *place))
        .collect();
    let mut pairs: Vec<Pair> = Vec::with_capacity(before.len());
    for (place, name) in before {
        let is = same
            .get(&place.0)
            .and_then(|owner| waiting.remove(&(*owner, name.to_ascii_lowercase())));
        pairs.push((Some(place), is));
    }
    let mut added: Vec<Place> = waiting.into_values().collect();
    added.sort_unstable();
    pairs.extend(added.into_iter().map(|place| (None, Some(place))));
    pairs
}
