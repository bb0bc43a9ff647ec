//! What nobody can read off a cluster: how long its parts take, and what the person in charge wants. Every number has a default
//! and may be overridden; a snapshot that shows a duration overrides the default, never what was written. Computes nothing.

use super::spread::Spread;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Durations and settings of a simulation. What is left out keeps its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Seconds from AKS taking the request until the first pool begins: control plane, checks. Assumed.
    pub control_plane: Option<Spread>,
    /// Seconds from asking for a virtual machine until its node is Ready. Else as the pool's nodes show it (creation → Ready), else
    /// 180 with a 90th percentile of 300.
    pub node_create: Option<Spread>,
    /// Seconds from a drained node until it is Ready again with the new image. Not visible in a snapshot; 240, 90th percentile 480.
    pub node_reimage: Option<Spread>,
    /// Seconds to delete a drained surge node; 60, 90th percentile 120.
    pub node_delete: Option<Spread>,
    /// Seconds from a pod being bound to a node until it is Ready. Else as the workload's pods show it, else 20, 90th percentile 60.
    pub pod_start: Option<Spread>,
    /// How much of its termination grace a pod uses: percent, 30 with a 90th percentile of 100. It is killed when its grace ends.
    pub pod_stop_percent: Option<Spread>,
    /// Seconds between two attempts to evict the same pod; kubectl waits 5, and AKS's drain does not say (UPG-8).
    pub eviction_retry_seconds: Option<u32>,
    /// Seconds until a controller has made a replacement.
    pub replacement_seconds: Option<u32>,
    /// Seconds between two looks of the cluster autoscaler; 10.
    pub autoscaler_scan_seconds: Option<u32>,
    /// Seconds the cluster autoscaler leaves a pool alone after a failed step; 300.
    pub autoscaler_backoff_seconds: Option<u32>,
    /// Minutes; for every pool, instead of its own setting.
    pub drain_timeout_minutes: Option<u32>,
    /// Nodes of a Spot pool that are reimaged at a time: no document says (UPG-12). 1.
    pub spot_at_once: Option<u32>,
}

const fn spread(median: u32, p90: u32) -> Spread {
    match Spread::new(median, p90) {
        Some(spread) => spread,
        None => panic!("the 90th percentile is not below the median"),
    }
}

/// Assumed: AKS documents no duration of the control plane's part.
pub const CONTROL_PLANE: Spread = spread(120, 300);
/// Where no node shows it. No document of AKS gives a number; a published log of an upgrade shows about 3 minutes until the new node
/// (<https://gordon.byers.me/tag/aks/>, read 2026-11-22). The spread is assumed.
pub const NODE_CREATE: Spread = spread(180, 300);
/// No snapshot shows it; the same log shows about 4 minutes a node. The spread is assumed.
pub const NODE_REIMAGE: Spread = spread(240, 480);
/// Assumed.
pub const NODE_DELETE: Spread = spread(60, 120);
/// Assumed where no pod of the workload shows it.
pub const POD_START: Spread = spread(20, 60);
/// Assumed: percent of the grace.
pub const POD_STOP_PERCENT: Spread = spread(30, 100);
/// `EvictErrorRetryDelay` of kubectl drain.
pub const EVICTION_RETRY_SECONDS: u32 = 5;
/// Controllers act within a second or two.
pub const REPLACEMENT_SECONDS: u32 = 1;
/// `--scan-interval` of the cluster autoscaler.
pub const AUTOSCALER_SCAN_SECONDS: u32 = 10;
/// `--initial-node-group-backoff-duration` of the cluster autoscaler.
pub const AUTOSCALER_BACKOFF_SECONDS: u32 = 300;
/// Assumed: the slowest.
pub const SPOT_AT_ONCE: u32 = 1;
