//! Where every subnet, pod CIDR and pool stands: demand now, at the autoscalers' ceilings and with surge, against what there
//! is; which pool breaks it first, at which node count, and what the service answers then. The rows are made in `rows`, what
//! fails first in `failure`, the words in `told`.

use super::answer::{Answer, Stage};
use super::checks::{self, RefusedUpgrade};
use super::cost::NodeCost;
use super::growth::{Books, Limit};
use super::overlap::{Overlap, overlaps};
use super::rows::{pod_cidr_row, pool_row, subnet_row, vnet_demands};
use super::strangers;
use super::surge::nodes_with_surge;
use super::told;
use crate::finding::{Finding, Severity, counted, grouped};
use crate::model::{ClusterIndex, Inventory, IpNet, NetworkMode, NodePool, SubnetIndex, VnetIndex};
use std::collections::BTreeSet;

pub use super::answer::pod_cidr_answer;
pub use super::failure::{admission_rules, certainty_of};
pub use super::knobs::{pod_cidr_knobs, subnet_knobs};
pub use super::rows::pod_cidr_shares;
pub use super::told::so_are;

/// Which part of an inventory to look at. `None`: all of it.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    pub vnets: Option<BTreeSet<VnetIndex>>,
    pub clusters: Option<BTreeSet<ClusterIndex>>,
}

impl Scope {
    /// The clusters in it.
    pub fn clusters(&self, inventory: &Inventory) -> Vec<ClusterIndex> {
        inventory
            .cluster_indices()
            .filter(|index| self.has_cluster(inventory, *index))
            .collect()
    }

    fn has_cluster(&self, inventory: &Inventory, index: ClusterIndex) -> bool {
        let chosen = self
            .clusters
            .as_ref()
            .is_none_or(|set| set.contains(&index));
        chosen
            && self.vnets.as_ref().is_none_or(|set| {
                let vnets = inventory.vnets_of_cluster(inventory.cluster(index));
                vnets.iter().any(|vnet| set.contains(vnet))
            })
    }

    fn has_subnet(&self, inventory: &Inventory, books: &Books, index: SubnetIndex) -> bool {
        let vnet = inventory.subnet(index).vnet;
        self.vnets.as_ref().is_none_or(|set| set.contains(&vnet))
            && self.clusters.as_ref().is_none_or(|set| {
                books
                    .users(index)
                    .iter()
                    .any(|(cluster, _)| set.contains(cluster))
            })
    }
}

/// A number at three moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Levels<T> {
    /// As many nodes as there are.
    pub now: T,
    /// Every pool at its autoscaler's `max_count`.
    pub ceiling: T,
    /// The same, with every pool's surge nodes at once, as the move to Overlay has it.
    pub ceiling_with_surge: T,
}

impl Levels<u64> {
    /// Adds what a pool's nodes take, `each` a node.
    pub(super) fn add(&mut self, each: u64, pool: &NodePool) {
        let ceiling = pool.ceiling();
        let at = |nodes: u64| nodes.saturating_mul(each);
        self.now = self.now.saturating_add(at(pool.count));
        self.ceiling = self.ceiling.saturating_add(at(ceiling));
        self.ceiling_with_surge = self
            .ceiling_with_surge
            .saturating_add(at(nodes_with_surge(pool, ceiling)));
    }

    /// What is left of so many.
    pub fn headroom(self, available: u64) -> Levels<i64> {
        let left = |demand: u64| {
            i64::try_from(i128::from(available) - i128::from(demand)).unwrap_or(i64::MIN)
        };
        Levels {
            now: left(self.now),
            ceiling: left(self.ceiling),
            ceiling_with_surge: left(self.ceiling_with_surge),
        }
    }
}

/// How a range stands. Ordered from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// No pool uses it.
    Unused,
    /// Every ceiling fits, with surge.
    Ok,
    /// Something needed is not known, and what is known fits.
    Unknown,
    /// The ceilings fit; the surge of all pools at once does not.
    SurgeShort,
    /// The subnet has room for the ceilings, its VNet has not (SUB-2).
    VnetShort,
    /// Not every pool can reach its ceiling.
    CeilingShort,
    /// No pool that wants to grow can have one more node.
    Full,
}

impl Verdict {
    pub fn key(self) -> &'static str {
        match self {
            Verdict::Unused => "unused",
            Verdict::Ok => "ok",
            Verdict::Unknown => "unknown",
            Verdict::SurgeShort => "surge_short",
            Verdict::VnetShort => "vnet_short",
            Verdict::CeilingShort => "ceiling_short",
            Verdict::Full => "full",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Verdict::Unused => "no AKS pool",
            Verdict::Ok => "ok",
            Verdict::Unknown => "unknown",
            Verdict::SurgeShort => "no room for surge",
            Verdict::VnetShort => "VNet has no room",
            Verdict::CeilingShort => "ceiling does not fit",
            Verdict::Full => "full",
        }
    }
}

/// Under what a pool fails earlier than it would alone.
const OTHERS_AT_CEILING: &str = "with all others at their ceilings";

/// The first thing that fails when pools grow.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstFailure {
    pub cluster: ClusterIndex,
    pub pool: String,
    /// The node count of that pool at which it fails, surge nodes included.
    pub nodes: u64,
    /// Of them, surge nodes of an upgrade; 0: it fails as the pool grows.
    pub surge: u64,
    /// It fails only if the pools surge all at once: one after the other they can be upgraded.
    pub together: bool,
    /// It fails at that count only once all others are at their ceilings: alone, as the tables count, the pool has room for more.
    pub others_at_ceiling: bool,
    /// The pool has an autoscaler, so AKS counts it at `max_count` whatever it has (ISS-2).
    pub autoscaled: bool,
    /// Pools whose every upgrade is refused now in the same range, `pool` among them; empty where none is.
    pub refused: Vec<(ClusterIndex, String)>,
    /// What AKS answers to a request from then on.
    pub answer: Answer,
    /// What happens to the autoscaler, which asks nobody.
    pub runtime: Option<Answer>,
}

impl FirstFailure {
    /// `19 nodes`, `3 nodes with all others at their ceilings`, `24 nodes plus 8 surge nodes`
    pub fn at(&self) -> String {
        let nodes = counted(self.nodes.saturating_sub(self.surge), "node", "nodes");
        match self.surge {
            0 if self.others_at_ceiling => format!("{nodes} {OTHERS_AT_CEILING}"),
            0 => nodes,
            surge => format!(
                "{nodes} plus {}",
                counted(surge, "surge node", "surge nodes")
            ),
        }
    }

    /// Whether AKS refuses it however few nodes there are now: it counts what may be, not what is.
    pub fn refused_now(&self) -> bool {
        self.surge > 0 && !self.together && self.answer.stage == Stage::Admission
    }

    /// The other pools whose upgrades are refused in the same range, as readers name them.
    pub fn others_refused(&self, inventory: &Inventory) -> Vec<String> {
        let others = self.refused.iter();
        others
            .filter(|(cluster, pool)| (*cluster, pool) != (self.cluster, &self.pool))
            .map(|(cluster, pool)| format!("{}/{pool}", inventory.cluster(*cluster).label()))
            .collect()
    }

    /// What happens, in a sentence about `place`; `pool` as readers name it.
    pub fn says(&self, place: &str, pool: &str) -> String {
        let code = self.answer.code;
        let numbers = match (self.answer.preallocated, self.answer.available) {
            (Some(wanted), Some(available)) => {
                format!(": {} of {}", grouped(wanted), grouped(available))
            }
            _ => String::new(),
        };
        match (self.surge, self.together) {
            (0, _) => format!(
                "{place} has no room for node {} of pool {pool}{} ({code})",
                grouped(self.nodes),
                match self.others_at_ceiling {
                    true => format!(" {OTHERS_AT_CEILING}"),
                    false => String::new(),
                }
            ),
            (_, true) => format!(
                "{place} has room for the surge of one pool after the other, not of all at once"
            ),
            _ if self.refused_now() => {
                format!("every upgrade of pool {pool} is refused now{numbers} in {place} ({code})")
            }
            _ => format!(
                "an upgrade of pool {pool} fails at its ceiling, at {}{numbers} in {place} ({code})",
                self.at()
            ),
        }
    }
}

/// Where a subnet stands.
#[derive(Debug, Clone)]
pub struct SubnetRow {
    pub index: SubnetIndex,
    pub usable: u64,
    pub foreign: u64,
    pub used: u64,
    /// Where `used` and `foreign` come from.
    pub basis: super::occupancy::Basis,
    /// By what nodes hold.
    pub demand: Levels<u64>,
    /// By what the service adds up; differs in pod subnets.
    pub counted: Levels<u64>,
    /// By the documented planning formula.
    pub planned: Levels<u64>,
    /// Of the subnet, or what its VNet leaves to it where that is less (SUB-2).
    pub headroom: Levels<i64>,
    /// Of the pools, the one that surges most: addresses its surge nodes hold. An upgrade takes pools in turn (UPG-11).
    pub largest_surge: u64,
    pub verdict: Verdict,
    /// The same by the subnet's own addresses, whatever the VNet has left.
    pub in_subnet: Verdict,
    pub first_failure: Option<FirstFailure>,
}

impl SubnetRow {
    /// Addresses that nodes of AKS may hold: usable less foreign.
    pub fn available(&self) -> u64 {
        self.usable.saturating_sub(self.foreign)
    }

    /// The same with all ceilings and surge, or what the VNet lets them hold where that is less (SUB-2).
    pub fn allowed(&self) -> u64 {
        let demand = self.demand.ceiling_with_surge;
        let allowed = i128::from(demand) + i128::from(self.headroom.ceiling_with_surge);
        u64::try_from(allowed.max(0)).unwrap_or(u64::MAX)
    }

    /// Whether the VNet's limit is nearer than the end of the subnet.
    pub fn is_bound_by_vnet(&self) -> bool {
        self.allowed() < self.available()
    }
}

/// Where a pod CIDR stands.
#[derive(Debug, Clone)]
pub struct PodCidrRow {
    pub cluster: ClusterIndex,
    pub cidr: IpNet,
    /// Addresses in all: Azure reserves none here (ISS-4).
    pub addresses: u64,
    /// Nodes it has blocks for.
    pub nodes: u64,
    pub demand: Levels<u64>,
    pub headroom: Levels<i64>,
    /// Of the pools, the one that surges most: addresses its surge nodes hold. An upgrade takes pools in turn (UPG-11).
    pub largest_surge: u64,
    pub verdict: Verdict,
    pub first_failure: Option<FirstFailure>,
}

/// Where a pool stands.
#[derive(Debug, Clone)]
pub struct PoolRow {
    pub cluster: ClusterIndex,
    /// Position in the cluster.
    pub position: usize,
    pub mode: Option<NetworkMode>,
    pub cost: Option<NodeCost>,
    /// Surge nodes of an upgrade that starts now; `None` where nobody knows how many nodes there are.
    pub surge: Option<u64>,
    /// More nodes that fit, whatever the autoscaler's ceiling says.
    pub more_nodes: Option<u64>,
    /// Every limit, the one that binds first in front.
    pub limits: Vec<Limit>,
    /// Most nodes one step may add and still succeed: a step that does not fit fails whole.
    pub largest_step: Option<u64>,
}

/// Everything `aksplan capacity` says.
#[derive(Debug, Clone, Default)]
pub struct Assessment {
    /// Worst first.
    pub subnets: Vec<SubnetRow>,
    pub pod_cidrs: Vec<PodCidrRow>,
    pub pools: Vec<PoolRow>,
    pub overlaps: Vec<Overlap>,
    /// Upgrades that the number of nodes refuses today; of addresses the rows' first failures say it.
    pub refused_upgrades: Vec<RefusedUpgrade>,
    pub findings: Vec<Finding>,
    pub not_checked: Vec<String>,
}

impl Assessment {
    /// The worst finding or overlap, if any.
    pub fn worst(&self) -> Option<Severity> {
        let findings = self.findings.iter().map(|finding| finding.severity);
        let overlaps = self.overlaps.iter().map(|overlap| overlap.severity);
        findings.chain(overlaps).max()
    }
}

/// Assesses an inventory, or a part of it.
pub fn assess(inventory: &Inventory, scope: &Scope) -> Assessment {
    let books = Books::of(inventory);
    let clusters = scope.clusters(inventory);
    let vnets = vnet_demands(&books);
    let mut subnets: Vec<SubnetRow> = inventory
        .subnet_indices()
        .filter(|index| scope.has_subnet(inventory, &books, *index))
        .map(|index| subnet_row(&books, index, &vnets[inventory.subnet(index).vnet.get()]))
        .collect();
    let mut pod_cidrs: Vec<PodCidrRow> = clusters
        .iter()
        .filter_map(|index| pod_cidr_row(inventory, *index))
        .collect();
    let mut pools: Vec<PoolRow> = clusters
        .iter()
        .flat_map(|&index| {
            let books = &books;
            (0..inventory.cluster(index).pools.len())
                .map(move |position| pool_row(books, index, position))
        })
        .collect();
    let name = |index: ClusterIndex| inventory.cluster(index).label();
    subnets.sort_by(|a, b| {
        let key = |row: &SubnetRow| {
            let subnet = inventory.subnet(row.index);
            (inventory.vnet(subnet.vnet).label(), &subnet.name, row.index)
        };
        b.verdict.cmp(&a.verdict).then_with(|| key(a).cmp(&key(b)))
    });
    pod_cidrs.sort_by(|a, b| {
        b.verdict
            .cmp(&a.verdict)
            .then_with(|| (name(a.cluster), a.cluster).cmp(&(name(b.cluster), b.cluster)))
    });
    pools.sort_by(|a, b| {
        (name(a.cluster), a.cluster, a.position).cmp(&(name(b.cluster), b.cluster, b.position))
    });
    let overlaps = overlaps(inventory, &clusters, scope.vnets.as_ref());
    let mut findings = Vec::new();
    told::subnet_findings(&books, &subnets, &mut findings);
    told::pod_cidr_findings(inventory, &pod_cidrs, &mut findings);
    told::vnet_findings(inventory, &subnets, &vnets, &mut findings);
    checks::allocation_findings(&books, &subnets, &mut findings);
    strangers::findings(&books, &subnets, &mut findings);
    for &index in &clusters {
        findings.extend(checks::cluster_findings(&books, index));
    }
    if inventory.clusters.is_empty() {
        findings.push(Finding::new(
            Severity::Warning,
            "no-clusters",
            "no cluster was read: there is nothing to decide",
            &[],
        ));
    }
    let refused_upgrades = clusters
        .iter()
        .flat_map(|index| checks::refused_upgrades(&books, *index))
        .collect();
    findings.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then_with(|| (a.code, &a.message).cmp(&(b.code, &b.message)))
    });
    let not_checked = told::not_checked(inventory, &books, &subnets);
    Assessment {
        subnets,
        pod_cidrs,
        pools,
        overlaps,
        refused_upgrades,
        findings,
        not_checked,
    }
}
