//! Documents that say how much of something they are.

use super::*;
use crate::model::PlatformList;

fn kubernetes(text: &str) -> (KubernetesState, Vec<String>) {
    let found = read_document("k.json", text.as_bytes()).expect("it is read");
    let mut state = KubernetesState::default();
    for fact in found.facts.kubernetes {
        state.absorb(fact.state);
    }
    (state, found.facts.not_checked)
}

#[test]
fn an_empty_list_of_a_kind_says_that_there_is_none() {
    let empty = |version: &str, kind: &str| {
        format!(
            r#"{{"apiVersion": "{version}", "kind": "{kind}List", "metadata": {{"resourceVersion": "1"}}, "items": []}}"#
        )
    };
    let (state, _) = kubernetes(&empty("azmonitoring.coreos.com/v1", "PodMonitor"));
    assert_eq!(state.kinds, ["PodMonitor"]);
    // Nothing is said by a list of no kind, or of one of another group.
    for (version, kind) in [("v1", ""), ("monitoring.coreos.com/v1", "PodMonitor")] {
        assert_eq!(
            kubernetes(&empty(version, kind)).0,
            KubernetesState::default(),
            "{version}"
        );
    }
    let page = r#"{"apiVersion": "v1", "kind": "NamespaceList", "metadata": {"continue": "x"}, "items": [{"metadata": {"name": "a"}}]}"#;
    let (state, notes) = kubernetes(page);
    assert_eq!(
        (state.kinds.len(), state.partial_kinds),
        (0, vec!["Namespace".to_string()])
    );
    assert!(
        notes
            .iter()
            .any(|note| note.contains("one page of several")),
        "{notes:?}"
    );
}

#[test]
fn groups_that_a_server_has_not_have_no_objects() {
    let groups = |names: &[&str]| {
        let groups: Vec<_> = names
            .iter()
            .map(|name| serde_json::json!({"name": name, "versions": []}))
            .collect();
        serde_json::json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
            .to_string()
    };
    let (state, _) = kubernetes(&groups(&["apps", "networking.k8s.io", "events.k8s.io"]));
    let absent = |kind: &str| state.absent_kinds.iter().any(|one| one == kind);
    assert!(absent("AzureIdentity") && absent("Gateway") && absent("CiliumNetworkPolicy"));
    // Of the core group, of a group that is there, of one of two groups.
    assert!(!absent("Pod") && !absent("Ingress") && !absent("Deployment"));
    assert_eq!(state.kinds, [""; 0]);
    assert_eq!(kubernetes(&groups(&["x"])).0, KubernetesState::default());
}

#[test]
fn a_file_is_a_whole_list_and_a_page_is_not() {
    let grafana = r#"{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Dashboard/grafana/x", "name": "x"}"#;
    let whole = |text: &str| {
        let found = read_document("g.json", text.as_bytes()).expect("it is read");
        found.facts.platform.is_whole(PlatformList::Grafanas)
    };
    assert!(whole(&format!("[{grafana}]")));
    assert!(!whole(&format!(
        r#"{{"value": [{grafana}], "nextLink": "https://x"}}"#
    )));
}
