//! One run of a case: loads its cluster, waits until it is at rest, does what the case says, and compares.

use super::case::{Before, Case, Pick};
use super::cluster::Cluster;
use super::drain::{self, Deployments, workload};
use super::foretold;
use super::objects::{self, POOL, SCOPE, complete, node, node_name};
use super::observed::{BudgetSeen, Observed};
use super::rest::{condition, until_rest};
use super::simulated;
use aksplan::source::kubernetes_api::READS;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Everything that is not as the case says, each a line.
pub async fn run(cluster: &Arc<Cluster>, case: &Case, name: &str) -> Vec<String> {
    let scope = scope(case, name);
    let run = &case.runs[name];
    let found = match play(cluster, case, &scope, &run.drain).await {
        Ok((state, observed)) => {
            keep(&format!("{scope}.state.json"), &state);
            keep(&format!("{scope}.observed.json"), &json!(observed));
            compare(case, name, &state, &observed)
        }
        Err(why) => vec![why],
    };
    let found: Vec<String> = found
        .into_iter()
        .map(|what| format!("{scope}: {what}"))
        .collect();
    if found.is_empty() {
        println!("{scope}: as expected");
    }
    found
}

/// What was kept of an earlier run, compared again.
pub fn again(case: &Case, name: &str, folder: &Path) -> Vec<String> {
    let scope = scope(case, name);
    let read = |what: &str| {
        let path = folder.join(format!("{scope}.{what}.json"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let state = serde_json::from_slice(&read("state")).expect("it was kept by this test");
    let observed = serde_json::from_slice(&read("observed")).expect("it was kept by this test");
    println!("{scope}");
    let found = compare(case, name, &state, &observed);
    found
        .into_iter()
        .map(|what| format!("{scope}: {what}"))
        .collect()
}

fn scope(case: &Case, name: &str) -> String {
    format!("{}-{name}", case.name).replace('_', "-")
}

/// With what the case says, and with what aksplan says.
fn compare(case: &Case, name: &str, state: &Value, observed: &Observed) -> Vec<String> {
    let (run, scope) = (&case.runs[name], scope(case, name));
    let mut found = match &run.expect {
        Some(expect) => observed.differences(expect),
        None => Vec::new(),
    };
    if let Err(why) = foretold::was_read(state) {
        found.push(why);
        return found;
    }
    found.extend(foretold::disagreements(state, &scope, &run.drain, observed));
    match simulated::left_out(&run.drain) {
        Some(why) => println!("{scope}: not simulated: {why}"),
        None => found.extend(simulated::disagreements(
            state,
            &scope,
            run,
            case.gone_after(),
            observed,
        )),
    }
    found
}

fn keep(name: &str, value: &Value) {
    if let Some(folder) = std::env::var_os("AKSPLAN_KEEP") {
        let path = std::path::PathBuf::from(folder).join(name);
        let text = serde_json::to_string_pretty(value).expect("it is JSON");
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// The state before the drain, as a file of `kubectl get -o json`, and what was seen.
async fn play(
    cluster: &Arc<Cluster>,
    case: &Case,
    scope: &str,
    how: &super::case::Drain,
) -> Result<(Value, Observed), String> {
    let namespace = json!({"metadata": {"name": scope, "labels": {SCOPE: scope}}});
    cluster.make("/api/v1/namespaces", &namespace).await;
    for row in &case.nodes {
        cluster.make("/api/v1/nodes", &node(row, scope)).await;
    }
    for object in &case.objects {
        make(cluster, scope, object).await;
    }
    until_rest(cluster, scope).await?;
    let late: Vec<&str> = case
        .nodes
        .iter()
        .filter(|row| row.later)
        .map(|row| row.name.as_str())
        .collect();
    for name in &late {
        cluster.cordon(&node_name(name, scope), false).await;
    }
    for step in &case.before {
        before(cluster, scope, step).await;
    }
    if !late.is_empty() || !case.before.is_empty() {
        until_rest(cluster, scope).await?;
    }

    let deployments = drain::deployments(cluster, scope).await;
    let state = state(cluster, scope).await;
    let mut observed = Observed::default();
    for budget in cluster.objects("PodDisruptionBudget", scope).await {
        let name = budget["metadata"]["name"].as_str().unwrap_or_default();
        let seen = BudgetSeen::of(&budget);
        observed.budgets.insert(name.to_string(), seen);
    }
    let old: BTreeSet<String> = uids(&cluster.objects("Pod", scope).await);
    drain::drain(cluster, scope, how, &deployments, &mut observed).await?;
    whereabouts(cluster, scope, &deployments, &old, &mut observed).await;
    Ok((state, observed))
}

/// A budget is looked at by its controller before anything else is made, so that what it has seen does not depend on luck.
async fn make(cluster: &Cluster, scope: &str, object: &Value) {
    let object = complete(object, scope);
    let kind = object["kind"].as_str().expect("it has a kind");
    let path = objects::collection(kind, scope);
    cluster.make(&path, &object).await;
    if kind != "PodDisruptionBudget" {
        return;
    }
    let name = object["metadata"]["name"].as_str().expect("it has a name");
    for _ in 0..300 {
        let (_, budget) = cluster.send("GET", &format!("{path}/{name}"), None).await;
        if condition(&budget, "DisruptionAllowed").is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{scope}: nobody looks at the budget {name}");
}

fn uids(objects: &[Value]) -> BTreeSet<String> {
    objects
        .iter()
        .filter_map(|object| object["metadata"]["uid"].as_str().map(str::to_string))
        .collect()
}

/// Where pods are that were not there before.
async fn whereabouts(
    cluster: &Cluster,
    scope: &str,
    deployments: &Deployments,
    old: &BTreeSet<String>,
    observed: &mut Observed,
) {
    let pools: BTreeMap<String, String> = cluster
        .nodes(scope)
        .await
        .iter()
        .map(|node| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
            (
                text(&node["metadata"]["name"]),
                text(&node["metadata"]["labels"][POOL]),
            )
        })
        .collect();
    for pod in cluster.objects("Pod", scope).await {
        let is_new = pod["metadata"]["uid"]
            .as_str()
            .is_some_and(|uid| !old.contains(uid));
        let workload = workload(&pod, deployments);
        match pod["spec"]["nodeName"].as_str() {
            Some(node) if is_new => {
                let pools_of = observed.landed.entry(workload).or_default();
                *pools_of.entry(pools[node].clone()).or_default() += 1;
            }
            Some(_) => {}
            None => *observed.pending.entry(workload).or_default() += 1,
        }
    }
}

async fn picked(cluster: &Cluster, scope: &str, pick: &Pick) -> Vec<Value> {
    let mut pods = cluster.objects("Pod", scope).await;
    pods.retain(|pod| {
        let node = pick.node.as_ref().map(|node| node_name(node, scope));
        pod["metadata"]["labels"]["app"] == pick.app.as_str()
            && node.is_none_or(|node| pod["spec"]["nodeName"] == node.as_str())
    });
    pods.sort_by_key(|pod| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        (
            text(&pod["spec"]["nodeName"]),
            text(&pod["metadata"]["name"]),
        )
    });
    assert!(pods.len() >= pick.count, "{scope}: too few pods: {pick:?}");
    pods.truncate(pick.count);
    pods
}

async fn before(cluster: &Cluster, scope: &str, step: &Before) {
    let path = |pod: &Value| {
        let name = pod["metadata"]["name"].as_str().expect("it has a name");
        format!("/api/v1/namespaces/{scope}/pods/{name}")
    };
    match step {
        Before::Unready(pick) => {
            for pod in picked(cluster, scope, pick).await {
                let mut conditions = pod["status"]["conditions"].clone();
                for condition in conditions.as_array_mut().into_iter().flatten() {
                    if condition["type"] == "Ready" {
                        condition["status"] = json!("False");
                    }
                }
                let change = json!({"status": {"conditions": conditions}});
                let status = format!("{}/status", path(&pod));
                cluster.merge(&status, &change).await;
            }
        }
        Before::Delete(pick) => {
            for pod in picked(cluster, scope, pick).await {
                let (status, answer) = cluster.send("DELETE", &path(&pod), None).await;
                assert_eq!(status, 200, "{answer}");
            }
        }
        Before::Make(object) => make(cluster, scope, object).await,
    }
}

/// All that is read of a live cluster, of this run, as one list.
async fn state(cluster: &Cluster, scope: &str) -> Value {
    let mut items = Vec::new();
    for read in READS
        .iter()
        .filter(|read| read.names.is_empty() && !read.optional)
    {
        let version = read.versions[0];
        let path = if read.group.is_empty() {
            format!("/api/{version}/{}", read.resource)
        } else {
            format!("/apis/{}/{version}/{}", read.group, read.resource)
        };
        let all = cluster.list(&path).await;
        items.extend(all.into_iter().filter(|object| {
            object["metadata"]["namespace"] == scope || object["metadata"]["labels"][SCOPE] == scope
        }));
    }
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}
