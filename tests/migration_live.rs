//! The move, carried out: a stand-in for AKS answers Azure Resource Manager's requests and acts on a real control plane, and the
//! real binary plans and executes against both.
//!
//! What it needs is built by `tests/control_plane/build` once a machine; where that cannot be, the tests are skipped with a word,
//! and fail in CI. All tests share one control plane, one cluster at a time.
#![cfg(all(feature = "azure", feature = "kubernetes", unix))]

#[path = "aks/mod.rs"]
mod aks;
#[path = "migration_live/binary.rs"]
mod binary;
#[path = "migration_live/carried.rs"]
mod carried;
#[path = "migration_live/client.rs"]
mod client;
#[path = "migration_live/compared.rs"]
mod compared;
#[path = "control_plane/mod.rs"]
mod control_plane;
#[path = "migration_live/elsewhere.rs"]
mod elsewhere;
#[path = "migration_live/end.rs"]
mod end;
#[path = "migration_live/executed.rs"]
mod executed;
#[path = "migration_live/hand.rs"]
mod hand;
#[path = "migration_live/killed.rs"]
mod killed;
#[path = "azure/line.rs"]
mod line;
#[path = "migration_live/moves.rs"]
mod moves;
#[path = "migration_live/refused.rs"]
mod refused;
#[path = "migration_live/reported.rs"]
mod reported;
#[path = "migration_live/sources.rs"]
mod sources;
#[path = "migration_live/stand_in.rs"]
mod stand_in;
