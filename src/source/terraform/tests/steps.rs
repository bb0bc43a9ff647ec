//! What happens to clusters and pools that the two sides do not show.

use super::*;
use crate::model::{PlanStep, PoolStep, ResourceId, StepKind};

fn steps(plan: &Plan) -> Vec<PlanStep> {
    load(&plan.json()).unwrap().steps
}

fn pool(name: &str) -> Value {
    json!({
        "name": name, "kubernetes_cluster_id": cluster_id("prod"), "max_pods": 30, "node_count": 3,
        "vnet_subnet_id": vnet_id("v") + "/subnets/nodes",
        "id": cluster_id("prod") + "/agentPools/" + name,
    })
}

fn with_cluster() -> Plan {
    let same = existing_cluster(in_nodes(json!({})));
    network().update("azurerm_kubernetes_cluster.c", same.clone(), same)
}

fn replace(before: &Value, after: &Value, actions: [&str; 2], path: &str) -> Value {
    json!({
        "actions": actions, "before": before, "after": after, "after_unknown": { "id": true },
        "replace_paths": [[path]],
    })
}

fn without_id(mut values: Value) -> Value {
    values.as_object_mut().unwrap().remove("id");
    values
}

const POOL: &str = "azurerm_kubernetes_cluster_node_pool.p";

#[test]
fn a_cluster_that_is_replaced_keeps_both_names() {
    let before = existing_cluster(in_nodes(json!({})));
    let after = cluster("next", in_nodes(json!({})));
    let step = steps(&network().change(
        "azurerm_kubernetes_cluster.c",
        replace(&before, &after, ["create", "delete"], "name"),
    ));
    let [step] = &step[..] else {
        panic!("{step:?}")
    };
    assert!(step.replaces_cluster());
    assert_eq!(step.cluster, ResourceId::new(cluster_id("prod")));
    assert_eq!(step.cluster_after.as_ref().unwrap().name(), "next");
    assert_eq!(step.because, ["name"]);
    assert_eq!(
        step.kind,
        StepKind::Replace {
            create_before_destroy: true
        }
    );
}

#[test]
fn a_pool_that_is_replaced_names_its_cluster() {
    let step = steps(&with_cluster().change(
        POOL,
        replace(
            &pool("apps"),
            &without_id(pool("apps2")),
            ["delete", "create"],
            "vm_size",
        ),
    ));
    let [step] = &step[..] else {
        panic!("{step:?}")
    };
    assert_eq!(step.cluster, ResourceId::new(cluster_id("prod")));
    assert_eq!(step.cluster_after.as_ref(), Some(&step.cluster));
    assert_eq!(
        step.pool,
        Some(PoolStep {
            name: "apps".to_string(),
            name_after: Some("apps2".to_string())
        })
    );
    assert_eq!(step.why, "vm_size cannot change in place");
}

#[test]
fn deletions_are_steps() {
    let gone = |values: Value| json!({ "actions": ["delete"], "before": values, "after": null });
    let found = steps(
        &network()
            .change(
                "azurerm_kubernetes_cluster.c",
                gone(existing_cluster(in_nodes(json!({})))),
            )
            .change(POOL, gone(pool("apps"))),
    );
    assert!(
        found.iter().all(|step| step.kind == StepKind::Delete),
        "{found:?}"
    );
    assert_eq!(
        found.iter().filter(|step| step.deletes_cluster()).count(),
        1
    );
    assert_eq!(found[1].pool.as_ref().unwrap().name, "apps");
}

#[test]
fn a_pool_that_moves_to_another_address_is_made_anew() {
    let found = steps(
        &with_cluster()
            .change(
                POOL,
                json!({ "actions": ["delete"], "before": pool("apps"), "after": null }),
            )
            .create(
                "azurerm_kubernetes_cluster_node_pool.q",
                without_id(pool("apps")),
                new_id(),
            ),
    );
    let [step] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        step.kind,
        StepKind::Replace {
            create_before_destroy: false
        }
    );
}

#[test]
fn a_rotation_names_pool_and_temporary_pool() {
    let with_size = |size: &str| {
        existing_cluster(in_nodes(
            json!({ "vm_size": size, "temporary_name_for_rotation": "tmp" }),
        ))
    };
    let found = steps(&network().update(
        "azurerm_kubernetes_cluster.c",
        with_size("a"),
        with_size("b"),
    ));
    let [step] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(
        step.kind,
        StepKind::Rotate {
            temporary_name: "tmp".to_string()
        }
    );
    assert_eq!(step.pool.as_ref().unwrap().name, "system");
    assert_eq!(step.because, ["vm_size"]);
}

#[test]
fn what_another_file_lists_is_gone_when_the_plan_deletes_it() {
    let listed = json!({
        "id": cluster_id("prod"), "name": "prod", "type": "Microsoft.ContainerService/managedClusters",
        "resourceGroup": "rg", "networkProfile": { "networkPlugin": "azure" },
        "agentPoolProfiles": [
            { "name": "system", "count": 3, "maxPods": 30, "vnetSubnetId": vnet_id("v") + "/subnets/nodes" },
            { "name": "apps", "count": 3, "maxPods": 30, "vnetSubnetId": vnet_id("v") + "/subnets/nodes" },
        ],
    });
    let plan = network().change(
        POOL,
        json!({ "actions": ["delete"], "before": pool("apps"), "after": null }),
    );
    let mut found = find(&plan.json()).unwrap();
    found.facts = find(&listed).unwrap().facts;
    let loaded = found.assemble().unwrap();
    assert_eq!(loaded.current.clusters[0].pools.len(), 2);
    assert_eq!(loaded.planned.unwrap().clusters[0].pools.len(), 1);
}
