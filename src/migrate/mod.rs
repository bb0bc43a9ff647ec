//! The move to Azure CNI Overlay: what stands in its way. Pure; never plans or executes anything yet.

pub mod eligibility;

pub use eligibility::{Obstacle, obstacles};
