//! Recorded changes of clusters and pools, migrations to Overlay and to Cilium's data plane among them, made again with our own
//! bodies through the writer: the body is the one that was recorded as sent, but for what is explained here; it is what the
//! published schema says; and what it began is followed to its end as it was recorded.

use crate::cassettes::{Cassette, Exchange, cassettes, recordings};
use crate::client::block_on;
use crate::scripted::{Asked, Reply, Scripted};
use aksplan::model::ResourceId;
use aksplan::source::azure::container_service::{AgentPool, Body, ManagedCluster, NoPlace};
use aksplan::source::azure::operation::{Clock, Pace, Unfinished};
use aksplan::source::azure::writer::Writer;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// Every kind that somebody recorded a change of. Those of J (Azure Service Operator) are none of a client that gives back what it
/// read: it makes its bodies from a specification of its own.
const KINDS: [char; 7] = ['A', 'B', 'C', 'D', 'E', 'F', 'G'];

/// What recorded clients left out of what they had read, though it is not read-only: the Azure CLI asks its SDK for bodies, and what
/// that has no field for is lost. Azure keeps what it had, so that giving it back unchanged says the same.
pub const LEFT_OUT: &[&str] = &[
    "/properties/controlPlanePluginProfiles",
    "/properties/networkProfile/loadBalancerProfile/effectiveOutboundIPs",
    // `az aks upgrade` alone, "because otherwise validation complains" of a service principal without its secret; every other
    // command gives it back, and is not refused.
    "/properties/servicePrincipalProfile",
    "/properties/storageProfile/diskCSIDriver",
    "/properties/storageProfile/fileCSIDriver",
    "/properties/storageProfile/snapshotController",
    "/properties/supportPlan",
];

/// Commands that take something away, which no change of ours does: the autoscaler and its profile, tags, an identity, the load
/// balancer's outbound rules, one way to scale a pool of virtual machines.
const TAKEN_AWAY: &[(&str, &[&str])] = &[
    (
        "test_aks_control_plane_user_assigned_identity",
        &["/identity/userAssignedIdentities/*"],
    ),
    (
        "test_aks_create_autoscaler_then_update",
        &[
            "/properties/agentPoolProfiles/0/maxCount",
            "/properties/agentPoolProfiles/0/minCount",
            "/properties/autoScalerProfile/*",
            "/tags/*",
        ],
    ),
    (
        "test_aks_create_autoscaler_then_update_vms_pool",
        &[
            "/properties/virtualMachinesProfile/scale/autoscale",
            "/properties/virtualMachinesProfile/scale/manual",
        ],
    ),
    (
        "test_aks_migrate_vmas_to_vms",
        &[
            "/properties/agentPoolProfiles/0/count",
            "/properties/agentPoolProfiles/0/vmSize",
        ],
    ),
    (
        "test_aks_nodepool_create_scale_delete_msi",
        &["/properties/tags/*"],
    ),
    (
        "test_aks_update_outbound_from_slb_to_natgateway",
        &["/properties/networkProfile/loadBalancerProfile"],
    ),
    // This one gave a pool's image back: later previews can set it.
    ("test_aks_entraid_ssh", &["/properties/nodeImageVersion"]),
];

fn is_explained(cassette: &str, place: &str) -> bool {
    let is_like = |pattern: &str| match pattern.strip_suffix("/*") {
        Some(start) => place
            .strip_prefix(start)
            .is_some_and(|rest| rest.starts_with('/')),
        None => pattern == place,
    };
    LEFT_OUT.contains(&place)
        || TAKEN_AWAY
            .iter()
            .any(|(name, places)| *name == cassette && places.iter().any(|place| is_like(place)))
}

/// What was read, what was sent, and what came of it.
pub struct Step<'a> {
    pub cassette: &'a str,
    pub path: &'a str,
    pub read: Value,
    pub sent: Value,
    pub put: &'a Exchange,
    pub polls: Vec<&'a Exchange>,
    pub after: Option<Value>,
}

pub fn is_pool(path: &str) -> bool {
    path.to_ascii_lowercase().contains("/agentpools/")
}

fn is_written(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let depth = path.split('/').count();
    path.contains("/microsoft.containerservice/managedclusters/")
        && (depth == 9 || (depth == 11 && is_pool(&path)))
}

pub fn steps(cassette: &Cassette) -> Vec<Step<'_>> {
    let mut read: BTreeMap<String, Value> = BTreeMap::new();
    let mut found = Vec::new();
    for (position, exchange) in cassette.exchanges.iter().enumerate() {
        let key = exchange.path.to_ascii_lowercase();
        if !is_written(&key) {
            continue;
        }
        if exchange.method == "GET" && exchange.status == 200 {
            read.insert(key, exchange.json());
        } else if exchange.method == "DELETE" || exchange.status == 404 {
            read.remove(&key);
        } else if exchange.method == "PUT"
            && matches!(exchange.status, 200 | 201)
            && let Some(before) = read.get(&key)
        {
            let later = &cassette.exchanges[position + 1..];
            let polls = later
                .iter()
                .take_while(|next| next.path.to_ascii_lowercase().contains("/operations/"))
                .collect();
            let after = later.iter().find(|next| {
                next.method == "GET" && next.path.eq_ignore_ascii_case(&exchange.path)
            });
            found.push(Step {
                cassette: &cassette.name,
                path: &exchange.path,
                read: before.clone(),
                sent: serde_json::from_str(&exchange.request).expect("a body is JSON"),
                put: exchange,
                polls,
                after: after.map(Exchange::json),
            });
        }
    }
    found
}

/// Every place where they differ: only before, or (also) after.
pub fn differences(
    before: &Value,
    after: &Value,
    place: &str,
    gone: &mut Vec<String>,
    new: &mut Vec<(String, Value)>,
) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
            for (name, field) in before {
                let place = format!("{place}/{}", escaped(name));
                match after.get(name) {
                    Some(now) => differences(field, now, &place, gone, new),
                    None => gone.push(place),
                }
            }
            for (name, field) in after {
                if !before.contains_key(name) {
                    new.push((format!("{place}/{}", escaped(name)), field.clone()));
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (position, (before, after)) in before.iter().zip(after).enumerate() {
                differences(before, after, &format!("{place}/{position}"), gone, new);
            }
        }
        _ if before == after => {}
        _ => new.push((place.to_string(), after.clone())),
    }
}

fn put(step: &Step<'_>, changes: &[(&str, Value)]) -> Result<Value, NoPlace> {
    if is_pool(step.path) {
        let body: Body<AgentPool> = Body::from_value(step.read.clone()).expect("a pool");
        body.put(changes)
    } else {
        let body: Body<ManagedCluster> = Body::from_value(step.read.clone()).expect("a cluster");
        body.put(changes)
    }
}

/// What the recorded client changed.
fn changes(step: &Step<'_>) -> Vec<(String, Value)> {
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    differences(&step.read, &step.sent, "", &mut gone, &mut new);
    new
}

/// Our body for the same change, and where the recorded one differs from it.
fn body(step: &Step<'_>) -> (Value, Vec<String>) {
    let changes = changes(step);
    let pointers: Vec<(&str, Value)> = changes
        .iter()
        .map(|(place, value)| (place.as_str(), value.clone()))
        .collect();
    let body = put(step, &pointers)
        .unwrap_or_else(|error| panic!("{} {}: {error}", step.cassette, step.path));
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    differences(&body, &step.sent, "", &mut gone, &mut new);
    gone.extend(new.into_iter().map(|(place, _)| place));
    (body, gone)
}

fn all(root: &Path) -> Vec<Cassette> {
    cassettes(root, &KINDS)
}

#[test]
fn our_bodies_are_those_that_were_recorded() {
    let Some(root) = recordings() else { return };
    let cassettes = all(&root);
    let mut compared = (0, 0);
    let mut surprising: BTreeMap<String, usize> = BTreeMap::new();
    for step in cassettes.iter().flat_map(steps) {
        let (_, differences) = body(&step);
        for place in differences {
            if !is_explained(step.cassette, &place) {
                *surprising
                    .entry(format!("{} {place}", step.cassette))
                    .or_default() += 1;
            }
        }
        if is_pool(step.path) {
            compared.1 += 1;
        } else {
            compared.0 += 1;
        }
    }
    println!("{compared:?} clusters and pools");
    assert!(surprising.is_empty(), "{surprising:#?}");
    assert!(compared.0 >= 20 && compared.1 >= 10, "{compared:?}");
}

/// Time that passes as fast as it can.
#[derive(Default)]
struct Waits(Mutex<Duration>);

impl Clock for Waits {
    fn elapsed(&self) -> Duration {
        *self.0.lock().expect("nobody panics here")
    }

    async fn sleep(&self, time: Duration) {
        *self.0.lock().expect("nobody panics here") += time;
    }
}

/// The answer that was recorded; our own address stands in for Azure's.
pub fn answered(exchange: &Exchange, endpoint: &str) -> Reply {
    let mut reply = Reply::text(exchange.status, &exchange.answer);
    for name in [
        "azure-asyncoperation",
        "location",
        "retry-after",
        "content-type",
    ] {
        if let Some(value) = exchange.headers.get(name) {
            let host = format!("https://{}", exchange.host);
            reply = reply.with(name, &value.replace(&host, endpoint));
        }
    }
    reply
}

/// Answers a write and the questions after it as they were recorded. Its own address stands in for Azure's.
fn replayed(write: &Exchange, polls: &[&Exchange]) -> Scripted {
    let path_of = |exchange: &Exchange| format!("{}?{}", exchange.path, exchange.query);
    let first = (write.method.clone(), write.path.clone(), write.clone());
    let mut rest: VecDeque<(String, Exchange)> = polls
        .iter()
        .map(|exchange| (path_of(exchange), (*exchange).clone()))
        .collect();
    Scripted::start(move |endpoint| {
        let endpoint = endpoint.to_string();
        Box::new(move |number, asked: &Asked| {
            let exchange = if number == 0 {
                let (method, path, exchange) = first.clone();
                if asked.method != method || !asked.path().eq_ignore_ascii_case(&path) {
                    return Reply::text(599, "not what was recorded");
                }
                exchange
            } else {
                match rest.pop_front() {
                    Some((target, exchange))
                        if asked.path() == target.split('?').next().unwrap_or_default() =>
                    {
                        exchange
                    }
                    _ => return Reply::text(599, "not what was recorded"),
                }
            };
            answered(&exchange, &endpoint)
        })
    })
}

/// One recorded change through the writer; where it ended.
fn replay(step: &Step<'_>, body: &Value) -> Result<u64, Unfinished> {
    let server = replayed(step.put, &step.polls);
    let client = server.client(1);
    let id = ResourceId::new(step.path);
    let etag = step.read["eTag"]
        .as_str()
        .or(step.read["properties"]["eTag"].as_str());
    let etag = etag.unwrap_or("recorded before there were any");
    let writer = Writer::new(&client);
    let begun = block_on(async {
        if is_pool(step.path) {
            writer.put_agent_pool(&id, body, etag).await
        } else {
            writer.put_cluster(&id, body, etag).await
        }
    })
    .unwrap_or_else(|refusal| panic!("{}: {refusal}", step.cassette));
    assert_eq!(begun.answer, step.put.json());
    let pace = Pace::default();
    let end = block_on(
        begun
            .operation
            .wait_by(&Waits::default(), &client, pace, |_| {}),
    );
    let asked = server.asked();
    let puts: Vec<&Asked> = asked.iter().filter(|asked| asked.method != "GET").collect();
    assert_eq!(puts.len(), 1, "{}: once", step.cassette);
    assert_eq!(&puts[0].json(), body);
    assert_eq!(
        puts[0].headers.get("if-match").map(String::as_str),
        Some(etag)
    );
    end.map(|finished| finished.polls)
}

/// The two migrations by what a plan would change: our body is the recorded one, and in the end the cluster is what was asked for.
#[test]
fn recorded_migrations_run_through_the_writer() {
    let Some(root) = recordings() else { return };
    let cassettes = cassettes(&root, &['A']);
    let profile = "/properties/networkProfile";
    let overlay = [
        ("networkPluginMode", "overlay"),
        ("podCidr", "100.64.0.0/10"),
    ];
    let cilium = [("networkDataplane", "cilium"), ("networkPolicy", "cilium")];
    let mut seen = 0;
    for (name, fields) in [
        ("test_aks_azure_cni_overlay_migration", overlay),
        ("test_aks_migrate_cluster_to_cilium_dataplane", cilium),
    ] {
        for cassette in cassettes.iter().filter(|cassette| cassette.name == name) {
            let steps = steps(cassette);
            let [step] = steps.as_slice() else {
                panic!("{name}: {} changes", steps.len())
            };
            let changes = fields.map(|(field, value)| (format!("{profile}/{field}"), json!(value)));
            let changes: Vec<(&str, Value)> = changes
                .iter()
                .map(|(place, value)| (place.as_str(), value.clone()))
                .collect();
            let ours = put(step, &changes).expect("a place for each");
            let (mut gone, mut new) = (Vec::new(), Vec::new());
            differences(&ours, &step.sent, "", &mut gone, &mut new);
            assert!(
                gone.iter().all(|place| LEFT_OUT.contains(&place.as_str())),
                "{name}: {gone:?}"
            );
            // One client of 2023 counted outbound addresses for a family it did not use.
            let added: Vec<&str> = new.iter().map(|(place, _)| place.as_str()).collect();
            let counted = format!("{profile}/loadBalancerProfile/managedOutboundIPs/countIPv6");
            assert!(
                added.is_empty() || added == [counted.as_str()],
                "{name}: {added:?}"
            );
            let polls = replay(step, &ours).unwrap_or_else(|end| panic!("{name}: {end}"));
            assert_eq!(
                polls,
                step.polls.len() as u64,
                "asked as often as it was recorded"
            );
            let after = step.after.as_ref().expect("it was read afterwards");
            assert_eq!(after["properties"]["provisioningState"], "Succeeded");
            for (place, value) in &changes {
                assert_eq!(after.pointer(place), Some(value), "{name}: {place}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 3);
}

/// Every other change: settings of pools, upgrades, add-ons; whatever it was, it is followed to the end that was recorded.
#[test]
fn every_recorded_change_runs_through_the_writer() {
    let Some(root) = recordings() else { return };
    let cassettes = all(&root);
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for step in cassettes.iter().flat_map(steps) {
        let (body, _) = body(&step);
        let last = step.polls.last().map(|poll| poll.json());
        let last = last.as_ref().and_then(|last| last["status"].as_str());
        let end = match (replay(&step, &body), last) {
            (Ok(_), _) => "succeeded",
            (Err(Unfinished::Ended { .. }), _) => "ended",
            // The recording goes on with something else: `--no-wait`, or an abort.
            (Err(_), last) if !matches!(last, Some("Succeeded" | "Failed" | "Canceled")) => "left",
            (Err(end), _) => panic!("{} {}: {end}", step.cassette, step.path),
        };
        *ends.entry(end).or_default() += 1;
    }
    println!("{ends:?}");
    assert!(ends["succeeded"] >= 25, "{ends:?}");
}

#[test]
fn recorded_aborts_run_through_the_writer() {
    let Some(root) = recordings() else { return };
    let cassettes = cassettes(&root, &['F']);
    let mut seen = BTreeSet::new();
    for cassette in &cassettes {
        for (position, exchange) in cassette.exchanges.iter().enumerate() {
            let Some(resource) = exchange.path.strip_suffix("/abort") else {
                continue;
            };
            let later = &cassette.exchanges[position + 1..];
            let polls: Vec<&Exchange> = later
                .iter()
                .take_while(|next| next.path.to_ascii_lowercase().contains("/operations/"))
                .collect();
            let server = replayed(exchange, &polls);
            let client = server.client(1);
            let writer = Writer::new(&client);
            let id = ResourceId::new(resource);
            let begun = block_on(async {
                if is_pool(resource) {
                    writer.abort_agent_pool(&id).await
                } else {
                    writer.abort_cluster(&id).await
                }
            })
            .unwrap_or_else(|refusal| panic!("{}: {refusal}", cassette.name));
            let reference = begun.operation.reference();
            assert!(
                reference.starts_with("status ") && reference.ends_with(" aborted"),
                "{reference}"
            );
            let end = block_on(begun.operation.wait_by(
                &Waits::default(),
                &client,
                Pace::default(),
                |_| {},
            ));
            assert_eq!(end.expect("it was aborted").polls, polls.len() as u64);
            let after = later
                .iter()
                .find(|next| next.method == "GET" && next.path.eq_ignore_ascii_case(resource))
                .expect("it was read afterwards");
            assert_eq!(after.json()["properties"]["provisioningState"], "Canceled");
            seen.insert(is_pool(resource));
        }
    }
    assert_eq!(seen.len(), 2, "a cluster and a pool");
}

/// Where Azure's own answers are not what the schema says; they are given back as they came. It compares words without regard to
/// case; two SKUs and one way to reach nodes are of other versions; and an add-on without settings has none.
const ANSWERED_ALL_THE_SAME: [&str; 6] = [
    "managedClusters /properties/addonProfiles/azurepolicy/config: null is not of type \"object\"",
    "managedClusters /properties/networkProfile/loadBalancerProfile/backendPoolType: \"nodeIPConfiguration\" is not one of \"NodeIPConfiguration\" or \"NodeIP\"",
    "managedClusters /properties/networkProfile/loadBalancerSku: \"Standard\" is not one of \"standard\" or \"basic\"",
    "managedClusters /sku/name: \"Basic\" is not one of \"Base\" or \"Automatic\"",
    "managedClusters /sku/tier: \"Paid\" is not one of \"Premium\", \"Standard\" or \"Free\"",
    "managedClusters_agentPools /properties/securityProfile/sshAccess: \"EntraId\" is not one of \"LocalUser\" or \"Disabled\"",
];

/// Fields of the recordings that the version we ask has no place for: of previews and of versions before it. It does not answer with
/// them, but for the addresses that are in effect, which most recorded clients give back.
const OF_OTHER_VERSIONS: [&str; 13] = [
    "managedClusters /properties/agentPoolProfiles/*/enableCustomCATrust",
    "managedClusters /properties/agentPoolProfiles/*/nodeInitializationTaints",
    "managedClusters /properties/controlPlanePluginProfiles",
    "managedClusters /properties/enablePodSecurityPolicy",
    "managedClusters /properties/networkProfile/dockerBridgeCidr",
    "managedClusters /properties/networkProfile/loadBalancerProfile/clusterServiceLoadBalancerHealthProbeMode",
    "managedClusters /properties/networkProfile/loadBalancerProfile/effectiveOutboundIPs",
    "managedClusters /properties/networkProfile/podLinkLocalAccess",
    "managedClusters /properties/storageProfile/diskCSIDriver/version",
    "managedClusters_agentPools /properties/enableCustomCATrust",
    "managedClusters_agentPools /properties/upgradeSettingsBlueGreen",
    "managedClusters_agentPools /properties/upgradeStrategy",
    "managedClusters_agentPools /properties/virtualMachinesProfile/scale/autoscale",
];

/// The published schema of what may be written, without the expressions of templates.
fn schema(root: &Path) -> Value {
    let path = root.join("azure-resource-manager-schemas/2026-08-16/schemas/2025-10-01/Microsoft.ContainerService.Aks.json");
    let text = std::fs::read_to_string(path).expect("the schema is there");
    let mut schema: Value = serde_json::from_str(&text).expect("JSON");
    strict(&mut schema);
    schema
}

/// A value, or an expression that makes one: only the value.
fn strict(value: &mut Value) {
    let is_expression = |way: &Value| {
        way["$ref"]
            .as_str()
            .is_some_and(|to| to.ends_with("/definitions/expression"))
    };
    if let Some(ways) = value.get_mut("oneOf").and_then(Value::as_array_mut) {
        ways.retain(|way| !is_expression(way));
        if let [only] = ways.as_slice() {
            *value = only.clone();
        }
    }
    match value {
        Value::Object(fields) => fields.values_mut().for_each(strict),
        Value::Array(all) => all.iter_mut().for_each(strict),
        _ => {}
    }
}

/// Fields of a value that a definition has no place for.
fn unknown(
    schema: &Value,
    definition: &Value,
    value: &Value,
    place: &str,
    found: &mut BTreeSet<String>,
) {
    if let Some(to) = definition.get("$ref").and_then(Value::as_str) {
        let to = schema
            .pointer(to.trim_start_matches('#'))
            .expect("it is in the schema");
        return unknown(schema, to, value, place, found);
    }
    match value {
        Value::Object(fields) => {
            let known = definition.get("properties").and_then(Value::as_object);
            let others = definition
                .get("additionalProperties")
                .filter(|others| others.is_object());
            for (name, field) in fields {
                match known.and_then(|known| known.get(name)).or(others) {
                    Some(inner) => unknown(schema, inner, field, &format!("{place}/{name}"), found),
                    None if known.is_some() => {
                        found.insert(format!("{place}/{name}"));
                    }
                    None => {}
                }
            }
        }
        Value::Array(elements) => {
            for element in elements {
                let items = definition.get("items").cloned().unwrap_or_default();
                unknown(schema, &items, element, &format!("{place}/*"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn bodies_are_what_the_published_schema_says() {
    let Some(root) = recordings() else { return };
    let schema = schema(&root);
    let validator = |definition: &str| {
        let mut whole = schema.clone();
        whole["$ref"] = json!(format!("#/resourceDefinitions/{definition}"));
        let whole = json!({"$schema": whole["$schema"], "definitions": whole["definitions"],
            "resourceDefinitions": whole["resourceDefinitions"], "allOf": [{"$ref": whole["$ref"]}]});
        jsonschema::validator_for(&whole).expect("a schema")
    };
    let (cluster, pool) = (
        validator("managedClusters"),
        validator("managedClusters_agentPools"),
    );
    let of = |path: &str| {
        if is_pool(path) {
            (
                "managedClusters_agentPools",
                "Microsoft.ContainerService/managedClusters/agentPools",
                &pool,
            )
        } else {
            (
                "managedClusters",
                "Microsoft.ContainerService/managedClusters",
                &cluster,
            )
        }
    };
    let resource = |path: &str, body: &Value| {
        let mut body = body.clone();
        body["name"] = json!("c");
        body["type"] = json!(of(path).1);
        body["apiVersion"] = json!("2025-10-01");
        body
    };
    let cassettes = cassettes(&root, &['A', 'B', 'C', 'D', 'E', 'F', 'G', 'J']);
    let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
    let mut strange: BTreeMap<String, usize> = BTreeMap::new();
    let mut checked = 0;
    for step in cassettes.iter().flat_map(steps) {
        // What a plan sends: what was read, and a change of the kind it makes.
        let change = if is_pool(step.path) {
            ("/properties/upgradeSettings/maxSurge", json!("10%"))
        } else {
            (
                "/properties/networkProfile/networkPluginMode",
                json!("overlay"),
            )
        };
        let body = put(&step, &[change]).expect("there is a place");
        let (definition, _, validator) = of(step.path);
        let resource = resource(step.path, &body);
        for error in validator.iter_errors(&resource) {
            let place = error.instance_path().to_string();
            *wrong
                .entry(format!(
                    "{definition} {place}: {}",
                    error.to_string().chars().take(200).collect::<String>()
                ))
                .or_default() += 1;
        }
        let mut found = BTreeSet::new();
        unknown(
            &schema,
            &schema["resourceDefinitions"][definition],
            &body,
            "",
            &mut found,
        );
        for place in found {
            *strange.entry(format!("{definition} {place}")).or_default() += 1;
        }
        checked += 1;
    }
    println!("{checked} bodies");
    let wrong: Vec<&String> = wrong.keys().collect();
    assert_eq!(wrong, ANSWERED_ALL_THE_SAME);
    let strange: Vec<&String> = strange.keys().collect();
    assert_eq!(strange, OF_OTHER_VERSIONS);
    assert!(checked > 40, "{checked}");
    // The schema refuses what is none.
    for (place, value) in [
        (
            "/properties/networkProfile/networkPluginMode",
            json!("overlaid"),
        ),
        ("/properties/networkProfile/podCidr", json!(10)),
        ("/properties/agentPoolProfiles", json!({})),
    ] {
        let mut body = json!({"location": "x", "properties": {"networkProfile": {}}});
        body["properties"]["networkProfile"]["podCidr"] = json!("10.0.0.0/8");
        let good = resource("/c", &body);
        assert!(cluster.is_valid(&good), "{good}");
        let last = place.rsplit_once('/').expect("a pointer");
        *body
            .pointer_mut(last.0)
            .expect("there")
            .get_mut(last.1)
            .unwrap_or(&mut Value::Null) = value.clone();
        body.pointer_mut(last.0).expect("there")[last.1] = value;
        assert!(!cluster.is_valid(&resource("/c", &body)), "{place}");
    }
}
