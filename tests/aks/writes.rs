//! Writes as Azure takes them: which are refused and in which words, what of an accepted body is kept, and which operation it
//! begins. Answers no read.

use super::acting;
use super::bodies::{self, error, merge};
use super::shape::{LOCATION, Range, SUBSCRIPTION, share};
use super::world::{Mode, Operation, World};
use super::{Asked, Reply, Shared};
use serde_json::{Value, json};
use std::sync::Arc;

type Refused = (u16, Value);

fn refused(status: u16, code: &str, message: &str, target: Option<&str>) -> Refused {
    (status, error(code, message, target))
}

fn bad(message: &str) -> Refused {
    refused(400, "BadRequest", message, None)
}

/// What only Azure writes: dropped from what a client sends, taken from what is stored.
const TOP: &[&str] = &["id", "name", "type", "kind", "eTag", "systemData"];
const CLUSTER: &[&str] = &[
    "provisioningState",
    "powerState",
    "fqdn",
    "azurePortalFQDN",
    "currentKubernetesVersion",
    "maxAgentPools",
    "resourceUID",
];
const POOL: &[&str] = &[
    "provisioningState",
    "powerState",
    "currentOrchestratorVersion",
    "nodeImageVersion",
    "eTag",
];

fn restore(new: &mut Value, stored: &Value, fields: &[&str]) {
    for field in fields {
        match stored.get(*field) {
            Some(value) => new[*field] = value.clone(),
            None => {
                if let Some(object) = new.as_object_mut() {
                    object.remove(*field);
                }
            }
        }
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn is(value: &Value, field: &str, wanted: &str) -> bool {
    text(value, field).eq_ignore_ascii_case(wanted)
}

fn policy(network: &Value) -> String {
    match text(network, "networkPolicy") {
        "" => "none".to_string(),
        said => said.to_ascii_lowercase(),
    }
}

fn precondition(asked: &Asked, etag: &Value) -> Result<(), Refused> {
    match asked.headers.get("if-match") {
        Some(wanted) if wanted != "*" && Some(wanted.as_str()) != etag.as_str() => Err(refused(
            412,
            "PreConditionFailed",
            &format!(
                "The etag {wanted} provided in the if-match header does not match the current etag of the resource."
            ),
            None,
        )),
        _ => Ok(()),
    }
}

fn nobody_else(world: &World) -> Result<(), Refused> {
    let Some(running) = &world.running else {
        return Ok(());
    };
    let handler = world.operations[running].handler;
    let message = format!(
        "Operation is not allowed: Another operation ({handler}) is in progress, please wait for it to finish before starting a new \
         operation. See https://aka.ms/aks-pending-operation for more details"
    );
    Err(refused(409, "OperationNotAllowed", &message, None))
}

pub async fn put_cluster(shared: &Arc<Shared>, asked: &Asked) -> Reply {
    // What stands in the cluster is looked at before, for nobody waits while holding the world.
    let inside = inside(shared).await;
    let mut world = shared.world();
    let new = match accepted(&mut world, asked, &inside) {
        Ok(new) => new,
        Err((status, body)) => return Reply::of(status, body),
    };
    let before = world.network().clone();
    let after = &new["properties"]["networkProfile"];
    let reimages = policy(&before) != policy(after)
        || !is(
            &before,
            "networkPluginMode",
            text(after, "networkPluginMode"),
        )
        || !is(&before, "networkPlugin", text(after, "networkPlugin"))
        || is(&before, "networkDataplane", "cilium") != is(after, "networkDataplane", "cilium");
    world.cluster = new;
    if reimages {
        world.generation += 1;
    }
    let pools: Vec<&str> = world.shape.pools.iter().map(|pool| pool.name).collect();
    let unfinished = pools
        .iter()
        .any(|pool| !world.undone(pool).is_empty() || !world.surge_nodes(pool).is_empty());
    world.set_state(&|_| "Updating", "Updating");
    let id = begin(&mut world, "PutManagedClusterHandler.PUT");
    // The answer has the eTag from before; a read has the new one at once.
    let answer = world.cluster.clone();
    world.touch_cluster();
    drop(world);
    let task = if unfinished {
        shared.spawn(acting::reimage_all(Arc::clone(shared), id.clone()))
    } else {
        let time = shared.pace.short_operation;
        shared.spawn(acting::briefly(Arc::clone(shared), id.clone(), None, time))
    };
    shared.keep(task);
    shared.begun(200, answer, &id)
}

/// What AKS looks up in the cluster before it begins: budgets that allow nothing, and a configuration of its own masquerading.
struct Inside {
    /// `namespace/name`
    never: Vec<String>,
    has_masquerade: bool,
}

async fn inside(shared: &Shared) -> Inside {
    let budgets = shared
        .api
        .list("/apis/policy/v1/poddisruptionbudgets")
        .await;
    let never = |budget: &&Value| {
        let most = &budget["spec"]["maxUnavailable"];
        most == &json!(0) || most == &json!("0%")
    };
    let never = budgets.iter().filter(never).map(|budget| {
        let (namespace, name) = super::nodes::names(budget);
        format!("{namespace}/{name}")
    });
    let path = "/api/v1/namespaces/kube-system/configmaps/azure-ip-masq-agent-config";
    Inside {
        never: never.collect(),
        has_masquerade: shared.api.send("GET", path, None).await.0 == 200,
    }
}

/// The body as it is stored from now on.
fn accepted(world: &mut World, asked: &Asked, inside: &Inside) -> Result<Value, Refused> {
    let mut new: Value = serde_json::from_str(&asked.body)
        .map_err(|error| bad(&format!("The request body is not valid JSON: {error}")))?;
    let stored = world.cluster.clone();
    if text(&new, "location").is_empty() {
        return Err(bad(
            "The location property is required for this definition.",
        ));
    }
    let profiles = new["properties"]["agentPoolProfiles"].as_array();
    if profiles.is_none_or(Vec::is_empty) {
        return Err(bad(
            "Required parameter agentPoolProfiles is missing (null).",
        ));
    }
    precondition(asked, &stored["eTag"])?;
    nobody_else(world)?;
    restore(&mut new, &stored, TOP);
    restore(&mut new["properties"], &stored["properties"], CLUSTER);
    let kept = stored["properties"]["agentPoolProfiles"].as_array();
    let kept = kept.cloned().unwrap_or_default();
    let sent = new["properties"]["agentPoolProfiles"].as_array_mut();
    let sent = sent.into_iter().flatten();
    let mut seen = 0;
    for profile in sent {
        let known = kept
            .iter()
            .find(|known| is(known, "name", text(profile, "name")));
        let Some(known) = known else {
            return Err(bad("Pools are added with a request of their own."));
        };
        restore(profile, known, POOL);
        seen += 1;
    }
    if seen != kept.len() {
        return Err(bad(
            "agentPoolProfiles does not hold every pool of the cluster.",
        ));
    }
    if new["identity"].is_null() {
        return Err(bad(
            "The identity of a managed cluster cannot be taken away.",
        ));
    }
    merge(&mut new["identity"], &stored["identity"]);
    let issuer = &stored["properties"]["oidcIssuerProfile"]["issuerURL"];
    new["properties"]["oidcIssuerProfile"]["issuerURL"] = issuer.clone();
    let network = &mut new["properties"]["networkProfile"];
    if network.is_null() {
        *network = stored["properties"]["networkProfile"].clone();
    }
    let outbound = "effectiveOutboundIPs";
    network["loadBalancerProfile"][outbound] =
        stored["properties"]["networkProfile"]["loadBalancerProfile"][outbound].clone();
    if network["podCidr"].is_string() && network["podCidrs"].is_null() {
        network["podCidrs"] = json!([network["podCidr"]]);
    }
    moves(world, &new, inside)?;
    Ok(new)
}

/// What AKS says of a change of the network (aks-rules 2.3, 4.1). Where the words are not known, they are ours.
fn moves(world: &World, new: &Value, inside: &Inside) -> Result<(), Refused> {
    let before = world.network();
    let after = &new["properties"]["networkProfile"];
    let target = |field: &str| format!("networkProfile.{field}");
    let becomes = |field: &str, word: &str| !is(before, field, word) && is(after, field, word);
    let to_overlay = becomes("networkPluginMode", "overlay");
    let to_cilium = becomes("networkDataplane", "cilium");
    if is(before, "networkPluginMode", "overlay") && !is(after, "networkPluginMode", "overlay") {
        return Err(bad(
            "Changing networkPluginMode from overlay is not supported.",
        ));
    }
    if is(after, "networkPluginMode", "overlay") && is(after, "networkPlugin", "kubenet") {
        return Err(refused(
            400,
            "UnsupportedNetworkPluginModeWithNetworkPlugin",
            "NetworkPluginMode overlay is not supported with NetworkPlugin kubenet.",
            Some(&target("networkPluginMode")),
        ));
    }
    if to_overlay && to_cilium {
        return Err(bad(
            "The network plugin mode and the network dataplane cannot change in one operation.",
        ));
    }
    if is(after, "networkDataplane", "cilium") && policy(after) != "cilium" {
        return Err(refused(
            400,
            "BadRequest",
            "Cilium dataplane requires network policy cilium.",
            Some(&target("networkPolicy")),
        ));
    }
    if to_overlay && ["azure", "calico"].contains(&policy(before).as_str()) {
        return Err(refused(
            400,
            "ValidationError",
            "Cannot update cluster to Azure CNI Overlay while using network policies with Azure CNI v1.",
            None,
        ));
    }
    if to_overlay && inside.has_masquerade {
        return Err(bad(
            "Cannot update cluster to Azure CNI Overlay while a custom ip-masq-agent configuration exists.",
        ));
    }
    if let Some(first) = after["podCidrs"].get(0)
        && *first != after["podCidr"]
    {
        return Err(bad("podCidr must be the first of podCidrs."));
    }
    let is_disruptive = to_overlay || to_cilium || policy(before) != policy(after);
    if is_disruptive
        && is(
            &new["properties"]["nodeDisruptionProfile"],
            "nodeDisruptionPolicy",
            "Block",
        )
    {
        return Err(bad(
            "The operation disrupts nodes, and the node disruption policy of the cluster is Block.",
        ));
    }
    if is_disruptive && !inside.never.is_empty() {
        let lines: Vec<String> = inside
            .never
            .iter()
            .map(|budget| {
                format!("PDB {budget} has maxunavailable == 0 can't proceed with put operation")
            })
            .collect();
        let message = format!(
            "Upgrade is blocked due to invalid Pod Disruption Budgets (PDBs). Please review the PDB spec to allow disruptions during \
             upgrades. To bypass this error, set forceUpgrade in upgradeSettings.overrideSettings. Invalid PDBs details: {} error \
             occurred:\n\t* {}",
            lines.len(),
            lines.join("\n\t* ")
        );
        return Err(refused(400, "UnsatisfiablePDB", &message, None));
    }
    if to_overlay || before["podCidr"] != after["podCidr"] {
        pod_range(world, after, to_overlay)?;
    }
    Ok(())
}

fn pod_range(world: &World, after: &Value, to_overlay: bool) -> Result<(), Refused> {
    let Some(range) = Range::parse(text(after, "podCidr")) else {
        return Err(bad(
            "networkProfile.podCidr is required for network plugin mode overlay.",
        ));
    };
    if !to_overlay {
        let old = world.pod_range();
        let holds =
            old.is_none_or(|old| range.contains(old.at(0)) && range.contains(old.at(old.size - 1)));
        if !holds || world.mode() != Mode::Overlay {
            return Err(bad("A pod CIDR can only be extended."));
        }
    }
    let target = Some("networkProfile.podCIDR");
    let nodes: usize = world
        .shape
        .pools
        .iter()
        .map(|pool| pool.nodes + share(&pool.upgrade["maxSurge"], pool.nodes))
        .sum();
    let needed = 256 * nodes as u64;
    if needed > range.size {
        let message = format!(
            "Pre-allocated IPs {needed} exceeds IPs available {} in Subnet Cidr {}, Subnet Name networkProfile.podCIDR. If Autoscaler \
             is enabled, the max-count from each nodepool is counted towards this total (which means that pre-allocated IPs count \
             represents a theoretical max value, not the actual number of IPs requested). http://aka.ms/aks/insufficientsubnetsize",
            range.size,
            text(after, "podCidr")
        );
        return Err(refused(400, "InsufficientSubnetSize", &message, target));
    }
    let shape = &world.shape;
    let own = std::iter::once(shape.subnet_cidr);
    for cidr in own.chain(shape.other_subnets.iter().map(|(_, cidr)| *cidr)) {
        if Range::of(cidr).overlaps(&range) {
            let message = format!(
                "NetworkProfile CIDR {} overlaps with reserved VNET CIDR {cidr}",
                text(after, "podCidr")
            );
            return Err(refused(
                400,
                "NetworkProfileCIDROverlapVNET",
                &message,
                target,
            ));
        }
    }
    for cidr in [shape.service_cidr, "172.30.0.0/16", "172.31.0.0/16"] {
        if Range::of(cidr).overlaps(&range) {
            return Err(bad(&format!("The pod CIDR overlaps with {cidr}.")));
        }
    }
    Ok(())
}

pub fn put_pool(shared: &Arc<Shared>, asked: &Asked, pool: &str) -> Reply {
    let mut world = shared.world();
    match accepted_pool(&mut world, asked, pool) {
        Err((status, body)) => Reply::of(status, body),
        Ok(new) => {
            let profile = world.profile(pool).expect("it was just found");
            *profile = new;
            profile["provisioningState"] = json!("Updating");
            let id = begin_of_pool(&mut world, pool);
            let answer = bodies::agent_pool(&world.cluster, pool).expect("it was just found");
            world.touch_pool(pool);
            drop(world);
            let time = shared.pace.short_operation;
            let task =
                acting::briefly(Arc::clone(shared), id.clone(), Some(pool.to_string()), time);
            let task = shared.spawn(task);
            shared.keep(task);
            shared.begun(200, answer, &id)
        }
    }
}

fn accepted_pool(world: &mut World, asked: &Asked, pool: &str) -> Result<Value, Refused> {
    let sent: Value = serde_json::from_str(&asked.body)
        .map_err(|error| bad(&format!("The request body is not valid JSON: {error}")))?;
    let Some(stored) = world.profile(pool).cloned() else {
        return Err(bad("Pools are not made here."));
    };
    let mut new = sent["properties"].clone();
    if !new.is_object() {
        return Err(bad("Required parameter properties is missing (null)."));
    }
    precondition(asked, &stored["eTag"])?;
    nobody_else(world)?;
    new["name"] = stored["name"].clone();
    restore(&mut new, &stored, POOL);
    for fixed in ["count", "vmSize", "maxPods", "vnetSubnetID"] {
        if new[fixed] != stored[fixed] {
            return Err(bad(&format!("Changing {fixed} is not done here.")));
        }
    }
    let settings = &new["upgradeSettings"];
    let surge = share(&settings["maxSurge"], 100);
    let unavailable = share(&settings["maxUnavailable"], 100);
    if surge == 0 && unavailable == 0 && settings["maxSurge"].is_string() {
        return Err(bad("maxSurge and maxUnavailable cannot both be 0."));
    }
    if unavailable > 0 && is(&new, "mode", "System") {
        return Err(bad("maxUnavailable is not allowed on a system pool."));
    }
    if settings["drainTimeoutInMinutes"]
        .as_u64()
        .is_some_and(|minutes| !(5..=1440).contains(&minutes))
    {
        return Err(bad("drainTimeoutInMinutes must be between 5 and 1440."));
    }
    Ok(new)
}

/// Somebody else writes to a pool: an operation of its own, so long.
pub fn somebody_writes(shared: &Arc<Shared>, pool: &str, time: std::time::Duration) {
    let mut world = shared.world();
    let profile = world.profile(pool).expect("the shape's pools are there");
    profile["provisioningState"] = json!("Updating");
    let id = begin_of_pool(&mut world, pool);
    world.touch_pool(pool);
    drop(world);
    let task = acting::briefly(Arc::clone(shared), id, Some(pool.to_string()), time);
    let task = shared.spawn(task);
    shared.keep(task);
}

fn begin_of_pool(world: &mut World, pool: &str) -> String {
    let id = begin(world, "PutAgentPoolHandler.PUT");
    world.operation(&id).pool = Some(pool.to_ascii_lowercase());
    id
}

/// Of the cluster's operation, or of a pool's own: each is asked to end where it is.
pub fn abort(shared: &Arc<Shared>, pool: Option<&str>) -> Reply {
    let mut world = shared.world();
    let running = world.running.clone();
    let running = running.filter(|id| world.operations[id].pool.as_deref() == pool);
    let Some(running) = running else {
        let message = "There is no ongoing operation that could be aborted.";
        return Reply::of(409, error("OperationNotAllowed", message, None));
    };
    world.operation(&running).is_cancelled = true;
    let answer = match pool {
        None => {
            world.set_state(&|_| "Canceling", "Canceling");
            world.cluster.clone()
        }
        Some(pool) => {
            let profile = world.profile(pool).expect("an operation runs on it");
            profile["provisioningState"] = json!("Canceling");
            bodies::agent_pool(&world.cluster, pool).expect("it was just found")
        }
    };
    let id = begin_beside(&mut world, "AbortLatestOperationHandler.POST");
    drop(world);
    let (watched, own) = (Arc::clone(shared), id.clone());
    let task = shared.spawn(async move {
        while !watched.world().operation(&running).is_over {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let mut world = watched.world();
        let operation = world.operation(&own);
        operation.status = "Succeeded".to_string();
        operation.is_over = true;
    });
    shared.keep(task);
    let mut reply = shared.begun(202, answer, &id);
    reply.headers.push((
        "location",
        shared.operation_address("operationresults", &id),
    ));
    reply
}

fn begin(world: &mut World, handler: &'static str) -> String {
    let id = begin_beside(world, handler);
    world.running = Some(id.clone());
    world.began = Some(std::time::Instant::now());
    id
}

fn begin_beside(world: &mut World, handler: &'static str) -> String {
    let id = format!("0be00000-0000-4000-8000-{:012x}", world.next());
    world.operations.insert(
        id.clone(),
        Operation {
            id: id.clone(),
            handler,
            pool: None,
            status: "InProgress".to_string(),
            error: None,
            is_over: false,
            is_cancelled: false,
        },
    );
    id
}

impl Shared {
    fn begun(&self, status: u16, body: Value, id: &str) -> Reply {
        let mut reply = Reply::of(status, body);
        reply.operation = Some(id.to_string());
        reply.headers.push((
            "azure-asyncoperation",
            self.operation_address("operations", id),
        ));
        if let Some(seconds) = self.retry_after {
            reply.headers.push(("retry-after", seconds.to_string()));
        }
        reply
    }

    /// Signed, as Azure signs them; the signature is as long as one and is not looked at.
    fn operation_address(&self, folder: &str, id: &str) -> String {
        let certificate = "MIIHHjCCBgagAwIBAgITfwI9pXyUgWpZ".repeat(40);
        format!(
            "http://{}/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService/locations/{LOCATION}/{folder}/{id}\
             ?api-version=2025-03-01&t=639048778007719004&c={certificate}&s={SIGNATURE}&h=5mcumIrSQd5QhIeHRunlcOLILAYlr0NI",
            self.address
        )
    }
}

/// Like a token: looked for in everything a command writes.
pub const SIGNATURE: &str = "Jq5ebKKsimviwLj5rH10--BjnFVGqL5pSjzE8AqcmB8Xex6beMad";
