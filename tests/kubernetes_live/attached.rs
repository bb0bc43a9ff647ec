//! Whose objects are that were read live: the cluster that whoever read them names, before anything that could be guessed.

use aksplan::model::workload::{KubernetesState, Namespace, Node};
use aksplan::model::{Inventory, ResourceId};
use aksplan::source::facts::KubernetesFact;
use aksplan::source::kubernetes_api::Read;
use aksplan::source::read_document;

fn id(name: &str) -> String {
    format!(
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/{name}"
    )
}

fn clusters() -> String {
    let one = |name: &str| {
        format!(
            r#"{{"id":"{}","name":"{name}","nodeResourceGroup":"MC_rg_{name}_x","networkProfile":{{"networkPlugin":"azure"}},"agentPoolProfiles":[]}}"#,
            id(name)
        )
    };
    format!("[{},{}]", one("pier"), one("quay"))
}

/// What a read of one server found: a namespace, and a node where the cluster is to be told by one.
fn live(server: &str, cluster: Option<&str>, node_of: Option<&str>) -> KubernetesFact {
    let mut state = KubernetesState {
        namespaces: vec![Namespace {
            name: server.to_string(),
            ..Namespace::default()
        }],
        ..KubernetesState::default()
    };
    if let Some(name) = node_of {
        let label = "kubernetes.azure.com/cluster".to_string();
        state.nodes.push(Node {
            name: "n-0".to_string(),
            labels: [(label, format!("MC_rg_{name}_x"))].into(),
            ..Node::default()
        });
    }
    let read = Read {
        state,
        server: format!("https://{server}"),
        not_checked: Vec::new(),
        requests: 1,
    };
    read.into_fact(cluster.map(|name| ResourceId::new(id(name))))
        .0
}

fn joined(facts: Vec<KubernetesFact>) -> Inventory {
    let mut found = read_document("aks.json", clusters().as_bytes()).expect("it is read");
    found.facts.kubernetes.extend(facts);
    found.assemble().expect("it is joined").current
}

/// The servers whose objects a cluster has.
fn of<'a>(all: &'a Inventory, name: &str) -> Vec<&'a str> {
    let cluster = all.clusters.iter().find(|cluster| cluster.name == name);
    let state = cluster.expect("it was read").kubernetes.as_deref();
    let namespaces = state
        .map(|state| state.namespaces.as_slice())
        .unwrap_or_default();
    namespaces
        .iter()
        .map(|namespace| namespace.name.as_str())
        .collect()
}

#[test]
fn the_named_cluster_has_them() {
    let all = joined(vec![
        live("a.example", Some("QUAY"), None),
        live("b.example", Some("pier"), None),
    ]);
    assert_eq!(
        (of(&all, "pier"), of(&all, "quay")),
        (vec!["b.example"], vec!["a.example"])
    );
    assert_eq!(all.not_checked, [""; 0]);
}

#[test]
fn a_name_counts_more_than_a_label() {
    let all = joined(vec![live("a.example", Some("quay"), Some("pier"))]);
    assert_eq!(
        (of(&all, "pier"), of(&all, "quay")),
        (vec![], vec!["a.example"])
    );
}

#[test]
fn one_server_says_nothing_of_another() {
    let all = joined(vec![
        live("a.example", None, Some("pier")),
        live("b.example", None, None),
    ]);
    assert_eq!(
        (of(&all, "pier"), of(&all, "quay")),
        (vec!["a.example"], vec![])
    );
    let [sentence] = all.not_checked.as_slice() else {
        panic!("{:?}", all.not_checked)
    };
    assert!(
        sentence.starts_with("Kubernetes API https://b.example: ")
            && sentence.contains("could be any cluster's"),
        "{sentence}"
    );
}

#[test]
fn a_cluster_that_was_not_read_is_told() {
    let all = joined(vec![live("a.example", Some("elsewhere"), Some("pier"))]);
    assert_eq!((of(&all, "pier"), of(&all, "quay")), (vec![], vec![]));
    assert!(
        all.not_checked[0].contains("a cluster that was not read"),
        "{:?}",
        all.not_checked
    );
}
