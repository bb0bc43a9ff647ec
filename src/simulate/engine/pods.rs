//! Pods: eviction as the API server decides it, termination, replacement, readiness, and who waits in which budget's line.

use super::{Engine, Event, NEVER, NONE, NodeNow, POD_START, POD_STOP, PodNow};
use crate::disruption::{Asked, Basis, Refused, Treatment, Verdict};
use crate::population::{BudgetId, NodeId, Phase, PodId, Remade, WorkloadId};
use crate::simulate::log::What;
use crate::simulate::queue::HORIZON;
use crate::simulate::setting::Setting;

/// A pod that should have ended so many seconds ago hangs.
const HANGS_AFTER: i64 = 120;

fn is_dead(setting: &Setting, node: NodeId) -> bool {
    let facts = setting.population.nodes.get(node.at());
    facts.is_some_and(|facts| !facts.ready)
}

impl Engine<'_, '_> {
    pub(super) fn link(&mut self, pod: PodId, node: NodeId) {
        let first = self.node_first[node.at()];
        self.pod_node[pod.at()] = node.0;
        self.pod_next[pod.at()] = first;
        self.pod_before[pod.at()] = NONE;
        if first != NONE {
            self.pod_before[first as usize] = pod.0;
        }
        self.node_first[node.at()] = pod.0;
    }

    fn unlink(&mut self, pod: PodId) {
        let node = self.pod_node[pod.at()];
        let (before, next) = (self.pod_before[pod.at()], self.pod_next[pod.at()]);
        if before == NONE {
            self.node_first[node as usize] = next;
        } else {
            self.pod_next[before as usize] = next;
        }
        if next != NONE {
            self.pod_before[next as usize] = before;
        }
        self.pod_node[pod.at()] = NONE;
    }

    /// An attempt to evict: granted, or refused and repeated until the drain's time is up.
    pub(super) fn try_eviction(&mut self, pod: PodId, time: u16) {
        let at = pod.at();
        let population = self.setting.population;
        let facts = &population.pods[at];
        let waited = std::mem::take(&mut self.pod_waits[at]);
        if waited {
            for budget in self.setting.budgets.of_shape(facts.shape) {
                let woken = &mut self.woken[budget.at()];
                *woken = woken.saturating_sub(1);
            }
        }
        let node = self.pod_node[at];
        if self.pod_time[at] == time
            && node != NONE
            && self.node_now[node as usize] == NodeNow::Draining
        {
            self.ask_to_evict(pod, NodeId(node));
        }
        if waited {
            self.wake_for(pod);
        }
    }

    fn ask_to_evict(&mut self, pod: PodId, node: NodeId) {
        let at = pod.at();
        let facts = &self.setting.population.pods[at];
        let now = self.pod_now[at];
        let phase = match now {
            PodNow::Over => facts.phase,
            // Bound and not started yet or starting: taken as running and not ready, which is the stricter of both.
            PodNow::Ready | PodNow::NotReady | PodNow::Starting => Phase::Running,
            PodNow::Unplaced | PodNow::Coming => Phase::Pending,
        };
        let never_ran = facts.phase == Phase::Pending && self.pod_time[at] == 0;
        let asked = Asked {
            shape: facts.shape,
            phase: if never_ran && now != PodNow::Ready {
                facts.phase
            } else {
                phase
            },
            ready: now == PodNow::Ready,
            deleting: self.pod_deleting[at],
        };
        match self.ledger.evict(&self.setting.budgets, asked) {
            Verdict::Unguarded => {
                self.tell(What::EvictedFreely(pod));
                self.evicted(pod);
            }
            Verdict::Granted(budget) => {
                self.tell(What::Evicted(pod, budget));
                if now != PodNow::Ready {
                    // No healthy pod went: as soon as the controller has looked, another one may go.
                    self.queue.push(1, Event::Look(budget));
                }
                self.evicted(pod);
            }
            Verdict::Refused { budget, why } => {
                if self.pod_tried[at] == NEVER {
                    self.pod_tried[at] = self.queue.now();
                    self.tell(What::Refused(pod, budget));
                }
                let facts = self.setting.budgets.facts(budget);
                let asks_for_good = self.setting.group(self.node_group[node.at()]).reimages;
                // Until somebody changes the budget itself.
                let never = facts.expected_pods <= 0
                    || matches!(facts.basis, Basis::FailSafe(_) | Basis::NeitherIsSet);
                let none_left = self.ledger.healthy(budget) <= facts.desired_healthy;
                if why == Refused::TooManyDisrupted || why == Refused::Negative && !asks_for_good {
                    self.refused_for_good(pod, node);
                } else if why == Refused::NoneLeft && (never || none_left) {
                    self.pod_waits[at] = true;
                    if now != PodNow::Ready {
                        self.pod_waits_unready[at] = true;
                        self.unready_in_line[budget.at()] += 1;
                    }
                    self.lines[budget.at()].push(pod);
                } else {
                    // The controller has not caught up: no pod has to become Ready for the next attempt to go through.
                    let again = Event::Try(pod, self.pod_time[at]);
                    self.queue.push(self.setting.timing.retry, again);
                }
            }
            Verdict::SeveralBudgets => self.refused_for_good(pod, node),
        }
    }

    /// Somebody that was told to try has tried, and may not have used up what it was told for: the next in line may.
    fn wake_for(&mut self, pod: PodId) {
        let shape = self.setting.population.pods[pod.at()].shape;
        for budget in self.setting.budgets.of_shape(shape) {
            self.wake(*budget);
        }
    }

    /// However often it is asked for. kubectl goes on with the node's other pods and fails then; AKS is taken to ask until the
    /// drain's time is up.
    fn refused_for_good(&mut self, pod: PodId, node: NodeId) {
        self.tell(What::SeveralBudgets(pod));
        if !self.setting.group(self.node_group[node.at()]).reimages {
            self.node_left[node.at()] -= 1;
            self.node_failed[node.at()] = true;
            self.may_be_drained(node);
        }
    }

    /// Its eviction was granted.
    fn evicted(&mut self, pod: PodId) {
        let at = pod.at();
        let facts = &self.setting.population.pods[at];
        let node = NodeId(self.pod_node[at]);
        self.evictions += 1;
        self.node_left[node.at()] -= 1;
        self.node_ending[node.at()] += 1;
        self.unlink(pod);
        self.pod_tried[at] = NEVER;
        if !facts.phase.is_finished() && !self.pod_deleting[at] {
            self.occupancy
                .terminate(&self.setting.places, facts.shape, node);
        }
        // Without its kubelet nobody confirms the end of a pod: it stays until somebody takes the node away. One that has finished
        // is deleted at once all the same.
        let seconds = if is_dead(self.setting, node) && !facts.phase.is_finished() {
            HORIZON
        } else {
            self.stop_seconds(pod)
        };
        self.queue.push(seconds, Event::Gone(pod, node));
        self.ends(pod, seconds);
    }

    /// What becomes of the pod itself: a replacement, or nothing.
    fn ends(&mut self, pod: PodId, seconds: u32) {
        let at = pod.at();
        let facts = &self.setting.population.pods[at];
        match self.pod_now[at] {
            // A departing pod counts nowhere already.
            PodNow::Ready if !self.pod_deleting[at] => self.one_ready_less(pod),
            PodNow::Starting => self.coming -= 1,
            _ => {}
        }
        self.breaks_order(pod);
        let replacement = self.setting.timing.replacement;
        let wait = match facts.remade(self.pod_deleting[at]) {
            Remade::NotNeeded | Remade::Never => None,
            Remade::AtOnce => Some(replacement),
            Remade::WhenGone => Some(seconds.saturating_add(replacement)),
        };
        // What was not Ready, nobody knows whether it ever will be.
        self.pod_broken(pod);
        self.pod_time[at] = self.pod_time[at].wrapping_add(1);
        self.pod_deleting[at] = false;
        self.pod_now[at] = match wait {
            Some(wait) => {
                self.coming += 1;
                self.queue.push(wait, Event::Make(pod, self.pod_time[at]));
                PodNow::Coming
            }
            None => PodNow::Over,
        };
        // Spreads no longer count it.
        self.place_linked();
    }

    fn pod_broken(&mut self, pod: PodId) {
        if self.pod_now[pod.at()] == PodNow::NotReady && !self.pod_deleting[pod.at()] {
            self.pod_is_broken[pod.at()] = true;
        }
    }

    /// A pod that counted as Ready does no longer.
    pub(super) fn one_ready_less(&mut self, pod: PodId) {
        if let Some(workload) = self.setting.population.pods[pod.at()].workload {
            let ready = &mut self.ready[workload.at()];
            if *ready == 1 {
                self.none_since[workload.at()] = self.queue.now();
            }
            *ready = ready.saturating_sub(1);
            let lowest = &mut self.lowest_ready[workload.at()];
            *lowest = (*lowest).min(*ready);
        }
    }

    fn stop_seconds(&self, pod: PodId) -> u32 {
        let at = pod.at();
        if self.setting.population.pods[at].phase.is_finished() {
            // There is nothing to end.
            return 1;
        }
        if self.pod_deleting[at] {
            return self.departs_in(pod);
        }
        let table = &self.setting.timing.tables.pod_stop_percent;
        let percent = table[usize::from(self.chance.draw(POD_STOP, pod.0, self.pod_time[at]))];
        let own = self.setting.population.pods[at].grace_seconds;
        let grace = self.setting.grace.unwrap_or(own);
        (u64::from(grace) * u64::from(percent.min(100)) / 100).max(1) as u32
    }

    /// Seconds a pod that was being deleted when the state was read has left. One whose time was over long before hangs on something
    /// that no drain removes.
    fn departs_in(&self, pod: PodId) -> u32 {
        let setting = self.setting;
        let ends = setting.population.state.pods[pod.at()].deleting_at;
        match setting.now.zip(ends) {
            Some((now, ends)) => {
                let left = ends.as_second() - now.as_second();
                if left < -HANGS_AFTER {
                    HORIZON
                } else {
                    // Its grace was no longer when the deletion was asked for.
                    let grace = setting.population.pods[pod.at()].grace_seconds;
                    u32::try_from(left.max(1))
                        .unwrap_or(HORIZON)
                        .min(grace.max(1))
                }
            }
            None => 1,
        }
    }

    pub(super) fn will_depart(&mut self, pod: PodId) {
        let node = NodeId(self.pod_node[pod.at()]);
        let is_skipped = matches!(self.setting.treatments[pod.at()], Treatment::Skip(_));
        if !is_skipped && !is_dead(self.setting, node) {
            let seconds = self.departs_in(pod);
            self.queue.push(seconds, Event::Departed(pod));
        }
    }

    /// It ends by itself, unless a drain has taken it on meanwhile.
    pub(super) fn departed(&mut self, pod: PodId) {
        let at = pod.at();
        if self.pod_time[at] > 0 || !self.pod_deleting[at] || self.pod_node[at] == NONE {
            return;
        }
        let node = NodeId(self.pod_node[at]);
        self.tell(What::Departed(pod, node));
        self.unlink(pod);
        let facts = &self.setting.population.pods[at];
        if !facts.phase.is_finished() {
            self.occupancy
                .release_terminated(&self.setting.places, facts.shape, node);
        }
        self.ends(pod, 0);
        if self.node_now[node.at()] == NodeNow::Draining {
            // Its turn to be evicted was in this very second.
            self.node_left[node.at()] -= 1;
            self.may_be_drained(node);
        } else if self.node_now[node.at()] == NodeNow::Serving {
            self.place_waiting();
        }
    }

    /// The evicted pod has ended.
    pub(super) fn gone(&mut self, pod: PodId, node: NodeId) {
        let facts = &self.setting.population.pods[pod.at()];
        if !facts.phase.is_finished() {
            self.occupancy
                .release_terminated(&self.setting.places, facts.shape, node);
        }
        self.tell(What::Gone(pod, node));
        self.node_ending[node.at()] -= 1;
        self.may_be_drained(node);
        if self.node_now[node.at()] == NodeNow::Serving {
            self.place_waiting();
        } else {
            self.place_linked();
        }
    }

    /// Its controller makes the replacement.
    pub(super) fn make(&mut self, pod: PodId, time: u16) {
        let at = pod.at();
        if self.pod_time[at] != time {
            return;
        }
        if !self.is_its_turn(pod) {
            // It may be for ever: nobody waits for its readiness before those before it are Ready.
            self.coming -= 1;
            self.pod_held[at] = true;
            return;
        }
        self.place(pod);
    }

    /// An ordered StatefulSet makes a pod when all those before it are Ready, whatever becomes of those after it.
    fn is_its_turn(&self, pod: PodId) -> bool {
        let place = self.order_place[pod.at()];
        if place == NONE {
            return true;
        }
        let workload = self.setting.population.pods[pod.at()].workload;
        workload.is_none_or(|workload| place <= self.order_ready[workload.at()])
    }

    /// It is Ready no more: those after it wait for its successor.
    fn breaks_order(&mut self, pod: PodId) {
        let place = self.order_place[pod.at()];
        if place != NONE
            && let Some(workload) = self.setting.population.pods[pod.at()].workload
        {
            let ready = &mut self.order_ready[workload.at()];
            *ready = (*ready).min(place);
        }
    }

    /// It is Ready: the next one that is not may be made.
    fn restores_order(&mut self, pod: PodId) {
        let place = self.order_place[pod.at()];
        if place == NONE {
            return;
        }
        if let Some(workload) = self.setting.population.pods[pod.at()].workload
            && place == self.order_ready[workload.at()]
        {
            self.look_for_the_next(workload);
        }
    }

    /// Moves on to the first pod of an ordered StatefulSet that is not Ready, and has it made if that is due.
    pub(super) fn look_for_the_next(&mut self, workload: WorkloadId) {
        loop {
            let place = self.order_ready[workload.at()];
            let Some(next) = self.order.get(place as usize).copied() else {
                return;
            };
            if self.setting.population.pods[next.at()].workload != Some(workload) {
                return;
            }
            match self.pod_now[next.at()] {
                // A finished one is made anew in an instant: it keeps nobody waiting.
                PodNow::Ready | PodNow::Over => self.order_ready[workload.at()] += 1,
                _ => {
                    if std::mem::take(&mut self.pod_held[next.at()]) {
                        self.coming += 1;
                        let time = self.pod_time[next.at()];
                        self.queue.push(0, Event::Make(next, time));
                    }
                    return;
                }
            }
        }
    }

    fn place(&mut self, pod: PodId) {
        let shape = self.setting.population.pods[pod.at()].shape;
        // Somebody of the same shape waits already: it would get no node either.
        let chosen = if self.unplaced[shape.at()].is_empty() {
            self.occupancy.choose(&self.setting.places, shape)
        } else {
            None
        };
        match chosen {
            Some(node) => {
                self.bind(pod, node);
                self.place_linked();
            }
            None => {
                self.coming -= 1;
                self.tell(What::Unplaceable(pod));
                self.wants_node(pod);
            }
        }
    }

    fn bind(&mut self, pod: PodId, node: NodeId) {
        let at = pod.at();
        let shape = self.setting.population.pods[at].shape;
        self.occupancy.bind(&self.setting.places, shape, node);
        self.link(pod, node);
        self.tell(What::Placed(pod, node));
        if self.pod_is_broken[at] {
            self.coming -= 1;
            self.pod_now[at] = PodNow::NotReady;
        } else {
            self.starts_up(pod);
        }
    }

    pub(super) fn starts_up(&mut self, pod: PodId) {
        let at = pod.at();
        self.pod_now[at] = PodNow::Starting;
        let tables = &self.setting.timing.tables;
        let table = match self.setting.population.pods[at].workload {
            Some(workload) => tables.start_of[workload.at()] as usize,
            None => tables.pod_start.len() - 1,
        };
        let time = self.pod_time[at];
        let seconds =
            tables.pod_start[table][usize::from(self.chance.draw(POD_START, pod.0, time))];
        self.queue.push(seconds, Event::Up(pod, time));
    }

    /// Waits for a node.
    pub(super) fn wants_node(&mut self, pod: PodId) {
        let shape = self.setting.population.pods[pod.at()].shape;
        self.pod_now[pod.at()] = PodNow::Unplaced;
        let line = &mut self.unplaced[shape.at()];
        if line.is_empty() {
            self.unplaced_shapes.push(shape);
        }
        line.push(pod);
        self.unplaced_count += 1;
        self.unplaced_linked += u32::from(self.setting.places.looks_at_pods(shape));
        self.wake_autoscaler();
    }

    /// A node came up, or something on one became free: those who wait try again, shape by shape in the order they began to wait.
    pub(super) fn place_waiting(&mut self) {
        if self.place_each(false) {
            self.place_linked();
        }
    }

    /// A pod came or went somewhere: that changes nothing but for those whose affinity or spread looks at other pods.
    pub(super) fn place_linked(&mut self) {
        while self.unplaced_linked > 0 && self.place_each(true) {}
        if self.unplaced_linked > 0 {
            // A new node may take now what it would not have taken before.
            self.wake_autoscaler();
        }
    }

    /// Whether any of those who wait got a node.
    fn place_each(&mut self, linked: bool) -> bool {
        let places = &self.setting.places;
        let mut any = false;
        let mut position = 0;
        while position < self.unplaced_shapes.len() {
            let shape = self.unplaced_shapes[position];
            let looks = places.looks_at_pods(shape);
            if linked && !looks {
                position += 1;
                continue;
            }
            let mut placed = 0;
            while let Some(pod) = self.unplaced[shape.at()].get(placed).copied() {
                let Some(node) = self.occupancy.choose(places, shape) else {
                    break;
                };
                placed += 1;
                self.unplaced_count -= 1;
                self.unplaced_linked -= u32::from(looks);
                self.coming += 1;
                self.bind(pod, node);
            }
            any |= placed > 0;
            self.unplaced[shape.at()].drain(..placed);
            if self.unplaced[shape.at()].is_empty() {
                self.unplaced_shapes.remove(position);
            } else {
                position += 1;
            }
        }
        any
    }

    /// It is Ready: its workload and its budgets have one more, and who waited for that may go.
    pub(super) fn up(&mut self, pod: PodId, time: u16) {
        let at = pod.at();
        if self.pod_time[at] != time || self.pod_now[at] != PodNow::Starting {
            return;
        }
        self.pod_now[at] = PodNow::Ready;
        self.coming -= 1;
        self.tell(What::Ready(pod));
        self.one_ready_more(pod);
    }

    pub(super) fn one_ready_more(&mut self, pod: PodId) {
        let facts = &self.setting.population.pods[pod.at()];
        if let Some(workload) = facts.workload {
            self.ready[workload.at()] += 1;
            let since = std::mem::replace(&mut self.none_since[workload.at()], NEVER);
            if since != NEVER {
                self.none_ready[workload.at()] += self.queue.now() - since;
            }
        }
        self.ledger.ready(&self.setting.budgets, facts.shape);
        self.restores_order(pod);
        let budgets = self.setting.budgets.of_shape(facts.shape);
        for budget in budgets {
            self.wake(*budget);
        }
    }

    /// Tells as many of a budget's line as it allows disruptions to try again, each at its next attempt; those whose attempt comes
    /// first go first. Pods that are not Ready need no disruption of a healthy budget (EV-4), so they are all told.
    pub(super) fn wake(&mut self, budget: BudgetId) {
        let at = budget.at();
        if self.lines[at].is_empty() {
            return;
        }
        let budgets = &self.setting.budgets;
        let mut free = self
            .ledger
            .allowed(budgets, budget)
            .saturating_sub(self.woken[at]);
        let desired = budgets.facts(budget).desired_healthy;
        let healthy = desired > 0 && self.ledger.healthy(budget) >= desired;
        let now = self.queue.now();
        loop {
            // The usual case by far: nobody may go, and the line need not be looked through.
            if free == 0 && (!healthy || self.unready_in_line[at] == 0) {
                return;
            }
            let mut best: Option<(u32, u32, usize)> = None;
            let mut position = 0;
            while position < self.lines[at].len() {
                let pod = self.lines[at][position];
                let node = self.pod_node[pod.at()];
                let is_stale = !self.pod_waits[pod.at()]
                    || node == NONE
                    || self.node_now[node as usize] != NodeNow::Draining;
                if is_stale {
                    self.pod_waits[pod.at()] = false;
                    self.leaves_line(budget, pod);
                    self.lines[at].swap_remove(position);
                    continue;
                }
                let may_go = free > 0 || (healthy && self.pod_now[pod.at()] != PodNow::Ready);
                if may_go {
                    let wait = self.until_next_attempt(pod, now);
                    if best.is_none_or(|(least, first, _)| (wait, pod.0) < (least, first)) {
                        best = Some((wait, pod.0, position));
                    }
                }
                position += 1;
            }
            let Some((wait, pod, position)) = best else {
                return;
            };
            let pod = PodId(pod);
            self.lines[at].swap_remove(position);
            self.leaves_line(budget, pod);
            // It leaves the line; `pod_waits` stays until it has tried.
            self.woken[at] += 1;
            if self.pod_now[pod.at()] == PodNow::Ready || !healthy {
                free -= 1;
            }
            self.queue
                .push(wait, Event::Try(pod, self.pod_time[pod.at()]));
        }
    }

    fn leaves_line(&mut self, budget: BudgetId, pod: PodId) {
        if std::mem::take(&mut self.pod_waits_unready[pod.at()]) {
            self.unready_in_line[budget.at()] -= 1;
        }
    }

    /// Seconds until the drain asks again: it asks every so many seconds from its first attempt on.
    fn until_next_attempt(&self, pod: PodId, now: u32) -> u32 {
        let every = self.setting.timing.retry;
        let since = now - self.pod_tried[pod.at()].min(now);
        (every - since % every) % every
    }

    /// Killed with its node, not evicted: a daemon's or a static pod.
    pub(super) fn killed(&mut self, pod: PodId) {
        self.tell(What::Killed(pod));
        self.not_healthy(pod);
        // A departing pod counts nowhere already.
        if !self.pod_deleting[pod.at()] {
            self.one_ready_less(pod);
        }
        self.pod_now[pod.at()] = PodNow::Coming;
    }

    /// It came to the node after the drain had looked, and ends with it.
    pub(super) fn lost_with_node(&mut self, pod: PodId) {
        let at = pod.at();
        let node = NodeId(self.pod_node[at]);
        if self.pod_now[at] == PodNow::Ready {
            self.tell(What::Killed(pod));
        }
        self.not_healthy(pod);
        self.unlink(pod);
        let facts = &self.setting.population.pods[at];
        if !facts.phase.is_finished() {
            self.occupancy
                .release(&self.setting.places, facts.shape, node);
        }
        self.ends(pod, 1);
    }

    fn not_healthy(&mut self, pod: PodId) {
        if self.pod_now[pod.at()] == PodNow::Ready && !self.pod_deleting[pod.at()] {
            let shape = self.setting.population.pods[pod.at()].shape;
            self.ledger.unready(&self.setting.budgets, shape);
        }
    }

    /// Deleted, and no budget is asked (UPG-12, `--disable-eviction`).
    pub(super) fn forced(&mut self, pod: PodId) {
        self.tell(What::Deleted(pod));
        self.not_healthy(pod);
        self.evicted(pod);
    }
}
