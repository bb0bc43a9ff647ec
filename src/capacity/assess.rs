//! Where every subnet, pod CIDR and pool stands: demand now, at the autoscalers' ceilings and with surge, against what there
//! is; which pool breaks it first, at which node count, and what the service answers then.

use super::answer::{self, Answer, Certainty, CheckedRange};
use super::cost::{NodeCost, PerNode, pool_cost};
use super::growth::{Books, Limit, growth_limits, more_nodes};
use super::knobs::{Knob, KnobKind, Turning, pool_knobs, prefix_knob};
use super::overlap::{Overlap, overlaps};
use super::surge::surge_nodes;
use super::{checks, cost};
use crate::finding::{Finding, Severity, counted, grouped};
use crate::model::{
    Cluster, ClusterIndex, Inventory, IpNet, NetworkMode, NodePool, OsType, SubnetIndex, VnetIndex,
    cidr,
};
use crate::rule::{self, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// Which part of an inventory to look at. `None`: all of it.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    pub vnets: Option<BTreeSet<VnetIndex>>,
    pub clusters: Option<BTreeSet<ClusterIndex>>,
}

impl Scope {
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
    fn add(&mut self, each: u64, pool: &NodePool) {
        let ceiling = pool.ceiling();
        let at = |nodes: u64| nodes.saturating_mul(each);
        self.now = self.now.saturating_add(at(pool.count));
        self.ceiling = self.ceiling.saturating_add(at(ceiling));
        self.ceiling_with_surge = self
            .ceiling_with_surge
            .saturating_add(at(ceiling + surge_nodes(pool, ceiling)));
    }

    fn headroom(self, available: u64) -> Levels<i64> {
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
    /// Something needed is not known.
    Unknown,
    /// The ceilings fit; an upgrade at the ceiling does not.
    SurgeShort,
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
            Verdict::CeilingShort => "ceiling does not fit",
            Verdict::Full => "full",
        }
    }
}

/// The first thing that fails when pools grow.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstFailure {
    pub cluster: ClusterIndex,
    pub pool: String,
    /// The node count of that pool at which it fails.
    pub nodes: u64,
    /// What AKS answers to a request from then on.
    pub answer: Answer,
    /// What happens to the autoscaler, which asks nobody.
    pub runtime: Option<Answer>,
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
    pub headroom: Levels<i64>,
    pub verdict: Verdict,
    pub first_failure: Option<FirstFailure>,
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
    pub surge: u64,
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
    let clusters: Vec<ClusterIndex> = inventory
        .cluster_indices()
        .filter(|index| scope.has_cluster(inventory, *index))
        .collect();
    let mut subnets: Vec<SubnetRow> = inventory
        .subnet_indices()
        .filter(|index| scope.has_subnet(inventory, &books, *index))
        .map(|index| subnet_row(&books, index))
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
    let name = |index: ClusterIndex| inventory.cluster(index).name.as_str();
    subnets.sort_by(|a, b| {
        let key = |row: &SubnetRow| {
            let subnet = inventory.subnet(row.index);
            (&inventory.vnet(subnet.vnet).name, &subnet.name, row.index)
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
    subnet_findings(inventory, &subnets, &mut findings);
    pod_cidr_findings(inventory, &pod_cidrs, &mut findings);
    for &index in &clusters {
        findings.extend(checks::cluster_findings(&books, index));
    }
    findings.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then_with(|| (a.code, &a.message).cmp(&(b.code, &b.message)))
    });
    let not_checked = not_checked(inventory, &books, &subnets);
    Assessment {
        subnets,
        pod_cidrs,
        pools,
        overlaps,
        findings,
        not_checked,
    }
}

/// What one pool's node takes from a subnet, as node subnet and as pod subnet together.
fn per_node_in(pool: &NodePool, cost: &NodeCost, subnet: SubnetIndex) -> PerNode {
    let mut sum = PerNode {
        counted: 0,
        held: 0,
        planned: 0,
    };
    let parts = [
        (pool.subnet == Some(subnet)).then_some(cost.node_subnet),
        cost.pod_subnet.filter(|_| pool.pod_subnet == Some(subnet)),
    ];
    for part in parts.into_iter().flatten() {
        sum.counted += part.counted;
        sum.held += part.held;
        sum.planned += part.planned;
    }
    sum
}

fn subnet_row(books: &Books, index: SubnetIndex) -> SubnetRow {
    let inventory = books.inventory;
    let subnet = inventory.subnet(index);
    let occupancy = books.occupancy(index);
    let usable = subnet.usable();
    let mut demand = Levels::default();
    let mut counted = Levels::default();
    let mut planned = Levels::default();
    let mut unknown = false;
    let users = users_of(books, index);
    for (_, cluster, pool) in &users {
        match pool_cost(cluster, pool) {
            Some(cost) if !pool.unknown.iter().any(|field| field == "node_count") => {
                let each = per_node_in(pool, &cost, index);
                demand.add(each.held, pool);
                counted.add(each.counted, pool);
                planned.add(each.planned, pool);
            }
            _ => unknown = true,
        }
    }
    let available = usable.saturating_sub(occupancy.foreign);
    let mut row = SubnetRow {
        index,
        usable,
        foreign: occupancy.foreign,
        used: occupancy.used,
        basis: occupancy.basis,
        headroom: demand.headroom(available),
        demand,
        counted,
        planned,
        verdict: Verdict::Ok,
        first_failure: None,
    };
    row.verdict = if users.is_empty() {
        Verdict::Unused
    } else if unknown {
        Verdict::Unknown
    } else if demand.ceiling > available {
        let growing = users
            .iter()
            .filter(|(_, _, pool)| pool.ceiling() > pool.count);
        let free = books.free(index);
        let any_fits = growing.clone().any(|(_, cluster, pool)| {
            pool_cost(cluster, pool)
                .is_some_and(|cost| per_node_in(pool, &cost, index).held <= free)
        });
        if any_fits {
            Verdict::CeilingShort
        } else {
            Verdict::Full
        }
    } else if demand.ceiling_with_surge > available {
        Verdict::SurgeShort
    } else {
        Verdict::Ok
    };
    if row.verdict >= Verdict::SurgeShort {
        row.first_failure = subnet_failure(books, &row, &users, available);
    }
    row
}

/// The pools that use a subnet, with their clusters.
fn users_of<'a>(
    books: &Books<'a>,
    index: SubnetIndex,
) -> Vec<(ClusterIndex, &'a Cluster, &'a NodePool)> {
    books
        .users(index)
        .iter()
        .map(|&(cluster_index, position)| {
            let cluster = books.inventory.cluster(cluster_index);
            (cluster_index, cluster, &cluster.pools[position])
        })
        .collect()
}

/// Which pool fails first, and at how many nodes: the one with the fewest nodes to go, all others staying as they are; if each
/// alone can reach its ceiling, the largest of them with all others at theirs.
fn subnet_failure(
    books: &Books,
    row: &SubnetRow,
    users: &[(ClusterIndex, &Cluster, &NodePool)],
    available: u64,
) -> Option<FirstFailure> {
    let index = row.index;
    let free = books.free(index);
    let held = |cluster: &Cluster, pool: &NodePool| {
        pool_cost(cluster, pool).map_or(0, |cost| per_node_in(pool, &cost, index).held)
    };
    let over_ceiling = row.demand.ceiling > available;
    let chosen = if over_ceiling {
        let alone = users
            .iter()
            .filter(|(_, cluster, pool)| held(cluster, pool) > 0)
            .map(|user| (user, free / held(user.1, user.2)))
            .filter(|((_, _, pool), more)| pool.count + more < pool.ceiling())
            // Ties: the one that wants to grow the most.
            .min_by_key(|((_, _, pool), more)| {
                (*more, std::cmp::Reverse(pool.ceiling() - pool.count))
            })
            .map(|(user, more)| {
                let left = free - more * held(user.1, user.2);
                (user, user.2.count + more + 1, left)
            });
        alone.or_else(|| {
            let user = users
                .iter()
                .filter(|(_, cluster, pool)| held(cluster, pool) > 0)
                .max_by_key(|(_, cluster, pool)| held(cluster, pool) * pool.ceiling())?;
            let each = held(user.1, user.2);
            let others = row.demand.ceiling - each * user.2.ceiling();
            let room = available.saturating_sub(others);
            Some((user, room / each + 1, room % each))
        })
    } else {
        // The ceilings fit; the first pool whose surge does not is the one with the most surge addresses.
        users
            .iter()
            .max_by_key(|(_, cluster, pool)| {
                held(cluster, pool) * surge_nodes(pool, pool.ceiling())
            })
            .map(|user| {
                let nodes = user.2.ceiling() + surge_nodes(user.2, user.2.ceiling());
                (user, nodes, available - row.demand.ceiling)
            })
    };
    // `left`: what is free when the node that fails is asked for.
    let (&(cluster_index, cluster, pool), nodes, left) = chosen?;
    let subnet = books.inventory.subnet(index);
    let cidr = subnet.cidr_text();
    let level = |levels: Levels<u64>| {
        if over_ceiling {
            levels.ceiling
        } else {
            levels.ceiling_with_surge
        }
    };
    let is_pod_subnet = pool.pod_subnet == Some(index);
    let range = if is_pod_subnet {
        CheckedRange::PodSubnet
    } else {
        CheckedRange::NodeSubnet
    };
    let runtime = || {
        let wanted = held(cluster, pool);
        match cluster.network_mode(pool) {
            Some(NetworkMode::PodSubnetStaticBlock) if is_pod_subnet => {
                answer::node_without_pod_addresses(
                    &subnet.name,
                    &cidr,
                    level(row.demand),
                    available,
                )
            }
            Some(NetworkMode::PodSubnetDynamic) if is_pod_subnet => {
                answer::pods_without_addresses(&subnet.name, &cidr, level(row.demand), available)
            }
            _ => {
                let full = answer::subnet_is_full(
                    &subnet.name,
                    &cidr,
                    wanted,
                    left,
                    Certainty::Documented,
                    &[],
                );
                if pool.autoscaler.is_some() {
                    answer::autoscaler_subnet_is_full(&pool.name, nodes, full)
                } else {
                    full
                }
            }
        }
    };
    // The service takes off what other clusters hold now, and adds up this cluster's pools only.
    let own: u64 = users
        .iter()
        .filter(|(other, _, _)| *other == cluster_index)
        .map(|(_, cluster, pool)| {
            let each =
                pool_cost(cluster, pool).map_or(0, |cost| per_node_in(pool, &cost, index).counted);
            let surge = if over_ceiling {
                0
            } else {
                surge_nodes(pool, pool.counted_nodes())
            };
            each.saturating_mul(pool.counted_nodes() + surge)
        })
        .sum();
    let checked_against = books.available_to(cluster_index, index);
    let mode = cluster.network_mode(pool)?;
    let (answer, runtime) = if own > checked_against {
        let admission = answer::insufficient_subnet_size(
            range,
            &subnet.name,
            &cidr,
            own,
            checked_against,
            if over_ceiling {
                certainty_of(mode, pool.os_type)
            } else {
                Certainty::Inferred
            },
            &admission_rules(mode),
        );
        (admission, over_ceiling.then(runtime))
    } else {
        (runtime(), None)
    };
    Some(FirstFailure {
        cluster: cluster_index,
        pool: pool.name.clone(),
        nodes,
        answer,
        runtime,
    })
}

/// How sure the number is that the service adds up for this mode.
pub fn certainty_of(mode: NetworkMode, os: OsType) -> Certainty {
    match (mode, os) {
        (NetworkMode::NodeSubnet, OsType::Windows) => Certainty::Inferred,
        (NetworkMode::NodeSubnet, OsType::Linux)
        | (NetworkMode::PodSubnetDynamic | NetworkMode::PodSubnetStaticBlock, _) => {
            Certainty::Observed
        }
        (NetworkMode::Kubenet | NetworkMode::Overlay | NetworkMode::Byo, _) => {
            Certainty::Documented
        }
    }
}

/// The rules behind an admission check of this mode.
pub fn admission_rules(mode: NetworkMode) -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> =
        vec![&rule::ISS_1, &rule::ISS_2, &rule::ISS_3, &rule::ISS_4];
    rules.extend(cost::cost_rules(mode));
    rules
}

/// What one unit of each knob frees in this subnet. Asked row by row: a fleet's table needs few of them.
pub fn subnet_knobs(books: &Books, row: &SubnetRow) -> Vec<Knob> {
    let users = users_of(books, row.index);
    let available = row.usable.saturating_sub(row.foreign);
    let subnet = books.inventory.subnet(row.index);
    let mut knobs: Vec<Knob> = Vec::new();
    let mut overlay: BTreeMap<ClusterIndex, u64> = BTreeMap::new();
    for (cluster_index, cluster, pool) in &users {
        let Some(cost) = pool_cost(cluster, pool) else {
            continue;
        };
        if pool.subnet != Some(row.index) {
            continue;
        }
        let nodes = pool.ceiling() + surge_nodes(pool, pool.ceiling());
        let own = nodes.saturating_mul(cost.node_subnet.held);
        let room = available.saturating_sub(row.demand.ceiling_with_surge.saturating_sub(own));
        knobs.extend(pool_knobs(Turning {
            cluster,
            pool,
            room,
        }));
        if cluster.network_mode(pool) == Some(NetworkMode::NodeSubnet) {
            *overlay.entry(*cluster_index).or_default() += own - nodes;
        }
    }
    for (cluster, frees) in overlay {
        let left = row.demand.ceiling_with_surge.saturating_sub(frees);
        knobs.push(Knob {
            kind: KnobKind::Overlay,
            of: Some(books.inventory.cluster(cluster).name.clone()),
            now: "node subnet".to_string(),
            frees,
            enough: (left <= available).then(|| "the move alone".to_string()),
            note: "one-way; pods leave the VNet's addresses",
            rules: vec![&rule::MIG_20, &rule::OVL_1],
        });
    }
    if !users.is_empty()
        && let Some(prefix) = subnet.ipv4().next()
    {
        knobs.extend(prefix_knob(
            prefix.prefix_len(),
            row.foreign,
            row.demand.ceiling_with_surge,
            row.planned.ceiling_with_surge,
        ));
    }
    knobs
}

fn pod_cidr_row(inventory: &Inventory, index: ClusterIndex) -> Option<PodCidrRow> {
    let cluster = inventory.cluster(index);
    let mode = cluster.mode()?;
    if !mode.has_pod_cidr() {
        return None;
    }
    let range = *cluster.network.pod_cidr_v4()?;
    let addresses = cidr::size(&range);
    let mut demand = Levels::default();
    for pool in &cluster.pools {
        demand.add(cost::POD_CIDR_PER_NODE, pool);
    }
    let verdict = if cluster
        .pools
        .iter()
        .any(|pool| pool.unknown.iter().any(|field| field == "node_count"))
    {
        Verdict::Unknown
    } else if demand.ceiling > addresses {
        if demand.now + cost::POD_CIDR_PER_NODE > addresses {
            Verdict::Full
        } else {
            Verdict::CeilingShort
        }
    } else if demand.ceiling_with_surge > addresses {
        Verdict::SurgeShort
    } else {
        Verdict::Ok
    };
    let nodes = addresses / cost::POD_CIDR_PER_NODE;
    let first_failure = if verdict >= Verdict::SurgeShort {
        pod_cidr_failure(cluster, index, mode, range, nodes, demand)
    } else {
        None
    };
    Some(PodCidrRow {
        cluster: index,
        cidr: range,
        addresses,
        nodes,
        headroom: demand.headroom(addresses),
        demand,
        verdict,
        first_failure,
    })
}

fn pod_cidr_failure(
    cluster: &Cluster,
    index: ClusterIndex,
    mode: NetworkMode,
    range: IpNet,
    blocks: u64,
    demand: Levels<u64>,
) -> Option<FirstFailure> {
    let addresses = cidr::size(&range);
    let over_ceiling = demand.ceiling > addresses;
    let pool = cluster
        .pools
        .iter()
        .max_by_key(|pool| pool.ceiling().saturating_sub(pool.count))?;
    let now: u64 = cluster.pools.iter().map(|pool| pool.count).sum();
    let nodes = if over_ceiling {
        pool.count + blocks.saturating_sub(now) + 1
    } else {
        pool.ceiling() + surge_nodes(pool, pool.ceiling())
    };
    let wanted = if over_ceiling {
        demand.ceiling
    } else {
        demand.ceiling_with_surge
    };
    let answer = pod_cidr_answer(mode, &range, wanted, over_ceiling);
    Some(FirstFailure {
        cluster: index,
        pool: pool.name.clone(),
        nodes,
        answer,
        runtime: None,
    })
}

/// The refusal for a pod CIDR that is too small.
pub fn pod_cidr_answer(mode: NetworkMode, range: &IpNet, wanted: u64, sure: bool) -> Answer {
    let addresses = cidr::size(range);
    let mut answer = if mode == NetworkMode::Kubenet {
        answer::insufficient_pod_cidr(range, wanted, addresses)
    } else {
        answer::insufficient_subnet_size(
            CheckedRange::OverlayPodCidr,
            "networkProfile.podCIDR",
            &range.to_string(),
            wanted,
            addresses,
            Certainty::Observed,
            &[&rule::OVL_1, &rule::ISS_2, &rule::ISS_3, &rule::ISS_4],
        )
    };
    if !sure {
        answer.certainty = Certainty::Inferred;
        answer.rules.push(&rule::ISS_5);
    }
    answer
}

fn pool_row(books: &Books, index: ClusterIndex, position: usize) -> PoolRow {
    let cluster = books.inventory.cluster(index);
    let pool = &cluster.pools[position];
    let limits = growth_limits(books, cluster, pool);
    let more = more_nodes(&limits);
    let largest_step = more.map(|more| match pool.autoscaler {
        Some(autoscaler) => more.min(autoscaler.max_count.saturating_sub(pool.count)),
        None => more.min(admitted_step(books, index, pool)),
    });
    PoolRow {
        cluster: index,
        position,
        mode: cluster.network_mode(pool),
        cost: pool_cost(cluster, pool),
        surge: surge_nodes(pool, pool.count),
        more_nodes: more,
        limits,
        largest_step,
    }
}

/// Most nodes a request may add to a pool without an autoscaler: AKS compares all pools, the autoscaled ones at their ceiling.
fn admitted_step(books: &Books, index: ClusterIndex, pool: &NodePool) -> u64 {
    let cluster = books.inventory.cluster(index);
    let Some(own) = pool_cost(cluster, pool) else {
        return 0;
    };
    let mut step = u64::MAX;
    for subnet in [pool.subnet, pool.pod_subnet].into_iter().flatten() {
        let counted: u64 = cluster
            .pools
            .iter()
            .filter_map(|pool| Some((pool, pool_cost(cluster, pool)?)))
            .map(|(pool, cost)| per_node_in(pool, &cost, subnet).counted * pool.counted_nodes())
            .sum();
        let each = per_node_in(pool, &own, subnet).counted.max(1);
        let room = books.available_to(index, subnet).saturating_sub(counted);
        step = step.min(room / each);
    }
    if let (Some(each), Some(range)) = (own.pod_cidr, cluster.network.pod_cidr_v4()) {
        let counted: u64 = cluster.pools.iter().map(NodePool::counted_nodes).sum();
        step = step.min((cidr::size(range) / each).saturating_sub(counted));
    }
    step
}

fn subnet_findings(inventory: &Inventory, rows: &[SubnetRow], findings: &mut Vec<Finding>) {
    for row in rows {
        let name = inventory.subnet_name(row.index);
        let available = row.usable.saturating_sub(row.foreign);
        let failure = row.first_failure.as_ref().map(|failure| {
            format!(
                "; pool {} of {} fails first, at {}",
                failure.pool,
                inventory.cluster(failure.cluster).name,
                counted(failure.nodes, "node", "nodes")
            )
        });
        let failure = failure.unwrap_or_default();
        match row.verdict {
            Verdict::Full | Verdict::CeilingShort => findings.push(Finding::new(
                Severity::Blocker,
                if row.verdict == Verdict::Full { "subnet-full" } else { "subnet-ceiling" },
                format!(
                    "{name}: at the autoscalers' ceiling the pools want {} of {} available addresses{failure}",
                    grouped(row.demand.ceiling),
                    grouped(available),
                ),
                &[&rule::SUB_1, &rule::ISS_2, &rule::CLS_3],
            )),
            Verdict::SurgeShort => findings.push(Finding::new(
                Severity::Warning,
                "subnet-surge",
                format!(
                    "{name}: the ceiling fits, an upgrade at the ceiling does not: with surge the pools want {} of {} \
                     available addresses{failure}",
                    grouped(row.demand.ceiling_with_surge),
                    grouped(available),
                ),
                &[&rule::UPG_4, &rule::ISS_5],
            )),
            _ => {}
        }
        if row.counted.ceiling <= available && row.demand.ceiling > available {
            findings.push(Finding::new(
                Severity::Blocker,
                "admission-undercounts",
                format!(
                    "{name}: AKS counts {} addresses and admits the pools, but their nodes hold {}: nodes or pods will wait \
                     for addresses that are not there",
                    grouped(row.counted.ceiling),
                    grouped(row.demand.ceiling),
                ),
                &[&rule::STB_3, &rule::DYN_3],
            ));
        }
    }
}

fn pod_cidr_findings(inventory: &Inventory, rows: &[PodCidrRow], findings: &mut Vec<Finding>) {
    for row in rows {
        let name = &inventory.cluster(row.cluster).name;
        let (severity, code, demand, when) = match row.verdict {
            Verdict::Full | Verdict::CeilingShort => (
                Severity::Blocker,
                "pod-cidr-ceiling",
                row.demand.ceiling,
                "at the autoscalers' ceiling",
            ),
            Verdict::SurgeShort => (
                Severity::Warning,
                "pod-cidr-surge",
                row.demand.ceiling_with_surge,
                "at the ceiling with surge",
            ),
            _ => continue,
        };
        findings.push(Finding::new(
            severity,
            code,
            format!(
                "{name}: {when} the nodes want {} /24 blocks, pod CIDR {} has {}",
                grouped(demand / cost::POD_CIDR_PER_NODE),
                row.cidr,
                grouped(row.nodes),
            ),
            &[&rule::OVL_1, &rule::KBN_2, &rule::MIG_11],
        ));
    }
}

/// What the numbers above do not know, in whole sentences.
fn not_checked(inventory: &Inventory, books: &Books, subnets: &[SubnetRow]) -> Vec<String> {
    let mut sentences = inventory.not_checked.clone();
    let guessed: Vec<String> = subnets
        .iter()
        .filter(|row| row.verdict != Verdict::Unused)
        .filter(|row| {
            row.basis == super::occupancy::Basis::Counted && !inventory.subnet(row.index).assumed
        })
        .map(|row| inventory.subnet_name(row.index))
        .collect();
    if !guessed.is_empty() {
        sentences.push(format!(
            "no live usages were read for {}: foreign addresses are those of clusters, services and endpoints that were \
             read; add the output of `az network vnet list-usage` (NET-1)",
            some_of(&guessed)
        ));
    }
    let unexplained: Vec<String> = subnets
        .iter()
        .filter(|row| books.occupancy(row.index).unexplained > 0)
        .map(|row| inventory.subnet_name(row.index))
        .collect();
    if !unexplained.is_empty() {
        sentences.push(format!(
            "usages of {} are smaller than what the clusters' nodes should hold: the files are of different times, or nodes \
             hold less than CLS-3 says; foreign is taken as 0 there",
            some_of(&unexplained)
        ));
    }
    let static_blocks = subnets.iter().any(|row| {
        books.users(row.index).iter().any(|&(cluster, position)| {
            let cluster = inventory.cluster(cluster);
            let pool = &cluster.pools[position];
            cluster.network_mode(pool) == Some(NetworkMode::PodSubnetStaticBlock)
                && pool.pod_subnet == Some(row.index)
        })
    });
    if static_blocks {
        sentences.push(
            "static blocks are /28-aligned, and Azure's five addresses lie in a subnet's first and last block: up to two blocks \
             fewer than computed may be usable (STB-3)"
                .to_string(),
        );
    }
    sentences.sort();
    sentences.dedup();
    sentences
}

/// The first few of a list, and how many more.
pub fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 3;
    if names.len() <= SHOWN {
        return names.join(", ");
    }
    format!(
        "{} and {} more",
        names[..SHOWN].join(", "),
        grouped((names.len() - SHOWN) as u64)
    )
}
