//! The socket: reads a request, writes it down, lets go wrong what shall, and finds who answers it. Knows paths, and no rule.

use super::bodies::{self, error};
use super::fault::{self, Fault};
use super::shape::TENANT;
use super::{Asked, Reply, Shared, locked, writes};
use crate::line::{Cut, Lines};
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

pub async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

pub async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let app = axum::Router::new().fallback(handle).with_state(shared);
    let service = app.into_make_service_with_connect_info::<Cut>();
    let _ = axum::serve(Lines(listener), service).await;
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 16 << 20)
        .await
        .unwrap_or_default();
    let mut asked = Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().trim_end_matches('/').to_ascii_lowercase(),
        query: query(parts.uri.query().unwrap_or_default()),
        headers: parts
            .headers
            .iter()
            .filter(|(name, _)| *name != header::AUTHORIZATION)
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.to_string(), value)
            })
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
        status: 0,
        operation: None,
        fault: None,
    };
    asked.fault = fault::met(&mut locked(&shared.rules), &asked.method, &asked.path);
    if let Some(Fault::Meanwhile(time)) = asked.fault {
        let pool = shared.world().shape.pools[0].name;
        writes::somebody_writes(&shared, pool, time);
    }
    if let Some(Fault::LostBefore) = asked.fault {
        locked(&shared.log).push(asked);
        cut.cut();
        return Response::new(Body::empty());
    }
    let reply = match &asked.fault {
        Some(Fault::Status(status, after)) => {
            let (code, message) = fault::words(*status);
            let mut reply = Reply::of(*status, error(code, message, None));
            if let Some(after) = after {
                reply.headers.push(("retry-after", after.to_string()));
            }
            reply
        }
        Some(Fault::Refused(code, message)) => Reply::of(400, error(code, message, None)),
        _ => answer(&shared, &asked, &parts.headers).await,
    };
    let lost = asked.fault == Some(Fault::LostAfter);
    let slow = match asked.fault {
        Some(Fault::Slow(by)) => Some(by),
        _ => None,
    };
    asked.status = if lost { 0 } else { reply.status };
    asked.operation.clone_from(&reply.operation);
    locked(&shared.log).push(asked);
    if let Some(by) = slow {
        tokio::time::sleep(by).await;
    }
    if lost {
        cut.cut();
    }
    let mut response = Response::builder()
        .status(StatusCode::from_u16(reply.status).expect("a status"))
        .header(header::CONTENT_TYPE, "application/json")
        .header(
            "x-ms-correlation-request-id",
            "c0de0000-0000-4000-8000-000000000002",
        )
        .header(
            "x-ms-ratelimit-remaining-subscription-global-writes",
            "11999",
        );
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    let body = if reply.body.is_null() {
        Body::empty()
    } else {
        Body::from(reply.body.to_string())
    };
    response.body(body).expect("the headers are right")
}

async fn answer(shared: &Arc<Shared>, asked: &Asked, headers: &HeaderMap) -> Reply {
    if let Some(reply) = unknown_caller(shared, asked, headers) {
        return reply;
    }
    let version = asked.query.iter().find(|(name, _)| name == "api-version");
    if version.is_none_or(|(_, value)| value.is_empty()) {
        let message =
            "The api-version query parameter (?api-version=) is required for all requests.";
        return Reply::of(400, error("MissingApiVersionParameter", message, None));
    }
    let cluster = shared.world().shape.id().to_ascii_lowercase();
    let method = asked.method.as_str();
    if let Some(rest) = asked.path.strip_prefix(cluster.as_str()) {
        let segments: Vec<&str> = rest.split('/').skip(1).collect();
        return match (method, segments.as_slice()) {
            ("PUT", []) => writes::put_cluster(shared, asked).await,
            ("PUT", ["agentpools", pool]) => writes::put_pool(shared, asked, pool),
            ("POST", ["abort"]) => writes::abort(shared, None),
            ("POST", ["agentpools", pool, "abort"]) => writes::abort(shared, Some(pool)),
            ("POST", ["listclusterusercredential"]) => Reply::of(
                200,
                json!({"kubeconfigs": [{"name": "clusterUser", "value": shared.kubeconfig}]}),
            ),
            ("GET", segments) => read_of_cluster(shared, asked, segments),
            _ => not_allowed(asked),
        };
    }
    if method != "GET" {
        return not_allowed(asked);
    }
    read(shared, asked)
}

fn unknown_caller(shared: &Shared, asked: &Asked, headers: &HeaderMap) -> Option<Reply> {
    let value = headers.get(header::AUTHORIZATION);
    let token = value
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default()
        .to_string();
    let mut expired = locked(&shared.expired);
    if asked.fault == Some(Fault::Expired) {
        expired.insert(token.clone());
    }
    let code = if expired.contains(&token) {
        "ExpiredAuthenticationToken"
    } else if !locked(&shared.tokens).contains(&token) {
        "InvalidAuthenticationToken"
    } else {
        return None;
    };
    let message = "The access token expiry UTC time is earlier than current UTC time, or the token is not right.";
    let mut reply = Reply::of(401, error(code, message, None));
    reply.headers.push((
        "www-authenticate",
        format!("Bearer authorization_uri=\"https://login.windows.net/{TENANT}\", error=\"invalid_token\""),
    ));
    Some(reply)
}

fn read_of_cluster(shared: &Shared, asked: &Asked, segments: &[&str]) -> Reply {
    let world = shared.world();
    match segments {
        [] => Reply::of(200, world.cluster.clone()),
        ["agentpools"] => {
            let pools = world.shape.pools.iter();
            let all: Vec<_> = pools
                .filter_map(|pool| bodies::agent_pool(&world.cluster, pool.name))
                .collect();
            Reply::of(200, json!({"value": all}))
        }
        ["agentpools", name] => match bodies::agent_pool(&world.cluster, name) {
            Some(pool) => Reply::of(200, pool),
            None => not_found(asked),
        },
        ["maintenanceconfigurations"] => Reply::of(200, bodies::maintenance(&world.shape)),
        _ => not_found(asked),
    }
}

fn read(shared: &Shared, asked: &Asked) -> Reply {
    let world = shared.world();
    let subscription = super::shape::SUBSCRIPTION;
    let itself = json!({"id": format!("/subscriptions/{subscription}"), "subscriptionId": subscription, "tenantId": TENANT,
        "displayName": "payments", "state": "Enabled"});
    if asked.path == "/subscriptions" {
        return Reply::of(200, json!({"value": [itself]}));
    }
    if asked.path == format!("/subscriptions/{subscription}") {
        return Reply::of(200, itself);
    }
    let segments: Vec<&str> = asked.path.split('/').skip(1).collect();
    let (at_subscription, of_group) = match segments.as_slice() {
        ["subscriptions", id, "providers", ..] => (*id, None),
        [
            "subscriptions",
            id,
            "resourcegroups",
            group,
            "providers",
            ..,
        ] => (*id, Some(*group)),
        _ => return not_found(asked),
    };
    let is_here = at_subscription == super::shape::SUBSCRIPTION
        && of_group.is_none_or(|group| group == world.shape.group.to_ascii_lowercase());
    let tail = &segments[if of_group.is_some() { 5 } else { 3 }..];
    let list = |one: serde_json::Value| {
        let all = if is_here { vec![one] } else { Vec::new() };
        Reply::of(200, json!({"value": all}))
    };
    match tail {
        ["microsoft.containerservice", "managedclusters"] => list(world.cluster.clone()),
        [
            "microsoft.containerservice",
            "locations",
            _,
            "operations",
            id,
        ] => match world.told(id) {
            Some(told) => {
                let mut reply = Reply::of(200, told);
                if let (Some(seconds), false) = (shared.retry_after, world.operations[*id].is_over)
                {
                    reply.headers.push(("retry-after", seconds.to_string()));
                }
                reply
            }
            None => not_found(asked),
        },
        [
            "microsoft.containerservice",
            "locations",
            _,
            "operationresults",
            id,
        ] => match world.operations.get(*id) {
            Some(operation) if operation.is_over => Reply::of(204, json!(null)),
            Some(_) => Reply::of(202, json!(null)),
            None => not_found(asked),
        },
        ["microsoft.network", "virtualnetworks"] => list(bodies::vnet(&world.shape)),
        ["microsoft.network", "virtualnetworks", name, rest @ ..]
            if is_here && *name == world.shape.vnet.to_ascii_lowercase() =>
        {
            match rest {
                [] => Reply::of(200, bodies::vnet(&world.shape)),
                ["usages"] => Reply::of(200, bodies::usages(&world.shape, world.used())),
                [_] => Reply::of(200, json!({"value": []})),
                _ => not_found(asked),
            }
        }
        // Whatever else there could be, there is none of it.
        [provider, _] if provider.starts_with("microsoft.") => Reply::of(200, json!({"value": []})),
        [provider, _, _, _] if provider.starts_with("microsoft.") => {
            Reply::of(200, json!({"value": []}))
        }
        _ => not_found(asked),
    }
}

fn not_found(asked: &Asked) -> Reply {
    let message = format!(
        "The Resource '{}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        asked.path
    );
    Reply::of(404, error("ResourceNotFound", &message, None))
}

fn not_allowed(asked: &Asked) -> Reply {
    let message = format!(
        "{} {} is nothing that is done here",
        asked.method, asked.path
    );
    Reply::of(405, error("MethodNotAllowed", &message, None))
}

fn query(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}
