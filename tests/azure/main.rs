//! The live reader against a loopback Azure: over a real socket, through the real client and, wherever possible, through the
//! real binary.

#![cfg(feature = "azure")]

mod at_home;
mod binary;
mod cassettes;
mod client;
mod composed;
mod estate;
#[cfg(feature = "kubernetes")]
mod executed;
#[cfg(feature = "kubernetes")]
mod execution;
mod fault;
mod faults;
mod graph;
mod graph_itself;
mod gzip;
mod honest;
mod line;
mod migrated;
mod permitted;
mod read_only;
mod recorded;
mod scope;
mod scripted;
mod server;
mod server_itself;
#[cfg(feature = "kubernetes")]
mod stage;
mod truth;
mod unread;
mod whole;
mod world;
mod writing;
