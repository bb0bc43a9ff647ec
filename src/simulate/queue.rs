//! What is still to happen, in order of time; within one second in the order it was put in. Knows nothing of what happens.
//!
//! One list a second instead of a heap: durations are whole seconds and a simulation is at most a few days long, so that putting in
//! and taking out cost the same however much is waiting.

const NONE: u32 = u32::MAX;
/// Seconds a simulation may last: 60 days, longer than the longest upgrade that anybody waits for (1,000 nodes one after the other with
/// half an hour of soaking take 23). What is put in later never happens.
pub(super) const HORIZON: u32 = 60 * 24 * 60 * 60;

/// A queue of small events.
#[derive(Debug, Clone)]
pub(super) struct Queue<E> {
    now: u32,
    /// By second: first and last of its list.
    ends: Vec<(u32, u32)>,
    events: Vec<(E, u32)>,
    free: u32,
    waiting: usize,
}

impl<E: Copy> Queue<E> {
    pub fn new() -> Self {
        Queue {
            now: 0,
            ends: Vec::new(),
            events: Vec::new(),
            free: NONE,
            waiting: 0,
        }
    }

    /// Back to second 0 and empty, with the memory kept.
    pub fn clear(&mut self) {
        self.now = 0;
        self.ends.clear();
        self.events.clear();
        self.free = NONE;
        self.waiting = 0;
    }

    pub fn now(&self) -> u32 {
        self.now
    }

    /// `seconds` from now; 0 is later in this second.
    #[inline]
    pub fn push(&mut self, seconds: u32, event: E) {
        let at = self.now.saturating_add(seconds);
        if at >= HORIZON {
            return;
        }
        let slot = if self.free == NONE {
            self.events.push((event, NONE));
            (self.events.len() - 1) as u32
        } else {
            let slot = self.free;
            self.free = self.events[slot as usize].1;
            self.events[slot as usize] = (event, NONE);
            slot
        };
        let at = at as usize;
        if at >= self.ends.len() {
            self.ends.resize(at + 1, (NONE, NONE));
        }
        let (first, last) = self.ends[at];
        if first == NONE {
            self.ends[at] = (slot, slot);
        } else {
            self.events[last as usize].1 = slot;
            self.ends[at].1 = slot;
        }
        self.waiting += 1;
    }

    /// The next event; the clock moves to its second.
    #[inline]
    pub fn pop(&mut self) -> Option<E> {
        if self.waiting == 0 {
            return None;
        }
        loop {
            let (first, last) = self.ends[self.now as usize];
            if first == NONE {
                self.now += 1;
                continue;
            }
            let (event, next) = self.events[first as usize];
            self.ends[self.now as usize] = (next, if next == NONE { NONE } else { last });
            self.events[first as usize].1 = self.free;
            self.free = first;
            self.waiting -= 1;
            return Some(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A sorted list of (second, order) is the oracle.
        #[test]
        fn takes_out_in_order_of_time_then_of_putting_in(steps in proptest::collection::vec((0u32..2, 0u32..40), 1..200)) {
            let mut queue = Queue::new();
            let mut oracle: Vec<(u32, usize)> = Vec::new();
            for (order, (take, seconds)) in steps.iter().enumerate() {
                if *take == 1 {
                    oracle.sort();
                    let want = (!oracle.is_empty()).then(|| oracle.remove(0));
                    let got = queue.pop();
                    prop_assert_eq!(got, want.map(|(_, order)| order));
                    if let Some((at, _)) = want {
                        prop_assert_eq!(queue.now(), at);
                    }
                } else {
                    oracle.push((queue.now() + seconds, order));
                    queue.push(*seconds, order);
                }
            }
        }
    }

    #[test]
    fn what_lies_beyond_the_horizon_never_happens() {
        let mut queue = Queue::new();
        queue.push(u32::MAX, 1);
        assert_eq!(queue.pop(), None);
    }
}
