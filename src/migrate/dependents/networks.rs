//! Who can reach pods directly today: routes that lead to the pods' ranges, peered VNets, and networks on-premises. Whether anybody
//! does, only flow logs say.

use super::pods::{Pods, is_host};
use super::{Dependent, DependentKind, Findings, Sureness, ids};
use crate::capacity::overlap::PeeringGraph;
use crate::finding::counted;
use crate::model::{Cluster, Inventory, IpNet, VnetIndex};
use crate::rule;
use std::collections::BTreeSet;

const BREAKS: &str = "whoever there talks to pod addresses does not reach them after the move; answers to pods' own calls still \
                      arrive, under the node's address";
const REMEDY: &str = "ask the flow logs who does (a query for it is in the report and in the runbook), and give them the address of an internal load balancer";

pub(super) fn check(
    inventory: &Inventory,
    cluster: &Cluster,
    pods: &Pods,
    findings: &mut Findings,
) {
    routes(inventory, cluster, pods, findings);
    peers(inventory, cluster, findings);
    on_premises(inventory, cluster, findings);
}

/// Routes of tables that are on no subnet of the cluster: somebody's way to the pods.
fn routes(inventory: &Inventory, cluster: &Cluster, pods: &Pods, findings: &mut Findings) {
    let own: Vec<_> = inventory
        .subnets_of_cluster(cluster)
        .into_iter()
        .filter_map(|index| inventory.subnet(index).route_table.as_ref())
        .collect();
    for table in &inventory.route_tables {
        if table.id.as_ref().is_some_and(|id| own.contains(&id)) {
            continue;
        }
        for route in &table.routes {
            let Some(prefix) = route.prefix.filter(|prefix| names_pods(pods, prefix)) else {
                continue;
            };
            // The way to the whole subnet stays right for its nodes; the way to some of its addresses was meant for those.
            let sure = match pods.is_within(&prefix) {
                true => pods.names(&prefix).unwrap_or(Sureness::Possible),
                false => Sureness::Possible,
            };
            findings.found.push(Dependent {
                sure,
                kind: DependentKind::Route,
                name: format!("{}/{}", table.name, route.name),
                evidence: format!(
                    "a route leads to {prefix}, where pods have their addresses, over {}",
                    route.next_hop_type
                ),
                breaks: BREAKS.to_string(),
                remedy: format!(
                    "{REMEDY}; the next hop, often a firewall, has rules that name these addresses"
                ),
                services: Vec::new(),
                manifest: None,
                rules: ids(&[&rule::MIG_25]),
            });
        }
    }
}

/// A default route or a route to all of `10.0.0.0/8` says nothing about pods.
fn names_pods(pods: &Pods, prefix: &IpNet) -> bool {
    let narrow = pods.ranges.iter().any(|range| range.contains(prefix));
    if is_host(prefix) {
        return pods.is_pods(prefix.addr()).is_some();
    }
    narrow
}

fn peers(inventory: &Inventory, cluster: &Cluster, findings: &mut Findings) {
    let graph = PeeringGraph::of(inventory);
    let homes = inventory.vnets_of_cluster(cluster);
    let mut direct: BTreeSet<VnetIndex> = BTreeSet::new();
    let mut behind: BTreeSet<VnetIndex> = BTreeSet::new();
    let mut unread: BTreeSet<String> = BTreeSet::new();
    for &home in &homes {
        let reach = graph.reach(home);
        direct.extend(&reach.direct);
        behind.extend(&reach.transitive);
        unread.extend(reach.unread.iter().map(|(name, _)| name.clone()));
    }
    let near: Vec<String> = direct
        .iter()
        .filter(|far| !homes.contains(far))
        .map(|far| inventory.vnet(*far).label().to_string())
        .chain(unread)
        .collect();
    for name in near {
        findings.found.push(Dependent {
            sure: Sureness::Possible,
            kind: DependentKind::PeeredNetwork,
            evidence: format!("VNet {name} is peered with the cluster's: everything in it can talk to pods at their addresses"),
            name,
            breaks: BREAKS.to_string(),
            remedy: REMEDY.to_string(),
            services: Vec::new(),
            manifest: None,
            rules: ids(&[&rule::MIG_25]),
        });
    }
    behind.retain(|far| !direct.contains(far) && !homes.contains(far));
    if !behind.is_empty() {
        // Ten thousand spokes are one finding.
        let spokes = counted(behind.len() as u64, "VNet", "VNets");
        findings.found.push(Dependent {
            sure: Sureness::Possible,
            kind: DependentKind::PeeredNetwork,
            name: "behind the hub".to_string(),
            evidence: format!(
                "{spokes} behind a hub that forwards can talk to pods at their addresses"
            ),
            breaks: BREAKS.to_string(),
            remedy: REMEDY.to_string(),
            services: Vec::new(),
            manifest: None,
            rules: ids(&[&rule::MIG_25]),
        });
    }
}

/// Networks that come in over a gateway: of the VNet itself, or of a peer that lends its own.
fn on_premises(inventory: &Inventory, cluster: &Cluster, findings: &mut Findings) {
    const GATEWAY_SUBNET: &str = "GatewaySubnet";
    const SHOWN: usize = 5;
    let homes = inventory.vnets_of_cluster(cluster);
    let borrowed = homes
        .iter()
        .flat_map(|home| &inventory.vnet(*home).peerings)
        .any(|peering| peering.is_connected() && peering.use_remote_gateways);
    let own = inventory.subnets.iter().any(|subnet| {
        homes.contains(&subnet.vnet) && subnet.name.eq_ignore_ascii_case(GATEWAY_SUBNET)
    });
    if !borrowed && !own {
        return;
    }
    let mut ranges: Vec<String> = inventory
        .reserved
        .iter()
        .take(SHOWN)
        .map(|range| format!("{} ({})", range.cidr, range.owner))
        .collect();
    if inventory.reserved.len() > SHOWN {
        ranges.push(format!("{} more", inventory.reserved.len() - SHOWN));
    }
    let gateway = if own {
        "the cluster's VNet has a gateway"
    } else {
        "the cluster's VNet uses the gateway of a peer"
    };
    findings.found.push(Dependent {
        sure: Sureness::Possible,
        kind: DependentKind::OnPremises,
        name: "over the gateway".to_string(),
        evidence: if ranges.is_empty() {
            format!("{gateway}: networks behind it can talk to pods at their addresses")
        } else {
            format!(
                "{gateway}: networks behind it can talk to pods at their addresses; ranges in use elsewhere: {}",
                ranges.join(", ")
            )
        },
        breaks: BREAKS.to_string(),
        remedy: format!("{REMEDY}; firewalls on-premises that name pod addresses must name the node subnet"),
        services: Vec::new(),
        manifest: None,
        rules: ids(&[&rule::MIG_25]),
    });
}
