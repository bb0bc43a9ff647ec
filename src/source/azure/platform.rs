//! Identities, Grafana and alert rules of Azure, as lists of a subscription or of a resource group. Asks for no key and no secret.

use super::client::{ArmClient, Listed};
use crate::model::{PlatformList, ResourceId};

/// One list: which it is, its provider, an API version that is GA, and what sentences call its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    pub of: PlatformList,
    pub provider: &'static str,
    version: &'static str,
    pub words: &'static str,
}

pub const IDENTITIES: List = List {
    of: PlatformList::ManagedIdentities,
    provider: "Microsoft.ManagedIdentity/userAssignedIdentities",
    version: "2023-01-31",
    words: "user-assigned identities",
};
pub const GRAFANAS: List = List {
    of: PlatformList::Grafanas,
    provider: "Microsoft.Dashboard/grafana",
    version: "2023-09-01",
    words: "Grafana workspaces",
};
pub const RULE_GROUPS: List = List {
    of: PlatformList::PrometheusRuleGroups,
    provider: "Microsoft.AlertsManagement/prometheusRuleGroups",
    version: "2023-03-01",
    words: "Prometheus rule groups",
};
pub const METRIC_ALERTS: List = List {
    of: PlatformList::MetricAlerts,
    provider: "Microsoft.Insights/metricAlerts",
    version: "2018-03-01",
    words: "metric alerts",
};
pub const LOG_ALERTS: List = List {
    of: PlatformList::LogAlerts,
    provider: "Microsoft.Insights/scheduledQueryRules",
    version: "2021-08-01",
    words: "log alerts",
};

/// Reads the platform's resources.
#[derive(Debug, Clone)]
pub struct PlatformLists(ArmClient);

impl PlatformLists {
    pub fn new(client: &ArmClient) -> Self {
        PlatformLists(client.clone())
    }

    /// All of a subscription, or of one of its resource groups.
    pub async fn list(&self, list: List, subscription: &str, group: Option<&str>) -> Listed {
        let List {
            provider, version, ..
        } = list;
        let path = match group {
            Some(group) => {
                format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{provider}")
            }
            None => format!("/subscriptions/{subscription}/providers/{provider}"),
        };
        self.0.list(&path, version).await
    }

    /// The federated credentials of an identity: at most 20 (RDY-7).
    pub async fn federated_credentials(&self, identity: &ResourceId) -> Listed {
        let path = format!("{identity}/federatedIdentityCredentials");
        self.0.list(&path, IDENTITIES.version).await
    }
}
