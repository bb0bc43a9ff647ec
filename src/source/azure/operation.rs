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
#[derive(Clone, PartialEq)]
pub struct Operation {
    follow: Follow,
    /// What the operation changes: where its end shows as well, if less surely.
    resource: Url,
    aim: Aim,
    /// What Azure said about when to ask first.
    first_wait: Option<Duration>,
}

/// Without the signature of its address.
impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("reference", &self.reference())
            .field("ending", &self.ending())
            .finish_non_exhaustive()
    }
}

/// Where the end of an operation shows.
#[derive(Clone, PartialEq)]
enum Follow {
    /// It has ended.
    Nothing(Ending),
    /// `Azure-AsyncOperation`: a body with a `status`.
    Status(Url),
    /// `Location`: 202 until it is done.
    Location(Url),
    /// `provisioningState` of the resource itself.
    State,
}

/// What the state of the resource is when the operation has done its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aim {
    Changed,
    /// It is not there any more.
    Deleted,
    /// What ran before was ended: `Canceled` is what was wanted.
    Aborted,
}

impl Aim {
    const ALL: [Aim; 3] = [Aim::Changed, Aim::Deleted, Aim::Aborted];

    fn word(self) -> &'static str {
        match self {
            Aim::Changed => "changed",
            Aim::Deleted => "deleted",
            Aim::Aborted => "aborted",
        }
    }
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// With what Azure said beside it.
    Succeeded(Option<ServiceError>),
    /// `Failed` or `Canceled`, and why.
    Ended(String, Option<ServiceError>),
}

/// What a status was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The operation itself.
    Operation,
    /// `provisioningState` of the resource. It says whether something runs on it, and not that this operation does: after its end
    /// the resource is to be looked at.
    Resource,
}

/// What one question brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Polled {
    /// Azure's text.
    pub status: String,
    pub remark: Option<ServiceError>,
    /// What Azure says about when to ask again.
    pub wait: Option<Duration>,
    pub basis: Basis,
    /// What to ask the next time.
    pub next: Operation,
}

impl Polled {
    /// How it ended, if it has.
    pub fn ending(&self) -> Option<&Ending> {
        self.next.ending()
    }
}

/// A text that [`Operation::reference`] did not make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoReference;

impl fmt::Display for NoReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it does not say where to follow an operation")
    }
}

impl std::error::Error for NoReference {}

/// The body of a question, as far as it says how things stand.
#[derive(Debug, Default, Deserialize)]
struct Wire {
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
        let (resource, aim) = changed_by(method, resource);
        let follow = if let Some(url) = address("azure-asyncoperation")? {
            Follow::Status(url)
        } else if let Some(url) = address("location")?
            && response.status() == StatusCode::Accepted
        {
            Follow::Location(url)
        } else {
            let told: Wire = serde_json::from_slice(response.body()).unwrap_or_default();
            let state = told.properties.and_then(|state| state.provisioning_state);
            let accepted = response.status() == StatusCode::Accepted;
            let ending = state.as_deref().map(|state| ending(state, None));
            match (method, ending) {
                (_, Some(Some(ending))) => Follow::Nothing(ending),
                (Method::Put | Method::Patch, Some(None)) => Follow::State,
                (Method::Put | Method::Patch | Method::Delete, _) if accepted => Follow::State,
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
            resource,
            aim,
            first_wait: retry_after(response),
        })
    }

    /// As [`Operation::begun`], where an answer does not say where to follow what it began: by the state of the resource.
    pub(super) fn by_state(method: Method, address: &Url, response: &RawResponse) -> Self {
        let (resource, aim) = changed_by(method, address);
        Operation {
            follow: Follow::State,
            resource,
            aim,
            first_wait: retry_after(response),
        }
    }

    /// How it ended, where that is known without asking.
    pub fn ending(&self) -> Option<&Ending> {
        match &self.follow {
            Follow::Nothing(ending) => Some(ending),
            _ => None,
        }
    }

    /// The operation's own address, signature included.
    pub(super) fn address(&self) -> Option<&Url> {
        match &self.follow {
            Follow::Status(url) | Follow::Location(url) => Some(url),
            Follow::State | Follow::Nothing(_) => None,
        }
    }

    /// What Azure said about when to ask first.
    pub fn first_wait(&self) -> Option<Duration> {
        self.first_wait
    }

    /// Where to follow it, for a file: paths and api-versions. The rest of the address (`t`, `c`, `s`, `h`) is signed and works
    /// like a token: it is left out.
    ///
    /// How sure it is that the address works without: not. Until August 2023 addresses had no signature; since October 2023 each
    /// recorded one has it, and nobody was recorded asking without. Azure's documentation speaks of rights only: those on the
    /// resource alone are not enough to see an operation, as its address is not below the resource. So where Azure refuses (400,
    /// 401, 403, 404), [`Operation::poll`] reads the state of the resource, which is documented to end with the same three words and
    /// needs the right to read the resource; that is sure. What it cannot tell is whose operation it is that runs.
    pub fn reference(&self) -> String {
        let resource = bare(&self.resource);
        let aim = self.aim.word();
        match &self.follow {
            Follow::Status(url) => format!("status {} of {resource} {aim}", bare(url)),
            Follow::Location(url) => format!("location {} of {resource} {aim}", bare(url)),
            Follow::State | Follow::Nothing(_) => format!("state of {resource} {aim}"),
        }
    }

    /// The operation of a reference, at an endpoint. What is asked is judged by [`POLLS`], whatever the text says. A client with which
    /// the operation was begun still knows the whole address, and asks there.
    ///
    /// # Errors
    /// [`NoReference`].
    pub fn of_reference(text: &str, endpoint: &Url) -> Result<Self, NoReference> {
        let words: Vec<&str> = text.split(' ').collect();
        let address = |text: &str| {
            let (path, query) = text.split_once('?').unwrap_or((text, ""));
            if !path.starts_with('/') || path.starts_with("//") {
                return Err(NoReference);
            }
            let mut url = endpoint.clone();
            url.set_path(path);
            url.set_query((!query.is_empty()).then_some(query));
            Ok(url)
        };
        let (follow, resource, aim) = match words[..] {
            ["status", url, "of", resource, aim] => (Follow::Status(address(url)?), resource, aim),
            ["location", url, "of", resource, aim] => {
                (Follow::Location(address(url)?), resource, aim)
            }
            ["state", "of", resource, aim] => (Follow::State, resource, aim),
            _ => return Err(NoReference),
        };
        let aim = Aim::ALL.into_iter().find(|known| known.word() == aim);
        Ok(Operation {
            follow,
            resource: address(resource)?,
            aim: aim.ok_or(NoReference)?,
            first_wait: None,
        })
    }

    /// Asks once how it stands. Where Azure does not let the operation be read, the state of its resource is asked for, which is a
    /// second request.
    ///
    /// # Errors
    /// [`ArmError`]; whether it is worth asking again says [`passes`].
    pub async fn poll(&self, client: &ArmClient) -> Result<Polled, ArmError> {
        match &self.follow {
            Follow::Nothing(end) => Ok(self.told(end.word(), end.remark(), None, Basis::Operation)),
            Follow::State => self.ask_state(client).await,
            Follow::Status(url) | Follow::Location(url) => {
                let error = match self.ask(client, url).await {
                    Err(error) if is_closed(&error) => error,
                    other => return other,
                };
                match self.ask_state(client).await {
                    // A 404 may be that of an operation too young to be known.
                    Ok(told) if error.is_not_found() && told.ending().is_none() => Ok(Polled {
                        next: self.clone(),
                        ..told
                    }),
                    Ok(told) => Ok(told),
                    Err(later) if passes(&later) => Err(later),
                    Err(_) => Err(error),
                }
            }
        }
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
        let mut operation = self;
        let mut wait = operation.first_wait.unwrap_or(Duration::ZERO);
        let mut polls = 0;
        let mut last_status: Option<String> = None;
        loop {
            if let Follow::Nothing(ending) = operation.follow {
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
            let answer = operation.poll(client).await;
            polls += 1;
            let elapsed = clock.elapsed();
            match answer {
                Ok(told) => {
                    progress(&Progress {
                        status: Some(&told.status),
                        remark: told.remark.as_ref(),
                        trouble: None,
                        elapsed,
                    });
                    // `Retry-After: 0` is no reason to ask without a pause for hours.
                    wait = told.wait.map_or(pace.interval, |wait| wait.max(SHORTEST));
                    last_status = Some(told.status);
                    operation = told.next;
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

    /// An answer after which the same is asked again, unless its status is one that ends.
    fn told(
        &self,
        status: &str,
        remark: Option<&ServiceError>,
        wait: Option<Duration>,
        basis: Basis,
    ) -> Polled {
        let end = ending(status, remark.cloned());
        let follow = match (basis, self.aim, end) {
            (_, _, None) => self.follow.clone(),
            // A resource that is being deleted has not succeeded while it is there.
            (Basis::Resource, Aim::Deleted, Some(Ending::Succeeded(_))) => self.follow.clone(),
            (Basis::Resource, Aim::Aborted, Some(Ending::Ended(status, error)))
                if status.eq_ignore_ascii_case("Canceled") =>
            {
                Follow::Nothing(Ending::Succeeded(error))
            }
            (_, _, Some(end)) => Follow::Nothing(end),
        };
        Polled {
            status: status.to_string(),
            remark: remark.cloned(),
            wait,
            basis,
            next: self.going_on(follow),
        }
    }

    fn going_on(&self, follow: Follow) -> Operation {
        Operation {
            follow,
            ..self.clone()
        }
    }

    /// Asks the operation itself.
    async fn ask(&self, client: &ArmClient, url: &Url) -> Result<Polled, ArmError> {
        let basis = Basis::Operation;
        let response = question(client, url).await?;
        let wait = retry_after(&response);
        if let Follow::Location(_) = self.follow {
            if response.status() != StatusCode::Accepted {
                return Ok(self.told("Succeeded", None, wait, basis));
            }
            let moved =
                header(response.headers(), "location").and_then(|text| Url::parse(&text).ok());
            let told = self.told("InProgress", None, wait, basis);
            return Ok(match moved {
                Some(moved) => {
                    client.remember(&moved);
                    Polled {
                        next: self.going_on(Follow::Location(moved)),
                        ..told
                    }
                }
                None => told,
            });
        }
        let name = format!("GET {}", url.path());
        let wire: Wire = client::parse(&name, &response)?;
        let Some(status) = wire.status else {
            return Err(unreadable(&name, "it says no status"));
        };
        let remark = remark_of(wire.error);
        Ok(self.told(&status, remark.as_ref(), wait, basis))
    }

    /// Asks for the state of the resource, and does so from then on.
    async fn ask_state(&self, client: &ArmClient) -> Result<Polled, ArmError> {
        let by_state = self.going_on(Follow::State);
        let url = &self.resource;
        let response = match question(client, url).await {
            Err(error) if self.aim == Aim::Deleted && error.is_not_found() => {
                let mut told = by_state.told("Succeeded", None, None, Basis::Resource);
                told.next = self.going_on(Follow::Nothing(Ending::Succeeded(None)));
                return Ok(told);
            }
            other => other?,
        };
        let name = format!("GET {}", url.path());
        let wire: Wire = client::parse(&name, &response)?;
        let state = wire.properties.and_then(|state| state.provisioning_state);
        let Some(status) = state else {
            return Err(unreadable(&name, "it says no status"));
        };
        let remark = remark_of(wire.error);
        let wait = retry_after(&response);
        Ok(by_state.told(&status, remark.as_ref(), wait, Basis::Resource))
    }
}

impl Ending {
    /// As Azure says it.
    pub fn word(&self) -> &str {
        match self {
            Ending::Succeeded(_) => "Succeeded",
            Ending::Ended(status, _) => status,
        }
    }

    /// What Azure said beside it.
    pub fn remark(&self) -> Option<&ServiceError> {
        match self {
            Ending::Succeeded(remark) | Ending::Ended(_, remark) => remark.as_ref(),
        }
    }
}

async fn question(client: &ArmClient, url: &Url) -> Result<RawResponse, ArmError> {
    let read = reads::allowing_in(POLLS, Method::Get, url.path());
    let whole = client.whole_address(url);
    client.send_as(read, Request::new(whole, Method::Get)).await
}

fn remark_of(error: Option<Value>) -> Option<ServiceError> {
    error.filter(|error| !error.is_null()).map(ServiceError::of)
}

/// What a request changes: a `POST` names what it does behind the resource it does it to.
fn changed_by(method: Method, address: &Url) -> (Url, Aim) {
    let mut resource = address.clone();
    let aim = match method {
        Method::Delete => Aim::Deleted,
        Method::Post => {
            let path = address.path().trim_end_matches('/').to_string();
            let (before, action) = path.rsplit_once('/').unwrap_or((&path, ""));
            resource.set_path(before);
            if action.eq_ignore_ascii_case("abort") {
                Aim::Aborted
            } else {
                Aim::Changed
            }
        }
        _ => Aim::Changed,
    };
    (resource, aim)
}

/// Path and api-version.
pub(super) fn bare(url: &Url) -> String {
    let mut kept = url.clone();
    kept.set_query(None);
    if let Some((name, version)) = url.query_pairs().find(|(name, _)| name == "api-version") {
        kept.query_pairs_mut().append_pair(&name, &version);
    }
    match kept.query() {
        Some(query) => format!("{}?{query}", kept.path()),
        None => kept.path().to_string(),
    }
}

/// Whether an operation cannot be read, so that only its resource tells of it: the address lacks its signature, belongs to another
/// host, or is not known (any more).
fn is_closed(error: &ArmError) -> bool {
    matches!(
        error.failure,
        Failure::Answer {
            status: 400 | 401 | 403 | 404,
            ..
        } | Failure::NotSent(_)
    )
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

/// Whether the same question may be answered later.
pub fn passes(error: &ArmError) -> bool {
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
