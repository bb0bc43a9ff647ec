//! Managed clusters live: what is asked, and what a later PUT sends: every field that was read, less what only Azure writes.

use super::memory::{Answer, Azure, HOST};
use super::recordings::{Cassette, files, kind_of, recordings};
use super::{fixture, fixtures};
use aksplan::model::ResourceId;
use aksplan::source::azure::Failure;
use aksplan::source::azure::container_service::{
    AgentPool, Body, ContainerService, ManagedCluster, Writable,
};
use serde_json::{Value, json};

/// Places that one has and the other has not, or that differ, as JSON pointers.
fn differences(before: &Value, after: &Value, place: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (name, field) in before {
                let place = format!("{place}/{}", name.replace('/', "~1"));
                match after.get(name) {
                    Some(now) => differences(field, now, &place, found),
                    None => found.push(place),
                }
            }
            let new = after.keys().filter(|name| !before.contains_key(*name));
            found.extend(new.map(|name| format!("{place}/{name}")));
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (position, (before, after)) in before.iter().zip(after).enumerate() {
                differences(before, after, &format!("{place}/{position}"), found);
            }
        }
        _ if before == after => {}
        _ => found.push(place.to_string()),
    }
}

fn is_like(template: &str, place: &str) -> bool {
    let mut steps = place.split('/');
    template.split('/').all(|wanted| {
        steps
            .next()
            .is_some_and(|step| wanted == "*" || wanted == step)
    }) && steps.next().is_none()
}

/// The law, for one body; how many read-only places it had.
fn holds<T: Writable>(text: &str, changed: &str, value: &Value) -> usize {
    let whole: Value = serde_json::from_str(text).expect("JSON");
    let body =
        Body::<T>::from_value(whole.clone()).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(body.whole(), &whole);
    let put = body
        .put(&[(changed, value.clone())])
        .expect("it has the place");
    assert_eq!(put.pointer(changed), Some(value));
    let mut found = Vec::new();
    differences(&whole, &put, "", &mut found);
    let (dropped, named): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|place| T::READ_ONLY.iter().any(|template| is_like(template, place)));
    assert!(
        named
            .iter()
            .all(|place| changed.starts_with(place.as_str()))
            && named.len() <= 1,
        "{named:?}"
    );
    // Nothing that only Azure writes is left: a second time there is nothing to drop.
    let again = Body::<T>::from_value(put.clone()).expect("it was read before");
    assert_eq!(again.put(&[]).as_ref(), Ok(&put));
    dropped.len()
}

const MODE: &str = "/properties/networkProfile/networkPluginMode";

fn elements(text: &str) -> Vec<Value> {
    let mut whole: Value = serde_json::from_str(text).expect("JSON");
    match whole.get_mut("value").map(Value::take) {
        Some(Value::Array(elements)) => elements,
        _ => vec![whole],
    }
}

#[test]
fn a_put_changes_what_it_names_and_drops_what_only_azure_writes() {
    assert!(fixtures("arm").is_dir());
    for cluster in elements(&fixture("arm/managedClusters.json")) {
        assert!(holds::<ManagedCluster>(&cluster.to_string(), MODE, &json!("overlay")) >= 3);
    }
    for pool in elements(&fixture("arm/agentPools.json")) {
        assert!(holds::<AgentPool>(&pool.to_string(), "/properties/count", &json!(7)) >= 2);
    }
}

#[test]
fn so_does_a_put_of_every_recorded_body() {
    let Some(root) = recordings() else { return };
    let (mut clusters, mut pools, mut dropped) = (0, 0, 0);
    for path in files(&root, &["yaml", "yml"]) {
        let text = std::fs::read_to_string(&path).expect("a recording is text");
        if !text.contains("interactions:") {
            continue;
        }
        let cassette: Cassette = serde_saphyr::from_str(&text).expect("a cassette");
        for interaction in &cassette.interactions {
            let (request, response) = (&interaction.request, &interaction.response);
            let kind = kind_of(&request.url);
            if !matches!(response.status(), 200 | 201) || !response.text().trim().starts_with('{') {
                continue;
            }
            for element in elements(response.text()) {
                let text = element.to_string();
                match kind {
                    Some("managedClusters") => {
                        clusters += 1;
                        dropped += holds::<ManagedCluster>(&text, MODE, &json!("overlay"));
                    }
                    Some("agentPools") => {
                        pools += 1;
                        dropped += holds::<AgentPool>(&text, "/properties/count", &json!(7));
                    }
                    _ => {}
                }
            }
        }
    }
    println!("{clusters} clusters, {pools} pools, {dropped} places that only Azure writes");
    assert!(
        clusters >= 250 && pools >= 170 && dropped >= 4_000,
        "{clusters} {pools} {dropped}"
    );
}

#[tokio::test]
async fn requests_are_those_of_the_service() {
    const SUBSCRIPTION: &str = "/subscriptions/s";
    const CLUSTERS: &str = "/providers/Microsoft.ContainerService/managedClusters";
    let group = format!("{SUBSCRIPTION}/resourceGroups/g{CLUSTERS}");
    let id = format!("{group}/c");
    let page = |next: &str| {
        let next = (!next.is_empty()).then(|| format!("{HOST}{next}"));
        Answer::new(
            200,
            &json!({"value": [{"name": "c"}], "nextLink": next}).to_string(),
        )
    };
    let all = format!("{SUBSCRIPTION}{CLUSTERS}");
    let kubeconfig = |value: &str| {
        let value = azure_core::base64::encode(value);
        Answer::new(
            200,
            &json!({"kubeconfigs": [{"name": "clusterUser", "value": value}]}).to_string(),
        )
    };
    let azure = Azure::new([
        (
            all.clone(),
            vec![page(&format!("{all}?$skiptoken=2")), page("")],
        ),
        (group.clone(), vec![page("")]),
        (
            id.clone(),
            vec![
                Answer::new(200, r#"{"name": "c", "eTag": "7", "strange": 1}"#),
                Answer::new(200, r#"{"name": 1}"#),
            ],
        ),
        (format!("{id}/agentPools"), vec![page("")]),
        (format!("{id}/maintenanceConfigurations"), vec![page("")]),
        (
            format!("{id}/listClusterUserCredential"),
            vec![
                kubeconfig("hush: x"),
                Answer::new(200, r#"{"kubeconfigs": "hush"}"#),
            ],
        ),
    ]);
    let service = ContainerService::new(&azure.client());
    let cluster = ResourceId::new(id.clone());
    let count =
        |listed: aksplan::source::azure::client::Listed| (listed.items.len(), listed.failure);
    assert_eq!(count(service.clusters("s", None).await), (2, None));
    assert_eq!(count(service.clusters("s", Some("g")).await), (1, None));
    assert_eq!(count(service.agent_pools(&cluster).await), (1, None));
    assert_eq!(
        count(service.maintenance_configurations(&cluster).await),
        (1, None)
    );
    let read = service.cluster(&cluster).await.expect("it is there");
    assert_eq!(
        (read.known().e_tag.as_deref(), &read.whole()["strange"]),
        (Some("7"), &json!(1))
    );
    assert!(
        !format!("{read:?}").contains("strange"),
        "what is not known may be anything"
    );
    let error = service
        .cluster(&cluster)
        .await
        .expect_err("a name is a text");
    assert!(matches!(error.failure, Failure::Unreadable(_)), "{error}");
    let secret = service
        .user_kubeconfig(&cluster)
        .await
        .expect("it is there");
    assert_eq!(secret.secret(), "hush: x");
    let error = service
        .user_kubeconfig(&cluster)
        .await
        .expect_err("no kubeconfig");
    let shown = format!("{error} {error:?} {secret:?} {service:?}");
    assert!(!shown.contains("hush"), "{shown}");
    let version = "api-version=2025-10-01";
    assert_eq!(
        azure.asked(),
        [
            format!("GET {HOST}{all}?{version}"),
            format!("GET {HOST}{all}?$skiptoken=2"),
            format!("GET {HOST}{group}?{version}"),
            format!("GET {HOST}{id}/agentPools?{version}"),
            format!("GET {HOST}{id}/maintenanceConfigurations?{version}"),
            format!("GET {HOST}{id}?{version}"),
            format!("GET {HOST}{id}?{version}"),
            format!("POST {HOST}{id}/listClusterUserCredential?{version}&format=exec"),
            format!("POST {HOST}{id}/listClusterUserCredential?{version}&format=exec"),
        ]
    );
}
