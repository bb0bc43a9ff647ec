//! A recorded change of a cluster as something to act on: a loopback Azure that answers the write and the questions after it as they
//! were recorded, and a loopback API server whose objects are what the recorded bodies say. Judges nothing.

use crate::cassettes::Exchange;
use crate::migrated::{Step, answered, is_pool};
use crate::scripted::{Asked, Reply, Scripted};
use loopback::{Loopback, answer, empty};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};

#[path = "../kubernetes_live/loopback.rs"]
#[allow(dead_code, reason = "only its answers are of use here")]
mod loopback;

fn kubeconfig(server: &str, _: Option<&str>, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\nclusters:\n- name: test\n  cluster: {{server: '{server}'}}\n\
         contexts:\n- name: test\n  context: {{cluster: test, user: test}}\nusers:\n- name: test\n  user: {user}\n"
    )
}

/// Recorded before Azure had eTags, a body gets one of these: before, while and after the operation runs.
const E_TAGS: [&str; 3] = ["stage-before", "stage-while", "stage-after"];

/// What was recorded, and how far it has been played.
#[derive(Clone)]
pub struct Conversation {
    /// Of the cluster, as its body says it.
    pub cluster: String,
    write: Exchange,
    /// Of what is written: before, as the write was answered, and after.
    bodies: [Value; 3],
    /// The cluster, where a pool is written.
    beside: Option<Value>,
    /// Answers in place of the write's own, once each.
    pub refusals: VecDeque<Exchange>,
    polls: VecDeque<Exchange>,
    at: usize,
    /// Whether what runs is let end before its recorded end: an abort is taken, and asked for no more.
    ends_unasked: bool,
    /// Questions that nobody was recorded to ask of the write's own operation.
    pub beyond: usize,
    /// Questions to an address that was signed, without its signature.
    pub unsigned: usize,
    /// Nodes stay as before, whatever Azure says.
    pub nodes_stay: bool,
}

impl Conversation {
    /// Of a cluster's change, or a pool's with the cluster beside it.
    pub fn of(step: &Step<'_>, beside: Option<Value>) -> Self {
        let after = step.after.clone().expect("it was read afterwards");
        assert_eq!(is_pool(step.path), beside.is_some());
        let cluster = beside.as_ref().unwrap_or(&step.read)["id"].clone();
        Conversation {
            cluster: cluster.as_str().expect("a cluster has an id").to_string(),
            write: step.put.clone(),
            bodies: [step.read.clone(), step.put.json(), after],
            beside,
            refusals: VecDeque::new(),
            polls: step.polls.iter().map(|poll| (*poll).clone()).collect(),
            at: 0,
            ends_unasked: false,
            beyond: 0,
            unsigned: 0,
            nodes_stay: false,
        }
    }

    /// Of an abort: read while something ran, and after.
    pub fn of_abort(post: &Exchange, read: Value, polls: &[&Exchange], after: Value) -> Self {
        Conversation {
            cluster: read["id"].as_str().expect("an id").to_string(),
            write: post.clone(),
            bodies: [read, post.json(), after],
            beside: None,
            refusals: VecDeque::new(),
            polls: polls.iter().map(|poll| (*poll).clone()).collect(),
            at: 0,
            ends_unasked: true,
            beyond: 0,
            unsigned: 0,
            nodes_stay: false,
        }
    }

    pub fn is_over(&self) -> bool {
        self.at == 2 && self.polls.is_empty()
    }

    /// Puts recorded answers in front of those to the questions.
    pub fn trouble(&mut self, first: Vec<Exchange>) {
        for exchange in first.into_iter().rev() {
            let asked = self.polls[0].clone();
            self.polls.push_front(Exchange {
                path: asked.path,
                query: asked.query,
                ..exchange
            });
        }
    }

    fn written(&self) -> Value {
        let mut body = self.bodies[self.at].clone();
        let tagged = if self.beside.is_some() {
            &mut body["properties"]
        } else {
            &mut body
        };
        if tagged["eTag"].is_null() {
            tagged["eTag"] = json!(E_TAGS[self.at]);
        }
        body
    }

    /// The cluster as it is now.
    fn now(&self) -> Value {
        let Some(beside) = &self.beside else {
            return self.written();
        };
        let mut cluster = beside.clone();
        if cluster["eTag"].is_null() {
            cluster["eTag"] = json!("stage-cluster");
        }
        let pool = self.written();
        let mut profile = pool["properties"].clone();
        profile["name"] = pool["name"].clone();
        let profiles = cluster["properties"]["agentPoolProfiles"].as_array_mut();
        let profiles = profiles.expect("a cluster has pools");
        profiles.retain(|known| known["name"] != pool["name"]);
        profiles.push(profile);
        cluster
    }

    /// A pool's own body is its profile in the cluster's: none was recorded beside it.
    fn pools(&self) -> Vec<Value> {
        let cluster = self.now();
        let profiles = cluster["properties"]["agentPoolProfiles"].as_array();
        profiles
            .into_iter()
            .flatten()
            .map(|profile| {
                let name = profile["name"].as_str().expect("a pool has a name");
                if self.beside.is_some() && self.bodies[0]["name"] == name {
                    return self.written();
                }
                let mut properties = profile.clone();
                if properties["eTag"].is_null() {
                    properties["eTag"] = json!(E_TAGS[self.at]);
                }
                json!({"id": format!("{}/agentPools/{name}", self.cluster), "name": name,
                    "type": "Microsoft.ContainerService/managedClusters/agentPools", "properties": properties})
            })
            .collect()
    }

    /// How nodes go while AKS is at work was not recorded: they are as before until it is done.
    fn settled(&self) -> Value {
        let settled = Conversation {
            at: if self.at == 2 && !self.nodes_stay {
                2
            } else {
                0
            },
            ..self.clone()
        };
        settled.now()
    }

    fn reply(&mut self, asked: &Asked, endpoint: &str) -> Reply {
        let path = asked.path().to_ascii_lowercase();
        let cluster = self.cluster.to_ascii_lowercase();
        let same = |one: &str| one.eq_ignore_ascii_case(asked.path());
        if asked.method == self.write.method && same(&self.write.path) {
            if self.at != 0 {
                return Reply::text(599, "it is sent once");
            }
            let written = self.written();
            let e_tag = written["eTag"]
                .as_str()
                .or(written["properties"]["eTag"].as_str());
            let named = asked.headers.get("if-match").map(String::as_str);
            if self.write.method == "PUT" && named != e_tag {
                return Reply::json(412, &json!({"error": {"code": "PreconditionFailed"}}));
            }
            if let Some(refusal) = self.refusals.pop_front() {
                return answered(&refusal, endpoint);
            }
            self.at = 1;
            return answered(&self.write, endpoint);
        }
        if asked.method != "GET" {
            return Reply::text(599, "nobody was recorded to send this");
        }
        if path.contains("/operations/") {
            return self.operation(asked, endpoint);
        }
        if path == cluster {
            if self.ends_unasked && self.at == 1 && self.polls.pop_front().is_none() {
                self.at = 2;
            }
            return Reply::json(200, &self.now());
        }
        if path == format!("{cluster}/agentpools") {
            return Reply::json(200, &json!({"value": self.pools()}));
        }
        if path.starts_with(&format!("{cluster}/agentpools/")) {
            let pools = self.pools();
            let pool = pools
                .iter()
                .find(|pool| pool["id"].as_str().is_some_and(same));
            return pool.map_or(Reply::text(404, ""), |pool| Reply::json(200, pool));
        }
        if path.ends_with("/microsoft.containerservice/managedclusters") {
            return Reply::json(200, &json!({"value": [self.now()]}));
        }
        // Networks, windows and the rest: nothing of them was recorded, and there is none.
        Reply::json(200, &json!({"value": []}))
    }

    fn operation(&mut self, asked: &Asked, endpoint: &str) -> Reply {
        let is_asked = |poll: &&Exchange| {
            self.at == 1 && !self.ends_unasked && poll.path.eq_ignore_ascii_case(asked.path())
        };
        let Some(poll) = self.polls.front().filter(is_asked).cloned() else {
            self.beyond += 1;
            return Reply::json(404, &json!({"error": {"code": "NotFound"}}));
        };
        self.polls.pop_front();
        if self.polls.is_empty() {
            self.at = 2;
        }
        if asked.target.ends_with(&format!("?{}", poll.query)) {
            return answered(&poll, endpoint);
        }
        // What Azure says without the signature was not recorded: it is taken to be closed, and time passes all the same.
        self.unsigned += 1;
        Reply::json(403, &json!({"error": {"code": "AuthorizationFailed"}}))
    }

    fn object(&self, path: &str) -> loopback::Answer {
        let cluster = self.settled();
        let nodes = nodes(&cluster);
        let items: Vec<Value> = match path {
            "/api/v1/nodes" => nodes.iter().map(|node| node.object.clone()).collect(),
            "/api/v1/pods" => nodes.iter().map(|node| node.pod.clone()).collect(),
            "/apis/acn.azure.com/v1alpha/nodenetworkconfigs" => {
                nodes.iter().map(|node| node.config.clone()).collect()
            }
            "/apis/apps/v1/daemonsets" => vec![
                json!({"metadata": {"name": "agent", "namespace": "kube-system", "uid": "agent"},
                "spec": {"template": {"spec": {}}},
                "status": {"desiredNumberScheduled": nodes.len(), "currentNumberScheduled": nodes.len(), "numberReady": nodes.len()}}),
            ],
            path if path.contains("/configmaps/") => {
                let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404});
                return answer(404, body.to_string());
            }
            _ => return empty(),
        };
        let list = json!({"kind": "List", "metadata": {}, "items": items});
        answer(200, list.to_string())
    }
}

struct Node {
    object: Value,
    pod: Value,
    config: Value,
}

/// As many as the pools say. On Overlay, they are labelled, and pods have addresses of the pod CIDR.
fn nodes(cluster: &Value) -> Vec<Node> {
    let profile = &cluster["properties"]["networkProfile"];
    let overlay = profile["networkPluginMode"] == "overlay";
    let pod_cidr = profile["podCidr"].as_str().filter(|_| overlay);
    let range = pod_cidr.unwrap_or("10.224.0.0/16");
    let first: Ipv4Addr = range
        .split('/')
        .next()
        .expect("an address")
        .parse()
        .expect("IPv4");
    let mut nodes = Vec::new();
    let pools = cluster["properties"]["agentPoolProfiles"].as_array();
    for pool in pools.into_iter().flatten() {
        let pool_name = pool["name"].as_str().expect("a pool has a name");
        for number in 0..pool["count"].as_u64().unwrap_or(0) {
            let name = format!("aks-{pool_name}-12345678-vmss{number:06}");
            let address = |last: u32| {
                let count = u32::try_from(nodes.len()).expect("few nodes") + 1;
                Ipv4Addr::from(u32::from(first) + 256 * count + last).to_string()
            };
            let mut labels =
                json!({"agentpool": pool_name, "kubernetes.azure.com/agentpool": pool_name});
            if overlay {
                labels["kubernetes.azure.com/azure-cni-overlay"] = json!("true");
            }
            let kind = if overlay { "overlay" } else { "vnet" };
            let made = Node {
                object: json!({"metadata": {"name": name, "labels": labels}, "spec": {},
                    "status": {"conditions": [{"type": "Ready", "status": "True"}]}}),
                pod: json!({"metadata": {"name": format!("agent-{}", nodes.len()), "namespace": "kube-system",
                        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": "agent", "controller": true}]},
                    "spec": {"nodeName": name, "containers": []},
                    "status": {"phase": "Running", "podIP": address(5), "podIPs": [{"ip": address(5)}],
                        "conditions": [{"type": "Ready", "status": "True"}]}}),
                config: json!({"metadata": {"name": name, "namespace": "kube-system"}, "spec": {},
                    "status": {"networkContainers": [{"id": name, "type": kind, "subnetAddressSpace": range, "primaryIP": address(0)}]}}),
            };
            nodes.push(made);
        }
    }
    nodes
}

/// Both servers, with one conversation behind them.
pub struct Stage {
    pub azure: Scripted,
    pub kubeconfig: String,
    conversation: Arc<Mutex<Conversation>>,
}

impl Stage {
    pub async fn set(conversation: Conversation) -> Stage {
        let conversation = Arc::new(Mutex::new(conversation));
        let behind = Arc::clone(&conversation);
        let azure = Scripted::start(move |endpoint| {
            let endpoint = endpoint.to_string();
            Box::new(move |_, asked| {
                let mut conversation = behind.lock().expect("no panic in it");
                conversation.reply(asked, &endpoint)
            })
        });
        let behind = Arc::clone(&conversation);
        let kubernetes = Loopback::start(Arc::new(move |path, _| {
            let path = path.split('?').next().unwrap_or_default();
            behind.lock().expect("no panic in it").object(path)
        }))
        .await;
        Stage {
            azure,
            kubeconfig: kubeconfig(&kubernetes.server, None, "{token: secret-token}"),
            conversation,
        }
    }

    pub fn conversation(&self) -> MutexGuard<'_, Conversation> {
        self.conversation.lock().expect("no panic in it")
    }
}
