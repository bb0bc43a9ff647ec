//! How a reimage stands against what was foreseen, and in which words one that is stuck says so.

use crate::aks::{Aks, instant};
use crate::hands::{long_choices, plan_of};
use aksplan::migrate::Sight;
use aksplan::migrate::condition::OVERLAY_LABEL;
use aksplan::migrate::foreseen::{Foreseen, ForeseenNode, ForeseenRange, HeldAt};
use aksplan::migrate::pace::{Pace, Progress, Seen, Watch};
use aksplan::migrate::step::{Seconds, Step};
use aksplan::model::workload::Taint;

const NAMES: [&str; 3] = ["system-0", "apps-0", "apps-1"];

/// The move, in which the nodes were foreseen to end then.
fn step(ends: [Option<u32>; 3], p50: u32, p90: u32) -> Step {
    let plan = plan_of(&Aks::new(Some("calico")), &long_choices());
    let mut step = plan.steps[3].clone();
    assert_eq!(step.action.key(), "move-to-overlay");
    step.expected = Some(Seconds {
        p50,
        p90,
        p99: p90 * 2,
    });
    step.foreseen = Some(Box::new(Foreseen {
        seed: 1,
        futures: 1,
        completed: 1,
        median: Some(p50),
        evictions: 3,
        pools: Vec::new(),
        nodes: NAMES
            .iter()
            .zip(ends)
            .map(|(name, ended)| ForeseenNode {
                name: name.to_string(),
                pool: name.split('-').next().expect("a pool").to_string(),
                batch: 1,
                drain_begins: None,
                drained: None,
                ended,
                end: "done".to_string(),
                evictions: 1,
                waits_for: None,
            })
            .collect(),
        ranges: vec![ForeseenRange {
            name: "spoke/nodes".to_string(),
            cidr: "10.0.0.0/22".to_string(),
            capacity: 1019,
            measured: true,
            over_time: vec![
                HeldAt {
                    at: 0,
                    least: 90,
                    most: 99,
                },
                HeldAt {
                    at: 100,
                    least: 50,
                    most: 70,
                },
            ],
        }],
        surge: Vec::new(),
        down: Vec::new(),
        budgets: Vec::new(),
    }));
    step
}

fn with_done(done: usize) -> Aks {
    let mut aks = Aks::new(None);
    for node in aks.state_mut().nodes.iter_mut().take(done) {
        node.labels
            .insert(OVERLAY_LABEL.to_string(), "true".to_string());
    }
    aks
}

fn look(watch: &mut Watch, aks: &Aks, at: i64) -> (Progress, Vec<String>) {
    let sight = Sight {
        inventory: &aks.inventory,
        cluster: aks.cluster(),
        baseline: None,
    };
    watch.look(sight, instant(at), None, &[])
}

fn progress(ends: [Option<u32>; 3], whole: (u32, u32), done: usize, at: i64) -> Progress {
    let mut watch = Watch::new(&step(ends, whole.0, whole.1), instant(0), 60);
    look(&mut watch, &with_done(done), at).0
}

/// When so many of the foreseen ends had come.
fn moment(ends: &[u32], done: usize) -> u32 {
    match done {
        0 => 0,
        done => *ends.get(done - 1).unwrap_or(ends.last().expect("an end")),
    }
}

#[test]
fn pace_and_what_is_left_against_a_naive_reckoning() {
    for (ends, whole) in [
        ([Some(300), Some(600), Some(900)], (1000, 1500)),
        ([Some(300), Some(300), Some(300)], (300, 300)),
        ([Some(100), Some(2000), Some(2100)], (2000, 2050)),
        ([Some(500), None, Some(700)], (800, 900)),
        ([Some(500), None, None], (800, 900)),
    ] {
        let mut sorted: Vec<u32> = ends.into_iter().flatten().collect();
        sorted.sort_unstable();
        let last = *sorted.last().expect("an end");
        for at in (0..4000).step_by(50) {
            let mut before: Option<(u32, u32)> = None;
            for done in 0..=3 {
                let progress = progress(ends, whole, done, at);
                let place = format!("{ends:?} {whole:?} {done} done at {at}");
                assert_eq!((progress.nodes, progress.nodes_done), (3, done as u32));
                let (p50, p90) = (
                    progress.left_p50.expect("foreseen"),
                    progress.left_p90.expect("foreseen"),
                );
                assert!(
                    p50 <= whole.0 && p90 <= whole.1,
                    "{place}: more left than there is"
                );
                assert!(p50 <= p90, "{place}: {p50} {p90}");
                // More nodes done is never later.
                if let Some((most50, most90)) = before {
                    assert!(
                        p50 <= most50 && p90 <= most90,
                        "{place}: {p50} after {most50}, {p90} after {most90}"
                    );
                }
                before = Some((p50, p90));
                let (reached, next) = (
                    moment(&sorted, done),
                    moment(&sorted, (done + 1).min(sorted.len())).max(moment(&sorted, done)),
                );
                let slack = |moment: u32| (moment / 4).max(60);
                let expected = if at as u32 > next + slack(next) {
                    Pace::Late {
                        seconds: at as u32 - next,
                    }
                } else if at as u32 + slack(reached) < reached {
                    Pace::Ahead {
                        seconds: reached - at as u32,
                    }
                } else {
                    Pace::OnTime
                };
                assert_eq!(progress.pace, expected, "{place}");
            }
        }
        assert!(progress(ends, whole, 0, 0).left_p50 >= Some(whole.0.min(last)));
    }
}

#[test]
fn nothing_foreseen_nothing_said() {
    let mut step = step([None; 3], 10, 20);
    step.foreseen = None;
    step.expected = None;
    let (progress, _) = look(&mut Watch::new(&step, instant(0), 60), &with_done(1), 500);
    assert_eq!(
        (progress.pace, progress.left_p50, progress.left_p90),
        (Pace::Unknown, None, None)
    );
}

#[test]
fn begun_in_the_middle_it_says_the_same() {
    let step = step([Some(300), Some(600), Some(900)], 1000, 1500);
    let mut always = Watch::new(&step, instant(0), 60);
    for (at, done) in [(0, 0), (350, 1), (650, 2)] {
        let aks = with_done(done);
        let (here, _) = look(&mut always, &aks, at);
        let (there, _) = look(&mut Watch::new(&step, instant(0), 60), &aks, at);
        assert_eq!(here, there, "at {at}");
    }
    // Also when a node is away just then.
    let mut aks = with_done(1);
    aks.state_mut().nodes.remove(1);
    let (there, _) = look(&mut Watch::new(&step, instant(0), 60), &aks, 400);
    assert_eq!((there.nodes, there.nodes_done), (3, 1));
    let apps = there
        .pools
        .iter()
        .find(|pool| pool.name == "apps")
        .expect("a pool");
    assert_eq!((apps.nodes, apps.reimaging), (2, 1));
}

#[test]
fn a_node_is_told_to_be_done_once_and_subnets_stand_beside_what_was_foreseen() {
    let mut watch = Watch::new(
        &step([Some(300), Some(600), Some(900)], 1000, 1500),
        instant(0),
        60,
    );
    let (progress, _) = look(&mut watch, &with_done(0), 0);
    assert_eq!(
        (progress.subnets[0].used, progress.subnets[0].foreseen),
        (Some(93), Some((90, 99)))
    );
    let (progress, notices) = look(&mut watch, &with_done(1), 120);
    assert_eq!(progress.subnets[0].foreseen, Some((50, 70)));
    assert_eq!(notices, ["node system-0 is done"]);
    let (_, notices) = look(&mut watch, &with_done(1), 130);
    assert_eq!(notices, Vec::<String>::new());
}

/// Words for a pod on a cordoned node with this budget: allowed, healthy, desired, expected; and whether the pod is Ready.
fn stuck(status: (i64, i64, i64, i64), ready: bool, second_budget: bool) -> Option<String> {
    let mut aks = Aks::new(None);
    let state = aks.state_mut();
    state.nodes[1].unschedulable = true;
    let budget = &mut state.disruption_budgets[0];
    (
        budget.disruptions_allowed,
        budget.current_healthy,
        budget.desired_healthy,
        budget.expected_pods,
    ) = (
        Some(status.0),
        Some(status.1),
        Some(status.2),
        Some(status.3),
    );
    if second_budget {
        let mut other = budget.clone();
        other.name = "other".to_string();
        state.disruption_budgets.push(other);
    }
    let pod = state
        .pods
        .iter_mut()
        .find(|pod| pod.name == "web-2")
        .expect("a pod");
    pod.ready = ready;
    let mut watch = Watch::new(
        &step([Some(300), Some(600), Some(900)], 1000, 1500),
        instant(0),
        60,
    );
    let (first, _) = look(&mut watch, &aks, 10);
    assert!(!matches!(first.pace, Pace::Stuck { .. }), "not at once");
    let (later, _) = look(&mut watch, &aks, 70);
    let blocked = later.blocked.first();
    assert_eq!(
        matches!(later.pace, Pace::Stuck { seconds: 60 }),
        blocked.is_some()
    );
    blocked.map(|blocked| {
        assert_eq!(
            (blocked.node.as_str(), blocked.pod.as_str()),
            ("apps-0", "shop/web-2")
        );
        assert!(blocked.budgets.contains(&"shop/web".to_string()));
        blocked.release.clone()
    })
}

#[test]
fn stuck_names_the_budget_the_pod_and_what_would_release_it() {
    for (status, ready, second, words) in [
        ((1, 3, 2, 3), true, false, None),
        (
            (0, 2, 2, 3),
            true,
            false,
            Some("2 Ready, 2 must stay: a 3rd must become Ready"),
        ),
        (
            (0, 0, 2, 3),
            true,
            false,
            Some("0 Ready, 2 must stay: 3 more must become Ready"),
        ),
        (
            (0, 3, 3, 3),
            true,
            false,
            Some("wants all 3 of its pods healthy, so it never lets one go"),
        ),
        (
            (0, 2, 2, 3),
            false,
            false,
            Some("this pod itself is not Ready"),
        ),
        // Enough are Ready and none may go yet: never zero or fewer pods more.
        (
            (0, 3, 2, 3),
            true,
            false,
            Some("has pods enough (3 are Ready, it needs 2) and allows none yet"),
        ),
        ((1, 3, 2, 3), true, true, Some("more than one budget")),
    ] {
        let found = stuck(status, ready, second);
        match (words, &found) {
            (None, None) => {}
            (Some(words), Some(found)) if found.contains(words) => {}
            _ => panic!("{status:?} ready: {ready}: {found:?} instead of {words:?}"),
        }
    }
}

#[test]
fn a_pod_that_waits_long_is_noted_once() {
    let mut aks = Aks::new(None);
    let pod = &mut aks.state_mut().pods[0];
    pod.node_name = None;
    pod.phase = Some("Pending".to_string());
    let step = step([Some(300), Some(600), Some(900)], 1000, 1500);
    let mut watch = Watch::new(&step, instant(0), 60);
    let mut noted = Vec::new();
    for at in [0, 30, 59, 60, 61, 200] {
        let (progress, notices) = look(&mut watch, &aks, at);
        assert_eq!(progress.pending.len(), 1);
        noted.extend(notices.into_iter().map(|what| (at, what)));
    }
    assert_eq!(noted, [(60, "pod shop/web-0 waits for a node".to_string())]);
}

#[test]
fn what_is_noted_can_be_read_back() {
    let name = |text: &str| text.to_string();
    for seen in [
        Seen::Done {
            node: name("aks-apps-vmss00000a"),
        },
        Seen::Waits {
            pod: name("shop/web-0"),
        },
        Seen::HeldBack {
            pod: name("shop/web-0"),
            node: name("apps-0"),
            budgets: vec![name("shop/web"), name("shop/all")],
        },
    ] {
        assert_eq!(Seen::of_words(&seen.words()), Some(seen));
    }
    for other in ["Drain: Draining node a", "node a b is done", "stuck: x", ""] {
        assert_eq!(Seen::of_words(other), None, "{other}");
    }
}

/// A node is more than its label: a version that changed is noted at once, what does not settle after a while, each once.
#[test]
fn what_is_odd_about_a_node_is_noted_once() {
    let nothing = step([Some(60), Some(120), Some(180)], 300, 400);
    let mut watch = Watch::new(&nothing, instant(0), 60);
    let mut aks = with_done(1);
    let version = |aks: &mut Aks, version: &str| {
        aks.state_mut().nodes[0].kubelet_version = Some(version.to_string());
    };
    version(&mut aks, "v1.33.2");
    let odd = |watch: &mut Watch, aks: &Aks, at: i64| -> Vec<String> {
        let (_, notices) = look(watch, aks, at);
        let is_odd = |what: &String| {
            what.contains("kubelet") || what.contains("tainted") || what.contains("labelled")
        };
        notices.into_iter().filter(is_odd).collect()
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(odd(&mut watch, &aks, 0), none);
    version(&mut aks, "v1.33.5");
    assert_eq!(
        odd(&mut watch, &aks, 10),
        ["node system-0 came back with kubelet v1.33.5, and had v1.33.2"]
    );
    assert_eq!(odd(&mut watch, &aks, 20), none);
    aks.state_mut().nodes[0].taints.push(Taint {
        key: "node.kubernetes.io/network-unavailable".to_string(),
        value: None,
        effect: "NoSchedule".to_string(),
    });
    aks.state_mut().kinds.push("NodeNetworkConfig".to_string());
    aks.state_mut().kinds.sort();
    aks.state_mut().kinds.dedup();
    aks.state_mut().node_network_configs.clear();
    assert_eq!(odd(&mut watch, &aks, 30), none, "it may settle");
    assert_eq!(
        odd(&mut watch, &aks, 100),
        [
            "node system-0 is labelled for Overlay, and has no NodeNetworkConfig of type overlay with 10.244.0.0/16",
            "node system-0 is tainted node.kubernetes.io/network-unavailable",
        ]
    );
    assert_eq!(odd(&mut watch, &aks, 110), none, "each once");
}
