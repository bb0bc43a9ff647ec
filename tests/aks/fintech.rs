//! The cluster of `scenarios/payments` as a shape: its objects, each pod's controller made whole again from its pods, seconds made
//! as short as the test wants. Adds no service of its own.

use super::shape::{Pace, Pool, Shape, upgrade_settings};
use super::workloads::container;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// `second`: how long a second of the objects lasts.
pub fn fintech(second: Duration) -> Shape {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/payments/objects.json");
    let text = std::fs::read_to_string(path).expect("it is committed");
    let list: Value = serde_json::from_str(&text).expect("it is JSON");
    let found = list["items"].as_array().expect("a list");
    let pool = |name: &'static str, is_system: bool, nodes: usize| Pool {
        name,
        is_system,
        nodes,
        max_pods: 30,
        cpu: "3860m",
        upgrade: upgrade_settings("33%"),
    };
    Shape {
        group: "rg-payments",
        name: "payments",
        version: "1.33",
        pools: vec![pool("apps", false, 20), pool("system", true, 6)],
        plugin: "azure",
        policy: None,
        vnet: "spoke-payments",
        vnet_space: "10.20.0.0/21",
        subnet: "aks",
        subnet_cidr: "10.20.0.0/22",
        foreign: 12,
        other_subnets: vec![("private-endpoints", "10.20.4.0/26")],
        service_cidr: "172.16.0.0/16",
        surge_takes_all: false,
        more: Value::Null,
        maintenance: Vec::new(),
        objects: found
            .iter()
            .filter_map(|object| made(object, found, second))
            .collect(),
        pace: Pace {
            node_create: second * 60,
            reimage: second * 90,
            eviction_retry: Duration::from_millis(250),
            // What the control plane itself takes is not shortened: a scheduler tries a pod again after a second.
            minute: Duration::from_secs(3),
            ..Pace::default()
        },
        retry_after: None,
    }
}

/// The object as somebody would apply it; `None` for what controllers make.
fn made(object: &Value, all: &[Value], second: Duration) -> Option<Value> {
    let mut made = object.clone();
    if let Some(fields) = made.as_object_mut() {
        fields.remove("status");
    }
    let metadata = made["metadata"].as_object_mut()?;
    metadata.retain(|field, _| ["name", "namespace", "labels"].contains(&field.as_str()));
    match object["kind"].as_str()? {
        "Node" | "ReplicaSet" => return None,
        "Pod" if object["metadata"]["ownerReferences"].is_array() => return None,
        "Pod" => {
            let template = template(object, second);
            made["spec"] = template["spec"].clone();
            made["metadata"]["annotations"] = template["metadata"]["annotations"].clone();
        }
        "PersistentVolume" => {
            made["spec"]["capacity"] = json!({"storage": "64Gi"});
            made["spec"]["csi"]["volumeHandle"] = object["metadata"]["name"].clone();
        }
        "PersistentVolumeClaim" => {
            made["spec"]["resources"] = json!({"requests": {"storage": "64Gi"}});
        }
        kind @ ("Deployment" | "StatefulSet" | "DaemonSet") => {
            let pod = one_pod_of(object, all);
            let mut template = template(pod, second);
            if kind == "StatefulSet" {
                made["spec"]["serviceName"] = object["metadata"]["name"].clone();
                // The budget's controller must see that it goes, for its successor has its name: one that is back sooner counts as
                // disrupted for two minutes.
                template["metadata"]["annotations"]["aksplan.test/gone-after"] = json!("2s");
                // The controller adds the volume of each pod's own claim.
                template["spec"]["volumes"] = json!([]);
                made["spec"]["volumeClaimTemplates"] = json!([{"metadata": {"name": "data"}, "spec": {
                    "accessModes": ["ReadWriteOnce"], "storageClassName": "managed-csi-premium",
                    "resources": {"requests": {"storage": "64Gi"}}}}]);
            }
            made["spec"]["template"] = template;
        }
        _ => {}
    }
    Some(made)
}

/// A pod that the workload has.
fn one_pod_of<'a>(workload: &Value, all: &'a [Value]) -> &'a Value {
    let labels = &workload["spec"]["selector"]["matchLabels"];
    let namespace = &workload["metadata"]["namespace"];
    let found = all.iter().find(|object| {
        object["kind"] == "Pod"
            && object["metadata"]["namespace"] == *namespace
            && object["metadata"]["labels"] == *labels
    });
    found.unwrap_or_else(|| panic!("no pod of {}", workload["metadata"]["name"]))
}

fn template(pod: &Value, second: Duration) -> Value {
    let mut spec = pod["spec"].clone();
    if let Some(fields) = spec.as_object_mut() {
        fields.remove("nodeName");
    }
    for position in 0..spec["containers"].as_array().map_or(0, Vec::len) {
        spec["containers"][position]["image"] = json!("none");
    }
    if spec["containers"].is_null() {
        spec["containers"] = container("main", "10m");
    }
    let millis = (second * seconds_to_ready(pod)).as_millis();
    json!({
        "metadata": {"labels": pod["metadata"]["labels"], "annotations": {"aksplan.test/ready-after": format!("{millis}ms")}},
        "spec": spec,
    })
}

/// From being placed to being Ready.
fn seconds_to_ready(pod: &Value) -> u32 {
    let at = |kind: &str| {
        let conditions = pod["status"]["conditions"].as_array();
        let one = conditions
            .into_iter()
            .flatten()
            .find(|one| one["type"] == kind);
        let text = one.and_then(|one| one["lastTransitionTime"].as_str());
        let instant: jiff::Timestamp = text
            .expect("it is written there")
            .parse()
            .expect("an instant");
        instant.as_second()
    };
    u32::try_from(at("Ready") - at("PodScheduled")).expect("Ready is after being placed")
}
