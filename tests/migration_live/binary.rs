//! The real binary against the stand-in: how it is called, and that whatever only plans reads what is there and writes nothing.

use super::aks::kubernetes::OPERATOR;
use super::aks::shape::SUBSCRIPTION;
use super::aks::small::small;
use super::aks::writes::SIGNATURE;
use super::aks::{Aks, TOKEN};
use std::process::{Command, Output};

/// What comes after the subcommand wherever the cluster is read live.
pub fn live(aks: &Aks) -> Vec<String> {
    let endpoint = aks.endpoint();
    [
        "--subscription",
        SUBSCRIPTION,
        "--arm-endpoint",
        &endpoint,
        "--kubernetes",
    ]
    .map(str::to_string)
    .to_vec()
}

pub fn command(aks: &Aks, subcommand: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aksplan"));
    command
        .arg(subcommand)
        .args(live(aks))
        .args(arguments)
        .env("AKSPLAN_ARM_TOKEN", TOKEN)
        .env("NO_COLOR", "1")
        .env_remove("KUBECONFIG");
    command
}

/// Both streams; no secret is in either.
pub fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_string();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    for secret in [TOKEN, OPERATOR, SIGNATURE] {
        assert!(
            !out.contains(secret) && !err.contains(secret),
            "{secret} shows"
        );
    }
    (out, err)
}

fn ask(aks: &Aks, subcommand: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = command(aks, subcommand, arguments)
        .output()
        .expect("the binary runs");
    let (out, err) = said(&output);
    (output.status.code(), out, err)
}

/// No request that could have changed anything.
pub fn only_read(aks: &Aks) {
    for asked in aks.log() {
        let credential = asked.path.ends_with("/listclusterusercredential");
        assert!(
            asked.method == "GET" || asked.method == "POST" && credential,
            "{} {}",
            asked.method,
            asked.path
        );
    }
}

#[test]
fn the_small_cluster_is_read() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let (code, out, err) = ask(&aks, "capacity", &[]);
    assert!(matches!(code, Some(0 | 1)), "{code:?} {err}");
    for word in ["shop", "10.20.0.0/24", "128"] {
        assert!(out.contains(word), "{word} is missing:\n{out}\n{err}");
    }
    assert!(!err.contains("were not read"), "{err}");
    only_read(&aks);
}
