//! Long-running operations, against answers in memory and in a time that passes as fast as it can: what ends one, what does not,
//! and every sequence of polls that was recorded.

use super::memory::{Answer, Azure, HOST};
use super::recordings::{Cassette, Interaction, files, recordings};
use aksplan::source::azure::operation::{
    Clock, Finished, Operation, POLLS, Pace, Progress, Unfinished,
};
use aksplan::source::azure::{ArmError, Failure, reads};
use azure_core::http::{Method, RawResponse, Url};
use std::sync::Mutex;
use std::time::Duration;

/// Time passes when somebody waits.
#[derive(Default)]
struct Waits(Mutex<Vec<Duration>>);

impl Clock for Waits {
    fn elapsed(&self) -> Duration {
        self.0.lock().expect("nobody panics here").iter().sum()
    }

    async fn sleep(&self, time: Duration) {
        self.0.lock().expect("nobody panics here").push(time);
    }
}

const CLUSTER: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c";
const STATUS: &str =
    "/subscriptions/s/providers/Microsoft.ContainerService/locations/x/operations/1";
const RESULT: &str =
    "/subscriptions/s/providers/Microsoft.ContainerService/locations/x/operationresults/1";

struct Followed {
    end: Result<Finished, Unfinished>,
    told: Vec<String>,
    /// Seconds before each question.
    waits: Vec<u64>,
}

async fn raw(answer: &Answer) -> RawResponse {
    let response = answer.response();
    response
        .try_into_raw_response()
        .await
        .expect("it is in memory")
}

async fn begun(method: Method, url: &str, first: &Answer) -> Result<Operation, ArmError> {
    let url = Url::parse(url).expect("an address");
    Operation::begun(method, &url, &raw(first).await)
}

async fn follow(
    operation: Operation,
    answers: impl IntoIterator<Item = (String, Vec<Answer>)>,
    deadline: u64,
) -> Followed {
    let client = Azure::new(answers).client();
    let clock = Waits::default();
    let mut told = Vec::new();
    let pace = Pace {
        deadline: Duration::from_secs(deadline),
        ..Pace::default()
    };
    let progress = |progress: &Progress<'_>| {
        told.push(match (progress.status, progress.remark, progress.trouble) {
            (Some(status), None, _) => status.to_string(),
            (Some(status), Some(remark), _) => {
                format!("{status} [{}]", remark.code.as_deref().unwrap_or_default())
            }
            (None, _, trouble) => trouble.expect("one of both").to_string(),
        });
    };
    let end = operation.wait_by(&clock, &client, pace, progress).await;
    let waits = clock.0.into_inner().expect("nobody panics here");
    let waits = waits.iter().map(Duration::as_secs).collect();
    Followed { end, told, waits }
}

fn status(status: &str) -> Answer {
    Answer::new(200, &serde_json::json!({ "status": status }).to_string())
}

async fn put(polls: Vec<Answer>, deadline: u64) -> Followed {
    let first =
        Answer::new(201, "{}").with("azure-asyncoperation", &format!("{HOST}{STATUS}?t=1&s=x"));
    let operation = begun(Method::Put, &format!("{HOST}{CLUSTER}"), &first).await;
    follow(
        operation.expect("it can be followed"),
        [(STATUS.to_string(), polls)],
        deadline,
    )
    .await
}

#[tokio::test]
async fn texts_are_progress_and_three_words_end() {
    let steps = [
        "InProgress",
        "ProvisioningControlPlane",
        "CreatingAgentPools: 1/3 nodes completed",
    ];
    let mut polls: Vec<Answer> = steps.into_iter().map(status).collect();
    polls.insert(1, status("InProgress").with("retry-after", "600"));
    polls.push(status("Succeeded"));
    let followed = put(polls, 3_600).await;
    assert_eq!(
        followed.end,
        Ok(Finished {
            remark: None,
            polls: 5
        })
    );
    assert_eq!(followed.told[3], steps[2]);
    assert_eq!(
        followed.waits,
        [0, 30, 600, 30, 30],
        "10 minutes in no time"
    );
    for (word, error) in [
        ("Failed", "SubnetIsFull"),
        ("Canceled", "OperationPreempted"),
    ] {
        let body = serde_json::json!({"status": word, "error": {"code": error, "message": "m", "details": [{"code": "d"}]}});
        let followed = put(
            vec![status("InProgress"), Answer::new(200, &body.to_string())],
            3_600,
        )
        .await;
        let Err(Unfinished::Ended {
            status,
            error: Some(kept),
        }) = followed.end
        else {
            panic!("{:?}", followed.end)
        };
        assert_eq!((status.as_str(), kept.code.as_deref()), (word, Some(error)));
        assert_eq!(kept.whole, body["error"], "details and all");
    }
}

#[tokio::test]
async fn an_error_beside_another_status_is_a_remark() {
    let remark = |status: &str| {
        let error = serde_json::json!({"code": "NotLatestOperation", "message": "preempted"});
        Answer::new(
            200,
            &serde_json::json!({"status": status, "error": error}).to_string(),
        )
    };
    let followed = put(vec![remark("InProgress"), remark("Succeeded")], 3_600).await;
    let finished = followed.end.expect("the status decides");
    assert!(finished.remark.expect("it is kept").is_not_latest());
    assert_eq!(
        followed.told,
        [
            "InProgress [NotLatestOperation]",
            "Succeeded [NotLatestOperation]"
        ]
    );
}

#[tokio::test]
async fn a_question_that_fails_is_asked_again() {
    let followed = put(
        vec![
            Answer::new(502, r#"{"error": {"code": "BadGatewayConnection"}}"#),
            Answer::new(429, "").with("retry-after-ms", "1"),
            Answer::new(200, "{\"status\": \"InPro"),
            Answer::new(200, "{}"),
            status("Succeeded"),
        ],
        3_600,
    )
    .await;
    assert!(followed.end.is_ok(), "{:?}", followed.end);
    assert_eq!(
        followed.told.len(),
        3,
        "502 and 429 were repeated below: {:?}",
        followed.told
    );
    assert!(
        followed.told[1].contains("it says no status"),
        "{:?}",
        followed.told
    );
    // Azure asks for more patience than a reader has: waited for here, where there is time.
    let followed = put(
        vec![
            Answer::new(429, "").with("retry-after", "900"),
            status("Succeeded"),
        ],
        3_600,
    )
    .await;
    assert!(followed.end.is_ok(), "{:?}", followed.end);
    assert_eq!(followed.waits, [0, 900]);
    let followed = put(Vec::new(), 3_600).await;
    let Err(Unfinished::Lost(error)) = followed.end else {
        panic!("{:?}", followed.end)
    };
    assert!(error.is_not_found());
}

#[tokio::test]
async fn the_deadline_holds() {
    let followed = put(vec![status("A"); 10], 100).await;
    assert_eq!(followed.waits, [0, 30, 30, 30, 10]);
    assert_eq!(
        followed.end.expect_err("it still runs").to_string(),
        "the operation still runs after 100 s (A)"
    );
}

#[tokio::test]
async fn where_it_is_followed() {
    let url = format!("{HOST}{CLUSTER}");
    let location = Answer::new(202, "")
        .with("location", &format!("{HOST}{RESULT}"))
        .with("retry-after", "15");
    // DELETE by Location: 202 until 204.
    let operation = begun(Method::Delete, &url, &location)
        .await
        .expect("it can be followed");
    let answers = vec![
        Answer::new(202, ""),
        Answer::new(202, ""),
        Answer::new(204, ""),
    ];
    let followed = follow(operation, [(RESULT.to_string(), answers)], 3_600).await;
    assert_eq!(followed.end.map(|end| end.polls), Ok(3));
    assert_eq!(followed.waits, [15, 30, 30]);
    // Both headers: the status is preferred.
    let both = location
        .clone()
        .with("azure-asyncoperation", &format!("{HOST}{STATUS}"));
    let operation = begun(Method::Delete, &url, &both)
        .await
        .expect("it can be followed");
    let followed = follow(
        operation,
        [(STATUS.to_string(), vec![status("Succeeded")])],
        3_600,
    )
    .await;
    assert_eq!(followed.end.map(|end| end.polls), Ok(1));
    // Neither: the resource says it.
    let state = |word: &str| {
        Answer::new(
            200,
            &serde_json::json!({"properties": {"provisioningState": word}}).to_string(),
        )
    };
    let operation = begun(Method::Put, &url, &state("Updating"))
        .await
        .expect("it can be followed");
    let followed = follow(
        operation,
        [(
            CLUSTER.to_string(),
            vec![state("Updating"), state("Failed")],
        )],
        3_600,
    )
    .await;
    assert_eq!(
        followed.end,
        Err(Unfinished::Ended {
            status: "Failed".to_string(),
            error: None
        })
    );
    let operation = begun(Method::Delete, &url, &Answer::new(202, ""))
        .await
        .expect("it can be followed");
    let followed = follow(
        operation,
        [(
            CLUSTER.to_string(),
            vec![state("Deleting"), state("Succeeded")],
        )],
        3_600,
    )
    .await;
    assert_eq!(
        followed.told,
        ["Deleting", "Succeeded", "Succeeded"],
        "it is gone when it is gone"
    );
    assert_eq!(followed.end.map(|end| end.polls), Ok(3));
    // Done at once.
    for (method, answer) in [
        (Method::Put, state("Succeeded")),
        (Method::Delete, Answer::new(204, "")),
        (Method::Post, Answer::new(200, "{}")),
    ] {
        let operation = begun(method, &url, &answer)
            .await
            .expect("it can be followed");
        let followed = follow(operation, [], 3_600).await;
        assert_eq!(
            (followed.end.map(|end| end.polls), followed.waits.len()),
            (Ok(0), 0)
        );
    }
    let nowhere = begun(Method::Post, &url, &Answer::new(202, "")).await;
    assert!(matches!(
        nowhere.expect_err("where?").failure,
        Failure::Unreadable(_)
    ));
    // Never to another host, and never to what is no operation.
    for elsewhere in [
        format!("https://example.net{STATUS}"),
        format!("{HOST}/subscriptions/s/secrets"),
    ] {
        let answer = Answer::new(201, "{}").with("azure-asyncoperation", &elsewhere);
        let operation = begun(Method::Put, &url, &answer)
            .await
            .expect("it can be followed");
        let Err(Unfinished::Lost(error)) = follow(operation, [], 3_600).await.end else {
            panic!("{elsewhere} was asked")
        };
        assert!(matches!(error.failure, Failure::NotSent(_)), "{error}");
    }
}

#[test]
fn polls_only_read_and_are_not_part_of_the_role() {
    assert!(POLLS.iter().all(|poll| poll.method == Method::Get));
    assert!(reads::allowing(Method::Get, STATUS).is_none());
    assert!(!reads::custom_role("/subscriptions/s").contains("operations"));
}

fn header(interaction: &Interaction, name: &str) -> Option<String> {
    let mut headers = interaction.response.headers.iter();
    let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.and_then(|(_, values)| values.first().cloned())
}

fn path_of(url: &str) -> String {
    let url = Url::parse(url).expect("an address");
    url.path().to_ascii_lowercase()
}

fn answer(interaction: &Interaction) -> Answer {
    let mut answer = Answer::new(interaction.response.status(), interaction.response.text());
    for name in ["azure-asyncoperation", "location", "retry-after"] {
        if let Some(value) = header(interaction, name) {
            answer = answer.with(name, &value);
        }
    }
    answer
}

/// Texts of the polls as recorded, to the first that ends.
fn recorded_texts(polls: &[Answer]) -> Vec<String> {
    let mut texts = Vec::new();
    for poll in polls.iter().filter(|poll| poll.status < 300) {
        let body: serde_json::Value = serde_json::from_str(&poll.body).unwrap_or_default();
        let text = match (body["status"].as_str(), body["error"]["code"].as_str()) {
            (Some(status), Some(code)) => format!("{status} [{code}]"),
            (Some(status), None) => status.to_string(),
            (None, _) if poll.status == 202 => "InProgress".to_string(),
            (None, _) => "Succeeded".to_string(),
        };
        let ends = ["Succeeded", "Failed", "Canceled"]
            .iter()
            .any(|word| text.starts_with(word));
        texts.push(text);
        if ends {
            break;
        }
    }
    texts
}

#[tokio::test]
async fn every_recorded_operation_is_followed() {
    let Some(root) = recordings() else { return };
    let (mut followed_to_end, mut cut_off, mut of_others, mut not_polled) = (0, 0, 0, 0);
    let (mut remarks, mut texts) = (0, 0);
    for path in files(&root, &["yaml", "yml"]) {
        let text = std::fs::read_to_string(&path).expect("a recording is text");
        if !text.contains("interactions:") {
            continue;
        }
        let cassette: Cassette = serde_saphyr::from_str(&text).expect("a cassette");
        for (number, first) in cassette.interactions.iter().enumerate() {
            let method = match first.request.method.as_str() {
                "PUT" => Method::Put,
                "DELETE" => Method::Delete,
                "POST" => Method::Post,
                _ => continue,
            };
            let status = first.response.status();
            let follows = header(first, "azure-asyncoperation")
                .or_else(|| header(first, "location").filter(|_| status == 202));
            let Some(follows) = follows.filter(|_| matches!(status, 200..=202)) else {
                continue;
            };
            let place = path_of(&follows);
            let name = format!(
                "{}#{number} {} {place}",
                path.display(),
                first.request.method
            );
            if ![
                "/microsoft.containerservice/locations/",
                "/microsoft.network/locations/",
            ]
            .iter()
            .any(|ours| place.contains(ours))
            {
                of_others += 1;
                continue;
            }
            let polls: Vec<Answer> = cassette.interactions[number..]
                .iter()
                .filter(|later| {
                    later.request.method == "GET" && path_of(&later.request.url) == place
                })
                .map(answer)
                .collect();
            if polls.is_empty() {
                not_polled += 1;
                continue;
            }
            let want = recorded_texts(&polls);
            let operation = begun(method, &first.request.url, &answer(first)).await;
            let operation = operation.unwrap_or_else(|error| panic!("{name}: {error}"));
            let followed = follow(operation, [(place, polls)], 86_400).await;
            assert_eq!(followed.told, want, "{name}");
            texts += want.len();
            let last = want.last().map(String::as_str).unwrap_or_default();
            if last.starts_with("Succeeded") {
                let finished = followed
                    .end
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(finished.remark.is_some(), last.contains('['), "{name}");
                remarks += usize::from(finished.remark.is_some());
                followed_to_end += 1;
            } else {
                // The recording ends before the operation does.
                assert!(
                    matches!(followed.end, Err(Unfinished::Lost(_))),
                    "{name}: {last}"
                );
                cut_off += 1;
            }
        }
    }
    println!(
        "{followed_to_end} operations to the end, {remarks} with a remark, {texts} texts; {cut_off} cut off, {not_polled} not \
         polled, {of_others} of other services"
    );
    assert!(followed_to_end >= 230 && cut_off == 0 && remarks >= 20 && texts >= 1_600);
}
