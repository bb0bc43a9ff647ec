//! The move carried out by the executor, one thing wrong at a time: how it ends, and that each write was accepted once.

use super::aks::Aks;
use super::aks::fault::{Fault, Rule};
use super::aks::kubernetes::Plane;
use super::aks::shape::Shape;
use super::aks::small::small;
use super::end::{Draws, each_write_once, end_state};
use super::hand::{Death, Hand, Ran, options};
use aksplan::execute::run::OnBlocked;
use aksplan::migrate::Plan;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

const CLUSTER: &str = "/managedclusters/shop";

fn quick() -> Shape {
    let mut shape = small();
    shape.pace.node_create = Duration::from_millis(50);
    shape.pace.reimage = Duration::from_millis(50);
    shape
}

/// One node and one service: the move takes a second.
pub fn tiny() -> Shape {
    let mut shape = quick();
    shape.pools.remove(0);
    shape.pools[0].nodes = 1;
    shape.pace.eviction_retry = Duration::from_millis(60);
    shape.pace.short_operation = Duration::from_millis(30);
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
    let hand = Hand::plan(&aks, &[]);
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
        let hand = Hand::plan(&aks, &[]);
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

/// Three writes: settings of the pool before and after the move.
const THREE_WRITES: [&str; 2] = ["--drain-timeout", "apps=60"];

/// What a run without a death comes to.
struct Straight {
    plan: Plan,
    end: Value,
    records: Vec<(String, String)>,
    bytes: u64,
    /// It lives as long as there are clusters to come.
    _plane: Arc<Plane>,
}

fn straight() -> Option<Straight> {
    let aks = Aks::start(tiny())?;
    let hand = Hand::plan(&aks, &THREE_WRITES);
    let ran = hand.run(&options(), Death::Never);
    is_moved(&aks, &hand, "to the end", &ran);
    each_write_once(&aks, &hand.plan, "to the end");
    Some(Straight {
        end: end_state(&aks),
        records: hand.journal().records(),
        bytes: hand.journal().bytes().len() as u64,
        plan: hand.plan,
        _plane: Arc::clone(&aks.plane),
    })
}

/// One death in a world of its own, and a second run to the end: the same end, and each write sent once. `None`: the first run came to its
/// end before it was to be killed.
fn dies_and_goes_on(straight: &Straight, death: Death) -> Option<Ran> {
    let aks = Aks::start(tiny())?;
    let Straight { plan, end, .. } = straight;
    let hand = Hand::with(&aks, plan);
    if hand.run(&options(), death).outcome.is_some() {
        return None;
    }
    let what = format!("{death:?}");
    let is_torn = hand.journal().bytes().len() > hand.journal().good();
    let ran = hand.run(&options(), Death::Never);
    let says_so = ran.told.iter().any(|line| line.contains("TornRecord"));
    assert_eq!(says_so, is_torn, "{what}: {:?}", ran.told);
    is_moved(&aks, &hand, &what, &ran);
    each_write_once(&aks, plan, &what);
    assert_eq!(end_state(&aks), *end, "{what}");
    Some(ran)
}

/// Killed after every record there is, one after the other until a run comes to its end, and between each write and its record.
#[test]
fn killed_after_every_record_it_goes_on() {
    let Some(straight) = straight() else {
        return;
    };
    let writes = straight.plan.steps.iter();
    let writes = writes.filter(|step| step.write.is_some()).count();
    assert_eq!(writes, 3);
    for write in 1..=3 {
        let ran = dies_and_goes_on(&straight, Death::Unrecorded(write));
        let told = ran.expect("there are so many writes").told.join("\n");
        assert!(
            told.contains("the write arrived: it shows, and is not sent again"),
            "{told}"
        );
    }
    let deaths = (1..).map(Death::After);
    let died = deaths.take_while(|death| dies_and_goes_on(&straight, *death).is_some());
    let died = died.count();
    // What is noticed differs from run to run by when it is looked; everything else is there each time.
    let all = &straight.records;
    let notes = all.iter().filter(|(kind, _)| kind == "noticed").count();
    println!(
        "killed after each of {died} records; without a death there were {}, {notes} of them notes",
        all.len()
    );
    assert!(died + 1 >= all.len() - notes, "{died}: {all:?}");
}

/// Killed while a record was being written, at bytes drawn evenly over the whole journal: whatever stands of it is thrown away, and said.
#[test]
fn killed_at_random_bytes_it_goes_on() {
    let Some(straight) = straight() else {
        return;
    };
    for seed in 1..=8 {
        let mut draws = Draws(seed);
        // A journal that is a few notes shorter may end before: it is drawn again.
        let byte = (0..10)
            .map(|_| usize::try_from(draws.below(straight.bytes)).expect("small"))
            .find(|byte| dies_and_goes_on(&straight, Death::Within(*byte)).is_some())
            .expect("one of ten is within");
        println!("seed {seed}: killed at byte {byte} of {}", straight.bytes);
    }
}

#[test]
fn a_budget_that_never_allows_is_named_and_the_next_run_goes_on() {
    let mut shape = quick();
    shape.pace.minute = Duration::from_millis(200);
    let Some(aks) = Aks::start(shape) else {
        return;
    };
    let hand = Hand::plan(&aks, &[]);
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
        let hand = Hand::plan(&aks, &[]);
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
