//! Every command of the binary, found by its own help: it sends nothing but reads, it shows its token to nobody, and what it
//! sends is what the published API takes.

use crate::binary::{Folder, PATIENCE, Ran, commands, run, run_as};
use crate::cassettes::{cassettes, recordings};
use crate::estate::{GROUP, estate, subscription};
use crate::server::{Azure, Logged, Manners, TOKEN, Token};
use crate::whole::SMALL;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// `POST`s that only read.
const READ_POSTS: [&str; 2] = [
    "/providers/microsoft.resourcegraph/resources",
    "/listclusterusercredential",
];

/// What a command needs beside where to read from. A new one that reads live and is not here fails, so that somebody decides.
const NEEDS: &[(&str, &[&str])] = &[
    ("capacity", &[]),
    ("predict", &["--cluster", "CLUSTER", "--scale", "work=9"]),
    ("cidr check", &[]),
    ("cidr suggest", &["--for", "pod", "--cluster", "CLUSTER"]),
    ("compare", &["--cluster", "CLUSTER"]),
    ("drain", &["--cluster", "CLUSTER", "--all-nodes"]),
    ("upgrade", &["--cluster", "CLUSTER"]),
    ("migrate", &["--cluster", "CLUSTER"]),
    ("readiness", &["--cluster", "CLUSTER"]),
    ("simulate", &["weeks.yaml"]),
    ("report", &[]),
    ("snapshot", &["-f", "estate.json"]),
];

/// Commands that need a cluster's objects as well.
const SIMULATES: [&str; 3] = ["drain", "upgrade", "migrate"];

/// Every command and subcommand, as the words before its flags.
fn every_command() -> Vec<String> {
    let mut found = Vec::new();
    for command in commands() {
        let help = help_of(&command);
        match help.split_once("Commands:\n") {
            Some((_, list)) if command != "help" => {
                let inner = list
                    .lines()
                    .take_while(|line| !line.trim().is_empty())
                    .filter_map(|line| line.strip_prefix("  "))
                    .filter(|line| !line.starts_with(' '))
                    .filter_map(|line| line.split_whitespace().next())
                    .filter(|word| *word != "help");
                found.extend(inner.map(|word| format!("{command} {word}")));
            }
            _ => found.push(command),
        }
    }
    found
}

fn help_of(command: &str) -> String {
    let mut args: Vec<&str> = command.split(' ').collect();
    args.push("--help");
    run_as(&Folder::new(), &args, None, PATIENCE).stdout
}

/// Ways to say where to read.
fn places() -> Vec<Vec<String>> {
    let words = |text: String| text.split(' ').map(str::to_string).collect();
    vec![
        words(format!("--subscription {}", subscription(1))),
        words(format!(
            "--subscription {} -g rg-network-1 --verbose",
            subscription(1)
        )),
        words("--all --verbose".to_string()),
        words(format!("--management-group {GROUP}")),
    ]
}

/// Runs every command that reads live, in every way to say where; with the request log of each.
fn everything(mut each: impl FnMut(&str, &Ran, &Folder, &[Logged])) -> BTreeSet<String> {
    let made = estate(SMALL);
    let mut live = BTreeSet::new();
    for command in every_command() {
        let help = help_of(&command);
        if !help.contains("--arm-endpoint") {
            continue;
        }
        let needs = NEEDS
            .iter()
            .find(|(name, _)| *name == command)
            .unwrap_or_else(|| panic!("`{command}` reads live: say in NEEDS what it takes"))
            .1;
        for place in places() {
            let azure = Azure::start(
                made.world.clone(),
                Manners {
                    page_size: 5,
                    ..Manners::default()
                },
            );
            // A cluster that each place holds.
            let cluster = made
                .truth
                .clusters
                .keys()
                .find(|id| id.contains(&subscription(1)))
                .expect("one")
                .clone();
            let mut args: Vec<&str> = command.split(' ').collect();
            args.extend(needs.iter().map(|word| {
                if *word == "CLUSTER" {
                    cluster.as_str()
                } else {
                    word
                }
            }));
            args.extend(place.iter().map(String::as_str));
            let folder = Folder::new();
            if command == "simulate" {
                let quiet = "apiVersion: aksplan/v1\nname: weeks\ntimeline: { starts: 2027-01-04, weeks: 2 }\n";
                std::fs::write(folder.path.join("weeks.yaml"), quiet).expect("it can be written");
            }
            let ran = run(&azure, &folder, &args);
            let shown = format!("aksplan {}", args.join(" "));
            // No API server is asked here: simulations read Azure, and then miss the cluster's objects.
            let misses_objects = ran.code == Some(2) && ran.stderr.contains("no nodes of cluster");
            assert!(
                matches!(ran.code, Some(0 | 3))
                    || (misses_objects && SIMULATES.contains(&command.as_str())),
                "{shown}: {:?} {}",
                ran.code,
                ran.stderr
            );
            let log = azure.log();
            assert!(!log.is_empty(), "{shown} asked nothing");
            each(&shown, &ran, &folder, &log);
        }
        live.insert(command);
    }
    live
}

#[test]
fn every_command_only_reads_and_shows_its_token_to_nobody() {
    let live = everything(|shown, ran, folder, log| {
        for entry in log {
            let path = entry.path.to_ascii_lowercase();
            let reads = entry.method == "GET"
                || (entry.method == "POST" && READ_POSTS.iter().any(|end| path.ends_with(end)));
            assert!(reads, "{shown} sent {} {}", entry.method, entry.path);
            assert_eq!(entry.token, Token::Right, "{shown}: {}", entry.path);
            assert_eq!(
                entry.status,
                Some(200),
                "{shown}: {} {}",
                entry.method,
                entry.path
            );
            assert_eq!(
                entry.headers.get("user-agent").map(String::as_str),
                Some(concat!("aksplan/", env!("CARGO_PKG_VERSION"))),
                "{shown}"
            );
            let all = format!("{entry:?}");
            assert!(
                !all.contains(TOKEN),
                "{shown}: the token is outside of its header: {all}"
            );
        }
        hides_the_token(shown, &ran.all(), folder);
    });
    let least = [
        "capacity",
        "predict",
        "cidr check",
        "cidr suggest",
        "compare",
        "drain",
        "upgrade",
        "migrate",
        "report",
        "snapshot",
    ];
    for command in least {
        assert!(
            live.contains(command),
            "{command} does not read live: {live:?}"
        );
    }
}

fn hides_the_token(shown: &str, printed: &str, folder: &Folder) {
    let mut files = 0;
    for entry in std::fs::read_dir(&folder.path).expect("a folder") {
        let bytes = std::fs::read(entry.expect("readable").path()).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(TOKEN), "{shown} wrote the token to a file");
        files += 1;
    }
    assert!(
        files >= 2,
        "standard output and standard error are files here"
    );
    assert!(!printed.contains(TOKEN), "{shown} printed the token");
}

/// Errors hide it too, whatever goes wrong, with every detail asked for.
#[test]
fn errors_hide_the_token() {
    use crate::fault::{self, Fault};
    for fault in [
        Fault::Expired,
        Fault::Status(403),
        Fault::Html(200),
        Fault::CutJson,
        Fault::NextPageAt("http://localhost:9/x".to_string()),
    ] {
        let given = fault.clone();
        let manners = Manners {
            plan: fault::plan(move |_| Some(given.clone())),
            ..Manners::default()
        };
        let azure = Azure::start(estate(SMALL).world, manners);
        let folder = Folder::new();
        let ran = run(
            &azure,
            &folder,
            &["capacity", "--subscription", &subscription(0), "--verbose"],
        );
        assert!(ran.code.is_some(), "{fault:?}");
        hides_the_token(&format!("{fault:?}"), &ran.all(), &folder);
    }
}

/// `--verbose` says how many requests were made, and the server saw as many.
#[test]
fn verbose_counts_what_was_sent() {
    let azure = Azure::start(estate(SMALL).world, Manners::default());
    let folder = Folder::new();
    let ran = run(&azure, &folder, &["capacity", "--all", "--verbose"]);
    let made = format!("{} requests", azure.log().len());
    assert!(ran.stderr.contains(&made), "{made}: {}", ran.stderr);
}

/// Every request is one that the published API has: path, version, query and body. Paths of networks are those of the published
/// specification; those of clusters and of Resource Graph are held against what was recorded.
#[test]
fn every_request_is_one_that_the_published_api_takes() {
    let Some(root) = recordings() else { return };
    let mut templates = published(&root);
    for cassette in cassettes(&root, &['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J']) {
        for exchange in cassette
            .exchanges
            .iter()
            .filter(|exchange| exchange.status == 200)
        {
            templates
                .entry((exchange.method.clone(), template(&exchange.path)))
                .or_insert_with(|| BTreeSet::from(["api-version".to_string()]));
        }
    }
    let versions: BTreeSet<String> =
        std::fs::read_dir(root.join("azure-resource-manager-schemas/2026-08-16/schemas"))
            .expect("the schemas are there")
            .map(|entry| {
                entry
                    .expect("readable")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    everything(|shown, _, _, log| {
        for entry in log {
            let key = (entry.method.clone(), template(&entry.path));
            *seen.entry(key.clone()).or_default() += 1;
            let version = entry.query("api-version").unwrap_or_default();
            assert!(
                is_version(version),
                "{shown}: {} {:?}",
                entry.path,
                entry.query
            );
            if key.1.contains("microsoft.containerservice") {
                assert!(
                    versions.contains(version),
                    "{}: {version} has no published schema: {versions:?}",
                    entry.path
                );
            }
            let Some(parameters) = templates.get(&key) else {
                unknown.insert(key);
                continue;
            };
            for (name, _) in &entry.query {
                // How the service itself continues a list.
                let known = parameters.contains(name) || name.eq_ignore_ascii_case("$skiptoken");
                assert!(
                    known,
                    "{shown}: {} has no query parameter `{name}`",
                    entry.path
                );
            }
            if entry.method == "POST" && key.1.ends_with("/resources") {
                graph_body(&entry.body);
            }
            if entry.method == "GET" {
                assert!(entry.body.is_empty(), "{shown}: a GET with a body");
            }
        }
    });
    for ((method, path), times) in &seen {
        println!("{times:>5} {method} {path}");
    }
    // In the specification of other services, or of network resources that are not at hand; each is a plain list.
    let elsewhere: BTreeSet<(String, String)> = [
        "/subscriptions",
        "/subscriptions/*/providers/microsoft.containerservice/managedclusters",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.containerservice/managedclusters",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.containerservice/managedclusters/*/maintenanceconfigurations",
        "/subscriptions/*/providers/microsoft.network/natgateways",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.network/natgateways",
        "/subscriptions/*/providers/microsoft.network/loadbalancers",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.network/loadbalancers",
        "/subscriptions/*/providers/microsoft.network/networkinterfaces",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.network/networkinterfaces",
        "/subscriptions/*/providers/microsoft.network/networksecuritygroups",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.network/networksecuritygroups",
        "/subscriptions/*/providers/microsoft.network/applicationgateways",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.network/applicationgateways",
        "/subscriptions/*/providers/microsoft.network/privatednszones",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.network/privatednszones",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.network/privatednszones/*/a",
        "/subscriptions/*/providers/microsoft.alertsmanagement/prometheusrulegroups",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.alertsmanagement/prometheusrulegroups",
        "/subscriptions/*/providers/microsoft.dashboard/grafana",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.dashboard/grafana",
        "/subscriptions/*/providers/microsoft.insights/metricalerts",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.insights/metricalerts",
        "/subscriptions/*/providers/microsoft.insights/scheduledqueryrules",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.insights/scheduledqueryrules",
        "/subscriptions/*/providers/microsoft.managedidentity/userassignedidentities",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.managedidentity/userassignedidentities",
        "/subscriptions/*/resourcegroups/*/providers/microsoft.managedidentity/userassignedidentities/*/federatedidentitycredentials",
    ]
    .map(|path| ("GET".to_string(), path.to_string()))
    .into();
    let surprising: Vec<_> = unknown.difference(&elsewhere).collect();
    assert!(surprising.is_empty(), "{surprising:?}");
    assert!(
        seen.keys()
            .filter(|key| templates.contains_key(*key))
            .count()
            >= 6,
        "{seen:?}"
    );
}

/// `2024-03-01`, or the same with `-preview`.
fn is_version(text: &str) -> bool {
    let date = text.strip_suffix("-preview").unwrap_or(text);
    let parts: Vec<&str> = date.split('-').collect();
    parts.len() == 3
        && [4, 2, 2].iter().zip(&parts).all(|(length, part)| {
            part.len() == *length && part.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// A path in lower case with `*` for every name.
fn template(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    let mut out = String::new();
    let mut parts = lower.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        out.push('/');
        out.push_str(part);
        if part == "providers" {
            // The provider, then type and name in turn.
            if let Some(provider) = parts.next() {
                out.push('/');
                out.push_str(provider);
            }
        } else if parts.next().is_some() {
            out.push_str("/*");
        }
    }
    out
}

/// Method and path of every operation of the published network specification, with its query parameters.
fn published(root: &std::path::Path) -> BTreeMap<(String, String), BTreeSet<String>> {
    let folder = root.join("azure-rest-api-specs/2024-10-30/specification/network/resource-manager/Microsoft.Network/stable/2024-01-01");
    let mut found: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("the specification is there") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            continue;
        }
        let whole: Value =
            serde_json::from_slice(&std::fs::read(&path).expect("readable")).expect("JSON");
        for (path, operations) in whole["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let query = parameters.filter_map(|parameter| {
                    if parameter["$ref"]
                        .as_str()
                        .is_some_and(|reference| reference.ends_with("/ApiVersionParameter"))
                    {
                        return Some("api-version".to_string());
                    }
                    (parameter["in"] == "query")
                        .then(|| parameter["name"].as_str().unwrap_or_default().to_string())
                });
                found
                    .entry((method.to_ascii_uppercase(), template(path)))
                    .or_default()
                    .extend(query);
            }
        }
    }
    assert!(found.len() > 50, "{} operations", found.len());
    found
}

/// The body of a query, by the fields that the service documents.
fn graph_body(body: &str) {
    let body: Value = serde_json::from_str(body).expect("JSON");
    for (field, value) in body.as_object().expect("an object") {
        let is_right = match field.as_str() {
            "query" => value.is_string(),
            "subscriptions" | "managementGroups" => value
                .as_array()
                .is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string)),
            "options" => value.as_object().is_some_and(|options| {
                options.iter().all(|(name, value)| match name.as_str() {
                    "$top" => value.as_u64().is_some_and(|top| (1..=1000).contains(&top)),
                    "$skip" => value.is_u64(),
                    "$skipToken" | "resultFormat" | "authorizationScopeFilter" => value.is_string(),
                    "allowPartialScopes" => value.is_boolean(),
                    _ => false,
                })
            }),
            _ => false,
        };
        assert!(is_right, "`{field}`: {value}");
    }
    assert!(body["query"].is_string());
}
