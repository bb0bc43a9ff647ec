//! What pods of one template have alike. Two pods of one shape are interchangeable for budgets and for placement.

use super::ShapeId;
use crate::model::KubernetesState;
use crate::model::workload::{
    HostPort, Labels, Placement, Pod, PodAffinityTerm, Resources, Selector,
};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What pods of one template have alike.
#[derive(Debug, Clone)]
pub struct Shape<'a> {
    pub namespace: &'a str,
    /// Those labels that any selector of the cluster looks at; the others decide nothing.
    pub labels: Labels,
    pub requests: &'a Resources,
    /// Of a DaemonSet's pods that of the first, the name of whose node stands in it: they are never placed.
    pub placement: Option<&'a Placement>,
    pub host_ports: &'a [HostPort],
    /// Claims in its own namespace.
    pub claims: &'a [String],
}

/// What tells shapes apart. Placements and requests are compared by value, once for each place they are stored at.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    namespace: &'a str,
    labels: usize,
    placement: usize,
    requests: (u64, u64, Vec<(&'a str, u64)>),
    host_ports: Vec<(u16, Option<&'a str>, Option<&'a str>)>,
    claims: &'a [String],
}

/// Finds the shape of one pod after the other.
pub(super) struct Shapes<'a> {
    /// Label keys that some selector names.
    relevant: BTreeSet<&'a str>,
    labels_at: HashMap<*const Labels, usize>,
    labels_like: HashMap<Labels, usize>,
    labels: Vec<Labels>,
    placement_at: HashMap<*const Placement, usize>,
    placement_like: HashMap<String, usize>,
    /// By namespace and DaemonSet.
    daemons: HashMap<(&'a str, &'a str), Vec<(usize, &'a Placement)>>,
    /// Different placements so far.
    placements: usize,
    by_key: HashMap<Key<'a>, ShapeId>,
    before: Option<(&'a Pod, ShapeId)>,
    pub all: Vec<Shape<'a>>,
}

impl<'a> Shapes<'a> {
    pub fn new(state: &'a KubernetesState) -> Self {
        Shapes {
            relevant: relevant_keys(state),
            labels_at: HashMap::new(),
            labels_like: HashMap::new(),
            labels: Vec::new(),
            placement_at: HashMap::new(),
            placement_like: HashMap::new(),
            daemons: HashMap::new(),
            placements: 0,
            by_key: HashMap::new(),
            before: None,
            all: Vec::new(),
        }
    }

    pub fn of(&mut self, pod: &'a Pod) -> ShapeId {
        // Pods of one workload stand side by side.
        if let Some((before, shape)) = self.before
            && Arc::ptr_eq(&pod.labels, &before.labels)
            && same(&pod.placement, &before.placement)
            && pod.namespace == before.namespace
            && pod.requests == before.requests
            && pod.host_ports == before.host_ports
            && pod.claims == before.claims
        {
            return shape;
        }
        let key = Key {
            namespace: &pod.namespace,
            labels: self.labels_of(&pod.labels),
            placement: match (&pod.owner, &pod.placement) {
                // Each names its own node, and none is ever placed: without this every one would be a shape of its own.
                (Some(owner), Some(placement))
                    if owner.kind == "DaemonSet" && names_its_node(pod, placement) =>
                {
                    self.daemon_of(&pod.namespace, &owner.name, placement)
                }
                (_, Some(placement)) => self.placement_of(placement),
                (_, None) => 0,
            },
            requests: (
                pod.requests.cpu_millis,
                pod.requests.memory,
                pod.requests
                    .other
                    .iter()
                    .map(|(name, amount)| (name.as_str(), *amount))
                    .collect(),
            ),
            host_ports: pod
                .host_ports
                .iter()
                .map(|port| (port.port, port.protocol.as_deref(), port.host_ip.as_deref()))
                .collect(),
            claims: &pod.claims,
        };
        let labels = key.labels;
        let shape = *self.by_key.entry(key).or_insert_with(|| {
            let shape = ShapeId::new(self.all.len());
            self.all.push(Shape {
                namespace: &pod.namespace,
                labels: self.labels[labels].clone(),
                requests: &pod.requests,
                placement: pod.placement.as_deref(),
                host_ports: &pod.host_ports,
                claims: &pod.claims,
            });
            shape
        });
        self.before = Some((pod, shape));
        shape
    }

    fn labels_of(&mut self, labels: &Arc<Labels>) -> usize {
        if let Some(known) = self.labels_at.get(&Arc::as_ptr(labels)) {
            return *known;
        }
        let kept: Labels = labels
            .iter()
            .filter(|(key, _)| self.relevant.contains(key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let next = self.labels.len();
        let position = *self.labels_like.entry(kept.clone()).or_insert(next);
        if position == next {
            self.labels.push(kept);
        }
        self.labels_at.insert(Arc::as_ptr(labels), position);
        position
    }

    fn daemon_of(&mut self, namespace: &'a str, name: &'a str, placement: &'a Placement) -> usize {
        let known = self.daemons.entry((namespace, name)).or_default();
        // One, or two while the DaemonSet is rolled out.
        if let Some((position, _)) = known.iter().find(|(_, one)| alike(one, placement)) {
            return *position;
        }
        self.placements += 1;
        known.push((self.placements, placement));
        self.placements
    }

    /// From 1 on: 0 is a pod without constraints.
    fn placement_of(&mut self, placement: &Arc<Placement>) -> usize {
        if let Some(known) = self.placement_at.get(&Arc::as_ptr(placement)) {
            return *known;
        }
        let next = self.placements + 1;
        let position = *self
            .placement_like
            .entry(format!("{placement:?}"))
            .or_insert(next);
        self.placements = self.placements.max(position);
        self.placement_at.insert(Arc::as_ptr(placement), position);
        position
    }
}

/// Whether every term of its affinity holds for the one node it is on, as the DaemonSet controller writes it.
fn names_its_node(pod: &Pod, placement: &Placement) -> bool {
    let terms = &placement.node_affinity;
    !terms.is_empty()
        && terms.iter().all(|term| {
            matches!(term.match_fields.as_slice(), [field]
                if field.key == "metadata.name"
                    && field.operator == "In"
                    && field.values.len() == 1
                    && Some(&field.values[0]) == pod.node_name.as_ref())
        })
}

/// Whether two placements differ at most in the node that they name.
fn alike(one: &Placement, other: &Placement) -> bool {
    let expressions = |placement: &Placement| {
        placement
            .node_affinity
            .iter()
            .map(|term| term.match_expressions.clone())
            .collect::<Vec<_>>()
    };
    one.node_selector == other.node_selector
        && one.pod_affinity == other.pod_affinity
        && one.pod_anti_affinity == other.pod_anti_affinity
        && one.topology_spread == other.topology_spread
        && one.tolerations == other.tolerations
        && one.scheduler == other.scheduler
        && one.gated == other.gated
        && expressions(one) == expressions(other)
}

fn same(one: &Option<Arc<Placement>>, other: &Option<Arc<Placement>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

/// Keys that budgets, affinities and spreads look at.
fn relevant_keys(state: &KubernetesState) -> BTreeSet<&str> {
    let mut keys = BTreeSet::new();
    for budget in &state.disruption_budgets {
        keys_of(budget.selector.as_ref(), &mut keys);
    }
    let mut seen: BTreeSet<*const Placement> = BTreeSet::new();
    for pod in &state.pods {
        let Some(placement) = &pod.placement else {
            continue;
        };
        if !seen.insert(Arc::as_ptr(placement)) {
            continue;
        }
        let terms = placement.pod_affinity.iter();
        for PodAffinityTerm { selector, .. } in terms.chain(&placement.pod_anti_affinity) {
            keys_of(selector.as_ref(), &mut keys);
        }
        for spread in &placement.topology_spread {
            keys_of(spread.selector.as_ref(), &mut keys);
            keys.extend(spread.match_label_keys.iter().map(String::as_str));
        }
    }
    keys
}

fn keys_of<'a>(selector: Option<&'a Selector>, keys: &mut BTreeSet<&'a str>) {
    if let Some(selector) = selector {
        keys.extend(selector.match_labels.keys().map(String::as_str));
        keys.extend(
            selector
                .match_expressions
                .iter()
                .map(|requirement| requirement.key.as_str()),
        );
    }
}
