//! One API server: how to reach it, as whom, and one request with its retries. Sends GET, but for [`Connection::put_once`], which
//! only the lease of an execution uses.

use super::plugin::Plugin;
use super::{Access, KubernetesApiError, Settings, TokenSource};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use http_body_util::{BodyExt, Limited};
use kube::client::{AuthError, Body, ClientBuilder};
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// A larger answer is not read to its end: a page of the largest objects etcd holds (1.5 MiB each) stays below.
const LARGEST_ANSWER: usize = 1 << 30;

const JSON: &str = "application/json";

/// Clusters that cannot be reached from here are usual: a first contact is tried no more often than this, and each time no
/// longer than [`CONNECT`]. Within that a lost packet is sent twice more.
const FIRST_ATTEMPTS: u32 = 2;
const CONNECT: Duration = Duration::from_secs(5);

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// 403: these credentials may not.
    Refused,
    /// 404.
    Missing,
    /// 410: the pages before are too old to go on from.
    Expired,
    /// The credentials are not accepted, or there are none.
    Credentials(String),
    /// No answer, again and again.
    Unreachable(String),
    /// Not asked: the server stopped answering.
    Lost,
    /// An answer that is none, again and again.
    Answered(String),
}

/// `Status`, as far as it is shown.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    message: String,
}

/// What requests are sent with.
#[derive(Clone)]
struct Held {
    /// How often it was made anew.
    generation: u64,
    client: Client,
    plugin: Plugin,
}

/// An answer that came to its end.
struct Answer {
    status: u16,
    /// How long the server asks to wait.
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

const NOT_ACCEPTED: &str = "the server does not accept these credentials (401); have they expired? (`az login`, `kubelogin`)";

/// What an answer that is no object says.
pub(super) fn message_of(body: &[u8]) -> String {
    let status: Status = serde_json::from_slice(body).unwrap_or_default();
    without_secrets(&status.message)
}

/// What became of one request before its answer was complete.
#[derive(Default)]
struct Sent {
    /// The token that was handed over.
    token: Option<SecretString>,
    /// An answer began.
    answered: bool,
}

pub struct Connection {
    who: String,
    server: String,
    access: Access,
    settings: Settings,
    token: Option<TokenSource>,
    client: Mutex<Held>,
    requests: AtomicU64,
    /// Answers that began.
    answers: AtomicU64,
    /// It stopped answering.
    lost: AtomicBool,
}

impl Connection {
    pub async fn open(
        access: &Access,
        settings: &Settings,
    ) -> Result<Connection, KubernetesApiError> {
        // The second time it says that one is installed, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (who, config) = configure(access, settings).await?;
        let server = shown(&config.cluster_url);
        let (client, plugin) =
            build(config)
                .await
                .map_err(|problem| KubernetesApiError::Server {
                    who: who.clone(),
                    server: server.clone(),
                    problem,
                })?;
        let token = match access {
            Access::Handed { token, .. } => token.clone(),
            _ => None,
        };
        Ok(Connection {
            who,
            server,
            access: access.clone(),
            settings: settings.clone(),
            token,
            client: Mutex::new(Held {
                generation: 0,
                client,
                plugin,
            }),
            requests: AtomicU64::new(0),
            answers: AtomicU64::new(0),
            lost: AtomicBool::new(false),
        })
    }

    pub fn server(&self) -> &str {
        &self.server
    }

    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Asks again, though it stopped answering a while ago.
    pub fn try_again(&self) {
        self.lost.store(false, Ordering::Relaxed);
    }

    pub fn error(&self, problem: String) -> KubernetesApiError {
        KubernetesApiError::Server {
            who: self.who.clone(),
            server: self.server.clone(),
            problem,
        }
    }

    /// One GET. Waits and asks again where the server is busy or does not answer; credentials that are refused are fetched anew
    /// once.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>, Failure> {
        self.get_as(path, JSON).await
    }

    /// As [`Connection::get`], and nothing but this media type is accepted.
    pub async fn get_as(&self, path: &str, accept: &'static str) -> Result<Vec<u8>, Failure> {
        let mut wait = self.settings.first_wait;
        let mut renewed = false;
        let mut refused = None;
        let mut attempt = 1;
        let answers_before = self.answers.load(Ordering::Relaxed);
        loop {
            if self.lost.load(Ordering::Relaxed) {
                return Err(Failure::Lost);
            }
            let held = self.client.lock().await.clone();
            self.requests.fetch_add(1, Ordering::Relaxed);
            let mut sent = Sent::default();
            let asked = self.ask(&held, (path, accept), refused.take(), &mut sent);
            let (failure, told) = match tokio::time::timeout(self.settings.timeout, asked).await {
                Ok(Ok(body)) => return Ok(body),
                Ok(Err(told)) => told,
                Err(_) => {
                    let seconds = self.settings.timeout.as_secs();
                    let failure = if sent.answered {
                        Failure::Answered(format!("no complete answer within {seconds} s"))
                    } else {
                        Failure::Unreachable(format!("no answer within {seconds} s"))
                    };
                    (failure, Some(None))
                }
            };
            if matches!(failure, Failure::Credentials(_)) && !renewed {
                renewed = true;
                refused = sent.token;
                self.renew(held.generation)
                    .await
                    .map_err(Failure::Credentials)?;
                continue;
            }
            // `told`: worth another try, and how long the server asks to wait.
            let Some(asked_wait) = told else {
                return Err(failure);
            };
            let is_silent = matches!(failure, Failure::Unreachable(_));
            let answers = self.answers.load(Ordering::Relaxed);
            let attempts = if is_silent && answers == 0 {
                self.settings.attempts.min(FIRST_ATTEMPTS)
            } else {
                self.settings.attempts
            };
            if attempt >= attempts {
                // Others got answers meanwhile: then it is this list alone.
                if is_silent && answers == answers_before {
                    self.lost.store(true, Ordering::Relaxed);
                }
                return Err(failure);
            }
            let pause = asked_wait.unwrap_or(wait);
            if pause > self.settings.longest_wait {
                return Err(failure);
            }
            tokio::time::sleep(pause).await;
            wait = wait.saturating_mul(2).min(self.settings.longest_wait);
            attempt += 1;
        }
    }

    /// One PUT, sent once: the status of the answer, and the answer. Credentials that are refused (401) are fetched anew once, for
    /// then it was not carried out.
    ///
    /// # Errors
    /// [`Failure`]. But for [`Failure::Credentials`] it may have been carried out.
    pub async fn put_once(&self, path: &str, body: &[u8]) -> Result<(u16, Vec<u8>), Failure> {
        let mut refused = None;
        let mut renewed = false;
        loop {
            let held = self.client.lock().await.clone();
            self.requests.fetch_add(1, Ordering::Relaxed);
            let mut sent = Sent::default();
            let request = http::Request::put(path)
                .header(ACCEPT, JSON)
                .header(CONTENT_TYPE, JSON)
                .body(Body::from(body.to_vec()));
            let asked = self.exchange(&held, request, refused.take(), &mut sent);
            let answer = tokio::time::timeout(self.settings.timeout, asked)
                .await
                .map_err(|_| {
                    let seconds = self.settings.timeout.as_secs();
                    Failure::Unreachable(format!("no answer within {seconds} s"))
                })?
                .map_err(|(failure, _)| failure)?;
            if answer.status == 401 && !renewed {
                renewed = true;
                refused = sent.token;
                self.renew(held.generation)
                    .await
                    .map_err(Failure::Credentials)?;
                continue;
            }
            if answer.status == 401 {
                return Err(Failure::Credentials(NOT_ACCEPTED.to_string()));
            }
            return Ok((answer.status, answer.body));
        }
    }

    /// One request. An error says whether another try is worth it, and after how long. `refused`: the token that was not
    /// accepted; `sent` says how far this one got.
    async fn ask(
        &self,
        held: &Held,
        (path, accept): (&str, &'static str),
        refused: Option<SecretString>,
        sent: &mut Sent,
    ) -> Result<Vec<u8>, (Failure, Option<Option<Duration>>)> {
        let never = |failure| (failure, None);
        let request = http::Request::get(path)
            .header(ACCEPT, accept)
            .body(Body::empty());
        let answer = self.exchange(held, request, refused, sent).await?;
        let said = || message_of(&answer.body);
        match answer.status {
            200 => Ok(answer.body),
            401 => Err(never(Failure::Credentials(NOT_ACCEPTED.to_string()))),
            403 => Err(never(Failure::Refused)),
            404 => Err(never(Failure::Missing)),
            410 => Err(never(Failure::Expired)),
            code @ (408 | 429 | 500 | 502 | 503 | 504) => Err((
                Failure::Answered(format!("the server answers {code}: {}", said())),
                Some(answer.retry_after),
            )),
            code => Err(never(Failure::Answered(format!(
                "the server answers {code}: {}",
                said()
            )))),
        }
    }

    /// Sends one request and takes its answer, whatever its status.
    async fn exchange(
        &self,
        held: &Held,
        request: http::Result<http::Request<Body>>,
        refused: Option<SecretString>,
        sent: &mut Sent,
    ) -> Result<Answer, (Failure, Option<Option<Duration>>)> {
        let never = |failure| (failure, None);
        let mut request = request.map_err(|error| never(Failure::Answered(error.to_string())))?;
        if let Some(token) = &self.token {
            let token = token(refused)
                .await
                .map_err(|problem| never(Failure::Credentials(without_secrets(&problem))))?;
            let mut header = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
                .map_err(|_| {
                    never(Failure::Credentials(
                        "the token that was handed over is none".to_string(),
                    ))
                })?;
            header.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, header);
            sent.token = Some(token);
        }
        let response = held
            .client
            .clone()
            .send(request)
            .await
            .map_err(|error| match error {
                kube::Error::Auth(error) => {
                    never(Failure::Credentials(held.plugin.describe(&error)))
                }
                other => match auth_within(&other) {
                    Some(error) => never(Failure::Credentials(held.plugin.describe(error))),
                    None => (Failure::Unreachable(describe(&other)), Some(None)),
                },
            })?;
        sent.answered = true;
        self.answers.fetch_add(1, Ordering::Relaxed);
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let body = Limited::new(response.into_body(), LARGEST_ANSWER)
            .collect()
            .await
            .map_err(|error| {
                let problem = without_secrets(&error.to_string());
                (
                    Failure::Answered(format!("the answer broke off: {problem}")),
                    Some(None),
                )
            })?
            .to_bytes();
        Ok(Answer {
            status,
            retry_after,
            body: body.into(),
        })
    }

    /// Fetches credentials anew, unless another task did so since.
    async fn renew(&self, generation: u64) -> Result<(), String> {
        let mut held = self.client.lock().await;
        if held.generation == generation {
            let (_, config) = configure(&self.access, &self.settings)
                .await
                .map_err(|error| error.to_string())?;
            let (client, plugin) = build(config).await?;
            *held = Held {
                generation: generation + 1,
                client,
                plugin,
            };
        }
        Ok(())
    }
}

/// The client's configuration, and who it is, in words.
async fn configure(
    access: &Access,
    settings: &Settings,
) -> Result<(String, Config), KubernetesApiError> {
    let (who, mut config) = match access {
        Access::Kubeconfig { paths, context } => {
            let mut merged = Kubeconfig::default();
            let mut place = String::new();
            for path in paths {
                let name = path.display().to_string();
                let fail = |problem| KubernetesApiError::Kubeconfig {
                    place: name.clone(),
                    problem,
                };
                merged = read_kubeconfig(path)
                    .and_then(|next| merged.merge(next))
                    .map_err(|error| fail(describe_kubeconfig(&error)))?;
                place = if place.is_empty() {
                    name
                } else {
                    format!("{place}, {name}")
                };
            }
            let context = context.clone().or_else(|| merged.current_context.clone());
            from_kubeconfig(&place, merged, context).await?
        }
        Access::Handed { kubeconfig, token } => {
            let place = "the kubeconfig that was handed over";
            let mut merged = Kubeconfig::from_yaml(kubeconfig).map_err(|error| {
                KubernetesApiError::Kubeconfig {
                    place: place.to_string(),
                    problem: describe_kubeconfig(&error),
                }
            })?;
            for user in merged
                .auth_infos
                .iter_mut()
                .filter_map(|named| named.auth_info.as_mut())
            {
                user.exec = None;
                user.auth_provider = None;
                user.token_file = None;
                user.client_certificate = None;
                user.client_key = None;
                if token.is_some() {
                    user.token = None;
                    user.username = None;
                    user.password = None;
                    user.client_certificate_data = None;
                    user.client_key_data = None;
                }
            }
            for cluster in merged
                .clusters
                .iter_mut()
                .filter_map(|named| named.cluster.as_mut())
            {
                cluster.certificate_authority = None;
            }
            let context = merged.current_context.clone();
            from_kubeconfig(place, merged, context).await?
        }
        Access::InCluster => {
            let config = Config::incluster().map_err(|error| KubernetesApiError::Kubeconfig {
                place: "in-cluster".to_string(),
                problem: format!(
                    "{}; --in-cluster works inside a pod with a service account",
                    describe(&error)
                ),
            })?;
            ("the pod's service account".to_string(), config)
        }
    };
    // The client's own retries wait for minutes, uncounted.
    config.default_retry = false;
    config.connect_timeout = Some(settings.timeout.min(CONNECT));
    config.read_timeout = Some(settings.timeout);
    config.reset_reader_on_write = true;
    let agent = concat!("aksplan/", env!("CARGO_PKG_VERSION"));
    config
        .headers
        .push((USER_AGENT, HeaderValue::from_static(agent)));
    Ok((who, config))
}

/// A kubeconfig file; its own relative paths count from its folder.
fn read_kubeconfig(path: &Path) -> Result<Kubeconfig, KubeconfigError> {
    Kubeconfig::read_from(path)
}

async fn from_kubeconfig(
    place: &str,
    kubeconfig: Kubeconfig,
    context: Option<String>,
) -> Result<(String, Config), KubernetesApiError> {
    let fail = |problem| KubernetesApiError::Kubeconfig {
        place: place.to_string(),
        problem,
    };
    let mut known: Vec<String> = kubeconfig
        .contexts
        .iter()
        .map(|context| context.name.clone())
        .collect();
    known.sort();
    let known = if known.is_empty() {
        "it has none".to_string()
    } else {
        format!("it has {}", known.join(", "))
    };
    let Some(context) = context else {
        return Err(fail(format!(
            "no current context; say which with --context ({known})"
        )));
    };
    let options = KubeConfigOptions {
        context: Some(context.clone()),
        cluster: None,
        user: None,
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| match error {
            KubeconfigError::LoadContext(_) => fail(format!("no context `{context}`; {known}")),
            other => fail(format!(
                "context `{context}`: {}",
                describe_kubeconfig(&other)
            )),
        })?;
    Ok((format!("context `{context}`"), config))
}

/// Runs the exec plugin, if there is one: not on a thread that others wait for.
async fn build(config: Config) -> Result<(Client, Plugin), String> {
    let plugin = Plugin::of(&config.auth_info);
    let runtime = tokio::runtime::Handle::current();
    let built = tokio::task::spawn_blocking(move || {
        let _inside = runtime.enter();
        ClientBuilder::try_from(config).map(|builder| builder.build())
    });
    match built.await {
        Ok(Ok(client)) => Ok((client, plugin)),
        Ok(Err(kube::Error::Auth(error))) => Err(plugin.describe(&error)),
        Ok(Err(
            kube::Error::ProxyProtocolUnsupported { .. }
            | kube::Error::ProxyProtocolDisabled { .. },
        )) => Err(
            "its proxy-url is of a kind that is not supported; expected http:// or https://"
                .to_string(),
        ),
        Ok(Err(error)) => Err(describe(&error)),
        Err(_) => Err("the client could not be made".to_string()),
    }
}

/// Scheme, host and port: an address may carry a password.
fn shown(url: &http::Uri) -> String {
    let scheme = url.scheme_str().unwrap_or("https");
    let host = url.host().unwrap_or_default();
    match url.port_u16() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

/// An error of the credentials, wherever in the chain it is.
fn auth_within(error: &kube::Error) -> Option<&AuthError> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(auth) = error.downcast_ref::<AuthError>() {
            return Some(auth);
        }
        next = error.source();
    }
    None
}

/// A parser's error quotes what it could not read, and a kubeconfig is full of keys: only the place is told.
fn describe_kubeconfig(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => match error.location() {
            Some(location) => format!(
                "is not a kubeconfig: line {}, column {}",
                location.line(),
                location.column()
            ),
            None => "is not a kubeconfig".to_string(),
        },
        KubeconfigError::ReadConfig(error, _) => format!("cannot be read: {error}"),
        KubeconfigError::LoadClusterOfContext(cluster) => {
            format!("names cluster `{cluster}`, which the kubeconfig does not have")
        }
        KubeconfigError::ParseProxyUrl(_) => "its proxy-url is no address".to_string(),
        other => without_secrets(&other.to_string()),
    }
}

/// An error with its causes, each said once.
fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    without_secrets(&text)
}

/// Texts of others, cut short and without anything that looks like a token.
pub(super) fn without_secrets(text: &str) -> String {
    const LONGEST: usize = 400;
    const LONGEST_WORD: usize = 60;
    let is_token = |word: &str| {
        // Keys are base64, with `/` in it; an address is none.
        let bare = |c: char| c.is_ascii_alphanumeric() || "-_.=+/".contains(c);
        let is_address = word.contains("://") || word.contains(".hcp.");
        word.contains("eyJ") || (word.len() > LONGEST_WORD && word.chars().all(bare) && !is_address)
    };
    let mut shown = String::new();
    let mut follows_bearer = false;
    for word in text.split_inclusive(|c: char| c.is_whitespace() || "\"'`,;".contains(c)) {
        let bare = word.trim_end_matches(|c: char| c.is_whitespace() || "\"'`,;".contains(c));
        if is_token(bare) || (follows_bearer && !bare.is_empty()) {
            shown.push('…');
            shown.push_str(&word[bare.len()..]);
        } else {
            shown.push_str(word);
        }
        follows_bearer = bare.eq_ignore_ascii_case("bearer") || (follows_bearer && bare.is_empty());
    }
    if let Some((end, _)) = shown.char_indices().nth(LONGEST) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_token_is_not_shown() {
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl";
        for text in [
            format!("refused: {token}"),
            format!("{{\"token\":\"{token}\"}}"),
            format!("Authorization: Bearer {token}"),
            "Bearer abc123".to_string(),
            format!("key {}", "A".repeat(90)),
            format!("key {}/+8=", "AAAAAAAA/b".repeat(9)),
        ] {
            let shown = without_secrets(&text);
            assert!(shown.contains('…'), "{shown}");
            for secret in [token, "abc123", "AAAAAAAA"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
        let plain = "pods is forbidden: User \"jane@example.com\" cannot list resource \"pods\"";
        assert_eq!(without_secrets(plain), plain);
        let address = format!("https://{}.example/apis/x", "long-name".repeat(9));
        assert_eq!(without_secrets(&address), address);
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let url: http::Uri = "https://jane:secret@api.example:6443/k8s"
            .parse()
            .expect("a URL");
        assert_eq!(shown(&url), "https://api.example:6443");
    }
}
