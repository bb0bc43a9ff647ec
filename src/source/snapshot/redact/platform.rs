//! Identities, Grafana, alert rules, service accounts, certificates and monitors without names. A field that is added does not compile
//! here until somebody decides about it.

use super::{Redactor, words};
use crate::model::workload::{
    AzureIdentity, Certificate, CiliumPolicy, CiliumRule, Gateway, GatewayName, HttpRoute,
    IngressClass, IngressTls, Issuer, IssuerName, Monitor, PlatformObjects, SecretName, SecretType,
    ServiceAccount,
};
use crate::model::{
    FederatedCredential, Grafana, LogAlert, ManagedIdentity, MetricAlert, Platform, Profiles,
    PrometheusAlert, PrometheusRuleGroup, ResourceId,
};

/// What subjects of pods begin with; namespace and service account follow.
const SUBJECT: &str = "system:serviceaccount:";

/// What the controller of such a class is called; its own name follows.
const NGINX: &str = "webapprouting.kubernetes.azure.com/nginx/";

impl Redactor {
    pub(super) fn profiles(&mut self, profiles: Profiles) -> Profiles {
        let Profiles {
            oidc_issuer,
            oidc_issuer_url,
            workload_identity,
            app_routing,
            prometheus_metrics,
            container_insights,
            container_insights_entra,
            app_routing_gateway,
            hosted_system,
            pod_identity,
        } = profiles;
        Profiles {
            oidc_issuer,
            oidc_issuer_url: self.names.maybe(oidc_issuer_url),
            workload_identity,
            app_routing,
            prometheus_metrics,
            container_insights,
            container_insights_entra,
            app_routing_gateway,
            hosted_system,
            pod_identity,
        }
    }

    /// `key=value:effect`, part by part.
    pub(super) fn written_taint(&mut self, text: &str) -> String {
        let (rest, effect) = match text.rsplit_once(':') {
            Some((rest, effect)) => (rest, Some(effect)),
            None => (text, None),
        };
        let mut redacted = match rest.split_once('=') {
            Some((key, value)) => {
                format!("{}={}", self.names.key(key), self.names.value(key, value))
            }
            None => self.names.key(rest),
        };
        if let Some(effect) = effect {
            redacted.push(':');
            redacted.push_str(&self.names.known(effect));
        }
        redacted
    }

    /// Zones are numbers.
    pub(super) fn written_zone(&mut self, text: &str) -> String {
        if text.chars().all(|c| c.is_ascii_digit()) {
            text.to_string()
        } else {
            self.names.name(text)
        }
    }

    pub(super) fn platform(&mut self, platform: Platform) -> Platform {
        let Platform {
            managed_identities,
            grafanas,
            prometheus_rule_groups,
            metric_alerts,
            log_alerts,
            listed,
        } = platform;
        Platform {
            managed_identities: managed_identities
                .map(|all| all.into_iter().map(|one| self.identity(one)).collect()),
            grafanas: grafanas.map(|all| {
                all.into_iter()
                    .map(
                        |Grafana {
                             id,
                             name,
                             workspaces,
                         }| Grafana {
                            id: self.names.id(id),
                            name: self.names.name(&name),
                            workspaces: self.resources_named(&workspaces),
                        },
                    )
                    .collect()
            }),
            prometheus_rule_groups: prometheus_rule_groups
                .map(|all| all.into_iter().map(|one| self.rule_group(one)).collect()),
            metric_alerts: metric_alerts
                .map(|all| all.into_iter().map(|one| self.metric_alert(one)).collect()),
            log_alerts: log_alerts
                .map(|all| all.into_iter().map(|one| self.log_alert(one)).collect()),
            listed,
        }
    }

    fn resources_named(&mut self, ids: &[ResourceId]) -> Vec<ResourceId> {
        ids.iter().map(|id| self.names.resource(id)).collect()
    }

    fn identity(&mut self, identity: ManagedIdentity) -> ManagedIdentity {
        let ManagedIdentity {
            id,
            name,
            client_id,
            federated_credentials,
        } = identity;
        ManagedIdentity {
            id: self.names.id(id),
            name: self.names.name(&name),
            client_id: self.names.maybe(client_id),
            federated_credentials: federated_credentials
                .map(|all| all.into_iter().map(|one| self.credential(one)).collect()),
        }
    }

    fn credential(&mut self, credential: FederatedCredential) -> FederatedCredential {
        let FederatedCredential {
            name,
            issuer,
            subject,
            audiences,
        } = credential;
        FederatedCredential {
            name: self.names.name(&name),
            issuer: self.names.name(&issuer),
            subject: match subject.strip_prefix(SUBJECT) {
                Some(rest) => {
                    let parts: Vec<String> =
                        rest.split(':').map(|part| self.names.name(part)).collect();
                    format!("{SUBJECT}{}", parts.join(":"))
                }
                None => self.names.name(&subject),
            },
            audiences: audiences.iter().map(|one| self.names.known(one)).collect(),
        }
    }

    fn rule_group(&mut self, group: PrometheusRuleGroup) -> PrometheusRuleGroup {
        let PrometheusRuleGroup {
            id,
            name,
            enabled,
            scopes,
            cluster_name,
            alerts,
        } = group;
        PrometheusRuleGroup {
            id: self.names.id(id),
            name: self.names.name(&name),
            enabled,
            scopes: self.resources_named(&scopes),
            cluster_name: self.names.maybe(cluster_name),
            alerts: alerts
                .into_iter()
                .map(
                    |PrometheusAlert {
                         name,
                         enabled,
                         server_errors,
                         metrics,
                         actions,
                     }| PrometheusAlert {
                        server_errors,
                        actions,
                        name: self.names.name(&name),
                        enabled,
                        metrics: self.metrics(&metrics),
                    },
                )
                .collect(),
        }
    }

    fn metric_alert(&mut self, alert: MetricAlert) -> MetricAlert {
        let MetricAlert {
            id,
            name,
            enabled,
            scopes,
            metrics,
            actions,
        } = alert;
        MetricAlert {
            id: self.names.id(id),
            name: self.names.name(&name),
            enabled,
            scopes: self.resources_named(&scopes),
            metrics: self.metrics(&metrics),
            actions,
        }
    }

    fn log_alert(&mut self, alert: LogAlert) -> LogAlert {
        let LogAlert {
            id,
            name,
            enabled,
            scopes,
            actions,
        } = alert;
        LogAlert {
            id: self.names.id(id),
            name: self.names.name(&name),
            enabled,
            scopes: self.resources_named(&scopes),
            actions,
        }
    }

    /// Those of Kubernetes and its tools stay, somebody's own become names. Both are sorted, and names are new.
    fn metrics(&mut self, metrics: &[String]) -> Vec<String> {
        let mut metrics: Vec<String> = metrics
            .iter()
            .map(|metric| self.names.beginning(metric, words::METRICS))
            .collect();
        metrics.sort();
        metrics.dedup();
        metrics
    }

    pub(super) fn ingress_tls(&mut self, tls: IngressTls) -> IngressTls {
        let IngressTls { hosts, secret_name } = tls;
        IngressTls {
            hosts: hosts.iter().map(|host| self.names.name(host)).collect(),
            secret_name: self.names.maybe(secret_name),
        }
    }

    pub(super) fn platform_objects(&mut self, objects: PlatformObjects) -> PlatformObjects {
        let PlatformObjects {
            service_accounts,
            ingress_classes,
            secrets,
            certificates,
            issuers,
            monitors,
            azure_identities,
            cilium_policies,
            gateways,
            http_routes,
        } = objects;
        PlatformObjects {
            service_accounts: service_accounts
                .into_iter()
                .map(|one| self.service_account(one))
                .collect(),
            ingress_classes: ingress_classes
                .into_iter()
                .map(
                    |IngressClass {
                         name,
                         controller,
                         default,
                     }| IngressClass {
                        name: self.names.known(&name),
                        controller: self.controller(&controller),
                        default,
                    },
                )
                .collect(),
            secrets: secrets
                .into_iter()
                .map(
                    |SecretType {
                         namespace,
                         name,
                         kind,
                     }| SecretType {
                        namespace: self.names.name(&namespace),
                        name: self.names.name(&name),
                        kind: self.names.known(&kind),
                    },
                )
                .collect(),
            certificates: certificates
                .into_iter()
                .map(|one| self.certificate(one))
                .collect(),
            issuers: issuers
                .into_iter()
                .map(
                    |Issuer {
                         kind,
                         namespace,
                         name,
                         ready,
                     }| Issuer {
                        kind: self.names.known(&kind),
                        namespace: self.names.name(&namespace),
                        name: self.names.name(&name),
                        ready,
                    },
                )
                .collect(),
            monitors: monitors
                .into_iter()
                .map(
                    |Monitor {
                         kind,
                         namespace,
                         name,
                     }| Monitor {
                        kind: self.names.known(&kind),
                        namespace: self.names.name(&namespace),
                        name: self.names.name(&name),
                    },
                )
                .collect(),
            azure_identities: azure_identities
                .into_iter()
                .map(
                    |AzureIdentity {
                         namespace,
                         name,
                         kind,
                     }| AzureIdentity {
                        namespace: self.names.name(&namespace),
                        name: self.names.name(&name),
                        kind,
                    },
                )
                .collect(),
            cilium_policies: cilium_policies
                .into_iter()
                .map(|one| self.cilium_policy(one))
                .collect(),
            gateways: gateways.into_iter().map(|one| self.gateway(one)).collect(),
            http_routes: http_routes
                .into_iter()
                .map(|one| self.http_route(one))
                .collect(),
        }
    }

    /// The add-on's NGINX has a class for each of its controllers, named behind its own word.
    fn controller(&mut self, controller: &str) -> String {
        match controller.split_once(NGINX) {
            Some(("", name)) => format!("{NGINX}{}", self.names.name(name)),
            _ => self.names.known(controller),
        }
    }

    fn cilium_policy(&mut self, policy: CiliumPolicy) -> CiliumPolicy {
        let CiliumPolicy {
            kind,
            namespace,
            name,
            rules,
        } = policy;
        CiliumPolicy {
            kind: self.names.known(&kind),
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            rules: rules
                .into_iter()
                .map(
                    |CiliumRule {
                         endpoint_selector,
                         ingress,
                         egress,
                     }| CiliumRule {
                        endpoint_selector: self.selector(endpoint_selector),
                        ingress,
                        egress,
                    },
                )
                .collect(),
        }
    }

    fn gateway(&mut self, gateway: Gateway) -> Gateway {
        let Gateway {
            namespace,
            name,
            class,
            listeners,
            tls_listeners,
            certificates,
            addresses,
            accepted,
        } = gateway;
        let mut certificates: Vec<SecretName> = certificates
            .into_iter()
            .map(|SecretName { namespace, name }| SecretName {
                namespace: self.names.name(&namespace),
                name: self.names.name(&name),
            })
            .collect();
        // Names are new.
        certificates.sort();
        Gateway {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            class: self.names.known(&class),
            listeners,
            tls_listeners,
            certificates,
            addresses: addresses
                .iter()
                .map(|address| self.written_address(address))
                .collect(),
            accepted,
        }
    }

    fn http_route(&mut self, route: HttpRoute) -> HttpRoute {
        let HttpRoute {
            namespace,
            name,
            gateways,
        } = route;
        let mut gateways: Vec<GatewayName> = gateways
            .into_iter()
            .map(|GatewayName { namespace, name }| GatewayName {
                namespace: self.names.name(&namespace),
                name: self.names.name(&name),
            })
            .collect();
        gateways.sort();
        HttpRoute {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            gateways,
        }
    }

    fn service_account(&mut self, account: ServiceAccount) -> ServiceAccount {
        let ServiceAccount {
            namespace,
            name,
            client_id,
            tenant_id,
        } = account;
        ServiceAccount {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            client_id: self.names.maybe(client_id),
            tenant_id: self.names.maybe(tenant_id),
        }
    }

    fn certificate(&mut self, certificate: Certificate) -> Certificate {
        let Certificate {
            namespace,
            name,
            secret_name,
            ready,
            not_after,
            renewal_time,
            issuer,
        } = certificate;
        Certificate {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            secret_name: self.names.maybe(secret_name),
            ready,
            not_after,
            renewal_time,
            issuer: issuer.map(|IssuerName { kind, name }| IssuerName {
                kind: self.names.known(&kind),
                name: self.names.name(&name),
            }),
        }
    }
}
