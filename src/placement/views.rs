//! Topology domains: for each way of dividing the nodes that some constraint needs, the domain each node is in. Counts no pods.

use super::classes::Classes;
use super::host::Host;
use super::reach::{Reach, Reaches};
use std::collections::HashMap;

/// In no domain.
pub(super) const NOWHERE: u32 = u32::MAX;

/// One way of dividing nodes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Division<'a> {
    pub by: By<'a>,
    /// Nodes that lack one of these labels are in no domain.
    pub needs: Vec<&'a str>,
    /// Nor are nodes out of this reach.
    pub reach: Reach,
    /// Nor are nodes with taints that are not tolerated.
    pub taints: Option<Honoured>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum By<'a> {
    /// A domain for each value of a label.
    Label(&'a str),
    /// One domain of all nodes that have one of these labels.
    AnyOf(Vec<&'a str>),
}

/// `nodeTaintsPolicy: Honor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Honoured {
    /// Classes whose taints are tolerated.
    pub tolerated: u32,
    /// Taints of the moment that are tolerated as well.
    pub cordon: bool,
    pub not_ready: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Views {
    pub count: usize,
    /// By node and view.
    domains: Vec<u32>,
    /// Where each view's domains begin among the domains of all, and where the last one's end.
    pub starts: Vec<u32>,
    pub honoured: Vec<Option<Honoured>>,
    /// Whether all members of a class are in one domain.
    pub uniform: Vec<bool>,
}

impl Views {
    pub fn of(
        divisions: &[Division],
        hosts: &[Host],
        reaches: &Reaches,
        classes: &Classes,
    ) -> Self {
        let count = divisions.len();
        let mut columns: HashMap<&str, Column> = HashMap::new();
        for division in divisions {
            let by: &[&str] = match &division.by {
                By::Label(key) => std::slice::from_ref(key),
                By::AnyOf(keys) => keys,
            };
            for key in by.iter().chain(&division.needs) {
                columns.entry(key).or_insert_with(|| Column::of(hosts, key));
            }
        }
        let mut views = Views {
            count,
            domains: vec![NOWHERE; hosts.len() * count],
            starts: vec![0],
            honoured: divisions.iter().map(|division| division.taints).collect(),
            uniform: Vec::with_capacity(count),
        };
        for (view, division) in divisions.iter().enumerate() {
            let mut numbers: Vec<u32> = Vec::new();
            let mut next = 0;
            for node in 0..hosts.len() {
                let has = |key: &&str| columns[key].values[node] != NOWHERE;
                let tolerated = || {
                    division.taints.is_none_or(|taints| {
                        reaches
                            .sets
                            .has(taints.tolerated, classes.of[node] as usize)
                    })
                };
                if !division.needs.iter().all(has)
                    || !reaches.has(division.reach, node)
                    || !tolerated()
                {
                    continue;
                }
                let value = match &division.by {
                    By::Label(key) => columns[key].values[node],
                    By::AnyOf(keys) if keys.iter().any(has) => 0,
                    By::AnyOf(_) => NOWHERE,
                };
                if value == NOWHERE {
                    continue;
                }
                // Domains are numbered anew: those that no node of this view is in take no place.
                if numbers.len() <= value as usize {
                    numbers.resize(value as usize + 1, NOWHERE);
                }
                let number = &mut numbers[value as usize];
                if *number == NOWHERE {
                    *number = next;
                    next += 1;
                }
                views.domains[node * count + view] = *number;
            }
            let start = views.starts[view];
            views.starts.push(start + next);
            views.uniform.push((0..classes.count()).all(|class| {
                let domain = |node: &u32| views.domains[*node as usize * count + view];
                let mut domains = classes.members(class).iter().map(domain);
                let first = domains.next();
                domains.all(|other| Some(other) == first)
            }));
        }
        views
    }

    /// The domain of a node, counted from its view's first; [`NOWHERE`] if it is in none.
    #[inline]
    pub fn domain(&self, node: usize, view: u32) -> u32 {
        self.domains[node * self.count + view as usize]
    }

    pub fn size(&self, view: u32) -> u32 {
        self.starts[view as usize + 1] - self.starts[view as usize]
    }

    /// Domains of all views.
    pub fn total(&self) -> usize {
        self.starts.last().map_or(0, |end| *end as usize)
    }
}

/// Values of one label, numbered in order of first appearance.
struct Column {
    values: Vec<u32>,
}

impl Column {
    fn of(hosts: &[Host], key: &str) -> Self {
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let values = hosts
            .iter()
            .map(|host| {
                host.label(key).map_or(NOWHERE, |value| {
                    let next = numbers.len() as u32;
                    *numbers.entry(value).or_insert(next)
                })
            })
            .collect();
        Column { values }
    }
}
