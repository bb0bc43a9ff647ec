//! Inputs made to exhaust the stack or the memory. Each runs in a process of its own, under a limit.

use super::{Folder, run};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Must be answered with exit code 2 and one line, not with a signal.
fn refused(name: &str, content: &str) {
    let folder = Folder::new();
    folder.write(name, content.as_bytes());
    let start = Instant::now();
    let answer = run(&folder, &["capacity", "--from", name], b"");
    let told = String::from_utf8_lossy(&answer.stderr);
    assert_eq!(
        answer.status.code(),
        Some(2),
        "{name}: {:?} {told}",
        answer.status
    );
    assert_eq!(told.lines().count(), 1, "{name}: {told}");
    assert!(told.len() < 700, "{name}: {told}");
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{name}: {:?}",
        start.elapsed()
    );
}

const MILLION: usize = 1_000_000;

#[test]
fn deep_json() {
    refused("open-lists.json", &"[".repeat(MILLION));
    refused("open-objects.json", &"{\"a\":".repeat(MILLION));
    refused("lists.json", &("[".repeat(MILLION) + &"]".repeat(MILLION)));
    refused(
        "objects.json",
        &("{\"a\":".repeat(MILLION) + "1" + &"}".repeat(MILLION)),
    );
    let pages = "{\"value\":[".repeat(MILLION / 10) + &"]}".repeat(MILLION / 10);
    refused("pages.json", &pages);
    let deep = "[".repeat(MILLION) + &"]".repeat(MILLION);
    // Where a field is read into a value, and where it is passed over.
    refused(
        "selector.json",
        &format!(r#"{{"apiVersion":"apps/v1","kind":"Deployment","spec":{{"selector":{deep}}}}}"#),
    );
    refused(
        "subnets.json",
        &format!(r#"{{"name":"v","addressSpace":{{"addressPrefixes":[]}},"subnets":[{deep}]}}"#),
    );
    refused(
        "scenario.json",
        &format!(r#"{{"apiVersion":"aksplan/v1","name":"x","virtual_networks":{deep}}}"#),
    );
    refused(
        "plan.json",
        &format!(
            r#"{{"format_version":"1.2","terraform_version":"1.9.0","planned_values":{deep},"resource_changes":{deep}}}"#
        ),
    );
}

#[test]
fn deep_yaml() {
    refused("flow.yaml", &format!("a: {}", "[".repeat(MILLION)));
    refused(
        "closed.yaml",
        &format!("a: {}{}", "[".repeat(MILLION), "]".repeat(MILLION)),
    );
    refused(
        "flow-maps.yaml",
        &format!("a: {}", "{a: ".repeat(MILLION / 4)),
    );
    refused("dashes.yaml", &("- ".repeat(MILLION / 10) + "a"));
    refused(
        "scenario.yaml",
        &format!(
            "apiVersion: aksplan/v1\nname: x\nvirtual_networks: {}",
            "[".repeat(MILLION)
        ),
    );
    let indented: String = (0..2_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    refused("indented.yaml", &indented);
}

#[test]
fn repeating_yaml() {
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_string();
    for level in 1..12 {
        let before = format!("*a{},", level - 1).repeat(10);
        bomb += &format!("a{level}: &a{level} [{}]\n", before.trim_end_matches(','));
    }
    refused("bomb.yaml", &bomb);
    refused(
        "scenario-bomb.yaml",
        &format!("apiVersion: aksplan/v1\nname: x\n{bomb}"),
    );
    refused("itself.yaml", "a: &a [*a]\n");
}

/// A long name or value must not come back whole in the message.
#[test]
fn long_values_are_not_echoed() {
    let long = "x".repeat(MILLION);
    refused(
        "cidr.json",
        &format!(r#"{{"name":"v","addressSpace":{{"addressPrefixes":["{long}"]}}}}"#),
    );
    refused(
        "version.yaml",
        &format!("apiVersion: aksplan/{long}\nname: x\n"),
    );
}

/// Peak memory of a file of 200 MB, read or refused.
#[test]
fn a_file_of_200_mb() {
    let wanted = std::env::var_os("AKSPLAN_BIG").is_some()
        || std::env::var_os("CI").is_some_and(|ci| ci == "true");
    if !wanted {
        println!("skipped: set AKSPLAN_BIG=1 or CI=true to read files of 200 MB");
        return;
    }
    let folder = Folder::new();
    let pod = format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p","namespace":"d"}},"spec":{{"containers":[{{"name":"c","args":["{}"]}}]}},"status":{{"phase":"Running"}}}}"#,
        "x".repeat(4_000)
    );
    let vnet = |number: usize| {
        format!(
            r#"{{"id":"/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/v{number}","addressSpace":{{"addressPrefixes":["10.0.0.0/16"]}},"subnets":[{{"name":"a","addressPrefix":"10.0.0.0/24","more":"{}"}}]}}"#,
            "x".repeat(700)
        )
    };
    let vnets: String = (0..1_000).map(|number| vnet(number) + ",").collect();
    // Name, beginning, what repeats, end, expected exit code.
    let cases: [(&str, &str, &str, &str, i32); 12] = [
        (
            "pods.json",
            r#"{"apiVersion":"v1","kind":"List","items":["#,
            &format!("{pod},"),
            &format!("{pod}]}}"),
            0,
        ),
        ("vnets.json", "[", &vnets, &format!("{}]", vnet(0)), 0),
        (
            "tiny-vnets.json",
            "[",
            r#"{"name":"v","addressSpace":{},"subnets":[{"name":"s"}]},"#,
            "{}]",
            2,
        ),
        ("stream.json", "", &pod, "", 0),
        ("zeros.json", "[", "0,", "0]", 2),
        (
            "unused.json",
            "[",
            r#"{"type":"a/b"},"#,
            r#"{"type":"a/b"}]"#,
            0,
        ),
        (
            "usages.json",
            "[",
            r#"{"currentValue":1,"id":"/a"},"#,
            r#"{"currentValue":1,"id":"/a"}]"#,
            2,
        ),
        (
            "tiny-pods.json",
            r#"{"apiVersion":"v1","kind":"List","items":["#,
            r#"{"apiVersion":"v1","kind":"Pod"},"#,
            "{}]}",
            2,
        ),
        (
            "subnets.json",
            r#"{"name":"v","addressSpace":{},"subnets":["#,
            "0,",
            "0]}",
            2,
        ),
        (
            "scenario.json",
            r#"{"apiVersion":"aksplan/v1","name":"x","virtual_networks":[{"name":"v","address_space":["#,
            r#""","#,
            r#"""]}]}"#,
            2,
        ),
        ("zeros.yaml", "a:\n", "- 0\n", "", 2),
        ("text.yaml", "a: ", "xxxxxxxx", "", 2),
    ];
    for (name, begin, repeated, end, code) in cases {
        let path = folder.path.join(name);
        write_large(&path, begin, repeated, end);
        let start = Instant::now();
        let (status, peak) = peak(&folder.path, &["capacity", "--from", name, "-o", "json"]);
        println!(
            "{name}: exit {status:?}, peak {peak} MB, {:.1} s",
            start.elapsed().as_secs_f64()
        );
        assert_eq!(status, Some(code), "{name}");
        assert!(peak < 1_200, "{name}: {peak} MB");
        std::fs::remove_file(&path).expect("it was just written");
    }
    // Just small enough to be read as YAML, and nothing but tiny maps.
    folder.write(
        "maps.yaml",
        "- {a: {b: 0}}\n".repeat((60 << 20) / 14).as_bytes(),
    );
    let (status, peak) = peak(&folder.path, &["capacity", "--from", "maps.yaml"]);
    println!("maps.yaml: exit {status:?}, peak {peak} MB");
    assert!(status == Some(2) && peak < 1_200, "{status:?}, {peak} MB");
}

fn write_large(path: &Path, begin: &str, repeated: &str, end: &str) {
    const SIZE: usize = 200_000_000;
    let mut out = BufWriter::with_capacity(
        1 << 20,
        std::fs::File::create(path).expect("a file can be made"),
    );
    let block = repeated.repeat((1 << 16) / repeated.len() + 1);
    out.write_all(begin.as_bytes()).expect("disk");
    for _ in 0..SIZE / block.len() {
        out.write_all(block.as_bytes()).expect("disk");
    }
    out.write_all(end.as_bytes()).expect("disk");
    out.flush().expect("disk");
}

/// Exit code and peak resident memory in MB, as the kernel counts it while the process runs.
fn peak(folder: &Path, args: &[&str]) -> (Option<i32>, u64) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_aksplan"))
        .args(args)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary was built for this test");
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Ok(text) = std::fs::read_to_string(&status_file)
            && let Some(line) = text.lines().find(|line| line.starts_with("VmHWM:"))
            && let Some(kilobytes) = line
                .split_whitespace()
                .nth(1)
                .and_then(|word| word.parse::<u64>().ok())
        {
            peak = peak.max(kilobytes / 1_000);
        }
        if let Some(status) = child.try_wait().expect("it is our child") {
            return (status.code(), peak);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
