//! Which subscriptions are meant: those named, those of the environment, the Azure CLI's current one. It never changes what
//! the Azure CLI has chosen.
//!
//! Order, the first that says anything: `--subscription` · `AZURE_SUBSCRIPTION_ID` (azd, GitHub and Azure's SDKs) ·
//! `ARM_SUBSCRIPTION_ID` (Terraform) · the Azure CLI's current subscription (`az account set`).

use super::client::ArmClient;
use super::cloud::Cloud;
use super::credential::{Environment, Settings, reason};
use serde::Deserialize;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The api-version of subscriptions.
pub const SUBSCRIPTIONS: &str = "2022-12-01";
/// Larger than any list of subscriptions; what is larger is not one.
const LARGEST: u64 = 64 << 20;
/// `az account show` answers in a second or two.
const LIMIT: Duration = Duration::from_secs(60);

/// A subscription that somebody may mean.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Listed")]
pub struct Subscription {
    /// The GUID.
    pub id: String,
    pub name: String,
    /// The tenant that a token for it must come from.
    pub tenant_id: Option<String>,
    /// The tenant that it belongs to, where that is another: with Azure Lighthouse it is managed from the one above.
    pub home_tenant_id: Option<String>,
    /// It is the Azure CLI's current one.
    pub is_default: bool,
    /// The Azure CLI's name of the cloud that it is in, such as `AzureCloud`.
    pub environment_name: Option<String>,
}

/// As the Azure CLI lists it, and as Azure does (`GET /subscriptions`), where `id` is a path and the GUID stands beside it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: String,
    subscription_id: Option<String>,
    name: Option<String>,
    display_name: Option<String>,
    tenant_id: Option<String>,
    home_tenant_id: Option<String>,
    #[serde(default)]
    is_default: bool,
    environment_name: Option<String>,
}

impl From<Listed> for Subscription {
    fn from(listed: Listed) -> Self {
        Subscription {
            id: listed.subscription_id.unwrap_or(listed.id),
            name: listed.name.or(listed.display_name).unwrap_or_default(),
            tenant_id: listed.tenant_id,
            home_tenant_id: listed.home_tenant_id,
            is_default: listed.is_default,
            environment_name: listed.environment_name,
        }
    }
}

impl Subscription {
    /// The cloud, where it is one of those known.
    pub fn cloud(&self) -> Option<Cloud> {
        self.environment_name.as_deref()?.parse().ok()
    }
}

/// What somebody wrote for a subscription, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// A name or an id.
    pub text: String,
    /// `--subscription`, or the variable.
    pub said_by: &'static str,
}

impl Wanted {
    /// It is an id: nothing need be looked up.
    pub fn is_id(&self) -> bool {
        is_guid(&self.text)
    }
}

/// No subscription.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    #[error(
        "which subscription? {why}; run `az login` (and `az account set`), or name it with --subscription"
    )]
    NoneCurrent { why: String },
    #[error(
        "the Azure CLI's current subscription `{name}` is in {theirs}, and {ours} is asked for; give --cloud, or name one with --subscription"
    )]
    OtherCloud {
        name: String,
        theirs: String,
        ours: &'static str,
    },
    #[error("no subscription `{text}` ({said_by}); {known}")]
    Unknown {
        text: String,
        said_by: &'static str,
        known: String,
    },
    #[error("several subscriptions are named `{text}` ({said_by}); give the id of one: {ids}")]
    Ambiguous {
        text: String,
        said_by: &'static str,
        ids: String,
    },
    #[error("{file}: {problem}")]
    Profile { file: String, problem: String },
}

/// What was said about subscriptions: `named` is `--subscription`. Empty: the Azure CLI's current one is meant.
pub fn wanted(named: &[String], environment: &Environment) -> Vec<Wanted> {
    if !named.is_empty() {
        return named
            .iter()
            .map(|text| Wanted {
                text: text.trim().to_string(),
                said_by: "--subscription",
            })
            .collect();
    }
    ["AZURE_SUBSCRIPTION_ID", "ARM_SUBSCRIPTION_ID"]
        .into_iter()
        .find_map(|variable| {
            Some(Wanted {
                text: environment.var(variable)?.trim().to_string(),
                said_by: variable,
            })
        })
        .into_iter()
        .collect()
}

/// The one of a list that is meant: by id, or by name whatever its case.
pub fn find<'a>(
    wanted: &Wanted,
    known: &'a [Subscription],
) -> Result<&'a Subscription, AccountError> {
    let mut found: Vec<&Subscription> = known
        .iter()
        .filter(|subscription| {
            subscription.id.eq_ignore_ascii_case(&wanted.text)
                || subscription.name.eq_ignore_ascii_case(&wanted.text)
        })
        .collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by(|a, b| a.id.eq_ignore_ascii_case(&b.id));
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(AccountError::Unknown {
            text: wanted.text.clone(),
            said_by: wanted.said_by,
            known: names(known),
        }),
        several => Err(AccountError::Ambiguous {
            text: wanted.text.clone(),
            said_by: wanted.said_by,
            ids: several
                .iter()
                .map(|subscription| subscription.id.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// The subscriptions to read, sorted by id, each once.
///
/// An id is taken as it is, with what the Azure CLI knows of it where it knows it. A name is looked up in the Azure CLI's list;
/// without one (a pipeline, a managed identity) the error says so, and [`find`] may be given Azure's own list instead.
pub async fn subscriptions(
    named: &[String],
    cloud: Cloud,
    settings: &Settings,
) -> Result<Vec<Subscription>, AccountError> {
    let wanted = wanted(named, &settings.environment);
    let profile = profile(&settings.environment).await;
    if wanted.is_empty() {
        let known = profile?;
        return match known.iter().find(|subscription| subscription.is_default) {
            Some(current) => Ok(vec![in_cloud(current.clone(), cloud)?]),
            None => Ok(vec![in_cloud(shown_by_az(settings).await?, cloud)?]),
        };
    }
    // A list that cannot be read matters only to names.
    let (known, unread) = match profile {
        Ok(known) => (known, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let mut found = wanted
        .iter()
        .map(|wanted| match (find(wanted, &known), &unread) {
            (Ok(subscription), _) => Ok(subscription.clone()),
            (Err(AccountError::Unknown { .. }), _) if wanted.is_id() => Ok(Subscription {
                id: wanted.text.to_ascii_lowercase(),
                name: String::new(),
                tenant_id: None,
                home_tenant_id: None,
                is_default: false,
                environment_name: None,
            }),
            (Err(_), Some(unread)) => Err(unread.clone()),
            (Err(error), None) => Err(error),
        })
        .collect::<Result<Vec<_>, _>>()?;
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by(|a, b| a.id.eq_ignore_ascii_case(&b.id));
    Ok(found)
}

/// The tenant of a subscription, as Azure names it; `None` where it does not say or may not be asked.
pub async fn tenant_of(client: &ArmClient, subscription: &str) -> Option<String> {
    let path = format!("/subscriptions/{subscription}");
    let answer = client.get(&path, SUBSCRIPTIONS).await.ok()?;
    let told: Subscription = serde_json::from_slice(answer.body()).ok()?;
    told.tenant_id
}

/// Every subscription in the Azure CLI's list (`azureProfile.json` in `AZURE_CONFIG_DIR` or `~/.azure`); empty where there is
/// none. Accounts of a tenant without subscriptions, which it lists as well, are left out.
pub async fn profile(environment: &Environment) -> Result<Vec<Subscription>, AccountError> {
    let Some(file) = profile_path(environment) else {
        return Ok(Vec::new());
    };
    let failed = |problem: String| AccountError::Profile {
        file: file.display().to_string(),
        problem,
    };
    let text = match read(&file).await {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(format!("cannot be read: {error}"))),
    };
    parse_profile(&text).map_err(|problem| {
        failed(format!(
            "is not the list of subscriptions that the Azure CLI keeps ({problem}); run `az account list --refresh`, or name --subscription by id"
        ))
    })
}

async fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let length = tokio::fs::metadata(file).await?.len();
    if length > LARGEST {
        return Err(std::io::Error::other("it is too large"));
    }
    tokio::fs::read(file).await
}

fn profile_path(environment: &Environment) -> Option<PathBuf> {
    let folder = match environment.var("AZURE_CONFIG_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(
            environment
                .var("HOME")
                .or_else(|| environment.var("USERPROFILE"))?,
        )
        .join(".azure"),
    };
    Some(folder.join("azureProfile.json"))
}

#[derive(Deserialize)]
struct Profile {
    #[serde(default)]
    subscriptions: Vec<Subscription>,
}

/// The Azure CLI writes the file with a byte order mark.
fn parse_profile(bytes: &[u8]) -> Result<Vec<Subscription>, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let profile: Profile = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    Ok(profile
        .subscriptions
        .into_iter()
        .filter(is_subscription)
        .collect())
}

/// A tenant without subscriptions is listed under the tenant's own id.
fn is_subscription(subscription: &Subscription) -> bool {
    subscription
        .tenant_id
        .as_ref()
        .is_none_or(|tenant| !tenant.eq_ignore_ascii_case(&subscription.id))
}

/// What `az account show` says, where the list marks none as current.
async fn shown_by_az(settings: &Settings) -> Result<Subscription, AccountError> {
    let none = |why: String| AccountError::NoneCurrent { why };
    let runner = settings.runner();
    let (shell, switch, command) = if cfg!(windows) {
        ("cmd", "/C", "az account show -o json")
    } else {
        ("/bin/sh", "-c", "cd /bin && az account show -o json")
    };
    let (switch, command) = (OsStr::new(switch), OsStr::new(command));
    let arguments = [switch, command];
    let output = match tokio::time::timeout(LIMIT, runner.run(OsStr::new(shell), &arguments)).await
    {
        Err(_) => {
            return Err(none(format!(
                "`az account show` gives no answer within {} s",
                LIMIT.as_secs()
            )));
        }
        Ok(Err(error)) => return Err(none(format!("the Azure CLI cannot be run ({error})"))),
        Ok(Ok(output)) => output,
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let is_missing = output.status.code() == Some(127) || said.contains("' is not recognized");
        return Err(none(if is_missing {
            "the Azure CLI is not here".to_string()
        } else {
            format!("the Azure CLI says: {}", reason::line(&said, &[]))
        }));
    }
    let stdout = &output.stdout;
    let stdout = stdout.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stdout);
    serde_json::from_slice::<Subscription>(stdout)
        .ok()
        .filter(is_subscription)
        .ok_or_else(|| {
            none(
                "`az account show` names no subscription (signed in to a tenant without one?)"
                    .to_string(),
            )
        })
}

fn in_cloud(current: Subscription, cloud: Cloud) -> Result<Subscription, AccountError> {
    match &current.environment_name {
        Some(theirs) if !theirs.eq_ignore_ascii_case(cloud.environment_name()) => {
            Err(AccountError::OtherCloud {
                name: current.name.clone(),
                theirs: theirs.clone(),
                ours: cloud.environment_name(),
            })
        }
        _ => Ok(current),
    }
}

fn names(known: &[Subscription]) -> String {
    const SHOWN: usize = 12;
    if known.is_empty() {
        return "the Azure CLI knows none here: run `az login`, or give the id".to_string();
    }
    let mut all: Vec<&str> = known
        .iter()
        .map(|subscription| subscription.name.as_str())
        .collect();
    all.sort_unstable();
    all.dedup();
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    let listed = all.join(", ");
    if more > 0 {
        format!("known: {listed} and {more} more")
    } else {
        format!("known: {listed}")
    }
}

/// 8-4-4-4-12 hexadecimal digits.
fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.chars().all(|c| c.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests;
