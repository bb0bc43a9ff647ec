//! A real etcd and a real kube-apiserver on free ports, for as long as the value lives.

use super::Folder;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct ControlPlane {
    pub folder: Folder,
    pub server: String,
    children: Vec<Child>,
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The folder of the binaries: what `KUBEBUILDER_ASSETS` names, or what the project's script builds. `None`, said aloud, where
/// there is neither; in CI that is a failure.
pub fn binaries() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("KUBEBUILDER_ASSETS") {
        return Some(PathBuf::from(folder));
    }
    let has_go = Command::new("go")
        .arg("version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let skip = |problem: &str| {
        let is_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
        assert!(!is_ci, "{problem}");
        eprintln!("skipped: {problem}");
        None
    };
    if !has_go {
        return skip("neither Go nor KUBEBUILDER_ASSETS: no real API server to read from");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control_plane/build");
    let built = Command::new(&script)
        .stderr(Stdio::inherit())
        .output()
        .expect("the script runs");
    if !built.status.success() {
        return skip("the API server cannot be built (see above): there is none to read from");
    }
    let folder = String::from_utf8(built.stdout).expect("a path");
    Some(PathBuf::from(folder.trim()))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("loopback has a free port")
        .port()
}

const AUDIT: &str = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n";

impl ControlPlane {
    /// `tokens`: lines of a static token file (token, user, uid, groups).
    pub fn start(binaries: &Path, tokens: &str) -> ControlPlane {
        let folder = Folder::new();
        let path = |name: &str| folder.path.join(name).display().to_string();
        folder.write("tokens.csv", tokens);
        folder.write("audit.yaml", AUDIT);
        let (client, peer, secure) = (free_port(), free_port(), free_port());
        let etcd_url = format!("http://127.0.0.1:{client}");
        let peer_url = format!("http://127.0.0.1:{peer}");
        let mut children = vec![start(
            &folder,
            &binaries.join("etcd"),
            &[
                format!("--data-dir={}", path("etcd")),
                format!("--listen-client-urls={etcd_url}"),
                format!("--advertise-client-urls={etcd_url}"),
                format!("--listen-peer-urls={peer_url}"),
                format!("--initial-advertise-peer-urls={peer_url}"),
                format!("--initial-cluster=default={peer_url}"),
                "--unsafe-no-fsync=true".to_string(),
            ],
        )];
        wait_for("etcd", &mut children, &folder, client);
        children.push(start(
            &folder,
            &binaries.join("kube-apiserver"),
            &[
                format!("--etcd-servers={etcd_url}"),
                "--bind-address=127.0.0.1".to_string(),
                format!("--secure-port={secure}"),
                format!("--cert-dir={}", path("certs")),
                format!("--token-auth-file={}", path("tokens.csv")),
                "--authorization-mode=RBAC".to_string(),
                "--service-cluster-ip-range=10.0.0.0/24".to_string(),
                "--service-account-issuer=https://kubernetes.default.svc".to_string(),
                // The key it makes for itself at the start.
                format!(
                    "--service-account-signing-key-file={}",
                    path("certs/apiserver.key")
                ),
                format!("--service-account-key-file={}", path("certs/apiserver.key")),
                "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition".to_string(),
                "--endpoint-reconciler-type=none".to_string(),
                format!("--audit-policy-file={}", path("audit.yaml")),
                format!("--audit-log-path={}", path("audit.log")),
            ],
        ));
        wait_for("kube-apiserver", &mut children, &folder, secure);
        ControlPlane {
            folder,
            server: format!("https://127.0.0.1:{secure}"),
            children,
        }
    }

    /// The certificate it made for itself.
    pub fn authority(&self) -> PathBuf {
        self.folder.path.join("certs/apiserver.crt")
    }

    /// Lines of the audit log.
    pub fn audit(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.folder.path.join("audit.log"))
            .expect("the API server keeps an audit log");
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }
}

fn start(folder: &Folder, binary: &Path, arguments: &[String]) -> Child {
    let name = binary.file_name().unwrap_or_default().to_string_lossy();
    let log = std::fs::File::create(folder.path.join(format!("{name}.log"))).expect("writable");
    Command::new(binary)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", binary.display()))
}

/// Until the port answers; a process that ends before shows the end of its log.
fn wait_for(name: &str, children: &mut [Child], folder: &Folder, port: u16) {
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let child = children.last_mut().expect("one was just started");
        let ended = child.try_wait().expect("it is our child");
        if ended.is_some() || start.elapsed() > Duration::from_secs(120) {
            let log = folder.path.join(format!("{name}.log"));
            let log = std::fs::read_to_string(log).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(25).collect();
            for child in children {
                let _ = child.kill();
            }
            panic!("{name} does not come up ({ended:?}):\n{}", tail.join("\n"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
