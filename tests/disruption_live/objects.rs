//! Objects as a case file writes them → objects as the API server takes them. Adds what a file leaves out and what keeps runs
//! apart; never changes what a file says.

use super::case::NodeRow;
use serde_json::{Value, json};

/// Which run a node belongs to; every pod of the run selects it.
pub const SCOPE: &str = "aksplan.test/scope";
pub const POOL: &str = "kubernetes.azure.com/agentpool";

/// Kind, what stands before the resource in its path, the resource, whether it is in a namespace.
const KINDS: &[(&str, &str, &str, bool)] = &[
    ("Deployment", "apps/v1", "deployments", true),
    ("ReplicaSet", "apps/v1", "replicasets", true),
    ("StatefulSet", "apps/v1", "statefulsets", true),
    ("DaemonSet", "apps/v1", "daemonsets", true),
    ("Job", "batch/v1", "jobs", true),
    ("Pod", "v1", "pods", true),
    (
        "PersistentVolumeClaim",
        "v1",
        "persistentvolumeclaims",
        true,
    ),
    ("PersistentVolume", "v1", "persistentvolumes", false),
    (
        "PodDisruptionBudget",
        "policy/v1",
        "poddisruptionbudgets",
        true,
    ),
];

fn root(version: &str) -> String {
    let api = if version.contains('/') { "apis" } else { "api" };
    format!("/{api}/{version}")
}

/// Where objects of this resource are in this run.
pub fn collection(kind: &str, scope: &str) -> String {
    let (_, version, resource, namespaced) = KINDS
        .iter()
        .find(|known| known.0 == kind)
        .unwrap_or_else(|| panic!("cases have no {kind} yet"));
    let root = root(version);
    if *namespaced {
        format!("{root}/namespaces/{scope}/{resource}")
    } else {
        format!("{root}/{resource}")
    }
}

pub fn node(row: &NodeRow, scope: &str) -> Value {
    let name = node_name(&row.name, scope);
    let size = json!({"cpu": row.cpu, "memory": "16Gi", "pods": row.pods.to_string()});
    let mut node = json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {SCOPE: scope, POOL: row.pool, "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}},
        "spec": {"taints": row.taints, "unschedulable": row.later},
        "status": {"allocatable": size, "capacity": size}});
    if let Some(zone) = &row.zone {
        node["metadata"]["labels"]["topology.kubernetes.io/zone"] = json!(zone);
    }
    node
}

pub fn node_name(name: &str, scope: &str) -> String {
    format!("{scope}-{name}")
}

/// Fills in version, namespace, the label `app`, selectors by it, a container, and the selector of the run's nodes.
pub fn complete(object: &Value, scope: &str) -> Value {
    let text = object.to_string().replace("$scope", scope);
    let mut object: Value = serde_json::from_str(&text).expect("a name has nothing to escape");
    let kind = object["kind"].as_str().expect("it has a kind").to_string();
    let name = object["metadata"]["name"].as_str().expect("it has a name");
    let app = object["metadata"]["labels"]["app"]
        .as_str()
        .unwrap_or(name)
        .to_string();
    let known = KINDS.iter().find(|known| known.0 == kind);
    let (_, version, _, namespaced) = known.unwrap_or_else(|| panic!("cases have no {kind} yet"));
    object["apiVersion"] = json!(version);
    object["metadata"]["labels"]["app"] = json!(app);
    object["metadata"]["labels"][SCOPE] = json!(scope);
    if *namespaced {
        object["metadata"]["namespace"] = json!(scope);
    }
    let by_app = json!({"matchLabels": {"app": app}});
    match kind.as_str() {
        // `selector: null` is another thing than none written.
        "PodDisruptionBudget" if object["spec"].get("selector").is_none() => {
            object["spec"]["selector"] = by_app;
        }
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" => {
            object["spec"]["selector"] = by_app;
            let template = &mut object["spec"]["template"];
            template["metadata"]["labels"]["app"] = json!(app);
            complete_pod(&mut template["spec"], scope);
            if kind == "StatefulSet" {
                object["spec"]["serviceName"] = json!(app);
            }
        }
        "Job" => {
            let template = &mut object["spec"]["template"];
            template["metadata"]["labels"]["app"] = json!(app);
            complete_pod(&mut template["spec"], scope);
            template["spec"]["restartPolicy"] = json!("Never");
        }
        "Pod" => complete_pod(&mut object["spec"], scope),
        _ => {}
    }
    object
}

fn complete_pod(spec: &mut Value, scope: &str) {
    if spec.get("containers").is_none() {
        spec["containers"] = json!([{"name": "main", "image": "none",
            "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}]);
    }
    spec["nodeSelector"][SCOPE] = json!(scope);
}
