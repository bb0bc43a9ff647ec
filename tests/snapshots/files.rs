//! Files: what is written where, what is refused and in which words.

use super::binary::{aksplan, answer, root, scenarios};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A folder of its own, taken away again.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("aksplan-snapshots-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a writable folder");
        Folder(path)
    }

    pub fn file(&self, name: &str) -> String {
        self.0
            .join(name)
            .to_str()
            .expect("a name of text")
            .to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs and expects this end; returns both streams.
pub fn ends(arguments: &[&str], input: &str, code: i32) -> (String, String) {
    let output = aksplan(arguments, input);
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {out}{err}"
    );
    (out, err)
}

fn refused(name: &str, bytes: &[u8], want: &str) {
    let folder = Folder::new(&format!("refused-{name}"));
    let file = folder.file(name);
    std::fs::write(&file, bytes).unwrap();
    let (out, err) = ends(&["capacity", "--from", &file], "", 2);
    assert!(
        out.is_empty() && err.contains(want),
        "{name}: {err}\nexpected: {want}"
    );
    assert_eq!(err.lines().count(), 1, "one clear error: {err}");
}

/// Puts a value where one is, or where none is yet in an object.
fn put(document: &mut Value, place: &str, value: Value) {
    let (parent, field) = place.rsplit_once('/').expect(place);
    match document.pointer_mut(parent).expect(place) {
        Value::Object(fields) => {
            fields.insert(field.to_string(), value);
        }
        Value::Array(all) => all[field.parse::<usize>().expect(place)] = value,
        other => panic!("{place}: {other} has no parts"),
    }
}

fn fixture() -> Value {
    let text = std::fs::read_to_string(root().join("tests/fixtures/snapshot-v1.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Everything that `small` says is in `large` as well.
fn is_within(small: &Value, large: &Value, place: &str) {
    match (small, large) {
        (Value::Object(small), Value::Object(large)) => {
            for (key, value) in small
                .iter()
                .filter(|(key, _)| !key.to_lowercase().contains("later"))
            {
                let found = large
                    .get(key)
                    .unwrap_or_else(|| panic!("{place}.{key} is lost"));
                is_within(value, found, &format!("{place}.{key}"));
            }
        }
        (Value::Array(small), Value::Array(large)) => {
            assert_eq!(small.len(), large.len(), "{place}");
            for (position, (small, large)) in small.iter().zip(large).enumerate() {
                is_within(small, large, &format!("{place}[{position}]"));
            }
        }
        _ => assert_eq!(small, large, "{place}"),
    }
}

#[test]
fn the_first_version_stays_readable() {
    let output = aksplan(
        &[
            "snapshot",
            "--from",
            "tests/fixtures/snapshot-v1.json",
            "-f",
            "-",
        ],
        "",
    );
    let written: Value = serde_json::from_slice(&output.stdout).expect("a snapshot");
    is_within(&fixture(), &written, "");
    let (_, told) = ends(
        &[
            "snapshot",
            "--from",
            "tests/fixtures/snapshot-v1.json",
            "-f",
            "-",
        ],
        "",
        0,
    );
    assert!(
        told.contains("3 VNets, 4 subnets, 3 clusters, 3 pools, 1 node, 1 pod"),
        "{told}"
    );
    assert!(
        told.contains("not checked: usages of VNet hub were not read"),
        "{told}"
    );
    answer(&["report", "--from", "tests/fixtures/snapshot-v1.json"]);
}

#[test]
fn every_scenario_answers_the_same_from_its_snapshot() {
    let folder = Folder::new("scenarios");
    for name in scenarios() {
        let scenario = format!("scenarios/{name}.yaml");
        for end in ["json", "json.zst"] {
            let file = folder.file(&format!("{name}.{end}"));
            ends(&["snapshot", "--from", &scenario, "-f", &file], "", 0);
            let again = folder.file(&format!("again.{end}"));
            ends(&["snapshot", "--from", &file, "--file", &again], "", 0);
            assert_eq!(
                std::fs::read(&file).unwrap(),
                std::fs::read(&again).unwrap(),
                "{name}"
            );
            for command in [
                &["capacity"][..],
                &["capacity", "-o", "json"],
                &["cidr", "check"],
                &[
                    "capacity",
                    "--also-reserved",
                    "tests/snapshots/reserved.txt",
                ],
            ] {
                let of = |from: &str| answer(&[command, &["--from", from]].concat());
                assert_eq!(of(&scenario), of(&file), "{name}: {command:?}");
            }
        }
    }
}

/// Operations, wanted states and scenarios go on top of a snapshot as on top of what it was made of.
#[test]
fn other_input_goes_on_top() {
    let folder = Folder::new("on-top");
    let file = folder.file("estate.json.zst");
    ends(
        &["snapshot", "--from", "scenarios/fintech.yaml", "-f", &file],
        "",
        0,
    );
    let wanted = folder.file("wanted.json");
    let body = json!({"name": "payments", "type": "Microsoft.ContainerService/ManagedClusters", "location": "westeurope",
        "properties": {"networkProfile": {"networkPlugin": "azure", "networkPluginMode": "overlay", "podCidr": "192.168.0.0/16"}}});
    std::fs::write(&wanted, body.to_string()).unwrap();
    for more in [
        &["--upgrade", "apps"][..],
        &["--scale", "apps=7"],
        &["--add-pool", "name=gpu,count=2,max-pods=110,subnet=aks"],
        &["--migrate", "overlay", "--pod-cidr", "192.168.0.0/16"],
        &["--desired", &wanted],
    ] {
        let of = |from: &str| aksplan(&[&["predict", "--from", from], more].concat(), "");
        let (plain, snapshot) = (of("scenarios/fintech.yaml"), of(&file));
        assert!(
            plain.status.success(),
            "{more:?}: {}",
            String::from_utf8_lossy(&plain.stderr)
        );
        assert_eq!(plain.stdout, snapshot.stdout, "{more:?}");
    }
    // A second estate beside it, in a folder.
    let other = folder.file("other.json");
    ends(
        &[
            "snapshot",
            "--from",
            "scenarios/dual-stack.yaml",
            "-f",
            &other,
        ],
        "",
        0,
    );
    std::fs::remove_file(&wanted).unwrap();
    let text = answer(&[
        "capacity",
        "--from",
        folder.0.to_str().unwrap(),
        "-o",
        "json",
    ]);
    let pools = serde_json::from_str::<Value>(&text).unwrap()["pools"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(pools, 4, "two of each");
}

/// The managed VNet that a snapshot assumes gives way to the one that is read.
#[test]
fn what_was_assumed_gives_way_to_what_is_read() {
    let folder = Folder::new("assumed");
    let vnets = folder.file("vnets.json");
    std::fs::write(&vnets, r#"[{"id": "/subscriptions/s/resourceGroups/mc_assumed/providers/Microsoft.Network/virtualNetworks/aks-vnet-1",
        "name": "aks-vnet-1", "resourceGroup": "mc_assumed", "type": "Microsoft.Network/virtualNetworks",
        "addressSpace": {"addressPrefixes": ["10.224.0.0/12"]},
        "subnets": [{"name": "aks-subnet", "addressPrefix": "10.224.0.0/18"}]}]"#).unwrap();
    let (out, _) = ends(
        &[
            "capacity",
            "--from",
            "tests/fixtures/snapshot-v1.json",
            "--from",
            &vnets,
        ],
        "",
        0,
    );
    assert!(
        out.contains("aks-vnet-1/aks-subnet") && !out.contains("aks-vnet of"),
        "{out}"
    );
}

#[test]
fn it_is_for_its_owner_only_and_whole() {
    let folder = Folder::new("whole");
    let file = folder.file("estate.json");
    std::fs::write(&file, "what was there").unwrap();
    ends(
        &["snapshot", "--from", "scenarios/fintech.yaml", "-f", &file],
        "",
        0,
    );
    let names: Vec<_> = std::fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["estate.json"], "nothing is left beside it");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let link = folder.file("link.json");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        ends(
            &[
                "snapshot",
                "--from",
                "scenarios/dual-stack.yaml",
                "-f",
                &link,
            ],
            "",
            0,
        );
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            answer(&["capacity", "--from", &file]),
            answer(&["capacity", "--from", "scenarios/dual-stack.yaml"])
        );
    }
}

#[test]
fn pipes_take_it_and_give_it() {
    let (text, told) = ends(
        &["snapshot", "--from", "scenarios/fintech.yaml", "-f", "-"],
        "",
        0,
    );
    assert!(told.starts_with("wrote standard output: 3 VNets"), "{told}");
    let (out, _) = ends(&["capacity", "--from", "-"], &text, 0);
    assert_eq!(
        out,
        answer(&["capacity", "--from", "scenarios/fintech.yaml"])
    );
    #[cfg(target_os = "linux")]
    {
        let output = aksplan(
            &[
                "snapshot",
                "--from",
                "scenarios/fintech.yaml",
                "-f",
                "/dev/stdout",
            ],
            "",
        );
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            text,
            "a device is written to as it is"
        );
    }
}

#[test]
fn what_cannot_be_written_is_said() {
    let folder = Folder::new("unwritable");
    let from = ["snapshot", "--from", "scenarios/fintech.yaml", "-f"];
    let run = |file: &str, code| ends(&[&from[..], &[file]].concat(), "", code).1;
    for name in ["estate.yaml", "estate", "estate.zst", "estate.json.gz"] {
        let told = run(&folder.file(name), 2);
        assert!(
            told.contains("expected a name that ends in .json or in .json.zst"),
            "{told}"
        );
        assert!(!Path::new(&folder.file(name)).exists());
    }
    let told = run(folder.0.to_str().unwrap(), 2);
    assert!(
        told.contains("is a folder; expected the name of a file"),
        "{told}"
    );
    let told = run(&folder.file("missing/estate.json"), 1);
    assert!(told.contains("missing/estate.json: No such file"), "{told}");
    std::fs::write(folder.file("file"), "").unwrap();
    run(&folder.file("file/estate.json"), 1);
    let told = ends(&["snapshot", "--from", "scenarios/fintech.yaml"], "", 2).1;
    assert!(told.contains("--file <FILE>"), "{told}");
}

#[test]
fn other_versions_are_refused() {
    for (version, want) in [
        (
            json!("aksplan/v2"),
            "at apiVersion: `aksplan/v2` is not read by this version of aksplan; expected aksplan/v1",
        ),
        (json!("aksplan/v11"), "`aksplan/v11` is not read"),
        (json!(""), "`` is not read"),
    ] {
        let mut document = fixture();
        document["apiVersion"] = version;
        // A later version may have another shape.
        document["inventory"] = json!(7);
        refused("v.json", document.to_string().as_bytes(), want);
    }
    let mut document = fixture();
    document["apiVersion"] = json!("aksplan/v1.7");
    let text = document.to_string();
    ends(&["capacity", "--from", "-"], &text, 0);
    let yaml = serde_saphyr::to_string(&document).unwrap();
    ends(&["capacity", "--from", "-"], &yaml, 0);
}

#[test]
fn damage_is_an_error_that_names_the_place() {
    let long = "1".repeat(100);
    for (place, value, want) in [
        (
            "/inventory/subnets/0/vnet",
            json!(3),
            "at inventory.subnets[0].vnet: 3, and there are 3 VNets; expected the position of one",
        ),
        (
            "/inventory/subnets/0/vnet",
            json!(2),
            "at inventory.subnets[1].vnet: 0 after 2; expected the subnets of a VNet side by side",
        ),
        (
            "/inventory/subnets/0/vnet",
            json!(-1),
            "inventory.subnets[0].vnet: invalid value: integer `-1`",
        ),
        (
            "/inventory/subnets/1/name",
            json!("AKS"),
            "at inventory.subnets[1].name: VNet `spoke` has two subnets named `AKS`",
        ),
        (
            "/inventory/subnets/1/prefixes",
            json!([]),
            "at inventory.clusters[0].pools[1].pod_subnet: 1, which is subnet `pods` without prefixes",
        ),
        (
            "/inventory/subnets/0/prefixes/0",
            json!("10.20.0.1/22"),
            "at inventory.subnets[0].prefixes: `10.20.0.1/22` has host bits set; the prefix is 10.20.0.0/22",
        ),
        (
            "/inventory/subnets/0/prefixes/0",
            json!("10.20.0.0/33"),
            "inventory.subnets[0].prefixes[0]",
        ),
        (
            "/inventory/vnets/1/name",
            json!("AKS-vnet of assumed"),
            "at inventory.vnets[2]: a VNet `aks-vnet of assumed` is there already",
        ),
        (
            "/inventory/clusters/2/name",
            json!("Assumed"),
            "at inventory.clusters[2]: a cluster `assumed` is there already",
        ),
        (
            "/inventory/clusters/0/pools/1/name",
            json!("apps"),
            "at inventory.clusters[0].pools[1].name: cluster `payments` has two pools",
        ),
        (
            "/inventory/clusters/0/pools/0/subnet",
            json!(4),
            "at inventory.clusters[0].pools[0].subnet: 4, and there are 4 subnets",
        ),
        (
            "/inventory/clusters/0/pools/0/autoscaler",
            json!({"min_count": 6, "max_count": 3}),
            "min_count 6 exceeds max_count 3",
        ),
        (
            "/inventory/clusters/0/pools/0/upgrade/max_surge",
            json!("many"),
            "`many` is neither a number nor a percentage",
        ),
        (
            "/inventory/clusters/0/kubernetes_version",
            json!("new"),
            "inventory.clusters[0].kubernetes_version: `new` is no version",
        ),
        (
            "/inventory/clusters/0/network/dns_service_ip",
            json!("ten"),
            "inventory.clusters[0].network.dns_service_ip",
        ),
        (
            "/inventory/observed_at",
            json!("yesterday"),
            "inventory.observed_at",
        ),
        (
            "/inventory/reserved/0/cidr",
            json!("10.128.0.1/10"),
            "at inventory.reserved[0].cidr: `10.128.0.1/10` has host bits set",
        ),
        (
            "/inventory/subnets/0/addresses/1/address",
            json!("10.20.0.9"),
            "at inventory.subnets[0].addresses[1].address: `10.20.0.9` after `10.20.0.9`; expected them in order",
        ),
        (
            "/inventory/subnets/0/addresses/1/kind",
            json!("person"),
            "inventory.subnets[0].addresses[1].kind: unknown variant `person`",
        ),
        (
            "/inventory/nat_gateways/1/id",
            json!(
                "/SUBSCRIPTIONS/11111111-2222-3333-4444-555555555555/resourceGroups/net/providers/Microsoft.Network/natGateways/exit"
            ),
            "at inventory.nat_gateways[1]: a NAT gateway with the id",
        ),
        (
            "/inventory/nat_gateways/0/public_addresses",
            json!(-2),
            "inventory.nat_gateways[0].public_addresses: invalid value: integer `-2`",
        ),
        (
            "/inventory/clusters/0/maintenance/1/name",
            json!("AksManagedAutoUpgradeSchedule"),
            "at inventory.clusters[0].maintenance[1].name: `AksManagedAutoUpgradeSchedule` after `aksManagedAutoUpgradeSchedule`",
        ),
        (
            "/inventory/clusters/0/maintenance/0/window/start_time",
            json!("25:00"),
            "inventory.clusters[0].maintenance[0].window.start_time",
        ),
        (
            "/inventory/clusters/0/maintenance/1/window/schedule/weekly/interval_weeks",
            json!(0),
            "interval_weeks: invalid value: integer `0`",
        ),
        (
            "/inventory/clusters/0/kubernetes/events/1/reason",
            json!("Cordon"),
            "at inventory.clusters[0].kubernetes.events[1]: `Cordon Warning Pod shop ` after `Drain Normal Node",
        ),
        (
            "/inventory/clusters/0/kubernetes/kinds/3",
            json!("Pod"),
            "at inventory.clusters[0].kubernetes.kinds[3]: `Pod` is there already",
        ),
        (
            "/inventory/clusters/0/kubernetes/absent_kinds/0",
            json!("CSINode"),
            "at inventory.clusters[0].kubernetes.absent_kinds[0]: `CSINode` is among those read in full",
        ),
        (
            "/inventory/clusters/0/kubernetes/pods/0/scheduled_at",
            json!("soon"),
            "inventory.clusters[0].kubernetes.pods[0].scheduled_at",
        ),
        (
            "/inventory/clusters/0/kubernetes/pods/0/host_ports/0/port",
            json!(65_536),
            "inventory.clusters[0].kubernetes.pods[0].host_ports[0].port: invalid value: integer `65536`",
        ),
        (
            "/inventory/clusters/0/kubernetes/persistent_volumes/0/claim",
            json!(["shop"]),
            "inventory.clusters[0].kubernetes.persistent_volumes[0].claim",
        ),
        ("/inventory", json!(long), "inventory: invalid type: string"),
    ] {
        let mut document = fixture();
        put(&mut document, place, value);
        refused("damaged.json", document.to_string().as_bytes(), want);
    }
    let mut document = fixture();
    document.as_object_mut().unwrap().remove("inventory");
    refused(
        "without.json",
        document.to_string().as_bytes(),
        "missing field `inventory`",
    );
}

#[test]
fn compressed_files_that_are_none_are_refused() {
    let folder = Folder::new("compressed");
    let file = folder.file("estate.json.zst");
    ends(
        &["snapshot", "--from", "scenarios/fintech.yaml", "-f", &file],
        "",
        0,
    );
    let bytes = std::fs::read(&file).unwrap();
    refused(
        "cut.json.zst",
        &bytes[..bytes.len() - 9],
        "is cut off in the middle of what zstd compressed; is the file complete?",
    );
    let mut other = bytes.clone();
    let last = other.len() - 1;
    other[last] ^= 0xFF;
    refused("other.json.zst", &other, "is damaged: zstd says");
    // By content, whatever the name says.
    std::fs::write(folder.file("named.yaml"), &bytes).unwrap();
    assert_eq!(
        answer(&["capacity", "--from", &folder.file("named.yaml")]),
        answer(&["capacity", "--from", &file])
    );
    // Three hundred megabytes of blanks in a few kilobytes.
    let mut bomb = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..300 {
        std::io::Write::write_all(&mut bomb, &vec![b' '; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 64 << 10);
    refused(
        "bomb.json.zst",
        &bomb,
        "is larger than 64 MiB when decompressed, which nothing real is",
    );
}

const KEY: &str = "tests/snapshots/key.txt";

#[test]
fn redacted_snapshots_answer_the_same_without_names() {
    let folder = Folder::new("redacted");
    let run = |name: &str, more: &[&str]| {
        let file = folder.file(name);
        ends(
            &[
                &[
                    "snapshot",
                    "--from",
                    "tests/fixtures/snapshot-v1.json",
                    "-f",
                    &file,
                    "--redact",
                ],
                more,
            ]
            .concat(),
            "",
            0,
        );
        let text = std::fs::read_to_string(&file).unwrap();
        (file, text)
    };
    let (kept, text) = run("kept.json", &["--redact-key-file", KEY]);
    for name in [
        "spoke",
        "payments",
        "11111111",
        "Frankfurt",
        "cart",
        "egress",
        "usages of",
        "acme",
        "shop",
        "-vmss0",
        "natGateways/exit",
        "vault",
        "jump",
        "by-hand",
        "front-of",
        "Draining",
        "bank",
    ] {
        assert!(!text.contains(name), "{name} is in {text}");
    }
    for word in [
        "10.20.0.0/22",
        "00000000-0000-0000-0000-000000000001",
        "kube-system",
        "Standard_D8ds_v5",
        "aks-subnet",
        "coredns",
        "Microsoft.ContainerService/managedClusters",
        "ReplicaSet",
        "CSINode",
        "FailedScheduling",
        "disk.csi.azure.com",
        "managed-csi",
        "ReadWriteOnce",
        "NCUpdateSubnetFullError",
        "endpointslice-controller.k8s.io",
        "aksManagedNodeOSUpgradeSchedule",
        "metadata.name",
        "OrderedReady",
        "v1.33.2",
        "2026-11-22T10:00:00Z",
    ] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
    let document: Value = serde_json::from_str(&text).unwrap();
    let at = |place: &str| {
        document
            .pointer(place)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{place}"))
            .to_string()
    };
    let vnet = at("/inventory/vnets/0/name");
    assert!(
        vnet.starts_with("vnet-")
            && at("/inventory/vnets/0/id").ends_with(&format!("/virtualNetworks/{vnet}")),
        "{vnet}"
    );
    let kubernetes = "/inventory/clusters/0/kubernetes";
    assert_eq!(
        at(&format!("{kubernetes}/pods/0/node_name")),
        at(&format!("{kubernetes}/nodes/0/name"))
    );
    assert_eq!(
        at(&format!(
            "{kubernetes}/nodes/0/labels/kubernetes.azure.com~1cluster"
        )),
        at("/inventory/clusters/0/node_resource_group")
    );
    assert_eq!(
        at(&format!("{kubernetes}/pods/0/labels/app")),
        at(&format!("{kubernetes}/workloads/0/name"))
    );
    // The same key gives the same snapshot; another, or none, another.
    let (_, again) = run("again.json", &["--redact-key-file", KEY]);
    assert_eq!(text, again);
    let (_, random) = run("random.json", &[]);
    assert_ne!(text, random);
    let (shifted, moved) = run(
        "shifted.json",
        &["--redact-key-file", KEY, "--redact-addresses", "shift"],
    );
    assert!(
        !moved.contains("10.20.0.0/22") && moved.contains("10.224.0.0/16"),
        "{moved}"
    );
    let document: Value = serde_json::from_str(&moved).unwrap();
    assert_eq!(
        document["inventory"]["clusters"][0]["network"]["dns_service_ip"],
        document["inventory"]["clusters"][0]["kubernetes"]["services"][1]["cluster_ips"][0],
    );
    let free = |file: &str| {
        let document: Value =
            serde_json::from_str(&answer(&["capacity", "--from", file, "-o", "json"])).unwrap();
        let rows = document["subnets"].as_array().unwrap().iter();
        let mut rows: Vec<String> = rows
            .map(|row| format!("{} {} {}", row["usable"], row["used"], row["verdict"]))
            .collect();
        rows.sort();
        rows
    };
    assert_eq!(free(&kept), free("tests/fixtures/snapshot-v1.json"));
    assert_eq!(free(&shifted), free(&kept));
}

#[test]
fn keys_are_long_enough() {
    let folder = Folder::new("keys");
    std::fs::write(folder.file("short"), "secret\n").unwrap();
    let from = [
        "snapshot",
        "--from",
        "scenarios/fintech.yaml",
        "-f",
        "-",
        "--redact",
        "--redact-key-file",
    ];
    let (out, told) = ends(&[&from[..], &[&folder.file("short")]].concat(), "", 2);
    assert!(
        out.is_empty()
            && told.contains("the key has 6 bytes; expected 16 or more")
            && !told.contains("secret"),
        "{told}"
    );
    let (_, told) = ends(&[&from[..], &[&folder.file("missing")]].concat(), "", 2);
    assert!(told.contains("missing: cannot be read"), "{told}");
    let (_, told) = ends(
        &[
            "snapshot",
            "--from",
            "scenarios/fintech.yaml",
            "-f",
            "-",
            "--redact-addresses",
            "shift",
        ],
        "",
        2,
    );
    assert!(told.contains("--redact"), "{told}");
}
