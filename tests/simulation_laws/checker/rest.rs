//! What has to be true when a second is over, and when the run is.

use super::{Checker, Doing, Durations, Law, Stage};
use crate::kubernetes::keeps_its_name;
use aksplan::simulate::{Ended, Operation};

impl Checker<'_> {
    /// Nothing more happens in this second: what was due is done.
    pub(super) fn second_is_over(&self, next: u32) -> Law {
        let timing = &self.setting.timing;
        for pod in 0..self.pods.len() {
            let book = &self.pods[pod];
            match book.doing {
                Doing::Waits => {
                    let takers = self.room.takers(pod);
                    must!(
                        takers.is_empty(),
                        "pod {pod} waits though nodes {takers:?} take it"
                    );
                }
                Doing::Between { evicted, gone } => {
                    let due = if keeps_its_name(&self.state.pods[pod]) {
                        gone.map(|gone| gone + timing.replacement)
                    } else {
                        Some(evicted + timing.replacement)
                    };
                    let before_ready = self.ordered_before[pod]
                        .iter()
                        .all(|other| self.pods[*other].doing == Doing::Ready);
                    must!(
                        due.is_none_or(|due| due >= next) || !before_ready,
                        "pod {pod} was to be made anew at {due:?}"
                    );
                }
                Doing::Starting(since) if self.durations == Durations::Medians => {
                    let due = since + self.start_seconds(pod);
                    must!(due >= next, "pod {pod} was to be ready at {due}");
                }
                _ => {}
            }
            if let (Some((budget, refused)), Some(node)) = (book.refused, book.node)
                && self.is_draining(node)
            {
                // Whoever was told first may have been stopped by the end of its drain; the next one asks within its own five seconds.
                let patience = 2 * timing.retry;
                let open = match self.open_since[budget] {
                    Some(open) if book.doing == Doing::Ready => open.max(refused),
                    _ => continue,
                };
                must!(
                    next <= open + patience,
                    "pod {pod} is refused since {refused}, and budget {budget} would let it go since {open}"
                );
            }
        }
        for node in 0..self.nodes.len() {
            if let Stage::Draining(since) = self.nodes[node].doing {
                let limit = self.timeout(self.group_of(node)?);
                must!(
                    limit == 0 || next <= since + limit,
                    "node {node} drains since {since}, longer than {limit} s"
                );
                let left = self.evictable(node);
                must!(
                    left.iter()
                        .any(|pod| !self.pods[*pod].hopeless || self.is_pool(node))
                        || self.leaving_from(node) > 0,
                    "node {node} is drained, and nobody says so"
                );
            }
        }
        for (position, group) in self.groups.iter().enumerate() {
            let rolling = group.begun.is_some_and(|begun| begun < next)
                && group.ended.is_none()
                && (!group.failed || group.pool.is_none())
                && group.surge_up == group.surge;
            if rolling && !group.removing {
                let nodes = self.setting.groups[position].nodes.len();
                let free = self
                    .buffers(position)
                    .saturating_sub(self.under_way(position));
                must!(
                    group.taken == nodes || free == 0,
                    "group {position} has {free} buffers free and {} nodes to go",
                    nodes - group.taken
                );
            }
        }
        for (range, told) in self.told.iter().enumerate() {
            let (low, high) = self.held[range];
            must!(
                *told == Some((low as u32, high as u32)),
                "range {range} holds {low} to {high}, told were {told:?}"
            );
        }
        Ok(())
    }

    pub(super) fn end(mut self, ended: &Ended) -> Law {
        // The run is over: all that is still due has to be something that never comes.
        let over = self
            .groups
            .iter()
            .all(|group| group.ended.is_some() || group.failed)
            || self.groups.iter().any(|group| {
                group.failed && !matches!(self.setting.operation, Operation::Move { .. })
            });
        for node in 0..self.nodes.len() {
            if self.is_draining(node) {
                let free = self
                    .evictable(node)
                    .into_iter()
                    .find(|pod| self.would_go(*pod) && !self.pods[*pod].hopeless);
                must!(
                    free.is_none(),
                    "pod {free:?} may go from node {node}, and never does"
                );
                // Without a kubelet they do not.
                let alive = self.state.nodes.get(node).is_none_or(|node| node.ready);
                must!(
                    self.leaving_from(node) == 0 || !alive,
                    "pods never end on node {node}"
                );
            }
        }
        if !over {
            let stuck = (0..self.nodes.len()).any(|node| self.is_draining(node));
            must!(
                stuck,
                "groups are open and no node is being drained: {:?}",
                self.groups
            );
        }
        for pod in 0..self.pods.len() {
            if self.pods[pod].doing == Doing::Waits {
                let takers = self.room.takers(pod);
                must!(
                    takers.is_empty(),
                    "pod {pod} waits though nodes {takers:?} take it"
                );
            }
        }
        if !self.step_refused {
            self.nothing_more_grows()?;
        }
        self.end_matches(ended)
    }

    /// No pod waits that the next new node of some pool would take.
    fn nothing_more_grows(&self) -> Law {
        let waiting = (0..self.pods.len()).filter(|pod| self.pods[*pod].doing == Doing::Waits);
        for pod in waiting {
            for pool in 0..self.cluster.pools.len() {
                let next = (0..self.nodes.len()).find(|node| {
                    let node = &self.nodes[*node];
                    node.pool == pool && node.made && node.group.is_none() && !node.asked
                });
                let Some(next) = next else {
                    continue;
                };
                let mut room = self.room.clone();
                room.hosts[next].exists = true;
                must!(
                    room.refuses(pod, next).is_some(),
                    "pod {pod} waits, and pool {pool} may still grow"
                );
            }
        }
        Ok(())
    }

    pub(super) fn end_matches(&mut self, ended: &Ended) -> Law {
        let all = self
            .groups
            .iter()
            .all(|group| group.ended.is_some() && !group.failed);
        let last = self.groups.iter().filter_map(|group| group.ended).max();
        let want = if all { Some(last.unwrap_or(0)) } else { None };
        must!(
            ended.seconds == want,
            "it says {:?}, the log {want:?}",
            ended.seconds
        );
        let failed: Vec<bool> = self.groups.iter().map(|group| group.failed).collect();
        must!(
            ended.failed == failed,
            "failed: {:?}, the log {failed:?}",
            ended.failed
        );
        let waiting = self
            .pods
            .iter()
            .filter(|pod| pod.doing == Doing::Waits && !pod.first)
            .count();
        must!(
            ended.evictions == self.evictions,
            "{} evictions, not {}",
            ended.evictions,
            self.evictions
        );
        must!(
            ended.lowest_ready == self.lowest,
            "lowest {:?}, not {:?}",
            ended.lowest_ready,
            self.lowest
        );
        for (workload, (had_one, now, none)) in self.ready.iter().enumerate() {
            let said = ended.none_ready[workload];
            // What is not over when the log ends may go on for what the log does not tell.
            let is_over = *now > 0 || !had_one;
            must!(
                said == *none || (!is_over && said > *none),
                "workload {workload} has no ready pod for {said} s, not {none}"
            );
        }
        must!(
            ended.unplaced as usize == waiting,
            "{} unplaced, not {waiting}",
            ended.unplaced
        );
        for (range, peak) in ended.peaks.iter().enumerate() {
            must!(
                *peak == self.peaks[range],
                "peak {peak:?}, told {:?}",
                self.peaks[range]
            );
        }
        if all {
            // Everything is of the new kind, but for what is quarantined.
            for range in 0..self.setting.ranges.len() {
                let mut sum = 0;
                for node in &self.nodes {
                    let costs = self.costs(node.pool);
                    let (old, new) = costs[range].1;
                    let before = if node.made { 0 } else { old };
                    let after = match (node.asked, node.new_kind) {
                        (false, _) => 0,
                        (true, true) => new,
                        (true, false) => old,
                    };
                    sum += after - before;
                }
                let want = self.setting.ranges[range].held as i64 + sum;
                let told = self.told[range].expect("told at the start");
                must!(
                    (i64::from(told.0), i64::from(told.1)) == (want, want),
                    "range {range} holds {want} in the end, told were {told:?}"
                );
            }
        }
        Ok(())
    }
}
