//! Who asks Azure: the ways to sign in, tried in order or picked, and the tokens they give.
//!
//! [`credential`] makes a [`Credential`]: it keeps a token for each scope until five minutes before the token expires and asks
//! once however many requests wait; below it lies the chain of ways, of which the first that works is
//! kept. [`Bearer`] puts the token on requests to one endpoint.
//!
//! Nothing here ever shows a token or a secret: not in `Debug`, not in errors, not in logs.

mod assertion;
mod bearer;
mod chain;
pub(super) mod reason;
pub(super) mod shell;
#[cfg(test)]
mod tests;
mod token_cache;

pub use bearer::Bearer;
pub(super) use bearer::RenewAlways;
pub use token_cache::{Credential, TokenSource};

use super::cloud::{Cloud, Endpoint};
use azure_core::credentials::{AccessToken, Secret};
use azure_core::http::HttpClient;
use azure_core::time::{Duration, OffsetDateTime};
use azure_identity::Executor;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// How to sign in: one of the ways, or all of them in order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum AuthChoice {
    /// Every way below, in this order; the first that works is kept for the whole run.
    #[default]
    Auto,
    /// A service principal with a client secret: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET`. Certificates and
    /// passwords of users are not supported.
    Environment,
    /// A federated token in a file, as AKS projects it into pods: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`,
    /// `AZURE_FEDERATED_TOKEN_FILE`.
    WorkloadIdentity,
    /// GitHub Actions with `permissions: id-token: write`: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, and what the runner sets.
    GithubOidc,
    /// A service connection of Azure Pipelines with workload identity federation: what `AzureCLI@2` sets, and
    /// `SYSTEM_ACCESSTOKEN`.
    AzurePipelines,
    /// The identity of the machine (IMDS) or of the App Service; `AZURE_CLIENT_ID` picks a user-assigned one.
    ManagedIdentity,
    /// Who is signed in to `az`.
    AzureCli,
    /// Who is signed in to `azd`.
    AzureDeveloperCli,
}

impl AuthChoice {
    pub const ALL: [AuthChoice; 8] = [
        AuthChoice::Auto,
        AuthChoice::Environment,
        AuthChoice::WorkloadIdentity,
        AuthChoice::GithubOidc,
        AuthChoice::AzurePipelines,
        AuthChoice::ManagedIdentity,
        AuthChoice::AzureCli,
        AuthChoice::AzureDeveloperCli,
    ];

    /// As `--auth` has it.
    pub fn word(self) -> &'static str {
        match self {
            AuthChoice::Auto => "auto",
            AuthChoice::Environment => "environment",
            AuthChoice::WorkloadIdentity => "workload-identity",
            AuthChoice::GithubOidc => "oidc",
            AuthChoice::AzurePipelines => "pipelines",
            AuthChoice::ManagedIdentity => "managed-identity",
            AuthChoice::AzureCli => "cli",
            AuthChoice::AzureDeveloperCli => "azd",
        }
    }

    /// What it is, for people.
    pub fn name(self) -> &'static str {
        match self {
            AuthChoice::Auto => "every way in order",
            AuthChoice::Environment => "client secret in the environment",
            AuthChoice::WorkloadIdentity => "workload identity",
            AuthChoice::GithubOidc => "GitHub OIDC",
            AuthChoice::AzurePipelines => "Azure Pipelines",
            AuthChoice::ManagedIdentity => "managed identity",
            AuthChoice::AzureCli => "Azure CLI",
            AuthChoice::AzureDeveloperCli => "Azure Developer CLI",
        }
    }

    /// What it needs, in one line of help.
    pub fn needs(self) -> &'static str {
        match self {
            AuthChoice::Auto => "the ways below, in this order; the first that works",
            AuthChoice::Environment => "AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET",
            AuthChoice::WorkloadIdentity => {
                "AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE"
            }
            AuthChoice::GithubOidc => {
                "GitHub Actions with `id-token: write`, AZURE_TENANT_ID, AZURE_CLIENT_ID"
            }
            AuthChoice::AzurePipelines => "an AzureCLI@2 task, SYSTEM_ACCESSTOKEN",
            AuthChoice::ManagedIdentity => {
                "an Azure machine or App Service; AZURE_CLIENT_ID for a user-assigned identity"
            }
            AuthChoice::AzureCli => "az login",
            AuthChoice::AzureDeveloperCli => "azd auth login",
        }
    }
}

impl fmt::Display for AuthChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// No way to sign in has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no way to sign in; known: auto, environment, workload-identity, oidc, pipelines, managed-identity, cli, azd"
)]
pub struct UnknownAuth(String);

impl FromStr for AuthChoice {
    type Err = UnknownAuth;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        AuthChoice::ALL
            .into_iter()
            .find(|choice| text.eq_ignore_ascii_case(choice.word()))
            .ok_or_else(|| UnknownAuth(text.to_string()))
    }
}

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Environment variables, looked up by whoever is allowed to: `cli` for real, a table in tests.
#[derive(Clone)]
pub struct Environment(Arc<Lookup>);

impl Environment {
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Environment(Arc::new(lookup))
    }

    /// A fixed table.
    pub fn of<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        let table = pairs.map(|(name, value)| (name.to_string(), value.to_string()));
        Environment::new(move |name| {
            table
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
        })
    }

    /// The value of a variable. Empty or blank is as good as not set: pipelines leave such behind.
    pub fn var(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }
}

impl fmt::Debug for Environment {
    /// The values are secrets as likely as not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

/// What signing in needs from outside.
#[derive(Debug, Clone)]
pub struct Settings {
    pub environment: Environment,
    /// The tenant that `az` and `azd` are asked for; without it, their own. Needed where the subscription belongs to another
    /// tenant than the one signed in to last.
    pub tenant: Option<String>,
    /// Sends requests for tokens; without it, the usual HTTP client.
    pub client: Option<Arc<dyn HttpClient>>,
    /// Runs `az` and `azd`; without it, a shell with the `PATH` of `environment`.
    pub executor: Option<Arc<dyn Executor>>,
}

impl Settings {
    pub fn new(environment: Environment) -> Self {
        Settings {
            environment,
            tenant: None,
            client: None,
            executor: None,
        }
    }

    /// What runs `az` and `azd`.
    pub(super) fn runner(&self) -> Arc<dyn Executor> {
        self.executor
            .clone()
            .unwrap_or_else(|| Arc::new(shell::Shell::of(&self.environment)))
    }
}

/// One way that was tried, and why it did not work: one line, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub way: AuthChoice,
    pub reason: String,
}

/// No token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialError {
    /// Every way was tried.
    NoneWorked { tried: Vec<Attempt> },
    /// An identity is set up and was turned down. Later ways were not tried: acting as somebody else unasked would be worse.
    TurnedDown {
        attempt: Attempt,
        before: Vec<Attempt>,
    },
    /// The way that `--auth` names does not work.
    Picked { attempt: Attempt },
    /// It worked, and now it does not.
    Lost { attempt: Attempt },
    /// The token given by hand cannot be used. It is not quoted.
    StaticToken { problem: &'static str },
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, attempts: &[Attempt]| {
            attempts.iter().try_for_each(|attempt| {
                write!(
                    f,
                    "\n  {} (--auth {}): {}",
                    attempt.way.name(),
                    attempt.way.word(),
                    attempt.reason
                )
            })
        };
        match self {
            CredentialError::NoneWorked { tried } => {
                f.write_str("nobody is signed in to Azure; tried in this order:")?;
                list(f, tried)?;
                f.write_str(
                    "\nRun `az login`, or set up one of the others and pick it with --auth; files need no sign-in (--from PATH).",
                )
            }
            CredentialError::TurnedDown { attempt, before } => {
                write!(
                    f,
                    "Azure did not accept the {} (--auth {}): {}",
                    attempt.way.name(),
                    attempt.way.word(),
                    attempt.reason
                )?;
                if !before.is_empty() {
                    f.write_str("\nTried before it:")?;
                    list(f, before)?;
                }
                f.write_str(
                    "\nIt is set up, so no other identity was tried in its place; correct it, or pick another with --auth (for example --auth cli after `az login`).",
                )
            }
            CredentialError::Picked { attempt } => {
                write!(
                    f,
                    "cannot sign in to Azure by {} (--auth {}): {}",
                    attempt.way.name(),
                    attempt.way.word(),
                    attempt.reason
                )?;
                f.write_str(match attempt.way {
                    AuthChoice::AzureCli => "\nRun `az login`.",
                    AuthChoice::AzureDeveloperCli => "\nRun `azd auth login`.",
                    _ => "\nCorrect it, or leave --auth out to have every way tried.",
                })
            }
            CredentialError::Lost { attempt } => write!(
                f,
                "the {} (--auth {}) gave tokens and no longer does: {}",
                attempt.way.name(),
                attempt.way.word(),
                attempt.reason
            ),
            CredentialError::StaticToken { problem } => write!(f, "AKSPLAN_ARM_TOKEN {problem}"),
        }
    }
}

impl std::error::Error for CredentialError {}

/// Makes the credential of a run. Nothing is asked yet, but what a picked way lacks is said at once.
///
/// Must be called within a Tokio runtime's program; the first call picks the TLS provider of the process.
pub fn credential(
    choice: AuthChoice,
    cloud: Cloud,
    settings: &Settings,
) -> Result<Arc<Credential>, CredentialError> {
    let chain = chain::Chain::new(choice, cloud, settings);
    chain.check()?;
    Ok(Credential::new(Arc::new(chain)))
}

/// A token given by hand (`AKSPLAN_ARM_TOKEN`), for an endpoint of one's own. It is never refreshed.
#[derive(Debug)]
pub struct StaticBearer(Secret);

impl StaticBearer {
    /// Takes the token alone, without `Bearer`. That the endpoint is https or on this machine is what [`Endpoint`] is for.
    pub fn credential(token: &str, _for: &Endpoint) -> Result<Arc<Credential>, CredentialError> {
        let token = token.trim();
        let problem = if token.is_empty() {
            Some("is empty")
        } else if token
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || !c.is_ascii())
        {
            Some(
                "holds blanks or characters that no token has; give the token alone, without `Bearer`",
            )
        } else {
            None
        };
        match problem {
            Some(problem) => Err(CredentialError::StaticToken { problem }),
            None => Ok(Credential::new(Arc::new(StaticBearer(Secret::new(
                token.to_string(),
            ))))),
        }
    }
}

#[async_trait::async_trait]
impl TokenSource for StaticBearer {
    async fn fetch(&self, _scope: &str) -> Result<AccessToken, CredentialError> {
        // When it ends is not known; the endpoint says so with 401.
        Ok(AccessToken::new(
            self.0.clone(),
            OffsetDateTime::now_utc() + Duration::days(1),
        ))
    }

    fn describe(&self) -> String {
        "the token in AKSPLAN_ARM_TOKEN".to_string()
    }
}
