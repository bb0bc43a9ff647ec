//! What is done to a random cluster, and one run of it.

use super::cluster::{Tiny, tiny};
use aksplan::capacity::growth::Books;
use aksplan::disruption::DrainOptions;
use aksplan::disruption::drain::DrainTimeout;
use aksplan::model::{Inventory, KubernetesState, parse_cidr};
use aksplan::population::{NodeId, PoolId, Population};
use aksplan::simulate::{Drain, Operation, Policy, Setting};
use proptest::prelude::*;
use proptest::sample::select;

/// An operation in small numbers.
#[derive(Debug, Clone)]
pub enum Plan {
    Drain {
        /// By node, repeated.
        nodes: Vec<bool>,
        together: bool,
        timeout: Option<u64>,
        options: u8,
    },
    Upgrade {
        from: usize,
    },
    Move {
        same_cidr: bool,
    },
}

pub fn plan() -> impl Strategy<Value = Plan> {
    prop_oneof![
        3 => drain(),
        3 => (0usize..3).prop_map(|from| Plan::Upgrade { from }),
        3 => any::<bool>().prop_map(|same_cidr| Plan::Move { same_cidr }),
    ]
}

pub fn drain() -> impl Strategy<Value = Plan> {
    (
        proptest::collection::vec(any::<bool>(), 6),
        any::<bool>(),
        select(vec![None, Some(30), Some(61), Some(600)]),
        prop_oneof![4 => Just(7u8), 1 => 0u8..8],
    )
        .prop_map(|(nodes, together, timeout, options)| Plan::Drain {
            nodes,
            together,
            timeout,
            options,
        })
}

impl Plan {
    pub fn operation(&self, tiny: &Tiny) -> Operation {
        match self {
            Plan::Drain {
                nodes,
                together,
                timeout,
                options,
            } => {
                let mut chosen: Vec<NodeId> = (0..tiny.nodes.len())
                    .filter(|node| nodes[node % nodes.len()])
                    .map(NodeId::new)
                    .collect();
                if chosen.is_empty() {
                    chosen.push(NodeId::new(0));
                }
                Operation::Drain(Drain {
                    nodes: chosen,
                    together: *together,
                    options: DrainOptions {
                        ignore_daemonsets: options & 1 > 0,
                        delete_emptydir_data: options & 2 > 0,
                        force: options & 4 > 0,
                        timeout: timeout.map_or(DrainTimeout::Endless, DrainTimeout::Seconds),
                        ..DrainOptions::kubectl_default()
                    },
                })
            }
            Plan::Upgrade { from } => {
                let pools = tiny.pools.len();
                Operation::Upgrade {
                    pools: (0..pools)
                        .map(|pool| PoolId::new((pool + from) % pools))
                        .collect(),
                }
            }
            Plan::Move { same_cidr } => Operation::Move {
                pod_cidr: Some(
                    parse_cidr(if *same_cidr {
                        "10.244.0.0/20"
                    } else {
                        "192.168.0.0/18"
                    })
                    .expect("a prefix"),
                ),
            },
        }
    }
}

/// A case: a cluster and what is done to it.
#[derive(Debug, Clone)]
pub struct Case {
    pub tiny: Tiny,
    pub plan: Plan,
}

pub fn case() -> impl Strategy<Value = Case> {
    (tiny(), plan()).prop_map(|(tiny, plan)| Case { tiny, plan })
}

impl Case {
    /// Hands the compiled setting to whoever looks at it.
    pub fn with<T>(&self, policy: &Policy, look: impl FnOnce(&Setting) -> T) -> T {
        let (inventory, state) = self.tiny.inventory();
        let operation = self.plan.operation(&self.tiny);
        with(&inventory, &state, operation, policy, look)
    }
}

pub fn with<T>(
    inventory: &Inventory,
    state: &KubernetesState,
    operation: Operation,
    policy: &Policy,
    look: impl FnOnce(&Setting) -> T,
) -> T {
    let books = Books::of(inventory);
    let population = Population::of(&inventory.clusters[0], state);
    // Read at the instant of the youngest thing in it.
    let instants = state
        .pods
        .iter()
        .flat_map(|pod| [pod.created_at, pod.ready_changed_at]);
    let now = instants.flatten().max();
    let setting = Setting::of(&population, Some(&books), operation, policy, now);
    look(&setting)
}
