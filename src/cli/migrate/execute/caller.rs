//! Who calls, and from where: the sign-in that fits the plan, the way to the cluster's own API server, the name in the lock, and the
//! signals to stop.

use crate::cli::CliError;
use crate::cli::azure_access::{SignedIn, process_environment};
use crate::cli::migrate::telling::Talk;
use crate::cli::simulation::SimulationArgs;
use crate::execute::azure::Interrupt;
use crate::migrate::Plan;
use crate::model::ResourceId;
use crate::report::terminal::clean;
use crate::source::azure::account;
use crate::source::azure::container_service::ContainerService;
use crate::source::azure::credential;
use crate::source::kubernetes_api::{Access, asks_for_token};

pub(super) async fn sign_in(
    plan: &Plan,
    simulation: &SimulationArgs,
) -> Result<SignedIn, CliError> {
    let access = &simulation.sources.azure;
    let mut settings = credential::Settings::new(process_environment());
    let subscription = plan.target.subscription.as_deref().unwrap_or_default();
    if let Some(other) = access
        .subscription
        .iter()
        .find(|named| is_id(named) && !named.eq_ignore_ascii_case(subscription))
    {
        return Err(CliError::Usage(format!(
            "the plan is for subscription {subscription}, and --subscription says {other}"
        )));
    }
    // Who is not signed in with the Azure CLI has no list of subscriptions: then only Azure itself knows the tenant.
    let known = account::subscriptions(&[subscription.to_string()], access.cloud, &settings).await;
    let known = known.ok().and_then(|known| known.into_iter().next());
    // With Azure Lighthouse the one signs in where the subscription is managed, and the cluster is in its home.
    let home = known
        .as_ref()
        .and_then(|known| known.home_tenant_id.as_ref().or(known.tenant_id.as_ref()));
    if let (Some(planned), Some(known)) = (&plan.target.tenant, home)
        && !planned.eq_ignore_ascii_case(known)
    {
        return Err(CliError::Usage(format!(
            "the plan is for tenant {planned}, and subscription {subscription} is in {known}"
        )));
    }
    settings.tenant = known
        .and_then(|known| known.tenant_id)
        .or_else(|| plan.target.tenant.clone());
    access.sign_in(&settings)
}

/// Subscriptions are named by id or by name; only ids can be compared.
fn is_id(text: &str) -> bool {
    text.len() == 36 && text.matches('-').count() == 4
}

/// The way to the cluster's own API server: what the flags say, else the kubeconfig that Azure hands out.
pub(super) async fn access(
    simulation: &SimulationArgs,
    signed_in: &SignedIn,
    client: &crate::source::azure::ArmClient,
    cluster: &ResourceId,
) -> Result<Access, CliError> {
    let sources = &simulation.sources;
    if let Some(access) = sources.kubernetes.access()? {
        return Ok(access);
    }
    let kubeconfig = ContainerService::new(client)
        .user_kubeconfig(cluster)
        .await?;
    let kubeconfig = kubeconfig.secret().to_string();
    let token = if asks_for_token(&kubeconfig) {
        if sources.azure.arm_endpoint.is_some() {
            return Err(CliError::Usage(
                "the cluster wants a token of Entra ID, and with --arm-endpoint there is none for it; --context reaches it with your own \
                 kubeconfig"
                    .to_string(),
            ));
        }
        Some(crate::cli::live_objects::tokens(&signed_in.credential))
    } else {
        None
    };
    Ok(Access::Handed { kubeconfig, token })
}

/// Who carries it out, for people, and the journal it is noted in: a run that was killed does not stand in its own way, and no other journal
/// has the same number.
pub(super) fn holder(journal: &str) -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = variable("USER")
        .or_else(|| variable("LOGNAME"))
        .or_else(|| variable("USERNAME"))
        .unwrap_or_else(|| "somebody".to_string());
    let host = variable("HOSTNAME")
        .or_else(|| {
            std::fs::read_to_string("/etc/hostname")
                .ok()
                .map(|text| text.trim().to_string())
        })
        .unwrap_or_else(|| "a machine".to_string());
    clean(&format!("{user}@{host}, journal {journal}"))
}

/// Ctrl-C, or the signal to terminate, once: stop after the current write. Twice: at once.
pub(super) fn listen(interrupt: Interrupt, talk: Talk) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        while asked_to_stop().await {
            if interrupt.is_asked() {
                talk.clear();
                talk.aside("stopped at once; --status says how it stands; go on with:");
                talk.aside(&crate::cli::migrate::lines::resume(std::env::args_os()));
                std::process::exit(4);
            }
            interrupt.ask();
            talk.aside("stopping after the current write; once more stops at once");
        }
    })
}

#[cfg(unix)]
async fn asked_to_stop() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return tokio::signal::ctrl_c().await.is_ok();
    };
    tokio::select! {
        asked = tokio::signal::ctrl_c() => asked.is_ok(),
        asked = terminate.recv() => asked.is_some(),
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}
