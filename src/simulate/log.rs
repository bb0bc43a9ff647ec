//! What happened, in order. Everything that is told of a recorded run is derived from this list and from nothing else: so can an
//! independent checker. Holds numbers only; names are looked up when something is told.

use crate::population::{BudgetId, NodeId, PodId, PoolId};

/// Something that happened at a second of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happening {
    /// Seconds from the start.
    pub at: u32,
    pub what: What,
}

/// A group of nodes that go through the operation under one rule: a pool of an upgrade, or the nodes of a drain.
pub type Group = u16;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    GroupBegins(Group),
    /// Asked for so many surge nodes at once.
    SurgeAsked(Group, u32),
    /// The subnet could not hold so many surge nodes.
    SurgeRefused(Group, u32),
    /// A new node is Ready: surge, or the autoscaler's.
    NodeUp(NodeId),
    Cordoned(NodeId),
    DrainBegins(NodeId),
    /// First refusal of a pod's eviction since its drain began; the attempts go on.
    Refused(PodId, BudgetId),
    /// More than one budget, or a budget whose status is out of bounds: refused for good (EV-2, EV-5).
    SeveralBudgets(PodId),
    /// Eviction granted, with this budget one healthy pod poorer.
    Evicted(PodId, BudgetId),
    /// Eviction granted without any budget being asked, or without it being changed (EV-1, EV-4).
    EvictedFreely(PodId),
    /// Deleted, and no budget was asked: on a Spot node, or by `--disable-eviction`.
    Deleted(PodId),
    /// Killed with its node, which is reimaged or deleted under it: a daemon's or a static pod.
    Killed(PodId),
    /// The evicted pod has ended on this node.
    Gone(PodId, NodeId),
    /// A pod that was being deleted when the state was read has ended, and no drain asked it to.
    Departed(PodId, NodeId),
    /// The replacement is bound to this node.
    Placed(PodId, NodeId),
    /// The replacement fits on no node now.
    Unplaceable(PodId),
    /// The pod, or the one that replaces it, is Ready.
    Ready(PodId),
    Drained(NodeId),
    ReimageBegins(NodeId),
    /// Ready again, with the new image; takes pods.
    Reimaged(NodeId),
    /// It finds no addresses in this range and never becomes Ready.
    NoAddresses(NodeId, u16),
    DrainTimedOut(NodeId),
    /// Cordoned for good; a surge node stays in its place (UPG-9).
    Quarantined(NodeId),
    /// Takes pods again after a failed drain (UPG-9).
    Uncordoned(NodeId),
    /// Everything that could be evicted is gone, and the eviction of something else failed for good: what kubectl does with two
    /// budgets on one pod (EV-2).
    DrainFailed(NodeId),
    /// kubectl refuses the node before it evicts anything.
    DrainRefused(NodeId),
    /// The surge node is deleted.
    Removed(NodeId),
    GroupEnds(Group),
    GroupFails(Group),
    /// The autoscaler asks for nodes of a pool.
    ScaleUp(PoolId, u32),
    /// The subnet could not hold the step; nothing of it is made.
    ScaleUpRefused(PoolId, u32),
    /// Pods wait, and the pool is at its ceiling.
    AtCeiling(PoolId),
    /// A range holds so many addresses now: between both, by what is not documented (MIG-22).
    Addresses(u16, u32, u32),
}
