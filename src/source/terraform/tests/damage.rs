//! Plans with holes in them: an error or an inventory, never a panic.

use super::follow::modules;
use super::*;
use proptest::prelude::*;

/// A plan with something of everything, to be damaged.
fn everything() -> Value {
    let mut plan = modules(
        json!({ "ids": { "expression": references(&["azurerm_subnet.s"]) } }),
        references(&[r#"module.net.ids["b"]"#, "module.net.ids", "module.net"]),
    )
    .update(
        "azurerm_kubernetes_cluster.c",
        existing_cluster(in_nodes(
            json!({ "upgrade_settings": [{ "max_surge": 1 }] }),
        )),
        existing_cluster(in_nodes(
            json!({ "auto_scaling_enabled": true, "min_count": 1, "max_count": 5 }),
        )),
    )
    .prior(
        "data.azurerm_virtual_network.hub",
        with_id(vnet("hub", "10.9.0.0/16"), vnet_id("hub")),
    );
    plan.changes.extend(network().changes);
    plan.json()
}

#[test]
fn undamaged_it_is_read() {
    let loaded = load(&everything()).unwrap();
    assert_eq!(loaded.current.clusters.len(), 1);
    assert_eq!(loaded.planned.unwrap().clusters.len(), 2);
}

/// Replaces the value that a walk of `steps` ends at.
fn put(value: &mut Value, steps: &[u8], with: Value) {
    let Some((step, rest)) = steps.split_first() else {
        *value = with;
        return;
    };
    let step = usize::from(*step);
    match value {
        Value::Array(items) if !items.is_empty() => {
            let position = step % items.len();
            put(&mut items[position], rest, with);
        }
        Value::Object(fields) if !fields.is_empty() => {
            let position = step % fields.len();
            if let Some((_, inner)) = fields.iter_mut().nth(position) {
                put(inner, rest, with);
            }
        }
        leaf => *leaf = with,
    }
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([true, null, {}])),
        Just(references(&[
            "each.value",
            "local.x",
            "module.net",
            "var.subnet",
            "a[",
            "count.index"
        ])),
        Just(json!("10.0.0.0/33")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_plan_is_an_error_or_an_inventory(
        wounds in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..9), anything()), 1..4)
    ) {
        let mut plan = everything();
        for (steps, with) in wounds {
            put(&mut plan, &steps, with);
        }
        let _ = load(&plan);
    }

    #[test]
    fn a_truncated_or_overwritten_plan_never_panics(
        cut in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = everything().to_string().into_bytes();
        let position = at.index(bytes.len());
        let undamaged = std::mem::replace(&mut bytes[position], byte);
        let whole = bytes.len();
        let _ = read_document("plan.json", &bytes).map(Found::assemble);
        bytes[position] = undamaged;
        bytes.truncate(cut.index(whole));
        prop_assert!(read_document("plan.json", &bytes).is_err());
    }

    #[test]
    fn arbitrary_text_is_no_reference_and_no_panic(text in "\\PC{0,40}") {
        let _ = super::super::address::steps(&text);
        let _ = super::super::address::module_path(&text);
    }
}
