//! All that a run needs and does not change: who goes through the operation in which order, what every address range can hold,
//! how long things take. Compiled once; a thousand futures share it. Runs nothing.

use super::log::Group;
use super::measured::{self, Duration};
use super::policy::{self, Policy};
use super::spread::{Quantiles, Spread};
use crate::capacity::cost::{POD_CIDR_PER_NODE, node_cost, pool_cost};
use crate::capacity::growth::Books;
use crate::capacity::surge::surge_nodes;
use crate::disruption::drain::{
    DEFAULT_DRAIN_TIMEOUT_MINUTES, DrainOptions, Treatment, treatments,
};
use crate::disruption::{Budgets, Ledger};
use crate::model::{
    Inventory, IpNet, KubernetesVersion, NetworkMode, NodePool, PoolMode, SubnetIndex, cidr,
};
use crate::placement::{MoreNodes, Occupancy, Places};
use crate::population::{ControllerKind, NodeId, PoolId, Population};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What is done to the nodes.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// `kubectl drain` of these nodes: no surge, no reimage; they stay cordoned.
    Drain(Drain),
    /// A node image or version upgrade of these pools, one after the other (UPG-11).
    Upgrade { pools: Vec<PoolId> },
    /// Every node of every pool reimaged, all pools at once (MIG-20, MIG-21). With a pod CIDR: the move to Overlay.
    Move { pod_cidr: Option<IpNet> },
}

/// Nodes to drain, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain {
    pub nodes: Vec<NodeId>,
    /// All at the same time; else one after the other, which is what `kubectl drain a b c` does.
    pub together: bool,
    /// kubectl's flags, its timeout among them.
    pub options: DrainOptions,
}

/// From this version on AKS tries again with one surge node when all do not fit (UPG-6).
const FALLS_BACK: KubernetesVersion = KubernetesVersion {
    major: 1,
    minor: 35,
    patch: None,
};

/// Nodes that go through the operation under one rule.
#[derive(Debug, Clone)]
pub struct GroupSetting {
    pub name: String,
    pub pool: Option<PoolId>,
    /// In the order they are taken.
    pub nodes: Vec<NodeId>,
    /// Surge nodes, made first and held to the end (UPG-3).
    pub surge: u32,
    /// Nodes taken at once without surge (UPG-7).
    pub unavailable: u32,
    /// Evicted by force, no surge (UPG-12).
    pub spot: bool,
    /// Seconds; 0: for ever.
    pub drain_timeout: u32,
    pub soak: u32,
    /// `Cordon`: an undrainable node is quarantined and the upgrade goes on (UPG-9).
    pub quarantines: bool,
    pub falls_back: bool,
    pub reimages: bool,
    /// First of its surge nodes.
    pub first_surge: u32,
}

/// A pool the cluster autoscaler may grow.
#[derive(Debug, Clone)]
pub struct Growing {
    pub pool: PoolId,
    pub first: u32,
    pub most: u32,
}

/// A range of addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    pub name: String,
    pub kind: RangeKind,
    pub cidr: String,
    /// Addresses that can be held in all.
    pub capacity: u64,
    /// Held when the run begins.
    pub held: u64,
    /// Whether the number held was counted by Azure, or follows from the pools.
    pub measured: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeKind {
    Subnet(SubnetIndex),
    PodCidr,
}

/// What one node takes from a range: before and after it is made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub range: u16,
    pub old: u32,
    pub new: u32,
}

/// Everything that does not change during a run.
pub struct Setting<'a> {
    pub population: &'a Population<'a>,
    pub places: Places,
    pub budgets: Budgets,
    pub operation: Operation,
    /// One after the other, or all at once.
    pub together: bool,
    /// Cordons all nodes before the first is drained, as kubectl does.
    pub cordons_first: bool,
    pub groups: Vec<GroupSetting>,
    pub growing: Vec<Growing>,
    pub ranges: Vec<Range>,
    /// By pool.
    pub costs: Vec<Vec<Cost>>,
    /// By pod.
    pub treatments: Vec<Treatment>,
    /// Seconds every pod gets to end, instead of its own (`--grace-period`).
    pub grace: Option<u32>,
    /// By pod of an ordered StatefulSet its ordinal, else `u32::MAX`.
    pub ordinals: Vec<u32>,
    pub timing: Timing,
    pub first: Start,
    /// When the state was read, as far as that is known.
    pub now: Option<Timestamp>,
    /// Which way this setting errs, in sentences.
    pub not_checked: Vec<String>,
}

/// What changes, as it is at the start.
pub struct Start {
    pub occupancy: Occupancy,
    pub ledger: Ledger,
}

/// How long things take.
pub struct Timing {
    pub control_plane: Duration,
    pub node_reimage: Duration,
    pub node_delete: Duration,
    pub pod_stop_percent: Duration,
    /// By pool.
    pub node_create: Vec<Duration>,
    /// By workload.
    pub pod_start: Vec<Duration>,
    pub retry: u32,
    pub replacement: u32,
    pub scan: u32,
    pub backoff: u32,
    pub tables: Tables,
}

/// The same as tables to draw from. Workloads that take equally long share one.
pub struct Tables {
    pub control_plane: Quantiles,
    pub node_reimage: Quantiles,
    pub node_delete: Quantiles,
    pub pod_stop_percent: Quantiles,
    pub node_create: Vec<Quantiles>,
    pub pod_start: Vec<Quantiles>,
    /// By workload: position in `pod_start`. The last table is that of pods without a workload.
    pub start_of: Vec<u32>,
}

impl Timing {
    pub fn of(population: &Population, policy: &Policy) -> Self {
        let chosen = Duration::chosen;
        let control_plane = chosen(policy.control_plane, policy::CONTROL_PLANE);
        let node_reimage = chosen(policy.node_reimage, policy::NODE_REIMAGE);
        let node_delete = chosen(policy.node_delete, policy::NODE_DELETE);
        let pod_stop_percent = chosen(policy.pod_stop_percent, policy::POD_STOP_PERCENT);
        let node_create = measured::node_creates(population, policy);
        let pod_start = measured::pod_starts(population, policy);
        let mut spreads: Vec<Spread> = pod_start.iter().map(|start| start.spread).collect();
        spreads.sort_unstable_by_key(|spread| (spread.median, spread.p90));
        spreads.dedup();
        let start_of = pod_start
            .iter()
            .map(|start| {
                let found = spreads
                    .binary_search_by_key(&(start.spread.median, start.spread.p90), |spread| {
                        (spread.median, spread.p90)
                    });
                found.expect("it was just put in") as u32
            })
            .collect();
        spreads.push(policy.pod_start.unwrap_or(policy::POD_START));
        let tables = Tables {
            control_plane: control_plane.spread.quantiles(),
            node_reimage: node_reimage.spread.quantiles(),
            node_delete: node_delete.spread.quantiles(),
            pod_stop_percent: pod_stop_percent.spread.quantiles(),
            node_create: node_create
                .iter()
                .map(|create| create.spread.quantiles())
                .collect(),
            pod_start: spreads.iter().map(|spread| spread.quantiles()).collect(),
            start_of,
        };
        Timing {
            control_plane,
            node_reimage,
            node_delete,
            pod_stop_percent,
            node_create,
            pod_start,
            retry: policy
                .eviction_retry_seconds
                .unwrap_or(policy::EVICTION_RETRY_SECONDS)
                .max(1),
            replacement: policy
                .replacement_seconds
                .unwrap_or(policy::REPLACEMENT_SECONDS),
            scan: policy
                .autoscaler_scan_seconds
                .unwrap_or(policy::AUTOSCALER_SCAN_SECONDS)
                .max(1),
            backoff: policy
                .autoscaler_backoff_seconds
                .unwrap_or(policy::AUTOSCALER_BACKOFF_SECONDS)
                .max(1),
            tables,
        }
    }
}

impl<'a> Setting<'a> {
    /// `books` are those of the inventory the cluster stands in; `None`: objects without Azure's view, so without addresses. `now`:
    /// when the state was read, as far as that is known.
    pub fn of(
        population: &'a Population<'a>,
        books: Option<&Books>,
        operation: Operation,
        policy: &Policy,
        now: Option<Timestamp>,
    ) -> Self {
        let mut not_checked = Vec::new();
        let mut groups = groups(population, &operation, policy, &mut not_checked);
        let mut more = Vec::new();
        for group in &groups {
            if let Some(pool) = group.pool
                && group.surge > 0
            {
                more.push(MoreNodes {
                    pool,
                    count: group.surge,
                });
            }
        }
        let surging = more.len();
        let under_way: u64 = groups.iter().map(|group| group.nodes.len() as u64).sum();
        for (position, pool) in population.pools.iter().enumerate() {
            let Some(setting) = pool_of(population, PoolId::new(position)) else {
                continue;
            };
            let most = setting
                .autoscaler
                .map_or(0, |bounds| bounds.max_count)
                .saturating_sub(pool.nodes.len() as u64);
            if most > 0 && !setting.is_stopped() {
                more.push(MoreNodes {
                    pool: PoolId::new(position),
                    count: u32::try_from(most.min(under_way + MORE_GROWTH)).unwrap_or(u32::MAX),
                });
            }
        }
        let places = Places::of(population, &more);
        let surge = groups
            .iter_mut()
            .filter(|group| group.pool.is_some() && group.surge > 0);
        for (position, group) in surge.enumerate() {
            group.first_surge = places.first_of(position).0;
        }
        let growing = more[surging..]
            .iter()
            .enumerate()
            .map(|(position, more)| Growing {
                pool: more.pool,
                first: places.first_of(surging + position).0,
                most: more.count,
            })
            .collect();
        let (ranges, costs) = ranges(population, books, &operation, &mut not_checked);
        let options = match &operation {
            Operation::Drain(drain) => drain.options.clone(),
            _ => DrainOptions::aks(),
        };
        let treatments = treatments(population, &options, now);
        let budgets = Budgets::at(population, now);
        let mut occupancy = Occupancy::of(&places, population);
        for pod in &population.pods {
            if let Some(node) = pod.node
                && pod.deleting
                && !pod.phase.is_finished()
            {
                occupancy.terminate(&places, pod.shape, node);
            }
        }
        let first = Start {
            occupancy,
            ledger: Ledger::of(population, &budgets),
        };
        not_checked.extend(places.left_out());
        if now.is_none()
            && population
                .pods
                .iter()
                .any(|pod| !pod.ready && pod.node.is_some() && !pod.phase.is_finished())
        {
            not_checked.push(
                "When the state was read is not known, so a pod that is not Ready is taken to stay so, and its replacement too: errs \
                 towards refusing."
                    .to_string(),
            );
        }
        not_checked.sort();
        not_checked.dedup();
        Setting {
            population,
            together: match &operation {
                Operation::Drain(_) | Operation::Upgrade { .. } => false,
                Operation::Move { .. } => true,
            },
            cordons_first: matches!(operation, Operation::Drain(_)),
            groups,
            growing,
            ranges,
            costs,
            treatments,
            grace: options.grace_period_seconds,
            ordinals: ordinals(population),
            timing: Timing::of(population, policy),
            places,
            budgets,
            operation,
            first,
            now,
            not_checked,
        }
    }

    pub fn group(&self, group: Group) -> &GroupSetting {
        &self.groups[usize::from(group)]
    }
}

/// Nodes that the autoscaler may add to a pool beyond as many as go through the operation: for pods that waited before.
const MORE_GROWTH: u64 = 8;

fn pool_of<'a>(population: &Population<'a>, pool: PoolId) -> Option<&'a NodePool> {
    let position = population.pools[pool.at()].position?;
    population.cluster.pools.get(position)
}

fn groups(
    population: &Population,
    operation: &Operation,
    policy: &Policy,
    not_checked: &mut Vec<String>,
) -> Vec<GroupSetting> {
    let pools: Vec<PoolId> = match operation {
        Operation::Drain(drain) => {
            let width = if drain.together {
                drain.nodes.len() as u32
            } else {
                1
            };
            return vec![GroupSetting {
                name: "drain".to_string(),
                pool: None,
                nodes: each_once(&drain.nodes),
                surge: 0,
                unavailable: width.max(1),
                spot: false,
                drain_timeout: drain
                    .options
                    .timeout_seconds(None)
                    .map_or(0, |seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
                soak: 0,
                quarantines: false,
                falls_back: false,
                reimages: false,
                first_surge: 0,
            }];
        }
        Operation::Upgrade { pools } => each_once(pools),
        Operation::Move { .. } => (0..population.pools.len()).map(PoolId::new).collect(),
    };
    for pool in &pools {
        let facts = &population.pools[pool.at()];
        let wanted = pool_of(population, *pool).map_or(0, |pool| pool.running());
        if facts.nodes.len() as u64 != wanted && facts.position.is_some() {
            not_checked.push(format!(
                "pool {}: it has {wanted} nodes, and {} of them were read; only those are simulated",
                facts.name,
                facts.nodes.len()
            ));
        }
    }
    pools
        .into_iter()
        .filter(|pool| !population.pools[pool.at()].nodes.is_empty())
        .map(|pool| {
            let facts = &population.pools[pool.at()];
            let unread = NodePool::new(facts.name.clone(), facts.nodes.len() as u64, 0);
            let setting = pool_of(population, pool).unwrap_or(&unread);
            if facts.position.is_none() {
                not_checked.push(format!(
                    "pool {}: only its nodes were read, not its upgrade settings; AKS's defaults are taken",
                    facts.name
                ));
            }
            let size = facts.nodes.len() as u64;
            let least = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
            let mut unavailable = setting
                .upgrade
                .max_unavailable
                .map_or(0, |unavailable| unavailable.of(size).min(size));
            if setting.mode == PoolMode::System && unavailable > 0 {
                not_checked.push(format!(
                    "pool {}: max_unavailable is not allowed on a system pool, so it is left aside (UPG-7)",
                    facts.name
                ));
                unavailable = 0;
            }
            if setting.spot {
                unavailable = u64::from(policy.spot_at_once.unwrap_or(policy::SPOT_AT_ONCE).max(1));
                not_checked.push(format!(
                    "pool {}: how many Spot nodes AKS reimages at once is not documented; {unavailable} is taken (UPG-12)",
                    facts.name
                ));
            }
            let quarantines = setting
                .upgrade
                .undrainable_node_behavior
                .as_deref()
                .is_some_and(|word| word.eq_ignore_ascii_case("Cordon"));
            if quarantines {
                not_checked.push(format!(
                    "pool {}: when every surge node stands in for a quarantined node, the upgrade is taken to stop; no document says \
                     whether AKS makes more of them (UPG-9). maxBlockedNodes was not read; its default, max_surge, is taken",
                    facts.name
                ));
            }
            let version = setting
                .kubernetes_version
                .or(population.cluster.kubernetes_version);
            let minutes = policy
                .drain_timeout_minutes
                .or(setting.upgrade.drain_timeout_minutes)
                .unwrap_or(DEFAULT_DRAIN_TIMEOUT_MINUTES);
            GroupSetting {
                name: facts.name.clone(),
                pool: Some(pool),
                nodes: facts.nodes.clone(),
                surge: least(surge_nodes(setting, size)),
                unavailable: least(unavailable),
                spot: setting.spot,
                drain_timeout: minutes.saturating_mul(60),
                soak: setting.upgrade.node_soak_minutes.unwrap_or(0).saturating_mul(60),
                quarantines,
                falls_back: version.is_some_and(|version| version >= FALLS_BACK),
                reimages: true,
                first_surge: 0,
            }
        })
        .collect()
}

/// In the same order.
fn each_once<T: Copy + Ord>(all: &[T]) -> Vec<T> {
    let mut seen = BTreeSet::new();
    all.iter()
        .copied()
        .filter(|one| seen.insert(*one))
        .collect()
}

fn ranges(
    population: &Population,
    books: Option<&Books>,
    operation: &Operation,
    not_checked: &mut Vec<String>,
) -> (Vec<Range>, Vec<Vec<Cost>>) {
    let mut ranges: Vec<Range> = Vec::new();
    let mut costs = vec![Vec::new(); population.pools.len()];
    let Some(books) = books else {
        not_checked.push(
            "addresses: no subnet was read, so none of them fills up in this simulation"
                .to_string(),
        );
        return (ranges, costs);
    };
    let cluster = population.cluster;
    let moves = match operation {
        Operation::Move { pod_cidr } => pod_cidr.as_ref(),
        _ => None,
    };
    for (pool, costs) in costs.iter_mut().enumerate() {
        let Some(setting) = pool_of(population, PoolId::new(pool)) else {
            continue;
        };
        let Some(old) = pool_cost(cluster, setting) else {
            not_checked.push(format!(
                "pool {}: its network mode is not known, so neither is what its nodes cost",
                setting.name
            ));
            continue;
        };
        if cluster.network_mode(setting) == Some(NetworkMode::PodSubnetDynamic) {
            not_checked.push(format!(
                "pool {}: its nodes are counted with the first batch of pod addresses only, however many pods they run (DYN-2): errs \
                 towards too few",
                setting.name
            ));
        }
        let new = match moves {
            Some(_) => node_cost(NetworkMode::Overlay, setting.os_type, setting.max_pods),
            None => old.clone(),
        };
        let mut subnets: Vec<SubnetIndex> = [setting.subnet, setting.pod_subnet]
            .into_iter()
            .flatten()
            .collect();
        subnets.dedup();
        for subnet in subnets {
            let range = range_of(&mut ranges, books, subnet);
            let addresses = |cost: u64| u32::try_from(cost).unwrap_or(u32::MAX);
            costs.push(Cost {
                range,
                old: addresses(old.in_subnet(setting, subnet).held),
                new: addresses(new.in_subnet(setting, subnet).held),
            });
        }
    }
    pod_cidr_range(population, moves, &mut ranges, &mut costs);
    (ranges, costs)
}

fn range_of(ranges: &mut Vec<Range>, books: &Books, subnet: SubnetIndex) -> u16 {
    let kind = RangeKind::Subnet(subnet);
    let position = ranges
        .iter()
        .position(|range| range.kind == kind)
        .unwrap_or_else(|| {
            let inventory: &Inventory = books.inventory;
            let facts = inventory.subnet(subnet);
            let occupancy = books.occupancy(subnet);
            ranges.push(Range {
                name: inventory.subnet_name(subnet),
                kind,
                cidr: facts
                    .prefixes
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(", "),
                capacity: facts.usable(),
                held: occupancy.used,
                measured: occupancy.measured,
            });
            ranges.len() - 1
        });
    u16::try_from(position).expect("a cluster has fewer pools than that")
}

/// The pod CIDR that nodes draw a /24 from: the cluster's own, or the one it moves to.
fn pod_cidr_range(
    population: &Population,
    moves: Option<&IpNet>,
    ranges: &mut Vec<Range>,
    costs: &mut [Vec<Cost>],
) {
    let cluster = population.cluster;
    let own = cluster
        .mode()
        .filter(|mode| mode.has_pod_cidr())
        .and_then(|_| cluster.network.pod_cidrs.first());
    let same = own.is_some() && (moves.is_none() || moves == own);
    let Some(range) = moves.or(own) else {
        return;
    };
    let each = POD_CIDR_PER_NODE as u32;
    let nodes: u64 = population
        .pools
        .iter()
        .map(|pool| pool.nodes.len() as u64)
        .sum();
    ranges.push(Range {
        name: "pod CIDR".to_string(),
        kind: RangeKind::PodCidr,
        cidr: range.to_string(),
        capacity: cidr::size(range),
        held: if same { nodes * POD_CIDR_PER_NODE } else { 0 },
        measured: false,
    });
    let range = (ranges.len() - 1) as u16;
    for (pool, costs) in costs.iter_mut().enumerate() {
        if population.pools[pool].position.is_some() {
            costs.push(Cost {
                range,
                old: if same { each } else { 0 },
                new: each,
            });
        }
    }
}

/// Ordinals of pods whose StatefulSet makes them one after the other.
fn ordinals(population: &Population) -> Vec<u32> {
    population
        .pods
        .iter()
        .enumerate()
        .map(|(position, pod)| {
            let ordered = pod.controller == ControllerKind::StatefulSet
                && pod
                    .workload
                    .and_then(|workload| population.workloads[workload.at()].position)
                    .is_none_or(|position| {
                        population.state.workloads[position]
                            .pod_management_policy
                            .as_deref()
                            != Some("Parallel")
                    });
            if !ordered {
                return u32::MAX;
            }
            population.state.pods[position]
                .name
                .rsplit_once('-')
                .and_then(|(_, ordinal)| ordinal.parse().ok())
                .unwrap_or(u32::MAX)
        })
        .collect()
}
