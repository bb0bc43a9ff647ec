//! What a timeline is played on, made once: ranges, pools with what a node of each takes, and the timeline with its names
//! followed and its days turned into hours. Never changes; what does is in `state`.

use super::spread::Quantiles;
use super::timeline::{Event, Misplaced, OPERATION_HOURS, Timeline, Unit, When};
use crate::capacity::cost::{NodeCost, POD_CIDR_PER_NODE, pool_cost};
use crate::capacity::growth::Books;
use crate::model::{
    Change, Cluster, ClusterIndex, Inventory, IpNet, NetworkMode, NetworkPlugin, NodePool, Subject,
    SubnetIndex, cidr,
};
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::BTreeMap;

pub const HOURS_A_DAY: u32 = 24;
pub const HOURS_A_WEEK: u32 = 7 * HOURS_A_DAY;

/// Where addresses come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Subnet(SubnetIndex),
    PodCidr(ClusterIndex, IpNet),
}

/// A subnet or a pod CIDR that pools of the timeline draw from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    pub place: Place,
    /// `vnet/subnet`, or `pod CIDR of cluster`.
    pub name: String,
    /// What a statement about it is about: the subnet, or the cluster of a pod CIDR.
    pub subject: Subject,
    pub cidr: String,
    /// Addresses that something can hold.
    pub capacity: u64,
    /// Addresses held when the timeline starts.
    pub used: u64,
}

impl Range {
    pub fn is_pod_cidr(&self) -> bool {
        matches!(self.place, Place::PodCidr(..))
    }
}

/// What one node takes from one range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Take {
    pub range: usize,
    /// As the service adds up.
    pub counted: u64,
    /// As nodes hold.
    pub held: u64,
}

/// A pool that is there, or that an event adds.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    pub cluster: usize,
    pub pool: NodePool,
    /// False for one that an event adds.
    pub exists: bool,
    /// What a node takes, the node subnet in front and the pod CIDR last; and the same on Overlay.
    pub takes: [Vec<Take>; 2],
}

/// A cluster that the timeline is about.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub index: ClusterIndex,
    pub name: String,
    /// In the order of the cluster, those that events add at the end.
    pub pools: Vec<usize>,
    /// From that version on AKS tries again with one surge node (UPG-6).
    pub falls_back: bool,
    /// Network mode now and after the move to Overlay.
    pub mode: [Option<NetworkMode>; 2],
    /// Addresses its nodes hold in each range when the timeline starts.
    pub held: Vec<u64>,
}

#[derive(Debug, Clone)]
pub(super) struct GrowthSource {
    pub pool: usize,
    pub unit: Unit,
    pub median: u64,
    pub quantiles: Quantiles,
}

/// When spikes may start, in hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Starts {
    /// One in each part; a part begins where the one before it ends.
    Parts(Vec<(u32, u32)>),
    Fixed(Vec<u32>),
}

#[derive(Debug, Clone)]
pub(super) struct SpikeSource {
    pub pool: usize,
    pub hours: u32,
    pub starts: Starts,
    pub median: u64,
    pub quantiles: Quantiles,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Add(usize),
    Scale(usize, u64),
    MaxCount(usize, u64),
    UpgradePool(usize),
    UpgradeCluster,
    Move,
    /// Nothing here changes, and AKS checks everything all the same.
    Nothing,
}

#[derive(Debug, Clone)]
pub(super) struct Request {
    pub hour: u32,
    pub site: usize,
    pub asks: Vec<Ask>,
    /// How long one pool's upgrade, or the move, takes.
    pub hours: u32,
}

/// An estate and a timeline, ready to be played any number of times.
#[derive(Debug, Clone)]
pub struct World {
    pub starts: Date,
    pub weeks: u32,
    pub ranges: Vec<Range>,
    pub(super) pools: Vec<Pool>,
    pub(super) sites: Vec<Site>,
    pub(super) growth: Vec<GrowthSource>,
    pub(super) spikes: Vec<SpikeSource>,
    /// By hour; `order` says which event each is.
    pub(super) requests: Vec<Request>,
    pub(super) order: Vec<usize>,
    pub not_checked: Vec<String>,
}

impl World {
    /// Follows the names of a timeline.
    ///
    /// # Errors
    /// Naming the place in the timeline, where it says something that cannot be of this estate.
    pub fn of(inventory: &Inventory, timeline: &Timeline) -> Result<Self, Misplaced> {
        Builder::of(inventory, timeline).world()
    }

    pub fn horizon(&self) -> u32 {
        self.weeks * HOURS_A_WEEK
    }

    /// The day of an hour.
    pub fn date(&self, hour: u32) -> Date {
        let days = i64::from(hour / HOURS_A_DAY);
        self.starts
            .checked_add(days.days())
            .expect("the timeline's end was checked to have a date")
    }

    /// The cluster of an event.
    pub fn cluster_name(&self, event: usize) -> &str {
        &self.sites[self.requests[event].site].name
    }

    /// `cluster/pool`.
    pub(super) fn pool_name(&self, pool: usize) -> String {
        let pool = &self.pools[pool];
        format!("{}/{}", self.sites[pool.cluster].name, pool.pool.name)
    }
}

/// A take whose range has no number yet: place, counted, held.
type Placed = (Place, u64, u64);

struct Builder<'a> {
    inventory: &'a Inventory,
    timeline: &'a Timeline,
    books: Books<'a>,
    sites: Vec<Site>,
    /// With their takes as places, until those are numbered.
    pools: Vec<(Pool, [Vec<Placed>; 2])>,
    not_checked: Vec<String>,
}

impl<'a> Builder<'a> {
    fn of(inventory: &'a Inventory, timeline: &'a Timeline) -> Self {
        Builder {
            inventory,
            timeline,
            books: Books::of(inventory),
            sites: Vec::new(),
            pools: Vec::new(),
            not_checked: Vec::new(),
        }
    }

    fn world(mut self) -> Result<World, Misplaced> {
        let timeline = self.timeline;
        let days = i64::from(timeline.weeks * 7);
        if timeline.starts.checked_add(days.days()).is_err() {
            return Err(Misplaced::new(
                "starts",
                "the timeline ends after the year 9999",
            ));
        }
        self.add_sites();
        let mut requests = Vec::new();
        for (position, event) in timeline.events.iter().enumerate() {
            let place = format!("events[{position}]");
            requests.push(self.request(event, &place)?);
        }
        let growth = timeline
            .growth
            .iter()
            .enumerate()
            .map(|(position, growth)| {
                let place = format!("growth[{position}].pool");
                Ok(GrowthSource {
                    pool: self.find_playable(growth.cluster, &growth.pool, &place)?,
                    unit: growth.unit,
                    median: growth.a_week.median(),
                    quantiles: Quantiles::of(growth.a_week),
                })
            })
            .collect::<Result<_, _>>()?;
        let spikes = timeline
            .spikes
            .iter()
            .enumerate()
            .map(|(position, spike)| {
                let place = format!("spikes[{position}].pool");
                Ok(SpikeSource {
                    pool: self.find_playable(spike.cluster, &spike.pool, &place)?,
                    hours: spike.hours,
                    starts: starts(timeline, &spike.when),
                    median: spike.nodes.median(),
                    quantiles: Quantiles::of(spike.nodes),
                })
            })
            .collect::<Result<_, _>>()?;
        let ranges = self.number_ranges();
        let mut order: Vec<usize> = (0..requests.len()).collect();
        order.sort_by_key(|position| requests[*position].hour);
        self.say_what_is_left_out(&order, &requests);
        self.not_checked.sort();
        self.not_checked.dedup();
        Ok(World {
            starts: timeline.starts,
            weeks: timeline.weeks,
            ranges,
            pools: self.pools.into_iter().map(|(pool, _)| pool).collect(),
            sites: self.sites,
            growth,
            spikes,
            requests,
            order,
            not_checked: self.not_checked,
        })
    }

    /// The clusters that the timeline names. Others only hold what they hold.
    fn add_sites(&mut self) {
        let timeline = self.timeline;
        let mut named: Vec<ClusterIndex> = timeline
            .growth
            .iter()
            .map(|growth| growth.cluster)
            .chain(timeline.spikes.iter().map(|spike| spike.cluster))
            .chain(timeline.events.iter().map(|event| event.cluster))
            .collect();
        named.sort_unstable();
        named.dedup();
        for index in named {
            let cluster = self.inventory.cluster(index);
            let site = self.sites.len();
            self.sites.push(Site {
                index,
                name: cluster.label().to_string(),
                pools: Vec::new(),
                falls_back: cluster
                    .kubernetes_version
                    .is_some_and(|version| (version.major, version.minor) >= (1, 35)),
                mode: [cluster.mode(), Some(NetworkMode::Overlay)],
                held: Vec::new(),
            });
            for pool in &cluster.pools {
                self.add_pool(site, pool.clone(), true);
            }
        }
    }

    fn add_pool(&mut self, site: usize, pool: NodePool, exists: bool) -> usize {
        let cluster = self.inventory.cluster(self.sites[site].index);
        let index = self.sites[site].index;
        let pod_cidr = self.pod_cidr_after(site);
        let takes = [
            places(
                cluster,
                index,
                &pool,
                cluster.network.pod_cidr_v4().copied(),
            ),
            places(&on_overlay(cluster), index, &pool, pod_cidr),
        ];
        if takes[0].is_empty() {
            self.not_checked.push(format!(
                "pool {}/{}: its subnet, its network mode or max_pods is not known; what it holds was read at most as foreign",
                cluster.label(), pool.name
            ));
        }
        let position = self.pools.len();
        self.sites[site].pools.push(position);
        self.pools.push((
            Pool {
                cluster: site,
                pool,
                exists,
                takes: [Vec::new(), Vec::new()],
            },
            takes,
        ));
        position
    }

    /// The pod CIDR that the cluster has on Overlay: that of the move, else the one it has. Who is on Overlay keeps what it has.
    fn pod_cidr_after(&self, site: usize) -> Option<IpNet> {
        let index = self.sites[site].index;
        let own = self.inventory.cluster(index);
        let own_range = || own.network.pod_cidr_v4().copied();
        if !own.mode().is_some_and(NetworkMode::moves_to_overlay) {
            return own_range();
        }
        let moved = self
            .timeline
            .events
            .iter()
            .filter(|event| event.cluster == index)
            .flat_map(|event| &event.changes)
            .find_map(|change| match change {
                Change::MigrateToOverlay { pod_cidr } => *pod_cidr,
                _ => None,
            });
        moved.or_else(own_range)
    }

    fn site_of(&self, cluster: ClusterIndex) -> usize {
        self.sites
            .iter()
            .position(|site| site.index == cluster)
            .expect("every cluster that the timeline names is a site")
    }

    fn find(&self, cluster: ClusterIndex, name: &str, place: &str) -> Result<usize, Misplaced> {
        let site = &self.sites[self.site_of(cluster)];
        let pool = |position: &usize| &self.pools[*position].0.pool;
        let mut pools = site.pools.iter().copied();
        pools
            .find(|position| pool(position).name.eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                let known: Vec<&str> = site.pools.iter().map(|p| pool(p).name.as_str()).collect();
                Misplaced::new(
                    place,
                    format!(
                        "cluster `{}` has no pool `{name}`, and no event adds one; its pools are {}",
                        site.name,
                        known.join(", ")
                    ),
                )
            })
    }

    /// A pool whose growth means something.
    fn find_playable(
        &self,
        cluster: ClusterIndex,
        name: &str,
        place: &str,
    ) -> Result<usize, Misplaced> {
        let position = self.find(cluster, name, place)?;
        let (pool, takes) = &self.pools[position];
        let stopped = self.inventory.cluster(cluster).is_stopped() || pool.pool.is_stopped();
        if stopped {
            let problem = format!("pool `{name}` is stopped: it has no nodes that grow");
            return Err(Misplaced::new(place, problem));
        }
        if takes[0].is_empty() || !pool.pool.knows("node_count") {
            return Err(Misplaced::new(
                place,
                format!(
                    "of pool `{name}` the number of nodes, the subnet, the network mode or max_pods is not known: nothing to play"
                ),
            ));
        }
        Ok(position)
    }

    fn request(&mut self, event: &Event, place: &str) -> Result<Request, Misplaced> {
        let site = self.site_of(event.cluster);
        let days = event
            .at
            .since(self.timeline.starts)
            .map_or(0, |span| span.get_days());
        let Ok(days) = u32::try_from(days) else {
            return Err(Misplaced::new(
                format!("{place}.at"),
                format!(
                    "{} lies before {}, when the timeline starts",
                    event.at, self.timeline.starts
                ),
            ));
        };
        if self.inventory.cluster(event.cluster).is_stopped() {
            let problem = format!("cluster `{}` is stopped", self.sites[site].name);
            return Err(Misplaced::new(place, problem));
        }
        let asks = event
            .changes
            .iter()
            .map(|change| self.ask(site, change, place))
            .collect::<Result<_, _>>()?;
        Ok(Request {
            hour: days.saturating_mul(HOURS_A_DAY),
            site,
            asks,
            hours: event.hours.unwrap_or(OPERATION_HOURS),
        })
    }

    fn ask(&mut self, site: usize, change: &Change, place: &str) -> Result<Ask, Misplaced> {
        let cluster = self.sites[site].index;
        let at = |inner: &str| format!("{place}.{inner}");
        Ok(match change {
            Change::AddPool(pool) => {
                if self.find(cluster, &pool.name, "").is_ok() {
                    return Err(Misplaced::new(
                        at("add_pool.name"),
                        format!(
                            "cluster `{}` already has a pool named `{}`, or another event adds it",
                            self.sites[site].name, pool.name
                        ),
                    ));
                }
                Ask::Add(self.add_pool(site, pool.as_ref().clone(), false))
            }
            Change::Scale { pool, count } => Ask::Scale(
                self.find_playable(cluster, pool, &at("scale.pool"))?,
                *count,
            ),
            Change::SetMaxCount {
                pool, max_count, ..
            } => {
                let position = self.find(cluster, pool, &at("max_count.pool"))?;
                let autoscaler = self.pools[position].0.pool.autoscaler;
                if let Some(autoscaler) = autoscaler.filter(|known| known.min_count > *max_count) {
                    return Err(Misplaced::new(
                        at("max_count.count"),
                        format!(
                            "{max_count} is less than the min_count {} of pool `{pool}`; AKS refuses that",
                            autoscaler.min_count
                        ),
                    ));
                }
                Ask::MaxCount(position, *max_count)
            }
            Change::Upgrade { pool: Some(pool) } => {
                Ask::UpgradePool(self.find(cluster, pool, &at("upgrade.pool"))?)
            }
            Change::Upgrade { pool: None } => Ask::UpgradeCluster,
            Change::MigrateToOverlay { pod_cidr } => {
                self.check_move(site, *pod_cidr, &at("migrate_to_overlay"))?;
                Ask::Move
            }
            Change::Update => Ask::Nothing,
            Change::RemovePool { .. }
            | Change::Reimage { .. }
            | Change::Create
            | Change::Other { .. } => {
                return Err(Misplaced::new(
                    place,
                    "a timeline plays add_pool, scale, max_count, upgrade, migrate_to_overlay and update",
                ));
            }
        })
    }

    fn check_move(
        &mut self,
        site: usize,
        pod_cidr: Option<IpNet>,
        place: &str,
    ) -> Result<(), Misplaced> {
        let cluster = self.inventory.cluster(self.sites[site].index);
        // A request for what is there already is played, and does nothing: another range is another cluster's.
        if cluster.mode() == Some(NetworkMode::Overlay) {
            let other = pod_cidr.filter(|asked| !cluster.network.pod_cidrs.contains(asked));
            return match other {
                None => Ok(()),
                Some(asked) => Err(Misplaced::new(
                    format!("{place}.pod_cidr"),
                    format!(
                        "cluster `{}` is on Azure CNI Overlay already, and {asked} is not its pod CIDR",
                        cluster.label()
                    ),
                )),
            };
        }
        if !cluster.mode().is_some_and(NetworkMode::moves_to_overlay) {
            return Err(Misplaced::new(
                place,
                format!(
                    "cluster `{}` cannot be moved in place: only Azure CNI node subnet and kubenet can (MIG-1)",
                    cluster.label()
                ),
            ));
        }
        let after = self.pod_cidr_after(site);
        if let (Some(asked), Some(first)) = (pod_cidr, after)
            && asked != first
        {
            return Err(Misplaced::new(
                format!("{place}.pod_cidr"),
                format!(
                    "{asked} differs from {first}, to which an event before it moves the cluster; a cluster moves once"
                ),
            ));
        }
        if after.is_none() {
            return Err(Misplaced::new(
                format!("{place}.pod_cidr"),
                "missing; expected the pod CIDR of the move (aksplan cidr suggest --for pod)",
            ));
        }
        self.not_checked.push(format!(
            "whether anything but addresses stands in the way of the move of {}: aksplan predict says",
            cluster.label()
        ));
        Ok(())
    }

    /// Numbers the ranges, subnets first as they are in the inventory, and follows the pools' takes.
    fn number_ranges(&mut self) -> Vec<Range> {
        let mut places: BTreeMap<Place, usize> = BTreeMap::new();
        for (_, takes) in &self.pools {
            for (place, ..) in takes.iter().flatten() {
                places.insert(*place, 0);
            }
        }
        for (number, position) in places.values_mut().enumerate() {
            *position = number;
        }
        for (pool, takes) in &mut self.pools {
            for (phase, takes) in takes.iter().enumerate() {
                pool.takes[phase] = takes
                    .iter()
                    .map(|&(place, counted, held)| Take {
                        range: places[&place],
                        counted,
                        held,
                    })
                    .collect();
            }
        }
        for site in &mut self.sites {
            site.held = places
                .keys()
                .map(|place| match *place {
                    Place::Subnet(subnet) => {
                        let shares = &self.books.occupancy(subnet).by_cluster;
                        let own = shares.iter().find(|(index, _)| *index == site.index);
                        own.map_or(0, |(_, held)| *held)
                    }
                    // Added below, node by node.
                    Place::PodCidr(..) => 0,
                })
                .collect();
        }
        let mut ranges: Vec<Range> = places.keys().map(|place| self.range(*place)).collect();
        // Blocks of a pod CIDR are taken by the nodes there are.
        for (pool, _) in &self.pools {
            for take in &pool.takes[0] {
                if pool.exists && ranges[take.range].is_pod_cidr() {
                    let held = pool.pool.count.saturating_mul(take.held);
                    ranges[take.range].used = ranges[take.range].used.saturating_add(held);
                    let own = &mut self.sites[pool.cluster].held[take.range];
                    *own = own.saturating_add(held);
                }
            }
        }
        ranges
    }

    fn range(&self, place: Place) -> Range {
        match place {
            Place::Subnet(index) => {
                let subnet = self.inventory.subnet(index);
                Range {
                    place,
                    name: self.inventory.subnet_label(index),
                    subject: self.inventory.subnet_subject(index),
                    cidr: subnet.cidr_text(),
                    capacity: subnet.usable(),
                    used: self.books.occupancy(index).used,
                }
            }
            Place::PodCidr(index, range) => Range {
                place,
                name: format!("pod CIDR of {}", self.inventory.cluster(index).label()),
                subject: Subject::Cluster(self.inventory.cluster(index).label().to_string()),
                cidr: range.to_string(),
                capacity: cidr::size(&range),
                used: 0,
            },
        }
    }

    fn say_what_is_left_out(&mut self, order: &[usize], requests: &[Request]) {
        let horizon = self.timeline.weeks * HOURS_A_WEEK;
        let late = order
            .iter()
            .filter(|event| requests[**event].hour > horizon);
        for &event in late {
            self.not_checked.push(format!(
                "events[{event}] of {} comes after the last week and is not played",
                self.timeline.events[event].at
            ));
        }
        let always = [
            "the limits of 1,000 nodes a pool, 5,000 a cluster (400 with kubenet) and 65,536 addresses a VNet: aksplan capacity says",
            "vCPU quota, machine sizes and zone capacity of the region",
            "whether pods can be drained when nodes are upgraded",
            "what else comes to live in these subnets: foreign addresses stay as they are",
        ];
        self.not_checked.extend(always.map(str::to_string));
        let uncertain = self
            .timeline
            .growth
            .iter()
            .any(|growth| !growth.a_week.is_certain());
        if uncertain {
            self.not_checked.push(
                "whether the trend itself is right: weeks are drawn independently of each other, so that futures differ less than they may"
                    .to_string(),
            );
        }
        for site in &self.sites {
            let cluster = self.inventory.cluster(site.index);
            if cluster.node_auto_provisioning {
                self.not_checked.push(format!(
                    "nodes that node auto-provisioning makes in {}: no pool bounds them, and nothing is asked first (ISS-7)",
                    cluster.label()
                ));
            }
            let pod_cidrs = &cluster.network.pod_cidrs;
            if pod_cidrs.iter().any(|range| matches!(range, IpNet::V6(_))) {
                self.not_checked.push(format!(
                    "the IPv6 pod CIDR of {} (OVL-2): aksplan predict says",
                    cluster.label()
                ));
            }
            for index in self
                .inventory
                .subnets_of_cluster(self.inventory.cluster(site.index))
            {
                let counted =
                    self.books.occupancy(index).basis == crate::capacity::occupancy::Basis::Counted;
                let subnet = self.inventory.subnet(index);
                if counted && !subnet.assumed && subnet.foreign.is_none() {
                    self.not_checked.push(format!(
                        "no live usages were read for {}: addresses held by anything but what was read are missed (NET-1)",
                        self.inventory.subnet_label(index)
                    ));
                }
            }
        }
        self.not_checked
            .extend(self.inventory.not_checked.iter().cloned());
    }
}

/// The cluster as it is after the move.
fn on_overlay(cluster: &Cluster) -> Cluster {
    let mut after = cluster.clone();
    after.kubernetes = None;
    after.network.overlay = true;
    after.network.plugin = Some(NetworkPlugin::Azure);
    after
}

/// What a node of the pool takes, from where: place, counted, held.
fn places(
    cluster: &Cluster,
    index: ClusterIndex,
    pool: &NodePool,
    pod_cidr: Option<IpNet>,
) -> Vec<Placed> {
    let (Some(cost), Some(subnet)) = (pool_cost(cluster, pool), pool.subnet) else {
        return Vec::new();
    };
    let in_subnet = |cost: &NodeCost, subnet: SubnetIndex| {
        let each = cost.in_subnet(pool, subnet);
        (Place::Subnet(subnet), each.counted, each.held)
    };
    let mut places = vec![in_subnet(&cost, subnet)];
    let pods = pool.pod_subnet.filter(|pods| *pods != subnet);
    if let Some(pods) = pods.filter(|_| cost.pod_subnet.is_some()) {
        places.push(in_subnet(&cost, pods));
    }
    if let (Some(_), Some(range)) = (cost.pod_cidr, pod_cidr) {
        places.push((
            Place::PodCidr(index, range),
            POD_CIDR_PER_NODE,
            POD_CIDR_PER_NODE,
        ));
    }
    places
}

/// Months of 730.5 hours: a twelfth of 365.25 days.
fn starts(timeline: &Timeline, when: &When) -> Starts {
    const HALF_HOURS_A_MONTH: u64 = 1_461;
    let horizon = timeline.weeks * HOURS_A_WEEK;
    match when {
        When::PerMonth(thousandths) => {
            let bound = |part: u64| {
                let hours = part * HALF_HOURS_A_MONTH * 1_000 / (2 * thousandths.max(&1));
                u32::try_from(hours).unwrap_or(u32::MAX)
            };
            let parts = (0u64..)
                .map(|part| (bound(part), bound(part + 1)))
                .take_while(|(from, _)| *from < horizon);
            Starts::Parts(parts.collect())
        }
        When::Days(days) => {
            let all = (0..timeline.weeks * 7).filter(|day| {
                let date = timeline.starts.checked_add(i64::from(*day).days());
                date.is_ok_and(|date| days.contains(&date.day()))
            });
            Starts::Fixed(all.map(|day| day * HOURS_A_DAY).collect())
        }
    }
}
