//! A made-up estate of any size: a hub, spokes in several subscriptions, clusters of every network mode, and what must come out
//! of reading it. The same seed makes the same estate.

use crate::fault::Draws;
use crate::world::{Subscription, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How large, and which one.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub seed: u64,
    /// The hub among them; at least 1, at most 900.
    pub vnets: usize,
    /// At most 6 for each spoke.
    pub clusters: usize,
    pub subscriptions: usize,
}

/// The estate, and what is true of it.
#[derive(Debug, Clone)]
pub struct Estate {
    pub world: World,
    pub truth: Truth,
}

/// Name, nodes and `maxPods` of each pool.
pub type Pools = Vec<(String, u64, u32)>;

/// What reading the estate must give.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Truth {
    /// Ids of VNets, with their address space.
    pub vnets: BTreeMap<String, Vec<String>>,
    /// Ids of subnets: prefix, and addresses in use where Azure says.
    pub subnets: BTreeMap<String, (String, Option<u64>)>,
    /// Ids of clusters: network mode, and of each pool name, nodes and `maxPods`.
    pub clusters: BTreeMap<String, (String, Pools)>,
}

/// The management group that holds every subscription.
pub const GROUP: &str = "platform";

pub fn subscription(number: usize) -> String {
    format!("{:08x}-aaaa-4000-8000-0000000000aa", number + 1)
}

/// `/subscriptions/…/virtualNetworks/NAME` of the VNet with the number; 0 is the hub.
pub fn vnet_id(size: Size, number: usize) -> String {
    let subscription = subscription(number % size.subscriptions);
    format!(
        "/subscriptions/{subscription}/resourceGroups/rg-network-{number}/providers/Microsoft.Network/virtualNetworks/{}",
        vnet_name(number)
    )
}

pub fn vnet_name(number: usize) -> String {
    match number {
        0 => "hub".to_string(),
        _ => format!("spoke-{number:03}"),
    }
}

/// Makes an estate.
///
/// # Panics
/// When the size is out of its bounds.
pub fn estate(size: Size) -> Estate {
    assert!((1..=900).contains(&size.vnets) && size.subscriptions >= 1);
    assert!(size.clusters <= 6 * size.vnets.saturating_sub(1));
    let mut made = Making {
        size,
        world: World::default(),
        truth: Truth::default(),
    };
    for number in 0..size.subscriptions {
        made.world.subscriptions.push(Subscription {
            id: subscription(number),
            name: format!("Team {number}"),
        });
    }
    let all = (0..size.subscriptions).map(subscription).collect();
    made.world.management_groups.insert(GROUP.to_string(), all);
    made.hub();
    for number in 1..size.vnets {
        made.spoke(number);
    }
    made.dependents();
    made.platform();
    Estate {
        world: made.world,
        truth: made.truth,
    }
}

struct Making {
    size: Size,
    world: World,
    truth: Truth,
}

/// A subnet on its way into a VNet's body.
struct Room {
    id: String,
    name: String,
    prefix: String,
    addresses: u64,
    /// Who holds addresses, as ids.
    held: Vec<String>,
    /// Held without an id, as pods of a pod subnet are.
    held_besides: u64,
    /// Gateway subnets answer -1.
    unknown: bool,
    more: Vec<(&'static str, Value)>,
}

impl Room {
    fn new(vnet: &str, name: &str, prefix: String) -> Room {
        let length: u32 = prefix
            .rsplit('/')
            .next()
            .and_then(|length| length.parse().ok())
            .expect("a prefix");
        Room {
            id: format!("{vnet}/subnets/{name}"),
            name: name.to_string(),
            addresses: (1 << (32 - length)) - 5,
            prefix,
            held: Vec::new(),
            held_besides: 0,
            unknown: false,
            more: Vec::new(),
        }
    }

    fn used(&self) -> Option<u64> {
        (!self.unknown).then(|| self.held.len() as u64 + self.held_besides)
    }

    fn body(&self) -> Value {
        let mut properties = json!({
            "provisioningState": "Succeeded",
            "addressPrefix": self.prefix,
            "serviceEndpoints": [],
            "delegations": [],
            "privateEndpointNetworkPolicies": "Disabled",
            "privateLinkServiceNetworkPolicies": "Enabled",
        });
        if !self.held.is_empty() {
            properties["ipConfigurations"] = self.held.iter().map(|id| json!({"id": id})).collect();
        }
        for (field, value) in &self.more {
            properties[*field] = value.clone();
        }
        json!({
            "name": self.name,
            "id": self.id,
            "etag": "W/\"00000000-0000-4000-8000-000000000009\"",
            "properties": properties,
            "type": "Microsoft.Network/virtualNetworks/subnets",
        })
    }

    fn usage(&self) -> Value {
        let (used, limit) = match self.used() {
            // Azure answers floats.
            Some(used) => (json!(used as f64), json!(self.addresses as f64)),
            None => (json!(-1.0), json!(-1.0)),
        };
        json!({
            "currentValue": used,
            "id": self.id,
            "limit": limit,
            "name": {"localizedValue": "Subnet size and usage", "value": "SubnetSpace"},
            "unit": "Count",
        })
    }
}

impl Making {
    fn space(number: usize) -> String {
        match number {
            0 => "10.0.0.0/20".to_string(),
            _ => format!("10.{}.{}.0/18", number / 4, number % 4 * 64),
        }
    }

    /// The `/22` with the position in the VNet's space.
    fn slice(number: usize, position: usize) -> String {
        format!(
            "10.{}.{}.0/22",
            number / 4,
            (number % 4 * 64) + position * 4
        )
    }

    fn hub(&mut self) {
        let id = vnet_id(self.size, 0);
        let mut gateway = Room::new(&id, "GatewaySubnet", "10.0.0.0/26".to_string());
        gateway.unknown = true;
        let mut firewall = Room::new(&id, "AzureFirewallSubnet", "10.0.1.0/26".to_string());
        firewall.held.push(format!(
            "{}/providers/Microsoft.Network/azureFirewalls/fw/azureFirewallIpConfigurations/one",
            self.group(0)
        ));
        let peerings: Vec<usize> = (1..self.size.vnets).collect();
        self.vnet(0, vec![gateway, firewall], &peerings);
    }

    fn group(&self, number: usize) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/rg-network-{number}",
            subscription(number % self.size.subscriptions)
        )
    }

    fn spoke(&mut self, number: usize) {
        let id = vnet_id(self.size, number);
        let spokes = self.size.vnets - 1;
        let mine: Vec<usize> = (0..self.size.clusters)
            .filter(|cluster| cluster % spokes + 1 == number)
            .collect();
        let mut rooms = Vec::new();
        for (position, cluster) in mine.iter().enumerate() {
            rooms.extend(self.cluster(number, *cluster, position));
        }
        rooms.push(self.endpoints(number, &id));
        self.vnet(number, rooms, &[0]);
    }

    /// A subnet with a private endpoint, and its interface.
    fn endpoints(&mut self, number: usize, vnet: &str) -> Room {
        let group = self.group(number);
        let mut room = Room::new(vnet, "endpoints", Self::slice(number, 15));
        let interface =
            format!("{group}/providers/Microsoft.Network/networkInterfaces/store-{number}.nic.1");
        let endpoint =
            format!("{group}/providers/Microsoft.Network/privateEndpoints/store-{number}");
        let configuration = format!("{interface}/ipConfigurations/privateEndpointIpConfig.1");
        let address = Self::slice(number, 15).replace(".0/22", ".4");
        self.world.put(&json!({
            "name": format!("store-{number}.nic.1"),
            "id": interface,
            "type": "Microsoft.Network/networkInterfaces",
            "location": "westeurope",
            "properties": {
                "provisioningState": "Succeeded",
                "ipConfigurations": [{
                    "name": "privateEndpointIpConfig.1",
                    "id": configuration,
                    "type": "Microsoft.Network/networkInterfaces/ipConfigurations",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateIPAddress": address,
                        "privateIPAllocationMethod": "Dynamic",
                        "subnet": {"id": room.id},
                        "primary": true,
                        "privateIPAddressVersion": "IPv4",
                    },
                }],
                "privateEndpoint": {"id": endpoint},
                "nicType": "Standard",
            },
        }));
        self.world.put(&json!({
            "name": format!("store-{number}"),
            "id": endpoint,
            "type": "Microsoft.Network/privateEndpoints",
            "location": "westeurope",
            "properties": {
                "provisioningState": "Succeeded",
                "subnet": {"id": room.id},
                "networkInterfaces": [{"id": interface}],
                "privateLinkServiceConnections": [],
            },
        }));
        room.held.push(configuration);
        room.more
            .push(("privateEndpoints", json!([{"id": endpoint}])));
        room
    }

    /// A cluster in the spoke, and the subnets it brings along.
    fn cluster(&mut self, spoke: usize, number: usize, position: usize) -> Vec<Room> {
        let mut draws = Draws::of(self.size.seed, &format!("cluster {number}"));
        let vnet = vnet_id(self.size, spoke);
        let subscription = subscription(spoke % self.size.subscriptions);
        let name = format!("aks-{number:03}");
        let group = format!("/subscriptions/{subscription}/resourceGroups/rg-aks-{number}");
        let id = format!("{group}/providers/Microsoft.ContainerService/managedClusters/{name}");
        let nodes_group = format!("MC_rg-aks-{number}_{name}_westeurope");
        let (mode, max_pods, network) = match draws.below(10) {
            0..4 => (
                "overlay",
                250,
                json!({"networkPlugin": "azure", "networkPluginMode": "overlay", "networkDataplane": "cilium", "podCidr": "192.168.0.0/16", "podCidrs": ["192.168.0.0/16"]}),
            ),
            4..8 => (
                "node_subnet",
                30,
                json!({"networkPlugin": "azure", "networkDataplane": "azure"}),
            ),
            8 => (
                "pod_subnet_dynamic",
                110,
                json!({"networkPlugin": "azure", "networkDataplane": "azure"}),
            ),
            _ => (
                "kubenet",
                110,
                json!({"networkPlugin": "kubenet", "podCidr": "10.244.0.0/16", "podCidrs": ["10.244.0.0/16"]}),
            ),
        };
        let mut network = network;
        for (field, value) in [
            ("serviceCidr", json!("172.16.0.0/16")),
            ("serviceCidrs", json!(["172.16.0.0/16"])),
            ("dnsServiceIP", json!("172.16.0.10")),
            ("networkPolicy", json!("none")),
            ("loadBalancerSku", json!("standard")),
            ("outboundType", json!("loadBalancer")),
            ("ipFamilies", json!(["IPv4"])),
        ] {
            network[field] = value;
        }
        let mut nodes = Room::new(
            &vnet,
            &format!("nodes-{number:03}"),
            Self::slice(spoke, position),
        );
        let mut pods = (mode == "pod_subnet_dynamic").then(|| {
            let mut room = Room::new(
                &vnet,
                &format!("pods-{number:03}"),
                Self::slice(spoke, 6 + position),
            );
            room.more.push((
                "delegations",
                json!([{
                    "name": "aks-delegation",
                    "id": format!("{}/delegations/aks-delegation", room.id),
                    "properties": {"provisioningState": "Succeeded", "serviceName": "Microsoft.ContainerService/managedClusters", "actions": ["Microsoft.Network/virtualNetworks/subnets/join/action"]},
                    "type": "Microsoft.Network/virtualNetworks/subnets/delegations",
                }]),
            ));
            room
        });
        let (mut profiles, mut pools) = (Vec::new(), Vec::new());
        for (pool, windows) in [("system", false), ("work", draws.below(4) == 0)] {
            // Windows pools have names of six letters at most.
            let count = 1 + draws.below(6);
            let bounds = (draws.below(2) == 0).then_some((count, count + 3));
            let prefix = if windows {
                format!("aks{pool}")
            } else {
                format!("aks-{pool}-{:08}-vmss", 10_000_000 + number)
            };
            let set = format!(
                "/subscriptions/{subscription}/resourceGroups/{nodes_group}/providers/Microsoft.Compute/virtualMachineScaleSets/{prefix}"
            );
            // As the real service was seen to do: 29 a Linux node and 31 a Windows node at 30 pods.
            let of_node = match (mode, windows) {
                ("node_subnet", false) => max_pods - 1,
                ("node_subnet", true) => max_pods + 1,
                _ => 1,
            };
            for machine in 0..count {
                for configuration in 1..=of_node {
                    nodes.held.push(format!("{set}/virtualMachines/{machine}/networkInterfaces/{prefix}/ipConfigurations/ipconfig{configuration}"));
                }
            }
            let mut profile = json!({
                "name": pool,
                "count": count,
                "vmSize": "Standard_D4s_v5",
                "osDiskSizeGB": 128,
                "osDiskType": "Ephemeral",
                "maxPods": max_pods,
                "type": "VirtualMachineScaleSets",
                "vnetSubnetID": nodes.id,
                "enableAutoScaling": bounds.is_some(),
                "provisioningState": "Succeeded",
                "powerState": {"code": "Running"},
                "orchestratorVersion": "1.33.5",
                "currentOrchestratorVersion": "1.33.5",
                "mode": if pool == "system" { "System" } else { "User" },
                "osType": if windows { "Windows" } else { "Linux" },
                "osSKU": if windows { "Windows2022" } else { "Ubuntu" },
                "nodeImageVersion": "AKSUbuntu-2204gen2containerd-202511.01.0",
                "upgradeSettings": {"maxSurge": "10%", "maxUnavailable": "0"},
            });
            if let Some((least, most)) = bounds {
                profile["minCount"] = json!(least);
                profile["maxCount"] = json!(most);
            }
            if let Some(pods) = &mut pods {
                profile["podSubnetID"] = json!(pods.id);
                // Pods draw blocks of 16.
                pods.held_besides += 16 * count;
            }
            profiles.push(profile);
            pools.push((pool.to_string(), count, max_pods));
        }
        if draws.below(3) == 0 {
            self.internal_balancer(&subscription, &nodes_group, &mut nodes);
        }
        if mode == "kubenet" {
            let table = self.routes(&subscription, &nodes_group, number, &nodes.id);
            nodes.more.push(("routeTable", json!({"id": table})));
        }
        self.world.put(&json!({
            "id": id,
            "location": "westeurope",
            "name": name,
            "type": "Microsoft.ContainerService/ManagedClusters",
            "tags": {"team": format!("team-{}", number % 7)},
            "properties": {
                "provisioningState": "Succeeded",
                "powerState": {"code": "Running"},
                "kubernetesVersion": "1.33",
                "currentKubernetesVersion": "1.33.5",
                "dnsPrefix": name,
                "fqdn": format!("{name}-0a1b2c3d.hcp.westeurope.azmk8s.io"),
                "agentPoolProfiles": profiles,
                "servicePrincipalProfile": {"clientId": "msi"},
                "nodeResourceGroup": nodes_group,
                "enableRBAC": true,
                "supportPlan": "KubernetesOfficial",
                "networkProfile": network,
                "maxAgentPools": 100,
                "disableLocalAccounts": false,
                "securityProfile": {},
                "storageProfile": {"diskCSIDriver": {"enabled": true}},
                "oidcIssuerProfile": {"enabled": false},
            },
            "identity": {"type": "SystemAssigned", "principalId": "0b1ec700-0000-4000-8000-000000000004", "tenantId": crate::world::TENANT},
            "sku": {"name": "Base", "tier": "Standard"},
            "eTag": "00000000-0000-4000-8000-00000000000e",
        }));
        if draws.below(2) == 0 {
            self.world.put(&json!({
                "id": format!("{id}/maintenanceConfigurations/aksManagedAutoUpgradeSchedule"),
                "name": "aksManagedAutoUpgradeSchedule",
                "type": "Microsoft.ContainerService/managedClusters/maintenanceConfigurations",
                "properties": {"maintenanceWindow": {
                    "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
                    "durationHours": 6, "utcOffset": "+00:00", "startDate": "2025-01-05", "startTime": "01:00",
                }},
            }));
        }
        self.truth.clusters.insert(id, (mode.to_string(), pools));
        std::iter::once(nodes).chain(pods).collect()
    }

    fn internal_balancer(&mut self, subscription: &str, group: &str, room: &mut Room) {
        let balancer = format!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/loadBalancers/kubernetes-internal"
        );
        let frontend = format!("{balancer}/frontendIPConfigurations/a1");
        self.world.put(&json!({
            "name": "kubernetes-internal",
            "id": balancer,
            "type": "Microsoft.Network/loadBalancers",
            "location": "westeurope",
            "sku": {"name": "Standard", "tier": "Regional"},
            "properties": {
                "provisioningState": "Succeeded",
                "frontendIPConfigurations": [{
                    "name": "a1",
                    "id": frontend,
                    "type": "Microsoft.Network/loadBalancers/frontendIPConfigurations",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateIPAddress": room.prefix.replace(".0/22", ".200"),
                        "privateIPAllocationMethod": "Dynamic",
                        "subnet": {"id": room.id},
                        "privateIPAddressVersion": "IPv4",
                    },
                }],
                "backendAddressPools": [],
            },
        }));
        room.held.push(frontend);
    }

    fn routes(&mut self, subscription: &str, group: &str, number: usize, subnet: &str) -> String {
        let id = format!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/routeTables/aks-agentpool-{number:08}-routetable"
        );
        self.world.put(&json!({
            "name": format!("aks-agentpool-{number:08}-routetable"),
            "id": id,
            "type": "Microsoft.Network/routeTables",
            "location": "westeurope",
            "properties": {
                "provisioningState": "Succeeded",
                "disableBgpRoutePropagation": false,
                "routes": [{
                    "name": "aks-system-vmss000000____102440024",
                    "id": format!("{id}/routes/aks-system-vmss000000____102440024"),
                    "properties": {"provisioningState": "Succeeded", "addressPrefix": "10.244.0.0/24", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.1.0.4"},
                    "type": "Microsoft.Network/routeTables/routes",
                }],
                "subnets": [{"id": subnet}],
            },
        }));
        id
    }

    /// Identities, Grafana and alert rules of the second subscription.
    fn platform(&mut self) {
        let group = format!(
            "/subscriptions/{}/resourceGroups/rg-platform/providers",
            subscription(1)
        );
        let identity =
            format!("{group}/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders");
        let workspace = format!("{group}/Microsoft.Monitor/accounts/amw");
        for (id, properties) in [
            (
                identity.clone(),
                json!({"clientId": "00000000-0000-4000-8000-0000000000c1"}),
            ),
            (
                format!("{identity}/federatedIdentityCredentials/orders"),
                json!({"issuer": "https://oidc.example/", "subject": "system:serviceaccount:orders:orders",
                    "audiences": ["api://AzureADTokenExchange"]}),
            ),
            (
                format!("{group}/Microsoft.Dashboard/grafana/graf"),
                json!({"grafanaIntegrations": {"azureMonitorWorkspaceIntegrations": [{"azureMonitorWorkspaceResourceId": workspace}]}}),
            ),
            (
                format!("{group}/Microsoft.AlertsManagement/prometheusRuleGroups/group"),
                json!({"enabled": true, "scopes": [workspace], "rules": [{"alert": "Slow", "expression": "request_duration > 1"}]}),
            ),
            (
                format!("{group}/Microsoft.Insights/metricAlerts/node-cpu"),
                json!({"enabled": true, "scopes": [], "criteria": {"allOf": [{"metricName": "node_cpu_usage_percentage"}]}}),
            ),
            (
                format!("{group}/Microsoft.Insights/scheduledQueryRules/logs"),
                json!({"enabled": true, "scopes": [], "criteria": {"allOf": [{"query": "KubeEvents"}]},
                    "actions": {"actionGroups": ["/x"]}}),
            ),
        ] {
            self.world
                .put(&json!({"id": id, "name": id.rsplit('/').next(), "properties": properties}));
        }
    }

    /// In every subscription a security group, an application gateway and two private DNS zones, one of them Azure's own.
    fn dependents(&mut self) {
        for number in 0..self.size.subscriptions {
            let group = format!(
                "/subscriptions/{}/resourceGroups/rg-network-{number}/providers/Microsoft.Network",
                subscription(number)
            );
            let nsg = format!("{group}/networkSecurityGroups/nsg-{number}");
            self.world.put(&json!({
                "id": nsg, "name": format!("nsg-{number}"), "type": "Microsoft.Network/networkSecurityGroups", "location": "westeurope",
                "properties": {
                    "securityRules": [{
                        "id": format!("{nsg}/securityRules/deny"), "name": "deny",
                        "properties": {
                            "protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*", "sourceAddressPrefix": "*",
                            "destinationAddressPrefixes": ["10.9.9.9", "10.8.0.0/16"], "access": "Deny", "priority": 4000,
                            "direction": "Inbound", "sourceAddressPrefixes": [], "destinationPortRanges": [],
                        },
                    }],
                    "defaultSecurityRules": [],
                },
            }));
            let gateway = format!("{group}/applicationGateways/edge-{number}");
            self.world.put(&json!({
                "id": gateway, "name": format!("edge-{number}"), "type": "Microsoft.Network/applicationGateways", "location": "westeurope",
                "tags": {"managed-by-k8s-ingress": "1.7.5/abc"},
                "properties": {
                    "backendAddressPools": [{
                        "id": format!("{gateway}/backendAddressPools/web"), "name": "web",
                        "properties": {"backendAddresses": [{"ipAddress": "10.1.0.7"}, {"fqdn": "web.example"}]},
                    }],
                },
            }));
            for (zone, address) in [
                ("corp.example", "10.1.0.7"),
                ("privatelink.blob.core.windows.net", "10.1.0.9"),
            ] {
                let id = format!("{group}/privateDnsZones/{zone}");
                self.world.put(&json!({
                    "id": id, "name": zone, "type": "Microsoft.Network/privateDnsZones", "location": "global",
                    "properties": {"numberOfRecordSets": 2},
                }));
                self.world.put(&json!({
                    "id": format!("{id}/A/web"), "name": "web", "type": "Microsoft.Network/privateDnsZones/A",
                    "properties": {"fqdn": format!("web.{zone}."), "ttl": 300, "aRecords": [{"ipv4Address": address}]},
                }));
            }
        }
    }

    fn vnet(&mut self, number: usize, rooms: Vec<Room>, peers: &[usize]) {
        let id = vnet_id(self.size, number);
        let peerings: Vec<Value> = peers
            .iter()
            .map(|peer| {
                let name = format!("to-{}", vnet_name(*peer));
                json!({
                    "name": name,
                    "id": format!("{id}/virtualNetworkPeerings/{name}"),
                    "etag": "W/\"00000000-0000-4000-8000-000000000009\"",
                    "type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "peeringState": "Connected",
                        "peeringSyncLevel": "FullyInSync",
                        "remoteVirtualNetwork": {"id": vnet_id(self.size, *peer)},
                        "allowVirtualNetworkAccess": true,
                        "allowForwardedTraffic": true,
                        "allowGatewayTransit": number == 0,
                        "useRemoteGateways": number != 0,
                        "remoteAddressSpace": {"addressPrefixes": [Self::space(*peer)]},
                        "remoteVirtualNetworkAddressSpace": {"addressPrefixes": [Self::space(*peer)]},
                    },
                })
            })
            .collect();
        self.world.put(&json!({
            "name": vnet_name(number),
            "id": id,
            "etag": "W/\"00000000-0000-4000-8000-000000000009\"",
            "type": "Microsoft.Network/virtualNetworks",
            "location": "westeurope",
            "tags": {"owner": "network"},
            "properties": {
                "provisioningState": "Succeeded",
                "resourceGuid": format!("{number:08x}-0000-4000-8000-00000000beef"),
                "addressSpace": {"addressPrefixes": [Self::space(number)]},
                "dhcpOptions": {"dnsServers": []},
                "subnets": rooms.iter().map(Room::body).collect::<Vec<_>>(),
                "virtualNetworkPeerings": peerings,
                "enableDdosProtection": false,
            },
        }));
        self.world
            .put_usages(&id, rooms.iter().map(Room::usage).collect());
        for room in &rooms {
            let used = room.used();
            self.truth
                .subnets
                .insert(room.id.clone(), (room.prefix.clone(), used));
        }
        self.truth.vnets.insert(id, vec![Self::space(number)]);
    }
}
