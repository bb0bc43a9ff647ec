//! `aksplan permissions`.

use super::output::write_all;
use super::{CliError, Ending};
#[cfg(feature = "azure")]
use crate::source::azure::reads;
#[cfg(feature = "kubernetes")]
use crate::source::kubernetes_api::cluster_role;

/// The smallest roles that let aksplan read everything: for Azure as JSON, for Kubernetes as YAML
///
/// Both are made from the tables that the requests themselves are judged by: what is not in them is never asked. Nothing in them
/// writes.
#[derive(Debug, clap::Args)]
pub struct PermissionsArgs {
    #[command(subcommand)]
    of: Of,
}

#[derive(Debug, clap::Subcommand)]
enum Of {
    /// A custom role, for `az role definition create --role-definition @FILE`
    #[cfg(feature = "azure")]
    Azure {
        /// Where it may be assigned: /subscriptions/ID, or /providers/Microsoft.Management/managementGroups/ID
        #[arg(
            long,
            value_name = "SCOPE",
            default_value = "/subscriptions/00000000-0000-0000-0000-000000000000"
        )]
        scope: String,

        /// A line each instead: the action, and what is missing without it
        #[arg(long)]
        why: bool,
    },

    /// A ClusterRole, for `kubectl apply -f -`
    #[cfg(feature = "kubernetes")]
    Kubernetes,
}

pub fn run(args: &PermissionsArgs) -> Result<Ending, CliError> {
    match &args.of {
        #[cfg(feature = "azure")]
        Of::Azure { why: true, .. } => {
            let lines: Vec<String> = reads::READS
                .iter()
                .map(|read| format!("{}: without it, {}\n", read.action, read.purpose))
                .collect();
            write_all(&lines.concat())?;
        }
        #[cfg(feature = "azure")]
        Of::Azure { scope, .. } => {
            if !scope.starts_with('/') {
                return Err(CliError::Usage(format!(
                    "--scope {scope}: expected an id that begins with /, such as /subscriptions/00000000-0000-0000-0000-000000000000"
                )));
            }
            write_all(&reads::custom_role(scope))?;
        }
        #[cfg(feature = "kubernetes")]
        Of::Kubernetes => write_all(&cluster_role())?,
    }
    Ok(Ending::Fine)
}
