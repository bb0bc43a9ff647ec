//! What one change makes of one item: its state, its severity, and a part of what is said.

use super::{
    Files, NOW, fixture, found, inventory, judged, not_ready, object, objects, patched, push,
};
use super::{without, written};
use aksplan::finding::Severity;
use aksplan::model::{Inventory, PlatformList, Subject};
use aksplan::readiness::{Item, ItemState, check};
use aksplan::report::told::of_readiness;
use serde_json::{Value, json};
use std::fs;

use ItemState::{NotApplicable, NotKnown, NotReady, Ready};

type Case = (
    &'static str,
    fn(&mut Files),
    &'static str,
    ItemState,
    &'static str,
);

fn aks(files: &mut Files) -> &mut Value {
    files.get_mut("aks").expect("a cluster")
}

fn platform(files: &mut Files) -> &mut Value {
    files.get_mut("platform").expect("platform")
}

fn text(item: &Item) -> String {
    let commands = item.commands.join(" ; ");
    format!("{} | {} | {commands}", item.evidence, item.remedy)
}

fn run(cases: &[Case]) {
    for (name, patch, code, state, said) in cases {
        let mut files = fixture("ready");
        patch(&mut files);
        let readiness = judged(&format!("state-{}", name.replace(' ', "-")), &files);
        let item = found(&readiness, code);
        assert_eq!(item.state, *state, "{name}: {}", text(item));
        assert!(
            text(item).contains(said),
            "{name}: {said:?} in {}",
            text(item)
        );
    }
}

fn allow_all(files: &mut Files, kind: &str, spec: Value) {
    let group = if kind == "NetworkPolicy" {
        "networking.k8s.io/v1"
    } else {
        "cilium.io/v2"
    };
    push(
        files,
        json!({"apiVersion": group, "kind": kind, "metadata": {"name": "all", "namespace": "orders"}, "spec": spec}),
    );
}

/// Pods have addresses of a subnet of their own.
fn pod_subnet(files: &mut Files, mode: &str) {
    let subnet = aks(files)["agentPoolProfiles"][0]["vnetSubnetId"].as_str();
    let pods = subnet.expect("a subnet").replace("/nodes", "/pods");
    aks(files)["networkProfile"] = json!({"networkPlugin": "azure", "networkDataplane": "azure"});
    for pool in aks(files)["agentPoolProfiles"].as_array_mut().unwrap() {
        pool["podSubnetId"] = json!(pods);
        if !mode.is_empty() {
            pool["podIpAllocationMode"] = json!(mode);
        }
    }
    let mut subnet = json!({"name": "pods", "addressPrefix": "10.241.0.0/20"});
    subnet["id"] = json!(pods);
    let vnet = files.get_mut("vnet").expect("a VNet");
    vnet["subnets"]
        .as_array_mut()
        .expect("subnets")
        .push(subnet);
}

#[test]
fn networking() {
    run(&[
        (
            "gateway pool alone",
            |f| aks(f)["agentPoolProfiles"][1]["mode"] = json!("Gateway"),
            "user-pools",
            NotReady,
            "no pool is for applications",
        ),
        (
            "gateway pool beside",
            |f| {
                let mut pool = aks(f)["agentPoolProfiles"][1].clone();
                pool["name"] = json!("egress");
                pool["mode"] = json!("Gateway");
                pool["enableAutoScaling"] = json!(false);
                aks(f)["agentPoolProfiles"]
                    .as_array_mut()
                    .unwrap()
                    .push(pool);
            },
            "autoscaler-bounds",
            Ready,
            "apps 3 to 12",
        ),
        (
            "managed system pools",
            |f| {
                aks(f)["agentPoolProfiles"]
                    .as_array_mut()
                    .unwrap()
                    .remove(0);
                aks(f)["hostedSystemProfile"] = json!({"enabled": true});
            },
            "system-pool-tainted",
            NotApplicable,
            "nodes of its own",
        ),
        (
            "no system pool and nothing said",
            |f| {
                aks(f)["agentPoolProfiles"]
                    .as_array_mut()
                    .unwrap()
                    .remove(0);
                aks(f)
                    .as_object_mut()
                    .unwrap()
                    .remove("hostedSystemProfile");
            },
            "system-pool-nodes",
            NotKnown,
            "hostedSystemProfile",
        ),
        (
            "no system pool",
            |f| {
                aks(f)["agentPoolProfiles"]
                    .as_array_mut()
                    .unwrap()
                    .remove(0);
            },
            "system-pool-nodes",
            NotReady,
            "--mode System --node-taints 'CriticalAddonsOnly=true:NoSchedule' --vnet-subnet-id /subscriptions/",
        ),
        (
            "the only pool is not tainted first",
            |f| {
                aks(f)["agentPoolProfiles"].as_array_mut().unwrap().pop();
                aks(f)["agentPoolProfiles"][0]["nodeTaints"] = json!(null);
            },
            "system-pool-tainted",
            NotReady,
            "add a user pool first",
        ),
        (
            "pods of a new pool are in the pod subnet as well",
            |f| {
                pod_subnet(f, "");
                aks(f)["agentPoolProfiles"].as_array_mut().unwrap().pop();
            },
            "user-pools",
            NotReady,
            "/subnets/nodes --pod-subnet-id /subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-shop/providers/\
             Microsoft.Network/virtualNetworks/vnet-shop/subnets/pods",
        ),
        (
            "blocks of a pod subnet",
            |f| {
                pod_subnet(f, "StaticBlock");
                aks(f)["agentPoolProfiles"][1]["availabilityZones"] = json!(null);
            },
            "zones",
            NotReady,
            "/subnets/pods --pod-ip-allocation-mode StaticBlock --zones 1 2 3",
        ),
        (
            "zones of a Windows pool",
            |f| {
                aks(f)["agentPoolProfiles"][1]["availabilityZones"] = json!(null);
                aks(f)["agentPoolProfiles"][1]["osType"] = json!("Windows");
            },
            "zones",
            NotReady,
            "--os-type Windows",
        ),
    ]);
}

/// One pool is what a finding is about; of several none is the one, and all have to do with it.
#[test]
fn what_is_about_pools_names_them() {
    let (cluster, system, apps) = (
        Subject::Cluster("shop".to_string()),
        Subject::pool("shop", "system"),
        Subject::pool("shop", "apps"),
    );
    let told = |files: &Files, code: &str| {
        let readiness = judged("about-pools", files);
        let mut all = of_readiness(&readiness).into_iter();
        let told = all.find(|told| told.code == code).expect("not ready");
        (told.subject, told.related)
    };
    let mut files = fixture("ready");
    aks(&mut files)["agentPoolProfiles"][1]["availabilityZones"] = json!(["1"]);
    assert_eq!(told(&files, "zones"), (apps.clone(), vec![]));
    aks(&mut files)["agentPoolProfiles"][0]["availabilityZones"] = json!(null);
    assert_eq!(
        told(&files, "zones"),
        (cluster.clone(), vec![system.clone(), apps.clone()])
    );
    aks(&mut files)["agentPoolProfiles"][0]["nodeTaints"] = json!(null);
    assert_eq!(
        told(&files, "system-pool-tainted"),
        (system.clone(), vec![])
    );
    aks(&mut files)["agentPoolProfiles"][0]["minCount"] = json!(1);
    assert_eq!(told(&files, "system-pool-nodes"), (system, vec![]));
    aks(&mut files)["agentPoolProfiles"][1]["enableAutoScaling"] = json!(false);
    assert_eq!(told(&files, "autoscaler-bounds"), (apps, vec![]));
    aks(&mut files)["networkProfile"]["networkDataplane"] = json!("azure");
    assert_eq!(told(&files, "cilium-data-plane"), (cluster, vec![]));
}

/// What a scenario or a plan names has no ID yet.
#[test]
fn a_pod_subnet_without_an_id_is_asked_for() {
    let mut files = fixture("ready");
    pod_subnet(&mut files, "");
    aks(&mut files)["agentPoolProfiles"][0]["availabilityZones"] = json!(null);
    let user = aks(&mut files)["agentPoolProfiles"].as_array_mut().unwrap();
    user.pop();
    let readiness = patched("no-pod-subnet-id", &files, |inventory| {
        for pool in &mut inventory.clusters[0].pools {
            pool.pod_subnet = None;
        }
    });
    for code in ["user-pools", "zones"] {
        let item = found(&readiness, code);
        assert!(
            item.commands[0].contains("--pod-subnet-id POD_SUBNET_ID")
                && (item.remedy).ends_with("; put the ID of the pods' subnet for POD_SUBNET_ID"),
            "{}",
            text(item)
        );
    }
}

#[test]
fn identity() {
    run(&[
        (
            "labels without the add-on",
            |f| aks(f)["securityProfile"] = json!(null),
            "workload-identity",
            NotReady,
            "1 pod asks",
        ),
        (
            "no pods",
            |f| {
                object(f, "Pod", "orders-5d4f-x")["status"]["phase"] = json!("Succeeded");
            },
            "pods-labelled",
            NotApplicable,
            "no pod runs as orders/orders",
        ),
        (
            "certificate of a service principal",
            |f| {
                object(f, "Pod", "orders-5d4f-x")["spec"]["containers"][0]["env"] =
                    json!([{"name": "AZURE_CLIENT_CERTIFICATE_PATH", "value": "hunter2"}]);
            },
            "no-service-principal",
            NotReady,
            "pods of orders/orders",
        ),
        (
            "identity binding",
            |f| {
                platform(f)[1]["issuer"] = json!("https://ib.oic.prod-aks.azure.com/t/c");
                platform(f)[1]["subject"] = json!("x");
            },
            "federated-credentials",
            NotKnown,
            "identity binding",
        ),
        (
            "identity binding by its pods",
            |f| {
                platform(f)[1]["subject"] = json!("x");
                object(f, "Pod", "orders-5d4f-x")["metadata"]["annotations"] =
                    json!({"azure.workload.identity/use-identity-binding": "true"});
            },
            "federated-credentials",
            NotKnown,
            "identity binding",
        ),
        (
            "capitals",
            |f| {
                let issuer = platform(f)[1]["issuer"]
                    .as_str()
                    .unwrap()
                    .replace("westeurope", "WestEurope");
                platform(f)[1]["issuer"] = json!(issuer);
            },
            "federated-credentials",
            NotReady,
            "capital letters",
        ),
        (
            "another cloud",
            |f| platform(f)[1]["audiences"] = json!(["api://AzureADTokenExchangeUSGov"]),
            "federated-credentials",
            NotKnown,
            "another cloud's",
        ),
        // Issuer and subject of an identity's credentials are there once: a second one is refused.
        (
            "a wrong audience is changed",
            |f| platform(f)[1]["audiences"] = json!(["else"]),
            "federated-credentials",
            NotReady,
            "change the federated credential that is there: of one identity no two have the same issuer and subject | az identity \
             federated-credential update --subscription 00000000-0000-4000-8000-000000000001 --name orders --identity-name id-orders \
             --resource-group rg-shop --issuer",
        ),
        (
            "no audience is changed",
            |f| platform(f)[1]["audiences"] = json!([]),
            "federated-credentials",
            NotReady,
            "federated-credential update --subscription 00000000-0000-4000-8000-000000000001 --name orders ",
        ),
        (
            "another subject gets a credential of its own",
            |f| platform(f)[1]["subject"] = json!("system:serviceaccount:orders:other"),
            "federated-credentials",
            NotReady,
            "put a name for NAME | az identity federated-credential create --subscription 00000000-0000-4000-8000-000000000001 --name NAME \
             --identity-name id-orders",
        ),
        (
            "a stranger",
            |f| platform(f)[0]["clientId"] = json!("00000000-0000-4000-8000-0000000000c2"),
            "federated-credentials",
            NotKnown,
            "compare by hand, with the issuer that oidc-issuer shows, the subject system:serviceaccount:NAMESPACE:NAME and the audience \
             api://AzureADTokenExchange | az identity list --output json ; az ad app federated-credential list --id \
             00000000-0000-4000-8000-0000000000c1",
        ),
        (
            "credentials were not read",
            |f| {
                platform(f).as_array_mut().unwrap().remove(1);
            },
            "federated-credentials",
            NotKnown,
            "an empty list says nothing in a file, and means that the identity trusts nobody | az identity federated-credential list \
             --subscription 00000000-0000-4000-8000-000000000001 --identity-name id-orders --resource-group rg-shop --output json",
        ),
        (
            "the issuer is off",
            |f| aks(f)["oidcIssuerProfile"] = json!({"enabled": false, "issuerUrl": null}),
            "federated-credentials",
            NotReady,
            "no identity can trust a token of orders/orders | turn the issuer on, as oidc-issuer says, and then add a federated \
             credential with its URL for each | ",
        ),
        (
            "pod identity unsaid",
            |f| {
                aks(f).as_object_mut().unwrap().remove("podIdentityProfile");
                aks(f).as_object_mut().unwrap().remove("oidcIssuerProfile");
            },
            "pod-identity",
            NotKnown,
            "podIdentityProfile",
        ),
        // A modern cluster knows no AzureIdentity, and files can say so.
        (
            "an empty list of identities",
            |f| {
                without(f, "AzureIdentity");
                f.insert("vnet", json!({"kind": "AzureIdentityList", "apiVersion": "aadpodidentity.k8s.io/v1", "items": []}));
                aks(f)["agentPoolProfiles"][0]["vnetSubnetId"] = json!(null);
                aks(f)["agentPoolProfiles"][1]["vnetSubnetId"] = json!(null);
            },
            "no-service-principal",
            Ready,
            "no AzureIdentity",
        ),
        (
            "groups without that of identities",
            |f| {
                without(f, "AzureIdentity");
                let groups: Vec<Value> = ["apps", "networking.k8s.io"]
                    .iter()
                    .map(|name| json!({"name": name}))
                    .collect();
                f.insert(
                    "vnet",
                    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}),
                );
                aks(f)["agentPoolProfiles"][0]["vnetSubnetId"] = json!(null);
                aks(f)["agentPoolProfiles"][1]["vnetSubnetId"] = json!(null);
            },
            "no-service-principal",
            Ready,
            "no AzureIdentity",
        ),
        (
            "identities were not read",
            |f| without(f, "AzureIdentity"),
            "no-service-principal",
            NotKnown,
            "kubectl get --raw /apis ; kubectl get --raw /apis/aadpodidentity.k8s.io/v1/azureidentities",
        ),
    ]);
}

/// Two service accounts of one identity: what is to be done is said once, and so is the command for both.
#[test]
fn what_two_need_alike_is_said_once() {
    let mut files = fixture("ready");
    let mut second = object(&mut files, "ServiceAccount", "orders").clone();
    second["metadata"]["name"] = json!("pay");
    push(&mut files, second);
    platform(&mut files).as_array_mut().unwrap().remove(1);
    let readiness = judged("two-accounts", &files);
    let item = found(&readiness, "federated-credentials");
    assert_eq!(item.state, NotKnown, "{}", text(item));
    assert_eq!(item.evidence.matches("were not read").count(), 2);
    assert_eq!(item.remedy.matches("an empty list").count(), 1);
    assert_eq!(item.commands.len(), 1, "{}", text(item));
}

#[test]
fn ingress() {
    run(&[
        (
            "nginx alone is on",
            |f| aks(f)["ingressProfile"] = json!({"webAppRouting": {"enabled": true}}),
            "app-routing",
            Ready,
            "on: NGINX",
        ),
        // A CLI that does not know the younger field prints null for the whole profile.
        (
            "no profile",
            |f| aks(f)["ingressProfile"] = json!(null),
            "app-routing",
            NotKnown,
            "before 2026-02-01",
        ),
        (
            "two updates",
            |f| {
                aks(f)["ingressProfile"] = json!({"webAppRouting": {"gatewayAPIImplementations": {"appRoutingIstio": {"mode": "Disabled"}}}});
            },
            "app-routing",
            NotReady,
            "--enable-gateway-api ; az aks update",
        ),
        (
            "class by annotation alone",
            |f| {
                let ingress = object(f, "Ingress", "orders");
                ingress["spec"]
                    .as_object_mut()
                    .unwrap()
                    .remove("ingressClassName");
                ingress["metadata"]["annotations"] =
                    json!({"kubernetes.io/ingress.class": "azure/application-gateway"});
            },
            "ingress-class",
            NotReady,
            "by annotation alone",
        ),
        (
            "default class comes too late",
            |f| {
                object(f, "IngressClass", "traefik")["metadata"]["annotations"] =
                    json!({"ingressclass.kubernetes.io/is-default-class": "true"});
                let ingress = object(f, "Ingress", "orders");
                ingress["spec"]
                    .as_object_mut()
                    .unwrap()
                    .remove("ingressClassName");
            },
            "ingress-class",
            NotReady,
            "when it is made and not later",
        ),
        (
            "a Gateway that nobody answers",
            |f| object(f, "Gateway", "shop")["status"]["conditions"] = json!([]),
            "ingress-class",
            NotKnown,
            "no controller has said anything",
        ),
    ]);
    // Nothing there at all.
    let none = |inventory: &mut Inventory| {
        let state = objects(inventory);
        state.ingresses.clear();
        state.platform.gateways.clear();
        state.platform.http_routes.clear();
        state.platform.certificates.clear();
    };
    let readiness = patched("no-doors", &fixture("ready"), none);
    for code in [
        "ingress-class",
        "ingress-address",
        "ingress-tls",
        "tls-secret",
        "certificate-expiry",
    ] {
        let item = found(&readiness, code);
        assert_eq!(item.state, NotApplicable, "{code}: {}", item.evidence);
    }
    // A snapshot of an earlier version does not say whether there is TLS.
    let readiness = patched("tls-unsaid", &fixture("ready"), |inventory| {
        objects(inventory).ingresses[0].tls = None;
    });
    assert_eq!(found(&readiness, "ingress-tls").state, NotKnown);
    // Gateways alone are judged as ingresses are.
    let readiness = patched("gateways-alone", &fixture("ready"), |inventory| {
        objects(inventory).ingresses.clear();
    });
    for code in [
        "ingress-class",
        "ingress-address",
        "ingress-tls",
        "tls-secret",
        "certificate-expiry",
    ] {
        let item = found(&readiness, code);
        assert_eq!(item.state, Ready, "{code}: {}", item.evidence);
    }
}

#[test]
fn how_bad_a_class_is() {
    let severity = |patch: fn(&mut Files)| {
        let mut files = fixture("ready");
        patch(&mut files);
        found(&judged("class-severity", &files), "ingress-class").severity
    };
    let lost =
        severity(|f| object(f, "Ingress", "orders")["spec"]["ingressClassName"] = json!("x"));
    let loose = severity(|f| {
        let ingress = object(f, "Ingress", "orders");
        ingress["spec"]
            .as_object_mut()
            .unwrap()
            .remove("ingressClassName");
        ingress["metadata"]["annotations"] = json!({"kubernetes.io/ingress.class": "nginx"});
    });
    assert_eq!((lost, loose), (Severity::Blocker, Severity::Warning));
}

fn opaque(files: &mut Files) {
    push(
        files,
        json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": {"name": "orders-tls", "namespace": "orders"}}),
    );
}

#[test]
fn certificates() {
    run(&[
        (
            "a secret of another type with its certificate",
            opaque,
            "tls-secret",
            Ready,
            "orders/orders-tls",
        ),
        // All Secrets were read: what is not among them is gone, whatever the certificate still says.
        (
            "gone although its certificate is ready",
            |f| {
                opaque(f);
                object(f, "Secret", "orders-tls")["metadata"]["name"] = json!("else");
            },
            "tls-secret",
            NotReady,
            "not among the Secrets: orders/orders-tls",
        ),
        (
            "of one type, its certificate is ready",
            |f| {
                opaque(f);
                object(f, "Secret", "orders-tls")["type"] = json!("kubernetes.io/tls");
                object(f, "Secret", "orders-tls")["metadata"]["name"] = json!("else");
            },
            "tls-secret",
            Ready,
            "orders/orders-tls",
        ),
        (
            "a secret of another type",
            |f| {
                opaque(f);
                without(f, "Certificate");
            },
            "tls-secret",
            NotKnown,
            "orders/orders-tls of type Opaque",
        ),
        // A live read lists one type only: what is not in it may be there.
        (
            "not among those of one type",
            |f| {
                without(f, "Certificate");
                push(
                    f,
                    json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
                "metadata": {"name": "else", "namespace": "orders"}}),
                );
            },
            "tls-secret",
            NotKnown,
            "orders/orders-tls",
        ),
        (
            "nobody's certificate",
            |f| {
                let mut second = object(f, "Ingress", "orders").clone();
                second["metadata"]["name"] = json!("pay");
                second["spec"]["tls"][0]["secretName"] = json!("keyvault-pay");
                push(f, second);
            },
            "certificate-expiry",
            NotKnown,
            "orders/keyvault-pay: when what is in them ends",
        ),
        (
            "nobody's certificate of a Gateway",
            |f| {
                object(f, "Gateway", "shop")["spec"]["listeners"][1]["tls"]["certificateRefs"][0]
                    ["namespace"] = json!("certs");
            },
            "certificate-expiry",
            NotKnown,
            "certs/orders-tls",
        ),
        (
            "for six days",
            |f| {
                object(f, "Certificate", "orders")["status"]["notAfter"] =
                    json!("2026-11-25T00:00:00Z");
                object(f, "Certificate", "orders")["status"]["renewalTime"] =
                    json!("2026-11-23T00:00:00Z");
            },
            "certificate-expiry",
            Ready,
            "2026-11-25",
        ),
        (
            "an order takes a while",
            |f| {
                object(f, "Certificate", "orders")["status"]["renewalTime"] =
                    json!("2026-11-20T08:30:00Z");
            },
            "certificate-expiry",
            Ready,
            "",
        ),
        (
            "an issuer that says nothing",
            |f| object(f, "ClusterIssuer", "letsencrypt")["status"] = json!({}),
            "certificate-issuer",
            NotKnown,
            "ClusterIssuer letsencrypt",
        ),
        (
            "an issuer of another group",
            |f| {
                object(f, "Certificate", "orders")["spec"]["issuerRef"]["kind"] =
                    json!("AWSPCAIssuer");
            },
            "certificate-issuer",
            Ready,
            "",
        ),
    ]);
    let mut files = fixture("ready");
    let said = |files: &Files| {
        let item = judged("certificates-said", files);
        let item = found(&item, "certificate-expiry");
        (item.evidence.clone(), item.commands.clone())
    };
    // Ended, and so not ready: once, and nothing that is past is to come.
    object(&mut files, "Certificate", "orders")["status"] = json!({
        "notAfter": "2026-11-01T00:00:00Z",
        "conditions": [{"type": "Ready", "status": "False"}]
    });
    let mut second = object(&mut files, "Certificate", "orders").clone();
    second["metadata"]["name"] = json!("pay");
    push(&mut files, second);
    let (evidence, commands) = said(&files);
    assert_eq!(
        evidence,
        "as of 2026-11-20: orders/orders ended 2026-11-01, orders/pay ended 2026-11-01"
    );
    assert_eq!(
        commands,
        [
            "kubectl describe certificate --namespace orders orders",
            "kubectl describe certificate --namespace orders pay"
        ]
    );
    // Not ready and late, or one of them; and what never was issued comes after what ends.
    object(&mut files, "Certificate", "pay")["status"] = json!({});
    for (ready, due, evidence) in [
        (
            "False",
            "2026-11-19",
            "is not ready, ends 2026-12-24 and should have been renewed 2026-11-19",
        ),
        ("False", "2026-12-01", "is not ready and ends 2026-12-24"),
        (
            "True",
            "2026-11-19",
            "ends 2026-12-24 and should have been renewed 2026-11-19",
        ),
    ] {
        object(&mut files, "Certificate", "orders")["status"] = json!({
            "notAfter": "2026-12-24T00:00:00Z",
            "renewalTime": format!("{due}T00:00:00Z"),
            "conditions": [{"type": "Ready", "status": ready}]
        });
        assert_eq!(
            said(&files).0,
            format!("as of 2026-11-20: orders/orders {evidence}, orders/pay was never issued")
        );
    }
    let mut files = fixture("ready");
    object(&mut files, "Certificate", "orders")["status"] = json!({});
    let inventory = inventory("never-issued", &files);
    let readiness = check(&inventory, &inventory.clusters[0], None);
    let item = found(&readiness, "certificate-expiry");
    assert_eq!(
        (item.state, item.evidence.as_str()),
        (NotReady, "orders/orders was never issued")
    );
}

fn no_engine(files: &mut Files) {
    aks(files)["networkProfile"]["networkPolicy"] = json!("none");
    aks(files)["networkProfile"]["networkDataplane"] = json!("azure");
}

#[test]
fn policies() {
    let ingress = "default-deny-ingress";
    let egress = "default-deny-egress";
    run(&[
        // Isolated, and open to its own namespace alone.
        (
            "a rule that names somebody",
            |f| {
                object(f, "NetworkPolicy", "default-deny")["spec"]["ingress"] =
                    json!([{"from": [{"podSelector": {}}]}]);
            },
            ingress,
            Ready,
            "2 namespaces are isolated",
        ),
        (
            "a rule that names a port",
            |f| {
                object(f, "NetworkPolicy", "default-deny")["spec"]["ingress"] =
                    json!([{"ports": [{"port": 80}]}]);
            },
            ingress,
            Ready,
            "isolated",
        ),
        (
            "all beside nothing",
            |f| {
                allow_all(
                    f,
                    "NetworkPolicy",
                    json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}),
                )
            },
            ingress,
            NotReady,
            "1 of 2 namespaces open: orders",
        ),
        (
            "all of cilium beside nothing",
            |f| {
                allow_all(
                    f,
                    "CiliumNetworkPolicy",
                    json!({"endpointSelector": {}, "egress": [{"toEntities": ["all"]}]}),
                );
            },
            egress,
            NotReady,
            "open: orders",
        ),
        (
            "closed by cilium",
            |f| {
                object(f, "NetworkPolicy", "default-deny")["spec"]["podSelector"] =
                    json!({"matchLabels": {"a": "b"}});
                object(f, "CiliumNetworkPolicy", "orders")["metadata"]["namespace"] =
                    json!("default");
                object(f, "CiliumNetworkPolicy", "orders")["spec"] =
                    json!({"endpointSelector": {}, "ingress": [{}]});
            },
            ingress,
            Ready,
            "isolated",
        ),
        (
            "closed by cilium for the cluster",
            |f| {
                object(f, "NetworkPolicy", "default-deny")["spec"]["podSelector"] =
                    json!({"matchLabels": {"a": "b"}});
                object(f, "CiliumClusterwideNetworkPolicy", "nodes")["spec"] = json!({"egress": [{}], "endpointSelector": {"matchExpressions": [
                {"key": "k8s:io.kubernetes.pod.namespace", "operator": "NotIn", "values": ["kube-system"]}]}});
            },
            egress,
            Ready,
            "isolated",
        ),
        (
            "cilium closes another namespace",
            |f| {
                object(f, "NetworkPolicy", "default-deny")["spec"]["podSelector"] =
                    json!({"matchLabels": {"a": "b"}});
                object(f, "CiliumClusterwideNetworkPolicy", "nodes")["spec"] = json!({"egress": [{}], "endpointSelector": {"matchExpressions": [
                {"key": "k8s:io.kubernetes.pod.namespace", "operator": "In", "values": ["orders"]}]}});
            },
            egress,
            NotReady,
            "open: default",
        ),
        (
            "cilium was not read",
            |f| {
                object(f, "NetworkPolicy", "default-deny")["spec"]["podSelector"] =
                    json!({"matchLabels": {"a": "b"}});
                without(f, "CiliumNetworkPolicy");
            },
            ingress,
            NotKnown,
            "ciliumnetworkpolicies",
        ),
        (
            "without cilium its policies are no matter",
            |f| {
                without(f, "CiliumNetworkPolicy");
                without(f, "CiliumClusterwideNetworkPolicy");
                aks(f)["networkProfile"]["networkDataplane"] = json!("azure");
                aks(f)["networkProfile"]["networkPolicy"] = json!("calico");
            },
            ingress,
            Ready,
            "isolated",
        ),
        // Policies alone do nothing.
        (
            "nothing enforces what lets nothing in",
            no_engine,
            ingress,
            NotReady,
            "2 namespaces are open whatever their policies say, which nothing enforces, as policy-engine says: default, orders",
        ),
        (
            "nothing enforces what lets nothing out",
            no_engine,
            egress,
            NotReady,
            "turn on an engine, as policy-engine says",
        ),
        (
            "nothing enforces what is there",
            |f| {
                no_engine(f);
                allow_all(
                    f,
                    "NetworkPolicy",
                    json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}),
                );
            },
            ingress,
            NotReady,
            "1 of 2 namespaces open: orders; the others too as long as nothing enforces their policies, as policy-engine says",
        ),
        (
            "whether anything enforces them",
            |f| {
                aks(f).as_object_mut().unwrap().remove("provisioningState");
                aks(f)["networkProfile"] = json!({"networkPlugin": "azure"});
            },
            ingress,
            NotKnown,
            "networkPolicy is not said",
        ),
        (
            "nothing enforces policies",
            no_engine,
            "policy-engine",
            NotReady,
            "networkPolicy is none",
        ),
        (
            "names can still be asked for",
            |f| {
                object(f, "NetworkPolicy", "default-deny")["spec"]["policyTypes"] =
                    json!(["Ingress"]);
            },
            egress,
            NotReady,
            r#""protocol":"UDP","port":53"#,
        ),
        (
            "a namespace of an extension",
            |f| {
                push(
                    f,
                    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flux-system"}}),
                );
            },
            ingress,
            Ready,
            "2 namespaces",
        ),
        (
            "what is left out",
            |f| {
                object(f, "NetworkPolicy", "orders")["spec"]["egress"][0]["to"][0]["ipBlock"] =
                    json!({"cidr": "0.0.0.0/0", "except": ["10.0.0.0/9", "10.128.0.0/9"]});
            },
            "ip-block-pods",
            Ready,
            "none names pods or nodes",
        ),
        (
            "what is left out in part",
            |f| {
                object(f, "NetworkPolicy", "orders")["spec"]["egress"][0]["to"][0]["ipBlock"] =
                    json!({"cidr": "0.0.0.0/0", "except": ["10.244.0.0/17"]});
            },
            "ip-block-pods",
            NotReady,
            "0.0.0.0/0",
        ),
        (
            "nodes are named otherwise",
            |f| {
                object(f, "NetworkPolicy", "orders")["spec"]["egress"][0]["to"] =
                    json!([{"ipBlock": {"cidr": "10.240.0.0/24"}}, {"podSelector": {}}]);
            },
            "ip-block-pods",
            NotReady,
            "entities host and",
        ),
        (
            "kubenet takes calico",
            |f| {
                aks(f)["networkProfile"] =
                    json!({"networkPlugin": "kubenet", "podCidr": "10.244.0.0/16"});
            },
            "policy-engine",
            NotReady,
            "--network-policy calico",
        ),
        (
            "a node subnet takes cilium with its policy",
            |f| {
                aks(f)["networkProfile"] = json!({"networkPlugin": "azure", "networkDataplane": "azure", "networkPolicy": "none"});
            },
            "policy-engine",
            NotReady,
            "--network-dataplane cilium --network-policy cilium",
        ),
        (
            "kubenet takes cilium after its move",
            |f| {
                aks(f)["networkProfile"] =
                    json!({"networkPlugin": "kubenet", "podCidr": "10.244.0.0/16"});
            },
            "policy-engine",
            NotReady,
            "aksplan migrate --cluster shop ; az aks update",
        ),
        (
            "nothing said of an engine",
            |f| {
                aks(f).as_object_mut().unwrap().remove("provisioningState");
                aks(f)["networkProfile"] = json!({"networkPlugin": "azure"});
            },
            "policy-engine",
            NotKnown,
            "networkPolicy is not said",
        ),
    ]);
}

/// Its support ends on Windows nodes two years before it does on Linux nodes.
#[test]
fn how_bad_azures_engine_is() {
    for (windows, now, severity, command) in [
        (
            true,
            "2026-09-30T23:59:59Z",
            Severity::Warning,
            "--network-policy calico",
        ),
        (
            true,
            "2026-10-01T00:00:00Z",
            Severity::Blocker,
            "--network-policy calico",
        ),
        (
            false,
            "2026-10-01T00:00:00Z",
            Severity::Warning,
            "--network-dataplane cilium",
        ),
    ] {
        let mut files = fixture("ready");
        aks(&mut files)["networkProfile"]["networkDataplane"] = json!("azure");
        aks(&mut files)["networkProfile"]["networkPolicy"] = json!("azure");
        if windows {
            aks(&mut files)["agentPoolProfiles"][1]["osType"] = json!("Windows");
        }
        let inventory = inventory("npm", &files);
        let now = Some(now.parse().expect("an instant"));
        let readiness = check(&inventory, &inventory.clusters[0], now);
        let item = found(&readiness, "policy-engine");
        assert_eq!((item.state, item.severity), (NotReady, severity), "{now:?}");
        let commands = item.commands.join(" ; ");
        assert!(commands.contains(command), "{commands}");
        // Calico does not take another engine's place.
        assert_eq!(
            commands.contains("--network-policy none ; "),
            windows,
            "{commands}"
        );
        assert!(!windows || !commands.contains("cilium"), "{commands}");
    }
}

fn rules(files: &mut Files, expressions: &[&str]) {
    let rules: Vec<Value> = (expressions.iter().enumerate())
        .map(|(number, expression)| {
            json!({"alert": format!("alert-{number}"), "expression": expression, "actions": [{"actionGroupId": "/x"}]})
        })
        .collect();
    platform(files)[3]["rules"] = json!(rules);
}

#[test]
fn alerts() {
    run(&[
        // Microsoft's recommended rules watch the platform.
        (
            "recommended latency",
            |f| {
                rules(
                    f,
                    &[
                        "histogram_quantile(0.99, rate(kubelet_pod_worker_duration_seconds_bucket[5m])) > 60",
                    ],
                );
            },
            "alerts-latency",
            NotReady,
            "none of 2 alerts",
        ),
        (
            "recommended errors",
            |f| {
                rules(
                    f,
                    &[r#"sum(rate(rest_client_requests_total{code=~"5.."}[5m])) > 0.01"#],
                )
            },
            "alerts-errors",
            NotReady,
            "none of 2 alerts",
        ),
        (
            "a cluster of the same name",
            |f| {
                let other = platform(f)[3]["scopes"][1].as_str().unwrap().replace(
                    "rg-shop/providers/Microsoft.C",
                    "rg-b/providers/Microsoft.C",
                );
                platform(f)[3]["scopes"][1] = json!(other);
            },
            "alerts-latency",
            NotReady,
            "none of 1 alert",
        ),
        (
            "an alias",
            |f| {
                platform(f)[3]["scopes"].as_array_mut().unwrap().truncate(1);
                platform(f)[3]["clusterName"] = json!("production");
            },
            "alerts-latency",
            NotKnown,
            "may be another cluster's",
        ),
        (
            "a metric alert on the resource group",
            |f| {
                platform(f)[4]["scopes"] = json!([
                    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-shop"
                ]);
            },
            "alerts-saturation",
            NotKnown,
            "node-cpu",
        ),
        (
            "a metric alert on another resource group",
            |f| {
                platform(f)[4]["scopes"] = json!([
                    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-sho"
                ]);
            },
            "alerts-saturation",
            NotReady,
            "--action ACTION_GROUP_ID",
        ),
        (
            "nobody is told",
            |f| platform(f)[4]["actions"] = json!([]),
            "alerts-saturation",
            NotKnown,
            "without an action group",
        ),
        (
            "a log alert",
            |f| {
                platform(f)[4]["enabled"] = json!(false);
                platform(f)[5]["scopes"] = json!([
                    "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/logs"
                ]);
            },
            "alerts-saturation",
            NotKnown,
            "not read: other",
        ),
        (
            "log alerts were not read",
            |f| {
                platform(f)[4]["enabled"] = json!(false);
                platform(f).as_array_mut().unwrap().pop();
            },
            "alerts-saturation",
            NotKnown,
            "az monitor scheduled-query list --subscription",
        ),
    ]);
}

#[test]
fn collected_and_shown() {
    run(&[
        (
            "a grafana without workspaces",
            |f| platform(f)[2]["properties"] = json!({}),
            "grafana-linked",
            NotKnown,
            "az grafana integration monitor add --name GRAFANA",
        ),
        (
            "no grafana",
            |f| {
                platform(f).as_array_mut().unwrap().remove(2);
            },
            "grafana-linked",
            NotKnown,
            "no Grafana was read",
        ),
        (
            "a workspace of one's own",
            |f| aks(f)["azureMonitorProfile"]["metrics"]["enabled"] = json!(false),
            "prometheus-metrics",
            NotReady,
            "--azure-monitor-workspace-resource-id AMW_ID",
        ),
        (
            "the same workspace again",
            |f| {
                aks(f)["addonProfiles"]["omsagent"]["config"] = json!(null);
            },
            "container-insights",
            NotReady,
            "disable-addons",
        ),
    ]);
    for name in ["ready", "bare"] {
        for item in judged(&format!("links-{name}"), &fixture(name)).items {
            let commands = item.commands.join(" ");
            assert!(!commands.contains("--grafana-resource-id"), "{commands}");
        }
    }
}

/// What a resource group holds is not what a subscription holds, and a list that broke off is not a list.
#[test]
fn a_list_that_is_not_whole_shows_what_is_there_and_nothing_else() {
    let emptied = |inventory: &mut Inventory| {
        let platform = &mut inventory.platform;
        platform.grafanas = Some(Vec::new());
        platform.prometheus_rule_groups = Some(Vec::new());
        platform.metric_alerts = Some(Vec::new());
        platform.log_alerts = Some(Vec::new());
    };
    let codes = [
        "grafana-linked",
        "alerts-latency",
        "alerts-traffic",
        "alerts-errors",
        "alerts-saturation",
    ];
    for left_out in PlatformList::ALL {
        let readiness = patched("not-whole", &fixture("ready"), |inventory| {
            emptied(inventory);
            inventory.platform.listed.remove(&left_out);
        });
        let is_of_alerts =
            ![PlatformList::Grafanas, PlatformList::ManagedIdentities].contains(&left_out);
        for code in codes {
            // A Grafana may be in any subscription.
            let unknown = is_of_alerts || code == "grafana-linked";
            let wanted = if unknown { NotKnown } else { NotReady };
            assert_eq!(found(&readiness, code).state, wanted, "{left_out:?} {code}");
        }
    }
    // What was found stands.
    let readiness = patched("found", &fixture("ready"), |inventory| {
        inventory.platform.listed.clear();
    });
    assert_eq!(not_ready(&readiness), [""; 0]);
    for code in codes {
        assert_eq!(found(&readiness, code).state, Ready, "{code}");
    }
}

/// A snapshot of an earlier version has none of the younger fields: what they would say is not known, and nothing is missing by that.
#[test]
fn a_snapshot_without_the_younger_fields_is_read() {
    fn strip(value: &mut Value) {
        const YOUNGER: &[&str] = &[
            "app_routing_gateway",
            "container_insights_entra",
            "hosted_system",
            "pod_identity",
            "listed",
            "log_alerts",
            "actions",
            "ingress_open",
            "egress_open",
            "class_by_annotation",
            "identity_binding",
            "renewal_time",
            "issuer",
            "cilium_policies",
            "gateways",
            "http_routes",
        ];
        match value {
            Value::Object(fields) => {
                // The issuer of a credential is as old as credentials are.
                let is_credential = fields.contains_key("subject");
                fields.retain(|key, _| is_credential || !YOUNGER.contains(&key.as_str()));
                fields.values_mut().for_each(strip);
            }
            Value::Array(all) => {
                all.retain(|one| {
                    !one.as_str().is_some_and(|kind| {
                        ["Gateway", "HTTPRoute"].contains(&kind) || kind.starts_with("Cilium")
                    })
                });
                all.iter_mut().for_each(strip);
            }
            _ => {}
        }
    }
    let folder = written("older", &fixture("ready"));
    let file = folder.join("snapshot.json");
    let (from, to) = (folder.to_str().unwrap(), file.to_str().unwrap());
    let made = super::aksplan(&["snapshot", "--from", from, "--file", to], "");
    assert!(made.status.success(), "{made:?}");
    let mut value: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    strip(&mut value["inventory"]);
    let readiness = judged("older-read", &Files::from([("platform", value)]));
    assert_eq!(not_ready(&readiness), [""; 0], "{NOW}");
    for code in [
        "container-insights",
        "pod-identity",
        "ingress-class",
        "ingress-address",
        "ingress-tls",
        "tls-secret",
        "certificate-expiry",
        "default-deny-ingress",
        "default-deny-egress",
    ] {
        assert_eq!(found(&readiness, code).state, NotKnown, "{code}");
    }
    // Those say enough without them.
    for code in [
        "ip-block-pods",
        "grafana-linked",
        "alerts-latency",
        "certificate-issuer",
        "pods-labelled",
        "system-pool-tainted",
    ] {
        assert_eq!(found(&readiness, code).state, Ready, "{code}");
    }
}
