//! What aksplan prints as JSON is what its published schemas say, for every command and every scenario; and the published
//! schemas are those of this version.

mod binary;
mod committed;

use binary::{answer, root, scenarios};
use jsonschema::Validator;
use serde_json::{Value, json};

const SCHEMAS: [&str; 21] = [
    "scenario",
    "capacity",
    "predict",
    "predictions",
    "cidr-check",
    "cidr-suggest",
    "cidr-merge",
    "cidr-overlaps",
    "simulate",
    "compare",
    "operation",
    "plan",
    "verify",
    "status",
    "event",
    "policy",
    "explain",
    "readiness",
    "report",
    "snapshot",
    "diff",
];

/// By the schema this version prints; that the published one is the same is a test of its own.
fn validator(name: &str) -> Validator {
    let schema = serde_json::from_str(&answer(&["schema", name])).expect("a schema is JSON");
    jsonschema::validator_for(&schema)
        .unwrap_or_else(|error| panic!("{name} is not a schema: {error}"))
}

fn problems(validator: &Validator, document: &Value) -> Vec<String> {
    validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Runs a command with `-o json`, and holds its output against a schema.
fn conforms(schema: &str, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["-o", "json"]].concat();
    let text = answer(&arguments);
    assert!(
        text.starts_with("{\n  \"format_version\": \"1.0\""),
        "aksplan {} does not begin with its format_version",
        arguments.join(" ")
    );
    let document = serde_json::from_str(&text).expect("`-o json` prints JSON");
    let problems = problems(&validator(schema), &document);
    assert!(
        problems.is_empty(),
        "aksplan {} is not what {schema}.schema.json says:\n{}",
        arguments.join(" "),
        problems.join("\n")
    );
    document
}

fn scenario(name: &str) -> Value {
    let path = root().join(format!("scenarios/{name}.yaml"));
    let text = std::fs::read_to_string(&path).expect("a readable scenario");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn names<'a>(scenario: &'a Value, list: &str) -> Vec<&'a str> {
    scenario[list]
        .as_array()
        .expect("a scenario has it")
        .iter()
        .map(|item| item["name"].as_str().expect("a name"))
        .collect()
}

#[test]
fn published_schemas_are_those_of_this_version() {
    let files: Vec<(String, String)> = SCHEMAS
        .iter()
        .map(|name| {
            (
                format!("reports/schema/{name}.schema.json"),
                answer(&["schema", name]),
            )
        })
        .collect();
    committed::check("schemas", &files);
}

#[test]
fn scenarios_are_what_their_schema_says() {
    let validator = validator("scenario");
    for name in scenarios() {
        let problems = problems(&validator, &scenario(&name));
        assert!(problems.is_empty(), "{name}: {}", problems.join("\n"));
    }
}

#[test]
fn every_output_of_every_scenario_conforms() {
    for name in scenarios() {
        let scenario = scenario(&name);
        let file = format!("scenarios/{name}.yaml");
        let from = ["--from", file.as_str()];
        let run = |schema: &str, command: &[&str], more: &[&str]| {
            conforms(schema, &[command, &from, more].concat());
        };
        run("report", &["report"], &[]);
        run("capacity", &["capacity"], &[]);
        run("cidr-check", &["cidr", "check"], &[]);
        for vnet in names(&scenario, "virtual_networks") {
            run("capacity", &["capacity"], &["--vnet", vnet]);
            run("cidr-check", &["cidr", "check"], &["--vnet", vnet]);
        }
        for cluster in names(&scenario, "clusters") {
            let cluster = ["--cluster", cluster];
            run("capacity", &["capacity"], &cluster);
            run("compare", &["compare"], &cluster);
            run("readiness", &["readiness"], &cluster);
            for purpose in ["pod", "service", "subnet"] {
                run(
                    "cidr-suggest",
                    &["cidr", "suggest", "--for", purpose],
                    &cluster,
                );
            }
            run("predict", &["predict", "--update"], &cluster);
            run("predict", &["predict", "--upgrade"], &cluster);
        }
        let operations = scenario["operations"].as_array().map_or(0, Vec::len);
        assert!(operations > 0, "{name} predicts nothing");
        let schema = if operations == 1 {
            "predict"
        } else {
            "predictions"
        };
        run(schema, &["predict"], &[]);
    }
}

/// Read as well as written: what a later version adds is no fault, what is missing or of another type is.
#[test]
fn snapshots_are_what_their_schema_says() {
    let validator = validator("snapshot");
    let fixture = ["tests/fixtures/snapshot-v1.json".to_string()];
    let scenarios = scenarios();
    let scenarios = scenarios
        .iter()
        .map(|name| format!("scenarios/{name}.yaml"));
    for from in scenarios.chain(fixture) {
        let output = binary::aksplan(&["snapshot", "--from", &from, "--file", "-"], "");
        let snapshot: Value = serde_json::from_slice(&output.stdout).expect("a snapshot is JSON");
        assert_eq!(problems(&validator, &snapshot), [""; 0], "{from}");
    }
    let text = std::fs::read_to_string(root().join("tests/fixtures/snapshot-v1.json"));
    let document: Value = serde_json::from_str(&text.expect("it is there")).expect("JSON");
    assert_eq!(problems(&validator, &document), [""; 0]);
    for (place, value) in [
        ("/inventory/subnets/0/vnet", json!("spoke")),
        ("/inventory/clusters/0/pools/0/count", json!(-1)),
        ("/inventory/vnets/0/address_space", json!("10.0.0.0/8")),
        ("/inventory", json!([])),
    ] {
        let mut broken = document.clone();
        *broken.pointer_mut(place).expect(place) = value;
        assert!(!problems(&validator, &broken).is_empty(), "{place}");
    }
}

#[test]
fn differences_conform() {
    let scenarios = scenarios();
    for (before, after) in scenarios.iter().zip(scenarios.iter().skip(1)) {
        let files = [before, after].map(|name| format!("scenarios/{name}.yaml"));
        let diff = conforms("diff", &["diff", &files[0], &files[1]]);
        assert!(!diff["changes"].as_array().expect("a list").is_empty());
    }
}

/// Both are written by hand as a stream: their documents begin on one line.
#[test]
fn answers_about_plain_lists_conform() {
    let list = std::env::temp_dir().join(format!("aksplan-schemas-{}.txt", std::process::id()));
    std::fs::write(&list, "10.0.0.0/8\n10.1.0.0/16\n2001:db8::/32\n").expect("a writable folder");
    let file = list.to_str().expect("a name of text");
    for (schema, arguments) in [
        ("cidr-merge", vec!["cidr", "merge", file]),
        ("cidr-overlaps", vec!["cidr", "overlaps", file]),
        ("cidr-overlaps", vec!["cidr", "overlaps", "--count", file]),
    ] {
        let text = answer(&[&arguments[..], &["-o", "json"]].concat());
        let mut document: Value = serde_json::from_str(&text).expect("`-o json` prints JSON");
        let validator = validator(schema);
        assert_eq!(problems(&validator, &document), [""; 0], "{arguments:?}");
        let number = if schema == "cidr-merge" {
            "prefixes_in"
        } else {
            "pairs"
        };
        document[number] = json!("many");
        assert!(!problems(&validator, &document).is_empty(), "{arguments:?}");
    }
    std::fs::remove_file(&list).expect("it was written above");
}

#[test]
fn simulations_conform() {
    let mut with_timeline = 0;
    for name in scenarios() {
        if scenario(&name)["timeline"].is_null() {
            continue;
        }
        with_timeline += 1;
        let file = format!("scenarios/{name}.yaml");
        let run = conforms("simulate", &["simulate", &file]);
        assert!(run["futures"].is_null());
        let mut counted = conforms("simulate", &["simulate", &file, "--futures", "50"]);
        counted["futures"]["count"] = json!("fifty");
        assert!(!problems(&validator("simulate"), &counted).is_empty());
    }
    assert!(with_timeline >= 3, "{with_timeline}");
}

#[test]
fn explanations_conform() {
    conforms("explain", &["explain"]);
    conforms("explain", &["explain", "CLS-3"]);
    conforms("explain", &["explain", "InsufficientSubnetSize"]);
}

/// The checks above can fail: each of these breaks a real output in one place.
#[test]
fn broken_documents_are_refused() {
    let error = "/predictions/0/errors/0";
    let wrong = [
        ("capacity", "/subnets/0", "usable", json!("1,019")),
        ("capacity", "/subnets/0", "verdict", json!("fine")),
        ("predictions", "/predictions/0", "verdict", json!("maybe")),
        ("predictions", error, "stage", json!("later")),
        ("predictions", error, "preallocated", json!(-1)),
    ];
    let missing = [
        ("capacity", "", "format_version"),
        ("capacity", "", "pools"),
        ("capacity", "/subnets/0", "verdict"),
        ("predictions", "/predictions/0", "verdict"),
        ("predictions", error, "message"),
    ];
    let changes = wrong
        .into_iter()
        .map(|(schema, place, field, value)| (schema, place, field, Some(value)))
        .chain(missing.map(|(schema, place, field)| (schema, place, field, None)));
    for (schema, place, field, value) in changes {
        let command = if schema == "capacity" {
            "capacity"
        } else {
            "predict"
        };
        let mut document = conforms(schema, &[command, "--from", "scenarios/fintech.yaml"]);
        let object = document
            .pointer_mut(place)
            .and_then(Value::as_object_mut)
            .unwrap_or_else(|| panic!("{schema}: nothing at {place}"));
        let change = format!("{schema}: {place}/{field} = {value:?}");
        let before = match value {
            Some(value) => object.insert(field.to_string(), value),
            None => object.remove(field),
        };
        assert!(before.is_some(), "{change}: the field is not there");
        assert!(
            !problems(&validator(schema), &document).is_empty(),
            "{change} passes"
        );
    }
    let mut misspelt = scenario("fintech");
    misspelt["clusters"][0]["pools"][0]["max_cuont"] = json!(6);
    assert!(!problems(&validator("scenario"), &misspelt).is_empty());
}

/// Of every operation, with and without pods, with futures and without; also where it does not complete, and without Azure's view.
#[test]
fn simulations_are_what_their_schema_says() {
    let few = ["--futures", "5"];
    let payments = ["--from", "scenarios/payments"];
    let strict = ["--from", "tests/fixtures/strict-budget.json"];
    let objects = ["--from", "scenarios/payments/objects.json"];
    let runs: [Vec<&str>; 6] = [
        [&["migrate"], &payments[..], &few].concat(),
        [
            &["migrate", "--pods", "--window", "22:00-02:00"],
            &payments[..],
            &strict,
            &few,
        ]
        .concat(),
        [&["upgrade", "--futures", "0"], &payments[..]].concat(),
        [&["drain", "--all-nodes"], &payments[..], &few].concat(),
        [
            &[
                "drain",
                "--pool",
                "apps",
                "--force",
                "--ignore-daemonsets",
                "--pods",
            ],
            &objects[..],
            &few,
        ]
        .concat(),
        [
            &[
                "drain",
                "--pool",
                "apps",
                "--force",
                "--ignore-daemonsets",
                "--together",
            ],
            &objects[..],
            &strict,
            &few,
        ]
        .concat(),
    ];
    for arguments in &runs {
        let document = conforms("operation", arguments);
        let is_told = arguments.contains(&"--pods");
        assert_eq!(document["pods"].is_array(), is_told, "{arguments:?}");
    }
}

#[test]
fn the_default_policy_is_what_its_schema_says() {
    let validator = validator("policy");
    assert_eq!(problems(&validator, &json!({})), [""; 0]);
    let written =
        json!({ "node_reimage": { "median": 200, "p90": 500 }, "drain_timeout_minutes": 45 });
    assert_eq!(problems(&validator, &written), [""; 0]);
    assert_ne!(
        problems(&validator, &json!({ "node_reimage": 200 })),
        [""; 0]
    );
}

/// A plan is what its schema says, and so is what is said of it.
#[test]
fn plans_and_what_is_said_of_them() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemas-plan");
    std::fs::create_dir_all(&folder).expect("a folder for what the test writes");
    let path = folder.join("plan.json");
    let path = path.to_str().expect("the target folder has a plain name");
    let arguments = ["migrate", "--from", "scenarios/payments", "--futures", "20"];
    let output = binary::aksplan(&[&arguments[..], &["--out", path]].concat(), "");
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(path).expect("the plan was written");
    let plan = serde_json::from_str(&text).expect("a plan is JSON");
    assert_eq!(problems(&validator("plan"), &plan), Vec::<String>::new());
    conforms("status", &["migrate", "--status", "--plan", path]);
    // A plan that was changed after it was made is not valid: that is said, with an exit code of its own.
    let changed = folder.join("changed.json");
    let changed = changed
        .to_str()
        .expect("the target folder has a plain name");
    std::fs::write(
        changed,
        text.replace("\"made_by\": \"aksplan", "\"made_by\": \"somebody"),
    )
    .expect("the folder takes files");
    for (path, code) in [(path, 0), (changed, 3)] {
        let output = binary::aksplan(&["migrate", "--verify", "--plan", path, "-o", "json"], "");
        assert_eq!(output.status.code(), Some(code));
        let said: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("`-o json` prints JSON");
        assert_eq!(problems(&validator("verify"), &said), Vec::<String>::new());
        assert_eq!(said["is_valid"], code == 0);
    }
}
