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
use futures::StreamExt;
use secrecy::SecretString;
use std::io::Write;
use std::sync::Arc;

/// Clusters read at a time: each holds pages of several kinds in memory.
const AT_ONCE: usize = 4;

pub async fn read(
    access: &AzureAccess,
    signed_in: &SignedIn,
    client: &ArmClient,
    clusters: &[ResourceId],
    facts: &mut Facts,
) {
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
    let reads: Vec<Result<Read, String>> = futures::stream::iter(clusters)
        .map(|id| one(&service, id, tokens.clone(), watch))
        .buffered(AT_ONCE)
        .collect()
        .await;
    if let Some(line) = &line {
        line.finish();
    }
    for (id, read) in clusters.iter().zip(reads) {
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
    watch: &dyn Progress,
) -> Result<Read, String> {
    let kubeconfig = service
        .user_kubeconfig(id)
        .await
        .map_err(|error| format!("Azure handed out no kubeconfig: {}", error.why()))?;
    let kubeconfig = kubeconfig.secret().to_string();
    let token = if asks_for_token(&kubeconfig) {
        tokens
    } else {
        None
    };
    let access = Access::Handed { kubeconfig, token };
    kubernetes_api::read(&access, &Settings::default(), watch)
        .await
        .map_err(|error| error.to_string())
}

/// Tokens for API servers with Entra ID; the credential keeps each until shortly before it expires.
fn tokens(credential: &Arc<Credential>) -> TokenSource {
    let credential = Arc::clone(credential);
    Arc::new(move || {
        let credential = Arc::clone(&credential);
        Box::pin(async move {
            let token = credential
                .token(API_SERVER_SCOPE)
                .await
                .map_err(|error| error.to_string())?;
            Ok(SecretString::from(token.token.secret().to_string()))
        })
    })
}
