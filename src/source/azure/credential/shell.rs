//! Runs `az` and `azd`. It never lets them ask questions: standard input is closed.

use super::Environment;
use azure_identity::Executor;
use std::ffi::OsStr;
use std::process::{Output, Stdio};

/// What decides which tool is found and who is signed in to it.
const HANDED_ON: [&str; 4] = ["PATH", "HOME", "AZURE_CONFIG_DIR", "AZD_CONFIG_DIR"];

/// Runs commands with the environment of this process, the variables above taken from [`Environment`].
#[derive(Debug)]
pub struct Shell {
    variables: Vec<(&'static str, String)>,
}

impl Shell {
    pub fn of(environment: &Environment) -> Self {
        Shell {
            variables: HANDED_ON
                .into_iter()
                .filter_map(|name| Some((name, environment.var(name)?)))
                .collect(),
        }
    }
}

#[async_trait::async_trait]
impl Executor for Shell {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> std::io::Result<Output> {
        tokio::process::Command::new(program)
            .args(args)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            // Whoever stops waiting stops the tool.
            .kill_on_drop(true)
            .output()
            .await
    }
}
