//! Requests to Azure Resource Manager on `azure_core`'s pipeline: bearer, repeats with `Retry-After`, pages, correlation ids, and
//! a count of what was asked. Never sends what the table of reads does not allow; writes go out through [`super::writer`] alone.

use super::credential::{CredentialError, RenewAlways};
use super::error::{ArmError, Failure};
use super::operation::bare;
use super::reads::{self, Read};
use super::writes::Write;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, Headers, RETRY_AFTER};
use azure_core::http::policies::{
    Policy, PolicyResult, RetryHeaders, RetryPolicy, get_retry_after,
};
use azure_core::http::{
    ClientOptions, Context, Method, Pipeline, PipelineOptions, PipelineSendOptions, RawResponse,
    Request, RetryOptions, StatusCode, Transport, Url,
};
use azure_core::time::{Duration as Span, OffsetDateTime};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How a client behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Requests under way at once, at least 1.
    pub concurrency: usize,
    /// Longest wait for one answer, its body included.
    pub answer_within: Duration,
    /// Longest time for one request, repeats and the waits that Azure asks for included.
    pub patience: Duration,
    /// `None`: HTTP over TLS.
    pub transport: Option<Transport>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            concurrency: 32,
            answer_within: Duration::from_secs(60),
            patience: Duration::from_secs(180),
            transport: None,
        }
    }
}

/// A reader of one Azure Resource Manager.
#[derive(Clone)]
pub struct ArmClient {
    endpoint: Url,
    pipeline: Pipeline,
    /// For what changes something: it sends once.
    write_pipeline: Pipeline,
    permits: Arc<Semaphore>,
    meter: Arc<Meter>,
    hopeless: Arc<Hopeless>,
    /// Whole addresses of operations that were begun with it, by their [`bare`] ones.
    operations: Arc<Mutex<BTreeMap<String, Url>>>,
}

impl fmt::Debug for ArmClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArmClient")
            .field("endpoint", &self.endpoint.as_str())
            .finish_non_exhaustive()
    }
}

/// One page of a list.
#[derive(Deserialize)]
struct Page<'a> {
    /// An answer without it is no empty list: it is no list.
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
    #[serde(rename = "nextLink", default)]
    next_link: Option<String>,
}

/// The elements of a list, as far as it could be read.
#[derive(Debug, Default)]
pub struct Listed {
    /// JSON texts, in the order Azure gave them.
    pub items: Vec<Box<str>>,
    /// Why the rest is missing.
    pub failure: Option<ArmError>,
}

impl ArmClient {
    /// `authorization` adds the token to each request, and sees to it that no other host gets it.
    pub fn new(endpoint: Url, authorization: Arc<dyn Policy>, settings: Settings) -> Self {
        let meter = Arc::new(Meter::default());
        let headers = RetryHeaders {
            retry_headers: RETRY_AFTER_NAMES.to_vec(),
        };
        let attempt = Arc::new(Attempt {
            answer_within: settings.answer_within,
            patience: settings.patience,
            headers: headers.clone(),
            meter: Arc::clone(&meter),
        });
        // A write is told of every answer at once: no wait is too long for it, as it waits for none.
        let single = Arc::new(Attempt {
            answer_within: settings.answer_within,
            patience: Duration::MAX,
            headers: headers.clone(),
            meter: Arc::clone(&meter),
        });
        let transport = settings.transport.unwrap_or_default();
        let pipeline = |retry: RetryOptions, attempt: Arc<Attempt>| {
            let options = ClientOptions {
                retry,
                transport: Some(transport.clone()),
                ..ClientOptions::default()
            };
            Pipeline::new(
                None,
                None,
                options,
                Vec::new(),
                // The pipeline names itself as user agent before each call; the last to speak is heard.
                vec![Arc::new(UserAgent), Arc::clone(&authorization), attempt],
                Some(PipelineOptions::default()),
            )
        };
        let patience = RetryOptions::custom(Arc::new(Patience {
            limit: settings.patience,
            headers,
        }));
        ArmClient {
            endpoint,
            pipeline: pipeline(patience, attempt),
            write_pipeline: pipeline(RetryOptions::none(), single),
            permits: Arc::new(Semaphore::new(settings.concurrency.max(1))),
            meter,
            hopeless: Arc::default(),
            operations: Arc::default(),
        }
    }

    pub fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// What was asked so far.
    pub fn tally(&self) -> Tally {
        self.meter.tally()
    }

    /// The address of a path, with its api-version.
    pub fn url(&self, path: &str, api_version: &str) -> Url {
        let mut url = self.endpoint.clone();
        url.set_path(path);
        url.set_query(None);
        url.query_pairs_mut()
            .append_pair("api-version", api_version);
        url
    }

    /// Keeps the whole address of an operation, signature included, for as long as this client lives and nowhere else.
    pub(super) fn remember(&self, url: &Url) {
        self.operations
            .lock()
            .expect("nobody panics while noting")
            .insert(bare(url), url.clone());
    }

    /// The whole address of an operation, where it was begun with this client; else the address as it is.
    pub(super) fn whole_address(&self, url: &Url) -> Url {
        let known = self.operations.lock().expect("nobody panics while noting");
        known.get(&bare(url)).unwrap_or(url).clone()
    }

    /// Sends a request that reads; an answer other than 2xx is an error.
    ///
    /// # Errors
    /// [`ArmError`], after the repeats that made sense.
    pub async fn send(&self, request: Request) -> Result<RawResponse, ArmError> {
        let read = reads::allowing(request.method(), request.url().path());
        self.send_as(read, request).await
    }

    /// As [`ArmClient::send`], by the line of a table that allows it.
    pub(super) async fn send_as(
        &self,
        read: Option<&Read>,
        mut request: Request,
    ) -> Result<RawResponse, ArmError> {
        let name = format!("{} {}", request.method(), request.url().path());
        let not_sent = |why: &str| ArmError {
            request: name.clone(),
            failure: Failure::NotSent(why.to_string()),
            correlation_id: None,
        };
        let Some(read) = read else {
            return Err(not_sent("it is not one of the requests that only read"));
        };
        if request.url().origin() != self.endpoint.origin() {
            return Err(not_sent(&format!(
                "it leads to {}, and the token is for {} only",
                request.url().origin().ascii_serialization(),
                self.endpoint.origin().ascii_serialization()
            )));
        }
        request.insert_header("accept", "application/json");
        let _permit = self
            .permits
            .acquire()
            .await
            .expect("the semaphore is never closed");
        if let Some(known) = self.hopeless.known(Instant::now()) {
            return Err(ArmError {
                request: name,
                ..known
            });
        }
        self.meter.asked(read.action);
        let options = PipelineSendOptions {
            skip_checks: true,
            ..PipelineSendOptions::default()
        };
        let context = Context::new().with_value(Began(Instant::now()));
        let response = self
            .pipeline
            .send(&context, &mut request, Some(options))
            .await
            .map_err(|error| {
                let error = ArmError {
                    request: name.clone(),
                    failure: failure_of(&error, &self.endpoint),
                    correlation_id: None,
                };
                // Signing in may take a minute to fail; hundreds of requests need not each find out.
                if error.is_hopeless() {
                    self.hopeless.note(Instant::now(), &error);
                }
                error
            })?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(answer_error(name, &response))
        }
    }

    /// Sends what changes something, once: no failure is answered with a repeat but a 401, by a new token where there is one.
    ///
    /// # Errors
    /// [`Unanswered`], which says whether anything may have been sent.
    pub(super) async fn send_write(
        &self,
        write: &'static Write,
        mut request: Request,
    ) -> Result<RawResponse, Unanswered> {
        request.insert_header("accept", "application/json");
        let _permit = self
            .permits
            .acquire()
            .await
            .expect("the semaphore is never closed");
        self.meter.asked(write.action);
        let options = PipelineSendOptions {
            skip_checks: true,
            ..PipelineSendOptions::default()
        };
        let context = Context::new().with_value(RenewAlways);
        self.write_pipeline
            .send(&context, &mut request, Some(options))
            .await
            .map_err(|error| Unanswered {
                was_sent: !never_left(&error),
                why: match failure_of(&error, &self.endpoint) {
                    Failure::Unreachable(why) | Failure::Credential(why) => why,
                    other => other.to_string(),
                },
            })
    }

    /// Reads one resource.
    ///
    /// # Errors
    /// [`ArmError`].
    pub async fn get(&self, path: &str, api_version: &str) -> Result<RawResponse, ArmError> {
        self.send(Request::new(self.url(path, api_version), Method::Get))
            .await
    }

    /// Reads a list to its end. What was read before a failure is kept.
    pub async fn list(&self, path: &str, api_version: &str) -> Listed {
        let mut listed = Listed::default();
        let mut url = self.url(path, api_version);
        let mut seen: BTreeSet<String> = BTreeSet::new();
        loop {
            let name = format!("GET {}", url.path());
            seen.insert(url.to_string());
            let next = match self.send(Request::new(url, Method::Get)).await {
                Ok(response) => take_page(&name, &response, &mut listed.items),
                Err(error) => Err(error),
            };
            let next = match next {
                Ok(Some(next)) => next,
                Ok(None) => return listed,
                Err(error) => {
                    listed.failure = Some(error);
                    return listed;
                }
            };
            match Url::parse(&next) {
                Ok(next) if !seen.contains(next.as_str()) => url = next,
                _ => {
                    listed.failure = Some(ArmError {
                        request: name,
                        failure: Failure::Unreadable(
                            "its nextLink is no address, or leads back to a page that was read"
                                .to_string(),
                        ),
                        correlation_id: None,
                    });
                    return listed;
                }
            }
        }
    }
}

/// The last failure that every request right after it would share. It is forgotten after a while: an execution runs for hours, and
/// whoever has to sign in again meanwhile may do so.
#[derive(Debug, Default)]
struct Hopeless(Mutex<Option<(Instant, ArmError)>>);

impl Hopeless {
    const FOR: Duration = Duration::from_secs(30);

    fn known(&self, now: Instant) -> Option<ArmError> {
        let held = self.0.lock().expect("nobody panics while looking");
        held.as_ref()
            .filter(|(then, _)| now.saturating_duration_since(*then) < Self::FOR)
            .map(|(_, error)| error.clone())
    }

    fn note(&self, now: Instant, error: &ArmError) {
        *self.0.lock().expect("nobody panics while looking") = Some((now, error.clone()));
    }
}

/// Takes the elements of a page; the address of the next one, if there is one.
fn take_page(
    name: &str,
    response: &RawResponse,
    items: &mut Vec<Box<str>>,
) -> Result<Option<String>, ArmError> {
    let page: Page<'_> = parse(name, response)?;
    items.extend(page.value.iter().map(|item| Box::from(item.get())));
    Ok(page.next_link.filter(|link| !link.is_empty()))
}

/// Parses an answer.
///
/// # Errors
/// [`Failure::Unreadable`], with the type of what came instead.
pub fn parse<'a, T: Deserialize<'a>>(name: &str, response: &'a RawResponse) -> Result<T, ArmError> {
    serde_json::from_slice(response.body()).map_err(|error| ArmError {
        request: name.to_string(),
        failure: Failure::Unreadable(match header(response.headers(), "content-type") {
            Some(kind) if !kind.contains("json") => {
                format!("{kind} instead of JSON; is a proxy in between?")
            }
            // JSON, and not what Azure answers here.
            _ if error.is_data() => format!("{error}; is a proxy in between?"),
            _ => error.to_string(),
        }),
        correlation_id: correlation_id(response.headers()),
    })
}

pub fn header(headers: &Headers, name: &'static str) -> Option<String> {
    headers.get_optional_string(&HeaderName::from_static(name))
}

fn correlation_id(headers: &Headers) -> Option<String> {
    header(headers, "x-ms-correlation-request-id").or_else(|| header(headers, "x-ms-request-id"))
}

fn answer_error(name: String, response: &RawResponse) -> ArmError {
    #[derive(Deserialize, Default)]
    struct Body {
        #[serde(default)]
        error: Inner,
    }
    #[derive(Deserialize, Default)]
    struct Inner {
        code: Option<String>,
        message: Option<String>,
    }
    let inner = serde_json::from_slice::<Body>(response.body())
        .unwrap_or_default()
        .error;
    ArmError {
        request: name,
        failure: Failure::Answer {
            status: response.status().into(),
            code: inner.code,
            message: inner.message,
        },
        correlation_id: correlation_id(response.headers()),
    }
}

/// A write without an answer.
#[derive(Debug)]
pub(super) struct Unanswered {
    /// It may have arrived, and may have been carried out.
    pub was_sent: bool,
    pub why: String,
}

/// Whether an error is certainly from before a byte of the request was sent: no token, or no connection. Anything else may have
/// come after.
fn never_left(error: &Error) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<Error>()
            && matches!(error.kind(), ErrorKind::Connection | ErrorKind::Credential)
        {
            return true;
        }
        next = error.source();
    }
    false
}

/// What the pipeline's error means. Its texts are wrapped several times over; the innermost says why.
fn failure_of(error: &Error, endpoint: &Url) -> Failure {
    let mut innermost: &dyn std::error::Error = error;
    loop {
        if let Some(waiting) = innermost.downcast_ref::<TooLong>() {
            return Failure::Throttled { wait: waiting.0 };
        }
        if let Some(refused) = innermost.downcast_ref::<CredentialError>() {
            return Failure::Credential(refused.to_string());
        }
        match innermost.source() {
            Some(source) => innermost = source,
            None => break,
        }
    }
    match error.kind() {
        ErrorKind::Credential => Failure::Credential(innermost.to_string()),
        _ => Failure::Unreachable(format!(
            "{}: {innermost}",
            endpoint.origin().ascii_serialization()
        )),
    }
}

/// Headers that say how long to wait, the precise ones first: milliseconds, but for the standard one, which is seconds or a date.
/// A name made from text would count as one of Azure's own, and its seconds as milliseconds.
const RETRY_AFTER_NAMES: [HeaderName; 3] = [
    HeaderName::from_static("x-ms-retry-after-ms"),
    HeaderName::from_static("retry-after-ms"),
    RETRY_AFTER,
];

/// When to ask again: what Azure says, else twice as long each time.
#[derive(Debug)]
struct Patience {
    limit: Duration,
    headers: RetryHeaders,
}

impl RetryPolicy for Patience {
    fn is_expired(&self, since_start: Span, _repeats: u32) -> bool {
        since_start >= self.limit
    }

    fn retry_headers(&self) -> Option<&RetryHeaders> {
        Some(&self.headers)
    }

    fn retry_status_codes(&self) -> &[StatusCode] {
        // Empty: 408, 429, 500, 502, 503 and 504.
        &[]
    }

    fn sleep_duration(&self, repeats: u32) -> Span {
        // 0.2, 0.4, 0.8 … at most 20 s. Without chance in it: at most `concurrency` requests wait at once.
        Span::milliseconds(200 << repeats.saturating_sub(1).min(10)).min(Span::seconds(20))
    }
}

/// When a request was first sent: all its tries share one patience.
#[derive(Debug, Clone, Copy)]
struct Began(Instant);

/// Azure asks for a longer wait than the patience that is left.
#[derive(Debug)]
struct TooLong(Duration);

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "asked to wait {} s", self.0.as_secs())
    }
}

impl std::error::Error for TooLong {}

/// How long a connection that never came about is asked for again.
const UNREACHED: Duration = Duration::from_secs(5);

/// One try: bounded in time, counted, and not followed by a wait that outlasts the patience.
#[derive(Debug)]
struct Attempt {
    answer_within: Duration,
    patience: Duration,
    headers: RetryHeaders,
    meter: Arc<Meter>,
}

#[async_trait::async_trait]
impl Policy for Attempt {
    async fn send(
        &self,
        context: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        self.meter.tries.fetch_add(1, Ordering::Relaxed);
        let first_try = *self.meter.first_try.get_or_init(Instant::now);
        let answer = next[0].send(context, request, &next[1..]);
        let response = tokio::time::timeout(self.answer_within, answer)
            .await
            .map_err(|_| {
                Error::with_message(
                    ErrorKind::Io,
                    format!("none came within {} s", self.answer_within.as_secs()),
                )
            })?;
        let response = match response {
            // An address where nobody listens: asked again for a moment, not for as long as a busy service.
            Err(error)
                if matches!(error.kind(), ErrorKind::Connection)
                    && !self.meter.reached.load(Ordering::Relaxed)
                    && first_try.elapsed() >= UNREACHED =>
            {
                return Err(Error::new(ErrorKind::Other, error));
            }
            other => other?,
        };
        self.meter.reached.store(true, Ordering::Relaxed);
        if response.status() == StatusCode::TooManyRequests {
            self.meter.throttled.fetch_add(1, Ordering::Relaxed);
        }
        // Those the pipeline waits for; it looks at the clock before the wait, and not at how long that is.
        if matches!(
            response.status(),
            StatusCode::TooManyRequests | StatusCode::ServiceUnavailable
        ) {
            let spent = context.value::<Began>().map(|began| began.0.elapsed());
            let left = self.patience.saturating_sub(spent.unwrap_or_default());
            let wait = get_retry_after(
                response.headers(),
                OffsetDateTime::now_utc,
                &self.headers.retry_headers,
            );
            if let Some(wait) = wait.and_then(|wait| Duration::try_from(wait).ok())
                && wait > left
            {
                return Err(Error::new(ErrorKind::Other, TooLong(wait)));
            }
        }
        Ok(response)
    }
}

/// `aksplan/VERSION`.
#[derive(Debug)]
struct UserAgent;

#[async_trait::async_trait]
impl Policy for UserAgent {
    async fn send(
        &self,
        context: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        request.insert_header("user-agent", concat!("aksplan/", env!("CARGO_PKG_VERSION")));
        next[0].send(context, request, &next[1..]).await
    }
}

/// Counts requests; shared by everything that one client sends.
#[derive(Debug, Default)]
struct Meter {
    by_action: Mutex<BTreeMap<&'static str, u64>>,
    tries: AtomicU64,
    throttled: AtomicU64,
    first_try: OnceLock<Instant>,
    /// Something answered once.
    reached: AtomicBool,
}

impl Meter {
    fn asked(&self, action: &'static str) {
        *self
            .by_action
            .lock()
            .expect("nobody panics while counting")
            .entry(action)
            .or_default() += 1;
    }

    fn tally(&self) -> Tally {
        let by_action = self
            .by_action
            .lock()
            .expect("nobody panics while counting")
            .clone();
        let requests = by_action.values().sum();
        Tally {
            requests,
            repeats: self.tries.load(Ordering::Relaxed).saturating_sub(requests),
            throttled: self.throttled.load(Ordering::Relaxed),
            by_action,
        }
    }
}

/// How many requests were made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Different requests; a page is one.
    pub requests: u64,
    /// Tries beyond the first.
    pub repeats: u64,
    /// Answers 429 among all tries.
    pub throttled: u64,
    /// By what Azure's access control calls them.
    pub by_action: BTreeMap<&'static str, u64>,
}

#[cfg(test)]
mod tests;
