//! Whether a cluster is ready to run what people rely on: five pillars, each a list of items with what was found, where it was read, what to
//! do and the command for it. Never takes what was not read for what is not there, and never asks a clock: certificates end against the
//! instant at which the facts were read.
//!
//! `item` (what an item is) · `scene` (what was read of the cluster) · `networking` · `identity` · `ingress` · `certificates` ·
//! `policy` · `observability` · `watched` (what alerts watch) · `signals` (what a metric tells of).

mod certificates;
mod identity;
mod ingress;
mod item;
mod networking;
mod observability;
mod policy;
mod scene;
pub mod signals;
mod watched;

pub use item::{Item, ItemState, Pillar};
pub use networking::OVERLAY_CODE;

use crate::finding::Severity;
use crate::model::{Cluster, Inventory};
use jiff::Timestamp;
use scene::Scene;

/// What was found of one cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Readiness {
    pub cluster: String,
    /// When the facts were read; `None`: the files do not say.
    pub observed_at: Option<Timestamp>,
    /// Pillar by pillar, in a fixed order.
    pub items: Vec<Item>,
    /// Whole sentences, sorted, each once.
    pub not_checked: Vec<String>,
}

impl Readiness {
    pub fn count(&self, state: ItemState) -> usize {
        self.items.iter().filter(|item| item.state == state).count()
    }

    /// The severity of the worst item that is not ready.
    pub fn worst(&self) -> Option<Severity> {
        let not_ready = self
            .items
            .iter()
            .filter(|item| item.state == ItemState::NotReady);
        not_ready.map(|item| item.severity).max()
    }

    /// Whether every item is ready or asks nothing of this cluster.
    pub fn is_ready(&self) -> bool {
        self.count(ItemState::NotReady) == 0 && self.count(ItemState::NotKnown) == 0
    }
}

/// Checks a cluster. `now` is when the facts were read: what ends by itself is measured against it.
pub fn check(inventory: &Inventory, cluster: &Cluster, now: Option<Timestamp>) -> Readiness {
    let scene = Scene::new(inventory, cluster, now);
    let mut items = Vec::new();
    networking::check(&scene, &mut items);
    identity::check(&scene, &mut items);
    ingress::check(&scene, &mut items);
    certificates::check(&scene, &mut items);
    policy::check(&scene, &mut items);
    observability::check(&scene, &mut items);
    let mut not_checked = inventory.not_checked.clone();
    not_checked.extend(NEVER.iter().map(ToString::to_string));
    not_checked.sort();
    not_checked.dedup();
    Readiness {
        cluster: cluster.label().to_string(),
        observed_at: now,
        items,
        not_checked,
    }
}

/// What no source says.
const NEVER: &[&str] = &[
    "what an alert's expression or query computes is never read: which signal it watches is told by the names of its metrics, which errs both \
     ways, and alerts outside of Azure Monitor and alert processing rules are not read",
    "routes of the Gateway API other than HTTPRoute are not read, and of a Gateway neither its class' parameters nor the policies attached to it",
    "the data of Secrets is never read: passwords under names that nobody knows, in files or by envFrom are not found, and a certificate's \
     end is known from cert-manager only",
    "which traffic a network policy lets through is not read, but for all and none; pods on the host network are outside of policies and are \
     not listed",
];
