//! Follows the names of a timeline that was read, and holds its numbers against what they may be. Every error names the place in
//! the file.

use super::super::CliError;
use super::super::input::one_cluster;
use crate::model::{Change, ClusterIndex, Inventory, IpNet};
use crate::simulate::growth::spread::{Spread, SpreadError};
use crate::simulate::growth::timeline::{MOST_HOURS, MOST_SPIKES_A_MONTH, MOST_WEEKS};
use crate::simulate::growth::{Event, Growth, Spike, Timeline, Unit, When};
use crate::source::SourceError;
use crate::source::assemble::resolve_pool;
use crate::source::facts::Origin;
use crate::source::scenario::{ChangeFact, EventFact, ScenarioGrowth, ScenarioSpike, TimelineFact};

/// The timeline of this inventory; `weeks` takes the place of what it says.
pub fn follow(
    inventory: &Inventory,
    fact: &TimelineFact,
    weeks: Option<u32>,
) -> Result<Timeline, CliError> {
    let problem = |weeks: u32| format!("{weeks} is out of range; expected 1 to {MOST_WEEKS}");
    if let Some(weeks) = weeks.filter(|weeks| !(1..=MOST_WEEKS).contains(weeks)) {
        return Err(CliError::Usage(format!("--weeks {}", problem(weeks))));
    }
    if !(1..=MOST_WEEKS).contains(&fact.weeks) {
        return Err(fact.origin.error("weeks", problem(fact.weeks)).into());
    }
    let follow = Follow { inventory, fact };
    let growth = fact.growth.iter().enumerate();
    let spikes = fact.spikes.iter().enumerate();
    Ok(Timeline {
        starts: fact.starts,
        weeks: weeks.unwrap_or(fact.weeks),
        growth: growth
            .map(|(position, growth)| follow.growth(position, growth))
            .collect::<Result<_, _>>()?,
        spikes: spikes
            .map(|(position, spike)| follow.spike(position, spike))
            .collect::<Result<_, _>>()?,
        events: fact
            .events
            .iter()
            .map(|event| follow.event(event))
            .collect::<Result<_, _>>()?,
    })
}

struct Follow<'a> {
    inventory: &'a Inventory,
    fact: &'a TimelineFact,
}

impl Follow<'_> {
    fn cluster(&self, name: Option<&str>, origin: &Origin) -> Result<ClusterIndex, SourceError> {
        one_cluster(self.inventory, name).map_err(|error| {
            // On the command line a flag tells which; here it is a field.
            let problem = error.to_string().replace("--cluster", "`cluster`");
            origin.error(if name.is_some() { "cluster" } else { "" }, problem)
        })
    }

    fn growth(&self, position: usize, growth: &ScenarioGrowth) -> Result<Growth, SourceError> {
        let origin = self.fact.origin.within(&format!("growth[{position}]"));
        let (unit, field, median) = match (growth.nodes_a_week, growth.percent_a_week) {
            (Some(nodes), _) => (Unit::Nodes, "nodes_a_week", nodes),
            (None, percent) => (Unit::Percent, "percent_a_week", percent.unwrap_or(0.0)),
        };
        Ok(Growth {
            cluster: self.cluster(growth.cluster.as_deref(), &origin)?,
            pool: growth.pool.clone(),
            unit,
            a_week: spread(median, growth.p90, field, &origin)?,
        })
    }

    fn spike(&self, position: usize, spike: &ScenarioSpike) -> Result<Spike, SourceError> {
        let origin = self.fact.origin.within(&format!("spikes[{position}]"));
        if !(1..=MOST_HOURS).contains(&spike.hours) {
            return Err(hours_error(&origin, spike.hours));
        }
        let when = match spike.per_month {
            None => When::Days(spike.days.clone()),
            Some(per_month) => When::PerMonth(thousandths(per_month).ok_or_else(|| {
                origin.error(
                    "per_month",
                    format!("{per_month} is out of range; expected 0.001 to {MOST_SPIKES_A_MONTH}"),
                )
            })?),
        };
        Ok(Spike {
            cluster: self.cluster(spike.cluster.as_deref(), &origin)?,
            pool: spike.pool.clone(),
            nodes: spread(spike.nodes, spike.p90, "nodes", &origin)?,
            when,
            hours: spike.hours,
        })
    }

    fn event(&self, event: &EventFact) -> Result<Event, SourceError> {
        let origin = &event.operation.origin;
        if let Some(hours) = event
            .hours
            .filter(|hours| !(1..=MOST_HOURS).contains(hours))
        {
            return Err(hours_error(origin, hours));
        }
        let cluster = self.cluster(event.operation.cluster.as_deref(), origin)?;
        let changes = event.operation.changes.iter();
        Ok(Event {
            at: event.at,
            cluster,
            changes: changes
                .map(|change| self.change(cluster, change, origin))
                .collect::<Result<_, _>>()?,
            hours: event.hours,
        })
    }

    fn change(
        &self,
        cluster: ClusterIndex,
        change: &ChangeFact,
        origin: &Origin,
    ) -> Result<Change, SourceError> {
        Ok(match change {
            ChangeFact::Create(_) => {
                return Err(origin.error("create", "a timeline plays clusters that are there"));
            }
            ChangeFact::AddPool(fact) => Change::AddPool(Box::new(resolve_pool(
                self.inventory,
                self.inventory.cluster(cluster),
                fact.as_ref().clone(),
                &origin.within("add_pool"),
            )?)),
            ChangeFact::Scale { pool, count } => Change::Scale {
                pool: pool.clone(),
                count: *count,
            },
            ChangeFact::SetMaxCount { pool, max_count } => Change::SetMaxCount {
                pool: pool.clone(),
                max_count: *max_count,
                min_count: None,
            },
            ChangeFact::Upgrade { pool } => Change::Upgrade { pool: pool.clone() },
            ChangeFact::MigrateToOverlay {
                pod_cidr: Some(range @ IpNet::V6(_)),
            } => {
                return Err(origin.error(
                    "migrate_to_overlay.pod_cidr",
                    format!("{range} is IPv6; expected the IPv4 pod CIDR of the move"),
                ));
            }
            ChangeFact::MigrateToOverlay { pod_cidr } => Change::MigrateToOverlay {
                pod_cidr: *pod_cidr,
            },
            ChangeFact::Update => Change::Update,
        })
    }
}

fn spread(
    median: f64,
    p90: Option<f64>,
    field: &str,
    origin: &Origin,
) -> Result<Spread, SourceError> {
    Spread::new(median, p90).map_err(|error| {
        let of_median = error == SpreadError::OutOfRange && Spread::new(median, None).is_err();
        let (field, amount) = if of_median {
            (field, median)
        } else {
            ("p90", p90.unwrap_or(median))
        };
        match error {
            SpreadError::OutOfRange => origin.error(field, format!("{amount}: {error}")),
            SpreadError::Crossed => {
                origin.error(field, format!("{amount} is less than {median}: {error}"))
            }
        }
    })
}

fn hours_error(origin: &Origin, hours: u32) -> SourceError {
    origin.error(
        "hours",
        format!("{hours} is out of range; expected 1 to {MOST_HOURS}"),
    )
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to lie in between"
)]
fn thousandths(per_month: f64) -> Option<u64> {
    let scaled = (per_month * 1_000.0).round();
    let range = 1.0..=f64::from(MOST_SPIKES_A_MONTH) * 1_000.0;
    range.contains(&scaled).then_some(scaled as u64)
}
