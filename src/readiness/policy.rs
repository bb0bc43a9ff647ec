//! Network policy: whether one is enforced, whether every namespace denies by default, and which rules Cilium reads otherwise than they were
//! meant. Never says which traffic a policy lets through, but for everything and nothing.

use super::item::{Item, Pillar, Question, listed};
use super::scene::{Scene, kubectl};
use crate::finding::{Severity, counted};
use crate::model::workload::{CiliumPolicy, IpBlock, NetworkPolicy, Selector};
use crate::model::{CidrError, IpNet, KubernetesState, NetworkMode, cidr, parse_cidr};
use crate::rule;
use crate::shell::command_line;
use jiff::civil::date;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::net::IpAddr;

const RULES: &[&rule::Rule] = &[&rule::RDY_12];

const fn question(code: &'static str, asks: &'static str) -> Question {
    Question {
        code,
        pillar: Pillar::NetworkPolicy,
        asks,
        severity: Severity::Warning,
        read_from: "kubectl get networkpolicies,ciliumnetworkpolicies,ciliumclusterwidenetworkpolicies,namespaces",
        rules: RULES,
    }
}

const ENGINE: Question = Question {
    severity: Severity::Blocker,
    read_from: "az aks show: networkProfile",
    rules: &[&rule::RDY_1, &rule::RDY_12, &rule::RDY_17],
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
    read_from: "kubectl get networkpolicies",
    rules: &[&rule::RDY_13],
    ..question(
        "ip-block-pods",
        "no ipBlock is meant to match pods or nodes, which Cilium does not",
    )
};

/// Namespaces of the platform itself: AKS and its extensions write what is in them.
const SYSTEM: &[&str] = &[
    "acstor",
    "aks-command",
    "aks-istio-egress",
    "aks-istio-ingress",
    "aks-istio-system",
    "aks-periscope",
    "aks-static-egress-gateway",
    "app-routing-system",
    "azappconfig-system",
    "azure-arc",
    "azure-extensions-usage-system",
    "azureml",
    "azuresecuritylinuxagent",
    "calico-apiserver",
    "calico-system",
    "dapr-system",
    "dataprotection-microsoft",
    "fleet-system",
    "flux-system",
    "gatekeeper-system",
    "kube-node-lease",
    "kube-public",
    "kube-system",
    "sc-system",
    "tigera-operator",
    "tigera-system",
];

/// Kinds of Cilium's own policies.
const CILIUM: &[&str] = &["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"];

pub(super) fn check(scene: &Scene, items: &mut Vec<Item>) {
    items.push(engine(scene));
    match scene.objects(&["NetworkPolicy", "Namespace"]) {
        Ok(state) => {
            items.push(default_deny(scene, state, &INGRESS, Direction::Ingress));
            items.push(default_deny(scene, state, &EGRESS, Direction::Egress));
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

/// Support for Azure's own engine on Windows nodes ended with September 2026; on Linux nodes it ends two years later (RDY-17).
fn is_past_windows_end(scene: &Scene) -> bool {
    let end = date(2026, 10, 1)
        .to_zoned(TimeZone::UTC)
        .expect("a day of the calendar begins in UTC")
        .timestamp();
    scene.now.is_some_and(|now| now >= end)
}

/// An engine that this cluster can have, and how it comes to it. No cluster of mode kubenet takes Cilium, and none with Windows pools (RDY-1,
/// MIG-13); Cilium takes the place of another engine by itself, Calico does not (RDY-17).
fn turn_on(scene: &Scene, windows: bool) -> (&'static str, Vec<Option<String>>) {
    let policy = |engine: &'static str| scene.update(&[("--network-policy", Some(engine))]);
    let cilium = scene.turn_on_cilium();
    if windows {
        let mut commands = Vec::new();
        if scene.cluster.network.policy.is_some() {
            commands.push(policy("none"));
        }
        commands.push(policy("calico"));
        return (
            "Cilium does not run on Windows nodes; Calico does, which the documentation says of new clusters only: try it on one that may \
             break. Each of these updates reimages every node",
            commands,
        );
    }
    let migrate = || {
        command_line(
            &["aksplan", "migrate"],
            &[("--cluster", Some(scene.cluster.label()))],
        )
    };
    match scene.cluster.mode() {
        Some(NetworkMode::NodeSubnet) if scene.cluster.network.policy.is_some() => (
            "turn on Cilium before the move to Overlay: it takes the place of the engine that is there, which would have to go for the move. \
             aksplan migrate plans both; each reimages every node",
            vec![migrate(), cilium],
        ),
        Some(NetworkMode::NodeSubnet) => (
            "turn on Cilium, before or after the move to Overlay and not in one update with it: each reimages every node",
            vec![cilium],
        ),
        Some(NetworkMode::Kubenet) => (
            "move to Overlay first, and turn on Cilium after it: each reimages every node. Calico could be turned on now (--network-policy \
             calico), and has to be turned off again for the move",
            vec![migrate(), cilium],
        ),
        _ => (
            "turn on Cilium, which reimages every node and takes the place of another engine",
            vec![cilium],
        ),
    }
}

/// Whether network policies are enforced; `None`: it is not said.
fn is_enforced(scene: &Scene) -> Option<bool> {
    let network = &scene.cluster.network;
    if is_cilium(scene) || network.policy.is_some() {
        Some(true)
    } else {
        (scene.is_answered() || network.no_policy).then_some(false)
    }
}

fn engine(scene: &Scene) -> Item {
    let network = &scene.cluster.network;
    if is_cilium(scene) {
        return ENGINE.ready("Cilium");
    }
    let windows = scene.cluster.has_windows();
    let (remedy, commands) = turn_on(scene, windows);
    match network.policy.as_deref() {
        Some(policy) if policy.eq_ignore_ascii_case("azure") => {
            let (question, evidence) = if windows {
                let severity = if is_past_windows_end(scene) {
                    Severity::Blocker
                } else {
                    Severity::Warning
                };
                (
                    ENGINE.of(severity),
                    "networkPolicy is azure, whose support on Windows nodes ends on 2026-09-30",
                )
            } else {
                (
                    ENGINE.of(Severity::Warning),
                    "networkPolicy is azure, whose support ends on 2028-09-30",
                )
            };
            question.not_ready(evidence, remedy, commands)
        }
        Some(policy) => ENGINE.ready(format!("networkPolicy is {policy}")),
        None if is_enforced(scene) == Some(false) => ENGINE.not_ready(
            "networkPolicy is none: NetworkPolicy objects have no effect",
            remedy,
            commands,
        ),
        None => ENGINE.not_known(
            "networkPolicy is not said",
            "add the cluster as Azure shows it",
            [scene.show("networkProfile.networkPolicy")],
        ),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    fn word(self) -> &'static str {
        match self {
            Direction::Ingress => "Ingress",
            Direction::Egress => "Egress",
        }
    }
}

/// What a policy does to every pod that it can hold for.
#[derive(Clone, Copy, PartialEq)]
enum Effect {
    /// They are isolated: only what some policy names passes.
    Isolates,
    /// Everything passes, whatever other policies say.
    Opens,
    /// It is not for all of them, or not of this direction.
    Nothing,
    /// What its rules name is not said.
    Unsaid,
}

fn is_empty(selector: &Selector) -> bool {
    selector.match_labels.is_empty() && selector.match_expressions.is_empty()
}

fn effect(policy: &NetworkPolicy, direction: Direction) -> Effect {
    let (rules, open) = match direction {
        Direction::Ingress => (policy.ingress_rules, policy.ingress_open),
        Direction::Egress => (policy.egress_rules, policy.egress_open),
    };
    // The API server fills in policyTypes; of a file that leaves it out: ingress always, egress where there are rules for it.
    let of_direction = if policy.policy_types.is_empty() {
        direction == Direction::Ingress || rules.is_some_and(|rules| rules > 0)
    } else {
        let mut kinds = policy.policy_types.iter();
        kinds.any(|kind| kind == direction.word())
    };
    if !is_empty(&policy.pod_selector) || !of_direction {
        return Effect::Nothing;
    }
    match (open, rules) {
        (Some(true), _) => Effect::Opens,
        (Some(false), _) | (None, Some(0)) => Effect::Isolates,
        (None, _) => Effect::Unsaid,
    }
}

/// Keys by which a policy of the whole cluster names namespaces.
fn is_namespace_key(key: &str) -> bool {
    const KEY: &str = "io.kubernetes.pod.namespace";
    key.rsplit_once(':').map_or(key, |(_, key)| key) == KEY
}

/// Whether a selector takes every pod of a namespace. One that asks for more than the namespace takes some at most: errs towards open.
fn takes_all_of(selector: &Selector, namespace: &str) -> bool {
    let by_label = selector
        .match_labels
        .iter()
        .all(|(key, value)| is_namespace_key(key) && value == namespace);
    let by_expression = selector.match_expressions.iter().all(|one| {
        let is_among = one.values.iter().any(|value| value == namespace);
        is_namespace_key(&one.key)
            && match one.operator.as_str() {
                "In" => is_among,
                "NotIn" => !is_among,
                "Exists" => true,
                _ => false,
            }
    });
    by_label && by_expression
}

fn cilium_effect(policy: &CiliumPolicy, namespace: &str, direction: Direction) -> Effect {
    if !policy.namespace.is_empty() && policy.namespace != namespace {
        return Effect::Nothing;
    }
    let mut found = Effect::Nothing;
    for rule in &policy.rules {
        if !takes_all_of(&rule.endpoint_selector, namespace) {
            continue;
        }
        let one = match direction {
            Direction::Ingress => rule.ingress,
            Direction::Egress => rule.egress,
        };
        if one.open {
            return Effect::Opens;
        }
        if one.default_deny {
            found = Effect::Isolates;
        }
    }
    found
}

/// What all policies together do to every pod of a namespace. One that opens undoes what others close.
fn together(
    state: &KubernetesState,
    cilium: bool,
    namespace: &str,
    direction: Direction,
) -> Effect {
    let own = state.network_policies.iter();
    let own = own.filter(|policy| policy.namespace == namespace);
    let mut effects: Vec<Effect> = own.map(|policy| effect(policy, direction)).collect();
    if cilium {
        let policies = state.platform.cilium_policies.iter();
        effects.extend(policies.map(|policy| cilium_effect(policy, namespace, direction)));
    }
    [Effect::Opens, Effect::Unsaid, Effect::Isolates]
        .into_iter()
        .find(|effect| effects.contains(effect))
        .unwrap_or(Effect::Nothing)
}

fn default_deny(
    scene: &Scene,
    state: &KubernetesState,
    question: &Question,
    direction: Direction,
) -> Item {
    let namespaces: BTreeSet<&str> = state
        .namespaces
        .iter()
        .map(|namespace| namespace.name.as_str())
        .filter(|name| !SYSTEM.contains(name))
        .collect();
    let lists_its_own = state
        .namespaces
        .iter()
        .any(|namespace| namespace.name == "kube-system");
    if namespaces.is_empty() && !lists_its_own {
        return question.not_known(
            "the list of namespaces that was read has not even kube-system: it was filtered, or reading it was not allowed",
            "read all of them: every cluster has kube-system",
            [Some("kubectl get namespaces -o json".to_string())],
        );
    }
    if namespaces.is_empty() {
        return question.not_applicable("there are no namespaces but the system's");
    }
    let cilium = is_cilium(scene);
    let of = |wanted: &[Effect]| -> Vec<&str> {
        let all = namespaces.iter().copied();
        all.filter(|name| wanted.contains(&together(state, cilium, name, direction)))
            .collect()
    };
    let (opened, alone) = (of(&[Effect::Opens]), of(&[Effect::Nothing]));
    let cilium_unread = if cilium {
        scene.objects(CILIUM).err()
    } else {
        None
    };
    // A policy that lets everything through does so beside any other.
    if let (Some(unread), true, false) = (&cilium_unread, opened.is_empty(), alone.is_empty()) {
        return unread.item(question);
    }
    let open: Vec<&str> = if cilium_unread.is_some() {
        opened
    } else {
        of(&[Effect::Opens, Effect::Nothing])
    };
    let all: Vec<&str> = namespaces.iter().copied().collect();
    let enforced = is_enforced(scene);
    if !open.is_empty() {
        return open_namespaces(question, direction, all.len(), &open, enforced);
    }
    // Whatever the policies name, nothing holds to it.
    if enforced == Some(false) {
        return question.not_ready(
            format!(
                "{} open whatever their policies say, which nothing enforces, as policy-engine says: {}",
                counted(all.len() as u64, "namespace is", "namespaces are"),
                listed(&all)
            ),
            "turn on an engine, as policy-engine says",
            [],
        );
    }
    let unsaid = of(&[Effect::Unsaid]);
    if !unsaid.is_empty() {
        return question.not_known(
            format!(
                "policies of {} do not say what their rules name",
                listed(&unsaid)
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
    // What isolates may be undone by a policy that was not read.
    if let Some(unread) = cilium_unread {
        return unread.item(question);
    }
    if enforced.is_none() {
        return question.not_known(
            format!(
                "{} isolated by their policies, and networkPolicy is not said, which has to enforce them: {}",
                counted(all.len() as u64, "namespace is", "namespaces are"),
                listed(&all)
            ),
            "add the cluster as Azure shows it",
            [scene.show("networkProfile.networkPolicy")],
        );
    }
    question.ready(format!(
        "{} isolated: {}",
        counted(all.len() as u64, "namespace is", "namespaces are"),
        listed(&all)
    ))
}

fn open_namespaces(
    question: &Question,
    direction: Direction,
    of: usize,
    open: &[&str],
    enforced: Option<bool>,
) -> Item {
    let others = if enforced == Some(false) && open.len() < of {
        "; the others too as long as nothing enforces their policies, as policy-engine says"
    } else {
        ""
    };
    let (remedy, spec) = match direction {
        Direction::Ingress => (
            "allow first what has to get in (the ingress controller, probes, the metrics agent of kube-system), then deny the rest; a policy \
             that lets everything in has to go",
            r#""podSelector":{},"policyTypes":["Ingress"]"#,
        ),
        Direction::Egress => (
            "allow first what has to get out (the API server, what the application calls), then deny the rest; a policy that lets everything \
             out has to go. The policy below lets pods ask the DNS of kube-system: denying alone would cut them off from every name. Where \
             LocalDNS answers on the node, under Cilium its address has to be allowed as well",
            r#""podSelector":{},"policyTypes":["Egress"],"egress":[{"to":[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"kube-system"}}}],"ports":[{"protocol":"UDP","port":53},{"protocol":"TCP","port":53}]}]"#,
        ),
    };
    question.not_ready(
        format!(
            "{} of {} open: {}{others}",
            open.len(),
            counted(of as u64, "namespace", "namespaces"),
            listed(open)
        ),
        remedy,
        open.iter().map(|namespace| {
            let apply = kubectl(&["apply", "--namespace"], &[namespace])?;
            let name = direction.word().to_ascii_lowercase();
            Some(format!(
                "echo '{{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":\"NetworkPolicy\",\"metadata\":{{\"name\":\
                 \"default-deny-{name}\"}},\"spec\":{{{spec}}}}}' | {apply} --filename -"
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

/// Ranges that pods, nodes, or either have their addresses from.
#[derive(Default)]
struct Ranges {
    pods: Vec<IpNet>,
    nodes: Vec<IpNet>,
    /// The subnets of modes in which pods have addresses of the network. They hold other things as well: errs towards a finding.
    both: Vec<IpNet>,
}

impl Ranges {
    fn of(scene: &Scene) -> Self {
        let cluster = scene.cluster;
        let has_pod_cidr = cluster.mode().is_some_and(NetworkMode::has_pod_cidr);
        let mut ranges = Ranges::default();
        if has_pod_cidr {
            ranges.pods.extend(&cluster.network.pod_cidrs);
        }
        let of_subnets = if has_pod_cidr {
            &mut ranges.nodes
        } else {
            &mut ranges.both
        };
        for subnet in scene.inventory.subnets_of_cluster(cluster) {
            of_subnets.extend(&scene.inventory.subnet(subnet).prefixes);
        }
        ranges
    }

    fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    fn all(&self) -> impl Iterator<Item = &IpNet> {
        self.pods.iter().chain(&self.nodes).chain(&self.both)
    }
}

/// Whether a block lets any address of a range through: what it leaves out by `except` is taken away.
fn meets(block: &IpNet, except: &[IpNet], held: &IpNet) -> bool {
    if !cidr::overlap(block, held) {
        return false;
    }
    // Of two ranges that overlap one holds the other.
    let shared = if block.prefix_len() > held.prefix_len() {
        block
    } else {
        held
    };
    let without = IpNet::aggregate(&except.to_vec());
    !without.iter().any(|one| one.contains(shared))
}

/// How a block is read.
#[derive(PartialEq)]
enum Reading {
    /// It holds none of these addresses, or selectors beside it select the pods that it was meant for.
    AsMeant,
    BesideSelectors,
    /// It holds nodes, which no selector selects.
    Nodes,
    Pods,
}

fn reading(block: &IpBlock, ranges: &Ranges) -> Reading {
    let Some(own) = range(&block.cidr) else {
        return Reading::AsMeant;
    };
    let except: Vec<IpNet> = block.except.iter().filter_map(|text| range(text)).collect();
    let meets_any = |held: &[IpNet]| held.iter().any(|held| meets(&own, &except, held));
    // A block inside a node subnet can mean nothing else.
    if ranges.nodes.iter().any(|held| held.contains(&own)) && meets_any(&ranges.nodes) {
        return Reading::Nodes;
    }
    let all: Vec<IpNet> = ranges.all().copied().collect();
    // The whole world holds every range, known or not.
    let unknown = all.is_empty() && own.prefix_len() == 0 && except.is_empty();
    if !unknown && !meets_any(&all) {
        return Reading::AsMeant;
    }
    if block.beside_selectors {
        Reading::BesideSelectors
    } else {
        Reading::Pods
    }
}

fn ip_blocks(scene: &Scene, state: &KubernetesState) -> Item {
    let ranges = Ranges::of(scene);
    let mut met: Vec<String> = Vec::new();
    let mut commands: Vec<Option<String>> = Vec::new();
    let (mut blocks, mut unmeant, mut of_nodes) = (0u64, 0u64, false);
    for policy in &state.network_policies {
        let mut found: Vec<String> = Vec::new();
        for block in &policy.ip_blocks {
            blocks += 1;
            match reading(block, &ranges) {
                Reading::AsMeant => {}
                Reading::BesideSelectors => unmeant += 1,
                Reading::Nodes => {
                    of_nodes = true;
                    found.push(format!("{} {}, nodes", block.direction, block.cidr));
                }
                Reading::Pods => found.push(format!("{} {}", block.direction, block.cidr)),
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
        if of_nodes {
            "name pods by namespaceSelector and podSelector in the same rule, and nodes by a CiliumNetworkPolicy with the entities host and \
             remote-node, which a NetworkPolicy cannot name; a range of the world outside may stay"
        } else {
            "name pods by namespaceSelector and podSelector in the same rule; a range of the world outside may stay"
        },
        commands,
    )
}
