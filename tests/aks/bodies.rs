//! Bodies as Azure answers them: cluster, pools, network, usages. Fills in what nobody varies; decides nothing.

use super::shape::{LOCATION, Pool, SUBSCRIPTION, Shape, TENANT};
use serde_json::{Value, json};

pub const IMAGE: &str = "AKSUbuntu-2204gen2containerd-202509.23.0";
/// A field that no schema knows; a client that sends the body back keeps it.
pub const UNKNOWN: &str = "fieldOfTheFuture";

pub fn cluster(shape: &Shape) -> Value {
    let id = shape.id();
    let mut network = json!({
        "networkPlugin": shape.plugin,
        "networkPolicy": shape.policy.unwrap_or("none"),
        "networkDataplane": if shape.policy == Some("cilium") { "cilium" } else { "azure" },
        "loadBalancerSku": "standard",
        "loadBalancerProfile": {
            "managedOutboundIPs": {"count": 1},
            "effectiveOutboundIPs": [{"id": format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{}/providers/Microsoft.Network/publicIPAddresses/8f1c0000-0000-4000-8000-0000000000aa", shape.node_group())}],
            "backendPoolType": "nodeIPConfiguration"
        },
        "serviceCidr": shape.service_cidr,
        "serviceCidrs": [shape.service_cidr],
        "dnsServiceIP": super::shape::Range::of(shape.service_cidr).at(10).to_string(),
        "outboundType": "loadBalancer",
        "ipFamilies": ["IPv4"],
        UNKNOWN: {"kept": ["as", "it", "is"], "number": 7}
    });
    if shape.plugin == "kubenet" {
        network["podCidr"] = json!("10.244.0.0/16");
        network["podCidrs"] = json!(["10.244.0.0/16"]);
    }
    let identity = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{}",
        shape.group, shape.name
    );
    let mut body = json!({
        "id": id,
        "name": shape.name,
        "type": "Microsoft.ContainerService/ManagedClusters",
        "kind": "Base",
        "location": LOCATION,
        "tags": {"owner": "platform", "cost-centre": "4711"},
        "eTag": "",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {
            "clientId": "a1d00000-0000-4000-8000-000000000001", "principalId": "a1d00000-0000-4000-8000-000000000002"}}},
        "sku": {"name": "Base", "tier": "Standard"},
        UNKNOWN: "kept at the top",
        "properties": {
            "provisioningState": "Succeeded",
            "powerState": {"code": "Running"},
            "kubernetesVersion": shape.version,
            "currentKubernetesVersion": format!("{}.5", shape.version),
            "dnsPrefix": shape.name,
            "fqdn": format!("{}-tmqalk0n.hcp.{LOCATION}.azmk8s.io", shape.name),
            "azurePortalFQDN": format!("{}-tmqalk0n.portal.hcp.{LOCATION}.azmk8s.io", shape.name),
            "agentPoolProfiles": shape.pools.iter().map(|pool| profile(shape, pool)).collect::<Vec<_>>(),
            "servicePrincipalProfile": {"clientId": "msi"},
            "addonProfiles": {"azurepolicy": {"enabled": true, "config": null}},
            "nodeResourceGroup": shape.node_group(),
            "enableRBAC": true,
            "supportPlan": "KubernetesOfficial",
            "networkProfile": network,
            "maxAgentPools": 100,
            "identityProfile": {"kubeletidentity": {
                "resourceId": format!("/subscriptions/{SUBSCRIPTION}/resourcegroups/{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{}-agentpool", shape.node_group(), shape.name),
                "clientId": "a1d00000-0000-4000-8000-000000000003", "objectId": "a1d00000-0000-4000-8000-000000000004"}},
            "autoUpgradeProfile": {"upgradeChannel": "none", "nodeOSUpgradeChannel": "None"},
            "disableLocalAccounts": false,
            "securityProfile": {},
            "storageProfile": {"diskCSIDriver": {"enabled": true}, "fileCSIDriver": {"enabled": true}, "snapshotController": {"enabled": true}},
            "oidcIssuerProfile": {"enabled": true, "issuerURL": format!("https://{LOCATION}.oic.prod-aks.azure.com/{TENANT}/")},
            "workloadAutoScalerProfile": {},
            "resourceUID": "6973f35a7c874900017343bc",
            "metricsProfile": {"costAnalysis": {"enabled": false}},
            "nodeProvisioningProfile": {"mode": "Manual", "defaultNodePools": "Auto"},
            "bootstrapProfile": {"artifactSource": "Direct"},
            UNKNOWN: {"deep": {"deeper": true}}
        }
    });
    merge(&mut body, &shape.more);
    body
}

fn profile(shape: &Shape, pool: &Pool) -> Value {
    json!({
        "name": pool.name,
        "count": pool.nodes,
        "vmSize": "Standard_D4s_v5",
        "osDiskSizeGB": 128,
        "osDiskType": "Managed",
        "kubeletDiskType": "OS",
        "vnetSubnetID": shape.subnet_id(),
        "maxPods": pool.max_pods,
        "type": "VirtualMachineScaleSets",
        "enableAutoScaling": false,
        "scaleDownMode": "Delete",
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "orchestratorVersion": shape.version,
        "currentOrchestratorVersion": format!("{}.5", shape.version),
        "enableNodePublicIP": false,
        "availabilityZones": ["1", "2", "3"],
        "mode": if pool.is_system { "System" } else { "User" },
        "nodeTaints": if pool.is_system { vec!["CriticalAddonsOnly=true:NoSchedule"] } else { vec![] },
        "osType": "Linux",
        "osSKU": "Ubuntu",
        "nodeImageVersion": IMAGE,
        "upgradeSettings": pool.upgrade,
        "enableFIPS": false,
        "securityProfile": {"sshAccess": "LocalUser", "enableVTPM": false, "enableSecureBoot": false},
        "eTag": "",
        UNKNOWN: pool.name
    })
}

/// A pool of the cluster's body as a resource of its own: the same fields under `properties`.
pub fn agent_pool(cluster: &Value, name: &str) -> Option<Value> {
    let profiles = cluster["properties"]["agentPoolProfiles"].as_array()?;
    let profile = profiles.iter().find(|profile| {
        profile["name"]
            .as_str()
            .is_some_and(|known| known.eq_ignore_ascii_case(name))
    })?;
    let mut properties = profile.clone();
    let fields = properties.as_object_mut()?;
    let name = fields.remove("name")?;
    let id = cluster["id"].as_str()?;
    Some(json!({
        "id": format!("{id}/agentPools/{}", name.as_str()?),
        "name": name,
        "type": "Microsoft.ContainerService/managedClusters/agentPools",
        "properties": properties,
    }))
}

pub fn vnet(shape: &Shape) -> Value {
    let id = shape.vnet_id();
    let subnet = |name: &str, cidr: &str| {
        json!({"id": format!("{id}/subnets/{name}"), "name": name, "etag": "W/\"1\"", "type": "Microsoft.Network/virtualNetworks/subnets",
            "properties": {"provisioningState": "Succeeded", "addressPrefix": cidr, "delegations": [],
                "privateEndpointNetworkPolicies": "Disabled", "privateLinkServiceNetworkPolicies": "Enabled"}})
    };
    let mut subnets = vec![subnet(shape.subnet, shape.subnet_cidr)];
    subnets.extend(
        shape
            .other_subnets
            .iter()
            .map(|(name, cidr)| subnet(name, cidr)),
    );
    json!({"id": id, "name": shape.vnet, "type": "Microsoft.Network/virtualNetworks", "location": LOCATION, "etag": "W/\"1\"",
        "properties": {"provisioningState": "Succeeded", "resourceGuid": "b0b00000-0000-4000-8000-000000000005",
            "addressSpace": {"addressPrefixes": [shape.vnet_space]}, "subnets": subnets, "virtualNetworkPeerings": [],
            "enableDdosProtection": false}})
}

/// Azure counts in floating point.
pub fn usages(shape: &Shape, used: u64) -> Value {
    let usage = |name: &str, cidr: &str, used: u64| {
        let limit = super::shape::Range::of(cidr).size - 5;
        json!({"currentValue": used as f64, "limit": limit as f64, "unit": "Count",
            "id": format!("{}/subnets/{name}", shape.vnet_id()),
            "name": {"localizedValue": "Subnet size and usage", "value": "SubnetSpace"}})
    };
    let mut all = vec![usage(shape.subnet, shape.subnet_cidr, used)];
    all.extend(
        shape
            .other_subnets
            .iter()
            .map(|(name, cidr)| usage(name, cidr, 2)),
    );
    json!({"value": all})
}

pub fn maintenance(shape: &Shape) -> Value {
    let one = |(name, properties): &(&str, Value)| {
        json!({"id": format!("{}/maintenanceConfigurations/{name}", shape.id()), "name": name,
        "type": "Microsoft.ContainerService/managedClusters/maintenanceConfigurations", "properties": properties})
    };
    json!({"value": shape.maintenance.iter().map(one).collect::<Vec<_>>()})
}

pub fn error(code: &str, message: &str, target: Option<&str>) -> Value {
    let mut error = json!({"code": code, "message": message});
    if let Some(target) = target {
        error["target"] = json!(target);
    }
    json!({"error": error})
}

/// Objects are merged; anything else replaces.
pub fn merge(into: &mut Value, from: &Value) {
    match (into.as_object_mut(), from.as_object()) {
        (Some(fields), Some(new)) => {
            for (name, value) in new {
                merge(fields.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        _ if from.is_null() => {}
        _ => *into = from.clone(),
    }
}
