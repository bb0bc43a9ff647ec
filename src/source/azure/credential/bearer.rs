//! Puts the token on requests to the one endpoint. It never sends a token, or anything else, to another host.
//!
//! `azure_core`'s own policy takes any https host, so that a `nextLink` could carry the token away, and no http at all, so that
//! an endpoint on this machine could not be read.

use super::Credential;
use crate::source::azure::cloud::Endpoint;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::AUTHORIZATION;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request, StatusCode};
use std::sync::Arc;

/// In a request's context: a 401 is about the token even where it was accepted before. A write goes to a resource that was just read
/// with the same token, so it is no resource of another tenant.
#[derive(Debug, Clone, Copy)]
pub struct RenewAlways;

/// The policy that signs requests. It belongs among the per-try policies: a retry after a long wait needs a fresh token.
///
/// A 401 is answered once with a new token, where there is one; a second 401 is handed on. So is one for a token that was
/// accepted before: a VNet of another tenant refuses every token of this one.
#[derive(Debug, Clone)]
pub struct Bearer {
    credential: Arc<Credential>,
    endpoint: Endpoint,
    scope: String,
}

impl Bearer {
    pub fn new(
        credential: Arc<Credential>,
        endpoint: Endpoint,
        scope: impl Into<String>,
    ) -> Arc<Self> {
        Arc::new(Bearer {
            credential,
            endpoint,
            scope: scope.into(),
        })
    }
}

#[async_trait::async_trait]
impl Policy for Bearer {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        if !self.endpoint.admits(request.url()) {
            let (scheme, host) = (
                request.url().scheme().to_string(),
                request.url().host_str().unwrap_or("nowhere").to_string(),
            );
            return Err(Error::with_message(
                ErrorKind::Other,
                format!(
                    "not sent: the URL leads to {scheme}://{host}, and the token is for {} alone",
                    self.endpoint
                ),
            ));
        }
        let (first, rest) = next.split_first().ok_or_else(|| {
            Error::with_message(ErrorKind::Other, "the pipeline ends with a transport")
        })?;
        let token = self.token().await?;
        request.insert_header(AUTHORIZATION, format!("Bearer {}", token.token.secret()));
        let response = first.send(ctx, request, rest).await?;
        if response.status() != StatusCode::Unauthorized {
            if response.status().is_success() {
                self.credential.accepted(&self.scope, &token);
            }
            return Ok(response);
        }
        if ctx.value::<RenewAlways>().is_some() {
            self.credential.forget(&self.scope, &token);
        } else {
            self.credential.reject(&self.scope, &token);
        }
        let Ok(newer) = self.token().await else {
            return Ok(response);
        };
        if newer.token == token.token {
            return Ok(response);
        }
        request.body_mut().reset().await?;
        request.insert_header(AUTHORIZATION, format!("Bearer {}", newer.token.secret()));
        let response = first.send(ctx, request, rest).await?;
        if response.status().is_success() {
            self.credential.accepted(&self.scope, &newer);
        }
        Ok(response)
    }
}

impl Bearer {
    async fn token(&self) -> azure_core::Result<azure_core::credentials::AccessToken> {
        self.credential
            .token(&self.scope)
            .await
            .map_err(|error| Error::new(ErrorKind::Credential, error))
    }
}
