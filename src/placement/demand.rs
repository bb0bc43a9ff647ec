//! What a pod demands of a node's labels and taints, read as the scheduler reads it. Knows one node and one demand at a time; keeps
//! nothing.

use super::host::Host;
use crate::model::workload::{
    Labels, NodeSelectorRequirement, NodeSelectorTerm, Placement, Taint, Toleration,
};
use std::hash::{Hash, Hasher};

pub(super) const HOSTNAME: &str = "kubernetes.io/hostname";
const NODE_NAME: &str = "metadata.name";
/// Taints that a node has because of what it is at the moment; occupancy knows that itself.
pub(super) const CORDON: &str = "node.kubernetes.io/unschedulable";
pub(super) const NOT_READY: &str = "node.kubernetes.io/not-ready";
pub(super) const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// Demands on a node's labels and name: of the selector all, of each list of terms at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Demand<'a> {
    pub selector: Option<&'a Labels>,
    pub any_of: Vec<&'a [NodeSelectorTerm]>,
}

impl Hash for Demand<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.selector.hash(state);
        for terms in &self.any_of {
            terms.len().hash(state);
            for term in *terms {
                for requirement in term.match_expressions.iter().chain(&term.match_fields) {
                    requirement.key.hash(state);
                    requirement.operator.hash(state);
                    requirement.values.hash(state);
                }
            }
        }
    }
}

impl<'a> Demand<'a> {
    pub fn none() -> Self {
        Demand {
            selector: None,
            any_of: Vec::new(),
        }
    }

    pub fn of(placement: &'a Placement) -> Self {
        Demand {
            selector: Some(&placement.node_selector),
            any_of: vec![&placement.node_affinity],
        }
    }

    /// `terms`: of each volume.
    pub fn of_volumes(terms: Vec<&'a [NodeSelectorTerm]>) -> Self {
        Demand {
            selector: None,
            any_of: terms,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.selector.is_none_or(Labels::is_empty) && self.any_of.iter().all(|list| list.is_empty())
    }

    pub fn holds(&self, host: &Host) -> bool {
        self.selector.is_none_or(|selector| {
            selector
                .iter()
                .all(|(key, value)| host.label(key) == Some(value))
        }) && self
            .any_of
            .iter()
            // The model's empty list is a demand that was never made.
            .all(|terms| terms.is_empty() || terms.iter().any(|term| term_holds(term, host)))
    }

    /// Label keys it looks at.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> {
        let expressions = self
            .any_of
            .iter()
            .copied()
            .flatten()
            .flat_map(|term| &term.match_expressions)
            .map(|requirement| requirement.key.as_str());
        self.selector
            .into_iter()
            .flat_map(Labels::keys)
            .map(String::as_str)
            .chain(expressions)
    }

    /// Looks at what only one node has: its hostname or its name.
    pub fn is_of_single_nodes(&self) -> bool {
        self.keys().any(|key| key == HOSTNAME)
            || self
                .any_of
                .iter()
                .copied()
                .flatten()
                .any(|term| !term.match_fields.is_empty())
    }

    /// Names and hostnames that a node must have one of; `None`: no short list can be read off the demand.
    pub fn named(&self) -> Option<Vec<Named<'a>>> {
        if let Some(host) = self.selector.and_then(|selector| selector.get(HOSTNAME)) {
            return Some(vec![Named::Host(host)]);
        }
        self.any_of
            .iter()
            .filter(|terms| !terms.is_empty())
            .find_map(|terms| {
                let mut all = Vec::new();
                for term in *terms {
                    all.extend(names_of(term)?);
                }
                Some(all)
            })
    }
}

/// One way of naming a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named<'a> {
    Host(&'a str),
    Node(&'a str),
}

fn names_of(term: &NodeSelectorTerm) -> Option<Vec<Named<'_>>> {
    let field = term
        .match_fields
        .iter()
        .find(|field| field.operator == "In" && field.key == NODE_NAME);
    if let Some(field) = field {
        return Some(field.values.iter().map(|name| Named::Node(name)).collect());
    }
    let host = term
        .match_expressions
        .iter()
        .find(|label| label.operator == "In" && label.key == HOSTNAME)?;
    Some(host.values.iter().map(|name| Named::Host(name)).collect())
}

fn term_holds(term: &NodeSelectorTerm, host: &Host) -> bool {
    // A term without any requirement selects no node.
    (!term.match_expressions.is_empty() || !term.match_fields.is_empty())
        && term
            .match_expressions
            .iter()
            .all(|requirement| label_holds(requirement, host.label(&requirement.key)))
        && term
            .match_fields
            .iter()
            .all(|requirement| field_holds(requirement, host.name()))
}

/// An operator or values that the scheduler cannot parse make the whole term select nothing, as a requirement that never holds
/// does.
fn label_holds(requirement: &NodeSelectorRequirement, label: Option<&str>) -> bool {
    let values = &requirement.values;
    let listed = |label: &str| values.iter().any(|value| value == label);
    match requirement.operator.as_str() {
        "In" => label.is_some_and(listed),
        "NotIn" => !values.is_empty() && !label.is_some_and(listed),
        "Exists" => values.is_empty() && label.is_some(),
        "DoesNotExist" => values.is_empty() && label.is_none(),
        "Gt" => compared(values, label).is_some_and(|(have, bound)| have > bound),
        "Lt" => compared(values, label).is_some_and(|(have, bound)| have < bound),
        _ => false,
    }
}

fn compared(values: &[String], label: Option<&str>) -> Option<(i64, i64)> {
    let [bound] = values else {
        return None;
    };
    Some((label?.parse().ok()?, bound.parse().ok()?))
}

fn field_holds(requirement: &NodeSelectorRequirement, name: &str) -> bool {
    let field = if requirement.key == NODE_NAME {
        name
    } else {
        ""
    };
    let [value] = requirement.values.as_slice() else {
        return false;
    };
    match requirement.operator.as_str() {
        "In" => field == value,
        "NotIn" => field != value,
        _ => false,
    }
}

/// Tolerations, compared by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tolerations<'a>(pub &'a [Toleration]);

impl Hash for Tolerations<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for toleration in self.0 {
            toleration.key.hash(state);
            toleration.operator.hash(state);
            toleration.value.hash(state);
            toleration.effect.hash(state);
        }
    }
}

impl Tolerations<'_> {
    pub fn tolerate(&self, key: &str, value: &str, effect: &str) -> bool {
        self.0
            .iter()
            .any(|toleration| toleration.tolerates(key, value, effect))
    }

    pub fn tolerate_all(&self, taints: &[&Taint]) -> bool {
        taints.iter().all(|taint| {
            self.tolerate(
                &taint.key,
                taint.value.as_deref().unwrap_or_default(),
                &taint.effect,
            )
        })
    }

    pub fn tolerate_cordon(&self) -> bool {
        self.tolerate(CORDON, "", "NoSchedule")
    }

    pub fn tolerate_not_ready(&self) -> bool {
        self.tolerate(NOT_READY, "", "NoSchedule")
    }
}

/// A taint that keeps pods away, and is not of the moment.
pub(super) fn is_lasting(taint: &Taint) -> bool {
    matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute")
        && ![CORDON, NOT_READY, UNREACHABLE].contains(&taint.key.as_str())
}
