//! The loopback Resource Graph without a socket: it filters, orders and pages, and refuses what it does not understand.

use crate::graph::answer;
use crate::world::{Subscription, World};
use serde_json::json;

#[test]
fn a_query_filters_orders_and_pages() {
    let mut world = World::default();
    world.subscriptions.push(Subscription {
        id: "S".to_string(),
        name: "one".to_string(),
    });
    for name in ["b", "A", "c"] {
        world.put(&json!({
            "id": format!("/subscriptions/s/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/{name}"),
            "properties": {"x": 1},
        }));
    }
    world.put(&json!({"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/natGateways/n"}));
    let query = "Resources | where type in~ ('Microsoft.Network/virtualNetworks', 'other') and subscriptionId =~ 's' \
                 | project id, name, properties | order by id asc";
    let mut names = Vec::new();
    let mut options = json!({"$top": 2});
    loop {
        let page = answer(&world, &json!({"query": query, "options": options}), 1000).unwrap();
        assert_eq!(page["totalRecords"], 3);
        assert_eq!(page["resultTruncated"], "false");
        for row in page["data"].as_array().unwrap() {
            assert_eq!(row["properties"]["x"], 1);
            names.push(row["name"].as_str().unwrap().to_string());
        }
        let Some(token) = page.get("$skipToken") else {
            break;
        };
        options["$skipToken"] = token.clone();
    }
    assert_eq!(names, ["A", "b", "c"]);
    let cut = answer(&world, &json!({"query": "resources"}), 2).unwrap();
    assert_eq!(
        (&cut["resultTruncated"], cut.get("$skipToken")),
        (&json!("true"), None)
    );
    for wrong in [
        "Resources | extend a = b",
        "Nothing",
        "resources | where type contains 'x'",
    ] {
        assert!(
            answer(&world, &json!({"query": wrong}), 2).is_err(),
            "{wrong}"
        );
    }
    world.forbidden.insert("s".to_string());
    let none = answer(&world, &json!({"query": query}), 9).unwrap();
    assert_eq!(none["totalRecords"], 0);
}
