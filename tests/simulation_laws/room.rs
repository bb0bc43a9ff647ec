//! Which node takes which pod, the slow way: pods are a list, and every question walks through it. Knows no time.

use super::kubernetes::{HOSTNAME, is_finished, selects, tolerates};
use aksplan::model::KubernetesState;
use aksplan::model::workload::{Labels, Node, Placement, Pod};

/// A node, read or made.
#[derive(Debug, Clone)]
pub struct Host {
    /// The node that was read: itself, or what a made one is like.
    pub like: usize,
    pub labels: Labels,
    pub exists: bool,
    pub cordoned: bool,
    pub ready: bool,
}

/// A pod on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seat {
    pub pod: usize,
    pub node: usize,
    pub leaving: bool,
}

/// All pods on all nodes.
#[derive(Debug, Clone)]
pub struct Room<'a> {
    pub state: &'a KubernetesState,
    pub hosts: Vec<Host>,
    pub seats: Vec<Seat>,
}

impl<'a> Room<'a> {
    pub fn new(state: &'a KubernetesState) -> Self {
        let hosts = state
            .nodes
            .iter()
            .enumerate()
            .map(|(like, node)| Host {
                like,
                labels: node.labels.clone(),
                exists: true,
                cordoned: node.unschedulable,
                ready: node.ready,
            })
            .collect();
        let mut room = Room {
            state,
            hosts,
            seats: Vec::new(),
        };
        for (position, pod) in state.pods.iter().enumerate() {
            if let Some(name) = &pod.node_name
                && !is_finished(pod)
            {
                let node = state.nodes.iter().position(|node| node.name == *name);
                room.seats.push(Seat {
                    pod: position,
                    node: node.expect("every pod's node is there"),
                    leaving: pod.deleting_at.is_some(),
                });
            }
        }
        room
    }

    /// A node that may be made of a pool: like its first serving node, in the zones of its nodes by turns.
    pub fn make(&mut self, pool: &[usize], number: usize) {
        let nodes = &self.state.nodes;
        let serves = |node: &&usize| nodes[**node].ready && !nodes[**node].unschedulable;
        if pool.is_empty() {
            // Nobody knows what it would be like: it takes nothing.
            self.hosts.push(Host {
                like: 0,
                labels: Labels::new(),
                exists: false,
                cordoned: false,
                ready: false,
            });
            return;
        }
        let like = *pool.iter().find(serves).unwrap_or(&pool[0]);
        let mut zones: Vec<&String> = pool
            .iter()
            .filter_map(|node| nodes[*node].labels.get(super::cluster::ZONE))
            .collect();
        zones.sort();
        zones.dedup();
        let mut labels = nodes[like].labels.clone();
        let here = self.hosts.len();
        labels.insert(HOSTNAME.to_string(), format!("made{here}"));
        if !zones.is_empty() {
            let zone = zones[number % zones.len()].clone();
            labels.insert(super::cluster::ZONE.to_string(), zone);
        }
        let daemons: Vec<usize> = self
            .seats
            .iter()
            .filter(|seat| seat.node == like && !seat.leaving)
            .map(|seat| seat.pod)
            .filter(|pod| {
                matches!(
                    super::kubernetes::kind_of(&self.state.pods[*pod]),
                    "DaemonSet" | "Node"
                )
            })
            .collect();
        self.hosts.push(Host {
            like,
            labels,
            exists: false,
            cordoned: false,
            ready: true,
        });
        for pod in daemons {
            self.seats.push(Seat {
                pod,
                node: here,
                leaving: false,
            });
        }
    }

    pub fn leave(&mut self, pod: usize, node: usize) {
        if let Some(seat) = self.seat(pod, node, false) {
            self.seats[seat].leaving = true;
        }
    }

    pub fn take_away(&mut self, pod: usize, node: usize) {
        if let Some(seat) = self.seat(pod, node, true) {
            self.seats.remove(seat);
        }
    }

    fn seat(&self, pod: usize, node: usize, leaving: bool) -> Option<usize> {
        self.seats
            .iter()
            .position(|seat| seat.pod == pod && seat.node == node && seat.leaving == leaving)
    }

    fn node(&self, host: usize) -> &Node {
        &self.state.nodes[self.hosts[host].like]
    }

    /// Pods of existing nodes, with their node.
    fn there(&self) -> impl Iterator<Item = (&Seat, &Pod)> {
        self.seats
            .iter()
            .filter(|seat| self.hosts[seat.node].exists)
            .map(|seat| (seat, &self.state.pods[seat.pod]))
    }

    /// Why this node does not take this pod; `None`: it does.
    pub fn refuses(&self, pod: usize, node: usize) -> Option<&'static str> {
        let host = &self.hosts[node];
        if !host.exists {
            return Some("it does not exist");
        }
        if host.cordoned {
            return Some("it is cordoned");
        }
        if !host.ready {
            return Some("it is not ready");
        }
        let pod = &self.state.pods[pod];
        let none = Placement::default();
        let wishes = pod.placement.as_deref().unwrap_or(&none);
        for taint in &self.node(node).taints {
            let value = taint.value.as_deref().unwrap_or("");
            if !tolerates(&wishes.tolerations, &taint.key, value, &taint.effect) {
                return Some("of a taint");
            }
        }
        if !selected(wishes, host) {
            return Some("of the node selector");
        }
        let here = || self.seats.iter().filter(move |seat| seat.node == node);
        let room = &self.node(node).allocatable;
        if here().count() as u64 + 1 > room.other["pods"] {
            return Some("it has too many pods");
        }
        let taken: u64 = here()
            .map(|seat| self.state.pods[seat.pod].requests.cpu_millis)
            .sum();
        let wanted = pod.requests.cpu_millis;
        if wanted > 0 && taken + wanted > room.cpu_millis {
            return Some("it has too little cpu");
        }
        for (seat, other) in self.there() {
            let near = |key: &str| {
                let mine = host.labels.get(key);
                mine.is_some() && mine == self.hosts[seat.node].labels.get(key)
            };
            for term in &wishes.pod_anti_affinity {
                let meant = other.namespace == pod.namespace
                    && selects(term.selector.as_ref(), &other.labels);
                if meant && near(&term.topology_key) {
                    return Some("of its anti-affinity");
                }
            }
            for term in other
                .placement
                .iter()
                .flat_map(|other| &other.pod_anti_affinity)
            {
                let meant = other.namespace == pod.namespace
                    && selects(term.selector.as_ref(), &pod.labels);
                if meant && near(&term.topology_key) {
                    return Some("of another's anti-affinity");
                }
            }
        }
        for spread in &wishes.topology_spread {
            let Some(mine) = host.labels.get(&spread.topology_key) else {
                return Some("it has no label to spread by");
            };
            let mut counts: Vec<(&String, u64)> = Vec::new();
            for (position, other) in self.hosts.iter().enumerate() {
                let Some(domain) = other.labels.get(&spread.topology_key) else {
                    continue;
                };
                if !other.exists || !selected(wishes, other) {
                    continue;
                }
                let pods = self.seats.iter().filter(|seat| {
                    let there = &self.state.pods[seat.pod];
                    seat.node == position
                        && !seat.leaving
                        && there.namespace == pod.namespace
                        && selects(spread.selector.as_ref(), &there.labels)
                });
                let pods = pods.count() as u64;
                match counts.iter_mut().find(|(known, _)| *known == domain) {
                    Some((_, count)) => *count += pods,
                    None => counts.push((domain, pods)),
                }
            }
            let least = counts.iter().map(|(_, pods)| *pods).min().unwrap_or(0);
            let found = counts.iter().find(|(domain, _)| *domain == mine);
            let here = found.map_or(0, |(_, pods)| *pods);
            if here + 1 > least + spread.max_skew {
                return Some("of its topology spread");
            }
        }
        None
    }

    /// Nodes that take it.
    pub fn takers(&self, pod: usize) -> Vec<usize> {
        (0..self.hosts.len())
            .filter(|node| self.refuses(pod, *node).is_none())
            .collect()
    }
}

fn selected(wishes: &Placement, host: &Host) -> bool {
    wishes
        .node_selector
        .iter()
        .all(|(key, value)| host.labels.get(key) == Some(value))
}
