//! Reading a live cluster: against a real API server (its own role, its own audit log), against a loopback server with every
//! fault a network has, and with 150,000 pods in bounded memory.
// Unix: credential plugins of the tests are shell scripts.
#![cfg(all(feature = "kubernetes", unix))]

#[path = "kubernetes_live/again.rs"]
mod again;
#[path = "kubernetes_live/attached.rs"]
mod attached;
#[path = "control_plane/mod.rs"]
mod control_plane;
#[path = "kubernetes_live/executor.rs"]
mod executor;
#[path = "kubernetes_live/faults.rs"]
mod faults;
#[path = "kubernetes_live/handed.rs"]
mod handed;
#[path = "kubernetes_live/large.rs"]
mod large;
#[path = "kubernetes_live/lease.rs"]
mod lease;
#[path = "kubernetes_live/loopback.rs"]
mod loopback;
#[path = "kubernetes_live/objects.rs"]
mod objects;
#[path = "kubernetes_live/real.rs"]
mod real;
#[path = "kubernetes_live/secrets.rs"]
mod secrets;

use control_plane::{Folder, kubeconfig};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime starts")
}
