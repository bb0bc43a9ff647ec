//! Managed clusters, their pools and maintenance configurations: what is asked of Azure Resource Manager, and bodies that keep
//! every field they came with, so that a later PUT gives back what this version has never heard of. Nothing is written here.

use super::client::{self, ArmClient, Listed};
use super::error::{ArmError, Failure};
use super::operation::POLLS;
use super::reads;
use crate::model::ResourceId;
use azure_core::credentials::Secret;
use azure_core::http::{Method, RawResponse, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::fmt;

/// GA, with eTags on clusters and pools.
pub const API_VERSION: &str = "2025-10-01";

/// GA as well, and the first stored one with everything that readiness asks of a cluster: the Gateway API implementation of the application
/// routing add-on (there since 2026-02-01) and managed system pools. Only ever read at: a PUT at it would have to know what else is new.
const PROFILES_VERSION: &str = "2026-05-01";

const PROVIDER: &str = "providers/Microsoft.ContainerService/managedClusters";

/// Reads managed clusters.
#[derive(Debug, Clone)]
pub struct ContainerService(ArmClient);

impl ContainerService {
    pub fn new(client: &ArmClient) -> Self {
        ContainerService(client.clone())
    }

    /// All clusters of a subscription, or of one of its resource groups.
    pub async fn clusters(&self, subscription: &str, group: Option<&str>) -> Listed {
        let path = match group {
            Some(group) => {
                format!("/subscriptions/{subscription}/resourceGroups/{group}/{PROVIDER}")
            }
            None => format!("/subscriptions/{subscription}/{PROVIDER}"),
        };
        self.0.list(&path, API_VERSION).await
    }

    /// One cluster.
    ///
    /// # Errors
    /// [`ArmError`].
    pub async fn cluster(&self, id: &ResourceId) -> Result<Body<ManagedCluster>, ArmError> {
        let response = self.0.get(id.as_str(), API_VERSION).await?;
        Body::of(&format!("GET {id}"), &response)
    }

    /// One cluster, for what its profiles say and leave out.
    ///
    /// # Errors
    /// [`ArmError`].
    pub async fn profiles(&self, id: &ResourceId) -> Result<Body<ManagedCluster>, ArmError> {
        let response = self.0.get(id.as_str(), PROFILES_VERSION).await?;
        Body::of(&format!("GET {id}"), &response)
    }

    /// One pool.
    ///
    /// # Errors
    /// [`ArmError`].
    pub async fn agent_pool(&self, id: &ResourceId) -> Result<Body<AgentPool>, ArmError> {
        let url = self.0.url(id.as_str(), API_VERSION);
        // Planning never asks for one pool: it is in the table of what is asked while a plan is carried out.
        let read = reads::allowing_in(POLLS, Method::Get, url.path());
        let response = self.0.send_as(read, Request::new(url, Method::Get)).await?;
        Body::of(&format!("GET {id}"), &response)
    }

    /// The pools of a cluster.
    pub async fn agent_pools(&self, cluster: &ResourceId) -> Listed {
        self.0
            .list(&format!("{cluster}/agentPools"), API_VERSION)
            .await
    }

    pub async fn maintenance_configurations(&self, cluster: &ResourceId) -> Listed {
        let path = format!("{cluster}/maintenanceConfigurations");
        self.0.list(&path, API_VERSION).await
    }

    /// The kubeconfig of a cluster's user. With Entra ID it asks an exec plugin for tokens; a cluster with local accounts has
    /// its key inside, so it is a secret in any case.
    ///
    /// # Errors
    /// [`ArmError`]; never with a part of the answer in it.
    pub async fn user_kubeconfig(&self, cluster: &ResourceId) -> Result<Secret, ArmError> {
        let path = format!("{cluster}/listClusterUserCredential");
        let mut url = self.0.url(&path, API_VERSION);
        url.query_pairs_mut().append_pair("format", "exec");
        let response = self.0.send(Request::new(url, Method::Post)).await?;
        kubeconfig_of(response.body().as_ref()).ok_or_else(|| ArmError {
            request: format!("POST {path}"),
            failure: Failure::Unreadable("expected a kubeconfig, and there is none".to_string()),
            correlation_id: None,
        })
    }
}

/// The first kubeconfig of `{"kubeconfigs": [{"name": …, "value": BASE64}]}`.
fn kubeconfig_of(answer: &[u8]) -> Option<Secret> {
    #[derive(Deserialize)]
    struct Answer {
        kubeconfigs: Vec<Kubeconfig>,
    }
    #[derive(Deserialize)]
    struct Kubeconfig {
        value: String,
    }
    let answer: Answer = serde_json::from_slice(answer).ok()?;
    let first = answer.kubeconfigs.into_iter().next()?;
    let text = String::from_utf8(azure_core::base64::decode(first.value).ok()?).ok()?;
    (!text.trim().is_empty()).then(|| Secret::new(text))
}

/// A resource as this version sees it, beside all of it.
#[derive(Clone, PartialEq)]
pub struct Body<T> {
    known: T,
    whole: Value,
}

/// Only what is known: the rest may be anything.
impl<T: fmt::Debug> fmt::Debug for Body<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Body").field(&self.known).finish()
    }
}

/// A resource that can be given back to Azure.
pub trait Writable: DeserializeOwned {
    /// Places that only Azure writes, as JSON pointers with `*` for any key or position.
    const READ_ONLY: &'static [&'static str];
}

/// A change that a body has no place for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoPlace {
    /// Only Azure writes there.
    ReadOnly(String),
    /// No JSON pointer, or it leads through something that has no fields, or to an element that is not there.
    Nowhere(String),
}

impl fmt::Display for NoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoPlace::ReadOnly(pointer) => write!(f, "{pointer}: only Azure writes there"),
            NoPlace::Nowhere(pointer) => write!(f, "{pointer}: there is no such place"),
        }
    }
}

impl std::error::Error for NoPlace {}

impl<T: Writable> Body<T> {
    fn of(request: &str, response: &RawResponse) -> Result<Self, ArmError> {
        let whole: Value = client::parse(request, response)?;
        Body::from_value(whole).map_err(|error| ArmError {
            request: request.to_string(),
            failure: Failure::Unreadable(error.to_string()),
            correlation_id: None,
        })
    }

    /// # Errors
    /// When a field that is known has another type.
    pub fn from_value(whole: Value) -> serde_json::Result<Self> {
        Ok(Body {
            known: T::deserialize(&whole)?,
            whole,
        })
    }

    pub fn known(&self) -> &T {
        &self.known
    }

    /// Everything, as Azure sent it.
    pub fn whole(&self) -> &Value {
        &self.whole
    }

    /// What a PUT sends to change these places, each a JSON pointer, and nothing else: all that was read, less what only Azure
    /// writes. Objects on the way to a place are made where there are none.
    ///
    /// # Errors
    /// [`NoPlace`].
    pub fn put(&self, changes: &[(&str, Value)]) -> Result<Value, NoPlace> {
        let mut body = self.whole.clone();
        for place in T::READ_ONLY {
            let steps: Vec<&str> = place.split('/').skip(1).collect();
            remove(&mut body, &steps);
        }
        for (pointer, value) in changes {
            let is_read_only = T::READ_ONLY.iter().any(|place| {
                let mut steps = pointer.split('/');
                // What lies below a read-only place is read-only as well.
                place.split('/').all(|wanted| {
                    steps
                        .next()
                        .is_some_and(|step| wanted == "*" || wanted == step)
                })
            });
            if is_read_only {
                return Err(NoPlace::ReadOnly((*pointer).to_string()));
            }
            set(&mut body, pointer, value.clone())
                .ok_or_else(|| NoPlace::Nowhere((*pointer).to_string()))?;
        }
        Ok(body)
    }
}

fn remove(value: &mut Value, steps: &[&str]) {
    let [first, rest @ ..] = steps else { return };
    match value {
        Value::Object(fields) if rest.is_empty() => {
            fields.remove(*first);
        }
        Value::Object(fields) if *first == "*" => {
            fields.values_mut().for_each(|field| remove(field, rest));
        }
        Value::Object(fields) => {
            if let Some(field) = fields.get_mut(*first) {
                remove(field, rest);
            }
        }
        Value::Array(elements) if *first == "*" => {
            elements
                .iter_mut()
                .for_each(|element| remove(element, rest));
        }
        _ => {}
    }
}

fn set(body: &mut Value, pointer: &str, value: Value) -> Option<()> {
    let mut place = body;
    for step in pointer.strip_prefix('/')?.split('/') {
        let step = step.replace("~1", "/").replace("~0", "~");
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        place = match place {
            Value::Object(fields) => fields.entry(step).or_insert(Value::Null),
            Value::Array(elements) => elements.get_mut(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    *place = value;
    Some(())
}

/// A managed cluster, as far as it is looked at.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedCluster {
    pub id: Option<ResourceId>,
    pub name: Option<String>,
    pub location: Option<String>,
    /// For `If-Match`. A cluster's PUT answers with the one from before.
    pub e_tag: Option<String>,
    #[serde(default)]
    pub properties: ManagedClusterProperties,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedClusterProperties {
    pub provisioning_state: Option<String>,
    pub power_state: Option<PowerState>,
    pub kubernetes_version: Option<String>,
    pub current_kubernetes_version: Option<String>,
    pub node_resource_group: Option<String>,
    pub network_profile: Option<NetworkProfile>,
    pub agent_pool_profiles: Option<Vec<AgentPoolProfile>>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct PowerState {
    /// `Running` or `Stopped`.
    pub code: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkProfile {
    pub network_plugin: Option<String>,
    pub network_plugin_mode: Option<String>,
    pub network_dataplane: Option<String>,
    pub network_policy: Option<String>,
    pub pod_cidr: Option<String>,
    pub pod_cidrs: Option<Vec<String>>,
    pub service_cidr: Option<String>,
    pub outbound_type: Option<String>,
}

/// A pool, in its cluster's list or as the `properties` of its own.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentPoolProfile {
    pub name: Option<String>,
    pub e_tag: Option<String>,
    pub count: Option<u64>,
    pub mode: Option<String>,
    pub provisioning_state: Option<String>,
    pub power_state: Option<PowerState>,
    pub orchestrator_version: Option<String>,
    pub current_orchestrator_version: Option<String>,
    pub node_image_version: Option<String>,
    #[serde(rename = "vnetSubnetID")]
    pub vnet_subnet_id: Option<ResourceId>,
    #[serde(rename = "podSubnetID")]
    pub pod_subnet_id: Option<ResourceId>,
}

/// An agent pool on its own.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct AgentPool {
    pub id: Option<ResourceId>,
    pub name: Option<String>,
    #[serde(default)]
    pub properties: AgentPoolProfile,
}

impl Writable for ManagedCluster {
    const READ_ONLY: &'static [&'static str] = &[
        "/id",
        "/name",
        "/type",
        "/eTag",
        // As some previews spell it.
        "/etag",
        "/systemData",
        "/identity/principalId",
        "/identity/tenantId",
        "/identity/userAssignedIdentities/*/clientId",
        "/identity/userAssignedIdentities/*/principalId",
        "/properties/addonProfiles/*/identity",
        "/properties/agentPoolProfiles/*/currentOrchestratorVersion",
        "/properties/agentPoolProfiles/*/eTag",
        "/properties/agentPoolProfiles/*/nodeImageVersion",
        "/properties/agentPoolProfiles/*/provisioningState",
        "/properties/agentPoolProfiles/*/status",
        "/properties/azurePortalFQDN",
        "/properties/currentKubernetesVersion",
        "/properties/fqdn",
        "/properties/httpProxyConfig/effectiveNoProxy",
        "/properties/ingressProfile/webAppRouting/identity",
        "/properties/maxAgentPools",
        "/properties/oidcIssuerProfile/issuerURL",
        "/properties/podIdentityProfile/userAssignedIdentities/*/provisioningInfo",
        "/properties/podIdentityProfile/userAssignedIdentities/*/provisioningState",
        "/properties/powerState",
        "/properties/privateFQDN",
        "/properties/privateLinkResources/*/privateLinkServiceID",
        "/properties/provisioningState",
        "/properties/resourceUID",
        "/properties/status",
    ];
}

impl Writable for AgentPool {
    const READ_ONLY: &'static [&'static str] = &[
        "/id",
        "/name",
        "/type",
        "/properties/currentOrchestratorVersion",
        "/properties/eTag",
        "/properties/nodeImageVersion",
        "/properties/provisioningState",
        "/properties/status",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cluster() -> Body<ManagedCluster> {
        Body::from_value(json!({
            "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c",
            "name": "c", "location": "x", "eTag": "1", "newAtTheTop": [1.5, null],
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/a/b": {"clientId": "1", "principalId": "2", "new": 3}}},
            "properties": {"provisioningState": "Succeeded", "networkProfile": {"networkPlugin": "azure", "unheardOf": {"x": 1}},
                "agentPoolProfiles": [{"name": "p", "count": 3, "eTag": "2", "nodeImageVersion": "i", "strange": true}]},
        }))
        .unwrap()
    }

    #[test]
    fn a_put_gives_back_what_nobody_heard_of() {
        let cluster = cluster();
        assert_eq!(cluster.known().e_tag.as_deref(), Some("1"));
        let body = cluster
            .put(&[
                (
                    "/properties/networkProfile/networkPluginMode",
                    json!("overlay"),
                ),
                ("/properties/agentPoolProfiles/0/count", json!(4)),
                (
                    "/properties/upgradeSettings/overrideSettings/forceUpgrade",
                    json!(true),
                ),
                ("/tags/a~1b", json!("c")),
            ])
            .unwrap();
        assert_eq!(
            body,
            json!({
                "location": "x", "newAtTheTop": [1.5, null], "tags": {"a/b": "c"},
                "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/a/b": {"new": 3}}},
                "properties": {
                    "networkProfile": {"networkPlugin": "azure", "unheardOf": {"x": 1}, "networkPluginMode": "overlay"},
                    "agentPoolProfiles": [{"name": "p", "count": 4, "strange": true}],
                    "upgradeSettings": {"overrideSettings": {"forceUpgrade": true}}},
            })
        );
    }

    #[test]
    fn changes_without_a_place_are_refused() {
        let cluster = cluster();
        let refused = |pointer: &str| cluster.put(&[(pointer, json!(1))]).unwrap_err();
        for pointer in [
            "/properties/provisioningState",
            "/properties/powerState/code",
            "/properties/agentPoolProfiles/0/nodeImageVersion",
        ] {
            assert_eq!(refused(pointer), NoPlace::ReadOnly(pointer.to_string()));
        }
        for pointer in [
            "",
            "location",
            "/location/x",
            "/properties/agentPoolProfiles/1/count",
            "/properties/agentPoolProfiles/first",
        ] {
            assert_eq!(refused(pointer), NoPlace::Nowhere(pointer.to_string()));
        }
    }

    #[test]
    fn a_kubeconfig_shows_nowhere() {
        let kubeconfig = "apiVersion: v1\nusers: [{token: hush}]\n";
        let answer = |value: &str| {
            json!({"kubeconfigs": [{"name": "clusterUser", "value": value}]}).to_string()
        };
        let read = kubeconfig_of(answer(&azure_core::base64::encode(kubeconfig)).as_bytes());
        let read = read.unwrap();
        assert_eq!(read.secret(), kubeconfig);
        assert!(!format!("{read:?}").contains("hush"));
        for bad in [
            answer("IA=="),
            answer("%"),
            answer(""),
            "{\"kubeconfigs\": []}".to_string(),
            "{\"kubeconfigs\": \"hush\"}".to_string(),
            String::new(),
        ] {
            assert_eq!(kubeconfig_of(bad.as_bytes()), None, "{bad}");
        }
    }
}
