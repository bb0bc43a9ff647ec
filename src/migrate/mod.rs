//! The move to Azure CNI Overlay: what stands in its way, the plan that makes it, and whether a plan, whoever wrote it, may be carried
//! out. Pure; sends nothing: `execute` does, and asks here what must hold.
//!
//! [`decision`] (go or no go, from all of it) · [`eligibility`] (obstacles) · [`mod@dependents`] (what stops working after it) · [`step`] (the closed list of actions and what follows
//! from each) · [`condition`] (what must hold, and whether it does) · [`drains`] (what they do to pods, whatever
//! their order is) · [`fingerprint`] (the facts a plan relies on, and drift) ·
//! [`foresee`] and [`foreseen`] (what the simulation says of a step) · [`pace`] (how one that runs stands against it) · [`plan`] (the
//! document) · [`mod@sequence`] (which steps, in which order) · [`mod@build`] · [`mod@verify`] · [`infrastructure`] (what Terraform and Bicep must say
//! afterwards) · [`window`] (when there is time for it).

pub mod build;
pub mod condition;
pub mod decision;
pub mod dependents;
pub mod drains;
pub mod eligibility;
pub mod fingerprint;
pub mod foresee;
pub mod foreseen;
pub mod infrastructure;
pub mod pace;
pub mod plan;
pub mod sequence;
pub mod settings;
pub mod step;
pub mod verify;
pub mod window;

pub use condition::{Baseline, Condition, Holding, Sight};
pub use dependents::{Dependents, dependents};
pub use eligibility::{Obstacle, obstacles};
pub use plan::{Plan, Target};
pub use step::{Action, Step};
