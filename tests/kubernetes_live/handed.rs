//! `--kubernetes`: Azure lists the clusters and hands out their kubeconfigs, their own API servers say the rest. Two stand-ins
//! on loopback, the real binary between them.
#![cfg(feature = "azure")]

use super::loopback::{Answer, Loopback, answer, empty};
use super::{Folder, kubeconfig, runtime};
use azure_core::base64;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

const SUBSCRIPTION: &str = "11111111-1111-1111-1111-111111111111";
const ARM_TOKEN: &str = "arm-token-never-shown";
const CLUSTER_TOKEN: &str = "cluster-token-never-shown";

fn cluster_id(name: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/{name}"
    )
}

/// An Azure Resource Manager with the clusters `pier`, `quay` and `jetty`; quay's kubeconfig is not handed out, and jetty's wants
/// kubelogin. Returns its address and
/// what it was asked.
async fn azure(kubeconfig: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let cluster = |name: &str| {
        serde_json::json!({
            "id": cluster_id(name), "name": name, "type": "Microsoft.ContainerService/ManagedClusters", "location": "x",
            "properties": {
                "nodeResourceGroup": format!("MC_rg_{name}_x"),
                "networkProfile": { "networkPlugin": "azure", "networkPluginMode": "overlay", "podCidr": "10.244.0.0/16" },
                "agentPoolProfiles": [{ "name": "np", "count": 1, "maxPods": 250 }]
            }
        })
    };
    let clusters =
        serde_json::json!({ "value": [cluster("pier"), cluster("quay"), cluster("jetty")] })
            .to_string();
    let handed = serde_json::json!({ "kubeconfigs": [{ "name": "clusterUser", "value": base64::encode(kubeconfig) }] });
    let kubelogin = super::kubeconfig(
        "http://127.0.0.1:9",
        None,
        "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: kubelogin, interactiveMode: Never}}",
    );
    let with_kubelogin = serde_json::json!({ "kubeconfigs": [{ "name": "clusterUser", "value": base64::encode(kubelogin) }] });
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    let app =
        axum::Router::new().fallback(async move |request: axum::extract::Request| -> Answer {
            let authorization = request.headers().get("authorization");
            let authorization = authorization.and_then(|value| value.to_str().ok());
            assert_eq!(authorization, Some(format!("Bearer {ARM_TOKEN}").as_str()));
            let path = request.uri().path().to_string();
            let line = format!("{} {path}", request.method());
            log.lock().expect("no panic in a test server").push(line);
            if path.ends_with("/managedClusters/pier/listClusterUserCredential") {
                answer(200, handed.to_string())
            } else if path.ends_with("/managedClusters/jetty/listClusterUserCredential") {
                answer(200, with_kubelogin.to_string())
            } else if path.ends_with("/listClusterUserCredential") {
                answer(
                    403,
                    r#"{"error":{"code":"AuthorizationFailed","message":"not this one"}}"#,
                )
            } else if path.ends_with("/managedClusters") {
                answer(200, clusters.clone())
            } else {
                answer(200, r#"{"value":[]}"#)
            }
        });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let server = format!("http://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        let _ = axum::serve(listener, app).await;
    });
    (server, asked)
}

fn api_server() -> super::loopback::Script {
    Arc::new(|path, _| {
        if path.starts_with("/api/v1/nodes") {
            answer(
                200,
                r#"{"kind":"NodeList","metadata":{},"items":[{"metadata":{"name":"aks-np-0","labels":{}},"status":{"allocatable":{"cpu":"2"}}}]}"#,
            )
        } else if path.starts_with("/api/v1/secrets?fieldSelector=type%3Dkubernetes.io%2Ftls&") {
            answer(
                200,
                r#"{"kind":"PartialObjectMetadataList","metadata":{},"items":[{"metadata":{"namespace":"shop","name":"web-tls"}}]}"#,
            )
        } else if path.contains("/configmaps/") {
            answer(404, "{}")
        } else {
            empty()
        }
    })
}

fn snapshot(azure: &str, file: &Path, more: &[&str]) -> Output {
    command(azure, file, more)
        .output()
        .expect("the binary runs")
}

fn command(azure: &str, file: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aksplan"));
    command
        .args([
            "snapshot",
            "--subscription",
            SUBSCRIPTION,
            "--arm-endpoint",
            azure,
        ])
        .arg("--file")
        .arg(file)
        .args(more)
        .env("AKSPLAN_ARM_TOKEN", ARM_TOKEN)
        .env("NO_COLOR", "1");
    command
}

#[test]
fn nobody_listens_to_what_is_told() {
    let runtime = runtime();
    let (azure, _cluster) = runtime.block_on(async {
        let cluster = Loopback::start(api_server()).await;
        let user = format!("{{token: {CLUSTER_TOKEN}}}");
        let (azure, _) = azure(kubeconfig(&cluster.server, None, &user)).await;
        (azure, cluster)
    });
    let folder = Folder::new();
    let file = folder.path.join("estate.json");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = command(&azure, &file, &["--kubernetes", "--verbose"])
        .stdout(std::process::Stdio::null())
        .stderr(writer)
        .status()
        .expect("the binary runs");
    assert!(status.success(), "{status}");
    assert!(file.exists(), "it was written all the same");
}

#[test]
fn azure_hands_out_the_way_to_a_cluster() {
    let runtime = runtime();
    let (azure, asked, cluster) = runtime.block_on(async {
        let cluster = Loopback::start(api_server()).await;
        let user = format!("{{token: {CLUSTER_TOKEN}}}");
        let (azure, asked) = azure(kubeconfig(&cluster.server, None, &user)).await;
        (azure, asked, cluster)
    });
    let folder = Folder::new();
    let file = folder.path.join("estate.json");

    let output = snapshot(&azure, &file, &["--kubernetes", "--verbose"]);
    let told = String::from_utf8_lossy(&output.stderr).to_string();
    assert!(output.status.success(), "{told}");
    let text = std::fs::read_to_string(&file).expect("it was written");
    let snapshot_of: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let clusters = snapshot_of["inventory"]["clusters"]
        .as_array()
        .expect("three clusters");
    let nodes = |name: &str| {
        let cluster = clusters.iter().find(|cluster| cluster["name"] == name);
        let cluster = cluster.unwrap_or_else(|| panic!("no cluster {name} in {text}"));
        cluster["kubernetes"]["nodes"].as_array().map(Vec::len)
    };
    assert_eq!(
        nodes("pier"),
        Some(1),
        "its node carries no label: Azure said whose it is"
    );
    assert_eq!(nodes("quay"), None);
    assert!(
        told.contains("objects of cluster quay were not read: Azure handed out no kubeconfig: 403 AuthorizationFailed"),
        "{told}"
    );
    assert_eq!(nodes("jetty"), None);
    assert!(
        told.contains("objects of cluster jetty were not read: it wants a token of Entra ID"),
        "{told}"
    );
    for secret in [ARM_TOKEN, CLUSTER_TOKEN] {
        assert!(
            !text.contains(secret) && !told.contains(secret),
            "{secret} shows"
        );
    }
    let posts: Vec<String> = asked
        .lock()
        .expect("no panic in a test server")
        .iter()
        .filter(|line| !line.starts_with("GET "))
        .cloned()
        .collect();
    assert_eq!(posts.len(), 3, "one a cluster and nothing else: {posts:?}");
    let requests = std::mem::take(&mut *cluster.asked.lock().expect("no panic"));
    assert!(!requests.is_empty(), "the cluster itself was asked");
    assert!(!requests.iter().any(|path| path.contains("secret")));

    // With the flag, of Secrets as well, and the snapshot keeps what they are.
    let output = snapshot(&azure, &file, &["--kubernetes", "--secret-types"]);
    assert!(output.status.success());
    let text = std::fs::read_to_string(&file).expect("it was written");
    let again: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let clusters = again["inventory"]["clusters"].as_array();
    let mut clusters = clusters.expect("three clusters").iter();
    let pier = clusters.find(|cluster| cluster["name"] == "pier");
    assert_eq!(
        pier.expect("it was read")["kubernetes"]["platform"]["secrets"],
        serde_json::json!([{"namespace": "shop", "name": "web-tls", "kind": "kubernetes.io/tls"}])
    );

    // Without the flag nobody is asked for a kubeconfig, and it is said that objects are not known.
    asked.lock().expect("no panic in a test server").clear();
    let output = snapshot(&azure, &folder.path.join("without.json"), &[]);
    let told = String::from_utf8_lossy(&output.stderr).to_string();
    assert!(told.contains("--kubernetes reads them"), "{told}");
    let asked = asked.lock().expect("no panic in a test server");
    assert!(
        asked.iter().all(|line| line.starts_with("GET ")),
        "{asked:?}"
    );
}
