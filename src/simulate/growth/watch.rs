//! What the player tells whoever watches: as numbers, so that a hundred thousand futures cost no words.

use super::state::State;
use super::world::World;

/// Who wanted addresses that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A request is refused when AKS adds up.
    Admission,
    /// The autoscaler's step, which gets all of it or nothing.
    Step,
    /// Nodes of a request that was taken.
    NewNodes,
    /// Surge nodes of an upgrade.
    Surge,
    /// Surge nodes of the move to Overlay.
    Move,
}

impl Kind {
    pub fn key(self) -> &'static str {
        match self {
            Kind::Admission => "admission",
            Kind::Step => "autoscaler_step",
            Kind::NewNodes => "new_nodes",
            Kind::Surge => "upgrade_surge",
            Kind::Move => "migration_surge",
        }
    }
}

/// Something for which there are too few addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// Hours since the start.
    pub hour: u32,
    pub kind: Kind,
    pub site: usize,
    /// The pool that wanted nodes; `None` where the request is about the whole cluster.
    pub pool: Option<usize>,
    /// The event that asked; `None` for growth and spikes.
    pub event: Option<usize>,
    pub range: usize,
    /// Addresses wanted at once, or added up.
    pub wanted: u64,
    /// Addresses there.
    pub free: u64,
    /// The pool's nodes before, and as wanted, surge included.
    pub from: u64,
    pub to: u64,
    /// Nodes, surge nodes for an upgrade, that would have fitted. `None` where no number of nodes helps.
    pub largest: Option<u64>,
    /// Only the surge is too much.
    pub tipped_by_surge: bool,
    /// The range refuses the move only if surge nodes still hold what nodes held before (MIG-22): nobody knows.
    pub doubtful: bool,
}

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Taken, and its nodes came.
    Done,
    /// The autoscaler was given more to do; what comes of it is told on its own.
    Demanded,
    Failed(Kind),
    /// Addresses do not decide it.
    Doubtful,
    /// It is about a pool that an event before it failed to make.
    NoPool,
    /// Nothing is left to do.
    NothingToDo,
}

/// Whoever watches a run.
pub(super) trait Watch {
    /// Everything of this hour has happened.
    fn instant(&mut self, _world: &World, _state: &State) {}

    fn failed(&mut self, world: &World, state: &State, failure: Failure);

    /// Nodes wanted above the autoscaler's ceiling: pods wait. Told once for each pool as long as it lasts.
    fn pending(&mut self, _world: &World, _state: &State, _pool: usize) {}

    fn answered(&mut self, _world: &World, _state: &State, _event: usize, _outcome: Outcome) {}
}
