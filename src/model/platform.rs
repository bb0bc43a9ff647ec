//! What Azure runs beside a cluster for the workloads on it: identities that pods take on, Grafana, alert rules. Holds no secret, no
//! key, and of an alert's expression only the metrics it names.

use super::network::ResourceId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Only asked for where readiness is the question. `None` in each list: not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Platform {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_identities: Option<Vec<ManagedIdentity>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grafanas: Option<Vec<Grafana>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prometheus_rule_groups: Option<Vec<PrometheusRuleGroup>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_alerts: Option<Vec<MetricAlert>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_alerts: Option<Vec<LogAlert>>,
    /// Lists that were read to the end, of whole subscriptions or as a file. Of the others some are here, and what is not may still be
    /// there.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub listed: BTreeSet<PlatformList>,
}

impl Platform {
    pub fn is_empty(&self) -> bool {
        *self == Platform::default()
    }

    /// Whether what is not in this list is not there.
    pub fn is_whole(&self, list: PlatformList) -> bool {
        self.listed.contains(&list)
    }

    /// Every list of which there is something counts as read to the end: of a file, which holds what a command printed.
    pub fn call_whole(&mut self) {
        for (list, is_read) in [
            (
                PlatformList::ManagedIdentities,
                self.managed_identities.is_some(),
            ),
            (PlatformList::Grafanas, self.grafanas.is_some()),
            (
                PlatformList::PrometheusRuleGroups,
                self.prometheus_rule_groups.is_some(),
            ),
            (PlatformList::MetricAlerts, self.metric_alerts.is_some()),
            (PlatformList::LogAlerts, self.log_alerts.is_some()),
        ] {
            if is_read {
                self.listed.insert(list);
            }
        }
    }
}

/// A list of [`Platform`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PlatformList {
    ManagedIdentities,
    Grafanas,
    PrometheusRuleGroups,
    MetricAlerts,
    LogAlerts,
}

impl PlatformList {
    pub const ALL: [PlatformList; 5] = [
        PlatformList::ManagedIdentities,
        PlatformList::Grafanas,
        PlatformList::PrometheusRuleGroups,
        PlatformList::MetricAlerts,
        PlatformList::LogAlerts,
    ];
}

/// A user-assigned managed identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ManagedIdentity {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    pub name: String,
    /// What service accounts name in `azure.workload.identity/client-id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// `None`: not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub federated_credentials: Option<Vec<FederatedCredential>>,
}

/// Whose tokens an identity trusts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FederatedCredential {
    pub name: String,
    /// As written: Entra ID compares it letter by letter, the slash at its end included.
    pub issuer: String,
    /// `system:serviceaccount:NAMESPACE:NAME` for pods.
    pub subject: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
}

/// An Azure Managed Grafana.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Grafana {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    pub name: String,
    /// Azure Monitor workspaces it shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workspaces: Vec<ResourceId>,
}

/// A group of Prometheus rules of Azure Monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PrometheusRuleGroup {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    pub name: String,
    pub enabled: bool,
    /// The Azure Monitor workspace, and the cluster where the group is for one only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<ResourceId>,
    /// Rules hold for the metrics of this cluster only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    /// Those that raise an alert; recording rules are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<PrometheusAlert>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PrometheusAlert {
    pub name: String,
    pub enabled: bool,
    /// It looks at responses by a status of 5xx.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub server_errors: bool,
    /// Metrics that its expression names, each once, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// Action groups that it tells. `None`: not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<u64>,
}

/// A metric alert of Azure Monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetricAlert {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    pub name: String,
    pub enabled: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<ResourceId>,
    /// Each once, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// Action groups that it tells. `None`: not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<u64>,
}

/// An alert rule on logs of Azure Monitor (`scheduledQueryRules`). Its query is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogAlert {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    pub name: String,
    pub enabled: bool,
    /// A cluster, a Log Analytics workspace, a resource group or a subscription.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<ResourceId>,
    /// Action groups that it tells. `None`: not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<u64>,
}
