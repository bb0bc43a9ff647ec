//! Cilium's own policies: which pods they put into default deny. Of what their rules let through only one thing is read: whether it is
//! everything.

use super::wire::{Meta, WireSelector, or_default};
use crate::model::workload::{CiliumDirection, CiliumPolicy, CiliumRule, Selector};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// In place of a spec, or beside it, there may be several.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct PolicyObject {
    #[serde(deserialize_with = "or_default")]
    metadata: Meta,
    spec: Option<WireRule>,
    #[serde(deserialize_with = "or_default")]
    specs: Vec<WireRule>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireRule {
    endpoint_selector: Option<WireSelector>,
    #[serde(deserialize_with = "or_default")]
    ingress: Vec<WireEntry>,
    #[serde(deserialize_with = "or_default")]
    ingress_deny: Vec<IgnoredAny>,
    #[serde(deserialize_with = "or_default")]
    egress: Vec<WireEntry>,
    #[serde(deserialize_with = "or_default")]
    egress_deny: Vec<IgnoredAny>,
    #[serde(deserialize_with = "or_default")]
    enable_default_deny: DefaultDeny,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DefaultDeny {
    ingress: Option<bool>,
    egress: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireEntry {
    #[serde(deserialize_with = "or_default")]
    from_entities: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    to_entities: Vec<String>,
    to_ports: Option<Vec<IgnoredAny>>,
    icmps: Option<Vec<IgnoredAny>>,
}

impl WireEntry {
    fn is_open(&self) -> bool {
        let mut entities = self.from_entities.iter().chain(&self.to_entities);
        let all_ports = [&self.to_ports, &self.icmps]
            .into_iter()
            .all(|list| list.as_ref().is_none_or(Vec::is_empty));
        all_ports && entities.any(|entity| entity == "all")
    }
}

pub fn policy(kind: &str, object: PolicyObject) -> CiliumPolicy {
    let rules = object.spec.into_iter().chain(object.specs);
    CiliumPolicy {
        kind: kind.to_string(),
        rules: rules.filter_map(rule).collect(),
        namespace: object.metadata.namespace,
        name: object.metadata.name,
    }
}

/// `None`: a rule for nodes, which selects no pod.
fn rule(wire: WireRule) -> Option<CiliumRule> {
    let of = |said: Option<bool>, entries: &[WireEntry], deny: &[IgnoredAny]| CiliumDirection {
        // A section without entries is no section.
        default_deny: said.unwrap_or(!entries.is_empty() || !deny.is_empty()),
        open: entries.iter().any(WireEntry::is_open),
    };
    let said = wire.enable_default_deny;
    Some(CiliumRule {
        ingress: of(said.ingress, &wire.ingress, &wire.ingress_deny),
        egress: of(said.egress, &wire.egress, &wire.egress_deny),
        endpoint_selector: Selector::from(wire.endpoint_selector?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directions(spec: &str) -> Vec<String> {
        let text = format!(r#"{{"metadata": {{"name": "p", "namespace": "n"}}, {spec}}}"#);
        let object = serde_json::from_str(&text).expect("a policy");
        let told = |one: CiliumDirection| match (one.default_deny, one.open) {
            (true, true) => "open",
            (true, false) => "denied",
            (false, _) => "as before",
        };
        policy("CiliumNetworkPolicy", object)
            .rules
            .iter()
            .map(|rule| format!("{}/{}", told(rule.ingress), told(rule.egress)))
            .collect()
    }

    /// <https://docs.cilium.io/en/stable/security/policy/intro/>, and the field `enableDefaultDeny` of a rule.
    #[test]
    fn a_section_with_rules_denies_the_rest() {
        for (spec, want) in [
            (
                r#""spec": {"endpointSelector": {}, "ingress": [{}]}"#,
                vec!["denied/as before"],
            ),
            (
                r#""spec": {"endpointSelector": {}, "ingress": []}"#,
                vec!["as before/as before"],
            ),
            (
                r#""spec": {"endpointSelector": {}, "egressDeny": [{"toEntities": ["world"]}]}"#,
                vec!["as before/denied"],
            ),
            (
                r#""spec": {"endpointSelector": {}, "egress": [{"toEntities": ["all"]}], "ingress": [{"fromEntities": ["all"],
                "toPorts": [{"ports": [{"port": "80"}]}]}]}"#,
                vec!["denied/open"],
            ),
            (
                r#""spec": {"endpointSelector": {}, "ingress": [{}], "enableDefaultDeny": {"ingress": false, "egress": true}}"#,
                vec!["as before/denied"],
            ),
            (
                r#""specs": [{"endpointSelector": {}, "egress": [{}]}, {"nodeSelector": {}, "ingress": [{}]}]"#,
                vec!["as before/denied"],
            ),
            (r#""spec": null"#, vec![]),
        ] {
            assert_eq!(directions(spec), want, "{spec}");
        }
    }
}
