//! Secrets: asked for by nobody who did not say so, and then as metadata of one type, page by page. Whatever else a server sends is
//! dropped, and no word of it is shown.

use super::control_plane::Folder;
use super::loopback::{Answer, Loopback, Script, answer, empty, quick};
use super::objects::BAIT;
use super::{kubeconfig, runtime};
use aksplan::model::workload::SecretType;
use aksplan::source::kubernetes_api::{READS, Read, Settings};
use serde_json::{Value, json};
use std::process::Command;
use std::sync::Arc;

const ACCEPT: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const FIRST: &str = "/api/v1/secrets?fieldSelector=type%3Dkubernetes.io%2Ftls&limit=500";
const SECOND: &str =
    "/api/v1/secrets?fieldSelector=type%3Dkubernetes.io%2Ftls&limit=500&continue=two%2F";

/// A Secret as metadata, with what `kubectl apply` writes into an annotation.
fn metadata(name: &str) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": {
        "namespace": "shop", "name": name,
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": BAIT},
        "managedFields": [{"fieldsV1": {"f:data": {"f:tls.key": {}}}}]}})
}

fn list(kind: &str, next: &str, items: &[Value]) -> Answer {
    let list = json!({"kind": kind, "apiVersion": "meta.k8s.io/v1", "metadata": {"continue": next}, "items": items});
    answer(200, list.to_string())
}

fn of_metadata(next: &str, items: &[Value]) -> Answer {
    list("PartialObjectMetadataList", next, items)
}

/// A server that has an ingress whose certificate is in `shop/web-tls`, and is otherwise empty but for its Secrets.
fn secrets(script: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Script {
    Arc::new(move |path, before| {
        if path.contains("/secrets") {
            script(path, before)
        } else if path.contains("/configmaps/") {
            answer(404, "{}")
        } else if path.starts_with("/apis/networking.k8s.io/v1/ingresses") {
            let ingress = json!({"metadata": {"namespace": "shop", "name": "web"},
                "spec": {"tls": [{"hosts": ["a.example"], "secretName": "web-tls"}]}});
            list("IngressList", "", &[ingress])
        } else {
            empty()
        }
    })
}

/// What was read, and path and media type of every request.
fn read(secret_types: bool, script: Script) -> (Read, Vec<(String, String)>) {
    runtime().block_on(async {
        let server = Loopback::start(script).await;
        let settings = Settings {
            secret_types,
            ..quick()
        };
        let read = server.read_with(&settings).await;
        let asked = server.asked.lock().expect("no panic in it").clone();
        let accepted = server.accepted.lock().expect("no panic in it").clone();
        let read = read.expect("the other kinds are there");
        for text in [
            serde_json::to_string(&read.state).expect("it can be written"),
            format!("{read:?}"),
        ] {
            assert!(!text.contains(BAIT), "{text}");
        }
        (read, asked.into_iter().zip(accepted).collect())
    })
}

/// All Secrets are of one type.
fn named(read: &Read) -> Vec<&str> {
    let of = |secret: &SecretType| secret.namespace == "shop" && secret.kind == "kubernetes.io/tls";
    let all = &read.state.platform.secrets;
    assert!(all.iter().all(of), "{all:?}");
    all.iter().map(|secret| secret.name.as_str()).collect()
}

#[test]
fn nobody_asks_unasked() {
    let (read, asked) = read(false, secrets(|path, _| panic!("asked for {path}")));
    assert_eq!(named(&read).len(), 0);
    assert_eq!(read.not_checked, [""; 0]);
    assert!(
        asked
            .iter()
            .all(|(path, accept)| { !path.contains("secret") && accept == "application/json" })
    );
}

#[test]
fn metadata_of_one_type_is_asked_for_page_by_page() {
    let (read, asked) = read(
        true,
        secrets(|path, _| match path {
            FIRST => of_metadata("two/", &[metadata("web-tls"), metadata("api-tls")]),
            SECOND => of_metadata("", &[metadata("old-tls")]),
            _ => panic!("asked for {path}"),
        }),
    );
    assert_eq!(read.not_checked, [""; 0]);
    assert_eq!(named(&read), ["web-tls", "api-tls", "old-tls"]);
    let kinds = &read.state.kinds;
    assert_eq!(
        (kinds.len(), kinds.last().map(String::as_str)),
        (READS.len() + 1, Some("Secret"))
    );
    let of_secrets = |(path, _): &&(String, String)| path.contains("secret");
    let found: Vec<&(String, String)> = asked.iter().filter(of_secrets).collect();
    assert_eq!(
        found,
        [
            &(FIRST.to_string(), ACCEPT.to_string()),
            &(SECOND.to_string(), ACCEPT.to_string())
        ]
    );
    let others = asked.iter().filter(|(path, _)| !path.contains("secret"));
    assert!(
        others.clone().count() > 20
            && others
                .clone()
                .all(|(_, accept)| accept == "application/json")
    );
}

/// Everything else is complete, `kept` Secrets are there, and the one sentence says why there are no more.
fn broken(
    kept: &[&str],
    expected: &str,
    script: impl Fn(&str, usize) -> Answer + Send + Sync + 'static,
) {
    let (read, _) = read(true, secrets(script));
    assert_eq!(named(&read), kept);
    assert_eq!(
        read.state.kinds.len(),
        READS.len(),
        "{:?}",
        read.state.kinds
    );
    assert!(!read.state.has_kind("Secret"));
    let partial: &[&str] = if kept.is_empty() { &[] } else { &["Secret"] };
    assert_eq!(read.state.partial_kinds, partial);
    let [sentence] = read.not_checked.as_slice() else {
        panic!("{:?}", read.not_checked)
    };
    assert!(
        sentence.contains("secrets (Secret) of type kubernetes.io/tls were ")
            && sentence.contains(expected),
        "{sentence}"
    );
}

fn whole() -> Value {
    json!({"metadata": {"namespace": "shop", "name": "web-tls"}, "type": "kubernetes.io/tls", "data": {"tls.key": BAIT}})
}

#[test]
fn an_answer_with_data_is_dropped() {
    const DROPPED: &str = "the answer was dropped unread";
    // A server, or something in between, that does not know what was asked for.
    broken(&[], DROPPED, |_, _| list("SecretList", "", &[whole()]));
    broken(&[], DROPPED, |_, _| {
        of_metadata("", &[metadata("api-tls"), whole()])
    });
    broken(&["api-tls"], DROPPED, |path, _| match path {
        FIRST => of_metadata("two/", &[metadata("api-tls")]),
        _ => of_metadata("", &[whole()]),
    });
}

#[test]
fn a_refusal_names_the_rule_and_what_it_gives_away() {
    broken(
        &[],
        "not allowed to; the missing rule of its role is {apiGroups: [\"\"], resources: [secrets], verbs: [list]}, with which it could \
         read their data as well",
        |_, _| answer(403, "{}"),
    );
}

#[test]
fn a_server_that_cannot_leave_data_out_sends_nothing() {
    broken(&[], "the server answers 406: only whole", |_, _| {
        answer(406, r#"{"kind":"Status","message":"only whole objects"}"#)
    });
}

#[test]
fn damaged_metadata_is_not_quoted() {
    let (read, _) = read(
        true,
        secrets(|_, _| {
            of_metadata(
                "",
                &[json!({"metadata": {"labels": BAIT}}), metadata("web-tls")],
            )
        }),
    );
    assert_eq!(named(&read), ["web-tls"]);
    assert_eq!(read.state.partial_kinds, ["Secret"]);
    assert!(
        read.not_checked[0].contains("1 of the secrets"),
        "{:?}",
        read.not_checked
    );
}

/// The state of the item `tls-secret`, and what the command says beside it.
fn item(more: &[&str], script: Script) -> (String, String) {
    runtime().block_on(async {
        let server = Loopback::start(script).await;
        let folder = Folder::new();
        let way = kubeconfig(&server.server, None, "{token: secret-token}");
        let way = folder.write("config.yaml", &way);
        let bare = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readiness/bare");
        let answer = Command::new(env!("CARGO_BIN_EXE_aksplan"))
            .args([
                "readiness",
                "--cluster",
                "shop",
                "-o",
                "json",
                "--from",
                bare,
            ])
            .arg("--kubeconfig")
            .arg(&way)
            .args(more)
            .output()
            .expect("the binary runs");
        let text = String::from_utf8(answer.stdout).expect("it is text");
        assert!(!text.contains(BAIT), "{text}");
        let told = String::from_utf8_lossy(&answer.stderr).to_string();
        let shape: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text} {told}"));
        let items = shape["items"].as_array().expect("it has items");
        let item = items.iter().find(|item| item["code"] == "tls-secret");
        let state = item.expect("it is asked")["state"].as_str();
        (state.expect("it has a state").to_string(), text)
    })
}

#[test]
fn readiness_knows_with_the_flag_and_only_then() {
    let with = |name: &'static str| secrets(move |_, _| of_metadata("", &[metadata(name)]));
    let flag = ["--secret-types"];
    assert_eq!(item(&[], with("web-tls")).0, "not_known");
    assert_eq!(item(&flag, with("web-tls")).0, "ready");
    // It may be there as one of another type, which nobody listed.
    let (state, text) = item(&flag, with("other"));
    assert_eq!(state, "not_known");
    assert!(
        text.contains("shop/web-tls, which is none of type kubernetes.io/tls"),
        "{text}"
    );
    let (state, text) = item(&flag, secrets(|_, _| answer(403, "{}")));
    assert_eq!(state, "not_known");
    assert!(text.contains("the missing rule of its role"), "{text}");
}
