//! The ways to sign in, in order. It never goes on to another identity once one that is set up was turned down.

use super::assertion::{Issuer, RunnerAssertion};
use super::{Attempt, AuthChoice, CredentialError, Environment, Settings, TokenSource, reason};
use crate::source::azure::cloud::Cloud;
use azure_core::credentials::{AccessToken, Secret, TokenCredential};
use azure_core::http::{
    ClientOptions, ExponentialRetryOptions, HttpClient, Method, Request, RetryOptions, StatusCode,
    Transport, Url, new_http_client,
};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential,
    AzureDeveloperCliCredentialOptions, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Where the identity of a machine is asked for; the same in every cloud.
const IMDS: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
/// How long a machine may take to show that it is one of Azure's: on a laptop nothing answers, and nobody wants to wait.
const PROBE: Duration = Duration::from_secs(1);
/// The same where the managed identity was asked for by name.
const PATIENT_PROBE: Duration = Duration::from_secs(5);
/// How long any way may take for one token, retries and all.
const LIMIT: Duration = Duration::from_secs(60);

/// The ways of one run, and the one that worked.
#[derive(Debug)]
pub struct Chain {
    choice: AuthChoice,
    cloud: Cloud,
    settings: Settings,
    client: Arc<dyn HttpClient>,
    /// Held while the ways are gone through, so that two scopes asked for at once end with the same one.
    choosing: tokio::sync::Mutex<()>,
    chosen: OnceLock<AuthChoice>,
}

/// Why a way gave no token.
enum Failure {
    /// It is not set up here; the next may be.
    Absent(String),
    /// It is set up, and did not work.
    TurnedDown(String),
}

impl Failure {
    fn reason(self) -> String {
        match self {
            Failure::Absent(reason) | Failure::TurnedDown(reason) => reason,
        }
    }
}

impl Chain {
    pub fn new(choice: AuthChoice, cloud: Cloud, settings: &Settings) -> Self {
        let client = settings.client.clone().unwrap_or_else(|| {
            crate::source::azure::install_tls();
            new_http_client(None)
        });
        Chain {
            choice,
            cloud,
            settings: settings.clone(),
            client,
            choosing: tokio::sync::Mutex::default(),
            chosen: OnceLock::new(),
        }
    }

    /// What a picked way lacks, before anything is asked.
    pub fn check(&self) -> Result<(), CredentialError> {
        if self.choice == AuthChoice::Auto {
            return Ok(());
        }
        match self.prepare(self.choice) {
            Ok(_) => Ok(()),
            Err(failure) => Err(CredentialError::Picked {
                attempt: Attempt {
                    way: self.choice,
                    reason: failure.reason(),
                },
            }),
        }
    }

    /// A new token by one way, within its limit.
    async fn ask(&self, way: AuthChoice, scope: &str) -> Result<AccessToken, Failure> {
        // Made anew each time: azure_identity's credentials keep tokens of their own, and one answered with 401 must go.
        let (credential, secrets) = self.prepare(way)?;
        if way == AuthChoice::ManagedIdentity {
            self.probe().await?;
        }
        let reason = match tokio::time::timeout(LIMIT, credential.get_token(&[scope], None)).await {
            Ok(Ok(token)) => return Ok(token),
            Ok(Err(error)) => reason::of(&error, &secrets),
            Err(_) => format!("no answer within {} s", LIMIT.as_secs()),
        };
        Err(match way {
            // A machine without an identity and a tool without a sign-in are as good as none.
            AuthChoice::ManagedIdentity | AuthChoice::AzureCli | AuthChoice::AzureDeveloperCli => {
                Failure::Absent(reason)
            }
            _ => Failure::TurnedDown(reason),
        })
    }

    /// The credential of one way, and the secrets that took part in it.
    fn prepare(&self, way: AuthChoice) -> Result<(Arc<dyn TokenCredential>, Vec<String>), Failure> {
        let environment = &self.settings.environment;
        let failed = |error: azure_core::Error| Failure::Absent(reason::of(&error, &[]));
        match way {
            AuthChoice::Auto => {
                unreachable!("a chain goes through the ways, of which this is none")
            }
            AuthChoice::Environment => {
                let certificate = environment.var("AZURE_CLIENT_CERTIFICATE_PATH").is_some();
                let [tenant, client, secret] = required(
                    environment,
                    ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"],
                )
                .map_err(|missing| {
                    Failure::Absent(if certificate {
                        format!("{missing}; certificates (AZURE_CLIENT_CERTIFICATE_PATH) are not supported, use a client secret or a federated token")
                    } else {
                        missing
                    })
                })?;
                let options = ClientSecretCredentialOptions {
                    client_options: self.client_options(),
                };
                let credential = ClientSecretCredential::new(
                    &tenant,
                    client,
                    Secret::new(secret.clone()),
                    Some(options),
                )
                .map_err(failed)?;
                Ok((credential, vec![secret]))
            }
            AuthChoice::WorkloadIdentity => {
                let [tenant, client, file] = required(
                    environment,
                    [
                        "AZURE_TENANT_ID",
                        "AZURE_CLIENT_ID",
                        "AZURE_FEDERATED_TOKEN_FILE",
                    ],
                )
                .map_err(Failure::Absent)?;
                // Read here as well: its text must not turn up in what Entra ID says of it.
                let token = std::fs::read_to_string(&file).map_err(|error| {
                    Failure::Absent(format!(
                        "AZURE_FEDERATED_TOKEN_FILE names {file}, which cannot be read: {error}"
                    ))
                })?;
                let credential =
                    WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
                        credential_options: self.assertion_options(),
                        client_id: Some(client),
                        tenant_id: Some(tenant),
                        token_file_path: Some(file.into()),
                    }))
                    .map_err(failed)?;
                Ok((credential, vec![token]))
            }
            AuthChoice::GithubOidc => {
                let [url, request_token, tenant, client] = required(
                    environment,
                    [
                        "ACTIONS_ID_TOKEN_REQUEST_URL",
                        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
                        "AZURE_TENANT_ID",
                        "AZURE_CLIENT_ID",
                    ],
                )
                .map_err(Failure::Absent)?;
                let mut url = https("ACTIONS_ID_TOKEN_REQUEST_URL", &url)?;
                url.query_pairs_mut()
                    .append_pair("audience", self.cloud.federation_audience());
                self.by_runner(Issuer::Github, url, request_token, tenant, client)
            }
            AuthChoice::AzurePipelines => {
                let [url, connection] = required(
                    environment,
                    [
                        "SYSTEM_OIDCREQUESTURI",
                        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
                    ],
                )
                .map_err(|missing| {
                    Failure::Absent(format!("{missing} (an AzureCLI@2 task sets them)"))
                })?;
                let [request_token] =
                    required(environment, ["SYSTEM_ACCESSTOKEN"]).map_err(|missing| {
                        Failure::Absent(format!(
                            "{missing}; map it in the task: `env: {{ SYSTEM_ACCESSTOKEN: $(System.AccessToken) }}`"
                        ))
                    })?;
                let either = |first: &str, second: &str| {
                    environment
                        .var(first)
                        .or_else(|| environment.var(second))
                        .ok_or_else(|| Failure::Absent(format!("{first} is not set")))
                };
                let tenant = either("AZURESUBSCRIPTION_TENANT_ID", "AZURE_TENANT_ID")?;
                let client = either("AZURESUBSCRIPTION_CLIENT_ID", "AZURE_CLIENT_ID")?;
                let mut url = https("SYSTEM_OIDCREQUESTURI", &url)?;
                url.query_pairs_mut()
                    .append_pair("api-version", "7.1")
                    .append_pair("serviceConnectionId", &connection);
                self.by_runner(Issuer::AzurePipelines, url, request_token, tenant, client)
            }
            AuthChoice::ManagedIdentity => {
                let credential =
                    ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                        user_assigned_id: environment
                            .var("AZURE_CLIENT_ID")
                            .map(UserAssignedId::ClientId),
                        client_options: self.client_options(),
                    }))
                    .map_err(failed)?;
                let secrets = environment.var("IDENTITY_HEADER").into_iter().collect();
                Ok((credential, secrets))
            }
            AuthChoice::AzureCli => {
                let credential = AzureCliCredential::new(Some(AzureCliCredentialOptions {
                    tenant_id: self.settings.tenant.clone(),
                    executor: Some(self.settings.runner()),
                    ..AzureCliCredentialOptions::default()
                }))
                .map_err(failed)?;
                Ok((credential, Vec::new()))
            }
            AuthChoice::AzureDeveloperCli => {
                let credential =
                    AzureDeveloperCliCredential::new(Some(AzureDeveloperCliCredentialOptions {
                        tenant_id: self.settings.tenant.clone(),
                        executor: Some(self.settings.runner()),
                    }))
                    .map_err(failed)?;
                Ok((credential, Vec::new()))
            }
        }
    }

    fn by_runner(
        &self,
        issuer: Issuer,
        url: Url,
        request_token: String,
        tenant: String,
        client: String,
    ) -> Result<(Arc<dyn TokenCredential>, Vec<String>), Failure> {
        let assertion =
            RunnerAssertion::new(issuer, url, request_token.clone(), self.client_options());
        let credential = ClientAssertionCredential::new(
            tenant,
            client,
            assertion,
            Some(self.assertion_options()),
        )
        .map_err(|error| Failure::Absent(reason::of(&error, &[])))?;
        Ok((credential, vec![request_token]))
    }

    /// Whether this is a machine of Azure's at all. Without the header `Metadata: true` IMDS answers 400 at once.
    async fn probe(&self) -> Result<(), Failure> {
        let environment = &self.settings.environment;
        if ["IDENTITY_ENDPOINT", "MSI_ENDPOINT"]
            .iter()
            .any(|name| environment.var(name).is_some())
        {
            return Ok(());
        }
        let wait = if self.choice == AuthChoice::Auto {
            PROBE
        } else {
            PATIENT_PROBE
        };
        let request = Request::new(
            Url::parse(IMDS).expect("the constant is a URL"),
            Method::Get,
        );
        match tokio::time::timeout(wait, self.client.execute_request(&request)).await {
            Err(_) => Err(Failure::Absent(format!(
                "nothing answers at 169.254.169.254 within {} s: this is no Azure machine",
                wait.as_secs()
            ))),
            Ok(Err(_)) => Err(Failure::Absent(
                "169.254.169.254 cannot be reached: this is no Azure machine".to_string(),
            )),
            // A proxy or a container runtime answers in its place.
            Ok(Ok(response))
                if matches!(
                    response.status(),
                    StatusCode::Forbidden
                        | StatusCode::ProxyAuthenticationRequired
                        | StatusCode::BadGateway
                        | StatusCode::ServiceUnavailable
                        | StatusCode::GatewayTimeout
                ) =>
            {
                Err(Failure::Absent(format!(
                    "169.254.169.254 answers {}, as a proxy does: this is no Azure machine",
                    response.status()
                )))
            }
            Ok(Ok(_)) => Ok(()),
        }
    }

    fn client_options(&self) -> ClientOptions {
        ClientOptions {
            transport: Some(Transport::new(Arc::clone(&self.client))),
            cloud: Some(Arc::new(self.cloud.configuration())),
            retry: RetryOptions::exponential(ExponentialRetryOptions {
                max_retries: 3,
                max_total_elapsed: azure_core::time::Duration::seconds(20),
                ..ExponentialRetryOptions::default()
            }),
            ..ClientOptions::default()
        }
    }

    fn assertion_options(&self) -> ClientAssertionCredentialOptions {
        ClientAssertionCredentialOptions {
            client_options: self.client_options(),
        }
    }

    /// The way that worked before, or the first that works.
    async fn first_that_works(&self, scope: &str) -> Result<AccessToken, CredentialError> {
        let mut before = Vec::new();
        for way in AuthChoice::ALL {
            let is_asked = match self.choice {
                AuthChoice::Auto => way != AuthChoice::Auto,
                picked => way == picked,
            };
            if !is_asked {
                continue;
            }
            let failure = match self.ask(way, scope).await {
                Ok(token) => {
                    // Nobody else sets it: `choosing` is held.
                    let _ = self.chosen.set(way);
                    return Ok(token);
                }
                Err(failure) => failure,
            };
            let is_turned_down = matches!(failure, Failure::TurnedDown(_));
            let attempt = Attempt {
                way,
                reason: failure.reason(),
            };
            if self.choice != AuthChoice::Auto {
                return Err(CredentialError::Picked { attempt });
            }
            if is_turned_down {
                return Err(CredentialError::TurnedDown { attempt, before });
            }
            before.push(attempt);
        }
        Err(CredentialError::NoneWorked { tried: before })
    }
}

#[async_trait::async_trait]
impl TokenSource for Chain {
    async fn fetch(&self, scope: &str) -> Result<AccessToken, CredentialError> {
        if self.chosen.get().is_none() {
            let _choosing = self.choosing.lock().await;
            if self.chosen.get().is_none() {
                return self.first_that_works(scope).await;
            }
        }
        let way = *self.chosen.get().expect("it is set, and never taken back");
        self.ask(way, scope)
            .await
            .map_err(|failure| CredentialError::Lost {
                attempt: Attempt {
                    way,
                    reason: failure.reason(),
                },
            })
    }

    fn describe(&self) -> String {
        self.chosen.get().unwrap_or(&self.choice).name().to_string()
    }
}

/// The values of variables that are needed together, or which of them are missing.
fn required<const N: usize>(
    environment: &Environment,
    names: [&str; N],
) -> Result<[String; N], String> {
    let values = names.map(|name| environment.var(name));
    let missing: Vec<&str> = names
        .iter()
        .zip(&values)
        .filter(|(_, value)| value.is_none())
        .map(|(name, _)| *name)
        .collect();
    match missing.as_slice() {
        [] => Ok(values.map(Option::unwrap_or_default)),
        [one] => Err(format!("{one} is not set")),
        [most @ .., last] => Err(format!("{} and {last} are not set", most.join(", "))),
    }
}

/// A token is never sent in clear.
fn https(variable: &str, url: &str) -> Result<Url, Failure> {
    match Url::parse(url) {
        Ok(url) if url.scheme() == "https" => Ok(url),
        _ => Err(Failure::Absent(format!("{variable} is no https URL"))),
    }
}
