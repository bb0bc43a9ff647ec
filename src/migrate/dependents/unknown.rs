//! What nothing read here can tell, and how to find out: flow logs say who really talks to pods. Writes queries, never runs one.

use super::pods::{Pods, is_same};
use super::{Findings, NotKnown};
use crate::model::{Cluster, Inventory, IpNet};

/// More addresses of nodes than this are not listed in a query: they are then told by the nodes' own traffic.
const MOST_NODES: usize = 500;

pub(super) fn check(
    inventory: &Inventory,
    cluster: &Cluster,
    pods: &Pods,
    findings: &mut Findings,
) {
    if !pods.ranges.is_empty() {
        let nodes = node_addresses(cluster);
        let how = "turn on VNet flow logs with traffic analytics, wait until a whole business cycle is in them (month's end \
                   included), and run this in the Log Analytics workspace: every row is somebody who talks to pods directly";
        for (table, query) in [
            (
                "NTANetAnalytics (VNet flow logs)",
                vnet_flow_logs(&pods.ranges, &nodes),
            ),
            (
                "AzureNetworkAnalytics_CL (NSG flow logs, older)",
                nsg_flow_logs(&pods.ranges, &nodes),
            ),
        ] {
            findings.not_known.push(NotKnown {
                what: format!("who really talks to pod addresses, from {table}"),
                how_to_find_out: how.to_string(),
                query: Some(query),
            });
        }
    }
    findings.not_known(
        "rules of Azure Firewall and of other appliances are not read: they may name pod addresses (MIG-25)",
        "search their rules and IP groups for the node subnet and for addresses in it",
    );
    findings.not_known(
        "allow-lists of services, databases and partners that name pod addresses: after the move calls come from node addresses \
         (MIG-25)",
        "search firewalls of storage accounts, databases and key vaults, and ask the owners of on-premises firewalls, for addresses \
         of the node subnet",
    );
    findings.not_known(
        "security groups on network interfaces, security admin rules of Azure Virtual Network Manager, and effective routes",
        "az network nic list-effective-nsg and show-effective-route-table of a node's interface",
    );
    findings.not_known(
        "clients that find pods by other means than Azure and Kubernetes: service discovery (Consul, Eureka), databases that tell \
         clients their members' addresses, monitoring that scrapes pods from outside",
        "ask the owners of what runs in the cluster; the flow logs show the rest",
    );
    if !pods.are_complete() {
        findings.not_known(
            "pods were not all read: which addresses in the node subnet are pods' is not known",
            "add the output of `kubectl get pods,nodes,services,endpointslices,networkpolicies -A -o json`, or read live with \
             --kubernetes",
        );
    }
    let unread: Vec<&str> = inventory
        .clusters
        .iter()
        .filter(|other| other.kubernetes.is_none() && !is_same(other, cluster))
        .map(|other| other.label())
        .collect();
    if !unread.is_empty() {
        const SHOWN: usize = 5;
        let mut names: Vec<String> = unread
            .iter()
            .take(SHOWN)
            .map(|name| (*name).to_string())
            .collect();
        if unread.len() > SHOWN {
            names.push(format!("{} more", unread.len() - SHOWN));
        }
        findings.not_known(
            format!(
                "objects of other clusters were not read ({}): their endpoint slices and policies may name pods of this one",
                names.join(", ")
            ),
            "read them too: kubectl get services,endpointslices,networkpolicies -A -o json",
        );
    }
    let names: usize = inventory
        .clusters
        .iter()
        .filter_map(|cluster| cluster.kubernetes.as_deref())
        .flat_map(|state| &state.services)
        .filter(|service| service.external_name.is_some())
        .count();
    if names > 0 {
        findings.not_known(
            format!("where the names of {names} ExternalName services lead, where no private DNS record that was read says it"),
            "resolve each from inside of its cluster and compare with the node subnet",
        );
    }
}

/// Addresses of nodes, which are reached as before. Empty where they are not known, or too many to list.
fn node_addresses(cluster: &Cluster) -> Vec<IpNet> {
    let mut nodes: Vec<IpNet> = cluster
        .kubernetes
        .iter()
        .flat_map(|state| &state.nodes)
        .flat_map(|node| node.addresses.iter().map(|address| IpNet::from(*address)))
        .collect();
    nodes.sort();
    nodes.dedup();
    if nodes.len() > MOST_NODES {
        nodes.clear();
    }
    nodes
}

fn list(ranges: &[IpNet]) -> String {
    let ranges: Vec<String> = ranges
        .iter()
        .filter(|range| matches!(range, IpNet::V4(_)))
        .map(|range| format!("\"{range}\""))
        .collect();
    format!("dynamic([{}])", ranges.join(", "))
}

fn vnet_flow_logs(ranges: &[IpNet], nodes: &[IpNet]) -> String {
    format!(
        "let pods = {};\n\
         let nodes = {};\n\
         NTANetAnalytics\n\
         | where TimeGenerated > ago(30d) and SubType == \"FlowLog\" and FlowStatus == \"Allowed\"\n\
         | where ipv4_is_in_any_range(DestIp, pods) and not(ipv4_is_in_any_range(SrcIp, pods))\n\
         | where array_length(nodes) == 0 or not(ipv4_is_in_any_range(DestIp, nodes))\n\
         | summarize Flows = count(), LastSeen = max(FlowEndTime), Pods = dcount(DestIp), Sample = take_any(DestIp)\n    \
             by SrcIp, SrcSubnet, DestPort, L4Protocol\n\
         | order by Flows desc",
        list(ranges),
        list(nodes)
    )
}

fn nsg_flow_logs(ranges: &[IpNet], nodes: &[IpNet]) -> String {
    format!(
        "let pods = {};\n\
         let nodes = {};\n\
         AzureNetworkAnalytics_CL\n\
         | where TimeGenerated > ago(30d) and SubType_s == \"FlowLog\" and FlowStatus_s == \"A\"\n\
         | where ipv4_is_in_any_range(DestIP_s, pods) and not(ipv4_is_in_any_range(SrcIP_s, pods))\n\
         | where array_length(nodes) == 0 or not(ipv4_is_in_any_range(DestIP_s, nodes))\n\
         | summarize Flows = count(), LastSeen = max(FlowEndTime_t), Pods = dcount(DestIP_s), Sample = take_any(DestIP_s)\n    \
             by SrcIP_s, Subnet1_s, DestPort_d, L4Protocol_s\n\
         | order by Flows desc",
        list(ranges),
        list(nodes)
    )
}
