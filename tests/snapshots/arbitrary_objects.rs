//! Kubernetes objects of any content, for the inventories of `arbitrary`. No struct is completed by a default: a field that is
//! added to an object does not compile here until it is filled.

use super::arbitrary::Any;
use aksplan::model::KubernetesState;
use aksplan::model::workload::{
    AttachLimit, AzureIdentity, Certificate, CiliumDirection, CiliumPolicy, CiliumRule, CsiNode,
    DisruptionBudget, EndpointSlice, EventCount, Gateway, GatewayName, HostPort, HttpRoute,
    Ingress, IngressClass, IngressTls, IpBlock, IpMasqConfig, Issuer, IssuerName, Monitor,
    Namespace, NetworkContainer, NetworkPolicy, Node, NodeNetworkConfig, NodeSelectorRequirement,
    NodeSelectorTerm, Owner, PersistentVolume, PersistentVolumeClaim, Placement, PlatformObjects,
    Pod, PodAffinityTerm, Resources, SecretName, SecretType, Selector, SelectorRequirement,
    Service, ServiceAccount, ServiceCidr, ServicePort, Taint, Toleration, TopologySpread, Workload,
};

const EFFECTS: &[&str] = &["NoSchedule", "NoExecute", "PreferNoSchedule"];
const OPERATORS: &[&str] = &["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
const PROTOCOLS: &[&str] = &["TCP", "UDP", "SCTP"];
const CLASSES: &[&str] = &["default", "managed-csi", "azurefile-csi-premium"];
const ACCESS: &[&str] = &[
    "ReadWriteOnce",
    "ReadWriteMany",
    "ReadOnlyMany",
    "ReadWriteOncePod",
];

impl Any {
    pub fn kubernetes(&mut self) -> KubernetesState {
        let mut state = KubernetesState {
            nodes: self.some(2, Self::node),
            pods: self.some(3, Self::pod),
            services: self.some(2, Self::service),
            disruption_budgets: self.some(2, Self::budget),
            workloads: self.some(2, Self::workload),
            config_maps: self.some(2, |any| (any.known(&["kube-system"]), any.word())),
            ip_masq_configs: self.some(2, |any| IpMasqConfig {
                namespace: any.word(),
                name: any.known(&["azure-ip-masq-agent-config"]),
                non_masquerade_cidrs: any.some(3, Self::written_net),
                masq_link_local: any.maybe(Self::yes),
                unreadable: any.yes(),
            }),
            namespaces: self.some(2, |any| Namespace {
                name: any.known(&["kube-system", "default"]),
                labels: any.labels(),
            }),
            endpoint_slices: self.some(2, Self::endpoint_slice),
            ingresses: self.some(2, Self::ingress),
            network_policies: self.some(2, |any| NetworkPolicy {
                namespace: any.word(),
                name: any.word(),
                pod_selector: any.selector(),
                policy_types: any.some(2, |any| any.known(&["Ingress", "Egress"])),
                ingress_rules: any.maybe(|any| any.below(3)),
                egress_rules: any.maybe(|any| any.below(3)),
                ingress_open: any.maybe(Self::yes),
                egress_open: any.maybe(Self::yes),
                ip_blocks: any.some(2, |any| IpBlock {
                    direction: any.known(&["Ingress", "Egress"]),
                    cidr: any.written_net(),
                    except: any.some(2, Self::written_net),
                    beside_selectors: any.yes(),
                }),
            }),
            persistent_volumes: self.some(2, Self::volume),
            persistent_volume_claims: self.some(2, |any| PersistentVolumeClaim {
                namespace: any.word(),
                name: any.word(),
                volume: any.maybe(Self::word),
                storage_class: any.maybe(|any| any.known(CLASSES)),
                access_modes: any.some(2, |any| any.known(ACCESS)),
                phase: any.maybe(|any| any.known(&["Bound", "Pending", "Lost"])),
            }),
            csi_nodes: self.some(2, |any| CsiNode {
                name: any.word(),
                drivers: any.some(2, |any| AttachLimit {
                    driver: any.known(&["disk.csi.azure.com", "file.csi.azure.com"]),
                    most: any.maybe(|any| any.below(64)),
                }),
            }),
            node_network_configs: self.some(2, Self::node_network),
            service_cidrs: self.some(2, |any| ServiceCidr {
                name: any.known(&["kubernetes"]),
                cidrs: any.some(2, Self::written_net),
                ready: any.yes(),
            }),
            platform: self.platform_objects(),
            events: Vec::new(),
            kinds: self.kinds(&["Pod", "Node", "CSINode", "NodeNetworkConfig"]),
            partial_kinds: self.kinds(&["Event", "Namespace"]),
            absent_kinds: self.kinds(&["ServiceCIDR", "PersistentVolume"]),
        };
        // In the order in which a state keeps them.
        for event in self.some(4, Self::event) {
            state.note_event(event);
        }
        state
    }

    /// Each once.
    fn kinds(&mut self, of: &[&str]) -> Vec<String> {
        let mut kinds: Vec<String> = Vec::new();
        for kind in self.some(3, |any| any.known(of)) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }

    fn event(&mut self) -> EventCount {
        let (host, word) = (self.address(), self.word());
        EventCount {
            reason: self.known(&["Drain", "FailedScheduling", "NoControllers"]),
            kind: self.known(&["Normal", "Warning"]),
            object_kind: self.known(&["Pod", "Node", "PodDisruptionBudget"]),
            namespace: self.maybe(Self::word).unwrap_or_default(),
            name: self.maybe(Self::word).unwrap_or_default(),
            count: 1 + self.below(1_000),
            first_seen: self.maybe(Self::instant),
            last_seen: self.maybe(Self::instant),
            message: self
                .maybe(|_| format!("{word} is not at {host}"))
                .unwrap_or_default(),
        }
    }

    /// A prefix, one with host bits, or what somebody wrote in its place.
    fn written_net(&mut self) -> String {
        match self.below(6) {
            0 => self.word(),
            1 => format!("{}/{}", self.address(), 8 + self.below(20)),
            _ => self.net().to_string(),
        }
    }

    fn written_address(&mut self) -> String {
        match self.below(4) {
            0 => self.word(),
            1 => self.written_net(),
            _ => self.address().to_string(),
        }
    }

    fn resources(&mut self) -> Resources {
        Resources {
            cpu_millis: self.below(64_000),
            memory: self.below(1 << 40),
            other: self
                .some(3, |any| {
                    (any.known(&["pods", "nvidia.com/gpu"]), any.below(1 << 20))
                })
                .into_iter()
                .collect(),
        }
    }

    fn node(&mut self) -> Node {
        Node {
            name: self.word(),
            labels: self.labels(),
            provider_id: self.maybe(|any| {
                format!(
                    "azure://{}/Microsoft.Compute/virtualMachineScaleSets/{}/virtualMachines/3",
                    any.subscription(),
                    any.word()
                )
            }),
            unschedulable: self.yes(),
            ready: self.yes(),
            ready_changed_at: self.maybe(Self::instant),
            taints: self.some(2, |any| Taint {
                key: any.known(&["CriticalAddonsOnly"]),
                value: any.maybe(Self::word),
                effect: any.known(EFFECTS),
            }),
            allocatable: self.resources(),
            addresses: self.some(2, Self::address),
            pod_cidrs: self.some(2, Self::written_net),
            created_at: self.maybe(Self::instant),
            kubelet_version: self.maybe(|any| {
                let word = any.word();
                any.one(&["v1.33.2".to_string(), format!("v1.33.2-{word}"), word])
            }),
        }
    }

    fn pod(&mut self) -> Pod {
        Pod {
            namespace: self.known(&["kube-system"]),
            name: self.word(),
            uid: self.maybe(Self::word),
            labels: self.labels().into(),
            owner: self.maybe(|any| any.owner().into()),
            service_account: self.maybe(|any| any.known(&["default"]).into()),
            client_secret: self.yes(),
            identity_binding: self.yes(),
            node_name: self.maybe(Self::word),
            phase: self.maybe(|any| any.known(&["Running", "Pending", "Succeeded"])),
            host_network: self.yes(),
            pod_ips: self.some(2, Self::address),
            ready: self.yes(),
            mirror: self.yes(),
            local_storage: self.yes(),
            host_path: self.yes(),
            claims: self.some(2, Self::word),
            requests: self.resources(),
            host_ports: self.some(2, |any| HostPort {
                port: any.below(65_536) as u16,
                protocol: any.maybe(|any| any.known(PROTOCOLS)),
                host_ip: any.maybe(Self::written_address),
            }),
            placement: self.maybe(|any| any.placement().into()),
            priority: self.maybe(|any| any.below(2_000_001_000) as i64 - 5),
            termination_grace_seconds: self.maybe(|any| any.below(600)),
            created_at: self.maybe(Self::instant),
            scheduled_at: self.maybe(Self::instant),
            started_at: self.maybe(Self::instant),
            ready_changed_at: self.maybe(Self::instant),
            deleting_at: self.maybe(Self::instant),
        }
    }

    fn platform_objects(&mut self) -> PlatformObjects {
        PlatformObjects {
            service_accounts: self.some(2, |any| ServiceAccount {
                namespace: any.word(),
                name: any.known(&["default"]),
                client_id: any.maybe(Self::word),
                tenant_id: any.maybe(Self::word),
            }),
            ingress_classes: self.some(2, |any| IngressClass {
                name: any.known(&["webapprouting.kubernetes.azure.com"]),
                controller: if any.yes() {
                    format!("webapprouting.kubernetes.azure.com/nginx/{}", any.word())
                } else {
                    any.known(&["webapprouting.kubernetes.azure.com/nginx"])
                },
                default: any.yes(),
            }),
            secrets: self.some(2, |any| SecretType {
                namespace: any.word(),
                name: any.word(),
                kind: any.known(&["kubernetes.io/tls", "Opaque"]),
            }),
            certificates: self.some(2, |any| Certificate {
                namespace: any.word(),
                name: any.word(),
                secret_name: any.maybe(Self::word),
                ready: any.maybe(Self::yes),
                not_after: any.maybe(Self::instant),
                renewal_time: any.maybe(Self::instant),
                issuer: any.maybe(|any| IssuerName {
                    kind: any.known(&["Issuer", "ClusterIssuer"]),
                    name: any.word(),
                }),
            }),
            issuers: self.some(2, |any| Issuer {
                kind: any.known(&["Issuer", "ClusterIssuer"]),
                namespace: any.word(),
                name: any.word(),
                ready: any.maybe(Self::yes),
            }),
            monitors: self.some(2, |any| Monitor {
                kind: any.known(&["PodMonitor", "ServiceMonitor"]),
                namespace: any.word(),
                name: any.word(),
            }),
            azure_identities: self.some(2, |any| AzureIdentity {
                namespace: any.word(),
                name: any.word(),
                kind: any.maybe(|any| any.below(3) as i64),
            }),
            cilium_policies: self.some(2, |any| CiliumPolicy {
                kind: any.known(&["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"]),
                namespace: any.word(),
                name: any.word(),
                rules: any.some(2, |any| CiliumRule {
                    endpoint_selector: any.selector(),
                    ingress: any.cilium_direction(),
                    egress: any.cilium_direction(),
                }),
            }),
            gateways: self.some(2, |any| {
                let mut certificates = any.some(2, |any| SecretName {
                    namespace: any.word(),
                    name: any.word(),
                });
                certificates.sort();
                Gateway {
                    namespace: any.word(),
                    name: any.word(),
                    class: any.known(&["approuting-istio"]),
                    listeners: any.below(3),
                    tls_listeners: any.below(3),
                    certificates,
                    addresses: any.some(2, Self::written_address),
                    accepted: any.maybe(Self::yes),
                }
            }),
            http_routes: self.some(2, |any| {
                let mut gateways = any.some(2, |any| GatewayName {
                    namespace: any.word(),
                    name: any.word(),
                });
                gateways.sort();
                HttpRoute {
                    namespace: any.word(),
                    name: any.word(),
                    gateways,
                }
            }),
        }
    }

    fn cilium_direction(&mut self) -> CiliumDirection {
        CiliumDirection {
            default_deny: self.yes(),
            open: self.yes(),
        }
    }

    fn placement(&mut self) -> Placement {
        Placement {
            node_selector: self.labels(),
            node_affinity: self.some(2, Self::node_term),
            pod_affinity: self.some(2, Self::pod_term),
            pod_anti_affinity: self.some(2, Self::pod_term),
            topology_spread: self.some(2, |any| TopologySpread {
                max_skew: any.below(5),
                topology_key: any.known(&["kubernetes.io/hostname"]),
                selector: any.maybe(Self::selector),
                min_domains: any.maybe(|any| any.below(5)),
                node_affinity_policy: any.maybe(|any| any.known(&["Honor", "Ignore"])),
                node_taints_policy: any.maybe(|any| any.known(&["Honor", "Ignore"])),
                match_label_keys: any.some(2, |any| any.known(&["pod-template-hash"])),
            }),
            tolerations: self.some(2, |any| Toleration {
                key: any.maybe(|any| any.known(&["CriticalAddonsOnly"])),
                operator: any.maybe(|any| any.known(&["Equal", "Exists"])),
                value: any.maybe(Self::word),
                effect: any.maybe(|any| any.known(EFFECTS)),
                seconds: any.maybe(|any| any.below(600) as i64),
            }),
            scheduler: self.maybe(Self::word),
            gated: self.yes(),
        }
    }

    fn node_term(&mut self) -> NodeSelectorTerm {
        let requirement = |any: &mut Self, key: &str| NodeSelectorRequirement {
            key: any.known(&[key]),
            operator: any.known(OPERATORS),
            values: any.some(2, Self::word),
        };
        NodeSelectorTerm {
            match_expressions: self.some(2, |any| requirement(any, "agentpool")),
            match_fields: self.some(1, |any| requirement(any, "metadata.name")),
        }
    }

    fn pod_term(&mut self) -> PodAffinityTerm {
        PodAffinityTerm {
            topology_key: self.known(&["topology.kubernetes.io/zone"]),
            selector: self.maybe(Self::selector),
            namespaces: self.some(2, Self::word),
            namespace_selector: self.maybe(Self::selector),
        }
    }

    fn owner(&mut self) -> Owner {
        Owner {
            kind: self.known(&["ReplicaSet", "AcmeWidget"]),
            name: self.word(),
            uid: self.maybe(Self::word),
        }
    }

    fn selector(&mut self) -> Selector {
        Selector {
            match_labels: self.labels(),
            match_expressions: self.some(2, |any| SelectorRequirement {
                key: any.word(),
                operator: any.known(OPERATORS),
                values: any.some(2, Self::word),
            }),
        }
    }

    fn service(&mut self) -> Service {
        Service {
            namespace: self.word(),
            name: self.word(),
            kind: self.known(&["LoadBalancer", "ClusterIP", "NodePort", "ExternalName"]),
            internal_load_balancer: self.yes(),
            internal_subnet: self.maybe(Self::word),
            load_balancer_ips: self.some(2, Self::address),
            private_link_addresses: self.below(3),
            cluster_ips: self.some(2, Self::address),
            headless: self.yes(),
            external_name: self.maybe(Self::word),
            selector: self.labels(),
            ports: self.some(2, |any| ServicePort {
                name: any.maybe(Self::word),
                port: any.below(65_536) as u16,
                target_port: any.maybe(|any| any.known(&["8080"])),
                protocol: any.maybe(|any| any.known(PROTOCOLS)),
            }),
            external_traffic_policy: self.maybe(|any| any.known(&["Cluster", "Local"])),
        }
    }

    fn endpoint_slice(&mut self) -> EndpointSlice {
        EndpointSlice {
            namespace: self.word(),
            name: self.word(),
            service: self.maybe(Self::word),
            managed_by: self.maybe(|any| any.known(&["endpointslice-controller.k8s.io"])),
            endpoints: self.below(100),
            ready_endpoints: self.below(100),
            addresses: self.some(2, Self::written_address),
        }
    }

    fn ingress(&mut self) -> Ingress {
        let sorted = |any: &mut Self| {
            let mut words = any.some(3, |any| format!("{}.example", any.word()));
            words.sort();
            words
        };
        Ingress {
            namespace: self.word(),
            name: self.word(),
            class: self.maybe(|any| any.known(&["nginx"])),
            class_by_annotation: self.yes(),
            hosts: sorted(self),
            tls: self.maybe(|any| {
                any.some(2, |any| IngressTls {
                    hosts: any.some(2, Self::word),
                    secret_name: any.maybe(Self::word),
                })
            }),
            services: sorted(self),
            load_balancer_ips: self.some(2, Self::address),
            load_balancer_named: self.yes(),
        }
    }

    fn volume(&mut self) -> PersistentVolume {
        PersistentVolume {
            name: self.word(),
            driver: self.maybe(|any| any.known(&["disk.csi.azure.com", "azureDisk", "nfs"])),
            claim: self.maybe(|any| (any.word(), any.word())),
            storage_class: self.maybe(|any| any.known(CLASSES)),
            access_modes: self.some(2, |any| any.known(ACCESS)),
            node_affinity: self.some(2, Self::node_term),
            phase: self.maybe(|any| any.known(&["Bound", "Available", "Released"])),
        }
    }

    fn node_network(&mut self) -> NodeNetworkConfig {
        let number = |any: &mut Self| any.below(250) as i64;
        NodeNetworkConfig {
            namespace: self.known(&["kube-system"]),
            name: self.word(),
            requested_ips: self.maybe(number),
            assigned_ips: self.maybe(number),
            status: self.maybe(|any| any.known(&["Updating", "Updated", "Error"])),
            batch_size: self.maybe(number),
            request_threshold_percent: self.maybe(number),
            release_threshold_percent: self.maybe(number),
            max_ips: self.maybe(number),
            containers: self.some(2, |any| NetworkContainer {
                assignment_mode: any.maybe(|any| any.known(&["dynamic", "static"])),
                kind: any.maybe(|any| any.known(&["vnet", "vnetblock", "overlay"])),
                primary_ip: any.maybe(Self::written_address),
                subnet_name: any.maybe(Self::word),
                subnet_address_space: any.maybe(Self::written_net),
                node_ip: any.maybe(Self::written_address),
                status: any.maybe(|any| any.known(&["NCUpdateSubnetFullError"])),
                assigned: any.below(250),
            }),
        }
    }

    fn budget(&mut self) -> DisruptionBudget {
        let number = |any: &mut Self| any.below(9) as i64;
        DisruptionBudget {
            namespace: self.word(),
            name: self.word(),
            selector: self.maybe(Self::selector),
            min_available: self.maybe(Self::share),
            max_unavailable: self.maybe(Self::share),
            unhealthy_pod_eviction_policy: self
                .maybe(|any| any.known(&["AlwaysAllow", "IfHealthyBudget"])),
            disruptions_allowed: self.maybe(number),
            current_healthy: self.maybe(number),
            desired_healthy: self.maybe(number),
            expected_pods: self.maybe(number),
            generation: self.maybe(number),
            observed_generation: self.maybe(number),
            disrupted_pods: self
                .some(2, |any| (any.word(), any.instant()))
                .into_iter()
                .collect(),
        }
    }

    fn workload(&mut self) -> Workload {
        let number = |any: &mut Self| any.below(50);
        Workload {
            kind: self.known(&["Deployment", "StatefulSet", "DaemonSet"]),
            namespace: self.word(),
            name: self.word(),
            uid: self.maybe(Self::word),
            owner: self.maybe(Self::owner),
            replicas: self.maybe(number),
            desired: self.maybe(number),
            ready_replicas: self.maybe(number),
            updated_replicas: self.maybe(number),
            generation: self.maybe(|any| any.below(9) as i64),
            observed_generation: self.maybe(|any| any.below(9) as i64),
            selector: self.maybe(Self::selector),
            min_ready_seconds: self.maybe(number),
            pod_management_policy: self.maybe(|any| any.known(&["OrderedReady", "Parallel"])),
        }
    }
}
