//! What a subnet lists beside what the arithmetic takes.

use super::binary::aksplan;
use serde_json::{Value, json};

/// A VNet and a classic cluster of one pool of two nodes, which hold this many addresses each.
fn findings(each: u64) -> Vec<Value> {
    let subnet = "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub/subnets/aks";
    let held: Vec<Value> = (0..2 * each)
        .map(|number| {
            let (machine, configuration) = (number / each, number % each);
            json!({ "id": format!(
                "/subscriptions/s/resourceGroups/MC_x/providers/Microsoft.Compute/virtualMachineScaleSets/aks-np-1-vmss/\
                 virtualMachines/{machine}/networkInterfaces/np/ipConfigurations/ipconfig{configuration}"
            ) })
        })
        .collect();
    let estate = json!([
        {
            "id": subnet.trim_end_matches("/subnets/aks"), "name": "hub",
            "properties": {
                "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
                "subnets": [{ "id": subnet, "name": "aks", "properties": { "addressPrefix": "10.0.0.0/22", "ipConfigurations": held } }]
            }
        },
        {
            "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/prod", "name": "prod",
            "properties": {
                "nodeResourceGroup": "MC_x", "networkProfile": { "networkPlugin": "azure" },
                "agentPoolProfiles": [{ "name": "np", "count": 2, "maxPods": 30, "vnetSubnetID": subnet, "osType": "Linux" }]
            }
        }
    ]);
    let output = aksplan(
        &["capacity", "--from", "-", "-o", "json"],
        &estate.to_string(),
    );
    let capacity: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let all = capacity["findings"].as_array().expect("a list").clone();
    all.into_iter()
        .filter(|finding| finding["code"] == "node-cost-differs")
        .collect()
}

#[test]
fn nodes_that_hold_what_the_rule_says_are_no_news() {
    assert_eq!(findings(29), Vec::<Value>::new());
}

#[test]
fn nodes_that_hold_something_else_are_told_of() {
    let found = findings(31);
    assert_eq!(found.len(), 1, "{found:?}");
    let message = found[0]["message"].as_str().expect("a sentence");
    assert!(
        message.contains("2 machines of scale set aks-np-1-vmss hold 62 addresses"),
        "{message}"
    );
    assert_eq!(found[0]["severity"], "warning");
}
