//! Whole-process measurements of `aksplan capacity`: a generated fleet at four sizes, and the fintech scenario.
//!
//! `cargo bench --bench fleet` makes the files in `benches/.cache` (seeded: the same bytes every time), runs the binary on them
//! and prints the best and median wall time and the peak memory of each. `cargo bench --bench fleet -- 100000` adds a size.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Clusters of each fleet; every cluster has four pools and a VNet of two subnets.
const SIZES: [usize; 4] = [1_250, 2_500, 5_000, 10_000];
/// Azure allows 500 peerings a VNet.
const SPOKES_OF_A_HUB: usize = 400;

fn main() {
    let mut sizes = SIZES.to_vec();
    sizes.extend(
        std::env::args()
            .skip(1)
            .filter_map(|word| word.parse::<usize>().ok()),
    );
    println!("aksplan capacity, whole process, from file to table\n");
    println!(
        "{:<22} {:>9} {:>10} {:>10} {:>9}",
        "input", "size MB", "best ms", "median ms", "peak MB"
    );
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/fintech.yaml");
    measure("fintech --vnet hub", &[scenario], &["--vnet", "hub"], 100);
    for size in sizes {
        let files = fleet(size);
        measure(
            &format!("{size} clusters"),
            &files,
            &[],
            if size > 10_000 { 3 } else { 10 },
        );
    }
}

fn measure(name: &str, files: &[PathBuf], flags: &[&str], runs: usize) {
    let megabytes: u64 = files
        .iter()
        .map(|file| fs::metadata(file).map_or(0, |meta| meta.len()))
        .sum();
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        let status = command(files, flags)
            .stdout(Stdio::null())
            .status()
            .expect("the binary was built for this");
        times.push(start.elapsed());
        assert!(status.success(), "{name}: {status}");
    }
    times.sort();
    println!(
        "{name:<22} {:>9.1} {:>10.1} {:>10.1} {:>9}",
        megabytes as f64 / 1e6,
        times[0].as_secs_f64() * 1e3,
        times[times.len() / 2].as_secs_f64() * 1e3,
        peak(files, flags).map_or_else(|| "?".to_string(), |peak| peak.to_string()),
    );
}

fn command(files: &[PathBuf], flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aksplan"));
    command.arg("capacity").args(flags);
    for file in files {
        command.arg("--from").arg(file);
    }
    command
}

/// Peak resident memory in MB, from the kernel's own count while the process runs.
fn peak(files: &[PathBuf], flags: &[&str]) -> Option<u64> {
    let mut child = command(files, flags).stdout(Stdio::null()).spawn().ok()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    while child.try_wait().ok()?.is_none() {
        if let Ok(text) = fs::read_to_string(&status) {
            let line = text.lines().find(|line| line.starts_with("VmHWM:"));
            let kilobytes =
                line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
            peak = kilobytes.map(|kilobytes| kilobytes / 1024).max(peak);
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    peak
}

/// A small generator of numbers: the same every time, on every machine.
struct Seeded(u64);

impl Seeded {
    /// A number below `bound` (splitmix64).
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// The files of a fleet, in the shape `az network vnet list`, `az network vnet list-usage` and `az aks list` print.
fn fleet(clusters: usize) -> Vec<PathBuf> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("benches/.cache/fleet-{clusters}"));
    let names = ["vnets.json", "usages.json", "clusters.json"];
    let files: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    if files.iter().all(|file| file.exists()) {
        return files;
    }
    fs::create_dir_all(&folder).expect("benches/.cache can be written");
    let mut seeded = Seeded(clusters as u64);
    let mut out: Vec<BufWriter<File>> = files
        .iter()
        .map(|file| BufWriter::new(File::create(file).expect("benches/.cache can be written")))
        .collect();
    for file in &mut out {
        file.write_all(b"[").expect("disk space");
    }
    for number in 0..clusters {
        let separator = if number == 0 { "\n" } else { ",\n" };
        let parts = [
            vnet(number),
            usages(number, &mut seeded),
            cluster(number, &mut seeded),
        ];
        for (file, part) in out.iter_mut().zip(parts) {
            write!(file, "{separator}{part}").expect("disk space");
        }
    }
    for hub in 0..clusters.div_ceil(SPOKES_OF_A_HUB) {
        write!(out[0], ",\n{}", hub_vnet(hub)).expect("disk space");
    }
    for file in &mut out {
        file.write_all(b"\n]\n").expect("disk space");
    }
    files
}

const SUBSCRIPTION: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups";

fn vnet_id(number: usize) -> String {
    format!("{SUBSCRIPTION}/rg-{number}/providers/Microsoft.Network/virtualNetworks/spoke-{number}")
}

fn hub_id(hub: usize) -> String {
    format!("{SUBSCRIPTION}/rg-hub-{hub}/providers/Microsoft.Network/virtualNetworks/hub-{hub}")
}

/// Spokes of one hub are apart; spokes of different hubs may share addresses, as in real estates.
fn spoke_octets(number: usize) -> (usize, usize) {
    let place = number % SPOKES_OF_A_HUB;
    (16 + place / 32, place % 32 * 8)
}

fn vnet(number: usize) -> String {
    let id = vnet_id(number);
    let (second, third) = spoke_octets(number);
    let hub = hub_id(number / SPOKES_OF_A_HUB);
    format!(
        r#"  {{
    "addressSpace": {{ "addressPrefixes": [ "10.{second}.{third}.0/21" ] }},
    "dhcpOptions": {{ "dnsServers": [] }},
    "enableDdosProtection": false,
    "etag": "W/\"00000000-0000-0000-0000-{number:012}\"",
    "id": "{id}",
    "location": "westeurope",
    "name": "spoke-{number}",
    "provisioningState": "Succeeded",
    "resourceGroup": "rg-{number}",
    "resourceGuid": "00000000-0000-0000-0000-{number:012}",
    "subnets": [
      {{ "addressPrefix": "10.{second}.{third}.0/22", "delegations": [], "etag": "W/\"0\"", "id": "{id}/subnets/aks", "name": "aks",
        "networkSecurityGroup": {{ "id": "{SUBSCRIPTION}/rg-{number}/providers/Microsoft.Network/networkSecurityGroups/aks" }},
        "privateEndpointNetworkPolicies": "Disabled", "privateLinkServiceNetworkPolicies": "Enabled", "provisioningState": "Succeeded",
        "resourceGroup": "rg-{number}", "type": "Microsoft.Network/virtualNetworks/subnets" }},
      {{ "addressPrefix": "10.{second}.{}.0/24", "delegations": [], "etag": "W/\"0\"", "id": "{id}/subnets/endpoints", "name": "endpoints",
        "privateEndpointNetworkPolicies": "Disabled", "privateLinkServiceNetworkPolicies": "Enabled", "provisioningState": "Succeeded",
        "resourceGroup": "rg-{number}", "type": "Microsoft.Network/virtualNetworks/subnets" }}
    ],
    "tags": {{ "owner": "team-{number}" }},
    "type": "Microsoft.Network/virtualNetworks",
    "virtualNetworkPeerings": [
      {{ "allowForwardedTraffic": false, "allowGatewayTransit": false, "allowVirtualNetworkAccess": true, "id": "{id}/virtualNetworkPeerings/hub",
        "name": "hub", "peeringState": "Connected", "provisioningState": "Succeeded", "remoteVirtualNetwork": {{ "id": "{hub}" }},
        "type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "useRemoteGateways": false }}
    ]
  }}"#,
        third + 4
    )
}

fn hub_vnet(hub: usize) -> String {
    let id = hub_id(hub);
    format!(
        r#"  {{
    "addressSpace": {{ "addressPrefixes": [ "10.0.0.0/22" ] }}, "id": "{id}", "location": "westeurope", "name": "hub-{hub}",
    "provisioningState": "Succeeded", "resourceGroup": "rg-hub-{hub}", "subnets": [], "type": "Microsoft.Network/virtualNetworks"
  }}"#
    )
}

fn usages(number: usize, seeded: &mut Seeded) -> String {
    let id = vnet_id(number);
    let row = |subnet: &str, used: u64, limit: u64| {
        format!(
            r#"  {{ "currentValue": {used}.0, "id": "{id}/subnets/{subnet}", "limit": {limit}.0, "name": {{ "localizedValue": "Subnet size and usage", "value": "SubnetSpace" }}, "unit": "Count" }}"#
        )
    };
    format!(
        "{},\n{}",
        row("aks", 300 + seeded.below(600), 1019),
        row("endpoints", seeded.below(40), 251)
    )
}

fn cluster(number: usize, seeded: &mut Seeded) -> String {
    let subnet = format!("{}/subnets/aks", vnet_id(number));
    let overlay = seeded.below(3) == 0;
    let mut pools = String::new();
    for (position, name) in ["system", "apps", "batch", "spot"].iter().enumerate() {
        let count = 1 + seeded.below(3);
        let max = count + seeded.below(12);
        let max_pods = [30, 50, 110][seeded.below(3) as usize];
        let separator = if position == 0 { "" } else { "," };
        let priority = if *name == "spot" { r#""Spot""# } else { "null" };
        write!(
            pools,
            r#"{separator}
      {{ "availabilityZones": [ "1", "2", "3" ], "count": {count}, "creationData": null, "currentOrchestratorVersion": "1.33.2", "enableAutoScaling": true,
        "enableEncryptionAtHost": false, "enableFips": false, "enableNodePublicIp": false, "enableUltraSsd": false, "kubeletDiskType": "OS",
        "maxCount": {max}, "maxPods": {max_pods}, "minCount": 1, "mode": "{}", "name": "{name}", "nodeImageVersion": "AKSUbuntu-2204gen2containerd-202509.11.0",
        "nodeLabels": {{ "pool": "{name}" }}, "nodeTaints": null, "orchestratorVersion": "1.33", "osDiskSizeGb": 128, "osDiskType": "Ephemeral",
        "osSku": "Ubuntu", "osType": "Linux", "podSubnetId": null, "powerState": {{ "code": "Running" }}, "provisioningState": "Succeeded",
        "scaleSetPriority": {priority}, "tags": null, "type": "VirtualMachineScaleSets",
        "upgradeSettings": {{ "drainTimeoutInMinutes": null, "maxSurge": "10%", "nodeSoakDurationInMinutes": null }}, "vmSize": "Standard_D8ds_v5",
        "vnetSubnetId": "{subnet}" }}"#,
            if position == 0 { "System" } else { "User" },
        )
        .expect("a string takes everything");
    }
    let profile = if overlay {
        r#""networkPlugin": "azure", "networkPluginMode": "overlay", "podCidr": "192.168.0.0/16", "podCidrs": [ "192.168.0.0/16" ]"#
    } else {
        r#""networkPlugin": "azure", "networkPluginMode": null, "podCidr": null, "podCidrs": null"#
    };
    format!(
        r#"  {{
    "agentPoolProfiles": [{pools}
    ],
    "apiServerAccessProfile": {{ "authorizedIpRanges": null, "enablePrivateCluster": false }},
    "currentKubernetesVersion": "1.33.2", "dnsPrefix": "aks-{number}", "enableRbac": true, "fqdn": "aks-{number}.hcp.westeurope.azmk8s.io",
    "id": "{SUBSCRIPTION}/rg-{number}/providers/Microsoft.ContainerService/managedClusters/aks-{number}",
    "identity": {{ "principalId": null, "tenantId": null, "type": "UserAssigned" }}, "kubernetesVersion": "1.33", "location": "westeurope",
    "maxAgentPools": 100, "name": "aks-{number}",
    "networkProfile": {{ "dnsServiceIp": "172.16.0.10", "ipFamilies": [ "IPv4" ], "loadBalancerSku": "standard", {profile}, "networkPolicy": "none",
      "outboundType": "userDefinedRouting", "serviceCidr": "172.16.0.0/16", "serviceCidrs": [ "172.16.0.0/16" ] }},
    "nodeResourceGroup": "MC_rg-{number}_aks-{number}_westeurope", "powerState": {{ "code": "Running" }}, "provisioningState": "Succeeded",
    "resourceGroup": "rg-{number}", "sku": {{ "name": "Base", "tier": "Standard" }}, "tags": {{ "owner": "team-{number}" }},
    "type": "Microsoft.ContainerService/ManagedClusters", "windowsProfile": null
  }}"#
    )
}
