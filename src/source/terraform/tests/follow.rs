//! References to what is not made yet.

use super::*;

#[test]
fn a_new_cluster_finds_its_subnet_by_count_index() {
    let unknown_pool = json!({
        "id": true, "default_node_pool": [{ "vnet_subnet_id": true, "max_pods": true }],
    });
    let mut plan = Plan::new().create(
        "azurerm_virtual_network.v",
        vnet("v", "10.0.0.0/16"),
        new_id(),
    );
    for index in 0..2 {
        plan = plan
            .create(
                &format!("azurerm_subnet.nodes[{index}]"),
                subnet(&format!("nodes-{index}"), &format!("10.0.{index}.0/24")),
                new_id(),
            )
            .create(
                &format!("azurerm_kubernetes_cluster.c[{index}]"),
                cluster(
                    &format!("c-{index}"),
                    json!({ "name": "system", "node_count": 3 }),
                ),
                unknown_pool.clone(),
            );
    }
    let plan = plan.configure(
        "azurerm_kubernetes_cluster.c",
        json!({ "default_node_pool": [{
            "name": { "constant_value": "system" },
            "vnet_subnet_id": references(&["azurerm_subnet.nodes", "count.index"]),
        }] }),
    );
    let (before, after) = plan.load();
    assert!(before.clusters.is_empty() && before.vnets.is_empty());
    assert_eq!(after.subnets.len(), 2);
    for (index, cluster) in after.clusters.iter().enumerate() {
        let pool = &cluster.pools[0];
        assert_eq!(subnet_of(&after, pool), Some(format!("v/nodes-{index}")));
        assert_eq!(pool.mode, PoolMode::System);
        assert_eq!(
            (pool.count, pool.max_pods, pool.max_pods_defaulted),
            (3, 30, true)
        );
        assert!(pool.unknown.is_empty());
    }
    tells(
        &after,
        "pool system of cluster c-1: max_pods is not set: AKS's default",
    );
}

/// A module that makes subnets `a` and `b`, and one that makes a cluster in a subnet it is given.
pub fn modules(outputs: Value, subnet_argument: Value) -> Plan {
    Plan::new()
        .create("azurerm_virtual_network.v", vnet("v", "10.0.0.0/16"), new_id())
        .create(r#"module.net.azurerm_subnet.s["a"]"#, subnet("a", "10.0.0.0/24"), new_id())
        .create(r#"module.net.azurerm_subnet.s["b"]"#, subnet("b", "10.0.1.0/24"), new_id())
        .create("module.net.azurerm_subnet.single", subnet("single", "10.0.2.0/24"), new_id())
        .create(
            "module.aks[0].azurerm_kubernetes_cluster.c",
            cluster("c", json!({ "name": "system", "node_count": 1, "max_pods": 30 })),
            json!({ "id": true, "default_node_pool": [{ "vnet_subnet_id": true }] }),
        )
        .root(
            "module_calls",
            json!({
                "net": { "expressions": {}, "module": { "outputs": outputs } },
                "aks": {
                    "count_expression": { "constant_value": 1 },
                    "expressions": { "subnet": subnet_argument },
                    "module": { "resources": [configured(
                        "azurerm_kubernetes_cluster.c",
                        json!({ "default_node_pool": [{ "vnet_subnet_id": references(&["var.subnet"]) }] }),
                    )] },
                },
            }),
        )
}

#[test]
fn module_outputs_and_variables_are_followed() {
    let one = json!({ "id": { "expression": references(&["azurerm_subnet.single.id", "azurerm_subnet.single"]) } });
    let many = json!({ "ids": { "expression": references(&["azurerm_subnet.s"]) } });
    let by_key = json!({ "b": { "expression": references(&[r#"azurerm_subnet.s["b"].id"#, r#"azurerm_subnet.s["b"]"#, "azurerm_subnet.s"]) } });
    let both = json!({ "any": { "expression": references(&["azurerm_subnet.single", "azurerm_subnet.s"]) } });
    let hidden = json!({ "id": { "expression": references(&["local.subnet_id"]) } });
    for (outputs, argument, expected) in [
        (&one, &["module.net.id", "module.net"][..], Ok("v/single")),
        // `module.net[0].id` with an index the plan does not show.
        (&one, &["module.net", "count.index"], Ok("v/single")),
        (
            &many,
            &[r#"module.net.ids["b"]"#, "module.net.ids", "module.net"],
            Ok("v/b"),
        ),
        (&by_key, &["module.net.b", "module.net"], Ok("v/b")),
        (
            &many,
            &["module.net.ids", "module.net"],
            Err("it may be any of module.net.azurerm_subnet.s[\"a\"], "),
        ),
        (
            &both,
            &["module.net.any", "module.net"],
            Err("it may be any of"),
        ),
        (
            &hidden,
            &["module.net.id", "module.net"],
            Err("a plan does not show what local.subnet_id is"),
        ),
        (
            &one,
            &["azurerm_other.x.id", "azurerm_other.x"],
            Err("it depends on azurerm_other.x"),
        ),
        (
            &one,
            &["module.elsewhere.id", "module.elsewhere"],
            Err("the plan does not show module.elsewhere"),
        ),
    ] {
        let after = modules(outputs.clone(), references(argument)).after();
        let pool = &after.clusters[0].pools[0];
        assert_eq!(
            subnet_of(&after, pool).as_deref(),
            expected.ok(),
            "{argument:?}"
        );
        if let Err(why) = expected {
            tells(
                &after,
                &format!("pool system of cluster c: its subnet is known only after apply ({why}"),
            );
        }
    }
}

#[test]
fn for_each_pools_join_their_cluster_and_subnet() {
    let mut plan = network()
        .create(
            "azurerm_subnet.s[\"x\"]",
            subnet("x", "10.0.4.0/24"),
            new_id(),
        )
        .create(
            "azurerm_subnet.s[\"y\"]",
            subnet("y", "10.0.5.0/24"),
            new_id(),
        )
        .create(
            "azurerm_kubernetes_cluster.c",
            cluster("prod", in_nodes(json!({}))),
            new_id(),
        );
    for key in ["x", "y"] {
        plan = plan.create(
            &format!("azurerm_kubernetes_cluster_node_pool.p[\"{key}\"]"),
            json!({ "name": key, "max_pods": 50, "mode": "User", "enable_auto_scaling": true, "min_count": 2, "max_count": 9, "priority": "Spot", "os_type": "Linux" }),
            json!({ "id": true, "kubernetes_cluster_id": true, "vnet_subnet_id": true, "node_count": true }),
        );
    }
    let plan = plan.configure(
        "azurerm_kubernetes_cluster_node_pool.p",
        json!({
            "kubernetes_cluster_id": references(&["azurerm_kubernetes_cluster.c.id", "azurerm_kubernetes_cluster.c"]),
            "vnet_subnet_id": references(&["azurerm_subnet.s", "each.key"]),
        }),
    );
    let after = plan.after();
    let pools = &after.clusters[0].pools;
    assert_eq!(pools.len(), 3);
    for (pool, name) in pools[1..].iter().zip(["x", "y"]) {
        assert_eq!(pool.name, name);
        assert_eq!(subnet_of(&after, pool), Some(format!("v/{name}")));
        assert_eq!((pool.count, pool.counted_nodes(), pool.spot), (2, 9, true));
        assert_eq!(pool.mode, PoolMode::User);
        assert!(pool.unknown.is_empty(), "{:?}", pool.unknown);
    }
    // The known subscription is taken for what is not made yet.
    let id = after.clusters[0].id.as_ref().unwrap();
    assert_eq!(id.as_str(), cluster_id("prod"));
}

#[test]
fn names_not_known_yet_are_terraform_addresses() {
    let mut values = subnet("s", "10.0.0.0/24");
    values
        .as_object_mut()
        .unwrap()
        .remove("virtual_network_name");
    let after = Plan::new()
        .create(
            "azurerm_virtual_network.v[\"a/b\"]",
            json!({ "resource_group_name": "rg", "address_space": ["10.0.0.0/16"] }),
            json!({ "id": true, "name": true }),
        )
        .create("azurerm_subnet.s", values, json!({ "id": true, "virtual_network_name": true }))
        .configure(
            "azurerm_subnet.s",
            json!({ "virtual_network_name": references(&["azurerm_virtual_network.v[\"a/b\"].name", "azurerm_virtual_network.v[\"a/b\"]", "azurerm_virtual_network.v"]) }),
        )
        .after();
    assert_eq!(after.vnets.len(), 1, "{:?}", after.vnets);
    assert_eq!(after.vnets[0].name, "azurerm_virtual_network.v[\"a/b\"]");
    assert_eq!(after.subnets.len(), 1);
}

#[test]
fn a_data_source_read_during_apply_is_the_subnet_it_names() {
    let deferred = |name: &str| {
        Plan::new()
            .create("azurerm_virtual_network.v", vnet("v", "10.0.0.0/16"), new_id())
            .create("azurerm_subnet.nodes", subnet("nodes", "10.0.0.0/24"), new_id())
            .change(
                "data.azurerm_subnet.d",
                json!({
                    "actions": ["read"], "before": null,
                    "after": { "name": name, "virtual_network_name": "v", "resource_group_name": "rg" },
                    "after_unknown": { "id": true, "address_prefixes": true, "address_prefix": true },
                }),
            )
            .create(
                "azurerm_kubernetes_cluster.c",
                cluster("c", json!({ "name": "system", "node_count": 1, "max_pods": 30 })),
                json!({ "id": true, "default_node_pool": [{ "vnet_subnet_id": true }] }),
            )
            .configure(
                "azurerm_kubernetes_cluster.c",
                json!({ "default_node_pool": [{ "vnet_subnet_id": references(&["data.azurerm_subnet.d.id", "data.azurerm_subnet.d"]) }] }),
            )
            .after()
    };
    let after = deferred("nodes");
    assert_eq!(
        subnet_of(&after, &after.clusters[0].pools[0]).as_deref(),
        Some("v/nodes")
    );
    let after = deferred("other");
    assert_eq!(after.clusters[0].pools[0].subnet, None);
    tells(
        &after,
        "its subnet is not checked: the size of data.azurerm_subnet.d is known only after apply",
    );
}
