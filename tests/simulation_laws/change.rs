//! What a change of one setting can and cannot do: a looser budget, more surge, a longer drain timeout.

use super::cluster::{Rule, Tiny, TinyBudget};
use super::orders::{all_come_back, simple};
use super::plan::{Case, Plan, case};
use aksplan::model::IntOrPercent;
use aksplan::simulate::{Ended, Engine, Happening, Policy, What};
use proptest::prelude::*;

fn run(case: &Case) -> (Ended, Vec<Happening>) {
    case.with(&Policy::default(), |setting| Engine::new(setting).record())
}

/// One more disruption allowed; `None`: it allows all already, or is a percentage.
fn looser(budget: &TinyBudget) -> Option<TinyBudget> {
    let rule = match budget.rule {
        Rule::MaxUnavailable(IntOrPercent::Int(most)) => {
            Rule::MaxUnavailable(IntOrPercent::Int(most + 1))
        }
        Rule::MinAvailable(IntOrPercent::Int(least)) => {
            Rule::MinAvailable(IntOrPercent::Int(least.checked_sub(1)?))
        }
        _ => return None,
    };
    Some(TinyBudget {
        rule,
        ..budget.clone()
    })
}

/// Each budget of the case looser in turn.
fn looser_cases(case: &Case) -> Vec<Case> {
    (0..case.tiny.budgets.len())
        .filter_map(|position| {
            let mut after = case.clone();
            after.tiny.budgets[position] = looser(&case.tiny.budgets[position])?;
            Some(after)
        })
        .collect()
}

/// Every pool with one more surge node; `None` where no pool surges by number.
fn more_surge(tiny: &Tiny) -> Tiny {
    let mut after = tiny.clone();
    for pool in &mut after.pools {
        pool.max_surge = match pool.max_surge {
            Some(IntOrPercent::Int(nodes)) => Some(IntOrPercent::Int(nodes + 1)),
            Some(IntOrPercent::Percent(percent)) => Some(IntOrPercent::Percent(percent + 50)),
            None => Some(IntOrPercent::Percent(60)),
        };
    }
    after
}

/// Minutes of every pool, or seconds of the drain.
fn longer(case: &Case, by: u64) -> Case {
    let mut after = case.clone();
    for pool in &mut after.tiny.pools {
        pool.drain_timeout += by as u32;
    }
    if let Plan::Drain { timeout, .. } = &mut after.plan {
        *timeout = timeout.map(|seconds| seconds + by);
    }
    after
}

fn is_refused(log: &[Happening]) -> bool {
    log.iter().any(|happening| {
        matches!(
            happening.what,
            What::SurgeRefused(..) | What::NoAddresses(..) | What::ScaleUpRefused(..)
        )
    })
}

proptest! {
    // The same cases every time; others with another seed: what a law meets by chance is looked for on purpose.
    #![proptest_config(ProptestConfig { cases: 192, rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    /// Where neither order nor the choice of a node matters. Elsewhere it may: see `more_freedom_may_end_worse`, though of 4,304
    /// random drains that ended none did worse.
    #[test]
    fn one_more_disruption_never_stops_a_drain(case in simple()) {
        let simple = case.with(&Policy::default(), all_come_back);
        if simple && run(&case).0.seconds.is_some() {
            for after in looser_cases(&case) {
                prop_assert!(run(&after).0.seconds.is_some(), "{:?}", after.tiny.budgets);
            }
        }
    }

    /// Of runs that come to their end, with subnets that are large enough: one that fails stops taking addresses, and one that is
    /// refused its surge takes fewer. Without an autoscaler: a surge node may take the pods that it would have made nodes for. Not of
    /// the range that the nodes move to: it fills node by node, and a pool that surges reaches its last node later, when another
    /// pool's surge nodes may be gone.
    #[test]
    fn more_surge_never_needs_fewer_addresses(mut case in case(), together in any::<bool>()) {
        case.tiny.subnet = 23;
        for pool in &mut case.tiny.pools {
            pool.grows = None;
        }
        case.plan = if together {
            Plan::Move { same_cidr: false }
        } else {
            Plan::Upgrade { from: 0 }
        };
        let after = Case { tiny: more_surge(&case.tiny), plan: case.plan.clone() };
        let ((before, log), (after, more)) = (run(&case), run(&after));
        if before.seconds.is_some() && after.seconds.is_some() && !is_refused(&log) && !is_refused(&more) {
            let subnets = 1;
            let ranges = if together { subnets } else { before.peaks.len() };
            for (before, after) in before.peaks.iter().zip(&after.peaks).take(ranges) {
                prop_assert!(before.0 <= after.0 && before.1 <= after.1, "{before:?}, {after:?}");
            }
        }
    }

    /// A run in which no drain timed out is, with longer timeouts, the same run to the last line. One that went on without a node (a
    /// quarantine) becomes another run, and nothing is promised of that: of 747 such random runs 3 failed with more time, because the
    /// node's pods now reached a surge node, and a surge node that cannot be drained is not quarantined.
    #[test]
    fn a_longer_timeout_changes_nothing_that_ended_in_time(case in case(), by in 1u64..20) {
        let (ended, log) = run(&case);
        let timed_out = |happening: &Happening| matches!(happening.what, What::DrainTimedOut(_));
        if !log.iter().any(timed_out) {
            let (later, after) = run(&longer(&case, by));
            prop_assert_eq!(ended, later);
            prop_assert_eq!(log, after);
        }
    }
}
