//! Small inputs, each for one point: what Kubernetes prints, scenarios in JSON, whose objects are whose.

use super::{Folder, inventory, read, run};
use aksplan::model::workload::KubernetesState;
use aksplan::model::{IntOrPercent, Inventory};

fn cluster(name: &str) -> String {
    format!(
        r#"{{"id":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/{name}",
            "name":"{name}","nodeResourceGroup":"MC_rg_{name}_x","networkProfile":{{"networkPlugin":"azure"}},"agentPoolProfiles":[]}}"#
    )
}

pub const OBJECTS: &str = r#"
{"apiVersion":"v1","kind":"List","metadata":{"resourceVersion":""},"items":[
  {"apiVersion":"v1","kind":"Node","metadata":{"name":"n-0","labels":{"kubernetes.azure.com/cluster":"MC_rg_pier_x"},
     "creationTimestamp":"2026-01-02T03:04:05Z"},
   "spec":{"providerID":"azure:///subscriptions/s/x","podCIDRs":["10.244.0.0/24"],"unschedulable":true,
     "taints":[{"key":"CriticalAddonsOnly","value":"true","effect":"NoSchedule"},{"key":"x","effect":null,"value":null}]},
   "status":{"allocatable":{"cpu":"1900m","pods":30},"addresses":[{"type":"InternalIP","address":"10.1.0.4"},
     {"type":"Hostname","address":"n-0"}],"conditions":[{"type":"Ready","status":"True"}]}},
  {"apiVersion":"v1","kind":"Pod","metadata":{"name":"api-1","namespace":"shop","labels":{"app":"api"},
     "deletionTimestamp":null,"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"api","uid":"u1","controller":true}]},
   "spec":{"nodeName":"n-0","hostNetwork":null,"containers":[{"name":"c","resources":{"requests":{"cpu":1,"memory":"64Mi"}}},
     {"name":"d","resources":{}}],"volumes":[{"name":"t","emptyDir":{}}],"terminationGracePeriodSeconds":30},
   "status":{"phase":"Running","podIPs":[{"ip":"10.1.0.9"}],"conditions":[{"type":"Ready","status":"False"}]}},
  {"apiVersion":"v1","kind":"Service","metadata":{"name":"lb","namespace":"shop","annotations":{
     "service.beta.kubernetes.io/azure-load-balancer-internal":"true",
     "service.beta.kubernetes.io/azure-load-balancer-internal-subnet":"snet-lb",
     "service.beta.kubernetes.io/azure-pls-create":"true",
     "service.beta.kubernetes.io/azure-pls-ip-configuration-ip-address-count":"3"}},
   "spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"10.1.0.200"}]}}},
  {"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"b","namespace":"shop","generation":2},
   "spec":{"minAvailable":"50%","maxUnavailable":null,"selector":{"matchLabels":{"app":"api"},
     "matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]},{"key":"z","operator":"Exists","values":null}]}},
   "status":{"disruptionsAllowed":0,"currentHealthy":1,"desiredHealthy":1,"expectedPods":2,"observedGeneration":2}},
  {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"api","namespace":"shop","uid":"d1"},
   "spec":{"replicas":null,"selector":{"matchLabels":{"app":"api"}}},"status":null},
  {"apiVersion":"v1","kind":"ReplicationController","metadata":{"name":"old","namespace":"shop"},"spec":{"replicas":0,"selector":{"a":"b"}}},
  {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"cfg","namespace":"shop"},"data":{"secret":"not kept"}},
  {"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/tls","metadata":{"name":"s"},"data":{"k":"v"}},
  {"apiVersion":"longhorn.io/v1beta2","kind":"Node","metadata":{"name":"not-ours"}},
  {"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":"not-ours"}}
]}"#;

fn check_objects(state: &KubernetesState) {
    let [node] = state.nodes.as_slice() else {
        panic!("{:?}", state.nodes)
    };
    assert!(node.ready && node.unschedulable);
    assert_eq!(
        (
            node.name.as_str(),
            node.addresses.len(),
            node.pod_cidrs.len(),
            node.taints.len()
        ),
        ("n-0", 1, 1, 2)
    );
    assert_eq!(
        (node.allocatable.cpu_millis, node.allocatable.other["pods"]),
        (1900, 30)
    );
    let [pod] = state.pods.as_slice() else {
        panic!("{:?}", state.pods)
    };
    assert!(
        pod.local_storage
            && !pod.ready
            && pod.deleting_at.is_none()
            && !pod.host_network
            && !pod.mirror
    );
    assert_eq!(
        pod.owner.as_ref().map(|owner| owner.kind.as_str()),
        Some("ReplicaSet")
    );
    assert_eq!(
        (pod.requests.cpu_millis, pod.requests.memory),
        (1000, 64 << 20),
        "of all containers together"
    );
    let [service] = state.services.as_slice() else {
        panic!("{:?}", state.services)
    };
    assert!(service.internal_load_balancer);
    assert_eq!(
        (
            service.internal_subnet.as_deref(),
            service.private_link_addresses
        ),
        (Some("snet-lb"), 3)
    );
    assert_eq!(service.load_balancer_ips.len(), 1);
    let [budget] = state.disruption_budgets.as_slice() else {
        panic!("{:?}", state.disruption_budgets)
    };
    assert_eq!(
        (budget.min_available, budget.max_unavailable),
        (Some(IntOrPercent::Percent(50)), None)
    );
    assert_eq!(
        (budget.disruptions_allowed, budget.generation),
        (Some(0), Some(2))
    );
    assert_eq!(
        budget
            .selector
            .as_ref()
            .map(|selector| selector.match_expressions.len()),
        Some(2)
    );
    let replicas: Vec<Option<u64>> = state
        .workloads
        .iter()
        .map(|workload| workload.replicas)
        .collect();
    assert_eq!(
        replicas,
        [Some(1), Some(0)],
        "an absent number of replicas is one"
    );
    assert_eq!(state.config_maps, [("shop".to_string(), "cfg".to_string())]);
}

fn state_of<'a>(all: &'a Inventory, name: &str) -> &'a KubernetesState {
    let cluster = all
        .clusters
        .iter()
        .find(|cluster| cluster.name == name)
        .expect("it was read");
    cluster
        .kubernetes
        .as_deref()
        .unwrap_or_else(|| panic!("{name} has no objects: {:?}", all.not_checked))
}

#[test]
fn a_list_of_kubernetes_objects() {
    let all = inventory(cluster("pier") + OBJECTS);
    check_objects(state_of(&all, "pier"));
    assert_eq!(
        all.not_checked,
        [
            "input: objects of kind Node (longhorn.io/v1beta2) are not used",
            "input: objects of kind Service (serving.knative.dev/v1) are not used",
        ]
    );
}

#[test]
fn the_same_objects_one_by_one_as_an_array_as_typed_lists_and_as_yaml() {
    let list: serde_json::Value = serde_json::from_str(OBJECTS).expect("valid");
    let items = list["items"].as_array().expect("a list");
    let one_by_one: String = items.iter().map(ToString::to_string).collect();
    check_objects(state_of(&inventory(cluster("pier") + &one_by_one), "pier"));
    let array = serde_json::Value::from(items.clone()).to_string();
    check_objects(state_of(&inventory(cluster("pier") + &array), "pier"));
    // The API itself answers typed lists, whose items have neither kind nor apiVersion.
    let typed: String = items
        .iter()
        .map(|item| {
            let mut bare = item.clone();
            let fields = bare.as_object_mut().expect("an object");
            fields.remove("kind");
            fields.remove("apiVersion");
            let kind = item["kind"].as_str().expect("it has one");
            serde_json::json!({"apiVersion": item["apiVersion"], "kind": format!("{kind}List"), "items": [bare]}).to_string()
        })
        .collect();
    check_objects(state_of(&inventory(cluster("pier") + &typed), "pier"));
    let yaml = serde_saphyr::to_string(&list).expect("JSON can be written as YAML");
    let all = read(&[("cluster.json", &cluster("pier")), ("objects.yaml", &yaml)])
        .expect("both are read");
    check_objects(state_of(&all, "pier"));
}

#[test]
fn an_object_in_two_files_is_one_object() {
    let all = read(&[
        ("a.json", &cluster("pier")),
        ("b.json", OBJECTS),
        ("c.json", OBJECTS),
    ])
    .expect("all are read");
    check_objects(state_of(&all, "pier"));
}

#[test]
fn nodes_say_whose_objects_are() {
    let two = cluster("pier") + &cluster("jetty");
    let jetty = OBJECTS.replace("MC_rg_pier_x", "mc_rg_jetty_X");
    // Side by side in one folder: each file's nodes decide.
    let all =
        read(&[("c.json", &two), ("1.json", OBJECTS), ("2.json", &jetty)]).expect("all are read");
    check_objects(state_of(&all, "pier"));
    check_objects(state_of(&all, "jetty"));
    // Files without nodes follow the nodes beside them.
    let services =
        r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"other","namespace":"shop"}}"#;
    let all = read(&[
        ("c.json", &two),
        ("pier/nodes.json", OBJECTS),
        ("pier/svc.json", services),
        ("jetty/x.json", services),
    ])
    .expect("all are read");
    assert_eq!(state_of(&all, "pier").services.len(), 2);
    assert_eq!(
        state_of(&all, "jetty").services.len(),
        1,
        "the folder has the cluster's name"
    );
    // Nothing says whose they are.
    let all = read(&[("c.json", &two), ("svc.json", services)]).expect("both are read");
    assert!(
        all.clusters
            .iter()
            .all(|cluster| cluster.kubernetes.is_none())
    );
    assert!(all.not_checked[0].ends_with("svc.json: Kubernetes objects that could be any cluster's; put them into a folder named after the cluster, or add its nodes"), "{:?}", all.not_checked);
    // Nodes of a third cluster are not taken for the only one that was read.
    let all = read(&[("c.json", &cluster("jetty")), ("1.json", OBJECTS)]).expect("both are read");
    assert!(all.clusters[0].kubernetes.is_none());
    assert!(
        all.not_checked
            .iter()
            .any(|sentence| sentence.contains("of a cluster that was not read")),
        "{:?}",
        all.not_checked
    );
}

pub const SCENARIO: &str = r#"
apiVersion: aksplan/v1
kind: Scenario
name: two prefixes
virtual_networks:
  - name: v
    address_space: [10.0.0.0/16, fd00::/48]
    subnets:
      - { name: one, cidr: 10.0.0.0/24, used: 4 }
      - { name: two, cidr: [10.0.1.0/24, "fd00::/64"], foreign: 7 }
clusters:
  - name: c
    kubernetes_version: 1.30
    network_plugin: azure
    pools:
      - { name: p, count: 3, max_surge: 2, subnet: one }
      - { name: q, count: 1, max_surge: 50%, max_count: 5, subnet: V/Two }
operations:
  - upgrade: { pool: p }
"#;

#[test]
fn a_scenario_is_the_same_in_yaml_and_json() {
    let yaml = aksplan::source::read_document("s", SCENARIO.as_bytes()).expect("valid");
    assert_eq!(yaml.operations.len(), 1);
    assert_eq!(yaml.scenarios[0].0, "two prefixes");
    let current = inventory(SCENARIO);
    assert_eq!(
        current.clusters[0]
            .kubernetes_version
            .map(|version| version.minor),
        Some(30),
        "1.30 is not 1.3"
    );
    assert_eq!(current.subnets[1].cidr_text(), "10.0.1.0/24,fd00::/64");
    assert_eq!(
        (current.subnets[0].used, current.subnets[1].foreign),
        (Some(4), Some(7))
    );
    let scenario: aksplan::source::scenario::Scenario =
        serde_saphyr::from_str(SCENARIO).expect("valid");
    let json = serde_json::to_string_pretty(&scenario).expect("a scenario can be written");
    assert_eq!(inventory(&json), current);
    // Windows line breaks.
    assert_eq!(inventory(SCENARIO.replace('\n', "\r\n")), current);
}

#[test]
fn standard_input_and_folders() {
    let folder = Folder::new();
    let answer = run(
        &folder,
        &["capacity", "--from", "-", "-o", "json"],
        SCENARIO.as_bytes(),
    );
    assert!(
        answer.status.success(),
        "{}",
        String::from_utf8_lossy(&answer.stderr)
    );
    folder.write("estate/deep/s.yaml", SCENARIO.as_bytes());
    folder.write("estate/notes.txt", b"not read");
    folder.write("estate/.hidden.json", b"not read either, and it is no JSON");
    let from_folder = run(
        &folder,
        &["capacity", "--from", "estate", "-o", "json"],
        b"",
    );
    let told = String::from_utf8_lossy(&from_folder.stdout);
    assert!(
        told.contains(
            "estate/notes.txt: not opened; in a folder only .json, .yaml, .yml and .json.zst files are read"
        ),
        "{told}"
    );
    let numbers = |text: &[u8]| -> serde_json::Value {
        let mut value: serde_json::Value = serde_json::from_slice(text).expect("JSON");
        value["not_checked"].take();
        value
    };
    assert_eq!(numbers(&from_folder.stdout), numbers(&answer.stdout));
}

#[test]
fn nothing_in_the_input_is_said() {
    for nothing in [
        "[]",
        r#"{"value":[]}"#,
        r#"{"apiVersion":"v1","kind":"List","items":[]}"#,
        r#"[{"type":"Microsoft.Compute/disks"}]"#,
    ] {
        let all = read(&[("x.json", nothing)]).expect("it is read");
        assert!(
            all.not_checked.iter().any(|sentence| sentence
                == "no VNet, no subnet, no cluster and no Kubernetes object is in what was read"),
            "{nothing}: {:?}",
            all.not_checked
        );
    }
}

#[test]
fn usages_of_strangers_are_said_once_a_file() {
    let usage = |n: u32| {
        format!(
            r#"{{"currentValue":{n}.0,"id":"/subscriptions/s/x/virtualNetworks/v/subnets/s{n}","limit":251.0}}"#
        )
    };
    let all = inventory(format!("[{},{},{}]", usage(1), usage(2), usage(3)));
    assert_eq!(
        all.not_checked,
        [
            "input: usages of 3 subnets were read, the subnets were not; the first is /subscriptions/s/x/virtualNetworks/v/subnets/s1"
        ]
    );
}

#[test]
fn numbers_may_be_floats_or_text() {
    let all = inventory(
        r#"{"name":"c","networkProfile":{"networkPlugin":"azure"},"agentPoolProfiles":[
            {"name":"p","count":3.0,"maxPods":"40","upgradeSettings":{"maxSurge":2}}]}"#,
    );
    let pool = &all.clusters[0].pools[0];
    assert_eq!(
        (pool.count, pool.max_pods, pool.upgrade.max_surge),
        (3, 40, Some(IntOrPercent::Int(2)))
    );
}

#[test]
fn a_route_with_host_bits_matches_its_network() {
    let all = inventory(
        r#"{"id":"/subscriptions/s/resourceGroups/r/providers/Microsoft.Network/routeTables/t","routes":[
            {"name":"r","addressPrefix":"10.9.9.9/16","nextHopType":"VirtualAppliance"}]}"#,
    );
    assert_eq!(
        all.route_tables[0].routes[0]
            .prefix
            .map(|prefix| prefix.to_string())
            .as_deref(),
        Some("10.9.0.0/16")
    );
}

/// A resource of a template: its `apiVersion` and `kind` do not make it a Kubernetes object.
#[test]
fn azure_resources_may_have_an_api_version_and_a_kind() {
    let all = inventory(
        r#"{"type":"Microsoft.ContainerService/managedClusters","apiVersion":"2025-05-01","kind":"Base","name":"c",
            "properties":{"networkProfile":{"networkPlugin":"kubenet"},"agentPoolProfiles":[{"name":"p","count":3}]}}"#,
    );
    assert_eq!(all.clusters[0].pools[0].count, 3);
    let all = inventory(
        r#"[{"type":"Microsoft.Network/virtualNetworks","apiVersion":"2024-05-01","name":"v",
            "properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16"]}}}]"#,
    );
    assert_eq!(all.vnets.len(), 1);
}

/// As the service answers: no `count`, `enableAutoScaling: false` beside an autoscaling profile, the nodes in a status.
#[test]
fn pools_of_single_machines() {
    let pool = |more: &str| {
        let all = inventory(format!(
            r#"{{"name":"c","networkProfile":{{"networkPlugin":"azure"}},"agentPoolProfiles":[{{"name":"p","type":"VirtualMachines",
                "count":null,"enableAutoScaling":false,{more}}}]}}"#
        ));
        let pool = &all.clusters[0].pools[0];
        (
            pool.count,
            pool.autoscaler
                .map(|bounds| (bounds.min_count, bounds.max_count)),
        )
    };
    let autoscale = r#""virtualMachinesProfile":{"scale":{"autoscale":{"size":"standard_d2s_v3","minCount":1,"maxCount":3}}}"#;
    let status = r#""virtualMachineNodesStatus":[{"size":"Standard_D2s_v3","count":2}]"#;
    assert_eq!(pool(&format!("{autoscale},{status}")), (2, Some((1, 3))));
    assert_eq!(
        pool(autoscale),
        (1, Some((1, 3))),
        "not made yet: its floor"
    );
    let manual = r#""virtualMachinesProfile":{"scale":{"manual":[{"size":"a","count":3},{"size":"b","count":1}]}}"#;
    assert_eq!(pool(manual), (4, None));
    assert_eq!(
        pool(&format!("{manual},{status}")),
        (2, None),
        "what is, before what is wanted"
    );
}
