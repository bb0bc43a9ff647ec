//! Address arithmetic: what a node costs ([`cost`]), who holds addresses now ([`occupancy`]), what pools demand and how far
//! they can grow ([`growth`], [`mod@assess`] with its rows, first failures and words), what turning one knob frees
//! ([`knobs`]), which ranges meet ([`overlap`]), which are free ([`free`]), how long it
//! lasts ([`runway`]), and the same cluster under every network mode ([`modes`]); and what changed between two states ([`mod@changes`]). Pure; never asks Azure anything.

pub mod address_map;
pub mod answer;
pub mod assess;
pub mod changes;
pub mod checks;
pub mod cost;
mod failure;
pub mod free;
pub mod growth;
pub mod knobs;
pub mod limits;
pub mod modes;
mod observed;
pub mod occupancy;
pub mod overlap;
pub mod prefix_set;
mod rows;
pub mod runway;
pub mod shares;
mod strangers;
pub mod surge;
mod told;

#[cfg(test)]
mod tests;

pub use assess::{Assessment, Scope, assess};
