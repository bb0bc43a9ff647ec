//! A stand-in for AKS: Azure Resource Manager on a loopback socket for one cluster, whose nodes and pods are in a real control plane
//! that it acts on as AKS does. Never looks into the program under test.

#![allow(dead_code, reason = "every test uses a part of this")]

pub mod acting;
pub mod bodies;
pub mod cni;
pub mod drain;
pub mod fault;
pub mod fintech;
pub mod kubernetes;
pub mod nodes;
pub mod server;
pub mod shape;
pub mod small;
pub mod timed;
pub mod workloads;
pub mod world;
pub mod writes;

use fault::{Fault, Rule};
use kubernetes::{Api, Plane};
use serde_json::{Value, json};
use shape::{Pace, Shape};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use world::World;

/// The bearer token that is right at the beginning. Looked for in everything a command prints.
pub const TOKEN: &str = "arm-secret-71c0e6d2aa";

/// One request as it came, less the token, and what was done with it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// Decoded, in lower case.
    pub path: String,
    pub query: Vec<(String, String)>,
    /// Without `authorization`, names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// What was answered; 0 where nothing was.
    pub status: u16,
    /// What it began.
    pub operation: Option<String>,
    pub fault: Option<Fault>,
}

/// An answer before it is sent.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
    pub operation: Option<String>,
}

impl Reply {
    pub fn of(status: u16, body: Value) -> Reply {
        Reply {
            status,
            headers: Vec::new(),
            body,
            operation: None,
        }
    }
}

/// What the server, the acting and the test share.
pub struct Shared {
    world: Mutex<World>,
    rules: Mutex<Vec<Rule>>,
    log: Mutex<Vec<Asked>>,
    expired: Mutex<BTreeSet<String>>,
    tokens: Mutex<BTreeSet<String>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    pub api: Api,
    pub pace: Pace,
    pub retry_after: Option<u64>,
    pub address: SocketAddr,
    handle: Handle,
    /// Base64, as it is handed out.
    kubeconfig: String,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.world)
    }

    /// The budget of the small cluster's service of two lets none go, or one.
    pub async fn strict(&self, is_strict: bool) {
        let path = format!(
            "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/{}",
            small::STRICT
        );
        let least = if is_strict { 2 } else { 1 };
        let change = json!({"spec": {"minAvailable": least}});
        self.api.merge(&path, &change).await;
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.handle.spawn(task)
    }

    fn keep(&self, task: JoinHandle<()>) {
        locked(&self.tasks).push(task);
    }
}

/// A cluster on the stand-in, Ready. It ends when dropped; the control plane may live on for the next.
pub struct Aks {
    pub shared: Arc<Shared>,
    pub plane: Arc<Plane>,
    begun: String,
    _turn: MutexGuard<'static, ()>,
}

impl Aks {
    /// When this cluster was Ready, as the audit log writes instants.
    pub fn begun(&self) -> String {
        self.begun.clone()
    }

    /// `None`, said aloud, where there is no control plane to be had.
    pub fn start(shape: Shape) -> Option<Aks> {
        let plane = kubernetes::plane()?;
        let turn = kubernetes::turn();
        let begun = Instant::now();
        let runtime = &plane.runtime;
        let (listener, address) = runtime.block_on(server::listen());
        let shared = Arc::new(Shared {
            rules: Mutex::default(),
            log: Mutex::default(),
            expired: Mutex::default(),
            tokens: Mutex::new(BTreeSet::from([TOKEN.to_string()])),
            tasks: Mutex::default(),
            api: plane.api.clone(),
            pace: shape.pace.clone(),
            retry_after: shape.retry_after,
            address,
            handle: runtime.handle().clone(),
            kubeconfig: kubeconfig(&plane),
            world: Mutex::new(World::new(shape)),
        });
        shared.keep(runtime.spawn(server::serve(listener, Arc::clone(&shared))));
        // Dropped where it never gets Ready: its tasks would act on the next cluster.
        let mut aks = Aks {
            shared,
            plane,
            begun: String::new(),
            _turn: turn,
        };
        aks.plane.runtime.block_on(async {
            let shared = &aks.shared;
            kubernetes::wipe(&shared.api).await;
            kubernetes::grant(&shared.api, &kubernetes::reads()).await;
            shared.keep(tokio::spawn(cni::run(Arc::clone(shared))));
            workloads::build(shared).await;
        });
        eprintln!("the cluster is Ready after {:?}", begun.elapsed());
        aks.begun = jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%S.%6fZ")
            .to_string();
        Some(aks)
    }

    /// `http://127.0.0.1:PORT`
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.plane.runtime.block_on(future)
    }

    /// Adds to what goes wrong.
    pub fn fault(&self, rule: Rule) {
        locked(&self.shared.rules).push(rule);
    }

    /// From now on this token is right as well.
    pub fn accept(&self, token: &str) {
        locked(&self.shared.tokens).insert(token.to_string());
    }

    pub fn log(&self) -> Vec<Asked> {
        locked(&self.shared.log).clone()
    }

    pub fn forget(&self) {
        locked(&self.shared.log).clear();
    }

    /// Writes that began an operation, whether or not the client was told, in order.
    pub fn writes(&self) -> Vec<Asked> {
        let mut log = self.log();
        log.retain(|asked| asked.operation.is_some() && asked.method == "PUT");
        log
    }

    /// The cluster as a GET would answer it.
    pub fn cluster(&self) -> Value {
        self.shared.world().cluster.clone()
    }

    /// Addresses of the node subnet in use.
    pub fn used(&self) -> u64 {
        self.shared.world().used()
    }

    /// Somebody else changes the tags: the eTag is another one.
    pub fn somebody_tags(&self, name: &str, value: &str) {
        let mut world = self.shared.world();
        world.cluster["tags"][name] = json!(value);
        world.touch_cluster();
    }

    /// Somebody else changes properties of the cluster, in no time.
    pub fn somebody_sets(&self, properties: &Value) {
        let mut world = self.shared.world();
        bodies::merge(&mut world.cluster["properties"], properties);
        world.touch_cluster();
    }

    /// Somebody else writes to a pool: an operation of its own, so long.
    pub fn somebody_writes(&self, pool: &str, time: Duration) {
        writes::somebody_writes(&self.shared, pool, time);
    }

    /// Somebody else makes an object.
    pub fn somebody_makes(&self, object: &Value) {
        let path = workloads::path(object);
        self.block_on(self.shared.api.make(&path, object));
    }

    /// Somebody else scales a pool out.
    pub fn somebody_adds_a_node(&self, pool: &str) {
        let name = {
            let mut world = self.shared.world();
            let mode = world.mode();
            let name = world.add_node(pool, mode, false).expect("there is room");
            let profile = world.profile(pool).expect("there is such a pool");
            profile["count"] = json!(profile["count"].as_u64().unwrap_or(0) + 1);
            world.touch_pool(pool);
            name
        };
        self.block_on(self.shared.node_comes(&name));
    }

    /// Somebody makes a budget strict once an operation has begun: no plan could foresee it.
    pub fn somebody_forbids_once_it_runs(&self) {
        let shared = Arc::clone(&self.shared);
        let task = self.shared.spawn(async move {
            while shared.world().running.is_none() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            shared.strict(true).await;
        });
        self.shared.keep(task);
    }

    /// Whatever somebody does beside the test; it ends with the cluster.
    pub fn meanwhile(&self, deed: impl Future<Output = ()> + Send + 'static) {
        let task = self.shared.spawn(deed);
        self.shared.keep(task);
    }

    /// Somebody deletes a machine that nothing is needed of any more.
    pub fn somebody_deletes_a_node(&self, name: &str) {
        self.block_on(async {
            self.shared.node_goes(name).await;
            let path = format!("{}/{name}", kubernetes::NETWORK_CONFIGS);
            self.shared.api.delete(&path).await;
        });
        self.shared.world().remove_node(name);
    }

    pub fn somebody_allows_again(&self) {
        self.block_on(self.shared.strict(false));
    }

    /// Until no operation runs; `false` when it takes longer.
    pub fn until_idle(&self, at_most: Duration) -> bool {
        let begun = Instant::now();
        while self.shared.world().running.is_some() {
            if begun.elapsed() > at_most {
                return false;
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        true
    }

    pub fn list(&self, path: &str) -> Vec<Value> {
        self.block_on(self.shared.api.list(path))
    }
}

impl Drop for Aks {
    fn drop(&mut self) {
        let tasks = std::mem::take(&mut *locked(&self.shared.tasks));
        for task in &tasks {
            task.abort();
        }
        // Whatever still acts would act on the next cluster.
        self.plane.runtime.block_on(async {
            for task in tasks {
                let _ = task.await;
            }
        });
    }
}

fn kubeconfig(plane: &Plane) -> String {
    let authority = std::fs::read(plane.control.authority()).expect("it made one for itself");
    let authority = azure_core::base64::encode(authority);
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: standin\nclusters:\n- name: standin\n  cluster: {{server: '{}', \
         certificate-authority-data: {authority}}}\ncontexts:\n- name: standin\n  context: {{cluster: standin, user: operator}}\n\
         users:\n- name: operator\n  user: {{token: {}}}\n",
        plane.control.server,
        kubernetes::OPERATOR
    );
    azure_core::base64::encode(text)
}
