//! A loopback Azure Resource Manager: answers what a `World` holds over a real socket, logs every request, and misbehaves as a
//! plan says. It never writes to the world for a client: anything but a read is refused, and logged.

use super::fault::{self, Asked, Fault, Plan, RetryAfter};
use super::graph;
use super::gzip::gzip;
use super::line::{Cut, Lines};
use super::world::{Named, TENANT, World};
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::net::TcpListener;

/// The bearer token that the server accepts unless told otherwise. Looked for in everything a command prints.
pub const TOKEN: &str = "loopback-secret-9b1d7c5e3f";

/// How the server answers.
#[derive(Clone)]
pub struct Manners {
    /// Added to every answer.
    pub latency: Duration,
    /// Members a page.
    pub page_size: usize,
    /// Rows a page of Resource Graph.
    pub graph_page_size: usize,
    /// Packs what the client says it can unpack.
    pub gzip: bool,
    pub plan: Plan,
    /// Tokens that are accepted.
    pub tokens: Vec<String>,
    /// Answers before the world does: status and body, as they are.
    pub script: Option<Script>,
}

pub type Script = Arc<dyn Fn(&Logged) -> Option<(u16, String)> + Send + Sync>;

impl Default for Manners {
    fn default() -> Self {
        Manners {
            latency: Duration::ZERO,
            page_size: 100,
            graph_page_size: 1000,
            gzip: false,
            plan: fault::none(),
            tokens: vec![TOKEN.to_string()],
            script: None,
        }
    }
}

/// One request as it came, less the token.
#[derive(Debug, Clone)]
pub struct Logged {
    pub method: String,
    /// As sent, still encoded.
    pub raw_path: String,
    /// Decoded.
    pub path: String,
    /// Decoded, in the order sent.
    pub query: Vec<(String, String)>,
    /// Without `authorization`, names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// Whether an `authorization` header came, and whether it was right.
    pub token: Token,
    /// What was answered; `None` where no status was.
    pub status: Option<u16>,
    pub fault: Option<Fault>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    Missing,
    Wrong,
    Right,
}

struct Shared {
    world: Mutex<World>,
    manners: Mutex<Manners>,
    log: Mutex<Vec<Logged>>,
    asked: Mutex<BTreeMap<String, u32>>,
    /// Requests being answered now, and the most there ever were.
    now: AtomicU64,
    most: AtomicU64,
    address: SocketAddr,
}

/// A running server. It stops when dropped.
pub struct Azure {
    shared: Arc<Shared>,
    runtime: Option<tokio::runtime::Runtime>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Azure {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When there is none.
    pub fn start(world: World, manners: Manners) -> Azure {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("threads can be started");
        let listener = runtime
            .block_on(TcpListener::bind(("127.0.0.1", 0)))
            .expect("a free port");
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            manners: Mutex::new(manners),
            log: Mutex::default(),
            asked: Mutex::default(),
            now: AtomicU64::new(0),
            most: AtomicU64::new(0),
            address: listener.local_addr().expect("it is bound"),
        });
        let app = axum::Router::new()
            .fallback(handle)
            .with_state(shared.clone());
        let service = app.into_make_service_with_connect_info::<Cut>();
        runtime.spawn(async move {
            // Ends with the runtime.
            let _ = axum::serve(Lines(listener), service).await;
        });
        Azure {
            shared,
            runtime: Some(runtime),
        }
    }

    /// `http://127.0.0.1:PORT`
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// What was asked so far, in order of arrival.
    pub fn log(&self) -> Vec<Logged> {
        locked(&self.shared.log).clone()
    }

    /// The most requests that were being answered at the same time.
    pub fn most_at_once(&self) -> u64 {
        self.shared.most.load(Ordering::Relaxed)
    }

    /// Forgets what was asked, so that the next client meets a plan as the first did.
    pub fn forget(&self) {
        locked(&self.shared.log).clear();
        locked(&self.shared.asked).clear();
        self.shared.most.store(0, Ordering::Relaxed);
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.shared.world)
    }

    pub fn manners(&self) -> MutexGuard<'_, Manners> {
        locked(&self.shared.manners)
    }
}

impl Drop for Azure {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What goes out, before it is sent.
struct Answer {
    status: u16,
    kind: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn json(status: u16, body: Vec<u8>) -> Answer {
        Answer {
            status,
            kind: "application/json; charset=utf-8",
            headers: Vec::new(),
            body,
        }
    }

    fn error(status: u16, code: &str, message: &str) -> Answer {
        let body = json!({"error": {"code": code, "message": message}});
        Answer::json(status, body.to_string().into_bytes())
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    const LARGEST: usize = 16 << 20;
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LARGEST)
        .await
        .unwrap_or_default();
    let manners = locked(&shared.manners).clone();
    let now = shared.now.fetch_add(1, Ordering::Relaxed) + 1;
    shared.most.fetch_max(now, Ordering::Relaxed);
    let logged = Logged {
        method: parts.method.to_string(),
        raw_path: parts.uri.path().to_string(),
        path: decoded(parts.uri.path(), false),
        query: query_of(parts.uri.query().unwrap_or_default()),
        headers: parts
            .headers
            .iter()
            .filter(|(name, _)| *name != header::AUTHORIZATION)
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
        token: token_of(&parts.headers, &manners.tokens),
        status: None,
        fault: None,
    };
    let (asked, place) = shared.enter(&logged, parts.uri.query().unwrap_or_default());
    if !manners.latency.is_zero() {
        tokio::time::sleep(manners.latency).await;
    }
    let fault = (manners.plan)(&asked);
    let answer = shared.answer(&logged, &manners, fault.as_ref());
    {
        let mut log = locked(&shared.log);
        // `forget` may have come in between.
        if let Some(entry) = log.get_mut(place) {
            entry.fault.clone_from(&fault);
            entry.status = match fault {
                Some(Fault::Stall | Fault::Reset) => None,
                _ => Some(answer.status),
            };
        }
    }
    if fault == Some(Fault::Stall) {
        // Longer than any client waits.
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    shared.now.fetch_sub(1, Ordering::Relaxed);
    sent(answer, fault.as_ref(), &cut, manners.gzip, &parts.headers)
}

fn sent(
    mut answer: Answer,
    fault: Option<&Fault>,
    cut: &Cut,
    may_pack: bool,
    asked: &HeaderMap,
) -> Response {
    let mut response = Response::builder()
        .status(StatusCode::from_u16(answer.status).expect("a status"))
        .header(header::CONTENT_TYPE, answer.kind)
        .header("x-ms-request-id", "5e1f0000-0000-4000-8000-000000000001")
        .header(
            "x-ms-correlation-request-id",
            "c0de0000-0000-4000-8000-000000000002",
        )
        .header("x-ms-ratelimit-remaining-subscription-reads", "249");
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    let unpacks = asked
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("gzip"));
    if may_pack && unpacks {
        answer.body = gzip(&answer.body);
        response = response.header(header::CONTENT_ENCODING, "gzip");
    }
    let body = match fault {
        Some(Fault::Reset) => {
            cut.cut();
            Body::empty()
        }
        Some(Fault::HalfBody) => {
            response = response.header(header::CONTENT_LENGTH, answer.body.len());
            half(answer.body)
        }
        Some(Fault::CutChunks) => half(answer.body),
        Some(Fault::CutJson) => {
            answer.body.truncate(answer.body.len() / 2);
            Body::from(answer.body)
        }
        _ => Body::from(answer.body),
    };
    response.body(body).expect("the headers are right")
}

/// The first half; a moment later the connection breaks.
fn half(mut body: Vec<u8>) -> Body {
    body.truncate(body.len() / 2);
    let steps = futures::stream::unfold(Some(Bytes::from(body)), |left| async move {
        match left {
            Some(bytes) if !bytes.is_empty() => Some((Ok(bytes), Some(Bytes::new()))),
            _ => {
                // The half must be on the wire before the connection goes.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Err(io::Error::from(io::ErrorKind::BrokenPipe)), None))
            }
        }
    });
    Body::from_stream(steps)
}

impl Shared {
    /// Writes the request down; how often the same came before, and where in the log it stands.
    fn enter(&self, logged: &Logged, query: &str) -> (Asked, usize) {
        let rest = format!("{query}{}", logged.body);
        let key = format!("{} {} {rest}", logged.method, logged.path);
        let before = {
            let mut asked = locked(&self.asked);
            let times = asked.entry(key).or_default();
            *times += 1;
            *times - 1
        };
        let mut log = locked(&self.log);
        log.push(logged.clone());
        let asked = Asked {
            method: logged.method.clone(),
            path: logged.path.clone(),
            rest,
            before,
            number: log.len() - 1,
        };
        (asked, log.len() - 1)
    }

    fn answer(&self, asked: &Logged, manners: &Manners, fault: Option<&Fault>) -> Answer {
        if asked.token != Token::Right || fault == Some(&Fault::Expired) {
            let mut answer = Answer::error(
                401,
                match asked.token {
                    Token::Missing => "AuthenticationFailed",
                    Token::Wrong => "InvalidAuthenticationToken",
                    Token::Right => "ExpiredAuthenticationToken",
                },
                "Authentication failed. The access token has expired, is missing or is not right.",
            );
            answer.headers.push((
                "www-authenticate",
                format!("Bearer authorization_uri=\"https://login.windows.net/{TENANT}\", error=\"invalid_token\""),
            ));
            return answer;
        }
        match fault {
            Some(Fault::Throttled(after)) => {
                let mut answer =
                    Answer::error(429, "TooManyRequests", "The request is being throttled.");
                match after {
                    RetryAfter::Unsaid => {}
                    RetryAfter::Seconds(seconds) => {
                        answer.headers.push(("retry-after", seconds.to_string()));
                    }
                    RetryAfter::Date(seconds) => {
                        let then =
                            jiff::Timestamp::now() + jiff::SignedDuration::from_secs(*seconds);
                        let text = then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
                        answer.headers.push(("retry-after", text));
                    }
                }
                return answer;
            }
            Some(Fault::Status(status)) => {
                let (code, message) = words_of(*status, &asked.path);
                return Answer::error(*status, code, &message);
            }
            Some(Fault::Html(status)) => {
                return Answer {
                    status: *status,
                    kind: "text/html",
                    headers: Vec::new(),
                    body: b"<html><head><title>Proxy</title></head><body>Sign in to the network</body></html>".to_vec(),
                };
            }
            _ => {}
        }
        if let Some((status, body)) = manners.script.as_ref().and_then(|script| script(asked)) {
            return Answer::json(status, body.into_bytes());
        }
        let answer = self.honest(asked, manners, fault);
        if let Some(Fault::ThenDeleted(ids)) = fault {
            let mut world = locked(&self.world);
            for id in ids {
                world.delete(id);
            }
        }
        answer
    }

    /// The answer when nothing goes wrong; of `fault` only what changes a page.
    fn honest(&self, asked: &Logged, manners: &Manners, fault: Option<&Fault>) -> Answer {
        let world = locked(&self.world);
        let lower = asked.path.to_ascii_lowercase();
        let lower = lower.trim_end_matches('/');
        if asked.query("api-version").is_none() {
            return Answer::error(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            );
        }
        if let Some(subscription) = forbidden(&world, lower) {
            return Answer::error(403, "AuthorizationFailed", &refusal(&subscription));
        }
        match asked.method.as_str() {
            "GET" => {}
            "POST" if lower == "/providers/microsoft.resourcegraph/resources" => {
                return graph_answer(&world, &asked.body, manners, fault);
            }
            "POST" if lower.ends_with("/listclusterusercredential") => {
                let cluster = lower.trim_end_matches("/listclusterusercredential");
                return match world.get(cluster) {
                    Some(_) => Answer::json(200, KUBECONFIGS.as_bytes().to_vec()),
                    None => not_found(&asked.path),
                };
            }
            method => {
                return Answer::error(405, "MethodNotAllowed", &format!("{method} is not a read"));
            }
        }
        let subscription = |one: &super::world::Subscription| {
            json!({
                "id": format!("/subscriptions/{}", one.id),
                "subscriptionId": one.id,
                "tenantId": TENANT,
                "displayName": one.name,
                "state": "Enabled",
                "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off"},
                "authorizationSource": "RoleBased",
            })
        };
        let members = match lower.split('/').skip(1).collect::<Vec<_>>().as_slice() {
            // Those without any permission are not listed.
            ["subscriptions"] => world
                .subscriptions
                .iter()
                .filter(|one| forbidden(&world, &format!("/subscriptions/{}", one.id)).is_none())
                .map(|one| (one.id.clone(), Arc::from(subscription(one).to_string())))
                .collect(),
            ["subscriptions", id] => {
                let found = world
                    .subscriptions
                    .iter()
                    .find(|one| one.id.eq_ignore_ascii_case(id));
                return match found {
                    Some(one) => Answer::json(200, subscription(one).to_string().into_bytes()),
                    None => Answer::error(
                        404,
                        "SubscriptionNotFound",
                        &format!("The subscription '{id}' could not be found."),
                    ),
                };
            }
            _ => match world.named(&asked.path) {
                Named::One(body) => return Answer::json(200, body.as_bytes().to_vec()),
                Named::Nothing => return not_found(&asked.path),
                Named::List(members) => members,
            },
        };
        self.page(asked, manners, fault, members)
    }

    /// One page. It is continued by the key of its last member, so that a deletion in between shifts nothing.
    fn page(
        &self,
        asked: &Logged,
        manners: &Manners,
        fault: Option<&Fault>,
        mut members: Vec<(String, Arc<str>)>,
    ) -> Answer {
        // A VNet's usages and the like may share a key or have none; a position then tells them apart.
        for (position, member) in members.iter_mut().enumerate() {
            member.0 = format!("{}\u{1}{position:06}", member.0);
        }
        members.sort_by(|one, other| one.0.cmp(&other.0));
        let after = asked
            .query("$skiptoken")
            .or_else(|| asked.query("$skipToken"))
            .map(str::to_string);
        let start = match &after {
            None => 0,
            Some(token) => {
                let Some(key) = unhex(token) else {
                    return Answer::error(400, "InvalidSkipToken", "The skip token is not valid.");
                };
                members.partition_point(|(id, _)| *id <= key)
            }
        };
        let end = members.len().min(start.saturating_add(manners.page_size));
        let mut body = String::from("{\"value\":[");
        for (position, (_, text)) in members[start..end].iter().enumerate() {
            if position > 0 {
                body.push(',');
            }
            body.push_str(text);
        }
        body.push(']');
        let link = |token: Option<String>| {
            let mut link = format!("http://{}{}?", self.address, asked.raw_path);
            let mut parts: Vec<String> = asked
                .query
                .iter()
                .filter(|(name, _)| !name.eq_ignore_ascii_case("$skiptoken"))
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            parts.extend(token.map(|token| format!("%24skiptoken={token}")));
            link.push_str(&parts.join("&"));
            link
        };
        let next = match fault {
            Some(Fault::RepeatedPage) => Some(link(after)),
            Some(Fault::NextPageAt(elsewhere)) => Some(elsewhere.clone()),
            _ if end < members.len() => Some(link(Some(hex(&members[end - 1].0)))),
            _ => None,
        };
        if let Some(next) = next {
            body.push_str(&format!(",\"nextLink\":{}", Value::String(next)));
        }
        body.push('}');
        Answer::json(200, body.into_bytes())
    }
}

impl Logged {
    /// A query parameter, by its exact name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

fn graph_answer(world: &World, body: &str, manners: &Manners, fault: Option<&Fault>) -> Answer {
    let answered = serde_json::from_str(body)
        .map_err(|error| format!("the body is no JSON: {error}"))
        .and_then(|body| graph::answer(world, &body, manners.graph_page_size));
    match answered {
        Ok(mut answer) => {
            if let (Some(Fault::Truncated), Some(fields)) = (fault, answer.as_object_mut()) {
                fields.insert("resultTruncated".to_string(), json!("true"));
                fields.remove("$skipToken");
            }
            let mut answer = Answer::json(200, answer.to_string().into_bytes());
            answer.headers = vec![
                ("x-ms-user-quota-remaining", "14".to_string()),
                ("x-ms-user-quota-resets-after", "00:00:05".to_string()),
                (
                    "x-ms-ratelimit-remaining-tenant-resource-requests",
                    "14".to_string(),
                ),
            ];
            answer
        }
        Err(problem) => Answer::error(400, "BadRequest", &problem),
    }
}

/// The subscription of the path, when the caller may not read it.
fn forbidden(world: &World, path: &str) -> Option<String> {
    let id = super::world::segment(path, "subscriptions")?;
    world
        .forbidden
        .iter()
        .find(|other| other.eq_ignore_ascii_case(id))
        .cloned()
}

fn refusal(subscription: &str) -> String {
    format!(
        "The client 'reader@example.org' with object id '0b1ec700-0000-4000-8000-000000000003' does not have authorization to \
         perform action 'read' over scope '/subscriptions/{subscription}' or the scope is invalid. If access was recently \
         granted, please refresh your credentials."
    )
}

fn not_found(path: &str) -> Answer {
    Answer::error(
        404,
        "ResourceNotFound",
        &format!(
            "The Resource '{path}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        ),
    )
}

fn words_of(status: u16, path: &str) -> (&'static str, String) {
    match status {
        403 => (
            "AuthorizationFailed",
            refusal(super::world::segment(path, "subscriptions").unwrap_or("?")),
        ),
        404 => (
            "ResourceNotFound",
            format!("The Resource '{path}' was not found."),
        ),
        408 => ("RequestTimeout", "The request timed out.".to_string()),
        409 => (
            "AnotherOperationInProgress",
            "Another operation on this or dependent resource is in progress.".to_string(),
        ),
        500 => ("InternalServerError", "An error occurred.".to_string()),
        502 => (
            "BadGatewayConnection",
            "The network connectivity issue encountered.".to_string(),
        ),
        503 => (
            "ServiceUnavailable",
            "The service is unavailable.".to_string(),
        ),
        504 => (
            "GatewayTimeout",
            "The gateway did not receive a response.".to_string(),
        ),
        _ => ("Failed", "The request failed.".to_string()),
    }
}

fn token_of(headers: &HeaderMap, tokens: &[String]) -> Token {
    match headers
        .get(header::AUTHORIZATION)
        .map(|value| value.to_str())
    {
        None => Token::Missing,
        Some(Ok(value))
            if value
                .strip_prefix("Bearer ")
                .is_some_and(|token| tokens.iter().any(|known| known == token)) =>
        {
            Token::Right
        }
        Some(_) => Token::Wrong,
    }
}

fn query_of(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decoded(name, true), decoded(value, true))
        })
        .collect()
}

/// Percent-decoded; in a query `+` is a space.
pub fn decoded(text: &str, in_query: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        let escaped = (bytes[position] == b'%')
            .then(|| text.get(position + 1..position + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                out.push(byte);
                position += 3;
            }
            None => {
                out.push(match bytes[position] {
                    b'+' if in_query => b' ',
                    byte => byte,
                });
                position += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}

/// What `listClusterUserCredential` answers: a kubeconfig whose server is nobody.
const KUBECONFIGS: &str = r#"{"kubeconfigs":[{"name":"clusterUser","value":"YXBpVmVyc2lvbjogdjEKa2luZDogQ29uZmlnCmNsdXN0ZXJzOgotIG5hbWU6IGxvb3BiYWNrCiAgY2x1c3RlcjoKICAgIHNlcnZlcjogaHR0cHM6Ly8xMjcuMC4wLjE6MQpjb250ZXh0czoKLSBuYW1lOiBsb29wYmFjawogIGNvbnRleHQ6CiAgICBjbHVzdGVyOiBsb29wYmFjawogICAgdXNlcjogbG9vcGJhY2sKY3VycmVudC1jb250ZXh0OiBsb29wYmFjawp1c2VyczoKLSBuYW1lOiBsb29wYmFjawogIHVzZXI6IHt9Cg=="}]}"#;
