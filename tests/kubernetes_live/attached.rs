//! Whose objects are that were read live: the cluster that whoever read them names, before anything that could be guessed.

use super::objects;
use aksplan::model::workload::{KubernetesState, Namespace, Node};
use aksplan::model::{Inventory, ResourceId};
use aksplan::source::facts::KubernetesFact;
use aksplan::source::kubernetes_api::{READS, Read};
use aksplan::source::read_document;
use aksplan::source::snapshot::{Document, Encoding, encode};

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

/// A live read of quay that found these, each list in full.
fn read_of_quay(server: &str, state: KubernetesState) -> KubernetesFact {
    let read = Read {
        state,
        server: format!("https://{server}"),
        not_checked: Vec::new(),
        requests: 1,
    };
    read.into_fact(Some(ResourceId::new(id("quay")))).0
}

/// One object of every kind, as files say them.
fn everything() -> KubernetesState {
    let mut items = Vec::new();
    for (path, mut object) in objects::objects()
        .into_iter()
        .chain(objects::platform_objects())
        .chain([objects::network_config()])
    {
        let resource = path.rsplit('/').next().expect("a path ends in a resource");
        let Some(read) = READS.iter().find(|read| read.resource == resource) else {
            continue;
        };
        let version = read.versions[0];
        object["apiVersion"] = match read.group {
            "" => version.into(),
            group => format!("{group}/{version}").into(),
        };
        object["kind"] = read.kind.into();
        items.push(object);
    }
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items});
    objects::from_file(&list.to_string())
}

fn quay(all: &Inventory) -> &KubernetesState {
    let cluster = all.clusters.iter().find(|cluster| cluster.name == "quay");
    let state = cluster.expect("it was read").kubernetes.as_deref();
    state.expect("it has objects")
}

/// What a snapshot of the clusters says, read again together with what was read live since.
fn snapshot_and(of_quay: KubernetesState, since: Vec<KubernetesFact>) -> Inventory {
    let all = joined(vec![read_of_quay("a.example", of_quay)]);
    let mut text = Vec::new();
    encode(&Document::of(&all, None), Encoding::Json, &mut text).expect("it is written");
    let mut found = read_document("yesterday.json", &text).expect("it is read");
    found.facts.kubernetes.extend(since);
    found.assemble().expect("it is joined").current
}

#[test]
fn what_is_gone_since_the_snapshot_is_gone() {
    let before = everything();
    assert_eq!(before.kinds.len(), READS.len(), "{:?}", before.kinds);
    let kinds: Vec<String> = READS.iter().map(|read| read.kind.to_string()).collect();
    let now = KubernetesState {
        nodes: vec![Node {
            name: "n-1".to_string(),
            ..Node::default()
        }],
        kinds: kinds.clone(),
        ..KubernetesState::default()
    };
    let of_others = ("shop".to_string(), "app".to_string());
    // ConfigMaps are asked for by name: of the others nothing new is known.
    assert!(before.config_maps.contains(&of_others));
    let expected = KubernetesState {
        config_maps: vec![of_others],
        ..now.clone()
    };
    let all = snapshot_and(before.clone(), vec![read_of_quay("a.example", now.clone())]);
    assert_eq!(quay(&all), &expected);

    // The same of two reads, the later one of which is complete.
    let all = joined(vec![
        read_of_quay("a.example", before.clone()),
        read_of_quay("b.example", now),
    ]);
    assert_eq!(quay(&all), &expected);

    // What the cluster does not know any more is gone as well; what was not read is as it was.
    let absent = KubernetesState {
        absent_kinds: vec!["ServiceCIDR".to_string()],
        ..KubernetesState::default()
    };
    assert_eq!(before.service_cidrs.len(), 1);
    let all = snapshot_and(before.clone(), vec![read_of_quay("a.example", absent)]);
    let state = quay(&all);
    assert_eq!(state.service_cidrs, []);
    assert_eq!(state.absent_kinds, ["ServiceCIDR"]);
    assert_eq!(state.pods, before.pods);
    assert!(state.has_kind("Pod") && !state.has_kind("ServiceCIDR"));
}

#[test]
fn half_a_list_does_not_make_an_old_one_whole() {
    let before = everything();
    let half = KubernetesState {
        nodes: vec![Node {
            name: "n-1".to_string(),
            ..Node::default()
        }],
        partial_kinds: vec!["Node".to_string()],
        ..KubernetesState::default()
    };
    let all = snapshot_and(before, vec![read_of_quay("a.example", half)]);
    let state = quay(&all);
    let names: Vec<&str> = state.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["n-0", "n-1"]);
    assert_eq!(state.partial_kinds, ["Node"]);
    assert!(!state.has_kind("Node") && state.has_kind("Pod"));
}

#[test]
fn files_of_one_cluster_stay_together() {
    let pod = |name: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"PodList","items":[{{"apiVersion":"v1","kind":"Pod","metadata":{{"namespace":"shop","name":"{name}"}},"spec":{{}},"status":{{}}}}]}}"#
        )
    };
    let mut found = read_document("aks.json", clusters().as_bytes()).expect("it is read");
    for name in ["a", "b"] {
        let file = format!("quay/{name}.json");
        let more = read_document(&file, pod(name).as_bytes()).expect("it is read");
        found.facts.append(more.facts);
    }
    let all = found.assemble().expect("it is joined").current;
    assert_eq!(quay(&all).pods.len(), 2);
}
