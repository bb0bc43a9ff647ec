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

    /// One look.
    pub(super) fn scan(&mut self) {
        self.scanning = false;
        let mut later = false;
        for position in 0..self.unplaced_shapes.len() {
            let shape = self.unplaced_shapes[position];
            later |= self.grow_for(shape);
        }
        if later && !self.unplaced_shapes.is_empty() {
            self.wake_autoscaler();
        }
    }

    /// Grows the first pool whose new nodes take this shape. True when it is worth looking again.
    fn grow_for(&mut self, shape: ShapeId) -> bool {
        let setting = self.setting;
        let now = self.queue.now();
        let waiting = self.unplaced[shape.at()].len() as u32;
        let mut later = false;
        for (position, growing) in setting.growing.iter().enumerate() {
            let each = self.many_on_a_new_node(position, shape);
            if each == 0 {
                continue;
            }
            if self.booting(position) > 0 || self.rests_until[position] > now {
                // Nodes are on their way, or the last step failed lately.
                return true;
            }
            if self.refused_steps[position] >= MOST_REFUSED {
                continue;
            }
            let room = growing.most - self.grown[position];
            let step = waiting.div_ceil(each).min(room);
            if step == 0 {
                if !std::mem::replace(&mut self.at_ceiling_told[position], true) {
                    self.tell(What::AtCeiling(growing.pool));
                }
                continue;
            }
            if !self.step_fits(growing.pool, step) {
                self.tell(What::ScaleUpRefused(growing.pool, step));
                self.rests_until[position] = now.saturating_add(setting.timing.backoff);
                self.refused_steps[position] += 1;
                later = true;
                continue;
            }
            self.tell(What::ScaleUp(growing.pool, step));
            for _ in 0..step {
                let node = NodeId(growing.first + self.grown[position]);
                self.grown[position] += 1;
                self.takes(node, growing.pool);
                self.boot(node, growing.pool);
            }
            return true;
        }
        later
    }

    /// Worked out once for each shape that ever waits; but anew every time where it depends on the pods that are elsewhere in the
    /// zone, or one run would hand its answer to the next.
    fn many_on_a_new_node(&mut self, position: usize, shape: ShapeId) -> u32 {
        let places = &self.setting.places;
        let at = position * self.setting.population.shapes.len() + shape.at();
        if self.alone[at] == NONE || places.looks_at_pods(shape) {
            let pool = self.setting.growing[position].pool;
            self.alone[at] = self.occupancy.many_alone(places, shape, pool);
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
