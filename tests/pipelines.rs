//! What pipelines read. SARIF is held against the published schema and against what GitHub asks of it beyond; JUnit against a strict
//! parser of XML and its own sums; both against the files whose lines they name.

mod binary;

use binary::{aksplan, answer, root, scenarios};
use serde_json::Value;
use std::collections::BTreeSet;

fn sarif(arguments: &[&str]) -> Value {
    let text = answer(&[arguments, &["-o", "sarif"]].concat());
    assert_eq!(
        text,
        answer(&[arguments, &["-o", "sarif"]].concat()),
        "two runs differ"
    );
    serde_json::from_str(&text).expect("SARIF is JSON")
}

fn schema() -> jsonschema::Validator {
    let path = root().join("tests/fixtures/sarif/sarif-schema-2.1.0.json");
    let schema = std::fs::read_to_string(path).expect("the schema is there");
    // Two patterns for languages have a bracket too many, which no strict reader of patterns takes; no language is written.
    let schema = schema.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}$");
    let schema = serde_json::from_str(&schema).expect("a schema is JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

/// What the schema does not say, and GitHub's page "SARIF support for code scanning" does (read 2026-11): a rule for each result,
/// files relative to the repository, lines from 1, a fingerprint each; and at most 25,000 results a run.
fn conforms(schema: &jsonschema::Validator, what: &str, document: &Value) {
    let problems: Vec<String> = schema
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(problems.is_empty(), "{what}: {problems:#?}");
    let run = &document["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let ids: BTreeSet<&str> = rules
        .iter()
        .filter_map(|rule| rule["id"].as_str())
        .collect();
    assert_eq!(ids.len(), rules.len(), "{what}: a rule twice");
    for rule in rules {
        let tags = rule["properties"]["tags"].as_array().map_or(0, Vec::len);
        assert!(tags <= 20, "{what}: {tags} tags");
    }
    let results = run["results"].as_array().expect("results");
    assert!(results.len() <= 25_000);
    let mut fingerprints = BTreeSet::new();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"], "{what}");
        let print = &result["partialFingerprints"]["primaryLocationLineHash"];
        assert!(
            fingerprints.insert(print.as_str().expect("a fingerprint")),
            "{what}: {result}"
        );
        for location in result["locations"].as_array().expect("locations") {
            assert!(
                !location["logicalLocations"]
                    .as_array()
                    .expect("always")
                    .is_empty()
            );
            let Some(physical) = location.get("physicalLocation") else {
                continue;
            };
            let uri = physical["artifactLocation"]["uri"].as_str().expect("a URI");
            assert!(!uri.starts_with('/') && !uri.contains(':'), "{what}: {uri}");
            assert!(root().join(uri).is_file(), "{what}: {uri} is no file");
            if let Some(region) = physical.get("region") {
                let line = region["startLine"].as_u64().expect("a line");
                let lines = std::fs::read_to_string(root().join(uri))
                    .unwrap()
                    .lines()
                    .count();
                assert!(line >= 1 && line <= lines as u64, "{what}: {uri}:{line}");
            }
        }
    }
}

#[test]
fn sarif_of_every_scenario() {
    let schema = schema();
    for name in scenarios() {
        let from = format!("scenarios/{name}.yaml");
        for command in ["report", "capacity"] {
            let document = sarif(&[command, "--from", &from]);
            conforms(&schema, &format!("{command} {name}"), &document);
            // Everything is about something, and a scenario has a line for all of it.
            for result in document["runs"][0]["results"].as_array().unwrap() {
                let location = &result["locations"][0];
                let line = &location["physicalLocation"]["region"]["startLine"];
                assert!(line.is_u64(), "{name}: {result}");
            }
        }
    }
    let document = sarif(&["predict", "--from", "scenarios/fintech.yaml"]);
    conforms(&schema, "predict", &document);
}

/// The line that a result of this rule points at, with its file.
fn pointed(document: &Value, rule: &str) -> BTreeSet<(String, Option<u64>)> {
    let results = document["runs"][0]["results"].as_array().unwrap();
    results
        .iter()
        .filter(|result| result["ruleId"] == rule)
        .map(|result| {
            let place = &result["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"]
                .as_str()
                .unwrap_or_default();
            (uri.to_string(), place["region"]["startLine"].as_u64())
        })
        .collect()
}

#[test]
fn a_line_is_that_of_the_thing() {
    let document = sarif(&["report", "--from", "scenarios/fintech.yaml"]);
    let text = std::fs::read_to_string(root().join("scenarios/fintech.yaml")).unwrap();
    for (rule, word) in [
        ("subnet-ceiling", "aks"),
        ("InsufficientSubnetSize", "upgrade"),
    ] {
        for (uri, line) in pointed(&document, rule) {
            assert_eq!(uri, "scenarios/fintech.yaml");
            let line = text
                .lines()
                .nth(usize::try_from(line.unwrap()).unwrap() - 1)
                .unwrap();
            assert!(line.contains(word), "{rule}: {line}");
        }
    }
}

const PLAN: &str = "tests/fixtures/terraform-root/plan.json";
const ROOT: &str = "tests/fixtures/terraform-root";

#[test]
fn terraform_has_addresses_and_with_its_folder_lines() {
    let schema = schema();
    let without = sarif(&["predict", "--from", PLAN]);
    conforms(&schema, "a plan", &without);
    assert_eq!(
        pointed(&without, "InsufficientSubnetSize"),
        BTreeSet::from([(PLAN.to_string(), None)])
    );
    let logical = &without["runs"][0]["results"][0]["locations"][0]["logicalLocations"];
    assert_eq!(
        logical[1]["fullyQualifiedName"],
        "module.aks.azurerm_kubernetes_cluster_node_pool.apps"
    );
    let with = sarif(&["predict", "--from", PLAN, "--terraform-root", ROOT]);
    conforms(&schema, "a plan with its folder", &with);
    assert_eq!(
        pointed(&with, "InsufficientSubnetSize"),
        BTreeSet::from([(format!("{ROOT}/modules/aks/main.tf"), Some(10))])
    );
    let capacity = sarif(&[
        "capacity",
        "--planned",
        "--from",
        PLAN,
        "--terraform-root",
        ROOT,
    ]);
    conforms(&schema, "what a plan makes", &capacity);
    assert_eq!(
        pointed(&capacity, "subnet-full"),
        BTreeSet::from([(format!("{ROOT}/main.tf"), Some(8))])
    );
    // The same file, named from elsewhere.
    let absolute = root().join(PLAN).display().to_string();
    let named = sarif(&["predict", "--from", &absolute, "--terraform-root", ROOT]);
    assert_eq!(
        pointed(&named, "InsufficientSubnetSize"),
        pointed(&with, "InsufficientSubnetSize")
    );
    let named = sarif(&["predict", "--from", &absolute]);
    assert_eq!(
        pointed(&named, "InsufficientSubnetSize"),
        pointed(&without, "InsufficientSubnetSize")
    );
}

#[test]
fn a_folder_that_is_none_is_an_error() {
    let output = aksplan(
        &[
            "predict",
            "--from",
            PLAN,
            "--terraform-root",
            "no/such",
            "-o",
            "sarif",
        ],
        "",
    );
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("no/such"), "{told}");
    // Blocks that are not there are said, and the answer is whole.
    let output = aksplan(
        &[
            "predict",
            "--from",
            PLAN,
            "--terraform-root",
            "scenarios",
            "-o",
            "sarif",
        ],
        "",
    );
    assert!(output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("no block of azurerm_subnet.nodes"), "{told}");
}

#[test]
fn standard_input_stands_nowhere() {
    let text = std::fs::read_to_string(root().join("scenarios/fintech.yaml")).unwrap();
    let output = aksplan(&["report", "--from", "-", "-o", "sarif"], &text);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    conforms(&schema(), "standard input", &document);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("physicalLocation"));
    let output = aksplan(&["report", "--from", "-", "-o", "junit"], &text);
    let xml = String::from_utf8(output.stdout).unwrap();
    assert!(
        xml.contains("<testcase ") && !xml.contains(" file="),
        "{xml}"
    );
}

/// A scenario without a name has a report with one.
#[test]
fn an_empty_name_is_no_title() {
    let text = std::fs::read_to_string(root().join("scenarios/fintech.yaml")).unwrap();
    let name = text.lines().find(|line| line.starts_with("name:")).unwrap();
    let text = text.replace(name, "name: \"\"");
    for (format, wanted) in [
        ("markdown", "\n# Report\n"),
        ("markdown", "<!-- aksplan:report:Report -->\n"),
        ("html", "<title>Report</title>"),
        ("html", "<h1>Report</h1>"),
        ("junit", "name=\"aksplan: report\""),
        ("table", "Report\n"),
    ] {
        let output = aksplan(&["report", "--from", "-", "-o", format], &text);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            told.contains(wanted),
            "{format}: {}",
            &told[..told.len().min(400)]
        );
    }
}

/// Counts are those of what is there, and everything that SARIF lists is in a case: errors fail, the rest is told.
fn adds_up(name: &str, command: &[&str]) {
    let xml = answer(&[command, &["-o", "junit"]].concat());
    let document =
        roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{name}: {error}"));
    let whole = document.root_element();
    let number = |node: roxmltree::Node, name: &str| -> usize {
        node.attribute(name)
            .expect("a count")
            .parse()
            .expect("a number")
    };
    let count = |node: roxmltree::Node, name: &str| {
        node.descendants()
            .filter(|node| node.has_tag_name(name))
            .count()
    };
    let suites = whole
        .children()
        .filter(|node| node.has_tag_name("testsuite"));
    for node in suites.chain([whole]) {
        assert_eq!(number(node, "tests"), count(node, "testcase"), "{name}");
        assert_eq!(number(node, "failures"), count(node, "failure"), "{name}");
        assert_eq!(number(node, "skipped"), count(node, "skipped"), "{name}");
    }
    let sarif = sarif(command);
    conforms(&schema(), name, &sarif);
    let text: String = whole.descendants().filter_map(|node| node.text()).collect();
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        let message = result["message"]["text"]
            .as_str()
            .unwrap()
            .replace("\\[", "[")
            .replace("\\]", "]")
            .replace("{{", "{")
            .replace("}}", "}");
        assert!(text.contains(&message), "{name}: {message}");
        let in_failure = whole
            .descendants()
            .filter(|node| node.has_tag_name("failure"))
            .any(|node| node.text().is_some_and(|text| text.contains(&message)));
        assert_eq!(result["level"] == "error", in_failure, "{name}: {message}");
    }
}

#[test]
fn junit_adds_up_and_fails_where_something_blocks() {
    for name in scenarios() {
        let from = format!("scenarios/{name}.yaml");
        adds_up(&name, &["report", "--from", &from]);
    }
}

#[test]
fn readiness_is_told_to_pipelines_as_well() {
    adds_up(
        "readiness",
        &["readiness", "--from", "scenarios/fintech.yaml"],
    );
    let from = "scenarios/payments";
    let document = sarif(&["readiness", "--from", from]);
    assert_eq!(
        pointed(&document, "overlay"),
        BTreeSet::from([("scenarios/payments/cluster.yaml".to_string(), Some(25))])
    );
    // What is about one pool stands at the pool, and not at its cluster.
    let from = "scenarios/static-block-hangs.yaml";
    let document = sarif(&["readiness", "--from", from]);
    let xml = answer(&["readiness", "--from", from, "-o", "junit"]);
    for (rule, line) in [
        ("overlay", 15),
        ("system-pool-nodes", 21),
        ("autoscaler-bounds", 22),
    ] {
        assert_eq!(
            pointed(&document, rule),
            BTreeSet::from([(from.to_string(), Some(line))]),
            "{rule}"
        );
        let case = format!(r#"name="{rule}" file="{from}" line="{line}""#);
        assert!(xml.contains(&case), "{case}");
    }
    let document = sarif(&["readiness", "--from", PLAN, "--terraform-root", ROOT]);
    for (rule, line) in [("overlay", 3), ("autoscaler-bounds", 10)] {
        assert_eq!(
            pointed(&document, rule),
            BTreeSet::from([(format!("{ROOT}/modules/aks/main.tf"), Some(line))]),
            "{rule}"
        );
    }
}

#[test]
fn a_comment_is_found_again_and_fits() {
    let text = answer(&[
        "report",
        "--from",
        "scenarios/fintech.yaml",
        "-o",
        "markdown",
        "--comment-key",
        "pr-7",
    ]);
    assert_eq!(text.lines().next(), Some("<!-- aksplan:report:pr-7 -->"));
    let text = answer(&[
        "report",
        "--from",
        "scenarios/fintech.yaml",
        "-o",
        "markdown",
        "--cluster",
        "payments",
    ]);
    assert_eq!(
        text.lines().next(),
        Some("<!-- aksplan:report:payments -->")
    );
    let arguments = [
        "report",
        "--from",
        "scenarios/hub-three-clusters.yaml",
        "-o",
        "markdown",
        "--max-length",
    ];
    let short = answer(
        &[
            &arguments[..],
            &["5000", "--link", "https://example.com/report.html"],
        ]
        .concat(),
    );
    assert!(
        short.encode_utf16().count() <= 5000
            && short.contains("**Shortened** to 5,000 characters.")
    );
    assert!(short.ends_with("[The whole report](https://example.com/report.html)\n"));
    let output = aksplan(&[&arguments[..], &["10"]].concat(), "");
    assert_eq!(output.status.code(), Some(2));
    let output = aksplan(
        &[&arguments[..], &["5000", "--link", "javascript:alert(1)"]].concat(),
        "",
    );
    assert_eq!(output.status.code(), Some(2));
}

/// What a reviewer needs stays longest, and at the length that GitHub takes only the list of rules is not.
#[test]
fn a_short_comment_keeps_what_is_needed() {
    let of = |most: &str| {
        answer(&[
            "report",
            "--from",
            "scenarios/payments",
            "-o",
            "markdown",
            "--max-length",
            most,
        ])
    };
    let headings = |text: &str| -> BTreeSet<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix("## "));
        lines.map(str::to_string).collect()
    };
    let whole = of("1000000");
    let blockers = |text: &str| text.matches("**blocker**").count();
    let all = headings(&whole);
    // Rules to look up in are in the whole report, and `explain` has them.
    let longest = headings(&of("65536"));
    let gone: Vec<&String> = all.difference(&longest).collect();
    assert!(gone.iter().all(|gone| *gone == "Rules cited"), "{gone:?}");
    for most in ["20000", "25000", "40000"] {
        let text = of(most);
        let kept = headings(&text);
        for needed in [
            "Blockers and conditions",
            "Risks by severity",
            "Not checked",
            "Way back, and what cannot be taken back",
            "Window fit",
            "Lowest availability by workload",
            "Who relies on pod addresses",
        ] {
            assert!(kept.contains(needed), "{most}: {needed} is not in {kept:?}");
        }
        // Rows behind pictures went before it.
        assert!(!text.contains("| apps-0 | draining |"), "{most}");
        assert_eq!(blockers(&text), blockers(&whole), "{most}");
    }
    assert!(of("40000").contains("\n## Runbook\n"));
}

/// A blocker that many sections tell is one.
#[test]
fn blockers_of_a_short_comment_are_counted_once() {
    let from = "scenarios/hub-three-clusters.yaml";
    let all = sarif(&["report", "--from", from]);
    let messages: BTreeSet<&str> = all["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["level"] == "error")
        .map(|result| result["message"]["text"].as_str().unwrap())
        .collect();
    let text = answer(&[
        "report",
        "--from",
        from,
        "-o",
        "markdown",
        "--max-length",
        "2500",
    ]);
    let told = text.matches("**blocker**").count();
    let more = text.lines().find_map(|line| {
        let (more, what) = line.strip_prefix("- and ")?.split_once(" more ")?;
        what.starts_with("blocker").then_some(())?;
        more.parse::<usize>().ok()
    });
    // That there is no plan because no nodes were read blocks nothing.
    assert_eq!(told + more.unwrap_or(0), messages.len(), "{text}");
}

#[test]
fn json_has_the_line_of_the_resource() {
    let from = "tests/hostile/resources.json";
    let document = sarif(&["capacity", "--from", from]);
    conforms(&schema(), from, &document);
    let text = std::fs::read_to_string(root().join(from)).unwrap();
    let pointed = pointed(&document, "subnet-ceiling");
    let (uri, line) = pointed.first().expect("the subnet is too small");
    assert_eq!(uri, from);
    // The VNet begins there: its subnet stands in it.
    let line = usize::try_from(line.unwrap()).unwrap();
    let resource: String = text.lines().skip(line - 1).take(3).collect();
    assert!(resource.contains("virtualNetworks/spokenet"), "{resource}");
}

/// `--desired`: what is wanted is what somebody wrote, and what is read besides may come on standard input.
#[test]
fn a_wanted_state_is_pointed_at() {
    let is = std::fs::read_to_string(root().join("scenarios/fintech.yaml")).unwrap();
    let wanted = "scenarios/fintech.yaml";
    let output = aksplan(
        &["predict", "--from", "-", "--desired", wanted, "-o", "sarif"],
        &is,
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    conforms(&schema(), "a wanted state", &document);
}

#[test]
fn reports_are_written_over_reports_alone() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("pipelines");
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["r.sarif", "r.sarif.json", "r.xml", "r.md"] {
        let file = folder.join(name);
        let _ = std::fs::remove_file(&file);
        let path = file.display().to_string();
        let arguments = ["report", "--from", "scenarios/fintech.yaml", "-f", &path];
        answer(&arguments);
        let first = std::fs::read_to_string(&file).unwrap();
        answer(&arguments);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), first, "{name}");
        std::fs::write(&file, "mine").unwrap();
        assert_eq!(aksplan(&arguments, "").status.code(), Some(2), "{name}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    }
}
