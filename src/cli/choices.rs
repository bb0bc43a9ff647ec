//! What is asked of a move beside the move itself: `migrate` and `report` are told alike.

use crate::migrate::sequence::{Choices, PolicyAfter};
use crate::model::{Cluster, IntOrPercent};
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// What a plan is to do beside the move.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Plan")]
pub struct ChoicesArgs {
    /// Surge of a pool for the time of the move, as 33% or 2; put back afterwards
    #[arg(long, value_name = "POOL=VALUE", value_parser = surge_choice)]
    max_surge: Vec<(String, IntOrPercent)>,

    /// Drain timeout of a pool for the time of the move, in minutes, 5 to 1440; put back afterwards
    #[arg(long, value_name = "POOL=MINUTES", value_parser = timeout_choice)]
    drain_timeout: Vec<(String, u32)>,

    /// Network policy at the end; left out: enforcement as before, by the way with the fewest reimages
    #[arg(long, value_name = "ENGINE", value_parser = policy_choices())]
    network_policy_after: Option<PolicyAfter>,
}

impl ChoicesArgs {
    /// Everything that was chosen.
    pub fn all(&self) -> Choices {
        Choices {
            policy_after: self.network_policy_after,
            max_surge: self.max_surge.clone(),
            drain_timeout: self.drain_timeout.clone(),
        }
    }

    /// What is about pools of this cluster: of several, each has its own.
    pub fn of(&self, cluster: &Cluster) -> Choices {
        let mut choices = self.all();
        choices
            .max_surge
            .retain(|(pool, _)| cluster.pool(pool).is_some());
        choices
            .drain_timeout
            .retain(|(pool, _)| cluster.pool(pool).is_some());
        choices
    }

    /// As flags of `migrate`, for this cluster.
    pub fn flags(&self, cluster: &Cluster) -> Vec<(&'static str, String)> {
        flags(&self.of(cluster))
    }

    /// The same, whichever cluster they are for.
    pub fn flags_of_all(&self) -> Vec<(&'static str, String)> {
        flags(&self.all())
    }

    /// Each pool that is named, with the flag that names it.
    pub fn pools(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let surge = self.max_surge.iter();
        let timeout = self.drain_timeout.iter();
        surge
            .map(|(pool, _)| ("--max-surge", pool.as_str()))
            .chain(timeout.map(|(pool, _)| ("--drain-timeout", pool.as_str())))
    }
}

fn flags(choices: &Choices) -> Vec<(&'static str, String)> {
    let surge = choices.max_surge.iter();
    let timeout = choices.drain_timeout.iter();
    let policy = choices.policy_after.iter();
    surge
        .map(|(pool, surge)| ("--max-surge", format!("{pool}={surge}")))
        .chain(timeout.map(|(pool, minutes)| ("--drain-timeout", format!("{pool}={minutes}"))))
        .chain(policy.map(|policy| ("--network-policy-after", policy.word().to_string())))
        .collect()
}

fn surge_choice(text: &str) -> Result<(String, IntOrPercent), String> {
    let (pool, value) = named_value(text)?;
    let surge = IntOrPercent::from_word(value).ok_or_else(|| {
        format!("`{value}`: expected a number of nodes or a percentage, as in apps=33%")
    })?;
    Ok((pool, surge))
}

fn timeout_choice(text: &str) -> Result<(String, u32), String> {
    let (pool, value) = named_value(text)?;
    let minutes = value
        .parse()
        .map_err(|_| format!("`{value}`: expected minutes, as in apps=60"))?;
    Ok((pool, minutes))
}

fn named_value(text: &str) -> Result<(String, &str), String> {
    match text.split_once('=') {
        Some((pool, value)) if !pool.is_empty() => Ok((pool.to_string(), value)),
        _ => Err("expected POOL=VALUE, as in apps=33%".to_string()),
    }
}

fn policy_choices() -> impl TypedValueParser<Value = PolicyAfter> {
    PossibleValuesParser::new(PolicyAfter::ALL.map(PolicyAfter::word)).map(|word| {
        PolicyAfter::ALL
            .into_iter()
            .find(|policy| policy.word() == word)
            .expect("clap lets no other through")
    })
}
