//! What Azure runs beside a cluster for the workloads on it: identities that pods take on, Grafana, alert rules. Holds no secret, no
//! key, and of an alert's expression only the metrics it names.

use super::network::ResourceId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
}

impl Platform {
    pub fn is_empty(&self) -> bool {
        *self == Platform::default()
    }
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
}
