//! The network side, through `azure_mgmt_network`: the only module that knows that crate, which is unofficial and frozen at API
//! 2024-03-01. It reads and nothing else: its client is given a dummy credential and a transport that hands each request to
//! [`ArmClient`], whose table allows reads only. Its models are written back as Azure's own JSON, which the one lowering of
//! Azure resources reads.

use super::client::{ArmClient, Listed, parse};
use super::error::{ArmError, Failure};
use crate::model::ResourceId;
use azure_core::http::{Method, Request};
use azure_core_021 as old;
use azure_core_021::Continuable as _;
use azure_mgmt_network::package_2024_03 as api;
use futures::StreamExt;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Resource types that are listed, each with its place in Azure's paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    VirtualNetworks,
    RouteTables,
    NatGateways,
    PrivateEndpoints,
    NetworkInterfaces,
    LoadBalancers,
    SecurityGroups,
    ApplicationGateways,
}

impl Kind {
    /// What every question needs.
    pub const ALL: [Kind; 6] = [
        Kind::VirtualNetworks,
        Kind::RouteTables,
        Kind::NatGateways,
        Kind::PrivateEndpoints,
        Kind::NetworkInterfaces,
        Kind::LoadBalancers,
    ];

    /// What depends on pods' addresses: for the move to Overlay alone.
    pub const DEPENDENTS: [Kind; 2] = [Kind::SecurityGroups, Kind::ApplicationGateways];

    /// As sentences call them.
    pub fn words(self) -> &'static str {
        match self {
            Kind::VirtualNetworks => "VNets",
            Kind::RouteTables => "route tables",
            Kind::NatGateways => "NAT gateways",
            Kind::PrivateEndpoints => "private endpoints",
            Kind::NetworkInterfaces => "network interfaces",
            Kind::LoadBalancers => "load balancers",
            Kind::SecurityGroups => "network security groups",
            Kind::ApplicationGateways => "application gateways",
        }
    }
}

/// Reads VNets and what sits in them.
#[derive(Clone)]
pub struct Network(api::Client);

impl Network {
    pub fn new(client: &ArmClient) -> Self {
        let bridge: Arc<dyn old::HttpClient> = Arc::new(Bridge(client.clone()));
        let client = api::Client::builder(Arc::new(NoToken))
            .endpoint(client.endpoint().clone())
            .scopes(&["none"])
            .retry(old::RetryOptions::none())
            .transport(old::TransportOptions::new(bridge))
            .build()
            .expect("an endpoint and scopes were given, which is all it can miss");
        Network(client)
    }

    /// All of a kind in a subscription, or in one of its resource groups.
    pub async fn list(&self, kind: Kind, subscription: &str, group: Option<&str>) -> Listed {
        macro_rules! pages {
            ($client:ident, $all:ident) => {
                match group {
                    Some(group) => {
                        collect(self.0.$client().list(group, subscription).into_stream()).await
                    }
                    None => collect(self.0.$client().$all(subscription).into_stream()).await,
                }
            };
        }
        match kind {
            Kind::VirtualNetworks => pages!(virtual_networks_client, list_all),
            Kind::RouteTables => pages!(route_tables_client, list_all),
            Kind::NatGateways => pages!(nat_gateways_client, list_all),
            Kind::PrivateEndpoints => pages!(private_endpoints_client, list_by_subscription),
            Kind::NetworkInterfaces => pages!(network_interfaces_client, list_all),
            Kind::LoadBalancers => pages!(load_balancers_client, list_all),
            Kind::SecurityGroups => pages!(network_security_groups_client, list_all),
            Kind::ApplicationGateways => pages!(application_gateways_client, list_all),
        }
    }

    /// One VNet, with its subnets and peerings.
    ///
    /// # Errors
    /// [`ArmError`].
    pub async fn vnet(&self, id: &ResourceId) -> Result<Box<str>, ArmError> {
        let place = Place::of(id)?;
        let vnet = self
            .0
            .virtual_networks_client()
            .get(place.group, place.name, place.subscription)
            .await
            .map_err(|error| arm_error(&place.request, error))?;
        written(&place.request, &vnet)
    }

    /// How many addresses each subnet of a VNet holds (NET-1).
    pub async fn usages(&self, vnet: &ResourceId) -> Listed {
        match Place::of(vnet) {
            Ok(place) => {
                let pages = self
                    .0
                    .virtual_networks_client()
                    .list_usage(place.group, place.name, place.subscription)
                    .into_stream();
                collect(pages).await
            }
            Err(error) => Listed {
                items: Vec::new(),
                failure: Some(error),
            },
        }
    }
}

/// What a VNet's id says.
struct Place<'a> {
    subscription: &'a str,
    group: &'a str,
    name: &'a str,
    request: String,
}

impl<'a> Place<'a> {
    fn of(id: &'a ResourceId) -> Result<Self, ArmError> {
        let request = format!("GET {id}");
        match (
            id.segment("subscriptions"),
            id.resource_group(),
            id.segment("virtualNetworks"),
        ) {
            (Some(subscription), Some(group), Some(name)) => Ok(Place {
                subscription,
                group,
                name,
                request,
            }),
            _ => Err(ArmError {
                request,
                failure: Failure::NotSent("this is no id of a VNet".to_string()),
                correlation_id: None,
            }),
        }
    }
}

/// A page of any list.
trait Elements {
    type Element: Serialize;
    fn elements(self) -> Vec<Self::Element>;
    /// Where the next page is.
    fn next_link(&self) -> Option<String>;
}

macro_rules! elements {
    ($($list:ident of $element:ident,)*) => {
        $(impl Elements for api::models::$list {
            type Element = api::models::$element;
            fn elements(self) -> Vec<Self::Element> {
                self.value
            }
            fn next_link(&self) -> Option<String> {
                self.continuation()
            }
        })*
    };
}

elements! {
    VirtualNetworkListResult of VirtualNetwork,
    VirtualNetworkListUsageResult of VirtualNetworkUsage,
    RouteTableListResult of RouteTable,
    NatGatewayListResult of NatGateway,
    PrivateEndpointListResult of PrivateEndpoint,
    NetworkInterfaceListResult of NetworkInterface,
    LoadBalancerListResult of LoadBalancer,
    NetworkSecurityGroupListResult of NetworkSecurityGroup,
    ApplicationGatewayListResult of ApplicationGateway,
}

/// Reads pages to the end; what was read before a failure is kept.
async fn collect<P: Elements>(mut pages: old::Pageable<P, old::error::Error>) -> Listed {
    let mut listed = Listed::default();
    let mut links: BTreeSet<String> = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| arm_error("GET", error));
        let failure = page.and_then(|page| {
            let link = page.next_link();
            for element in page.elements() {
                listed.items.push(written("GET", &element)?);
            }
            match link {
                // The old client would go round for ever.
                Some(link) if !links.insert(link.clone()) => Err(ArmError {
                    request: "GET".to_string(),
                    failure: Failure::Unreadable(
                        "its nextLink leads back to a page that was read".to_string(),
                    ),
                    correlation_id: None,
                }),
                _ => Ok(()),
            }
        });
        if let Err(error) = failure {
            listed.failure = Some(error);
            break;
        }
    }
    listed
}

/// A model as Azure's JSON.
fn written(request: &str, model: &impl Serialize) -> Result<Box<str>, ArmError> {
    match serde_json::to_string(model) {
        Ok(text) => Ok(text.into_boxed_str()),
        Err(error) => Err(unreadable(request, &error)),
    }
}

fn unreadable(request: &str, error: &dyn std::error::Error) -> ArmError {
    ArmError {
        request: request.to_string(),
        failure: Failure::Unreadable(error.to_string()),
        correlation_id: None,
    }
}

/// The error that the bridge handed in, found again inside the old crate's wrappings.
fn arm_error(request: &str, error: old::error::Error) -> ArmError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(known) = inner.downcast_ref::<ArmError>() {
            return known.clone();
        }
        cause = inner.source();
    }
    unreadable(request, &error)
}

/// The old client insists on a token; the real one is added by [`ArmClient`] and never passes through here.
#[derive(Debug)]
struct NoToken;

#[async_trait::async_trait]
impl old::auth::TokenCredential for NoToken {
    async fn get_token(&self, _scopes: &[&str]) -> old::Result<old::auth::AccessToken> {
        let hour = azure_core::time::Duration::hours(1);
        let expires_on = azure_core::time::OffsetDateTime::now_utc() + hour;
        Ok(old::auth::AccessToken::new("none".to_string(), expires_on))
    }

    async fn clear_cache(&self) -> old::Result<()> {
        Ok(())
    }
}

/// What every list of Azure Resource Manager has.
#[derive(Deserialize)]
struct AnyList {
    #[serde(rename = "value")]
    _value: Vec<IgnoredAny>,
}

/// What every resource has.
#[derive(Deserialize)]
struct AnyResource {
    #[serde(rename = "id")]
    _id: String,
}

/// Whether a path ends with a type, and not with the name of a resource.
fn is_list(path: &str) -> bool {
    let path = path.trim_end_matches('/').to_ascii_lowercase();
    path.rsplit_once("/providers/")
        .is_none_or(|(_, resource)| resource.split('/').count() % 2 == 0)
}

/// Takes the place of HTTP under the old client.
#[derive(Debug)]
struct Bridge(ArmClient);

#[async_trait::async_trait]
impl old::HttpClient for Bridge {
    async fn execute_request(&self, request: &old::Request) -> old::Result<old::Response> {
        let refused = |error: ArmError| old::error::Error::new(old::error::ErrorKind::Other, error);
        if *request.method() != old::Method::Get {
            return Err(refused(ArmError {
                request: format!("{} {}", request.method(), request.url().path()),
                failure: Failure::NotSent("the network is only read".to_string()),
                correlation_id: None,
            }));
        }
        // None of the old request's headers is taken over: all it holds is the dummy token.
        let response = self
            .0
            .send(Request::new(request.url().clone(), Method::Get))
            .await
            .map_err(refused)?;
        // What is no JSON is told with its address here: the old client would only say where parsing stopped.
        let name = format!("GET {}", request.url().path());
        // It would also take any JSON for a list of nothing.
        if is_list(request.url().path()) {
            parse::<AnyList>(&name, &response).map(drop)
        } else {
            parse::<AnyResource>(&name, &response).map(drop)
        }
        .map_err(refused)?;
        let (_, _, body) = response.deconstruct();
        let body = old::BytesStream::new(body.to_vec());
        Ok(old::Response::new(
            old::StatusCode::Ok,
            old::headers::Headers::new(),
            Box::pin(body),
        ))
    }
}
