//! Readiness: a cluster that is ready in every item, the same with one thing missing after the other, and one of which nothing but
//! `az aks show` was read.

mod binary;
mod committed;
#[path = "readiness/states.rs"]
mod states;

use aksplan::finding::Severity;
use aksplan::model::{Inventory, KubernetesState};
use aksplan::readiness::{Item, ItemState, Readiness, check};
use aksplan::report::{markdown, readiness::document};
use aksplan::source;
use binary::{aksplan, root};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A year like any other to the fixtures: their certificate ends in 2027.
const NOW: &str = "2026-11-20T09:00:00Z";

type Files = BTreeMap<&'static str, Value>;

fn fixture(name: &str) -> Files {
    let folder = root().join("tests/readiness").join(name);
    ["aks", "vnet", "platform", "objects"]
        .into_iter()
        .filter_map(|file| {
            let text = fs::read_to_string(folder.join(format!("{file}.json"))).ok()?;
            let value = serde_json::from_str(&text).expect("a fixture is JSON");
            Some((file, value))
        })
        .collect()
}

fn written(name: &str, files: &Files) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("readiness-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for what the test writes");
    for (file, value) in files {
        let path = folder.join(format!("{file}.json"));
        fs::write(path, value.to_string()).expect("the folder takes files");
    }
    folder
}

fn inventory(name: &str, files: &Files) -> Inventory {
    let found = source::read_all(&[written(name, files)]).expect("the fixture is read");
    source::join(found, &[])
        .expect("the fixture is joined")
        .current
}

fn judged(name: &str, files: &Files) -> Readiness {
    let inventory = inventory(name, files);
    let now = NOW.parse().expect("an instant");
    check(&inventory, &inventory.clusters[0], Some(now))
}

fn not_ready(readiness: &Readiness) -> Vec<&'static str> {
    let items = readiness.items.iter();
    items
        .filter(|item| item.state == ItemState::NotReady)
        .map(|item| item.code)
        .collect()
}

/// The object of a kind; the first of that name.
fn object<'a>(files: &'a mut Files, kind: &str, name: &str) -> &'a mut Value {
    let items = files.get_mut("objects").expect("objects")["items"].as_array_mut();
    items
        .expect("a list")
        .iter_mut()
        .find(|one| one["kind"] == kind && one["metadata"]["name"] == name)
        .unwrap_or_else(|| panic!("{kind} {name}"))
}

fn push(files: &mut Files, object: Value) {
    let items = files.get_mut("objects").expect("objects")["items"].as_array_mut();
    items.expect("a list").push(object);
}

fn without(files: &mut Files, kind: &str) {
    let items = files.get_mut("objects").expect("objects")["items"].as_array_mut();
    items.expect("a list").retain(|one| one["kind"] != kind);
}

type Patch = (&'static str, fn(&mut Files));

/// The item, and what makes it not ready.
const PATCHES: &[Patch] = &[
    ("overlay", |f| {
        f.get_mut("aks").unwrap()["networkProfile"]["networkPluginMode"] = json!("");
    }),
    ("cilium-data-plane", |f| {
        f.get_mut("aks").unwrap()["networkProfile"]["networkDataplane"] = json!("azure");
    }),
    ("system-pool-tainted", |f| {
        f.get_mut("aks").unwrap()["agentPoolProfiles"][0]["nodeTaints"] = json!(["a=b:NoSchedule"]);
    }),
    ("system-pool-nodes", |f| {
        f.get_mut("aks").unwrap()["agentPoolProfiles"][0]["minCount"] = json!(1);
    }),
    ("user-pools", |f| {
        f.get_mut("aks").unwrap()["agentPoolProfiles"]
            .as_array_mut()
            .unwrap()
            .pop();
    }),
    ("autoscaler-bounds", |f| {
        f.get_mut("aks").unwrap()["agentPoolProfiles"][1]["enableAutoScaling"] = json!(false);
    }),
    ("zones", |f| {
        f.get_mut("aks").unwrap()["agentPoolProfiles"][1]["availabilityZones"] = json!(null);
    }),
    ("oidc-issuer", |f| {
        f.get_mut("aks").unwrap()["oidcIssuerProfile"]["enabled"] = json!(false);
    }),
    ("workload-identity", |f| {
        f.get_mut("aks").unwrap()["securityProfile"] = json!(null);
    }),
    ("service-accounts-annotated", |f| {
        object(f, "Pod", "orders-5d4f-x")["spec"]["serviceAccountName"] = json!("default");
    }),
    ("pods-labelled", |f| {
        object(f, "Pod", "orders-5d4f-x")["metadata"]["labels"] = json!({});
    }),
    ("no-service-principal", |f| {
        object(f, "Pod", "orders-5d4f-x")["spec"]["containers"][0]["env"] =
            json!([{"name": "AZURE_CLIENT_SECRET", "value": "hunter2"}]);
    }),
    ("no-service-principal", |f| {
        object(f, "AzureIdentity", "old")["spec"]["type"] = json!(1);
    }),
    ("federated-credentials", |f| {
        let issuer = f["platform"][1]["issuer"].as_str().unwrap().to_string();
        f.get_mut("platform").unwrap()[1]["issuer"] = json!(issuer.trim_end_matches('/'));
    }),
    ("federated-credentials", |f| {
        f.get_mut("platform").unwrap()[1]["subject"] = json!("system:serviceaccount:orders:other");
    }),
    ("federated-credentials", |f| {
        f.get_mut("platform").unwrap()[1]["audiences"] = json!(["else"]);
    }),
    ("pod-identity", |f| {
        f.get_mut("aks").unwrap()["podIdentityProfile"] = json!({"enabled": true});
    }),
    ("app-routing", |f| {
        f.get_mut("aks").unwrap()["ingressProfile"] =
            json!({"webAppRouting": {"enabled": false, "gatewayApiImplementations": null}});
    }),
    ("app-routing-nginx-supported", |f| {
        object(f, "IngressClass", "traefik")["spec"]["controller"] =
            json!("webapprouting.kubernetes.azure.com/nginx");
    }),
    ("app-routing-nginx-supported", |f| {
        object(f, "IngressClass", "traefik")["spec"]["controller"] = json!("k8s.io/ingress-nginx");
    }),
    ("ingress-class", |f| {
        object(f, "Ingress", "orders")["spec"]["ingressClassName"] = json!("nginx");
    }),
    ("ingress-class", |f| {
        object(f, "Gateway", "shop")["status"]["conditions"][0]["status"] = json!("False");
    }),
    ("ingress-class", |f| {
        object(f, "HTTPRoute", "orders")["spec"]["parentRefs"][0]["name"] = json!("gone");
    }),
    ("ingress-address", |f| {
        object(f, "Ingress", "orders")["status"] = json!({});
    }),
    ("ingress-address", |f| {
        object(f, "Gateway", "shop")["status"]["addresses"] = json!([]);
    }),
    ("ingress-tls", |f| {
        object(f, "Ingress", "orders")["spec"]["tls"] = json!(null);
    }),
    ("ingress-tls", |f| {
        let listeners = object(f, "Gateway", "shop")["spec"]["listeners"].as_array_mut();
        listeners.unwrap().truncate(1);
    }),
    ("tls-secret", |f| {
        // A second name for the same certificate, and all Secrets but that one.
        let tls = json!([{"hosts": ["pay.example.com"], "secretName": "pay-tls"}]);
        object(f, "Ingress", "orders")["spec"]["tls"] = tls;
        object(f, "Certificate", "orders")["status"]["conditions"][0]["status"] = json!("Unknown");
        object(f, "Certificate", "orders")["spec"]["secretName"] = json!("pay-tls");
        let listeners = object(f, "Gateway", "shop")["spec"]["listeners"].as_array_mut();
        if let Some(https) = listeners.unwrap().get_mut(1) {
            https["tls"] = json!(null);
        }
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"tls.key": "aHVudGVyMg=="},
            "metadata": {"name": "else", "namespace": "orders"}});
        push(f, secret);
    }),
    ("certificate-expiry", |f| {
        object(f, "Certificate", "orders")["status"]["notAfter"] = json!("2026-12-04T08:59:59Z");
    }),
    ("certificate-expiry", |f| {
        object(f, "Certificate", "orders")["status"]["renewalTime"] = json!("2026-11-20T07:59:59Z");
    }),
    ("certificate-issuer", |f| {
        object(f, "ClusterIssuer", "letsencrypt")["status"]["conditions"][0]["status"] =
            json!("False");
    }),
    ("certificate-issuer", |f| {
        object(f, "Certificate", "orders")["spec"]["issuerRef"]["kind"] = json!("Issuer");
    }),
    ("policy-engine", |f| {
        f.get_mut("aks").unwrap()["networkProfile"]["networkPolicy"] = json!("azure");
        f.get_mut("aks").unwrap()["networkProfile"]["networkDataplane"] = json!("azure");
    }),
    ("default-deny-ingress", |f| {
        object(f, "NetworkPolicy", "default-deny")["spec"]["ingress"] = json!([{}]);
    }),
    ("ip-block-pods", |f| {
        // Of nodes, which no selector beside it selects.
        object(f, "NetworkPolicy", "orders")["spec"]["egress"][0]["to"] =
            json!([{"ipBlock": {"cidr": "10.240.0.0/24"}}, {"namespaceSelector": {}}]);
    }),
    ("default-deny-egress", |f| {
        object(f, "NetworkPolicy", "default-deny")["spec"]["policyTypes"] = json!(["Ingress"]);
    }),
    ("ip-block-pods", |f| {
        object(f, "NetworkPolicy", "orders")["spec"]["egress"][0]["to"] =
            json!([{"ipBlock": {"cidr": "10.244.3.0/24"}}]);
    }),
    ("ip-block-pods", |f| {
        object(f, "NetworkPolicy", "orders")["spec"]["egress"][0]["to"][0]["ipBlock"]["cidr"] =
            json!("0.0.0.0/0");
    }),
    ("prometheus-metrics", |f| {
        f.get_mut("aks").unwrap()["azureMonitorProfile"]["metrics"]["enabled"] = json!(false);
    }),
    ("container-insights", |f| {
        f.get_mut("aks").unwrap()["addonProfiles"] = json!({});
    }),
    ("container-insights", |f| {
        f.get_mut("aks").unwrap()["addonProfiles"] =
            json!({"omsagent": {"enabled": true, "config": {"useAADAuth": "false"}}});
    }),
    ("grafana-linked", |f| {
        f.get_mut("aks").unwrap()["azureMonitorProfile"]["metrics"]["enabled"] = json!(false);
        f.get_mut("platform").unwrap()[2]["properties"] = json!({});
    }),
    ("alerts-latency", |f| {
        f.get_mut("platform").unwrap()[3]["rules"][1]["enabled"] = json!(false);
    }),
    ("alerts-traffic", |f| {
        f.get_mut("platform").unwrap()[3]["rules"][2]["expression"] = json!("up == 0");
    }),
    ("alerts-errors", |f| {
        f.get_mut("platform").unwrap()[3]["rules"]
            .as_array_mut()
            .unwrap()
            .pop();
    }),
    ("alerts-saturation", |f| {
        f.get_mut("platform").unwrap()[4]["scopes"] =
            json!(["/subscriptions/s/resourceGroups/g/providers/\
             Microsoft.ContainerService/managedClusters/other"]);
    }),
];

/// Where one thing that is missing makes another item not ready as well.
const ALONG: &[(&str, &[&str])] = &[
    // Without the data plane no policy is read by Cilium's rules; with another engine none is enforced.
    ("policy-engine", &["cilium-data-plane"]),
    // Without an issuer there is nothing to trust.
    ("oidc-issuer", &["federated-credentials"]),
    // What is shown is what is collected.
    ("grafana-linked", &["prometheus-metrics"]),
    // A pod of another account asks for an identity which that account does not name.
    ("service-accounts-annotated", &[]),
];

#[test]
fn a_ready_cluster_is_ready_in_every_item() {
    let readiness = judged("ready", &fixture("ready"));
    for item in &readiness.items {
        // No ingress is left on an NGINX that ends.
        let wanted = match item.code {
            "app-routing-nginx-supported" => ItemState::NotApplicable,
            _ => ItemState::Ready,
        };
        assert_eq!(item.state, wanted, "{}: {}", item.code, item.evidence);
        assert!(
            item.commands.is_empty() && item.remedy.is_empty(),
            "{}",
            item.code
        );
        assert!(
            !item.evidence.is_empty() && !item.rules.is_empty(),
            "{}",
            item.code
        );
    }
    assert!(readiness.is_ready() && readiness.worst().is_none());
}

#[test]
fn each_item_fails_by_what_it_asks_for() {
    for (position, (code, patch)) in PATCHES.iter().enumerate() {
        let mut files = fixture("ready");
        patch(&mut files);
        let readiness = judged(&format!("patch-{position}"), &files);
        let along = ALONG.iter().find(|(of, _)| of == code);
        let mut wanted: Vec<&str> = along.map_or(Vec::new(), |(_, along)| along.to_vec());
        wanted.push(code);
        let mut found = not_ready(&readiness);
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{code} ({position})");
        let item = readiness.items.iter().find(|item| item.code == *code);
        let item = item.expect("it is there");
        assert!(
            !item.remedy.is_empty() && !item.evidence.is_empty(),
            "{code}"
        );
        assert!(!format!("{readiness:?}").contains("hunter2"), "{code}");
        assert!(!format!("{readiness:?}").contains("aHVudGVyMg"), "{code}");
    }
}

/// What is to change in what was read, where no file can say it.
fn patched(name: &str, files: &Files, patch: impl Fn(&mut Inventory)) -> Readiness {
    let mut inventory = inventory(name, files);
    patch(&mut inventory);
    let now = NOW.parse().expect("an instant");
    check(&inventory, &inventory.clusters[0], Some(now))
}

fn objects(inventory: &mut Inventory) -> &mut KubernetesState {
    let state = inventory.clusters[0].kubernetes.as_mut();
    std::sync::Arc::make_mut(state.expect("objects were read"))
}

fn found<'a>(readiness: &'a Readiness, code: &str) -> &'a Item {
    let mut items = readiness.items.iter();
    items.find(|item| item.code == code).expect("it is there")
}

/// Every item has a patch that makes it fail; that there are no monitors only the cluster itself can say.
#[test]
fn no_item_is_always_ready() {
    let readiness = judged("all", &fixture("ready"));
    for item in &readiness.items {
        let has_patch = PATCHES.iter().any(|(code, _)| *code == item.code);
        assert!(has_patch || item.code == "pod-monitors", "{}", item.code);
    }
    let none = |inventory: &mut Inventory| objects(inventory).platform.monitors.clear();
    let readiness = patched("no-monitors", &fixture("ready"), none);
    assert_eq!(not_ready(&readiness), ["pod-monitors"]);
    assert!(
        found(&readiness, "pod-monitors")
            .evidence
            .starts_with("there is none")
    );
    let readiness = patched("no-kinds", &fixture("ready"), |inventory| {
        let state = objects(inventory);
        state.platform.monitors.clear();
        state.kinds.retain(|kind| !kind.ends_with("Monitor"));
        let absent = ["PodMonitor", "ServiceMonitor"].map(str::to_string);
        state.absent_kinds.extend(absent);
    });
    assert_eq!(not_ready(&readiness), ["pod-monitors"]);
    let item = found(&readiness, "pod-monitors");
    assert!(
        item.evidence.contains("does not know these kinds"),
        "{}",
        item.evidence
    );
}

#[test]
fn what_ends_by_itself_is_measured_from_when_it_was_read() {
    let inventory = inventory("time", &fixture("ready"));
    let state_of = |now: Option<&str>, code: &str| {
        let now = now.map(|now| now.parse().expect("an instant"));
        let readiness = check(&inventory, &inventory.clusters[0], now);
        let item = readiness.items.into_iter().find(|item| item.code == code);
        item.expect("it is there").state
    };
    for (now, certificate) in [
        (Some("2027-01-06T00:00:00Z"), ItemState::Ready),
        (Some("2027-01-06T00:00:01Z"), ItemState::NotReady),
        (Some("2027-02-01T00:00:00Z"), ItemState::NotReady),
        (None, ItemState::NotKnown),
    ] {
        assert_eq!(state_of(now, "certificate-expiry"), certificate, "{now:?}");
    }
}

/// By its own class, by one of a NginxIngressController, by the default class; and the community's.
#[test]
fn nginx_ends_whatever_its_class_is_called() {
    const OWN: &str = "webapprouting.kubernetes.azure.com/nginx";
    let ways: &[(&str, &str, &str)] = &[
        ("own", OWN, "2026-05-01"),
        (
            "custom",
            "webapprouting.kubernetes.azure.com/nginx/inside",
            "2026-05-01",
        ),
        ("default", OWN, "2026-05-01"),
        ("community", "k8s.io/ingress-nginx", "2026-04-01"),
        ("another", "webapprouting.kubernetes.azure.com/nginxx", ""),
    ];
    for (way, controller, from) in ways {
        let mut files = fixture("ready");
        object(&mut files, "IngressClass", "traefik")["spec"]["controller"] = json!(controller);
        if *way == "default" {
            object(&mut files, "IngressClass", "traefik")["metadata"]["annotations"] =
                json!({"ingressclass.kubernetes.io/is-default-class": "true"});
            let spec = object(&mut files, "Ingress", "orders")["spec"].as_object_mut();
            spec.unwrap().remove("ingressClassName");
        }
        let inventory = inventory(&format!("nginx-{way}"), &files);
        let at = |now: Option<&str>| {
            let now = now.map(|day| format!("{day}T00:00:00Z").parse().expect("an instant"));
            let readiness = check(&inventory, &inventory.clusters[0], now);
            let item = found(&readiness, "app-routing-nginx-supported");
            (item.state, item.severity)
        };
        if from.is_empty() {
            assert_eq!(at(Some("2027-01-01")).0, ItemState::NotApplicable, "{way}");
            continue;
        }
        let is_own = *way != "community";
        let last = if is_own {
            Severity::Blocker
        } else {
            Severity::Warning
        };
        assert_eq!(at(Some("2026-03-31")).0, ItemState::Ready, "{way}");
        assert_eq!(
            at(Some(from)),
            (ItemState::NotReady, Severity::Warning),
            "{way}"
        );
        assert_eq!(at(Some("2026-12-01")), (ItemState::NotReady, last), "{way}");
        assert_eq!(at(None).0, ItemState::NotKnown, "{way}");
    }
}

/// Without a kind nothing is said to be missing, and nothing to be there.
#[test]
fn what_was_not_read_is_not_known() {
    for (kind, codes) in [
        (
            "Pod",
            vec![
                "service-accounts-annotated",
                "pods-labelled",
                "no-service-principal",
            ],
        ),
        (
            "ServiceAccount",
            vec![
                "service-accounts-annotated",
                "pods-labelled",
                "federated-credentials",
            ],
        ),
        ("AzureIdentity", vec!["no-service-principal"]),
        (
            "Ingress",
            vec![
                "app-routing-nginx-supported",
                "ingress-class",
                "ingress-address",
                "ingress-tls",
                "tls-secret",
                "certificate-expiry",
            ],
        ),
        (
            "Gateway",
            vec![
                "ingress-class",
                "ingress-address",
                "ingress-tls",
                "tls-secret",
                "certificate-expiry",
            ],
        ),
        ("HTTPRoute", vec!["ingress-class"]),
        (
            "IngressClass",
            vec!["app-routing-nginx-supported", "ingress-class"],
        ),
        ("Certificate", vec!["tls-secret", "certificate-expiry"]),
        ("ClusterIssuer", vec!["certificate-issuer"]),
        (
            "CiliumClusterwideNetworkPolicy",
            vec!["default-deny-ingress", "default-deny-egress"],
        ),
        (
            "Namespace",
            vec!["default-deny-ingress", "default-deny-egress"],
        ),
        (
            "NetworkPolicy",
            vec![
                "default-deny-ingress",
                "default-deny-egress",
                "ip-block-pods",
            ],
        ),
        // One of both suffices.
        ("PodMonitor", vec![]),
        ("Monitor", vec!["pod-monitors"]),
    ] {
        let mut files = fixture("ready");
        without(&mut files, kind);
        if kind == "Monitor" {
            without(&mut files, "PodMonitor");
            without(&mut files, "ServiceMonitor");
        }
        let readiness = judged(&format!("unread-{kind}"), &files);
        let unknown = readiness
            .items
            .iter()
            .filter(|item| item.state == ItemState::NotKnown);
        let unknown: Vec<&str> = unknown.map(|item| item.code).collect();
        assert_eq!(unknown, codes, "{kind}");
        assert_eq!(not_ready(&readiness), [""; 0], "{kind}");
    }
    let bare = judged("bare", &fixture("bare"));
    for item in &bare.items {
        let by_kubernetes = item.read_from.contains("kubectl");
        if by_kubernetes || item.code.starts_with("alerts-") || item.code == "grafana-linked" {
            assert_eq!(item.state, ItemState::NotKnown, "{}", item.code);
            assert!(!item.commands.is_empty(), "{}", item.code);
        } else {
            assert_eq!(item.state, ItemState::Ready, "{}", item.code);
        }
    }
}

/// A request body, and an answer of an API version that has none of the profiles, say nothing by leaving them out.
#[test]
fn not_said_is_not_off() {
    let mut files = fixture("bare");
    let cluster = files.get_mut("aks").unwrap().as_object_mut().unwrap();
    for profile in [
        "oidcIssuerProfile",
        "securityProfile",
        "ingressProfile",
        "azureMonitorProfile",
        "addonProfiles",
    ] {
        cluster.remove(profile);
    }
    let readiness = judged("unsaid", &files);
    for code in [
        "oidc-issuer",
        "workload-identity",
        "app-routing",
        "prometheus-metrics",
        "container-insights",
    ] {
        assert_eq!(found(&readiness, code).state, ItemState::NotKnown, "{code}");
    }
}

/// Ranges beside selectors of pods are what the documentation asks for.
#[test]
fn ranges_beside_selectors_are_no_finding() {
    let mut files = fixture("ready");
    object(&mut files, "NetworkPolicy", "orders")["spec"]["egress"] = json!([{"to": [
        {"ipBlock": {"cidr": "0.0.0.0/0"}}, {"namespaceSelector": {}}, {"podSelector": {}},
    ]}]);
    assert_eq!(not_ready(&judged("selectors", &files)), [""; 0]);
}

/// Names that want to be commands, markup or marks that turn text around.
#[test]
fn hostile_names_stay_names() {
    const HOSTILE: &[&str] = &[
        "$(touch pwned)",
        "a'b;id",
        "--all",
        "<script>alert(1)</script>",
        "](javascript:x)|",
        "\u{1b}[2J",
        "a\u{202e}b",
        "`id`",
        "x\ny",
    ];
    for (position, name) in HOSTILE.iter().enumerate() {
        let mut files = fixture("ready");
        without(&mut files, "NetworkPolicy");
        let items = files.get_mut("objects").unwrap()["items"]
            .as_array_mut()
            .unwrap();
        items.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
        items.push(json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": name},
            "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]}}));
        items.push(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": name,
            "annotations": {"azure.workload.identity/client-id": name}}}));
        let readiness = judged(&format!("hostile-{position}"), &files);
        assert!(!readiness.is_ready());
        let commands: Vec<&String> = readiness
            .items
            .iter()
            .flat_map(|item| &item.commands)
            .collect();
        for command in &commands {
            assert!(
                !command.contains(|c: char| c.is_control() || c == '\u{202e}'),
                "{command:?}"
            );
            // Carried out with harmless programs of these names, the line only prints; nothing of the name runs.
            let line = format!(
                "kubectl() {{ printf '%s\\n' \"$@\"; }}; az() {{ printf '%s\\n' \"$@\"; }}; base64() {{ cat; }}; openssl() {{ cat; }}; {command}"
            );
            let folder = written(&format!("shell-{position}"), &Files::new());
            let output = std::process::Command::new("sh")
                .arg("-c")
                .arg(line)
                .current_dir(&folder)
                .output()
                .unwrap();
            assert!(output.status.success(), "{command}: {output:?}");
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "{command}");
        }
        let page = markdown::render(&document(&readiness));
        // A command stands in a block of code, where nothing is markup; everything else is escaped.
        let page: String = page.split("```").step_by(2).collect();
        let page = page.replace("\\]", "");
        assert!(
            !page.contains("<script>")
                && !page.contains('\u{1b}')
                && !page.contains("](javascript:"),
            "{name:?}"
        );
    }
}

/// What the program prints, byte for byte; of the ready cluster, of one that lacks much, and of one that little was read of.
#[test]
fn reports_are_committed() {
    let mut lacking = fixture("ready");
    for (_, patch) in PATCHES.iter().filter(|(code, _)| *code != "user-pools") {
        patch(&mut lacking);
    }
    let mut files = Vec::new();
    for (name, fixture) in [
        ("ready", fixture("ready")),
        ("lacking", lacking),
        ("bare", fixture("bare")),
    ] {
        let folder = written(&format!("report-{name}"), &fixture);
        let snapshot = folder.join("snapshot.json");
        let (folder, file) = (folder.to_str().unwrap(), snapshot.to_str().unwrap());
        let made = aksplan(&["snapshot", "--from", folder, "--file", file], "");
        assert!(made.status.success(), "{made:?}");
        let text = fs::read_to_string(&snapshot).unwrap();
        let mut value: Value = serde_json::from_str(&text).unwrap();
        value["inventory"]["observed_at"] = json!(NOW);
        fs::write(&snapshot, value.to_string()).unwrap();
        for (format, extension) in [("markdown", "md"), ("json", "json")] {
            let printed = aksplan(
                &[
                    "readiness",
                    "--cluster",
                    "shop",
                    "--from",
                    file,
                    "-o",
                    format,
                ],
                "",
            );
            assert!(printed.status.success(), "{printed:?}");
            let text = String::from_utf8(printed.stdout).unwrap();
            files.push((format!("reports/readiness/{name}.{extension}"), text));
        }
        for (least, code) in [
            ("blocker", name == "lacking"),
            ("warning", name == "lacking"),
        ] {
            let ended = aksplan(&["readiness", "--from", file, "--fail-on", least], "")
                .status
                .code();
            assert_eq!(ended, Some(if code { 3 } else { 0 }), "{name} {least}");
        }
    }
    committed::check("readiness", &files);
}
