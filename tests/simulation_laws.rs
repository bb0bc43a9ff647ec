//! Laws of the simulation, on random tiny clusters, against oracles that were written differently: a checker that reads the log with
//! its own slow books, and a search through every order of evictions and placements.

#[path = "simulation_laws/change.rs"]
mod change;
#[path = "simulation_laws/checker.rs"]
mod checker;
#[path = "simulation_laws/cluster.rs"]
mod cluster;
#[path = "simulation_laws/found.rs"]
mod found;
#[path = "simulation_laws/holds.rs"]
mod holds;
#[path = "simulation_laws/kubernetes.rs"]
mod kubernetes;
#[path = "simulation_laws/log.rs"]
mod log;
#[path = "simulation_laws/orders.rs"]
mod orders;
#[path = "simulation_laws/plan.rs"]
mod plan;
#[path = "simulation_laws/room.rs"]
mod room;
#[path = "simulation_laws/same.rs"]
mod same;
#[path = "simulation_laws/search.rs"]
mod search;
