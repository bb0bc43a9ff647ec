//! How many pods a pod's controller wants, found the way the disruption controller finds it (PDB-4). Counts no pods.

use crate::model::KubernetesState;
use crate::model::workload::{Owner, Workload};
use std::collections::HashMap;
use std::sync::Arc;

/// What was found above one pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// Position of the controller in `state.workloads`, and its scale.
    Scale { controller: usize, replicas: u64 },
    /// A kind that has no scale: the controller stops with an error.
    NoScale { kind: &'a str },
    /// All objects of its kind were read and it is not among them: the controller stops with an error.
    Missing,
    /// Objects of its kind were not read: nobody here knows what the controller finds.
    Unread { kind: &'a str },
}

/// Finds the controllers of one pod after the other.
pub(super) struct Controllers<'a> {
    state: &'a KubernetesState,
    by_name: HashMap<(&'a str, &'a str, &'a str), usize>,
    at: HashMap<(*const Owner, &'a str), Found<'a>>,
}

impl<'a> Controllers<'a> {
    pub fn new(state: &'a KubernetesState) -> Self {
        Controllers {
            state,
            by_name: state
                .workloads
                .iter()
                .enumerate()
                .map(|(position, workload)| {
                    let Workload {
                        namespace,
                        kind,
                        name,
                        ..
                    } = workload;
                    ((namespace.as_str(), kind.as_str(), name.as_str()), position)
                })
                .collect(),
            at: HashMap::new(),
        }
    }

    /// Of a pod's direct controller.
    pub fn of(&mut self, namespace: &'a str, owner: &'a Arc<Owner>) -> Found<'a> {
        let place = (Arc::as_ptr(owner), namespace);
        if let Some(known) = self.at.get(&place) {
            return *known;
        }
        let found = self.find(namespace, owner);
        self.at.insert(place, found);
        found
    }

    /// The controller asks its finders in this order: ReplicationController, Deployment (by way of a ReplicaSet), ReplicaSet,
    /// StatefulSet, and last the scale subresource of whatever it is. API groups are not kept in the model: a custom kind that is
    /// named like one of these is taken for it.
    fn find(&self, namespace: &'a str, owner: &'a Owner) -> Found<'a> {
        // None of these has a scale subresource, whether the object exists or not.
        if matches!(owner.kind.as_str(), "DaemonSet" | "Job" | "Node") {
            return Found::NoScale { kind: &owner.kind };
        }
        let Some(position) = self.named(namespace, owner) else {
            return self.lacking(&owner.kind);
        };
        let direct = &self.state.workloads[position];
        if owner.kind == "ReplicaSet"
            && let Some(above) = direct.owner.as_ref()
            && above.kind == "Deployment"
        {
            if let Some(deployment) = self.named(namespace, above) {
                return self.scale(deployment);
            }
            if !self.is_read("Deployment") {
                return Found::Unread { kind: "Deployment" };
            }
            // A Deployment that is gone: no finder takes the ReplicaSet, but its own scale subresource answers.
        }
        self.scale(position)
    }

    fn scale(&self, controller: usize) -> Found<'a> {
        let workload = &self.state.workloads[controller];
        match workload.replicas {
            Some(replicas) => Found::Scale {
                controller,
                replicas,
            },
            None => Found::NoScale {
                kind: &workload.kind,
            },
        }
    }

    /// An object of another identity is not the controller that is meant.
    fn named(&self, namespace: &'a str, owner: &'a Owner) -> Option<usize> {
        let key = (namespace, owner.kind.as_str(), owner.name.as_str());
        let position = *self.by_name.get(&key)?;
        let differs = match (&owner.uid, &self.state.workloads[position].uid) {
            (Some(meant), Some(found)) => meant != found,
            _ => false,
        };
        (!differs).then_some(position)
    }

    fn lacking(&self, kind: &'a str) -> Found<'a> {
        if self.is_read(kind) {
            Found::Missing
        } else {
            Found::Unread { kind }
        }
    }

    fn is_read(&self, kind: &str) -> bool {
        self.state.has_kind(kind) || self.state.absent_kinds.iter().any(|known| known == kind)
    }
}
