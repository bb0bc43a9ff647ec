//! What will happen, minute by minute: drains, upgrades and the move to Overlay as discrete events over one clock, one ledger of
//! disruption budgets and one occupancy of nodes and addresses; and growth over weeks. Pure: the same input and seed give the same
//! bytes. Never asks a clock, and never writes to anything it simulates.
//!
//! [`Setting`] (all that does not change) → [`Engine`] (one run, at medians or of a future) → [`Outcome`] (what its log comes to) and
//! [`futures()`] (what many come to). [`growth`] plays weeks instead of minutes. [`policy`] and [`spread`] say how long things take.

pub mod advice;
mod beforehand;
mod chance;
mod engine;
pub mod futures;
pub mod growth;
pub mod holds;
pub mod log;
pub mod measured;
mod normal;
pub mod outcome;
pub mod policy;
mod queue;
pub mod seed;
pub mod setting;
pub mod spread;
mod undone;

pub use beforehand::beforehand;
pub use engine::{Ended, Engine};
pub use futures::{Futures, Percentiles, futures};
pub use log::{Group, Happening, What};
pub use outcome::Outcome;
pub use policy::Policy;
pub use setting::{Drain, Operation, Setting};
pub use undone::Undone;
