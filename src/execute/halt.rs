//! Ending what AKS is at, with nothing but Azure Resource Manager: for when the cluster's own API server does not answer, the journal is
//! elsewhere, or there is no time. Looks at states only; what nodes are like is for others to see.

use super::actuator::{NotTaken, Taken};
use super::azure::taken;
use crate::migrate::condition::is_at_rest;
use crate::migrate::step::Resource;
use crate::model::ResourceId;
use crate::source::azure::ArmClient;
use crate::source::azure::container_service::ContainerService;
use crate::source::azure::writer::Writer;
use serde_json::Value;

/// One cluster, to be halted.
pub struct Halt {
    service: ContainerService,
    writer: Writer,
    cluster: ResourceId,
}

/// Provisioning states, of the cluster and then of each pool that is at something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct States(Vec<(String, String)>);

impl States {
    fn of(body: &Value) -> Self {
        let state = |value: &Value| {
            let text = value["provisioningState"].as_str();
            text.unwrap_or("not known").to_string()
        };
        let properties = &body["properties"];
        let mut states = vec![("the cluster".to_string(), state(properties))];
        let pools = properties["agentPoolProfiles"].as_array();
        states.extend(pools.into_iter().flatten().map(|pool| {
            let name = pool["name"].as_str().unwrap_or_default();
            (format!("pool {name}"), state(pool))
        }));
        States(states)
    }

    /// Nothing is under way, for certain.
    pub fn are_quiet(&self) -> bool {
        self.0.iter().all(|(_, state)| is_at_rest(state))
    }

    /// `the cluster is Canceled, pool apps is Canceled`
    pub fn words(&self) -> String {
        let words: Vec<String> = self
            .0
            .iter()
            .map(|(who, state)| format!("{who} is {state}"))
            .collect();
        words.join(", ")
    }
}

impl Halt {
    pub fn new(client: &ArmClient, cluster: ResourceId) -> Self {
        Halt {
            service: ContainerService::new(client),
            writer: Writer::new(client),
            cluster,
        }
    }

    /// How the cluster and its pools stand; one request.
    ///
    /// # Errors
    /// A sentence, where Azure does not say.
    pub async fn states(&self) -> Result<States, String> {
        let body = self.service.cluster(&self.cluster).await;
        body.map(|body| States::of(body.whole()))
            .map_err(|error| error.to_string())
    }

    /// Asks AKS to end what runs on the cluster, or on a pool alone.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub async fn ask(&self, resource: &Resource) -> Result<Taken, NotTaken> {
        taken(match resource {
            Resource::Cluster => self.writer.abort_cluster(&self.cluster).await,
            Resource::AgentPool(pool) => {
                let id = ResourceId::new(format!("{}/agentPools/{pool}", self.cluster));
                self.writer.abort_agent_pool(&id).await
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn quiet_is_what_has_ended_and_nothing_else() {
        for (cluster, pool, quiet) in [
            (json!("Succeeded"), json!("Succeeded"), true),
            (json!("Canceled"), json!("Failed"), true),
            (json!("Updating"), json!("Succeeded"), false),
            (json!("Succeeded"), json!("Canceling"), false),
            (Value::Null, json!("Succeeded"), false),
        ] {
            let body = json!({"properties": {"provisioningState": cluster,
                "agentPoolProfiles": [{"name": "apps", "provisioningState": pool}]}});
            assert_eq!(States::of(&body).are_quiet(), quiet, "{body}");
        }
        let body = json!({"properties": {"provisioningState": "Canceled"}});
        assert_eq!(States::of(&body).words(), "the cluster is Canceled");
    }
}
