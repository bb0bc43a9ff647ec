//! The move to Overlay of whole clusters, all pools at once, at four sizes: the simulation alone, a thousand futures, the whole
//! program from exec to exit on a snapshot file, and what a run that carries the move out works out at each look.
//!
//! `cargo bench --bench simulation` makes the clusters in memory (the same every time) and prints a row a size. Times are the best of
//! several runs; the machine's other work shows in the worse ones. `cargo bench --bench simulation -- 5000` runs one size.
mod measure;

use aksplan::capacity::growth::Books;
use aksplan::migrate::condition::Baseline;
use aksplan::migrate::foreseen::Foreseen;
use aksplan::migrate::pace::Watch;
use aksplan::migrate::{Action, Sight, Step};
use aksplan::model::Inventory;
use aksplan::population::Population;
use aksplan::simulate::{Engine, Operation, Outcome, Policy, Setting, futures};
use aksplan::source::snapshot::{Document, Encoding, encode};
use measure::busy::inventory;
use measure::{best, instant, program};
use std::path::Path;

/// Nodes.
const SIZES: [usize; 4] = [100, 500, 1_500, 5_000];

fn main() {
    let only: Option<usize> = std::env::args().find_map(|argument| argument.parse().ok());
    println!(
        "{:>6} {:>8} {:>8} | {:>10} {:>10} {:>10} {:>9} | {:>10} | {:>8} {:>8} | {:>12} {:>8} | {:>12}",
        "nodes",
        "pods",
        "budgets",
        "compile",
        "simulate",
        "summarise",
        "evicted",
        "futures",
        "look",
        "proof",
        "whole program",
        "peak",
        "with advice"
    );
    for nodes in SIZES {
        if only.is_none_or(|only| only == nodes) {
            row(nodes);
        }
    }
}

fn row(nodes: usize) {
    let inventory = inventory(nodes);
    let cluster = &inventory.clusters[0];
    let state = cluster.kubernetes.as_deref().expect("it has objects");
    let books = Books::of(&inventory);
    let policy = Policy::default();
    let operation = Operation::Move {
        pod_cidr: Some("100.64.0.0/10".parse().expect("a prefix")),
    };
    let population = Population::of(cluster, state);
    let setting_of = || Setting::of(&population, Some(&books), operation.clone(), &policy, None);
    let compile = best(|| {
        let population = Population::of(cluster, state);
        std::hint::black_box(Setting::of(
            &population,
            Some(&books),
            operation.clone(),
            &policy,
            None,
        ));
    });
    let setting = setting_of();
    let mut engine = Engine::new(&setting);
    let mut evictions = 0;
    let simulate = best(|| {
        let ended = engine.future(1, 1);
        assert!(ended.seconds.is_some(), "{ended:?}");
        evictions = ended.evictions;
    });
    let summarise = best(|| {
        let (ended, log) = Engine::new(&setting).record();
        std::hint::black_box(Outcome::of(&setting, ended, log));
    });
    let (look, proof) = carried_out(&inventory, &setting);
    let count = if nodes <= 100 { 1_000 } else { 0 };
    let many = if count > 0 {
        format!(
            "{:.0} ms",
            best(|| {
                let futures = futures(&setting, 1, count);
                assert_eq!(futures.completed, count);
            })
        )
    } else {
        "-".to_string()
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/.cache");
    std::fs::create_dir_all(&folder).expect("benches/.cache can be written");
    let file = folder.join(format!("move-{nodes}.json.zst"));
    let mut bytes = Vec::new();
    encode(&Document::of(&inventory, None), Encoding::Zstd, &mut bytes)
        .expect("memory takes everything");
    std::fs::write(&file, &bytes).expect("disk space");
    let (whole, peak) = migrate(&file, false);
    let (advised, _) = migrate(&file, true);
    println!(
        "{nodes:>6} {:>8} {:>8} | {compile:>7.1} ms {simulate:>7.1} ms {summarise:>7.1} ms {evictions:>9} | {many:>10} | {look:>5.1} ms {proof:>5.1} ms | {whole:>9.0} ms {peak:>5} MB | {advised:>9.0} ms",
        state.pods.len(),
        state.disruption_budgets.len(),
    );
}

/// A look at every pod of a cluster whose nodes are all being drained and whose budgets all refuse, and the proof at the end.
fn carried_out(inventory: &Inventory, setting: &Setting) -> (f64, f64) {
    let pod_cidr = "100.64.0.0/10".parse().expect("a prefix");
    let (ended, log) = Engine::new(setting).record();
    let outcome = Outcome::of(setting, ended, log);
    let mut step = Step::of(
        1,
        Action::MoveToOverlay {
            pod_cidr,
            kept: Vec::new(),
        },
    );
    step.foreseen = Some(Box::new(Foreseen::of(setting, &outcome, None)));
    let mut now = inventory.clone();
    let state =
        std::sync::Arc::make_mut(now.clusters[0].kubernetes.as_mut().expect("it has objects"));
    for node in &mut state.nodes {
        node.unschedulable = true;
        node.ready = true;
    }
    for budget in &mut state.disruption_budgets {
        budget.disruptions_allowed = Some(0);
    }
    let baseline = Baseline::of(inventory, &inventory.clusters[0]);
    let sight = Sight {
        inventory: &now,
        cluster: &now.clusters[0],
        baseline: Some(&baseline),
    };
    let began = instant("2026-01-01T00:00:00Z");
    let mut watch = Watch::new(&step, began, 600);
    let look = best(|| {
        let (progress, _) = watch.look(sight, began, None, &[]);
        assert!(!progress.blocked.is_empty());
    });
    let conditions = Step::of(2, Action::Verify { pod_cidr }).after;
    let proof = best(|| {
        for condition in &conditions {
            std::hint::black_box(condition.judge(sight));
        }
    });
    (look, proof)
}

fn migrate(file: &Path, advice: bool) -> (f64, u64) {
    program(|command| {
        command
            .args(["migrate", "--pod-cidr", "100.64.0.0/10"])
            .args(["--futures", "0", "--quiet", "--from"])
            .arg(file)
            .args(if advice { None } else { Some("--no-advice") });
    })
}
