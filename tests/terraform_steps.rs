//! Terraform plans that replace, rotate or delete, through the real binary: what a reviewer must see, and the exit code.
//!
//! One subnet of 251 addresses; pool `system` of 2 nodes of max_pods 30 (58 addresses), pool `apps` of 6 (174).

mod binary;

use serde_json::{Value, json};

const RG: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers";

fn vnet() -> String {
    format!("{RG}/Microsoft.Network/virtualNetworks/v")
}

fn nodes() -> String {
    vnet() + "/subnets/nodes"
}

fn cluster_id() -> String {
    format!("{RG}/Microsoft.ContainerService/managedClusters/prod")
}

fn cluster(count: u64, default_pool: Value, more: Value) -> Value {
    let mut pool = json!({
        "name": "system", "max_pods": 30, "node_count": count, "vnet_subnet_id": nodes(), "vm_size": "Standard_D4s_v5",
    });
    merge(&mut pool, default_pool);
    let mut cluster = json!({
        "id": cluster_id(), "name": "prod", "resource_group_name": "rg", "location": "westeurope",
        "default_node_pool": [pool],
        "network_profile": [{
            "network_plugin": "azure", "service_cidr": "172.16.0.0/16", "dns_service_ip": "172.16.0.10",
        }],
        "identity": [{ "type": "SystemAssigned" }],
    });
    merge(&mut cluster, more);
    cluster
}

fn pool(more: Value) -> Value {
    let mut pool = json!({
        "id": cluster_id() + "/agentPools/apps", "name": "apps", "kubernetes_cluster_id": cluster_id(),
        "max_pods": 30, "node_count": 6, "vnet_subnet_id": nodes(), "vm_size": "Standard_D4s_v5",
    });
    merge(&mut pool, more);
    pool
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

fn change(kind: &str, name: &str, change: Value) -> Value {
    json!({
        "address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name, "change": change,
    })
}

fn same(kind: &str, name: &str, values: Value) -> Value {
    change(
        kind,
        name,
        json!({ "actions": ["no-op"], "before": values, "after": values, "after_unknown": {} }),
    )
}

fn changes(actions: &[&str], before: Value, after: Value, unknown: Value, path: Value) -> Value {
    json!({
        "actions": actions, "before": before, "after": after, "after_unknown": unknown, "replace_paths": path,
    })
}

const CLUSTER: &str = "azurerm_kubernetes_cluster";
const POOL: &str = "azurerm_kubernetes_cluster_node_pool";

fn plan(more: Vec<Value>) -> String {
    let mut all = vec![
        same(
            "azurerm_virtual_network",
            "v",
            json!({ "id": vnet(), "name": "v", "resource_group_name": "rg", "address_space": ["10.0.0.0/16"] }),
        ),
        same(
            "azurerm_subnet",
            "nodes",
            json!({
                "id": nodes(), "name": "nodes", "resource_group_name": "rg", "virtual_network_name": "v",
                "address_prefixes": ["10.0.0.0/24"],
            }),
        ),
    ];
    all.extend(more);
    json!({
        "format_version": "1.2", "terraform_version": "1.9.8", "planned_values": { "root_module": {} },
        "resource_changes": all,
        "configuration": { "root_module": { "resources": [
            { "address": "azurerm_kubernetes_cluster_node_pool.apps", "mode": "managed", "type": POOL, "name": "apps",
              "expressions": { "node_count": { "references": ["data.external.size.result"] },
                               "max_pods": { "references": ["data.external.size.result"] } } },
        ] } },
    })
    .to_string()
}

/// Asks with `--fail-on` and `-o json`: exit code and answer.
fn ask(plan: &str, fail_on: &str) -> (Option<i32>, Value) {
    let output = binary::aksplan(
        &["predict", "--from", "-", "-o", "json", "--fail-on", fail_on],
        plan,
    );
    let answer = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), answer)
}

fn has(answer: &Value, code: &str, severity: &str) -> bool {
    answer["findings"].as_array().is_some_and(|all| {
        all.iter()
            .any(|one| one["code"] == code && one["severity"] == severity)
    })
}

#[test]
fn a_cluster_that_is_replaced_is_a_blocker_and_judged_as_a_create() {
    // 5 × 29 = 145 of 251: fits once the old nodes are gone, and not beside them.
    let replace = |actions: &[&str], after: Value| {
        plan(vec![change(
            CLUSTER,
            "c",
            changes(
                actions,
                cluster(5, json!({}), json!({})),
                after,
                json!({ "id": true }),
                json!([["location"]]),
            ),
        )])
    };
    let moved = json!({ "location": "northeurope", "id": null });
    let text = replace(&["delete", "create"], cluster(5, json!({}), moved.clone()));
    let (code, answer) = ask(&text, "blocker");
    assert_eq!(code, Some(3), "{answer:#}");
    assert_eq!(answer["operation"]["kind"], "replace");
    assert_eq!(answer["verdict"], "accepted", "{answer:#}");
    assert!(has(&answer, "terraform-replaces-cluster", "blocker"));
    let quiet = binary::aksplan(&["predict", "--from", "-", "--quiet"], &text);
    let shown = String::from_utf8_lossy(&quiet.stdout).into_owned();
    assert!(shown.contains("location cannot change in place"), "{shown}");

    // Another max_pods is no change of a property that cannot change: the pool is a new one.
    let (_, answer) = ask(
        &replace(
            &["delete", "create"],
            cluster(4, json!({ "max_pods": 50 }), moved.clone()),
        ),
        "blocker",
    );
    assert_eq!(answer["verdict"], "accepted", "{answer:#}");

    let mut beside = moved;
    merge(&mut beside, json!({ "name": "prod2" }));
    let (_, answer) = ask(
        &replace(&["create", "delete"], cluster(5, json!({}), beside)),
        "blocker",
    );
    assert_eq!(answer["verdict"], "rejected", "{answer:#}");
    assert_eq!(answer["errors"][0]["available"], 251 - 145);
}

#[test]
fn a_cluster_that_is_deleted_is_shown() {
    let (code, answer) = ask(
        &plan(vec![change(
            CLUSTER,
            "c",
            changes(
                &["delete"],
                cluster(5, json!({}), json!({})),
                Value::Null,
                json!({}),
                Value::Null,
            ),
        )]),
        "blocker",
    );
    assert_eq!(code, Some(3));
    assert_eq!(
        answer["operation"]["changes"],
        json!(["delete the cluster"])
    );
    assert_eq!(answer["verdict"], "accepted");
    assert!(has(&answer, "terraform-deletes-cluster", "blocker"));
}

/// The cluster stays; its pool `apps` changes.
fn apps(actions: &[&str], after: Value, unknown: Value, path: &str) -> String {
    plan(vec![
        same(CLUSTER, "c", cluster(2, json!({}), json!({}))),
        change(
            POOL,
            "apps",
            changes(actions, pool(json!({})), after, unknown, json!([[path]])),
        ),
    ])
}

#[test]
fn a_pool_that_is_replaced_is_judged_at_its_peak() {
    let new = json!({ "vm_size": "Standard_D8s_v5", "id": null });
    let unknown = json!({ "id": true });
    let (code, answer) = ask(
        &apps(
            &["create", "delete"],
            pool(new.clone()),
            unknown.clone(),
            "vm_size",
        ),
        "warning",
    );
    assert_eq!(code, Some(3));
    assert_eq!(answer["verdict"], "rejected", "{answer:#}");
    assert_eq!(answer["errors"][0]["preallocated"], 58 + 174 + 174);
    assert_eq!(answer["errors"][0]["available"], 251);
    assert_eq!(answer["operation"]["kind"], "replace_nodepool");
    assert!(has(&answer, "terraform-replaces-pool", "warning"));

    // The old one goes first, and max_pods changes: 3 × 49 + 58 = 205.
    let fewer = json!({ "max_pods": 50, "node_count": 3, "id": null });
    let (code, answer) = ask(
        &apps(
            &["delete", "create"],
            pool(fewer),
            unknown.clone(),
            "max_pods",
        ),
        "warning",
    );
    assert_eq!(code, Some(3), "a warning all the same");
    assert_eq!(answer["verdict"], "accepted", "{answer:#}");
    assert_eq!(
        answer["operation"]["changes"].as_array().map(Vec::len),
        Some(1)
    );

    // Another name, made first.
    let mut renamed = new;
    merge(&mut renamed, json!({ "name": "apps2" }));
    let (_, answer) = ask(
        &apps(&["create", "delete"], pool(renamed), unknown, "name"),
        "warning",
    );
    assert_eq!(answer["errors"][0]["preallocated"], 406, "{answer:#}");
}

#[test]
fn a_rotation_is_judged_with_both_pools() {
    let rotate = |count: u64, pods: u64| {
        let with = |size: &str, pods: u64| {
            cluster(
                count,
                json!({ "vm_size": size, "max_pods": pods, "temporary_name_for_rotation": "tmp" }),
                json!({}),
            )
        };
        plan(vec![change(
            CLUSTER,
            "c",
            changes(
                &["update"],
                with("a", 30),
                with("b", pods),
                json!({}),
                Value::Null,
            ),
        )])
    };
    let (_, answer) = ask(&rotate(5, 30), "warning");
    assert_eq!(answer["verdict"], "rejected", "{answer:#}");
    assert_eq!(answer["errors"][0]["preallocated"], 290);
    assert_eq!(answer["operation"]["kind"], "rotate_nodepool");
    let (code, answer) = ask(&rotate(4, 30), "warning");
    assert_eq!((code, &answer["verdict"]), (Some(3), &json!("accepted")));
    assert!(has(&answer, "terraform-rotates-pool", "warning"));
    // 3 × 29 + 3 × 49 = 234 fit; the temporary pool beside the new one, 2 × 3 × 49 = 294, does not.
    let (_, answer) = ask(&rotate(3, 50), "warning");
    assert_eq!(answer["errors"][0]["preallocated"], 294, "{answer:#}");
    assert_eq!(answer["errors"][0]["code"], "InsufficientSubnetSize");
}

#[test]
fn what_apply_will_tell_is_not_shown_as_zero() {
    let text = plan(vec![
        same(CLUSTER, "c", cluster(2, json!({}), json!({}))),
        change(
            POOL,
            "apps",
            changes(
                &["create"],
                Value::Null,
                pool(json!({ "id": null, "node_count": null, "max_pods": null })),
                json!({ "id": true, "node_count": true, "max_pods": true }),
                Value::Null,
            ),
        ),
    ]);
    let (_, answer) = ask(&text, "warning");
    assert_eq!(answer["verdict"], "unknown", "{answer:#}");
    assert_eq!(
        answer["operation"]["changes"],
        json!([
            "add pool apps: a number of nodes known only after apply, max_pods known only after apply"
        ])
    );
    assert!(
        answer["demand"]
            .as_array()
            .is_some_and(|rows| rows.iter().all(|row| row["pool"] != "apps")),
        "{answer:#}"
    );
}

#[test]
fn an_update_that_changes_no_address_is_a_request_all_the_same() {
    let tagged = |tag: &str| cluster(2, json!({}), json!({ "tags": { "a": tag } }));
    let (code, answer) = ask(
        &plan(vec![change(
            CLUSTER,
            "c",
            changes(
                &["update"],
                tagged("1"),
                tagged("2"),
                json!({}),
                Value::Null,
            ),
        )]),
        "warning",
    );
    assert_eq!(
        (code, &answer["operation"]["kind"]),
        (Some(0), &json!("update"))
    );
    assert_eq!(answer["verdict"], "accepted");
}
