//! What is on which side.

use super::*;

#[test]
fn a_raised_max_count_shows_on_one_side() {
    let pool = |max: u64| {
        in_nodes(
            json!({ "auto_scaling_enabled": true, "min_count": 1, "max_count": max,
            "upgrade_settings": [{ "max_surge": "33%", "drain_timeout_in_minutes": 0, "node_soak_duration_in_minutes": 5 }] }),
        )
    };
    let separate = |max: u64| {
        json!({
            "id": cluster_id("prod") + "/agentPools/apps", "name": "apps", "kubernetes_cluster_id": cluster_id("prod"),
            "node_count": 3, "max_pods": 30, "vnet_subnet_id": vnet_id("v") + "/subnets/nodes",
            "auto_scaling_enabled": true, "min_count": 3, "max_count": max,
        })
    };
    let (before, after) = network()
        .update(
            "azurerm_kubernetes_cluster.c",
            existing_cluster(pool(3)),
            existing_cluster(pool(12)),
        )
        .update(
            "azurerm_kubernetes_cluster_node_pool.apps",
            separate(5),
            separate(20),
        )
        .load();
    let ceilings = |inventory: &Inventory| -> Vec<u64> {
        inventory.clusters[0]
            .pools
            .iter()
            .map(NodePool::ceiling)
            .collect()
    };
    assert_eq!(ceilings(&before), [3, 5]);
    assert_eq!(ceilings(&after), [12, 20]);
    assert_eq!(after.clusters[0].mode(), Some(NetworkMode::NodeSubnet));
    assert_eq!(
        subnet_of(&after, &after.clusters[0].pools[1]).as_deref(),
        Some("v/nodes")
    );
    let upgrade = &after.clusters[0].pools[0].upgrade;
    assert_eq!(upgrade.max_surge.unwrap().to_string(), "33%");
    assert_eq!(
        (upgrade.drain_timeout_minutes, upgrade.node_soak_minutes),
        (None, Some(5))
    );
    assert_eq!(before.not_checked, Vec::<String>::new());
    assert_eq!(after.not_checked, Vec::<String>::new());
}

#[test]
fn a_no_op_leaves_both_sides_alike() {
    let cluster = existing_cluster(in_nodes(json!({ "auto_scaling_enabled": false })));
    let (before, after) = network()
        .update("azurerm_kubernetes_cluster.c", cluster.clone(), cluster)
        .load();
    assert_eq!(before, after);
    assert_eq!(before.clusters[0].pools[0].count, 3);
}

#[test]
fn a_replacement_is_told_and_keeps_its_id() {
    let before = existing_cluster(in_nodes(json!({})));
    let mut after = cluster("prod", in_nodes(json!({})));
    after["network_profile"][0]["network_plugin_mode"] = json!("overlay");
    after["network_profile"][0]["pod_cidr"] = json!("10.244.0.0/16");
    let (before, after) = network()
        .change(
            "azurerm_kubernetes_cluster.c",
            json!({
                "actions": ["delete", "create"], "before": before, "after": after, "after_unknown": { "id": true },
                "replace_paths": [["network_profile", 0, "network_plugin_mode"], ["dns_prefix"]],
            }),
        )
        .load();
    tells(
        &after,
        "Terraform will REPLACE cluster prod (destroy and create): network_profile[0].network_plugin_mode, dns_prefix cannot \
         change in place",
    );
    assert_eq!(before.not_checked, Vec::<String>::new());
    assert_eq!(before.clusters[0].mode(), Some(NetworkMode::NodeSubnet));
    assert_eq!(after.clusters[0].mode(), Some(NetworkMode::Overlay));
    assert_eq!(before.clusters[0].id, after.clusters[0].id);
}

#[test]
fn a_pool_that_cycles_through_a_temporary_one_is_told() {
    let cluster = |size: &str| {
        existing_cluster(in_nodes(
            json!({ "vm_size": size, "temporary_name_for_rotation": "tmp" }),
        ))
    };
    let (_, after) = network()
        .update("azurerm_kubernetes_cluster.c", cluster("a"), cluster("b"))
        .load();
    tells(
        &after,
        "cycles the pool through the temporary pool tmp, because of vm_size",
    );
}

#[test]
fn data_sources_are_on_both_sides() {
    let (before, after) = Plan::new()
        .prior(
            "data.azurerm_virtual_network.hub",
            json!({ "id": vnet_id("v"), "name": "v", "resource_group_name": "rg", "address_space": ["10.0.0.0/16"], "subnets": ["nodes"] }),
        )
        .prior("data.azurerm_subnet.nodes", {
            let mut values = existing_subnet("nodes", "10.0.0.0/24");
            values["address_prefix"] = json!("10.0.0.0/24");
            values
        })
        .create("azurerm_kubernetes_cluster.c", cluster("prod", in_nodes(json!({}))), new_id())
        .load();
    for side in [&before, &after] {
        assert_eq!((side.vnets.len(), side.subnets.len()), (1, 1));
        assert_eq!(side.subnets[0].usable(), 251);
    }
    assert_eq!(
        subnet_of(&after, &after.clusters[0].pools[0]).as_deref(),
        Some("v/nodes")
    );
    assert!(before.clusters.is_empty());
}

#[test]
fn a_cluster_read_for_its_credentials_needs_no_network() {
    let values = json!({
        "id": cluster_id("far"), "name": "far", "resource_group_name": "rg",
        "agent_pool_profile": [
            { "name": "one", "count": 4, "max_pods": 30, "vnet_subnet_id": vnet_id("far") + "/subnets/s", "auto_scaling_enabled": false },
            { "name": "gone", "count": 1, "max_pods": 30, "vnet_subnet_id": vnet_id("far") + "/subnets/s" },
        ],
        "network_profile": [{ "network_plugin": "azure", "pod_cidr": "", "service_cidr": "10.2.0.0/16" }],
    });
    let (_, after) = Plan::new()
        .prior("data.azurerm_kubernetes_cluster.far", values.clone())
        .load();
    assert_eq!(after.clusters[0].pools[0].count, 4);
    tells(
        &after,
        "pool one of cluster far: its subnet s is not in the plan",
    );

    // A pool of that cluster which the plan deletes is only on the side before, though the data source was read earlier.
    let gone = json!({
        "id": cluster_id("far") + "/agentPools/gone", "name": "gone", "kubernetes_cluster_id": cluster_id("far"),
        "node_count": 1, "max_pods": 30, "vnet_subnet_id": vnet_id("far") + "/subnets/s",
    });
    let (before, after) = Plan::new()
        .prior("data.azurerm_kubernetes_cluster.far", values)
        .prior("data.azurerm_subnet.s", json!({
            "id": vnet_id("far") + "/subnets/s", "name": "s", "virtual_network_name": "far", "resource_group_name": "rg",
            "address_prefixes": ["10.8.0.0/24"],
        }))
        .change(
            "azurerm_kubernetes_cluster_node_pool.gone",
            json!({ "actions": ["delete"], "before": gone, "after": null, "after_unknown": {} }),
        )
        .load();
    let names = |side: &Inventory| -> Vec<String> {
        side.clusters[0]
            .pools
            .iter()
            .map(|pool| pool.name.clone())
            .collect()
    };
    assert_eq!(names(&before), ["one", "gone"]);
    assert_eq!(names(&after), ["one"]);
}

#[test]
fn pools_of_a_cluster_elsewhere_are_loose() {
    let pool = |max: u64| {
        json!({
            "id": cluster_id("far") + "/agentPools/p", "name": "p", "kubernetes_cluster_id": cluster_id("far"),
            "node_count": 1, "max_pods": 30, "vnet_subnet_id": vnet_id("v") + "/subnets/nodes",
            "auto_scaling_enabled": true, "min_count": 1, "max_count": max,
        })
    };
    let plan = network().update("azurerm_kubernetes_cluster_node_pool.p", pool(2), pool(4));
    let found = find(&plan.json()).unwrap();
    assert_eq!(found.plans[0].before.pools.len(), 1);
    assert_eq!(found.plans[0].after.pools[0].pool.pool.ceiling(), 4);
}

#[test]
fn what_the_plan_leaves_out_stays() {
    // With -target the plan holds one resource, and what was known before holds all.
    let cluster = existing_cluster(in_nodes(json!({})));
    let (before, after) = Plan::new()
        .prior("azurerm_virtual_network.v", existing_vnet())
        .prior(
            "azurerm_subnet.nodes",
            existing_subnet("nodes", "10.0.0.0/24"),
        )
        .prior("azurerm_kubernetes_cluster.c", cluster.clone())
        .update(
            "azurerm_kubernetes_cluster.c",
            cluster.clone(),
            cluster.clone(),
        )
        .with("complete", json!(false))
        .load();
    assert_eq!((before.clusters.len(), after.clusters.len()), (1, 1));
    assert_eq!(
        subnet_of(&after, &after.clusters[0].pools[0]).as_deref(),
        Some("v/nodes")
    );
    tells(&after, "the plan is not complete");

    // Forgotten by Terraform, it is still there.
    let (_, after) = network()
        .change(
            "azurerm_kubernetes_cluster.c",
            json!({ "actions": ["forget"], "before": cluster, "after": null }),
        )
        .load();
    assert_eq!(after.clusters.len(), 1);
}

#[test]
fn a_state_is_both_sides() {
    let state = json!({
        "format_version": "1.0", "terraform_version": "1.9.8",
        "values": { "root_module": {
            "resources": [resource("azurerm_virtual_network.v", ("values", existing_vnet()))],
            "child_modules": [{ "address": "module.a", "child_modules": [{
                "address": "module.a.module.b[\"x\"]",
                "resources": [
                    resource("module.a.module.b[\"x\"].azurerm_subnet.nodes", ("values", existing_subnet("nodes", "10.0.0.0/24"))),
                    resource("module.a.module.b[\"x\"].azurerm_kubernetes_cluster.c", ("values", existing_cluster(in_nodes(json!({}))))),
                ],
            }] }],
        } },
    });
    let loaded = load(&state).unwrap();
    assert_eq!(loaded.current.clusters[0].pools[0].count, 3);
    assert_eq!(Some(loaded.current), loaded.planned);

    let mut wrong = state;
    wrong["values"]["root_module"]["child_modules"][0]["child_modules"][0]["resources"][0]["values"]
        ["address_prefixes"][0] = json!("10.0.0.1/24");
    fails(
        &wrong,
        "at values.root_module.child_modules[0].child_modules[0].resources[0].values.address_prefixes[0]: `10.0.0.1/24` has host bits",
    );
}

#[test]
fn clusters_made_by_other_types_are_told() {
    let (before, after) = network()
        .create(
            "azapi_resource.c",
            json!({ "type": "Microsoft.ContainerService/managedClusters@2025-01-01", "body": {} }),
            new_id(),
        )
        .create(
            "azapi_resource.other",
            json!({ "type": "Microsoft.Web/sites@2024-04-01" }),
            new_id(),
        )
        .load();
    for side in [&before, &after] {
        assert_eq!(
            side.not_checked,
            [
                "azapi_resource.c: resources of type azapi_resource are not read; what it makes is not counted"
            ]
        );
    }
}
