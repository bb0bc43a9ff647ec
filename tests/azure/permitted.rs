//! The printed custom role against what is really asked for: each action of it is used, and nothing is asked for that it does not
//! allow. Actions are made of paths here by Azure's own rule, and not by aksplan's table.

use crate::binary::{Folder, PATIENCE, run, run_as};
use crate::client::{block_on, client};
use crate::estate::{GROUP, estate, subscription, vnet_name};
use crate::server::{Azure, Logged, Manners};
use crate::whole::SMALL;
use aksplan::model::ResourceId;
use aksplan::source::azure::operation::Operation;
use aksplan::source::azure::writer::Writer;
use aksplan::source::azure::writes::LINKED;
use std::collections::BTreeSet;

/// What Azure's access control asks for: the provider, every second segment behind it, and what is done.
fn action(entry: &Logged) -> Option<String> {
    if entry.path.eq_ignore_ascii_case("/subscriptions") {
        return Some("Microsoft.Resources/subscriptions/read".to_string());
    }
    let (_, resource) = entry.path.split_once("/providers/")?;
    let segments: Vec<&str> = resource.split('/').collect();
    let (provider, rest) = segments.split_first()?;
    let types: Vec<&str> = rest.iter().step_by(2).copied().collect();
    let name = format!("{provider}/{}", types.join("/"));
    Some(match entry.method.as_str() {
        "GET" => format!("{name}/read"),
        // Queries are the exception: a POST that is a read.
        "POST" if *provider == "Microsoft.ResourceGraph" => format!("{name}/read"),
        "POST" => format!("{name}/action"),
        "PUT" => format!("{name}/write"),
        other => format!("{name}/{other}"),
    })
}

/// Every way to read live, as far as requests differ.
fn ways() -> Vec<Vec<String>> {
    let one = subscription(1);
    [
        format!("capacity --subscription {one}"),
        format!("capacity --subscription {one} -g rg-network-1"),
        // The hub is in another subscription: a spoke's peering leads there.
        format!("capacity --subscription {one} --vnet {}", vnet_name(0)),
        "capacity --all".to_string(),
        format!("capacity --management-group {GROUP}"),
        format!("snapshot --subscription {one} -f estate.json --kubernetes"),
    ]
    .map(|line| line.split(' ').map(str::to_string).collect::<Vec<_>>())
    .into_iter()
    // A name that only Azure knows.
    .chain([["capacity", "--subscription", "Team 1"]
        .map(str::to_string)
        .to_vec()])
    .collect()
}

#[test]
fn the_custom_role_is_what_is_asked_for() {
    let made = estate(SMALL);
    let mut asked = BTreeSet::new();
    for way in ways() {
        let azure = Azure::start(made.world.clone(), Manners::default());
        let words: Vec<&str> = way.iter().map(String::as_str).collect();
        let ran = run(&azure, &Folder::new(), &words);
        assert!(matches!(ran.code, Some(0)), "{way:?}: {}", ran.stderr);
        asked.extend(azure.log().iter().filter_map(action));
    }
    assert_eq!(asked, allowed(&[]));
    executing(asked);
}

/// The actions of the printed role.
fn allowed(more: &[&str]) -> BTreeSet<String> {
    let mut args = vec!["permissions", "azure", "--scope", "/subscriptions/s"];
    args.extend(more);
    let printed = run_as(&Folder::new(), &args, None, PATIENCE);
    let role: serde_json::Value = serde_json::from_str(&printed.stdout).expect("a role as JSON");
    for empty in ["NotActions", "DataActions", "NotDataActions"] {
        assert_eq!(role[empty], serde_json::json!([]), "{empty}");
    }
    let actions = role["Actions"].as_array().expect("a list of actions");
    let set: BTreeSet<String> = actions
        .iter()
        .map(|action| action.as_str().expect("a text").to_string())
        .collect();
    assert_eq!(set.len(), actions.len(), "each once");
    set
}

/// The role for an execution: the reads, every request that the writer sends and every question about how it ended; what is in it
/// beside are rights on resources that a cluster names.
fn executing(mut asked: BTreeSet<String>) {
    let azure = Azure::start(estate(SMALL).world, Manners::default());
    let client = client(&azure);
    let cluster = ResourceId::new(
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c",
    );
    let pool = ResourceId::new(format!("{cluster}/agentPools/p"));
    let writer = Writer::new(&client);
    let body = serde_json::json!({});
    block_on(async {
        // The server refuses them all: what counts is that they arrive.
        let _ = writer.put_cluster(&cluster, &body, "e").await;
        let _ = writer.put_agent_pool(&pool, &body, "e").await;
        let _ = writer.abort_cluster(&cluster).await;
        let _ = writer.abort_agent_pool(&pool).await;
        let at = "/subscriptions/s/providers/Microsoft.ContainerService/locations/x";
        for reference in [
            format!("status {at}/operations/1?api-version=1 of {cluster}?api-version=1 changed"),
            format!(
                "location {at}/operationresults/1?api-version=1 of {pool}?api-version=1 changed"
            ),
        ] {
            let operation = Operation::of_reference(&reference, client.endpoint());
            let _ = operation.expect("a reference").poll(&client).await;
        }
    });
    let log = azure.log();
    assert_eq!(
        log.iter().filter(|entry| entry.method != "GET").count(),
        4,
        "each write once: {log:?}"
    );
    asked.extend(log.iter().filter_map(action));
    let allowed = allowed(&["--execute"]);
    let missing: Vec<&String> = asked.difference(&allowed).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let linked: BTreeSet<String> = LINKED
        .iter()
        .map(|linked| linked.action.to_string())
        .collect();
    let beside: BTreeSet<String> = allowed.difference(&asked).cloned().collect();
    // Some of them are read as well.
    let only_linked: BTreeSet<String> = linked.difference(&asked).cloned().collect();
    assert_eq!(beside, only_linked);
    let ends = |action: &String| action.ends_with("/write") && !linked.contains(action);
    assert_eq!(allowed.iter().filter(|action| ends(action)).count(), 2);
    assert!(
        !allowed
            .iter()
            .any(|action| action.contains('*') || action.ends_with("/delete"))
    );
}
