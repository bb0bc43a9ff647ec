//! Everything that is ever written to Azure: one table, from which writes are judged and the role for execution is made. It reads
//! nothing, and nothing that is not in it is sent.

use super::reads::is_like;
use azure_core::http::Method;

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
}
