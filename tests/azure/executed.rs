//! Recorded changes through the whole executor: a plan is made of the recorded cluster and carried out by the real loop against a
//! loopback Azure that answers what was recorded.

use crate::cassettes::{Cassette, Exchange, cassettes, recordings};
use crate::client::block_on;
use crate::execution::{Execution, options, world};
use crate::migrated::{LEFT_OUT, Step, differences, is_pool, steps};
use crate::stage::Conversation;
use aksplan::execute::actuator::Actuator;
use aksplan::execute::azure::Interrupt;
use aksplan::execute::journal::{Event, RunEnd};
use aksplan::execute::run::Options;
use aksplan::execute::teller::{Teller, Telling};
use aksplan::migrate::sequence::{Choices, sequence};
use aksplan::migrate::step::{Action, Resource};
use aksplan::migrate::{self, verify};
use aksplan::model::{Cluster, IntOrPercent, IpNet, ResourceId};
use jiff::Timestamp;
use serde_json::Value;

/// What both are about: completed, each write sent once and followed to its recorded end.
async fn completes(execution: &mut Execution, polls: usize) -> Value {
    let outcome = execution.run(&options()).await;
    assert_eq!(outcome.how, RunEnd::Completed, "{}", outcome.why);
    assert_eq!(outcome.leaves, [""; 0]);
    let writes = execution.writes();
    let [write] = writes.as_slice() else {
        panic!("{} writes", writes.len())
    };
    assert_eq!(write.method, "PUT");
    assert_eq!(
        execution.polls(),
        polls,
        "asked as often as it was recorded"
    );
    {
        let conversation = execution.stage.conversation();
        assert!(conversation.is_over() && conversation.beyond + conversation.unsigned == 0);
    }
    let events = execution.events(RunEnd::Completed);
    let count = |is: fn(&Event) -> bool| events.iter().filter(|event| is(event)).count();
    assert_eq!(
        count(|event| matches!(event, Event::WriteAccepted { .. })),
        1
    );
    assert_eq!(
        count(|event| matches!(event, Event::StepDone { .. })),
        execution.plan.steps.len()
    );
    assert_eq!(
        count(|event| matches!(
            event,
            Event::StepFailed { .. } | Event::WriteRefused { .. } | Event::StepHeld { .. }
        )),
        0
    );
    // Carried out again, nothing is left to do and nothing is sent.
    let again = execution.run(&options()).await;
    assert_eq!(again.how, RunEnd::Completed);
    assert_eq!(execution.writes().len(), 1);
    write.json()
}

/// Where our body differs from the one that was recorded as sent, but for what recorded clients left out.
fn surprising(ours: &Value, sent: &Value) -> (Vec<String>, Vec<String>) {
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    differences(ours, sent, "", &mut gone, &mut new);
    gone.retain(|place| !LEFT_OUT.contains(&place.as_str()));
    (gone, new.into_iter().map(|(place, _)| place).collect())
}

fn only<'a>(cassette: &'a Cassette) -> Step<'a> {
    let mut steps = steps(cassette);
    assert_eq!(steps.len(), 1, "{}", cassette.name);
    steps.remove(0)
}

const OVERLAY: &str = "test_aks_azure_cni_overlay_migration";
const CILIUM: &str = "test_aks_migrate_cluster_to_cilium_dataplane";
const PROFILE: &str = "/properties/networkProfile";

fn move_to_overlay(pod_cidr: IpNet) -> impl FnOnce(&Cluster) -> Vec<migrate::Step> {
    move |cluster| {
        let sequence = sequence(cluster, pod_cidr, &Choices::default());
        sequence.expect("a way there").steps
    }
}

/// No move: the loop does not ask for one.
fn enable_cilium(_: &Cluster) -> Vec<migrate::Step> {
    let cilium = Action::EnableCilium {
        policy_before: None,
    };
    vec![
        migrate::Step::of(1, Action::Check),
        migrate::Step::of(2, cilium),
    ]
}

#[test]
fn recorded_overlay_migrations_replay_through_the_executor() {
    let Some(root) = recordings() else { return };
    let cassettes = cassettes(&root, &['A']);
    let mut seen = 0;
    for cassette in cassettes.iter().filter(|cassette| cassette.name == OVERLAY) {
        let step = only(cassette);
        let pod_cidr = step.sent["properties"]["networkProfile"]["podCidr"].as_str();
        let pod_cidr = pod_cidr.expect("the recorded client named it");
        let range: IpNet = pod_cidr.parse().expect("a range");
        block_on(async {
            let conversation = Conversation::of(&step, None);
            let mut execution =
                Execution::plan(conversation, pod_cidr, move_to_overlay(range)).await;
            let ids: Vec<&str> = execution
                .plan
                .steps
                .iter()
                .map(|step| step.id.as_str())
                .collect();
            assert_eq!(ids, ["1-check", "2-move-to-overlay", "3-verify"]);
            assert_eq!(verify::verify(&execution.plan), [""; 0]);
            let ours = completes(&mut execution, step.polls.len()).await;
            let (gone, new) = surprising(&ours, &step.sent);
            // A plan says the list as well, which Azure's own answer has: the two agree.
            let list = format!("{PROFILE}/podCidrs");
            assert_eq!(gone, [list.as_str()]);
            assert_eq!(ours.pointer(&list), step.put.json().pointer(&list));
            // One client of 2023 counted outbound addresses for a family it did not use.
            let counted = format!("{PROFILE}/loadBalancerProfile/managedOutboundIPs/countIPv6");
            assert!(new.is_empty() || new == [counted], "{new:?}");
        });
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn the_recorded_data_plane_migration_replays_through_the_executor() {
    let Some(root) = recordings() else { return };
    let cassettes = cassettes(&root, &['A']);
    let cassette = cassettes.iter().find(|cassette| cassette.name == CILIUM);
    let step = only(cassette.expect("it is in the index"));
    // Azure says `NotLatestOperation` beside nearly every status, the last one included.
    let not_latest = |poll: &&&Exchange| poll.json()["error"]["code"] == "NotLatestOperation";
    assert!(step.polls.iter().filter(not_latest).count() > 10);
    assert!(step.polls.last().iter().any(not_latest));
    // The signature of its address is asked with, and is in no file.
    assert!(step.polls.iter().all(|poll| poll.query.contains("&s=")));
    block_on(async {
        let conversation = Conversation::of(&step, None);
        let pod_cidr = step.read["properties"]["networkProfile"]["podCidr"].as_str();
        let pod_cidr = pod_cidr.expect("it is on Overlay already");
        let mut execution = Execution::plan(conversation, pod_cidr, enable_cilium).await;
        let ours = completes(&mut execution, step.polls.len()).await;
        assert_eq!(surprising(&ours, &step.sent), (Vec::new(), Vec::new()));
    });
}

/// Settings of a pool, as the step before a move writes them.
#[test]
fn recorded_upgrade_settings_replay_through_the_executor() {
    let Some(root) = recordings() else { return };
    let cassettes = cassettes(&root, &['D']);
    let mut seen = Vec::new();
    for name in [
        "test_aks_nodepool_drain_timeout",
        "test_aks_nodepool_max_unavailable",
    ] {
        let cassette = cassettes.iter().find(|cassette| cassette.name == name);
        let cassette = cassette.expect("it is in the index");
        let step = only(cassette);
        assert!(is_pool(step.path));
        let is_cluster = |exchange: &&Exchange| {
            exchange.method == "GET"
                && exchange.status == 200
                && step
                    .path
                    .to_ascii_lowercase()
                    .strip_prefix(&exchange.path.to_ascii_lowercase())
                    .is_some_and(|rest| rest.starts_with("/agentpools/") && rest.len() > 12)
                && exchange.json()["properties"]["agentPoolProfiles"].is_array()
        };
        let beside = cassette.exchanges.iter().find(is_cluster);
        let beside = beside.expect("the cluster was read").json();
        let pool = step.read["name"].as_str().expect("it has a name");
        block_on(async {
            let conversation = Conversation::of(&step, Some(beside));
            let mut execution = Execution::plan(conversation, "100.64.0.0/16", |cluster| {
                let from = cluster.pool(pool).expect("it is there").upgrade.clone();
                let mut to = from.clone();
                let sent = &step.sent["properties"]["upgradeSettings"];
                if let Some(minutes) = sent["drainTimeoutInMinutes"].as_u64() {
                    to.drain_timeout_minutes = u32::try_from(minutes).ok();
                }
                if let Some(text) = sent["maxUnavailable"].as_str() {
                    to.max_unavailable = IntOrPercent::from_word(text);
                }
                assert_ne!(from, to);
                let pool = pool.to_string();
                vec![
                    migrate::Step::of(1, Action::Check),
                    migrate::Step::of(2, Action::SetUpgradeSettings { pool, from, to }),
                ]
            })
            .await;
            let ours = completes(&mut execution, step.polls.len()).await;
            assert_eq!(surprising(&ours, &step.sent), (Vec::new(), Vec::new()));
        });
        seen.push(name);
    }
    assert_eq!(seen.len(), 2);
}

/// The one abort of a cluster that was recorded, of its creation: a run is resumed over an operation under way, and is to end it.
#[test]
fn the_recorded_abort_replays_through_the_executor() {
    let Some(root) = recordings() else { return };
    let cassettes = cassettes(&root, &['F']);
    let found = cassettes.iter().find_map(|cassette| {
        let exchanges = &cassette.exchanges;
        let position = exchanges
            .iter()
            .position(|exchange| exchange.path.ends_with("/abort") && !is_pool(&exchange.path))?;
        Some((exchanges, position))
    });
    let (exchanges, position) = found.expect("one was recorded");
    let post = &exchanges[position];
    let resource = post.path.strip_suffix("/abort").expect("it ends so");
    let is_get = |exchange: &&Exchange| {
        exchange.method == "GET"
            && exchange.status == 200
            && exchange.path.eq_ignore_ascii_case(resource)
    };
    let read = exchanges[..position].iter().rfind(is_get);
    let after = exchanges[position..].iter().find(is_get);
    let (read, after) = (read.expect("before").json(), after.expect("after").json());
    let put = exchanges.iter().find(|exchange| exchange.method == "PUT");
    let begun = &put.expect("it was begun").headers["azure-asyncoperation"];
    let begun = begun.split('?').next().expect("an address");
    let (_, begun) = begun.split_once(".com/").expect("an address of Azure");
    let polls: Vec<&Exchange> = exchanges[position + 1..]
        .iter()
        .take_while(|next| next.path.contains("/operations/"))
        .collect();
    block_on(async {
        let conversation = Conversation::of_abort(post, read, &polls, after);
        let pod_cidr = "100.64.0.0/16";
        let range = pod_cidr.parse().expect("a range");
        let mut execution = Execution::plan(conversation, pod_cidr, move_to_overlay(range)).await;
        let id = execution
            .plan
            .target
            .id
            .clone()
            .expect("it was planned with one");
        // What a run leaves that was killed after Azure had taken its write.
        let (check, step) = ("1-check".to_string(), "2-move-to-overlay".to_string());
        let started = |step: &str, e_tag: Option<&str>| Event::StepStarted {
            step: step.to_string(),
            attempt: 1,
            e_tag: e_tag.map(str::to_string),
            body: e_tag.map(|_| "00".to_string()),
        };
        let before = [
            Event::RunBegan {
                run: 1,
                made_by: "aksplan 0".to_string(),
                holder: "a test".to_string(),
                orders: aksplan::execute::journal::Orders::default(),
            },
            started(&check, None),
            Event::StepDone {
                step: check,
                evidence: Vec::new(),
            },
            started(&step, Some("before")),
            Event::WriteAccepted {
                step,
                operation: Some(format!(
                    "status /{begun}?api-version=2016-03-30 of {id}?api-version=2025-10-01 changed"
                )),
            },
        ];
        let mut store = execution.store();
        for event in before {
            store
                .append(&execution.plan, Timestamp::now(), event)
                .expect("it is written");
        }
        drop(store);
        let abort = Options {
            abort: true,
            ..options()
        };
        // Asked before anything else, and then watched for.
        let asked = execution.world.abort(&Resource::Cluster).await;
        asked.expect("it was recorded as taken");
        let outcome = execution.run(&abort).await;
        assert_eq!(outcome.how, RunEnd::Aborted, "{}", outcome.why);
        assert!(outcome.why.contains("Canceled"), "{}", outcome.why);
        assert!(
            outcome
                .leaves
                .iter()
                .any(|line| line.contains("3 as before")),
            "{:?}",
            outcome.leaves
        );
        let writes = execution.writes();
        assert_eq!(writes.len(), 1);
        assert_eq!(writes[0].method, "POST");
        assert!(writes[0].path().eq_ignore_ascii_case(&post.path));
        assert!(execution.stage.conversation().is_over());
        let events = execution.events(RunEnd::Aborted);
        assert!(events.contains(&Event::AbortStarted) && events.contains(&Event::AbortAccepted));
        assert!(events.iter().any(
            |event| matches!(event, Event::StepFailed { why, .. } if why.contains("Canceled"))
        ));
    });
}

/// No recorded operation ended as `Failed`. What was recorded of trouble around others is met on the way of a recorded migration: a
/// write that was throttled, questions that a gateway did not get through.
#[test]
fn recorded_trouble_does_not_stop_a_recorded_migration() {
    let Some(root) = recordings() else { return };
    let all = cassettes(&root, &['A', 'G']);
    let recorded = |method: &str, status: u16| -> Vec<Exchange> {
        let exchanges = all.iter().flat_map(|cassette| &cassette.exchanges);
        exchanges
            .filter(|exchange| exchange.method == method && exchange.status == status)
            .cloned()
            .collect()
    };
    let throttled = recorded("PUT", 429);
    let gateway = recorded("GET", 502);
    assert!(!throttled.is_empty() && !gateway.is_empty());
    let cassette = all.iter().find(|cassette| cassette.name == OVERLAY);
    let step = only(cassette.expect("it is in the index"));
    let pod_cidr = "100.64.0.0/10";
    let range = pod_cidr.parse().expect("a range");
    block_on(async {
        let mut conversation = Conversation::of(&step, None);
        conversation.refusals = throttled[..1].to_vec().into();
        conversation.trouble(gateway);
        let mut execution = Execution::plan(conversation, pod_cidr, move_to_overlay(range)).await;
        let outcome = execution.run(&options()).await;
        assert_eq!(outcome.how, RunEnd::Completed, "{}", outcome.why);
        let writes = execution.writes();
        let [first, second] = writes.as_slice() else {
            panic!("{} writes", writes.len())
        };
        assert_eq!(first.json(), second.json(), "the same again");
        let events = execution.events(RunEnd::Completed);
        let refused =
            |event: &&Event| matches!(event, Event::WriteRefused { code, .. } if code == "429");
        assert_eq!(events.iter().filter(refused).count(), 1);
    });
}

/// A recorded refusal ends the run with Azure's words, and nothing is sent again.
#[test]
fn a_recorded_refusal_ends_the_run_with_azures_words() {
    let Some(root) = recordings() else { return };
    let all = cassettes(&root, &['A', 'G']);
    let refusal = all
        .iter()
        .flat_map(|cassette| &cassette.exchanges)
        .find(|exchange| {
            exchange.method == "PUT" && exchange.status == 400 && !is_pool(&exchange.path)
        });
    let refusal = refusal.expect("one was recorded");
    let told = refusal.json();
    let message = told["message"].as_str().expect("it says why");
    let message = message.trim_end_matches('.');
    let cassette = all.iter().find(|cassette| cassette.name == OVERLAY);
    let step = only(cassette.expect("it is in the index"));
    let pod_cidr = "100.64.0.0/10";
    let range = pod_cidr.parse().expect("a range");
    block_on(async {
        let mut conversation = Conversation::of(&step, None);
        conversation.refusals = vec![refusal.clone()].into();
        let mut execution = Execution::plan(conversation, pod_cidr, move_to_overlay(range)).await;
        let outcome = execution.run(&options()).await;
        assert_eq!(outcome.how, RunEnd::Failed, "{}", outcome.why);
        assert!(outcome.why.contains(message), "{}", outcome.why);
        assert_eq!(execution.writes().len(), 1);
        assert_eq!(execution.polls(), 0);
        let events = execution.events(RunEnd::Failed);
        let refused = |event: &&Event| matches!(event, Event::WriteRefused { code, .. } if code == "BadRequest");
        assert_eq!(events.iter().filter(refused).count(), 1);
    });
}

/// Somebody wants to stop as soon as the write is taken.
struct Impatient(Interrupt);

impl Teller for Impatient {
    fn tell(&mut self, _: Timestamp, telling: &Telling) {
        if matches!(telling, Telling::Accepted { .. }) {
            self.0.ask();
        }
    }
}

/// A run that is stopped while AKS is at work is gone on with by another process. That one does not know the signature of the
/// operation's address: of the migrations without one it asks the operation, of the other the cluster.
#[test]
fn a_recorded_migration_is_resumed_by_another_process() {
    let Some(root) = recordings() else { return };
    let cassettes = cassettes(&root, &['A']);
    let mut seen = 0;
    for cassette in &cassettes {
        if ![OVERLAY, CILIUM].contains(&cassette.name.as_str()) {
            continue;
        }
        let step = only(cassette);
        block_on(async {
            let conversation = Conversation::of(&step, None);
            let mut execution = if cassette.name == OVERLAY {
                let range = "100.64.0.0/10".parse().expect("a range");
                Execution::plan(conversation, "100.64.0.0/10", move_to_overlay(range)).await
            } else {
                Execution::plan(conversation, "10.244.0.0/16", enable_cilium).await
            };
            let id = ResourceId::new(execution.stage.conversation().cluster.clone());
            let interrupt = Interrupt::default();
            execution.world = world(&execution.stage, &id, &interrupt).await;
            let mut told = Impatient(interrupt);
            let outcome = execution.run_telling(&options(), &mut told).await;
            assert_eq!(outcome.how, RunEnd::Stopped, "{}", outcome.why);
            assert_eq!((execution.writes().len(), execution.polls()), (1, 1));
            execution.events(RunEnd::Stopped);

            execution.world = world(&execution.stage, &id, &Interrupt::default()).await;
            let outcome = execution.run(&options()).await;
            assert_eq!(outcome.how, RunEnd::Completed, "{}", outcome.why);
            assert_eq!(execution.writes().len(), 1, "never again");
            assert_eq!(execution.polls(), step.polls.len());
            let signed = step.polls.iter().filter(|poll| poll.query.contains("&s="));
            let unsigned = signed.count().saturating_sub(1);
            assert_eq!(execution.stage.conversation().unsigned, unsigned);
            let events = execution.events(RunEnd::Completed);
            let began = |event: &&Event| matches!(event, Event::RunBegan { .. });
            let taken = |event: &&Event| matches!(event, Event::WriteAccepted { .. });
            assert_eq!(events.iter().filter(began).count(), 2);
            assert_eq!(events.iter().filter(taken).count(), 1);
        });
        seen += 1;
    }
    assert_eq!(seen, 3);
}

/// Azure's word alone is no proof: nodes that stay as they were fail it, and nothing is sent again.
#[test]
fn a_recorded_success_is_not_believed_over_the_nodes() {
    let Some(root) = recordings() else { return };
    let cassettes = cassettes(&root, &['A']);
    let cassette = cassettes.iter().find(|cassette| cassette.name == OVERLAY);
    let step = only(cassette.expect("it is in the index"));
    let pod_cidr = "100.64.0.0/10";
    let range = pod_cidr.parse().expect("a range");
    block_on(async {
        let mut conversation = Conversation::of(&step, None);
        conversation.nodes_stay = true;
        let mut execution = Execution::plan(conversation, pod_cidr, move_to_overlay(range)).await;
        let outcome = execution.run(&options()).await;
        assert_eq!(outcome.how, RunEnd::Failed, "{}", outcome.why);
        let word = "does not carry the overlay label";
        assert!(outcome.why.contains(word), "{}", outcome.why);
        assert_eq!(execution.writes().len(), 1);
        let events = execution.events(RunEnd::Failed);
        let failed = |event: &&Event| matches!(event, Event::StepFailed { step, .. } if step == "2-move-to-overlay");
        assert_eq!(events.iter().filter(failed).count(), 1);
    });
}
