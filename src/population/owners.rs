//! Whose a pod is: from its direct controller up to the outermost one that was read.

use super::{WorkloadFacts, WorkloadId};
use crate::model::KubernetesState;
use crate::model::workload::{Owner, Workload};
use std::collections::HashMap;
use std::sync::Arc;

/// A chain longer than this is a circle; Kubernetes's own are two links long.
const LONGEST_CHAIN: usize = 8;

pub(super) struct Owners<'a> {
    state: &'a KubernetesState,
    by_name: HashMap<(&'a str, &'a str, &'a str), usize>,
    by_identity: HashMap<(&'a str, &'a str, &'a str), WorkloadId>,
    at: HashMap<(*const Owner, &'a str), WorkloadId>,
    pub all: Vec<WorkloadFacts<'a>>,
}

impl<'a> Owners<'a> {
    pub fn new(state: &'a KubernetesState) -> Self {
        let by_name = state
            .workloads
            .iter()
            .enumerate()
            .map(|(position, workload)| (key(workload), position))
            .collect();
        Owners {
            state,
            by_name,
            by_identity: HashMap::new(),
            at: HashMap::new(),
            all: Vec::new(),
        }
    }

    /// The outermost controller of pods that this one controls.
    pub fn of(&mut self, namespace: &'a str, owner: &'a Arc<Owner>) -> WorkloadId {
        let place = (Arc::as_ptr(owner), namespace);
        if let Some(known) = self.at.get(&place) {
            return *known;
        }
        let (kind, name, position) = self.outermost(namespace, owner);
        let next = WorkloadId::new(self.all.len());
        let workload = *self
            .by_identity
            .entry((namespace, kind, name))
            .or_insert(next);
        if workload == next {
            self.all.push(WorkloadFacts {
                namespace,
                kind,
                name,
                position,
            });
        }
        self.at.insert(place, workload);
        workload
    }

    fn outermost(&self, namespace: &'a str, owner: &'a Owner) -> (&'a str, &'a str, Option<usize>) {
        let mut found = (owner.kind.as_str(), owner.name.as_str(), None);
        for _ in 0..LONGEST_CHAIN {
            let Some(&position) = self.by_name.get(&(namespace, found.0, found.1)) else {
                break;
            };
            found.2 = Some(position);
            match &self.state.workloads[position].owner {
                // What is above a Deployment or a StatefulSet (an operator's object, a Job's CronJob) makes no pods itself.
                Some(above)
                    if !matches!(found.0, "Deployment" | "StatefulSet" | "DaemonSet" | "Job") =>
                {
                    found = (&above.kind, &above.name, None);
                }
                _ => break,
            }
        }
        found
    }
}

fn key(workload: &Workload) -> (&str, &str, &str) {
    (&workload.namespace, &workload.kind, &workload.name)
}
