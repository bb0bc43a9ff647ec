//! What a plan foresees beside what comes: which budgets refuse and in which order, what is evicted where, how long nodes take. Where
//! chance decides nothing all of it is equal; where it does, what it cannot change is.

use super::aks::Aks;
use super::aks::fintech::fintech;
use super::aks::timed::{policy, timed};
use super::aks::world::{Eviction, Refusal, Turn, World};
use super::carried::is_on_overlay;
use super::control_plane::Folder;
use super::moves::{execute, migrate, plan};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// What came.
struct Observed {
    took: Duration,
    evicted: Vec<Eviction>,
    refusing: Vec<Refusal>,
    turns: Vec<Turn>,
    /// Pods at first, by node, that a drain evicts.
    nodes: Vec<String>,
}

impl Observed {
    fn of(aks: &Aks, nodes: Vec<String>) -> Observed {
        let world: &World = &aks.shared.world();
        let ended = world.turns.iter().filter_map(|turn| turn.ended);
        Observed {
            took: ended.max().expect("nodes were done"),
            evicted: world.evicted.clone(),
            refusing: world.refusing.clone(),
            turns: world.turns.clone(),
            nodes,
        }
    }

    /// Evictions by node; those of surge nodes, which have names of their own, under one.
    fn by_node(&self) -> BTreeMap<&str, u64> {
        let mut all = BTreeMap::new();
        for eviction in &self.evicted {
            let known = self.nodes.iter().find(|node| **node == eviction.node);
            *all.entry(known.map_or(SURGE, String::as_str)).or_default() += 1;
        }
        all
    }

    /// Evictions by workload: a pod of a Deployment has two words more in its name.
    fn by_workload(&self) -> BTreeMap<String, u64> {
        let mut all = BTreeMap::new();
        for eviction in &self.evicted {
            let name = eviction.pod.rsplitn(3, '-').last().unwrap_or_default();
            *all.entry(name.to_string()).or_default() += 1;
        }
        all
    }

    fn turn(&self, node: &str) -> &Turn {
        let found = self.turns.iter().find(|turn| turn.node == node);
        found.unwrap_or_else(|| panic!("{node} was never drained"))
    }
}

const SURGE: &str = "surge nodes";

/// What the plan's one step that reimages foresees.
fn foreseen(plan: &str) -> Value {
    let text = std::fs::read_to_string(plan).expect("the plan");
    let plan: Value = serde_json::from_str(&text).expect("JSON");
    let steps = plan["steps"].as_array().expect("steps");
    let mut found = steps.iter().map(|step| step["foreseen"].clone());
    found
        .find(Value::is_object)
        .expect("the step was simulated")
}

fn names(list: &Value) -> Vec<&str> {
    let all = list.as_array().expect("a list");
    all.iter()
        .map(|one| one["name"].as_str().expect("a name"))
        .collect()
}

fn seconds(value: &Value) -> f64 {
    value.as_f64().expect("seconds")
}

/// Both, side by side. `scale`: simulated seconds in one of the stand-in's.
fn print(foreseen: &Value, observed: &Observed) {
    let at =
        |at: Option<Duration>| at.map_or("-".to_string(), |at| format!("{:.1}", at.as_secs_f64()));
    println!(
        "{:<34} evictions  drain begins        drained             done",
        "node"
    );
    let seen = observed.by_node();
    for node in foreseen["nodes"].as_array().expect("nodes") {
        let name = node["name"].as_str().expect("a name");
        let turn = observed.turns.iter().find(|turn| turn.node == name);
        println!(
            "{name:<34} {:>4} {:>4}  {:>6} {:>10}  {:>6} {:>10}  {:>6} {:>10}",
            node["evictions"],
            seen.get(name).copied().unwrap_or(0),
            node["drain_begins"],
            at(turn.map(|turn| turn.drain_begins)),
            node["drained"],
            at(turn.and_then(|turn| turn.drained)),
            node["ended"],
            at(turn.and_then(|turn| turn.ended)),
        );
    }
    println!("{:<34} first refusal", "budget");
    for budget in foreseen["budgets"].as_array().expect("budgets") {
        let name = budget["name"].as_str().expect("a name");
        let seen = observed.refusing.iter().find(|seen| seen.budget == name);
        println!(
            "{name:<34} {:>6} {:>10}",
            budget["first_refusal"],
            at(seen.map(|seen| seen.at))
        );
    }
    for seen in &observed.refusing {
        if !names(&foreseen["budgets"]).contains(&seen.budget.as_str()) {
            println!("{:<34} {:>6} {:>10}", seen.budget, "-", at(Some(seen.at)));
        }
    }
    println!(
        "all                                {:>4} {:>4}  {} s foreseen, {} s observed",
        foreseen["evictions"],
        observed.evicted.len(),
        foreseen["median"],
        at(Some(observed.took)),
    );
}

/// How often pods of each workload are foreseen to be evicted, from the whole simulation.
fn foreseen_by_workload(simulation: &Value) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for pod in simulation["pods"].as_array().expect("pods were asked for") {
        let evictions = pod["evictions"].as_u64().expect("a number");
        if evictions > 0 {
            let namespace = pod["namespace"].as_str().unwrap_or_default();
            let workload = pod["workload"].as_str().unwrap_or_default();
            let name = workload.rsplit(['/', ' ']).next().unwrap_or_default();
            *all.entry(format!("{namespace}/{name}")).or_default() += evictions;
        }
    }
    all
}

/// Nothing here is chance: the order in which budgets first refuse, every eviction and every node's turn come as they were foreseen.
#[test]
fn what_is_foreseen_comes() {
    let Some(aks) = Aks::start(timed()) else {
        return;
    };
    let folder = Folder::new();
    let file = folder.write("policy.json", &policy().to_string());
    let policy = ["--policy", file.to_str().expect("a path")];
    let whole = [
        &[
            "--pod-cidr",
            "100.64.0.0/16",
            "--futures",
            "0",
            "--pods",
            "-o",
            "json",
        ],
        &policy[..],
    ]
    .concat();
    let (_, out, err) = migrate(&aks, &whole);
    let simulation: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}\n{err}"));
    let path = plan(&aks, &folder, &policy);
    let foreseen = foreseen(&path);
    let (code, out, err) = execute(&aks, "--execute", &path, &policy);
    assert_eq!(code, Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
    let nodes = names(&foreseen["nodes"]);
    let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    let observed = Observed::of(&aks, nodes.clone());
    print(&foreseen, &observed);

    let refusing: Vec<&str> = observed
        .refusing
        .iter()
        .map(|seen| seen.budget.as_str())
        .collect();
    let order = ["alpha", "beta", "shared", "gamma", "delta"].map(|name| format!("shop/{name}"));
    assert_eq!(refusing, order, "as the case was made");
    assert_eq!(names(&foreseen["budgets"]), refusing, "order of budgets");

    assert_eq!(foreseen["evictions"], json!(observed.evicted.len()));
    let by_node = observed.by_node();
    let mut of_nodes = 0;
    for node in foreseen["nodes"].as_array().expect("nodes") {
        let name = node["name"].as_str().expect("a name");
        let evictions = node["evictions"].as_u64().expect("a number");
        assert_eq!(by_node.get(name), Some(&evictions), "{name}");
        of_nodes += evictions;
    }
    let all = foreseen["evictions"].as_u64().expect("a number");
    assert_eq!(by_node.get(SURGE), Some(&(all - of_nodes)));
    let by_workload = foreseen_by_workload(&simulation);
    assert_eq!(by_workload, observed.by_workload());

    // Nodes are drained in the same order, and none takes much longer or shorter than foreseen: a drain looks twice a second, Kubernetes
    // writes instants to the second, and whatever the control plane needs comes on top.
    let mut foretold: Vec<&Value> = foreseen["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .collect();
    foretold.sort_by_key(|node| node["drain_begins"].as_u64());
    let order = |pool: &str| {
        let of_pool = foretold.iter().filter(|node| node["pool"] == pool);
        let names = of_pool.map(|node| node["name"].as_str().expect("a name"));
        names.collect::<Vec<_>>()
    };
    for pool in ["apps", "jobs"] {
        let turns = observed.turns.iter().map(|turn| turn.node.as_str());
        let drained: Vec<&str> = turns.filter(|name| order(pool).contains(name)).collect();
        assert_eq!(drained, order(pool));
    }
    for node in foretold {
        let turn = observed.turn(node["name"].as_str().expect("a name"));
        let drain = turn.drained.expect("it was drained") - turn.drain_begins;
        let foretold = seconds(&node["drained"]) - seconds(&node["drain_begins"]);
        let difference = drain.as_secs_f64() - foretold;
        assert!((-3.0..=6.0).contains(&difference), "{node}: {drain:?}");
    }
    in_the_evidence(&path, &refusing, &foreseen);
    let ratio = observed.took.as_secs_f64() / seconds(&foreseen["median"]);
    println!("{ratio:.2} of what was foreseen");
    assert!((0.8..=1.6).contains(&ratio), "{ratio}");
}

/// The same stands in the evidence for the change record, side by side: budgets in their order, and when each node was done.
fn in_the_evidence(plan: &str, refusing: &[&str], foreseen: &Value) {
    let path = plan.replace(".json", ".evidence.md");
    let text = std::fs::read_to_string(path).expect("it was written");
    let table = |heading: &str| -> Vec<Vec<&str>> {
        let rows = text.lines().skip_while(|line| !line.starts_with(heading));
        let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
        rows.map(|line| line.split('|').map(str::trim).collect())
            .collect()
    };
    let budgets = table("| ORDER | FORESEEN |");
    let names = |column: usize| -> Vec<&str> { budgets.iter().map(|row| row[column]).collect() };
    assert_eq!((names(2), names(4)), (refusing.to_vec(), refusing.to_vec()));
    let nodes = table("| NODE | POOL |");
    assert_eq!(
        nodes.len(),
        foreseen["nodes"].as_array().map_or(0, Vec::len)
    );
    for row in nodes {
        println!("{}", row.join("  "));
        for column in [3, 4] {
            let is_said = row[column].starts_with(|first: char| first.is_ascii_digit());
            assert!(is_said, "{row:?}");
        }
    }
}

/// A whole cluster, fifty times as fast: which node of several takes a replacement is chance.
#[test]
fn the_fintech_cluster_is_moved() {
    let Some(aks) = Aks::start(fintech(Duration::from_millis(20))) else {
        return;
    };
    let folder = Folder::new();
    let at_first = aks.list("/api/v1/pods");
    let at_first = at_first.iter().filter(|pod| !super::aks::drain::stays(pod));
    let at_first = at_first.count() as u64;
    let path = plan(&aks, &folder, &[]);
    let (code, out, err) = execute(&aks, "--execute", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
    assert_eq!(aks.writes().len(), 1);
    assert!(err.contains("26 of 26 nodes done"), "{err}");

    let foreseen = foreseen(&path);
    let nodes = names(&foreseen["nodes"]);
    let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    let observed = Observed::of(&aks, nodes);
    print(&foreseen, &observed);

    // What is on the first nodes of each pool when they are drained is not chance.
    let by_node = observed.by_node();
    let nodes = foreseen["nodes"].as_array().expect("nodes");
    let first: Vec<&Value> = nodes
        .iter()
        .filter(|node| node["batch"] == 1 && node["drain_begins"].is_number())
        .collect();
    assert!(first.len() >= 9, "{first:?}");
    for node in first {
        let name = node["name"].as_str().expect("a name");
        let count = by_node.get(name).copied().unwrap_or(0);
        assert_eq!(node["evictions"], json!(count), "{name}");
    }
    // Each of these goes once at least; what goes more often is a replacement that landed on a node whose turn was still to come. So many
    // landings, each on its own, spread by no more than the root of their number: three times that is allowed.
    let all = foreseen["evictions"].as_u64().expect("a number");
    let again = all.checked_sub(at_first).expect("all of them go");
    let most = 3.0 * (again as f64).sqrt();
    let seen = observed.evicted.len() as u64;
    println!(
        "{at_first} pods at first; {again} evictions of replacements foreseen, {} observed, {most:.0} more or fewer allowed",
        seen - at_first
    );
    assert!(seen >= at_first, "{seen} of {at_first}");
    assert!((seen as f64 - all as f64).abs() <= most, "{all}, {seen}");
    budgets(&foreseen["budgets"], &observed.refusing);
}

/// Budgets that refuse when the first nodes of all pools are drained at once: what pods there are decides, no chance. Later ones
/// depend on which nodes replacements got.
fn budgets(foreseen: &Value, observed: &[Refusal]) {
    let all = foreseen.as_array().expect("budgets");
    let first = all[0]["first_refusal"].as_u64().expect("a second");
    let at_first = |budget: &&Value| budget["first_refusal"].as_u64() == Some(first);
    let mut foreseen: Vec<&str> = all
        .iter()
        .filter(at_first)
        .filter_map(|budget| budget["name"].as_str())
        .collect();
    let seen = |holds: fn(&Refusal) -> bool| {
        let mut names: Vec<&str> = observed
            .iter()
            .filter(|refusal| holds(refusal))
            .map(|refusal| refusal.budget.as_str())
            .collect();
        names.sort_unstable();
        names
    };
    foreseen.sort_unstable();
    let asked_once = seen(|refusal| (refusal.done, refusal.round) == (0, 0));
    println!(
        "refusing at first, foreseen {foreseen:?}\nrefusing at first, observed {asked_once:?}"
    );
    let surprises: Vec<&&str> = asked_once
        .iter()
        .filter(|name| !foreseen.contains(name))
        .collect();
    assert!(surprises.is_empty(), "{surprises:?}");
    // Which of them refuse when a node is asked again is the machine's chance: drains that the plan begins in one second begin a second
    // of this clock apart here. A replacement that is Ready before the last node is asked first even lets that node's pod go.
    let mut held = seen(|refusal| refusal.done == 0);
    held.retain(|name| foreseen.contains(name));
    assert!(
        held.len() * 5 >= foreseen.len() * 4,
        "{foreseen:?}\n{held:?}"
    );
}
