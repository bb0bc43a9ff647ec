//! What a report decides: every format says the same, the exit code with them, and nothing that `migrate` warns of is lost.

use super::{run, stdout};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("decided-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a writable target folder");
    folder
}

fn written(folder: &Path, text: &str) -> String {
    let file = folder.join("estate.yaml");
    fs::write(&file, text).expect("a writable folder");
    file.to_str().expect("UTF-8").to_string()
}

/// One cluster that fits and one that is asked to grow beyond its subnet.
const TWO: &str = "\
apiVersion: aksplan/v1
name: two
virtual_networks:
  - { name: va, address_space: [10.1.0.0/16], subnets: [{ name: s, cidr: 10.1.0.0/22 }] }
  - { name: vb, address_space: [10.2.0.0/16], subnets: [{ name: s, cidr: 10.2.0.0/24 }] }
clusters:
  - { name: ca, network_plugin: azure, pools: [{ name: p, mode: System, count: 3, max_pods: 30, subnet: va/s }] }
  - { name: cb, network_plugin: azure, pools: [{ name: p, mode: System, count: 3, max_pods: 30, subnet: vb/s }] }
operations:
  - { cluster: cb, scale: { pool: p, count: 50 } }
";

/// A timeline that ends in a blocker, of an estate that fits today.
const RUNS_OUT: &str = "\
apiVersion: aksplan/v1
name: runs out
virtual_networks:
  - { name: v, address_space: [10.0.0.0/16], subnets: [{ name: s, cidr: 10.0.0.0/24 }] }
clusters:
  - { name: c, network_plugin: azure, pools: [{ name: p, mode: System, count: 3, max_pods: 30, subnet: v/s }] }
timeline:
  starts: 2026-12-01
  weeks: 30
  growth: [{ pool: p, nodes_a_week: 0.5 }]
";

/// So many clusters that none is looked at one by one.
fn fleet() -> String {
    clusters(25, "s")
}

/// Clusters whose pools have this pod subnet: none can be moved in place.
fn that_cannot_move(number: usize) -> String {
    clusters(number, "s, pod_subnet: POD")
}

/// `more`: the end of each pool's subnet, `POD` the other subnet of its VNet.
fn clusters(number: usize, more: &str) -> String {
    let mut networks = String::new();
    let mut clusters = String::new();
    for number in 0..number {
        networks.push_str(&format!(
            "  - {{ name: v{number}, address_space: [10.{number}.0.0/16], subnets: [{{ name: s, cidr: 10.{number}.0.0/20 }}, {{ name: t, cidr: \
             10.{number}.16.0/20 }}] }}\n"
        ));
        let more = more.replace("POD", &format!("v{number}/t"));
        clusters.push_str(&format!(
            "  - {{ name: c{number}, network_plugin: azure, network_policy: azure, pools: [{{ name: p, mode: System, count: 3, \
             max_pods: 30, subnet: v{number}/{more} }}] }}\n"
        ));
    }
    format!(
        "apiVersion: aksplan/v1\nname: fleet\nvirtual_networks:\n{networks}clusters:\n{clusters}"
    )
}

/// Whether the exit code, SARIF, JUnit, JSON and the page know of something that must not be; it is one answer.
fn blocks(what: &str, arguments: &[&str]) -> bool {
    let of = |format: &str| stdout(&[arguments, &["-o", format]].concat());
    let gate = run(&[arguments, &["-o", "json", "--fail-on", "blocker"]].concat());
    let by_gate = match gate.status.code() {
        Some(0) => false,
        Some(3) => true,
        other => panic!("{what}: {other:?}"),
    };
    let json: Value = serde_json::from_str(&of("json")).expect("JSON");
    let risks = json["risks"].as_array().expect("risks");
    let by_json = risks.iter().any(|risk| risk["severity"] == "blocker");
    let sarif: Value = serde_json::from_str(&of("sarif")).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let by_sarif = results.iter().any(|result| result["level"] == "error");
    let by_junit = of("junit").contains("<failure");
    let page = of("markdown");
    // What is on the page before its first chapter.
    let first = page
        .split("## What changes and why")
        .next()
        .expect("a first screen");
    let by_page = first.contains("- **blocker** ");
    for (format, known) in [
        ("JSON", by_json),
        ("SARIF", by_sarif),
        ("JUnit", by_junit),
        ("the page", by_page),
    ] {
        assert_eq!(known, by_gate, "{what}: {format} and the exit code");
    }
    let notifications = &sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(
        notifications.as_array().map_or(0, Vec::len),
        json["not_checked"].as_array().map_or(0, Vec::len),
        "{what}: what was not checked"
    );
    by_gate
}

#[test]
fn every_format_and_the_exit_code_are_of_one_mind() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<String> = fs::read_dir(root)
        .expect("scenarios")
        .map(|entry| entry.expect("an entry").path().display().to_string())
        .collect();
    files.sort();
    assert!(files.len() > 10);
    for file in &files {
        blocks(file, &["report", "--from", file, "--futures", "20"]);
    }
    let two = written(&folder("two"), TWO);
    let from = ["report", "--from", &two];
    assert!(blocks("both", &from));
    let scoped = |more: [&'static str; 2]| [&from[..], &more].concat();
    assert!(blocks("the one asked about", &scoped(["--cluster", "cb"])));
    assert!(!blocks("the other", &scoped(["--cluster", "ca"])));
    assert!(!blocks("its network", &scoped(["--vnet", "va"])));
    let runs_out = written(&folder("runs-out"), RUNS_OUT);
    assert!(blocks("a timeline", &["report", "--from", &runs_out]));
    assert!(blocks(
        "a fleet",
        &["report", "--from", &written(&folder("fleet"), &fleet())]
    ));
    let stays = written(&folder("stays"), &that_cannot_move(25));
    assert!(blocks(
        "a fleet that cannot move",
        &["report", "--from", &stays]
    ));
}

#[test]
fn what_a_fleet_is_not_asked_is_said() {
    let from = written(&folder("left-out"), &fleet());
    let page = stdout(&["report", "--from", &from, "-o", "markdown"]);
    let said =
        "of 25 clusters, which are more than 24, no move was simulated and no readiness looked at";
    assert!(page.contains(said), "{page}");
}

/// Clusters that cannot be moved in place are clusters as well: of so many, one table tells of them.
#[test]
fn of_a_fleet_nobody_reads_that_each_cannot_move() {
    for (number, moves, headings) in [(24, 24, 0), (25, 0, 1)] {
        let from = written(
            &folder(&format!("cannot-move-{number}")),
            &that_cannot_move(number),
        );
        let report: Value =
            serde_json::from_str(&stdout(&["report", "--from", &from, "-o", "json"]))
                .expect("JSON");
        assert_eq!(report["moves"].as_array().map(Vec::len), Some(moves));
        assert_eq!(report["decision"].is_null(), moves == 0);
        let left_out = report["left_out"].to_string();
        assert_eq!(left_out.contains("no move was simulated"), moves == 0);
        let page = stdout(&["report", "--from", &from, "-o", "markdown"]);
        let tables = page.matches("## No in-place move\n").count();
        assert_eq!(
            tables - page.matches("### No in-place move\n").count(),
            headings
        );
        if headings == 1 {
            let row = "| Azure CNI pod subnet (dynamic) has no in-place move to Overlay (MIG-1): create a new cluster on Overlay and move \
                       the workloads | 25 clusters | c0, c1,";
            assert!(page.contains(row), "{page}");
        }
    }
}

#[test]
fn a_typing_error_is_no_finding() {
    let from = written(&folder("typing"), TWO);
    for range in ["garbage", "10.0.0.1/16", "fd00::/64"] {
        let answer = run(&["report", "--from", &from, "--pod-cidr", range]);
        let said = String::from_utf8_lossy(&answer.stderr).into_owned();
        assert_eq!(answer.status.code(), Some(2), "{range}: {said}");
        assert!(said.contains("--pod-cidr"), "{range}: {said}");
    }
    let answer = run(&["report", "--from", &from, "--max-surge", "none=1"]);
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert!(
        said.contains("--max-surge: no pool `none`; known: p"),
        "{said}"
    );
}

/// The payments cluster with calico, whose replacement reimages every node before the move does.
fn calico(name: &str, aks: &str) -> String {
    let scenarios = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios/payments");
    let folder = folder(name);
    let text = fs::read_to_string(scenarios.join("cluster.yaml")).expect("it is committed");
    let text = text
        .replace("network_policy: none", "network_policy: calico")
        .replace("{ name: aks, cidr: 10.20.0.0/22, foreign: 12 }", aks);
    assert!(text.contains("calico") && text.contains(aks));
    fs::write(folder.join("cluster.yaml"), text).expect("a writable folder");
    fs::copy(scenarios.join("objects.json"), folder.join("objects.json"))
        .expect("a writable folder");
    folder.to_str().expect("UTF-8").to_string()
}

fn json(from: &str, more: &[&str]) -> Value {
    let arguments = ["report", "--from", from, "--futures", "100", "-o", "json"];
    serde_json::from_str(&stdout(&[&arguments[..], more].concat())).expect("JSON")
}

/// What runs on Overlay after the move is what ran before it: a step that puts the engine back drains it once more.
#[test]
fn a_reimage_after_the_move_counts() {
    let wide = calico("after", "{ name: aks, cidr: 10.20.0.0/22, foreign: 0 }");
    let flags = [
        "--window",
        "1d",
        "--max-surge",
        "system=1",
        "--network-policy-after",
        "calico",
    ];
    let of = json(&wide, &flags)["moves"][0].clone();
    let simulation = &of["simulation"];
    assert_eq!(simulation["in_all"]["reimages"], 3);
    let alone = simulation["futures"]["seconds"]["p50"].as_u64();
    let all = simulation["in_all"]["p50"]
        .as_u64()
        .expect("each is foreseen");
    assert!(
        alone.is_some_and(|alone| all > 2 * alone),
        "{alone:?} {all}"
    );
    let steps = of["plan"]["steps"].as_array().expect("a plan");
    let reimages: Vec<_> = steps
        .iter()
        .filter(|step| step["reimages"] == true)
        .collect();
    assert_eq!(reimages.len(), 3);
    for step in reimages {
        assert!(step["expected"]["p90"].is_u64(), "{:#}", step["id"]);
    }
}

#[test]
fn a_reimage_before_the_move_counts() {
    let tight = calico("tight", "{ name: aks, cidr: 10.20.0.0/22, foreign: 12 }");
    let report = json(&tight, &["--window", "1h"]);
    let of = &report["moves"][0];
    assert_eq!(of["decision"], "no_go");
    assert_eq!(
        of["blockers"],
        serde_json::json!([
            "the simulated reimage of step 2-enable-cilium does not complete: the 2 surge nodes of pool system do not fit"
        ])
    );
    let wide = calico("wide", "{ name: aks, cidr: 10.20.0.0/22, foreign: 0 }");
    // By both reimages: p50 over the window forbids, p90 over it is a condition.
    let of_window = |window: &str| {
        let report = json(&wide, &["--window", window, "--max-surge", "system=1"]);
        report["moves"][0].clone()
    };
    let all = of_window("1d")["simulation"]["in_all"].clone();
    assert_eq!(all["reimages"], 2);
    let minutes = |percentile: &str| all[percentile].as_u64().expect("seconds") / 60;
    let (p50, p90) = (minutes("p50"), minutes("p90"));
    let alone = of_window("1d")["simulation"]["futures"]["seconds"]["p90"].clone();
    assert!(
        alone.as_u64() < Some(p50 * 60),
        "one of two fits where both do not"
    );
    for (minutes, decision, says) in [
        (
            p50 - 2,
            "no_go",
            "too short for 2 reimages of every node in all: p50 misses it by",
        ),
        (
            (p50 + p90) / 2,
            "go_with_conditions",
            "a start is refused there without --accept-overrun",
        ),
    ] {
        let window = format!("{minutes}m");
        let of = of_window(&window);
        assert_eq!(of["decision"], decision, "{window}: {:#}", of["blockers"]);
        let reasons = [of["blockers"].to_string(), of["conditions"].to_string()].concat();
        assert!(reasons.contains(says), "{window}: {reasons}");
        let asked = |command, more: [&'static str; 2]| {
            let same = ["--from", &wide, "--futures", "100", "--window", &window];
            let same = [&same[..], &["--max-surge", "system=1"]].concat();
            run(&[&[command], &same[..], &more].concat())
        };
        let migrate = asked("migrate", ["--fail-on", "blocker"]);
        let code = if decision == "no_go" { 3 } else { 0 };
        let said = String::from_utf8_lossy(&migrate.stdout).into_owned();
        assert_eq!(migrate.status.code(), Some(code), "{window}: {said}");
        assert!(
            said.contains("in all, as sums over 2 reimages of every node"),
            "{said}"
        );
        let junit = asked("report", ["-o", "junit"]);
        assert!(junit.status.success(), "{window}");
        assert_eq!(
            String::from_utf8_lossy(&junit.stdout).contains("p50 misses it by"),
            decision == "no_go",
            "{window}"
        );
    }
    // Each drains every pod, and the nodes of the first are not of Overlay: 754 held, 1 + 7 surge nodes of 29.
    let conditions = of_window("1d")["conditions"].to_string();
    assert!(
        conditions.contains("in all over 2 reimages of every node: "),
        "{conditions}"
    );
    let peaks = all["others"][0]["ranges"][0]["over_time"]
        .as_array()
        .expect("moments")
        .clone();
    let bounds = |of: &str| peaks.iter().filter_map(|held| held[of].as_u64()).max();
    assert_eq!((bounds("least"), bounds("most")), (Some(986), Some(986)));
    let page = stdout(&[
        "report",
        "--from",
        &wide,
        "--futures",
        "100",
        "--window",
        "1h",
        "--max-surge",
        "system=1",
        "-o",
        "markdown",
    ]);
    assert!(page.contains("26 nodes are reimaged 2 times in"), "{page}");
    assert!(
        page.contains("There are 2 reimages of every node, one after the other"),
        "{page}"
    );
    assert!(page.contains("aks holds 986 of"), "{page}");
    assert!(page.contains("--max-surge system=1"), "{page}");
    // What blocks today is taken away by a step, and so is no blocker.
    assert!(
        !page.contains("**blocker** network policy calico"),
        "{page}"
    );
    assert!(
        page.contains("a step of the plan takes it away before the move"),
        "{page}"
    );
}

/// The payments cluster as a snapshot, changed.
fn snapshot(name: &str, change: impl FnOnce(&mut Value)) -> String {
    let scenario = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios/payments");
    let file = folder(name).join("estate.json");
    let path = file.to_str().expect("UTF-8");
    let from = scenario.to_str().expect("UTF-8");
    let made = run(&["snapshot", "--from", from, "--file", path]);
    assert!(made.status.success(), "{made:?}");
    let text = fs::read_to_string(&file).expect("a snapshot");
    let mut estate: Value = serde_json::from_str(&text).expect("JSON");
    estate["inventory"]["observed_at"] = "2026-11-20T09:00:00Z".into();
    change(&mut estate["inventory"]["clusters"][0]);
    fs::write(&file, estate.to_string()).expect("a writable folder");
    path.to_string()
}

/// Where nothing that was read stands against the move, the word is go: what is the same of every move is accepted, not a condition.
#[test]
fn go_is_said_where_nothing_stands_against_it() {
    let from = snapshot("go", |cluster| {
        cluster["auto_upgrade"] = serde_json::json!({"channel": "none", "node_os_channel": "None"});
        cluster["maintenance"] = serde_json::json!([]);
        let pods = cluster["kubernetes"]["pods"].as_array_mut().expect("pods");
        let before = pods.len();
        // Nobody makes the one again, and the other is alone.
        pods.retain(|pod| {
            let name = pod["name"].as_str().expect("a name");
            !name.starts_with("debug-shell") && !name.starts_with("export")
        });
        assert_eq!(before - pods.len(), 2);
        let budgets = cluster["kubernetes"]["disruption_budgets"]
            .as_array_mut()
            .expect("budgets");
        budgets.retain(|budget| budget["name"] != "export");
    });
    let calm = [
        "--window",
        "4h",
        "--max-surge",
        "apps=5",
        "--max-surge",
        "system=1",
    ];
    let report = json(&from, &calm);
    let of = &report["moves"][0];
    assert_eq!(of["decision"], "go", "{:#}", of["conditions"]);
    assert_eq!(report["decision"], "go");
    assert_eq!(of["accepted"].as_array().map(Vec::len), Some(2));
    // A window that the half of all futures miss is none.
    let report = json(&from, &[&["--window", "10m"], &calm[2..]].concat());
    assert_eq!(report["decision"], "no_go");
}

/// Warnings of a plan are conditions of the report, or are accepted with every move.
#[test]
fn what_a_plan_warns_of_is_in_the_report() {
    let snapshot = snapshot("warned", |cluster| {
        cluster["auto_upgrade"] =
            serde_json::json!({"channel": "patch", "node_os_channel": "NodeImage"});
        cluster["maintenance"] = serde_json::json!([{
            "name": "aksManagedNodeOSUpgradeSchedule",
            "window": {
                "schedule": {"weekly": {"interval_weeks": 1, "day_of_week": "sunday"}}, "duration_hours": 4,
                "utc_offset_minutes": 0, "start_date": null, "start_time": "03:00:00",
            },
        }]);
    });
    let plan = folder("warned-plan").join("plan.json");
    let plan = plan.to_str().expect("UTF-8");
    let window = [
        "--window",
        "2026-11-22T02:30Z/2026-11-22T06:30Z",
        "--futures",
        "100",
    ];
    let made = run(&[
        &["migrate", "--from", &snapshot, "--out", plan],
        &window[..],
    ]
    .concat());
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let plan: Value =
        serde_json::from_str(&fs::read_to_string(plan).expect("a plan")).expect("JSON");
    let report = json(&snapshot, &window[..2]);
    let of = &report["moves"][0];
    let told = format!("{} {}", of["conditions"], of["accepted"]);
    let mut codes = Vec::new();
    for finding in plan["findings"].as_array().expect("findings") {
        // What nobody documents of surge nodes is one condition there, with what the simulation makes of it.
        let rules = finding["rules"].to_string();
        if rules.contains("MIG-22") {
            assert!(told.contains("what a surge node takes during the move"));
        } else if finding["severity"] == "warning" {
            let message = finding["message"].as_str().expect("a message");
            let quoted = Value::from(message).to_string();
            assert!(
                told.contains(quoted.trim_matches('"')),
                "{message}\nnot in {told}"
            );
            codes.push(finding["code"].as_str().expect("a code").to_string());
        }
    }
    assert!(
        codes.contains(&"automatic-upgrade-ahead".to_string()),
        "{codes:?}"
    );
}

/// Of a mode from which nothing moves in place that is the decision, first on the page and the same in every format.
#[test]
fn no_in_place_move_is_a_no_go() {
    const BYO: &str = "\
apiVersion: aksplan/v1
name: byo
virtual_networks:
  - { name: v, address_space: [10.0.0.0/16], subnets: [{ name: s, cidr: 10.0.0.0/24 }] }
clusters:
  - { name: own, network_plugin: none, pools: [{ name: p, mode: System, count: 3, max_pods: 30, subnet: v/s }] }
";
    let byo = written(&folder("byo"), BYO);
    for (cluster, file) in [
        ("orders", "scenarios/pod-subnet-dynamic.yaml"),
        ("catalog", "scenarios/static-block-hangs.yaml"),
        ("own", &byo),
    ] {
        let from = ["report", "--from", file];
        assert!(blocks(file, &from), "{file}");
        let page = stdout(&[&from[..], &["-o", "markdown"]].concat());
        let banner = page.lines().find(|line| line.starts_with("**"));
        let banner = banner.expect("a banner");
        assert!(
            banner.starts_with(&format!("**No go** {cluster}: no in-place move: "))
                && banner.contains("(MIG-1)"),
            "{banner}"
        );
        assert!(!page.contains("after the move |\n"), "{file}");
        let json: Value =
            serde_json::from_str(&stdout(&[&from[..], &["-o", "json"]].concat())).expect("JSON");
        assert_eq!(json["decision"], "no_go");
        let moves = json["moves"].as_array().expect("moves");
        assert_eq!(moves.len(), 1);
        assert_eq!(moves[0]["decision"], "no_go");
        assert_eq!(moves[0]["plan"], Value::Null);
        let junit = stdout(&[&from[..], &["-o", "junit"]].concat());
        let case = junit
            .split(&format!("name=\"{cluster}: move to Overlay\""))
            .nth(1)
            .expect("a case of the move");
        let case = case.split("</testcase>").next().expect("its end");
        assert!(case.contains("<failure"), "{case}");
    }
    // A cluster that may move, and one that has, are not told so.
    for file in ["scenarios/payments", "scenarios/overlay-year.yaml"] {
        let page = stdout(&[
            "report",
            "--from",
            file,
            "--futures",
            "20",
            "-o",
            "markdown",
        ]);
        assert!(!page.contains("no in-place move:"), "{file}");
    }
}

/// The percentile that decides is one number, wherever it stands, and a window that it misses one condition.
#[test]
fn a_promised_duration_is_one_number() {
    let page = stdout(&[
        "report",
        "--from",
        "scenarios/payments",
        "--window",
        "37m",
        "-o",
        "markdown",
    ]);
    let first = page.split("## What changes and why").next().expect("it");
    let about_it: Vec<&str> = first
        .lines()
        .filter(|line| line.starts_with("- **") && line.contains("--window 37m"))
        .collect();
    assert_eq!(about_it.len(), 1, "{about_it:?}");
    let windows = first.lines().filter(|line| {
        line.starts_with("- **condition** window ") || line.contains("nine of ten futures take")
    });
    assert_eq!(windows.count(), 1);
    let told = |before: &str, after: &str| -> String {
        let rest = page
            .split(before)
            .nth(1)
            .unwrap_or_else(|| panic!("{before}"));
        rest.split(after).next().expect("a number").to_string()
    };
    let promised = [
        told("(p50), ", " (p90)"),
        told("nine of ten within ", ";"),
        told("nine of ten futures take ", " or less"),
        told("no window opens in the ", " after the start"),
    ];
    for one in &promised {
        assert_eq!(*one, promised[0], "{promised:?}");
    }
    // What it says is so: at least nine of ten of the futures that are drawn end within it.
    let minutes: u64 = promised[0]
        .strip_suffix(" min")
        .and_then(|number| number.parse().ok())
        .expect("minutes");
    let json: Value = serde_json::from_str(&stdout(&[
        "report",
        "--from",
        "scenarios/payments",
        "--window",
        "37m",
        "-o",
        "json",
    ]))
    .expect("JSON");
    let p90 = json["moves"][0]["plan"]["expected"]["p90"]
        .as_u64()
        .expect("p90");
    assert!(p90 <= minutes * 60 && p90 > (minutes - 1) * 60, "{p90}");
}

/// The timeline plays a move of its own: the report is about that one, or says that it is about another.
#[test]
fn a_timelines_own_move_is_the_one_that_is_looked_at() {
    let file = "scenarios/fintech-year.yaml";
    let ranges = |more: &[&str]| {
        let report = json(file, more);
        let told = report["risks"].as_array().expect("risks").iter();
        let others: Vec<String> = told
            .filter(|risk| risk["code"] == "other-pod-cidr")
            .map(|risk| risk["message"].to_string())
            .collect();
        (report["moves"][0]["pod_cidr"].clone(), others)
    };
    let (range, others) = ranges(&[]);
    assert_eq!((range.as_str(), others.len()), (Some("192.168.0.0/16"), 0));
    let (range, others) = ranges(&["--pod-cidr", "10.64.0.0/18"]);
    assert_eq!(range, "10.64.0.0/18");
    assert!(
        others.len() == 1 && others[0].contains("192.168.0.0/16"),
        "{others:?}"
    );
}

/// A warning of the rules about the move that nobody else tells: it is a condition and a risk, in every format, once.
#[test]
fn a_limit_that_only_the_rules_look_at_is_a_condition() {
    let kubenet =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios/kubenet-400-nodes.yaml");
    let kubenet = kubenet.to_str().expect("UTF-8");
    let two = written(&folder("public"), TWO);
    let limit = "424 nodes with the surge of all pools";
    let public = "pod CIDR 20.0.0.0/16 is not private";
    for (from, more, says) in [
        (kubenet, vec![], limit),
        (
            &two,
            vec!["--cluster", "ca", "--pod-cidr", "20.0.0.0/16"],
            public,
        ),
    ] {
        let arguments = [&["report", "--from", from][..], &more].concat();
        let report: Value =
            serde_json::from_str(&stdout(&[&arguments[..], &["-o", "json"]].concat()))
                .expect("JSON");
        let times = |list: &Value| list.to_string().matches(says).count();
        assert_eq!(times(&report["moves"][0]["conditions"]), 1, "{says}");
        let risks = report["risks"].as_array().expect("risks").iter();
        let of_move = |risk: &&Value| {
            let message = risk["message"].as_str().expect("a message");
            message.contains("move to Overlay: ") && message.contains(says)
        };
        assert_eq!(risks.filter(of_move).count(), 1, "{says}");
        for format in ["sarif", "junit"] {
            let told = stdout(&[&arguments[..], &["-o", format]].concat());
            assert!(told.contains(says), "{format}: {says}");
        }
    }
    // Of kubenet no pod was reached by its address before: that does not end.
    let of_mode = |from: &str, more: &[&str]| {
        let arguments = ["report", "--from", from, "-o", "markdown"];
        stdout(&[&arguments[..], more].concat()).contains("ends direct traffic to pod addresses")
    };
    assert!(!of_mode(kubenet, &[]));
    assert!(of_mode(&two, &["--cluster", "ca"]));
}

/// What must be gone is counted by the thing, not by who found it.
#[test]
fn one_thing_in_the_way_is_one_blocker() {
    let blockers = |name: &str, text: &str, more: &[&str]| -> Vec<String> {
        let from = written(&folder(name), text);
        let arguments = ["report", "--from", &from, "-o", "json"];
        let text = stdout(&[&arguments[..], more].concat());
        let report: Value = serde_json::from_str(&text).expect("JSON");
        let all: Vec<String> =
            serde_json::from_value(report["moves"][0]["blockers"].clone()).expect("sentences");
        let risks = report["risks"].as_array().expect("risks").iter();
        let of_move = |risk: &&Value| {
            let message = risk["message"].as_str().expect("a message");
            risk["severity"] == "blocker" && message.contains("move to Overlay: ")
        };
        assert_eq!(risks.filter(of_move).count(), all.len(), "{name}: {all:#?}");
        all
    };
    let old = TWO.replace("name: ca,", "name: ca, kubernetes_version: 1.26.3,");
    for (name, text, range, says) in [
        (
            "old",
            old.as_str(),
            "auto",
            vec!["Kubernetes 1.26", "upgrade the cluster first"],
        ),
        (
            "small",
            TWO,
            "10.64.0.0/23",
            vec![
                "InsufficientSubnetSize",
                "has 2 blocks of 256 addresses",
                "choose a larger one",
            ],
        ),
        (
            "meets",
            TWO,
            "10.1.0.0/22",
            vec!["meets subnet 10.1.0.0/22", "choose another"],
        ),
    ] {
        let found = blockers(name, text, &["--cluster", "ca", "--pod-cidr", range]);
        assert_eq!(found.len(), 1, "{name}: {found:#?}");
        for words in says {
            assert!(found[0].contains(words), "{name}: {words}: {}", found[0]);
        }
    }
}

/// A budget that lets nothing go is one thing, and whoever is called finds each pod on its own node.
#[test]
fn a_budget_in_the_way_is_one_blocker() {
    for (name, field, value) in [
        ("min", "min_available", serde_json::json!("100%")),
        ("max", "max_unavailable", serde_json::json!("0")),
    ] {
        let from = snapshot(&format!("budget-{name}"), |cluster| {
            let budgets = cluster["kubernetes"]["disruption_budgets"]
                .as_array_mut()
                .expect("budgets");
            let api = budgets
                .iter_mut()
                .find(|budget| budget["name"] == "api")
                .expect("api");
            api["min_available"] = Value::Null;
            api["max_unavailable"] = Value::Null;
            api[field] = value.clone();
        });
        let report = json(&from, &["--window", "4h"]);
        let blockers = report["moves"][0]["blockers"]
            .as_array()
            .expect("blockers")
            .clone();
        // Nor is it another that it does not end in the window.
        assert_eq!(blockers.len(), 1, "{blockers:#?}");
        let said = blockers[0].as_str().expect("a sentence");
        assert!(said.contains("not drained within 30 min"), "{said}");
        let nodes = &report["moves"][0]["simulation"]["nodes"];
        let mut named = 0;
        for node in nodes.as_array().expect("nodes") {
            let wait = &node["waited_for"];
            if wait["budget"] == "payments/api" && wait["evicted"].is_null() {
                let pod = wait["pod"].as_str().expect("a pod");
                assert!(said.contains(&format!(": pod {pod}")), "{pod}: {said}");
                named += 1;
            }
        }
        assert_eq!(named, 3);
    }
}

/// What helps against surge nodes without addresses helps the pools that are there.
#[test]
fn system_pools_are_not_told_to_do_without_surge() {
    let estate = |mode: &str, surge: &str| {
        format!(
            "apiVersion: aksplan/v1\nname: e\nvirtual_networks:\n  - {{ name: v, address_space: [10.0.0.0/16], subnets: [{{ name: s, cidr: \
             10.0.0.0/24, foreign: 70 }}] }}\nclusters:\n  - {{ name: c, network_plugin: azure, kubernetes_version: 1.32.4, pools: [{{ name: \
             s, mode: System, count: 2, max_pods: 30, max_surge: 1, subnet: v/s }}, {{ name: p, mode: {mode}, count: 3, max_pods: 30, \
             max_surge: {surge}, subnet: v/s }}] }}\n"
        )
    };
    for (mode, surge, helps) in [
        // 36 are free, and one surge node of the system pool takes 29.
        (
            "User",
            "1",
            "set max_surge 0 with max_unavailable 1 on user pools and max_surge 1 on system pools, which takes 29",
        ),
        (
            "System",
            "1",
            "free addresses first: even max_surge 0 on user pools and 1 on system pools may take 58",
        ),
    ] {
        let from = written(&folder(&format!("escape-{mode}")), &estate(mode, surge));
        let report: Value =
            serde_json::from_str(&stdout(&["report", "--from", &from, "-o", "json"]))
                .expect("JSON");
        let conditions = report["moves"][0]["conditions"].to_string();
        assert!(conditions.contains(helps), "{mode}: {conditions}");
    }
}

/// A third of the futures never end. One that does not end takes longer than any that does: what is left of the window is by all of them.
#[test]
fn a_window_does_not_fit_futures_that_never_end() {
    let folder = folder("unfinished");
    let policy = folder.join("policy.yaml");
    fs::write(&policy, "drain_timeout_minutes: 8\n").expect("a writable folder");
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/payments");
    let asked = |command: &'static str, window: &'static str| {
        vec![
            command,
            "--from",
            scenario,
            "--policy",
            policy.to_str().expect("UTF-8"),
            "--futures",
            "60",
            "--no-advice",
            "--window",
            window,
        ]
    };
    // Time alone heals nothing.
    for window in ["40m", "12h"] {
        for command in ["migrate", "report"] {
            let told = stdout(&asked(command, window));
            assert!(
                told.contains("fits half the time and more, not always: p50 with "),
                "{command} {window}: {told}"
            );
            assert!(
                told.contains("22 of 60 futures do not end"),
                "{command} {window}: {told}"
            );
            assert!(!told.contains("p90 with"), "{command} {window}: {told}");
        }
    }
    let mut args = asked("report", "40m");
    args.extend(["-o", "json"]);
    let report: Value = serde_json::from_str(&stdout(&args)).expect("JSON");
    let simulated = &report["moves"][0]["simulation"];
    let window = &simulated["windows"][0];
    assert_eq!(window["left_p90"], Value::Null);
    // The 30th of 60, and not the 19th of the 38 that end.
    let half = simulated["futures"]["seconds"]["p50"]
        .as_i64()
        .expect("they complete");
    assert!(window["left_p50"].as_i64().expect("half of them end") < 40 * 60 - half);
    assert!(
        stdout(&asked("report", "40m")).contains("in the 38 of 60 futures that complete"),
        "and of which futures the headline is"
    );
}
