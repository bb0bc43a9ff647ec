//! `network_profile` of a cluster.

use super::block::{Block, Field};
use super::configuration::Setting;
use super::follow::depends_on_apply;
use super::lower::Lowering;
use super::side::Instance;
use crate::model::{IpNet, LoadBalancerProfile, NetworkPlugin, NetworkProfile};
use crate::source::SourceError;
use crate::source::arm::put_range;
use crate::source::facts::Facts;

const BLOCK: &str = "network_profile";

/// Reads it; what is not known is told.
///
/// # Errors
/// When a value has the wrong shape.
pub fn network_profile(
    lowering: &Lowering<'_>,
    instance: &Instance,
    cluster: &str,
    facts: &mut Facts,
) -> Result<NetworkProfile, SourceError> {
    let mut tell = |what: String| facts.not_checked.push(format!("cluster {cluster}: {what}"));
    let block = match instance.block().block(BLOCK)? {
        Field::Known(block) => block,
        Field::Unset => {
            tell("it has no network_profile; its network mode is not known".to_string());
            return Ok(NetworkProfile::default());
        }
        Field::Unknown => {
            let set = lowering.configuration.setting(instance, &[BLOCK]) != Setting::Unset;
            tell(
                if set {
                    "its network_profile is known only after apply; its network mode is not known"
                } else {
                    "no network_profile is set: the network plugin is known only after apply"
                }
                .to_string(),
            );
            return Ok(NetworkProfile::default());
        }
    };
    let set = |attribute: &str| {
        depends_on_apply(
            lowering.side,
            lowering.configuration,
            instance,
            &[BLOCK, attribute],
        )
    };
    let mut plugin = block
        .text("network_plugin")?
        .known()
        .map(NetworkPlugin::from_word);
    if plugin.is_none() {
        tell("its network plugin is known only after apply".to_string());
    }
    let pod_cidrs = both(&block, "pod_cidrs", "pod_cidr")?;
    let service_cidrs = both(&block, "service_cidrs", "service_cidr")?;
    let overlay = match block.text("network_plugin_mode")? {
        Field::Known(mode) => mode.eq_ignore_ascii_case("overlay"),
        // The data source does not say the mode. Only Overlay has a pod CIDR with this plugin.
        Field::Unset if instance.data && plugin == Some(NetworkPlugin::Azure) => {
            !pod_cidrs.is_empty()
        }
        Field::Unset => false,
        Field::Unknown => {
            if set("network_plugin_mode") {
                tell(
                    "network_plugin_mode is known only after apply; its network mode is not known"
                        .to_string(),
                );
                plugin = None;
            }
            false
        }
    };
    let has_pod_cidr = overlay || plugin == Some(NetworkPlugin::Kubenet);
    for (attribute, empty, matters) in [
        ("pod_cidr", pod_cidrs.is_empty(), has_pod_cidr),
        ("service_cidr", service_cidrs.is_empty(), true),
    ] {
        if empty && matters {
            tell(if set(attribute) {
                format!("{attribute} is known only after apply")
            } else {
                format!("{attribute} is not set; AKS chooses it")
            });
        }
    }
    let dns_service_ip = match block.text("dns_service_ip")?.known() {
        Some(text) => Some(text.trim().parse().map_err(|_| {
            let shown: String = text.chars().take(60).collect();
            block.error(
                "dns_service_ip",
                format!(
                    "{} is not an IP address",
                    block.shown("dns_service_ip", format!("`{shown}`"))
                ),
            )
        })?),
        None => None,
    };
    let word = |attribute: &str| -> Result<Option<String>, SourceError> {
        Ok(block.text(attribute)?.known().map(str::to_string))
    };
    let policy = match block.text("network_policy")? {
        Field::Unknown if set("network_policy") => {
            tell("network_policy is known only after apply".to_string());
            None
        }
        field => field.known().map(str::to_string),
    };
    let no_policy = policy
        .as_ref()
        .is_some_and(|policy| policy.eq_ignore_ascii_case("none"));
    let policy = policy.filter(|_| !no_policy);
    let load_balancer = match block.block("load_balancer_profile")? {
        Field::Known(profile) => Some(load_balancer(&profile)?),
        Field::Unset | Field::Unknown => None,
    };
    let dataplane = match word("network_data_plane")? {
        Some(dataplane) => Some(dataplane),
        None => word("ebpf_data_plane")?,
    };
    Ok(NetworkProfile {
        plugin,
        overlay,
        dataplane,
        policy,
        no_policy,
        pod_cidrs,
        service_cidrs,
        dns_service_ip,
        outbound_type: word("outbound_type")?,
        load_balancer,
    })
}

/// A list and its older, single form.
fn both(block: &Block<'_>, list: &str, one: &str) -> Result<Vec<IpNet>, SourceError> {
    let mut cidrs = block.cidrs(list)?.known().unwrap_or_default();
    if let Field::Known(one) = block.cidr(one)? {
        put_range(&mut cidrs, one);
    }
    Ok(cidrs)
}

fn load_balancer(block: &Block<'_>) -> Result<LoadBalancerProfile, SourceError> {
    const MOST: u64 = 1_000_000;
    let ports = block.count("outbound_ports_allocated", MOST)?;
    let managed = block.count("managed_outbound_ip_count", MOST)?;
    let given = block.length("outbound_ip_address_ids")?;
    let effective = block.length("effective_outbound_ips")?;
    let prefixes = block.length("outbound_ip_prefix_ids")?;
    let positive = |field: &Field<u64>| match field {
        Field::Known(count) if *count > 0 => Some(*count),
        _ => None,
    };
    // Addresses of a prefix are not listed before apply.
    let addresses = if positive(&prefixes).is_some() {
        positive(&effective)
    } else {
        positive(&managed)
            .or_else(|| positive(&given))
            .or_else(|| positive(&effective))
            .or(Some(1))
    };
    Ok(LoadBalancerProfile {
        allocated_outbound_ports: ports.known().unwrap_or(0),
        outbound_ips: addresses,
    })
}
