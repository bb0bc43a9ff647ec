//! What was read of one cluster, and the commands that name it. Never takes a kind that was not read for one that has no objects.

use super::item::{Item, Question};
use crate::model::{Cluster, Inventory, KubernetesState, ResourceId};
use crate::shell::{command_line, shell_quote};
use jiff::Timestamp;

pub(super) struct Scene<'a> {
    pub inventory: &'a Inventory,
    pub cluster: &'a Cluster,
    /// When the facts were read.
    pub now: Option<Timestamp>,
}

/// Kinds, each with what `kubectl get` calls its objects.
const RESOURCES: &[(&str, &str)] = &[
    ("AzureIdentity", "azureidentities.aadpodidentity.k8s.io"),
    ("Certificate", "certificates.cert-manager.io"),
    ("ClusterIssuer", "clusterissuers.cert-manager.io"),
    ("Ingress", "ingresses"),
    ("IngressClass", "ingressclasses"),
    ("Issuer", "issuers.cert-manager.io"),
    ("Namespace", "namespaces"),
    ("NetworkPolicy", "networkpolicies"),
    ("Pod", "pods"),
    ("PodMonitor", "podmonitors.azmonitoring.coreos.com"),
    ("ServiceAccount", "serviceaccounts"),
    ("ServiceMonitor", "servicemonitors.azmonitoring.coreos.com"),
];

/// Kinds of which it is not known what there is.
pub(super) struct Unread(Vec<&'static str>);

impl Unread {
    /// The item that cannot be answered without them.
    pub fn item(&self, question: &Question) -> Item {
        let resources: Vec<&str> = RESOURCES
            .iter()
            .filter(|(kind, _)| self.0.contains(kind))
            .map(|(_, resource)| *resource)
            .collect();
        question.not_known(
            format!(
                "no {} was read: there may be none, or nobody looked",
                self.0.join(", no ")
            ),
            "read the cluster's objects with --kubernetes, or add the file that this prints with --from; of a kind that it prints \
             nothing of there is none",
            [Some(format!(
                "kubectl get {} --all-namespaces --output json",
                resources.join(",")
            ))],
        )
    }
}

impl<'a> Scene<'a> {
    pub fn new(inventory: &'a Inventory, cluster: &'a Cluster, now: Option<Timestamp>) -> Self {
        Scene {
            inventory,
            cluster,
            now,
        }
    }

    /// The cluster's objects, if each of these kinds was read in full or is one that the cluster does not know.
    pub fn objects(&self, kinds: &[&'static str]) -> Result<&'a KubernetesState, Unread> {
        let Some(state) = self.cluster.kubernetes.as_deref() else {
            return Err(Unread(kinds.to_vec()));
        };
        let known = |kind: &str| {
            state.has_kind(kind) || state.absent_kinds.iter().any(|absent| absent == kind)
        };
        let unread: Vec<&'static str> = kinds.iter().copied().filter(|kind| !known(kind)).collect();
        if unread.is_empty() {
            Ok(state)
        } else {
            Err(Unread(unread))
        }
    }

    /// Whether Azure itself answered with this cluster, so that what it leaves out is not there.
    pub fn is_answered(&self) -> bool {
        self.cluster.provisioning_state.is_some()
    }

    fn subscription(&self) -> Option<&'a str> {
        self.cluster.id.as_ref()?.segment("subscriptions")
    }

    fn resource_group(&self) -> &'a str {
        // A word that a shell takes as one and Azure as none.
        self.cluster.resource_group.as_deref().unwrap_or("GROUP")
    }

    /// A command of `az` about the cluster: `--subscription` and `--resource-group`, its name under `named`, then the rest.
    pub fn az(
        &self,
        program: &[&'static str],
        named: &'static str,
        rest: &[(&'static str, Option<&str>)],
    ) -> Option<String> {
        let mut arguments: Vec<(&'static str, Option<&str>)> = Vec::new();
        if let Some(subscription) = self.subscription() {
            arguments.push(("--subscription", Some(subscription)));
        }
        arguments.push(("--resource-group", Some(self.resource_group())));
        arguments.push((named, Some(&self.cluster.name)));
        arguments.extend_from_slice(rest);
        command_line(program, &arguments)
    }

    pub fn update(&self, rest: &[(&'static str, Option<&str>)]) -> Option<String> {
        self.az(&["az", "aks", "update"], "--name", rest)
    }

    pub fn update_pool(&self, pool: &str, rest: &[(&'static str, Option<&str>)]) -> Option<String> {
        let mut arguments = vec![("--name", Some(pool))];
        arguments.extend_from_slice(rest);
        self.az(
            &["az", "aks", "nodepool", "update"],
            "--cluster-name",
            &arguments,
        )
    }

    /// What `az aks show` says of a part of the cluster.
    pub fn show(&self, query: &'static str) -> Option<String> {
        self.az(
            &["az", "aks", "show"],
            "--name",
            &[("--query", Some(query)), ("--output", Some("json"))],
        )
    }

    /// Whether a resource id is this cluster's; by name where the cluster has no id.
    pub fn is_cluster(&self, id: &ResourceId) -> bool {
        match &self.cluster.id {
            Some(own) => own.key() == id.key(),
            None => id
                .segment("managedClusters")
                .is_some_and(|name| name.eq_ignore_ascii_case(&self.cluster.name)),
        }
    }
}

/// A line for `kubectl`: its own words, then names and values, none of which may be taken for an option.
pub(super) fn kubectl(words: &[&'static str], names: &[&str]) -> Option<String> {
    let mut line = format!("kubectl {}", words.join(" "));
    for name in names {
        if name.starts_with('-') {
            return None;
        }
        line.push(' ');
        line.push_str(&shell_quote(name)?);
    }
    Some(line)
}
