//! The cluster autoscaler: looks at pods without a node, grows one pool by a whole step, and gets all of it or nothing. It never
//! scales down here; a drain is shorter than its patience.

use super::{Engine, Event, NONE, NodeNow};
use crate::population::{NodeId, ShapeId};
use crate::simulate::log::What;

/// It asks for ever; after so many refusals of a pool nothing more is expected of it in this run.
const MOST_REFUSED: u32 = 12;

impl Engine<'_, '_> {
    pub(super) fn wake_autoscaler(&mut self) {
        if !self.scanning && !self.setting.growing.is_empty() {
            self.scanning = true;
            self.queue.push(self.setting.timing.scan, Event::Scan);
        }
    }

    /// One look: all that wait are shared out to the first pool whose new nodes take them, then each pool grows by one step.
    pub(super) fn scan(&mut self) {
        self.scanning = false;
        let mut later = false;
        // By growing pool: new nodes wanted, in thousandths.
        let mut wanted = vec![0u64; self.setting.growing.len()];
        for position in 0..self.unplaced_shapes.len() {
            later |= self.share_out(self.unplaced_shapes[position], &mut wanted);
        }
        for (position, thousandths) in wanted.into_iter().enumerate() {
            let nodes = u32::try_from(thousandths.div_ceil(1_000)).unwrap_or(u32::MAX);
            if nodes > 0 {
                self.step(position, nodes);
                later = true;
            }
        }
        if later && !self.unplaced_shapes.is_empty() {
            self.wake_autoscaler();
        }
    }

    /// True when it is worth looking again later.
    fn share_out(&mut self, shape: ShapeId, wanted: &mut [u64]) -> bool {
        let setting = self.setting;
        let waiting = self.unplaced[shape.at()].len() as u64;
        let mut later = false;
        for (position, growing) in setting.growing.iter().enumerate() {
            let each = self.many_on_a_new_node(position, shape);
            if each == 0 || self.refused_steps[position] >= MOST_REFUSED {
                continue;
            }
            if self.booting(position) > 0 {
                // Nodes are on their way.
                return true;
            }
            if self.rests_until[position] > self.queue.now() {
                // The last step failed lately; another pool may do.
                later = true;
                continue;
            }
            if self.grown[position] == growing.most {
                if !std::mem::replace(&mut self.at_ceiling_told[position], true) {
                    self.tell(What::AtCeiling(growing.pool));
                }
                continue;
            }
            wanted[position] += (waiting * 1_000).div_ceil(u64::from(each));
            return true;
        }
        later
    }

    /// The whole step, or nothing.
    fn step(&mut self, position: usize, nodes: u32) {
        let growing = &self.setting.growing[position];
        let nodes = nodes.min(growing.most - self.grown[position]);
        if !self.step_fits(growing.pool, nodes) {
            self.tell(What::ScaleUpRefused(growing.pool, nodes));
            self.rests_until[position] =
                self.queue.now().saturating_add(self.setting.timing.backoff);
            self.refused_steps[position] += 1;
            return;
        }
        self.tell(What::ScaleUp(growing.pool, nodes));
        for _ in 0..nodes {
            let node = NodeId(growing.first + self.grown[position]);
            self.grown[position] += 1;
            self.takes(node, growing.pool);
            self.boot(node, growing.pool);
        }
    }

    /// Worked out once for each shape that ever waits, unless it depends on where other pods are.
    fn many_on_a_new_node(&mut self, position: usize, shape: ShapeId) -> u32 {
        if self.setting.places.looks_at_pods(shape) {
            let pool = self.setting.growing[position].pool;
            return self.occupancy.many_alone(&self.setting.places, shape, pool);
        }
        let at = position * self.setting.population.shapes.len() + shape.at();
        if self.alone[at] == NONE {
            let pool = self.setting.growing[position].pool;
            self.alone[at] = self.occupancy.many_alone(&self.setting.places, shape, pool);
        }
        self.alone[at]
    }

    fn booting(&self, position: usize) -> usize {
        let first = self.setting.growing[position].first as usize;
        let made = self.grown[position] as usize;
        self.node_now[first..first + made]
            .iter()
            .filter(|node| **node == NodeNow::Booting)
            .count()
    }
}
