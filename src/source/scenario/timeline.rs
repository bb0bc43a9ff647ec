//! A timeline in a scenario's words: growth, spikes and events. Reads dates and follows no name; what the numbers may be is
//! checked where they are used.

use super::operation::{
    OperationFact, ScenarioMigration, ScenarioOperation, ScenarioScale, ScenarioUpgrade,
};
use super::{ScenarioPool, is_false};
use crate::source::SourceError;
use crate::source::facts::Origin;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens to the estate over time. Days are UTC and begin at midnight.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioTimeline {
    /// The first day, as in 2026-12-01.
    #[schemars(extend("format" = "date"))]
    pub starts: String,
    /// 1 to 520. Left out: 52.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 520))]
    pub weeks: Option<u32>,
    /// Pools that want more nodes each week.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub growth: Vec<ScenarioGrowth>,
    /// Demand above the trend for some hours, again and again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spikes: Vec<ScenarioSpike>,
    /// Requests, and steps of the autoscaler, on their days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<ScenarioEvent>,
}

/// A pool that wants more nodes each week: `nodes_a_week` or `percent_a_week`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioGrowth {
    /// May be left out where there is one cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// One that is there, or that an event adds.
    pub pool: String,
    /// Nodes more each week: the median. 0.5 is a node every other week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes_a_week: Option<f64>,
    /// Percent more each week, of the nodes wanted by then: the median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent_a_week: Option<f64>,
    /// What one week in ten exceeds. Left out: every week is the median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<f64>,
}

/// Demand above the trend, on `days` of the month or `per_month` times a month.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioSpike {
    /// May be left out where there is one cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// One that is there, or that an event adds.
    pub pool: String,
    /// Nodes more while it lasts: the median.
    pub nodes: f64,
    /// What one spike in ten exceeds. Left out: every spike is the median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<f64>,
    /// How often, at times that nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_month: Option<f64>,
    /// Days of the month, 1 to 31, at midnight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<i8>,
    /// How long each lasts.
    pub hours: u32,
}

/// What somebody does on a day. Several changes are one request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioEvent {
    /// The day, as in 2027-01-15.
    #[schemars(extend("format" = "date"))]
    pub at: String,
    /// May be left out where there is one cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// How long the upgrade of one pool, or the move to Overlay, takes. Left out: 24.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_pool: Option<Box<ScenarioPool>>,
    /// Of a pool with autoscaler: what its pods want from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<ScenarioScale>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_count: Option<ScenarioScale>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<ScenarioUpgrade>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrate_to_overlay: Option<ScenarioMigration>,
    /// Any request that changes nothing here, such as enabling an add-on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub update: bool,
}

/// A timeline with names not yet followed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimelineFact {
    #[serde(skip)]
    pub origin: Origin,
    /// Of the scenario.
    pub name: String,
    pub starts: Date,
    pub weeks: u32,
    pub growth: Vec<ScenarioGrowth>,
    pub spikes: Vec<ScenarioSpike>,
    pub events: Vec<EventFact>,
}

/// An event with names not yet followed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventFact {
    pub at: Date,
    pub hours: Option<u32>,
    pub operation: OperationFact,
}

/// Weeks of a timeline that does not say.
const WEEKS: u32 = 52;

impl ScenarioTimeline {
    pub(super) fn lower(self, name: &str, origin: Origin) -> Result<TimelineFact, SourceError> {
        for (position, growth) in self.growth.iter().enumerate() {
            if growth.nodes_a_week.is_some() == growth.percent_a_week.is_some() {
                return Err(origin.error(
                    &format!("growth[{position}]"),
                    format!(
                        "pool `{}`: expected nodes_a_week or percent_a_week, one of them",
                        growth.pool
                    ),
                ));
            }
        }
        for (position, spike) in self.spikes.iter().enumerate() {
            if spike.per_month.is_some() != spike.days.is_empty() {
                return Err(origin.error(
                    &format!("spikes[{position}]"),
                    format!(
                        "pool `{}`: expected per_month or days, one of them",
                        spike.pool
                    ),
                ));
            }
            if let Some(day) = spike.days.iter().find(|day| !(1..=31).contains(*day)) {
                return Err(origin.error(
                    &format!("spikes[{position}].days"),
                    format!("{day} is no day of a month; expected 1 to 31"),
                ));
            }
        }
        let events = self
            .events
            .into_iter()
            .enumerate()
            .map(|(position, event)| event.lower(origin.within(&format!("events[{position}]"))))
            .collect::<Result<_, _>>()?;
        Ok(TimelineFact {
            name: name.to_string(),
            starts: date(&self.starts, &origin, "starts")?,
            weeks: self.weeks.unwrap_or(WEEKS),
            growth: self.growth,
            spikes: self.spikes,
            events,
            origin,
        })
    }
}

impl ScenarioEvent {
    fn lower(self, origin: Origin) -> Result<EventFact, SourceError> {
        let at = date(&self.at, &origin, "at")?;
        let operation = ScenarioOperation {
            cluster: self.cluster,
            create: None,
            add_pool: self.add_pool,
            scale: self.scale,
            max_count: self.max_count,
            upgrade: self.upgrade,
            migrate_to_overlay: self.migrate_to_overlay,
            update: self.update,
        };
        let nothing = ScenarioOperation {
            cluster: operation.cluster.clone(),
            ..ScenarioOperation::default()
        };
        if operation == nothing {
            return Err(origin.error(
                "",
                "an event without a change; expected add_pool, scale, max_count, upgrade, migrate_to_overlay or update",
            ));
        }
        Ok(EventFact {
            at,
            hours: self.hours,
            operation: operation.lower(origin)?,
        })
    }
}

fn date(text: &str, origin: &Origin, inner: &str) -> Result<Date, SourceError> {
    // A date alone: jiff would take the day of a whole timestamp and drop its time.
    text.parse::<Date>()
        .ok()
        .filter(|date| date.to_string() == text.trim())
        .ok_or_else(|| {
            origin.error(
                inner,
                format!("`{text}` is no date; expected one as in 2027-01-15"),
            )
        })
}
