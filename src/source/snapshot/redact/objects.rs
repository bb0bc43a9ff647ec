//! Kubernetes objects without names. A field that is added to an object does not compile here until somebody decides about it.

use super::Redactor;
use crate::model::KubernetesState;
use crate::model::workload::{
    DisruptionBudget, Labels, Node, Owner, Pod, Selector, SelectorRequirement, Service, Taint,
    Workload,
};
use std::collections::BTreeMap;

impl Redactor {
    pub(super) fn kubernetes(&mut self, state: KubernetesState) -> KubernetesState {
        let KubernetesState {
            nodes,
            pods,
            services,
            disruption_budgets,
            workloads,
            config_maps,
            kinds,
        } = state;
        KubernetesState {
            nodes: each(nodes, |node| self.node(node)),
            pods: each(pods, |pod| self.pod(pod)),
            services: each(services, |service| self.service(service)),
            disruption_budgets: each(disruption_budgets, |budget| self.budget(budget)),
            workloads: each(workloads, |workload| self.workload(workload)),
            config_maps: each(config_maps, |(namespace, name)| {
                (self.names.name(&namespace), self.names.name(&name))
            }),
            kinds: each(kinds, |kind| self.names.known(&kind)),
        }
    }

    fn node(&mut self, node: Node) -> Node {
        let Node {
            name,
            labels,
            provider_id,
            unschedulable,
            ready,
            taints,
            allocatable,
            addresses,
            pod_cidrs,
            created_at,
        } = node;
        Node {
            name: self.names.name(&name),
            labels: self.labels(labels),
            provider_id: provider_id.map(|id| self.names.path(&id)),
            unschedulable,
            ready,
            taints: each(taints, |taint| self.taint(taint)),
            allocatable: self.quantities(allocatable),
            addresses: self.addresses(addresses),
            pod_cidrs: each(pod_cidrs, |text| self.written_net(&text)),
            created_at: self.names.instant(created_at),
        }
    }

    fn taint(&mut self, taint: Taint) -> Taint {
        let Taint { key, value, effect } = taint;
        Taint {
            value: value.map(|value| self.names.value(&key, &value)),
            key: self.names.key(&key),
            effect: self.names.known(&effect),
        }
    }

    fn owner(&mut self, owner: Owner) -> Owner {
        let Owner { kind, name, uid } = owner;
        Owner {
            kind: self.names.known(&kind),
            name: self.names.name(&name),
            uid: self.names.maybe(uid),
        }
    }

    fn pod(&mut self, pod: Pod) -> Pod {
        let Pod {
            namespace,
            name,
            labels,
            owner,
            node_name,
            phase,
            host_network,
            pod_ips,
            ready,
            deleting,
            mirror,
            local_storage,
            requests,
            termination_grace_seconds,
            created_at,
        } = pod;
        Pod {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            labels: self.labels(labels),
            owner: owner.map(|owner| self.owner(owner)),
            node_name: self.names.maybe(node_name),
            phase: self.names.word(phase),
            host_network,
            pod_ips: self.addresses(pod_ips),
            ready,
            deleting,
            mirror,
            local_storage,
            requests: each(requests, |requests| self.quantities(requests)),
            termination_grace_seconds,
            created_at: self.names.instant(created_at),
        }
    }

    fn service(&mut self, service: Service) -> Service {
        let Service {
            namespace,
            name,
            kind,
            internal_load_balancer,
            internal_subnet,
            load_balancer_ips,
            private_link_addresses,
        } = service;
        Service {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            kind: self.names.known(&kind),
            internal_load_balancer,
            internal_subnet: self.names.maybe(internal_subnet),
            load_balancer_ips: self.addresses(load_balancer_ips),
            private_link_addresses,
        }
    }

    fn budget(&mut self, budget: DisruptionBudget) -> DisruptionBudget {
        let DisruptionBudget {
            namespace,
            name,
            selector,
            min_available,
            max_unavailable,
            unhealthy_pod_eviction_policy,
            disruptions_allowed,
            current_healthy,
            desired_healthy,
            expected_pods,
            generation,
            observed_generation,
        } = budget;
        DisruptionBudget {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            selector: selector.map(|selector| self.selector(selector)),
            min_available,
            max_unavailable,
            unhealthy_pod_eviction_policy: self.names.word(unhealthy_pod_eviction_policy),
            disruptions_allowed,
            current_healthy,
            desired_healthy,
            expected_pods,
            generation,
            observed_generation,
        }
    }

    fn workload(&mut self, workload: Workload) -> Workload {
        let Workload {
            kind,
            namespace,
            name,
            uid,
            owner,
            replicas,
            selector,
        } = workload;
        Workload {
            kind: self.names.known(&kind),
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            uid: self.names.maybe(uid),
            owner: owner.map(|owner| self.owner(owner)),
            replicas,
            selector: selector.map(|selector| self.selector(selector)),
        }
    }

    fn selector(&mut self, selector: Selector) -> Selector {
        let Selector {
            match_labels,
            match_expressions,
        } = selector;
        Selector {
            match_labels: self.labels(match_labels),
            match_expressions: each(match_expressions, |requirement| {
                self.requirement(requirement)
            }),
        }
    }

    fn requirement(&mut self, requirement: SelectorRequirement) -> SelectorRequirement {
        let SelectorRequirement {
            key,
            operator,
            values,
        } = requirement;
        SelectorRequirement {
            values: each(values, |value| self.names.value(&key, &value)),
            key: self.names.key(&key),
            operator: self.names.known(&operator),
        }
    }

    fn labels(&mut self, labels: Labels) -> Labels {
        labels
            .into_iter()
            .map(|(key, value)| (self.names.key(&key), self.names.value(&key, &value)))
            .collect()
    }

    /// Resources by name, with quantities.
    fn quantities(&mut self, quantities: BTreeMap<String, String>) -> BTreeMap<String, String> {
        quantities
            .into_iter()
            .map(|(key, value)| (self.names.key(&key), self.names.quantity(&value)))
            .collect()
    }

    /// A prefix that is kept as a text.
    fn written_net(&mut self, text: &str) -> String {
        match text.parse() {
            Ok(net) => self.net(net).to_string(),
            Err(_) => self.names.name(text),
        }
    }
}

fn each<T, U>(all: Vec<T>, change: impl FnMut(T) -> U) -> Vec<U> {
    all.into_iter().map(change).collect()
}
