//! The runbook of the payments cluster as `aksplan migrate --out` writes it, byte for byte, and what a reviewer must find in it.

mod binary;
mod committed;

use binary::aksplan;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("runbook-{name}"));
    fs::create_dir_all(&folder).expect("a folder for what the test writes");
    folder
}

fn weekly(name: &str, start_time: &str) -> Value {
    json!({"name": name, "window": {
        "schedule": {"weekly": {"interval_weeks": 1, "day_of_week": "sunday"}}, "duration_hours": 4, "utc_offset_minutes": 60,
        "start_date": null, "start_time": start_time,
    }})
}

/// The payments scenario as if it had been read live: with what only Azure knows of a cluster.
fn as_read_live(name: &str, change: impl FnOnce(&mut Value)) -> String {
    let file = folder(name).join("estate.json");
    let file = file.to_str().expect("the target folder has a plain name");
    let _ = fs::remove_file(file);
    let output = aksplan(
        &["snapshot", "--from", "scenarios/payments", "--file", file],
        "",
    );
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(file).expect("a snapshot");
    let mut snapshot: Value = serde_json::from_str(&text).expect("a snapshot is JSON");
    let inventory = &mut snapshot["inventory"];
    inventory["observed_at"] = json!("2026-11-20T09:00:00Z");
    let cluster = &mut inventory["clusters"][0];
    cluster["id"] = json!(
        "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-payments/providers/Microsoft.ContainerService/\
         managedClusters/payments"
    );
    cluster["resource_group"] = json!("rg-payments");
    cluster["tenant"] = json!("00000000-0000-4000-8000-00000000000a");
    cluster["auto_upgrade"] = json!({"channel": "patch", "node_os_channel": "None"});
    cluster["maintenance"] = json!([
        weekly("aksManagedAutoUpgradeSchedule", "03:30:00"),
        weekly("aksManagedNodeOSUpgradeSchedule", "00:00:00"),
    ]);
    change(cluster);
    fs::write(file, snapshot.to_string()).expect("the folder takes files");
    file.to_string()
}

/// What `migrate` writes beside a plan, as if that were called plan.json, and what it says of it.
fn runbook(name: &str, from: &str, more: &[&str]) -> (String, String) {
    let plan = folder(name).join("plan.json");
    let plan = plan.to_str().expect("the target folder has a plain name");
    let arguments = [
        &[
            "migrate",
            "--from",
            from,
            "--futures",
            "200",
            "--no-advice",
            "--out",
            plan,
        ],
        more,
    ]
    .concat();
    let output = aksplan(&arguments, "");
    let said = String::from_utf8_lossy(&output.stderr).replace(plan, "plan.json");
    assert!(output.status.success(), "{said}");
    let text = fs::read_to_string(folder(name).join("plan.md")).expect("a runbook beside the plan");
    (text.replace(plan, "plan.json"), said)
}

#[test]
fn the_payments_cluster_has_its_runbook() {
    let files: Vec<(String, String)> = [
        ("payments", &[][..]),
        (
            "payments-less-surge",
            &[
                "--max-surge",
                "apps=10%",
                "--drain-timeout",
                "apps=60",
                "--window",
                "22:00-04:00+01:00",
            ],
        ),
    ]
    .iter()
    .map(|(name, more)| {
        let from = as_read_live(name, |_| {});
        let (text, said) = runbook(name, &from, more);
        assert!(said.contains("carry it out with"), "{said}");
        (format!("reports/migration/{name}.md"), text)
    })
    .collect();
    committed::check("runbook", &files);
}

/// A command that is copied at night is one that the program takes: with no such plan, that is all it has to say.
#[test]
fn its_own_commands_are_commands() {
    let windows: [(&str, &[&str], &str); 3] = [
        ("own", &[], ""),
        (
            "given",
            &["--window", "22:00-04:00"],
            " --window 22:00-04:00",
        ),
        ("none", &[], " --window WINDOW"),
    ];
    for (name, more, window) in windows {
        let name = format!("commands-{name}");
        let from = as_read_live(&name, |cluster| {
            if name.ends_with("none") {
                cluster["maintenance"] = json!([]);
            }
        });
        let (text, said) = runbook(&name, &from, more);
        let start = format!("aksplan migrate --execute --plan plan.json{window}");
        let resume = format!("aksplan migrate --resume --plan plan.json{window}");
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("aksplan "))
            .collect();
        assert!(lines.contains(&start.as_str()), "{lines:?}");
        assert_eq!(lines.iter().filter(|line| **line == resume).count(), 2);
        assert!(said.trim_end().ends_with(&start), "{said}");
        for line in lines {
            let arguments: Vec<&str> = line.split(' ').skip(1).collect();
            // These ask Azure, or are not in every build.
            if arguments[0] == "capacity" {
                continue;
            }
            if arguments[0] == "permissions" {
                let is_built = match arguments[1] {
                    "azure" => cfg!(feature = "azure"),
                    _ => cfg!(feature = "kubernetes"),
                };
                assert!(
                    !is_built || aksplan(&arguments, "").status.success(),
                    "{line}"
                );
                continue;
            }
            let line = line.replace("plan.json", "no-such-plan.json");
            let arguments: Vec<&str> = line.split(' ').skip(1).collect();
            let output = aksplan(&arguments, "");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                !output.status.success() && said.contains("no-such-plan.json"),
                "{line}: {said}"
            );
            assert!(!said.contains("Usage:"), "{line}: {said}");
        }
    }
}

/// Facts without an id of the cluster: nothing is told to be carried out, on the terminal or in the runbook.
#[test]
fn what_cannot_be_carried_out_has_no_commands_for_it() {
    let from = as_read_live("files", |cluster| cluster["id"] = Value::Null);
    let (text, said) = runbook("files", &from, &[]);
    assert!(said.contains("for reading only"), "{said}");
    assert!(text.contains("must not be carried out"), "{text}");
    for word in ["--execute", "--resume", "--abort", "carry it out with"] {
        assert!(!text.contains(word) && !said.contains(word), "{word}");
    }
    assert!(!text.lines().any(|line| line.starts_with("az ")));
    assert!(
        text.contains("aksplan migrate --cluster rg-payments/payments --kubernetes --pod-cidr")
    );
}

/// The same plan twice, the same runbook: no clock is in it, and no chance.
#[test]
fn it_is_the_same_every_time() {
    let of = |name: &str| runbook(name, &as_read_live(name, |_| {}), &[]).0;
    assert!(of("once") == of("twice"));
}

/// What no drain can get past refuses the plan, with the budget and what to do: a pod that two budgets select.
#[test]
fn a_drain_that_cannot_end_is_no_plan() {
    let from = as_read_live("refused", |cluster| {
        let budgets = cluster["kubernetes"]["disruption_budgets"]
            .as_array_mut()
            .expect("the payments cluster has budgets");
        let mut twin = budgets[0].clone();
        twin["name"] = json!("twin");
        budgets.push(twin);
    });
    let plan = folder("refused").join("plan.json");
    let _ = fs::remove_file(&plan);
    let plan = plan.to_str().expect("the target folder has a plain name");
    let output = aksplan(
        &[
            "migrate",
            "--from",
            &from,
            "--futures",
            "0",
            "--no-advice",
            "--out",
            plan,
        ],
        "",
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("no plan was written"), "{said}");
    assert!(
        said.contains("under more than one budget (") && said.contains("/twin"),
        "{said}"
    );
    assert!(said.contains("Narrow the selectors"), "{said}");
    assert!(!Path::new(plan).exists());
}

/// What a drain does whatever its order is stands in the plan and in the runbook, and in the plan once for each kind.
#[test]
fn drains_are_told_in_the_plan() {
    let from = as_read_live("drains", |cluster| {
        let pods = cluster["kubernetes"]["pods"]
            .as_array_mut()
            .expect("the payments cluster has pods");
        let shell = pods
            .iter()
            .find(|pod| pod["name"] == "debug-shell")
            .expect("a pod that nobody controls")
            .clone();
        for namespace in ["identity", "ledger", "risk", "gateway"] {
            let mut pod = shell.clone();
            pod["namespace"] = json!(namespace);
            pods.push(pod);
        }
    });
    let (text, _) = runbook("drains", &from, &[]);
    let plan = fs::read_to_string(folder("drains").join("plan.json")).expect("a plan");
    let plan: Value = serde_json::from_str(&plan).expect("a plan is JSON");
    let lost: Vec<&Value> = plan["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|told| told["code"] == "unmanaged-pod")
        .collect();
    assert_eq!(lost.len(), 1, "{lost:?}");
    let message = lost[0]["message"].as_str().expect("a message");
    assert!(
        message.starts_with("5 like this, of 5 pods in all: ") && message.contains("; and 2 more."),
        "{message}"
    );
    let drains = text
        .find("### What the drains do to pods")
        .expect("a part of its own");
    assert!(text[drains..].contains("without a controller: evicted"));
}
