//! Live Azure: what is read from Azure Resource Manager and Resource Graph, and how. Fetches JSON and hands it to the lowering
//! that files use ([`super::arm`]); never writes.
//!
//! [`estate`] decides what to ask → [`network`] and [`container_service`], or [`resource_graph`] for everything at once →
//! [`client`] sends what [`reads`] allows → facts.

pub mod client;
pub mod container_service;
pub mod error;
pub mod network;
pub mod operation;
pub mod reads;

pub use client::{ArmClient, Settings, Tally};
pub use error::{ArmError, Failure};
