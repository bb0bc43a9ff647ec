//! What does not change while a simulation runs: nodes, their classes and domains, and what each shape demands of them. Holds
//! nothing of what is on a node.

use super::MoreNodes;
use super::classes::Classes;
use super::demand::{Demand, HOSTNAME, Tolerations};
use super::host::{Host, clamp, hosts};
use super::left_out::left_out;
use super::ports::{Ports, ports};
use super::reach::{Reach, Reaches, Sets};
use super::refusal::Refusal;
use super::terms::{Counter, Rules, Terms};
use super::views::Views;
use super::volumes::{Attached, Attachments, Claim, Volumes, attachments};
use crate::model::workload::Toleration;
use crate::population::{NodeId, PoolId, Population, Shape, ShapeId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Free share is told apart in so many steps.
pub(super) const LEVELS: usize = 64;
/// No number.
pub(super) const NO: u32 = u32::MAX;

/// Where pods of a population may go: everything about it that stays as it is.
#[derive(Debug, Clone)]
pub struct Places {
    pub(super) real: usize,
    pub(super) usable: usize,
    pub(super) pools: Vec<Option<PoolId>>,
    first_of: Vec<NodeId>,
    pub(super) starts: Vec<Start>,
    pub(super) daemons: Vec<Vec<ShapeId>>,
    pub(super) classes: Classes,
    /// Seats of the board: classes, and, where some pods go to cordoned nodes too, classes of cordoned nodes after them.
    pub(super) seats: usize,
    pub(super) seat_sets: Sets,
    pub(super) wants: Vec<Want>,
    pub(super) more: Vec<MoreWants>,
    pub(super) statics: Vec<Static>,
    pub(super) sets: Sets,
    pub(super) lists: Vec<Vec<u32>>,
    /// Resources other than cpu, memory and pods that some pod asks for.
    pub(super) resources: Vec<String>,
    /// By node and resource, what there is of it.
    pub(super) others: Vec<i64>,
    pub(super) ports: Ports,
    pub(super) attachments: Attachments,
    pub(super) views: Views,
    pub(super) rules: Vec<Rules>,
    pub(super) counts: usize,
    pub(super) by_node: Vec<Counter>,
    left_out: Vec<String>,
}

/// A node with nothing on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub cpu: i64,
    pub memory: i64,
    pub pods: i32,
    /// One by each amount.
    pub shares: [f32; 3],
}

/// What a shape wants of a node, as far as every shape wants it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want {
    pub cpu: i64,
    pub memory: i64,
    /// Set of seats.
    pub seats: u32,
    /// Which list of nodes instead; or [`NO`].
    pub list: u32,
    /// Which of the wants that few shapes have; or [`NO`].
    pub more: u32,
    /// No node on a lower level can take it.
    pub least: u8,
    pub never: bool,
    /// Goes to cordoned nodes too.
    pub cordon: bool,
}

/// What only some shapes want.
#[derive(Debug, Clone)]
pub(super) struct MoreWants {
    /// Which resource, and how much.
    pub others: Vec<(u32, i64)>,
    pub ports: Vec<u32>,
    pub attached: Vec<Attached>,
    /// Which rules; or [`NO`].
    pub rules: u32,
    /// Why it goes nowhere.
    pub never: Option<Refusal>,
}

/// Which nodes are out of reach as long as they are what they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Static {
    /// Classes whose taints are tolerated.
    pub tolerated: u32,
    pub affinity: Reach,
    pub volumes: Reach,
}

impl Places {
    /// Compiles a population, with nodes that a simulation may make of its pools.
    pub fn of(population: &Population, more: &[MoreNodes]) -> Places {
        let shapes = &population.shapes;
        let hosts = hosts(population, more);
        let volumes = Volumes::of(population.state);
        let demands: Vec<[Demand; 2]> = shapes
            .iter()
            .map(|shape| {
                let own = shape.placement.map_or(Demand::none(), Demand::of);
                [own, Demand::of_volumes(volumes.terms(shape))]
            })
            .collect();
        let demanded: BTreeSet<&str> = demands
            .iter()
            .flatten()
            .flat_map(Demand::keys)
            .filter(|key| *key != HOSTNAME)
            .collect();
        let topology: BTreeSet<&str> = shapes
            .iter()
            .filter_map(|shape| shape.placement)
            .flat_map(|placement| {
                let pods = placement.pod_affinity.iter();
                pods.chain(&placement.pod_anti_affinity)
                    .map(|term| &term.topology_key)
                    .chain(
                        placement
                            .topology_spread
                            .iter()
                            .map(|spread| &spread.topology_key),
                    )
            })
            .map(String::as_str)
            .filter(|key| *key != HOSTNAME)
            .collect();
        let classes = Classes::of(&hosts.all, hosts.usable, &demanded, &topology);
        let mut reaches = Reaches::new(&hosts.all, &classes);
        let mut terms = Terms::new(&population.state.namespaces, shapes);
        let mut statics = Vec::with_capacity(shapes.len());
        let mut rules_of = Vec::with_capacity(shapes.len());
        for (shape, [own, volumes]) in shapes.iter().zip(demands) {
            let tolerations = tolerations(shape);
            let reach = Static {
                tolerated: reaches.tolerated(tolerations),
                affinity: reaches.of(own),
                volumes: reaches.of(volumes),
            };
            rules_of.push(terms.add(shape, reach.affinity, &mut reaches));
            statics.push(reach);
        }
        let views = Views::of(&terms.divisions, &hosts.all, &reaches, &classes);
        let (rules, counts, by_node) = terms.finish(&views);
        let resources: Vec<String> = shapes
            .iter()
            .flat_map(|shape| &shape.requests.other)
            .filter(|(_, amount)| **amount > 0)
            .map(|(name, _)| name.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let others = hosts
            .all
            .iter()
            .flat_map(|host| resources.iter().map(|resource| host.other(resource)))
            .collect();
        let (ports, ports_of) = ports(shapes);
        let (attachments, mut attached_of) = attachments(population, &hosts.all, &volumes);

        let Reaches { sets, lists, .. } = reaches;
        let mut places = Places {
            real: hosts.real,
            usable: hosts.usable,
            pools: hosts.all.iter().map(|host| host.pool).collect(),
            first_of: hosts.first_of.clone(),
            starts: hosts.all.iter().map(Start::of).collect(),
            daemons: Vec::new(),
            seats: 0,
            seat_sets: Sets::default(),
            wants: Vec::with_capacity(shapes.len()),
            more: Vec::new(),
            statics,
            sets,
            lists,
            resources,
            others,
            ports,
            attachments,
            views,
            rules: Vec::new(),
            counts,
            by_node,
            left_out: left_out(population, &hosts),
            classes,
        };
        let rule_numbers = places.take_rules(rules);
        let mut more_of: Vec<Option<MoreWants>> = shapes
            .iter()
            .enumerate()
            .zip(ports_of)
            .map(|((position, shape), ports)| {
                let rules = rule_numbers[rules_of[position] as usize];
                let others = places.others_of(shape);
                let attached = std::mem::take(&mut attached_of[position]);
                let never = places.never(shape, rules, &volumes);
                let is_plain = others.is_empty()
                    && ports.is_empty()
                    && attached.is_empty()
                    && rules == NO
                    && never.is_none();
                (!is_plain).then_some(MoreWants {
                    others,
                    ports,
                    attached,
                    rules,
                    never,
                })
            })
            .collect();
        places.seat(shapes, &mut more_of);
        places.daemons = hosts.daemons;
        places
    }

    /// Numbers of the rules that are kept.
    fn take_rules(&mut self, rules: Vec<Option<Rules>>) -> Vec<u32> {
        rules
            .into_iter()
            .map(|rules| match rules {
                Some(rules) => {
                    self.rules.push(rules);
                    self.rules.len() as u32 - 1
                }
                None => NO,
            })
            .collect()
    }

    fn others_of(&self, shape: &Shape) -> Vec<(u32, i64)> {
        let number = |name: &String| self.resources.binary_search(name).ok();
        shape
            .requests
            .other
            .iter()
            .filter(|(_, amount)| **amount > 0)
            .filter_map(|(name, amount)| Some((number(name)? as u32, clamp(*amount))))
            .collect()
    }

    fn never(&self, shape: &Shape, rules: u32, volumes: &Volumes) -> Option<Refusal> {
        if shape.placement.is_some_and(|placement| placement.gated) {
            return Some(Refusal::Gated);
        }
        if rules != NO && self.rules[rules as usize].invalid {
            return Some(Refusal::InvalidSelector);
        }
        shape
            .claims
            .iter()
            .find_map(|claim| match volumes.of_claim(shape.namespace, claim) {
                Claim::Missing => Some(Refusal::ClaimMissing),
                Claim::WithoutVolume => Some(Refusal::VolumeMissing),
                Claim::Bound(_) | Claim::Unbound | Claim::Unknown => None,
            })
    }

    /// Where each shape goes: a set of seats, or a list of nodes.
    fn seat(&mut self, shapes: &[Shape], more: &mut [Option<MoreWants>]) {
        let cordon: Vec<bool> = shapes
            .iter()
            .map(|shape| tolerations(shape).tolerate_cordon())
            .collect();
        let listed = |reach: &Static| {
            matches!(reach.affinity, Reach::Nodes(_)) || matches!(reach.volumes, Reach::Nodes(_))
        };
        let classes = self.classes.count();
        let twins = cordon
            .iter()
            .zip(&self.statics)
            .any(|(cordon, reach)| *cordon && !listed(reach));
        self.seats = if twins { classes * 2 } else { classes };
        self.seat_sets = Sets::new(self.seats);
        let mut known: BTreeMap<(u32, u32, u32, bool), u32> = BTreeMap::new();
        let mut lists: HashMap<(u32, u32, u32), u32> = HashMap::new();
        let largest = self.largest();
        for (position, shape) in shapes.iter().enumerate() {
            let reach = self.statics[position];
            let cordon = cordon[position];
            let more = more[position].take();
            let never = more.as_ref().is_some_and(|more| more.never.is_some());
            let mut want = Want {
                cpu: clamp(shape.requests.cpu_millis),
                memory: clamp(shape.requests.memory),
                seats: NO,
                list: NO,
                more: NO,
                least: 0,
                never,
                cordon,
            };
            want.least = least(&want, largest);
            if listed(&reach) {
                let key = (
                    reach.tolerated,
                    number(reach.affinity),
                    number(reach.volumes),
                );
                want.list = match lists.get(&key) {
                    Some(known) => *known,
                    None => {
                        let nodes = self.nodes_within(&reach);
                        self.lists.push(nodes);
                        let list = self.lists.len() as u32 - 1;
                        lists.insert(key, list);
                        list
                    }
                };
            } else {
                let key = (
                    reach.tolerated,
                    number(reach.affinity),
                    number(reach.volumes),
                    cordon,
                );
                want.seats = match known.get(&key) {
                    Some(known) => *known,
                    None => {
                        let seats = 0..self.seats;
                        let holds: Vec<bool> = seats
                            .map(|seat| {
                                let class = seat % classes.max(1);
                                (seat < classes || cordon) && self.class_within(&reach, class)
                            })
                            .collect();
                        let set = self.seat_sets.add(holds.into_iter());
                        known.insert(key, set);
                        set
                    }
                };
            }
            if let Some(more) = more {
                want.more = self.more.len() as u32;
                self.more.push(more);
            }
            self.wants.push(want);
        }
    }

    fn class_within(&self, reach: &Static, class: usize) -> bool {
        let has = |reach: Reach| match reach {
            Reach::Every => true,
            Reach::Classes(set) => self.sets.has(set, class),
            Reach::Nodes(_) => false,
        };
        self.sets.has(reach.tolerated, class) && has(reach.affinity) && has(reach.volumes)
    }

    /// Usable nodes within a reach that names single ones, in order.
    fn nodes_within(&self, reach: &Static) -> Vec<u32> {
        let ((Reach::Nodes(list), other) | (other, Reach::Nodes(list))) =
            (reach.affinity, reach.volumes)
        else {
            return Vec::new();
        };
        self.lists[list as usize]
            .iter()
            .copied()
            .filter(|node| (*node as usize) < self.usable)
            .filter(|node| {
                let node = *node as usize;
                self.within(other, node)
                    && self
                        .sets
                        .has(reach.tolerated, self.classes.of[node] as usize)
            })
            .collect()
    }

    pub(super) fn within(&self, reach: Reach, node: usize) -> bool {
        super::reach::has(reach, node, &self.sets, &self.lists, &self.classes)
    }

    /// The most of cpu, memory and pods that any node has.
    fn largest(&self) -> [i64; 3] {
        let usable = &self.starts[..self.usable];
        let most = |of: fn(&Start) -> i64| usable.iter().map(of).max().unwrap_or(0);
        [
            most(|start| start.cpu),
            most(|start| start.memory),
            most(|start| i64::from(start.pods)),
        ]
    }

    /// Nodes: those that were read, then those that may be made.
    pub fn node_count(&self) -> usize {
        self.usable
    }

    /// `None`: no pool's node.
    pub fn pool_of(&self, node: NodeId) -> Option<PoolId> {
        self.pools[node.at()]
    }

    /// Whether it matters to a pod of this shape where other pods are: its affinity, anti-affinity or spread, or the anti-affinity of
    /// others.
    #[inline]
    pub fn looks_at_pods(&self, shape: ShapeId) -> bool {
        let more = self.wants[shape.at()].more;
        more != NO && self.more[more as usize].rules != NO
    }

    /// First simulated node of the request at this position.
    pub fn first_of(&self, more_index: usize) -> NodeId {
        self.first_of[more_index]
    }

    /// Pods that a simulated node has from its first moment: those of daemon sets and static pods of its pattern. Of a node that
    /// was read there are none here: its own pods are bound and released like any others.
    pub fn comes_with(&self, node: NodeId) -> &[ShapeId] {
        match self.pools[node.at()] {
            Some(pool) if node.at() >= self.real => &self.daemons[pool.at()],
            _ => &[],
        }
    }

    /// What of the scheduler is left out or guessed, each with the direction it errs in.
    pub fn left_out(&self) -> Vec<String> {
        self.left_out.clone()
    }

    #[inline]
    pub(super) fn level(&self, node: usize, cpu: i64, memory: i64, pods: i32) -> u8 {
        let [per_cpu, per_memory, per_pod] = self.starts[node].shares;
        let share = (cpu as f32 * per_cpu)
            .min(memory as f32 * per_memory)
            .min(pods as f32 * per_pod);
        // A cast of what is below 0 gives 0.
        ((share * LEVELS as f32) as u8).min(LEVELS as u8 - 1)
    }
}

impl Start {
    fn of(host: &Host) -> Self {
        let one_by = |amount: i64| {
            if amount > 0 { 1.0 / amount as f32 } else { 0.0 }
        };
        Start {
            cpu: host.cpu,
            memory: host.memory,
            pods: host.pods as i32,
            shares: [one_by(host.cpu), one_by(host.memory), one_by(host.pods)],
        }
    }
}

fn tolerations<'a>(shape: &Shape<'a>) -> Tolerations<'a> {
    const NONE: &[Toleration] = &[];
    Tolerations(
        shape
            .placement
            .map_or(NONE, |placement| &placement.tolerations),
    )
}

fn number(reach: Reach) -> u32 {
    match reach {
        Reach::Every => 0,
        Reach::Classes(set) => 1 + set * 2,
        Reach::Nodes(list) => 2 + list * 2,
    }
}

/// The lowest level of a node that can take it: whatever it has free of each resource is at least the shape's share of the largest
/// node. One step lower still, for rounding.
fn least(want: &Want, [cpu, memory, pods]: [i64; 3]) -> u8 {
    let share = |amount: i64, of: i64| amount as f64 / of.max(1) as f64;
    let least = share(want.cpu, cpu)
        .min(share(want.memory, memory))
        .min(share(1, pods));
    ((least * LEVELS as f64) as u8)
        .saturating_sub(1)
        .min(LEVELS as u8 - 1)
}
