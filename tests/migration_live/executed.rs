//! The move carried out by the executor, one thing wrong at a time: how it ends, and that each write was accepted once.

use super::aks::Aks;
use super::aks::fault::{Fault, Rule};
use super::aks::shape::Shape;
use super::aks::small::small;
use super::hand::{Death, Hand, Ran, options};
use aksplan::execute::run::OnBlocked;
use std::time::Duration;

const CLUSTER: &str = "/managedclusters/shop";

fn quick() -> Shape {
    let mut shape = small();
    shape.pace.node_create = Duration::from_millis(50);
    shape.pace.reimage = Duration::from_millis(50);
    shape
}

/// One node and one service: the move takes a second.
fn tiny() -> Shape {
    let mut shape = quick();
    shape.pools.remove(0);
    shape.pools[0].nodes = 1;
    shape.pace.eviction_retry = Duration::from_millis(60);
    let gone = ["coredns", "web"];
    shape.objects.retain(|object| {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        !gone.contains(&name)
    });
    shape
}

/// Done, and proven by what AKS says: it is on Overlay, whatever nobody knows is still there, and each write began one operation.
fn is_moved(aks: &Aks, hand: &Hand, what: &str, ran: &Ran) {
    assert!(
        ran.how().starts_with("Completed"),
        "{what}: {}\n{}",
        ran.how(),
        ran.told.join("\n")
    );
    let cluster = aks.cluster();
    let network = &cluster["properties"]["networkProfile"];
    assert_eq!(network["networkPluginMode"], "overlay", "{what}");
    assert_eq!(network["fieldOfTheFuture"]["number"], 7, "{what}");
    assert_eq!(cluster["fieldOfTheFuture"], "kept at the top", "{what}");
    assert_eq!(
        cluster["properties"]["fieldOfTheFuture"]["deep"]["deeper"], true,
        "{what}"
    );
    let writes = hand.plan.steps.iter().filter(|step| step.write.is_some());
    assert_eq!(
        aks.writes().len(),
        writes.count(),
        "{what}: {}",
        ran.told.join("\n")
    );
}

#[test]
fn the_small_cluster_is_moved() {
    let Some(aks) = Aks::start(quick()) else {
        return;
    };
    let hand = Hand::plan(&aks);
    let ran = hand.run(&options(), Death::Never);
    is_moved(&aks, &hand, "nothing wrong", &ran);
    let again = hand.run(&options(), Death::Never);
    is_moved(&aks, &hand, "a second run", &again);
}

/// One fault on the way, and the move comes to its end in the same run.
#[test]
fn what_passes_is_outlived() {
    let put = |nth: u32, fault: Fault| Rule::nth("PUT", CLUSTER, nth, fault);
    let cases: [(&str, Vec<Rule>); 5] = [
        (
            "refused thrice: 412, 409, 429",
            vec![
                put(1, Fault::Status(412, None)),
                put(2, Fault::Status(409, None)),
                put(3, Fault::Status(429, Some(1))),
            ],
        ),
        (
            "in doubt, and it never arrived: 500, 503",
            vec![
                put(1, Fault::Status(500, None)),
                put(2, Fault::Status(503, None)),
            ],
        ),
        ("lost before", vec![put(1, Fault::LostBefore)]),
        ("lost after", vec![put(1, Fault::LostAfter)]),
        (
            "polls and reads",
            vec![
                Rule::nth("GET", "/operations/", 1, Fault::LostBefore),
                Rule::nth("GET", "/operations/", 2, Fault::Status(502, None)).times(2),
                Rule::nth("GET", CLUSTER, 2, Fault::Status(500, None)),
                Rule::nth("GET", "/usages", 2, Fault::Status(503, None)),
                Rule::nth("GET", "/agentpools", 3, Fault::LostBefore),
                Rule::nth("GET", CLUSTER, 4, Fault::Slow(Duration::from_millis(300))),
            ],
        ),
    ];
    for (what, rules) in cases {
        let Some(aks) = Aks::start(tiny()) else {
            return;
        };
        let hand = Hand::plan(&aks);
        let wrong = rules.len();
        for rule in rules {
            aks.fault(rule);
        }
        let ran = hand.run(&options(), Death::Never);
        is_moved(&aks, &hand, what, &ran);
        let met = aks
            .log()
            .iter()
            .filter(|asked| asked.fault.is_some())
            .count();
        assert!(met >= wrong, "{what}: only {met} of {wrong} went wrong");
    }
}

/// Killed after every record there is, and once between a write and its record: the next run goes on, and writes nothing twice.
#[test]
fn killed_after_every_record_it_goes_on() {
    let deaths = {
        let Some(aks) = Aks::start(tiny()) else {
            return;
        };
        let hand = Hand::plan(&aks);
        let ran = hand.run(&options(), Death::Never);
        is_moved(&aks, &hand, "to the end", &ran);
        hand.records()
    };
    assert!(deaths.len() > 8, "{deaths:?}");
    let last = *deaths.last().expect("the end");
    let deaths = deaths.into_iter().filter(|death| *death < last);
    for death in deaths.map(Death::After).chain([Death::Unrecorded]) {
        let Some(aks) = Aks::start(tiny()) else {
            return;
        };
        let hand = Hand::plan(&aks);
        // How many things are noticed differs from run to run: the last of them may not be reached.
        hand.run(&options(), death);
        let ran = hand.run(&options(), Death::Never);
        is_moved(&aks, &hand, &format!("{death:?}"), &ran);
    }
}

/// Killed while a record was being written: whatever stands of it is thrown away, and said.
#[test]
fn killed_within_a_record_it_goes_on() {
    for (death, cut) in [(3, 1), (4, 17), (5, 60)] {
        let Some(aks) = Aks::start(tiny()) else {
            return;
        };
        let hand = Hand::plan(&aks);
        let ran = hand.run(&options(), Death::After(death));
        assert!(ran.outcome.is_none(), "{}", ran.how());
        let path = hand.journal();
        let mut text = std::fs::read(&path).expect("the journal");
        // The next record would have begun like the last.
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        let last = lines[lines.len() - 2].to_vec();
        text.extend_from_slice(&last[..last.len() - cut]);
        std::fs::write(&path, &text).expect("it is ours");
        let ran = hand.run(&options(), Death::Never);
        is_moved(&aks, &hand, &format!("{death}, {cut}"), &ran);
        assert!(
            ran.told.iter().any(|line| line.contains("TornRecord")),
            "{:?}",
            ran.told
        );
    }
}

#[test]
fn a_budget_that_never_allows_is_named_and_the_next_run_goes_on() {
    let mut shape = quick();
    shape.pace.minute = Duration::from_millis(200);
    let Some(aks) = Aks::start(shape) else {
        return;
    };
    let hand = Hand::plan(&aks);
    aks.somebody_forbids_once_it_runs();
    let ran = hand.run(&options(), Death::Never);
    let how = ran.how();
    assert!(
        how.starts_with("Failed")
            && how.contains("UpgradeFailed")
            && how.contains("blocked by pdb api"),
        "{how}"
    );
    let told = ran.told.join("\n");
    assert!(
        told.contains("stuck: ") && told.contains("shop/api"),
        "{told}"
    );
    aks.somebody_allows_again();
    let ran = hand.run(&options(), Death::Never);
    assert!(
        ran.how().starts_with("Completed"),
        "{}\n{}",
        ran.how(),
        ran.told.join("\n")
    );
    assert_eq!(
        aks.writes().len(),
        2,
        "the one that failed, and the one that went on"
    );
}

#[test]
fn stuck_it_stops_or_aborts_as_told() {
    for (on_blocked, end) in [(OnBlocked::Stop, "Stopped"), (OnBlocked::Abort, "Aborted")] {
        let mut shape = quick();
        shape.pace.minute = Duration::from_secs(2);
        let Some(aks) = Aks::start(shape) else {
            return;
        };
        let hand = Hand::plan(&aks);
        aks.somebody_forbids_once_it_runs();
        let mut options = options();
        options.on_blocked = on_blocked;
        let ran = hand.run(&options, Death::Never);
        assert!(
            ran.how().starts_with(end),
            "{end}: {}\n{}",
            ran.how(),
            ran.told.join("\n")
        );
        let aborts = aks
            .log()
            .iter()
            .filter(|asked| asked.path.ends_with("/abort"))
            .count();
        assert_eq!(aborts, usize::from(on_blocked == OnBlocked::Abort));
        assert_eq!(
            aks.shared.world().running.is_some(),
            on_blocked == OnBlocked::Stop
        );
    }
}
