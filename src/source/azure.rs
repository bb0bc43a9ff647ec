//! Live reading of Azure: what is asked of Azure Resource Manager and Resource Graph, where, and as whom. It fetches JSON; what
//! a body means is decided by the lowering that files use ([`super::arm`]), so that live and file input cannot disagree. Only [`writer`]
//! writes to Azure. A token never leaves it but in the `authorization` header of a request to the one endpoint; one for the API
//! servers of clusters is handed to their reader, where `--kubernetes` asks for that.
//!
//! The map, in reading order:
//!
//! - [`cloud`]: the clouds, their endpoints and authorities; an endpoint of one's own (`--arm-endpoint`).
//! - [`credential`]: the ways to sign in, tried in order or picked; tokens kept until five minutes before they expire; the
//!   policy that puts them on requests, and on no request to another host.
//! - [`account`]: which subscriptions are meant: those named, those of the environment, the Azure CLI's current one.
//! - [`reads`]: every request there is, in one table; [`client`] sends no other.
//! - [`network`]: VNets and what sits in them, through `azure_mgmt_network`; [`container_service`]: clusters, pools and maintenance;
//!   [`private_dns`]: zones and their addresses; [`resource_graph`]: everything at once.
//! - [`writes`]: every write there is, in a table of its own; [`writer`] sends them, for the execution of a plan alone.
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
pub mod platform;
pub mod private_dns;
pub mod reads;
pub mod resource_graph;
pub mod writer;
pub mod writes;

use azure_core::http::Transport;
use std::sync::Arc;
use std::time::Duration;

pub use client::{ArmClient, Settings, Tally};
pub use error::{ArmError, Failure};

/// Picks ring for TLS, once for the process; a second call changes nothing. Every client that `azure_core` makes needs it.
pub fn install_tls() {
    // An error says that somebody was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// HTTP that takes no proxy: what goes to this machine must not leave it, and `HTTP_PROXY` says nothing of that.
pub fn direct_transport() -> Transport {
    install_tls();
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(20))
        .build()
        .expect("nothing here depends on the machine, and the TLS provider is installed");
    Transport::new(Arc::new(client))
}
