//! Reading a whole estate live: the release binary against the loopback Azure of the tests, with 20 ms added to each answer.
//! 200 VNets (a hub and 199 spokes in ten subscriptions) and 200 clusters, in every way to ask for them.
//!
//! Run it with `cargo bench --bench live`. It prints, of each way, the wall time of `aksplan snapshot` (of `capacity` for one VNet; best and worst of five), the requests it made,
//! the fewest that would do, and the most that were under way at once. It fails when a reading takes longer than 3 s, or makes
//! more than twice the fewest requests.

#[path = "../tests/azure/estate.rs"]
#[allow(dead_code)]
mod estate;
#[path = "../tests/azure/fault.rs"]
#[allow(dead_code)]
mod fault;
#[path = "../tests/azure/graph.rs"]
#[allow(dead_code)]
mod graph;
#[path = "../tests/azure/gzip.rs"]
#[allow(dead_code)]
mod gzip;
#[path = "../tests/azure/line.rs"]
mod line;
#[path = "../tests/azure/server.rs"]
#[allow(dead_code)]
mod server;
#[path = "../tests/azure/world.rs"]
#[allow(dead_code)]
mod world;

use estate::{Estate, GROUP, Size, estate, subscription};
use server::{Azure, Manners, TOKEN};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

const SIZE: Size = Size {
    seed: 2026,
    vnets: 200,
    clusters: 200,
    subscriptions: 10,
};
const LATENCY: Duration = Duration::from_millis(20);
const BUDGET: Duration = Duration::from_secs(3);
const RUNS: usize = 5;
/// Members that Azure Resource Manager puts on a page of a list, and rows of Resource Graph on one of its own.
const PAGE: usize = 100;
const GRAPH_PAGE: usize = 1000;

fn main() {
    let made = estate(SIZE);
    let bytes: usize = made
        .world
        .resources()
        .map(|resource| resource.body.len())
        .sum();
    println!(
        "{} VNets, {} clusters, {} resources, {:.1} MB; {} ms an answer",
        SIZE.vnets,
        SIZE.clusters,
        made.world.resources().count(),
        bytes as f64 / 1e6,
        LATENCY.as_millis()
    );
    let azure = Azure::start(
        made.world.clone(),
        Manners {
            latency: LATENCY,
            page_size: PAGE,
            graph_page_size: GRAPH_PAGE,
            ..Manners::default()
        },
    );
    let named: Vec<String> = (0..SIZE.subscriptions)
        .flat_map(|number| ["--subscription".to_string(), subscription(number)])
        .collect();
    let words = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<String>>();
    let ways = [
        ("--all", words("--all"), fewest_of_graph(&made)),
        (
            "--management-group",
            words(&format!("--management-group {GROUP}")),
            fewest_of_graph(&made),
        ),
        ("--subscription, ten times", named, fewest_of_lists(&made)),
        (
            "--vnet hub",
            words(&format!("--subscription {} --vnet hub", subscription(0))),
            fewest_of_hub(&made),
        ),
    ];
    let mut failures = Vec::new();
    for (name, args, fewest) in ways {
        let mut times = Vec::new();
        let mut requests = 0;
        for _ in 0..RUNS {
            azure.forget();
            times.push(read(&azure, &args));
            requests = azure.log().len();
        }
        times.sort();
        let (best, worst) = (times[0], times[RUNS - 1]);
        println!(
            "{name:<28} {:>6.0} to {:>5.0} ms   {requests:>4} requests, {fewest:>4} at least   {:>3} at once",
            best.as_secs_f64() * 1e3,
            worst.as_secs_f64() * 1e3,
            azure.most_at_once()
        );
        if worst > BUDGET {
            failures.push(format!("{name} took {worst:?}"));
        }
        if requests > 2 * fewest {
            failures.push(format!("{name} made {requests} requests for {fewest}"));
        }
    }
    assert!(failures.is_empty(), "{failures:?}");
}

/// Wall time of one reading, from the start of the process to its end.
fn read(azure: &Azure, args: &[String]) -> Duration {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("live-bench.json.zst");
    let _ = std::fs::remove_file(&file);
    let began = Instant::now();
    // A snapshot is of all that is there; what matters to one VNet is a question of `capacity`.
    let mut command = Command::new(env!("CARGO_BIN_EXE_aksplan"));
    if args.iter().any(|arg| arg == "--vnet") {
        command.arg("capacity");
    } else {
        command.args(["snapshot", "-f"]).arg(&file);
    }
    let ended = command
        .args(args)
        .args(["--arm-endpoint", &azure.endpoint()])
        .env("AKSPLAN_ARM_TOKEN", TOKEN)
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .expect("the binary was built for this benchmark");
    let took = began.elapsed();
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    took
}

/// VNets that hold a pool of any cluster: those whose numbers in use matter.
fn with_clusters(made: &Estate) -> usize {
    let vnets: BTreeSet<&str> = made
        .truth
        .subnets
        .keys()
        .filter(|id| id.contains("/subnets/nodes-"))
        .filter_map(|id| id.split("/subnets/").next())
        .collect();
    vnets.len()
}

/// Pages of what Resource Graph holds of the types that are read, and the usages of each VNet with clusters.
fn fewest_of_graph(made: &Estate) -> usize {
    let rows: usize = [
        "virtualnetworks",
        "loadbalancers",
        "natgateways",
        "privateendpoints",
        "routetables",
    ]
    .iter()
    .map(|kind| {
        made.world
            .of_kind(&format!("microsoft.network/{kind}"))
            .count()
    })
    .sum::<usize>()
        + made
            .world
            .of_kind("microsoft.containerservice/managedclusters")
            .count();
    rows.div_ceil(GRAPH_PAGE) + with_clusters(made)
}

/// Of each subscription one list of each kind (pages of a hundred hold them all), the usages of every VNet, and what only a
/// cluster itself lists: its pools and its maintenance windows.
fn fewest_of_lists(made: &Estate) -> usize {
    const KINDS: usize = 7;
    const OF_A_CLUSTER: usize = 2;
    SIZE.subscriptions * KINDS + made.truth.vnets.len() + OF_A_CLUSTER * made.truth.clusters.len()
}

/// The lists of the hub's subscription, each spoke of another one, the clusters of those, and the usages of all.
fn fewest_of_hub(made: &Estate) -> usize {
    const KINDS: usize = 7;
    let elsewhere = made
        .truth
        .vnets
        .keys()
        .filter(|id| !id.contains(&subscription(0)))
        .count();
    KINDS + elsewhere + (SIZE.subscriptions - 1) + made.truth.vnets.len()
}
