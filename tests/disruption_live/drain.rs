//! Drains nodes of a run through the eviction API, as kubectl does: all pods of a node at once, each asked again while it is
//! refused. Gives up where nothing moves any more, which kubectl would leave to its timeout.

use super::case::{Drain, How};
use super::cluster::Cluster;
use super::filters::{Filtered, controller, filter};
use super::objects::node_name;
use super::observed::{NodeFate, Observed, PodSeen, Verdict};
use super::rest::{Reminder, is_at_rest, is_ready, is_terminating, stands, undone, until_rest};
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(200);
const ASK_EVERY: Duration = Duration::from_millis(300);
/// So long nothing has moved, and nothing is on its way: the scheduler tries again each second, controllers at once.
const PATIENCE: Duration = Duration::from_secs(4);
/// Longer than any case takes.
const AT_MOST: Duration = Duration::from_secs(120);

/// Replica sets of deployments, by name.
pub type Deployments = BTreeMap<String, String>;

/// The workload that a pod is of: `Deployment/api`.
pub fn workload(pod: &Value, deployments: &Deployments) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let Some(owner) = controller(pod) else {
        return format!("Pod/{}", text(&pod["metadata"]["name"]));
    };
    let name = text(&owner["name"]);
    if owner["kind"] == "ReplicaSet"
        && let Some(deployment) = deployments.get(&name)
    {
        return format!("Deployment/{deployment}");
    }
    format!("{}/{name}", text(&owner["kind"]))
}

pub async fn deployments(cluster: &Cluster, scope: &str) -> Deployments {
    let mut found = Deployments::new();
    for set in cluster.objects("ReplicaSet", scope).await {
        if let Some(owner) = controller(&set) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
            found.insert(text(&set["metadata"]["name"]), text(&owner["name"]));
        }
    }
    found
}

struct Watched {
    begun: Instant,
    since: Instant,
    stands: BTreeMap<String, String>,
    all_rest: bool,
    most_pods: BTreeMap<String, usize>,
    fewest_ready: BTreeMap<String, usize>,
}

#[derive(Clone)]
struct Watch(Arc<Mutex<Watched>>);

impl Watch {
    fn new() -> Watch {
        Watch(Arc::new(Mutex::new(Watched {
            begun: Instant::now(),
            since: Instant::now(),
            stands: BTreeMap::new(),
            all_rest: false,
            most_pods: BTreeMap::new(),
            fewest_ready: BTreeMap::new(),
        })))
    }

    async fn look(&self, cluster: &Cluster, scope: &str, deployments: &Deployments) -> Vec<Value> {
        let pods = cluster.objects("Pod", scope).await;
        let jobs = cluster.objects("Job", scope).await;
        let mut most: BTreeMap<String, usize> = BTreeMap::new();
        let mut ready: BTreeMap<String, usize> = BTreeMap::new();
        for pod in &pods {
            let name = workload(pod, deployments);
            *most.entry(name.clone()).or_default() += 1;
            *ready.entry(name).or_default() += usize::from(is_ready(pod) && !is_terminating(pod));
        }
        let mut watched = self.0.lock().expect("nobody panics holding it");
        let stands = stands(&pods);
        watched.all_rest =
            pods.iter().all(|pod| is_at_rest(pod, false)) && !jobs.iter().any(undone);
        if stands != watched.stands || !watched.all_rest {
            watched.since = Instant::now();
            watched.stands = stands;
        }
        for (name, count) in most {
            let seen = watched.most_pods.entry(name).or_default();
            *seen = count.max(*seen);
        }
        for (name, seen) in &mut watched.fewest_ready {
            // None at all is none ready.
            *seen = (*seen).min(ready.get(name).copied().unwrap_or(0));
        }
        for (name, count) in ready {
            watched.fewest_ready.entry(name).or_insert(count);
        }
        drop(watched);
        pods
    }

    fn nothing_moves(&self) -> bool {
        let watched = self.0.lock().expect("nobody panics holding it");
        let still = watched.all_rest && watched.since.elapsed() > PATIENCE;
        still || watched.begun.elapsed() > AT_MOST
    }

    /// The turn of another node: whatever stood still may move again.
    fn again(&self) {
        self.0.lock().expect("nobody panics holding it").since = Instant::now();
    }
}

struct Drainer<'a> {
    cluster: &'a Cluster,
    scope: &'a str,
    drain: &'a Drain,
    deployments: &'a Deployments,
    watch: Watch,
}

/// Drains, waits until all is at rest again, and writes down what was seen of nodes and pods.
pub async fn drain(
    cluster: &Arc<Cluster>,
    scope: &str,
    drain: &Drain,
    deployments: &Deployments,
    observed: &mut Observed,
) -> Result<(), String> {
    let watch = Watch::new();
    watch.look(cluster, scope, deployments).await;
    let watcher = {
        let (cluster, watch) = (Arc::clone(cluster), watch.clone());
        let (scope, deployments) = (scope.to_string(), deployments.clone());
        tokio::spawn(async move {
            let mut reminder = Reminder::default();
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let pods = watch.look(&cluster, &scope, &deployments).await;
                reminder.remind(&cluster, &scope, &pods).await;
            }
        })
    };
    let drainer = Drainer {
        cluster,
        scope,
        drain,
        deployments,
        watch: watch.clone(),
    };
    drainer.all(observed).await;
    // What was evicted last is replaced after the end.
    let rest = until_rest(cluster, scope).await;
    watcher.abort();
    let watched = watch.0.lock().expect("nobody panics holding it");
    observed.most_pods = watched.most_pods.clone();
    observed.fewest_ready = watched.fewest_ready.clone();
    observed
        .pods
        .sort_by(|one, two| (&one.node, &one.pod).cmp(&(&two.node, &two.pod)));
    rest
}

impl Drainer<'_> {
    async fn all(&self, observed: &mut Observed) {
        let nodes = &self.drain.nodes;
        if self.drain.how != How::InTurn {
            for node in nodes {
                self.cordon(node).await;
            }
        }
        if self.drain.how == How::AtOnce {
            let fates = join_all(nodes.iter().map(|node| self.node(node))).await;
            for (node, (fate, pods, refused)) in nodes.iter().zip(fates) {
                note(observed, node, fate, pods, refused);
            }
            return;
        }
        let mut ended = false;
        for node in nodes {
            if ended {
                observed.nodes.insert(node.clone(), NodeFate::NotReached);
                continue;
            }
            if self.drain.how == How::InTurn {
                self.cordon(node).await;
            }
            self.watch.again();
            let (fate, pods, refused) = self.node(node).await;
            ended = self.drain.how == How::InTurn && fate != NodeFate::Drained;
            if self.drain.reimaged && fate == NodeFate::Drained {
                let name = node_name(node, self.scope);
                self.cluster.cordon(&name, false).await;
            }
            note(observed, node, fate, pods, refused);
        }
    }

    async fn cordon(&self, node: &str) {
        let name = node_name(node, self.scope);
        self.cluster.cordon(&name, true).await;
    }

    async fn node(&self, node: &str) -> (NodeFate, Vec<PodSeen>, Vec<String>) {
        let name = node_name(node, self.scope);
        let pods = self.cluster.objects("Pod", self.scope).await;
        let (mut evicted, mut refused) = (Vec::new(), Vec::new());
        for pod in pods
            .into_iter()
            .filter(|pod| pod["spec"]["nodeName"] == name.as_str())
        {
            match filter(&pod, self.drain) {
                Filtered::Evicted => evicted.push(pod),
                Filtered::Left => {}
                Filtered::Refused(why) => {
                    refused.push(format!("{}: {why}", workload(&pod, self.deployments)));
                }
            }
        }
        if !refused.is_empty() {
            refused.sort();
            refused.dedup();
            return (NodeFate::Refused, Vec::new(), refused);
        }
        let seen = join_all(evicted.iter().map(|pod| self.pod(pod, node))).await;
        let fate = if seen.iter().all(PodSeen::is_gone) {
            NodeFate::Drained
        } else {
            NodeFate::Stuck
        };
        (fate, seen, Vec::new())
    }

    async fn pod(&self, pod: &Value, node: &str) -> PodSeen {
        let name = pod["metadata"]["name"].as_str().expect("it has a name");
        let path = format!("/api/v1/namespaces/{}/pods/{name}", self.scope);
        let body = json!({"apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": name, "namespace": self.scope}});
        let mut seen = PodSeen {
            pod: name.to_string(),
            workload: workload(pod, self.deployments),
            node: node.to_string(),
            verdicts: Vec::new(),
        };
        loop {
            let eviction = format!("{path}/eviction");
            let (status, answer) = self.cluster.send("POST", &eviction, Some(&body)).await;
            let verdict = Verdict::of(status, &answer);
            seen.verdicts.push(verdict.clone());
            match verdict {
                Verdict::Refused { .. } if self.watch.nothing_moves() => return seen,
                Verdict::Refused { .. } => tokio::time::sleep(ASK_EVERY).await,
                Verdict::Evicted => break,
                _ => return seen,
            }
        }
        loop {
            let (status, now) = self.cluster.send("GET", &path, None).await;
            if status == 404 || now["metadata"]["uid"] != pod["metadata"]["uid"] {
                return seen;
            }
            if self.watch.nothing_moves() {
                seen.verdicts.push(Verdict::Remains);
                return seen;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn note(
    observed: &mut Observed,
    node: &str,
    fate: NodeFate,
    pods: Vec<PodSeen>,
    refused: Vec<String>,
) {
    observed.nodes.insert(node.to_string(), fate);
    observed.pods.extend(pods);
    if !refused.is_empty() {
        observed.refused.insert(node.to_string(), refused);
    }
}
