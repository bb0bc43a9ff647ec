//! What a report says first, and of whom: words that a pipeline acts on, and names that mean one thing.

use super::{file, run, stdout};
use serde_json::{Value, json};

fn report(from: &str) -> Value {
    let text = stdout(&["report", "--from", from, "-o", "json"]);
    serde_json::from_str(&text).expect("JSON")
}

fn markdown(from: &str) -> String {
    stdout(&["report", "--from", from, "-o", "markdown"])
}

fn scenario(name: &str) -> String {
    format!("{}/scenarios/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Whoever reads the one word must not let pass what the page forbids.
#[test]
fn the_verdict_is_what_the_page_says_first() {
    for (name, verdict, estate) in [
        ("edge", "No go", "Fits"),
        ("payments", "Go, with conditions", "Upgrades refused"),
        (
            "overlay-small-pod-cidr.yaml",
            "Upgrades refused",
            "Upgrades refused",
        ),
        ("service-cidr-new-peer.yaml", "Blocked", "Blocked"),
    ] {
        let from = scenario(name);
        let report = report(&from);
        assert_eq!(
            (&report["verdict"], &report["estate"]),
            (&json!(verdict), &json!(estate)),
            "{name}"
        );
        let page = markdown(&from);
        let first = page.lines().find(|line| line.starts_with("**"));
        let first = first.unwrap_or_default();
        assert!(
            first.starts_with(&format!("**{verdict}** ")),
            "{name}: {first}"
        );
    }
}

const GROWS_TOO_FAR: &str = "\
apiVersion: aksplan/v1
name: fits today
virtual_networks:
  - { name: v, address_space: [10.0.0.0/16], subnets: [{ name: s, cidr: 10.0.0.0/24 }] }
clusters:
  - { name: c, network_plugin: azure, network_plugin_mode: overlay, pod_cidr: 10.244.0.0/16, pools: [{ name: p, mode: System, count: 3,
      max_pods: 30, subnet: v/s }] }
operations:
  - { scale: { pool: p, count: 300 } }
";

/// Nothing is moved: what is asked and cannot be comes before an estate that fits.
#[test]
fn the_worst_comes_first() {
    let report = report(&file("grows-too-far.yaml", GROWS_TOO_FAR));
    assert_eq!(
        (&report["verdict"], &report["estate"]),
        (&json!("Fails"), &json!("Fits"))
    );
    assert_eq!(report["title"], "fits today");
}

const NO_CLUSTERS: &str = "\
apiVersion: aksplan/v1
name: networks alone
virtual_networks:
  - { name: v, address_space: [10.0.0.0/16], subnets: [{ name: s, cidr: 10.0.0.0/24, used: 4 }] }
";

/// A wrong `--from` is no pass, of whichever command.
#[test]
fn without_clusters_there_is_nothing_to_decide() {
    let from = file("no-clusters.yaml", NO_CLUSTERS);
    let page = markdown(&from);
    assert!(
        page.contains("**Not known** nothing to decide: no cluster was read"),
        "{page}"
    );
    let (_, not_checked) = page
        .split_once("## Not checked")
        .expect("what was not checked");
    assert!(not_checked.contains("no cluster was read"), "{not_checked}");
    for command in ["report", "capacity"] {
        for (severity, code) in [("warning", 3), ("blocker", 0)] {
            let output = run(&[command, "--from", &from, "--fail-on", severity]);
            assert_eq!(output.status.code(), Some(code), "{command} {severity}");
        }
    }
}

/// 385 nodes and the surge of one pool: what `predict` answers to an upgrade, the report says unasked.
#[test]
fn an_upgrade_that_kubenet_refuses_now_is_said_unasked() {
    let estate = |apps: u32, max: u32| {
        let text = format!(
            "apiVersion: aksplan/v1\nname: k\nvirtual_networks:\n  - {{ name: v, address_space: [10.50.0.0/20], subnets: [{{ name: s, cidr: \
             10.50.0.0/22 }}] }}\nclusters:\n  - name: k\n    network_plugin: kubenet\n    pod_cidr: 10.244.0.0/15\n    pools:\n      - {{ name: \
             system, mode: System, count: 5, max_pods: 110, max_surge: 1, subnet: v/s }}\n      - {{ name: apps, count: {apps}, min_count: 1, \
             max_count: {max}, max_pods: 110, max_surge: 10%, subnet: v/s }}\n"
        );
        file(&format!("kubenet-{apps}-{max}.yaml"), &text)
    };
    for (apps, max, refused) in [
        (380, 395, true),
        (359, 395, false),
        (360, 395, true),
        (100, 200, false),
    ] {
        let from = estate(apps, max);
        let page = report(&from);
        assert_eq!(
            page["estate"] == "Upgrades refused",
            refused,
            "{apps} of {max}: {}",
            page["estate"]
        );
        let asked = [
            "predict",
            "--from",
            &from,
            "--upgrade",
            "apps",
            "-o",
            "json",
        ];
        let answer: Value = serde_json::from_str(&stdout(&asked)).expect("JSON");
        assert_eq!(
            answer["verdict"] == "rejected",
            refused,
            "{apps} of {max}: {answer}"
        );
        let told = stdout(&["capacity", "--from", &from]);
        let sentence = "every upgrade of pool apps is refused now";
        assert_eq!(told.contains(sentence), refused, "{told}");
    }
}

/// One blocker is not all, and what AKS takes and must not be is not called accepted.
#[test]
fn a_banner_counts_what_it_does_not_name() {
    let banner = |name: &str, word: &str| {
        let page = markdown(&scenario(name));
        let mut lines = page.lines();
        let line = lines.find(|line| line.starts_with(&format!("**{word}**")));
        line.unwrap_or_else(|| panic!("{name}: no {word}"))
            .to_string()
    };
    let hub = banner("hub-three-clusters.yaml", "Runs out");
    assert!(
        hub.contains(
            "; and 2 more blockers, first of them: service CIDR 10.0.0.0/16 of data meets"
        ),
        "{hub}"
    );
    let fails = banner("service-cidr-new-peer.yaml", "Fails");
    assert!(!fails.contains("accepted"), "{fails}");
}

/// Nobody is told of a migration where none is asked for or can be.
#[test]
fn a_report_of_no_move_is_called_so() {
    for (name, cluster, title) in [
        ("hub-three-clusters.yaml", "data", "Report of data"),
        (
            "hub-three-clusters.yaml",
            "web",
            "Pre-migration report of web",
        ),
        ("pod-subnet-dynamic.yaml", "orders", "Report of orders"),
    ] {
        let from = scenario(name);
        let page = stdout(&[
            "report",
            "--from",
            &from,
            "--cluster",
            cluster,
            "-o",
            "markdown",
        ]);
        assert!(page.contains(&format!("\n# {title}\n")), "{page}");
    }
}

/// `PROD` in two resource groups, each with a VNet and a subnet of the same names.
fn twins() -> String {
    let id = |group: &str, of: &str| {
        format!(
            "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/{group}/providers/{of}"
        )
    };
    let mut read = Vec::new();
    for (group, plugin, range) in [
        ("rg-a", "none", "10.0.0.0/24"),
        ("rg-b", "azure", "10.0.0.0/25"),
    ] {
        let vnet = id(group, "Microsoft.Network/virtualNetworks/vnet");
        read.push(json!({
            "type": "Microsoft.Network/virtualNetworks", "id": vnet, "name": "vnet", "resourceGroup": group,
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"id": format!("{vnet}/subnets/nodes"), "name": "nodes", "addressPrefix": range}],
        }));
        read.push(json!({
            "type": "Microsoft.ContainerService/managedClusters", "name": "prod", "resourceGroup": group,
            "id": id(group, "Microsoft.ContainerService/managedClusters/prod"), "provisioningState": "Succeeded",
            "networkProfile": {"networkPlugin": "azure", "networkPolicy": plugin, "serviceCidr": "172.16.0.0/16"},
            "agentPoolProfiles": [{
                "name": "main", "mode": "System", "count": 3, "maxPods": 30, "osType": "Linux",
                "vnetSubnetId": format!("{vnet}/subnets/nodes"),
            }],
        }));
    }
    file("twins.json", &Value::Array(read).to_string())
}

/// Of two things of one name each format says which is meant, and commands that it prints run.
#[test]
fn what_shares_a_name_is_told_apart() {
    let from = twins();
    let page = markdown(&from);
    for heading in [
        "### rg-a/vnet/nodes",
        "### rg-b/vnet/nodes",
        "## rg-a/prod: ",
        "## rg-b/prod: ",
    ] {
        assert!(page.contains(heading), "{heading}\n{page}");
    }
    for bare in [
        "### vnet",
        "### prod",
        "## prod",
        " prod: ",
        "VNet vnet",
        "of prod ",
    ] {
        assert!(!page.contains(bare), "`{bare}` may mean two");
    }
    let mut headings: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("### "))
        .collect();
    headings.retain(|line| line.contains("prod") || line.contains("nodes"));
    let all = headings.len();
    headings.sort_unstable();
    // A subnet has a map and a chart of its own, each under its name.
    headings.dedup();
    assert!(all - headings.len() <= 2, "{headings:#?}");
    let commands: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("aksplan migrate --cluster"))
        .collect();
    assert!(!commands.is_empty());
    for command in commands {
        let named = command.split_whitespace().nth(3).expect("a cluster");
        let output = run(&["capacity", "--from", &from, "--cluster", named]);
        assert!(output.status.success(), "{command}");
    }
    let junit = stdout(&["report", "--from", &from, "-o", "junit"]);
    let mut cases: Vec<&str> = junit
        .lines()
        .filter(|line| line.contains("<testcase "))
        .collect();
    let all = cases.len();
    cases.sort_unstable();
    cases.dedup();
    assert_eq!(cases.len(), all, "two cases of one name");
    // The place of what is told apart is known as well.
    let sarif = stdout(&["report", "--from", &from, "-o", "sarif"]);
    assert!(sarif.contains("rg-b/prod"), "{sarif}");
}

/// The same fact is the same answer, whoever says it; what nobody says is not known.
#[test]
fn no_network_policy_is_one_answer_whoever_says_it() {
    let estate = |name: &str, policy: &str| {
        let text = format!(
            "apiVersion: aksplan/v1\nname: p\nvirtual_networks:\n  - {{ name: v, address_space: [10.0.0.0/16], subnets: [{{ name: s, cidr: \
             10.0.0.0/22 }}] }}\nclusters:\n  - {{ name: c, network_plugin: azure, {policy} pools: [{{ name: p, mode: System, count: 3, max_pods: \
             30, subnet: v/s }}] }}\n"
        );
        file(&format!("policy-{name}.yaml"), &text)
    };
    let state = |from: &str, more: &[&str]| {
        let args = [&["readiness", "--from", from, "-o", "json"], more].concat();
        let shape: Value = serde_json::from_str(&stdout(&args)).expect("JSON");
        let items = shape["items"].as_array().expect("items").iter();
        let mut engine = items.filter(|item| item["code"] == "policy-engine");
        engine.next().expect("policy-engine")["state"].clone()
    };
    assert_eq!(
        state(&estate("none", "network_policy: none,"), &[]),
        "not_ready"
    );
    assert_eq!(state(&estate("absent", ""), &[]), "not_known");
    assert_eq!(state(&twins(), &["--cluster", "rg-a/prod"]), "not_ready");
}

/// Every cluster has kube-system: a list without it was filtered, and says nothing of what is not in it.
#[test]
fn a_list_of_namespaces_without_kube_system_is_no_list() {
    let from = file("quay.yaml", super::FINE);
    let list = |name: &str, kind: &str, items: Value| {
        let api = match kind {
            "NamespaceList" => "v1",
            _ => "networking.k8s.io/v1",
        };
        let text = json!({"apiVersion": api, "kind": kind, "metadata": {"resourceVersion": "5"}, "items": items});
        file(name, &text.to_string())
    };
    let policies = list("no-policies.json", "NetworkPolicyList", json!([]));
    let state = |namespaces: &str| {
        let args = [
            "readiness",
            "--from",
            &from,
            "--from",
            &policies,
            "--from",
            namespaces,
            "-o",
            "json",
        ];
        let shape: Value = serde_json::from_str(&stdout(&args)).expect("JSON");
        let items = shape["items"].as_array().expect("items").iter();
        let mut deny = items.filter(|item| item["code"] == "default-deny-ingress");
        deny.next().expect("default-deny-ingress")["state"].clone()
    };
    assert_eq!(
        state(&list("no-namespaces.json", "NamespaceList", json!([]))),
        "not_known"
    );
    let own =
        json!([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system"}}]);
    assert_eq!(
        state(&list("own-namespaces.json", "NamespaceList", own)),
        "not_applicable"
    );
}

/// The report and `cidr check` count the same pairs, and a pair that must not be is told by a word.
#[test]
fn pairs_are_counted_once() {
    for name in ["hub-three-clusters.yaml", "service-cidr-new-peer.yaml"] {
        let from = scenario(name);
        let check = stdout(&["cidr", "check", "--from", &from]);
        let count = check
            .lines()
            .nth(1)
            .expect("a count")
            .trim_end_matches('.')
            .to_string();
        assert!(count.ends_with("pairs must not meet"), "{count}");
        let page = markdown(&from);
        assert!(
            page.contains(&format!("by number: {count}")),
            "{name}: {count}"
        );
        assert!(
            page.lines()
                .any(|line| line.starts_with("| 1 |") && line.contains("(must not)")),
            "{name}"
        );
    }
}

/// Something of everything that a fingerprint is of.
const ASKED: &str = "\
apiVersion: aksplan/v1
name: asked
virtual_networks:
  - { name: v, address_space: [10.0.0.0/16], subnets: [{ name: s, cidr: 10.0.0.0/22, foreign: 0 }] }
clusters:
  - { name: c, network_plugin: azure, pools: [{ name: p, mode: System, count: 3, max_pods: 30, subnet: v/s }] }
operations:
  - { add_pool: { name: q, count: 2, subnet: s } }
timeline:
  starts: 2026-01-05
  weeks: 6
  events: [{ at: 2026-01-13, scale: { pool: p, count: 5 } }]
";

/// Where something stood does not change a fingerprint; whatever changes the report, and is no flag, does.
#[test]
fn a_fingerprint_is_of_what_was_read_and_not_of_where() {
    let print = |args: &[&str]| {
        let all = [&["report", "-o", "json"], args].concat();
        let report: Value = serde_json::from_str(&stdout(&all)).expect("JSON");
        report["input"]["fingerprint"].to_string()
    };
    let of = |name: &str, text: &str| print(&["--from", &file(name, text)]);
    let plain = of("print-a.yaml", ASKED);
    let moved = ASKED.replace("name: asked\n", "\n# a comment\n\nname: asked\n");
    assert_eq!(of("print-b.yaml", &moved), plain);
    for (of_what, from, to) in [
        ("a fact", "foreign: 0", "foreign: 1"),
        ("an operation", "count: 2", "count: 3"),
        ("a timeline", "weeks: 6", "weeks: 7"),
        ("an event", "count: 5", "count: 6"),
        ("a name", "name: asked", "name: asks"),
    ] {
        assert_ne!(
            of("print-c.yaml", &ASKED.replace(from, to)),
            plain,
            "{of_what}"
        );
    }
    let with = |flag: &str, name: &str, text: &str| {
        let (from, file) = (file("print-a.yaml", ASKED), file(name, text));
        print(&["--from", &from, flag, &file])
    };
    let policy = |name: &str, seconds: u32| {
        let text = format!("control_plane: {{ median: {seconds}, p90: 7000 }}\n");
        with("--policy", name, &text)
    };
    assert_eq!(policy("print-p.yaml", 60), policy("print-q.yaml", 60));
    assert_ne!(policy("print-p.yaml", 60), policy("print-p.yaml", 6_000));
    assert_ne!(policy("print-p.yaml", 60), plain);
    assert_eq!(with("--policy", "print-n.yaml", "{}\n"), plain);
    let list = |name: &str, text: &str| with("--also-reserved", name, text);
    let reserved = list("print-l.txt", "10.9.0.0/16\n");
    assert_eq!(list("print-m.txt", "\n10.9.0.0/16\n"), reserved);
    assert_ne!(list("print-l.txt", "10.8.0.0/16\n"), reserved);
    assert_ne!(list("print-l.txt", "10.9.0.0/16 # ours\n"), reserved);
}

/// A plan is a part of what was read, though the state that is looked at is the one before it.
#[test]
fn another_plan_is_another_fingerprint() {
    let name = format!(
        "{}/tests/fixtures/terraform-root/plan.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(name).expect("a plan");
    let print = |name: &str, text: &str| {
        let report = report(&file(name, text));
        report["input"]["fingerprint"].to_string()
    };
    let plain = print("plan-a.json", &text);
    assert_eq!(print("plan-b.json", &text), plain);
    assert_ne!(
        print(
            "plan-c.json",
            &text.replace("\"node_count\": 12", "\"node_count\": 13")
        ),
        plain
    );
}

/// One row a week behind the start, each by the day on which it ends, as `simulate` names it: 13 January is of the week to the 19th.
#[test]
fn a_week_is_named_by_its_end() {
    let page = markdown(&file("print-a.yaml", ASKED));
    let from = page.find("| week ends |").expect("a table of weeks");
    let rows: Vec<&str> = page[from..]
        .lines()
        .take_while(|line| line.starts_with('|'))
        .collect();
    let starts: Vec<&str> = rows[2..]
        .iter()
        .map(|row| row.split(" | ").next().unwrap_or(row))
        .collect();
    let ends = ["12", "19", "26"].map(|day| format!("| 2026-01-{day}"));
    assert_eq!(starts[0], "| the start, 2026-01-05");
    assert_eq!(starts[1..4], ends);
    assert_eq!(starts.len(), 7);
    // Three nodes of 29 addresses until the 13th, and five then.
    assert!(rows[3].ends_with("| 87 | 87 |"), "{rows:#?}");
    assert!(rows[4].ends_with("| 145 | 145 |"), "{rows:#?}");
}

/// Two clusters of one name in groups of one name: what is found of one is told of that one, and has its place.
#[test]
fn an_overlap_is_of_the_cluster_that_has_it() {
    let cluster = |subscription: char, subnet: &str| {
        let id = format!(
            "/subscriptions/{}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/prod",
            "00000000-0000-0000-0000-00000000000S".replace('S', &subscription.to_string())
        );
        format!(
            "  - {{ name: prod, id: {id}, network_plugin: azure, service_cidr: 10.0.0.0/16, pools: [{{ name: p, mode: System, count: 3, max_pods: \
             30, subnet: {subnet} }}] }}\n"
        )
    };
    let text = format!(
        "apiVersion: aksplan/v1\nname: twin\nvirtual_networks:\n  - {{ name: a, address_space: [10.1.0.0/16], subnets: [{{ name: s, cidr: \
         10.1.0.0/22 }}] }}\n  - {{ name: b, address_space: [10.0.0.0/16], subnets: [{{ name: s, cidr: 10.0.4.0/22 }}] }}\nclusters:\n{}{}",
        cluster('1', "a/s"),
        cluster('2', "b/s")
    );
    let from = file("twin-ranges.yaml", &text);
    let report = report(&from);
    let overlaps = report["capacity"]["overlaps"].as_array().expect("overlaps");
    assert_eq!(overlaps.len(), 1);
    let owner = overlaps[0]["a"]["owner"].as_str().expect("an owner");
    assert!(owner.contains("000000000002/"), "{owner}");
    let sarif = stdout(&["report", "--from", &from, "-o", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    for result in results {
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].is_u64(), "{result:#}");
    }
}
