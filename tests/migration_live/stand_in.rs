//! The stand-in itself: what it answers and what it does, asked by a client that knows nothing of aksplan.

use super::aks::small::small;
use super::aks::{Aks, nodes};
use super::client::{ask, poll, put, read, to_overlay};
use serde_json::{Value, json};

fn pods(aks: &Aks) -> Vec<Value> {
    aks.list("/api/v1/pods")
}

fn address(pod: &Value) -> String {
    pod["status"]["podIP"]
        .as_str()
        .unwrap_or_default()
        .to_string()
}

#[test]
fn the_small_cluster_moves() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let id = aks.shared.world().shape.id();
    let before = aks.used();
    assert_eq!(before, 12 + 4 * 29);
    for pod in pods(&aks) {
        let address = address(&pod);
        assert!(address.starts_with("10.20.0."), "{address} of {pod}");
    }
    let images: Vec<Value> = aks.list("/api/v1/nodes");
    let old = images[0]["metadata"]["labels"][nodes::NODE_IMAGE].clone();

    let begun = put(&aks, &id, to_overlay);
    assert_eq!(begun.status, 200, "{begun:?}");
    assert_eq!(begun.body["properties"]["provisioningState"], "Updating");
    let (statuses, told) = poll(&aks, &begun);
    assert_eq!(told["status"], "Succeeded", "{told}");
    assert!(
        statuses.iter().any(|status| status.contains("/4 nodes")),
        "{statuses:?}"
    );

    let after = read(&aks, &id);
    let network = &after["properties"]["networkProfile"];
    assert_eq!(network["networkPluginMode"], "overlay");
    assert_eq!(
        network["fieldOfTheFuture"]["number"], 7,
        "what nobody knows is kept"
    );
    assert_eq!(after["properties"]["provisioningState"], "Succeeded");
    assert_ne!(after["eTag"], begun.body["eTag"]);
    assert_eq!(aks.used(), 12 + 4);
    let nodes = aks.list("/api/v1/nodes");
    assert_eq!(nodes.len(), 4, "surge nodes are gone");
    for node in &nodes {
        assert_eq!(node["metadata"]["labels"][nodes::OVERLAY], "true");
        assert_ne!(node["metadata"]["labels"][nodes::NODE_IMAGE], old);
        assert_eq!(node["spec"]["unschedulable"], Value::Null);
    }
    let configs = aks.list(super::aks::kubernetes::NETWORK_CONFIGS);
    assert_eq!(configs.len(), 4);
    for config in &configs {
        let container = &config["status"]["networkContainers"][0];
        assert_eq!(container["subnetAddressSpace"], "100.64.0.0/16");
        assert_eq!(container["type"], "overlay");
    }
    let pods = pods(&aks);
    for pod in pods
        .iter()
        .filter(|pod| pod["status"]["phase"] == "Running")
    {
        let is_host = pod["spec"]["hostNetwork"] == true;
        let start = if is_host { "10.20.0." } else { "100.64." };
        assert!(address(pod).starts_with(start), "{pod}");
    }
    let events = aks.list("/api/v1/events");
    for reason in ["Surge", "Drain"] {
        assert!(
            events.iter().any(|event| event["reason"] == reason),
            "{reason}"
        );
    }
    assert_eq!(aks.writes().len(), 1);
}

#[test]
fn a_budget_that_never_allows_fails_the_operation_in_the_known_words() {
    let Some(aks) = Aks::start(small().blocked()) else {
        return;
    };
    let id = aks.shared.world().shape.id();
    let begun = put(&aks, &id, to_overlay);
    let while_it_runs = put(&aks, &id, |_| {});
    assert_eq!(
        (while_it_runs.status, while_it_runs.code()),
        (409, "OperationNotAllowed")
    );
    assert!(
        while_it_runs
            .message()
            .contains("(PutManagedClusterHandler.PUT) is in progress")
    );
    let (_, told) = poll(&aks, &begun);
    assert_eq!(told["status"], "Failed", "{told}");
    let message = told["error"]["message"].as_str().unwrap_or_default();
    assert_eq!(told["error"]["code"], "UpgradeFailed");
    assert!(
        message.contains("failed with Too Many Requests error")
            && message.contains("blocked by pdb api with"),
        "{message}"
    );
    assert_eq!(read(&aks, &id)["properties"]["provisioningState"], "Failed");
    let nodes = aks.list("/api/v1/nodes");
    assert!(
        nodes
            .iter()
            .all(|node| node["spec"]["unschedulable"] != true),
        "undrained nodes are schedulable again"
    );
    let events = aks.list("/api/v1/events");
    let blocked = |event: &&Value| {
        let message = event["message"].as_str().unwrap_or_default();
        event["type"] == "Warning"
            && message
                .starts_with("Eviction blocked by Too Many Requests (usually a pdb): shop/api-")
    };
    assert!(events.iter().any(|event| blocked(&event)));

    // Somebody loosens the budget; the same body again goes on where it ended.
    let path = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/api";
    let change = json!({"spec": {"minAvailable": 1}});
    aks.block_on(aks.shared.api.merge(path, &change));
    let done = aks.shared.world().undone("system").len();
    assert_eq!(done, 0, "the other pool got to its end");
    let again = put(&aks, &id, |_| {});
    let (_, told) = poll(&aks, &again);
    assert_eq!(told["status"], "Succeeded", "{told}");
    assert_eq!(aks.used(), 12 + 4);
}

#[test]
fn an_abort_leaves_nodes_as_they_are() {
    let Some(aks) = Aks::start(small().blocked()) else {
        return;
    };
    let id = aks.shared.world().shape.id();
    let begun = put(&aks, &id, to_overlay);
    let lower = id.replace("managedClusters", "managedclusters");
    let aborted = ask(&aks, "POST", &format!("{lower}/abort"), None, None).expect("an answer");
    assert_eq!(aborted.status, 202, "{aborted:?}");
    let (_, told) = poll(&aks, &begun);
    assert_eq!(told["status"], "Canceled");
    let (_, told) = poll(&aks, &aborted);
    assert_eq!(told["status"], "Succeeded");
    let after = read(&aks, &id);
    assert_eq!(after["properties"]["provisioningState"], "Canceled");
    assert_eq!(
        after["properties"]["agentPoolProfiles"][0]["provisioningState"],
        "Canceled"
    );
    let nodes = aks.list("/api/v1/nodes");
    assert!(
        nodes
            .iter()
            .all(|node| node["spec"]["unschedulable"] != true)
    );
    let nothing = ask(&aks, "POST", &format!("{lower}/abort"), None, None).expect("an answer");
    assert_eq!(nothing.status, 409);
}
