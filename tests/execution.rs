//! Carrying a plan out, and the plan itself, in a world of memory: the loop and the journal killed at every moment, refused in every way,
//! and the pure parts against oracles that were written differently. No network, no clock, no runtime.

#[path = "execution/aks.rs"]
mod aks;
#[path = "execution/conditions.rs"]
mod conditions;
#[path = "execution/crash.rs"]
mod crash;
#[path = "execution/events.rs"]
mod events;
#[path = "execution/evidence.rs"]
mod evidence;
#[path = "execution/facts.rs"]
mod facts;
#[path = "execution/hands.rs"]
mod hands;
#[path = "execution/journal.rs"]
mod journal;
#[path = "execution/pace.rs"]
mod pace;
#[path = "execution/refusals.rs"]
mod refusals;
#[path = "execution/sequences.rs"]
mod sequences;
#[path = "execution/verified.rs"]
mod verified;
