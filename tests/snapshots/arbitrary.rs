//! Inventories of any content: every field is filled, empty at times, and what refers to something refers to it. Every text of
//! somebody's own is a word that stands nowhere else.
#![allow(
    clippy::needless_update,
    reason = "a field that is added to a Kubernetes object is empty here until it is filled"
)]

use aksplan::model::workload::{
    DisruptionBudget, Labels, Node, Owner, Pod, Selector, SelectorRequirement, Service, Taint,
    Workload,
};
use aksplan::model::{
    Autoscaler, Cluster, Holder, HolderKind, Identity, IntOrPercent, Inventory, IpNet,
    KubernetesState, KubernetesVersion, LoadBalancerProfile, NetworkPlugin, NetworkProfile,
    NodePool, OsType, Peering, PodIpAllocation, PoolKind, PoolMode, ReservedRange, ResourceId,
    Route, RouteTable, Subnet, SubnetIndex, UpgradeSettings, VirtualNetwork, VnetIndex,
};
use std::net::IpAddr;

pub struct Any {
    seed: u64,
    /// Every word that was made.
    pub words: Vec<String>,
}

pub fn inventory(seed: u64) -> (Inventory, Vec<String>) {
    let mut any = Any {
        seed,
        words: Vec::new(),
    };
    let inventory = any.inventory();
    (inventory, any.words)
}

impl Any {
    fn below(&mut self, bound: u64) -> u64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 0
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()].clone()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.yes() { Some(make(self)) } else { None }
    }

    fn some<T>(&mut self, most: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    /// Eight letters that no other text has, some of them not in lower case.
    fn word(&mut self) -> String {
        let mut word = if self.yes() { "zqx" } else { "Zqx" }.to_string();
        let mut number = self.words.len() as u64 * 7919 + self.below(7919) + 26u64.pow(5);
        while number > 0 {
            word.push((b'a' + (number % 26) as u8) as char);
            number /= 26;
        }
        self.words.push(word.clone());
        word
    }

    fn net(&mut self) -> IpNet {
        let base = self.one(&[
            0x0A00_0000u32,
            0xAC10_0000,
            0xC0A8_0000,
            0x0AE0_0000,
            0x6440_0000,
        ]);
        let address = base | self.below(1 << 18) as u32;
        if self.below(8) == 0 {
            let address = (0xFD << 120) | u128::from(self.below(1 << 40)) << 70;
            return IpNet::new(IpAddr::V6(address.into()), 48 + self.below(60) as u8)
                .unwrap()
                .trunc();
        }
        IpNet::new(IpAddr::V4(address.into()), 14 + self.below(16) as u8)
            .unwrap()
            .trunc()
    }

    fn address(&mut self) -> IpAddr {
        let net = self.net();
        net.addr()
    }

    fn subscription(&mut self) -> String {
        let word = self.word();
        format!(
            "/subscriptions/{word}/resourceGroups/{}/providers",
            self.word()
        )
    }

    fn state(&mut self) -> Option<String> {
        let word = self.word();
        let state = self.one(&["Succeeded".to_string(), "Updating".to_string(), word]);
        self.maybe(|_| state)
    }

    fn inventory(&mut self) -> Inventory {
        let mut inventory = Inventory {
            observed_at: self.maybe(|any| {
                jiff::Timestamp::from_second(any.below(2_000_000_000) as i64).unwrap()
            }),
            ..Inventory::default()
        };
        let shared_name = self.word();
        let shared_subnet = self.word();
        for _ in 0..self.below(5) {
            let position = VnetIndex::new(inventory.vnets.len());
            let has_id = self.below(3) > 0;
            // Only an id tells some VNets from others.
            let name = if has_id && self.yes() {
                shared_name.clone()
            } else {
                self.word()
            };
            let id = has_id.then(|| {
                let scope = self.subscription();
                ResourceId::new(format!("{scope}/Microsoft.Network/virtualNetworks/{name}"))
            });
            let known: Vec<ResourceId> = inventory
                .vnets
                .iter()
                .filter_map(|vnet| vnet.id.clone())
                .collect();
            let peerings = self.some(2, |any| any.peering(&known));
            let vnet = VirtualNetwork {
                id: id.clone(),
                name,
                resource_group: self.maybe(Self::word),
                address_space: self.some(2, Self::net),
                peerings,
                provisioning_state: self.state(),
            };
            inventory.vnets.push(vnet);
            for number in 0..self.below(4) {
                let name = if number == 0 {
                    self.one(&["GatewaySubnet".to_string(), shared_subnet.clone()])
                } else {
                    self.word()
                };
                let subnet = self.subnet(position, name, id.as_ref());
                inventory.subnets.push(subnet);
            }
        }
        let mut assumed_of = Vec::new();
        for _ in 0..self.below(3) {
            let name = self.word();
            let vnet = VnetIndex::new(inventory.vnets.len());
            inventory.vnets.push(VirtualNetwork {
                id: None,
                name: format!("aks-vnet of {name}"),
                resource_group: self.maybe(Self::word),
                address_space: vec!["10.224.0.0/12".parse().unwrap()],
                peerings: Vec::new(),
                provisioning_state: None,
            });
            let mut subnet = self.subnet(vnet, "aks-subnet".to_string(), None);
            subnet.assumed = true;
            inventory.subnets.push(subnet);
            assumed_of.push(name);
        }
        inventory.route_tables = self.some(3, |any| any.route_table(&mut inventory.subnets));
        for number in 0..self.below(4) as usize {
            let name = assumed_of
                .get(number)
                .cloned()
                .unwrap_or_else(|| self.word());
            let cluster = self.cluster(name, &inventory.subnets);
            inventory.clusters.push(cluster);
        }
        inventory.reserved = self.some(2, |any| ReservedRange {
            cidr: any.net(),
            owner: any.word(),
        });
        inventory.not_checked = self.some(3, |any| {
            format!("{} of {} was not read", any.word(), any.word())
        });
        inventory.not_checked.sort();
        inventory
    }

    fn peering(&mut self, known: &[ResourceId]) -> Peering {
        let remote = if known.is_empty() || self.yes() {
            ResourceId::new(self.word())
        } else {
            self.one(known)
        };
        Peering {
            name: self.word(),
            remote,
            remote_address_space: self.some(2, Self::net),
            state: self.one(&[
                None,
                Some("Connected".to_string()),
                Some("Initiated".to_string()),
            ]),
            allow_forwarded_traffic: self.yes(),
            allow_gateway_transit: self.yes(),
            use_remote_gateways: self.yes(),
        }
    }

    fn subnet(&mut self, vnet: VnetIndex, name: String, parent: Option<&ResourceId>) -> Subnet {
        let id = parent.map(|parent| ResourceId::new(format!("{parent}/subnets/{name}")));
        let mut prefixes = self.some(1, Self::net);
        prefixes.push(self.net());
        Subnet {
            vnet,
            id: id.filter(|_| self.below(3) > 0),
            name,
            prefixes,
            delegations: self.some(1, |any| {
                let word = any.word();
                any.one(&[
                    "Microsoft.ContainerService/managedClusters".to_string(),
                    word,
                ])
            }),
            used: self.maybe(|any| any.below(300)),
            holders: self.maybe(|any| any.some(3, Self::holder)),
            private_endpoints: self.below(3),
            foreign: self.maybe(|any| any.below(50)),
            route_table: self.maybe(|any| {
                ResourceId::new(format!(
                    "{}/Microsoft.Network/routeTables/{}",
                    any.subscription(),
                    any.word()
                ))
            }),
            assumed: false,
        }
    }

    fn holder(&mut self) -> Holder {
        Holder {
            kind: self.one(&[
                HolderKind::ScaleSet,
                HolderKind::NetworkInterface,
                HolderKind::LoadBalancer,
                HolderKind::Other,
            ]),
            name: self.word(),
            resource_group: self.maybe(Self::word),
            addresses: self.below(40),
            machines: self.below(5),
        }
    }

    fn route_table(&mut self, subnets: &mut [Subnet]) -> RouteTable {
        let name = self.word();
        let id = self.maybe(|any| {
            let scope = any.subscription();
            ResourceId::new(format!("{scope}/Microsoft.Network/routeTables/{name}"))
        });
        let mut of = Vec::new();
        for subnet in subnets.iter_mut().filter(|subnet| subnet.id.is_some()) {
            if let (Some(id), true) = (&id, self.below(3) == 0) {
                subnet.route_table.get_or_insert_with(|| id.clone());
                of.extend(subnet.id.clone());
            }
        }
        RouteTable {
            id,
            name,
            routes: self.some(2, |any| Route {
                name: any.word(),
                prefix: any.maybe(Self::net),
                next_hop_type: any.one(&["VirtualAppliance".to_string(), "Internet".to_string()]),
            }),
            subnets: of,
        }
    }

    fn cluster(&mut self, name: String, subnets: &[Subnet]) -> Cluster {
        let other = self.word();
        let network = NetworkProfile {
            plugin: self.one(&[
                None,
                Some(NetworkPlugin::Azure),
                Some(NetworkPlugin::Azure),
                Some(NetworkPlugin::Kubenet),
                Some(NetworkPlugin::None),
                Some(NetworkPlugin::Other(other.clone())),
            ]),
            overlay: self.yes(),
            dataplane: self.one(&[None, Some("cilium".to_string()), Some(other.clone())]),
            policy: self.one(&[None, Some("calico".to_string()), Some(other.clone())]),
            pod_cidrs: self.some(2, Self::net),
            service_cidrs: self.some(2, Self::net),
            dns_service_ip: None,
            outbound_type: self.one(&[None, Some("userDefinedRouting".to_string()), Some(other)]),
            load_balancer: self.maybe(|any| LoadBalancerProfile {
                allocated_outbound_ports: any.below(64_000),
                outbound_ips: any.maybe(|any| any.below(9)),
            }),
        };
        let network = NetworkProfile {
            dns_service_ip: network
                .service_cidrs
                .first()
                .filter(|_| self.yes())
                .map(|net| net.addr()),
            ..network
        };
        Cluster {
            id: self.maybe(|any| {
                let scope = any.subscription();
                ResourceId::new(format!(
                    "{scope}/Microsoft.ContainerService/managedClusters/{name}"
                ))
            }),
            name,
            resource_group: self.maybe(Self::word),
            node_resource_group: self.maybe(Self::word),
            kubernetes_version: self.maybe(Self::version),
            provisioning_state: self.state(),
            power_state: self.one(&[
                None,
                Some("Running".to_string()),
                Some("Stopped".to_string()),
            ]),
            network,
            pools: self.some(3, |any| any.pool(subnets)),
            private_cluster: self.yes(),
            api_server_vnet_integration: self.yes(),
            node_auto_provisioning: self.yes(),
            identity: self.one(&[
                Identity::Unknown,
                Identity::SystemAssigned,
                Identity::UserAssigned,
                Identity::ServicePrincipal,
            ]),
            node_disruption_policy: self.one(&[
                None,
                Some("Block".to_string()),
                Some("Allow".to_string()),
            ]),
            ingress_application_gateway: self.yes(),
            kubernetes: self.maybe(|any| Box::new(any.kubernetes())),
        }
    }

    fn version(&mut self) -> KubernetesVersion {
        KubernetesVersion {
            major: 1,
            minor: self.below(40) as u32,
            patch: self.maybe(|any| any.below(20) as u32),
        }
    }

    fn share(&mut self) -> IntOrPercent {
        if self.yes() {
            IntOrPercent::Int(self.below(20))
        } else {
            IntOrPercent::Percent(self.below(101))
        }
    }

    fn pool(&mut self, subnets: &[Subnet]) -> NodePool {
        let index = |any: &mut Self| {
            (!subnets.is_empty())
                .then(|| SubnetIndex::new(any.below(subnets.len() as u64) as usize))
        };
        let subnet = if self.below(4) > 0 { index(self) } else { None };
        let pod_subnet = if self.below(4) == 0 {
            index(self)
        } else {
            None
        };
        NodePool {
            name: self.word(),
            mode: self.one(&[PoolMode::System, PoolMode::User, PoolMode::Other]),
            os_type: self.one(&[OsType::Linux, OsType::Windows]),
            kind: self.one(&[
                PoolKind::ScaleSet,
                PoolKind::AvailabilitySet,
                PoolKind::VirtualMachines,
            ]),
            count: self.below(30),
            autoscaler: self.maybe(|any| {
                let min = any.below(5);
                Autoscaler::new(min, min + any.below(60)).unwrap()
            }),
            max_pods: self.one(&[10, 30, 110, 250]),
            max_pods_defaulted: self.yes(),
            upgrade: UpgradeSettings {
                max_surge: self.maybe(Self::share),
                max_unavailable: self.maybe(Self::share),
                drain_timeout_minutes: self.maybe(|any| any.below(1440) as u32),
                node_soak_minutes: self.maybe(|any| any.below(30) as u32),
                undrainable_node_behavior: self
                    .maybe(|any| any.one(&["Schedule".to_string(), "Cordon".to_string()])),
            },
            subnet,
            has_pod_subnet: pod_subnet.is_some() || self.below(5) == 0,
            pod_subnet,
            pod_ip_allocation: self.one(&[
                PodIpAllocation::DynamicIndividual,
                PodIpAllocation::StaticBlock,
            ]),
            spot: self.yes(),
            kubernetes_version: self.maybe(Self::version),
            provisioning_state: self.state(),
            power_state: self.one(&[None, Some("Stopped".to_string())]),
            vm_size: self.maybe(|any| {
                let word = any.word();
                any.one(&["Standard_D8ds_v5".to_string(), word])
            }),
            node_image_version: self.maybe(|any| {
                let word = any.word();
                any.one(&["AKSUbuntu-2204gen2containerd-202509.11.0".to_string(), word])
            }),
            unknown: self.some(1, |any| {
                any.one(&[
                    "node_count".to_string(),
                    "max_count".to_string(),
                    "max_pods".to_string(),
                ])
            }),
        }
    }

    fn labels(&mut self) -> Labels {
        let mut labels: Labels = self
            .some(2, |any| (any.word(), any.word()))
            .into_iter()
            .collect();
        labels.insert("app".to_string(), self.word());
        labels.insert(
            "kubernetes.azure.com/podnetwork-subscription".to_string(),
            self.word(),
        );
        labels.insert(
            "topology.kubernetes.io/zone".to_string(),
            "westeurope-1".to_string(),
        );
        labels
    }

    fn owner(&mut self) -> Owner {
        Owner {
            kind: self.one(&["ReplicaSet".to_string(), "AcmeWidget".to_string()]),
            name: self.word(),
            uid: self.maybe(Self::word),
            ..Owner::default()
        }
    }

    fn selector(&mut self) -> Selector {
        Selector {
            match_labels: self.labels(),
            match_expressions: self.some(2, |any| SelectorRequirement {
                key: any.word(),
                operator: any.one(&["In".to_string(), "Exists".to_string()]),
                values: any.some(2, Self::word),
                ..SelectorRequirement::default()
            }),
            ..Selector::default()
        }
    }

    fn kubernetes(&mut self) -> KubernetesState {
        let instant = |any: &mut Self| {
            let word = any.word();
            any.one(&["2026-11-22T10:00:00Z".to_string(), word])
        };
        let number = |any: &mut Self| any.below(9) as i64;
        let quantities = |any: &mut Self| {
            let word = (any.word(), any.word());
            [("cpu".to_string(), "3860m".to_string()), word]
                .into_iter()
                .collect()
        };
        KubernetesState {
            nodes: self.some(2, |any| Node {
                name: any.word(),
                labels: any.labels(),
                provider_id: any.maybe(|any| {
                    format!(
                        "azure://{}/Microsoft.Compute/virtualMachineScaleSets/{}/virtualMachines/3",
                        any.subscription(),
                        any.word()
                    )
                }),
                unschedulable: any.yes(),
                ready: any.yes(),
                taints: any.some(2, |any| Taint {
                    key: any.word(),
                    value: any.maybe(Self::word),
                    effect: "NoSchedule".to_string(),
                    ..Taint::default()
                }),
                allocatable: quantities(any),
                addresses: any.some(2, Self::address),
                pod_cidrs: any.some(2, |any| any.net().to_string()),
                created_at: any.maybe(instant),
                ..Node::default()
            }),
            pods: self.some(3, |any| Pod {
                namespace: any.word(),
                name: any.word(),
                labels: any.labels(),
                owner: any.maybe(Self::owner),
                node_name: any.maybe(Self::word),
                phase: any.one(&[None, Some("Running".to_string())]),
                host_network: any.yes(),
                pod_ips: any.some(2, Self::address),
                ready: any.yes(),
                deleting: any.yes(),
                mirror: any.yes(),
                local_storage: any.yes(),
                requests: any.some(2, quantities),
                termination_grace_seconds: any.maybe(|any| any.below(600)),
                created_at: any.maybe(instant),
                ..Pod::default()
            }),
            services: self.some(2, |any| Service {
                namespace: any.word(),
                name: any.word(),
                kind: "LoadBalancer".to_string(),
                internal_load_balancer: any.yes(),
                internal_subnet: any.maybe(Self::word),
                load_balancer_ips: any.some(2, Self::address),
                private_link_addresses: any.below(3),
                ..Service::default()
            }),
            disruption_budgets: self.some(2, |any| DisruptionBudget {
                namespace: any.word(),
                name: any.word(),
                selector: any.maybe(Self::selector),
                min_available: any.maybe(Self::share),
                max_unavailable: any.maybe(Self::share),
                unhealthy_pod_eviction_policy: any.maybe(|_| "AlwaysAllow".to_string()),
                disruptions_allowed: any.maybe(number),
                current_healthy: any.maybe(number),
                desired_healthy: any.maybe(number),
                expected_pods: any.maybe(number),
                generation: any.maybe(number),
                observed_generation: any.maybe(number),
                ..DisruptionBudget::default()
            }),
            workloads: self.some(2, |any| Workload {
                kind: "Deployment".to_string(),
                namespace: any.word(),
                name: any.word(),
                uid: any.maybe(Self::word),
                owner: any.maybe(Self::owner),
                replicas: any.maybe(|any| any.below(50)),
                selector: any.maybe(Self::selector),
                ..Workload::default()
            }),
            config_maps: self.some(2, |any| (any.word(), any.word())),
            kinds: self.some(1, |_| "Pod".to_string()),
            ..KubernetesState::default()
        }
    }
}
