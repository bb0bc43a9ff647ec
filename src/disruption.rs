//! Disruption: what the eviction API answers, what drains leave alone, and what can be said of both before anything moves. Moves
//! nothing itself: time and the order of evictions are `simulate`'s.
//!
//! [`Budgets`] holds what does not change while nodes are drained (the controller's arithmetic) · [`Ledger`] holds the healthy pods
//! of every budget and judges evictions · [`eviction`] has the API server's words · [`drain`] has kubectl's and AKS's filters ·
//! [`verdicts`] says all that is so before anything moves.

pub mod budgets;
pub mod drain;
pub mod eviction;
pub mod ledger;
mod scale;
#[cfg(test)]
mod tests;
pub mod verdicts;

pub use budgets::{Basis, BudgetFacts, Budgets, FailSafe};
pub use drain::{DrainOptions, Treatment};
pub use eviction::{Asked, Refused, Verdict};
pub use ledger::Ledger;
pub use verdicts::{Drain, StaticVerdict};
