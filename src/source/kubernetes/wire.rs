//! What every Kubernetes object has: metadata, conditions, selectors. Of annotations only those named here are looked at; the
//! others (`last-applied-configuration` repeats a whole object, environment and all) are passed over as they are parsed.

use crate::model::workload::{Labels, Owner, Selector, SelectorRequirement};
use jiff::Timestamp;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

pub const INTERNAL: &str = "service.beta.kubernetes.io/azure-load-balancer-internal";
pub const INTERNAL_SUBNET: &str = "service.beta.kubernetes.io/azure-load-balancer-internal-subnet";
pub const PLS_CREATE: &str = "service.beta.kubernetes.io/azure-pls-create";
pub const PLS_COUNT: &str =
    "service.beta.kubernetes.io/azure-pls-ip-configuration-ip-address-count";
pub const MIRROR: &str = "kubernetes.io/config.mirror";
pub const INGRESS_CLASS: &str = "kubernetes.io/ingress.class";
pub const DEFAULT_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";
pub const CLIENT_ID: &str = "azure.workload.identity/client-id";
pub const TENANT_ID: &str = "azure.workload.identity/tenant-id";
pub const IDENTITY_BINDING: &str = "azure.workload.identity/use-identity-binding";

/// Annotations whose values are looked at: they decide addresses, eviction, who serves an ingress or whom a pod
/// signs in as.
pub const ANNOTATIONS: &[&str] = &[
    INTERNAL,
    INTERNAL_SUBNET,
    PLS_CREATE,
    PLS_COUNT,
    MIRROR,
    INGRESS_CLASS,
    DEFAULT_CLASS,
    CLIENT_ID,
    TENANT_ID,
    IDENTITY_BINDING,
];

/// An explicit `null` is as good as nothing.
pub fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An instant as written; one that is none is as good as nothing, for nothing but durations is made of it.
#[derive(Default, Clone, Copy)]
pub struct Instant(pub Option<Timestamp>);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: Option<std::borrow::Cow<'de, str>> = Option::deserialize(deserializer)?;
        Ok(Instant(text.and_then(|text| text.parse().ok())))
    }
}

#[derive(Default)]
pub struct Annotations(Vec<(&'static str, String)>);

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Known;
        impl<'de> Visitor<'de> for Known {
            type Value = Annotations;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of annotations")
            }
            fn visit_unit<E>(self) -> Result<Annotations, E> {
                Ok(Annotations::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Annotations, A::Error> {
                let mut found = Annotations::default();
                while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    match ANNOTATIONS.iter().find(|known| **known == name) {
                        Some(known) => {
                            let value: Option<String> = map.next_value()?;
                            found.0.push((known, value.unwrap_or_default()));
                        }
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(found)
            }
        }
        deserializer.deserialize_any(Known)
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub namespace: String,
    pub uid: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub labels: Labels,
    annotations: Annotations,
    #[serde(deserialize_with = "or_default")]
    owner_references: Vec<OwnerReference>,
    pub creation_timestamp: Instant,
    pub deletion_timestamp: Instant,
    pub generation: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OwnerReference {
    #[serde(deserialize_with = "or_default")]
    kind: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
    uid: Option<String>,
    controller: Option<bool>,
}

impl Meta {
    /// The controller, taken out.
    pub fn owner(&mut self) -> Option<Owner> {
        let controller = std::mem::take(&mut self.owner_references)
            .into_iter()
            .find(|reference| reference.controller == Some(true))?;
        Some(Owner {
            kind: controller.kind,
            name: controller.name,
            uid: controller.uid,
        })
    }

    /// The value of one of [`ANNOTATIONS`].
    pub fn annotation(&self, name: &str) -> Option<&str> {
        let found = self.annotations.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }
}

#[derive(Deserialize, Default)]
#[serde(
    default,
    bound = "S: Deserialize<'de> + Default, T: Deserialize<'de> + Default"
)]
pub struct Object<S: Default, T: Default> {
    #[serde(deserialize_with = "or_default")]
    pub metadata: Meta,
    #[serde(deserialize_with = "or_default")]
    pub spec: S,
    #[serde(deserialize_with = "or_default")]
    pub status: T,
}

/// Of a spec or a status that is not looked at.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Nothing {}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    #[serde(deserialize_with = "or_default")]
    pub status: String,
    pub last_transition_time: Instant,
}

/// Whether a condition holds, and since when it does or does not.
pub fn condition(conditions: &[Condition], kind: &str) -> (bool, Option<Timestamp>) {
    let found = conditions.iter().find(|condition| condition.kind == kind);
    found.map_or((false, None), |found| {
        (found.status == "True", found.last_transition_time.0)
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct IpAddress {
    #[serde(deserialize_with = "or_default")]
    pub ip: String,
    #[serde(deserialize_with = "or_default")]
    pub hostname: String,
}

/// Addresses; host names among them are passed over.
pub fn addresses(list: &[IpAddress]) -> Vec<std::net::IpAddr> {
    list.iter()
        .filter_map(|address| address.ip.parse().ok())
        .collect()
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct LoadBalancerStatus {
    #[serde(rename = "loadBalancer", deserialize_with = "or_default")]
    pub load_balancer: LoadBalancer,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct LoadBalancer {
    #[serde(deserialize_with = "or_default")]
    pub ingress: Vec<IpAddress>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct WireSelector {
    #[serde(deserialize_with = "or_default")]
    match_labels: Labels,
    #[serde(deserialize_with = "or_default")]
    match_expressions: Vec<WireRequirement>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct WireRequirement {
    #[serde(deserialize_with = "or_default")]
    pub key: String,
    #[serde(deserialize_with = "or_default")]
    pub operator: String,
    #[serde(deserialize_with = "or_default")]
    pub values: Vec<String>,
}

impl From<WireSelector> for Selector {
    fn from(wire: WireSelector) -> Self {
        Selector {
            match_labels: wire.match_labels,
            match_expressions: wire
                .match_expressions
                .into_iter()
                .map(|requirement| SelectorRequirement {
                    key: requirement.key,
                    operator: requirement.operator,
                    values: requirement.values,
                })
                .collect(),
        }
    }
}
