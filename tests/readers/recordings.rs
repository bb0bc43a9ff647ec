//! Real answers of Azure Resource Manager, where they are at hand (`../shared/recordings`, not part of this repository): every
//! body that is a resource we read must be read, and say what the recording's index says of it.

#[path = "../recordings/mod.rs"]
mod folder;

pub use folder::recordings;

use aksplan::model::{Inventory, NetworkMode};
use aksplan::source::facts::Facts;
use aksplan::source::{Found, read_document};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(serde::Deserialize)]
pub struct Cassette {
    #[serde(default)]
    pub interactions: Vec<Interaction>,
}

#[derive(serde::Deserialize)]
pub struct Interaction {
    pub request: Request,
    pub response: Response,
}

/// vcrpy says `uri`, go-vcr `url`.
#[derive(serde::Deserialize)]
pub struct Request {
    pub method: String,
    #[serde(alias = "uri")]
    pub url: String,
}

#[derive(serde::Deserialize)]
pub struct Response {
    #[cfg(feature = "azure")]
    #[serde(default)]
    pub headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    status: Option<Status>,
    #[serde(default)]
    code: Option<u16>,
    body: Body,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
pub enum Status {
    /// vcrpy
    Code { code: u16 },
    /// go-vcr: `200 OK`, and the number beside it
    Text(#[allow(dead_code)] String),
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
pub enum Body {
    Wrapped { string: Option<String> },
    Bare(String),
}

impl Response {
    pub fn status(&self) -> u16 {
        match &self.status {
            Some(Status::Code { code }) => *code,
            _ => self.code.unwrap_or_default(),
        }
    }

    fn is_ok(&self) -> bool {
        self.status() == 200
    }

    pub fn text(&self) -> &str {
        match &self.body {
            Body::Wrapped { string } => string.as_deref().unwrap_or_default(),
            Body::Bare(text) => text,
        }
    }
}

pub fn files(folder: &Path, ends: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the recordings") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|end| ends.iter().any(|wanted| end == *wanted))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// What the path of a request asks for, where it is something we read.
pub fn kind_of(url: &str) -> Option<&'static str> {
    let path = url.split('?').next()?.to_ascii_lowercase();
    let (_, after) = path.rsplit_once("/providers/")?;
    let parts: Vec<&str> = after.split('/').collect();
    Some(match parts.as_slice() {
        ["microsoft.containerservice", "managedclusters"]
        | ["microsoft.containerservice", "managedclusters", _] => "managedClusters",
        [
            "microsoft.containerservice",
            "managedclusters",
            _,
            "agentpools",
        ]
        | [
            "microsoft.containerservice",
            "managedclusters",
            _,
            "agentpools",
            _,
        ] => "agentPools",
        ["microsoft.network", "virtualnetworks"] | ["microsoft.network", "virtualnetworks", _] => {
            "virtualNetworks"
        }
        ["microsoft.network", "virtualnetworks", _, "subnets"]
        | ["microsoft.network", "virtualnetworks", _, "subnets", _] => "subnets",
        ["microsoft.network", "virtualnetworks", _, "usages"] => "usages",
        [
            "microsoft.network",
            "virtualnetworks",
            _,
            "virtualnetworkpeerings",
        ]
        | [
            "microsoft.network",
            "virtualnetworks",
            _,
            "virtualnetworkpeerings",
            _,
        ] => "peerings",
        ["microsoft.network", "natgateways"] | ["microsoft.network", "natgateways", _] => {
            "natGateways"
        }
        ["microsoft.network", "networkinterfaces", _] => "networkInterfaces",
        [
            "microsoft.containerservice",
            "managedclusters",
            _,
            "maintenanceconfigurations",
        ]
        | [
            "microsoft.containerservice",
            "managedclusters",
            _,
            "maintenanceconfigurations",
            _,
        ] => "maintenanceConfigurations",
        ["microsoft.network", "routetables"] | ["microsoft.network", "routetables", _] => {
            "routeTables"
        }
        _ => return None,
    })
}

/// How many facts of the kind were found.
fn count(kind: &str, facts: &Facts) -> usize {
    match kind {
        "managedClusters" => facts.clusters.len(),
        "agentPools" => facts.pools.len(),
        "virtualNetworks" => facts.vnets.len(),
        "subnets" => facts.subnets.len(),
        "usages" => facts.usages.len(),
        "peerings" => facts.peerings.len(),
        "natGateways" => facts.nat_gateways.len(),
        "networkInterfaces" => facts.addresses.len(),
        "maintenanceConfigurations" => {
            // Every schedule that was recorded is understood.
            let understood = facts.maintenance.iter();
            let understood = understood.filter(|fact| fact.configuration.not_understood.is_empty());
            understood.count()
        }
        _ => facts.route_tables.len(),
    }
}

/// A cluster as its cassette shows it: mode, and each pool's nodes and max_pods, as `overlay 1×250`.
fn picture(cluster: &aksplan::source::facts::ClusterFact) -> String {
    let mut joined = cluster.cluster.clone();
    joined.pools = cluster.pools.iter().map(|fact| fact.pool.clone()).collect();
    let mode = joined.mode().map_or("?", NetworkMode::key);
    let pools: Vec<String> = cluster
        .pools
        .iter()
        .map(|fact| {
            format!(
                "{}×{}",
                fact.pool.count,
                fact.max_pods
                    .map_or("?".to_string(), |pods| pods.to_string())
            )
        })
        .collect();
    let stacks = if joined.network.pod_cidrs.len() > 1 {
        " dual"
    } else {
        ""
    };
    format!("{mode}{stacks} {}", pools.join(" "))
}

#[test]
fn every_recorded_answer_is_read() {
    let Some(root) = recordings() else { return };
    let mut bodies: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut pictures: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut refused: Vec<String> = Vec::new();
    let mut joined = 0;
    for path in files(&root, &["yaml", "yml"]) {
        let text = std::fs::read_to_string(&path).expect("a recording is text");
        if !text.contains("interactions:") {
            continue;
        }
        let cassette: Cassette = serde_saphyr::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = path
            .file_stem()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned();
        let mut together = Found::default();
        for (number, interaction) in cassette.interactions.iter().enumerate() {
            let (request, response) = (&interaction.request, &interaction.response);
            let Some(kind) =
                kind_of(&request.url).filter(|_| request.method == "GET" && response.is_ok())
            else {
                continue;
            };
            let name = format!("{file}#{number}");
            match read_document(&name, response.text().as_bytes()) {
                Ok(found) => {
                    let entry = bodies.entry(kind).or_default();
                    entry.0 += 1;
                    entry.1 += count(kind, &found.facts);
                    if let [cluster] = found.facts.clusters.as_slice() {
                        let seen = pictures.entry(file.clone()).or_default();
                        let now = picture(cluster);
                        if seen.last() != Some(&now) {
                            seen.push(now);
                        }
                    }
                    together.facts.append(found.facts);
                }
                Err(error) => refused.push(error.to_string()),
            }
        }
        // Joined, the only thing that may be missing is a resource that nobody asked for while it was recorded.
        match together.assemble() {
            Ok(_) => joined += 1,
            Err(error)
                if error
                    .problem
                    .contains("which was not read; add the output of") => {}
            Err(error) => refused.push(format!("joined: {error}")),
        }
    }
    for (kind, (answers, facts)) in &bodies {
        println!("{kind}: {answers} answers, {facts} resources");
    }
    println!("{joined} cassettes are an estate of their own");
    for (file, seen) in &pictures {
        println!("{file}: {}", seen.join(" → "));
    }
    assert_eq!(refused, [""; 0], "refused");
    for (kind, least) in [
        ("managedClusters", 150),
        ("agentPools", 100),
        ("virtualNetworks", 40),
        ("subnets", 20),
        ("peerings", 10),
        ("routeTables", 2),
        ("natGateways", 6),
        ("networkInterfaces", 1),
        ("maintenanceConfigurations", 8),
    ] {
        let (answers, facts) = bodies.get(kind).copied().unwrap_or_default();
        assert!(
            answers >= least && facts >= least,
            "{kind}: {answers} answers, {facts} resources"
        );
    }
    for (file, want) in SEEN {
        let seen = pictures
            .get(*file)
            .unwrap_or_else(|| panic!("{file} has no cluster"));
        assert_eq!(seen.join(" → "), *want, "{file}");
    }
}

/// The move to Overlay was recorded twice. What the index says of each cassette, and what is plain in its bodies.
const SEEN: &[(&str, &str)] = &[
    (
        "test_aks_azure_cni_overlay_migration",
        "node_subnet 3×30 → overlay 3×30 → node_subnet 3×30 → overlay 3×30",
    ),
    (
        "test_aks_create_dualstack_with_default_network",
        "kubenet dual 3×110",
    ),
    ("test_aks_create_with_default_network", "kubenet 3×110"),
    ("test_aks_create_with_network_plugin_none", "none 3×250"),
    (
        "test_aks_create_with_overlay_network_plugin_mode",
        "overlay 1×250",
    ),
    (
        "test_aks_create_with_network_dataplane_cilium",
        "overlay 1×250",
    ),
    ("test_aks_create_network_cidr", "kubenet 3×110"),
    (
        "test_aks_control_plane_user_assigned_identity",
        "kubenet 1×110 → kubenet 3×110",
    ),
    ("test_aks_migrate_vmas_to_vms", "kubenet 3×110"),
    (
        "test_aks_upgrade_nodepool",
        "node_subnet 1×30 → node_subnet 1×30 1×30",
    ),
    (
        "test_aks_nodepool_add_with_ossku_windows2025",
        "node_subnet 1×30",
    ),
    (
        "Test_AKS_ManagedCluster_20250801_CRUD",
        "overlay 1×250 → overlay 1×250 1×250",
    ),
    ("Test_AKS_ManagedCluster_20231001_CRUD", "node_subnet 1×30"),
];

#[test]
fn prefixes_and_ceilings_are_those_recorded() {
    let Some(root) = recordings() else { return };
    let clusters = |file: &str| -> Vec<aksplan::source::facts::ClusterFact> {
        let path = files(&root, &["yaml"])
            .into_iter()
            .find(|path| path.ends_with(file))
            .unwrap_or_else(|| panic!("{file} is not there"));
        let text = std::fs::read_to_string(path).expect("a recording is text");
        let cassette: Cassette = serde_saphyr::from_str(&text).expect("a cassette");
        cassette
            .interactions
            .iter()
            .filter(|interaction| {
                interaction.response.is_ok() && interaction.request.method == "GET"
            })
            .filter(|interaction| kind_of(&interaction.request.url) == Some("managedClusters"))
            .flat_map(|interaction| {
                read_document("x", interaction.response.text().as_bytes())
                    .expect("read above")
                    .facts
                    .clusters
            })
            .collect()
    };
    let moved = clusters(
        "2023-12-22/src/azure-cli/azure/cli/command_modules/acs/tests/latest/recordings/test_aks_azure_cni_overlay_migration.yaml",
    );
    let last = &moved.last().expect("it was asked for").cluster;
    assert_eq!(
        last.network
            .pod_cidr_v4()
            .map(ToString::to_string)
            .as_deref(),
        Some("100.64.0.0/10")
    );
    assert_eq!(last.network.service_cidrs[0].to_string(), "172.56.0.0/16");
    let scaled = clusters("recordings/test_aks_create_autoscaler_then_update.yaml");
    let bounds: Vec<_> = scaled
        .iter()
        .map(|fact| {
            fact.pools[0]
                .pool
                .autoscaler
                .map(|bounds| (bounds.min_count, bounds.max_count))
        })
        .collect();
    assert_eq!(bounds.first().copied().flatten(), Some((1, 5)));
    assert!(
        bounds.contains(&None) && bounds.contains(&Some((2, 5))),
        "{bounds:?}"
    );
    assert_eq!(bounds.last().copied().flatten(), Some((3, 101)));
    let settings = clusters("recordings/test_aks_create_with_default_network.yaml");
    assert_eq!(
        settings[0].cluster.network.pod_cidrs[0].to_string(),
        "172.126.0.0/16"
    );
}

/// The subscription-wide list of VNets: four node-subnet clusters at max_pods 30 minus one hold 29 addresses a Linux node.
#[test]
fn a_linux_node_holds_29_addresses_in_the_recorded_list() {
    let Some(root) = recordings() else { return };
    let path = files(&root, &["yaml"])
        .into_iter()
        .find(|path| path.ends_with("recordings/test_network_vnet.yaml"))
        .expect("it is in the index");
    let cassette: Cassette =
        serde_saphyr::from_str(&std::fs::read_to_string(path).expect("text")).expect("a cassette");
    let all: Inventory = cassette
        .interactions
        .iter()
        .map(|interaction| read_document("x", interaction.response.text().as_bytes()))
        .filter_map(Result::ok)
        .find(|found| found.facts.vnets.len() > 50)
        .expect("the list of 59 VNets")
        .assemble()
        .expect("a list of VNets joins")
        .current;
    assert_eq!(all.vnets.len(), 59);
    let aks: Vec<_> = all
        .subnets
        .iter()
        .filter(|subnet| subnet.name == "aks-subnet")
        .collect();
    let mut totals: Vec<u64> = Vec::new();
    for subnet in aks {
        let holders = subnet.holders.as_deref().unwrap_or_default();
        if holders.is_empty() {
            continue;
        }
        totals.push(holders.iter().map(|holder| holder.addresses).sum());
        for holder in holders {
            let each = if holder.name.starts_with("aks-default") {
                29
            } else {
                31
            };
            assert_eq!(holder.addresses, each * holder.machines, "{holder:?}");
        }
    }
    totals.sort_unstable();
    assert_eq!(totals, [116, 116, 147, 147]);
}

/// Every JSON file, whatever it is: an answer or an error, never a panic. Examples of the published specification hold bodies.
#[test]
fn every_json_file_is_answered() {
    let Some(root) = recordings() else { return };
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut examples = 0;
    for path in files(&root, &["json"]) {
        let name = path
            .file_name()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned();
        let bytes = std::fs::read(&path).expect("readable");
        let outcome = match read_document(&name, &bytes).and_then(Found::assemble) {
            Ok(_) => "read",
            Err(error) if error.problem.starts_with("not recognised") => "not recognised",
            Err(error) => panic!("{}: {error}", path.display()),
        };
        *outcomes.entry(outcome).or_default() += 1;
        let whole: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        for code in ["200", "201"] {
            let body = &whole["responses"][code]["body"];
            let is_ours = body.is_object()
                && ["VirtualNetwork", "Subnet", "RouteTable"]
                    .iter()
                    .any(|start| name.starts_with(start))
                && !name.contains("ServiceUsage")
                && !name.starts_with("RouteTableRoute");
            if is_ours {
                examples += 1;
                let read = read_document(&name, body.to_string().as_bytes());
                let known_gap =
                    name.contains("Prepare") || name.contains("Ddos") || name.contains("CheckIP");
                assert!(
                    read.is_ok() || known_gap,
                    "{name}: {}",
                    read.expect_err("just seen")
                );
            }
        }
    }
    println!("{outcomes:?}, {examples} bodies of examples");
    assert!(examples >= 30, "{examples}");
}
