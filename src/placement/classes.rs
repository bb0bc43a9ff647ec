//! Nodes that no demand can tell apart, as classes: what a shape may do is worked out once for each class. Knows nothing of what is
//! on a node.

use super::host::Host;
use crate::population::PoolId;
use std::collections::{BTreeSet, HashMap};

/// Topology keys with more values than this do not split classes: a key of each node's own would leave one node to a class.
const FEW_VALUES: usize = 64;

#[derive(Debug, Clone, Default)]
pub(super) struct Classes {
    /// Class of each node.
    pub of: Vec<u32>,
    /// Position of each node among its class's members; meaningless for nodes that are only asked about.
    pub place: Vec<u32>,
    /// Of each class, the first node in order of numbers.
    pub first: Vec<u32>,
    /// Where each class's members begin, and where the last one's end.
    pub starts: Vec<u32>,
    /// Members of the first class, then of the second, each in order of their numbers. Nodes only asked about are no members.
    pub members: Vec<u32>,
}

type Key<'a> = (
    Option<PoolId>,
    Vec<Option<&'a str>>,
    Vec<(&'a str, &'a str, &'a str)>,
);

impl Classes {
    /// `demanded`: label keys that demands look at. `topology`: keys of domains.
    pub fn of(
        hosts: &[Host],
        usable: usize,
        demanded: &BTreeSet<&str>,
        topology: &BTreeSet<&str>,
    ) -> Self {
        let few = |key: &&&str| {
            let mut seen = BTreeSet::new();
            hosts
                .iter()
                .filter_map(|host| host.label(key))
                .all(|value| {
                    seen.insert(value);
                    seen.len() <= FEW_VALUES
                })
        };
        let keys: BTreeSet<&str> = demanded
            .iter()
            .chain(topology.iter().filter(few))
            .copied()
            .collect();
        let mut known: HashMap<Key, u32> = HashMap::new();
        let mut first = Vec::new();
        let of: Vec<u32> = hosts
            .iter()
            .enumerate()
            .map(|(position, host)| {
                let mut taints: Vec<_> = host
                    .taints
                    .iter()
                    .map(|taint| {
                        (
                            taint.key.as_str(),
                            taint.value.as_deref().unwrap_or_default(),
                            taint.effect.as_str(),
                        )
                    })
                    .collect();
                taints.sort_unstable();
                let labels = keys.iter().map(|key| host.label(key)).collect();
                let next = first.len() as u32;
                let class = *known.entry((host.pool, labels, taints)).or_insert(next);
                if class == next {
                    first.push(position as u32);
                }
                class
            })
            .collect();
        let mut lists: Vec<Vec<u32>> = vec![Vec::new(); first.len()];
        let mut place = vec![0; hosts.len()];
        for (node, class) in of.iter().enumerate().take(usable) {
            let list = &mut lists[*class as usize];
            place[node] = list.len() as u32;
            list.push(node as u32);
        }
        let mut starts = Vec::with_capacity(lists.len() + 1);
        let mut members = Vec::with_capacity(usable);
        for list in lists {
            starts.push(members.len() as u32);
            members.extend(list);
        }
        starts.push(members.len() as u32);
        Classes {
            of,
            place,
            first,
            starts,
            members,
        }
    }

    pub fn count(&self) -> usize {
        self.first.len()
    }

    #[inline]
    pub fn members(&self, class: usize) -> &[u32] {
        &self.members[self.starts[class] as usize..self.starts[class + 1] as usize]
    }
}
