//! What AKS does with the pools once a change is accepted: all of them at the same time, each as its upgrade settings say (UPG-2 to
//! UPG-9, MIG-20). Simpler than AKS in what nobody has documented: surge nodes of a failed operation stay and are used by the next.

use super::Shared;
use super::drain::Drained;
use super::shape::share;
use futures::future::join_all;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Why a pool did not get to the end.
enum Trouble {
    Failed { code: &'static str, message: String },
    Cancelled,
}

/// A pool's upgrade settings, read.
struct Settings {
    surge: usize,
    unavailable: usize,
    drain: u32,
    soak: u32,
    cordons: bool,
}

impl Settings {
    fn of(profile: &Value, nodes: usize) -> Settings {
        let settings = &profile["upgradeSettings"];
        let number = |field: &str, default: u32| {
            let value = settings[field].as_u64();
            value.map_or(default, |value| u32::try_from(value).expect("minutes"))
        };
        let surge = match &settings["maxSurge"] {
            // UPG-1: the default is a tenth.
            Value::Null => nodes.div_ceil(10).max(1),
            said => share(said, nodes),
        };
        Settings {
            surge,
            unavailable: share(&settings["maxUnavailable"], nodes),
            drain: number("drainTimeoutInMinutes", 30),
            soak: number("nodeSoakDurationInMinutes", 0),
            cordons: settings["undrainableNodeBehavior"] == "Cordon",
        }
    }
}

/// An operation that changes no node.
pub async fn briefly(shared: Arc<Shared>, id: String, pool: Option<String>, time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until && !shared.is_cancelled(&id) {
        tokio::time::sleep(time.min(Duration::from_millis(30))).await;
    }
    let mut world = shared.world();
    let end = if world.operation(&id).is_cancelled {
        "Canceled"
    } else {
        "Succeeded"
    };
    match pool {
        None => world.end(&id, end, None, &|_| end, end),
        Some(pool) => world.end_of_pool(&id, &pool, end),
    }
}

/// Reimages every node that the last change has not reached.
pub async fn reimage_all(shared: Arc<Shared>, id: String) {
    let pools: Vec<&'static str> = {
        let world = shared.world();
        world.shape.pools.iter().map(|pool| pool.name).collect()
    };
    let ends = join_all(pools.iter().map(|name| pool(&shared, &id, name))).await;
    let mut messages = Vec::new();
    let mut failed = Vec::new();
    let mut first_code = None;
    let mut cancelled = false;
    for (name, end) in pools.iter().zip(ends) {
        match end {
            Ok(()) => {}
            Err(Trouble::Cancelled) => cancelled = true,
            Err(Trouble::Failed { code, message }) => {
                failed.push((*name).to_string());
                first_code.get_or_insert(code);
                messages.push(message);
            }
        }
    }
    shared.uncordon_all().await;
    let mut world = shared.world();
    let pool_state = |name: &str| {
        if failed.iter().any(|failed| failed == name) {
            "Failed"
        } else {
            "Succeeded"
        }
    };
    if cancelled || world.operation(&id).is_cancelled {
        world.end(&id, "Canceled", None, &|_| "Canceled", "Canceled");
    } else if let Some(code) = first_code {
        let error = json!({"code": code, "message": messages.join("; ")});
        world.end(&id, "Failed", Some(error), &pool_state, "Failed");
    } else {
        world.end(&id, "Succeeded", None, &pool_state, "Succeeded");
    }
}

async fn pool(shared: &Shared, id: &str, pool: &'static str) -> Result<(), Trouble> {
    let (settings, todo) = {
        let mut world = shared.world();
        let todo = world.undone(pool);
        let of_pool = world
            .nodes
            .values()
            .filter(|node| node.pool == pool && !node.is_surge);
        let nodes = of_pool.count();
        let profile = world.profile(pool).expect("the shape's pools are there");
        (Settings::of(profile, nodes), todo)
    };
    if !todo.is_empty() {
        let wanted = settings.surge.min(todo.len());
        let surge = surge(shared, id, pool, wanted).await?;
        let batch = if surge > 0 {
            surge
        } else {
            settings.unavailable.max(1)
        };
        for nodes in todo.chunks(batch) {
            turn(shared, id, &settings, nodes).await?;
        }
    }
    let surge = shared.world().surge_nodes(pool);
    let ends = surge.iter().map(async |node| {
        shared.cordon(node, true).await;
        let until = Instant::now() + minutes(shared, settings.drain);
        settled(shared.drain(id, node, until).await)?;
        shared.node_goes(node).await;
        let path = format!("{}/{node}", super::kubernetes::NETWORK_CONFIGS);
        shared.api.delete(&path).await;
        let mut world = shared.world();
        world.remove_node(node);
        world.is_over(node);
        Ok(())
    });
    join_all(ends).await.into_iter().collect()
}

fn minutes(shared: &Shared, minutes: u32) -> Duration {
    shared.pace.minute * minutes
}

fn settled(drained: Drained) -> Result<(), Trouble> {
    match drained {
        Drained::Empty => Ok(()),
        Drained::Cancelled => Err(Trouble::Cancelled),
        Drained::Failed(message) => Err(Trouble::Failed {
            code: "UpgradeFailed",
            message,
        }),
    }
}

/// Makes surge nodes until there are as many as wanted; how many there are.
async fn surge(
    shared: &Shared,
    id: &str,
    pool: &'static str,
    wanted: usize,
) -> Result<usize, Trouble> {
    let here = shared.world().surge_nodes(pool).len();
    if wanted <= here {
        return Ok(here.min(wanted));
    }
    let made = {
        let mut world = shared.world();
        let mode = world.mode();
        let mut made = Vec::new();
        let mut short = None;
        for _ in here..wanted {
            match world.add_node(pool, mode, true) {
                Ok(name) => made.push(name),
                Err(addresses) => {
                    short = Some(addresses);
                    break;
                }
            }
        }
        if let Some(addresses) = short {
            // A scale set grows by all of them or by none; from 1.35 on AKS then tries with one (UPG-6).
            let keep = usize::from(world.falls_back() && here == 0).min(made.len());
            for name in made.drain(keep..) {
                world.remove_node(&name);
            }
            if made.is_empty() && here == 0 {
                return Err(world.subnet_is_full(pool, addresses * (wanted - here) as u64));
            }
        }
        made
    };
    tokio::time::sleep(shared.pace.node_create).await;
    join_all(made.iter().map(async |name| {
        shared.node_comes(name).await;
        let message = format!("Created a surge node [{name} {pool}] for agentpool {pool}");
        shared.event(name, "Normal", "Surge", &message).await;
    }))
    .await;
    if shared.is_cancelled(id) {
        return Err(Trouble::Cancelled);
    }
    Ok(here + made.len())
}

/// Cordons, drains and reimages some nodes of a pool at once.
async fn turn(
    shared: &Shared,
    id: &str,
    settings: &Settings,
    nodes: &[String],
) -> Result<(), Trouble> {
    if shared.is_cancelled(id) {
        return Err(Trouble::Cancelled);
    }
    join_all(nodes.iter().map(|node| shared.cordon(node, true))).await;
    let until = Instant::now() + minutes(shared, settings.drain);
    let drains = nodes.iter().map(async |node| {
        let drained = shared.drain(id, node, until).await;
        if drained == Drained::Empty {
            if settings.soak > 0 {
                let message = format!(
                    "Soak duration {}m0s after draining node: {node}",
                    settings.soak
                );
                shared.event(node, "Normal", "Upgrade", &message).await;
                tokio::time::sleep(minutes(shared, settings.soak)).await;
            }
            shared.reimage(id, node).await;
        }
        (node, drained)
    });
    let mut messages = Vec::new();
    for (node, drained) in join_all(drains).await {
        match settled(drained) {
            Ok(()) => {}
            Err(Trouble::Failed { message, .. }) => {
                if settings.cordons {
                    shared.quarantine(node).await;
                    shared.world().replace_by_surge(node);
                } else {
                    shared.cordon(node, false).await;
                }
                messages.push(message);
            }
            Err(Trouble::Cancelled) => return Err(Trouble::Cancelled),
        }
    }
    if messages.is_empty() || settings.cordons {
        return Ok(());
    }
    Err(Trouble::Failed {
        code: "UpgradeFailed",
        message: messages.join("; "),
    })
}

impl Shared {
    async fn reimage(&self, id: &str, node: &str) {
        self.node_goes(node).await;
        self.world().reimaged(node);
        tokio::time::sleep(self.pace.reimage).await;
        self.node_comes(node).await;
        let mut world = self.world();
        world.is_over(node);
        let all = world.nodes.values().filter(|node| !node.is_surge).count();
        let generation = world.generation;
        let done = world
            .nodes
            .values()
            .filter(|node| !node.is_surge && node.generation == generation)
            .count();
        let operation = world.operation(id);
        operation.status = format!("ReconcilingAgentPools: {done}/{all} nodes");
        // What went wrong once and is tried again shows in a body whose status says that it goes on.
        operation.error = (done % 3 == 1).then(|| {
            json!({"code": "ReconcileVMSSAgentPoolRetry", "message": "An earlier attempt did not succeed and is being repeated."})
        });
    }

    /// Nodes that nobody drains any more are schedulable again, but for those in quarantine.
    async fn uncordon_all(&self) {
        let nodes: Vec<String> = {
            let world = self.world();
            let free = world.nodes.iter().filter(|(_, node)| !node.is_quarantined);
            free.map(|(name, _)| name.clone()).collect()
        };
        join_all(nodes.iter().map(|node| self.cordon(node, false))).await;
    }

    pub fn is_cancelled(&self, id: &str) -> bool {
        self.world().operation(id).is_cancelled
    }
}

impl super::world::World {
    fn falls_back(&self) -> bool {
        let minor = self.shape.version.split('.').nth(1);
        minor.is_some_and(|minor| minor.parse::<u32>().is_ok_and(|minor| minor >= 35))
    }

    fn subnet_is_full(&self, pool: &str, addresses: u64) -> Trouble {
        let shape = &self.shape;
        Trouble::Failed {
            code: "SubnetIsFull",
            message: format!(
                "Failed to scale node pool '{pool}' in Kubernetes service '{}'. Error: VMSSAgentPoolReconciler retry failed: \
                 Code='SubnetIsFull' Message='Subnet {} with address prefix {} does not have enough capacity for {addresses} IP \
                 addresses.' Details=[]",
                shape.name, shape.subnet, shape.subnet_cidr
            ),
        }
    }

    /// A surge node stays in place of one that could not be drained (UPG-9).
    fn replace_by_surge(&mut self, node: &str) {
        let pool = self.nodes[node].pool.clone();
        if let Some(name) = self.surge_nodes(&pool).first() {
            let name = name.clone();
            if let Some(surge) = self.nodes.get_mut(&name) {
                surge.is_surge = false;
            }
        }
    }

    fn end(
        &mut self,
        id: &str,
        status: &str,
        error: Option<Value>,
        pools: &dyn Fn(&str) -> &'static str,
        cluster: &str,
    ) {
        let operation = self.operation(id);
        operation.status = status.to_string();
        operation.error = error;
        operation.is_over = true;
        self.running = None;
        self.set_state(pools, cluster);
        let image = self.image();
        for pool in self.shape.pools.clone() {
            let done = self.undone(pool.name).is_empty();
            if let (true, Some(profile)) = (done, self.profile(pool.name)) {
                profile["nodeImageVersion"] = json!(image);
            }
        }
        self.touch_cluster();
    }

    fn end_of_pool(&mut self, id: &str, pool: &str, end: &str) {
        let operation = self.operation(id);
        operation.status = end.to_string();
        operation.is_over = true;
        self.running = None;
        if let Some(profile) = self.profile(pool) {
            profile["provisioningState"] = json!(end);
        }
        self.touch_pool(pool);
    }
}
