//! Which addresses are those of the cluster's pods today, and which service stands for a pod. Answers about addresses only, never
//! about who uses them.

use super::Sureness;
use crate::model::workload::{Labels, Pod, Service};
use crate::model::{Cluster, Inventory, IpNet, NetworkMode, cidr};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The cluster's pods by address.
pub(super) struct Pods<'a> {
    /// Ranges that pods draw from today: the node subnets, or kubenet's pod CIDR.
    pub ranges: Vec<IpNet>,
    by_address: BTreeMap<IpAddr, &'a Pod>,
    /// Addresses in those ranges of something that is no pod of this cluster.
    others: BTreeSet<IpAddr>,
    /// Every pod was read: an address without one has none now.
    complete: bool,
    services: BTreeMap<&'a str, Vec<&'a Service>>,
}

impl<'a> Pods<'a> {
    pub fn of(inventory: &'a Inventory, cluster: &'a Cluster) -> Self {
        let mut ranges: Vec<IpNet> = match cluster.mode() {
            Some(NetworkMode::Kubenet) => cluster.network.pod_cidrs.clone(),
            _ => cluster
                .pools
                .iter()
                .filter_map(|pool| pool.subnet)
                .flat_map(|index| inventory.subnet(index).prefixes.iter().copied())
                .collect(),
        };
        ranges.sort();
        ranges.dedup();
        let state = cluster.kubernetes.as_deref();
        let mut by_address = BTreeMap::new();
        for pod in state.into_iter().flat_map(|state| &state.pods) {
            let ended = matches!(pod.phase.as_deref(), Some("Succeeded" | "Failed"));
            if !pod.host_network && !ended {
                by_address.extend(pod.pod_ips.iter().map(|address| (*address, pod)));
            }
        }
        let mut others: BTreeSet<IpAddr> = state
            .into_iter()
            .flat_map(|state| &state.nodes)
            .flat_map(|node| node.addresses.iter().copied())
            .collect();
        for subnet in &inventory.subnets {
            others.extend(subnet.addresses.iter().map(|held| held.address));
        }
        for service in state.into_iter().flat_map(|state| &state.services) {
            others.extend(&service.load_balancer_ips);
        }
        // A subnet that clusters share has pods of each.
        for other in inventory
            .clusters
            .iter()
            .filter(|other| !is_same(other, cluster))
        {
            let state = other.kubernetes.as_deref();
            for pod in state.into_iter().flat_map(|state| &state.pods) {
                others.extend(&pod.pod_ips);
            }
            for node in state.into_iter().flat_map(|state| &state.nodes) {
                others.extend(&node.addresses);
            }
        }
        let mut services: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
        for service in state.into_iter().flat_map(|state| &state.services) {
            let of_namespace = services.entry(service.namespace.as_str()).or_default();
            of_namespace.push(service);
        }
        Pods {
            ranges,
            by_address,
            others,
            complete: state.is_some_and(|state| state.has_kind("Pod")),
            services,
        }
    }

    pub fn are_complete(&self) -> bool {
        self.complete
    }

    pub fn at(&self, address: IpAddr) -> Option<&'a Pod> {
        self.by_address.get(&address).copied()
    }

    /// Whether an address is a pod's; `None`: it is not.
    pub fn is_pods(&self, address: IpAddr) -> Option<Sureness> {
        if self.by_address.contains_key(&address) {
            return Some(Sureness::Certain);
        }
        let in_range = self.ranges.iter().any(|range| range.contains(&address));
        if !in_range || self.others.contains(&address) {
            return None;
        }
        // With all pods read, none has it now: one that came and went, or a machine that was not read.
        Some(if self.complete {
            Sureness::Possible
        } else {
            Sureness::Likely
        })
    }

    /// Whether a prefix lies among pod addresses without being all of a range: what names some pods, and not the subnet.
    pub fn is_within(&self, prefix: &IpNet) -> bool {
        self.ranges
            .iter()
            .any(|range| range.contains(prefix) && range != prefix)
    }

    pub fn meets(&self, prefix: &IpNet) -> bool {
        self.ranges.iter().any(|range| cidr::overlap(range, prefix))
    }

    /// How sure it is that a prefix names pods; `None`: it names none.
    pub fn names(&self, prefix: &IpNet) -> Option<Sureness> {
        if !self.meets(prefix) {
            return None;
        }
        if is_host(prefix) {
            return self.is_pods(prefix.addr());
        }
        let any = self
            .by_address
            .range(prefix.network()..=prefix.broadcast())
            .next()
            .is_some();
        Some(match (any, self.is_within(prefix)) {
            (true, true) => Sureness::Certain,
            (false, true) if !self.complete => Sureness::Likely,
            _ => Sureness::Possible,
        })
    }

    /// Services whose selector matches the pod, in order of name.
    pub fn services_of(&self, pod: &Pod) -> Vec<&'a Service> {
        let mut services: Vec<&Service> = self
            .services
            .get(pod.namespace.as_str())
            .into_iter()
            .flatten()
            .filter(|service| selects(&service.selector, &pod.labels))
            .copied()
            .collect();
        services.sort_by(|a, b| a.name.cmp(&b.name));
        services
    }

    /// Services that stand for the pods at these addresses, each once.
    pub fn services_at(&self, addresses: &[IpAddr]) -> Vec<&'a Service> {
        let mut services: Vec<&Service> = addresses
            .iter()
            .filter_map(|address| self.at(*address))
            .flat_map(|pod| self.services_of(pod))
            .collect();
        services.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        services.dedup_by(|a, b| a.namespace == b.namespace && a.name == b.name);
        services
    }

    /// `10.1.0.7 (shop/web-1)`, a few of them.
    pub fn said(&self, addresses: &[IpAddr]) -> String {
        const SHOWN: usize = 5;
        let mut words: Vec<String> = addresses
            .iter()
            .take(SHOWN)
            .map(|address| match self.at(*address) {
                Some(pod) => format!("{address} (pod {}/{})", pod.namespace, pod.name),
                None => address.to_string(),
            })
            .collect();
        if addresses.len() > SHOWN {
            words.push(format!("{} more", addresses.len() - SHOWN));
        }
        words.join(", ")
    }
}

/// An empty selector selects nothing: the endpoints are made by hand.
fn selects(selector: &Labels, labels: &Labels) -> bool {
    !selector.is_empty()
        && selector
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
}

pub(super) fn is_host(prefix: &IpNet) -> bool {
    prefix.prefix_len() == prefix.max_prefix_len()
}

/// Whether two are one cluster, perhaps read twice or changed in between.
pub(super) fn is_same(a: &Cluster, b: &Cluster) -> bool {
    match (&a.id, &b.id) {
        (Some(a), Some(b)) => a == b,
        _ => a.qualified_name().eq_ignore_ascii_case(&b.qualified_name()),
    }
}
