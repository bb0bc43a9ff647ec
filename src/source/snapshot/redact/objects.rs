//! Kubernetes objects without names. A field that is added to an object does not compile here until somebody decides about it.

use super::Redactor;
use crate::model::KubernetesState;
use crate::model::workload::{
    AttachLimit, CsiNode, DisruptionBudget, EndpointSlice, EventCount, HostPort, Ingress, IpBlock,
    IpMasqConfig, Labels, Namespace, NetworkContainer, NetworkPolicy, Node, NodeNetworkConfig,
    NodeSelectorRequirement, NodeSelectorTerm, Owner, PersistentVolume, PersistentVolumeClaim,
    Placement, Pod, PodAffinityTerm, Resources, Selector, SelectorRequirement, Service,
    ServiceCidr, ServicePort, Taint, Toleration, TopologySpread, Workload,
};
use std::sync::Arc;

impl Redactor {
    pub(super) fn kubernetes(&mut self, state: KubernetesState) -> KubernetesState {
        let KubernetesState {
            nodes,
            pods,
            services,
            disruption_budgets,
            workloads,
            config_maps,
            ip_masq_configs,
            namespaces,
            endpoint_slices,
            ingresses,
            network_policies,
            persistent_volumes,
            persistent_volume_claims,
            csi_nodes,
            node_network_configs,
            service_cidrs,
            platform,
            events,
            kinds,
            partial_kinds,
            absent_kinds,
        } = state;
        let mut redacted = KubernetesState {
            nodes: each(nodes, |node| self.node(node)),
            pods: self.pods(pods),
            services: each(services, |service| self.service(service)),
            disruption_budgets: each(disruption_budgets, |budget| self.budget(budget)),
            workloads: each(workloads, |workload| self.workload(workload)),
            config_maps: each(config_maps, |(namespace, name)| {
                (self.names.name(&namespace), self.names.name(&name))
            }),
            ip_masq_configs: each(ip_masq_configs, |config| self.ip_masq(config)),
            namespaces: each(namespaces, |Namespace { name, labels }| Namespace {
                name: self.names.name(&name),
                labels: self.labels(labels),
            }),
            endpoint_slices: each(endpoint_slices, |slice| self.endpoint_slice(slice)),
            ingresses: each(ingresses, |ingress| self.ingress(ingress)),
            network_policies: each(network_policies, |policy| self.network_policy(policy)),
            persistent_volumes: each(persistent_volumes, |volume| self.volume(volume)),
            persistent_volume_claims: each(persistent_volume_claims, |claim| self.claim(claim)),
            csi_nodes: each(csi_nodes, |node| self.csi_node(node)),
            node_network_configs: each(node_network_configs, |config| self.node_network(config)),
            service_cidrs: each(service_cidrs, |ServiceCidr { name, cidrs, ready }| {
                ServiceCidr {
                    name: self.names.name(&name),
                    cidrs: self.written_nets(cidrs),
                    ready,
                }
            }),
            platform: self.platform_objects(platform),
            events: Vec::new(),
            kinds: each(kinds, |kind| self.names.known(&kind)),
            partial_kinds: each(partial_kinds, |kind| self.names.known(&kind)),
            absent_kinds: each(absent_kinds, |kind| self.names.known(&kind)),
        };
        // They are kept in order of name, and names are new.
        for event in events {
            let event = self.event(event);
            redacted.note_event(event);
        }
        redacted
    }

    fn event(&mut self, event: EventCount) -> EventCount {
        let EventCount {
            reason,
            kind,
            object_kind,
            namespace,
            name,
            count,
            first_seen,
            last_seen,
            message: _,
        } = event;
        EventCount {
            reason: self.names.reason(&reason),
            kind: self.names.known(&kind),
            object_kind: self.names.known(&object_kind),
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            count,
            first_seen,
            last_seen,
            // Free text, full of names.
            message: String::new(),
        }
    }

    fn node(&mut self, node: Node) -> Node {
        let Node {
            name,
            labels,
            provider_id,
            unschedulable,
            ready,
            ready_changed_at,
            taints,
            allocatable,
            addresses,
            pod_cidrs,
            created_at,
            kubelet_version,
        } = node;
        Node {
            name: self.names.name(&name),
            labels: self.labels(labels),
            provider_id: provider_id.map(|id| self.names.path(&id)),
            unschedulable,
            ready,
            ready_changed_at,
            taints: each(taints, |taint| self.taint(taint)),
            allocatable: self.resources(allocatable),
            addresses: self.addresses(addresses),
            pod_cidrs: self.written_nets(pod_cidrs),
            created_at,
            kubelet_version: self.names.version(kubelet_version),
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

    /// What pods have alike they have alike afterwards, and hold once.
    fn pods(&mut self, pods: Vec<Pod>) -> Vec<Pod> {
        let mut redacted: Vec<Pod> = Vec::with_capacity(pods.len());
        for pod in pods {
            let mut pod = self.pod(pod);
            if let Some(before) = redacted.last() {
                pod.share_with(before);
            }
            redacted.push(pod);
        }
        redacted
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
            uid,
            labels,
            owner,
            service_account,
            client_secret,
            identity_binding,
            node_name,
            phase,
            host_network,
            pod_ips,
            ready,
            mirror,
            local_storage,
            host_path,
            claims,
            requests,
            host_ports,
            placement,
            priority,
            termination_grace_seconds,
            created_at,
            scheduled_at,
            started_at,
            ready_changed_at,
            deleting_at,
        } = pod;
        Pod {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            uid: self.names.maybe(uid),
            labels: Arc::new(self.labels(Arc::unwrap_or_clone(labels))),
            owner: owner.map(|owner| Arc::new(self.owner(Arc::unwrap_or_clone(owner)))),
            service_account: service_account.map(|name| Arc::new(self.names.name(&name))),
            client_secret,
            identity_binding,
            node_name: self.names.maybe(node_name),
            phase: self.names.word(phase),
            host_network,
            pod_ips: self.addresses(pod_ips),
            ready,
            mirror,
            local_storage,
            host_path,
            claims: each(claims, |claim| self.names.name(&claim)),
            requests: self.resources(requests),
            host_ports: each(
                host_ports,
                |HostPort {
                     port,
                     protocol,
                     host_ip,
                 }| HostPort {
                    port,
                    protocol: self.names.word(protocol),
                    host_ip: host_ip.map(|address| self.written_address(&address)),
                },
            ),
            placement: placement
                .map(|placement| Arc::new(self.placement(Arc::unwrap_or_clone(placement)))),
            priority,
            termination_grace_seconds,
            created_at,
            scheduled_at,
            started_at,
            ready_changed_at,
            deleting_at,
        }
    }

    fn placement(&mut self, placement: Placement) -> Placement {
        let Placement {
            node_selector,
            node_affinity,
            pod_affinity,
            pod_anti_affinity,
            topology_spread,
            tolerations,
            scheduler,
            gated,
        } = placement;
        Placement {
            node_selector: self.labels(node_selector),
            node_affinity: each(node_affinity, |term| self.node_term(term)),
            pod_affinity: each(pod_affinity, |term| self.pod_term(term)),
            pod_anti_affinity: each(pod_anti_affinity, |term| self.pod_term(term)),
            topology_spread: each(topology_spread, |spread| self.spread(spread)),
            tolerations: each(tolerations, |toleration| self.toleration(toleration)),
            scheduler: self.names.word(scheduler),
            gated,
        }
    }

    fn node_term(&mut self, term: NodeSelectorTerm) -> NodeSelectorTerm {
        let NodeSelectorTerm {
            match_expressions,
            match_fields,
        } = term;
        NodeSelectorTerm {
            match_expressions: each(match_expressions, |one| self.node_requirement(one)),
            match_fields: each(match_fields, |one| self.node_requirement(one)),
        }
    }

    fn node_requirement(
        &mut self,
        requirement: NodeSelectorRequirement,
    ) -> NodeSelectorRequirement {
        let NodeSelectorRequirement {
            key,
            operator,
            values,
        } = requirement;
        NodeSelectorRequirement {
            values: each(values, |value| self.names.value(&key, &value)),
            key: self.names.key(&key),
            operator: self.names.known(&operator),
        }
    }

    fn pod_term(&mut self, term: PodAffinityTerm) -> PodAffinityTerm {
        let PodAffinityTerm {
            topology_key,
            selector,
            namespaces,
            namespace_selector,
        } = term;
        PodAffinityTerm {
            topology_key: self.names.key(&topology_key),
            selector: selector.map(|selector| self.selector(selector)),
            namespaces: each(namespaces, |namespace| self.names.name(&namespace)),
            namespace_selector: namespace_selector.map(|selector| self.selector(selector)),
        }
    }

    fn spread(&mut self, spread: TopologySpread) -> TopologySpread {
        let TopologySpread {
            max_skew,
            topology_key,
            selector,
            min_domains,
            node_affinity_policy,
            node_taints_policy,
            match_label_keys,
        } = spread;
        TopologySpread {
            max_skew,
            topology_key: self.names.key(&topology_key),
            selector: selector.map(|selector| self.selector(selector)),
            min_domains,
            node_affinity_policy: self.names.word(node_affinity_policy),
            node_taints_policy: self.names.word(node_taints_policy),
            match_label_keys: each(match_label_keys, |key| self.names.key(&key)),
        }
    }

    fn toleration(&mut self, toleration: Toleration) -> Toleration {
        let Toleration {
            key,
            operator,
            value,
            effect,
            seconds,
        } = toleration;
        let of = key.clone().unwrap_or_default();
        Toleration {
            key: key.map(|key| self.names.key(&key)),
            operator: self.names.word(operator),
            value: value.map(|value| self.names.value(&of, &value)),
            effect: self.names.word(effect),
            seconds,
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
            cluster_ips,
            headless,
            external_name,
            selector,
            ports,
            external_traffic_policy,
        } = service;
        Service {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            kind: self.names.known(&kind),
            internal_load_balancer,
            internal_subnet: self.names.maybe(internal_subnet),
            load_balancer_ips: self.addresses(load_balancer_ips),
            private_link_addresses,
            cluster_ips: each(cluster_ips, |address| self.service_address(address)),
            headless,
            external_name: self.names.maybe(external_name),
            selector: self.labels(selector),
            ports: each(
                ports,
                |ServicePort {
                     name,
                     port,
                     target_port,
                     protocol,
                 }| ServicePort {
                    name: self.names.maybe(name),
                    port,
                    // A number says nothing; a name may.
                    target_port: target_port.map(|target| match target.parse::<u16>() {
                        Ok(_) => target,
                        Err(_) => self.names.name(&target),
                    }),
                    protocol: self.names.word(protocol),
                },
            ),
            external_traffic_policy: self.names.word(external_traffic_policy),
        }
    }

    fn endpoint_slice(&mut self, slice: EndpointSlice) -> EndpointSlice {
        let EndpointSlice {
            namespace,
            name,
            service,
            managed_by,
            endpoints,
            ready_endpoints,
            addresses,
        } = slice;
        EndpointSlice {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            service: self.names.maybe(service),
            managed_by: self.names.word(managed_by),
            endpoints,
            ready_endpoints,
            addresses: each(addresses, |address| self.written_address(&address)),
        }
    }

    fn ingress(&mut self, ingress: Ingress) -> Ingress {
        let Ingress {
            namespace,
            name,
            class,
            class_by_annotation,
            hosts,
            tls,
            services,
            load_balancer_ips,
            load_balancer_named,
        } = ingress;
        Ingress {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            class: self.names.word(class),
            class_by_annotation,
            // Both are sorted, and names are new.
            hosts: sorted(each(hosts, |host| self.names.name(&host))),
            tls: tls.map(|tls| each(tls, |one| self.ingress_tls(one))),
            services: sorted(each(services, |service| self.names.name(&service))),
            load_balancer_named,
            load_balancer_ips: self.addresses(load_balancer_ips),
        }
    }

    fn network_policy(&mut self, policy: NetworkPolicy) -> NetworkPolicy {
        let NetworkPolicy {
            namespace,
            name,
            pod_selector,
            policy_types,
            ingress_rules,
            egress_rules,
            ingress_open,
            egress_open,
            ip_blocks,
        } = policy;
        NetworkPolicy {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            pod_selector: self.selector(pod_selector),
            policy_types: each(policy_types, |kind| self.names.known(&kind)),
            ingress_rules,
            egress_rules,
            ingress_open,
            egress_open,
            ip_blocks: each(
                ip_blocks,
                |IpBlock {
                     direction,
                     cidr,
                     except,
                     beside_selectors,
                 }| IpBlock {
                    direction: self.names.known(&direction),
                    cidr: self.written_net(&cidr),
                    except: self.written_nets(except),
                    beside_selectors,
                },
            ),
        }
    }

    fn volume(&mut self, volume: PersistentVolume) -> PersistentVolume {
        let PersistentVolume {
            name,
            driver,
            claim,
            storage_class,
            access_modes,
            node_affinity,
            phase,
        } = volume;
        PersistentVolume {
            name: self.names.name(&name),
            driver: self.names.word(driver),
            claim: claim
                .map(|(namespace, name)| (self.names.name(&namespace), self.names.name(&name))),
            storage_class: self.names.word(storage_class),
            access_modes: each(access_modes, |mode| self.names.known(&mode)),
            node_affinity: each(node_affinity, |term| self.node_term(term)),
            phase: self.names.word(phase),
        }
    }

    fn claim(&mut self, claim: PersistentVolumeClaim) -> PersistentVolumeClaim {
        let PersistentVolumeClaim {
            namespace,
            name,
            volume,
            storage_class,
            access_modes,
            phase,
        } = claim;
        PersistentVolumeClaim {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            volume: self.names.maybe(volume),
            storage_class: self.names.word(storage_class),
            access_modes: each(access_modes, |mode| self.names.known(&mode)),
            phase: self.names.word(phase),
        }
    }

    fn csi_node(&mut self, node: CsiNode) -> CsiNode {
        let CsiNode { name, drivers } = node;
        CsiNode {
            name: self.names.name(&name),
            drivers: each(drivers, |AttachLimit { driver, most }| AttachLimit {
                driver: self.names.known(&driver),
                most,
            }),
        }
    }

    fn node_network(&mut self, config: NodeNetworkConfig) -> NodeNetworkConfig {
        let NodeNetworkConfig {
            namespace,
            name,
            requested_ips,
            assigned_ips,
            status,
            batch_size,
            request_threshold_percent,
            release_threshold_percent,
            max_ips,
            containers,
        } = config;
        NodeNetworkConfig {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            requested_ips,
            assigned_ips,
            status: self.names.word(status),
            batch_size,
            request_threshold_percent,
            release_threshold_percent,
            max_ips,
            containers: each(containers, |container| self.network_container(container)),
        }
    }

    fn network_container(&mut self, container: NetworkContainer) -> NetworkContainer {
        let NetworkContainer {
            assignment_mode,
            kind,
            primary_ip,
            subnet_name,
            subnet_address_space,
            node_ip,
            status,
            assigned,
        } = container;
        NetworkContainer {
            assignment_mode: self.names.word(assignment_mode),
            kind: self.names.word(kind),
            primary_ip: primary_ip.map(|address| self.written_address(&address)),
            subnet_name: self.names.maybe(subnet_name),
            subnet_address_space: subnet_address_space.map(|net| self.written_net(&net)),
            node_ip: node_ip.map(|address| self.written_address(&address)),
            status: self.names.word(status),
            assigned,
        }
    }

    fn ip_masq(&mut self, config: IpMasqConfig) -> IpMasqConfig {
        let IpMasqConfig {
            namespace,
            name,
            non_masquerade_cidrs,
            masq_link_local,
            unreadable,
        } = config;
        IpMasqConfig {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            non_masquerade_cidrs: self.written_nets(non_masquerade_cidrs),
            masq_link_local,
            unreadable,
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
            disrupted_pods,
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
            disrupted_pods: disrupted_pods
                .into_iter()
                .map(|(pod, at)| (self.names.name(&pod), at))
                .collect(),
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
            desired,
            ready_replicas,
            updated_replicas,
            generation,
            observed_generation,
            selector,
            min_ready_seconds,
            pod_management_policy,
        } = workload;
        Workload {
            kind: self.names.known(&kind),
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            uid: self.names.maybe(uid),
            owner: owner.map(|owner| self.owner(owner)),
            replicas,
            desired,
            ready_replicas,
            updated_replicas,
            generation,
            observed_generation,
            selector: selector.map(|selector| self.selector(selector)),
            min_ready_seconds,
            pod_management_policy: self.names.word(pod_management_policy),
        }
    }

    pub(super) fn selector(&mut self, selector: Selector) -> Selector {
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

    fn resources(&mut self, resources: Resources) -> Resources {
        let Resources {
            cpu_millis,
            memory,
            other,
        } = resources;
        Resources {
            cpu_millis,
            memory,
            other: other
                .into_iter()
                .map(|(name, amount)| (self.names.key(&name), amount))
                .collect(),
        }
    }

    /// A prefix that is kept as a text.
    fn written_net(&mut self, text: &str) -> String {
        match text.parse() {
            Ok(net) => self.net(net).to_string(),
            Err(_) => self.names.name(text),
        }
    }

    fn written_nets(&mut self, all: Vec<String>) -> Vec<String> {
        each(all, |text| self.written_net(&text))
    }

    /// An address or a prefix that is kept as a text; where it is neither, a name.
    pub(super) fn written_address(&mut self, text: &str) -> String {
        match text.parse() {
            Ok(address) => self.address(address).to_string(),
            Err(_) => self.written_net(text),
        }
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

fn each<T, U>(all: Vec<T>, change: impl FnMut(T) -> U) -> Vec<U> {
    all.into_iter().map(change).collect()
}
