//! Inventories of any content: every field is filled, empty at times, and what refers to something refers to it. Every text of
//! somebody's own is a word that stands nowhere else. No struct is completed by a default: a field that is added to the
//! model does not compile here until it is filled.

use aksplan::model::workload::Labels;
use aksplan::model::{
    AddressRecord, ApplicationGateway, AutoUpgrade, Autoscaler, BackendPool, Cluster, DateSpan,
    FederatedCredential, Grafana, HeldAddress, Holder, HolderKind, Identity, IntOrPercent,
    Inventory, IpNet, KubernetesVersion, LoadBalancerProfile, LogAlert, MaintenanceConfiguration,
    MaintenanceWindow, ManagedIdentity, MetricAlert, NatGateway, NetworkPlugin, NetworkProfile,
    NetworkSecurityGroup, NodePool, OsType, Peering, Platform, PlatformList, PodIpAllocation,
    PoolKind, PoolMode, PrivateDnsZone, PrometheusAlert, PrometheusRuleGroup, ReservedRange,
    ResourceId, Route, RouteTable, Schedule, SecurityEnd, SecurityRule, Subnet, SubnetIndex,
    TimeInWeek, TimeSpan, UpgradeSettings, VirtualNetwork, VnetIndex, WeekIndex, Weekday,
};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
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
    pub fn below(&mut self, bound: u64) -> u64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub fn yes(&mut self) -> bool {
        self.below(2) == 0
    }

    pub fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()].clone()
    }

    pub fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.yes() { Some(make(self)) } else { None }
    }

    pub fn some<T>(&mut self, most: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    /// Eight letters that no other text has, some of them not in lower case.
    pub fn word(&mut self) -> String {
        let mut word = if self.yes() { "zqx" } else { "Zqx" }.to_string();
        let mut number = self.words.len() as u64 * 7919 + self.below(7919) + 26u64.pow(5);
        while number > 0 {
            word.push((b'a' + (number % 26) as u8) as char);
            number /= 26;
        }
        self.words.push(word.clone());
        word
    }

    pub fn net(&mut self) -> IpNet {
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

    pub fn address(&mut self) -> IpAddr {
        let net = self.net();
        net.addr()
    }

    pub fn instant(&mut self) -> Timestamp {
        Timestamp::from_second(self.below(2_000_000_000) as i64).unwrap()
    }

    /// One of these, or a word that is somebody's own.
    pub fn known(&mut self, of: &[&str]) -> String {
        if self.below(3) == 0 {
            self.word()
        } else {
            self.one(of).to_string()
        }
    }

    pub fn subscription(&mut self) -> String {
        let word = self.word();
        format!(
            "/subscriptions/{word}/resourceGroups/{}/providers",
            self.word()
        )
    }

    pub fn state(&mut self) -> Option<String> {
        let word = self.word();
        let state = self.one(&["Succeeded".to_string(), "Updating".to_string(), word]);
        self.maybe(|_| state)
    }

    fn inventory(&mut self) -> Inventory {
        let mut inventory = Inventory {
            observed_at: self.maybe(Self::instant),
            vnets: Vec::new(),
            subnets: Vec::new(),
            clusters: Vec::new(),
            route_tables: Vec::new(),
            nat_gateways: Vec::new(),
            security_groups: Vec::new(),
            application_gateways: None,
            private_dns_zones: None,
            platform: Platform::default(),
            reserved: Vec::new(),
            not_checked: Vec::new(),
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
                told_apart: None,
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
                told_apart: None,
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
        inventory.nat_gateways = self.some(3, |any| any.nat_gateway(&mut inventory.subnets));
        inventory.security_groups = self.some(3, |any| any.security_group(&mut inventory.subnets));
        inventory.application_gateways = self.maybe(|any| any.some(3, Self::application_gateway));
        inventory.private_dns_zones = self.maybe(|any| any.some(3, Self::zone));
        inventory.platform = self.platform();
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
        inventory.tell_names_apart();
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
            state: self.maybe(|any| any.known(&["Connected", "Initiated"])),
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
            security_group: None,
            nat_gateway: self.maybe(|any| {
                ResourceId::new(format!(
                    "{}/Microsoft.Network/natGateways/{}",
                    any.subscription(),
                    any.word()
                ))
            }),
            addresses: self.held(),
            assumed: false,
        }
    }

    /// Sorted, each address once.
    fn held(&mut self) -> Vec<HeldAddress> {
        let mut held = self.some(4, |any| HeldAddress {
            address: any.address(),
            kind: any.holder_kind(),
            holder: ResourceId::new(format!(
                "{}/Microsoft.Network/networkInterfaces/{}",
                any.subscription(),
                any.word()
            )),
        });
        held.sort_by_key(|held| held.address);
        held.dedup_by_key(|held| held.address);
        held
    }

    fn holder_kind(&mut self) -> HolderKind {
        self.one(&[
            HolderKind::ScaleSet,
            HolderKind::NetworkInterface,
            HolderKind::LoadBalancer,
            HolderKind::PrivateEndpoint,
            HolderKind::Other,
        ])
    }

    fn nat_gateway(&mut self, subnets: &mut [Subnet]) -> NatGateway {
        let name = self.word();
        let id = self.maybe(|any| {
            let scope = any.subscription();
            ResourceId::new(format!("{scope}/Microsoft.Network/natGateways/{name}"))
        });
        for subnet in subnets {
            if let (Some(id), true) = (&id, self.below(3) == 0) {
                subnet.nat_gateway = Some(id.clone());
            }
        }
        NatGateway {
            id,
            name,
            resource_group: self.maybe(Self::word),
            public_addresses: self.below(17),
            public_prefixes: self.below(3),
        }
    }

    fn security_group(&mut self, subnets: &mut [Subnet]) -> NetworkSecurityGroup {
        let name = self.word();
        let id = self.maybe(|any| {
            let scope = any.subscription();
            ResourceId::new(format!(
                "{scope}/Microsoft.Network/networkSecurityGroups/{name}"
            ))
        });
        for subnet in subnets {
            if let (Some(id), true) = (&id, self.below(3) == 0) {
                subnet.security_group = Some(id.clone());
            }
        }
        NetworkSecurityGroup {
            id,
            name,
            rules: self.some(3, |any| SecurityRule {
                name: any.word(),
                priority: 100 + any.below(3_996) as u32,
                inbound: any.yes(),
                allow: any.yes(),
                protocol: any.one(&["*".to_string(), "Tcp".to_string()]),
                sources: any.some(3, Self::security_end),
                destinations: any.some(3, Self::security_end),
                source_ports: vec!["*".to_string()],
                destination_ports: vec!["443".to_string(), "30000-32767".to_string()],
            }),
            subnets: Vec::new(),
        }
    }

    fn security_end(&mut self) -> SecurityEnd {
        match self.below(4) {
            0 => SecurityEnd::Any,
            1 => SecurityEnd::Prefix(self.net()),
            2 => {
                SecurityEnd::Tag(self.one(&["VirtualNetwork".to_string(), "Internet".to_string()]))
            }
            _ => {
                let (scope, name) = (self.subscription(), self.word());
                SecurityEnd::Group(ResourceId::new(format!(
                    "{scope}/Microsoft.Network/applicationSecurityGroups/{name}"
                )))
            }
        }
    }

    fn application_gateway(&mut self) -> ApplicationGateway {
        let name = self.word();
        ApplicationGateway {
            id: self.maybe(|any| {
                let scope = any.subscription();
                ResourceId::new(format!(
                    "{scope}/Microsoft.Network/applicationGateways/{name}"
                ))
            }),
            subnets: Vec::new(),
            backend_pools: self.some(2, |any| BackendPool {
                name: any.word(),
                addresses: any.some(3, Self::address),
                host_names: any.some(2, Self::word),
            }),
            ingress_controller: self.yes(),
            cluster: None,
            name,
        }
    }

    fn zone(&mut self) -> PrivateDnsZone {
        let name = self.word();
        PrivateDnsZone {
            id: self.maybe(|any| {
                let scope = any.subscription();
                ResourceId::new(format!("{scope}/Microsoft.Network/privateDnsZones/{name}"))
            }),
            records: self.maybe(|any| {
                any.some(3, |any| AddressRecord {
                    name: any.word(),
                    addresses: any.some(2, Self::address),
                })
            }),
            name,
        }
    }

    fn holder(&mut self) -> Holder {
        Holder {
            kind: self.holder_kind(),
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
                next_hop_type: any.known(&["VirtualAppliance", "Internet"]),
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
            no_policy: self.yes(),
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
            told_apart: None,
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
            auto_upgrade: AutoUpgrade {
                channel: self.maybe(|any| any.known(&["none", "patch", "node-image"])),
                node_os_channel: self.maybe(|any| any.known(&["None", "NodeImage"])),
            },
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
            tenant: self.maybe(|any| any.word()),
            node_disruption_policy: self.maybe(|any| any.known(&["Block", "Allow"])),
            ingress_application_gateway: self.yes(),
            addons: aksplan::model::Addons {
                virtual_nodes: self.yes(),
                static_egress_gateway: self.yes(),
                application_gateway_for_containers: self.yes(),
            },
            profiles: aksplan::model::Profiles {
                oidc_issuer: self.maybe(Self::yes),
                oidc_issuer_url: self.maybe(|any| format!("https://oic.example/{}/", any.word())),
                workload_identity: self.maybe(Self::yes),
                app_routing: self.maybe(Self::yes),
                prometheus_metrics: self.maybe(Self::yes),
                container_insights: self.maybe(Self::yes),
                container_insights_entra: self.maybe(Self::yes),
                app_routing_gateway: self.maybe(Self::yes),
                hosted_system: self.maybe(Self::yes),
                pod_identity: self.maybe(Self::yes),
            },
            maintenance: self.maybe(Self::maintenance),
            kubernetes: self.maybe(|any| std::sync::Arc::new(any.kubernetes())),
        }
    }

    /// In order of name, each name once.
    fn maintenance(&mut self) -> Vec<MaintenanceConfiguration> {
        let mut all = self.some(4, |any| {
            let word = any.word();
            MaintenanceConfiguration {
                name: any.one(&[
                    "default".to_string(),
                    "aksManagedAutoUpgradeSchedule".to_string(),
                    "aksManagedNodeOSUpgradeSchedule".to_string(),
                    word,
                ]),
                window: any.maybe(Self::window),
                time_in_week: any.some(2, |any| TimeInWeek {
                    day: any.weekday(),
                    hour_slots: any.some(3, |any| any.below(24) as u32),
                }),
                not_allowed_time: any.some(2, |any| TimeSpan {
                    start: any.instant(),
                    end: any.instant(),
                }),
                not_understood: any.some(1, |any| format!("{{\"{}\":1}}", any.word())),
            }
        });
        let key = |one: &MaintenanceConfiguration| one.name.to_ascii_lowercase();
        all.sort_by_key(key);
        all.dedup_by_key(|one| key(one));
        all
    }

    fn window(&mut self) -> MaintenanceWindow {
        let number =
            |any: &mut Self, most| std::num::NonZeroU32::new(1 + any.below(most) as u32).unwrap();
        let schedule = match self.below(4) {
            0 => Schedule::Daily {
                interval_days: number(self, 7),
            },
            1 => Schedule::Weekly {
                interval_weeks: number(self, 4),
                day_of_week: self.weekday(),
            },
            2 => Schedule::AbsoluteMonthly {
                interval_months: number(self, 6),
                day_of_month: number(self, 31),
            },
            _ => Schedule::RelativeMonthly {
                interval_months: number(self, 6),
                week_index: self.one(&[
                    WeekIndex::First,
                    WeekIndex::Second,
                    WeekIndex::Third,
                    WeekIndex::Fourth,
                    WeekIndex::Last,
                ]),
                day_of_week: self.weekday(),
            },
        };
        MaintenanceWindow {
            schedule,
            duration_hours: 4 + self.below(21) as u32,
            utc_offset_minutes: self.below(1_440) as i32 - 720,
            start_date: self.maybe(Self::date),
            start_time: Time::constant(self.below(24) as i8, self.below(60) as i8, 0, 0),
            not_allowed_dates: self.some(2, |any| DateSpan {
                start: any.date(),
                end: any.date(),
            }),
        }
    }

    fn platform(&mut self) -> Platform {
        Platform {
            managed_identities: self.maybe(|any| {
                any.some(2, |any| ManagedIdentity {
                    id: None,
                    name: any.word(),
                    client_id: any.maybe(Self::word),
                    federated_credentials: any.maybe(|any| {
                        any.some(2, |any| FederatedCredential {
                            name: any.word(),
                            issuer: format!("https://oic.example/{}/", any.word()),
                            subject: format!("system:serviceaccount:{}:{}", any.word(), any.word()),
                            audiences: any
                                .some(2, |any| any.known(&["api://AzureADTokenExchange"])),
                        })
                    }),
                })
            }),
            grafanas: self.maybe(|any| {
                any.some(2, |any| Grafana {
                    id: None,
                    name: any.word(),
                    workspaces: any.some(2, Self::workspace),
                })
            }),
            prometheus_rule_groups: self.maybe(|any| {
                any.some(2, |any| PrometheusRuleGroup {
                    id: None,
                    name: any.word(),
                    enabled: any.yes(),
                    scopes: any.some(2, Self::workspace),
                    cluster_name: any.maybe(Self::word),
                    alerts: any.some(2, |any| PrometheusAlert {
                        name: any.word(),
                        enabled: any.yes(),
                        server_errors: any.yes(),
                        metrics: any.some(1, |any| any.known(&["kube_job_failed"])),
                        actions: any.maybe(|any| any.below(3)),
                    }),
                })
            }),
            metric_alerts: self.maybe(|any| {
                any.some(2, |any| MetricAlert {
                    id: None,
                    name: any.word(),
                    enabled: any.yes(),
                    scopes: any.some(2, Self::workspace),
                    metrics: any.some(1, |any| any.known(&["node_cpu_usage_percentage"])),
                    actions: any.maybe(|any| any.below(3)),
                })
            }),
            log_alerts: self.maybe(|any| {
                any.some(2, |any| LogAlert {
                    id: None,
                    name: any.word(),
                    enabled: any.yes(),
                    scopes: any.some(2, Self::workspace),
                    actions: any.maybe(|any| any.below(3)),
                })
            }),
            listed: PlatformList::ALL
                .into_iter()
                .filter(|_| self.yes())
                .collect(),
        }
    }

    fn workspace(&mut self) -> ResourceId {
        ResourceId::new(format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Monitor/accounts/{}",
            self.word(),
            self.word(),
            self.word()
        ))
    }

    fn weekday(&mut self) -> Weekday {
        self.one(&[
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
            Weekday::Saturday,
            Weekday::Sunday,
        ])
    }

    fn date(&mut self) -> Date {
        let (month, day) = (1 + self.below(12) as i8, 1 + self.below(28) as i8);
        Date::constant(2020 + self.below(20) as i16, month, day)
    }

    fn version(&mut self) -> KubernetesVersion {
        KubernetesVersion {
            major: 1,
            minor: self.below(40) as u32,
            patch: self.maybe(|any| any.below(20) as u32),
        }
    }

    pub fn share(&mut self) -> IntOrPercent {
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
            mode: self.one(&[
                PoolMode::System,
                PoolMode::User,
                PoolMode::Gateway,
                PoolMode::Other,
            ]),
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
                undrainable_node_behavior: self.maybe(|any| any.known(&["Schedule", "Cordon"])),
            },
            subnet,
            has_pod_subnet: pod_subnet.is_some() || self.below(5) == 0,
            pod_subnet,
            pod_ip_allocation: self.one(&[
                PodIpAllocation::DynamicIndividual,
                PodIpAllocation::StaticBlock,
            ]),
            spot: self.yes(),
            availability_zones: self.maybe(|any| any.some(2, |any| any.known(&["1", "2"]))),
            node_taints: self.maybe(|any| {
                any.some(2, |any| format!("{}={}:NoSchedule", any.word(), any.word()))
            }),
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

    pub fn labels(&mut self) -> Labels {
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
}
