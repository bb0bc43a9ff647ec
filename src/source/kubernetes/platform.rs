//! Service accounts, ingress classes, Secrets by type, cert-manager's objects, monitors of managed Prometheus, pod-managed identities.
//! Of a Secret its data is not even a field here: it is passed over as it is parsed.

use super::wire::{
    CLIENT_ID, Condition, DEFAULT_CLASS, Meta, Nothing, Object, TENANT_ID, or_default,
};
use crate::model::workload::{
    AzureIdentity, Certificate, IngressClass, Issuer, IssuerName, Monitor, SecretType,
    ServiceAccount,
};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct MetaObject {
    #[serde(deserialize_with = "or_default")]
    metadata: Meta,
}

pub fn service_account(object: MetaObject) -> ServiceAccount {
    let metadata = object.metadata;
    let given = |name| {
        let value = metadata.annotation(name).unwrap_or_default().trim();
        (!value.is_empty()).then(|| value.to_string())
    };
    ServiceAccount {
        client_id: given(CLIENT_ID),
        tenant_id: given(TENANT_ID),
        namespace: metadata.namespace,
        name: metadata.name,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ClassSpec {
    #[serde(deserialize_with = "or_default")]
    controller: String,
}

pub fn ingress_class(object: Object<ClassSpec, Nothing>) -> IngressClass {
    let default = object.metadata.annotation(DEFAULT_CLASS);
    IngressClass {
        default: default.is_some_and(|value| value.eq_ignore_ascii_case("true")),
        name: object.metadata.name,
        controller: object.spec.controller,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct SecretObject {
    #[serde(deserialize_with = "or_default")]
    metadata: Meta,
    #[serde(rename = "type", deserialize_with = "or_default")]
    kind: String,
}

/// Name and type. One that was read as metadata alone has no type: whoever asked for it by type knows it.
pub fn secret(object: SecretObject) -> SecretType {
    SecretType {
        namespace: object.metadata.namespace,
        name: object.metadata.name,
        kind: object.kind,
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateSpec {
    secret_name: Option<String>,
    issuer_ref: Option<IssuerReference>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct IssuerReference {
    kind: Option<String>,
    #[serde(deserialize_with = "or_default")]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ConditionsStatus {
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
    not_after: super::wire::Instant,
    renewal_time: super::wire::Instant,
}

impl ConditionsStatus {
    /// `None` where nothing was said yet, or `Unknown`.
    fn ready(&self) -> Option<bool> {
        let found = self.conditions.iter().find(|one| one.kind == "Ready")?;
        match found.status.as_str() {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        }
    }
}

pub fn certificate(object: Object<CertificateSpec, ConditionsStatus>) -> Certificate {
    Certificate {
        ready: object.status.ready(),
        not_after: object.status.not_after.0,
        renewal_time: object.status.renewal_time.0,
        issuer: object.spec.issuer_ref.map(|issuer| IssuerName {
            // Left out it is an Issuer (cert-manager's API reference).
            kind: issuer.kind.unwrap_or_else(|| "Issuer".to_string()),
            name: issuer.name,
        }),
        secret_name: object.spec.secret_name.filter(|name| !name.is_empty()),
        namespace: object.metadata.namespace,
        name: object.metadata.name,
    }
}

pub fn issuer(kind: &str, object: Object<Nothing, ConditionsStatus>) -> Issuer {
    Issuer {
        kind: kind.to_string(),
        ready: object.status.ready(),
        namespace: object.metadata.namespace,
        name: object.metadata.name,
    }
}

pub fn monitor(kind: &str, object: MetaObject) -> Monitor {
    Monitor {
        kind: kind.to_string(),
        namespace: object.metadata.namespace,
        name: object.metadata.name,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct AzureIdentitySpec {
    #[serde(rename = "type")]
    kind: Option<i64>,
}

pub fn azure_identity(object: Object<AzureIdentitySpec, Nothing>) -> AzureIdentity {
    AzureIdentity {
        // Left out it is 0 (the field's zero value in its Go type).
        kind: Some(object.spec.kind.unwrap_or(0)),
        namespace: object.metadata.namespace,
        name: object.metadata.name,
    }
}
