//! 5,000 nodes and 150,000 pods of the size they have, in pages, through the real client, in a process of its own whose memory
//! is measured.

use super::loopback::{Loopback, Script, answer, empty};
use super::{Folder, kubeconfig, runtime};
use std::fmt::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

const NODES: usize = 5_000;
const PODS: usize = 150_000;
/// One GB is promised; half of it leaves room for what is made of the state.
const LIMIT_KIB: u64 = 512 << 10;

fn node(position: usize) -> String {
    let padding = "x".repeat(1200);
    format!(
        r#"{{"metadata":{{"name":"aks-apps-{position:05}-vmss","labels":{{"kubernetes.azure.com/cluster":"MC_rg_pier_x","agentpool":"apps","topology.kubernetes.io/zone":"westeurope-1","kubernetes.io/hostname":"aks-apps-{position:05}-vmss"}},"annotations":{{"volumes.kubernetes.io/padding":"{padding}"}}}},"spec":{{"providerID":"azure:///subscriptions/s/{position}","podCIDRs":["10.244.0.0/24"]}},"status":{{"allocatable":{{"cpu":"15740m","memory":"56Gi","pods":"110"}},"conditions":[{{"type":"Ready","status":"True","lastTransitionTime":"2026-01-02T03:04:05Z"}}],"addresses":[{{"type":"InternalIP","address":"10.1.{}.{}"}}]}}}}"#,
        position / 256,
        position % 256
    )
}

/// About 5 KB, as pods with two containers and a sidecar are.
fn pod(position: usize, padding: &str) -> String {
    let app = position / 30;
    let node = position % NODES;
    format!(
        r#"{{"metadata":{{"name":"payments-api-{app:05}-6d4cf56db6-{position:06}","generateName":"payments-api-{app:05}-6d4cf56db6-","namespace":"team-{:03}","uid":"0c1b2a3d-4e5f-6071-8293-{position:012}","resourceVersion":"123456789","creationTimestamp":"2026-01-02T03:04:05Z","labels":{{"app.kubernetes.io/name":"payments-api-{app:05}","app.kubernetes.io/instance":"payments","app.kubernetes.io/version":"1.27.3","team":"payments","pod-template-hash":"6d4cf56db6","security.istio.io/tlsMode":"istio"}},"annotations":{{"checksum/config":"{padding}"}},"ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"payments-api-{app:05}-6d4cf56db6","uid":"0c1b2a3d-4e5f-6071-8293-aa{app:010}","controller":true,"blockOwnerDeletion":true}}]}},"spec":{{"nodeName":"aks-apps-{node:05}-vmss","serviceAccountName":"default","containers":[{{"name":"api","image":"registry.example/payments/api:1.27.3","env":[{{"name":"A","value":"{padding}"}}],"resources":{{"limits":{{"cpu":"1","memory":"512Mi"}},"requests":{{"cpu":"250m","memory":"256Mi"}}}},"volumeMounts":[{{"name":"kube-api-access","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}}]}},{{"name":"proxy","image":"registry.example/mesh/proxy:2.1","args":["{padding}"],"resources":{{"requests":{{"cpu":"100m","memory":"128Mi"}}}}}}],"initContainers":[{{"name":"init","image":"registry.example/mesh/init:2.1","resources":{{"requests":{{"cpu":"10m","memory":"10Mi"}}}}}}],"tolerations":[{{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}},{{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}},{{"key":"workload","operator":"Equal","value":"payments","effect":"NoSchedule"}}],"affinity":{{"podAntiAffinity":{{"requiredDuringSchedulingIgnoredDuringExecution":[{{"labelSelector":{{"matchLabels":{{"app.kubernetes.io/name":"payments-api-{app:05}"}}}},"topologyKey":"kubernetes.io/hostname"}}]}}}},"topologySpreadConstraints":[{{"maxSkew":1,"topologyKey":"topology.kubernetes.io/zone","whenUnsatisfiable":"DoNotSchedule","labelSelector":{{"matchLabels":{{"app.kubernetes.io/name":"payments-api-{app:05}"}}}}}}],"volumes":[{{"name":"kube-api-access","projected":{{"sources":[]}}}},{{"name":"tmp","emptyDir":{{}}}}],"terminationGracePeriodSeconds":30,"priority":0}},"status":{{"phase":"Running","podIPs":[{{"ip":"10.{}.{}.{}"}}],"startTime":"2026-01-02T03:04:06Z","conditions":[{{"type":"PodScheduled","status":"True","lastTransitionTime":"2026-01-02T03:04:05Z"}},{{"type":"Ready","status":"True","lastTransitionTime":"2026-01-02T03:04:35Z"}}],"containerStatuses":[{{"name":"api","imageID":"{padding}","ready":true}}]}}}}"#,
        app % 300,
        240 + position / 65536,
        position / 256 % 256,
        position % 256,
    )
}

fn script() -> Script {
    let padding = "p".repeat(480);
    Arc::new(move |path, _| {
        let (total, is_pod) = if path.starts_with("/api/v1/pods") {
            (PODS, true)
        } else if path.starts_with("/api/v1/nodes") {
            (NODES, false)
        } else if path.contains("/configmaps/") {
            return answer(404, "{}");
        } else {
            return empty();
        };
        let from: usize = path
            .split_once("continue=")
            .map_or(0, |(_, token)| token.parse().expect("our own token"));
        let end = (from + 500).min(total);
        let mut body = String::with_capacity(500 * 5200);
        let next = if end < total {
            format!(r#""continue":"{end}","remainingItemCount":{}"#, total - end)
        } else {
            String::new()
        };
        let kind = if is_pod { "PodList" } else { "NodeList" };
        let _ = write!(body, r#"{{"kind":"{kind}","metadata":{{{next}}},"items":["#);
        for position in from..end {
            if position > from {
                body.push(',');
            }
            body.push_str(&if is_pod {
                pod(position, &padding)
            } else {
                node(position)
            });
        }
        body.push_str("]}");
        answer(200, body)
    })
}

/// Peak memory of a process, in KiB; `None` once it is gone.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn memory_stays_bounded() {
    // Three quarters of a minute on two cores.
    let asked = |name| std::env::var_os(name).is_some_and(|value| value == "true");
    if !asked("CI") && !asked("AKSPLAN_LARGE") {
        eprintln!("skipped: {PODS} pods are read only with CI=true or AKSPLAN_LARGE=true");
        return;
    }
    let bytes = pod(149_999, &"p".repeat(480)).len();
    assert!((4_000..6_500).contains(&bytes), "{bytes} bytes a pod");
    let folder = Folder::new();
    let arm = folder.write(
        "aks.json",
        r#"[{"id":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/pier","name":"pier",
            "nodeResourceGroup":"MC_rg_pier_x","networkProfile":{"networkPlugin":"azure"},"agentPoolProfiles":[]}]"#,
    );
    runtime().block_on(async {
        let server = Loopback::start(script()).await;
        let config = folder.write("config", &kubeconfig(&server.server, None, "{token: t}"));
        let start = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_aksplan"))
            .args(["capacity", "-o", "json", "--from"])
            .arg(&arm)
            .arg("--kubeconfig")
            .arg(&config)
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut most = 0;
        let status = loop {
            most = peak(child.id()).unwrap_or(0).max(most);
            if let Some(status) = child.try_wait().expect("our child") {
                break status;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        let took = start.elapsed();
        eprintln!(
            "{NODES} nodes, {PODS} pods of {bytes} bytes: {took:?}, at most {} MiB",
            most >> 10
        );
        assert!(status.success());
        let asked = server.asked.lock().expect("no panic in it").len();
        assert!(asked >= (NODES + PODS) / 500, "{asked}");
        assert!(most > 0 && most < LIMIT_KIB, "{most} KiB");
    });
}
