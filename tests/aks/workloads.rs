//! Makes a shape's nodes and objects real, and waits until all is Ready. Changes nothing afterwards.

use super::Shared;
use super::world::node_name;
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Kind, path of the group, resource, whether it is in a namespace.
const KINDS: &[(&str, &str, &str, bool)] = &[
    ("Namespace", "/api/v1", "namespaces", false),
    ("PersistentVolume", "/api/v1", "persistentvolumes", false),
    (
        "PersistentVolumeClaim",
        "/api/v1",
        "persistentvolumeclaims",
        true,
    ),
    ("ConfigMap", "/api/v1", "configmaps", true),
    ("Pod", "/api/v1", "pods", true),
    (
        "PodDisruptionBudget",
        "/apis/policy/v1",
        "poddisruptionbudgets",
        true,
    ),
    ("DaemonSet", "/apis/apps/v1", "daemonsets", true),
    ("Deployment", "/apis/apps/v1", "deployments", true),
    ("StatefulSet", "/apis/apps/v1", "statefulsets", true),
];

/// The annotation of a Deployment with the node, as `pool/instance`, on which the scheduler is to put its first pods: while it is made,
/// every other node is cordoned.
pub const FIRST_ON: &str = "aksplan.test/first-on";

/// Where an object of this kind and namespace is made.
pub fn path(object: &Value) -> String {
    let kind = object["kind"].as_str().unwrap_or_default();
    let known = KINDS.iter().find(|known| known.0 == kind);
    let (_, root, resource, is_namespaced) =
        known.unwrap_or_else(|| panic!("clusters of tests have no {kind} yet"));
    if *is_namespaced {
        let namespace = object["metadata"]["namespace"]
            .as_str()
            .unwrap_or("default");
        format!("{root}/namespaces/{namespace}/{resource}")
    } else {
        format!("{root}/{resource}")
    }
}

pub async fn build(shared: &Shared) {
    let (nodes, objects) = {
        let world = shared.world();
        let nodes: Vec<String> = world.nodes.keys().cloned().collect();
        (nodes, world.shape.objects.clone())
    };
    join_all(nodes.iter().map(|node| shared.node_comes(node))).await;
    for kind in KINDS {
        let is_of_it = |object: &&Value| object["kind"] == kind.0 && first_on(object).is_none();
        let of_kind = objects.iter().filter(is_of_it);
        let made = of_kind.map(async |object| shared.api.make(&path(object), object).await);
        join_all(made).await;
    }
    in_their_places(shared, &nodes, &objects).await;
    let begun = Instant::now();
    loop {
        let late = late(shared).await;
        if late.is_empty() {
            return;
        }

        assert!(
            begun.elapsed() < Duration::from_secs(90),
            "never Ready: {}",
            late.join(", ")
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn first_on(object: &Value) -> Option<&str> {
    object["metadata"]["annotations"][FIRST_ON].as_str()
}

/// Deployments that begin on a node of their own, one node after the other.
async fn in_their_places(shared: &Shared, nodes: &[String], objects: &[Value]) {
    let wanted: BTreeSet<&str> = objects.iter().filter_map(first_on).collect();
    for place in wanted {
        let (pool, instance) = place.split_once('/').expect("a pool and an instance");
        let instance: usize = instance.parse().expect("a number");
        let name = node_name(pool, instance);
        assert!(nodes.contains(&name), "{place}: there is no {name}");
        join_all(nodes.iter().map(|node| shared.cordon(node, *node != name))).await;
        let here = objects
            .iter()
            .filter(|object| first_on(object) == Some(place));
        let mut pods = 0;
        for object in here {
            shared.api.make(&path(object), object).await;
            pods += object["spec"]["replicas"].as_u64().unwrap_or(1) as usize;
        }
        let begun = Instant::now();
        // Daemons are there as well.
        while evictable(&shared.pods_on(&name).await) < pods {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "{place}: never placed"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    join_all(nodes.iter().map(|node| shared.cordon(node, false))).await;
}

fn evictable(pods: &[Value]) -> usize {
    pods.iter().filter(|pod| !super::drain::stays(pod)).count()
}

/// What is not yet as its object wants it.
async fn late(shared: &Shared) -> Vec<String> {
    let mut late = Vec::new();
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let lists = [
        ("/apis/apps/v1/deployments", "readyReplicas", "replicas"),
        ("/apis/apps/v1/statefulsets", "readyReplicas", "replicas"),
    ];
    let mut is = |object: &Value, is_there: bool| {
        if !is_there {
            late.push(object["metadata"]["name"].to_string());
        }
    };
    for (path, ready, wanted) in lists {
        for object in shared.api.list(path).await {
            let all = number(&object["status"][ready]) == number(&object["spec"][wanted]);
            is(&object, all);
        }
    }
    let nodes = shared.world().nodes.len() as u64;
    for object in shared.api.list("/apis/apps/v1/daemonsets").await {
        is(&object, number(&object["status"]["numberReady"]) == nodes);
    }
    for object in shared
        .api
        .list("/apis/policy/v1/poddisruptionbudgets")
        .await
    {
        let status = &object["status"];
        let has_counted = number(&status["observedGeneration"]) > 0
            && number(&status["currentHealthy"]) == number(&status["expectedPods"])
            && number(&status["expectedPods"]) > 0;
        is(&object, has_counted);
    }
    late
}

/// A pod's containers, where only what it asks for matters.
pub fn container(name: &str, cpu: &str) -> Value {
    json!([{"name": name, "image": "none", "resources": {"requests": {"cpu": cpu, "memory": "64Mi"}}}])
}
