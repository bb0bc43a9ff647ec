//! What the rows mean, as findings, and what they do not know.

use super::address_map::{address_maps, free_blocks};
use super::answer::pod_cidr_rules;
use super::assess::{FirstFailure, Levels, PodCidrRow, SubnetRow, Verdict};
use super::cost::{POD_CIDR_PER_NODE, cost_rules, dynamic_held};
use super::growth::{Books, User};
use super::limits;
use super::occupancy::{Basis, has_ipv6};
use super::rows::VnetDemand;
use crate::finding::{Finding, Severity, counted, grouped};
use crate::model::{Inventory, NetworkMode, NodePool, Subject, VnetIndex};
use crate::rule::{self, Rule};
use std::collections::BTreeSet;

/// When every pool is as large as it may become, in the words that fit these pools.
fn at_the_ceiling<'a>(pools: impl IntoIterator<Item = &'a NodePool>) -> &'static str {
    if pools.into_iter().any(|pool| pool.autoscaler.is_some()) {
        "at the autoscalers' ceiling"
    } else {
        "at the ceiling"
    }
}

/// When the surge of all pools comes together. A cluster that is on Overlay has its move behind it.
pub(super) fn all_at_once(modes: impl IntoIterator<Item = NetworkMode>) -> &'static str {
    if modes.into_iter().all(|mode| mode == NetworkMode::Overlay) {
        "only if all pools surge at once, as pools upgraded side by side do"
    } else {
        "only if all pools surge at once, as the move to Overlay does (MIG-20)"
    }
}

/// What becomes of an upgrade that does not fit at the ceiling: AKS counts an autoscaled pool at `max_count` whatever it has, so its
/// answer is the same today.
fn upgrade(inventory: &Inventory, failure: &FirstFailure) -> String {
    let pool = format!(
        "pool {} of {}",
        failure.pool,
        inventory.cluster(failure.cluster).label()
    );
    match (failure.refused_now(), failure.autoscaled) {
        (true, true) => format!(
            "every upgrade of {pool} is refused now, for AKS counts max_count and not the nodes there are: at {}",
            failure.at()
        ),
        (true, false) => format!(
            "every upgrade of {pool} is refused now: at {}",
            failure.at()
        ),
        (false, _) => format!(
            "an upgrade of {pool} at the ceiling fails: at {}",
            failure.at()
        ),
    }
}

/// The end of a sentence about a refused upgrade: whose are refused as well.
pub fn so_are(others: &[String]) -> String {
    match others {
        [] => String::new(),
        [one] => format!("; so is every upgrade of pool {one}"),
        several => format!("; so is every upgrade of pools {}", some_of(several)),
    }
}

fn others_refused(inventory: &Inventory, failure: Option<&FirstFailure>) -> String {
    failure.map_or_else(String::new, |failure| {
        so_are(&failure.others_refused(inventory))
    })
}

/// Both lists, each rule once, in order.
fn with(
    mut rules: Vec<&'static Rule>,
    more: impl IntoIterator<Item = &'static Rule>,
) -> Vec<&'static Rule> {
    for rule in more {
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

fn available_addresses(available: u64) -> String {
    counted(available, "available address", "available addresses")
}

pub(super) fn subnet_findings(books: &Books, rows: &[SubnetRow], findings: &mut Vec<Finding>) {
    let inventory = books.inventory;
    for row in rows.iter().filter(|row| row.verdict != Verdict::Unused) {
        let name = inventory.subnet_label(row.index);
        let available = row.available();
        let users: Vec<User> = books.pools(row.index).collect();
        let modes: Vec<NetworkMode> = users.iter().filter_map(User::mode).collect();
        let costs = || modes.iter().flat_map(|mode| cost_rules(*mode));
        let failure = row.first_failure.as_ref().map(|failure| {
            format!(
                "; pool {} of {} fails first, at {}",
                failure.pool,
                inventory.cluster(failure.cluster).label(),
                failure.at()
            )
        });
        let failure = failure.unwrap_or_default();
        match row.in_subnet {
            Verdict::Full | Verdict::CeilingShort => findings.push(
                Finding::new(
                    Severity::Blocker,
                    if row.in_subnet == Verdict::Full {
                        "subnet-full"
                    } else {
                        "subnet-ceiling"
                    },
                    format!(
                        "{name}: {} the pools want {} of {}{failure}",
                        at_the_ceiling(users.iter().map(|user| user.pool)),
                        grouped(row.demand.ceiling),
                        available_addresses(available),
                    ),
                    &with(vec![&rule::SUB_1, &rule::ISS_2], costs()),
                )
                .about(inventory.subnet_subject(row.index)),
            ),
            Verdict::SurgeShort => {
                let alone = row.demand.ceiling.saturating_add(row.largest_surge);
                let (message, rules): (String, Vec<&'static Rule>) = if alone > available {
                    let what = row
                        .first_failure
                        .as_ref()
                        .map(|failure| upgrade(inventory, failure));
                    (
                        format!(
                            "{name}: the ceiling fits, its surge does not: {} the pools want {} of {}{}",
                            what.unwrap_or_else(|| "with the surge of one pool".to_string()),
                            grouped(alone),
                            available_addresses(available),
                            others_refused(inventory, row.first_failure.as_ref()),
                        ),
                        vec![&rule::UPG_4, &rule::ISS_2, &rule::ISS_5],
                    )
                } else {
                    (
                        format!(
                            "{name}: the ceiling fits, its surge does not, but {}: the pools then want {} of {}; one after the \
                             other they fit",
                            all_at_once(modes.iter().copied()),
                            grouped(row.demand.ceiling_with_surge),
                            available_addresses(available),
                        ),
                        vec![&rule::UPG_4, &rule::UPG_11, &rule::MIG_20],
                    )
                };
                findings.push(
                    Finding::new(
                        Severity::Warning,
                        "subnet-surge",
                        message,
                        &with(rules, costs()),
                    )
                    .about(inventory.subnet_subject(row.index)),
                );
            }
            _ => {}
        }
        if row.counted.ceiling <= available && row.demand.ceiling > available {
            let mut rules: Vec<&'static Rule> = Vec::new();
            for mode in &modes {
                rules = match mode {
                    NetworkMode::PodSubnetStaticBlock => with(rules, [&rule::STB_3]),
                    NetworkMode::PodSubnetDynamic => with(rules, [&rule::DYN_3]),
                    _ => rules,
                };
            }
            findings.push(Finding::new(
                Severity::Blocker,
                "admission-undercounts",
                format!(
                    "{name}: AKS counts {} and admits the pools, but their nodes hold {}: nodes or pods will wait for \
                     addresses that are not there",
                    counted(row.counted.ceiling, "address", "addresses"),
                    grouped(row.demand.ceiling),
                ),
                &rules,
            ).about(inventory.subnet_subject(row.index)));
        }
        pod_subnet_load(inventory, row, &users, available, findings);
    }
}

/// The first batch is not the last: at `max_pods` pods a node holds many more addresses than the 17 it starts with.
fn pod_subnet_load(
    inventory: &Inventory,
    row: &SubnetRow,
    users: &[User],
    available: u64,
    findings: &mut Vec<Finding>,
) {
    let mut full = 0u64;
    for user in users {
        if user.mode() != Some(NetworkMode::PodSubnetDynamic)
            || user.pool.pod_subnet != Some(row.index)
            || user.each(row.index).is_none()
        {
            continue;
        }
        let each = dynamic_held(u64::from(user.pool.max_pods));
        full = full.saturating_add(user.pool.ceiling().saturating_mul(each));
    }
    if row.demand.ceiling <= available && full > available {
        findings.push(Finding::new(
            Severity::Warning,
            "pod-subnet-load",
            format!(
                "{}: holds every node's first batch at the ceiling ({} of {}), but if every node ran max_pods pods it would \
                 want {}: pods would wait for addresses",
                inventory.subnet_label(row.index),
                grouped(row.demand.ceiling),
                grouped(available),
                grouped(full)
            ),
            &[&rule::DYN_2, &rule::DYN_3],
        ).about(inventory.subnet_subject(row.index)));
    }
}

pub(super) fn pod_cidr_findings(
    inventory: &Inventory,
    rows: &[PodCidrRow],
    findings: &mut Vec<Finding>,
) {
    for row in rows {
        let cluster = inventory.cluster(row.cluster);
        let mode = cluster.mode().unwrap_or(NetworkMode::Overlay);
        let rules = |first: &'static Rule| with(vec![first], pod_cidr_rules(mode));
        let alone = row.demand.ceiling.saturating_add(row.largest_surge);
        let (severity, code, demand, when, rules) = match row.verdict {
            Verdict::Full | Verdict::CeilingShort => (
                Severity::Blocker,
                "pod-cidr-ceiling",
                row.demand.ceiling,
                at_the_ceiling(&cluster.pools).to_string(),
                rules(&rule::ISS_2),
            ),
            Verdict::SurgeShort if alone > row.addresses => (
                Severity::Warning,
                "pod-cidr-surge",
                alone,
                match &row.first_failure {
                    Some(failure) => upgrade(inventory, failure),
                    None => "with the surge of one pool".to_string(),
                },
                with(rules(&rule::MIG_11), [&rule::ISS_2, &rule::ISS_5]),
            ),
            Verdict::SurgeShort => (
                Severity::Warning,
                "pod-cidr-surge",
                row.demand.ceiling_with_surge,
                format!(
                    "one pool after the other can be upgraded at the ceiling; {}",
                    all_at_once([mode])
                ),
                with(rules(&rule::MIG_11), [&rule::UPG_11]),
            ),
            _ => continue,
        };
        findings.push(
            Finding::new(
                severity,
                code,
                format!(
                    "{}: {when} the nodes want {}, pod CIDR {} has {}{}",
                    cluster.label(),
                    counted(demand / POD_CIDR_PER_NODE, "/24 block", "/24 blocks"),
                    row.cidr,
                    grouped(row.nodes),
                    others_refused(inventory, row.first_failure.as_ref()),
                ),
                &rules,
            )
            .about(Subject::Cluster(cluster.label().to_string())),
        );
    }
}

/// A VNet has an end of its own (SUB-2), whatever its prefixes say.
pub(super) fn vnet_findings(
    inventory: &Inventory,
    rows: &[SubnetRow],
    demands: &[VnetDemand],
    findings: &mut Vec<Finding>,
) {
    let vnets: BTreeSet<VnetIndex> = rows
        .iter()
        .map(|row| inventory.subnet(row.index).vnet)
        .collect();
    for vnet in vnets {
        let demand = &demands[vnet.get()];
        let left = demand.headroom();
        let Levels {
            now,
            ceiling,
            ceiling_with_surge,
        } = demand.pools;
        // Where only the surge is too much, the pools are there and work.
        let (severity, when, rules): (_, _, &[&'static Rule]) = if left.ceiling < 0 {
            let when = format!("{} at the ceiling", grouped(ceiling));
            (Severity::Blocker, when, &[&rule::SUB_2])
        } else if left.ceiling_with_surge < 0 {
            let when = format!(
                "{} at the ceiling and {} with the surge of all pools at once",
                grouped(ceiling),
                grouped(ceiling_with_surge)
            );
            (Severity::Warning, when, &[&rule::SUB_2, &rule::UPG_4])
        } else {
            continue;
        };
        let label = inventory.vnet(vnet).label();
        findings.push(
            Finding::new(
                severity,
                "vnet-addresses",
                format!(
                    "{label}: its pools want {} private addresses now, {when}, and others hold {}; a VNet may have {}",
                    grouped(now),
                    grouped(demand.foreign),
                    grouped(limits::VNET_ADDRESSES)
                ),
                rules,
            )
            .about(Subject::Vnet(label.to_string())),
        );
    }
}

/// What the numbers above do not know, in whole sentences.
pub(super) fn not_checked(
    inventory: &Inventory,
    books: &Books,
    subnets: &[SubnetRow],
) -> Vec<String> {
    let mut sentences = inventory.not_checked.clone();
    if inventory.clusters.is_empty() {
        sentences.push(
            "no cluster was read, so nothing is said of pools, moves and readiness: add the output of `az aks list -o json`, or see \
             whether what was named to be read is the right thing"
                .to_string(),
        );
    }
    let guessed: Vec<String> = subnets
        .iter()
        .filter(|row| row.verdict != Verdict::Unused)
        .filter(|row| row.basis == Basis::Counted && !inventory.subnet(row.index).assumed)
        .map(|row| inventory.subnet_label(row.index))
        .collect();
    if !guessed.is_empty() {
        sentences.push(format!(
            "no live usages were read for {}: foreign addresses are those of clusters, services and endpoints that were \
             read; add the output of `az network vnet list-usage` (NET-1)",
            some_of(&guessed)
        ));
    }
    let unexplained: Vec<String> = subnets
        .iter()
        .filter(|row| books.occupancy(row.index).unexplained > 0)
        .map(|row| inventory.subnet_label(row.index))
        .collect();
    if !unexplained.is_empty() {
        sentences.push(format!(
            "usages of {} are smaller than what the clusters' nodes should hold: the files are of different times, or nodes \
             hold less than CLS-3 says; foreign is taken as 0 there",
            some_of(&unexplained)
        ));
    }
    let unread: Vec<String> = subnets
        .iter()
        .filter(|row| row.verdict == Verdict::Unused && row.basis == Basis::Counted)
        .map(|row| inventory.subnet_label(row.index))
        .collect();
    if !unread.is_empty() {
        sentences.push(format!(
            "what {} hold is not known: no usages were read, or the service answers -1 for them, and no AKS pool is there (NET-1)",
            some_of(&unread)
        ));
    }
    let taken: Vec<String> = subnets
        .iter()
        .filter(|row| books.occupancy(row.index).measured)
        .map(|row| inventory.subnet_label(row.index))
        .collect();
    if !taken.is_empty() {
        sentences.push(format!(
            "everything in pod subnet {} is taken for the clusters that were read: nothing tells how much a cluster that was \
             not read holds there",
            some_of(&taken)
        ));
    }
    let dual_stack: Vec<String> = subnets
        .iter()
        .filter(|row| row.verdict != Verdict::Unused && row.basis != Basis::Usages)
        .map(|row| inventory.subnet(row.index))
        .filter(|subnet| subnet.holders.as_ref().is_some_and(|held| !held.is_empty()))
        .filter(|subnet| has_ipv6(subnet))
        .map(|subnet| format!("{}/{}", inventory.vnet(subnet.vnet).label(), subnet.name))
        .collect();
    if !dual_stack.is_empty() {
        sentences.push(format!(
            "ipConfigurations of {} were not counted: a node has two in a dual-stack subnet, and only one is an IPv4 address",
            some_of(&dual_stack)
        ));
    }
    let mut anywhere = Vec::new();
    for row in subnets.iter().filter(|row| books.has_blocks(row.index)) {
        let name = inventory.subnet_label(row.index);
        match free_blocks(&address_maps(books, row.index)) {
            Some(free) if free.differ() => sentences.push(format!("{name}: {}", free.says())),
            Some(_) => {}
            None => anywhere.push(name),
        }
    }
    if !anywhere.is_empty() {
        sentences.push(format!(
            "{}: static blocks are /28-aligned, and Azure's five addresses lie in a subnet's first and last block: up to two blocks fewer \
             than computed may be usable (STB-3)",
            some_of(&anywhere)
        ));
    }
    sentences.sort();
    sentences.dedup();
    sentences
}

/// The first few of a list, and how many more.
pub fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 3;
    if names.len() <= SHOWN {
        return names.join(", ");
    }
    format!(
        "{} and {} more",
        names[..SHOWN].join(", "),
        grouped((names.len() - SHOWN) as u64)
    )
}
