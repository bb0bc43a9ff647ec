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

/// Kinds, each with the path of its list.
const LISTS: &[(&str, &str)] = &[
    (
        "AzureIdentity",
        "/apis/aadpodidentity.k8s.io/v1/azureidentities",
    ),
    ("Certificate", "/apis/cert-manager.io/v1/certificates"),
    (
        "CiliumClusterwideNetworkPolicy",
        "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies",
    ),
    (
        "CiliumNetworkPolicy",
        "/apis/cilium.io/v2/ciliumnetworkpolicies",
    ),
    ("ClusterIssuer", "/apis/cert-manager.io/v1/clusterissuers"),
    ("Gateway", "/apis/gateway.networking.k8s.io/v1/gateways"),
    ("HTTPRoute", "/apis/gateway.networking.k8s.io/v1/httproutes"),
    ("Ingress", "/apis/networking.k8s.io/v1/ingresses"),
    ("IngressClass", "/apis/networking.k8s.io/v1/ingressclasses"),
    ("Issuer", "/apis/cert-manager.io/v1/issuers"),
    ("Namespace", "/api/v1/namespaces"),
    (
        "NetworkPolicy",
        "/apis/networking.k8s.io/v1/networkpolicies",
    ),
    ("Pod", "/api/v1/pods"),
    ("PodMonitor", "/apis/azmonitoring.coreos.com/v1/podmonitors"),
    ("ServiceAccount", "/api/v1/serviceaccounts"),
    (
        "ServiceMonitor",
        "/apis/azmonitoring.coreos.com/v1/servicemonitors",
    ),
];

/// Kinds of a group that not every server has: what `kubectl get --raw /apis` prints says whether it does.
const INSTALLED: &[&str] = &[
    "AzureIdentity",
    "Certificate",
    "CiliumClusterwideNetworkPolicy",
    "CiliumNetworkPolicy",
    "ClusterIssuer",
    "Gateway",
    "HTTPRoute",
    "Issuer",
    "PodMonitor",
    "ServiceMonitor",
];

/// Kinds of which it is not known what there is.
pub(super) struct Unread(Vec<&'static str>);

impl Unread {
    /// The item that cannot be answered without them.
    pub fn item(&self, question: &Question) -> Item {
        let is_installed = self.0.iter().any(|kind| INSTALLED.contains(kind));
        let groups = is_installed.then(|| "kubectl get --raw /apis".to_string());
        let lists = LISTS.iter().filter(|(kind, _)| self.0.contains(kind));
        let lists = lists.map(|(_, path)| Some(format!("kubectl get --raw {path}")));
        question.not_known(
            format!(
                "no {} was read: there may be none, or nobody looked",
                self.0.join(", no ")
            ),
            if is_installed {
                "read the cluster's objects with --kubernetes, or add a file for each line that prints something, with --from: a list that \
                 is empty says so, and /apis says which kinds the server does not know, of which the line fails"
            } else {
                "read the cluster's objects with --kubernetes, or add a file for each line with --from: a list that is empty says so"
            },
            std::iter::once(groups).chain(lists),
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
        match self.some(kinds)? {
            (state, None) => Ok(state),
            (_, Some(unread)) => Err(unread),
        }
    }

    /// The cluster's objects, and which of these kinds are missing, if any of them was read: what is found in some holds, what is not
    /// found may be among the others.
    pub fn some(
        &self,
        kinds: &[&'static str],
    ) -> Result<(&'a KubernetesState, Option<Unread>), Unread> {
        let unread: Vec<&'static str> = kinds
            .iter()
            .copied()
            .filter(|kind| !self.knows(kind))
            .collect();
        match self.cluster.kubernetes.as_deref() {
            Some(state) if unread.is_empty() => Ok((state, None)),
            Some(state) if unread.len() < kinds.len() => Ok((state, Some(Unread(unread)))),
            _ => Err(Unread(unread)),
        }
    }

    /// Whether it is known what there is of a kind.
    pub fn knows(&self, kind: &str) -> bool {
        let state = self.cluster.kubernetes.as_deref();
        state.is_some_and(|state| {
            state.has_kind(kind) || state.absent_kinds.iter().any(|absent| absent == kind)
        })
    }

    /// Whether Azure itself answered with this cluster, so that what it leaves out is not there.
    pub fn is_answered(&self) -> bool {
        self.cluster.provisioning_state.is_some()
    }

    pub fn subscription(&self) -> Option<&'a str> {
        self.cluster.id.as_ref()?.segment("subscriptions")
    }

    pub fn resource_group(&self) -> &'a str {
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

    /// Turns on Cilium. Where policy is none AKS refuses its data plane alone: `Cilium dataplane requires network policy cilium.`
    pub fn turn_on_cilium(&self) -> Option<String> {
        self.update(&[
            ("--network-dataplane", Some("cilium")),
            ("--network-policy", Some("cilium")),
        ])
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
