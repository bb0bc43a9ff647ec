//! Objects of clusters that Azure knows, each from its own API server, with the kubeconfig that Azure hands out. A cluster that
//! does not answer is a sentence, and the others are read all the same.

use super::azure_access::{AzureAccess, SignedIn};
use super::progress::Line;
use crate::model::ResourceId;
use crate::source::azure::ArmClient;
use crate::source::azure::cloud::API_SERVER_SCOPE;
use crate::source::azure::container_service::ContainerService;
use crate::source::azure::credential::Credential;
use crate::source::facts::Facts;
use crate::source::kubernetes_api::{
    self, Access, Progress, Read, Settings, Silent, TokenSource, asks_for_token,
};
use azure_core::credentials::AccessToken;
use azure_core::time::OffsetDateTime;
use futures::StreamExt;
use secrecy::{ExposeSecret, SecretString};
use std::io::Write;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Clusters read at a time: each holds pages of several kinds in memory.
const AT_ONCE: usize = 4;
/// Clusters asked for their nodes at a time: many cannot be reached from here, and each of those is waited for.
const CONTACTS_AT_ONCE: usize = 16;

/// Who asks, whom, and for what.
pub struct From<'a> {
    pub access: &'a AzureAccess,
    pub signed_in: &'a SignedIn,
    pub client: &'a ArmClient,
    pub settings: &'a Settings,
}

pub async fn read(from: &From<'_>, clusters: &[ResourceId], facts: &mut Facts) {
    let From {
        access,
        signed_in,
        client,
        settings,
    } = *from;
    let service = ContainerService::new(client);
    // An endpoint of one's own has a token of its own, which goes nowhere else.
    let tokens = access
        .arm_endpoint
        .is_none()
        .then(|| tokens(&signed_in.credential));
    // One cluster is watched kind by kind; of several at once nobody could tell the lines apart.
    let line = match clusters {
        [only] => Some(Line::new(only.name(), false)),
        _ => None,
    };
    let silent = Silent;
    let watch: &dyn Progress = match &line {
        Some(line) => line,
        None => &silent,
    };
    let room = Semaphore::new(AT_ONCE);
    // As they finish, so that one that does not answer holds up none; put back into their order after.
    let mut reads: Vec<(usize, Result<Read, String>)> =
        futures::stream::iter(clusters.iter().enumerate())
            .map(async |(position, id)| {
                let read = one(&service, id, tokens.clone(), (settings, watch), &room).await;
                (position, read)
            })
            .buffer_unordered(CONTACTS_AT_ONCE)
            .collect()
            .await;
    reads.sort_by_key(|(position, _)| *position);
    if let Some(line) = &line {
        line.finish();
    }
    for (id, (_, read)) in clusters.iter().zip(reads) {
        match read {
            Ok(read) => {
                if access.verbose {
                    // Nobody may be listening any more, which loses nothing of what was read.
                    let _ = writeln!(
                        std::io::stderr(),
                        "{}: {} requests for objects of {}",
                        read.server,
                        read.requests,
                        id.name()
                    );
                }
                let (fact, not_checked) = read.into_fact(Some(id.clone()));
                facts.kubernetes.push(fact);
                for sentence in not_checked {
                    facts.note(sentence);
                }
            }
            Err(why) => facts.note(format!(
                "objects of cluster {} were not read: {why}",
                id.name()
            )),
        }
    }
}

async fn one(
    service: &ContainerService,
    id: &ResourceId,
    tokens: Option<TokenSource>,
    (settings, watch): (&Settings, &dyn Progress),
    room: &Semaphore,
) -> Result<Read, String> {
    let kubeconfig = service
        .user_kubeconfig(id)
        .await
        .map_err(|error| format!("Azure handed out no kubeconfig: {}", error.why()))?;
    let kubeconfig = kubeconfig.secret().to_string();
    let token = match (asks_for_token(&kubeconfig), tokens) {
        (true, Some(tokens)) => Some(tokens),
        // Without one the server would take the reader for anybody, and refuse for the wrong reason.
        (true, None) => {
            return Err(
                "it wants a token of Entra ID, and with --arm-endpoint there is none for it; --context reads it with your own kubeconfig"
                    .to_string(),
            );
        }
        (false, _) => None,
    };
    let access = Access::Handed { kubeconfig, token };
    let reached = kubernetes_api::reach(&access, settings, watch)
        .await
        .map_err(|error| error.to_string())?;
    // It is never closed.
    let _place = room.acquire().await.map_err(|error| error.to_string())?;
    Ok(reached.rest(watch).await)
}

/// Tokens for API servers with Entra ID; the credential keeps each until shortly before it expires, or until one is refused.
pub fn tokens(credential: &Arc<Credential>) -> TokenSource {
    let credential = Arc::clone(credential);
    Arc::new(move |refused| {
        let credential = Arc::clone(&credential);
        Box::pin(async move {
            if let Some(refused) = refused {
                // Only the token itself tells which is meant.
                let refused = refused.expose_secret().to_string();
                let refused = AccessToken::new(refused, OffsetDateTime::now_utc());
                credential.reject(API_SERVER_SCOPE, &refused);
            }
            let token = credential
                .token(API_SERVER_SCOPE)
                .await
                .map_err(|error| error.to_string())?;
            Ok(SecretString::from(token.token.secret().to_string()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::azure::credential::{CredentialError, TokenSource as Source};
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Gives a new token each time it is asked.
    #[derive(Debug, Default)]
    struct Counting {
        asked: AtomicU32,
    }

    #[async_trait::async_trait]
    impl Source for Counting {
        async fn fetch(&self, _: &str) -> Result<AccessToken, CredentialError> {
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            let expires_on = OffsetDateTime::now_utc() + azure_core::time::Duration::hours(1);
            Ok(AccessToken::new(format!("token-{number}"), expires_on))
        }

        fn describe(&self) -> String {
            "a test".to_string()
        }
    }

    #[tokio::test]
    async fn a_refused_token_is_not_given_again() {
        let source = tokens(&Credential::new(Arc::new(Counting::default())));
        let given = async |refused: Option<&str>| {
            let token = source(refused.map(SecretString::from)).await;
            token.expect("there is one").expose_secret().to_string()
        };
        assert_eq!(given(None).await, "token-0");
        assert_eq!(given(None).await, "token-0");
        assert_eq!(given(Some("token-0")).await, "token-1");
        assert_eq!(
            given(Some("token-0")).await,
            "token-1",
            "somebody else had it renewed"
        );
    }
}
