//! Long-running operations: from the answer to a PUT, DELETE or POST to the end of what it began. Follows and never begins;
//! whether the resource is then what was asked for is for the caller to read.

use super::client::{self, ArmClient, header};
use super::error::{ArmError, Failure};
use super::reads::{self, Read};
use azure_core::http::{Method, RawResponse, Request, StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What is asked while an operation runs. Apart from the table of reads: nothing that only plans ever asks it.
pub const POLLS: &[Read] = &[
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.ContainerService/locations/{}/operations/{}",
        ],
        action: "Microsoft.ContainerService/locations/operations/read",
        purpose: "the end of an operation is not seen",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.ContainerService/locations/{}/operationresults/{}",
        ],
        action: "Microsoft.ContainerService/locations/operationresults/read",
        purpose: "the end of an operation is not seen",
    },
    Read {
        method: Method::Get,
        paths: &["/subscriptions/{}/providers/Microsoft.Network/locations/{}/operations/{}"],
        action: "Microsoft.Network/locations/operations/read",
        purpose: "the end of an operation is not seen",
    },
    Read {
        method: Method::Get,
        paths: &["/subscriptions/{}/providers/Microsoft.Network/locations/{}/operationResults/{}"],
        action: "Microsoft.Network/locations/operationResults/read",
        purpose: "the end of an operation is not seen",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}",
        ],
        action: "Microsoft.ContainerService/managedClusters/read",
        purpose: "the state of a cluster is not seen",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}/agentPools/{}",
        ],
        action: "Microsoft.ContainerService/managedClusters/agentPools/read",
        purpose: "the state of a pool is not seen",
    },
];

/// The shortest time between two questions.
const SHORTEST: Duration = Duration::from_secs(1);

/// How patiently an operation is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between two questions, where Azure does not say when to ask again.
    pub interval: Duration,
    /// The longest time to follow.
    pub deadline: Duration,
}

impl Default for Pace {
    /// Every 30 s, for 4 hours.
    fn default() -> Self {
        Pace {
            interval: Duration::from_secs(30),
            deadline: Duration::from_secs(4 * 3600),
        }
    }
}

/// What Azure says beside a status. Beside `Failed` and `Canceled` it is the reason; beside any other status it is a remark: the
/// service repeats by itself, or (`NotLatestOperation`) another operation has taken this one's place and its end stands for both.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceError {
    pub code: Option<String>,
    pub message: Option<String>,
    /// All of it, details included.
    pub whole: Value,
}

impl ServiceError {
    fn of(whole: Value) -> Self {
        let text = |field: &str| whole[field].as_str().map(str::to_string);
        ServiceError {
            code: text("code"),
            message: text("message"),
            whole,
        }
    }

    /// Another operation on the same resource took this one's place.
    pub fn is_not_latest(&self) -> bool {
        self.code.as_deref() == Some("NotLatestOperation")
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, &self.message) {
            (Some(code), Some(message)) => write!(f, "{code}: {message}"),
            (Some(text), None) | (None, Some(text)) => f.write_str(text),
            (None, None) => write!(f, "{}", self.whole),
        }
    }
}

/// The time that an operation takes.
pub trait Clock {
    /// Since it was begun to be followed.
    fn elapsed(&self) -> Duration;
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

struct RunningClock(Instant);

impl Clock for RunningClock {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        sleep(time).await;
    }
}

/// How an operation stands.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// Azure's text: `InProgress`, `CreatingAgentPools: 1/3 nodes completed`. `None` where the question was not answered.
    pub status: Option<&'a str>,
    pub remark: Option<&'a ServiceError>,
    /// Why the question was not answered; it is asked again.
    pub trouble: Option<&'a ArmError>,
    pub elapsed: Duration,
}

/// An operation that succeeded.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// What Azure said beside it. With `NotLatestOperation` the resource is what another operation made of it.
    pub remark: Option<ServiceError>,
    /// Questions asked.
    pub polls: u64,
}

/// An operation whose success was not seen.
#[derive(Debug, Clone, PartialEq)]
pub enum Unfinished {
    /// It ended as `Failed` or `Canceled`.
    Ended {
        status: String,
        error: Option<ServiceError>,
    },
    /// It still runs after the deadline.
    Deadline {
        after: Duration,
        last_status: Option<String>,
    },
    /// It cannot be followed any more; how it ends is not known.
    Lost(ArmError),
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfinished::Ended { status, error } => match error {
                Some(error) => write!(f, "the operation ended as {status}: {error}"),
                None => write!(f, "the operation ended as {status}; Azure gives no reason"),
            },
            Unfinished::Deadline { after, last_status } => {
                write!(f, "the operation still runs after {} s", after.as_secs())?;
                match last_status {
                    Some(status) => write!(f, " ({status})"),
                    None => Ok(()),
                }
            }
            Unfinished::Lost(error) => write!(f, "how the operation ends is not known: {error}"),
        }
    }
}

impl std::error::Error for Unfinished {}

/// An operation that was begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    follow: Follow,
    /// What Azure said about when to ask first.
    first_wait: Option<Duration>,
}

/// Where the end of an operation shows.
#[derive(Debug, Clone, PartialEq)]
enum Follow {
    /// It has ended.
    Nothing(Ending),
    /// `Azure-AsyncOperation`: a body with a `status`.
    Status(Url),
    /// `Location`: 202 until it is done.
    Location(Url),
    /// `provisioningState` of the resource itself.
    State { resource: Url, deleted: bool },
}

#[derive(Debug, Clone, PartialEq)]
enum Ending {
    Succeeded(Option<ServiceError>),
    Ended(String, Option<ServiceError>),
}

/// The body of a question, as far as it says how things stand.
#[derive(Debug, Default, Deserialize)]
struct Told {
    status: Option<String>,
    error: Option<Value>,
    properties: Option<State>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    provisioning_state: Option<String>,
}

impl Operation {
    /// What the answer to a request that changes something began. `resource` is the address of that request.
    ///
    /// # Errors
    /// When the answer says that something began, and not where to follow it.
    pub fn begun(method: Method, resource: &Url, response: &RawResponse) -> Result<Self, ArmError> {
        let request = format!("{method} {}", resource.path());
        let address = |name: &'static str| match header(response.headers(), name) {
            None => Ok(None),
            Some(text) => Url::parse(&text)
                .map(Some)
                .map_err(|_| unreadable(&request, &format!("its header {name} is no address"))),
        };
        let follow = if let Some(url) = address("azure-asyncoperation")? {
            Follow::Status(url)
        } else if let Some(url) = address("location")?
            && response.status() == StatusCode::Accepted
        {
            Follow::Location(url)
        } else {
            let told: Told = serde_json::from_slice(response.body()).unwrap_or_default();
            let state = told.properties.and_then(|state| state.provisioning_state);
            let accepted = response.status() == StatusCode::Accepted;
            let ending = state.as_deref().map(|state| ending(state, None));
            match (method, ending) {
                (_, Some(Some(ending))) => Follow::Nothing(ending),
                (Method::Put | Method::Patch, Some(None)) => state_of(resource, false),
                (Method::Put | Method::Patch, None) if accepted => state_of(resource, false),
                (Method::Delete, _) if accepted => state_of(resource, true),
                _ if accepted => {
                    return Err(unreadable(
                        &request,
                        "accepted, with no word on where to follow it",
                    ));
                }
                _ => Follow::Nothing(Ending::Succeeded(None)),
            }
        };
        Ok(Operation {
            follow,
            first_wait: retry_after(response),
        })
    }

    /// Follows the operation to its end and tells `progress` after every question.
    ///
    /// # Errors
    /// [`Unfinished`]. A question that fails for a passing reason is asked again until the deadline.
    pub async fn wait(
        self,
        client: &ArmClient,
        pace: Pace,
        progress: impl FnMut(&Progress<'_>),
    ) -> Result<Finished, Unfinished> {
        let clock = RunningClock(Instant::now());
        self.wait_by(&clock, client, pace, progress).await
    }

    /// As [`Operation::wait`], in another time.
    ///
    /// # Errors
    /// [`Unfinished`].
    pub async fn wait_by(
        self,
        clock: &impl Clock,
        client: &ArmClient,
        pace: Pace,
        mut progress: impl FnMut(&Progress<'_>),
    ) -> Result<Finished, Unfinished> {
        let mut follow = self.follow;
        let mut wait = self.first_wait.unwrap_or(Duration::ZERO);
        let mut polls = 0;
        let mut last_status: Option<String> = None;
        loop {
            if let Follow::Nothing(ending) = follow {
                return match ending {
                    Ending::Succeeded(remark) => Ok(Finished { remark, polls }),
                    Ending::Ended(status, error) => Err(Unfinished::Ended { status, error }),
                };
            }
            let left = pace.deadline.saturating_sub(clock.elapsed());
            if polls > 0 && left.is_zero() {
                let after = clock.elapsed();
                return Err(Unfinished::Deadline { after, last_status });
            }
            clock.sleep(wait.min(left)).await;
            let answer = follow.ask(client).await;
            polls += 1;
            let elapsed = clock.elapsed();
            match answer {
                Ok(answer) => {
                    progress(&Progress {
                        status: answer.status.as_deref(),
                        remark: answer.remark.as_ref(),
                        trouble: None,
                        elapsed,
                    });
                    // `Retry-After: 0` is no reason to ask without a pause for hours.
                    wait = answer.wait.map_or(pace.interval, |wait| wait.max(SHORTEST));
                    last_status = answer.status.or(last_status);
                    if let Some(next) = answer.next {
                        follow = next;
                    }
                }
                Err(error) if passes(&error) => {
                    progress(&Progress {
                        status: None,
                        remark: None,
                        trouble: Some(&error),
                        elapsed,
                    });
                    wait = match error.failure {
                        Failure::Throttled { wait } => wait,
                        _ => pace.interval,
                    };
                }
                Err(error) => return Err(Unfinished::Lost(error)),
            }
        }
    }
}

/// What one question brought.
#[derive(Default)]
struct Answer {
    status: Option<String>,
    remark: Option<ServiceError>,
    /// What Azure says about when to ask again.
    wait: Option<Duration>,
    /// Where it goes on, where that is elsewhere.
    next: Option<Follow>,
}

impl Follow {
    async fn ask(&self, client: &ArmClient) -> Result<Answer, ArmError> {
        let (url, deleted) = match self {
            Follow::Nothing(_) => return Ok(Answer::default()),
            Follow::Status(url) | Follow::Location(url) => (url, false),
            Follow::State { resource, deleted } => (resource, *deleted),
        };
        let name = format!("GET {}", url.path());
        let read = reads::allowing_in(POLLS, Method::Get, url.path());
        let request = Request::new(url.clone(), Method::Get);
        let response = match client.send_as(read, request).await {
            Err(error) if deleted && error.is_not_found() => {
                return Ok(Answer {
                    status: Some("Succeeded".to_string()),
                    next: Some(Follow::Nothing(Ending::Succeeded(None))),
                    ..Answer::default()
                });
            }
            other => other?,
        };
        let wait = retry_after(&response);
        if let Follow::Location(_) = self {
            return Ok(if response.status() == StatusCode::Accepted {
                let moved = header(response.headers(), "location");
                Answer {
                    status: Some("InProgress".to_string()),
                    wait,
                    next: moved
                        .and_then(|text| Url::parse(&text).ok())
                        .map(Follow::Location),
                    ..Answer::default()
                }
            } else {
                Answer {
                    status: Some("Succeeded".to_string()),
                    next: Some(Follow::Nothing(Ending::Succeeded(None))),
                    ..Answer::default()
                }
            });
        }
        let told: Told = client::parse(&name, &response)?;
        let status = match self {
            Follow::Status(_) => told.status,
            _ => told.properties.and_then(|state| state.provisioning_state),
        };
        let Some(status) = status else {
            return Err(unreadable(&name, "it says no status"));
        };
        let remark = told
            .error
            .filter(|error| !error.is_null())
            .map(ServiceError::of);
        let end = ending(&status, remark.clone());
        Ok(Answer {
            status: Some(status),
            remark,
            wait,
            // A resource that is being deleted has not succeeded while it is there.
            next: end
                .filter(|end| !(deleted && matches!(end, Ending::Succeeded(_))))
                .map(Follow::Nothing),
        })
    }
}

/// The three words that end an operation; any other text is progress.
fn ending(status: &str, error: Option<ServiceError>) -> Option<Ending> {
    if status.eq_ignore_ascii_case("Succeeded") {
        Some(Ending::Succeeded(error))
    } else if ["Failed", "Canceled"]
        .iter()
        .any(|end| status.eq_ignore_ascii_case(end))
    {
        Some(Ending::Ended(status.to_string(), error))
    } else {
        None
    }
}

fn state_of(resource: &Url, deleted: bool) -> Follow {
    Follow::State {
        resource: resource.clone(),
        deleted,
    }
}

/// Whether the same question may be answered later.
fn passes(error: &ArmError) -> bool {
    match &error.failure {
        Failure::Answer { status, .. } => matches!(status, 408 | 429 | 500..),
        Failure::Throttled { .. } | Failure::Unreachable(_) | Failure::Unreadable(_) => true,
        Failure::Credential(_) | Failure::NotSent(_) => false,
    }
}

/// Seconds; Azure Resource Manager sends no dates.
fn retry_after(response: &RawResponse) -> Option<Duration> {
    let text = header(response.headers(), "retry-after")?;
    text.trim().parse().ok().map(Duration::from_secs)
}

fn unreadable(request: &str, why: &str) -> ArmError {
    ArmError {
        request: request.to_string(),
        failure: Failure::Unreadable(why.to_string()),
        correlation_id: None,
    }
}
