//! Wire shapes of Azure Resource Manager, in the two dialects people have on disk: raw ARM bodies (fields under
//! `properties`, `vnetSubnetID`) and what `az` prints (flattened, `vnetSubnetId`). Only what is read is named; unknown fields
//! and unknown enum values pass through unharmed.

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;

/// A whole number that may be written `3`, `3.0` or `"3"`: usages are floats, and some tools print counts as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Whole(pub i64);

impl Whole {
    /// The number, unless it is negative.
    pub fn count(self) -> Option<u64> {
        u64::try_from(self.0).ok()
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WholeVisitor;
        impl Visitor<'_> for WholeVisitor {
            type Value = Whole;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Whole, E> {
                Ok(Whole(value))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Whole, E> {
                i64::try_from(value)
                    .map(Whole)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Whole, E> {
                // Beyond 2^53 a float no longer names one whole number.
                if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 {
                    Ok(Whole(value as i64))
                } else {
                    Err(E::invalid_value(de::Unexpected::Float(value), &self))
                }
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Whole, E> {
                value
                    .trim()
                    .parse()
                    .map(Whole)
                    .map_err(|_| E::invalid_value(de::Unexpected::Str(value), &self))
            }
        }
        deserializer.deserialize_any(WholeVisitor)
    }
}

/// A word or a number, kept as text: `maxSurge` is `"33%"`, `"1"` or `1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(pub String);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordVisitor;
        impl Visitor<'_> for WordVisitor {
            type Value = Word;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Word, E> {
                Ok(Word(value.to_string()))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Word, E> {
                Ok(Word(value.to_string()))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Word, E> {
                Ok(Word(value.to_string()))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Word, E> {
                Ok(Word(value.to_string()))
            }
        }
        deserializer.deserialize_any(WordVisitor)
    }
}

/// What every resource has in common; enough to recognise it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head<'a> {
    pub id: Option<String>,
    #[serde(rename = "type", borrow)]
    pub kind: Option<&'a RawValue>,
    #[serde(borrow)]
    pub properties: Option<&'a RawValue>,
    pub agent_pool_profiles: Option<de::IgnoredAny>,
    pub network_profile: Option<de::IgnoredAny>,
    pub address_space: Option<de::IgnoredAny>,
    pub current_value: Option<de::IgnoredAny>,
}

impl Head<'_> {
    /// ARM type in lower case; a pool's own `type` is `VirtualMachineScaleSets`, which has no slash.
    pub fn arm_type(&self) -> Option<String> {
        let word: String = serde_json::from_str(self.kind?.get()).ok()?;
        word.contains('/').then(|| word.to_ascii_lowercase())
    }
}

/// The fields beside `properties`, whatever the resource.
#[derive(Debug, Default)]
pub struct Common<'a> {
    pub id: Option<String>,
    pub name: Option<String>,
    pub kind: Option<String>,
    pub resource_group: Option<String>,
    pub identity: Option<IdentityType>,
    /// Read by those that need one: a tag may be anything.
    pub tags: Option<&'a RawValue>,
    /// ARM's dialect keeps the resource's own fields here, `az`'s beside it.
    pub properties: Option<&'a RawValue>,
}

/// A resource of either dialect: parsed once as it stands and, where it has `properties`, a second time from there.
pub trait Resource<'a>: Deserialize<'a> {
    /// Takes the common fields out.
    fn common(&mut self) -> Common<'a>;
}

/// Declares wire shapes with the common fields in them, so that one pass over the text reads everything.
macro_rules! resources {
    ($($(#[$doc:meta])* pub struct $name:ident<'a> { $($(#[$attribute:meta])* pub $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Default, Deserialize)]
            #[serde(rename_all = "camelCase")]
            pub struct $name<'a> {
                id: Option<String>,
                name: Option<String>,
                #[serde(rename = "type")]
                kind: Option<String>,
                resource_group: Option<String>,
                identity: Option<IdentityType>,
                #[serde(borrow)]
                tags: Option<&'a RawValue>,
                #[serde(borrow)]
                properties: Option<&'a RawValue>,
                $($(#[$attribute])* pub $field: $type,)*
            }

            impl<'a> Resource<'a> for $name<'a> {
                fn common(&mut self) -> Common<'a> {
                    Common {
                        id: self.id.take(),
                        name: self.name.take(),
                        kind: self.kind.take(),
                        resource_group: self.resource_group.take(),
                        identity: self.identity.take(),
                        tags: self.tags.take(),
                        properties: self.properties.take(),
                    }
                }
            }
        )*
    };
}

/// A backend of an application gateway.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendAddress {
    pub ip_address: Option<String>,
    pub fqdn: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ARecord {
    pub ipv4_address: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Reference {
    pub id: Option<String>,
}

/// A DNS record of a private endpoint.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DnsConfiguration {
    pub ip_addresses: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MaintenanceWindow {
    pub schedule: MaintenanceSchedule,
    pub duration_hours: Whole,
    pub utc_offset: Option<String>,
    pub start_date: Option<String>,
    pub start_time: String,
    pub not_allowed_dates: Option<Vec<Span>>,
}

/// One of these is given.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MaintenanceSchedule {
    pub daily: Option<Daily>,
    pub weekly: Option<Weekly>,
    pub absolute_monthly: Option<AbsoluteMonthly>,
    pub relative_monthly: Option<RelativeMonthly>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Daily {
    pub interval_days: Whole,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Weekly {
    pub interval_weeks: Whole,
    pub day_of_week: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AbsoluteMonthly {
    pub interval_months: Whole,
    pub day_of_month: Whole,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelativeMonthly {
    pub interval_months: Whole,
    pub week_index: String,
    pub day_of_week: String,
}

/// Days or instants.
#[derive(Debug, Deserialize)]
pub struct Span {
    pub start: String,
    pub end: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeInWeek {
    pub day: String,
    pub hour_slots: Vec<Whole>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddressSpace {
    pub address_prefixes: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    pub current_value: Option<Whole>,
    pub id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Code {
    pub code: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoUpgrade {
    pub upgrade_channel: Option<String>,
    #[serde(alias = "nodeOSUpgradeChannel")]
    pub node_os_upgrade_channel: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Mode {
    pub mode: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeDisruption {
    pub node_disruption_policy: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiServer {
    pub enable_private_cluster: Option<bool>,
    pub enable_vnet_integration: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePrincipal {
    pub client_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Enabled {
    pub enabled: Option<bool>,
}

/// Whether a key is there at all: `Some(None)` is one that is there and `null`, as `az` prints what a cluster has none of.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddonProfiles {
    #[serde(alias = "IngressApplicationGateway")]
    pub ingress_application_gateway: Option<Enabled>,
    #[serde(alias = "omsAgent")]
    pub omsagent: Option<LogAgent>,
    #[serde(alias = "ACIConnectorLinux")]
    pub aci_connector_linux: Option<Enabled>,
}

#[derive(Debug, Default, Deserialize)]
pub struct LogAgent {
    pub enabled: Option<bool>,
    pub config: Option<LogAgentConfig>,
}

/// Its values are texts.
#[derive(Debug, Default, Deserialize)]
pub struct LogAgentConfig {
    #[serde(rename = "useAADAuth", alias = "useAadAuth")]
    pub use_aad_auth: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngressProfile {
    pub application_load_balancer: Option<Enabled>,
    pub web_app_routing: Option<WebAppRouting>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebAppRouting {
    pub enabled: Option<bool>,
    /// From API version 2026-02-01 on.
    #[serde(
        default,
        rename = "gatewayAPIImplementations",
        alias = "gatewayApiImplementations",
        deserialize_with = "said"
    )]
    pub gateways: Option<Option<GatewayImplementations>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayImplementations {
    pub app_routing_istio: Option<Mode>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OidcIssuerProfile {
    pub enabled: Option<bool>,
    #[serde(alias = "issuerURL")]
    pub issuer_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityProfile {
    #[serde(default, deserialize_with = "said")]
    pub workload_identity: Option<Option<Enabled>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AzureMonitorProfile {
    pub metrics: Option<Enabled>,
    pub container_insights: Option<Enabled>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GrafanaIntegrations {
    pub azure_monitor_workspace_integrations: Option<Vec<WorkspaceIntegration>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceIntegration {
    pub azure_monitor_workspace_resource_id: Option<String>,
}

/// A rule that raises an alert, or one that records; labels and annotations are passed over.
#[derive(Debug, Default, Deserialize)]
pub struct PrometheusRule {
    pub alert: Option<String>,
    pub enabled: Option<bool>,
    pub expression: Option<String>,
    pub actions: Option<Vec<de::IgnoredAny>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogAlertActions {
    pub action_groups: Option<Vec<de::IgnoredAny>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertCriteria {
    pub all_of: Option<Vec<AlertCriterion>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertCriterion {
    pub metric_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct IdentityType {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    #[serde(rename = "tenantId")]
    pub tenant_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkProfile {
    pub network_plugin: Option<String>,
    pub network_plugin_mode: Option<String>,
    #[serde(alias = "networkDataPlane")]
    pub network_dataplane: Option<String>,
    pub network_policy: Option<String>,
    pub pod_cidr: Option<String>,
    pub pod_cidrs: Option<Vec<String>>,
    pub service_cidr: Option<String>,
    pub service_cidrs: Option<Vec<String>>,
    #[serde(alias = "dnsServiceIP")]
    pub dns_service_ip: Option<String>,
    pub outbound_type: Option<String>,
    pub load_balancer_profile: Option<LoadBalancerProfile>,
    pub static_egress_gateway_profile: Option<Enabled>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancerProfile {
    pub allocated_outbound_ports: Option<Whole>,
    #[serde(alias = "managedOutboundIPs")]
    pub managed_outbound_ips: Option<ManagedOutboundIps>,
    #[serde(alias = "outboundIPs")]
    pub outbound_ips: Option<OutboundIps>,
    #[serde(alias = "outboundIPPrefixes")]
    pub outbound_ip_prefixes: Option<OutboundIpPrefixes>,
    #[serde(alias = "effectiveOutboundIPs")]
    pub effective_outbound_ips: Option<Vec<de::IgnoredAny>>,
}

#[derive(Debug, Default, Deserialize)]
pub struct ManagedOutboundIps {
    pub count: Option<Whole>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboundIps {
    #[serde(alias = "publicIPs")]
    pub public_ips: Option<Vec<de::IgnoredAny>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboundIpPrefixes {
    #[serde(alias = "publicIPPrefixes")]
    pub public_ip_prefixes: Option<Vec<de::IgnoredAny>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeSettings {
    pub max_surge: Option<Word>,
    pub max_unavailable: Option<Word>,
    pub drain_timeout_in_minutes: Option<Whole>,
    pub node_soak_duration_in_minutes: Option<Whole>,
    pub undrainable_node_behavior: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct VirtualMachinesProfile {
    pub scale: Option<VirtualMachinesScale>,
}

#[derive(Debug, Default, Deserialize)]
pub struct VirtualMachinesScale {
    pub manual: Option<Vec<ManualScale>>,
    pub autoscale: Option<AutoScale>,
}

#[derive(Debug, Default, Deserialize)]
pub struct ManualScale {
    pub count: Option<Whole>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoScale {
    pub min_count: Option<Whole>,
    pub max_count: Option<Whole>,
}

resources! {
    pub struct Vnet<'a> {
        pub address_space: Option<AddressSpace>,
        #[serde(borrow)]
        pub subnets: Option<Vec<Subnet<'a>>>,
        #[serde(borrow)]
        pub virtual_network_peerings: Option<Vec<Peering<'a>>>,
        pub provisioning_state: Option<String>,
    }

    pub struct Subnet<'a> {
        pub address_prefix: Option<String>,
        pub address_prefixes: Option<Vec<String>>,
        #[serde(borrow)]
        pub delegations: Option<Vec<Delegation<'a>>>,
        pub ip_configurations: Option<Vec<Reference>>,
        pub private_endpoints: Option<Vec<Reference>>,
        pub route_table: Option<Reference>,
        pub nat_gateway: Option<Reference>,
        pub network_security_group: Option<Reference>,
    }

    pub struct Delegation<'a> {
        pub service_name: Option<String>,
    }

    pub struct Peering<'a> {
        pub remote_virtual_network: Option<Reference>,
        pub remote_address_space: Option<AddressSpace>,
        pub remote_virtual_network_address_space: Option<AddressSpace>,
        pub peering_state: Option<String>,
        pub allow_forwarded_traffic: Option<bool>,
        pub allow_gateway_transit: Option<bool>,
        pub use_remote_gateways: Option<bool>,
    }

    pub struct RouteTable<'a> {
        #[serde(borrow)]
        pub routes: Option<Vec<Route<'a>>>,
        pub subnets: Option<Vec<Reference>>,
    }

    pub struct Route<'a> {
        pub address_prefix: Option<String>,
        pub next_hop_type: Option<String>,
    }

    pub struct NatGateway<'a> {
        pub public_ip_addresses: Option<Vec<de::IgnoredAny>>,
        pub public_ip_addresses_v6: Option<Vec<de::IgnoredAny>>,
        pub public_ip_prefixes: Option<Vec<de::IgnoredAny>>,
        pub public_ip_prefixes_v6: Option<Vec<de::IgnoredAny>>,
        pub subnets: Option<Vec<Reference>>,
    }

    pub struct NetworkInterface<'a> {
        #[serde(borrow)]
        pub ip_configurations: Option<Vec<IpConfiguration<'a>>>,
        pub private_endpoint: Option<Reference>,
    }

    /// Of a network interface, of a load balancer's frontend, of a private endpoint that asks for an address.
    pub struct IpConfiguration<'a> {
        #[serde(alias = "privateIPAddress")]
        pub private_ip_address: Option<String>,
        pub subnet: Option<Reference>,
    }

    pub struct LoadBalancer<'a> {
        #[serde(borrow, alias = "frontendIPConfigurations")]
        pub frontend_ip_configurations: Option<Vec<IpConfiguration<'a>>>,
    }

    pub struct PrivateEndpoint<'a> {
        pub subnet: Option<Reference>,
        pub network_interfaces: Option<Vec<Reference>>,
        pub custom_dns_configs: Option<Vec<DnsConfiguration>>,
    }

    pub struct SecurityGroup<'a> {
        #[serde(borrow)]
        pub security_rules: Option<Vec<SecurityRule<'a>>>,
        pub subnets: Option<Vec<Reference>>,
    }

    pub struct SecurityRule<'a> {
        pub priority: Option<Whole>,
        pub direction: Option<String>,
        pub access: Option<String>,
        pub protocol: Option<String>,
        pub source_address_prefix: Option<String>,
        pub source_address_prefixes: Option<Vec<String>>,
        pub source_application_security_groups: Option<Vec<Reference>>,
        pub source_port_range: Option<String>,
        pub source_port_ranges: Option<Vec<String>>,
        pub destination_address_prefix: Option<String>,
        pub destination_address_prefixes: Option<Vec<String>>,
        pub destination_application_security_groups: Option<Vec<Reference>>,
        pub destination_port_range: Option<String>,
        pub destination_port_ranges: Option<Vec<String>>,
    }

    pub struct ApplicationGateway<'a> {
        #[serde(borrow)]
        pub backend_address_pools: Option<Vec<BackendAddressPool<'a>>>,
        #[serde(borrow, alias = "gatewayIPConfigurations")]
        pub gateway_ip_configurations: Option<Vec<IpConfiguration<'a>>>,
    }

    pub struct BackendAddressPool<'a> {
        pub backend_addresses: Option<Vec<BackendAddress>>,
    }

    pub struct PrivateDnsZone<'a> {}

    pub struct ManagedIdentity<'a> {
        pub client_id: Option<String>,
    }

    pub struct FederatedCredential<'a> {
        pub issuer: Option<String>,
        pub subject: Option<String>,
        pub audiences: Option<Vec<String>>,
    }

    pub struct Grafana<'a> {
        pub grafana_integrations: Option<GrafanaIntegrations>,
    }

    pub struct PrometheusRuleGroup<'a> {
        pub enabled: Option<bool>,
        pub cluster_name: Option<String>,
        pub scopes: Option<Vec<String>>,
        pub rules: Option<Vec<PrometheusRule>>,
    }

    pub struct MetricAlert<'a> {
        pub enabled: Option<bool>,
        pub scopes: Option<Vec<String>>,
        pub criteria: Option<AlertCriteria>,
        pub actions: Option<Vec<de::IgnoredAny>>,
    }

    /// Its query is passed over.
    pub struct LogAlert<'a> {
        pub enabled: Option<bool>,
        pub scopes: Option<Vec<String>>,
        pub actions: Option<LogAlertActions>,
    }

    /// An `A` record set of a private DNS zone.
    pub struct AddressRecordSet<'a> {
        pub a_records: Option<Vec<ARecord>>,
    }

    /// Its parts are read one by one: a new kind of schedule must not hide the rest.
    pub struct MaintenanceConfiguration<'a> {
        #[serde(borrow)]
        pub maintenance_window: Option<&'a RawValue>,
        #[serde(borrow)]
        pub time_in_week: Option<&'a RawValue>,
        #[serde(borrow)]
        pub not_allowed_time: Option<&'a RawValue>,
    }

    /// Fields of a managed cluster's `properties`.
    pub struct ManagedCluster<'a> {
        #[serde(borrow)]
        pub agent_pool_profiles: Option<Vec<AgentPool<'a>>>,
        pub network_profile: Option<NetworkProfile>,
        pub kubernetes_version: Option<String>,
        pub current_kubernetes_version: Option<String>,
        pub provisioning_state: Option<String>,
        pub power_state: Option<Code>,
        pub auto_upgrade_profile: Option<AutoUpgrade>,
        pub node_resource_group: Option<String>,
        pub api_server_access_profile: Option<ApiServer>,
        pub node_provisioning_profile: Option<Mode>,
        pub node_disruption_profile: Option<NodeDisruption>,
        pub service_principal_profile: Option<ServicePrincipal>,
        pub addon_profiles: Option<AddonProfiles>,
        #[serde(default, deserialize_with = "said")]
        pub ingress_profile: Option<Option<IngressProfile>>,
        #[serde(default, deserialize_with = "said")]
        pub oidc_issuer_profile: Option<Option<OidcIssuerProfile>>,
        #[serde(default, deserialize_with = "said")]
        pub security_profile: Option<Option<SecurityProfile>>,
        #[serde(default, deserialize_with = "said")]
        pub azure_monitor_profile: Option<Option<AzureMonitorProfile>>,
        #[serde(default, deserialize_with = "said")]
        pub hosted_system_profile: Option<Option<Enabled>>,
        pub pod_identity_profile: Option<Enabled>,
    }

    /// An agent pool: an element of `agentPoolProfiles`, or the `properties` of an agent pool of its own.
    pub struct AgentPool<'a> {
        pub count: Option<Whole>,
        pub mode: Option<String>,
        pub os_type: Option<String>,
        #[serde(alias = "typePropertiesType")]
        pub type_properties_type: Option<String>,
        pub enable_auto_scaling: Option<bool>,
        pub min_count: Option<Whole>,
        pub max_count: Option<Whole>,
        pub max_pods: Option<Whole>,
        pub upgrade_settings: Option<UpgradeSettings>,
        #[serde(alias = "vnetSubnetID")]
        pub vnet_subnet_id: Option<String>,
        #[serde(alias = "podSubnetID")]
        pub pod_subnet_id: Option<String>,
        #[serde(alias = "podIPAllocationMode")]
        pub pod_ip_allocation_mode: Option<String>,
        pub scale_set_priority: Option<String>,
        pub availability_zones: Option<Vec<String>>,
        pub node_taints: Option<Vec<String>>,
        pub orchestrator_version: Option<String>,
        pub current_orchestrator_version: Option<String>,
        pub provisioning_state: Option<String>,
        pub power_state: Option<Code>,
        pub vm_size: Option<String>,
        pub node_image_version: Option<String>,
        pub virtual_machines_profile: Option<VirtualMachinesProfile>,
        /// The nodes that a pool of single machines has; such a pool has no `count`.
        pub virtual_machine_nodes_status: Option<Vec<ManualScale>>,
    }
}

/// What Azure answers instead of a resource.
#[derive(Debug, Default, Deserialize)]
pub struct AzureError {
    pub code: Option<String>,
    pub message: Option<String>,
}

/// The shape around resources: a page (`value`), a list (`items`), a scenario, a Terraform plan, or one resource.
#[derive(Debug, Default, Deserialize)]
pub struct Envelope<'a> {
    #[serde(rename = "apiVersion")]
    pub api_version: Option<String>,
    pub kind: Option<String>,
    #[serde(rename = "type", borrow)]
    pub resource_type: Option<&'a RawValue>,
    #[serde(borrow)]
    pub value: Option<&'a RawValue>,
    #[serde(borrow)]
    pub items: Option<&'a RawValue>,
    #[serde(rename = "nextLink")]
    pub next_link: Option<String>,
    pub format_version: Option<String>,
    pub terraform_version: Option<String>,
    pub resource_changes: Option<de::IgnoredAny>,
    pub planned_values: Option<de::IgnoredAny>,
    /// Only a scenario has these two.
    pub virtual_networks: Option<de::IgnoredAny>,
    pub clusters: Option<de::IgnoredAny>,
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "list_meta")]
    pub metadata: Option<ListMeta>,
}

/// Of a list of Kubernetes objects.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListMeta {
    /// Where the next page begins.
    #[serde(rename = "continue")]
    pub next: Option<String>,
}

/// Metadata of anything: what is not a list's is passed over, whatever it looks like.
fn list_meta<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ListMeta>, D::Error> {
    let raw: Option<&RawValue> = Option::deserialize(deserializer)?;
    Ok(raw.and_then(|raw| serde_json::from_str(raw.get()).ok()))
}

/// `APIGroupList`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ApiGroups {
    pub groups: Vec<ApiGroup>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ApiGroup {
    pub name: String,
}

impl Envelope<'_> {
    /// A resource of a template has an `apiVersion`, and a cluster has a `kind` (`Base`): neither makes it a Kubernetes object.
    pub fn is_azure_resource(&self) -> bool {
        self.resource_type.is_some_and(|kind| {
            kind.get()
                .get(..11)
                .is_some_and(|start| start.eq_ignore_ascii_case("\"Microsoft."))
        })
    }
}
