//! Flags that say which cluster to read live, and the reading itself. Reads the environment's `KUBECONFIG`; the reader below does
//! not.

use super::CliError;
use super::progress::Line;
use crate::source::kubernetes_api::{self, Access, Read, Settings};
use std::path::PathBuf;

#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Kubernetes")]
pub struct KubernetesAccess {
    /// Read the cluster of this kubeconfig live (several times: merged in this order; default: $KUBECONFIG, then
    /// ~/.kube/config)
    #[arg(long, value_name = "PATH", conflicts_with = "in_cluster")]
    pub kubeconfig: Vec<PathBuf>,

    /// Read the cluster of this context of the kubeconfig live
    #[arg(long, value_name = "NAME", conflicts_with = "in_cluster")]
    pub context: Option<String>,

    /// Read the cluster aksplan runs in live, as the pod's service account
    #[arg(long)]
    pub in_cluster: bool,

    /// Read every cluster the command is about live, each with the kubeconfig that Azure hands out to you
    #[cfg(feature = "azure")]
    #[arg(long, conflicts_with_all = ["kubeconfig", "context", "in_cluster"])]
    pub kubernetes: bool,
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
pub fn read(access: &Access, quiet: bool) -> Result<Read, CliError> {
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
    let read = runtime.block_on(kubernetes_api::read(access, &Settings::default(), &line));
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
