//! What is read of a resource, and what is unknown of it.

use super::*;

#[test]
fn what_apply_will_tell_is_unknown_and_what_is_not_set_is_default() {
    let unset = references(&["var.nothing"]);
    let open = references(&["random_integer.n.result", "random_integer.n"]);
    let plan = |expressions: Value| {
        network()
            .create(
                "azurerm_kubernetes_cluster.c",
                cluster("c", json!({ "name": "system", "vnet_subnet_id": vnet_id("v") + "/subnets/nodes" })),
                json!({ "id": true, "default_node_pool": [{ "max_pods": true, "node_count": true }] }),
            )
            .configure("azurerm_kubernetes_cluster.c", expressions)
    };
    let after =
        plan(json!({ "default_node_pool": [{ "max_pods": open, "node_count": open }] })).after();
    let pool = &after.clusters[0].pools[0];
    assert_eq!(pool.unknown, ["node_count", "max_pods"]);
    tells(
        &after,
        "pool system of cluster c: max_pods is known only after apply",
    );
    tells(
        &after,
        "pool system of cluster c: node_count is known only after apply",
    );

    // A variable that is null is not set: the provider defaults to one node.
    let after = plan(json!({ "default_node_pool": [{ "max_pods": unset }] })).after();
    let pool = &after.clusters[0].pools[0];
    assert!(pool.unknown.is_empty());
    assert_eq!(
        (pool.count, pool.max_pods, pool.max_pods_defaulted),
        (1, 30, true)
    );

    // Of a dynamic block the plan shows nothing.
    let after = plan(json!({})).after();
    assert_eq!(
        after.clusters[0].pools[0].unknown,
        ["node_count", "max_pods"]
    );
    tells(
        &after,
        "max_pods is known only after apply (the plan does not show how it is set",
    );
}

#[test]
fn an_unknown_ceiling_is_unknown() {
    let after = network()
        .create(
            "azurerm_kubernetes_cluster.c",
            cluster("c", in_nodes(json!({ "max_count": null, "min_count": 2, "auto_scaling_enabled": true }))),
            json!({ "id": true, "default_node_pool": [{ "max_count": true }] }),
        )
        .configure(
            "azurerm_kubernetes_cluster.c",
            json!({ "default_node_pool": [{ "max_count": references(&["random_integer.n.result"]) }] }),
        )
        .after();
    let pool = &after.clusters[0].pools[0];
    assert_eq!(pool.unknown, ["max_count"]);
    assert_eq!(pool.autoscaler.unwrap().min_count, 2);
}

#[test]
fn an_absent_network_profile_leaves_the_mode_open() {
    let mut values = cluster("c", in_nodes(json!({})));
    values.as_object_mut().unwrap().remove("network_profile");
    let unknown = json!({ "id": true, "network_profile": true });
    let after = network()
        .create("azurerm_kubernetes_cluster.c", values, unknown)
        .configure(
            "azurerm_kubernetes_cluster.c",
            json!({ "name": { "constant_value": "c" } }),
        )
        .after();
    assert_eq!(after.clusters[0].network.plugin, None);
    tells(
        &after,
        "cluster c: no network_profile is set: the network plugin is known only after apply",
    );
}

#[test]
fn subnets_inside_a_vnet_are_read_but_not_twice() {
    let listed = |subnets: Value| {
        let mut values = existing_vnet();
        values["subnet"] = subnets;
        values
    };
    // The provider lists every subnet here, those with a resource of their own as they were before.
    let subnets = json!([
        { "id": vnet_id("v") + "/subnets/outside", "name": "outside", "address_prefixes": ["10.0.9.0/24"] },
        { "id": vnet_id("v") + "/subnets/old", "name": "old", "address_prefix": "10.0.8.0/24" },
        { "id": vnet_id("v") + "/subnets/nodes", "name": "nodes", "address_prefix": "10.0.0.0/24" },
    ]);
    let (before, after) = Plan::new()
        .update("azurerm_virtual_network.v", listed(subnets.clone()), listed(subnets))
        .update(
            "azurerm_subnet.nodes",
            existing_subnet("nodes", "10.0.0.0/24"),
            existing_subnet("nodes", "10.0.0.0/22"),
        )
        .change(
            "azurerm_subnet.old",
            json!({ "actions": ["delete"], "before": existing_subnet("old", "10.0.8.0/24"), "after": null, "after_unknown": {} }),
        )
        .load();
    let texts = |side: &Inventory| -> Vec<String> {
        let mut texts: Vec<String> = side
            .subnets
            .iter()
            .map(|s| format!("{} {}", s.name, s.cidr_text()))
            .collect();
        texts.sort();
        texts
    };
    assert_eq!(
        texts(&before),
        [
            "nodes 10.0.0.0/24",
            "old 10.0.8.0/24",
            "outside 10.0.9.0/24"
        ]
    );
    assert_eq!(texts(&after), ["nodes 10.0.0.0/22", "outside 10.0.9.0/24"]);

    // The only subnet inside a new VNet is the one an expression can mean.
    let mut values = vnet("v", "10.0.0.0/16");
    values["subnet"] = json!([{ "name": "inner", "address_prefixes": ["10.0.1.0/24"] }]);
    let after = Plan::new()
        .create("azurerm_virtual_network.v", values, json!({ "id": true, "subnet": [{ "id": true, "address_prefixes": [false] }] }))
        .create(
            "azurerm_kubernetes_cluster.c",
            cluster("c", json!({ "name": "system", "node_count": 1, "max_pods": 30 })),
            json!({ "id": true, "default_node_pool": [{ "vnet_subnet_id": true }] }),
        )
        .configure(
            "azurerm_kubernetes_cluster.c",
            json!({ "default_node_pool": [{ "vnet_subnet_id": references(&["azurerm_virtual_network.v.subnet", "azurerm_virtual_network.v"]) }] }),
        )
        .after();
    assert_eq!(
        subnet_of(&after, &after.clusters[0].pools[0]).as_deref(),
        Some("v/inner")
    );
}

#[test]
fn peerings_and_routes_are_linked() {
    let after = network()
        .create("azurerm_virtual_network.w", vnet("w", "10.1.0.0/16"), new_id())
        .create(
            "azurerm_virtual_network_peering.p",
            json!({ "name": "v-w", "resource_group_name": "RG", "virtual_network_name": "V", "allow_forwarded_traffic": true }),
            json!({ "id": true, "remote_virtual_network_id": true }),
        )
        .create(
            "azurerm_route_table.t",
            json!({ "name": "t", "resource_group_name": "rg",
                "route": [{ "name": "out", "address_prefix": "0.0.0.0/0", "next_hop_type": "VirtualAppliance" }] }),
            new_id(),
        )
        .create(
            "azurerm_route.r",
            json!({ "name": "tag", "resource_group_name": "rg", "route_table_name": "t", "address_prefix": "AzureMonitor", "next_hop_type": "Internet" }),
            new_id(),
        )
        .create(
            "azurerm_subnet_route_table_association.a",
            json!({ "subnet_id": vnet_id("v") + "/subnets/nodes" }),
            json!({ "id": true, "route_table_id": true }),
        )
        .configure(
            "azurerm_virtual_network_peering.p",
            json!({ "remote_virtual_network_id": references(&["azurerm_virtual_network.w.id", "azurerm_virtual_network.w"]) }),
        )
        .configure(
            "azurerm_subnet_route_table_association.a",
            json!({ "route_table_id": references(&["azurerm_route_table.t.id", "azurerm_route_table.t"]) }),
        )
        .after();
    let peering = &after.vnets[0].peerings[0];
    assert!(peering.allow_forwarded_traffic && !peering.use_remote_gateways);
    let remote = after
        .vnets
        .iter()
        .find(|vnet| vnet.id.as_ref() == Some(&peering.remote));
    assert_eq!(remote.map(|vnet| vnet.name.as_str()), Some("w"));
    let table = &after.route_tables[0];
    assert_eq!(table.routes.len(), 2);
    assert_eq!(
        (
            table.routes[0].prefix.is_some(),
            table.routes[1].prefix.is_some()
        ),
        (true, false)
    );
    assert_eq!(after.subnets[0].route_table, table.id);
}
