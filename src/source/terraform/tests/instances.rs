//! Which of several instances an expression means.

use super::*;

/// New subnets with these keys, and pools with those whose subnet is said to refer to `listed`.
fn pools(subnets: &[&str], pools: &[&str], listed: &[&str], more: &[(&str, Value)]) -> Inventory {
    let mut plan = network().create(
        "azurerm_kubernetes_cluster.c",
        cluster("prod", in_nodes(json!({}))),
        new_id(),
    );
    for (position, key) in subnets.iter().enumerate() {
        let values = subnet(
            &format!("s{position}"),
            &format!("10.0.{}.0/24", position + 1),
        );
        plan = plan.create(&format!("azurerm_subnet.s{key}"), values, new_id());
    }
    for (position, key) in pools.iter().enumerate() {
        plan = plan.create(
            &format!("azurerm_kubernetes_cluster_node_pool.p{key}"),
            json!({ "name": format!("p{position}"), "node_count": 1, "max_pods": 30, "kubernetes_cluster_id": cluster_id("prod") }),
            json!({ "id": true, "vnet_subnet_id": true }),
        );
    }
    let mut entry = configured(
        "azurerm_kubernetes_cluster_node_pool.p",
        json!({ "vnet_subnet_id": references(listed) }),
    );
    for (name, value) in more {
        entry[*name] = value.clone();
    }
    plan.root("resources", json!([entry])).after()
}

fn names(inventory: &Inventory) -> Vec<String> {
    inventory.clusters[0].pools[1..]
        .iter()
        .map(|pool| {
            subnet_of(inventory, pool).map_or("?".to_string(), |name| name.replace("v/", ""))
        })
        .collect()
}

#[test]
fn keys_pick_instances() {
    let numbers = ["[0]", "[1]", "[2]"];
    let texts = [r#"["a"]"#, r#"["b"]"#];
    for (of_subnets, of_pools, listed, expected) in [
        (
            &numbers[..2],
            &numbers[..2],
            &["azurerm_subnet.s", "count.index"][..],
            &["s0", "s1"][..],
        ),
        // `count.index % 2` is listed the same way.
        (
            &numbers[..2],
            &numbers[..3],
            &["azurerm_subnet.s", "count.index"],
            &["?", "?", "?"],
        ),
        (
            &numbers[..1],
            &numbers[..2],
            &["azurerm_subnet.s", "count.index"],
            &["s0", "s0"],
        ),
        (
            &numbers[..2],
            &numbers[..1],
            &[
                "azurerm_subnet.s[1].id",
                "azurerm_subnet.s[1]",
                "azurerm_subnet.s",
            ],
            &["s1"],
        ),
        (
            &texts[..],
            &texts[1..],
            &["azurerm_subnet.s", "each.key"],
            &["s1"],
        ),
        (
            &texts[..],
            &texts[..],
            &["azurerm_subnet.s", "each.value.subnet", "each.value"],
            &["?", "?"],
        ),
        // A condition between two that are both to be made.
        (
            &texts[..],
            &texts[..1],
            &[
                "var.x",
                r#"azurerm_subnet.s["a"]"#,
                "azurerm_subnet.s",
                r#"azurerm_subnet.s["b"]"#,
                "azurerm_subnet.s",
            ],
            &["?"],
        ),
        // One of the two is there already: its id would be known.
        (
            &texts[..1],
            &[""],
            &[
                "var.x",
                "azurerm_subnet.s",
                "azurerm_subnet.nodes.id",
                "azurerm_subnet.nodes",
            ],
            &["s0"],
        ),
        (
            &texts[..1],
            &[""],
            &["azurerm_subnet.nodes.id", "azurerm_subnet.nodes"],
            &["?"],
        ),
    ] {
        let inventory = pools(of_subnets, of_pools, listed, &[]);
        assert_eq!(names(&inventory), expected, "{listed:?}");
    }
}

#[test]
fn each_value_comes_from_for_each() {
    let texts = [r#"["a"]"#, r#"["b"]"#];
    let over = [("for_each_expression", references(&["azurerm_subnet.s"]))];
    let inventory = pools(&texts, &texts, &["each.value.id", "each.value"], &over);
    assert_eq!(names(&inventory), ["s0", "s1"]);
    let over = [("for_each_expression", references(&["local.pools"]))];
    let inventory = pools(
        &texts,
        &texts,
        &["each.value.subnet_id", "each.value"],
        &over,
    );
    assert_eq!(names(&inventory), ["?", "?"]);
    tells(
        &inventory,
        "pool p0 of cluster prod: its subnet is known only after apply (a plan does not show what local.pools is)",
    );
}

#[test]
fn an_association_passes_its_subnet_on() {
    let after = network()
        .create("azurerm_subnet.s", subnet("s", "10.0.1.0/24"), new_id())
        .create(
            "azurerm_subnet_network_security_group_association.a",
            json!({}),
            json!({ "id": true, "subnet_id": true }),
        )
        .create(
            "azurerm_kubernetes_cluster.c",
            cluster(
                "c",
                json!({ "name": "system", "node_count": 1, "max_pods": 30 }),
            ),
            json!({ "id": true, "default_node_pool": [{ "vnet_subnet_id": true }] }),
        )
        .configure(
            "azurerm_subnet_network_security_group_association.a",
            json!({ "subnet_id": references(&["azurerm_subnet.s.id", "azurerm_subnet.s"]) }),
        )
        .configure(
            "azurerm_kubernetes_cluster.c",
            json!({ "default_node_pool": [{ "vnet_subnet_id": references(&[
                "azurerm_subnet_network_security_group_association.a.subnet_id",
                "azurerm_subnet_network_security_group_association.a",
            ]) }] }),
        )
        .after();
    let pool = &after.clusters[0].pools[0];
    assert_eq!(subnet_of(&after, pool).as_deref(), Some("v/s"));
}
