//! Live reading of Azure: which cloud, who asks, which subscriptions. It fetches; what a body means is decided by the
//! lowerings that files use, so that live and file input cannot disagree. It never writes to Azure, and a token never leaves
//! it but in the `authorization` header of a request to the one endpoint.
//!
//! The map, in reading order:
//!
//! - [`cloud`]: the clouds, their endpoints and authorities; an endpoint of one's own (`--arm-endpoint`).
//! - [`credential`]: the ways to sign in, tried in order or picked; tokens kept until five minutes before they expire; the
//!   policy that puts them on requests, and on no request to another host.
//! - [`account`]: which subscriptions are meant: those named, those of the environment, the Azure CLI's current one.

pub mod account;
pub mod cloud;
pub mod credential;

/// Picks ring for TLS, once for the process; a second call changes nothing. Every client that `azure_core` makes needs it.
pub fn install_tls() {
    // An error says that somebody was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
