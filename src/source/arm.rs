//! Azure resources as JSON, from `az` or from Azure Resource Manager itself, lowered to facts. One resource at a time: the
//! caller splits pages and lists. Nothing is joined here.

mod addresses;
mod cluster;
mod gateway;
mod maintenance;
mod platform;
mod pool;
mod security;

use super::facts::{Facts, Origin, PeeringFact, SubnetFact, UsageFact, VnetFact};
use super::{SourceError, wire};
use crate::model::{
    CidrError, Holder, HolderKind, IpNet, Peering, Profiles, ResourceId, Route, RouteTable,
    VirtualNetwork, parse_cidr,
};
use cluster::cluster;
use pool::loose_pool;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a JSON object turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    ManagedCluster,
    AgentPool,
    VirtualNetwork,
    Subnet,
    Peering,
    Usage,
    RouteTable,
    NatGateway,
    NetworkInterface,
    LoadBalancer,
    PrivateEndpoint,
    MaintenanceConfiguration,
    SecurityGroup,
    ApplicationGateway,
    PrivateDnsZone,
    /// An `A` record set of a private DNS zone.
    AddressRecord,
    ManagedIdentity,
    FederatedCredential,
    Grafana,
    PrometheusRuleGroup,
    MetricAlert,
    LogAlert,
    /// A resource of Azure that holds nothing we need.
    Unused,
}

/// Reads one resource into `facts`. `guess` is what the resource before it was: lists are of one kind, and a right guess saves
/// a pass over the text.
///
/// # Errors
/// When it is no Azure resource, or a field that is needed has the wrong shape; the path names the place.
pub fn read_resource(
    raw: &str,
    origin: &Origin,
    guess: &mut Option<Kind>,
    facts: &mut Facts,
) -> Result<(), SourceError> {
    if let Some(kind) = *guess
        && read_as(kind, raw, origin, facts, true).is_ok_and(|read| read)
    {
        return Ok(());
    }
    let head: wire::Head = parse(raw, origin, "")?;
    let kind = recognise(&head, origin)?;
    *guess = Some(kind);
    if kind == Kind::Unused {
        *guess = None;
        facts.note(format!(
            "{}: resources of type {} are not used",
            origin.file,
            head.arm_type().unwrap_or_default()
        ));
        return Ok(());
    }
    read_as(kind, raw, origin, facts, false).map(|_| ())
}

/// What the profiles of a managed cluster say that was asked for at an API version that has them all: what it leaves out is off.
///
/// # Errors
/// When a field that is needed has the wrong shape.
pub fn profiles_in_full(raw: &str, origin: &Origin) -> Result<Profiles, SourceError> {
    let mut outer: wire::ManagedCluster = parse(raw, origin, "")?;
    let common = wire::Resource::common(&mut outer);
    let read = unfold(outer, common, origin, "")?;
    Ok(cluster::profiles_of(&read.body, true))
}

/// Reads a resource of a kind. With `check`, only if its own type or id says that it is of that kind; false if not.
fn read_as(
    kind: Kind,
    raw: &str,
    origin: &Origin,
    facts: &mut Facts,
    check: bool,
) -> Result<bool, SourceError> {
    fn whole<'a, T: wire::Resource<'a>>(
        raw: &'a str,
        kind: Option<Kind>,
        origin: &Origin,
    ) -> Result<Option<Unfolded<'a, T>>, SourceError> {
        let mut outer: T = parse(raw, origin, "")?;
        let common = outer.common();
        let own = common
            .kind
            .as_deref()
            .filter(|word| word.contains('/'))
            .map(str::to_ascii_lowercase);
        let own = own.or_else(|| common.id.as_deref().and_then(type_of_id));
        if kind.is_some_and(|kind| own.as_deref().and_then(kind_of_type) != Some(kind)) {
            return Ok(None);
        }
        unfold(outer, common, origin, "").map(Some)
    }
    let expected = check.then_some(kind);
    match kind {
        Kind::ManagedCluster => match whole(raw, expected, origin)? {
            Some(read) => facts.clusters.push(cluster(read, origin)?),
            None => return Ok(false),
        },
        Kind::AgentPool => match whole(raw, expected, origin)? {
            Some(read) => facts.pools.push(loose_pool(read, origin)?),
            None => return Ok(false),
        },
        Kind::VirtualNetwork => match whole(raw, expected, origin)? {
            Some(read) => facts.vnets.push(vnet(read, origin)?),
            None => return Ok(false),
        },
        Kind::Subnet => match whole(raw, expected, origin)? {
            Some(read) => {
                let mut fact = subnet(read, origin)?;
                fact.vnet = fact.id.as_ref().and_then(ResourceId::parent);
                facts.subnets.push(fact);
            }
            None => return Ok(false),
        },
        Kind::Peering => match whole(raw, expected, origin)? {
            Some(read) => facts.peerings.push(loose_peering(read, origin)?),
            None => return Ok(false),
        },
        Kind::RouteTable => match whole(raw, expected, origin)? {
            Some(read) => facts.route_tables.push(route_table(read, origin)?),
            None => return Ok(false),
        },
        Kind::NatGateway => match whole(raw, expected, origin)? {
            Some(read) => facts
                .nat_gateways
                .push(addresses::nat_gateway(read, origin)?),
            None => return Ok(false),
        },
        Kind::NetworkInterface => match whole(raw, expected, origin)? {
            Some(read) => facts.addresses.push(addresses::interface(read, origin)?),
            None => return Ok(false),
        },
        Kind::LoadBalancer => match whole(raw, expected, origin)? {
            Some(read) => facts
                .addresses
                .push(addresses::load_balancer(read, origin)?),
            None => return Ok(false),
        },
        Kind::PrivateEndpoint => match whole(raw, expected, origin)? {
            Some(read) => facts.addresses.push(addresses::endpoint(read, origin)?),
            None => return Ok(false),
        },
        Kind::SecurityGroup => match whole(raw, expected, origin)? {
            Some(read) => facts.security_groups.push(security::group(read, origin)?),
            None => return Ok(false),
        },
        Kind::ApplicationGateway => match whole(raw, expected, origin)? {
            Some(read) => {
                let gateway = gateway::gateway(read, origin)?;
                facts
                    .application_gateways
                    .get_or_insert_default()
                    .push(gateway);
            }
            None => return Ok(false),
        },
        Kind::PrivateDnsZone => match whole(raw, expected, origin)? {
            Some(read) => {
                let zone = gateway::zone(read, origin)?;
                facts.private_dns_zones.get_or_insert_default().push(zone);
            }
            None => return Ok(false),
        },
        Kind::AddressRecord => match whole(raw, expected, origin)? {
            Some(read) => facts.dns_records.push(gateway::record(read, origin)?),
            None => return Ok(false),
        },
        Kind::ManagedIdentity => match whole(raw, expected, origin)? {
            Some(read) => {
                let identity = platform::identity(read, origin)?;
                let all = facts.platform.managed_identities.get_or_insert_default();
                all.push(identity);
            }
            None => return Ok(false),
        },
        Kind::FederatedCredential => match whole(raw, expected, origin)? {
            Some(read) => {
                let credential = platform::federated_credential(read, origin)?;
                facts.federated_credentials.push(credential);
            }
            None => return Ok(false),
        },
        Kind::Grafana => match whole(raw, expected, origin)? {
            Some(read) => {
                let grafana = platform::grafana(read, origin)?;
                facts
                    .platform
                    .grafanas
                    .get_or_insert_default()
                    .push(grafana);
            }
            None => return Ok(false),
        },
        Kind::PrometheusRuleGroup => match whole(raw, expected, origin)? {
            Some(read) => {
                let group = platform::rule_group(read, origin)?;
                let all = &mut facts.platform.prometheus_rule_groups;
                all.get_or_insert_default().push(group);
            }
            None => return Ok(false),
        },
        Kind::MetricAlert => match whole(raw, expected, origin)? {
            Some(read) => {
                let alert = platform::metric_alert(read, origin)?;
                facts
                    .platform
                    .metric_alerts
                    .get_or_insert_default()
                    .push(alert);
            }
            None => return Ok(false),
        },
        Kind::LogAlert => match whole(raw, expected, origin)? {
            Some(read) => {
                let alert = platform::log_alert(read, origin)?;
                let all = &mut facts.platform.log_alerts;
                all.get_or_insert_default().push(alert);
            }
            None => return Ok(false),
        },
        Kind::MaintenanceConfiguration => match whole(raw, expected, origin)? {
            Some(read) => {
                let fact = maintenance::configuration(read, origin)?;
                for part in &fact.configuration.not_understood {
                    facts.note(maintenance::not_understood(&fact, part));
                }
                facts.maintenance.push(fact);
            }
            None => return Ok(false),
        },
        Kind::Usage => {
            let usage: wire::Usage = parse(raw, origin, "")?;
            match (usage.id, usage.current_value) {
                (Some(id), Some(used)) => facts.usages.push(UsageFact {
                    origin: origin.clone(),
                    subnet: ResourceId::new(id),
                    used: match used.count() {
                        Some(used) => Some(addresses(used, origin, "currentValue")?),
                        None => None,
                    },
                }),
                _ if check => return Ok(false),
                (None, _) => {
                    return Err(origin.error("id", "a usage without an id names no subnet"));
                }
                (_, None) => return Err(origin.error("currentValue", "expected a number")),
            }
        }
        Kind::Unused => return Ok(false),
    }
    Ok(true)
}

/// A number of addresses: no more than IPv4 has, so that sums of them stay in range.
pub(super) fn addresses(number: u64, origin: &Origin, inner: &str) -> Result<u64, SourceError> {
    if number <= MOST_ADDRESSES {
        Ok(number)
    } else {
        Err(origin.error(
            inner,
            format!("{number} is not a number of addresses; there are {MOST_ADDRESSES} in all"),
        ))
    }
}

fn loose_peering(
    read: Unfolded<wire::Peering>,
    origin: &Origin,
) -> Result<PeeringFact, SourceError> {
    let vnet = read
        .id()
        .and_then(|id| id.parent())
        .ok_or_else(|| origin.error("id", "a peering without an id names no VNet"))?;
    Ok(PeeringFact {
        origin: origin.clone(),
        vnet,
        peering: peering(read, origin)?,
    })
}

/// Types of Azure's resources, in small letters, with what each is read as and what people call it.
const TYPES: &[(&str, Kind, &str)] = &[
    (
        "microsoft.containerservice/managedclusters",
        Kind::ManagedCluster,
        "a managed cluster",
    ),
    (
        "microsoft.containerservice/managedclusters/agentpools",
        Kind::AgentPool,
        "an agent pool",
    ),
    (
        "microsoft.containerservice/managedclusters/maintenanceconfigurations",
        Kind::MaintenanceConfiguration,
        "a maintenance configuration",
    ),
    (
        "microsoft.network/virtualnetworks",
        Kind::VirtualNetwork,
        "a VNet",
    ),
    (
        "microsoft.network/virtualnetworks/subnets",
        Kind::Subnet,
        "a subnet",
    ),
    (
        "microsoft.network/virtualnetworks/virtualnetworkpeerings",
        Kind::Peering,
        "a peering",
    ),
    (
        "microsoft.network/routetables",
        Kind::RouteTable,
        "a route table",
    ),
    (
        "microsoft.network/natgateways",
        Kind::NatGateway,
        "a NAT gateway",
    ),
    (
        "microsoft.network/networkinterfaces",
        Kind::NetworkInterface,
        "a network interface",
    ),
    (
        "microsoft.network/loadbalancers",
        Kind::LoadBalancer,
        "a load balancer",
    ),
    (
        "microsoft.network/privateendpoints",
        Kind::PrivateEndpoint,
        "a private endpoint",
    ),
    (
        "microsoft.network/networksecuritygroups",
        Kind::SecurityGroup,
        "a network security group",
    ),
    (
        "microsoft.network/applicationgateways",
        Kind::ApplicationGateway,
        "an application gateway",
    ),
    (
        "microsoft.network/privatednszones",
        Kind::PrivateDnsZone,
        "a private DNS zone",
    ),
    (
        "microsoft.network/privatednszones/a",
        Kind::AddressRecord,
        "an A record of one",
    ),
    (
        "microsoft.managedidentity/userassignedidentities",
        Kind::ManagedIdentity,
        "a managed identity",
    ),
    (
        "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials",
        Kind::FederatedCredential,
        "a federated credential of one",
    ),
    (
        "microsoft.dashboard/grafana",
        Kind::Grafana,
        "an Azure Managed Grafana",
    ),
    (
        "microsoft.alertsmanagement/prometheusrulegroups",
        Kind::PrometheusRuleGroup,
        "a Prometheus rule group",
    ),
    (
        "microsoft.insights/metricalerts",
        Kind::MetricAlert,
        "a metric alert",
    ),
    (
        "microsoft.insights/scheduledqueryrules",
        Kind::LogAlert,
        "a log alert",
    ),
];

fn kind_of_type(kind: &str) -> Option<Kind> {
    let found = TYPES.iter().find(|(name, ..)| *name == kind);
    found.map(|(_, kind, _)| *kind)
}

/// A usage of a subnet has no type of its own.
fn not_recognised() -> String {
    let words: Vec<&str> = TYPES.iter().map(|(.., word)| *word).collect();
    format!(
        "not recognised; expected {} or a usage as `az … -o json` or Azure Resource Manager prints it",
        words.join(", ")
    )
}

fn recognise(head: &wire::Head, origin: &Origin) -> Result<Kind, SourceError> {
    let from_id = || head.id.as_deref().and_then(type_of_id);
    if head.current_value.is_some() {
        return Ok(Kind::Usage);
    }
    if let Some(kind) = head.arm_type().or_else(from_id) {
        return Ok(kind_of_type(&kind).unwrap_or(Kind::Unused));
    }
    // A request body as people write it has neither id nor type.
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        agent_pool_profiles: Option<serde::de::IgnoredAny>,
        network_profile: Option<serde::de::IgnoredAny>,
        address_space: Option<serde::de::IgnoredAny>,
    }
    let body: Body = match head.properties {
        Some(properties) => serde_json::from_str(properties.get()).unwrap_or_default(),
        None => Body::default(),
    };
    let is_cluster = head.agent_pool_profiles.is_some()
        || head.network_profile.is_some()
        || body.agent_pool_profiles.is_some()
        || body.network_profile.is_some();
    if is_cluster {
        return Ok(Kind::ManagedCluster);
    }
    if head.address_space.is_some() || body.address_space.is_some() {
        return Ok(Kind::VirtualNetwork);
    }
    Err(origin.error("", not_recognised()))
}

/// `microsoft.network/virtualnetworks/subnets` of `/subscriptions/…/providers/Microsoft.Network/virtualNetworks/v/subnets/s`.
fn type_of_id(id: &str) -> Option<String> {
    let lower = id.to_ascii_lowercase();
    let (_, after) = lower.rsplit_once("/providers/")?;
    let mut parts = after.split('/');
    let mut kind = parts.next()?.to_string();
    while let (Some(name), Some(_value)) = (parts.next(), parts.next()) {
        kind.push('/');
        kind.push_str(name);
    }
    kind.contains('/').then_some(kind)
}

/// Parses a JSON value and, when that fails, says where in the document. Columns count from the start of the resource, so
/// only the path is given; the caller adds the line of the resource.
pub(super) fn parse<'a, T: Deserialize<'a>>(
    raw: &'a str,
    origin: &Origin,
    inner: &str,
) -> Result<T, SourceError> {
    serde_json::from_str(raw).map_err(|error| {
        let path = failing_path::<T>(raw);
        let inner = match (inner.is_empty(), path.is_empty()) {
            (_, true) => inner.to_string(),
            (true, false) => path,
            (false, false) => format!("{inner}.{path}"),
        };
        origin.error(&inner, describe(&error))
    })
}

/// serde's message without its position, which is relative to the resource.
pub(super) fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}

/// Parses again, slowly, to learn which field it was.
fn failing_path<'a, T: Deserialize<'a>>(text: &'a str) -> String {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => {
            let path = error.path().to_string();
            if path == "." { String::new() } else { path }
        }
        Ok(_) => String::new(),
    }
}

/// A resource with its fields where they belong, and the path they were read from.
struct Unfolded<'a, T> {
    common: wire::Common<'a>,
    body: T,
    /// Path of the resource itself.
    place: String,
    /// Path of its own fields: the same, or `properties` in it.
    fields: String,
}

impl<T> Unfolded<'_, T> {
    fn at(&self, field: &str) -> String {
        join(&self.fields, field)
    }

    fn name(&self, origin: &Origin) -> Result<String, SourceError> {
        let common = &self.common;
        common
            .name
            .clone()
            .or_else(|| self.id().map(|id| id.name().to_string()))
            .filter(|name| !name.is_empty())
            .ok_or_else(|| {
                origin.error(
                    &join(&self.place, "name"),
                    "missing; expected the resource's name",
                )
            })
    }

    fn id(&self) -> Option<ResourceId> {
        self.common.id.as_deref().map(ResourceId::new)
    }

    fn resource_group(&self) -> Option<String> {
        self.common.resource_group.clone().or_else(|| {
            self.id()
                .and_then(|id| id.resource_group().map(str::to_string))
        })
    }
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_string()
    } else {
        format!("{path}.{field}")
    }
}

/// Finds a resource's fields: under `properties` in ARM's dialect, beside `id` in `az`'s.
fn unfold<'a, T: wire::Resource<'a>>(
    outer: T,
    common: wire::Common<'a>,
    origin: &Origin,
    place: &str,
) -> Result<Unfolded<'a, T>, SourceError> {
    let place = place.to_string();
    match common.properties {
        Some(properties) if properties.get().starts_with('{') => {
            let fields = join(&place, "properties");
            let body = parse(properties.get(), origin, &fields)?;
            Ok(Unfolded {
                common,
                body,
                place,
                fields,
            })
        }
        _ => Ok(Unfolded {
            common,
            body: outer,
            fields: place.clone(),
            place,
        }),
    }
}

/// The resources of a list inside a resource, each unfolded and lowered.
fn nested<'a, T: wire::Resource<'a>, U>(
    list: Option<Vec<T>>,
    origin: &Origin,
    path: &str,
    lower: impl Fn(Unfolded<'a, T>) -> Result<U, SourceError>,
) -> Result<Vec<U>, SourceError> {
    let list = list.unwrap_or_default();
    // No `collect`: done in place, it would keep the memory of the wire shapes, which are several times larger.
    let mut lowered = Vec::with_capacity(list.len());
    for (position, mut outer) in list.into_iter().enumerate() {
        let common = outer.common();
        let read = unfold(outer, common, origin, &format!("{path}[{position}]"))?;
        lowered.push(lower(read)?);
    }
    Ok(lowered)
}

/// A range that must state its size: a subnet of `10.0.1.0` is a slip, not a subnet of one address.
pub(super) fn cidr(text: &str, origin: &Origin, inner: &str) -> Result<IpNet, SourceError> {
    match parse_cidr(text) {
        Ok(_) if !text.contains('/') => Err(origin.error(
            inner,
            format!(
                "`{}` has no prefix length; expected one behind the address, as in 10.240.0.0/22",
                text.trim()
            ),
        )),
        other => other.map_err(|error| origin.error(inner, error.to_string())),
    }
}

fn cidrs(
    texts: Option<Vec<String>>,
    origin: &Origin,
    inner: &str,
) -> Result<Vec<IpNet>, SourceError> {
    texts
        .unwrap_or_default()
        .iter()
        .enumerate()
        .map(|(position, text)| cidr(text, origin, &format!("{inner}[{position}]")))
        .collect()
}

/// The single form of a range beside its list: where they disagree, somebody edited the single one, and it stands for its
/// family.
pub(super) fn put_range(ranges: &mut Vec<IpNet>, one: IpNet) {
    if ranges.contains(&one) {
        return;
    }
    let v4 = |range: &IpNet| matches!(range, IpNet::V4(_));
    match ranges.iter_mut().find(|range| v4(range) == v4(&one)) {
        Some(range) => *range = one,
        None => ranges.insert(0, one),
    }
}

fn vnet(mut read: Unfolded<wire::Vnet>, origin: &Origin) -> Result<VnetFact, SourceError> {
    let subnets = nested(
        read.body.subnets.take(),
        origin,
        &read.at("subnets"),
        |read| subnet(read, origin),
    )?;
    let peerings = read.body.virtual_network_peerings.take();
    let peerings = nested(
        peerings,
        origin,
        &read.at("virtualNetworkPeerings"),
        |read| peering(read, origin),
    )?;
    let space = read.body.address_space.take();
    Ok(VnetFact {
        origin: origin.clone(),
        vnet: VirtualNetwork {
            told_apart: None,
            id: read.id(),
            name: read.name(origin)?,
            resource_group: read.resource_group(),
            address_space: cidrs(
                space.and_then(|space| space.address_prefixes),
                origin,
                &read.at("addressSpace.addressPrefixes"),
            )?,
            peerings,
            provisioning_state: read.body.provisioning_state.take(),
        },
        subnets,
    })
}

fn subnet(mut read: Unfolded<wire::Subnet>, origin: &Origin) -> Result<SubnetFact, SourceError> {
    let name = read.name(origin)?;
    // NET-2: either field may carry the prefix; a subnet read through a new API has only the list.
    let list = read.body.address_prefixes.take();
    let mut prefixes = cidrs(list, origin, &read.at("addressPrefixes"))?;
    if let Some(prefix) = &read.body.address_prefix {
        let prefix = cidr(prefix, origin, &read.at("addressPrefix"))?;
        if !prefixes.contains(&prefix) {
            prefixes.insert(0, prefix);
        }
    }
    let delegations = nested(
        read.body.delegations.take(),
        origin,
        &read.at("delegations"),
        |read| Ok(read.body.service_name),
    )?;
    let delegations = delegations.into_iter().flatten().collect();
    Ok(SubnetFact {
        origin: origin.clone(),
        id: read.id(),
        name,
        vnet: None,
        prefixes,
        delegations,
        used: None,
        holders: read
            .body
            .ip_configurations
            .map(|references| holders(&references)),
        private_endpoints: read
            .body
            .private_endpoints
            .map_or(0, |list| list.len() as u64),
        foreign: None,
        route_table: read
            .body
            .route_table
            .and_then(|table| table.id)
            .map(ResourceId::new),
        nat_gateway: read
            .body
            .nat_gateway
            .and_then(|gateway| gateway.id)
            .map(ResourceId::new),
        security_group: read
            .body
            .network_security_group
            .and_then(|group| group.id)
            .map(ResourceId::new),
        addresses: Vec::new(),
        assumed: false,
    })
}

/// Groups the ids of `ipConfigurations` by who holds them. Scale sets appear as
/// `…/virtualMachineScaleSets/SET/virtualMachines/N/networkInterfaces/…`.
fn holders(references: &[wire::Reference]) -> Vec<Holder> {
    #[derive(Default)]
    struct Tally<'a> {
        addresses: u64,
        machines: BTreeSet<&'a str>,
    }
    let ids: Vec<ResourceId> = references
        .iter()
        .filter_map(|reference| reference.id.as_deref().map(ResourceId::new))
        .collect();
    let mut tallies: BTreeMap<(HolderKind, &str, Option<&str>), Tally> = BTreeMap::new();
    for id in &ids {
        let (kind, name) = if let Some(set) = id.segment("virtualMachineScaleSets") {
            (HolderKind::ScaleSet, set)
        } else if let Some(balancer) = id.segment("loadBalancers") {
            (HolderKind::LoadBalancer, balancer)
        } else if let Some(interface) = id.segment("networkInterfaces") {
            (HolderKind::NetworkInterface, interface)
        } else {
            (HolderKind::Other, id.name())
        };
        let tally = tallies
            .entry((kind, name, id.resource_group()))
            .or_default();
        tally.addresses += 1;
        tally.machines.extend(id.segment("virtualMachines"));
    }
    tallies
        .into_iter()
        .map(|((kind, name, group), tally)| Holder {
            kind,
            name: name.to_string(),
            resource_group: group.map(str::to_string),
            addresses: tally.addresses,
            machines: (tally.machines.len() as u64).max(1),
        })
        .collect()
}

fn peering(mut read: Unfolded<wire::Peering>, origin: &Origin) -> Result<Peering, SourceError> {
    let name = read.name(origin)?;
    let remote = read
        .body
        .remote_virtual_network
        .take()
        .and_then(|reference| reference.id)
        .ok_or_else(|| {
            origin.error(
                &read.at("remoteVirtualNetwork.id"),
                "missing; expected the peered VNet's id",
            )
        })?;
    // The first is what the remote VNet has now, the second what the peering was last synced to.
    let now = read.body.remote_virtual_network_address_space.take();
    let mut remote_address_space = cidrs(
        now.and_then(|space| space.address_prefixes),
        origin,
        &read.at("remoteVirtualNetworkAddressSpace.addressPrefixes"),
    )?;
    let synced = read.body.remote_address_space.take();
    for prefix in cidrs(
        synced.and_then(|space| space.address_prefixes),
        origin,
        &read.at("remoteAddressSpace.addressPrefixes"),
    )? {
        if !remote_address_space.contains(&prefix) {
            remote_address_space.push(prefix);
        }
    }
    Ok(Peering {
        name,
        remote: ResourceId::new(remote),
        remote_address_space,
        state: read.body.peering_state,
        allow_forwarded_traffic: read.body.allow_forwarded_traffic.unwrap_or(false),
        allow_gateway_transit: read.body.allow_gateway_transit.unwrap_or(false),
        use_remote_gateways: read.body.use_remote_gateways.unwrap_or(false),
    })
}

fn route_table(
    mut read: Unfolded<wire::RouteTable>,
    origin: &Origin,
) -> Result<RouteTable, SourceError> {
    let routes = nested(
        read.body.routes.take(),
        origin,
        &read.at("routes"),
        |read| {
            Ok(Route {
                name: read.name(origin)?,
                prefix: destination(&read, origin)?,
                next_hop_type: read.body.next_hop_type.unwrap_or_default(),
            })
        },
    )?;
    Ok(RouteTable {
        id: read.id(),
        name: read.name(origin)?,
        routes,
        subnets: read
            .body
            .subnets
            .unwrap_or_default()
            .into_iter()
            .filter_map(|subnet| subnet.id.map(ResourceId::new))
            .collect(),
    })
}

/// A service tag such as `AzureMonitor` is a valid destination and no prefix.
fn destination(
    read: &Unfolded<wire::Route>,
    origin: &Origin,
) -> Result<Option<IpNet>, SourceError> {
    match read.body.address_prefix.as_deref() {
        Some(text) if text.contains('/') => match parse_cidr(text) {
            // A route matches by its leading bits, so there is no doubt what is meant.
            Err(CidrError::HostBits { network, .. }) => Ok(Some(network)),
            other => other
                .map(Some)
                .map_err(|error| origin.error(&read.at("addressPrefix"), error.to_string())),
        },
        _ => Ok(None),
    }
}

/// Nobody has a pool of a million nodes; more is a mistake in the file, and sums of such numbers must not overflow.
pub(super) const MOST_NODES: u64 = 1_000_000;
/// Every IPv4 address there is.
pub(super) const MOST_ADDRESSES: u64 = 1 << 32;
/// The service allows 250 (MP-1); a file may ask for more and be told so. This bound only keeps sums in range.
pub(super) const MOST_PODS: u32 = 100_000;
