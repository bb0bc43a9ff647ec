//! A real Kubernetes control plane on loopback: etcd and kube-apiserver on free ports, and where a test wants them the
//! controllers, the scheduler and a player of nodes and pods, for as long as the value lives. Never touches another cluster.

#![allow(dead_code, reason = "every test target uses a part of this")]

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A folder that goes with the test.
pub struct Folder {
    pub path: PathBuf,
}

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let path = std::env::temp_dir().join(format!(
            "aksplan-live-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Folder { path }
    }

    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path.join(name);
        std::fs::write(&path, content).expect("the temporary folder is writable");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A kubeconfig with one context, `test`. `user`: its credentials, as a YAML flow map.
pub fn kubeconfig(server: &str, authority: Option<&Path>, user: &str) -> String {
    let authority = authority.map_or(String::new(), |path| {
        format!(", certificate-authority: {}", path.display())
    });
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\nclusters:\n- name: test\n  cluster: {{server: '{server}'{authority}}}\n\
         contexts:\n- name: test\n  context: {{cluster: test, user: test}}\nusers:\n- name: test\n  user: {user}\n"
    )
}

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

/// What reads need.
pub const API_SERVER: &[&str] = &["etcd", "kube-apiserver"];
/// What a cluster needs in which pods come, go and are replaced.
pub const WHOLE: &[&str] = &[
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
];

/// The folder of these binaries: what `KUBEBUILDER_ASSETS` names if they are all in it, or what the project's script builds.
/// `None`, said aloud, where there is neither; in CI that is a failure.
pub fn binaries(needed: &[&str]) -> Option<PathBuf> {
    let assets = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    if let Some(folder) = assets {
        match needed.iter().find(|name| !folder.join(name).is_file()) {
            None => return Some(folder),
            Some(name) => eprintln!("KUBEBUILDER_ASSETS has no {name}: building"),
        }
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
        return skip("neither Go nor KUBEBUILDER_ASSETS: no real control plane to ask");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control_plane/build");
    let built = Command::new(&script)
        .stderr(Stdio::inherit())
        .output()
        .expect("the script runs");
    if !built.status.success() {
        return skip("the control plane cannot be built (see above): there is none to ask");
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

/// Controllers that workloads, their budgets and their volumes need; nobody judges whether a node still answers.
const CONTROLLERS: &str = "deployment-controller,replicaset-controller,replicationcontroller-controller,statefulset-controller,\
    daemonset-controller,job-controller,disruption-controller,garbage-collector-controller,pod-garbage-collector-controller,\
    namespace-controller,persistentvolume-binder-controller,persistentvolumeclaim-protection-controller";

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

    /// Controllers, scheduler and kwok, which plays all nodes as the stages in `played` (its configuration file) say. `token`: an
    /// administrator's.
    pub fn start_the_rest(&mut self, binaries: &Path, token: &str, played: &Path) {
        let user = format!("{{token: {token}}}");
        let config = kubeconfig(&self.server, Some(&self.authority()), &user);
        let config = self.folder.write("parts.yaml", &config);
        let config = config.display();
        // Pods that fit nowhere are tried again each second instead of up to each ten: the same answer, sooner.
        let scheduling = self.folder.write(
            "scheduler.yaml",
            &format!(
                "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nleaderElection: {{leaderElect: false}}\n\
                 clientConnection: {{kubeconfig: {config}, qps: 500, burst: 1000}}\npodInitialBackoffSeconds: 1\npodMaxBackoffSeconds: 1\n"
            ),
        );
        let access = |port: u16, name: &str| {
            vec![
                format!("--authentication-kubeconfig={config}"),
                format!("--authorization-kubeconfig={config}"),
                "--authentication-skip-lookup=true".to_string(),
                "--bind-address=127.0.0.1".to_string(),
                format!("--secure-port={port}"),
                format!("--cert-dir={}", self.folder.path.join(name).display()),
            ]
        };
        let (controllers, scheduler, player) = (free_port(), free_port(), free_port());
        let mut arguments = access(controllers, "controllers");
        arguments.extend([
            format!("--kubeconfig={config}"),
            format!("--controllers={CONTROLLERS}"),
            "--leader-elect=false".to_string(),
            "--kube-api-qps=500".to_string(),
            "--kube-api-burst=1000".to_string(),
            // A claim that comes before its volume is known is looked at again only then.
            "--pvclaimbinder-sync-period=1s".to_string(),
        ]);
        let parts = [
            ("kube-controller-manager", controllers, arguments),
            ("kube-scheduler", scheduler, {
                let mut arguments = access(scheduler, "scheduler");
                arguments.push(format!("--config={}", scheduling.display()));
                arguments
            }),
            (
                "kwok",
                player,
                vec![
                    format!("--kubeconfig={config}"),
                    format!("--config={}", played.display()),
                    "--manage-all-nodes=true".to_string(),
                    "--node-lease-duration-seconds=0".to_string(),
                    format!("--server-address=127.0.0.1:{player}"),
                ],
            ),
        ];
        for (name, port, arguments) in parts {
            let child = start(&self.folder, &binaries.join(name), &arguments);
            self.children.push(child);
            wait_for(name, &mut self.children, &self.folder, port);
        }
    }

    /// The end of what every part had to say.
    pub fn said(&self, lines: usize) -> String {
        let mut text = String::new();
        for name in WHOLE {
            let log = self.folder.path.join(format!("{name}.log"));
            if let Ok(log) = std::fs::read_to_string(log) {
                let all: Vec<&str> = log.lines().collect();
                let tail = &all[all.len().saturating_sub(lines)..];
                text.push_str(&format!("── {name}\n{}\n", tail.join("\n")));
            }
        }
        text
    }

    /// A client with this token. It never tries again by itself: an eviction that is refused (429) is an answer.
    pub async fn client(&self, token: &str) -> kube::Client {
        let user = format!("{{token: {token}}}");
        let text = kubeconfig(&self.server, Some(&self.authority()), &user);
        let path = self.folder.write(&format!("{token}.client.yaml"), &text);
        let _ = rustls::crypto::ring::default_provider().install_default();
        let options = kube::config::KubeConfigOptions::default();
        let config = kube::config::Kubeconfig::read_from(path).expect("our own kubeconfig");
        let mut config = kube::Config::from_custom_kubeconfig(config, &options)
            .await
            .expect("our own kubeconfig");
        config.default_retry = false;
        kube::Client::try_from(config).expect("a client")
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
        // kwok looks for a configuration at home.
        .env("HOME", &folder.path)
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

/// Sends one request. Status and body; status 0 where no answer came.
pub async fn send(
    client: &kube::Client,
    method: &str,
    path: &str,
    body: Option<&serde_json::Value>,
) -> (u16, serde_json::Value) {
    let bytes = body.map_or(Vec::new(), |body| body.to_string().into_bytes());
    let kind = if method == "PATCH" {
        "application/merge-patch+json"
    } else {
        "application/json"
    };
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", kind)
        .body(kube::client::Body::from(bytes))
        .expect("a request");
    let Ok(response) = client.send(request).await else {
        return (0, serde_json::Value::Null);
    };
    let status = response.status().as_u16();
    let body = response.into_body().collect_bytes().await;
    let body = body.unwrap_or_default();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}
