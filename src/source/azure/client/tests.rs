//! How long a client waits, when it gives up, and what it takes for a list; against answers made up here.

use super::*;
use crate::model::ResourceId;
use crate::source::azure::network::{Kind, Network};
use crate::source::azure::resource_graph::{self, Breadth};
use azure_core::http::{AsyncRawResponse, HttpClient};

const LIST: &str = "/subscriptions/s/providers/Microsoft.ContainerService/managedClusters";

/// Answers everything alike.
#[derive(Debug)]
struct Same {
    status: StatusCode,
    header: Option<(&'static str, String)>,
    body: &'static str,
}

#[async_trait::async_trait]
impl HttpClient for Same {
    async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
        let mut headers = Headers::new();
        headers.insert("content-type", "application/json");
        if let Some((name, value)) = &self.header {
            headers.insert(*name, value.clone());
        }
        Ok(AsyncRawResponse::from_bytes(
            self.status,
            headers,
            self.body,
        ))
    }
}

/// Nobody is signed in, or somebody is; counts how often that was found out.
#[derive(Debug)]
struct Door {
    is_shut: bool,
    asked: AtomicU64,
}

#[async_trait::async_trait]
impl Policy for Door {
    async fn send(
        &self,
        context: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.is_shut {
            return Err(Error::with_message(
                ErrorKind::Credential,
                "nobody is signed in",
            ));
        }
        next[0].send(context, request, &next[1..]).await
    }
}

fn door(is_shut: bool) -> Arc<Door> {
    Arc::new(Door {
        is_shut,
        asked: AtomicU64::new(0),
    })
}

fn client(door: &Arc<Door>, answers: Same) -> ArmClient {
    let settings = Settings {
        concurrency: 4,
        patience: Duration::from_secs(30),
        transport: Some(Transport::new(Arc::new(answers))),
        ..Settings::default()
    };
    let endpoint = Url::parse("https://management.example").unwrap();
    ArmClient::new(endpoint, Arc::clone(door) as Arc<dyn Policy>, settings)
}

fn saying(body: &'static str) -> ArmClient {
    let answers = Same {
        status: StatusCode::Ok,
        header: None,
        body,
    };
    client(&door(false), answers)
}

#[tokio::test]
async fn a_wait_longer_than_the_patience_left_is_refused_however_it_is_said() {
    let date = "Fri, 31 Dec 9999 23:59:59 GMT";
    for status in [StatusCode::TooManyRequests, StatusCode::ServiceUnavailable] {
        for (name, value) in [
            ("retry-after", "86400"),
            ("retry-after", date),
            ("retry-after-ms", "86400000"),
            ("x-ms-retry-after-ms", "86400000"),
        ] {
            let answers = Same {
                status,
                header: Some((name, value.to_string())),
                body: "{}",
            };
            let client = client(&door(false), answers);
            let listed = tokio::time::timeout(Duration::from_secs(5), client.list(LIST, "1"));
            let listed = listed
                .await
                .unwrap_or_else(|_| panic!("{status} {name}: {value} is waited for"));
            let failure = listed.failure.map(|error| error.failure);
            assert!(
                matches!(failure, Some(Failure::Throttled { wait }) if wait.as_secs() >= 86_400),
                "{status} {name}: {failure:?}"
            );
        }
    }
}

/// Each wait fits into the patience, two do not; and two seconds are no two milliseconds.
#[tokio::test]
async fn waits_share_one_patience() {
    let settings = Settings {
        patience: Duration::from_secs(3),
        transport: Some(Transport::new(Arc::new(Same {
            status: StatusCode::ServiceUnavailable,
            header: Some(("retry-after", "2".to_string())),
            body: "{}",
        }))),
        ..Settings::default()
    };
    let endpoint = Url::parse("https://management.example").unwrap();
    let client = ArmClient::new(endpoint, door(false), settings);
    let listed = client.list(LIST, "1").await;
    let failure = listed.failure.map(|error| error.failure);
    assert_eq!(
        failure,
        Some(Failure::Throttled {
            wait: Duration::from_secs(2)
        })
    );
    assert_eq!(client.meter.tries.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn nobody_signed_in_is_found_out_once() {
    let shut = door(true);
    let answers = Same {
        status: StatusCode::Ok,
        header: None,
        body: r#"{"value": []}"#,
    };
    let client = client(&shut, answers);
    let all = futures::future::join_all((0..100).map(|_| client.list(LIST, "1"))).await;
    for listed in all {
        let error = listed.failure.expect("nothing was read");
        assert!(matches!(error.failure, Failure::Credential(_)), "{error}");
        assert_eq!(error.request, format!("GET {LIST}"));
    }
    // Those that were under way when the first one failed.
    let asked = shut.asked.load(Ordering::Relaxed);
    assert!(asked <= 4, "signed in {asked} times");
}

/// What a proxy or a broken gateway answers with 200 is no empty list.
#[tokio::test]
async fn json_that_is_no_list_is_not_an_empty_one() {
    let vnet = ResourceId::new(
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v",
    );
    for body in ["{}", r#"{"error": {"code": "x"}}"#, r#"{"id": 1}"#] {
        let client = saying(body);
        let network = Network::new(&client);
        let failures = [
            client.list(LIST, "1").await.failure,
            resource_graph::resources(&client, &Breadth::Everything, &["t"])
                .await
                .listed
                .failure,
            network.list(Kind::RouteTables, "s", None).await.failure,
            network
                .list(Kind::RouteTables, "s", Some("g"))
                .await
                .failure,
            network.usages(&vnet).await.failure,
            network.vnet(&vnet).await.err(),
        ];
        for (position, failure) in failures.into_iter().enumerate() {
            let failure = failure.unwrap_or_else(|| panic!("{position}: {body} was taken"));
            assert!(
                matches!(&failure.failure, Failure::Unreadable(why) if why.contains("proxy")),
                "{position}: {failure}"
            );
        }
    }
    let client = saying(r#"{"value": []}"#);
    let network = Network::new(&client);
    assert!(client.list(LIST, "1").await.failure.is_none());
    let listed = network.list(Kind::RouteTables, "s", None).await;
    assert!(listed.failure.is_none() && listed.items.is_empty());
}

/// What fails for everybody is told to everybody for a while, and then found out anew.
#[test]
fn a_failure_of_signing_in_is_not_for_ever() {
    let error = |why: &str| ArmError {
        request: "GET /x".to_string(),
        failure: Failure::Credential(why.to_string()),
        correlation_id: None,
    };
    let start = Instant::now();
    let at = |seconds: u64| start + Duration::from_secs(seconds);
    let hopeless = Hopeless::default();
    assert_eq!(hopeless.known(at(0)), None);
    hopeless.note(at(0), &error("a"));
    assert_eq!(hopeless.known(at(29)), Some(error("a")));
    assert_eq!(hopeless.known(at(30)), None);
    hopeless.note(at(40), &error("b"));
    assert_eq!(hopeless.known(at(41)), Some(error("b")));
}
