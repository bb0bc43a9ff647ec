//! `aksplan report -f FILE`: the format by the name, and nothing overwritten that is no report.

use super::{run, stdout};
use std::fs;
use std::path::PathBuf;

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/fintech.yaml");

/// An empty folder of this test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a writable target folder");
    folder
}

fn write(file: &std::path::Path) -> String {
    stdout(&[
        "report",
        "--from",
        SCENARIO,
        "-f",
        file.to_str().expect("UTF-8"),
    ])
}

#[test]
fn the_name_says_the_format_and_the_file_holds_what_is_printed() {
    let folder = folder("formats");
    let cases = [
        ("r.html", "html"),
        ("r.md", "markdown"),
        ("r.json", "json"),
        ("r.sarif", "sarif"),
        ("r.xml", "junit"),
    ];
    for (name, format) in cases {
        let file = folder.join(name);
        // Twice: a report may be made anew.
        for _ in 0..2 {
            assert_eq!(
                write(&file),
                "",
                "{name}: what is in a file is not printed as well"
            );
        }
        let printed = stdout(&["report", "--from", SCENARIO, "-o", format]);
        assert_eq!(
            fs::read_to_string(&file).expect("it was written"),
            printed,
            "{name}"
        );
    }
    let left: Vec<_> = fs::read_dir(&folder).expect("the folder").collect();
    assert_eq!(
        left.len(),
        cases.len(),
        "nothing else lies beside them: {left:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_report_is_for_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let file = folder("owner").join("r.html");
    write(&file);
    let mode = fs::metadata(&file)
        .expect("it was written")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_is_no_report_stays_as_it_is() {
    let folder = folder("kept");
    let plan = "{\n  \"kind\": \"aksplan migration plan\",\n  \"format_version\": \"1.0\"\n}\n";
    let terraform = "{\n  \"format_version\": \"1.2\",\n  \"terraform_version\": \"1.9.0\"\n}\n";
    let capacity = stdout(&["capacity", "--from", SCENARIO, "-o", "json"]);
    let merged = stdout(&["report", "--from", SCENARIO, "-o", "sarif"]).replacen(
        "\"runs\": [",
        "\"runs\": [{ \"tool\": { \"driver\": { \"name\": \"tfsec\" } }, \"results\": [] },",
        1,
    );
    let of_another = |format| stdout(&["readiness", "--from", SCENARIO, "-o", format]);
    let comment = stdout(&[
        "readiness",
        "--from",
        SCENARIO,
        "-o",
        "markdown",
        "--comment-key",
        "report",
    ]);
    let cases: [(&str, &str, &str); 13] = [
        // They write of a report, or hold one beside something else.
        (
            "README.md",
            include_str!("../../README.md"),
            "no report of aksplan",
        ),
        (
            "quoted.md",
            "It begins with <!-- aksplan:report:payments -->.\n",
            "no report of aksplan",
        ),
        ("merged.sarif", &merged, "no report of aksplan"),
        // Answers of another command.
        (
            "readiness.sarif",
            &of_another("sarif"),
            "no report of aksplan",
        ),
        (
            "readiness.xml",
            &of_another("junit"),
            "no report of aksplan",
        ),
        ("readiness.md", &comment, "no report of aksplan"),
        ("tfplan.json", terraform, "no report of aksplan"),
        ("capacity.json", &capacity, "no report of aksplan"),
        ("mine.md", "format_version: mine\n", "no report of aksplan"),
        ("notes.md", "# mine\n", "no report of aksplan"),
        ("plan.json", plan, "no report of aksplan"),
        (
            "page.html",
            "<!DOCTYPE html><title>mine</title>",
            "no report of aksplan",
        ),
        (
            "s.yaml",
            "apiVersion: aksplan/v1\n",
            "expected a name that ends in .html",
        ),
    ];
    for (name, text, wanted) in cases {
        let file = folder.join(name);
        fs::write(&file, text).expect("a writable folder");
        let answer = run(&[
            "report",
            "--from",
            SCENARIO,
            "-f",
            file.to_str().expect("UTF-8"),
        ]);
        let said = String::from_utf8_lossy(&answer.stderr).into_owned();
        assert_eq!(answer.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains(wanted), "{name}: {said}");
        assert_eq!(
            fs::read_to_string(&file).expect("it is there"),
            text,
            "{name}"
        );
    }
    // Nor what is read, whatever format is named.
    let answer = run(&["report", "--from", SCENARIO, "-f", SCENARIO, "-o", "html"]);
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert_eq!(answer.status.code(), Some(2), "{said}");
    assert!(said.contains("it is read as well"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_report_that_is_there_keeps_its_permissions_and_its_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder("links");
    let (file, latest) = (folder.join("r.md"), folder.join("latest.md"));
    write(&file);
    let first = fs::read_to_string(&file).expect("it was written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("it is ours");
    fs::write(&file, first.lines().next().expect("a mark")).expect("a report that is older");
    symlink("r.md", &latest).expect("a folder that takes links");
    write(&latest);
    assert!(latest.is_symlink(), "the link is one still");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), first);
    let mode = fs::metadata(&file)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o644, "somebody published it");
    let lost = folder.join("lost.md");
    symlink("nowhere.md", &lost).expect("a folder that takes links");
    let answer = run(&[
        "report",
        "--from",
        SCENARIO,
        "-f",
        lost.to_str().expect("UTF-8"),
    ]);
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert_eq!(answer.status.code(), Some(1), "{said}");
    assert!(
        said.contains("lost.md: it is a link to a file that is not there"),
        "{said}"
    );
    assert!(!folder.join("nowhere.md").exists());
}

#[test]
fn a_dash_is_standard_output() {
    let asked = ["report", "--from", SCENARIO, "-o", "html"];
    let mut dashed = asked.to_vec();
    dashed.extend(["-f", "-"]);
    assert_eq!(stdout(&dashed), stdout(&asked));
    assert!(!PathBuf::from("-").exists(), "and no file of that name");
}

/// The line by which a pipeline finds its comment.
fn mark(args: &[&str]) -> String {
    let mut args = args.to_vec();
    args.extend(["-o", "markdown"]);
    stdout(&args).lines().next().expect("a mark").to_string()
}

#[test]
fn each_command_finds_its_own_comment_again() {
    let commands = [
        &["report"][..],
        &["capacity"],
        &["predict", "--upgrade", "apps"],
        &["readiness"],
    ];
    let marks: Vec<String> = commands
        .iter()
        .map(|command| {
            let mut args = command.to_vec();
            args.extend(["--from", SCENARIO, "--comment-key", "payments"]);
            mark(&args)
        })
        .collect();
    for (mark, command) in marks.iter().zip(commands) {
        assert_eq!(*mark, format!("<!-- aksplan:{}:payments -->", command[0]));
    }
    // A title says other things of a cluster before its move and after it; its comment is the same.
    let [before, after] = [("before", ""), ("after", r#""networkPluginMode": "overlay", "podCidr": "10.244.0.0/16","#)].map(
        |(name, mode)| {
            let cluster = format!(
                r#"[{{ "id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop",
                "name": "shop", "type": "Microsoft.ContainerService/managedClusters", "location": "westeurope", "properties": {{
                "networkProfile": {{ "networkPlugin": "azure", {mode} "serviceCidr": "172.16.0.0/16" }}, "agentPoolProfiles": [] }} }}]"#
            );
            let file = super::file(&format!("mark-{name}.json"), &cluster);
            let report = ["report", "--from", &file];
            (mark(&report), stdout(&[&report[..], &["-o", "markdown"]].concat()))
        },
    );
    assert_eq!(before.0, "<!-- aksplan:report:shop -->");
    assert_eq!(after.0, before.0);
    assert!(
        before.1.contains("# Pre-migration report of shop") && after.1.contains("# Report of shop")
    );
}

#[test]
fn flags_that_would_do_nothing_are_refused() {
    let file = folder("flags").join("r.html");
    let page = file.to_str().expect("UTF-8");
    for (args, wanted) in [
        (
            &["report", "-f", page, "--terraform-root", "/nope"][..],
            "--terraform-root /nope: only SARIF and JUnit",
        ),
        (
            &["report", "-f", page, "--max-length", "5000"],
            "--max-length: of Markdown alone",
        ),
        (
            &["readiness", "--comment-key", "k"],
            "--comment-key: of Markdown alone",
        ),
        (
            &["capacity", "-o", "json", "--link", "https://x.y"],
            "--link: of Markdown alone",
        ),
        (
            &["predict", "--upgrade", "apps", "--terraform-root", "/nope"],
            "--terraform-root /nope: only SARIF and JUnit",
        ),
    ] {
        let mut args = args.to_vec();
        args.extend(["--from", SCENARIO]);
        let answer = run(&args);
        let said = String::from_utf8_lossy(&answer.stderr).into_owned();
        assert_eq!(answer.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(wanted), "{args:?}: {said}");
    }
    assert!(!file.exists());
}

/// Two clusters of two VNets, each with a pool `p`.
fn twins(name: &str) -> String {
    super::file(
        name,
        "apiVersion: aksplan/v1\nname: twins\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/16]\n    subnets: [{ name: s, \
         cidr: 10.0.0.0/24 }]\n    peerings: [{ remote: w }]\n  - name: w\n    address_space: [10.1.0.0/16]\n    subnets: [{ name: s, cidr: \
         10.1.0.0/24 }]\n    peerings: [{ remote: v }]\n  - name: far\n    address_space: [10.64.0.0/10]\n    subnets: []\nclusters:\n  - \
         name: c\n    network_plugin: azure\n    service_cidr: 172.16.0.0/16\n    pools: [{ name: p, count: 3, max_pods: 30, subnet: v/s \
         }]\n  - name: d\n    network_plugin: azure\n    service_cidr: 172.16.0.0/16\n    pools: [{ name: p, count: 3, max_pods: 30, \
         subnet: w/s }]\n",
    )
}

#[test]
fn growth_is_of_one_pool_and_said_once() {
    let file = twins("growth-twins.yaml");
    let refused = |growth: &[&str]| {
        let mut args = vec!["report", "--from", &file, "-o", "markdown"];
        args.extend(growth.iter().flat_map(|said| ["--growth", *said]));
        let output = run(&args);
        assert_eq!(output.status.code(), Some(2), "{growth:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let several = refused(&["p=1"]);
    assert!(several.contains("c/p=NODES, d/p=NODES"), "{several}");
    assert!(refused(&["c/p=1", "C/P=2"]).contains("the same pool"));
    assert!(refused(&["e/p=1"]).contains("no pool `e/p`"));
    let told = stdout(&[
        "report", "--from", &file, "-o", "markdown", "--growth", "c/p=0", "--growth", "d/p=1",
    ]);
    assert!(
        told.contains("| as --growth says | 0 | does not grow |"),
        "zero is said"
    );
    // 251 - 3 × 29 = 164: five more.
    assert!(told.contains("| as --growth says | 1.00 | 5 weeks |"));
    assert!(!told.contains("was not said"));
}

/// Five more nodes fit now; of four blocks three are taken.
#[test]
fn a_move_that_shortens_a_life_is_warned_of() {
    let file = twins("life-twins.yaml");
    let told = |range: &str| {
        stdout(&[
            "report",
            "--from",
            &file,
            "--cluster",
            "c",
            "-o",
            "markdown",
            "--pod-cidr",
            range,
        ])
    };
    let small = told("192.168.0.0/22");
    assert!(small.contains("shorter-life"), "a finding");
    assert!(small.contains("5 more nodes fit now until subnet v/s has no room, and 1 with"));
    assert!(
        small.contains("10 weeks, shorter than now"),
        "and in the table"
    );
    assert!(!told("192.168.0.0/21").contains("shorter"));
}

#[test]
fn chosen_ranges_keep_clear_of_each_other_and_of_every_network() {
    let file = twins("ranges-twins.yaml");
    let report = stdout(&["report", "--from", &file, "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let moves = report["moves"].as_array().expect("moves");
    let ranges: Vec<ipnet::Ipv4Net> = moves
        .iter()
        .map(|one| {
            let range = one["pod_cidr"].as_str().expect("a range was chosen");
            range.parse().expect("a range")
        })
        .collect();
    let [c, d] = ranges[..] else {
        panic!("{ranges:?}")
    };
    assert!(!c.contains(&d) && !d.contains(&c), "{c} {d}");
    // Nobody reaches the third network, and it is avoided all the same.
    let far: ipnet::Ipv4Net = "10.64.0.0/10".parse().expect("a range");
    assert!(ranges.iter().all(|range| !far.contains(range)), "{c} {d}");
}

/// Fourteen subnets grow: twelve are drawn, and of the others it is said that they are not.
#[test]
fn what_is_not_told_week_by_week_is_named() {
    use std::fmt::Write as _;
    let (mut vnets, mut clusters, mut growth) = (String::new(), String::new(), String::new());
    for at in 0..14 {
        writeln!(
            vnets,
            "  - name: v{at:02}\n    address_space: [10.{at}.0.0/16]\n    subnets: [{{ name: s, cidr: 10.{at}.0.0/24 }}]"
        )
        .expect("a String takes everything");
        writeln!(
            clusters,
            "  - name: c{at:02}\n    network_plugin: azure\n    service_cidr: 172.16.0.0/16\n    pools: [{{ name: p, count: 1, max_pods: \
             30, subnet: v{at:02}/s }}]"
        )
        .expect("a String takes everything");
        writeln!(
            growth,
            "    - {{ cluster: c{at:02}, pool: p, nodes_a_week: 0.1 }}"
        )
        .expect("a String takes everything");
    }
    let text = format!(
        "apiVersion: aksplan/v1\nname: many\nvirtual_networks:\n{vnets}clusters:\n{clusters}timeline:\n  starts: 2027-01-04\n  weeks: 3\n  \
         growth:\n{growth}"
    );
    let file = super::file("weeks-of-many.yaml", &text);
    let told = stdout(&["report", "--from", &file, "-o", "markdown"]);
    assert!(told.contains("v11/s, week by week"), "twelve are drawn");
    let sentence = "2 more ranges are not told of here: v12/s, v13/s.";
    assert!(told.contains(sentence), "the others are named");
}

#[test]
fn growth_is_of_a_pool_that_is_there() {
    let said = |growth: &str| {
        let answer = run(&["report", "--from", SCENARIO, "--growth", growth]);
        assert_eq!(answer.status.code(), Some(2), "{growth}");
        String::from_utf8_lossy(&answer.stderr).into_owned()
    };
    assert!(said("nope=1").contains("no pool `nope`; known: apps, system"));
    assert!(said("apps=fast").contains("expected POOL=NODES"));
    assert!(said("apps=-1").contains("expected POOL=NODES"));
    let grown = stdout(&[
        "report", "--from", SCENARIO, "--growth", "apps=0.5", "-o", "markdown",
    ]);
    // 147 addresses are left: one node of 109, so 147 / 54.5 weeks.
    assert!(
        grown.contains("| as --growth says | 0.50 | 2 weeks | subnet spoke-payments/aks |"),
        "{grown}"
    );
}
