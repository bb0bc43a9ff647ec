//! The control plane that the stand-in acts on: how it is asked, who may ask it, and how it is emptied for the next cluster.
//! Decides nothing about nodes or pods.

use crate::control_plane::{ControlPlane, WHOLE, binaries, send};
use aksplan::source::kubernetes_api::READS;
use futures::future::join_all;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

const ADMIN: &str = "token-admin";
/// What `listClusterUserCredential` hands out. Looked for in everything a command prints.
pub const OPERATOR: &str = "token-of-the-operator-5d2c";
pub const NETWORK_CONFIGS: &str =
    "/apis/acn.azure.com/v1alpha/namespaces/kube-system/nodenetworkconfigs";
const GROUP: &str = "rbac.authorization.k8s.io";

/// A client of an administrator.
#[derive(Clone)]
pub struct Api(kube::Client);

impl Api {
    /// Status and body; status 0 where no answer came.
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        send(&self.0, method, path, body).await
    }

    /// Makes an object, which must be accepted or be there.
    pub async fn make(&self, path: &str, object: &Value) {
        let start = Instant::now();
        loop {
            let (status, answer) = self.send("POST", path, Some(object)).await;
            if status == 201 || status == 409 {
                return;
            }
            // A definition that was just made is served a moment later.
            let is_late = status == 404 || status == 0 || status >= 500;
            assert!(
                is_late && start.elapsed() < Duration::from_secs(20),
                "POST {path}: {status} {answer}\n{object}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What a collection holds.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let (status, mut answer) = self.send("GET", path, None).await;
        assert_eq!(status, 200, "GET {path}: {answer}");
        match answer["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        }
    }

    /// What is not there any more needs no change.
    pub async fn merge(&self, path: &str, change: &Value) -> bool {
        let (status, answer) = self.send("PATCH", path, Some(change)).await;
        assert!(
            status == 200 || status == 404,
            "PATCH {path}: {status} {answer}"
        );
        status == 200
    }

    pub async fn delete(&self, path: &str) {
        let (status, answer) = self.send("DELETE", path, None).await;
        assert!(
            matches!(status, 200 | 202 | 404),
            "DELETE {path}: {status} {answer}"
        );
    }
}

/// A control plane and the threads that ask it. One a test binary: the last test that holds it ends it.
pub struct Plane {
    pub runtime: tokio::runtime::Runtime,
    pub control: ControlPlane,
    pub api: Api,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `None`, said aloud, where there are no binaries to be had.
pub fn plane() -> Option<Arc<Plane>> {
    static PLANE: Mutex<Weak<Plane>> = Mutex::new(Weak::new());
    let mut known = locked(&PLANE);
    if let Some(plane) = known.upgrade() {
        return Some(plane);
    }
    let plane = Arc::new(start()?);
    *known = Arc::downgrade(&plane);
    Some(plane)
}

/// One cluster at a time lives in the control plane.
pub fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    locked(&TURN)
}

fn start() -> Option<Plane> {
    let binaries = binaries(WHOLE)?;
    let tokens = format!("{ADMIN},admin,1,system:masters\n{OPERATOR},operator,2,\n");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    let mut control = ControlPlane::start(&binaries, &tokens);
    let api = runtime.block_on(async {
        let api = Api(control.client(ADMIN).await);
        let start = Instant::now();
        while api.send("GET", "/readyz", None).await.0 != 200 {
            assert!(start.elapsed() < Duration::from_secs(90), "never ready");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        api
    });
    let played = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aks/played.yaml");
    control.start_the_rest(&binaries, ADMIN, &played);
    runtime.block_on(definitions(&api));
    Some(Plane {
        runtime,
        control,
        api,
    })
}

async fn definitions(api: &Api) {
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "nodenetworkconfigs.acn.azure.com"},
        "spec": {"group": "acn.azure.com", "scope": "Namespaced",
            "names": {"kind": "NodeNetworkConfig", "plural": "nodenetworkconfigs", "singular": "nodenetworkconfig"},
            "versions": [{"name": "v1alpha", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}});
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    api.make(path, &definition).await;
    let start = Instant::now();
    while api.send("GET", NETWORK_CONFIGS, None).await.0 != 200 {
        assert!(start.elapsed() < Duration::from_secs(30), "never served");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The rules by which the operator may read everything that is read and hold a Lease in kube-system.
pub fn reads() -> Vec<Value> {
    let mut rules: Vec<Value> = READS
        .iter()
        .map(|read| {
            let mut rule = json!({"apiGroups": [read.group], "resources": [read.resource], "verbs": ["get", "list"]});
            if !read.names.is_empty() {
                rule["resourceNames"] = json!(read.names);
            }
            rule
        })
        .collect();
    rules.push(
        json!({"apiGroups": ["coordination.k8s.io"], "resources": ["leases"],
        "verbs": ["get", "create", "update", "patch", "delete"]}),
    );
    rules
}

/// What the user of the handed kubeconfig may do from now on; whatever it could before is gone.
pub async fn grant(api: &Api, rules: &[Value]) {
    let role = json!({"metadata": {"name": "operator"}, "rules": rules});
    let path = format!("/apis/{GROUP}/v1/clusterroles");
    let (status, answer) = api
        .send("PUT", &format!("{path}/operator"), Some(&role))
        .await;
    if status == 404 || status == 405 {
        api.make(&path, &role).await;
    } else {
        assert!(status == 200 || status == 201, "{answer}");
    }
    let binding = json!({"metadata": {"name": "operator"},
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": "operator"},
        "subjects": [{"kind": "User", "name": "operator", "apiGroup": GROUP}]});
    api.make(&format!("/apis/{GROUP}/v1/clusterrolebindings"), &binding)
        .await;
}

/// Takes everything away that a cluster of an earlier test left: its namespaces stay, empty.
pub async fn wipe(api: &Api) {
    let namespaces: Vec<String> = api
        .list("/api/v1/namespaces")
        .await
        .iter()
        .filter_map(|one| one["metadata"]["name"].as_str().map(str::to_string))
        .collect();
    let all = |kinds: &'static [&'static str]| {
        let paths = namespaces
            .iter()
            .flat_map(|namespace| kinds.iter().map(move |kind| (namespace, kind)))
            .map(|(namespace, kind)| {
                let (root, resource) = kind.rsplit_once('/').expect("group and resource");
                format!("{root}/namespaces/{namespace}/{resource}?gracePeriodSeconds=0")
            });
        let api = api.clone();
        join_all(paths.map(move |path| {
            let api = api.clone();
            async move { api.delete(&path).await }
        }))
    };
    all(&[
        "/apis/apps/v1/deployments",
        "/apis/apps/v1/statefulsets",
        "/apis/apps/v1/daemonsets",
        "/apis/policy/v1/poddisruptionbudgets",
    ])
    .await;
    all(&["/apis/apps/v1/replicasets"]).await;
    api.delete("/api/v1/nodes").await;
    let start = Instant::now();
    loop {
        all(&["/api/v1/pods"]).await;
        if api.list("/api/v1/pods").await.is_empty() {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "pods stay");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    all(&["/api/v1/persistentvolumeclaims"]).await;
    for volume in api.list("/api/v1/persistentvolumes").await {
        let name = volume["metadata"]["name"].as_str().unwrap_or_default();
        let path = format!("/api/v1/persistentvolumes/{name}");
        api.merge(&path, &json!({"metadata": {"finalizers": null}}))
            .await;
        api.delete(&path).await;
    }
    api.delete(NETWORK_CONFIGS).await;
    api.delete("/api/v1/namespaces/kube-system/configmaps/azure-ip-masq-agent-config")
        .await;
    all(&[
        "/api/v1/events",
        "/apis/networking.k8s.io/v1/networkpolicies",
    ])
    .await;
    let lease = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/aksplan-migration";
    api.delete(lease).await;
    let start = Instant::now();
    while !api.list("/api/v1/persistentvolumeclaims").await.is_empty() {
        assert!(start.elapsed() < Duration::from_secs(30), "claims stay");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
