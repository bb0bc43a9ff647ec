//! The real binary carries plans out while something is wrong: which words it ends with, and that it writes nothing it should not.

use super::aks::fault::{Fault, Rule};
use super::aks::shape::Shape;
use super::aks::small::small;
use super::aks::{Aks, TOKEN};
use super::binary::{command, only_read, said};
use super::control_plane::Folder;
use super::elsewhere::hanging;
use super::moves::{QUICK, execute, migrate, plan};
use serde_json::{Value, json};
use std::time::Duration;

const CLUSTER: &str = "/managedclusters/shop";

pub fn is_on_overlay(aks: &Aks) {
    let cluster = aks.cluster();
    let properties = &cluster["properties"];
    assert_eq!(properties["networkProfile"]["networkPluginMode"], "overlay");
    assert_eq!(properties["provisioningState"], "Succeeded");
    let shape = aks.shared.world().shape.clone();
    let nodes: usize = shape.pools.iter().map(|pool| pool.nodes).sum();
    assert_eq!(aks.used(), shape.foreign + nodes as u64);
}

/// A plan, then something changes, then the execution: its exit code and its words.
fn drifts(what: &str, shape: Shape, change: impl FnOnce(&Aks), words: &[&str]) {
    let Some(aks) = Aks::start(shape) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    change(&aks);
    aks.forget();
    let (code, out, err) = execute(&aks, "--execute", &path, &[]);
    assert_eq!(code, Some(3), "{what}: {out}\n{err}");
    for word in words {
        assert!(
            err.contains(word) || out.contains(word),
            "{what}: no {word} in\n{out}\n{err}"
        );
    }
    only_read(&aks);
}

#[test]
fn what_changed_since_the_plan_is_shown_and_nothing_is_written() {
    let adds = |aks: &Aks| aks.somebody_adds_a_node("apps");
    drifts("a node more", small(), adds, &["apps"]);
    let strict = |aks: &Aks| aks.block_on(aks.shared.strict(true));
    drifts("a stricter budget", small(), strict, &["api"]);
    let surge = |aks: &Aks| {
        let mut world = aks.shared.world();
        let profile = world.profile("apps").expect("a pool");
        profile["upgradeSettings"]["maxSurge"] = json!("2");
        world.touch_pool("apps");
    };
    drifts("another surge", small(), surge, &["axSurge"]);
}

#[test]
fn somebody_elses_tags_do_not_matter_and_survive() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    aks.somebody_tags("cost-centre", "0815");
    aks.fault(Rule::nth("PUT", CLUSTER, 1, Fault::Status(412, None)));
    let (code, out, err) = execute(&aks, "--execute", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
    assert_eq!(aks.cluster()["tags"]["cost-centre"], "0815");
    assert_eq!(aks.writes().len(), 1);
}

/// Everything that passes, on the way to one write and while AKS works: the run outlives it, and says what it met.
#[test]
fn what_passes_is_outlived() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    let put = |nth: u32, fault: Fault| aks.fault(Rule::nth("PUT", CLUSTER, nth, fault));
    put(1, Fault::Status(412, None));
    put(2, Fault::Status(409, None));
    put(3, Fault::Status(429, Some(1)));
    put(4, Fault::Status(503, None));
    put(5, Fault::LostBefore);
    for (end, nth, fault) in [
        ("/operations/", 1, Fault::LostBefore),
        ("/operations/", 2, Fault::Status(502, None)),
        (CLUSTER, 9, Fault::Status(500, None)),
        ("/usages", 6, Fault::Status(503, None)),
    ] {
        aks.fault(Rule::nth("GET", end, nth, fault));
    }
    let (code, out, err) = execute(&aks, "--execute", &path, &["--settle", "2"]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
    assert_eq!(aks.writes().len(), 1);
    let mut lines = err.lines();
    for words in [
        "somebody else changed it in between: looking again before anything is sent",
        "OperationNotAllowed: Operation is not allowed: Another operation (PutAgentPoolHandler.PUT) is in progress",
        "waiting 1 s: Azure throttles",
        "whether the write arrived is not known",
        "the write never arrived: nothing runs, and the eTag is the one from before",
        "whether the write arrived is not known",
        "the write never arrived: nothing runs, and the eTag is the one from before",
        "2-move-to-overlay: AKS took it",
        "completed: every step of the plan is done",
    ] {
        assert!(
            lines.any(|line| line.contains(words)),
            "no {words}, or not in this order, in {err}"
        );
    }
    let met = aks.log();
    let met = met.iter().filter(|asked| asked.fault.is_some());
    assert_eq!(met.count(), 9, "all of it was met");
}

#[test]
fn a_token_that_expires_on_the_way_ends_the_run_and_another_goes_on() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    aks.fault(Rule::nth("GET", "/operations/", 3, Fault::Expired));
    let (code, out, err) = execute(&aks, "--execute", &path, &[]);
    assert_eq!(code, Some(4), "{out}\n{err}");
    let expired = "401 ExpiredAuthenticationToken: The access token expiry UTC time is earlier than current UTC time";
    for (begin, end) in [
        (
            "how the operation stands could not be asked: GET /",
            expired,
        ),
        ("stopped: the cluster cannot be read: GET /", expired),
    ] {
        let mut lines = err.lines();
        let line = lines.find(|line| line.contains(begin));
        let line = line.unwrap_or_else(|| panic!("no {begin} in {err}"));
        assert!(line.contains(end), "{line}");
    }
    let resume = format!("--resume --plan {path} ");
    let (_, how) = err.split_once("go on with:").expect("it says how");
    assert!(how.contains(&resume), "{err}");
    let other = "another-arm-secret-55aa";
    aks.accept(other);
    let mut arguments = vec!["--resume", "--plan", &path];
    arguments.extend(QUICK);
    let output = command(&aks, "migrate", &arguments)
        .env("AKSPLAN_ARM_TOKEN", other)
        .output()
        .expect("the binary runs");
    let (out, err) = said(&output);
    assert!(!err.contains(other));
    assert_eq!(output.status.code(), Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
    assert_eq!(aks.writes().len(), 1);
}

#[test]
fn whatever_only_reads_writes_nothing() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    for arguments in [
        vec!["--execute", "--dry-run", "--plan", &path, "--window", "4h"],
        vec!["--status", "--plan", &path],
        vec!["--verify", "--plan", &path],
    ] {
        let (code, out, err) = migrate(&aks, &arguments);
        assert!(
            matches!(code, Some(0 | 3)),
            "{arguments:?} {code:?}: {out}\n{err}"
        );
    }
    only_read(&aks);
    let audit = aks.plane.control.audit();
    let writes = audit.iter().filter(|line| {
        line["user"]["username"] == "operator"
            && !["get", "list", "watch"].contains(&line["verb"].as_str().unwrap_or_default())
    });
    let since = aks.begun();
    let writes: Vec<&Value> = writes
        .filter(|line| line["requestReceivedTimestamp"].as_str() >= Some(since.as_str()))
        .collect();
    assert!(writes.is_empty(), "{writes:?}");
    for entry in std::fs::read_dir(&folder.path).expect("it can be listed") {
        let path = entry.expect("it can be listed").path();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(!text.contains(TOKEN), "{}", path.display());
    }
}

#[test]
fn a_drain_timeout_names_pod_and_budget_and_the_next_run_goes_on() {
    let mut shape = small();
    shape.pace.minute = Duration::from_millis(100);
    let Some(aks) = Aks::start(shape) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    aks.somebody_forbids_once_it_runs();
    let (code, out, err) = execute(&aks, "--execute", &path, &["--stuck-after", "0.01"]);
    assert_eq!(code, Some(4), "{out}\n{err}");
    for word in [
        "UpgradeFailed",
        "blocked by pdb api",
        "stuck: shop/api-",
        "shop/api",
    ] {
        assert!(err.contains(word), "no {word} in {err}");
    }
    assert_eq!(aks.writes().len(), 1);
    aks.somebody_allows_again();
    let (code, out, err) = execute(&aks, "--resume", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
    assert_eq!(
        aks.writes().len(),
        2,
        "the one that failed, and the one that went on"
    );
}

/// The owner lets more go than was planned, so that a reimage before the move can end: that is no reason to refuse the move itself.
#[test]
fn what_released_a_step_before_the_move_does_not_refuse_the_move() {
    let mut shape = small().with_policy("azure");
    shape.pace.minute = Duration::from_millis(100);
    let Some(aks) = Aks::start(shape) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    aks.somebody_forbids_once_it_runs();
    let (code, out, err) = execute(&aks, "--execute", &path, &[]);
    assert_eq!(code, Some(4), "{out}\n{err}");
    assert!(
        err.contains("2-enable-cilium") && err.contains("UpgradeFailed"),
        "{err}"
    );
    let budget = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/api";
    let change = json!({"spec": {"minAvailable": 0}});
    aks.block_on(aks.shared.api.merge(budget, &change));
    let (code, out, err) = execute(&aks, "--resume", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    assert!(
        err.contains("budget.shop/api was minAvailable 1") && err.contains("going on all the same"),
        "{err}"
    );
    is_on_overlay(&aks);
    assert_eq!(aks.writes().len(), 3, "Cilium twice, and the move");
}

#[test]
fn stuck_it_stops_as_told_and_an_abort_ends_it() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    aks.somebody_forbids_once_it_runs();
    let stop = ["--on-blocked", "stop", "--stuck-after", "0.01"];
    let (code, out, err) = execute(&aks, "--execute", &path, &stop);
    assert_eq!(code, Some(4), "{out}\n{err}");
    assert!(err.contains("stuck") && err.contains("shop/api"), "{err}");
    assert!(aks.shared.world().running.is_some(), "AKS goes on");
    let (code, out, err) = execute(&aks, "--abort", &path, &[]);
    println!("{code:?}\n{out}\n{err}");
    assert!(aks.until_idle(Duration::from_secs(20)));
    assert_eq!(aks.cluster()["properties"]["provisioningState"], "Canceled");
    assert!(err.contains("Canceled"), "{out}\n{err}");
    assert_eq!(aks.writes().len(), 1);
    // What was aborted is carried on like what failed.
    aks.somebody_allows_again();
    let (code, out, err) = execute(&aks, "--resume", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
}

#[test]
fn a_window_that_closes_lets_no_further_reimage_begin() {
    let Some(aks) = Aks::start(small().with_policy("azure")) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    let now = jiff::Timestamp::now();
    let end = now + jiff::SignedDuration::from_secs(3);
    let window = format!("{now:.0}/{end:.0}");
    let arguments = [
        "--execute",
        "--plan",
        &path,
        "--yes",
        "--window",
        &window,
        "--accept-overrun",
        "--poll",
        "0.2",
        "--settle",
        "20",
    ];
    let (code, out, err) = migrate(&aks, &arguments);
    assert_eq!(code, Some(4), "{out}\n{err}");
    assert!(err.contains("the window is over"), "{err}");
    assert_eq!(
        aks.writes().len(),
        1,
        "what had begun went to its end, and nothing after it began"
    );
    assert!(aks.shared.world().running.is_none());
    let (code, out, err) = execute(&aks, "--resume", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
}

#[test]
fn two_cannot_carry_out_one_plan_at_once() {
    let mut shape = small();
    shape.pace.minute = Duration::from_secs(4);
    let Some(aks) = Aks::start(shape) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    let other = folder.path.join("other.json").display().to_string();
    std::fs::copy(&path, &other).expect("it can be copied");
    let child = hanging(&aks, &path);
    let journal = folder.path.join("plan.journal");
    let text = std::fs::read_to_string(&journal).expect("it is open");
    let opened: Value = serde_json::from_str(text.lines().next().expect("a record")).expect("JSON");
    let id = opened["event"]["id"].as_str().expect("its number");
    // The same journal on this machine, begun anew and gone on with; and another journal, as if on another machine.
    let journal = journal.display();
    let begun = format!(
        "error: {journal}: this plan was begun before; see --status, and go on with --resume"
    );
    let watched = format!(
        "error: {journal}: another aksplan on this machine is carrying out this plan; --status shows how it stands, and Ctrl-C there stops \
         it after its write"
    );
    let held = format!(", journal {id} since ");
    let cases = [
        ("--execute", &path, 2, begun.as_str()),
        ("--resume", &path, 2, watched.as_str()),
        ("--execute", &other, 3, held.as_str()),
    ];
    for (deed, path, wanted, words) in cases {
        let (code, out, err) = execute(&aks, deed, path, &[]);
        assert_eq!(code, Some(wanted), "{out}\n{err}");
        assert!(err.contains(words), "no {words} in {err}");
        assert_eq!(out, "");
    }
    let (_, _, err) = execute(&aks, "--execute", &other, &[]);
    let (who, when) = err.split_once(&held).expect("it was just there");
    let start = "refused: a migration of this cluster is being executed by ";
    assert!(who.contains(start) && who.contains('@'), "{err}");
    assert!(
        when.contains(", last renewed ") && when.contains(" for 60 s"),
        "{err}"
    );
    aks.somebody_allows_again();
    let output = child.wait_with_output().expect("it ends");
    let (out, err) = said(&output);
    assert_eq!(output.status.code(), Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
    assert_eq!(aks.writes().len(), 1);
}
