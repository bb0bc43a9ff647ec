//! Pods, and what each of them asks of its node. Holds no container: only what placement and disruption need of them in sum.

use super::{Labels, Owner, Placement};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// A large cluster has 150,000 of these; what the pods of one workload have alike is held once (see [`Pod::share_with`]).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Pod {
    pub namespace: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    #[serde(skip_serializing_if = "has_none", with = "shared")]
    #[schemars(with = "Labels")]
    pub labels: Arc<Labels>,
    #[serde(skip_serializing_if = "Option::is_none", with = "shared_option")]
    #[schemars(with = "Option<Owner>")]
    pub owner: Option<Arc<Owner>>,
    /// Service account it runs as; `None`: not said, and then `client_secret` is not known either.
    #[serde(skip_serializing_if = "Option::is_none", with = "shared_option")]
    #[schemars(with = "Option<String>")]
    pub service_account: Option<Arc<String>>,
    /// A container takes an environment variable by which Azure's libraries or Terraform sign in as a service principal:
    /// `AZURE_CLIENT_SECRET`, `AZURE_CLIENT_CERTIFICATE_PATH`, `ARM_CLIENT_SECRET`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub client_secret: bool,
    /// Annotation `azure.workload.identity/use-identity-binding`: its tokens are not the cluster's.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub identity_binding: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub host_network: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pod_ips: Vec<IpAddr>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ready: bool,
    /// A static pod, by annotation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mirror: bool,
    /// Has an `emptyDir` volume.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub local_storage: bool,
    /// Has a `hostPath` volume.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub host_path: bool,
    /// Claims it mounts, by name, in its own namespace; ephemeral volumes' claims (`POD-VOLUME`) among them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// What the scheduler reserves for it.
    #[serde(skip_serializing_if = "Resources::is_empty")]
    pub requests: Resources,
    /// Ports taken on the node itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub host_ports: Vec<HostPort>,
    /// Where it may run; `None`: anywhere its requests fit.
    #[serde(skip_serializing_if = "Option::is_none", with = "shared_option")]
    #[schemars(with = "Option<Placement>")]
    pub placement: Option<Arc<Placement>>,
    /// Resolved from its priority class; `None`: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination_grace_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// When the condition `PodScheduled` became true.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub scheduled_at: Option<Timestamp>,
    /// `status.startTime`: when its kubelet took it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Timestamp>,
    /// When the condition `Ready` last changed: since when it is ready, or is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub ready_changed_at: Option<Timestamp>,
    /// `metadata.deletionTimestamp`: it is being deleted, and its grace ends then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub deleting_at: Option<Timestamp>,
}

impl Pod {
    /// Holds what it has in common with another pod once. Lists come in order of name, where pods of one workload stand side by
    /// side: looking at the one before is enough.
    pub fn share_with(&mut self, before: &Pod) {
        if self.labels == before.labels {
            self.labels = Arc::clone(&before.labels);
        }
        if self.owner == before.owner {
            self.owner.clone_from(&before.owner);
        }
        if self.service_account == before.service_account {
            self.service_account.clone_from(&before.service_account);
        }
        if self.placement == before.placement {
            self.placement.clone_from(&before.placement);
        }
    }
}

fn has_none(labels: &Arc<Labels>) -> bool {
    labels.is_empty()
}

/// Pods one after the other, each sharing with the one before.
pub(super) fn sharing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Pod>, D::Error> {
    struct Pods;
    impl<'de> Visitor<'de> for Pods {
        type Value = Vec<Pod>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of pods")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Pod>, A::Error> {
            let mut pods: Vec<Pod> = Vec::new();
            while let Some(mut pod) = list.next_element::<Pod>()? {
                if let Some(before) = pods.last() {
                    pod.share_with(before);
                }
                pods.push(pod);
            }
            Ok(pods)
        }
    }
    deserializer.deserialize_seq(Pods)
}

/// What is shared is written as if each had its own.
mod shared {
    use super::{Arc, Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(
        value: &Arc<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        T::serialize(value, serializer)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<T>, D::Error> {
        T::deserialize(deserializer).map(Arc::new)
    }
}

/// As [`shared`], of what may be missing.
pub(crate) mod shared_option {
    use super::{Arc, Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(
        value: &Option<Arc<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_deref().serialize(serializer)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<T>>, D::Error> {
        Ok(Option::deserialize(deserializer)?.map(Arc::new))
    }
}

/// Amounts a pod asks for or a node has to give.
///
/// Of a pod it is what the scheduler reserves: the containers together with the sidecars, or the largest moment of its start
/// (an init container with the sidecars started before it), whichever is more; the runtime's overhead on top; the amounts of the
/// pod itself, where it names them, instead
/// (<https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers>).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Resources {
    /// Thousandths of a core, a fraction rounded up.
    #[serde(skip_serializing_if = "is_zero")]
    pub cpu_millis: u64,
    /// Bytes, a fraction rounded up.
    #[serde(skip_serializing_if = "is_zero")]
    pub memory: u64,
    /// Everything else in its own unit (bytes of `ephemeral-storage`, `pods` of a node, GPUs), a fraction rounded up.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub other: BTreeMap<String, u64>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Resources {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.cpu_millis == 0 && self.memory == 0 && self.other.is_empty()
    }

    /// Sum; what would not fit 64 bits stays at the largest number.
    pub fn add(&mut self, more: &Resources) {
        self.cpu_millis = self.cpu_millis.saturating_add(more.cpu_millis);
        self.memory = self.memory.saturating_add(more.memory);
        for (name, amount) in &more.other {
            let sum = self.other.entry(name.clone()).or_default();
            *sum = sum.saturating_add(*amount);
        }
    }

    /// The larger of each amount.
    pub fn raise_to(&mut self, least: &Resources) {
        self.cpu_millis = self.cpu_millis.max(least.cpu_millis);
        self.memory = self.memory.max(least.memory);
        for (name, amount) in &least.other {
            let held = self.other.entry(name.clone()).or_default();
            *held = (*held).max(*amount);
        }
    }
}

/// A port that only one pod of a node can have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HostPort {
    pub port: u16,
    /// `TCP` when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Only on this address of the node; `None`: on all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_ip: Option<String>,
}
