//! Add-ons and features beside the network that the move breaks, that it needs a version of, or that change with it.

use super::Eligibility;
use crate::model::{Cluster, Inventory, IpNet, NetworkMode};
use crate::rule;

/// What Application Gateway for Containers delegates its subnet to.
const TRAFFIC_CONTROLLERS: &str = "Microsoft.ServiceNetworking/trafficControllers";
/// The only size of that subnet with which a cluster may move (ADD-1).
const TRAFFIC_CONTROLLER_PREFIX: u8 = 24;

pub(super) fn check(inventory: &Inventory, cluster: &Cluster, found: &mut Eligibility) {
    if cluster.addons.virtual_nodes {
        found.blocks(
            &rule::OVL_4,
            "the virtual nodes add-on (aciConnectorLinux) is on, and Overlay does not support virtual nodes",
            "move its pods to node pools and disable the add-on first",
        );
    }
    if cluster.ingress_application_gateway {
        found.warns(
            &rule::ADD_2,
            "the Application Gateway Ingress Controller add-on is on: its backends are pod addresses, and only AKS releases of \
             2025-03-16 and later (controller 1.8.0) follow them into Overlay; connectivity was lost during the move before \
             2025-06-17",
            "look at the controller's version in its pod's image first, and plan for the gateway's backends to be unhealthy \
             while nodes are reimaged",
        );
    }
    traffic_controllers(inventory, cluster, found);
    if cluster.api_server_vnet_integration {
        found.tells(
            &rule::ADD_3,
            "API Server VNet Integration is on: under Overlay the API server reaches pods through konnectivity again",
            "expect konnectivity-agent pods; webhooks and `kubectl exec` go through them",
        );
    }
    if cluster.addons.static_egress_gateway {
        found.unknown(
            "static egress gateway is on: nothing is documented about it during the move; it serves IPv4 only. Try it on a \
             cluster of the same shape first",
        );
    }
}

/// Subnets of Application Gateway for Containers in the cluster's VNets: exactly a /24 before the move, or an outage (ADD-1).
fn traffic_controllers(inventory: &Inventory, cluster: &Cluster, found: &mut Eligibility) {
    let homes = inventory.vnets_of_cluster(cluster);
    let mut any = false;
    for index in inventory.subnet_indices() {
        let subnet = inventory.subnet(index);
        let delegated = subnet
            .delegations
            .iter()
            .any(|service| service.eq_ignore_ascii_case(TRAFFIC_CONTROLLERS));
        if !delegated || !homes.contains(&subnet.vnet) {
            continue;
        }
        any = true;
        let exact = {
            let mut prefixes = subnet.ipv4();
            matches!(
                (prefixes.next(), prefixes.next()),
                (Some(IpNet::V4(one)), None) if one.prefix_len() == TRAFFIC_CONTROLLER_PREFIX
            )
        };
        let name = inventory.subnet_label(index);
        if exact {
            continue;
        }
        let evidence = format!(
            "subnet {name} of Application Gateway for Containers is {}, not exactly a /24",
            subnet.cidr_text()
        );
        found.blocks(
            &rule::ADD_1,
            evidence,
            "give Application Gateway for Containers a new /24 subnet before the move: afterwards it is an outage and the \
             subnet has to be made anew",
        );
    }
    if any || cluster.addons.application_gateway_for_containers {
        let kubenet = match cluster.mode() {
            Some(NetworkMode::Kubenet) => {
                " (it does not run on kubenet: it belongs to another cluster)"
            }
            _ => "",
        };
        found.warns(
            &rule::ADD_1,
            format!("Application Gateway for Containers is in the cluster's VNet{kubenet}: it takes a few minutes to find its pods again after the move"),
            "have ALB controller 1.7.9 or later before the move (the documentation says 1.5.0), and expect minutes without \
             healthy backends",
        );
    }
}
