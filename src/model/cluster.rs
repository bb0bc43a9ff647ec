//! Clusters and node pools in Azure's own words: network modes, autoscaler bounds, upgrade settings.

use super::cidr::IpNet;
use super::inventory::SubnetIndex;
use super::maintenance::MaintenanceConfiguration;
use super::network::ResourceId;
use super::workload::KubernetesState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// A managed cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cluster {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    pub name: String,
    /// What tells it from others of its name, where there are any: [`Cluster::label`]. Of an inventory, and never written.
    #[serde(skip)]
    pub told_apart: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    /// Where AKS puts the scale sets and load balancers (`MC_…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_resource_group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes_version: Option<KubernetesVersion>,
    /// `Succeeded`, `Updating`, `Failed`, …; ARM's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
    /// `Running` or `Stopped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_state: Option<String>,
    #[serde(default, skip_serializing_if = "AutoUpgrade::is_unknown")]
    pub auto_upgrade: AutoUpgrade,
    #[serde(default)]
    pub network: NetworkProfile,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<NodePool>,
    /// The API server has a private endpoint in the subnet of the first pool.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private_cluster: bool,
    /// API Server VNet Integration: the API server sits in a delegated subnet of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub api_server_vnet_integration: bool,
    /// Node auto-provisioning (Karpenter) makes nodes that no pool limits (ISS-7).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub node_auto_provisioning: bool,
    #[serde(default)]
    pub identity: Identity,
    /// `identity.tenantId`: the tenant, where Azure names it, which it does of system-assigned identities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// `nodeDisruptionProfile.nodeDisruptionPolicy`: `Allow`, `Block`, `AllowDuringMaintenanceWindow` (MIG-12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_disruption_policy: Option<String>,
    /// Application Gateway Ingress Controller add-on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ingress_application_gateway: bool,
    #[serde(default, skip_serializing_if = "Addons::is_empty")]
    pub addons: Addons,
    #[serde(default, skip_serializing_if = "Profiles::is_unknown")]
    pub profiles: Profiles,
    /// Sorted by name. `None`: not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Vec<MaintenanceConfiguration>>,
    /// Objects that `kubectl` printed, if any were read.
    // Shared: a copy of an estate, for a look at what would be, does not copy a hundred thousand pods.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "super::workload::pod::shared_option"
    )]
    #[schemars(with = "Option<KubernetesState>")]
    pub kubernetes: Option<Arc<KubernetesState>>,
}

impl Cluster {
    /// How this pool's pods get addresses; `None` when the network plugin is not one aksplan knows.
    pub fn network_mode(&self, pool: &NodePool) -> Option<NetworkMode> {
        match &self.network.plugin {
            Some(NetworkPlugin::Kubenet) => Some(NetworkMode::Kubenet),
            Some(NetworkPlugin::None) => Some(NetworkMode::Byo),
            Some(NetworkPlugin::Azure) if self.network.overlay => Some(NetworkMode::Overlay),
            Some(NetworkPlugin::Azure) if pool.has_pod_subnet => {
                Some(match pool.pod_ip_allocation {
                    PodIpAllocation::DynamicIndividual => NetworkMode::PodSubnetDynamic,
                    PodIpAllocation::StaticBlock => NetworkMode::PodSubnetStaticBlock,
                })
            }
            Some(NetworkPlugin::Azure) => Some(NetworkMode::NodeSubnet),
            Some(NetworkPlugin::Other(_)) | None => None,
        }
    }

    /// The mode of the first pool: a cluster has one CNI type (DYN-5).
    pub fn mode(&self) -> Option<NetworkMode> {
        match self.pools.first() {
            Some(pool) => self.network_mode(pool),
            None => match &self.network.plugin {
                Some(NetworkPlugin::Kubenet) => Some(NetworkMode::Kubenet),
                Some(NetworkPlugin::None) => Some(NetworkMode::Byo),
                Some(NetworkPlugin::Azure) if self.network.overlay => Some(NetworkMode::Overlay),
                Some(NetworkPlugin::Azure) => Some(NetworkMode::NodeSubnet),
                _ => None,
            },
        }
    }

    pub fn is_stopped(&self) -> bool {
        self.power_state
            .as_deref()
            .is_some_and(|state| state.eq_ignore_ascii_case("Stopped"))
    }

    /// Whether a pool of Windows nodes is there, whatever it counts.
    pub fn has_windows(&self) -> bool {
        let mut pools = self.pools.iter();
        pools.any(|pool| pool.os_type == OsType::Windows)
    }

    pub fn pool(&self, name: &str) -> Option<&NodePool> {
        self.pools
            .iter()
            .find(|pool| pool.name.eq_ignore_ascii_case(name))
    }

    /// A copy as the move to Azure CNI Overlay leaves it, without its Kubernetes objects.
    #[must_use]
    pub fn on_overlay(&self, pod_cidr: IpNet) -> Cluster {
        let mut moved = self.without_objects();
        moved.network.plugin = Some(NetworkPlugin::Azure);
        moved.network.overlay = true;
        for pool in &mut moved.pools {
            pool.has_pod_subnet = false;
        }
        moved.network.pod_cidrs = vec![pod_cidr];
        moved
    }

    /// A copy without its Kubernetes objects, which are many.
    #[must_use]
    pub fn without_objects(&self) -> Cluster {
        Cluster {
            told_apart: self.told_apart.clone(),
            id: self.id.clone(),
            name: self.name.clone(),
            resource_group: self.resource_group.clone(),
            node_resource_group: self.node_resource_group.clone(),
            kubernetes_version: self.kubernetes_version,
            provisioning_state: self.provisioning_state.clone(),
            power_state: self.power_state.clone(),
            auto_upgrade: self.auto_upgrade.clone(),
            network: self.network.clone(),
            pools: self.pools.clone(),
            private_cluster: self.private_cluster,
            api_server_vnet_integration: self.api_server_vnet_integration,
            node_auto_provisioning: self.node_auto_provisioning,
            identity: self.identity,
            tenant: self.tenant.clone(),
            node_disruption_policy: self.node_disruption_policy.clone(),
            ingress_application_gateway: self.ingress_application_gateway,
            addons: self.addons,
            profiles: self.profiles.clone(),
            maintenance: self.maintenance.clone(),
            kubernetes: None,
        }
    }

    /// As people are told of it, and as `--cluster` takes it: the name, and with its resource group (or else its id) where another
    /// cluster that was read has that name too.
    pub fn label(&self) -> &str {
        self.told_apart.as_deref().unwrap_or(&self.name)
    }

    /// `resource-group/name`, or the name alone where the group is not known.
    pub fn qualified_name(&self) -> String {
        match &self.resource_group {
            Some(group) => format!("{group}/{}", self.name),
            None => self.name.clone(),
        }
    }
}

/// `autoUpgradeProfile`: what AKS upgrades by itself (MNT-2). `None`: not said, which is not the same as off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AutoUpgrade {
    /// `upgradeChannel`: `none`, `patch`, `stable`, `rapid`, `node-image`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// `nodeOSUpgradeChannel`: `None`, `Unmanaged`, `SecurityPatch`, `NodeImage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_os_channel: Option<String>,
}

impl AutoUpgrade {
    fn is_unknown(&self) -> bool {
        *self == AutoUpgrade::default()
    }
}

/// Add-ons and features that the move to Overlay asks about. False where the input does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Addons {
    /// Virtual nodes, `addonProfiles.aciConnectorLinux` (OVL-4).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub virtual_nodes: bool,
    /// `networkProfile.staticEgressGatewayProfile`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub static_egress_gateway: bool,
    /// `ingressProfile.applicationLoadBalancer`: Application Gateway for Containers as an add-on (ADD-1).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub application_gateway_for_containers: bool,
}

impl Addons {
    fn is_empty(&self) -> bool {
        *self == Addons::default()
    }
}

/// What AKS runs for workloads, each as its profile says. `None`: not said, which is not the same as off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Profiles {
    /// `oidcIssuerProfile.enabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_issuer: Option<bool>,
    /// `oidcIssuerProfile.issuerURL`, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc_issuer_url: Option<String>,
    /// `securityProfile.workloadIdentity.enabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_identity: Option<bool>,
    /// `ingressProfile.webAppRouting.enabled`: the application routing add-on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_routing: Option<bool>,
    /// `azureMonitorProfile.metrics.enabled`: managed Prometheus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prometheus_metrics: Option<bool>,
    /// `addonProfiles.omsagent.enabled` or `azureMonitorProfile.containerInsights.enabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_insights: Option<bool>,
    /// `addonProfiles.omsagent.config.useAADAuth`: Container insights signs in by a managed identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_insights_entra: Option<bool>,
    /// `ingressProfile.webAppRouting.gatewayAPIImplementations.appRoutingIstio.mode` is `Enabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_routing_gateway: Option<bool>,
    /// `hostedSystemProfile.enabled`: AKS runs system pods on nodes of its own, which no pool shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosted_system: Option<bool>,
    /// `podIdentityProfile.enabled`: the retired pod-managed identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_identity: Option<bool>,
}

impl Profiles {
    fn is_unknown(&self) -> bool {
        *self == Profiles::default()
    }
}

/// `networkProfile` of a managed cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkProfile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<NetworkPlugin>,
    /// `networkPluginMode` is `overlay`. Kept beside the plugin: a request may name a pair that AKS refuses.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overlay: bool,
    /// `azure` or `cilium`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataplane: Option<String>,
    /// `azure`, `calico`, `cilium`; `none` is read as absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Somebody said `none`: that no engine is on is known, and not only that none was named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_policy: bool,
    /// IPv4 first where both families are given. Empty where the mode has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub pod_cidrs: Vec<IpNet>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub service_cidrs: Vec<IpNet>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_service_ip: Option<IpAddr>,
    /// `loadBalancer`, `userDefinedRouting`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<LoadBalancerProfile>,
}

impl NetworkProfile {
    pub fn pod_cidr_v4(&self) -> Option<&IpNet> {
        self.pod_cidrs
            .iter()
            .find(|cidr| matches!(cidr, IpNet::V4(_)))
    }
}

/// The outbound side of the cluster's public load balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoadBalancerProfile {
    /// SNAT ports a node; 0 lets Azure choose.
    #[serde(default)]
    pub allocated_outbound_ports: u64,
    /// Outbound public addresses, managed or given. `None`: they come from prefixes whose size is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound_ips: Option<u64>,
}

/// `networkProfile.networkPlugin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NetworkPlugin {
    Azure,
    Kubenet,
    None,
    /// A value this version does not know; nothing is computed for it.
    Other(String),
}

impl NetworkPlugin {
    pub fn from_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "azure" => NetworkPlugin::Azure,
            "kubenet" => NetworkPlugin::Kubenet,
            "none" => NetworkPlugin::None,
            _ => NetworkPlugin::Other(word.to_string()),
        }
    }

    pub fn word(&self) -> &str {
        match self {
            NetworkPlugin::Azure => "azure",
            NetworkPlugin::Kubenet => "kubenet",
            NetworkPlugin::None => "none",
            NetworkPlugin::Other(word) => word,
        }
    }
}

/// How pods get their addresses.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum NetworkMode {
    Kubenet,
    /// Classic Azure CNI: pods draw from the node subnet, reserved node by node.
    NodeSubnet,
    PodSubnetDynamic,
    PodSubnetStaticBlock,
    Overlay,
    /// Bring your own CNI, `networkPlugin: none`.
    Byo,
}

impl NetworkMode {
    pub const ALL: [NetworkMode; 6] = [
        NetworkMode::Kubenet,
        NetworkMode::NodeSubnet,
        NetworkMode::PodSubnetDynamic,
        NetworkMode::PodSubnetStaticBlock,
        NetworkMode::Overlay,
        NetworkMode::Byo,
    ];

    /// For machines: JSON.
    pub fn key(self) -> &'static str {
        match self {
            NetworkMode::Kubenet => "kubenet",
            NetworkMode::NodeSubnet => "node_subnet",
            NetworkMode::PodSubnetDynamic => "pod_subnet_dynamic",
            NetworkMode::PodSubnetStaticBlock => "pod_subnet_static_block",
            NetworkMode::Overlay => "overlay",
            NetworkMode::Byo => "none",
        }
    }

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            NetworkMode::Kubenet => "kubenet",
            NetworkMode::NodeSubnet => "Azure CNI node subnet",
            NetworkMode::PodSubnetDynamic => "Azure CNI pod subnet (dynamic)",
            NetworkMode::PodSubnetStaticBlock => "Azure CNI pod subnet (static block)",
            NetworkMode::Overlay => "Azure CNI Overlay",
            NetworkMode::Byo => "bring your own CNI",
        }
    }

    /// `max_pods` when none is given: documented for every mode, though two documents disagree on the pod subnet (110 or
    /// 250; the planning page's 110 is taken). Section 1.2 of the AKS planning pages.
    pub fn default_max_pods(self) -> u32 {
        match self {
            NetworkMode::NodeSubnet => 30,
            NetworkMode::Overlay | NetworkMode::Byo => 250,
            NetworkMode::Kubenet
            | NetworkMode::PodSubnetDynamic
            | NetworkMode::PodSubnetStaticBlock => 110,
        }
    }

    pub fn has_pod_cidr(self) -> bool {
        matches!(self, NetworkMode::Kubenet | NetworkMode::Overlay)
    }

    /// Whether a cluster of this mode can be moved to Azure CNI Overlay in place (MIG-1).
    pub fn moves_to_overlay(self) -> bool {
        matches!(self, NetworkMode::NodeSubnet | NetworkMode::Kubenet)
    }
}

impl fmt::Display for NetworkMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A node pool (`agentPoolProfile`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodePool {
    pub name: String,
    #[serde(default)]
    pub mode: PoolMode,
    #[serde(default)]
    pub os_type: OsType,
    #[serde(default)]
    pub kind: PoolKind,
    /// Nodes now.
    pub count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaler: Option<Autoscaler>,
    /// Pods a node may run, 10 to 250 (MP-1). Immutable in a pool (MP-2).
    pub max_pods: u32,
    /// True when `max_pods` was not given and the mode's default was taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub max_pods_defaulted: bool,
    #[serde(default)]
    pub upgrade: UpgradeSettings,
    /// Where the nodes' interfaces sit. `None` only when the input could not say (a Terraform plan before apply).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<SubnetIndex>,
    /// Whether a pod subnet is named, resolved or not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_pod_subnet: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_subnet: Option<SubnetIndex>,
    #[serde(default)]
    pub pod_ip_allocation: PodIpAllocation,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spot: bool,
    /// `None`: not said; empty: in no zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_zones: Option<Vec<String>>,
    /// As written: `CriticalAddonsOnly=true:NoSchedule`. `None`: not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_taints: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes_version: Option<KubernetesVersion>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_size: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_image_version: Option<String>,
    /// Fields whose value the input says is not known yet (Terraform `after_unknown`): nothing is concluded from them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

impl NodePool {
    /// A Linux user pool of `count` nodes; everything else as Azure defaults it.
    pub fn new(name: impl Into<String>, count: u64, max_pods: u32) -> Self {
        NodePool {
            name: name.into(),
            mode: PoolMode::User,
            os_type: OsType::Linux,
            kind: PoolKind::ScaleSet,
            count,
            autoscaler: None,
            max_pods,
            max_pods_defaulted: false,
            upgrade: UpgradeSettings::default(),
            subnet: None,
            has_pod_subnet: false,
            pod_subnet: None,
            pod_ip_allocation: PodIpAllocation::DynamicIndividual,
            spot: false,
            availability_zones: None,
            node_taints: None,
            kubernetes_version: None,
            provisioning_state: None,
            power_state: None,
            vm_size: None,
            node_image_version: None,
            unknown: Vec::new(),
        }
    }

    /// Whether the input says this field: a Terraform plan may leave it to be known after apply.
    pub fn knows(&self, field: &str) -> bool {
        !self.unknown.iter().any(|unknown| unknown == field)
    }

    /// The nodes AKS counts for this pool when it checks a request: `max_count` where it autoscales, else `count` (ISS-2).
    pub fn counted_nodes(&self) -> u64 {
        self.autoscaler
            .map_or(self.count, |autoscaler| autoscaler.max_count)
    }

    /// Whether its pods draw from a pod subnet by whole blocks, and not by address.
    pub fn draws_blocks(&self) -> bool {
        self.pod_ip_allocation == PodIpAllocation::StaticBlock
    }

    /// The most nodes the pool may ever have without somebody changing it.
    pub fn ceiling(&self) -> u64 {
        self.counted_nodes().max(self.count)
    }

    pub fn is_stopped(&self) -> bool {
        self.power_state
            .as_deref()
            .is_some_and(|state| state.eq_ignore_ascii_case("Stopped"))
    }

    /// Nodes that run now: none in a stopped pool.
    pub fn running(&self) -> u64 {
        if self.is_stopped() { 0 } else { self.count }
    }
}

/// Bounds of the cluster autoscaler. `min_count <= max_count` always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Bounds")]
pub struct Autoscaler {
    pub min_count: u64,
    pub max_count: u64,
}

/// The bounds as written, which may cross.
#[derive(Deserialize, JsonSchema)]
struct Bounds {
    min_count: u64,
    max_count: u64,
}

impl TryFrom<Bounds> for Autoscaler {
    type Error = String;

    fn try_from(bounds: Bounds) -> Result<Self, String> {
        Autoscaler::new(bounds.min_count, bounds.max_count).ok_or_else(|| {
            format!(
                "min_count {} exceeds max_count {}",
                bounds.min_count, bounds.max_count
            )
        })
    }
}

impl Autoscaler {
    /// `None` when `min_count` exceeds `max_count`.
    pub fn new(min_count: u64, max_count: u64) -> Option<Self> {
        (min_count <= max_count).then_some(Autoscaler {
            min_count,
            max_count,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolMode {
    System,
    #[default]
    User,
    /// Nodes that static egress leaves through: no applications run there, and no autoscaler scales it.
    Gateway,
    /// A value this version does not know; counted like a user pool.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OsType {
    #[default]
    Linux,
    Windows,
}

/// `type` of the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolKind {
    #[default]
    ScaleSet,
    AvailabilitySet,
    VirtualMachines,
}

/// `podIPAllocationMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PodIpAllocation {
    #[default]
    DynamicIndividual,
    StaticBlock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    #[default]
    Unknown,
    SystemAssigned,
    UserAssigned,
    ServicePrincipal,
}

/// `upgradeSettings` of a pool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UpgradeSettings {
    /// `None`: not set; the default is 10 % (UPG-1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_surge: Option<IntOrPercent>,
    /// `None`: not set; the default is 0 (UPG-7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrPercent>,
    /// Minutes, 5 to 1,440; `None`: 30 (UPG-8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain_timeout_minutes: Option<u32>,
    /// Minutes, 0 to 30; `None`: 0 (UPG-8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_soak_minutes: Option<u32>,
    /// `Schedule` or `Cordon` (UPG-9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undrainable_node_behavior: Option<String>,
}

/// A number of things, or a share of them: `2` or `33%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub enum IntOrPercent {
    Int(u64),
    /// Whole percent; Azure and Kubernetes allow no fraction.
    Percent(u64),
}

impl IntOrPercent {
    /// `"33%"`, `"2"`; `None` for anything else.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.trim();
        match word.strip_suffix('%') {
            Some(percent) => percent
                .trim()
                .parse()
                .ok()
                .filter(|percent| *percent <= 1000)
                .map(IntOrPercent::Percent),
            None => word.parse().ok().map(IntOrPercent::Int),
        }
    }

    /// The share of `whole`, a fraction rounded up (UPG-2, PDB-1).
    pub fn of(self, whole: u64) -> u64 {
        match self {
            IntOrPercent::Int(count) => count,
            IntOrPercent::Percent(percent) => whole.saturating_mul(percent).div_ceil(100),
        }
    }
}

impl fmt::Display for IntOrPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrPercent::Int(count) => write!(f, "{count}"),
            IntOrPercent::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// `1.31.4`; the patch may be absent, as Azure allows.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub struct KubernetesVersion {
    pub major: u32,
    pub minor: u32,
    pub patch: Option<u32>,
}

impl KubernetesVersion {
    /// Whether two versions are known to be different ones: `1.33` may well be `1.33.2`.
    pub fn differs(self, other: Self) -> bool {
        let patches = match (self.patch, other.patch) {
            (Some(a), Some(b)) => a != b,
            _ => false,
        };
        (self.major, self.minor) != (other.major, other.minor) || patches
    }

    /// `None` for what is no version.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.trim().trim_start_matches('v');
        // A suffix such as `-hotfix.2020` or `+lts` names the same version.
        let core = word.split(['-', '+']).next()?;
        let mut parts = core.split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        let patch = match parts.next() {
            Some(patch) => Some(patch.parse().ok()?),
            None => None,
        };
        Some(KubernetesVersion {
            major,
            minor,
            patch,
        })
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.patch {
            Some(patch) => write!(f, ".{patch}"),
            None => Ok(()),
        }
    }
}

impl From<IntOrPercent> for String {
    fn from(value: IntOrPercent) -> Self {
        value.to_string()
    }
}

impl TryFrom<String> for IntOrPercent {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        IntOrPercent::from_word(&word)
            .ok_or_else(|| format!("`{word}` is neither a number nor a percentage"))
    }
}

impl From<KubernetesVersion> for String {
    fn from(version: KubernetesVersion) -> Self {
        version.to_string()
    }
}

impl TryFrom<String> for KubernetesVersion {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        KubernetesVersion::from_word(&word).ok_or_else(|| format!("`{word}` is no version"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_up() {
        for (word, whole, want) in [
            ("33%", 3, 1),
            ("33%", 4, 2),
            ("10%", 8, 1),
            ("10%", 11, 2),
            ("100%", 5, 5),
            ("0%", 5, 0),
            ("2", 5, 2),
        ] {
            assert_eq!(
                IntOrPercent::from_word(word).unwrap().of(whole),
                want,
                "{word} of {whole}"
            );
        }
        for bad in ["", "%", "a%", "-1", "1.5", "2000%"] {
            assert_eq!(IntOrPercent::from_word(bad), None, "{bad}");
        }
    }

    #[test]
    fn versions_order() {
        let version = |word| KubernetesVersion::from_word(word).unwrap();
        assert!(version("1.9.3") < version("1.27"));
        assert_eq!(version("v1.31.4").to_string(), "1.31.4");
        assert_eq!(KubernetesVersion::from_word("1"), None);
        assert_eq!(KubernetesVersion::from_word("one.two"), None);
    }

    #[test]
    fn autoscaler_bounds_cannot_cross() {
        assert_eq!(Autoscaler::new(6, 3), None);
        assert!(Autoscaler::new(3, 3).is_some());
    }
}
