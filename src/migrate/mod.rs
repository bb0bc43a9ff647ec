//! The move to Azure CNI Overlay: what stands in its way, and when there is time for it. Pure; never plans or executes anything yet.

pub mod eligibility;
pub mod window;

pub use eligibility::{Obstacle, obstacles};
