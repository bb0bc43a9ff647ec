//! Every code and every rule that facts decide, as data: `predictions/NAME.yaml` is a small estate with one operation, its first
//! lines say which rule it shows and where that rule comes from; `predictions/NAME.expect` says what the real binary must answer.
//!
//! Lines of an `.expect`: `verdict`, and of the first error `code` (`none`: no error), `stage`, `preallocated`, `available`,
//! `target`, `subnet`, `cidr`, `confidence`, `rule`, `message contains`; `demand` (the sum of all rows), `finding` (a code that is
//! there), `finding contains`, `worst` (the gravest finding), `not checked contains`; `changes` (how many), `change contains`; `with` (another --from file) and `desired` (a --desired file).

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/predictions")
}

/// Runs `aksplan predict -o json`.
fn predict(arguments: &[&str]) -> Result<Value, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_aksplan"))
        .args(["predict", "-o", "json"])
        .args(arguments)
        .output()
        .expect("the binary runs");
    if !output.status.success() {
        return Err(format!(
            "exit code {:?}: {}",
            output.status.code(),
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("not JSON: {error}"))
}

/// `key: value` lines.
fn expectations(file: &Path) -> Vec<(String, String)> {
    let text =
        std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (key, value) = line
                .split_once(": ")
                .unwrap_or_else(|| panic!("{}: `{line}` is no `key: value`", file.display()));
            (key.to_string(), value.to_string())
        })
        .collect()
}

fn list<'a>(answer: &'a Value, field: &str) -> &'a [Value] {
    answer[field].as_array().map_or(&[], Vec::as_slice)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What is wrong with one expectation; `None` when it holds.
fn wrong(answer: &Value, key: &str, want: &str) -> Option<String> {
    let error = &answer["errors"][0];
    let unless =
        |holds: bool, got: String| (!holds).then(|| format!("{key}: expected {want}, got {got}"));
    let field = |value: &Value| unless(plain(value) == want, plain(value));
    match key {
        "with" | "desired" => None,
        "verdict" => field(&answer["verdict"]),
        "code" if want == "none" => unless(error.is_null(), plain(&error["code"])),
        "code" | "stage" | "preallocated" | "available" | "target" | "subnet" | "cidr"
        | "confidence" => field(&error[key]),
        "rule" => unless(
            list(error, "rules").iter().any(|rule| rule == want),
            error["rules"].to_string(),
        ),
        "message contains" => unless(
            plain(&error["message"]).contains(want),
            plain(&error["message"]),
        ),
        "demand" => {
            let sum: u64 = list(answer, "demand")
                .iter()
                .filter_map(|row| row["addresses"].as_u64())
                .sum();
            unless(sum.to_string() == want, sum.to_string())
        }
        "change contains" => unless(
            list(&answer["operation"], "changes")
                .iter()
                .any(|change| plain(change).contains(want)),
            answer["operation"]["changes"].to_string(),
        ),
        "changes" => unless(
            list(&answer["operation"], "changes").len().to_string() == want,
            answer["operation"]["changes"].to_string(),
        ),
        "worst" => {
            let severities = list(answer, "findings").iter();
            let worst = severities
                .map(|finding| plain(&finding["severity"]))
                .max_by_key(|word| {
                    ["info", "warning", "blocker"]
                        .iter()
                        .position(|known| known == word)
                });
            unless(worst.as_deref() == Some(want), format!("{worst:?}"))
        }
        "finding" => unless(
            list(answer, "findings")
                .iter()
                .any(|finding| finding["code"] == want),
            answer["findings"].to_string(),
        ),
        "finding contains" => unless(
            list(answer, "findings")
                .iter()
                .any(|finding| plain(&finding["message"]).contains(want)),
            answer["findings"].to_string(),
        ),
        "not checked contains" => unless(
            list(answer, "not_checked")
                .iter()
                .any(|sentence| plain(sentence).contains(want)),
            answer["not_checked"].to_string(),
        ),
        other => Some(format!("`{other}` is no expectation")),
    }
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("tests/predictions")
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            name.strip_suffix(".expect").map(str::to_string)
        })
        .collect();
    names.sort();
    names
}

#[test]
fn answers_as_expected() {
    let mut failures = Vec::new();
    let names = names();
    for name in &names {
        let file = |name: &str| folder().join(name).display().to_string();
        let expectations = expectations(&folder().join(format!("{name}.expect")));
        let scenario = file(&format!("{name}.yaml"));
        let mut arguments = vec!["--from".to_string(), scenario];
        for (key, value) in &expectations {
            match key.as_str() {
                "with" => arguments.extend(["--from".to_string(), file(value)]),
                "desired" => arguments.extend(["--desired".to_string(), file(value)]),
                _ => {}
            }
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let problems: Vec<String> = match predict(&arguments) {
            Ok(answer) => {
                let mut problems: Vec<String> = expectations
                    .iter()
                    .filter_map(|(key, want)| wrong(&answer, key, want))
                    .collect();
                if !problems.is_empty() {
                    problems.push(format!("errors: {}", answer["errors"]));
                }
                problems
            }
            Err(problem) => vec![problem],
        };
        if !problems.is_empty() {
            failures.push(format!("{name}\n  {}", problems.join("\n  ")));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} predictions differ:\n{}",
        failures.len(),
        names.len(),
        failures.join("\n")
    );
}

/// Each case says in its first lines which rule it shows and where that comes from, and expects a verdict.
#[test]
fn every_case_names_its_source() {
    for name in names() {
        let scenario = std::fs::read_to_string(folder().join(format!("{name}.yaml")))
            .unwrap_or_else(|error| panic!("{name}.yaml: {error}"));
        let header: Vec<&str> = scenario
            .lines()
            .take_while(|line| line.starts_with('#'))
            .collect();
        assert!(header.len() >= 2, "{name}: no header");
        assert!(
            header.iter().any(|line| line.starts_with("# Source: ")),
            "{name}: no source"
        );
        let expects = expectations(&folder().join(format!("{name}.expect")));
        assert!(
            expects.iter().any(|(key, _)| key == "verdict"),
            "{name}: no verdict"
        );
    }
}

/// The estate of [`every_way_of_asking_agrees`], in the words of a scenario.
fn estate() -> Value {
    json!({
        "apiVersion": "aksplan/v1",
        "name": "estate",
        "virtual_networks": [{
            "name": "spoke",
            "resource_group": "network",
            "address_space": ["10.1.0.0/16"],
            "subnets": [{ "name": "nodes", "cidr": "10.1.0.0/24" }, { "name": "other", "cidr": "10.1.1.0/24" }],
        }],
        "clusters": [{
            "name": "shop",
            "resource_group": "shop-rg",
            "kubernetes_version": "1.33.2",
            "network_plugin": "azure",
            "service_cidr": "172.20.0.0/16",
            "dns_service_ip": "172.20.0.10",
            "private_cluster": true,
            "pools": [
                { "name": "system", "mode": "System", "count": 1, "max_pods": 30, "max_surge": 1, "subnet": "nodes", "kubernetes_version": "1.33.2" },
                { "name": "apps", "count": 2, "max_pods": 30, "max_surge": "33%", "subnet": "nodes", "kubernetes_version": "1.33.2" },
                { "name": "auto", "count": 1, "min_count": 1, "max_count": 3, "max_pods": 30, "subnet": "nodes", "kubernetes_version": "1.33.2" },
            ],
        }],
    })
}

const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";

fn vnet_id(vnet: &Value) -> String {
    format!(
        "{SUBSCRIPTION}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworks/{}",
        plain(&vnet["resource_group"]),
        plain(&vnet["name"])
    )
}

/// The VNets of an estate as Azure Resource Manager has them.
fn arm_vnets(estate: &Value) -> Vec<Value> {
    list(estate, "virtual_networks")
        .iter()
        .map(|vnet| {
            let id = vnet_id(vnet);
            let subnets: Vec<Value> = list(vnet, "subnets")
                .iter()
                .map(|subnet| {
                    json!({
                        "id": format!("{id}/subnets/{}", plain(&subnet["name"])),
                        "name": subnet["name"],
                        "properties": { "addressPrefix": subnet["cidr"], "provisioningState": "Succeeded" },
                    })
                })
                .collect();
            json!({
                "id": id,
                "name": vnet["name"],
                "type": "Microsoft.Network/virtualNetworks",
                "properties": {
                    "addressSpace": { "addressPrefixes": vnet["address_space"] },
                    "provisioningState": "Succeeded",
                    "subnets": subnets,
                },
            })
        })
        .collect()
}

/// Its first cluster as Azure Resource Manager has it.
fn arm_cluster(estate: &Value) -> Value {
    let cluster = &estate["clusters"][0];
    let vnet = vnet_id(&estate["virtual_networks"][0]);
    let pools: Vec<Value> = list(cluster, "pools")
        .iter()
        .map(|pool| {
            json!({
                "name": pool["name"],
                "mode": pool.get("mode").cloned().unwrap_or(json!("User")),
                "count": pool["count"],
                "enableAutoScaling": !pool["max_count"].is_null(),
                "minCount": pool["min_count"],
                "maxCount": pool["max_count"],
                "maxPods": pool["max_pods"],
                "osType": "Linux",
                "type": "VirtualMachineScaleSets",
                "orchestratorVersion": pool["kubernetes_version"],
                "upgradeSettings": { "maxSurge": pool.get("max_surge").map(plain) },
                "vnetSubnetID": format!("{vnet}/subnets/{}", plain(&pool["subnet"])),
            })
        })
        .collect();
    let group = plain(&cluster["resource_group"]);
    let name = plain(&cluster["name"]);
    json!({
        "id": format!("{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.ContainerService/managedClusters/{name}"),
        "name": name,
        "type": "Microsoft.ContainerService/ManagedClusters",
        "properties": {
            "kubernetesVersion": cluster["kubernetes_version"],
            "nodeResourceGroup": format!("MC_{group}_{name}"),
            "apiServerAccessProfile": { "enablePrivateCluster": cluster["private_cluster"] },
            "networkProfile": {
                "networkPlugin": cluster["network_plugin"],
                "networkPluginMode": cluster["network_plugin_mode"],
                "podCidr": cluster["pod_cidr"],
                "serviceCidr": cluster["service_cidr"],
                "dnsServiceIP": cluster["dns_service_ip"],
            },
            "agentPoolProfiles": pools,
        },
    })
}

/// The same as `az` prints it: no `properties`, `Id` and `Ip` with one capital, the resource group beside the id.
fn az(arm: &Value) -> Value {
    match arm {
        Value::Object(fields) => {
            let mut flat = serde_json::Map::new();
            for (name, value) in fields {
                if name == "properties" {
                    if let Value::Object(inner) = az(value) {
                        flat.extend(inner);
                    }
                } else {
                    let name = name
                        .replace("SubnetID", "SubnetId")
                        .replace("ServiceIP", "ServiceIp");
                    flat.insert(name, az(value));
                }
            }
            let group = fields
                .get("id")
                .and_then(Value::as_str)
                .and_then(|id| id.split('/').nth(4));
            if let Some(group) = group {
                flat.insert("resourceGroup".to_string(), json!(group));
            }
            Value::Object(flat)
        }
        Value::Array(items) => items.iter().map(az).collect(),
        other => other.clone(),
    }
}

/// An operation: flags, the scenario's words, and what it makes of the estate (`None`: no state differs).
type Way = (
    &'static str,
    &'static [&'static str],
    Value,
    Option<fn(&mut Value)>,
);

fn ways() -> Vec<Way> {
    vec![
        (
            "add",
            &[
                "--add-pool",
                "name=big,count=2,max-pods=110,max-surge=1,kubernetes-version=1.33.2,subnet=nodes",
            ],
            json!({ "add_pool": { "name": "big", "count": 2, "max_pods": 110, "max_surge": 1, "kubernetes_version": "1.33.2", "subnet": "nodes" } }),
            Some(|cluster| {
                let pools = cluster["pools"].as_array_mut().unwrap();
                pools.push(json!({ "name": "big", "count": 2, "max_pods": 110, "max_surge": 1, "kubernetes_version": "1.33.2", "subnet": "nodes" }));
            }),
        ),
        (
            "scale",
            &["--scale", "apps=5"],
            json!({ "scale": { "pool": "apps", "count": 5 } }),
            Some(|cluster| cluster["pools"][1]["count"] = json!(5)),
        ),
        (
            "max-count",
            &["--max-count", "auto=6"],
            json!({ "max_count": { "pool": "auto", "count": 6 } }),
            Some(|cluster| cluster["pools"][2]["max_count"] = json!(6)),
        ),
        (
            "step",
            &["--scale", "auto=8"],
            json!({ "scale": { "pool": "auto", "count": 8 } }),
            None,
        ),
        (
            "upgrade-pool",
            &["--upgrade", "apps"],
            json!({ "upgrade": { "pool": "apps" } }),
            None,
        ),
        ("upgrade", &["--upgrade"], json!({ "upgrade": {} }), None),
        (
            "migrate",
            &["--migrate", "overlay", "--pod-cidr", "192.168.0.0/22"],
            json!({ "migrate_to_overlay": { "pod_cidr": "192.168.0.0/22" } }),
            Some(|cluster| {
                cluster["network_plugin_mode"] = json!("overlay");
                cluster["pod_cidr"] = json!("192.168.0.0/22");
            }),
        ),
        ("update", &["--update"], json!({ "update": true }), None),
        (
            "scale-and-add",
            &[
                "--scale",
                "apps=3",
                "--add-pool",
                "name=more,count=1,max-pods=30,kubernetes-version=1.33.2,subnet=other",
            ],
            json!({
                "scale": { "pool": "apps", "count": 3 },
                "add_pool": { "name": "more", "count": 1, "max_pods": 30, "kubernetes_version": "1.33.2", "subnet": "other" },
            }),
            Some(|cluster| {
                cluster["pools"][1]["count"] = json!(3);
                let pools = cluster["pools"].as_array_mut().unwrap();
                pools.push(json!({ "name": "more", "count": 1, "max_pods": 30, "kubernetes_version": "1.33.2", "subnet": "other" }));
            }),
        ),
    ]
}

/// What must not depend on how the question is put: everything but the order in which the changes are named.
fn comparable(mut answer: Value) -> Value {
    if let Some(changes) = answer["operation"]["changes"].as_array_mut() {
        changes.sort_by_key(Value::to_string);
    }
    answer
}

/// The same estate as a scenario, as `az` prints it and as raw Resource Manager bodies; the same operation by flag, in the
/// scenario's words and as the difference to a wanted state in each of the three: one answer.
#[test]
fn every_way_of_asking_agrees() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ways");
    std::fs::create_dir_all(&folder).expect("a folder for the estates");
    let write = |name: &str, value: &Value| -> String {
        let file = folder.join(format!("{name}.json"));
        std::fs::write(&file, value.to_string()).expect("it is written");
        file.display().to_string()
    };
    let estate = estate();
    let arm: Value = arm_vnets(&estate)
        .into_iter()
        .chain([arm_cluster(&estate)])
        .collect();
    let estates = [
        ("scenario", write("scenario", &estate)),
        ("arm", write("arm", &arm)),
        ("az", write("az", &az(&arm))),
    ];
    let mut verdicts = std::collections::BTreeSet::new();
    for (name, flags, operation, wanted) in ways() {
        let mut with_operation = estate.clone();
        with_operation["operations"] = json!([operation]);
        let with_operation = write(&format!("{name}-operation"), &with_operation);
        let asked = comparable(predict(&["--from", &with_operation]).unwrap());
        verdicts.insert(plain(&asked["verdict"]));
        let wanted = wanted.map(|change| {
            let mut wanted = estate.clone();
            change(&mut wanted["clusters"][0]);
            let arm = arm_cluster(&wanted);
            wanted["virtual_networks"] = json!([]);
            [
                write(&format!("{name}-wanted-scenario"), &wanted),
                write(&format!("{name}-wanted-arm"), &arm),
                write(&format!("{name}-wanted-az"), &az(&arm)),
            ]
        });
        for (dialect, estate) in &estates {
            let mut arguments = vec!["--from", estate];
            arguments.extend(flags);
            let by_flag = comparable(predict(&arguments).unwrap());
            assert_eq!(by_flag, asked, "{name} by flag on {dialect}");
            for wanted in wanted.iter().flatten() {
                let by_difference =
                    comparable(predict(&["--from", estate, "--desired", wanted]).unwrap());
                assert_eq!(
                    by_difference, asked,
                    "{name} on {dialect}, wanted: {wanted}"
                );
            }
        }
    }
    assert!(
        verdicts.len() > 1,
        "operations that differ in their answers: {verdicts:?}"
    );
}
