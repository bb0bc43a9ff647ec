//! The JSON of `aksplan readiness`. Fields are added, never renamed or removed.

use super::{FORMAT_VERSION, ids};
use crate::finding::Severity;
use crate::readiness::{Item, ItemState, Readiness};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// What `aksplan readiness -o json` prints.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReadinessShape {
    pub format_version: &'static str,
    pub cluster: String,
    /// When the facts were read, where that is known.
    #[schemars(with = "Option<String>")]
    pub observed_at: Option<Timestamp>,
    /// Every item is ready, or asks nothing of this cluster.
    pub ready: bool,
    pub counts: CountsShape,
    pub items: Vec<ItemShape>,
    pub not_checked: Vec<String>,
}

/// How many items are in each state.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CountsShape {
    pub ready: usize,
    pub not_ready: usize,
    pub not_known: usize,
    pub not_applicable: usize,
}

/// One thing that is asked of the cluster.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ItemShape {
    /// Stable.
    pub code: &'static str,
    #[schemars(extend("enum" = ["networking", "identity", "ingress", "network_policy", "observability"]))]
    pub pillar: &'static str,
    pub asks: &'static str,
    #[schemars(extend("enum" = ["ready", "not_ready", "not_known", "not_applicable"]))]
    pub state: &'static str,
    /// How bad it is where it is not ready.
    pub severity: Severity,
    pub evidence: String,
    pub read_from: &'static str,
    /// Empty where nothing is to be done.
    pub remedy: String,
    /// Lines for a POSIX shell; the first few of many.
    pub commands: Vec<String>,
    pub rules: Vec<&'static str>,
}

impl From<&Item> for ItemShape {
    fn from(item: &Item) -> Self {
        ItemShape {
            code: item.code,
            pillar: item.pillar.key(),
            asks: item.asks,
            state: item.state.key(),
            severity: item.severity,
            evidence: item.evidence.clone(),
            read_from: item.read_from,
            remedy: item.remedy.clone(),
            commands: item.commands.clone(),
            rules: ids(&item.rules),
        }
    }
}

impl From<&Readiness> for ReadinessShape {
    fn from(readiness: &Readiness) -> Self {
        ReadinessShape {
            format_version: FORMAT_VERSION,
            cluster: readiness.cluster.clone(),
            observed_at: readiness.observed_at,
            ready: readiness.is_ready(),
            counts: CountsShape {
                ready: readiness.count(ItemState::Ready),
                not_ready: readiness.count(ItemState::NotReady),
                not_known: readiness.count(ItemState::NotKnown),
                not_applicable: readiness.count(ItemState::NotApplicable),
            },
            items: readiness.items.iter().map(ItemShape::from).collect(),
            not_checked: readiness.not_checked.clone(),
        }
    }
}
