//! Everything that is ever written to a cluster's API server, apart from what is read: one lease. The role for an execution is made
//! of this table and the table of reads. It sends nothing.

use super::reads::READS;
use std::fmt::Write;

/// Where leases are written.
pub const NAMESPACE: &str = "kube-system";

/// A right on one object of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KubernetesWrite {
    pub group: &'static str,
    pub version: &'static str,
    /// Plural, as in the path.
    pub resource: &'static str,
    /// The one object, in [`NAMESPACE`].
    pub name: &'static str,
    pub verb: &'static str,
    /// What is missing where it is refused, in words that follow "without it".
    pub purpose: &'static str,
}

const fn on_lease(verb: &'static str, purpose: &'static str) -> KubernetesWrite {
    KubernetesWrite {
        group: "coordination.k8s.io",
        version: "v1",
        resource: "leases",
        name: "aksplan-migration",
        verb,
        purpose,
    }
}

/// Everything that is written, and the read that a write needs.
pub const WRITES: &[KubernetesWrite] = &[
    on_lease(
        "get",
        "nobody can see whether a migration is being executed",
    ),
    // By name as well: the object is made by a PUT to its own path, so that no other can be made.
    on_lease(
        "create",
        "the first migration of a cluster cannot be executed",
    ),
    on_lease(
        "update",
        "no migration can be executed, as nobody can say so",
    ),
];

impl KubernetesWrite {
    /// The object's path.
    pub(super) fn path(&self) -> String {
        let Self {
            group,
            version,
            resource,
            name,
            ..
        } = self;
        format!("/apis/{group}/{version}/namespaces/{NAMESPACE}/{resource}/{name}")
    }

    /// The rule of a role that allows it, in YAML.
    pub fn rule(&self) -> String {
        format!(
            "{{apiGroups: [\"{}\"], resources: [{}], resourceNames: [{}], verbs: [{}]}}",
            self.group, self.resource, self.name, self.verb
        )
    }
}

/// The smallest roles with which a migration is executed, as manifests: a ClusterRole to read, a Role in kube-system to hold the
/// lease.
pub fn execution_roles() -> String {
    let mut text = String::from(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: aksplan-executor\nrules:\n",
    );
    for read in READS {
        let _ = writeln!(text, "  - {}", read.rule());
    }
    let _ = write!(
        text,
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: aksplan-executor\n  namespace: {NAMESPACE}\nrules:\n"
    );
    for write in WRITES {
        let _ = writeln!(text, "  - {}", write.rule());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_but_one_named_object() {
        for write in WRITES {
            assert_eq!(
                write.path(),
                "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/aksplan-migration"
            );
            assert!(["get", "create", "update"].contains(&write.verb));
        }
        let roles = execution_roles();
        assert!(!roles.contains('*') && !roles.contains("secret") && !roles.contains("delete"));
    }
}
