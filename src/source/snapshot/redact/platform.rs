//! Identities, Grafana, alert rules, service accounts, certificates and monitors without names. A field that is added does not compile
//! here until somebody decides about it.

use super::{Redactor, words};
use crate::model::workload::{
    AzureIdentity, Certificate, IngressClass, IngressTls, Issuer, Monitor, PlatformObjects,
    SecretType, ServiceAccount,
};
use crate::model::{
    FederatedCredential, Grafana, ManagedIdentity, MetricAlert, Platform, Profiles,
    PrometheusAlert, PrometheusRuleGroup, ResourceId,
};

/// What subjects of pods begin with; namespace and service account follow.
const SUBJECT: &str = "system:serviceaccount:";

impl Redactor {
    pub(super) fn profiles(&mut self, profiles: Profiles) -> Profiles {
        let Profiles {
            oidc_issuer,
            oidc_issuer_url,
            workload_identity,
            app_routing,
            prometheus_metrics,
            container_insights,
        } = profiles;
        Profiles {
            oidc_issuer,
            oidc_issuer_url: self.names.maybe(oidc_issuer_url),
            workload_identity,
            app_routing,
            prometheus_metrics,
            container_insights,
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
                     }| PrometheusAlert {
                        server_errors,
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
        } = alert;
        MetricAlert {
            id: self.names.id(id),
            name: self.names.name(&name),
            enabled,
            scopes: self.resources_named(&scopes),
            metrics: self.metrics(&metrics),
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
                        controller: self.names.known(&controller),
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
        } = certificate;
        Certificate {
            namespace: self.names.name(&namespace),
            name: self.names.name(&name),
            secret_name: self.names.maybe(secret_name),
            ready,
            not_after,
        }
    }
}
