//! `aksplan permissions`.

use super::output::write_all;
use super::{CliError, Ending};
#[cfg(feature = "azure")]
use crate::source::azure::{reads, writes};
#[cfg(feature = "kubernetes")]
use crate::source::kubernetes_api::{
    cluster_role, cluster_role_with_secrets, writes::execution_roles,
};
#[cfg(feature = "azure")]
use std::io::Write;

/// The smallest roles that let aksplan read everything: for Azure as JSON, for Kubernetes as YAML
///
/// Both are made from the tables that the requests themselves are judged by: what is not in them is never asked. Nothing in them
/// writes, unless --execute asks for the roles with which a migration is executed.
///
/// Without a subcommand: both, as two YAML documents, of which the first is the JSON.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PermissionsArgs {
    #[command(subcommand)]
    of: Option<Of>,

    /// The roles for `migrate --execute` instead, of Azure and of Kubernetes
    #[arg(long)]
    execute: bool,

    /// Where Azure's may be assigned, as for `permissions azure`
    #[arg(long, value_name = "SCOPE", default_value = NO_SCOPE)]
    scope: String,
}

/// What stands for a scope until somebody names one.
const NO_SCOPE: &str = "/subscriptions/00000000-0000-0000-0000-000000000000";

#[derive(Debug, clap::Subcommand)]
enum Of {
    /// A custom role, for `az role definition create --role-definition @FILE`
    #[cfg(feature = "azure")]
    Azure {
        /// Where it may be assigned: /subscriptions/ID, or /providers/Microsoft.Management/managementGroups/ID
        #[arg(long, value_name = "SCOPE", default_value = NO_SCOPE)]
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

        /// With the rule for --secret-types: whoever has it can read the data of every Secret as well
        #[arg(long, conflicts_with = "execute")]
        secret_types: bool,
    },
}

pub fn run(args: &PermissionsArgs) -> Result<Ending, CliError> {
    let Some(of) = &args.of else {
        #[cfg(feature = "azure")]
        write_all(&azure_role(&args.scope, args.execute)?)?;
        #[cfg(all(feature = "azure", feature = "kubernetes"))]
        write_all("---\n")?;
        #[cfg(feature = "kubernetes")]
        write_all(&kubernetes_roles(args.execute))?;
        return Ok(Ending::Fine);
    };
    match of {
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
        Of::Azure { scope, execute, .. } => write_all(&azure_role(scope, *execute)?)?,
        #[cfg(feature = "kubernetes")]
        Of::Kubernetes {
            secret_types: true, ..
        } => write_all(&cluster_role_with_secrets())?,
        #[cfg(feature = "kubernetes")]
        Of::Kubernetes { execute, .. } => write_all(&kubernetes_roles(*execute))?,
    }
    Ok(Ending::Fine)
}

#[cfg(feature = "azure")]
fn azure_role(scope: &str, execute: bool) -> Result<String, CliError> {
    if !scope.starts_with('/') {
        return Err(CliError::Usage(format!(
            "--scope {scope}: expected an id that begins with /, such as {NO_SCOPE}"
        )));
    }
    if scope == NO_SCOPE {
        // Nobody may be listening; the role says it as well.
        let _ = writeln!(
            std::io::stderr(),
            "this role can be assigned nowhere yet: name where with --scope /subscriptions/ID, or a resource group in it"
        );
    }
    Ok(if execute {
        writes::execution_role(scope)
    } else {
        reads::custom_role(scope)
    })
}

#[cfg(feature = "kubernetes")]
fn kubernetes_roles(execute: bool) -> String {
    if execute {
        execution_roles()
    } else {
        cluster_role()
    }
}
