//! Everything that is ever written to Azure: one table, from which writes are judged and the role for execution is made. It reads
//! nothing, and nothing that is not in it is sent. Beside it, what Azure checks because the body of a write names other resources:
//! a PUT gives back the whole cluster, so these rights are needed though nothing of them is changed.

use super::operation::POLLS;
use super::reads::{self, READS, is_like};
use azure_core::http::Method;
use serde_json::Value;
use std::collections::BTreeSet;

/// One kind of write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write {
    /// `PUT`, or the `POST` that ends what runs.
    pub method: Method,
    /// As [`super::reads::Read::paths`].
    pub path: &'static str,
    /// What Azure's access control calls it.
    pub action: &'static str,
    /// What is missing where it is refused, in words that follow "without it".
    pub purpose: &'static str,
}

/// In the order of the custom role.
pub const WRITES: &[Write] = &[
    Write {
        method: Method::Put,
        path: "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}",
        action: "Microsoft.ContainerService/managedClusters/write",
        purpose: "no step that changes the cluster can be carried out",
    },
    Write {
        method: Method::Put,
        path: "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}/agentPools/{}",
        action: "Microsoft.ContainerService/managedClusters/agentPools/write",
        purpose: "surge and drain settings of pools cannot be changed",
    },
    Write {
        method: Method::Post,
        path: "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}/abort",
        action: "Microsoft.ContainerService/managedClusters/abort/action",
        purpose: "what runs on the cluster cannot be aborted",
    },
    Write {
        method: Method::Post,
        path: "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}/agentPools/{}/abort",
        action: "Microsoft.ContainerService/managedClusters/agentPools/abort/action",
        purpose: "what runs on a single pool cannot be aborted",
    },
];

/// The line that allows a write, if one does.
pub fn allowing(method: Method, path: &str) -> Option<&'static Write> {
    WRITES
        .iter()
        .find(|write| write.method == method && is_like(write.path, path))
}

/// How sure it is that Azure checks something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sureness {
    /// Azure refused a cluster's PUT for lack of it, in a public report.
    Observed,
    /// AKS' documentation asks for it of whoever operates a cluster ("Identity creating and operating the cluster permissions").
    Documented,
    /// Neither; other services check the like.
    Assumed,
}

/// A right on another resource, which a body that names it needs. It is checked where that resource is, so it must be granted there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linked {
    pub action: &'static str,
    /// Where bodies name such resources, as JSON pointers with `*` for any key or position; one that ends in `*` means the keys.
    pub places: &'static [&'static str],
    /// Which clusters need it, in words that follow "only for".
    pub whose: &'static str,
    pub sureness: Sureness,
}

/// What is not in it: route tables, which belong to subnets and stand in no cluster's body; and the `solutions/write` that AKS'
/// documentation asks for, which is for making a monitoring solution and not for giving one back.
pub const LINKED: &[Linked] = &[
    Linked {
        action: "Microsoft.Network/virtualNetworks/subnets/join/action",
        places: &[
            "/properties/agentPoolProfiles/*/vnetSubnetID",
            "/properties/agentPoolProfiles/*/podSubnetID",
            "/properties/apiServerAccessProfile/subnetId",
            "/properties/vnetSubnetID",
            "/properties/podSubnetID",
        ],
        whose: "clusters in subnets of their own",
        sureness: Sureness::Documented,
    },
    Linked {
        action: "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
        places: &[
            "/identity/userAssignedIdentities/*",
            "/properties/identityProfile/*/resourceId",
            "/properties/podIdentityProfile/userAssignedIdentities/*/identity/resourceId",
        ],
        whose: "clusters with user-assigned identities, be it for the control plane or for kubelets",
        sureness: Sureness::Documented,
    },
    // Azure/AKS#4014 is this very move: an update to Overlay, refused for the workspace of another team. Azure/azure-cli#22232.
    Linked {
        action: "Microsoft.OperationalInsights/workspaces/sharedkeys/read",
        places: &[
            "/properties/addonProfiles/omsagent/config/logAnalyticsWorkspaceResourceID",
            "/properties/addonProfiles/omsAgent/config/logAnalyticsWorkspaceResourceID",
        ],
        whose: "clusters with monitoring add-on and Log Analytics workspace",
        sureness: Sureness::Observed,
    },
    Linked {
        action: "Microsoft.OperationalInsights/workspaces/read",
        places: &[
            "/properties/addonProfiles/omsagent/config/logAnalyticsWorkspaceResourceID",
            "/properties/addonProfiles/omsAgent/config/logAnalyticsWorkspaceResourceID",
            "/properties/securityProfile/defender/logAnalyticsWorkspaceResourceId",
        ],
        whose: "clusters with a Log Analytics workspace",
        sureness: Sureness::Documented,
    },
    Linked {
        action: "Microsoft.Network/publicIPAddresses/join/action",
        places: &["/properties/networkProfile/loadBalancerProfile/outboundIPs/publicIPs/*/id"],
        whose: "clusters with outbound public IPs of their own",
        sureness: Sureness::Documented,
    },
    Linked {
        action: "Microsoft.Network/publicIPPrefixes/join/action",
        places: &[
            "/properties/networkProfile/loadBalancerProfile/outboundIPPrefixes/publicIPPrefixes/*/id",
            "/properties/agentPoolProfiles/*/nodePublicIPPrefixID",
            "/properties/nodePublicIPPrefixID",
        ],
        whose: "clusters with outbound prefixes of their own, or public addresses on nodes",
        sureness: Sureness::Documented,
    },
    Linked {
        action: "Microsoft.Compute/diskEncryptionSets/read",
        places: &["/properties/diskEncryptionSetID"],
        whose: "clusters with a disk encryption set",
        sureness: Sureness::Documented,
    },
    Linked {
        action: "Microsoft.Compute/proximityPlacementGroups/write",
        places: &[
            "/properties/agentPoolProfiles/*/proximityPlacementGroupID",
            "/properties/proximityPlacementGroupID",
        ],
        whose: "pools in a proximity placement group",
        sureness: Sureness::Documented,
    },
    Linked {
        action: "Microsoft.Compute/capacityReservationGroups/deploy/action",
        places: &[
            "/properties/agentPoolProfiles/*/capacityReservationGroupID",
            "/properties/capacityReservationGroupID",
        ],
        whose: "pools in a capacity reservation group",
        sureness: Sureness::Assumed,
    },
    Linked {
        action: "Microsoft.Network/applicationGateways/read",
        places: &[
            "/properties/addonProfiles/ingressApplicationGateway/config/applicationGatewayId",
        ],
        whose: "clusters with the application gateway add-on",
        sureness: Sureness::Documented,
    },
];

/// The rights on other resources that writing this body takes, each with the ids it names, in the order of [`LINKED`].
pub fn linked_in(body: &Value) -> Vec<(&'static Linked, Vec<String>)> {
    LINKED
        .iter()
        .filter_map(|linked| {
            let mut ids = BTreeSet::new();
            for place in linked.places {
                let steps: Vec<&str> = place.split('/').skip(1).collect();
                named(body, &steps, &mut ids);
            }
            (!ids.is_empty()).then(|| (linked, ids.into_iter().collect()))
        })
        .collect()
}

fn named(value: &Value, steps: &[&str], ids: &mut BTreeSet<String>) {
    match (steps, value) {
        ([], Value::String(id)) if id.starts_with('/') => {
            ids.insert(id.clone());
        }
        (["*"], Value::Object(fields)) => ids.extend(fields.keys().cloned()),
        (["*", rest @ ..], Value::Object(fields)) => {
            fields.values().for_each(|field| named(field, rest, ids));
        }
        (["*", rest @ ..], Value::Array(elements)) => {
            elements
                .iter()
                .for_each(|element| named(element, rest, ids));
        }
        ([first, rest @ ..], Value::Object(fields)) => {
            if let Some(field) = fields.get(*first) {
                named(field, rest, ids);
            }
        }
        _ => {}
    }
}

/// Actions of an execution, each once, with what is missing without it: reads, writes, the way to see how a write ends, and what
/// Azure checks beside.
pub fn execution_actions() -> Vec<(&'static str, String)> {
    let mut actions: Vec<(&'static str, String)> = Vec::new();
    let mut add = |action: &'static str, why: String| {
        if !actions.iter().any(|(known, _)| *known == action) {
            actions.push((action, why));
        }
    };
    for read in READS {
        add(read.action, read.purpose.to_string());
    }
    for write in WRITES {
        add(write.action, write.purpose.to_string());
    }
    // What is written is clusters and pools; networks are not.
    let own = POLLS
        .iter()
        .filter(|poll| poll.action.starts_with("Microsoft.ContainerService/"));
    for poll in own {
        add(poll.action, poll.purpose.to_string());
    }
    for linked in LINKED {
        let sureness = match linked.sureness {
            Sureness::Observed => "seen to be refused without",
            Sureness::Documented => "as AKS documents it",
            Sureness::Assumed => "not documented",
        };
        add(
            linked.action,
            format!(
                "Azure refuses to take a cluster back that names such a resource; granted where that resource is, and only for {} ({sureness})",
                linked.whose
            ),
        );
    }
    actions
}

/// The smallest custom role with which any migration is executed, as `az role definition create` takes it.
pub fn execution_role(scope: &str) -> String {
    let actions = execution_actions();
    let actions: Vec<&str> = actions.iter().map(|(action, _)| *action).collect();
    reads::role_of(
        "aksplan executor",
        "Reads what aksplan needs, and executes migrations of clusters that were planned with it.",
        &actions,
        scope,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_table_allows() {
        let cluster = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c";
        let pool = format!("{cluster}/agentPools/p");
        for (method, path, allowed) in [
            (Method::Put, cluster.to_string(), true),
            (Method::Put, cluster.to_uppercase(), true),
            (Method::Put, pool.clone(), true),
            (Method::Post, format!("{cluster}/abort"), true),
            (Method::Post, format!("{pool}/abort"), true),
            (Method::Put, format!("{cluster}/abort"), false),
            (Method::Put, format!("{cluster}/agentPools"), false),
            (Method::Put, format!("{cluster}/agentPools/.."), false),
            (
                Method::Put,
                format!("{cluster}/maintenanceConfigurations/default"),
                false,
            ),
            (Method::Post, format!("{cluster}/stop"), false),
            (
                Method::Post,
                format!("{cluster}/listClusterAdminCredential"),
                false,
            ),
            (Method::Delete, cluster.to_string(), false),
            (Method::Patch, cluster.to_string(), false),
            (Method::Get, cluster.to_string(), false),
            (Method::Delete, pool.clone(), false),
            (
                Method::Put,
                "/subscriptions/s/resourceGroups/g".to_string(),
                false,
            ),
        ] {
            assert_eq!(
                allowing(method, &path).is_some(),
                allowed,
                "{method} {path}"
            );
        }
    }

    #[test]
    fn a_body_says_which_rights_it_takes() {
        let body = serde_json::json!({
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/i/1": {}}},
            "properties": {
                "agentPoolProfiles": [{"vnetSubnetID": "/s/1", "podSubnetID": null}, {"vnetSubnetID": "/s/1"}, {"podSubnetID": "/s/2"}],
                "identityProfile": {"kubeletidentity": {"resourceId": "/i/2"}},
                "addonProfiles": {"omsagent": {"enabled": true, "config": {"logAnalyticsWorkspaceResourceID": "/w/1"}}},
                "diskEncryptionSetID": "",
            },
        });
        let told: Vec<(&str, Vec<String>)> = linked_in(&body)
            .into_iter()
            .map(|(linked, ids)| {
                (
                    linked
                        .action
                        .rsplit_once("Microsoft.")
                        .map_or("", |(_, end)| end),
                    ids,
                )
            })
            .collect();
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            told,
            [
                (
                    "Network/virtualNetworks/subnets/join/action",
                    texts(&["/s/1", "/s/2"])
                ),
                (
                    "ManagedIdentity/userAssignedIdentities/assign/action",
                    texts(&["/i/1", "/i/2"])
                ),
                (
                    "OperationalInsights/workspaces/sharedkeys/read",
                    texts(&["/w/1"])
                ),
                ("OperationalInsights/workspaces/read", texts(&["/w/1"])),
            ]
        );
        let pool = serde_json::json!({"properties": {"vnetSubnetID": "/s/3"}});
        assert_eq!(linked_in(&pool)[0].1, ["/s/3"]);
        assert!(linked_in(&serde_json::json!({})).is_empty());
    }
}
