//! Everything that is ever asked of Azure: one table, from which requests are judged and the custom role is made. A request that
//! no line allows is not sent; nothing in the table writes.

use azure_core::http::Method;
use std::fmt::Write;

/// One kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// `GET`, or one of the few `POST`s that only read.
    pub method: Method,
    /// Paths with `{}` for each segment that varies. Compared without regard to case, as Azure Resource Manager does.
    pub paths: &'static [&'static str],
    /// What Azure's access control calls it.
    pub action: &'static str,
    /// What is missing where it is refused, in words that follow "without it".
    pub purpose: &'static str,
}

/// In the order of the custom role.
pub const READS: &[Read] = &[
    Read {
        method: Method::Get,
        paths: &["/subscriptions", "/subscriptions/{}"],
        action: "Microsoft.Resources/subscriptions/read",
        purpose: "subscriptions that the Azure CLI does not know cannot be named, only given by id, and the tenant of a plan's \
                  cluster is not known",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.ContainerService/managedClusters",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}",
        ],
        action: "Microsoft.ContainerService/managedClusters/read",
        purpose: "there are no clusters to plan for",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}/agentPools",
        ],
        action: "Microsoft.ContainerService/managedClusters/agentPools/read",
        purpose: "pools are known only as their cluster lists them",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}/maintenanceConfigurations",
        ],
        action: "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/read",
        purpose: "maintenance windows are not known",
    },
    Read {
        method: Method::Post,
        paths: &[
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}/listClusterUserCredential",
        ],
        action: "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
        purpose: "--kubernetes needs a kubeconfig of your own",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.AlertsManagement/prometheusRuleGroups",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.AlertsManagement/prometheusRuleGroups",
        ],
        action: "Microsoft.AlertsManagement/prometheusRuleGroups/read",
        purpose: "readiness does not know which Prometheus alerts watch a cluster",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.Dashboard/grafana",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Dashboard/grafana",
        ],
        action: "Microsoft.Dashboard/grafana/read",
        purpose: "readiness does not know whether a Grafana shows a cluster",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.Insights/metricAlerts",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Insights/metricAlerts",
        ],
        action: "Microsoft.Insights/metricAlerts/read",
        purpose: "readiness does not know which metric alerts watch a cluster",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.Insights/scheduledQueryRules",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Insights/scheduledQueryRules",
        ],
        action: "Microsoft.Insights/scheduledQueryRules/read",
        purpose: "readiness does not know which log alerts watch a cluster",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities",
        ],
        action: "Microsoft.ManagedIdentity/userAssignedIdentities/read",
        purpose: "readiness does not know the identities that service accounts name",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{}/federatedIdentityCredentials",
        ],
        action: "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
        purpose: "readiness does not know whose tokens an identity trusts",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.Network/applicationGateways",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/applicationGateways",
        ],
        action: "Microsoft.Network/applicationGateways/read",
        purpose: "application gateways that send traffic to pods are not known",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.Network/loadBalancers",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/loadBalancers",
        ],
        action: "Microsoft.Network/loadBalancers/read",
        purpose: "frontend addresses of load balancers are not known",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.Network/natGateways",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/natGateways",
        ],
        action: "Microsoft.Network/natGateways/read",
        purpose: "NAT gateways are not known",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.Network/networkInterfaces",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/networkInterfaces",
        ],
        action: "Microsoft.Network/networkInterfaces/read",
        purpose: "addresses of private endpoints and of single machines are not known",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.Network/networkSecurityGroups",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/networkSecurityGroups",
        ],
        action: "Microsoft.Network/networkSecurityGroups/read",
        purpose: "rules that cut pods off after the move to Overlay are not known",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.Network/privateDnsZones",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/privateDnsZones",
        ],
        action: "Microsoft.Network/privateDnsZones/read",
        purpose: "private DNS zones are not known",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/privateDnsZones/{}/A",
        ],
        action: "Microsoft.Network/privateDnsZones/A/read",
        purpose: "private DNS records that name pods are not known",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.Network/privateEndpoints",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/privateEndpoints",
        ],
        action: "Microsoft.Network/privateEndpoints/read",
        purpose: "private endpoints are not known by name",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.Network/routeTables",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/routeTables",
        ],
        action: "Microsoft.Network/routeTables/read",
        purpose: "routes are not known",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/providers/Microsoft.Network/virtualNetworks",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworks",
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworks/{}",
        ],
        action: "Microsoft.Network/virtualNetworks/read",
        purpose: "there are no networks to plan in",
    },
    Read {
        method: Method::Get,
        paths: &[
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworks/{}/usages",
        ],
        action: "Microsoft.Network/virtualNetworks/usages/read",
        purpose: "addresses in use are counted from what subnets list, which is less sure",
    },
    Read {
        method: Method::Post,
        paths: &["/providers/Microsoft.ResourceGraph/resources"],
        action: "Microsoft.ResourceGraph/resources/read",
        purpose: "--all and --management-group do not work",
    },
];

/// The line that allows a request, if one does.
pub fn allowing(method: Method, path: &str) -> Option<&'static Read> {
    allowing_in(READS, method, path)
}

/// As [`allowing`], by another table.
pub(super) fn allowing_in(
    table: &'static [Read],
    method: Method,
    path: &str,
) -> Option<&'static Read> {
    table.iter().find(|read| {
        read.method == method && read.paths.iter().any(|template| is_like(template, path))
    })
}

pub(super) fn is_like(template: &str, path: &str) -> bool {
    let mut segments = path.trim_end_matches('/').split('/');
    template.split('/').all(|wanted| {
        segments.next().is_some_and(|segment| {
            if wanted == "{}" {
                // A segment that names nothing, or one that climbs, is no resource.
                !segment.is_empty() && segment != "." && segment != ".."
            } else {
                segment.eq_ignore_ascii_case(wanted)
            }
        })
    }) && segments.next().is_none()
}

/// The smallest custom role that lets aksplan read everything, as `az role definition create` takes it.
pub fn custom_role(scope: &str) -> String {
    let actions: Vec<&str> = READS.iter().map(|read| read.action).collect();
    role_of(
        "aksplan reader",
        "Reads what aksplan needs to plan addresses; writes nothing.",
        &actions,
        scope,
    )
}

/// A custom role as JSON, one action a line.
pub(super) fn role_of(name: &str, description: &str, actions: &[&str], scope: &str) -> String {
    let mut text = format!(
        "{{\n  \"Name\": \"{name}\",\n  \"IsCustom\": true,\n  \"Description\": \"{description}\",\n  \"Actions\": [\n"
    );
    for (position, action) in actions.iter().enumerate() {
        let comma = if position + 1 < actions.len() {
            ","
        } else {
            ""
        };
        writeln!(text, "    \"{action}\"{comma}").expect("writing to a text never fails");
    }
    let scope = serde_json::Value::from(scope);
    write!(
        text,
        "  ],\n  \"NotActions\": [],\n  \"DataActions\": [],\n  \"NotDataActions\": [],\n  \"AssignableScopes\": [{scope}]\n}}\n"
    )
    .expect("writing to a text never fails");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_table_allows() {
        let cluster = "/subscriptions/s/resourceGroups/g/providers/microsoft.containerservice/managedclusters/c";
        assert!(allowing(Method::Get, cluster).is_some());
        assert!(allowing(Method::Get, &cluster.to_uppercase()).is_some());
        for refused in [Method::Put, Method::Delete, Method::Patch, Method::Post] {
            assert_eq!(allowing(refused, cluster), None, "{refused}");
        }
        for path in [
            format!("{cluster}/abort"),
            format!("{cluster}/listClusterAdminCredential"),
            format!("{cluster}/../x"),
            "/subscriptions//providers/Microsoft.Network/virtualNetworks".to_string(),
            "/".to_string(),
            String::new(),
        ] {
            assert_eq!(allowing(Method::Post, &path), None, "{path}");
            assert_eq!(allowing(Method::Get, &path), None, "{path}");
        }
    }

    #[test]
    fn two_reads_are_posts() {
        let posts: Vec<_> = READS
            .iter()
            .filter(|read| read.method == Method::Post)
            .collect();
        assert_eq!(posts.len(), 2);
        assert!(
            READS
                .iter()
                .all(|read| matches!(read.method, Method::Get | Method::Post))
        );
    }

    #[test]
    fn the_role_names_each_action_once() {
        let role: serde_json::Value =
            serde_json::from_str(&custom_role("/subscriptions/s")).unwrap();
        let mut actions: Vec<&str> = role["Actions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|action| action.as_str().unwrap())
            .collect();
        let all = actions.len();
        actions.dedup();
        assert_eq!(actions.len(), all);
        assert!(actions.iter().all(|action| !action.contains('*')
            && !action.ends_with("/write")
            && !action.ends_with("/delete")));
    }
}
