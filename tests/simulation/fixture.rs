//! `scenarios/payments/objects.json`: made here, the same every time, so that a change to it can be reviewed as code.
//! `AKSPLAN_UPDATE=1 cargo test --test simulation` writes it.

use crate::committed;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A service: namespace, name, pods, what its budget says, seconds its pods take to become Ready, thousandths of a core.
struct Service {
    namespace: &'static str,
    name: &'static str,
    replicas: usize,
    budget: Budget,
    starts: i64,
    cpu: usize,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Budget {
    MaxUnavailable(&'static str),
    MinAvailable(&'static str),
}
use Budget::{MaxUnavailable, MinAvailable};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    /// On a node of its own each.
    Apart,
    /// Evenly over zones.
    Zones,
    /// A StatefulSet with a disk in a zone.
    Disk,
}
use Kind::{Apart, Disk, Plain, Zones};

const fn service(
    namespace: &'static str,
    name: &'static str,
    replicas: usize,
    budget: Budget,
    starts: i64,
    cpu: usize,
    kind: Kind,
) -> Service {
    Service {
        namespace,
        name,
        replicas,
        budget,
        starts,
        cpu,
        kind,
    }
}

const ONE: Budget = MaxUnavailable("1");
const QUARTER: Budget = MaxUnavailable("25%");
const HALF: Budget = MinAvailable("50%");

#[rustfmt::skip]
const SERVICES: [Service; 40] = [
    service("gateway", "ingress", 6, ONE, 25, 400, Apart),
    service("gateway", "edge-auth", 4, ONE, 20, 250, Plain),
    service("gateway", "rate-limit", 3, MinAvailable("2"), 8, 100, Plain),
    service("gateway", "webhooks", 4, QUARTER, 15, 250, Plain),
    service("identity", "login", 6, ONE, 35, 250, Plain),
    service("identity", "sessions", 4, HALF, 12, 250, Plain),
    service("identity", "mfa", 3, ONE, 18, 200, Plain),
    service("identity", "profiles", 4, QUARTER, 22, 250, Plain),
    service("identity", "kyc", 3, ONE, 40, 500, Plain),
    service("ledger", "postgres", 3, MinAvailable("2"), 70, 750, Disk),
    service("ledger", "kafka", 5, ONE, 55, 400, Disk),
    service("ledger", "accounts", 8, QUARTER, 45, 250, Plain),
    service("ledger", "postings", 8, ONE, 45, 250, Plain),
    service("ledger", "balances", 6, QUARTER, 30, 250, Plain),
    service("ledger", "statements", 3, ONE, 25, 250, Plain),
    service("ledger", "reconcile", 2, ONE, 30, 500, Plain),
    service("notifications", "email", 3, HALF, 10, 100, Plain),
    service("notifications", "sms", 3, HALF, 10, 100, Plain),
    service("notifications", "push", 4, HALF, 10, 100, Plain),
    service("notifications", "templates", 2, ONE, 12, 100, Plain),
    service("payments", "api", 3, MinAvailable("2"), 95, 500, Zones),
    service("payments", "cards", 8, ONE, 60, 250, Plain),
    service("payments", "sepa", 6, ONE, 60, 250, Plain),
    service("payments", "swift", 4, ONE, 60, 500, Plain),
    service("payments", "instant", 6, MinAvailable("5"), 50, 250, Plain),
    service("payments", "refunds", 4, QUARTER, 30, 250, Plain),
    service("payments", "disputes", 3, ONE, 30, 250, Plain),
    service("payments", "tokens", 6, ONE, 40, 250, Apart),
    service("payments", "fees", 3, ONE, 20, 200, Plain),
    service("payments", "limits", 4, QUARTER, 20, 200, Plain),
    service("payments", "routing", 6, ONE, 35, 250, Plain),
    service("reporting", "export", 1, ONE, 25, 500, Plain),
    service("reporting", "dashboards", 3, ONE, 20, 250, Plain),
    service("reporting", "regulator", 2, ONE, 30, 500, Plain),
    service("reporting", "warehouse", 4, QUARTER, 30, 500, Plain),
    service("risk", "scoring", 8, QUARTER, 80, 500, Plain),
    service("risk", "rules", 6, ONE, 30, 250, Plain),
    service("risk", "sanctions", 4, ONE, 65, 500, Plain),
    service("risk", "fraud", 6, ONE, 75, 500, Plain),
    service("risk", "alerts", 3, ONE, 15, 200, Plain),
];

/// What AKS runs: namespace `kube-system`, on the system pool, budgets as AKS sets them.
const SYSTEM: [Service; 3] = [
    service(
        "kube-system",
        "coredns",
        4,
        MinAvailable("1"),
        6,
        100,
        Plain,
    ),
    service("kube-system", "konnectivity-agent", 2, ONE, 5, 20, Plain),
    service(
        "kube-system",
        "metrics-server",
        2,
        MinAvailable("1"),
        20,
        150,
        Plain,
    ),
];

const DAEMONS: [(&str, usize); 4] = [
    ("azure-ip-masq-agent", 100),
    ("cloud-node-manager", 50),
    ("csi-azuredisk-node", 60),
    ("kube-proxy", 100),
];

const GROUP: &str = "MC_rg-payments_payments_westeurope";
const HASH: [char; 10] = ['b', 'c', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm'];

/// A node while pods are dealt out.
struct Host {
    name: String,
    pool: &'static str,
    zone: usize,
    cpu: usize,
    pods: usize,
    /// Services that have a pod on it.
    services: Vec<&'static str>,
}

fn at(seconds: i64) -> String {
    let start: Timestamp = "2026-11-02T08:00:00Z".parse().expect("an instant");
    (start + SignedDuration::from_secs(seconds)).to_string()
}

fn hosts() -> Vec<Host> {
    [("apps", 20, "38250194"), ("system", 6, "38250194")]
        .into_iter()
        .flat_map(|(pool, count, number)| {
            (0..count).map(move |position| Host {
                name: format!("aks-{pool}-{number}-vmss{position:06}"),
                pool,
                zone: position % 3 + 1,
                cpu: DAEMONS.iter().map(|(_, cpu)| cpu).sum(),
                pods: DAEMONS.len(),
                services: Vec::new(),
            })
        })
        .collect()
}

fn node(position: usize, host: &Host) -> Value {
    let made = -86_400 * 19 + 40 * position as i64;
    let mut spec = json!({ "providerID": format!("azure:///subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/{}", host.name) });
    if host.pool == "system" {
        spec["taints"] =
            json!([{ "key": "CriticalAddonsOnly", "value": "true", "effect": "NoSchedule" }]);
    }
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": host.name,
            "creationTimestamp": at(made),
            "labels": {
                "agentpool": host.pool,
                "kubernetes.azure.com/agentpool": host.pool,
                "kubernetes.azure.com/cluster": GROUP,
                "kubernetes.azure.com/mode": if host.pool == "system" { "system" } else { "user" },
                "kubernetes.io/hostname": host.name,
                "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": "Standard_D4s_v5",
                "topology.disk.csi.azure.com/zone": format!("westeurope-{}", host.zone),
                "topology.kubernetes.io/region": "westeurope",
                "topology.kubernetes.io/zone": format!("westeurope-{}", host.zone),
            },
        },
        "spec": spec,
        "status": {
            "allocatable": { "cpu": "3860m", "memory": "12880740Ki", "ephemeral-storage": "119703055367", "pods": "30" },
            "conditions": [{ "type": "Ready", "status": "True", "lastTransitionTime": at(made + 25 + (position as i64 * 7) % 31) }],
            "nodeInfo": { "kubeletVersion": "v1.33.2" },
        },
    })
}

/// Five letters that look like what Kubernetes makes up.
fn made_up(seed: usize) -> String {
    let mut rest = seed.wrapping_mul(7_919).wrapping_add(104_729);
    (0..5)
        .map(|_| {
            let letter = HASH[rest % 10];
            rest /= 10;
            letter
        })
        .collect()
}

/// The node with the least work that may take another pod of the service.
fn choose(hosts: &[Host], pool: &str, service: &Service, taken: &[usize]) -> usize {
    let in_zone = |zone: usize| {
        taken
            .iter()
            .filter(|host| hosts[**host].zone == zone)
            .count()
    };
    hosts
        .iter()
        .enumerate()
        .filter(|(_, host)| host.pool == pool && host.pods < 28)
        .filter(|(_, host)| host.cpu + service.cpu <= 3_800)
        .filter(|(position, _)| service.kind != Apart || !taken.contains(position))
        .min_by_key(|(position, host)| {
            let zone = match service.kind {
                Zones | Disk => in_zone(host.zone),
                Plain | Apart => 0,
            };
            (zone, taken.contains(position), host.cpu, *position)
        })
        .map(|(position, _)| position)
        .expect("the cluster is large enough for its services")
}

fn owner(api: &str, kind: &str, name: &str) -> Value {
    json!([{ "apiVersion": api, "kind": kind, "name": name, "uid": format!("{kind}-{name}"), "controller": true }])
}

struct Made {
    nodes: Vec<Value>,
    pods: Vec<Value>,
    controllers: Vec<Value>,
    budgets: Vec<Value>,
    volumes: Vec<Value>,
}

fn controller(
    api: &str,
    kind: &str,
    service: &Service,
    name: &str,
    owners: Option<Value>,
) -> Value {
    let mut metadata = json!({ "namespace": service.namespace, "name": name, "uid": format!("{kind}-{name}"), "generation": 1 });
    if let Some(owners) = owners {
        metadata["ownerReferences"] = owners;
    }
    json!({
        "apiVersion": api,
        "kind": kind,
        "metadata": metadata,
        "spec": { "replicas": service.replicas, "selector": { "matchLabels": { "app": service.name } } },
        "status": { "replicas": service.replicas, "readyReplicas": service.replicas, "updatedReplicas": service.replicas, "observedGeneration": 1 },
    })
}

fn budget(service: &Service) -> Value {
    let share = |word: &str| match word.parse::<u64>() {
        Ok(number) => json!(number),
        Err(_) => json!(word),
    };
    let percent = |word: &str| {
        word.trim_end_matches('%')
            .parse::<usize>()
            .expect("a number")
    };
    let pods = service.replicas;
    let (field, word, desired) = match service.budget {
        MaxUnavailable(word) if word.ends_with('%') => (
            "maxUnavailable",
            word,
            pods - (pods * percent(word)).div_ceil(100),
        ),
        MaxUnavailable(word) => ("maxUnavailable", word, pods - percent(word)),
        MinAvailable(word) if word.ends_with('%') => {
            ("minAvailable", word, (pods * percent(word)).div_ceil(100))
        }
        MinAvailable(word) => ("minAvailable", word, percent(word)),
    };
    let mut spec = json!({ "selector": { "matchLabels": { "app": service.name } } });
    spec[field] = share(word);
    json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": { "namespace": service.namespace, "name": service.name, "generation": 1 },
        "spec": spec,
        "status": {
            "currentHealthy": pods,
            "desiredHealthy": desired,
            "disruptionsAllowed": pods - desired,
            "expectedPods": pods,
            "observedGeneration": 1,
        },
    })
}

fn pods(service: &Service, pool: &'static str, hosts: &mut [Host], made: &mut Made) {
    let app = service.name;
    let (api, kind, direct) = match service.kind {
        Disk => ("apps/v1", "StatefulSet", app.to_string()),
        _ => (
            "apps/v1",
            "ReplicaSet",
            format!(
                "{app}-{}",
                made_up(app.len() * 31 + service.starts as usize)
            ),
        ),
    };
    if kind == "ReplicaSet" {
        made.controllers
            .push(controller("apps/v1", "Deployment", service, app, None));
        made.controllers.push(controller(
            "apps/v1",
            "ReplicaSet",
            service,
            &direct,
            Some(owner("apps/v1", "Deployment", app)),
        ));
    } else {
        made.controllers
            .push(controller("apps/v1", "StatefulSet", service, app, None));
    }
    made.budgets.push(budget(service));
    let mut taken = Vec::new();
    for replica in 0..service.replicas {
        let chosen = choose(hosts, pool, service, &taken);
        taken.push(chosen);
        let host = &mut hosts[chosen];
        host.cpu += service.cpu;
        host.pods += 1;
        host.services.push(app);
        let number = made.pods.len();
        let name = match service.kind {
            Disk => format!("{app}-{replica}"),
            _ => format!("{direct}-{}", made_up(number)),
        };
        let bound = 300 * number as i64;
        // Not all of them take equally long.
        let ready = bound + service.starts + (number as i64 * 5) % (service.starts / 3 + 2);
        let mut spec = json!({
            "nodeName": host.name,
            "terminationGracePeriodSeconds": if service.kind == Disk { 120 } else { 30 },
            "containers": [{ "name": app, "resources": { "requests": { "cpu": format!("{}m", service.cpu), "memory": format!("{}Mi", service.cpu * 2) } } }],
        });
        let same = json!({ "matchLabels": { "app": app } });
        match service.kind {
            Plain => {}
            Apart => {
                spec["affinity"] = json!({ "podAntiAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": [
                    { "labelSelector": same, "topologyKey": "kubernetes.io/hostname" }
                ] } });
            }
            Zones => {
                spec["topologySpreadConstraints"] = json!([
                    { "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": same }
                ]);
            }
            Disk => {
                let claim = format!("data-{name}");
                let volume = format!("pvc-{}-{name}", service.namespace);
                spec["volumes"] =
                    json!([{ "name": "data", "persistentVolumeClaim": { "claimName": claim } }]);
                made.volumes.push(json!({
                    "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                    "metadata": { "namespace": service.namespace, "name": claim },
                    "spec": { "volumeName": volume, "storageClassName": "managed-csi-premium", "accessModes": ["ReadWriteOnce"] },
                    "status": { "phase": "Bound" },
                }));
                made.volumes.push(json!({
                    "apiVersion": "v1", "kind": "PersistentVolume",
                    "metadata": { "name": volume },
                    "spec": {
                        "accessModes": ["ReadWriteOnce"],
                        "storageClassName": "managed-csi-premium",
                        "claimRef": { "namespace": service.namespace, "name": claim },
                        "csi": { "driver": "disk.csi.azure.com" },
                        "nodeAffinity": { "required": { "nodeSelectorTerms": [{ "matchExpressions": [
                            { "key": "topology.disk.csi.azure.com/zone", "operator": "In", "values": [format!("westeurope-{}", host.zone)] }
                        ] }] } },
                    },
                    "status": { "phase": "Bound" },
                }));
            }
        }
        if pool == "system" {
            spec["tolerations"] = json!([{ "key": "CriticalAddonsOnly", "operator": "Exists" }]);
            spec["nodeSelector"] = json!({ "kubernetes.azure.com/mode": "system" });
        }
        made.pods.push(json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "namespace": service.namespace,
                "name": name,
                "creationTimestamp": at(bound),
                "labels": { "app": app },
                "ownerReferences": owner(api, kind, &direct),
            },
            "spec": spec,
            "status": running(bound, ready),
        }));
    }
}

fn running(bound: i64, ready: i64) -> Value {
    json!({
        "phase": "Running",
        "startTime": at(bound),
        "conditions": [
            { "type": "PodScheduled", "status": "True", "lastTransitionTime": at(bound) },
            { "type": "Ready", "status": "True", "lastTransitionTime": at(ready) },
        ],
    })
}

fn daemons(hosts: &[Host], made: &mut Made) {
    for (name, cpu) in DAEMONS {
        made.controllers.push(json!({
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": { "namespace": "kube-system", "name": name, "uid": format!("DaemonSet-{name}"), "generation": 1 },
            "spec": { "selector": { "matchLabels": { "component": name } } },
            "status": { "desiredNumberScheduled": hosts.len(), "numberReady": hosts.len(), "observedGeneration": 1 },
        }));
        for host in hosts {
            let number = made.pods.len();
            let bound = -86_400 + number as i64;
            made.pods.push(json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "namespace": "kube-system",
                    "name": format!("{name}-{}", made_up(number)),
                    "creationTimestamp": at(bound),
                    "labels": { "component": name },
                    "ownerReferences": owner("apps/v1", "DaemonSet", name),
                },
                "spec": {
                    "nodeName": host.name,
                    "hostNetwork": true,
                    "terminationGracePeriodSeconds": 30,
                    "containers": [{ "name": name, "resources": { "requests": { "cpu": format!("{cpu}m"), "memory": "50Mi" } } }],
                    "tolerations": [{ "operator": "Exists" }],
                },
                "status": running(bound, bound + 5),
            }));
        }
    }
}

/// A pod that nobody controls: somebody's shell.
fn shell(host: &Host, made: &mut Made) {
    made.pods.push(json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "namespace": "payments", "name": "debug-shell", "creationTimestamp": at(3_600), "labels": { "run": "debug-shell" } },
        "spec": {
            "nodeName": host.name,
            "terminationGracePeriodSeconds": 30,
            "containers": [{ "name": "shell", "resources": { "requests": { "cpu": "10m", "memory": "32Mi" } } }],
        },
        "status": running(3_600, 3_604),
    }));
}

fn list(objects: &[Value]) -> String {
    let lines: Vec<String> = objects.iter().map(Value::to_string).collect();
    format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n{}\n]}}\n",
        lines.join(",\n")
    )
}

/// Classic Azure CNI: a node keeps 29 addresses side by side, one of its own and one for every pod it may run, and gives them out in
/// whatever order they came back in.
fn addresses(hosts: &[Host], made: &mut Made) {
    const FIRST: usize = 4;
    const KEPT: usize = 29;
    let address = |number: usize| format!("10.20.{}.{}", number / 256, number % 256);
    let mut given = vec![0; hosts.len()];
    for (position, node) in made.nodes.iter_mut().enumerate() {
        node["status"]["addresses"] =
            json!([{ "type": "InternalIP", "address": address(FIRST + position * KEPT) }]);
    }
    for pod in &mut made.pods {
        let host = pod["spec"]["nodeName"].as_str().expect("every pod runs");
        let position = hosts.iter().position(|known| known.name == host);
        let position = position.expect("on a node");
        let node = FIRST + position * KEPT;
        let own = match pod["spec"]["hostNetwork"] == json!(true) {
            true => node,
            false => {
                given[position] += 1;
                // 11 and 28 have no divisor in common: no address twice.
                node + 1 + given[position] * 11 % (KEPT - 1)
            }
        };
        pod["status"]["podIP"] = json!(address(own));
        pod["status"]["podIPs"] = json!([{ "ip": address(own) }]);
    }
}

fn objects() -> String {
    let mut hosts = hosts();
    let mut made = Made {
        nodes: Vec::new(),
        pods: Vec::new(),
        controllers: Vec::new(),
        budgets: Vec::new(),
        volumes: Vec::new(),
    };
    // The largest first, as a scheduler that packs well would have it.
    let mut order: Vec<&Service> = SERVICES.iter().collect();
    order.sort_by_key(|service| std::cmp::Reverse((service.cpu, service.kind == Disk)));
    for service in order {
        pods(service, "apps", &mut hosts, &mut made);
    }
    for service in &SYSTEM {
        pods(service, "system", &mut hosts, &mut made);
    }
    shell(&hosts[3], &mut made);
    daemons(&hosts, &mut made);
    made.nodes = hosts
        .iter()
        .enumerate()
        .map(|(position, host)| node(position, host))
        .collect();
    addresses(&hosts, &mut made);
    let namespaces = [
        "gateway", "identity", "kube-system", "ledger", "notifications", "payments", "reporting", "risk",
    ]
    .map(|name| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": { "kubernetes.io/metadata.name": name } } }));
    let all: Vec<Value> = [
        namespaces.to_vec(),
        made.nodes,
        made.controllers,
        made.budgets,
        made.volumes,
        made.pods,
    ]
    .concat();
    list(&all)
}

/// The same budget as in the cluster, but of somebody who means well: it never lets a pod go.
fn strict() -> String {
    let mut never = budget(&SERVICES[20]);
    never["spec"]["minAvailable"] = json!(3);
    never["status"]["desiredHealthy"] = json!(3);
    never["status"]["disruptionsAllowed"] = json!(0);
    list(&[never])
}

#[test]
fn the_objects_are_those_made_here() {
    committed::check(
        "simulation",
        &[
            ("scenarios/payments/objects.json".to_string(), objects()),
            ("tests/fixtures/strict-budget.json".to_string(), strict()),
        ],
    );
}
