//! Scenarios: a hand-written estate in YAML (or JSON), `apiVersion: aksplan/v1`. The schema is published
//! (`aksplan schema scenario`); unknown fields are errors, because a misspelt `max_cuont` must not be silently 0.

mod cluster;
mod network;
mod operation;
mod timeline;

pub use cluster::{ScenarioCluster, ScenarioLoadBalancer, ScenarioPool};
pub use network::{
    ScenarioPeering, ScenarioRoute, ScenarioRouteTable, ScenarioSubnet, ScenarioVnet,
};
pub use operation::{
    ChangeFact, OperationFact, ScenarioMigration, ScenarioOperation, ScenarioScale, ScenarioUpgrade,
};
pub use timeline::{
    EventFact, ScenarioEvent, ScenarioGrowth, ScenarioSpike, ScenarioTimeline, TimelineFact,
};

use super::SourceError;
use super::arm::cidr;
use super::facts::{Facts, Origin};
use crate::model::{IpNet, ReservedRange, parse_cidr};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `apiVersion` this version reads.
pub const API_VERSION: &str = "aksplan/v1";

/// An estate, and optionally what somebody wants to do to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Always `aksplan/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Always `Scenario`; may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// A short name.
    pub name: String,
    /// What the scenario shows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// VNets, their subnets and peerings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub virtual_networks: Vec<ScenarioVnet>,
    /// Route tables that subnets name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub route_tables: Vec<ScenarioRouteTable>,
    /// Clusters that exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<ScenarioCluster>,
    /// Ranges in use outside of Azure's sight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reserved: Vec<ScenarioReserved>,
    /// What somebody wants to do; `aksplan predict` answers each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<ScenarioOperation>,
    /// Growth, spikes and events over time; `aksplan simulate` plays them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<ScenarioTimeline>,
}

/// A range somebody else has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioReserved {
    pub cidr: String,
    pub owner: String,
}

/// `10.0.0.0/24`, or a list of such.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a CIDR or a list of CIDRs")]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        OneOrMany::Many(Vec::new())
    }
}

impl OneOrMany {
    fn as_slice(&self) -> &[String] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

/// `1` or `33%`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a number or a percentage, as in 1 or 33%"
)]
pub enum NumberOrText {
    Number(u64),
    Text(String),
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// What a scenario says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lowered {
    pub facts: Facts,
    pub operations: Vec<OperationFact>,
    pub timeline: Option<TimelineFact>,
}

impl Scenario {
    /// Lowers to facts, and to what is wanted.
    ///
    /// # Errors
    /// Naming file and path, when a CIDR, a number or a word is not what it should be.
    pub fn lower(self, file: &std::sync::Arc<str>) -> Result<Lowered, SourceError> {
        check_version(&self.api_version, &Origin::new(file, ""))?;
        let mut facts = Facts::default();
        for (position, vnet) in self.virtual_networks.into_iter().enumerate() {
            let origin = Origin::new(file, format!("virtual_networks[{position}]"));
            facts.vnets.push(vnet.lower(origin)?);
        }
        for (position, table) in self.route_tables.into_iter().enumerate() {
            let origin = Origin::new(file, format!("route_tables[{position}]"));
            facts.route_tables.push(table.lower(&origin)?);
        }
        for (position, cluster) in self.clusters.into_iter().enumerate() {
            let origin = Origin::new(file, format!("clusters[{position}]"));
            facts.clusters.push(cluster.lower(origin)?);
        }
        for (position, range) in self.reserved.into_iter().enumerate() {
            let origin = Origin::new(file, format!("reserved[{position}]"));
            facts.reserved.push(ReservedRange {
                // A single host may be reserved as well.
                cidr: parse_cidr(&range.cidr)
                    .map_err(|error| origin.error("cidr", error.to_string()))?,
                owner: range.owner,
            });
        }
        let operations = self
            .operations
            .into_iter()
            .enumerate()
            .map(|(position, operation)| {
                operation.lower(Origin::new(file, format!("operations[{position}]")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let timeline = match self.timeline {
            Some(timeline) => Some(timeline.lower(&self.name, Origin::new(file, "timeline"))?),
            None => None,
        };
        Ok(Lowered {
            facts,
            operations,
            timeline,
        })
    }
}

/// Refuses an `apiVersion` of another version of aksplan, before anything else in the file is held against it.
pub(super) fn check_version(word: &str, origin: &Origin) -> Result<(), SourceError> {
    if word == API_VERSION {
        return Ok(());
    }
    Err(origin.error(
        "apiVersion",
        format!("`{word}` is not read by this version; expected {API_VERSION}"),
    ))
}

fn cidrs(texts: &[String], origin: &Origin, inner: &str) -> Result<Vec<IpNet>, SourceError> {
    texts.iter().map(|text| cidr(text, origin, inner)).collect()
}

/// One of some words, without regard to case.
fn one_of<T: Copy>(
    word: Option<&str>,
    default: T,
    words: &[(&str, T)],
    origin: &Origin,
    inner: &str,
) -> Result<T, SourceError> {
    let Some(word) = word else { return Ok(default) };
    words
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(word))
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
            origin.error(
                inner,
                format!("`{word}`; expected one of {}", known.join(", ")),
            )
        })
}
