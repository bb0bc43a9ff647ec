//! Every order in which the pods of some nodes could be evicted, ended, made anew, placed and become ready, durations aside: can the
//! nodes be emptied at all? Knows which next steps Kubernetes allows, and no preference among them.

use super::kubernetes::{
    Filter, Terms, before_it, budgets_of, filter, is_finished, is_remade, keeps_its_name, terms_of,
};
use super::room::{Room, Seat};
use aksplan::disruption::DrainOptions;
use aksplan::model::KubernetesState;
use std::collections::HashSet;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Now {
    Ready(u8),
    Starting(u8),
    Broken(u8),
    /// Without a node; `old` says where the one before it still ends.
    Between,
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Pod {
    now: Now,
    old: Option<u8>,
    first: bool,
    broken: bool,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Ready(usize),
    Gone(usize),
    Place(usize, u8),
    Evict(usize),
}

/// What the search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Some order empties the nodes.
    Way,
    /// None does.
    NoWay,
    /// Too many states to look at all.
    GaveUp,
}

pub struct Search<'a> {
    state: &'a KubernetesState,
    drained: Vec<usize>,
    options: DrainOptions,
    terms: Vec<Terms>,
    budgets: Vec<Vec<usize>>,
    before: Vec<Vec<usize>>,
    /// States to look at before giving up.
    most: usize,
}

impl<'a> Search<'a> {
    pub fn new(
        state: &'a KubernetesState,
        drained: Vec<usize>,
        options: DrainOptions,
        most: usize,
    ) -> Self {
        Search {
            state,
            drained,
            options,
            terms: (0..state.disruption_budgets.len())
                .map(|budget| terms_of(state, budget))
                .collect(),
            budgets: state
                .pods
                .iter()
                .map(|pod| budgets_of(state, pod))
                .collect(),
            before: (0..state.pods.len())
                .map(|pod| before_it(state, pod))
                .collect(),
            most,
        }
    }

    pub fn run(&self) -> Found {
        let mut room = Room::new(self.state);
        for node in &self.drained {
            room.hosts[*node].cordoned = true;
        }
        let start: Vec<Pod> = (0..self.state.pods.len())
            .map(|pod| self.start(&room, pod))
            .collect();
        // Nobody confirms the end of a pod whose node is not ready.
        let hangs = |pod: usize| {
            let node = Self::node_of(&start[pod]);
            let dead = |node: usize| self.drained.contains(&node) && !self.state.nodes[node].ready;
            // What has finished is deleted at once all the same.
            let finished = is_finished(&self.state.pods[pod]);
            self.is_evictable(pod) && !finished && node.is_some_and(dead)
        };
        if (0..start.len()).any(hangs) {
            return Found::NoWay;
        }
        let mut seen: HashSet<Vec<Pod>> = HashSet::new();
        let mut open = vec![start];
        while let Some(pods) = open.pop() {
            if self.is_done(&pods) {
                return Found::Way;
            }
            if !seen.insert(pods.clone()) {
                continue;
            }
            if seen.len() > self.most {
                return Found::GaveUp;
            }
            self.sit(&mut room, &pods);
            // The last one that is pushed is looked at first: steps that finish something come before new evictions.
            for step in self.steps(&room, &pods) {
                let mut next = pods.clone();
                self.take(&mut next, step);
                if !seen.contains(&next) {
                    open.push(next);
                }
            }
        }
        Found::NoWay
    }

    fn start(&self, room: &Room, pod: usize) -> Pod {
        let read = &self.state.pods[pod];
        let node = read
            .node_name
            .as_ref()
            .and_then(|name| self.state.nodes.iter().position(|node| node.name == *name));
        assert!(room.hosts.len() < 256);
        let now = match node {
            None => Now::Between,
            Some(_) if is_finished(read) && self.drained.contains(&node.unwrap_or(0)) => {
                Now::Broken(node.unwrap_or(0) as u8)
            }
            Some(_) if is_finished(read) => Now::Over,
            Some(node) if read.ready => Now::Ready(node as u8),
            // Whether it ever will be is not known: it may.
            Some(node) => match self.is_young(pod) {
                true => Now::Starting(node as u8),
                false => Now::Broken(node as u8),
            },
        };
        Pod {
            now,
            old: None,
            first: true,
            broken: false,
        }
    }

    fn is_young(&self, pod: usize) -> bool {
        let instants = self
            .state
            .pods
            .iter()
            .flat_map(|pod| [pod.created_at, pod.ready_changed_at]);
        let newest = instants.flatten().max();
        let age = newest.zip(self.state.pods[pod].created_at);
        age.is_none_or(|(newest, created)| newest.as_second() - created.as_second() <= 600)
    }

    fn node_of(pod: &Pod) -> Option<usize> {
        match pod.now {
            Now::Ready(node) | Now::Starting(node) | Now::Broken(node) => Some(usize::from(node)),
            Now::Between | Now::Over => None,
        }
    }

    fn is_evictable(&self, pod: usize) -> bool {
        filter(&self.state.pods[pod], &self.options) == Filter::Evict
    }

    fn is_done(&self, pods: &[Pod]) -> bool {
        pods.iter().enumerate().all(|(position, pod)| {
            !self.is_evictable(position)
                || Self::node_of(pod).is_none_or(|node| !self.drained.contains(&node))
        })
    }

    fn sit(&self, room: &mut Room, pods: &[Pod]) {
        room.seats.clear();
        for (position, pod) in pods.iter().enumerate() {
            let read = &self.state.pods[position];
            if is_finished(read) {
                continue;
            }
            if let Some(node) = Self::node_of(pod) {
                room.seats.push(Seat {
                    pod: position,
                    node,
                    leaving: pod.first && read.deleting_at.is_some(),
                });
            }
            if let Some(node) = pod.old {
                room.seats.push(Seat {
                    pod: position,
                    node: usize::from(node),
                    leaving: true,
                });
            }
        }
    }

    fn healthy(&self, pods: &[Pod], budget: usize) -> i64 {
        let counts = |position: &usize| {
            let pod = &pods[*position];
            let leaving = pod.first && self.state.pods[*position].deleting_at.is_some();
            matches!(pod.now, Now::Ready(_))
                && !leaving
                && self.budgets[*position].contains(&budget)
        };
        (0..pods.len()).filter(counts).count() as i64
    }

    fn may_go(&self, pods: &[Pod], pod: usize) -> bool {
        let (book, read) = (&pods[pod], &self.state.pods[pod]);
        let ready = matches!(book.now, Now::Ready(_));
        let pending = book.first && read.phase.as_deref() == Some("Pending") && !ready;
        if is_finished(read) || (book.first && read.deleting_at.is_some()) || pending {
            return true;
        }
        match self.budgets[pod].as_slice() {
            [] => true,
            [budget] => {
                let terms = self.terms[*budget];
                let healthy = self.healthy(pods, *budget);
                let unready = terms.always_allow
                    || (!terms.fails && terms.desired > 0 && healthy >= terms.desired);
                (terms.works && healthy > terms.desired) || (!ready && unready)
            }
            _ => false,
        }
    }

    fn steps(&self, room: &Room, pods: &[Pod]) -> Vec<Step> {
        let mut steps = Vec::new();
        for (position, pod) in pods.iter().enumerate() {
            let on_drained = Self::node_of(pod).is_some_and(|node| self.drained.contains(&node));
            if on_drained && self.is_evictable(position) && self.may_go(pods, position) {
                steps.push(Step::Evict(position));
            }
        }
        for (position, pod) in pods.iter().enumerate() {
            if pod.now == Now::Between && self.is_made(pods, position) {
                for node in room.takers(position) {
                    steps.push(Step::Place(position, node as u8));
                }
            }
        }
        for (position, pod) in pods.iter().enumerate() {
            if pod.old.is_some() {
                steps.push(Step::Gone(position));
            }
            if matches!(pod.now, Now::Starting(_)) {
                steps.push(Step::Ready(position));
            }
        }
        steps
    }

    fn is_made(&self, pods: &[Pod], pod: usize) -> bool {
        let named = keeps_its_name(&self.state.pods[pod]) && pods[pod].old.is_some();
        // One that was never scheduled exists already.
        let waits = pods[pod].first;
        waits
            || (!named
                && self.before[pod]
                    .iter()
                    .all(|other| matches!(pods[*other].now, Now::Ready(_))))
    }

    fn take(&self, pods: &mut [Pod], step: Step) {
        match step {
            Step::Ready(pod) => {
                if let Now::Starting(node) = pods[pod].now {
                    pods[pod].now = Now::Ready(node);
                }
            }
            Step::Gone(pod) => pods[pod].old = None,
            Step::Place(pod, node) => {
                pods[pod].first = false;
                pods[pod].now = if pods[pod].broken {
                    Now::Broken(node)
                } else {
                    Now::Starting(node)
                };
            }
            Step::Evict(pod) => {
                let read = &self.state.pods[pod];
                let node = Self::node_of(&pods[pod]).expect("it is on one") as u8;
                let made_already =
                    pods[pod].first && read.deleting_at.is_some() && !keeps_its_name(read);
                let book = &mut pods[pod];
                book.broken |= matches!(book.now, Now::Broken(_));
                book.old = (!is_finished(read)).then_some(node);
                book.first = false;
                book.now = if is_finished(read) || !is_remade(read) || made_already {
                    Now::Over
                } else {
                    Now::Between
                };
            }
        }
    }
}
