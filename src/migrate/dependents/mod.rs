//! What depends on routable pod addresses today and stops working after the move (MIG-25, OVL-5): found in what was read, with
//! how sure it is, what breaks and what to do; and what cannot be known from here, with how to find out. Changes nothing.
//!
//! [`security`] weighs security groups · `gateways` application gateways and DNS · `networks` routes, peered and on-premises
//! networks · `objects` what Kubernetes says · [`balancer`] the internal load balancer that takes a pod's place · `unknown` the rest.

pub mod balancer;
mod gateways;
mod networks;
mod objects;
mod pods;
pub mod security;
#[cfg(test)]
mod tests;
mod unknown;

use crate::finding::{Finding, Severity};
use crate::model::{Cluster, Inventory, IpNet, NetworkMode, Subject};
use crate::rule::Rule;
use pods::Pods;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of thing depends on pod addresses.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DependentKind {
    /// A rule of a node subnet's own security group that hits pods' traffic after the move.
    SecurityRule,
    ApplicationGateway,
    PrivateDnsRecord,
    /// A rule of another security group that names pod addresses.
    SecurityRuleElsewhere,
    Route,
    PeeredNetwork,
    OnPremises,
    NetworkPolicy,
    EndpointSlice,
    ExternalName,
    HeadlessService,
}

impl DependentKind {
    pub fn word(self) -> &'static str {
        match self {
            DependentKind::SecurityRule => "security rule of the node subnet",
            DependentKind::ApplicationGateway => "application gateway",
            DependentKind::PrivateDnsRecord => "private DNS record",
            DependentKind::SecurityRuleElsewhere => "security rule elsewhere",
            DependentKind::Route => "route",
            DependentKind::PeeredNetwork => "peered network",
            DependentKind::OnPremises => "on-premises network",
            DependentKind::NetworkPolicy => "network policy",
            DependentKind::EndpointSlice => "endpoint slice",
            DependentKind::ExternalName => "ExternalName service",
            DependentKind::HeadlessService => "headless service",
        }
    }
}

/// How sure it is that something breaks. Ordered: the surest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Sureness {
    /// It names the address of a pod that runs now, or a rule leaves no doubt.
    Certain,
    /// It names an address that only a pod can have.
    Likely,
    /// It could reach pods; whether it does, nothing here says.
    Possible,
}

impl Sureness {
    pub fn word(self) -> &'static str {
        match self {
            Sureness::Certain => "certain",
            Sureness::Likely => "likely",
            Sureness::Possible => "possible",
        }
    }
}

/// Something that depends on routable pod addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dependent {
    pub sure: Sureness,
    pub kind: DependentKind,
    /// What it is, for example `edge, backend pool web` or `shop/allow-cache`.
    pub name: String,
    pub evidence: String,
    pub breaks: String,
    pub remedy: String,
    /// Services that stand for the pods it names, as `namespace/name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// The services behind internal load balancers, as YAML for `kubectl apply -f`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// Ids of the rules it rests on.
    pub rules: Vec<String>,
}

impl Dependent {
    /// What stops working after the move, as a finding.
    pub fn finding(&self) -> Finding {
        let rules: Vec<_> = self
            .rules
            .iter()
            .filter_map(|id| crate::rule::find(id))
            .collect();
        Finding {
            code: "depends-on-pod-addresses",
            severity: match self.sure {
                Sureness::Certain | Sureness::Likely => Severity::Warning,
                Sureness::Possible => Severity::Info,
            },
            message: format!(
                "{} {} ({}): {} {} {}",
                self.kind.word(),
                self.name,
                self.sure.word(),
                sentence(&self.evidence),
                sentence(&self.breaks),
                sentence(&self.remedy)
            ),
            rules,
            subject: Subject::default(),
            causes: Vec::new(),
        }
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.trim_end().chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let mut text = first + letters.as_str();
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// Something that nothing read here can tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct NotKnown {
    pub what: String,
    pub how_to_find_out: String,
    /// A query that is ready to run, of Kusto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// What depends on pod addresses, and what cannot be known. Sorted: the surest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dependents {
    pub found: Vec<Dependent>,
    pub not_known: Vec<NotKnown>,
}

/// What a finder writes to.
#[derive(Debug, Default)]
struct Findings {
    found: Vec<Dependent>,
    not_known: Vec<NotKnown>,
}

impl Findings {
    fn not_known(&mut self, what: impl Into<String>, how: impl Into<String>) {
        self.not_known.push(NotKnown {
            what: what.into(),
            how_to_find_out: how.into(),
            query: None,
        });
    }
}

fn ids(rules: &[&'static Rule]) -> Vec<String> {
    rules.iter().map(|rule| rule.id.to_string()).collect()
}

/// What depends on the addresses that this cluster's pods have today. `pod_cidr`: the range they are to have; without it, what
/// depends on that is not known.
///
/// Only of clusters that may move: pods of others keep their addresses.
pub fn dependents(
    inventory: &Inventory,
    cluster: &Cluster,
    pod_cidr: Option<&IpNet>,
) -> Dependents {
    if !cluster.mode().is_some_and(NetworkMode::moves_to_overlay) {
        return Dependents::default();
    }
    let pods = Pods::of(inventory, cluster);
    let mut findings = Findings::default();
    security::own(inventory, cluster, pod_cidr, &mut findings);
    security::elsewhere(inventory, cluster, &pods, &mut findings);
    gateways::application_gateways(inventory, cluster, &pods, &mut findings);
    gateways::private_dns(inventory, &pods, &mut findings);
    networks::check(inventory, cluster, &pods, &mut findings);
    objects::check(inventory, cluster, &pods, pod_cidr, &mut findings);
    unknown::check(inventory, cluster, &pods, &mut findings);
    let Findings {
        mut found,
        mut not_known,
    } = findings;
    found.sort_by(|a, b| {
        (a.sure, a.kind, &a.name, &a.evidence).cmp(&(b.sure, b.kind, &b.name, &b.evidence))
    });
    found.dedup();
    not_known.sort();
    not_known.dedup();
    Dependents { found, not_known }
}
