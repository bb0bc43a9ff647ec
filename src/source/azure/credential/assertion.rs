//! Federated tokens that a pipeline's runner hands out: GitHub Actions and Azure Pipelines. It never keeps one.
//!
//! `azure_identity` has the second as well, but reads the process's environment for it.

use azure_core::credentials::Secret;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{AUTHORIZATION, CONTENT_LENGTH};
use azure_core::http::{
    ClientMethodOptions, ClientOptions, Method, Pipeline, PipelineSendOptions, Request, Url,
};
use azure_identity::ClientAssertion;
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuer {
    /// docs.github.com/actions/reference/security/oidc, read 2026-11-22.
    Github,
    /// learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create (7.1), read 2026-11-22.
    AzurePipelines,
}

/// Asks the runner for a token made out to Microsoft Entra ID.
pub struct RunnerAssertion {
    issuer: Issuer,
    url: Url,
    /// What the runner lets the job ask with.
    request_token: Secret,
    pipeline: Pipeline,
}

impl RunnerAssertion {
    /// `url` is complete: audience or service connection are in its query.
    pub fn new(
        issuer: Issuer,
        url: Url,
        request_token: String,
        client_options: ClientOptions,
    ) -> Self {
        RunnerAssertion {
            issuer,
            url,
            request_token: Secret::new(request_token),
            pipeline: Pipeline::new(
                option_env!("CARGO_PKG_NAME"),
                option_env!("CARGO_PKG_VERSION"),
                client_options,
                Vec::new(),
                Vec::new(),
                None,
            ),
        }
    }
}

impl fmt::Debug for RunnerAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunnerAssertion")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl ClientAssertion for RunnerAssertion {
    async fn secret(&self, options: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let (method, field) = match self.issuer {
            Issuer::Github => (Method::Get, "value"),
            Issuer::AzurePipelines => (Method::Post, "oidcToken"),
        };
        let mut request = Request::new(self.url.clone(), method);
        request.insert_header(
            AUTHORIZATION,
            format!("Bearer {}", self.request_token.secret()),
        );
        if self.issuer == Issuer::AzurePipelines {
            request.insert_header(CONTENT_LENGTH, "0");
            // Otherwise a token that is not accepted is answered with a sign-in page.
            request.insert_header("x-tfs-fedauthredirect", "Suppress");
        }
        let options = options.unwrap_or_default();
        let response = self
            .pipeline
            .send(
                &options.context,
                &mut request,
                Some(PipelineSendOptions {
                    skip_checks: true,
                    ..PipelineSendOptions::default()
                }),
            )
            .await?;
        let failed = |problem: String| Error::with_message(ErrorKind::Credential, problem);
        if !response.status().is_success() {
            return Err(failed(format!(
                "the runner answered {} when asked for a federated token",
                response.status()
            )));
        }
        // Neither the body nor what the parser says of it is shown: it may hold the token.
        serde_json::from_slice::<serde_json::Value>(response.body().as_ref())
            .ok()
            .as_ref()
            .and_then(|body| body.get(field)?.as_str())
            .filter(|token| !token.is_empty())
            .map(str::to_string)
            .ok_or_else(|| {
                failed(format!(
                    "the runner's answer holds no federated token (`{field}`)"
                ))
            })
    }
}
