//! Reading a live cluster: against a real API server (its own role, its own audit log), against a loopback server with every
//! fault a network has, and with 150,000 pods in bounded memory.
// Unix: credential plugins of the tests are shell scripts.
#![cfg(all(feature = "kubernetes", unix))]

#[path = "kubernetes_live/attached.rs"]
mod attached;
#[path = "kubernetes_live/control_plane.rs"]
mod control_plane;
#[path = "kubernetes_live/faults.rs"]
mod faults;
#[path = "kubernetes_live/handed.rs"]
mod handed;
#[path = "kubernetes_live/large.rs"]
mod large;
#[path = "kubernetes_live/loopback.rs"]
mod loopback;
#[path = "kubernetes_live/objects.rs"]
mod objects;
#[path = "kubernetes_live/real.rs"]
mod real;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that goes with the test.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let path = std::env::temp_dir().join(format!(
            "aksplan-live-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Folder { path }
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path.join(name);
        std::fs::write(&path, content).expect("the temporary folder is writable");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A kubeconfig with one context, `test`. `user`: its credentials, as a YAML flow map.
fn kubeconfig(server: &str, authority: Option<&Path>, user: &str) -> String {
    let authority = authority.map_or(String::new(), |path| {
        format!(", certificate-authority: {}", path.display())
    });
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\nclusters:\n- name: test\n  cluster: {{server: '{server}'{authority}}}\n\
         contexts:\n- name: test\n  context: {{cluster: test, user: test}}\nusers:\n- name: test\n  user: {user}\n"
    )
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime starts")
}
