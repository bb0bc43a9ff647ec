//! Estates of a few pools, with every number worked out by hand.

use super::assess::{Assessment, Scope, Verdict, assess};
use super::growth::Books;
use super::occupancy::Basis;
use crate::finding::Severity;
use crate::model::{Holder, HolderKind, Inventory, PoolKind, PoolMode, Subject, SubnetIndex};
use proptest::prelude::*;

/// Two subnets: `nodes` is 10.0.0.0/24, `pods` is 10.0.1.0/24 (251 usable each). `pools` are lines of YAML.
fn estate(cluster: &str, pools: &[&str]) -> Inventory {
    let mut text = String::from(
        "apiVersion: aksplan/v1\nname: t\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/8]\n    subnets:\n      \
         - { name: nodes, cidr: 10.0.0.0/24 }\n      - { name: pods, cidr: 10.0.1.0/24 }\nclusters:\n  - name: c\n",
    );
    text.push_str(&format!(
        "    {cluster}\n    service_cidr: 172.20.0.0/16\n    pools:\n"
    ));
    for pool in pools {
        text.push_str(&format!("      - {{ {pool}, subnet: v/nodes }}\n"));
    }
    crate::source::read_document("scenario", text.as_bytes())
        .and_then(crate::source::Found::assemble)
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
        .current
}

const CLASSIC: &str = "network_plugin: azure";

fn whole(inventory: &Inventory) -> Assessment {
    assess(inventory, &Scope::default())
}

fn row<'a>(
    inventory: &Inventory,
    assessment: &'a Assessment,
    name: &str,
) -> &'a super::assess::SubnetRow {
    assessment
        .subnets
        .iter()
        .find(|row| inventory.subnet(row.index).name == name)
        .expect("a row a subnet")
}

fn message<'a>(assessment: &'a Assessment, code: &str) -> &'a str {
    let mut of_code = assessment
        .findings
        .iter()
        .filter(|finding| finding.code == code);
    let first = of_code
        .next()
        .unwrap_or_else(|| panic!("no {code}: {:#?}", assessment.findings));
    assert!(of_code.next().is_none(), "{code} twice");
    &first.message
}

fn rules(assessment: &Assessment, code: &str) -> Vec<&'static str> {
    let finding = assessment
        .findings
        .iter()
        .find(|finding| finding.code == code);
    finding
        .expect(code)
        .rules
        .iter()
        .map(|rule| rule.id)
        .collect()
}

const DYNAMIC: &str = "name: a, count: 5, min_count: 5, max_count: 10, max_pods: 110, max_surge: 1, pod_subnet: v/pods";

#[test]
fn a_pod_subnet_that_is_nearly_full_is_full() {
    let mut inventory = estate(CLASSIC, &[DYNAMIC]);
    inventory.subnets[1].used = Some(245);
    let assessment = whole(&inventory);
    let pods = row(&inventory, &assessment, "pods");
    // 245 now; 5 more nodes of 17, and one of surge.
    assert_eq!(
        (
            pods.demand.now,
            pods.demand.ceiling,
            pods.demand.ceiling_with_surge
        ),
        (245, 330, 347)
    );
    assert_eq!((pods.headroom.now, pods.headroom.ceiling), (6, -79));
    assert_eq!(pods.verdict, Verdict::Full);
    assert_eq!(assessment.pools[0].more_nodes, Some(0));
    let failure = pods.first_failure.as_ref().unwrap();
    assert_eq!((failure.pool.as_str(), failure.nodes), ("a", 6));
    assert!(
        assessment
            .not_checked
            .iter()
            .any(|said| said.starts_with("everything in pod subnet v/pods"))
    );
    // 5 × 16 is what five idle nodes may hold as well: 80 + 85 fit.
    inventory.subnets[1].used = Some(80);
    let assessment = whole(&inventory);
    let pods = row(&inventory, &assessment, "pods");
    assert_eq!(
        (pods.demand.now, pods.demand.ceiling, pods.verdict),
        (80, 165, Verdict::Ok)
    );
}

#[test]
fn in_static_blocks_what_nodes_do_not_hold_is_somebody_elses() {
    let pool =
        "name: a, count: 2, max_pods: 30, pod_subnet: v/pods, pod_ip_allocation_mode: StaticBlock";
    let mut inventory = estate(CLASSIC, &[pool]);
    inventory.subnets[1].used = Some(245);
    let assessment = whole(&inventory);
    // 2 × 2 blocks.
    assert_eq!(row(&inventory, &assessment, "pods").foreign, 245 - 64);
}

#[test]
fn absurd_numbers_do_not_overflow() {
    for pod_subnet in ["", ", pod_subnet: v/pods"] {
        let pool = format!("name: a, count: 1000000, max_pods: 100000{pod_subnet}");
        let mut inventory = estate(CLASSIC, &[&pool, &pool.replace("name: a", "name: b")]);
        for used in [0, 1 << 32, u64::MAX] {
            for subnet in &mut inventory.subnets {
                subnet.used = Some(used);
                subnet.foreign = Some(used);
            }
            for pool in &mut inventory.clusters[0].pools {
                pool.count = used.max(1_000_000);
            }
            let assessment = whole(&inventory);
            assert!(assessment.worst() == Some(Severity::Blocker));
            super::knobs::subnet_knobs(&Books::of(&inventory), &assessment.subnets[0]);
        }
    }
}

#[test]
fn a_fixed_pool_never_fails_first() {
    // 8 × 29 = 232; two and three more of 29 each reach for 377.
    let fixed = "name: fixed, count: 7, max_pods: 30";
    let inventory = estate(
        CLASSIC,
        &[
            fixed,
            "name: q, count: 1, min_count: 1, max_count: 5, max_pods: 30",
        ],
    );
    let assessment = whole(&inventory);
    let failure = row(&inventory, &assessment, "nodes")
        .first_failure
        .clone()
        .unwrap();
    assert_eq!((failure.pool.as_str(), failure.nodes), ("q", 2));
}

#[test]
fn a_pod_cidr_fails_between_count_and_max_count() {
    let pools = [
        "name: p, count: 1, min_count: 1, max_count: 5, max_pods: 30",
        "name: q, count: 1, min_count: 1, max_count: 5, max_pods: 30",
    ];
    let overlay =
        "network_plugin: azure\n    network_plugin_mode: overlay\n    pod_cidr: 10.244.0.0/21";
    let inventory = estate(overlay, &pools);
    let assessment = whole(&inventory);
    let failure = assessment.pod_cidrs[0].first_failure.clone().unwrap();
    // Eight blocks: each alone reaches five, both together do not: with five of the other, the fourth does not fit.
    assert_eq!(failure.nodes, 4);
    assert_eq!(failure.answer.code, "InsufficientSubnetSize");
    let runtime = failure.runtime.unwrap();
    assert!(
        runtime.code == "unknown" && runtime.message.contains("9 nodes"),
        "{}",
        runtime.message
    );
    assert_eq!(rules(&assessment, "pod-cidr-ceiling"), ["ISS-2", "OVL-1"]);
}

#[test]
fn surge_in_turn_and_surge_at_once() {
    // 7 × 29 = 203 of 251; 48 left for surge: one node of 29, not two.
    let one = "count: 4, max_pods: 30, max_surge: 1";
    let two = "count: 3, max_pods: 30, max_surge: 1";
    let pools = [format!("name: p, {one}"), format!("name: q, {two}")];
    let inventory = estate(CLASSIC, &[&pools[0], &pools[1]]);
    let assessment = whole(&inventory);
    let said = message(&assessment, "subnet-surge");
    assert!(
        said.contains("only if all pools surge at once") && said.contains("MIG-20"),
        "{said}"
    );
    let answer = row(&inventory, &assessment, "nodes")
        .first_failure
        .clone()
        .unwrap()
        .answer;
    assert_eq!(
        (answer.code, answer.preallocated, answer.available),
        ("SubnetIsFull", Some(58), Some(48))
    );
    assert_eq!(answer.certainty, super::answer::Certainty::Inferred);
    // With two surge nodes of one pool, that alone is too much.
    let inventory = estate(
        CLASSIC,
        &[&pools[0].replace("surge: 1", "surge: 2"), &pools[1]],
    );
    let assessment = whole(&inventory);
    let said = message(&assessment, "subnet-surge");
    assert!(
        said.contains("every upgrade of pool p of c is refused now: at 4 nodes plus 2 surge nodes")
            && said.contains("want 261 of 251"),
        "{said}"
    );
}

/// AKS counts `max_count` and its surge whatever there is: nobody ever sees the node that is counted.
#[test]
fn an_upgrade_that_does_not_fit_is_refused_at_any_count() {
    let pool = "name: p, count: 2, min_count: 1, max_count: 8, max_pods: 30, max_surge: 1";
    let inventory = estate(CLASSIC, &[pool]);
    let assessment = whole(&inventory);
    // 8 × 29 = 232 of 251; the surge node's 29 make it 261.
    let failure = row(&inventory, &assessment, "nodes")
        .first_failure
        .clone()
        .unwrap();
    assert_eq!(
        (failure.nodes, failure.surge, failure.together),
        (9, 1, false)
    );
    assert_eq!(failure.at(), "8 nodes plus 1 surge node");
    assert!(failure.refused_now());
    assert_eq!(
        failure.says("v/nodes", "c/p"),
        "every upgrade of pool c/p is refused now: 261 of 251 in v/nodes (InsufficientSubnetSize)"
    );
    let said = message(&assessment, "subnet-surge");
    assert!(
        said.contains("counts max_count") && !said.contains("9 nodes"),
        "{said}"
    );
    // As it grows, it is the node count itself.
    let inventory = estate(CLASSIC, &[&pool.replace("max_count: 8", "max_count: 20")]);
    let assessment = whole(&inventory);
    let failure = row(&inventory, &assessment, "nodes")
        .first_failure
        .clone()
        .unwrap();
    assert_eq!(
        (failure.at().as_str(), failure.refused_now()),
        ("9 nodes", false)
    );
}

#[test]
fn the_largest_cluster_after_a_move_is_bound_by_its_pod_cidr() {
    let pool = "name: p, count: 2, max_pods: 30";
    let compare = |inventory: &Inventory, range: Option<&str>| {
        let range = range.map(|range| crate::model::parse_cidr(range).unwrap());
        let index = crate::model::ClusterIndex::new(0);
        let rows = super::modes::compare(&Books::of(inventory), index, range.as_ref());
        let overlay = crate::model::NetworkMode::Overlay;
        rows.into_iter().find(|row| row.mode == overlay).unwrap()
    };
    let inventory = estate(CLASSIC, &[pool]);
    for (range, largest, by) in [
        (None, 251, "subnet"),
        (Some("10.244.0.0/18"), 64, "pod_cidr"),
        (Some("10.244.0.0/14"), 251, "subnet"),
    ] {
        let row = compare(&inventory, range);
        assert_eq!((row.largest, row.largest_by), (largest, by), "{range:?}");
        assert!(row.fits && row.known);
    }
    // Of a cluster without a pool none was read.
    let mut unread = inventory.clone();
    unread.clusters[0].pools.clear();
    assert!(!compare(&unread, None).known);
    // Nor is it known what a neighbour takes whose mode is none of ours.
    let mut beside = inventory.clone();
    let mut other = beside.clusters[0].clone();
    other.network.plugin = Some(crate::model::NetworkPlugin::Other("future".to_string()));
    beside.clusters.push(other);
    assert!(!compare(&beside, None).known);
}

/// The row of the mode that the cluster is in.
fn as_it_is(inventory: &Inventory) -> super::modes::ModeRow {
    let index = crate::model::ClusterIndex::new(0);
    let rows = super::modes::compare(&Books::of(inventory), index, None);
    rows.into_iter().find(|row| row.current).unwrap()
}

#[test]
fn the_largest_cluster_has_the_nodes_that_are_there() {
    let check = |inventory: &Inventory, largest: u64, by: &str, misfit: Option<&str>| {
        let row = as_it_is(inventory);
        assert_eq!((row.largest, row.largest_by), (largest, by), "{row:?}");
        assert_eq!((row.fits, row.misfit), (misfit.is_none(), misfit));
    };
    // 251: three nodes of 29 and one of 109 leave 55. Their surge takes a node of each more.
    let mixed = [
        "name: p, count: 3, max_pods: 30",
        "name: q, count: 1, max_pods: 110",
    ];
    check(&estate(CLASSIC, &mixed), 4, "subnet", Some("subnet"));
    // A pool that may have no node is nobody's dearest.
    let idle = [
        mixed[0],
        "name: q, count: 0, min_count: 0, max_count: 0, max_pods: 110",
    ];
    check(&estate(CLASSIC, &idle), 8, "subnet", None);
    // 251 addresses for 300 nodes: as many as fit, not as many as there are.
    let kubenet = "network_plugin: kubenet\n    pod_cidr: 10.244.0.0/14";
    let many = ["name: p, count: 300, max_pods: 30"];
    check(&estate(kubenet, &many), 251, "subnet", Some("subnet"));
    // All fit the ceiling, not the surge.
    let overlay =
        "network_plugin: azure\n    network_plugin_mode: overlay\n    pod_cidr: 10.244.0.0/21";
    let eight = ["name: p, count: 8, max_pods: 30, max_surge: 1"];
    check(&estate(overlay, &eight), 8, "pod_cidr", Some("pod_cidr"));
}

proptest::proptest! {
    /// Of a cluster of one pool that fits, in every mode: the nodes that are there, and as many more as its row says.
    #[test]
    fn the_largest_cluster_is_what_its_pool_may_have(mode in 0usize..5, count in 1u64..9, max_pods in 10u32..80) {
        let (network, pool) = [
            ("network_plugin: azure", ""),
            ("network_plugin: kubenet\n    pod_cidr: 10.244.0.0/20", ""),
            ("network_plugin: azure\n    network_plugin_mode: overlay\n    pod_cidr: 10.244.0.0/20", ""),
            ("network_plugin: azure", ", pod_subnet: v/pods"),
            ("network_plugin: azure", ", pod_subnet: v/pods, pod_ip_allocation_mode: StaticBlock"),
        ][mode];
        let inventory = estate(network, &[&format!("name: p, count: {count}, max_pods: {max_pods}{pool}")]);
        let fits = whole(&inventory).pools[0].limits.first().unwrap().more_nodes;
        let largest = as_it_is(&inventory).largest;
        // More than there is room for are there: then it is as many as fit, which are fewer.
        let expected = count + fits;
        proptest::prop_assert!(largest == expected || (fits == 0 && largest < count), "{largest} {expected}");
    }
}

#[test]
fn node_limits_take_the_largest_surge() {
    let kubenet = "network_plugin: kubenet\n    pod_cidr: 10.244.0.0/14";
    let inventory = estate(
        kubenet,
        &[
            "name: p, count: 199, max_pods: 30, max_surge: 1",
            "name: q, count: 200, max_pods: 30, max_surge: 1",
        ],
    );
    let said = whole(&inventory);
    assert!(message(&said, "kubenet-nodes").contains("one after the other they fit"));
    let inventory = estate(
        kubenet,
        &[
            "name: p, count: 199, max_pods: 30, max_surge: 2",
            "name: q, count: 200, max_pods: 30, max_surge: 1",
        ],
    );
    // 399 nodes there are, and the two of p: only its own upgrade is refused, and that today.
    let said = whole(&inventory);
    let refused = "every upgrade of pool p is refused now: 399 nodes and 2 surge nodes of one pool";
    assert!(message(&said, "kubenet-nodes").contains(refused));
    assert_eq!(said.refused_upgrades.len(), 1);
    let inventory = estate(
        kubenet,
        &[
            "name: p, count: 100, min_count: 1, max_count: 199, max_pods: 30, max_surge: 2",
            "name: q, count: 200, max_pods: 30, max_surge: 1",
        ],
    );
    let said = whole(&inventory);
    assert!(message(&said, "kubenet-nodes").contains("an upgrade at the ceiling is refused"));
    assert!(said.refused_upgrades.is_empty());
    // How many nodes p has is not known: nothing is said of today.
    let mut inventory = inventory;
    inventory.clusters[0].pools[0].count = 199;
    let known = whole(&inventory);
    assert_eq!(known.refused_upgrades.len(), 1);
    inventory.clusters[0].pools[0]
        .unknown
        .push("node_count".to_string());
    assert!(whole(&inventory).refused_upgrades.is_empty());
}

/// The nodes there are count, with the surge of as many (UPG-5): what a scale set may have is refused today, or at the ceiling.
#[test]
fn a_scale_set_takes_a_thousand_with_surge() {
    let overlay =
        "network_plugin: azure\n    network_plugin_mode: overlay\n    pod_cidr: 100.64.0.0/10";
    let told = |pool: &str| {
        let said = whole(&estate(
            overlay,
            &[&format!("name: p, max_pods: 30, {pool}")],
        ));
        let of_limits = said.findings.iter();
        let of_limits: Vec<String> = of_limits
            .filter(|finding| finding.code == "pool-nodes")
            .map(|finding| finding.message.clone())
            .collect();
        (of_limits.join("; "), said.refused_upgrades.len())
    };
    let (said, refused) = told("count: 990, max_surge: 33%");
    assert_eq!(
        said,
        "c: every upgrade of pool p is refused now: 990 nodes and 327 surge nodes; a scale set may have 1,000"
    );
    assert_eq!(refused, 1);
    let (said, refused) = told("count: 700, min_count: 1, max_count: 990, max_surge: 33%");
    assert!(
        said.contains("an upgrade at the ceiling is refused") && refused == 0,
        "{said}"
    );
    for fits in [
        "count: 750, max_surge: 33%",
        "count: 1000, max_surge: 0",
        "count: 990, max_surge: 10",
    ] {
        assert_eq!(told(fits), (String::new(), 0), "{fits}");
    }
}

/// One pool's surge is as much as the other's: neither can be upgraded, and both are named.
#[test]
fn every_pool_that_is_refused_is_named() {
    // 8 × 29 = 232 of 251.
    let pools = [
        "name: p, count: 4, max_pods: 30, max_surge: 1",
        "name: q, count: 4, max_pods: 30, max_surge: 1",
    ];
    let inventory = estate(CLASSIC, &pools);
    let said = whole(&inventory);
    let failure = row(&inventory, &said, "nodes").first_failure.clone();
    let failure = failure.unwrap();
    assert_eq!(failure.others_refused(&inventory).len(), 1);
    let said = message(&said, "subnet-surge");
    assert!(
        said.contains("every upgrade of pool q of c is refused now")
            && said.ends_with("; so is every upgrade of pool c/p"),
        "{said}"
    );
    let overlay =
        "network_plugin: azure\n    network_plugin_mode: overlay\n    pod_cidr: 10.244.0.0/21";
    let said = whole(&estate(overlay, &pools));
    let said = message(&said, "pod-cidr-surge");
    assert!(
        said.ends_with("; so is every upgrade of pool c/p"),
        "{said}"
    );
}

/// A node that fits alone, and does not with the others at their ceilings, is told with that word.
#[test]
fn a_count_that_assumes_the_others_says_so() {
    // 6 × 29 = 174 of 251: each alone may reach 4, and both want two more.
    let pool = "count: 3, min_count: 1, max_count: 5, max_pods: 30, max_surge: 1";
    let pools = [format!("name: p, {pool}"), format!("name: q, {pool}")];
    let inventory = estate(CLASSIC, &[&pools[0], &pools[1]]);
    let said = whole(&inventory);
    let failure = row(&inventory, &said, "nodes").first_failure.clone();
    let failure = failure.unwrap();
    assert_eq!(said.pools[0].more_nodes, Some(2));
    assert_eq!(
        failure.says("v/nodes", "c/q"),
        "v/nodes has no room for node 4 of pool c/q with all others at their ceilings (InsufficientSubnetSize)"
    );
    assert!(
        message(&said, "subnet-ceiling")
            .ends_with("pool q of c fails first, at 4 nodes with all others at their ceilings")
    );
}

/// A pod subnet is drawn from in one way (STB-2).
#[test]
fn blocks_and_single_addresses_do_not_share_a_pod_subnet() {
    let pool = |name: &str, mode: &str| {
        format!("name: {name}, count: 2, max_pods: 30, max_surge: 1, pod_subnet: v/pods{mode}")
    };
    let blocks = ", pod_ip_allocation_mode: StaticBlock";
    let inventory = estate(CLASSIC, &[&pool("a", ""), &pool("b", blocks)]);
    let said = whole(&inventory);
    assert_eq!(
        message(&said, "pod-subnet-allocation"),
        "v/pods: pool c/b draws by static block and pool c/a draws by address: a pod subnet is one or the other for everyone"
    );
    assert_eq!(said.worst(), Some(Severity::Blocker));
    for mode in ["", blocks] {
        let said = whole(&estate(CLASSIC, &[&pool("a", mode), &pool("b", mode)]));
        let is_mixed = |finding: &crate::finding::Finding| finding.code == "pod-subnet-allocation";
        assert!(!said.findings.iter().any(is_mixed));
    }
}

/// A pod CIDR grows in place, to what is free around it; user pools can do without surge nodes (EXP-1, UPG-7).
#[test]
fn knobs_of_a_pod_cidr() {
    let pools = [
        "name: s, mode: System, count: 3, max_pods: 30, max_surge: 1",
        "name: u, count: 3, min_count: 1, max_count: 5, max_pods: 30, max_surge: 1",
    ];
    let knobs = |range: &str, os: &str| -> Vec<(&'static str, String, Option<String>)> {
        let overlay = format!(
            "network_plugin: azure\n    network_plugin_mode: overlay\n    pod_cidr: {range}"
        );
        let user = format!("{}{os}", pools[1]);
        let inventory = estate(&overlay, &[pools[0], &user]);
        let said = whole(&inventory);
        super::knobs::pod_cidr_knobs(&inventory, &said.pod_cidrs[0])
            .into_iter()
            .map(|knob| (knob.kind.key(), knob.of.unwrap_or_default(), knob.enough))
            .collect()
    };
    let of = |key: &'static str, of: &str, enough: Option<&str>| {
        (key, of.to_string(), enough.map(str::to_string))
    };
    // Eight blocks hold the ceilings of three and five, and not the surge node of each: a /20 does.
    assert_eq!(
        knobs("192.168.8.0/21", ""),
        [
            of("max_surge", "c/s", None),
            of("max_count", "c/u", Some("3")),
            of("max_surge", "c/u", None),
            of("pod_cidr", "c", Some("192.168.0.0/20")),
        ]
    );
    // The other half is the service CIDR's, or there are Windows nodes: it does not grow.
    let grows = |range: &str, os: &str| knobs(range, os).pop();
    assert_eq!(grows("172.20.0.0/21", ""), Some(of("pod_cidr", "c", None)));
    let windows = grows("192.168.8.0/21", ", os_type: Windows");
    assert_eq!(windows, Some(of("pod_cidr", "c", None)));
    // Without a surge node the ceiling fits.
    let inventory = estate(
        "network_plugin: azure\n    network_plugin_mode: overlay\n    pod_cidr: 192.168.8.0/21",
        &["name: u, count: 8, max_pods: 30, max_surge: 1"],
    );
    let said = whole(&inventory);
    let knobs = super::knobs::pod_cidr_knobs(&inventory, &said.pod_cidrs[0]);
    let without = knobs.iter().find(|knob| knob.kind.key() == "max_surge");
    assert_eq!(
        without.unwrap().enough.as_deref(),
        Some(super::knobs::NO_SURGE)
    );
}

/// Where blocks must be aligned, Azure's five addresses cost the first and the last of a /26 of four.
#[test]
fn aligned_blocks_are_told_beside_their_number() {
    let pool =
        "name: a, count: 0, max_pods: 15, pod_subnet: v/pods, pod_ip_allocation_mode: StaticBlock";
    let mut inventory = estate(CLASSIC, &[pool]);
    inventory.subnets[1].prefixes = vec!["10.0.1.0/26".parse().unwrap()];
    let said = whole(&inventory).not_checked;
    let says = "v/pods: 2 aligned blocks of 16 are free, and 3 by number, as capacity counts; that static blocks are aligned is \
                inferred (STB-1, STB-3)";
    assert!(said.iter().any(|said| said == says), "{said:?}");
    // By usages alone nobody knows where anything lies.
    inventory.subnets[1].used = Some(7);
    let said = whole(&inventory).not_checked;
    assert!(
        said.iter().any(|said| said.contains("up to two blocks")),
        "{said:?}"
    );
}

#[test]
fn an_unknown_pool_hides_no_failure() {
    let pools = [
        "name: known, count: 9, max_pods: 30",
        "name: open, count: 7, max_pods: 30",
    ];
    let mut inventory = estate(CLASSIC, &pools);
    inventory.clusters[0].pools[1]
        .unknown
        .push("node_count".to_string());
    let assessment = whole(&inventory);
    // 9 × 29 = 261.
    let nodes = row(&inventory, &assessment, "nodes");
    assert_eq!((nodes.demand.now, nodes.verdict), (261, Verdict::Full));
    assert!(
        assessment
            .pools
            .iter()
            .all(|row| row.more_nodes.is_none() && row.largest_step.is_none())
    );
    inventory.clusters[0].pools[0].count = 2;
    let assessment = whole(&inventory);
    assert_eq!(
        row(&inventory, &assessment, "nodes").verdict,
        Verdict::Unknown
    );
    // A ceiling that is left open is no ceiling.
    inventory.clusters[0].pools[1].unknown = vec!["max_count".to_string()];
    inventory.clusters[0].pools[1].count = 1;
    let assessment = whole(&inventory);
    assert_eq!(
        row(&inventory, &assessment, "nodes").verdict,
        Verdict::Unknown
    );
}

fn holder(kind: HolderKind, addresses: u64) -> Holder {
    Holder {
        kind,
        name: "x".to_string(),
        resource_group: Some("MC_c".to_string()),
        addresses,
        machines: 1,
    }
}

#[test]
fn configurations_are_believed_where_they_can_be() {
    let mut inventory = estate(
        CLASSIC,
        &[
            "name: sets, count: 1, max_pods: 30",
            "name: machines, count: 1, max_pods: 30",
        ],
    );
    inventory.clusters[0].node_resource_group = Some("MC_c".to_string());
    inventory.subnets[0].holders = Some(vec![
        holder(HolderKind::ScaleSet, 29),
        holder(HolderKind::NetworkInterface, 29),
    ]);
    inventory.clusters[0].pools[1].kind = PoolKind::VirtualMachines;
    let books = Books::of(&inventory);
    let occupancy = books.occupancy(SubnetIndex::new(0));
    assert_eq!(
        (occupancy.used, occupancy.foreign, occupancy.basis),
        (58, 0, Basis::IpConfigurations)
    );
    // Two configurations a node say nothing about IPv4.
    inventory.subnets[0]
        .prefixes
        .push("fd00::/64".parse().unwrap());
    let books = Books::of(&inventory);
    let occupancy = books.occupancy(SubnetIndex::new(0));
    assert_eq!((occupancy.used, occupancy.basis), (58, Basis::Counted));
    assert!(
        whole(&inventory)
            .not_checked
            .iter()
            .any(|said| said.starts_with("ipConfigurations of v/nodes"))
    );
}

#[test]
fn a_vnet_counts_blocks_and_has_an_end() {
    let wide = |mode: &str| {
        let pool = format!(
            "name: a, count: 0, min_count: 0, max_count: 900, max_pods: 110, pod_subnet: v/pods{mode}"
        );
        let mut inventory = estate(CLASSIC, &[&pool]);
        inventory.subnets[1].prefixes = vec!["10.64.0.0/12".parse().unwrap()];
        inventory.subnets[0].prefixes = vec!["10.32.0.0/16".parse().unwrap()];
        inventory
    };
    // 900 × 7 blocks of 112 addresses are 6,300 configurations, and 900 of the nodes.
    let inventory = wide(", pod_ip_allocation_mode: StaticBlock");
    let assessment = whole(&inventory);
    assert_eq!(row(&inventory, &assessment, "pods").demand.ceiling, 100_800);
    assert!(
        assessment
            .findings
            .iter()
            .all(|finding| finding.code != "vnet-addresses")
    );
    let mut classic = estate(
        CLASSIC,
        &["name: a, count: 0, min_count: 0, max_count: 900, max_pods: 110"],
    );
    classic.subnets[0].prefixes = vec!["10.32.0.0/12".parse().unwrap()];
    // 900 × 109.
    let said = whole(&classic);
    assert!(message(&said, "vnet-addresses").contains("98,100"));
    // The subnet's million has room for them; the VNet's limit, the headroom and the verdict have not.
    let nodes = row(&classic, &said, "nodes");
    assert_eq!(
        (nodes.in_subnet, nodes.verdict),
        (Verdict::Ok, Verdict::VnetShort)
    );
    let with_surge = 65_536 - 990 * 109;
    assert_eq!(
        (
            nodes.headroom.now,
            nodes.headroom.ceiling,
            nodes.headroom.ceiling_with_surge
        ),
        (65_536, 65_536 - 98_100, with_surge)
    );
    assert_eq!(said.worst(), Some(Severity::Blocker));
    assert!(nodes.first_failure.is_none());
    // A larger subnet is no way out, fewer nodes are.
    let knobs = super::knobs::subnet_knobs(&Books::of(&classic), nodes);
    let enough = |key: &str| {
        let knob = knobs.iter().find(|knob| knob.kind.key() == key);
        knob.map(|knob| knob.enough.clone())
    };
    assert_eq!(enough("prefix"), None);
    // 546 and 55 of surge are 601 of 109.
    assert_eq!(enough("max_count"), Some(Some("546".to_string())));
    // Only the surge of all is too much.
    classic.clusters[0].pools[0].autoscaler = crate::model::Autoscaler::new(0, 600);
    let said = whole(&classic);
    let nodes = row(&classic, &said, "nodes");
    assert_eq!(
        (nodes.verdict, nodes.headroom.ceiling_with_surge),
        (Verdict::SurgeShort, 65_536 - 660 * 109)
    );
    assert_eq!(said.worst(), Some(Severity::Warning));
    message(&said, "vnet-addresses");
}

#[test]
fn knobs_that_cannot_be_turned_are_not_offered() {
    // 8 × 29 = 232 of 251: no surge node fits.
    let mut inventory = estate(
        CLASSIC,
        &["name: p, count: 8, min_count: 1, max_count: 8, max_pods: 30, max_surge: 1"],
    );
    for (mode, wanted) in [
        (PoolMode::User, Some("0, with max_unavailable 1")),
        (PoolMode::System, None),
    ] {
        inventory.clusters[0].pools[0].mode = mode;
        let assessment = whole(&inventory);
        let knobs = super::knobs::subnet_knobs(
            &Books::of(&inventory),
            row(&inventory, &assessment, "nodes"),
        );
        let of = |key: &str| {
            knobs
                .iter()
                .find(|knob| knob.kind.key() == key)
                .unwrap()
                .enough
                .as_deref()
        };
        assert_eq!(of("max_surge"), wanted);
        // Seven and one would fit, but eight nodes are there.
        assert_eq!(of("max_count"), None);
    }
}

#[test]
fn words_and_rules_fit_the_pools() {
    let assessment = whole(&estate(CLASSIC, &["name: p, count: 9, max_pods: 30"]));
    let said = message(&assessment, "subnet-full");
    assert!(said.contains(": at the ceiling the pools"), "{said}");
    assert_eq!(
        rules(&assessment, "subnet-full"),
        ["SUB-1", "ISS-2", "CLS-3", "CLS-1"]
    );
    // 15 × 17 = 255 of 251 where 15 × 16 = 240 are counted.
    let assessment = whole(&estate(
        CLASSIC,
        &["name: p, count: 15, max_pods: 110, pod_subnet: v/pods"],
    ));
    assert_eq!(rules(&assessment, "admission-undercounts"), ["DYN-3"]);
    let assessment = whole(&estate(
        CLASSIC,
        &[
            "name: p, count: 3, max_pods: 250, pod_subnet: v/pods, pod_ip_allocation_mode: StaticBlock",
        ],
    ));
    assert_eq!(rules(&assessment, "admission-undercounts"), ["STB-3"]);
    let kubenet = "network_plugin: kubenet\n    pod_cidr: 10.244.0.0/22";
    let assessment = whole(&estate(kubenet, &["name: p, count: 5, max_pods: 30"]));
    assert_eq!(
        rules(&assessment, "pod-cidr-ceiling"),
        ["ISS-2", "KBN-1", "KBN-2"]
    );
}

/// The parts of a pod CIDR are its pools', and add up to what the row says.
#[test]
fn a_pod_cidr_is_shared_by_its_pools() {
    let inventory = estate(
        "network_plugin: azure\n    network_plugin_mode: overlay\n    pod_cidr: 10.244.0.0/19",
        &[
            "name: a, mode: System, count: 4, max_pods: 30, max_surge: 1",
            "name: b, count: 9, min_count: 3, max_count: 26, max_pods: 30, max_surge: 33%",
        ],
    );
    let assessment = whole(&inventory);
    let [row] = assessment.pod_cidrs.as_slice() else {
        panic!("one pod CIDR")
    };
    let shares = super::assess::pod_cidr_shares(&inventory, row.cluster);
    let ceilings: Vec<u64> = shares.iter().map(|share| share.demand.ceiling).collect();
    assert_eq!(ceilings, [4 * 256, 26 * 256]);
    let sum = |of: fn(&super::assess::Levels<u64>) -> u64| -> u64 {
        shares.iter().map(|share| of(&share.demand)).sum()
    };
    assert_eq!(sum(|demand| demand.now), row.demand.now);
    assert_eq!(sum(|demand| demand.ceiling), row.demand.ceiling);
    assert_eq!(
        sum(|demand| demand.ceiling_with_surge),
        row.demand.ceiling_with_surge
    );
}

/// Clusters of few names, groups and subscriptions, with ranges that are in each other's way.
fn twins() -> impl Strategy<Value = Inventory> {
    let group = prop::sample::select(vec!["", "1/rg", "2/rg", "1/other"]);
    let name = prop::sample::select(vec!["prod", "Prod", "dev"]);
    let services = prop::sample::select(vec!["10.0.0.0/16", "172.30.0.0/16", "192.168.0.0/16"]);
    let mode = prop::sample::select(vec![
        "",
        ", network_plugin_mode: overlay, pod_cidr: 10.0.64.0/20",
    ]);
    let cluster = (name, group, services, mode, 1u64..300);
    prop::collection::vec(cluster, 1..5).prop_map(|clusters| {
        let mut text = String::from(
            "apiVersion: aksplan/v1\nname: t\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/16]\n    subnets: [{ name: s, cidr: \
             10.0.0.0/20 }]\nreserved: [{ cidr: 192.168.4.0/24, owner: elsewhere }]\nclusters:\n",
        );
        let mut seen = std::collections::BTreeSet::new();
        for (name, group, services, mode, count) in clusters {
            let id = match group.split_once('/') {
                None => String::new(),
                Some((subscription, group)) => format!(
                    "id: /subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ContainerService/managedClusters/{name}, "
                ),
            };
            // Without an id, a name is one cluster.
            if !seen.insert((name.to_ascii_lowercase(), group)) {
                continue;
            }
            text.push_str(&format!(
                "  - {{ name: {name}, {id}network_plugin: azure{mode}, service_cidr: {services}, dns_service_ip: 10.0.0.1, pools: [{{ name: p, count: \
                 {count}, max_pods: 30, subnet: v/s }}] }}\n"
            ));
        }
        crate::source::read_document("scenario", text.as_bytes())
            .and_then(crate::source::Found::assemble)
            .unwrap_or_else(|error| panic!("{error}\n{text}"))
            .current
    })
}

proptest! {
    /// Whatever is found is about a cluster by the one name that people are told: else it has no place, and counts as another's.
    #[test]
    fn a_cluster_is_called_by_its_label(inventory in twins()) {
        let labels: Vec<&str> = inventory.clusters.iter().map(|cluster| cluster.label()).collect();
        let assessment = whole(&inventory);
        let findings = assessment.findings.iter().map(|finding| finding.subject.clone());
        let ranges = assessment.overlaps.iter().flat_map(|overlap| [overlap.a.subject(), overlap.b.subject()]);
        let mut clusters = 0;
        for subject in findings.chain(ranges) {
            let (Subject::Cluster(name) | Subject::Pool { cluster: name, .. }) = &subject else {
                continue;
            };
            clusters += 1;
            prop_assert!(labels.contains(&name.as_str()), "{subject} is none of {labels:?}");
        }
        prop_assert!(clusters > 0);
    }
}
