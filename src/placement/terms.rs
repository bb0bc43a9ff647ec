//! Constraints between pods: whose binding counts where, and which counts keep a pod away. Compiled once; the counts themselves are
//! occupancy's.

use super::demand::Tolerations;
use super::reach::{Reach, Reaches};
use super::views::{By, Division, Honoured, Views};
use crate::model::workload::{
    Labels, Namespace, Placement, PodAffinityTerm, Selector, SelectorRequirement, TopologySpread,
};
use crate::population::selector::{Meaning, judge, matches};
use crate::population::{SelectorIndex, Shape};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Not counted by node.
pub(super) const NOT_BY_NODE: u32 = u32::MAX;
/// What terms that mean every namespace are found under.
const EVERY: &str = "*";

/// Counts of pods, one for each domain of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counter {
    pub view: u32,
    /// Its first count.
    pub base: u32,
    /// Which of the counters that also count by node, because nodes come into their view and go; or [`NOT_BY_NODE`].
    pub by_node: u32,
    /// Of a topology spread, which pods that are being deleted are no longer part of.
    pub spread: bool,
}

/// What constraints between pods mean for one shape.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    /// Counters its pods are counted by; those of spreads first.
    pub counted: Vec<Counter>,
    pub spread_counted: usize,
    /// Counters that must be 0 in a node's domain.
    pub none: Vec<NoneThere>,
    pub spreads: Vec<Spread>,
    pub affinity: Option<Affinity>,
    /// A selector is invalid: the scheduler takes no such pod.
    pub invalid: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct NoneThere {
    pub counter: Counter,
    /// The anti-affinity is another pod's.
    pub others: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    pub counter: Counter,
    pub max_skew: i64,
    /// 1 if the pod is one of those counted.
    pub own: i64,
    pub min_domains: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Affinity {
    /// There must be pods that match all terms in the domain of each.
    pub some: Vec<Counter>,
    /// All such pods, wherever.
    pub anywhere: Counter,
    /// The pod itself matches: it may be the first.
    pub own: bool,
}

impl Rules {
    fn is_empty(&self) -> bool {
        self.counted.is_empty()
            && self.none.is_empty()
            && self.spreads.is_empty()
            && self.affinity.is_none()
            && !self.invalid
    }
}

/// Namespaces of a term.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Namespaces<'a> {
    Every,
    These(Vec<&'a str>),
}

impl<'a> Namespaces<'a> {
    fn has(&self, namespace: &str) -> bool {
        match self {
            Namespaces::Every => true,
            Namespaces::These(these) => these.contains(&namespace),
        }
    }

    fn names(&self) -> &[&'a str] {
        match self {
            Namespaces::Every => &[EVERY],
            Namespaces::These(these) => these,
        }
    }
}

/// Pods that match all of these are counted.
struct Matcher<'a> {
    terms: Vec<(Namespaces<'a>, Cow<'a, Selector>)>,
    counters: Vec<Counter>,
}

/// Pods that hold this anti-affinity are counted; it keeps away pods that match it.
struct Holder<'a> {
    namespaces: Namespaces<'a>,
    selector: &'a Selector,
    counter: Counter,
}

/// Collects the constraints of shapes, one after the other.
pub(super) struct Terms<'a> {
    /// Labels of each namespace that was read or has pods.
    namespaces: BTreeMap<&'a str, Labels>,
    pub divisions: Vec<Division<'a>>,
    division_at: HashMap<Division<'a>, u32>,
    matchers: Vec<Matcher<'a>>,
    matcher_at: HashMap<String, usize>,
    holders: Vec<Holder<'a>>,
    holder_at: HashMap<String, usize>,
    rules: Vec<Rules>,
    held: Vec<Vec<Counter>>,
    of_shape: HashMap<(usize, &'a str, &'a Labels), u32>,
    order: Vec<(&'a str, &'a Labels)>,
    counters: u32,
    by_node: u32,
}

impl<'a> Terms<'a> {
    pub fn new(namespaces: &'a [Namespace], shapes: &'a [Shape<'a>]) -> Self {
        let mut all: BTreeMap<&str, Labels> = BTreeMap::new();
        let own = |name: &str| {
            // The API server gives every namespace this label.
            Labels::from([("kubernetes.io/metadata.name".to_string(), name.to_string())])
        };
        for namespace in namespaces {
            let mut labels = own(&namespace.name);
            labels.extend(namespace.labels.clone());
            all.insert(&namespace.name, labels);
        }
        for shape in shapes {
            all.entry(shape.namespace)
                .or_insert_with(|| own(shape.namespace));
        }
        Terms {
            namespaces: all,
            divisions: Vec::new(),
            division_at: HashMap::new(),
            matchers: Vec::new(),
            matcher_at: HashMap::new(),
            holders: Vec::new(),
            holder_at: HashMap::new(),
            rules: Vec::new(),
            held: Vec::new(),
            of_shape: HashMap::new(),
            order: Vec::new(),
            counters: 0,
            by_node: 0,
        }
    }

    /// Number of the shape's rules. `reach`: of its node selector and node affinity.
    pub fn add(
        &mut self,
        shape: &'a Shape<'a>,
        reach: Reach,
        reaches: &mut Reaches<'a, '_>,
    ) -> u32 {
        let placement = shape.placement.filter(|placement| {
            !placement.pod_affinity.is_empty()
                || !placement.pod_anti_affinity.is_empty()
                || !placement.topology_spread.is_empty()
        });
        let at = placement.map_or(0, |placement| std::ptr::from_ref(placement) as usize);
        let key = (at, shape.namespace, &shape.labels);
        if let Some(known) = self.of_shape.get(&key) {
            return *known;
        }
        let mut rules = Rules::default();
        let mut held = Vec::new();
        if let Some(placement) = placement {
            self.own(shape, placement, reach, reaches, &mut rules, &mut held);
        }
        let number = self.rules.len() as u32;
        self.rules.push(rules);
        self.held.push(held);
        self.order.push((shape.namespace, &shape.labels));
        self.of_shape.insert(key, number);
        number
    }

    fn own(
        &mut self,
        shape: &'a Shape<'a>,
        placement: &'a Placement,
        reach: Reach,
        reaches: &mut Reaches<'a, '_>,
        rules: &mut Rules,
        held: &mut Vec<Counter>,
    ) {
        let terms = placement.pod_affinity.iter();
        rules.invalid = terms
            .chain(&placement.pod_anti_affinity)
            .flat_map(|term| [&term.selector, &term.namespace_selector])
            .chain(
                placement
                    .topology_spread
                    .iter()
                    .map(|spread| &spread.selector),
            )
            .flatten()
            .any(|selector| judge(selector, &shape.labels) == Meaning::Invalid);
        if rules.invalid {
            return;
        }
        let mut keys: Vec<&str> = placement
            .topology_spread
            .iter()
            .map(|spread| spread.topology_key.as_str())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        for spread in &placement.topology_spread {
            let tolerations = Tolerations(&placement.tolerations);
            let honours =
                |policy: &Option<String>, default| policy.as_deref().unwrap_or(default) == "Honor";
            let division = Division {
                by: By::Label(&spread.topology_key),
                needs: keys.clone(),
                reach: if honours(&spread.node_affinity_policy, "Honor") {
                    reach
                } else {
                    Reach::Every
                },
                taints: honours(&spread.node_taints_policy, "Ignore").then(|| Honoured {
                    tolerated: reaches.tolerated(tolerations),
                    cordon: tolerations.tolerate_cordon(),
                    not_ready: tolerations.tolerate_not_ready(),
                }),
            };
            let view = self.view(division);
            rules.spreads.push(self.spread(shape, spread, view));
        }
        for term in &placement.pod_anti_affinity {
            let view = self.plain_view(&term.topology_key);
            let Some(selector) = &term.selector else {
                continue;
            };
            let namespaces = self.namespaces_of(term, shape.namespace);
            let matcher = self.matcher(vec![(namespaces.clone(), Cow::Borrowed(selector))]);
            rules.none.push(NoneThere {
                counter: self.counter_of(matcher, view, false),
                others: false,
            });
            held.push(self.holder(namespaces, selector, view));
        }
        if !placement.pod_affinity.is_empty() {
            rules.affinity = Some(self.affinity(shape, &placement.pod_affinity));
        }
    }

    fn spread(&mut self, shape: &'a Shape<'a>, spread: &'a TopologySpread, view: u32) -> Spread {
        let own_labels = spread.match_label_keys.iter().filter_map(|key| {
            Some(SelectorRequirement {
                key: key.clone(),
                operator: "In".to_string(),
                values: vec![shape.labels.get(key)?.clone()],
            })
        });
        let selector = spread.selector.as_ref().map(|selector| {
            let mut merged = Cow::Borrowed(selector);
            for requirement in own_labels {
                merged.to_mut().match_expressions.push(requirement);
            }
            merged
        });
        let own = selector
            .as_ref()
            .is_some_and(|selector| matches(selector, &shape.labels));
        let counter = match selector {
            // No selector matches nothing; an empty one matches the pod itself, and the scheduler counts none by it.
            Some(selector) if *selector != Selector::default() => {
                let namespaces = Namespaces::These(vec![shape.namespace]);
                let matcher = self.matcher(vec![(namespaces, selector)]);
                self.counter_of(matcher, view, true)
            }
            _ => self.counter(view, true),
        };
        Spread {
            counter,
            max_skew: i64::try_from(spread.max_skew).unwrap_or(i64::MAX / 2),
            own: i64::from(own),
            min_domains: u32::try_from(spread.min_domains.unwrap_or(1)).unwrap_or(u32::MAX),
        }
    }

    fn affinity(&mut self, shape: &'a Shape<'a>, terms: &'a [PodAffinityTerm]) -> Affinity {
        let views: Vec<u32> = terms
            .iter()
            .map(|term| self.plain_view(&term.topology_key))
            .collect();
        let mut keys: Vec<&str> = terms
            .iter()
            .map(|term| term.topology_key.as_str())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let anywhere = self.view(Division {
            by: By::AnyOf(keys),
            needs: Vec::new(),
            reach: Reach::Every,
            taints: None,
        });
        let all: Option<Vec<_>> = terms
            .iter()
            .map(|term| {
                let namespaces = self.namespaces_of(term, shape.namespace);
                Some((namespaces, Cow::Borrowed(term.selector.as_ref()?)))
            })
            .collect();
        let Some(all) = all else {
            // A term without selector matches no pod: nor do all of them together.
            return Affinity {
                some: views
                    .iter()
                    .map(|view| self.counter(*view, false))
                    .collect(),
                anywhere: self.counter(anywhere, false),
                own: false,
            };
        };
        let own = all.iter().all(|(namespaces, selector)| {
            namespaces.has(shape.namespace) && matches(selector, &shape.labels)
        });
        let matcher = self.matcher(all);
        Affinity {
            some: views
                .iter()
                .map(|view| self.counter_of(matcher, *view, false))
                .collect(),
            anywhere: self.counter_of(matcher, anywhere, false),
            own,
        }
    }

    fn namespaces_of(&self, term: &'a PodAffinityTerm, own: &'a str) -> Namespaces<'a> {
        match &term.namespace_selector {
            None if term.namespaces.is_empty() => Namespaces::These(vec![own]),
            Some(selector) if *selector == Selector::default() => Namespaces::Every,
            selector => {
                let mut these: Vec<&str> = term.namespaces.iter().map(String::as_str).collect();
                if let Some(selector) = selector {
                    let meant = self
                        .namespaces
                        .iter()
                        .filter(|(_, labels)| matches(selector, labels));
                    these.extend(meant.map(|(name, _)| *name));
                }
                these.sort_unstable();
                these.dedup();
                Namespaces::These(these)
            }
        }
    }

    fn plain_view(&mut self, key: &'a str) -> u32 {
        self.view(Division {
            by: By::Label(key),
            needs: Vec::new(),
            reach: Reach::Every,
            taints: None,
        })
    }

    fn view(&mut self, division: Division<'a>) -> u32 {
        let next = self.divisions.len() as u32;
        let view = *self.division_at.entry(division.clone()).or_insert(next);
        if view == next {
            self.divisions.push(division);
        }
        view
    }

    /// A counter of its own. Its base is a number until the sizes of views are known.
    fn counter(&mut self, view: u32, spread: bool) -> Counter {
        let by_node = if self.divisions[view as usize].taints.is_some() {
            self.by_node += 1;
            self.by_node - 1
        } else {
            NOT_BY_NODE
        };
        self.counters += 1;
        Counter {
            view,
            base: self.counters - 1,
            by_node,
            spread,
        }
    }

    fn matcher(&mut self, terms: Vec<(Namespaces<'a>, Cow<'a, Selector>)>) -> usize {
        let next = self.matchers.len();
        let matcher = *self.matcher_at.entry(format!("{terms:?}")).or_insert(next);
        if matcher == next {
            self.matchers.push(Matcher {
                terms,
                counters: Vec::new(),
            });
        }
        matcher
    }

    fn counter_of(&mut self, matcher: usize, view: u32, spread: bool) -> Counter {
        let known = self.matchers[matcher]
            .counters
            .iter()
            .find(|counter| counter.view == view && counter.spread == spread);
        if let Some(known) = known {
            return *known;
        }
        let counter = self.counter(view, spread);
        self.matchers[matcher].counters.push(counter);
        counter
    }

    fn holder(&mut self, namespaces: Namespaces<'a>, selector: &'a Selector, view: u32) -> Counter {
        let key = format!("{namespaces:?} {selector:?} {view}");
        if let Some(known) = self.holder_at.get(&key) {
            return self.holders[*known].counter;
        }
        let counter = self.counter(view, false);
        self.holder_at.insert(key, self.holders.len());
        self.holders.push(Holder {
            namespaces,
            selector,
            counter,
        });
        counter
    }

    /// All rules, each shape's by the number that [`Terms::add`] gave; `None` where there are none. Then the number of counts, and of
    /// counters that also count by node.
    pub fn finish(mut self, views: &Views) -> (Vec<Option<Rules>>, usize, Vec<Counter>) {
        let matchers = SelectorIndex::of(self.matchers.iter().enumerate().flat_map(
            |(position, matcher)| {
                // Pods must match all terms: looking them up by the first is enough.
                let (namespaces, selector) = &matcher.terms[0];
                let names = namespaces.names().iter();
                names.map(move |name| (*name, &**selector, position))
            },
        ));
        let holders = SelectorIndex::of(self.holders.iter().enumerate().flat_map(
            |(position, holder)| {
                let names = holder.namespaces.names().iter();
                names.map(move |name| (*name, holder.selector, position))
            },
        ));
        for ((rules, held), (namespace, labels)) in
            self.rules.iter_mut().zip(self.held).zip(&self.order)
        {
            let mut counted = held;
            for name in [namespace, EVERY] {
                for matcher in matchers.of_labels(name, labels) {
                    let matcher = &self.matchers[matcher];
                    let all = matcher.terms.iter().all(|(namespaces, selector)| {
                        namespaces.has(namespace) && matches(selector, labels)
                    });
                    if all {
                        counted.extend(&matcher.counters);
                    }
                }
                for holder in holders.of_labels(name, labels) {
                    rules.none.push(NoneThere {
                        counter: self.holders[holder].counter,
                        others: true,
                    });
                }
            }
            counted.sort_by_key(|counter| (!counter.spread, counter.base));
            counted.dedup();
            rules.spread_counted = counted.partition_point(|counter| counter.spread);
            rules.counted = counted;
        }
        // From numbers to places: one count for each domain of the counter's view.
        let mut all: Vec<Option<Counter>> = vec![None; self.counters as usize];
        each_counter(&mut self.rules, |counter| {
            all[counter.base as usize] = Some(*counter);
        });
        let mut bases = Vec::with_capacity(all.len());
        let mut next = 0;
        for counter in &all {
            bases.push(next);
            next += counter.map_or(0, |counter| views.size(counter.view));
        }
        each_counter(&mut self.rules, |counter| {
            counter.base = bases[counter.base as usize];
        });
        let mut by_node: Vec<Counter> = all
            .iter()
            .zip(&bases)
            .filter_map(|(counter, base)| {
                counter.map(|counter| Counter {
                    base: *base,
                    ..counter
                })
            })
            .filter(|counter| counter.by_node != NOT_BY_NODE)
            .collect();
        // Numbered as they stand: those that no shape looks at are not kept.
        let mut places: HashMap<u32, u32> = HashMap::new();
        for (place, counter) in by_node.iter_mut().enumerate() {
            places.insert(counter.by_node, place as u32);
            counter.by_node = place as u32;
        }
        each_counter(&mut self.rules, |counter| {
            if counter.by_node != NOT_BY_NODE {
                counter.by_node = places[&counter.by_node];
            }
        });
        let rules = self
            .rules
            .into_iter()
            .map(|rules| (!rules.is_empty()).then_some(rules))
            .collect();
        (rules, next as usize, by_node)
    }
}

fn each_counter(rules: &mut [Rules], mut with: impl FnMut(&mut Counter)) {
    for rules in rules {
        rules.counted.iter_mut().for_each(&mut with);
        for none in &mut rules.none {
            with(&mut none.counter);
        }
        for spread in &mut rules.spreads {
            with(&mut spread.counter);
        }
        if let Some(affinity) = &mut rules.affinity {
            affinity.some.iter_mut().for_each(&mut with);
            with(&mut affinity.anywhere);
        }
    }
}
