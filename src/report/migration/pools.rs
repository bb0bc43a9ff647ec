//! What the plan says of the pools, for the parts of the runbook that follow from them. Reads facts and what is foreseen; adds nothing.

use crate::disruption::drain::DEFAULT_DRAIN_TIMEOUT_MINUTES;
use crate::finding::counted;
use crate::migrate::fingerprint::Facts;
use crate::migrate::foreseen::{Foreseen, TightBudget};
use crate::migrate::plan::Plan;
use crate::migrate::step::Action;

pub(super) struct Pools<'a> {
    plan: &'a Plan,
    /// Of the move itself; `None`: it was not simulated.
    foreseen: Option<&'a Foreseen>,
    names: Vec<&'a str>,
}

impl<'a> Pools<'a> {
    pub fn of(plan: &'a Plan) -> Self {
        let moved = plan
            .steps
            .iter()
            .find(|step| matches!(step.action, Action::MoveToOverlay { .. }));
        Pools {
            plan,
            foreseen: moved.and_then(|step| step.foreseen.as_deref()),
            names: plan
                .facts
                .keys()
                .filter_map(|fact| fact.strip_prefix("pool.")?.strip_suffix(".osType"))
                .collect(),
        }
    }

    fn fact(&self, pool: &str, name: &str) -> Option<&'a str> {
        let facts: &'a Facts = &self.plan.facts;
        facts
            .get(&format!("pool.{pool}.{name}"))
            .map(String::as_str)
            .filter(|value| !value.starts_with('('))
    }

    /// Those whose node is quarantined where it is not drained (UPG-9).
    pub fn quarantining(&self) -> Vec<&'a str> {
        self.where_(|pools, pool| pools.is_cordon(pool))
    }

    /// Those whose drain fails at its timeout: Spot is not drained, and the others are quarantined (UPG-9, UPG-12).
    pub fn failing(&self) -> Vec<&'a str> {
        self.where_(|pools, pool| !pools.is_cordon(pool) && !pools.is_spot(pool))
    }

    pub fn spot(&self) -> Vec<&'a str> {
        self.where_(Pools::is_spot)
    }

    fn where_(&self, is: impl Fn(&Self, &str) -> bool) -> Vec<&'a str> {
        let mut names = self.names.clone();
        names.retain(|pool| is(self, pool));
        names
    }

    fn is_cordon(&self, pool: &str) -> bool {
        self.fact(pool, "upgradeSettings.undrainableNodeBehavior")
            .is_some_and(|behavior| behavior.eq_ignore_ascii_case("Cordon"))
    }

    fn is_spot(&self, pool: &str) -> bool {
        self.fact(pool, "spot") == Some("true")
    }

    /// Minutes a node of this pool has to drain, while the plan is carried out (UPG-8).
    pub fn drain_minutes(&self, pool: &str) -> u32 {
        let set = self.plan.steps.iter().find_map(|step| match &step.action {
            Action::SetUpgradeSettings { pool: of, to, .. } if of == pool => {
                to.drain_timeout_minutes
            }
            _ => None,
        });
        set.or_else(|| {
            self.fact(pool, "upgradeSettings.drainTimeoutInMinutes")?
                .parse()
                .ok()
        })
        .unwrap_or(DEFAULT_DRAIN_TIMEOUT_MINUTES)
    }

    /// `apps 20, system 6`.
    pub fn counts(&self) -> Option<String> {
        let pools = &self.foreseen?.pools;
        let words: Vec<String> = pools
            .iter()
            .map(|pool| format!("{} {}", pool.name, pool.nodes))
            .collect();
        Some(words.join(", "))
    }

    pub fn nodes(&self) -> Option<u64> {
        let pools = &self.foreseen?.pools;
        Some(pools.iter().map(|pool| u64::from(pool.nodes)).sum())
    }

    /// `9 nodes more: apps 7, system 2`; `None`: none is made, or it was not simulated.
    pub fn surge(&self) -> Option<String> {
        let pools = &self.foreseen?.pools;
        let all: u32 = pools.iter().map(|pool| pool.surge).sum();
        let words: Vec<String> = pools
            .iter()
            .filter(|pool| pool.surge > 0)
            .map(|pool| format!("{} {}", pool.name, pool.surge))
            .collect();
        (all > 0).then(|| {
            format!(
                "{} more: {}",
                counted(u64::from(all), "node", "nodes"),
                words.join(", ")
            )
        })
    }

    /// Whether a surge node may be made at all.
    pub fn may_surge(&self) -> bool {
        self.foreseen.is_none() || self.surge().is_some()
    }

    /// Subnets, and how many more addresses the move holds there at its peak than when it begins: at the least, and at the most (MIG-22).
    pub fn addresses(&self) -> Vec<(&'a str, u64, u64)> {
        let ranges = self.foreseen.iter().flat_map(|foreseen| &foreseen.ranges);
        ranges
            .filter(|range| range.cidr != self.plan.pod_cidr.to_string())
            .filter_map(|range| {
                let first = range.over_time.first()?;
                let least = range.over_time.iter().map(|held| held.least).max()?;
                let most = range.over_time.iter().map(|held| held.most).max()?;
                let more = u64::from(most.saturating_sub(first.least));
                let least = u64::from(least.saturating_sub(first.least));
                (more > 0).then_some((range.name.as_str(), least, more))
            })
            .collect()
    }

    /// The budgets of the longest single hold, as many as there are of it, in the order of their first refusal.
    pub fn longest_budgets(&self) -> Vec<String> {
        let seconds = |budget: &TightBudget| budget.longest.unwrap_or(u32::MAX);
        let budgets = self.foreseen.iter().flat_map(|foreseen| &foreseen.budgets);
        let Some(longest) = budgets.clone().map(seconds).max() else {
            return Vec::new();
        };
        budgets
            .filter(|budget| seconds(budget) == longest)
            .map(|budget| budget.name.clone())
            .collect()
    }
}
