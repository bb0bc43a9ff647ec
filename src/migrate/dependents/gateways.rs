//! Application gateways whose backends, and private DNS zones whose records, are addresses of pods.

use super::balancer::{is_internal, manifests};
use super::pods::Pods;
use super::{Dependent, DependentKind, Findings, Sureness, ids};
use crate::model::workload::Service;
use crate::model::{ApplicationGateway, Cluster, Inventory};
use crate::rule;
use std::net::IpAddr;

/// Of these addresses those of pods, and how sure that is of the surest.
pub(super) fn of_pods(pods: &Pods, addresses: &[IpAddr]) -> Option<(Vec<IpAddr>, Sureness)> {
    let mut named: Vec<(IpAddr, Sureness)> = addresses
        .iter()
        .filter_map(|address| Some((*address, pods.is_pods(*address)?)))
        .collect();
    named.sort();
    named.dedup();
    let sure = named.iter().map(|(_, sure)| *sure).min()?;
    Some((
        named.into_iter().map(|(address, _)| address).collect(),
        sure,
    ))
}

pub(super) fn names(services: &[&Service]) -> Vec<String> {
    services
        .iter()
        .map(|service| format!("{}/{}", service.namespace, service.name))
        .collect()
}

/// What to do with something outside that names pods: an internal load balancer that is there, one that can be made, or none.
pub(super) fn move_behind(services: &[&Service], where_: &str) -> String {
    let ready: Vec<String> = services
        .iter()
        .filter(|service| is_internal(service))
        .map(|service| {
            let addresses: Vec<String> = service
                .load_balancer_ips
                .iter()
                .map(ToString::to_string)
                .collect();
            format!(
                "{}/{} at {}",
                service.namespace,
                service.name,
                addresses.join(", ")
            )
        })
        .collect();
    if !ready.is_empty() {
        format!(
            "{where_} the internal load balancer that is there already: {}",
            ready.join("; ")
        )
    } else if manifests(services).is_some() {
        format!(
            "apply the manifest, wait for its address, and {where_} that address, before the move"
        )
    } else {
        format!(
            "find the pods' service, put it behind an internal load balancer, and {where_} that address, before the move"
        )
    }
}

fn is_of(gateway: &ApplicationGateway, cluster: &Cluster) -> bool {
    match (&gateway.cluster, &cluster.id) {
        (Some(tagged), Some(id)) => tagged == id,
        _ => false,
    }
}

pub(super) fn application_gateways(
    inventory: &Inventory,
    cluster: &Cluster,
    pods: &Pods,
    findings: &mut Findings,
) {
    let Some(gateways) = &inventory.application_gateways else {
        findings.not_known(
            "application gateways were not read: backend pools may hold pod addresses (MIG-25)",
            "add the output of `az network application-gateway list -o json` of every subscription that can reach the cluster",
        );
        return;
    };
    for gateway in gateways {
        // A controller of this cluster writes its pods' new addresses itself (ADD-2).
        let own_controller = gateway.ingress_controller
            && (is_of(gateway, cluster)
                || (gateway.cluster.is_none() && cluster.ingress_application_gateway));
        for pool in &gateway.backend_pools {
            let Some((addresses, sure)) = of_pods(pods, &pool.addresses) else {
                continue;
            };
            let services = pods.services_at(&addresses);
            let managed = gateway.ingress_controller;
            findings.found.push(Dependent {
                sure: if own_controller { Sureness::Possible } else { sure },
                kind: DependentKind::ApplicationGateway,
                name: format!("{}, backend pool {}", gateway.name, pool.name),
                evidence: format!(
                    "the backend pool holds {}{}",
                    pods.said(&addresses),
                    if managed {
                        "; an Application Gateway Ingress Controller writes it"
                    } else {
                        ""
                    }
                ),
                breaks: if own_controller {
                    "backends are unhealthy from the time their pods move until the controller has written the new addresses; \
                     with a controller before 1.8.0 they stay so"
                } else {
                    "the gateway answers 502: pods are not reached at addresses of the VNet any more"
                }
                .to_string(),
                remedy: if own_controller {
                    "look at the controller's version first (1.8.0, AKS 2025-06-17 or later), and watch the gateway's backend health \
                     during the move"
                        .to_string()
                } else {
                    move_behind(&services, "point the backend pool at")
                },
                services: names(&services),
                manifest: if own_controller { None } else { manifests(&services) },
                rules: match managed {
                    true => ids(&[&rule::MIG_25, &rule::ADD_2]),
                    false => ids(&[&rule::MIG_25]),
                },
            });
        }
    }
}

pub(super) fn private_dns(inventory: &Inventory, pods: &Pods, findings: &mut Findings) {
    let how = "add the output of `az network private-dns zone list -o json` and, of each zone, of `az network private-dns record-set a \
               list -o json`; look into DNS servers of your own as well";
    let Some(zones) = &inventory.private_dns_zones else {
        findings.not_known(
            "private DNS zones were not read: records may name pod addresses (MIG-25)",
            how,
        );
        return;
    };
    let mut unread = Vec::new();
    for zone in zones {
        let Some(records) = &zone.records else {
            // Azure writes the records of these: private endpoints and API servers, never pods.
            if !zone.name.to_ascii_lowercase().contains("privatelink.") {
                unread.push(zone.name.clone());
            }
            continue;
        };
        for record in records {
            let Some((addresses, sure)) = of_pods(pods, &record.addresses) else {
                continue;
            };
            let services = pods.services_at(&addresses);
            let name = match record.name.as_str() {
                "@" => zone.name.clone(),
                name => format!("{name}.{}", zone.name),
            };
            findings.found.push(Dependent {
                sure,
                kind: DependentKind::PrivateDnsRecord,
                evidence: format!("{name} resolves to {}", pods.said(&addresses)),
                name,
                breaks: "whoever resolves the name gets an address at which no pod answers"
                    .to_string(),
                remedy: move_behind(&services, "point the record at"),
                services: names(&services),
                manifest: manifests(&services),
                rules: ids(&[&rule::MIG_25]),
            });
        }
    }
    if !unread.is_empty() {
        unread.sort();
        findings.not_known(
            format!(
                "records of private DNS zones {} were not read (MIG-25)",
                unread.join(", ")
            ),
            how,
        );
    }
}
