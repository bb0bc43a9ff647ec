//! The operation with everything around it: the cluster before and after, and what others hold in its subnets.

use crate::capacity::cost::{NodeCost, pool_cost};
use crate::capacity::growth::Books;
use crate::capacity::overlap::{Ranges, unread_peers};
use crate::capacity::surge::surge_nodes;
use crate::model::{
    Change, Cluster, ClusterIndex, Inventory, NetworkMode, NodePool, ResourceId, Subnet,
    SubnetIndex, parse_cidr,
};
use std::borrow::Cow;
use std::collections::HashMap;

/// What a request that creates a cluster gets where it names no range (OVL-1, CID-2).
pub(super) const DEFAULT_POD_CIDR: &str = "10.244.0.0/16";
const DEFAULT_SERVICE_CIDR: &str = "10.0.0.0/16";

/// What somebody wants: two states of the world and the changes between them.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    /// What is.
    pub before: &'a Inventory,
    /// The cluster in it; `None` when it is to be created.
    pub cluster_before: Option<ClusterIndex>,
    /// What will be.
    pub after: &'a Inventory,
    pub cluster: ClusterIndex,
    pub changes: Vec<Change>,
}

/// The two states of a wish with their books opened: made once for all the wishes that share them.
pub struct Estate<'a> {
    books: Books<'a>,
    ranges: Ranges<'a>,
    /// Subnets of the state before, by `vnet/subnet` in lower case.
    subnets_before: HashMap<String, Vec<SubnetIndex>>,
}

impl<'a> Estate<'a> {
    pub fn of(before: &'a Inventory, after: &'a Inventory) -> Self {
        let mut subnets_before: HashMap<String, Vec<SubnetIndex>> = HashMap::new();
        for index in before.subnet_indices() {
            let name = before.subnet_name(index).to_ascii_lowercase();
            subnets_before.entry(name).or_default().push(index);
        }
        Estate {
            books: Books::of(before),
            ranges: Ranges::of(after),
            subnets_before,
        }
    }

    /// The ranges of the state after.
    pub fn ranges(&self) -> &Ranges<'a> {
        &self.ranges
    }

    /// The subnet of the state before that is this subnet of the state after; `None` when it is new.
    pub fn subnet_before(&self, index: SubnetIndex) -> Option<SubnetIndex> {
        let (before, after) = (self.books.inventory, self.ranges.inventory());
        let subnet = after.subnet(index);
        let mut same = self
            .subnets_before
            .get(&after.subnet_name(index).to_ascii_lowercase())?
            .iter()
            .copied()
            .filter(|candidate| same_subnet(after, subnet, before, *candidate));
        // Operations by flag leave the network alone: then positions agree, which tells assumed VNets of one name apart.
        same.clone()
            .find(|candidate| *candidate == index)
            .or_else(|| same.next())
    }
}

/// The same with the books opened.
pub(super) struct Scene<'a> {
    pub wish: &'a Wish<'a>,
    pub after: &'a Cluster,
    pub before: Option<&'a Cluster>,
    estate: &'a Estate<'a>,
}

impl<'a> Scene<'a> {
    pub fn of(estate: &'a Estate<'a>, wish: &'a Wish<'a>) -> Self {
        Scene {
            wish,
            after: wish.after.cluster(wish.cluster),
            before: wish.cluster_before.map(|index| wish.before.cluster(index)),
            estate,
        }
    }

    pub fn inventory(&self) -> &'a Inventory {
        self.wish.after
    }

    pub fn ranges(&self) -> &'a Ranges<'a> {
        &self.estate.ranges
    }

    /// The cluster as AKS reads the request: one that creates it and names no range gets the documented default. What an
    /// existing cluster has could have been read, so nothing is filled in there.
    pub fn with_defaults(&self) -> Cow<'a, Cluster> {
        let network = &self.after.network;
        let pods = self.lacks_pod_cidr();
        let services = self.is_create() && network.service_cidrs.is_empty();
        if !pods && !services {
            return Cow::Borrowed(self.after);
        }
        let literal = |text| parse_cidr(text).expect("a literal prefix without host bits");
        let mut cluster = self.after.clone();
        if pods {
            cluster.network.pod_cidrs = vec![literal(DEFAULT_POD_CIDR)];
        }
        if services {
            cluster.network.service_cidrs = vec![literal(DEFAULT_SERVICE_CIDR)];
        }
        Cow::Owned(cluster)
    }

    fn lacks_pod_cidr(&self) -> bool {
        self.is_create()
            && self.after.network.pod_cidrs.is_empty()
            && self.after.mode().is_some_and(NetworkMode::has_pod_cidr)
    }

    pub fn is_create(&self) -> bool {
        self.before.is_none()
    }

    pub fn is_migration(&self) -> bool {
        self.asks_for_overlay() && !self.is_on_overlay()
    }

    /// The move is asked for, of a cluster that has made it already: nothing happens.
    pub fn has_moved_already(&self) -> bool {
        self.asks_for_overlay() && self.is_on_overlay()
    }

    fn asks_for_overlay(&self) -> bool {
        self.has(|change| matches!(change, Change::MigrateToOverlay { .. }))
    }

    fn is_on_overlay(&self) -> bool {
        self.before
            .is_some_and(|before| before.mode() == Some(NetworkMode::Overlay))
    }

    /// Nodes are reimaged for a setting of the network, and for no upgrade beside it.
    pub fn reimages_by_setting(&self) -> bool {
        self.has(|change| matches!(change, Change::Reimage { .. }))
            && !self.has(|change| matches!(change, Change::Upgrade { .. }))
    }

    /// Every pool is reimaged at the same time (UPG-11, MIG-20).
    fn reimages_at_once(&self) -> bool {
        self.is_migration() || self.has(|change| matches!(change, Change::Reimage { .. }))
    }

    fn has(&self, test: impl Fn(&Change) -> bool) -> bool {
        self.wish.changes.iter().any(test)
    }

    /// Nodes are drained and reimaged.
    pub fn reimages(&self) -> bool {
        self.reimages_at_once() || self.has(|change| matches!(change, Change::Upgrade { .. }))
    }

    /// The whole cluster is upgraded: pool after pool (UPG-11), unlike the move to Overlay (MIG-20) and the like.
    pub fn upgrades_in_turn(&self) -> bool {
        !self.reimages_at_once()
            && self.has(|change| matches!(change, Change::Upgrade { pool: None }))
    }

    pub fn makes_nodes(&self) -> bool {
        self.reimages()
            || self.has(|change| {
                matches!(
                    change,
                    Change::Create | Change::AddPool(_) | Change::Scale { .. }
                )
            })
    }

    pub fn has_budgets(&self) -> bool {
        self.after
            .kubernetes
            .as_ref()
            .is_some_and(|state| state.has_kind("PodDisruptionBudget"))
    }

    /// Every change is a step of the cluster autoscaler, which grows the scale set without asking AKS.
    pub fn autoscaler_only(&self) -> bool {
        !self.wish.changes.is_empty()
            && self.wish.changes.iter().all(|change| match change {
                Change::Scale { pool, .. } => self
                    .after
                    .pool(pool)
                    .is_some_and(|pool| pool.autoscaler.is_some()),
                _ => false,
            })
    }

    pub fn kind(&self) -> &'static str {
        if self.autoscaler_only() {
            return "autoscaler_scale_up";
        }
        match self.wish.changes.as_slice() {
            [] => "update",
            [one] => one.key(),
            [first, rest @ ..] if rest.iter().all(|change| change.key() == first.key()) => {
                first.key()
            }
            many if many.iter().any(|change| matches!(change, Change::Create)) => "create",
            _ => "several",
        }
    }

    /// Pools that are not there yet.
    pub fn new_pools(&self) -> impl Iterator<Item = &'a NodePool> {
        let before = self.before;
        self.after
            .pools
            .iter()
            .filter(move |pool| before.is_none_or(|cluster| cluster.pool(&pool.name).is_none()))
    }

    pub fn pool_before(&self, name: &str) -> Option<&'a NodePool> {
        self.before?.pool(name)
    }

    /// Surge nodes that AKS counts for a pool: those of an upgrade, on top of the counted nodes (ISS-5). Which base it takes for
    /// an autoscaled pool is not documented; the larger one is taken.
    pub fn counted_surge(&self, pool: &NodePool) -> u64 {
        if self.surges(pool) {
            surge_nodes(pool, pool.counted_nodes())
        } else {
            0
        }
    }

    /// Surge nodes that will really be made: of the nodes there are.
    pub fn real_surge(&self, pool: &NodePool) -> u64 {
        if self.surges(pool) {
            let nodes = self.pool_before(&pool.name).map_or(0, |pool| pool.count);
            surge_nodes(pool, nodes)
        } else {
            0
        }
    }

    fn surges(&self, pool: &NodePool) -> bool {
        if self.pool_before(&pool.name).is_none() {
            return false;
        }
        if self.reimages_at_once() {
            return true;
        }
        self.has(|change| match change {
            Change::Upgrade { pool: None } => true,
            Change::Upgrade { pool: Some(name) } => name.eq_ignore_ascii_case(&pool.name),
            _ => false,
        })
    }

    /// The pools of the cluster after the operation that draw from a subnet, with what one node costs.
    pub fn users(&self, subnet: SubnetIndex) -> Vec<(&'a NodePool, Option<NodeCost>)> {
        self.after
            .pools
            .iter()
            .filter(|pool| pool.subnet == Some(subnet) || pool.pod_subnet == Some(subnet))
            .map(|pool| (pool, pool_cost(self.after, pool)))
            .collect()
    }

    /// The same subnet in the state before; `None` when it is new.
    pub fn subnet_before(&self, index: SubnetIndex) -> Option<SubnetIndex> {
        self.estate.subnet_before(index)
    }

    /// Addresses the service compares with: usable, less what is held by anything but this cluster's nodes (ISS-4).
    pub fn available(&self, index: SubnetIndex) -> u64 {
        let usable = self.inventory().subnet(index).usable();
        let foreign = match self.subnet_before(index) {
            Some(before) => match self.wish.cluster_before {
                Some(cluster) => self.estate.books.occupancy(before).foreign_to(cluster),
                None => self.estate.books.occupancy(before).used,
            },
            None => {
                let subnet = self.inventory().subnet(index);
                subnet.foreign.unwrap_or(subnet.private_endpoints)
            }
        };
        usable.saturating_sub(foreign)
    }

    /// Addresses nobody holds before the operation.
    pub fn free(&self, index: SubnetIndex) -> u64 {
        match self.subnet_before(index) {
            Some(before) => {
                let used = self.estate.books.occupancy(before).used;
                self.inventory().subnet(index).usable().saturating_sub(used)
            }
            None => self.available(index),
        }
    }

    /// Sentences about what the numbers rest on.
    pub fn not_checked(&self) -> Vec<String> {
        let mut sentences = self.wish.after.not_checked.clone();
        if self.lacks_pod_cidr() {
            sentences.push(format!(
                "no pod CIDR is given: a new cluster gets {DEFAULT_POD_CIDR}, 256 nodes with surge (OVL-1)"
            ));
        }
        if self.is_create() && self.after.network.service_cidrs.is_empty() {
            sentences.push(format!(
                "no service CIDR is given: a new cluster gets {DEFAULT_SERVICE_CIDR} (CID-2)"
            ));
        }
        for index in self.inventory().subnets_of_cluster(self.after) {
            let counted = self.subnet_before(index).is_none_or(|before| {
                self.estate.books.occupancy(before).basis
                    == crate::capacity::occupancy::Basis::Counted
            });
            let subnet = self.inventory().subnet(index);
            if counted && !subnet.assumed && subnet.foreign.is_none() {
                sentences.push(format!(
                    "no live usages were read for {}: addresses held by anything but what was read are missed (NET-1)",
                    self.inventory().subnet_label(index)
                ));
            }
        }
        let vnets = self.inventory().vnets_of_cluster(self.after);
        sentences.extend(unread_peers(self.inventory(), self.ranges().graph(), vnets));
        sentences
    }
}

pub(super) fn same_subnet(
    after: &Inventory,
    subnet: &Subnet,
    before: &Inventory,
    candidate: SubnetIndex,
) -> bool {
    let other = before.subnet(candidate);
    if let (Some(a), Some(b)) = (&subnet.id, &other.id) {
        return a == b;
    }
    let group = |id: &Option<ResourceId>| {
        id.as_ref()
            .and_then(|id| id.resource_group().map(str::to_string))
    };
    let (vnet, other_vnet) = (after.vnet(subnet.vnet), before.vnet(other.vnet));
    subnet.name.eq_ignore_ascii_case(&other.name)
        && vnet.name.eq_ignore_ascii_case(&other_vnet.name)
        && (group(&subnet.id) == group(&other.id) || subnet.id.is_none() || other.id.is_none())
}
