//! Snapshots of a busy estate: ten clusters with 5,000 nodes and 150,000 pods, written and read back, plain and compressed.
//!
//! `cargo bench --bench snapshot` makes the state in memory (seeded: the same every time), measures every compression level within
//! the process, then the whole program: `aksplan snapshot --from FILE -f FILE` and `aksplan capacity --from FILE`, from exec to
//! exit, with its peak memory.
#![allow(
    clippy::field_reassign_with_default,
    reason = "what is not named is empty, whatever an object may have"
)]

mod measure;

use aksplan::model::workload::{Node, Owner, Placement, Pod, Resources, Toleration};
use aksplan::model::{
    Cluster, Identity, Inventory, KubernetesState, NetworkPlugin, NetworkProfile, NodePool, Subnet,
    SubnetIndex, VirtualNetwork, VnetIndex,
};
use aksplan::source::read_document;
use aksplan::source::snapshot::{Document, Encoding, encode};
use measure::{best, instant, labels, program};
use std::path::{Path, PathBuf};

const CLUSTERS: usize = 10;
const NODES: usize = 500;
const PODS_A_NODE: usize = 30;

fn main() {
    let inventory = inventory();
    let document = Document::of(&inventory, None);
    println!(
        "{} nodes, {} pods\n",
        CLUSTERS * NODES,
        CLUSTERS * NODES * PODS_A_NODE
    );
    println!("within the process:");
    let mut plain = Vec::new();
    for encoding in [Encoding::Json, Encoding::Zstd] {
        let mut bytes = Vec::new();
        let written = best(|| {
            bytes.clear();
            encode(&document, encoding, &mut bytes).expect("memory takes everything");
        });
        let read = best(|| {
            let found = read_document("estate", &bytes).expect("what was written");
            let back = found.assemble().expect("what was written").current;
            assert_eq!(back.clusters.len(), CLUSTERS);
            // What a command does that ends then.
            std::mem::forget(back);
        });
        println!(
            "  {encoding:?}: {:.1} MB, written in {written:.0} ms, read in {read:.0} ms",
            megabytes(bytes.len())
        );
        if encoding == Encoding::Json {
            plain = bytes;
        }
    }
    println!("\ncompression alone, by level:");
    for level in [1, 3, 6, 9, 12] {
        let mut size = 0;
        let time = best(|| {
            size = zstd::encode_all(&plain[..], level)
                .expect("memory takes everything")
                .len()
        });
        println!(
            "  level {level:>2}: {:.1} MB in {time:.0} ms",
            megabytes(size)
        );
    }
    println!("\nthe whole program, from exec to exit:");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/.cache");
    std::fs::create_dir_all(&folder).expect("benches/.cache can be written");
    let (json, zst, again) = (
        folder.join("estate.json"),
        folder.join("estate.json.zst"),
        folder.join("again.json.zst"),
    );
    std::fs::write(&json, &plain).expect("disk space");
    run(
        "snapshot, plain to compressed",
        &["snapshot", "--from"],
        &json,
        Some(&zst),
    );
    run(
        "snapshot, compressed to compressed",
        &["snapshot", "--from"],
        &zst,
        Some(&again),
    );
    run(
        "capacity of the plain one",
        &["capacity", "--from"],
        &json,
        None,
    );
    run(
        "capacity of the compressed one",
        &["capacity", "--from"],
        &zst,
        None,
    );
}

fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

fn run(name: &str, arguments: &[&str], from: &PathBuf, to: Option<&PathBuf>) {
    let (time, peak) = program(|command| {
        command.args(arguments).arg(from);
        if let Some(to) = to {
            command.arg("--file").arg(to);
        }
    });
    println!("  {name}: {time:.0} ms, {peak} MB at its peak");
}

/// A small generator of numbers (splitmix64): the same every time, on every machine.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn hex(&mut self, digits: usize) -> String {
        format!("{:016x}", self.next())[..digits].to_string()
    }
}

fn inventory() -> Inventory {
    let mut seeded = Seeded(1);
    let mut inventory = Inventory::default();
    for number in 0..CLUSTERS {
        inventory.vnets.push(VirtualNetwork {
            told_apart: None,
            id: None,
            name: format!("spoke-{number}"),
            resource_group: Some(format!("rg-{number}")),
            address_space: vec![format!("10.{number}.0.0/16").parse().expect("a prefix")],
            peerings: Vec::new(),
            provisioning_state: None,
        });
        inventory.subnets.push(Subnet {
            vnet: VnetIndex::new(number),
            id: None,
            name: "aks".to_string(),
            prefixes: vec![format!("10.{number}.0.0/17").parse().expect("a prefix")],
            delegations: Vec::new(),
            used: Some(15_500),
            holders: None,
            private_endpoints: 0,
            foreign: None,
            route_table: None,
            nat_gateway: None,
            security_group: None,
            addresses: Vec::new(),
            assumed: false,
        });
        let mut pool = NodePool::new("apps", NODES as u64, 30);
        pool.subnet = Some(SubnetIndex::new(number));
        inventory.clusters.push(Cluster {
            told_apart: None,
            id: None,
            name: format!("aks-{number}"),
            resource_group: Some(format!("rg-{number}")),
            node_resource_group: Some(format!("MC_rg-{number}_aks-{number}_westeurope")),
            kubernetes_version: None,
            provisioning_state: None,
            power_state: None,
            auto_upgrade: aksplan::model::AutoUpgrade::default(),
            network: NetworkProfile {
                plugin: Some(NetworkPlugin::Azure),
                ..NetworkProfile::default()
            },
            pools: vec![pool],
            private_cluster: false,
            api_server_vnet_integration: false,
            node_auto_provisioning: false,
            identity: Identity::UserAssigned,
            tenant: None,
            node_disruption_policy: None,
            ingress_application_gateway: false,
            addons: aksplan::model::Addons::default(),
            profiles: aksplan::model::Profiles::default(),
            maintenance: None,
            kubernetes: Some(std::sync::Arc::new(kubernetes(number, &mut seeded))),
        });
    }
    inventory
}

fn uid(seeded: &mut Seeded) -> String {
    [8, 4, 4, 4, 12].map(|length| seeded.hex(length)).join("-")
}

fn kubernetes(cluster: usize, seeded: &mut Seeded) -> KubernetesState {
    let mut state = KubernetesState::default();
    for number in 0..NODES {
        let name = format!("aks-apps-{cluster}1234567-vmss{number:06}");
        let zone = format!("westeurope-{}", number % 3 + 1);
        let mut node = Node::default();
        node.labels = labels(&[
            ("agentpool", "apps"),
            (
                "kubernetes.azure.com/cluster",
                &format!("MC_rg-{cluster}_aks-{cluster}_westeurope"),
            ),
            ("kubernetes.azure.com/mode", "user"),
            (
                "kubernetes.azure.com/node-image-version",
                "AKSUbuntu-2204gen2containerd-202509.11.0",
            ),
            ("kubernetes.io/arch", "amd64"),
            ("kubernetes.io/hostname", &name),
            ("kubernetes.io/os", "linux"),
            ("node.kubernetes.io/instance-type", "Standard_D8ds_v5"),
            ("topology.kubernetes.io/region", "westeurope"),
            ("topology.kubernetes.io/zone", &zone),
        ]);
        node.provider_id = Some(format!(
            "azure:///subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/mc_rg-{cluster}_aks-{cluster}_westeurope/providers/Microsoft.Compute/virtualMachineScaleSets/aks-apps-{cluster}1234567-vmss/virtualMachines/{number}"
        ));
        node.ready = true;
        node.allocatable = Resources {
            cpu_millis: 7_820,
            memory: 28_373_052 << 10,
            other: [("pods", 30), ("ephemeral-storage", 119_703_055_367)]
                .map(|(name, amount)| (name.to_string(), amount))
                .into(),
        };
        let (third, fourth) = (number * 31 / 256, number * 31 % 256);
        node.addresses = vec![
            format!("10.{cluster}.{third}.{fourth}")
                .parse()
                .expect("an address"),
        ];
        node.created_at = Some(instant("2026-10-02T08:15:30Z"));
        node.name.clone_from(&name);
        state.nodes.push(node);
        for place in 0..PODS_A_NODE {
            let app = format!("service-{}", seeded.next() % 400);
            let set = format!("{app}-{}", seeded.hex(9));
            let mut pod = Pod::default();
            pod.namespace = format!("team-{}", seeded.next() % 40);
            pod.name = format!("{set}-{}", seeded.hex(5));
            pod.labels = labels(&[
                ("app.kubernetes.io/name", &app),
                ("app.kubernetes.io/instance", &app),
                ("pod-template-hash", &set[set.len() - 9..]),
            ])
            .into();
            let owner = Owner {
                kind: "ReplicaSet".to_string(),
                name: set,
                uid: Some(uid(seeded)),
            };
            pod.owner = Some(owner.into());
            pod.node_name = Some(name.clone());
            pod.phase = Some("Running".to_string());
            let address = number * 31 + place + 1;
            pod.pod_ips = vec![
                format!("10.{cluster}.{}.{}", address / 256, address % 256)
                    .parse()
                    .expect("an address"),
            ];
            pod.ready = true;
            pod.requests = Resources {
                cpu_millis: 250,
                memory: 256 << 20,
                ..Resources::default()
            };
            pod.uid = Some(uid(seeded));
            let placement = Placement {
                tolerations: ["not-ready", "unreachable"]
                    .map(|condition| Toleration {
                        key: Some(format!("node.kubernetes.io/{condition}")),
                        operator: Some("Exists".to_string()),
                        value: None,
                        effect: Some("NoExecute".to_string()),
                        seconds: Some(300),
                    })
                    .into(),
                ..Placement::default()
            };
            pod.placement = Some(placement.into());
            pod.scheduled_at = Some(instant("2026-11-20T12:00:01Z"));
            pod.started_at = Some(instant("2026-11-20T12:00:02Z"));
            pod.ready_changed_at = Some(instant("2026-11-20T12:00:34Z"));
            pod.termination_grace_seconds = Some(30);
            pod.created_at = Some(instant("2026-11-20T12:00:00Z"));
            state.pods.push(pod);
        }
    }
    state.kinds = vec!["Node".to_string(), "Pod".to_string()];
    state
}
