//! Growth over time: a [`Timeline`] of weekly growth, spikes and events played on an inventory's subnets and pod CIDRs, up to the
//! first failure and beyond it. [`World`] holds the two against each other; [`mod@run`] plays the medians and tells what happens;
//! [`futures`] draws many futures and counts. The words of an answer are those of [`crate::capacity::answer`]. Never asks what day
//! it is.

mod draw;
pub mod futures;
mod judge;
#[cfg(test)]
mod laws;
mod play;
pub mod run;
pub mod spread;
mod state;
pub mod timeline;
mod told;
pub mod watch;
pub mod world;

pub use timeline::{Event, Growth, Misplaced, Spike, Timeline, Unit, When};
pub use world::World;
