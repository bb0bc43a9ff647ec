//! Which evictions are granted, which refused, and what becomes of the pod.

use super::{Checker, Doing, Durations, Law, Stage, must_ok};
use crate::kubernetes::{Filter, filter, is_finished, is_remade, keeps_its_name};

impl Checker<'_> {
    pub(super) fn healthy(&self, budget: usize) -> i64 {
        let pods = (0..self.pods.len()).filter(|pod| {
            let leaving = self.pods[*pod].first && self.state.pods[*pod].deleting_at.is_some();
            self.pods[*pod].doing == Doing::Ready
                && !leaving
                && self.budgets[*pod].contains(&budget)
        });
        pods.count() as i64
    }

    /// Whether one of its ready pods may be evicted now.
    pub(super) fn lets_go(&self, budget: usize) -> bool {
        let terms = self.terms[budget];
        let stale = terms.stale && self.at == 0;
        terms.works
            && !stale
            && self.healthy(budget) - self.not_ready_granted[budget] > terms.desired
    }

    /// EV-4: a pod that is not ready goes without a disruption.
    pub(super) fn lets_unready_go(&self, budget: usize) -> bool {
        let terms = self.terms[budget];
        terms.always_allow
            || (!terms.fails && terms.desired > 0 && self.healthy(budget) >= terms.desired)
    }

    /// EV-1: no budget is asked.
    pub(super) fn goes_unasked(&self, pod: usize) -> bool {
        let read = &self.state.pods[pod];
        is_finished(read)
            || (self.pods[pod].first
                && (read.deleting_at.is_some()
                    || (read.phase.as_deref() == Some("Pending")
                        && self.pods[pod].doing != Doing::Ready)))
    }

    /// Whether an attempt to evict it would succeed now.
    pub(super) fn would_go(&self, pod: usize) -> bool {
        if self.goes_unasked(pod) {
            return true;
        }
        match self.budgets[pod].as_slice() {
            [] => true,
            [budget] => {
                self.lets_go(*budget)
                    || (self.pods[pod].doing != Doing::Ready && self.lets_unready_go(*budget))
            }
            _ => false,
        }
    }

    /// On a node that is being drained, and meant by the drain.
    pub(super) fn is_asked(&self, pod: usize) -> Result<usize, String> {
        let node = self.pods[pod].node.ok_or("it is on no node")?;
        must_ok(self.room.hosts[node].cordoned, "its node is not cordoned")?;
        must_ok(self.is_draining(node), "its node is not being drained")?;
        must_ok(
            filter(&self.state.pods[pod], &self.options) == Filter::Evict,
            "a drain leaves it alone",
        )?;
        Ok(node)
    }

    pub(super) fn refused(&mut self, pod: usize, budget: usize) -> Law {
        self.is_asked(pod)?;
        must!(
            self.budgets[pod] == [budget],
            "its budgets are {:?}",
            self.budgets[pod]
        );
        must!(!self.would_go(pod), "its eviction had to be granted");
        must!(self.pods[pod].refused.is_none(), "told before");
        self.pods[pod].refused = Some((budget, self.at));
        Ok(())
    }

    pub(super) fn granted(&mut self, pod: usize, budget: usize) -> Law {
        let node = self.is_asked(pod)?;
        must!(
            self.budgets[pod] == [budget],
            "its budgets are {:?}",
            self.budgets[pod]
        );
        must!(!self.goes_unasked(pod), "no budget is asked for it (EV-1)");
        let (healthy, terms) = (self.healthy(budget), self.terms[budget]);
        must!(self.lets_go(budget), "{healthy} healthy, {terms:?}");
        if self.pods[pod].doing == Doing::Ready {
            must!(
                healthy > terms.desired,
                "{healthy} healthy, {} wanted",
                terms.desired
            );
        } else {
            must!(
                !self.lets_unready_go(budget),
                "not ready: the budget loses nothing (EV-4)"
            );
            self.not_ready_granted[budget] += 1;
        }
        self.evictions += 1;
        self.leaves(pod, node);
        Ok(())
    }

    pub(super) fn goes_freely(&mut self, pod: usize) -> Law {
        let node = self.is_asked(pod)?;
        if !self.goes_unasked(pod) {
            match self.budgets[pod].as_slice() {
                [] => {}
                [budget] => {
                    must!(
                        self.pods[pod].doing != Doing::Ready,
                        "budget {budget} is to be asked"
                    );
                    must!(
                        self.lets_unready_go(*budget),
                        "budget {budget} keeps it (EV-4)"
                    );
                }
                several => return Err(format!("budgets {several:?} (EV-2)")),
            }
        }
        self.evictions += 1;
        self.leaves(pod, node);
        Ok(())
    }

    /// Deleted without a question: what Spot nodes do (UPG-12), and `--disable-eviction`.
    pub(super) fn deleted(&mut self, pod: usize) -> Law {
        let node = self.is_asked(pod)?;
        let spot = self.is_pool(node) && self.cluster.pools[self.nodes[node].pool].spot;
        must!(
            spot || self.options.disable_eviction,
            "it was to be evicted"
        );
        self.evictions += 1;
        self.leaves(pod, node);
        Ok(())
    }

    /// Ended with its node.
    pub(super) fn killed(&mut self, pod: usize) -> Law {
        must!(self.pods[pod].doing == Doing::Ready, "it was not ready");
        let node = self.pods[pod].node.ok_or("it is on no node")?;
        let evictable = filter(&self.state.pods[pod], &self.options) == Filter::Evict;
        must!(!evictable, "it was to be evicted");
        must!(
            matches!(self.nodes[node].doing, Stage::Reimaging(_)),
            "its node is not being reimaged"
        );
        self.pods[pod].doing = Doing::Down;
        Ok(())
    }

    /// It is being deleted, and its controller sees that.
    pub(super) fn leaves(&mut self, pod: usize, node: usize) {
        let read = &self.state.pods[pod];
        if !is_finished(read) {
            self.room.leave(pod, node);
        }
        let was_leaving = self.pods[pod].first && read.deleting_at.is_some();
        self.ending.push((pod, node, self.at, was_leaving));
        let made_already = was_leaving && !keeps_its_name(read);
        let book = &mut self.pods[pod];
        book.broken |= book.doing == Doing::Broken;
        book.doing = if is_finished(read) || !is_remade(read) || made_already {
            Doing::Over
        } else {
            Doing::Between {
                evicted: self.at,
                gone: None,
            }
        };
        book.node = None;
        book.first = false;
        book.refused = None;
        book.hopeless = false;
    }

    pub(super) fn gone(&mut self, pod: usize, node: usize) -> Law {
        let read = &self.state.pods[pod];
        let place = self
            .ending
            .iter()
            .position(|ending| (ending.0, ending.1) == (pod, node));
        let (.., evicted, was_leaving) = self.ending.remove(place.ok_or("it is not ending there")?);
        if !is_finished(read) {
            self.room.take_away(pod, node);
        }
        let own = read.termination_grace_seconds.unwrap_or(30) as u32;
        let grace = self.options.grace_period_seconds.unwrap_or(own);
        let took = self.at - evicted;
        must!(
            took >= 1 && took <= grace.max(1),
            "it took {took} s of its {grace} s"
        );
        if was_leaving || is_finished(read) {
            must!(took == 1, "nothing was left to be waited for");
        } else if self.durations == Durations::Medians {
            let median = self.setting.timing.pod_stop_percent.spread.median;
            let want = (u64::from(grace) * u64::from(median) / 100).max(1);
            must!(u64::from(took) == want, "it took {took} s, not {want} s");
        }
        let still_there = self.ending.iter().any(|ending| ending.0 == pod);
        if let Doing::Between { gone, .. } = &mut self.pods[pod].doing
            && !still_there
        {
            *gone = Some(self.at);
        }
        Ok(())
    }
}
