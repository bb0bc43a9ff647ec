//! What the loop needs of the world: to look, to write once, to ask, to end, to hold the lock, to wait. One answers for Azure; tests have
//! others. Says nothing of order: that is the loop's.

use crate::migrate::condition::Condition;
use crate::migrate::step::{Resource, Write};
use crate::migrate::{Baseline, Sight};
use crate::model::{Cluster, ClusterIndex, Inventory};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What was read at one instant.
#[derive(Debug, Clone)]
pub struct Observed {
    pub inventory: Inventory,
    pub index: ClusterIndex,
    /// Of the resources that may be written, as they were before anything else was read.
    pub e_tags: ETags,
    /// Tenant of the cluster's identity.
    pub tenant: Option<String>,
    /// What could not be read, in whole sentences.
    pub not_read: Vec<String>,
}

/// What a write names so that it changes nothing but what was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ETags {
    pub cluster: Option<String>,
    pub pools: BTreeMap<String, String>,
}

impl ETags {
    pub fn of(&self, resource: &Resource) -> Option<&str> {
        match resource {
            Resource::Cluster => self.cluster.as_deref(),
            Resource::AgentPool(pool) => self
                .pools
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(pool))
                .map(|(_, e_tag)| e_tag.as_str()),
        }
    }
}

impl Observed {
    pub fn cluster(&self) -> &Cluster {
        self.inventory.cluster(self.index)
    }

    /// No operation on the cluster or a pool is under way, for certain.
    pub fn is_quiet(&self) -> bool {
        Condition::NoOperationRuns.judge(self.sight(None)).holds()
    }

    pub fn sight<'a>(&'a self, baseline: Option<&'a Baseline>) -> Sight<'a> {
        Sight {
            inventory: &self.inventory,
            cluster: self.cluster(),
            baseline,
        }
    }
}

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Everything that a plan relies on, networks included.
    Whole,
    /// The cluster, its subnets' counters and all of its objects: what a proof is made of. Networks are those of the last whole look.
    Proof,
    /// The cluster, its nodes, pods, budgets and subnets: what changes while nodes are reimaged.
    Watch,
}

/// A write, ready to be sent.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub resource: Resource,
    pub e_tag: String,
    pub body: serde_json::Value,
    /// SHA-256 of the body.
    pub digest: String,
}

/// Why a write could not be prepared. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unprepared {
    /// The resource is no longer as it was observed.
    Changed,
    Failed(String),
}

/// Azure took a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Where to ask how it stands, without anything secret; `None`: it is over already.
    pub operation: Option<String>,
}

/// Azure did not take a write, or nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTaken {
    /// The eTag does not match any more (412).
    Changed,
    /// Another operation is under way (409).
    Busy {
        why: String,
        wait: Option<Duration>,
    },
    /// 429.
    Throttled {
        wait: Option<Duration>,
    },
    Refused {
        code: String,
        message: String,
    },
    /// It may have been carried out.
    InDoubt(String),
    /// It never left this machine.
    NotSent(String),
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotTaken::Changed => f.write_str("it was changed in between"),
            NotTaken::Throttled { .. } => f.write_str("Azure throttles"),
            NotTaken::Refused { code, message } => write!(f, "{code}: {message}"),
            NotTaken::Busy { why, .. } | NotTaken::InDoubt(why) | NotTaken::NotSent(why) => {
                f.write_str(why)
            }
        }
    }
}

/// How an operation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Running {
        /// Azure's free text.
        status: Option<String>,
        /// What it says beside it, which is no failure.
        remark: Option<String>,
        /// When it wants to be asked again.
        wait: Option<Duration>,
        /// The operation itself cannot be read any more: this is the state of what it changes.
        by_state: bool,
    },
    Succeeded,
    /// `Failed` or `Canceled`, and why.
    Ended {
        status: String,
        why: String,
    },
}

/// The lock could not be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockTrouble {
    /// Somebody else holds it now.
    Lost(String),
    /// It could not be renewed this time, and is held until it ends.
    NotRenewed(String),
    /// It ended and could not be renewed: nobody may have taken it, or somebody did.
    Unsure(String),
}

/// The world.
pub trait Actuator {
    fn now(&self) -> Timestamp;

    /// Waits; shorter when somebody interrupts.
    fn wait(&mut self, time: Duration) -> impl Future<Output = ()>;

    /// Somebody asked to stop after the current write.
    fn is_interrupted(&self) -> bool;

    /// # Errors
    /// A sentence, where not even the cluster could be read.
    fn observe(&mut self, depth: Depth) -> impl Future<Output = Result<Observed, String>>;

    /// Reads the resource again and works out what to send; only if it is still the one with this eTag.
    ///
    /// # Errors
    /// [`Unprepared`].
    fn prepare(
        &mut self,
        write: &Write,
        e_tag: &str,
    ) -> impl Future<Output = Result<Prepared, Unprepared>>;

    /// Sends it, once.
    ///
    /// # Errors
    /// [`NotTaken`].
    fn send(&mut self, prepared: &Prepared) -> impl Future<Output = Result<Taken, NotTaken>>;

    /// Asks how an operation stands.
    ///
    /// # Errors
    /// A sentence; it is asked again.
    fn ask(&mut self, operation: &str) -> impl Future<Output = Result<Standing, String>>;

    /// Asks Azure to end what is under way on the cluster, or on a pool alone.
    ///
    /// # Errors
    /// [`NotTaken`].
    fn abort(&mut self, resource: &Resource) -> impl Future<Output = Result<Taken, NotTaken>>;

    /// Keeps the lock. Called between any two waits.
    ///
    /// # Errors
    /// [`LockTrouble`].
    fn keep_lock(&mut self) -> impl Future<Output = Result<(), LockTrouble>>;
}
