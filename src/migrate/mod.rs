//! The move to Azure CNI Overlay: what stands in its way, and what stops working after it. Pure; never plans or executes anything
//! yet.

pub mod dependents;
pub mod eligibility;

pub use dependents::{Dependents, dependents};
pub use eligibility::{Obstacle, obstacles};
