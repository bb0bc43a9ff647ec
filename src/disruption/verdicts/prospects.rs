//! Verdicts on where pods go: those that no other node takes, and those that nothing takes.
//!
//! Each pod is judged on its own, with its own node cordoned and everything else as it is: that several nodes are drained at once, or
//! that those before it have filled the others, is the simulation's to find (errs to saying too little). A pod that one certain node
//! takes without it being moved is taken to fit there; a topology spread may then see it differently (errs the same way).

use super::{Found, View, few, finding, pod_names, pods_word, where_on};
use crate::finding::Severity;
use crate::placement::{Occupancy, Places, Refusal};
use crate::population::{NodeId, Phase, PodId, PoolId, Population, ShapeId, WorkloadId};
use crate::rule;
use std::collections::BTreeMap;

/// Pods of one workload that have the same prospects, and why no node takes the first of them.
struct Stranded {
    pods: Vec<PodId>,
    refusals: Vec<(Refusal, u32)>,
}

/// What a pod that no other node takes can wait for. Ordered: the first in a list of verdicts is the worst.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Prospect {
    /// Nothing: not even its own node would take it again.
    None,
    /// Its own node, when that is back.
    OwnNode,
    /// A new node of these pools.
    NewNode(Vec<PoolId>),
}

pub(super) fn judge(view: &View, places: &Places, occupancy: &Occupancy, found: &mut Found) {
    waiting(view, places, occupancy, found);
    stranded(view, places, occupancy, found);
}

/// Pods without a node that no node takes and no new one would: they stay so, and their budgets count them as missing.
fn waiting(view: &View, places: &Places, occupancy: &Occupancy, found: &mut Found) {
    let population = view.drain.population;
    let mut hopeless: Vec<Option<bool>> = vec![None; population.shapes.len()];
    let mut groups: BTreeMap<Option<WorkloadId>, Vec<PodId>> = BTreeMap::new();
    for pod in population.pod_ids() {
        let facts = population.pods[pod.at()];
        // Some name a node that was not read; those have one.
        let has_node = population.pod(pod).node_name.is_some();
        if has_node || facts.phase != Phase::Pending || facts.deleting {
            continue;
        }
        let shape = facts.shape;
        let is_hopeless = *hopeless[shape.at()].get_or_insert_with(|| {
            occupancy.choose(places, shape).is_none()
                && prospect(view, places, occupancy, shape, false) == Prospect::None
        });
        if is_hopeless {
            groups.entry(facts.workload).or_default().push(pod);
        }
    }
    for (workload, pods) in groups {
        let name = workload.map_or("pods without a controller".to_string(), |workload| {
            population.workloads[workload.at()].label()
        });
        let shape = population.pods[pods[0].at()].shape;
        let message = format!(
            "{name}: {} without a node ({}), which no node takes, nor a new one of any pool; {}",
            pods_word(pods.len()),
            pod_names(population, &pods),
            reasons(population, &occupancy.refusals(places, shape))
        );
        found.push(
            finding(
                Severity::Warning,
                "pending-fits-nowhere",
                message,
                &[&rule::PDB_3],
            ),
            pods,
            None,
            "Change what these pods ask for, or delete them: a budget over them waits for them.",
        );
    }
}

fn stranded(view: &View, places: &Places, occupancy: &Occupancy, found: &mut Found) {
    let population = view.drain.population;
    let mut occupancy = occupancy.clone();
    let mut shapes = Shapes::new(population.shapes.len());
    let mut stranded: BTreeMap<(WorkloadId, Prospect), Stranded> = BTreeMap::new();
    // Pods of nobody are not made anew; what becomes of them is told elsewhere.
    for (position, workload) in population.workloads.iter().enumerate() {
        if workload.kind == "DaemonSet" {
            continue;
        }
        let id = WorkloadId::new(position);
        for &pod in view.moved_of(id) {
            let facts = population.pods[pod.at()];
            // A replacement of a departing pod exists, or nobody wants one.
            if facts.deleting || facts.phase.is_finished() {
                continue;
            }
            let Some(node) = facts.node else { continue };
            if shapes.fits_elsewhere(population, &mut occupancy, places, facts.shape, node) {
                continue;
            }
            let host = population.nodes[node.at()];
            occupancy.release(places, facts.shape, node);
            // A node that is down now is taken to suit its pods once it is back.
            let own = !host.ready || {
                occupancy.open(places, node);
                occupancy.fits(places, facts.shape, node)
            };
            occupancy.shut(places, node);
            if occupancy.choose(places, facts.shape).is_none() {
                let prospect = prospect(view, places, &occupancy, facts.shape, own);
                stranded
                    .entry((id, prospect))
                    .or_insert_with(|| Stranded {
                        pods: Vec::new(),
                        refusals: occupancy.refusals(places, facts.shape),
                    })
                    .pods
                    .push(pod);
            }
            if host.ready && host.schedulable {
                occupancy.open(places, node);
            }
            occupancy.bind(places, facts.shape, node);
        }
    }
    for ((workload, prospect), group) in stranded {
        tell(view, workload, &prospect, group, found);
    }
}

/// Of each shape two nodes that take it as things are: for nearly every pod one of them is another than its own.
struct Shapes {
    known: Vec<Option<[Option<NodeId>; 2]>>,
}

impl Shapes {
    fn new(shapes: usize) -> Self {
        Shapes {
            known: vec![None; shapes],
        }
    }

    fn fits_elsewhere(
        &mut self,
        population: &Population,
        occupancy: &mut Occupancy,
        places: &Places,
        shape: ShapeId,
        own: NodeId,
    ) -> bool {
        let two = *self.known[shape.at()].get_or_insert_with(|| {
            let first = occupancy.choose(places, shape);
            // A pod that tolerates cordons may choose a cordoned node, and would choose it again.
            let second = first
                .filter(|first| population.nodes[first.at()].schedulable)
                .and_then(|first| {
                    occupancy.shut(places, first);
                    let second = occupancy.choose(places, shape);
                    occupancy.open(places, first);
                    second.filter(|second| *second != first)
                });
            [first, second]
        });
        two.into_iter().flatten().any(|node| node != own)
    }
}

fn prospect(
    view: &View,
    places: &Places,
    occupancy: &Occupancy,
    shape: ShapeId,
    own_node: bool,
) -> Prospect {
    let pools: Vec<PoolId> = (0..view.drain.population.pools.len())
        .map(PoolId::new)
        .filter(|pool| occupancy.fits_alone(places, shape, *pool))
        .collect();
    if !pools.is_empty() {
        Prospect::NewNode(pools)
    } else if own_node {
        Prospect::OwnNode
    } else {
        Prospect::None
    }
}

/// As the scheduler says it.
fn reasons(population: &Population, refusals: &[(Refusal, u32)]) -> String {
    let reasons: Vec<String> = refusals
        .iter()
        .map(|(refusal, nodes)| format!("{nodes} {refusal}"))
        .collect();
    format!(
        "0/{} nodes are available: {}",
        population.nodes.len(),
        reasons.join(", ")
    )
}

fn tell(
    view: &View,
    workload: WorkloadId,
    prospect: &Prospect,
    group: Stranded,
    found: &mut Found,
) {
    let population = view.drain.population;
    let Stranded { pods, refusals } = group;
    let name = population.workloads[workload.at()].label();
    let why = reasons(population, &refusals);
    let who = format!(
        "{name}: {} on {} ({})",
        pods_word(pods.len()),
        where_on(population, &pods),
        pod_names(population, &pods)
    );
    let (severity, code, then, remedy) = match prospect {
        Prospect::None => (
            Severity::Blocker,
            "fits-nowhere",
            "no node has a place for such a pod, its own and new ones included".to_string(),
            format!("Change what {name} asks for, or add a pool that has it, before the drain."),
        ),
        Prospect::OwnNode => (
            Severity::Warning,
            "no-other-node",
            "no other node has a place, and no new one would: evicted, such a pod waits for its own node to be back".to_string(),
            format!("Make room or loosen what ties {name} to its node, or accept that it is down meanwhile."),
        ),
        Prospect::NewNode(pools) => (
            Severity::Warning,
            "no-other-node",
            format!(
                "no other node has a place now; a new node of {} {} would",
                if pools.len() == 1 { "pool" } else { "pools" },
                few(pools.iter().map(|pool| population.pools[pool.at()].name.clone()))
            ),
            "Have a node to spare before the drain: a surge node (UPG-3), or one node more.".to_string(),
        ),
    };
    found.push(
        finding(
            severity,
            code,
            format!("{who}: {then}; {why}"),
            &[&rule::UPG_3, &rule::UPG_7],
        ),
        pods,
        None,
        remedy,
    );
}
