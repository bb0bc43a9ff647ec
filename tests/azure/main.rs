//! The live reader against a loopback Azure: over a real socket, through the real client and, wherever possible, through the
//! real binary.

#![cfg(feature = "azure")]

mod fault;
mod graph;
mod gzip;
mod server;
mod server_itself;
mod world;
