//! Input that is refused.

use super::*;

#[test]
fn other_versions_are_refused() {
    let mut plan = network().json();
    plan["format_version"] = json!("2.0");
    fails(
        &plan,
        "format_version 2.0 is not read by this version; expected 1.x",
    );
    plan["format_version"] = json!("1.99");
    load(&plan).unwrap();
    plan.as_object_mut().unwrap().remove("format_version");
    fails(&plan, "`terraform show -json PLAN`");
    fails(
        &json!({ "version": 4, "terraform_version": "1.9.8", "resources": [] }),
        "`terraform show -json PLAN`",
    );
}

#[test]
fn wrong_shapes_name_their_place() {
    let after = |pool: Value, change: &dyn Fn(&mut Value)| {
        let mut values = existing_cluster(in_nodes(pool));
        change(&mut values);
        network()
            .update(
                "azurerm_kubernetes_cluster.c",
                existing_cluster(in_nodes(json!({}))),
                values,
            )
            .json()
    };
    let same = |_: &mut Value| {};
    let place = "plan.json: at resource_changes[2].change.after.";
    fails(
        &after(json!({}), &|values| {
            values["network_profile"][0]["pod_cidr"] = json!("10.1.0.1/16")
        }),
        &format!(
            "{place}network_profile[0].pod_cidr: `10.1.0.1/16` has host bits set; the prefix is 10.1.0.0/16"
        ),
    );
    fails(
        &after(json!({ "node_count": "many" }), &same),
        &format!(
            "{place}default_node_pool[0].node_count: is a text; expected a whole number from 0"
        ),
    );
    fails(
        &after(json!({ "max_pods": 1e30 }), &same),
        "default_node_pool[0].max_pods: is a number; expected a whole number",
    );
    fails(
        &after(json!({ "name": ["x"] }), &same),
        "default_node_pool[0].name: is a list; expected a text",
    );
    fails(
        &after(json!({ "auto_scaling_enabled": true }), &same),
        "default_node_pool[0].max_count: missing",
    );
    fails(
        &after(
            json!({ "auto_scaling_enabled": true, "min_count": 6, "max_count": 3 }),
            &same,
        ),
        "default_node_pool[0].max_count: min_count 6 is greater than max_count 3",
    );
    fails(
        &after(
            json!({ "upgrade_settings": [{ "max_surge": "lots" }] }),
            &same,
        ),
        "default_node_pool[0].upgrade_settings[0].max_surge: is neither a whole number nor a percentage",
    );
    fails(
        &after(json!({}), &|values| values["network_profile"] = json!({})),
        "network_profile: is an object; expected a list of blocks",
    );
    fails(
        &after(json!({}), &|values| values["network_profile"] = json!([1])),
        "network_profile[0]: is a number; expected a block",
    );
    fails(
        &network()
            .change(
                "azurerm_subnet.x",
                json!({ "actions": ["create"], "after": 3 }),
            )
            .json(),
        "resource_changes[2].change.after: expected an object",
    );
    fails(
        &network()
            .change("azurerm_subnet.x", json!({ "actions": "create" }))
            .json(),
        "at resource_changes[2].change.actions: invalid type",
    );
    fails(
        &network()
            .with("resource_changes", json!([{ "type": 3 }]))
            .json(),
        "at resource_changes[0].type",
    );
}

#[test]
fn secrets_are_not_quoted() {
    let mut values = subnet("hidden-name", "10.0.0.77/24");
    let plan = |values: &Value| {
        network().change(
            "azurerm_subnet.s",
            json!({
                "actions": ["create"], "before": null, "after": values, "after_unknown": { "id": true },
                "after_sensitive": { "name": true, "address_prefixes": [true] },
            }),
        )
    };
    let error = load(&plan(&values).json()).unwrap_err().to_string();
    assert!(
        error.contains("address_prefixes[0]: a sensitive value, not shown,"),
        "{error}"
    );
    assert!(!error.contains("10.0.0.77"), "{error}");
    values["address_prefixes"] = json!(["10.0.3.0/24"]);
    let after = plan(&values).after();
    assert!(
        after
            .subnets
            .iter()
            .all(|subnet| subnet.name != "hidden-name")
    );
}
