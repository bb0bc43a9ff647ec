//! What AKS or somebody else puts in the way after the plan was made.

use super::aks::Aks;
use super::aks::fault::{Fault, Rule};
use super::aks::small::small;
use super::binary::{command, only_read, said};
use super::carried::is_on_overlay;
use super::control_plane::Folder;
use super::moves::{QUICK, execute, migrate, plan};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::{Duration, Instant};

const CLUSTER: &str = "/managedclusters/shop";

#[test]
fn x_quarantined() {
    let mut shape = small().with_upgrade(&json!({"undrainableNodeBehavior": "Cordon"}));
    shape.pace.minute = Duration::from_millis(100);
    let Some(aks) = Aks::start(shape) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    aks.somebody_forbids_once_it_runs();
    let (code, out, err) = execute(&aks, "--execute", &path, &["--stuck-after", "0.01", "--settle", "3"]);
    println!("QUAR {code:?} {out}\n{err}");
}

#[test]
fn x_other_operation() {
    for on_blocked in ["wait", "stop"] {
        let Some(aks) = Aks::start(small()) else {
            return;
        };
        let folder = Folder::new();
        let path = plan(&aks, &folder, &[]);
        aks.somebody_writes("apps", Duration::from_secs(12));
        let (code, out, err) = execute(&aks, "--execute", &path, &["--on-blocked", on_blocked]);
        println!("OTHER {on_blocked} {code:?} {out}\n{err}");
        drop(aks);
        let Some(aks) = Aks::start(small()) else {
            return;
        };
        let folder = Folder::new();
        let path = plan(&aks, &folder, &[]);
        aks.fault(Rule::nth("PUT", CLUSTER, 1, Fault::Meanwhile(Duration::from_secs(3))));
        let (code, out, err) = execute(&aks, "--execute", &path, &["--on-blocked", on_blocked]);
        println!("MEANWHILE {on_blocked} {code:?} {out}\n{err}");
    }
}

#[test]
fn x_masq_and_block() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    aks.somebody_makes(&json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"namespace": "kube-system", "name": "azure-ip-masq-agent-config"}, "data": {}}));
    let (code, out, err) = execute(&aks, "--execute", &path, &[]);
    println!("MASQ {code:?} {out}\n{err}");
    only_read(&aks);
    drop(aks);
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    aks.somebody_sets(&json!({"nodeDisruptionProfile": {"nodeDisruptionPolicy": "Block"}}));
    let (code, out, err) = execute(&aks, "--execute", &path, &[]);
    println!("BLOCK {code:?} {out}\n{err}");
    only_read(&aks);
}

#[test]
fn x_full() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    {
        let mut world = aks.shared.world();
        world.shape.surge_takes_all = true;
        world.take_foreign(100);
    }
    let (code, out, err) = execute(&aks, "--execute", &path, &[]);
    println!("FULL {code:?} {out}\n{err}");
}

#[test]
fn x_blocked() {
    let Some(aks) = Aks::start(small().blocked()) else {
        return;
    };
    let folder = Folder::new();
    let path = folder.path.join("plan.json").display().to_string();
    let arguments = ["--pod-cidr", "100.64.0.0/16", "--futures", "50", "--out", &path];
    let (code, out, err) = migrate(&aks, &arguments);
    println!("PERM {code:?} {out}\n{err}");
    only_read(&aks);
}

#[test]
fn x_pool_abort() {
    let mut shape = small();
    shape.pace.short_operation = Duration::from_secs(8);
    let Some(aks) = Aks::start(shape) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &["--drain-timeout", "apps=60"]);
    let mut arguments = vec!["--execute", "--plan", &path];
    arguments.extend(QUICK);
    let child = command(&aks, "migrate", &arguments)
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
    let (code, out, err) = execute(&aks, "--abort", &path, &[]);
    println!("POOLABORT {code:?} {out}\n{err}");
    let output = child.wait_with_output().expect("it ends");
    let (out, err) = said(&output);
    println!("POOLABORTED {:?} {out}\n{err}", output.status.code());
    for asked in aks.log().iter().filter(|asked| asked.method != "GET") {
        println!("{} {} {}", asked.method, asked.path, asked.status);
    }
    let (code, out, err) = execute(&aks, "--resume", &path, &[]);
    println!("POOLRESUME {code:?} {out}\n{err}");
    let _: Value = json!(null);
    is_on_overlay(&aks);
}
