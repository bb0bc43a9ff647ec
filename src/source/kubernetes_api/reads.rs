//! What is read of a cluster, and the smallest role that allows it: requests and role are made of one table, so they cannot
//! disagree. Secrets stand apart, for nobody is asked for them unasked; of them there is metadata only.

use crate::source::kubernetes::{IP_MASQ_CONFIGS, SECRET_TYPES};
use std::fmt::Write;

/// Objects of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KubernetesRead {
    /// Empty: the core group.
    pub group: &'static str,
    /// Tried in this order until the server knows one.
    pub versions: &'static [&'static str],
    /// Plural, as in the path.
    pub resource: &'static str,
    pub kind: &'static str,
    /// Not every cluster has it; where it is missing there are none.
    pub optional: bool,
    /// Only these, by name, in kube-system. Empty: all of all namespaces, as a list.
    pub names: &'static [&'static str],
    /// Only objects of these types, and of them the metadata alone, as a list a type. Empty: whole objects of all types.
    pub types: &'static [&'static str],
}

/// Where the objects named in [`KubernetesRead::names`] are.
pub const NAMESPACE: &str = "kube-system";

const fn all(
    group: &'static str,
    versions: &'static [&'static str],
    resource: &'static str,
    kind: &'static str,
) -> KubernetesRead {
    KubernetesRead {
        group,
        versions,
        resource,
        kind,
        optional: false,
        names: &[],
        types: &[],
    }
}

const fn if_known(read: KubernetesRead) -> KubernetesRead {
    KubernetesRead {
        optional: true,
        ..read
    }
}

/// Everything that is read, nodes first.
pub const READS: &[KubernetesRead] = &[
    all("", &["v1"], "nodes", "Node"),
    all("", &["v1"], "pods", "Pod"),
    all("", &["v1"], "namespaces", "Namespace"),
    all("", &["v1"], "services", "Service"),
    all(
        "",
        &["v1"],
        "replicationcontrollers",
        "ReplicationController",
    ),
    all("apps", &["v1"], "deployments", "Deployment"),
    all("apps", &["v1"], "replicasets", "ReplicaSet"),
    all("apps", &["v1"], "statefulsets", "StatefulSet"),
    all("apps", &["v1"], "daemonsets", "DaemonSet"),
    all("batch", &["v1"], "jobs", "Job"),
    all(
        "policy",
        &["v1"],
        "poddisruptionbudgets",
        "PodDisruptionBudget",
    ),
    all(
        "discovery.k8s.io",
        &["v1"],
        "endpointslices",
        "EndpointSlice",
    ),
    all("networking.k8s.io", &["v1"], "ingresses", "Ingress"),
    all(
        "networking.k8s.io",
        &["v1"],
        "ingressclasses",
        "IngressClass",
    ),
    all("", &["v1"], "serviceaccounts", "ServiceAccount"),
    all(
        "networking.k8s.io",
        &["v1"],
        "networkpolicies",
        "NetworkPolicy",
    ),
    // Kubernetes 1.33; a beta from 1.31 on.
    if_known(all(
        "networking.k8s.io",
        &["v1", "v1beta1"],
        "servicecidrs",
        "ServiceCIDR",
    )),
    all("", &["v1"], "persistentvolumes", "PersistentVolume"),
    all(
        "",
        &["v1"],
        "persistentvolumeclaims",
        "PersistentVolumeClaim",
    ),
    all("storage.k8s.io", &["v1"], "csinodes", "CSINode"),
    // Azure CNI's; kubenet and other plugins have none.
    if_known(all(
        "acn.azure.com",
        &["v1alpha"],
        "nodenetworkconfigs",
        "NodeNetworkConfig",
    )),
    // What readiness asks about, each where somebody installed it.
    if_known(all(
        "cert-manager.io",
        &["v1"],
        "certificates",
        "Certificate",
    )),
    if_known(all("cert-manager.io", &["v1"], "issuers", "Issuer")),
    if_known(all(
        "cert-manager.io",
        &["v1"],
        "clusterissuers",
        "ClusterIssuer",
    )),
    if_known(all(
        "azmonitoring.coreos.com",
        &["v1"],
        "podmonitors",
        "PodMonitor",
    )),
    if_known(all(
        "azmonitoring.coreos.com",
        &["v1"],
        "servicemonitors",
        "ServiceMonitor",
    )),
    if_known(all(
        "gateway.networking.k8s.io",
        &["v1", "v1beta1"],
        "gateways",
        "Gateway",
    )),
    if_known(all(
        "gateway.networking.k8s.io",
        &["v1", "v1beta1"],
        "httproutes",
        "HTTPRoute",
    )),
    if_known(all(
        "cilium.io",
        &["v2"],
        "ciliumnetworkpolicies",
        "CiliumNetworkPolicy",
    )),
    if_known(all(
        "cilium.io",
        &["v2"],
        "ciliumclusterwidenetworkpolicies",
        "CiliumClusterwideNetworkPolicy",
    )),
    if_known(all(
        "aadpodidentity.k8s.io",
        &["v1"],
        "azureidentities",
        "AzureIdentity",
    )),
    all("", &["v1"], "events", "Event"),
    KubernetesRead {
        names: IP_MASQ_CONFIGS,
        ..all("", &["v1"], "configmaps", "ConfigMap")
    },
];

/// What is read as well where [`Settings::secret_types`](super::Settings::secret_types) says so. Whoever may list Secrets may read their
/// data: <https://kubernetes.io/docs/concepts/security/rbac-good-practices/#listing-secrets>, read 2026-11.
pub const SECRETS: KubernetesRead = KubernetesRead {
    types: SECRET_TYPES,
    ..all("", &["v1"], "secrets", "Secret")
};

/// What is read at a position: [`READS`], and after it [`SECRETS`].
pub(super) fn at(position: usize) -> &'static KubernetesRead {
    READS.get(position).unwrap_or(&SECRETS)
}

impl KubernetesRead {
    /// What a request for it begins with.
    pub(super) fn path(&self, version: &str) -> String {
        let Self {
            group, resource, ..
        } = self;
        match (group.is_empty(), self.names.is_empty()) {
            (true, true) => format!("/api/{version}/{resource}"),
            (false, true) => format!("/apis/{group}/{version}/{resource}"),
            (true, false) => format!("/api/{version}/namespaces/{NAMESPACE}/{resource}"),
            (false, false) => {
                format!("/apis/{group}/{version}/namespaces/{NAMESPACE}/{resource}")
            }
        }
    }

    /// The rule of a role that allows it, in YAML.
    pub fn rule(&self) -> String {
        let (names, verb) = if self.names.is_empty() {
            (String::new(), "list")
        } else {
            (
                format!(", resourceNames: [{}]", self.names.join(", ")),
                "get",
            )
        };
        format!(
            "{{apiGroups: [\"{}\"], resources: [{}]{names}, verbs: [{verb}]}}",
            self.group, self.resource
        )
    }
}

/// The smallest ClusterRole with which everything is read, as a manifest.
pub fn cluster_role() -> String {
    let mut text = String::from(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: aksplan-reader\nrules:\n",
    );
    for read in READS {
        let _ = writeln!(text, "  - {}", read.rule());
    }
    text
}

/// The same with the rule for [`SECRETS`], and a comment in it that says what the rule gives away.
pub fn cluster_role_with_secrets() -> String {
    let mut text = cluster_role();
    let _ = write!(
        text,
        "  # For --secret-types. aksplan asks for the metadata of Secrets of type {} alone, but RBAC knows no rule for that:\n  \
         # whoever has this role can read the data of every Secret of the cluster, passwords and private keys.\n  - {}\n",
        SECRETS.types.join(" and "),
        SECRETS.rule()
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_one_the_lowering_knows_and_none_is_a_secret() {
        for read in READS {
            let version = if read.group.is_empty() {
                read.versions[0].to_string()
            } else {
                format!("{}/{}", read.group, read.versions[0])
            };
            assert!(
                crate::source::kubernetes::is_used(&version, read.kind),
                "{version} {}",
                read.kind
            );
            assert!(!read.resource.contains("secret"));
        }
    }

    #[test]
    fn the_rule_for_secrets_says_what_it_gives_away() {
        let with = cluster_role_with_secrets();
        let more = with
            .strip_prefix(&cluster_role())
            .expect("it is the same and more");
        let lines: Vec<&str> = more.lines().collect();
        let (rule, comment) = lines.split_last().expect("it has lines");
        assert_eq!(
            *rule,
            "  - {apiGroups: [\"\"], resources: [secrets], verbs: [list]}"
        );
        assert!(
            comment.iter().all(|line| line.starts_with("  # ")),
            "{more}"
        );
        assert!(
            more.contains("can read the data of every Secret of the cluster"),
            "{more}"
        );
    }

    #[test]
    fn the_role_only_reads() {
        let role = cluster_role();
        assert!(role.contains(
            "  - {apiGroups: [\"policy\"], resources: [poddisruptionbudgets], verbs: [list]}\n"
        ));
        assert!(role.contains(
            "resources: [configmaps], resourceNames: [azure-ip-masq-agent-config, azure-ip-masq-agent-config-reconciled], verbs: [get]}"
        ));
        for line in role.lines().filter(|line| line.contains("verbs")) {
            assert!(
                line.ends_with("verbs: [list]}") || line.ends_with("verbs: [get]}"),
                "{line}"
            );
        }
        assert!(!role.contains('*') && !role.contains("secret"));
    }
}
