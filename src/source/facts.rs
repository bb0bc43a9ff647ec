//! What a reader found, before anything is joined: resources with references that may point nowhere yet. Every reader lowers
//! to this, so that a scenario, a file from `az` and a Terraform plan cannot disagree about what a subnet is.

use super::SourceError;
use crate::model::{
    AddressRecord, ApplicationGateway, Cluster, FederatedCredential, Grafana, HeldAddress,
    HolderKind, IpNet, KubernetesState, KubernetesVersion, LogAlert, MaintenanceConfiguration,
    ManagedIdentity, MetricAlert, NatGateway, NetworkSecurityGroup, NodePool, Peering, Platform,
    PrivateDnsZone, PrometheusAlert, PrometheusRuleGroup, ReservedRange, ResourceId, RouteTable,
    SecurityRule, VirtualNetwork, workload,
};
use jiff::Timestamp;
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;

/// Where a fact was read, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub file: Arc<str>,
    /// Path of the resource in the document, for example `[2]` or `clusters[0]`.
    pub path: Box<str>,
    /// Where in the file's text the resource begins, in bytes, until its line is known.
    pub offset: Option<usize>,
    /// Line and column where the resource begins, both from 1; `None` where that is not known.
    pub position: Option<(u64, u64)>,
    /// Address of the resource in Terraform.
    pub address: Option<Arc<str>>,
}

impl Origin {
    pub fn new(file: &Arc<str>, path: impl Into<Box<str>>) -> Self {
        Origin {
            file: Arc::clone(file),
            path: path.into(),
            offset: None,
            position: None,
            address: None,
        }
    }

    /// The same, of a resource that begins at this byte of the file.
    #[must_use]
    pub fn at_offset(mut self, offset: usize) -> Self {
        self.offset = Some(offset);
        self
    }

    /// A place inside this one: `value` and `[3]` make `value[3]`, `[3]` and `name` make `[3].name`.
    fn path_of(&self, inner: &str) -> String {
        match (self.path.is_empty(), inner.is_empty()) {
            (_, true) => self.path.to_string(),
            (true, false) => inner.to_string(),
            (false, false) if inner.starts_with('[') => format!("{}{inner}", self.path),
            (false, false) => format!("{}.{inner}", self.path),
        }
    }

    /// Where a resource inside this one stands; its line is that of this one until it is known better.
    #[must_use]
    pub fn within(&self, inner: &str) -> Origin {
        Origin {
            path: self.path_of(inner).into(),
            ..self.clone()
        }
    }

    /// An error at a place inside this resource.
    pub fn error(&self, inner: &str, problem: impl Into<String>) -> SourceError {
        let path = self.path_of(inner);
        let error = SourceError::new(self.file.as_ref(), problem);
        if path.is_empty() {
            error
        } else {
            error.in_path(path)
        }
    }
}

/// Which subnet a pool names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum SubnetReference {
    /// An ARM resource id.
    Id(ResourceId),
    /// A name in a scenario: `subnet` or `vnet/subnet`.
    Name(String),
    /// Named, but not known before apply.
    Unknown,
    /// A subnet without an id of a snapshot: the VNet by [`vnet_key`], and the subnet's name in it.
    Placed { vnet: String, subnet: String },
}

/// What tells one VNet from another: the id in lower case, or the name where there is none.
pub fn vnet_key(vnet: &VirtualNetwork) -> String {
    match &vnet.id {
        Some(id) => id.key(),
        None => vnet.name.to_ascii_lowercase(),
    }
}

/// A VNet with the subnets it lists.
#[derive(Debug, Clone, PartialEq)]
pub struct VnetFact {
    pub origin: Origin,
    pub vnet: VirtualNetwork,
    pub subnets: Vec<SubnetFact>,
}

/// A subnet, inside its VNet or on its own (then `vnet` says whose it is).
#[derive(Debug, Clone, PartialEq)]
pub struct SubnetFact {
    pub origin: Origin,
    pub id: Option<ResourceId>,
    pub name: String,
    /// Set on a subnet that was not listed inside its VNet.
    pub vnet: Option<ResourceId>,
    pub prefixes: Vec<IpNet>,
    pub delegations: Vec<String>,
    pub used: Option<u64>,
    pub holders: Option<Vec<crate::model::Holder>>,
    pub private_endpoints: u64,
    pub foreign: Option<u64>,
    pub route_table: Option<ResourceId>,
    pub nat_gateway: Option<ResourceId>,
    pub security_group: Option<ResourceId>,
    /// In a snapshot: who holds which address.
    pub addresses: Vec<HeldAddress>,
    /// In a snapshot: nobody read it, its prefix is the documented default (CID-5).
    pub assumed: bool,
}

/// One row of a VNet's usages (NET-1).
#[derive(Debug, Clone, PartialEq)]
pub struct UsageFact {
    pub origin: Origin,
    pub subnet: ResourceId,
    /// `None` where the service answers -1.
    pub used: Option<u64>,
}

/// The private addresses that one resource says it holds; none is a fact as well, of a resource that gave its addresses up.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressFact {
    pub holder: ResourceId,
    pub kind: HolderKind,
    /// Of a network interface: the private endpoint it belongs to.
    pub endpoint: Option<ResourceId>,
    /// Of a private endpoint: its network interfaces.
    pub interfaces: Vec<ResourceId>,
    /// Subnet and address. Those of a private endpoint are its DNS records, which count only where no interface says more.
    pub addresses: Vec<(ResourceId, IpAddr)>,
}

/// A NAT gateway and the subnets it says it serves.
#[derive(Debug, Clone, PartialEq)]
pub struct NatGatewayFact {
    pub gateway: NatGateway,
    pub subnets: Vec<ResourceId>,
}

/// A maintenance configuration of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct MaintenanceFact {
    pub origin: Origin,
    pub cluster: ResourceId,
    pub configuration: MaintenanceConfiguration,
}

/// A peering that was listed apart from its VNet.
#[derive(Debug, Clone, PartialEq)]
pub struct PeeringFact {
    pub origin: Origin,
    pub vnet: ResourceId,
    pub peering: Peering,
}

/// Fields of a pool that were given: of these a default cannot be told from a choice. What a wanted state leaves out is
/// taken from what is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PoolGiven {
    pub mode: bool,
    pub os_type: bool,
    pub kind: bool,
    pub count: bool,
    pub autoscaler: bool,
    pub pod_ip_allocation: bool,
    pub spot: bool,
}

impl PoolGiven {
    /// A source that leaves nothing out.
    pub const ALL: PoolGiven = PoolGiven {
        mode: true,
        os_type: true,
        kind: true,
        count: true,
        autoscaler: true,
        pod_ip_allocation: true,
        spot: true,
    };
}

/// As [`PoolGiven`], of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ClusterGiven {
    pub pools: bool,
    pub network_policy: bool,
    pub node_auto_provisioning: bool,
    pub ingress_application_gateway: bool,
    pub outbound_addresses: bool,
}

impl ClusterGiven {
    pub const ALL: ClusterGiven = ClusterGiven {
        pools: true,
        network_policy: true,
        node_auto_provisioning: true,
        ingress_application_gateway: true,
        outbound_addresses: true,
    };
}

/// A node pool with references not yet followed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoolFact {
    /// Where it was read, where that is not its cluster's place.
    #[serde(skip)]
    pub origin: Option<Box<Origin>>,
    pub pool: NodePool,
    pub given: PoolGiven,
    /// The version that was asked for, where the one that runs is told beside it.
    pub version_asked: Option<KubernetesVersion>,
    /// `None`: the mode's default.
    pub max_pods: Option<u32>,
    pub subnet: Option<SubnetReference>,
    pub pod_subnet: Option<SubnetReference>,
}

/// A cluster with references not yet followed. `cluster.pools` is empty: the pools are in `pools`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClusterFact {
    #[serde(skip)]
    pub origin: Origin,
    pub cluster: Cluster,
    pub given: ClusterGiven,
    /// As of a pool.
    pub version_asked: Option<KubernetesVersion>,
    pub pools: Vec<PoolFact>,
}

/// An agent pool that was listed apart from its cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct LoosePoolFact {
    pub origin: Origin,
    pub cluster: ResourceId,
    pub pool: PoolFact,
}

/// Kubernetes objects of one file, or of one API server.
#[derive(Debug, Clone, PartialEq)]
pub struct KubernetesFact {
    pub origin: Origin,
    pub state: KubernetesState,
    /// Whose they are, where whoever read them knows it; else it is told by the objects and by where they were read.
    pub cluster: Option<ResourceId>,
}

/// Everything that was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    pub vnets: Vec<VnetFact>,
    pub subnets: Vec<SubnetFact>,
    pub usages: Vec<UsageFact>,
    pub peerings: Vec<PeeringFact>,
    pub route_tables: Vec<RouteTable>,
    pub addresses: Vec<AddressFact>,
    pub nat_gateways: Vec<NatGatewayFact>,
    pub security_groups: Vec<NetworkSecurityGroup>,
    /// `None`: not read; else those that were found.
    pub application_gateways: Option<Vec<ApplicationGateway>>,
    pub private_dns_zones: Option<Vec<PrivateDnsZone>>,
    /// `A` record sets, each with its zone.
    pub dns_records: Vec<(ResourceId, AddressRecord)>,
    /// Zones whose records were listed to the end.
    pub dns_records_listed: Vec<ResourceId>,
    pub platform: Platform,
    /// Federated credentials, each with its identity.
    pub federated_credentials: Vec<(ResourceId, FederatedCredential)>,
    /// Identities whose federated credentials were listed to the end.
    pub federated_credentials_listed: Vec<ResourceId>,
    pub maintenance: Vec<MaintenanceFact>,
    /// Clusters whose maintenance configurations were listed to the end: what is not in [`Facts::maintenance`] is not there.
    pub maintenance_listed: Vec<ResourceId>,
    pub clusters: Vec<ClusterFact>,
    pub pools: Vec<LoosePoolFact>,
    pub kubernetes: Vec<KubernetesFact>,
    pub reserved: Vec<ReservedRange>,
    pub not_checked: Vec<String>,
    /// When it was read, where a source says. Of several, the first: nothing here is older.
    pub observed_at: Option<Timestamp>,
    /// A file of it is one page of several.
    pub is_page: bool,
}

impl Facts {
    /// Adds a sentence to what could not be checked, unless it was just said: a list of a million unused resources says it
    /// once.
    pub fn note(&mut self, sentence: String) {
        const RECENT: usize = 16;
        let recent = self.not_checked.len().saturating_sub(RECENT);
        if !self.not_checked[recent..].contains(&sentence) {
            self.not_checked.push(sentence);
        }
    }

    /// The origins of everything that can be pointed at.
    pub fn origins_mut(&mut self) -> impl Iterator<Item = &mut Origin> {
        let vnets = self.vnets.iter_mut().flat_map(|fact| {
            let subnets = fact.subnets.iter_mut().map(|subnet| &mut subnet.origin);
            std::iter::once(&mut fact.origin).chain(subnets)
        });
        vnets
            .chain(self.subnets.iter_mut().map(|fact| &mut fact.origin))
            .chain(self.clusters.iter_mut().map(|fact| &mut fact.origin))
            .chain(self.pools.iter_mut().map(|fact| &mut fact.origin))
    }

    /// Takes over everything `other` holds, after what is here.
    pub fn append(&mut self, mut other: Facts) {
        self.vnets.append(&mut other.vnets);
        self.subnets.append(&mut other.subnets);
        self.usages.append(&mut other.usages);
        self.peerings.append(&mut other.peerings);
        self.route_tables.append(&mut other.route_tables);
        self.addresses.append(&mut other.addresses);
        self.nat_gateways.append(&mut other.nat_gateways);
        self.security_groups.append(&mut other.security_groups);
        join(&mut self.application_gateways, other.application_gateways);
        join(&mut self.private_dns_zones, other.private_dns_zones);
        self.dns_records.append(&mut other.dns_records);
        self.dns_records_listed
            .append(&mut other.dns_records_listed);
        let Platform {
            managed_identities,
            grafanas,
            prometheus_rule_groups,
            metric_alerts,
            log_alerts,
            listed,
        } = other.platform;
        let mine = &mut self.platform;
        join(&mut mine.managed_identities, managed_identities);
        join(&mut mine.grafanas, grafanas);
        join(&mut mine.prometheus_rule_groups, prometheus_rule_groups);
        join(&mut mine.metric_alerts, metric_alerts);
        join(&mut mine.log_alerts, log_alerts);
        mine.listed.extend(listed);
        self.is_page |= other.is_page;
        self.federated_credentials
            .append(&mut other.federated_credentials);
        self.federated_credentials_listed
            .append(&mut other.federated_credentials_listed);
        self.maintenance.append(&mut other.maintenance);
        self.maintenance_listed
            .append(&mut other.maintenance_listed);
        self.clusters.append(&mut other.clusters);
        self.pools.append(&mut other.pools);
        self.kubernetes.append(&mut other.kubernetes);
        self.reserved.append(&mut other.reserved);
        self.observed_at = match (self.observed_at, other.observed_at) {
            (Some(known), Some(new)) => Some(known.min(new)),
            (known, new) => known.or(new),
        };
        for sentence in other.not_checked {
            self.note(sentence);
        }
    }

    /// About how many bytes all this takes, lists that grow by doubling included; errs on the large side.
    pub fn weight(&self) -> usize {
        let subnets = |subnets: &[SubnetFact]| {
            let holders = |subnet: &SubnetFact| subnet.holders.as_ref().map_or(0, Vec::len);
            let held: usize = subnets.iter().map(holders).sum();
            each::<SubnetFact>(subnets.len()) + each::<crate::model::Holder>(held)
        };
        let peerings: usize = self.vnets.iter().map(|fact| fact.vnet.peerings.len()).sum();
        let pools: usize = self.clusters.iter().map(|fact| fact.pools.len()).sum();
        let held = |fact: &AddressFact| fact.addresses.len() + fact.interfaces.len();
        let held: usize = self.addresses.iter().map(held).sum();
        let routes: usize = self
            .route_tables
            .iter()
            .map(|table| table.routes.len())
            .sum();
        let rules: usize = self
            .security_groups
            .iter()
            .map(|group| group.rules.len())
            .sum();
        each::<VnetFact>(self.vnets.len())
            + self
                .vnets
                .iter()
                .map(|fact| subnets(&fact.subnets))
                .sum::<usize>()
            + subnets(&self.subnets)
            + each::<UsageFact>(self.usages.len())
            + each::<PeeringFact>(peerings + self.peerings.len())
            + each::<RouteTable>(self.route_tables.len())
            + each::<crate::model::Route>(routes)
            + each::<AddressFact>(self.addresses.len())
            + each::<(ResourceId, IpAddr)>(held)
            + each::<NatGatewayFact>(self.nat_gateways.len())
            + each::<NetworkSecurityGroup>(self.security_groups.len())
            + each::<SecurityRule>(rules)
            + each::<ApplicationGateway>(self.application_gateways.as_ref().map_or(0, Vec::len))
            + each::<PrivateDnsZone>(self.private_dns_zones.as_ref().map_or(0, Vec::len))
            + each::<AddressRecord>(self.dns_records.len() + self.dns_records_listed.len())
            + self.weight_of_platform()
            + each::<MaintenanceFact>(self.maintenance.len() + self.maintenance_listed.len())
            + each::<ClusterFact>(self.clusters.len())
            + each::<LoosePoolFact>(pools + self.pools.len())
            + each::<KubernetesFact>(self.kubernetes.len())
            + self
                .kubernetes
                .iter()
                .map(|fact| weight_of(&fact.state))
                .sum::<usize>()
    }

    fn weight_of_platform(&self) -> usize {
        fn many<T>(list: &Option<Vec<T>>) -> usize {
            list.as_ref().map_or(0, Vec::len)
        }
        let platform = &self.platform;
        let groups = platform.prometheus_rule_groups.iter().flatten();
        let alerts = groups.flat_map(|group| &group.alerts);
        let metrics: usize = alerts.map(|alert| 1 + alert.metrics.len()).sum();
        each::<ManagedIdentity>(many(&platform.managed_identities))
            + each::<Grafana>(many(&platform.grafanas))
            + each::<PrometheusRuleGroup>(many(&platform.prometheus_rule_groups))
            + each::<PrometheusAlert>(metrics)
            + each::<MetricAlert>(many(&platform.metric_alerts))
            + each::<LogAlert>(many(&platform.log_alerts))
            + each::<FederatedCredential>(
                self.federated_credentials.len() + self.federated_credentials_listed.len(),
            )
    }

    /// True when no resource of any kind was found.
    pub fn is_empty(&self) -> bool {
        self.vnets.is_empty()
            && self.subnets.is_empty()
            && self.usages.is_empty()
            && self.peerings.is_empty()
            && self.route_tables.is_empty()
            && self.addresses.is_empty()
            && self.nat_gateways.is_empty()
            && self.security_groups.is_empty()
            && self.application_gateways.is_none()
            && self.private_dns_zones.is_none()
            && self.dns_records.is_empty()
            && self.dns_records_listed.is_empty()
            && self.platform.is_empty()
            && self.federated_credentials.is_empty()
            && self.federated_credentials_listed.is_empty()
            && self.maintenance.is_empty()
            && self.maintenance_listed.is_empty()
            && self.clusters.is_empty()
            && self.pools.is_empty()
            && self.kubernetes.is_empty()
            && self.reserved.is_empty()
    }
}

/// What was read anywhere was read.
fn join<T>(mine: &mut Option<Vec<T>>, others: Option<Vec<T>>) {
    if let Some(others) = others {
        mine.get_or_insert_default().extend(others);
    }
}

/// Bytes of `count` things: themselves, in a list with as much again to spare, and what their names and ids take elsewhere.
fn each<T>(count: usize) -> usize {
    const NAMES: usize = 128;
    count * (2 * size_of::<T>() + NAMES)
}

/// As [`Facts::weight`], of Kubernetes objects.
pub fn weight_of(state: &KubernetesState) -> usize {
    each::<workload::Node>(state.nodes.len())
        + each::<workload::Pod>(state.pods.len())
        + each::<workload::Service>(state.services.len())
        + each::<workload::DisruptionBudget>(state.disruption_budgets.len())
        + each::<workload::Workload>(state.workloads.len())
        + each::<(String, String)>(state.config_maps.len())
        + each::<workload::IpMasqConfig>(state.ip_masq_configs.len())
        + each::<workload::Namespace>(state.namespaces.len())
        + each::<workload::EndpointSlice>(state.endpoint_slices.len())
        + each::<workload::Ingress>(state.ingresses.len())
        + each::<workload::NetworkPolicy>(state.network_policies.len())
        + each::<workload::PersistentVolume>(state.persistent_volumes.len())
        + each::<workload::PersistentVolumeClaim>(state.persistent_volume_claims.len())
        + each::<workload::CsiNode>(state.csi_nodes.len())
        + each::<workload::NodeNetworkConfig>(state.node_network_configs.len())
        + each::<workload::ServiceCidr>(state.service_cidrs.len())
        + each::<workload::EventCount>(state.events.len())
        + weight_of_objects(&state.platform)
}

fn weight_of_objects(objects: &workload::PlatformObjects) -> usize {
    each::<workload::ServiceAccount>(objects.service_accounts.len())
        + each::<workload::IngressClass>(objects.ingress_classes.len())
        + each::<workload::SecretType>(objects.secrets.len())
        + each::<workload::Certificate>(objects.certificates.len())
        + each::<workload::Issuer>(objects.issuers.len())
        + each::<workload::Monitor>(objects.monitors.len())
        + each::<workload::AzureIdentity>(objects.azure_identities.len())
        + each::<workload::CiliumPolicy>(objects.cilium_policies.len())
        + each::<workload::Gateway>(objects.gateways.len())
        + each::<workload::HttpRoute>(objects.http_routes.len())
}
