//! Against a real API server: everything is read, the printed role is enough and none of its rules is superfluous, nothing but
//! `get` and `list` is asked for, and no secret arrives.

use super::control_plane::{API_SERVER, ControlPlane, binaries};
use super::objects::{
    BAIT, from_file, network_config, network_config_definition, objects, platform_definitions,
    platform_objects, versioned,
};
use super::{Folder, kubeconfig, runtime};
use aksplan::model::KubernetesState;
use aksplan::source::kubernetes_api::{
    self, Access, KubernetesApiError, READS, Read, SECRETS, Settings, Silent, cluster_role,
    cluster_role_with_secrets,
};
use kube::client::Body;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub struct Cluster {
    pub plane: ControlPlane,
    admin: kube::Client,
}

fn tokens() -> String {
    let mut lines = String::from(
        "token-writer,writer,1,system:masters\ntoken-admin,admin,2,system:masters\ntoken-reader,reader,3,\n\
         token-keeper,keeper,4,\ntoken-shut,shut,5,\n",
    );
    for position in 0..READS.len() {
        lines.push_str(&format!(
            "token-without-{position},without-{position},w{position},\n"
        ));
    }
    lines
}

impl Cluster {
    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let bytes = body.map_or(Vec::new(), |body| body.to_string().into_bytes());
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(Body::from(bytes))
            .expect("a request");
        match self.admin.send(request).await {
            Ok(response) => {
                let status = response.status().as_u16();
                let body = response
                    .into_body()
                    .collect_bytes()
                    .await
                    .unwrap_or_default();
                (status, serde_json::from_slice(&body).unwrap_or_default())
            }
            Err(_) => (0, Value::Null),
        }
    }

    /// What the server sends to whom accepts this.
    async fn sent(&self, path: &str, accept: &str) -> String {
        let request = http::Request::get(path)
            .header("accept", accept)
            .body(Body::empty())
            .expect("a request");
        let response = self.admin.send(request).await.expect("it answers");
        let body = response.into_body().collect_bytes().await.expect("whole");
        String::from_utf8(body.into()).expect("it is JSON")
    }

    /// Makes an object; tries again while the server says that it is not ready.
    pub async fn make(&self, path: &str, body: &Value) -> Value {
        let start = Instant::now();
        loop {
            let (status, answer) = self.send("POST", path, Some(body)).await;
            if status == 201 || status == 409 {
                return answer;
            }
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "POST {path}: {status} {answer}"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub fn file(&self, name: &str, user: &str) -> PathBuf {
        let text = kubeconfig(&self.plane.server, Some(&self.plane.authority()), user);
        self.plane.folder.write(name, &text)
    }

    async fn read(&self, name: &str, user: &str) -> Result<Read, KubernetesApiError> {
        let access = Access::Kubeconfig {
            paths: vec![self.file(name, user)],
            context: None,
        };
        // Small pages, so that lists have several.
        let settings = Settings {
            page_size: 2,
            ..Settings::default()
        };
        kubernetes_api::read(&access, &settings, &Silent).await
    }

    /// With Secrets, page by page.
    async fn read_secrets(&self, token: &str) -> Read {
        let access = Access::Kubeconfig {
            paths: vec![self.file(&format!("{token}.yaml"), &format!("{{token: {token}}}"))],
            context: None,
        };
        let settings = Settings {
            page_size: 2,
            secret_types: true,
            ..Settings::default()
        };
        let read = kubernetes_api::read(&access, &settings, &Silent).await;
        read.unwrap_or_else(|error| panic!("{token}: {error}"))
    }

    async fn read_with_token(&self, token: &str) -> Read {
        self.read(&format!("{token}.yaml"), &format!("{{token: {token}}}"))
            .await
            .unwrap_or_else(|error| panic!("{token}: {error}"))
    }

    /// Rights take a moment to arrive where they are looked up.
    async fn read_until(&self, token: &str, is_good: impl Fn(&Read) -> bool) -> Read {
        let start = Instant::now();
        loop {
            let read = self.read_with_token(token).await;
            if is_good(&read) || start.elapsed() > Duration::from_secs(30) {
                return read;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    pub async fn grant(&self, user: &str, rules: &[Value]) {
        let name = format!("aksplan-{user}");
        let group = "rbac.authorization.k8s.io";
        let role = json!({"metadata": {"name": name}, "rules": rules});
        self.make(&format!("/apis/{group}/v1/clusterroles"), &role)
            .await;
        let binding = json!({"metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "User", "name": user, "apiGroup": group}]});
        self.make(&format!("/apis/{group}/v1/clusterrolebindings"), &binding)
            .await;
    }
}

/// An API server without anything in it; `tokens` has one line of `token-writer`, a master.
pub async fn bare(tokens: &str) -> Option<Cluster> {
    let binaries = binaries(API_SERVER)?;
    let plane = ControlPlane::start(&binaries, tokens);
    let admin = plane.client("token-writer").await;
    let cluster = Cluster { plane, admin };
    let start = Instant::now();
    while cluster.send("GET", "/readyz", None).await.0 != 200 {
        assert!(start.elapsed() < Duration::from_secs(90), "never ready");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Some(cluster)
}

async fn start() -> Option<Cluster> {
    let cluster = bare(&tokens()).await?;
    for (path, object) in objects() {
        let made = cluster.make(path, &object).await;
        if path.ends_with("/pods") {
            let mut pod = made;
            pod["status"] = json!({"phase": "Running", "podIPs": [{"ip": "10.244.0.7"}], "podIP": "10.244.0.7",
                "startTime": "2026-01-02T03:04:06Z",
                "conditions": [{"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-02T03:04:05Z"},
                    {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-02T03:04:35Z"}]});
            let path = "/api/v1/namespaces/shop/pods/api-1-a/status";
            let (status, answer) = cluster.send("PUT", path, Some(&pod)).await;
            assert_eq!(status, 200, "{answer}");
        }
    }
    Some(cluster)
}

fn check_state(state: &KubernetesState) {
    let pod = &state.pods[0];
    assert_eq!(state.pods.len(), 1);
    assert_eq!(
        (pod.requests.cpu_millis, pod.requests.memory),
        (1100, 64 << 20),
        "the init container with the sidecar before it asks for more than what runs"
    );
    assert_eq!(pod.claims, ["data"]);
    assert!(pod.local_storage && pod.ready && !pod.host_path && pod.deleting_at.is_none());
    assert_eq!(pod.host_ports[0].port, 8080);
    let seconds = |from: Option<jiff::Timestamp>, to: Option<jiff::Timestamp>| {
        to.zip(from)
            .map(|(to, from)| to.as_second() - from.as_second())
    };
    assert_eq!(seconds(pod.scheduled_at, pod.ready_changed_at), Some(30));
    let placement = pod.placement.as_ref().expect("it is constrained");
    assert_eq!(placement.tolerations.len(), 1, "{placement:?}");
    assert_eq!(placement.topology_spread.len(), 1, "{placement:?}");
    assert_eq!(placement.pod_anti_affinity.len(), 1, "{placement:?}");
    assert_eq!(state.nodes[0].allocatable.cpu_millis, 3860);
    assert_eq!(state.csi_nodes[0].drivers[0].most, Some(8));
    let kinds: BTreeSet<&str> = state.workloads.iter().map(|w| w.kind.as_str()).collect();
    assert_eq!(
        kinds,
        BTreeSet::from([
            "DaemonSet",
            "Deployment",
            "Job",
            "ReplicaSet",
            "ReplicationController",
            "StatefulSet"
        ])
    );
    let service = state.services.iter().find(|service| service.name == "api");
    let service = service.expect("it was made");
    assert!(service.internal_load_balancer && service.cluster_ips.len() == 1);
    assert_eq!(service.ports[0].target_port.as_deref(), Some("http"));
    assert_eq!(state.network_policies[0].ip_blocks[0].cidr, "10.0.0.0/8");
    assert_eq!(state.ingresses[0].services, ["api"]);
    let by_hand = state
        .endpoint_slices
        .iter()
        .find(|slice| slice.name == "by-hand");
    assert_eq!(by_hand.expect("it was made").addresses, ["10.9.9.9"]);
    assert_eq!(
        state.persistent_volumes[0].node_affinity[0].match_expressions[0].values,
        ["z-1"]
    );
    assert_eq!(
        state.persistent_volume_claims[0].volume.as_deref(),
        Some("pv-1")
    );
    let ranges: Vec<&str> = state
        .service_cidrs
        .iter()
        .map(|range| range.name.as_str())
        .collect();
    assert_eq!(ranges, ["kubernetes", "more"]);
    let [drain] = state.events.as_slice() else {
        panic!("{:?}", state.events)
    };
    assert_eq!((drain.reason.as_str(), drain.count), ("Drain", 3));
    let masq = &state.ip_masq_configs[0];
    assert_eq!(masq.non_masquerade_cidrs, ["10.0.0.0/8"]);
    assert!(masq.unreadable, "one of its entries is no prefix");
    assert_eq!(
        state.config_maps,
        [(
            "kube-system".to_string(),
            "azure-ip-masq-agent-config".to_string()
        )]
    );
}

/// One test, for a control plane takes seconds to start.
#[test]
fn a_real_cluster() {
    runtime().block_on(async {
        let Some(cluster) = start().await else {
            return;
        };

        // Not installed is not refused.
        let before = cluster.read_with_token("token-admin").await;
        assert_eq!(before.not_checked, [""; 0]);
        assert_eq!(
            before.state.absent_kinds,
            [
                "NodeNetworkConfig",
                "Certificate",
                "Issuer",
                "ClusterIssuer",
                "PodMonitor",
                "ServiceMonitor",
                "Gateway",
                "HTTPRoute",
                "CiliumNetworkPolicy",
                "CiliumClusterwideNetworkPolicy",
                "AzureIdentity"
            ]
        );
        for definition in platform_definitions() {
            cluster
                .make(
                    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                    &definition,
                )
                .await;
        }
        for (path, object) in platform_objects() {
            cluster.make(path, &versioned(path, object)).await;
        }
        cluster
            .make(
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                &network_config_definition(),
            )
            .await;
        let (path, object) = network_config();
        cluster.make(path, &object).await;

        let admin = cluster
            .read_until("token-admin", |read| {
                !read.state.node_network_configs.is_empty() && read.state.absent_kinds.is_empty()
            })
            .await;
        assert_eq!(admin.not_checked, [""; 0]);
        check_state(&admin.state);
        let config = &admin.state.node_network_configs[0];
        assert_eq!(
            (config.name.as_str(), config.containers[0].kind.as_deref()),
            ("n-0", Some("overlay"))
        );
        let all: Vec<&str> = READS.iter().map(|read| read.kind).collect();
        assert_eq!(admin.state.kinds, all);
        for text in [
            serde_json::to_string(&admin.state).expect("it can be written"),
            format!("{:?}", admin.state),
        ] {
            assert!(!text.contains(BAIT), "{text}");
        }
        let again: KubernetesState =
            serde_json::from_value(serde_json::to_value(&admin.state).expect("written"))
                .expect("read back");
        assert_eq!(again, admin.state);

        // The printed role is enough…
        let role: Value = serde_saphyr::from_str(&cluster_role()).expect("it is YAML");
        let rules = role["rules"].as_array().expect("it has rules").clone();
        assert_eq!(rules.len(), READS.len());
        cluster.grant("reader", &rules).await;
        for position in 0..rules.len() {
            let mut without = rules.clone();
            without.remove(position);
            cluster
                .grant(&format!("without-{position}"), &without)
                .await;
        }
        let reader = cluster
            .read_until("token-reader", |read| read.not_checked.is_empty())
            .await;
        assert_eq!(reader.not_checked, [""; 0]);
        assert_eq!(reader.state, admin.state);

        // …and without any one of its rules that kind is said to be missing, and nothing else.
        for (position, missing) in READS.iter().enumerate() {
            let read = cluster
                .read_until(&format!("token-without-{position}"), |read| {
                    read.not_checked.len() <= 1
                })
                .await;
            let [sentence] = read.not_checked.as_slice() else {
                panic!("without {missing:?}: {:?}", read.not_checked)
            };
            assert!(
                sentence.contains(&format!("({})", missing.kind))
                    && sentence.contains(&missing.rule()),
                "{sentence}"
            );
            let mut expected = all.clone();
            expected.remove(position);
            assert_eq!(read.state.kinds, expected);
            assert!(read.state.absent_kinds.is_empty() && read.state.partial_kinds.is_empty());
        }

        as_files(&cluster, &admin.state).await;
        credentials(&cluster, &admin.state).await;
        secrets(&cluster, &admin.state, &rules).await;
        audited(&cluster);
        through_the_binary(&cluster);
    });
}

/// The same lists in a file say the same: there is one lowering. Secrets among them are passed over.
async fn as_files(cluster: &Cluster, expected: &KubernetesState) {
    let mut text = String::new();
    let masq = "/api/v1/namespaces/kube-system/configmaps/azure-ip-masq-agent-config";
    let lists = READS
        .iter()
        .filter(|read| read.names.is_empty())
        .map(|read| {
            let root = if read.group.is_empty() {
                "/api"
            } else {
                "/apis"
            };
            let group = read.group;
            format!("{root}/{group}/{}/{}", read.versions[0], read.resource).replace("//", "/")
        });
    let paths: Vec<String> = lists
        .chain(["/api/v1/secrets".to_string(), masq.to_string()])
        .collect();
    for path in paths {
        let (status, list) = cluster.send("GET", &path, None).await;
        assert_eq!(status, 200, "{path}: {list}");
        text.push_str(&list.to_string());
    }
    assert!(text.contains(BAIT));
    let mut of_file = from_file(&text);
    // Files may hold Secrets, of which name and type are kept; the cluster itself is never asked for one.
    let secrets = std::mem::take(&mut of_file.platform.secrets);
    assert_eq!(secrets[0].kind, "Opaque");
    of_file.kinds.retain(|kind| kind != "Secret");
    assert_eq!(&of_file, expected);
    assert!(expected.platform.secrets.is_empty() && !expected.has_kind("Secret"));
}

/// Secrets by type, with the role that the flag needs and without.
async fn secrets(cluster: &Cluster, expected: &KubernetesState, rules: &[Value]) {
    for name in ["a-tls", "b-tls", "c-tls"] {
        let secret = json!({"metadata": {"name": name}, "type": "kubernetes.io/tls",
            "stringData": {"tls.crt": BAIT, "tls.key": BAIT}});
        cluster
            .make("/api/v1/namespaces/shop/secrets", &secret)
            .await;
    }
    let role: Value = serde_saphyr::from_str(&cluster_role_with_secrets()).expect("it is YAML");
    let with = role["rules"].as_array().expect("it has rules");
    assert_eq!(with.len(), rules.len() + 1);
    cluster.grant("keeper", with).await;
    cluster.grant("shut", rules).await;
    let until = async |token: &str, unread: usize| {
        let start = Instant::now();
        loop {
            let read = cluster.read_secrets(token).await;
            if read.not_checked.len() == unread || start.elapsed() > Duration::from_secs(30) {
                return read;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };

    // That they are known at all says that the server sent metadata: anything else is dropped.
    let read = until("token-keeper", 0).await;
    assert_eq!(read.not_checked, [""; 0]);
    let found: Vec<(&str, &str, &str)> = (read.state.platform.secrets.iter())
        .map(|one| (one.namespace.as_str(), one.name.as_str(), one.kind.as_str()))
        .collect();
    let tls = "kubernetes.io/tls";
    assert_eq!(
        found,
        [
            ("shop", "a-tls", tls),
            ("shop", "b-tls", tls),
            ("shop", "c-tls", tls)
        ],
        "and none of another type"
    );
    assert!(read.state.has_kind("Secret"));
    let text = serde_json::to_string(&read.state).expect("it can be written");
    assert!(!text.contains(BAIT) && !text.contains(&base64(BAIT.as_bytes())));

    let read = until("token-shut", 1).await;
    assert!(
        read.not_checked[0].contains(&SECRETS.rule()) && read.not_checked.len() == 1,
        "{:?}",
        read.not_checked
    );
    assert_eq!(&read.state, expected);

    // What of it crosses the wire: no data, but every annotation.
    let path = "/api/v1/namespaces/shop/secrets";
    let whole = cluster.sent(path, "application/json").await;
    let part = cluster
        .sent(
            path,
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
        )
        .await;
    let data = base64(BAIT.as_bytes());
    assert!(whole.contains(&data) && !part.contains(&data), "{part}");
    assert!(
        part.contains("a-tls") && !part.contains("\"data\""),
        "{part}"
    );
    assert!(part.contains(BAIT), "in an annotation of shop/s: {part}");

    // Two pages each time, lists alone, and of one type.
    let asked: Vec<Value> = (cluster.plane.audit().into_iter())
        .filter(|event| event["user"]["username"] == "keeper")
        .filter(|event| event["objectRef"]["resource"] == "secrets")
        .collect();
    assert!(asked.len() >= 2, "{asked:?}");
    for event in asked {
        let uri = event["requestURI"].as_str().unwrap_or_default();
        assert!(
            event["verb"] == "list"
                && uri.starts_with(
                    "/api/v1/secrets?fieldSelector=type%3Dkubernetes.io%2Ftls&limit=2"
                ),
            "{event}"
        );
    }
}

/// Exec plugins, tokens handed over, and what is said when credentials are not accepted.
async fn credentials(cluster: &Cluster, expected: &KubernetesState) {
    let folder = &cluster.plane.folder;
    let plugin = |name: &str, script: &str| {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.write(name, script);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("ours");
        format!(
            "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: ./{name}, args: [get-token], interactiveMode: Never}}}}"
        )
    };
    let good = plugin(
        "kubelogin",
        "#!/bin/sh\n[ \"$1\" = get-token ] || exit 9\ncat <<X\n{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\
         \"status\":{\"token\":\"token-admin\",\"expirationTimestamp\":\"2099-01-01T00:00:00Z\"}}\nX\n",
    );
    let read = cluster
        .read("exec.yaml", &good)
        .await
        .expect("the plugin gives a token");
    assert_eq!(&read.state, expected);

    let bad = plugin(
        "broken",
        "#!/bin/sh\necho '{\"status\":{\"token\":\"eyJsecret.eyJsecret.secret\"}}'\necho 'AADSTS700082: the refresh token has expired' >&2\nexit 1\n",
    );
    let telling = plugin(
        "telling",
        "#!/bin/sh\necho \"$3 and $SECRET are wrong\" >&2\nexit 1\n",
    )
    .replace(
        "args: [get-token]",
        "args: [get-token, --client-secret, eyJ-s3cr3t], env: [{name: SECRET, value: eyJ-hidden}]",
    );
    let missing = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-kubelogin, interactiveMode: Never}}";
    for (name, user, expected) in [
        (
            "bad.yaml",
            bad.as_str(),
            "AADSTS700082: the refresh token has expired",
        ),
        (
            "telling.yaml",
            telling.as_str(),
            "the credential plugin `telling` failed (exit status: 1): … and … are wrong",
        ),
        ("missing.yaml", missing, "is it installed?"),
        (
            "wrong.yaml",
            "{token: eyJwrong.eyJwrong.wrong}",
            "does not accept these credentials (401)",
        ),
    ] {
        let error = cluster.read(name, user).await.expect_err("no credentials");
        let text = error.to_string();
        assert!(
            text.contains(expected)
                && text.contains("context `test`")
                && text.contains(&cluster.plane.server)
                && !text.contains("eyJ"),
            "{text}"
        );
    }

    // As Azure hands it out: nothing in it is executed, and the token is asked for again and again.
    let authority = std::fs::read(cluster.plane.authority()).expect("its certificate");
    let text = kubeconfig(&cluster.plane.server, None, &bad).replace(
        "server:",
        &format!(
            "certificate-authority-data: {}, server:",
            base64(&authority)
        ),
    );
    let asked = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    let access = Access::Handed {
        kubeconfig: text,
        token: Some(Arc::new(move |_| {
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Box::pin(async { Ok(secrecy::SecretString::from("token-admin")) })
        })),
    };
    let read = kubernetes_api::read(&access, &Settings::default(), &Silent)
        .await
        .expect("the token is good");
    assert_eq!(&read.state, expected);
    assert_eq!(
        u64::from(asked.load(std::sync::atomic::Ordering::Relaxed)),
        read.requests
    );
}

/// The API server's own record of what was asked of it.
fn audited(cluster: &Cluster) {
    let mut verbs: BTreeMap<String, u32> = BTreeMap::new();
    let events = cluster.plane.audit();
    for event in events {
        let user = event["user"]["username"].as_str().unwrap_or_default();
        let ours = ["admin", "reader"].contains(&user) || user.starts_with("without-");
        if !ours {
            continue;
        }
        assert_ne!(event["objectRef"]["resource"], "secrets", "{event}");
        let verb = event["verb"].as_str().unwrap_or_default().to_string();
        if verb == "get" {
            assert_eq!(event["objectRef"]["resource"], "configmaps", "{event}");
            assert_eq!(event["objectRef"]["namespace"], "kube-system", "{event}");
        }
        assert!(
            event["userAgent"]
                .as_str()
                .is_some_and(|agent| agent.starts_with("aksplan/")),
            "{event}"
        );
        *verbs.entry(verb).or_default() += 1;
    }
    let known: Vec<&str> = verbs.keys().map(String::as_str).collect();
    assert_eq!(known, ["get", "list"]);
    assert!(verbs["list"] > 500, "{verbs:?}: pages of two, twenty users");
}

/// `KUBECONFIG` as a list of two files, and `--context`, through the binary.
fn through_the_binary(cluster: &Cluster) {
    let folder = Folder::new();
    let whole = kubeconfig(
        &cluster.plane.server,
        Some(&cluster.plane.authority()),
        "{token: token-reader}",
    );
    let (clusters, users) = whole.split_once("users:").expect("it has users");
    let clusters = folder.write("clusters.yaml", clusters);
    let users = folder.write(
        "users.yaml",
        &format!("apiVersion: v1\nkind: Config\nusers:{users}"),
    );
    let list = std::env::join_paths([&clusters, &users]).expect("no colon in them");
    let arm = folder.write(
        "aks.json",
        r#"[{"id":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/pier","name":"pier",
            "nodeResourceGroup":"MC_rg_pier_x","networkProfile":{"networkPlugin":"azure"},"agentPoolProfiles":[]}]"#,
    );
    let run = |context: &str| {
        Command::new(env!("CARGO_BIN_EXE_aksplan"))
            .args(["capacity", "-o", "json", "--context", context, "--from"])
            .arg(&arm)
            .env("KUBECONFIG", &list)
            .output()
            .expect("the binary runs")
    };
    let answer = run("test");
    let told = String::from_utf8_lossy(&answer.stderr).to_string();
    assert!(answer.status.success(), "{told}");
    let text = String::from_utf8_lossy(&answer.stdout).to_string();
    assert!(
        !text.contains("Kubernetes objects"),
        "they are pier's: {text}"
    );
    assert_eq!(told, "", "no progress where nobody watches");

    let answer = run("nowhere");
    let told = String::from_utf8_lossy(&answer.stderr).to_string();
    assert_eq!(answer.status.code(), Some(2), "{told}");
    assert!(told.contains("no context `nowhere`; it has test"), "{told}");
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0u8; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for position in 0..4 {
            if position <= chunk.len() {
                let digit = (bits >> (18 - 6 * position)) & 63;
                text.push(char::from(DIGITS[digit as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}
