//! Scenarios: a hand-written estate in YAML (or JSON), `apiVersion: aksplan/v1`. The schema is published
//! (`aksplan schema scenario`); unknown fields are errors, because a misspelt `max_cuont` must not be silently 0.

use super::SourceError;
use super::arm::{MOST_ADDRESSES, MOST_NODES, MOST_PODS, addresses, cidr};
use super::facts::{
    ClusterFact, ClusterGiven, Facts, Origin, PoolFact, PoolGiven, SubnetFact, SubnetReference,
    VnetFact,
};
use crate::model::{
    Autoscaler, Cluster, Identity, IntOrPercent, IpNet, KubernetesVersion, LoadBalancerProfile,
    NetworkPlugin, NetworkProfile, NodePool, OsType, Peering, PodIpAllocation, PoolKind, PoolMode,
    ReservedRange, ResourceId, Route, RouteTable, UpgradeSettings, VirtualNetwork, parse_cidr,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `apiVersion` this version reads.
pub const API_VERSION: &str = "aksplan/v1";

/// An estate, and optionally what somebody wants to do to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Always `aksplan/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Always `Scenario`; may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// A short name.
    pub name: String,
    /// What the scenario shows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// VNets, their subnets and peerings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub virtual_networks: Vec<ScenarioVnet>,
    /// Route tables that subnets name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub route_tables: Vec<ScenarioRouteTable>,
    /// Clusters that exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<ScenarioCluster>,
    /// Ranges in use outside of Azure's sight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reserved: Vec<ScenarioReserved>,
    /// What somebody wants to do; `aksplan predict` answers each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<ScenarioOperation>,
}

/// A virtual network.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioVnet {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    /// CIDRs.
    pub address_space: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<ScenarioSubnet>,
    /// Peerings as this VNet states them. One side is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peerings: Vec<ScenarioPeering>,
    /// ARM's word; `Succeeded` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// A subnet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioSubnet {
    pub name: String,
    /// A CIDR, or a list of them (dual stack, multiple prefixes).
    pub cidr: OneOrMany,
    /// Addresses held by anything, as the VNet's usages count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    /// Addresses held by something that is no AKS node: load balancers, private endpoints, virtual machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<u64>,
    /// Services the subnet is delegated to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub private_endpoints: u64,
    /// Name of a route table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_table: Option<String>,
}

/// A peering.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioPeering {
    /// Name of the other VNet.
    pub remote: String,
    /// Its address space, where it is not in this scenario.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remote_address_space: Vec<String>,
    /// Accepts traffic that the other VNet forwards for a third: what makes a hub transitive.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_forwarded_traffic: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_gateway_transit: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub use_remote_gateways: bool,
    /// `Connected` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// A route table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioRouteTable {
    pub name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<ScenarioRoute>,
}

/// A user-defined route.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioRoute {
    pub name: String,
    pub cidr: String,
    /// `VirtualAppliance`, `VirtualNetworkGateway`, `VnetLocal`, `Internet` or `None`.
    pub next_hop_type: String,
}

/// A managed cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioCluster {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes_version: Option<String>,
    /// `azure`, `kubenet` or `none`.
    pub network_plugin: String,
    /// `overlay`, or left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_plugin_mode: Option<String>,
    /// `azure` or `cilium`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_dataplane: Option<String>,
    /// `azure`, `calico`, `cilium` or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_policy: Option<String>,
    /// A CIDR, or IPv4 and IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_cidr: Option<OneOrMany>,
    /// A CIDR, or IPv4 and IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_cidr: Option<OneOrMany>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_service_ip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<ScenarioLoadBalancer>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub private_cluster: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub api_server_vnet_integration: bool,
    /// Node auto-provisioning (Karpenter).
    #[serde(default, skip_serializing_if = "is_false")]
    pub node_auto_provisioning: bool,
    /// `SystemAssigned`, `UserAssigned` or `ServicePrincipal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// `Running` or `Stopped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_state: Option<String>,
    /// ARM's word; `Succeeded` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
    /// `Allow`, `Block` or `AllowDuringMaintenanceWindow`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_disruption_policy: Option<String>,
    pub pools: Vec<ScenarioPool>,
}

/// Outbound side of the public load balancer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioLoadBalancer {
    /// SNAT ports a node; 0 lets Azure choose.
    #[serde(default)]
    pub allocated_outbound_ports: u64,
    /// Outbound public addresses.
    pub outbound_ips: u64,
}

/// A node pool.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioPool {
    pub name: String,
    /// `System` or `User` (the default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// `Linux` (the default) or `Windows`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_type: Option<String>,
    /// Nodes now.
    pub count: u64,
    /// With `max_count`: the autoscaler is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_count: Option<u64>,
    /// The autoscaler's ceiling. Left out: the autoscaler is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_count: Option<u64>,
    /// Pods a node may run. Left out: the default of the network mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_pods: Option<u32>,
    /// A number or a percentage. Left out: AKS's default, 10%.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_surge: Option<NumberOrText>,
    /// A number or a percentage. Left out: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<NumberOrText>,
    /// Minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain_timeout_minutes: Option<u32>,
    /// `subnet` or `vnet/subnet`. Left out: the VNet that AKS makes itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// `subnet` or `vnet/subnet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_subnet: Option<String>,
    /// `DynamicIndividual` (the default) or `StaticBlock`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_ip_allocation_mode: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub spot: bool,
    /// `VirtualMachineScaleSets` (the default), `VirtualMachines` or `AvailabilitySet`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_size: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes_version: Option<String>,
}

/// A range somebody else has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioReserved {
    pub cidr: String,
    pub owner: String,
}

/// What somebody wants to do. Name one or more changes; AKS judges the state after all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioOperation {
    /// May be left out where there is one cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// A cluster that is not there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<Box<ScenarioCluster>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_pool: Option<Box<ScenarioPool>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<ScenarioScale>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_count: Option<ScenarioScale>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<ScenarioUpgrade>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrate_to_overlay: Option<ScenarioMigration>,
    /// Any request that changes nothing here, such as enabling an add-on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub update: bool,
}

/// A pool and a number of nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioScale {
    pub pool: String,
    pub count: u64,
}

/// One pool, or the whole cluster when `pool` is left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioUpgrade {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
}

/// The move to Azure CNI Overlay.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioMigration {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_cidr: Option<String>,
}

/// `10.0.0.0/24`, or a list of such.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a CIDR or a list of CIDRs")]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        OneOrMany::Many(Vec::new())
    }
}

impl OneOrMany {
    fn as_slice(&self) -> &[String] {
        match self {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many,
        }
    }
}

/// `1` or `33%`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a number or a percentage, as in 1 or 33%"
)]
pub enum NumberOrText {
    Number(u64),
    Text(String),
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// An operation with references not yet followed.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationFact {
    pub origin: Origin,
    /// `None`: the only cluster there is.
    pub cluster: Option<String>,
    pub changes: Vec<ChangeFact>,
}

/// A change with references not yet followed.
#[derive(Debug, Clone, PartialEq)]
pub enum ChangeFact {
    Create(Box<ClusterFact>),
    AddPool(Box<PoolFact>),
    Scale { pool: String, count: u64 },
    SetMaxCount { pool: String, max_count: u64 },
    Upgrade { pool: Option<String> },
    MigrateToOverlay { pod_cidr: Option<IpNet> },
    Update,
}

impl Scenario {
    /// Lowers to facts, and to what is wanted.
    ///
    /// # Errors
    /// Naming file and path, when a CIDR, a number or a word is not what it should be.
    pub fn lower(
        self,
        file: &std::sync::Arc<str>,
    ) -> Result<(Facts, Vec<OperationFact>), SourceError> {
        check_version(&self.api_version, &Origin::new(file, ""))?;
        let mut facts = Facts::default();
        for (position, vnet) in self.virtual_networks.into_iter().enumerate() {
            let origin = Origin::new(file, format!("virtual_networks[{position}]"));
            facts.vnets.push(vnet.lower(origin)?);
        }
        for (position, table) in self.route_tables.into_iter().enumerate() {
            let origin = Origin::new(file, format!("route_tables[{position}]"));
            facts.route_tables.push(table.lower(&origin)?);
        }
        for (position, cluster) in self.clusters.into_iter().enumerate() {
            let origin = Origin::new(file, format!("clusters[{position}]"));
            facts.clusters.push(cluster.lower(origin)?);
        }
        for (position, range) in self.reserved.into_iter().enumerate() {
            let origin = Origin::new(file, format!("reserved[{position}]"));
            facts.reserved.push(ReservedRange {
                // A single host may be reserved as well.
                cidr: parse_cidr(&range.cidr)
                    .map_err(|error| origin.error("cidr", error.to_string()))?,
                owner: range.owner,
            });
        }
        let operations = self
            .operations
            .into_iter()
            .enumerate()
            .map(|(position, operation)| {
                operation.lower(Origin::new(file, format!("operations[{position}]")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok((facts, operations))
    }
}

/// Refuses an `apiVersion` of another version of aksplan, before anything else in the file is held against it.
pub(super) fn check_version(word: &str, origin: &Origin) -> Result<(), SourceError> {
    if word == API_VERSION {
        return Ok(());
    }
    Err(origin.error(
        "apiVersion",
        format!("`{word}` is not read by this version; expected {API_VERSION}"),
    ))
}

fn cidrs(texts: &[String], origin: &Origin, inner: &str) -> Result<Vec<IpNet>, SourceError> {
    texts.iter().map(|text| cidr(text, origin, inner)).collect()
}

/// One of some words, without regard to case.
fn one_of<T: Copy>(
    word: Option<&str>,
    default: T,
    words: &[(&str, T)],
    origin: &Origin,
    inner: &str,
) -> Result<T, SourceError> {
    let Some(word) = word else { return Ok(default) };
    words
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(word))
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
            origin.error(
                inner,
                format!("`{word}`; expected one of {}", known.join(", ")),
            )
        })
}

impl ScenarioVnet {
    fn lower(self, origin: Origin) -> Result<VnetFact, SourceError> {
        let subnets = self
            .subnets
            .into_iter()
            .enumerate()
            .map(|(position, subnet)| {
                let at = |field: &str| format!("subnets[{position}].{field}");
                if subnet.used.is_some() && subnet.foreign.is_some() {
                    return Err(origin.error(
                        &at("foreign"),
                        "give `used` or `foreign`, not both: foreign is what is used less what nodes hold",
                    ));
                }
                for (field, number) in [
                    ("used", subnet.used),
                    ("foreign", subnet.foreign),
                    ("private_endpoints", Some(subnet.private_endpoints)),
                ] {
                    addresses(number.unwrap_or(0), &origin, &at(field))?;
                }
                let prefixes = cidrs(subnet.cidr.as_slice(), &origin, &at("cidr"))?;
                if prefixes.is_empty() {
                    return Err(origin.error(&at("cidr"), "expected at least one CIDR"));
                }
                Ok(SubnetFact {
                    origin: origin.clone(),
                    id: None,
                    prefixes,
                    name: subnet.name,
                    vnet: None,
                    delegations: subnet.delegations,
                    used: subnet.used,
                    holders: None,
                    private_endpoints: subnet.private_endpoints,
                    foreign: subnet.foreign,
                    route_table: subnet.route_table.map(ResourceId::new),
                    nat_gateway: None,
                    addresses: Vec::new(),
                    assumed: false,
                })
            })
            .collect::<Result<Vec<_>, SourceError>>()?;
        let peerings = self
            .peerings
            .into_iter()
            .enumerate()
            .map(|(position, peering)| {
                Ok(Peering {
                    name: format!("{}-to-{}", self.name, peering.remote),
                    remote_address_space: cidrs(
                        &peering.remote_address_space,
                        &origin,
                        &format!("peerings[{position}].remote_address_space"),
                    )?,
                    remote: ResourceId::new(peering.remote),
                    state: peering.state,
                    allow_forwarded_traffic: peering.allow_forwarded_traffic,
                    allow_gateway_transit: peering.allow_gateway_transit,
                    use_remote_gateways: peering.use_remote_gateways,
                })
            })
            .collect::<Result<Vec<_>, SourceError>>()?;
        Ok(VnetFact {
            vnet: VirtualNetwork {
                id: None,
                address_space: cidrs(&self.address_space, &origin, "address_space")?,
                name: self.name,
                resource_group: self.resource_group,
                peerings,
                provisioning_state: self.provisioning_state,
            },
            subnets,
            origin,
        })
    }
}

impl ScenarioRouteTable {
    fn lower(self, origin: &Origin) -> Result<RouteTable, SourceError> {
        Ok(RouteTable {
            id: None,
            name: self.name,
            routes: self
                .routes
                .into_iter()
                .enumerate()
                .map(|(position, route)| {
                    Ok(Route {
                        name: route.name,
                        prefix: Some(cidr(
                            &route.cidr,
                            origin,
                            &format!("routes[{position}].cidr"),
                        )?),
                        next_hop_type: route.next_hop_type,
                    })
                })
                .collect::<Result<Vec<_>, SourceError>>()?,
            subnets: Vec::new(),
        })
    }
}

impl ScenarioCluster {
    fn lower(self, origin: Origin) -> Result<ClusterFact, SourceError> {
        let plugin = match NetworkPlugin::from_word(&self.network_plugin) {
            NetworkPlugin::Other(word) => {
                return Err(origin.error(
                    "network_plugin",
                    format!("`{word}`; expected one of azure, kubenet, none"),
                ));
            }
            plugin => plugin,
        };
        let overlay = one_of(
            self.network_plugin_mode.as_deref(),
            false,
            &[("overlay", true), ("none", false)],
            &origin,
            "network_plugin_mode",
        )?;
        let dns_service_ip = match &self.dns_service_ip {
            Some(text) => Some(text.trim().parse().map_err(|_| {
                origin.error("dns_service_ip", format!("`{text}` is not an IP address"))
            })?),
            None => None,
        };
        let version = match &self.kubernetes_version {
            Some(word) => Some(version(word, &origin, "kubernetes_version")?),
            None => None,
        };
        let identity = one_of(
            self.identity.as_deref(),
            Identity::Unknown,
            &[
                ("SystemAssigned", Identity::SystemAssigned),
                ("UserAssigned", Identity::UserAssigned),
                ("ServicePrincipal", Identity::ServicePrincipal),
            ],
            &origin,
            "identity",
        )?;
        if let Some(balancer) = &self.load_balancer {
            for (field, number) in [
                ("outbound_ips", balancer.outbound_ips),
                (
                    "allocated_outbound_ports",
                    balancer.allocated_outbound_ports,
                ),
            ] {
                if number > MOST_ADDRESSES {
                    return Err(origin.error(
                        &format!("load_balancer.{field}"),
                        format!("{number} is out of range; expected at most {MOST_ADDRESSES}"),
                    ));
                }
            }
        }
        let many = |field: &Option<OneOrMany>, inner: &str| match field {
            Some(field) => cidrs(field.as_slice(), &origin, inner),
            None => Ok(Vec::new()),
        };
        let given = ClusterGiven {
            network_policy: self.network_policy.is_some(),
            node_auto_provisioning: self.node_auto_provisioning,
            ingress_application_gateway: false,
            ..ClusterGiven::ALL
        };
        let network = NetworkProfile {
            plugin: Some(plugin),
            overlay,
            dataplane: self.network_dataplane.clone(),
            policy: self
                .network_policy
                .clone()
                .filter(|policy| !policy.eq_ignore_ascii_case("none")),
            pod_cidrs: many(&self.pod_cidr, "pod_cidr")?,
            service_cidrs: many(&self.service_cidr, "service_cidr")?,
            dns_service_ip,
            outbound_type: self.outbound_type.clone(),
            load_balancer: self
                .load_balancer
                .as_ref()
                .map(|balancer| LoadBalancerProfile {
                    allocated_outbound_ports: balancer.allocated_outbound_ports,
                    outbound_ips: Some(balancer.outbound_ips),
                }),
        };
        let pools = self
            .pools
            .into_iter()
            .enumerate()
            .map(|(position, pool)| pool.lower(&origin, &format!("pools[{position}]")))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(ClusterFact {
            cluster: Cluster {
                id: None,
                name: self.name,
                resource_group: self.resource_group,
                node_resource_group: None,
                kubernetes_version: version,
                provisioning_state: self.provisioning_state,
                power_state: self.power_state,
                network,
                pools: Vec::new(),
                private_cluster: self.private_cluster,
                api_server_vnet_integration: self.api_server_vnet_integration,
                node_auto_provisioning: self.node_auto_provisioning,
                identity,
                node_disruption_policy: self.node_disruption_policy,
                ingress_application_gateway: false,
                maintenance: None,
                kubernetes: None,
            },
            given,
            version_asked: None,
            pools,
            origin,
        })
    }
}

fn version(word: &str, origin: &Origin, inner: &str) -> Result<KubernetesVersion, SourceError> {
    KubernetesVersion::from_word(word).ok_or_else(|| {
        origin.error(
            inner,
            format!("`{word}` is not a Kubernetes version; expected 1.33 or 1.33.2"),
        )
    })
}

impl ScenarioPool {
    /// Lowers one pool; also used for `predict --add-pool`.
    ///
    /// # Errors
    /// Naming the field, when a number or a word is out of place.
    pub fn lower(self, origin: &Origin, inner: &str) -> Result<PoolFact, SourceError> {
        let at = |field: &str| {
            if inner.is_empty() {
                field.to_string()
            } else {
                format!("{inner}.{field}")
            }
        };
        let name = self.name.clone();
        let fail = |field: &str, problem: String| {
            origin.error(&at(field), format!("pool `{name}`: {problem}"))
        };
        for (field, value) in [
            ("count", Some(self.count)),
            ("min_count", self.min_count),
            ("max_count", self.max_count),
        ] {
            if value.is_some_and(|value| value > MOST_NODES) {
                return Err(fail(field, "is not a number of nodes".to_string()));
            }
        }
        if self
            .max_pods
            .is_some_and(|pods| !(1..=MOST_PODS).contains(&pods))
        {
            return Err(fail(
                "max_pods",
                "expected a number of pods, 10 to 250".to_string(),
            ));
        }
        let autoscaler = match (self.min_count, self.max_count) {
            (min, Some(max)) => {
                let min = min.unwrap_or(self.count.min(max));
                Some(Autoscaler::new(min, max).ok_or_else(|| {
                    fail(
                        "max_count",
                        format!("min_count {min} is greater than max_count {max}"),
                    )
                })?)
            }
            (Some(_), None) => {
                return Err(fail(
                    "max_count",
                    "missing; expected beside min_count".to_string(),
                ));
            }
            (None, None) => None,
        };
        let share = |value: &Option<NumberOrText>, field: &str| match value {
            None => Ok(None),
            Some(NumberOrText::Number(number)) => Ok(Some(IntOrPercent::Int(*number))),
            Some(NumberOrText::Text(text)) => {
                IntOrPercent::from_word(text).map(Some).ok_or_else(|| {
                    fail(
                        field,
                        format!("`{text}` is neither a number nor a percentage"),
                    )
                })
            }
        };
        let upgrade = UpgradeSettings {
            max_surge: share(&self.max_surge, "max_surge")?,
            max_unavailable: share(&self.max_unavailable, "max_unavailable")?,
            drain_timeout_minutes: self.drain_timeout_minutes,
            node_soak_minutes: None,
            undrainable_node_behavior: None,
        };
        let given = PoolGiven {
            mode: self.mode.is_some(),
            os_type: self.os_type.is_some(),
            kind: self.kind.is_some(),
            pod_ip_allocation: self.pod_ip_allocation_mode.is_some(),
            spot: self.spot,
            // Without `max_count` the autoscaler is off: nothing else in a scenario says so.
            ..PoolGiven::ALL
        };
        let pool = NodePool {
            mode: one_of(
                self.mode.as_deref(),
                PoolMode::User,
                &[("System", PoolMode::System), ("User", PoolMode::User)],
                origin,
                &at("mode"),
            )?,
            os_type: one_of(
                self.os_type.as_deref(),
                OsType::Linux,
                &[("Linux", OsType::Linux), ("Windows", OsType::Windows)],
                origin,
                &at("os_type"),
            )?,
            kind: one_of(
                self.kind.as_deref(),
                PoolKind::ScaleSet,
                &[
                    ("VirtualMachineScaleSets", PoolKind::ScaleSet),
                    ("VirtualMachines", PoolKind::VirtualMachines),
                    ("AvailabilitySet", PoolKind::AvailabilitySet),
                ],
                origin,
                &at("type"),
            )?,
            pod_ip_allocation: one_of(
                self.pod_ip_allocation_mode.as_deref(),
                PodIpAllocation::DynamicIndividual,
                &[
                    ("DynamicIndividual", PodIpAllocation::DynamicIndividual),
                    ("StaticBlock", PodIpAllocation::StaticBlock),
                ],
                origin,
                &at("pod_ip_allocation_mode"),
            )?,
            kubernetes_version: match &self.kubernetes_version {
                Some(word) => Some(version(word, origin, &at("kubernetes_version"))?),
                None => None,
            },
            autoscaler,
            upgrade,
            has_pod_subnet: self.pod_subnet.is_some(),
            spot: self.spot,
            vm_size: self.vm_size,
            ..NodePool::new(self.name, self.count, self.max_pods.unwrap_or(0))
        };
        // A full ARM id is welcome where a name is: people paste what they have.
        let reference = |name: String| {
            if name.starts_with('/') {
                SubnetReference::Id(ResourceId::new(name))
            } else {
                SubnetReference::Name(name)
            }
        };
        Ok(PoolFact {
            pool,
            given,
            version_asked: None,
            max_pods: self.max_pods,
            subnet: self.subnet.map(reference),
            pod_subnet: self.pod_subnet.map(reference),
        })
    }
}

impl ScenarioOperation {
    fn lower(self, origin: Origin) -> Result<OperationFact, SourceError> {
        let mut changes = Vec::new();
        let mut cluster = self.cluster;
        if let Some(wanted) = self.create {
            cluster = Some(wanted.name.clone());
            let origin = Origin::new(&origin.file, format!("{}.create", origin.path));
            changes.push(ChangeFact::Create(Box::new(wanted.lower(origin)?)));
        }
        if let Some(pool) = self.add_pool {
            changes.push(ChangeFact::AddPool(Box::new(
                pool.lower(&origin, "add_pool")?,
            )));
        }
        for (field, scale) in [("scale", &self.scale), ("max_count", &self.max_count)] {
            if let Some(scale) = scale.as_ref().filter(|scale| scale.count > MOST_NODES) {
                return Err(origin.error(
                    &format!("{field}.count"),
                    format!(
                        "pool `{}`: {} is not a number of nodes",
                        scale.pool, scale.count
                    ),
                ));
            }
        }
        if let Some(scale) = self.scale {
            changes.push(ChangeFact::Scale {
                pool: scale.pool,
                count: scale.count,
            });
        }
        if let Some(scale) = self.max_count {
            changes.push(ChangeFact::SetMaxCount {
                pool: scale.pool,
                max_count: scale.count,
            });
        }
        if let Some(upgrade) = self.upgrade {
            changes.push(ChangeFact::Upgrade { pool: upgrade.pool });
        }
        if let Some(migration) = self.migrate_to_overlay {
            let pod_cidr = match migration.pod_cidr {
                Some(text) => Some(cidr(&text, &origin, "migrate_to_overlay.pod_cidr")?),
                None => None,
            };
            changes.push(ChangeFact::MigrateToOverlay { pod_cidr });
        }
        if self.update {
            changes.push(ChangeFact::Update);
        }
        if changes.is_empty() {
            return Err(origin.error(
                "",
                "an operation without a change; expected create, add_pool, scale, max_count, upgrade, migrate_to_overlay \
                 or update",
            ));
        }
        Ok(OperationFact {
            origin,
            cluster,
            changes,
        })
    }
}
