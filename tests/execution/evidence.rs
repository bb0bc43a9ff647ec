//! The evidence file, byte for byte, of a move in memory that was interrupted and gone on with; and what it must say in other cases.

use crate::aks::{Aks, instant};
use crate::hands::{Ills, Stage, long_choices};
use aksplan::cli::evidence::{self, Evidence};
use aksplan::execute::actuator::Observed;
use aksplan::execute::journal::Orders;
use aksplan::execute::run::Outcome;
use aksplan::execute::store::Store;
use aksplan::migrate::foreseen::{Foreseen, ForeseenNode, TightBudget};
use aksplan::migrate::step::Seconds;

/// A stage whose move was simulated.
fn foreseen(name: &str, mut aks: Aks) -> Stage {
    // Never allowing, so that every drain is held back for as long as it lasts.
    aks.state_mut().disruption_budgets[0].disruptions_allowed = Some(0);
    let mut stage = Stage::of(name, aks, &long_choices());
    for step in stage.plan.steps.iter_mut().filter(|step| step.reimages) {
        step.expected = Some(Seconds {
            p50: 40,
            p90: 55,
            p99: 70,
        });
        step.foreseen = Some(Box::new(Foreseen {
            seed: 1,
            futures: 100,
            completed: 100,
            median: Some(42),
            evictions: 3,
            pools: Vec::new(),
            surge: Vec::new(),
            nodes: [
                ("system-0", "system", 13),
                ("apps-0", "apps", 26),
                ("apps-1", "apps", 39),
            ]
            .map(|(name, pool, ended)| ForeseenNode {
                name: name.to_string(),
                pool: pool.to_string(),
                batch: 1,
                drain_begins: Some(0),
                drained: Some(7),
                ended: Some(ended),
                end: "done".to_string(),
                evictions: 1,
                waits_for: None,
            })
            .to_vec(),
            ranges: Vec::new(),
            budgets: vec![TightBudget {
                name: "shop/web".to_string(),
                first_refusal: 3,
                evictions: 3,
                longest: Some(7),
            }],
            down: Vec::new(),
        }));
    }
    stage.plan = stage.plan.clone().sealed();
    stage.options.orders = orders();
    stage
}

fn orders() -> Orders {
    Orders {
        deed: "execute".to_string(),
        window: Some("4h".to_string()),
        until: Some(instant(14_400)),
        on_blocked: "wait".to_string(),
        accept_overrun: false,
        yes: true,
    }
}

fn written(stage: &Stage, before: &Observed, outcome: &Outcome) -> String {
    let (status, records) = Store::look(&stage.journal, &stage.plan)
        .expect("a journal that replays")
        .expect("a journal");
    let after = stage.aks.observed();
    evidence::text(&Evidence {
        plan: &stage.plan,
        status: &status,
        records: &records,
        before,
        after: Some(&after),
        outcome,
    })
}

/// Interrupted in the middle of the move, gone on with ten minutes later.
fn interrupted() -> (Stage, String) {
    let mut stage = foreseen("evidence", Aks::new(Some("calico")));
    let mut call = 0;
    let moved = |stage: &Stage| {
        let status = stage.status();
        status
            .noticed
            .iter()
            .any(|(_, what)| what == "node system-0 is done")
            && stage.aks.cluster().network.overlay
    };
    // The first call at which an interrupt leaves the move half done.
    loop {
        call += 10;
        let ills = Ills {
            interrupt: Some(call),
            ..Ills::default()
        };
        stage.run(ills).expect("it is not killed");
        if moved(&stage) {
            break;
        }
        assert!(call < 2_000, "the move never begins");
        stage = foreseen("evidence", Aks::new(Some("calico")));
    }
    stage.aks.pass(600);
    let before = stage.aks.observed();
    let outcome = stage.run(Ills::default()).expect("it is not killed");
    let text = written(&stage, &before, &outcome);
    (stage, text)
}

/// The file beside this one; `AKSPLAN_UPDATE=1` writes it anew.
#[test]
fn the_whole_file_of_a_move_that_was_interrupted() {
    let (stage, text) = interrupted();
    // Paths and chance are no part of it: what is left that differs from run to run is the journal's folder, which it does not name.
    assert!(!text.contains(&stage.journal.display().to_string()));
    // Whatever is added to plans moves both digests on; that they stand in it is enough.
    for digest in [&stage.plan.digest, &stage.plan.fingerprint] {
        assert_eq!(text.matches(digest.as_str()).count(), 1);
    }
    let text = text
        .replace(&stage.plan.digest, "DIGEST")
        .replace(&stage.plan.fingerprint, "FINGERPRINT");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/execution/evidence.md");
    if std::env::var("AKSPLAN_UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(path, &text).expect("the file can be written");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    if let Some((line, (wanted, found))) = committed
        .lines()
        .zip(text.lines())
        .enumerate()
        .find(|(_, (wanted, found))| wanted != found)
    {
        panic!("line {}: {found}\ncommitted: {wanted}", line + 1);
    }
    assert_eq!(committed, text, "AKSPLAN_UPDATE=1 rewrites it");
}

fn after_one_run(mut stage: Stage, ills: Ills) -> (Stage, String) {
    let before = stage.aks.observed();
    let outcome = stage.run(ills).expect("it is not killed");
    let text = written(&stage, &before, &outcome);
    (stage, text)
}

fn has(text: &str, wanted: &[&str]) {
    for words in wanted {
        assert!(text.contains(words), "{words} is missing:\n{text}");
    }
}

#[test]
fn a_check_over_nothing_proves_nothing() {
    let mut aks = Aks::new(None);
    let state = aks.state_mut();
    state.workloads.clear();
    state.endpoint_slices.clear();
    state.pods.clear();
    state.disruption_budgets.clear();
    let (_, text) = after_one_run(
        Stage::of("nothing", aks, &Default::default()),
        Ills::default(),
    );
    has(
        &text,
        &[
            "**none there** every workload has at least as many ready pods as before: there were no workloads to look at",
            "**none there** every service has at least as many ready endpoints as before: there were no services to look at",
            "**none there** every pod that is not on the host network has an address of 10.244.0.0/16, none one of a node subnet: there \
             were no pods",
            "- pods: none there",
            "- services: none there before the first write, so none compared",
            "It was not simulated.",
        ],
    );
}

#[test]
fn a_move_that_failed_says_what_is_half_done() {
    let mut aks = Aks::new(Some("calico"));
    // The third write is the move: it fails after one node.
    aks.fates.insert(2, crate::aks::Fate::Fails(1));
    let (_, text) = after_one_run(foreseen("failed", aks), Ills::default());
    has(
        &text,
        &[
            "The last run failed: step 4-move-to-overlay",
            "1 of 3 nodes are on Overlay, 2 as before",
            "pool apps still has the upgrade settings for the move",
            "network policy is not enforced now",
            "- step 4-move-to-overlay: move to Azure CNI Overlay",
            "**not proven**",
            "### By hand",
            "REPLACES the cluster",
        ],
    );
}

#[test]
fn before_the_move_nothing_is_asked_for_by_hand() {
    let mut aks = Aks::new(Some("calico"));
    aks.fates.insert(1, crate::aks::Fate::Fails(0));
    let (_, text) = after_one_run(foreseen("early", aks), Ills::default());
    has(&text, &["The move itself was not begun"]);
    assert!(!text.contains("By hand"), "{text}");
}

/// A killed run, a write nobody answered for, and names that mean something to Markdown.
#[test]
fn what_went_wrong_stands_in_it() {
    use crate::hands::Send;
    let mut stage = foreseen("wrong", Aks::new(Some("calico")));
    stage.options.holder = "me|<b>you</b>@`host`".to_string();
    let ills = Ills {
        sends: [(1, Send::LostOnTheWay), (2, Send::Refused)].into(),
        ..Ills::default()
    };
    stage.run(ills).expect("it is not killed");
    let kill = Ills {
        kill: Some((60, false)),
        ..Ills::default()
    };
    assert!(stage.run(kill).is_none(), "it is killed");
    stage.aks.pass(60);
    let (_, text) = after_one_run(stage, Ills::default());
    has(
        &text,
        &[
            "| killed | me\\|&lt;b&gt;you&lt;/b&gt;@\\`host\\` | test |",
            "last heard of at",
            "run 2 did not end: the program was killed",
            "no answer came; it never arrived, as was seen at",
            "| not taken, BadRequest: no | - |",
            "not watched from",
        ],
    );
}

/// A node that the plan does not know is no node of the move.
#[test]
fn surge_nodes_are_counted_apart() {
    use aksplan::execute::leftover::{sentences, surge_nodes};
    let mut stage = foreseen("surge", Aks::new(Some("calico")));
    let simulated = stage.plan.clone();
    let plain = Stage::long("surge").plan.clone();
    let state = stage.aks.state_mut();
    for number in 1..=2 {
        let mut node = state.nodes[1].clone();
        node.name = format!("apps-surge-{number}");
        node.labels.insert(
            aksplan::migrate::condition::OVERLAY_LABEL.to_string(),
            "true".to_string(),
        );
        state.nodes.push(node);
    }
    // One of its own is away.
    state.nodes.remove(2);
    let observed = stage.aks.observed();
    assert_eq!(surge_nodes(&simulated, &observed), 2);
    assert_eq!(
        sentences(&observed, &simulated)[1],
        "0 of 3 nodes are on Overlay, 2 as before, 1 away; 2 surge nodes beside them."
    );
    // Without names, what is beyond the count of the pool: the one that is away hides one.
    assert_eq!(surge_nodes(&plain, &observed), 1);
    assert_eq!(
        sentences(&observed, &plain)[1],
        "2 of 4 nodes are on Overlay, 2 as before; 1 surge node among them."
    );
}
