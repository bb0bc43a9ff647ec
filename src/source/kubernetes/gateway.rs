//! Objects of the Gateway API. Of a listener its protocol and its certificates are read, of a route whom it is attached to.

use super::wire::{Condition, Meta, Object, or_default};
use crate::model::workload::{Gateway, GatewayName, HttpRoute, SecretName};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewaySpec {
    #[serde(deserialize_with = "or_default")]
    gateway_class_name: String,
    #[serde(deserialize_with = "or_default")]
    listeners: Vec<Listener>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Listener {
    #[serde(deserialize_with = "or_default")]
    protocol: String,
    #[serde(deserialize_with = "or_default")]
    tls: ListenerTls,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ListenerTls {
    #[serde(deserialize_with = "or_default")]
    certificate_refs: Vec<ObjectReference>,
}

/// A kind and a group that are left out are those the field is usually about.
#[derive(Deserialize, Default)]
#[serde(default)]
struct ObjectReference {
    kind: Option<String>,
    namespace: Option<String>,
    #[serde(deserialize_with = "or_default")]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct GatewayStatus {
    #[serde(deserialize_with = "or_default")]
    addresses: Vec<Address>,
    #[serde(deserialize_with = "or_default")]
    conditions: Vec<Condition>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Address {
    #[serde(deserialize_with = "or_default")]
    value: String,
}

/// Namespace and name of what is meant, where it is of this kind.
fn referred(all: Vec<ObjectReference>, kind: &str, own: &Meta) -> Vec<(String, String)> {
    let all = all.into_iter();
    let of_kind = all.filter(|one| one.kind.as_deref().is_none_or(|of| of == kind));
    of_kind
        .filter(|one| !one.name.is_empty())
        .map(|one| {
            let namespace = one.namespace.filter(|namespace| !namespace.is_empty());
            (namespace.unwrap_or_else(|| own.namespace.clone()), one.name)
        })
        .collect()
}

pub fn gateway(object: Object<GatewaySpec, GatewayStatus>) -> Gateway {
    let Object {
        metadata,
        spec,
        status,
    } = object;
    let listeners = spec.listeners.len() as u64;
    let (mut tls_listeners, mut certificates) = (0, BTreeSet::new());
    for listener in spec.listeners {
        let protocol = listener.protocol;
        if ["HTTPS", "TLS"].contains(&protocol.as_str()) {
            tls_listeners += 1;
        }
        for (namespace, name) in referred(listener.tls.certificate_refs, "Secret", &metadata) {
            certificates.insert(SecretName { namespace, name });
        }
    }
    let accepted = status
        .conditions
        .iter()
        .find(|condition| condition.kind == "Accepted");
    Gateway {
        class: spec.gateway_class_name,
        listeners,
        tls_listeners,
        certificates: certificates.into_iter().collect(),
        addresses: status
            .addresses
            .into_iter()
            .map(|address| address.value)
            .filter(|value| !value.is_empty())
            .collect(),
        accepted: accepted.and_then(|condition| match condition.status.as_str() {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        }),
        namespace: metadata.namespace,
        name: metadata.name,
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteSpec {
    #[serde(deserialize_with = "or_default")]
    parent_refs: Vec<ObjectReference>,
}

pub fn http_route(object: Object<RouteSpec, super::wire::Nothing>) -> HttpRoute {
    let gateways: BTreeSet<GatewayName> =
        referred(object.spec.parent_refs, "Gateway", &object.metadata)
            .into_iter()
            .map(|(namespace, name)| GatewayName { namespace, name })
            .collect();
    HttpRoute {
        gateways: gateways.into_iter().collect(),
        namespace: object.metadata.namespace,
        name: object.metadata.name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_says_its_certificates_and_a_route_its_gateways() {
        let read: Gateway = gateway(
            serde_json::from_str(
                r#"{"metadata": {"name": "edge", "namespace": "shop"},
                "spec": {"gatewayClassName": "approuting-istio", "listeners": [
                    {"protocol": "HTTP", "port": 80},
                    {"protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "b"}, {"name": "a", "namespace": "certs"},
                        {"kind": "Vault", "name": "c"}, {"kind": "Secret", "name": "b"}]}}]},
                "status": {"addresses": [{"value": "20.1.2.3"}, {"value": ""}], "conditions": [{"type": "Accepted", "status": "Unknown"}]}}"#,
            )
            .expect("a Gateway"),
        );
        let told: Vec<String> = (read.certificates.iter())
            .map(|secret| format!("{}/{}", secret.namespace, secret.name))
            .collect();
        assert_eq!(told, ["certs/a", "shop/b"]);
        assert_eq!((read.listeners, read.tls_listeners), (2, 1));
        assert_eq!(read.addresses, ["20.1.2.3"]);
        // Nobody has looked at it yet: neither accepted nor refused.
        assert_eq!(read.accepted, None);
        let route = http_route(
            serde_json::from_str(
                r#"{"metadata": {"name": "web", "namespace": "shop"}, "spec": {"parentRefs": [{"name": "edge"},
                {"kind": "Service", "name": "api"}, {"name": "other", "namespace": "infra"}]}}"#,
            )
            .expect("an HTTPRoute"),
        );
        let told: Vec<String> = (route.gateways.iter())
            .map(|one| format!("{}/{}", one.namespace, one.name))
            .collect();
        assert_eq!(told, ["infra/other", "shop/edge"]);
    }
}
