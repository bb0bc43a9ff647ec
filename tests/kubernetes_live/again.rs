//! Some kinds, read again and again over one connection.

use super::loopback::{Answer, Loopback, Script, answer, empty, quick};
use super::{kubeconfig, runtime};
use aksplan::source::kubernetes_api::{Access, Reader};
use std::sync::Arc;
use std::time::Duration;

async fn reader(server: &Loopback) -> Reader {
    let access = Access::Handed {
        kubeconfig: kubeconfig(&server.server, None, "{token: secret-token}"),
        token: None,
    };
    Reader::open(&access, &quick()).await.expect("a kubeconfig")
}

fn node(name: &str) -> Answer {
    answer(
        200,
        format!(
            r#"{{"kind":"NodeList","metadata":{{}},"items":[{{"metadata":{{"name":"{name}"}},"spec":{{}},"status":{{}}}}]}}"#
        ),
    )
}

fn asked(server: &Loopback) -> Vec<String> {
    std::mem::take(&mut *server.asked.lock().expect("no panic in it"))
}

#[test]
fn only_what_is_named_is_asked_for_and_each_time_anew() {
    let script: Script = Arc::new(|path, before| match path {
        "/api/v1/nodes?limit=500" => node(&format!("n-{before}")),
        _ => empty(),
    });
    runtime().block_on(async {
        let server = Loopback::start(script).await;
        let reader = reader(&server).await;
        assert!(asked(&server).is_empty(), "opening asks nothing");
        for time in 0..3 {
            // The loopback counts what came before by its own list, which stays here.
            let read = reader.read(&["PodDisruptionBudget", "Node"]).await;
            assert_eq!(read.state.nodes[0].name, format!("n-{time}"));
            assert_eq!(read.state.kinds, ["Node", "PodDisruptionBudget"]);
            assert_eq!((read.not_checked.len(), read.requests), (0, 2));
        }
        let read = reader.read(&["Secret"]).await;
        assert_eq!((read.requests, read.state.kinds.len()), (0, 0));
        assert!(
            read.not_checked[0].contains("Secret is no kind"),
            "{:?}",
            read.not_checked
        );
        let mut all = asked(&server);
        all.sort();
        all.dedup();
        assert_eq!(
            all,
            [
                "/api/v1/nodes?limit=500",
                "/apis/policy/v1/poddisruptionbudgets?limit=500"
            ]
        );
    });
}

/// One object needs no right but that of listing.
#[test]
fn one_object_is_taken_out_of_its_list() {
    let script: Script = Arc::new(|path, _| {
        if path.starts_with("/api/v1/nodes?") {
            node("n")
        } else {
            empty()
        }
    });
    runtime().block_on(async {
        let server = Loopback::start(script).await;
        let reader = reader(&server).await;
        let read = reader.read_one("Node", "", "n").await;
        assert_eq!(read.state.nodes.len(), 1);
        let read = reader.read_one("Pod", "shop", "p&q").await;
        assert_eq!((read.state.pods.len(), read.not_checked.len()), (0, 0));
        assert_eq!(
            asked(&server),
            [
                "/api/v1/nodes?fieldSelector=metadata.name%3Dn&limit=500",
                "/api/v1/pods?fieldSelector=metadata.name%3Dp%26q%2Cmetadata.namespace%3Dshop&limit=500"
            ]
        );
    });
}

/// A server that is silent for a while is no reason to give up the next time; and nobody waits longer than was said.
#[test]
fn a_silence_is_said_and_then_over() {
    let silent = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let is_silent = Arc::clone(&silent);
    let script: Script = Arc::new(move |path, _| {
        if is_silent.load(std::sync::atomic::Ordering::Relaxed) {
            // Not an error of the server: the page is longer in coming than anybody waits.
            let never = futures::stream::pending::<Result<axum::body::Bytes, std::io::Error>>();
            answer(200, axum::body::Body::from_stream(never))
        } else if path.starts_with("/api/v1/nodes") {
            node("n")
        } else {
            empty()
        }
    });
    runtime().block_on(async {
        let server = Loopback::start(script).await;
        let reader = reader(&server).await.within(Duration::from_millis(400));
        let began = std::time::Instant::now();
        let read = reader.read(&["Node", "Event"]).await;
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
        assert!(read.state.kinds.is_empty());
        assert_eq!(read.not_checked.len(), 2, "{:?}", read.not_checked);
        assert!(
            read.not_checked[0].contains("nodes (Node) were not read within"),
            "{:?}",
            read.not_checked
        );
        silent.store(false, std::sync::atomic::Ordering::Relaxed);
        let read = reader.read(&["Node", "Event"]).await;
        assert_eq!(read.state.kinds, ["Node", "Event"]);
    });
    // A connection that is refused is asked for again as well.
    runtime().block_on(async {
        let access = Access::Handed {
            kubeconfig: kubeconfig("http://127.0.0.1:9", None, "{token: secret-token}"),
            token: None,
        };
        let reader = Reader::open(&access, &quick()).await.expect("a kubeconfig");
        for _ in 0..2 {
            let read = reader.read(&["Node", "Event", "Pod"]).await;
            assert!(read.requests >= 1, "it was tried again");
            assert!(read.state.kinds.is_empty() && !read.not_checked.is_empty());
        }
    });
}

/// What AKS and the scheduler say while nodes are replaced arrives with its words, its number and its times.
#[test]
fn events_of_a_replacement_keep_what_is_said() {
    const REASONS: [&str; 5] = ["Surge", "Drain", "Upgrade", "FailedScheduling", "Evicted"];
    let items: Vec<String> = REASONS
        .iter()
        .map(|reason| {
            let kind = if *reason == "FailedScheduling" { "Pod" } else { "Node" };
            format!(
                r#"{{"metadata":{{"name":"e","namespace":"default"}},"reason":"{reason}","type":"Normal","message":"{reason} said","count":3,
                "involvedObject":{{"kind":"{kind}","name":"x"}},"firstTimestamp":"2026-01-02T03:04:05Z","lastTimestamp":"2026-01-02T03:09:05Z"}}"#
            )
        })
        .collect();
    let page = format!(
        r#"{{"kind":"EventList","metadata":{{}},"items":[{}]}}"#,
        items.join(",")
    );
    let script: Script = Arc::new(move |_, _| answer(200, page.clone()));
    runtime().block_on(async {
        let server = Loopback::start(script).await;
        let read = reader(&server).await.read(&["Event"]).await;
        let said: Vec<(&str, &str, u64)> = read
            .state
            .events
            .iter()
            .map(|event| (event.reason.as_str(), event.message.as_str(), event.count))
            .collect();
        assert_eq!(said.len(), REASONS.len());
        for reason in REASONS {
            let message = format!("{reason} said");
            assert!(said.contains(&(reason, message.as_str(), 3)), "{said:?}");
        }
        for event in &read.state.events {
            let (first, last) = (
                event.first_seen.expect("first"),
                event.last_seen.expect("last"),
            );
            assert_eq!(
                last.as_second() - first.as_second(),
                300,
                "{}",
                event.reason
            );
        }
    });
}
