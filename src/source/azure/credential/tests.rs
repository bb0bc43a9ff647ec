//! Signing in, against fakes: a client that answers for Entra ID, IMDS and runners; an executor that answers for `az` and
//! `azd`; and a shell script on the `PATH`.
#![cfg(unix)]

use super::*;
use crate::source::azure::cloud::{Cloud, Endpoint};
use azure_core::http::headers::{AUTHORIZATION, Headers};
use azure_core::http::{
    AsyncRawResponse, Body, ClientOptions, Context, Method, Pipeline, PipelineSendOptions, Request,
    RetryOptions, StatusCode, Transport, Url,
};
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const SCOPE: &str = "https://management.azure.com/.default";
/// What must never be seen.
const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJwbGFudGVkIjoxfQ.c2lnbmF0dXJl";

enum Answer {
    Json(StatusCode, String),
    /// Nothing, ever: a laptop asked for IMDS.
    Silence,
    Refused,
}

/// What a request looked like: method, URL, authorization, body.
#[derive(Debug, Clone)]
struct Seen {
    method: Method,
    url: Url,
    authorization: Option<String>,
    body: String,
}

type Answers = dyn Fn(&Seen) -> Answer + Send + Sync;

struct FakeClient {
    answers: Box<Answers>,
    seen: Mutex<Vec<Seen>>,
}

impl FakeClient {
    fn new(answers: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(FakeClient {
            answers: Box::new(answers),
            seen: Mutex::default(),
        })
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl fmt::Debug for FakeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeClient")
    }
}

#[async_trait::async_trait]
impl HttpClient for FakeClient {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let body = match request.body() {
            Body::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Body::SeekableStream(_) => String::new(),
        };
        let seen = Seen {
            method: request.method(),
            url: request.url().clone(),
            authorization: request.headers().get_optional_string(&AUTHORIZATION),
            body,
        };
        self.seen.lock().unwrap().push(seen.clone());
        match (self.answers)(&seen) {
            Answer::Json(status, body) => Ok(AsyncRawResponse::from_bytes(
                status,
                Headers::new(),
                body.into_bytes(),
            )),
            Answer::Silence => std::future::pending().await,
            Answer::Refused => Err(azure_core::Error::with_message(
                azure_core::error::ErrorKind::Credential,
                "connection refused",
            )),
        }
    }
}

/// Answers for `az` and `azd`, by the first word of the command.
#[derive(Debug, Default)]
struct FakeTools {
    az: Option<(i32, String, String)>,
    azd: Option<(i32, String, String)>,
    commands: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl Executor for FakeTools {
    async fn run(&self, _: &OsStr, args: &[&OsStr]) -> std::io::Result<Output> {
        let command = args[1].to_string_lossy().into_owned();
        let tool = if command.contains("azd ") {
            &self.azd
        } else {
            &self.az
        };
        self.commands.lock().unwrap().push(command);
        let (code, stdout, stderr) =
            tool.clone()
                .unwrap_or((127, String::new(), "not found".to_string()));
        Ok(Output {
            status: ExitStatus::from_raw(code << 8),
            stdout: stdout.into_bytes(),
            stderr: stderr.into_bytes(),
        })
    }
}

fn in_an_hour() -> i64 {
    (OffsetDateTime::now_utc() + Duration::hours(1)).unix_timestamp()
}

fn az_token(token: &str) -> String {
    format!(
        r#"{{"accessToken": "{token}", "expires_on": {}, "tokenType": "Bearer"}}"#,
        in_an_hour()
    )
}

fn entra_token(token: &str) -> Answer {
    Answer::Json(
        StatusCode::Ok,
        format!(r#"{{"token_type": "Bearer", "expires_in": 3600, "access_token": "{token}"}}"#),
    )
}

fn settings<const N: usize>(
    environment: [(&str, &str); N],
    client: &Arc<FakeClient>,
    tools: FakeTools,
) -> (Settings, Arc<FakeTools>) {
    let tools = Arc::new(tools);
    let settings = Settings {
        environment: Environment::of(environment),
        tenant: None,
        client: Some(Arc::clone(client) as Arc<dyn HttpClient>),
        executor: Some(Arc::clone(&tools) as Arc<dyn Executor>),
    };
    (settings, tools)
}

fn secret_of(token: &AccessToken) -> &str {
    token.token.secret()
}

#[tokio::test]
async fn when_nothing_works_one_error_names_each_way_and_why() {
    let client = FakeClient::new(|_| Answer::Silence);
    let (settings, _) = settings([], &client, FakeTools::default());
    let started = std::time::Instant::now();
    let error = credential(AuthChoice::Auto, Cloud::Public, &settings)
        .unwrap()
        .token(SCOPE)
        .await
        .unwrap_err();
    assert!(
        started.elapsed() < std::time::Duration::from_secs(4),
        "a laptop must not hang: {:?}",
        started.elapsed()
    );
    assert_eq!(
        error.to_string(),
        "nobody is signed in to Azure; tried in this order:
  client secret in the environment (--auth environment): AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are not set
  workload identity (--auth workload-identity): AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE are not set
  GitHub OIDC (--auth oidc): ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN, AZURE_TENANT_ID and AZURE_CLIENT_ID are not set
  Azure Pipelines (--auth pipelines): SYSTEM_OIDCREQUESTURI and AZURESUBSCRIPTION_SERVICE_CONNECTION_ID are not set (an AzureCLI@2 task sets them)
  managed identity (--auth managed-identity): nothing answers at 169.254.169.254 within 1 s: this is no Azure machine
  Azure CLI (--auth cli): az not found on PATH
  Azure Developer CLI (--auth azd): azd not found on PATH
Run `az login`, or set up one of the others and pick it with --auth; files need no sign-in (--from PATH)."
    );
}

#[tokio::test]
async fn the_ways_are_tried_in_order_and_the_first_that_works_is_kept() {
    let client = FakeClient::new(|_| Answer::Refused);
    let (settings, tools) = settings(
        [],
        &client,
        FakeTools {
            az: Some((1, String::new(), "ERROR: Please run 'az login'".to_string())),
            azd: Some((
                0,
                r#"{"token": "of-azd", "expiresOn": "2038-01-18T00:00:00Z"}"#.to_string(),
                String::new(),
            )),
            ..FakeTools::default()
        },
    );
    let credential = credential(AuthChoice::Auto, Cloud::Public, &settings).unwrap();
    assert_eq!(credential.describe(), "every way in order");
    assert_eq!(secret_of(&credential.token(SCOPE).await.unwrap()), "of-azd");
    assert_eq!(credential.describe(), "Azure Developer CLI");
    credential.invalidate();
    credential.token(SCOPE).await.unwrap();
    credential
        .token("https://other.example/.default")
        .await
        .unwrap();
    let commands: Vec<String> = tools
        .commands
        .lock()
        .unwrap()
        .iter()
        .map(|command| {
            let tool = command.trim_start_matches("cd /bin && ");
            tool.split(' ').next().unwrap().to_string()
        })
        .collect();
    assert_eq!(commands, ["az", "azd", "azd", "azd"]);
}

#[tokio::test]
async fn an_identity_that_is_set_up_and_turned_down_is_not_replaced_by_another() {
    let client = FakeClient::new(|_| {
        Answer::Json(
            StatusCode::Unauthorized,
            r#"{"error_codes": [7000215], "error_description": "AADSTS7000215: Invalid client secret provided: hunter2hunter2. Trace ID: 1\r\nTimestamp: 2"}"#.to_string(),
        )
    });
    let (settings, tools) = settings(
        [
            ("AZURE_TENANT_ID", "contoso"),
            ("AZURE_CLIENT_ID", "app"),
            ("AZURE_CLIENT_SECRET", "hunter2hunter2"),
        ],
        &client,
        FakeTools {
            az: Some((0, az_token("of-az"), String::new())),
            ..FakeTools::default()
        },
    );
    let error = credential(AuthChoice::Auto, Cloud::Public, &settings)
        .unwrap()
        .token(SCOPE)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "Azure did not accept the client secret in the environment (--auth environment): AADSTS7000215: Invalid client secret provided: ***.
It is set up, so no other identity was tried in its place; correct it, or pick another with --auth (for example --auth cli after `az login`)."
    );
    assert!(tools.commands.lock().unwrap().is_empty());
    let picked = credential(AuthChoice::AzureCli, Cloud::Public, &settings).unwrap();
    assert_eq!(secret_of(&picked.token(SCOPE).await.unwrap()), "of-az");
}

#[tokio::test]
async fn each_cloud_signs_in_at_its_own_authority() {
    for cloud in Cloud::ALL {
        let client = FakeClient::new(|_| entra_token("of-secret"));
        let (settings, _) = settings(
            [
                ("AZURE_TENANT_ID", "contoso"),
                ("AZURE_CLIENT_ID", "app"),
                ("AZURE_CLIENT_SECRET", "hunter2"),
            ],
            &client,
            FakeTools::default(),
        );
        let credential = credential(AuthChoice::Auto, cloud, &settings).unwrap();
        let token = credential.token(cloud.token_scope()).await.unwrap();
        assert_eq!(secret_of(&token), "of-secret");
        let [seen] = client.seen().try_into().unwrap();
        assert_eq!(seen.url.scheme(), "https");
        assert_eq!(seen.url.host_str(), Some(cloud.authority_host()));
        assert_eq!(seen.url.path(), "/contoso/oauth2/v2.0/token");
        assert!(seen.body.contains("client_secret=hunter2"), "{}", seen.body);
        let host = cloud.arm_endpoint().host().to_string();
        assert!(seen.body.contains(&host), "{}", seen.body);
    }
}

#[tokio::test]
async fn a_pod_signs_in_with_its_projected_token() {
    let folder = Folder::new("federated");
    let file = folder.write("token", "projected");
    let client = FakeClient::new(|_| entra_token("of-pod"));
    let (settings, _) = settings(
        [
            ("AZURE_TENANT_ID", "contoso"),
            ("AZURE_CLIENT_ID", "app"),
            ("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap()),
        ],
        &client,
        FakeTools::default(),
    );
    let auto = credential(AuthChoice::Auto, Cloud::UsGovernment, &settings).unwrap();
    assert_eq!(secret_of(&auto.token(SCOPE).await.unwrap()), "of-pod");
    assert_eq!(auto.describe(), "workload identity");
    let [seen] = client.seen().try_into().unwrap();
    assert_eq!(seen.url.host_str(), Some("login.microsoftonline.us"));
    assert!(seen.body.contains("client_assertion=projected"));

    drop(folder);
    let error = credential(AuthChoice::WorkloadIdentity, Cloud::Public, &settings).unwrap_err();
    assert!(
        error.to_string().contains("which cannot be read"),
        "{error}"
    );
}

#[tokio::test]
async fn pipelines_sign_in_with_the_token_their_runner_hands_out() {
    let client = FakeClient::new(|seen| match seen.url.host_str() {
        Some("runner.example") => {
            Answer::Json(StatusCode::Ok, r#"{"value": "of-runner"}"#.to_string())
        }
        Some("devops.example") => {
            Answer::Json(StatusCode::Ok, r#"{"oidcToken": "of-devops"}"#.to_string())
        }
        _ => entra_token("of-entra"),
    });
    let (github, _) = settings(
        [
            (
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                "https://runner.example/?v=2",
            ),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ask-github"),
            ("AZURE_TENANT_ID", "contoso"),
            ("AZURE_CLIENT_ID", "app"),
        ],
        &client,
        FakeTools::default(),
    );
    let auto = credential(AuthChoice::Auto, Cloud::Public, &github).unwrap();
    assert_eq!(secret_of(&auto.token(SCOPE).await.unwrap()), "of-entra");
    let (devops, _) = settings(
        [
            ("SYSTEM_OIDCREQUESTURI", "https://devops.example/oidctoken"),
            ("SYSTEM_ACCESSTOKEN", "ask-devops"),
            ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "connection"),
            ("AZURESUBSCRIPTION_TENANT_ID", "contoso"),
            ("AZURESUBSCRIPTION_CLIENT_ID", "app"),
        ],
        &client,
        FakeTools::default(),
    );
    let picked = credential(AuthChoice::AzurePipelines, Cloud::Public, &devops).unwrap();
    assert_eq!(secret_of(&picked.token(SCOPE).await.unwrap()), "of-entra");

    let seen = client.seen();
    let asked: Vec<(Method, &str, Option<&str>)> = seen
        .iter()
        .map(|seen| {
            (
                seen.method,
                seen.url.as_str(),
                seen.authorization.as_deref(),
            )
        })
        .collect();
    let entra = "https://login.microsoftonline.com/contoso/oauth2/v2.0/token";
    assert_eq!(
        asked,
        [
            (
                Method::Get,
                "https://runner.example/?v=2&audience=api%3A%2F%2FAzureADTokenExchange",
                Some("Bearer ask-github")
            ),
            (Method::Post, entra, None),
            (
                Method::Post,
                "https://devops.example/oidctoken?api-version=7.1&serviceConnectionId=connection",
                Some("Bearer ask-devops")
            ),
            (Method::Post, entra, None),
        ]
    );
    assert!(seen[1].body.contains("client_assertion=of-runner"));
    assert!(seen[3].body.contains("client_assertion=of-devops"));
}

#[tokio::test]
async fn a_runner_that_hands_out_nothing_is_told_apart_and_not_quoted() {
    let client =
        FakeClient::new(|_| Answer::Json(StatusCode::Ok, format!("{{\"x\": \"{TOKEN}\"}}")));
    let (settings, _) = settings(
        [
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://runner.example/"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ask-github"),
            ("AZURE_TENANT_ID", "contoso"),
            ("AZURE_CLIENT_ID", "app"),
        ],
        &client,
        FakeTools::default(),
    );
    let error = credential(AuthChoice::GithubOidc, Cloud::Public, &settings)
        .unwrap()
        .token(SCOPE)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot sign in to Azure by GitHub OIDC (--auth oidc): the runner's answer holds no federated token (`value`)\n\
         Correct it, or leave --auth out to have every way tried."
    );
}

#[tokio::test]
async fn a_machine_signs_in_with_its_managed_identity() {
    let client = FakeClient::new(|seen| {
        let is_probe = seen.url.query().is_none();
        if is_probe {
            return Answer::Json(StatusCode::BadRequest, "{}".to_string());
        }
        Answer::Json(
            StatusCode::Ok,
            format!(
                r#"{{"access_token": "of-machine", "expires_on": "{}", "token_type": "Bearer", "resource": "x"}}"#,
                in_an_hour()
            ),
        )
    });
    let (settings, _) = settings([("AZURE_CLIENT_ID", "mine")], &client, FakeTools::default());
    let auto = credential(AuthChoice::Auto, Cloud::Public, &settings).unwrap();
    assert_eq!(secret_of(&auto.token(SCOPE).await.unwrap()), "of-machine");
    assert_eq!(auto.describe(), "managed identity");
    let seen = client.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].url.host_str(), Some("169.254.169.254"));
    let query: Vec<(String, String)> = seen[1].url.query_pairs().into_owned().collect();
    assert!(query.contains(&("client_id".to_string(), "mine".to_string())));
    assert!(query.contains(&(
        "resource".to_string(),
        "https://management.azure.com".to_string()
    )));
}

#[tokio::test]
async fn a_proxy_that_answers_in_place_of_imds_is_no_azure_machine() {
    let client = FakeClient::new(|_| Answer::Json(StatusCode::Forbidden, "no".to_string()));
    let (settings, _) = settings([], &client, FakeTools::default());
    let error = credential(AuthChoice::ManagedIdentity, Cloud::Public, &settings)
        .unwrap()
        .token(SCOPE)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("169.254.169.254 answers 403, as a proxy does"),
        "{error}"
    );
    assert_eq!(client.seen().len(), 1);
}

#[test]
fn what_a_picked_way_lacks_is_said_at_once() {
    let client = FakeClient::new(|_| Answer::Refused);
    let said = |choice, settings: &Settings| {
        credential(choice, Cloud::Public, settings)
            .unwrap_err()
            .to_string()
    };
    let (none, _) = settings(
        [
            ("AZURE_CLIENT_CERTIFICATE_PATH", "/c.pem"),
            ("AZURE_CLIENT_SECRET", " "),
        ],
        &client,
        FakeTools::default(),
    );
    assert_eq!(
        said(AuthChoice::Environment, &none),
        "cannot sign in to Azure by client secret in the environment (--auth environment): AZURE_TENANT_ID, AZURE_CLIENT_ID \
         and AZURE_CLIENT_SECRET are not set; certificates (AZURE_CLIENT_CERTIFICATE_PATH) are not supported, use a client \
         secret or a federated token\nCorrect it, or leave --auth out to have every way tried."
    );
    let (clear, _) = settings(
        [
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "http://runner.example/"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ask-github"),
            ("AZURE_TENANT_ID", "contoso"),
            ("AZURE_CLIENT_ID", "app"),
        ],
        &client,
        FakeTools::default(),
    );
    assert!(
        said(AuthChoice::GithubOidc, &clear)
            .contains("ACTIONS_ID_TOKEN_REQUEST_URL is no https URL")
    );
    for choice in AuthChoice::ALL {
        assert_eq!(choice.word().parse::<AuthChoice>(), Ok(choice));
    }
    let unknown = "device".parse::<AuthChoice>().unwrap_err().to_string();
    for choice in AuthChoice::ALL {
        assert!(unknown.contains(choice.word()), "{unknown}");
    }
}

#[tokio::test]
async fn a_token_in_what_az_prints_is_never_shown() {
    let client = FakeClient::new(|_| Answer::Refused);
    for az in [
        // A token where the time belongs: the parser would quote it.
        (
            0,
            format!(r#"{{"accessToken": 1, "expires_on": "{TOKEN}", "tokenType": "Bearer"}}"#),
            String::new(),
        ),
        (0, format!("{{\"accessToken\": \"{TOKEN}\""), String::new()),
        (0, TOKEN.to_string(), String::new()),
        (
            1,
            TOKEN.to_string(),
            format!("ERROR: request with Bearer {TOKEN} failed"),
        ),
        (
            1,
            TOKEN.to_string(),
            format!("DEBUG: {{\"accessToken\": \"{TOKEN}\"}}"),
        ),
    ] {
        let (settings, _) = settings(
            [],
            &client,
            FakeTools {
                az: Some(az),
                ..FakeTools::default()
            },
        );
        let credential = credential(AuthChoice::AzureCli, Cloud::Public, &settings).unwrap();
        let error = credential.token(SCOPE).await.unwrap_err();
        let as_azure = azure_core::credentials::TokenCredential::get_token(
            credential.as_ref(),
            &[SCOPE],
            None,
        )
        .await
        .unwrap_err();
        for shown in [
            error.to_string(),
            format!("{error:?}"),
            as_azure.to_string(),
            format!("{as_azure:?}"),
            format!("{credential:?} {:?}", settings.environment),
        ] {
            assert!(!shown.contains("eyJ"), "{shown}");
        }
        assert!(error.to_string().ends_with("\nRun `az login`."), "{error}");
    }
}

#[tokio::test]
async fn a_token_that_is_held_is_never_shown() {
    let endpoint = Endpoint::parse("http://127.0.0.1:1").unwrap();
    let credential = StaticBearer::credential(&format!("{TOKEN}\n"), &endpoint).unwrap();
    let token = credential.token(SCOPE).await.unwrap();
    assert_eq!(secret_of(&token), TOKEN);
    let bearer = Bearer::new(Arc::clone(&credential), endpoint.clone(), SCOPE);
    let inner = StaticBearer(Secret::new(TOKEN));
    for shown in [
        format!("{credential:?}"),
        format!("{bearer:?}"),
        format!("{inner:?}"),
        format!("{token:?}"),
        credential.describe(),
    ] {
        assert!(!shown.contains("eyJ"), "{shown}");
    }
    for bad in ["", "  ", "Bearer abc", "ab\ncd", "tök"] {
        let said = StaticBearer::credential(bad, &endpoint)
            .unwrap_err()
            .to_string();
        assert!(said.starts_with("AKSPLAN_ARM_TOKEN "), "{said}");
        assert!(!said.contains("abc") && !said.contains("tök"), "{said}");
    }
}

/// Gives tokens `1`, `2`, … that live as long as told, or fails; takes its time.
#[derive(Debug)]
struct Counting {
    asked: AtomicUsize,
    lives: Mutex<VecDeque<Option<Duration>>>,
}

impl Counting {
    fn new<const N: usize>(lives: [Option<Duration>; N]) -> Arc<Self> {
        Arc::new(Counting {
            asked: AtomicUsize::new(0),
            lives: Mutex::new(lives.into()),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl TokenSource for Counting {
    async fn fetch(&self, _: &str) -> Result<AccessToken, CredentialError> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let lives = self.lives.lock().unwrap().pop_front().flatten();
        match lives {
            Some(lives) => Ok(AccessToken::new(
                number.to_string(),
                OffsetDateTime::now_utc() + lives,
            )),
            None => Err(CredentialError::StaticToken { problem: "fails" }),
        }
    }

    fn describe(&self) -> String {
        "counting".to_string()
    }
}

async fn hundred(credential: &Arc<Credential>) -> Vec<Result<String, CredentialError>> {
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let credential = Arc::clone(credential);
            tokio::spawn(async move {
                let token = credential.token(SCOPE).await?;
                Ok(secret_of(&token).to_string())
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn however_many_wait_one_asks() {
    let hour = Some(Duration::hours(1));
    let source = Counting::new([hour, hour]);
    let credential = Credential::new(Arc::clone(&source) as Arc<dyn TokenSource>);
    for answer in hundred(&credential).await {
        assert_eq!(answer.as_deref(), Ok("1"));
    }
    assert_eq!(source.asked(), 1);
    credential
        .token("https://other.example/.default")
        .await
        .unwrap();
    assert_eq!(source.asked(), 2, "each scope has its own");

    // Those who wait share a failure too; whoever comes later asks again.
    let source = Counting::new([None, hour]);
    let credential = Credential::new(Arc::clone(&source) as Arc<dyn TokenSource>);
    let answers = hundred(&credential).await;
    let failed = answers.iter().filter(|answer| answer.is_err()).count();
    assert!(
        failed > 0 && source.asked() <= 2,
        "{failed} {}",
        source.asked()
    );
    assert!(credential.token(SCOPE).await.is_ok());
    assert_eq!(source.asked(), 2);

    // A token that is dead on arrival is handed to those who wait, and asked for once.
    let source = Counting::new([Some(Duration::seconds(-1)); 9]);
    let credential = Credential::new(Arc::clone(&source) as Arc<dyn TokenSource>);
    hundred(&credential).await;
    assert!(source.asked() < 9, "{}", source.asked());
}

#[tokio::test]
async fn a_token_is_asked_for_again_five_minutes_before_it_expires() {
    let none = std::time::Duration::ZERO;
    let with = |source: &Arc<Counting>, pause| {
        Credential::with_pause(Arc::clone(source) as Arc<dyn TokenSource>, pause)
    };
    let long = Counting::new([Some(Duration::seconds(310))]);
    let credential = with(&long, none);
    credential.token(SCOPE).await.unwrap();
    credential.token(SCOPE).await.unwrap();
    assert_eq!(long.asked(), 1);

    let short = Counting::new([Some(Duration::seconds(290)), Some(Duration::hours(1))]);
    let credential = with(&short, none);
    credential.token(SCOPE).await.unwrap();
    assert_eq!(secret_of(&credential.token(SCOPE).await.unwrap()), "2");
    assert_eq!(secret_of(&credential.token(SCOPE).await.unwrap()), "2");
    assert_eq!(short.asked(), 2);

    // A source whose tokens are always that short is not asked for every request.
    let always_short = Counting::new([Some(Duration::seconds(290)); 3]);
    let credential = with(&always_short, std::time::Duration::from_secs(30));
    credential.token(SCOPE).await.unwrap();
    credential.token(SCOPE).await.unwrap();
    assert_eq!(always_short.asked(), 1);

    // While the token at hand lives, a source that fails for a moment does no harm.
    let shaky = Counting::new([Some(Duration::seconds(290)), None]);
    let credential = with(&shaky, none);
    credential.token(SCOPE).await.unwrap();
    assert_eq!(secret_of(&credential.token(SCOPE).await.unwrap()), "1");
    assert_eq!(shaky.asked(), 2);
}

#[tokio::test]
async fn only_the_rejected_token_is_forgotten() {
    let source = Counting::new([Some(Duration::hours(1)); 3]);
    let credential = Credential::new(Arc::clone(&source) as Arc<dyn TokenSource>);
    let first = credential.token(SCOPE).await.unwrap();
    credential.reject(SCOPE, &first);
    let second = credential.token(SCOPE).await.unwrap();
    assert_eq!(secret_of(&second), "2");
    // Somebody else's 401 for the old one comes late.
    credential.reject(SCOPE, &first);
    assert_eq!(secret_of(&credential.token(SCOPE).await.unwrap()), "2");
    credential.invalidate();
    assert_eq!(secret_of(&credential.token(SCOPE).await.unwrap()), "3");
}

fn pipeline(client: &Arc<FakeClient>, bearer: Arc<Bearer>) -> Pipeline {
    Pipeline::new(
        Some("test"),
        None,
        ClientOptions {
            transport: Some(Transport::new(Arc::clone(client) as Arc<dyn HttpClient>)),
            per_try_policies: vec![bearer],
            retry: RetryOptions::none(),
            ..ClientOptions::default()
        },
        Vec::new(),
        Vec::new(),
        None,
    )
}

async fn get(pipeline: &Pipeline, url: &str) -> azure_core::Result<StatusCode> {
    let mut request = Request::new(Url::parse(url).unwrap(), Method::Get);
    pipeline
        .send(
            &Context::new(),
            &mut request,
            Some(PipelineSendOptions {
                skip_checks: true,
                ..PipelineSendOptions::default()
            }),
        )
        .await
        .map(|response| response.status())
}

#[tokio::test]
async fn the_token_goes_to_the_endpoint_and_nowhere_else() {
    let client = FakeClient::new(|_| Answer::Json(StatusCode::Ok, "{}".to_string()));
    let source = Counting::new([Some(Duration::hours(1))]);
    let credential = Credential::new(Arc::clone(&source) as Arc<dyn TokenSource>);
    let bearer = Bearer::new(credential, Cloud::Public.arm_endpoint(), SCOPE);
    let pipeline = pipeline(&client, bearer);
    for elsewhere in [
        "https://evil.example/subscriptions?$skiptoken=1",
        "http://management.azure.com/subscriptions",
        "https://management.azure.com:444/subscriptions",
        "http://127.0.0.1/subscriptions",
    ] {
        let error = get(&pipeline, elsewhere).await.unwrap_err();
        assert!(
            error.to_string().contains("not sent")
                || std::error::Error::source(&error)
                    .is_some_and(|source| source.to_string().contains("not sent")),
            "{error}"
        );
    }
    assert!(client.seen().is_empty());
    assert_eq!(source.asked(), 0, "no token is even asked for");
    let status = get(&pipeline, "https://management.azure.com/subscriptions").await;
    assert_eq!(status.unwrap(), StatusCode::Ok);
    let [seen] = client.seen().try_into().unwrap();
    assert_eq!(seen.authorization.as_deref(), Some("Bearer 1"));
}

#[tokio::test]
async fn a_401_is_answered_once_with_a_new_token() {
    let client = FakeClient::new(|seen| {
        let is_new = seen.authorization.as_deref() == Some("Bearer 2");
        let status = if is_new {
            StatusCode::Ok
        } else {
            StatusCode::Unauthorized
        };
        Answer::Json(status, "{}".to_string())
    });
    let hour = Some(Duration::hours(1));
    let source = Counting::new([hour, hour]);
    let credential = Credential::new(Arc::clone(&source) as Arc<dyn TokenSource>);
    let endpoint = Cloud::Public.arm_endpoint();
    let pipeline_of =
        |credential| pipeline(&client, Bearer::new(credential, endpoint.clone(), SCOPE));
    let url = "https://management.azure.com/x";
    let status = get(&pipeline_of(credential), url).await.unwrap();
    assert_eq!((status, source.asked()), (StatusCode::Ok, 2));
    // A token given by hand has no successor: the 401 is handed on.
    let by_hand = StaticBearer::credential("abc", &endpoint).unwrap();
    let status = get(&pipeline_of(by_hand), url).await.unwrap();
    assert_eq!(status, StatusCode::Unauthorized);
    assert_eq!(client.seen().len(), 3);
}

/// VNets of another tenant refuse every token of this one: that takes no new token each time.
#[tokio::test]
async fn a_401_of_another_tenant_rejects_no_good_token() {
    let client = FakeClient::new(|seen| {
        let status = if seen.url.path().contains("other-tenant") {
            StatusCode::Unauthorized
        } else {
            StatusCode::Ok
        };
        Answer::Json(status, "{}".to_string())
    });
    let source = || Counting::new([Some(Duration::hours(1)); 20]);
    let endpoint = Cloud::Public.arm_endpoint();
    let pipeline_of = |source: &Arc<Counting>| {
        let credential = Credential::new(Arc::clone(source) as Arc<dyn TokenSource>);
        pipeline(&client, Bearer::new(credential, endpoint.clone(), SCOPE))
    };
    let ours = "https://management.azure.com/ours";
    let theirs = "https://management.azure.com/other-tenant";

    let accepted_before = source();
    let asks = pipeline_of(&accepted_before);
    assert_eq!(get(&asks, ours).await.unwrap(), StatusCode::Ok);
    for _ in 0..5 {
        assert_eq!(get(&asks, theirs).await.unwrap(), StatusCode::Unauthorized);
    }
    assert_eq!(accepted_before.asked(), 1);

    // Not accepted by anybody yet: one more is tried, and not one for each.
    let refused_at_once = source();
    let asks = pipeline_of(&refused_at_once);
    for _ in 0..5 {
        assert_eq!(get(&asks, theirs).await.unwrap(), StatusCode::Unauthorized);
    }
    assert_eq!(refused_at_once.asked(), 2);
    assert_eq!(get(&asks, ours).await.unwrap(), StatusCode::Ok);
}

/// A folder that is gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("aksplan-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.0.join(name);
        std::fs::write(&file, text).unwrap();
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// End to end through a shell: `tests/fixtures/azure_cli/az` first on the `PATH`.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_requests_start_az_once() {
    let folder = Folder::new("az");
    folder.write("stdout", &az_token("of-az"));
    folder.write("stderr", "");
    folder.write("exit", "0");
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/azure_cli");
    let path = format!("{}:/usr/bin:/bin", tools.display());
    let mut settings = Settings::new(Environment::of([
        ("PATH", path.as_str()),
        ("AZURE_CONFIG_DIR", folder.0.to_str().unwrap()),
    ]));
    settings.tenant = Some("contoso".to_string());
    settings.client = Some(FakeClient::new(|_| Answer::Refused));
    let signed_in = credential(AuthChoice::Auto, Cloud::Public, &settings).unwrap();
    for answer in hundred(&signed_in).await {
        assert_eq!(answer.as_deref(), Ok("of-az"));
    }
    let calls = std::fs::read_to_string(folder.0.join("calls")).unwrap();
    assert_eq!(
        calls,
        "account get-access-token -o json --scope https://management.azure.com/.default --tenant contoso\n"
    );

    folder.write("stdout", "");
    folder.write(
        "stderr",
        "WARNING: x\nERROR: Please run 'az login' to setup account.\n",
    );
    folder.write("exit", "1");
    signed_in.invalidate();
    assert_eq!(
        signed_in.token(SCOPE).await.unwrap_err().to_string(),
        "the Azure CLI (--auth cli) gave tokens and no longer does: Please run 'az login' to setup account."
    );
    let picked = credential(AuthChoice::AzureCli, Cloud::Public, &settings).unwrap();
    assert_eq!(
        picked.token(SCOPE).await.unwrap_err().to_string(),
        "cannot sign in to Azure by Azure CLI (--auth cli): Please run 'az login' to setup account.\nRun `az login`."
    );
}
