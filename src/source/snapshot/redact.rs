//! An inventory without names: so that a snapshot can be attached to a ticket. Names become short keyed hashes, the same name the
//! same one everywhere; subscriptions become numbers; addresses stay or are shifted so that who contains whom stays as it was.
//! Never lets a field through that nobody decided on: every struct is taken apart by all of its fields.

mod addresses;
mod names;
mod objects;
mod platform;
mod words;

use super::{AddressesAre, Redacted};
use crate::model::{
    AddressRecord, ApplicationGateway, AutoUpgrade, BackendPool, Cluster, HeldAddress, Holder,
    Inventory, IpNet, LoadBalancerProfile, MaintenanceConfiguration, NatGateway, NetworkPlugin,
    NetworkProfile, NetworkSecurityGroup, NodePool, Peering, PrivateDnsZone, ReservedRange, Route,
    RouteTable, SecurityEnd, SecurityRule, Subnet, UpgradeSettings, VirtualNetwork,
};
use addresses::Addresses;
use names::Names;
use std::net::IpAddr;
use std::sync::Arc;

/// Replaces names, and addresses where `addresses` says so. `key` decides what becomes of each: two snapshots of one key can be
/// compared, and without the key nobody can try names until a hash fits.
pub fn redact(inventory: Inventory, key: &[u8], addresses: AddressesAre) -> (Inventory, Redacted) {
    let names = Names::new(key, &inventory);
    let redacted = Redacted {
        addresses,
        key: names.of_key(),
    };
    let mut redactor = Redactor {
        names,
        addresses: (addresses == AddressesAre::Shifted).then(|| Addresses::new(key)),
        dns: None,
    };
    (redactor.inventory(inventory), redacted)
}

struct Redactor {
    names: Names,
    /// `None`: they stay.
    addresses: Option<Addresses>,
    /// The DNS address of the cluster at hand, and what becomes of it.
    dns: Option<(IpAddr, IpAddr)>,
}

impl Redactor {
    fn net(&mut self, net: IpNet) -> IpNet {
        match &mut self.addresses {
            Some(addresses) => addresses.net(net),
            None => net,
        }
    }

    fn address(&mut self, address: IpAddr) -> IpAddr {
        match &mut self.addresses {
            Some(addresses) => addresses.address(address),
            None => address,
        }
    }

    fn nets(&mut self, nets: Vec<IpNet>) -> Vec<IpNet> {
        nets.into_iter().map(|net| self.net(net)).collect()
    }

    fn addresses(&mut self, all: Vec<IpAddr>) -> Vec<IpAddr> {
        all.into_iter().map(|one| self.address(one)).collect()
    }

    fn inventory(&mut self, inventory: Inventory) -> Inventory {
        let Inventory {
            observed_at,
            vnets,
            subnets,
            clusters,
            route_tables,
            nat_gateways,
            security_groups,
            application_gateways,
            private_dns_zones,
            platform,
            reserved,
            not_checked,
        } = inventory;
        let mut redacted = Inventory {
            observed_at,
            vnets: vnets.into_iter().map(|vnet| self.vnet(vnet)).collect(),
            subnets: subnets
                .into_iter()
                .map(|subnet| self.subnet(subnet))
                .collect(),
            clusters: clusters
                .into_iter()
                .map(|cluster| self.cluster(cluster))
                .collect(),
            route_tables: route_tables
                .into_iter()
                .map(|table| self.route_table(table))
                .collect(),
            nat_gateways: nat_gateways
                .into_iter()
                .map(|gateway| self.nat_gateway(gateway))
                .collect(),
            security_groups: security_groups
                .into_iter()
                .map(|group| self.security_group(group))
                .collect(),
            application_gateways: application_gateways.map(|all| {
                all.into_iter()
                    .map(|gateway| self.application_gateway(gateway))
                    .collect()
            }),
            private_dns_zones: private_dns_zones
                .map(|all| all.into_iter().map(|zone| self.zone(zone)).collect()),
            platform: self.platform(platform),
            reserved: reserved
                .into_iter()
                .map(|ReservedRange { cidr, owner }| ReservedRange {
                    cidr: self.net(cidr),
                    owner: self.names.name(&owner),
                })
                .collect(),
            not_checked: told(not_checked.len()),
        };
        redacted.tell_names_apart();
        redacted
    }

    fn vnet(&mut self, vnet: VirtualNetwork) -> VirtualNetwork {
        let VirtualNetwork {
            told_apart: _,
            id,
            name,
            resource_group,
            address_space,
            peerings,
            provisioning_state,
        } = vnet;
        VirtualNetwork {
            told_apart: None,
            id: self.names.id(id),
            name: self.names.name(&name),
            resource_group: self.names.maybe(resource_group),
            address_space: self.nets(address_space),
            peerings: peerings
                .into_iter()
                .map(|peering| self.peering(peering))
                .collect(),
            provisioning_state: self.names.word(provisioning_state),
        }
    }

    fn peering(&mut self, peering: Peering) -> Peering {
        let Peering {
            name,
            remote,
            remote_address_space,
            state,
            allow_forwarded_traffic,
            allow_gateway_transit,
            use_remote_gateways,
        } = peering;
        Peering {
            name: self.names.name(&name),
            remote: self.names.resource(&remote),
            remote_address_space: self.nets(remote_address_space),
            state: self.names.word(state),
            allow_forwarded_traffic,
            allow_gateway_transit,
            use_remote_gateways,
        }
    }

    fn subnet(&mut self, subnet: Subnet) -> Subnet {
        let Subnet {
            vnet,
            id,
            name,
            prefixes,
            delegations,
            used,
            holders,
            private_endpoints,
            foreign,
            route_table,
            nat_gateway,
            security_group,
            addresses,
            assumed,
        } = subnet;
        Subnet {
            vnet,
            id: self.names.id(id),
            name: self.names.name(&name),
            prefixes: self.nets(prefixes),
            delegations: delegations
                .iter()
                .map(|service| self.names.beginning(service, words::PROVIDERS))
                .collect(),
            used,
            holders: holders.map(|holders| {
                let holders = holders.into_iter();
                holders.map(|holder| self.holder(holder)).collect()
            }),
            private_endpoints,
            foreign,
            route_table: self.names.id(route_table),
            nat_gateway: self.names.id(nat_gateway),
            security_group: self.names.id(security_group),
            addresses: self.held(addresses),
            assumed,
        }
    }

    /// In order of the new addresses, as a subnet lists them.
    fn held(&mut self, addresses: Vec<HeldAddress>) -> Vec<HeldAddress> {
        let mut held: Vec<HeldAddress> = addresses
            .into_iter()
            .map(
                |HeldAddress {
                     address,
                     kind,
                     holder,
                 }| HeldAddress {
                    address: self.address(address),
                    kind,
                    holder: self.names.resource(&holder),
                },
            )
            .collect();
        held.sort_by_key(|held| held.address);
        held
    }

    fn nat_gateway(&mut self, gateway: NatGateway) -> NatGateway {
        let NatGateway {
            id,
            name,
            resource_group,
            public_addresses,
            public_prefixes,
        } = gateway;
        NatGateway {
            id: self.names.id(id),
            name: self.names.name(&name),
            resource_group: self.names.maybe(resource_group),
            public_addresses,
            public_prefixes,
        }
    }

    fn security_group(&mut self, group: NetworkSecurityGroup) -> NetworkSecurityGroup {
        let NetworkSecurityGroup {
            id,
            name,
            rules,
            subnets,
        } = group;
        NetworkSecurityGroup {
            id: self.names.id(id),
            name: self.names.name(&name),
            rules: rules
                .into_iter()
                .map(|rule| self.security_rule(rule))
                .collect(),
            subnets: subnets.iter().map(|id| self.names.resource(id)).collect(),
        }
    }

    fn security_rule(&mut self, rule: SecurityRule) -> SecurityRule {
        let SecurityRule {
            name,
            priority,
            inbound,
            allow,
            protocol,
            sources,
            destinations,
            source_ports,
            destination_ports,
        } = rule;
        SecurityRule {
            name: self.names.name(&name),
            priority,
            inbound,
            allow,
            protocol: self.names.known(&protocol),
            sources: self.security_ends(sources),
            destinations: self.security_ends(destinations),
            source_ports: self.ports(source_ports),
            destination_ports: self.ports(destination_ports),
        }
    }

    fn security_ends(&mut self, ends: Vec<SecurityEnd>) -> Vec<SecurityEnd> {
        ends.into_iter()
            .map(|end| match end {
                SecurityEnd::Any => SecurityEnd::Any,
                SecurityEnd::Prefix(net) => SecurityEnd::Prefix(self.net(net)),
                SecurityEnd::Tag(tag) => SecurityEnd::Tag(self.names.known(&tag)),
                SecurityEnd::Group(id) => SecurityEnd::Group(self.names.resource(&id)),
            })
            .collect()
    }

    /// Ports are numbers, and say nothing of anybody; what is none is a word.
    fn ports(&mut self, ports: Vec<String>) -> Vec<String> {
        let is_number = |text: &str| {
            let digits = |c: char| c.is_ascii_digit() || c == '-';
            text == "*" || (!text.is_empty() && text.chars().all(digits))
        };
        ports
            .into_iter()
            .map(|text| match is_number(&text) {
                true => text,
                false => self.names.known(&text),
            })
            .collect()
    }

    fn application_gateway(&mut self, gateway: ApplicationGateway) -> ApplicationGateway {
        let ApplicationGateway {
            id,
            name,
            subnets,
            backend_pools,
            ingress_controller,
            cluster,
        } = gateway;
        ApplicationGateway {
            id: self.names.id(id),
            name: self.names.name(&name),
            subnets: subnets.iter().map(|id| self.names.resource(id)).collect(),
            backend_pools: backend_pools
                .into_iter()
                .map(
                    |BackendPool {
                         name,
                         addresses,
                         host_names,
                     }| BackendPool {
                        name: self.names.name(&name),
                        addresses: self.addresses(addresses),
                        host_names: host_names
                            .iter()
                            .map(|host| self.names.name(host))
                            .collect(),
                    },
                )
                .collect(),
            ingress_controller,
            cluster: self.names.id(cluster),
        }
    }

    fn zone(&mut self, zone: PrivateDnsZone) -> PrivateDnsZone {
        let PrivateDnsZone { id, name, records } = zone;
        PrivateDnsZone {
            id: self.names.id(id),
            name: self.names.name(&name),
            records: records.map(|records| {
                records
                    .into_iter()
                    .map(|AddressRecord { name, addresses }| AddressRecord {
                        name: match name.as_str() {
                            "@" | "*" => name,
                            _ => self.names.name(&name),
                        },
                        addresses: self.addresses(addresses),
                    })
                    .collect()
            }),
        }
    }

    fn holder(&mut self, holder: Holder) -> Holder {
        let Holder {
            kind,
            name,
            resource_group,
            addresses,
            machines,
        } = holder;
        Holder {
            kind,
            name: self.names.name(&name),
            resource_group: self.names.maybe(resource_group),
            addresses,
            machines,
        }
    }

    fn route_table(&mut self, table: RouteTable) -> RouteTable {
        let RouteTable {
            id,
            name,
            routes,
            subnets,
        } = table;
        RouteTable {
            id: self.names.id(id),
            name: self.names.name(&name),
            routes: routes.into_iter().map(|route| self.route(route)).collect(),
            subnets: subnets.iter().map(|id| self.names.resource(id)).collect(),
        }
    }

    fn route(&mut self, route: Route) -> Route {
        let Route {
            name,
            prefix,
            next_hop_type,
        } = route;
        Route {
            name: self.names.name(&name),
            prefix: prefix.map(|prefix| self.net(prefix)),
            next_hop_type: self.names.known(&next_hop_type),
        }
    }

    fn cluster(&mut self, cluster: Cluster) -> Cluster {
        let Cluster {
            told_apart: _,
            id,
            name,
            resource_group,
            node_resource_group,
            kubernetes_version,
            provisioning_state,
            power_state,
            auto_upgrade,
            network,
            pools,
            private_cluster,
            api_server_vnet_integration,
            node_auto_provisioning,
            identity,
            tenant,
            node_disruption_policy,
            ingress_application_gateway,
            addons,
            profiles,
            maintenance,
            kubernetes,
        } = cluster;
        Cluster {
            told_apart: None,
            id: self.names.id(id),
            name: self.names.name(&name),
            resource_group: self.names.maybe(resource_group),
            node_resource_group: self.names.maybe(node_resource_group),
            kubernetes_version,
            provisioning_state: self.names.word(provisioning_state),
            power_state: self.names.word(power_state),
            auto_upgrade: AutoUpgrade {
                channel: self.names.word(auto_upgrade.channel),
                node_os_channel: self.names.word(auto_upgrade.node_os_channel),
            },
            network: self.network(network),
            pools: pools.into_iter().map(|pool| self.pool(pool)).collect(),
            private_cluster,
            api_server_vnet_integration,
            node_auto_provisioning,
            identity,
            tenant: self.names.maybe(tenant),
            node_disruption_policy: self.names.word(node_disruption_policy),
            ingress_application_gateway,
            addons,
            profiles: self.profiles(profiles),
            maintenance: maintenance.map(|all| {
                let all = all.into_iter().map(|one| self.maintenance(one));
                let mut all: Vec<MaintenanceConfiguration> = all.collect();
                // They are kept in order of name, and names are new.
                all.sort_by_key(MaintenanceConfiguration::key);
                all
            }),
            kubernetes: kubernetes
                .map(|state| Arc::new(self.kubernetes(Arc::unwrap_or_clone(state)))),
        }
    }

    fn maintenance(&mut self, configuration: MaintenanceConfiguration) -> MaintenanceConfiguration {
        let MaintenanceConfiguration {
            name,
            window,
            time_in_week,
            not_allowed_time,
            not_understood,
        } = configuration;
        MaintenanceConfiguration {
            name: self.names.known(&name),
            // Days and hours, no names.
            window,
            time_in_week,
            not_allowed_time,
            // Azure's JSON as it came: that there was some stays, what it said does not.
            not_understood: not_understood.iter().map(|_| "{}".to_string()).collect(),
        }
    }

    fn network(&mut self, network: NetworkProfile) -> NetworkProfile {
        let NetworkProfile {
            plugin,
            overlay,
            dataplane,
            policy,
            no_policy,
            pod_cidrs,
            service_cidrs,
            dns_service_ip,
            outbound_type,
            load_balancer,
        } = network;
        if let Some(balancer) = &load_balancer {
            // Two numbers; a third field does not compile here until somebody decides about it.
            let LoadBalancerProfile {
                allocated_outbound_ports: _,
                outbound_ips: _,
            } = balancer;
        }
        self.dns =
            dns_service_ip.map(|address| (address, self.in_services(address, &service_cidrs)));
        NetworkProfile {
            plugin: plugin.map(|plugin| match plugin {
                NetworkPlugin::Azure | NetworkPlugin::Kubenet | NetworkPlugin::None => plugin,
                NetworkPlugin::Other(word) => NetworkPlugin::Other(self.names.known(&word)),
            }),
            overlay,
            dataplane: self.names.word(dataplane),
            policy: self.names.word(policy),
            no_policy,
            pod_cidrs: self.nets(pod_cidrs),
            service_cidrs: self.nets(service_cidrs),
            dns_service_ip: self.dns.map(|(_, moved)| moved),
            outbound_type: self.names.word(outbound_type),
            load_balancer,
        }
    }

    /// The DNS address keeps its place in the service CIDR: AKS asks that it be in it, and not the first.
    fn in_services(&mut self, address: IpAddr, services: &[IpNet]) -> IpAddr {
        match (services.iter().find(|net| net.contains(&address)), address) {
            (Some(net), IpAddr::V4(address)) => match (*net, self.net(*net)) {
                (IpNet::V4(old), IpNet::V4(new)) => {
                    let offset = u32::from(address) - u32::from(old.network());
                    IpAddr::V4((u32::from(new.network()) | offset).into())
                }
                _ => IpAddr::V4(address),
            },
            (Some(net), IpAddr::V6(address)) => match (*net, self.net(*net)) {
                (IpNet::V6(old), IpNet::V6(new)) => {
                    let offset = u128::from(address) - u128::from(old.network());
                    IpAddr::V6((u128::from(new.network()) | offset).into())
                }
                _ => IpAddr::V6(address),
            },
            (None, address) => self.address(address),
        }
    }

    /// The address of a service: that of DNS is the one that the cluster names.
    fn service_address(&mut self, address: IpAddr) -> IpAddr {
        match self.dns {
            Some((dns, moved)) if dns == address => moved,
            _ => self.address(address),
        }
    }

    fn pool(&mut self, pool: NodePool) -> NodePool {
        let NodePool {
            name,
            mode,
            os_type,
            kind,
            count,
            autoscaler,
            max_pods,
            max_pods_defaulted,
            upgrade,
            subnet,
            has_pod_subnet,
            pod_subnet,
            pod_ip_allocation,
            spot,
            availability_zones,
            node_taints,
            kubernetes_version,
            provisioning_state,
            power_state,
            vm_size,
            node_image_version,
            unknown,
        } = pool;
        let UpgradeSettings {
            max_surge,
            max_unavailable,
            drain_timeout_minutes,
            node_soak_minutes,
            undrainable_node_behavior,
        } = upgrade;
        NodePool {
            name: self.names.name(&name),
            mode,
            os_type,
            kind,
            count,
            autoscaler,
            max_pods,
            max_pods_defaulted,
            upgrade: UpgradeSettings {
                max_surge,
                max_unavailable,
                drain_timeout_minutes,
                node_soak_minutes,
                undrainable_node_behavior: self.names.word(undrainable_node_behavior),
            },
            subnet,
            has_pod_subnet,
            pod_subnet,
            pod_ip_allocation,
            spot,
            availability_zones: availability_zones.map(|zones| {
                let zones = zones.iter();
                zones.map(|zone| self.written_zone(zone)).collect()
            }),
            node_taints: node_taints.map(|taints| {
                let taints = taints.iter();
                taints.map(|taint| self.written_taint(taint)).collect()
            }),
            kubernetes_version,
            provisioning_state: self.names.word(provisioning_state),
            power_state: self.names.word(power_state),
            vm_size: vm_size.map(|size| self.names.beginning(&size, words::VM_SIZES)),
            node_image_version: node_image_version
                .map(|image| self.names.beginning(&image, words::NODE_IMAGES)),
            unknown: unknown
                .iter()
                .map(|field| self.names.known(field))
                .collect(),
        }
    }
}

/// The sentences name files, ids and resources: what they say is left out, that there were some is not.
fn told(count: usize) -> Vec<String> {
    match count {
        0 => Vec::new(),
        1 => vec![
            "what could not be checked is left out of this redacted snapshot: one sentence"
                .to_string(),
        ],
        count => vec![format!(
            "what could not be checked is left out of this redacted snapshot: {count} sentences"
        )],
    }
}
