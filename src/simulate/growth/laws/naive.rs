//! Growth the long way: hour by hour, on an inventory that is edited, each question put to `predict`. Surge nodes are pools of
//! their own while they are there. Knows nothing of ranges, sums or instants.

use super::{Entry, Script, words};
use crate::capacity::answer::nodes_without_pod_cidr;
use crate::capacity::growth::Books;
use crate::capacity::surge::surge_nodes;
use crate::model::{
    Autoscaler, Change, Cluster, ClusterIndex, Inventory, NetworkMode, NodePool, UpgradeSettings,
    cidr,
};
use crate::predict::difference::apply;
use crate::predict::{Outcome, Prediction, Wish, predict};
use crate::simulate::growth::{Timeline, Unit};

struct Demand {
    cluster: ClusterIndex,
    pool: String,
    trend: u64,
    refused: Option<u64>,
}

struct Operation {
    until: u32,
    event: usize,
    /// Pools whose turn is yet to come.
    then: Vec<String>,
    moves: bool,
}

struct Naive<'a> {
    now: Inventory,
    timeline: &'a Timeline,
    script: &'a Script,
    hour: u32,
    demands: Vec<Demand>,
    running: Vec<Option<Operation>>,
    log: Vec<Entry>,
}

pub fn play(inventory: &Inventory, timeline: &Timeline, script: &Script) -> Vec<Entry> {
    let mut named: Vec<ClusterIndex> = timeline
        .growth
        .iter()
        .map(|growth| growth.cluster)
        .chain(timeline.spikes.iter().map(|spike| spike.cluster))
        .chain(timeline.events.iter().map(|event| event.cluster))
        .collect();
    named.sort();
    named.dedup();
    let demands = |cluster: &ClusterIndex| {
        let pools = &inventory.cluster(*cluster).pools;
        let of = |pool: &NodePool| (*cluster, pool.name.clone(), pool.count);
        pools.iter().map(of).collect::<Vec<_>>()
    };
    let there = named.iter().flat_map(demands);
    let later = timeline.events.iter().flat_map(|event| {
        let added = event.changes.iter().filter_map(|change| match change {
            Change::AddPool(pool) => Some((event.cluster, pool.name.clone(), pool.count)),
            _ => None,
        });
        added.collect::<Vec<_>>()
    });
    let mut naive = Naive {
        now: inventory.clone(),
        timeline,
        script,
        hour: 0,
        demands: there
            .chain(later)
            .map(|(cluster, pool, count)| Demand {
                cluster,
                pool,
                trend: count * 1_000_000,
                refused: None,
            })
            .collect(),
        running: inventory.clusters.iter().map(|_| None).collect(),
        log: Vec::new(),
    };
    let mut waiting: Vec<usize> = Vec::new();
    for hour in 0..=timeline.weeks * 168 {
        naive.hour = hour;
        naive.end_operations();
        if hour > 0 && hour % 168 == 0 {
            naive.grow(hour / 168 - 1);
        }
        naive.settle();
        let due = |event: &usize| {
            let days = timeline.events[*event]
                .at
                .since(timeline.starts)
                .expect("later")
                .get_days();
            u32::try_from(days).expect("later") * 24 == hour
        };
        waiting.extend((0..timeline.events.len()).filter(due));
        let mut still = Vec::new();
        for event in waiting {
            if naive.is_demand(event)
                || naive.running[timeline.events[event].cluster.get()].is_none()
            {
                naive.ask(event);
                naive.settle();
            } else {
                still.push(event);
            }
        }
        waiting = still;
    }
    naive.log
}

impl Naive<'_> {
    fn pool(&self, cluster: ClusterIndex, name: &str) -> Option<&NodePool> {
        self.now.cluster(cluster).pool(name)
    }

    fn pool_mut(&mut self, cluster: ClusterIndex, name: &str) -> &mut NodePool {
        let pools = &mut self.now.clusters[cluster.get()].pools;
        pools
            .iter_mut()
            .find(|pool| pool.name == name)
            .expect("it is there")
    }

    /// Spikes that last in this hour, whoever knows when they began.
    fn spikes(&self, cluster: ClusterIndex, name: &str) -> u64 {
        let sources = self.timeline.spikes.iter().zip(&self.script.spikes);
        sources
            .filter(|(spike, _)| spike.cluster == cluster && spike.pool == name)
            .flat_map(|(spike, drawn)| {
                let lasts = |start: u32| (start..start + spike.hours).contains(&self.hour);
                drawn
                    .iter()
                    .filter(move |(start, _)| lasts(*start))
                    .map(|(_, amount)| *amount)
            })
            .sum()
    }

    fn grow(&mut self, week: u32) {
        for (growth, drawn) in self.timeline.growth.iter().zip(&self.script.growth) {
            if self
                .now
                .cluster(growth.cluster)
                .pool(&growth.pool)
                .is_none()
            {
                continue;
            }
            let amount = drawn[week as usize];
            let mut demands = self.demands.iter_mut();
            let demand = demands
                .find(|demand| demand.cluster == growth.cluster && demand.pool == growth.pool)
                .expect("it is there");
            demand.trend += match growth.unit {
                Unit::Nodes => amount,
                Unit::Percent => {
                    let part = u128::from(demand.trend) * u128::from(amount) / 100_000_000;
                    u64::try_from(part).expect("small")
                }
            };
        }
    }

    fn wanted(&self, demand: &Demand) -> u64 {
        let millionths = demand.trend + self.spikes(demand.cluster, &demand.pool);
        // To the nearest, a half upwards.
        (2 * millionths + 1_000_000) / 2_000_000
    }

    /// Where the pool goes, as the autoscaler or somebody with a keyboard wants it.
    fn target(&self, demand: &Demand, pool: &NodePool) -> u64 {
        let wanted = self.wanted(demand);
        match pool.autoscaler {
            None => wanted,
            Some(_) if wanted == pool.count => wanted,
            Some(bounds) if wanted > pool.count && pool.count >= bounds.max_count => pool.count,
            Some(bounds) if wanted > pool.count => wanted.min(bounds.max_count),
            Some(bounds) if pool.count <= bounds.min_count => pool.count,
            Some(bounds) => wanted.max(bounds.min_count),
        }
    }

    fn settle(&mut self) {
        for position in 0..self.demands.len() {
            let demand = &self.demands[position];
            let (cluster, name) = (demand.cluster, demand.pool.clone());
            let Some(pool) = self.pool(cluster, &name) else {
                continue;
            };
            let target = self.target(demand, pool);
            if target < pool.count {
                self.pool_mut(cluster, &name).count = target;
            }
        }
        for position in 0..self.demands.len() {
            let demand = &self.demands[position];
            let (cluster, name) = (demand.cluster, demand.pool.clone());
            let Some(pool) = self.pool(cluster, &name) else {
                continue;
            };
            let (target, before) = (self.target(demand, pool), pool.count);
            if target <= before {
                self.demands[position].refused = None;
                continue;
            }
            if pool.autoscaler.is_none() && self.running[cluster.get()].is_some() {
                continue;
            }
            let scale = |count| Change::Scale {
                pool: name.clone(),
                count,
            };
            match self.predict(cluster, scale(target)).errors.first() {
                None => {
                    self.pool_mut(cluster, &name).count = target;
                    self.demands[position].refused = None;
                }
                Some(_) if self.demands[position].refused == Some(target) => {}
                Some(answer) => {
                    let answer = answer.clone();
                    let fits = |count: &u64| self.predict(cluster, scale(*count)).errors.is_empty();
                    let largest = (before + 1..=target).take_while(fits).last();
                    self.demands[position].refused = Some(target);
                    self.tell(None, answer, Some(largest.unwrap_or(before)), false);
                }
            }
        }
    }

    fn tell(
        &mut self,
        event: Option<usize>,
        answer: crate::capacity::answer::Answer,
        largest: Option<u64>,
        doubtful: bool,
    ) {
        self.log.push(Entry {
            hour: self.hour,
            doubtful,
            event,
            answer: words(&answer),
            largest,
        });
    }

    fn predict(&self, cluster: ClusterIndex, change: Change) -> Prediction {
        let mut after = self.now.clone();
        let changed = apply(after.cluster(cluster), std::slice::from_ref(&change));
        after.clusters[cluster.get()] = changed.expect("pools were looked for");
        let mut prediction = predict(&Wish {
            before: &self.now,
            cluster_before: Some(cluster),
            after: &after,
            cluster,
            changes: vec![change],
        });
        // Nodes above a ceiling that was lowered are not counted at admission; the blocks they have are taken all the same.
        let nodes =
            |cluster: &Cluster| -> u64 { cluster.pools.iter().map(|pool| pool.count).sum() };
        let known = after.cluster(cluster);
        if let (Some(mode), Some(range)) = (known.mode(), known.network.pod_cidr_v4())
            && prediction.errors.is_empty()
            && mode.has_pod_cidr()
            && nodes(known) > nodes(self.now.cluster(cluster))
            && nodes(known) * 256 > cidr::size(range)
        {
            let answer = nodes_without_pod_cidr(mode, range, nodes(known));
            prediction.errors.push(answer);
        }
        prediction
    }

    /// More to do for the autoscaler, which is no request.
    fn is_demand(&self, event: usize) -> bool {
        let event = &self.timeline.events[event];
        match &event.changes[0] {
            Change::Scale { pool, .. } => self
                .pool(event.cluster, pool)
                .is_some_and(|pool| pool.autoscaler.is_some()),
            _ => false,
        }
    }

    fn demand_mut(&mut self, cluster: ClusterIndex, name: &str) -> &mut Demand {
        let mut demands = self.demands.iter_mut();
        demands
            .find(|demand| demand.cluster == cluster && demand.pool == name)
            .expect("every pool has one")
    }

    fn ask(&mut self, event: usize) {
        let timeline = self.timeline;
        let asked = &timeline.events[event];
        let cluster = asked.cluster;
        // Turning the autoscaler on made a floor, which gives way to a lower ceiling.
        let change = &match &asked.changes[0] {
            Change::SetMaxCount {
                pool, max_count, ..
            } => {
                let known = self.pool(cluster, pool).expect("it is there");
                let floor = known
                    .autoscaler
                    .map_or(known.count, |known| known.min_count);
                Change::SetMaxCount {
                    pool: pool.clone(),
                    max_count: *max_count,
                    min_count: Some(floor.min(*max_count)),
                }
            }
            other => other.clone(),
        };
        let overlay = self.now.cluster(cluster).mode() == Some(NetworkMode::Overlay);
        if matches!(change, Change::MigrateToOverlay { .. }) && overlay {
            return;
        }
        if let Change::Scale { pool, count } = change
            && self.is_demand(event)
        {
            self.demand_mut(cluster, pool).trend = count * 1_000_000;
            return;
        }
        let prediction = self.predict(cluster, change.clone());
        let in_turn = matches!(change, Change::Upgrade { pool: None });
        let admission = crate::capacity::answer::Stage::Admission;
        let first = prediction
            .errors
            .iter()
            // Pools behind the first may find room by the time it is their turn.
            .find(|error| !in_turn || error.stage == admission)
            .cloned();
        // Of a move, one subnet may be in doubt while another is surely too small.
        let sure = matches!(change, Change::MigrateToOverlay { .. })
            .then(|| self.too_small_for_the_move(cluster, &prediction))
            .flatten();
        let doubtful = prediction.outcome == Outcome::Unknown && first.is_some() && sure.is_none();
        let first = sure.or(first);
        if let Some(answer) = first {
            let largest = self.largest_request(cluster, change, &answer);
            self.tell(Some(event), answer, largest, doubtful);
            if !doubtful {
                return;
            }
        }
        let hours = asked.hours.unwrap_or(24);
        let names = |cluster: &Cluster| -> Vec<String> {
            cluster.pools.iter().map(|pool| pool.name.clone()).collect()
        };
        match change {
            Change::Upgrade { pool: Some(pool) } => {
                self.start_turn(cluster, vec![pool.clone()], event, hours);
            }
            Change::Upgrade { pool: None } => {
                let turns = names(self.now.cluster(cluster));
                self.start_turn(cluster, turns, event, hours);
            }
            Change::MigrateToOverlay { .. } => {
                self.ghosts_of_the_move(cluster);
                self.running[cluster.get()] = Some(Operation {
                    until: self.hour + hours,
                    event,
                    then: Vec::new(),
                    moves: true,
                });
            }
            other => {
                let changed = apply(self.now.cluster(cluster), std::slice::from_ref(other));
                self.now.clusters[cluster.get()] = changed.expect("it was predicted");
                if let Change::Scale { pool, count } = other {
                    self.demand_mut(cluster, pool).trend = count * 1_000_000;
                }
            }
        }
    }

    /// Where a number of nodes is asked for, the largest that passes.
    fn largest_request(
        &self,
        cluster: ClusterIndex,
        change: &Change,
        answer: &crate::capacity::answer::Answer,
    ) -> Option<u64> {
        let fits = |change: Change| self.predict(cluster, change).errors.is_empty();
        match change {
            Change::AddPool(pool) => {
                let with = |count| {
                    Change::AddPool(Box::new(NodePool {
                        count,
                        ..pool.as_ref().clone()
                    }))
                };
                let largest = (1..=pool.count)
                    .take_while(|count| fits(with(*count)))
                    .last();
                Some(largest.unwrap_or(0))
            }
            Change::Scale { pool, count } => {
                let before = self.pool(cluster, pool).map_or(0, |pool| pool.count);
                if *count <= before {
                    return None;
                }
                let with = |count| Change::Scale {
                    pool: pool.clone(),
                    count,
                };
                let largest = (before + 1..=*count)
                    .take_while(|count| fits(with(*count)))
                    .last();
                Some(largest.unwrap_or(before))
            }
            Change::Upgrade { pool: Some(pool) }
                if answer.stage == crate::capacity::answer::Stage::Runtime =>
            {
                Some(self.room_for(cluster, pool))
            }
            _ => None,
        }
    }

    /// Nodes that the pool could have, surge among them.
    fn room_for(&self, cluster: ClusterIndex, name: &str) -> u64 {
        let pool = self.pool(cluster, name).expect("it is there");
        let mut larger = self.now.clone();
        loop {
            let pools = &mut larger.clusters[cluster.get()].pools;
            let grown = pools
                .iter_mut()
                .find(|known| known.name == name)
                .expect("a clone");
            grown.count += 1;
            let count = grown.count;
            if !holds(&larger, cluster) || count > pool.count + 1_000 {
                return count - 1;
            }
        }
    }

    /// The next pool's surge nodes come, as a pool of their own.
    fn start_turn(
        &mut self,
        cluster: ClusterIndex,
        mut turns: Vec<String>,
        event: usize,
        hours: u32,
    ) {
        let name = turns.remove(0);
        let pool = self.pool(cluster, &name).expect("it is there").clone();
        let surge = surge_nodes(&pool, pool.count);
        let mut with_surge = self.now.clone();
        with_surge.clusters[cluster.get()]
            .pools
            .push(ghost(&pool, surge));
        if surge > 0 && !holds(&with_surge, cluster) {
            let prediction = self.predict(
                cluster,
                Change::Upgrade {
                    pool: Some(name.clone()),
                },
            );
            let answer = prediction
                .errors
                .first()
                .cloned()
                .expect("its surge does not fit");
            if answer.stage == crate::capacity::answer::Stage::Runtime {
                let largest = self.room_for(cluster, &name);
                self.tell(Some(event), answer, Some(largest), false);
            } else {
                // By now AKS would refuse it as well; the player tells what happens to nodes.
                let mut answer = self.surge_that_lacks(cluster, &pool, surge);
                answer.largest = Some(self.room_for(cluster, &name));
                answer.event = Some(event);
                self.log.push(answer);
            }
            return;
        }
        self.now = with_surge;
        self.running[cluster.get()] = Some(Operation {
            until: self.hour + hours,
            event,
            then: turns,
            moves: false,
        });
    }

    fn surge_that_lacks(&self, cluster: ClusterIndex, pool: &NodePool, surge: u64) -> Entry {
        use crate::capacity::answer::{
            Certainty, node_without_pod_addresses, pods_without_addresses, subnet_is_full,
        };
        let books = Books::of(&self.now);
        let known = self.now.cluster(cluster);
        let cost = crate::capacity::cost::pool_cost(known, pool).expect("every mode is known");
        let mode = known.network_mode(pool).expect("every mode is known");
        let lacking = [pool.subnet, pool.pod_subnet]
            .into_iter()
            .flatten()
            .find_map(|subnet| {
                let wanted = surge * cost.in_subnet(pool, subnet).held;
                (wanted > books.free(subnet)).then_some((subnet, wanted, books.free(subnet)))
            });
        let answer = match lacking {
            Some((subnet, wanted, free)) => {
                let (name, cidr) = {
                    let subnet = self.now.subnet(subnet);
                    (subnet.name.clone(), subnet.cidr_text())
                };
                match mode {
                    NetworkMode::PodSubnetDynamic if pool.pod_subnet == Some(subnet) => {
                        pods_without_addresses(&name, &cidr, wanted, free)
                    }
                    NetworkMode::PodSubnetStaticBlock if pool.pod_subnet == Some(subnet) => {
                        node_without_pod_addresses(&name, &cidr, wanted, free)
                    }
                    _ => subnet_is_full(
                        &name,
                        &cidr,
                        wanted,
                        free,
                        Certainty::Inferred,
                        &[&crate::rule::UPG_4],
                    ),
                }
            }
            None => {
                let nodes: u64 = known.pools.iter().map(|pool| pool.count).sum();
                let range = known.network.pod_cidr_v4().expect("else something lacks");
                nodes_without_pod_cidr(mode, range, nodes + surge)
            }
        };
        Entry {
            hour: self.hour,
            doubtful: false,
            event: None,
            answer: words(&answer),
            largest: None,
        }
    }

    /// The first subnet that has no room even for surge nodes of one address each.
    fn too_small_for_the_move(
        &self,
        cluster: ClusterIndex,
        prediction: &Prediction,
    ) -> Option<crate::capacity::answer::Answer> {
        let mut moving = Naive {
            now: self.now.clone(),
            timeline: self.timeline,
            script: self.script,
            hour: self.hour,
            demands: Vec::new(),
            running: Vec::new(),
            log: Vec::new(),
        };
        moving.ghosts_of_the_move(cluster);
        let books = Books::of(&moving.now);
        let mut subnets = moving.now.subnet_indices();
        let name = subnets.find_map(|subnet| {
            let known = moving.now.subnet(subnet);
            (books.occupancy(subnet).used > known.usable()).then_some(&known.name)
        })?;
        let mut errors = prediction.errors.iter();
        errors
            .find(|error| error.subnet.as_ref() == Some(name))
            .cloned()
    }

    /// All pools surge at once, as Overlay nodes: in a cluster of their own, for this one is not on Overlay yet.
    fn ghosts_of_the_move(&mut self, cluster: ClusterIndex) {
        let mut ghosts = self.now.cluster(cluster).clone();
        ghosts.name = ghost_cluster(cluster);
        ghosts.network.overlay = true;
        ghosts.network.plugin = Some(crate::model::NetworkPlugin::Azure);
        for pool in &mut ghosts.pools {
            let surge = surge_nodes(pool, pool.count);
            *pool = ghost(pool, surge);
        }
        self.now.clusters.push(ghosts);
    }

    fn end_operations(&mut self) {
        for position in 0..self.running.len() {
            let ends = |operation: &Operation| operation.until == self.hour;
            if !self.running[position].as_ref().is_some_and(ends) {
                continue;
            }
            let operation = self.running[position].take().expect("just seen");
            let cluster = ClusterIndex::new(position);
            let event = &self.timeline.events[operation.event];
            if operation.moves {
                let name = ghost_cluster(cluster);
                self.now.clusters.retain(|known| known.name != name);
                let moved = apply(self.now.cluster(cluster), &event.changes);
                self.now.clusters[position] = moved.expect("it was predicted");
                continue;
            }
            self.now.clusters[position]
                .pools
                .retain(|pool| pool.name != GHOST);
            if !operation.then.is_empty() {
                let hours = event.hours.unwrap_or(24);
                self.start_turn(cluster, operation.then, operation.event, hours);
            }
        }
    }
}

const GHOST: &str = "surge";

fn ghost_cluster(cluster: ClusterIndex) -> String {
    format!("surge of {}", cluster.get())
}

fn ghost(pool: &NodePool, surge: u64) -> NodePool {
    NodePool {
        name: GHOST.to_string(),
        count: surge,
        autoscaler: None::<Autoscaler>,
        upgrade: UpgradeSettings::default(),
        ..pool.clone()
    }
}

/// Whether every range of the cluster has room for what its pools and everybody else hold.
fn holds(inventory: &Inventory, cluster: ClusterIndex) -> bool {
    let books = Books::of(inventory);
    let known = inventory.cluster(cluster);
    let subnets = inventory.subnets_of_cluster(known);
    let in_subnets = subnets
        .into_iter()
        .all(|subnet| books.occupancy(subnet).used <= inventory.subnet(subnet).usable());
    let nodes: u64 = known.pools.iter().map(|pool| pool.count).sum();
    let in_pods = match (known.mode(), known.network.pod_cidr_v4()) {
        (Some(mode), Some(range)) if mode.has_pod_cidr() => nodes * 256 <= cidr::size(range),
        _ => true,
    };
    in_subnets && in_pods
}
