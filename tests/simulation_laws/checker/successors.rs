//! Which pods are made anew, when, where, and when they are ready.

use super::{Checker, Doing, Durations, Law, Stage};
use crate::kubernetes::keeps_its_name;
use crate::room::Seat;

impl Checker<'_> {
    pub(super) fn start_seconds(&self, pod: usize) -> u32 {
        let timing = &self.setting.timing;
        match self.setting.population.pods[pod].workload {
            Some(workload) => timing.pod_start[workload.at()].spread.median,
            None => 20,
        }
    }

    /// Whether its controller makes it now.
    pub(super) fn is_made(&self, pod: usize) -> Law {
        let Doing::Between { evicted, gone } = self.pods[pod].doing else {
            return Err(format!("it is {:?}", self.pods[pod].doing));
        };
        let wait = self.setting.timing.replacement;
        if keeps_its_name(&self.state.pods[pod]) {
            let gone = gone.ok_or("the old one is still there")?;
            must!(self.at >= gone + wait, "the old one is gone since {gone}");
        } else {
            must!(self.at == evicted + wait, "it was evicted at {evicted}");
        }
        for before in &self.ordered_before[pod] {
            must!(
                self.pods[*before].doing == Doing::Ready,
                "pod {before} of its StatefulSet comes first, and is {:?}",
                self.pods[*before].doing
            );
        }
        Ok(())
    }

    pub(super) fn placed(&mut self, pod: usize, node: usize) -> Law {
        if self.pods[pod].doing != Doing::Waits {
            self.is_made(pod)?;
        }
        if let Some(why) = self.room.refuses(pod, node) {
            return Err(format!("the node does not take it: {why}"));
        }
        self.room.seats.push(Seat {
            pod,
            node,
            leaving: false,
        });
        let at = self.at;
        let book = &mut self.pods[pod];
        book.node = Some(node);
        book.doing = if book.broken {
            Doing::Broken
        } else {
            Doing::Starting(at)
        };
        Ok(())
    }

    pub(super) fn ready(&mut self, pod: usize) -> Law {
        match self.pods[pod].doing {
            Doing::Starting(since) => {
                if self.durations == Durations::Medians {
                    let due = since + self.start_seconds(pod);
                    must!(self.at == due, "it was to be ready at {due}");
                }
            }
            Doing::Down => {
                let node = self.pods[pod].node.expect("it stays where it is");
                must!(
                    self.nodes[node].doing == Stage::Through,
                    "its node is not back"
                );
            }
            other => return Err(format!("it is {other:?}")),
        }
        let book = &mut self.pods[pod];
        book.first &= book.doing != Doing::Down;
        book.doing = Doing::Ready;
        Ok(())
    }
}
