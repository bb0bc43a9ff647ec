//! The whole cluster, and how it is asked. Judges nothing.

use super::control_plane::{ControlPlane, WHOLE, binaries, send};
use super::objects;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

pub struct Cluster {
    pub plane: ControlPlane,
    client: kube::Client,
}

const TOKEN: &str = "token-admin";

impl Cluster {
    /// `None` where there are no binaries to be had.
    pub async fn start() -> Option<Cluster> {
        let binaries = binaries(WHOLE)?;
        let mut plane =
            ControlPlane::start(&binaries, &format!("{TOKEN},admin,1,system:masters\n"));
        let client = plane.client(TOKEN).await;
        let start = Instant::now();
        while send(&client, "GET", "/readyz", None).await.0 != 200 {
            assert!(start.elapsed() < Duration::from_secs(90), "never ready");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let played =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disruption_live/played.yaml");
        plane.start_the_rest(&binaries, TOKEN, &played);
        Some(Cluster { plane, client })
    }

    /// Status and body; status 0 where no answer came.
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        send(&self.client, method, path, body).await
    }

    /// Makes an object, which must be accepted.
    pub async fn make(&self, path: &str, object: &Value) {
        let (status, answer) = self.send("POST", path, Some(object)).await;
        assert_eq!(status, 201, "POST {path}: {answer}\n{object}");
    }

    /// What a collection holds; the kind, which lists do not repeat, is written into each.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let (status, answer) = self.send("GET", path, None).await;
        assert_eq!(status, 200, "GET {path}: {answer}");
        let version = answer["apiVersion"].clone();
        let kind = answer["kind"].as_str().unwrap_or_default();
        let kind = json!(kind.strip_suffix("List").unwrap_or(kind));
        let Value::Array(mut items) = answer["items"].clone() else {
            return Vec::new();
        };
        for item in &mut items {
            item["apiVersion"] = version.clone();
            item["kind"] = kind.clone();
        }
        items
    }

    pub async fn objects(&self, kind: &str, scope: &str) -> Vec<Value> {
        self.list(&objects::collection(kind, scope)).await
    }

    pub async fn nodes(&self, scope: &str) -> Vec<Value> {
        let label = objects::SCOPE.replace('/', "%2F");
        self.list(&format!("/api/v1/nodes?labelSelector={label}%3D{scope}"))
            .await
    }

    pub async fn merge(&self, path: &str, change: &Value) {
        let (status, answer) = self.send("PATCH", path, Some(change)).await;
        assert_eq!(status, 200, "PATCH {path}: {answer}");
    }

    pub async fn cordon(&self, node: &str, cordoned: bool) {
        let change = json!({"spec": {"unschedulable": cordoned}});
        self.merge(&format!("/api/v1/nodes/{node}"), &change).await;
    }
}
