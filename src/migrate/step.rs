//! The steps of a plan: a closed list of actions, and all that follows from each: what it writes, what must hold before and after,
//! what to do where it fails. A plan repeats what follows so that a reviewer can read it; [`Step::of`] is the only place that says it,
//! and verification compares. Nothing is sent from here.

use super::condition::Condition;
use super::foreseen::Foreseen;
use super::settings;
use crate::model::{IpNet, NetworkMode, UpgradeSettings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is done. One step writes at most once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Reads everything and refuses where something is in the way.
    Check,
    /// Surge and drain timeout of a pool, for the time of the move.
    SetUpgradeSettings {
        pool: String,
        from: UpgradeSettings,
        to: UpgradeSettings,
    },
    /// Turns the network policy engine off, which reimages every node (MIG-3).
    RemoveNetworkPolicy { policy: String },
    /// Cilium as data plane and network policy engine, which reimages every node (MIG-13, MIG-26).
    EnableCilium {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy_before: Option<String>,
    },
    /// The move itself: one-way, every node of every pool reimaged at once (MIG-20).
    MoveToOverlay {
        #[schemars(with = "String")]
        pod_cidr: IpNet,
        /// IPv6 ranges that a dual-stack cluster keeps beside it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(with = "Vec<String>")]
        kept: Vec<IpNet>,
    },
    /// Reads everything and proves that the move is done (section 4.4 of the AKS pages on the move).
    Verify {
        #[schemars(with = "String")]
        pod_cidr: IpNet,
    },
    /// Another network policy engine than Cilium, which reimages every node (MIG-26).
    EnableNetworkPolicy { policy: String },
    /// The pool's own settings again.
    RestoreUpgradeSettings {
        pool: String,
        from: UpgradeSettings,
        to: UpgradeSettings,
    },
}

/// What a step changes: these fields of this resource, and no other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    pub resource: Resource,
    pub changes: Vec<FieldChange>,
}

/// What is written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    Cluster,
    AgentPool(String),
}

/// One field of a request body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldChange {
    /// A JSON pointer: `/properties/networkProfile/networkPluginMode`.
    pub path: String,
    pub value: Value,
}

/// Seconds, of the futures that complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Seconds {
    pub p50: u32,
    pub p90: u32,
    pub p99: u32,
}

impl Seconds {
    /// One after the other; `None`: of one it is not known. Sums of percentiles are no percentile of the sum: they err on the long side.
    pub fn in_all(each: impl IntoIterator<Item = Option<Seconds>>) -> Option<Seconds> {
        let mut sum = Seconds {
            p50: 0,
            p90: 0,
            p99: 0,
        };
        for one in each {
            let one = one?;
            sum.p50 = sum.p50.saturating_add(one.p50);
            sum.p90 = sum.p90.saturating_add(one.p90);
            sum.p99 = sum.p99.saturating_add(one.p99);
        }
        Some(sum)
    }
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// `4-move-to-overlay`: unique in the plan, its number first.
    pub id: String,
    #[serde(rename = "do")]
    pub action: Action,
    /// `None`: it only reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<Write>,
    /// Whether every node of the cluster is drained and reimaged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reimages: bool,
    /// Must hold before it is begun.
    pub before: Vec<Condition>,
    /// Must hold before it is begun again, after an attempt of this very step failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before_again: Vec<Condition>,
    /// Holds when it is done; where it holds already, nothing is written.
    pub after: Vec<Condition>,
    /// How long it takes; `None`: not simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Seconds>,
    /// What the simulation foresees while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreseen: Option<Box<Foreseen>>,
    /// What to do where it fails.
    pub on_failure: String,
}

impl Action {
    /// The same as one word, for ids and machines.
    pub fn key(&self) -> &'static str {
        match self {
            Action::Check => "check",
            Action::SetUpgradeSettings { .. } => "set-upgrade-settings",
            Action::RemoveNetworkPolicy { .. } => "remove-network-policy",
            Action::EnableCilium { .. } => "enable-cilium",
            Action::MoveToOverlay { .. } => "move-to-overlay",
            Action::Verify { .. } => "verify",
            Action::EnableNetworkPolicy { .. } => "enable-network-policy",
            Action::RestoreUpgradeSettings { .. } => "restore-upgrade-settings",
        }
    }

    /// In words, for people.
    pub fn words(&self) -> String {
        match self {
            Action::Check => "check that everything is as planned".to_string(),
            Action::SetUpgradeSettings { pool, to, .. } => {
                format!("pool {pool}: {} for the move", settings::words(to))
            }
            Action::RemoveNetworkPolicy { policy } => format!("turn network policy {policy} off"),
            Action::EnableCilium {
                policy_before: Some(policy),
            } if policy != "cilium" => {
                format!("Cilium as data plane and network policy, in place of {policy}")
            }
            Action::EnableCilium { .. } => "Cilium as data plane and network policy".to_string(),
            Action::MoveToOverlay { pod_cidr, .. } => {
                format!("move to Azure CNI Overlay, pod CIDR {pod_cidr}")
            }
            Action::Verify { .. } => "verify that the cluster runs on Overlay".to_string(),
            Action::EnableNetworkPolicy { policy } => format!("turn network policy {policy} on"),
            Action::RestoreUpgradeSettings { pool, to, .. } => {
                format!("pool {pool}: {} again", settings::words(to))
            }
        }
    }

    /// Whether every node of the cluster is drained and reimaged.
    pub fn reimages(&self) -> bool {
        matches!(
            self,
            Action::RemoveNetworkPolicy { .. }
                | Action::EnableCilium { .. }
                | Action::MoveToOverlay { .. }
                | Action::EnableNetworkPolicy { .. }
        )
    }

    /// What it writes.
    pub fn write(&self) -> Option<Write> {
        let profile = |fields: &[(&str, Value)]| {
            Some(Write {
                resource: Resource::Cluster,
                changes: fields
                    .iter()
                    .map(|(field, value)| FieldChange {
                        path: format!("/properties/networkProfile/{field}"),
                        value: value.clone(),
                    })
                    .collect(),
            })
        };
        match self {
            Action::Check | Action::Verify { .. } => None,
            Action::SetUpgradeSettings { pool, from, to }
            | Action::RestoreUpgradeSettings { pool, from, to } => Some(Write {
                resource: Resource::AgentPool(pool.clone()),
                changes: settings::changes(from, to),
            }),
            Action::RemoveNetworkPolicy { .. } => profile(&[("networkPolicy", json!("none"))]),
            // Both are sent: one without the other is refused.
            Action::EnableCilium { .. } => profile(&[
                ("networkDataplane", json!("cilium")),
                ("networkPolicy", json!("cilium")),
            ]),
            // Plugin and mode are both sent: from kubenet the mode alone is refused.
            Action::MoveToOverlay { pod_cidr, kept } => {
                let mut ranges = vec![pod_cidr.to_string()];
                ranges.extend(kept.iter().map(ToString::to_string));
                profile(&[
                    ("networkPlugin", json!("azure")),
                    ("networkPluginMode", json!("overlay")),
                    ("podCidr", json!(pod_cidr.to_string())),
                    ("podCidrs", json!(ranges)),
                ])
            }
            Action::EnableNetworkPolicy { policy } => profile(&[("networkPolicy", json!(policy))]),
        }
    }

    fn before(&self) -> Vec<Condition> {
        let mut conditions = vec![Condition::Succeeded];
        conditions.extend(self.starts_from());
        conditions
    }

    /// What only this action needs before.
    fn starts_from(&self) -> Vec<Condition> {
        match self {
            Action::Check | Action::Verify { .. } => Vec::new(),
            Action::SetUpgradeSettings { pool, from, .. }
            | Action::RestoreUpgradeSettings { pool, from, .. } => {
                vec![Condition::UpgradeSettingsAre {
                    pool: pool.clone(),
                    settings: from.clone(),
                }]
            }
            Action::RemoveNetworkPolicy { policy } => vec![Condition::NetworkPolicyIs {
                policy: Some(policy.clone()),
            }],
            Action::EnableCilium { policy_before } => vec![Condition::NetworkPolicyIs {
                policy: policy_before.clone(),
            }],
            // AKS refuses the move while another engine than Cilium is on (MIG-3).
            Action::MoveToOverlay { pod_cidr, .. } => vec![
                Condition::NetworkPolicyAllowsTheMove,
                Condition::NoOtherOverlay {
                    pod_cidr: *pod_cidr,
                },
            ],
            Action::EnableNetworkPolicy { .. } => vec![
                Condition::ModeIs {
                    mode: NetworkMode::Overlay,
                },
                Condition::NetworkPolicyIs { policy: None },
            ],
        }
    }

    fn before_again(&self) -> Vec<Condition> {
        match self {
            Action::Check | Action::Verify { .. } => Vec::new(),
            // Whether the profile has the range already or not, these hold of what the failed attempt left.
            Action::MoveToOverlay { .. } => {
                let mut conditions = vec![Condition::NoOperationRuns];
                conditions.extend(self.starts_from());
                conditions
            }
            // The profile may hold the old value or the new one; a third is somebody else's, and is not written over.
            _ => {
                let brings = self.after().into_iter();
                vec![
                    Condition::NoOperationRuns,
                    Condition::Either {
                        one: self.starts_from(),
                        other: brings.filter(Condition::is_of_the_profile).collect(),
                    },
                ]
            }
        }
    }

    fn after(&self) -> Vec<Condition> {
        let settled = |rest: Vec<Condition>| {
            let mut conditions = vec![Condition::Succeeded];
            conditions.extend(rest);
            conditions
        };
        match self {
            Action::Check => vec![Condition::Succeeded],
            Action::SetUpgradeSettings { pool, to, .. }
            | Action::RestoreUpgradeSettings { pool, to, .. } => {
                settled(vec![Condition::UpgradeSettingsAre {
                    pool: pool.clone(),
                    settings: to.clone(),
                }])
            }
            Action::RemoveNetworkPolicy { .. } => settled(vec![
                Condition::NetworkPolicyIs { policy: None },
                Condition::NodesReady,
            ]),
            Action::EnableCilium { .. } => settled(vec![
                Condition::DataplaneIs {
                    dataplane: "cilium".to_string(),
                },
                Condition::NetworkPolicyIs {
                    policy: Some("cilium".to_string()),
                },
                Condition::NodesReady,
            ]),
            Action::MoveToOverlay { pod_cidr, .. } => settled(vec![
                Condition::ModeIs {
                    mode: NetworkMode::Overlay,
                },
                Condition::PodCidrIs {
                    pod_cidr: *pod_cidr,
                },
                Condition::NodesReady,
                // A failed attempt may leave the profile done and nodes as they were: only they tell that nothing is left to do.
                Condition::NodesOnOverlay {
                    pod_cidr: *pod_cidr,
                },
            ]),
            Action::Verify { pod_cidr } => settled(vec![
                Condition::ModeIs {
                    mode: NetworkMode::Overlay,
                },
                Condition::PodCidrIs {
                    pod_cidr: *pod_cidr,
                },
                Condition::NodesReady,
                Condition::NodesOnOverlay {
                    pod_cidr: *pod_cidr,
                },
                Condition::PodsOffTheSubnets {
                    pod_cidr: *pod_cidr,
                },
                Condition::WorkloadsAsBefore,
                Condition::EndpointsAsBefore,
                Condition::AddressesReturned,
            ]),
            Action::EnableNetworkPolicy { policy } => settled(vec![
                Condition::NetworkPolicyIs {
                    policy: Some(policy.clone()),
                },
                Condition::NodesReady,
            ]),
        }
    }

    fn on_failure(&self) -> &'static str {
        match self {
            Action::Check => {
                "Nothing was changed. Mend what is named, make the plan again where facts changed, and start over."
            }
            Action::SetUpgradeSettings { .. } => {
                "No node was touched. Resume tries again; `az aks nodepool update` sets another value."
            }
            Action::RemoveNetworkPolicy { .. }
            | Action::EnableCilium { .. }
            | Action::EnableNetworkPolicy { .. } => {
                "Nodes that are done keep the new setting, the others the old one. Find what AKS answered in the table of failures, \
                 remove its cause (a budget, a replica more, addresses), then resume: the same request goes on with the nodes that \
                 are left."
            }
            Action::MoveToOverlay { .. } => {
                "There is no way back. Nodes that are done run on Overlay, the others as before, and pods on both sides go on \
                 running. Find what AKS answered in the table of failures, remove its cause (a budget, a replica more, addresses), \
                 then resume: the same request goes on with the nodes that are left."
            }
            Action::Verify { .. } => {
                "The move is made, and something that should hold does not. Each line says which; resume checks again, and touches no \
                 node."
            }
            Action::RestoreUpgradeSettings { .. } => {
                "The move is made; only this pool's setting is still the one for the move. Resume tries again."
            }
        }
    }

    /// Facts of the fingerprint that are other after it, by the beginning of their name.
    pub fn alters(&self) -> Vec<String> {
        match self {
            Action::Check | Action::Verify { .. } => Vec::new(),
            Action::SetUpgradeSettings { pool, .. }
            | Action::RestoreUpgradeSettings { pool, .. } => {
                vec![format!("pool.{pool}.upgradeSettings.")]
            }
            Action::RemoveNetworkPolicy { .. } | Action::EnableNetworkPolicy { .. } => {
                vec!["cluster.networkProfile.networkPolicy".to_string()]
            }
            Action::EnableCilium { .. } => vec![
                "cluster.networkProfile.networkPolicy".to_string(),
                "cluster.networkProfile.networkDataplane".to_string(),
            ],
            Action::MoveToOverlay { .. } => vec![
                "cluster.networkProfile.networkPlugin".to_string(),
                "cluster.networkProfile.networkPluginMode".to_string(),
                "cluster.networkProfile.podCidrs".to_string(),
                // A cluster of kubenet names none, and one on Overlay does.
                "cluster.networkProfile.networkDataplane".to_string(),
                // AKS takes the routes of kubenet away (MIG-8).
                "subnet.*.routeTable".to_string(),
            ],
        }
    }
}

impl Step {
    /// It is the move itself.
    pub fn is_move(&self) -> bool {
        matches!(self.action, Action::MoveToOverlay { .. })
    }

    /// It reimages every node, and is not the move itself.
    pub fn is_plain_reimage(&self) -> bool {
        self.reimages && !self.is_move()
    }

    /// The step that does this, as number so-and-so of a plan.
    pub fn of(number: usize, action: Action) -> Self {
        let pool = match &action {
            Action::SetUpgradeSettings { pool, .. }
            | Action::RestoreUpgradeSettings { pool, .. } => format!("-{pool}"),
            _ => String::new(),
        };
        Step {
            id: format!("{number}-{}{pool}", action.key()),
            write: action.write(),
            reimages: action.reimages(),
            before: action.before(),
            before_again: action.before_again(),
            after: action.after(),
            expected: None,
            foreseen: None,
            on_failure: action.on_failure().to_string(),
            action,
        }
    }
}
