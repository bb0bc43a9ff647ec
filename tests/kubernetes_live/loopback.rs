//! An API server of our own making on a loopback socket: answers what a test tells it to, and remembers what it was asked.

use super::kubeconfig;
use aksplan::source::kubernetes_api::{self, Access, KubernetesApiError, Read, Settings, Silent};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub type Answer = Response<Body>;
/// Of the path with its query, and of how many requests came before with the same.
pub type Script = Arc<dyn Fn(&str, usize) -> Answer + Send + Sync>;

/// Paths, and what was accepted.
type Memory = (Arc<Mutex<Vec<String>>>, Arc<Mutex<Vec<String>>>);

pub struct Loopback {
    pub server: String,
    pub asked: Arc<Mutex<Vec<String>>>,
    /// What each of them accepts, in the same order.
    pub accepted: Arc<Mutex<Vec<String>>>,
}

pub fn answer(status: u16, body: impl Into<Body>) -> Answer {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body.into())
        .expect("an answer")
}

/// A list without items: what a server says of a kind of which there is none.
pub fn empty() -> Answer {
    answer(200, r#"{"kind":"List","metadata":{},"items":[]}"#)
}

impl Loopback {
    pub async fn start(script: Script) -> Loopback {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let accepted: Arc<Mutex<Vec<String>>> = Arc::default();
        let state = (script, (Arc::clone(&asked), Arc::clone(&accepted)));
        let app = axum::Router::new()
            .fallback(
                async |State((script, (asked, accepted))): State<(Script, Memory)>,
                       request: Request| {
                    assert_eq!(request.method(), "GET", "nothing else is ever sent");
                    let path = request
                        .uri()
                        .path_and_query()
                        .map_or(String::new(), ToString::to_string);
                    let accept = request.headers().get_all("accept").iter();
                    let accept: Vec<&str> =
                        accept.filter_map(|value| value.to_str().ok()).collect();
                    let before = {
                        let mut accepted = accepted.lock().expect("no panic in a test server");
                        accepted.push(accept.join(", "));
                        let mut asked = asked.lock().expect("no panic in a test server");
                        let before = asked.iter().filter(|known| **known == path).count();
                        asked.push(path.clone());
                        before
                    };
                    script(&path, before)
                },
            )
            .with_state(state);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let server = format!("http://{}", listener.local_addr().expect("it is bound"));
        tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Loopback {
            server,
            asked,
            accepted,
        }
    }

    pub async fn read(&self) -> Result<Read, KubernetesApiError> {
        self.read_with(&quick()).await
    }

    pub async fn read_with(&self, settings: &Settings) -> Result<Read, KubernetesApiError> {
        let access = Access::Handed {
            kubeconfig: kubeconfig(&self.server, None, "{token: secret-token}"),
            token: None,
        };
        kubernetes_api::read(&access, settings, &Silent).await
    }
}

/// Limits for a test that waits for nothing.
pub fn quick() -> Settings {
    Settings {
        timeout: Duration::from_secs(2),
        attempts: 3,
        first_wait: Duration::from_millis(5),
        longest_wait: Duration::from_secs(2),
        ..Settings::default()
    }
}
