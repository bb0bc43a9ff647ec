//! Which nodes a demand leaves: sets of classes, or a list of nodes where a demand names single ones. Nothing here changes while a
//! simulation runs.

use super::classes::Classes;
use super::demand::{Demand, HOSTNAME, Named, Tolerations};
use super::host::Host;
use std::collections::HashMap;

/// Sets of classes, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Sets {
    words: usize,
    bits: Vec<u64>,
    known: HashMap<Vec<u64>, u32>,
}

impl Sets {
    pub fn new(classes: usize) -> Self {
        Sets {
            words: classes.div_ceil(64),
            ..Sets::default()
        }
    }

    pub fn add(&mut self, holds: impl Iterator<Item = bool>) -> u32 {
        let mut bits = vec![0; self.words];
        for (class, holds) in holds.enumerate() {
            if holds {
                bits[class / 64] |= 1 << (class % 64);
            }
        }
        let next = self.known.len() as u32;
        *self.known.entry(bits).or_insert_with_key(|bits| {
            self.bits.extend(bits);
            next
        })
    }

    #[inline]
    pub fn of(&self, set: u32) -> &[u64] {
        &self.bits[set as usize * self.words..][..self.words]
    }

    #[inline]
    pub fn has(&self, set: u32, class: usize) -> bool {
        self.of(set)[class / 64] >> (class % 64) & 1 == 1
    }
}

/// Which nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reach {
    Every,
    /// A set of classes.
    Classes(u32),
    /// A list of nodes.
    Nodes(u32),
}

/// Sets and lists that demands and tolerations come to.
pub(super) struct Reaches<'a, 'h> {
    hosts: &'h [Host<'a>],
    classes: &'h Classes,
    by_name: HashMap<&'h str, Vec<u32>>,
    by_hostname: HashMap<&'h str, Vec<u32>>,
    demands: HashMap<Demand<'a>, Reach>,
    tolerations: HashMap<Tolerations<'a>, u32>,
    pub sets: Sets,
    pub lists: Vec<Vec<u32>>,
}

impl<'a, 'h> Reaches<'a, 'h> {
    pub fn new(hosts: &'h [Host<'a>], classes: &'h Classes) -> Self {
        let mut by_name: HashMap<&str, Vec<u32>> = HashMap::new();
        let mut by_hostname: HashMap<&str, Vec<u32>> = HashMap::new();
        for (node, host) in hosts.iter().enumerate() {
            by_name.entry(host.name()).or_default().push(node as u32);
            if let Some(hostname) = host.label(HOSTNAME) {
                by_hostname.entry(hostname).or_default().push(node as u32);
            }
        }
        Reaches {
            hosts,
            classes,
            by_name,
            by_hostname,
            demands: HashMap::new(),
            tolerations: HashMap::new(),
            sets: Sets::new(classes.count()),
            lists: Vec::new(),
        }
    }

    pub fn of(&mut self, demand: Demand<'a>) -> Reach {
        if demand.is_empty() {
            return Reach::Every;
        }
        if let Some(known) = self.demands.get(&demand) {
            return *known;
        }
        let reach = if demand.is_of_single_nodes() {
            let list = self.nodes_of(&demand);
            self.lists.push(list);
            Reach::Nodes(self.lists.len() as u32 - 1)
        } else {
            let (hosts, classes) = (self.hosts, self.classes);
            let holds = |node: &u32| demand.holds(&hosts[*node as usize]);
            Reach::Classes(self.sets.add(classes.first.iter().map(holds)))
        };
        self.demands.insert(demand, reach);
        reach
    }

    fn nodes_of(&self, demand: &Demand<'a>) -> Vec<u32> {
        let all = 0..self.hosts.len() as u32;
        let mut nodes: Vec<u32> = match demand.named() {
            None => all.collect(),
            Some(names) => names
                .into_iter()
                .filter_map(|name| match name {
                    Named::Node(name) => self.by_name.get(name),
                    Named::Host(name) => self.by_hostname.get(name),
                })
                .flatten()
                .copied()
                .collect(),
        };
        nodes.retain(|node| demand.holds(&self.hosts[*node as usize]));
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// Classes whose taints are tolerated.
    pub fn tolerated(&mut self, tolerations: Tolerations<'a>) -> u32 {
        if let Some(known) = self.tolerations.get(&tolerations) {
            return *known;
        }
        let (hosts, classes) = (self.hosts, self.classes);
        let holds = |node: &u32| tolerations.tolerate_all(&hosts[*node as usize].taints);
        let set = self.sets.add(classes.first.iter().map(holds));
        self.tolerations.insert(tolerations, set);
        set
    }

    pub fn has(&self, reach: Reach, node: usize) -> bool {
        has(reach, node, &self.sets, &self.lists, self.classes)
    }
}

#[inline]
pub(super) fn has(
    reach: Reach,
    node: usize,
    sets: &Sets,
    lists: &[Vec<u32>],
    classes: &Classes,
) -> bool {
    match reach {
        Reach::Every => true,
        Reach::Classes(set) => sets.has(set, classes.of[node] as usize),
        Reach::Nodes(list) => lists[list as usize].binary_search(&(node as u32)).is_ok(),
    }
}
