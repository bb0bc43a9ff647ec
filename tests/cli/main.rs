//! The command line as a user meets it: exit codes, formats, colour, streams, help. Through the real binary.

#[path = "../binary/mod.rs"]
mod binary;
mod decided;
mod formats;
mod observed;
#[cfg(all(feature = "azure", feature = "kubernetes"))]
mod permissions;
mod ranges;
mod report;
mod streams;
mod terminals;
mod verdicts;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Fits everywhere; nothing to say.
const FINE: &str = "\
apiVersion: aksplan/v1
name: quay
virtual_networks:
  - name: v
    address_space: [10.50.0.0/16]
    subnets: [{ name: nodes, cidr: 10.50.0.0/20, foreign: 0 }]
clusters:
  - name: c
    kubernetes_version: \"1.33\"
    network_plugin: azure
    network_plugin_mode: overlay
    pod_cidr: 10.244.0.0/16
    service_cidr: 172.16.0.0/16
    dns_service_ip: 172.16.0.10
    identity: SystemAssigned
    pools: [{ name: p, mode: System, count: 3, max_pods: 110, subnet: nodes }]
";

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios")
        .join(name)
}

fn fintech() -> String {
    scenario("fintech.yaml").to_string_lossy().into_owned()
}

/// A file of this test run.
fn file(name: &str, content: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let path = folder.join(name);
    // Tests run side by side and write the same content: never leave half a file in sight.
    let part = folder.join(format!("{name}.{:?}", std::thread::current().id()));
    std::fs::write(&part, content).expect("files can be written");
    std::fs::rename(&part, &path).expect("files can be renamed");
    path.to_string_lossy().into_owned()
}

fn fine() -> String {
    file("fine.yaml", FINE)
}

/// The binary, in an environment that says nothing about colour.
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aksplan"));
    command.args(args);
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command
}

fn run(args: &[&str]) -> Output {
    command(args)
        .output()
        .expect("the binary was built for this test")
}

fn stdout(args: &[&str]) -> String {
    let answer = run(args);
    assert!(
        answer.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&answer.stderr)
    );
    assert_eq!(
        String::from_utf8_lossy(&answer.stderr),
        "",
        "{args:?} talks though all is well"
    );
    String::from_utf8(answer.stdout).expect("output is text")
}

/// Every command that answers from an estate.
const ANSWERS: [&[&str]; 6] = [
    &["capacity"],
    &["predict"],
    &["cidr", "check"],
    &["cidr", "suggest", "--for", "pod"],
    &["compare"],
    &["report"],
];

fn with<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    command.iter().chain(more).copied().collect()
}

/// All subcommands, as their help names them.
const COMMANDS: [&[&str]; 18] = [
    &[],
    &["capacity"],
    &["predict"],
    &["cidr"],
    &["cidr", "check"],
    &["cidr", "suggest"],
    &["cidr", "overlaps"],
    &["cidr", "merge"],
    &["simulate"],
    &["compare"],
    &["drain"],
    &["upgrade"],
    &["migrate"],
    &["report"],
    &["explain"],
    &["schema"],
    &["completion"],
    &["man"],
];
