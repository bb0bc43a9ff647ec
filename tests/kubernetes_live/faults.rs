//! Whatever a server does half way: what was read stays, what is missing is said, and nothing half is called whole.

use super::loopback::{Answer, Loopback, Script, answer, empty};
use super::runtime;
use aksplan::source::kubernetes_api::{KubernetesApiError, READS, Read};
use axum::body::Body;
use futures::StreamExt;
use std::sync::Arc;

/// A page of pods; `next` is the token of the one after it.
fn page(pods: std::ops::Range<usize>, next: &str) -> String {
    let items: Vec<String> = pods
        .map(|pod| format!(r#"{{"metadata":{{"namespace":"shop","name":"p-{pod}"}},"spec":{{}},"status":{{}}}}"#))
        .collect();
    let metadata = if next.is_empty() {
        "{}".to_string()
    } else {
        format!(r#"{{"continue":"{next}","remainingItemCount":7}}"#)
    };
    format!(
        r#"{{"kind":"PodList","metadata":{metadata},"items":[{}]}}"#,
        items.join(",")
    )
}

const PODS: &str = "/api/v1/pods?limit=500";
const SECOND: &str = "/api/v1/pods?limit=500&continue=two%2B%2F%3D";

/// A server that is fine but for its pods.
fn pods(script: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Script {
    Arc::new(move |path, before| {
        if path.starts_with("/api/v1/pods") {
            script(path, before)
        } else if path.contains("/configmaps/") {
            answer(404, "{}")
        } else {
            empty()
        }
    })
}

fn read(script: Script) -> (Result<Read, KubernetesApiError>, Vec<String>) {
    runtime().block_on(async {
        let server = Loopback::start(script).await;
        let read = server.read().await;
        let asked = server.asked.lock().expect("no panic in it").clone();
        (read, asked)
    })
}

/// Everything but the pods is complete, and the one sentence says what of the pods is missing.
fn broken(script: Script, kept: usize, expected: &str) -> Vec<String> {
    let (read, asked) = read(script);
    let read = read.expect("the other kinds are there");
    assert_eq!(read.state.pods.len(), kept);
    let [sentence] = read.not_checked.as_slice() else {
        panic!("{:?}", read.not_checked)
    };
    assert!(sentence.contains(expected), "{sentence}");
    assert!(!sentence.contains("secret-token"), "{sentence}");
    assert!(!read.state.has_kind("Pod"), "it is not whole");
    assert_eq!(read.state.partial_kinds.len(), usize::from(kept > 0));
    assert_eq!(read.state.kinds.len(), READS.len() - 1);
    asked
}

fn complete(script: Script, pods: usize) -> (Read, Vec<String>) {
    let (read, asked) = read(script);
    let read = read.expect("it is read");
    assert_eq!(read.not_checked, [""; 0]);
    let names: Vec<&str> = read
        .state
        .pods
        .iter()
        .map(|pod| pod.name.as_str())
        .collect();
    let expected: Vec<String> = (0..pods).map(|pod| format!("p-{pod}")).collect();
    assert_eq!(names, expected);
    assert!(read.state.has_kind("Pod"));
    assert_eq!(read.requests, asked.len() as u64);
    (read, asked)
}

#[test]
fn pages_are_followed() {
    let script = pods(|path, _| match path {
        PODS => answer(200, page(0..3, "two+/=")),
        SECOND => answer(200, page(3..5, "")),
        _ => answer(400, "{}"),
    });
    let (_, asked) = complete(script, 5);
    // One request a kind, one more for the second page, one more for the second ConfigMap.
    assert_eq!(asked.len(), READS.len() + 2);
}

#[test]
fn a_busy_server_is_waited_for() {
    let script = pods(|path, before| match (path, before) {
        (PODS, 0) => {
            let mut busy = answer(429, r#"{"kind":"Status","message":"too many requests"}"#);
            busy.headers_mut()
                .insert("retry-after", "1".parse().expect("a header"));
            busy
        }
        (PODS, 1) => answer(503, ""),
        (PODS, _) => answer(200, page(0..2, "")),
        _ => answer(400, "{}"),
    });
    let start = std::time::Instant::now();
    complete(script, 2);
    assert!(
        start.elapsed() >= std::time::Duration::from_secs(1),
        "Retry-After is honoured"
    );
}

#[test]
fn a_server_that_stays_busy_loses_only_that_kind() {
    let asked = broken(
        pods(|_, _| answer(500, r#"{"message":"etcdserver: leader changed"}"#)),
        0,
        "pods (Pod) were not read: the server answers 500: etcdserver: leader changed",
    );
    let tries = asked.iter().filter(|path| *path == PODS).count();
    assert_eq!(tries, 3);
}

#[test]
fn a_wait_that_is_too_long_is_not_waited_for() {
    let script = pods(|_, _| {
        let mut busy = answer(429, r#"{"message":"later"}"#);
        busy.headers_mut()
            .insert("retry-after", "3600".parse().expect("a header"));
        busy
    });
    let asked = broken(script, 0, "the server answers 429: later");
    assert_eq!(asked.iter().filter(|path| *path == PODS).count(), 1);
}

#[test]
fn a_list_that_breaks_off_is_kept_and_is_not_whole() {
    broken(
        pods(|path, _| match path {
            PODS => answer(200, page(0..3, "two+/=")),
            _ => answer(500, r#"{"message":"gone"}"#),
        }),
        3,
        "pods (Pod) were read in part, 3 of them: the server answers 500: gone",
    );
}

#[test]
fn a_body_that_breaks_off_is_asked_for_again() {
    let cut = || {
        let whole = page(0..3, "");
        let half = whole[..whole.len() / 2].to_string();
        // The half arrives; then the connection ends.
        let stream = futures::stream::iter([Some(half), None]).then(|piece| async {
            if piece.is_none() {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            piece.ok_or_else(|| std::io::Error::other("the cable was pulled"))
        });
        answer(200, Body::from_stream(stream))
    };
    complete(
        pods(move |_, before| {
            if before == 0 {
                cut()
            } else {
                answer(200, page(0..3, ""))
            }
        }),
        3,
    );
    broken(pods(move |_, _| cut()), 0, "the answer broke off");
}

#[test]
fn a_body_that_ends_early_is_told() {
    let whole = page(0..3, "");
    let half = whole[..whole.len() / 2].to_string();
    broken(
        pods(move |_, _| answer(200, half.clone())),
        0,
        "an answer ends in the middle of the JSON",
    );
    broken(
        pods(|_, _| answer(200, "<html>sign in</html>")),
        0,
        "an answer is not the JSON of a list; is this an API server?",
    );
}

#[test]
fn an_answer_that_is_no_list_is_not_an_empty_one() {
    let no_list = "pods (Pod) were not read: an answer is not a list of Kubernetes objects";
    for body in [
        r#"{"message":"ok"}"#,
        "{}",
        r#"{"kind":"PodList","metadata":{}}"#,
        r#"{"metadata":{},"items":[]}"#,
        r#"{"kind":"Pod","metadata":{},"items":[]}"#,
    ] {
        broken(pods(move |_, _| answer(200, body)), 0, no_list);
    }
    complete(
        pods(|_, _| answer(200, r#"{"kind":"PodList","metadata":{},"items":null}"#)),
        0,
    );
    let (read, _) = read(Arc::new(|path, _| {
        if path.contains("/configmaps/") {
            answer(200, r#"{"message":"ok"}"#)
        } else {
            empty()
        }
    }));
    let read = read.expect("the lists are there");
    assert!(!read.state.has_kind("ConfigMap"));
    assert!(
        read.not_checked[0].contains("an answer is not a ConfigMap"),
        "{:?}",
        read.not_checked
    );
}

#[test]
fn stale_pages_begin_the_list_again() {
    let script = pods(|path, before| match (path, before) {
        (PODS, 0) => answer(200, page(50..60, "two+/=")),
        (PODS, _) => answer(200, page(0..3, "two+/=")),
        (SECOND, 0) => answer(410, r#"{"reason":"Expired"}"#),
        _ => answer(200, page(3..5, "")),
    });
    complete(script, 5);
    let asked = broken(
        pods(|path, _| match path {
            PODS => answer(200, page(0..3, "two+/=")),
            _ => answer(410, r#"{"reason":"Expired"}"#),
        }),
        3,
        "the list changed faster than it could be read",
    );
    assert_eq!(asked.iter().filter(|path| *path == SECOND).count(), 3);
}

#[test]
fn a_list_begun_again_loses_nothing() {
    // Five objects, then stale; the second time it gets less far.
    let script = pods(|path, before| match (path, before) {
        (PODS, 0) => answer(200, page(0..3, "two+/=")),
        (SECOND, 0) => answer(200, page(3..5, "three")),
        (PODS | SECOND, _) => answer(500, r#"{"message":"gone"}"#),
        _ => answer(410, r#"{"reason":"Expired"}"#),
    });
    broken(
        script,
        5,
        "pods (Pod) were read in part, 5 of them: the server answers 500: gone",
    );
    // The second time it gets further.
    let script = pods(|path, before| match (path, before) {
        (PODS, 0) => answer(200, page(90..91, "two+/=")),
        (SECOND, 0) => answer(410, r#"{"reason":"Expired"}"#),
        (PODS, 1) => answer(200, page(0..3, "two+/=")),
        _ => answer(500, r#"{"message":"gone"}"#),
    });
    broken(script, 3, "pods (Pod) were read in part, 3 of them");
}

#[test]
fn a_page_that_comes_again_and_again_ends_the_list() {
    broken(
        pods(|path, _| match path {
            PODS => answer(200, page(0..3, "two+/=")),
            _ => answer(200, page(3..6, "two+/=")),
        }),
        3,
        "the same page again and again",
    );
}

#[test]
fn one_damaged_object_does_not_lose_the_others() {
    broken(
        pods(|_, _| {
            let whole = page(0..3, "");
            let item = r#"{"metadata":{"name":"p-1"},"spec":{"containers":"none"}}"#;
            answer(
                200,
                whole.replacen("\"items\":[", &format!("\"items\":[{item},"), 1),
            )
        }),
        3,
        "1 of the pods (Pod) could not be read; the first: ",
    );
}

#[test]
fn credentials_that_end_half_way_are_fetched_again_once() {
    complete(
        pods(|path, before| match (path, before) {
            (PODS, _) => answer(200, page(0..3, "two+/=")),
            (_, 0) => answer(401, "{}"),
            _ => answer(200, page(3..5, "")),
        }),
        5,
    );
    let asked = broken(
        pods(|path, _| match path {
            PODS => answer(200, page(0..3, "two+/=")),
            _ => answer(401, "{}"),
        }),
        3,
        "does not accept these credentials (401)",
    );
    assert_eq!(asked.iter().filter(|path| *path == SECOND).count(), 2);
}

#[test]
fn the_source_of_tokens_hears_of_the_refused_one() {
    use aksplan::source::kubernetes_api::{Access, Silent, read};
    use secrecy::{ExposeSecret, SecretString};
    let refused: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&refused);
    let script = pods(|path, before| match (path, before) {
        (PODS, 0) => answer(401, "{}"),
        _ => answer(200, page(0..3, "")),
    });
    let read = runtime().block_on(async {
        let server = Loopback::start(script).await;
        let access = Access::Handed {
            kubeconfig: super::kubeconfig(&server.server, None, "{token: unused}"),
            token: Some(Arc::new(move |refused| {
                let mut log = log.lock().expect("no panic in it");
                log.extend(refused.map(|token: SecretString| token.expose_secret().to_string()));
                let number = log.len();
                Box::pin(async move { Ok(SecretString::from(format!("token-{number}"))) })
            })),
        };
        read(&access, &super::loopback::quick(), &Silent).await
    });
    let read = read.expect("the second token is good");
    assert_eq!(read.state.pods.len(), 3);
    assert_eq!(*refused.lock().expect("no panic in it"), ["token-0"]);
}

#[test]
fn a_server_that_never_answers_is_one_error() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let server = format!("http://{}", closed.local_addr().expect("bound"));
    drop(closed);
    let error = runtime()
        .block_on(
            Loopback {
                server: server.clone(),
                asked: Arc::default(),
                accepted: Arc::default(),
            }
            .read(),
        )
        .expect_err("nobody listens");
    let text = error.to_string();
    assert!(
        text.contains(&server) && text.contains("context `test`") && text.contains("onnect"),
        "{text}"
    );
    assert!(!text.contains("secret-token"), "{text}");
}

#[test]
fn a_server_that_cannot_be_reached_is_not_waited_for() {
    use aksplan::source::kubernetes_api::{Access, Settings, Silent, read};
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let server = format!("http://{}", closed.local_addr().expect("bound"));
    drop(closed);
    let access = Access::Handed {
        kubeconfig: super::kubeconfig(&server, None, "{token: secret-token}"),
        token: None,
    };
    // Five attempts would wait for 1 + 2 + 4 + 8 seconds, two wait for one.
    let settings = Settings {
        first_wait: std::time::Duration::from_secs(1),
        ..Settings::default()
    };
    let start = std::time::Instant::now();
    let ended = runtime().block_on(read(&access, &settings, &Silent));
    assert!(ended.is_err());
    let took = start.elapsed().as_secs_f32();
    assert!((1.0..3.0).contains(&took), "{took} s");
}

#[test]
fn a_server_that_stops_answering_is_told_once() {
    let (read, asked) = read(Arc::new(|path, _| {
        if path.starts_with("/api/v1/nodes") {
            empty()
        } else {
            // Hangs up without an answer.
            std::panic::resume_unwind(Box::new(()))
        }
    }));
    let read = read.expect("the nodes are there");
    assert_eq!(read.state.kinds, ["Node"]);
    // Four kinds are under way when it stops, each with three attempts.
    assert!(asked.len() <= 1 + 4 * 3, "{asked:?}");
    let (last, others) = read.not_checked.split_last().expect("it is told");
    assert!(
        last.contains("persistentvolumes, ")
            && last.ends_with("configmaps were not read either: the server stopped answering"),
        "{last}"
    );
    assert!((1..=4).contains(&others.len()), "{others:?}");
    assert!(read.state.partial_kinds.is_empty());
}

#[test]
fn a_kubeconfig_that_is_none_is_not_quoted() {
    use aksplan::source::kubernetes_api::{Access, Settings, Silent, read};
    let text =
        "apiVersion: v1\nkind: Config\nusers:\n- name: u\n  user: {token: [hunter2-secret, {]\n";
    let access = Access::Handed {
        kubeconfig: text.to_string(),
        token: None,
    };
    let error = runtime()
        .block_on(read(&access, &Settings::default(), &Silent))
        .expect_err("it is none");
    let told = error.to_string();
    assert!(told.contains("is not a kubeconfig: line "), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
    assert!(!format!("{access:?}").contains("hunter2"));
}
