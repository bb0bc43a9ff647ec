//! Network policy: whether one is enforced, whether every namespace denies by default, and which rules Cilium reads otherwise than they were
//! meant. Never says which traffic a policy lets through.

use super::item::{Item, Pillar, Question, listed};
use super::scene::{Scene, kubectl};
use crate::finding::{Severity, counted};
use crate::model::workload::{IpBlock, NetworkPolicy};
use crate::model::{CidrError, IpNet, KubernetesState, NetworkMode, cidr, parse_cidr};
use crate::rule;
use std::collections::BTreeSet;
use std::net::IpAddr;

const RULES: &[&rule::Rule] = &[&rule::RDY_12];

const fn question(code: &'static str, asks: &'static str) -> Question {
    Question {
        code,
        pillar: Pillar::NetworkPolicy,
        asks,
        severity: Severity::Warning,
        read_from: "kubectl get networkpolicies,namespaces",
        rules: RULES,
    }
}

const ENGINE: Question = Question {
    severity: Severity::Blocker,
    read_from: "az aks show: networkProfile",
    rules: &[&rule::RDY_1, &rule::RDY_12],
    ..question("policy-engine", "network policies are enforced")
};
const INGRESS: Question = question(
    "default-deny-ingress",
    "every namespace lets nothing in by default",
);
const EGRESS: Question = question(
    "default-deny-egress",
    "every namespace lets nothing out by default",
);
const IP_BLOCK: Question = Question {
    rules: &[&rule::RDY_13],
    ..question(
        "ip-block-pods",
        "no ipBlock is meant to match pods or nodes, which Cilium does not",
    )
};

/// Namespaces of the platform itself: AKS writes what is in them.
const SYSTEM: &[&str] = &[
    "aks-command",
    "aks-istio-egress",
    "aks-istio-ingress",
    "aks-istio-system",
    "app-routing-system",
    "azure-arc",
    "calico-apiserver",
    "calico-system",
    "gatekeeper-system",
    "kube-node-lease",
    "kube-public",
    "kube-system",
    "tigera-operator",
];

pub(super) fn check(scene: &Scene, items: &mut Vec<Item>) {
    items.push(engine(scene));
    match scene.objects(&["NetworkPolicy", "Namespace"]) {
        Ok(state) => {
            items.push(default_deny(state, &INGRESS, "Ingress"));
            items.push(default_deny(state, &EGRESS, "Egress"));
        }
        Err(unread) => items.extend([INGRESS, EGRESS].map(|question| unread.item(&question))),
    }
    match scene.objects(&["NetworkPolicy"]) {
        Ok(state) => items.push(ip_blocks(scene, state)),
        Err(unread) => items.push(unread.item(&IP_BLOCK)),
    }
}

fn is_cilium(scene: &Scene) -> bool {
    let network = &scene.cluster.network;
    [&network.dataplane, &network.policy]
        .into_iter()
        .flatten()
        .any(|word| word.eq_ignore_ascii_case("cilium"))
}

fn engine(scene: &Scene) -> Item {
    let network = &scene.cluster.network;
    if is_cilium(scene) {
        return ENGINE.ready("Cilium");
    }
    match network.policy.as_deref() {
        Some(policy) => ENGINE.ready(format!("networkPolicy is {policy}")),
        None if scene.is_answered() => ENGINE.not_ready(
            "networkPolicy is none: NetworkPolicy objects have no effect",
            "turn on an engine, which reimages every node; Cilium where there are no Windows nodes",
            [scene.update(&[
                ("--network-dataplane", Some("cilium")),
                ("--network-policy", Some("cilium")),
            ])],
        ),
        None => ENGINE.not_known(
            "networkPolicy is not said",
            "add the cluster as Azure shows it",
            [scene.show("networkProfile.networkPolicy")],
        ),
    }
}

/// Whether a policy closes every pod of its namespace in this direction; `None`: how many rules it has is not said.
fn denies(policy: &NetworkPolicy, direction: &str) -> Option<bool> {
    let selector = &policy.pod_selector;
    let selects_all = selector.match_labels.is_empty() && selector.match_expressions.is_empty();
    let rules = match direction {
        "Ingress" => policy.ingress_rules,
        _ => policy.egress_rules,
    };
    // The API server fills in policyTypes; of a file that leaves it out: ingress always, egress where there are rules for it.
    let of_direction = if policy.policy_types.is_empty() {
        direction == "Ingress"
    } else {
        policy.policy_types.iter().any(|kind| kind == direction)
    };
    if !selects_all || !of_direction {
        return Some(false);
    }
    rules.map(|rules| rules == 0)
}

fn default_deny(state: &KubernetesState, question: &Question, direction: &'static str) -> Item {
    let namespaces: BTreeSet<&str> = state
        .namespaces
        .iter()
        .map(|namespace| namespace.name.as_str())
        .filter(|name| !SYSTEM.contains(name))
        .collect();
    if namespaces.is_empty() {
        return question.not_applicable("there are no namespaces but the system's");
    }
    let of = |wanted: Option<bool>| -> BTreeSet<&str> {
        let found = state.network_policies.iter();
        found
            .filter(|policy| denies(policy, direction) == wanted)
            .map(|policy| policy.namespace.as_str())
            .collect()
    };
    let (closed, unsaid) = (of(Some(true)), of(None));
    let open: Vec<&str> = namespaces.difference(&closed).copied().collect();
    if open.is_empty() {
        let all: Vec<&str> = namespaces.into_iter().collect();
        return question.ready(format!(
            "{} closed: {}",
            counted(all.len() as u64, "namespace is", "namespaces are"),
            listed(&all)
        ));
    }
    if open.iter().all(|namespace| unsaid.contains(namespace)) {
        return question.not_known(
            format!(
                "policies of {} do not say how many rules they have",
                listed(&open)
            ),
            "read them again: a snapshot of an earlier version does not hold it",
            [kubectl(
                &[
                    "get",
                    "networkpolicies",
                    "--all-namespaces",
                    "--output",
                    "json",
                ],
                &[],
            )],
        );
    }
    let remedy = match direction {
        "Ingress" => {
            "allow first what has to get in (the ingress controller, probes, the metrics agent of kube-system), then deny the rest"
        }
        _ => {
            "allow first what has to get out (DNS of kube-system, the API server, what the application calls), then deny the rest"
        }
    };
    question.not_ready(
        format!(
            "{} of {} open: {}",
            open.len(),
            counted(namespaces.len() as u64, "namespace", "namespaces"),
            listed(&open)
        ),
        remedy,
        open.iter().map(|namespace| {
            let apply = kubectl(&["apply", "--namespace"], &[namespace])?;
            let name = direction.to_ascii_lowercase();
            Some(format!(
                "echo '{{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":\"NetworkPolicy\",\"metadata\":{{\"name\":\
                 \"default-deny-{name}\"}},\"spec\":{{\"podSelector\":{{}},\"policyTypes\":[\"{direction}\"]}}}}' | {apply} --filename -"
            ))
        }),
    )
}

/// A range as people write it: host bits mean nothing, and a bare address is one host.
fn range(text: &str) -> Option<IpNet> {
    match parse_cidr(text) {
        Ok(range) => Some(range),
        Err(CidrError::HostBits { network, .. }) => Some(network),
        Err(_) => text.trim().parse::<IpAddr>().ok().map(IpNet::from),
    }
}

/// Ranges that pods and nodes have their addresses from. The subnets of VNet modes hold other things as well: errs towards a finding.
fn ranges(scene: &Scene) -> Vec<IpNet> {
    let cluster = scene.cluster;
    let mut ranges: Vec<IpNet> = Vec::new();
    if cluster.mode().is_some_and(NetworkMode::has_pod_cidr) {
        ranges.extend(&cluster.network.pod_cidrs);
    }
    for subnet in scene.inventory.subnets_of_cluster(cluster) {
        ranges.extend(&scene.inventory.subnet(subnet).prefixes);
    }
    ranges
}

fn ip_blocks(scene: &Scene, state: &KubernetesState) -> Item {
    let ranges = ranges(scene);
    // What a block leaves out by `except` is left in here: errs towards a finding.
    let meets = |block: &IpBlock| {
        range(&block.cidr).is_some_and(|range| {
            range.prefix_len() == 0 || ranges.iter().any(|held| cidr::overlap(held, &range))
        })
    };
    let mut met: Vec<String> = Vec::new();
    let mut commands: Vec<Option<String>> = Vec::new();
    let (mut blocks, mut unmeant) = (0u64, 0u64);
    for policy in &state.network_policies {
        let mut found: Vec<String> = Vec::new();
        for block in &policy.ip_blocks {
            blocks += 1;
            if !meets(block) {
                continue;
            }
            if block.beside_selectors {
                unmeant += 1;
            } else {
                found.push(format!("{} {}", block.direction, block.cidr));
            }
        }
        if !found.is_empty() {
            met.push(format!(
                "{}/{} ({})",
                policy.namespace,
                policy.name,
                listed(&found)
            ));
            commands.push(kubectl(
                &["get", "networkpolicy", "--output", "yaml", "--namespace"],
                &[&policy.namespace, &policy.name],
            ));
        }
    }
    if met.is_empty() && ranges.is_empty() && blocks > 0 {
        return IP_BLOCK.not_known(
            format!(
                "{}, and the ranges of pods and nodes are not known",
                counted(blocks, "ipBlock", "ipBlocks")
            ),
            "add the cluster and its VNet as Azure shows them",
            [scene.show("networkProfile.podCidrs")],
        );
    }
    if met.is_empty() {
        return IP_BLOCK.ready(format!(
            "{}: none names pods or nodes{}",
            counted(blocks, "ipBlock", "ipBlocks"),
            match unmeant {
                0 => String::new(),
                many => format!(", but for {many} with selectors beside them"),
            }
        ));
    }
    IP_BLOCK.not_ready(
        format!(
            "{}: {}",
            if is_cilium(scene) {
                "under Cilium pods and nodes are blocked although these ranges hold them"
            } else {
                "will break under Cilium"
            },
            listed(&met)
        ),
        "name pods by namespaceSelector and podSelector in the same rule; a range of the world outside may stay",
        commands,
    )
}
