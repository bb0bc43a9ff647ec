//! Carrying a plan out: the journal and its replay, the loop that observes, writes and watches, and the one place that sends writes.
//! Decides nothing that the plan leaves open, and writes nothing that the plan does not name.
//!
//! [`journal`] (what happened, and how things stand after it; pure) · [`store`] (its file).

pub mod journal;
pub mod store;
