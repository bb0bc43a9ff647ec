//! Kubernetes objects, of this cluster and of others, that hold or give out addresses of this cluster's pods.

use super::balancer::{can_stand, manifests};
use super::gateways::{move_behind, names, of_pods};
use super::pods::{Pods, is_same};
use super::{Dependent, DependentKind, Findings, Sureness, ids};
use crate::model::workload::{EndpointSlice, Ingress, NetworkPolicy, Service};
use crate::model::{CidrError, Cluster, Inventory, IpNet, cidr, parse_cidr};
use crate::rule;
use std::net::IpAddr;

/// Who makes the slices that follow a selector.
const CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// Whose objects are looked at.
struct Objects<'a> {
    /// `None`: this cluster's own.
    other: Option<&'a str>,
}

impl Objects<'_> {
    fn name(&self, namespace: &str, name: &str) -> String {
        match self.other {
            None => format!("{namespace}/{name}"),
            Some(cluster) => format!("{cluster}: {namespace}/{name}"),
        }
    }
}

pub(super) fn check(
    inventory: &Inventory,
    cluster: &Cluster,
    pods: &Pods,
    pod_cidr: Option<&IpNet>,
    findings: &mut Findings,
) {
    for known in &inventory.clusters {
        let Some(state) = known.kubernetes.as_deref() else {
            continue;
        };
        let is_own = is_same(known, cluster);
        let objects = Objects {
            other: (!is_own).then_some(known.name.as_str()),
        };
        for policy in &state.network_policies {
            network_policy(&objects, policy, pods, pod_cidr, findings);
        }
        for slice in &state.endpoint_slices {
            endpoint_slice(&objects, slice, pods, findings);
        }
        for service in &state.services {
            external_name(inventory, &objects, service, pods, findings);
            if is_own {
                headless(service, findings);
            }
        }
        for ingress in state.ingresses.iter().filter(|_| is_own) {
            gateway_ingress(ingress, findings);
        }
    }
}

/// A range as people write it: host bits mean nothing, and a bare address is one host.
fn range(text: &str) -> Option<IpNet> {
    match parse_cidr(text) {
        Ok(range) => Some(range),
        Err(CidrError::HostBits { network, .. }) => Some(network),
        Err(_) => text.trim().parse::<IpAddr>().ok().map(IpNet::from),
    }
}

fn network_policy(
    objects: &Objects,
    policy: &NetworkPolicy,
    pods: &Pods,
    pod_cidr: Option<&IpNet>,
    findings: &mut Findings,
) {
    for block in &policy.ip_blocks {
        let all = std::iter::once(&block.cidr).chain(&block.except);
        for (text, range) in all.filter_map(|text| Some((text, range(text)?))) {
            let today = pods.names(&range).filter(|_| range.prefix_len() > 0);
            // The whole subnet, seen from another cluster, holds for nodes as well, whose addresses pods then come with.
            let today = today.filter(|_| {
                objects.other.is_none() || pods.is_within(&range) || block.direction == "Egress"
            });
            let coming = pod_cidr.filter(|coming| {
                objects.other.is_none() && range.prefix_len() > 0 && cidr::overlap(coming, &range)
            });
            let (sure, evidence, breaks) = match (today, coming) {
                (Some(sure), _) => (
                    sure,
                    format!(
                        "an {} ipBlock names {text}, where pods have their addresses today",
                        block.direction
                    ),
                    "after the move pods have other addresses: the block no longer matches them, neither to let them through nor \
                     to keep them out",
                ),
                (None, Some(coming)) => (
                    Sureness::Possible,
                    format!(
                        "an {} ipBlock names {text}, which meets the coming pod CIDR {coming}",
                        block.direction
                    ),
                    "after the move the block may match pods that it never meant; engines differ in whether ipBlock matches pods",
                ),
                (None, None) => continue,
            };
            findings.found.push(Dependent {
                sure,
                kind: DependentKind::NetworkPolicy,
                name: objects.name(&policy.namespace, &policy.name),
                evidence,
                breaks: breaks.to_string(),
                remedy: if objects.other.is_some() {
                    "name the node subnet, or the address of an internal load balancer"
                } else {
                    "select pods by podSelector and namespaceSelector instead of addresses"
                }
                .to_string(),
                services: Vec::new(),
                manifest: None,
                rules: ids(&[&rule::MIG_25]),
            });
        }
    }
}

fn endpoint_slice(objects: &Objects, slice: &EndpointSlice, pods: &Pods, findings: &mut Findings) {
    if slice.managed_by.as_deref() == Some(CONTROLLER) {
        return;
    }
    let addresses: Vec<IpAddr> = slice
        .addresses
        .iter()
        .filter_map(|text| text.parse().ok())
        .collect();
    let Some((addresses, sure)) = of_pods(pods, &addresses) else {
        return;
    };
    let services = pods.services_at(&addresses);
    let own = objects.other.is_none();
    findings.found.push(Dependent {
        sure,
        kind: DependentKind::EndpointSlice,
        name: objects.name(&slice.namespace, &slice.name),
        evidence: format!(
            "made by {} for service {}, it holds {}",
            slice.managed_by.as_deref().unwrap_or("hand"),
            slice.service.as_deref().unwrap_or("(none)"),
            pods.said(&addresses)
        ),
        breaks: "the addresses go with the pods: the service answers nothing until somebody writes the new ones".to_string(),
        remedy: if own {
            "give the service a selector instead of addresses".to_string()
        } else {
            move_behind(&services, "point the slice at")
        },
        services: names(&services),
        manifest: if own { None } else { manifests(&services) },
        rules: ids(&[&rule::MIG_25]),
    });
}

/// A name that a private DNS record answers with pod addresses. Other names: not known from here.
fn external_name(
    inventory: &Inventory,
    objects: &Objects,
    service: &Service,
    pods: &Pods,
    findings: &mut Findings,
) {
    let Some(target) = &service.external_name else {
        return;
    };
    let target = target.trim_end_matches('.');
    for zone in inventory.private_dns_zones.iter().flatten() {
        for record in zone.records.iter().flatten() {
            let name = match record.name.as_str() {
                "@" => zone.name.clone(),
                name => format!("{name}.{}", zone.name),
            };
            if !name.eq_ignore_ascii_case(target) {
                continue;
            }
            let Some((addresses, sure)) = of_pods(pods, &record.addresses) else {
                continue;
            };
            let services = pods.services_at(&addresses);
            findings.found.push(Dependent {
                sure,
                kind: DependentKind::ExternalName,
                name: objects.name(&service.namespace, &service.name),
                evidence: format!(
                    "it stands for {target}, which resolves to {}",
                    pods.said(&addresses)
                ),
                breaks: "the name leads to addresses at which no pod answers".to_string(),
                remedy: if objects.other.is_none() {
                    "let it name the service inside of the cluster".to_string()
                } else {
                    move_behind(&services, "point the record at")
                },
                services: names(&services),
                manifest: manifests(&services),
                rules: ids(&[&rule::MIG_25]),
            });
        }
    }
}

/// Namespaces whose headless services serve the cluster itself.
const SYSTEM: [&str; 6] = [
    "kube-system",
    "gatekeeper-system",
    "calico-system",
    "tigera-operator",
    "aks-istio-system",
    "app-routing-system",
];

fn headless(service: &Service, findings: &mut Findings) {
    if !service.headless || SYSTEM.contains(&service.namespace.as_str()) || !can_stand(service) {
        return;
    }
    findings.found.push(Dependent {
        sure: Sureness::Possible,
        kind: DependentKind::HeadlessService,
        name: format!("{}/{}", service.namespace, service.name),
        evidence: "its name answers with the addresses of its pods: whoever resolves it from outside of the cluster (external-dns, \
                   a DNS forwarder, a client of a database's own discovery) gets pod addresses"
            .to_string(),
        breaks: "clients outside of the cluster do not reach these addresses after the move; clients inside do".to_string(),
        remedy: "if anybody outside uses it, apply the manifest and give them its address; one load balancer hides which pod \
                 answers, so where clients must pick one (a StatefulSet), make a service a pod"
            .to_string(),
        services: vec![format!("{}/{}", service.namespace, service.name)],
        manifest: manifests(&[service]),
        rules: ids(&[&rule::MIG_25]),
    });
}

/// Ingress classes of the Application Gateway Ingress Controller and of Application Gateway for Containers.
const GATEWAY_CLASSES: [&str; 3] = [
    "azure/application-gateway",
    "azure-application-gateway",
    "azure-alb-external",
];

/// Their controllers write pods' addresses into a gateway outside of the cluster, whether that gateway was read or not.
fn gateway_ingress(ingress: &Ingress, findings: &mut Findings) {
    let Some(class) = ingress
        .class
        .as_deref()
        .filter(|class| GATEWAY_CLASSES.contains(class))
    else {
        return;
    };
    findings.found.push(Dependent {
        sure: Sureness::Possible,
        kind: DependentKind::ApplicationGateway,
        name: format!("ingress {}/{}", ingress.namespace, ingress.name),
        evidence: format!("its class {class} makes a controller write the pods' addresses into a gateway outside of the cluster"),
        breaks: "backends are unhealthy from the time their pods move until the controller has written the new addresses; with a \
                 controller that does not know Overlay they stay so"
            .to_string(),
        remedy: "look at the controller's version first (Application Gateway Ingress Controller 1.8.0, ALB controller 1.7.9), and \
                 watch the gateway's backend health during the move"
            .to_string(),
        services: ingress
            .services
            .iter()
            .map(|service| format!("{}/{service}", ingress.namespace))
            .collect(),
        manifest: None,
        rules: ids(&[&rule::ADD_1, &rule::ADD_2, &rule::MIG_25]),
    });
}
