//! Policies of Cilium's own kinds, as far as they put pods into default deny. Never holds what a rule lets through, but for everything.

use super::Selector;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A `CiliumNetworkPolicy`, or a `CiliumClusterwideNetworkPolicy`, which is in no namespace and holds for all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CiliumPolicy {
    pub kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    pub name: String,
    /// `spec`, then `specs`; rules for nodes are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<CiliumRule>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CiliumRule {
    /// Pods it holds for; an empty one means all that the policy can hold for.
    pub endpoint_selector: Selector,
    pub ingress: CiliumDirection,
    pub egress: CiliumDirection,
}

/// What a rule does in one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CiliumDirection {
    /// Nothing passes but what a policy lets through: `enableDefaultDeny`, else that there are rules of this direction.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub default_deny: bool,
    /// It lets everything through: the entity `all`, on every port.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}
