//! The stand-in itself: what it answers and what it does, asked by a client that knows nothing of aksplan.

use super::aks::fault::{Fault, Rule};
use super::aks::small::small;
use super::aks::{Aks, nodes};
use super::client::{ask, poll, put, read, to_overlay};
use serde_json::{Value, json};
use std::time::Duration;

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

/// A change that is refused, and in which words.
fn refused(aks: &Aks, what: &str, change: impl FnOnce(&mut Value), code: &str, words: &str) {
    let id = aks.shared.world().shape.id();
    let answer = put(aks, &id, change);
    assert_eq!(answer.status, 400, "{what}: {answer:?}");
    assert_eq!(answer.code(), code, "{what}: {answer:?}");
    assert!(answer.message().contains(words), "{what}: {answer:?}");
}

#[test]
fn what_azure_refuses_it_refuses_in_azures_words() {
    let Some(aks) = Aks::start(small().with_policy("calico")) else {
        return;
    };
    let network = |body: &mut Value, field: &str, value: &str| {
        body["properties"]["networkProfile"][field] = json!(value);
    };
    let words = "Cannot update cluster to Azure CNI Overlay while using network policies";
    refused(&aks, "policy on", to_overlay, "ValidationError", words);
    let kubenet = |body: &mut Value| {
        to_overlay(body);
        network(body, "networkPlugin", "kubenet");
    };
    let code = "UnsupportedNetworkPluginModeWithNetworkPlugin";
    let words = "NetworkPluginMode overlay is not supported with NetworkPlugin kubenet.";
    refused(&aks, "mode without plugin", kubenet, code, words);
    let cilium = |body: &mut Value| network(body, "networkDataplane", "cilium");
    let words = "Cilium dataplane requires network policy cilium.";
    refused(&aks, "dataplane alone", cilium, "BadRequest", words);
    let nothing = |body: &mut Value| {
        body["properties"]
            .as_object_mut()
            .expect("an object")
            .remove("agentPoolProfiles");
    };
    refused(&aks, "no pools", nothing, "BadRequest", "agentPoolProfiles");
    let nowhere = |body: &mut Value| body["location"] = Value::Null;
    refused(&aks, "no location", nowhere, "BadRequest", "location");
    let both = |body: &mut Value| {
        to_overlay(body);
        network(body, "networkDataplane", "cilium");
        network(body, "networkPolicy", "cilium");
    };
    refused(&aks, "two at once", both, "BadRequest", "in one operation");

    // The policy goes first, which is a reimage of its own; then only the range can be wrong.
    let id = aks.shared.world().shape.id();
    let begun = put(&aks, &id, |body| network(body, "networkPolicy", "none"));
    let (_, told) = poll(&aks, &begun);
    assert_eq!(told["status"], "Succeeded", "{told}");
    assert_eq!(aks.used(), 12 + 4 * 29, "still on the node subnet");
    for (range, code, words) in [
        (
            "100.64.0.0/22",
            "InsufficientSubnetSize",
            "Pre-allocated IPs 1536 exceeds IPs available 1024 in Subnet Cidr 100.64.0.0/22",
        ),
        (
            "10.16.0.0/12",
            "NetworkProfileCIDROverlapVNET",
            "overlaps with reserved VNET CIDR 10.20.0.0/24",
        ),
        ("172.16.0.0/12", "BadRequest", "overlaps"),
    ] {
        let change = |body: &mut Value| {
            to_overlay(body);
            network(body, "podCidr", range);
            body["properties"]["networkProfile"]["podCidrs"] = json!([range]);
        };
        refused(&aks, range, change, code, words);
    }
    let never = json!({"spec": {"minAvailable": null, "maxUnavailable": 0}});
    let path = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/api";
    aks.block_on(aks.shared.api.merge(path, &never));
    let words = "PDB shop/api has maxunavailable == 0 can't proceed with put operation";
    refused(&aks, "a budget of 0", to_overlay, "UnsatisfiablePDB", words);
    assert_eq!(aks.writes().len(), 1, "nothing of that began anything");
}

#[test]
fn tags_of_versions_and_faults() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let id = aks.shared.world().shape.id();
    let pool = format!("{id}/agentPools/apps");
    let tags = |aks: &Aks| {
        let body = read(aks, &id);
        let pools = body["properties"]["agentPoolProfiles"].clone();
        (
            body["eTag"].clone(),
            pools[0]["eTag"].clone(),
            pools[1]["eTag"].clone(),
        )
    };
    // A write to a pool changes the pool's only; one to the cluster changes all.
    let before = tags(&aks);
    let begun = put(&aks, &pool, |body| {
        body["properties"]["upgradeSettings"]["maxSurge"] = json!("50%")
    });
    assert_eq!(begun.status, 200, "{begun:?}");
    assert_eq!(begun.body["properties"]["provisioningState"], "Updating");
    poll(&aks, &begun);
    let after = tags(&aks);
    assert_eq!((&before.0, &before.1), (&after.0, &after.1));
    assert_ne!(before.2, after.2);
    assert_eq!(
        read(&aks, &pool)["properties"]["upgradeSettings"]["maxSurge"],
        "50%"
    );
    let begun = put(&aks, &id, |body| body["tags"]["owner"] = json!("somebody"));
    assert_eq!(
        begun.body["eTag"], after.0,
        "the answer has the tag from before"
    );
    poll(&aks, &begun);
    let last = tags(&aks);
    assert!(last.0 != after.0 && last.1 != after.1 && last.2 != after.2);

    let body = read(&aks, &id);
    aks.somebody_tags("seen", "no");
    let late = ask(&aks, "PUT", &id, body["eTag"].as_str(), Some(&body)).expect("an answer");
    assert_eq!((late.status, late.code()), (412, "PreConditionFailed"));
    let wrong = |url: String| {
        ask(&aks, "GET", &url, None, None)
            .expect("an answer")
            .status
    };
    assert_eq!(
        wrong(format!("{}{id}", aks.endpoint())),
        400,
        "no api-version"
    );

    // Each fault once, then all is well.
    let writes = aks.writes().len();
    let body = read(&aks, &id);
    let tag = body["eTag"].as_str();
    aks.fault(Rule::nth(
        "PUT",
        "/managedclusters/shop",
        1,
        Fault::Status(503, None),
    ));
    aks.fault(Rule::nth(
        "PUT",
        "/managedclusters/shop",
        2,
        Fault::LostBefore,
    ));
    aks.fault(Rule::nth(
        "PUT",
        "/managedclusters/shop",
        3,
        Fault::Status(429, Some(7)),
    ));
    assert_eq!(
        ask(&aks, "PUT", &id, tag, Some(&body))
            .expect("an answer")
            .status,
        503
    );
    assert!(ask(&aks, "PUT", &id, tag, Some(&body)).is_none());
    let throttled = ask(&aks, "PUT", &id, tag, Some(&body)).expect("an answer");
    assert_eq!(
        (throttled.status, throttled.headers["retry-after"].as_str()),
        (429, "7")
    );
    assert_eq!(aks.writes().len(), writes, "none of them was taken");
    aks.fault(Rule::nth(
        "PUT",
        "/managedclusters/shop",
        1,
        Fault::LostAfter,
    ));
    assert!(ask(&aks, "PUT", &id, tag, Some(&body)).is_none());
    assert_eq!(
        aks.writes().len(),
        writes + 1,
        "this one was, and nobody was told"
    );
    assert!(aks.until_idle(Duration::from_secs(10)));
    aks.fault(Rule::nth("GET", "/managedclusters/shop", 1, Fault::Expired));
    let statuses = [0, 1].map(|_| ask(&aks, "GET", &id, None, None).expect("an answer").status);
    assert_eq!(statuses, [401, 401], "an expired token stays expired");
}

#[test]
fn a_surge_node_without_an_address_ends_it() {
    // Of 251 addresses 216 are taken: one surge node that takes 29 fits, four do not.
    let mut shape = small().with_upgrade(&json!({"maxSurge": "5"}));
    shape.surge_takes_all = true;
    shape.foreign = 100;
    shape.pools.remove(0);
    for pool in &mut shape.pools {
        pool.nodes = 4;
    }
    shape
        .objects
        .retain(|object| object["metadata"]["name"] != "coredns");
    let Some(aks) = Aks::start(shape.clone()) else {
        return;
    };
    let id = shape.id();
    let begun = put(&aks, &id, to_overlay);
    let (_, told) = poll(&aks, &begun);
    assert_eq!(
        (told["status"].as_str(), told["error"]["code"].as_str()),
        (Some("Failed"), Some("SubnetIsFull"))
    );
    let message = told["error"]["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("Failed to scale node pool 'apps'")
            && message.contains("Subnet aks with address prefix 10.20.0.0/24 does not"),
        "{message}"
    );
    assert_eq!(aks.used(), 100 + 4 * 29);
    drop(aks);

    // From 1.35 on one is tried.
    shape.version = "1.35";
    let Some(aks) = Aks::start(shape) else {
        return;
    };
    let begun = put(&aks, &id, to_overlay);
    let (_, told) = poll(&aks, &begun);
    assert_eq!(told["status"], "Succeeded", "{told}");
    assert_eq!(aks.used(), 100 + 4);
}

#[test]
fn kubenet_moves_in_place_and_cilium_comes_after() {
    let shape = small()
        .on_kubenet()
        .with_upgrade(&json!({"nodeSoakDurationInMinutes": 1}));
    let Some(aks) = Aks::start(shape.clone()) else {
        return;
    };
    let id = shape.id();
    assert_eq!(aks.used(), 12 + 4);
    // The pool of applications goes without surge.
    let pool = format!("{id}/agentPools/apps");
    let begun = put(&aks, &pool, |body| {
        body["properties"]["upgradeSettings"] =
            json!({"maxSurge": "0", "maxUnavailable": "1", "drainTimeoutInMinutes": 30});
    });
    poll(&aks, &begun);
    let change = |body: &mut Value| {
        let network = &mut body["properties"]["networkProfile"];
        network["networkPlugin"] = json!("azure");
        network["networkPluginMode"] = json!("overlay");
    };
    let begun = put(&aks, &id, change);
    let (_, told) = poll(&aks, &begun);
    assert_eq!(told["status"], "Succeeded", "{told}");
    let surged = |aks: &Aks| {
        let events = aks.list("/api/v1/events");
        let surges = events.iter().filter(|event| event["reason"] == "Surge");
        surges
            .map(|event| event["message"].to_string())
            .collect::<Vec<_>>()
    };
    let all = surged(&aks);
    assert!(
        all.len() == 1 && all[0].contains("agentpool system"),
        "{all:?}"
    );
    assert!(
        aks.list("/api/v1/events")
            .iter()
            .any(|event| event["reason"] == "Upgrade"),
        "it soaked"
    );
    let begun = put(&aks, &id, |body| {
        let network = &mut body["properties"]["networkProfile"];
        network["networkDataplane"] = json!("cilium");
        network["networkPolicy"] = json!("cilium");
    });
    let (_, told) = poll(&aks, &begun);
    assert_eq!(told["status"], "Succeeded", "{told}");
    assert_eq!(aks.shared.world().generation, 2);
    aks.forget();
}
