//! Reading live: as whom, where, what, and what is told of it on standard error. It never writes anything to Azure: the client it
//! makes knows reads only.

use super::CliError;
use super::azure_access::{AzureAccess, SignedIn, process_environment};
use super::input::About;
use crate::source::azure::account::{self, AccountError, Subscription};
use crate::source::azure::credential::{self, Bearer};
use crate::source::azure::estate::{self, Question, Scope};
use crate::source::azure::resource_graph::Breadth;
use crate::source::azure::{ArmClient, Tally};
use crate::source::facts::Facts;
use jiff::Timestamp;
use std::io::Write;
use std::time::{Duration, Instant};

/// Reads what a command is about from Azure.
pub fn read(access: &AzureAccess, about: &About) -> Result<Facts, CliError> {
    crate::source::azure::install_tls();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let settings = credential::Settings::new(process_environment());
        let signed_in = access.sign_in(&settings)?;
        let client = client(access, &signed_in);
        let started = Instant::now();
        let question = Question {
            scope: scope(access, about, &client, &settings).await?,
            vnet: about.vnet.clone(),
            cluster: about.cluster.clone(),
        };
        let observed_at = Timestamp::now();
        let facts = estate::read(&client, &question).await;
        if access.verbose {
            tell(&signed_in, &client.tally(), started.elapsed());
        }
        let mut facts = facts?;
        facts.observed_at = Some(observed_at);
        Ok(facts)
    })
}

fn client(access: &AzureAccess, signed_in: &SignedIn) -> ArmClient {
    let bearer = Bearer::new(
        signed_in.credential.clone(),
        signed_in.endpoint.clone(),
        signed_in.scope,
    );
    ArmClient::new(
        signed_in.endpoint.url().clone(),
        bearer,
        access.client_settings(),
    )
}

async fn scope(
    access: &AzureAccess,
    about: &About,
    client: &ArmClient,
    settings: &credential::Settings,
) -> Result<Scope, CliError> {
    if access.all {
        return Ok(Scope::Fleet(Breadth::Everything));
    }
    if let Some(group) = &access.management_group {
        return Ok(Scope::Fleet(Breadth::ManagementGroups(vec![group.clone()])));
    }
    // An id says where it is.
    let in_ids = [&about.vnet, &about.cluster]
        .into_iter()
        .flatten()
        .filter_map(|name| subscription_in(name))
        .collect::<Vec<_>>();
    let ids = if access.subscription.is_empty() && !in_ids.is_empty() {
        in_ids
    } else {
        subscriptions(access, client, settings).await?
    };
    Ok(Scope::Subscriptions {
        ids,
        groups: access.resource_group.clone(),
    })
}

fn subscription_in(id: &str) -> Option<String> {
    let id = id
        .starts_with('/')
        .then(|| crate::model::ResourceId::new(id))?;
    Some(id.segment("subscriptions")?.to_string())
}

/// Ids of the subscriptions that are meant. A name that the Azure CLI does not know is looked up in Azure itself.
async fn subscriptions(
    access: &AzureAccess,
    client: &ArmClient,
    settings: &credential::Settings,
) -> Result<Vec<String>, CliError> {
    let usage = |error: AccountError| CliError::Usage(error.to_string());
    let known = account::subscriptions(&access.subscription, access.cloud, settings).await;
    let found = match known {
        Ok(found) => found,
        Err(AccountError::Unknown { .. } | AccountError::Profile { .. }) => {
            let listed = client.list("/subscriptions", SUBSCRIPTIONS).await;
            if let Some(failure) = listed.failure {
                return Err(failure.into());
            }
            let all: Vec<Subscription> = listed
                .items
                .iter()
                .filter_map(|item| serde_json::from_str::<ListedSubscription>(item).ok())
                .map(ListedSubscription::into_subscription)
                .collect();
            account::wanted(&access.subscription, &settings.environment)
                .iter()
                .map(|wanted| account::find(wanted, &all).cloned())
                .collect::<Result<_, _>>()
                .map_err(usage)?
        }
        // Nobody said live, nobody said files: both ways out are shown.
        Err(error) if !access.is_asked() => {
            return Err(CliError::Usage(format!(
                "nothing to read: {error}; or give files with --from (a scenario, or what `az … -o json` printed)"
            )));
        }
        Err(error) => return Err(usage(error)),
    };
    let mut ids: Vec<String> = found
        .into_iter()
        .map(|subscription| subscription.id)
        .collect();
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// A subscription as Azure itself lists it: its `id` is a path, which the Azure CLI's is not.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListedSubscription {
    subscription_id: String,
    #[serde(default)]
    display_name: String,
    tenant_id: Option<String>,
}

impl ListedSubscription {
    fn into_subscription(self) -> Subscription {
        Subscription {
            id: self.subscription_id,
            name: self.display_name,
            tenant_id: self.tenant_id,
            is_default: false,
            environment_name: None,
        }
    }
}

/// Version of the API that lists subscriptions.
const SUBSCRIPTIONS: &str = "2022-12-01";

/// For `--verbose`.
fn tell(signed_in: &SignedIn, tally: &Tally, took: Duration) {
    let mut text = format!(
        "{}, as {}: {} requests in {:.1} s",
        signed_in.endpoint,
        signed_in.credential.describe(),
        tally.requests,
        took.as_secs_f64()
    );
    if tally.repeats > 0 {
        text += &format!(", {} of them repeated", tally.repeats);
    }
    if tally.throttled > 0 {
        text += &format!(", {} answers said to slow down", tally.throttled);
    }
    text.push('\n');
    for (action, count) in &tally.by_action {
        text += &format!("  {count:>6}  {action}\n");
    }
    // Nobody to tell is no reason to fail.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
