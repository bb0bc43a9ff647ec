//! What the laws of this folder have found, as small as it gets: each of these once hung, waited for ever, or was told wrongly.

use super::cluster::{App, Kind, Rule, Selects, State, Tiny, TinyBudget, TinyNode, TinyPool};
use super::log::obeys;
use super::plan::{Case, Plan};
use aksplan::model::IntOrPercent;
use aksplan::population::{NodeId, PodId};
use aksplan::simulate::{Ended, Engine, Happening, Outcome, Policy, What};

/// One node to a pool's number, each with room for everybody.
fn cluster(pools: &[usize], apps: Vec<App>, budgets: Vec<TinyBudget>) -> Tiny {
    let count = pools.iter().max().map_or(0, |pool| pool + 1);
    Tiny {
        mode: "overlay",
        is_new: false,
        subnet: 24,
        pools: vec![in_place(); count],
        nodes: pools.iter().map(|pool| node(*pool)).collect(),
        apps,
        budgets,
    }
}

fn node(pool: usize) -> TinyNode {
    TinyNode {
        pool,
        zone: 0,
        cordoned: false,
        broken: false,
        cpu: 100,
        pods: 100,
    }
}

/// One node at a time, without surge.
fn in_place() -> TinyPool {
    TinyPool {
        system: false,
        spot: false,
        max_surge: Some(IntOrPercent::Int(0)),
        max_unavailable: Some(IntOrPercent::Int(1)),
        cordon: false,
        soak: 0,
        drain_timeout: 5,
        grows: None,
        tainted: false,
    }
}

fn app(kind: Kind, pods: &[(usize, State)]) -> App {
    App {
        kind,
        tier: 0,
        second_namespace: false,
        cpu: 1,
        apart: None,
        spread: None,
        tolerates: false,
        only_pool: None,
        grace: None,
        empty_dir: false,
        start: None,
        pods: pods.to_vec(),
    }
}

fn budget(app: usize, rule: Rule) -> TinyBudget {
    TinyBudget {
        second_namespace: false,
        selects: Selects::App(app),
        rule,
        always_allow: None,
        stale: false,
    }
}

/// `kubectl drain` of these nodes, one after the other.
fn drain(nodes: &[usize], timeout: Option<u64>) -> Plan {
    Plan::Drain {
        nodes: (0..6).map(|node| nodes.contains(&node)).collect(),
        together: false,
        timeout,
        options: 7,
    }
}

fn run(tiny: Tiny, plan: Plan) -> (Ended, Vec<Happening>) {
    let case = Case { tiny, plan };
    if let Err(why) = obeys(&case) {
        panic!("{why}");
    }
    case.with(&Policy::default(), |setting| Engine::new(setting).record())
}

/// Seconds at which this happened.
fn times(log: &[Happening], wanted: What) -> Vec<u32> {
    let same = log.iter().filter(|happening| happening.what == wanted);
    same.map(|happening| happening.at).collect()
}

/// Nodes a pod was placed on, with the second.
fn placed(log: &[Happening], pod: u32) -> Vec<(u32, usize)> {
    let placed = log.iter().filter_map(|happening| match happening.what {
        What::Placed(PodId(placed), node) if placed == pod => Some((happening.at, node.at())),
        _ => None,
    });
    placed.collect()
}

use State::{Broken, Pending, Ready, Young};

/// It was told to try again within the same second, for ever: a budget that wants no healthy pod has no exception for pods that are
/// not ready (EV-4). And each of those goes as soon as the controller has seen that the one before cost nothing.
#[test]
fn a_budget_that_wants_none_lets_unready_pods_go_one_by_one() {
    let all = Rule::MaxUnavailable(IntOrPercent::Percent(100));
    let pods = [(0, Young), (0, Broken), (0, Broken)];
    let tiny = cluster(
        &[0, 0],
        vec![app(Kind::Deployment, &pods)],
        vec![budget(0, all)],
    );
    let (ended, _) = run(tiny, drain(&[0], None));
    assert!(ended.seconds.is_some());
}

/// It stood in front of all others of its kind, and nobody looked for a node for it.
#[test]
fn a_pod_that_was_only_just_made_is_placed_at_once() {
    let apps = vec![app(Kind::Deployment, &[(0, Pending), (0, Ready)])];
    let (_, log) = run(cluster(&[0, 0], apps, Vec::new()), drain(&[0], None));
    assert_eq!(placed(&log, 0)[0].0, 0);
    assert_eq!(placed(&log, 1), [(2, 1)].map(|(_, node)| (1, node)));
}

#[test]
fn an_ordered_stateful_set_comes_back_in_its_order() {
    let apps = vec![app(Kind::Ordered, &[(0, Ready), (0, Ready), (0, Ready)])];
    let (_, log) = run(cluster(&[0, 0], apps, Vec::new()), drain(&[0], None));
    let made: Vec<u32> = (0..3).map(|pod| placed(&log, pod)[0].0).collect();
    // Gone after 9 of 30 s, made a second later; each is ready after 20 s.
    assert_eq!(made, [10, 30, 50]);
}

/// It stayed the one that was being made, and nothing of its StatefulSet was made any more, itself included.
#[test]
fn a_broken_pod_of_a_stateful_set_is_made_anew_every_time() {
    let apps = vec![app(Kind::Ordered, &[(0, Broken)])];
    let (ended, log) = run(
        cluster(&[0, 0], apps, Vec::new()),
        Plan::Upgrade { from: 0 },
    );
    assert!(ended.seconds.is_some());
    let nodes: Vec<usize> = placed(&log, 0).into_iter().map(|(_, node)| node).collect();
    assert_eq!(nodes, [1, 0]);
}

/// What holds it back is on a node that takes no pods.
#[test]
fn a_pod_is_placed_when_the_one_it_keeps_away_from_is_gone() {
    let mut apart = app(Kind::Deployment, &[(0, Ready)]);
    apart.apart = Some(true);
    apart.grace = Some(60);
    let mut tiny = cluster(&[0, 0], vec![apart], Vec::new());
    for node in &mut tiny.nodes {
        node.zone = 1;
    }
    let (_, log) = run(tiny, drain(&[0], None));
    assert_eq!(times(&log, What::Unplaceable(PodId(0))), [1]);
    assert_eq!(placed(&log, 0), [(18, 1)]);
}

/// A failed drain uncordons its node, and does not heal it.
#[test]
fn a_node_that_was_not_ready_takes_no_pods_when_its_drain_fails() {
    let none = Rule::MaxUnavailable(IntOrPercent::Int(0));
    let mut waiting = app(Kind::Deployment, &[(0, Pending)]);
    waiting.only_pool = Some(0);
    let apps = vec![app(Kind::Deployment, &[(0, Ready)]), waiting];
    let mut tiny = cluster(&[0, 1], apps, vec![budget(0, none)]);
    tiny.nodes[0].broken = true;
    let (ended, log) = run(tiny, Plan::Upgrade { from: 0 });
    assert_eq!(times(&log, What::Uncordoned(NodeId(0))).len(), 1);
    assert_eq!(placed(&log, 1), []);
    assert_eq!(ended.unplaced, 1);
}

/// "error: unable to drain node …, continuing command...".
#[test]
fn kubectl_goes_on_with_the_next_node() {
    let none = Rule::MaxUnavailable(IntOrPercent::Int(0));
    let apps = vec![app(Kind::Deployment, &[(0, Ready)])];
    let tiny = cluster(&[0, 0, 0], apps, vec![budget(0, none)]);
    let (ended, log) = run(tiny, drain(&[0, 1], Some(30)));
    assert_eq!(times(&log, What::DrainTimedOut(NodeId(0))), [30]);
    assert_eq!(times(&log, What::Drained(NodeId(1))), [30]);
    assert_eq!((ended.seconds, ended.failed), (None, vec![true]));
}

/// The surge node that stands in for a quarantined one was held at what it takes at the least, for ever.
#[test]
fn addresses_meet_in_the_end_whatever_is_quarantined() {
    let none = Rule::MaxUnavailable(IntOrPercent::Int(0));
    let apps = vec![app(Kind::Deployment, &[(0, Ready)])];
    let mut tiny = cluster(&[0], apps, vec![budget(0, none)]);
    tiny.mode = "classic";
    tiny.pools[0].max_surge = Some(IntOrPercent::Int(1));
    tiny.pools[0].cordon = true;
    let (ended, log) = run(tiny, Plan::Move { same_cidr: false });
    assert!(ended.seconds.is_some());
    let last = log.iter().rev().find_map(|happening| match happening.what {
        What::Addresses(1, low, high) => Some((low, high)),
        _ => None,
    });
    assert_eq!(last, Some((256, 256)));
}

/// Nodes that take no time each began when the other ended: the path went in circles until no memory was left.
#[test]
fn the_critical_path_of_empty_nodes_ends() {
    let case = Case {
        tiny: cluster(&[0, 0, 0], Vec::new(), Vec::new()),
        plan: drain(&[0, 1, 2], None),
    };
    let steps = case.with(&Policy::default(), |setting| {
        let (ended, log) = Engine::new(setting).record();
        Outcome::of(setting, ended, log).critical_path.len()
    });
    assert_eq!(steps, 3);
}

/// The clock ran on to the time limit of a drain that was long over.
#[test]
fn a_run_is_over_when_nothing_more_can_come() {
    let apps = vec![app(Kind::Ordered, &[(0, Broken), (0, Ready)])];
    let (ended, log) = run(cluster(&[0, 0], apps, Vec::new()), drain(&[0], Some(600)));
    assert_eq!(ended.seconds, Some(9));
    // The broken one is placed, and the other never made.
    assert_eq!(log.last().map(|happening| happening.at), Some(10));
}

/// The drain was over, and nobody waited for the node that was on its way.
#[test]
fn a_run_goes_on_while_nodes_come_up_for_pods_that_wait() {
    let apps = vec![app(Kind::Deployment, &[(0, Ready)])];
    let mut tiny = cluster(&[0], apps, Vec::new());
    tiny.pools[0].grows = Some(1);
    let (ended, log) = run(tiny, drain(&[0], None));
    assert_eq!(times(&log, What::NodeUp(NodeId(1))).len(), 1);
    assert_eq!((ended.seconds, ended.unplaced), (Some(9), 0));
}

/// No fault: what schedulers do. A looser budget lets a small pod go first; it takes the room that a large one needs, whose budget
/// then lets nobody go any more.
#[test]
fn more_freedom_may_end_worse() {
    let run = |least: u64| {
        let small = app(Kind::Deployment, &[(0, Ready), (3, Ready), (3, Young)]);
        let mut large = app(Kind::Deployment, &[(0, Ready), (0, Ready)]);
        large.cpu = 3;
        let budgets = vec![
            budget(0, Rule::MinAvailable(IntOrPercent::Int(least))),
            budget(1, Rule::MaxUnavailable(IntOrPercent::Int(1))),
        ];
        let mut tiny = cluster(&[0, 0, 0, 0], vec![small, large], budgets);
        tiny.nodes[1].cpu = 3;
        tiny.nodes[2].cpu = 1;
        tiny.nodes[3].pods = 2;
        run(tiny, drain(&[0], None)).0.seconds.is_some()
    };
    assert!(run(2), "the small pod has to wait for the young one");
    assert!(!run(1), "it need not");
}
