//! Everything that may stand in the way of a run, one at a time: what is told, how it ends, and what was sent.

use crate::aks::{Aks, Fate};
use crate::hands::{Ills, Send, Stage, long_choices};
use aksplan::execute::journal::{Event, RunEnd, StepState};
use aksplan::execute::run::{OnBlocked, Outcome};
use aksplan::migrate::sequence::Choices;
use aksplan::migrate::step::Resource;
use std::collections::{BTreeMap, BTreeSet};

/// How a run ended, that its reason has these words, and how many writes were taken in all.
fn check(stage: &Stage, outcome: &Option<Outcome>, how: RunEnd, words: &[&str], taken: usize) {
    let outcome = outcome.as_ref().expect("nobody kills it");
    assert_eq!(outcome.how, how, "{}", outcome.why);
    for word in words {
        let said = outcome.why.contains(word) || stage.heard(word);
        assert!(
            said,
            "`{word}` is not said: {}\n{:#?}",
            outcome.why, stage.heard.0
        );
    }
    assert_eq!(stage.aks.accepted.len(), taken, "{}", outcome.why);
    assert_eq!(
        stage.status().last_end.map(|(how, _)| how),
        Some(how),
        "the journal says it too"
    );
}

fn send(number: usize, send: Send) -> Ills {
    Ills {
        sends: BTreeMap::from([(number, send)]),
        ..Ills::default()
    }
}

fn resumes(stage: &mut Stage) {
    let outcome = stage.run(Ills::default()).expect("nobody kills it");
    assert_eq!(outcome.how, RunEnd::Completed, "{}", outcome.why);
}

#[test]
fn refused_before_it_begins_nothing_is_sent() {
    let mut stage = Stage::long("refused");
    let outcome = stage.run_refusing(Ills::default(), &["the window is closed".to_string()]);
    check(
        &stage,
        &outcome,
        RunEnd::Refused,
        &["the window is closed"],
        0,
    );
    assert_eq!(outcome.expect("it ended").leaves, ["Nothing was written."]);
    assert!(
        stage
            .events()
            .iter()
            .all(|event| !matches!(event, Event::StepStarted { .. }))
    );
    resumes(&mut stage);
}

#[test]
fn a_check_that_fails_sends_nothing() {
    let mut stage = Stage::long("unfit");
    stage.aks.cluster_mut().pools[1].provisioning_state = Some("Failed".to_string());
    let outcome = stage.run(Ills::default());
    check(
        &stage,
        &outcome,
        RunEnd::Refused,
        &["pool apps is Failed"],
        0,
    );
    assert_eq!(stage.sends, 0);
    // Mended, it goes on.
    stage.aks.cluster_mut().pools[1].provisioning_state = Some("Succeeded".to_string());
    resumes(&mut stage);
}

#[test]
fn a_precondition_that_drifted_stops_before_the_write() {
    let mut stage = Stage::long("drifted");
    // Stopped after the setting; meanwhile somebody turns another engine on.
    let first = stage.run(Ills {
        blind: (4..=9).collect(),
        ..Ills::default()
    });
    let taken = stage.aks.accepted.len();
    assert_eq!(first.expect("not killed").how, RunEnd::Stopped);
    stage.aks.pass(60);
    stage.aks.cluster_mut().network.policy = Some("azure".to_string());
    let outcome = stage.run(Ills::default());
    check(
        &stage,
        &outcome,
        RunEnd::Refused,
        &["nothing was sent", "network policy is azure"],
        taken,
    );
}

#[test]
fn somebody_else_in_between_is_looked_at_again() {
    for send_fault in [
        Send::Changed,
        Send::Busy,
        Send::Throttled,
        Send::NotSent,
        Send::LostOnTheWay,
        Send::LostOnTheWayBack,
    ] {
        for number in 1..=5 {
            let mut stage = Stage::long("between");
            let outcome = stage.run(send(number, send_fault.clone()));
            check(&stage, &outcome, RunEnd::Completed, &[], 5);
            let sends = if send_fault == Send::LostOnTheWayBack {
                5
            } else {
                6
            };
            assert_eq!(stage.sends, sends, "{send_fault:?} at {number}");
        }
    }
}

#[test]
fn a_tag_between_look_and_write_costs_a_second_look_and_is_kept() {
    let mut stage = Stage::long("tag");
    let outcome = stage.run(Ills {
        tag_before_send: BTreeSet::from([2]),
        ..Ills::default()
    });
    check(
        &stage,
        &outcome,
        RunEnd::Completed,
        &["looking again before anything is sent"],
        5,
    );
    // And for ever is too long.
    let mut stage = Stage::long("tags");
    let outcome = stage.run(Ills {
        tag_before_send: (1..100).collect(),
        ..Ills::default()
    });
    check(
        &stage,
        &outcome,
        RunEnd::Stopped,
        &["somebody else keeps changing"],
        0,
    );
    assert!(stage.sends < 10);
    resumes(&mut stage);
}

#[test]
fn an_answer_of_400_ends_the_run_and_the_reason_is_told() {
    let mut stage = Stage::long("bad");
    let outcome = stage.run(send(2, Send::Refused));
    check(
        &stage,
        &outcome,
        RunEnd::Failed,
        &["AKS refused step 3-remove-network-policy", "BadRequest"],
        1,
    );
    // What was never taken left nothing behind: no words of nodes that are done.
    let leaves = outcome.expect("it ended").leaves;
    assert!(
        leaves
            .iter()
            .any(|line| line.contains("pool apps are still those for the move")),
        "{leaves:?}"
    );
    assert!(
        !leaves
            .iter()
            .any(|line| line.contains("Nodes that are done")),
        "{leaves:?}"
    );
    resumes(&mut stage);
    assert_eq!(stage.aks.accepted.len(), 5);
}

#[test]
fn never_leaving_the_machine_ends_it_after_a_few_tries() {
    let mut stage = Stage::long("cable");
    let outcome = stage.run(Ills {
        sends: (1..50).map(|n| (n, Send::NotSent)).collect(),
        ..Ills::default()
    });
    check(
        &stage,
        &outcome,
        RunEnd::Stopped,
        &["could not be sent", "no route"],
        0,
    );
    assert!(stage.sends <= 10);
    resumes(&mut stage);
}

#[test]
fn another_operation_is_waited_for_or_not_as_told() {
    for (on_blocked, how, taken) in [
        (OnBlocked::Wait, RunEnd::Completed, 5),
        (OnBlocked::Stop, RunEnd::Refused, 0),
        (OnBlocked::Abort, RunEnd::Refused, 0),
    ] {
        let mut stage = Stage::long("busy");
        stage.options.on_blocked = on_blocked;
        let outcome = stage.run(send(1, Send::Busy));
        check(&stage, &outcome, how, &[], taken);
        assert_eq!(stage.aborts, 0, "what somebody else began is never ended");
        stage.options.on_blocked = OnBlocked::Wait;
        resumes(&mut stage);
    }
}

#[test]
fn a_failed_operation_is_sent_again_by_the_next_run() {
    for rolls_back in [false, true] {
        for operation in 0..5 {
            for then in [
                None,
                Some(Send::Busy),
                Some(Send::Changed),
                Some(Send::NotSent),
                Some(Send::LostOnTheWay),
                Some(Send::LostOnTheWayBack),
                Some(Send::Refused),
            ] {
                let mut stage = Stage::long("failed");
                stage.aks.rolls_back = rolls_back;
                stage.aks.fates.insert(operation, Fate::Fails(0));
                let outcome = stage.run(Ills::default());
                check(
                    &stage,
                    &outcome,
                    RunEnd::Failed,
                    &["DrainFailed", "ended as Failed"],
                    operation + 1,
                );
                let place =
                    format!("operation {operation}, then {then:?}, rolls back: {rolls_back}");
                let sent = stage.sends;
                if let Some(then) = then.clone() {
                    stage.run(send(sent + 1, then));
                }
                let outcome = stage.run(Ills::default()).expect("nobody kills it");
                assert_eq!(outcome.how, RunEnd::Completed, "{place}: {}", outcome.why);
                assert_eq!(stage.aks.accepted.len(), 6, "{place}");
                assert_eq!(
                    stage.aks.accepted[operation].digest,
                    stage.aks.accepted[operation + 1].digest,
                    "{place}: the same request"
                );
            }
        }
    }
}

#[test]
fn after_a_failure_it_waits_for_what_runs_and_the_profile_alone_proves_nothing() {
    let mut stage = Stage::short("again");
    stage.aks.fates.insert(0, Fate::Fails(1));
    stage.run(Ills::default());
    // What somebody else began succeeds and touches no node: the profile says Overlay, and two nodes are not.
    stage.aks.begin_of_another();
    stage.options.on_blocked = OnBlocked::Stop;
    let outcome = stage.run(Ills::default());
    check(
        &stage,
        &outcome,
        RunEnd::Refused,
        &["no operation on it or on a pool is under way", "Updating"],
        1,
    );
    stage.options.on_blocked = OnBlocked::Wait;
    let outcome = stage.run(Ills::default());
    check(&stage, &outcome, RunEnd::Completed, &[], 2);
}

#[test]
fn an_operation_nobody_can_ask_after_is_followed_by_the_cluster_itself() {
    let mut stage = Stage::short("deaf");
    let outcome = stage.run(Ills {
        deaf_for_good: true,
        ..Ills::default()
    });
    check(
        &stage,
        &outcome,
        RunEnd::Completed,
        &["could not be asked"],
        1,
    );
    let mut stage = Stage::short("deaf-and-failed");
    stage.aks.fates.insert(0, Fate::Fails(1));
    let outcome = stage.run(Ills {
        deaf_for_good: true,
        ..Ills::default()
    });
    check(&stage, &outcome, RunEnd::Failed, &["ended as Failed"], 1);
}

#[test]
fn a_lock_that_is_lost_ends_it_and_one_that_is_late_does_not() {
    let mut stage = Stage::long("lock");
    // Watching goes on without; nothing is sent until it is renewed.
    let never = stage.run(Ills {
        lock_not_renewed: (1..500).collect(),
        ..Ills::default()
    });
    check(
        &stage,
        &never,
        RunEnd::Stopped,
        &["was not sent: the lock could not be renewed"],
        0,
    );
    let mut stage = Stage::long("lock-late");
    let whole = stage.run(Ills {
        lock_not_renewed: (1..500).filter(|number| number % 3 == 0).collect(),
        ..Ills::default()
    });
    check(
        &stage,
        &whole,
        RunEnd::Completed,
        &["could not be renewed this time"],
        5,
    );
    for number in 1..60 {
        let mut stage = Stage::long("lost");
        let outcome = stage
            .run(Ills {
                lock_lost: Some(number),
                ..Ills::default()
            })
            .expect("nobody kills it");
        if outcome.how == RunEnd::Completed {
            assert!(number > 20, "so few looks at the lock");
            break;
        }
        assert_eq!(outcome.how, RunEnd::Stopped, "at {number}: {}", outcome.why);
        assert!(outcome.why.contains("somebody else's now"));
        let sent = stage.sends;
        stage.aks.pass(200);
        resumes(&mut stage);
        assert_eq!(stage.sends, 5, "at {number}: {sent} sent before");
    }
}

#[test]
fn interrupted_at_any_call_it_stops_after_the_write_and_resumes() {
    let mut whole = Stage::long("calm");
    whole.run(Ills::default());
    for call in 1..=whole.calls {
        let mut stage = Stage::long("interrupted");
        let outcome = stage
            .run(Ills {
                interrupt: Some(call),
                ..Ills::default()
            })
            .expect("nobody kills it");
        // At its last calls there is nothing left to stop.
        if outcome.how != RunEnd::Completed {
            assert_eq!(
                outcome.how,
                RunEnd::Stopped,
                "at call {call}: {}",
                outcome.why
            );
        }
        let begun = stage.sends;
        assert!(
            stage.sends - stage.aks.accepted.len() == 0,
            "at call {call}"
        );
        stage.aks.pass(i64::from(call as u32 % 2) * 200);
        resumes(&mut stage);
        assert_eq!(stage.sends, 5, "at call {call}: {begun} sent before it");
    }
}

#[test]
fn interrupted_it_sends_nothing_more() {
    // From the first call on: not even the setting.
    let mut stage = Stage::long("at-once");
    let outcome = stage.run(Ills {
        interrupt: Some(1),
        ..Ills::default()
    });
    check(&stage, &outcome, RunEnd::Stopped, &["interrupted"], 0);
    assert_eq!(stage.sends, 0);
}

#[test]
fn after_the_window_nothing_that_drains_is_begun_and_settings_are_put_back() {
    // Over before it begins.
    let mut stage = Stage::long("closed");
    stage.options.until = Some(crate::aks::instant(0));
    let outcome = stage.run(Ills::default());
    check(
        &stage,
        &outcome,
        RunEnd::Stopped,
        &["window is over", "2-set-upgrade-settings-apps is not begun"],
        0,
    );
    // Over while the move runs: watched to its end, proven, and with no engine to come the setting is put back.
    let choices = Choices {
        policy_after: None,
        ..long_choices()
    };
    let mut stage = Stage::of("closing", Aks::new(None), &choices);
    let mut whole = Stage::of("open", Aks::new(None), &choices);
    whole.run(Ills::default());
    stage.options.until = Some(crate::aks::instant(40));
    assert!(whole.aks.now > 60, "the window closes in the middle");
    let outcome = stage.run(Ills::default());
    check(&stage, &outcome, RunEnd::Completed, &[], 3);
    // With one to come, that one drains: not begun, and it is said that the setting stays.
    let mut stage = Stage::long("policy-left");
    let mut at_verify = Stage::long("clock");
    at_verify.run(Ills::default());
    stage.options.until = Some(crate::aks::instant(at_verify.aks.now - 70));
    let outcome = stage.run(Ills::default());
    check(
        &stage,
        &outcome,
        RunEnd::Stopped,
        &["window is over", "6-enable-network-policy"],
        3,
    );
    assert!(
        outcome
            .expect("it ended")
            .leaves
            .iter()
            .any(|line| line.contains("pool apps are still those for the move"))
    );
    stage.options.until = None;
    resumes(&mut stage);
}

/// A stage in which the move is under way and the program is gone.
fn under_way(name: &str) -> Stage {
    at_step(|| Stage::short(name), "2-move-to-overlay", 40)
}

/// Killed while AKS is at this step, after at least so many calls.
fn at_step(make: impl Fn() -> Stage, step: &str, from: usize) -> Stage {
    let mut stage = make();
    let mut call = from;
    loop {
        let mut tried = make();
        tried.run(Ills {
            kill: Some((call, false)),
            ..Ills::default()
        });
        if tried.aks.is_running() && matches!(tried.status().step(step), StepState::Running { .. })
        {
            std::mem::swap(&mut stage, &mut tried);
            return stage;
        }
        call += 1;
        assert!(call < 1000, "{step} runs at some time");
    }
}

/// As `--abort` does before it looks at anything else.
fn asked_to_end(stage: &mut Stage, resource: &Resource) {
    stage.aks.cancel(resource).expect("it runs there");
    stage.options.abort = true;
}

#[test]
fn abort_ends_what_runs_and_says_what_that_leaves() {
    let mut stage = under_way("abort");
    asked_to_end(&mut stage, &Resource::Cluster);
    let outcome = stage.run(Ills::default());
    check(&stage, &outcome, RunEnd::Aborted, &["Canceled"], 1);
    assert_eq!(stage.aborts, 0, "it was asked before the run");
    let leaves = outcome.expect("it ended").leaves.join(" ");
    assert!(
        leaves.contains("Canceled") && leaves.contains("There is no way back"),
        "{leaves}"
    );
    // And it can be gone on with.
    stage.options.abort = false;
    resumes(&mut stage);
    assert_eq!(stage.aks.accepted.len(), 2);
}

/// What runs on a pool alone is ended there: the cluster has nothing to end.
#[test]
fn abort_of_a_pools_operation_ends_it_there() {
    let mut stage = at_step(
        || Stage::long("abort-pool"),
        "2-set-upgrade-settings-apps",
        10,
    );
    assert!(stage.aks.cancel(&Resource::Cluster).is_none());
    asked_to_end(&mut stage, &Resource::AgentPool("apps".to_string()));
    let outcome = stage.run(Ills::default());
    check(&stage, &outcome, RunEnd::Aborted, &["Canceled"], 1);
    stage.options.abort = false;
    resumes(&mut stage);
}

/// Azure may say `InProgress` for ever: a run ends long after everything that was foreseen, and the next one watches on.
#[test]
fn a_run_does_not_watch_for_ever() {
    let mut stage = Stage::short("for-ever");
    stage.options.poll = std::time::Duration::from_secs(60);
    stage.aks.held = Some(("apps-0".to_string(), i64::MAX));
    let outcome = stage.run(Ills::default());
    check(
        &stage,
        &outcome,
        RunEnd::Stopped,
        &["AKS is still at step 2-move-to-overlay"],
        1,
    );
    assert!(stage.aks.is_running(), "AKS goes on");
    stage.aks.held = None;
    resumes(&mut stage);
    assert_eq!(stage.aks.accepted.len(), 1);
}

/// Somebody else's move, to other ranges, came first: it is nothing to go on with.
#[test]
fn another_move_is_not_gone_on_with() {
    let mut stage = Stage::short("another");
    stage.aks.cluster_mut().network.overlay = true;
    stage.aks.cluster_mut().network.pod_cidrs = vec![crate::aks::range("10.99.0.0/16")];
    let outcome = stage.run(Ills::default());
    check(
        &stage,
        &outcome,
        RunEnd::Refused,
        &["the pod CIDR is 10.99.0.0/16"],
        0,
    );
}

/// An attempt failed, and somebody chose a third engine by hand: it is not written over.
#[test]
fn a_third_value_is_not_written_over() {
    let mut stage = Stage::long("third");
    stage.aks.fates.insert(1, Fate::Fails(1));
    let outcome = stage.run(Ills::default());
    check(
        &stage,
        &outcome,
        RunEnd::Failed,
        &["3-remove-network-policy"],
        2,
    );
    stage.aks.cluster_mut().network.policy = Some("cilium".to_string());
    let outcome = stage.run(Ills::default());
    check(
        &stage,
        &outcome,
        RunEnd::Refused,
        &["network policy is cilium"],
        2,
    );
    stage.aks.cluster_mut().network.policy = None;
    resumes(&mut stage);
}

#[test]
fn abort_with_nothing_under_way_begins_nothing() {
    let mut stage = Stage::long("idle");
    stage.options.abort = true;
    let outcome = stage.run(Ills::default());
    check(
        &stage,
        &outcome,
        RunEnd::Stopped,
        &["nothing of this plan is under way"],
        0,
    );
    assert_eq!((stage.sends, stage.aborts), (0, 0));
}

#[test]
fn abort_that_comes_too_late_begins_nothing_more() {
    let mut stage = under_way("late");
    stage.options.abort = true;
    // AKS has long ended it by the time that somebody asks.
    stage.aks.pass(400);
    let outcome = stage.run(Ills::default()).expect("nobody kills it");
    assert_eq!(outcome.how, RunEnd::Stopped, "{}", outcome.why);
    assert_eq!(stage.aks.accepted.len(), 1);
    assert!(stage.status().step("2-move-to-overlay").is_over());
    stage.options.abort = false;
    resumes(&mut stage);
}

#[test]
fn killed_in_the_middle_of_an_abort_its_end_is_seen_by_the_next_run() {
    for is_done in [false, true] {
        let mut calls = 1;
        let mut seen = 0;
        loop {
            let mut stage = under_way("abort-killed");
            asked_to_end(&mut stage, &Resource::Cluster);
            let first = stage.run(Ills {
                kill: Some((calls, is_done)),
                ..Ills::default()
            });
            if first.is_some() && !is_done {
                break;
            }
            let began = stage.events().contains(&Event::AbortStarted);
            seen += usize::from(began);
            let outcome = stage.run(Ills::default()).expect("nobody kills it now");
            // Killed after the end was noted there is nothing left to end.
            assert!(
                matches!(outcome.how, RunEnd::Aborted | RunEnd::Stopped),
                "{}: {}",
                calls,
                outcome.why
            );
            assert_eq!(stage.aks.accepted.len(), 1);
            stage.options.abort = false;
            resumes(&mut stage);
            calls += 1;
            if calls > 60 {
                break;
            }
        }
        assert!(seen > 0);
    }
}

#[test]
fn a_blocked_pod_is_waited_for_told_or_ended_as_chosen() {
    for (on_blocked, how) in [
        (OnBlocked::Wait, RunEnd::Completed),
        (OnBlocked::Stop, RunEnd::Stopped),
        (OnBlocked::Abort, RunEnd::Aborted),
    ] {
        let mut stage = Stage::short("blocked");
        stage.options.on_blocked = on_blocked;
        stage.aks.held = Some(("apps-0".to_string(), 400));
        let budget = &mut stage.aks.state_mut().disruption_budgets[0];
        budget.disruptions_allowed = Some(0);
        budget.current_healthy = Some(2);
        let outcome = stage.run(Ills::default());
        // The budget, the pod, the node, and what would release it.
        check(
            &stage,
            &outcome,
            how,
            &[
                "stuck",
                "shop/web-2 on apps-0 is held back by shop/web: 2 Ready, 2 must stay: a 3rd must become Ready",
            ],
            1,
        );
        assert_eq!(stage.aborts, usize::from(on_blocked == OnBlocked::Abort));
        let noticed = stage
            .events()
            .iter()
            .filter(
                |event| matches!(event, Event::Noticed { what, .. } if what.starts_with("stuck")),
            )
            .count();
        assert_eq!(noticed, 1, "said once");
        stage.options.on_blocked = OnBlocked::Wait;
        stage.aks.pass(400);
        resumes(&mut stage);
    }
}

#[test]
fn what_holds_already_is_not_written() {
    let mut stage = Stage::long("held");
    // Somebody set the surge in the meantime.
    stage.aks.cluster_mut().pools[1].upgrade.max_surge = Some(aksplan::model::IntOrPercent::Int(2));
    let outcome = stage.run(Ills::default());
    check(
        &stage,
        &outcome,
        RunEnd::Completed,
        &["2-set-upgrade-settings-apps held"],
        4,
    );
    assert!(
        stage
            .events()
            .iter()
            .any(|event| matches!(event, Event::StepHeld { step } if step.starts_with("2-")))
    );
}

#[test]
fn a_proof_that_fails_says_what_and_is_made_again() {
    let mut stage = Stage::short("unproven");
    // A pod of its own making keeps an address of the subnet.
    let mut pod = stage
        .aks
        .cluster()
        .kubernetes
        .as_ref()
        .expect("objects")
        .pods[0]
        .clone();
    pod.name = "stray".to_string();
    pod.node_name = Some("system-0".to_string());
    pod.pod_ips = vec!["10.0.0.200".parse().expect("an address")];
    let mut killed = 0;
    // Added when the move is done.
    while !stage.status_is_over() {
        killed += 1;
        let outcome = stage.run(Ills {
            kill: Some((30, false)),
            ..Ills::default()
        });
        assert!(outcome.is_none() && killed < 200);
    }
    stage.aks.state_mut().pods.push(pod);
    let outcome = stage.run(Ills::default());
    check(
        &stage,
        &outcome,
        RunEnd::Failed,
        &["shop/stray has 10.0.0.200 of a node subnet"],
        1,
    );
    stage.aks.state_mut().pods.pop();
    resumes(&mut stage);
}

impl Stage {
    fn status_is_over(&self) -> bool {
        self.journal.exists() && self.status().step("2-move-to-overlay").is_over()
    }
}

#[test]
fn blind_for_a_while_it_goes_on_and_for_good_it_stops() {
    let mut stage = Stage::long("blink");
    let outcome = stage.run(Ills {
        blind: (1..400).filter(|look| look % 3 != 0).collect(),
        ..Ills::default()
    });
    check(
        &stage,
        &outcome,
        RunEnd::Completed,
        &["connection was reset"],
        5,
    );
    for first in 1..40 {
        let mut stage = Stage::long("blind");
        let outcome = stage
            .run(Ills {
                blind: (first..first + 6).collect(),
                ..Ills::default()
            })
            .expect("nobody kills it");
        if outcome.how == RunEnd::Completed {
            assert!(first > 20, "so few looks");
            break;
        }
        assert_eq!(
            outcome.how,
            RunEnd::Stopped,
            "from look {first} on: {}",
            outcome.why
        );
        assert!(outcome.why.contains("cannot be read"));
        stage.aks.pass(300);
        resumes(&mut stage);
        assert_eq!(stage.sends, 5);
    }
}
