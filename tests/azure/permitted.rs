//! The printed custom role against what is really asked for: each action of it is used, and nothing is asked for that it does not
//! allow. Actions are made of paths here by Azure's own rule, and not by aksplan's table.

use crate::binary::{Folder, PATIENCE, run, run_as};
use crate::estate::{GROUP, estate, subscription, vnet_name};
use crate::server::{Azure, Logged, Manners};
use crate::whole::SMALL;
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
    let printed = run_as(
        &Folder::new(),
        &["permissions", "azure", "--scope", "/subscriptions/s"],
        None,
        PATIENCE,
    );
    let role: serde_json::Value = serde_json::from_str(&printed.stdout).expect("a role as JSON");
    let allowed: BTreeSet<String> = role["Actions"]
        .as_array()
        .expect("a list of actions")
        .iter()
        .map(|action| action.as_str().expect("a text").to_string())
        .collect();
    assert_eq!(asked, allowed);
    for empty in ["NotActions", "DataActions", "NotDataActions"] {
        assert_eq!(role[empty], serde_json::json!([]), "{empty}");
    }
}
