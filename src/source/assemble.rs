//! Joins facts into one inventory: pools to subnets, usages to subnets, peerings to VNets, Kubernetes objects to clusters. What
//! points nowhere is an error where a number would depend on it, and a sentence in `not_checked` where none does.

mod addresses;
mod dependents;

use super::facts::{
    ClusterFact, Facts, Origin, PoolFact, SubnetFact, SubnetReference, UsageFact, VnetFact,
    vnet_key,
};
use super::{SourceError, attach};
use crate::model::{
    Cluster, Inventory, IpNet, MaintenanceConfiguration, NodePool, ResourceId, Subnet, SubnetIndex,
    VirtualNetwork, VnetIndex, parse_cidr,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// The node subnet of a VNet that AKS makes itself (CID-5: announced and observed, not documented as one range).
const MANAGED_VNET: (&str, &str) = ("10.224.0.0/12", "10.224.0.0/16");
/// What AKS calls it.
const MANAGED_SUBNET: &str = "aks-subnet";

/// Joins facts.
///
/// # Errors
/// A name that points nowhere, two subnets or pools with one name, an agent pool without its cluster.
pub fn assemble(mut facts: Facts) -> Result<Inventory, SourceError> {
    drop_assumed(&mut facts);
    let mut assembly = Assembly::default();
    assembly.inventory.reserved = facts.reserved;
    assembly.inventory.not_checked = facts.not_checked;
    assembly.inventory.observed_at = facts.observed_at;
    for vnet in facts.vnets {
        assembly.add_vnet(vnet)?;
    }
    for subnet in facts.subnets {
        assembly.add_loose_subnet(subnet)?;
    }
    for peering in facts.peerings {
        let vnet = assembly.vnet_or_stub(&peering.vnet, "its peering");
        let peerings = &mut assembly.inventory.vnets[vnet.get()].peerings;
        match peerings
            .iter_mut()
            .find(|known| known.name.eq_ignore_ascii_case(&peering.peering.name))
        {
            Some(known) => *known = peering.peering,
            None => peerings.push(peering.peering),
        }
    }
    assembly.place_subnets();
    assembly.add_usages(facts.usages);
    assembly.add_route_tables(facts.route_tables);
    let (inventory, lookup) = (&mut assembly.inventory, &assembly.lookup);
    addresses::add_nat_gateways(inventory, lookup, facts.nat_gateways);
    addresses::add_addresses(inventory, lookup, facts.addresses);
    dependents::add_security_groups(inventory, lookup, facts.security_groups);
    dependents::add_gateways(inventory, facts.application_gateways);
    dependents::add_zones(
        inventory,
        facts.private_dns_zones,
        facts.dns_records,
        facts.dns_records_listed,
    );
    dependents::add_platform(
        inventory,
        facts.platform,
        facts.federated_credentials,
        facts.federated_credentials_listed,
    );
    let mut clusters = merge_clusters(facts.clusters)?;
    let cluster_by_id: HashMap<String, usize> = clusters
        .iter()
        .enumerate()
        .filter_map(|(position, fact)| Some((fact.cluster.id.as_ref()?.key(), position)))
        .collect();
    for loose in facts.pools {
        match cluster_by_id.get(&loose.cluster.key()) {
            Some(&position) => put_pool(&mut clusters[position].pools, loose.pool),
            None => {
                return Err(loose.origin.error(
                    "id",
                    format!(
                        "agent pool of cluster `{}`, which was not read; add the output of `az aks show` or `az aks list`",
                        loose.cluster.name()
                    ),
                ));
            }
        }
    }
    for id in &facts.maintenance_listed {
        if let Some(&position) = cluster_by_id.get(&id.key()) {
            let cluster = &mut clusters[position].cluster;
            cluster.maintenance.get_or_insert_default();
        }
    }
    for fact in facts.maintenance {
        match cluster_by_id.get(&fact.cluster.key()) {
            Some(&position) => put_maintenance(&mut clusters[position].cluster, fact.configuration),
            None => assembly.inventory.not_checked.push(format!(
                "{}: maintenance configuration of cluster {}, which was not read",
                fact.origin.file,
                fact.cluster.name()
            )),
        }
    }
    for fact in clusters {
        let cluster = assembly.resolve_cluster(fact)?;
        assembly.inventory.clusters.push(cluster);
    }
    let mut inventory = assembly.inventory;
    attach::kubernetes(&mut inventory, facts.kubernetes);
    inventory.tell_names_apart();
    inventory.not_checked.sort();
    inventory.not_checked.dedup();
    Ok(inventory)
}

fn is_assumed(fact: &VnetFact) -> bool {
    !fact.subnets.is_empty() && fact.subnets.iter().all(|subnet| subnet.assumed)
}

fn assumption(cluster: &str) -> String {
    format!(
        "cluster {cluster}: no subnet is named and the VNet that AKS made for it was not read; its usual {} is assumed (CID-5)",
        MANAGED_VNET.1
    )
}

/// Things by resource group. Groups of one name in two subscriptions are two: `MC_rg_aks_westeurope` is usual in dev and in prod.
struct ByGroup<T>(HashMap<String, Vec<(Option<String>, T)>>);

impl<T> Default for ByGroup<T> {
    fn default() -> Self {
        ByGroup(HashMap::new())
    }
}

impl<T: Copy> ByGroup<T> {
    fn subscription(id: Option<&ResourceId>) -> Option<String> {
        Some(id?.segment("subscriptions")?.to_ascii_lowercase())
    }

    fn add(&mut self, group: &str, id: Option<&ResourceId>, thing: T) {
        let same = self.0.entry(group.to_ascii_lowercase()).or_default();
        same.push((Self::subscription(id), thing));
    }

    /// The last one in the group of this name in the subscription of `id`; a side without an id is in any.
    fn of(&self, group: &str, id: Option<&ResourceId>) -> Option<T> {
        let subscription = Self::subscription(id);
        let same = self.0.get(&group.to_ascii_lowercase())?;
        same.iter()
            .rfind(|(known, _)| known.is_none() || subscription.is_none() || *known == subscription)
            .map(|(_, thing)| *thing)
    }
}

/// A snapshot may assume a managed VNet that was read since: what was read counts.
fn drop_assumed(facts: &mut Facts) {
    if !facts.vnets.iter().any(is_assumed) {
        return;
    }
    let mut read = ByGroup::default();
    for fact in facts.vnets.iter().filter(|fact| !is_assumed(fact)) {
        if let Some(group) = &fact.vnet.resource_group {
            read.add(group, fact.vnet.id.as_ref(), ());
        }
    }
    // An assumed VNet has no id: the clusters in it say which subscription it would be in.
    let known: HashSet<&str> = facts
        .clusters
        .iter()
        .filter(|fact| {
            let group = fact.cluster.node_resource_group.as_ref();
            group.is_some_and(|group| read.of(group, fact.cluster.id.as_ref()).is_some())
        })
        .flat_map(|fact| &fact.pools)
        .filter_map(|pool| match &pool.subnet {
            Some(SubnetReference::Placed { vnet, .. }) => Some(vnet.as_str()),
            _ => None,
        })
        .collect();
    let dropped: HashSet<String> = facts
        .vnets
        .extract_if(.., |fact| {
            is_assumed(fact) && known.contains(vnet_key(&fact.vnet).as_str())
        })
        .map(|fact| vnet_key(&fact.vnet))
        .collect();
    for fact in &mut facts.clusters {
        let mut of_this_cluster = false;
        for pool in &mut fact.pools {
            let is_dropped = |reference: &mut SubnetReference| matches!(reference, SubnetReference::Placed { vnet, .. } if dropped.contains(vnet));
            of_this_cluster |= pool.subnet.take_if(is_dropped).is_some();
        }
        if of_this_cluster {
            let sentence = assumption(&fact.cluster.name);
            facts.not_checked.retain(|known| *known != sentence);
        }
    }
}

/// Follows the references of one more pool, for a cluster that is already in the inventory.
///
/// # Errors
/// When a subnet it names is not there.
pub fn resolve_pool(
    inventory: &Inventory,
    cluster: &Cluster,
    fact: PoolFact,
    origin: &Origin,
) -> Result<NodePool, SourceError> {
    resolve_pool_in(inventory, &Lookup::of(inventory), cluster, fact, origin)
}

/// The same, where many pools share what is looked up.
///
/// # Errors
/// As [`resolve_pool`].
pub fn resolve_pool_in(
    inventory: &Inventory,
    lookup: &Lookup,
    cluster: &Cluster,
    fact: PoolFact,
    origin: &Origin,
) -> Result<NodePool, SourceError> {
    let mut pool = fact.pool;
    let name = pool.name.clone();
    let find = |reference: &SubnetReference, field: &str| {
        find_subnet(inventory, lookup, reference)
            .map_err(|problem| origin.error(field, format!("pool `{name}` {problem}")))
    };
    // A new pool joins the subnet of the others when it names none, as `az aks nodepool add` does.
    pool.subnet = match &fact.subnet {
        Some(reference) => find(reference, "subnet")?,
        None => cluster.pools.first().and_then(|pool| pool.subnet),
    };
    let sibling_pod_subnet = || cluster.pools.first().and_then(|pool| pool.pod_subnet);
    pool.pod_subnet = match &fact.pod_subnet {
        Some(reference) => find(reference, "pod_subnet")?,
        None => sibling_pod_subnet(),
    };
    pool.has_pod_subnet = pool.pod_subnet.is_some();
    if fact.pod_subnet.is_none()
        && let Some(sibling) = cluster.pools.first()
    {
        pool.pod_ip_allocation = sibling.pod_ip_allocation;
    }
    default_max_pods(cluster, &mut pool, fact.max_pods);
    Ok(pool)
}

/// Follows the references of a cluster that is to be created in the estate of `inventory`; a managed VNet is added to it when
/// the cluster names no subnet.
///
/// # Errors
/// When a subnet it names is not there.
pub fn resolve_new_cluster(
    inventory: &mut Inventory,
    fact: ClusterFact,
) -> Result<Cluster, SourceError> {
    let mut assembly = Assembly {
        lookup: Lookup::of(inventory),
        inventory: std::mem::take(inventory),
        ..Assembly::default()
    };
    let cluster = assembly.resolve_cluster(fact);
    *inventory = assembly.inventory;
    cluster
}

#[derive(Default)]
struct Assembly {
    inventory: Inventory,
    /// Subnets of each VNet, before they are placed side by side.
    pending: Vec<Vec<SubnetFact>>,
    lookup: Lookup,
    /// For VNets that AKS made.
    vnet_by_group: ByGroup<VnetIndex>,
    /// The subnet of nodes in a VNet that AKS made: the one named so, else the first.
    managed_subnet: HashMap<VnetIndex, SubnetIndex>,
}

/// Subnets by what pools call them. A fleet has tens of thousands of both.
#[derive(Default)]
pub struct Lookup {
    /// Ids in lower case.
    by_id: HashMap<String, SubnetIndex>,
    /// Names in lower case, without the VNet's.
    by_name: HashMap<String, Vec<SubnetIndex>>,
    /// By [`vnet_key`].
    vnet_by_key: HashMap<String, VnetIndex>,
}

impl Lookup {
    fn add(&mut self, index: SubnetIndex, id: Option<&ResourceId>, name: &str) {
        if let Some(id) = id {
            self.by_id.insert(id.key(), index);
        }
        self.by_name
            .entry(name.to_ascii_lowercase())
            .or_default()
            .push(index);
    }

    /// Of all VNets and subnets that an inventory has.
    pub fn of(inventory: &Inventory) -> Self {
        let mut lookup = Lookup::default();
        for index in inventory.vnet_indices() {
            let key = vnet_key(inventory.vnet(index));
            lookup.vnet_by_key.entry(key).or_insert(index);
        }
        for index in inventory.subnet_indices() {
            let subnet = inventory.subnet(index);
            lookup.add(index, subnet.id.as_ref(), &subnet.name);
        }
        lookup
    }

    fn named(&self, name: &str) -> &[SubnetIndex] {
        self.by_name
            .get(&name.to_ascii_lowercase())
            .map_or(&[], Vec::as_slice)
    }
}

impl Assembly {
    fn add_vnet(&mut self, fact: VnetFact) -> Result<(), SourceError> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (position, subnet) in fact.subnets.iter().enumerate() {
            if let Some(first) = seen.insert(subnet.name.to_ascii_lowercase(), position) {
                return Err(fact.origin.error(
                    &format!("subnets[{position}]"),
                    format!(
                        "VNet `{}` has two subnets named `{}` (the other is subnets[{first}]); expected each name once",
                        fact.vnet.name, subnet.name
                    ),
                ));
            }
        }
        let key = vnet_key(&fact.vnet);
        let index = match self.lookup.vnet_by_key.get(&key) {
            // Read twice, say by `list` and by `show`: the later file is the newer truth.
            Some(&index) if fact.vnet.id.is_some() || is_assumed(&fact) => {
                self.inventory.vnets[index.get()] = fact.vnet;
                self.pending[index.get()] = fact.subnets;
                return Ok(());
            }
            Some(_) => {
                return Err(fact.origin.error(
                    "name",
                    format!(
                        "a second VNet named `{}`; expected each name once",
                        fact.vnet.name
                    ),
                ));
            }
            None => VnetIndex::new(self.inventory.vnets.len()),
        };
        if let Some(group) = &fact.vnet.resource_group {
            let id = fact.vnet.id.as_ref();
            self.vnet_by_group.add(group, id, index);
        }
        self.lookup.vnet_by_key.insert(key, index);
        self.inventory.vnets.push(fact.vnet);
        self.pending.push(fact.subnets);
        Ok(())
    }

    fn vnet_or_stub(&mut self, id: &ResourceId, what: &str) -> VnetIndex {
        if let Some(&index) = self.lookup.vnet_by_key.get(&id.key()) {
            return index;
        }
        let index = VnetIndex::new(self.inventory.vnets.len());
        self.inventory.not_checked.push(format!(
            "VNet {} was not read, only {what}: its address space and other subnets are unknown",
            id.name()
        ));
        self.inventory.vnets.push(VirtualNetwork {
            told_apart: None,
            name: id.name().to_string(),
            resource_group: id.resource_group().map(str::to_string),
            id: Some(id.clone()),
            address_space: Vec::new(),
            peerings: Vec::new(),
            provisioning_state: None,
        });
        self.pending.push(Vec::new());
        self.lookup.vnet_by_key.insert(id.key(), index);
        index
    }

    fn add_loose_subnet(&mut self, mut fact: SubnetFact) -> Result<(), SourceError> {
        let Some(vnet) = fact.vnet.take() else {
            return Err(fact.origin.error(
                "id",
                format!("subnet `{}` names no VNet; expected its id", fact.name),
            ));
        };
        let index = self.vnet_or_stub(&vnet, "its subnet");
        let siblings = &mut self.pending[index.get()];
        match siblings
            .iter_mut()
            .find(|known| known.name.eq_ignore_ascii_case(&fact.name))
        {
            Some(known) => *known = fact,
            None => siblings.push(fact),
        }
        Ok(())
    }

    fn place_subnets(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        for (vnet, subnets) in pending.into_iter().enumerate() {
            for fact in subnets {
                let index = SubnetIndex::new(self.inventory.subnets.len());
                self.lookup.add(index, fact.id.as_ref(), &fact.name);
                let vnet_index = VnetIndex::new(vnet);
                if fact.name.eq_ignore_ascii_case(MANAGED_SUBNET) {
                    self.managed_subnet.insert(vnet_index, index);
                } else {
                    self.managed_subnet.entry(vnet_index).or_insert(index);
                }
                self.inventory.subnets.push(Subnet {
                    vnet: VnetIndex::new(vnet),
                    id: fact.id,
                    name: fact.name,
                    prefixes: fact.prefixes,
                    delegations: fact.delegations,
                    used: fact.used,
                    holders: fact.holders,
                    private_endpoints: fact.private_endpoints,
                    foreign: fact.foreign,
                    route_table: fact.route_table,
                    nat_gateway: fact.nat_gateway,
                    security_group: fact.security_group,
                    addresses: fact.addresses,
                    assumed: fact.assumed,
                });
            }
        }
    }

    fn add_usages(&mut self, usages: Vec<UsageFact>) {
        // A subscription's usages beside one VNet: said once a file, not once a subnet.
        let mut strangers: BTreeMap<Arc<str>, (u64, ResourceId)> = BTreeMap::new();
        for usage in usages {
            match self.lookup.by_id.get(&usage.subnet.key()) {
                Some(&subnet) => self.inventory.subnets[subnet.get()].used = usage.used,
                None => {
                    strangers
                        .entry(usage.origin.file)
                        .or_insert((0, usage.subnet))
                        .0 += 1;
                }
            }
        }
        for (file, (count, first)) in strangers {
            self.inventory.not_checked.push(if count == 1 {
                format!("{file}: usage of subnet {first} was read, the subnet was not")
            } else {
                format!(
                    "{file}: usages of {count} subnets were read, the subnets were not; the first is {first}"
                )
            });
        }
    }

    fn add_route_tables(&mut self, tables: Vec<crate::model::RouteTable>) {
        // Read twice, say by `list` and by `show`: the later file is the newer truth.
        let last: HashMap<String, usize> = tables
            .iter()
            .enumerate()
            .filter_map(|(position, table)| Some((table.id.as_ref()?.key(), position)))
            .collect();
        for (position, table) in tables.into_iter().enumerate() {
            if let Some(id) = &table.id {
                for subnet in &table.subnets {
                    if let Some(&index) = self.lookup.by_id.get(&subnet.key()) {
                        self.inventory.subnets[index.get()]
                            .route_table
                            .get_or_insert_with(|| id.clone());
                    }
                }
                if last.get(&id.key()) != Some(&position) {
                    continue;
                }
            }
            self.inventory.route_tables.push(table);
        }
    }

    fn resolve_cluster(&mut self, fact: ClusterFact) -> Result<Cluster, SourceError> {
        let ClusterFact {
            origin,
            mut cluster,
            pools,
            ..
        } = fact;
        for fact in pools {
            let mut pool = fact.pool;
            if cluster.pool(&pool.name).is_some() {
                return Err(origin.error(
                    "",
                    format!(
                        "cluster `{}` has two pools named `{}`; expected each name once",
                        cluster.name, pool.name
                    ),
                ));
            }
            let place = |problem: String| {
                origin.error(
                    "",
                    format!("cluster `{}`, pool `{}` {problem}", cluster.name, pool.name),
                )
            };
            pool.subnet = match &fact.subnet {
                Some(reference) => {
                    find_subnet(&self.inventory, &self.lookup, reference).map_err(&place)?
                }
                None => None,
            };
            pool.pod_subnet = match &fact.pod_subnet {
                Some(reference) => {
                    find_subnet(&self.inventory, &self.lookup, reference).map_err(&place)?
                }
                None => None,
            };
            if fact.subnet.is_none() {
                pool.subnet = Some(self.managed_subnet(&cluster));
            }
            default_max_pods(&cluster, &mut pool, fact.max_pods);
            cluster.pools.push(pool);
        }
        Ok(cluster)
    }

    /// The subnet of the VNet that AKS makes when none is named: the one read from the node resource group, or an assumed one.
    fn managed_subnet(&mut self, cluster: &Cluster) -> SubnetIndex {
        if let Some(sibling) = cluster.pools.iter().find_map(|pool| pool.subnet) {
            return sibling;
        }
        let read = cluster
            .node_resource_group
            .as_ref()
            .and_then(|group| self.vnet_by_group.of(group, cluster.id.as_ref()))
            .and_then(|vnet| self.managed_subnet.get(&vnet));
        if let Some(&read) = read {
            return read;
        }
        let cidr =
            |text: &str| -> IpNet { parse_cidr(text).expect("a literal prefix without host bits") };
        let vnet = VnetIndex::new(self.inventory.vnets.len());
        let name = self.managed_name(cluster);
        self.lookup
            .vnet_by_key
            .insert(name.to_ascii_lowercase(), vnet);
        self.inventory.vnets.push(VirtualNetwork {
            told_apart: None,
            id: None,
            name,
            resource_group: cluster.node_resource_group.clone(),
            address_space: vec![cidr(MANAGED_VNET.0)],
            peerings: Vec::new(),
            provisioning_state: None,
        });
        self.inventory.subnets.push(Subnet {
            vnet,
            id: None,
            name: MANAGED_SUBNET.to_string(),
            prefixes: vec![cidr(MANAGED_VNET.1)],
            delegations: Vec::new(),
            used: None,
            holders: None,
            private_endpoints: 0,
            foreign: None,
            route_table: None,
            nat_gateway: None,
            security_group: None,
            addresses: Vec::new(),
            assumed: true,
        });
        self.inventory.not_checked.push(assumption(&cluster.name));
        SubnetIndex::new(self.inventory.subnets.len() - 1)
    }

    /// A name for an assumed VNet that no other has: clusters in two groups or subscriptions may share theirs.
    fn managed_name(&self, cluster: &Cluster) -> String {
        let id = cluster.id.as_ref().map(ToString::to_string);
        let names = [
            Some(cluster.name.clone()),
            Some(cluster.qualified_name()),
            id,
        ];
        let mut names = names
            .into_iter()
            .flatten()
            .map(|name| format!("aks-vnet of {name}"));
        let taken = |name: &String| {
            self.lookup
                .vnet_by_key
                .contains_key(&name.to_ascii_lowercase())
        };
        let first = names.next().expect("a cluster has a name");
        if taken(&first) {
            let last = names.clone().next_back();
            names.find(|name| !taken(name)).or(last).unwrap_or(first)
        } else {
            first
        }
    }
}

fn default_max_pods(cluster: &Cluster, pool: &mut NodePool, given: Option<u32>) {
    if let Some(given) = given {
        pool.max_pods = given;
    } else {
        pool.max_pods_defaulted = true;
        pool.max_pods = cluster
            .network_mode(pool)
            .map_or(0, |mode| mode.default_max_pods());
    }
}

/// `Ok(None)`: named, but not known before apply.
fn find_subnet(
    inventory: &Inventory,
    lookup: &Lookup,
    reference: &SubnetReference,
) -> Result<Option<SubnetIndex>, String> {
    let found = match reference {
        SubnetReference::Unknown => return Ok(None),
        SubnetReference::Id(id) => match lookup.by_id.get(&id.key()) {
            Some(&index) => index,
            None => subnet_named(inventory, lookup, id).ok_or_else(|| not_read(inventory, id))?,
        },
        SubnetReference::Placed { vnet, subnet } => {
            // Subnets stand in the order of their VNets.
            let all = &inventory.subnets;
            let place = lookup.vnet_by_key.get(vnet).and_then(|vnet| {
                let first = all.partition_point(|known| known.vnet < *vnet);
                let position = all[first..]
                    .iter()
                    .take_while(|known| known.vnet == *vnet)
                    .position(|known| known.name.eq_ignore_ascii_case(subnet))?;
                Some(SubnetIndex::new(first + position))
            });
            place.ok_or_else(|| {
                format!("names subnet `{subnet}` of VNet `{vnet}`, which is not there")
            })?
        }
        SubnetReference::Name(name) => {
            let (vnet, subnet) = match name.split_once('/') {
                Some((vnet, subnet)) => (Some(vnet), subnet),
                None => (None, name.as_str()),
            };
            let found: Vec<SubnetIndex> = lookup
                .named(subnet)
                .iter()
                .copied()
                .filter(|&index| {
                    let known = inventory.vnet(inventory.subnet(index).vnet);
                    vnet.is_none_or(|vnet| known.name.eq_ignore_ascii_case(vnet))
                })
                .collect();
            match found.as_slice() {
                [index] => *index,
                [] => {
                    return Err(format!(
                        "names subnet `{name}`, which is not there; known: {}",
                        some_names(inventory, inventory.subnet_indices())
                    ));
                }
                several => {
                    return Err(format!(
                        "names subnet `{name}`, which could be any of {}; write vnet/subnet",
                        some_names(inventory, several.iter().copied())
                    ));
                }
            }
        }
    };
    if inventory.subnet(found).prefixes.is_empty() {
        return Err(format!(
            "names subnet `{}`, which was read without its addressPrefix; its size is not known",
            inventory.subnet_name(found)
        ));
    }
    Ok(Some(found))
}

fn some_names(inventory: &Inventory, subnets: impl Iterator<Item = SubnetIndex>) -> String {
    const SHOWN: usize = 8;
    let mut names: Vec<String> = subnets.map(|index| inventory.subnet_name(index)).collect();
    names.sort();
    if names.is_empty() {
        return "none".to_string();
    }
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    if more > 0 {
        format!("{} and {more} more", names.join(", "))
    } else {
        names.join(", ")
    }
}

/// Why the subnet of an id is not there: its VNet was not read, or has no such subnet.
fn not_read(inventory: &Inventory, id: &ResourceId) -> String {
    let vnet_id = id.parent();
    let vnet = inventory
        .vnet_indices()
        .find(|&index| vnet_id.is_some() && inventory.vnet(index).id == vnet_id);
    match vnet {
        Some(vnet) => format!(
            "names subnet `{}` of VNet `{}`, which has none of that name; it has: {}",
            id.name(),
            inventory.vnet(vnet).name,
            some_names(
                inventory,
                inventory
                    .subnet_indices()
                    .filter(|&index| inventory.subnet(index).vnet == vnet)
            )
        ),
        None => format!(
            "names subnet `{}` of VNet `{}`, which was not read; add the output of `az network vnet list`",
            id.name(),
            id.segment("virtualNetworks").unwrap_or("?")
        ),
    }
}

/// A pool of real JSON beside a hand-written VNet: the id's VNet and subnet names decide, where they are unmistakable.
fn subnet_named(inventory: &Inventory, lookup: &Lookup, id: &ResourceId) -> Option<SubnetIndex> {
    let vnet = id.segment("virtualNetworks")?;
    let mut found = lookup.named(id.name()).iter().copied().filter(|&index| {
        let subnet = inventory.subnet(index);
        subnet.id.is_none() && inventory.vnet(subnet.vnet).name.eq_ignore_ascii_case(vnet)
    });
    match (found.next(), found.next()) {
        (Some(index), None) => Some(index),
        _ => None,
    }
}

/// Puts a pool among others, in place of the one of its name.
pub(super) fn put_pool(pools: &mut Vec<PoolFact>, pool: PoolFact) {
    match pools
        .iter_mut()
        .find(|known| known.pool.name.eq_ignore_ascii_case(&pool.pool.name))
    {
        Some(known) => *known = pool,
        None => pools.push(pool),
    }
}

/// Puts a maintenance configuration among others in order of name, in place of the one of its name.
fn put_maintenance(cluster: &mut Cluster, configuration: MaintenanceConfiguration) {
    let known = cluster.maintenance.get_or_insert_default();
    match known.binary_search_by_key(&configuration.key(), MaintenanceConfiguration::key) {
        Ok(position) => known[position] = configuration,
        Err(position) => known.insert(position, configuration),
    }
}

/// The same cluster from two files is one cluster, the later file the newer truth.
pub(super) fn merge_clusters(facts: Vec<ClusterFact>) -> Result<Vec<ClusterFact>, SourceError> {
    let mut merged: Vec<ClusterFact> = Vec::with_capacity(facts.len());
    let mut by_key: HashMap<String, usize> = HashMap::with_capacity(facts.len());
    for fact in facts {
        let key = match &fact.cluster.id {
            Some(id) => id.key(),
            None => fact.cluster.qualified_name().to_ascii_lowercase(),
        };
        match by_key.get(&key) {
            Some(&position) if fact.cluster.id.is_some() => {
                // What Azure says of a cluster says nothing of the objects in it.
                let kubernetes = merged[position].cluster.kubernetes.take();
                merged[position] = fact;
                let known = &mut merged[position].cluster.kubernetes;
                *known = known.take().or(kubernetes);
            }
            Some(_) => {
                return Err(fact.origin.error(
                    "name",
                    format!(
                        "a second cluster named `{}`; expected each name once",
                        fact.cluster.name
                    ),
                ));
            }
            None => {
                by_key.insert(key, merged.len());
                merged.push(fact);
            }
        }
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Route, RouteTable};

    /// `list` and `show` of one table: the later one counts, in its place.
    #[test]
    fn a_route_table_that_is_read_twice_is_one() {
        let table = |group: &str, routes: usize| RouteTable {
            id: Some(ResourceId::new(format!(
                "/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Network/routeTables/rt"
            ))),
            name: "rt".to_string(),
            routes: vec![
                Route {
                    name: "r".to_string(),
                    prefix: None,
                    next_hop_type: "Internet".to_string(),
                };
                routes
            ],
            subnets: Vec::new(),
        };
        let mut assembly = Assembly::default();
        assembly.add_route_tables(vec![table("a", 1), table("b", 2), table("A", 3)]);
        let routes: Vec<usize> = assembly
            .inventory
            .route_tables
            .iter()
            .map(|table| table.routes.len())
            .collect();
        assert_eq!(routes, [2, 3]);
    }

    #[test]
    fn nodes_of_a_managed_vnet_are_in_aks_subnet_whatever_comes_first() {
        let list = r#"[{"id": "/subscriptions/s/resourceGroups/MC_x/providers/Microsoft.Network/virtualNetworks/v",
            "name": "v", "resourceGroup": "MC_x", "type": "Microsoft.Network/virtualNetworks",
            "addressSpace": {"addressPrefixes": ["10.224.0.0/12"]},
            "subnets": [{"name": "aks-appgateway", "addressPrefix": "10.225.0.0/24"},
                        {"name": "aks-subnet", "addressPrefix": "10.224.0.0/16"}]}]"#;
        let facts = crate::source::read_document("v.json", list.as_bytes())
            .unwrap()
            .facts;
        let mut assembly = Assembly::default();
        for vnet in facts.vnets {
            assembly.add_vnet(vnet).unwrap();
        }
        assembly.place_subnets();
        let chosen: Vec<&str> = assembly
            .managed_subnet
            .values()
            .map(|subnet| assembly.inventory.subnet(*subnet).name.as_str())
            .collect();
        assert_eq!(chosen, ["aks-subnet"]);
    }

    /// `az aks create -g rg -n aks` in a dev and a prod subscription names both node resource groups alike.
    #[test]
    fn managed_vnets_of_two_subscriptions_are_two() {
        let of = |subscription: &str| {
            let scope = format!("/subscriptions/{subscription}/resourceGroups");
            format!(
                r#"{{"id":"{scope}/MC_rg_aks_x/providers/Microsoft.Network/virtualNetworks/aks-vnet-{subscription}","name":"aks-vnet-{subscription}",
                    "properties":{{"addressSpace":{{"addressPrefixes":["10.224.0.0/12"]}},"subnets":[{{"name":"aks-subnet",
                    "id":"{scope}/MC_rg_aks_x/providers/Microsoft.Network/virtualNetworks/aks-vnet-{subscription}/subnets/aks-subnet",
                    "properties":{{"addressPrefix":"10.224.0.0/16"}}}}]}}}},
                   {{"id":"{scope}/rg/providers/Microsoft.ContainerService/managedClusters/aks","name":"aks","properties":{{
                    "nodeResourceGroup":"MC_rg_aks_x","networkProfile":{{"networkPlugin":"azure","networkPluginMode":"overlay"}},
                    "agentPoolProfiles":[{{"name":"np","count":3}}]}}}}"#
            )
        };
        let text = format!("[{},{}]", of("dev"), of("prod"));
        let found = crate::source::read_document("estate.json", text.as_bytes()).unwrap();
        let inventory = found.assemble().unwrap().current;
        assert_eq!(inventory.clusters.len(), 2);
        for cluster in &inventory.clusters {
            let subscription = cluster
                .id
                .as_ref()
                .unwrap()
                .segment("subscriptions")
                .unwrap();
            let vnets = inventory.vnets_of_cluster(cluster);
            let names: Vec<&str> = vnets
                .iter()
                .map(|index| inventory.vnet(*index).name.as_str())
                .collect();
            assert_eq!(names, [format!("aks-vnet-{subscription}")]);
        }
    }
}
