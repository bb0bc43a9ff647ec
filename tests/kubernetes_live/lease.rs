//! The lease of an execution, against a server of our own making: who gets it, who loses it, and what an answer that never came
//! means. Times are the test's.

use super::{kubeconfig, runtime};
use aksplan::source::kubernetes_api::lease::{Held, Lease, LeaseError};
use aksplan::source::kubernetes_api::{Access, Settings};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATH: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/aksplan-migration";
const LASTS: Duration = Duration::from_secs(60);

/// What happens to one PUT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Fine,
    /// Carried out, and the answer is an error.
    DoneAnd(u16),
    /// Not carried out.
    Only(u16),
    /// Carried out, and nothing is answered for longer than anybody waits.
    DoneAndSilent,
    /// Before it, somebody else labels the object.
    Labelled,
    /// Before it, somebody else takes it.
    Taken,
    /// Before it, the holder of before renews it.
    Alive,
    /// 401 once; then fine.
    Expired,
}

#[derive(Default)]
struct World {
    object: Option<Value>,
    version: u64,
    fates: Vec<Fate>,
    puts: usize,
    /// Every request, as method and path.
    asked: Vec<String>,
}

impl World {
    fn put(&mut self, mut object: Value) -> (u16, Value) {
        let given = object["metadata"]["resourceVersion"]
            .as_str()
            .map(str::to_string);
        match (&self.object, given) {
            (Some(_), None) => {
                return (
                    422,
                    json!({"kind": "Status", "message": "resourceVersion: must be specified for an update"}),
                );
            }
            (Some(known), Some(given))
                if known["metadata"]["resourceVersion"] != given.as_str() =>
            {
                return (
                    409,
                    json!({"kind": "Status", "message": "the object has been modified"}),
                );
            }
            _ => {}
        }
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.object = Some(object.clone());
        (200, object)
    }

    fn meddle(&mut self, change: impl FnOnce(&mut Value)) {
        let mut object = self
            .object
            .clone()
            .unwrap_or_else(|| lease("", "2026-01-01T00:00:00.000000Z"));
        change(&mut object);
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.object = Some(object);
    }
}

fn lease(holder: &str, renewed: &str) -> Value {
    json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "aksplan-migration", "namespace": "kube-system", "resourceVersion": "7", "labels": {"a": "b"}},
        "spec": {"holderIdentity": holder, "acquireTime": "2026-01-01T00:00:00.000000Z", "renewTime": renewed,
            "leaseDurationSeconds": 60, "leaseTransitions": 4, "preferredHolder": "unheard-of"}})
}

type Shared = Arc<Mutex<World>>;

async fn handle(State(world): State<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    let (status, answer, silent) = {
        let mut world = world.lock().expect("no panic in it");
        assert_eq!(parts.uri.path(), PATH);
        world.asked.push(parts.method.to_string());
        if parts.method == "GET" {
            match &world.object {
                Some(object) => (200, object.clone(), false),
                None => (404, json!({"kind": "Status"}), false),
            }
        } else {
            assert_eq!(parts.method, "PUT");
            let object: Value = serde_json::from_slice(&body).expect("JSON");
            let fate = world.fates.get(world.puts).copied().unwrap_or(Fate::Fine);
            world.puts += 1;
            match fate {
                Fate::Labelled => {
                    world.meddle(|object| object["metadata"]["labels"] = json!({"x": "y"}))
                }
                Fate::Taken => {
                    world.meddle(|object| object["spec"]["holderIdentity"] = json!("mallory"))
                }
                Fate::Alive => world.meddle(|object| {
                    object["spec"]["renewTime"] = json!("2026-01-01T09:59:59.000000Z")
                }),
                _ => {}
            }
            match fate {
                Fate::Only(status) => (status, json!({"kind": "Status", "message": "no"}), false),
                Fate::Expired => (401, json!({"kind": "Status"}), false),
                Fate::DoneAnd(status) => {
                    world.put(object);
                    (
                        status,
                        json!({"kind": "Status", "message": "etcdserver: request timed out"}),
                        false,
                    )
                }
                Fate::DoneAndSilent => {
                    let (status, answer) = world.put(object);
                    (status, answer, true)
                }
                _ => {
                    let (status, answer) = world.put(object);
                    (status, answer, false)
                }
            }
        }
    };
    if silent {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(answer.to_string()))
        .expect("an answer")
}

struct Server {
    world: Shared,
    access: Access,
}

impl Server {
    async fn start(object: Option<Value>, fates: &[Fate]) -> Server {
        let world: Shared = Arc::new(Mutex::new(World {
            object,
            version: 7,
            fates: fates.to_vec(),
            ..World::default()
        }));
        let app = axum::Router::new()
            .fallback(handle)
            .with_state(Arc::clone(&world));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let server = format!("http://{}", listener.local_addr().expect("it is bound"));
        tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        let access = Access::Handed {
            kubeconfig: kubeconfig(&server, None, "{token: secret-token}"),
            token: None,
        };
        Server { world, access }
    }

    async fn acquire(&self, holder: &str, now: &str) -> Result<Lease, LeaseError> {
        let settings = Settings {
            timeout: Duration::from_millis(500),
            attempts: 2,
            first_wait: Duration::from_millis(5),
            ..Settings::default()
        };
        Lease::acquire(&self.access, &settings, holder, LASTS, at(now)).await
    }

    fn spec(&self) -> Value {
        let world = self.world.lock().expect("no panic in it");
        world
            .object
            .as_ref()
            .map_or(Value::Null, |object| object["spec"].clone())
    }

    fn puts(&self) -> usize {
        self.world.lock().expect("no panic in it").puts
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

const TEN: &str = "2026-01-01T10:00:00Z";

#[test]
fn it_is_made_renewed_and_given_back() {
    runtime().block_on(async {
        let server = Server::start(None, &[]).await;
        let mut lease = server.acquire("jane", TEN).await.expect("nobody has it");
        assert_eq!(
            server.spec(),
            json!({"holderIdentity": "jane", "acquireTime": "2026-01-01T10:00:00.000000Z", "renewTime": "2026-01-01T10:00:00.000000Z",
                "leaseDurationSeconds": 60, "leaseTransitions": 0})
        );
        assert_eq!(lease.expires(), at("2026-01-01T10:01:00Z"));
        lease.renew(at("2026-01-01T10:00:30Z")).await.expect("ours");
        assert_eq!(lease.expires(), at("2026-01-01T10:01:30Z"));
        assert_eq!(server.spec()["acquireTime"], "2026-01-01T10:00:00.000000Z");
        let other = server.acquire("joe", "2026-01-01T10:00:31Z").await.expect_err("it is held");
        assert_eq!(
            other.to_string(),
            "a migration of this cluster is being executed by jane since 2026-01-01T10:00:00Z, last renewed 2026-01-01T10:00:30Z for 60 s"
        );
        lease.release(at("2026-01-01T10:00:40Z")).await.expect("ours");
        assert_eq!(server.spec()["holderIdentity"], "");
        let settings = Settings::default();
        assert_eq!(Lease::look(&server.access, &settings).await, Ok(None));
        server.acquire("joe", "2026-01-01T10:00:41Z").await.expect("given back");
        assert_eq!(server.spec()["leaseTransitions"], 1);
        assert_eq!(
            Lease::look(&server.access, &settings).await.expect("there").map(|held| held.holder),
            Some("joe".to_string())
        );
    });
}

#[test]
fn it_is_taken_only_when_it_is_long_expired() {
    runtime().block_on(async {
        for (renewed, taken) in [
            ("2026-01-01T09:59:30.000000Z", false),
            // Expired, and clocks may differ.
            ("2026-01-01T09:58:30.000000Z", false),
            ("2026-01-01T09:58:00.000000Z", false),
            ("2026-01-01T09:57:59.999999Z", true),
            // Of a clock that is ahead.
            ("2026-01-01T11:00:00.000000Z", false),
            ("nonsense", false),
        ] {
            let server = Server::start(Some(lease("joe", renewed)), &[]).await;
            let told = server.acquire("jane", TEN).await;
            assert_eq!(told.is_ok(), taken, "{renewed}: {told:?}");
            if taken {
                let spec = server.spec();
                assert_eq!(
                    (&spec["leaseTransitions"], &spec["preferredHolder"]),
                    (&json!(5), &json!("unheard-of"))
                );
            } else {
                assert!(
                    matches!(told, Err(LeaseError::Held(Held { holder, .. })) if holder == "joe")
                );
                assert_eq!(server.puts(), 0, "{renewed}");
            }
        }
        // A run that was killed comes back as itself.
        let server = Server::start(Some(lease("jane", "2026-01-01T09:59:30.000000Z")), &[]).await;
        server.acquire("jane", TEN).await.expect("it is hers");
        let spec = server.spec();
        assert_eq!(
            (&spec["leaseTransitions"], &spec["acquireTime"]),
            (&json!(4), &json!("2026-01-01T00:00:00.000000Z"))
        );
    });
}

/// What is told of an acquisition after which the fate strikes, of a lease that expired long ago.
async fn struck(before: Option<Value>, fate: Fate) -> (Result<Lease, LeaseError>, Server) {
    let server = Server::start(before, &[fate]).await;
    (server.acquire("jane", TEN).await, server)
}

#[test]
fn two_never_both_get_it() {
    runtime().block_on(async {
        let old = || Some(lease("joe", "2026-01-01T01:00:00.000000Z"));
        for before in [None, old()] {
            let (told, server) = struck(before, Fate::Taken).await;
            assert!(matches!(told, Err(LeaseError::Held(held)) if held.holder == "mallory"));
            assert_eq!(
                (server.puts(), server.spec()["holderIdentity"].as_str()),
                (1, Some("mallory"))
            );
        }
        // The one that was thought dead renews it at the last moment.
        let (told, server) = struck(old(), Fate::Alive).await;
        assert!(matches!(told, Err(LeaseError::Held(held)) if held.holder == "joe"));
        assert_eq!(server.puts(), 1);
        // Only a label changed.
        let (told, server) = struck(old(), Fate::Labelled).await;
        told.expect("nobody else wants it");
        assert_eq!(
            (server.puts(), server.spec()["holderIdentity"].as_str()),
            (2, Some("jane"))
        );
    });
}

#[test]
fn an_answer_that_never_came_is_looked_up() {
    runtime().block_on(async {
        for fate in [Fate::DoneAnd(500), Fate::DoneAnd(504), Fate::DoneAndSilent] {
            let (told, server) = struck(None, fate).await;
            told.unwrap_or_else(|error| panic!("{fate:?}: {error}"));
            assert_eq!(server.puts(), 1, "{fate:?}: it was carried out");
        }
        for (fate, word) in [
            (Fate::Only(500), "500"),
            (Fate::Only(403), "not allowed"),
            (Fate::Only(404), "namespace"),
        ] {
            for before in [None, Some(lease("", "2026-01-01T01:00:00.000000Z"))] {
                let (told, server) = struck(before, fate).await;
                let error = told.expect_err("it was not carried out");
                assert!(
                    matches!(error, LeaseError::Failed { .. }),
                    "{fate:?}: {error:?}"
                );
                assert!(error.to_string().contains(word), "{error}");
                assert!(!error.to_string().contains("secret-token"), "{error}");
                assert_eq!(server.puts(), 1);
            }
        }
        let (told, server) = struck(None, Fate::Expired).await;
        told.expect("with new credentials");
        assert_eq!(server.puts(), 2);
    });
}

#[test]
fn a_lease_that_was_taken_over_is_lost() {
    runtime().block_on(async {
        for (fate, end) in [
            (Fate::Taken, "lost"),
            (Fate::Only(503), "failed"),
            (Fate::Labelled, "fine"),
            (Fate::DoneAnd(500), "fine"),
        ] {
            let server = Server::start(None, &[Fate::Fine, fate]).await;
            let mut lease = server.acquire("jane", TEN).await.expect("nobody has it");
            let told = lease.renew(at("2026-01-01T10:00:20Z")).await;
            match end {
                "lost" => assert!(
                    matches!(&told, Err(LeaseError::Lost(Some(held))) if held.holder == "mallory"),
                    "{told:?}"
                ),
                "failed" => {
                    assert!(matches!(told, Err(LeaseError::Failed { .. })), "{told:?}");
                    assert_eq!(lease.expires(), at("2026-01-01T10:01:00Z"), "as before");
                    lease
                        .renew(at("2026-01-01T10:00:25Z"))
                        .await
                        .expect("the next time");
                }
                _ => told.unwrap_or_else(|error| panic!("{fate:?}: {error}")),
            }
        }
    });
}
