//! Where a pod goes: the freest node that takes it. Says nothing about why others do not; that is [`super::judge`]'s.

use super::occupancy::{Occupancy, State};
use super::places::{MoreWants, NO, Places, Want};
use super::terms::{Counter, Rules};
use super::views::NOWHERE;
use super::volumes::ALONE;
use crate::population::{NodeId, ShapeId};

impl Occupancy {
    /// The least allocated node that takes a pod of this shape: the one with the largest free share of whatever it has least of,
    /// told apart in 64 steps. Ties go to the class of nodes that has the lowest number, then to the node that has. Depends on what
    /// is on the nodes alone, not on the order in which it came there.
    #[inline]
    pub fn choose(&self, places: &Places, shape: ShapeId) -> Option<NodeId> {
        let want = &places.wants[shape.at()];
        if want.never {
            return None;
        }
        if want.list != NO {
            return self.choose_listed(places, want);
        }
        let among = places.seat_sets.of(want.seats);
        let node = if want.more == NO {
            self.board.first(
                places,
                among,
                want.least,
                |_| true,
                |node| self.has_room(want, node),
            )
        } else {
            let more = &places.more[want.more as usize];
            let classes = places.classes.count();
            self.board.first(
                places,
                among,
                want.least,
                |seat| {
                    self.may_enter(
                        places,
                        more,
                        if seat < classes { seat } else { seat - classes },
                    )
                },
                |node| self.has_room(want, node) && self.takes_more(places, more, node),
            )
        };
        node.map(NodeId::new)
    }

    fn choose_listed(&self, places: &Places, want: &Want) -> Option<NodeId> {
        let mut best: Option<(u8, usize)> = None;
        for node in &places.lists[want.list as usize] {
            let node = *node as usize;
            let open = match self.rooms[node].state {
                State::Open => true,
                State::Shut => want.cordon,
                State::Absent | State::Down => false,
            };
            if !open || !self.has_room(want, node) {
                continue;
            }
            let level = self.level(places, node);
            if best.is_some_and(|(best, _)| level <= best) {
                continue;
            }
            if want.more == NO || self.takes_more(places, &places.more[want.more as usize], node) {
                best = Some((level, node));
            }
        }
        best.map(|(_, node)| NodeId::new(node))
    }

    #[inline]
    pub(super) fn has_room(&self, want: &Want, node: usize) -> bool {
        let room = &self.rooms[node];
        // Who asks for nothing fits where more than everything is taken.
        room.pods >= 1
            && (want.cpu <= room.cpu || want.cpu == 0)
            && (want.memory <= room.memory || want.memory == 0)
    }

    /// Whether what holds for all members of a class alike lets any of them take it.
    fn may_enter(&self, places: &Places, more: &MoreWants, class: usize) -> bool {
        if more.rules == NO {
            return true;
        }
        let Some(member) = places.classes.members(class).first() else {
            return false;
        };
        let member = *member as usize;
        let rules = &places.rules[more.rules as usize];
        let is_alike = |counter: &Counter| places.views.uniform[counter.view as usize];
        rules
            .none
            .iter()
            .all(|none| !is_alike(&none.counter) || self.is_none(places, &none.counter, member))
            && rules
                .spreads
                .iter()
                .all(|spread| !is_alike(&spread.counter) || self.is_even(places, spread, member))
            && rules.affinity.as_ref().is_none_or(|affinity| {
                !affinity.some.iter().all(is_alike) || self.has_company(places, affinity, member)
            })
    }

    pub(super) fn takes_more(&self, places: &Places, more: &MoreWants, node: usize) -> bool {
        self.has_others(places, more, node)
            && self.has_ports(places, more, node)
            && self.can_attach(places, more, node)
            && (more.rules == NO || self.keeps(places, &places.rules[more.rules as usize], node))
    }

    fn keeps(&self, places: &Places, rules: &Rules, node: usize) -> bool {
        rules
            .none
            .iter()
            .all(|none| self.is_none(places, &none.counter, node))
            && rules
                .spreads
                .iter()
                .all(|spread| self.is_even(places, spread, node))
            && rules
                .affinity
                .as_ref()
                .is_none_or(|affinity| self.has_company(places, affinity, node))
    }

    pub(super) fn has_other(&self, places: &Places, want: (u32, i64), node: usize) -> bool {
        want.1 <= self.others[node * places.resources.len() + want.0 as usize]
    }

    fn has_others(&self, places: &Places, more: &MoreWants, node: usize) -> bool {
        more.others
            .iter()
            .all(|want| self.has_other(places, *want, node))
    }

    pub(super) fn has_ports(&self, places: &Places, more: &MoreWants, node: usize) -> bool {
        let ports = places.ports.excludes.len();
        more.ports.iter().all(|port| {
            places.ports.excludes[*port as usize]
                .iter()
                .all(|other| self.ports[node * ports + *other as usize] == 0)
        })
    }

    pub(super) fn can_attach(&self, places: &Places, more: &MoreWants, node: usize) -> bool {
        let attachments = &places.attachments;
        let drivers = more
            .attached
            .chunk_by(|one, other| one.driver == other.driver);
        for volumes in drivers {
            let at = node * attachments.drivers + volumes[0].driver as usize;
            let new = volumes
                .iter()
                .filter(|volume| {
                    volume.shared == ALONE
                        || self.mounted[node * attachments.shared + volume.shared as usize] == 0
                })
                .count();
            // What is attached already counts for nothing anew, even where too much is.
            if new > 0
                && u64::from(self.attached[at]) + new as u64 > u64::from(attachments.most[at])
            {
                return false;
            }
        }
        true
    }

    /// No pod of this counter in the node's domain. A node without the topology key has none.
    pub(super) fn is_none(&self, places: &Places, counter: &Counter, node: usize) -> bool {
        let domain = places.views.domain(node, counter.view);
        domain == NOWHERE || self.counts[(counter.base + domain) as usize] == 0
    }

    pub(super) fn is_even(
        &self,
        places: &Places,
        spread: &super::terms::Spread,
        node: usize,
    ) -> bool {
        let counter = &spread.counter;
        let domain = places.views.domain(node, counter.view);
        if domain == NOWHERE {
            return false;
        }
        let here = i64::from(self.counts[(counter.base + domain) as usize]) + spread.own;
        // Even if no domain had any.
        here <= spread.max_skew || here - self.fewest(places, spread) <= spread.max_skew
    }

    /// Pods in the domain that has fewest; 0 where there are fewer domains than there should be.
    fn fewest(&self, places: &Places, spread: &super::terms::Spread) -> i64 {
        let view = spread.counter.view as usize;
        let domains = self.domains[view];
        if domains == 0 || domains < spread.min_domains {
            return 0;
        }
        let size = places.views.size(spread.counter.view) as usize;
        let start = places.views.starts[view] as usize;
        let base = spread.counter.base as usize;
        let mut fewest = u32::MAX;
        for (present, count) in self.present[start..start + size]
            .iter()
            .zip(&self.counts[base..base + size])
        {
            if *present > 0 && *count < fewest {
                fewest = *count;
                if fewest == 0 {
                    break;
                }
            }
        }
        i64::from(fewest)
    }

    pub(super) fn has_company(
        &self,
        places: &Places,
        affinity: &super::terms::Affinity,
        node: usize,
    ) -> bool {
        let mut all = true;
        for counter in &affinity.some {
            let domain = places.views.domain(node, counter.view);
            if domain == NOWHERE {
                return false;
            }
            all &= self.counts[(counter.base + domain) as usize] > 0;
        }
        // The first of a group whose pods want to be with each other has no company yet.
        let anywhere = &affinity.anywhere;
        all || affinity.own
            && (0..places.views.size(anywhere.view))
                .all(|domain| self.counts[(anywhere.base + domain) as usize] == 0)
    }
}
