//! Which pods of a node `kubectl drain` evicts, which it leaves, and which make it refuse the node: its filters, in its order
//! (kubernetes/kubectl pkg/drain/filters.go, v0.34). Only reads the pod; daemon sets of a case are never deleted before its pods.

use super::case::Drain;
use serde_json::Value;

#[derive(Debug, PartialEq, Eq)]
pub enum Filtered {
    Evicted,
    Left,
    /// kubectl's words.
    Refused(&'static str),
}

pub fn controller(object: &Value) -> Option<&Value> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    owners.iter().find(|owner| owner["controller"] == true)
}

/// The first filter that keeps the pod has the word.
pub fn filter(pod: &Value, drain: &Drain) -> Filtered {
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    let finished = phase == "Succeeded" || phase == "Failed";
    let owner = controller(pod);
    if owner.is_some_and(|owner| owner["kind"] == "DaemonSet") && !finished {
        return if drain.ignore_daemonsets {
            Filtered::Left
        } else {
            Filtered::Refused("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)")
        };
    }
    let mirror = "kubernetes.io/config.mirror";
    if !pod["metadata"]["annotations"][mirror].is_null() {
        return Filtered::Left;
    }
    let volumes = pod["spec"]["volumes"].as_array();
    let local = volumes.is_some_and(|all| all.iter().any(|one| !one["emptyDir"].is_null()));
    if local && !finished && !drain.delete_emptydir_data {
        return Filtered::Refused(
            "Pods with local storage (use --delete-emptydir-data to override)",
        );
    }
    if owner.is_none() && !finished && !drain.force {
        return Filtered::Refused(
            "cannot delete Pods that declare no controller (use --force to override)",
        );
    }
    Filtered::Evicted
}
