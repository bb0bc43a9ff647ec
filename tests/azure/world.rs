//! What the loopback Azure holds: subscriptions, resources by id, usages by VNet. It answers which resources a path names, and
//! never speaks HTTP.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

/// A subscription, as `GET /subscriptions` lists it.
#[derive(Debug, Clone)]
pub struct Subscription {
    pub id: String,
    pub name: String,
}

/// One resource, kept as the text it is answered with.
#[derive(Debug, Clone)]
pub struct Resource {
    pub id: String,
    /// `microsoft.network/virtualnetworks`, in lower case.
    pub kind: String,
    /// Exactly the bytes a GET answers.
    pub body: Arc<str>,
    /// The same as a row of Resource Graph, made when first asked for.
    row: OnceLock<Arc<Value>>,
}

impl Resource {
    /// Resource Graph answers types and resource groups in lower case, and every row has the same columns.
    pub fn row(&self) -> Arc<Value> {
        self.row
            .get_or_init(|| {
                let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
                let group = segment(&self.id, "resourcegroups").unwrap_or_default();
                let of = |field: &str| body.get(field).cloned().unwrap_or(Value::Null);
                Arc::new(json!({
                    "id": self.id,
                    "name": self.id.rsplit('/').next(),
                    "type": self.kind,
                    "tenantId": TENANT,
                    "kind": "",
                    "location": of("location"),
                    "resourceGroup": group.to_ascii_lowercase(),
                    "subscriptionId": segment(&self.id, "subscriptions"),
                    "managedBy": "",
                    "sku": of("sku"),
                    "plan": null,
                    "properties": of("properties"),
                    "tags": of("tags"),
                    "identity": of("identity"),
                    "zones": null,
                    "extendedLocation": null,
                }))
            })
            .clone()
    }
}

pub const TENANT: &str = "72f00000-0000-4000-8000-00000000cafe";

/// What there is.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub subscriptions: Vec<Subscription>,
    /// Subscriptions, by management group.
    pub management_groups: BTreeMap<String, Vec<String>>,
    /// Subscriptions whose every resource answers 403, and which Resource Graph passes over in silence.
    pub forbidden: BTreeSet<String>,
    /// By id in lower case.
    resources: BTreeMap<String, Resource>,
    /// The elements of `…/usages`, by the VNet's id in lower case.
    usages: BTreeMap<String, Vec<Value>>,
}

/// What a path names.
#[derive(Debug)]
pub enum Named {
    /// One resource.
    One(Arc<str>),
    /// The members of a list, as text, each with what it is continued by.
    List(Vec<(String, Arc<str>)>),
    /// 404.
    Nothing,
}

impl World {
    /// Puts a resource, by the `id` in its body; one of the same id is replaced.
    ///
    /// # Panics
    /// When the body has no id.
    pub fn put(&mut self, body: &Value) {
        self.put_text(&body.to_string());
    }

    /// The same, keeping the text as it is.
    pub fn put_text(&mut self, text: &str) {
        let body: Value = serde_json::from_str(text).expect("a resource is JSON");
        let id = body["id"]
            .as_str()
            .expect("a resource has an id")
            .to_string();
        let kind = kind_of(&id).expect("the id of a resource names its type");
        self.resources.insert(
            id.to_ascii_lowercase(),
            Resource {
                id,
                kind,
                body: Arc::from(text),
                row: OnceLock::new(),
            },
        );
    }

    pub fn put_usages(&mut self, vnet: &str, usages: Vec<Value>) {
        self.usages.insert(vnet.to_ascii_lowercase(), usages);
    }

    /// The elements of `…/usages`, by VNet.
    pub fn usages(&self) -> impl Iterator<Item = (&String, &Vec<Value>)> {
        self.usages.iter()
    }

    /// Takes a resource and all below it away.
    pub fn delete(&mut self, id: &str) {
        let key = id.to_ascii_lowercase();
        let below = format!("{key}/");
        self.resources
            .retain(|other, _| *other != key && !other.starts_with(&below));
        self.usages.remove(&key);
    }

    pub fn get(&self, id: &str) -> Option<&Resource> {
        self.resources.get(&id.to_ascii_lowercase())
    }

    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }

    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources
            .values()
            .filter(move |resource| resource.kind.eq_ignore_ascii_case(kind))
    }

    /// What a decoded path names. Child lists that nobody put are taken from their parent's body.
    pub fn named(&self, path: &str) -> Named {
        let key = path.trim_end_matches('/').to_ascii_lowercase();
        if let Some(resource) = self.resources.get(&key) {
            return Named::One(resource.body.clone());
        }
        let Some((scope, tail)) = key.rsplit_once("/providers/") else {
            return Named::Nothing;
        };
        let parts: Vec<&str> = tail.split('/').collect();
        match parts.as_slice() {
            [_, kind] if !kind.is_empty() => self.listed(scope, tail),
            [_, _, _, child] => self.children(&key[..key.len() - child.len() - 1], child),
            [_, _, _, child, name] => {
                let parent = &key[..key.len() - child.len() - name.len() - 2];
                match self.children(parent, child) {
                    Named::List(children) => children
                        .into_iter()
                        .find(|(id, _)| {
                            id.rsplit('/')
                                .next()
                                .is_some_and(|last| last.eq_ignore_ascii_case(name))
                        })
                        .map_or(Named::Nothing, |(_, body)| Named::One(body)),
                    _ => Named::Nothing,
                }
            }
            _ => Named::Nothing,
        }
    }

    /// `…/providers/Microsoft.Network/virtualNetworks` of a subscription or a resource group.
    fn listed(&self, scope: &str, kind: &str) -> Named {
        let below = format!("{scope}/");
        let members = self
            .resources
            .iter()
            .filter(|(id, resource)| id.starts_with(&below) && resource.kind == kind)
            .map(|(id, resource)| (id.clone(), resource.body.clone()))
            .collect();
        Named::List(members)
    }

    fn children(&self, parent: &str, child: &str) -> Named {
        let Some(holder) = self.resources.get(parent) else {
            return Named::Nothing;
        };
        if child == "usages" {
            let usages = self.usages.get(parent).cloned().unwrap_or_default();
            let text = |usage: Value| {
                let id = usage["id"]
                    .as_str()
                    .unwrap_or_default()
                    .to_ascii_lowercase();
                (id, Arc::from(usage.to_string()))
            };
            return Named::List(usages.into_iter().map(text).collect());
        }
        let below = format!("{parent}/{child}/");
        let put: Vec<(String, Arc<str>)> = self
            .resources
            .range(below.clone()..)
            .take_while(|(id, _)| id.starts_with(&below))
            .filter(|(id, _)| !id[below.len()..].contains('/'))
            .map(|(id, resource)| (id.clone(), resource.body.clone()))
            .collect();
        if !put.is_empty() {
            return Named::List(put);
        }
        let body: Value = serde_json::from_str(&holder.body).unwrap_or_default();
        let inner = |field: &str| body["properties"][field].as_array().cloned();
        let derived = match child {
            "subnets" => inner("subnets"),
            "virtualnetworkpeerings" => inner("virtualNetworkPeerings"),
            "agentpools" => inner("agentPoolProfiles").map(|profiles| {
                profiles
                    .into_iter()
                    .map(|mut profile| {
                        let name = profile["name"].as_str().unwrap_or_default().to_string();
                        if let Some(fields) = profile.as_object_mut() {
                            fields.remove("name");
                        }
                        json!({
                            "id": format!("{}/agentPools/{name}", holder.id),
                            "name": name,
                            "type": "Microsoft.ContainerService/managedClusters/agentPools",
                            "properties": profile,
                        })
                    })
                    .collect()
            }),
            _ => Some(Vec::new()),
        };
        let text = |child: Value| {
            let id = child["id"]
                .as_str()
                .unwrap_or_default()
                .to_ascii_lowercase();
            (id, Arc::from(child.to_string()))
        };
        Named::List(
            derived
                .unwrap_or_default()
                .into_iter()
                .map(text)
                .collect::<Vec<_>>(),
        )
    }
}

/// The segment that follows `name`, which is given in lower case.
pub fn segment<'a>(id: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = id.split('/');
    parts
        .by_ref()
        .find(|part| part.eq_ignore_ascii_case(name))?;
    parts.next()
}

/// `microsoft.network/virtualnetworks/subnets` of an id.
pub fn kind_of(id: &str) -> Option<String> {
    let lower = id.to_ascii_lowercase();
    let (_, after) = lower.rsplit_once("/providers/")?;
    let mut parts = after.split('/');
    let mut kind = parts.next()?.to_string();
    while let (Some(name), Some(_)) = (parts.next(), parts.next()) {
        kind.push('/');
        kind.push_str(name);
    }
    kind.contains('/').then_some(kind)
}
