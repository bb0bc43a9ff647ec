//! `aksplan permissions`.

use super::output::write_all;
use super::{CliError, Ending};
#[cfg(feature = "azure")]
use crate::source::azure::{reads, writes};
#[cfg(feature = "kubernetes")]
use crate::source::kubernetes_api::{cluster_role, writes::execution_roles};

/// The smallest roles that let aksplan read everything: for Azure as JSON, for Kubernetes as YAML
///
/// Both are made from the tables that the requests themselves are judged by: what is not in them is never asked. Nothing in them
/// writes, unless --execute asks for the roles with which a migration is executed.
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

        /// The role for `migrate --execute` instead: it writes clusters and pools, and aborts what runs on them
        #[arg(long)]
        execute: bool,
    },

    /// A ClusterRole, for `kubectl apply -f -`
    #[cfg(feature = "kubernetes")]
    Kubernetes {
        /// The roles for `migrate --execute` instead: a Role beside it, for the one lease that says who executes
        #[arg(long)]
        execute: bool,
    },
}

pub fn run(args: &PermissionsArgs) -> Result<Ending, CliError> {
    match &args.of {
        #[cfg(feature = "azure")]
        Of::Azure {
            why: true, execute, ..
        } => {
            let actions = if *execute {
                writes::execution_actions()
            } else {
                let read = |read: &reads::Read| (read.action, read.purpose.to_string());
                reads::READS.iter().map(read).collect()
            };
            let lines: Vec<String> = actions
                .iter()
                .map(|(action, why)| format!("{action}: without it, {why}\n"))
                .collect();
            write_all(&lines.concat())?;
        }
        #[cfg(feature = "azure")]
        Of::Azure { scope, execute, .. } => {
            if !scope.starts_with('/') {
                return Err(CliError::Usage(format!(
                    "--scope {scope}: expected an id that begins with /, such as /subscriptions/00000000-0000-0000-0000-000000000000"
                )));
            }
            write_all(&if *execute {
                writes::execution_role(scope)
            } else {
                reads::custom_role(scope)
            })?;
        }
        #[cfg(feature = "kubernetes")]
        Of::Kubernetes { execute: true } => write_all(&execution_roles())?,
        #[cfg(feature = "kubernetes")]
        Of::Kubernetes { .. } => write_all(&cluster_role())?,
    }
    Ok(Ending::Fine)
}
