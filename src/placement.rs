//! Where a pod may run and where it goes: kube-scheduler's filters (1.34), on dense numbers. Decides nothing about time, and evicts
//! nobody.
//!
//! [`Places`] is compiled once: nodes fall into classes that no demand tells apart, domains into views, constraints between pods into
//! counters. [`Occupancy`] is what is on the nodes now; [`Occupancy::choose`] finds the emptiest node that takes a pod without looking
//! at the others, [`Occupancy::fits`] judges one node by every hard constraint, [`Occupancy::refusals`] says in the scheduler's words
//! why there is none. [`Places::left_out`] says what of the scheduler is not done here.

mod board;
#[cfg(test)]
mod cases;
mod choose;
mod classes;
mod demand;
mod host;
mod judge;
#[cfg(test)]
mod laws;
mod left_out;
mod occupancy;
#[cfg(test)]
mod oracle;
mod places;
mod ports;
mod reach;
mod refusal;
mod terms;
mod views;
mod volumes;

pub use occupancy::Occupancy;
pub use places::Places;
pub use refusal::Refusal;

use crate::population::PoolId;

/// Nodes that a simulation may make of a pool, after the real ones: alike to the pool's first ready node that is not cordoned (labels
/// but for hostname and zone, allocatable, taints, attach limits, daemon pods).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoreNodes {
    pub pool: PoolId,
    pub count: u32,
}
