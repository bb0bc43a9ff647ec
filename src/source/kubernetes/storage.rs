//! Volumes, claims, and what nodes can attach.

use super::placement::WireNodeSelector;
use super::wire::{Nothing, Object, or_default};
use crate::model::workload::{AttachLimit, CsiNode, PersistentVolume, PersistentVolumeClaim};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// Fields of a volume's spec that are no source of its own.
#[derive(Default)]
pub struct VolumeSpec {
    driver: Option<String>,
    claim: Option<(String, String)>,
    storage_class: Option<String>,
    access_modes: Vec<String>,
    node_affinity: WireNodeAffinity,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Named {
    #[serde(deserialize_with = "or_default")]
    namespace: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Csi {
    driver: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireNodeAffinity {
    #[serde(deserialize_with = "or_default")]
    required: WireNodeSelector,
}

/// Fields of `PersistentVolumeSpec` that name no source.
const NO_SOURCE: &[&str] = &[
    "capacity",
    "mountOptions",
    "persistentVolumeReclaimPolicy",
    "volumeAttributesClassName",
    "volumeMode",
];

impl<'de> Deserialize<'de> for VolumeSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = VolumeSpec;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the spec of a persistent volume")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<VolumeSpec, A::Error> {
                let mut spec = VolumeSpec::default();
                while let Some(field) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    match field.as_ref() {
                        "csi" => {
                            let csi: Option<Csi> = map.next_value()?;
                            spec.driver = csi.and_then(|csi| csi.driver);
                        }
                        "claimRef" => {
                            let claim: Option<Named> = map.next_value()?;
                            spec.claim = claim.map(|claim| (claim.namespace, claim.name));
                        }
                        "storageClassName" => spec.storage_class = map.next_value()?,
                        "accessModes" => {
                            let modes: Option<Vec<String>> = map.next_value()?;
                            spec.access_modes = modes.unwrap_or_default();
                        }
                        "nodeAffinity" => {
                            let affinity: Option<WireNodeAffinity> = map.next_value()?;
                            spec.node_affinity = affinity.unwrap_or_default();
                        }
                        // What is in it (servers, shares, user names) is not looked at.
                        source => {
                            let is_there = map.next_value::<Option<IgnoredAny>>()?.is_some();
                            if is_there && spec.driver.is_none() && !NO_SOURCE.contains(&source) {
                                spec.driver = Some(source.to_string());
                            }
                        }
                    }
                }
                Ok(spec)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Phase {
    phase: Option<String>,
}

pub fn volume(object: Object<VolumeSpec, Phase>) -> PersistentVolume {
    let spec = object.spec;
    PersistentVolume {
        name: object.metadata.name,
        driver: spec.driver,
        claim: spec.claim,
        storage_class: spec.storage_class.filter(|class| !class.is_empty()),
        access_modes: spec.access_modes,
        node_affinity: spec.node_affinity.required.terms(),
        phase: object.status.phase,
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimSpec {
    volume_name: Option<String>,
    storage_class_name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    access_modes: Vec<String>,
}

pub fn claim(object: Object<ClaimSpec, Phase>) -> PersistentVolumeClaim {
    let spec = object.spec;
    PersistentVolumeClaim {
        namespace: object.metadata.namespace,
        name: object.metadata.name,
        volume: spec.volume_name.filter(|name| !name.is_empty()),
        storage_class: spec.storage_class_name,
        access_modes: spec.access_modes,
        phase: object.status.phase,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct CsiSpec {
    #[serde(deserialize_with = "or_default")]
    drivers: Vec<WireDriver>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireDriver {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    allocatable: Allocatable,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Allocatable {
    count: Option<u64>,
}

pub fn csi_node(object: Object<CsiSpec, Nothing>) -> CsiNode {
    CsiNode {
        name: object.metadata.name,
        drivers: object
            .spec
            .drivers
            .into_iter()
            .map(|driver| AttachLimit {
                driver: driver.name,
                most: driver.allocatable.count,
            })
            .collect(),
    }
}
