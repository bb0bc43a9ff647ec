//! Reading live: as whom, where, what, and what is told of it on standard error. It never writes anything to Azure: the client it
//! makes knows reads only.

use super::CliError;
use super::azure_access::{AzureAccess, SignedIn, process_environment};
use super::input::About;
use crate::source::azure::account::{self, AccountError, Subscription, Wanted};
use crate::source::azure::credential::{self, Bearer};
use crate::source::azure::estate::{self, Answer, Question, Scope};
use crate::source::azure::resource_graph::Breadth;
use crate::source::azure::{ArmClient, Settings as ClientSettings, Tally, direct_transport};
use crate::source::facts::Facts;
#[cfg(feature = "kubernetes")]
use crate::source::kubernetes_api;
use jiff::Timestamp;
use std::io::Write;
use std::time::{Duration, Instant};

/// Reads what a command is about from Azure, and from the clusters in it where `objects` asks for that.
pub fn read(access: &AzureAccess, about: &About, objects: Objects) -> Result<Facts, CliError> {
    crate::source::azure::install_tls();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut settings = credential::Settings::new(process_environment());
        let chosen = Chosen::of(access, about, &settings).await?;
        settings.tenant = chosen.tenant()?;
        let signed_in = access.sign_in(&settings)?;
        let client = client(access, &signed_in);
        let started = Instant::now();
        let observed_at = now();
        let question = Question {
            scope: chosen.scope(access, &client).await?,
            vnet: about.vnet.clone(),
            cluster: about.cluster.clone(),
            details: about.details,
            platform: about.platform,
        };
        let answer = estate::read(&client, &question).await;
        if access.verbose {
            tell(&signed_in, &client.tally(), started.elapsed());
        }
        let Answer {
            mut facts,
            clusters,
        } = answer?;
        facts.observed_at = Some(observed_at);
        match objects {
            #[cfg(feature = "kubernetes")]
            Objects::Read { secret_types } => {
                let settings = kubernetes_api::Settings {
                    secret_types,
                    ..kubernetes_api::Settings::default()
                };
                let from = super::live_objects::From {
                    access,
                    signed_in: &signed_in,
                    client: &client,
                    settings: &settings,
                };
                super::live_objects::read(&from, &clusters, &mut facts).await;
            }
            #[cfg(feature = "kubernetes")]
            Objects::Elsewhere => {}
            Objects::Skip if clusters.is_empty() => {}
            Objects::Skip => facts.note(
                "the Kubernetes API of the clusters was not asked: nodes, pods and internal load balancers are not known \
                 (--kubernetes reads them)"
                    .to_string(),
            ),
        }
        Ok(facts)
    })
}

/// To the second: reading takes longer than that.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// Whether the clusters' own API servers are asked as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objects {
    /// Nobody: that is said.
    Skip,
    /// A kubeconfig of the user's own, or the pod's service account, leads to one of them.
    #[cfg(feature = "kubernetes")]
    Elsewhere,
    /// Each is asked, with the kubeconfig that Azure hands out.
    #[cfg(feature = "kubernetes")]
    Read {
        /// Of their Secrets as well, as metadata.
        secret_types: bool,
    },
}

impl Objects {
    /// Whether they are asked for without it.
    pub fn need_no_azure(self) -> bool {
        match self {
            #[cfg(feature = "kubernetes")]
            Objects::Elsewhere => true,
            _ => false,
        }
    }

    /// Whether Azure is needed for them.
    pub fn need_azure(self) -> bool {
        match self {
            Objects::Skip => false,
            #[cfg(feature = "kubernetes")]
            Objects::Elsewhere => false,
            #[cfg(feature = "kubernetes")]
            Objects::Read { .. } => true,
        }
    }
}

pub fn client(access: &AzureAccess, signed_in: &SignedIn) -> ArmClient {
    let bearer = Bearer::new(
        signed_in.credential.clone(),
        signed_in.endpoint.clone(),
        signed_in.scope,
    );
    ArmClient::new(
        signed_in.endpoint.url().clone(),
        bearer,
        ClientSettings {
            transport: signed_in.endpoint.is_loopback().then(direct_transport),
            ..access.client_settings()
        },
    )
}

/// Where to begin, as far as it is known before anybody signs in.
enum Chosen {
    Fleet(Breadth),
    Subscriptions(Vec<Subscription>),
    /// Names that the Azure CLI does not know: Azure itself may.
    ToBeListed(Vec<Wanted>),
}

impl Chosen {
    async fn of(
        access: &AzureAccess,
        about: &About,
        settings: &credential::Settings,
    ) -> Result<Self, CliError> {
        if access.all {
            return Ok(Chosen::Fleet(Breadth::Everything));
        }
        if let Some(group) = &access.management_group {
            let groups = vec![group.clone()];
            return Ok(Chosen::Fleet(Breadth::ManagementGroups(groups)));
        }
        // An id says where it is.
        let in_ids: Vec<String> = [&about.vnet, &about.cluster]
            .into_iter()
            .flatten()
            .filter_map(|name| subscription_in(name))
            .collect();
        let named = if access.subscription.is_empty() {
            &in_ids
        } else {
            &access.subscription
        };
        let wanted = account::wanted(named, &settings.environment);
        match account::subscriptions(named, access.cloud, settings).await {
            Ok(found) => Ok(Chosen::Subscriptions(found)),
            Err(AccountError::Unknown { .. } | AccountError::Profile { .. })
                if !wanted.is_empty() =>
            {
                Ok(Chosen::ToBeListed(wanted))
            }
            // Nobody said live, nobody said files: both ways out are shown.
            Err(error) if !access.is_asked() => Err(CliError::Usage(format!(
                "nothing to read: {error}; or give files with --from (a scenario, or what `az … -o json` printed)"
            ))),
            Err(error) => Err(CliError::Usage(error.to_string())),
        }
    }

    /// The tenant that all of them are in, where it is known.
    fn tenant(&self) -> Result<Option<String>, CliError> {
        let Chosen::Subscriptions(subscriptions) = self else {
            return Ok(None);
        };
        let mut tenants: Vec<&str> = subscriptions
            .iter()
            .filter_map(|subscription| subscription.tenant_id.as_deref())
            .collect();
        tenants.sort_unstable();
        tenants.dedup();
        match tenants.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some((*one).to_string())),
            _ => Err(CliError::Usage(
                "these subscriptions are in different tenants, and a token is for one: read them one after the other, each into \
                 a snapshot, and give those to --from"
                    .to_string(),
            )),
        }
    }

    async fn scope(self, access: &AzureAccess, client: &ArmClient) -> Result<Scope, CliError> {
        let subscriptions = match self {
            Chosen::Fleet(breadth) => return Ok(Scope::Fleet(breadth)),
            Chosen::Subscriptions(subscriptions) => subscriptions,
            Chosen::ToBeListed(wanted) => listed(&wanted, client).await?,
        };
        let mut ids: Vec<String> = subscriptions
            .into_iter()
            .map(|subscription| subscription.id)
            .collect();
        ids.sort();
        ids.dedup();
        Ok(Scope::Subscriptions {
            ids,
            groups: access.resource_group.clone(),
        })
    }
}

fn subscription_in(id: &str) -> Option<String> {
    let id = id
        .starts_with('/')
        .then(|| crate::model::ResourceId::new(id))?;
    Some(id.segment("subscriptions")?.to_string())
}

/// The subscriptions that are meant, out of all that Azure lists.
async fn listed(wanted: &[Wanted], client: &ArmClient) -> Result<Vec<Subscription>, CliError> {
    let listed = client.list("/subscriptions", account::SUBSCRIPTIONS).await;
    if let Some(failure) = listed.failure {
        return Err(failure.into());
    }
    let all: Vec<Subscription> = listed
        .items
        .iter()
        .filter_map(|item| serde_json::from_str(item).ok())
        .collect();
    if all.is_empty() {
        return Err(CliError::Usage(
            "no subscription of that name: Azure lists none that you may see".to_string(),
        ));
    }
    wanted
        .iter()
        .map(|wanted| account::find(wanted, &all).cloned())
        .collect::<Result<_, _>>()
        .map_err(|error| CliError::Usage(error.to_string()))
}

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
