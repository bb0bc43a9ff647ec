//! The program that a kubeconfig leaves credentials to, and what may be told of it when it fails: its name, its status and what
//! it complained of. Never what it is started with, which often is a secret.

use super::connection::without_secrets;
use kube::client::AuthError;
use kube::config::AuthInfo;
use std::path::Path;

/// A credential plugin, such as kubelogin.
#[derive(Clone, Default)]
pub struct Plugin {
    /// Without its folder.
    name: String,
    /// Values it is started with, longest first; whatever it prints may quote them.
    hidden: Vec<String>,
}

impl Plugin {
    /// Shorter values hide nothing, and without every `1` no sentence could be read.
    const SHORTEST_HIDDEN: usize = 4;

    pub fn of(user: &AuthInfo) -> Self {
        let mut command = None;
        let mut values: Vec<&str> = Vec::new();
        if let Some(exec) = &user.exec {
            command = exec.command.as_deref();
            let arguments = exec.args.iter().flatten();
            values.extend(arguments.map(String::as_str));
            let environment = exec.env.iter().flatten();
            values.extend(environment.filter_map(|one| one.get("value").map(String::as_str)));
        } else if let Some(provider) = &user.auth_provider {
            command = provider.config.get("cmd-path").map(String::as_str);
            let arguments = provider.config.get("cmd-args");
            values.extend(arguments.into_iter().flat_map(|all| all.split_whitespace()));
        }
        let mut hidden: Vec<String> = values
            .into_iter()
            .filter_map(|value| match value.strip_prefix('-') {
                // Of `--client-secret=s3cr3t` the name of the option is none.
                Some(option) => option.split_once('=').map(|(_, value)| value),
                None => Some(value),
            })
            // Only a line of what it printed is shown, so it may be a line of a value.
            .flat_map(str::lines)
            .map(str::trim)
            .filter(|value| value.len() >= Self::SHORTEST_HIDDEN)
            .map(str::to_string)
            .collect();
        hidden.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        hidden.dedup();
        let name = Path::new(command.unwrap_or_default()).file_name();
        Plugin {
            name: name.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            hidden,
        }
    }

    /// A plugin prints its token on standard output: of what it printed only the last error is shown.
    pub fn describe(&self, error: &AuthError) -> String {
        let program = if self.name.is_empty() {
            "the credential plugin".to_string()
        } else {
            format!("the credential plugin `{}`", self.name)
        };
        match error {
            AuthError::AuthExecRun { out, .. } => {
                let said = String::from_utf8_lossy(&out.stderr);
                let said = said.lines().rev().find(|line| !line.trim().is_empty());
                let status = out.status;
                match said {
                    Some(said) => format!("{program} failed ({status}): {}", self.clean(said)),
                    None => format!("{program} failed ({status})"),
                }
            }
            AuthError::AuthExecStart(error) => format!(
                "{program} of the kubeconfig cannot be started: {error}; is it installed? (`az aks install-cli` installs kubelogin)"
            ),
            AuthError::AuthExecParse(_) => {
                format!("{program} printed something that is no ExecCredential")
            }
            AuthError::ExecPluginFailed => {
                format!("{program} gave no credentials (no `status` in its answer)")
            }
            AuthError::InvalidBearerToken(_) | AuthError::InvalidBasicAuth(_) => {
                "the token or password of the kubeconfig is none".to_string()
            }
            other => self.clean(&other.to_string()),
        }
    }

    fn clean(&self, text: &str) -> String {
        let hide = |text: String, value: &String| text.replace(value.as_str(), "…");
        without_secrets(&self.hidden.iter().fold(text.to_string(), hide))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    /// What is told of a plugin of this kubeconfig user that printed this.
    fn told(user: &str, stderr: &str) -> String {
        let text = format!("users:\n- name: u\n  user: {user}\n");
        let parsed = kube::config::Kubeconfig::from_yaml(&text).expect("a kubeconfig");
        let user = parsed.auth_infos[0].auth_info.clone().expect("a user");
        let out = std::process::Output {
            status: std::process::ExitStatus::from_raw(256),
            stdout: b"{\"token\":\"eyJx\"}".to_vec(),
            stderr: stderr.as_bytes().to_vec(),
        };
        Plugin::of(&user).describe(&AuthError::AuthExecRun {
            cmd: "SECRET=s3cr3t plugin s3cr3t".to_string(),
            out: Box::new(out),
        })
    }

    #[test]
    fn what_a_plugin_is_started_with_is_not_told() {
        let user = "{exec: {apiVersion: v1, command: /opt/bin/kubelogin, args: [get-token, --client-secret, s3cr3t, --pin=h1dden], \
                    env: [{name: SECRET, value: \"s3cr3t-longer\\nsecond line\"}]}}";
        assert_eq!(
            told(user, "AADSTS7000215: refused\n\n"),
            "the credential plugin `kubelogin` failed (exit status: 1): AADSTS7000215: refused"
        );
        assert_eq!(
            told(
                user,
                "--client-secret s3cr3t, --pin=h1dden, s3cr3t-longer: no"
            ),
            "the credential plugin `kubelogin` failed (exit status: 1): --client-secret …, --pin=…, …: no"
        );
        assert!(told(user, "of second line").ends_with(": of …"));
        let user = "{auth-provider: {name: gcp, config: {cmd-path: /bin/gcloud, cmd-args: config --secret s3cr3t}}}";
        assert_eq!(
            told(user, "s3cr3t is wrong"),
            "the credential plugin `gcloud` failed (exit status: 1): … is wrong"
        );
    }
}
