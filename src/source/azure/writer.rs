//! Sends what changes something in Azure: whole clusters, pools, and the request that ends what runs. Each is sent once and never
//! repeated, waits for nothing, and every answer is told as what it means for the cluster. Only the execution of a plan may name
//! this module.
//!
//! A write that was not answered may have been carried out. So nothing here guesses: [`Refusal::NotSent`] is said only where not
//! a byte left this machine, [`Refusal::InDoubt`] wherever the write may have happened, and everything else is an answer of Azure
//! that it was not.

use super::client::{ArmClient, header};
use super::container_service::API_VERSION;
use super::error::safe_line;
use super::operation::Operation;
use super::writes;
use crate::model::ResourceId;
use azure_core::Uuid;
use azure_core::http::{Method, RawResponse, Request, Url};
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// Writes to one Azure Resource Manager.
#[derive(Debug, Clone)]
pub struct Writer {
    client: ArmClient,
}

/// A write that Azure took.
#[derive(Debug, Clone, PartialEq)]
pub struct Begun {
    /// What is to be followed to its end.
    pub operation: Operation,
    /// The body of the answer; `null` where there is none. Of a cluster it is what was taken, not what is: the eTag in it is the
    /// one from before.
    pub answer: Value,
    /// The `x-ms-client-request-id` it was sent with.
    pub request_id: String,
    /// `x-ms-correlation-request-id`, by which the activity log finds it.
    pub correlation_id: Option<String>,
}

/// A write that Azure did not take, or that nobody knows of. Texts are of one line, safe for a terminal, without tokens and
/// signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// 412: the eTag is no longer the one that was read, or the resource is gone. Nothing was changed; it must be read again.
    Changed,
    /// Another operation runs on the resource (409, or 429 with such a code). Nothing was changed.
    Busy {
        code: String,
        /// With details and the correlation id, as all messages here.
        message: String,
        /// When Azure says to come again.
        wait: Option<Duration>,
    },
    /// 429. Nothing was changed.
    Throttled { wait: Option<Duration> },
    /// Any other answer below 500. Nothing was changed.
    Refused {
        status: u16,
        code: String,
        message: String,
        /// What of the request it is about, such as `networkProfile.podCidr`.
        target: Option<String>,
    },
    /// A 5xx, or no answer after it was sent, or one that cannot be read: the write may have happened.
    InDoubt(String),
    /// Not a byte left this machine.
    NotSent(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let soon = |f: &mut fmt::Formatter<'_>, wait: &Option<Duration>| match wait {
            Some(wait) => write!(f, "; it asks to wait {} s", wait.as_secs()),
            None => Ok(()),
        };
        match self {
            Refusal::Changed => f.write_str(
                "the resource was changed by somebody else since it was read, or is gone (412), so Azure did not take the write and \
                 nothing was changed by it",
            ),
            Refusal::Busy {
                code,
                message,
                wait,
            } => {
                write!(
                    f,
                    "another operation runs, so Azure did not take the write and nothing was changed by it ({code}: {message})"
                )?;
                soon(f, wait)
            }
            Refusal::Throttled { wait } => {
                f.write_str(
                    "Azure throttles requests (429), so it did not take the write and nothing was changed by it",
                )?;
                soon(f, wait)
            }
            Refusal::Refused {
                status,
                code,
                message,
                target,
            } => {
                write!(
                    f,
                    "Azure refused the write and nothing was changed by it ({status} {code}"
                )?;
                if let Some(target) = target {
                    write!(f, " of {target}")?;
                }
                write!(f, ": {message})")
            }
            Refusal::InDoubt(why) => write!(
                f,
                "whether the write happened is not known, so the resource must be looked at before anything else is sent ({why})"
            ),
            Refusal::NotSent(why) => write!(
                f,
                "the write was not sent and nothing was changed by it ({why})"
            ),
        }
    }
}

impl std::error::Error for Refusal {}

impl Writer {
    pub fn new(client: &ArmClient) -> Self {
        Writer {
            client: client.clone(),
        }
    }

    /// Gives a whole cluster back. `if_match`: the eTag it was read with; `*` is none.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn put_cluster(
        &self,
        cluster: &ResourceId,
        body: &Value,
        if_match: &str,
    ) -> Result<Begun, Refusal> {
        self.put(cluster.as_str(), body, if_match).await
    }

    /// Gives a whole pool back. `if_match`: the pool's own eTag; a write to its cluster changes it as well.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn put_agent_pool(
        &self,
        pool: &ResourceId,
        body: &Value,
        if_match: &str,
    ) -> Result<Begun, Refusal> {
        self.put(pool.as_str(), body, if_match).await
    }

    /// Asks Azure to end what runs on a cluster. It ends where it is: nothing is put back.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn abort_cluster(&self, cluster: &ResourceId) -> Result<Begun, Refusal> {
        self.send(Method::Post, &format!("{cluster}/abort"), None)
            .await
    }

    /// Asks Azure to end what runs on a pool.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn abort_agent_pool(&self, pool: &ResourceId) -> Result<Begun, Refusal> {
        self.send(Method::Post, &format!("{pool}/abort"), None)
            .await
    }

    async fn put(&self, path: &str, body: &Value, if_match: &str) -> Result<Begun, Refusal> {
        // `*` would overwrite whatever somebody else made of it.
        if if_match.trim().is_empty() || if_match.trim() == "*" {
            return Err(Refusal::NotSent(
                "there is no eTag to send it with".to_string(),
            ));
        }
        if !if_match.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
            return Err(Refusal::NotSent("the eTag is no eTag".to_string()));
        }
        if !body.is_object() {
            return Err(Refusal::NotSent("the body is no resource".to_string()));
        }
        self.send(Method::Put, path, Some((body, if_match))).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        put: Option<(&Value, &str)>,
    ) -> Result<Begun, Refusal> {
        let url = self.client.url(path, API_VERSION);
        // Judged as it will be sent: an address may climb. None of these characters is in a resource's name.
        let is_plain = !path.contains(['?', '#', '%', '\\']) && !path.contains(char::is_whitespace);
        let Some(write) = writes::allowing(method, url.path()).filter(|_| is_plain) else {
            let what = format!("{method} {path} is not one of the writes of aksplan");
            return Err(Refusal::NotSent(safe_line(&what, LONGEST)));
        };
        let mut request = Request::new(url.clone(), method);
        let request_id = Uuid::new_v4().to_string();
        request.insert_header("x-ms-client-request-id", request_id.clone());
        if let Some((body, if_match)) = put {
            request.insert_header("if-match", if_match.to_string());
            request.insert_header("content-type", "application/json");
            request.set_body(body.to_string().into_bytes());
        }
        match self.client.send_write(write, request).await {
            Ok(response) => {
                let begun = judge(method, &url, &response, request_id)?;
                if let Some(address) = begun.operation.address() {
                    self.client.remember(address);
                }
                Ok(begun)
            }
            Err(unanswered) => {
                let why = safe_line(&unanswered.why, LONGEST);
                Err(if unanswered.was_sent {
                    Refusal::InDoubt(format!("no answer: {why}; request id {request_id}"))
                } else {
                    Refusal::NotSent(why)
                })
            }
        }
    }
}

/// Azure's texts may run over pages.
const LONGEST: usize = 2000;

/// What an answer means.
fn judge(
    method: Method,
    url: &Url,
    response: &RawResponse,
    request_id: String,
) -> Result<Begun, Refusal> {
    let status: u16 = response.status().into();
    let correlation_id = header(response.headers(), "x-ms-correlation-request-id")
        .or_else(|| header(response.headers(), "x-ms-request-id"))
        .map(|id| safe_line(&id, 100));
    let trace = match &correlation_id {
        Some(id) => format!("correlation id {id}"),
        None => format!("request id {request_id}"),
    };
    let wait = retry_after(response);
    let told = ErrorBody::of(response);
    let message = |fallback: &str| {
        let text = told.text();
        let text = if text.is_empty() { fallback } else { &text };
        format!("{}; {trace}", text.trim_end_matches('.'))
    };
    match status {
        200..=299 => {
            let answer: Option<Value> = serde_json::from_slice(response.body()).ok();
            let is_resource = answer.as_ref().is_some_and(Value::is_object);
            // A page of a proxy is no answer of Azure to a PUT; 202 and 204 may come without a body.
            if method == Method::Put && !is_resource && !matches!(status, 202 | 204) {
                return Err(Refusal::InDoubt(format!(
                    "{status} with something that is no resource; is a proxy in between? {trace}"
                )));
            }
            Ok(Begun {
                operation: Operation::begun(method, url, response)
                    .unwrap_or_else(|_| Operation::by_state(method, url, response)),
                answer: answer.unwrap_or(Value::Null),
                request_id,
                correlation_id,
            })
        }
        412 => Err(Refusal::Changed),
        409 if told.is_busy() => Err(Refusal::Busy {
            code: told.code("409"),
            message: message("another operation is in progress"),
            wait,
        }),
        429 if told.is_busy() => Err(Refusal::Busy {
            code: told.code("429"),
            message: message("another operation is in progress"),
            wait,
        }),
        429 => Err(Refusal::Throttled { wait }),
        // 408: the server gave up waiting for the request, and whether it had all of it is not said.
        408 | 500.. => {
            let code = told.code("");
            let space = if code.is_empty() { "" } else { " " };
            Err(Refusal::InDoubt(format!(
                "{status}{space}{code}: {}",
                message("Azure gives no reason")
            )))
        }
        _ => Err(Refusal::Refused {
            status,
            code: told.code(reason(status)),
            message: message("Azure gives no reason"),
            target: told
                .error
                .get("target")
                .and_then(Value::as_str)
                .filter(|target| !target.is_empty())
                .map(|target| safe_line(target, 200)),
        }),
    }
}

/// Where Azure names no code.
fn reason(status: u16) -> &'static str {
    match status {
        300..=399 => "Redirect",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        _ => "Error",
    }
}

/// An answer's error: `{"error": {…}}`, or as AKS itself often writes it, without the outer braces.
struct ErrorBody {
    error: Value,
}

impl ErrorBody {
    fn of(response: &RawResponse) -> Self {
        let whole: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let error = match whole.get("error") {
            Some(inner) if inner.is_object() => inner.clone(),
            _ => whole,
        };
        ErrorBody { error }
    }

    fn code(&self, fallback: &str) -> String {
        match self.error.get("code").and_then(Value::as_str) {
            Some(code) if !code.trim().is_empty() => safe_line(code, 100),
            _ => fallback.to_string(),
        }
    }

    /// Message, details and inner errors, each said once.
    fn text(&self) -> String {
        let mut said: Vec<String> = Vec::new();
        collect(&self.error, true, 0, &mut said);
        safe_line(&said.join("; "), LONGEST)
    }

    /// Whether somebody else's operation is in the way, so that waiting helps. `OperationNotAllowed` says many other things as
    /// well, such as that the cluster is stopped: its text decides, and one that is not known counts as a refusal.
    fn is_busy(&self) -> bool {
        const CODES: [&str; 3] = [
            "AnotherOperationInProgress",
            "ReferencedResourceNotProvisioned",
            "RetryableErrorDueToAnotherOperation",
        ];
        const TEXTS: [&str; 6] = [
            "in progress",
            "in-progress",
            "another operation",
            "another agentpool operation",
            "pending operation",
            "aks-pending-operation",
        ];
        let mut codes = Vec::new();
        all_codes(&self.error, 0, &mut codes);
        if codes
            .iter()
            .any(|code| CODES.iter().any(|known| code.eq_ignore_ascii_case(known)))
        {
            return true;
        }
        let may_be = codes.is_empty()
            || codes.iter().any(|code| {
                ["OperationNotAllowed", "Conflict", "OperationPreempted"]
                    .iter()
                    .any(|known| code.eq_ignore_ascii_case(known))
            });
        let text = self.text().to_ascii_lowercase();
        may_be && TEXTS.iter().any(|part| text.contains(part))
    }
}

/// Details are nested, and an answer may nest as deep as it likes.
const DEEPEST: usize = 5;

fn inner_errors(error: &Value) -> impl Iterator<Item = &Value> {
    let details = error.get("details").and_then(Value::as_array);
    let inner = ["innererror", "innerError"]
        .into_iter()
        .filter_map(|name| error.get(name));
    details.into_iter().flatten().chain(inner)
}

fn all_codes<'a>(error: &'a Value, depth: usize, codes: &mut Vec<&'a str>) {
    codes.extend(error.get("code").and_then(Value::as_str));
    if depth < DEEPEST {
        inner_errors(error).for_each(|inner| all_codes(inner, depth + 1, codes));
    }
}

fn collect(error: &Value, is_outer: bool, depth: usize, said: &mut Vec<String>) {
    let word = |name: &str| {
        error
            .get(name)
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    };
    // The outermost code has a place of its own.
    let parts = [if is_outer { None } else { word("code") }, word("message")];
    let line = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
    if !line.is_empty() && !said.iter().any(|before| before.contains(&line)) {
        said.push(line);
    }
    if depth < DEEPEST {
        inner_errors(error).for_each(|inner| collect(inner, false, depth + 1, said));
    }
}

/// Seconds, or milliseconds where Azure is that precise. A date is not read: Azure Resource Manager sends none, and the caller
/// then waits as long as it thinks right.
fn retry_after(response: &RawResponse) -> Option<Duration> {
    let number = |name: &'static str| {
        header(response.headers(), name).and_then(|text| text.trim().parse::<u64>().ok())
    };
    number("x-ms-retry-after-ms")
        .or_else(|| number("retry-after-ms"))
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
}
