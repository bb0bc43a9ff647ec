//! The real client in this process, for what the command line cannot ask.

use crate::server::{Azure, TOKEN};
use aksplan::model::Inventory;
use aksplan::source::assemble::assemble;
use aksplan::source::azure::estate::{Question, Scope, read};
use aksplan::source::azure::resource_graph::Breadth;
use aksplan::source::azure::{ArmClient, ArmError, Settings};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request, Url};
use std::sync::Arc;
use std::time::Duration;

/// Adds the test's token.
#[derive(Debug)]
struct Bearer;

#[async_trait::async_trait]
impl Policy for Bearer {
    async fn send(
        &self,
        context: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        request.insert_header("authorization", format!("Bearer {TOKEN}"));
        next[0].send(context, request, &next[1..]).await
    }
}

/// The real client, without a command line around it.
pub fn client(azure: &Azure) -> ArmClient {
    client_with(azure, Settings::default())
}

fn client_with(azure: &Azure, settings: Settings) -> ArmClient {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let endpoint = Url::parse(&azure.endpoint()).expect("an address");
    ArmClient::new(endpoint, Arc::new(Bearer), settings)
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// What `aksplan` reads when it is given these arguments, or why nothing could be read.
pub fn inventory_with(
    azure: &Azure,
    args: &[&str],
    mut settings: Settings,
) -> Result<Inventory, ArmError> {
    let values = |flag: &str| -> Vec<String> {
        args.windows(2)
            .filter(|pair| pair[0] == flag)
            .map(|pair| pair[1].to_string())
            .collect()
    };
    let scope = if args.contains(&"--all") {
        Scope::Fleet(Breadth::Everything)
    } else if args.contains(&"--management-group") {
        Scope::Fleet(Breadth::ManagementGroups(values("--management-group")))
    } else {
        Scope::Subscriptions {
            ids: values("--subscription"),
            groups: values("-g"),
        }
    };
    let question = Question {
        scope,
        vnet: values("--vnet").pop(),
        cluster: values("--cluster").pop(),
        details: args.contains(&"--details"),
        platform: args.contains(&"--platform"),
    };
    if let Some(seconds) = values("--timeout").pop() {
        settings.answer_within = Duration::from_secs(seconds.parse().expect("seconds"));
    }
    let answer = block_on(read(&client_with(azure, settings), &question))?;
    Ok(assemble(answer.facts).unwrap_or_else(|error| panic!("{error}")))
}
