//! Flags that say which cluster to read live, and the reading itself. Reads the environment's `KUBECONFIG`; the reader below does
//! not.

use super::CliError;
use super::progress::Line;
use crate::source::kubernetes_api::{self, Access, Read, Settings};
use std::path::PathBuf;

#[derive(Debug, Clone, Default, clap::Args)]
#[command(
    next_help_heading = "Kubernetes",
    group = clap::ArgGroup::new("api_server").multiple(true)
)]
pub struct KubernetesAccess {
    /// Read the cluster of this kubeconfig live (several times: merged in this order; default: $KUBECONFIG, then
    /// ~/.kube/config)
    #[arg(
        long,
        value_name = "PATH",
        group = "api_server",
        conflicts_with = "in_cluster"
    )]
    pub kubeconfig: Vec<PathBuf>,

    /// Read the cluster of this context of the kubeconfig live
    #[arg(
        long,
        value_name = "NAME",
        group = "api_server",
        conflicts_with = "in_cluster"
    )]
    pub context: Option<String>,

    /// Read the cluster aksplan runs in live, as the pod's service account
    #[arg(long, group = "api_server")]
    pub in_cluster: bool,

    /// Read every cluster the command is about live, each with the kubeconfig that Azure hands out to you
    #[cfg(feature = "azure")]
    #[arg(long, group = "api_server", conflicts_with_all = ["kubeconfig", "context", "in_cluster"])]
    pub kubernetes: bool,

    /// List Secrets of type kubernetes.io/tls too, as metadata: namespace, name and type are kept, data is not asked for
    ///
    /// For `readiness` and what shows it. The role needs `list` on secrets, which RBAC cannot grant without their data: whoever has
    /// the role can read every password and private key. So it is not in the role of `aksplan permissions kubernetes`, unless
    /// --secret-types asks for it there as well. An annotation of a Secret may repeat its data (`kubectl apply` writes one); it is
    /// part of the metadata that the server sends, and is passed over as it is parsed.
    #[arg(long, requires = "api_server")]
    pub secret_types: bool,
}

impl KubernetesAccess {
    /// Whether some API server is asked.
    pub fn is_asked(&self) -> bool {
        #[cfg(feature = "azure")]
        if self.kubernetes {
            return true;
        }
        self.in_cluster || self.context.is_some() || !self.kubeconfig.is_empty()
    }

    /// How to reach the cluster that is to be read; `None` when no flag asks for one.
    pub fn access(&self) -> Result<Option<Access>, CliError> {
        if self.in_cluster {
            return Ok(Some(Access::InCluster));
        }
        if self.kubeconfig.is_empty() && self.context.is_none() {
            return Ok(None);
        }
        let paths = if self.kubeconfig.is_empty() {
            default_paths(
                std::env::var_os("KUBECONFIG"),
                std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
            )?
        } else {
            self.kubeconfig.clone()
        };
        Ok(Some(Access::Kubeconfig {
            paths,
            context: self.context.clone(),
        }))
    }
}

/// As kubectl: the list in `KUBECONFIG`, of which files that do not exist are passed over, else the one at home.
fn default_paths(
    variable: Option<std::ffi::OsString>,
    home: Option<PathBuf>,
) -> Result<Vec<PathBuf>, CliError> {
    let listed: Vec<PathBuf> = variable
        .iter()
        .flat_map(std::env::split_paths)
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    if listed.is_empty() {
        return match home {
            Some(home) => Ok(vec![home.join(".kube").join("config")]),
            None => Err(CliError::Usage(
                "no kubeconfig: KUBECONFIG is not set and there is no home folder; give --kubeconfig PATH"
                    .to_string(),
            )),
        };
    }
    let there: Vec<PathBuf> = listed
        .iter()
        .filter(|path| path.exists())
        .cloned()
        .collect();
    Ok(if there.is_empty() { listed } else { there })
}

/// Reads the cluster, with a line of progress where somebody watches.
pub fn read(access: &Access, secret_types: bool, quiet: bool) -> Result<Read, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let name = match access {
        Access::Kubeconfig {
            context: Some(context),
            ..
        } => context.as_str(),
        _ => "the cluster",
    };
    let line = Line::new(name, quiet);
    let settings = Settings {
        secret_types,
        ..Settings::default()
    };
    let read = runtime.block_on(kubernetes_api::read(access, &settings, &line));
    line.finish();
    Ok(read?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_comes_before_the_file_at_home() {
        let home = || Some(PathBuf::from("/home/jane"));
        let list = |text: &str| Some(std::ffi::OsString::from(text));
        let paths = |variable, home| default_paths(variable, home).ok();
        let config = Some(vec![PathBuf::from("/home/jane/.kube/config")]);
        assert_eq!(paths(None, home()), config);
        assert_eq!(paths(list(""), home()), config);
        assert_eq!(
            paths(list("/none/a:/none/b"), home()),
            Some(vec![PathBuf::from("/none/a"), PathBuf::from("/none/b")]),
            "none of them is there: the error names them"
        );
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert_eq!(
            paths(list(&format!("/none/a:{here}")), home()),
            Some(vec![PathBuf::from(here)])
        );
        assert_eq!(paths(None, None), None);
    }
}
