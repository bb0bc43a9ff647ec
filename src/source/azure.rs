//! Live reading of Azure: what is asked of Azure Resource Manager and Resource Graph, where, and as whom. It fetches JSON; what
//! a body means is decided by the lowering that files use ([`super::arm`]), so that live and file input cannot disagree. It never
//! writes to Azure, and a token never leaves it but in the `authorization` header of a request to the one endpoint.
//!
//! The map, in reading order:
//!
//! - [`cloud`]: the clouds, their endpoints and authorities; an endpoint of one's own (`--arm-endpoint`).
//! - [`credential`]: the ways to sign in, tried in order or picked; tokens kept until five minutes before they expire; the
//!   policy that puts them on requests, and on no request to another host.
//! - [`account`]: which subscriptions are meant: those named, those of the environment, the Azure CLI's current one.
//! - [`reads`]: every request there is, in one table; [`client`] sends no other.
//! - [`network`]: VNets and what sits in them, through `azure_mgmt_network`; [`container_service`]: clusters, pools and maintenance;
//!   [`resource_graph`]: everything at once.
//! - [`operation`]: what a request that changes something began, followed to its end.
//! - [`estate`]: which of all these answer a question.

pub mod account;
pub mod client;
pub mod cloud;
pub mod container_service;
pub mod credential;
pub mod error;
pub mod estate;
pub mod network;
pub mod operation;
pub mod reads;
pub mod resource_graph;

pub use client::{ArmClient, Settings, Tally};
pub use error::{ArmError, Failure};

/// Picks ring for TLS, once for the process; a second call changes nothing. Every client that `azure_core` makes needs it.
pub fn install_tls() {
    // An error says that somebody was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
