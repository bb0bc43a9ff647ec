//! What comes from elsewhere: an abort of what another run watches or another machine began, and a plan for another tenant.

use super::aks::Aks;
use super::aks::shape::TENANT;
use super::aks::small::small;
use super::binary::{command, only_read, said};
use super::control_plane::Folder;
use super::moves::{QUICK, execute, plan};
use aksplan::migrate::Plan;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A run that hangs at a budget which somebody made too strict once it ran.
pub fn hanging(aks: &Aks, path: &str) -> Child {
    aks.somebody_forbids_once_it_runs();
    taken(aks, path)
}

/// A run whose first write AKS has taken.
pub fn taken(aks: &Aks, path: &str) -> Child {
    let mut arguments = vec!["--execute", "--plan", path];
    arguments.extend(QUICK);
    let child = command(aks, "migrate", &arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let begun = Instant::now();
    while aks.writes().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never begun");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

fn aborts(aks: &Aks) -> usize {
    let log = aks.log();
    let posts = log.iter().filter(|asked| asked.path.ends_with("/abort"));
    posts.count()
}

#[test]
fn an_abort_ends_what_another_run_watches() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    // Nobody made a journal here yet, and nothing runs.
    let (code, out, err) = execute(&aks, "--abort", &path, &[]);
    assert_eq!(code, Some(3), "{out}\n{err}");
    assert!(err.contains("nothing is under way"), "{err}");
    assert_eq!(aborts(&aks), 0);

    let child = hanging(&aks, &path);
    let (code, out, err) = execute(&aks, "--abort", &path, &[]);
    assert_eq!(code, Some(4), "{out}\n{err}");
    for word in [
        "another aksplan watches this plan",
        "AKS was asked to end the operation",
        "provisioning state is Canceled",
    ] {
        assert!(err.contains(word), "no {word} in {err}");
    }
    let output = child.wait_with_output().expect("it ends");
    let (out, err) = said(&output);
    assert_eq!(output.status.code(), Some(4), "{out}\n{err}");
    assert!(err.contains("Canceled"), "{err}");
    assert_eq!((aks.writes().len(), aborts(&aks)), (1, 1));

    // What was ended is gone on with.
    aks.somebody_allows_again();
    let (code, out, err) = execute(&aks, "--resume", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    assert_eq!(aks.writes().len(), 2);
}

#[test]
fn an_abort_from_another_machine_needs_no_journal() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    let other = folder.path.join("other.json").display().to_string();
    std::fs::copy(&path, &other).expect("it can be copied");
    let mut child = hanging(&aks, &path);
    // The machine that ran it is gone.
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let (code, out, err) = execute(&aks, "--abort", &other, &[]);
    assert_eq!(code, Some(4), "{out}\n{err}");
    assert!(err.contains("no journal here"), "{err}");
    assert!(err.contains("provisioning state is Canceled"), "{err}");
    assert_eq!(aborts(&aks), 1);
    assert!(!folder.path.join("other.journal").exists());
    // Without a journal there is nothing to resume, and without a write neither.
    let (code, _, err) = execute(&aks, "--resume", &other, &[]);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("begin with --execute"), "{err}");
}

/// Azure names the tenant of a cluster with a user-assigned identity only through its subscription.
#[test]
fn a_plan_for_another_tenant_is_refused() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    aks.shared.world().cluster["identity"] =
        serde_json::json!({"type": "UserAssigned", "userAssignedIdentities": {}});
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    let text = std::fs::read_to_string(&path).expect("the plan");
    let mut changed = Plan::parse(&text).expect("a plan");
    assert_eq!(changed.target.tenant.as_deref(), Some(TENANT));
    let other = "0b1ec700-ffff-4000-8000-000000000009";
    changed.target.tenant = Some(other.to_string());
    std::fs::write(&path, changed.sealed().to_text()).expect("it is ours");
    let (code, out, err) = execute(&aks, "--execute", &path, &[]);
    assert_eq!(code, Some(2), "{out}\n{err}");
    assert!(err.contains(other) && err.contains(TENANT), "{err}");
    only_read(&aks);
}
