//! Which pods of a node a drain evicts, leaves alone, or stops at: kubectl's filters, in their order (`pkg/drain/filters.go`,
//! kubectl 1.34). Asks no budget: filters come before the first eviction.

use crate::population::{ControllerKind, PodFacts, PodId, Population};
use jiff::Timestamp;

/// Flags of `kubectl drain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrainOptions {
    /// `--ignore-daemonsets`.
    pub ignore_daemonsets: bool,
    /// `--delete-emptydir-data`.
    pub delete_emptydir_data: bool,
    /// `--force`: also pods that nobody controls.
    pub force: bool,
    /// `--disable-eviction`: deletes, and asks no budget.
    pub disable_eviction: bool,
    /// `--grace-period`, seconds; `None`: each pod's own.
    pub grace_period_seconds: Option<u32>,
    /// `--skip-wait-for-delete-timeout`, seconds; 0: every pod that is being deleted is waited for.
    pub skip_wait_for_delete_timeout_seconds: u32,
    pub timeout: DrainTimeout,
}

/// How long a node may take to drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrainTimeout {
    /// `drainTimeoutInMinutes` of the node's pool, or AKS's default (UPG-8).
    OfPool,
    Seconds(u64),
    /// `kubectl drain` without `--timeout`.
    Endless,
}

/// UPG-8.
pub const DEFAULT_DRAIN_TIMEOUT_MINUTES: u32 = 30;

impl DrainOptions {
    /// `kubectl drain NODE` and no flag: refuses whatever may lose something.
    pub fn kubectl_default() -> Self {
        DrainOptions {
            ignore_daemonsets: false,
            delete_emptydir_data: false,
            force: false,
            disable_eviction: false,
            grace_period_seconds: None,
            skip_wait_for_delete_timeout_seconds: 0,
            timeout: DrainTimeout::Endless,
        }
    }

    /// What AKS does before it reimages or deletes a node (DRN-2).
    pub fn aks() -> Self {
        DrainOptions {
            ignore_daemonsets: true,
            delete_emptydir_data: true,
            force: true,
            timeout: DrainTimeout::OfPool,
            ..DrainOptions::kubectl_default()
        }
    }

    /// Seconds a drain of a node of this pool may take; `None`: without end.
    pub fn timeout_seconds(&self, drain_timeout_minutes: Option<u32>) -> Option<u64> {
        match self.timeout {
            DrainTimeout::OfPool => {
                let minutes = drain_timeout_minutes.unwrap_or(DEFAULT_DRAIN_TIMEOUT_MINUTES);
                Some(u64::from(minutes) * 60)
            }
            DrainTimeout::Seconds(seconds) => Some(seconds),
            DrainTimeout::Endless => None,
        }
    }

    /// Seconds a pod has from its eviction to its end, at most.
    pub fn grace_seconds(&self, pod: &PodFacts) -> u32 {
        self.grace_period_seconds.unwrap_or(pod.grace_seconds)
    }
}

/// What a drain does with one pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Asked of the eviction API; a budget may refuse.
    Evict,
    /// Deleted, whatever budgets say (`--disable-eviction`).
    Delete,
    /// Left where it is.
    Skip(Skipped),
    /// The drain stops before it evicts anything of the node.
    Refuse(Refusal),
}

/// Why a pod is left where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skipped {
    /// It is being deleted for longer than `--skip-wait-for-delete-timeout`.
    Deleted,
    /// Its DaemonSet would make it anew at once.
    DaemonSet,
    /// The node itself runs it.
    Mirror,
}

/// Why a drain stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    DaemonSet,
    /// Its DaemonSet does not exist.
    OrphanOfDaemonSet,
    LocalStorage,
    Unmanaged,
}

impl Refusal {
    /// What kubectl prints of these pods.
    pub fn message(self, population: &Population, pods: &[PodId]) -> String {
        let why = match self {
            Refusal::DaemonSet => {
                "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)"
                    .to_string()
            }
            Refusal::OrphanOfDaemonSet => {
                let owner = pods
                    .first()
                    .and_then(|pod| population.pod(*pod).owner.as_deref());
                format!(
                    "cannot delete daemonsets.apps {:?} not found",
                    owner.map_or("", |owner| owner.name.as_str())
                )
            }
            Refusal::LocalStorage => {
                "cannot delete Pods with local storage (use --delete-emptydir-data to override)"
                    .to_string()
            }
            Refusal::Unmanaged => {
                "cannot delete Pods that declare no controller (use --force to override)"
                    .to_string()
            }
        };
        let names: Vec<String> = pods.iter().map(|pod| population.pod_name(*pod)).collect();
        format!("{why}: {}", names.join(", "))
    }
}

/// What one filter says.
enum Ruling {
    /// Let the next one look.
    Pass,
    Skip(Skipped),
    Refuse(Refusal),
}

struct Seen<'a> {
    population: &'a Population<'a>,
    id: PodId,
    pod: PodFacts,
    options: &'a DrainOptions,
    now: Option<Timestamp>,
}

/// kubectl's filters, in its order; the first that does not let a pod pass decides (DRN-1).
const FILTERS: [fn(&Seen) -> Ruling; 5] = [
    skip_deleted,
    daemon_set,
    mirror,
    local_storage,
    unreplicated,
];

/// What a drain does with one pod of the node. `now` is only asked for `--skip-wait-for-delete-timeout`; without it no pod is old
/// enough (errs to waiting).
pub fn treatment(
    population: &Population,
    pod: PodId,
    options: &DrainOptions,
    now: Option<Timestamp>,
) -> Treatment {
    let seen = Seen {
        population,
        id: pod,
        pod: population.pods[pod.at()],
        options,
        now,
    };
    for filter in FILTERS {
        match filter(&seen) {
            Ruling::Pass => {}
            Ruling::Skip(why) => return Treatment::Skip(why),
            Ruling::Refuse(why) => return Treatment::Refuse(why),
        }
    }
    if options.disable_eviction {
        Treatment::Delete
    } else {
        Treatment::Evict
    }
}

/// [`treatment`] of every pod.
pub fn treatments(
    population: &Population,
    options: &DrainOptions,
    now: Option<Timestamp>,
) -> Vec<Treatment> {
    population
        .pod_ids()
        .map(|pod| treatment(population, pod, options, now))
        .collect()
}

/// A pod that hangs in its deletion is not waited for, if so asked.
fn skip_deleted(seen: &Seen) -> Ruling {
    let limit = seen.options.skip_wait_for_delete_timeout_seconds;
    if limit == 0 || !seen.pod.deleting {
        return Ruling::Pass;
    }
    let age = seen
        .now
        .zip(seen.population.pod(seen.id).deleting_at)
        .map(|(now, since)| now.duration_since(since).as_secs());
    match age {
        Some(age) if age > i64::from(limit) => Ruling::Skip(Skipped::Deleted),
        _ => Ruling::Pass,
    }
}

/// Its DaemonSet ignores cordons and would make the pod anew on the same node. One without a DaemonSet goes only by force.
fn daemon_set(seen: &Seen) -> Ruling {
    if seen.pod.controller != ControllerKind::DaemonSet || seen.pod.phase.is_finished() {
        return Ruling::Pass;
    }
    let population = seen.population;
    // Where DaemonSets were not read, each is taken to exist.
    let exists = !population.state.has_kind("DaemonSet")
        || seen
            .pod
            .workload
            .is_some_and(|workload| population.workloads[workload.at()].position.is_some());
    match (exists, seen.options) {
        (false, options) if options.force => Ruling::Pass,
        (false, _) => Ruling::Refuse(Refusal::OrphanOfDaemonSet),
        (true, options) if options.ignore_daemonsets => Ruling::Skip(Skipped::DaemonSet),
        (true, _) => Ruling::Refuse(Refusal::DaemonSet),
    }
}

/// The API server's view of a static pod: deleting it deletes nothing.
fn mirror(seen: &Seen) -> Ruling {
    if seen.pod.mirror {
        Ruling::Skip(Skipped::Mirror)
    } else {
        Ruling::Pass
    }
}

/// What an `emptyDir` holds is gone with its pod. `hostPath` and local volumes are not looked at.
fn local_storage(seen: &Seen) -> Ruling {
    let keeps = seen.pod.local_storage
        && !seen.pod.phase.is_finished()
        && !seen.options.delete_emptydir_data;
    if keeps {
        Ruling::Refuse(Refusal::LocalStorage)
    } else {
        Ruling::Pass
    }
}

/// Nobody would make it anew.
fn unreplicated(seen: &Seen) -> Ruling {
    let keeps = seen.pod.controller == ControllerKind::None
        && !seen.pod.phase.is_finished()
        && !seen.options.force;
    if keeps {
        Ruling::Refuse(Refusal::Unmanaged)
    } else {
        Ruling::Pass
    }
}
