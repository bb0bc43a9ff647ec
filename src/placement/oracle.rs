//! kube-scheduler's filters (1.34) written down as they read there, on the model's own objects: every constraint looks at every node
//! and every pod again. For tests: slow, and without anything that [`super::Places`] works out.

use crate::model::KubernetesState;
use crate::model::workload::{
    AttachLimit, HostPort, Labels, NodeSelectorRequirement, NodeSelectorTerm, PersistentVolume,
    Placement, Pod, PodAffinityTerm, Resources, Selector, SelectorRequirement, Taint, Toleration,
    TopologySpread,
};
use crate::population::selector::{Meaning, judge, matches};
use std::collections::{BTreeMap, BTreeSet};

/// A node as the scheduler sees it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub name: String,
    pub labels: Labels,
    /// Those of the moment among them.
    pub taints: Vec<Taint>,
    pub unschedulable: bool,
    pub ready: bool,
    pub allocatable: Resources,
    pub limits: Vec<AttachLimit>,
}

/// A pod on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    pub pod: usize,
    pub node: usize,
    pub deleting: bool,
}

pub struct World<'a> {
    pub state: &'a KubernetesState,
    /// `None`: there is no such node.
    pub nodes: Vec<Option<Seen>>,
    pub bound: Vec<Bound>,
}

impl World<'_> {
    pub fn fits(&self, pod: &Pod, node: usize) -> bool {
        let on_it: Vec<&Pod> = self
            .bound
            .iter()
            .filter(|bound| bound.node == node)
            .map(|bound| &self.state.pods[bound.pod])
            .collect();
        self.nodes[node]
            .as_ref()
            .is_some_and(|seen| seen.ready && self.passes(pod, seen, &on_it))
    }

    /// `on_it`: pods on this node, which need not be one of the cluster's.
    pub fn passes(&self, pod: &Pod, node: &Seen, on_it: &[&Pod]) -> bool {
        let placement = pod.placement.as_deref().cloned().unwrap_or_default();
        let lasting = self.volumes_are_there(pod) && !placement.gated && selectors_are_valid(pod);
        lasting
            && (!node.unschedulable || tolerates(&placement.tolerations, &cordon()))
            && node
                .taints
                .iter()
                .filter(|taint| taint.effect == "NoSchedule" || taint.effect == "NoExecute")
                .all(|taint| tolerates(&placement.tolerations, taint))
            && node_affinity(&placement, node)
            && ports_are_free(pod, on_it)
            && resources_fit(pod, node, on_it)
            && self.volumes_fit(pod, node, on_it)
            && self.volumes_reach(pod, node)
            && placement
                .topology_spread
                .iter()
                .all(|spread| self.is_even(pod, &placement, spread, node))
            && self.affinity_holds(pod, &placement, node)
            && self.anti_affinity_holds(pod, &placement, node)
    }

    fn volume_of(&self, pod: &Pod, claim: &str) -> Option<&PersistentVolume> {
        let claim = self
            .state
            .persistent_volume_claims
            .iter()
            .find(|known| known.namespace == pod.namespace && known.name == claim)?;
        let name = claim.volume.as_ref()?;
        let mut volumes = self.state.persistent_volumes.iter();
        volumes.find(|volume| volume.name == *name)
    }

    fn volumes_are_there(&self, pod: &Pod) -> bool {
        pod.claims.iter().all(|name| {
            let claim = self
                .state
                .persistent_volume_claims
                .iter()
                .find(|known| known.namespace == pod.namespace && known.name == *name);
            match claim {
                None => !self.state.has_kind("PersistentVolumeClaim"),
                Some(claim) if claim.volume.is_none() => true,
                Some(_) => {
                    self.volume_of(pod, name).is_some() || !self.state.has_kind("PersistentVolume")
                }
            }
        })
    }

    fn volumes_reach(&self, pod: &Pod, node: &Seen) -> bool {
        pod.claims
            .iter()
            .filter_map(|claim| self.volume_of(pod, claim))
            .all(|volume| {
                volume.node_affinity.is_empty() || terms_match(&volume.node_affinity, node)
            })
    }

    fn volumes_fit(&self, pod: &Pod, node: &Seen, on_it: &[&Pod]) -> bool {
        let volumes = |pod: &Pod| -> BTreeSet<(String, String)> {
            pod.claims
                .iter()
                .filter_map(|claim| self.volume_of(pod, claim))
                .filter_map(|volume| Some((volume.driver.clone()?, volume.name.clone())))
                .collect()
        };
        let attached: BTreeSet<_> = on_it.iter().flat_map(|pod| volumes(pod)).collect();
        let new: BTreeSet<_> = volumes(pod).difference(&attached).cloned().collect();
        node.limits.iter().all(|limit| {
            let of = |all: &BTreeSet<(String, String)>| {
                all.iter()
                    .filter(|(driver, _)| *driver == limit.driver)
                    .count() as u64
            };
            limit
                .most
                .is_none_or(|most| of(&new) == 0 || of(&attached) + of(&new) <= most)
        })
    }

    fn pods_on(&self, of: impl Fn(&Seen) -> bool) -> Vec<(&Pod, bool)> {
        self.bound
            .iter()
            .filter(|bound| self.nodes[bound.node].as_ref().is_some_and(&of))
            .map(|bound| (&self.state.pods[bound.pod], bound.deleting))
            .collect()
    }

    fn is_even(
        &self,
        pod: &Pod,
        placement: &Placement,
        spread: &TopologySpread,
        node: &Seen,
    ) -> bool {
        let key = &spread.topology_key;
        let Some(value) = node.labels.get(key) else {
            return false;
        };
        let mut selector = spread.selector.clone();
        if let Some(selector) = &mut selector {
            for key in &spread.match_label_keys {
                if let Some(value) = pod.labels.get(key) {
                    selector.match_expressions.push(SelectorRequirement {
                        key: key.clone(),
                        operator: "In".to_string(),
                        values: vec![value.clone()],
                    });
                }
            }
        }
        let counts = |other: &Seen| {
            let all = &placement.topology_spread;
            let has_keys = all
                .iter()
                .all(|spread| other.labels.contains_key(&spread.topology_key));
            let affinity = spread.node_affinity_policy.as_deref() == Some("Ignore")
                || node_affinity(placement, other);
            let taints = spread.node_taints_policy.as_deref() != Some("Honor")
                || other
                    .taints
                    .iter()
                    .filter(|taint| taint.effect != "PreferNoSchedule")
                    .all(|taint| tolerates(&placement.tolerations, taint));
            has_keys && affinity && taints
        };
        let mut by_value: BTreeMap<&String, i64> = BTreeMap::new();
        for other in self.nodes.iter().flatten().filter(|other| counts(other)) {
            by_value.insert(&other.labels[key], 0);
        }
        for (value, number) in &mut by_value {
            let pods = self.pods_on(|other| counts(other) && other.labels.get(key) == Some(value));
            *number = pods
                .iter()
                .filter(|(other, deleting)| {
                    !deleting
                        && other.namespace == pod.namespace
                        && selector.as_ref().is_some_and(|selector| {
                            *selector != Selector::default() && matches(selector, &other.labels)
                        })
                })
                .count() as i64;
        }
        let enough = by_value.len() as u64 >= spread.min_domains.unwrap_or(1);
        let fewest = if enough {
            by_value.values().min().copied().unwrap_or(0)
        } else {
            0
        };
        let own = selector.is_some_and(|selector| matches(&selector, &pod.labels));
        let here = by_value.get(value).copied().unwrap_or(0);
        here + i64::from(own) - fewest <= spread.max_skew as i64
    }

    fn means(&self, term: &PodAffinityTerm, owner: &Pod, pod: &Pod) -> bool {
        let labels = |name: &str| {
            let mut namespaces = self.state.namespaces.iter();
            let known = namespaces.find(|namespace| namespace.name == name);
            let mut labels = known.map(|known| known.labels.clone()).unwrap_or_default();
            labels
                .entry("kubernetes.io/metadata.name".to_string())
                .or_insert(name.to_string());
            labels
        };
        let namespace = if term.namespaces.is_empty() && term.namespace_selector.is_none() {
            pod.namespace == owner.namespace
        } else {
            term.namespaces.contains(&pod.namespace)
                || term
                    .namespace_selector
                    .as_ref()
                    .is_some_and(|selector| matches(selector, &labels(&pod.namespace)))
        };
        namespace
            && term
                .selector
                .as_ref()
                .is_some_and(|selector| matches(selector, &pod.labels))
    }

    fn affinity_holds(&self, pod: &Pod, placement: &Placement, node: &Seen) -> bool {
        let terms = &placement.pod_affinity;
        let means_all = |other: &Pod| terms.iter().all(|term| self.means(term, pod, other));
        let mut nowhere = true;
        let mut here = true;
        for term in terms {
            let Some(value) = node.labels.get(&term.topology_key) else {
                return false;
            };
            let with_key = self.pods_on(|other| other.labels.contains_key(&term.topology_key));
            nowhere &= !with_key.iter().any(|(other, _)| means_all(other));
            let beside = self.pods_on(|other| other.labels.get(&term.topology_key) == Some(value));
            here &= beside.iter().any(|(other, _)| means_all(other));
        }
        here || nowhere && means_all(pod)
    }

    fn anti_affinity_holds(&self, pod: &Pod, placement: &Placement, node: &Seen) -> bool {
        let beside = |key: &str| {
            let value = node.labels.get(key);
            self.pods_on(|other| value.is_some() && other.labels.get(key) == value)
        };
        let own = placement.pod_anti_affinity.iter().all(|term| {
            let beside = beside(&term.topology_key);
            !beside.iter().any(|(other, _)| self.means(term, pod, other))
        });
        let everywhere = self.pods_on(|_| true);
        own && everywhere.iter().all(|(other, _)| {
            let Some(theirs) = other
                .placement
                .as_deref()
                .filter(|_| selectors_are_valid(other))
            else {
                return true;
            };
            theirs
                .pod_anti_affinity
                .iter()
                .filter(|term| self.means(term, other, pod))
                .all(|term| {
                    let beside = beside(&term.topology_key);
                    !beside.iter().any(|(one, _)| std::ptr::eq(*one, *other))
                })
        })
    }
}

pub fn cordon() -> Taint {
    Taint {
        key: "node.kubernetes.io/unschedulable".to_string(),
        value: None,
        effect: "NoSchedule".to_string(),
    }
}

fn selectors_are_valid(pod: &Pod) -> bool {
    let Some(placement) = pod.placement.as_deref() else {
        return true;
    };
    let terms = placement
        .pod_affinity
        .iter()
        .chain(&placement.pod_anti_affinity);
    let of_terms = terms.flat_map(|term| [&term.selector, &term.namespace_selector]);
    let of_spreads = placement
        .topology_spread
        .iter()
        .map(|spread| &spread.selector);
    of_terms
        .chain(of_spreads)
        .flatten()
        .all(|selector| judge(selector, &Labels::new()) != Meaning::Invalid)
}

fn tolerates(tolerations: &[Toleration], taint: &Taint) -> bool {
    for toleration in tolerations {
        if let Some(effect) = &toleration.effect
            && *effect != taint.effect
        {
            continue;
        }
        if let Some(key) = &toleration.key
            && *key != taint.key
        {
            continue;
        }
        let equal =
            toleration.value.clone().unwrap_or_default() == taint.value.clone().unwrap_or_default();
        match toleration.operator.as_deref() {
            Some("Exists") => return true,
            None | Some("Equal") if equal => return true,
            _ => {}
        }
    }
    false
}

fn node_affinity(placement: &Placement, node: &Seen) -> bool {
    for (key, value) in &placement.node_selector {
        if node.labels.get(key) != Some(value) {
            return false;
        }
    }
    placement.node_affinity.is_empty() || terms_match(&placement.node_affinity, node)
}

fn terms_match(terms: &[NodeSelectorTerm], node: &Seen) -> bool {
    for term in terms {
        let parts = term.match_expressions.len() + term.match_fields.len();
        let mut met = 0;
        for requirement in &term.match_expressions {
            met += usize::from(is_met(requirement, node.labels.get(&requirement.key)));
        }
        for field in &term.match_fields {
            let one = field.values.len() == 1;
            let same = one && field.key == "metadata.name" && field.values[0] == node.name;
            met += usize::from(match field.operator.as_str() {
                "In" => same,
                "NotIn" => one && !same,
                _ => false,
            });
        }
        if parts > 0 && met == parts {
            return true;
        }
    }
    false
}

fn is_met(requirement: &NodeSelectorRequirement, value: Option<&String>) -> bool {
    let values: BTreeSet<&String> = requirement.values.iter().collect();
    let bound = || {
        let [bound] = requirement.values.as_slice() else {
            return None;
        };
        bound.parse::<i64>().ok()
    };
    let number = || value?.parse::<i64>().ok();
    match requirement.operator.as_str() {
        "In" if !values.is_empty() => value.is_some() && values.contains(value.unwrap()),
        "NotIn" if !values.is_empty() => value.is_none() || !values.contains(value.unwrap()),
        "Exists" if values.is_empty() => value.is_some(),
        "DoesNotExist" if values.is_empty() => value.is_none(),
        "Gt" => bound()
            .zip(number())
            .is_some_and(|(bound, number)| number > bound),
        "Lt" => bound()
            .zip(number())
            .is_some_and(|(bound, number)| number < bound),
        _ => false,
    }
}

fn ports_are_free(pod: &Pod, on_it: &[&Pod]) -> bool {
    let protocol = |port: &HostPort| port.protocol.clone().unwrap_or("TCP".to_string());
    let address = |port: &HostPort| port.host_ip.clone().unwrap_or("0.0.0.0".to_string());
    for wanted in &pod.host_ports {
        for taken in on_it.iter().flat_map(|pod| &pod.host_ports) {
            let addresses = [address(wanted), address(taken)];
            if wanted.port == taken.port
                && protocol(wanted) == protocol(taken)
                && (addresses[0] == addresses[1] || addresses.contains(&"0.0.0.0".to_string()))
            {
                return false;
            }
        }
    }
    true
}

fn resources_fit(pod: &Pod, node: &Seen, on_it: &[&Pod]) -> bool {
    let all = |resources: &Resources| {
        let mut all = resources.other.clone();
        all.insert("cpu".to_string(), resources.cpu_millis);
        all.insert("memory".to_string(), resources.memory);
        all
    };
    let have = all(&node.allocatable);
    let pods = have.get("pods").copied().unwrap_or(0);
    let fits = all(&pod.requests).into_iter().all(|(resource, wanted)| {
        let used: u64 = on_it
            .iter()
            .map(|other| all(&other.requests).get(&resource).copied().unwrap_or(0))
            .sum();
        wanted == 0 || used + wanted <= have.get(&resource).copied().unwrap_or(0)
    });
    fits && (on_it.len() as u64) < pods
}
