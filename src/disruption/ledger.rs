//! How many healthy pods each budget has, and what it answers: the one place where evictions are judged (EV-1 to EV-6). Knows no
//! time: whoever moves time on calls [`Ledger::settle`].

use super::budgets::{Budgets, Held, SEVERAL, UNGUARDED};
use super::eviction::{Asked, Refused, Verdict};
use crate::population::{BudgetId, Phase, Population, ShapeId};

/// Healthy pods of every budget. Flat: a copy for another future is three copies of memory.
///
/// The numbers are those of a controller that has just looked. The real one looks within a moment of each change; what the API
/// server grants in between it takes off on its own, and so does this.
#[derive(Debug, Clone)]
pub struct Ledger {
    healthy: Vec<i64>,
    /// Evictions of pods that did not count as healthy, granted since the controller last looked.
    unseen: Vec<u32>,
    held: Vec<Held>,
    /// Budgets with something that [`Ledger::settle`] clears.
    unsettled: Vec<BudgetId>,
}

impl Ledger {
    /// As observed: ready pods that are not departing and whose eviction was not granted lately (EV-6).
    pub fn of(population: &Population, budgets: &Budgets) -> Self {
        let mut healthy = vec![0i64; budgets.len()];
        for pod in &population.pods {
            // Whether it has finished is not asked: a finished pod is not ready.
            if pod.ready && !pod.deleting {
                for budget in budgets.of_shape(pod.shape) {
                    healthy[budget.at()] += 1;
                }
            }
        }
        for (pod, budget) in budgets.disrupted() {
            if population.pods[pod.at()].ready {
                healthy[budget.at()] -= 1;
            }
        }
        for budget in budgets.ids() {
            if budgets.terms[budget.at()].frozen {
                healthy[budget.at()] = population.state.disruption_budgets[budget.at()]
                    .current_healthy
                    .unwrap_or(0);
            }
        }
        let held: Vec<Held> = budgets.terms.iter().map(|terms| terms.held).collect();
        let mut unsettled = Vec::with_capacity(budgets.len());
        unsettled.extend(
            budgets
                .ids()
                .filter(|budget| matches!(held[budget.at()], Held::Stale | Held::Negative)),
        );
        Ledger {
            unseen: vec![0; budgets.len()],
            healthy,
            held,
            unsettled,
        }
    }

    /// Asks to evict a pod; when that is granted, the budget is lower from here on.
    ///
    /// In the hottest loop of a simulation: no hashing, no allocation (but for a pod that is not ready under a budget that wants
    /// none: then the list of the unsettled may grow).
    #[inline]
    pub fn evict(&mut self, budgets: &Budgets, asked: Asked) -> Verdict {
        if asked.deleting || asked.phase != Phase::Running {
            // Deleted without a look at any budget (EV-1).
            if asked.ready && !asked.deleting {
                self.unready(budgets, asked.shape);
            }
            return Verdict::Unguarded;
        }
        let guard = budgets.guards[asked.shape.at()];
        if guard == UNGUARDED {
            return Verdict::Unguarded;
        }
        if guard == SEVERAL {
            return Verdict::SeveralBudgets;
        }
        let budget = BudgetId(guard);
        let at = budget.at();
        let terms = budgets.terms[at];
        let healthy = self.healthy[at];
        // EV-4: nothing of the budget is used up, for the pod is in none of its counts.
        if !asked.ready && (terms.always_allow || (healthy >= terms.desired && terms.desired > 0)) {
            return Verdict::Unguarded;
        }
        let refused = |why| Verdict::Refused { budget, why };
        match self.held[at] {
            Held::No => {}
            Held::Stale => return refused(Refused::Processing),
            Held::Negative => return refused(Refused::Negative),
            Held::TooMany => return refused(Refused::TooManyDisrupted),
        }
        if !terms.counts || healthy - i64::from(self.unseen[at]) <= terms.desired {
            return refused(Refused::NoneLeft);
        }
        if asked.ready {
            self.healthy[at] = healthy - 1;
        } else {
            // The controller will see that no healthy pod went.
            if self.unseen[at] == 0 {
                self.unsettled.push(budget);
            }
            self.unseen[at] += 1;
        }
        Verdict::Granted(budget)
    }

    /// A pod of this shape became ready.
    #[inline]
    pub fn ready(&mut self, budgets: &Budgets, shape: ShapeId) {
        self.add(budgets, shape, 1);
    }

    /// A ready pod of this shape counts as healthy no more, and no eviction was granted for it: it was deleted, or it stopped being
    /// ready.
    #[inline]
    pub fn unready(&mut self, budgets: &Budgets, shape: ShapeId) {
        self.add(budgets, shape, -1);
    }

    #[inline]
    fn add(&mut self, budgets: &Budgets, shape: ShapeId, pods: i64) {
        for budget in budgets.of_shape(shape) {
            if !budgets.terms[budget.at()].frozen {
                self.healthy[budget.at()] += pods;
            }
        }
    }

    /// The controller has looked at every budget: to be called whenever time moves on. Costs nothing when it has nothing to do.
    #[inline]
    pub fn settle(&mut self) {
        while let Some(budget) = self.unsettled.pop() {
            self.unseen[budget.at()] = 0;
            if self.held[budget.at()] != Held::TooMany {
                self.held[budget.at()] = Held::No;
            }
        }
    }

    /// Evictions of ready pods it would grant now.
    #[inline]
    pub fn allowed(&self, budgets: &Budgets, budget: BudgetId) -> u32 {
        let terms = &budgets.terms[budget.at()];
        if !terms.counts || self.held[budget.at()] != Held::No {
            return 0;
        }
        let left = self.healthy[budget.at()] - i64::from(self.unseen[budget.at()]) - terms.desired;
        u32::try_from(left.max(0)).unwrap_or(u32::MAX)
    }

    /// Pods that count as healthy; of a budget whose controller fails, what its status last said.
    #[inline]
    pub fn healthy(&self, budget: BudgetId) -> i64 {
        self.healthy[budget.at()]
    }
}
