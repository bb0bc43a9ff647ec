//! Azure resources as JSON, from `az` or from Azure Resource Manager itself, lowered to facts. One resource at a time: the
//! caller splits pages and lists. Nothing is joined here.

use super::facts::{
    ClusterFact, Facts, LoosePoolFact, Origin, PeeringFact, PoolFact, SubnetFact, SubnetReference,
    UsageFact, VnetFact,
};
use super::{SourceError, wire};
use crate::model::{
    Autoscaler, CidrError, Cluster, Holder, HolderKind, Identity, IntOrPercent, IpNet,
    KubernetesVersion, LoadBalancerProfile, NetworkPlugin, NetworkProfile, NodePool, OsType,
    Peering, PodIpAllocation, PoolKind, PoolMode, ResourceId, Route, RouteTable, UpgradeSettings,
    VirtualNetwork, parse_cidr,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// What a JSON object turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource {
    ManagedCluster,
    AgentPool,
    VirtualNetwork,
    Subnet,
    Peering,
    Usage,
    RouteTable,
    /// A resource of Azure that holds nothing we need.
    Unused,
}

/// Reads one resource into `facts`.
///
/// # Errors
/// When it is no Azure resource, or a field that is needed has the wrong shape; the path names the place.
pub fn read_resource(
    raw: &RawValue,
    origin: &Origin,
    facts: &mut Facts,
) -> Result<(), SourceError> {
    let head: wire::Head = parse(raw, origin, "")?;
    match recognise(&head, origin)? {
        Resource::ManagedCluster => facts.clusters.push(cluster(raw, &head, origin)?),
        Resource::AgentPool => facts.pools.push(loose_pool(raw, &head, origin)?),
        Resource::VirtualNetwork => facts.vnets.push(vnet(raw, &head, origin)?),
        Resource::Subnet => {
            let mut fact = subnet(raw, origin, "")?;
            fact.vnet = fact.id.as_ref().and_then(ResourceId::parent);
            facts.subnets.push(fact);
        }
        Resource::Peering => {
            let vnet = head
                .id
                .as_deref()
                .and_then(|id| ResourceId::new(id).parent())
                .ok_or_else(|| origin.error("id", "a peering without an id names no VNet"))?;
            facts.peerings.push(PeeringFact {
                origin: origin.clone(),
                vnet,
                peering: peering(raw, origin, "")?,
            });
        }
        Resource::Usage => {
            let usage: wire::Usage = parse(raw, origin, "")?;
            let id = usage
                .id
                .ok_or_else(|| origin.error("id", "a usage without an id names no subnet"))?;
            let used = usage
                .current_value
                .ok_or_else(|| origin.error("currentValue", "expected a number"))?;
            facts.usages.push(UsageFact {
                origin: origin.clone(),
                subnet: ResourceId::new(id),
                used: used.count(),
            });
        }
        Resource::RouteTable => facts.route_tables.push(route_table(raw, &head, origin)?),
        Resource::Unused => facts.note(format!(
            "{}: resources of type {} are not used",
            origin.file,
            head.arm_type().unwrap_or_default()
        )),
    }
    Ok(())
}

fn recognise(head: &wire::Head, origin: &Origin) -> Result<Resource, SourceError> {
    let from_id = || head.id.as_deref().and_then(type_of_id);
    if head.current_value.is_some() {
        return Ok(Resource::Usage);
    }
    if let Some(kind) = head.arm_type().or_else(from_id) {
        return Ok(match kind.as_str() {
            "microsoft.containerservice/managedclusters" => Resource::ManagedCluster,
            "microsoft.containerservice/managedclusters/agentpools" => Resource::AgentPool,
            "microsoft.network/virtualnetworks" => Resource::VirtualNetwork,
            "microsoft.network/virtualnetworks/subnets" => Resource::Subnet,
            "microsoft.network/virtualnetworks/virtualnetworkpeerings" => Resource::Peering,
            "microsoft.network/routetables" => Resource::RouteTable,
            _ => Resource::Unused,
        });
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
        return Ok(Resource::ManagedCluster);
    }
    if head.address_space.is_some() || body.address_space.is_some() {
        return Ok(Resource::VirtualNetwork);
    }
    Err(origin.error(
        "",
        "not recognised; expected a managed cluster, an agent pool, a VNet, a subnet, a peering, a usage or a route table \
         as `az … -o json` or Azure Resource Manager prints it",
    ))
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
    raw: &'a RawValue,
    origin: &Origin,
    inner: &str,
) -> Result<T, SourceError> {
    serde_json::from_str(raw.get()).map_err(|error| {
        let path = failing_path::<T>(raw.get());
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

/// The fields of a resource: under `properties` in ARM's dialect, beside `id` in `az`'s.
fn body<'a, T: Deserialize<'a>>(
    raw: &'a RawValue,
    head: &wire::Head<'a>,
    origin: &Origin,
    inner: &str,
) -> Result<T, SourceError> {
    match head.properties {
        Some(properties) if properties.get().starts_with('{') => {
            let inner = if inner.is_empty() {
                "properties".to_string()
            } else {
                format!("{inner}.properties")
            };
            parse(properties, origin, &inner)
        }
        _ => parse(raw, origin, inner),
    }
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

fn required_name(head: &wire::Head, origin: &Origin, inner: &str) -> Result<String, SourceError> {
    head.name()
        .or_else(|| {
            head.id
                .as_deref()
                .map(|id| ResourceId::new(id).name().to_string())
        })
        .filter(|name| !name.is_empty())
        .ok_or_else(|| {
            let at = if inner.is_empty() {
                "name".to_string()
            } else {
                format!("{inner}.name")
            };
            origin.error(&at, "missing; expected the resource's name")
        })
}

fn vnet(raw: &RawValue, head: &wire::Head, origin: &Origin) -> Result<VnetFact, SourceError> {
    let name = required_name(head, origin, "")?;
    let id = head.id.as_deref().map(ResourceId::new);
    let resource_group = resource_group(head, id.as_ref());
    let wire: wire::Vnet = body(raw, head, origin, "")?;
    let subnets = wire
        .subnets
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(|(position, raw)| subnet(raw, origin, &format!("subnets[{position}]")))
        .collect::<Result<Vec<_>, _>>()?;
    let peerings = wire
        .virtual_network_peerings
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(|(position, raw)| peering(raw, origin, &format!("virtualNetworkPeerings[{position}]")))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(VnetFact {
        origin: origin.clone(),
        vnet: VirtualNetwork {
            id,
            name,
            resource_group,
            address_space: cidrs(
                wire.address_space.and_then(|space| space.address_prefixes),
                origin,
                "addressSpace.addressPrefixes",
            )?,
            peerings,
            provisioning_state: wire.provisioning_state,
        },
        subnets,
    })
}

fn resource_group(head: &wire::Head, id: Option<&ResourceId>) -> Option<String> {
    head.resource_group
        .clone()
        .or_else(|| id.and_then(|id| id.resource_group().map(str::to_string)))
}

fn subnet(raw: &RawValue, origin: &Origin, inner: &str) -> Result<SubnetFact, SourceError> {
    let at = |field: &str| {
        if inner.is_empty() {
            field.to_string()
        } else {
            format!("{inner}.{field}")
        }
    };
    let head: wire::Head = parse(raw, origin, inner)?;
    let name = required_name(&head, origin, inner)?;
    let wire: wire::Subnet = body(raw, &head, origin, inner)?;
    // NET-2: either field may carry the prefix; a subnet read through a new API has only the list.
    let mut prefixes = cidrs(wire.address_prefixes, origin, &at("addressPrefixes"))?;
    if let Some(prefix) = wire.address_prefix {
        let prefix = cidr(&prefix, origin, &at("addressPrefix"))?;
        if !prefixes.contains(&prefix) {
            prefixes.insert(0, prefix);
        }
    }
    let delegations = wire
        .delegations
        .unwrap_or_default()
        .into_iter()
        .map(|raw| {
            let head: wire::Head = parse(raw, origin, &at("delegations"))?;
            let wire: wire::Delegation = body(raw, &head, origin, &at("delegations"))?;
            Ok(wire.service_name)
        })
        .collect::<Result<Vec<_>, SourceError>>()?
        .into_iter()
        .flatten()
        .collect();
    Ok(SubnetFact {
        origin: origin.clone(),
        id: head.id.as_deref().map(ResourceId::new),
        name,
        vnet: None,
        prefixes,
        delegations,
        used: None,
        holders: wire
            .ip_configurations
            .map(|references| holders(&references)),
        private_endpoints: wire.private_endpoints.map_or(0, |list| list.len() as u64),
        foreign: None,
        route_table: wire
            .route_table
            .and_then(|table| table.id)
            .map(ResourceId::new),
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

fn peering(raw: &RawValue, origin: &Origin, inner: &str) -> Result<Peering, SourceError> {
    let at = |field: &str| {
        if inner.is_empty() {
            field.to_string()
        } else {
            format!("{inner}.{field}")
        }
    };
    let head: wire::Head = parse(raw, origin, inner)?;
    let name = required_name(&head, origin, inner)?;
    let wire: wire::Peering = body(raw, &head, origin, inner)?;
    let remote = wire
        .remote_virtual_network
        .and_then(|reference| reference.id)
        .ok_or_else(|| {
            origin.error(
                &at("remoteVirtualNetwork.id"),
                "missing; expected the peered VNet's id",
            )
        })?;
    // The second is what the remote VNet has now, the first what the peering was last synced to.
    let mut remote_address_space = cidrs(
        wire.remote_virtual_network_address_space
            .and_then(|space| space.address_prefixes),
        origin,
        &at("remoteVirtualNetworkAddressSpace.addressPrefixes"),
    )?;
    for prefix in cidrs(
        wire.remote_address_space
            .and_then(|space| space.address_prefixes),
        origin,
        &at("remoteAddressSpace.addressPrefixes"),
    )? {
        if !remote_address_space.contains(&prefix) {
            remote_address_space.push(prefix);
        }
    }
    Ok(Peering {
        name,
        remote: ResourceId::new(remote),
        remote_address_space,
        state: wire.peering_state,
        allow_forwarded_traffic: wire.allow_forwarded_traffic.unwrap_or(false),
        allow_gateway_transit: wire.allow_gateway_transit.unwrap_or(false),
        use_remote_gateways: wire.use_remote_gateways.unwrap_or(false),
    })
}

fn route_table(
    raw: &RawValue,
    head: &wire::Head,
    origin: &Origin,
) -> Result<RouteTable, SourceError> {
    let wire: wire::RouteTable = body(raw, head, origin, "")?;
    let routes = wire
        .routes
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(|(position, raw)| {
            let inner = format!("routes[{position}]");
            let head: wire::Head = parse(raw, origin, &inner)?;
            let wire: wire::Route = body(raw, &head, origin, &inner)?;
            Ok(Route {
                name: required_name(&head, origin, &inner)?,
                prefix: destination(wire.address_prefix.as_deref(), origin, &inner)?,
                next_hop_type: wire.next_hop_type.unwrap_or_default(),
            })
        })
        .collect::<Result<Vec<_>, SourceError>>()?;
    Ok(RouteTable {
        id: head.id.as_deref().map(ResourceId::new),
        name: required_name(head, origin, "")?,
        routes,
        subnets: wire
            .subnets
            .unwrap_or_default()
            .into_iter()
            .filter_map(|subnet| subnet.id.map(ResourceId::new))
            .collect(),
    })
}

/// A service tag such as `AzureMonitor` is a valid destination and no prefix.
fn destination(
    text: Option<&str>,
    origin: &Origin,
    inner: &str,
) -> Result<Option<IpNet>, SourceError> {
    match text {
        Some(text) if text.contains('/') => match parse_cidr(text) {
            // A route matches by its leading bits, so there is no doubt what is meant.
            Err(CidrError::HostBits { network, .. }) => Ok(Some(network)),
            other => other.map(Some).map_err(|error| {
                origin.error(&format!("{inner}.addressPrefix"), error.to_string())
            }),
        },
        _ => Ok(None),
    }
}

fn cluster(raw: &RawValue, head: &wire::Head, origin: &Origin) -> Result<ClusterFact, SourceError> {
    let id = head.id.as_deref().map(ResourceId::new);
    // A wanted cluster may be nameless: then it stands for the one it is compared with.
    let name = head
        .name()
        .or_else(|| id.as_ref().map(|id| id.name().to_string()))
        .unwrap_or_default();
    let resource_group = resource_group(head, id.as_ref());
    let wire: wire::ManagedCluster = body(raw, head, origin, "")?;
    let identity: wire::IdentityBlock = parse(raw, origin, "")?;
    let prefix = if head.properties.is_some() {
        "properties."
    } else {
        ""
    };
    let network = network(
        wire.network_profile.unwrap_or_default(),
        origin,
        &format!("{prefix}networkProfile"),
    )?;
    let pools = wire
        .agent_pool_profiles
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .map(|(position, raw)| {
            let inner = format!("{prefix}agentPoolProfiles[{position}]");
            let head: wire::Head = parse(raw, origin, &inner)?;
            let wire: wire::AgentPool = body(raw, &head, origin, &inner)?;
            let name = required_name(&head, origin, &inner)?;
            pool(name, wire, origin, &inner)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let version = wire.current_kubernetes_version.or(wire.kubernetes_version);
    let server = wire.api_server_access_profile.unwrap_or_default();
    let identity_type = identity.identity.and_then(|identity| identity.kind);
    let identity = match identity_type
        .as_deref()
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        Some("systemassigned") => Identity::SystemAssigned,
        Some("userassigned") => Identity::UserAssigned,
        _ => match wire
            .service_principal_profile
            .and_then(|profile| profile.client_id)
        {
            Some(client) if client != "msi" => Identity::ServicePrincipal,
            _ => Identity::Unknown,
        },
    };
    Ok(ClusterFact {
        origin: origin.clone(),
        cluster: Cluster {
            id,
            name,
            resource_group,
            node_resource_group: wire.node_resource_group,
            kubernetes_version: version.as_deref().and_then(KubernetesVersion::from_word),
            provisioning_state: wire.provisioning_state,
            power_state: wire.power_state.and_then(|state| state.code),
            network,
            pools: Vec::new(),
            private_cluster: server.enable_private_cluster.unwrap_or(false),
            api_server_vnet_integration: server.enable_vnet_integration.unwrap_or(false),
            node_auto_provisioning: wire
                .node_provisioning_profile
                .and_then(|profile| profile.mode)
                .is_some_and(|mode| mode.eq_ignore_ascii_case("Auto")),
            identity,
            node_disruption_policy: wire
                .node_disruption_profile
                .and_then(|profile| profile.node_disruption_policy),
            ingress_application_gateway: wire
                .addon_profiles
                .and_then(|addons| addons.ingress_application_gateway)
                .and_then(|addon| addon.enabled)
                .unwrap_or(false),
            kubernetes: None,
        },
        pools,
    })
}

fn network(
    wire: wire::NetworkProfile,
    origin: &Origin,
    inner: &str,
) -> Result<NetworkProfile, SourceError> {
    let both = |list: Option<Vec<String>>, one: Option<String>, field: &str| {
        let mut cidrs = cidrs(list, origin, &format!("{inner}.{field}s"))?;
        if let Some(one) = one.filter(|text| !text.is_empty()) {
            let one = cidr(&one, origin, &format!("{inner}.{field}"))?;
            if !cidrs.contains(&one) {
                cidrs.insert(0, one);
            }
        }
        Ok(cidrs)
    };
    let dns_service_ip = match wire.dns_service_ip.filter(|text| !text.is_empty()) {
        Some(text) => Some(text.trim().parse().map_err(|_| {
            origin.error(
                &format!("{inner}.dnsServiceIP"),
                format!("`{text}` is not an IP address"),
            )
        })?),
        None => None,
    };
    let not_none = |word: Option<String>| {
        word.filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("none"))
    };
    Ok(NetworkProfile {
        plugin: wire.network_plugin.as_deref().map(NetworkPlugin::from_word),
        overlay: wire
            .network_plugin_mode
            .is_some_and(|mode| mode.eq_ignore_ascii_case("overlay")),
        dataplane: wire.network_dataplane,
        policy: not_none(wire.network_policy),
        pod_cidrs: both(wire.pod_cidrs, wire.pod_cidr, "podCidr")?,
        service_cidrs: both(wire.service_cidrs, wire.service_cidr, "serviceCidr")?,
        dns_service_ip,
        outbound_type: wire.outbound_type,
        load_balancer: wire.load_balancer_profile.map(load_balancer),
    })
}

fn load_balancer(wire: wire::LoadBalancerProfile) -> LoadBalancerProfile {
    let managed = wire
        .managed_outbound_ips
        .and_then(|managed| managed.count)
        .and_then(wire::Whole::count);
    let given = wire
        .outbound_ips
        .and_then(|given| given.public_ips)
        .map(|list| list.len() as u64);
    let effective = wire.effective_outbound_ips.map(|list| list.len() as u64);
    LoadBalancerProfile {
        allocated_outbound_ports: wire
            .allocated_outbound_ports
            .and_then(wire::Whole::count)
            .unwrap_or(0),
        outbound_ips: managed.or(given).or(effective).unwrap_or(1),
    }
}

fn loose_pool(
    raw: &RawValue,
    head: &wire::Head,
    origin: &Origin,
) -> Result<LoosePoolFact, SourceError> {
    let cluster = head
        .id
        .as_deref()
        .and_then(|id| ResourceId::new(id).parent())
        .ok_or_else(|| origin.error("id", "an agent pool without an id names no cluster"))?;
    let wire: wire::AgentPool = body(raw, head, origin, "")?;
    let name = required_name(head, origin, "")?;
    Ok(LoosePoolFact {
        origin: origin.clone(),
        cluster,
        pool: pool(name, wire, origin, "")?,
    })
}

/// Lowers an agent pool. Shared with nobody's dialect: both dialects spell these fields the same.
fn pool(
    name: String,
    wire: wire::AgentPool,
    origin: &Origin,
    inner: &str,
) -> Result<PoolFact, SourceError> {
    let fail = |field: &str, problem: String| {
        let at = if inner.is_empty() {
            field.to_string()
        } else {
            format!("{inner}.{field}")
        };
        origin.error(&at, format!("pool `{name}`: {problem}"))
    };
    let count_of = |value: Option<wire::Whole>, field: &str| match value {
        None => Ok(None),
        Some(value) => match value.count() {
            Some(count) if count <= MOST_NODES => Ok(Some(count)),
            _ => Err(fail(field, format!("{} is not a number of nodes", value.0))),
        },
    };
    let sum = |rows: Vec<wire::ManualScale>| {
        rows.iter()
            .filter_map(|row| row.count.and_then(wire::Whole::count))
            .map(|count| count.min(MOST_NODES))
            .sum::<u64>()
    };
    let scale = wire
        .virtual_machines_profile
        .and_then(|profile| profile.scale);
    let (wanted, machine_scale) = match scale {
        Some(scale) => (scale.manual.map(sum), scale.autoscale),
        None => (None, None),
    };
    let machines = wire.virtual_machine_nodes_status.map(sum).or(wanted);
    // A pool of single machines autoscales by its profile; the service answers `enableAutoScaling: false` beside it.
    let autoscales = machine_scale.is_some() || wire.enable_auto_scaling.unwrap_or(false);
    let (min, max) = match machine_scale {
        Some(scale) => (scale.min_count, scale.max_count),
        None => (wire.min_count, wire.max_count),
    };
    let (min, max) = (count_of(min, "minCount")?, count_of(max, "maxCount")?);
    let autoscaler = match (autoscales, min, max) {
        (false, _, _) => None,
        (true, min, Some(max)) => {
            let min = min.unwrap_or(0);
            Some(Autoscaler::new(min, max).ok_or_else(|| {
                fail(
                    "maxCount",
                    format!("min_count {min} is greater than max_count {max}"),
                )
            })?)
        }
        (true, _, None) => {
            return Err(fail(
                "maxCount",
                "missing; expected a number because enableAutoScaling is true".to_string(),
            ));
        }
    };
    let count = count_of(wire.count, "count")?
        .or(machines)
        .or(autoscaler.map(|autoscaler| autoscaler.min_count))
        .ok_or_else(|| fail("count", "missing; expected the number of nodes".to_string()))?;
    let max_pods = match wire.max_pods {
        None => None,
        Some(value) => Some(
            u32::try_from(value.0)
                .ok()
                .filter(|pods| (1..=MOST_PODS).contains(pods))
                .ok_or_else(|| fail("maxPods", format!("{} is not a number of pods", value.0)))?,
        ),
    };
    let share = |word: Option<wire::Word>, field: &str| match word.filter(|word| !word.0.is_empty())
    {
        None => Ok(None),
        Some(word) => IntOrPercent::from_word(&word.0).map(Some).ok_or_else(|| {
            fail(
                &format!("upgradeSettings.{field}"),
                format!("`{}` is neither a number nor a percentage", word.0),
            )
        }),
    };
    let upgrade = wire.upgrade_settings.unwrap_or_default();
    let minutes = |value: Option<wire::Whole>| value.and_then(|value| u32::try_from(value.0).ok());
    let upgrade = UpgradeSettings {
        max_surge: share(upgrade.max_surge, "maxSurge")?,
        max_unavailable: share(upgrade.max_unavailable, "maxUnavailable")?,
        drain_timeout_minutes: minutes(upgrade.drain_timeout_in_minutes),
        node_soak_minutes: minutes(upgrade.node_soak_duration_in_minutes),
        undrainable_node_behavior: upgrade.undrainable_node_behavior,
    };
    let kind_word = wire
        .type_properties_type
        .or(wire.kind)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let subnet = |id: Option<String>| {
        id.filter(|id| !id.is_empty())
            .map(|id| SubnetReference::Id(ResourceId::new(id)))
    };
    let pod_subnet = subnet(wire.pod_subnet_id);
    let version = wire
        .current_orchestrator_version
        .or(wire.orchestrator_version);
    let pool = NodePool {
        mode: match wire.mode.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("system") => PoolMode::System,
            Some("user") | None => PoolMode::User,
            Some(_) => PoolMode::Other,
        },
        os_type: match wire.os_type {
            Some(os) if os.eq_ignore_ascii_case("Windows") => OsType::Windows,
            _ => OsType::Linux,
        },
        kind: match kind_word.as_str() {
            "availabilityset" => PoolKind::AvailabilitySet,
            "virtualmachines" => PoolKind::VirtualMachines,
            _ => PoolKind::ScaleSet,
        },
        autoscaler,
        upgrade,
        has_pod_subnet: pod_subnet.is_some(),
        pod_ip_allocation: match wire.pod_ip_allocation_mode {
            Some(mode) if mode.eq_ignore_ascii_case("StaticBlock") => PodIpAllocation::StaticBlock,
            _ => PodIpAllocation::DynamicIndividual,
        },
        spot: wire
            .scale_set_priority
            .is_some_and(|priority| priority.eq_ignore_ascii_case("Spot")),
        kubernetes_version: version.as_deref().and_then(KubernetesVersion::from_word),
        provisioning_state: wire.provisioning_state,
        power_state: wire.power_state.and_then(|state| state.code),
        vm_size: wire.vm_size,
        node_image_version: wire.node_image_version,
        ..NodePool::new(name.clone(), count, max_pods.unwrap_or(0))
    };
    Ok(PoolFact {
        pool,
        max_pods,
        subnet: subnet(wire.vnet_subnet_id),
        pod_subnet,
    })
}

/// Nobody has a pool of a million nodes; more is a mistake in the file, and sums of such numbers must not overflow.
pub(super) const MOST_NODES: u64 = 1_000_000;
/// The service allows 250 (MP-1); a file may ask for more and be told so. This bound only keeps sums in range.
pub(super) const MOST_PODS: u32 = 100_000;
