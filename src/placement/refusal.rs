//! Why a node does not take a pod, in the scheduler's own words. Judges nothing.

use std::fmt;

/// Why one node, or every node, does not take a pod. The text is that of kube-scheduler 1.34 where it has one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Of every node: `schedulingGates` are set.
    Gated,
    /// Of every node: a selector of its affinity or spread is invalid.
    InvalidSelector,
    /// Of every node: a claim it mounts does not exist, and claims were read in full.
    ClaimMissing,
    /// Of every node: a claim it mounts is bound to a volume that does not exist, and volumes were read in full.
    VolumeMissing,
    /// Cordoned.
    Unschedulable,
    /// Its condition `Ready` is not true.
    NotReady,
    Taint,
    NodeAffinity,
    HostPort,
    TooManyPods,
    /// Of this resource, by name.
    Insufficient(String),
    VolumeLimit,
    VolumeAffinity,
    /// The node has no label of that topology key.
    SpreadKey,
    Spread,
    PodAffinity,
    PodAntiAffinity,
    /// Another pod's anti-affinity.
    OthersAntiAffinity,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Gated => "Scheduling is blocked due to non-empty scheduling gates",
            Refusal::InvalidSelector => "a selector of its affinity or topology spread is invalid",
            Refusal::ClaimMissing => "persistentvolumeclaim not found",
            Refusal::VolumeMissing => {
                "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
            }
            Refusal::Unschedulable => "node(s) were unschedulable",
            Refusal::NotReady => "node(s) were not ready",
            Refusal::Taint => "node(s) had untolerated taint(s)",
            Refusal::NodeAffinity => "node(s) didn't match Pod's node affinity/selector",
            Refusal::HostPort => "node(s) didn't have free ports for the requested pod ports",
            Refusal::TooManyPods => "Too many pods",
            Refusal::Insufficient(resource) => return write!(f, "Insufficient {resource}"),
            Refusal::VolumeLimit => "node(s) exceed max volume count",
            Refusal::VolumeAffinity => "node(s) didn't match PersistentVolume's node affinity",
            Refusal::SpreadKey => {
                "node(s) didn't match pod topology spread constraints (missing required label)"
            }
            Refusal::Spread => "node(s) didn't match pod topology spread constraints",
            Refusal::PodAffinity => "node(s) didn't match pod affinity rules",
            Refusal::PodAntiAffinity => "node(s) didn't match pod anti-affinity rules",
            Refusal::OthersAntiAffinity => {
                "node(s) didn't satisfy existing pods anti-affinity rules"
            }
        })
    }
}
