//! Whether an inventory that faults were in the way of is honest: equal to the whole one, or saying what it lacks.

use crate::world::segment;
use aksplan::model::{Cluster, Inventory, ResourceId, Subnet};

/// What `got` lacks or has differently without a word in `sentences`; empty when it is honest.
pub fn dishonesties(whole: &Inventory, got: &Inventory, sentences: &[String]) -> Vec<String> {
    let told = Told(
        sentences
            .iter()
            .map(|text| text.to_ascii_lowercase())
            .collect(),
    );
    let mut found = Vec::new();
    vnets(whole, got, &told, &mut found);
    clusters(whole, got, &told, &mut found);
    for table in &whole.route_tables {
        let id = key(table.id.as_ref());
        match got
            .route_tables
            .iter()
            .find(|other| key(other.id.as_ref()) == id)
        {
            Some(other) if other == table => {}
            Some(_) => found.push(format!("route table {id} differs")),
            None if told.list("route tables", &id) => {}
            None => found.push(format!("route table {id} is missing without a word")),
        }
    }
    found
}

struct Told(Vec<String>);

impl Told {
    fn any(&self, parts: &[&str]) -> bool {
        self.0.iter().any(|sentence| {
            parts
                .iter()
                .all(|part| sentence.contains(&part.to_ascii_lowercase()))
        })
    }

    /// The list that would have held the resource was said to be missing.
    fn list(&self, what: &str, id: &str) -> bool {
        let subscription = segment(id, "subscriptions").unwrap_or("?");
        self.any(&[what, subscription]) || self.any(&["resource graph"])
    }

    /// The resource itself was.
    fn one(&self, id: &str) -> bool {
        self.any(&[id])
    }
}

fn key(id: Option<&ResourceId>) -> String {
    id.map(ResourceId::key).unwrap_or_default()
}

fn vnets(whole: &Inventory, got: &Inventory, told: &Told, found: &mut Vec<String>) {
    for index in whole.vnet_indices() {
        let vnet = whole.vnet(index);
        let id = key(vnet.id.as_ref());
        let other = got
            .vnet_indices()
            .find(|other| key(got.vnet(*other).id.as_ref()) == id);
        let Some(other) = other else {
            if !told.list("vnets", &id) && !told.one(&id) {
                found.push(format!("VNet {id} is missing without a word"));
            }
            continue;
        };
        if got.vnet(other) != vnet {
            found.push(format!("VNet {id} differs"));
        }
        let of = |inventory: &Inventory, of| -> Vec<Subnet> {
            inventory
                .subnets
                .iter()
                .filter(|subnet| subnet.vnet == of)
                .cloned()
                .collect()
        };
        let (subnets, others) = (of(whole, index), of(got, other));
        if subnets.len() != others.len() {
            found.push(format!("VNet {id} has other subnets"));
        }
        for (subnet, other) in subnets.iter().zip(&others) {
            let mut same = subnet.clone();
            same.vnet = other.vnet;
            same.used = other.used;
            let named = key(subnet.id.as_ref());
            // Names of who holds addresses come from lists of their own.
            if other.addresses.len() < same.addresses.len()
                && other
                    .addresses
                    .iter()
                    .all(|address| same.addresses.contains(address))
                && ["load balancers", "network interfaces", "private endpoints"]
                    .iter()
                    .any(|list| told.list(list, &id))
            {
                same.addresses.clone_from(&other.addresses);
            }
            if same != *other {
                found.push(format!("subnet {named} differs"));
            }
            match (subnet.used, other.used) {
                (used, read) if used == read => {}
                (_, None) if told.any(&["in use", &vnet.name]) => {}
                // Followed to from elsewhere, it is a neighbour, and neighbours are not asked for their numbers.
                (_, None) if told.list("vnets", &id) => {}
                (_, None) => found.push(format!("{named}: no number in use, without a word")),
                (used, read) => found.push(format!("{named}: {read:?} in use instead of {used:?}")),
            }
        }
    }
    for vnet in &got.vnets {
        let id = key(vnet.id.as_ref());
        let known = whole.vnets.iter().any(|other| key(other.id.as_ref()) == id);
        // The VNet that AKS makes itself, where the real one was not read.
        let assumed = id.is_empty() && vnet.name.starts_with("aks");
        if !known && !assumed {
            found.push(format!("VNet {id} was invented"));
        }
    }
}

fn clusters(whole: &Inventory, got: &Inventory, told: &Told, found: &mut Vec<String>) {
    let subnet_of = |inventory: &Inventory, index: Option<aksplan::model::SubnetIndex>| {
        index.map(|index| key(inventory.subnet(index).id.as_ref()))
    };
    for cluster in &whole.clusters {
        let id = key(cluster.id.as_ref());
        let Some(other) = got
            .clusters
            .iter()
            .find(|other| key(other.id.as_ref()) == id)
        else {
            if !told.list("clusters", &id) && !told.one(&id) {
                found.push(format!("cluster {id} is missing without a word"));
            }
            continue;
        };
        let (mut mine, theirs) = (bare(cluster), bare(other));
        if theirs.maintenance.is_none() && told.any(&["maintenance", &cluster.name]) {
            mine.maintenance = None;
        }
        if mine != theirs {
            found.push(format!("cluster {id} differs"));
            continue;
        }
        for (pool, read) in cluster.pools.iter().zip(&other.pools) {
            for (index, read_index) in [
                (pool.subnet, read.subnet),
                (pool.pod_subnet, read.pod_subnet),
            ] {
                let (subnet, read_subnet) = (subnet_of(whole, index), subnet_of(got, read_index));
                if subnet == read_subnet {
                    continue;
                }
                if read_subnet.is_some() {
                    found.push(format!("pool {} of {id} is in {read_subnet:?}", pool.name));
                } else if !told.any(&[&pool.name, &cluster.name]) {
                    found.push(format!(
                        "pool {} of {id} lost its subnet without a word",
                        pool.name
                    ));
                }
            }
        }
    }
    for cluster in &got.clusters {
        let id = key(cluster.id.as_ref());
        if !whole
            .clusters
            .iter()
            .any(|other| key(other.id.as_ref()) == id)
        {
            found.push(format!("cluster {id} was invented"));
        }
    }
}

/// A cluster without the positions of its subnets, which differ where other subnets are missing.
fn bare(cluster: &Cluster) -> Cluster {
    let mut bare = cluster.clone();
    for pool in &mut bare.pools {
        pool.subnet = None;
        pool.pod_subnet = None;
    }
    bare
}
