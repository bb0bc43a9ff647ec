//! Objects of a small cluster, one of every kind that is read, each with something in it that must not be kept.

use aksplan::model::KubernetesState;
use aksplan::source::kubernetes_api::READS;
use aksplan::source::read_document;
use serde_json::{Value, json};

/// Stands wherever a secret could.
pub const BAIT: &str = "bait-7f3a9c-do-not-keep";

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

fn meta(namespace: &str, name: &str) -> Value {
    let mut meta =
        json!({"name": name, "annotations": {LAST_APPLIED: BAIT, "example.com/password": BAIT}});
    if !namespace.is_empty() {
        meta["namespace"] = json!(namespace);
    }
    meta
}

/// Path and body of each, in the order they are made.
pub fn objects() -> Vec<(&'static str, Value)> {
    let template = json!({
        "metadata": {"labels": {"app": "api"}},
        "spec": {"containers": [{"name": "c", "image": "x", "env": [{"name": "PASSWORD", "value": BAIT}]}]}
    });
    let selector = json!({"matchLabels": {"app": "api"}});
    vec![
        (
            "/api/v1/namespaces",
            json!({"metadata": {"name": "shop", "labels": {"team": "shop"}}}),
        ),
        (
            "/api/v1/nodes",
            json!({
            "metadata": {"name": "n-0", "labels": {"kubernetes.azure.com/cluster": "MC_rg_pier_x", "topology.kubernetes.io/zone": "z-1"}},
            "spec": {"providerID": "azure:///x", "podCIDRs": ["10.244.0.0/24"], "podCIDR": "10.244.0.0/24"},
            "status": {"allocatable": {"cpu": "3860m", "memory": "12Gi", "pods": "30"},
                "addresses": [{"type": "InternalIP", "address": "10.1.0.4"}],
                "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-02T03:04:05Z"}]}}),
        ),
        (
            "/apis/storage.k8s.io/v1/csinodes",
            json!({"metadata": {"name": "n-0"},
            "spec": {"drivers": [{"name": "disk.csi.azure.com", "nodeID": "n-0", "allocatable": {"count": 8}}]}}),
        ),
        (
            "/api/v1/namespaces/shop/serviceaccounts",
            json!({"metadata": meta("shop", "api"), "secrets": [{"name": BAIT}]}),
        ),
        (
            "/apis/networking.k8s.io/v1/ingressclasses",
            json!({"metadata": meta("", "nginx"), "spec": {"controller": "k8s.io/ingress-nginx"}}),
        ),
        (
            "/api/v1/namespaces/shop/secrets",
            json!({"metadata": meta("shop", "s"), "stringData": {"k": BAIT}}),
        ),
        (
            "/api/v1/namespaces/shop/configmaps",
            json!({"metadata": meta("shop", "app"), "data": {"password": BAIT}}),
        ),
        (
            "/api/v1/namespaces/kube-system/configmaps",
            json!({"metadata": meta("kube-system", "azure-ip-masq-agent-config"),
            "data": {"ip-masq-agent": format!("nonMasqueradeCIDRs:\n- 10.0.0.0/8\n- {BAIT}\nmasqLinkLocal: true\nnote: {BAIT}\n")}}),
        ),
        (
            "/api/v1/namespaces/shop/services",
            json!({"metadata": {"name": "api", "namespace": "shop",
                "annotations": {"service.beta.kubernetes.io/azure-load-balancer-internal": "true", LAST_APPLIED: BAIT}},
            "spec": {"selector": {"app": "api"}, "type": "LoadBalancer", "ports": [{"port": 80, "targetPort": "http"}]}}),
        ),
        (
            "/apis/apps/v1/namespaces/shop/deployments",
            json!({"metadata": meta("shop", "api"),
            "spec": {"replicas": 3, "selector": selector, "template": template}}),
        ),
        (
            "/apis/apps/v1/namespaces/shop/replicasets",
            json!({"metadata": meta("shop", "api-1"),
            "spec": {"replicas": 3, "selector": selector, "template": template}}),
        ),
        (
            "/apis/apps/v1/namespaces/shop/statefulsets",
            json!({"metadata": meta("shop", "db"),
            "spec": {"replicas": 1, "serviceName": "db", "selector": selector, "template": template}}),
        ),
        (
            "/apis/apps/v1/namespaces/shop/daemonsets",
            json!({"metadata": meta("shop", "agent"),
            "spec": {"selector": selector, "template": template}}),
        ),
        (
            "/api/v1/namespaces/shop/replicationcontrollers",
            json!({"metadata": meta("shop", "old"),
            "spec": {"replicas": 1, "selector": {"app": "api"}, "template": template}}),
        ),
        (
            "/apis/batch/v1/namespaces/shop/jobs",
            json!({"metadata": meta("shop", "once"),
            "spec": {"parallelism": 2, "completions": 5, "template": {"spec": {"restartPolicy": "Never",
                "containers": [{"name": "c", "image": "x", "env": [{"name": "P", "value": BAIT}]}]}}}}),
        ),
        (
            "/apis/policy/v1/namespaces/shop/poddisruptionbudgets",
            json!({"metadata": meta("shop", "api"),
            "spec": {"minAvailable": "50%", "selector": selector}}),
        ),
        (
            "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
            json!({"metadata": {"name": "by-hand", "namespace": "shop",
                "labels": {"kubernetes.io/service-name": "legacy"}},
            "addressType": "IPv4", "endpoints": [{"addresses": ["10.9.9.9"]}], "ports": []}),
        ),
        (
            "/apis/networking.k8s.io/v1/namespaces/shop/ingresses",
            json!({"metadata": meta("shop", "web"),
            "spec": {"ingressClassName": "nginx", "tls": [{"secretName": "shop-tls"}],
                "rules": [{"host": "shop.example", "http": {"paths": [{"path": "/", "pathType": "Prefix",
                    "backend": {"service": {"name": "api", "port": {"number": 80}}}}]}}]}}),
        ),
        (
            "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies",
            json!({"metadata": meta("shop", "from-office"),
            "spec": {"podSelector": {"matchLabels": {"app": "api"}}, "policyTypes": ["Ingress"],
                "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}]}}),
        ),
        (
            "/api/v1/persistentvolumes",
            json!({"metadata": {"name": "pv-1"},
            "spec": {"capacity": {"storage": "8Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "fast",
                "csi": {"driver": "disk.csi.azure.com", "volumeHandle": "/subscriptions/x", "volumeAttributes": {"key": BAIT}},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions":
                    [{"key": "topology.disk.csi.azure.com/zone", "operator": "In", "values": ["z-1"]}]}]}}}}),
        ),
        (
            "/api/v1/namespaces/shop/persistentvolumeclaims",
            json!({"metadata": meta("shop", "data"),
            "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast", "volumeName": "pv-1",
                "resources": {"requests": {"storage": "8Gi"}}}}),
        ),
        (
            "/api/v1/namespaces/shop/pods",
            json!({"metadata": {"name": "api-1-a", "namespace": "shop", "labels": {"app": "api"},
                "annotations": {LAST_APPLIED: BAIT},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-1", "uid": "u-1", "controller": true}]},
            "spec": {"nodeName": "n-0", "containers": [{"name": "c", "image": "x", "command": ["sh", "-c", BAIT], "args": [BAIT],
                    "env": [{"name": "PASSWORD", "value": BAIT}],
                    "ports": [{"containerPort": 80, "hostPort": 8080}],
                    "resources": {"requests": {"cpu": "250m", "memory": "64Mi"}}}],
                "initContainers": [
                    {"name": "proxy", "image": "x", "restartPolicy": "Always", "resources": {"requests": {"cpu": "100m"}}},
                    {"name": "init", "image": "x", "resources": {"requests": {"cpu": "1"}}}],
                "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
                "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                    {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "api"}}}]}},
                "topologySpreadConstraints": [
                    {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
                     "labelSelector": {"matchLabels": {"app": "api"}}},
                    {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
                     "labelSelector": {"matchLabels": {"app": "api"}}}],
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "tmp", "emptyDir": {}},
                    {"name": "key", "secret": {"secretName": BAIT}}]}}),
        ),
        (
            "/api/v1/namespaces/default/events",
            json!({"metadata": {"name": "e-1", "namespace": "default"},
            "involvedObject": {"kind": "Node", "name": "n-0"}, "reason": "Drain", "type": "Warning",
            "message": "Eviction blocked by Too Many Requests (usually a pdb): api-1-a", "count": 3,
            "firstTimestamp": "2026-01-02T03:04:05Z", "lastTimestamp": "2026-01-02T03:06:05Z"}),
        ),
        (
            "/api/v1/namespaces/default/events",
            json!({"metadata": {"name": "e-2", "namespace": "default"},
            "involvedObject": {"kind": "Node", "name": "n-0"}, "reason": "Pulled", "type": "Normal", "message": BAIT}),
        ),
        (
            "/apis/networking.k8s.io/v1/servicecidrs",
            json!({"metadata": {"name": "more"}, "spec": {"cidrs": ["10.99.0.0/24"]}}),
        ),
    ]
}

/// Of custom resources that somebody may have installed; each with something in it that must not be kept.
pub fn platform_objects() -> Vec<(&'static str, Value)> {
    vec![
        (
            "/apis/cert-manager.io/v1/namespaces/shop/certificates",
            json!({"metadata": meta("shop", "web"), "spec": {"secretName": "shop-tls", "keystores": {"jks": {"password": BAIT}}},
                "status": {"notAfter": "2027-01-02T03:04:05Z", "conditions": [{"type": "Ready", "status": "True", "message": BAIT}]}}),
        ),
        (
            "/apis/cert-manager.io/v1/namespaces/shop/issuers",
            json!({"metadata": meta("shop", "ca"), "spec": {"ca": {"secretName": BAIT}}}),
        ),
        (
            "/apis/cert-manager.io/v1/clusterissuers",
            json!({"metadata": meta("", "acme"), "spec": {"acme": {"email": BAIT}}}),
        ),
        (
            "/apis/azmonitoring.coreos.com/v1/namespaces/shop/podmonitors",
            json!({"metadata": meta("shop", "api"), "spec": {"podMetricsEndpoints": [{"basicAuth": BAIT}]}}),
        ),
        (
            "/apis/azmonitoring.coreos.com/v1/namespaces/shop/servicemonitors",
            json!({"metadata": meta("shop", "api"), "spec": {"endpoints": [{"bearerTokenFile": BAIT}]}}),
        ),
        (
            "/apis/gateway.networking.k8s.io/v1/namespaces/shop/gateways",
            json!({"metadata": meta("shop", "edge"), "spec": {"gatewayClassName": "approuting-istio", "listeners": [
                    {"name": "https", "protocol": "HTTPS", "port": 443, "hostname": BAIT, "tls": {"certificateRefs": [{"name": "shop-tls"}]}}]},
                "status": {"addresses": [{"type": "IPAddress", "value": "20.1.2.3"}],
                    "conditions": [{"type": "Accepted", "status": "True", "message": BAIT}]}}),
        ),
        (
            "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes",
            json!({"metadata": meta("shop", "web"), "spec": {"parentRefs": [{"name": "edge"}], "rules": [{"filters": [
                {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "authorization", "value": BAIT}]}}]}]}}),
        ),
        (
            "/apis/cilium.io/v2/namespaces/shop/ciliumnetworkpolicies",
            json!({"metadata": meta("shop", "deny"), "spec": {"endpointSelector": {}, "ingress": [{"toPorts": [{"rules": {"http": [
                {"headers": [BAIT]}]}}]}]}}),
        ),
        (
            "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies",
            json!({"metadata": meta("", "deny"), "spec": {"endpointSelector": {}, "description": BAIT, "egress": [{}]}}),
        ),
        (
            "/apis/aadpodidentity.k8s.io/v1/namespaces/shop/azureidentities",
            json!({"metadata": meta("shop", "old"), "spec": {"type": 1, "clientPassword": {"name": BAIT}, "clientID": BAIT}}),
        ),
    ]
}

/// With the group and kind that its path says, as an API server wants them of a custom resource.
pub fn versioned(path: &str, mut object: Value) -> Value {
    let mut parts = path.trim_start_matches("/apis/").split('/');
    let group = parts.next().expect("a group");
    let version = parts.next().expect("a version");
    let resource = parts.next_back().expect("a resource");
    let read = READS.iter().find(|read| read.resource == resource);
    object["apiVersion"] = json!(format!("{group}/{version}"));
    object["kind"] = json!(read.expect("it is read").kind);
    object
}

/// The definitions of their kinds, cut down to schemas that keep everything.
pub fn platform_definitions() -> Vec<Value> {
    platform_objects()
        .into_iter()
        .map(|(path, _)| {
            let resource = path.rsplit('/').next().expect("a resource");
            let read = READS.iter().find(|read| read.resource == resource);
            let read = read.expect("it is read");
            let scope = if path.contains("/namespaces/") { "Namespaced" } else { "Cluster" };
            json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": format!("{}.{}", read.resource, read.group),
                    // Groups of k8s.io ask who approved of them.
                    "annotations": {"api-approved.kubernetes.io": "unapproved, experimental-only"}},
                "spec": {"group": read.group, "scope": scope,
                    "names": {"kind": read.kind, "plural": read.resource, "singular": read.kind.to_ascii_lowercase()},
                    "versions": [{"name": read.versions[0], "served": true, "storage": true,
                        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}})
        })
        .collect()
}

/// Azure's custom resource, cut down to a schema that keeps everything.
pub fn network_config_definition() -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "nodenetworkconfigs.acn.azure.com"},
        "spec": {"group": "acn.azure.com", "scope": "Namespaced",
            "names": {"kind": "NodeNetworkConfig", "plural": "nodenetworkconfigs", "singular": "nodenetworkconfig"},
            "versions": [{"name": "v1alpha", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}})
}

pub fn network_config() -> (&'static str, Value) {
    (
        "/apis/acn.azure.com/v1alpha/namespaces/kube-system/nodenetworkconfigs",
        json!({"apiVersion": "acn.azure.com/v1alpha", "kind": "NodeNetworkConfig", "metadata": meta("kube-system", "n-0"),
            "spec": {"requestedIPCount": 16},
            "status": {"assignedIPCount": 256, "status": "Updated", "scaler": {"batchSize": 16, "maxIPCount": 250},
                "networkContainers": [{"type": "overlay", "assignmentMode": "static", "primaryIP": "10.244.0.0/24",
                    "subnetName": "routingdomain", "subnetAddressSpace": "10.244.0.0/16", "nodeIP": "10.1.0.4"}]}}),
    )
}

/// What a file says, as one state.
pub fn from_file(text: &str) -> KubernetesState {
    let found =
        read_document("kubectl.json", text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let mut state = KubernetesState::default();
    for fact in found.facts.kubernetes {
        state.absorb(fact.state);
    }
    state
}

/// The same objects as `kubectl get … -o json` prints them: no secret that stands anywhere in them is kept.
#[test]
fn nothing_planted_is_kept_of_files() {
    let mut items = Vec::new();
    let all = objects().into_iter().chain(platform_objects());
    for (path, mut object) in all.chain([network_config()]) {
        let mut parts = path
            .trim_start_matches("/api/")
            .trim_start_matches("/apis/")
            .split('/');
        let first = parts.next().expect("a path has parts");
        let version = if path.starts_with("/apis/") {
            format!("{first}/{}", parts.next().expect("group and version"))
        } else {
            first.to_string()
        };
        let resource = parts.next_back().expect("a path ends in a resource");
        let read = READS.iter().find(|read| read.resource == resource);
        object["apiVersion"] = json!(version);
        object["kind"] = json!(read.map_or("Secret", |read| read.kind));
        items.push(object);
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    assert!(list.matches(BAIT).count() > 40, "it is well planted");
    let state = from_file(&list);
    // Secrets are in files that people hand over; of a cluster they are not asked for.
    assert_eq!(state.kinds.len(), READS.len() + 1, "{:?}", state.kinds);
    assert_eq!(state.platform.secrets.len(), 1);
    assert_eq!(state.pods[0].requests.cpu_millis, 1100);
    for text in [
        serde_json::to_string(&state).expect("it can be written"),
        format!("{state:?}"),
    ] {
        assert!(!text.contains(BAIT), "{text}");
    }
}
