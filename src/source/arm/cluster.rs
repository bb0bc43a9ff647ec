//! Managed clusters lowered from JSON: what the cluster itself says. Its pools are lowered next door.

use super::pool::pool;
use super::{MOST_ADDRESSES, Unfolded, cidr, cidrs, nested, put_range};
use crate::model::{
    Addons, AutoUpgrade, Cluster, Identity, KubernetesVersion, LoadBalancerProfile, NetworkPlugin,
    NetworkProfile, Profiles,
};
use crate::source::facts::{ClusterFact, ClusterGiven, Origin};
use crate::source::{SourceError, wire};

pub(super) fn cluster(
    mut read: Unfolded<wire::ManagedCluster>,
    origin: &Origin,
) -> Result<ClusterFact, SourceError> {
    let id = read.id();
    // A wanted cluster may be nameless: then it stands for the one it is compared with.
    let name = read.common.name.clone();
    let name = name.or_else(|| id.as_ref().map(|id| id.name().to_string()));
    let resource_group = read.resource_group();
    let wire_network = read.body.network_profile.take().unwrap_or_default();
    let profiles = read.body.agent_pool_profiles.take();
    let addons = &read.body.addon_profiles;
    let given = ClusterGiven {
        pools: profiles.is_some(),
        network_policy: wire_network.network_policy.is_some(),
        node_auto_provisioning: read.body.node_provisioning_profile.is_some(),
        ingress_application_gateway: addons
            .as_ref()
            .is_some_and(|addons| addons.ingress_application_gateway.is_some()),
        outbound_addresses: wire_network
            .load_balancer_profile
            .as_ref()
            .is_some_and(|balancer| {
                balancer.managed_outbound_ips.is_some()
                    || balancer.outbound_ips.is_some()
                    || balancer.outbound_ip_prefixes.is_some()
                    || balancer.effective_outbound_ips.is_some()
            }),
    };
    let is_on = |switch: Option<&wire::Enabled>| switch.and_then(|on| on.enabled) == Some(true);
    let addons = Addons {
        virtual_nodes: is_on(
            addons
                .as_ref()
                .and_then(|addons| addons.aci_connector_linux.as_ref()),
        ),
        static_egress_gateway: is_on(wire_network.static_egress_gateway_profile.as_ref()),
        application_gateway_for_containers: is_on(
            read.body
                .ingress_profile
                .as_ref()
                .and_then(Option::as_ref)
                .and_then(|ingress| ingress.application_load_balancer.as_ref()),
        ),
    };
    let profiles_said = profiles_of(&read.body, false);
    let network = network(wire_network, origin, &read.at("networkProfile"))?;
    let pools = nested(profiles, origin, &read.at("agentPoolProfiles"), |read| {
        pool(read, origin)
    })?;
    let (identity_type, tenant) = read
        .common
        .identity
        .take()
        .map_or((None, None), |identity| (identity.kind, identity.tenant_id));
    let wire = read.body;
    let asked = wire.kubernetes_version.as_deref();
    let version_asked = asked.and_then(KubernetesVersion::from_word);
    let version = wire.current_kubernetes_version.or(wire.kubernetes_version);
    let server = wire.api_server_access_profile.unwrap_or_default();
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
            told_apart: None,
            id,
            name: name.unwrap_or_default(),
            resource_group,
            node_resource_group: wire.node_resource_group,
            kubernetes_version: version.as_deref().and_then(KubernetesVersion::from_word),
            provisioning_state: wire.provisioning_state,
            power_state: wire.power_state.and_then(|state| state.code),
            auto_upgrade: wire
                .auto_upgrade_profile
                .map_or_else(AutoUpgrade::default, |profile| AutoUpgrade {
                    channel: profile.upgrade_channel,
                    node_os_channel: profile.node_os_upgrade_channel,
                }),
            network,
            pools: Vec::new(),
            private_cluster: server.enable_private_cluster.unwrap_or(false),
            api_server_vnet_integration: server.enable_vnet_integration.unwrap_or(false),
            node_auto_provisioning: wire
                .node_provisioning_profile
                .and_then(|profile| profile.mode)
                .is_some_and(|mode| mode.eq_ignore_ascii_case("Auto")),
            identity,
            tenant,
            node_disruption_policy: wire
                .node_disruption_profile
                .and_then(|profile| profile.node_disruption_policy),
            ingress_application_gateway: wire
                .addon_profiles
                .and_then(|addons| addons.ingress_application_gateway)
                .and_then(|addon| addon.enabled)
                .unwrap_or(false),
            addons,
            profiles: profiles_said,
            maintenance: None,
            kubernetes: None,
        },
        given,
        version_asked,
        pools,
    })
}

/// What the profiles say. `az` prints `null` for what a cluster has none of: that is off. A body that leaves a profile out altogether may
/// be of an API version that does not know it, and says nothing; `is_full`: one that was asked for at a version that knows them all, where
/// what is left out is off.
pub(super) fn profiles_of(wire: &wire::ManagedCluster, is_full: bool) -> Profiles {
    // What is only asked for is not there yet.
    let answered = wire.provisioning_state.is_some();
    let silent = (answered && is_full).then_some(false);
    let null = answered.then_some(false);
    let issuer = match &wire.oidc_issuer_profile {
        Some(Some(issuer)) => issuer.enabled.or(null),
        Some(None) => null,
        None => silent,
    };
    let workload_identity = match &wire.security_profile {
        Some(Some(profile)) => match &profile.workload_identity {
            Some(Some(switch)) => switch.enabled.or(null),
            Some(None) => null,
            None => silent,
        },
        Some(None) => null,
        None => silent,
    };
    // The profile came with this field: where there is the one, there is the other.
    let ingress = match &wire.ingress_profile {
        Some(Some(profile)) => Some(profile.web_app_routing.as_ref()),
        Some(None) => Some(None),
        None => None,
    };
    let app_routing = match ingress {
        Some(Some(routing)) => routing.enabled.or(null),
        Some(None) => null,
        None => silent,
    };
    // A younger field: a profile that is not there may be one of an older version.
    let app_routing_gateway = match ingress.flatten().and_then(|one| one.gateways.as_ref()) {
        Some(Some(all)) => {
            let mode = all.app_routing_istio.as_ref();
            let mode = mode.and_then(|one| one.mode.as_deref());
            mode.map(|mode| mode.eq_ignore_ascii_case("Enabled"))
                .or(null)
        }
        Some(None) => null,
        None => silent,
    };
    // As of ingress: metrics came with the profile.
    let metrics = match &wire.azure_monitor_profile {
        Some(Some(monitor)) => match &monitor.metrics {
            Some(metrics) => metrics.enabled.or(null),
            None => null,
        },
        Some(None) => null,
        None => silent,
    };
    let hosted_system = match &wire.hosted_system_profile {
        Some(Some(switch)) => switch.enabled.or(null),
        Some(None) => null,
        None => silent,
    };
    let agent = wire
        .addon_profiles
        .as_ref()
        .and_then(|addons| addons.omsagent.as_ref());
    let monitor = wire.azure_monitor_profile.as_ref().and_then(Option::as_ref);
    let logs = [
        agent.and_then(|agent| agent.enabled),
        monitor
            .and_then(|monitor| monitor.container_insights.as_ref())
            .and_then(|switch| switch.enabled),
    ];
    // Both are older than the issuer's profile: where that is named, an answer leaves them out where they never were on.
    let old = (answered && wire.oidc_issuer_profile.is_some()).then_some(false);
    Profiles {
        oidc_issuer: issuer,
        oidc_issuer_url: wire
            .oidc_issuer_profile
            .as_ref()
            .and_then(Option::as_ref)
            .and_then(|issuer| issuer.issuer_url.clone())
            .filter(|url| !url.is_empty()),
        workload_identity,
        app_routing,
        prometheus_metrics: metrics,
        container_insights: if logs.contains(&Some(true)) {
            Some(true)
        } else {
            logs[0].or(logs[1]).or(old)
        },
        // Left out, it is the old way to sign in.
        container_insights_entra: agent
            .filter(|agent| agent.enabled == Some(true))
            .map(|agent| {
                let config = agent.config.as_ref();
                let entra = config.and_then(|config| config.use_aad_auth.as_deref());
                entra.is_some_and(|value| value.eq_ignore_ascii_case("true"))
            }),
        app_routing_gateway,
        hosted_system,
        pod_identity: wire
            .pod_identity_profile
            .as_ref()
            .and_then(|switch| switch.enabled)
            .or(old),
    }
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
            put_range(&mut cidrs, one);
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
    let mode = not_none(wire.network_plugin_mode);
    let is_overlay = mode
        .as_deref()
        .is_some_and(|mode| mode.eq_ignore_ascii_case("overlay"));
    let plugin = wire.network_plugin.as_deref().map(NetworkPlugin::from_word);
    Ok(NetworkProfile {
        // A mode that is not known makes the pair one that is not known.
        plugin: match (plugin, mode) {
            (Some(plugin), Some(mode)) if !is_overlay => {
                Some(NetworkPlugin::Other(format!("{}/{mode}", plugin.word())))
            }
            (plugin, _) => plugin,
        },
        overlay: is_overlay,
        dataplane: wire.network_dataplane,
        no_policy: wire
            .network_policy
            .as_ref()
            .is_some_and(|policy| policy.eq_ignore_ascii_case("none")),
        policy: not_none(wire.network_policy),
        pod_cidrs: both(wire.pod_cidrs, wire.pod_cidr, "podCidr")?,
        service_cidrs: both(wire.service_cidrs, wire.service_cidr, "serviceCidr")?,
        dns_service_ip,
        outbound_type: wire.outbound_type,
        load_balancer: match wire.load_balancer_profile {
            Some(profile) => Some(load_balancer(
                profile,
                origin,
                &format!("{inner}.loadBalancerProfile"),
            )?),
            None => None,
        },
    })
}

fn load_balancer(
    wire: wire::LoadBalancerProfile,
    origin: &Origin,
    inner: &str,
) -> Result<LoadBalancerProfile, SourceError> {
    let bounded = |value: Option<wire::Whole>, field: &str| match value.and_then(wire::Whole::count)
    {
        Some(number) if number > MOST_ADDRESSES => Err(origin.error(
            &format!("{inner}.{field}"),
            format!("{number} is out of range; expected at most {MOST_ADDRESSES}"),
        )),
        number => Ok(number),
    };
    let length = |list: Option<Vec<_>>| {
        let length = list.map_or(0, |list: Vec<serde::de::IgnoredAny>| list.len() as u64);
        (length > 0).then_some(length)
    };
    let managed = wire.managed_outbound_ips.and_then(|managed| managed.count);
    let managed = bounded(managed, "managedOutboundIPs.count")?;
    let managed = managed.filter(|count| *count > 0);
    let given = length(wire.outbound_ips.and_then(|given| given.public_ips));
    let effective = length(wire.effective_outbound_ips);
    let prefixes = wire.outbound_ip_prefixes;
    let prefixes = length(prefixes.and_then(|prefixes| prefixes.public_ip_prefixes));
    // A prefix does not say how many addresses it has; only what is in effect does.
    let addresses = match prefixes {
        Some(_) => effective,
        None => managed.or(given).or(effective).or(Some(1)),
    };
    Ok(LoadBalancerProfile {
        allocated_outbound_ports: bounded(wire.allocated_outbound_ports, "allocatedOutboundPorts")?
            .unwrap_or(0),
        outbound_ips: addresses,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(is_full: bool, body: &str) -> Profiles {
        let text = format!(r#"{{"provisioningState": "Succeeded", {body}}}"#);
        profiles_of(&serde_json::from_str(&text).expect("a cluster"), is_full)
    }

    /// Workload identity, application routing by NGINX and by the Gateway API, metrics, managed system pools.
    fn five(profiles: &Profiles) -> [Option<bool>; 5] {
        [
            profiles.workload_identity,
            profiles.app_routing,
            profiles.app_routing_gateway,
            profiles.prometheus_metrics,
            profiles.hosted_system,
        ]
    }

    /// 2023-10-01 knows the issuer and no ingress profile; every body of a recording at it leaves that out.
    #[test]
    fn what_a_body_leaves_out_is_off_only_where_its_version_knows_it() {
        let issuer = r#""oidcIssuerProfile": {"enabled": true}"#;
        assert_eq!(five(&said(false, issuer)), [None; 5]);
        assert_eq!(five(&said(true, issuer)), [Some(false); 5]);
        let null = r#""securityProfile": null, "ingressProfile": null, "azureMonitorProfile": null, "hostedSystemProfile": null"#;
        let off = Some(false);
        // The Gateway API is younger than the profile that it stands in.
        assert_eq!(five(&said(false, null)), [off, off, None, off, off]);
        let older = r#""securityProfile": {"defender": {}}, "ingressProfile": {"webAppRouting": {"enabled": true}}"#;
        assert_eq!(
            five(&said(false, older)),
            [None, Some(true), None, None, None]
        );
    }

    #[test]
    fn the_gateway_of_application_routing_is_read_in_both_spellings() {
        for (body, want) in [
            (
                r#"{"gatewayAPIImplementations": {"appRoutingIstio": {"mode": "Enabled"}}}"#,
                Some(true),
            ),
            (
                r#"{"gatewayApiImplementations": {"appRoutingIstio": {"mode": "Enabled"}}}"#,
                Some(true),
            ),
            (
                r#"{"gatewayApiImplementations": {"appRoutingIstio": {"mode": "Disabled"}}}"#,
                Some(false),
            ),
            (
                r#"{"enabled": true, "gatewayApiImplementations": null}"#,
                Some(false),
            ),
            (r#"{"enabled": true}"#, None),
        ] {
            let profiles = said(
                false,
                &format!(r#""ingressProfile": {{"webAppRouting": {body}}}"#),
            );
            assert_eq!(profiles.app_routing_gateway, want, "{body}");
        }
    }

    #[test]
    fn container_insights_says_how_it_signs_in() {
        for (agent, want) in [
            (
                r#"{"enabled": true, "config": {"useAADAuth": "true"}}"#,
                Some(true),
            ),
            (
                r#"{"enabled": true, "config": {"useAADAuth": "false"}}"#,
                Some(false),
            ),
            (r#"{"enabled": true, "config": null}"#, Some(false)),
            (r#"{"enabled": false}"#, None),
        ] {
            let profiles = said(
                false,
                &format!(r#""addonProfiles": {{"omsagent": {agent}}}"#),
            );
            assert_eq!(profiles.container_insights_entra, want, "{agent}");
        }
    }

    /// A request body says nothing of what is.
    #[test]
    fn what_is_asked_for_is_not_there_yet() {
        let body = serde_json::from_str(r#"{"ingressProfile": null}"#).expect("a cluster");
        assert_eq!(profiles_of(&body, true), Profiles::default());
    }
}
