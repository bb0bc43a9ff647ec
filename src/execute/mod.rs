//! Carrying a plan out: the journal and its replay, the loop that observes, writes and watches, and the one place that sends writes.
//! Decides nothing that the plan leaves open, and writes nothing that the plan does not name.
//!
//! [`journal`] (what happened, and how things stand after it; pure) · [`store`] (its file) · [`actuator`] (what the loop needs of the
//! world) · [`run`] (the loop) · [`leftover`] (what a run leaves behind, in words) · `azure` (the world that is
//! Azure), `halt` (ending what runs, with nothing but Azure) and `lock` (who executes) · [`teller`] (what is told meanwhile).

pub mod actuator;
#[cfg(all(feature = "azure", feature = "kubernetes"))]
pub mod azure;
#[cfg(all(feature = "azure", feature = "kubernetes"))]
pub mod halt;
pub mod journal;
pub mod leftover;
#[cfg(all(feature = "azure", feature = "kubernetes"))]
pub mod lock;
pub mod run;
pub mod store;
pub mod teller;
