//! Network security groups lowered from JSON. Keeps a rule's ends as they are: what a service tag covers is not decided here.

use super::Unfolded;
use super::nested;
use crate::model::{
    CidrError, IpNet, NetworkSecurityGroup, ResourceId, SecurityEnd, SecurityRule, parse_cidr,
};
use crate::source::facts::Origin;
use crate::source::{SourceError, wire};

/// Priorities go from 100 to 4,096; more is a mistake in the file.
const LOWEST_PRIORITY: u64 = 65_535;

pub(super) fn group(
    mut read: Unfolded<wire::SecurityGroup>,
    origin: &Origin,
) -> Result<NetworkSecurityGroup, SourceError> {
    let rules = read.body.security_rules.take();
    Ok(NetworkSecurityGroup {
        id: read.id(),
        name: read.name(origin)?,
        rules: nested(rules, origin, &read.at("securityRules"), |read| {
            rule(read, origin)
        })?,
        subnets: super::addresses::ids(read.body.subnets),
    })
}

fn rule(read: Unfolded<wire::SecurityRule>, origin: &Origin) -> Result<SecurityRule, SourceError> {
    let name = read.name(origin)?;
    let body = &read.body;
    let priority = body
        .priority
        .and_then(wire::Whole::count)
        .filter(|priority| *priority <= LOWEST_PRIORITY)
        .ok_or_else(|| {
            origin.error(
                &read.at("priority"),
                "missing or out of range; expected 100 to 4096",
            )
        })?;
    let one_of = |field: &str, word: &Option<String>, yes: &str, no: &str| match word.as_deref() {
        Some(word) if word.eq_ignore_ascii_case(yes) => Ok(true),
        Some(word) if word.eq_ignore_ascii_case(no) => Ok(false),
        // To guess what a firewall does is worse than to stop.
        _ => Err(origin.error(&read.at(field), format!("expected {yes} or {no}"))),
    };
    Ok(SecurityRule {
        inbound: one_of("direction", &body.direction, "Inbound", "Outbound")?,
        allow: one_of("access", &body.access, "Allow", "Deny")?,
        protocol: body.protocol.clone().unwrap_or_else(|| "*".to_string()),
        sources: ends(
            &body.source_address_prefix,
            &body.source_address_prefixes,
            &body.source_application_security_groups,
        ),
        destinations: ends(
            &body.destination_address_prefix,
            &body.destination_address_prefixes,
            &body.destination_application_security_groups,
        ),
        source_ports: ports(&body.source_port_range, &body.source_port_ranges),
        destination_ports: ports(&body.destination_port_range, &body.destination_port_ranges),
        priority: u32::try_from(priority).expect("at most 65,535"),
        name,
    })
}

fn ends(
    one: &Option<String>,
    many: &Option<Vec<String>>,
    groups: &Option<Vec<wire::Reference>>,
) -> Vec<SecurityEnd> {
    let mut ends: Vec<SecurityEnd> = one
        .iter()
        .chain(many.iter().flatten())
        .filter(|text| !text.trim().is_empty())
        .map(|text| end(text.trim()))
        .collect();
    let groups = groups.iter().flatten();
    ends.extend(
        groups
            .filter_map(|group| group.id.as_deref())
            .map(|id| SecurityEnd::Group(ResourceId::new(id))),
    );
    ends
}

/// Azure takes a bare address, and a prefix with host bits, for what they obviously mean.
fn end(text: &str) -> SecurityEnd {
    if text == "*" {
        return SecurityEnd::Any;
    }
    match parse_cidr(text) {
        Ok(prefix) => SecurityEnd::Prefix(prefix),
        Err(CidrError::HostBits { network, .. }) => SecurityEnd::Prefix(network),
        Err(_) => match text.parse::<std::net::IpAddr>() {
            Ok(address) => SecurityEnd::Prefix(IpNet::from(address)),
            Err(_) => SecurityEnd::Tag(text.to_string()),
        },
    }
}

fn ports(one: &Option<String>, many: &Option<Vec<String>>) -> Vec<String> {
    one.iter()
        .chain(many.iter().flatten())
        .filter(|text| !text.trim().is_empty())
        .cloned()
        .collect()
}
