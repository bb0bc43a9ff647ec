//! Laws of prediction and capacity, on random estates, against an oracle that was written differently: it walks through the nodes
//! one by one and writes down what each takes, by the words of the rules.

mod ask;

use aksplan::capacity::assess::{Assessment, Scope, Verdict, assess};
use aksplan::capacity::surge::surge_nodes;
use aksplan::model::{IntOrPercent, Inventory, NodePool};
use aksplan::predict::difference::changes_between;
use aksplan::predict::{Outcome, Prediction, Wish, predict};
use aksplan::source::scenario::{
    NumberOrText, OneOrMany, Scenario, ScenarioCluster, ScenarioMigration, ScenarioOperation,
    ScenarioPool, ScenarioScale, ScenarioSubnet, ScenarioUpgrade, ScenarioVnet,
};
use ask::{Asked, ask};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::{BTreeMap, BTreeSet};

const MODES: [&str; 5] = ["kubenet", "classic", "overlay", "dynamic", "static"];

#[derive(Debug, Clone)]
struct Estate {
    mode: &'static str,
    /// Prefix lengths of two node subnets and of two pod subnets.
    node_subnets: [u8; 2],
    pod_subnets: [u8; 2],
    foreign: [u64; 2],
    pod_cidr: u8,
    pools: Vec<ScenarioPool>,
    operation: Operation,
}

#[derive(Debug, Clone)]
enum Operation {
    Update,
    Upgrade(Option<usize>),
    Scale(usize, u64),
    MaxCount(usize, u64),
    Add(Box<ScenarioPool>),
}

fn pool(name: String) -> impl Strategy<Value = ScenarioPool> {
    (
        (0u64..12, option::of(0u64..20), any::<bool>(), any::<bool>()),
        (
            10u32..=250,
            option::of(prop_oneof![
                (0u64..5).prop_map(NumberOrText::Number),
                (0u64..=100).prop_map(|percent| NumberOrText::Text(format!("{percent}%")))
            ]),
        ),
        (0usize..2, 0usize..2),
    )
        .prop_map(
            move |((count, extra, windows, spot), (max_pods, max_surge), (subnet, pod_subnet))| {
                // Enough nodes for the 30-pods rule, which is not what these laws are about.
                let count = count + 3;
                ScenarioPool {
                    name: name.clone(),
                    count,
                    min_count: extra.map(|_| 1),
                    max_count: extra.map(|extra| count + extra),
                    max_pods: Some(max_pods),
                    max_surge,
                    os_type: Some(if windows { "Windows" } else { "Linux" }.to_string()),
                    spot,
                    subnet: Some(format!("nodes{subnet}")),
                    pod_subnet: Some(format!("pods{pod_subnet}")),
                    ..ScenarioPool::default()
                }
            },
        )
}

fn estates() -> impl Strategy<Value = Estate> {
    (1usize..4)
        .prop_flat_map(|pools| {
            let list: Vec<_> = (0..pools)
                .map(|position| pool(format!("pool{position}")))
                .collect();
            let operation = prop_oneof![
                Just(Operation::Update),
                option::of(0..pools).prop_map(Operation::Upgrade),
                (0..pools, 1u64..30).prop_map(|(pool, count)| Operation::Scale(pool, count)),
                (0..pools, 1u64..30).prop_map(|(pool, count)| Operation::MaxCount(pool, count)),
                pool("added".to_string()).prop_map(|pool| Operation::Add(Box::new(pool))),
            ];
            (
                select(MODES.as_slice()),
                [20u8..28, 20u8..28],
                [22u8..28, 22u8..28],
                [0u64..=11, 0u64..=11],
                16u8..23,
                list,
                operation,
            )
        })
        .prop_map(
            |(mode, node_subnets, pod_subnets, foreign, pod_cidr, pools, operation)| Estate {
                mode,
                node_subnets,
                pod_subnets,
                foreign,
                pod_cidr,
                pools,
                operation,
            },
        )
}

impl Estate {
    fn has_pod_subnets(&self) -> bool {
        ["dynamic", "static"].contains(&self.mode)
    }

    fn dressed(&self, pool: &ScenarioPool) -> ScenarioPool {
        let mut pool = pool.clone();
        if !self.has_pod_subnets() {
            pool.pod_subnet = None;
        }
        if self.mode == "static" {
            pool.pod_ip_allocation_mode = Some("StaticBlock".to_string());
        }
        if self.mode == "kubenet" {
            pool.os_type = None;
        }
        pool
    }

    fn scenario(&self) -> Scenario {
        let subnet =
            |name: String, third: usize, length: u8, foreign: Option<u64>| ScenarioSubnet {
                name,
                cidr: OneOrMany::One(format!("10.{third}.0.0/{length}")),
                foreign,
                ..ScenarioSubnet::default()
            };
        let mut subnets = Vec::new();
        for at in 0..2 {
            subnets.push(subnet(
                format!("nodes{at}"),
                at,
                self.node_subnets[at],
                Some(self.foreign[at]),
            ));
            subnets.push(subnet(
                format!("pods{at}"),
                10 + at,
                self.pod_subnets[at],
                Some(0),
            ));
        }
        let name = |at: usize| self.pools[at].name.clone();
        let mut operation = ScenarioOperation::default();
        match &self.operation {
            Operation::Update => operation.update = true,
            Operation::Upgrade(pool) => {
                operation.upgrade = Some(ScenarioUpgrade {
                    pool: pool.map(name),
                })
            }
            Operation::Scale(pool, count) => {
                operation.scale = Some(ScenarioScale {
                    pool: name(*pool),
                    count: *count,
                });
            }
            Operation::MaxCount(pool, count) => {
                operation.max_count = Some(ScenarioScale {
                    pool: name(*pool),
                    count: *count,
                });
            }
            Operation::Add(pool) => operation.add_pool = Some(Box::new(self.dressed(pool))),
        }
        Scenario {
            api_version: "aksplan/v1".to_string(),
            name: "law".to_string(),
            virtual_networks: vec![ScenarioVnet {
                name: "vnet".to_string(),
                address_space: vec!["10.0.0.0/8".to_string()],
                subnets,
                ..ScenarioVnet::default()
            }],
            clusters: vec![ScenarioCluster {
                name: "cluster".to_string(),
                network_plugin: if self.mode == "kubenet" {
                    "kubenet"
                } else {
                    "azure"
                }
                .to_string(),
                network_plugin_mode: (self.mode == "overlay").then(|| "overlay".to_string()),
                pod_cidr: ["kubenet", "overlay"]
                    .contains(&self.mode)
                    .then(|| OneOrMany::One(format!("100.64.0.0/{}", self.pod_cidr))),
                service_cidr: Some(OneOrMany::One("172.20.0.0/16".to_string())),
                pools: self.pools.iter().map(|pool| self.dressed(pool)).collect(),
                ..ScenarioCluster::default()
            }],
            operations: vec![operation],
            ..Scenario::default()
        }
    }

    fn ask(&self) -> Asked {
        ask(&serde_json::to_string(&self.scenario()).expect("a scenario is JSON"))
    }

    /// A step of the autoscaler: no request, so nothing that AKS adds up.
    fn is_step(&self) -> bool {
        matches!(self.operation, Operation::Scale(pool, _) if self.pools[pool].max_count.is_some())
    }
}

/// What one node writes down.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Pen {
    /// What the service adds up.
    Counted,
    /// What the node holds.
    Held,
}

/// One node after the other: the subnet (or pod CIDR) and how many addresses of it.
fn node_takes(mode: &str, pool: &NodePool, pen: Pen) -> Vec<(&'static str, u64)> {
    let windows = pool.os_type == aksplan::model::OsType::Windows;
    let pods = u64::from(pool.max_pods);
    match mode {
        "kubenet" | "overlay" => vec![("nodes", 1), ("networkProfile.podCIDR", 256)],
        // A primary address and one for every pod but two that are on the host's network; on Windows all of them.
        "classic" => vec![("nodes", if windows { 1 + pods } else { 1 + pods - 2 })],
        "dynamic" => vec![
            ("nodes", 1),
            ("pods", if pen == Pen::Counted { 16 } else { 17 }),
        ],
        // Whole blocks of 16 until pods and one reserved address are covered.
        "static" if pen == Pen::Held => {
            let mut blocks = 0;
            while blocks * 16 < pods + 1 {
                blocks += 1;
            }
            vec![("nodes", 1), ("pods", blocks * 16)]
        }
        "static" => vec![("nodes", 1), ("pods", 16)],
        other => panic!("no mode {other}"),
    }
}

/// Adds up node by node.
fn walk(
    mode: &str,
    inventory: &Inventory,
    pools: &[NodePool],
    nodes: impl Fn(&NodePool) -> u64,
    pen: Pen,
) -> BTreeMap<String, u64> {
    let name = |subnet: Option<aksplan::model::SubnetIndex>| {
        inventory
            .subnet(subnet.expect("every pool has one"))
            .name
            .clone()
    };
    let mut ledger: BTreeMap<String, u64> = BTreeMap::new();
    for pool in pools {
        for _node in 0..nodes(pool) {
            for (range, addresses) in node_takes(mode, pool, pen) {
                let range = match range {
                    "nodes" => name(pool.subnet),
                    "pods" => name(pool.pod_subnet),
                    other => other.to_string(),
                };
                *ledger.entry(range).or_default() += addresses;
            }
        }
    }
    ledger
}

/// Surge nodes, one at a time: as many as the setting's share, never more than there are nodes to upgrade.
fn surge_by_hand(pool: &NodePool, nodes: u64) -> u64 {
    let mut surge = 0;
    while surge < nodes {
        let enough = match pool.upgrade.max_surge {
            Some(IntOrPercent::Int(count)) => surge >= count,
            Some(IntOrPercent::Percent(percent)) => surge * 100 >= percent * nodes,
            None => surge * 100 >= 10 * nodes,
        };
        if enough || pool.spot {
            break;
        }
        surge += 1;
    }
    surge
}

fn counted(pool: &NodePool) -> u64 {
    match pool.autoscaler {
        Some(autoscaler) => autoscaler.max_count,
        None => pool.count,
    }
}

/// What the service compares: wanted and available, of every range.
fn comparisons(estate: &Estate, asked: &Asked) -> BTreeMap<String, (u64, u64)> {
    let cluster = asked.after.cluster(asked.cluster);
    let existed = |pool: &NodePool| asked.before.clusters[0].pool(&pool.name).is_some();
    let surges = |pool: &NodePool| match &estate.operation {
        Operation::Upgrade(None) => existed(pool),
        Operation::Upgrade(Some(at)) => estate.pools[*at].name == pool.name,
        _ => false,
    };
    let nodes = |pool: &NodePool| {
        counted(pool)
            + if surges(pool) {
                surge_by_hand(pool, counted(pool))
            } else {
                0
            }
    };
    let available = |range: &str| -> u64 {
        let at = range
            .chars()
            .last()
            .and_then(|digit| digit.to_digit(10))
            .unwrap_or(0) as usize;
        let addresses = |length: u8| (0..32 - length).fold(1u64, |addresses, _| addresses * 2);
        match range.get(..4) {
            Some("node") => {
                (addresses(estate.node_subnets[at]) - 5).saturating_sub(estate.foreign[at])
            }
            Some("pods") => addresses(estate.pod_subnets[at]) - 5,
            _ => addresses(estate.pod_cidr),
        }
    };
    walk(
        estate.mode,
        &asked.after,
        &cluster.pools,
        nodes,
        Pen::Counted,
    )
    .into_iter()
    .map(|(range, wanted)| {
        let available = available(&range);
        (range, (wanted, available))
    })
    .collect()
}

fn demand_by_range(prediction: &Prediction) -> BTreeMap<String, u64> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for row in &prediction.demand {
        assert_eq!(row.addresses, row.nodes * row.per_node);
        *sums.entry(row.subnet.clone()).or_default() += row.addresses;
    }
    sums.retain(|_, sum| *sum > 0);
    sums
}

fn is_size(code: &str) -> bool {
    ["InsufficientSubnetSize", "InsufficientPodCidr"].contains(&code)
}

fn numbers(text: &str) -> Vec<u64> {
    text.split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

fn whole(inventory: &Inventory) -> Assessment {
    assess(inventory, &Scope::default())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Rejected exactly where the sum over nodes exceeds what is there, with those numbers, and never accepted then.
    #[test]
    fn admission_is_the_sum_over_nodes(estate in estates()) {
        if estate.is_step() {
            return Ok(());
        }
        let asked = estate.ask();
        let comparisons = comparisons(&estate, &asked);
        let over: BTreeMap<&str, (u64, u64)> = comparisons
            .iter()
            .filter(|(_, (wanted, available))| wanted > available)
            .map(|(range, pair)| (range.as_str(), *pair))
            .collect();
        let said: BTreeMap<&str, (u64, u64)> = asked
            .prediction
            .errors
            .iter()
            .filter(|error| is_size(error.code))
            .map(|error| {
                let range = match error.subnet.as_deref().unwrap() {
                    "networkProfile.podCidr" => "networkProfile.podCIDR",
                    other => other,
                };
                (range, (error.preallocated.unwrap(), error.available.unwrap()))
            })
            .collect();
        prop_assert_eq!(&said, &over);
        prop_assert_eq!(over.is_empty(), asked.prediction.outcome != Outcome::Rejected);
        let sums: BTreeMap<String, u64> = comparisons.iter().map(|(range, (wanted, _))| (range.clone(), *wanted)).filter(|(_, wanted)| *wanted > 0).collect();
        prop_assert_eq!(demand_by_range(&asked.prediction), sums);
    }

    /// A step of the autoscaler is refused exactly when its new nodes want more than nobody holds, and the largest step that is
    /// named fits while the next does not.
    #[test]
    fn a_step_that_does_not_fit_fails_whole(mut estate in estates(), pool in 0usize..3, more in 1u64..40) {
        let pool = pool % estate.pools.len();
        let now = estate.pools[pool].count;
        estate.pools[pool].min_count = Some(1);
        estate.pools[pool].max_count = Some(now + more);
        estate.operation = Operation::Scale(pool, now + more);
        let asked = estate.ask();
        let subnet = asked.before.clusters[0].pools[pool].subnet.unwrap();
        let held = walk(estate.mode, &asked.before, &asked.before.clusters[0].pools, |pool| pool.count, Pen::Held);
        let name = &asked.before.subnet(subnet).name;
        let at = usize::from(name.ends_with('1'));
        let pods = asked.before.clusters[0].pools[pool].pod_subnet;
        let after = &asked.after.clusters[0].pools[pool];
        let takes = node_takes(estate.mode, after, Pen::Held);
        // Room for how many more, range by range: the node subnet refuses, the others let nodes come that do not work.
        let room: Vec<u64> = takes
            .iter()
            .map(|(range, each)| match *range {
                "nodes" => (asked.before.subnet(subnet).usable().saturating_sub(estate.foreign[at] + held[name])) / each,
                "pods" => {
                    let pods = asked.before.subnet(pods.unwrap());
                    pods.usable().saturating_sub(held[&pods.name]) / each
                }
                other => (1u64 << (32 - estate.pod_cidr)).saturating_sub(held[other]) / each,
            })
            .collect();
        let refused = asked.prediction.errors.iter().any(|error| error.code == "SubnetIsFull");
        prop_assert_eq!(refused, more > room[0]);
        prop_assert_eq!(refused, asked.prediction.outcome == Outcome::Rejected);
        let largest = *room.iter().min().unwrap();
        prop_assert_eq!(more <= largest, asked.prediction.outcome == Outcome::Accepted);
        let mut named = asked.prediction.findings.iter().filter(|finding| finding.code == "largest-step");
        match named.next() {
            Some(finding) => {
                let words = finding.message.replace(',', "");
                prop_assert!(words.contains(&format!("succeed is {largest}:")), "{words}, not {largest}");
                prop_assert!(named.next().is_none());
            }
            None => prop_assert!(more <= largest),
        }
    }

    /// Where every ceiling fits, the pools whose upgrades are said to be refused now are those whose upgrade the sum over nodes
    /// refuses, no other and none less.
    #[test]
    fn every_refused_upgrade_is_named(mut estate in estates()) {
        estate.operation = Operation::Update;
        let assessment = whole(&estate.ask().before);
        let fits = |verdict: Verdict| verdict <= Verdict::SurgeShort;
        let is_whole = assessment.subnets.iter().all(|row| fits(row.verdict))
            && assessment.pod_cidrs.iter().all(|row| fits(row.verdict));
        if !is_whole {
            return Ok(());
        }
        let of_subnets = assessment.subnets.iter().map(|row| &row.first_failure);
        let of_ranges = assessment.pod_cidrs.iter().map(|row| &row.first_failure);
        let named: BTreeSet<String> = of_subnets
            .chain(of_ranges)
            .flatten()
            .flat_map(|failure| failure.refused.iter().map(|(_, pool)| pool.clone()))
            .collect();
        let mut refused = BTreeSet::new();
        for at in 0..estate.pools.len() {
            estate.operation = Operation::Upgrade(Some(at));
            let asked = estate.ask();
            if comparisons(&estate, &asked).values().any(|(wanted, available)| wanted > available) {
                refused.insert(estate.pools[at].name.clone());
            }
        }
        prop_assert_eq!(named, refused);
    }

    /// Others in the subnet never help.
    #[test]
    fn more_foreign_never_lets_a_request_pass(mut estate in estates(), subnet in 0usize..2, more in 1u64..50) {
        let before = estate.ask().prediction;
        estate.foreign[subnet] += more;
        let after = estate.ask().prediction;
        prop_assert!(after.outcome >= before.outcome, "{:?} then {:?}", before.outcome, after.outcome);
        for error in before.errors.iter().filter(|error| is_size(error.code)) {
            prop_assert!(after.errors.iter().any(|other| (other.code, &other.subnet) == (error.code, &error.subnet)));
        }
    }

    #[test]
    fn more_max_pods_never_raises_a_ceiling(mut estate in estates(), pool in 0usize..3, more in 1u32..100) {
        let pool = pool % estate.pools.len();
        let rows = whole(&estate.ask().before).pools;
        estate.pools[pool].max_pods = estate.pools[pool].max_pods.map(|pods| pods + more);
        let fewer = whole(&estate.ask().before).pools;
        for (row, fewer) in rows.iter().zip(&fewer) {
            prop_assert!(fewer.more_nodes <= row.more_nodes);
            prop_assert!(fewer.largest_step <= row.largest_step);
        }
    }

    #[test]
    fn more_surge_never_needs_fewer_addresses(mut estate in estates(), less in 0u64..6, more in 0u64..6, upgraded in option::of(0usize..3)) {
        estate.operation = Operation::Upgrade(upgraded.map(|at| at % estate.pools.len()));
        let mut with = |surge: u64| {
            for pool in &mut estate.pools {
                pool.max_surge = Some(NumberOrText::Number(surge));
            }
            let prediction = estate.ask().prediction;
            (prediction.demand.iter().map(|row| row.addresses).sum::<u64>(), prediction.outcome)
        };
        let (few, fewer_outcome) = with(less.min(more));
        let (many, more_outcome) = with(less.max(more));
        prop_assert!(many >= few);
        prop_assert!(more_outcome >= fewer_outcome);
    }

    /// Every total of `capacity`, node by node.
    #[test]
    fn capacity_totals_are_sums_over_nodes(estate in estates()) {
        let inventory = estate.ask().before;
        let pools = &inventory.clusters[0].pools;
        let assessment = whole(&inventory);
        let top = |pool: &NodePool| pool.count.max(counted(pool));
        for (level, nodes) in [
            (0, Box::new(|pool: &NodePool| pool.count) as Box<dyn Fn(&NodePool) -> u64>),
            (1, Box::new(top)),
            (2, Box::new(move |pool: &NodePool| top(pool) + surge_by_hand(pool, top(pool)))),
        ] {
            let held = walk(estate.mode, &inventory, pools, &nodes, Pen::Held);
            for row in &assessment.subnets {
                let name = &inventory.subnet(row.index).name;
                let demand = [row.demand.now, row.demand.ceiling, row.demand.ceiling_with_surge][level];
                prop_assert_eq!(demand, held.get(name).copied().unwrap_or(0), "{} at level {}", name, level);
                let headroom = [row.headroom.now, row.headroom.ceiling, row.headroom.ceiling_with_surge][level];
                prop_assert_eq!(headroom, row.usable as i64 - row.foreign as i64 - demand as i64);
            }
            for row in &assessment.pod_cidrs {
                let demand = [row.demand.now, row.demand.ceiling, row.demand.ceiling_with_surge][level];
                prop_assert_eq!(demand, held.get("networkProfile.podCIDR").copied().unwrap_or(0));
            }
        }
        for pool in pools {
            prop_assert_eq!(surge_nodes(pool, pool.count), surge_by_hand(pool, pool.count));
        }
    }

    /// The sentence an engineer reads and the numbers a tool reads are the same.
    #[test]
    fn messages_carry_their_numbers(estate in estates()) {
        for error in estate.ask().prediction.errors {
            let Some(wanted) = error.preallocated else { continue };
            let said = numbers(&error.message);
            prop_assert!(said.contains(&wanted), "{} not in {}", wanted, error.message);
            if is_size(error.code) {
                let opening = format!("Pre-allocated IPs {wanted} exceeds IPs available {} in ", error.available.unwrap());
                prop_assert!(error.message.starts_with(&opening), "{}", error.message);
                prop_assert!(wanted > error.available.unwrap());
            }
            prop_assert!(error.message.contains(error.cidr.as_deref().unwrap()));
        }
    }

    #[test]
    fn prediction_is_a_function(estate in estates()) {
        prop_assert_eq!(estate.ask().prediction, estate.ask().prediction);
    }

    /// Asking by change and asking by wanted state are one question.
    #[test]
    fn the_difference_is_the_operation(mut estate in estates()) {
        // An upgrade and a step of the autoscaler leave no trace in the wanted state: scale by hand instead.
        match estate.operation {
            Operation::Update | Operation::Upgrade(_) => {
                estate.pools[0].max_count = None;
                estate.pools[0].min_count = None;
                estate.operation = Operation::Scale(0, estate.pools[0].count + 4);
            }
            Operation::Scale(pool, _) => {
                estate.pools[pool].max_count = None;
                estate.pools[pool].min_count = None;
            }
            _ => {}
        }
        let asked = estate.ask();
        let changes = changes_between(Some(&asked.before.clusters[0]), asked.after.cluster(asked.cluster));
        let by_difference = predict(&Wish {
            before: &asked.before,
            cluster_before: asked.cluster_before,
            after: &asked.after,
            cluster: asked.cluster,
            changes,
        });
        prop_assert_eq!(by_difference.outcome, asked.prediction.outcome);
        prop_assert_eq!(by_difference.errors, asked.prediction.errors);
        prop_assert_eq!(by_difference.demand, asked.prediction.demand);
    }

    /// Pools, subnets and clusters may be listed in any order.
    #[test]
    fn order_of_input_changes_no_number(estate in estates(), turn in 0usize..4) {
        let mut turned = estate.scenario();
        turned.clusters[0].pools.rotate_left(turn % estate.pools.len());
        turned.virtual_networks[0].subnets.rotate_left(turn);
        let mut other = turned.clusters[0].clone();
        other.name = "elsewhere".to_string();
        other.pools.clear();
        turned.clusters.insert(turn % 2, other);
        turned.operations[0].cluster = Some("cluster".to_string());
        let turned = ask(&serde_json::to_string(&turned).unwrap()).prediction;
        let straight = estate.ask().prediction;
        prop_assert_eq!(turned.outcome, straight.outcome);
        // A step of several pools is taken in their order; here it is one.
        prop_assert_eq!(demand_by_range(&turned), demand_by_range(&straight));
        let size = |prediction: &Prediction| -> Vec<_> {
            let mut errors: Vec<_> = prediction.errors.iter().map(|error| (error.code, error.subnet.clone(), error.preallocated, error.available)).collect();
            errors.sort();
            errors
        };
        prop_assert_eq!(size(&turned), size(&straight));
    }
}

/// Names that YAML likes to take for something else.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9_. :#-]{1,12}",
        select(
            [
                "null",
                "~",
                "yes",
                "No",
                "on",
                "1e3",
                "0x1F",
                "1_000",
                "1.33",
                "012",
                "- a",
                "a: b",
                "#x",
                "'",
                "\"",
                "",
                " x ",
                "é",
                "{a}",
                "[b]",
                "&c",
                "*d",
                "!e",
                "%f",
                "@g",
                "2001-01-01",
                ".inf",
                "|",
                ">",
                "?",
                "\\n",
                "a\nb",
                "tab\there"
            ]
            .as_slice()
        )
        .prop_map(str::to_string),
    ]
}

fn scenarios() -> impl Strategy<Value = Scenario> {
    let subnet = (
        words(),
        vec(words(), 0..3),
        option::of(any::<u64>()),
        vec(words(), 0..2),
    )
        .prop_map(|(name, cidr, used, delegations)| ScenarioSubnet {
            name,
            cidr: match <[String; 1]>::try_from(cidr) {
                Ok([one]) => OneOrMany::One(one),
                Err(many) => OneOrMany::Many(many),
            },
            used,
            delegations,
            ..ScenarioSubnet::default()
        });
    let vnet = (
        words(),
        option::of(words()),
        vec(words(), 0..3),
        vec(subnet, 0..3),
    )
        .prop_map(
            |(name, resource_group, address_space, subnets)| ScenarioVnet {
                name,
                resource_group,
                address_space,
                subnets,
                ..ScenarioVnet::default()
            },
        );
    let share = prop_oneof![
        any::<u64>().prop_map(NumberOrText::Number),
        words().prop_map(NumberOrText::Text)
    ];
    let pool = (
        words(),
        any::<u64>(),
        option::of(any::<u64>()),
        option::of(any::<u32>()),
        option::of(share),
        any::<bool>(),
        option::of(words()),
    )
        .prop_map(
            |(name, count, max_count, max_pods, max_surge, spot, kubernetes_version)| {
                ScenarioPool {
                    name,
                    count,
                    max_count,
                    max_pods,
                    max_surge,
                    spot,
                    kubernetes_version,
                    ..ScenarioPool::default()
                }
            },
        )
        .boxed();
    let cluster = (
        words(),
        words(),
        option::of(words()),
        any::<bool>(),
        vec(pool.clone(), 0..3),
    )
        .prop_map(
            |(name, network_plugin, service_cidr, private_cluster, pools)| ScenarioCluster {
                name,
                network_plugin,
                service_cidr: service_cidr.map(OneOrMany::One),
                private_cluster,
                pools,
                ..ScenarioCluster::default()
            },
        )
        .boxed();
    let operation = (
        option::of(words()),
        option::of(cluster.clone()),
        option::of(pool),
        option::of(words()),
        option::of(option::of(words())),
        any::<bool>(),
    )
        .prop_map(
            |(name, create, add_pool, upgrade, migrate, update)| ScenarioOperation {
                cluster: name,
                create: create.map(Box::new),
                add_pool: add_pool.map(Box::new),
                upgrade: upgrade.map(|pool| ScenarioUpgrade { pool: Some(pool) }),
                migrate_to_overlay: migrate.map(|pod_cidr| ScenarioMigration { pod_cidr }),
                update,
                ..ScenarioOperation::default()
            },
        );
    (
        words(),
        words(),
        vec(vnet, 0..3),
        vec(cluster, 0..3),
        vec(operation, 0..3),
    )
        .prop_map(
            |(name, description, virtual_networks, clusters, operations)| Scenario {
                api_version: "aksplan/v1".to_string(),
                name,
                description,
                virtual_networks,
                clusters,
                operations,
                ..Scenario::default()
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(scenario in scenarios()) {
        let yaml = serde_saphyr::to_string(&scenario).expect("a scenario can be written");
        let back: Scenario = serde_saphyr::from_str(&yaml)
            .unwrap_or_else(|error| panic!("{error}\n{yaml}"));
        prop_assert_eq!(&back, &scenario, "{}", yaml);
        let json = serde_json::to_string(&scenario).expect("a scenario can be written");
        let back: Scenario = serde_json::from_str(&json).expect("and read");
        prop_assert_eq!(back, scenario);
    }
}
