//! aksplan: an IP capacity planner and migration simulator for Azure Kubernetes Service.
//!
//! One sentence: **read facts → (pure) assess · predict · simulate · compare → render.**
//! The map, in reading order; a room may use those above it, never those below:
//!
//! - [`model`]: the nouns. Prefixes, networks, clusters, workloads, and the [`model::Inventory`] that holds all that is
//!   known at one instant. Each type guards its own invariant.
//! - [`rule`]: the rule book. What AKS, Azure and Kubernetes do, with source, date and confidence; every number and check
//!   cites it.
//! - [`finding`]: something worth telling, with a stable code and a severity.
//! - [`population`]: one cluster's nodes and pods as dense numbers, compiled once, for all that works on many of them.
//! - [`placement`]: where a pod may run and where it goes; what the scheduler filters, on those numbers.
//! - [`disruption`]: what the eviction API answers, what drains leave alone, and what of both can be said before anything moves.
//! - [`capacity`]: address arithmetic. What a node costs, what a subnet has and holds, how far a pool can grow, which ranges
//!   meet and which are free.
//! - [`simulate`]: what will happen, minute by minute: drains, upgrades and the move as discrete events; growth over weeks.
//! - [`migrate`]: the move to Overlay: what stands in its way, the plan, whether a plan may be carried out and when there is time
//!   for it, and how a running move stands against what was foreseen.
//! - [`predict`]: what AKS answers to an operation, at admission and at run time; asks `migrate` where the operation is that
//!   move. It judges two states and what changes between them.
//! - [`source`]: every way facts come in (scenario, `az` and ARM JSON, `kubectl` JSON, Terraform plans, prefix lists, snapshots;
//!   live from Azure and from clusters), each lowered to the same facts and assembled into one inventory. The live readers fetch
//!   JSON and hand it to the lowerings that files use: live and file input cannot disagree. `source/place` says which file and line
//!   holds what a finding is about.
//! - [`execute`]: carries a plan out, step by step, with a journal; the only room that sends a write.
//! - [`report`]: one document model, rendered as a terminal table, Markdown or text; and the versioned JSON shapes; `report/told`, everything that
//!   was found as one list, becomes SARIF and JUnit. `report/simulation`
//!   turns a simulated run into words, `report/migration` a plan into its runbook.
//! - [`cli`]: one file a subcommand; the only place that prints, reads the environment or the arguments. `cli/predict.rs` also
//!   makes the two states that `predict` judges: of flags, a scenario's operations, a wanted cluster or a Terraform plan.
//!
//! Everything from `model` to `predict` is pure: no files, no environment, no network, no clock, no hash-ordered output.
//! `tests/house.rs` reads the `use` lines and fails when an arrow runs the wrong way.

pub mod capacity;
pub mod cli;
pub mod disruption;
pub mod execute;
pub mod finding;
pub mod migrate;
pub mod model;
pub mod placement;
pub mod population;
pub mod predict;
pub mod report;
pub mod rule;
pub mod simulate;
pub mod source;
