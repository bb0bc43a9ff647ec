//! Security groups, weighed by priority as Azure does: what those of the node subnets do to pods' traffic after the move (OVL-5),
//! and rules elsewhere that name pod addresses. Reads no group of a network interface, and no firewall.
//!
//! A box (source, destination, every port and protocol) counts as open when a rule admits all of it before any rule denies a
//! part. Several rules that admit it piece by piece do not count: that errs towards naming a deny rule that does no harm, and
//! says so by calling it likely instead of certain.

use super::pods::Pods;
use super::{Dependent, DependentKind, Findings, Sureness, ids};
use crate::model::{
    Cluster, Inventory, IpNet, NetworkSecurityGroup, ResourceId, SecurityEnd, SecurityRule,
    SubnetIndex, cidr,
};
use crate::rule;

/// How much of a range an end of a rule covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover {
    All,
    Part,
    /// A service tag, or a group of interfaces: nobody says which addresses that is.
    Perhaps,
    No,
}

/// Whose range it is: service tags mean different things for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Nodes,
    Pods,
}

/// One end of the traffic.
#[derive(Debug, Clone, Copy)]
struct End {
    whose: Whose,
    range: IpNet,
}

/// Traffic that the move needs (OVL-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    NodeToNode,
    NodeToPods,
    PodsToPods,
}

impl Need {
    pub const ALL: [Need; 3] = [Need::NodeToNode, Need::NodeToPods, Need::PodsToPods];

    pub fn word(self) -> &'static str {
        match self {
            Need::NodeToNode => "node to node",
            Need::NodeToPods => "node to pod CIDR",
            Need::PodsToPods => "pod CIDR to pod CIDR",
        }
    }
}

/// A deny rule in the way of what the move needs.
#[derive(Debug, Clone, PartialEq)]
pub struct DeniedNeed<'a> {
    pub subnet: SubnetIndex,
    pub group: &'a NetworkSecurityGroup,
    pub rule: &'a SecurityRule,
    /// What it denies, wholly or in part; in order.
    pub needs: Vec<Need>,
    /// `Certain`, or `Likely` where a tag or a row of admitting rules leaves doubt.
    pub sure: Sureness,
}

/// Deny rules of the node subnets' own groups that hit what the move needs with this pod CIDR, and node subnets whose group was
/// not read.
pub fn denied<'a>(
    inventory: &'a Inventory,
    cluster: &Cluster,
    pod_cidr: &IpNet,
) -> (Vec<DeniedNeed<'a>>, Vec<(SubnetIndex, ResourceId)>) {
    let mut subnets: Vec<SubnetIndex> = cluster
        .pools
        .iter()
        .filter_map(|pool| pool.subnet)
        .collect();
    subnets.sort_unstable();
    subnets.dedup();
    let nodes: Vec<End> = subnets
        .iter()
        .flat_map(|index| inventory.subnet(*index).ipv4())
        .map(|range| End {
            whose: Whose::Nodes,
            range: *range,
        })
        .collect();
    let pods = End {
        whose: Whose::Pods,
        range: *pod_cidr,
    };
    let (mut hits, mut unread) = (Vec::new(), Vec::new());
    for &subnet in &subnets {
        let Some(id) = &inventory.subnet(subnet).security_group else {
            continue;
        };
        let Some(group) = inventory
            .security_groups
            .iter()
            .find(|group| group.id.as_ref() == Some(id))
        else {
            unread.push((subnet, id.clone()));
            continue;
        };
        for inbound in [true, false] {
            let mut rules: Vec<&SecurityRule> = group
                .rules
                .iter()
                .filter(|rule| rule.inbound == inbound)
                .collect();
            rules.sort_by_key(|rule| rule.priority);
            for need in Need::ALL {
                for (from, to) in boxes(need, &nodes, pods) {
                    if let Some((rule, sure)) = first_denial(&rules, from, to) {
                        note(&mut hits, subnet, group, rule, need, sure);
                    }
                }
            }
        }
    }
    (hits, unread)
}

fn boxes(need: Need, nodes: &[End], pods: End) -> Vec<(End, End)> {
    match need {
        Need::NodeToNode => nodes
            .iter()
            .flat_map(|from| nodes.iter().map(|to| (*from, *to)))
            .collect(),
        Need::NodeToPods => nodes.iter().map(|from| (*from, pods)).collect(),
        Need::PodsToPods => vec![(pods, pods)],
    }
}

fn note<'a>(
    hits: &mut Vec<DeniedNeed<'a>>,
    subnet: SubnetIndex,
    group: &'a NetworkSecurityGroup,
    rule: &'a SecurityRule,
    need: Need,
    sure: Sureness,
) {
    let known = hits
        .iter_mut()
        .find(|hit| hit.subnet == subnet && std::ptr::eq(hit.rule, rule));
    match known {
        Some(hit) => {
            if !hit.needs.contains(&need) {
                hit.needs.push(need);
            }
            hit.sure = hit.sure.min(sure);
        }
        None => hits.push(DeniedNeed {
            subnet,
            group,
            rule,
            needs: vec![need],
            sure,
        }),
    }
}

/// The first rule that denies a part of a box before another admits all of it. After the last rule of its own a group has
/// Azure's default rules, which let traffic of the VNet through, and of Overlay pods as well: nothing in the documentation asks
/// for more than rules before a deny rule.
fn first_denial<'a>(
    rules: &[&'a SecurityRule],
    from: End,
    to: End,
) -> Option<(&'a SecurityRule, Sureness)> {
    // Rules that admit a part, by which a later deny rule may do no harm.
    let mut partial: Vec<&SecurityRule> = Vec::new();
    let mut doubtful: Option<(&SecurityRule, Sureness)> = None;
    for rule in rules {
        let (source, destination) = (cover(&rule.sources, from), cover(&rule.destinations, to));
        if source == Cover::No || destination == Cover::No {
            continue;
        }
        let perhaps = [source, destination].contains(&Cover::Perhaps);
        if rule.allow {
            let whole = source == Cover::All && destination == Cover::All;
            if whole && is_any_traffic(rule) {
                return doubtful;
            }
            partial.push(rule);
            continue;
        }
        if partial.iter().any(|allow| admits(allow, rule, from, to)) {
            continue;
        }
        if perhaps || !partial.is_empty() {
            doubtful.get_or_insert((rule, Sureness::Likely));
        } else {
            return Some((rule, Sureness::Certain));
        }
    }
    doubtful
}

/// Whether an earlier rule admits all that a deny rule would take of a box.
fn admits(allow: &SecurityRule, deny: &SecurityRule, from: End, to: End) -> bool {
    let protocol = is_any(&allow.protocol) || allow.protocol.eq_ignore_ascii_case(&deny.protocol);
    let ports = |of: fn(&SecurityRule) -> &[String]| {
        let (wide, narrow) = (of(allow), of(deny));
        wide.iter().any(|port| is_all_ports(port))
            || narrow
                .iter()
                .all(|port| wide.contains(port) && !is_all_ports(port))
    };
    let ends = |allow: &[SecurityEnd], deny: &[SecurityEnd], end: End| {
        cover(allow, end) == Cover::All
            || deny.iter().all(|taken| match taken {
                SecurityEnd::Prefix(taken) => allow.iter().any(
                    |one| matches!(one, SecurityEnd::Prefix(prefix) if prefix.contains(taken)),
                ),
                SecurityEnd::Tag(tag) => allow.iter().any(
                    |one| matches!(one, SecurityEnd::Tag(other) if other.eq_ignore_ascii_case(tag)),
                ),
                _ => false,
            })
    };
    protocol
        && ports(|rule| &rule.source_ports)
        && ports(|rule| &rule.destination_ports)
        && ends(&allow.sources, &deny.sources, from)
        && ends(&allow.destinations, &deny.destinations, to)
}

fn is_any_traffic(rule: &SecurityRule) -> bool {
    let all = |ports: &[String]| ports.is_empty() || ports.iter().any(|port| is_all_ports(port));
    is_any(&rule.protocol) && all(&rule.source_ports) && all(&rule.destination_ports)
}

fn is_any(protocol: &str) -> bool {
    protocol == "*" || protocol.eq_ignore_ascii_case("any")
}

fn is_all_ports(ports: &str) -> bool {
    ["*", "0-65535", "1-65535"].contains(&ports.trim())
}

fn cover(ends: &[SecurityEnd], of: End) -> Cover {
    let mut best = Cover::No;
    for end in ends {
        let this = match end {
            SecurityEnd::Any => Cover::All,
            SecurityEnd::Prefix(prefix) if prefix.contains(&of.range) => Cover::All,
            SecurityEnd::Prefix(prefix) if cidr::overlap(prefix, &of.range) => Cover::Part,
            SecurityEnd::Prefix(_) => Cover::No,
            SecurityEnd::Tag(tag) => tag_cover(tag, of.whose),
            // Interfaces of nodes may be in it; an Overlay pod has no interface of its own.
            SecurityEnd::Group(_) if of.whose == Whose::Nodes => Cover::Perhaps,
            SecurityEnd::Group(_) => Cover::No,
        };
        best = match (best, this) {
            (Cover::All, _) | (_, Cover::All) => Cover::All,
            (Cover::Part, _) | (_, Cover::Part) => Cover::Part,
            (Cover::Perhaps, _) | (_, Cover::Perhaps) => Cover::Perhaps,
            (Cover::No, Cover::No) => Cover::No,
        };
    }
    best
}

/// Nodes are of the VNet. Whether the pod CIDR counts to `VirtualNetwork` or to `Internet`, which is all the rest, is not
/// documented. Every other tag names services outside.
fn tag_cover(tag: &str, whose: Whose) -> Cover {
    let is = |word: &str| tag.eq_ignore_ascii_case(word);
    match whose {
        Whose::Nodes if is("VirtualNetwork") => Cover::All,
        Whose::Pods if is("VirtualNetwork") || is("Internet") => Cover::Perhaps,
        _ => Cover::No,
    }
}

pub(super) fn own(
    inventory: &Inventory,
    cluster: &Cluster,
    pod_cidr: Option<&IpNet>,
    findings: &mut Findings,
) {
    let Some(pod_cidr) = pod_cidr else {
        findings.not_known(
            "whether security rules of the node subnets hit pods' traffic after the move: no pod CIDR is chosen (OVL-5)",
            "choose one: aksplan cidr suggest --for pod",
        );
        return;
    };
    let (hits, unread) = denied(inventory, cluster, pod_cidr);
    for hit in hits {
        let needs: Vec<&str> = hit.needs.iter().map(|need| need.word()).collect();
        let direction = direction(hit.rule);
        let nodes: Vec<String> = cluster
            .pools
            .iter()
            .filter_map(|pool| pool.subnet)
            .map(|index| inventory.subnet(index).cidr_text())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        findings.found.push(Dependent {
            sure: hit.sure,
            kind: DependentKind::SecurityRule,
            name: format!("{}/{}", hit.group.name, hit.rule.name),
            evidence: format!(
                "{direction} rule {} of priority {} denies {} on {}, and no rule before it admits all of that",
                hit.rule.name,
                hit.rule.priority,
                needs.join(", "),
                inventory.subnet_label(hit.subnet)
            ),
            breaks: "pods of different nodes do not reach each other, nor nodes the pods: probes, DNS, webhooks and services fail \
                     from the first reimaged node on"
                .to_string(),
            remedy: format!(
                "before the move add {direction} rules of a priority below {} that allow every port and protocol from {nodes} \
                 to {nodes}, from {nodes} to {pod_cidr}, and from {pod_cidr} to {pod_cidr}",
                hit.rule.priority,
                nodes = nodes.join(","),
            ),
            services: Vec::new(),
            manifest: None,
            rules: ids(&[&rule::OVL_5]),
        });
    }
    for (subnet, group) in unread {
        findings.not_known(
            format!(
                "the rules of security group {} on {}, which was not read (OVL-5)",
                group.name(),
                inventory.subnet_label(subnet)
            ),
            format!(
                "add the output of `az network nsg show --ids {group} -o json`, or read live with the right to read it"
            ),
        );
    }
}

fn direction(rule: &SecurityRule) -> &'static str {
    if rule.inbound { "inbound" } else { "outbound" }
}

/// Groups that are on no subnet of the cluster's nodes: rules of theirs that name pods.
pub(super) fn elsewhere(
    inventory: &Inventory,
    cluster: &Cluster,
    pods: &Pods,
    findings: &mut Findings,
) {
    let own: Vec<&ResourceId> = cluster
        .pools
        .iter()
        .filter_map(|pool| pool.subnet)
        .filter_map(|index| inventory.subnet(index).security_group.as_ref())
        .collect();
    for group in &inventory.security_groups {
        if group.id.as_ref().is_some_and(|id| own.contains(&id)) {
            continue;
        }
        for rule in &group.rules {
            let (peer, what) = if rule.inbound {
                (&rule.sources, "from")
            } else {
                (&rule.destinations, "to")
            };
            let named: Vec<(IpNet, Sureness)> = peer
                .iter()
                .filter_map(|end| match end {
                    // All of the subnet holds for its nodes as well: the rule keeps what it does.
                    SecurityEnd::Prefix(prefix) if rule.inbound && !pods.is_within(prefix) => None,
                    SecurityEnd::Prefix(prefix) if pods.is_within(prefix) => {
                        Some((*prefix, pods.names(prefix)?))
                    }
                    _ => None,
                })
                .collect();
            let Some(sure) = named.iter().map(|(_, sure)| *sure).min() else {
                continue;
            };
            let ranges: Vec<String> = named.iter().map(|(prefix, _)| prefix.to_string()).collect();
            findings.found.push(Dependent {
                sure,
                kind: DependentKind::SecurityRuleElsewhere,
                name: format!("{}/{}", group.name, rule.name),
                evidence: format!(
                    "{} rule {} ({}) {what} {}, which are pod addresses today",
                    direction(rule),
                    rule.name,
                    if rule.allow { "allow" } else { "deny" },
                    ranges.join(", ")
                ),
                breaks: if rule.inbound {
                    "after the move pods come with their node's address: the rule no longer matches them, and whatever comes to \
                     hold the freed addresses matches instead"
                } else {
                    "after the move nothing outside of the cluster reaches a pod at its address"
                }
                .to_string(),
                remedy: if rule.inbound {
                    "name the node subnet instead; where pods must be told apart, send them through a gateway of their own"
                } else {
                    "name the address of an internal load balancer instead"
                }
                .to_string(),
                services: Vec::new(),
                manifest: None,
                rules: ids(&[&rule::MIG_25]),
            });
        }
    }
}
