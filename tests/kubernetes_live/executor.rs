//! The roles for an execution against a real API server: with them a lease is taken, renewed and given back and everything is read;
//! each rule is needed, and nothing else is allowed.

use super::control_plane::Folder;
use super::real::{Cluster, bare};
use super::runtime;
use aksplan::source::kubernetes_api::lease::{Lease, LeaseError};
use aksplan::source::kubernetes_api::writes::WRITES;
use aksplan::source::kubernetes_api::{Access, READS, Reader, Settings, cluster_role};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, Instant};

const LASTS: Duration = Duration::from_secs(60);
const RBAC: &str = "rbac.authorization.k8s.io";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";

/// The two manifests that the binary prints.
fn printed() -> (Value, Value) {
    let ran = Command::new(env!("CARGO_BIN_EXE_aksplan"))
        .args(["permissions", "kubernetes", "--execute"])
        .output()
        .expect("the binary runs");
    assert!(ran.status.success());
    let text = String::from_utf8(ran.stdout).expect("text");
    let (first, second) = text.split_once("---\n").expect("two manifests");
    let read = |text: &str| serde_saphyr::from_str::<Value>(text).expect("YAML");
    (read(first), read(second))
}

/// Makes a Role of these rules, in the namespace the printed one names, and gives it to a user.
async fn grant(cluster: &Cluster, user: &str, role: &Value, rules: &[Value]) {
    let namespace = role["metadata"]["namespace"]
        .as_str()
        .expect("a Role has one");
    let name = format!("executor-{user}");
    let made = json!({"metadata": {"name": name}, "rules": rules});
    let root = format!("/apis/{RBAC}/v1/namespaces/{namespace}");
    cluster.make(&format!("{root}/roles"), &made).await;
    let binding = json!({"metadata": {"name": name},
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name},
        "subjects": [{"kind": "User", "name": user, "apiGroup": RBAC}]});
    cluster
        .make(&format!("{root}/rolebindings"), &binding)
        .await;
}

fn access(cluster: &Cluster, user: &str) -> Access {
    Access::Kubeconfig {
        paths: vec![cluster.file(&format!("{user}.yaml"), &format!("{{token: token-{user}}}"))],
        context: None,
    }
}

/// Rights take a moment to arrive where they are looked up.
async fn acquire(cluster: &Cluster, user: &str, now: Timestamp) -> Result<Lease, LeaseError> {
    let start = Instant::now();
    loop {
        let told = Lease::acquire(
            &access(cluster, user),
            &Settings::default(),
            user,
            LASTS,
            now,
        )
        .await;
        let may_pass = matches!(&told, Err(LeaseError::Failed { .. }));
        if !may_pass || start.elapsed() > Duration::from_secs(3) {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[test]
fn the_roles_for_an_execution_are_enough_and_no_more() {
    runtime().block_on(async {
        let mut tokens = String::from("token-writer,writer,1,system:masters\n");
        for user in ["jane", "joe", "no-get", "no-create", "no-update"] {
            tokens.push_str(&format!("token-{user},{user},{user},\n"));
        }
        let Some(cluster) = bare(&tokens).await else {
            return;
        };
        let (reading, role) = printed();
        let known: Value = serde_saphyr::from_str(&cluster_role()).expect("YAML");
        assert_eq!(
            reading["rules"], known["rules"],
            "what is proven of the reader's role"
        );
        assert_eq!(reading["kind"], "ClusterRole");
        let rules = role["rules"].as_array().expect("rules").clone();
        assert_eq!(
            (role["kind"].as_str(), rules.len()),
            (Some("Role"), WRITES.len())
        );
        let reads = reading["rules"].as_array().expect("rules").clone();
        for user in ["jane", "joe"] {
            cluster.grant(user, &reads).await;
            grant(&cluster, user, &role, &rules).await;
        }
        for (position, write) in WRITES.iter().enumerate() {
            let mut without = rules.clone();
            without.remove(position);
            grant(&cluster, &format!("no-{}", write.verb), &role, &without).await;
        }
        let now = Timestamp::now();
        let later = |seconds: i64| now + SignedDuration::from_secs(seconds);

        // Nobody ever held it: without the right to make it, it is not made.
        let told = acquire(&cluster, "no-create", now).await;
        assert!(
            told.as_ref()
                .is_err_and(|error| error.to_string().contains("verbs: [create]")),
            "{told:?}"
        );
        let told = acquire(&cluster, "no-get", now).await;
        assert!(matches!(told, Err(LeaseError::Failed { .. })), "{told:?}");

        let mut lease = acquire(&cluster, "jane", now)
            .await
            .expect("the role is enough");
        lease.renew(later(10)).await.expect("the role is enough");
        let (status, object) = cluster
            .send("GET", &format!("{LEASES}/aksplan-migration"), None)
            .await;
        assert_eq!(
            (status, object["spec"]["holderIdentity"].as_str()),
            (200, Some("jane"))
        );
        assert_eq!(object["spec"]["leaseTransitions"], 0);
        let told = acquire(&cluster, "joe", later(20)).await;
        assert!(
            matches!(&told, Err(LeaseError::Held(held)) if held.holder == "jane"),
            "{told:?}"
        );
        // Both are there when it ends by itself: one gets it, and the other is told so.
        let both = tokio::join!(
            acquire(&cluster, "joe", later(200)),
            acquire(&cluster, "jane", later(200)),
        );
        assert!(both.1.is_ok() || both.0.is_ok());
        let winners = usize::from(both.0.is_ok()) + usize::from(both.1.is_ok());
        assert_eq!(winners, 1, "{both:?}");
        let told = lease.renew(later(201)).await;
        if let Ok(joes) = both.0 {
            assert!(
                matches!(&told, Err(LeaseError::Lost(Some(held))) if held.holder == "joe"),
                "{told:?}"
            );
            joes.release(later(202)).await.expect("the role is enough");
        } else {
            // The same holder: the run that came back.
            told.expect("hers");
            lease.release(later(202)).await.expect("the role is enough");
        }

        // There is one now, without a holder: it need not be made, only written.
        let told = acquire(&cluster, "no-update", later(210)).await;
        assert!(matches!(told, Err(LeaseError::Failed { .. })), "{told:?}");
        let lease = acquire(&cluster, "no-create", later(210))
            .await
            .expect("it is there");
        lease.release(later(211)).await.expect("it is its own");

        only_that(&cluster).await;

        // Everything is read with the same account.
        let reader = Reader::open(&access(&cluster, "jane"), &Settings::default())
            .await
            .expect("a kubeconfig");
        let kinds: Vec<&str> = READS.iter().map(|read| read.kind).collect();
        let read = reader.read(&kinds).await;
        assert_eq!(read.not_checked, [""; 0]);
        let one = reader.read_one("Namespace", "", "kube-system").await;
        assert_eq!(one.not_checked, [""; 0]);
        assert_eq!(one.state.namespaces.len(), 1, "by the right to list them");
        for event in cluster.plane.audit() {
            if event["user"]["username"] == "jane" {
                let verb = event["verb"].as_str().unwrap_or_default();
                let resource = event["objectRef"]["resource"].as_str().unwrap_or_default();
                let is_lease =
                    resource == "leases" && event["objectRef"]["name"] == "aksplan-migration";
                assert!(
                    matches!(verb, "get" | "list")
                        || (is_lease && matches!(verb, "update" | "create")),
                    "{event}"
                );
            }
        }
    });
}

/// No other lease, no other verb.
async fn only_that(cluster: &Cluster) {
    let client = cluster.plane.client("token-joe").await;
    let other = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "other", "namespace": "kube-system"}, "spec": {"holderIdentity": "joe"}});
    for (method, path, body) in [
        ("POST", LEASES.to_string(), Some(&other)),
        ("PUT", format!("{LEASES}/other"), Some(&other)),
        ("GET", format!("{LEASES}/other"), None),
        ("DELETE", format!("{LEASES}/aksplan-migration"), None),
        ("DELETE", "/api/v1/nodes/n".to_string(), None),
        (
            "GET",
            "/api/v1/namespaces/kube-system/secrets".to_string(),
            None,
        ),
    ] {
        let body = body.map_or(Vec::new(), |body: &Value| body.to_string().into_bytes());
        let request = http::Request::builder()
            .method(method)
            .uri(&path)
            .header("content-type", "application/json")
            .body(kube::client::Body::from(body))
            .expect("a request");
        let response = client.send(request).await.expect("an answer");
        assert_eq!(response.status().as_u16(), 403, "{method} {path}");
    }
    // Kept until the end: the kubeconfigs are in it.
    let _: &Folder = &cluster.plane.folder;
}
