//! Clusters and node pools of a scenario. Never follows a name: a pool's subnet may not be there.

use super::{NumberOrText, OneOrMany, cidrs, is_false, one_of};
use crate::model::{
    Autoscaler, Cluster, Identity, IntOrPercent, KubernetesVersion, LoadBalancerProfile,
    NetworkPlugin, NetworkProfile, NodePool, OsType, PodIpAllocation, PoolKind, PoolMode,
    ResourceId, UpgradeSettings,
};
use crate::source::SourceError;
use crate::source::arm::{MOST_ADDRESSES, MOST_NODES, MOST_PODS};
use crate::source::facts::{
    ClusterFact, ClusterGiven, Origin, PoolFact, PoolGiven, SubnetReference,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A managed cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioCluster {
    pub name: String,
    /// Azure's id of the cluster, where there is one: what commands in a runbook name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Left out: as `id` says.
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

impl ScenarioCluster {
    pub(super) fn lower(self, origin: Origin) -> Result<ClusterFact, SourceError> {
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
        let no_policy = self
            .network_policy
            .as_ref()
            .is_some_and(|policy| policy.eq_ignore_ascii_case("none"));
        let network = NetworkProfile {
            no_policy,
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
        let id = self.azure_id(&origin)?;
        let resource_group = match (&self.resource_group, &id) {
            (None, Some(id)) => id.resource_group().map(str::to_string),
            (said, _) => said.clone(),
        };
        let pools = self
            .pools
            .into_iter()
            .enumerate()
            .map(|(position, pool)| pool.lower(&origin, &format!("pools[{position}]")))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(ClusterFact {
            cluster: Cluster {
                told_apart: None,
                id,
                name: self.name,
                resource_group,
                node_resource_group: None,
                kubernetes_version: version,
                provisioning_state: self.provisioning_state,
                power_state: self.power_state,
                auto_upgrade: crate::model::AutoUpgrade::default(),
                network,
                pools: Vec::new(),
                private_cluster: self.private_cluster,
                api_server_vnet_integration: self.api_server_vnet_integration,
                node_auto_provisioning: self.node_auto_provisioning,
                identity,
                tenant: None,
                node_disruption_policy: self.node_disruption_policy,
                ingress_application_gateway: false,
                addons: crate::model::Addons::default(),
                profiles: crate::model::Profiles::default(),
                maintenance: None,
                kubernetes: None,
            },
            given,
            version_asked: None,
            pools,
            origin,
        })
    }

    fn azure_id(&self, origin: &Origin) -> Result<Option<ResourceId>, SourceError> {
        let Some(id) = self.id.as_deref().map(ResourceId::new) else {
            return Ok(None);
        };
        if !id.is_managed_cluster() {
            return Err(origin.error(
                "id",
                format!(
                    "`{id}` is no id of a managed cluster; expected /subscriptions/…/resourceGroups/…/providers/\
                     Microsoft.ContainerService/managedClusters/{}",
                    self.name
                ),
            ));
        }
        if !id.name().eq_ignore_ascii_case(&self.name) {
            return Err(origin.error(
                "id",
                format!("it names {}, and the cluster is {}", id.name(), self.name),
            ));
        }
        if let (Some(said), Some(of_id)) = (&self.resource_group, id.resource_group())
            && !said.eq_ignore_ascii_case(of_id)
        {
            return Err(origin.error(
                "id",
                format!("it names resource group {of_id}, and resource_group is {said}"),
            ));
        }
        Ok(Some(id))
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
            origin: None,
            pool,
            given,
            version_asked: None,
            max_pods: self.max_pods,
            subnet: self.subnet.map(reference),
            pod_subnet: self.pod_subnet.map(reference),
        })
    }
}
