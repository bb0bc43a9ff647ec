//! What the service answers, worded as it words it today, with the numbers. One constructor an error, so that a message an
//! engineer finds in a log and one that aksplan predicts read the same. Decides nothing: callers bring the numbers.

use crate::finding::grouped;
use crate::model::{IpNet, NetworkMode, cidr};
use crate::rule::{self, Rule};

/// When the answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The request is refused with HTTP 400; nothing has changed.
    Admission,
    /// The request was taken; nodes or pods fail afterwards.
    Runtime,
}

impl Stage {
    pub fn word(self) -> &'static str {
        match self {
            Stage::Admission => "admission",
            Stage::Runtime => "runtime",
        }
    }
}

/// How sure an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Official documents say so.
    Documented,
    /// Real services answered so with known configurations.
    Observed,
    /// It follows from rules that are documented or observed, but nobody has printed this very answer.
    Inferred,
}

impl Certainty {
    pub fn word(self) -> &'static str {
        match self {
            Certainty::Documented => "documented",
            Certainty::Observed => "observed",
            Certainty::Inferred => "inferred",
        }
    }
}

/// The code used where AKS is known to refuse, but with a code and text that no public source shows.
pub const CODE_NOT_KNOWN: &str = "unknown";
/// The network's own refusal of an interface, through the scale set.
pub const SUBNET_IS_FULL: &str = "SubnetIsFull";

/// One answer of the service.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub code: &'static str,
    pub stage: Stage,
    /// The property that the service names.
    pub target: Option<String>,
    pub message: String,
    /// Addresses the service adds up.
    pub preallocated: Option<u64>,
    /// Addresses it compares them with.
    pub available: Option<u64>,
    pub subnet: Option<String>,
    pub cidr: Option<String>,
    pub rules: Vec<&'static Rule>,
    pub certainty: Certainty,
}

impl Answer {
    /// An answer without numbers.
    pub fn new(
        stage: Stage,
        code: &'static str,
        target: Option<&str>,
        message: impl Into<String>,
        certainty: Certainty,
        rules: &[&'static Rule],
    ) -> Self {
        Answer {
            code,
            stage,
            target: target.map(str::to_string),
            message: message.into(),
            preallocated: None,
            available: None,
            subnet: None,
            cidr: None,
            rules: rules.to_vec(),
            certainty,
        }
    }
}

/// The range an admission check compares with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckedRange {
    NodeSubnet,
    PodSubnet,
    OverlayPodCidr,
}

impl CheckedRange {
    /// The property that the service names as target.
    pub fn target(self) -> &'static str {
        match self {
            CheckedRange::NodeSubnet => "agentPoolProfile.vnetSubnetID",
            CheckedRange::PodSubnet => "agentPoolProfile.podSubnetID",
            CheckedRange::OverlayPodCidr => "networkProfile.podCIDR",
        }
    }
}

/// `InsufficientSubnetSize`: the current wording (support article, read 2026-11).
pub fn insufficient_subnet_size(
    range: CheckedRange,
    subnet: &str,
    cidr: &str,
    preallocated: u64,
    available: u64,
    certainty: Certainty,
    rules: &[&'static Rule],
) -> Answer {
    let mut all_rules = vec![&rule::INSUFFICIENT_SUBNET_SIZE];
    all_rules.extend(rules);
    Answer {
        code: "InsufficientSubnetSize",
        stage: Stage::Admission,
        target: Some(range.target().to_string()),
        message: format!(
            "Pre-allocated IPs {preallocated} exceeds IPs available {available} in Subnet Cidr {cidr}, Subnet Name {subnet}. \
             If Autoscaler is enabled, the max-count from each nodepool is counted towards this total, which means that \
             pre-allocated IPs count represents a theoretical max value, not the actual number of IPs requested. See \
             http://aka.ms/aks/insufficientsubnetsize for troubleshooting steps. Surge nodes would also consume the subnet \
             IP space, consider use smaller maxSurge or use maxUnavailable (aka.ms/aks/maxUnavailable)."
        ),
        preallocated: Some(preallocated),
        available: Some(available),
        subnet: Some(subnet.to_string()),
        cidr: Some(cidr.to_string()),
        rules: all_rules,
        certainty,
    }
}

/// `InsufficientPodCidr`: kubenet's own code for its pod CIDR.
pub fn insufficient_pod_cidr(cidr: &IpNet, preallocated: u64, available: u64) -> Answer {
    Answer {
        code: "InsufficientPodCidr",
        stage: Stage::Admission,
        target: Some("agentPoolProfile.count".to_string()),
        message: format!(
            "Pre-allocated IPs {preallocated} exceeds IPs available {available} in Pod Cidr {cidr}"
        ),
        preallocated: Some(preallocated),
        available: Some(available),
        subnet: Some("networkProfile.podCidr".to_string()),
        cidr: Some(cidr.to_string()),
        rules: vec![&rule::INSUFFICIENT_POD_CIDR, &rule::KBN_1, &rule::KBN_2],
        certainty: Certainty::Observed,
    }
}

/// `SubnetIsFull` as the network answers when nodes are made: `wanted` addresses at once, `free` there.
pub fn subnet_is_full(
    subnet: &str,
    cidr: &str,
    wanted: u64,
    free: u64,
    certainty: Certainty,
    rules: &[&'static Rule],
) -> Answer {
    let mut all_rules = vec![&rule::SUBNET_IS_FULL];
    all_rules.extend(rules);
    Answer {
        code: SUBNET_IS_FULL,
        stage: Stage::Runtime,
        target: None,
        message: format!(
            "Subnet {subnet} with address prefix {cidr} does not have enough capacity for {wanted} IP addresses."
        ),
        preallocated: Some(wanted),
        available: Some(free),
        subnet: Some(subnet.to_string()),
        cidr: Some(cidr.to_string()),
        rules: all_rules,
        certainty,
    }
}

/// The same through the cluster autoscaler, which asks for a whole step and gets all of it or nothing.
pub fn autoscaler_subnet_is_full(pool: &str, to: u64, full: Answer) -> Answer {
    Answer {
        message: format!(
            "Failed to increase capacity for scale set \"aks-{pool}-…-vmss\" to {to}: {}",
            full.message
        ),
        ..full
    }
}

/// A pod subnet without room for a node's blocks: the nodes were admitted and stay NotReady (STB-3).
pub fn node_without_pod_addresses(subnet: &str, cidr: &str, wanted: u64, free: u64) -> Answer {
    Answer {
        code: "NCUpdateSubnetFullError",
        stage: Stage::Runtime,
        target: None,
        message: format!(
            "Nodes come up NotReady: their NodeNetworkConfig reports \"Failed to allocate address … Subnet is full\" \
             (subnet {subnet}, {cidr}; {wanted} addresses wanted, {free} available)."
        ),
        preallocated: Some(wanted),
        available: Some(free),
        subnet: Some(subnet.to_string()),
        cidr: Some(cidr.to_string()),
        rules: vec![&rule::STB_3, &rule::STB_1],
        certainty: Certainty::Observed,
    }
}

/// A dynamic pod subnet that runs dry: nodes run, new pods do not (DYN-3).
pub fn pods_without_addresses(subnet: &str, cidr: &str, wanted: u64, free: u64) -> Answer {
    Answer {
        code: "NCUpdateSubnetFullError",
        stage: Stage::Runtime,
        target: None,
        message: format!(
            "Pods stay in ContainerCreating: \"AllocateIPConfig failed: not enough IPs available, waiting on Azure CNS to \
             allocate more\" (subnet {subnet}, {cidr}; {wanted} addresses wanted, {free} available)."
        ),
        preallocated: Some(wanted),
        available: Some(free),
        subnet: Some(subnet.to_string()),
        cidr: Some(cidr.to_string()),
        rules: vec![&rule::DYN_3, &rule::DYN_2],
        certainty: Certainty::Inferred,
    }
}

/// The refusal for a pod CIDR that is too small. `sure`: without surge, which may be counted or not (ISS-5).
pub fn pod_cidr_answer(mode: NetworkMode, range: &IpNet, wanted: u64, sure: bool) -> Answer {
    let addresses = cidr::size(range);
    let mut answer = if mode == NetworkMode::Kubenet {
        insufficient_pod_cidr(range, wanted, addresses)
    } else {
        insufficient_subnet_size(
            CheckedRange::OverlayPodCidr,
            "networkProfile.podCIDR",
            &range.to_string(),
            wanted,
            addresses,
            Certainty::Observed,
            &[&rule::OVL_1, &rule::ISS_2, &rule::ISS_3, &rule::ISS_4],
        )
    };
    if !sure {
        answer.certainty = Certainty::Inferred;
        answer.rules.push(&rule::ISS_5);
    }
    answer
}

/// New nodes without a block of the pod CIDR: they were made, and never become Ready.
pub fn nodes_without_pod_cidr(mode: NetworkMode, range: &IpNet, nodes: u64) -> Answer {
    Answer::new(
        Stage::Runtime,
        CODE_NOT_KNOWN,
        Some("networkProfile.podCIDR"),
        format!(
            "{mode} pod CIDR {range} has no block for every one of {} nodes: the last ones stay NotReady. What they report is \
             in no public source.",
            grouped(nodes)
        ),
        Certainty::Inferred,
        &pod_cidr_rules(mode),
    )
}

/// The rules behind a pod CIDR's block a node.
pub fn pod_cidr_rules(mode: NetworkMode) -> Vec<&'static Rule> {
    match mode {
        NetworkMode::Kubenet => vec![&rule::KBN_1, &rule::KBN_2],
        _ => vec![&rule::OVL_1],
    }
}
