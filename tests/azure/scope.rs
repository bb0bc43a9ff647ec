//! What belongs to an answer: what was asked for and what holds addresses there, and not what came along on the way.

use crate::client::inventory_with;
use crate::fault::{self, Fault};
use crate::server::{Azure, Manners};
use crate::world::{Subscription, World};
use aksplan::model::{Inventory, PlatformList};
use aksplan::source::azure::Settings;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

const OURS: &str = "00000001-aaaa-4000-8000-0000000000aa";
const THEIRS: &str = "00000002-aaaa-4000-8000-0000000000aa";

fn vnet_id(subscription: &str, name: &str) -> String {
    format!(
        "/subscriptions/{subscription}/resourceGroups/rg-{name}/providers/Microsoft.Network/virtualNetworks/{name}"
    )
}

fn cluster_id(subscription: &str, group: &str, name: &str) -> String {
    format!(
        "/subscriptions/{subscription}/resourceGroups/rg-{group}/providers/Microsoft.ContainerService/managedClusters/{name}"
    )
}

/// A VNet `10.THIRD.0.0/16` with one subnet `nodes`, in which a machine of each of these subscriptions is.
fn vnet(id: &str, third: u8, holders: &[&str]) -> Value {
    let held: Vec<Value> = holders
        .iter()
        .map(|subscription| {
            json!({"id": format!("/subscriptions/{subscription}/resourceGroups/MC_x/providers/Microsoft.Compute/virtualMachineScaleSets/aks-p-1-vmss/virtualMachines/0/networkInterfaces/aks-p-1-vmss/ipConfigurations/ipconfig1")})
        })
        .collect();
    json!({
        "id": id,
        "name": id.rsplit('/').next(),
        "type": "Microsoft.Network/virtualNetworks",
        "location": "westeurope",
        "properties": {
            "addressSpace": {"addressPrefixes": [format!("10.{third}.0.0/16")]},
            "subnets": [{
                "id": format!("{id}/subnets/nodes"),
                "name": "nodes",
                "properties": {"addressPrefix": format!("10.{third}.0.0/22"), "ipConfigurations": held},
            }],
            "virtualNetworkPeerings": [],
        },
    })
}

fn cluster(id: &str, vnet: &str) -> Value {
    json!({
        "id": id,
        "name": id.rsplit('/').next(),
        "type": "Microsoft.ContainerService/managedClusters",
        "location": "westeurope",
        "properties": {
            "kubernetesVersion": "1.33.5",
            "nodeResourceGroup": "MC_x",
            "networkProfile": {"networkPlugin": "azure", "networkPluginMode": "overlay", "podCidr": "192.168.0.0/16", "serviceCidr": "172.16.0.0/16", "dnsServiceIP": "172.16.0.10"},
            "agentPoolProfiles": [{
                "name": "p", "count": 2, "vmSize": "Standard_D4s_v5", "maxPods": 110, "mode": "System", "osType": "Linux",
                "type": "VirtualMachineScaleSets", "vnetSubnetID": format!("{vnet}/subnets/nodes"),
                "orchestratorVersion": "1.33.5",
            }],
        },
    })
}

/// `shop` of ours, with `one` of ours and `guest` of theirs in it; `back` of ours with `two`; `far` of theirs with `alien`.
fn world() -> World {
    let mut world = World::default();
    for (id, name) in [(OURS, "Ours"), (THEIRS, "Theirs")] {
        world.subscriptions.push(Subscription {
            id: id.to_string(),
            name: name.to_string(),
        });
    }
    let (shop, back, far) = (
        vnet_id(OURS, "shop"),
        vnet_id(OURS, "back"),
        vnet_id(THEIRS, "far"),
    );
    world.put(&vnet(&shop, 1, &[OURS, THEIRS]));
    world.put(&vnet(&back, 2, &[OURS]));
    world.put(&vnet(&far, 3, &[THEIRS]));
    world.put(&cluster(&cluster_id(OURS, "shop", "one"), &shop));
    world.put(&cluster(&cluster_id(THEIRS, "shop", "guest"), &shop));
    world.put(&cluster(&cluster_id(OURS, "back", "two"), &back));
    world.put(&cluster(&cluster_id(THEIRS, "far", "alien"), &far));
    world
}

fn read(azure: &Azure, args: &[&str]) -> Inventory {
    inventory_with(azure, args, Settings::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Names of VNets and of clusters.
fn names(inventory: &Inventory) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let vnets = inventory.vnets.iter().map(|vnet| vnet.name.as_str());
    let clusters = inventory.clusters.iter().map(|one| one.name.as_str());
    (vnets.collect(), clusters.collect())
}

fn paths(azure: &Azure, end: &str) -> Vec<String> {
    let mut paths: Vec<String> = azure
        .log()
        .into_iter()
        .map(|entry| entry.path)
        .filter(|path| path.ends_with(end))
        .collect();
    paths.sort();
    paths
}

#[test]
fn a_resource_group_is_not_its_whole_subscription() {
    let azure = Azure::start(world(), Manners::default());
    let group = read(&azure, &["--subscription", OURS, "-g", "rg-shop"]);
    assert_eq!(
        names(&group),
        (["shop"].into(), ["guest", "one"].into()),
        "{:?}",
        group.not_checked
    );
    assert_eq!(group.not_checked, Vec::<String>::new());
    let usages = format!("{}/usages", vnet_id(OURS, "shop"));
    assert_eq!(paths(&azure, "/usages"), [usages]);
    for other in ["virtualNetworks/back", "virtualNetworks/far"] {
        assert_eq!(paths(&azure, other), Vec::<String>::new());
    }
}

#[test]
fn who_holds_an_address_does_not_bring_a_whole_subscription_along() {
    let azure = Azure::start(world(), Manners::default());
    let ours = read(&azure, &["--subscription", OURS]);
    assert_eq!(
        names(&ours),
        (["back", "shop"].into(), ["guest", "one", "two"].into())
    );
    assert_eq!(paths(&azure, "virtualNetworks/far"), Vec::<String>::new());
    for question in [
        &["--subscription", OURS, "--vnet", "shop"],
        &["--subscription", OURS, "--cluster", "one"],
    ] {
        let inventory = read(&azure, question);
        let (vnets, clusters) = names(&inventory);
        assert!(clusters.contains("guest"), "{question:?}: {clusters:?}");
        assert!(!clusters.contains("alien"), "{question:?}: {clusters:?}");
        assert!(!vnets.contains("far"), "{question:?}: {vnets:?}");
    }
}

#[test]
fn a_cluster_narrows_a_fleet_down() {
    let azure = Azure::start(world(), Manners::default());
    let all = read(&azure, &["--all"]);
    assert_eq!((all.vnets.len(), all.clusters.len()), (3, 4));
    assert_eq!(paths(&azure, "/usages").len(), 3);
    azure.forget();
    read(&azure, &["--all", "--cluster", "one"]);
    let usages = format!("{}/usages", vnet_id(OURS, "shop"));
    assert_eq!(paths(&azure, "/usages"), [usages]);
}

/// Resource Graph may lag behind by minutes; a GET does not.
#[test]
fn what_is_named_by_id_is_read_fresh() {
    let azure = Azure::start(world(), Manners::default());
    let shop = vnet_id(OURS, "shop");
    let fresh = vnet(&shop, 9, &[OURS]).to_string();
    let path = shop.clone();
    azure.manners().script = Some(Arc::new(move |asked| {
        (asked.path == path).then(|| (200, fresh.clone()))
    }));
    let inventory = read(&azure, &["--all", "--vnet", &shop]);
    let read_vnet = inventory.vnets.iter().find(|vnet| vnet.name == "shop");
    let space = read_vnet.map(|vnet| format!("{:?}", vnet.address_space));
    assert!(
        space.as_ref().is_some_and(|text| text.contains("10.9.0.0")),
        "{space:?}"
    );
    // A list of Azure Resource Manager is as fresh: nothing is asked twice.
    azure.forget();
    read(&azure, &["--subscription", OURS, "--vnet", &shop]);
    assert_eq!(paths(&azure, &shop), Vec::<String>::new());
}

#[test]
fn an_element_without_an_id_is_told() {
    let azure = Azure::start(world(), Manners::default());
    azure.manners().script = Some(Arc::new(|asked| {
        let list = asked.path.ends_with("/managedClusters") && asked.path.contains(OURS);
        list.then(|| {
            let body = json!({"value": [{"name": "nameless"}]});
            (200, body.to_string())
        })
    }));
    let inventory = read(&azure, &["--subscription", OURS]);
    let said = inventory.not_checked.join("\n");
    assert!(
        said.contains("among clusters of subscription") && said.contains("without an id"),
        "{said}"
    );
}

#[test]
fn a_subnet_without_a_prefix_ends_nothing() {
    let mut world = world();
    let shop = vnet_id(OURS, "shop");
    let mut body = vnet(&shop, 1, &[OURS]);
    body["properties"]["subnets"][0]["properties"] = json!({});
    world.put(&body);
    let azure = Azure::start(world, Manners::default());
    let inventory = read(&azure, &["--subscription", OURS]);
    assert!(names(&inventory).1.contains("two"));
    let said = inventory.not_checked.join("\n");
    assert!(
        said.contains("pool p of cluster one") && said.contains("no address prefix"),
        "{said}"
    );
}

/// When Resource Graph gave a part only, the rest is looked for where that part leads.
#[test]
fn a_fleet_that_was_cut_is_followed() {
    let azure = Azure::start(world(), Manners::default());
    let mut shop = vnet(&vnet_id(OURS, "shop"), 1, &[OURS, THEIRS]);
    shop["properties"]["virtualNetworkPeerings"] = json!([{
        "name": "to-far",
        "properties": {
            "remoteVirtualNetwork": {"id": vnet_id(THEIRS, "far")},
            "remoteAddressSpace": {"addressPrefixes": ["10.3.0.0/16"]},
            "peeringState": "Connected",
        },
    }]);
    let cut = json!({"totalRecords": 7, "count": 1, "data": [shop], "resultTruncated": "false"});
    let cut = cut.to_string();
    azure.manners().script = Some(Arc::new(move |asked| {
        (asked.method == "POST").then(|| (200, cut.clone()))
    }));
    let inventory = read(&azure, &["--all"]);
    let (vnets, clusters) = names(&inventory);
    assert!(vnets.contains("far"), "{vnets:?}");
    assert!(
        clusters.contains("one") && clusters.contains("guest"),
        "{clusters:?}"
    );
    assert!(
        inventory
            .not_checked
            .iter()
            .any(|text| text.contains("1 of 7")),
        "{:?}",
        inventory.not_checked
    );
}

#[test]
fn the_order_of_a_list_changes_nothing() {
    let azure = Azure::start(world(), Manners::default());
    let gateway = |name: &str| {
        json!({
            "id": format!("/subscriptions/{OURS}/resourceGroups/rg-shop/providers/Microsoft.Network/natGateways/{name}"),
            "name": name,
            "type": "Microsoft.Network/natGateways",
            "location": "westeurope",
            "properties": {"subnets": [{"id": format!("{}/subnets/nodes", vnet_id(OURS, "shop"))}]},
        })
    };
    let mut reads = Vec::new();
    for order in [["a", "b"], ["b", "a"]] {
        let list = json!({"value": order.map(gateway)}).to_string();
        azure.manners().script = Some(Arc::new(move |asked| {
            let is_list = asked.path.ends_with("/natGateways");
            is_list.then(|| (200, list.clone()))
        }));
        reads.push(read(&azure, &["--subscription", OURS]));
    }
    assert_eq!(reads[0].nat_gateways.len(), 2);
    assert_eq!(reads[0], reads[1]);
}

/// What depends on pods' addresses is read for questions that ask for details, and for no other: the capacity of a subscription
/// stays as cheap as it is.
#[test]
fn what_depends_on_pods_is_read_for_details_alone() {
    use crate::estate::{estate, subscription};
    use crate::whole::SMALL;
    let kinds = [
        "networkSecurityGroups",
        "applicationGateways",
        "privateDnsZones",
        "/A",
    ];
    let one = subscription(1);
    let plain = Azure::start(estate(SMALL).world, Manners::default());
    let without = read(&plain, &["--subscription", &one]);
    for kind in kinds {
        assert_eq!(paths(&plain, kind), Vec::<String>::new(), "{kind}");
    }
    assert_eq!(
        (without.application_gateways, without.private_dns_zones),
        (None, None)
    );

    let azure = Azure::start(estate(SMALL).world, Manners::default());
    let all = read(&azure, &["--subscription", &one, "--details"]);
    // Of the scope, and of every subscription whose VNets reach it: the hub's is another.
    let hub = subscription(0);
    for subscription in [&one, &hub] {
        for kind in &kinds[..3] {
            let list = format!("/subscriptions/{subscription}/providers/Microsoft.Network/{kind}");
            let asked = paths(&azure, kind);
            let times = asked.iter().filter(|path| path.eq_ignore_ascii_case(&list));
            assert_eq!(times.count(), 1, "{list}: {asked:?}");
        }
    }
    assert!(all.security_groups.iter().any(|group| {
        group.name == "nsg-1"
            && group.rules[0].priority == 4_000
            && group.rules[0].destinations.len() == 2
    }));
    let gateways = all.application_gateways.expect("they were listed");
    let gateway = gateways
        .iter()
        .find(|gateway| gateway.name == "edge-1")
        .expect("it is there");
    assert!(
        gateway.ingress_controller,
        "tags survive the client's models"
    );
    assert_eq!(gateway.backend_pools[0].addresses.len(), 1);
    let zones = all.private_dns_zones.expect("they were listed");
    let of = |name: &str| {
        zones
            .iter()
            .find(|zone| zone.name == name)
            .expect("it is there")
    };
    assert_eq!(of("corp.example").records.as_ref().map(Vec::len), Some(1));
    // Azure's own zones are not asked for their records.
    assert_eq!(of("privatelink.blob.core.windows.net").records, None);
}

/// Of a fleet, Resource Graph says what there is; only records are asked for one by one.
#[test]
fn of_a_fleet_resource_graph_says_what_depends_on_pods() {
    use crate::estate::estate;
    use crate::whole::SMALL;
    let made = estate(SMALL);
    let cluster = made.truth.clusters.keys().next().expect("one").clone();
    let azure = Azure::start(made.world, Manners::default());
    let all = read(&azure, &["--all", "--cluster", &cluster, "--details"]);
    assert_eq!(paths(&azure, "networkSecurityGroups"), Vec::<String>::new());
    assert!(!all.security_groups.is_empty());
    assert!(all.application_gateways.is_some_and(|all| !all.is_empty()));
    assert!(!paths(&azure, "/A").is_empty());
}

/// Identities, Grafana and alert rules are read for the question of readiness alone, of the cluster's own subscription.
#[test]
fn the_platform_is_read_for_readiness_alone() {
    use crate::estate::{estate, subscription};
    use crate::whole::SMALL;
    let providers = [
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "Microsoft.Dashboard/grafana",
        "Microsoft.AlertsManagement/prometheusRuleGroups",
        "Microsoft.Insights/metricAlerts",
        "Microsoft.Insights/scheduledQueryRules",
    ];
    let one = subscription(1);
    let plain = Azure::start(estate(SMALL).world, Manners::default());
    let without = read(&plain, &["--subscription", &one, "--details"]);
    assert!(without.platform.is_empty());
    for provider in providers {
        assert_eq!(paths(&plain, provider), Vec::<String>::new(), "{provider}");
    }

    let azure = Azure::start(estate(SMALL).world, Manners::default());
    let all = read(&azure, &["--subscription", &one, "--platform"]);
    for provider in providers {
        let asked = paths(&azure, provider);
        assert_eq!(
            asked,
            [format!("/subscriptions/{one}/providers/{provider}")]
        );
    }
    let platform = &all.platform;
    let identities = platform
        .managed_identities
        .as_ref()
        .expect("they were listed");
    let credentials = identities[0].federated_credentials.as_ref();
    assert_eq!(credentials.map(Vec::len), Some(1));
    assert_eq!(paths(&azure, "federatedIdentityCredentials").len(), 1);
    assert_eq!(
        platform
            .grafanas
            .as_ref()
            .map(|all| all[0].workspaces.len()),
        Some(1)
    );
    let groups = platform
        .prometheus_rule_groups
        .as_ref()
        .expect("they were listed");
    assert_eq!(groups[0].alerts[0].metrics, ["request_duration"]);
    assert_eq!(platform.metric_alerts.as_ref().map(Vec::len), Some(1));
    let logs = platform.log_alerts.as_ref().expect("they were listed");
    assert_eq!(logs[0].actions, Some(1));
    assert_eq!(platform.listed, PlatformList::ALL.into());
}

/// What stands beside a resource group, or on a page that did not come, may be there.
#[test]
fn a_list_is_whole_only_of_a_whole_subscription() {
    use crate::estate::{estate, subscription};
    use crate::whole::SMALL;
    let one = subscription(1);
    let azure = Azure::start(estate(SMALL).world, Manners::default());
    let line = ["--subscription", &one, "-g", "rg-network-1", "--platform"];
    let group = read(&azure, &line).platform;
    // Somebody looked, and there is none there.
    assert_eq!(group.grafanas.as_ref().map(Vec::len), Some(0));
    assert_eq!(group.listed, [].into());

    // Of two subscriptions one does not answer.
    let two = subscription(2);
    let refused = two.clone();
    let manners = Manners {
        plan: fault::plan(move |asked| {
            let is_it =
                asked.path.contains(&refused) && asked.ends("microsoft.insights/metricalerts");
            is_it.then_some(Fault::Status(403))
        }),
        ..Manners::default()
    };
    let azure = Azure::start(estate(SMALL).world, manners);
    let line = ["--subscription", &one, "--subscription", &two, "--platform"];
    let both = read(&azure, &line);
    assert_eq!(both.platform.metric_alerts.as_ref().map(Vec::len), Some(1));
    let whole: Vec<PlatformList> = (PlatformList::ALL.into_iter())
        .filter(|list| *list != PlatformList::MetricAlerts)
        .collect();
    assert_eq!(
        both.platform.listed.iter().copied().collect::<Vec<_>>(),
        whole
    );
    let said = both.not_checked.iter();
    assert!(
        said.clone()
            .any(|said| said.starts_with("metric alerts of subscription")),
        "{:?}",
        both.not_checked
    );
}

/// Half of an identity's credentials would look like all of them.
#[test]
fn credentials_that_broke_off_are_none_that_were_read() {
    use crate::estate::{estate, subscription};
    use crate::whole::SMALL;
    let one = subscription(1);
    let mut world = estate(SMALL).world;
    let identity = format!(
        "/subscriptions/{one}/resourceGroups/rg-platform/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders"
    );
    world.put(&json!({"id": format!("{identity}/federatedIdentityCredentials/second"), "name": "second",
        "properties": {"issuer": "https://oidc.example/", "subject": "system:serviceaccount:orders:second", "audiences": []}}));
    let manners = Manners {
        page_size: 1,
        plan: fault::plan(|asked| {
            let is_second = asked.rest.to_ascii_lowercase().contains("skiptoken");
            let is_it = asked.ends("/federatedIdentityCredentials") && is_second;
            is_it.then_some(Fault::Status(403))
        }),
        ..Manners::default()
    };
    let azure = Azure::start(world, manners);
    let all = read(&azure, &["--subscription", &one, "--platform"]);
    let identities = all.platform.managed_identities.expect("they were listed");
    assert_eq!(identities[0].federated_credentials, None);
}

/// What a cluster leaves out is off only where it was asked for at a version that knows it.
#[test]
fn profiles_are_read_at_a_version_that_knows_them() {
    use crate::estate::{estate, subscription};
    use crate::whole::SMALL;
    let one = subscription(1);
    let versions = |azure: &Azure| -> Vec<String> {
        let log = azure.log().into_iter();
        let of_one = log.filter(|entry| entry.path.contains("/managedClusters/"));
        of_one
            .filter_map(|entry| entry.query("api-version").map(str::to_string))
            .collect()
    };
    let profiles = |inventory: &Inventory| inventory.clusters[0].profiles.clone();

    let plain = Azure::start(estate(SMALL).world, Manners::default());
    let all = read(&plain, &["--subscription", &one]);
    assert_eq!(profiles(&all).app_routing_gateway, None);
    assert_eq!(versions(&plain), [""; 0]);

    let azure = Azure::start(estate(SMALL).world, Manners::default());
    let all = read(&azure, &["--subscription", &one, "--platform"]);
    assert_eq!(profiles(&all).app_routing_gateway, Some(false));
    assert_eq!(profiles(&all).hosted_system, Some(false));
    let asked = versions(&azure);
    assert!(
        !asked.is_empty() && asked.iter().all(|version| version == "2026-05-01"),
        "{asked:?}"
    );

    // A cloud without that version.
    let manners = Manners {
        plan: fault::plan(|asked| {
            let newer = asked.rest.contains("2026-05-01");
            newer.then_some(Fault::Status(400))
        }),
        ..Manners::default()
    };
    let azure = Azure::start(estate(SMALL).world, manners);
    let all = read(&azure, &["--subscription", &one, "--platform"]);
    assert_eq!(profiles(&all).app_routing_gateway, None);
    let mut said = all.not_checked.iter();
    assert!(
        said.any(|said| said.starts_with("profiles of cluster")),
        "{:?}",
        all.not_checked
    );
}
