//! Objects that say how workloads sign in, are reached and are watched: service accounts, ingress classes, certificates, monitors. Of a
//! Secret there is its name and type, never a key and never a value.

use super::{CiliumPolicy, Gateway, HttpRoute};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PlatformObjects {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_accounts: Vec<ServiceAccount>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ingress_classes: Vec<IngressClass>,
    /// From a live cluster only those of type `kubernetes.io/tls`, and only where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretType>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Certificate>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<Issuer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub monitors: Vec<Monitor>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub azure_identities: Vec<AzureIdentity>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cilium_policies: Vec<CiliumPolicy>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<Gateway>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http_routes: Vec<HttpRoute>,
}

impl PlatformObjects {
    pub fn is_empty(&self) -> bool {
        *self == PlatformObjects::default()
    }

    /// Takes over everything `other` holds.
    pub fn absorb(&mut self, other: PlatformObjects) {
        self.service_accounts.extend(other.service_accounts);
        self.ingress_classes.extend(other.ingress_classes);
        self.secrets.extend(other.secrets);
        self.certificates.extend(other.certificates);
        self.issuers.extend(other.issuers);
        self.monitors.extend(other.monitors);
        self.azure_identities.extend(other.azure_identities);
        self.cilium_policies.extend(other.cilium_policies);
        self.gateways.extend(other.gateways);
        self.http_routes.extend(other.http_routes);
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServiceAccount {
    pub namespace: String,
    pub name: String,
    /// Annotation `azure.workload.identity/client-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Annotation `azure.workload.identity/tenant-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct IngressClass {
    pub name: String,
    /// `spec.controller`.
    pub controller: String,
    /// Annotation `ingressclass.kubernetes.io/is-default-class`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
}

/// That there is a Secret, and of which type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SecretType {
    pub namespace: String,
    pub name: String,
    /// `kubernetes.io/tls`, `Opaque`, …
    pub kind: String,
}

/// cert-manager's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Certificate {
    pub namespace: String,
    pub name: String,
    /// The Secret it writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<String>,
    /// Its condition `Ready`; `None`: not said yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
    /// When the certificate that is there ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub not_after: Option<Timestamp>,
    /// When cert-manager renews it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub renewal_time: Option<Timestamp>,
    /// Who signs it. `None`: not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerName>,
}

/// `issuerRef` of a Certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct IssuerName {
    /// `Issuer`, in the Certificate's namespace, or `ClusterIssuer`; another where cert-manager hands it to somebody else.
    pub kind: String,
    pub name: String,
}

/// cert-manager's `Issuer` and `ClusterIssuer`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Issuer {
    pub kind: String,
    /// Empty for a `ClusterIssuer`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    pub name: String,
    /// Its condition `Ready`; `None`: not said yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<bool>,
}

/// A `PodMonitor` or `ServiceMonitor` of `azmonitoring.coreos.com`, which Azure's managed Prometheus reads; those of the Prometheus
/// Operator's own group are not here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Monitor {
    pub kind: String,
    pub namespace: String,
    pub name: String,
}

/// Of the retired pod-managed identity, `aadpodidentity.k8s.io`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AzureIdentity {
    pub namespace: String,
    pub name: String,
    /// `spec.type`: 0 a managed identity, 1 a service principal with a password, 2 one with a certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<i64>,
}
